use serde_json::{Value, json};

use super::*;
use crate::model::{Effect, RepoPath, RiskTier, code_of};
use crate::policy::PolicySet;

const HEAD: &str = "# METADATA
# title: T
# description: D
# custom:
#   prefix: t
#   scope: object
#   kinds: ['*']
#   facts: [workloads]
#   codes: {t.bad: deny, t.odd: warn}
#   reasons: [t.why]
package tidegate.t

";

const REST: &str = "
warn contains f if { input.mode == \"commit\"; f := {\"code\": \"t.odd\", \"message\": \"odd\"} }
reasons contains r if { input.mode == \"commit\"; r := {\"code\": \"t.why\", \"tier\": \"high\", \"change\": 0, \"text\": \"why\"} }
";

fn document() -> Value {
    let object =
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": "odoo"});
    json!({
        "version": "v1",
        "mode": "merge",
        "environment": {"name": "prod", "stage": "production"},
        "changes": [{"index": 0, "operation": "update", "object": object, "new": {"spec": {"replicas": 3}}}],
        "facts": {"workloads": {"status": "known", "value": {"new": [{"object": object}], "old": []}}},
        "settings": {},
    })
}

fn set(rules: &str) -> PolicySet {
    let files = [(
        RepoPath::from(".tidegate/policies/t/policy.rego"),
        format!("{HEAD}{rules}\n{REST}").into_bytes(),
    )];
    PolicySet::default().with_repository(&files, FACTS).unwrap()
}

const FACTS: &[&str] = &["inventory", "workloads"];

fn findings_in(rules: &str, document: &Value) -> Result<Vec<RawFinding>, Error> {
    let set = set(rules);
    let policy = set.policy("t").unwrap();
    let mut evaluator = Evaluator::start([policy], Times::default()).unwrap();
    evaluator.findings(
        policy.modules().next().unwrap(),
        &Piece::new(document.clone()),
    )
}

fn findings(rules: &str) -> Result<Vec<RawFinding>, Error> {
    findings_in(rules, &document())
}

fn finding(literal: &str) -> Result<Vec<RawFinding>, Error> {
    findings(&format!(
        "deny contains {literal} if some change in input.changes"
    ))
}

fn reason(literal: &str) -> Result<Vec<RawReason>, Error> {
    reasons(&format!(
        "reasons contains {literal} if some change in input.changes"
    ))
}

fn reasons(rules: &str) -> Result<Vec<RawReason>, Error> {
    let set = set(&format!("deny contains 1 if false\n{rules}"));
    let policy = set.policy("t").unwrap();
    // Long enough for an engine without optimisation.
    let times = Times {
        object: Duration::from_secs(60),
        ..Times::default()
    };
    let mut evaluator = Evaluator::start([policy], times).unwrap();
    evaluator.reasons(policy.modules().next().unwrap(), &Piece::new(document()))
}

fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    code_of(&result.unwrap_err())
}

#[test]
fn a_complete_finding_comes_out_as_it_went_in() {
    let all = finding(
        "{\"code\": \"t.bad\", \"message\": sprintf(\"%d replicas\", [change.new.spec.replicas]), \"object\": change.object, \
         \"field\": \"/spec/replicas\", \"fields\": [\"/spec/strategy\"], \"remediation\": \"fewer\", \"setting\": \"/environment/maxTier\"}",
    )
    .unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].code, "t.bad");
    assert_eq!(all[0].effect, Effect::Deny);
    assert_eq!(all[0].message, "3 replicas");
    assert_eq!(
        all[0].object.as_ref().unwrap().to_string(),
        "shop/Deployment.apps/odoo"
    );
    assert_eq!(all[0].field.as_deref(), Some("/spec/replicas"));
    assert_eq!(all[0].fields, ["/spec/strategy"]);
    assert_eq!(all[0].remediation.as_deref(), Some("fewer"));
    assert_eq!(all[0].setting.as_deref(), Some("/environment/maxTier"));
}

