//! One commit object: read strictly from its bytes, so that no graft, replacement or cache file counts.
//! Knows nothing of history; parents are ids.

use git2::ObjectType;

use super::{Error, Repository};
use crate::model::{GitId, limits};

/// What a commit says of itself. Foreign text: names and message may hold anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitInfo {
    /// Its id.
    pub id: GitId,
    /// The id of its whole tree.
    pub tree: GitId,
    /// First parent first.
    pub parents: Vec<GitId>,
    /// Who wrote the change.
    pub author: Person,
    /// Who made the commit.
    pub committer: Person,
    /// The message, at most 64 KiB of it.
    pub message: String,
    /// Whether the message was longer.
    pub message_cut: bool,
    /// `Key: value` lines of the last paragraph, in order.
    pub trailers: Vec<Trailer>,
}

/// A name with the time it gives; empty and 0 where the commit does not say so in Git's form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// Seconds since 1970, UTC.
    pub seconds: i64,
    /// Minutes east of UTC.
    pub offset_minutes: i32,
}

/// One line of a message's last paragraph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trailer {
    /// Before the colon.
    pub key: String,
    /// After it, continuation lines joined by a blank.
    pub value: String,
}

/// What a walk needs.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub(super) tree: GitId,
    pub(super) parents: Vec<GitId>,
    author: Person,
    pub(super) committer: Person,
}

impl Repository {
    /// Reads one commit.
    ///
    /// # Errors
    /// Missing, corrupt or malformed.
    pub fn commit(&self, id: GitId) -> Result<CommitInfo, Error> {
        self.with_commit(id, |header, message| {
            let (message, message_cut, trailers) = read_message(message);
            CommitInfo {
                id,
                tree: header.tree,
                parents: header.parents,
                author: header.author,
                committer: header.committer,
                message,
                message_cut,
                trailers,
            }
        })
    }

    /// The id of a commit's whole tree.
    ///
    /// # Errors
    /// As for [`Repository::commit`].
    pub fn tree_of(&self, commit: GitId) -> Result<GitId, Error> {
        self.commit_header(commit).map(|header| header.tree)
    }

    pub(super) fn commit_header(&self, id: GitId) -> Result<Header, Error> {
        self.with_commit(id, |header, _| header)
    }

    fn with_commit<T>(&self, id: GitId, read: impl FnOnce(Header, &[u8]) -> T) -> Result<T, Error> {
        self.with_object(id, ObjectType::Commit, limits::OBJECT.wide(), |bytes| {
            parse(bytes)
                .map(|(header, message)| read(header, message))
                .map_err(|reason| Error::CommitMalformed { id, reason })
        })?
    }
}

/// `tree`, `parent`…, `author`, `committer`, other headers, an empty line, the message. What Git goes
/// by is read strictly; who and when only as far as they can be, since servers take commits in which
/// they are odd, and one such commit must not stop everything above it.
fn parse(bytes: &[u8]) -> Result<(Header, &[u8]), &'static str> {
    let mut lines = Lines(bytes);
    let tree = lines.next().and_then(|line| line.strip_prefix(b"tree "));
    let tree = tree
        .and_then(parse_id)
        .ok_or("it does not begin with a tree")?;
    let mut parents = Vec::new();
    let (mut author, mut committer) = (None, None);
    let mut after_parents = false;
    for line in lines.by_ref().take_while(|line| !line.is_empty()) {
        let mut parts = line.splitn(2, |byte| *byte == b' ');
        let key = parts.next().unwrap_or_default();
        let value = parts.next().unwrap_or_default();
        match key {
            b"parent" if after_parents => return Err("a parent stands after other headers"),
            b"parent" => {
                parents.push(parse_id(value).ok_or("a parent is no id")?);
                continue;
            }
            b"tree" => return Err("it has two trees"),
            b"author" => author = author.or_else(|| Some(parse_person(value))),
            b"committer" => committer = committer.or_else(|| Some(parse_person(value))),
            _ => {}
        }
        after_parents = true;
    }
    let header = Header {
        tree,
        parents,
        author: author.unwrap_or_default(),
        committer: committer.unwrap_or_default(),
    };
    Ok((header, lines.0))
}

