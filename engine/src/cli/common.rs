//! What several subcommands share: how they end, how they find the repository.

use std::path::Path;

use miette::Diagnostic;

use crate::gate;
use crate::git::Repository;
use crate::model::{Digest, Exit, RepoPath, limits};

/// How a subcommand ends: with an exit code, or with an error that decides it.
pub(super) type Outcome = Result<Exit, Failure>;

/// Any error, as it is printed.
pub(super) type Failure = Box<dyn Diagnostic + Send + Sync>;

/// What only the command line can get wrong.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub(super) enum Error {
    #[error("`{path}` cannot be read: {reason}")]
    #[diagnostic(code(io::read))]
    Read { path: String, reason: String },
    #[error("`{path}` cannot be written: {reason}")]
    #[diagnostic(code(io::write))]
    Write { path: String, reason: String },
    #[error("the clock of this machine says {now}, which cannot be")]
    #[diagnostic(
        code(clock::implausible),
        help("set it: what is signed and what is admitted holds for a time")
    )]
    Clock { now: jiff::Timestamp },
    #[error("`{text}` stands beside what asks for help: help was shown, and nothing else was done")]
    #[diagnostic(
        code(usage::help),
        help(
            "ask for help alone; a branch whose name begins with `-` is named in full, `refs/heads/-h`"
        )
    )]
    HelpBeside { text: String },
    #[error("`{text}` is no output: {why}")]
    #[diagnostic(
        code(usage::output),
        help("use `FORMAT` or `FORMAT=FILE`, FORMAT being one of {formats}")
    )]
    Output {
        text: String,
        why: &'static str,
        formats: &'static str,
    },
    #[error("`{text}` is no output: only one can go to standard output")]
    #[diagnostic(
        code(usage::output),
        help("write this one to a file: `--output {text}=FILE`")
    )]
    SecondOutput { text: String },
    #[error("this answer holds no findings, so only `human` and `json` can show it")]
    #[diagnostic(
        code(usage::output),
        help("`tidegate check --output` writes the other formats")
    )]
    NoSuchOutputHere,
    #[error("`{text}` is no verdict store")]
    #[diagnostic(
        code(usage::store),
        help(
            "use `folder:DIR`, `branch`, `branch:REMOTE`, `branch:REMOTE:NAME` or `oci:REGISTRY/REPOSITORY`; to read only, `notes:refs/notes/NAME` or `-` too"
        )
    )]
    Store { text: String },
    #[error("the verdicts of `{text}` are asked for over the network")]
    #[diagnostic(
        code(usage::offline),
        help("add --online, or fetch them first and give `folder:DIR`")
    )]
    VerdictsOffline { text: String },
    #[error("`{text}` names no notes")]
    #[diagnostic(
        code(usage::store),
        help("write the whole ref: `notes:refs/notes/tidegate`")
    )]
    NotesRef { text: String },
    #[error("the verdict and the verdicts are both to come on standard input")]
    #[diagnostic(
        code(usage::stdin),
        help("give the verdict's own file: `verify FILE --verdicts -`")
    )]
    TwiceStdin,
    #[error("`{text}` is a folder, and not yet the name of a verdict store")]
    #[diagnostic(code(usage::store), help("write `folder:{text}`"))]
    BareFolder { text: String },
    #[error("`{text}` names no link: it is no file, and no digest")]
    #[diagnostic(
        code(usage::link),
        help(
            "give 8 lower-case hexadecimal digits or more of the SHA-256 of its payload, as `tidegate verdict log` prints it, or the file of its envelope"
        )
    )]
    Link { text: String },
    #[error("no store says which verdict that is")]
    #[diagnostic(
        code(usage::no_store),
        help(
            "give `--verdicts folder:DIR` or `--verdicts branch`; one verdict may be named by its file too"
        )
    )]
    NoStore,
    #[error("neither a revision nor an Application was given")]
    #[diagnostic(
        code(usage::no_revision),
        help(
            "give `--revision REV`, or `--application NAMESPACE/NAME` in a PreSync hook; without either, TIDEGATE_REVISION counts, and before a command ARGOCD_APP_REVISION"
        )
    )]
    NoRevision,
    #[error("a command stands behind `--`, and it is empty")]
    #[diagnostic(
        code(usage::command),
        help("write what renders, as in `-- kustomize build .`")
    )]
    NoCommand,
    #[error("the environment has no unit that could be admitted")]
    #[diagnostic(
        code(argo::no_unit),
        help("name the unit that is rendered: `--unit NAME`")
    )]
    NobodyAsked,
    #[error(
        "`ARGOCD_APP_SOURCE_REPO_URL` is not set: nothing says of which commit's folder this one should be"
    )]
    #[diagnostic(
        code(argo::not_told),
        help(
            "Argo CD sets it where it runs a plugin; `--by-hand` runs the command on whatever it finds, compared with nothing"
        )
    )]
    NotToldWhatToRender,
    #[error("{files} of the store stayed behind; all the rest was copied")]
    #[diagnostic(
        code(store::left_behind),
        help(
            "find out what they are, and who put them there: what is not copied is missing where the copy is all there is"
        )
    )]
    LeftBehind { files: String },
    #[error("`{program}` cannot be run: {reason}")]
    #[diagnostic(
        code(io::command),
        help(
            "the commit is admitted, and nothing was rendered; install the program, or name it by its path"
        )
    )]
    Command { program: String, reason: String },
    #[error("Argo CD asks for a source at `{found}`, and nothing says which repository is judged")]
    #[diagnostic(
        code(usage::no_repository),
        help("give `--repository URL`, exactly as the Application's source spells it")
    )]
    NoRepository { found: String },
    #[error("`{folder}` is no folder of the repository")]
    #[diagnostic(
        code(argo::folder),
        help("Argo CD names the source's `path` in `ARGOCD_APP_SOURCE_PATH`")
    )]
    Folder { folder: String },
    #[error("`{text}` is no source of the gate")]
    #[diagnostic(
        code(usage::gate_source),
        help("give URL//PATH, as in `https://git.example/platform.git//gate/prod`")
    )]
    GateSource { text: String },
    #[error("nothing says with which key to sign")]
    #[diagnostic(
        code(usage::no_signer),
        help(
            "name a private key with `--key-file` or in `TIDEGATE_SIGNING_KEY_FILE`, put one into `TIDEGATE_SIGNING_KEY`, or name who signs with `--signer ssh-agent` or `--signer exec:/PROGRAM`"
        )
    )]
    NoSigner,
    #[error("`TIDEGATE_SIGNING_KEY_FILE` and `TIDEGATE_SIGNING_KEY` are both set")]
    #[diagnostic(
        code(usage::two_keys),
        help("leave one of them: which of two keys signs is never guessed")
    )]
    TwoKeys,
    #[error("the command renders `{rendered}`, and what is asked about is `{asked}`")]
    #[diagnostic(
        code(usage::two_revisions),
        help(
            "leave out `--revision` and `TIDEGATE_REVISION`: Argo CD says in `ARGOCD_APP_REVISION` which commit it renders"
        )
    )]
    TwoRevisions { rendered: String, asked: String },
    #[error("`--signer-key` names a key for `--signer`, and there is none")]
    #[diagnostic(
        code(usage::signer_key),
        help(
            "add `--signer ssh-agent` or `--signer exec:/PROGRAM`; a key file needs no public key beside it"
        )
    )]
    SignerKeyAlone,
    #[error("a Sigstore bundle holds one signature, and several sign")]
    #[diagnostic(
        code(usage::bundle),
        help("leave `--bundle` out: the envelope (`-o`) holds all signatures")
    )]
    BundleOfSeveral,
    #[error("which key goes is not known{named}")]
    #[diagnostic(code(usage::which_key), help("{known}"))]
    WhichKey { named: String, known: String },
    #[error("no `.tidegate/trust.json` here or in a folder above")]
    #[diagnostic(code(usage::no_trust_file), help("name one with `--trust FILE`"))]
    NoTrustFile,
    #[error("no ssh-agent: `SSH_AUTH_SOCK` is not set")]
    #[diagnostic(
        code(key::no_agent),
        help(
            "start one (`eval $(ssh-agent)`), add the key (`ssh-add`), or sign with `--key-file`"
        )
    )]
    NoAgent,
    #[error("the trust file is {found}, `--trust-digest` wants {wanted}")]
    #[diagnostic(
        code(trust_root::digest),
        help(
            "somebody put another file in its place; where that was you, write its `sha256sum` down"
        )
    )]
    TrustDigest { found: Digest, wanted: Digest },
    #[error("`--out` and `--trust` both name `{path}`")]
    #[diagnostic(
        code(usage::same_file),
        help("the private key and the trust file are two files; only the second one is committed")
    )]
    KeyIsTrust { path: String },
    #[error("another process has held `{path}` for a minute")]
    #[diagnostic(
        code(work::busy),
        help(
            "try again; nothing was admitted. Give each its own `--work` where one Git host may keep all of them waiting"
        )
    )]
    WorkBusy { path: String },
    #[error("`{path}` is no repository any more: a file of it is empty")]
    #[diagnostic(
        code(work::broken),
        help(
            "empty the folder that `--work` names: all of it is fetched again, but what was seen of the branch of verdicts is forgotten, so run `tidegate verify --all` on that first"
        )
    )]
    WorkBroken { path: String },
    #[error("`{path}` was made for another repository")]
    #[diagnostic(
        code(usage::other_origin),
        help("give `--work` an empty folder, or the `--repository` it was made for")
    )]
    OtherOrigin { path: String },
    #[error("`{text}` is no instant")]
    #[diagnostic(
        code(usage::now),
        help("use RFC 3339 with an offset, as in `2026-11-27T14:05:00+01:00`")
    )]
    Now { text: String },
    #[error("`{text}` is no instant")]
    #[diagnostic(
        code(usage::now),
        help(
            "write a time such as `2026-11-27T14:05`, or RFC 3339 with an offset, as in `2026-11-27T14:05:00+01:00`"
        )
    )]
    Instant { text: String },
    #[error("`{text}` is no day")]
    #[diagnostic(code(usage::day), help("{help}"))]
    Day { text: String, help: &'static str },
    #[error("{days} days are no span that can be shown")]
    #[diagnostic(
        code(usage::day),
        help("`--to` is the day after the last one; at most {} days can be shown", limits::CALENDAR_DAYS.most)
    )]
    Days { days: i32 },
    #[error("`{name}` is no time zone")]
    #[diagnostic(
        code(usage::zone),
        help("write an IANA name such as `Europe/Berlin`, or `UTC`")
    )]
    Zone { name: String },
    #[error("whose windows is not said")]
    #[diagnostic(
        code(usage::no_environment),
        help("name the environment whose project it is: `--env prod`")
    )]
    NoEnvironment,
    #[error("{window}: the configuration has no words for when window `{id}` comes again")]
    #[diagnostic(
        code(calendar::no_words),
        help(
            "let the configuration name the file as it is: `file: {file}`; or write dates, with `--days 400`"
        )
    )]
    NoWords {
        window: String,
        id: String,
        file: String,
    },
    #[error("a range, `--staged` and `--worktree` go alone")]
    #[diagnostic(code(usage::two_ranges), help("give one of them"))]
    TwoRanges,
    #[error("no range was given")]
    #[diagnostic(
        code(usage::no_range),
        help(
            "give `A..B`, `A...B`, `--staged` or `--worktree`, for example `tidegate check origin/main...HEAD`"
        )
    )]
    NoRange,
    #[error("nothing says what is pushed")]
    #[diagnostic(
        code(usage::no_push),
        help(
            "`--pre-push` is for a pre-push hook: Git tells it on standard input, pre-commit in PRE_COMMIT_FROM_REF and PRE_COMMIT_TO_REF"
        )
    )]
    NoPush,
    #[error("there is no policy `{folder}`")]
    #[diagnostic(
        code(usage::unknown_policy),
        help("`tidegate policy list` names them all")
    )]
    UnknownPolicy { folder: String },
    #[error("there is no environment `{name}`")]
    #[diagnostic(
        code(usage::unknown_environment),
        help("`tidegate environments` names them all")
    )]
    UnknownEnvironment { name: String },
    #[error("there is no {what} `{name}`")]
    #[diagnostic(code(usage::unknown_name), help("{help}"))]
    UnknownName {
        what: &'static str,
        name: String,
        help: String,
    },
    #[error("there is no code `{code}`")]
    #[diagnostic(
        code(usage::unknown_code),
        help("`tidegate policy list` names those of policies{near}")
    )]
    UnknownCode { code: String, near: String },
    #[error("`{path}` is not empty")]
    #[diagnostic(
        code(usage::demo_folder),
        help("give `--keep` a folder that does not exist yet, or an empty one")
    )]
    DemoFolder { path: String },
    #[error("`{path}` lies inside a Git repository")]
    #[diagnostic(
        code(usage::demo_folder),
        help("give `--keep` a folder outside of it: a private key has no place in a work tree")
    )]
    DemoInRepository { path: String },
    #[error("the demo did not come out as it must: {what}")]
    #[diagnostic(
        code(bug::demo),
        help("please report it, with `tidegate --version` and everything above")
    )]
    Demo { what: String },
    #[error("no configuration: neither `tidegate.yaml` nor `.github/tidegate.yaml` in `{folder}`")]
    #[diagnostic(code(config::missing), help("three lines are enough: see the README"))]
    NoConfig { folder: String },
}

