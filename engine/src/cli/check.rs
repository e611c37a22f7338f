//! `tidegate check`: what a range changes, judged.

use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;
use miette::Diagnostic;

use super::common::{Error, Outcome};
use super::evidence::folder::files;
use super::registry::Wire;
use super::renderers::Network;
use super::terminal::Terminal;
use super::timings::Timings;
use super::verdicts::{Verdicts, is_far};
use super::{common, output, pre_push, renderers};
use crate::gate::{self, Registries, Runtime, Unwatched, Watch};
use crate::model::Exit;
use crate::verdict::RunReport;

/// Judge what a range changes in each environment
///
/// The configuration and the policies are taken from the base, so that a change cannot relax what
/// judges it; with --staged from the index, with --worktree from the working tree. Nothing is signed.
#[derive(Clone, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    selection: Selection,
    /// Judge every object of the units touched, and let old findings block
    #[arg(long)]
    all: bool,
    /// human | json | sarif | junit | github | gitlab | markdown, to standard output or to a file
    /// (`sarif=report.sarif`); may be repeated
    #[arg(long, value_name = "FORMAT[=PATH]")]
    output: Vec<String>,
    /// Where verdicts lie, for policies that ask what other environments have run: `folder:DIR`; with
    /// --online also any other store that `sign` takes
    #[arg(long, value_name = "STORE")]
    verdicts: Option<String>,
    /// Signed evidence of backups and rehearsals beside that in `.tidegate/evidence` of the repository: a folder, as `tidegate evidence`
    /// writes it
    #[arg(long, value_name = "FOLDER")]
    evidence: Option<PathBuf>,
    /// Say on standard error how long each step took, and how much was known from earlier runs
    #[arg(long)]
    timings: bool,
    /// With --online, ask a registry at this host though it is this machine or in a private network, where nobody is
    /// asked else; may be repeated
    #[arg(long, value_name = "HOST[:PORT]", requires = "online")]
    private_registry: Vec<String>,
    /// What a push brings, as Git (on standard input) or pre-commit tells a pre-push hook; new
    /// branches begin at the default branch of REMOTE
    #[arg(
        long,
        value_name = "REMOTE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "origin",
        conflicts_with_all = ["range", "merge_into", "staged", "worktree", "output"]
    )]
    pre_push: Option<String>,
}

impl Args {
    pub(super) fn run(mut self, terminal: &mut Terminal) -> Outcome {
        if let Some(remote) = self.pre_push.take() {
            return self.run_pushed(&remote, terminal);
        }
        let outputs = output::parse(&self.output, &terminal.directory)?;
        let name = self.selection.name();
        let now = self.selection.instant(terminal).unwrap_or(terminal.now);
        let timings = self.timings.then(Timings::start);
        let watch: &dyn Watch = match &timings {
            Some(timings) => timings,
            None => &Unwatched,
        };
        match judged(self, watch, terminal) {
            Ok(report) => {
                if let Some(timings) = &timings {
                    timings.begin_report();
                }
                output::write(&report, &outputs, terminal)?;
                if let Some(timings) = timings {
                    timings.print(terminal);
                }
                let exit = report.exit;
                // The process ends here and gives everything back at once.
                std::mem::forget(report);
                Ok(exit)
            }
            Err(error) => {
                let error: Arc<dyn Diagnostic + Send + Sync> = Arc::from(error);
                let report = RunReport::of_error(name, now, Arc::clone(&error));
                let written = output::write_error(&report, &outputs, terminal);
                let exit = terminal.print_error(error.as_ref());
                written?;
                Ok(exit)
            }
        }
    }
}

impl Args {
    /// Judges each range that is pushed by itself.
    fn run_pushed(self, remote: &str, terminal: &mut Terminal) -> Outcome {
        let repository = common::repository(&terminal.directory)?;
        let ranges = pre_push::ranges(pre_push::told()?, remote, &repository)?;
        if ranges.is_empty() {
            terminal.line("nothing new is pushed, nothing judged; exit 0");
        }
        let mut exit = Exit::Pass;
        for pushed in ranges {
            let mut args = self.clone();
            let selection = &mut args.selection;
            if let (None, Some(judge)) = (&selection.policy_ref, pushed.judge) {
                selection.policy_ref = Some(judge.to_string());
            }
            selection.range = Some(pushed.range.clone());
            let this = args.run(terminal)?;
            if this == Exit::Denied && pushed.is_first() {
                terminal.say(FIRST);
            }
            exit = exit.max(this);
        }
        Ok(exit)
    }
}

