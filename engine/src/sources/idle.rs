//! What keeps a Kustomization of Flux from applying what changed, as the objects say that it names: a source that is
//! suspended, and others that are to be ready before it.
//!
//! Source: Flux, `dependsOn` of `Kustomization` and `suspend` of sources.

use std::collections::BTreeMap;

use serde_json::Value;

use super::deployment::{Deployment, Kind};
use super::known::{Declared, Known};
use super::prune::Idle;
use super::standing::SOURCES;
use crate::manifest::{Node, NodeValue};

/// Says so of each of them.
pub(super) fn settle(deployments: &mut [Deployment], known: &Known) {
    let mut waiting = Waiting {
        known,
        seen: BTreeMap::new(),
    };
    let kustomizations = deployments.iter_mut();
    for one in kustomizations.filter(|it| it.kind == Kind::Kustomization) {
        let namespace = one.namespace.as_deref();
        let waits = waiting.waits(&one.description, (namespace, &one.name));
        one.prune.idle = one.prune.idle.or(waits);
    }
}

struct Waiting<'k> {
    known: &'k Known,
    /// What was found of each; of one that is looked at, that it waits: for itself, it never ends to.
    seen: BTreeMap<(Option<String>, String), Option<Idle>>,
}

impl Waiting<'_> {
    fn waits(&mut self, spec: &Value, (namespace, name): (Option<&str>, &str)) -> Option<Idle> {
        let key = (namespace.map(str::to_owned), name.to_owned());
        if let Some(known) = self.seen.get(&key) {
            return *known;
        }
        self.seen.insert(key.clone(), Some(DEPENDS));
        let waits = self.of_spec(spec, namespace);
        self.seen.insert(key, waits);
        waits
    }

    fn of_spec(&mut self, spec: &Value, namespace: Option<&str>) -> Option<Idle> {
        let source = spec.get("sourceRef").unwrap_or(&Value::Null);
        let kind = text(source, "kind").unwrap_or_default();
        let name = text(source, "name").unwrap_or_default();
        let of = text(source, "namespace").or(namespace);
        let mut sources = self.known.alike(SOURCES, kind, of, name);
        if sources.any(is_suspended) {
            return Some(SOURCE);
        }
        let depends_on = spec.get("dependsOn").and_then(Value::as_array);
        let mut depends_on = depends_on.into_iter().flatten();
        depends_on.find_map(|item| self.of_dependency(item, namespace))
    }

    fn of_dependency(&mut self, item: &Value, namespace: Option<&str>) -> Option<Idle> {
        if item.get("readyExpr").is_some_and(|it| !it.is_null()) {
            return Some(READY);
        }
        let name = text(item, "name").unwrap_or_default();
        let namespace = text(item, "namespace").or(namespace);
        let (group, kind) = KUSTOMIZATION;
        let found = self.known.alike(group, kind, namespace, name);
        let found: Vec<&Declared> = found.filter(|it| it.passed_over.is_none()).collect();
        if found.is_empty() {
            return Some(NOBODY);
        }
        let rests = found.into_iter().any(|one| {
            let spec = one.object.node.get("spec");
            let spec = spec.map(Node::to_json).unwrap_or_default();
            is_suspended(one) || self.waits(&spec, (namespace, name)).is_some()
        });
        rests.then_some(DEPENDS)
    }
}

fn is_suspended(one: &Declared) -> bool {
    let told = one.object.node.pointer("/spec/suspend");
    told.is_some_and(|it| it.value == NodeValue::Bool(true))
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    let text = value.get(key)?.as_str()?;
    (!text.is_empty()).then_some(text)
}

const KUSTOMIZATION: (&str, &str) = ("kustomize.toolkit.fluxcd.io", "Kustomization");
const SOURCE: Idle = Idle {
    why: "has a source that is suspended",
    remedy: "remove `suspend` from the source of",
};
const NOBODY: Idle = Idle {
    why: "waits by `dependsOn` for one that the environment does not know",
    remedy: "let `paths` select what it waits for, or remove `dependsOn` from",
};
const DEPENDS: Idle = Idle {
    why: "waits by `dependsOn` for one that is suspended, or waits itself",
    remedy: "let what it waits for run, or remove `dependsOn` from",
};
const READY: Idle = Idle {
    why: "waits by `readyExpr` for what no file says",
    remedy: "remove `readyExpr` from",
};
