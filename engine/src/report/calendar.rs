//! Calendars for people and for programs: months and a timeline for a terminal, a page and a picture for
//! a browser, JSON. Reads no clock and works nothing out: when a window holds, it is told.

mod answers;
mod axis;
mod json;
mod list;
mod month;
mod picture;
mod rule;
mod timeline;
mod web;
mod words;

use std::io::{self, Write};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

pub use answers::{Answered, Standing, Tier, write_explained, write_next};
pub use json::{Asked, schema, write_answers_json, write_json, write_lint_json};
pub use picture::write_svg;
pub use web::write_html;

use super::sanitise::{inert, line};
use super::{Color, Style, drawing};
use crate::calendar::{Kind, Occurrence, Window};
use crate::model::{Effect, Finding};

/// What is shown: windows, and when they hold within some days.
#[derive(Debug)]
pub struct Page<'a> {
    /// Whose calendar it is: `prod`, `all calendars`.
    pub title: String,
    /// The zone of the days.
    pub zone: TimeZone,
    /// The first day.
    pub from: Date,
    /// The day after the last one.
    pub to: Date,
    /// The clock.
    pub now: Timestamp,
    /// The windows.
    pub rows: Vec<Row<'a>>,
}

/// A window and when it holds within the days that are shown.
#[derive(Debug)]
pub struct Row<'a> {
    /// The name of its calendar.
    pub calendar: &'a str,
    /// It.
    pub window: &'a Window,
    /// When it holds, in the order of time.
    pub occurrences: Vec<Occurrence>,
    /// When it holds next, where it does not within these days.
    pub next: Option<Occurrence>,
}

/// Writes months, a timeline and a list for people.
///
/// # Errors
/// The writer's.
pub fn write_human(page: &Page<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut drawn = Vec::new();
    let about = format!(
        "  {} to {}, not included; {}",
        page.from,
        page.to,
        page.zone_name()
    );
    let title = style.paint(&line(&page.title), Color::Bold);
    writeln!(drawn, "{title}{}", style.paint(&about, Color::Dim))?;
    month::write(page, style, &mut drawn)?;
    timeline::write(page, style, &mut drawn)?;
    list::write(page, style, &mut drawn)?;
    out.write_all(inert(&String::from_utf8_lossy(&drawn)).as_bytes())
}

/// Writes what looks wrong with some calendars, for people.
///
/// # Errors
/// The writer's.
pub fn write_lint(
    findings: &[Finding],
    calendars: usize,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut drawn = Vec::new();
    for finding in findings {
        drawing::finding(finding, style, &mut drawn)?;
        writeln!(drawn)?;
    }
    let denied = findings
        .iter()
        .filter(|one| one.effect == Effect::Deny)
        .count();
    let warned = findings.len() - denied;
    writeln!(drawn, "{calendars} calendars: {denied} deny, {warned} warn")?;
    out.write_all(inert(&String::from_utf8_lossy(&drawn)).as_bytes())
}

impl Page<'_> {
    /// Orders the rows by when they hold first; those that do not within these days come last.
    pub fn sort(&mut self) {
        let first = |row: &Row<'_>| row.occurrences.first().map(|one| one.from);
        self.rows.sort_by(|one, other| {
            let key = |row| (first(row).is_none(), first(row));
            let names = |row: &Row<'_>| row.name();
            key(one)
                .cmp(&key(other))
                .then_with(|| names(one).cmp(&names(other)))
        });
    }

    /// Where the days begin and end.
    #[must_use]
    pub fn span(&self) -> (Timestamp, Timestamp) {
        (self.begin(self.from), self.begin(self.to))
    }

    /// The rows that hold within these days, each with its letter.
    fn marked(&self) -> impl Iterator<Item = (char, &Row<'_>)> {
        let letters = ('A'..='Z').chain(std::iter::repeat('*'));
        let shown = self.rows.iter().filter(|row| !row.occurrences.is_empty());
        letters.zip(shown)
    }

    /// The first instant of a day; where clocks go forward at midnight, that is not 00:00.
    fn begin(&self, day: Date) -> Timestamp {
        let begin = day.to_zoned(self.zone.clone());
        begin.map_or(Timestamp::MAX, |begin| begin.timestamp())
    }

    fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }
}

