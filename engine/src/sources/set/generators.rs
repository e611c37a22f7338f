//! One generator of a set: its kind, its parameters, and which of them its selector keeps.
//! What only a cluster or a server knows, the configuration tells, or nobody.

use serde_json::{Map, Value};

use super::patch::filled;
use super::{Params, Set, combine, git, matching};
use crate::manifest::{Node, NodeValue};
use crate::sources::fields::{Read, Stop, field, items, only, place, shown, text, wrong};
use crate::sources::go::printed_json;
use crate::sources::written::{self, has_negative_zero};

/// The parameter sets of a generator. `outer` are those of the first generator of a matrix, which the
/// second one may use.
pub(super) fn params(
    generator: &Node,
    set: &Set<'_>,
    outer: Option<&Params>,
    depth: usize,
) -> Read<Vec<Params>> {
    let (kind, node) = kind(generator)?;
    let interpolated;
    let node = match outer {
        Some(outer) if !outer.is_empty() && KNOWN.contains(&kind) => {
            no_templated_values(node)?;
            no_templated_keys(node)?;
            interpolated = set.engine.node(node, outer, &set.steps)?;
            no_templates_left(&interpolated)?;
            &interpolated
        }
        _ => node,
    };
    if depth > DEPTH {
        return Err(Stop::unknown(
            generator.span,
            "generators are nested too deeply",
            "nest fewer",
        ));
    }
    let found = match kind {
        "list" => list(node, set)?,
        "git" => git::params(node, set)?,
        "matrix" => combine::matrix(node, set, depth)?,
        "merge" => combine::merge(node, set, depth)?,
        _ => told(kind, generator, set)?,
    };
    set.room(found.len(), generator)?;
    set.built.set(set.built.get().saturating_add(found.len()));
    let Some(selector) = field(generator, "selector") else {
        return Ok(found);
    };
    if kind != "list" && set.engine != super::Engine::Fast {
        matching::names_plain_keys(selector)?;
    }
    let mut kept = Vec::new();
    for params in found {
        if matching::matches(selector, &flat(&params))? {
            kept.push(params);
        }
    }
    Ok(kept)
}

/// The template of a generator: its own, and what it leaves to the set's. Those of generators within it make nothing.
pub(super) fn template(generator: &Node, of_set: &Node) -> Read<Node> {
    let (_, node) = kind(generator)?;
    Ok(match field(node, "template") {
        Some(own) => filled(own, of_set),
        None => of_set.clone(),
    })
}

fn kind(generator: &Node) -> Read<(&'static str, &Node)> {
    let keys = [KNOWN.as_slice(), TOLD.as_slice(), &["selector"]].concat();
    only(generator, "a generator", &keys)?;
    let kinds = KNOWN.iter().chain(&TOLD);
    let mut kinds = kinds.filter_map(|kind| Some((*kind, field(generator, kind)?)));
    match (kinds.next(), kinds.next()) {
        (Some(one), None) => Ok(one),
        _ => Err(wrong(
            generator,
            "generators",
            "a list of generators, each of one kind",
        )),
    }
}

/// Whether `values` and `metadata` of two generators hold what Argo CD can merge: maps of texts are made by those that
/// evaluate `values` or know clusters, maps of anything by lists, and by files either.
pub(super) fn are_alike(one: &Node, other: &Node) -> bool {
    let of_texts = |generator: &Node| match kind(generator) {
        Ok(("list", _)) => Some(false),
        Ok(("git", node)) => field(node, "values").map(|_| true),
        Ok(("matrix" | "merge", _)) | Err(_) => None,
        Ok(_) => Some(true),
    };
    of_texts(one).is_some() && of_texts(one) == of_texts(other)
}

/// Versions of Argo CD differ in which parameters `values` of a second generator sees.
fn no_templated_values(node: &Node) -> Read<()> {
    match field(node, "values").filter(|values| values.canonical_json().contains("{{")) {
        Some(values) => Err(Stop::unknown(
            values.span,
            "`values` of the second generator of a matrix has templates in it",
            "use the parameters themselves in the template of the set",
        )),
        None => Ok(()),
    }
}

/// What parameters put into a generator is no template: it would be evaluated, and shown where it is not followed.
fn no_templates_left(node: &Node) -> Read<()> {
    match node.canonical_json().contains("{{") {
        true => Err(Stop::unknown(
            node.span,
            "a parameter of the first generator of a matrix puts `{{` into the second one",
            "let parameters hold no templates",
        )),
        false => Ok(()),
    }
}

/// Keys are names in what is told of a generator, and not what a parameter says.
fn no_templated_keys(node: &Node) -> Read<()> {
    match &node.value {
        NodeValue::Mapping(entries) => entries.iter().try_for_each(|entry| {
            if entry.key.contains("{{") {
                let reason = "the second generator of a matrix has a template in a key";
                let remedy = "give its parameters names that stand as they are";
                return Err(Stop::unknown(entry.key_span, reason, remedy));
            }
            no_templated_keys(&entry.value)
        }),
        NodeValue::Sequence(items) => items.iter().try_for_each(no_templated_keys),
        _ => Ok(()),
    }
}

