//! What `doctor` says of calendars: how many there are, which of them hold nothing any more, and where production
//! has none. Judges nothing.

use jiff::{SignedDuration, Timestamp};

use super::{failed, ok};
use crate::calendar::{Calendar, Error, tzdb_version};
use crate::cli::calendar;
use crate::cli::terminal::Terminal;
use crate::config::{Config, Environment};
use crate::model::Stage;
use crate::report::doctor::{Check, State};
use crate::report::plural;

/// A line about all of them, and one for each that is not as it should be.
pub(super) fn checks(mut config: Config, terminal: &Terminal) -> Vec<Check> {
    let files = match calendar::files(&config, terminal) {
        Ok(files) => files,
        Err(error) => return vec![failed(NAME, &error)],
    };
    if let Err(error) = config.read_calendars(&files) {
        return vec![failed(NAME, &error)];
    }
    let mut checks = vec![ok(NAME, counted(&config))];
    let calendars = config.calendars.values();
    checks.extend(calendars.filter_map(|calendar| to_come(calendar, terminal.now)));
    let production = config.environments.iter();
    checks.extend(production.filter(|it| has_none(it)).map(missing));
    checks
}

fn counted(config: &Config) -> String {
    let windows = config.calendars.values().map(|it| it.windows.len()).sum();
    match config.calendars.len() {
        0 => "none".to_owned(),
        count => format!(
            "{} with {}, by the time zone database {}",
            plural(count, "calendar", "calendars"),
            plural(windows, "window", "windows"),
            tzdb_version()
        ),
    }
}

/// That nothing of a calendar is open or will be.
fn to_come(calendar: &Calendar, now: Timestamp) -> Option<Check> {
    match is_over(calendar, now) {
        Ok(false) => None,
        Ok(true) => Some(Check {
            name: NAME,
            state: State::Wrong,
            about: format!(
                "no window of `{}` is open, and none opens within three years",
                calendar.name
            ),
            help: Some(
                "write down the windows of the time that comes, or let them repeat".to_owned(),
            ),
        }),
        Err(error) => Some(failed(NAME, &error)),
    }
}

fn is_over(calendar: &Calendar, now: Timestamp) -> Result<bool, Error> {
    for window in &calendar.windows {
        if window.active(now)?.is_some() || window.next(now, AHEAD)?.is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}

fn has_none(environment: &Environment) -> bool {
    environment.stage == Stage::Production && environment.calendars.is_empty()
}

fn missing(environment: &Environment) -> Check {
    Check {
        name: NAME,
        state: State::Missing,
        about: format!(
            "`{}` is production, and no calendar says when it must not change",
            environment.name
        ),
        help: Some(
            "name one under `calendars` of the environment; `presets` has what most shops need"
                .to_owned(),
        ),
    }
}

const NAME: &str = "calendars";
const AHEAD: SignedDuration = SignedDuration::from_hours(3 * 366 * 24);