impl Row<'_> {
    /// `retail-2026/black-week`.
    fn name(&self) -> String {
        line(&format!("{}/{}", self.calendar, self.window.id))
    }

    /// How much of a time it holds.
    fn cover(&self, from: Timestamp, to: Timestamp) -> Cover {
        let (mut covered, mut touched) = (from, false);
        for occurrence in &self.occurrences {
            let end = occurrence.to.unwrap_or(Timestamp::MAX);
            if end <= from || occurrence.from >= to {
                continue;
            }
            touched = true;
            if occurrence.from <= covered {
                covered = covered.max(end);
            }
        }
        match touched {
            false => Cover::None,
            true if covered >= to => Cover::Whole,
            true => Cover::Part,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cover {
    None,
    Part,
    Whole,
}

fn color(kind: Kind) -> Color {
    match kind {
        Kind::Freeze => Color::Red,
        Kind::Maintenance => Color::Green,
        Kind::Quiet => Color::Yellow,
    }
}

/// A text of at most `width` characters.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(3)).collect();
    format!("{kept}...")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    /// A freeze in a zone, and days of that zone.
    fn config(zone: &str, from: &str, to: &str) -> Config {
        let text = format!(
            "environments: [{{name: prod, paths: ['**'], calendars: [c]}}]\n\
             calendars: {{c: {{timezone: {zone}, windows: [{{id: w, kind: freeze, from: '{from}', to: '{to}'}}]}}}}\n"
        );
        Config::parse(&"tidegate.yaml".into(), text.as_bytes()).unwrap()
    }

    fn page<'c>(config: &'c Config, from: &str, to: &str) -> Page<'c> {
        let window = &config.calendars["c"].windows[0];
        let mut page = Page {
            title: "prod".to_owned(),
            zone: window.zone.rules().clone(),
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            now: "2026-04-24T12:00:00Z".parse().unwrap(),
            rows: Vec::new(),
        };
        let (begin, end) = page.span();
        page.rows.push(Row {
            calendar: "c",
            window,
            occurrences: window.occurrences(begin, end).unwrap(),
            next: None,
        });
        page
    }

    fn marks(page: &Page<'_>, day: &str) -> String {
        let held = month::on(page, day.parse().unwrap());
        held.iter().map(|(letter, ..)| *letter).collect()
    }

    #[test]
    fn a_day_that_begins_at_one_is_held_whole_from_its_first_instant() {
        // On 24 April the clocks of Cairo go from 00:00 to 01:00.
        let config = config("Africa/Cairo", "2026-04-24T00:00", "2026-04-25T00:00");
        let page = page(&config, "2026-04-01", "2026-05-01");
        let days = ["2026-04-23", "2026-04-24", "2026-04-25"];
        assert_eq!(days.map(|day| marks(&page, day)), ["", "A", ""]);
    }

    #[test]
    fn a_window_of_one_second_is_seen_on_its_day_and_on_the_line() {
        let config = config("Asia/Kolkata", "2026-04-24T23:59:59", "2026-04-25T00:00");
        let page = page(&config, "2026-04-20", "2026-05-01");
        assert_eq!(marks(&page, "2026-04-24"), "a");
        assert_eq!(marks(&page, "2026-04-25"), "");
        let mut drawn = Vec::new();
        timeline::write(&page, Style::PLAIN, &mut drawn).unwrap();
        let drawn = String::from_utf8(drawn).unwrap();
        assert_eq!(drawn.matches('+').count(), 1, "{drawn}");
    }

    #[test]
    fn weeks_begin_on_monday_and_hold_only_the_days_that_are_shown() {
        let config = config("UTC", "2026-04-01T00:00", "2026-04-02T00:00");
        let page = page(&config, "2026-01-31", "2026-03-02");
        let months = month::months(&page);
        assert_eq!(months.len(), 3);
        let days = |month: Date| {
            let weeks = month::weeks(&page, month);
            let days = weeks.iter().flatten().flatten();
            days.map(|day| day.day()).collect::<Vec<_>>()
        };
        assert_eq!(days(months[0]), [31]);
        assert_eq!(days(months[1]), (1..=28).collect::<Vec<_>>());
        assert_eq!(days(months[2]), [1]);
        // February 2026 ends on a Saturday, and begins on a Sunday.
        let february = month::weeks(&page, months[1]);
        assert_eq!(february.len(), 5);
        assert!(february[0][..6].iter().all(Option::is_none));
    }

    #[test]
    fn marks_stand_on_days_weeks_months_or_years() {
        let config = config("Europe/Berlin", "2026-04-01T00:00", "2026-04-02T00:00");
        for (to, first, count) in [
            ("2026-01-04", "Thu 01", 3),
            ("2026-03-01", "05 Jan", 8),
            ("2027-01-01", "Jan", 12),
            ("2030-01-02", "2026", 5),
        ] {
            let ticks = axis::ticks(&page(&config, "2026-01-01", to));
            assert_eq!((ticks[0].1.as_str(), ticks.len()), (first, count), "{to}");
        }
    }

    #[test]
    fn no_text_of_a_window_is_markup_or_steers() {
        assert_eq!(
            words::escaped("<b>&\"\u{1b}\u{202e}"),
            "&lt;b&gt;&amp;&quot;\\u{1b}\\u{202e}"
        );
    }
}
