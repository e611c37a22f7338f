//! Reads attestations: where an image was built, what it holds, what a scan found.
//! Judges nothing; an attestation says what its signer says.

mod vex;

pub use vex::{Document, Image, Product, Statement};

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::model::Digest;

/// What an attestation says, as far as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Predicate {
    /// Where it was built.
    Provenance(Provenance),
    /// What it holds.
    Sbom(Sbom),
    /// What a scan found.
    Scan(Scan),
    /// Which vulnerabilities affect it.
    Vex(Document),
    /// Of a type that is not read.
    Other,
    /// Of a type that is read, with a content that is not that.
    Malformed,
}

/// SLSA provenance, v1 or v0.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// Who built it.
    pub builder_id: String,
    /// How.
    pub build_type: Option<String>,
    /// What the build was asked to build, and what it took for source: each as `https://host/path`, without ref.
    pub sources: Vec<String>,
    /// The branch or tag, wherever it says one.
    pub source_refs: Vec<String>,
    /// The commit.
    pub source_digest: Option<String>,
}

/// A bill of materials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sbom {
    /// Its format.
    pub format: &'static str,
    /// How many components it lists.
    pub components: usize,
    /// Which vulnerabilities affect it; `None` where that is not all read.
    pub statements: Option<Vec<Statement>>,
}

/// A vulnerability scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// What scanned, by its URI; nothing where that is not said.
    pub scanner: String,
    /// When it ended, as it says itself.
    pub finished: Option<Timestamp>,
    /// When its database was last updated, as it says itself.
    pub database: Option<Timestamp>,
    /// The images that its result names by digest.
    pub images: BTreeSet<Digest>,
    /// What it found.
    pub findings: Findings,
}

/// What a scan says that it found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Findings {
    /// In a form that is not read.
    Unread,
    /// It names nothing that it looked at.
    NothingLookedAt,
    /// This, in what it looked at.
    Found(Vec<Finding>),
}

/// One finding of a scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// By which it is known, such as `CVE-2026-1`.
    pub id: Option<String>,
    /// How bad it is.
    pub severity: Severity,
    /// Whether there may be a version without it: not where the scanner says that there is none.
    pub fixed: bool,
    /// Since when, as far as the scanner says; of one that does not, since when the vulnerability is known.
    pub fixed_since: Option<Timestamp>,
    /// The package that has it, by its URL.
    pub package: Option<String>,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The worst.
    Critical,
    /// Next to it.
    High,
    /// In between.
    Medium,
    /// Hardly bad.
    Low,
    /// Not bad.
    Negligible,
    /// The scanner does not know, or says a word that nobody knows.
    Unknown,
}

impl Severity {
    /// All of them, the worst first.
    pub const ALL: [Self; 6] = [
        Self::Critical,
        Self::High,
        Self::Medium,
        Self::Low,
        Self::Negligible,
        Self::Unknown,
    ];

    /// Its name in the configuration, and in scans in whatever case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Negligible => "negligible",
            Self::Unknown => "unknown",
        }
    }

    fn read(text: Option<&str>) -> Self {
        let named = |it: &Self| text.is_some_and(|text| text.eq_ignore_ascii_case(it.name()));
        let found = Self::ALL.into_iter().find(named);
        found.unwrap_or(Self::Unknown)
    }
}

impl Scan {
    /// How many findings of each severity there are.
    #[must_use]
    pub fn counts(&self) -> Option<BTreeMap<&'static str, u64>> {
        let Findings::Found(findings) = &self.findings else {
            return None;
        };
        let mut counts: BTreeMap<_, u64> = Severity::ALL.iter().map(|it| (it.name(), 0)).collect();
        for finding in findings {
            *counts.entry(finding.severity.name()).or_default() += 1;
        }
        Some(counts)
    }
}

/// Reads the predicate of a statement that was verified.
pub(super) fn read(predicate_type: &str, predicate: &Value) -> Predicate {
    let read = match Type::of(predicate_type) {
        Some(Type::Provenance1) => provenance_v1(predicate).map(Predicate::Provenance),
        Some(Type::Provenance02) => provenance_v02(predicate).map(Predicate::Provenance),
        Some(Type::Spdx) => sbom(predicate, "SPDX", "spdxVersion", "packages"),
        Some(Type::CycloneDx) => sbom(predicate, CYCLONE_DX, "bomFormat", "components"),
        Some(Type::Scan) => Some(Predicate::Scan(scan(predicate))),
        Some(Type::OtherScan) => Some(Predicate::Scan(Scan {
            findings: Findings::Unread,
            ..scan(predicate)
        })),
        Some(Type::OpenVex) => vex::openvex(predicate).map(Predicate::Vex),
        Some(Type::OtherVex) => None,
        None => return Predicate::Other,
    };
    read.unwrap_or(Predicate::Malformed)
}

/// Whether it is a type of scans that is known, and not read.
pub(super) fn is_other_scan(predicate_type: &str) -> bool {
    matches!(Type::of(predicate_type), Some(Type::OtherScan))
}

