//! The command line: one file a subcommand, each with its arguments and `run`.
//! The only place that reads the clock, the environment and the working directory.

mod admit;
mod asked;
mod backups;
mod baseline;
mod cache;
mod calendar;
mod check;
mod child;
mod ci;
mod clock;
mod clone;
mod cluster;
mod common;
mod config;
mod demo;
mod diff;
mod doctor;
mod environments;
mod evidence;
mod explain;
mod facts;
mod hook;
mod https;
mod images;
mod init;
mod keys;
mod kubeconfig;
mod output;
mod plugin;
mod policy;
mod pre_push;
mod promote;
mod publish;
mod registry;
mod render;
mod renderers;
mod replay;
mod sign;
mod signers;
mod sync;
mod terminal;
mod timings;
mod trusted;
mod variables;
mod verdict;
mod verdicts;
mod verify;
mod withdraw;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::panic;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::model::Exit;
use terminal::{ColorWhen, Terminal};

/// Parses the arguments of the process, runs the command, and returns its exit code.
#[must_use]
pub fn run() -> ExitCode {
    panic::set_hook(Box::new(report_bug));
    let exit = or_bug(|| {
        let mut terminal = Terminal::of_process();
        run_with(std::env::args_os(), &mut terminal)
    });
    ExitCode::from(exit.code())
}

/// How the work ends; a panic is a bug, whatever was said before it.
fn or_bug(work: impl FnOnce() -> Exit + panic::UnwindSafe) -> Exit {
    panic::catch_unwind(work).unwrap_or(Exit::Bug)
}

/// Says where, and not what: the message of a panic may hold content of a manifest.
fn report_bug(panic: &panic::PanicHookInfo<'_>) {
    if crate::git::catches_panics() {
        return;
    }
    let place = panic.location().map_or_else(String::new, |place| {
        format!(" at {}:{}", place.file(), place.line())
    });
    let _ = writeln!(
        io::stderr(),
        "internal error in tidegate {}{place}; this is not a pass; please report it",
        env!("CARGO_PKG_VERSION")
    );
}

fn run_with(arguments: impl IntoIterator<Item = OsString>, terminal: &mut Terminal) -> Exit {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return asked::end(&error, &arguments, terminal),
    };
    terminal.set_color(cli.color);
    if let Some(folder) = cli.directory
        && let Err(error) = terminal.enter(&folder)
    {
        return terminal.print_error(&error);
    }
    terminal.warn_misspelt();
    let exit = match cli.command.run(terminal) {
        Ok(exit) => exit,
        Err(error) => terminal.print_error(error.as_ref()),
    };
    terminal.finish(exit)
}

/// Judges what a commit range changes in a GitOps repository, and signs the verdict.
///
/// Exit codes: 0 pass, not applicable, or observed; 1 denied; 2 usage; 3 could not judge;
/// 4 refused (verify, admit, promote), or not the same (replay); 70 bug; 75 temporary.
#[derive(Parser)]
#[command(name = "tidegate", version, max_term_width = 100)]
struct Cli {
    /// Run as if started in this folder
    #[arg(short = 'C', value_name = "DIR", global = true, display_order = 900)]
    directory: Option<PathBuf>,
    /// When to use colour; auto: on a terminal, unless `NO_COLOR` is set
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColorWhen::Auto, global = true, display_order = 901)]
    color: ColorWhen,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Args),
    Init(init::Args),
    Check(check::Args),
    Diff(diff::Args),
    Environments(environments::Args),
    Calendar(calendar::Args),
    Render(render::Args),
    Facts(facts::Args),
    Images(images::Args),
    Backups(backups::Args),
    Evidence(evidence::Args),
    Explain(explain::Args),
    Baseline(baseline::Args),
    Sign(sign::Args),
    Verify(verify::Args),
    Admit(admit::Args),
    Publish(publish::Args),
    Promote(promote::Args),
    Withdraw(withdraw::Args),
    Verdict(verdict::Args),
    Replay(replay::Args),
    Keys(keys::Args),
    Ci(ci::Args),
    Config(config::Args),
    Policy(policy::Args),
    Hook(hook::Args),
    Doctor(doctor::Args),
    Cache(cache::Args),
}

impl Command {
    fn run(self, terminal: &mut Terminal) -> common::Outcome {
        if self.rests_on_the_clock() {
            clock::check(terminal.now)?;
        }
        match self {
            Self::Demo(args) => args.run(terminal),
            Self::Init(args) => args.run(terminal),
            Self::Check(args) => args.run(terminal),
            Self::Diff(args) => args.run(terminal),
            Self::Environments(args) => args.run(terminal),
            Self::Calendar(args) => args.run(terminal),
            Self::Render(args) => args.run(terminal),
            Self::Facts(args) => args.run(terminal),
            Self::Images(args) => args.run(terminal),
            Self::Backups(args) => args.run(terminal),
            Self::Evidence(args) => args.run(terminal),
            Self::Explain(args) => args.run(terminal),
            Self::Baseline(args) => args.run(terminal),
            Self::Sign(args) => args.run(terminal),
            Self::Verify(args) => args.run(terminal),
            Self::Admit(args) => args.run(terminal),
            Self::Publish(args) => args.run(terminal),
            Self::Promote(args) => args.run(terminal),
            Self::Withdraw(args) => args.run(terminal),
            Self::Verdict(args) => args.run(terminal),
            Self::Replay(args) => args.run(terminal),
            Self::Keys(args) => args.run(terminal),
            Self::Ci(args) => args.run(terminal),
            Self::Config(args) => args.run(terminal),
            Self::Policy(args) => args.run(terminal),
            Self::Hook(args) => args.run(terminal),
            Self::Doctor(args) => args.run(terminal),
            Self::Cache(args) => args.run(terminal),
        }
    }

    /// Whether what it says counts, and for how long, depends on when this machine says it is.
    fn rests_on_the_clock(&self) -> bool {
        matches!(
            self,
            Self::Baseline(_)
                | Self::Sign(_)
                | Self::Verify(_)
                | Self::Admit(_)
                | Self::Promote(_)
                | Self::Ci(_)
                | Self::Evidence(_)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_ends_as_a_bug_and_never_as_a_pass() {
        assert_eq!(or_bug(|| panic!("planted")).code(), 70);
        assert_eq!(or_bug(|| Exit::Pass).code(), 0);
        // A process that aborts instead would end by a signal, and say nothing.
        let manifest = include_str!("../../Cargo.toml");
        assert!(!manifest.contains("panic = \"abort\""));
    }
}
