//! What holds data in each environment, and what backs it up, for people and for programs.
//! Decides nothing: what is missing is said, and no finding.

use std::collections::BTreeMap;
use std::io::{self, Write};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::sanitise::{inert, line};
use super::{Color, Style};
use crate::facts::backups::{BucketUse, Cover, Data, Observed, Retention, State, spelt};
use crate::model::{ObjectRef, Stage};

/// What holds data in one environment.
#[derive(Clone, Debug)]
pub struct EnvironmentBackups {
    /// Its name.
    pub environment: String,
    /// What it is for.
    pub stage: Stage,
    /// When that is asked.
    pub now: Timestamp,
    /// By kind and name.
    pub objects: BTreeMap<ObjectRef, State>,
    /// The newest backups that signed evidence tells of.
    pub observed: BTreeMap<ObjectRef, Observed>,
}

/// Writes a table for each environment, and below each row what its coverage lacks.
///
/// # Errors
/// The writer's.
pub fn write_human(
    environments: &[EnvironmentBackups],
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut drawn = Vec::new();
    if environments.iter().all(|one| one.objects.is_empty()) {
        writeln!(drawn, "nothing holds data")?;
    }
    for one in environments.iter().filter(|one| !one.objects.is_empty()) {
        let name = line(&format!("{} ({})", one.environment, one.stage.as_str()));
        writeln!(drawn, "{}", style.paint(&name, Color::Bold))?;
        let objects = one.objects.iter();
        let rows = objects.map(|(object, state)| row(object, state, one.age(object)));
        let rows: Vec<[String; COLUMNS.len()]> = rows.collect();
        let widths = widths(&rows);
        let head = aligned(&COLUMNS.map(str::to_owned), &widths);
        writeln!(drawn, "  {}", style.paint(&head, Color::Dim))?;
        for (row, state) in rows.iter().zip(one.objects.values()) {
            writeln!(drawn, "  {}", aligned(row, &widths))?;
            for gap in &state.gaps {
                let text = line(&format!("{}: {}", gap.kind, gap.text));
                writeln!(drawn, "      {}", style.paint(&text, Color::Dim))?;
            }
        }
    }
    out.write_all(inert(&String::from_utf8_lossy(&drawn)).as_bytes())
}

/// The same as JSON, version v1 (`schemas/backups.v1.json`).
#[must_use]
pub fn to_json(environments: &[EnvironmentBackups]) -> Value {
    let environments = environments.iter().map(|one| {
        let objects = one.objects.iter().map(|(object, state)| {
            let mut row = json!({"object": object, "verdict": verdict(state), "state": state});
            if let (Some(observed), Value::Object(row)) = (one.observed.get(object), &mut row) {
                row.insert("observed".to_owned(), json!(observed));
            }
            row
        });
        json!({
            "environment": one.environment,
            "stage": one.stage,
            "objects": objects.collect::<Vec<_>>(),
        })
    });
    json!({"version": "v1", "environments": environments.collect::<Vec<_>>()})
}

/// What is so in one word: what is good to have aside, the first thing that is lacking.
fn verdict(state: &State) -> &'static str {
    let mut gaps = state.gaps.iter().map(|gap| gap.kind);
    match gaps.find(|kind| *kind != "not-immutable") {
        Some(kind) => kind,
        None if state.data == Data::Cache => "scratch",
        None if state.bucket == Some(BucketUse::Store) => "store",
        None => "covered",
    }
}

impl EnvironmentBackups {
    /// How long ago an object was backed up, and its log archived, as somebody signed.
    fn age(&self, object: &ObjectRef) -> String {
        let Some(observed) = self.observed.get(object) else {
            return "-".to_owned();
        };
        let since = |at: Timestamp| {
            let seconds = self.now.duration_since(at).as_secs().max(0);
            spelt(seconds - seconds % 60)
        };
        let age = since(observed.finished_at);
        match observed.archived_at {
            Some(at) => format!("{age}, log {}", since(at)),
            None => age,
        }
    }
}

fn row(object: &ObjectRef, state: &State, observed: String) -> [String; COLUMNS.len()] {
    let best = state.best();
    let told = |said: &dyn Fn(&Cover) -> String| best.map_or_else(|| "-".to_owned(), said);
    let worst = |cover: &Cover| match cover.pitr {
        true => "continuous".to_owned(),
        false => spelt(cover.cadence.gap_seconds),
    };
    let lock = |cover: &Cover| match cover.immutable_days {
        Some(days) => format!("{days}d"),
        None => "unknown".to_owned(),
    };
    [
        object.to_string(),
        told(&|cover| match &cover.dies_by {
            Some(class) => format!("{} ({}, deleted by {class})", cover.by, cover.method),
            None => format!("{} ({})", cover.by, cover.method),
        }),
        told(&|cover| cover.cadence.schedule.clone()),
        told(&|cover| match cover.retention {
            Retention::Seconds(seconds) => spelt(seconds),
            Retention::Unlimited => "unlimited".to_owned(),
            Retention::Unknown => "unknown".to_owned(),
        }),
        told(&|cover| cover.target.clone().unwrap_or_else(|| "-".to_owned())),
        told(&|cover| cover.encrypted.as_str().to_owned()),
        told(&|cover| cover.offsite.as_str().to_owned()),
        told(&lock),
        observed,
        told(&worst),
        verdict(state).to_owned(),
    ]
    .map(|cell| line(&cell))
}

fn widths(rows: &[[String; COLUMNS.len()]]) -> [usize; COLUMNS.len()] {
    let mut widths = COLUMNS.map(|name| name.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    widths
}

fn aligned(row: &[String; COLUMNS.len()], widths: &[usize; COLUMNS.len()]) -> String {
    let cells = row.iter().zip(widths);
    let cells: Vec<String> = cells
        .map(|(cell, width)| format!("{cell:width$}"))
        .collect();
    cells.join("  ").trim_end().to_owned()
}

const COLUMNS: [&str; 11] = [
    "OBJECT",
    "COVERED BY",
    "SCHEDULE",
    "RETENTION",
    "TARGET",
    "ENCRYPTED",
    "OFF SITE",
    "IMMUTABLE",
    "AGE",
    "WORST AGE",
    "VERDICT",
];
