//! Trees that are exported, good and bad ones.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::git::TreeEntry;
use crate::model::{GitId, code_of};
use crate::render::Found;

/// Files by path; a link by its mode.
#[derive(Default)]
struct Tree {
    files: BTreeMap<RepoPath, (u32, Vec<u8>)>,
    temporary: Option<tempfile::TempDir>,
}

impl Tree {
    fn with(mut self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.files.insert(path.into(), (0o100_644, content.into()));
        self
    }

    fn link(mut self, path: &str, target: &str) -> Self {
        self.files.insert(path.into(), (0o120_000, target.into()));
        self
    }

    fn export(&mut self) -> Result<Exported, ExportError> {
        let mut closure = Closure::default();
        for (path, (mode, _)) in &self.files {
            let entry = TreeEntry {
                path: path.clone(),
                mode: *mode,
                id: GitId::EMPTY_TREE,
            };
            closure.insert(entry).unwrap();
        }
        let temporary = tempfile::tempdir().unwrap();
        let exported = Exported::of(self, &closure, temporary.path());
        self.temporary = Some(temporary);
        exported
    }

    fn code(mut self) -> String {
        code_of(&self.export().unwrap_err())
    }
}

impl Files for Tree {
    fn at(&self, _: &RepoPath) -> Result<Found, FilesError> {
        Ok(Found::Nothing)
    }

    fn below(&self, _: &RepoPath) -> Result<Vec<TreeEntry>, FilesError> {
        Ok(Vec::new())
    }

    fn content(&self, entry: &TreeEntry) -> Result<Vec<u8>, FilesError> {
        Ok(self.files[&entry.path].1.clone())
    }
}

/// The paths below a folder, links not followed.
fn paths(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(paths(&entry.path()));
        }
        found.push(entry.path());
    }
    found.sort();
    found
}

#[test]
fn a_closure_is_there_and_nothing_else_and_goes_away() {
    let tree = Tree::default()
        .with("apps/a/x.yaml", "x")
        .with("y.yaml", "y");
    let mut tree = tree
        .link("apps/y.yaml", "../y.yaml")
        .link("all", "apps/a/.");
    let exported = tree.export().unwrap();
    let root = exported.root().to_owned();
    let expected = [
        "all",
        "apps",
        "apps/a",
        "apps/a/x.yaml",
        "apps/y.yaml",
        "y.yaml",
    ];
    assert_eq!(paths(&root), expected.map(|path| root.join(path)));
    assert_eq!(fs::read(root.join("apps/y.yaml")).unwrap(), b"y");
    assert_eq!(fs::read(root.join("all/x.yaml")).unwrap(), b"x");
    let private = root.parent().unwrap();
    for path in paths(private).into_iter().chain([private.to_owned()]) {
        let found = fs::symlink_metadata(&path).unwrap();
        let expected = if found.is_dir() { 0o700 } else { 0o600 };
        let mode = found.permissions().mode() & 0o777;
        assert!(found.is_symlink() || mode == expected, "{path:?}: {mode:o}");
    }
    // A program may leave folders that are closed to their owner.
    let closed = exported.home().join("closed");
    fs::create_dir_all(closed.join("in")).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    drop(exported);
    assert_eq!(
        paths(tree.temporary.unwrap().path()),
        [""; 0].map(PathBuf::from)
    );
}

#[test]
fn a_name_that_leads_elsewhere_is_refused() {
    for path in [
        "../x",
        "a/../x",
        "/etc/x",
        "a//x",
        "./x",
        "a/.",
        "..",
        "",
        "a/",
        "x\0y",
        ".git/config",
        "a/.GIT/hooks/x",
    ] {
        let tree = Tree::default().with(path, "x");
        assert_eq!(tree.code(), "render.unsafe-path", "{path:?}");
        let tree = Tree::default().link(path, "x");
        assert_eq!(tree.code(), "render.unsafe-path", "{path:?}");
        let mut tree = Tree::default();
        let exported = tree.export().unwrap();
        assert!(exported.write(&path.into(), b"x").is_err(), "{path:?}");
        assert!(exported.beside(path, b"x").is_err(), "{path:?}");
    }
}

#[test]
fn a_link_that_leads_elsewhere_is_refused() {
    for target in [
        "/etc/passwd",
        "../../x",
        "../../../etc/passwd",
        "b/../x",
        "../b/../c",
        "x\0",
    ] {
        let tree = Tree::default().link("a/link", target);
        assert_eq!(tree.code(), "render.link-outside", "{target:?}");
    }
    // A name below a link, which no tree of Git's holds.
    let both = Tree::default().link("a", "b").with("a/x", "x");
    assert_eq!(both.code(), "render.export");
}

#[test]
fn a_submodule_is_refused() {
    let mut tree = Tree::default();
    tree.files.insert("base".into(), (0o160_000, Vec::new()));
    assert_eq!(tree.code(), "render.submodule");
}

#[test]
fn a_closure_is_bounded_as_a_whole() {
    let most = limits::RENDER_INPUT.most;
    let half = vec![0; most / 2];
    let tree = || {
        Tree::default()
            .with("a", half.clone())
            .with("b", half.clone())
    };
    assert!(tree().export().is_ok());
    assert_eq!(tree().with("c", "x").code(), "limit.render-input");
}

#[test]
fn files_of_ours_replace_those_that_are_there_and_are_never_written_through_links() {
    let tree = Tree::default()
        .with("a/x.yaml", "x")
        .link("a/y.yaml", "x.yaml");
    let mut tree = tree.link("b", "a");
    let exported = tree.export().unwrap();
    let read = |path: &str| fs::read_to_string(exported.root().join(path)).unwrap();
    exported.write(&"a/y.yaml".into(), b"ours").unwrap();
    assert_eq!(
        (read("a/y.yaml"), read("a/x.yaml")),
        ("ours".to_owned(), "x".to_owned())
    );
    exported.write(&"a/x.yaml".into(), b"ours too").unwrap();
    exported.write(&"new/z.yaml".into(), b"z").unwrap();
    assert_eq!(
        (read("a/x.yaml"), read("new/z.yaml")),
        ("ours too".to_owned(), "z".to_owned())
    );
    assert!(exported.write(&"b/x.yaml".into(), b"through").is_err());
    assert!(exported.write(&"a".into(), b"a folder").is_err());
    let place = exported.beside("values.yaml", b"a: 1").unwrap();
    assert!(place.is_absolute() && !place.starts_with(exported.root()));
    assert_eq!(fs::read(&place).unwrap(), b"a: 1");
    assert!(exported.beside("values.yaml", b"a: 2").is_err());
}
