//! Windows that hold nothing, or less than they seem to: for places that do not have their calendar, for names that
//! nothing has, for changes that they let through themselves.
//! Knows no time.

use std::collections::BTreeSet;

use super::{Allow, Calendar, Kind, Lint, Place, Window, fits};
use crate::model::{KINDS, KindPattern, RiskTier, did_you_mean};

/// An environment that has a calendar.
#[derive(Clone, Copy, Debug)]
pub struct Whose<'a> {
    /// Where its changes go.
    pub place: Place<'a>,
    /// The tenants that it says; none where it says none.
    pub tenants: &'a [String],
}

/// The windows of `calendar` that hold nothing, or hardly what is meant, for the environments that have it. `tenants`
/// are those of all environments.
#[must_use]
pub fn reach(calendar: &Calendar, whose: &[Whose<'_>], tenants: &BTreeSet<&str>) -> Vec<Lint> {
    let mut found = Vec::new();
    for window in &calendar.windows {
        let one = One { calendar, window };
        found.extend(one.places(whose));
        found.extend(one.allowed());
        found.extend(one.components());
        found.extend(one.spelling(tenants));
    }
    found
}

struct One<'a> {
    calendar: &'a Calendar,
    window: &'a Window,
}

impl One<'_> {
    fn lint(&self, code: &'static str, message: String, help: &'static str) -> Lint {
        Lint {
            code,
            calendar: self.calendar.name.clone(),
            window: Some(self.window.id.clone()),
            message,
            help,
            place: self.window.place.clone(),
        }
    }

    /// Whether an environment that has the calendar lies in the scope.
    fn places(&self, whose: &[Whose<'_>]) -> Option<Lint> {
        let Window { id, scope, .. } = self.window;
        let named = |wanted: &Option<BTreeSet<String>>, found: Option<&str>| {
            let both = wanted.as_ref().zip(found);
            both.is_none_or(|(wanted, found)| wanted.contains(found))
        };
        let mut within = whose.iter().filter(|one| {
            let name = |pattern: &String| fits(pattern, one.place.environment);
            let environments = scope.environments.as_ref();
            environments.is_none_or(|all| all.iter().any(name))
                && named(&scope.clusters, one.place.cluster)
                && named(&scope.regions, one.place.region)
        });
        if within.clone().next().is_none() {
            let message = format!(
                "`{id}` holds nothing: no environment that has the calendar is in its `scope`"
            );
            let help = "name the calendar under the environments that are meant, or mend the scope";
            return Some(self.lint("calendar.holds-nothing", message, help));
        }
        let wanted = scope.tenants.as_ref()?;
        let has = |one: &Whose<'_>| {
            one.tenants.is_empty() || one.tenants.iter().any(|tenant| wanted.contains(tenant))
        };
        if within.any(has) {
            return None;
        }
        let message = format!(
            "`{id}` is for tenants that no environment has which has the calendar and is in its `scope`"
        );
        let help = "only objects with a label of such a tenant are held: see whether that is meant";
        Some(self.lint("calendar.unlikely", message, help))
    }

    /// Whether something is left of what it blocks.
    fn allowed(&self) -> Option<Lint> {
        let Window {
            id, allow, blocks, ..
        } = self.window;
        let tiers = allow.iter().filter_map(|allow| match allow {
            Allow::Tier(tier) => Some(*tier),
            _ => None,
        });
        let passes = tiers.max().filter(|_| self.window.kind != Kind::Quiet)?;
        if passes == RiskTier::Critical {
            let message = format!("`{id}` holds nothing: it lets changes up to `critical` through");
            let help = "allow less, or make it a window of the kind `quiet`, which only warns";
            return Some(self.lint("calendar.holds-nothing", message, help));
        }
        let least = blocks.tiers_at_or_above.filter(|least| *least <= passes)?;
        let message = format!(
            "`{id}` blocks changes of tier {least} and above, and lets those up to {passes} through"
        );
        let help = "say one of the two: the tiers between are not held";
        Some(self.lint("calendar.unlikely", message, help))
    }

    /// Whether a change can be of what it is for and of what it blocks.
    fn components(&self) -> Option<Lint> {
        let Window {
            id, scope, blocks, ..
        } = self.window;
        let (one, other) = scope.components.as_ref().zip(blocks.components.as_ref())?;
        let message = format!(
            "`{id}` is for other components in `scope` than in `blocks`: only what is of both is held"
        );
        let help = "name components in one of the two";
        one.is_disjoint(other)
            .then(|| self.lint("calendar.unlikely", message, help))
    }

    /// Brands and kinds that look like others which are known: any label may name a brand, and any group have kinds.
    fn spelling(&self, tenants: &BTreeSet<&str>) -> Vec<Lint> {
        let Window { id, scope, .. } = self.window;
        let brands = scope.brands.iter().flatten().map(String::as_str);
        let brands = brands.filter(|brand| !tenants.contains(brand));
        let brands = brands.filter_map(|brand| {
            let near = did_you_mean(brand, tenants.iter().copied())?;
            Some(("brand", brand, near))
        });
        let kinds = scope.kinds.iter().flatten().filter_map(|kind| match kind {
            KindPattern::Kind(kind) => Some(kind.as_str()),
            KindPattern::Exact(kind) => Some(kind.kind.as_str()),
            KindPattern::Group(_) | KindPattern::Below(_) => None,
        });
        let kinds = kinds.filter(|kind| !KINDS.contains(kind));
        let kinds = kinds.filter_map(|kind| Some(("kind", kind, did_you_mean(kind, KINDS)?)));
        let help = "a window for nothing holds nothing; leave it where another one is meant";
        let told = brands.chain(kinds).map(|(what, name, near)| {
            let message = format!("`{id}` is for {what} `{name}`: did you mean `{near}`?");
            self.lint("calendar.unlikely", message, help)
        });
        told.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Native, Scope, When, Zone};
    use super::*;

    fn told(change: impl FnOnce(&mut Window)) -> Vec<String> {
        let native = Native::once("2026-11-20T00:00".parse().unwrap(), None);
        let mut window = Window::new("w", Kind::Freeze, Zone::utc(), When::Native(native));
        change(&mut window);
        let calendar = Calendar {
            name: "c".to_owned(),
            windows: vec![window],
        };
        let tenants = ["brand-a".to_owned()];
        let place = |environment, region| Place {
            environment,
            cluster: None,
            region,
        };
        let whose = [
            (place("prod-a", Some("eu")), &tenants[..]),
            (place("prod-b", None), &tenants),
        ];
        let whose = whose.map(|(place, tenants)| Whose { place, tenants });
        let found = reach(&calendar, &whose, &BTreeSet::from(["brand-a", "brand-b"]));
        found
            .iter()
            .map(|lint| format!("{} {}", lint.code, lint.message))
            .collect()
    }

    fn set(names: &[&str]) -> Option<BTreeSet<String>> {
        Some(names.iter().map(|name| (*name).to_owned()).collect())
    }

    fn assert_told(change: impl FnOnce(&mut Window), expected: &str) {
        let told = told(change);
        assert_eq!(told.len(), 1, "{expected}: {told:?}");
        assert!(told[0].contains(expected), "{expected}: {told:?}");
    }

    #[test]
    fn windows_that_hold_nothing_are_told() {
        let nothing = "calendar.holds-nothing `w` holds nothing: ";
        assert_told(|w| w.scope.environments = set(&["stage*"]), nothing);
        assert_told(
            |w| {
                w.scope = Scope {
                    environments: set(&["prod-a"]),
                    regions: set(&["us"]),
                    ..Scope::default()
                }
            },
            nothing,
        );
        assert_told(|w| w.allow = vec![Allow::Tier(RiskTier::Critical)], nothing);
        assert_told(
            |w| w.scope.tenants = set(&["brand-b"]),
            "for tenants that no",
        );
        assert_told(
            |w| w.scope.brands = set(&["braand-a"]),
            "did you mean `brand-a`?",
        );
        assert_told(
            |w| w.scope.kinds = Some(vec![KindPattern::parse("Deploymnet")]),
            "did you mean `Deployment`?",
        );
        assert_told(
            |w| {
                w.scope.components = set(&["payments"]);
                w.blocks.components = set(&["pricing"]);
            },
            "only what is of both",
        );
        assert_told(
            |w| {
                w.blocks.tiers_at_or_above = Some(RiskTier::Medium);
                w.allow = vec![Allow::Tier(RiskTier::High)];
            },
            "blocks changes of tier medium and above, and lets those up to high through",
        );
    }

    #[test]
    fn windows_that_hold_something_are_not() {
        for change in [
            (|w| w.scope.environments = set(&["prod*"])) as fn(&mut Window),
            |w| w.scope.regions = set(&["us"]),
            |w| w.scope.clusters = set(&["any"]),
            |w| w.scope.tenants = set(&["brand-a", "brand-b"]),
            |w| w.scope.brands = set(&["brand-b", "a-label-of-its-own"]),
            |w| {
                w.scope.kinds = Some(vec![
                    KindPattern::parse("Ingress"),
                    KindPattern::parse("*.x.io/*"),
                ]);
            },
            |w| w.scope.components = set(&["payments"]),
            |w| w.allow = vec![Allow::Tier(RiskTier::High), Allow::Rollback],
            |w| {
                w.blocks.tiers_at_or_above = Some(RiskTier::High);
                w.allow = vec![Allow::Tier(RiskTier::Medium)];
            },
            |w| {
                w.kind = Kind::Quiet;
                w.allow = vec![Allow::Tier(RiskTier::Critical)];
            },
        ] {
            assert_eq!(told(change), [""; 0]);
        }
    }
}
