//! Tells this repository, and the state of it that is judged, from all others.
//! Opens no connection: spellings of URLs are compared, nothing is looked up.

use std::collections::BTreeSet;

use super::fields::{Read, Stop, place};
use super::url::{self, Named};
use crate::manifest::Node;

/// This repository as sources name it, and the branch that is judged.
#[derive(Clone, Debug, Default)]
pub struct Here {
    /// Normalised spellings.
    names: BTreeSet<String>,
    /// `namespace/name` of Flux's `GitRepository` objects that are this repository.
    objects: BTreeSet<String>,
    /// The branch of the environment.
    branch: String,
    /// What branches of promotion begin with: `gated/prod/`.
    promoted: String,
}

/// What a revision of this repository means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Revision {
    /// What is judged.
    Judged,
    /// Another state of it, which `pinned` says to be the same for ever.
    Other { pinned: bool },
}

impl Here {
    /// `spellings` are URLs, or `GitRepository/NAMESPACE/NAME` for one that is not in the tree.
    #[must_use]
    pub fn new<'s>(
        spellings: impl IntoIterator<Item = &'s str>,
        environment: &str,
        branch: &str,
    ) -> Self {
        let mut here = Self {
            branch: branch.to_owned(),
            promoted: format!("gated/{environment}/"),
            ..Self::default()
        };
        for spelling in spellings {
            match spelling.strip_prefix(OBJECT) {
                Some(object) => here.objects.insert(object.to_owned()),
                None => here.names.insert(normalised(spelling)),
            };
        }
        here
    }

    /// Whether anything says what this repository is called.
    #[must_use]
    pub fn is_named(&self) -> bool {
        !self.names.is_empty() || !self.objects.is_empty()
    }

    /// Whether a URL is one of this repository.
    ///
    /// # Errors
    /// Why readers may differ about it.
    pub(super) fn repository(&self, url: &str) -> Result<bool, &'static str> {
        match url::read(url) {
            Named::Repository(name) => Ok(self.names.contains(&name)),
            Named::Other => Ok(false),
            // The configuration spells it just so.
            Named::Unclear(_) if self.names.contains(&normalised(url)) => Ok(true),
            Named::Unclear(why) => Err(why),
            Named::Short(_) => Err("it has no scheme"),
        }
    }

    /// The same, of what `key` of a source says.
    pub(super) fn repository_at(&self, node: &Node, key: &str, url: &str) -> Read<bool> {
        self.repository(url).map_err(|why| {
            // The URL may hold a password.
            Stop::unknown(
                place(node, key),
                format!("who reads the URL may fetch another repository than others: {why}"),
                "write it as `https://HOST/PATH`, `ssh://git@HOST/PATH` or `git@HOST:PATH`; or, if it is this repository, list it under `repositories` in `tidegate.yaml` in just these letters",
            )
        })
    }

    pub(super) fn is_object(&self, namespace: &str, name: &str) -> bool {
        self.objects.contains(&format!("{namespace}/{name}"))
    }

    /// What Argo CD makes of a `targetRevision` in the object of the unit of this name. Nothing, and `HEAD`, is the
    /// default branch of the repository: which one that is, the usual names alone say.
    pub(super) fn revision(&self, revision: Option<&str>, of: &str) -> Revision {
        let Some(revision) = revision.filter(|revision| *revision != "HEAD") else {
            return match self.branch.as_str() {
                "main" | "master" => Revision::Judged,
                _ => Revision::Other { pinned: false },
            };
        };
        self.branch(revision.strip_prefix("refs/heads/").unwrap_or(revision), of)
    }

    /// What a branch is, or whatever stands where one could: the environment's, or the one on which the
    /// unit of this name is promoted.
    pub(super) fn branch(&self, branch: &str, of: &str) -> Revision {
        let promoted = branch.strip_prefix(&self.promoted);
        if branch == self.branch || promoted == Some(of) {
            Revision::Judged
        } else {
            Revision::Other {
                pinned: is_commit(branch),
            }
        }
    }
}

/// Whether a revision is a whole commit.
pub(super) fn is_commit(revision: &str) -> bool {
    matches!(revision.len(), 40 | 64) && revision.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a version of a chart is one, and no range.
pub(super) fn is_exact_version(version: &str) -> bool {
    let version = version.strip_prefix('v').unwrap_or(version);
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let core = version.split(['-', '+']).next().unwrap_or_default();
    let rest_is_plain = version
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b".-+".contains(&byte));
    core.split('.').count() == 3 && core.split('.').all(number) && rest_is_plain
}

/// Host and path of a URL: what is the same however it is reached. One that readers may take for several is the same
/// as its own letters alone, and so is what is no repository of Git.
#[must_use]
pub fn normalised(url: &str) -> String {
    match url::read(url) {
        Named::Repository(name) | Named::Short(name) => name,
        Named::Other | Named::Unclear(_) => format!("?{url}"),
    }
}

/// Before a `GitRepository` object.
pub(super) const OBJECT: &str = "GitRepository/";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_this_repository_another_or_unclear() {
        let odd = "https://git.example/acme/shop;v=1";
        let names = ["github.com/acme/shop", odd, "oci://r.example/shop"];
        let here = Here::new(names, "prod", "main");
        for (url, wanted) in [
            ("git@github.com:Acme/shop.git", Some(true)),
            ("https://github.com/acme/other", Some(false)),
            ("oci://github.com/acme/shop", Some(false)),
            ("oci://r.example/shop", Some(false)),
            (odd, Some(true)),
            ("https://git.example/acme/shop;V=1", None),
            ("https://evil.example?@github.com/acme/shop", None),
            // To Git this is a folder of whoever fetches it.
            ("github.com/acme/shop", None),
        ] {
            assert_eq!(here.repository(url).ok(), wanted, "{url}");
        }
    }

    #[test]
    fn only_the_branch_that_is_judged_is_here() {
        let here = Here::new(["github.com/acme/shop"], "prod", "main");
        for judged in [
            None,
            Some("HEAD"),
            Some("main"),
            Some("refs/heads/main"),
            Some("gated/prod/web"),
        ] {
            assert_eq!(here.revision(judged, "web"), Revision::Judged, "{judged:?}");
        }
        for floating in [
            "v1.2.3",
            "develop",
            "main~1",
            "refs/tags/main",
            "gated/qa/web",
            "gated/prod/api",
            "gated/prod/",
            "abc1234",
        ] {
            let other = Revision::Other { pinned: false };
            assert_eq!(here.revision(Some(floating), "web"), other, "{floating}");
        }
        let release = Here::new(["github.com/acme/shop"], "prod", "release");
        for default in [None, Some("HEAD")] {
            let other = Revision::Other { pinned: false };
            assert_eq!(release.revision(default, "web"), other, "{default:?}");
        }
        let commit = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(
            here.revision(Some(commit), "web"),
            Revision::Other { pinned: true }
        );
    }

    #[test]
    fn a_version_is_exact_or_a_range() {
        for exact in ["1.2.3", "v1.2.3", "1.2.3-rc.1+build.5"] {
            assert!(is_exact_version(exact), "{exact}");
        }
        for range in [
            "",
            "1.2",
            "1.x",
            "^1.2.3",
            ">=1.2.3",
            "1.2.*",
            "~1.2.3",
            "1.2.3 || 2.0.0",
            "latest",
        ] {
            assert!(!is_exact_version(range), "{range}");
        }
    }
}
