//! The name of a unit within its environment.
//! Knows nothing of what a unit holds.

use std::fmt;

use super::Error;

/// Environment and unit, both fit to be a path segment.
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
        for name in [&environment, &unit] {
            if !is_segment(name) {
                return Err(Error::UnitName { name: name.clone() });
            }
        }
        Ok(Self { environment, unit })
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
            return self.to_string();
        }
        self.environment.clone()
    }

    /// Whether this is the unit of the gate's own files.
    #[must_use]
    pub fn is_gate(&self) -> bool {
        self.unit == "gate"
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

#[cfg(test)]
mod tests {
    use super::*;

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
