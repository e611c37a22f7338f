//! Cuts Rust source into the tokens that paths are made of.
//! Knows nothing of layers.

/// What a token is; the checker needs no finer grain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An identifier or keyword, a raw one without its `r#`.
    Word,
    /// `::` or one other character.
    Mark,
    /// A string literal, quotes included.
    Text,
    /// Whitespace, comments, characters, lifetimes, numbers.
    Rest,
}

/// One token and the line it begins on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind,
    pub(crate) text: &'a str,
    pub(crate) line: usize,
}

/// Returns the words, marks and strings of a source; comments and the rest are left out.
pub(crate) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut rest = source;
    let mut line = 1;
    while let Some(first) = rest.chars().next() {
        let (kind, length) = measure(rest, first);
        let (text, tail) = rest.split_at(length);
        if kind != Kind::Rest {
            let text = if kind == Kind::Word {
                text.trim_start_matches("r#")
            } else {
                text
            };
            found.push(Token { kind, text, line });
        }
        line += text.matches('\n').count();
        rest = tail;
    }
    found
}

/// Returns the kind and the length in bytes of the token that `rest` begins with.
fn measure(rest: &str, first: char) -> (Kind, usize) {
    if rest.starts_with("//") {
        return (Kind::Rest, rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return (Kind::Rest, block_comment(rest));
    }
    if rest.starts_with("::") {
        return (Kind::Mark, 2);
    }
    match first {
        '"' => (Kind::Text, quoted(rest)),
        '\'' => (Kind::Rest, character_or_lifetime(rest)),
        _ if first.is_whitespace() => (Kind::Rest, run(rest, char::is_whitespace)),
        _ if first.is_ascii_digit() => (Kind::Rest, run(rest, is_word)),
        _ if is_word(first) => word_or_literal(rest),
        _ => (Kind::Mark, first.len_utf8()),
    }
}

/// An identifier, unless what looks like one is the prefix of a literal (`r"`, `br#"`, `b'`).
fn word_or_literal(rest: &str) -> (Kind, usize) {
    let length = run(rest, is_word);
    let (word, tail) = rest.split_at(length);
    let hashes = run(tail, |c| c == '#');
    let (_, behind) = tail.split_at(hashes);
    match word {
        "r" | "br" | "cr" if behind.starts_with('"') => {
            let (_, body) = behind.split_at(1);
            let end = format!("\"{}", "#".repeat(hashes));
            let body = body.find(&end).map_or(body.len(), |at| at + end.len());
            (Kind::Text, length + hashes + 1 + body)
        }
        "r" if hashes == 1 => (Kind::Word, length + 1 + run(behind, is_word)),
        "b" | "c" if tail.starts_with('"') => (Kind::Text, length + quoted(tail)),
        "b" if tail.starts_with('\'') => (Kind::Rest, length + character_or_lifetime(tail)),
        _ => (Kind::Word, length),
    }
}

fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn character_or_lifetime(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    let first = chars.next().map_or('\'', |(_, c)| c);
    if first == '\\' {
        // The escaped character itself may be the quote.
        let close = rest.char_indices().skip(3).find(|(_, c)| *c == '\'');
        return close.map_or(rest.len(), |(at, _)| at + 1);
    }
    match chars.next() {
        Some((at, '\'')) => at + 1,
        _ => {
            1 + rest
                .split_at(1)
                .1
                .chars()
                .take_while(|c| is_word(*c))
                .map(char::len_utf8)
                .sum::<usize>()
        }
    }
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(here) = rest.get(at..).filter(|here| !here.is_empty()) {
        if here.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += here.chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

fn run(rest: &str, belongs: impl Fn(char) -> bool) -> usize {
    rest.find(|c| !belongs(c)).unwrap_or(rest.len())
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}
