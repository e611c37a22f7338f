//! Keys that stand in for those that the exercise does not have: made for it, and forgotten with it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::attest::{
    Error, Right, Role, Signatory, SigningKey, Together, TrustFile, TrustedKey, Validity,
};
use crate::cli::common::Failure;

/// The keys of a trust file, each with another one in its place.
pub(super) struct Standing {
    keys: Vec<StandIn>,
    thresholds: BTreeMap<Role, usize>,
}

/// A key that stands in for another.
#[derive(Clone)]
struct StandIn {
    seed: [u8; 32],
    trusted: TrustedKey,
}

impl Standing {
    /// For each key that signs links now, one of the same principal and for the same environments.
    pub(super) fn of(trust: &TrustFile, now: Timestamp) -> Result<Self, Failure> {
        let signs = |key: &&TrustedKey| {
            let named = key.environments.iter().flatten().map(String::as_str);
            key.role == Role::MergeSigner
                && named.chain(["*"]).any(|environment| {
                    let right = Right {
                        role: Role::MergeSigner,
                        environment,
                    };
                    trust.signing(right, now).contains(key)
                })
        };
        let keys = trust.keys().iter().filter(signs);
        let keys = keys.map(|key| stand_in(key, Validity::default()));
        Ok(Self {
            keys: keys.collect::<Result<_, _>>()?,
            // Of the others nobody is here.
            thresholds: [(Role::MergeSigner, trust.threshold(Role::MergeSigner))].into(),
        })
    }

    /// The trust file that lists them.
    pub(super) fn trust(&self) -> Result<TrustFile, Error> {
        let keys = self.keys.iter().map(|key| key.trusted.clone());
        TrustFile::new(keys.collect())?.with_thresholds(self.thresholds.clone())
    }

    /// The trust file that lists them and the keys of a root, unsigned.
    pub(super) fn trust_under(&self, root: &Root) -> Result<TrustFile, Error> {
        let keys = self.keys.iter().chain(&root.keys);
        let mut thresholds = self.thresholds.clone();
        thresholds.insert(Role::Root, root.threshold);
        TrustFile::new(keys.map(|key| key.trusted.clone()).collect())?.with_thresholds(thresholds)
    }

    /// Everybody signs, but for the key of that number.
    pub(super) fn without(&self, at: Option<usize>) -> Result<Together, Failure> {
        let others = self.keys.iter().enumerate();
        let others = others.filter(|(own, _)| Some(*own) != at);
        together(others.map(|(_, key)| key))
    }

    /// The key of that number signs alone.
    pub(super) fn only(&self, at: usize) -> Result<Together, Failure> {
        together(self.keys.get(at))
    }

    /// The first key that signs for an environment.
    pub(super) fn signer(&self, environment: &str) -> Option<usize> {
        let signs = |key: &StandIn| {
            let places = key.trusted.environments.as_ref();
            places.is_none_or(|all| all.iter().any(|one| one == "*" || one == environment))
        };
        self.keys.iter().position(signs)
    }

    /// Adds one that follows the key of that number, from an instant on.
    pub(super) fn follow(&mut self, at: usize, from: Timestamp) -> Result<(), Failure> {
        if let Some(old) = self.keys.get(at) {
            let validity = Validity {
                not_before: Some(from),
                not_after: None,
            };
            self.keys.push(stand_in(&old.trusted, validity)?);
        }
        Ok(())
    }

    /// Lets the key of that number end.
    pub(super) fn end(&mut self, at: usize, until: Timestamp) {
        if let Some(old) = self.keys.get_mut(at) {
            old.trusted.validity.not_after = Some(until);
        }
    }

    /// The same without the key of that number.
    pub(super) fn removed(&self, at: usize) -> Self {
        let mut keys = self.keys.clone();
        if at < keys.len() {
            keys.remove(at);
        }
        Self {
            keys,
            thresholds: self.thresholds.clone(),
        }
    }

    /// Whose the key of that number is.
    pub(super) fn principal(&self, at: usize) -> &str {
        let key = self.keys.get(at);
        key.map_or("", |key| &key.trusted.principal)
    }
}

/// The keys of a root that stand in, and how many of them must sign.
pub(super) struct Root {
    keys: Vec<StandIn>,
    threshold: usize,
}

impl Root {
    /// For each key of the root of a trust file, one of the same principal; `None` where there is no root.
    pub(super) fn of(trust: &TrustFile) -> Result<Option<Self>, Failure> {
        let keys = trust
            .root_keys()
            .map(|key| stand_in(key, Validity::default()));
        let keys: Vec<StandIn> = keys.collect::<Result<_, _>>()?;
        Ok((!keys.is_empty()).then(|| Self {
            keys,
            threshold: trust.threshold(Role::Root),
        }))
    }

    /// Other keys of the same principals.
    pub(super) fn another(&self) -> Result<Self, Failure> {
        let keys = self.keys.iter();
        let keys = keys.map(|key| stand_in(&key.trusted, Validity::default()));
        Ok(Self {
            keys: keys.collect::<Result<_, _>>()?,
            threshold: self.threshold,
        })
    }

    /// All of them sign a file that follows none.
    pub(super) fn begins(
        &self,
        file: TrustFile,
        end: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<TrustFile, Failure> {
        Ok(file.endorse(&together(&self.keys)?, None, end, now)?)
    }

    /// All of them sign a file that follows `before`.
    pub(super) fn signs(
        &self,
        file: TrustFile,
        before: &TrustFile,
        end: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<TrustFile, Failure> {
        Ok(file.endorse(&together(&self.keys)?, Some(before), end, now)?)
    }
}

fn stand_in(of: &TrustedKey, validity: Validity) -> Result<StandIn, Failure> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|_| Error::Randomness)?;
    Ok(StandIn {
        seed,
        trusted: TrustedKey {
            public: key(&seed)?.public(),
            validity,
            ..of.clone()
        },
    })
}

fn key(seed: &[u8; 32]) -> Result<SigningKey, Error> {
    SigningKey::generate(|bytes| {
        bytes.copy_from_slice(seed);
        Ok::<_, ()>(())
    })
}

fn together<'s>(keys: impl IntoIterator<Item = &'s StandIn>) -> Result<Together, Failure> {
    let keys = keys.into_iter().map(|stand_in| {
        let key: Box<dyn Signatory> = Box::new(key(&stand_in.seed)?);
        Ok(key)
    });
    Ok(Together::new(keys.collect::<Result<_, Error>>()?))
}
