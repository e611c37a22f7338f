//! Signing in a GitHub job: what stands on the branch that runs it, after the merge; where candidates are wanted, what
//! a queue is about to merge, which is published after it.
//! Judges nothing itself.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use miette::Diagnostic;

use super::error::told;
use super::event::Event;
use super::step::{Envelopes, Step, write};
use super::{Error, Outcome, Terminal, event, merged};
use crate::attest::{SigningKey, UnitId, bundle};
use crate::cli::renderers::{self, Network};
use crate::cli::verdicts::Verdicts;
use crate::cli::{common, sign};
use crate::gate::{self, Landed, PublishRequest, Renewed, SignRequest, Signing};
use crate::git::Repository;
use crate::model::GitId;
use crate::report::{Style, github};
use crate::verdict::{RunReport, UnitReport};
use crate::verify::rejected_lines;

/// Signs every environment that follows the branch of the job.
pub(super) fn run(mut step: Step<'_>, terminal: &mut Terminal) -> Outcome {
    let signed = match signed(&step, terminal) {
        Ok(signed) => signed,
        Err(error) => {
            let range = "the newest links to the head of the branch".to_owned();
            let report = RunReport::of_error(range, terminal.now, Arc::from(error));
            let kept = step.keep(&report, None, terminal);
            step.annotate(&report, terminal);
            kept?;
            return Ok(report.exit);
        }
    };
    let report = report(&signed, terminal);
    let kept = keep(&mut step, &signed, &report, terminal);
    let mut text = Vec::new();
    terminal.note(&sign::human(&signed.signing, Style::PLAIN, &mut text));
    step.log(terminal, |terminal| {
        terminal.line(String::from_utf8_lossy(&text).trim_end());
    });
    step.annotate(&report, terminal);
    kept?;
    Ok(report.exit)
}

/// Hands on what was signed, and what was judged on the way.
fn keep(
    step: &mut Step<'_>,
    signed: &Branch,
    report: &RunReport,
    terminal: &mut Terminal,
) -> Result<(), common::Failure> {
    step.summarise(&summary(signed))?;
    let envelopes = put_envelopes(step, &signed.signing)?;
    step.keep(report, Some(&envelopes), terminal)
}

struct Branch {
    branch: String,
    /// What a queue is about to make of it.
    queued: Option<GitId>,
    signing: Signing,
}

fn signed(
    step: &Step<'_>,
    terminal: &mut Terminal,
) -> Result<Branch, Box<dyn Diagnostic + Send + Sync>> {
    let (branch, queued) = branch_to_sign(step)?;
    let key = key(step, terminal)?;
    let publish = step.inputs.publish.as_ref().ok_or_else(|| Error::Input {
        name: "publish".to_owned(),
        value: "none".to_owned(),
        wanted: "`branch`, or `folder:DIR` on a runner that keeps it: a verdict must lie somewhere",
    })?;
    let repository = common::repository(&terminal.directory)?;
    let environments = environments(&repository, &branch, step)?;
    let verdicts = Verdicts::open(publish, &repository, terminal)?;
    let candidates = step.inputs.candidates.as_ref();
    let candidates = candidates.map(|folder| Verdicts::folder(&terminal.directory.join(folder)));
    if let (None, Some(candidates)) = (queued, &candidates) {
        let (from, to) = (candidates.store(), verdicts.store());
        let request = PublishRequest { from, to };
        match gate::publish_queued(&repository, &request, &branch, terminal.now) {
            Ok(landed) => step.log(terminal, |terminal| print(&landed, terminal)),
            // What a queue left behind is a help and no more: without it everything is judged here.
            Err(error) => {
                let message = format!(
                    "no use of `candidates`, so that all is judged now: {}",
                    told(&error)
                );
                terminal.line(github::command("warning", &message).trim_end());
            }
        }
    }
    let evidence = step.inputs.evidence.as_deref().map(Path::new);
    let evidence = super::read_evidence(evidence, terminal)?;
    let mut all = Signing::default();
    for environment in &environments {
        let request = SignRequest {
            evidence: &evidence,
            workshop: Some(&renderers::fresh(terminal, &repository, Network::default())),
            environment,
            unit: None,
            key: &key,
            store: verdicts.store(),
            now: terminal.now,
        };
        let signing = match (queued, &candidates) {
            (Some(commit), Some(candidates)) => {
                gate::sign_queued(&repository, &request, commit, candidates.store())?
            }
            (Some(_), None) => return Err(refused(step, String::new())?.into()),
            (None, _) if step.inputs.renew => gate::renew(&repository, &request)?,
            (None, _) => gate::sign(&repository, &request)?,
        };
        // The unit `gate` is every environment's; what the first run said of it stands.
        let known: Vec<UnitId> = all.units.iter().map(|unit| unit.unit.clone()).collect();
        let new = signing.units.into_iter();
        all.units
            .extend(new.filter(|unit| !known.contains(&unit.unit)));
        all.renewals.extend(signing.renewals);
        all.errors.extend(signing.errors);
    }
    warn_of_rejected(&all, terminal);
    Ok(Branch {
        branch,
        queued,
        signing: all,
    })
}

