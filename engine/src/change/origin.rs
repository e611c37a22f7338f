//! Where the parts of a rendered object are edited: the file that it stands in, and those that change it.
//! Knows nothing of what renders; where it cannot tell a line, it names the file.

use std::sync::Arc;

use serde_json::Value;

use crate::manifest::{Node, NodeValue};
use crate::model::{Lines, Location, RepoPath, Span, key_of};

/// The files behind one rendered object.
pub struct Origin {
    /// The one that has the last word first; the resource or the template that makes the object last.
    layers: Vec<Layer>,
}

/// One file that says something about a rendered object.
pub struct Layer {
    /// The file.
    pub file: RepoPath,
    /// Its text, which is only drawn where its secrets are masked.
    pub text: Arc<str>,
    /// The lines of that text.
    pub lines: Arc<Lines>,
    /// How it says it.
    pub part: Part,
}

/// How a file says something about an object.
pub enum Part {
    /// As the object itself, or as a part of it: a resource, a strategic merge patch. Secret values
    /// are masked in the text.
    Object(Arc<Node>),
    /// As a list of operations: a JSON patch.
    Operations(Arc<Node>),
    /// As settings of which something else makes the object: values of a chart, a kustomization.
    Settings(Arc<Node>),
    /// As a text that is filled in: a template.
    Template,
    /// As the name, in this line, of what stands elsewhere.
    Elsewhere {
        /// The line.
        line: usize,
        /// The name.
        name: String,
    },
}

impl Origin {
    /// From the file that has the last word to the one that makes the object; `None` for no file.
    #[must_use]
    pub fn new(layers: Vec<Layer>) -> Option<Self> {
        (!layers.is_empty()).then_some(Self { layers })
    }

    /// The file that makes the object.
    #[must_use]
    pub fn file(&self) -> Option<&RepoPath> {
        self.layers.last().map(|layer| &layer.file)
    }

    /// The place in the files that makes the value of `pointer` what it is in `rendered`.
    pub(super) fn location(&self, rendered: &Node, pointer: &str) -> Option<Location> {
        let steps: Vec<String> = pointer.split('/').skip(1).map(key_of).collect();
        let value = rendered.pointer(pointer);
        let said = |layer: &Layer| layer.says(rendered, &steps, value);
        if let Some(found) = self.layers.iter().find_map(said) {
            return Some(match self.layers.last() {
                Some(made) if made.file != found.path && found.note().is_none() => {
                    let note = format!("of `{}`", made.file);
                    found.with_note(note)
                }
                _ => found,
            });
        }
        let near = |layer: &Layer| layer.nearest(rendered, &steps);
        let made = self.layers.iter().rev();
        let first = self.layers.last();
        made.filter_map(near)
            .next()
            .or_else(|| first.map(|layer| Location::of_line(&layer.file, 1)))
    }
}

impl Layer {
    /// Where this file says exactly this value.
    fn says(&self, rendered: &Node, steps: &[String], value: Option<&Node>) -> Option<Location> {
        match &self.part {
            Part::Object(node) => {
                let found = follow(rendered, node, steps)?;
                let same = found.node.to_json() == value?.to_json();
                (found.missing == 0 && same).then(|| self.drawn(found.node.span))
            }
            Part::Operations(node) => {
                let span = operation(node, rendered, steps)?;
                Some(self.undrawn(span))
            }
            Part::Settings(node) => {
                let wanted = scalar(value?)?;
                let key = steps.last().map_or("", String::as_str);
                let span = setting(node, key, &wanted)?;
                Some(self.undrawn(span))
            }
            Part::Template | Part::Elsewhere { .. } => None,
        }
    }

    /// The nearest that this file comes to it.
    fn nearest(&self, rendered: &Node, steps: &[String]) -> Option<Location> {
        match &self.part {
            Part::Object(node) => {
                let found = follow(rendered, node, steps)?;
                let span = found.key.unwrap_or(found.node.span);
                let there = steps.len().saturating_sub(found.missing);
                let absent = steps.get(there..).unwrap_or_default().join(".");
                let place = self.drawn(span);
                Some(match absent.as_str() {
                    "" => place,
                    absent => place.with_note(format!("no `{absent}` here")),
                })
            }
            Part::Template => {
                let line = steps
                    .iter()
                    .rev()
                    .find_map(|key| only_line(&self.text, key));
                Some(Location::of_line(&self.file, line.unwrap_or(1)))
            }
            Part::Elsewhere { line, name } => {
                Some(Location::of_line(&self.file, *line).with_note(format!("of `{name}`")))
            }
            Part::Operations(_) | Part::Settings(_) => None,
        }
    }

