//! Tells this repository, and the state of it that is judged, from all others.
//! Opens no connection: spellings of URLs are compared, nothing is looked up.

use std::collections::BTreeSet;

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

    pub(super) fn is_repository(&self, url: &str) -> bool {
        self.names.contains(&normalised(url))
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

/// Host and path of a URL: what is the same however it is reached. Git servers that tell the case of
/// names apart are not told apart here; Argo CD does not either.
#[must_use]
pub fn normalised(url: &str) -> String {
    let url = url.trim().to_lowercase();
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, url.as_str()),
    };
    let (host, path) = match (scheme, rest.split_once('/'), rest.split_once(':')) {
        // As ssh is told: `git@host:path`.
        (None, slash, Some((host, path)))
            if slash.is_none_or(|(before, _)| before.contains(':')) =>
        {
            (host, path)
        }
        (_, Some((host, path)), _) => (host, path),
        (_, None, _) => (rest, ""),
    };
    let host = host.rsplit('@').next().unwrap_or(host);
    let port = match scheme {
        Some("https") => ":443",
        Some("http") => ":80",
        _ => ":22",
    };
    let host = host.strip_suffix(port).unwrap_or(host);
    let path = path.trim_matches('/');
    let path = path
        .strip_suffix(".git")
        .unwrap_or(path)
        .trim_end_matches('/');
    format!("{host}/{path}")
}

/// Before a `GitRepository` object.
pub(super) const OBJECT: &str = "GitRepository/";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_repository_has_many_spellings() {
        for same in [
            "github.com/acme/shop",
            "https://github.com/acme/shop",
            "https://github.com/Acme/Shop.git",
            "https://token@github.com:443/acme/shop.git/",
            "ssh://git@github.com/acme/shop",
            "ssh://git@github.com:22/acme/shop.git",
            "git@github.com:acme/shop.git",
        ] {
            assert_eq!(normalised(same), "github.com/acme/shop", "{same}");
        }
        for other in [
            "https://github.com/acme/shop-eu",
            "https://github.com.evil.example/acme/shop",
            "https://evil.example/github.com/acme/shop",
            "https://github.com:8443/acme/shop",
            "https://github.com/acme",
            "oci://github.com/acme/shop/chart",
            "",
        ] {
            assert_ne!(normalised(other), "github.com/acme/shop", "{other}");
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
