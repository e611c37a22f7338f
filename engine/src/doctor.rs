//! Every way round the gate that the files of an installation show: Applications, projects, rights, hooks, workflows.
//! Knows no Git, no network and no cluster: it is given files, and what they do not show it says.

mod access;
mod admission;
mod alterations;
mod applications;
mod configuration;
mod gates;
mod hooks;
mod patches;
mod projects;
mod tree;
mod workflows;

use crate::config::Config;
use crate::model::RepoPath;
use crate::report::installation::{Place, State, Way};
use tree::Seen;

/// A repository, as far as it concerns us.
#[derive(Clone, Debug)]
pub struct Tree {
    /// What it is called, for people.
    pub name: String,
    /// Its files, those that [`concerns`] names.
    pub files: Vec<File>,
}

/// A file and what it holds.
#[derive(Clone, Debug)]
pub struct File {
    /// Where it lies.
    pub path: RepoPath,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// Whether a file of that name can say something about the installation.
#[must_use]
pub fn concerns(path: &RepoPath) -> bool {
    tree::concerns(path)
}

/// Every way round the gate, the most dangerous first.
///
/// `config` is what judges the first tree; without it every Application counts as one that should be gated.
#[must_use]
pub fn ways(trees: &[Tree], config: Option<&Config>) -> Vec<Way> {
    let seen = Seen::of(trees);
    let mut ways = seen.unread.clone();
    ways.extend(configuration::ways(config));
    ways.extend(workflows::ways(&seen));
    ways.extend(admission::ways(&seen));
    ways.extend(applications::ways(&seen, config));
    ways.extend(alterations::ways(&seen));
    ways.extend(hooks::ways(&seen));
    ways.extend(access::ways(&seen));
    ways.extend(projects::ways(&seen, config));
    ways.push(Way {
        code: "branch-protection",
        state: State::Unseen,
        about: "who may push to the protected branch, to `gated/` and to `tidegate/verdicts` is kept by the forge, and no file says it".to_owned(),
        place: None,
        fix: "look there: reviews by code owners for the protected branch, the signer alone for the other two, no force-push anywhere".to_owned(),
    });
    ways.sort_by(|a, b| order(a).cmp(&order(b)));
    ways.dedup();
    ways
}

fn order(way: &Way) -> (State, usize, &Option<Place>, &str) {
    let rank = CODES.iter().position(|code| *code == way.code);
    let rank = rank.unwrap_or(CODES.len());
    (way.state, rank, &way.place, &way.about)
}

/// Each way, the most dangerous first: who can sign anything, who is not asked at all, who need not ask, who may make
/// it so, and what makes people go round.
pub const CODES: [&str; 32] = [
    "signs-proposals",
    "signs-any-branch",
    "observe",
    "not-gated",
    "gate-altered",
    "break-glass",
    "operation-in-git",
    "unread",
    "rollback",
    "apply-only",
    "selective-sync",
    "local-sync",
    "forged-operation",
    "forged-status",
    "policy-ignored",
    "policy-altered",
    "rights-on-applications",
    "rights-in-argocd",
    "gate-not-last",
    "gate-unpinned",
    "hook-annotation",
    "hook-image",
    "project-sources",
    "project-destinations",
    "project-cluster",
    "windows-by-hand",
    "no-windows",
    "hook-deadline",
    "retry",
    "gate-elsewhere",
    "signs-queue",
    "branch-protection",
];
