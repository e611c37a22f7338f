//! A line for each window, with the time that it holds; the marks above say when.
//! Knows nothing of what a window is about.

use std::io::{self, Write};

use jiff::{SignedDuration, Timestamp};

use super::axis::{place, ticks};
use super::{Color, Cover, Page, Row, Style, color, cut};
use crate::calendar::Kind;

pub(super) fn write(page: &Page<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let names = page.marked().map(|(_, row)| row.name().chars().count());
    let Some(widest) = names.max() else {
        return Ok(());
    };
    let names = widest.min(MOST_NAME);
    let width = style.width.saturating_sub(names + 3).max(20);
    let indent = " ".repeat(names + 3);
    writeln!(out)?;
    writeln!(
        out,
        "{}",
        style.paint(axis(page, &indent, width).trim_end(), Color::Dim)
    )?;
    for (letter, row) in page.marked() {
        let name = format!("{:names$}", cut(&row.name(), names));
        let bar: String = bar(page, row, width, style);
        let bar = style.paint(bar.trim_end(), color(row.window.kind));
        writeln!(out, "{letter} {name} {bar}")?;
    }
    let (from, to) = page.span();
    if from <= page.now && page.now < to {
        let at = place(page, page.now, width);
        let mark = if at + 5 <= width || at < 4 {
            format!("{}^ now", " ".repeat(at))
        } else {
            format!("{}now ^", " ".repeat(at - 4))
        };
        writeln!(out, "{indent}{}", style.paint(&mark, Color::Bold))?;
    }
    Ok(())
}

/// The marks, as many as have room.
fn axis(page: &Page<'_>, indent: &str, width: usize) -> String {
    let mut row = indent.to_owned();
    let mut column = 0;
    for (instant, words) in ticks(page) {
        let at = place(page, instant, width);
        let length = words.chars().count() + 1;
        if (at > 0 && at <= column) || at + length > width {
            continue;
        }
        row.push_str(&" ".repeat(at - column));
        row.push('|');
        row.push_str(&words);
        column = at + length;
    }
    row
}

fn bar(page: &Page<'_>, row: &Row<'_>, width: usize, style: Style) -> String {
    let (whole, part) = signs(row.window.kind, style);
    let columns = (0..width).map(|at| {
        match row.cover(instant(page, at, width), instant(page, at + 1, width)) {
            Cover::None => ' ',
            Cover::Part => part,
            Cover::Whole => whole,
        }
    });
    columns.collect()
}

/// The instant at which a column begins.
fn instant(page: &Page<'_>, column: usize, width: usize) -> Timestamp {
    let (from, to) = page.span();
    let whole = i128::from(to.as_second()) - i128::from(from.as_second());
    let column = i128::try_from(column).unwrap_or_default();
    let part = whole * column / i128::try_from(width).unwrap_or(1).max(1);
    let part = SignedDuration::from_secs(i64::try_from(part).unwrap_or_default());
    from.checked_add(part).unwrap_or(to)
}

/// What stands for a time that a window holds, and for one of which it holds a part.
pub(super) fn signs(kind: Kind, style: Style) -> (char, char) {
    match (kind, style.unicode) {
        (Kind::Freeze, false) => ('#', '+'),
        (Kind::Freeze, true) => ('\u{2588}', '\u{258c}'),
        (Kind::Maintenance, false) => ('=', '-'),
        (Kind::Maintenance, true) => ('\u{2550}', '\u{2500}'),
        (Kind::Quiet, false) => ('~', '.'),
        (Kind::Quiet, true) => ('\u{2591}', '\u{b7}'),
    }
}

const MOST_NAME: usize = 36;
