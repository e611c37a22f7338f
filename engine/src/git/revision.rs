//! Names of commits: a small grammar of its own, since Git's full one reaches reflogs and free text.
//! Knows nothing of ranges.

use git2::{ErrorCode, ObjectType, Oid, Reference};

use super::object::git_id;
use super::{Error, Repository, commit, text};
use crate::model::{GitId, limits};

impl Repository {
    /// The commit that `text` names: an id (7 to 40 digits), `HEAD`, `refs/…`, a branch, a tag, a
    /// remote-tracking branch, followed by any number of `^`, `^N`, `~`, `~N`.
    ///
    /// # Errors
    /// Another spelling, nothing or several things of that name, no commit.
    pub fn resolve(&self, text: &str) -> Result<GitId, Error> {
        let (name, steps) = parse(text).ok_or_else(|| Error::Revision {
            text: text::shown(text),
        })?;
        let mut commit = self.peel(self.object_named(name, text)?, text)?;
        for step in steps {
            commit = self.take(step, commit, text)?;
        }
        Ok(commit)
    }

    /// The head of `refs/heads/<branch>`, else of `refs/remotes/origin/<branch>`.
    ///
    /// # Errors
    /// There is neither.
    pub fn branch_head(&self, branch: &str) -> Result<GitId, Error> {
        for name in [
            format!("refs/heads/{branch}"),
            format!("refs/remotes/origin/{branch}"),
        ] {
            if let Some(id) = self.reference(&name)? {
                return self.peel(id, &name);
            }
        }
        if self.has_no_commits() {
            return Err(Error::NoCommits);
        }
        Err(Error::BranchMissing(text::shown(branch)))
    }

    /// The branch that others find here: the one that `origin` names as its own, else its `main` or
    /// `master` or its only one, else the one that is checked out, whether it has commits or not; `None`
    /// where no branch is.
    #[must_use]
    pub fn default_branch(&self) -> Option<String> {
        let target = |name: &str| {
            let reference = self.inner.find_reference(name).ok()?;
            reference
                .symbolic_target()
                .ok()
                .flatten()
                .map(str::to_owned)
        };
        let of_origin = target("refs/remotes/origin/HEAD");
        let of_origin = of_origin
            .as_deref()
            .and_then(|name| name.strip_prefix("refs/remotes/origin/"));
        let fetched = self.fetched_default();
        let head = target("HEAD");
        let head = head
            .as_deref()
            .and_then(|name| name.strip_prefix("refs/heads/"));
        of_origin
            .map(str::to_owned)
            .or(fetched)
            .or_else(|| head.map(str::to_owned))
    }

    /// The default branch of `origin` as far as its branches tell.
    fn fetched_default(&self) -> Option<String> {
        let references = self.inner.references_glob("refs/remotes/origin/*").ok()?;
        let mut names: Vec<String> = references
            .filter_map(|reference| {
                let name = reference.ok()?.name().ok()?.to_owned();
                let branch = name.strip_prefix("refs/remotes/origin/")?;
                (branch != "HEAD").then(|| branch.to_owned())
            })
            .collect();
        let usual = ["main", "master"].into_iter();
        let usual = usual.filter(|usual| names.iter().any(|name| name == usual));
        match (usual.map(str::to_owned).next(), names.len()) {
            (Some(usual), _) => Some(usual),
            (None, 1) => names.pop(),
            _ => None,
        }
    }

    /// The commit of `HEAD`; `None` where its branch has none yet.
    pub(super) fn head(&self) -> Result<Option<GitId>, Error> {
        match self.inner.head() {
            Ok(reference) => match reference.target() {
                Some(target) => self.peel(git_id(target)?, "HEAD").map(Some),
                None => Err(reference_error("HEAD", "it leads nowhere")),
            },
            Err(error) if error.code() == ErrorCode::UnbornBranch => Ok(None),
            Err(error) => Err(reference_error("HEAD", error.message())),
        }
    }

