//! Cuts the text of a script into statements, as `psql` does: by the semicolons that stand in nothing else.
//! Knows no statement but `COPY … FROM stdin`, after which data comes; understands nothing of the others.

use squawk_lexer::{LiteralKind, Token, TokenKind, tokenize};

use crate::model::limits;

/// One statement, or a command of `psql`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece<'t> {
    /// Its text, without the semicolon.
    pub(super) text: &'t str,
    /// The line at which it begins, from 1.
    pub(super) line: usize,
    /// Why it must not be read any further.
    pub(super) flaw: Option<&'static str>,
}

/// A comment to the end of its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Comment<'t> {
    /// Its text, with the two dashes.
    pub(super) text: &'t str,
    /// Where it begins.
    pub(super) start: usize,
    /// How many pieces stand before it.
    pub(super) before: usize,
}

/// What a script is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pieces<'t> {
    pub(super) pieces: Vec<Piece<'t>>,
    pub(super) comments: Vec<Comment<'t>>,
}

/// Cuts a text.
pub(super) fn split(text: &str) -> Pieces<'_> {
    let mut splitter = Splitter {
        text,
        counted: (0, 1),
        pieces: Pieces::default(),
        open: None,
    };
    let mut from = 0;
    let mut copies = 0;
    while let Some(data) = splitter.run(from) {
        copies += 1;
        match end_of_data(text, data) {
            Some(end) if copies <= COPIES => from = end,
            _ => {
                splitter.rest(data);
                break;
            }
        }
    }
    splitter.pieces
}

struct Splitter<'t> {
    text: &'t str,
    /// An offset, and the line that it is of.
    counted: (usize, usize),
    pieces: Pieces<'t>,
    open: Option<Open>,
}

/// A statement that has begun.
#[derive(Default)]
struct Open {
    start: usize,
    /// Where its last token ends.
    end: usize,
    /// Brackets that are not closed yet.
    depth: usize,
    /// Tokens that the parser may nest by.
    words: usize,
    /// How far it looks like `COPY … FROM stdin`.
    copy: Copy,
    flaw: Option<&'static str>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Copy {
    #[default]
    Begin,
    Other,
    Named,
    From,
    Stdin,
}

impl<'t> Splitter<'t> {
    /// Cuts from an offset on, to the end, or to data; where that begins.
    fn run(&mut self, from: usize) -> Option<usize> {
        let mut at = from;
        let mut skip = from;
        for token in tokenize(self.text.get(from..).unwrap_or_default()) {
            let start = at;
            at += usize::try_from(token.len).unwrap_or_default();
            if token.kind == TokenKind::Eof || start < skip {
                continue;
            }
            let text = self.text.get(start..at).unwrap_or_default();
            if text.starts_with('\\') {
                skip = self.command(start);
                continue;
            }
            if self.take(token, text, (start, at)) == Some(Copy::Stdin) {
                return Some(at);
            }
        }
        self.close();
        None
    }

    /// Takes a token in; how the statement looked that it ends.
    fn take(&mut self, token: Token, text: &'t str, (start, end): (usize, usize)) -> Option<Copy> {
        match token.kind {
            TokenKind::Whitespace => return None,
            TokenKind::LineComment => {
                let before = self.pieces.pieces.len() + usize::from(self.open.is_some());
                self.pieces.comments.push(Comment {
                    text,
                    start,
                    before,
                });
                return None;
            }
            TokenKind::BlockComment { terminated: true } => return None,
            TokenKind::Semi if self.open.as_ref().is_none_or(|open| open.depth == 0) => {
                return self.close();
            }
            _ => {}
        }
        let open = self.open.get_or_insert_with(|| Open {
            start,
            ..Open::default()
        });
        open.end = end;
        open.take(token, text);
        None
    }

