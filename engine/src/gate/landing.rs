//! Where the objects of a unit land that name no namespace: in the one that its Application, its release or the
//! configuration says. Two units that both name none need not mean the same one.

use std::sync::Arc;

use super::Error;
use super::deployed::{Declared, is_whole, plain};
use super::scene::Trees;
use crate::change::Source;
use crate::facts::{backups, connections, quotas, workloads};
use crate::git::Selector;
use crate::manifest::{Entry, Node, NodeValue};
use crate::model::{ObjectRef, RepoPath};

/// Where a unit puts what names no namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Landing {
    unit: String,
    namespace: Option<String>,
}

/// The files of an environment that nothing renders, and where the unit of each puts its objects.
#[derive(Clone, Debug, Default)]
pub(super) struct PlainFiles {
    selectors: Vec<Selector>,
    /// By selector.
    landings: Vec<Landing>,
}

impl PlainFiles {
    pub(super) fn selectors(&self) -> &[Selector] {
        &self.selectors
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.selectors.extend_from_slice(&other.selectors);
        self.landings.extend_from_slice(&other.landings);
    }

    fn push(&mut self, selector: Selector, landing: &Landing) {
        self.selectors.push(selector);
        self.landings.push(landing.clone());
    }

    /// Where the units that hold a file put its objects.
    fn landings_of<'a>(&'a self, file: &'a RepoPath) -> impl Iterator<Item = &'a Landing> {
        let all = self.selectors.iter().zip(&self.landings);
        all.filter(|(selector, _)| selector.matches(file))
            .map(|(_, landing)| landing)
    }
}

impl Landing {
    /// Of no unit: whatever names no namespace lies elsewhere.
    pub(super) const NOWHERE: Self = Self {
        unit: String::new(),
        namespace: None,
    };

    pub(super) fn of(declared: &Declared) -> Self {
        Self {
            unit: declared.unit.name.clone(),
            namespace: declared.unit.target_namespace().map(str::to_owned),
        }
    }

    /// The namespace of an object of another unit, or of this one, as this one sees it: none only where the object surely
    /// lies where this unit's own objects do that name none.
    pub(super) fn sees(&self, object: &ObjectRef, other: &Self) -> Option<String> {
        if object.namespace.is_some() || self == other || !is_namespaced(object) {
            return object.namespace.clone();
        }
        match (&other.namespace, &self.namespace) {
            (Some(other), Some(own)) if other == own => None,
            (Some(other), _) => Some(other.clone()),
            // What backs up does not cover what may lie elsewhere; what counts against a limit may count.
            (None, _) if is_backing(object) => Some(format!("(that of unit {})", other.unit)),
            (None, _) => None,
        }
    }

    /// The same of an object in a file of the environment.
    pub(super) fn sees_in(
        &self,
        file: &RepoPath,
        object: &ObjectRef,
        files: &PlainFiles,
    ) -> Option<String> {
        if object.namespace.is_some() {
            return object.namespace.clone();
        }
        let mut holding = files.landings_of(file);
        let other = holding.next()?;
        let is_other = other != self && !holding.any(|it| it == self);
        is_other.then(|| self.sees(object, other)).flatten()
    }
}

/// Where the objects of an environment stand that nothing renders. What patterns leave out on both sides is not
/// applied, and so stands beside nothing.
pub(super) fn plain_files(units: &[Declared], trees: Trees<'_>) -> Result<PlainFiles, Error> {
    let mut files = PlainFiles::default();
    for declared in units {
        let landing = Landing::of(declared);
        let unit = &declared.unit;
        match &unit.selector {
            Some(selector) if is_whole(unit) => files.push(selector.clone(), &landing),
            _ => {
                for local in unit.plain() {
                    let at_head = plain(local, trees.head)?;
                    let at_base = match trees.base {
                        Some(base) if local.directory.has_patterns() => plain(local, base)?,
                        _ => None,
                    };
                    let is_new = |it: &Selector| {
                        let known = at_head.as_ref().map(Selector::patterns);
                        known != Some(it.patterns())
                    };
                    if let Some(selector) = at_base.filter(is_new) {
                        files.push(selector, &landing);
                    }
                    if let Some(selector) = at_head {
                        files.push(selector, &landing);
                    }
                }
            }
        }
    }
    Ok(files)
}

/// Whether it is of a kind that facts look at by namespace. Of any other one nobody knows whether it has one.
/// The namespace of an object that names none, and that surely has one, of those that lie in `own`.
pub(super) fn lands_in(object: &ObjectRef, own: Option<&str>) -> Option<String> {
    let own = own.filter(|_| object.namespace.is_none() && is_namespaced(object));
    own.map(str::to_owned)
}

