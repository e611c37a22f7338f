//! `tidegate render`: what it prints of a folder can be read again.

use tidegate::manifest::{Node, yaml};

use super::{said, tidegate};
use crate::support::Repo;

/// The documents that `render` prints of a folder with this file in it, and all of what it prints.
fn printed(text: &str) -> (Vec<Node>, String) {
    let repo = Repo::new();
    repo.write(
        "tidegate.yaml",
        "environments:\n- name: prod\n  sources:\n  - {name: web, kind: Application, path: apps/web}\n",
    );
    repo.write("apps/web/all.yaml", text);
    repo.commit("what is deployed");
    let output = tidegate(repo.path()).args(["render", "prod/web"]).output();
    let (text, exit) = said(&output.unwrap());
    assert_eq!(exit, 0, "{text}");
    (yaml::parse(&text).unwrap(), text)
}

#[test]
fn texts_keep_their_tabs_and_ends_of_lines_with_blanks() {
    let map = "apiVersion: v1\t\r\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  \
               Makefile: |\n    all:\n    \tcc -o all\t\n\n    clean:\n    \trm all\n";
    let (documents, text) = printed(map);
    let written = yaml::parse(map).unwrap();
    assert_eq!(documents[0].to_json(), written[0].to_json(), "{text}");
}

#[test]
fn secrets_of_any_style_and_length_are_printed_alike() {
    let styles = |secret: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData:\n  a: {secret}\n  b: '{secret}'\n  \
             c: |\n    {secret}\n    {secret}\n  d: {secret}\n    {secret}\n---\n\
             apiVersion: v1\nkind: Pod\nmetadata: {{name: b}}\nspec:\n  containers:\n  - name: c\n    \
             args: ['--token={secret}']\n    env:\n    - name: DB_PASSWORD\n      value: {secret}\n"
        )
    };
    let (short, text) = printed(&styles("x9"));
    let (_, long) = printed(&styles(&"hunter2".repeat(9)));
    assert_eq!(text, long);
    let data = short[0].get("stringData").unwrap().to_json();
    let shown = serde_json::json!({"a": "***", "b": "***", "c": "***\n", "d": "***"});
    assert_eq!(data, shown, "{text}");
    let container = short[1].pointer("/spec/containers/0").unwrap().to_json();
    assert_eq!(container["args"][0], "--token=***", "{text}");
    assert_eq!(container["env"][0]["value"], "***", "{text}");
}
