//! What is judged: from one snapshot to another, with the commits between.
//! Knows nothing of what the files mean.

use super::{CommitInfo, Error, Repository, Snapshot, text};
use crate::model::{GitId, limits};

/// From `base` to `head`.
#[derive(Clone, Debug)]
pub struct Range {
    /// What was there before.
    pub base: Snapshot,
    /// What is to be there.
    pub head: Snapshot,
    /// The side that the judge is taken from: A of both ranges, the index or the working tree when
    /// they are judged.
    pub judge: Snapshot,
    /// First to last; none for the index and the working tree.
    pub commits: Vec<CommitInfo>,
    /// How it was asked for.
    pub kind: RangeKind,
}

/// How a range was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeKind {
    /// `A..B`: from A to B.
    TwoDots,
    /// `A...B`: from where B left A.
    ThreeDots,
    /// From `HEAD` to the index.
    Staged,
    /// From `HEAD` to the files of the working tree.
    Worktree,
    /// From a commit to what merging another one into it gives.
    Merge,
}

impl Repository {
    /// Reads `A..B` (A is an ancestor of B, or the id of the empty tree) or `A...B` (from the merge
    /// base).
    ///
    /// # Errors
    /// `range.not-ancestor`, `range.unrelated`, `range.ambiguous-merge-base`, `range.empty`,
    /// `limit.commits`, and what [`Repository::resolve`] says of either end.
    pub fn range(&self, text: &str) -> Result<Range, Error> {
        let ends = Ends::parse(text).ok_or_else(|| Error::RangeSyntax {
            text: text::shown(text),
        })?;
        if ends.kind == RangeKind::TwoDots && is_empty_tree(ends.base) {
            let head = self.resolve(ends.head)?;
            return self.between(None, head, &ends);
        }
        let base = self.resolve(ends.base)?;
        let head = self.resolve(ends.head)?;
        let mut range = if ends.kind == RangeKind::ThreeDots {
            let from = self.fork_point(base, head, &ends)?;
            self.between(Some(from), head, &ends)?
        } else {
            self.between(Some(base), head, &ends)?
        };
        range.judge = self.snapshot(base)?;
        Ok(range)
    }

    /// From `HEAD`, or from nothing before the first commit, to the index. Nothing staged is a range
    /// without changes.
    ///
    /// # Errors
    /// A bare repository, an index that cannot be read or has conflicts.
    pub fn staged(&self) -> Result<Range, Error> {
        if self.inner.is_bare() {
            return Err(Error::NeedsWorktree);
        }
        let base = self.head_snapshot()?;
        let head = self.index_snapshot(base.commit())?;
        Ok(Range {
            base,
            judge: head.clone(),
            head,
            commits: Vec::new(),
            kind: RangeKind::Staged,
        })
    }

    /// From `HEAD`, or from nothing before the first commit, to the files as they lie in the working
    /// tree: those that Git tracks, and those that it neither tracks nor ignores.
    ///
    /// # Errors
    /// As for [`Repository::staged`], and a file that cannot be read.
    pub fn worktree(&self) -> Result<Range, Error> {
        let base = self.head_snapshot()?;
        let head = self.worktree_snapshot(base.commit())?;
        Ok(Range {
            base,
            judge: head.clone(),
            head,
            commits: Vec::new(),
            kind: RangeKind::Worktree,
        })
    }

    /// From nothing to the index: everything that Git tracks, as if all of it were new.
    ///
    /// # Errors
    /// As for [`Repository::staged`].
    pub fn tracked(&self) -> Result<Range, Error> {
        Ok(Range {
            base: Snapshot::empty(),
            ..self.staged()?
        })
    }

    /// From nothing to a commit: everything in it, as if all of it were new. No commit is walked.
    ///
    /// # Errors
    /// What [`Repository::resolve`] says of it.
    pub fn state(&self, revision: &str) -> Result<Range, Error> {
        Ok(Range {
            base: Snapshot::empty(),
            judge: Snapshot::empty(),
            head: self.snapshot(self.resolve(revision)?)?,
            commits: Vec::new(),
            kind: RangeKind::TwoDots,
        })
    }

