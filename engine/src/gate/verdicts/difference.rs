//! What one verdict says otherwise than another, field by field.
//! Knows nothing of what the fields mean.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::attest::Verdict;
use crate::model::step_of;

/// A field of which two verdicts say two things. Of lists, what only one of them holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The place in the verdict, RFC 6901.
    pub pointer: String,
    /// What the first says; nothing where it is silent.
    pub first: Option<Value>,
    /// What the second says; nothing where it is silent.
    pub second: Option<Value>,
}

/// Compares two verdicts.
#[must_use]
pub fn difference(first: &Verdict, second: &Verdict) -> Vec<Difference> {
    let value = |verdict: &Verdict| serde_json::to_value(verdict).unwrap_or_default();
    let mut differences = Vec::new();
    compare("", &value(first), &value(second), &mut differences);
    differences
}

fn compare(pointer: &str, first: &Value, second: &Value, differences: &mut Vec<Difference>) {
    match (first, second) {
        (first, second) if first == second => {}
        (Value::Object(a), Value::Object(b)) => {
            let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for name in names {
                let below = format!("{pointer}/{}", step_of(name));
                match (a.get(name), b.get(name)) {
                    (Some(a), Some(b)) => compare(&below, a, b, differences),
                    (a, b) => differences.push(Difference {
                        pointer: below,
                        first: a.cloned(),
                        second: b.cloned(),
                    }),
                }
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            let before = differences.len();
            let pointer_of = || pointer.to_owned();
            differences.extend(only(a, b).map(|value| Difference {
                pointer: pointer_of(),
                first: Some(value),
                second: None,
            }));
            differences.extend(only(b, a).map(|value| Difference {
                pointer: pointer_of(),
                first: None,
                second: Some(value),
            }));
            // The same members in another order, or more than once.
            if differences.len() == before {
                differences.push(Difference::of_both(pointer, first, second));
            }
        }
        (first, second) => differences.push(Difference::of_both(pointer, first, second)),
    }
}

/// The members of the one list that the other lacks.
fn only(these: &[Value], those: &[Value]) -> impl Iterator<Item = Value> {
    let missing = these.iter().filter(|value| !those.contains(value));
    missing.cloned()
}

impl Difference {
    fn of_both(pointer: &str, first: &Value, second: &Value) -> Self {
        Self {
            pointer: pointer.to_owned(),
            first: Some(first.clone()),
            second: Some(second.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attest::sample;
    use crate::model::RiskTier;

    #[test]
    fn what_differs_is_told_by_field_and_of_lists_by_what_only_one_holds() {
        let first = sample::baseline(sample::state(1));
        assert_eq!(difference(&first, &first), []);
        let second = Verdict {
            risk_tier: RiskTier::Low,
            selector: vec!["apps/**".into(), "base/**".into()],
            tzdb: "2026b".into(),
            rollback_to: Some(crate::model::Digest::of(b"x")),
            ..first.clone()
        };
        let told: Vec<(String, bool, bool)> = difference(&first, &second)
            .into_iter()
            .map(|it| (it.pointer, it.first.is_some(), it.second.is_some()))
            .collect();
        let expected = [
            ("/riskTier", true, true),
            ("/rollbackTo", false, true),
            ("/selector", false, true),
            ("/tzdb", true, true),
        ];
        let expected = expected.map(|(name, a, b)| (name.to_owned(), a, b));
        assert_eq!(told, expected);
        let back = difference(&second, &first);
        assert_eq!(back.len(), told.len());
        assert_eq!(back[1].second, None);
    }
}
