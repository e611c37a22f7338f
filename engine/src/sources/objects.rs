//! Reads the objects of a file that deploy something or that others refer to, with what the kustomizations of the tree add to
//! them. Resolves nothing of what they say.

use std::collections::BTreeSet;
use std::sync::Arc;

use memchr::memmem;

use super::changes::Changer;
use super::kept::is_kept_back;
use super::known::Declared;
use super::resolve::Error;
use super::tree::Passed;
use super::{Text, Tree};
use crate::git::TreeEntry;
use crate::manifest::{self, Object, Wanted, role_of_name};
use crate::model::{RepoPath, mentions};

/// The objects of a file that deploy something or that others refer to. Behind a link there must be none of the
/// former: what the link leads to may change without any file of this name.
pub(super) fn objects(tree: &Tree<'_>, entry: &TreeEntry) -> Result<Vec<Declared>, Error> {
    read_as(&entry.path, (entry, None), tree)
}

/// The same of a file that a kustomization lists: it takes what is called a chart or a kustomization for objects, too. What
/// kustomizations make of them is told of those in some folders alone where these are what is `built`.
pub(super) fn objects_listed(
    tree: &Tree<'_>,
    entry: &TreeEntry,
    built: Option<&BTreeSet<RepoPath>>,
) -> Result<Vec<Declared>, Error> {
    match role_of_name(&entry.path) {
        Some(_) => read_as(&entry.path.child("listed.yaml"), (entry, built), tree),
        None => read_as(&entry.path, (entry, built), tree),
    }
}

fn read_as(
    name: &RepoPath,
    (entry, built): (&TreeEntry, Option<&BTreeSet<RepoPath>>),
    tree: &Tree<'_>,
) -> Result<Vec<Declared>, Error> {
    let Some(bytes) = tree.content(entry)? else {
        return Ok(Vec::new());
    };
    let mentioned = |mark: &&[u8]| mentions(&bytes, mark);
    // What is escaped may say the same.
    let is_marked = MARKS.iter().any(mentioned) || bytes.contains(&b'\\');
    if !is_marked && !mentions_secret(&bytes) {
        return Ok(Vec::new());
    }
    let wanted = |api_version: &str, kind: &str| wanted(&entry.path, (api_version, kind), tree);
    let file = match manifest::read_only(name, &bytes, &wanted) {
        Ok(file) => file,
        // A comment of a file of values may say the word. Where it is deployed, its unit says what is wrong with it.
        Err(_) if !is_marked => return Ok(Vec::new()),
        Err(error) => return Err(Error::Manifest(Box::new(error))),
    };
    let text = Text {
        path: entry.path.clone(),
        text: Arc::clone(&file.text),
    };
    let objects = file.objects.into_iter();
    if entry.is_link() {
        let mut deploying = objects.filter(|object| GROUPS.contains(&object.reference.group()));
        return deploying.next().map_or(Ok(Vec::new()), |_| {
            let file = entry.path.clone();
            Err(Error::Linked { file })
        });
    }
    let declared = objects.map(|object| declared(object, text.clone(), built, tree));
    Ok(declared.collect())
}

/// An object of a file with what kustomizations make of it.
fn declared(
    object: Object,
    file: Text,
    built: Option<&BTreeSet<RepoPath>>,
    tree: &Tree<'_>,
) -> Declared {
    let (passed, changed_by) = match tree.passed(&file, object.clone(), built) {
        Ok(passed) => (passed, None),
        Err(by) => (Passed::untouched(object), Some(by)),
    };
    let kept_back = is_kept_back(&passed.object).then(|| file.path.clone());
    let deleted = |by: RepoPath| format!("a patch of `{by}` deletes it");
    Declared {
        object: passed.object,
        file,
        changed_by: changed_by.or_else(|| kept_back.map(Changer::from)),
        given_by: passed.given_by,
        passed_over: passed.deleted_by.map(deleted),
        added: passed.added,
        patched_in: passed.patched_in,
        found_in: passed.found_in,
        applied_by: BTreeSet::new(),
        pinned_by: BTreeSet::new(),
    }
}

/// What is read of a file: what deploys something, and what others refer to. A kustomization that lists the file may give
/// what has no name one; what deploys must have one that is known, unless the file is a patch and says that of another.
fn wanted(path: &RepoPath, (api_version, kind): (&str, &str), tree: &Tree<'_>) -> Wanted {
    let (group, _) = api_version.split_once('/').unwrap_or_default();
    let is_told = ["ConfigMap", "Secret"].contains(&kind);
    match (GROUPS.contains(&group), group.is_empty() && is_told) {
        (true, _) if tree.is_patch(path) => Wanted::IfNamed,
        (_, true) if tree.is_listed(path) => Wanted::IfNamed,
        (false, false) => Wanted::Not,
        _ => Wanted::Named,
    }
}

/// Whether the word stands there by itself, and not in the name of another kind or field.
fn mentions_secret(bytes: &[u8]) -> bool {
    let is_letter = |at: Option<usize>| {
        let byte = at.and_then(|at| bytes.get(at));
        byte.is_some_and(u8::is_ascii_alphanumeric)
    };
    memmem::find_iter(bytes, SECRET)
        .any(|at| !is_letter(at.checked_sub(1)) && !is_letter(Some(at + SECRET.len())))
}

/// Groups of what deploys or says where that comes from.
pub(super) const GROUPS: [&str; 4] = [
    "argoproj.io",
    "kustomize.toolkit.fluxcd.io",
    "helm.toolkit.fluxcd.io",
    "source.toolkit.fluxcd.io",
];
/// What a file says that is worth reading.
const MARKS: [&[u8]; 3] = [b"argoproj.io", b"toolkit.fluxcd.io", b"ConfigMap"];
const SECRET: &[u8] = b"Secret";
