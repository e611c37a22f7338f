//! Globs of image references: `*` is anything but a slash, `**` is anything, and the whole must fit.
//! Knows nothing of what a fit allows.

use crate::facts::image_ref::with_one_name;

/// A glob, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::facts) struct Glob {
    text: String,
    tokens: Vec<Token>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Byte(u8),
    /// Anything within a segment.
    Segment,
    /// Anything.
    All,
}

impl Glob {
    /// A glob of repositories, whose registry has the name that it has in references.
    pub(in crate::facts) fn of_repositories(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            ..Self::new(&with_one_name(text))
        }
    }

    pub(in crate::facts) fn new(text: &str) -> Self {
        let mut tokens = Vec::new();
        for byte in text.bytes() {
            match (byte, tokens.last()) {
                (b'*', Some(Token::Segment | Token::All)) => {
                    tokens.pop();
                    tokens.push(Token::All);
                }
                (b'*', _) => tokens.push(Token::Segment),
                (byte, _) => tokens.push(Token::Byte(byte)),
            }
        }
        Self {
            text: text.to_owned(),
            tokens,
        }
    }

    /// As it is written.
    pub(in crate::facts) fn text(&self) -> &str {
        &self.text
    }

    /// Whether all of `text` fits. Takes as many steps as both are long, multiplied.
    pub(in crate::facts) fn fits(&self, text: &str) -> bool {
        let start: Vec<bool> = (0..=self.tokens.len()).map(|state| state == 0).collect();
        let start = self.next(&start, |_| false, true);
        let end = text.bytes().fold(start, |states, byte| {
            self.next(&states, |token| token.takes(byte), false)
        });
        end.last().copied().unwrap_or_default()
    }

    /// The states after one byte; with `keep`, those that need none. A state is the number of tokens
    /// that are behind.
    fn next(&self, states: &[bool], takes: impl Fn(Token) -> bool, keep: bool) -> Vec<bool> {
        let mut previous: Option<(bool, bool, Token)> = None;
        let mut next = Vec::with_capacity(states.len());
        for (index, live) in states.iter().enumerate() {
            let token = self.tokens.get(index).copied();
            let stays = *live && (keep || token.is_some_and(|it| it.repeats() && takes(it)));
            let arrives = previous.is_some_and(|(before, now, token)| {
                if token.repeats() {
                    now
                } else {
                    before && takes(token)
                }
            });
            let now = stays || arrives;
            next.push(now);
            previous = token.map(|token| (*live, now, token));
        }
        next
    }
}

impl Token {
    /// Whether it stands for any number of bytes, none too.
    fn repeats(self) -> bool {
        matches!(self, Self::Segment | Self::All)
    }

    fn takes(self, byte: u8) -> bool {
        match self {
            Self::Byte(own) => own == byte,
            Self::Segment => byte != b'/',
            Self::All => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_whole_fits_or_nothing() {
        for (glob, text, fits) in [
            ("images.example/acme/**", "images.example/acme/odoo", true),
            ("images.example/acme/**", "images.example/acme/a/b", true),
            (
                "images.example/acme/**",
                "images.example/acme-evil/x",
                false,
            ),
            ("images.example/acme/**", "images.example/acme", false),
            (
                "images.example/acme/**",
                "evil.test/images.example/acme/x",
                false,
            ),
            ("images.example/acme/*", "images.example/acme/a/b", false),
            ("images.example/acme/*", "images.example/acme/a", true),
            ("images.example/acme/*", "images.example/acme/", true),
            ("*/acme/odoo", "images.example/acme/odoo", true),
            ("*/acme/odoo", "a/b/acme/odoo", false),
            ("**", "anything/at:all", true),
            ("", "", true),
            ("", "a", false),
            ("a.b", "axb", false),
            ("images.example/acme", "images.example/acme", true),
            ("*-snapshot", "1.0-snapshot", true),
            ("*-snapshot", "1.0-snapshot-2", false),
            ("a***b", "a/x/b", true),
            ("a*b*c", "abbbc", true),
            ("a*b*c", "abbb", false),
        ] {
            assert_eq!(Glob::new(glob).fits(text), fits, "{glob} {text}");
        }
    }

    /// As simple as it can be said, and slow.
    fn plainly(glob: &[u8], text: &[u8]) -> bool {
        match (glob, text) {
            ([b'*', b'*', rest @ ..], _) => {
                (0..=text.len()).any(|skipped| plainly(rest, &text[skipped..]))
            }
            ([b'*', rest @ ..], _) => (0..=text.len())
                .take_while(|skipped| !text[..*skipped].contains(&b'/'))
                .any(|skipped| plainly(rest, &text[skipped..])),
            ([byte, glob @ ..], [own, text @ ..]) => byte == own && plainly(glob, text),
            ([], []) => true,
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn it_fits_where_the_plain_words_say_so(glob in "[ab/*]{0,7}", text in "[ab/]{0,7}") {
            let plain = glob.replace("***", "**").replace("***", "**").replace("***", "**");
            prop_assert_eq!(Glob::new(&glob).fits(&text), plainly(plain.as_bytes(), text.as_bytes()));
        }
    }
}