fn judged(
    args: Args,
    watch: &dyn Watch,
    terminal: &mut Terminal,
) -> Result<RunReport, Box<dyn Diagnostic + Send + Sync>> {
    let network = args.selection.network;
    let (repository, mut request) = args.selection.resolve(terminal)?;
    request.everything = args.all;
    let evidence = args
        .evidence
        .map(|folder| files(&terminal.directory.join(folder)));
    let evidence = evidence.transpose()?.unwrap_or_default();
    let verdicts = args.verdicts.as_deref();
    if let Some(text) = verdicts.filter(|text| is_far(text) && !network.is_online()) {
        let text = text.to_owned();
        return Err(Error::VerdictsOffline { text }.into());
    }
    let verdicts = verdicts.map(|text| Verdicts::open(text, &repository, terminal));
    let verdicts = verdicts.transpose()?;
    let registries = match network.is_online() {
        true => {
            let wire = Wire::to_images(terminal, &repository, args.private_registry)?;
            Some(Rc::new(Registries::new(Rc::new(wire))))
        }
        false => None,
    };
    let cache = terminal.cache_folder();
    let runtime = Runtime {
        watch,
        cache: cache.as_deref(),
        workshop: Some(&renderers::kept(terminal, &repository, network)),
        verdicts: verdicts.as_ref().map(Verdicts::store),
        evidence: &evidence,
        registries: registries.as_ref(),
    };
    let report = gate::check_within(&repository, &request, runtime)?;
    match registries.map_or(0, |registries| registries.asked()) {
        0 => {}
        1 => terminal.say(&format!("asked the registry of 1 image, {ASKED}")),
        images => terminal.say(&format!("asked the registries of {images} images, {ASKED}")),
    }
    Ok(report)
}

const ASKED: &str = "of which it is not recorded what signs them, or which scan is the newest: `sign` asks nobody; `tidegate images lock` records it";
const FIRST: &str = "\
the remote has nothing to begin from, so all that is there was judged as new, also what a baseline accepted;
where that is what is denied, `git push --no-verify` brings it there, and the next push is judged from it";

/// What `check`, `diff` and `facts` look at.
#[derive(Clone, clap::Args)]
pub(super) struct Selection {
    /// `A..B` (A an ancestor of B) or `A...B` (from where the two parted); with --merge-into, one
    /// revision
    #[arg(value_name = "RANGE")]
    range: Option<String>,
    /// What merging RANGE into this revision would bring; computed in memory
    #[arg(long, value_name = "REV")]
    merge_into: Option<String>,
    /// HEAD against the index: what `git commit` would commit
    #[arg(long)]
    staged: bool,
    /// HEAD against the files as they lie in the working tree, without those that Git ignores
    #[arg(long)]
    worktree: bool,
    /// Only this environment
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// Only this unit
    #[arg(long, value_name = "NAME")]
    unit: Option<String>,
    /// As if it were this instant (RFC 3339)
    #[arg(long, value_name = "INSTANT")]
    now: Option<String>,
    /// Take configuration and policies from this revision, not from the base: the way out where those of
    /// the base cannot be read
    #[arg(long, value_name = "REV")]
    policy_ref: Option<String>,
    /// Use this configuration file instead
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    pub(super) network: Network,
}

impl Selection {
    /// The range as reports name it.
    fn name(&self) -> String {
        let local = match (self.staged, self.worktree) {
            (true, _) => "--staged",
            (false, true) => "--worktree",
            (false, false) => "",
        };
        let range = self.range.as_deref().unwrap_or(local);
        match &self.merge_into {
            Some(into) => format!("{range} --merge-into {into}"),
            None => range.to_owned(),
        }
    }

    fn instant(&self, terminal: &Terminal) -> Result<Timestamp, Error> {
        match &self.now {
            None => Ok(terminal.now),
            Some(text) => instant(text).ok_or_else(|| Error::Now { text: text.clone() }),
        }
    }

    pub(super) fn resolve(
        self,
        terminal: &Terminal,
    ) -> Result<(crate::git::Repository, gate::Request), Box<dyn Diagnostic + Send + Sync>> {
        let now = self.instant(terminal)?;
        let what = match (self.range, self.merge_into, self.staged, self.worktree) {
            (Some(range), None, false, false) => gate::What::Range(range),
            (Some(head), Some(into), false, false) => gate::What::Merge { head, into },
            (None, None, true, false) => gate::What::Staged,
            (None, None, false, true) => gate::What::Worktree,
            (None, _, false, false) => return Err(Error::NoRange.into()),
            _ => return Err(Error::TwoRanges.into()),
        };
        let config = match self.config {
            None => None,
            Some(file) => {
                let path = terminal.directory.join(&file);
                let bytes = std::fs::read(&path).map_err(|error| Error::read(&path, &error))?;
                Some((file.display().to_string(), bytes))
            }
        };
        let repository = if self.staged && terminal.in_hook {
            crate::git::Repository::open_from_env()?
        } else {
            common::repository(&terminal.directory)?
        };
        let request = gate::Request {
            what,
            environment: self.env,
            unit: self.unit,
            everything: false,
            now,
            policy_ref: self.policy_ref,
            config,
        };
        Ok((repository, request))
    }
}

/// An instant since 1970, which is when clocks begin; a leap second is none of theirs.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    let instant: Timestamp = text.parse().ok()?;
    // A zone in brackets may contradict the offset, and is none of RFC 3339's.
    let plain = !text.contains(":60") && !text.contains('[');
    (instant >= Timestamp::UNIX_EPOCH && plain).then_some(instant)
}
