//! The question at every sync: may this commit's files of this unit go where it is deployed?
//! A pure function of chain, gate state, repository and clock; it reads nothing else.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{
    AdmitError, Chain, ChainLink, Error, Reason, Refusal, RejectedFile, Source, Timetable,
    VerifiedVerdict, Witness, clock,
    frozen::Asked,
    verdict::{CLOCK_SKEW, withdrawn},
    walk::{at, brought, highest_tier, walk},
};
use crate::model::{Digest, Enforcement, GitId, RiskTier};

/// What is asked.
#[derive(Clone, Copy)]
pub struct AdmitRequest<'a> {
    /// The links of the unit.
    pub chain: &'a Chain,
    /// The newest accepted state of the unit `gate`.
    pub gate: &'a GateState,
    /// When what may not change where the unit goes.
    pub timetable: &'a Timetable<'a>,
    /// The repository.
    pub source: &'a dyn Source,
    /// What is about to be deployed.
    pub revision: GitId,
    /// What runs; `None` where nobody knows.
    pub deployed: Option<GitId>,
    /// No link below this height is admitted; pinned beside the keys.
    pub minimum_height: u64,
    /// The time.
    pub now: Timestamp,
    /// What others say about it.
    pub witnesses: &'a [Witness],
}

/// What the accepted states of the unit `gate` say about the unit: the newest, but for the enforcement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateState {
    /// Whether a refusal stops anything. It does until a link was signed under `observe`: what is
    /// pending since before was relaxed by nobody who looked at it.
    pub enforcement: Enforcement,
    /// The highest tier that may go there.
    pub max_tier: RiskTier,
    /// The patterns of the unit.
    pub selector: Vec<String>,
    /// What its renderers are told, see [`Verdict::rendering_digest`]; `None` where nothing is rendered.
    ///
    /// [`Verdict::rendering_digest`]: crate::attest::Verdict::rendering_digest
    pub rendering: Option<Digest>,
    /// `verdict.repository`.
    pub repository: Option<String>,
    /// The payload digests of the links of `gate`, see [`Chain::digests`]. A verdict that names
    /// another gate state shows that links of `gate` were taken away.
    pub links: BTreeSet<Digest>,
}

/// Yes, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// The link that admits.
    pub link: VerifiedVerdict,
    /// On what grounds.
    pub grounds: Grounds,
    /// The highest tier on the way from what runs; critical where that is unknown.
    pub tier: RiskTier,
    /// The heights of the links on the way, highest first; empty where nothing new comes.
    pub way: Vec<u64>,
}

/// Why something is admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grounds {
    /// Every step from what runs was judged and passed, and may be deployed now.
    Judged,
    /// Its files are those that run; the options of the environment may be others by now.
    Running,
    /// What runs names it as the state to go back to.
    RollbackTarget,
    /// It is a baseline.
    Baseline,
}

/// Decides.
///
/// # Errors
/// Every reason against it; or something that could not be decided.
pub fn admit(request: &AdmitRequest<'_>) -> Result<Admission, AdmitError> {
    let links = request.chain.links();
    let wanted = matching(request, request.revision)?;
    let running = match request.deployed {
        Some(commit) => Some(matching(request, commit)?),
        None => None,
    };
    let Some(wanted_at) = wanted.last().copied() else {
        return refused(request, missing(request)?);
    };
    // A tree that several links made is the highest of them: a lower one never steps in.
    let running_at = running.as_ref().and_then(|matches| matches.last().copied());
    if running_at == Some(wanted_at) && is_what_runs(request, running.as_deref())? {
        return reapply(request, wanted_at, Grounds::Running);
    }
    if running_at > Some(wanted_at)
        && let Some(back) = rollback_of(links, running.as_deref().unwrap_or_default(), &wanted)
    {
        return match back {
            Back::Target(target) => reapply(request, target, Grounds::RollbackTarget),
            Back::Step { from, to } => {
                check_clock(request, to)?;
                admit_judged(request, to, Some(from))
            }
        };
    }
    check_clock(request, wanted_at)?;
    let newest = request.chain.newest_standing_at() == Some(wanted_at);
    if let Some(refusal) = wrong_order(request, wanted_at, running.as_deref(), newest) {
        return refused(request, vec![refusal]);
    }
    if links
        .get(wanted_at)
        .is_some_and(|link| link.verdict().baseline)
    {
        return reapply(request, wanted_at, Grounds::Baseline);
    }
    let from = running.and_then(|running| step_from(links, &running, wanted_at));
    admit_judged(request, wanted_at, from)
}

