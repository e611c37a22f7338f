//! Tells old findings from new ones: the same policies, asked about the state before.
//! Knows nothing of what blocks.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Bench, Matter};
use crate::change::{Change, FieldChange};
use crate::gate::Error;
use crate::input::Risk;
use crate::model::{Finding, FindingKey, ObjectRef, RiskTier};

/// Whether the change is of what a finding is about, which came out at base too: what was bad and is made worse is no old
/// debt. A part that was taken away stands in what was found at base only.
fn is_touched(finding: &Finding, old: &[Finding], changes: &[Change]) -> bool {
    let change = changes
        .iter()
        .find(|change| Some(&change.object) == finding.object.as_ref());
    let fields = change.map(|change| &change.fields[..]).unwrap_or_default();
    fields.iter().any(|touched| {
        let names_it = finding.keyed_path.as_ref() == Some(&touched.keyed_path);
        names_it
            || Side::new(touched).is_of(finding)
            || old.iter().any(|old| Side::old(touched).is_of(old))
    })
}

/// What is touched, as it stands on one side.
struct Side<'a> {
    at: Option<&'a str>,
    value: Option<&'a Value>,
    /// Whether only the order of what stands there changed: each item is told by itself.
    is_order: bool,
}

impl<'a> Side<'a> {
    fn new(touched: &'a FieldChange) -> Self {
        Self {
            at: touched.new_pointer.as_deref(),
            value: touched.new.as_ref(),
            is_order: is_order(touched),
        }
    }

    fn old(touched: &'a FieldChange) -> Self {
        Self {
            at: touched.old_pointer.as_deref(),
            value: touched.old.as_ref(),
            is_order: is_order(touched),
        }
    }

    /// Whether a finding of this side is about it: about the very place or something in it, or about all of what it is in.
    fn is_of(&self, finding: &Finding) -> bool {
        let mut fields = finding.fields.iter();
        finding.field.iter().any(|field| self.holds(field))
            || fields.any(|field| self.holds(field) || self.is_in(field))
    }

    fn holds(&self, field: &str) -> bool {
        match self.at.and_then(|at| below(field, at)) {
            Some("") => true,
            Some(rest) => {
                !self.is_order
                    && self
                        .value
                        .is_some_and(|value| value.pointer(rest).is_some())
            }
            None => false,
        }
    }

    fn is_in(&self, field: &str) -> bool {
        self.at.is_some_and(|at| below(at, field).is_some())
    }
}

fn is_order(touched: &FieldChange) -> bool {
    let is_list = |value: &Option<Value>| value.as_ref().is_some_and(Value::is_array);
    is_list(&touched.old) && is_list(&touched.new)
}

/// The rest of a pointer that names a place or something below it.
fn below<'p>(pointer: &'p str, place: &str) -> Option<&'p str> {
    let rest = pointer.strip_prefix(place)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
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
        let mut known: BTreeMap<FindingKey, Vec<Finding>> = BTreeMap::new();
        for finding in old.into_iter().filter(|finding| finding.object.is_some()) {
            known.entry(finding.key()).or_default().push(finding);
        }
        for finding in findings {
            let old = known.get(&finding.key());
            finding.inherited = old.is_some_and(|old| !is_touched(finding, old, matter.changes));
        }
        Ok(())
    }
}