impl Error {
    pub(super) fn read(path: &Path, error: &std::io::Error) -> Self {
        Self::Read {
            path: path.display().to_string(),
            reason: error.to_string(),
        }
    }

    pub(super) fn unknown_name(what: &'static str, name: &str, near: Option<&str>) -> Self {
        let help = match (near, what) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, "preset") => "docs/calendar.md and the schema name them".to_owned(),
            (None, "component") => {
                "`components` of `tidegate.yaml` and the built-in table name them".to_owned()
            }
            (None, "kind") => "write it as manifests do, such as `Deployment`".to_owned(),
            (None, _) => format!("`tidegate.yaml` names each {what}"),
        };
        Self::UnknownName {
            what,
            name: name.to_owned(),
            help,
        }
    }

    pub(super) fn write(path: &Path, error: &std::io::Error) -> Self {
        Self::Write {
            path: path.display().to_string(),
            reason: error.to_string(),
        }
    }
}

/// The repository's own policies as they lie in the working tree around `directory`.
pub(super) fn policy_files(directory: &Path) -> Result<Vec<(RepoPath, Vec<u8>)>, Error> {
    let mut files = Vec::new();
    let root = directory
        .ancestors()
        .find(|folder| folder.join(POLICY_FOLDER).is_dir());
    let Some(root) = root else {
        return Ok(files);
    };
    let mut folders = vec![root.join(POLICY_FOLDER)];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|error| Error::read(&folder, &error))?;
        for entry in entries {
            let path = entry.map_err(|error| Error::read(&folder, &error))?.path();
            if path.is_dir() && !path.is_symlink() {
                folders.push(path);
            } else {
                let bytes = std::fs::read(&path).map_err(|error| Error::read(&path, &error))?;
                let inside = path.strip_prefix(root).unwrap_or(&path);
                files.push((RepoPath::new(inside.as_os_str().as_encoded_bytes()), bytes));
            }
        }
    }
    files.sort();
    Ok(files)
}

/// The repository around `directory`.
pub(super) fn repository(directory: &Path) -> Result<Repository, gate::Error> {
    Ok(Repository::open(directory)?)
}

const POLICY_FOLDER: &str = ".tidegate/policies";

/// What `--output` takes.
pub(super) const FORMATS: &str = "human, json, sarif, junit, github, gitlab, markdown";
