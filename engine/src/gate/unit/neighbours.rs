//! The objects beside the changed ones that policies and facts ask for, on both sides.
//! Knows nothing of what is judged.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Error;
use super::super::evaluate::Bench;
use super::super::judge::Judge;
use super::super::view::View;
use super::{Unit, of_kinds};
use crate::config;
use crate::facts::index::Wanted;
use crate::facts::inventory::Neighbours;
use crate::facts::{quotas, workloads};
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
        if self.name == config::GATE {
            return Ok(no_neighbours(bench.judge));
        }
        let wanted = wanted_by(bench.judge);
        let counted: BTreeSet<GroupKind> = quotas::KINDS.map(GroupKind::parse).into();
        let mut neighbours = Neighbours::of_kinds(wanted.keys().chain(&counted).cloned());
        for (reach, namespaces) in [
            (Reach::Environment, None),
            (Reach::Namespace, Some(namespaces)),
        ] {
            let kinds = wanted.iter().filter(|(_, wanted)| **wanted == reach);
            let kinds: BTreeSet<&GroupKind> = kinds.map(|(kind, _)| kind).collect();
            self.take_in(view, (&kinds, namespaces), &mut neighbours)?;
        }
        // What a quota counts is only looked for where there is one.
        let limited: BTreeSet<Option<String>> = namespaces
            .iter()
            .filter(|namespace| {
                let quota = GroupKind::parse(quotas::QUOTA);
                !neighbours.in_namespace(&quota, namespace).is_empty()
            })
            .cloned()
            .collect();
        if !limited.is_empty() {
            let kinds = counted.iter().collect();
            self.take_in(view, (&kinds, Some(&limited)), &mut neighbours)?;
        }
        Ok(neighbours)
    }

    fn take_in(
        &self,
        view: &View<'_>,
        (kinds, namespaces): (&BTreeSet<&GroupKind>, Option<&BTreeSet<Option<String>>>),
        neighbours: &mut Neighbours,
    ) -> Result<(), Error> {
        if kinds.is_empty() {
            return Ok(());
        }
        let names = kinds.iter().map(|kind| kind.kind.as_str()).collect();
        let near: Option<BTreeSet<&str>> =
            namespaces.map(|near| near.iter().flatten().map(String::as_str).collect());
        let search = Wanted {
            namespaces: near.as_ref(),
            ..of_kinds(Some(&names))
        };
        for (object, part) in view.contents(self.around, search)? {
            if kinds.contains(&object.group_kind()) {
                neighbours.insert_part(object, part);
            }
        }
        Ok(())
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
        let mut selected = self.around.to_vec();
        selected.push(self.base.clone());
        for entry in changed.iter().filter_map(|file| file.old.as_ref()) {
            for source in &view.file_before(entry, &selected)?.sources {
                base.insert(source);
            }
        }
        Ok(base)
    }
}

/// What stands beside the gate's own files.
pub(in crate::gate) fn no_neighbours(judge: &Judge) -> Neighbours {
    Neighbours::of_kinds(wanted_by(judge).into_keys())
}

/// The kinds that policies and facts look at, with the farthest reach.
fn wanted_by(judge: &Judge) -> BTreeMap<GroupKind, Reach> {
    let mut wanted = judge.neighbours();
    for kind in workloads::NEIGHBOURS {
        let kind = GroupKind::parse(kind);
        wanted.entry(kind).or_insert(Reach::Namespace);
    }
    wanted
}
