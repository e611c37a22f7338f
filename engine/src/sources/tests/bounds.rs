//! How many Applications and sets of parameters there may be, and how far Applications may hold each other: at the limit, one above, ten times above.

use super::{ARGO, of_source, units};
use crate::model::{code_of, limits};

#[test]
fn applications_are_counted_up_to_the_limit() {
    let most = limits::DEPLOYMENTS.most;
    for (count, refused) in [(most, false), (most + 1, true), (10 * most, true)] {
        let all = (0..count).map(|n| named(n, "plain") + "---\n");
        // A file has at most a thousand documents.
        let all: Vec<String> = all.collect();
        let files = all.chunks(900).enumerate();
        let files = files.map(|(n, some)| (format!("argo/{n}.yaml"), some.concat()));
        assert_eq!(refusal(files), told(refused));
    }
}

#[test]
fn applications_hold_applications_up_to_the_limit() {
    let most = limits::DEPLOYMENT_DEPTH.most;
    for (count, refused) in [(most, false), (most + 1, true), (10 * most, true)] {
        let files = (0..count).map(|n| {
            let folder = match n {
                0 => "argo".to_owned(),
                n => format!("level{n}"),
            };
            let next = match n + 1 == count {
                true => "plain".to_owned(),
                false => format!("level{}", n + 1),
            };
            (format!("{folder}/app.yaml"), named(n, &next))
        });
        assert_eq!(refusal(files), told(refused));
    }
}

#[test]
fn sets_of_parameters_are_counted_up_to_the_limit() {
    let most = limits::PARAMETER_SETS.most;
    let list = |count: usize| {
        let elements = vec!["{a: b}"; count].join(", ");
        format!("{{list: {{elements: [{elements}]}}}}")
    };
    // Each of the outer ones counts, each inner one for each of them, and each pair.
    let count = |outer: usize| outer + 2 * outer * INNER;
    assert_eq!(count(OUTER), most);
    for (outer, more, refused) in [(OUTER, 0, false), (OUTER, 1, true), (10 * OUTER, 0, true)] {
        let matrix = format!(
            "{{matrix: {{generators: [{}, {}]}}, selector: {{matchLabels: {{a: none}}}}}}",
            list(outer),
            list(INNER)
        );
        let rest = format!(
            "{{list: {{elements: [{}]}}, selector: {{matchLabels: {{a: none}}}}}}",
            vec!["{a: b}"; more].join(", ")
        );
        let set = format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: all}}\nspec:\n  goTemplate: true\n  generators: [{rest}, {matrix}]\n  template: {{metadata: {{name: x}}, spec: {{}}}}\n"
        );
        let found = units(ARGO, &[("argo/set.yaml", &set), super::PLAIN]).unwrap();
        let told = super::told(&found).join("\n");
        assert_eq!(
            told.contains("its generators make more than 40,000 sets of parameters"),
            refused,
            "{outer} {more}: {told}"
        );
        assert_eq!(found.is_empty(), !refused, "{told}");
    }
}

fn named(number: usize, folder: &str) -> String {
    of_source(&format!("path: {folder}")).replace("name: web", &format!("name: web-{number}"))
}

fn refusal(files: impl Iterator<Item = (String, String)>) -> Option<String> {
    let files: Vec<(String, String)> = files.collect();
    let mut files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    files.push(super::PLAIN);
    units(ARGO, &files).err().map(|error| code_of(&error))
}

fn told(refused: bool) -> Option<String> {
    refused.then(|| "limit.deployments".to_owned())
}

/// Of these many outer and inner sets of parameters a matrix makes as many as there may be.
const OUTER: usize = 64;
const INNER: usize = 312;
