//! Which units cannot be judged for what stays in the cluster. Knows nothing of why it stays.

use std::collections::BTreeSet;

use super::states::{States, Subject};
use crate::gate::deployed::Declared;
use crate::sources::Deployment;

impl States<'_> {
    /// The units that cannot be judged for one: its own and what applies it, else, where neither is judged at all, what it
    /// applies in turn, and what its file tells of.
    pub(super) fn concerned(&self, unit: &str, one: Subject<'_>) -> BTreeSet<String> {
        let mut concerned = one.prune.applied_by.clone();
        concerned.insert(unit.to_owned());
        if self.is_any_judged(&concerned) {
            return concerned;
        }
        let told = self
            .deployments()
            .filter(|(_, it)| it.declared_in.contains(&one.place.path));
        let told = told.map(|(it, _)| it.unit.name.clone());
        self.below(told.chain([unit.to_owned()]).collect())
    }

    /// Whether one applies others that are judged, in either state, by itself or by what it applies.
    pub(super) fn applies_judged(&self, unit: &str) -> bool {
        self.is_any_judged(&self.below(BTreeSet::from([unit.to_owned()])))
    }

    /// Some units and all that these apply.
    fn below(&self, mut units: BTreeSet<String>) -> BTreeSet<String> {
        loop {
            let known = units.len();
            for (declared, it) in self.deployments() {
                if !it.prune.applied_by.is_disjoint(&units) {
                    units.insert(declared.unit.name.clone());
                }
            }
            if units.len() == known {
                return units;
            }
        }
    }

    fn is_any_judged(&self, units: &BTreeSet<String>) -> bool {
        let mut all = self.base.iter().chain(self.head);
        all.any(|it| !it.is_foreign() && units.contains(&it.unit.name))
    }

    /// Those of both states.
    pub(super) fn deployments(&self) -> impl Iterator<Item = (&Declared, &Deployment)> {
        let all = self.base.iter().chain(self.head);
        all.filter_map(|it| Some((it, it.unit.deployment.as_ref()?)))
    }
}
