//! What says that a job signs. Words are enough: whoever has the key within reach can sign in other ways.

use super::secrets::takes_any;
use crate::manifest::{Node, NodeValue};

/// Whether something signs, or has the key within reach.
pub(super) fn signs(node: &Node) -> bool {
    let said = node.canonical_json();
    let inputs = COMMANDS.map(|command| format!("\"command\":\"{command}\""));
    // The name of a secret has no case.
    said.to_ascii_uppercase().contains(KEY)
        || inputs.iter().any(|input| said.contains(input))
        || texts(node)
            .into_iter()
            .any(|text| runs(text) || takes_any(text))
}

/// Whether a script runs a command of ours that signs, wherever its flags stand.
fn runs(script: &str) -> bool {
    let script = script.replace("\\\n", " ");
    let commands = script.split(['\n', ';', '&', '|', '(', ')', '`']);
    commands.into_iter().any(|command| {
        let mut words = command
            .split_whitespace()
            .map(|word| word.trim_matches(['"', '\'']));
        words.by_ref().any(|word| {
            let name = word.rsplit(['/', '=']).next().unwrap_or(word);
            name.trim_start_matches('$')
                .trim_matches(['{', '}', '"'])
                .eq_ignore_ascii_case("tidegate")
        }) && words
            .any(|word| COMMANDS.contains(&word) || FLAGS.iter().any(|flag| word.starts_with(flag)))
    })
}

/// Every text of a node.
pub(super) fn texts(node: &Node) -> Vec<&str> {
    match &node.value {
        NodeValue::String(text) => vec![text],
        NodeValue::Sequence(items) => items.iter().flat_map(texts).collect(),
        NodeValue::Mapping(entries) => {
            let values = entries.iter().map(|entry| &entry.value);
            values.flat_map(texts).collect()
        }
        _ => Vec::new(),
    }
}

/// The variable that holds the key, and the one that names its file.
const KEY: &str = "TIDEGATE_SIGNING_KEY";
const COMMANDS: [&str; 3] = ["baseline", "sign", "withdraw"];
const FLAGS: [&str; 2] = ["--key-file", "--signer"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_signs_is_found_wherever_its_flags_stand() {
        for script in [
            "tidegate sign --env prod",
            "tidegate -C shop sign",
            "cd shop && tidegate --color never withdraw sha256:00 --reason x",
            "set -e\n/usr/bin/tidegate \\\n  baseline",
            "x=$(\"$TIDEGATE\" sign)",
            "TZ=UTC ./bin/tidegate renew --key-file key",
        ] {
            assert!(runs(script), "{script}");
        }
        for script in [
            "tidegate check",
            "tidegate verify a; echo sign",
            "echo tidegate\necho sign",
            "git commit --gpg-sign",
            "tidegate-check sign",
            "",
        ] {
            assert!(!runs(script), "{script}");
        }
    }
}
