//! The objects beside the changed ones that policies and facts ask for, on both sides.
//! Knows nothing of what is judged.

use std::collections::BTreeSet;

use super::super::Error;
use super::super::evaluate::Bench;
use super::super::view::View;
use super::{Unit, of_kinds};
use crate::config;
use crate::facts::inventory::Neighbours;
use crate::facts::workloads;
use crate::git::FileChange;
use crate::input::Reach;
use crate::model::GroupKind;

impl Unit<'_> {
    pub(super) fn neighbours(
        &self,
        bench: &Bench<'_>,
        view: &View<'_>,
        namespaces: &BTreeSet<Option<String>>,
    ) -> Result<Neighbours, Error> {
        let mut wanted = bench.judge.neighbours();
        for kind in workloads::NEIGHBOURS {
            wanted
                .entry(GroupKind::parse(kind))
                .or_insert(Reach::Namespace);
        }
        let mut neighbours = Neighbours::of_kinds(wanted.keys().cloned());
        if self.name == config::GATE {
            return Ok(neighbours);
        }
        let kinds: BTreeSet<&str> = wanted.keys().map(|kind| kind.kind.as_str()).collect();
        for located in view.find(self.around, of_kinds(Some(&kinds)))? {
            let near = located.object.namespace.is_none()
                || namespaces.contains(&located.object.namespace);
            let takes = match wanted.get(&located.object.group_kind()) {
                None => false,
                Some(Reach::Environment) => true,
                Some(Reach::Namespace) => near,
            };
            if takes && let Some(source) = view.source(&located)? {
                neighbours.insert(&source);
            }
        }
        Ok(neighbours)
    }

    /// The neighbours at base: those of head without what the range brought, with what it took.
    pub(super) fn neighbours_before(
        &self,
        view: &View<'_>,
        head: &Neighbours,
    ) -> Result<Neighbours, Error> {
        let mut base = head.clone();
        if self.name == config::GATE {
            return Ok(base);
        }
        let around = |file: &&FileChange| {
            self.around
                .iter()
                .any(|selector| selector.matches(&file.path))
                || self.base.matches(&file.path)
        };
        let changed: Vec<&FileChange> = view.changed.iter().filter(around).collect();
        for entry in changed.iter().filter_map(|file| file.new.as_ref()) {
            for source in &view.file(&view.head, entry)?.sources {
                base.remove(&source.object);
            }
        }
        for entry in changed.iter().filter_map(|file| file.old.as_ref()) {
            for source in &view.file(&view.base, entry)?.sources {
                base.insert(source);
            }
        }
        Ok(base)
    }
}
