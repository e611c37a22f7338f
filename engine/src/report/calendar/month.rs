//! Months as people know them from a wall: a letter for each window that holds on a day, a capital where
//! it holds the whole day. Knows nothing of what a window is about.

use std::io::{self, Write};

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::{Color, Cover, Page, Style, color};
use crate::calendar::{Kind, Window};

pub(super) fn write(page: &Page<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let beside = ((style.width + GAP.len()) / (WIDTH + GAP.len())).max(1);
    for months in months(page).chunks(beside) {
        let blocks: Vec<Vec<String>> = months.iter().map(|m| block(page, *m, style)).collect();
        let height = blocks.iter().map(Vec::len).max().unwrap_or_default();
        writeln!(out)?;
        for at in 0..height {
            let empty = " ".repeat(WIDTH);
            let parts = blocks.iter().map(|rows| rows.get(at).unwrap_or(&empty));
            let row = parts.map(String::as_str).collect::<Vec<_>>().join(GAP);
            writeln!(out, "{}", row.trim_end())?;
        }
    }
    Ok(())
}

/// The first days of the months that are shown.
pub(super) fn months(page: &Page<'_>) -> Vec<Date> {
    let mut months = Vec::new();
    let mut month = page.from.first_of_month();
    while month < page.to {
        months.push(month);
        match month.checked_add(1.month()) {
            Ok(next) => month = next,
            Err(_) => break,
        }
    }
    months
}

/// The days of a month in weeks that begin on Monday; `None` stands for a day of another month, or
/// beyond what is shown.
pub(super) fn weeks(page: &Page<'_>, month: Date) -> Vec<[Option<Date>; 7]> {
    let mut weeks = Vec::new();
    let mut week = [None; 7];
    let mut day = month;
    loop {
        let at = usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or_default();
        if let Some(place) = week.get_mut(at) {
            *place = (page.from <= day && day < page.to).then_some(day);
        }
        if at == 6 || day == month.last_of_month() {
            weeks.push(std::mem::take(&mut week));
        }
        match day.tomorrow() {
            Ok(next) if next.month() == month.month() => day = next,
            _ => return weeks,
        }
    }
}

/// What holds on a day: the letters of the windows, capitals for those that hold all of it.
pub(super) fn on<'p>(page: &'p Page<'_>, day: Date) -> Vec<(char, &'p Window, Cover)> {
    let (from, to) = (
        page.begin(day),
        day.tomorrow()
            .map_or(page.begin(day), |next| page.begin(next)),
    );
    let held = page.marked().filter_map(|(letter, row)| {
        let letter = match row.cover(from, to) {
            Cover::None => return None,
            Cover::Part => (letter.to_ascii_lowercase(), Cover::Part),
            Cover::Whole => (letter, Cover::Whole),
        };
        Some((letter.0, row.window, letter.1))
    });
    held.collect()
}

pub(super) fn heading(month: Date) -> String {
    month.strftime("%B %Y").to_string()
}

fn block(page: &Page<'_>, month: Date, style: Style) -> Vec<String> {
    let heading = format!("{:WIDTH$}", format!(" {}", heading(month)));
    let names: String = DAYS.iter().map(|name| format!(" {name}  ")).collect();
    let mut rows = vec![
        style.paint(&heading, Color::Bold),
        style.paint(&names, Color::Dim),
    ];
    for week in weeks(page, month) {
        let cells = week.iter().map(|day| match day {
            None => " ".repeat(CELL),
            Some(day) => cell(page, *day, style),
        });
        rows.push(cells.collect());
    }
    rows
}

/// `>20Ab`: today, the day, and what holds.
fn cell(page: &Page<'_>, day: Date, style: Style) -> String {
    let held = on(page, day);
    let today = page.zone.to_datetime(page.now).date() == day;
    let marks = match held.as_slice() {
        [(one, ..)] => one.to_string(),
        [(one, ..), (two, ..)] => format!("{one}{two}"),
        [(one, ..), _, ..] => format!("{one}+"),
        [] => String::new(),
    };
    let text = format!(
        "{}{:>2}{marks:<2}",
        if today { '>' } else { ' ' },
        day.day()
    );
    // A freeze is what people look for.
    let windows = held.iter().map(|(_, window, _)| *window);
    match windows.min_by_key(|window| rank(window)) {
        Some(window) => style.paint(&text, color(window.kind)),
        None if today => style.paint(&text, Color::Bold),
        None => text,
    }
}

/// What decides the colour of a day: the strictest, and of two the one that holds more.
pub(super) fn rank(window: &Window) -> (u8, bool) {
    let kind = match window.kind {
        Kind::Freeze => 0,
        Kind::Quiet => 1,
        Kind::Maintenance => 2,
    };
    (kind, window.holds_some())
}

pub(super) const DAYS: [&str; 7] = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];
const CELL: usize = 5;
const WIDTH: usize = 7 * CELL;
const GAP: &str = "    ";
