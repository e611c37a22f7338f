//! Which variables of the process mean something here, which others were probably meant to, and which would lead
//! Git elsewhere. Reads none of them: it is told their names.

use crate::model::did_you_mean;

/// Each variable that means nothing and is called nearly as one that does, with that one.
pub(super) fn misspelt(names: &[String]) -> Vec<(&str, String)> {
    names
        .iter()
        .filter_map(|name| {
            let own = name.strip_prefix(PREFIX)?;
            let known = OWN.contains(&own) || own.starts_with(INPUT);
            let meant = did_you_mean(own, OWN).filter(|_| !known)?;
            Some((name.as_str(), format!("{PREFIX}{meant}")))
        })
        .collect()
}

/// Those by which Git takes another repository, other objects or other settings than those of the folder.
pub(super) fn leading_git_elsewhere(names: &[String]) -> Vec<&str> {
    let names = names.iter().map(String::as_str);
    let mut found: Vec<&str> = names
        .filter(|name| OF_GIT.contains(name) || name.starts_with("GIT_CONFIG"))
        .collect();
    found.sort_unstable();
    found
}

const PREFIX: &str = "TIDEGATE_";
/// The inputs of the action, which a job checks by itself.
const INPUT: &str = "INPUT_";
/// What follows the prefix; a test tries each that stands in the sources.
const OWN: [&str; 6] = [
    "HELM",
    "KUSTOMIZE",
    "REVISION",
    "SIGNING_KEY",
    "SIGNING_KEY_FILE",
    "TOKEN",
];
const OF_GIT: [&str; 12] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_ATTR_SOURCE",
    "GIT_CEILING_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_slip_is_told_and_what_belongs_to_somebody_else_is_not() {
        let given = names(&[
            "TIDEGATE_SIGN_KEY",
            "TIDEGATE_SIGNING_KEY",
            "TIDEGATE_KUSTOMISE",
            "TIDEGATE_revision",
            "TIDEGATE_INPUT_TOKEN",
            "TIDEGATE_PORT_443_TCP",
            "TIDEGATE_SERVICE_HOST",
            "TIDEGATE_BIN",
            "TIDEGATE_",
            "SIGNING_KEYS",
        ]);
        let found = misspelt(&given);
        let found: Vec<(&str, &str)> = found
            .iter()
            .map(|(name, meant)| (*name, meant.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                ("TIDEGATE_SIGN_KEY", "TIDEGATE_SIGNING_KEY"),
                ("TIDEGATE_KUSTOMISE", "TIDEGATE_KUSTOMIZE"),
                ("TIDEGATE_revision", "TIDEGATE_REVISION"),
            ]
        );
    }

    #[test]
    fn what_leads_git_elsewhere_is_named_in_order() {
        let given = names(&[
            "GIT_WORK_TREE",
            "GIT_EDITOR",
            "GIT_CONFIG_COUNT",
            "GIT_DIR",
            "MY_GIT_DIR",
        ]);
        assert_eq!(
            leading_git_elsewhere(&given),
            ["GIT_CONFIG_COUNT", "GIT_DIR", "GIT_WORK_TREE"]
        );
    }
}
