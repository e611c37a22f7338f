//! Tells old findings from new ones: the same policies, asked about the state before.
//! Knows nothing of what blocks.

use std::collections::BTreeSet;

use super::{Bench, Matter};
use crate::change::Change;
use crate::gate::Error;
use crate::input::Risk;
use crate::model::{Finding, ObjectRef, RiskTier};

/// Whether the change is of the very field that a finding is about: what was bad and is made worse
/// is no old debt.
fn is_touched(finding: &Finding, changes: &[Change]) -> bool {
    let (Some(object), Some(field)) = (&finding.object, &finding.keyed_path) else {
        return false;
    };
    let change = changes.iter().find(|change| change.object == *object);
    change.is_some_and(|change| {
        change
            .fields
            .iter()
            .any(|touched| touched.keyed_path == *field)
    })
}

impl Bench<'_> {
    /// A finding is inherited when it also comes out at base: there, the same object unchanged,
    /// among the neighbours of then, asked of the policies that judge this tier.
    pub(super) fn mark_inherited(
        &self,
        findings: &mut [Finding],
        matter: &Matter<'_>,
        tier: RiskTier,
    ) -> Result<(), Error> {
        let named: BTreeSet<&ObjectRef> = findings
            .iter()
            .filter_map(|finding| finding.object.as_ref())
            .collect();
        let changed = matter
            .changes
            .iter()
            .filter_map(|change| change.old_source.as_ref());
        let at_base: Vec<Change> = changed
            .chain(matter.reached)
            .filter(|source| named.contains(&source.object))
            .map(|source| self.unchanged(source))
            .collect();
        if at_base.is_empty() {
            return Ok(());
        }
        let facts = self.facts_of_unchanged(&at_base, matter.base)?;
        // What does not change has no tier: a tier is never an old finding.
        let none = Risk {
            tier: RiskTier::Low,
            reasons: Vec::new(),
        };
        let documents = self
            .documents_of(&at_base, &facts, matter.base)
            .with_risk(&none, &facts);
        let mut old = self.object_findings(&documents, tier, None)?;
        old.extend(self.change_set_findings(&documents, tier)?);
        let old: BTreeSet<_> = old
            .iter()
            .filter(|finding| finding.object.is_some())
            .map(Finding::key)
            .collect();
        for finding in findings {
            finding.inherited =
                old.contains(&finding.key()) && !is_touched(finding, matter.changes);
        }
        Ok(())
    }
}
