//! Templates against the table of what Go makes of them, and against their bounds.
//! Knows nothing of how the table is made; `testdata/templates/golden` prints it.

use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

use super::*;

const TABLE: &str = include_str!("../../../../testdata/templates/table.jsonl");

fn rows() -> Vec<Json> {
    let rows = TABLE.lines().map(serde_json::from_str);
    rows.collect::<Result<_, _>>().unwrap()
}

fn ours(row: &Json, params: &Map<String, Json>) -> Result<String, Fault> {
    let missing = match row["option"].as_str() {
        None => Missing::Default,
        Some("missingkey=zero") => Missing::Zero,
        Some("missingkey=error") => Missing::Error,
        Some(other) => panic!("{other}"),
    };
    let template = row["template"].as_str().unwrap();
    executed(template, params, missing, &Steps::default())
}

#[test]
fn every_answer_is_the_one_of_go_or_a_refusal_with_a_reason() {
    let rows = rows();
    let (first, rows) = rows.split_first().unwrap();
    let params = first["value"].as_object().unwrap();
    assert!(rows.len() > 900, "{}", rows.len());
    let mut wrong = Vec::new();
    for row in rows {
        let found = ours(row, params);
        let as_in_go = match &found {
            Ok(text) => row["text"].as_str() == Some(text.as_str()),
            Err(_) => row["error"] == true || row["unsettled"] == true,
        };
        let refused = found.is_err() && row["refused"].is_string();
        if !refused && (!as_in_go || row["refused"].is_string()) {
            wrong.push(format!("{row}\n  {found:?}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} rows:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_function_is_in_the_table() {
    let all: String = rows()
        .iter()
        .filter_map(|row| row["template"].as_str())
        .collect::<Vec<_>>()
        .join(" ");
    let words: Vec<&str> = all
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .collect();
    let missing: Vec<&str> = functions::names()
        .filter(|name| !words.contains(name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn fault(template: &str) -> Fault {
    let params = json!({"name": "eu"});
    let params = params.as_object().unwrap();
    match executed(template, params, Missing::Default, &Steps::default()) {
        Ok(text) => panic!("{template:.80}: {} bytes", text.len()),
        Err(fault) => fault,
    }
}

#[test]
fn what_is_refused_is_named_and_placed() {
    for (template, why, at) in [
        ("{{ now }}", "`now` reads a clock", 3),
        (
            "a{{ .name | randAlpha 5 }}",
            "`randAlpha` gives something else each time",
            12,
        ),
        ("{{ env \"HOME\" }}", "Argo CD has no `env`", 3),
        ("{{ nosuch }}", "`nosuch` is no function", 3),
        (
            "{{ if .name }}\n{{ fail \"no\" }}{{ end }}",
            "the template says `fail`",
            18,
        ),
        ("{{ $x }}", "the variable `$x` is not declared", 3),
        ("{{ .name", "`{{` is not closed", 8),
        ("{{ eq .name 1 }}", "`eq`: values of different types", 3),
        ("{{ $_ := set . \"a\" 1 }}", "it changes the parameters", 9),
    ] {
        let found = fault(template);
        assert!(found.why.contains(why), "{template}: {found:?}");
        assert_eq!(found.at, at, "{template}: {found:?}");
    }
}

#[test]
fn what_go_and_we_may_take_differently_is_refused() {
    for (template, why) in [
        (
            "{{ $s := splitList \",\" \"b,a\" }}{{ sortAlpha $s }}",
            "a list that has a name",
        ),
        (
            "{{ $s := splitList \",\" \"b,a\" }}{{ slice $s 0 2 | sortAlpha }}",
            "a list that has a name",
        ),
        (
            "{{ $s := splitList \",\" \"b,a\" }}{{ toStrings $s | sortAlpha }}",
            "a list that has a name",
        ),
        ("{{ sortAlpha .path.segments }}", "a list that has a name"),
        (
            "{{ deepEqual .path.segments (list \"z\" \"a\") }}",
            "depends on what made the value",
        ),
        (
            "{{ deepEqual .path.segments (splitList \"/\" \"z/a\") }}",
            "depends on what made the value",
        ),
        ("{{ regexMatch `[\\w-z]` \"-\" }}", "an end of a range"),
        ("{{ regexMatch `[a-\\d]` \"-\" }}", "an end of a range"),
        ("{{ regexMatch `\\<a` \"a\" }}", "`\\` before a letter"),
        ("{{ regexMatch `a\\>` \"a\" }}", "`\\` before a letter"),
        (
            "{{ regexMatch `a{,2}` \"a\" }}",
            "a brace that counts nothing",
        ),
        ("{{ regexMatch `(a{40}){40}` \"a\" }}", "or too much"),
        (
            "{{ (fromYaml \"a: |\\n  b\").a }}",
            "a block of text without a line break",
        ),
        ("{{ .zero }}", "a number that no float holds"),
        ("{{ fail .path.path }}", "the template says `fail`"),
    ] {
        let mut params = json!({"path": {"path": "hunter2", "segments": ["z", "a"]}});
        if template.contains("zero") {
            params = json!({"zero": -0.0});
        }
        let params = params.as_object().unwrap();
        let found = executed(template, params, Missing::Default, &Steps::default());
        let found = found.map_err(|fault| fault.why).unwrap_err();
        assert!(
            found.contains(why) && !found.contains("hunter2"),
            "{template}: {found}"
        );
    }
}

#[test]
fn no_function_shows_what_it_is_given_where_it_refuses_it() {
    let params = json!({
        "s": "hunter2", "odd": "[hunter2%Z\\q{: |", "list": ["hunter2", 1, {"hunter2": 1}], "map": {"hunter2": null},
    });
    let params = params.as_object().unwrap();
    let given = [
        ".s",
        ".odd",
        ".list",
        ".map",
        "1",
        ".gone",
        "(split \"u\" .s)",
        "(keys .map .map)",
    ];
    let mut refused = 0;
    let mut name_and = |name: &str, arguments: &str| {
        let template = format!("{{{{ {name} {arguments} }}}}");
        let found = executed(&template, params, Missing::Default, &Steps::default());
        if let Err(fault) = found {
            refused += 1;
            assert!(!fault.why.contains("hunter"), "{template}: {}", fault.why);
        }
    };
    for name in functions::names() {
        name_and(name, "");
        for one in given {
            name_and(name, one);
            for other in given {
                name_and(name, &format!("{one} {other}"));
                name_and(name, &format!("{one} {other} .s"));
                name_and(name, &format!("1 {one} {other}"));
            }
        }
    }
    assert!(refused > 10_000, "{refused}");
}

#[test]
fn lists_of_clusters_hold_what_a_cluster_gives() {
    let params = json!({
        "clusters": [{"name": "a", "values": {"k": "v"}, "metadata": {"labels": {"l": "m"}}}],
        "apps": [{"values": {"k": "v"}}],
    });
    let params = params.as_object().unwrap();
    let of = |template: &str| {
        let found = executed(template, params, Missing::Default, &Steps::default());
        found.map_err(|fault| fault.why)
    };
    let of_anything = of("{{ range .apps }}{{ get .values \"k\" }}{{ end }}");
    assert_eq!(of_anything.as_deref(), Ok("v"));
    let plain =
        of("{{ range .clusters }}{{ .name }}{{ .values.k }}{{ .metadata.labels.l }}{{ end }}");
    assert_eq!(plain.as_deref(), Ok("avm"));
    for template in [
        "{{ range .clusters }}{{ get .values \"k\" }}{{ end }}",
        "{{ range .clusters }}{{ dig \"labels\" \"l\" \"d\" .metadata }}{{ end }}",
        "{{ deepEqual .clusters (list (index .clusters 0)) }}",
        "{{ merge (dict \"v\" (deepCopy .values)) (dict \"v\" .values) }}",
    ] {
        assert!(of(template).is_err(), "{template}");
    }
}

#[test]
fn what_go_and_we_take_alike_beside_what_is_refused_is_evaluated() {
    for (template, wanted) in [
        (
            "{{ splitList \",\" \"b,a\" | sortAlpha | join \"-\" }}",
            "a-b",
        ),
        ("{{ sortAlpha (list \"b\" \"a\") | join \"-\" }}", "a-b"),
        ("{{ regexMatch `^[\\w-]{2,3}[-\\d]$` \"a-b-\" }}", "true"),
        ("{{ (fromYaml \"a: |-\\n  b\").a }}", "b"),
    ] {
        let found = executed(template, &Map::new(), Missing::Default, &Steps::default());
        assert_eq!(found.ok().as_deref(), Some(wanted), "{template}");
    }
}

#[test]
fn no_template_runs_for_long_or_fills_the_memory() {
    for (template, why) in ENDLESS {
        let found = fault(template);
        assert!(found.why.contains(why), "{template}: {found:?}");
    }
    for (open, close) in [
        ("(", ")"),
        ("{{ if 1 }}", "{{ end }}"),
        ("{{ if 1 }}{{ else if 1 }}", ""),
    ] {
        let inner = format!("{}1{}", open.repeat(3_000), close.repeat(3_000));
        let template = if open == "(" {
            format!("{{{{ {inner} }}}}")
        } else {
            inner
        };
        let found = fault(&template);
        assert!(
            found.why.contains("deeper than 100 levels"),
            "{open}: {found:?}"
        );
    }
}

/// Templates that would not end, or fill the memory, and what they are told.
const ENDLESS: &[(&str, &str)] = &[
    ("{{ range until 100000000 }}{{ end }}", "longer than 1 MiB"),
    ("{{ range 100000000 }}{{ end }}", "longer than 1 MiB"),
    ("{{ repeat 1000000000 \"x\" }}", "longer than 1 MiB"),
    ("{{ indent 1000000000 \"x\" }}", "longer than 1 MiB"),
    (
        "{{ untilStep 0 9223372036854775807 1 }}",
        "longer than 1 MiB",
    ),
    (
        "{{ $x := \"ab\" }}{{ range until 64 }}{{ $x = printf \"%s%s\" $x $x }}{{ end }}",
        "longer than 1 MiB",
    ),
    (
        "{{ range until 9000 }}{{ range until 9000 }}{{ end }}{{ end }}",
        "more than 5,000,000 steps",
    ),
    (
        "{{ range until 9000 }}{{ regexMatch \"(a+)+b\" (repeat 900 \"a\") }}{{ end }}",
        "more than 5,000,000 steps",
    ),
    (
        "{{ define \"r\" }}{{ template \"r\" . }}{{ end }}{{ template \"r\" . }}",
        "deeper than 100 levels",
    ),
    (
        "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ $d }}",
        "deeper than 100 levels",
    ),
    (
        "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ toJson $d }}",
        "deeper than 100 levels",
    ),
    (
        "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ toYaml $d }}",
        "deeper than 100 levels",
    ),
    (
        "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ deepCopy $d }}",
        "deeper than 100 levels",
    ),
    (
        "{{ $x := list }}{{ range until 200 }}{{ $x = list $x }}{{ end }}",
        "deeper than 100 levels",
    ),
];

#[test]
fn maps_within_each_other_without_end_are_dropped() {
    let template = "{{ $d := dict }}{{ range until 20000 }}{{ $n := dict }}{{ $_ := set $d \"n\" $n }}{{ $d = $n }}{{ end }}done";
    let found = executed(template, &Map::new(), Missing::Default, &Steps::default());
    assert_eq!(found.unwrap(), "done");
}

#[test]
fn steps_are_taken_from_all_templates_together() {
    let steps = Steps::default();
    let template = "{{ range until 20000 }}{{ range until 20 }}{{ end }}{{ end }}";
    let run = || executed(template, &Map::new(), Missing::Default, &steps);
    let answers: Vec<bool> = (0..20).map(|_| run().is_ok()).collect();
    assert!(answers[0] && !answers[19], "{answers:?}");
}

/// Words that templates are made of, and names of functions.
fn words() -> impl Strategy<Value = String> {
    let fixed = [
        "{{",
        "}}",
        "{{-",
        " -}}",
        "(",
        ")",
        "|",
        ":=",
        "=",
        ",",
        ".",
        "$",
        "$x",
        ".a.b",
        ".list",
        ".map",
        "\"x\"",
        "`y`",
        "1",
        "-2",
        "0.5",
        "if",
        "else",
        "end",
        "range",
        "with",
        "define",
        "template",
        "block",
        "break",
        "nil",
        "true",
        "\n",
        "é",
        "/*",
        "*/",
        "9223372036854775807",
        "\"%5d\"",
        "\"[a-\"",
    ];
    let fixed: Vec<&'static str> = fixed.into_iter().chain(functions::names()).collect();
    let word = prop::sample::select(fixed);
    prop::collection::vec(word, 1..40).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn no_template_panics(soup in words(), action in words()) {
        let params = json!({"a": {"b": "é"}, "list": [1, null, "x"], "map": {"k": [], "l": {}}});
        let params = params.as_object().unwrap();
        for template in [soup, format!("{{{{ {action} }}}}"), format!("{{{{ $x := .list }}}}{{{{ {action}")] {
            for missing in [Missing::Default, Missing::Zero, Missing::Error] {
                if let Err(fault) = executed(&template, params, missing, &Steps::default()) {
                    prop_assert!(fault.at <= template.len() && !fault.why.is_empty());
                }
            }
        }
    }
}

/// Each function with each few of these values: it answers or refuses.
#[test]
fn no_function_panics() {
    let values = [
        "nil",
        ".gone",
        "true",
        "0",
        "-1",
        "3",
        "9223372036854775807",
        "(add 1 1)",
        "0.5",
        "1e300",
        "\"\"",
        "\"é x\"",
        "\"-7\"",
        "(list)",
        "(list 1 nil \"x\")",
        "(keys .m)",
        "(dict)",
        "(dict \"a\" (list 1))",
        ".m",
        "(split \"x\" \"axb\")",
        "\"%d %s %v %q\"",
        "\"(\"",
        "\"^1.x || >2\"",
    ];
    let params = json!({"m": {"a": 1, "b": {"c": "d"}}});
    let params = params.as_object().unwrap();
    for name in functions::names() {
        for one in values {
            let steps = Steps::default();
            let run = |template: String| {
                let _ = executed(&template, params, Missing::Default, &steps);
            };
            run(format!("{{{{ {name} {one} }}}}"));
            for two in values {
                run(format!("{{{{ {name} {one} {two} }}}}"));
                run(format!("{{{{ {name} {two} {one} {two} }}}}"));
            }
        }
    }
}
