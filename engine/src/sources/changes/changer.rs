//! What changes an object before it is applied, and why nobody here can tell what becomes of it. Reads nothing.

use crate::model::RepoPath;

/// What makes another object of one before it is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sources) struct Changer {
    /// A file, or a unit.
    pub(in crate::sources) by: RepoPath,
    cause: Option<Cause>,
}

/// Why that is not followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sources) enum Cause {
    /// A key of a kustomization.
    Key(String),
    /// Variables of Flux.
    Variables,
    /// What a patch says at a place, in words, which readers take differently.
    Spelling(String),
    /// The last lines of a patch at a place, in words.
    End(String),
}

impl Changer {
    /// What does so, and why.
    pub(in crate::sources) const fn new(by: RepoPath, cause: Option<Cause>) -> Self {
        Self { by, cause }
    }

    /// The cause, in words that follow what it does.
    pub(in crate::sources) fn because(&self) -> String {
        match &self.cause {
            None => String::new(),
            Some(Cause::Key(key)) => format!(": `{key}` may change any object"),
            Some(Cause::Variables) => ": variables are replaced in it".to_owned(),
            Some(Cause::Spelling(place)) => {
                format!(": {place} has a value that is a text to one reader, and none to another")
            }
            Some(Cause::End(place)) => format!(
                ": {place} ends in a block of lines, of which kustomize keeps or drops the last line break"
            ),
        }
    }

    /// What to do.
    pub(in crate::sources) const fn remedy(&self) -> &'static str {
        match &self.cause {
            None => {
                "write what it changes into the file itself, or give the patch a `target` with the kind and name that it is for"
            }
            Some(Cause::Key(_)) => {
                "keep the file in a folder of its own, whose kustomization does without it, or write what it changes into the file itself"
            }
            Some(Cause::Variables) => {
                "write what the variables stand for into the file itself, or let the object be applied by a Kustomization without `postBuild`"
            }
            Some(Cause::Spelling(_)) => {
                "put the value into quotes, if it is a text; write a number in plain decimal digits, and `true` or `false`"
            }
            Some(Cause::End(_)) => {
                "let another field, or a list, follow behind the block; or write `|-`; or write the patch into a file that ends with a line break"
            }
        }
    }
}

impl From<RepoPath> for Changer {
    fn from(by: RepoPath) -> Self {
        Self::new(by, None)
    }
}
