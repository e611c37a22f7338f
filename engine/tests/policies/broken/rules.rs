//! Rules that are refused when they are read, by code and place.
//! Knows nothing of what surrounds them.

use super::{HEAD, QUIET, assert_refused, read};

/// What is refused when it is read: rules below the head, code, line and column.
const READ: &[(&str, &str, &str)] = &[
    // No Rego at all.
    ("messages := {", "policy.syntax", "15:1"),
    // Answers of another shape.
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
    // Built-ins that look at the world.
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
    // A built-in that reads a clock's words.
    (
        "messages := {time.parse_rfc3339_ns(\"x\")}",
        "policy.builtin-forbidden",
        "14:14",
    ),
    // Rules that call themselves, and what is no rule.
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
    // References that the input does not have.
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
    // Parts of the input that the metadata do not ask for.
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
    // What would take all time or memory.
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
    // Patterns that are too large, or none.
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
    // Other documents than its own.
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
    // A default beside that of the schema.
    (
        "messages := {m | m := object.get(input.settings, \"x\", \"y\")}",
        "policy.setting-default",
        "14:23",
    ),
    // What would stand where a package stands.
    (
        "messages := set()\nchange_set := 1",
        "policy.data-shadows-rule",
        "15:1",
    ),
    // Functions that there are not, even where nothing reaches them.
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
