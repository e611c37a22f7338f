//! Why a remote base was not fetched. Knows no kustomization.

use miette::Diagnostic;

use crate::model::limits;
use crate::render::ProgramError;

/// A remote base was not fetched.
#[derive(Clone, Debug, thiserror::Error, Diagnostic)]
pub enum FetchError {
    /// Nobody said that it may be.
    #[error("`{origin}` is no host to fetch from")]
    #[diagnostic(
        code(render::remote_host),
        help(
            "list it in the configuration that judges, once it is trusted to be asked: `online: {{hosts: [{listed}]}}`"
        )
    )]
    Host {
        /// Its scheme, name and port.
        origin: String,
        /// As the configuration would list it.
        listed: String,
    },
    /// A folder stands where kustomize would look first.
    #[error("`{path}` stands where kustomize looks for a file of that address before it fetches")]
    #[diagnostic(code(render::remote_hidden), help("rename or remove it"))]
    Hidden {
        /// The folder.
        path: String,
    },
    /// The repository has a folder of the name under which remote bases stand.
    #[error("the repository has a `{path}` of its own, where remote bases are put")]
    #[diagnostic(code(render::remote_hidden), help("rename or remove it"))]
    Taken {
        /// The folder.
        path: &'static str,
    },
    /// Too many.
    #[error("one run fetches {} at most", limits::REMOTE_BASES)]
    #[diagnostic(
        code(limit::remote_bases),
        help("copy some of them into the repository")
    )]
    Count,
    /// `git` is missing, or did not do its work.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Program(#[from] ProgramError),
    /// No answer.
    #[error("it cannot be fetched now: {reason}")]
    #[diagnostic(
        code(net::unavailable),
        help("try again; `git ls-remote` of the address must answer from here")
    )]
    Unavailable {
        /// What `git` says.
        reason: String,
    },
    /// An answer that is none.
    #[error("it is not to be had: {reason}")]
    #[diagnostic(
        code(render::remote_missing),
        help(
            "the repository must be there for everybody, and hold that commit; where its server sends on to another address, write that one (GitLab's end with `.git`)"
        )
    )]
    Missing {
        /// What `git` says.
        reason: String,
    },
    /// What came is not what was asked for, or cannot be read.
    #[error("what was fetched cannot be read: {reason}")]
    #[diagnostic(
        code(render::remote_damaged),
        help("the id after `?ref=` must be that of a commit, and its objects whole")
    )]
    Damaged {
        /// Why.
        reason: String,
    },
    /// The private folder for it cannot be written.
    #[error("there is no room for it: {reason}")]
    #[diagnostic(
        code(render::export),
        help("the folder for temporary files needs room, and must be writable")
    )]
    Room {
        /// What the system says.
        reason: String,
    },
}
