use super::*;
use crate::model::code_of;
use crate::policy::metadata::Metadata;

const HEAD: &str = "# METADATA
# title: T
# description: D
# custom:
#   prefix: t
#   scope: object
#   kinds: ['*']
#   facts: [inventory, workloads]
#   neighbours: [LimitRange]
#   codes: {t.bad: deny}
package tidegate.t

";

const DENY: &str =
    "deny contains x if {\n\tsome change in input.changes\n\tx := change.object.name\n}\n";

/// The codes and places that the check gives for a policy with these rules below a good `deny`.
fn problems_of(text: &str) -> Vec<String> {
    let metadata = Metadata::read(
        "t.rego",
        text,
        &["inventory", "workloads", "range", "source"],
    )
    .unwrap();
    let source = Source {
        path: "t.rego",
        text,
        package: "tidegate.t",
    };
    let settings = serde_json::json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "minimum": {"type": "integer"},
            "ceilings": {"type": "object", "additionalProperties": {"$ref": "#/$defs/ceiling"}},
        },
        "$defs": {"ceiling": {
            "type": "object", "additionalProperties": false, "properties": {"cpu": {"type": "integer"}},
        }},
    });
    let errors = check_policy(&source, &metadata, &settings).err();
    errors
        .unwrap_or_default()
        .iter()
        .map(|error| format!("{} {error}", code_of(error)))
        .collect()
}

fn problems(rules: &str) -> Vec<String> {
    problems_of(&format!("{HEAD}{DENY}{rules}\n"))
}

fn refused(rules: &str, code: &str) {
    let problems = problems(rules);
    assert!(
        problems.iter().any(|problem| problem.starts_with(code)),
        "{rules}\n{problems:#?}"
    );
}

fn accepted(rules: &str) {
    assert_eq!(problems(rules), [""; 0], "{rules}");
}

#[test]
fn an_ordinary_policy_is_accepted() {
    for rules in [
        "",
        "names[x] := y if some x, y in input.changes",
        "big(c) if c.replicas > input.settings.minimum",
        "f(a, b) := g(a) if b\ng(a) := count(a)",
        "default small := false\nsmall if input.environment.stage == \"production\"",
        "all if every c in input.changes { c.operation == \"update\" }",
        "x := [y | some y in input.facts.workloads.value.new; not hidden(y)]\nhidden(y) if y.z",
        "x := sprintf(\"container %q has %d of %5.2f\", [\"a\", 1, 2])",
        "x := numbers.range(-3, 5)",
        "x := {n: v | some n, v in input.changes[0].new.metadata.labels}",
        "x if walk(input.changes[0].new, [[\"spec\", _], 3])",
        "x := input[\"environment\"][\"name\"]",
        "x := input.changes[_].fields[_].pointer",
        "x := time.hour if some time in input.changes",
        "warn contains {\"code\": \"t.bad\"} if input.mode == \"merge\"",
        "x := 1 if {\n\tfalse\n} else := 2",
    ] {
        accepted(rules);
    }
}

#[test]
fn the_language_may_be_imported() {
    for import in [
        "import rego.v1",
        "import future.keywords",
        "import future.keywords.in",
    ] {
        assert_eq!(
            problems_of(&format!("{HEAD}{import}\n\n{DENY}")),
            [""; 0],
            "{import}"
        );
    }
}

#[test]
fn a_call_with_a_clock_network_or_chance_is_refused_with_its_place() {
    for call in [
        "http.send({\"url\": \"http://x\"})",
        "net.lookup_ip_addr(\"x\")",
        "net.cidr_expand(\"0.0.0.0/0\")",
        "opa.runtime()",
        "rand.intn(\"x\", 3)",
        "uuid.rfc4122(\"x\")",
        "time.now_ns()",
        "time.parse_rfc3339_ns(\"x\")",
        "trace(\"x\")",
        "print(\"x\")",
        "rego.parse_module(\"x\", \"y\")",
        "rego.metadata.rule()",
        "io.jwt.decode(\"x\")",
        "crypto.sha256(\"x\")",
        "numbers.range_step(1, 2, 3)",
        "strings.count(\"aaa\", \"aa\")",
        "strings.replace_n({\"a\": \"b\"}, \"a\")",
        "json.remove({\"a\": 1}, [\"/a\"])",
        "json.filter({\"a\": 1}, [\"/a\"])",
        "yaml.unmarshal(\"x\")",
        "graph.reachable_paths({}, [])",
        "bits.lsh(1, 99999999999)",
        "test.sleep(\"9h\")",
    ] {
        let name = call.split('(').next().unwrap_or_default();
        let found = problems(&format!("y := {call}"));
        let expected = format!("policy.builtin-forbidden t.rego:17:6: `{name}`");
        assert!(
            found.iter().any(|problem| problem.starts_with(&expected)),
            "{found:?}"
        );
    }
}

