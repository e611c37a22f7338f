//! From what was published to the branch of the remote: one commit, one push that fails if anybody came first.
//! Judges nothing: where a link of the same unit came first, it says so, and the caller judges again.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::thread;
use std::time::Duration;

use super::answer::Pushed;
use super::{BranchStore, Content, Pending, Tip};
use crate::{
    config,
    git::NewCommit,
    model::{Digest, GitId, RepoPath},
    store::Error,
};

impl BranchStore {
    /// Puts `pending` on the branch, whoever else puts something there at the same time.
    pub(super) fn push(&self, pending: &Pending) -> Result<(), Error> {
        for attempt in 0..ATTEMPTS {
            let tip = self.tip()?;
            if self.holds(&tip, pending)? {
                return Ok(());
            }
            self.check_links(&tip, pending)?;
            self.check_is_store(&tip)?;
            let commit = self.commit(&tip, pending)?;
            let reference = self.place.reference();
            match self.pushed(commit, &tip)? {
                Pushed::Done => {
                    self.remember(tip.commit, commit)?;
                    return self.look_at(commit);
                }
                Pushed::Overtaken => thread::sleep(pause(self.settings.seed, attempt)),
                // The remote may tell a lost race in words that nobody knows here.
                Pushed::Rejected(reason) => {
                    if self.program.head(&reference)? == tip.commit {
                        return Err(self.rejected(reason));
                    }
                }
            }
            let tip = self.look()?;
            self.state.borrow_mut().tip = Some(tip);
        }
        Err(Error::Contended { attempts: ATTEMPTS })
    }

    /// Pushes. Where the answer was lost, the branch itself is the answer.
    fn pushed(&self, commit: GitId, tip: &Tip) -> Result<Pushed, Error> {
        let reference = self.place.reference();
        let lost = match self.program.push(commit, &reference, tip.commit) {
            Err(lost @ Error::RemoteUnreachable { .. }) => lost,
            answered => return answered,
        };
        match self.program.head(&reference) {
            Ok(Some(head)) if head == commit => Ok(Pushed::Done),
            Ok(head) if head != tip.commit => Ok(Pushed::Overtaken),
            _ => Err(lost),
        }
    }

    /// Whether all of it is there already, whoever put it there.
    fn holds(&self, tip: &Tip, pending: &Pending) -> Result<bool, Error> {
        for (path, content) in &pending.files {
            let there = self.content(&tip.snapshot, path)?;
            let holds = match (content, there) {
                (Some(content), Content::Bytes(there)) => *content == there,
                (None, Content::Nothing) => true,
                _ => false,
            };
            if !holds {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A link is put down only where its unit's links are those that it was judged from.
    fn check_links(&self, tip: &Tip, pending: &Pending) -> Result<(), Error> {
        for (unit, (judged_from, height)) in &pending.links {
            if self.links_tree(&tip.snapshot, unit)? != *judged_from {
                return Err(Error::Conflict {
                    unit: unit.to_string(),
                    height: *height,
                });
            }
        }
        Ok(())
    }

    /// A branch on which a configuration lies is one that is judged: verdicts there would be files of it.
    fn check_is_store(&self, tip: &Tip) -> Result<(), Error> {
        let there = |path: &str| {
            let content = self.content(&tip.snapshot, path);
            !matches!(content, Ok(Content::Nothing))
        };
        match config::locate(there) {
            Ok(None) => Ok(()),
            _ => Err(Error::JudgedBranch {
                branch: format!("{}/{}", self.place.remote, self.place.branch),
            }),
        }
    }

    fn commit(&self, tip: &Tip, pending: &Pending) -> Result<GitId, Error> {
        let mut files: BTreeMap<RepoPath, Option<GitId>> = BTreeMap::new();
        for (path, content) in &pending.files {
            let blob = match content {
                Some(content) => Some(self.repository.write_blob(content)?),
                None => None,
            };
            files.insert(RepoPath::from(path.as_str()), blob);
        }
        Ok(self.repository.write_commit(&NewCommit {
            tree: self.repository.write_tree(&tip.snapshot, &files)?,
            parent: tip.commit,
            by: BY,
            seconds: self.settings.now.as_second(),
            message: &message(pending),
        })?)
    }

    fn look_at(&self, commit: GitId) -> Result<(), Error> {
        let snapshot = self.repository.snapshot(commit)?;
        self.state.borrow_mut().tip = Some(Tip {
            commit: Some(commit),
            snapshot,
        });
        Ok(())
    }

    fn rejected(&self, reason: String) -> Error {
        Error::Rejected {
            remote: self.place.remote.clone(),
            branch: self.place.branch.clone(),
            reason,
        }
    }
}

/// How long to wait after an attempt: the later, the longer it may be, and no two processes wait alike.
fn pause(seed: u64, attempt: u32) -> Duration {
    let drawn = Digest::of(format!("{seed} {attempt}").as_bytes());
    let drawn = drawn.as_bytes().first().copied();
    let most = SHORTEST.saturating_mul(1 << attempt.min(6)).min(LONGEST);
    most.mul_f64(f64::from(drawn.unwrap_or(128)) / 256.0)
}

/// What was added, a line each.
fn message(pending: &Pending) -> String {
    let added: Vec<&str> = pending
        .files
        .iter()
        .filter(|(_, content)| content.is_some())
        .map(|(path, _)| path.trim_end_matches(".json"))
        .collect();
    let mut message = match added.as_slice() {
        [] => "Move what is older out of the way\n".to_owned(),
        [only] => return format!("Add {only}\n"),
        all => format!("Add {} verdicts\n\n", all.len()),
    };
    for path in added {
        // Writing to a string does not fail.
        let _ = writeln!(message, "{path}");
    }
    message
}

/// Nobody's account: what counts is the signature in the file.
const BY: &str = "tidegate <verdicts@tidegate.dev>";
/// How often others may come first.
const ATTEMPTS: u32 = 24;
const SHORTEST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_later_the_attempt_the_longer_the_wait_and_hardly_two_wait_alike() {
        for (attempt, most) in [(0, 50), (1, 100), (5, 1_600), (6, 2_000), (23, 2_000)] {
            let most = Duration::from_millis(most);
            let waits: BTreeSet<Duration> = (0..64).map(|seed| pause(seed, attempt)).collect();
            let longest = *waits.last().unwrap();
            assert!(most.mul_f64(0.9) < longest && longest < most, "{longest:?}");
            assert!(waits.len() > 48, "{attempt}: {}", waits.len());
        }
    }
}
