//! The process around a command: clock, working directory, streams, how to draw.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::ValueEnum;
use jiff::{SignedDuration, Timestamp};
use miette::Diagnostic;

use super::common::Error;
use super::variables;
use crate::attest::UnitId;
use crate::model::Exit;
use crate::report::{Style, human, sanitise};
use crate::verify::{RejectedFile, rejected_lines};

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorWhen {
    // A doc comment here would make each help page three times as long.
    Auto,
    Always,
    Never,
}

/// The process around a command.
pub(super) struct Terminal {
    /// The clock, read once, in whole seconds.
    pub(super) now: Timestamp,
    /// The same, with what is less than a second: to tell apart what happens within one.
    pub(super) moment: Timestamp,
    /// When the clock was read, of the clock that only goes forward.
    started: Instant,
    /// Where relative paths start.
    pub(super) directory: PathBuf,
    /// Whether Git started this process as a hook.
    pub(super) in_hook: bool,
    /// Whether it is inside another, so that the variables of the process are not about it.
    inside: bool,
    pub(super) out: Box<dyn Write>,
    err: Box<dyn Write>,
    out_style: Style,
    err_style: Style,
    no_color: bool,
    write_failed: bool,
    /// Whether that was more than a reader who had read enough.
    worth_saying: bool,
}

/// The clock, for whoever outlives the moment at which it was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    read: Timestamp,
    started: Instant,
}

impl Clock {
    /// What it says now.
    pub(super) fn now(&self) -> Timestamp {
        let gone_by = SignedDuration::try_from(self.started.elapsed());
        let now = gone_by
            .ok()
            .and_then(|time| self.read.checked_add(time).ok());
        now.unwrap_or(Timestamp::MAX)
    }
}