/// What the engine takes for something else than OPA does, and would be silent about.
#[test]
fn what_would_be_silently_something_else_is_refused_with_its_place() {
    for (rules, place, name) in [
        ("y := [p | [p, _] := walk(input.changes)]", "17:21", "walk"),
        (
            "y if glob.match(\"{,a}x\", [], \"x\")",
            "17:6",
            "glob.match",
        ),
        (
            "y if glob.match(\"{a,,b}x\", [], \"x\")",
            "17:6",
            "glob.match",
        ),
        ("y if \"a\", \"a\" in {\"a\"}", "17:7", "in"),
        ("y if { not x = 1; x = 2 }", "17:14", "="),
        ("y if { x := \"a\"; not x, 1 in {\"a\": 1} }", "17:22", "in"),
    ] {
        let found = problems(rules);
        let expected = format!("policy.builtin-forbidden t.rego:{place}: `{name}`");
        assert!(
            found.iter().any(|problem| problem.starts_with(&expected)),
            "{rules}: {found:?}"
        );
    }
    for rules in [
        "y := [p | walk(input.changes, [p, _])]",
        "y if glob.match(\"{a,b}x\", [], \"x\")",
        "y := [k | some k, v in input.changes; v.operation == \"create\"]",
        "y if \"a\" in {\"a\"}",
        "y if { x := 2; not x == 1 }",
    ] {
        accepted(rules);
    }
}

#[test]
fn a_forbidden_call_cannot_hide() {
    for rules in [
        "y := 1 if http.send({}).x == 1",
        "y := [http.send({})]",
        "y := {http.send({})}",
        "y := {\"a\": http.send({})}",
        "y := {http.send({}): 1}",
        "y := [x | x := http.send({})]",
        "y := {x | some x in http.send({})}",
        "y := {k: v | some k; v := http.send({})}",
        "y := [http.send(x) | some x in [1]]",
        "y if not http.send({})",
        "y if every x in [1] { http.send(x) }",
        "y if every x in http.send({}) { x }",
        "y := -http.send({})",
        "y := 1 + http.send({})",
        "y := {1} | http.send({})",
        "y if 1 < http.send({})",
        "y if 1 in http.send({})",
        "y if http.send({}), 1 in [1]",
        "y := count(http.send({}))",
        "y := input.changes[http.send({})]",
        "y := {\"a\": 1}[http.send({})]",
        "y[http.send({})] := 1",
        "y contains http.send({})",
        "y.z := http.send({})",
        "y(x) := http.send(x)",
        "y := 1 if {\n\tfalse\n} else := http.send({})",
        "y := 1 if {\n\tfalse\n} else := 2 if http.send({})",
        "y if { x := 1; z := http.send(x) }",
        "y if { some http; http.send({}) }",
        "y := http[\"send\"]({})",
        "y := http.send",
        "f := time.now_ns\ny := f()",
        "y if { http := 1; http.send(http) }",
        "y := [1 | [2 | [3 | http.send({})]]]",
        "y := \"#\" if http.send({})",
        "y := `\n# ` if http.send({})",
    ] {
        refused(rules, "policy.builtin-forbidden");
    }
}

#[test]
fn names_in_strings_comments_and_fields_are_no_calls() {
    for rules in [
        "# http.send({})",
        "y := \"http.send({})\"",
        "y := `\nhttp.send({})\n`",
        "y := input.changes[0].new.http.send",
        "y if {\n\tsome net in input.changes[0].new.nets\n\tnet.lookup\n}",
    ] {
        accepted(rules);
    }
}

#[test]
fn an_unknown_function_is_refused_even_where_it_is_never_reached() {
    for rules in [
        "y if { false; no.such_fn(1) }",
        "y := nosuch(1)",
        "f(x) := x\ny := F(1)",
        "y := deny(1)",
        "y := strings.repeat(1)",
    ] {
        let found = problems(rules);
        assert!(
            found
                .iter()
                .any(|problem| problem.starts_with("policy.unknown-function")
                    || problem.contains("`strings.repeat`")),
            "{rules} {found:?}"
        );
    }
}

