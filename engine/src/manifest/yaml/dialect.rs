//! Where YAML 1.2, which the parser takes, is wider than YAML 1.1, which Kubernetes reads.
//! Knows single scalars and what stands before them.

use granit_parser::ScalarStyle;

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
