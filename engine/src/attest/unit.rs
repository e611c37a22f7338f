//! The name of a unit within its environment.
//! Knows nothing of what a unit holds.

use std::fmt;

use super::Error;
use crate::model::{branch_of_segment, branch_segment};

/// Environment and unit, both fit to be a path segment. The unit `gate` has for its environment a
/// branch, [written](branch_segment) so that no two share a name; `main` stays `main`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnitId {
    environment: String,
    unit: String,
}

impl UnitId {
    /// Takes two names.
    ///
    /// # Errors
    /// A name that is no single, plain path segment.
    pub fn new(environment: impl Into<String>, unit: impl Into<String>) -> Result<Self, Error> {
        let (environment, unit) = (environment.into(), unit.into());
        let of_gate = unit == GATE && branch_of_segment(&environment).is_some();
        let name = match () {
            () if !of_gate && !is_segment(&environment) => environment,
            () if !is_segment(&unit) => unit,
            () => return Ok(Self { environment, unit }),
        };
        Err(Error::UnitName { name })
    }

    /// The unit `gate` of a branch.
    ///
    /// # Errors
    /// The branch has no name, or one that is too long to be written.
    pub fn gate(branch: &str) -> Result<Self, Error> {
        match branch_segment(branch) {
            Some(environment) => Self::new(environment, GATE),
            None => Err(Error::UnitName {
                name: branch.to_owned(),
            }),
        }
    }

    /// The environment.
    #[must_use]
    pub fn environment(&self) -> &str {
        &self.environment
    }

    /// The unit.
    #[must_use]
    pub fn unit(&self) -> &str {
        &self.unit
    }

    /// What the list of environments of a trusted key must name for this unit: its environment, and
    /// for the unit `gate` of a branch `<branch>/gate`, which no environment can be called.
    #[must_use]
    pub fn scope(&self) -> String {
        if self.is_gate() {
            let branch = branch_of_segment(&self.environment);
            return format!("{}/{GATE}", branch.as_ref().unwrap_or(&self.environment));
        }
        self.environment.clone()
    }

    /// Whether this is the unit of the gate's own files.
    #[must_use]
    pub fn is_gate(&self) -> bool {
        self.unit == GATE
    }
}

/// `prod-eu/odoo`
impl fmt::Display for UnitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.environment, self.unit)
    }
}

fn is_segment(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}

const GATE: &str = "gate";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_branch_has_a_gate_of_its_own() {
        let branches = [
            "main",
            "release/1",
            "release.1",
            "release-1",
            "release%2F1",
            "feature#1",
            "ümlaut",
            "a+b",
            "_x",
            "@x",
            "%",
            "%25",
            "a/b.c",
            "a.b/c",
        ];
        let mut seen = std::collections::BTreeSet::new();
        for branch in branches {
            let id = UnitId::gate(branch).unwrap();
            assert_eq!(id.scope(), format!("{branch}/gate"));
            assert_eq!(UnitId::new(id.environment(), "gate").unwrap(), id);
            assert!(!id.environment().contains('/'), "{id}");
            assert!(seen.insert(id), "{branch}");
        }
        assert_eq!(UnitId::gate("main").unwrap().to_string(), "main/gate");
        assert_eq!(
            UnitId::gate("release/1").unwrap().to_string(),
            "release%2F1/gate"
        );
        assert!(UnitId::gate("").is_err());
        assert!(
            UnitId::gate(&"ü".repeat(64)).is_err(),
            "no file is called so"
        );
    }

    #[test]
    fn a_branch_is_written_in_one_way_and_only_for_the_gate() {
        for other in ["%6Dain", "release%2f1", "a%", "a%2", "a%zz", "%FF", "_x"] {
            assert!(UnitId::new(other, "gate").is_err(), "{other}");
        }
        assert!(UnitId::new("release%2F1", "odoo").is_err());
        assert!(UnitId::new("prod", "a%2Fb").is_err());
    }

    #[test]
    fn a_key_for_an_environment_is_no_key_for_the_gate_of_a_branch_of_that_name() {
        let scope = |unit| UnitId::new("main", unit).unwrap().scope();
        assert_eq!(scope("odoo"), "main");
        assert_eq!(scope("gate"), "main/gate");
    }

    #[test]
    fn a_name_never_leaves_its_folder() {
        assert_eq!(
            UnitId::new("prod-eu", "odoo").unwrap().to_string(),
            "prod-eu/odoo"
        );
        for bad in ["", ".", "..", "a/b", "a\\b", ".hidden", "-x", "a\0", "ü"] {
            assert!(UnitId::new("prod", bad).is_err(), "{bad}");
            assert!(UnitId::new(bad, "odoo").is_err(), "{bad}");
        }
    }
}
