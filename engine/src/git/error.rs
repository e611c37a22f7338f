//! What keeps Git data from being judged, one variant a reason.
//! Knows nothing of how it is printed; foreign text is cleaned before it gets here.

use std::borrow::Cow;

use miette::Diagnostic;

use crate::model::{GitId, RepoPath, limits};

/// Git data could not be read or must not be judged.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum Error {
    /// No repository at or above the path.
    #[error("`{path}` is not in a Git repository")]
    #[diagnostic(
        code(git::not_a_repository),
        help("run it inside a clone, or name one with `-C`")
    )]
    NotARepository {
        /// The path.
        path: String,
    },
    /// The folder is another user's.
    #[error("the repository at `{path}` belongs to another user")]
    #[diagnostic(
        code(git::not_owner),
        help("if you trust it: `git config --global --add safe.directory <its folder>`")
    )]
    NotOwner {
        /// The path.
        path: String,
    },
    /// The repository could not be opened.
    #[error("the repository at `{path}` cannot be opened: {reason}")]
    #[diagnostic(code(git::open), help("`git status` in the same folder may say more"))]
    Open {
        /// The path.
        path: String,
        /// What libgit2 says.
        reason: String,
    },
    /// A repository that is being made could not be written.
    #[error("`{path}` cannot be written: {reason}")]
    #[diagnostic(code(git::write), help("it needs a folder that may be written"))]
    Write {
        /// The file or folder.
        path: String,
        /// What the system or libgit2 says.
        reason: String,
    },
    /// SHA-256 object ids.
    #[error("the repository uses an object format other than SHA-1")]
    #[diagnostic(
        code(git::object_format),
        help("only SHA-1 repositories can be judged")
    )]
    ObjectFormat,
    /// An extension that changes how the repository is read.
    #[error("the repository uses the extension `{name}`")]
    #[diagnostic(
        code(git::extension),
        help("partial clones and other extended repositories cannot be judged; make a full clone")
    )]
    Extension {
        /// Its name.
        name: String,
    },
    /// `info/grafts` shows another history.
    #[error("the repository has grafts, which show another history than the commits hold")]
    #[diagnostic(code(git::grafts), help("delete `info/grafts` in the Git folder"))]
    Grafts,
    /// The index or the working tree is needed, and a bare repository has none.
    #[error("a bare repository has no index and no working tree")]
    #[diagnostic(code(usage::needs_worktree), help("give a range: `A..B`"))]
    NeedsWorktree,

    /// Not a spelling that is accepted.
    #[error("`{text}` is not a revision that can be used here")]
    #[diagnostic(
        code(usage::revision),
        help(
            "use a commit id of 7 or more digits, `HEAD`, a branch, a tag or a full `refs/…` name, followed by any number of `^`, `^N`, `~N` (N up to {})",
            limits::REVISION_STEPS
        )
    )]
    Revision {
        /// What was given.
        text: String,
    },
    /// Nothing has that name.
    #[error("there is no revision `{text}`")]
    #[diagnostic(
        code(usage::unknown_revision),
        help("`git branch --all` and `git tag` list names; `git fetch` brings missing ones")
    )]
    UnknownRevision {
        /// What was given.
        text: String,
    },
    /// A step goes back beyond the first commit, or to a parent that a commit does not have.
    #[error("there is no revision `{text}`: {short}")]
    #[diagnostic(
        code(usage::unknown_revision),
        help(
            "name a commit that is there (`git log --oneline`); what a first commit brings is judged before it is made, with `--staged`"
        )
    )]
    NoSuchParent {
        /// What was given.
        text: String,
        /// Where the way ends.
        short: String,
    },
    /// Several things have that name.
    #[error("`{text}` names more than one thing")]
    #[diagnostic(
        code(usage::ambiguous_revision),
        help(
            "write more digits of the commit id, or the full name: `refs/heads/…`, `refs/tags/…`"
        )
    )]
    AmbiguousRevision {
        /// What was given.
        text: String,
    },
    /// A tag or id of something else.
    #[error("`{text}` names a {kind}, not a commit")]
    #[diagnostic(code(usage::not_a_commit), help("name a commit"))]
    NotACommit {
        /// What was given.
        text: String,
        /// `blob` or `tree`.
        kind: &'static str,
    },
    /// Tags of tags of tags.
    #[error("`{text}` is a chain of more than {limit} tags")]
    #[diagnostic(code(limit::tag_depth), help("name the commit itself"))]
    TagDepth {
        /// What was given.
        text: String,
        /// The bound.
        limit: usize,
    },
    /// A reference that cannot be followed.
    #[error("`{name}` cannot be read: {reason}")]
    #[diagnostic(code("git::ref"), help("`git fsck` may say more"))]
    Ref {
        /// Its name.
        name: String,
        /// What libgit2 says.
        reason: String,
    },
    /// `HEAD` has no commit yet.
    #[error("the repository has no commits yet")]
    #[diagnostic(code(git::no_commits), help("commit first; `--staged` works before"))]
    NoCommits,
    /// The protected branch is not here.
    #[error("there is neither a branch `{0}` nor `origin/{0}`")]
    #[diagnostic(code(git::branch_missing), help("`git fetch origin {0}`"))]
    BranchMissing(String),
    /// History was cut off where it is needed.
    #[error("the clone is shallow and `{text}` needs history that is not there")]
    #[diagnostic(
        code(git::shallow),
        help(
            "fetch the whole history:\n  - uses: actions/checkout\n    with:\n      fetch-depth: 0\nin a clone that exists: `git fetch --unshallow`"
        )
    )]
    Shallow {
        /// The revision or range.
        text: String,
    },

    /// Neither `A..B` nor `A...B`.
    #[error("`{text}` is not a range")]
    #[diagnostic(
        code(usage::range),
        help("write `A..B` or `A...B` with both ends{}", merging(text))
    )]
    RangeSyntax {
        /// What was given.
        text: String,
    },
    /// `A..B` whose A is not in B's history.
    #[error("`{base}` is not an ancestor of `{head}`")]
    #[diagnostic(
        code(range::not_ancestor),
        help(
            "`{base}...{head}` judges what `{head}` changes since it left `{base}`; `{head} --merge-into {base}` judges the merge of both"
        )
    )]
    NotAncestor {
        /// A, as given.
        base: String,
        /// B, as given.
        head: String,
    },
    /// `A..B` whose B is in A's history.
    #[error("`{base}` is not an ancestor of `{head}`: it comes after it")]
    #[diagnostic(
        code(range::not_ancestor),
        help("the ends are swapped: write `{head}..{base}`")
    )]
    Swapped {
        /// A, as given.
        base: String,
        /// B, as given.
        head: String,
    },
    /// No common commit.
    #[error("`{base}` and `{head}` have no commit in common")]
    #[diagnostic(code(range::unrelated), help("name revisions of one history"))]
    Unrelated {
        /// A, as given.
        base: String,
        /// B, as given.
        head: String,
    },
    /// Criss-cross merges.
    #[error("`{base}` and `{head}` have {count} merge bases")]
    #[diagnostic(
        code(range::ambiguous_merge_base),
        help("merge `{base}` into `{head}`, then use `{base}..{head}`")
    )]
    AmbiguousMergeBase {
        /// A, as given.
        base: String,
        /// B, as given.
        head: String,
        /// How many.
        count: usize,
    },
    /// No commit lies in the range.
    #[error("`{text}` holds no commits")]
    #[diagnostic(code(range::empty), help("name two different commits, older first"))]
    EmptyRange {
        /// What was given.
        text: String,
    },
    /// Too many commits.
    #[error("the range holds more than {0} commits")]
    #[diagnostic(code(limit::commits), help("judge it in smaller steps"))]
    TooManyCommits(usize),
    /// Too long a walk.
    #[error("the history is longer than {0} commits")]
    #[diagnostic(
        code(limit::history),
        help("name revisions that are closer to each other")
    )]
    HistoryTooLong(usize),

    /// Two commits that do not go together by themselves.
    #[error("`{head}` cannot be merged into `{into}`: {paths}")]
    #[diagnostic(
        code(merge::conflict),
        help("merge `{into}` into the branch, resolve the conflict, and judge again")
    )]
    MergeConflict {
        /// What is merged into, as given.
        into: String,
        /// What is merged, as given.
        head: String,
        /// What conflicts.
        paths: String,
    },
    /// A merge that could not be computed.
    #[error("the merge cannot be computed: {reason}")]
    #[diagnostic(code(merge::failed), help("make the merge, and judge its commit"))]
    Merge {
        /// What is wrong.
        reason: String,
    },

    /// An object is not in the repository.
    #[error("the object `{0}` is missing")]
    #[diagnostic(
        code(git::object_missing),
        help(
            "partial clones are not supported; `git fsck` lists what else is missing. Where verdicts name it, they may be those of another repository"
        )
    )]
    ObjectMissing(GitId),
    /// An index of packs that leads out of them.
    #[error("the index of packs `{path}` is corrupt: {reason}")]
    #[diagnostic(
        code(git::pack),
        help("delete it; `git index-pack` or `git multi-pack-index write` makes it anew")
    )]
    Pack {
        /// The file.
        path: String,
        /// How.
        reason: String,
    },
    /// An object is not what its id says.
    #[error("the object `{id}` is corrupt: {reason}")]
    #[diagnostic(
        code(git::object_corrupt),
        help("make a fresh clone; `git fsck` says more")
    )]
    ObjectCorrupt {
        /// Its id.
        id: GitId,
        /// How.
        reason: String,
    },
    /// A file is too large to be judged.
    #[error("{path}: the file has {size} bytes, the limit is {limit}")]
    #[diagnostic(code(limit::blob), help("keep large files out of judged paths"))]
    FileTooLarge {
        /// The file.
        path: RepoPath,
        /// Its size.
        size: u64,
        /// The bound.
        limit: u64,
    },
    /// A blob is too large to be read.
    #[error("the blob `{id}` has {size} bytes, the limit is {limit}")]
    #[diagnostic(code(limit::blob), help("keep large files out of judged paths"))]
    BlobTooLarge {
        /// Its id.
        id: GitId,
        /// Its size.
        size: u64,
        /// The bound.
        limit: u64,
    },
    /// An object other than a blob is too large.
    #[error("the object `{id}` has {size} bytes, the limit is {limit}")]
    #[diagnostic(
        code(limit::object),
        help("no tree or commit of a real repository is that large")
    )]
    ObjectTooLarge {
        /// Its id.
        id: GitId,
        /// Its size.
        size: u64,
        /// The bound.
        limit: u64,
    },
    /// A commit that does not follow the format.
    #[error("the commit `{id}` is malformed: {reason}")]
    #[diagnostic(code(git::commit_malformed), help("`git fsck` says more"))]
    CommitMalformed {
        /// Its id.
        id: GitId,
        /// What is wrong.
        reason: &'static str,
    },
    /// An id could not be computed.
    #[error("a Git id cannot be computed: {0}")]
    #[diagnostic(code(git::hash), help("the content may be a forged SHA-1 collision"))]
    Hash(String),

    /// The index cannot be read.
    #[error("the index `{path}` cannot be read: {reason}")]
    #[diagnostic(
        code(git::index),
        help(
            "split and sparse indexes are not supported: `git update-index --no-split-index`, `git sparse-checkout disable`"
        )
    )]
    Index {
        /// Its file.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// A merge is not resolved.
    #[error("`{0}` has a conflict in the index")]
    #[diagnostic(code(git::index_conflict), help("resolve it and `git add` the file"))]
    IndexConflict(RepoPath),

    /// A file of the working tree cannot be read.
    #[error("`{path}` of the working tree cannot be read: {reason}")]
    #[diagnostic(
        code(git::worktree),
        help("make it readable, or let `.gitignore` name it where Git does not track it")
    )]
    Worktree {
        /// The file or folder.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// A file of the working tree was written to in between.
    #[error("`{path}` changed while it was judged")]
    #[diagnostic(code(git::worktree_changed), help("judge again"))]
    WorktreeChanged {
        /// The file.
        path: String,
    },
    /// `core.worktree` names a folder that is not this repository's by its own account.
    #[error("the repository's configuration puts its working tree at `{path}`")]
    #[diagnostic(
        code(git::worktree_elsewhere),
        help("only the folder that holds `.git` is read: `git config --unset core.worktree`")
    )]
    WorktreeElsewhere {
        /// The folder.
        path: String,
    },

    /// A tree that no Git would have written.
    #[error("the folder `{path}` holds an entry `{name}` that is not allowed: {reason}")]
    #[diagnostic(code(git::tree_invalid), help("`git fsck --strict` says more"))]
    TreeInvalid {
        /// The folder.
        path: RepoPath,
        /// The entry.
        name: RepoPath,
        /// What is wrong.
        reason: &'static str,
    },
    /// Two names that are one on some systems.
    #[error("`{first}` and `{second}` are one file on some systems")]
    #[diagnostic(code(git::path_collision), help("rename one of them"))]
    PathCollision {
        /// One.
        first: RepoPath,
        /// The other.
        second: RepoPath,
    },
    /// A file stands where a folder must be.
    #[error("`{0}` is no folder")]
    #[diagnostic(
        code(git::no_folder),
        help("find out who put it there, then remove it")
    )]
    NoFolder(RepoPath),
    /// A path is too long.
    #[error("the path that begins `{path}` is longer than {limit} bytes")]
    #[diagnostic(code(limit::path_length), help("shorten it"))]
    PathTooLong {
        /// Its beginning.
        path: RepoPath,
        /// The bound.
        limit: usize,
    },
    /// Folders in folders in folders.
    #[error("`{path}` lies deeper than {limit} folders")]
    #[diagnostic(code(limit::path_depth), help("use fewer folders"))]
    PathTooDeep {
        /// The folder.
        path: RepoPath,
        /// The bound.
        limit: usize,
    },
    /// Too many files.
    #[error("the tree holds more than {0} files")]
    #[diagnostic(code(limit::tree_entries), help("split the unit, or narrow its paths"))]
    TooManyEntries(usize),
    /// Too many differences.
    #[error("more than {0} files differ")]
    #[diagnostic(
        code(limit::changed_files),
        help(
            "judge the commits between in steps; `tidegate baseline` accepts a state as it stands"
        )
    )]
    TooManyChanges(usize),
    /// A submodule where files are judged.
    #[error("`{0}` is a submodule; what it deploys is not in this repository")]
    #[diagnostic(
        code(git::submodule),
        help("copy the files in, or move it out of the paths")
    )]
    Submodule(RepoPath),
    /// A symbolic link that leads to something that is not judged with it.
    #[error("the symbolic link `{path}` {reason}")]
    #[diagnostic(
        code(git::symlink_outside),
        help("link only to files under the same paths, or copy the file")
    )]
    SymlinkOutside {
        /// The link.
        path: RepoPath,
        /// What is wrong.
        reason: Cow<'static, str>,
    },

    /// A glob that is not one of ours.
    #[error("the path pattern `{glob}` {reason}")]
    #[diagnostic(
        code(config::glob),
        help(
            "patterns are rooted: `*` and `?` match within a segment, `**` is a segment of its own and matches any number of them"
        )
    )]
    Glob {
        /// The pattern.
        glob: String,
        /// What is wrong.
        reason: Cow<'static, str>,
    },

    /// Git would write other bytes to disk than it stores.
    #[error("`{path}` is not deployed as it is stored: {reason} (`{attributes}`, line {line})")]
    #[diagnostic(
        code(git::content_transformed),
        help("remove `filter`, `working-tree-encoding`, `eol=crlf` or `ident` for judged paths")
    )]
    ContentTransformed {
        /// The file.
        path: RepoPath,
        /// Which attribute.
        reason: &'static str,
        /// The attributes file.
        attributes: RepoPath,
        /// Its line, from 1.
        line: usize,
    },
    /// The content lies elsewhere.
    #[error("`{0}` is a Git LFS pointer, not the file")]
    #[diagnostic(
        code(git::lfs_pointer),
        help("store the file itself: `git lfs migrate export`")
    )]
    LfsPointer(RepoPath),
}

/// What who names one revision may have meant.
fn merging(text: &str) -> String {
    if text.is_empty() || text.contains("..") {
        return String::new();
    }
    format!("; what merging `{text}` would bring is judged by `{text} --merge-into main`")
}
