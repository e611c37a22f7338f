//! One tree object: read, validated, written.
//! Knows nothing of paths below it or above it.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use git2::{ObjectType, Oid};

use super::object::git_id;
use super::{
    Error, MODE_EXECUTABLE, MODE_FILE, MODE_LINK, MODE_SUBMODULE, Repository, Snapshot, text,
};
use crate::model::{GitId, RepoPath, limits};

/// The mode of a folder.
pub(super) const MODE_TREE: u32 = 0o040_000;

/// The validated entries of one tree object, in Git's order.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) children: Vec<Child>,
    /// Whether writing the entries again gives the same id (mode 100664 is read as 100644).
    pub(super) canonical: bool,
}

/// One entry of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Child {
    pub(super) name: Vec<u8>,
    pub(super) mode: u32,
    pub(super) id: GitId,
}

impl Child {
    pub(super) fn is_tree(&self) -> bool {
        self.mode == MODE_TREE
    }
}

/// Trees that were read before, bounded by the number of their entries.
#[derive(Default)]
pub(super) struct Cache {
    trees: BTreeMap<GitId, Arc<Tree>>,
    entries: usize,
}

/// Trees that are in no object database.
pub(super) type Unwritten = BTreeMap<GitId, Arc<Tree>>;

impl Repository {
    /// The tree `id` of `snapshot`; `path` is the folder that errors name.
    pub(super) fn tree(
        &self,
        snapshot: &Snapshot,
        id: GitId,
        path: &[u8],
    ) -> Result<Arc<Tree>, Error> {
        if let Some(tree) = snapshot.unwritten(id) {
            return Ok(tree);
        }
        if let Some(tree) = self.trees.borrow().trees.get(&id) {
            return Ok(Arc::clone(tree));
        }
        let parsed = if id == GitId::EMPTY_TREE {
            Tree::parse(&[])
        } else {
            self.with_object(id, ObjectType::Tree, limits::OBJECT.wide(), Tree::parse)?
        };
        let tree = Arc::new(parsed.map_err(|invalid| invalid.at(path))?);
        self.trees.borrow_mut().keep(id, &tree);
        Ok(tree)
    }
}

impl Cache {
    fn keep(&mut self, id: GitId, tree: &Arc<Tree>) {
        self.entries += tree.children.len();
        if self.entries > CACHED_ENTRIES {
            self.trees.clear();
            self.entries = tree.children.len();
        }
        self.trees.insert(id, Arc::clone(tree));
    }
}

impl Tree {
    /// Reads the bytes of a tree object.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Invalid> {
        let mut children = Vec::new();
        let mut canonical = true;
        let mut rest = bytes;
        while !rest.is_empty() {
            let (child, written, after) = Self::parse_child(rest)?;
            canonical &= written == child.mode;
            children.push(child);
            rest = after;
        }
        Self::checked(children, canonical)
    }

    /// Takes entries that stand in Git's order.
    pub(super) fn of_children(children: Vec<Child>) -> Result<Self, Invalid> {
        Self::checked(children, true)
    }

    /// The entry of that name.
    pub(super) fn child(&self, name: &[u8]) -> Option<&Child> {
        self.find(name, false).or_else(|| self.find(name, true))
    }

    fn parse_child(bytes: &[u8]) -> Result<(Child, u32, &[u8]), Invalid> {
        let invalid = |reason| Invalid::new(b"", reason);
        let space = position(bytes, b' ').ok_or_else(|| invalid("it has no mode"))?;
        let (mode, rest) = bytes.split_at(space);
        let rest = rest.get(1..).unwrap_or_default();
        let end = position(rest, 0).ok_or_else(|| invalid("it has no end"))?;
        let (name, rest) = rest.split_at(end);
        let (id, rest) = rest
            .get(1..)
            .and_then(|rest| rest.split_first_chunk::<20>())
            .ok_or_else(|| Invalid::new(name, "it has no id"))?;
        let (mode, written) = parse_mode(mode).ok_or_else(|| Invalid::new(name, "its mode"))?;
        let child = Child {
            name: name.to_vec(),
            mode,
            id: GitId::from_bytes(*id),
        };
        Ok((child, written, rest))
    }

    fn checked(children: Vec<Child>, canonical: bool) -> Result<Self, Invalid> {
        for child in &children {
            if let Some(reason) = refused_name(&child.name) {
                return Err(Invalid::new(&child.name, reason));
            }
        }
        for (one, two) in children.iter().zip(children.iter().skip(1)) {
            if order(one, &two.name, two.is_tree()).is_ge() {
                return Err(Invalid::new(&two.name, "it is out of order or repeated"));
            }
        }
        let tree = Self {
            children,
            canonical,
        };
        match tree.children.iter().find(|child| tree.is_twice(child)) {
            Some(child) => Err(Invalid::new(&child.name, "it is repeated")),
            None => Ok(tree),
        }
    }

    /// A file and a folder of one name do not stand beside each other.
    fn is_twice(&self, child: &Child) -> bool {
        child.is_tree() && self.find(&child.name, false).is_some()
    }

    fn find(&self, name: &[u8], folder: bool) -> Option<&Child> {
        let children = &self.children;
        let found = children.binary_search_by(|child| order(child, name, folder));
        found.ok().and_then(|at| self.children.get(at))
    }
}

