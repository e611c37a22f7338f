//! Texts that a set reads as YAML: what Argo CD's reader and ours take differently is refused wherever it stands.

use super::of_template;
use crate::sources::tests::{ARGO, HERE, PLAIN, units};

/// The set whose files generator reads this text.
fn of_file(text: &str) -> Vec<String> {
    let generators = format!("[{{git: {{repoURL: '{HERE}', files: [{{path: cfg/a.yaml}}]}}}}]");
    let path = "{{ .text | trim }}";
    of_template(&generators, true, "x", path, "", &[("cfg/a.yaml", text)])
}

/// The set whose list is this text.
fn of_elements(text: &str) -> Vec<String> {
    let text = serde_json::Value::from(text);
    let generators = format!("[{{list: {{elementsYaml: {text}}}}}]");
    of_template(&generators, true, "x", "{{ .text | trim }}", "", &[])
}

#[test]
fn texts_that_readers_take_differently_are_refused_in_files_and_lists() {
    for (text, why) in [
        (
            "text: |\n  plain",
            "ends in a block of text without a line break",
        ),
        (
            "text: >\n  plain\n   ",
            "ends in a block of text without a line break",
        ),
        ("text: plain\n\t\n", "begins with a tab"),
        ("text: plain\nlist: [a :]\n", "a colon alone"),
        ("text: plain\nzero: -0.0\n", "a zero with a minus"),
    ] {
        let file = of_file(text);
        assert!(
            file[0].starts_with("applicationset--all: unknown argo/set.yaml:6:")
                && file[0].contains("`cfg/a.yaml` ")
                && file[0].contains(why),
            "{text:?}: {file:?}"
        );
        let list = format!("- {}", text.replace('\n', "\n  "));
        let list = of_elements(&list);
        assert!(list[0].contains("`elementsYaml`, evaluated, "), "{list:?}");
    }
    for text in ["text: |\n  plain\n", "text: |-\n  plain", "text: plain"] {
        assert!(of_file(text)[0].starts_with("x: plain"), "{text:?}");
        let list = format!("- {}", text.replace('\n', "\n  "));
        let list = list.trim_end_matches(' ');
        assert!(of_elements(list)[0].starts_with("x: plain"), "{list:?}");
    }
    let zero = "[{list: {elements: [{a: {b: -0.0}}]}}]";
    let zero = of_template(zero, true, "x", "plain", "", &[]);
    assert!(zero[0].contains("a zero with a minus"), "{zero:?}");
}

#[test]
fn a_set_whose_generators_give_nothing_makes_nothing() {
    for generators in [
        "[{list: {elements: [{a: b}]}, selector: {matchLabels: {a: c}}}]",
        "[{list: {elements: []}}]",
        "[{list: {elementsYaml: '[]'}}]",
        &format!("[{{git: {{repoURL: '{HERE}', directories: [{{path: none/*}}]}}}}]"),
        "[{clusters: {}}]",
    ] {
        let config = "generators: {all: []}";
        let found = of_template(generators, true, "x", "plain", config, &[]);
        assert_eq!(found, Vec::<String>::new(), "{generators}");
    }
    let unselected = "[{list: {elements: [{a: b}]}}]";
    let set = format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: all}}\nspec:\n  generators: {unselected}\n  template: {{metadata: {{name: x}}, spec: {{source: {{repoURL: '{HERE}', path: plain}}}}}}\n"
    );
    let error = units(
        &ARGO.replace("paths:", "project: other, paths:"),
        &[("argo/set.yaml", &set), PLAIN],
    );
    let error = error.unwrap_err().to_string();
    assert!(error.contains("selects no Application"), "{error}");
}
