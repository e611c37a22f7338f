//! One unit of one environment, from its changed files to its report.
//! Decides nothing itself; it wires what reads to what judges.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Error;
use super::evaluate::{Bench, Matter};
use super::summary;
use super::view::View;
use crate::change::{self, Change, Objects, Source, change_digest};
use crate::config::{self, Config};
use crate::facts::index::Wanted;
use crate::facts::inventory::Neighbours;
use crate::facts::workloads;
use crate::git::{FileChange, Selector};
use crate::input::Reach;
use crate::model::{
    Effect, Enforcement, Finding, GroupKind, ObjectRef, Operation, Piece, RepoPath,
};
use crate::verdict::{Permit, Side, UnitReport, Unused, Workings, decide};

/// One unit and the files that are its.
#[derive(Clone, Copy)]
pub(super) struct Unit<'a> {
    /// The environment's name; for the unit `gate` its branch.
    pub(super) environment: &'a str,
    pub(super) name: &'a str,
    pub(super) enforcement: Enforcement,
    pub(super) base: &'a Selector,
    pub(super) head: &'a Selector,
    /// The selectors of all units of the environment: where neighbours are looked for.
    pub(super) around: &'a [Selector],
    pub(super) zone: &'a jiff::tz::TimeZone,
}

/// What changes in a unit.
#[derive(Default)]
pub(super) struct Changes {
    pub(super) changes: Vec<Change>,
    /// What is wrong with the files themselves.
    pub(super) findings: Vec<Finding>,
}

