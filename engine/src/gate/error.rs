//! Why something could not be judged. None of these is ever a pass.

mod key;
mod made;
mod shared;

use miette::Diagnostic;

pub use self::key::KeyError;
use self::made::Met;
pub(super) use self::shared::Shared;
use super::deployer::Obeyed;
use super::unit::Unsound;
use crate::config::{AmbiguousConfig, GATE, Problems};
use crate::model::{RepoPath, limits};
use crate::{attest, facts, git, manifest, policy, render, sources, store, verify};

/// It could not be judged.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum Error {
    /// Git.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Git(#[from] git::Error),
    /// A manifest.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Manifest(#[from] manifest::Error),
    /// A source that cannot be rendered.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Render(#[from] render::Error),
    /// The units of an environment cannot be told.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Sources(#[from] sources::Error),
    /// A source that cannot be told from the tree.
    #[error(transparent)]
    #[diagnostic(transparent)]
    UnknownSource(sources::Unknown),
    /// An object of a unit that deploys in turn and is no unit.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Stranger(#[from] sources::Stranger),
    /// What was judged is deployed from elsewhere now.
    #[error("`{unit}` is deployed from {} now, where nothing is judged", repository.join(", "))]
    #[diagnostic(
        code(source::elsewhere),
        help(
            "what a unit deploys must be of this repository, at the branch of its environment; to take it away, delete its object"
        )
    )]
    Elsewhere {
        /// The unit.
        unit: String,
        /// Where.
        repository: Vec<String>,
    },
    /// What is to be shown is of elsewhere.
    #[error("`{unit}` is deployed from {} alone, and nothing of that is in this repository", repository.join(", "))]
    #[diagnostic(
        code(source::elsewhere),
        help(
            "only what is of this repository, at the branch of its environment, is rendered and judged: `tidegate environments` shows the revision of the rest, and whether it is pinned"
        )
    )]
    OnlyElsewhere {
        /// The unit.
        unit: String,
        /// Where.
        repository: Vec<String>,
    },
    /// What deploys a unit goes to another cluster.
    #[error(
        "{what} goes to another cluster: to {is}, from {was}, where what it deployed is deleted or stays behind"
    )]
    #[diagnostic(
        code(source::other_cluster),
        help(
            "declare another one for that cluster, under a name of its own, and take this one away by a later change: what is new there and what goes here are judged each by itself"
        )
    )]
    OtherCluster {
        /// Its place, kind and name.
        what: String,
        /// The cluster at base.
        was: String,
        /// The cluster at head.
        is: String,
    },
    /// A source that nobody can judge, since it may be another thing each time.
    #[error(
        "`{unit}` is to deploy {source_} as well, which floats: it may be another thing each time"
    )]
    #[diagnostic(
        code(source::floating),
        help(
            "pin it to a commit, a digest or an exact version of a chart, or bring it into this repository"
        )
    )]
    Floating {
        /// The unit.
        unit: String,
        /// What.
        source_: String,
    },
    /// A chart that changes under the version that it had.
    #[error(
        "unit `{unit}`: the chart changes, and its version stays `{version}` in {chart}, so that Flux goes on deploying what it was"
    )]
    #[diagnostic(
        code(source::unreleased),
        help(
            "raise `version` there with each change of the chart, or of a chart that it takes by `file://`: Flux packs a chart of a Git repository anew when its version is another one"
        )
    )]
    Unreleased {
        /// The unit.
        unit: String,
        /// Its `Chart.yaml`.
        chart: RepoPath,
        /// The version.
        version: String,
    },
    /// A deployment that goes from the tree and stays in the cluster.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Unpruned(#[from] super::unpruned::Unpruned),
    /// What another unit met as well.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Shared(Shared),
    /// A rendering that nobody made; a bug.
    #[error("a source was not rendered")]
    #[diagnostic(code(render::lost), help("please report it"))]
    Unrendered,
    /// Changes that cannot be judged.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Unsound(#[from] Unsound),
    /// More than one run reads.
    #[error("{path}: the manifests that were read up to here have more than {limit}", limit = limits::TOTAL_BYTES)]
    #[diagnostic(code(limit::total_bytes), help("judge it in smaller steps"))]
    TotalBytes {
        /// The file that is one too many.
        path: RepoPath,
    },
    /// More objects than one run reads.
    #[error("{path}: the manifests that were read up to here hold more than {limit} objects", limit = limits::OBJECTS)]
    #[diagnostic(code(limit::objects), help("judge it in smaller steps"))]
    Objects {
        /// The file that is one too many.
        path: RepoPath,
    },
    /// More findings than anybody reads.
    #[error("the policies have more than {limit} findings in the unit `{unit}`", limit = limits::UNIT_FINDINGS)]
    #[diagnostic(
        code(limit::unit_findings),
        help(
            "judge it in smaller steps, or let a policy report one finding for each thing to mend"
        )
    )]
    UnitFindings {
        /// The unit.
        unit: String,
    },
    /// More beside the policies than anyone would put there.
    #[error("the files below `.tidegate/policies` have more than {limit}", limit = limits::POLICY_FOLDER)]
    #[diagnostic(
        code(limit::policy_folder),
        help("keep there only policies and their cases")
    )]
    PolicyFolder,
    /// More beside an image than anyone would record.
    #[error("`{folder}` has more than {limit} files", limit = limits::IMAGE_FILES)]
    #[diagnostic(
        code(limit::image_evidence),
        help(
            "keep there only the signatures and attestations of this image: remove the folder, and let `tidegate images lock` record them anew; a change that does that alone is judged by itself"
        )
    )]
    ImageFiles {
        /// The folder.
        folder: String,
    },
    /// More beside an image than is read for all images of a unit.
    #[error("the files of `{folder}` have more than {limit}", limit = limits::IMAGE_EVIDENCE)]
    #[diagnostic(
        code(limit::image_evidence),
        help(
            "keep there only the signatures and attestations of this image: remove the folder, and let `tidegate images lock` record them anew; a change that does that alone is judged by itself"
        )
    )]
    ImageFolder {
        /// The folder.
        folder: String,
    },
    /// More beside the images of a unit than is read.
    #[error("what is recorded beside the images of `{unit}` has more than {limit}", limit = limits::IMAGE_EVIDENCE)]
    #[diagnostic(
        code(limit::image_evidence),
        help(
            "change fewer images at once, or remove what proves nothing below `.tidegate/images`; a change that does that alone is judged by itself"
        )
    )]
    ImageEvidence {
        /// The unit.
        unit: String,
    },
    /// The scripts of a unit.
    #[error(
        "the scripts of `{unit}` are more than {} of text or {} files",
        limits::SCRIPTS,
        limits::SCRIPT_FILES
    )]
    #[diagnostic(
        code(limit::scripts),
        help(
            "change fewer of them at once, or let `paths` of `policies.migrations` name only what is run; a change that does that alone is judged by itself"
        )
    )]
    Scripts {
        /// The unit.
        unit: String,
    },
    /// What lay beside an image is gone, and the rest proves what all of it does not.
    #[error(
        "what is left beside `{image}` proves it, and what this change takes away there says otherwise"
    )]
    #[diagnostic(
        code(image_lock::withheld),
        help(
            "put back what was below `{folder}` and its line in `.tidegate/images.lock`; where it is to go, take the whole folder and the image's entry away, and let `tidegate images lock` ask the registry anew in a change of its own"
        )
    )]
    ImageWithheld {
        /// The image.
        image: String,
        /// Where that lay.
        folder: String,
    },
    /// The lock of images.
    #[error(transparent)]
    #[diagnostic(transparent)]
    ImageLock(#[from] facts::images::LockError),
    /// What was met somewhere in particular.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Met(#[from] Met),
    /// The configuration.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Config(#[from] Problems),
    /// Two configurations.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Ambiguous(#[from] AmbiguousConfig),
    /// The index of blobs.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Index(#[from] facts::index::Error),
    /// A policy gave no answer.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Policy(#[from] policy::Error),
    /// Policies that cannot be loaded.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Policies(#[from] policy::Problems),
    /// Keys, trust files, statements.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Attest(#[from] attest::Error),
    /// Evidence of backups that cannot be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Evidence(#[from] facts::evidence::Error),
    /// Keys of the signer that do not count for a unit.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Key(#[from] KeyError),
    /// A statement that would contradict itself.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Statement(#[from] attest::Rejection),
    /// The store.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Store(#[from] store::Error),
    /// The chain of a unit could not be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Chain(#[from] verify::Error),
    /// A verdict does not hold.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Refused(#[from] verify::AdmitError),
    /// A link was named that is none.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Named(#[from] super::NameError),
    /// There is no accepted state of the gate.
    #[error(transparent)]
    #[diagnostic(transparent)]
    GateRefused(verify::Refusal),
    /// A store that is to be copied or shown holds no links.
    #[error("nothing to {what}: the store holds no links")]
    #[diagnostic(
        code(store::nothing),
        help(
            "name the store that `sign` signs into; a folder that is not there counts as an empty one"
        )
    )]
    NothingThere {
        /// What it was asked for.
        what: &'static str,
    },
    /// Nothing was accepted yet.
    #[error("the unit `{unit}` has no link to judge from")]
    #[diagnostic(
        code(sign::no_baseline),
        help(
            "accept the state as it stands: `tidegate baseline`, once for each unit, and again when the key that signed its links is trusted no more. Where links were signed before, somebody took them away: `tidegate verify --all` says so; put them back first"
        )
    )]
    NoBaseline {
        /// The unit.
        unit: String,
    },
    /// A commit that a queue cannot bring.
    #[error("commit `{commit}` does not follow the head of `{branch}`")]
    #[diagnostic(
        code(sign::not_queued),
        help("a queue merges what follows the branch; queue it again")
    )]
    NotQueued {
        /// The commit.
        commit: String,
        /// The protected branch.
        branch: String,
    },
    /// What was signed does not verify.
    #[error("the link of `{unit}` that was signed does not verify")]
    #[diagnostic(
        code(sign::not_verified),
        help("give `candidates` a folder that is empty")
    )]
    NotVerified {
        /// The unit.
        unit: String,
    },
    /// The store has forgotten links that the accepted trust file remembers.
    #[error(
        "the newest link of `{unit}` is {found}, and the trust file pins {pinned}: links are missing"
    )]
    #[diagnostic(
        code(store::links_missing),
        help(
            "put the missing links back; where their key is trusted no more, make a baseline; if they are lost for ever, take the unit out of `heights` in the trust file, and sign that first"
        )
    )]
    LinksMissing {
        /// The unit.
        unit: String,
        /// The newest height, or `none`.
        found: String,
        /// The height that is pinned.
        pinned: u64,
    },
    /// A signed link above the newest that the chain can reach.
    #[error(
        "`{place}` is a signed link {height} of `{unit}` above what can be followed, and does not count: {why}"
    )]
    #[diagnostic(
        code(store::link_above),
        help(
            "what lies below it is missing or was changed: put that back from a copy of the store; where it is lost, `tidegate baseline` accepts the state as it stands, above every signed link (of `gate`, take this file away first)"
        )
    )]
    LinkAbove {
        /// The unit.
        unit: String,
        /// The height of the link that does not count.
        height: u64,
        /// Where it lies.
        place: String,
        /// Why it does not count.
        why: String,
    },
    /// Two links claim one height.
    #[error("two signed links of `{unit}` have the height {height}")]
    #[diagnostic(
        code(store::equivocation),
        help(
            "nothing is admitted while both stand: find out who signed the second, then settle it with `tidegate baseline`"
        )
    )]
    Equivocation {
        /// The unit.
        unit: String,
        /// The height that both have.
        height: u64,
    },
    /// A link's commit is not in the branch's history.
    #[error("commit `{commit}` of a link is not in the history of the protected branch")]
    #[diagnostic(
        code(store::not_on_branch),
        help(
            "where the branch was rewritten, take the commit back into its history, which changes no file: `git merge -s ours {commit}`; a link of another repository belongs into another store"
        )
    )]
    NotOnBranch {
        /// The commit.
        commit: String,
    },
    /// No trust file.
    #[error("no `.tidegate/trust.json` at `{commit}`")]
    #[diagnostic(
        code(trust_root::missing),
        help(
            "`tidegate keys new --role merge-signer --out KEY --trust .tidegate/trust.json`, then commit it"
        )
    )]
    NoTrust {
        /// The commit.
        commit: String,
    },
    /// The accepted configuration deploys the environment from another branch.
    #[error("`{environment}` is deployed from `{accepted}`, not from `{found}`")]
    #[diagnostic(
        code(config::other_branch),
        help("sign the change of the configuration first, on the branch that is protected now")
    )]
    OtherBranch {
        /// The environment.
        environment: String,
        /// The branch that the accepted configuration names.
        accepted: String,
        /// The branch that the checked-out configuration names.
        found: String,
    },
    /// The signer may not sign this.
    #[error("key `{key}` may not sign links of `{unit}`")]
    #[diagnostic(
        code(key::not_trusted),
        help(
            "`.tidegate/trust.json` in the accepted state lists the keys that may, by role and environment; there this one is `{scope}`"
        )
    )]
    KeyNotTrusted {
        /// The fingerprint.
        key: String,
        /// The unit.
        unit: String,
        /// How a trust file names it.
        scope: String,
    },
    /// The next link of the gate could be followed by none.
    #[error(
        "too few merge-signers of `.tidegate/trust.json` may sign links of `{unit}` from now on"
    )]
    #[diagnostic(
        code(trust_root::no_gate_signer),
        help(
            "the gate would be locked for ever: leave as many merge-signers as `thresholds` wants (one where it says nothing) that are neither revoked nor over, without `environments` or with `{unit}` among them"
        )
    )]
    NoGateSigner {
        /// The unit `gate`.
        unit: String,
    },
    /// What judged a link was withdrawn, and this run cannot take the link back.
    #[error(
        "a link of `{unit}` was judged by a state of `gate` that was withdrawn, and stands in the way of the next one"
    )]
    #[diagnostic(
        code(sign::gate_withdrawn),
        help(
            "`tidegate sign` on the protected branch takes it back and judges again; then queue this anew"
        )
    )]
    GateWithdrawn {
        /// The unit.
        unit: String,
    },
    /// A baseline was to be judged again.
    #[error(
        "a baseline accepts a state as it stands: nothing was judged, so nothing can be judged again"
    )]
    #[diagnostic(
        code(usage::replay),
        help("`tidegate verify` compares the files that it names with a commit")
    )]
    NothingJudged,
    /// Something that a verdict was judged by cannot be found.
    #[error("what the verdict was judged by is not to be had: {what}")]
    #[diagnostic(
        code(replay::input_missing),
        help(
            "fetch the whole history of its branch, and name the store that it was signed into, or an archive of that"
        )
    )]
    InputMissing {
        /// What.
        what: String,
    },
    /// A link names a state of the gate that the store does not hold.
    #[error("the newest link was judged by a state of `gate` that the store does not hold")]
    #[diagnostic(
        code(store::gap),
        help("links of `gate` were taken away; restore them, or make a new baseline")
    )]
    GateStateMissing,
    /// No configuration on either side.
    #[error("no `tidegate.yaml` in {place}")]
    #[diagnostic(
        code(config::missing),
        help("three lines are enough: one environment, its name, its paths; see the README")
    )]
    NoConfig {
        /// Where it was looked for.
        place: String,
    },
    /// `--env` or `--unit` names nothing.
    #[error("no {kind} `{name}` in the configuration")]
    #[diagnostic(
        code(usage::unknown_name),
        help("{}{}", there_are(known), of_gate(kind, name))
    )]
    UnknownName {
        /// `environment` or `unit`.
        kind: &'static str,
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// An environment of which nothing is judged.
    #[error("environment `{environment}` deploys nothing of this repository")]
    #[diagnostic(
        code(usage::no_units),
        help(
            "what it had is gone, or comes from elsewhere: `tidegate environments` shows it; `--unit gate` is about the gate alone"
        )
    )]
    NoUnits {
        /// Its name.
        environment: String,
    },
    /// One unit is meant, and the environment has several.
    #[error("`{environment}` has several units, and a verdict is about one of them")]
    #[diagnostic(
        code(usage::unit_needed),
        help("name it with `--unit`; there are: {known}")
    )]
    UnitNeeded {
        /// The environment.
        environment: String,
        /// What there is.
        known: String,
    },
    /// A link or submodule where a manifest is expected.
    #[error("`{path}` is a symbolic link or a submodule")]
    #[diagnostic(
        code(git::not_a_file),
        help("what is deployed from it cannot be judged; put the manifest itself there")
    )]
    NotAFile {
        /// The file.
        path: String,
    },
    /// A file of a source that must be rendered first.
    #[error("`{path}` belongs to `{root}`, which kustomize or Helm renders")]
    #[diagnostic(code(source::not_rendered), help("{}", to_be_rendered(path, root)))]
    NotRendered {
        /// The file.
        path: String,
        /// The folder with the kustomization or chart.
        root: String,
    },
    /// A file of a source that goes away: what ran of it is not known.
    #[error("`{path}` belonged to `{root}`, which kustomize or Helm rendered until this change")]
    #[diagnostic(
        code(source::not_rendered),
        help(
            "what ran of it is unknown: first remove the kustomization or chart alone, its folder listed under `unmanaged`, and change the files that it reached in a range of their own"
        )
    )]
    WasRendered {
        /// The file.
        path: String,
        /// The folder that had the kustomization or chart.
        root: String,
    },
    /// A file that a deployer evaluates, obeys or leaves out.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Obeyed(#[from] Obeyed),
    /// A file of values that is put into what comes from elsewhere.
    #[error(transparent)]
    #[diagnostic(transparent)]
    UnreadableValues(#[from] sources::UnreadableValues),
    /// A unit whose bytes differ while neither side holds an object.
    #[error("{files} changed files in unit `{unit}`, and no Kubernetes object on either side")]
    #[diagnostic(
        code(range::judged_nothing),
        help(
            "check the unit's paths in tidegate.yaml: they match no manifest, or only such as kustomize or Helm renders"
        )
    )]
    JudgedNothing {
        /// The unit.
        unit: String,
        /// How many files differ.
        files: usize,
    },
    /// No policy is about a changed object.
    #[error("no policy concerns {object}")]
    #[diagnostic(
        code(range::no_policy),
        help(
            "a change that nothing judges does not pass; keep `risk-tier` in the set of policies"
        )
    )]
    NoPolicyConcerned {
        /// The object.
        object: String,
    },
    /// The risk policies gave a change no tier.
    #[error("no risk policy gives a reason for the change of {object}")]
    #[diagnostic(
        code(policy::no_reason),
        help("a risk policy must claim every change; `risk.unclassified` is its last resort")
    )]
    NoReason {
        /// The object.
        object: String,
    },
    /// The tier depends on a fact that is not known.
    #[error("the tier depends on the fact `{fact}`, which is not known: {reason}")]
    #[diagnostic(code(policy::fact_unknown))]
    RiskUnknown {
        /// The fact.
        fact: String,
        /// Why it is not known.
        reason: String,
    },
    /// A promoted branch stands where it never was put.
    #[error("`{branch}` stands at `{commit}`, which is not in the history of `{protected}`")]
    #[diagnostic(
        code(promote::not_fast_forward),
        help(
            "somebody else moved it, or the protected branch was rewritten: find out who, then delete or reset it by hand"
        )
    )]
    NotFastForward {
        /// The promoted branch.
        branch: String,
        /// Where it stands.
        commit: String,
        /// The protected branch.
        protected: String,
    },
    /// More commits wait than are looked at.
    #[error("more than {limit} commits of `{protected}` came after `{branch}`")]
    #[diagnostic(
        code(limit::promotion),
        help("move it by hand to a commit that `tidegate admit` lets through")
    )]
    TooFarBehind {
        /// The promoted branch.
        branch: String,
        /// The protected branch.
        protected: String,
        /// The cap.
        limit: usize,
    },
    /// A case that is no case.
    #[error("case `{name}`: {what}")]
    #[diagnostic(
        code(policy::case),
        help("a case has base/, head/ and expect.yaml, and may have case.yaml")
    )]
    Case {
        /// The policy and the case.
        name: String,
        /// What is wrong.
        what: String,
    },
    /// The end of an exception is beyond what an instant can be.
    #[error("the end of an exception is no instant: {0}")]
    #[diagnostic(code(config::invalid), help("give `until` a year before 9999"))]
    DateOutOfRange(String),
}

/// Who asks for `gate` as an environment means the unit.
fn there_are(known: &str) -> String {
    match known {
        "" => "there is none".to_owned(),
        known => format!("there are: {known}"),
    }
}

/// What to do about a file of a folder that is rendered, or that such a folder takes from elsewhere.
fn to_be_rendered(path: &str, root: &str) -> String {
    let source = "a source of the environment (`sources: [{name: NAME, kind: Application, path: FOLDER}]`, or `applications` and `kustomizations`)";
    match RepoPath::from(path).lies_in(&RepoPath::from(root)) {
        true => format!("make its folder {source}, or list its paths under `unmanaged`"),
        false => format!(
            "what `{root}` takes from another folder is not deployed as it stands as well: where that is meant, give the kustomization a copy of its own; where it is not, make `{root}` {source}, and take the file out of the folder or the `paths` that another unit deploys"
        ),
    }
}

fn of_gate(kind: &str, name: &str) -> &'static str {
    match (kind, name) {
        ("environment", GATE) => "; `gate` is a unit of each of them: `--env NAME --unit gate`",
        _ => "",
    }
}
