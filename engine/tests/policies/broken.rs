//! Policies that cannot be used, row by row: what each is refused for, where, and with which exit code.
//! Knows nothing of how that is found out.

use std::fmt::Write as _;
use std::process::Command;
use std::time::Duration;

use miette::Diagnostic;
use serde_json::{Value, json};
use tidegate::model::{Exit, Piece, RepoPath, code_of};
use tidegate::policy::Times;
use tidegate::policy::{Error, Evaluator, PolicySet, Problems, RawFinding};

use crate::support::Repo;

const FILE: &str = ".tidegate/policies/t/policy.rego";

const FACTS: &[&str] = &["inventory", "range", "source", "workloads"];

/// Thirteen lines; rules begin on the one that follows.
const HEAD: &str = "# METADATA
# title: T
# description: D
# custom:
#   prefix: t
#   scope: object
#   kinds: ['*']
#   facts: [workloads]
#   codes:
#     t.bad: deny
package tidegate.t

deny contains {\"code\": \"t.bad\", \"message\": m} if some m in messages
";

const QUIET: &str = "messages := set()\n";

/// What is refused when it is read: rules below the head, code, line and column.
const READ: &[(&str, &str, &str)] = &[
    // P1
    ("messages := {", "policy.syntax", "15:1"),
    // P4, P15
    (
        "messages := set()\ndeny := true",
        "policy.result-shape",
        "15:1",
    ),
    (
        "messages := set()\ndeny := 1",
        "policy.result-shape",
        "15:1",
    ),
    (
        "messages := set()\ndeny := [1]",
        "policy.result-shape",
        "15:1",
    ),
    (
        "messages := set()\ndeny := {\"a\": 1}",
        "policy.result-shape",
        "15:1",
    ),
    (
        "messages := set()\ndeny(x) := x",
        "policy.result-shape",
        "15:1",
    ),
    (
        "messages := set()\ndefault deny := set()",
        "policy.result-shape",
        "15:9",
    ),
    (
        "messages := set()\ndefault deny := {\"a\"}",
        "policy.result-shape",
        "15:9",
    ),
    // P7
    (
        "messages := {http.send({})}",
        "policy.builtin-forbidden",
        "14:14",
    ),
    (
        "messages := {net.lookup_ip_addr(\"x\")}",
        "policy.builtin-forbidden",
        "14:14",
    ),
    (
        "messages := {net.cidr_expand(\"10.0.0.0/8\")}",
        "policy.builtin-forbidden",
        "14:14",
    ),
    (
        "messages := {opa.runtime()}",
        "policy.builtin-forbidden",
        "14:14",
    ),
    (
        "messages := {rand.intn(\"x\", 9)}",
        "policy.builtin-forbidden",
        "14:14",
    ),
    (
        "messages := {uuid.rfc4122(\"x\")}",
        "policy.builtin-forbidden",
        "14:14",
    ),
    (
        "messages := {uuid.parse(\"x\")}",
        "policy.builtin-forbidden",
        "14:14",
    ),
    (
        "messages := {time.now_ns()}",
        "policy.builtin-forbidden",
        "14:14",
    ),
    (
        "messages := {io.jwt.verify_rs256(\"x\", \"y\")}",
        "policy.builtin-forbidden",
        "14:14",
    ),
    (
        "messages := {io.jwt.decode_verify(\"x\", {})}",
        "policy.builtin-forbidden",
        "14:14",
    ),
    (
        "messages := {rego.parse_module(\"x\", \"y\")}",
        "policy.builtin-forbidden",
        "14:14",
    ),
    (
        "messages := {trace(\"x\")}",
        "policy.builtin-forbidden",
        "14:14",
    ),
    (
        "messages := {m | m := \"x\"; print(m)}",
        "policy.builtin-forbidden",
        "14:28",
    ),
    // P8: this one reads a clock's words
    (
        "messages := {time.parse_rfc3339_ns(\"x\")}",
        "policy.builtin-forbidden",
        "14:14",
    ),
    // P9
    (
        "messages := {f(1)}\nf(n) := f(n + 1)",
        "policy.recursion",
        "15:1",
    ),
    (
        "messages := {f(1)}\nf(n) := g(n)\ng(n) := f(n)",
        "policy.recursion",
        "15:1",
    ),
    (
        "messages := {\"x\" | p}\np if q\nq if p",
        "policy.recursion",
        "15:1",
    ),
    ("messages := {m | true}", "policy.syntax", "14:14"),
    ("messages := {\"x\" | m == 1}", "policy.syntax", "14:20"),
    (
        "messages contains 1 if {\n\tfalse\n} else := 2",
        "policy.syntax",
        "16:3",
    ),
    ("messages[x] { x := 1 }", "policy.syntax", "14:"),
    // P10
    (
        "messages := {c.object.name | some c in input.chnges}",
        "policy.unknown-field",
        "14:40",
    ),
    (
        "messages := {w | some w in input.facts.workloads.valu.new}",
        "policy.unknown-field",
        "14:28",
    ),
    (
        "messages := {m | some c in input.changes; m := c.opration}",
        "policy.unknown-field",
        "14:48",
    ),
    // P11
    (
        "messages := {m | m := input.facts.inventory.status}",
        "policy.undeclared",
        "14:23",
    ),
    (
        "messages := {m | m := input.now}",
        "policy.undeclared",
        "14:23",
    ),
    // P12
    (
        "messages := numbers.range(0, 100000000)",
        "policy.builtin-forbidden",
        "14:13",
    ),
    (
        "messages := {sprintf(\"%1000000000d\", [1])}",
        "policy.builtin-forbidden",
        "14:14",
    ),
    (
        "messages := [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]",
        "policy.nesting",
        "14:25",
    ),
    // P13
    (
        "messages := {m | some m in [\"a\"]; regex.match(\"(a{1000}){1000}\", m)}",
        "policy.regex",
        "14:35",
    ),
    (
        "messages := {m | some m in [\"a\"]; regex.match(\"a{1000000}\", m)}",
        "policy.regex",
        "14:35",
    ),
    (
        "messages := {m | some m in [\"a\"]; regex.match(\"(\", m)}",
        "policy.regex",
        "14:35",
    ),
    // P14
    (
        "messages := {m | some m in deny with input as {}}",
        "policy.with-outside-test",
        "14:33",
    ),
    (
        "messages := data.other.deny",
        "policy.data-reference",
        "14:13",
    ),
    (
        "messages := data.tidegate.risk_tier.change_set.deny",
        "policy.data-reference",
        "14:13",
    ),
    // P21
    (
        "messages := {m | m := object.get(input.settings, \"x\", \"y\")}",
        "policy.setting-default",
        "14:23",
    ),
    // What would stand where a package stands
    (
        "messages := set()\nchange_set := 1",
        "policy.data-shadows-rule",
        "15:1",
    ),
    // Functions that there are not, even where nothing reaches them
    (
        "messages := {m | false; m := no.such_fn(1)}",
        "policy.unknown-function",
        "14:30",
    ),
];

#[test]
fn what_is_wrong_in_a_policy_is_told_at_its_place_before_it_runs() {
    for (rules, code, place) in READ {
        let problems = read(&format!("{HEAD}{rules}\n")).unwrap_err();
        assert_refused(&problems, code, place, rules);
    }
    assert!(read(&format!("{HEAD}{QUIET}")).is_ok());
}

#[test]
fn what_is_no_policy_file_is_told_so() {
    let good = format!("{HEAD}{QUIET}");
    for (text, code, place) in [
        // P1
        (String::new(), "policy.syntax", "1:1"),
        ("# nothing\n\n# else\n".to_owned(), "policy.syntax", "1:1"),
        ("#".repeat(2 << 20), "limit.policy-file", ""),
        // P2
        (
            good.split_once("package")
                .unwrap()
                .1
                .replacen(' ', "package ", 1),
            "policy.metadata",
            "1:1",
        ),
        (
            good.replace("scope: object", "scpe: object"),
            "policy.metadata",
            "6:5",
        ),
        (
            good.replace("    t.bad", "    u.bad"),
            "policy.metadata",
            "10:7",
        ),
        // P3 is below.
        // P4
        (
            good.replace("deny contains", "dney contains"),
            "policy.no-entry",
            "1:1",
        ),
        // P13
        (long_pattern(), "policy.regex", "14:35"),
    ] {
        let problems = read(&text).unwrap_err();
        let begin: String = text.chars().take(400).collect();
        assert_refused(&problems, code, place, &begin);
    }
    for package in ["tidegate.u", "tidegate.t.deny", "system.t"] {
        let text = good.replace("package tidegate.t", &format!("package {package}"));
        let problems = read(&text).unwrap_err();
        assert_refused(&problems, "policy.package-mismatch", "11:9", package);
    }
    let binary = [(RepoPath::from(FILE), vec![0xff, 0xfe, 0])];
    let problems = PolicySet::default()
        .with_repository(&binary, FACTS)
        .unwrap_err();
    assert_refused(&problems, "policy.syntax", "1:1", "bytes");
}

/// P14.
#[test]
fn the_language_itself_may_be_imported() {
    let good = format!("{HEAD}{QUIET}");
    for import in [
        "import future.keywords",
        "import future.keywords.in",
        "import rego.v1",
    ] {
        let text = good.replace(
            "package tidegate.t\n",
            &format!("package tidegate.t\n\n{import}\n"),
        );
        assert!(read(&text).is_ok(), "{import}");
    }
}

#[test]
fn what_has_no_place_in_a_folder_is_refused() {
    let good = format!("{HEAD}{QUIET}");
    let other = good.replace("package tidegate.t", "package tidegate.u");
    let same = good
        .replace("prefix: t", "prefix: u")
        .replace("t.bad", "u.bad");
    for (files, code) in [
        // P2
        (
            vec![("t/policy.rego", &good), ("u/policy.rego", &other)],
            "policy.metadata",
        ),
        // P3 is below.
        (
            vec![("t/policy.rego", &good), ("u/policy.rego", &same)],
            "policy.package-mismatch",
        ),
        (
            vec![("t/policy.rego", &good), ("t-test/policy.rego", &good)],
            "policy.unexpected-file",
        ),
        // P19
        (
            vec![("t/policy.rego", &good), ("t/data.json", &good)],
            "policy.unexpected-file",
        ),
        (
            vec![("t/policy.rego", &good), ("t/data.yaml", &good)],
            "policy.unexpected-file",
        ),
    ] {
        let files: Vec<(RepoPath, Vec<u8>)> = files
            .into_iter()
            .map(|(path, text)| {
                let path = format!(".tidegate/policies/{path}");
                (RepoPath::from(path.as_str()), text.clone().into_bytes())
            })
            .collect();
        let problems = PolicySet::default()
            .with_repository(&files, FACTS)
            .unwrap_err();
        assert_refused(
            &problems,
            code,
            "",
            &format!("{:?}", files.last().unwrap().0),
        );
    }
}

#[test]
fn a_name_that_is_misspelt_comes_with_the_one_that_was_meant() {
    for (rules, meant) in [
        (
            "messages := {c.object.name | some c in input.chnges}",
            "changes",
        ),
        (
            "messages := {m | some c in input.changes; m := c.opration}",
            "operation",
        ),
        ("messages := {m | m := input.environment.stge}", "stage"),
        ("messages := {m | m := cuont([1])}", "count"),
        ("messages := {m | m := smal(1)}\nsmall(x) := x", "small"),
    ] {
        let problems = read(&format!("{HEAD}{rules}\n")).unwrap_err();
        let help = problems.help().unwrap().to_string();
        assert!(
            help.starts_with(&format!("did you mean `{meant}`?")),
            "{rules}: {help}"
        );
    }
}

/// What is refused when it runs.
const RUN: &[(&str, &str)] = &[
    // P5
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
    // P8
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
    // P9
    (
        "deny contains x\nx := 1 if input.mode\nx := 2 if input.mode",
        "policy.evaluation",
    ),
    // P13
    (
        "deny contains 1 if regex.match(concat(\"\", [\"(a{1000}\", \"){1000}\"]), \"s\")",
        "policy.regex",
    ),
    // P15
    (
        "deny contains {\"code\": \"t.bad\", \"message\": sprintf(\"%d\", [\"x\"])}",
        "policy.result-shape",
    ),
    (
        "deny contains {\"code\": \"t.bad\", \"message\": \"%!d(string=x)\"}",
        "policy.result-shape",
    ),
    // P16
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

/// P6. The engine alone needs longer than a policy may, so that limit is lifted; a million would pass
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

/// P12.
#[test]
fn what_would_take_for_ever_ends_at_the_limit() {
    let all = "in numbers.range(0, 9999)";
    let nested = format!(
        "deny contains 1 if count([a | some a {all}; count([b | some b {all}; count([c | some c {all}; c == a + b]) == 1]) == 1]) == 1"
    );
    let walking = format!(
        "deny contains 1 if {{ some n {all}; walk(input.changes, [_, value]); value == n + 9 }}"
    );
    for rules in [nested, walking] {
        let times = Times {
            object: Duration::from_millis(300),
            ..Times::default()
        };
        let error = ask(&rules, times).unwrap_err();
        assert_eq!(code_of(&error), "policy.timeout", "{rules}: {error}");
        assert_eq!(Exit::of_error(&error), Exit::Unjudged);
    }
}

/// P12. In a process of its own, whose memory nobody else fills.
#[test]
#[cfg(target_os = "linux")]
fn what_would_fill_the_memory_ends_at_the_limit() {
    let head = HEAD.split_once("deny contains").unwrap().0;
    let head = head.replace("scope: object", "scope: change-set");
    let head = head.replace("package tidegate.t", "package tidegate.t.change_set");
    let mut rules = String::from("deny contains 1 if {\n\tx0 := input.mode\n");
    for n in 0..40 {
        let _ = writeln!(rules, "\tx{} := concat(\"\", [x{n}, x{n}])", n + 1);
    }
    rules.push_str("\tcount(x40) == 1\n}\n");
    let repo = Repo::new();
    repo.write(
        "tidegate.yaml",
        "environments:\n- name: prod\n  paths: [apps/**]\n",
    );
    repo.write(
        ".tidegate/policies/t/change_set.rego",
        format!("{head}{rules}"),
    );
    for replicas in [1, 2] {
        let text = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, namespace: b}}\ndata: {{n: \"{replicas}\"}}\n"
        );
        repo.write("apps/a.yaml", text);
        repo.commit("a change");
    }
    let check = || {
        let output = Command::new(env!("CARGO_BIN_EXE_tidegate"))
            .args(["check", "HEAD~1..HEAD"])
            .current_dir(repo.path())
            .env_clear()
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(3));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    // On a busy machine the limit of time may come first.
    let mut told = (0..5).map(|_| check());
    let told = told.find(|told| !told.contains("policy.timeout"));
    let told = told.expect("it never fills the memory in time");
    assert!(
        told.contains("error[policy.memory]: policy file .tidegate/policies/t/change_set.rego"),
        "{told}"
    );
}

/// P17.
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

fn long_pattern() -> String {
    let pattern = "a".repeat(900);
    // A line of a policy is at most 1,024 columns, so a longer pattern is broken up by nothing.
    let rules =
        format!("messages := {{m | some m in [\"a\"]; regex.match(\"({pattern}){{999}}\", m)}}");
    format!("{HEAD}{rules}\n")
}

fn read(text: &str) -> Result<PolicySet, Problems> {
    let files = [(RepoPath::from(FILE), text.as_bytes().to_vec())];
    PolicySet::default().with_repository(&files, FACTS)
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

fn assert_refused(problems: &Problems, code: &str, place: &str, what: &str) {
    assert_eq!(Exit::of_error(problems), Exit::Unjudged, "{what}");
    let place = match place {
        "" => String::new(),
        place => format!("{FILE}:{place}"),
    };
    let fits = |error: &&Error| code_of(*error) == code && error.to_string().starts_with(&place);
    let found: Vec<String> = problems
        .iter()
        .map(|error| format!("{} {error}", code_of(error)))
        .collect();
    assert!(
        problems.iter().any(|error| fits(&error)),
        "{what}: {code} {place}: {found:#?}"
    );
}