struct Lines<'a>(&'a [u8]);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.0.is_empty() {
            return None;
        }
        let end = self.0.iter().position(|byte| *byte == b'\n');
        let (line, rest) = match end {
            Some(end) => (self.0.get(..end)?, self.0.get(end + 1..)?),
            None => (self.0, [].as_slice()),
        };
        self.0 = rest;
        Some(line)
    }
}

/// 40 lower-case digits.
pub(super) fn parse_id(digits: &[u8]) -> Option<GitId> {
    std::str::from_utf8(digits)
        .ok()
        .and_then(|digits| GitId::parse(digits).ok())
}

/// `Name <email> seconds +hhmm`; what cannot be read is empty or 0.
fn parse_person(line: &[u8]) -> Person {
    let text = |bytes: Option<&[u8]>| {
        String::from_utf8_lossy(bytes.unwrap_or_default())
            .trim()
            .to_owned()
    };
    let close = line.iter().rposition(|byte| *byte == b'>');
    let end = close.unwrap_or(line.len());
    let open = line.iter().take(end).position(|byte| *byte == b'<');
    let time = close.and_then(|close| line.get(close + 1..));
    let time = text(time);
    let mut time = time.split_ascii_whitespace();
    Person {
        name: text(line.get(..open.unwrap_or(end))),
        email: text(open.and_then(|open| line.get(open + 1..end))),
        seconds: time
            .next()
            .and_then(|seconds| seconds.parse().ok())
            .unwrap_or(0),
        offset_minutes: time.next().and_then(parse_offset).unwrap_or(0),
    }
}

fn parse_offset(text: &str) -> Option<i32> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    if digits.len() != 4 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let number: i32 = digits.parse().ok()?;
    Some(sign * (number / 100 * 60 + number % 100))
}

fn read_message(bytes: &[u8]) -> (String, bool, Vec<Trailer>) {
    let kept = bytes.get(..limits::COMMIT_MESSAGE.most).unwrap_or(bytes);
    let message = String::from_utf8_lossy(kept).into_owned();
    (message, kept.len() < bytes.len(), trailers(bytes))
}

/// The lines of the last paragraph, if it is not the first and every line is a trailer.
fn trailers(message: &[u8]) -> Vec<Trailer> {
    let tail = message.len().saturating_sub(limits::COMMIT_MESSAGE.most);
    let Some(tail) = message.get(tail..) else {
        return Vec::new();
    };
    let text = String::from_utf8_lossy(tail);
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let Some(blank) = lines.iter().rposition(|line| line.trim().is_empty()) else {
        return Vec::new();
    };
    let mut found: Vec<Trailer> = Vec::new();
    for line in lines.iter().skip(blank + 1) {
        match (parse_trailer(line), found.last_mut()) {
            (Some(trailer), _) => found.push(trailer),
            (None, Some(last)) if line.starts_with([' ', '\t']) => {
                last.value.push(' ');
                last.value.push_str(line.trim());
            }
            (None, _) => return Vec::new(),
        }
    }
    found
}