    fn object_named(&self, name: &str, text: &str) -> Result<GitId, Error> {
        if name == "HEAD" {
            return self.head()?.ok_or(Error::NoCommits);
        }
        if let Some(id) = full_id(name) {
            return match self.header(id) {
                Ok(_) => Ok(id),
                Err(Error::ObjectMissing(..)) => Err(self.unknown(text)),
                Err(other) => Err(other),
            };
        }
        let mut found = self.references_named(name)?;
        if let Some(id) = self.short_id(name, text)? {
            found.push(id);
        }
        found.sort_unstable();
        found.dedup();
        match found.as_slice() {
            [only] => Ok(*only),
            [] => Err(self.unknown(text)),
            _ => Err(ambiguous(text)),
        }
    }

    fn references_named(&self, name: &str) -> Result<Vec<GitId>, Error> {
        let places: &[&str] = if name.starts_with("refs/") {
            &[""]
        } else {
            &["refs/heads/", "refs/tags/", "refs/remotes/"]
        };
        let mut found = Vec::new();
        for place in places {
            found.extend(self.reference(&format!("{place}{name}"))?);
        }
        Ok(found)
    }

    pub(super) fn reference(&self, name: &str) -> Result<Option<GitId>, Error> {
        if !is_valid(name) {
            return Ok(None);
        }
        let resolved = self
            .inner
            .find_reference(name)
            .and_then(|reference| reference.resolve());
        match resolved {
            Ok(reference) => match reference.target() {
                Some(target) => git_id(target).map(Some),
                None => Err(reference_error(name, "it leads nowhere")),
            },
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(reference_error(name, error.message())),
        }
    }

    fn short_id(&self, name: &str, text: &str) -> Result<Option<GitId>, Error> {
        let digits = name.to_ascii_lowercase();
        if !(SHORTEST_ID..40).contains(&digits.len())
            || !digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        {
            return Ok(None);
        }
        let found = Oid::from_str(&digits)
            .and_then(|prefix| self.inner.odb()?.exists_prefix(prefix, digits.len()));
        match found {
            Ok(id) => git_id(id).map(Some),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) if error.code() == ErrorCode::Ambiguous => Err(ambiguous(text)),
            Err(error) => Err(reference_error(text, error.message())),
        }
    }

    /// Follows tags to their commit.
    fn peel(&self, mut id: GitId, text: &str) -> Result<GitId, Error> {
        for _ in 0..=limits::TAG_DEPTH.most {
            let kind = match self.header(id)?.1 {
                ObjectType::Commit => return Ok(id),
                ObjectType::Tag => {
                    id = self.tag_target(id)?;
                    continue;
                }
                ObjectType::Tree => "tree",
                _ => "blob",
            };
            return Err(Error::NotACommit {
                text: text::shown(text),
                kind,
            });
        }
        Err(Error::TagDepth {
            text: text::shown(text),
            limit: limits::TAG_DEPTH.most,
        })
    }

    fn tag_target(&self, id: GitId) -> Result<GitId, Error> {
        self.with_object(id, ObjectType::Tag, limits::OBJECT.wide(), |bytes| {
            bytes
                .strip_prefix(b"object ")
                .and_then(|rest| rest.get(..40))
                .and_then(commit::parse_id)
        })?
        .ok_or_else(|| Error::ObjectCorrupt {
            id,
            reason: "the tag names no object".to_owned(),
        })
    }

    fn take(&self, step: Step, commit: GitId, text: &str) -> Result<GitId, Error> {
        let (times, index) = match step {
            Step::Parent(0) => return Ok(commit),
            Step::Parent(number) => (1, number - 1),
            Step::Back(times) => (times, 0),
        };
        let mut commit = commit;
        for _ in 0..times {
            if self.shallow.contains(&commit) {
                return Err(self.unknown(text));
            }
            let header = self.commit_header(commit)?;
            commit = match header.parents.get(index) {
                Some(parent) => *parent,
                None if self.is_shallow() => return Err(self.unknown(text)),
                None => return Err(no_parent(text, commit, header.parents.len())),
            };
        }
        Ok(commit)
    }

    fn has_no_commits(&self) -> bool {
        let unborn = matches!(self.head(), Ok(None));
        let has_reference = || {
            let mut all = self.inner.references();
            all.as_mut().is_ok_and(|all| all.next().is_some())
        };
        unborn && !has_reference()
    }

    fn unknown(&self, text: &str) -> Error {
        let text = text::shown(text);
        if self.is_shallow() {
            Error::Shallow { text }
        } else if self.has_no_commits() {
            Error::NoCommits
        } else {
            Error::UnknownRevision { text }
        }
    }
}