impl Terminal {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the clock and the environment"
    )]
    pub(super) fn of_process() -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let text = |name: &str| std::env::var(name).unwrap_or_default();
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .into_iter()
            .map(text)
            .find(|value| !value.is_empty())
            .unwrap_or_default()
            .to_ascii_lowercase();
        let unicode = locale.contains("utf-8") || locale.contains("utf8");
        let width = text("COLUMNS").parse().unwrap_or(100_usize).clamp(40, 200);
        let dumb = text("TERM") == "dumb";
        let style = |terminal: bool| Style {
            color: terminal && !dumb,
            unicode: terminal && unicode,
            width,
        };
        let moment = Timestamp::now();
        Self {
            now: whole_seconds(moment),
            moment,
            started: Instant::now(),
            directory: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            in_hook: set("GIT_INDEX_FILE") || set("GIT_DIR"),
            inside: false,
            out: Box::new(io::BufWriter::new(io::stdout())),
            err: Box::new(io::stderr()),
            out_style: style(io::stdout().is_terminal()),
            err_style: style(io::stderr().is_terminal()),
            no_color: set("NO_COLOR"),
            write_failed: false,
            worth_saying: false,
        }
    }

    /// A variable of the process that names what is asked for; never what judges it.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the clock and the environment"
    )]
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        let value = if self.inside {
            None
        } else {
            std::env::var_os(name)
        };
        value.map(|value| value.to_string_lossy().into_owned())
    }

    /// The names of the variables of the process that are set to something.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the clock and the environment"
    )]
    pub(super) fn variable_names(&self) -> Vec<String> {
        if self.inside {
            return Vec::new();
        }
        let set = std::env::vars_os().filter(|(_, value)| !value.is_empty());
        set.map(|(name, _)| name.to_string_lossy().into_owned())
            .collect()
    }

    /// The clock as it goes on from when it was read.
    pub(super) fn clock(&self) -> Clock {
        Clock {
            read: self.now,
            started: self.started,
        }
    }

    /// How long ago the clock was read.
    pub(super) fn elapsed(&self) -> SignedDuration {
        SignedDuration::try_from(self.started.elapsed()).unwrap_or(SignedDuration::MAX)
    }

    /// Where files of this process alone may lie for a while.
    pub(super) fn temporary_folder(&self) -> PathBuf {
        std::env::temp_dir()
    }

    /// Where this user's programs keep what they can make again; `None` where nobody says, and in a job
    /// of a CI service, whose caches pull requests may fill.
    pub(super) fn cache_folder(&self) -> Option<PathBuf> {
        let is_set =
            |name: &&str| !matches!(self.variable(name).as_deref(), None | Some("" | "false"));
        if JOBS.iter().any(is_set) {
            return None;
        }
        let folder = |name: &str| {
            let folder = PathBuf::from(self.variable(name)?);
            folder.is_absolute().then_some(folder)
        };
        let home = || folder("HOME").map(|home| home.join(".cache"));
        let own = folder("XDG_CACHE_HOME").or_else(|| folder("LOCALAPPDATA"));
        Some(own.or_else(home)?.join("tidegate"))
    }

    pub(super) fn set_color(&mut self, when: ColorWhen) {
        let no_color = self.no_color;
        for style in [&mut self.out_style, &mut self.err_style] {
            match when {
                ColorWhen::Always => style.color = true,
                ColorWhen::Never => style.color = false,
                ColorWhen::Auto => style.color &= !no_color,
            }
        }
    }

    /// Starts relative paths in another folder.
    ///
    /// # Errors
    /// It is a file: the repository around it would be taken for what was named.
    pub(super) fn enter(&mut self, folder: &Path) -> Result<(), Error> {
        self.directory = self.directory.join(folder);
        match self.directory.is_file() {
            true => Err(Error::Read {
                path: folder.display().to_string(),
                reason: "it is no folder".to_owned(),
            }),
            false => Ok(()),
        }
    }

    /// A terminal that prints elsewhere, drawn as this one, with the same clock.
    pub(super) fn inside(
        &self,
        directory: &Path,
        out: Box<dyn Write>,
        err: Box<dyn Write>,
    ) -> Self {
        Self {
            now: self.now,
            moment: self.moment,
            started: self.started,
            directory: directory.to_owned(),
            in_hook: false,
            inside: true,
            out,
            err,
            out_style: self.out_style,
            err_style: self.out_style,
            // It is settled already.
            no_color: false,
            write_failed: false,
            worth_saying: false,
        }
    }

    /// Prints to standard error from here on: standard output is somebody else's.
    pub(super) fn leave_standard_output(&mut self) {
        self.flush();
        self.out = Box::new(io::stderr());
        self.out_style = self.err_style;
    }

    /// Sends what was printed on its way.
    pub(super) fn flush(&mut self) {
        let flushed = self.out.flush();
        self.note(&flushed);
    }

    /// Whether something could not be written.
    pub(super) fn is_closed(&self) -> bool {
        self.write_failed
    }

    /// How to draw on standard output.
    pub(super) fn style(&self) -> Style {
        self.out_style
    }

    /// Writes a line to standard output. A closed pipe is remembered, not a panic.
    pub(super) fn line(&mut self, text: &str) {
        let written = writeln!(self.out, "{text}");
        self.note(&written);
    }

    /// Remembers whether writing failed.
    pub(super) fn note<T>(&mut self, written: &io::Result<T>) {
        if let Err(error) = written {
            self.write_failed = true;
            self.worth_saying |= error.kind() != io::ErrorKind::BrokenPipe;
        }
    }

    /// Writes a line to standard error, after what was printed before; nothing depends on its success.
    pub(super) fn say(&mut self, text: &str) {
        self.flush();
        let _ = writeln!(self.err, "{text}");
    }

    /// Names the files of a store that do not count on standard error.
    pub(super) fn warn_rejected(&mut self, unit: &UnitId, rejected: &[RejectedFile]) {
        for line in rejected_lines(rejected) {
            self.say(&sanitise::line(&format!("warning: {unit}: {line}")));
        }
    }

    /// Says of variables that mean nothing which ones were probably meant.
    pub(super) fn warn_misspelt(&mut self) {
        for (name, meant) in variables::misspelt(&self.variable_names()) {
            let text = format!(
                "warning: the variable `{name}` means nothing here: did you mean `{meant}`?"
            );
            self.say(&sanitise::line(&text));
        }
    }

    pub(super) fn print_error(&mut self, error: &(dyn Diagnostic + Send + Sync)) -> Exit {
        self.flush();
        let _ = human::write_error(error, self.err_style, &mut self.err);
        Exit::of_error(error)
    }

    pub(super) fn print_clap(&mut self, error: &clap::Error) -> Exit {
        let text = error.render();
        if error.use_stderr() {
            let _ = write!(self.err, "{text}");
            return Exit::Usage;
        }
        let written = write!(self.out, "{text}");
        self.note(&written);
        self.finish(Exit::Pass)
    }

    /// Empties the buffers. Output that could not be written makes the run an error, unless it was
    /// no pass anyway. Who closed a pipe (`| head`) knows, and is told nothing.
    pub(super) fn finish(&mut self, exit: Exit) -> Exit {
        self.flush();
        if !self.write_failed || exit != Exit::Pass {
            return exit;
        }
        if self.worth_saying {
            self.say("error[io.write]: the output could not be written");
        }
        Exit::Unjudged
    }
}

pub(super) fn whole_seconds(instant: Timestamp) -> Timestamp {
    Timestamp::from_second(instant.as_second()).unwrap_or(instant)
}

/// The variables that CI services set in each job: nearly all of them the first.
const JOBS: [&str; 5] = [
    "CI",
    "TF_BUILD",
    "JENKINS_URL",
    "CODEBUILD_BUILD_ID",
    "TEAMCITY_VERSION",
];
