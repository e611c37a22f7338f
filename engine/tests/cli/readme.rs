//! The README tells the truth: its demo is the demo's output, its commands run.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{assert_file, root, said, tidegate};
use crate::support::Repo;

#[test]
fn the_output_that_the_readme_shows_is_what_the_demo_prints() {
    let folder = tempfile::tempdir().unwrap();
    let (text, exit) = said(&tidegate(folder.path()).arg("demo").output().unwrap());
    assert_eq!(exit, 0, "{text}");
    let (_, step) = text.split_once("\n-- 2. ").unwrap();
    let (step, _) = step.split_once("\n\n-- 3. ").unwrap();
    let shown = format!("```text\n-- 2. {}\n```\n", settled(step));
    let path = root().join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(START).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    assert_file(&path, &format!("{before}{START}{shown}{END}{after}"));
}

/// The commands of `Gate your own repository`, in the README's order, in a new repository.
#[test]
fn the_commands_of_the_readme_run_in_a_repository_of_ones_own() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let blocks = blocks(section(&readme, "## Gate your own repository"));
    let [
        Block::Yaml(config),
        Block::Shell(begin),
        Block::Shell(check),
        Block::Shell(sign),
    ] = blocks.as_slice()
    else {
        panic!("the section has other blocks now: {blocks:?}");
    };
    let repo = Repo::new();
    repo.write("apps/web.yaml", deployment("one"));
    repo.commit("what runs");
    repo.write("tidegate.yaml", config);
    run(&repo, begin, 0);
    repo.write("apps/web.yaml", deployment("two"));
    repo.commit("a label");
    run(&repo, check, 0);
    let said = run(&repo, sign, 0);
    assert!(said.contains("prod/prod: admitted "), "{said}");
    repo.write("apps/web.yaml", deployment("too"));
    repo.commit("one byte");
    let admit = sign.lines().last().unwrap();
    assert!(admit.starts_with("tidegate admit "), "{admit}");
    let said = run(&repo, admit, 4);
    assert!(said.contains("refused[missing]: "), "{said}");
}

#[test]
fn the_readme_begins_with_the_two_commands() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let blocks = blocks(section(&readme, "## Start"));
    let Some(Block::Shell(first)) = blocks.first() else {
        panic!("{blocks:?}");
    };
    let commands: Vec<&str> = first
        .lines()
        .map(|row| row.split('#').next().unwrap().trim())
        .collect();
    assert_eq!(commands, ["cargo run -- demo", "cargo test"]);
}

fn run(repo: &Repo, script: &str, expected: i32) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_tidegate"));
    let path = format!("{}:{}", binary.parent().unwrap().display(), env!("PATH"));
    let mut command: Command = repo.command("sh");
    let output = command
        .args(["-euc", script])
        .env("PATH", path)
        .output()
        .unwrap();
    let (text, exit) = said(&output);
    assert_eq!(exit, expected, "{script}\n{text}");
    text
}

fn deployment(label: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: shop\n  labels: {{team: {label}}}\nspec:\n  \
         selector: {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    spec:\n      containers:\n        \
         - name: web\n          image: registry.example/web:1.0@sha256:835abe89bd745147fd383a711f551f7ae21d27a70fc9740e83ec3750d5e76fd5\n          resources:\n            \
         requests: {{cpu: 100m, memory: 64Mi}}\n            limits: {{memory: 128Mi}}\n"
    )
}

#[derive(Debug)]
enum Block {
    Yaml(String),
    Shell(String),
}

fn section<'r>(readme: &'r str, heading: &str) -> &'r str {
    let (_, rest) = readme.split_once(&format!("\n{heading}\n")).unwrap();
    rest.split_once("\n## ").unwrap().0
}

/// Fenced YAML and indented commands.
fn blocks(section: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut rows = section.lines().peekable();
    while let Some(row) = rows.next() {
        if row == "```yaml" {
            let yaml = rows.by_ref().take_while(|row| *row != "```");
            blocks.push(Block::Yaml(yaml.map(|row| format!("{row}\n")).collect()));
        } else if let Some(first) = row.strip_prefix("    ") {
            let mut script = first.to_owned();
            while let Some(next) = rows.next_if(|row| row.starts_with("    ")) {
                script.push('\n');
                script.push_str(next.trim_start());
            }
            blocks.push(Block::Shell(script));
        }
    }
    blocks
}

/// The clock and the ids of commits, which hold a new key each time, as constants.
fn settled(text: &str) -> String {
    let rows = text
        .lines()
        .map(|row| match row.split_once("  judged at ") {
            Some((head, _)) => {
                format!(
                    "{head}  judged at 2026-11-20T09:00:00Z by tidegate.yaml of the base 3f1c09ab"
                )
            }
            None => row.to_owned(),
        });
    rows.collect::<Vec<_>>().join("\n")
}

const START: &str = "<!-- demo:start -->\n";
const END: &str = "<!-- demo:end -->";
