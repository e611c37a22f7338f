//! `tidegate calendar export`: the windows of an environment for other programs.
//! Expands nothing itself.

use clap::ValueEnum;
use jiff::{SignedDuration, Timestamp};
use miette::Diagnostic;
use serde::Serialize;

use super::Source;
use super::whom::Whom;
use crate::calendar::Window;
use crate::calendar::export::{self, Partial, SyncWindows};
use crate::cli::common::{Error, Outcome};
use crate::cli::terminal::Terminal;
use crate::config::{Config, Environment};
use crate::model::Exit;

/// Print windows for Argo CD, which then waits where it would be refused, or for people's calendar programs
///
/// `argocd` is a merge patch of a project: `kubectl patch appproject NAME --type merge --patch-file FILE`. Argo CD
/// knows no years: export again well before the end that is written above the windows. `ics` reads back as the
/// same windows.
#[derive(clap::Args)]
pub(super) struct Args {
    /// What to print
    #[arg(long, value_name = "FORMAT")]
    to: To,
    #[command(flatten)]
    whom: Whom,
    #[command(flatten)]
    source: Source,
    /// From now on for so many days, 365 at most; `ics`: only what its rules have no words for
    #[arg(long, value_name = "DAYS", default_value_t = 365, value_parser = clap::value_parser!(i64).range(1..=365))]
    days: i64,
    /// `argocd`: the Applications of the project that are meant; may be repeated
    #[arg(long, value_name = "GLOB", default_value = "*")]
    application: Vec<String>,
    /// `argocd`: let people sync by hand meanwhile; the gate is still asked
    #[arg(long)]
    manual_sync: bool,
    /// `argocd`: leave out windows that hold only some changes, which Argo CD cannot tell apart: only the gate holds them
    #[arg(long)]
    leave_partial: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum To {
    /// `syncWindows` of an Argo CD project, for one environment
    Argocd,
    /// An iCalendar file
    Ics,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let now = self.source.now(terminal)?;
        let config = self.source.config(terminal)?;
        let end = now.saturating_add(SignedDuration::from_hours(24 * self.days));
        let span = (now, end.unwrap_or(Timestamp::MAX));
        let environment = self.whom.environment(&config)?;
        match (self.to, environment) {
            (To::Argocd, None) => return Err(Error::NoEnvironment.into()),
            (To::Argocd, Some(environment)) => self.argocd(&config, environment, span, terminal)?,
            (To::Ics, environment) => {
                let calendars = match environment {
                    Some(environment) => config.calendars_of(environment)?,
                    None => config.calendars.values().collect(),
                };
                let windows = self.whom.windows(environment, &calendars).into_iter();
                let windows = windows.map(|(calendar, window)| (calendar.name.as_str(), window));
                let text = export::ics(&windows.collect::<Vec<_>>(), span)?;
                terminal.line(text.strip_suffix('\n').unwrap_or(&text));
            }
        }
        Ok(Exit::Pass)
    }

    fn argocd(
        &self,
        config: &Config,
        environment: &Environment,
        span: (Timestamp, Timestamp),
        terminal: &mut Terminal,
    ) -> Result<(), Box<dyn Diagnostic + Send + Sync>> {
        let calendars = config.calendars_of(environment)?;
        let windows = self.whom.windows(Some(environment), &calendars);
        let windows: Vec<&Window> = windows.into_iter().map(|(_, window)| window).collect();
        let partial = match self.leave_partial {
            true => Partial::LeaveOut,
            false => Partial::Widen,
        };
        let found = export::argocd(&windows, span, partial)?;
        let minute = |instant: Timestamp| instant.strftime("%Y-%m-%dT%H:%MZ").to_string();
        terminal.line(&format!(
            "# Sync windows of environment `{}` from {} to {}, by tidegate. Export them again before:\n\
             # Argo CD knows no years, and takes these dates for those of every year.",
            environment.name,
            minute(span.0),
            minute(span.1),
        ));
        for line in remarks(&found, self.leave_partial) {
            terminal.line(&line);
        }
        terminal.line(self.yaml(&found)?.trim_end());
        Ok(())
    }

    fn yaml(&self, found: &SyncWindows) -> Result<String, Box<dyn Diagnostic + Send + Sync>> {
        let sync_windows = found.windows.iter().map(|window| Listed {
            kind: window.kind,
            schedule: &window.schedule,
            duration: &window.duration,
            time_zone: "UTC",
            applications: &self.application,
            manual_sync: self.manual_sync,
            description: &window.description,
        });
        let patch = Patch {
            spec: Spec {
                sync_windows: sync_windows.collect(),
            },
        };
        serde_yaml::to_string(&patch).map_err(|error| {
            Error::Write {
                path: "standard output".to_owned(),
                reason: error.to_string(),
            }
            .into()
        })
    }
}

/// What Argo CD is told otherwise than the gate.
fn remarks(found: &SyncWindows, left: bool) -> Vec<String> {
    let mut lines = Vec::new();
    if !found.partial.is_empty() {
        let what = match left {
            true => "are left to the gate",
            false => "hold everything here",
        };
        lines.push(format!(
            "# These hold only some changes, which Argo CD cannot tell apart, and {what}: {}",
            found.partial.join(", ")
        ));
    }
    if found.never_open {
        lines.push(
            "# No minute is open to all changes, so that nothing is synced: see --leave-partial, --component and --tier"
                .to_owned(),
        );
    }
    lines
}

#[derive(Serialize)]
struct Patch<'a> {
    spec: Spec<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Spec<'a> {
    sync_windows: Vec<Listed<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed<'a> {
    kind: &'static str,
    schedule: &'a str,
    duration: &'a str,
    time_zone: &'static str,
    applications: &'a [String],
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    manual_sync: bool,
    description: &'a str,
}