/// The link that the way to `wanted` starts above: the highest that what runs may be. Where the
/// selector changed in between, the highest before that: the change is a step on the way, and files
/// that one selector drops may differ.
fn step_from(links: &[ChainLink], running: &[usize], wanted: usize) -> Option<usize> {
    let selector = |at: usize| Some(links.get(at)?.verdict().selector.as_slice());
    let mut others = running.iter().rev().copied();
    others
        .find(|at| selector(*at) != selector(wanted))
        .or_else(|| running.last().copied())
}

/// How one goes back to what the highest link that runs names.
enum Back {
    /// Whatever link it is that runs, it names this one.
    Target(usize),
    /// What runs may as well be a link below, and the one that is wanted may never have run.
    Step { from: usize, to: usize },
}

/// A tree with several links (A, B, A again) does not tell which of them runs: B may have been signed
/// and taken back without ever having been deployed. So it may be re-applied at any hour only where
/// every link that may be running names it; otherwise it is the step from the link below that it was
/// judged as, with the clock and the highest tier that go there.
fn rollback_of(links: &[ChainLink], running: &[usize], wanted: &[usize]) -> Option<Back> {
    let names = |at: usize| links.get(at).and_then(|link| link.verdict().rollback_to);
    let target = names(running.last().copied()?)?;
    let mut wanted = wanted.iter().copied();
    let to = wanted.find(|at| digest_at(links, *at) == Some(target))?;
    if running.iter().all(|at| names(*at) == Some(target)) {
        return Some(Back::Target(to));
    }
    let from = running.iter().rev().copied().find(|at| *at < to)?;
    Some(Back::Step { from, to })
}

/// The positions of the links whose head is what `commit` holds, each under its own selector.
fn matching(request: &AdmitRequest<'_>, commit: GitId) -> Result<Vec<usize>, AdmitError> {
    let mut trees: Vec<(&[String], (GitId, Digest))> = Vec::new();
    let mut positions = Vec::new();
    for (position, link) in request.chain.links().iter().enumerate() {
        let selector = link.verdict().selector.as_slice();
        let known = trees
            .iter()
            .find(|(known, _)| *known == selector)
            .map(|(_, tree)| *tree);
        let tree = match known {
            Some(tree) => tree,
            None => {
                let tree = request.source.gated_tree(commit, selector)?;
                trees.push((selector, tree));
                tree
            }
        };
        let head = &link.verdict().head;
        if tree == (head.gated_tree, head.manifest) {
            positions.push(position);
        }
    }
    Ok(positions)
}

/// Why no link has these files as its head.
fn missing(request: &AdmitRequest<'_>) -> Result<Vec<Refusal>, AdmitError> {
    let gate = request.gate;
    let (tree, manifest) = request
        .source
        .gated_tree(request.revision, &gate.selector)?;
    let mut refusals: Vec<Refusal> = request
        .chain
        .rejected()
        .iter()
        .filter(|file| file.claimed_tree == Some(tree))
        .map(RejectedFile::told)
        .collect();
    refusals.extend(equivocation(request));
    let failed = request.chain.reports().iter().find(|report| {
        let head = &report.verdict().head;
        (head.gated_tree, head.manifest) == (tree, manifest)
    });
    refusals.extend(failed.and_then(|report| report.check_outcome().err()));
    if let Some(newest) = request.chain.newest() {
        let head = newest.verdict().head.commit;
        if request.source.is_ancestor(request.revision, head)? {
            refusals.push(superseded(newest, "a commit that a newer link contains"));
        }
    }
    if refusals.is_empty() {
        refusals.push(Refusal::new(
            Reason::Missing,
            format!(
                "a verdict for `{}` with gated tree `{tree}`",
                request.chain.unit()
            ),
            request.chain.nothing_but_rejected(),
        ));
    }
    Ok(refusals)
}

