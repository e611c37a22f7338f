//! What an exercise came to, step by step, for people and for programs (`schemas/drill.v1.json`). Exercises nothing.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::{json, plural, sanitise};
use crate::model::Exit;

/// The JSON Schema of the document.
#[must_use]
pub fn schema() -> serde_json::Value {
    json::schema_of::<Document<'static>>()
}

/// One step of an exercise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Step {
    /// Which one, the same in every release.
    pub name: &'static str,
    /// What came of it.
    pub result: Tried,
    /// In words.
    pub about: String,
    /// What to do, where it does not work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// How long it took.
    pub milliseconds: u64,
}

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Tried {
    /// It works.
    Works,
    /// It does not.
    Fails,
    /// It rests on one that does not.
    Skipped,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Drill")]
struct Document<'a> {
    /// Always `v1`.
    #[schemars(extend("const" = "v1"))]
    version: &'static str,
    /// 1 where a step does not work or was not tried, else 0.
    exit: u8,
    /// The environment.
    environment: &'a str,
    /// Each step, in the order in which they were tried.
    steps: &'a [Step],
}

/// How the process ends.
#[must_use]
pub fn exit(steps: &[Step]) -> Exit {
    match steps.iter().all(|step| step.result == Tried::Works) {
        true => Exit::Pass,
        false => Exit::Denied,
    }
}

/// For programs.
///
/// # Errors
/// Writing.
pub fn write_json(environment: &str, steps: &[Step], out: &mut dyn Write) -> io::Result<()> {
    let document = Document {
        version: "v1",
        exit: exit(steps).code(),
        environment,
        steps,
    };
    json::write_document(&document, out)
}

/// For people: a line a step, what to do below it, and a line that counts.
///
/// # Errors
/// Writing.
pub fn write_human(steps: &[Step], out: &mut dyn Write) -> io::Result<()> {
    for step in steps {
        let result = match step.result {
            Tried::Works => "works",
            Tried::Fails => "fails",
            Tried::Skipped => "skipped",
        };
        let (seconds, rest) = (step.milliseconds / 1000, step.milliseconds % 1000);
        let about = sanitise::line(&step.about);
        writeln!(
            out,
            "{:10}{result:9}{seconds:>4}.{rest:03}s  {about}",
            step.name
        )?;
        if let Some(help) = &step.help {
            writeln!(out, "{:30}{}", "", sanitise::line(help))?;
        }
    }
    let works = steps
        .iter()
        .filter(|step| step.result == Tried::Works)
        .count();
    match steps.len() - works {
        0 => writeln!(
            out,
            "all {} work; nothing was changed",
            plural(works, "step", "steps")
        ),
        rest => writeln!(
            out,
            "{} would not work; nothing was changed",
            plural(rest, "step", "steps")
        ),
    }
}
