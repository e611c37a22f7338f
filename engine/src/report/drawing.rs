//! One finding or error as a block: a first line with its code, the source lines, what to do.
//! Knows nothing of reports; decides nothing.

use std::fmt;
use std::io::{self, Write};

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode, ThemeCharacters,
    ThemeStyles,
};

use super::sanitise::{line, lines};
use super::window::Window;
use super::{Color, Style};
use crate::model::{Effect, Finding, Location, code_of};

/// Writes a finding: what offends, and the configuration line that makes it offend.
pub(super) fn finding(finding: &Finding, style: Style, out: &mut dyn Write) -> io::Result<()> {
    Block::of_finding(finding).write(style, out)
}

/// Writes an error, or a refusal, with its places and its help.
pub(super) fn error(error: &dyn Diagnostic, style: Style, out: &mut dyn Write) -> io::Result<()> {
    Block::of_error(error, None).write(style, out)
}

/// Every text in it is cleaned.
struct Block {
    word: &'static str,
    color: Color,
    code: String,
    message: String,
    snippets: Vec<(Option<&'static str>, Snippet)>,
    help: Option<String>,
    related: Vec<Block>,
}

impl Block {
    fn of_finding(finding: &Finding) -> Self {
        let object = finding
            .object
            .as_ref()
            .map_or_else(String::new, |object| format!("{object}: "));
        let (word, color) = match finding.effect {
            Effect::Deny => ("deny", Color::Red),
            Effect::Warn => ("warn", Color::Yellow),
        };
        let mut block = Self {
            word,
            color,
            code: line(&finding.code),
            message: line(&format!("{object}{}", finding.message)),
            snippets: Vec::new(),
            help: finding.remediation.as_deref().map(lines),
            related: Vec::new(),
        };
        block.point(None, finding.location.as_ref());
        block.point(Some("because of this setting:"), finding.because.as_ref());
        block
    }

    /// What has no text to be drawn from is named behind the message.
    fn point(&mut self, intro: Option<&'static str>, place: Option<&Location>) {
        match place {
            Some(place) if place.text().is_empty() => {
                self.message = format!("{} ({})", self.message, line(&place.to_string()));
            }
            Some(place) => self.snippets.push((intro, Snippet::of_place(place))),
            None => {}
        }
    }

    fn of_error(error: &dyn Diagnostic, parent: Option<&dyn SourceCode>) -> Self {
        let source = error.source_code().or(parent);
        let code = code_of(error);
        let message = lines(&error.to_string());
        let snippet = source.and_then(|source| Snippet::of_labels(source, error.labels()?));
        let related: Vec<Self> = error
            .related()
            .into_iter()
            .flatten()
            .map(|related| Self::of_error(related, source))
            .collect();
        let message = if snippet.is_some() || !related.is_empty() {
            headline(&message, &code)
        } else {
            without_help(&message, &code)
        };
        // A refusal's own words begin with its reason, which stands in the brackets already.
        let (word, code, message) = match code.strip_prefix("refused.") {
            Some(reason) => {
                let bare = message.strip_prefix(&format!("{reason}: "));
                let bare = bare.map_or_else(|| message.clone(), str::to_owned);
                ("refused", reason.to_owned(), bare)
            }
            None => ("error", code, message),
        };
        Self {
            word,
            color: Color::Red,
            code,
            message,
            snippets: snippet.map(|snippet| (None, snippet)).into_iter().collect(),
            help: error.help().map(|help| lines(&help.to_string())),
            related,
        }
    }

    fn write(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        // A list of refusals needs no headline: each of them is the answer.
        if !(self.code == NOT_ADMITTED && self.word == "refused" && !self.related.is_empty()) {
            self.write_own(style, out)?;
        }
        for related in &self.related {
            related.write(style, out)?;
        }
        Ok(())
    }

