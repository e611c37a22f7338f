//! A link by the digest of its payload, the beginning of one, or its envelope in a file.
//! Believes nothing: whose signature counts is asked afterwards.

use std::collections::BTreeSet;

use miette::Diagnostic;

use super::Error;
use crate::attest::{self, Rejection, UnitId, Verdict};
use crate::model::Digest;
use crate::store::{Store, StoredFile};

/// What names a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkName(Named);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Named {
    /// The first digits of the SHA-256 of its payload.
    Beginning(String),
    /// Its payload.
    Payload { digest: Digest, unit: UnitId },
}

impl LinkName {
    /// Takes 8 to 64 lower-case hexadecimal digits, alone or behind `sha256:`.
    #[must_use]
    pub fn of_digits(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("sha256:").unwrap_or(text);
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let fits = (FEWEST..=64).contains(&digits.len()) && digits.bytes().all(is_digit);
        fits.then(|| Self(Named::Beginning(digits.to_owned())))
    }

    /// Takes an envelope, bare or in a Sigstore bundle.
    ///
    /// # Errors
    /// It holds no verdict.
    pub fn of_envelope(bytes: &[u8]) -> Result<Self, Rejection> {
        let payload = attest::unverified_payload(&attest::unbundle(bytes)?)?;
        let unit = unit_of(&payload)?;
        let digest = Digest::of(&payload);
        Ok(Self(Named::Payload { digest, unit }))
    }

    fn names(&self, digest: Digest) -> bool {
        match &self.0 {
            Named::Beginning(digits) => digest.to_string().starts_with(digits),
            Named::Payload {
                digest: payload, ..
            } => *payload == digest,
        }
    }

    fn shown(&self) -> String {
        match &self.0 {
            Named::Beginning(digits) => digits.clone(),
            Named::Payload { digest, .. } => digest.to_string(),
        }
    }
}

/// What a name is the name of, for all that its files say.
pub(super) struct Claimed {
    pub(super) unit: UnitId,
    pub(super) digest: Digest,
    /// One of the files that hold it.
    pub(super) file: StoredFile,
}

/// The one link of that name among those of a store, at hand or not; failed verdicts too where `also`
/// says so.
pub(super) fn find(
    store: &dyn Store,
    name: &LinkName,
    asked: Asked<'_>,
    also: Also,
) -> Result<Claimed, Error> {
    let units = match &name.0 {
        Named::Payload { unit, .. } => vec![unit.clone()],
        Named::Beginning(_) => store.units()?,
    };
    let mut found: Vec<Claimed> = Vec::new();
    for id in units.iter().filter(|id| is_asked(id, asked)) {
        let mut files = store.older_links(id)?;
        files.extend(store.links(id)?);
        if also == Also::Reports {
            files.extend(store.reports(id)?);
        }
        for file in files {
            let Some(digest) = payload_digest(&file).filter(|digest| name.names(*digest)) else {
                continue;
            };
            if !found.iter().any(|known| known.digest == digest) {
                found.push(Claimed {
                    unit: id.clone(),
                    digest,
                    file,
                });
            }
        }
    }
    let names: BTreeSet<String> = found.iter().map(|it| it.digest.to_string()).collect();
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => Ok(one),
        (None, _) => Err(NameError::NoLink { name: name.shown() }.into()),
        (Some(_), false) => {
            let names: Vec<String> = names.into_iter().collect();
            Err(NameError::Ambiguous {
                name: name.shown(),
                names: names.join(", "),
            }
            .into())
        }
    }
}

/// An environment and a unit; `None` is any.
pub(super) type Asked<'a> = (Option<&'a str>, Option<&'a str>);

/// Whether a unit is one of those that are asked for.
pub(super) fn is_asked(id: &UnitId, (environment, unit): Asked<'_>) -> bool {
    environment.is_none_or(|name| name == id.environment())
        && unit.is_none_or(|name| name == id.unit())
}

/// What is looked at beside links.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Also {
    Nothing,
    Reports,
}

/// The digest of what a file holds; nothing where it holds no envelope.
pub(super) fn payload_digest(file: &StoredFile) -> Option<Digest> {
    let envelope = file.content.as_ref().ok()?;
    let payload = attest::unverified_payload(envelope).ok()?;
    Some(Digest::of(&payload))
}

fn unit_of(payload: &[u8]) -> Result<UnitId, Rejection> {
    let verdict = Verdict::parse_unverified(payload)?;
    UnitId::new(verdict.environment, verdict.unit).map_err(|error| Rejection::Inconsistent {
        what: error.to_string(),
    })
}

