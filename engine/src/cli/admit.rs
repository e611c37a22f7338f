//! `tidegate admit`: may this commit be deployed now?

mod told;

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::clone::{self, Origin};
use super::cluster::{Cluster, SERVICE_ACCOUNT, application_name};
use super::common::{self, Error, Failure, Outcome};
use super::output;
use super::plugin;
use super::sync::Hook;
use super::terminal::{Terminal, whole_seconds};
use super::trusted::Trusted;
use super::verdicts::Verdicts;
use crate::config::parse_duration;
use crate::gate::{self, AdmitRequest, Answer};
use crate::git::Repository;
use crate::model::Exit;
use crate::verify::{AdmitError, GateSource, Reason, Sync, concrete_revision};

pub(super) use told::print_refused;

/// Say whether a commit may be deployed: by the links from what runs to what is wanted
#[derive(clap::Args)]
pub(super) struct Args {
    /// The environment
    #[arg(long, value_name = "NAME")]
    env: String,
    /// Only this unit
    #[arg(long, value_name = "NAME")]
    unit: Option<String>,
    /// What is about to be deployed; when left out, the variable `TIDEGATE_REVISION`, a full id
    #[arg(long, value_name = "REV")]
    revision: Option<String>,
    /// What runs; when left out, only the newest link is admitted and its tier counts as critical
    #[arg(long, value_name = "REV", conflicts_with = "application")]
    deployed: Option<String>,
    /// In a `PreSync` hook: the Application that is being synced, read from the pod's own API server.
    /// What is applied, what runs, and every source come from it
    #[arg(
        long,
        value_name = "NAMESPACE/NAME",
        conflicts_with = "revision",
        requires = "repository"
    )]
    application: Option<String>,
    /// The address of the repository that is judged, exactly as the Application's sources spell it
    #[arg(long, value_name = "URL")]
    repository: Option<String>,
    /// A source of the Application that brings the gate itself, and that you vouch for (repeatable)
    #[arg(long, value_name = "URL//PATH")]
    gate_source: Vec<String>,
    /// Where there is no clone: fetch `--repository` into this folder, by your `git`
    #[arg(long, value_name = "DIR", requires = "repository")]
    work: Option<PathBuf>,
    /// The protected branch, whose gate judges, and which `--work` fetches; when left out, `main` with
    /// `--work`, else what the commit's configuration says
    #[arg(long, value_name = "NAME")]
    branch: Option<String>,
    /// The pod's service account: `token` and `ca.crt`
    #[arg(long, value_name = "DIR", default_value = SERVICE_ACCOUNT)]
    service_account: PathBuf,
    #[command(flatten)]
    trust: Trusted,
    /// Where verdicts lie: `folder:DIR`, `oci:REGISTRY/REPOSITORY[@sha256:DIGEST]`,
    /// `notes:refs/notes/NAME`, `-` for standard input, or `branch[:REMOTE[:NAME]]` (origin and
    /// tidegate/verdicts when left out), which your `git` fetches at each look
    #[arg(long, value_name = "STORE")]
    verdicts: String,
    /// How long to wait for a verdict that is on its way (at most 60m); without it, not at all
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = wait)]
    wait: SignedDuration,
    /// The answer for each unit: human | json, to standard output or to a file (`json=answer.json`);
    /// may be repeated
    #[arg(long, value_name = "FORMAT[=PATH]")]
    output: Vec<String>,
    /// Run COMMAND although no Argo CD says what it renders: nothing compares the files that it finds with the commit
    #[arg(long, requires = "command")]
    by_hand: bool,
    /// What renders, as a plugin of Argo CD: it is run if the commit is admitted, its output is the
    /// output and its exit code the exit code. Answers go to standard error then, and it learns nothing
    /// of verdicts. What lies where it renders must be what the commit has: Argo CD says in
    /// `ARGOCD_APP_SOURCE_REPO_URL` and `ARGOCD_APP_SOURCE_PATH` what that is, and without them nothing runs
    #[arg(last = true, value_name = "COMMAND", conflicts_with = "application")]
    command: Option<Vec<String>>,
}