fn list(node: &Node, set: &Set<'_>) -> Read<Vec<Params>> {
    only(node, "`list`", &["elements", "elementsYaml", "template"])?;
    let mut found = Vec::new();
    for element in items(node, "elements")? {
        found.push(element_of(element, set)?);
    }
    let Some(written) = text(node, "elementsYaml")? else {
        return Ok(found);
    };
    let at = place(node, "elementsYaml");
    let refused = |why: &str| Stop::unknown(at, why, "write the list under `elements`");
    let read = written::read(written)
        .map_err(|why| refused(&format!("`elementsYaml`, evaluated, {why}")))?;
    let elements = read.as_ref().and_then(Node::items);
    let elements = elements.ok_or_else(|| refused("`elementsYaml` is no list in YAML"))?;
    for element in elements {
        let Value::Object(element) = element.to_json() else {
            return Err(Stop::unknown(
                at,
                "`elementsYaml` holds no mappings",
                "write them under `elements`",
            ));
        };
        found.push(element);
    }
    Ok(found)
}

fn element_of(element: &Node, set: &Set<'_>) -> Read<Params> {
    let (NodeValue::Mapping(entries), Value::Object(json)) = (&element.value, element.to_json())
    else {
        return Err(wrong(element, "elements", "a list of mappings"));
    };
    if has_negative_zero(element) {
        let reason =
            "an element holds a zero with a minus before it, whose sign readers keep or lose";
        return Err(Stop::unknown(element.span, reason, "write `0`"));
    }
    if set.engine != super::Engine::Fast {
        return Ok(json);
    }
    let mut params = Map::new();
    for entry in entries {
        match (&*entry.key, &entry.value.value) {
            (key, NodeValue::String(text)) => {
                params.insert(key.to_owned(), Value::from(&**text));
            }
            ("values", NodeValue::Mapping(values)) => {
                for entry in values {
                    let text = entry.value.as_str();
                    let text =
                        text.ok_or_else(|| wrong(&entry.value, "values", "a mapping of strings"))?;
                    params.insert(format!("values.{}", entry.key), Value::from(text));
                }
            }
            (key, _) => {
                return Err(wrong(
                    &entry.value,
                    key,
                    "a string, which it must be without `goTemplate`",
                ));
            }
        }
    }
    Ok(params)
}

/// What the configuration says that a generator gives.
fn told(kind: &str, generator: &Node, set: &Set<'_>) -> Read<Vec<Params>> {
    let name = &set.name;
    let span = generator.span;
    let Some(told) = set.cx.generators.get(name) else {
        return Err(Stop::unknown(
            span,
            format!("what the generator `{kind}` gives is not in the tree"),
            format!(
                "say in `tidegate.yaml` what it gives: `generators: {{{name}: [{{name: …, server: …}}]}}`"
            ),
        ));
    };
    let mut seen = set.told.borrow_mut();
    seen.insert(span);
    if seen.len() > 1 {
        let reason = format!(
            "`generators.{}` stands for one generator, and there are several",
            shown(name)
        );
        return Err(Stop::unknown(span, reason, "use several sets"));
    }
    if kind == "plugin" && told.iter().any(|params| params.contains_key("generator")) {
        let reason =
            "`generator` of a plugin holds values of a type of their own, which templates show";
        return Err(Stop::unknown(span, reason, "leave it out of `generators`"));
    }
    Ok(match set.engine {
        super::Engine::Fast => told.iter().map(flat).collect(),
        super::Engine::Go { .. } => told.clone(),
    })
}

/// Parameters by their path, `a.b.0`, as texts; `null` where it is not sure what Argo CD has there.
pub(super) fn flat(params: &Params) -> Params {
    let mut flat = Map::new();
    for (key, value) in params {
        flatten(key, value, &mut flat);
    }
    flat
}

fn flatten(path: &str, value: &Value, flat: &mut Params) {
    match value {
        Value::Object(keys) => {
            for (key, value) in keys {
                flatten(&format!("{path}.{key}"), value, flat);
            }
        }
        Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                flatten(&format!("{path}.{at}"), value, flat);
            }
        }
        plain => {
            let text = match flat.contains_key(path) {
                true => None,
                false => printed_json(plain),
            };
            flat.insert(path.to_owned(), text.map_or(Value::Null, Value::from));
        }
    }
}

const KNOWN: [&str; 4] = ["list", "git", "matrix", "merge"];
const TOLD: [&str; 5] = [
    "clusters",
    "pullRequest",
    "scmProvider",
    "clusterDecisionResource",
    "plugin",
];
const DEPTH: usize = 2;
