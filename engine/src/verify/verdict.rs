//! A verdict whose signature, unit and shape hold, and the strict check of a single one.
//! Knows nothing of chains: whether it is the right link is asked elsewhere.

use jiff::{SignedDuration, Timestamp};

use super::frozen::{Asked, Timetable};
use super::{AdmitError, Chain, Error, Reason, Refusal, Source};
use crate::{
    attest::{self, Outcome, Rejection, Role, Signer, TrustFile, UnitId, Verdict},
    model::{Digest, Enforcement, GitId, limits},
};

/// A verdict that a trusted key signed for this unit. Only verification makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedVerdict {
    verdict: Verdict,
    digest: Digest,
    signers: Vec<Signer>,
}

impl VerifiedVerdict {
    /// What was signed.
    #[must_use]
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// The SHA-256 of the payload, by which the next link names this one.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Who signed it.
    #[must_use]
    pub fn signers(&self) -> &[Signer] {
        &self.signers
    }

    /// Signature, shape and unit; the outcome may be either.
    pub(super) fn open(envelope: &[u8], unit: &UnitId, trust: &TrustFile) -> Result<Self, Refusal> {
        let statement = attest::verify(envelope, trust, Role::MergeSigner, &unit.scope())?;
        let verdict = Verdict::parse(&statement)?;
        if (verdict.environment.as_str(), verdict.unit.as_str())
            != (unit.environment(), unit.unit())
        {
            return Err(Refusal::new(
                Reason::OtherUnit,
                format!("`{unit}`"),
                format!("`{}/{}`", verdict.environment, verdict.unit),
            ));
        }
        Ok(Self {
            verdict,
            digest: statement.digest(),
            signers: statement.signers().to_vec(),
        })
    }

    pub(super) fn check_outcome(&self) -> Result<(), Refusal> {
        match self.verdict.outcome {
            Outcome::Pass => Ok(()),
            Outcome::Fail => Err(Refusal::new(
                Reason::Failed,
                "a verdict that passed",
                match self.verdict.counts.denied {
                    1 => "a failed one with 1 denial".to_owned(),
                    count => format!("a failed one with {count} denials"),
                },
            )),
        }
    }

    /// `until` is the verdict's own end, or that of its renewal.
    pub(super) fn check_time(&self, now: Timestamp, until: Timestamp) -> Option<Refusal> {
        let from = self.verdict.valid_from;
        if from.duration_since(now) > CLOCK_SKEW {
            let expected = format!("an instant from {from} on");
            return Some(Refusal::new(Reason::NotYetValid, expected, now.to_string()));
        }
        (now >= until).then(|| {
            let expected = format!("an instant before {until}");
            Refusal::new(Reason::Expired, expected, now.to_string())
        })
    }

    /// What the trust file pins is only forgotten by a store that lost links.
    pub(super) fn check_height(&self, minimum: u64) -> Option<Refusal> {
        let height = self.verdict.height;
        (height < minimum).then(|| {
            let expected = format!("height {minimum} or more");
            Refusal::new(Reason::Superseded, expected, format!("height {height}"))
        })
    }

    pub(super) fn check_repository(&self, expected: Option<&str>) -> Option<Refusal> {
        let found = self.verdict.repository.as_deref();
        let words = |name: Option<&str>| name.map_or("no repository".into(), |n| format!("`{n}`"));
        (found != expected)
            .then(|| Refusal::new(Reason::OtherRepository, words(expected), words(found)))
    }

    /// Whether its renderers were told what they are told now.
    #[must_use]
    pub fn check_rendering(&self, expected: Option<Digest>) -> Option<Refusal> {
        let found = self.verdict.rendering_digest;
        let told = |digest: Option<Digest>| match digest {
            Some(digest) => format!("a source rendered with the options {digest}"),
            None => "a source that nothing renders".to_owned(),
        };
        (found != expected)
            .then(|| Refusal::new(Reason::SourceOverride, told(expected), told(found)))
    }

    pub(super) fn check_enforcement(&self, environment: Enforcement) -> Option<Refusal> {
        let observed = self.verdict.enforcement == Enforcement::Observe;
        (observed && environment == Enforcement::Enforce).then(|| {
            let found = format!("link {}, which was observed only", self.verdict.height);
            Refusal::new(Reason::Observed, "an enforced verdict", found)
        })
    }
}

/// What a single verdict must be about.
#[derive(Clone, Copy, Debug)]
pub struct Expectation<'a> {
    /// Whose signature counts.
    pub trust: &'a TrustFile,
    /// The environment and unit.
    pub unit: &'a UnitId,
    /// The repository.
    pub repository: ExpectedRepository<'a>,
    /// The commit whose files it must name.
    pub revision: GitId,
    /// What the environment does with a refusal; unless known to observe, it enforces.
    pub enforcement: Enforcement,
    /// All links of the unit, where a store was asked: then the verdict must be one of them that stands,
    /// and a renewal's end counts as its own.
    pub chain: Option<&'a Chain>,
    /// When what may not change where the unit goes; `None` where the caller has no judge to ask.
    pub timetable: Option<&'a Timetable<'a>>,
    /// The time.
    pub now: Timestamp,
}

