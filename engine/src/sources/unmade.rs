//! Applications and Kustomizations that only a chart makes: there are some, and what they deploy is not known.
//! Runs no template; it reads the lines that say what an object is.

use std::collections::{BTreeMap, BTreeSet};

use super::Tree;
use super::deployment::{Deployment, Kind, Place, Source, Unknown};
use super::prune::Prune;
use super::resolve::Error;
use crate::config::{DeployerKind, Deployers};
use crate::git::TreeEntry;
use crate::model::Digest;

/// One that stands for all that a selected template may make, for each such template.
pub(super) fn select(selected: &Deployers, tree: &Tree<'_>) -> Result<Vec<Deployment>, Error> {
    let mut found = Vec::new();
    for entry in &tree.entries {
        if selected.paths.matches(&entry.path) && is_of_templates(entry, tree) {
            found.extend(by_template(entry, tree, selected.kind)?);
        }
    }
    Ok(found)
}

/// One that stands for all that a template may make; none where it makes no such thing.
pub(super) fn by_template(
    entry: &TreeEntry,
    tree: &Tree<'_>,
    deployer: DeployerKind,
) -> Result<Option<Deployment>, Error> {
    let bytes = tree.content(entry)?.unwrap_or_default();
    Ok(made_of(entry, &String::from_utf8_lossy(&bytes), deployer))
}

/// Whether Helm runs the file as a template, which it does whatever its name is.
pub(super) fn is_of_templates(entry: &TreeEntry, tree: &Tree<'_>) -> bool {
    let mut folders = entry.path.parent().split(|byte| *byte == b'/');
    folders.any(|folder| folder == b"templates") && tree.is_template(&entry.path)
}

fn made_of(entry: &TreeEntry, text: &str, deployer: DeployerKind) -> Option<Deployment> {
    let kinds = KINDS.iter().filter(|(whose, ..)| *whose == deployer);
    let mut kinds = kinds.filter(|(_, group, ..)| text.contains(group));
    let (line, (name, kind)) = kinds.find_map(|(_, _, name, kind)| {
        let at = text.lines().position(|line| says(line, name))?;
        Some((at + 1, (*name, *kind)))
    })?;
    let place = Place {
        path: entry.path.clone(),
        line,
        column: 1,
    };
    let unit = name_of(&entry.path.to_string());
    Some(Deployment {
        name: unit.clone(),
        unit,
        namespace: None,
        kind,
        project: None,
        cluster: None,
        target_namespace: None,
        labels: BTreeMap::new(),
        depends_on: Vec::new(),
        generated_by: Some("a template".to_owned()),
        prune: Prune::default(),
        declared_in: BTreeSet::from([entry.path.clone()]),
        given: BTreeMap::new(),
        takes_values: false,
        description: serde_json::Value::Null,
        sources: vec![Source::Unknown(Unknown {
            reason: format!("only a chart makes this {name}, which is not looked into"),
            place: place.clone(),
            remedy: "commit what the chart gives (`helm template`), and let the environment's `paths` select that instead of the template"
                .to_owned(),
            may_be: Vec::new(),
        })],
        reach: None,
        pinned: Vec::new(),
        revisions: Vec::new(),
        made: None,
        place,
    })
}

/// Whether a line may say that an object is of a kind, however it spells that: in quotes, in braces, with a tag, or by what
/// a template makes.
fn says(line: &str, kind: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric();
    let behind = line.match_indices("kind").filter_map(|(at, word)| {
        let is_whole = !line.get(..at)?.ends_with(is_letter);
        let rest = line.get(at + word.len()..)?;
        let rest = rest.trim_start_matches(['"', '\'', ' ', '\t']);
        rest.strip_prefix(':').filter(|_| is_whole)
    });
    let mut values = behind.map(|rest| rest.split(" #").next().unwrap_or_default());
    values.any(|value| {
        let mut words = value.split(|c: char| !is_letter(c));
        value.trim().is_empty() || value.contains("{{") || words.any(|word| word == kind)
    })
}

/// A name for a file: its path as a label, a digest in place of what is too long.
fn name_of(path: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    let words: String = stem.chars().map(plain).collect();
    let words = words.split('-').filter(|word| !word.is_empty());
    let name = words.collect::<Vec<_>>().join("-");
    if name.len() <= LABEL && !name.is_empty() {
        return name;
    }
    let digest = Digest::of(path.as_bytes()).to_string();
    let digest = digest.get(..8).unwrap_or_default();
    let end = name.get(name.len().saturating_sub(LABEL - 10)..);
    format!("x{digest}-{}", end.unwrap_or_default().trim_matches('-'))
}

const KINDS: [(DeployerKind, &str, &str, Kind); 4] = [
    (
        DeployerKind::ArgoCd,
        "argoproj.io",
        "Application",
        Kind::Application,
    ),
    (
        DeployerKind::ArgoCd,
        "argoproj.io",
        "ApplicationSet",
        Kind::Application,
    ),
    (
        DeployerKind::Flux,
        "kustomize.toolkit.fluxcd.io",
        "Kustomization",
        Kind::Kustomization,
    ),
    (
        DeployerKind::Flux,
        "helm.toolkit.fluxcd.io",
        "HelmRelease",
        Kind::HelmRelease,
    ),
];
/// How long the name of a unit may be.
const LABEL: usize = 63;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_a_kind_however_it_is_spelled() {
        for line in [
            "kind: Application # one a shop",
            "  \"kind\": Application",
            "kind : 'Application'",
            "{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {name: a}}",
            "kind: !!str Application",
            "kind: {{ print \"App\" \"lication\" }}",
            "kind:",
        ] {
            assert!(says(line, "Application"), "{line}");
        }
        for line in [
            "kind: Rollout",
            "kind: Rollout # no Application",
            "kind: ApplicationSet",
            "# Application",
            "mankind: Application",
            "kinds: Application",
        ] {
            assert!(!says(line, "Application"), "{line}");
        }
    }
}
