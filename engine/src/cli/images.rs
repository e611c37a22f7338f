//! `tidegate images`: the images that a state of the repository, or a range, names, and what proves them.

mod lock;
mod pin;
mod shelf;
mod trust;

use std::path::PathBuf;

use clap::Subcommand;

use super::common::{self, Error, Failure, Outcome};
use super::output::{self, Format};
use super::renderers::{self, Network};
use super::terminal::Terminal;
use crate::gate::{self, Images, Request, Runtime, Signatures, What};
use crate::model::Exit;
use crate::report::images::{self, Judged, Listed, Looked};
use crate::report::{sanitise, signatures};

/// Look at the images that run
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    List(ListArgs),
    Lock(lock::Args),
    Pin(pin::Args),
    Verify(VerifyArgs),
    Trust(trust::Args),
}

/// List every image that the units name, as it is written and as runtimes read it: in pods, volumes, the
/// kinds of operators and the places of `images.locations`. Nothing is fetched, and no policy runs
#[derive(clap::Args)]
struct ListArgs {
    #[command(flatten)]
    asked: Asked,
    #[command(flatten)]
    shown: Shown,
}

/// Verify what is recorded beside the images of the units in `.tidegate/images`, by the authorities of
/// `images.authorities`: of each image its state, who signed it, and how many signatures lie there. Nothing is
/// fetched, and no policy runs. Of a range the base says who may sign, as in `check`; of one state that state itself,
/// with the keys that it brings, which is said. Exit code 1 if one of which a signature is asked for is not proven
#[derive(clap::Args)]
struct VerifyArgs {
    #[command(flatten)]
    asked: Asked,
    #[command(flatten)]
    shown: Shown,
}

#[derive(clap::Args)]
struct Shown {
    /// human | json, to standard output or to a file (`json=images.json`); may be repeated
    #[arg(long, value_name = "FORMAT[=PATH]")]
    output: Vec<String>,
}

#[derive(Clone, clap::Args)]
struct Asked {
    /// A state of the repository; or a range `A..B`: only the images that it brings
    #[arg(value_name = "REV", default_value = "HEAD")]
    revision: String,
    /// Only this environment
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// Only this unit
    #[arg(long, value_name = "NAME")]
    unit: Option<String>,
    /// Use this configuration file instead
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    network: Network,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        match self.command {
            Command::List(args) => args.run(terminal),
            Command::Lock(args) => args.run(terminal),
            Command::Pin(args) => args.run(terminal),
            Command::Verify(args) => args.run(terminal),
            Command::Trust(args) => args.run(terminal),
        }
    }
}

impl ListArgs {
    fn run(self, terminal: &mut Terminal) -> Outcome {
        let outputs = output::parse_plain(&self.shown.output, &terminal.directory)?;
        let found = self.asked.found(terminal, Signatures::LeftOut)?;
        let listed = listed(&found);
        output::write_each(&outputs, terminal, &|format, style, out| match format {
            Format::Human if listed.is_empty() && !found.errors.is_empty() => Ok(()),
            Format::Human => images::write_human(&listed, style, out),
            _ => {
                let json = images::to_json(&listed, Looked::Nowhere);
                writeln!(out, "{}", sanitise::json(&format!("{json:#}")))
            }
        })?;
        Ok(exit(&found, terminal))
    }
}

impl VerifyArgs {
    fn run(self, terminal: &mut Terminal) -> Outcome {
        let outputs = output::parse_plain(&self.shown.output, &terminal.directory)?;
        let own = self.asked.own_judge();
        let found = self.asked.found(terminal, Signatures::Verified)?;
        let listed = listed(&found);
        let judged = Judged {
            asked: found.asked,
            config: &found.judge.config,
            from: own.as_ref().unwrap_or(&found.judge.from),
        };
        output::write_each(&outputs, terminal, &|format, style, out| match format {
            Format::Human if listed.is_empty() && !found.errors.is_empty() => Ok(()),
            Format::Human => signatures::write_human(&listed, judged, style, out),
            _ => {
                let json = images::to_json(&listed, Looked::Beside(judged));
                writeln!(out, "{}", sanitise::json(&format!("{json:#}")))
            }
        })?;
        let proven = match signatures::lacking(&listed, found.asked) {
            0 => Exit::Pass,
            _ => Exit::Denied,
        };
        Ok(proven.max(exit(&found, terminal)))
    }
}

/// Tells what kept units from being read.
fn exit(found: &Images, terminal: &mut Terminal) -> Exit {
    let errors = found.errors.iter();
    let exits = errors.map(|error| terminal.print_error(error.error.as_ref()));
    exits.fold(Exit::Pass, Exit::max)
}

fn listed(found: &Images) -> Vec<Listed<'_>> {
    let units = found.units.iter();
    let listed = units.map(|unit| Listed {
        environment: &unit.environment,
        unit: &unit.unit,
        images: &unit.images,
    });
    listed.collect()
}

impl Asked {
    /// Whether it is all that a state names.
    fn is_whole(&self) -> bool {
        !self.revision.contains("..") && self.env.is_none() && self.unit.is_none()
    }

    /// Where no range has a base that judges: what is said of that, since whoever proposes a state may have written
    /// there who signs.
    fn own_judge(&self) -> Option<String> {
        let revision = &self.revision;
        let asked = format!("`check` asks the base, as `A..{revision}` does here");
        match (revision.contains(".."), &self.config) {
            (true, _) => None,
            (false, None) => Some(format!("`{revision}` itself, with its own keys; {asked}")),
            (false, Some(_)) => Some(format!(
                "the file given by --config, with the keys of `{revision}` itself; {asked}"
            )),
        }
    }

    /// The state whose images are meant.
    fn head(&self) -> &str {
        let head = self.revision.rsplit("..").next().unwrap_or_default();
        if head.is_empty() { "HEAD" } else { head }
    }

    fn found(self, terminal: &Terminal, signatures: Signatures) -> Result<Images, Failure> {
        let is_range = self.revision.contains("..");
        let what = match is_range {
            true => What::Range(self.revision.clone()),
            false => What::State(self.revision.clone()),
        };
        let mut found = self.of(what, terminal, signatures)?;
        if is_range {
            for unit in &mut found.units {
                unit.images.retain(|image| image.changed);
            }
            found.units.retain(|unit| !unit.images.is_empty());
        }
        Ok(found)
    }

    /// The images of all objects that are other ones in the working tree than at HEAD.
    fn in_worktree(self, terminal: &Terminal) -> Result<Images, Failure> {
        self.of(What::Worktree, terminal, Signatures::LeftOut)
    }

    fn of(
        self,
        what: What,
        terminal: &Terminal,
        signatures: Signatures,
    ) -> Result<Images, Failure> {
        let repository = common::repository(&terminal.directory)?;
        // A state alone has no base whose files a configuration could name.
        let own = self.config.is_some() && !self.revision.contains("..");
        let policy_ref = own.then(|| self.revision.clone());
        let config = match self.config {
            None => None,
            Some(file) => {
                let path = terminal.directory.join(&file);
                let bytes = std::fs::read(&path).map_err(|error| Error::read(&path, &error))?;
                Some((file.display().to_string(), bytes))
            }
        };
        let request = Request {
            what,
            environment: self.env,
            unit: self.unit,
            everything: false,
            now: terminal.now,
            policy_ref,
            config,
        };
        let runtime = Runtime {
            workshop: Some(&renderers::kept(terminal, &repository, self.network)),
            ..Runtime::default()
        };
        Ok(gate::images(&repository, &request, signatures, runtime)?)
    }
}
