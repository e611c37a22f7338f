//! Unchanged objects that must be judged too, because of what changed beside them.
//! Judges nothing.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::Error;
use super::super::evaluate::Bench;
use super::super::view::View;
use super::{Unit, of_kinds};
use crate::change::{Change, Objects, Source};
use crate::config;
use crate::facts::index::Wanted;
use crate::facts::workloads::picks;
use crate::git::Selector;
use crate::model::{GroupKind, ObjectRef};

impl Unit<'_> {
    /// Unchanged objects that must be judged too: what a changed neighbour reaches in all of the
    /// environment, and with `everything` the rest of the unit.
    pub(super) fn reached(
        &self,
        bench: &Bench<'_>,
        view: &View<'_>,
        changes: &[Change],
        everything: bool,
    ) -> Result<Vec<Source>, Error> {
        let mut found = Objects::new();
        if everything {
            let own = match self.rendered {
                Some(rendered) => rendered.head.plain.as_slice(),
                None => std::slice::from_ref(self.head),
            };
            self.unchanged(view, own, &Reached::everything(), changes, &mut found)?;
        }
        if let Some(reach) = Reached::of(bench, changes) {
            self.unchanged(
                view,
                self.plain_files.selectors(),
                &reach,
                changes,
                &mut found,
            )?;
        }
        if let Some(rendered) = self.rendered {
            view.point_back(&view.head, &rendered.head, found.values_mut())?;
        }
        Ok(found.into_values().collect())
    }

    fn unchanged(
        &self,
        view: &View<'_>,
        selectors: &[Selector],
        reach: &Reached<'_>,
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
        let near: Option<BTreeSet<&str>> = reach
            .namespaces
            .as_ref()
            .map(|near| near.iter().flatten().map(String::as_str).collect());
        let wanted = Wanted {
            namespaces: near.as_ref(),
            ..of_kinds(names.as_ref())
        };
        let mut taken = view.find(selectors, wanted)?;
        taken.retain(|located| !changed.contains(&located.object) && reach.takes(&located.object));
        let mut sources = view.sources(&taken)?;
        if let Some(rendered) = self.rendered {
            let mut own = view.deployed_objects(&view.head, &rendered.head)?;
            own.retain(|source| !changed.contains(&source.object) && reach.takes(&source.object));
            sources.extend(own);
        }
        for source in sources {
            if reach.concerns(&source) {
                found.entry(source.object.clone()).or_insert(source);
            }
        }
        Ok(())
    }
}

/// Which unchanged objects must be judged too.
pub(in crate::gate) struct Reached<'a> {
    /// `None` for every kind.
    pub(in crate::gate) kinds: Option<BTreeSet<GroupKind>>,
    /// `None` for every namespace.
    namespaces: Option<BTreeSet<Option<String>>>,
    /// The neighbours that changed; none where everything is taken.
    by: Vec<Neighbour<'a>>,
}

/// A changed neighbour.
struct Neighbour<'a> {
    change: &'a Change,
    /// Whether some policy sees it wherever it is near, and not only by the pods that it picks.
    whole: bool,
}

impl Neighbour<'_> {
    fn concerns(&self, source: &Source, object: &Value) -> bool {
        let near = self.change.object.namespace.is_none()
            || self.change.object.namespace == source.object.namespace;
        let sides = [&self.change.old, &self.change.new];
        near && (self.whole || sides.into_iter().flatten().any(|side| picks(side, object)))
    }
}

impl<'a> Reached<'a> {
    fn everything() -> Self {
        Self {
            kinds: None,
            namespaces: None,
            by: Vec::new(),
        }
    }

    /// What the changed neighbours reach; `None` where nobody looks at what changed.
    pub(in crate::gate) fn of(bench: &Bench<'_>, changes: &'a [Change]) -> Option<Self> {
        let mut kinds = Some(BTreeSet::new());
        let mut namespaces = Some(BTreeSet::new());
        let mut by = Vec::new();
        for change in changes {
            let kind = BTreeSet::from([change.object.group_kind()]);
            let looks = bench.judge.modules().filter(|wanted| {
                wanted.scope == crate::policy::Scope::Object && wanted.looks_at(&kind)
            });
            for wanted in looks {
                // Without the inventory a policy knows a neighbour only from the pods that it picks.
                let whole = wanted.wants.facts.contains("inventory");
                by.push(Neighbour { change, whole });
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
        (!by.is_empty()).then_some(Self {
            kinds,
            namespaces,
            by,
        })
    }

    /// Whether what changed has to do with an object that [`Reached::takes`].
    pub(in crate::gate) fn concerns(&self, source: &Source) -> bool {
        let object = source.node.to_json();
        let mut by = self.by.iter();
        self.by.is_empty() || by.any(|neighbour| neighbour.concerns(source, &object))
    }

    pub(in crate::gate) fn takes(&self, object: &ObjectRef) -> bool {
        self.kinds
            .as_ref()
            .is_none_or(|kinds| kinds.contains(&object.group_kind()))
            && self
                .namespaces
                .as_ref()
                .is_none_or(|namespaces| namespaces.contains(&object.namespace))
    }
}
