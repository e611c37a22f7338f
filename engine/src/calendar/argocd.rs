//! Windows that other deployers keep: `syncWindows` of Argo CD, alone or in an `AppProject`, and the freeze periods
//! of GitLab, as its API lists them. Knows no file names.

use jiff::SignedDuration;

use super::cron::{Closes, Cron, Expression, parse_length};
use super::fault::{Fault, Note};
use super::{Kind, Zone};
use crate::manifest::{Entry, Node, NodeValue};
use crate::model::Span;

/// One of them.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// What it does; `None` where the entry does not say.
    pub(super) kind: Option<Kind>,
    /// The zone of its times; `None` where the entry does not say.
    pub(super) zone: Option<Zone>,
    pub(super) cron: Cron,
    pub(super) description: Option<String>,
    pub(super) span: Span,
}

/// Whether `root` is one of these.
pub(super) fn is_one(root: &Node) -> bool {
    is_project(root) || root.items().is_some()
}

/// The windows of an `AppProject` or of a list, in order.
pub(super) fn read(root: &Node) -> Result<(Vec<Found>, Vec<Note>), Fault> {
    let project = is_project(root);
    let list = if project {
        root.pointer("/spec/syncWindows")
    } else {
        Some(root)
    };
    let Some(items) = list.and_then(Node::items) else {
        let message = "the project has no list `spec.syncWindows`";
        return Err(Fault::new(
            CODE,
            root.deepest("/spec/syncWindows").span,
            message,
            EXPECTED,
        ));
    };
    let mut notes = Vec::new();
    let mut found = Vec::new();
    let mut allowed: Option<(Vec<String>, Span)> = None;
    for item in items {
        let NodeValue::Mapping(entries) = &item.value else {
            return Err(Fault::new(
                CODE,
                item.span,
                "a window that is no mapping",
                EXPECTED,
            ));
        };
        let reader = Reader { item, entries };
        if item.get("freeze_start").is_some() {
            found.push(reader.period()?);
            continue;
        }
        let window = reader.window(project, &mut notes)?;
        let whose = reader.whose()?;
        if window.kind == Some(Kind::Maintenance) {
            let first = allowed.get_or_insert_with(|| (whose.clone(), item.span));
            if first.0 != whose {
                return Err(reader.fault(
                    item.span,
                    "two `allow` windows for different Applications, each of which would open for all",
                    "keep them in files of their own, as calendars of different environments",
                ));
            }
        }
        found.push(window);
    }
    Ok((found, notes))
}

fn is_project(root: &Node) -> bool {
    root.get("kind").and_then(Node::as_str) == Some("AppProject")
}

struct Reader<'a> {
    item: &'a Node,
    entries: &'a [Entry],
}

