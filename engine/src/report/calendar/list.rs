//! What the letters stand for: each window with when it holds, what, why and whose it is.
//! Knows nothing of how a day is drawn.

use std::io::{self, Write};

use super::{Color, Page, Row, Style, color, words};
use crate::report::wrap;

pub(super) fn write(page: &Page<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out)?;
    if page.rows.is_empty() {
        return writeln!(out, "no window concerns this");
    }
    for (letter, row) in page.marked() {
        write_row(letter, row, style, out)?;
    }
    for row in page.rows.iter().filter(|row| row.occurrences.is_empty()) {
        write_row(' ', row, style, out)?;
    }
    Ok(())
}

fn write_row(letter: char, row: &Row<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let kind = row.window.kind.as_str();
    let name = style.paint(&row.name(), Color::Bold);
    writeln!(
        out,
        "{letter} {} {name}",
        style.paint(&format!("{kind:11}"), color(row.window.kind))
    )?;
    for text in words::times(row)
        .into_iter()
        .chain(words::about(row.window))
    {
        let text = wrap(&format!("{INDENT}{text}"), style.width, "                ");
        writeln!(out, "{text}")?;
    }
    Ok(())
}

const INDENT: &str = "              ";
