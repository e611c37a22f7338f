//! The signatures of `testdata/images`, what is changed in them, and who is asked about them.
//! Knows no expected state.

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use serde_json::Value;

use crate::facts::images::proof::{
    Authority, Candidate, CertificateLog, Certificates, Claim, Flaw, Hash, Identity, Key, Log,
    NameKind, Padding, Pattern, Proof, Question, Quorum, Reference, Required, RevocationList, Root,
    Signer, State, Store, Subject, TrustRoot, prove,
};
use crate::model::Digest;

/// A question in the making.
pub(super) struct Given {
    pub(super) image: Digest,
    pub(super) candidates: Vec<Layer>,
    pub(super) authorities: Vec<Authority>,
    pub(super) quorums: Vec<Quorum>,
    pub(super) now: Timestamp,
}

#[derive(Clone)]
pub(super) struct Layer {
    pub(super) media_type: String,
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) bytes: Option<Vec<u8>>,
    pub(super) digest: Option<Digest>,
}

impl Default for Given {
    fn default() -> Self {
        Self {
            image: Digest::parse(FIXTURES["image"].as_str().unwrap()).unwrap(),
            candidates: Vec::new(),
            authorities: Vec::new(),
            quorums: Vec::new(),
            now: instant("2026-12-01T00:00:00Z"),
        }
    }
}

/// One candidate beside the image.
pub(super) fn given(name: &str) -> Given {
    Given::default().and(name)
}

impl Given {
    pub(super) fn and(mut self, name: &str) -> Self {
        let fixture = &FIXTURES["candidates"][name];
        let annotations = fixture["annotations"].as_object();
        let annotations = annotations.unwrap_or_else(|| panic!("no fixture `{name}`"));
        self.candidates.push(Layer {
            media_type: fixture["mediaType"].as_str().unwrap().to_owned(),
            annotations: annotations
                .iter()
                .map(|(key, value)| (key.clone(), value.as_str().unwrap().to_owned()))
                .collect(),
            bytes: Some(fixture["text"].as_str().unwrap().as_bytes().to_vec()),
            digest: None,
        });
        self
    }

    pub(super) fn asked(mut self, name: &str) -> Self {
        self.authorities.push(authority(name));
        self
    }

    /// So many of the named authorities.
    pub(super) fn quorum(mut self, count: usize, of: &[&str]) -> Self {
        self.quorums.push(Quorum {
            name: "both".to_owned(),
            count,
            of: of.iter().map(|name| (*name).to_owned()).collect(),
        });
        self
    }

    /// Of the last authority.
    pub(super) fn with(mut self, change: impl FnOnce(&mut Authority)) -> Self {
        change(self.authorities.last_mut().unwrap());
        self
    }

    pub(super) fn requires(self, required: Required) -> Self {
        self.with(|authority| authority.required.push(required))
    }

    pub(super) fn at(mut self, now: &str) -> Self {
        self.now = instant(now);
        self
    }

    /// Changes the JSON of the last candidate.
    pub(super) fn edited(mut self, change: impl FnOnce(&mut Value)) -> Self {
        let bytes = &mut self.candidates.last_mut().unwrap().bytes;
        let mut value = serde_json::from_slice(bytes.as_ref().unwrap()).unwrap();
        change(&mut value);
        *bytes = Some(value.to_string().into_bytes());
        self
    }

    pub(super) fn annotated(mut self, key: &str, value: &str) -> Self {
        let annotations = &mut self.candidates.last_mut().unwrap().annotations;
        annotations.insert(key.to_owned(), value.to_owned());
        self
    }

    /// The same candidates, about another image.
    pub(super) fn of_other_image(mut self) -> Self {
        self.image = Digest::parse(FIXTURES["other"].as_str().unwrap()).unwrap();
        self
    }

    pub(super) fn prove(&self) -> Proof {
        let candidates: Vec<Candidate<'_>> = self
            .candidates
            .iter()
            .map(|layer| Candidate {
                digest: layer
                    .digest
                    .unwrap_or_else(|| Digest::of(layer.bytes.as_deref().unwrap_or_default())),
                media_type: &layer.media_type,
                annotations: &layer.annotations,
                bytes: layer.bytes.as_deref(),
            })
            .collect();
        prove(&Question {
            image: self.image,
            repository: "registry.test/shop/odoo",
            candidates: &candidates,
            authorities: &self.authorities.iter().collect::<Vec<_>>(),
            quorums: &self.quorums.iter().collect::<Vec<_>>(),
            now: self.now,
        })
    }
}