/// What an answer is about.
struct Asked<'a> {
    environment: &'a str,
    /// As it was given, or found out; `None` until then.
    revision: Option<String>,
    /// When it was asked the last time.
    now: Timestamp,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let outputs = output::parse_plain(&self.output, &terminal.directory)?;
        if self.command.is_some() {
            terminal.leave_standard_output();
        }
        let mut asked = Asked {
            environment: &self.env,
            revision: None,
            now: terminal.now,
        };
        match self.answers(&mut asked, terminal) {
            Ok(answers) => {
                told::write(&answers, &asked, &outputs, terminal)?;
                // A refusal names them itself.
                for answer in answers.iter().filter(|answer| answer.result.is_ok()) {
                    terminal.warn_rejected(&answer.unit, &answer.rejected);
                }
                let exit = told::exit(&answers);
                match &self.command {
                    // Nothing on standard output and a good exit would be an order to delete everything.
                    Some(_) if answers.is_empty() => Err(Error::NobodyAsked.into()),
                    Some(command) if exit == Exit::Pass => {
                        Err(plugin::become_command(command, terminal))
                    }
                    _ => Ok(exit),
                }
            }
            Err(error) => {
                let written = told::write_error(error.as_ref(), &asked, &outputs, terminal);
                let exit = terminal.print_error(error.as_ref());
                written?;
                Ok(exit)
            }
        }
    }

    fn answers(
        &self,
        asked: &mut Asked<'_>,
        terminal: &mut Terminal,
    ) -> Result<Vec<Answer>, Failure> {
        let trust = self.trust.read(terminal)?;
        let hook = self.hook(terminal)?;
        let (revision, deployed) = match &hook {
            Some(hook) => (
                hook.sync.revision.to_string(),
                hook.sync.deployed.map(|id| id.to_string()),
            ),
            None => (self.revision(terminal)?, self.deployed.clone()),
        };
        asked.revision = Some(revision.clone());
        let plugin = match &self.command {
            Some(_) => self.plugin(&revision, terminal)?,
            None => None,
        };
        let rendered = plugin.as_ref().and_then(|sync| sync.sources.first());
        let directory = terminal.directory.clone();
        let checkout = rendered.map(|source| plugin::checkout(&directory, &source.path));
        let branch = self.branch.as_deref();
        let (repository, _user) = match (&self.work, &self.repository) {
            (Some(folder), Some(url)) => clone::fetched(
                &terminal.directory.join(folder),
                &Origin {
                    url,
                    branch: branch.unwrap_or(MAIN),
                    verdicts: &self.verdicts,
                },
            )?,
            _ => (common::repository(&terminal.directory)?, None),
        };
        let verdicts = Verdicts::open(&self.verdicts, &repository, terminal)?;
        let request = AdmitRequest {
            environment: &self.env,
            unit: self.unit.as_deref(),
            branch: branch.or(self.work.is_some().then_some(MAIN)),
            revision: &revision,
            deployed: deployed.as_deref(),
            sync: hook.as_ref().map(|hook| &hook.sync).or(plugin.as_ref()),
            checkout: checkout.as_ref(),
            trust: &trust,
            store: verdicts.store(),
            now: terminal.now,
            witnesses: hook
                .as_ref()
                .map(|hook| hook.witnesses.as_slice())
                .unwrap_or_default(),
        };
        let answers = self.ask(&repository, request, &mut asked.now, terminal)?;
        // What was judged is what is applied only if it is still the same sync.
        if let Some(hook) = &hook {
            hook.still_the_same()?;
        }
        Ok(answers)
    }

    /// Asks until there is an answer, or nobody waits any more.
    fn ask(
        &self,
        repository: &Repository,
        mut request: AdmitRequest<'_>,
        now: &mut Timestamp,
        terminal: &mut Terminal,
    ) -> Result<Vec<Answer>, gate::Error> {
        // Asking takes its time too.
        let begun = terminal.elapsed();
        let mut told = false;
        loop {
            let waited = terminal.elapsed().saturating_sub(begun);
            *now = whole_seconds(later(terminal.now, waited));
            request.now = *now;
            let answers = gate::admit(repository, &request);
            let waited = terminal.elapsed().saturating_sub(begun);
            let left = self.wait.saturating_sub(waited);
            let Some(what) = awaited(&answers, later(*now, left)).filter(|_| left.is_positive())
            else {
                return answers;
            };
            if !told {
                terminal.say(what);
                told = true;
            }
            thread::sleep(left.unsigned_abs().min(POLL));
        }
    }

    /// What a template put into the environment must be a commit; a person may write a name.
    fn revision(&self, terminal: &Terminal) -> Result<String, Failure> {
        if let Some(rendered) = self.rendered(terminal)? {
            let told = || terminal.variable(REVISION);
            return match self.revision.clone().or_else(told) {
                Some(asked) if asked != rendered => {
                    Err(Error::TwoRevisions { rendered, asked }.into())
                }
                _ => Ok(rendered),
            };
        }
        if let Some(revision) = &self.revision {
            return Ok(revision.clone());
        }
        match terminal.variable(REVISION) {
            Some(text) => Ok(concrete_revision(REVISION, &text)?.to_string()),
            None => Err(Error::NoRevision.into()),
        }
    }

    /// The commit that Argo CD lets the command render, where it does.
    fn rendered(&self, terminal: &Terminal) -> Result<Option<String>, Failure> {
        let told = terminal.variable(plugin::REVISION);
        match told.filter(|_| self.command.is_some()) {
            Some(text) => Ok(Some(
                concrete_revision(plugin::REVISION, &text)?.to_string(),
            )),
            None => Ok(None),
        }
    }

    /// What Argo CD asks this process to render: by a commit and nothing else.
    fn plugin(&self, revision: &str, terminal: &Terminal) -> Result<Option<Sync>, Failure> {
        if terminal.variable(plugin::REPOSITORY).is_none() {
            return match self.by_hand {
                true => Ok(None),
                false => Err(Error::NotToldWhatToRender.into()),
            };
        }
        let revision = concrete_revision("--revision", revision)?;
        plugin::asked(revision, self.repository.as_deref(), terminal).map(Some)
    }

    /// The sync that this process is a hook of.
    fn hook(&self, terminal: &mut Terminal) -> Result<Option<Hook<'_>>, Failure> {
        let (Some(application), Some(repository)) = (&self.application, &self.repository) else {
            return Ok(None);
        };
        let (namespace, name) = application_name(application)?;
        let gate = self.gate_source.iter().map(|text| {
            GateSource::parse(text).ok_or_else(|| Error::GateSource { text: text.clone() })
        });
        let cluster = Cluster::of_pod(
            &self.service_account,
            terminal.variable("KUBERNETES_SERVICE_HOST"),
            terminal.variable("KUBERNETES_SERVICE_PORT"),
        )?;
        let hook = Hook::begin(
            cluster,
            namespace,
            name,
            repository,
            gate.collect::<Result<_, _>>()?,
            &|| later(terminal.now, terminal.elapsed()),
        )?;
        terminal.say(&hook.line());
        Ok(Some(hook))
    }
}