    fn drawn(&self, span: Span) -> Location {
        Location::of_many(&self.file, &self.text, &self.lines, span)
    }

    /// With no text to draw, since nobody knows what in it is secret.
    fn undrawn(&self, span: Span) -> Location {
        let line = self.lines.line_column(&self.text, span).line;
        Location::of_line(&self.file, line)
    }
}

/// How far a path goes in a file.
struct Followed<'a> {
    node: &'a Node,
    /// The key that leads there.
    key: Option<Span>,
    /// The steps that the file does not have.
    missing: usize,
}

/// Follows the steps in both: items of lists are told by their `name`, where they have one.
fn follow<'a>(rendered: &Node, node: &'a Node, steps: &[String]) -> Option<Followed<'a>> {
    let mut there = Some(rendered);
    let mut found = Followed {
        node,
        key: None,
        missing: steps.len(),
    };
    for step in steps {
        let item = there.and_then(|there| child(there, step));
        let next = match &found.node.value {
            NodeValue::Mapping(_) => {
                let entry = found.node.entry(step);
                entry.map(|entry| (&entry.value, Some(entry.key_span)))
            }
            NodeValue::Sequence(items) => twin(items, item, step).map(|item| (item, None)),
            _ => None,
        };
        let Some((node, key)) = next else {
            break;
        };
        found = Followed {
            node,
            key: key.or(Some(node.span)),
            missing: found.missing - 1,
        };
        there = item;
    }
    // A file that has nothing of the path says nothing of it.
    (found.missing < steps.len() || steps.is_empty()).then_some(found)
}

fn child<'a>(node: &'a Node, step: &str) -> Option<&'a Node> {
    match &node.value {
        NodeValue::Sequence(items) => items.get(step.parse::<usize>().ok()?),
        _ => node.get(step),
    }
}

/// The item that stands for `rendered` in another list.
fn twin<'a>(items: &'a [Node], rendered: Option<&Node>, step: &str) -> Option<&'a Node> {
    let name = |node: &Node| node.get("name")?.as_str().map(str::to_owned);
    match rendered.and_then(name) {
        Some(wanted) => items
            .iter()
            .find(|item| name(item).as_ref() == Some(&wanted)),
        None => items.get(step.parse::<usize>().ok()?),
    }
}

/// The last operation on the path, or on what lies above it.
fn operation(list: &Node, rendered: &Node, steps: &[String]) -> Option<Span> {
    let of = |operation: &Node| {
        let path = operation.get("path")?.as_str()?;
        let named: Vec<String> = path.split('/').skip(1).map(key_of).collect();
        let head = steps.get(..named.len())?;
        let same = head
            .iter()
            .zip(&named)
            .all(|(step, name)| step == name || name == "-");
        let holds = operation.get("value").is_some() && rendered.pointer(path).is_some();
        (same && (holds || named.last().is_some_and(|last| last == "-"))).then_some(operation.span)
    };
    list.items()?.iter().rev().find_map(of)
}

/// The one setting that has this value: of this key, or else of any.
fn setting(node: &Node, key: &str, wanted: &str) -> Option<Span> {
    let mut found = Vec::new();
    leaves(node, "", &mut |name, leaf| {
        if scalar(leaf).is_some_and(|text| is_part(&text, wanted)) {
            found.push((name.eq_ignore_ascii_case(key), leaf.span));
        }
    });
    let named: Vec<Span> = found
        .iter()
        .filter(|(same, _)| *same)
        .map(|(_, span)| *span)
        .collect();
    let all: Vec<Span> = found.into_iter().map(|(_, span)| span).collect();
    [named, all]
        .iter()
        .find_map(|spans| match spans.as_slice() {
            [only] => Some(*only),
            _ => None,
        })
}

/// Whether a setting is the whole value, or the tag or the digest of an image.
fn is_part(setting: &str, value: &str) -> bool {
    let behind = |mark: char| {
        value
            .strip_suffix(setting)
            .is_some_and(|before| before.ends_with(mark) && before.contains('/'))
    };
    setting == value || (setting.len() > 1 && (behind(':') || behind('@')))
}

fn leaves<'a>(node: &'a Node, key: &'a str, each: &mut impl FnMut(&'a str, &'a Node)) {
    match &node.value {
        NodeValue::Mapping(entries) => {
            for entry in entries {
                leaves(&entry.value, &entry.key, each);
            }
        }
        NodeValue::Sequence(items) => {
            for item in items {
                leaves(item, key, each);
            }
        }
        _ => each(key, node),
    }
}