#[test]
fn recursion_is_refused_in_every_form() {
    for rules in [
        "f(n) := f(n + 1)",
        "f(n) := g(n)\ng(n) := f(n)",
        "f(n) := x if { h := 1; x := g(n) }\ng(n) := [y | y := f(n)]",
        "p if q\nq if p",
        "p := q\nq := {x | x := f(1)}\nf(n) := p",
        "f(n) := 1 if n == 0\nelse := f(n - 1)",
        "default f(_) := 1\nf(n) := f(n)",
        "a.b := 1 if a.c\na.c := 2",
        "s contains x if some x in s",
        "m[x] := y if { some x; y := m[x] }",
        "f(n) if not f(n)",
        "f(n) if every x in n { f(x) }",
        "a.b(n) := a.b(n)",
        "a.b(n) := y if { y := a[\"b\"](n) }",
        "a[\"b\"](n) := a.b(n)",
        "f(n) := a.b(n)\na.b(n) := f(n)",
        "a.b.c(n) := [y | y := a.b.c(n)]",
    ] {
        refused(rules, "policy.recursion");
    }
    let found = problems("f(n) := g(n)\ng(n) := f(n)");
    assert!(
        found[0].contains("t.rego:17:1: `f` depends on itself: f → g → f"),
        "{found:?}"
    );
}

#[test]
fn a_rule_that_two_others_use_is_no_recursion() {
    accepted("a if c\nb if c\nc if d\nd := 1\ne if { a; b }");
}

#[test]
fn nothing_outside_the_package_is_read() {
    for rules in [
        "y := data.tidegate.other.deny",
        "y := data.tidegate.t.deny",
        "y := data[\"tidegate\"].t.f(1)",
        "y := data[x] if some x",
        "y := data",
        "y if { some x; data[x].deny }",
        "y := object.get(data, \"x\", 1)",
        "y := data.tidegate.t.f(1)\nf(n) := y",
        "y[data.x] := 1",
    ] {
        let found = problems(rules);
        assert!(
            found
                .iter()
                .any(|problem| problem.starts_with("policy.data-reference")
                    || problem.starts_with("policy.unknown-function")),
            "{rules}: {found:?}"
        );
    }
}

#[test]
fn nothing_but_the_language_is_imported() {
    for import in [
        "import data.tidegate.t",
        "import data.tidegate.t as x",
        "import data.other",
        "import data.secret as input",
        "import input.facts",
        "import input as x",
        "import future.keywords.not",
        "import data",
    ] {
        let text = format!("{HEAD}{import}\n\n{DENY}");
        let found = problems_of(&text);
        assert!(
            found
                .iter()
                .any(|problem| problem.starts_with("policy.import t.rego:13:1")),
            "{import}: {found:?}"
        );
    }
}

#[test]
fn with_is_for_tests() {
    for rules in [
        "y if deny with input as {}",
        "y if { x := deny with input.changes as [] }",
        "y := [1 | deny with count as 3]",
        "f(n) := n\ny if f(1) with f as http.send",
    ] {
        refused(rules, "policy.with-outside-test");
    }
}

#[test]
fn entry_rules_are_sets() {
    for (deny, code) in [
        ("deny := true", "policy.result-shape"),
        ("deny if true", "policy.result-shape"),
        ("deny := {1}", "policy.result-shape"),
        ("deny := {\"a\": 1}", "policy.result-shape"),
        ("deny[x] := 1 if some x in [1]", "policy.result-shape"),
        ("deny[\"a\"] if true", "policy.result-shape"),
        ("deny(x) := 1", "policy.result-shape"),
        ("default deny := set()", "policy.result-shape"),
        (
            "default deny := {\"a\"}\ndeny contains 1",
            "policy.result-shape",
        ),
        ("deny.x contains 1", "policy.result-shape"),
        ("deny contains 1\nwarn := 1", "policy.result-shape"),
        ("deny contains 1\nreasons := {1}", "policy.result-shape"),
        ("dney contains 1", "policy.no-entry"),
        ("warn contains 1", "policy.no-entry"),
        ("", "policy.no-entry"),
    ] {
        let found = problems_of(&format!("{HEAD}{deny}\n"));
        assert!(
            found.iter().any(|problem| problem.starts_with(code)),
            "{deny}: {found:?}"
        );
    }
    let found = problems_of(
        &HEAD
            .replace("deny}", "deny}\n#   reasons: [t.why]")
            .to_owned(),
    );
    assert!(
        found
            .iter()
            .any(|problem| problem.contains("no rule `reasons`")),
        "{found:?}"
    );
}