/// Puts entries into Git's order.
pub(super) fn in_order(mut children: Vec<Child>) -> Vec<Child> {
    children.sort_by(|one, two| order(one, &two.name, two.is_tree()));
    children
}

/// The bytes of a tree object with these entries.
pub(super) fn encode(children: &[Child]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for child in children {
        bytes.extend_from_slice(digits(child.mode).as_bytes());
        bytes.push(b' ');
        bytes.extend_from_slice(&child.name);
        bytes.push(0);
        bytes.extend_from_slice(child.id.as_bytes());
    }
    bytes
}

/// The mode as it is written: a table, since a tree has many children and few modes.
fn digits(mode: u32) -> Cow<'static, str> {
    match mode {
        MODE_FILE => "100644".into(),
        MODE_TREE => "40000".into(),
        other => format!("{other:o}").into(),
    }
}

/// The id that a tree object with these entries has; nothing is written.
pub(super) fn id_of(children: &[Child]) -> Result<GitId, Error> {
    Oid::hash_object(ObjectType::Tree, &encode(children))
        .map_err(|error| Error::Hash(text::shown(error.message())))
        .and_then(git_id)
}

/// An entry that must not be there.
#[derive(Debug)]
pub(super) struct Invalid {
    name: Vec<u8>,
    reason: &'static str,
}

impl Invalid {
    fn new(name: &[u8], reason: &'static str) -> Self {
        Self {
            name: name.iter().copied().take(NAME_SHOWN).collect(),
            reason,
        }
    }

    pub(super) fn at(self, path: &[u8]) -> Error {
        Error::TreeInvalid {
            path: RepoPath::new(path),
            name: RepoPath::new(self.name),
            reason: self.reason,
        }
    }
}

/// Git sorts a folder as if its name ended in a slash.
fn order(child: &Child, name: &[u8], is_folder: bool) -> Ordering {
    let both = child.name.len().min(name.len());
    let (start, rest) = child.name.split_at(both);
    let (other_start, other_rest) = name.split_at(both);
    let slash = |is_folder: bool| -> &[u8] { if is_folder { b"/" } else { b"" } };
    let rest = rest.iter().chain(slash(child.is_tree()));
    let other_rest = other_rest.iter().chain(slash(is_folder));
    start.cmp(other_start).then_with(|| rest.cmp(other_rest))
}

/// The mode as Git takes it, and as it is written.
fn parse_mode(digits: &[u8]) -> Option<(u32, u32)> {
    let mode = match digits {
        b"40000" => MODE_TREE,
        b"100644" => MODE_FILE,
        b"100755" => MODE_EXECUTABLE,
        b"120000" => MODE_LINK,
        b"160000" => MODE_SUBMODULE,
        b"100664" => return Some((MODE_FILE, 0o100_664)),
        _ => return None,
    };
    Some((mode, mode))
}

/// Names that are a step up, or Git's own folder on some file system.
fn refused_name(name: &[u8]) -> Option<&'static str> {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    if name.first().is_some_and(|first| *first != b'.') && name.iter().all(is_plain) {
        return None;
    }
    if name.is_empty() {
        return Some("its name is empty");
    }
    if name.contains(&b'/') || name.contains(&0) {
        return Some("its name holds a separator");
    }
    if name == b"." || name == b".." {
        return Some("its name is a step, not a file");
    }
    // A backslash parts names on Windows.
    if name.split(|byte| *byte == b'\\').any(is_git_on_ntfs) || is_git_on_hfs(name) {
        return Some("its name is Git's own folder on some systems");
    }
    None
}

