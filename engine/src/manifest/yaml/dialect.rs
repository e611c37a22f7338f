//! Where YAML 1.2, which the parser takes, is wider than YAML 1.1, which Kubernetes reads.
//! Knows single scalars and what stands before and behind them.

use granit_parser::ScalarStyle;

use crate::model::Span;

/// Where a scalar stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Around {
    /// It is the document.
    Nothing,
    /// Lines.
    Block,
    /// Brackets.
    Flow,
}

/// Refuses a scalar that YAML 1.1 reads otherwise. `written` is its spelling, `after` what follows.
pub(super) fn check_scalar(
    style: ScalarStyle,
    (written, after): (&str, &str),
    around: Around,
) -> Result<(), &'static str> {
    match style {
        ScalarStyle::Plain if around == Around::Flow => check_plain_in_flow(written, after),
        ScalarStyle::Literal | ScalarStyle::Folded if around == Around::Nothing => {
            Err("a block of text as a document")
        }
        ScalarStyle::DoubleQuoted => check_escapes(written),
        _ => Ok(()),
    }
}

fn check_plain_in_flow(written: &str, after: &str) -> Result<(), &'static str> {
    if written.contains('?') {
        return Err("`?` in brackets begins a key; quote it");
    }
    if let [b':', b',' | b'[' | b']' | b'{' | b'}', ..] = after.as_bytes()
        && !written.is_empty()
    {
        return Err("the colon belongs to the key; put a space behind it");
    }
    Ok(())
}

/// Refuses a tab between the dash and the item. `before` ends where the item begins.
pub(super) fn check_item(before: &str) -> Result<(), &'static str> {
    let dash = before.trim_end_matches([' ', '\t']);
    if dash.ends_with('-') && before.get(dash.len()..).unwrap_or_default().contains('\t') {
        return Err("a tab behind `-`");
    }
    Ok(())
}

/// Refuses a tab in front of a key, or of the line that it stands in. `before` ends where the key begins.
pub(super) fn check_indentation(before: &str) -> Result<(), &'static str> {
    let blank = |c: char| matches!(c, ' ' | '\t');
    let line = before.rsplit('\n').next().unwrap_or_default();
    let indentation = line.len() - line.trim_start_matches(blank).len();
    let gap = before.trim_end_matches(blank).len();
    let around = [line.get(..indentation), before.get(gap..)];
    match around.iter().flatten().any(|white| white.contains('\t')) {
        true => Err("a tab in front of a key"),
        false => Ok(()),
    }
}

/// Refuses a key that does not begin on the line of its colon, unless `?` begins it: in brackets the parser
/// takes it. So many `properties`, an anchor or a tag, stand before the key.
pub(super) fn check_key(text: &str, key: Span, properties: usize) -> Result<(), &'static str> {
    let after = text.get(key.end..).unwrap_or_default();
    if key.start == key.end || !skip_comments(after).starts_with(':') {
        return Ok(());
    }
    let mut start = key.start;
    for _ in 0..properties {
        let before = text.get(..start).unwrap_or_default();
        let before = before.get(..before.rfind(['&', '!']).unwrap_or(0));
        // The whole of `!!str`.
        start = before.unwrap_or_default().trim_end_matches('!').len();
    }
    let colon = text.len() - skip_comments(after).len();
    if !text.get(start..colon).unwrap_or_default().contains('\n') {
        return Ok(());
    }
    let before = text.get(..start).unwrap_or_default().trim_end();
    let line = before.rsplit('\n').next().unwrap_or_default();
    let properties = text.get(start..key.start).unwrap_or_default();
    // A comment may say anything.
    let explicit = !line.contains('#')
        && !properties.contains('#')
        && line.strip_suffix('?').is_some_and(|before| {
            let begins = |c: char| c.is_ascii_whitespace() || matches!(c, '{' | '[' | ',');
            before.is_empty() || before.ends_with(begins)
        });
    match explicit {
        true => Ok(()),
        false => Err("a key does not begin on the line of its colon"),
    }
}

/// The rest, from what says something.
fn skip_comments(text: &str) -> &str {
    let mut rest = text.trim_ascii_start();
    while rest.starts_with('#') {
        let comment = rest.find('\n').unwrap_or(rest.len());
        rest = rest.get(comment..).unwrap_or_default().trim_ascii_start();
    }
    rest
}

fn check_escapes(written: &str) -> Result<(), &'static str> {
    let mut rest = written;
    while let Some(escape) = rest.find('\\') {
        let escaped = rest.get(escape + 1..).unwrap_or_default();
        match escaped.as_bytes() {
            [b'/', ..] => return Err("the escape `\\/` is JSON's alone"),
            [
                b'u',
                b'd' | b'D',
                b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F',
                ..,
            ] => {
                return Err("a surrogate pair is JSON's alone; write the character");
            }
            _ => {}
        }
        // The escaped character may be a backslash.
        let length = escaped.chars().next().map_or(0, char::len_utf8);
        rest = escaped.get(length..).unwrap_or_default();
    }
    Ok(())
}
