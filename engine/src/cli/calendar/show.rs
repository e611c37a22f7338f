//! `tidegate calendar show`: the windows of some days, to look at.
//! Draws nothing itself.

use std::io::{self, Write};
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use miette::Diagnostic;
use serde_json::{Map, Value, json};

use super::Source;
use super::whom::Whom;
use crate::calendar::{Calendar, PRESETS, Preset, Zone, parse_date};
use crate::cli::common::{Error, Outcome};
use crate::cli::output::{self, Formats};
use crate::cli::terminal::Terminal;
use crate::config::{Config, Environment};
use crate::model::{Exit, RepoPath, did_you_mean, limits};
use crate::report::Style;
use crate::report::calendar::{self as view, Page, Row};

/// Show the windows of some days: months and a timeline, or a page or a picture for a browser
///
/// A letter stands for a window, a capital where it holds all day. Windows that let changes of --tier
/// through are left out.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    whom: Whom,
    /// The first day, YYYY-MM-DD; the first of this month when absent
    #[arg(long, value_name = "DAY")]
    from: Option<String>,
    /// The day after the last one; three months later when absent
    #[arg(long, value_name = "DAY")]
    to: Option<String>,
    /// The zone of the days; that of the environment when absent, or the one that all windows have
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// Show this preset instead, as it is with nothing said beside it, in --zone or UTC; may be repeated
    #[arg(long, value_name = "NAME", conflicts_with_all = ["env", "tenant", "config"])]
    preset: Vec<String>,
    #[command(flatten)]
    source: Source,
    /// human | json | html | svg, to standard output or to a file (`html=calendar.html`); may be
    /// repeated
    #[arg(long, value_name = "FORMAT[=PATH]")]
    output: Vec<String>,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let outputs = output::parse::<Format>(&self.output, &terminal.directory)?;
        let now = self.source.now(terminal)?;
        let config = match self.preset.as_slice() {
            [] => self.source.config(terminal)?,
            presets => of_presets(presets, self.zone.as_deref().unwrap_or("UTC"))?,
        };
        let environment = self.whom.environment(&config)?;
        let page = self.page(&config, environment, now)?;
        output::write_each(&outputs, terminal, &|format, style, out| {
            render(&page, format, style, out)
        })?;
        Ok(Exit::Pass)
    }

    fn page<'c>(
        &self,
        config: &'c Config,
        environment: Option<&Environment>,
        now: Timestamp,
    ) -> Result<Page<'c>, Box<dyn Diagnostic + Send + Sync>> {
        let calendars: Vec<&Calendar> = match environment {
            Some(environment) => config.calendars_of(environment)?,
            None => config.calendars.values().collect(),
        };
        let windows = self.whom.windows(environment, &calendars);
        let zone = match (&self.zone, environment) {
            (Some(name), _) => zone(name)?.rules().clone(),
            (None, Some(environment)) => environment.timezone.clone(),
            (None, None) => {
                let mut zones = windows.iter().map(|(_, window)| &window.zone);
                let first = zones.next();
                let one = first.filter(|first| zones.all(|zone| zone == *first));
                one.map_or(TimeZone::UTC, |zone| zone.rules().clone())
            }
        };
        let (from, to) = self.days(zone.to_datetime(now).date())?;
        let title = environment.map_or("all calendars", |environment| &environment.name);
        let mut page = Page {
            title: title.to_owned(),
            zone,
            from,
            to,
            now,
            rows: Vec::new(),
        };
        let (begin, end) = page.span();
        for (calendar, window) in windows {
            let occurrences = window.occurrences(begin, end)?;
            let next = match occurrences.is_empty() {
                true => window.next(end, YEAR)?,
                false => None,
            };
            page.rows.push(Row {
                calendar: &calendar.name,
                window,
                occurrences,
                next,
            });
        }
        page.sort();
        Ok(page)
    }

    /// The first day that is shown, and the day after the last.
    fn days(&self, today: Date) -> Result<(Date, Date), Error> {
        let from = match &self.from {
            Some(text) => day(text)?,
            None => today.first_of_month(),
        };
        let to = match &self.to {
            Some(text) => day(text)?,
            None => from.checked_add(3.months()).unwrap_or(Date::MAX),
        };
        let most = i32::try_from(limits::CALENDAR_DAYS.most).unwrap_or(i32::MAX);
        let days = (to - from).get_days();
        if !(1..=most).contains(&days) {
            return Err(Error::Days { days });
        }
        Ok((from, to))
    }
}

/// A configuration of nothing but presets, each a calendar of its own.
fn of_presets(presets: &[String], zone: &str) -> Result<Config, Box<dyn Diagnostic + Send + Sync>> {
    self::zone(zone)?;
    if let Some(name) = presets.iter().find(|name| Preset::named(name).is_none()) {
        let near = did_you_mean(name, PRESETS.iter().map(|preset| preset.name));
        return Err(Error::unknown_name("preset", name, near).into());
    }
    let calendars = presets.iter().map(|name| {
        let calendar = json!({"timezone": zone, "presets": [name]});
        (name.clone(), calendar)
    });
    let text = json!({
        "environments": [{"name": "example", "paths": ["**"], "calendars": presets}],
        "calendars": calendars.collect::<Map<String, Value>>(),
    });
    let path = RepoPath::from("presets");
    Ok(Config::parse(&path, text.to_string().as_bytes())?)
}

fn render(page: &Page<'_>, format: Format, style: Style, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Human => view::write_human(page, style, out),
        Format::Json => view::write_json(page, out),
        Format::Html => view::write_html(page, out),
        Format::Svg => view::write_svg(page, out),
    }
}

#[derive(Clone, Copy)]
enum Format {
    Human,
    Json,
    Html,
    Svg,
}

impl Formats for Format {
    const HUMAN: Self = Self::Human;
    const ALL: &'static str = "human, json, html, svg";
}

impl FromStr for Format {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "human" => Ok(Self::Human),
            "json" => Ok(Self::Json),
            "html" => Ok(Self::Html),
            "svg" => Ok(Self::Svg),
            _ => Err(()),
        }
    }
}

fn day(text: &str) -> Result<Date, Error> {
    parse_date(text).map_err(|help| Error::Day {
        text: text.to_owned(),
        help,
    })
}

pub(super) fn zone(name: &str) -> Result<Zone, Error> {
    Zone::parse(name).ok_or_else(|| Error::Zone {
        name: name.to_owned(),
    })
}

/// How far ahead the next time is looked for.
const YEAR: SignedDuration = SignedDuration::from_hours(366 * 24);
