//! Whom a window concerns: environments, tenants, components, kinds, tiers, and what it lets through.
//! Knows no time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::{GroupKind, KindPattern, RiskTier};

/// Where a window holds. All given parts must fit; `None` fits all.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scope {
    /// Names of environments, in which `*` stands for anything.
    pub environments: Option<BTreeSet<String>>,
    /// Tenants, one of which is enough.
    pub tenants: Option<BTreeSet<String>>,
    /// Brands, one of which is enough.
    pub brands: Option<BTreeSet<String>>,
    /// Clusters.
    pub clusters: Option<BTreeSet<String>>,
    /// Regions.
    pub regions: Option<BTreeSet<String>>,
    /// Components, one of which is enough.
    pub components: Option<BTreeSet<String>>,
    /// Kinds.
    pub kinds: Option<Vec<KindPattern>>,
    /// Labels, all of which are needed.
    pub labels: BTreeMap<String, String>,
}

/// What a window holds of what is in its scope. All given parts must fit; `None` fits all.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Blocks {
    /// Changes of this tier and above.
    pub tiers_at_or_above: Option<RiskTier>,
    /// Changes of these components.
    pub components: Option<BTreeSet<String>>,
}

/// What passes all the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Allow {
    /// Changes up to this tier.
    Tier(RiskTier),
    /// The way back to a state that was accepted before.
    Rollback,
    /// An override in an emergency.
    Emergency,
    /// A change with evidence of this kind.
    Evidence(String),
}

/// What is asked about: one change, or all on the way to what is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The name of the environment.
    pub environment: &'a str,
    /// The cluster, where the configuration says.
    pub cluster: Option<&'a str>,
    /// The region, where the configuration says.
    pub region: Option<&'a str>,
    /// The tenants it reaches; none where nobody says, which is taken for all.
    pub tenants: &'a BTreeSet<String>,
    /// The brands it reaches; none where nobody says, which is taken for all.
    pub brands: &'a BTreeSet<String>,
    /// The components it belongs to.
    pub components: &'a BTreeSet<String>,
    /// Its kind; `None` for more than one object, which is taken for all kinds.
    pub kind: Option<&'a GroupKind>,
    /// Its labels; `None` for more than one object, which is taken for all labels.
    pub labels: Option<&'a BTreeMap<String, String>>,
    /// Its risk tier.
    pub tier: RiskTier,
    /// Whether it goes back to a state that was accepted before.
    pub rollback: bool,
}

impl Scope {
    /// Whether `subject` is in it. What is not known of the subject fits: a freeze may not fail to hold
    /// because nobody said where something runs.
    #[must_use]
    pub fn matches(&self, subject: &Subject<'_>) -> bool {
        let named = |wanted: &Option<BTreeSet<String>>, found: Option<&str>| {
            let (Some(wanted), Some(found)) = (wanted, found) else {
                return true;
            };
            wanted.contains(found)
        };
        let reached = |wanted: &Option<BTreeSet<String>>, found: &BTreeSet<String>| {
            found.is_empty() || meet(wanted.as_ref(), found)
        };
        let labels = |labels: &BTreeMap<String, String>| {
            let mut wanted = self.labels.iter();
            wanted.all(|(key, value)| labels.get(key) == Some(value))
        };
        let environments = self.environments.as_ref();
        let kinds = self.kinds.as_ref().zip(subject.kind);
        environments.is_none_or(|all| all.iter().any(|one| fits(one, subject.environment)))
            && named(&self.clusters, subject.cluster)
            && named(&self.regions, subject.region)
            && reached(&self.tenants, subject.tenants)
            && reached(&self.brands, subject.brands)
            && meet(self.components.as_ref(), subject.components)
            && kinds.is_none_or(|(all, kind)| all.iter().any(|one| one.matches(kind)))
            && subject.labels.is_none_or(labels)
    }
}

impl Blocks {
    /// Whether `subject` is held, if it is in the scope.
    #[must_use]
    pub fn matches(&self, subject: &Subject<'_>) -> bool {
        self.tiers_at_or_above
            .is_none_or(|tier| subject.tier >= tier)
            && meet(self.components.as_ref(), subject.components)
    }
}

impl Allow {
    /// Reads `low`, `rollback`, `emergency`, `evidence:KIND`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "rollback" => Some(Self::Rollback),
            "emergency" => Some(Self::Emergency),
            _ => match text.strip_prefix("evidence:") {
                Some(kind) => (!kind.is_empty()).then(|| Self::Evidence(kind.to_owned())),
                None => RiskTier::parse(text).map(Self::Tier),
            },
        }
    }

    /// Whether it lets `subject` through by what is known of it alone. Evidence and overrides are not.
    #[must_use]
    pub fn lets(&self, subject: &Subject<'_>) -> bool {
        match self {
            Self::Tier(tier) => subject.tier <= *tier,
            Self::Rollback => subject.rollback,
            Self::Emergency | Self::Evidence(_) => false,
        }
    }
}

impl fmt::Display for Allow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tier(tier) => f.write_str(tier.as_str()),
            Self::Rollback => f.write_str("rollback"),
            Self::Emergency => f.write_str("emergency"),
            Self::Evidence(kind) => write!(f, "evidence:{kind}"),
        }
    }
}

impl Serialize for Allow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Allow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("nothing that may pass"))
    }
}

fn meet(wanted: Option<&BTreeSet<String>>, found: &BTreeSet<String>) -> bool {
    wanted.is_none_or(|wanted| !wanted.is_disjoint(found))
}

/// Whether `name` fits `pattern`, in which each `*` stands for anything.
pub(crate) fn fits(pattern: &str, name: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(rest) = name.strip_prefix(before) else {
        return false;
    };
    let mut tails = rest.char_indices().map(|(at, _)| rest.get(at..));
    let whole = rest.len();
    tails
        .by_ref()
        .chain([rest.get(whole..)])
        .flatten()
        .any(|tail| fits(after, tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, name, expected) in [
            ("prod", "prod", true),
            ("prod", "prod-eu", false),
            ("prod*", "prod-eu", true),
            ("prod*", "prod", true),
            ("*-eu", "prod-eu", true),
            ("*-eu", "prod-us", false),
            ("p*d-*", "prod-us", true),
            ("*", "anything", true),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn what_passes_has_one_spelling() {
        for known in [
            "low",
            "critical",
            "rollback",
            "emergency",
            "evidence:backup",
        ] {
            assert_eq!(Allow::parse(known).unwrap().to_string(), known);
        }
        for unknown in ["", "Low", "evidence:", "all", "evidence"] {
            assert_eq!(Allow::parse(unknown), None, "{unknown}");
        }
    }
}
