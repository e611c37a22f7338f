//! `tidegate calendar next`: from when on a change may go.
//! Draws nothing itself.

use jiff::{SignedDuration, Timestamp};
use miette::Diagnostic;

use super::Source;
use super::whom::{Asked, TIERS, Whom};
use crate::calendar::{self, Calendar};
use crate::cli::common::Outcome;
use crate::cli::output::{self, Format};
use crate::cli::terminal::Terminal;
use crate::config::{Config, Environment};
use crate::model::Exit;
use crate::report::calendar::{self as view, Answered, Standing, Tier};

/// Say from when on a change may go to each environment, tier by tier, and what holds it until then
///
/// The exit code is 1 where some change that is asked about may not go within the year after.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    whom: Whom,
    #[command(flatten)]
    source: Source,
    /// human | json, to standard output or to a file (`json=next.json`); may be repeated
    #[arg(long, value_name = "FORMAT[=PATH]")]
    output: Vec<String>,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let outputs = output::parse_plain(&self.output, &terminal.directory)?;
        let now = self.source.now(terminal)?;
        let config = self.source.config(terminal)?;
        let environments = self.whom.environments(&config)?;
        let answers = environments
            .iter()
            .map(|environment| answered(&config, environment, &self.whom, now))
            .collect::<Result<Vec<_>, _>>()?;
        output::write_each(&outputs, terminal, &|format, style, out| match format {
            Format::Json => view::write_answers_json(view::Asked::Next, &answers, now, out),
            _ => view::write_next(&answers, style, out),
        })?;
        let mut tiers = answers.iter().flat_map(|answered| &answered.tiers);
        let shut = tiers.any(|tier| tier.opens.is_none());
        Ok(if shut { Exit::Denied } else { Exit::Pass })
    }
}

/// What the calendars of an environment answer at an instant.
pub(super) fn answered<'c>(
    config: &'c Config,
    environment: &'c Environment,
    whom: &Whom,
    at: Timestamp,
) -> Result<Answered<'c>, Box<dyn Diagnostic + Send + Sync>> {
    let calendars = config.calendars_of(environment)?;
    let asked = Asked::new(whom, Some(environment));
    let tiers = match whom.tier {
        Some(tier) => vec![tier],
        None => TIERS.to_vec(),
    };
    let tiers = tiers.into_iter().map(|tier| {
        let subject = asked.subject(Some(environment), tier);
        of_tier(&calendars, &subject, at)
    });
    let windows = whom.windows(Some(environment), &calendars);
    let windows = windows.into_iter().map(|(calendar, window)| {
        Ok(Standing {
            calendar: &calendar.name,
            window,
            open: window.active(at)?,
            next: window.next(at, HORIZON)?,
        })
    });
    Ok(Answered {
        environment: &environment.name,
        zone: environment.timezone.clone(),
        calendars: calendars
            .iter()
            .map(|calendar| calendar.name.as_str())
            .collect(),
        at,
        note: None,
        horizon: HORIZON,
        tiers: tiers.collect::<Result<_, calendar::Error>>()?,
        windows: windows.collect::<Result<_, calendar::Error>>()?,
    })
}

fn of_tier<'c>(
    calendars: &[&'c Calendar],
    subject: &calendar::Subject<'_>,
    at: Timestamp,
) -> Result<Tier<'c>, calendar::Error> {
    let answer = calendar::answer(calendars, subject, at, HORIZON)?;
    let opens = calendar::opens(calendars, subject, at, HORIZON)?;
    let closes = match opens {
        Some(opens) => closes(calendars, subject, opens)?,
        None => None,
    };
    Ok(Tier {
        tier: subject.tier,
        answer,
        opens,
        closes,
    })
}

/// The first instant at which something holds what nothing holds at `opens`. Not each instant at which
/// the answer turns is one: one maintenance window may end while another is open.
fn closes(
    calendars: &[&Calendar],
    subject: &calendar::Subject<'_>,
    opens: Timestamp,
) -> Result<Option<Timestamp>, calendar::Error> {
    let last = opens.checked_add(HORIZON).unwrap_or(Timestamp::MAX);
    let mut at = opens;
    loop {
        let answer = calendar::answer(calendars, subject, at, last.duration_since(at))?;
        match answer.until {
            _ if !answer.held_by.is_empty() => return Ok(Some(at)),
            Some(turn) => at = turn,
            None => return Ok(None),
        }
    }
}

/// How far ahead is looked.
const HORIZON: SignedDuration = SignedDuration::from_hours(366 * 24);
