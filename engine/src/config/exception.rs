//! Exceptions: dated, owned, reasoned permissions for one kind of finding on named objects.
//! Knows no clock; whether one still holds is asked with a zone in hand.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::raw::RawException;
use crate::model::{GroupKind, ObjectRef};

/// A permission for one kind of finding on named objects.
#[derive(Clone, Debug)]
pub struct Exception {
    /// Unique in the file.
    pub id: String,
    /// The code of the finding.
    pub code: String,
    /// The objects.
    pub selector: ExceptionSelector,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// The last day on which it holds.
    pub until: Date,
    /// Where it stands in the configuration: `/exceptions/0`.
    pub pointer: String,
}

/// The objects that an exception is for; at least one of kind, namespace and name is given.
#[derive(Clone, Debug)]
pub struct ExceptionSelector {
    /// The kind; without a group, of any API group.
    pub kind: Option<GroupKind>,
    /// The namespace.
    pub namespace: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// The environment; all of them when absent.
    pub environment: Option<String>,
    /// The unit; all of them when absent.
    pub unit: Option<String>,
}

impl Exception {
    /// The instant at which it ends: 24:00 of its last day in the zone of the environment.
    ///
    /// # Errors
    /// The instant lies beyond what a timestamp can say.
    pub fn ends(&self, zone: &TimeZone) -> Result<Timestamp, jiff::Error> {
        let next = self.until.tomorrow()?;
        Ok(next.to_zoned(zone.clone())?.timestamp())
    }

    pub(super) fn build(raw: RawException, index: usize) -> Result<Self, String> {
        Ok(Self {
            id: raw.id,
            code: raw.code,
            selector: ExceptionSelector {
                kind: raw.selector.kind.as_deref().map(GroupKind::parse),
                namespace: raw.selector.namespace,
                name: raw.selector.name,
                environment: raw.selector.environment,
                unit: raw.selector.unit,
            },
            owner: raw.owner,
            reason: raw.reason,
            until: parse_date(&raw.until).ok_or("invalid date")?,
            pointer: format!("/exceptions/{index}"),
        })
    }
}

impl ExceptionSelector {
    /// Whether a finding on `object` in this environment and unit is meant.
    #[must_use]
    pub fn matches(&self, object: &ObjectRef, environment: &str, unit: &str) -> bool {
        let is = |wanted: &Option<String>, found: Option<&str>| {
            wanted.is_none() || wanted.as_deref() == found
        };
        let kind = self.kind.as_ref().is_none_or(|wanted| {
            wanted.kind == object.kind
                && (wanted.group.is_empty() || wanted.group == object.group())
        });
        kind && is(&self.namespace, object.namespace.as_deref())
            && is(&self.name, Some(&object.name))
            && is(&self.environment, Some(environment))
            && is(&self.unit, Some(unit))
    }
}

/// Reads `2026-12-05` and nothing else that a date library would take. The last year of the calendar
/// is none: no day follows it.
pub(super) fn parse_date(text: &str) -> Option<Date> {
    let date: Date = text.parse().ok()?;
    (date.to_string() == text && (1..9999).contains(&date.year())).then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exception(until: &str) -> Exception {
        Exception {
            id: "EXC-1".into(),
            code: "resources.missing-memory-limit".into(),
            selector: ExceptionSelector {
                kind: Some(GroupKind::parse("Deployment")),
                namespace: Some("shop".into()),
                name: None,
                environment: Some("prod".into()),
                unit: None,
            },
            owner: "platform@acme.example".into(),
            reason: "load test".into(),
            until: parse_date(until).unwrap(),
            pointer: "/exceptions/0".into(),
        }
    }

    #[test]
    fn it_ends_at_midnight_after_its_last_day_in_the_zone_of_the_environment() {
        let zone = crate::calendar::Zone::parse("Europe/Berlin").unwrap();
        let ends = |until| exception(until).ends(zone.rules()).unwrap().to_string();
        assert_eq!(ends("2026-12-05"), "2026-12-05T23:00:00Z");
        assert_eq!(ends("2026-07-05"), "2026-07-05T22:00:00Z");
    }

    #[test]
    fn everything_that_is_named_must_match() {
        let selector = exception("2026-12-05").selector;
        let mut object = ObjectRef {
            api_version: "apps/v1".into(),
            kind: "Deployment".into(),
            namespace: Some("shop".into()),
            name: "odoo".into(),
        };
        assert!(selector.matches(&object, "prod", "odoo"));
        assert!(!selector.matches(&object, "staging", "odoo"));
        object.namespace = None;
        assert!(!selector.matches(&object, "prod", "odoo"));
    }

    #[test]
    fn only_a_whole_date_is_a_date() {
        for wrong in [
            "2026-13-01",
            "2026-02-30",
            "20261205",
            "2026-12-05T00:00",
            "5 Dec 2026",
            "9999-12-31",
            "",
        ] {
            assert!(parse_date(wrong).is_none(), "{wrong}");
        }
    }
}
