//! The objects beside the changed ones that policies and facts ask for, on both sides.
//! Knows nothing of what is judged.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::Error;
use super::super::evaluate::Bench;
use super::super::judge::Judge;
use super::super::view::View;
use super::{Unit, of_kinds};
use crate::change::{Change, Source};
use crate::config;
use crate::facts::images::{self, skew};
use crate::facts::index::Wanted;
use crate::facts::inventory::Neighbours;
use crate::facts::migrations::{self, Files};
use crate::facts::{backups, connections, quotas, rollback, workloads};
use crate::git::FileChange;
use crate::input::Reach;
use crate::model::{GroupKind, ObjectRef, RepoPath};

impl Unit<'_> {
    pub(super) fn neighbours(
        &self,
        bench: &Bench<'_>,
        view: &View<'_>,
        (changes, reached): (&[Change], &[Source]),
        scripts: &Files,
    ) -> Result<Neighbours, Error> {
        if self.name == config::GATE {
            return Ok(no_neighbours(bench.judge));
        }
        let changed = changes.iter().map(|change| &change.object);
        let objects = changed.chain(reached.iter().map(|source| &source.object));
        let namespaces = objects.clone().map(|object| object.namespace.clone());
        let namespaces = &namespaces.collect::<BTreeSet<_>>();
        let wanted = wanted_by(bench.judge);
        let near = |kind| (GroupKind::parse(kind), Reach::Namespace);
        let counted = BTreeMap::from(quotas::KINDS.map(near));
        let beside = BTreeMap::from(connections::BESIDE.map(near));
        let released = skew::KINDS.map(|kind| (GroupKind::parse(kind), Reach::Environment));
        let released = BTreeMap::from(released);
        let stored = backups::kinds().map(|kind| (kind, Reach::Environment));
        let stored = BTreeMap::from_iter(stored);
        let kinds = wanted.keys().chain(counted.keys()).chain(stored.keys());
        let deployers = BTreeMap::from(images::DEPLOYERS.map(near));
        let config_maps = BTreeMap::from([near(images::CONFIG_MAP)]);
        let kinds = kinds.chain(beside.keys()).chain(released.keys());
        let kinds = kinds.chain(deployers.keys()).chain(config_maps.keys());
        let neighbours = Neighbours::of_kinds(kinds.cloned());
        let neighbours = neighbours.with_deployers(Arc::clone(&self.deployers.head));
        let mut neighbours = neighbours.with_unseen(self.unseen.map(str::to_owned));
        self.take_in(view, (&wanted, namespaces), &mut neighbours)?;
        // What a quota counts, or who connects to a database, is only looked for where there is one.
        let served = |namespace: &&Option<String>| connections::is_served(&neighbours, namespace);
        let served: BTreeSet<Option<String>> = namespaces.iter().filter(served).cloned().collect();
        let limited = |namespace: &&Option<String>| {
            let quota = GroupKind::parse(quotas::QUOTA);
            !neighbours.in_namespace(&quota, namespace).is_empty()
        };
        let limited: BTreeSet<Option<String>> =
            namespaces.iter().filter(limited).cloned().collect();
        for (kinds, namespaces) in [(counted, &limited | &served), (beside, served)] {
            if !namespaces.is_empty() {
                self.take_in(view, (&kinds, &namespaces), &mut neighbours)?;
            }
        }
        // The rest of a release, where a change brings another version into one.
        let rules = &bench.judge.images;
        if changes.iter().any(|change| skew::brings(change, rules)) {
            self.take_in(view, (&released, namespaces), &mut neighbours)?;
        }
        // What a deployer of elsewhere takes values from, where it or that changes.
        if changes.iter().any(images::may_be_named) {
            self.take_in(view, (&deployers, namespaces), &mut neighbours)?;
        }
        let asks = |change: &Change| images::asks_for_config_maps(change, &neighbours);
        if changes.iter().any(asks) {
            self.take_in(view, (&config_maps, namespaces), &mut neighbours)?;
        }
        // What backs up may lie anywhere, and so may what it backs up.
        let is_asked = bench.judge.asks_for(BACKUPS);
        let concerns = changes.iter().any(backups::concerned);
        let asks_back = bench.judge.asks_for(rollback::NAME);
        let touched = scripts.is_touched() || migrations::stand_in(changes, &neighbours);
        // What tells caches apart, where a script may make what lies in them another.
        if touched && !bench.judge.migrations.cache_keys().is_empty() {
            let maps = (GroupKind::parse("ConfigMap"), Reach::Environment);
            self.take_in(view, (&[maps].into(), namespaces), &mut neighbours)?;
        }
        let scripted = asks_back && touched;
        // A script may stand in an object, and need a backup of what it takes away.
        let stage = Some(bench.environment.stage);
        let scripted = scripted || !changes.is_empty() && bench.judge.migrations.asks_in(stage);
        if scripted || is_asked && (concerns || objects.clone().any(backups::concerns)) {
            self.take_in(view, (&stored, namespaces), &mut neighbours)?;
        }
        Ok(neighbours)
    }

    /// The objects of these kinds, near the namespaces or in all of the environment: one look at the
    /// files for both.
    fn take_in(
        &self,
        view: &View<'_>,
        (kinds, namespaces): (&BTreeMap<GroupKind, Reach>, &BTreeSet<Option<String>>),
        neighbours: &mut Neighbours,
    ) -> Result<(), Error> {
        if kinds.is_empty() {
            return Ok(());
        }
        let far = |kind: &GroupKind| kinds.get(kind) == Some(&Reach::Environment);
        let names = kinds.keys().map(|kind| kind.kind.as_str()).collect();
        let everywhere = kinds.keys().filter(|kind| far(kind));
        let everywhere = everywhere.map(|kind| kind.kind.as_str()).collect();
        let near = namespaces.iter().flatten().map(String::as_str).collect();
        let search = Wanted {
            namespaces: Some(&near),
            everywhere: Some(&everywhere),
            ..of_kinds(Some(&names))
        };
        let is_wanted = |object: &ObjectRef| {
            let kind = object.group_kind();
            let is_near = object.namespace.is_none() || namespaces.contains(&object.namespace);
            far(&kind) || (is_near && kinds.contains_key(&kind))
        };
        for (file, object, part) in view.contents(self.plain_files.selectors(), search)? {
            if is_wanted(&object) {
                neighbours.insert_part_in(self.seen(&file, &object), object, part);
            }
        }
        if let Some(rendered) = self.rendered {
            let own = view.deployed_objects(&view.head, &rendered.head)?;
            let own = own.iter().filter(|source| is_wanted(&source.object));
            own.for_each(|source| neighbours.insert(source));
        }
        Ok(())
    }

    /// The namespace of an object in a file of the environment, as this unit sees it.
    fn seen(&self, file: &RepoPath, object: &ObjectRef) -> Option<String> {
        match self.landing {
            Some(own) => own.sees_in(file, object, self.plain_files),
            None => object.namespace.clone(),
        }
    }

    /// The neighbours at base: those of head without what the range brought, with what it took.
    pub(super) fn neighbours_before(
        &self,
        view: &View<'_>,
        head: &Neighbours,
    ) -> Result<Neighbours, Error> {
        let mut base = head
            .clone()
            .with_deployers(Arc::clone(&self.deployers.base));
        if self.name == config::GATE {
            return Ok(base);
        }
        let around = self.plain_files.selectors();
        let plain = view.plain_at_head(around)?;
        let at_head = |path: &RepoPath| plain.binary_search_by(|entry| entry.path.cmp(path));
        // There may be as many selectors as units: what is known to match is not asked for again.
        let is_near = |file: &&FileChange| {
            self.base.matches(&file.path)
                || at_head(&file.path).is_ok()
                || around.iter().any(|selector| selector.matches(&file.path))
        };
        let changed: Vec<&FileChange> = view.changed.iter().filter(is_near).collect();
        let mut selected = around.to_vec();
        match self.rendered {
            Some(rendered) => selected.extend(rendered.base.plain.iter().cloned()),
            None => selected.push(self.base.clone()),
        }
        for entry in changed.iter().filter_map(|file| file.new.as_ref()) {
            if view.is_plain(&view.head, entry, &selected)? {
                for source in &view.file(&view.head, entry)?.sources {
                    base.remove(&ObjectRef {
                        namespace: self.seen(&entry.path, &source.object),
                        ..source.object.clone()
                    });
                }
            }
        }
        for entry in changed.iter().filter_map(|file| file.old.as_ref()) {
            if view.is_plain(&view.base, entry, &selected)? {
                for source in &view.file_before(entry, &selected)?.sources {
                    base.insert_in(self.seen(&entry.path, &source.object), source);
                }
            }
        }
        if let Some(rendered) = self.rendered {
            let head = view.deployed_objects(&view.head, &rendered.head)?;
            head.iter().for_each(|source| base.remove(&source.object));
            let before = view.deployed_objects(&view.base, &rendered.base)?;
            before.iter().for_each(|source| base.insert(source));
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
    for kind in workloads::NEIGHBOURS
        .into_iter()
        .chain(connections::SERVERS)
    {
        let kind = GroupKind::parse(kind);
        wanted.entry(kind).or_insert(Reach::Namespace);
    }
    wanted
}

/// The fact that looks all over the environment.
const BACKUPS: &str = "backups";
