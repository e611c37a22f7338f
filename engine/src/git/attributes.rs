//! Whether Git would write a file to disk as it stores it.
//! Knows nothing of manifests; every doubt is a no.

use globset::GlobBuilder;

use super::{Error, MODE_EXECUTABLE, MODE_FILE, Repository, Snapshot, TreeEntry};
use crate::model::{RepoPath, mentions};

impl Repository {
    /// Refuses a file whose bytes on disk differ from its blob: `filter`, `working-tree-encoding`,
    /// `eol=crlf`, `ident` where the blob holds `$Id`, or a Git LFS pointer. A path that is no file
    /// in `snapshot` passes.
    ///
    /// # Errors
    /// `git.content-transformed`, `git.lfs-pointer`; attributes or content that cannot be read.
    pub fn content_transformed(&self, snapshot: &Snapshot, path: &RepoPath) -> Result<(), Error> {
        let Some(entry) = self.transformed_by_attributes(snapshot, path)? else {
            return Ok(());
        };
        if self.blob_size(entry.id)? <= POINTER_SIZE && is_pointer(&self.blob(entry.id)?) {
            return Err(Error::LfsPointer(path.clone()));
        }
        Ok(())
    }

    /// As [`Repository::content_transformed`] without a look at what is stored, which may be a pointer
    /// of Git LFS all the same. Gives the file; none where there is none.
    ///
    /// # Errors
    /// `git.content-transformed`; attributes that cannot be read.
    pub fn transformed_by_attributes(
        &self,
        snapshot: &Snapshot,
        path: &RepoPath,
    ) -> Result<Option<TreeEntry>, Error> {
        let Some(entry) = self.entry(snapshot, path)? else {
            return Ok(None);
        };
        if entry.mode != MODE_FILE && entry.mode != MODE_EXECUTABLE {
            return Ok(None);
        }
        let states = self.attributes_of(snapshot, path)?;
        for (wanted, state) in WATCHED.iter().zip(&states) {
            let Some(set) = state else { continue };
            if wanted.name != "ident" || mentions(&self.blob(entry.id)?, b"$Id") {
                return Err(set.refuse(path, wanted.reason));
            }
        }
        Ok(Some(entry))
    }

    /// The lines that set a watched attribute for `path`: later lines and deeper files win.
    fn attributes_of(&self, snapshot: &Snapshot, path: &RepoPath) -> Result<States, Error> {
        let mut states = States::default();
        let bytes = path.as_bytes();
        let slashes = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        let starts = std::iter::once(0).chain(slashes.map(|(at, _)| at + 1));
        for start in starts {
            let (folder, below) = bytes.split_at_checked(start).unwrap_or_default();
            let mut file = folder.to_vec();
            file.extend_from_slice(b".gitattributes");
            let file = RepoPath::new(file);
            let Some(child) = self.lookup(snapshot, file.as_bytes())? else {
                continue;
            };
            if child.mode != MODE_FILE && child.mode != MODE_EXECUTABLE {
                let place = Place { file, line: 1 };
                return Err(place.refuse(path, "its attributes file is no plain file"));
            }
            apply(&self.blob(child.id)?, &file, (below, path), &mut states)?;
        }
        Ok(states)
    }
}

/// An attribute that changes content.
struct Watched {
    name: &'static str,
    /// The only value that counts; any if none.
    value: Option<&'static str>,
    reason: &'static str,
}

const WATCHED: [Watched; 4] = [
    Watched {
        name: "filter",
        value: None,
        reason: "`filter` rewrites it",
    },
    Watched {
        name: "working-tree-encoding",
        value: None,
        reason: "`working-tree-encoding` recodes it",
    },
    Watched {
        name: "eol",
        value: Some("crlf"),
        reason: "`eol=crlf` changes its line ends",
    },
    Watched {
        name: "ident",
        value: None,
        reason: "`ident` expands `$Id` in it",
    },
];

const BLANKS: [char; 3] = [' ', '\t', '\r'];
const LONGEST_LINE: usize = 2048;

type States = [Option<Place>; WATCHED.len()];

#[derive(Clone)]
struct Place {
    file: RepoPath,
    line: usize,
}

impl Place {
    fn refuse(&self, path: &RepoPath, reason: &'static str) -> Error {
        Error::ContentTransformed {
            path: path.clone(),
            reason,
            attributes: self.file.clone(),
            line: self.line,
        }
    }
}

/// Applies one attributes file. `target` is the path below its folder and the whole path.
fn apply(
    content: &[u8],
    file: &RepoPath,
    target: (&[u8], &RepoPath),
    states: &mut States,
) -> Result<(), Error> {
    // A byte order mark is skipped at the start of the file, and is content anywhere else.
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    for (number, line) in content.split(|byte| *byte == b'\n').enumerate() {
        let place = Place {
            file: file.clone(),
            line: number + 1,
        };
        if !mentions_watched(line) {
            continue;
        }
        match read_line(line) {
            Line::Comment => {}
            Line::Unclear(reason) => return Err(place.refuse(target.1, reason)),
            Line::Rule { pattern, words } => {
                let Some(applies) = pattern_matches(pattern, target.0) else {
                    return Err(place.refuse(target.1, "an attribute pattern cannot be read"));
                };
                if applies {
                    set_states(&words, &place, states);
                }
            }
        }
    }
    Ok(())
}

enum Line<'a> {
    Comment,
    Unclear(&'static str),
    Rule {
        pattern: &'a str,
        words: Vec<&'a str>,
    },
}

