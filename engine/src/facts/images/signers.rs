//! Those who may sign images, as `images.authorities` names them. The schema of the section has checked its shape.
//! Opens no file: keys and trust roots are given. Knows no signature.

mod quorums;
mod raw;
mod required;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use self::quorums::Counted;
use self::raw::{
    RawAuthority, RawIdentity, RawKey, RawKind, RawLog, RawReference, RawStore, RawText,
};
use super::glob::Glob;
use super::proof::{
    Authority, CertificateLog, Certificates, Claim, Identity, Key, KeyError, Log, NameKind,
    Pattern, PatternError, Quorum, Reference, Required, RevocationList, Root, Signer, Store,
    Subject, TrustRoot,
};
use crate::model::{RepoPath, limits};

/// Those who may sign images, each with the images that it may sign.
#[derive(Debug, Default)]
pub struct Signers {
    entries: Vec<Entry>,
    counted: Vec<Counted>,
}

#[derive(Debug)]
struct Entry {
    images: Repositories,
    /// `None` where its files are not read: then nothing is proven.
    authority: Option<Authority>,
}

/// Repositories by globs, without those that others take out.
#[derive(Debug)]
struct Repositories {
    fit: Vec<Glob>,
    except: Vec<Glob>,
}

/// Files by path; `None` where nobody has read them.
pub type Files<'a> = Option<&'a BTreeMap<RepoPath, Vec<u8>>>;

/// What is wrong with an authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignerProblem {
    /// RFC 6901 pointer into the section `images`.
    pub pointer: String,
    /// What is wrong there.
    pub message: String,
}

impl Signers {
    /// Reads them from the settings of `image-signatures`.
    ///
    /// # Errors
    /// Every key, pattern and instant that is none, and every file that is not there.
    pub fn of_settings(settings: &Value, files: Files<'_>) -> Result<Self, Vec<SignerProblem>> {
        let all = settings.get("authorities").and_then(Value::as_array);
        let mut entries = Vec::new();
        let mut reader = Reader {
            files,
            pointer: String::new(),
            names: BTreeSet::new(),
            problems: Vec::new(),
        };
        for (at, value) in all.into_iter().flatten().enumerate() {
            reader.pointer = format!("/authorities/{at}");
            match RawAuthority::deserialize(value) {
                Ok(raw) => entries.push(Entry {
                    images: Repositories::new(&raw.images, &raw.except),
                    authority: reader.authority(raw),
                }),
                Err(message) => reader.problem("", message),
            }
        }
        let counted = quorums::read(settings, &mut reader.problems);
        match reader.problems {
            none if none.is_empty() => Ok(Self { entries, counted }),
            problems => Err(problems),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.counted.is_empty()
    }

    /// Whether anybody is named who signs images of this repository.
    pub(super) fn cover(&self, repository: &str) -> bool {
        self.entries(repository).next().is_some() || !self.quorums(repository).is_empty()
    }

    /// How many must have signed images of this repository.
    pub(super) fn quorums(&self, repository: &str) -> Vec<&Quorum> {
        let own = self.counted.iter().filter(|it| it.images.fit(repository));
        own.map(|it| &it.quorum).collect()
    }

    /// Those who may sign images of this repository.
    pub(super) fn of(&self, repository: &str) -> Vec<&Authority> {
        let entries = self.entries(repository);
        entries
            .filter_map(|entry| entry.authority.as_ref())
            .collect()
    }

    fn entries(&self, repository: &str) -> impl Iterator<Item = &Entry> {
        let entries = self.entries.iter();
        entries.filter(|entry| entry.images.fit(repository))
    }
}

impl Repositories {
    fn new(images: &[String], except: &[String]) -> Self {
        let globs = |texts: &[String]| {
            texts
                .iter()
                .map(|glob| Glob::of_repositories(glob))
                .collect()
        };
        Self {
            fit: globs(images),
            except: globs(except),
        }
    }

