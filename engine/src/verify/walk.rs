//! The links on the way from what runs to what is wanted, and the highest tier among them.
//! Knows no clock.

use super::{AdmitError, AdmitRequest, ChainLink, Error, Reason, Refusal, Source};
use crate::model::{GitId, RiskTier, limits};

/// The links on which `wanted` rests, down to what runs or a baseline; each recomputed.
pub(super) fn walk<'a>(
    request: &AdmitRequest<'a>,
    wanted: usize,
    running: Option<usize>,
) -> Result<Vec<&'a ChainLink>, AdmitError> {
    let mut way = Vec::new();
    let mut next = Some(wanted);
    while let Some(position) = next.filter(|position| running.is_none_or(|at| *position > at)) {
        if way.len() == limits::LINKS.most {
            return Err(AdmitError::Error(Error::WalkTooLong {
                unit: request.chain.unit().to_string(),
                limit: limits::LINKS.most,
            }));
        }
        let link = at(request, position)?;
        link.recompute(request.source)?;
        way.push(link);
        next = request.chain.basis_of(position);
    }
    Ok(way)
}

/// The links whose changes are on the way, highest first; `None` where nobody knows what runs. Withdrawn
/// ones that were jumped over are among them: taking their change back is a change too.
pub(super) fn brought<'a>(
    request: &AdmitRequest<'a>,
    wanted: usize,
    running: Option<usize>,
) -> Option<Vec<&'a ChainLink>> {
    let running = running?;
    let mut brought = Vec::new();
    let mut lowest = Some(wanted);
    let links = request.chain.links().iter().enumerate().rev();
    for (position, link) in links.skip_while(|(position, _)| *position > wanted) {
        if lowest.is_none_or(|lowest| position <= lowest && position <= running) {
            break;
        }
        if Some(position) == lowest {
            lowest = request.chain.basis_of(position);
        }
        brought.push(link);
    }
    Some(brought)
}

/// The highest tier among them. What a baseline accepted was not judged, and what runs may be
/// unknown: both count as critical.
pub(super) fn highest_tier(brought: Option<&[&ChainLink]>) -> RiskTier {
    let Some(brought) = brought else {
        return RiskTier::Critical;
    };
    let tiers = brought.iter().map(|link| match link.verdict().baseline {
        true => RiskTier::Critical,
        false => link.verdict().risk_tier,
    });
    tiers.max().unwrap_or(RiskTier::Low)
}

impl ChainLink {
    /// The commit that the link names, read again: it must hold what the link says.
    ///
    /// # Errors
    /// It holds something else, or cannot be found or read.
    pub fn recompute(&self, source: &dyn Source) -> Result<GitId, Error> {
        let verdict = self.verdict();
        let head = &verdict.head;
        let (tree, manifest) = source.gated_tree(head.commit, &verdict.selector)?;
        if (tree, manifest) == (head.gated_tree, head.manifest) {
            return Ok(head.commit);
        }
        Err(Error::NotReproducible {
            unit: format!("{}/{}", verdict.environment, verdict.unit),
            height: verdict.height,
            commit: head.commit.to_string(),
            expected: head.gated_tree.to_string(),
            found: tree.to_string(),
        })
    }
}

pub(super) fn at<'a>(
    request: &AdmitRequest<'a>,
    position: usize,
) -> Result<&'a ChainLink, AdmitError> {
    let link = request.chain.links().get(position);
    link.map_or_else(|| Err(refusal_of_none(request)), Ok)
}

fn refusal_of_none(request: &AdmitRequest<'_>) -> AdmitError {
    AdmitError::Refused {
        refusals: vec![Refusal::new(Reason::Missing, "a link", "none")],
        enforcement: request.gate.enforcement,
    }
}
