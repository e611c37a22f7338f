//! Policies that are read, and fail when they answer: by shape, time, memory or number.
//! Knows nothing of what is refused before.

use std::fmt::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tidegate::model::{Exit, Piece, code_of};
use tidegate::policy::{Error, Evaluator, RawFinding, Times};

use super::{FILE, HEAD, read};
use crate::support::Repo;

/// What is refused when it runs.
const RUN: &[(&str, &str)] = &[
    // Findings of another shape, or that were not declared.
    ("deny contains \"text\"", "policy.result-shape"),
    (
        "deny contains {\"code\": \"t.other\", \"message\": \"m\"}",
        "policy.undeclared-code",
    ),
    (
        "deny contains {\"code\": \"t.bad\", \"message\": \"\"}",
        "policy.result-shape",
    ),
    (
        "deny contains {\"code\": \"t.bad\", \"message\": 1}",
        "policy.result-shape",
    ),
    (
        "deny contains {\"code\": \"t.bad\", \"message\": concat(\"\", [m | some n in numbers.range(1, 5000); m := object.get({}, n, \"x\")])}",
        "limit.message-length",
    ),
    (
        "deny contains {\"code\": \"t.bad\", \"message\": \"m\", \"object\": {\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"name\": \"other\"}}",
        "policy.result-shape",
    ),
    (
        "deny contains {\"code\": \"t.bad\", \"message\": \"m\", \"more\": 1}",
        "policy.result-shape",
    ),
    // Built-ins that fail.
    (
        "deny contains 1 if to_number(input.mode) == 1",
        "policy.builtin-error",
    ),
    (
        "deny contains 1 if 1 / count([x | some x in input.changes; false]) == 1",
        "policy.builtin-error",
    ),
    (
        "deny contains 1 if json.unmarshal(\"{\") == 1",
        "policy.builtin-error",
    ),
    (
        "deny contains 1 if regex.match(concat(\"\", [\"(\"]), \"s\")",
        "policy.builtin-error",
    ),
    (
        "deny contains 1 if units.parse_bytes(\"x\") == 1",
        "policy.builtin-error",
    ),
    (
        "deny contains 1 if net.cidr_contains(\"x\", \"y\")",
        "policy.builtin-error",
    ),
    // A rule with two values.
    (
        "deny contains x\nx := 1 if input.mode\nx := 2 if input.mode",
        "policy.evaluation",
    ),
    // A pattern that is too large, and known only now.
    (
        "deny contains 1 if regex.match(concat(\"\", [\"(a{1000}\", \"){1000}\"]), \"s\")",
        "policy.regex",
    ),
    // A message that was not put together.
    (
        "deny contains {\"code\": \"t.bad\", \"message\": sprintf(\"%d\", [\"x\"])}",
        "policy.result-shape",
    ),
    (
        "deny contains {\"code\": \"t.bad\", \"message\": \"%!d(string=x)\"}",
        "policy.result-shape",
    ),
    // Numbers that are no text.
    (
        "deny contains {\"code\": \"t.bad\", \"message\": 0.1}",
        "policy.result-shape",
    ),
    (
        "deny contains {\"code\": \"t.bad\", \"message\": 1e99}",
        "policy.result-shape",
    ),
    (
        "deny contains {\"code\": \"t.bad\", \"message\": -0}",
        "policy.result-shape",
    ),
];

#[test]
fn an_answer_that_is_none_is_an_error_of_exit_3() {
    for (rules, code) in RUN {
        let error = ask(rules, Times::default()).unwrap_err();
        assert_eq!(code_of(&error), *code, "{rules}: {error}");
        assert_eq!(Exit::of_error(&error), Exit::Unjudged, "{rules}");
        let place = error.to_string();
        assert!(place.starts_with(&format!("{FILE}:")), "{rules}: {place}");
    }
}

/// The engine alone needs longer than a policy may, so that limit is lifted; a million would pass
/// the one of memory first.
#[test]
fn a_hundred_thousand_findings_are_too_many() {
    let rules = "deny contains {\"code\": \"t.bad\", \"message\": sprintf(\"%d %d\", [a, b])} if {
	some a in numbers.range(1, 1000)
	some b in numbers.range(1, 100)
}";
    let times = Times {
        object: Duration::from_secs(300),
        ..Times::default()
    };
    let error = ask(rules, times).unwrap_err();
    assert_eq!(code_of(&error), "limit.findings");
    assert!(error.to_string().contains("100000"), "{error}");
}

#[test]
fn what_would_take_for_ever_ends_at_the_limit() {
    let all = "in numbers.range(0, 9999)";
    let nested = format!(
        "deny contains 1 if count([a | some a {all}; count([b | some b {all}; count([c | some c {all}; c == a + b]) == 1]) == 1]) == 1"
    );
    let walking = format!(
        "deny contains 1 if {{ some n {all}; some m {all}; walk(input.changes, [_, value]); value == n + m + 9 }}"
    );
    let short = Duration::from_millis(300);
    let (object, all) = (
        Times {
            object: short,
            ..Times::default()
        },
        Times {
            total: short,
            ..Times::default()
        },
    );
    for (rules, times) in [(&nested, object), (&walking, object), (&nested, all)] {
        let error = ask(rules, times).unwrap_err();
        assert_eq!(code_of(&error), "policy.timeout", "{rules}: {error}");
        assert_eq!(Exit::of_error(&error), Exit::Unjudged);
    }
}

