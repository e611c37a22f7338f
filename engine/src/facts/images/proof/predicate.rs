//! Reads attestations: where an image was built, what it holds, what a scan found.
//! Judges nothing; an attestation says what its signer says.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

/// What an attestation says, as far as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Predicate {
    /// Where it was built.
    Provenance(Provenance),
    /// What it holds.
    Sbom(Sbom),
    /// What a scan found.
    Scan(Scan),
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
}

/// A vulnerability scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// What scanned, by its URI.
    pub scanner: String,
    /// When it ended, as it says itself.
    pub finished: Option<Timestamp>,
    /// When its database was last updated, as it says itself.
    pub database: Option<Timestamp>,
    /// What it found. `None` where the result is in a form that is not read.
    pub findings: Option<Vec<Finding>>,
}

/// One finding of a scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// By which it is known, such as `CVE-2026-1`.
    pub id: Option<String>,
    /// How bad it is.
    pub severity: Severity,
    /// Whether there is a version without it.
    pub fixed: bool,
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
        let mut counts: BTreeMap<_, u64> = Severity::ALL.iter().map(|it| (it.name(), 0)).collect();
        for finding in self.findings.as_ref()? {
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
        Some(Type::CycloneDx) => sbom(predicate, "CycloneDX", "bomFormat", "components"),
        Some(Type::Scan) => scan(predicate).map(Predicate::Scan),
        None => return Predicate::Other,
    };
    read.unwrap_or(Predicate::Malformed)
}

enum Type {
    Provenance1,
    Provenance02,
    Spdx,
    CycloneDx,
    Scan,
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
    Some(Predicate::Sbom(Sbom { format, components }))
}

fn scan(predicate: &Value) -> Option<Scan> {
    let instant = |pointer| text(predicate, pointer).and_then(|text| text.parse().ok());
    Some(Scan {
        scanner: text(predicate, "/scanner/uri")?,
        finished: instant("/metadata/scanFinishedOn"),
        database: instant("/scanner/db/lastUpdate"),
        findings: predicate.pointer("/scanner/result").and_then(findings),
    })
}

/// The findings in the results of Trivy (`Results`) and Grype (`matches`).
fn findings(result: &Value) -> Option<Vec<Finding>> {
    let list = |value: &Value, key| value.get(key).and_then(Value::as_array).cloned();
    if let Some(targets) = list(result, "Results") {
        let found = targets.iter();
        let found = found.filter_map(|one| list(one, "Vulnerabilities"));
        return Some(found.flatten().map(|one| of_trivy(&one)).collect());
    }
    let matches = list(result, "matches")?;
    Some(matches.iter().map(of_grype).collect())
}

fn of_trivy(found: &Value) -> Finding {
    Finding {
        id: text(found, "/VulnerabilityID"),
        severity: Severity::read(text(found, "/Severity").as_deref()),
        fixed: text(found, "/FixedVersion").is_some(),
    }
}

fn of_grype(found: &Value) -> Finding {
    Finding {
        id: text(found, "/vulnerability/id"),
        severity: Severity::read(text(found, "/vulnerability/severity").as_deref()),
        fixed: text(found, "/vulnerability/fix/state").as_deref() == Some("fixed"),
    }
}
