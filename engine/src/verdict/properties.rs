//! What holds for whatever findings and exceptions.
//! Knows no policy.

use std::collections::BTreeSet;

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use super::tests::{exception, finding, now, permit};
use super::*;

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

fn names(most: usize) -> impl Strategy<Value = BTreeSet<&'static str>> {
    btree_set(prop::sample::select(&NAMES[..]), 0..most)
}

/// Decides about objects of these names, under exceptions for those.
fn decided(findings: &[&str], excepted: &BTreeSet<&str>) -> Decision {
    let exceptions: Vec<Exception> = excepted.iter().map(|name| exception(name)).collect();
    let permits = exceptions.iter();
    let permits: Vec<Permit<'_>> = permits
        .map(|exception| permit(exception, "2026-12-01T00:00:00Z"))
        .collect();
    let findings = findings.iter().map(|name| finding(name)).collect();
    decide(findings, &permits, now(), Unused::Ignore)
}

fn permitted(decision: &Decision) -> BTreeSet<String> {
    let findings = decision.findings.iter();
    let permitted = findings.filter(|finding| finding.excepted_by.is_some());
    permitted
        .filter_map(|finding| Some(finding.object.as_ref()?.name.clone()))
        .collect()
}

proptest! {
    #[test]
    fn exceptions_together_permit_what_each_permits_and_nothing_more(
        found in names(6), one in names(4), other in names(4),
    ) {
        let findings: Vec<&str> = found.iter().copied().collect();
        let both = &one | &other;
        let decision = decided(&findings, &both);
        let each = [&one, &other].map(|excepted| permitted(&decided(&findings, excepted)));
        prop_assert_eq!(permitted(&decision), &each[0] | &each[1]);
        let open = found.difference(&both).count();
        prop_assert_eq!(decision.outcome == Outcome::Pass, open == 0);
        prop_assert_eq!(decision.findings.len(), findings.len());
    }

    #[test]
    fn the_order_of_findings_decides_nothing(
        (sorted, shuffled) in vec(prop::sample::select(&NAMES[..]), 0..8)
            .prop_flat_map(|names| (Just(names.clone()), Just(names).prop_shuffle())),
        excepted in names(4),
    ) {
        let [sorted, shuffled] = [sorted, shuffled].map(|names| decided(&names, &excepted));
        prop_assert_eq!(sorted.findings, shuffled.findings);
        prop_assert_eq!((sorted.outcome, sorted.until), (shuffled.outcome, shuffled.until));
    }
}
