//! Which branch of which remote a store is: what stands after `branch` in its name.
//! Reads nothing; whether there is such a branch is asked elsewhere.

use crate::store::Error;

/// A branch on a remote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchPlace {
    pub(super) remote: String,
    pub(super) branch: String,
}

impl BranchPlace {
    /// Takes what follows `branch` in the name of a store: nothing, `:REMOTE`, or `:REMOTE:NAME`.
    ///
    /// # Errors
    /// A name that Git would read as an option, an address or a pattern.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let refused = |text: &str, kind| Error::Name {
            text: text.chars().take(80).collect(),
            kind,
        };
        let (remote, branch) = match text.strip_prefix(':') {
            None if text.is_empty() => (REMOTE, BRANCH),
            None => return Err(refused(text, "remote")),
            Some(rest) => rest.split_once(':').unwrap_or((rest, BRANCH)),
        };
        for (text, kind) in [(remote, "remote"), (branch, "branch")] {
            if !is_name(text) {
                return Err(refused(text, kind));
            }
        }
        Ok(Self {
            remote: remote.to_owned(),
            branch: branch.to_owned(),
        })
    }

    /// The branch, in the remote.
    #[must_use]
    pub fn reference(&self) -> String {
        format!("refs/heads/{}", self.branch)
    }

    /// The name of the remote.
    #[must_use]
    pub fn remote(&self) -> &str {
        &self.remote
    }

    /// Below `refs/tidegate/`.
    pub(super) fn record(&self) -> String {
        format!("remotes/{}/{}", self.remote, self.branch)
    }
}

/// Letters, digits and a few marks: no option, address, pattern or step up.
fn is_name(text: &str) -> bool {
    (1..=200).contains(&text.len())
        && text.split('/').all(|segment| {
            segment.starts_with(|c: char| c.is_ascii_alphanumeric())
                && !segment.ends_with(['.', '-'])
                && !segment.contains("..")
                && !segment.ends_with(".lock")
                && segment
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        })
}

const REMOTE: &str = "origin";
const BRANCH: &str = "tidegate/verdicts";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::code_of;

    #[test]
    fn a_place_is_a_remote_and_a_branch() {
        let place = |text| {
            let place = BranchPlace::parse(text).unwrap();
            format!("{} {}", place.remote, place.reference())
        };
        assert_eq!(place(""), "origin refs/heads/tidegate/verdicts");
        assert_eq!(
            place(":up.stream/x"),
            "up.stream/x refs/heads/tidegate/verdicts"
        );
        assert_eq!(place(":origin:ci/v1"), "origin refs/heads/ci/v1");
        let record = |text| BranchPlace::parse(text).unwrap().record();
        assert_eq!(record(""), "remotes/origin/tidegate/verdicts");
        assert_eq!(record(":up:ci/v1"), "remotes/up/ci/v1");
        assert_eq!(BranchPlace::parse(":up:ci/v1").unwrap().remote(), "up");
    }

    #[test]
    fn what_git_could_take_for_something_else_is_no_name() {
        for text in [
            ":",
            "origin",
            ":-u",
            ":--upload-pack=x",
            ":ext::sh -c x",
            ":https://h/x",
            ":../x",
            ":.",
            ":a b",
            ":a/",
            ":origin:",
            ":origin:-x",
            ":origin:a..b",
            ":origin:a*",
            ":origin:a:b",
            ":origin:+a",
            ":origin:a.lock",
            ":origin:x@{1}",
            ":orígin",
        ] {
            let error = BranchPlace::parse(text).map(|_| ()).unwrap_err();
            assert_eq!(code_of(&error), "usage.store", "{text}");
        }
    }
}
