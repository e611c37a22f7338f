//! The objects beside the changed ones that policies and facts ask for, on both sides.
//! Knows nothing of what is judged.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::Error;
use super::super::deployed::Deployed;
use super::super::evaluate::Bench;
use super::super::judge::Judge;
use super::super::landing::{Landing, lands_in};
use super::super::scene::Sides;
use super::super::side::Side;
use super::super::view::View;
use super::{Unit, of_kinds};
use crate::change::{Change, Source};
use crate::config;
use crate::facts::images::{self, skew};
use crate::facts::index::Wanted;
use crate::facts::inventory::{CONFIG_MAP, Neighbours};
use crate::facts::migrations::{self, Files};
use crate::facts::{backups, connections, quotas, rollback, workloads};
use crate::git::FileChange;
use crate::input::Reach;
use crate::model::{GroupKind, ObjectRef, RepoPath};

/// Kinds, and how far each is looked for.
type Kinds = BTreeMap<GroupKind, Reach>;

/// What is looked for beside the changes of a unit, and what was found so far.
struct Looking<'a> {
    unit: &'a Unit<'a>,
    bench: &'a Bench<'a>,
    view: &'a View<'a>,
    changes: &'a [Change],
    /// What changes, or is reached by that.
    objects: Vec<&'a ObjectRef>,
    /// Where that is.
    namespaces: BTreeSet<Option<String>>,
    found: Neighbours,
    /// What other units render of it, and of which that was looked at.
    beyond: Option<(Far, Vec<ObjectRef>)>,
}

/// Which other units are rendered for what they hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Far {
    /// Those that may have deployers in them that take from others, or what runs what others hold.
    Referring,
    All,
}

impl Looking<'_> {
    fn take_in(&mut self, kinds: &Kinds) -> Result<(), Error> {
        let near = (kinds, &self.namespaces);
        self.unit.take_in(self.view, near, &mut self.found)
    }

    /// What a quota counts, or who connects to a database, is only looked for where there is one.
    fn take_counted(&mut self) -> Result<(), Error> {
        let (found, namespaces) = (&self.found, self.namespaces.iter());
        let served = |namespace: &&Option<String>| connections::is_served(found, namespace);
        let served: BTreeSet<_> = namespaces.clone().filter(served).cloned().collect();
        let quota = GroupKind::parse(quotas::QUOTA);
        let limited =
            |namespace: &&Option<String>| !found.in_namespace(&quota, namespace).is_empty();
        let limited: BTreeSet<_> = namespaces.filter(limited).cloned().collect();
        let counted = reaching(quotas::KINDS, Reach::Namespace);
        let beside = reaching(connections::BESIDE, Reach::Namespace);
        for (kinds, namespaces) in [(counted, &limited | &served), (beside, served)] {
            if !namespaces.is_empty() {
                let near = (&kinds, &namespaces);
                self.unit.take_in(self.view, near, &mut self.found)?;
            }
        }
        Ok(())
    }

    fn take_of_images(&mut self) -> Result<(), Error> {
        // The rest of a release, where a change brings another version into one.
        let rules = &self.bench.judge.images;
        if self.changes.iter().any(|it| skew::brings(it, rules)) {
            self.take_in(&reaching(skew::KINDS, Reach::Environment))?;
        }
        // What a deployer of elsewhere takes values from, where it or that changes.
        if self.changes.iter().any(images::may_be_named) {
            self.take_in(&reaching(images::DEPLOYERS, Reach::Namespace))?;
            self.take_beyond(Far::Referring)?;
        }
        let asks = |change: &Change| images::asks_for_config_maps(change, &self.found);
        if self.changes.iter().any(asks) {
            self.take_in(&reaching([CONFIG_MAP], Reach::Namespace))?;
        }
        let lacks = |change: &Change| images::lacks_config_maps(change, &self.found);
        if self.changes.iter().any(lacks) {
            self.take_beyond(Far::All)?;
        }
        Ok(())
    }

    /// What runs a key of a `ConfigMap` as a script, where one changes.
    fn take_of_scripts(&mut self) -> Result<(), Error> {
        let asks = self.bench.judge.asks_for(migrations::NAME);
        let map = GroupKind::parse(CONFIG_MAP);
        let mut changes = self.changes.iter();
        if asks && changes.any(|change| change.object.group_kind() == map) {
            self.take_in(&reaching(migrations::RUNNING, Reach::Namespace))?;
            self.take_beyond(Far::Referring)?;
        }
        Ok(())
    }

    /// What backs up may lie anywhere, and so may what it backs up.
    fn take_of_backups(&mut self, scripts: &Files) -> Result<(), Error> {
        let judge = self.bench.judge;
        let touched = scripts.is_touched() || migrations::stand_in(self.changes, &self.found);
        // What tells caches apart, where a script may make what lies in them another.
        if touched && !judge.migrations.cache_keys().is_empty() {
            self.take_in(&reaching([CONFIG_MAP], Reach::Environment))?;
        }
        // A script may stand in an object, and need a backup of what it takes away.
        let stage = Some(self.bench.environment.stage);
        let mut asking = [backups::NAME, rollback::NAME].into_iter();
        let touched = touched && asking.any(|it| judge.asks_for(it));
        let scripted = touched || !self.changes.is_empty() && judge.migrations.asks_in(stage);
        let concerned = || {
            self.changes.iter().any(backups::concerned)
                || self.objects.iter().any(|object| backups::concerns(object))
        };
        if scripted || judge.asks_for(backups::NAME) && concerned() {
            self.take_in(&stored())?;
        }
        // What is backed up, what backs it up and the databases of scripts may lie in what other units render.
        let far = || self.changes.iter().any(backups::reaches_far);
        if touched || judge.asks_for(backups::NAME) && far() {
            self.take_beyond(Far::All)?;
        }
        Ok(())
    }

    fn take_beyond(&mut self, far: Far) -> Result<(), Error> {
        let looked_at = self.beyond.as_ref().map(|(far, _)| *far);
        if looked_at == Some(Far::All) || looked_at == Some(far) {
            return Ok(());
        }
        let mut beyond = Vec::new();
        for (namespace, source) in self.unit.beyond(self.view, (&self.view.head, far))? {
            self.found.insert_in(namespace.clone(), &source);
            beyond.push(ObjectRef {
                namespace,
                ..source.object
            });
        }
        self.beyond = Some((far, beyond));
        Ok(())
    }
}

