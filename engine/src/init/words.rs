//! Which words name an environment, and where in a path they do.
//! Knows nothing of what lies there.

use crate::model::Stage;

/// Where in a path an environment is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// How many segments lead to it, itself included.
    pub(super) depth: usize,
    /// As written, without what stands behind a dot.
    pub(super) name: String,
    /// What the word says, where it is one that is known.
    pub(super) stage: Option<Stage>,
    /// Whether it stands below a folder that holds environments, such as `overlays`.
    pub(super) contained: bool,
}

/// The environment that the folders of a path name: the one below the first folder that holds
/// environments, else the first that is called as environments are.
pub(super) fn environment(folders: &[&str]) -> Option<Named> {
    let contained = folders.windows(2).zip(2..).find_map(|(pair, depth)| {
        let [container, folder] = pair else {
            return None;
        };
        let holds = CONTAINERS.contains(container) && !SHARED.contains(folder);
        holds.then(|| named(folder, depth, true))
    });
    contained.or_else(|| {
        let word =
            |(folder, depth): (&&str, usize)| stage(folder).map(|_| named(folder, depth, false));
        folders.iter().zip(1..).find_map(word)
    })
}

/// The stage that a name says: `prod`, `prod-a`, `eu-staging`, `live.example.org`.
pub(super) fn stage(name: &str) -> Option<Stage> {
    let name = first_part(name).to_ascii_lowercase();
    if let Some(stage) = stage_of(&name) {
        return Some(stage);
    }
    let name = name.replace("pre-prod", "preprod");
    let words: Vec<&str> = name.split(['-', '_']).collect();
    let (at, stage) = words
        .iter()
        .enumerate()
        .find_map(|(at, word)| Some((at, stage_of(word)?)))?;
    let place = |word: &&str| {
        word.len() <= 3 || REGIONS.contains(word) || word.bytes().all(|byte| byte.is_ascii_digit())
    };
    // `prod-eu-west-1` is an environment, `live-chat` and `test-runner` are not.
    let others = words.iter().enumerate().filter(|(other, _)| *other != at);
    others.map(|(_, word)| word).all(place).then_some(stage)
}

/// The word of a name that says a stage: its last one (`shop-prod`), else any that stands beside places
/// alone (`prod-eu`).
pub(super) fn stage_word(name: &str) -> Option<String> {
    let lower = first_part(name).to_ascii_lowercase();
    let lower = lower.replace("pre-prod", "preprod");
    let mut words = lower.split(['-', '_']);
    let says = |word: &&str| stage_of(word).is_some();
    let last = words.clone().next_back().filter(says);
    let any = || stage(name).and_then(|_| words.find(says));
    last.or_else(any).map(str::to_owned)
}

/// Whether a file is shown or tried rather than deployed, or is for the tools of developers.
pub(super) fn is_aside_path(path: &str) -> bool {
    let (folders, file) = path.rsplit_once('/').unwrap_or(("", path));
    let aside = |folder: &str| {
        let folder = folder.to_ascii_lowercase();
        // What a chart renders lies in `templates`, and is deployed.
        let template = folder.ends_with("-template") || folder.ends_with("-templates");
        folder.starts_with('.') || template || ASIDE.contains(&folder.as_str())
    };
    file.starts_with('.') || folders.split('/').any(aside)
}

fn named(folder: &str, depth: usize, contained: bool) -> Named {
    Named {
        depth,
        name: first_part(folder).to_owned(),
        stage: stage(folder),
        contained,
    }
}

fn first_part(folder: &str) -> &str {
    match folder.split_once('.') {
        Some((first, _)) if !first.is_empty() => first,
        _ => folder,
    }
}

fn stage_of(word: &str) -> Option<Stage> {
    STAGES
        .iter()
        .find(|(words, _)| words.contains(&word))
        .map(|(_, stage)| *stage)
}

const STAGES: [(&[&str], Stage); 6] = [
    (&["prod", "prd", "production", "live"], Stage::Production),
    (
        &["staging", "stage", "stg", "preprod", "preproduction"],
        Stage::Staging,
    ),
    (&["uat"], Stage::Uat),
    (&["qa"], Stage::Qa),
    (
        &["dev", "development", "test", "testing", "sandbox"],
        Stage::Development,
    ),
    (&["dr", "recovery"], Stage::Recovery),
];

/// Folders whose folders are environments.
const CONTAINERS: [&str; 6] = [
    "overlays",
    "environments",
    "envs",
    "env",
    "clusters",
    "stages",
];

/// Folders among environments that are none.
const SHARED: [&str; 9] = [
    "base",
    "bases",
    "common",
    "shared",
    "default",
    "defaults",
    "components",
    "templates",
    "all",
];

const REGIONS: [&str; 8] = [
    "east", "west", "north", "south", "central", "europe", "asia", "america",
];

const ASIDE: [&str; 14] = [
    "doc",
    "docs",
    "documentation",
    "example",
    "examples",
    "sample",
    "samples",
    "tests",
    "e2e",
    "testdata",
    "fixtures",
    "hack",
    "ci",
    "scripts",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_is_a_word_with_at_most_a_place_beside_it() {
        for (name, expected) in [
            ("prod", Some(Stage::Production)),
            ("prod-a", Some(Stage::Production)),
            ("prod-eu-west-1", Some(Stage::Production)),
            ("eu-staging", Some(Stage::Staging)),
            ("pre-prod", Some(Stage::Staging)),
            ("live.cloud.example.org", Some(Stage::Production)),
            ("UAT", Some(Stage::Uat)),
            ("live-chat", None),
            ("test-runner", None),
            ("products", None),
            ("", None),
        ] {
            assert_eq!(stage(name), expected, "{name}");
        }
    }

    #[test]
    fn of_the_name_of_a_thing_only_the_word_of_its_stage_counts() {
        for (name, expected) in [
            ("api-prod", Some("prod")),
            ("shop-prod", Some("prod")),
            ("shop-pre-prod", Some("preprod")),
            ("prod-eu-west-1", Some("prod")),
            ("staging", Some("staging")),
            ("live-chat", None),
            ("test-runner", None),
            ("shop", None),
        ] {
            assert_eq!(stage_word(name).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn what_stands_below_overlays_is_an_environment_whatever_its_name() {
        let found = |path: &str| {
            let folders: Vec<&str> = path.split('/').collect();
            environment(&folders).map(|named| (named.depth, named.name))
        };
        assert_eq!(found("apps/a/overlays/blue"), Some((4, "blue".to_owned())));
        assert_eq!(found("clusters/home/prod"), Some((2, "home".to_owned())));
        assert_eq!(found("clusters/base/prod"), Some((3, "prod".to_owned())));
        assert_eq!(found("apps/a/prod"), Some((3, "prod".to_owned())));
        assert_eq!(found("apps/a/base"), None);
    }
}