fn no_parent(text: &str, commit: GitId, parents: usize) -> Error {
    let commit = commit.short();
    Error::NoSuchParent {
        text: text::shown(text),
        short: match parents {
            0 => format!("`{commit}` is the first commit"),
            1 => format!("`{commit}` has one parent only"),
            more => format!("`{commit}` has {more} parents only"),
        },
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// `^N`.
    Parent(usize),
    /// `~N`.
    Back(usize),
}

/// The name and the steps; `None` for anything that is not of this grammar.
fn parse(text: &str) -> Option<(&str, Vec<Step>)> {
    if text.len() > limits::REVISION_LENGTH.most {
        return None;
    }
    let end = text.find(['^', '~']).unwrap_or(text.len());
    let (name, mut rest) = text.split_at(end);
    if name == "@" || !is_name(name) {
        return None;
    }
    let mut steps = Vec::new();
    while let Some(sign) = rest.chars().next() {
        rest = rest.strip_prefix(['^', '~'])?;
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let number = if number.is_empty() {
            1
        } else {
            number
                .parse()
                .ok()
                .filter(|number| *number <= limits::REVISION_STEPS.most)?
        };
        steps.push(if sign == '^' {
            Step::Parent(number)
        } else {
            Step::Back(number)
        });
        rest = after;
    }
    Some((name, steps))
}

fn is_name(name: &str) -> bool {
    !name.starts_with('-') && is_valid(&format!("refs/heads/{name}"))
}

/// libgit2 would panic on a NUL.
pub(super) fn is_valid(name: &str) -> bool {
    !name.contains(char::is_control) && Reference::is_valid_name(name)
}

fn full_id(name: &str) -> Option<GitId> {
    GitId::parse(&name.to_ascii_lowercase()).ok()
}

fn ambiguous(text: &str) -> Error {
    Error::AmbiguousRevision {
        text: text::shown(text),
    }
}

fn reference_error(name: &str, reason: &str) -> Error {
    Error::Ref {
        name: text::shown(name),
        reason: text::shown(reason),
    }
}

const SHORTEST_ID: usize = 7;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_steps_are_read() {
        assert_eq!(
            parse("main^^2~3~"),
            Some((
                "main",
                vec![
                    Step::Parent(1),
                    Step::Parent(2),
                    Step::Back(3),
                    Step::Back(1)
                ]
            ))
        );
        assert_eq!(parse("feat/ü"), Some(("feat/ü", vec![])));
        assert_eq!(parse("v1.0~1000"), Some(("v1.0", vec![Step::Back(1000)])));
    }

    #[test]
    fn spellings_that_reach_further_are_refused() {
        let long = "a".repeat(1025);
        for text in [
            "",
            "@",
            "-h",
            "--output=x",
            ":/x",
            "HEAD:path",
            "HEAD^{/(a+)+$}",
            "HEAD^{tree}",
            "@{1000000000}",
            "HEAD@{yesterday}",
            "main~1001",
            "main~99999999999999999999",
            "main^-",
            "a b",
            "a\u{1b}",
            "a..b",
            "^main",
            "a~b",
            "*",
            "a[b",
            "a\\b",
            "a?",
            "main.lock",
            &long,
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