/// No link has that name, or several have.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum NameError {
    /// None.
    #[error("the store holds no link `{name}`")]
    #[diagnostic(
        code(store::no_link),
        help(
            "`tidegate verdict log` lists the links of a unit with their digests; a verdict that failed is a report and no link"
        )
    )]
    NoLink {
        /// What was asked for.
        name: String,
    },
    /// No such unit.
    #[error("the store holds nothing of `{name}`")]
    #[diagnostic(
        code(usage::unknown_name),
        help(
            "there are: {known}; the unit `gate` stands under its branch, `--env main --unit gate`"
        )
    )]
    NoUnit {
        /// What was asked for; `*` is any.
        name: String,
        /// What there is.
        known: String,
    },
    /// Several.
    #[error("`{name}` is the beginning of several digests: {names}")]
    #[diagnostic(code(usage::link), help("give more digits"))]
    Ambiguous {
        /// What was asked for.
        name: String,
        /// What there is.
        names: String,
    },
    /// It lies where links do, and counts for nothing.
    #[error("`{place}` is no link that counts: {why}")]
    #[diagnostic(
        code(store::no_link),
        help("it admits nothing as it is, and there is nothing to withdraw")
    )]
    NotCounted {
        /// The file.
        place: String,
        /// Why it does not count.
        why: String,
    },
    /// A withdrawal without a reason.
    #[error("a withdrawal needs a reason")]
    #[diagnostic(
        code(usage::reason),
        help("say it to whoever reads it in a year: `--reason \"wrong price list\"`")
    )]
    NoReason,
    /// What was published does not count.
    #[error("the withdrawal was published, and link {height} of `{unit}` stands nevertheless")]
    #[diagnostic(
        code(store::not_withdrawn),
        help("somebody else writes to the store: look at its `withdrawals/`, then try again")
    )]
    NotWithdrawn {
        /// The unit.
        unit: String,
        /// The height.
        height: u64,
    },
}

/// Fewer digits name nothing.
const FEWEST: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attest::sample;
    use crate::model::code_of;
    use crate::store::FolderStore;

    #[test]
    fn a_link_is_named_by_eight_digits_or_more() {
        let digest = Digest::of(b"x").to_string();
        for (text, is_name) in [
            (digest.as_str(), true),
            (&format!("sha256:{digest}"), true),
            (&digest[..8], true),
            (&digest[..7], false),
            ("", false),
            ("sha256:", false),
            (&format!("{digest}0"), false),
            (&digest.to_uppercase(), false),
            ("verdict.json", false),
        ] {
            assert_eq!(LinkName::of_digits(text).is_some(), is_name, "{text}");
        }
        assert!(
            LinkName::of_digits(&digest[..8])
                .unwrap()
                .names(Digest::of(b"x"))
        );
        assert!(
            !LinkName::of_digits(&digest[..8])
                .unwrap()
                .names(Digest::of(b"y"))
        );
    }

    #[test]
    fn a_beginning_of_two_names_neither() {
        let folder = tempfile::tempdir().unwrap();
        let store = FolderStore::new(folder.path());
        let (unit, first) = (sample::unit(), sample::baseline(sample::state(1)));
        let second = sample::link(&first, sample::state(2));
        for link in [&first, &second] {
            store
                .publish_link(&unit, link.height, &link.signed())
                .unwrap();
        }
        let named = |digits: &str| {
            let name = LinkName(Named::Beginning(digits.to_owned()));
            find(&store, &name, (None, None), Also::Nothing)
        };
        let both = named("").err().unwrap();
        assert_eq!(code_of(&both), "usage.link");
        let digest = Digest::of(&second.to_statement_bytes().unwrap());
        assert!(both.to_string().contains(&digest.to_string()), "{both}");
        assert_eq!(named(&digest.to_string()).unwrap().digest, digest);
        let elsewhere = find(
            &store,
            &LinkName::of_digits(&digest.to_string()).unwrap(),
            (Some("staging"), None),
            Also::Nothing,
        );
        assert_eq!(code_of(&elsewhere.err().unwrap()), "store.no-link");
    }

    #[test]
    fn an_envelope_names_what_it_holds_and_other_files_name_nothing() {
        let verdict = sample::baseline(sample::state(1));
        let name = LinkName::of_envelope(&verdict.signed()).unwrap();
        let digest = Digest::of(&verdict.to_statement_bytes().unwrap());
        assert!(name.names(digest) && !name.names(Digest::of(b"")));
        assert!(LinkName::of_envelope(b"{}").is_err());
    }
}