    /// A command of `psql`: to the end of the line, and what has begun before it is its argument.
    fn command(&mut self, start: usize) -> usize {
        let rest = self.text.get(start..).unwrap_or_default();
        let line = rest.lines().next().unwrap_or_default();
        let end = start + line.len();
        if self.open.is_none() && is_harmless(line) {
            return end;
        }
        let open = self.open.get_or_insert_with(|| Open {
            start,
            ..Open::default()
        });
        open.end = end;
        open.flaw = Some("a command of psql, which may read other files and run programs");
        self.close();
        end
    }

    /// Ends the statement that has begun; how it looked.
    fn close(&mut self) -> Option<Copy> {
        let open = self.open.take()?;
        let too_long = open.words > limits::STATEMENT_WORDS.most;
        let line = self.line(open.start);
        self.pieces.pieces.push(Piece {
            text: self.text.get(open.start..open.end).unwrap_or_default(),
            line,
            flaw: match too_long {
                true => Some("it is too long to be read: cut it into several"),
                false => open.flaw,
            },
        });
        Some(open.copy)
    }

    /// What follows `COPY … FROM stdin` and cannot be told from data.
    fn rest(&mut self, start: usize) {
        let line = self.line(start);
        self.pieces.pieces.push(Piece {
            text: self.text.get(start..).unwrap_or_default(),
            line,
            flaw: Some("data of `COPY … FROM stdin` that no line `\\.` ends"),
        });
    }

    fn line(&mut self, offset: usize) -> usize {
        let (from, line) = self.counted;
        let between = self.text.get(from..offset).unwrap_or_default();
        let line = line + between.bytes().filter(|byte| *byte == b'\n').count();
        self.counted = (offset, line);
        line
    }
}

impl Open {
    fn take(&mut self, token: Token, text: &str) {
        match token.kind {
            TokenKind::OpenParen | TokenKind::OpenBracket => {
                self.depth += 1;
                if self.depth > limits::STATEMENT_DEPTH.most {
                    self.flaw = Some("brackets within each other, too deep to be read");
                }
            }
            TokenKind::CloseParen | TokenKind::CloseBracket => {
                self.depth = self.depth.saturating_sub(1);
            }
            TokenKind::Literal { .. } | TokenKind::Comma | TokenKind::Dot | TokenKind::Semi => {}
            TokenKind::QuotedIdent { .. } => {}
            _ => self.words += 1,
        }
        if is_cut_off(token.kind) {
            self.flaw = Some("a quote or a comment that nothing ends");
        }
        if text.starts_with("U&") || text.starts_with("u&") {
            self.flaw = Some("a name or a text in Unicode escapes");
        }
        self.copy = self.copy.after(token.kind, text);
    }
}

impl Copy {
    /// How the statement looks with one more token.
    fn after(self, kind: TokenKind, text: &str) -> Self {
        let is = |word: &str| kind == TokenKind::Ident && text.eq_ignore_ascii_case(word);
        match self {
            Self::Begin if is("copy") => Self::Named,
            Self::Begin | Self::Other => Self::Other,
            Self::Named | Self::From if is("from") => Self::From,
            Self::From if is("stdin") => Self::Stdin,
            Self::Named | Self::From => Self::Named,
            Self::Stdin => Self::Stdin,
        }
    }
}

fn is_cut_off(kind: TokenKind) -> bool {
    match kind {
        TokenKind::BlockComment { terminated } | TokenKind::QuotedIdent { terminated, .. } => {
            !terminated
        }
        TokenKind::Literal {
            kind:
                LiteralKind::Str { terminated }
                | LiteralKind::NationalStr { terminated }
                | LiteralKind::ByteStr { terminated }
                | LiteralKind::BitStr { terminated }
                | LiteralKind::EscStr { terminated }
                | LiteralKind::UnicodeEscStr { terminated }
                | LiteralKind::DollarQuotedString { terminated },
        } => !terminated,
        _ => false,
    }
}

/// What scripts say at their top, and that runs nothing.
fn is_harmless(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    matches!(
        words.as_slice(),
        ["\\set", "ON_ERROR_STOP", "on" | "ON" | "1" | "true"]
    )
}

