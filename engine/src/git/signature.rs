//! The signature that a commit carries, and the bytes that it is about.
//! Verifies nothing: whose signatures count is no matter of Git's.

use git2::ObjectType;

use super::{Error, Repository};
use crate::model::{GitId, limits};

/// A signature as it stands in a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitSignature {
    /// Its text; several signatures stand behind one another.
    pub text: Vec<u8>,
    /// The commit without any signature.
    pub signed: Vec<u8>,
}

impl Repository {
    /// The signature of a commit; `None` where it has none.
    ///
    /// # Errors
    /// Missing or corrupt.
    pub fn commit_signature(&self, id: GitId) -> Result<Option<CommitSignature>, Error> {
        self.with_object(id, ObjectType::Commit, limits::OBJECT.wide(), split)
    }
}

/// Takes the signatures out of the header, as Git does: what they sign is everything else.
fn split(commit: &[u8]) -> Option<CommitSignature> {
    let (mut text, mut signed) = (Vec::new(), Vec::new());
    let mut rest = commit;
    let mut within = Header::Other;
    while !rest.is_empty() && !rest.starts_with(b"\n") {
        let end = rest.iter().position(|byte| *byte == b'\n');
        let (line, after) = rest.split_at(end.map_or(rest.len(), |end| end + 1));
        let value = match line.strip_prefix(b" ") {
            Some(value) => value,
            None => {
                within = Header::of(line);
                line.strip_prefix(SIGNATURE).unwrap_or(line)
            }
        };
        match within {
            Header::Signature => text.extend_from_slice(value),
            Header::OtherSignature => {}
            Header::Other => signed.extend_from_slice(line),
        }
        rest = after;
    }
    signed.extend_from_slice(rest);
    (!text.is_empty()).then_some(CommitSignature { text, signed })
}

enum Header {
    Signature,
    /// Of the same commit under an id of another kind.
    OtherSignature,
    Other,
}

impl Header {
    fn of(line: &[u8]) -> Self {
        if line.starts_with(SIGNATURE) {
            Self::Signature
        } else if line.starts_with(b"gpgsig") {
            Self::OtherSignature
        } else {
            Self::Other
        }
    }
}

const SIGNATURE: &[u8] = b"gpgsig ";

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(commit: &str) -> Option<(String, String)> {
        let found = split(commit.as_bytes())?;
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Some((text(found.text), text(found.signed)))
    }

    #[test]
    fn what_is_signed_is_the_commit_without_its_signatures() {
        let commit = "tree 1\nparent 2\ngpgsig -----BEGIN\n \n a\n -----END\nencoding x\n\nm\n";
        let signed = "tree 1\nparent 2\nencoding x\n\nm\n";
        let text = "-----BEGIN\n\na\n-----END\n";
        assert_eq!(parts(commit), Some((text.into(), signed.into())));
        let both = commit.replace("encoding", "gpgsig-sha256 z\n y\nencoding");
        assert_eq!(parts(&both), Some((text.into(), signed.into())));
        let twice = commit.replace("encoding", "gpgsig other\nencoding");
        assert_eq!(
            parts(&twice),
            Some((format!("{text}other\n"), signed.into()))
        );
    }

    #[test]
    fn a_signature_stands_in_the_header_or_nowhere() {
        for commit in [
            "tree 1\n\nm\n",
            "tree 1\n\ngpgsig fake\n",
            "tree 1\nmergetag object 1\n gpgsig fake\n\nm",
            "tree 1\ngpgsig-sha256 other\n\nm",
            "",
        ] {
            assert_eq!(parts(commit), None, "{commit:?}");
        }
    }
}
