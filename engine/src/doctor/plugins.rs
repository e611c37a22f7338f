//! Config-management plugins: which of them ask before they render, and what of them is not as it is shipped.

use super::Way;
use super::alterations::{PROGRAMS, asks};
use super::tree::{Document, Seen, texts};
use crate::manifest::NodeValue;
use crate::model::step_of;

/// Plugins that are called so, or have the words of one, and ask nothing for sure.
pub(super) fn ways(seen: &Seen<'_>) -> Vec<Way> {
    let all = seen.of_kind(GROUP, KIND).filter(|it| looks_like_one(it));
    all.filter_map(|plugin| {
        let (pointer, about) = fault(plugin)?;
        Some(plugin.open(
            "gate-altered",
            &pointer,
            format!(
                "{} looks like the plugin that asks and is not: {about}",
                plugin.called()
            ),
            "take action/argocd/plugin/plugin.yaml as it is, and change the values of its flags alone",
        ))
    })
    .collect()
}

/// Whether each plugin of that name asks before it renders; nothing where none is seen.
pub(super) fn ask(seen: &Seen<'_>, name: &str) -> Option<bool> {
    let plugins = called(seen, name);
    match plugins.is_empty() {
        true => (!name.starts_with("tidegate")).then_some(false),
        false => Some(plugins.iter().all(|plugin| fault(plugin).is_none())),
    }
}

/// The plugins that an Application means by a name.
pub(super) fn called<'s, 't>(seen: &'s Seen<'t>, name: &str) -> Vec<&'s Document<'t>> {
    let all = seen.of_kind(GROUP, KIND);
    all.filter(|plugin| {
        let version = plugin.text_at("/spec/version");
        version.map_or(plugin.name() == name, |version| {
            name == format!("{}-{version}", plugin.name())
        })
    })
    .collect()
}

/// What a plugin gives `tidegate admit`.
pub(super) fn arguments(plugin: &Document<'_>) -> Vec<String> {
    let words = words(plugin);
    let asked = words.iter().take_while(|word| **word != "--");
    asked.map(|word| (*word).to_owned()).collect()
}

fn looks_like_one(plugin: &Document<'_>) -> bool {
    let words = words(plugin);
    let has = |wanted: &str| words.iter().any(|word| word.contains(wanted));
    has("admit") && (has("tidegate") || plugin.name().starts_with("tidegate"))
}

/// What of a plugin makes another thing of it than the shipped one.
fn fault(plugin: &Document<'_>) -> Option<(String, String)> {
    for (at, known) in KNOWN {
        let node = plugin.node.pointer(at).map(|node| &node.value);
        let Some(NodeValue::Mapping(entries)) = node else {
            return Some((at.to_owned(), "it has no words".to_owned()));
        };
        let other = entries.iter().find(|entry| !known.contains(&&*entry.key));
        if let Some(other) = other {
            let about = format!("the shipped one has no `{}`", other.key);
            return Some((format!("{at}/{}", step_of(&other.key)), about));
        }
    }
    let words = words(plugin);
    let mut parts = words.splitn(2, |word| *word == "--");
    let (asked, renders) = (parts.next().unwrap_or_default(), parts.next());
    let of_a_job = |word: &&str| OF_A_JOB.iter().any(|flag| word.starts_with(flag));
    let sound = asked.split_first().is_some_and(|(program, asked)| {
        PROGRAMS.contains(program) && asks(asked) && !asked.iter().any(of_a_job)
    });
    if !sound {
        let about = "it does not run `tidegate admit` itself, with flags that a plugin has";
        return Some(("/spec/generate/args".to_owned(), about.to_owned()));
    }
    (renders != Some(&RENDERS)).then(|| {
        let about = "what it renders with is not `-- kustomize build .`";
        ("/spec/generate/args".to_owned(), about.to_owned())
    })
}

fn words<'d>(plugin: &'d Document<'_>) -> Vec<&'d str> {
    let words = |key: &str| texts(&plugin.node, key);
    [
        words("/spec/generate/command"),
        words("/spec/generate/args"),
    ]
    .concat()
}

const GROUP: &str = "argoproj.io";
const KIND: &str = "ConfigManagementPlugin";
const RENDERS: [&str; 3] = ["kustomize", "build", "."];
/// Flags of a Job, which knows its Application.
const OF_A_JOB: [&str; 2] = ["--application", "--gate-source"];
/// Where it says something, and what it may say there.
const KNOWN: [(&str, &[&str]); 2] = [
    ("/spec", &["generate", "preserveFileMode", "version"]),
    ("/spec/generate", &["args", "command"]),
];