/// Whether it is a type of which the newest attestation decides.
pub(super) fn newest_decides(predicate_type: &str) -> bool {
    let kind = Type::of(predicate_type);
    is_vex(predicate_type) || matches!(kind, Some(Type::Scan | Type::OtherScan))
}

/// Whether it is a type that may hold statements about vulnerabilities.
pub(super) fn is_vex(predicate_type: &str) -> bool {
    let kind = Type::of(predicate_type);
    matches!(kind, Some(Type::OpenVex | Type::OtherVex | Type::CycloneDx))
}

enum Type {
    Provenance1,
    Provenance02,
    Spdx,
    CycloneDx,
    Scan,
    /// Of scans, in a form that is not read.
    OtherScan,
    OpenVex,
    /// Of what `OpenVEX` may come to be, and is not read.
    OtherVex,
}

impl Type {
    fn of(predicate_type: &str) -> Option<Self> {
        let is = |base: &str| {
            let rest = predicate_type.strip_prefix(base);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("/v"))
        };
        Some(match predicate_type {
            "https://slsa.dev/provenance/v1" => Self::Provenance1,
            "https://slsa.dev/provenance/v0.2" => Self::Provenance02,
            "https://cosign.sigstore.dev/attestation/vuln/v1" => Self::Scan,
            _ if is("https://in-toto.io/attestation/vulns") => Self::OtherScan,
            _ if is(OPENVEX) => Self::OpenVex,
            _ if predicate_type.starts_with(OPENVEX) => Self::OtherVex,
            _ if is("https://spdx.dev/Document") => Self::Spdx,
            _ if is("https://cyclonedx.org/bom") => Self::CycloneDx,
            _ => return None,
        })
    }
}