#[test]
fn nothing_wrong_is_no_finding() {
    assert_eq!(findings("deny contains 1 if false").unwrap(), []);
}

#[test]
fn deny_and_warn_are_both_asked_and_sorted() {
    let mut document = document();
    document["mode"] = json!("commit");
    let rules = "deny contains {\"code\": \"t.bad\", \"message\": m} if some m in [\"b\", \"a\"]";
    let all = findings_in(rules, &document).unwrap();
    let told: Vec<_> = all.iter().map(|f| (f.effect, f.message.as_str())).collect();
    assert_eq!(
        told,
        [
            (Effect::Deny, "a"),
            (Effect::Deny, "b"),
            (Effect::Warn, "odd")
        ]
    );
}

#[test]
fn a_code_that_may_deny_may_warn_but_not_the_other_way_round() {
    let warned = findings(
        "deny contains 1 if false\nwarn contains {\"code\": \"t.bad\", \"message\": \"m\"}",
    );
    assert_eq!(warned.unwrap()[0].effect, Effect::Warn);
    assert_eq!(
        code(finding("{\"code\": \"t.odd\", \"message\": \"m\"}")),
        "policy.undeclared-code"
    );
}

const NO_FINDINGS: &[(&str, &str)] = &[
    ("\"just a string\"", "policy.result-shape"),
    ("1", "policy.result-shape"),
    ("[1]", "policy.result-shape"),
    ("{}", "policy.result-shape"),
    ("{\"code\": \"t.bad\"}", "policy.result-shape"),
    ("{\"message\": \"m\"}", "policy.result-shape"),
    (
        "{\"msg\": \"m\", \"code\": \"t.bad\", \"message\": \"m\"}",
        "policy.result-shape",
    ),
    (
        "{1: \"m\", \"code\": \"t.bad\", \"message\": \"m\"}",
        "policy.result-shape",
    ),
    ("{\"code\": 1, \"message\": \"m\"}", "policy.result-shape"),
    (
        "{\"code\": \"t.bad\", \"message\": 0.1}",
        "policy.result-shape",
    ),
    (
        "{\"code\": \"t.bad\", \"message\": null}",
        "policy.result-shape",
    ),
    (
        "{\"code\": \"t.bad\", \"message\": \"\"}",
        "policy.result-shape",
    ),
    (
        "{\"code\": \"t.bad\", \"message\": \"  \"}",
        "policy.result-shape",
    ),
    (
        "{\"code\": \"t.bad\", \"message\": \"a %!d(string=x)\"}",
        "policy.result-shape",
    ),
    (
        "{\"code\": \"t.bad\", \"message\": sprintf(\"%d\", [\"x\"])}",
        "policy.result-shape",
    ),
    (
        "{\"code\": \"t.bad\", \"message\": \"m\", \"remediation\": \"\"}",
        "policy.result-shape",
    ),
    (
        "{\"code\": \"t.bad\", \"message\": \"m\", \"object\": \"odoo\"}",
        "policy.result-shape",
    ),
    (
        "{\"code\": \"t.bad\", \"message\": \"m\", \"object\": {\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"name\": \"x\"}}",
        "policy.result-shape",
    ),
    (
        "{\"code\": \"t.bad\", \"message\": \"m\", \"object\": change.object, \"field\": \"spec.x\"}",
        "policy.result-shape",
    ),
    (
        "{\"code\": \"t.bad\", \"message\": \"m\", \"object\": change.object, \"fields\": \"/spec\"}",
        "policy.result-shape",
    ),
    (
        "{\"code\": \"t.bad\", \"message\": \"m\", \"object\": change.object, \"fields\": [\"/spec\", \"x\"]}",
        "policy.result-shape",
    ),
    (
        "{\"code\": \"t.bad\", \"message\": \"m\", \"object\": change.object, \"fields\": [1]}",
        "policy.result-shape",
    ),
    (
        "{\"code\": \"t.bad\", \"message\": \"m\", \"fields\": [\"/spec\"]}",
        "policy.result-shape",
    ),
    (
        "{\"code\": \"t.bad\", \"message\": \"m\", \"object\": change.object, \"fields\": {\"/spec\", \"/data\"}}",
        "",
    ),
    (
        "{\"code\": \"t.bad\", \"message\": \"m\", \"field\": \"/spec\"}",
        "policy.result-shape",
    ),
    (
        "{\"code\": \"t.bad\", \"message\": \"m\", \"setting\": \"x\"}",
        "policy.result-shape",
    ),
    (
        "{\"code\": \"t.other\", \"message\": \"m\"}",
        "policy.undeclared-code",
    ),
    (
        "{\"code\": \"bad\", \"message\": \"m\"}",
        "policy.undeclared-code",
    ),
    (
        "{\"code\": \"t.why\", \"message\": \"m\"}",
        "policy.undeclared-code",
    ),
    (
        "{\"code\": \"t.bad\", \"message\": sprintf(\"%99d\", [1])}",
        "",
    ),
];

