//! `tidegate calendar lint`: what looks wrong with calendars that can be read.
//! Finds nothing itself.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use miette::Diagnostic;

use super::Source;
use crate::calendar::{self, Lint, Look, Place, Whose};
use crate::cli::common::Outcome;
use crate::cli::output::{self, Format};
use crate::cli::terminal::Terminal;
use crate::config::Config;
use crate::model::{Effect, Exit, Finding};
use crate::report::calendar as view;

/// Say what looks wrong with the calendars: windows that are over, last too long or overlap, and years
/// that leave no time for changes
///
/// What cannot be read at all, such as a window that ends before it begins, is an error. The exit code
/// is 1 where something is denied, and 0 where something is only warned of.
#[derive(clap::Args)]
pub(super) struct Args {
    /// How many days a freeze may last
    #[arg(long, value_name = "DAYS", default_value_t = 31, value_parser = clap::value_parser!(u16).range(1..))]
    longest: u16,
    #[command(flatten)]
    source: Source,
    /// human | json, to standard output or to a file (`json=lint.json`); may be repeated
    #[arg(long, value_name = "FORMAT[=PATH]")]
    output: Vec<String>,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let outputs = output::parse_plain(&self.output, &terminal.directory)?;
        let now = self.source.now(terminal)?;
        let config = self.source.config(terminal)?;
        let look = Look {
            now,
            horizon: YEAR,
            longest: SignedDuration::from_hours(24 * i64::from(self.longest)),
        };
        let findings = findings(&config, look)?;
        output::write_each(&outputs, terminal, &|format, style, out| match format {
            Format::Json => view::write_lint_json(&findings, now, out),
            _ => view::write_lint(&findings, config.calendars.len(), style, out),
        })?;
        let denied = findings.iter().any(|one| one.effect == Effect::Deny);
        Ok(if denied { Exit::Denied } else { Exit::Pass })
    }
}

fn findings(
    config: &Config,
    look: Look,
) -> Result<Vec<Finding>, Box<dyn Diagnostic + Send + Sync>> {
    let mut findings: Vec<Finding> = Vec::new();
    // Windows hold together where one environment names their calendars.
    for environment in &config.environments {
        let calendars = config.calendars_of(environment)?;
        findings.extend(calendar::lint(&calendars, look)?.into_iter().map(finding));
    }
    findings.extend(holding_nothing(config));
    let named = |name: &String| {
        let mut environments = config.environments.iter();
        environments.any(|environment| environment.calendars.contains(name))
    };
    for (name, calendar) in config.calendars.iter().filter(|(name, _)| !named(name)) {
        findings.extend(calendar::lint(&[calendar], look)?.into_iter().map(finding));
        findings.push(unused(config, name));
    }
    // Two environments may name the same calendars.
    let mut seen = BTreeSet::new();
    let mut is_new = |one: &Finding| {
        let place = one.location.as_ref().map(ToString::to_string);
        seen.insert((one.code.clone(), one.message.clone(), place))
    };
    findings.retain(|one| is_new(one));
    findings.sort_by_key(|one| one.effect);
    Ok(findings)
}

/// What each window can hold at all, in the environments that have its calendar.
fn holding_nothing(config: &Config) -> Vec<Finding> {
    let tenants = config.environments.iter();
    let tenants = tenants.flat_map(|environment| &environment.tenants);
    let tenants: BTreeSet<&str> = tenants.map(String::as_str).collect();
    let mut findings = Vec::new();
    for (name, calendar) in &config.calendars {
        let having = config.environments.iter();
        let having = having.filter(|environment| environment.calendars.contains(name));
        let whose: Vec<Whose<'_>> = having
            .map(|environment| Whose {
                place: Place {
                    environment: &environment.name,
                    cluster: environment.cluster.as_deref(),
                    region: environment.region.as_deref(),
                },
                tenants: &environment.tenants,
            })
            .collect();
        // One that nobody has is told as that.
        if !whose.is_empty() {
            let found = calendar::reach(calendar, &whose, &tenants);
            findings.extend(found.into_iter().map(finding));
        }
    }
    findings
}

fn finding(lint: Lint) -> Finding {
    let effect = match MAY_BE_MEANT.contains(&lint.code) {
        true => Effect::Warn,
        false => Effect::Deny,
    };
    let message = format!("calendar `{}`: {}", lint.calendar, lint.message);
    let mut finding = Finding::of_engine(lint.code, effect, message);
    finding.location = lint.place;
    finding.remediation = Some(lint.help.to_owned());
    finding
}

fn unused(config: &Config, name: &str) -> Finding {
    let message = format!("no environment names the calendar `{name}`, so that it holds nothing");
    let mut finding = Finding::of_engine("calendar.unused", Effect::Warn, message);
    finding.location = config.location(&format!("/calendars/{name}"));
    finding.remediation = Some("name it under `calendars` of an environment".to_owned());
    finding
}

/// What is shown, and is no reason to stop whoever asks.
const MAY_BE_MEANT: [&str; 5] = [
    "calendar.far-off",
    "calendar.holidays",
    "calendar.overlap",
    "calendar.unlikely",
    "calendar.unowned",
];

/// How far ahead is looked.
const YEAR: SignedDuration = SignedDuration::from_hours(366 * 24);
