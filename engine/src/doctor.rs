//! Every way round the gate that the files of an installation show: Applications, projects, rights, hooks, workflows.
//! Knows no Git, no network and no cluster: it is given files, and what they do not show it says.

mod access;
mod admission;
mod alterations;
mod applications;
mod arguments;
mod bringing;
mod configuration;
mod deployed;
mod disarmed;
mod external;
mod flux;
mod forge;
mod gates;
mod hooks;
mod listed;
mod live;
mod origins;
mod patches;
mod paths;
mod plugins;
mod projects;
mod promoted;
mod ran;
mod sets;
mod shipped;
mod tree;
mod workflows;

use crate::config::Config;
use crate::model::RepoPath;
use crate::report::installation::{Place, State, Way};
pub use forge::{Forge, Guarded, Part, Protection, branches};
pub use live::ways_online;
use tree::Seen;

/// A repository, as far as it concerns us.
#[derive(Clone, Debug)]
pub struct Tree {
    /// What it is called, for people.
    pub name: String,
    /// The URLs of its remotes: what sources may call it.
    pub urls: Vec<String>,
    /// Its files, those that [`concerns`] names.
    pub files: Vec<File>,
    /// Whether it is no repository, but what a cluster holds.
    pub is_live: bool,
    /// Its other branches.
    pub branches: Vec<Branch>,
}

/// Another branch of a repository than the one shown.
#[derive(Clone, Debug)]
pub struct Branch {
    /// What it is called.
    pub name: String,
    /// Its workflows, those that [`WORKFLOWS`] names, where they are others than the files of the same name shown.
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
    sorted(of_seen(&Seen::of(trees, config), config))
}

fn of_seen(seen: &Seen<'_>, config: Option<&Config>) -> Vec<Way> {
    let mut ways = seen.unread.clone();
    ways.extend(listed::ways(seen));
    ways.extend(configuration::ways(config));
    ways.extend(workflows::ways(seen));
    ways.extend(admission::ways(seen, config));
    ways.extend(applications::ways(seen, config));
    ways.extend(flux::ways(seen, config));
    ways.extend(external::ways(seen, config));
    ways.extend(alterations::ways(seen));
    ways.extend(plugins::ways(seen));
    ways.extend(hooks::ways(seen));
    ways.extend(disarmed::ways(seen));
    ways.extend(access::ways(seen, config));
    ways.extend(projects::ways(seen, config));
    ways.push(Way {
        code: PROTECTION,
        state: State::Unseen,
        about: "who may push to the protected branch, to `gated/` and to `tidegate/verdicts` is kept by the forge, and no file says it".to_owned(),
        place: None,
        fix: "look there: reviews by code owners for the protected branch, the signer alone for the other two, no force-push anywhere; tags below `gated/`, and tags and branches whose name begins with `refs/` or has anything but letters, digits and `._/-` in it, by nobody".to_owned(),
    });
    ways
}

/// The same with what the forge says of the branches that count.
#[must_use]
pub fn with_forge(
    mut ways: Vec<Way>,
    forge: &Forge,
    trees: &[Tree],
    config: Option<&Config>,
) -> Vec<Way> {
    ways.retain(|way| way.code != PROTECTION);
    ways.extend(forge::ways(forge, &Seen::of(trees, config)));
    ways.push(Way {
        code: PROTECTION,
        state: State::Unseen,
        about: format!("who may push tags to {} was not asked", forge.repository),
        place: None,
        fix: "look there: tags below `gated/`, and tags and branches whose name begins with `refs/` or has anything but letters, digits and `._/-` in it, by nobody".to_owned(),
    });
    sorted(ways)
}

fn sorted(mut ways: Vec<Way>) -> Vec<Way> {
    ways.sort_by(|a, b| order(a).cmp(&order(b)));
    ways.dedup();
    ways
}

fn order(way: &Way) -> (State, usize, &Option<Place>, &str) {
    let rank = CODES.iter().position(|code| *code == way.code);
    let rank = rank.unwrap_or(CODES.len());
    (way.state, rank, &way.place, &way.about)
}

const PROTECTION: &str = "branch-protection";
/// Where CI services look for what they run.
pub const WORKFLOWS: [&str; 2] = [".github/workflows/*", ".gitlab-ci.yml"];
/// Each way, the most dangerous first: who can sign anything, who is not asked at all, who need not ask, who may make
/// it so, and what makes people go round.
pub const CODES: [&str; 59] = [
    "signs-proposals",
    "signs-any-branch",
    "signs-injected",
    "signs-runner",
    "signs-unpinned",
    "branch-unprotected",
    "branch-bypass",
    "check-not-required",
    "check-by-anybody",
    "observe",
    "not-gated",
    "external-reaches",
    "promoted-beside",
    "promoted-override",
    "promoted-by-hand",
    "revision-ambiguous",
    "branch-writable",
    "gate-altered",
    "gate-disarmed",
    "gate-not-asked",
    "live-differs",
    "gate-for-another",
    "break-glass",
    "branch-rewritable",
    "owners-not-asked",
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
    "rights-to-rights",
    "rights-on-policy",
    "rights-in-argocd",
    "rights-on-configuration",
    "rights-on-hook",
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
    "queue-missing",
    "gate-elsewhere",
    "external",
    "signs-queue",
    "signs-elsewhere",
    "store-reach",
    "branch-protection",
];
