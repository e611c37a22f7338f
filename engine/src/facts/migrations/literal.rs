//! Reads the literal of Python that a `__manifest__.py` is, as data: texts, numbers, lists and dictionaries.
//! Runs nothing. What is more than a literal has no value.

use crate::model::limits;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Literal {
    Text(String),
    /// A number, `True`, `False` or `None`, as written.
    Word(String),
    List(Vec<Literal>),
    Map(Vec<(Literal, Literal)>),
}

/// The value that a file is; `None` where it is none, or anything besides.
pub(super) fn parse(text: &str) -> Option<Literal> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader { rest: text };
    let value = reader.value(0)?;
    reader.blank();
    reader.rest.is_empty().then_some(value)
}

impl Literal {
    /// The text under a key of a dictionary. Where the key stands twice, the last counts.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        let Self::Map(entries) = self else {
            return None;
        };
        let found = entries.iter().rev().find(|(known, _)| {
            let Self::Text(known) = known else {
                return false;
            };
            known == key
        });
        match found {
            Some((_, Self::Text(text))) => Some(text),
            _ => None,
        }
    }
}

struct Reader<'t> {
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn value(&mut self, depth: usize) -> Option<Literal> {
        if depth > limits::MODULE_MANIFEST_DEPTH.most {
            return None;
        }
        self.blank();
        match self.rest.chars().next()? {
            '{' => self.map(depth),
            '[' => self.list(('[', ']'), depth),
            '(' => self.list(('(', ')'), depth),
            '\'' | '"' => self.texts(),
            _ => self.word(),
        }
    }

    fn map(&mut self, depth: usize) -> Option<Literal> {
        self.take('{')?;
        let mut entries = Vec::new();
        loop {
            self.blank();
            if self.take('}').is_some() {
                return Some(Literal::Map(entries));
            }
            let key = self.value(depth + 1)?;
            self.blank();
            self.take(':')?;
            entries.push((key, self.value(depth + 1)?));
            self.blank();
            if self.take(',').is_none() {
                self.take('}')?;
                return Some(Literal::Map(entries));
            }
        }
    }

    fn list(&mut self, (open, close): (char, char), depth: usize) -> Option<Literal> {
        self.take(open)?;
        let mut items = Vec::new();
        let mut commas = 0;
        loop {
            self.blank();
            if self.take(close).is_some() {
                break;
            }
            items.push(self.value(depth + 1)?);
            self.blank();
            if self.take(',').is_none() {
                self.take(close)?;
                break;
            }
            commas += 1;
        }
        match items.pop() {
            // Brackets around one value are no list.
            Some(one) if open == '(' && commas == 0 => Some(one),
            last => {
                items.extend(last);
                Some(Literal::List(items))
            }
        }
    }

    /// Texts that follow each other are one.
    fn texts(&mut self) -> Option<Literal> {
        let mut whole = String::new();
        while self.rest.starts_with(['\'', '"']) {
            self.one_text(&mut whole)?;
            self.blank();
        }
        Some(Literal::Text(whole))
    }

    fn one_text(&mut self, whole: &mut String) -> Option<()> {
        let quote = self.rest.chars().next()?;
        let triple: String = [quote; 3].iter().collect();
        let end = match self.rest.starts_with(&triple) {
            true => triple,
            false => quote.to_string(),
        };
        self.rest = self.rest.get(end.len()..)?;
        loop {
            if let Some(rest) = self.rest.strip_prefix(end.as_str()) {
                self.rest = rest;
                return Some(());
            }
            let mut letters = self.rest.chars();
            match letters.next()? {
                '\n' if end.len() == 1 => return None,
                '\\' => {
                    let letter = letters.next()?;
                    whole.extend(escaped(letter)?);
                }
                letter => whole.push(letter),
            }
            self.rest = letters.as_str();
        }
    }

    fn word(&mut self) -> Option<Literal> {
        let is_end = |letter: char| !(letter.is_ascii_alphanumeric() || "+-._".contains(letter));
        let end = self.rest.find(is_end).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        let is_number =
            word.parse::<f64>().is_ok() && word.contains(|one: char| one.is_ascii_digit());
        let is_known = ["True", "False", "None"].contains(&word) || is_number;
        is_known.then(|| Literal::Word(word.to_owned()))
    }

    fn take(&mut self, letter: char) -> Option<()> {
        self.rest = self.rest.strip_prefix(letter)?;
        Some(())
    }

    /// Goes on behind blanks and comments.
    fn blank(&mut self) {
        loop {
            self.rest = self
                .rest
                .trim_start_matches([' ', '\t', '\r', '\n', '\u{c}']);
            let Some(comment) = self.rest.strip_prefix('#') else {
                return;
            };
            self.rest = comment.find('\n').map_or("", |at| comment.split_at(at).1);
        }
    }
}

/// What a letter behind a backslash stands for; nothing for the end of the line. What is rare has no value.
fn escaped(letter: char) -> Option<Option<char>> {
    match letter {
        '\n' => Some(None),
        '\\' | '\'' | '"' => Some(Some(letter)),
        'n' => Some(Some('\n')),
        't' => Some(Some('\t')),
        'r' => Some(Some('\r')),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_a_literal_and_nothing_else() {
        let text = "# -*- coding: utf-8 -*-\n{\n  'name': \"Sale\",  # a comment\n  'version': '17.0' '.1.2.3',\n  'depends': ['sale', 'stock',],\n 'summary': ('a'\n   'b'), 'data': (), 'price': -1.5, 'installable': True,\n 'description': '''It's\n\"long\"''', \"application\": None}\n";
        let manifest = parse(text).unwrap();
        assert_eq!(manifest.text("version"), Some("17.0.1.2.3"));
        assert_eq!(manifest.text("summary"), Some("ab"));
        assert_eq!(manifest.text("description"), Some("It's\n\"long\""));
        assert_eq!(manifest.text("price"), None);
        let twice = parse("{'version': '1', 'version': '2'}").unwrap();
        assert_eq!(twice.text("version"), Some("2"));
    }

    #[test]
    fn what_would_have_to_be_run_has_no_value() {
        for text in [
            "",
            "{'version': VERSION}",
            "{'version': '1' + '0'}",
            "{'version': f'{x}'}",
            "{'version': open('v').read()}",
            "import os\n{'version': '1'}",
            "{'version': '1'}\nimport os",
            "{'version': '1'}['version']",
            "dict(version='1')",
            "{**other}",
            "{'version': '1'",
            "{'version': '1\n'}",
            "{'version': '\\x31'}",
            "{'a': [x for x in y]}",
            "{'version': inf}",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let most = limits::MODULE_MANIFEST_DEPTH.most;
        assert!(parse(&nested(most)).is_some());
        assert!(parse(&nested(most + 2)).is_none());
        assert!(parse(&"(".repeat(1 << 20)).is_none());
    }
}