    fn write_own(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        let head = format!("{}[{}]:", self.word, self.code);
        let (first, more) = self.message.split_once('\n').unwrap_or((&self.message, ""));
        let rows = wrap(&format!("{head} {first}"), style.width, "  ");
        let rest = rows.strip_prefix(head.as_str()).unwrap_or(&rows);
        writeln!(out, "{}{rest}", style.paint(&head, self.color))?;
        for row in more.lines() {
            writeln!(out, "{}", wrap(row, style.width, "    "))?;
        }
        for (intro, snippet) in &self.snippets {
            if let Some(intro) = intro {
                writeln!(out, "  {intro}")?;
            }
            snippet.write(style, out)?;
        }
        if let Some(help) = &self.help {
            let rows: Vec<String> = format!("  help: {help}")
                .lines()
                .enumerate()
                .map(|(at, row)| match at {
                    0 => wrap(row, style.width, HELP_INDENT),
                    _ => wrap(&format!("{HELP_INDENT}{row}"), style.width, HELP_INDENT),
                })
                .collect();
            let rows = rows.join("\n");
            let rest = rows.strip_prefix("  help:").unwrap_or(&rows);
            writeln!(out, "  {}{rest}", style.paint("help:", Color::Bold))?;
        }
        Ok(())
    }
}

/// The first line of a message whose places, help and code are drawn apart; how many problems were
/// left out is said nowhere else.
fn headline(message: &str, code: &str) -> String {
    let mut rows = message.lines();
    let first = rows.next().unwrap_or_default();
    let first = first.strip_suffix(&format!(" [{code}]")).unwrap_or(first);
    match rows.last() {
        Some(last) if last.starts_with("and ") => format!("{first}, {last}"),
        _ => first.to_owned(),
    }
}

/// A message without what is said apart from it: its code and its help.
fn without_help(message: &str, code: &str) -> String {
    let rows = message.lines().filter(|row| !row.starts_with("  help: "));
    let code = format!(" [{code}]");
    let rows = rows.map(|row| row.strip_suffix(&code).unwrap_or(row));
    rows.collect::<Vec<_>>().join("\n")
}

/// Lines of one file, with marks below them.
#[derive(Debug)]
struct Snippet {
    source: Window,
    labels: Vec<LabeledSpan>,
}

impl Snippet {
    fn of_place(place: &Location) -> Self {
        let text = place.text();
        let (start, end) = (place.span.start, place.span.end.min(text.len()));
        let inside = text.get(start..end).unwrap_or_default();
        // A value may run over many lines; its first one is enough to find it.
        let length = inside.find('\n').unwrap_or(inside.len());
        let note = place.note().map(str::to_owned);
        let label = LabeledSpan::new_with_span(note, (start, length));
        Self::new(line(&place.path.to_string()), text, std::iter::once(label))
    }

    fn of_labels(
        source: &dyn SourceCode,
        labels: Box<dyn Iterator<Item = LabeledSpan> + '_>,
    ) -> Option<Self> {
        let whole = source.read_span(&(0, 0).into(), 0, usize::MAX / 4).ok()?;
        let text = std::str::from_utf8(whole.data()).ok()?;
        let name = line(whole.name().unwrap_or_default());
        Some(Self::new(name, text, labels))
    }

    fn new(name: String, text: &str, labels: impl Iterator<Item = LabeledSpan>) -> Self {
        let (source, labels) = Window::of(name, text, labels);
        Self { source, labels }
    }

    /// As miette draws source lines, without its headline.
    fn write(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        let theme = GraphicalTheme {
            characters: if style.unicode {
                ThemeCharacters::unicode()
            } else {
                ThemeCharacters::ascii()
            },
            styles: if style.color {
                ThemeStyles::ansi()
            } else {
                ThemeStyles::none()
            },
        };
        let mut text = String::new();
        GraphicalReportHandler::new_themed(theme)
            .with_links(false)
            .with_width(style.width.clamp(40, 200))
            .render_report(&mut text, self)
            .map_err(|_| io::Error::other("a diagnostic could not be drawn"))?;
        for row in text
            .lines()
            .skip_while(|row| !row.contains("-[") && !row.contains("\u{2500}["))
        {
            writeln!(out, "{}", row.trim_end())?;
        }
        Ok(())
    }
}

impl fmt::Display for Snippet {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Snippet {}

impl Diagnostic for Snippet {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

/// Breaks at blanks so that rows fit; a word that is longer than a row stays whole. Rows after the
/// first begin with `indent`.
#[must_use]
pub fn wrap(text: &str, width: usize, indent: &str) -> String {
    let mut rows = String::new();
    let mut column = 0;
    let indented = indent.chars().count();
    for (at, word) in text.split(' ').enumerate() {
        let length = word.chars().count();
        if at > 0 && column + 1 + length > width && column > indented {
            rows.push('\n');
            rows.push_str(indent);
            column = indented;
        } else if at > 0 {
            rows.push(' ');
            column += 1;
        }
        rows.push_str(word);
        column += length;
    }
    rows
}

const NOT_ADMITTED: &str = "not-admitted";
const HELP_INDENT: &str = "        ";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rows_break_at_blanks_and_long_words_stay_whole() {
        assert_eq!(wrap("a bc def", 4, " "), "a bc\n def");
        assert_eq!(wrap("abcdefgh ij", 4, "  "), "abcdefgh\n  ij");
        assert_eq!(wrap("  help: a b", 80, "    "), "  help: a b");
    }