/// The same object where it lies, of a unit that puts what names no namespace into `own`.
pub(super) fn placed(source: Source, own: &str) -> Source {
    let Some(namespace) = lands_in(&source.object, Some(own)) else {
        return source;
    };
    let mut node = (*source.node).clone();
    if let NodeValue::Mapping(entries) = &mut node.value
        && let Some(metadata) = entries.iter_mut().find(|it| &*it.key == "metadata")
        && let NodeValue::Mapping(entries) = &mut metadata.value.value
    {
        let span = metadata.value.span;
        entries.retain(|entry| &*entry.key != "namespace");
        entries.push(Entry {
            key: "namespace".into(),
            key_span: span,
            value: Node {
                value: NodeValue::String(own.into()),
                span,
            },
        });
    }
    Source {
        object: ObjectRef {
            namespace: Some(namespace),
            ..source.object
        },
        node: Arc::new(node),
        ..source
    }
}

fn is_namespaced(object: &ObjectRef) -> bool {
    let kind = object.group_kind().to_string();
    let known = backups::STATEFUL.iter().chain(&backups::BACKING);
    let known = known.chain(&backups::BESIDE).chain(&quotas::KINDS);
    let known = known
        .chain(&connections::BESIDE)
        .chain(&connections::SERVERS);
    let mut known = known.chain(&workloads::NEIGHBOURS).chain([&quotas::QUOTA]);
    let is_namespaced = !object.kind.ends_with("Class") && !backups::is_cluster_scoped(object);
    known.any(|it| **it == kind) && is_namespaced
}

fn is_backing(object: &ObjectRef) -> bool {
    let kind = object.group_kind().to_string();
    backups::BACKING.iter().any(|it| **it == kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn landing(unit: &str, namespace: &str) -> Landing {
        Landing {
            unit: unit.to_owned(),
            namespace: (!namespace.is_empty()).then(|| namespace.to_owned()),
        }
    }

    fn object(kind: &str, namespace: &str) -> ObjectRef {
        let (kind, group) = kind.split_once('.').unwrap_or((kind, ""));
        ObjectRef {
            api_version: if group.is_empty() {
                "v1".to_owned()
            } else {
                format!("{group}/v1")
            },
            kind: kind.to_owned(),
            namespace: (!namespace.is_empty()).then(|| namespace.to_owned()),
            name: "one".to_owned(),
        }
    }

    #[test]
    fn what_names_no_namespace_lies_where_its_unit_puts_it() {
        for (kind, written, (own, own_namespace), (other, namespace), seen) in [
            ("Schedule.k8up.io", "", ("a", "shop"), ("b", "shop"), ""),
            (
                "Schedule.k8up.io",
                "",
                ("a", "shop"),
                ("b", "tools"),
                "tools",
            ),
            ("Schedule.k8up.io", "", ("a", ""), ("b", "tools"), "tools"),
            (
                "Schedule.k8up.io",
                "",
                ("a", "shop"),
                ("b", ""),
                "(that of unit b)",
            ),
            (
                "Schedule.k8up.io",
                "",
                ("a", ""),
                ("b", ""),
                "(that of unit b)",
            ),
            ("Schedule.k8up.io", "", ("a", ""), ("a", ""), ""),
            ("Schedule.k8up.io", "x", ("a", "shop"), ("b", "tools"), "x"),
            ("ResourceQuota", "", ("a", "shop"), ("b", "tools"), "tools"),
            ("ResourceQuota", "", ("a", "shop"), ("b", ""), ""),
            (
                "VolumeSnapshotClass.snapshot.storage.k8s.io",
                "",
                ("a", "shop"),
                ("b", "tools"),
                "",
            ),
            (
                "ClusterIssuer.cert-manager.io",
                "",
                ("a", "shop"),
                ("b", "tools"),
                "",
            ),
        ] {
            let own = landing(own, own_namespace);
            let found = own.sees(&object(kind, written), &landing(other, namespace));
            let wanted = (!seen.is_empty()).then_some(seen);
            assert_eq!(
                found.as_deref(),
                wanted,
                "{kind} {own:?} {other} {namespace}"
            );
        }
    }

    #[test]
    fn a_file_that_is_of_this_unit_too_is_its_own() {
        let mut files = PlainFiles::default();
        for (unit, glob) in [
            ("a", "a/**"),
            ("b", "b/**"),
            ("b", "both/**"),
            ("a", "both/**"),
        ] {
            files.push(Selector::parse(&[glob]).unwrap(), &landing(unit, unit));
        }
        for (file, seen) in [
            ("a/x.yaml", None),
            ("both/x.yaml", None),
            ("b/x.yaml", Some("b")),
            ("x.yaml", None),
        ] {
            let found =
                landing("a", "a").sees_in(&RepoPath::from(file), &object("Service", ""), &files);
            assert_eq!(found.as_deref(), seen, "{file}");
        }
    }
}
