//! Foreign text in messages: cut, and without anything a terminal would obey.
//! Knows no message.

use std::fmt;

/// Foreign text as a message may show it: cut, control characters escaped.
pub(super) fn shown(text: &str) -> String {
    let mut shown = RawText(text).to_string();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

struct RawText<'a>(&'a str);

impl fmt::Display for RawText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars().take(SHOWN) {
            if c.is_control() {
                write!(f, "{}", c.escape_unicode())?;
            } else {
                write!(f, "{c}")?;
            }
        }
        Ok(())
    }
}

const SHOWN: usize = 200;
