//! Why nothing can be said of a backup.
//! Quotes no content but names that were checked before.

use jiff::Timestamp;
use miette::Diagnostic;

use crate::model::limits;

/// Why no evidence comes of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Diagnostic)]
pub enum Error {
    /// No object's name.
    #[error("`{text}` names no object")]
    #[diagnostic(
        code(usage::object),
        help(
            "write it as findings do, `NAMESPACE/KIND.GROUP/NAME`: `shop/Cluster.postgresql.cnpg.io/odoo-db`, `shop/PersistentVolumeClaim/filestore`"
        )
    )]
    Object {
        /// What was written.
        text: String,
    },
    /// What should be selected is no key of this tool.
    #[error("`--select {key}` says nothing to {tool}")]
    #[diagnostic(code(usage::select), help("{help}"))]
    Select {
        /// The key.
        key: String,
        /// The tool.
        tool: &'static str,
        /// What can be selected.
        help: String,
    },
    /// No JSON, or one that two readers would read in two ways.
    #[error("what {tool} says cannot be read: {what}")]
    #[diagnostic(
        code(evidence::json),
        help("hand over all that the tool prints, as it prints it: {prints}")
    )]
    Json {
        /// The tool.
        tool: &'static str,
        /// What is wrong, and where.
        what: String,
        /// How it is made to print it.
        prints: &'static str,
    },
    /// Not what the tool prints.
    #[error("what {tool} says has another shape: `{place}` {what}")]
    #[diagnostic(
        code(evidence::shape),
        help("hand over all that the tool prints, as it prints it: {prints}")
    )]
    Shape {
        /// The tool.
        tool: &'static str,
        /// The place, as a JSON pointer.
        place: String,
        /// What is wrong there.
        what: String,
        /// How it is made to print it.
        prints: &'static str,
    },
    /// Nothing there is about the object.
    #[error("{tool} says nothing of {of}")]
    #[diagnostic(code(evidence::nothing), help("{help}"))]
    Nothing {
        /// The tool.
        tool: &'static str,
        /// Of what.
        of: String,
        /// What to do.
        help: String,
    },
    /// Several could be meant.
    #[error("{tool} speaks of several: {names}")]
    #[diagnostic(code(evidence::several), help("say which one is the object's: {help}"))]
    Several {
        /// The tool.
        tool: &'static str,
        /// Which.
        names: String,
        /// How to choose.
        help: String,
    },
    /// The tool itself says that something is wrong.
    #[error("{tool} says: {what}")]
    #[diagnostic(
        code(evidence::tool),
        help("mend that first: nothing can be said of backups that the tool cannot look at")
    )]
    Tool {
        /// The tool.
        tool: &'static str,
        /// What it says.
        what: String,
    },
    /// Longer than what is read.
    #[error("what {tool} says is longer than {}", limits::EVIDENCE_INPUT)]
    #[diagnostic(
        code(limit::evidence_input),
        help("ask the tool about one database, volume or schedule only")
    )]
    TooLong {
        /// The tool.
        tool: &'static str,
    },
    /// Something has happened that cannot have happened yet.
    #[error("{what} is {at}, and now is {now}")]
    #[diagnostic(
        code(evidence::future),
        help(
            "one of the clocks is wrong; set it, and report anew: what has not happened yet proves nothing"
        )
    )]
    Future {
        /// What.
        what: String,
        /// When it is said to have happened.
        at: Timestamp,
        /// The time.
        now: Timestamp,
    },
    /// What is said contradicts itself.
    #[error("this cannot be: {what}")]
    #[diagnostic(
        code(evidence::contradiction),
        help("say what did happen; nothing is signed that contradicts itself")
    )]
    Contradiction {
        /// What.
        what: String,
    },
    /// Too many files.
    #[error("more than {} files of evidence", limits::EVIDENCE_FILES)]
    #[diagnostic(
        code(limit::evidence_files),
        help("take the old ones away: the newest of each object decides, and a few before it")
    )]
    Files,
    /// Too much in all files.
    #[error(
        "the files of evidence are longer than {} together",
        limits::EVIDENCE_TOTAL
    )]
    #[diagnostic(
        code(limit::evidence_files),
        help("take the old ones away: the newest of each object decides, and a few before it")
    )]
    Total,
    /// A file that is too long.
    #[error("`{path}` is longer than {}", limits::EVIDENCE_FILE)]
    #[diagnostic(
        code(limit::evidence_file),
        help("take it away: no evidence is that long")
    )]
    FileTooLong {
        /// Which.
        path: String,
    },
}