/// NTFS drops what follows a colon, then dots and blanks at the end.
fn is_git_on_ntfs(name: &[u8]) -> bool {
    let stem = name.split(|byte| *byte == b':').next().unwrap_or(name);
    let stem = stem.trim_ascii_end();
    let end = stem
        .iter()
        .rposition(|byte| !matches!(byte, b'.' | b' '))
        .map_or(0, |last| last + 1);
    let stem = stem.get(..end).unwrap_or(stem);
    stem.eq_ignore_ascii_case(b".git") || stem.eq_ignore_ascii_case(b"git~1")
}

/// HFS+ ignores some characters that nobody sees.
fn is_git_on_hfs(name: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(name) else {
        return false;
    };
    let seen: String = text
        .chars()
        .filter(|c| {
            !matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
        })
        .collect();
    seen.eq_ignore_ascii_case(".git")
}

fn position(bytes: &[u8], wanted: u8) -> Option<usize> {
    bytes.iter().position(|byte| *byte == wanted)
}

const CACHED_ENTRIES: usize = 500_000;
const NAME_SHOWN: usize = 200;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn raw(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (mode, name) in entries {
            bytes.extend_from_slice(mode.as_bytes());
            bytes.push(b' ');
            bytes.extend_from_slice(name);
            bytes.push(0);
            bytes.extend_from_slice(&[7; 20]);
        }
        bytes
    }

    #[test]
    fn what_is_written_is_what_was_read() {
        let bytes = raw(&[
            ("100644", b"a"),
            ("100755", b"a-b"),
            ("40000", b"a.d"),
            ("120000", b"l\xff"),
            ("160000", b"s"),
        ]);
        let tree = Tree::parse(&bytes).unwrap();
        assert!(tree.canonical);
        assert_eq!(encode(&tree.children), bytes);
        assert_eq!(tree.child(b"a.d").map(|child| child.mode), Some(MODE_TREE));
        assert!(tree.child(b"a.e").is_none());
    }

    #[test]
    fn a_group_writable_file_is_read_as_git_reads_it() {
        let tree = Tree::parse(&raw(&[("100664", b"a")])).unwrap();
        assert_eq!(tree.children[0].mode, MODE_FILE);
        assert!(!tree.canonical);
    }

    #[test]
    fn names_that_reach_out_of_a_checkout_are_refused() {
        for name in [
            b"".as_slice(),
            b".",
            b"..",
            b"a/b",
            b".git",
            b".GIT",
            b"git~1",
            b".git::$INDEX_ALLOCATION",
            b".git. .",
            b".git\\config",
            b"a\\.GIT",
            b"a\\git~1 \\b",
            ".g\u{200c}it".as_bytes(),
        ] {
            let error = Tree::parse(&raw(&[("100644", name)]));
            assert!(error.is_err(), "{}", RepoPath::new(name));
        }
        for name in [
            b".gitignore".as_slice(),
            b"a\\b.git",
            b".github",
            b"...",
            b"git~2",
            b"a\\b",
        ] {
            assert!(Tree::parse(&raw(&[("100644", name)])).is_ok());
        }
    }

    #[test]
    fn modes_that_git_does_not_write_are_refused() {
        for mode in [
            "040000",
            "40755",
            "160755",
            "0",
            "100600",
            "",
            "1777777777777777777",
        ] {
            assert!(Tree::parse(&raw(&[(mode, b"a")])).is_err(), "{mode}");
        }
    }

    #[test]
    fn repeated_and_unsorted_entries_are_refused() {
        for entries in [
            [("100644", b"a".as_slice()), ("100644", b"a".as_slice())],
            [("100644", b"b"), ("100644", b"a")],
            [("40000", b"a"), ("100644", b"a.b")],
            [("100644", b"a"), ("40000", b"a")],
        ] {
            assert!(Tree::parse(&raw(&entries)).is_err(), "{entries:?}");
        }
        let apart = [
            ("100644", b"a".as_slice()),
            ("100644", b"a.b"),
            ("40000", b"a"),
        ];
        assert!(Tree::parse(&raw(&apart)).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_or_written_back(bytes: Vec<u8>, name in "[a-c./]{0,3}", at: u8) {
            let mut whole = raw(&[("100644", name.as_bytes()), ("40000", b"b")]);
            let at = usize::from(at) % whole.len();
            whole.splice(at..at, bytes);
            if let Ok(tree) = Tree::parse(&whole) {
                prop_assert_eq!(encode(&tree.children) == whole, tree.canonical);
            }
        }
    }

    #[test]
    fn cut_off_objects_are_refused() {
        let bytes = raw(&[("100644", b"a")]);
        for end in 1..bytes.len() {
            assert!(Tree::parse(&bytes[..end]).is_err(), "{end}");
        }
    }
}
