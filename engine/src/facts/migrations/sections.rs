//! The two parts of a script for goose or dbmate, what it does and what takes that back, by the lines that part them.
//! Knows nothing of what the statements do. What is in any way unlike what the tool asks for has no parts: it is read whole.

use std::collections::BTreeSet;

use super::naming::Engine;
use super::script::Wrap;
use super::split::split;

/// A script in two parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sections<'t> {
    pub(super) engine: Engine,
    /// What runs, from the first line of the file.
    pub(super) up: &'t str,
    /// What takes it back.
    pub(super) down: Option<&'t str>,
    /// Whether the tool runs the first part in a transaction.
    pub(super) wrap: Wrap,
}

/// The parts of a script.
pub(super) fn sections(text: &str) -> Option<Sections<'_>> {
    let mut found = Found::default();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if looks_like_a_mark(line) {
            found.take(mark(line)?, (at, at + line.len()))?;
        }
        at += line.len();
    }
    let (engine, begin) = found.up?;
    let before = text.get(..begin)?;
    if found.in_block || !split(before).pieces.is_empty() {
        return None;
    }
    let (up, down) = match found.down {
        Some((start, end)) => (text.get(..start)?, Some(text.get(end..)?)),
        None => (text, None),
    };
    Some(Sections {
        engine,
        up,
        down,
        wrap: match (found.unwrapped, engine) {
            (false, _) => Wrap::Parts(vec![(0, true)]),
            // It is sent as a whole.
            (true, Engine::Dbmate) => Wrap::Several,
            (true, _) => Wrap::Never,
        },
    })
}

/// Why a part must not be read although it is one: goose leaves lines out that begin with two dashes, also within a text.
pub(super) fn flaw(sections: &Sections<'_>) -> Option<&'static str> {
    let comments = split(sections.up).comments;
    let comments: BTreeSet<usize> = comments.iter().map(|comment| comment.start).collect();
    let mut at = 0;
    for line in sections.up.split_inclusive('\n') {
        let start = at + (line.len() - line.trim_start().len());
        let is_left_out = line.trim_start().starts_with("--");
        if sections.engine == Engine::Goose && is_left_out && !comments.contains(&start) {
            return Some("goose leaves out a line that begins with two dashes, also within a text");
        }
        at += line.len();
    }
    None
}

/// What a line says to a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Up { engine: Engine, unwrapped: bool },
    Down(Engine),
    Unwrapped,
    Begin,
    End,
}

/// What the lines so far say.
#[derive(Default)]
struct Found {
    /// The tool, and where its line begins.
    up: Option<(Engine, usize)>,
    /// Where the line of the second part begins and ends.
    down: Option<(usize, usize)>,
    unwrapped: bool,
    in_block: bool,
}

impl Found {
    /// Takes a line in; `None` where it must not stand there.
    fn take(&mut self, mark: Mark, (start, end): (usize, usize)) -> Option<()> {
        let engine = self.up.map(|(engine, _)| engine);
        let is_free = match mark {
            Mark::Up { .. } => engine.is_none() && !self.in_block,
            Mark::Down(of) => engine == Some(of) && self.down.is_none() && !self.in_block,
            Mark::Unwrapped => engine != Some(Engine::Dbmate) && !self.unwrapped && !self.in_block,
            Mark::Begin => engine == Some(Engine::Goose) && !self.in_block,
            Mark::End => self.in_block,
        };
        if !is_free {
            return None;
        }
        match mark {
            // What goose is told before its first part, dbmate is not.
            Mark::Up { engine, .. } if engine == Engine::Dbmate && self.unwrapped => return None,
            Mark::Up { engine, unwrapped } => {
                self.up = Some((engine, start));
                self.unwrapped |= unwrapped;
            }
            Mark::Down(_) => self.down = Some((start, end)),
            Mark::Unwrapped => self.unwrapped = true,
            Mark::Begin => self.in_block = true,
            Mark::End => self.in_block = false,
        }
        Some(())
    }
}

/// Whether any release of a tool may take a line for its own.
fn looks_like_a_mark(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    line.contains("+goose") || line.contains("migrate:up") || line.contains("migrate:down")
}

