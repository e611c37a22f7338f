//! The words of one action of a template.
//! Knows what they are and not what they do.

use std::collections::BTreeSet;

use super::actions;

/// What stands between `{{` and `}}`.
pub(super) struct Body<'a> {
    pub(super) at: usize,
    pub(super) tokens: Vec<(usize, Token<'a>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A function or a word of the language.
    Word(&'a str),
    /// `.name`, and `.` itself.
    Field(&'a str),
    /// `$name`.
    Variable(&'a str),
    /// As it is written.
    Quoted(&'a str),
    Mark(char),
}

/// Some of them, in their order, each with where it begins.
pub(super) type Tokens<'t, 'a> = &'t [(usize, Token<'a>)];

impl Token<'_> {
    /// In bytes.
    pub(super) fn length(&self) -> usize {
        match self {
            Self::Word(text) | Self::Quoted(text) => text.len(),
            Self::Field(name) | Self::Variable(name) => 1 + name.len(),
            Self::Mark(mark) => mark.len_utf8(),
        }
    }
}

/// All that stands between `{{` and `}}` in a text, in its order.
pub(super) fn bodies(text: &str) -> Vec<Body<'_>> {
    let bodies = actions::bodies(text).into_iter();
    let mut bodies: Vec<Body<'_>> = bodies.map(|(at, body)| Body::of(at, body)).collect();
    bodies.sort_by_key(|body| body.at);
    bodies
}

impl<'a> Body<'a> {
    pub(super) fn of(at: usize, body: &'a str) -> Self {
        let mut tokens = Vec::new();
        let mut rest = body;
        while let Some(c) = rest.chars().next() {
            let start = at + body.len() - rest.len();
            let after = rest.get(c.len_utf8()..).unwrap_or_default();
            let word = |text: &'a str| {
                let end = text.find(|c| !actions::is_word(c)).unwrap_or(text.len());
                text.split_at(end)
            };
            let (token, left) = match c {
                '.' => (Token::Field(word(after).0), word(after).1),
                '$' => (Token::Variable(word(after).0), word(after).1),
                '"' | '`' | '\'' => {
                    let end = actions::quoted_end(rest);
                    let (inside, left) = rest.split_at(end);
                    (Token::Quoted(inside), left)
                }
                c if actions::is_word(c) => (Token::Word(word(rest).0), word(rest).1),
                c => (Token::Mark(c), after),
            };
            if !matches!(token, Token::Mark(c) if c.is_whitespace() || c == '-') {
                tokens.push((start, token));
            }
            rest = left;
        }
        Self { at, tokens }
    }

    /// Whether it begins with one of these words.
    pub(super) fn is(&self, words: &[&str]) -> bool {
        let first = self.tokens.first();
        matches!(first, Some((_, Token::Word(word))) if words.contains(word))
    }

    pub(super) fn names(&self, words: &[&str]) -> bool {
        let named = |(_, token): &(usize, Token<'_>)| matches!(token, Token::Word(word) if words.contains(word));
        self.tokens.iter().any(named)
    }

    pub(super) fn uses(&self, variables: &BTreeSet<&str>) -> bool {
        uses(&self.tokens, variables)
    }

    /// The variables that are given a value: `$a := `, `$a = `, and those of `range $a, $b := `.
    pub(super) fn assigned(&self) -> impl Iterator<Item = &'a str> {
        let is_sign = |(_, token): &(usize, Token<'_>)| *token == Token::Mark('=');
        let end = self.tokens.iter().position(is_sign).unwrap_or_default();
        let before = self.tokens.iter().take(end);
        before.filter_map(|(_, token)| match token {
            Token::Variable(name) => Some(*name),
            _ => None,
        })
    }
}

pub(super) fn uses(tokens: &[(usize, Token<'_>)], variables: &BTreeSet<&str>) -> bool {
    let used = |(_, token): &(usize, Token<'_>)| matches!(token, Token::Variable(name) if variables.contains(name));
    tokens.iter().any(used)
}

/// The first argument: what stands in parentheses, or one token.
pub(super) fn argument<'t, 'a>(tokens: Tokens<'t, 'a>) -> Tokens<'t, 'a> {
    if !matches!(tokens.first(), Some((_, Token::Mark('(')))) {
        return tokens.get(..1).unwrap_or_default();
    }
    let mut depth = 0_usize;
    let end = tokens.iter().position(|(_, token)| {
        match token {
            Token::Mark('(') => depth += 1,
            Token::Mark(')') => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    end.and_then(|end| tokens.get(1..end)).unwrap_or(tokens)
}
