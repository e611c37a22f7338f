//! Whether there is a state to go back to: one that was accepted and holds anything.
//! Knows no chain and no store; what they say is handed in.

use serde::Serialize;

/// The state of a unit that one would go back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// The height of its link.
    pub height: u64,
    /// Whether nothing of the unit was there.
    pub is_empty: bool,
}

/// That state, `None` where there is none; or why that is not known.
pub type Answer = Result<Option<Earlier>, String>;

/// Whether there is a state to go back to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Target {
    /// Whether there is.
    pub good: bool,
    /// The same for people.
    pub text: String,
}

impl Target {
    /// What an answer means.
    pub(super) fn of(answer: &Answer) -> Self {
        let lacking = |text: String| Self { good: false, text };
        match answer {
            Ok(Some(earlier)) if !earlier.is_empty => Self {
                good: true,
                text: format!("link {} names it", earlier.height),
            },
            Ok(Some(earlier)) => lacking(format!(
                "the state before, that of link {}, holds nothing of the unit",
                earlier.height
            )),
            Ok(None) => lacking("no state of the unit that was accepted still stands".to_owned()),
            Err(why) => lacking(format!("which one that would be is not known: {why}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_goes_back_to_what_was_accepted_and_holds_anything() {
        let earlier = |is_empty| {
            let height = 3;
            Ok(Some(Earlier { height, is_empty }))
        };
        for (answer, good, said) in [
            (earlier(false), true, "link 3"),
            (earlier(true), false, "link 3, holds nothing"),
            (Ok(None), false, "no state"),
            (Err("no store".to_owned()), false, "not known: no store"),
        ] {
            let target = Target::of(&answer);
            assert_eq!(target.good, good, "{target:?}");
            assert!(target.text.contains(said), "{target:?}");
        }
    }
}
