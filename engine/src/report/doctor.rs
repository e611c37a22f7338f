//! What a machine has of what the gate may need, for people and for programs (`schemas/doctor.v1.json`).
//! Looks at nothing itself.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::{json, sanitise};

/// The JSON Schema of the document.
#[must_use]
pub fn schema() -> serde_json::Value {
    json::schema_of::<Document<'static>>()
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// What came out.
    pub state: State,
    /// In words.
    pub about: String,
    /// What to do, where it is not as it should be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// What came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// As it should be.
    Ok,
    /// Not there.
    Missing,
    /// There, and not as it should be.
    Wrong,
    /// Not closed by the kernel.
    Open,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Doctor")]
struct Document<'a> {
    /// Always `v1`.
    #[schemars(extend("const" = "v1"))]
    version: &'static str,
    /// Each thing that was looked at.
    checks: &'a [Check],
}

/// For programs.
///
/// # Errors
/// Writing.
pub fn write_json(checks: &[Check], out: &mut dyn Write) -> io::Result<()> {
    let version = "v1";
    json::write_document(&Document { version, checks }, out)
}

/// For people: a line a check, and more below it where there is more to say, what to do last.
///
/// # Errors
/// Writing.
pub fn write_human(checks: &[Check], out: &mut dyn Write) -> io::Result<()> {
    for check in checks {
        let state = check.state.as_str();
        let mut rows = check
            .about
            .lines()
            .chain(check.help.iter().flat_map(|it| it.lines()));
        let about = sanitise::line(rows.next().unwrap_or_default());
        writeln!(out, "{:14}{state:9}{about}", check.name)?;
        for row in rows.filter(|row| !row.trim().is_empty()) {
            writeln!(out, "{:23}{}", "", sanitise::line(row))?;
        }
    }
    Ok(())
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Missing => "missing",
            Self::Wrong => "wrong",
            Self::Open => "open",
        }
    }
}
