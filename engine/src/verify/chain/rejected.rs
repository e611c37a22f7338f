//! Files of a store that do not count, and how they are told.
//! Knows nothing of why one counts.

use super::Chain;
use crate::{
    attest::{self, Verdict},
    model::{Digest, GitId},
    store::StoredFile,
    verify::{Reason, Refusal},
};

/// A file of the store that does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedFile {
    /// What it would be.
    pub kind: Kind,
    /// Where it lies.
    pub place: String,
    /// The height that its name takes; a link's only.
    pub height: Option<u64>,
    /// Height and digest of a link that a trusted key signed for this unit: what it follows is missing,
    /// or it lies where it does not belong.
    pub signed: Option<(u64, Digest)>,
    /// The height that a link or a failed verdict claims, signed or not: for messages only.
    pub claimed_height: Option<u64>,
    /// The gated tree that a link claims to admit, signed or not: for messages only.
    pub claimed_tree: Option<GitId>,
    /// Why it does not count.
    pub refusal: Refusal,
}

/// What a file of a store would be, by where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A link.
    Link,
    /// A signed failure.
    Report,
    /// Says how long a link may still begin its way.
    Renewal,
    /// Takes a link back.
    Withdrawal,
}

impl RejectedFile {
    /// Which file does not count, why, and what to do about it.
    fn line(&self) -> String {
        let Refusal {
            reason,
            found: what,
            ..
        } = &self.refusal;
        let remedy = match reason {
            Reason::Malformed => "find out who put it there, then remove it",
            reason => reason.help(),
        };
        let place = &self.place;
        format!("`{place}` does not count ({reason}: {what}): {remedy}")
    }

    /// Why it does not admit what it claims to, with its place.
    #[must_use]
    pub fn told(&self) -> Refusal {
        let found = format!("{} in `{}`", self.refusal.found, self.place);
        Refusal {
            found,
            ..self.refusal.clone()
        }
    }
}

impl Chain {
    /// What is found where a link is missing: nothing, or files that do not count, and what to do about
    /// them.
    #[must_use]
    pub fn nothing_but_rejected(&self) -> String {
        with_rejected("none", self.rejected.iter())
    }

    /// Why nothing is there to go by, where files are and only their keys speak against them.
    #[must_use]
    pub fn refused_for_its_key(&self) -> Option<Reason> {
        let mut reasons = self.rejected.iter().map(|file| file.refusal.reason);
        reasons.rfind(|reason| {
            matches!(
                reason,
                Reason::KeyRevoked
                    | Reason::KeyExpired
                    | Reason::KeyNotYetValid
                    | Reason::Threshold
            )
        })
    }

    /// The highest link above the newest that a trusted key signed and that does not count, by height and
    /// digest.
    #[must_use]
    pub fn stray_above(&self) -> Option<(&RejectedFile, u64, Digest)> {
        let newest = self.newest().map(|link| link.verdict().height);
        let signed = self.rejected.iter().filter_map(|file| {
            let (height, digest) = file.signed?;
            Some((file, height, digest))
        });
        signed
            .filter(|(_, height, _)| Some(*height) > newest)
            .max_by_key(|(_, height, _)| *height)
    }

    /// What is refused for its time, with the renewals that do not count: one may have been meant to
    /// keep it.
    pub(in crate::verify) fn with_renewals(&self, refusal: Refusal) -> Refusal {
        let all = self.rejected.iter();
        let renewals = all.filter(|file| file.kind == Kind::Renewal);
        let found = with_rejected(&refusal.found, renewals);
        Refusal { found, ..refusal }
    }

    /// Leaves out what lies beside the links.
    pub(super) fn reject(&mut self, kind: Kind, file: &StoredFile, refusal: Refusal) {
        self.rejected.push(RejectedFile {
            kind,
            place: file.place.clone(),
            height: None,
            signed: None,
            claimed_height: claimed(kind, file),
            claimed_tree: None,
            refusal,
        });
    }
}

fn claimed(kind: Kind, file: &StoredFile) -> Option<u64> {
    let payload = attest::unverified_payload(envelope_of(file).ok()?).ok()?;
    let verdict = Verdict::parse_unverified(&payload).ok()?;
    (kind == Kind::Report).then_some(verdict.height)
}

/// What a file of a store holds.
pub(super) fn envelope_of(file: &StoredFile) -> Result<&[u8], Refusal> {
    file.content
        .as_deref()
        .map_err(|unread| Refusal::new(Reason::Malformed, "a signed statement", unread.to_string()))
}

/// The files that do not count in a line each, the first few by name.
pub fn rejected_lines<'a>(files: impl IntoIterator<Item = &'a RejectedFile>) -> Vec<String> {
    let mut files = files.into_iter();
    let mut lines: Vec<String> = files.by_ref().take(TOLD).map(RejectedFile::line).collect();
    match files.count() {
        0 => {}
        more => lines.push(format!("{more} more files do not count")),
    }
    lines
}

fn with_rejected<'a>(found: &str, files: impl Iterator<Item = &'a RejectedFile>) -> String {
    let mut told = vec![found.to_owned()];
    told.extend(rejected_lines(files));
    told.join("; ")
}

/// So many files are told by name.
const TOLD: usize = 3;
