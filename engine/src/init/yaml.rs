//! A proposal as the text of `tidegate.yaml`.
//! Decides nothing.

use std::fmt::Write as _;

use super::{Claim, Proposal, Proposed};
use crate::config::Profile;
use crate::model::Stage;

/// The file, with a comment for each thing it says.
pub(super) fn write(proposal: &Proposal, branch: &str, profile: Profile) -> String {
    let mut text = HEAD.to_owned();
    let profile = profile.as_str();
    let _ = writeln!(text, "{PROFILE}profile: {profile}\n\nenvironments:");
    for (at, environment) in proposal.environments.iter().enumerate() {
        if at > 0 {
            text.push('\n');
        }
        write_environment(&mut text, environment, branch, at == 0);
    }
    if !proposal.unmanaged.is_empty() {
        text.push_str(UNMANAGED);
        text.push_str("unmanaged:\n");
        write_list(&mut text, "  ", &proposal.unmanaged);
    }
    if !proposal.components.is_empty() {
        text.push_str(COMPONENTS);
        text.push_str("components:\n");
        for (name, globs) in &proposal.components {
            let _ = writeln!(text, "  {name}:\n    paths:");
            write_list(&mut text, "      ", globs);
        }
    }
    text
}

fn write_environment(text: &mut String, environment: &Proposed, branch: &str, first: bool) {
    let comment = |comment: &'static str| if first { comment } else { "" };
    let rows = [
        ("- name", scalar(&environment.name), ""),
        ("  stage", stage(environment.stage).to_owned(), STAGE),
        ("  branch", scalar(branch), BRANCH),
        ("  enforcement", "observe".to_owned(), ENFORCEMENT),
    ];
    let _ = writeln!(text, "  # Recognised by {}.", environment.found);
    for (key, value, why) in rows {
        let row = format!("  {key}: {value}");
        match comment(why) {
            "" => {
                let _ = writeln!(text, "{row}");
            }
            why => {
                let _ = writeln!(text, "{row:<28}# {why}");
            }
        }
    }
    match &environment.claim {
        Claim::Paths(paths) => {
            let _ = writeln!(
                text,
                "    # Its files. They are judged, signed and admitted together."
            );
            let _ = writeln!(text, "    paths:");
            write_list(text, "      ", paths);
        }
        Claim::Sources(sources) => {
            let _ = writeln!(
                text,
                "    # Each of these is judged, signed and admitted by itself."
            );
            let _ = writeln!(text, "    sources:");
            for source in sources {
                let (name, path) = (scalar(&source.name), quoted(&source.path));
                let kind = source.kind;
                let _ = writeln!(text, "      - {{name: {name}, kind: {kind}, path: {path}}}");
            }
        }
    }
}

fn write_list(text: &mut String, indent: &str, items: &[String]) {
    for item in items {
        let _ = writeln!(text, "{indent}- {}", quoted(item));
    }
}

/// Plain where every reader takes it for a string.
fn scalar(text: &str) -> String {
    let letters = |letter: char| {
        letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-/".contains(letter)
    };
    let plain = text.starts_with(|letter: char| letter.is_ascii_lowercase())
        && text.chars().all(letters)
        && !NOT_STRINGS.contains(&text);
    if plain { text.to_owned() } else { quoted(text) }
}

/// A JSON string is a YAML string. What would turn the line around is spelt out.
fn quoted(text: &str) -> String {
    let mut quoted = String::new();
    for letter in serde_json::Value::from(text).to_string().chars() {
        if TURNING.contains(&letter) {
            let _ = write!(quoted, "\\u{:04x}", u32::from(letter));
        } else {
            quoted.push(letter);
        }
    }
    quoted
}

fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Development => "development",
        Stage::Qa => "qa",
        Stage::Uat => "uat",
        Stage::Staging => "staging",
        Stage::Production => "production",
        Stage::Recovery => "recovery",
    }
}

/// What YAML 1.1 reads as something else.
const NOT_STRINGS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

/// Marks of the direction of writing.
const TURNING: [char; 12] = [
    '\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}',
    '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}',
];

const HEAD: &str = "\
# yaml-language-server: $schema=https://tidegate.dev/schema/v1/config.json
# What tidegate judges in this repository. `tidegate config schema` describes every key.
apiVersion: tidegate.dev/v1

";
const PROFILE: &str = "\
# Which policies run. `recommended` asks for no evidence, `retail-prod` is everything.
";
const STAGE: &str = "what it is for";
const BRANCH: &str = "the protected branch it is deployed from";
const ENFORCEMENT: &str = "a denial is shown and stops nothing; `enforce` stops";
const UNMANAGED: &str = "
# Manifests that nothing seems to deploy: a change there needs no verdict. Read this list once.
";
const COMPONENTS: &str = "
# What objects are to the business, beside what tidegate sees by itself.
";
