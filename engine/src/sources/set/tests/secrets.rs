//! No refusal shows what a parameter says, or what a template gave: it may be a secret.

use super::of_template;
use super::patches::made;
use crate::sources::tests::HERE;

const SECRET: &str = "{list: {elements: [{s: hunter2, name: web}]}}";

fn refused(found: &[String], why: &str, of: &str) {
    let told = found.join("\n");
    assert!(
        told.starts_with("applicationset--all: unknown argo/set.yaml:"),
        "{of}: {told}"
    );
    assert!(told.contains(why), "{of}: {told}");
    assert!(!told.to_lowercase().contains("hunter"), "{of}: {told}");
}

#[test]
fn templates_that_are_not_followed_show_no_parameter() {
    for (template, why) in [
        ("{{ fail .s }}", "says `fail`"),
        ("{{ .s.deeper }}", "is no field of"),
        ("{{ index (list 1) (len .s) }}", "nothing at that place"),
        ("{{ printf .s 1 }}", "too many values"),
        ("{{ printf (printf \"%s%%Z\" .s) 1 }}", "a verb with flags"),
        ("{{ regexMatch (cat .s \"\\\\q\") .s }}", "before a letter"),
        (
            "{{ regexReplaceAll \"u\" .s (cat \"$\" .s) }}",
            "names no group",
        ),
        ("{{ eq .s 1 }}", "values of different types"),
        ("{{ range .s }}{{ end }}", "`range` goes over"),
        ("{{ template \"x\" .s }}", "no template is called"),
        ("{{ fromYaml .s }}", "no mapping in YAML"),
        (
            "{{ fromYaml (print .s \": |\\n  b\") }}",
            "ends in a block of text",
        ),
        ("{{ fromJson .s }}", "no JSON"),
        ("{{ b64dec .s }}", "no text in base64"),
        ("{{ semverCompare .s \"1\" }}", "`semverCompare`"),
        ("{{ toYaml (dict .s \"\\t\") }}", "spelling in YAML"),
        ("{{ repeat 99999999 .s }}", "longer than"),
        ("{{ set . .s .s }}", "changes the parameters"),
        ("{{ get .s .s }}", "something else than a map"),
        ("{{ upper 1 }}{{ .s }}", "something else than a text"),
    ] {
        let generators = format!("[{SECRET}]");
        let template = template.replace('\'', "''");
        let found = of_template(&generators, true, "x", &template, "", &[]);
        refused(&found, why, &template);
    }
    for patch in [
        "{{ now }}{{ .s }}",
        "{{ .s | fail }}",
        "{{ .s | atoi | repeat }}",
    ] {
        let patch = format!("  templatePatch: '{patch}'\n");
        let found = made(&format!("[{SECRET}]"), &plain(""), &patch);
        refused(&found, "`templatePatch` is not evaluated here", &patch);
    }
}

fn plain(values: &str) -> String {
    format!(
        "{{metadata: {{name: x}}, spec: {{source: {{repoURL: '{HERE}', path: plain{values}}}}}}}"
    )
}

#[test]
fn patches_that_are_not_followed_show_nothing_of_what_they_say() {
    for (patch, why) in [
        ("- {{ .s }}", "no mapping"),
        ("{{ .s }}", "no mapping"),
        ("[{{ .s }}", "is no YAML"),
        ("{ {{- .s }}: 1}", "begins as JSON and is none"),
        ("a: {{ .s }}\n---\nb: 1", "several documents"),
        ("{{ .s }}: 1\n{{ .s }}: 2", "is no YAML"),
        ("{{ .s }}: &a 1\nb: *{{ .s }}", "is no YAML"),
        ("a: !{{ .s }} 1", "is no YAML"),
        ("{{ .s }}: x", "no field of an Application"),
        ("spec: {'{{ .s }}': x}", "no field of an Application"),
        ("spec: {'${{ .s }}': x}", "has a directive"),
        ("spec: {x: {'${{ .s }}': x}}", "adds a directive"),
        ("spec: {x: {'{{ .s }}': null}}", "adds `null`"),
        ("{{ .s }}: [a :]", "a colon alone"),
        ("{{ .s }}: -0.0", "a zero with a minus"),
        (
            "spec: {source: {helm: {valuesObject: {'{{ .s }}': {b: 1}}}}}",
            "cannot merge",
        ),
    ] {
        let template = plain(", helm: {valuesObject: {hunter2: {a: 1}}}");
        let lines: String = patch.lines().map(|line| format!("    {line}\n")).collect();
        let more = format!("  templatePatch: |\n{lines}");
        let found = made(&format!("[{SECRET}]"), &template, &more);
        refused(&found, why, patch);
    }
}

#[test]
fn generators_that_are_not_followed_show_no_parameter_of_others() {
    let git = |more: &str| format!("{{git: {{repoURL: '{HERE}', {more}}}}}");
    for (second, why) in [
        ("{git: {repoURL: '{{ .s }}', directories: []}}".to_owned(), "another repository"),
        (git("revision: '{{ .s }}', directories: []"), "another state"),
        (git("directories: [{path: '{{ .s }}/[a]'}]"), "several ways"),
        (git("files: [{path: '{{ .s }}/{a}'}]"), "several ways"),
        (git("directories: [{path: '*'}], values: {a: '{{ .s }}'}"), "has templates in it"),
        ("{list: {elementsYaml: '{{ .s }}'}}".to_owned(), "is no list in YAML"),
        ("{list: {elementsYaml: '[{{ .s }}]'}}".to_owned(), "holds no mappings"),
        ("{list: {elementsYaml: '[{{ .s }}'}}".to_owned(), "is no YAML"),
        ("{list: {elements: ['{{ .s }}']}}".to_owned(), "a list of mappings"),
        ("{list: {elements: [{'{{ .s }}': a}]}}".to_owned(), "a template in a key"),
        ("{list: {elements: [{a: '{{ .s }}{{ \"{{\" }}'}]}}".to_owned(), "puts `{{` into"),
        (
            "{merge: {mergeKeys: ['{{ .s }}'], generators: [{list: {elements: [{a: b}, {a: c}]}}, {list: {elements: []}}]}}".to_owned(),
            "have the same `mergeKeys`",
        ),
        (
            "{matrix: {generators: [{list: {elements: [{a: null}]}, selector: {matchExpressions: [{key: '{{ .s }}', operator: '{{ .s }}'}]}}, {list: {elements: []}}]}}".to_owned(),
            "`operator` is not",
        ),
    ] {
        let generators = format!("[{{matrix: {{generators: [{SECRET}, {second}]}}}}]");
        let found = of_template(&generators, true, "x", "plain", "", &[("a/b.yaml", "")]);
        refused(&found, why, &second);
    }
}

#[test]
fn applications_that_are_not_made_show_no_parameter() {
    let twice = "[{list: {elements: [{s: hunter2}, {s: hunter2}]}}]";
    let found = of_template(twice, true, "{{ .s }}", "plain", "", &[]);
    refused(&found, "have the same name", twice);
    let template = "{metadata: {name: x, labels: {'{{ .s }}': a, '{{ .s | trim }}': b}}, spec: {}}";
    let found = made(&format!("[{SECRET}]"), template, "");
    refused(
        &found,
        "two keys of a mapping come to the same text",
        template,
    );
    let large = plain(", helm: {valuesObject: {'{{ .s }}': 9007199254740993}}");
    let found = made(&format!("[{SECRET}]"), &large, "");
    refused(&found, "a number is too large", &large);
}
