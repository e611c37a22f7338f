//! Who descends from whom, by reading commits: neither grafts nor a commit-graph file are believed.
//! Knows nothing of names; commits are ids.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::{Error, Repository};
use crate::model::{GitId, limits};

impl Repository {
    /// Whether `descendant` is `ancestor` or has it in its history.
    ///
    /// # Errors
    /// A commit cannot be read, or history was cut off before the answer.
    pub fn is_ancestor(&self, ancestor: GitId, descendant: GitId) -> Result<bool, Error> {
        let mut walk = Walk::new(self);
        walk.may_end_at_base = true;
        walk.paint_all(Some(ancestor), descendant)?;
        Ok(walk.has(ancestor, Paint::HEAD))
    }

    /// The one newest commit that both have in their history.
    ///
    /// # Errors
    /// There is none (`range.unrelated`) or more than one (`range.ambiguous-merge-base`).
    pub fn merge_base(&self, one: GitId, two: GitId) -> Result<GitId, Error> {
        let all = self.merge_bases(one, two)?;
        let (base, head) = (one.to_string(), two.to_string());
        match all.as_slice() {
            [only] => Ok(*only),
            [] => Err(Error::Unrelated { base, head }),
            _ => Err(Error::AmbiguousMergeBase {
                base,
                head,
                count: all.len(),
            }),
        }
    }

    pub(super) fn merge_bases(&self, one: GitId, two: GitId) -> Result<Vec<GitId>, Error> {
        let found = Walk::paint(self, Some(one), two)?.bests();
        let mut bases = Vec::new();
        for candidate in &found {
            // Commit times may lie, so that an ancestor of a base was found before the base.
            let mut redundant = false;
            for other in found.iter().filter(|other| *other != candidate) {
                redundant |= self.is_ancestor(*candidate, *other)?;
            }
            if !redundant {
                bases.push(*candidate);
            }
        }
        Ok(bases)
    }

    /// The commits in the history of `head` but not of `base`, parents before children; `None` if
    /// `base` is not in the history of `head`.
    pub(super) fn commits_between(
        &self,
        base: Option<GitId>,
        head: GitId,
        limit: usize,
    ) -> Result<Option<Vec<GitId>>, Error> {
        let mut walk = Walk::paint(self, base, head)?;
        if base.is_some_and(|base| !walk.has(base, Paint::HEAD)) {
            return Ok(None);
        }
        walk.between(limit).map(Some)
    }

    /// The commits in the history of `head` but not of `base`, parents before children, whether or
    /// not one is in the history of the other.
    pub(super) fn commits_beside(
        &self,
        base: GitId,
        head: GitId,
        limit: usize,
    ) -> Result<Vec<GitId>, Error> {
        Walk::paint(self, Some(base), head)?.between(limit)
    }
}

/// Two histories, painted newest commit first until everything left is common to both.
struct Walk<'a> {
    repo: &'a Repository,
    nodes: BTreeMap<GitId, Node>,
    queue: BinaryHeap<(i64, GitId)>,
    /// How many queued commits are not known to be common.
    live: usize,
    /// Where history was cut off below the base, nobody asks for more.
    may_end_at_base: bool,
}

struct Node {
    paint: Paint,
    queued: bool,
    seconds: i64,
    parents: Vec<GitId>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Paint(u8);

impl Paint {
    const NONE: Self = Self(0);
    const BASE: Self = Self(1);
    const HEAD: Self = Self(2);
    const BOTH: Self = Self(3);
    /// Below a commit that is in both.
    const COMMON: Self = Self(7);
    const BEST: Self = Self(8);

    fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl<'a> Walk<'a> {
    fn paint(repo: &'a Repository, base: Option<GitId>, head: GitId) -> Result<Self, Error> {
        let mut walk = Self::new(repo);
        walk.paint_all(base, head)?;
        Ok(walk)
    }

    fn new(repo: &'a Repository) -> Self {
        Self {
            repo,
            nodes: BTreeMap::new(),
            queue: BinaryHeap::new(),
            live: 0,
            may_end_at_base: false,
        }
    }

    fn paint_all(&mut self, base: Option<GitId>, head: GitId) -> Result<(), Error> {
        if let Some(base) = base {
            self.add(base, Paint::BASE)?;
        }
        self.add(head, Paint::HEAD)?;
        while self.live > 0 {
            self.step()?;
        }
        Ok(())
    }

    fn between(&mut self, limit: usize) -> Result<Vec<GitId>, Error> {
        self.spread();
        let only = self.only_head();
        if only.len() > limit {
            return Err(Error::TooManyCommits(limit));
        }
        Ok(self.in_order(&only))
    }

    fn step(&mut self) -> Result<(), Error> {
        let Some((_, id)) = self.queue.pop() else {
            return Ok(());
        };
        let Some(node) = self.nodes.get_mut(&id) else {
            return Ok(());
        };
        node.queued = false;
        if !node.paint.has(Paint::COMMON) {
            self.live -= 1;
        }
        let mut paint = node.paint;
        if paint.has(Paint::BOTH) {
            if !paint.has(Paint::COMMON) {
                node.paint = paint.with(Paint::BEST);
            }
            paint = Paint::COMMON;
        }
        let parents = node.parents.clone();
        if self.repo.shallow.contains(&id) {
            return self.at_boundary(id, paint);
        }
        for parent in parents {
            self.add(parent, paint)?;
        }
        Ok(())
    }

    /// What lies below a common commit does not matter; below any other it does.
    fn at_boundary(&self, id: GitId, paint: Paint) -> Result<(), Error> {
        if paint == Paint::COMMON || (self.may_end_at_base && paint == Paint::BASE) {
            return Ok(());
        }
        Err(Error::Shallow {
            text: id.to_string(),
        })
    }

    fn add(&mut self, id: GitId, paint: Paint) -> Result<(), Error> {
        if !self.nodes.contains_key(&id) {
            if self.nodes.len() >= limits::HISTORY.most {
                return Err(Error::HistoryTooLong(limits::HISTORY.most));
            }
            let header = self.repo.commit_header(id)?;
            let node = Node {
                paint: Paint::NONE,
                queued: false,
                seconds: header.committer.seconds,
                parents: header.parents,
            };
            self.nodes.insert(id, node);
        }
        let Some(node) = self.nodes.get_mut(&id) else {
            return Ok(());
        };
        if node.paint.has(paint) {
            return Ok(());
        }
        if node.queued && !node.paint.has(Paint::COMMON) {
            self.live -= 1;
        }
        node.paint = node.paint.with(paint);
        if !node.queued {
            node.queued = true;
            self.queue.push((node.seconds, id));
        }
        if !node.paint.has(Paint::COMMON) {
            self.live += 1;
        }
        Ok(())
    }

    /// Carries "common" down to commits that were seen before it was known.
    fn spread(&mut self) {
        let mut open: Vec<GitId> = self
            .nodes
            .iter()
            .filter(|(_, node)| node.paint.has(Paint::BOTH))
            .flat_map(|(_, node)| node.parents.iter().copied())
            .collect();
        while let Some(id) = open.pop() {
            if let Some(node) = self.nodes.get_mut(&id)
                && !node.paint.has(Paint::BOTH)
            {
                node.paint = node.paint.with(Paint::COMMON);
                open.extend(node.parents.iter().copied());
            }
        }
    }

    fn has(&self, id: GitId, paint: Paint) -> bool {
        self.nodes
            .get(&id)
            .is_some_and(|node| node.paint.has(paint))
    }

    fn bests(&self) -> Vec<GitId> {
        self.nodes
            .iter()
            .filter(|(_, node)| node.paint.has(Paint::BEST) && !node.paint.has(Paint::COMMON))
            .map(|(id, _)| *id)
            .collect()
    }

    fn only_head(&self) -> BTreeSet<GitId> {
        self.nodes
            .iter()
            .filter(|(_, node)| node.paint.has(Paint::HEAD) && !node.paint.has(Paint::BASE))
            .map(|(id, _)| *id)
            .collect()
    }

    /// Parents before children; where that leaves a choice, older first, then by id.
    fn in_order(&self, set: &BTreeSet<GitId>) -> Vec<GitId> {
        let mut waits_for: BTreeMap<GitId, usize> = BTreeMap::new();
        let mut children: BTreeMap<GitId, Vec<GitId>> = BTreeMap::new();
        let mut ready = BinaryHeap::new();
        for id in set {
            let parents: BTreeSet<GitId> = self.parents(id).intersection(set).copied().collect();
            if parents.is_empty() {
                ready.push(Reverse((self.seconds(id), *id)));
            }
            waits_for.insert(*id, parents.len());
            for parent in parents {
                children.entry(parent).or_default().push(*id);
            }
        }
        let mut ordered = Vec::with_capacity(set.len());
        while let Some(Reverse((_, id))) = ready.pop() {
            ordered.push(id);
            for child in children.remove(&id).unwrap_or_default() {
                let count = waits_for.entry(child).or_default();
                *count = count.saturating_sub(1);
                if *count == 0 {
                    ready.push(Reverse((self.seconds(&child), child)));
                }
            }
        }
        ordered
    }

    fn parents(&self, id: &GitId) -> BTreeSet<GitId> {
        self.nodes
            .get(id)
            .map(|node| node.parents.iter().copied().collect())
            .unwrap_or_default()
    }

    fn seconds(&self, id: &GitId) -> i64 {
        self.nodes.get(id).map_or(0, |node| node.seconds)
    }
}
