//! What was judged, by contents alone: which state followed which, and what may therefore follow what runs.
//! Knows no link, no tree and no signature; a digest is only a name that it hands back.

use jiff::Timestamp;

use super::super::shop::Files;
use crate::{
    model::{Digest, RiskTier},
    verify::Grounds,
};

/// Each file has a tier of its own; a content that is a multiple of seven is dangerous.
pub(super) const FILES: [(&str, RiskTier); 4] = [
    ("apps/label", RiskTier::Low),
    ("apps/web", RiskTier::Medium),
    ("apps/price", RiskTier::High),
    ("apps/database", RiskTier::Critical),
];

/// What was accepted, the oldest first.
#[derive(Default)]
pub(super) struct Ledger(Vec<Accepted>);

struct Accepted {
    digest: Digest,
    files: Files,
    /// What it was judged from; nothing of a baseline, which accepts what is there.
    from: Option<usize>,
    tier: RiskTier,
    until: Timestamp,
    withdrawn: bool,
}

/// An admission that was given.
pub(super) struct Asked<'a> {
    /// What runs, where the deployer knew it.
    pub(super) before: Option<&'a Files>,
    pub(super) after: &'a Files,
    pub(super) grounds: Grounds,
    pub(super) link: Digest,
    pub(super) now: Timestamp,
    pub(super) frozen: bool,
    pub(super) max_tier: RiskTier,
}

impl Ledger {
    pub(super) fn push(
        &mut self,
        digest: Digest,
        files: Files,
        from: Option<usize>,
        tier: RiskTier,
        until: Timestamp,
    ) {
        self.0.push(Accepted {
            digest,
            files,
            from,
            tier,
            until,
            withdrawn: false,
        });
    }

    pub(super) fn withdraw(&mut self, link: usize) -> Digest {
        let at = link % self.0.len();
        self.0[at].withdrawn = true;
        self.0[at].digest
    }

    pub(super) fn renew(&mut self, at: usize, until: Timestamp) {
        self.0[at].until = until;
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn files(&self, at: usize) -> &Files {
        &self.0[at].files
    }

    pub(super) fn digest(&self, at: usize) -> Digest {
        self.0[at].digest
    }

    pub(super) fn tier(&self, at: usize) -> RiskTier {
        self.0[at].tier
    }

    pub(super) fn is_baseline(&self, at: usize) -> bool {
        self.0[at].from.is_none()
    }

    fn stands(&self, at: usize) -> bool {
        let accepted = &self.0[at];
        !accepted.withdrawn && accepted.from.is_none_or(|from| self.stands(from))
    }

    pub(super) fn newest_standing(&self) -> Option<usize> {
        (0..self.0.len()).rev().find(|at| self.stands(*at))
    }

    /// All that have these files: which of them runs, nobody can tell.
    fn all_of(&self, files: &Files) -> Vec<usize> {
        let all = 0..self.0.len();
        all.filter(|at| self.0[*at].files == *files).collect()
    }

    pub(super) fn is_highest_of_its_files(&self, at: usize) -> bool {
        self.all_of(&self.0[at].files).last() == Some(&at)
    }

    pub(super) fn runs_by_a_link_that_stands(&self, runs: &Files) -> bool {
        let highest = self.all_of(runs).last().copied();
        highest.is_some_and(|at| self.stands(at))
    }

    /// What every link that may run was judged from, where it stands, is another state, and never came again.
    pub(super) fn rollback_target(&self, runs: &Files) -> Option<usize> {
        let all = self.all_of(runs);
        let target = self.0[*all.last()?].from?;
        let same = all.iter().all(|at| self.0[*at].from == Some(target));
        let other = self.0[target].files != *runs;
        let newest = self.is_highest_of_its_files(target);
        (same && other && newest && self.stands(target)).then_some(target)
    }

    /// Whether what was admitted may follow what runs, and why not.
    pub(super) fn allows(&self, asked: &Asked<'_>) -> Result<(), String> {
        let at = self.0.iter().position(|it| it.digest == asked.link);
        let at = at.ok_or("an unknown link")?;
        let must = |holds: bool, why: &str| match holds {
            true => Ok(()),
            false => Err(format!("{why} ({:?}, link {at})", asked.grounds)),
        };
        let running = asked.before.map(|before| self.all_of(before));
        must(self.0[at].files == *asked.after, "it names other files")?;
        must(self.stands(at), "it does not stand")?;
        must(self.dangers_are_accepted(at, asked), "a danger was let in")?;
        match asked.grounds {
            Grounds::Running => must(asked.before == Some(asked.after), "something else runs"),
            Grounds::RollbackTarget => {
                let named = running.unwrap_or_default();
                let names =
                    !named.is_empty() && named.iter().all(|it| self.0[*it].from == Some(at));
                must(names, "what runs does not name it")
            }
            Grounds::Baseline => {
                must(self.is_baseline(at), "it is no baseline")?;
                let is_newest = self.newest_standing() == Some(at);
                let follows = running.is_some_and(|all| all.last().is_some_and(|it| *it < at));
                must(is_newest || follows, "something newer stands")
            }
            Grounds::Judged => {
                must(!asked.frozen, "it is frozen")?;
                must(asked.now < self.0[at].until, "its time is over")?;
                self.follows(at, asked, running.as_deref())
            }
        }
    }

    /// Whether each step from what runs to it was judged, and may go there.
    fn follows(
        &self,
        at: usize,
        asked: &Asked<'_>,
        running: Option<&[usize]>,
    ) -> Result<(), String> {
        let (Some(running), Some(before)) = (running, asked.before) else {
            let newest = self.newest_standing() == Some(at);
            return match newest && asked.max_tier == RiskTier::Critical {
                true => Ok(()),
                false => Err("nobody knows what runs".to_owned()),
            };
        };
        if !running.iter().any(|from| *from < at) {
            return Err(format!("link {at} follows nothing that runs"));
        }
        let mut paths = changed(before, asked.after).into_iter();
        match paths.find(|path| tier_of(path) > asked.max_tier) {
            Some(path) => Err(format!("{path} is above {}", asked.max_tier)),
            None => Ok(()),
        }
    }

    /// A danger is let in by nobody but an operator who accepted it as it stood.
    fn dangers_are_accepted(&self, at: usize, asked: &Asked<'_>) -> bool {
        let known: Vec<_> = asked.before.map(dangers).unwrap_or_default();
        let baselines = self.0.iter().take(at + 1).filter(|it| it.from.is_none());
        let accepted: Vec<_> = baselines.flat_map(|it| dangers(&it.files)).collect();
        let mut all = dangers(asked.after).into_iter();
        all.all(|danger| known.contains(&danger) || accepted.contains(&danger))
    }
}

pub(super) fn dangers(files: &Files) -> Vec<(&'static str, u32)> {
    let all = files.iter().map(|(path, content)| (*path, *content));
    all.filter(|(_, content)| content % 7 == 0).collect()
}

/// The files that are another thing after than before.
pub(super) fn changed(before: &Files, after: &Files) -> Vec<&'static str> {
    let all = after.iter();
    let all = all.filter(|(path, content)| before.get(*path) != Some(content));
    all.map(|(path, _)| *path).collect()
}

pub(super) fn tier_of(path: &str) -> RiskTier {
    FILES.iter().find(|(name, _)| *name == path).unwrap().1
}