impl Reader<'_> {
    /// `kind`, `schedule` and `duration` of Argo CD. In a list without a kind it is a cron and its length alone.
    fn window(&self, project: bool, notes: &mut Vec<Note>) -> Result<Found, Fault> {
        self.only(&WINDOW)?;
        let (kind_span, kind) = self.text("kind")?.unzip();
        let kind = match kind {
            None if !project => None,
            Some("deny") => Some(Kind::Freeze),
            Some("allow") => Some(Kind::Maintenance),
            _ => {
                let span = kind_span.unwrap_or(self.item.span);
                return Err(self.fault(span, "`kind` is neither `deny` nor `allow`", EXPECTED));
            }
        };
        let cron = Cron {
            closes: Closes::After(self.length()?),
            opens: self.schedule(kind)?,
        };
        let zone = match self.zone("timeZone")? {
            None if kind.is_some() => Some(Zone::utc()),
            zone => zone,
        };
        for (key, means) in [
            (
                "manualSync",
                "lets syncs by hand through there, and nothing here",
            ),
            (
                "syncOverrun",
                "lets a sync end that began before, and changes nothing here",
            ),
        ] {
            if let Some(value) = self
                .item
                .get(key)
                .filter(|value| value.value == NodeValue::Bool(true))
            {
                let message = format!("`{key}` {means}");
                notes.push(Note {
                    message,
                    span: value.span,
                });
            }
        }
        self.wider(notes)?;
        Ok(Found {
            kind,
            zone,
            cron,
            description: self.text("description")?.map(|(_, text)| text.to_owned()),
            span: self.item.span,
        })
    }

    fn length(&self) -> Result<SignedDuration, Fault> {
        let (span, length) = self.needed("duration")?;
        parse_length(length).ok_or_else(|| {
            let message = format!("`duration: {length}` is no length that is understood");
            self.fault(
                span,
                message,
                "write hours, minutes and seconds in whole numbers, each once and in this order, above nothing and \
                 at most ten years: `36h`, or `1h30m` for `1.5h`",
            )
        })
    }

    /// When it opens. What says `deny` or `allow` is Argo CD's.
    fn schedule(&self, kind: Option<Kind>) -> Result<Expression, Fault> {
        let opens = self.expression("schedule")?;
        if kind.is_some() && opens.says_seven() {
            let (span, text) = self.needed("schedule")?;
            let message = format!(
                "`schedule: {text}` names the day of the week 7, which Argo CD does not know"
            );
            return Err(Fault::new(
                "calendar.cron",
                span,
                message,
                "write `0` for Sunday",
            ));
        }
        Ok(opens)
    }

    /// `freeze_start` and `freeze_end` of GitLab.
    fn period(&self) -> Result<Found, Fault> {
        self.only(&PERIOD)?;
        let cron = Cron {
            opens: self.expression("freeze_start")?,
            closes: Closes::At(self.expression("freeze_end")?),
        };
        Ok(Found {
            kind: Some(Kind::Freeze),
            zone: self.zone("cron_timezone")?.or_else(|| Some(Zone::utc())),
            cron,
            description: None,
            span: self.item.span,
        })
    }

    /// Which Applications it concerns.
    fn whose(&self) -> Result<Vec<String>, Fault> {
        let mut all = Vec::new();
        for key in WHOSE {
            for name in self
                .item
                .get(key)
                .and_then(Node::items)
                .into_iter()
                .flatten()
            {
                let text = name.as_str().ok_or_else(|| {
                    self.fault(
                        name.span,
                        format!("a name in `{key}` that is no text"),
                        EXPECTED,
                    )
                })?;
                all.push(format!("{key} {text}"));
            }
        }
        all.sort_unstable();
        Ok(all)
    }

    /// Says what holds for more here than there.
    fn wider(&self, notes: &mut Vec<Note>) -> Result<(), Fault> {
        let whose = self.whose()?;
        if whose.is_empty() && self.text("kind")?.is_some() {
            return Err(self.fault(
                self.item.span,
                "a window without `applications`, `namespaces` and `clusters`, which Argo CD applies to nothing",
                "remove it, or say what it is for: `applications: [\"*\"]`",
            ));
        }
        if whose.iter().any(|one| !one.ends_with(" *")) {
            notes.push(Note {
                message: format!("holds there for {}, and here for all of the environments that have the calendar", whose.join(", ")),
                span: self.item.span,
            });
        }
        Ok(())
    }

    fn expression(&self, key: &str) -> Result<Expression, Fault> {
        let (span, text) = self.needed(key)?;
        Expression::parse(text).map_err(|why| {
            let help = "write five fields: minute, hour, day of the month, month, day of the week";
            Fault::new(
                "calendar.cron",
                span,
                format!("`{key}: {text}` {why}"),
                help,
            )
        })
    }

    fn zone(&self, key: &str) -> Result<Option<Zone>, Fault> {
        let Some((span, name)) = self.text(key)?.filter(|(_, name)| !name.is_empty()) else {
            return Ok(None);
        };
        Zone::parse(name).map(Some).ok_or_else(|| {
            let message = format!("`{name}` is no IANA time zone");
            Fault::new(
                "calendar.unknown-zone",
                span,
                message,
                "write a zone such as `Europe/Berlin`, or `UTC`",
            )
        })
    }

    fn needed(&self, key: &str) -> Result<(Span, &str), Fault> {
        let found = self.text(key)?;
        found.ok_or_else(|| {
            self.fault(
                self.item.span,
                format!("a window without `{key}`"),
                EXPECTED,
            )
        })
    }

    fn text(&self, key: &str) -> Result<Option<(Span, &str)>, Fault> {
        let Some(value) = self.item.get(key) else {
            return Ok(None);
        };
        match value.as_str() {
            Some(text) => Ok(Some((value.span, text))),
            None => Err(self.fault(value.span, format!("`{key}` is no text"), "quote it")),
        }
    }

    fn only(&self, known: &[&str]) -> Result<(), Fault> {
        match self
            .entries
            .iter()
            .find(|entry| !known.contains(&&*entry.key))
        {
            None => Ok(()),
            Some(entry) => {
                let message = format!("`{}` of a window is not known", entry.key);
                Err(self.fault(
                    entry.key_span,
                    message,
                    "remove it, or write the window by hand",
                ))
            }
        }
    }

    fn fault(&self, span: Span, message: impl Into<String>, help: &str) -> Fault {
        Fault::new(CODE, span, message, help)
    }
}

const CODE: &str = "calendar.sync-windows";
const EXPECTED: &str = "expected are `syncWindows` of an Argo CD project (`kind: deny`, `schedule`, `duration`, `timeZone`), a list of them, \
    or GitLab's list of freeze periods (`freeze_start`, `freeze_end`, `cron_timezone`)";
const WHOSE: [&str; 3] = ["applications", "namespaces", "clusters"];
const WINDOW: [&str; 11] = [
    "kind",
    "schedule",
    "duration",
    "timeZone",
    "applications",
    "namespaces",
    "clusters",
    "manualSync",
    "andOperator",
    "description",
    "syncOverrun",
];
const PERIOD: [&str; 7] = [
    "id",
    "project_id",
    "freeze_start",
    "freeze_end",
    "cron_timezone",
    "created_at",
    "updated_at",
];
