//! `git/` against the real `git`. Knows nothing of manifests.

mod attributes;
mod damage;
mod fsck;
mod gated;
mod merge;
mod odd;
mod open;
mod packs;
mod random;
mod ranges;
mod revisions;
mod staged;
mod trees;
mod worktree;

use miette::Diagnostic;
use tidegate::git::{Error, Repository};
use tidegate::model::{GitId, code_of};

use crate::support::Repo;

/// The stable code of what went wrong.
fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    code_of(&result.unwrap_err())
}

/// What the error advises.
fn help<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    result.unwrap_err().help().unwrap().to_string()
}

/// The paths of a diff with `-`, `+` or `~` before them.
fn changes(repo: &Repository, range: &tidegate::git::Range) -> Vec<String> {
    let diff = repo.diff(&range.base, &range.head).unwrap();
    diff.iter()
        .map(|change| {
            let sign = match (&change.old, &change.new) {
                (None, _) => '+',
                (_, None) => '-',
                _ => '~',
            };
            format!("{sign}{}", change.path)
        })
        .collect()
}

/// A tree object as it is given, valid or not.
fn literal_tree(repo: &Repo, bytes: &[u8]) -> GitId {
    let arguments = ["hash-object", "--literally", "-t", "tree", "-w", "--stdin"];
    GitId::parse(std::str::from_utf8(&repo.git_with(&arguments, bytes)).unwrap()).unwrap()
}

/// A commit without parents of that tree, as the head of `main`.
fn commit_tree(repo: &Repo, tree: GitId) -> GitId {
    let id = repo.git(&["commit-tree", "-m", "made", &tree.to_string()]);
    repo.git(&["update-ref", "refs/heads/main", &id]);
    GitId::parse(&id).unwrap()
}