#[test]
fn the_package_is_the_folder() {
    for package in [
        "tidegate.other",
        "tidegate",
        "t",
        "tidegate.t.deny",
        "system.main",
    ] {
        let found = problems_of(
            &format!("{HEAD}{DENY}").replace("package tidegate.t", &format!("package {package}")),
        );
        assert!(
            found
                .iter()
                .any(|problem| problem.starts_with("policy.package-mismatch t.rego:11:9")),
            "{package}: {found:?}"
        );
    }
}

#[test]
fn only_what_is_declared_is_read() {
    for (read, code) in [
        ("input.facts.freeze.value", "policy.undeclared"),
        ("input[\"facts\"][\"freeze\"]", "policy.undeclared"),
        ("input.now", "policy.undeclared"),
        ("input.range.units", "policy.undeclared"),
        ("input.source", "policy.undeclared"),
        ("input.facts[x]", "policy.unknown-field"),
        ("input.facts", "policy.unknown-field"),
        ("input[x]", "policy.unknown-field"),
        ("input", "policy.unknown-field"),
        ("object.get(input, \"now\", 1)", "policy.unknown-field"),
        ("input.chnges", "policy.unknown-field"),
        ("input.changes[0].nwe", "policy.unknown-field"),
        ("input.environment.stge", "policy.unknown-field"),
        ("input.facts.workloads.vale", "policy.unknown-field"),
        ("input.settings.maximum", "policy.unknown-field"),
        ("input.settings.minimum.value", "policy.unknown-field"),
        (
            "input.settings.ceilings.database.cpuu",
            "policy.unknown-field",
        ),
        ("input.mode.name", "policy.unknown-field"),
        ("input.environment[x].cpu", "policy.unknown-field"),
        ("input.facts.workloads.reason", "policy.unknown-field"),
        (
            "input.facts.inventory.value.LimitRange.spec",
            "policy.unknown-field",
        ),
        ("input.facts.inventory.valu", "policy.unknown-field"),
    ] {
        refused(&format!("y := {read} if some x in [1]"), code);
    }
    for hidden in ["f(input) := 1", "y if some input in [{}]"] {
        refused(hidden, "policy.unknown-field");
    }
    refused("y if { some input; input == 1 }", "policy.name-taken");
    let declared = HEAD.replace(
        "facts: [inventory, workloads]",
        "clock: true\n#   facts: [range, source]",
    );
    let text = format!("{declared}{DENY}y := [input.now, input.range, input.source]\n");
    assert_eq!(problems_of(&text), [""; 0]);
}

#[test]
fn variables_that_stand_for_a_part_of_the_input_are_followed() {
    for rules in [
        "y if { some change in input.changes; change.nwe.spec }",
        "y if { change := input.changes[_]; change.nwe }",
        "y if { change := input.changes[0]; some field in change.fields; field.ponter }",
        "y := [c.nwe | some c in input.changes]",
        "y := {c.opration: 1 | c := input.changes[_]}",
        "y if every c in input.changes { c.opration == \"update\" }",
        "y if { some w in input.facts.workloads.value.new; some c in w.containers; c.resorces }",
        "y if { some w in input.facts.workloads.value.new; w.containers[_].image.tagg }",
        "y if { e := input.environment; e.maxTeir }",
        "y if { f := input.facts.workloads; f.vale }",
        "y if { s := input.settings; s.maximum }",
    ] {
        refused(rules, "policy.unknown-field");
    }
    refused(
        "y if input.facts.inventory.value.Service[_]",
        "policy.undeclared",
    );
    for rules in [
        "y if { z := [x.other | some x in [1]]; some x in input.changes; x.new }",
        "y if { every x in [1] { x.other }; some x in input.changes; x.new }",
        "y if { some x in input.changes; every x in [1] { x.other } }",
        "y if { some c in input.changes; some k, v in c.new.metadata.labels; v.anything[k] }",
        "y(x) if x.other\nz if { some x in input.changes; y(x) }",
        "y if { some k in [\"old\", \"new\"]; input.changes[0][k].spec }",
    ] {
        accepted(rules);
    }
}

