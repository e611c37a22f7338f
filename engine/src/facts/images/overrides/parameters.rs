//! Single values for a chart by their paths, as `helm --set` reads them: `image.tag`, `a\.b.c`, `a[0].b`.
//! Knows nothing of where they stand.

use serde_json::{Value, json};

use crate::model::step_of;

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Item(usize),
}

/// The path that a name means; `None` where it may mean none, or more than one.
pub(super) fn path(name: &str) -> Option<Vec<Step>> {
    let mut path = Vec::new();
    let mut key = String::new();
    let mut letters = name.chars();
    let mut is_behind_item = false;
    while let Some(letter) = letters.next() {
        match letter {
            '.' if is_behind_item => is_behind_item = false,
            '[' => {
                if !is_behind_item {
                    path.push(Step::Key(named(&mut key)?));
                }
                path.push(Step::Item(item(&mut letters)?));
                is_behind_item = true;
            }
            _ if is_behind_item => return None,
            '.' => path.push(Step::Key(named(&mut key)?)),
            '\\' => key.push(letters.next()?),
            ',' | '=' | '{' | '}' | ']' => return None,
            letter => key.push(letter),
        }
    }
    if !is_behind_item {
        path.push(Step::Key(named(&mut key)?));
    }
    (path.len() <= DEEPEST).then_some(path)
}

/// What a text becomes, as Argo CD and Helm read it; `None` where it may become more than one value.
pub(super) fn value(text: &str, is_text: bool) -> Option<Value> {
    let is_list = |text: &&str| text.starts_with('{') && text.ends_with('}');
    if let Some(text) = Some(text).filter(is_list) {
        let items = text.trim_start_matches('{').trim_end_matches('}');
        let is_plain = text.len() == items.len() + 2 && !items.contains(['{', '}', '\\', '=']);
        let items: Vec<&str> = items.split(',').map(str::trim).collect();
        return is_plain.then(|| json!(items));
    }
    if text.starts_with('{') || text.contains('\\') && text.contains(',') {
        return None;
    }
    match text {
        "null" if !is_text => Some(Value::Null),
        text => Some(json!(unescaped(text))),
    }
}

/// The pointer of what a path leads to.
pub(super) fn pointer_to(path: &[Step]) -> String {
    path.iter().fold(String::new(), |at, step| match step {
        Step::Key(key) => format!("{at}/{}", step_of(key)),
        Step::Item(index) => format!("{at}/{index}"),
    })
}

/// The word before a dot or a bracket.
fn named(key: &mut String) -> Option<String> {
    Some(std::mem::take(key)).filter(|key| !key.is_empty())
}

/// The number up to the closing bracket.
fn item(letters: &mut std::str::Chars<'_>) -> Option<usize> {
    let (number, rest) = letters.as_str().split_once(']')?;
    *letters = rest.chars();
    let index: usize = number.parse().ok()?;
    (index <= MOST_ITEMS && !number.starts_with('+')).then_some(index)
}

/// Behind a backslash any letter stands for itself.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => plain.extend(letters.next()),
            letter => plain.push(letter),
        }
    }
    plain
}

/// So deep does Helm follow a path.
const DEEPEST: usize = 30;
/// Helm makes longer lists; nobody names an item there.
const MOST_ITEMS: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_path_as_helm_reads_it_or_none() {
        for (name, wanted) in [
            ("image.tag", Some("/image/tag")),
            ("image", Some("/image")),
            ("a[0].image.tag", Some("/a/0/image/tag")),
            ("a[0][12]", Some("/a/0/12")),
            (r"annotations.acme\.io/x", Some("/annotations/acme.io~1x")),
            ("a=1,image.repository", None),
            ("a,image.repository", None),
            ("a[0", None),
            ("a[0]b", None),
            ("a[-1]", None),
            ("a[99999]", None),
            ("[0]", None),
            ("a..b", None),
            ("a.", None),
            ("a[0].", None),
            ("", None),
            ("a\\", None),
            ("a.{b}", None),
        ] {
            let path = path(name).map(|path| pointer_to(&path));
            assert_eq!(path.as_deref(), wanted, "{name}");
        }
        assert_eq!(path(&"a.".repeat(40)), None);
    }

    #[test]
    fn a_text_is_one_value_or_none() {
        for (text, wanted) in [
            ("17.0", Some(json!("17.0"))),
            ("null", Some(Value::Null)),
            (r"r\.example/a", Some(json!("r.example/a"))),
            ("a,b=c", Some(json!("a,b=c"))),
            ("{a, b}", Some(json!(["a", "b"]))),
            ("{a},image.repository=evil,b={c}", None),
            ("{{a}}", None),
            ("{a", None),
            (r"a\\,image.repository=evil", None),
        ] {
            assert_eq!(value(text, false), wanted, "{text}");
        }
        assert_eq!(value("null", true), Some(json!("null")));
    }
}
