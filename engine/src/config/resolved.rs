//! Writes the resolved configuration as YAML that our own reader reads back the same.
//! Knows nothing of what it writes.

use serde_json::{Map, Value};

use super::exception::parse_date;
use crate::calendar::parse_civil;
use crate::manifest::{Node, yaml};
use crate::model::is_harmful;

/// The value as YAML.
///
/// The YAML writer leaves strings plain that are none to Kubernetes' reader (`no`, `1_000`), and
/// dates, which a configuration quotes, and what cannot be seen. A mark stands in for each of them while it writes.
pub(crate) fn write(value: &Value) -> Result<String, serde_yaml::Error> {
    let json = value.to_string();
    let mut mark = "quoted".to_owned();
    while json.contains(&mark) {
        mark.push('x');
    }
    let mut quotes = Quotes {
        mark,
        texts: Vec::new(),
    };
    let marked = quotes.mark_all(value)?;
    let yaml = serde_yaml::to_string(&marked)?;
    Ok(quotes.put_back(&yaml))
}

struct Quotes {
    mark: String,
    texts: Vec<String>,
}

impl Quotes {
    fn mark_all(&mut self, value: &Value) -> Result<Value, serde_yaml::Error> {
        Ok(match value {
            Value::String(text) => Value::String(self.mark_text(text)?),
            Value::Array(items) => {
                let items = items.iter().map(|item| self.mark_all(item));
                Value::Array(items.collect::<Result<_, _>>()?)
            }
            Value::Object(keys) => {
                let mut marked = Map::new();
                for (key, value) in keys {
                    marked.insert(self.mark_text(key)?, self.mark_all(value)?);
                }
                Value::Object(marked)
            }
            other => other.clone(),
        })
    }

    fn mark_text(&mut self, text: &str) -> Result<String, serde_yaml::Error> {
        let invisible = |c: char| c != '\n' && is_harmful(c);
        let time = parse_date(text).is_some() || parse_civil(text).is_ok();
        if !time && !text.contains(invisible) && is_read_back(text)? {
            return Ok(text.to_owned());
        }
        self.texts.push(quoted(text));
        Ok(format!("{}-{}-", self.mark, self.texts.len() - 1))
    }

    /// One pass, however many marks there are.
    fn put_back(&self, yaml: &str) -> String {
        let mut pieces = yaml.split(&self.mark);
        let mut whole = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let numbered = piece
                .strip_prefix('-')
                .and_then(|piece| piece.split_once('-'));
            let text =
                numbered.and_then(|(number, _)| self.texts.get(number.parse::<usize>().ok()?));
            match (text, numbered) {
                (Some(text), Some((_, rest))) => whole.extend([text.as_str(), rest]),
                _ => whole.extend([self.mark.as_str(), piece]),
            }
        }
        whole
    }
}

/// Whether the writer's spelling of a string, as a key and as a value, is that string to our reader.
fn is_read_back(text: &str) -> Result<bool, serde_yaml::Error> {
    let pair = Map::from_iter([(text.to_owned(), Value::from(text))]);
    let written = Value::from(vec![Value::from(pair)]);
    let yaml = serde_yaml::to_string(&written)?;
    let read = yaml::parse(&yaml).ok();
    Ok(read.is_some_and(|documents| {
        documents.iter().map(Node::to_json).collect::<Vec<_>>() == [written]
    }))
}

/// The string in double quotes; nothing in it is invisible.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if is_harmful(c) => match u32::from(c) {
                code @ ..=0xffff => quoted.push_str(&format!("\\u{code:04x}")),
                code => quoted.push_str(&format!("\\U{code:08x}")),
            },
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read_back(value: &Value) -> Value {
        let yaml = write(value).unwrap();
        yaml::parse(&yaml).unwrap()[0].to_json()
    }

    #[test]
    fn only_what_would_be_misread_is_quoted() {
        let value = json!({"no": "yes", "until": "2026-12-05", "name": "prod", "count": 1});
        let yaml = "count: 1\nname: prod\n\"no\": \"yes\"\nuntil: \"2026-12-05\"\n";
        assert_eq!(write(&value).unwrap(), yaml);
        assert_eq!(
            read_back(&json!({"quoted": "quoted-0-", "y": "n"})),
            json!({"quoted": "quoted-0-", "y": "n"})
        );
    }

    #[test]
    fn what_is_invisible_is_escaped() {
        let value = json!({"na\u{202e}me": ["a\u{9b}2J", "\u{200b}", "x\u{e0041}", "é"]});
        let yaml = write(&value).unwrap();
        assert!(!yaml.contains(|c| c != '\n' && is_harmful(c)), "{yaml}");
        assert!(
            yaml.contains("\\u202e") && yaml.contains("\\U000e0041"),
            "{yaml}"
        );
        assert_eq!(read_back(&value), value);
    }

    #[test]
    fn many_texts_to_quote_take_one_pass() {
        let dates = (0..12).map(|month| json!({format!("2026-01-{:02}", month + 1): "no"}));
        let value = Value::from_iter(dates);
        assert_eq!(read_back(&value), value);
        assert!(write(&value).unwrap().contains("- \"2026-01-12\": \"no\""));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(key in "\\PC{0,6}|[yn0-9._x:~<= #'\\-\n]{0,6}", text in "\\PC{0,8}|[a-z0-9._:~<= #'\"\n\\-]{0,8}") {
            let value = json!({key: [text]});
            prop_assert_eq!(read_back(&value), value);
        }
    }
}