#[test]
fn whatever_is_no_finding_is_an_error() {
    for (literal, expected) in NO_FINDINGS {
        let result = finding(literal);
        match *expected {
            "" => assert!(result.is_ok(), "{literal}: {result:?}"),
            _ => assert_eq!(code(result), *expected, "{literal}"),
        }
    }
}

#[test]
fn a_reason_names_a_change_and_a_tier() {
    let good = reason(
        "{\"code\": \"t.why\", \"tier\": \"critical\", \"change\": change.index, \"pointer\": \"/spec\", \"text\": \"why\"}",
    );
    assert_eq!(
        good.unwrap(),
        [RawReason {
            change: Some(0),
            code: "t.why".to_owned(),
            tier: RiskTier::Critical,
            pointer: Some("/spec".to_owned()),
            text: "why".to_owned(),
        }]
    );
    let beside = reason("{\"code\": \"t.why\", \"tier\": \"low\", \"text\": \"why\"}");
    assert_eq!(beside.unwrap()[0].change, None);
    for (literal, expected) in [
        (
            "{\"code\": \"t.why\", \"tier\": \"urgent\", \"change\": 0, \"text\": \"why\"}",
            "policy.result-shape",
        ),
        (
            "{\"code\": \"t.why\", \"tier\": \"low\", \"change\": 1, \"text\": \"why\"}",
            "policy.result-shape",
        ),
        (
            "{\"code\": \"t.why\", \"tier\": \"low\", \"change\": 0.5, \"text\": \"why\"}",
            "policy.result-shape",
        ),
        (
            "{\"code\": \"t.why\", \"tier\": \"low\", \"pointer\": \"/spec\", \"text\": \"why\"}",
            "policy.result-shape",
        ),
        (
            "{\"code\": \"t.why\", \"tier\": \"low\", \"change\": 0}",
            "policy.result-shape",
        ),
        (
            "{\"code\": \"t.bad\", \"tier\": \"low\", \"change\": 0, \"text\": \"why\"}",
            "policy.undeclared-code",
        ),
    ] {
        assert_eq!(code(reason(literal)), expected, "{literal}");
    }
}

#[test]
fn an_error_of_a_function_is_an_error_and_never_undefined() {
    for call in [
        "to_number(\"abc\")",
        "1 / count([])",
        "json.unmarshal(\"{\")",
        "regex.match(concat(\"\", [\"(\"]), \"s\")",
        "units.parse_bytes(\"x\")",
        "base64.decode(\"!!\")",
        "count(5)",
        "startswith(1, \"a\")",
        "net.cidr_contains(\"x\", \"y\")",
    ] {
        let rules =
            format!("deny contains {{\"code\": \"t.bad\", \"message\": \"m\"}} if {call} == 1");
        let error = findings(&rules).unwrap_err();
        assert_eq!(code_of(&error), "policy.builtin-error", "{call}");
        let text = error.to_string();
        assert!(
            text.starts_with(".tidegate/policies/t/policy.rego:13:"),
            "{text}"
        );
        assert!(
            !text.contains('\n') && !text.contains("deny contains"),
            "{text}"
        );
    }
}

