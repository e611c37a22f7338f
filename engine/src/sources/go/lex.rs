//! Splits a template into texts and the tokens of its actions. Knows no grammar.

use std::rc::Rc;

use super::Fault;
use super::number;

/// A token, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) at: usize,
    /// White space stands before it.
    pub(super) spaced: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// What stands between actions.
    Plain(String),
    Open,
    Close,
    /// A function or a keyword.
    Word(String),
    /// `.name`, without the dot.
    Field(String),
    Dot,
    /// `$name`, without the dollar sign.
    Variable(String),
    Text(Rc<str>),
    Int(i64),
    Float(f64),
    Pipe,
    Left,
    Right,
    Comma,
    Declare,
    Assign,
}

pub(super) fn tokens(template: &str) -> Result<Vec<Token>, Fault> {
    let mut lexer = Lexer {
        all: template,
        at: 0,
        found: Vec::new(),
    };
    let mut trims = false;
    loop {
        let (text, open) = match lexer.rest().split_once("{{") {
            Some((text, _)) => (text, true),
            None => (lexer.rest(), false),
        };
        let begin = lexer.at;
        let next = begin + text.len();
        let after = lexer.all.get(next + 2..).unwrap_or_default();
        let trims_before = open && is_left_trim(after);
        let mut kept = text;
        if trims {
            kept = kept.trim_start_matches(SPACE);
        }
        if trims_before {
            kept = kept.trim_end_matches(SPACE);
        }
        if !kept.is_empty() {
            lexer.push(Kind::Plain(kept.to_owned()), begin, false);
        }
        if !open {
            return Ok(lexer.found);
        }
        lexer.at = next + 2 + if trims_before { 2 } else { 0 };
        trims = lexer.action(next)?;
    }
}

