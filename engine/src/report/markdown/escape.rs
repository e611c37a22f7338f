//! Foreign text in Markdown: what could be a link, a mention, an emphasis or HTML stands in a code span,
//! where nothing is any of that. Knows nothing of reports.

use super::super::sanitise::{inert, lines, short};

/// Prose. Plain words stay as they are; every other word, and what stood in backticks, is a code span.
pub(super) fn prose(text: &str) -> String {
    let text = lines(text).replace('\n', " ");
    let text = short(&text, MOST_PROSE);
    let parts: Vec<&str> = text.split('`').collect();
    let mut pieces: Vec<String> = Vec::new();
    for (part, at) in parts.iter().zip(1..) {
        // Between the first backtick and the second, the third and the fourth.
        if at % 2 == 1 {
            pieces.push(words(part));
        } else if at < parts.len() {
            pieces.push(span(part));
        } else {
            pieces.extend([span("`"), words(part)]);
        }
    }
    pieces
        .iter()
        .fold(String::new(), |text, piece| join(text, piece))
}

/// A name, a path, a command: one code span, shortened as a whole.
pub(super) fn code(text: &str) -> String {
    span(&short(text, MOST_NAME))
}

/// The same text inside a table.
pub(super) fn cell(markdown: &str) -> String {
    markdown.replace('|', "\\|")
}

/// A fenced block whose fence is longer than any run of backticks in it.
pub(super) fn fenced(language: &str, rows: &str) -> String {
    let fence = "`".repeat(longest_run(rows).max(2) + 1);
    format!("{fence}{language}\n{}{fence}\n", inert(rows))
}

/// Letters, digits and `._-`; everything else as `%XX`: safe inside an HTML comment.
pub(super) fn percent(text: &str) -> String {
    text.bytes()
        .zip(0..)
        .fold(String::new(), |mut safe, (byte, at)| {
            let dash = byte == b'-' && at > 0 && !safe.ends_with('-');
            if byte.is_ascii_alphanumeric() || dash || matches!(byte, b'.' | b'_') {
                safe.push(char::from(byte));
            } else {
                safe.push_str(&format!("%{byte:02X}"));
            }
            safe
        })
}

/// Two code spans side by side would be one.
fn join(mut text: String, piece: &str) -> String {
    if text.ends_with('`') && piece.starts_with('`') {
        text.push(' ');
    }
    text.push_str(piece);
    text
}

fn words(text: &str) -> String {
    let words = text.split(' ').map(|word| {
        if is_plain(word) {
            return word.to_owned();
        }
        let inside = word.trim_end_matches([',', ';', ':', '.', '?']);
        match word.strip_prefix(inside) {
            Some(mark) if !inside.is_empty() && mark.len() == 1 => {
                format!("{}{mark}", span(inside))
            }
            _ => span(word),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Letters with a hyphen or an apostrophe in between, or a small number; with punctuation around it.
fn is_plain(word: &str) -> bool {
    let core = word
        .trim_start_matches(['"', '\'', '('])
        .trim_end_matches(|c| "\"'),;.:!?%".contains(c));
    if core.is_empty() {
        return word.chars().all(|c| "\"'(),;.!?".contains(c)) || word == ":";
    }
    let is_number = core.len() <= 6 && core.bytes().all(|byte| byte.is_ascii_digit());
    let is_word = core
        .split(['-', '\''])
        .all(|part| !part.is_empty() && part.chars().all(char::is_alphabetic));
    // What looks like a commit is a link on GitHub.
    let is_commit = core.len() >= 7 && core.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_number || is_word) && !is_commit
}

fn span(text: &str) -> String {
    let text = inert(text);
    let ticks = "`".repeat(longest_run(&text) + 1);
    let blank = |edge: Option<char>| edge.is_none_or(|c| c == '`' || c == ' ');
    if blank(text.chars().next()) || blank(text.chars().next_back()) {
        format!("{ticks} {text} {ticks}")
    } else {
        format!("{ticks}{text}{ticks}")
    }
}

fn longest_run(text: &str) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

const MOST_NAME: usize = 200;
const MOST_PROSE: usize = 1_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Options, Parser, Tag};

    use super::*;

    #[test]
    fn words_stay_words_and_everything_else_is_code() {
        for (text, expected) in [
            (
                "container \"odoo\" has no limit",
                "container \"odoo\" has no limit",
            ),
            (
                "set `a.b` to 3, or (else) don't",
                "set `a.b` to 3, or (else) don't",
            ),
            (
                "ask @team, see #12 or GH-12.",
                "ask `@team`, see `#12` or `GH-12`.",
            ),
            (
                "www.x.example http://x 3f1c09ab",
                "`www.x.example` `http://x` `3f1c09ab`",
            ),
            (
                "::error::x <b> [a](b) :tada:",
                "`\\::error::x` `<b>` `[a](b)` `:tada`:",
            ),
            ("one ` tick", "one `` ` `` tick"),
        ] {
            assert_eq!(prose(text), expected);
        }
        assert_eq!(code("a``b`"), "``` a``b` ```");
        assert_eq!(code(""), "`  `");
        assert_eq!(percent("prod --> x"), "prod%20-%2D%3E%20x");
    }

    /// All text outside of code, and every event that is neither text nor code.
    fn outside(markdown: &str) -> (String, Vec<String>) {
        let options = Options::ENABLE_TABLES | Options::ENABLE_GFM | Options::ENABLE_STRIKETHROUGH;
        let mut text = String::new();
        let mut others = Vec::new();
        for event in Parser::new_ext(markdown, options) {
            match event {
                Event::Text(piece) => text.push_str(&piece),
                Event::Code(_) => {}
                Event::Start(Tag::Paragraph) | Event::End(_) => {}
                other => others.push(format!("{other:?}")),
            }
        }
        (text, others)
    }

    proptest! {
        #[test]
        fn foreign_text_is_nothing_but_text_and_code(text in any::<String>(), hostile in "[-@#<>|`*_\\[\\]()!&:/\\\\~$a-c1 \n]{0,60}") {
            for text in [text, hostile] {
                let (outside, others) = outside(&format!("Says: {}", prose(&text)));
                prop_assert_eq!(others, Vec::<String>::new());
                prop_assert!(!outside.contains(['@', '#', '<', '>', '|', '*', '_', '[', ']', '&', '/', '$', '`']), "{}", outside);
                let (_, others) = self::outside(&format!("Says: {}", code(&text)));
                prop_assert_eq!(others, Vec::<String>::new());
            }
        }

        #[test]
        fn nothing_leaves_a_fence(rows in "[`~a\n]{0,40}") {
            let text = fenced("diff", &format!("{rows}\n"));
            let events: Vec<Event<'_>> = Parser::new(&text).collect();
            prop_assert!(matches!(events.first(), Some(Event::Start(Tag::CodeBlock(_)))));
            let ends = events.iter().filter(|event| matches!(event, Event::End(_))).count();
            prop_assert_eq!(ends, 1);
        }
    }
}