#[test]
fn conflicting_values_are_an_error() {
    let rules = "x := 1 if true\nx := 2 if true\ndeny contains x";
    let error = findings(rules).unwrap_err();
    assert_eq!(code_of(&error), "policy.evaluation", "{error}");
}

#[test]
fn too_many_findings_and_too_long_messages_are_errors() {
    let many = "deny contains {\"code\": \"t.bad\", \"message\": sprintf(\"%d\", [n])} if some n in numbers.range(0, 1000)";
    assert_eq!(code(findings(many)), "limit.findings");
    let just = many.replace("1000)", "999)");
    assert_eq!(findings(&just).unwrap().len(), 1000);
    let fields = |last: &str| {
        finding(&format!(
            "{{\"code\": \"t.bad\", \"message\": \"m\", \"object\": change.object, \"fields\": [sprintf(\"/%d\", [n]) | some n in numbers.range(1, {last})]}}"
        ))
    };
    assert!(fields("1000").is_ok());
    let error = fields("1001").unwrap_err();
    assert_eq!(code_of(&error), "limit.finding-fields");
    // 64 words of 64 bytes, doubled until one byte is too much.
    let message = |word: &str| {
        let words =
            format!("[w | some n in numbers.range(1, 64); w := object.get({{}}, n, {word:?})]");
        finding(&format!(
            "{{\"code\": \"t.bad\", \"message\": concat(\"\", {words})}}"
        ))
    };
    assert!(message(&"x".repeat(64)).is_ok());
    assert_eq!(code(message(&"x".repeat(65))), "limit.message-length");
}

#[test]
fn a_long_name_is_abridged_in_a_message_and_the_statement_stays_whole() {
    let rules = "deny contains {\"code\": \"t.bad\", \"message\": sprintf(\"%s named %q: %s is no name\", [c.new.a, c.new.b, c.new.a]), \"object\": c.object} if some c in input.changes";
    let mut document = document();
    document["changes"][0]["file"] = "apps/odoo.yaml".into();
    document["changes"][0]["new"] = json!({"a": "a b ".repeat(16_384), "b": "\"\n".repeat(500)});
    let found = findings_in(rules, &document).unwrap();
    let message = &found[0].message;
    let a = format!(
        "{}a …(65536 characters)…b {}",
        "a b ".repeat(22),
        "a b ".repeat(7)
    );
    let (head, tail) = (r#"\"\n"#.repeat(45), r#"\"\n"#.repeat(15));
    assert_eq!(
        message.split(" named ").collect::<Vec<_>>(),
        [
            a.clone(),
            format!("\"{head}…(1000 characters)…{tail}\": {a} is no name")
        ]
    );
    // What a policy makes of it is not found: then the limit names the object and its file.
    let doubled = rules.replace("c.new.a,", "upper(c.new.a),");
    let error = findings_in(&doubled, &document).unwrap_err();
    assert_eq!(code_of(&error), "limit.message-length");
    let about = "the message of a finding about Deployment `odoo` of `apps/odoo.yaml` is 6";
    assert!(error.to_string().contains(about), "{error}");
}

#[test]
fn a_large_range_has_more_reasons_than_a_policy_may_have_findings() {
    let count = |most: usize| {
        let rules = format!(
            "reasons contains {{\"code\": \"t.why\", \"tier\": \"low\", \"change\": 0, \"text\": sprintf(\"%d %d\", [a, b])}} if {{
	some a in numbers.range(1, 20)
	some b in numbers.range(1, {most})
}}"
        );
        reasons(&rules)
    };
    assert_eq!(count(1000).unwrap().len(), 20_000);
    assert_eq!(code(count(1001)), "limit.reasons");
}

