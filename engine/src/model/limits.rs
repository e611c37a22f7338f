//! Every bound in one place: how much is read, kept or waited for, and what happens beyond it.
//! Enforces nothing; each layer takes its own from here, and SECURITY.md shows the table.

use std::fmt::{self, Write as _};
use std::time::Duration;

/// One bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Its name, `PATH_LENGTH`.
    name: &'static str,
    /// What is counted, in words.
    of: &'static str,
    /// The most that is taken.
    pub most: usize,
    unit: Unit,
    /// What happens beyond it.
    pub beyond: Beyond,
}

/// What the number of a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Count,
    Bytes,
    Seconds,
}

/// What happens beyond a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// The error of this code; nothing is judged, signed or admitted.
    Error(&'static str),
    /// The rest is left out, and what is shown says so.
    LeftOut,
}

use Beyond::{Error, LeftOut};
use Unit::{Bytes, Count, Seconds};

/// Each limit as a constant, and all of them as a list.
macro_rules! limits {
    ($(#[doc = $of:literal] $name:ident = $most:expr, $unit:expr, $beyond:expr;)+) => {
        $(
            #[doc = $of]
            pub const $name: Limit = Limit {
                name: stringify!($name),
                of: $of,
                most: $most,
                unit: $unit,
                beyond: $beyond,
            };
        )+
        /// All of them, in the order of the flow.
        pub const ALL: &[Limit] = &[$($name),+];
    };
}

limits! {
    /// Text of a revision.
    REVISION_LENGTH = 1 << 10, Bytes, Error("usage.revision");
    /// `N` of `~N` and `^N`.
    REVISION_STEPS = 1_000, Count, Error("usage.revision");
    /// Tags that lead to each other.
    TAG_DEPTH = 8, Count, Error("limit.tag-depth");
    /// Commits of a range.
    COMMITS = 5_000, Count, Error("limit.commits");
    /// Commits that are looked at for an ancestor.
    HISTORY = 1_000_000, Count, Error("limit.history");
    /// Text of a commit's message.
    COMMIT_MESSAGE = 64 << 10, Bytes, LeftOut;
    /// A path.
    PATH_LENGTH = 4 << 10, Bytes, Error("limit.path-length");
    /// Steps of a path, the file's own name among them.
    PATH_DEPTH = 64, Count, Error("limit.path-depth");
    /// Files of a tree.
    TREE_ENTRIES = 2_000_000, Count, Error("limit.tree-entries");
    /// Files that differ between two commits.
    CHANGED_FILES = 500_000, Count, Error("limit.changed-files");
    /// Files of a unit.
    UNIT_FILES = 200_000, Count, Error("limit.tree-entries");
    /// Files and folders too long or too deep to be judged, where no unit selects them.
    BEYOND_REACH = 100_000, Count, Error("limit.tree-entries");
    /// A tree, commit or tag.
    OBJECT = 64 << 20, Bytes, Error("limit.object");
    /// A file of a unit that is no manifest.
    UNIT_FILE = 64 << 20, Bytes, Error("limit.blob");
    /// A file that is read: a manifest, a policy's, the gate's own.
    FILE = 4 << 20, Bytes, Error("limit.blob");
    /// All manifests that a run reads.
    TOTAL_BYTES = 512 << 20, Bytes, Error("limit.total-bytes");
    /// Objects of these manifests.
    OBJECTS = 1_000_000, Count, Error("limit.objects");
    /// Symbolic links that lead to each other.
    LINK_HOPS = 5, Count, Error("git.symlink-outside");
    /// Target of a symbolic link.
    LINK_TARGET = 4 << 10, Bytes, Error("git.symlink-outside");

    /// Lists and mappings within each other, after aliases are expanded.
    YAML_DEPTH = 128, Count, Error("limit.yaml-depth");
    /// Documents of a file, empty ones included.
    YAML_DOCUMENTS = 1_000, Count, Error("limit.yaml-documents");
    /// Values that come by aliases; a long one counts as several.
    YAML_ALIASES = 100_000, Count, Error("limit.yaml-aliases");
    /// One value.
    YAML_SCALAR = 2 << 20, Bytes, Error("limit.yaml-scalar");
    /// `kind: List` within each other.
    LIST_DEPTH = 3, Count, Error("limit.list-depth");
    /// One object, written as JSON.
    OBJECT_SIZE = 3 << 20, Bytes, Error("limit.object-size");
    /// Changed objects of a unit.
    CHANGES = 20_000, Count, Error("limit.changes");
    /// Changed fields of an object.
    FIELDS = 20_000, Count, Error("limit.fields");

    /// Charts within each other.
    CHART_DEPTH = 10, Count, Error("limit.chart-depth");
    /// Links that are followed in a chart, those that are reached in several ways each time.
    CHART_LINKS = 5_000, Count, Error("limit.chart-links");
    /// What an archive of a chart unpacks to.
    CHART_ARCHIVE = 64 << 20, Bytes, Error("limit.chart-archive");
    /// Kustomizations that lead to each other.
    KUSTOMIZATION_DEPTH = 32, Count, Error("limit.kustomization-depth");
    /// Kustomizations of one rendering.
    KUSTOMIZATIONS = 2_000, Count, Error("limit.kustomizations");

    /// `tidegate.yaml`.
    CONFIG = 1 << 20, Bytes, Error("limit.config");
    /// Environments.
    ENVIRONMENTS = 200, Count, Error("limit.environments");
    /// Sources of an environment.
    UNITS = 1_000, Count, Error("limit.units");
    /// Names of this repository.
    REPOSITORIES = 100, Count, Error("limit.config");
    /// Generators, `ConfigMaps` and Secrets of which the configuration says what they give.
    GENERATORS = 500, Count, Error("limit.config");
    /// Applications, Kustomizations and what generates them that one environment may have.
    DEPLOYMENTS = 5_000, Count, Error("limit.deployments");
    /// Applications that hold Applications, within each other.
    DEPLOYMENT_DEPTH = 8, Count, Error("limit.deployments");
    /// Patterns by which Flux leaves files of a source out.
    IGNORE_PATTERNS = 1_000, Count, Error("source.unknown");
    /// Text of these patterns.
    IGNORE_TEXT = 64 << 10, Bytes, Error("source.unknown");
    /// Sets of parameters that all generators of an `ApplicationSet` give, those within others too.
    PARAMETER_SETS = 40_000, Count, Error("source.unknown");
    /// Steps of all templates of an `ApplicationSet`; a long text or list counts as several.
    TEMPLATE_STEPS = 5_000_000, Count, Error("source.unknown");
    /// A text or a list that a template of an `ApplicationSet` makes.
    TEMPLATE_TEXT = 1 << 20, Bytes, Error("source.unknown");
    /// What stands within each other in a template of an `ApplicationSet`, and in what it is given.
    TEMPLATE_DEPTH = 100, Count, Error("source.unknown");
    /// Components.
    COMPONENTS = 500, Count, Error("limit.components");
    /// Exceptions.
    EXCEPTIONS = 500, Count, Error("limit.exceptions");
    /// Calendars.
    CALENDARS = 50, Count, Error("limit.calendars");
    /// Windows of a calendar.
    CALENDAR_WINDOWS = 10_000, Count, Error("limit.calendar-windows");
    /// Times that a window opens in the span that is asked for.
    CALENDAR_INSTANCES = 10_000, Count, Error("limit.calendar-instances");
    /// A calendar file of another program.
    CALENDAR_FILE = 1 << 20, Bytes, Error("limit.calendar-file");
    /// A line of an .ics file.
    CALENDAR_LINE = 64 << 10, Bytes, Error("calendar.ics");
    /// Days that `calendar show` draws.
    CALENDAR_DAYS = 1_830, Count, Error("usage.day");
    /// Globs of one list.
    GLOBS = 500, Count, Error("limit.globs");
    /// One glob.
    GLOB_LENGTH = 512, Bytes, Error("config.glob");
    /// Problems of a configuration that are shown.
    CONFIG_PROBLEMS = 50, Count, LeftOut;

    /// All files that a renderer is given at once.
    RENDER_INPUT = 256 << 20, Bytes, Error("limit.render-input");
    /// One run of a renderer.
    RENDER_TIME = 60, Seconds, Error("render.tool-timeout");
    /// Memory of a renderer, on Linux.
    RENDER_MEMORY = 2 << 30, Bytes, Error("render.tool-failed");
    /// What a renderer prints.
    RENDER_OUTPUT = 64 << 20, Bytes, Error("render.tool-output");
    /// Remote bases that one run fetches.
    REMOTE_BASES = 32, Count, Error("limit.remote-bases");
    /// What `git` may take to fetch a remote base.
    REMOTE_BASE_TIME = 120, Seconds, Error("net.unavailable");
    /// One file that `git` writes for a remote base, on Linux.
    REMOTE_BASE = 256 << 20, Bytes, Error("render.remote-missing");
    /// What is kept of renderings between runs.
    RENDER_CACHE = 256 << 20, Bytes, LeftOut;

    /// One file of a policy.
    POLICY_FILE = 256 << 10, Bytes, Error("limit.policy-file");
    /// Policies.
    POLICIES = 200, Count, Error("limit.policies");
    /// All files of all policies.
    POLICY_TOTAL = 8 << 20, Bytes, Error("limit.policy-total");
    /// All files below `.tidegate/policies`, cases among them.
    POLICY_FOLDER = 64 << 20, Bytes, Error("limit.policy-folder");
    /// Brackets within each other in a policy; the parser's time doubles with each.
    POLICY_BRACKETS = 12, Count, Error("policy.nesting");
    /// A list that a policy makes with `numbers.range`.
    POLICY_RANGE = 10_000, Count, Error("policy.builtin-forbidden");
    /// A regular expression that stands in a policy.
    POLICY_PATTERN = 1 << 10, Bytes, Error("policy.regex");
    /// Reading and checking the policies of a repository.
    POLICY_LOAD_TIME = 10, Seconds, Error("policy.timeout");
    /// One policy and one object.
    POLICY_OBJECT_TIME = 1, Seconds, Error("policy.timeout");
    /// One policy and one unit.
    POLICY_UNIT_TIME = 5, Seconds, Error("policy.timeout");
    /// All policies of a run.
    POLICY_TOTAL_TIME = 60, Seconds, Error("policy.timeout");
    /// Memory by which the process grows while it waits for one policy.
    POLICY_MEMORY = 1 << 30, Bytes, Error("policy.memory");
    /// What one policy is given at once, as JSON.
    INPUT_DOCUMENT = 512 << 20, Bytes, Error("limit.input-document");
    /// Findings of one rule of a policy at once.
    FINDINGS = 1_000, Count, Error("limit.findings");
    /// Findings of a unit.
    UNIT_FINDINGS = 100_000, Count, Error("limit.unit-findings");
    /// Reasons of one risk policy in one run: every change has at least one.
    REASONS = 20_000, Count, Error("limit.reasons");
    /// Fields of one finding.
    FINDING_FIELDS = 1_000, Count, Error("limit.finding-fields");
    /// A message, a remediation, the text of a reason.
    MESSAGE_LENGTH = 4 << 10, Bytes, Error("limit.message-length");

    /// Files that are recorded beside an image.
    IMAGE_FILES = 256, Count, Error("limit.image-evidence");
    /// All files that are recorded beside the images of a unit.
    IMAGE_EVIDENCE = 256 << 20, Bytes, Error("limit.image-evidence");
    /// A file that is recorded beside an image.
    IMAGE_FILE = 24 << 20, Bytes, LeftOut;
    /// The lock of images.
    IMAGE_LOCK = 8 << 20, Bytes, Error("limit.image-lock");
    /// What refers to an image and is looked at for signatures when it is locked.
    IMAGE_REFERRERS = 256, Count, Error("limit.candidates");
    /// Signature objects of an image that are looked at.
    SIGNATURE_OBJECTS = 64, Count, LeftOut;
    /// A signature object of an image.
    SIGNATURE_OBJECT = 16 << 20, Bytes, LeftOut;
    /// Log entries and time stamps of a signature object.
    SIGNATURE_WITNESSES = 8, Count, LeftOut;
    /// An index of images.
    IMAGE_INDEX = 4 << 20, Bytes, LeftOut;
    /// Images of an index.
    INDEX_IMAGES = 1_000, Count, LeftOut;
    /// Indexes that list an image and whose signatures are looked at.
    COVERING_INDEXES = 4, Count, LeftOut;

    /// A script of a migration; one that is larger is not understood.
    SCRIPT = 4 << 20, Bytes, LeftOut;
    /// All scripts of a unit that change.
    SCRIPTS = 64 << 20, Bytes, Error("limit.scripts");
    /// Files of a unit that may be scripts, on one side.
    SCRIPT_FILES = 20_000, Count, Error("limit.scripts");
    /// Statements of a script; what comes after them is not understood.
    SCRIPT_STATEMENTS = 5_000, Count, LeftOut;
    /// Statements of all scripts of a unit; what comes after them is not understood.
    STATEMENTS = 20_000, Count, LeftOut;
    /// Words and signs of a statement, without names in quotes and literal values; a longer one is not understood.
    STATEMENT_WORDS = 10_000, Count, LeftOut;
    /// Brackets within each other in a statement; a deeper one is not understood.
    STATEMENT_DEPTH = 100, Count, LeftOut;
    /// Lists and dictionaries within each other in a `__manifest__.py`; a deeper one is not understood.
    MODULE_MANIFEST_DEPTH = 32, Count, LeftOut;
    /// A plan for the way back; one that is larger is none.
    PLAN = 1 << 20, Bytes, LeftOut;
    /// Plans that the commits of a range name; what comes after them is none.
    PLANS = 20, Count, LeftOut;
    /// What a tool says of its backups.
    EVIDENCE_INPUT = 16 << 20, Bytes, Error("limit.evidence-input");
    /// A name, a label or a version that a tool says of a backup.
    EVIDENCE_TEXT = 512, Bytes, Error("evidence.shape");
    /// Files of evidence.
    EVIDENCE_FILES = 10_000, Count, Error("limit.evidence-files");
    /// A file of evidence.
    EVIDENCE_FILE = 256 << 10, Bytes, Error("limit.evidence-file");
    /// All files of evidence.
    EVIDENCE_TOTAL = 256 << 20, Bytes, Error("limit.evidence-files");
    /// Scripts that one review or rehearsal is about.
    EVIDENCE_SCRIPTS = 500, Count, Error("evidence.contradiction");
    /// Objects that one incident is about.
    INCIDENT_OBJECTS = 100, Count, Error("evidence.contradiction");
    /// How long an incident lasts at most: three days.
    INCIDENT_TIME = 3 * 24 * 60 * 60, Seconds, Error("evidence.contradiction");
    /// Older statements of a backup that are kept to compare sizes with.
    EVIDENCE_HISTORY = 16, Count, LeftOut;

    /// A key file.
    KEY_FILE = 16 << 10, Bytes, Error("limit.key-file");
    /// A trust file.
    TRUST_FILE = 1 << 20, Bytes, Error("trust-root.invalid");
    /// Keys of a trust file.
    TRUSTED_KEYS = 64, Count, Error("trust-root.invalid");
    /// An envelope with its signatures, whether signed here or read.
    ENVELOPE = 4 << 20, Bytes, Error("limit.envelope");
    /// Signatures of an envelope.
    SIGNATURES = 16, Count, Error("refused.malformed");
    /// Findings that a verdict lists; all are counted.
    LISTED_FINDINGS = 1_000, Count, LeftOut;
    /// Classes of changes that a signed verdict lists for the calendar.
    LISTED_CLASSES = 1_000, Count, LeftOut;
    /// Files of a unit in a store.
    STORE_FILES = 10_000, Count, Error("limit.candidates");
    /// All bytes of a unit in a store.
    STORE_BYTES = 256 << 20, Bytes, Error("limit.store-bytes");
    /// Commits of a branch of verdicts.
    STORE_HISTORY = 100_000, Count, Error("limit.history");
    /// What `git` may take to answer for a branch of verdicts.
    REMOTE_ANSWER = 30, Seconds, Error("store.unreachable");
    /// What `git` may take to bring a branch of verdicts.
    REMOTE_TRANSFER = 300, Seconds, Error("store.unreachable");
    /// All that a registry may take to answer for a store.
    REGISTRY_TIME = 30, Seconds, Error("store.unreachable");
    /// All that a registry may take to be written.
    REGISTRY_WRITE = 300, Seconds, Error("store.unreachable");
    /// A manifest of a registry, or a page of a list.
    REGISTRY_MANIFEST = 4 << 20, Bytes, Error("limit.registry-answer");
    /// Pages of a list of a registry.
    REGISTRY_PAGES = 20, Count, Error("limit.candidates");
    /// What may hold verdicts beside one artifact of a registry.
    REGISTRY_CANDIDATES = 64, Count, Error("limit.candidates");
    /// Links between what runs and what is wanted.
    LINKS = 200, Count, Error("limit.links");
    /// Commits that wait to be promoted.
    PROMOTION = 1_000, Count, Error("limit.promotion");

    /// The file in which GitHub describes an event.
    EVENT = 8 << 20, Bytes, Error("ci.event");
    /// What the API server says of an Application.
    APPLICATION = 4 << 20, Bytes, Error("argo.status");
    /// All that an API server says of a cluster; a page counts as 64 KiB at least.
    CLUSTER = 64 << 20, Bytes, Error("cluster.large");
    /// Annotations of each level in GitHub.
    ANNOTATIONS = 9, Count, LeftOut;
    /// Results in SARIF.
    SARIF_RESULTS = 5_000, Count, LeftOut;
    /// A summary in GitHub.
    SUMMARY = 900 << 10, Bytes, LeftOut;
    /// A comment in GitHub.
    COMMENT = 60_000, Bytes, LeftOut;
}

impl Limit {
    /// The same as a number of 64 bits.
    #[must_use]
    pub const fn wide(self) -> u64 {
        self.most as u64
    }

    /// The same as a time.
    #[must_use]
    pub const fn time(self) -> Duration {
        Duration::from_secs(self.wide())
    }
}

/// The bound as people read it: `64 KiB`, `20,000`, `5 s`.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(usize, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
        let whole = |(size, _): &&(usize, &str)| self.most.is_multiple_of(*size);
        match (self.unit, UNITS.iter().find(whole)) {
            (Bytes, Some((size, name))) => write!(f, "{} {name}", self.most / size),
            (Bytes, None) => write!(f, "{} bytes", thousands(self.most)),
            (Count, _) => f.write_str(&thousands(self.most)),
            (Seconds, _) => write!(f, "{} s", self.most),
        }
    }
}