fn read_line(line: &[u8]) -> Line<'_> {
    let Ok(text) = std::str::from_utf8(line) else {
        return Line::Unclear("an attributes line is not UTF-8");
    };
    if line.len() > LONGEST_LINE {
        return Line::Unclear("an attributes line is longer than every version of Git reads");
    }
    // Git skips these blanks and no others.
    let text = text.trim_matches(BLANKS);
    if text.starts_with('#') {
        return Line::Comment;
    }
    if text.starts_with("[attr]") {
        return Line::Unclear("a macro sets an attribute that rewrites files");
    }
    if text.starts_with(['"', '!']) {
        return Line::Unclear("an attribute pattern cannot be read");
    }
    let mut words = text.split(BLANKS).filter(|word| !word.is_empty());
    let pattern = words.next().unwrap_or_default();
    let words: Vec<&str> = words.collect();
    // Git drops a whole line for one bad word, so that what it takes back stays set.
    if !pattern.is_ascii() || !words.iter().all(|word| is_well_formed(word)) {
        return Line::Unclear("an attributes line is not well-formed");
    }
    Line::Rule { pattern, words }
}

/// `name`, `-name`, `!name` or `name=value`, as Git's `attr_name_valid` has it.
fn is_well_formed(word: &str) -> bool {
    let (bare, off) = match word.strip_prefix(['-', '!']) {
        Some(bare) => (bare, true),
        None => (word, false),
    };
    let name = match bare.split_once('=') {
        Some(_) if off => return false,
        Some((name, _)) => name,
        None => bare,
    };
    !name.is_empty()
        && !name.starts_with('-')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

fn mentions_watched(line: &[u8]) -> bool {
    WATCHED
        .iter()
        .any(|watched| mentions(line, watched.name.as_bytes()))
}

fn set_states(words: &[&str], place: &Place, states: &mut States) {
    for word in words {
        let (name, value) = word
            .split_once('=')
            .map_or((*word, None), |(name, value)| (name, Some(value)));
        let off = name.starts_with(['-', '!']);
        let name = name.trim_start_matches(['-', '!']);
        for (watched, state) in WATCHED.iter().zip(states.iter_mut()) {
            if watched.name == name {
                let counts = watched.value.is_none() || watched.value == value;
                *state = (!off && counts).then(|| place.clone());
            }
        }
    }
}

/// Whether a pattern of an attributes file matches; `None` if it is more than a simple glob.
fn pattern_matches(pattern: &str, path: &[u8]) -> Option<bool> {
    if pattern.contains(['[', ']', '{', '}', '\\']) {
        return None;
    }
    if pattern.ends_with('/') {
        return Some(false);
    }
    let (pattern, path) = match pattern.strip_prefix('/') {
        Some(rooted) => (rooted, path),
        None if pattern.contains('/') => (pattern, path),
        // Without a slash it matches the name, in any folder.
        None => (pattern, path.rsplit(|byte| *byte == b'/').next()?),
    };
    let glob = GlobBuilder::new(pattern)
        .literal_separator(true)
        .backslash_escape(false)
        .build()
        .ok()?;
    let candidate = globset::Candidate::from_bytes(path);
    Some(glob.compile_matcher().is_match_candidate(&candidate))
}

/// Whether content begins as a pointer of Git LFS does.
#[must_use]
pub fn is_pointer(content: &[u8]) -> bool {
    [
        b"version https://git-lfs.github.com/spec/".as_slice(),
        b"version https://hawser.github.com/spec/",
    ]
    .iter()
    .any(|start| content.starts_with(start))
}

const POINTER_SIZE: u64 = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn reasons(content: &str, below: &str) -> Result<Vec<&'static str>, Error> {
        let mut states = States::default();
        let path = RepoPath::from(below);
        apply(
            content.as_bytes(),
            &RepoPath::from(".gitattributes"),
            (below.as_bytes(), &path),
            &mut states,
        )?;
        let set = WATCHED
            .iter()
            .zip(states)
            .filter(|(_, state)| state.is_some());
        Ok(set.map(|(watched, _)| watched.name).collect())
    }

    #[test]
    fn the_last_line_that_matches_counts() {
        for (content, expected) in [
            ("*.yaml filter=lfs diff=lfs -text", vec!["filter"]),
            ("*.yaml filter=lfs\n*.yaml -filter", vec![]),
            ("*.yaml filter=lfs\n*.yaml !filter", vec![]),
            ("*.yaml filter=lfs\n*.md -filter", vec!["filter"]),
            ("* eol=crlf", vec!["eol"]),
            ("* eol=crlf\n*.yaml eol=lf", vec![]),
            ("* text=auto\n* text\n* -text\n* diff=x", vec![]),
            ("/apps/*.yaml ident", vec!["ident"]),
            (
                "apps/** working-tree-encoding=UTF-16",
                vec!["working-tree-encoding"],
            ),
            ("web.yaml filter", vec!["filter"]),
            ("apps/ filter=x", vec![]),
            ("/web.yaml filter=x", vec![]),
            ("# * filter=x", vec![]),
            ("*.yml filter=x\r", vec![]),
            ("\u{feff}* eol=crlf\r\n", vec!["eol"]),
        ] {
            assert_eq!(
                reasons(content, "apps/web.yaml").unwrap(),
                expected,
                "{content}"
            );
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_if_it_matters() {
        for content in [
            "[attr]big filter=lfs",
            "*.[ch] filter=x",
            "\"a b\" filter=x",
            "!a filter=x",
            "a\\ b eol=crlf",
        ] {
            assert!(reasons(content, "web.yaml").is_err(), "{content}");
        }
        assert!(reasons("[attr]big -diff\n*.[ch] text", "web.yaml").is_ok());
    }

    #[test]
    fn pointers_are_known_by_their_first_line() {
        assert!(is_pointer(
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0"
        ));
        assert!(!is_pointer(b"apiVersion: v1\n"));
    }
}