#[test]
fn a_loop_without_end_is_stopped_by_the_engine() {
    let rules = "deny contains {\"code\": \"t.bad\", \"message\": \"m\"} if {
	some a in numbers.range(0, 9999)
	some b in numbers.range(0, 9999)
	some c in numbers.range(0, 9999)
	a + b + c == 0 - 1
}";
    let error = findings(rules).unwrap_err();
    assert_eq!(code_of(&error), "policy.timeout");
    assert!(
        error
            .to_string()
            .contains(".tidegate/policies/t/policy.rego"),
        "{error}"
    );
}

#[test]
fn who_asks_a_lost_thread_is_not_named_as_the_one_who_lost_it() {
    let slow = "deny contains {\"code\": \"t.bad\", \"message\": \"m\"} if count(split(input.changes[0].new.text, \"\")) < 0";
    let file = |name: &str, rules: &str| {
        let text = format!("{HEAD}{rules}\n{REST}")
            .replace("package tidegate.t", &format!("package tidegate.{name}"))
            .replace("prefix: t", &format!("prefix: {name}"))
            .replace("t.bad", &format!("{name}.bad"))
            .replace("t.odd", &format!("{name}.odd"))
            .replace("t.why", &format!("{name}.why"));
        let path = format!(".tidegate/policies/{name}/policy.rego");
        (RepoPath::from(path.as_str()), text.into_bytes())
    };
    let files = [
        file("slow", slow),
        file("quick", &slow.replace("< 0", "< 1")),
    ];
    let set = PolicySet::default().with_repository(&files, FACTS).unwrap();
    let times = Times {
        object: Duration::from_millis(1),
        ..Times::default()
    };
    let mut evaluator = Evaluator::start(set.iter(), times).unwrap();
    let mut document = document();
    document["changes"][0]["new"]["text"] = "x".repeat(4 << 20).into();
    for asked in ["slow", "quick"] {
        let module = set.policy(asked).unwrap().modules().next().unwrap();
        let error = evaluator.findings(module, &Piece::new(document.clone()));
        let error = error.unwrap_err();
        assert_eq!(code_of(&error), "policy.timeout");
        assert!(error.to_string().contains("policies/slow/"), "{error}");
    }
}

#[test]
fn a_rule_that_the_metadata_promises_must_exist() {
    let files = [(
        RepoPath::from(".tidegate/policies/t/policy.rego"),
        format!("{HEAD}dney contains 1 if false\n{REST}").into_bytes(),
    )];
    let error = PolicySet::default()
        .with_repository(&files, FACTS)
        .unwrap_err();
    assert_eq!(code_of(&error), "policy.no-entry");
}