struct Lexer<'t> {
    all: &'t str,
    at: usize,
    found: Vec<Token>,
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        self.all.get(self.at..).unwrap_or_default()
    }

    fn push(&mut self, kind: Kind, at: usize, spaced: bool) {
        self.found.push(Token { kind, at, spaced });
    }

    fn fault<T>(&self, why: impl Into<String>) -> Result<T, Fault> {
        Err(Fault {
            why: why.into(),
            at: self.at,
        })
    }

    /// The tokens of one action; whether the text behind it loses its white space.
    fn action(&mut self, open: usize) -> Result<bool, Fault> {
        if self.rest().starts_with("/*") {
            return self.comment();
        }
        self.push(Kind::Open, open, false);
        let mut depth = 0_usize;
        loop {
            let rest = self.rest();
            let unspaced = rest.trim_start_matches(SPACE);
            let spaced = unspaced.len() < rest.len();
            if spaced && unspaced.starts_with("-}}") {
                self.at += rest.len() - unspaced.len();
                return self.close(depth, 3).map(|()| true);
            }
            self.at += rest.len() - unspaced.len();
            if unspaced.starts_with("}}") {
                return self.close(depth, 2).map(|()| false);
            }
            let at = self.at;
            let kind = self.token()?;
            match kind {
                Kind::Left => depth += 1,
                Kind::Right if depth == 0 => return self.fault("`)` closes nothing"),
                Kind::Right => depth -= 1,
                _ => {}
            }
            self.push(kind, at, spaced);
        }
    }

    fn close(&mut self, depth: usize, length: usize) -> Result<(), Fault> {
        if depth > 0 {
            return self.fault("`(` is not closed");
        }
        self.push(Kind::Close, self.at, false);
        self.at += length;
        Ok(())
    }

    fn comment(&mut self) -> Result<bool, Fault> {
        let Some((comment, behind)) = self.rest().split_once("*/") else {
            return self.fault("a comment is not closed");
        };
        let length = comment.len() + 2;
        let unspaced = behind.trim_start_matches(SPACE);
        if behind.starts_with("}}") {
            self.at += length + 2;
            return Ok(false);
        }
        let spaces = behind.len() - unspaced.len();
        if spaces == 1 && unspaced.starts_with("-}}") {
            self.at += length + spaces + 3;
            return Ok(true);
        }
        self.fault("a comment does not fill its action")
    }

    fn token(&mut self) -> Result<Kind, Fault> {
        let rest = self.rest();
        let mut letters = rest.chars();
        let (first, second) = (letters.next(), letters.next());
        let kind = match first {
            None => return self.fault("`{{` is not closed"),
            Some('"') => return self.quoted(),
            Some('`') => return self.raw(),
            Some('\'') => return self.letter(),
            Some('|') => Kind::Pipe,
            Some('(') => Kind::Left,
            Some(')') => Kind::Right,
            Some(',') => Kind::Comma,
            Some('=') => Kind::Assign,
            Some(':') if second == Some('=') => {
                self.at += 2;
                return Ok(Kind::Declare);
            }
            Some('.') if !second.is_some_and(|c| c.is_ascii_digit()) => return self.dotted(),
            Some('$') => {
                self.at += 1;
                let name = self.name();
                self.ends()?;
                return Ok(Kind::Variable(name));
            }
            Some(c) if c.is_alphanumeric() && !c.is_ascii_digit() || c == '_' => {
                let name = self.name();
                self.ends()?;
                return Ok(Kind::Word(name));
            }
            Some('0'..='9' | '+' | '-' | '.') => return self.number(),
            Some(_) => return self.fault("a letter that no action has"),
        };
        self.at += 1;
        Ok(kind)
    }

    fn dotted(&mut self) -> Result<Kind, Fault> {
        self.at += 1;
        let name = self.name();
        match name.is_empty() {
            true => Ok(Kind::Dot),
            false => self.ends().map(|()| Kind::Field(name)),
        }
    }

    fn name(&mut self) -> String {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
        let name = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        self.at += name.len();
        name.to_owned()
    }

    /// Nothing else begins within a name.
    fn ends(&self) -> Result<(), Fault> {
        let rest = self.rest();
        let ends = rest.is_empty()
            || rest.starts_with([' ', '\t', '\r', '\n', '.', ',', '|', ':', ')', '('])
            || rest.starts_with("}}");
        match ends {
            true => Ok(()),
            false => self.fault("a letter that no name has"),
        }
    }

    fn number(&mut self) -> Result<Kind, Fault> {
        let rest = self.rest();
        let signed = rest.strip_prefix(['+', '-']).unwrap_or(rest);
        let mut before = ' ';
        let is_outside = |c: char| {
            let sign = matches!(c, '+' | '-') && matches!(before, 'e' | 'E');
            before = c;
            !(c.is_alphanumeric() || c == '.' || c == '_' || sign)
        };
        let length = signed.find(is_outside).unwrap_or(signed.len());
        let end = rest.len() - signed.len() + length;
        let written = rest.get(..end).unwrap_or_default();
        let Some(kind) = number::read(written) else {
            return self.fault(format!(
                "the number `{written}` is written in a way that is not read here"
            ));
        };
        self.at += end;
        Ok(kind)
    }

    /// `'a'`, which is a number.
    fn letter(&mut self) -> Result<Kind, Fault> {
        let mut letters = self.rest().chars().skip(1);
        match (letters.next(), letters.next()) {
            (Some(c), Some('\'')) if c.is_ascii_graphic() && c != '\\' && c != '\'' => {
                self.at += 3;
                Ok(Kind::Int(i64::from(u32::from(c))))
            }
            _ => self.fault("a letter in `'` is written in a way that is not read here"),
        }
    }

    fn raw(&mut self) -> Result<Kind, Fault> {
        let inner = self.rest().get(1..).unwrap_or_default();
        let Some((text, _)) = inner.split_once('`') else {
            return self.fault("a text in backticks is not closed");
        };
        self.at += text.len() + 2;
        Ok(Kind::Text(Rc::from(text.replace('\r', ""))))
    }

    fn quoted(&mut self) -> Result<Kind, Fault> {
        let mut text = String::new();
        let mut letters = self.rest().char_indices().skip(1);
        loop {
            match letters.next() {
                Some((end, '"')) => {
                    self.at += end + 1;
                    return Ok(Kind::Text(Rc::from(text)));
                }
                Some((_, '\\')) => match letters.next().and_then(|(_, c)| escaped(c, &mut letters))
                {
                    Some(c) => text.push(c),
                    None => return self.fault("a text has an escape that is not read here"),
                },
                Some((_, '\n')) | None => return self.fault("a text is not closed"),
                Some((_, c)) => text.push(c),
            }
        }
    }
}

/// The letter that an escape stands for; bytes that are no letters are none.
fn escaped(c: char, letters: &mut impl Iterator<Item = (usize, char)>) -> Option<char> {
    let digits = match c {
        'n' => return Some('\n'),
        't' => return Some('\t'),
        'r' => return Some('\r'),
        'a' => return Some('\u{7}'),
        'b' => return Some('\u{8}'),
        'f' => return Some('\u{c}'),
        'v' => return Some('\u{b}'),
        '\\' | '"' => return Some(c),
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => return None,
    };
    let mut code = 0_u32;
    for _ in 0..digits {
        code = code.checked_mul(16)? + letters.next()?.1.to_digit(16)?;
    }
    let is_letter = c != 'x' || code < 0x80;
    char::from_u32(code).filter(|_| is_letter)
}

fn is_left_trim(after: &str) -> bool {
    after
        .strip_prefix('-')
        .is_some_and(|rest| rest.starts_with(SPACE))
}

const SPACE: [char; 4] = [' ', '\t', '\r', '\n'];
