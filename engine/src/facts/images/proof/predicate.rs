//! Reads attestations: where an image was built, what it holds, what a scan found.
//! Judges nothing; an attestation says what its signer says.

use std::collections::BTreeMap;

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
    /// The branch or tag.
    pub source_ref: Option<String>,
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
    let asked = [
        format!("{asked}/workflow/repository"),
        format!("{asked}/source/uri"),
        format!("{asked}/source"),
    ];
    let taken = "/buildDefinition/resolvedDependencies/0".to_owned();
    Some(Provenance {
        builder_id: text(predicate, "/runDetails/builder/id")?,
        build_type: text(predicate, "/buildDefinition/buildType"),
        sources: sources(predicate, asked.into_iter().chain([format!("{taken}/uri")])),
        source_ref: text(
            predicate,
            "/buildDefinition/externalParameters/workflow/ref",
        )
        .or_else(|| reference(&text(predicate, &format!("{taken}/uri"))?)),
        source_digest: commit(predicate, &taken),
    })
}

fn provenance_v02(predicate: &Value) -> Option<Provenance> {
    let asked = "/invocation/configSource".to_owned();
    let taken = "/materials/0".to_owned();
    let pointers = [format!("{asked}/uri"), format!("{taken}/uri")];
    Some(Provenance {
        builder_id: text(predicate, "/builder/id")?,
        build_type: text(predicate, "/buildType"),
        sources: sources(predicate, pointers.into_iter()),
        source_ref: reference(&text(predicate, &format!("{asked}/uri")).unwrap_or_default()),
        source_digest: commit(predicate, &asked).or_else(|| commit(predicate, &taken)),
    })
}

/// All that is said of the source, each once. Where two parts of a provenance name two, both stand here.
fn sources(predicate: &Value, pointers: impl Iterator<Item = String>) -> Vec<String> {
    let said = pointers.filter_map(|pointer| text(predicate, &pointer));
    let mut sources: Vec<String> = said.map(|uri| plain(&uri)).collect();
    sources.sort();
    sources.dedup();
    sources
}

/// `git+https://host/path.git@refs/heads/main` is `https://host/path`.
pub(super) fn plain(uri: &str) -> String {
    let uri = uri.strip_prefix("git+").unwrap_or(uri);
    let path = uri.find("://").map_or(0, |at| at + 3);
    // A `@` before the first slash of the path would be a user's name.
    let slash = uri.get(path..).and_then(|rest| rest.find('/'));
    let reference = slash.and_then(|slash| {
        let from = path + slash;
        uri.get(from..)?.find('@').map(|at| from + at)
    });
    let uri = reference.and_then(|at| uri.get(..at)).unwrap_or(uri);
    uri.strip_suffix(".git").unwrap_or(uri).to_owned()
}

fn reference(uri: &str) -> Option<String> {
    let (_, reference) = uri.rsplit_once("@refs/")?;
    Some(format!("refs/{reference}"))
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