fn parse_trailer(line: &str) -> Option<Trailer> {
    let (key, value) = line.split_once(':')?;
    let of_key = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if key.is_empty() || !key.chars().all(of_key) {
        return None;
    }
    Some(Trailer {
        key: key.to_owned(),
        value: value.trim().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TREE: &str = "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n";
    const PEOPLE: &str = "author A B <a@b> 1700000000 -0330\ncommitter C <> 1700000001 +0000\n";

    fn malformed(text: &str) -> bool {
        parse(text.as_bytes()).is_err()
    }

    #[test]
    fn a_commit_is_read_whole() {
        let text = format!(
            "{TREE}{PEOPLE}encoding X\ngpgsig a\n tree forged\n parent forged\n\nsubject\n\nbody\n"
        );
        let (header, message) = parse(text.as_bytes()).unwrap();
        assert_eq!(header.tree, GitId::EMPTY_TREE);
        assert_eq!(header.author.name, "A B");
        assert_eq!(header.author.offset_minutes, -210);
        assert_eq!(header.committer.email, "");
        assert!(header.parents.is_empty());
        assert_eq!(message, b"subject\n\nbody\n");
    }

    #[test]
    fn malformed_commits_are_refused() {
        assert!(!malformed(&format!("{TREE}{PEOPLE}\nm")));
        for text in [
            String::new(),
            PEOPLE.to_owned(),
            format!("{TREE}{TREE}{PEOPLE}\nm"),
            format!("{TREE}parent x\n{PEOPLE}\nm"),
            format!("{TREE}{PEOPLE}{TREE}\nm"),
            format!("{TREE}{PEOPLE}{}\nm", TREE.replace("tree", "parent")),
        ] {
            assert!(malformed(&text), "{text}");
        }
    }

    #[test]
    fn odd_people_stop_nothing() {
        let person = |line: &str| {
            let text = format!("{TREE}{}{line}\n\nm", TREE.replace("tree", "parent"));
            let (header, message) = parse(text.as_bytes()).unwrap();
            assert_eq!((header.parents.len(), message), (1, b"m".as_slice()));
            let Person {
                name,
                email,
                seconds,
                offset_minutes,
            } = header.author;
            (name, email, seconds, offset_minutes)
        };
        let of = |name: &str, email: &str, seconds, offset| {
            (name.to_owned(), email.to_owned(), seconds, offset)
        };
        for (line, read) in [
            (
                "author A <a@b>  7 +0100\ncommitter C <> 1 +0000",
                of("A", "a@b", 7, 60),
            ),
            (
                "author A <a@b> 7 +0100\nauthor B <> 1 +0000",
                of("A", "a@b", 7, 60),
            ),
            ("author A <a@b> 7 +051800", of("A", "a@b", 7, 0)),
            (
                "author A <a@b> 99999999999999999999 +0000",
                of("A", "a@b", 0, 0),
            ),
            ("author A <a@b", of("A", "a@b", 0, 0)),
            ("author A", of("A", "", 0, 0)),
            ("committer C <> 1 +0000", of("", "", 0, 0)),
        ] {
            assert_eq!(person(line), read, "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>, line in "\\PC{0,40}", at: u8) {
            let mut text = format!("{TREE}{PEOPLE}\n{line}\n\n{line}").into_bytes();
            let at = usize::from(at) % text.len();
            text.splice(at..at, bytes.iter().copied());
            for text in [text, bytes, [b"author ".as_slice(), line.as_bytes()].concat()] {
                if let Ok((_, message)) = parse(&text) {
                    read_message(message);
                }
                parse_person(&text);
            }
        }
    }

    #[test]
    fn trailers_are_the_whole_last_paragraph() {
        let of = |text: &str| {
            trailers(text.as_bytes())
                .into_iter()
                .map(|trailer| format!("{}={}", trailer.key, trailer.value))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            of("s\n\nTicket: OPS-1\n  and more\nSigned-off-by: A <a@b>\n\n"),
            ["Ticket=OPS-1 and more", "Signed-off-by=A <a@b>"]
        );
        assert!(of("Ticket: OPS-1").is_empty());
        assert!(of("s\n\nTicket: OPS-1\nand prose").is_empty());
        assert!(of("s\n\nTicket: OPS-1\n\nend").is_empty());
        assert!(of("").is_empty());
    }

    #[test]
    fn a_long_message_is_cut_and_says_so() {
        let long = "ü".repeat(limits::COMMIT_MESSAGE.most);
        let (message, cut, _) = read_message(long.as_bytes());
        assert!(cut && message.len() <= limits::COMMIT_MESSAGE.most + 2);
        assert!(!read_message(b"short").1);
    }
}
