//! Dated permissions for single findings.

use tidegate::model::{Effect, Exit};

use super::*;

const DENIED: &str = "resources.missing-memory-limit of odoo";

/// One environment and one exception for `odoo`, until that day.
fn config(until: &str, more: &str) -> String {
    format!(
        "environments:
  - name: prod
    timezone: Europe/Berlin
    paths: [\"prod/**\"]
  - name: dev
    paths: [\"dev/**\"]
exceptions:
  - id: EXC-1
    code: resources.missing-memory-limit
    match: {{name: odoo{more}}}
    owner: shop team
    reason: measured next week
    until: \"{until}\"
"
    )
}

fn without_limit(config: &str, at_instant: &str) -> RunReport {
    let (repo, base) = shop(config);
    repo.write("prod/odoo.yaml", deployment("odoo", ""))
        .commit("no limit");
    let request = Request {
        now: at(at_instant),
        ..request(&format!("{base}..HEAD"))
    };
    check_with(&repo, &request).unwrap()
}

#[test]
fn an_exception_permits_its_finding_and_bounds_the_verdict() {
    let report = without_limit(&config("2026-11-30", ""), NOW);
    assert_eq!(report.exit, Exit::Pass);
    let unit = unit(&report, "prod", "prod");
    assert_eq!(unit.findings[0].excepted_by.as_deref(), Some("EXC-1"));
    // Midnight in Berlin, an hour ahead.
    assert_eq!(unit.until, Some(at("2026-11-30T23:00:00Z")));
}

#[test]
fn an_exception_holds_to_the_end_of_its_day_and_no_longer() {
    let config = config("2026-11-20", "");
    assert_eq!(
        without_limit(&config, "2026-11-20T22:59:59Z").exit,
        Exit::Pass
    );
    let report = without_limit(&config, "2026-11-20T23:00:00Z");
    assert_eq!(report.exit, Exit::Denied);
    assert_eq!(
        blocking(&report),
        ["engine.exception-expired of odoo", DENIED]
    );
}

#[test]
fn an_exception_for_another_environment_permits_nothing() {
    let report = without_limit(&config("2026-11-30", ", environment: dev"), NOW);
    assert_eq!(blocking(&report), [DENIED]);
}

#[test]
fn an_exception_for_another_object_permits_nothing() {
    let config = config("2026-11-30", "").replace("name: odoo}", "name: other}");
    assert_eq!(blocking(&without_limit(&config, NOW)), [DENIED]);
}

#[test]
fn two_exceptions_permit_two_findings_and_no_third() {
    let one = config("2026-11-30", "");
    let (_, own) = one.split_once("  - id: EXC-1").unwrap();
    let other = format!("  - id: EXC-2{own}").replace("name: odoo", "name: web");
    let (repo, base) = shop(&format!("{one}{other}"));
    for name in ["odoo", "web", "odoo-web"] {
        repo.write(format!("prod/{name}.yaml"), deployment(name, ""));
    }
    repo.commit("three without a limit");
    let report = check(&repo, base);
    assert_eq!(report.exit, Exit::Denied);
    assert_eq!(
        blocking(&report),
        ["resources.missing-memory-limit of odoo-web"]
    );
}

#[test]
fn an_exception_points_at_its_own_line() {
    let report = without_limit(&config("2026-11-01", ""), NOW);
    let findings = &unit(&report, "prod", "prod").findings;
    let expired = findings
        .iter()
        .find(|finding| finding.policy == "engine")
        .unwrap();
    let place = expired.because.as_ref().unwrap();
    assert_eq!(
        (place.path.to_string().as_str(), place.line),
        ("tidegate.yaml", 8)
    );
}

#[test]
fn an_unused_exception_is_told_when_everything_is_judged() {
    let (repo, base) = shop(&config("2026-11-30", ""));
    repo.write("prod/odoo.yaml", deployment("odoo", "3Gi"))
        .commit("more memory");
    assert_eq!(named(&check(&repo, base), |_| true), [""; 0]);
    let all = check_all(&repo, base);
    let unused = named(&all, |finding| finding.effect == Effect::Warn);
    assert_eq!(unused, ["engine.exception-unused"]);
    assert_eq!(all.exit, Exit::Pass);
}

#[test]
fn an_exception_that_an_old_finding_needs_is_not_unused() {
    let (repo, _) = shop(&config("2026-11-30", ""));
    let base = repo
        .write("prod/odoo.yaml", deployment("odoo", ""))
        .commit("debt");
    repo.write("prod/a.yaml", config_map("a", "1")).commit("a");
    let all = check_all(&repo, base);
    assert_eq!(named(&all, |finding| finding.policy == "engine"), [""; 0]);
    assert_eq!(all.exit, Exit::Pass);
}

#[test]
fn an_exception_in_head_permits_nothing_yet() {
    let (repo, base) = shop(CONFIG);
    let exceptions = config("2026-11-30", "");
    let (_, exceptions) = exceptions.split_once("exceptions:").unwrap();
    repo.write("tidegate.yaml", format!("{CONFIG}exceptions:{exceptions}"))
        .write("prod/odoo.yaml", deployment("odoo", ""));
    repo.commit("permit myself");
    assert_eq!(blocking(&check(&repo, base)), [DENIED]);
}

/// The warnings about exceptions of a range that puts `after` in the place of `before`.
fn long_ones(before: &str, after: &str) -> Vec<String> {
    let (repo, base) = shop(before);
    repo.write("tidegate.yaml", after).commit("exceptions");
    let report = check(&repo, base);
    assert_eq!(errors(&report), []);
    assert!(report.exit != Exit::Denied || !blocking(&report).is_empty());
    let long = report.findings.iter();
    let long = long.filter(|finding| finding.code == "engine.exception-long");
    long.map(|finding| {
        assert_eq!(finding.effect, Effect::Warn);
        let place = finding.anchor.as_ref().unwrap().to_string();
        format!("{place} {}", finding.message)
    })
    .collect()
}

#[test]
fn an_exception_that_holds_for_long_is_told_where_it_is_added_or_prolonged() {
    let none = CONFIG;
    let [near, far, farther] =
        ["2027-02-18", "2027-02-19", "2046-11-20"].map(|until| config(until, ""));
    assert_eq!(long_ones(none, &near), [""; 0]);
    let told = |days: &str| {
        format!(
            "tidegate.yaml:13:12 exception `EXC-1` holds for {days} days from now, more than 90"
        )
    };
    assert_eq!(long_ones(none, &far), [told("91")]);
    assert_eq!(long_ones(&near, &far), [told("91")]);
    assert_eq!(long_ones(&far, &farther), [told("7305")]);
    // What was there, and what gets shorter, is no news.
    let comment = format!("{farther}# no news\n");
    assert_eq!(long_ones(&farther, &comment), [""; 0]);
    assert_eq!(long_ones(&farther, &far), [""; 0]);
    // Neither is what is over.
    assert_eq!(long_ones(none, &config("2001-01-01", "")), [""; 0]);
}