/// What a scalar says, however it is typed; nothing for what is too common to be told.
fn scalar(node: &Node) -> Option<String> {
    let text = match node.to_json() {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// The only line of a text that begins with the key.
fn only_line(text: &str, key: &str) -> Option<usize> {
    let of_key = |line: &str| {
        let line = line.trim_start().trim_start_matches("- ");
        line.strip_prefix(key)
            .is_some_and(|rest| rest.starts_with(':'))
    };
    let mut lines = text.lines().enumerate().filter(|(_, line)| of_key(line));
    match (lines.next(), lines.next()) {
        (Some((index, _)), None) => Some(index + 1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::yaml;

    fn node(text: &str) -> Arc<Node> {
        Arc::new(yaml::parse(text).unwrap().remove(0))
    }

    fn layer(file: &str, text: &str, part: fn(Arc<Node>) -> Part) -> Layer {
        Layer {
            file: file.into(),
            text: text.into(),
            lines: Arc::default(),
            part: part(node(text)),
        }
    }

    fn template(file: &str, text: &str) -> Layer {
        Layer {
            file: file.into(),
            text: text.into(),
            lines: Arc::default(),
            part: Part::Template,
        }
    }

    fn place(layers: Vec<Layer>, rendered: &str, pointer: &str) -> String {
        let origin = Origin::new(layers).unwrap();
        let place = origin.location(&node(rendered), pointer).unwrap();
        let note = place
            .note()
            .map_or(String::new(), |note| format!(" ({note})"));
        format!("{}:{}{note}", place.path, place.line)
    }

    const RENDERED: &str = "
kind: Deployment
spec:
  replicas: 4
  containers:
  - {name: side, image: 'reg.example/side:1'}
  - {name: web, image: 'reg.example/web:2.1', env: [{name: A, value: b}]}
";
    const RESOURCE: &str = "kind: Deployment
spec:
  replicas: 2
  containers:
  - name: web
    image: reg.example/web:1
  - name: side
    image: reg.example/side:1
";

    fn kustomized(pointer: &str) -> String {
        let settings = "images:\n- name: reg.example/web\n  newTag: '2.1'\n";
        let layers = vec![
            layer("prod/kustomization.yaml", settings, Part::Settings),
            layer(
                "prod/patch.json",
                "[{op: add, path: /spec/containers/1/env, value: [{name: A, value: b}]}]",
                Part::Operations,
            ),
            layer(
                "prod/replicas.yaml",
                "kind: Deployment\nspec: {replicas: 4}\n",
                Part::Object,
            ),
            layer("base/web.yaml", RESOURCE, Part::Object),
        ];
        place(layers, RENDERED, pointer)
    }

    #[test]
    fn the_file_that_says_a_value_is_named() {
        for (pointer, expected) in [
            (
                "/spec/replicas",
                "prod/replicas.yaml:2 (of `base/web.yaml`)",
            ),
            ("/spec/containers/0/image", "base/web.yaml:8"),
            (
                "/spec/containers/1/image",
                "prod/kustomization.yaml:3 (of `base/web.yaml`)",
            ),
            (
                "/spec/containers/1/env/0/value",
                "prod/patch.json:1 (of `base/web.yaml`)",
            ),
            (
                "/spec/containers/1/resources/limits",
                "base/web.yaml:5 (no `resources.limits` here)",
            ),
        ] {
            assert_eq!(kustomized(pointer), expected, "{pointer}");
        }
    }

    #[test]
    fn a_chart_is_named_by_its_values_where_they_tell_or_else_by_its_template() {
        let text = "kind: Deployment\nspec:\n  replicas: {{ .Values.replicas }}\n  containers: {{ .Values.containers }}\n";
        let layers = || {
            vec![
                layer("values-prod.yaml", "web: {replicas: 4}\n", Part::Settings),
                layer("values.yaml", "web: {replicas: 1, a: x}\n", Part::Settings),
                template("chart/templates/web.yaml", text),
            ]
        };
        let at = |pointer: &str| place(layers(), RENDERED, pointer);
        assert_eq!(
            at("/spec/replicas"),
            "values-prod.yaml:1 (of `chart/templates/web.yaml`)"
        );
        assert_eq!(at("/spec/containers/0/image"), "chart/templates/web.yaml:4");
        assert_eq!(at("/metadata/labels"), "chart/templates/web.yaml:1");
    }

    #[test]
    fn a_value_that_stands_in_several_settings_is_not_guessed() {
        let layers = vec![
            layer(
                "values.yaml",
                "a: {count: 4}\nb: {number: 4}\n",
                Part::Settings,
            ),
            template("t.yaml", "spec:\n  replicas: {{ .Values.a.count }}\n"),
        ];
        assert_eq!(place(layers, RENDERED, "/spec/replicas"), "t.yaml:2");
    }
}