    #[test]
    fn a_refusal_is_one_block_with_its_reason_in_brackets() {
        #[derive(Debug, thiserror::Error, Diagnostic)]
        enum Refused {
            #[error("held: expected at most high, found critical")]
            #[diagnostic(code(refused::held), help("wait"))]
            Held,
            #[error("refused")]
            #[diagnostic(code(refused::not_admitted))]
            All {
                #[related]
                refusals: Vec<Self>,
            },
        }
        let refused = Refused::All {
            refusals: vec![Refused::Held],
        };
        let mut text = Vec::new();
        error(&refused, Style::PLAIN, &mut text).unwrap();
        assert_eq!(
            String::from_utf8(text).unwrap(),
            "refused[held]: expected at most high, found critical\n  help: wait\n"
        );
    }

    #[test]
    fn what_may_not_be_shown_is_told_once_with_its_second_place() {
        #[derive(Debug, thiserror::Error, Diagnostic)]
        #[error(
            "a.yaml:4:5: duplicate key [yaml.duplicate-key]\n  a.yaml:3:5: the other is here\n  help: remove one"
        )]
        #[diagnostic(code(yaml::duplicate_key), help("remove one"))]
        struct Hidden;
        let mut text = Vec::new();
        error(&Hidden, Style::PLAIN, &mut text).unwrap();
        assert_eq!(
            String::from_utf8(text).unwrap(),
            "error[yaml.duplicate-key]: a.yaml:4:5: duplicate key\n  a.yaml:3:5: the other is here\n  help: remove one\n"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn a_place_anywhere_in_a_line_of_any_length_is_drawn(
            column in 0..200_000_usize,
            length in 0..200_000_usize,
            letter in "[x\u{fc}\u{6f22}\u{7}]",
            note in prop::option::of(0..70_000_usize),
        ) {
            let text: std::sync::Arc<str> = format!("a\n{}\n", letter.repeat(200_000)).into();
            let start = 2 + column * letter.len();
            let span = crate::model::Span { start, end: start + length * letter.len() };
            let mut place = Location::new(&"x.json".into(), &text, span);
            if let Some(length) = note {
                place = place.with_note("n".repeat(length));
            }
            let offence = Finding {
                location: Some(place),
                ..Finding::of_engine("x.y", Effect::Deny, "no".to_owned())
            };
            let mut drawn = Vec::new();
            finding(&offence, Style::PLAIN, &mut drawn).unwrap();
            let drawn = String::from_utf8(drawn).unwrap();
            let place = format!("x.json:2:{}]", start - 1);
            prop_assert!(drawn.contains(&place), "{drawn}");
            prop_assert!(drawn.contains("...") && drawn.len() < 10_000, "{}", drawn.len());
        }

        #[test]
        fn an_error_with_labels_anywhere_is_drawn(
            ends in prop::collection::vec((0..250_000_usize, 0..250_000_usize), 1..20),
        ) {
            let text = format!("{}\n{}", "x".repeat(100_000), "y".repeat(100_000));
            let labels = ends.iter().map(|(start, length)| {
                LabeledSpan::at((*start, *length), "z".repeat(*length))
            });
            let diagnostic = miette::MietteDiagnostic::new("no").with_labels(labels);
            let report = miette::Report::new(diagnostic).with_source_code(text);
            let mut drawn = Vec::new();
            error(&*report, Style::PLAIN, &mut drawn).unwrap();
            prop_assert!(drawn.len() < 200_000, "{}", drawn.len());
        }
    }

    #[test]
    fn source_lines_follow_the_headline_at_once_in_every_style() {
        let text: std::sync::Arc<str> = "a: 1\nb: 2\n".into();
        let span = crate::model::Span { start: 5, end: 6 };
        let path = crate::model::RepoPath::from("x.yaml");
        let place = Location::new(&path, &text, span).with_note("no `c` here".to_owned());
        for (color, unicode) in [(false, false), (true, false), (false, true), (true, true)] {
            let style = Style {
                color,
                unicode,
                width: 80,
            };
            let offence = Finding {
                location: Some(place.clone()),
                ..Finding::of_engine("x.y", Effect::Deny, "no".to_owned())
            };
            let mut drawn = Vec::new();
            finding(&offence, style, &mut drawn).unwrap();
            let drawn = String::from_utf8(drawn).unwrap();
            let rows: Vec<&str> = drawn.lines().collect();
            assert!(rows[0].contains("deny[x.y]:"), "{drawn}");
            assert!(rows[1].contains("x.yaml:2:1"), "{drawn}");
            assert!(drawn.contains("no `c` here"), "{drawn}");
            assert_eq!(drawn.contains('\u{1b}'), color);
            assert_eq!(!drawn.is_ascii(), unicode);
        }
    }
}