fn warn_of_rejected(signing: &Signing, terminal: &mut Terminal) {
    for unit in &signing.units {
        for line in rejected_lines(&unit.rejected) {
            let message = format!("{}: {line}", unit.unit);
            terminal.line(github::command("warning", &message).trim_end());
        }
    }
}

fn print(landed: &[Landed], terminal: &mut Terminal) {
    for Landed { unit, result } in landed {
        terminal.line(&match result {
            Ok(height) => format!("{unit}: what the queue signed is link {height}"),
            Err(why) => format!("{unit}: what the queue signed stays behind, {why}"),
        });
    }
}

/// The branch of the job, where the event is one of those that come after a merge; or the branch that a
/// queue is about to move, and where to, if candidates are wanted.
fn branch_to_sign(step: &Step<'_>) -> Result<(String, Option<GitId>), Error> {
    let name = step.variables.required("GITHUB_EVENT_NAME")?;
    if name == "merge_group"
        && step.inputs.candidates.is_some()
        && let Event::MergeGroup {
            head, base_branch, ..
        } = step.occasion()?.event
    {
        return Ok((base_branch, Some(head)));
    }
    if !merged::comes_after(name) {
        return Err(refused(step, String::new())?);
    }
    let reference = step.variables.required("GITHUB_REF")?;
    let branch = event::branch(reference);
    match branch {
        Some(branch) => Ok((branch.to_owned(), None)),
        None => Err(refused(step, format!(" on `{reference}`"))?),
    }
}

fn refused(step: &Step<'_>, place: String) -> Result<Error, Error> {
    let event = step.variables.required("GITHUB_EVENT_NAME")?.to_owned();
    Ok(Error::CannotSign { event, place })
}

/// The environments that follow this branch.
fn environments(
    repository: &Repository,
    branch: &str,
    step: &Step<'_>,
) -> Result<Vec<String>, Box<dyn Diagnostic + Send + Sync>> {
    let all = gate::environments(repository, repository.branch_head(branch)?)?;
    let wanted = step.inputs.environment.as_deref();
    let here: Vec<String> = all
        .into_iter()
        .filter(|(name, of)| of == branch && wanted.is_none_or(|wanted| wanted == name))
        .map(|(name, _)| name)
        .collect();
    if here.is_empty() {
        let place = match wanted {
            None => format!(" on `{branch}`, which no environment follows"),
            Some(name) => format!(" on `{branch}`, which no environment `{name}` follows"),
        };
        return Err(refused(step, place)?.into());
    }
    Ok(here)
}