/// By their own numbers, as `check` has them: a rule that would run for a day ends at the second of an object and at
/// the five of a unit, long before it would at ten times as much.
#[test]
#[ignore = "takes ten seconds: .ci/run runs it"]
#[expect(
    clippy::disallowed_methods,
    reason = "a test that must not take long asks how long it took"
)]
fn what_would_take_for_ever_is_left_long_before_ten_times_its_limit() {
    let all = "in numbers.range(0, 9999)";
    let rules = format!(
        "deny contains 1 if count([1 | some a {all}; some b {all}; some c {all}; c == a + b]) == 1"
    );
    let limits = Times::default();
    for (scope, limit) in [("object", limits.object), ("change-set", limits.change_set)] {
        let (repo, range) = with_policy(scope, &rules);
        let begun = Instant::now();
        let told = unjudged(&repo, "exec \"$0\" check \"$1\"", &range);
        let took = begun.elapsed();
        assert!(told.contains("error[policy.timeout]"), "{told}");
        assert!(took >= limit && took < 10 * limit, "{scope}: {took:?}");
    }
}

/// In a process of its own, whose memory nobody else fills.
#[test]
#[cfg(target_os = "linux")]
fn what_would_fill_the_memory_ends_at_the_limit() {
    let mut rules = String::from("deny contains 1 if {\n\tx0 := input.mode\n");
    for n in 0..40 {
        let _ = writeln!(rules, "\tx{} := concat(\"\", [x{n}, x{n}])", n + 1);
    }
    rules.push_str("\tcount(x40) == 1\n}\n");
    let (repo, range) = with_policy("change-set", &rules);
    // It asks for a thousand times its limit; four times as much is not even there.
    let check = || unjudged(&repo, "ulimit -v 4194304; exec \"$0\" check \"$1\"", &range);
    // On a busy machine the limit of time may come first.
    let mut told = (0..5).map(|_| check());
    let told = told.find(|told| !told.contains("policy.timeout"));
    let told = told.expect("it never fills the memory in time");
    assert!(
        told.contains("error[policy.memory]: policy file .tidegate/policies/t/change_set.rego"),
        "{told}"
    );
}

/// A repository whose own policy says `rules`, and a range that changes an object.
fn with_policy(scope: &str, rules: &str) -> (Repo, String) {
    let head = HEAD.split_once("deny contains").unwrap().0;
    let (head, file) = match scope {
        "object" => (head.to_owned(), "policy.rego"),
        _ => (
            head.replace("scope: object", "scope: change-set")
                .replace("package tidegate.t", "package tidegate.t.change_set"),
            "change_set.rego",
        ),
    };
    let repo = Repo::new();
    repo.write(
        "tidegate.yaml",
        "environments:\n- name: prod\n  paths: [apps/**]\n",
    );
    repo.write(
        format!(".tidegate/policies/t/{file}"),
        format!("{head}{rules}\n"),
    );
    for replicas in [1, 2] {
        let text = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, namespace: b}}\ndata: {{n: \"{replicas}\"}}\n"
        );
        repo.write("apps/a.yaml", text);
        repo.commit("a change");
    }
    (repo, "HEAD~1..HEAD".to_owned())
}

/// What the binary says that `script` starts as `$0` with the range `$1`; it could not judge.
fn unjudged(repo: &Repo, script: &str, range: &str) -> String {
    let output = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_tidegate"), range])
        .current_dir(repo.path())
        .env_clear()
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_hundred_orders_of_the_input_give_one_answer() {
    let rules = "deny contains {\"code\": \"t.bad\", \"message\": concat(\" \", [k | some k, _ in input.changes[0].new.spec])}";
    let keys: Vec<usize> = (0..40).collect();
    let mut answers: Vec<Vec<RawFinding>> = (0..100)
        .map(|turn| {
            let mut keys = keys.clone();
            // 41 is prime: each turn is another order.
            keys.sort_by_key(|key| (key + 1) * (turn % 40 + 1) % 41);
            let spec = keys
                .iter()
                .map(|key| (format!("k{key}"), json!(key)))
                .collect();
            let mut document = document();
            document["changes"][0]["new"]["spec"] = Value::Object(spec);
            ask_about(rules, Times::default(), document).unwrap()
        })
        .collect();
    answers.dedup();
    assert_eq!(answers.len(), 1);
}

fn ask(rules: &str, times: Times) -> Result<Vec<RawFinding>, Error> {
    ask_about(rules, times, document())
}

fn ask_about(rules: &str, times: Times, document: Value) -> Result<Vec<RawFinding>, Error> {
    let head = HEAD.split_once("deny contains").unwrap().0;
    let set = read(&format!("{head}{rules}\n")).unwrap();
    let policy = set.policy("t").unwrap();
    let mut evaluator = Evaluator::start([policy], times).unwrap();
    evaluator.findings(policy.modules().next().unwrap(), &Piece::new(document))
}

fn document() -> Value {
    let object =
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": "odoo"});
    json!({
        "version": "v1",
        "mode": "merge",
        "environment": {"name": "prod", "stage": "production"},
        "changes": [{"index": 0, "operation": "update", "object": object, "new": {"spec": {"replicas": 3}}}],
        "facts": {"workloads": {"status": "known", "value": {"new": [], "old": []}}},
        "settings": {},
    })
}