    fn fit(&self, repository: &str) -> bool {
        let any = |globs: &[Glob]| globs.iter().any(|glob| glob.fits(repository));
        any(&self.fit) && !any(&self.except)
    }
}

/// The next instant at which an authority begins or ends to count.
pub(super) fn turns_after(authority: &Authority, now: Timestamp) -> Option<Timestamp> {
    let root = match &authority.signer {
        Signer::Key { log, .. } => match log {
            Log::Ignored => None,
            Log::Required(root) => Some(root),
        },
        Signer::Keyless(identity) => Some(&identity.root),
        Signer::Notation(_) => None,
    };
    let root = root.and_then(|root| root.as_ref().ok()?.turns_after(now));
    let own = [authority.not_before, authority.not_after, root];
    own.into_iter()
        .flatten()
        .filter(|instant| *instant > now)
        .min()
}

struct Reader<'a> {
    files: Files<'a>,
    /// Of the authority.
    pointer: String,
    /// Of the authorities before it.
    names: BTreeSet<String>,
    problems: Vec<SignerProblem>,
}

impl Reader<'_> {
    fn authority(&mut self, raw: RawAuthority) -> Option<Authority> {
        // A name is all by which findings, quorums and attestations tell authorities apart.
        if !self.names.insert(raw.name.clone()) {
            self.problem("/name", format!("`{}` is the name of two", raw.name));
        }
        let ends = [
            self.instant("/not-after", raw.not_after.as_deref()),
            self.instant("/revoked", raw.revoked.as_deref()),
        ];
        let required = raw.require.into_iter().enumerate();
        let required = required.filter_map(|(at, one)| {
            let within = format!("/require/{at}");
            let read = required::read(one);
            read.map_err(|error| self.problem(&within, error.to_string()))
                .ok()
        });
        let required: Vec<Required> = required.collect();
        let not_before = self.instant("/not-before", raw.not_before.as_deref());
        let signer = match (raw.key, raw.keyless, raw.notation) {
            (Some(key), None, None) => self.key(key),
            (None, Some(identity), None) => self.identity(identity),
            (None, None, Some(store)) => self.store(&store),
            _ => {
                let message = "name either a `key`, a `keyless` identity or a `notation` store";
                self.problem("", message);
                None
            }
        };
        Some(Authority {
            name: raw.name,
            signer: signer?,
            not_before,
            not_after: ends.into_iter().flatten().min(),
            annotations: raw.annotations,
            reference: match raw.docker_reference {
                RawReference::Any => Reference::Any,
                RawReference::Required => Reference::Required,
            },
            required,
        })
    }

    fn key(&mut self, raw: RawKey) -> Option<Signer> {
        let pem = match (raw.pem, raw.file) {
            (Some(pem), None) => Some(pem),
            (None, Some(file)) => {
                let bytes = self.file("/key/file", &file)?;
                if bytes.len() > limits::KEY_FILE.most {
                    let most = limits::KEY_FILE;
                    self.problem("/key/file", format!("`{file}` has more than {most}"));
                    return None;
                }
                // What is no text is no PEM either.
                Some(String::from_utf8(bytes).unwrap_or_default())
            }
            _ => {
                self.problem("/key", "give the key either as `pem` or as `file`");
                None
            }
        };
        let key = Key::parse(
            &pem?,
            raw.hash_algorithm.map(Into::into),
            raw.padding.map(Into::into),
        );
        let key = key.map_err(|error: KeyError| self.problem("/key", error.to_string()));
        let log = match raw.log {
            Some(file) => Log::Required(self.root("/key/log", &file)?),
            None => Log::Ignored,
        };
        Some(Signer::Key {
            key: Box::new(key.ok()?),
            log,
        })
    }

    fn identity(&mut self, raw: RawIdentity) -> Option<Signer> {
        let root = self.root("/keyless/root", &raw.root);
        let issuer = self.somebody("/keyless/issuer", raw.issuer);
        let subject = self.somebody("/keyless/subject", raw.subject);
        let mut claims = BTreeMap::new();
        for (claim, text) in raw.claims {
            let within = format!("/keyless/claims/{claim}");
            match CLAIMS.iter().find(|known| known.name() == claim) {
                Some(known) => {
                    claims.extend(self.pattern(&within, text).map(|text| (*known, text)));
                }
                None => self.problem(&within, "no certificate has such a claim"),
            }
        }
        Some(Signer::Keyless(Box::new(Identity {
            root: root?,
            certificate_log: match raw.certificate_log {
                RawLog::Required => CertificateLog::Required,
                RawLog::Ignored => CertificateLog::Ignored,
            },
            issuer: issuer?,
            kind: match raw.kind {
                RawKind::Uri => NameKind::Uri,
                RawKind::Email => NameKind::Email,
            },
            subject: subject?,
            claims,
        })))
    }

    /// A trust store of Notation.
    fn store(&mut self, raw: &RawStore) -> Option<Signer> {
        let mut identities = Vec::new();
        for (at, text) in raw.identities.iter().enumerate() {
            match Subject::parse(text) {
                Ok(subject) => identities.push(subject),
                Err(error) => {
                    let within = format!("/notation/identities/{at}");
                    self.problem(&within, error.to_string());
                }
            }
        }
        if identities.is_empty() {
            self.problem("/notation/identities", "name who may sign");
        }
        let certificates = self.certificates("/notation/certificates", &raw.certificates);
        let stamps = raw.timestamp_certificates.as_deref();
        let stamps = stamps.map(|path| self.certificates("/notation/timestamp-certificates", path));
        let lists = raw.revocation_lists.as_ref();
        let lists = lists.map(|paths| self.revocation_lists(paths));
        let mut store = Store::new(certificates?, identities);
        if let Some(stamps) = stamps {
            store = store.stamped_by(stamps?);
        }
        if let Some(lists) = lists {
            store = store.without(lists?);
        }
        Some(Signer::Notation(store))
    }

    fn certificates(&mut self, within: &str, path: &str) -> Option<Certificates> {
        // What is no text is no PEM either.
        let pem = String::from_utf8(self.file(within, path)?).unwrap_or_default();
        let read = Certificates::parse(&pem);
        read.map_err(|error| self.problem(within, error.to_string()))
            .ok()
    }

    fn revocation_lists(&mut self, paths: &[String]) -> Option<Vec<RevocationList>> {
        let read = paths.iter().enumerate().map(|(at, path)| {
            let within = format!("/notation/revocation-lists/{at}");
            let read = RevocationList::parse(&self.file(&within, path)?);
            read.map_err(|error| self.problem(&within, error.to_string()))
                .ok()
        });
        read.collect::<Vec<_>>().into_iter().collect()
    }

    /// A pattern that leaves somebody out.
    fn somebody(&mut self, within: &str, text: RawText) -> Option<Pattern> {
        let pattern = self.pattern(within, text)?;
        if ANYBODY.iter().all(|anybody| pattern.matches(anybody)) {
            let message = "it is anybody whom the certificate authority knows; name who may sign";
            self.problem(within, message);
        }
        Some(pattern)
    }

    fn pattern(&mut self, within: &str, text: RawText) -> Option<Pattern> {
        let read = pattern(text);
        read.map_err(|error| self.problem(within, error.to_string()))
            .ok()
    }

    /// A trust root. One that cannot be used is no mistake of the configuration: with time it expires.
    fn root(&mut self, within: &str, path: &str) -> Option<Root> {
        let bytes = self.file(within, path)?;
        Some(TrustRoot::parse(&bytes, None).map(Arc::new))
    }

    fn file(&mut self, within: &str, path: &str) -> Option<Vec<u8>> {
        let found = self.files?.get(&RepoPath::from(path)).cloned();
        if found.is_none() {
            let message =
                format!("there is no file `{path}`; add it, it is a file of the unit `gate`");
            self.problem(within, message);
        }
        found
    }

    fn instant(&mut self, within: &str, text: Option<&str>) -> Option<Timestamp> {
        let instant = text?.parse();
        let bad = |_| self.problem(within, "it is no instant such as `2026-11-27T13:05:00Z`");
        instant.map_err(bad).ok()
    }

    fn problem(&mut self, within: &str, message: impl Into<String>) {
        self.problems.push(SignerProblem {
            pointer: format!("{}{within}", self.pointer),
            message: message.into(),
        });
    }
}

fn pattern(text: RawText) -> Result<Pattern, PatternError> {
    match text {
        RawText::Exact(text) => Pattern::exact(&text),
        RawText::Regex { regex } => Pattern::regex(&regex),
    }
}

/// Names that have nothing in common; whoever takes all of them takes any.
const ANYBODY: [&str; 4] = [
    "https://nobody.invalid/a/b",
    "somebody@nobody.invalid",
    "urn:x:0",
    "Zz",
];

const CLAIMS: [Claim; 6] = [
    Claim::SourceRepositoryUri,
    Claim::SourceRepositoryDigest,
    Claim::SourceRepositoryRef,
    Claim::BuildSignerUri,
    Claim::RunnerEnvironment,
    Claim::BuildTrigger,
];

#[cfg(test)]
mod tests;
