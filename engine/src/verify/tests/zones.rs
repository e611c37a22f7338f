//! A verdict that was judged by other rules of the time zones: the calendar is asked again, and both rules are named.

use std::collections::BTreeSet;

use super::shop::{Shop, id};
use crate::attest::Verdict;
use crate::calendar::{Class, Place, digest, tzdb_version};
use crate::config::Config;
use crate::model::{Enforcement, GitId, RiskTier};
use crate::verify::{AdmitError, Expectation, ExpectedRepository, Timetable, verify};

const CONFIG: &str = "
environments: [{name: prod, paths: ['**'], calendars: [retail]}]
calendars:
  retail:
    timezone: Europe/Berlin
    windows:
      - {id: black-week, kind: freeze, from: '2026-11-20T00:00', to: '2026-11-20T20:00'}
";
const OTHER: &str = "2020a";

/// A link over `running`, judged by these rules, in a freeze that it says nothing of.
fn judged_by(tzdb: &str) -> (Shop, GitId) {
    let config = Config::parse(&"tidegate.yaml".into(), CONFIG.as_bytes()).unwrap();
    let mut shop = Shop::new();
    shop.calendars = config.calendars.values().cloned().collect();
    shop.commit(&[("apps/odoo", 1)]);
    shop.sign(RiskTier::Low);
    let wanted = shop.commit(&[("apps/odoo", 2)]);
    let calendars: Vec<_> = shop.calendars.iter().collect();
    shop.publish(&Verdict {
        tzdb: tzdb.to_owned(),
        calendar_digest: digest(&calendars),
        classes: Some(BTreeSet::from([Class::unknown(RiskTier::Low, &calendars)])),
        ..shop.draft()
    });
    (shop, wanted)
}

/// What a refusal found; nothing where there is none.
fn found<T>(answer: Result<T, AdmitError>) -> Vec<String> {
    match answer {
        Ok(_) => Vec::new(),
        Err(AdmitError::Refused { refusals, .. }) => {
            let told = |refusal: &crate::verify::Refusal| {
                format!("{}: {}", refusal.reason.as_str(), refusal.found)
            };
            refusals.iter().map(told).collect()
        }
        Err(AdmitError::Error(error)) => panic!("{error}"),
    }
}

#[test]
fn admission_asks_by_its_own_rules_and_names_both() {
    let (shop, wanted) = judged_by(OTHER);
    let own = tzdb_version();
    let told = found(shop.admit(wanted, Some(id(0))));
    let both = format!("; judged by tzdb {OTHER}, asked with {own}");
    assert!(
        told.len() == 1 && told[0].starts_with("frozen: ") && told[0].ends_with(&both),
        "{told:?}"
    );
    // Where nothing is held, other rules refuse nothing.
    let after = "2026-11-20T22:00:00Z".parse().unwrap();
    let answer = shop.admit_at(after, &shop.chain(), (wanted, Some(id(0))));
    assert_eq!(found(answer), [""; 0]);
    let (shop, wanted) = judged_by(own);
    let told = found(shop.admit(wanted, Some(id(0))));
    assert!(told.len() == 1 && !told[0].contains("tzdb"), "{told:?}");
}

#[test]
fn a_single_verdict_is_asked_about_again_only_where_the_rules_differ() {
    for (tzdb, asked) in [(OTHER, true), (tzdb_version(), false)] {
        let (shop, wanted) = judged_by(tzdb);
        let timetable = Timetable {
            calendars: shop.calendars.iter().collect(),
            place: Place {
                environment: "prod",
                cluster: None,
                region: None,
            },
        };
        let expectation = Expectation {
            trust: &shop.trust,
            unit: &shop.unit,
            repository: ExpectedRepository::Any,
            revision: wanted,
            enforcement: Enforcement::Enforce,
            chain: None,
            timetable: Some(&timetable),
            now: shop.now,
        };
        let envelope = shop.store.files.borrow()["links/prod/odoo/1.json"].clone();
        let told = found(verify(&envelope, &expectation, &shop.repository));
        assert_eq!(told.len(), usize::from(asked), "{tzdb}: {told:?}");
        assert_eq!(
            told.iter().any(|told| told.contains(OTHER)),
            asked,
            "{told:?}"
        );
    }
}