/// Whether exactly what runs is applied again: by the selector of today, and by that of every link
/// that what runs may be.
fn is_what_runs(request: &AdmitRequest<'_>, running: Option<&[usize]>) -> Result<bool, AdmitError> {
    let Some(deployed) = request.deployed else {
        return Ok(false);
    };
    if deployed == request.revision {
        return Ok(true);
    }
    let links = running.unwrap_or_default().iter();
    let links = links.filter_map(|at| request.chain.links().get(*at));
    let mut selectors = vec![request.gate.selector.as_slice()];
    selectors.extend(links.map(|link| link.verdict().selector.as_slice()));
    selectors.dedup();
    for selector in selectors {
        let tree = |commit| request.source.gated_tree(commit, selector);
        if tree(deployed)? != tree(request.revision)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Admits what may be applied at any hour: by signature, unit and revocation.
fn reapply(
    request: &AdmitRequest<'_>,
    position: usize,
    grounds: Grounds,
) -> Result<Admission, AdmitError> {
    let link = at(request, position)?;
    let mut refusals = Vec::new();
    // What rests on a withdrawn link holds what that brought: it is applied again once it was judged again.
    if !request.chain.stands(position) {
        refusals.push(withdrawn(link.verified()));
    }
    if grounds != Grounds::Running {
        refusals.extend(about_another(request, link));
    }
    // What was accepted while nothing was enforced is no acceptance where something is.
    if grounds == Grounds::Baseline {
        refusals.extend(link.verified().check_enforcement(request.gate.enforcement));
    }
    if !refusals.is_empty() {
        return refused(request, refusals);
    }
    Ok(Admission {
        link: link.verified().clone(),
        grounds,
        tier: link.verdict().risk_tier,
        way: Vec::new(),
    })
}

/// Refuses what is older than what runs, and what cannot be placed on the way from it.
fn wrong_order(
    request: &AdmitRequest<'_>,
    wanted: usize,
    running: Option<&[usize]>,
    newest: bool,
) -> Option<Refusal> {
    let links = request.chain.links();
    let (link, top) = (links.get(wanted)?, links.last()?);
    match running.map(|matches| matches.last()) {
        // The way out of every unknown: the state that was accepted last.
        None | Some(None) if newest && link.verdict().baseline => None,
        None if newest => None,
        None if !request.chain.stands(wanted) => Some(withdrawn(link.verified())),
        None => Some(superseded(top, "an older one, and what runs is unknown")),
        Some(None) => Some(Refusal::new(
            Reason::UnjudgedBase,
            "what runs to be the head of a link",
            "the head of none",
        )),
        Some(Some(running)) if *running > wanted => Some(Refusal::new(
            Reason::OlderThanDeployed,
            format!(
                "a link from height {} on",
                links.get(*running)?.verdict().height
            ),
            format!("link {}", link.verdict().height),
        )),
        Some(Some(_)) => None,
    }
}

fn admit_judged(
    request: &AdmitRequest<'_>,
    wanted: usize,
    running: Option<usize>,
) -> Result<Admission, AdmitError> {
    let link = at(request, wanted)?;
    let way = walk(request, wanted, running)?;
    let renewal = request.chain.renewal(link.verified().digest(), request.now);
    let brought = brought(request, wanted, running);
    let tier = highest_tier(brought.as_deref());
    let tier = renewal.map_or(tier, |renewal| tier.max(renewal.risk_tier));
    let gate = request.gate;
    let mut refusals = about_another(request, link);
    if !request.chain.stands(wanted) {
        refusals.push(withdrawn(link.verified()));
    }
    let observed = way
        .iter()
        .filter_map(|step| step.verified().check_enforcement(gate.enforcement));
    refusals.extend(observed);
    let states = [
        link.verdict().gate_state,
        renewal.and_then(|renewal| renewal.gate_state),
    ];
    if states
        .iter()
        .flatten()
        .any(|state| !gate.links.contains(state))
        && !request.chain.unit().is_gate()
    {
        refusals.push(Refusal::new(
            Reason::StoreGap,
            "the link of `gate` that it was judged by",
            "nothing in its place",
        ));
    }
    let until = renewal.map_or(link.verdict().valid_until, |renewal| renewal.valid_until);
    let over = link.verified().check_time(request.now, until);
    refusals.extend(over.map(|refusal| request.chain.with_renewals(refusal)));
    if tier > gate.max_tier && !request.chain.unit().is_gate() {
        refusals.push(Refusal::new(
            Reason::Held,
            format!("at most tier `{}` on the way", gate.max_tier),
            format!("tier `{tier}`"),
        ));
    }
    refusals.extend(frozen(request, link, brought.as_deref())?);
    if !refusals.is_empty() {
        return refused(request, refusals);
    }
    Ok(Admission {
        link: link.verified().clone(),
        grounds: Grounds::Judged,
        tier,
        way: way.iter().map(|step| step.verdict().height).collect(),
    })
}

/// What the calendar holds now of all that comes with a link.
fn frozen(
    request: &AdmitRequest<'_>,
    wanted: &ChainLink,
    brought: Option<&[&ChainLink]>,
) -> Result<Vec<Refusal>, AdmitError> {
    let mut asked = Asked::new(request.timetable, request.now);
    let Some(brought) = brought else {
        asked.about_unknown(RiskTier::Critical)?;
        return Ok(asked.refusals());
    };
    for link in brought {
        let digest = link.verified().digest();
        let renewal = request.chain.renewal(digest, request.now);
        let renewal = renewal.filter(|_| digest == wanted.verified().digest());
        asked.about_link(link, renewal, request.chain)?;
    }
    Ok(asked.refusals())
}

/// What makes a link one of another repository, another selector, or of a forked chain.
fn about_another(request: &AdmitRequest<'_>, link: &ChainLink) -> Vec<Refusal> {
    let (verdict, gate) = (link.verdict(), request.gate);
    let mut refusals = Vec::new();
    refusals.extend(link.verified().check_repository(gate.repository.as_deref()));
    refusals.extend(link.verified().check_rendering(gate.rendering));
    if verdict.selector != gate.selector {
        refusals.push(Refusal::new(
            Reason::OtherSelector,
            format!("`{}`", gate.selector.join("`, `")),
            format!("`{}`", verdict.selector.join("`, `")),
        ));
    }
    refusals.extend(equivocation(request));
    refusals.extend(link.verified().check_height(request.minimum_height));
    refusals
}

/// A clock that is behind the newest link, or with which a witness disagrees, is no clock to ask. A baseline
/// does not ask one.
fn check_clock(request: &AdmitRequest<'_>, wanted: usize) -> Result<(), AdmitError> {
    // What was taken back tells no time.
    let stands = |link: &&ChainLink| !request.chain.is_withdrawn(link.verified().digest());
    let newest = request.chain.links().iter().rev().find(stands);
    let Some(newest) = newest.map(ChainLink::verdict) else {
        return Ok(());
    };
    let link = request.chain.links().get(wanted);
    if link.is_some_and(|link| link.verdict().baseline) {
        return Ok(());
    }
    clock::check(request.witnesses)?;
    if newest.valid_from.duration_since(request.now) <= CLOCK_SKEW {
        return Ok(());
    }
    Err(AdmitError::Error(Error::ClockBehind {
        now: request.now.to_string(),
        who: format!("link {}, the newest,", newest.height),
        says: newest.valid_from.to_string(),
        until: newest.valid_from.checked_sub(CLOCK_SKEW).ok(),
    }))
}

fn equivocation(request: &AdmitRequest<'_>) -> Option<Refusal> {
    let height = request.chain.equivocations().first()?;
    let expected = format!("one link of height {height}");
    Some(Refusal::new(
        Reason::Equivocation,
        expected,
        "two, both signed",
    ))
}

fn superseded(newest: &ChainLink, found: &str) -> Refusal {
    let expected = format!("the newest link, {}", newest.verdict().height);
    Refusal::new(Reason::Superseded, expected, found)
}

fn digest_at(links: &[ChainLink], position: usize) -> Option<Digest> {
    links.get(position).map(|link| link.verified().digest())
}

fn refused<T>(request: &AdmitRequest<'_>, refusals: Vec<Refusal>) -> Result<T, AdmitError> {
    Err(AdmitError::Refused {
        refusals,
        enforcement: request.gate.enforcement,
    })
}
