//! What is said of a policy while one works on it: its mutants, and what each rule came to.
//! Knows one small policy.

use serde_json::json;
use tidegate::gate::{self, Policies};
use tidegate::model::{RepoPath, code_of};
use tidegate::policy::trace;

const POLICY: &str = "# METADATA
# title: T
# description: D
# custom:
#   prefix: few
#   scope: object
#   kinds: [Deployment.apps]
#   codes: {few.replicas: deny}
package tidegate.few

deny contains finding if {
	some change in input.changes
	replicas := object.get(change.new, [\"spec\", \"replicas\"], 1)
	replicas < least(change)
	finding := {\"code\": \"few.replicas\", \"message\": sprintf(\"%d\", [replicas])}
}

default least(_) := 2

least(change) := 3 if change.new.metadata.labels.tier == \"shop\"
";

const TEST: &str = "package tidegate.few_test

import data.tidegate.few

replicas(n) := [{\"new\": {\"spec\": {\"replicas\": n}}}]

test_one_is_few if count(few.deny) == 1 with input.changes as replicas(1)

test_two_are_enough if count(few.deny) == 0 with input.changes as replicas(2)
";

const SHOP: &str = "
test_two_are_few_in_the_shop if {
	change := {\"new\": {\"metadata\": {\"labels\": {\"tier\": \"shop\"}}, \"spec\": {\"replicas\": 2}}}
	few.deny == {{\"code\": \"few.replicas\", \"message\": \"2\"}} with input.changes as [change]
}

test_three_are_enough_there if {
	change := {\"new\": {\"metadata\": {\"labels\": {\"tier\": \"shop\"}}, \"spec\": {\"replicas\": 3}}}
	count(few.deny) == 0 with input.changes as [change]
}

test_none_is_one if count(few.deny) == 1 with input.changes as [{\"new\": {}}]
";

#[test]
fn a_change_that_no_test_notices_is_named_with_its_place() {
    let survivors: Vec<String> = mutate(TEST)
        .survivors
        .iter()
        .map(|mutant| format!("{} {}", mutant.at, mutant.what))
        .collect();
    let file = ".tidegate/policies/few/policy.rego";
    for survivor in [
        format!("{file}:20:1 rule `least` removed"),
        format!("{file}:20:18 `3` is 4"),
        format!("{file}:20:59 `shop` is another string"),
    ] {
        assert!(survivors.contains(&survivor), "{survivor}: {survivors:#?}");
    }
    // What is tested is not among them.
    assert!(
        !survivors.iter().any(|mutant| mutant.contains(":14:")),
        "{survivors:#?}"
    );
}

#[test]
fn tests_of_every_side_leave_no_mutant() {
    let mutation = mutate(&format!("{TEST}{SHOP}"));
    assert!(mutation.killed >= 8, "{mutation:#?}");
    let left: Vec<&str> = mutation
        .survivors
        .iter()
        .map(|mutant| mutant.what.as_str())
        .collect();
    // Only a default that is one more than none can be told apart from it.
    assert_eq!(left, [""; 0]);
}

#[test]
fn a_trace_tells_how_far_each_rule_got() {
    let policies = policies(TEST);
    let policy = policies.set.policy("few").unwrap();
    let file = ".tidegate/policies/few/policy.rego";
    let input = |n: u32| json!({"changes": [{"new": {"spec": {"replicas": n}}}]});
    let few = trace(policy, file, &input(1), None).unwrap();
    let finding = json!([{"code": "few.replicas", "message": "1"}]);
    assert_eq!(few.answers, [("deny".to_owned(), Some(finding.clone()))]);
    assert_eq!(few.rules[0].name, "deny");
    assert_eq!(few.rules[0].at.line, 11);
    assert_eq!(few.rules[0].value, Some(finding));
    assert_eq!(few.rules[0].fired, Some(true));
    assert!(few.rules[0].not_reached.is_empty(), "{few:#?}");

    let enough = trace(policy, file, &input(2), None).unwrap();
    assert_eq!(enough.answers, [("deny".to_owned(), Some(json!([])))]);
    assert_eq!(enough.rules[0].fired, Some(false));
    assert!(enough.rules[0].not_reached.contains(&15), "{enough:#?}");
    assert!(enough.rules[0].reached.contains(&14), "{enough:#?}");

    let asked = trace(policy, file, &input(2), Some("least(input.changes[0]) + 1")).unwrap();
    assert_eq!(asked.answers, [("the_query".to_owned(), Some(json!(3)))]);
    let forbidden = trace(policy, file, &input(2), Some("time.now_ns()")).unwrap_err();
    assert_eq!(code_of(&forbidden), "policy.builtin-forbidden");
}

#[test]
fn every_policy_that_is_part_of_tidegate_can_be_traced() {
    for policy in gate::embedded_policies().unwrap().iter() {
        for module in policy.modules() {
            let traced = trace(policy, module.path(), &json!({"changes": []}), None);
            assert!(traced.is_ok(), "{}: {traced:#?}", module.path());
        }
    }
}

#[test]
fn what_is_wrong_with_a_query_is_told_at_its_own_place() {
    let policies = policies(TEST);
    let policy = policies.set.policy("few").unwrap();
    let file = ".tidegate/policies/few/policy.rego";
    for (query, said) in [
        ("least()", "in --query:1:"),
        ("1 + nothing(1)", "in --query:1:5: there is no function"),
        ("1 +\n  time.now_ns()", "in --query:2:3: `time.now_ns`"),
        ("1 / 0", "in --query:1:"),
    ] {
        let error = trace(policy, file, &json!({"changes": []}), Some(query)).unwrap_err();
        assert!(error.to_string().starts_with(said), "{error}");
    }
}

fn mutate(test: &str) -> gate::Mutation {
    gate::mutate(&policies(test), "few").unwrap()
}

fn policies(test: &str) -> Policies {
    let files = [("policy.rego", POLICY), ("policy_test.rego", test)];
    let files = files.map(|(file, text)| {
        let path = format!(".tidegate/policies/few/{file}");
        (RepoPath::from(path.as_str()), text.as_bytes().to_vec())
    });
    gate::policies(files.to_vec()).unwrap()
}