/// The repository that a verdict must name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectedRepository<'a> {
    /// Any: the caller has no judge to ask.
    Any,
    /// Exactly this, or exactly none.
    Exactly(Option<&'a str>),
}

impl Expectation<'_> {
    /// The first instant at which the verdict does not count any more.
    #[must_use]
    pub fn until(&self, verified: &VerifiedVerdict) -> Timestamp {
        let renewal = self
            .chain
            .and_then(|chain| chain.renewal(verified.digest, self.now));
        renewal.map_or(verified.verdict.valid_until, |renewal| renewal.valid_until)
    }

    fn check_time(&self, verified: &VerifiedVerdict) -> Option<Refusal> {
        let over = verified.check_time(self.now, self.until(verified))?;
        Some(match self.chain {
            Some(chain) => chain.with_renewals(over),
            None => over,
        })
    }

    /// What the calendar holds of it now. By the calendar that it was signed with it ends before that
    /// answers otherwise.
    fn frozen(&self, verified: &VerifiedVerdict) -> Result<Vec<Refusal>, AdmitError> {
        let verdict = &verified.verdict;
        let renewal = self
            .chain
            .and_then(|chain| chain.renewal(verified.digest, self.now));
        let Some(timetable) = self.timetable.filter(|_| !verdict.baseline) else {
            return Ok(Vec::new());
        };
        if renewal.is_none() && timetable.are_those_of(verdict) {
            return Ok(Vec::new());
        }
        let rollback = self.chain.is_some_and(|chain| {
            let mut links = chain.links().iter();
            let link = links.find(|link| link.verified().digest == verified.digest);
            link.is_some_and(|link| chain.is_way_back(link))
        });
        let mut asked = Asked::new(timetable, self.now);
        asked.about_verdict(verdict, renewal, rollback)?;
        Ok(asked.refusals())
    }

    /// Why the store that was asked does not vouch for the verdict: it has no such link, so that nothing
    /// says that it was not taken back; or it was.
    fn not_standing(&self, verified: &VerifiedVerdict) -> Option<Refusal> {
        let chain = self.chain?;
        let mut links = chain.links().iter();
        let at = links.position(|link| link.verified().digest == verified.digest);
        match at {
            _ if chain.is_withdrawn(verified.digest) => Some(withdrawn(verified)),
            Some(at) if chain.stands(at) => None,
            Some(_) => Some(withdrawn(verified)),
            None => Some(Refusal::new(
                Reason::Missing,
                format!("a link of `{}` in the store that was asked", chain.unit()),
                "none that is this verdict",
            )),
        }
    }
}

/// Returns the verdict in `envelope`, bare or in a Sigstore bundle, if a trusted key signed it for this
/// unit and these files, it passed, and its time is now.
///
/// # Errors
/// Every reason why it does not count; an envelope that is too long; a commit that cannot be read.
pub fn verify(
    envelope: &[u8],
    expectation: &Expectation<'_>,
    source: &dyn Source,
) -> Result<VerifiedVerdict, AdmitError> {
    if envelope.len() > limits::ENVELOPE.most {
        return Err(AdmitError::Error(Error::Envelope(Rejection::TooLong {
            found: envelope.len(),
            limit: limits::ENVELOPE.most,
        })));
    }
    let refused = |refusals| AdmitError::Refused {
        refusals,
        enforcement: Enforcement::Enforce,
    };
    let opened = attest::unbundle(envelope)
        .map_err(Refusal::from)
        .and_then(|inside| VerifiedVerdict::open(&inside, expectation.unit, expectation.trust))
        .map_err(|refusal| refused(vec![refusal]))?;
    let verdict = &opened.verdict;
    let (tree, manifest) = source.gated_tree(expectation.revision, &verdict.selector)?;
    let other_tree = (tree, manifest) != (verdict.head.gated_tree, verdict.head.manifest);
    let frozen = expectation.frozen(&opened)?;
    let refusals: Vec<Refusal> = [
        match expectation.repository {
            ExpectedRepository::Any => None,
            ExpectedRepository::Exactly(name) => opened.check_repository(name),
        },
        other_tree.then(|| {
            let found = format!("`{}`", verdict.head.gated_tree);
            Refusal::new(Reason::OtherTree, format!("gated tree `{tree}`"), found)
        }),
        opened.check_outcome().err(),
        opened.check_enforcement(expectation.enforcement),
        expectation.not_standing(&opened),
        expectation.check_time(&opened),
        opened.check_height(expectation.trust.minimum_height(expectation.unit)),
    ]
    .into_iter()
    .flatten()
    .chain(frozen)
    .collect();
    if refusals.is_empty() {
        Ok(opened)
    } else {
        Err(refused(refusals))
    }
}

/// A link that a signed statement took back, or what judged it, or that rests on one.
pub(super) fn withdrawn(link: &VerifiedVerdict) -> Refusal {
    Refusal::new(
        Reason::Withdrawn,
        "a link that stands",
        format!(
            "link {}: it, what judged it, or a link that it rests on was withdrawn",
            link.verdict.height
        ),
    )
}

/// How far the clocks of signer and deployer may lie apart.
pub const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(60);