    fn head_snapshot(&self) -> Result<Snapshot, Error> {
        self.head()?
            .map_or_else(|| Ok(Snapshot::empty()), |head| self.snapshot(head))
    }

    fn between(&self, base: Option<GitId>, head: GitId, ends: &Ends) -> Result<Range, Error> {
        if base == Some(head) {
            return Err(Error::EmptyRange { text: ends.shown() });
        }
        let ids = self
            .commits_between(base, head, limits::COMMITS.most)
            .map_err(|error| ends.name(error))?
            .ok_or_else(|| self.not_ancestor(base, head, ends))?;
        let commits: Result<Vec<_>, _> = ids.into_iter().map(|id| self.commit(id)).collect();
        let base = base.map_or_else(|| Ok(Snapshot::empty()), |base| self.snapshot(base))?;
        Ok(Range {
            judge: base.clone(),
            base,
            head: self.snapshot(head)?,
            commits: commits?,
            kind: ends.kind,
        })
    }

    /// Why A is no beginning, with the ranges that mean something.
    fn not_ancestor(&self, base: Option<GitId>, head: GitId, ends: &Ends) -> Error {
        let (own_base, own_head) = (text::shown(ends.base), text::shown(ends.head));
        // Where that cannot be told, both ranges that are proposed say so themselves.
        let swapped = base.is_some_and(|base| self.is_ancestor(head, base).unwrap_or(false));
        let (base, head) = (own_base, own_head);
        if swapped {
            Error::Swapped { base, head }
        } else {
            Error::NotAncestor { base, head }
        }
    }

    fn fork_point(&self, base: GitId, head: GitId, ends: &Ends) -> Result<GitId, Error> {
        self.merge_base(base, head)
            .map_err(|error| ends.name(error))
    }
}

/// The two ends in the user's own words.
struct Ends<'a> {
    base: &'a str,
    head: &'a str,
    kind: RangeKind,
}

impl<'a> Ends<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (base, head, kind) = match text.split_once("...") {
            Some((base, head)) => (base, head, RangeKind::ThreeDots),
            None => {
                let (base, head) = text.split_once("..")?;
                (base, head, RangeKind::TwoDots)
            }
        };
        let odd = |end: &str| end.is_empty() || end.contains("..") || end.starts_with('.');
        (!odd(base) && !odd(head)).then_some(Self { base, head, kind })
    }

    fn shown(&self) -> String {
        let dots = if self.kind == RangeKind::ThreeDots {
            "..."
        } else {
            ".."
        };
        text::shown(&format!("{}{dots}{}", self.base, self.head))
    }

    /// Puts the user's words where an error has ids.
    fn name(&self, error: Error) -> Error {
        let (own_base, own_head) = (text::shown(self.base), text::shown(self.head));
        match error {
            Error::Shallow { .. } => Error::Shallow { text: self.shown() },
            Error::Unrelated { .. } => Error::Unrelated {
                base: own_base,
                head: own_head,
            },
            Error::AmbiguousMergeBase { count, .. } => Error::AmbiguousMergeBase {
                base: own_base,
                head: own_head,
                count,
            },
            other => other,
        }
    }
}

fn is_empty_tree(text: &str) -> bool {
    GitId::parse(text).is_ok_and(|id| id == GitId::EMPTY_TREE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_required() {
        for text in [
            "", "..", "...", "a..", "..b", "a", "a....b", "a..b..c", "a...b..c",
        ] {
            assert!(Ends::parse(text).is_none(), "{text}");
        }
        let ends = Ends::parse("origin/main...HEAD~2").unwrap();
        assert_eq!((ends.base, ends.head), ("origin/main", "HEAD~2"));
        assert_eq!(ends.shown(), "origin/main...HEAD~2");
    }
}