impl Unit<'_> {
    /// What stands beside the changes on both sides.
    pub(super) fn neighbours(
        &self,
        bench: &Bench<'_>,
        view: &View<'_>,
        (changes, reached): (&[Change], &[Source]),
        scripts: &Files,
    ) -> Result<Sides<Neighbours>, Error> {
        if self.name == config::GATE {
            let head = no_neighbours(bench.judge);
            let base = self.among_deployers_before(&head);
            return Ok(Sides { base, head });
        }
        let objects = changes.iter().map(|change| &change.object);
        let objects: Vec<_> = objects
            .chain(reached.iter().map(|source| &source.object))
            .collect();
        let found = no_neighbours(bench.judge);
        let found = found.with_deployers(Arc::clone(&self.deployers.head));
        let mut looking = Looking {
            unit: self,
            bench,
            view,
            changes,
            namespaces: objects.iter().map(|it| it.namespace.clone()).collect(),
            objects,
            beyond: None,
            found: found.with_unseen(self.unseen.map(str::to_owned)),
        };
        looking.take_in(&wanted_by(bench.judge))?;
        looking.take_counted()?;
        looking.take_of_images()?;
        looking.take_of_scripts()?;
        looking.take_of_backups(scripts)?;
        let Looking { found, beyond, .. } = looking;
        let found = match beyond {
            Some((Far::All, _)) => found.with_unseen(self.elsewhere.map(str::to_owned)),
            _ => found,
        };
        let mut base = self.neighbours_before(view, &found)?;
        if let Some((far, beyond)) = beyond {
            beyond.iter().for_each(|object| base.remove(object));
            let before = self
                .beyond(view, (&view.base, far))
                .map_err(Error::at_base)?;
            for (namespace, source) in before {
                base.insert_in(namespace, &source);
            }
        }
        Ok(Sides { base, head: found })
    }

    /// What other units render on one side of what is looked for, as this one sees it.
    fn beyond(
        &self,
        view: &View<'_>,
        (side, far): (&Side, Far),
    ) -> Result<Vec<(Option<String>, Source)>, Error> {
        let at_head = std::ptr::eq(side, &*view.head);
        let units = match at_head {
            true => &self.rendered_units.head,
            false => &self.rendered_units.base,
        };
        let mut beyond = Vec::new();
        for other in units.iter().filter(|it| it.unit.name != self.name) {
            let key = || {
                (
                    at_head,
                    self.environment.to_owned(),
                    other.unit.name.clone(),
                )
            };
            if far == Far::Referring && view.alone.borrow().contains(&key()) {
                continue;
            }
            let Some(deployed) = view.deployed(side, std::slice::from_ref(other))? else {
                continue;
            };
            if far == Far::Referring && !may_refer(view, &deployed)? {
                view.alone.borrow_mut().insert(key());
                continue;
            }
            let landing = Landing::of(other);
            for source in view.deployed_objects(side, &deployed)? {
                let seen = match self.landing {
                    Some(own) => own.sees(&source.object, &landing),
                    None => source.object.namespace.clone(),
                };
                beyond.push((seen, source));
            }
        }
        Ok(beyond)
    }

    /// The objects of these kinds, near the namespaces or in all of the environment: one look at the
    /// files for both.
    fn take_in(
        &self,
        view: &View<'_>,
        (kinds, namespaces): (&Kinds, &BTreeSet<Option<String>>),
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
                let own = self.rendered.and_then(|it| it.head.lands_in.as_deref());
                neighbours.insert_part_in(self.seen(&file, &object, own), object, part);
            }
        }
        if let Some(rendered) = self.rendered {
            let own = view.deployed_objects(&view.head, &rendered.head)?;
            let own = own.iter().filter(|source| is_wanted(&source.object));
            own.for_each(|source| neighbours.insert(source));
        }
        Ok(())
    }

    /// The namespace of an object in a file of the environment, as this unit sees it, whose own objects lie in `own`
    /// where they name none.
    fn seen(&self, file: &RepoPath, object: &ObjectRef, own: Option<&str>) -> Option<String> {
        match self.landing {
            Some(landing) => landing
                .sees_in(file, object, self.plain_files)
                .or_else(|| lands_in(object, own)),
            None => object.namespace.clone(),
        }
    }

    /// Those of head among the deployers of base.
    fn among_deployers_before(&self, head: &Neighbours) -> Neighbours {
        head.clone()
            .with_deployers(Arc::clone(&self.deployers.base))
    }

    /// The neighbours at base: those of head without what the range brought, with what it took.
    fn neighbours_before(&self, view: &View<'_>, head: &Neighbours) -> Result<Neighbours, Error> {
        let mut base = self.among_deployers_before(head);
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
        let lands_in = self.rendered.map(|it| {
            let sides = [&it.head, &it.base];
            sides.map(|side| side.lands_in.as_deref())
        });
        let [at_head_in, at_base_in] = lands_in.unwrap_or_default();
        for entry in changed.iter().filter_map(|file| file.new.as_ref()) {
            if view.is_plain(&view.head, entry, &selected)? {
                for source in &view.file(&view.head, entry)?.sources {
                    base.remove(&ObjectRef {
                        namespace: self.seen(&entry.path, &source.object, at_head_in),
                        ..source.object.clone()
                    });
                }
            }
        }
        for entry in changed.iter().filter_map(|file| file.old.as_ref()) {
            if view.is_plain(&view.base, entry, &selected)? {
                for source in &view.file_before(entry, &selected)?.sources {
                    let seen = self.seen(&entry.path, &source.object, at_base_in);
                    base.insert_in(seen, source);
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

/// Whether what is rendered may have something in it that takes from others or runs what they hold; without rendering it.
fn may_refer(view: &View<'_>, deployed: &Deployed) -> Result<bool, Error> {
    if deployed.inputs.is_empty() {
        return Ok(true);
    }
    for input in &deployed.inputs {
        if input.closure.remote().next().is_some() {
            return Ok(true);
        }
        for entry in input.closure.read().filter(|it| !it.is_submodule()) {
            let text = view.repository.file(entry)?;
            if images::may_refer(&text) || migrations::may_run(&text) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// None, of all kinds that may be looked for; as beside the gate's own files.
pub(in crate::gate) fn no_neighbours(judge: &Judge) -> Neighbours {
    let others = quotas::KINDS.into_iter().chain([quotas::QUOTA]);
    let others = others.chain(connections::BESIDE).chain(skew::KINDS);
    let others = others.chain(images::DEPLOYERS).chain([CONFIG_MAP]);
    let others = others.chain(migrations::RUNNING);
    let kinds = wanted_by(judge).into_keys().chain(backups::kinds());
    Neighbours::of_kinds(kinds.chain(others.map(GroupKind::parse)))
}

/// The kinds that policies and facts look at, with the farthest reach.
fn wanted_by(judge: &Judge) -> Kinds {
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

fn reaching<const N: usize>(kinds: [&str; N], reach: Reach) -> Kinds {
    Kinds::from(kinds.map(|kind| (GroupKind::parse(kind), reach)))
}

fn stored() -> Kinds {
    backups::kinds()
        .map(|kind| (kind, Reach::Environment))
        .collect()
}
