//! Where verdicts lie.
//! Knows no signature: what it hands out is bytes that someone put there.

mod branch;
mod folder;
mod layout;
mod oci;
mod pending;
mod stream;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use miette::Diagnostic;

pub use branch::{BranchPlace, BranchSettings, BranchStore, Pushed, Remote};
pub use folder::FolderStore;
pub use oci::{ArtifactStore, RepositoryStore};
pub use pending::PendingStore;
pub use stream::StreamStore;

use crate::{
    attest::UnitId,
    git,
    model::{Digest, GitId, Told, limits},
    registry::RegistryError,
};

/// A place that holds links, reports, renewals and withdrawals.
///
/// Nothing it returns is trusted; who can write to it can withhold verdicts, not make them. What is
/// published is there for everybody once [`Store::settle`] has returned, and perhaps before.
pub trait Store {
    /// Looks again at what lies there, and forgets what was published and is not settled.
    ///
    /// # Errors
    /// The store cannot be read.
    fn refresh(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Whether links can be signed into it: of two at one height, only one gets there.
    ///
    /// # Errors
    /// They cannot.
    fn check_signing(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Whether it is given the links below the newest baseline; where not, it has those that were put there
    /// before that baseline was.
    fn keeps_older(&self) -> bool {
        true
    }

    /// Makes what was published final: all of it, or nothing.
    ///
    /// # Errors
    /// [`Error::Conflict`] where another link of a unit came first; the store cannot be written.
    fn settle(&self) -> Result<(), Error> {
        Ok(())
    }

    /// What the time is for whoever keeps the store, as it was first heard; nothing where nobody is asked who knows.
    fn told(&self) -> Option<Told> {
        None
    }

    /// The units that have a place for links.
    ///
    /// # Errors
    /// The store cannot be read.
    fn units(&self) -> Result<Vec<UnitId>, Error>;

    /// The files where links of `unit` lie, by name: all of them, or the newest baseline and what
    /// follows it.
    ///
    /// # Errors
    /// The store cannot be read, or holds more than anyone would put there.
    fn links(&self, unit: &UnitId) -> Result<Vec<StoredFile>, Error>;

    /// The files below those that [`Store::links`] returns; empty where it returns all.
    ///
    /// # Errors
    /// As for [`Store::links`].
    fn older_links(&self, _unit: &UnitId) -> Result<Vec<StoredFile>, Error> {
        Ok(Vec::new())
    }

    /// What lay here at some time and had to stay: withdrawals, links of `gate`, and the newest link of each other
    /// unit. Nothing where a store keeps no history.
    ///
    /// # Errors
    /// The history cannot be read, or is longer than anyone's.
    fn gone(&self) -> Result<Vec<Gone>, Error> {
        Ok(Vec::new())
    }

    /// The same where nobody looked here before who could have noticed; nothing where somebody did.
    ///
    /// # Errors
    /// As for [`Store::gone`].
    fn gone_unseen(&self) -> Result<Vec<Gone>, Error> {
        Ok(Vec::new())
    }

    /// Says that a newer baseline stands above these links, by height and digest of the payload: they
    /// need not be at hand any more.
    ///
    /// # Errors
    /// The store cannot be read.
    fn retire(&self, _unit: &UnitId, _links: &[(u64, Digest)]) -> Result<(), Error> {
        Ok(())
    }

    /// Puts a link at its height, which must be free: the compare-and-swap of the chain.
    ///
    /// # Errors
    /// [`Error::Conflict`] where the height is taken; the store cannot be written.
    fn publish_link(&self, unit: &UnitId, height: u64, envelope: &[u8]) -> Result<(), Error>;

    /// All reports of `unit`.
    ///
    /// # Errors
    /// The store cannot be read, or holds more than anyone would put there.
    fn reports(&self, unit: &UnitId) -> Result<Vec<StoredFile>, Error>;

    /// Puts a report; twice the same is once.
    ///
    /// # Errors
    /// Other bytes lie in its place; the store cannot be written.
    fn publish_report(
        &self,
        unit: &UnitId,
        gated_tree: GitId,
        payload: Digest,
        envelope: &[u8],
    ) -> Result<(), Error>;

    /// The renewals of the link whose payload has this digest.
    ///
    /// # Errors
    /// The store cannot be read, or holds more than anyone would put there.
    fn renewals(&self, link: Digest) -> Result<Vec<StoredFile>, Error>;

    /// Puts a renewal made at `time`; twice the same is once.
    ///
    /// # Errors
    /// Other bytes lie in its place; the store cannot be written.
    fn publish_renewal(&self, link: Digest, time: Timestamp, envelope: &[u8]) -> Result<(), Error>;

    /// All withdrawals, of whatever unit.
    ///
    /// # Errors
    /// The store cannot be read, or holds more than anyone would put there.
    fn withdrawals(&self) -> Result<Vec<StoredFile>, Error>;

    /// Puts a withdrawal; twice the same is once.
    ///
    /// # Errors
    /// Other bytes lie in its place; the store cannot be written.
    fn publish_withdrawal(&self, payload: Digest, envelope: &[u8]) -> Result<(), Error>;
}

/// A file of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// The last part of its name.
    pub name: String,
    /// Where it lies, for messages.
    pub place: String,
    /// What it holds, or why it was not read.
    pub content: Result<Vec<u8>, Unread>,
}

impl StoredFile {
    /// The height that the name of a link's file states: `7.json`, and no other spelling of 7.
    #[must_use]
    pub fn height(&self) -> Option<u64> {
        Self::height_of(&self.name)
    }

