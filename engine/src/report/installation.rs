//! Ways round the gate, for people and for programs (`schemas/installation.v1.json`). Finds none itself.

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

/// A way round the gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Way {
    /// Which one, the same in every release.
    pub code: &'static str,
    /// Whether it is open, or nobody can say here.
    pub state: State,
    /// What is so, and what follows.
    pub about: String,
    /// Where that stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// What to do.
    pub fix: String,
}

/// Whether a way is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It is.
    Open,
    /// These files do not say.
    Unseen,
}

/// A place in a file of an installation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Place {
    /// The repository, as it was named.
    pub repository: String,
    /// The branch, where it is another than the one shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The file, from its top.
    pub file: String,
    /// The line, from one.
    pub line: usize,
    /// The column, from one.
    pub column: usize,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Installation")]
struct Document<'a> {
    /// Always `v1`.
    #[schemars(extend("const" = "v1"))]
    version: &'static str,
    /// 1 where a way is open, else 0.
    exit: u8,
    /// Each way, the most dangerous first; what is not seen comes last.
    ways: &'a [Way],
}

/// How the process ends.
#[must_use]
pub fn exit(ways: &[Way]) -> Exit {
    match ways.iter().any(|way| way.state == State::Open) {
        true => Exit::Denied,
        false => Exit::Pass,
    }
}

/// For programs.
///
/// # Errors
/// Writing.
pub fn write_json(ways: &[Way], out: &mut dyn Write) -> io::Result<()> {
    let document = Document {
        version: "v1",
        exit: exit(ways).code(),
        ways,
    };
    json::write_document(&document, out)
}

/// For people: what is so, where, and what to do, and a line that counts.
///
/// # Errors
/// Writing.
pub fn write_human(ways: &[Way], out: &mut dyn Write) -> io::Result<()> {
    for way in ways {
        let state = match way.state {
            State::Open => "open",
            State::Unseen => "not seen",
        };
        writeln!(out, "{state}[{}]: {}", way.code, sanitise::line(&way.about))?;
        if let Some(place) = &way.place {
            let Place {
                repository,
                branch,
                file,
                line,
                column,
            } = place;
            let branch = branch
                .as_ref()
                .map(|it| format!(" on {it}"))
                .unwrap_or_default();
            let place = format!("{repository}/{file}:{line}:{column}{branch}");
            writeln!(out, "  at  {}", sanitise::line(&place))?;
        }
        writeln!(out, "  fix {}", sanitise::line(&way.fix))?;
    }
    let open = ways.iter().filter(|way| way.state == State::Open).count();
    let rest = ways.len() - open;
    match open {
        0 => writeln!(
            out,
            "no way round the gate is seen to be open; not seen: {rest}"
        ),
        _ => writeln!(
            out,
            "{} round the gate; not seen: {rest}",
            plural(open, "open way", "open ways")
        ),
    }
}