/// What a line says that each release of its tool takes for the same.
fn mark(line: &str) -> Option<Mark> {
    let line = line.trim_end_matches(['\n', '\r', ' ', '\t']);
    let said = line.strip_prefix("--")?.trim_start_matches([' ', '\t']);
    let up = |engine, unwrapped| Mark::Up { engine, unwrapped };
    Some(match said {
        "+goose Up" => up(Engine::Goose, false),
        "+goose Down" => Mark::Down(Engine::Goose),
        "+goose NO TRANSACTION" => Mark::Unwrapped,
        "+goose StatementBegin" => Mark::Begin,
        "+goose StatementEnd" => Mark::End,
        "migrate:up" | "migrate:up transaction:true" => up(Engine::Dbmate, false),
        "migrate:up transaction:false" => up(Engine::Dbmate, true),
        "migrate:down" | "migrate:down transaction:true" | "migrate:down transaction:false" => {
            Mark::Down(Engine::Dbmate)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In short: the tool, what runs without its comments, what takes it back, and whether it is in a transaction.
    fn of(text: &str) -> String {
        let Some(found) = sections(text) else {
            return "whole".to_owned();
        };
        let pieces = |text: &str| {
            let pieces = split(text).pieces.into_iter().map(|piece| piece.text);
            pieces.collect::<Vec<_>>().join(";")
        };
        let down = found.down.map_or_else(|| "-".to_owned(), &pieces);
        format!(
            "{:?} {} / {down} / {:?}",
            found.engine,
            pieces(found.up),
            found.wrap
        )
    }

    #[test]
    fn a_script_has_the_parts_that_its_tool_sees() {
        for (text, wanted) in [
            (
                "-- +goose Up\na;\n-- +goose Down\nb;\n",
                "Goose a / b / Parts([(0, true)])",
            ),
            (
                "-- +goose Up\r\na;\r\n--+goose Down \r\nb;",
                "Goose a / b / Parts([(0, true)])",
            ),
            (
                "-- said\n\n-- +goose Up\na;",
                "Goose a / - / Parts([(0, true)])",
            ),
            (
                "-- +goose NO TRANSACTION\n-- +goose Up\na;\n-- +goose Down\n",
                "Goose a /  / Never",
            ),
            (
                "-- +goose Up\n-- +goose NO TRANSACTION\na;",
                "Goose a / - / Never",
            ),
            (
                "-- +goose Up\n-- +goose StatementBegin\na;\nc;\n-- +goose StatementEnd\n-- +goose Down\nb;",
                "Goose a;c / b / Parts([(0, true)])",
            ),
            (
                "-- migrate:up\na;\n-- migrate:down\nb;",
                "Dbmate a / b / Parts([(0, true)])",
            ),
            (
                "-- migrate:up transaction:false\na;\n\n-- migrate:down transaction:false\nb;",
                "Dbmate a / b / Several",
            ),
        ] {
            assert_eq!(of(text), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_not_as_the_tool_asks_for_is_read_whole() {
        for text in [
            "a;",
            "-- +goose Down\nb;\n-- +goose Up\na;",
            "-- +goose Down\nb;",
            "-- +goose Up\na;\n-- +goose Up\nc;\n-- +goose Down\nb;",
            "-- +goose Up\na;\n-- +goose Down\nb;\n-- +goose Down\nc;",
            "-- +goose Up\na;\n-- +goose Down\nb;\n-- +goose Up\nc;",
            "a;\n-- +goose Up\nc;\n-- +goose Down\nb;",
            "/*\n-- +goose Up\n*/ c;\n-- +goose Down\nb;",
            "-- +goose Up\na;\n -- +goose Down\nb;",
            "-- +goose Up\na;\n-- +goose down\nb;",
            "-- +goose Up\na;\n--- +goose Down\nb;",
            "-- +goose Up\na; -- +goose Down\nb;",
            "-- +goose Up\na;\n-- +goose Down now\nb;",
            "-- +goose Up\n-- +goose StatementBegin\na;\n-- +goose Down\nb;",
            "-- +goose Up\na;\n-- +goose Down\n-- +goose StatementBegin\nb;",
            "-- +goose Up\na;\n-- +goose StatementEnd\n-- +goose Down\nb;",
            "-- +goose StatementBegin\n-- +goose Up\n-- +goose StatementEnd\na;",
            "-- +goose Up\n-- +goose ENVSUB ON\na;\n-- +goose Down\nb;",
            "\u{feff}-- +goose Up\na;\n-- +goose Down\nb;",
            "-- +goose Up\na;\n-- migrate:down\nb;",
            "-- +goose Up\na;\n-- +goose Down\nb;\n-- migrate:up\nc;",
            "-- +goose NO TRANSACTION\n-- migrate:up\na;",
            "-- migrate:up\n-- +goose NO TRANSACTION\na;",
            "-- migrate:up\na;\n-- +goose StatementBegin\n-- migrate:down\nb;",
            "-- migrate:up x:y\na;\n-- migrate:down\nb;",
            "-- migrate:down\nb;\n-- migrate:up\na;",
            "-- migrate:up\na;\n-- migrate:down\nb;\n-- migrate:up\nc;",
            "-- Migrate:up\na;\n-- migrate:down\nb;",
        ] {
            assert_eq!(of(text), "whole", "{text}");
        }
    }

    #[test]
    fn what_goose_leaves_out_is_a_comment_or_not_understood() {
        let flawed = |text: &str| flaw(&sections(text).unwrap()).is_some();
        let hidden = "SELECT 'a\n-- ', '; DROP TABLE t; SELECT ';\n";
        assert!(flawed(&format!("-- +goose Up\n{hidden}-- +goose Down\n")));
        assert!(!flawed(&format!(
            "-- migrate:up\n{hidden}-- migrate:down\n"
        )));
        assert!(!flawed(
            "-- +goose Up\na;\n  -- said\n-- +goose Down\n'\n-- '"
        ));
    }
}