    fn height_of(name: &str) -> Option<u64> {
        let digits = name.strip_suffix(".json")?;
        let height: u64 = digits.parse().ok()?;
        (height.to_string() == digits).then_some(height)
    }
}

/// A statement that lay in a store and is gone, or has other bytes in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    /// What it was about.
    pub unit: UnitId,
    /// Whether it took a link back; else it was a link.
    pub is_withdrawal: bool,
    /// Where it lay.
    pub path: String,
    /// What it said, whoever signed it.
    pub envelope: Vec<u8>,
}

/// Why a file of a store was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// Longer than any verdict.
    #[error("it is longer than {}", limits::ENVELOPE)]
    TooLong,
    /// A link, folder, pipe or device.
    #[error("it is no regular file")]
    NotAFile,
}

fn check_count(count: usize, place: &Path) -> Result<(), Error> {
    if count > limits::STORE_FILES.most {
        return Err(Error::TooMany {
            path: place.to_owned(),
            limit: limits::STORE_FILES.most,
        });
    }
    Ok(())
}

fn check_bytes(total: usize, place: &Path) -> Result<(), Error> {
    if total > limits::STORE_BYTES.most {
        return Err(Error::TooLarge {
            path: place.to_owned(),
            limit: limits::STORE_BYTES.most,
        });
    }
    Ok(())
}