/// Where data ends that begins behind this offset: behind the line `\.`.
fn end_of_data(text: &str, from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    let mut at = from;
    // The line of the statement itself is no data.
    for (nth, line) in rest.split_inclusive('\n').enumerate() {
        at += line.len();
        if nth > 0 && line.trim_end_matches(['\r', '\n']) == "\\." {
            return Some(at);
        }
        if nth == 0 && !line.trim().is_empty() {
            return None;
        }
    }
    None
}

/// So often may data follow in one script.
const COPIES: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<(usize, &str)> {
        let pieces = split(text).pieces.into_iter();
        pieces.map(|piece| (piece.line, piece.text)).collect()
    }

    fn flaws(text: &str) -> Vec<bool> {
        let pieces = split(text).pieces.into_iter();
        pieces.map(|piece| piece.flaw.is_some()).collect()
    }

    #[test]
    fn semicolons_end_statements_and_not_in_quotes_comments_or_brackets() {
        let table: [(&str, &[(usize, &str)]); 9] = [
            ("", &[]),
            (" ; ;\n;", &[]),
            ("a;\n b ;c", &[(1, "a"), (2, "b"), (2, "c")]),
            ("a ';' b", &[(1, "a ';' b")]),
            ("E'\\';' ; b", &[(1, "E'\\';'"), (1, "b")]),
            ("\"x;y\"", &[(1, "\"x;y\"")]),
            ("$f$ ; $$ ; $f$;b", &[(1, "$f$ ; $$ ; $f$"), (1, "b")]),
            ("/* ; /* ; */ ; */ a -- ;\n;b", &[(1, "a"), (2, "b")]),
            ("r (a; b); c", &[(1, "r (a; b)"), (1, "c")]),
        ];
        for (text, wanted) in table {
            assert_eq!(texts(text), wanted, "{text}");
        }
    }

    #[test]
    fn data_is_no_statement() {
        let text = "COPY t (a) FROM stdin;\n1\t';\nDROP TABLE t;\n\\.\nSELECT 1;";
        assert_eq!(texts(text), [(1, "COPY t (a) FROM stdin"), (5, "SELECT 1")]);
        for open in [
            "COPY t FROM stdin;\nDROP TABLE t;\n",
            "COPY t FROM stdin; DROP TABLE t;\n\\.\n",
            "COPY t FROM stdin;",
        ] {
            assert_eq!(flaws(open), [false, true], "{open}");
        }
        for other in ["COPY t TO stdout;\nb;", "SELECT copy FROM stdin;\nb;"] {
            assert_eq!(flaws(other), [false, false], "{other}");
        }
    }

    #[test]
    fn what_cannot_be_cut_has_a_flaw() {
        for (text, wanted) in [
            ("\\set ON_ERROR_STOP on\na;", vec![false]),
            ("\\set ON_ERROR_STOP `x`\na;", vec![true, false]),
            ("\\i other.sql\na;", vec![true, false]),
            ("a \\gexec\nb;", vec![true, false]),
            ("a; 'b", vec![false, true]),
            ("a; $$b; c", vec![false, true]),
            ("a /* b", vec![true]),
            ("\"a", vec![true]),
            ("a U&\"d\\0061t\";b", vec![true, false]),
        ] {
            assert_eq!(flaws(text), wanted, "{text}");
        }
        let deep = "(".repeat(limits::STATEMENT_DEPTH.most + 1);
        assert_eq!(flaws(&deep), [true]);
        let long = "NOT ".repeat(limits::STATEMENT_WORDS.most + 1);
        assert_eq!(flaws(&long), [true]);
        let values = "(1, 'a'), ".repeat(limits::STATEMENT_WORDS.most + 1);
        assert_eq!(flaws(&values), [false]);
    }

    #[test]
    fn comments_stand_before_what_follows_them() {
        let pieces = split("--a\nx; --b\ny --c\n;--d");
        let found: Vec<_> = pieces
            .comments
            .iter()
            .map(|comment| (comment.before, comment.text))
            .collect();
        assert_eq!(found, [(0, "--a"), (1, "--b"), (2, "--c"), (2, "--d")]);
    }
}
