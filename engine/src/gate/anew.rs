//! What a baseline accepted anew of what lies below it: links and failed verdicts whose keys are gone.
//! Admits nothing: whoever asks whether a store is whole is told of them as such.

use std::collections::BTreeSet;

use super::Error;
use crate::attest::{self, TrustFile};
use crate::store::{Store, StoredFile};
use crate::verify::{Chain, Kind, Reason, RejectedFile};

/// What the newest baseline of a unit that stands accepted anew.
pub(super) struct AcceptedAnew {
    /// Its height; 0 where none stands.
    below: u64,
    /// The lowest link whose key is gone: what follows it may miss it.
    from: Option<u64>,
    /// Where files lie whose signature claims to be of a key that is known: they are damaged or forged.
    damaged: BTreeSet<String>,
}

impl AcceptedAnew {
    /// # Errors
    /// The store cannot be read.
    pub(super) fn of(chain: &Chain, store: &dyn Store, trust: &TrustFile) -> Result<Self, Error> {
        let mut standing = chain.standing().rev();
        let baseline = standing.find(|(link, stands)| *stands && link.verdict().baseline);
        let mut accepted = Self {
            below: baseline.map_or(0, |(link, _)| link.verdict().height),
            from: None,
            damaged: BTreeSet::new(),
        };
        if chain.rejected().is_empty() {
            return Ok(accepted);
        }
        let unit = chain.unit();
        let files = [
            store.older_links(unit)?,
            store.links(unit)?,
            store.reports(unit)?,
        ];
        let files = files.into_iter().flatten();
        let damaged = files.filter(|file| may_name_a_key(file, trust));
        accepted.damaged = damaged.map(|file| file.place).collect();
        let files = chain.rejected().iter();
        let gone = files.filter(|file| file.kind == Kind::Link && accepted.is_of_a_key(file));
        let heights = gone.filter_map(|file| file.height);
        accepted.from = heights.filter(|height| *height < accepted.below).min();
        Ok(accepted)
    }

    pub(super) fn holds(&self, file: &RejectedFile) -> bool {
        let is_below = file
            .claimed_height
            .is_some_and(|height| height < self.below);
        match file.kind {
            Kind::Link => {
                is_below
                    && file.height == file.claimed_height
                    && (self.is_of_a_key(file) || self.misses_one(file))
            }
            Kind::Report => is_below && self.is_of_a_key(file),
            Kind::Renewal | Kind::Withdrawal => false,
        }
    }

    /// Whether a link of a key that still signs does not count because one below it does not.
    fn misses_one(&self, file: &RejectedFile) -> bool {
        let reason = file.refusal.reason;
        matches!(reason, Reason::StoreGap | Reason::UnjudgedBase)
            && self.from.is_some_and(|from| file.height > Some(from))
    }

    /// Whether nothing but its key speaks against a file.
    fn is_of_a_key(&self, file: &RejectedFile) -> bool {
        let reason = file.refusal.reason;
        let of_a_known_key = matches!(
            reason,
            Reason::SignerNotTrustedFor
                | Reason::Threshold
                | Reason::KeyRevoked
                | Reason::KeyExpired
                | Reason::KeyNotYetValid
        );
        of_a_known_key || (reason == Reason::Signature && !self.damaged.contains(&file.place))
    }
}

fn may_name_a_key(file: &StoredFile, trust: &TrustFile) -> bool {
    let envelope = file.content.as_ref();
    envelope.map_or(true, |envelope| attest::may_name_a_key(envelope, trust))
}