/// The store does not do what it should.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum Error {
    /// It cannot be read or written, and nothing but somebody who changes something will help.
    #[error("cannot {action} `{}`", path.display())]
    #[diagnostic(
        code(store::unusable),
        help("check the path, its permissions and the free space; hard links must be possible")
    )]
    Unusable {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// It cannot be read or written just now.
    #[error("cannot {action} `{}`", path.display())]
    #[diagnostic(
        code(store::unreachable),
        help("try again: nothing was decided or lost; check the disk or the mount if it stays so")
    )]
    Unreachable {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A file, or a link, stands where a folder must be.
    #[error("`{}` is no folder", path.display())]
    #[diagnostic(
        code(store::not_a_folder),
        help("name a folder, as in `folder:DIR`, in which no folder is a link")
    )]
    NotAFolder {
        /// Where.
        path: PathBuf,
    },
    /// Another link came first.
    #[error("height {height} of `{unit}` is taken")]
    #[diagnostic(code(store::conflict), help("judge again from the newest link"))]
    Conflict {
        /// The unit.
        unit: String,
        /// The height.
        height: u64,
    },
    /// Two stores hold different links of one height.
    #[error("the target holds another link {height} of `{unit}`")]
    #[diagnostic(
        code(store::fork),
        help(
            "one of the two chains is not the one that was deployed from: find out which, and make a new baseline in the other store"
        )
    )]
    Fork {
        /// The unit.
        unit: String,
        /// The height.
        height: u64,
    },
    /// A file that is no link stands where one must come.
    #[error("`{place}` stands in the way: {why}")]
    #[diagnostic(
        code(store::blocked),
        help("find out who put it there, then remove it; nothing is admitted by it")
    )]
    Blocked {
        /// The file.
        place: String,
        /// Why it does not count.
        why: String,
    },
    /// More files than anyone would put there.
    #[error("`{}` holds more than {limit} files", path.display())]
    #[diagnostic(
        code(limit::candidates),
        help("make a baseline and archive what is older")
    )]
    TooMany {
        /// The folder.
        path: PathBuf,
        /// The cap.
        limit: usize,
    },
    /// More bytes than anyone would put there.
    #[error("`{}` holds more than {limit} bytes", path.display())]
    #[diagnostic(
        code(limit::store_bytes),
        help("make a baseline and archive what is older")
    )]
    TooLarge {
        /// The folder.
        path: PathBuf,
        /// The cap.
        limit: usize,
    },
    /// A line of a stream that is no statement.
    #[error("{place}: {why}")]
    #[diagnostic(
        code(store::line),
        help(
            "give each envelope, or the bundle around it, a line of its own, and nothing else; nothing is admitted past a line that cannot be read"
        )
    )]
    Line {
        /// Where it stands.
        place: String,
        /// Why it is none.
        why: String,
    },
    /// What can only be read was to be written.
    #[error("`{name}` can only be read")]
    #[diagnostic(
        code(usage::read_only_store),
        help("sign into `branch`, or a folder: `folder:DIR`")
    )]
    ReadOnly {
        /// The store, as it is named.
        name: String,
    },
    /// A registry.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Registry(#[from] RegistryError),
    /// Links cannot be signed into a registry.
    #[error(
        "verdicts cannot be signed into `{place}`: in a registry, two can write one tag at once"
    )]
    #[diagnostic(
        code(usage::sign_store),
        help(
            "sign into `branch`, where only one link can be the next, then copy it: `tidegate publish branch --verdicts {place}`"
        )
    )]
    CannotDecide {
        /// The store, as it is named.
        place: String,
    },
    /// Others wrote a tag of a registry each time.
    #[error("others wrote `{place}` at the same time, {attempts} times")]
    #[diagnostic(code("store::conflict"), help("run `publish` again, alone"))]
    Overwritten {
        /// The tag.
        place: String,
        /// How often it was tried.
        attempts: u32,
    },
    /// The branch's objects.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Git(#[from] git::Error),
    /// The spelling of a remote or branch is none that is handed to Git.
    #[error("`{text}` is no name of a {kind}")]
    #[diagnostic(
        code(usage::store),
        help(
            "use `branch`, `branch:REMOTE` or `branch:REMOTE:NAME`, where REMOTE is one of `git remote`"
        )
    )]
    Name {
        /// What was given.
        text: String,
        /// `remote` or `branch`.
        kind: &'static str,
    },
    /// The repository has no such remote.
    #[error("the repository has no remote `{remote}`{known}")]
    #[diagnostic(
        code(store::no_remote),
        help("`git remote add {remote} URL`, or keep verdicts in a folder: `folder:DIR`")
    )]
    NoRemote {
        /// The remote.
        remote: String,
        /// Which there are.
        known: String,
    },
    /// `git` does not run.
    #[error("`git` cannot be run: {reason}")]
    #[diagnostic(
        code(store::git_missing),
        help(
            "a branch is fetched and pushed by the `git` program: install it and put it on `PATH`"
        )
    )]
    GitMissing {
        /// What the system says.
        reason: String,
    },
    /// The remote does not answer.
    #[error("cannot {action} `{remote}`: {reason}")]
    #[diagnostic(
        code("store::unreachable"),
        help("try again: nothing was decided or lost")
    )]
    RemoteUnreachable {
        /// What was tried.
        action: &'static str,
        /// The remote.
        remote: String,
        /// What `git` says.
        reason: String,
    },
    /// The remote answers, and says no.
    #[error("cannot {action} `{remote}`: {reason}")]
    #[diagnostic(
        code(store::denied),
        help("`git ls-remote {remote}` must work for this account, without asking for a password")
    )]
    RemoteDenied {
        /// What was tried.
        action: &'static str,
        /// The remote.
        remote: String,
        /// What `git` says.
        reason: String,
    },
    /// The remote takes no push to the branch.
    #[error("`{remote}` does not take a push to `{branch}`: {reason}")]
    #[diagnostic(
        code(store::rejected),
        help(
            "let the signer's account push to that branch, past its protection if it has one; nothing was published"
        )
    )]
    Rejected {
        /// The remote.
        remote: String,
        /// The branch.
        branch: String,
        /// What it says.
        reason: String,
    },
    /// The branch was moved to something that does not follow what was seen before.
    #[error("`{branch}` of `{remote}` {found}, which was seen before")]
    #[diagnostic(
        code(store::rewritten),
        help(
            "find out who did it, and put it back: `git push --force {remote} {seen}:refs/heads/{branch}`; if it was meant, accept it here: `git update-ref -d refs/tidegate/remotes/{remote}/{branch}`, with `--work DIR` in `DIR/repository.git`"
        )
    )]
    Rewritten {
        /// The remote.
        remote: String,
        /// The branch.
        branch: String,
        /// What became of it, up to the commit that was seen.
        found: String,
        /// The commit that was seen.
        seen: String,
    },
    /// The branch follows what was seen before, and something that never leaves it is gone.
    #[error(
        "`{path}` was taken away from the branch `{branch}`: it lay there at `{seen}`, which was seen before"
    )]
    #[diagnostic(
        code(store::taken_away),
        help(
            "find out who did it, and put it back on the branch: `git show {seen}:{path}`; if it was meant, accept it here: `git update-ref -d refs/tidegate/remotes/{branch}`, with `--work DIR` in `DIR/repository.git`"
        )
    )]
    TakenAway {
        /// The remote and its branch.
        branch: String,
        /// What is gone, or has other bytes in its place.
        path: String,
        /// The commit that was seen.
        seen: String,
    },
    /// The same, before anybody here looked.
    #[error("`{path}`, which counts, was taken away from the store")]
    #[diagnostic(
        code(store::taken_away),
        help(
            "nothing is signed on top of that: put it back from the history of the branch, as it was (`git log -p -- {path}` has it and who took it away)"
        )
    )]
    TakenAwayUnseen {
        /// What is gone, or has other bytes in its place.
        path: String,
    },
    /// The branch is one of those that are judged.
    #[error("the branch `{branch}` holds what is judged, and no verdicts")]
    #[diagnostic(
        code(store::judged_branch),
        help(
            "name a branch of its own, as in `branch:origin:tidegate/verdicts`; nothing was pushed"
        )
    )]
    JudgedBranch {
        /// The remote and its branch.
        branch: String,
    },
    /// Others were faster each time.
    #[error("other signers came first {attempts} times")]
    #[diagnostic(code("store::conflict"), help("try again: nothing was published"))]
    Contended {
        /// How often it was tried.
        attempts: u32,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::code_of;

    #[test]
    fn a_store_is_bounded_in_files_and_in_bytes() {
        type Check = fn(usize, &Path) -> Result<(), Error>;
        let checks: [(Check, limits::Limit, &str); 2] = [
            (check_count, limits::STORE_FILES, "limit.candidates"),
            (check_bytes, limits::STORE_BYTES, "limit.store-bytes"),
        ];
        for (check, limit, code) in checks {
            let refused = |number| {
                check(number, Path::new("x"))
                    .err()
                    .map(|error| code_of(&error))
            };
            assert_eq!(refused(limit.most), None);
            assert_eq!(refused(limit.most + 1).as_deref(), Some(code));
            assert_eq!(refused(10 * limit.most).as_deref(), Some(code));
        }
    }
}