impl Unit<'_> {
    /// What changes in the unit. `None` where no file of it differs.
    pub(super) fn changes(
        &self,
        view: &View<'_>,
        config: &Config,
    ) -> Result<Option<Changes>, Error> {
        let files = view.changed_under(self.base, self.head)?;
        if files.is_empty() {
            return Ok(None);
        }
        if self.name == config::GATE {
            return Ok(Some(Changes {
                changes: super::gate_files::changes(view, &files)?,
                findings: Vec::new(),
            }));
        }
        let mut findings = Vec::new();
        let (base, head) = read_sides(view, &files, &mut findings)?;
        if base.is_empty()
            && head.is_empty()
            && !view.any_object(&view.head, self.head)?
            && !view.any_object(&view.base, self.base)?
        {
            return Err(Error::JudgedNothing {
                unit: self.name.to_owned(),
                files: files.len(),
            });
        }
        let mut changes = change::compare(&base, &head);
        for change in &mut changes {
            change.components = components(config, change);
        }
        findings.extend(self.duplicates_elsewhere(view, &files, &changes)?);
        Ok(Some(Changes { changes, findings }))
    }

    /// Judges the changes.
    pub(super) fn judge(
        &self,
        bench: &Bench<'_>,
        view: &View<'_>,
        found: Changes,
        everything: bool,
    ) -> Result<UnitReport, Error> {
        let reached = self.reached(bench, view, &found.changes, everything)?;
        let namespaces = found
            .changes
            .iter()
            .map(|change| change.object.namespace.clone())
            .chain(reached.iter().map(|source| source.object.namespace.clone()))
            .collect();
        let head = self.neighbours(bench, view, &namespaces)?;
        let base = self.neighbours_before(view, &head)?;
        let matter = Matter {
            changes: &found.changes,
            reached: &reached,
            head: &head,
            base: &base,
            everything,
        };
        let judged = bench.judge(&matter)?;
        let mut findings = found.findings;
        findings.extend(judged.findings);
        let permits = self.permits(&bench.judge.config)?;
        let unused = if everything {
            Unused::Report
        } else {
            Unused::Ignore
        };
        let decision = decide(findings, &permits, bench.now, unused);
        let until = judged
            .facts
            .values()
            .filter_map(|fact| match fact {
                crate::facts::Fact::Known { until, .. } => *until,
                crate::facts::Fact::Unknown { .. } => None,
            })
            .chain(decision.until)
            .min();
        let facts = judged.facts.iter();
        let facts = Piece::object(facts.map(|(name, fact)| (*name, fact.to_piece())));
        Ok(UnitReport {
            environment: self.environment.to_owned(),
            unit: self.name.to_owned(),
            enforcement: self.enforcement,
            outcome: decision.outcome,
            tier: judged.risk.tier,
            reasons: judged.risk.reasons,
            findings: decision.findings,
            changes: summary::of(&found.changes),
            change_digest: change_digest(&found.changes),
            // A base that could not be signed, for a submodule say, must not keep its repair from
            // being judged.
            base: side(view, &view.base, self.base).unwrap_or_default(),
            head: side(view, &view.head, self.head)?,
            until,
            workings: Workings {
                policies: judged.policies,
                facts,
            },
        })
    }

    /// The documents that policies receive.
    pub(super) fn documents(
        &self,
        bench: &Bench<'_>,
        view: &View<'_>,
        found: &Changes,
    ) -> Result<Vec<Value>, Error> {
        let namespaces = found
            .changes
            .iter()
            .map(|change| change.object.namespace.clone())
            .collect();
        let head = self.neighbours(bench, view, &namespaces)?;
        let base = self.neighbours_before(view, &head)?;
        bench.documents(&Matter {
            changes: &found.changes,
            reached: &[],
            head: &head,
            base: &base,
            everything: false,
        })
    }

    /// Two objects of one identity, of which one was not there before and the other did not change.
    fn duplicates_elsewhere(
        &self,
        view: &View<'_>,
        files: &[FileChange],
        changes: &[Change],
    ) -> Result<Vec<Finding>, Error> {
        let created: Vec<&Source> = changes
            .iter()
            .filter(|change| change.operation == Operation::Create)
            .filter_map(|change| change.new_source.as_ref())
            .collect();
        if created.is_empty() {
            return Ok(Vec::new());
        }
        let kinds: BTreeSet<&str> = created
            .iter()
            .map(|source| source.object.kind.as_str())
            .collect();
        // A file that does not parse matters only where it may hold one of these.
        let names = created.iter().map(|source| source.object.name.as_str());
        let names: BTreeSet<&str> = names.collect();
        let wanted = Wanted {
            kinds: Some(&kinds),
            names: Some(&names),
        };
        let mut findings = Vec::new();
        let changed: BTreeSet<&RepoPath> = files.iter().map(|file| &file.path).collect();
        let created: BTreeMap<&ObjectRef, &Source> = created
            .into_iter()
            .map(|source| (&source.object, source))
            .collect();
        for located in view.find(std::slice::from_ref(self.head), wanted)? {
            if !changed.contains(&located.entry.path)
                && let Some(twin) = created.get(&located.object)
                && let Some(other) = view.source(&located)?
            {
                findings.push(duplicate(twin, &other));
            }
        }
        Ok(findings)
    }

    /// Unchanged objects that must be judged too: what a changed neighbour reaches in all of the
    /// environment, and with `everything` the rest of the unit.
    fn reached(
        &self,
        bench: &Bench<'_>,
        view: &View<'_>,
        changes: &[Change],
        everything: bool,
    ) -> Result<Vec<Source>, Error> {
        let mut found = Objects::new();
        if everything {
            let own = std::slice::from_ref(self.head);
            self.unchanged(view, own, &Reached::everything(), changes, &mut found)?;
        }
        if let Some(reach) = Reached::of(bench, changes) {
            self.unchanged(view, self.around, &reach, changes, &mut found)?;
        }
        Ok(found.into_values().collect())
    }

    fn unchanged(
        &self,
        view: &View<'_>,
        selectors: &[Selector],
        reach: &Reached,
        changes: &[Change],
        found: &mut Objects,
    ) -> Result<(), Error> {
        if self.name == config::GATE {
            return Ok(());
        }
        let names: Option<BTreeSet<&str>> = reach
            .kinds
            .as_ref()
            .map(|kinds| kinds.iter().map(|kind| kind.kind.as_str()).collect());
        let changed: BTreeSet<&ObjectRef> = changes.iter().map(|change| &change.object).collect();
        for located in view.find(selectors, of_kinds(names.as_ref()))? {
            if !changed.contains(&located.object)
                && reach.takes(&located.object)
                && let Some(source) = view.source(&located)?
            {
                found.entry(located.object).or_insert(source);
            }
        }
        Ok(())
    }

    fn neighbours(
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
    fn neighbours_before(&self, view: &View<'_>, head: &Neighbours) -> Result<Neighbours, Error> {
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

    fn permits<'c>(&'c self, config: &'c Config) -> Result<Vec<Permit<'c>>, Error> {
        config
            .exceptions
            .iter()
            .map(|exception| {
                Ok(Permit {
                    until: exception
                        .ends(self.zone)
                        .map_err(|error| Error::DateOutOfRange(error.to_string()))?,
                    location: config.location(&exception.pointer),
                    exception,
                    environment: self.environment,
                    unit: self.name,
                })
            })
            .collect()
    }
}

fn of_kinds<'a>(kinds: Option<&'a BTreeSet<&'a str>>) -> Wanted<'a> {
    Wanted { kinds, names: None }
}

fn side(view: &View<'_>, side: &super::view::Side, selector: &Selector) -> Result<Side, Error> {
    let gated = view.repository.gated_tree(&side.snapshot, selector)?;
    Ok(Side {
        commit: side.snapshot.commit(),
        gated_tree: Some(gated.id),
    })
}

/// Which unchanged objects must be judged too.
pub(super) struct Reached {
    /// `None` for every kind.
    pub(super) kinds: Option<BTreeSet<GroupKind>>,
    /// `None` for every namespace.
    namespaces: Option<BTreeSet<Option<String>>>,
}

impl Reached {
    fn everything() -> Self {
        Self {
            kinds: None,
            namespaces: None,
        }
    }

    /// What the changed neighbours reach; `None` where nobody looks at what changed.
    pub(super) fn of(bench: &Bench<'_>, changes: &[Change]) -> Option<Self> {
        let mut kinds = Some(BTreeSet::new());
        let mut namespaces = Some(BTreeSet::new());
        let mut any = false;
        for change in changes {
            let kind = BTreeSet::from([change.object.group_kind()]);
            let looks = bench.judge.modules().filter(|wanted| {
                wanted.scope == crate::policy::Scope::Object && wanted.looks_at(&kind)
            });
            for wanted in looks {
                any = true;
                match (&mut kinds, &wanted.wants.kinds) {
                    (Some(kinds), Some(more)) => kinds.extend(more.iter().cloned()),
                    _ => kinds = None,
                }
                match (&mut namespaces, &change.object.namespace) {
                    (Some(namespaces), Some(namespace)) => {
                        namespaces.insert(Some(namespace.clone()));
                    }
                    _ => namespaces = None,
                }
            }
        }
        any.then_some(Self { kinds, namespaces })
    }

    pub(super) fn takes(&self, object: &ObjectRef) -> bool {
        self.kinds
            .as_ref()
            .is_none_or(|kinds| kinds.contains(&object.group_kind()))
            && self
                .namespaces
                .as_ref()
                .is_none_or(|namespaces| namespaces.contains(&object.namespace))
    }
}

fn read_sides(
    view: &View<'_>,
    files: &[FileChange],
    findings: &mut Vec<Finding>,
) -> Result<(Objects, Objects), Error> {
    let (mut base, mut head) = (Objects::new(), Objects::new());
    for change in files {
        let Some(entry) = &change.new else { continue };
        super::deployer::obeys(&entry.path)?;
        view.repository
            .content_transformed(&view.head.snapshot, &entry.path)?;
        let file = view.file(&view.head, entry)?;
        for source in &file.sources {
            match head.get(&source.object) {
                Some(first) => findings.push(duplicate(source, first)),
                None => {
                    head.insert(source.object.clone(), source.clone());
                }
            }
        }
        if let Some(source) = file.sources.first() {
            findings.extend(
                file.converted_keys
                    .iter()
                    .map(|span| converted(source, *span)),
            );
        }
    }
    // A file that neither side can read is told as it stands at head, where it can be mended.
    for entry in files.iter().filter_map(|change| change.old.as_ref()) {
        let file = view.file(&view.base, entry).map_err(|error| match error {
            Error::Manifest(_) => Error::AtBase(Box::new(error)),
            other => other,
        })?;
        for source in &file.sources {
            base.entry(source.object.clone())
                .or_insert_with(|| source.clone());
        }
    }
    Ok((base, head))
}

fn duplicate(source: &Source, first: &Source) -> Finding {
    Finding {
        object: Some(source.object.clone()),
        location: Some(source.at(source.node.span)),
        because: Some(first.at(first.node.span)),
        remediation: Some(
            "keep one of them; which one is deployed depends on the deployer".to_owned(),
        ),
        ..Finding::of_engine(
            "engine.duplicate-object",
            Effect::Deny,
            format!(
                "the unit holds this object twice; the other is in {}",
                first.file
            ),
        )
    }
}

fn converted(source: &Source, span: crate::model::Span) -> Finding {
    let place = source.at(span);
    Finding {
        location: Some(place),
        remediation: Some("quote the key".to_owned()),
        ..Finding::of_engine(
            "engine.key-converted",
            Effect::Warn,
            format!(
                "a key in {} is deployed under another name: Kubernetes reads it as a boolean or a number",
                source.file
            ),
        )
    }
}

pub(super) fn components(config: &Config, change: &Change) -> BTreeSet<String> {
    let sides = [
        (&change.old, &change.old_source),
        (&change.new, &change.new_source),
    ];
    sides
        .into_iter()
        .filter_map(|(value, source)| Some((value.as_ref()?, source.as_ref()?)))
        .flat_map(|(value, source)| {
            let images = images(value);
            config
                .components
                .of(&source.file, value, &source.object, &images)
        })
        .collect()
}

/// Every image reference, wherever it stands.
fn images(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(map) => map
            .iter()
            .flat_map(|(key, value)| match value {
                Value::String(text) if key == "image" || key == "imageName" => vec![text.as_str()],
                other => images(other),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(images).collect(),
        _ => Vec::new(),
    }
}