/// The state in two words, of an attestation in three.
pub(super) fn state(proof: &Proof) -> String {
    match &proof.state {
        State::Verified | State::Unsigned => proof.state.name().to_owned(),
        State::Invalid(Flaw::Attestation { lack, .. }) => {
            format!("invalid attestation {lack:?}").to_lowercase()
        }
        State::Invalid(flaw) => format!("invalid {}", flaw.code()),
        State::Indeterminate(doubt) => format!("indeterminate {}", doubt.code()),
    }
}

pub(super) fn authority(name: &str) -> Authority {
    Authority {
        name: name.to_owned(),
        signer: signer(name),
        not_before: None,
        not_after: None,
        annotations: BTreeMap::new(),
        reference: Reference::Any,
        required: Vec::new(),
    }
}

fn signer(name: &str) -> Signer {
    let (key, hash, padding) = match name {
        "keyless" => return Signer::Keyless(Box::new(identity(root("private")))),
        "acme" => return notation("acme", "C=DE, O=acme"),
        "p256" => ("release", None, None),
        "p384-sha256" => ("p384", Some(Hash::Sha256), None),
        "p384-sha384" => ("p384", Some(Hash::Sha384), None),
        "ed25519ph" => ("ed25519", Some(Hash::Sha512), None),
        "rsa-pkcs1" => ("rsa", None, Some(Padding::Pkcs1)),
        "rsa-pss" => ("rsa", None, Some(Padding::Pss)),
        other => (other, None, None),
    };
    Signer::Key {
        key: Box::new(Key::parse(pem(key), hash, padding).unwrap()),
        log: Log::Ignored,
    }
}

/// Whoever has that name below the trust store of a company.
pub(super) fn notation(company: &str, identity: &str) -> Signer {
    Signer::Notation(store(company, identity))
}

/// The same, with time stamps that are believed.
pub(super) fn stamped(company: &str, identity: &str) -> Store {
    store(company, identity).stamped_by(certificates("time"))
}

pub(super) fn store(company: &str, identity: &str) -> Store {
    let identity = Subject::parse(identity).unwrap();
    Store::new(certificates(company), vec![identity])
}

fn certificates(name: &str) -> Certificates {
    Certificates::parse(FIXTURES["certificates"][name].as_str().unwrap()).unwrap()
}

pub(super) fn list(name: &str) -> &'static str {
    FIXTURES["lists"][name].as_str().unwrap()
}

pub(super) fn lists(names: &[&str]) -> Vec<RevocationList> {
    let names = names.iter();
    names
        .map(|name| RevocationList::parse(list(name).as_bytes()).unwrap())
        .collect()
}

pub(super) fn identity(root: Root) -> Identity {
    Identity {
        root,
        certificate_log: CertificateLog::Required,
        issuer: Pattern::exact("https://issuer.test").unwrap(),
        kind: NameKind::Uri,
        subject: Pattern::regex(
            "https://git.test/acme/odoo/.github/workflows/release.yml@refs/tags/v.+",
        )
        .unwrap(),
        claims: BTreeMap::from([(
            Claim::SourceRepositoryUri,
            Pattern::exact("https://git.test/acme/odoo").unwrap(),
        )]),
    }
}

/// Changes whom a keyless authority takes for a signer.
pub(super) fn whom(change: impl FnOnce(&mut Identity)) -> impl FnOnce(&mut Authority) {
    |authority| match &mut authority.signer {
        Signer::Keyless(identity) => change(identity),
        Signer::Key { .. } | Signer::Notation(_) => panic!("it has no identity of Sigstore"),
    }
}

pub(super) fn pem(key: &str) -> &'static str {
    FIXTURES["keys"][key].as_str().unwrap()
}

pub(super) fn root(name: &str) -> Root {
    TrustRoot::parse(root_text(name).as_bytes(), None).map(Arc::new)
}

pub(super) fn root_text(name: &str) -> String {
    FIXTURES["roots"][name].to_string()
}

pub(super) fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

static FIXTURES: LazyLock<Value> = LazyLock::new(|| {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/images/fixtures.json");
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
});