#[test]
fn the_order_of_the_input_does_not_reach_the_answer() {
    let rules = "names := [c.object.name | some c in input.changes]
deny contains {\"code\": \"t.bad\", \"message\": sprintf(\"%v\", [n])} if some n in names
deny contains {\"code\": \"t.bad\", \"message\": sprintf(\"%v %v\", [k, v])} if some k, v in input.changes[0].new.spec";
    let keys: Vec<String> = (0..30).map(|n| format!("key{}", n * 7 % 30)).collect();
    let answer = |keys: &[String]| {
        let mut document = document();
        let spec = keys.iter().map(|key| (key.clone(), json!(1))).collect();
        document["changes"][0]["new"]["spec"] = Value::Object(spec);
        findings_in(rules, &document).unwrap()
    };
    let mut reversed = keys.clone();
    reversed.reverse();
    assert_eq!(answer(&keys), answer(&reversed));
    assert_eq!(answer(&keys).len(), 31);
}

#[test]
fn what_looks_like_a_failed_sprintf_is_the_policys_fault_unless_it_is_somebodys_name() {
    let rules = "deny contains {\"code\": \"t.bad\", \"message\": sprintf(\"container %q of %s\", [c, c])} if {
    some change in input.changes
    c := change.new.spec.container
}";
    for name in ["%!x", "100%!", "%!d(string=x)", "a %!(EXTRA string=\"x\")"] {
        let mut document = document();
        document["changes"][0]["new"]["spec"]["container"] = name.into();
        let found = findings_in(rules, &document).unwrap();
        assert!(found[0].message.contains(name), "{found:?}");
    }
    let own = "deny contains {\"code\": \"t.bad\", \"message\": \"has %!d(string=x)\"}";
    for name in ["web", "%!x", "%!s(int=1)"] {
        let mut document = document();
        document["changes"][0]["new"]["spec"]["container"] = name.into();
        assert_eq!(
            code(findings_in(own, &document)),
            "policy.result-shape",
            "{name}"
        );
    }
    let percent = "deny contains {\"code\": \"t.bad\", \"message\": \"100%! of it\"}";
    assert!(findings(percent).is_ok());
}

#[test]
fn what_is_built_in_is_not_parsed_where_every_answer_is_known() {
    let files = [(
        RepoPath::from("policies/t/policy.rego"),
        format!("{HEAD}deny contains {{\"code\": \"t.bad\", \"message\": \"m\"}}\n{REST}")
            .into_bytes(),
    )];
    let set = PolicySet::from_files(&files, FACTS).unwrap();
    let policy = set.policy("t").unwrap();
    let module = policy.modules().next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ask = |documents: &[Value]| {
        let mut evaluator = Evaluator::start([policy], Times::default()).unwrap();
        assert!(!evaluator.has_begun());
        evaluator.remember(Answers::open(folder.path()));
        let documents = documents.iter().cloned().map(Piece::new).collect();
        let found = evaluator.all_findings(module, documents).unwrap();
        evaluator.remembered().unwrap().save();
        (found, evaluator.has_begun())
    };
    let mut other = document();
    other["changes"][0]["new"]["spec"]["replicas"] = 4.into();
    let (asked, has_begun) = ask(&[document()]);
    assert!(has_begun);
    assert_eq!(ask(&[document()]), (asked.clone(), false));
    let (both, has_begun) = ask(&[document(), other.clone()]);
    assert!(has_begun, "one of them is new");
    assert_eq!(both, [asked.clone(), asked].concat());
    assert_eq!(ask(&[other, document()]), (both, false));
    assert_eq!(ask(&[]), (Vec::new(), false));
}

#[test]
fn what_is_built_in_is_parsed_ahead_unless_the_same_was_asked_before() {
    let text = format!("{HEAD}deny contains 1 if false\n{REST}");
    let files = [(RepoPath::from("policies/t/policy.rego"), text.into_bytes())];
    let set = PolicySet::from_files(&files, FACTS).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let begins = |answers: Option<Answers>, what: &[u8]| {
        let mut evaluator = Evaluator::start(set.iter(), Times::default()).unwrap();
        if let Some(answers) = answers {
            evaluator.remember(answers);
        }
        evaluator.expect(Digest::of(what)).unwrap();
        evaluator.remembered().inspect(|answers| answers.save());
        evaluator.has_begun()
    };
    let kept = || Some(Answers::open(folder.path()));
    assert!(begins(kept(), b"a") && !begins(kept(), b"a"));
    assert!(begins(kept(), b"b") && !begins(kept(), b"a") && begins(None, b"a"));
}

#[test]
fn what_the_repository_has_is_parsed_whatever_is_known() {
    let set = set("deny contains 1 if false");
    let evaluator = Evaluator::start(set.iter(), Times::default()).unwrap();
    assert!(evaluator.has_begun() && evaluator.is_loaded);
}

#[test]
fn what_does_not_load_is_an_error_of_whoever_asks() {
    let text = format!("{HEAD}deny contains 1 if [\n{REST}");
    let files = [(RepoPath::from("policies/t/policy.rego"), text.into_bytes())];
    let set = PolicySet::from_files(&files, FACTS).unwrap();
    let policy = set.policy("t").unwrap();
    for begins in [false, true] {
        let mut evaluator = Evaluator::start([policy], Times::default()).unwrap();
        if begins {
            evaluator.begin().unwrap();
        }
        for _ in 0..2 {
            let module = policy.modules().next().unwrap();
            let asked = evaluator.findings(module, &Piece::new(document()));
            assert_eq!(code(asked), "policy.syntax");
        }
    }
}
