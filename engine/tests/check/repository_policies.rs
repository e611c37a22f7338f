//! The repository's own policies: those of base judge, and none of them can stall the gate.

use tidegate::model::{Exit, RiskTier};

use super::*;

const PATH: &str = ".tidegate/policies/own/policy.rego";

/// A policy on `ConfigMaps` with this body; findings have the code `own.bad`.
fn policy(body: &str) -> String {
    format!(
        "# METADATA
# scope: package
# title: Own
# description: What this shop wants of its ConfigMaps.
# custom:
#   prefix: own
#   scope: object
#   kinds: [ConfigMap]
#   codes: {{own.bad: deny}}
package tidegate.own

{body}
"
    )
}

const BODY: &str = "deny contains finding if {
	some change in input.changes
	change.new.data.key == \"bad\"
	finding := {\"code\": \"own.bad\", \"message\": \"bad\", \"object\": change.object, \"field\": \"/data/key\"}
}";

const TEST: &str = "package tidegate.own_test

import data.tidegate.own

test_bad if count(own.deny) == 1 with input as {\"changes\": [{\"object\": {}, \"new\": {\"data\": {\"key\": \"bad\"}}}]}
";

fn with_policy(text: &str) -> (Repo, GitId) {
    let (repo, _) = shop(CONFIG);
    repo.write(PATH, text)
        .write(".tidegate/policies/own/policy_test.rego", TEST)
        .write(".tidegate/policies/own/README.md", "# Own")
        .write("prod/a.yaml", config_map("a", "good"));
    let base = repo.commit("own policy");
    repo.write("prod/a.yaml", config_map("a", "bad"))
        .commit("bad");
    (repo, base)
}

#[test]
fn a_policy_of_base_judges() {
    let (repo, base) = with_policy(&policy(BODY));
    let report = check(&repo, base);
    assert_eq!(blocking(&report), ["own.bad of a"]);
    assert_eq!(report.exit, Exit::Denied);
    let finding = &unit(&report, "prod", "prod").findings[0];
    assert_eq!(finding.policy, "own");
    assert_eq!(finding.location.as_ref().unwrap().line, 7);
}

#[test]
fn a_policy_judges_the_tiers_that_it_names() {
    let of_tiers = |tiers: &str| {
        let with = format!("#   tiers: [{tiers}]\n#   codes:");
        with_policy(&policy(BODY).replace("#   codes:", &with))
    };
    for (tiers, found) in [
        ("low, medium, high", &["own.bad of a"][..]),
        ("critical", &[][..]),
    ] {
        let (repo, base) = of_tiers(tiers);
        assert_eq!(blocking(&check(&repo, base)), found, "{tiers}");
        let printed = tidegate(&repo, &["facts", &format!("{base}..HEAD")]);
        let received = stdout(&printed).contains("own/policy.rego");
        assert_eq!(received, !found.is_empty(), "{tiers}");
    }
    let (repo, base) = of_tiers("medium, high");
    let bad = repo.id("HEAD");
    let more = config_map("a", "bad").replace("data:", "data:\n  more: \"1\"");
    repo.write("prod/a.yaml", more).commit("more");
    let report = check(&repo, bad);
    assert_ne!(unit(&report, "prod", "prod").tier, RiskTier::Low);
    assert_eq!(
        blocking(&report),
        [""; 0],
        "an old finding stays an old one"
    );
    assert_eq!(blocking(&check(&repo, base)), ["own.bad of a"]);
}

#[test]
fn a_policy_that_head_takes_away_still_judges() {
    let (repo, base) = with_policy(&policy(BODY));
    repo.git(&["rm", "-r", "--quiet", ".tidegate"]);
    repo.commit("no policy");
    let report = check(&repo, base);
    assert_eq!(blocking(&report), ["own.bad of a"]);
    assert_eq!(unit(&report, "main", "gate").changes.len(), 3);
    assert_eq!(report.proposed, Some(tidegate::verdict::RunOutcome::Pass));
}

#[test]
fn a_policy_that_head_brings_does_not_judge_yet() {
    let (repo, base) = shop(CONFIG);
    repo.write(PATH, policy(BODY))
        .write(".tidegate/policies/own/policy_test.rego", TEST)
        .write(".tidegate/policies/own/README.md", "# Own")
        .write("prod/a.yaml", config_map("a", "bad"));
    repo.commit("both");
    let report = check(&repo, base);
    assert_eq!(report.exit, Exit::Pass);
    assert_eq!(report.proposed, Some(tidegate::verdict::RunOutcome::Fail));
}

#[test]
fn a_policy_that_head_breaks_is_an_error() {
    let (repo, _) = with_policy(&policy(BODY));
    let base = repo.id("HEAD");
    repo.write(PATH, policy("deny contains finding if {"))
        .commit("break");
    assert_eq!(check(&repo, base).exit, Exit::Unjudged);
}

#[test]
fn what_would_stall_or_escape_is_refused_before_it_runs() {
    let finding = "finding := {\"code\": \"own.bad\", \"message\": \"m\"}";
    for (condition, rule, refusal) in [
        ("f(1)", "f(x) := f(x)\n", "policy.recursion"),
        ("time.now_ns() > 0", "", "policy.builtin-forbidden"),
        ("rand.intn(\"a\", 2) > 0", "", "policy.builtin-forbidden"),
        (
            "http.send({\"url\": \"x\"})",
            "",
            "policy.builtin-forbidden",
        ),
    ] {
        let body = format!("{rule}deny contains finding if {{\n\t{condition}\n\t{finding}\n}}");
        let (repo, base) = with_policy(&policy(&body));
        let found = refused(&repo, &request(&format!("{base}..HEAD")));
        assert_eq!(found, (refusal.to_owned(), 3), "{body}");
    }
}

#[test]
fn an_answer_of_the_wrong_shape_is_an_error_and_no_pass() {
    for (answer, code) in [
        ("{\"code\": \"own.bad\"}", "policy.result-shape"),
        (
            "{\"code\": \"own.other\", \"message\": \"m\"}",
            "policy.undeclared-code",
        ),
        ("\"bad\"", "policy.result-shape"),
        (
            "{\"code\": \"own.bad\", \"message\": \"m\", \"severity\": 3}",
            "policy.result-shape",
        ),
    ] {
        let body = format!(
            "deny contains finding if {{\n\tcount(input.changes) > 0\n\tfinding := {answer}\n}}"
        );
        let (repo, base) = with_policy(&policy(&body));
        let report = check(&repo, base);
        assert_eq!(report.exit, Exit::Unjudged, "{answer}");
        assert_eq!(error_codes(&report), [code], "{answer}");
    }
}

#[test]
fn a_policy_that_never_ends_is_ended() {
    let body = "deny contains finding if {
	n := count([1 | some a in numbers.range(1, 3000); some b in numbers.range(1, 3000); some c in numbers.range(1, 3000); a * b * c == 7])
	finding := {\"code\": \"own.bad\", \"message\": sprintf(\"%d\", [n])}
}";
    let (repo, base) = with_policy(&policy(body));
    let range = format!("{base}..HEAD");
    let output = tidegate(&repo, &["check", &range]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stdout(&output).contains("policy."), "{}", stdout(&output));
}