/// `20,000`.
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The table of all limits in Markdown.
#[must_use]
pub fn table() -> String {
    let mut table = "| what | at most | beyond it |\n|---|---|---|\n".to_owned();
    for limit in ALL {
        let what = limit.of.trim().trim_end_matches('.');
        let beyond = match limit.beyond {
            Error(code) => format!(
                "`error[{code}]`, exit {}",
                super::Exit::of_code(code).code()
            ),
            LeftOut => "the rest is left out, and said to be".to_owned(),
        };
        let _ = writeln!(table, "| {what} | {limit} | {beyond} |");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        let shown = [
            FILE,
            COMMENT,
            TREE_ENTRIES,
            POLICY_UNIT_TIME,
            GLOB_LENGTH,
            POLICY_MEMORY,
        ];
        let shown: Vec<String> = shown.iter().map(Limit::to_string).collect();
        let wanted = [
            "4 MiB",
            "60,000 bytes",
            "2,000,000",
            "5 s",
            "512 bytes",
            "1 GiB",
        ];
        assert_eq!(shown, wanted);
    }

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "`BLESS=1` rewrites what a test compares"
    )]
    fn the_security_page_shows_the_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/SECURITY.md");
        let page = std::fs::read_to_string(path).unwrap();
        let (before, rest) = page.split_once(BEGIN).unwrap();
        let (found, after) = rest.split_once(END).unwrap();
        let wanted = format!("\n{}", table());
        if std::env::var_os("BLESS").is_some() {
            let page = [before, BEGIN, &wanted, END, after].concat();
            std::fs::write(path, page).unwrap();
            return;
        }
        assert_eq!(
            found, wanted,
            "run the tests with BLESS=1 to write the table anew"
        );
    }

    const BEGIN: &str = "<!-- limits: written by a test -->";
    const END: &str = "<!-- end of limits -->";
}
