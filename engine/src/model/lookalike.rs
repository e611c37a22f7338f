//! Letters of other alphabets that look like ours.
//! Knows single words; nothing of where they stand.

use unicode_normalization::UnicodeNormalization as _;

/// The plain letters that a word looks like, where it is written in others.
///
/// ```
/// use tidegate::model::lookalike;
/// assert_eq!(lookalike("sp\u{435}c").as_deref(), Some("spec"));
/// assert_eq!(lookalike("gr\u{fc}n"), None);
/// assert_eq!(lookalike("spec"), None);
/// ```
#[must_use]
pub fn lookalike(word: &str) -> Option<String> {
    if word.is_ascii() {
        return None;
    }
    let plain: String = word.nfkc().map(plain).collect();
    plain.is_ascii().then_some(plain)
}

fn plain(letter: char) -> char {
    let pair = PAIRS.iter().find(|(theirs, _)| *theirs == letter);
    pair.map_or(letter, |(_, ours)| *ours)
}

/// Cyrillic and Greek letters that most typefaces draw like Latin ones.
#[rustfmt::skip]
const PAIRS: &[(char, char)] = &[
    ('а', 'a'), ('е', 'e'), ('о', 'o'), ('р', 'p'), ('с', 'c'), ('х', 'x'), ('у', 'y'), ('і', 'i'),
    ('ѕ', 's'), ('ј', 'j'), ('ԁ', 'd'), ('һ', 'h'), ('ӏ', 'l'), ('ԛ', 'q'), ('ԝ', 'w'), ('ѵ', 'v'),
    ('А', 'A'), ('В', 'B'), ('Е', 'E'), ('К', 'K'), ('М', 'M'), ('Н', 'H'), ('О', 'O'), ('Р', 'P'),
    ('С', 'C'), ('Т', 'T'), ('Х', 'X'), ('Ѕ', 'S'), ('І', 'I'), ('Ј', 'J'),
    ('ο', 'o'), ('α', 'a'), ('ν', 'v'), ('ι', 'i'), ('ρ', 'p'), ('υ', 'u'),
    ('Α', 'A'), ('Β', 'B'), ('Ε', 'E'), ('Ζ', 'Z'), ('Η', 'H'), ('Ι', 'I'), ('Κ', 'K'), ('Μ', 'M'),
    ('Ν', 'N'), ('Ο', 'O'), ('Ρ', 'P'), ('Τ', 'T'), ('Υ', 'Y'), ('Χ', 'X'),
    ('ı', 'i'), ('ɡ', 'g'), ('ɑ', 'a'),
];