fn text(value: &Value, pointer: &str) -> Option<String> {
    let text = value.pointer(pointer)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

fn provenance_v1(predicate: &Value) -> Option<Provenance> {
    let asked = "/buildDefinition/externalParameters";
    let taken = "/buildDefinition/resolvedDependencies/0";
    let uris = [
        format!("{asked}/workflow/repository"),
        format!("{asked}/source/uri"),
        format!("{asked}/source"),
        format!("{taken}/uri"),
    ];
    let uris = said(predicate, &uris);
    let asked = text(predicate, &format!("{asked}/workflow/ref"));
    Some(Provenance {
        builder_id: text(predicate, "/runDetails/builder/id")?,
        build_type: text(predicate, "/buildDefinition/buildType"),
        sources: each_once(uris.iter().map(|uri| plain(uri))),
        source_refs: each_once(asked.into_iter().chain(references(&uris))),
        source_digest: commit(predicate, taken),
    })
}

fn provenance_v02(predicate: &Value) -> Option<Provenance> {
    let (asked, taken) = ("/invocation/configSource", "/materials/0");
    let uris = said(predicate, &[format!("{asked}/uri"), format!("{taken}/uri")]);
    Some(Provenance {
        builder_id: text(predicate, "/builder/id")?,
        build_type: text(predicate, "/buildType"),
        sources: each_once(uris.iter().map(|uri| plain(uri))),
        source_refs: each_once(references(&uris)),
        source_digest: commit(predicate, asked).or_else(|| commit(predicate, taken)),
    })
}

fn said(predicate: &Value, pointers: &[String]) -> Vec<String> {
    let said = pointers.iter();
    said.filter_map(|pointer| text(predicate, pointer))
        .collect()
}

/// All that is said, each once. Where two parts of a provenance say two things, both stand here.
fn each_once(said: impl Iterator<Item = String>) -> Vec<String> {
    let said: BTreeSet<String> = said.collect();
    said.into_iter().collect()
}

/// `git+https://host/path.git@refs/heads/main` is `https://host/path`.
pub(super) fn plain(uri: &str) -> String {
    let (uri, _) = split(uri);
    let uri = uri.strip_prefix("git+").unwrap_or(uri);
    uri.strip_suffix(".git").unwrap_or(uri).to_owned()
}

/// The source, and what follows the first `@` of its path: a path has none, and a branch or tag may have more. A `@`
/// before the path would be a user's name.
fn split(uri: &str) -> (&str, Option<&str>) {
    let host = uri.find("://").map_or(0, |at| at + 3);
    let path = uri.get(host..).and_then(|rest| rest.find('/'));
    let at = path.and_then(|path| {
        let from = host + path;
        uri.get(from..)?.find('@').map(|at| from + at)
    });
    match at.and_then(|at| uri.split_at_checked(at)) {
        Some((source, rest)) => (source, rest.get(1..)),
        None => (uri, None),
    }
}

/// The branches and tags that addresses name; a commit is none.
fn references(uris: &[String]) -> impl Iterator<Item = String> {
    let said = uris.iter().filter_map(|uri| split(uri).1);
    said.filter(|said| !is_commit(said)).map(str::to_owned)
}

fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn commit(predicate: &Value, of: &str) -> Option<String> {
    text(predicate, &format!("{of}/digest/gitCommit"))
        .or_else(|| text(predicate, &format!("{of}/digest/sha1")))
}

fn sbom(predicate: &Value, format: &'static str, mark: &str, list: &str) -> Option<Predicate> {
    predicate.get(mark)?.as_str()?;
    let components = match predicate.get(list) {
        None => 0,
        Some(list) => list.as_array()?.len(),
    };
    let statements = match format {
        CYCLONE_DX => vex::cyclonedx(predicate),
        _ => Some(Vec::new()),
    };
    Some(Predicate::Sbom(Sbom {
        format,
        components,
        statements,
    }))
}

fn scan(predicate: &Value) -> Scan {
    let instant = |pointer| text(predicate, pointer).and_then(|text| text.parse().ok());
    Scan {
        scanner: text(predicate, "/scanner/uri").unwrap_or_default(),
        finished: instant("/metadata/scanFinishedOn"),
        database: instant("/scanner/db/lastUpdate"),
        images: predicate
            .pointer("/scanner/result")
            .map(images)
            .unwrap_or_default(),
        findings: predicate
            .pointer("/scanner/result")
            .and_then(findings)
            .unwrap_or(Findings::Unread),
    }
}

/// The images that a result of Trivy or Grype names by digest.
fn images(result: &Value) -> BTreeSet<Digest> {
    let lists = ["/Metadata/RepoDigests", "/source/target/repoDigests"];
    let named = lists
        .into_iter()
        .filter_map(|at| result.pointer(at)?.as_array());
    let named = named.flatten().filter_map(Value::as_str);
    let named = named.filter_map(|name| Some(name.rsplit_once('@')?.1));
    let own = result.pointer("/source/target/manifestDigest");
    let digests = named.chain(own.and_then(Value::as_str));
    digests.filter_map(Digest::parse_oci).collect()
}

/// The findings in the results of Trivy (`Results`) and Grype (`matches`).
fn findings(result: &Value) -> Option<Findings> {
    if let Some(matches) = result.get("matches") {
        let matches = matches.as_array()?.iter();
        let found = matches.map(of_grype).collect::<Option<Vec<Finding>>>()?;
        let looked_at = result.pointer("/source/target");
        let looked_at = looked_at.is_some_and(|it| !it.is_null());
        return Some(match looked_at || !found.is_empty() {
            true => Findings::Found(found),
            false => Findings::NothingLookedAt,
        });
    }
    let targets = match result.get("Results") {
        Some(targets) => targets.as_array()?.as_slice(),
        // Trivy leaves the list out where it is empty.
        None if result.get("SchemaVersion").is_some_and(Value::is_u64) => &[],
        None => return None,
    };
    let mut found = Vec::new();
    let mut looked_at = false;
    for target in targets {
        let class = target.as_object()?.get("Class").and_then(Value::as_str);
        // The others are of secrets, licences and settings.
        looked_at |= class.is_none_or(|class| matches!(class, "os-pkgs" | "lang-pkgs"));
        match target.get("Vulnerabilities") {
            None | Some(Value::Null) => {}
            Some(all) => {
                let all = all.as_array()?.iter();
                found.extend(all.map(of_trivy).collect::<Option<Vec<_>>>()?);
            }
        }
    }
    Some(match looked_at || !found.is_empty() {
        true => Findings::Found(found),
        false => Findings::NothingLookedAt,
    })
}

fn of_trivy(found: &Value) -> Option<Finding> {
    let version = found.as_object()?.get("FixedVersion");
    let none = version.is_none_or(|it| it.is_null() || it.as_str() == Some(""));
    let fixed = !none || text(found, "/Status").as_deref() == Some("fixed");
    // It does not say since when there is a fix.
    let known = text(found, "/PublishedDate").and_then(|it| it.parse().ok());
    Some(Finding {
        id: text(found, "/VulnerabilityID"),
        severity: Severity::read(text(found, "/Severity").as_deref()),
        fixed,
        fixed_since: known.filter(|_| fixed),
        package: text(found, "/PkgIdentifier/PURL"),
    })
}

fn of_grype(found: &Value) -> Option<Finding> {
    let state = text(found.get("vulnerability")?, "/fix/state");
    let fixed = !matches!(state.as_deref(), Some("not-fixed" | "wont-fix"));
    let available = found.pointer("/vulnerability/fix/available");
    let available = available.and_then(Value::as_array).into_iter().flatten();
    let available = available.map(|it| day(it.get("date")?.as_str()?));
    let available: Option<Vec<Timestamp>> = available.collect();
    let first = available.and_then(|all| all.into_iter().min());
    Some(Finding {
        id: text(found, "/vulnerability/id"),
        severity: Severity::read(text(found, "/vulnerability/severity").as_deref()),
        fixed,
        fixed_since: first.filter(|_| fixed),
        package: text(found, "/artifact/purl"),
    })
}

/// The beginning of a day, or an instant.
fn day(text: &str) -> Option<Timestamp> {
    let instant = text.parse().ok();
    instant.or_else(|| {
        let day: Date = text.parse().ok()?;
        Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp())
    })
}

const OPENVEX: &str = "https://openvex.dev/ns";
const CYCLONE_DX: &str = "CycloneDX";