/// What may come until then and change the answer. Where one unit is refused for another reason, nothing does.
fn awaited(answers: &Result<Vec<Answer>, gate::Error>, end: Timestamp) -> Option<&'static str> {
    let answers = match answers {
        Ok(answers) => answers,
        Err(gate::Error::GateRefused(refusal)) => {
            return (refusal.reason == Reason::Missing).then_some(NO_VERDICT);
        }
        Err(error) => return (Exit::of_error(error) == Exit::Temporary).then_some(NO_VERDICT),
    };
    let mut others = answers.iter().filter(|answer| answer.result.is_err());
    let is_behind = |answer: &Answer| match &answer.result {
        Err(AdmitError::Error(error)) => error.clock_is_right_at().is_some_and(|at| at <= end),
        _ => false,
    };
    let behind = answers.iter().any(is_behind);
    let missing = answers.iter().any(is_missing);
    match others.all(|answer| is_missing(answer) || is_behind(answer)) {
        true if missing => Some(NO_VERDICT),
        true if behind => {
            Some("the clock is a little behind the newest link; waiting until it is not")
        }
        _ => None,
    }
}

fn is_missing(answer: &Answer) -> bool {
    match &answer.result {
        Err(AdmitError::Refused { refusals, .. }) => refusals
            .iter()
            .all(|refusal| refusal.reason == Reason::Missing),
        _ => false,
    }
}

fn later(now: Timestamp, waited: SignedDuration) -> Timestamp {
    now.checked_add(waited).unwrap_or(Timestamp::MAX)
}

fn wait(text: &str) -> Result<SignedDuration, String> {
    let duration = match text {
        "0" | "0s" => SignedDuration::ZERO,
        text => parse_duration(text).ok_or("a duration such as `15m` or `0s`")?,
    };
    if duration > SignedDuration::from_mins(60) {
        return Err("at most 60m".to_owned());
    }
    Ok(duration)
}

const NO_VERDICT: &str = "no verdict yet; waiting for it";
const MAIN: &str = "main";
const REVISION: &str = "TIDEGATE_REVISION";
const POLL: Duration = Duration::from_secs(2);