#[test]
fn a_rule_does_not_take_the_name_of_something_built_in() {
    for rules in [
        "count(x) := 0",
        "input := {}",
        "data := {}",
        "sprintf(a, b) := \"\"",
        "http.send(x) := 1",
    ] {
        let found = problems(rules);
        assert!(
            found
                .iter()
                .any(|problem| problem.starts_with("policy.name-taken")
                    || problem.starts_with("policy.syntax")),
            "{rules}: {found:?}"
        );
    }
}

#[test]
fn calls_that_could_take_for_ever_show_their_size() {
    for call in [
        "numbers.range(1, 100000000)",
        "numbers.range(1, x)",
        "numbers.range(count(input.changes), 3)",
        "numbers.range(-9223372036854775807, 9223372036854775807)",
        "sprintf(\"%1000000000d\", [1])",
        "sprintf(\"%-0999d\", [1])",
        "sprintf(\"%.1000f\", [1])",
        "sprintf(\"%*d\", [1, 2])",
        "sprintf(x, [1])",
        "sprintf(concat(\"\", [\"%\", \"99999d\"]), [1])",
    ] {
        refused(
            &format!("y := {call} if some x in [1]"),
            "policy.builtin-forbidden",
        );
    }
}

#[test]
fn what_is_no_rego_is_a_syntax_error_with_its_place() {
    for text in [
        "deny[x] { x := 1 }",
        "deny contains x if {",
        "x := $\"a {b}\"",
        "y := \"",
        "\u{0}",
    ] {
        let found = problems(text);
        assert!(!found.is_empty(), "{text:?}");
        assert!(
            found[0].starts_with("policy.syntax t.rego:1"),
            "{text}: {found:?}"
        );
        assert!(!found[0].contains('\n'), "{found:?}");
    }
}

#[test]
fn what_the_engine_cannot_plan_is_refused_even_where_it_is_never_reached() {
    for rules in [
        "y if { false; z == 1 }",
        "y := z",
        "f(x) := y",
        "y := [z | true]",
        "y contains 1 if true\ny := 2",
        "y(x) := 1\ny := 2",
    ] {
        refused(rules, "policy.syntax t.rego:1");
    }
}

/// The problems of a test file with these rules, of a policy that has the function `f`.
fn test_problems(rules: &str) -> Vec<String> {
    let policy = format!("{HEAD}{DENY}f(x) := x\n");
    let policy = Source {
        path: "t.rego",
        text: &policy,
        package: "tidegate.t",
    };
    let text = format!("package tidegate.t_test\n\nimport data.tidegate.t\n\n{rules}\n");
    let errors = check_test("t_test.rego", &text, "tidegate.t", &[policy])
        .err()
        .unwrap_or_default();
    errors
        .iter()
        .map(|error| format!("{} {error}", code_of(error)))
        .collect()
}

#[test]
fn a_test_reads_its_policy_and_replaces_the_input() {
    for rules in [
        "test_a if count(t.deny) == 0 with input as {\"changes\": []}",
        "test_a if data.tidegate.t.deny with input.changes as []",
        "test_a if t.f(1) == 1",
        "test_a if data.tidegate.t.f(1) == 1",
        "test_a if { print(1); true }",
        "case := {\"a\": {}}\ntest_a[name] if { some name, c in case; t.deny with input as c }",
        "test_a if helper(1) == 1\nhelper(x) := x",
    ] {
        assert_eq!(test_problems(rules), [""; 0], "{rules}");
    }
}

#[test]
fn a_test_may_do_nothing_else_that_a_policy_may_not() {
    for (rules, code) in [
        ("test_a if http.send({})", "policy.builtin-forbidden"),
        ("test_a if time.now_ns() > 1", "policy.builtin-forbidden"),
        ("test_a if f(1)\nf(n) := f(n)", "policy.recursion"),
        (
            "test_a if data.tidegate.other.deny",
            "policy.data-reference",
        ),
        (
            "test_a if data.tidegate.t_test.test_a",
            "policy.data-reference",
        ),
        ("test_a if data.other.f(1)", "policy.unknown-function"),
        (
            "f(n) := data.tidegate.t_test.f(n)\ntest_a if f(1)",
            "policy.unknown-function",
        ),
        ("test_a if data[x] == 1", "policy.data-reference"),
        ("test_a if t.g(1)", "policy.unknown-function"),
        (
            "test_a if true with count as http.send",
            "policy.builtin-forbidden",
        ),
    ] {
        let found = test_problems(rules);
        assert!(
            found.iter().any(|problem| problem.starts_with(code)),
            "{rules}: {found:?}"
        );
    }
}