/// The key, straight from the environment: neither an argument nor a file ever holds it.
fn key(
    step: &Step<'_>,
    terminal: &mut Terminal,
) -> Result<SigningKey, Box<dyn Diagnostic + Send + Sync>> {
    let pem = step
        .variables
        .get("TIDEGATE_SIGNING_KEY")
        .ok_or(Error::NoKey)?;
    // The runner swallows these lines. Anywhere else they would show the key.
    if step.variables.get("GITHUB_ACTIONS") == Some("true") {
        for line in pem.lines().map(str::trim).filter(|line| !line.is_empty()) {
            terminal.line(&format!("::add-mask::{line}"));
        }
    }
    Ok(SigningKey::from_pem(pem.as_bytes())?)
}

/// Each envelope as a file, and as a bundle beside it; their name is the unit's, which is a path of at
/// most two DNS labels but for the branch of a unit `gate`.
fn put_envelopes(step: &Step<'_>, signing: &Signing) -> Result<Envelopes, common::Failure> {
    let mut envelopes = Envelopes::default();
    for unit in &signing.units {
        if let gate::Signed::Link(published) = &unit.result {
            let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
            let name: String = unit.unit.to_string().chars().map(plain).collect();
            let name = format!("{:02}-{name}", envelopes.verdicts.len() + 1);
            let put = |name: String, bytes: &[u8]| {
                let path = step.folder.join(name);
                write(&path, bytes).map(|()| path.display().to_string())
            };
            let envelope = &published.envelope;
            let verdict = put(format!("{name}.json"), envelope)?;
            let bundle = put(format!("{name}.sigstore.json"), &bundle(envelope)?)?;
            envelopes.verdicts.push(verdict);
            envelopes.bundles.push(bundle);
        }
    }
    Ok(envelopes)
}

/// A row a unit. What was denied is told by the report that follows.
fn summary(signed: &Branch) -> String {
    let code = |text: &str| format!("`{}`", text.replace(['`', '|', '\n', '\r'], "?"));
    let what = match signed.queued {
        Some(_) => "what the queue is about to merge into",
        None => "what stands on",
    };
    let mut text = format!(
        "## tidegate: {what} {}\n\n| Unit | | Link | Gated tree |\n|---|---|---|---|\n",
        code(&signed.branch)
    );
    for unit in &signed.signing.units {
        let (word, height, tree) = match &unit.result {
            gate::Signed::NothingNew { height } => ("nothing new", height.to_string(), None),
            gate::Signed::Link(link) => ("✅ signed", link.verdict.height.to_string(), Some(link)),
            gate::Signed::Failed(fail) => {
                ("⛔ denied: a report, no link", String::new(), Some(fail))
            }
        };
        let tree = tree.map_or_else(String::new, |published| {
            code(&published.verdict.head.gated_tree.to_string())
        });
        let name = code(&unit.unit.to_string());
        let _ = writeln!(text, "| {name} | {word} | {height} | {tree} |");
    }
    for renewal in &signed.signing.renewals {
        let word = match &renewal.result {
            Renewed::Until(until) => format!("renewed until {}", until.valid_until),
            Renewed::Denied(_) => "⛔ would be denied now: not renewed".to_owned(),
        };
        let name = code(&renewal.unit.to_string());
        let _ = writeln!(text, "| {name} | {word} | {} | |", renewal.height);
    }
    text + "\n"
}

/// What was judged on the way, as one report.
fn report(signed: &Branch, terminal: &Terminal) -> RunReport {
    let signing = &signed.signing;
    let judged = signing.units.iter().filter_map(|unit| match &unit.result {
        gate::Signed::NothingNew { .. } => None,
        gate::Signed::Link(published) | gate::Signed::Failed(published) => published.report.clone(),
    });
    let renewed = signing
        .renewals
        .iter()
        .filter_map(|renewal| match &renewal.result {
            Renewed::Until(_) => None,
            Renewed::Denied(report) => Some(UnitReport::clone(report)),
        });
    RunReport {
        range: format!("the newest links to the head of {}", signed.branch),
        now: terminal.now,
        judge: None,
        outcome: signing.outcome(),
        files: 0,
        units: judged.chain(renewed).collect(),
        errors: signing.errors.clone(),
        findings: Vec::new(),
        proposed: None,
        exit: signing.exit(),
    }
}
