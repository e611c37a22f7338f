//! The timeline as an SVG picture, alone or on a page. Whole numbers only, no script, nothing from elsewhere.
//! Knows nothing of what a window is about beyond its words.

use std::io::{self, Write};

use super::axis::{place, ticks};
use super::words::{self, escaped};
use super::{Page, Row, cut};
use crate::calendar::{Kind, Window};

/// Writes the timeline as an SVG document.
///
/// # Errors
/// The writer's.
pub fn write_svg(page: &Page<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    write(page, out)
}

/// Writes the `svg` element.
pub(super) fn write(page: &Page<'_>, out: &mut dyn Write) -> io::Result<()> {
    let rows = page.marked().count();
    let foot = TOP + rows * ROW;
    let height = foot + BOTTOM;
    let width = LEFT + WIDTH + RIGHT;
    let title = escaped(&format!("{}, {} to {}", page.title, page.from, page.to));
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{title}\">"
    )?;
    writeln!(out, "<title>{title}</title>\n<style>{STYLE}</style>")?;
    writeln!(
        out,
        "<rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>"
    )?;
    writeln!(
        out,
        "<text class=\"title\" x=\"8\" y=\"20\">{title}; days of {}</text>",
        escaped(page.zone_name())
    )?;
    for (instant, words) in ticks(page) {
        let x = LEFT + place(page, instant, WIDTH);
        writeln!(
            out,
            "<line class=\"tick\" x1=\"{x}\" y1=\"{}\" x2=\"{x}\" y2=\"{foot}\"/><text class=\"mark\" x=\"{}\" y=\"{}\">{}</text>",
            TOP - 12,
            x + 3,
            TOP - 6,
            escaped(&words)
        )?;
    }
    for (at, (letter, row)) in page.marked().enumerate() {
        write_row(page, letter, row, TOP + at * ROW, out)?;
    }
    let (from, to) = page.span();
    if from <= page.now && page.now < to {
        let x = LEFT + place(page, page.now, WIDTH);
        writeln!(
            out,
            "<line class=\"now\" x1=\"{x}\" y1=\"{}\" x2=\"{x}\" y2=\"{foot}\"><title>{}</title></line><text class=\"mark\" x=\"{}\" y=\"{}\">now</text>",
            TOP - 12,
            words::instant(page.now, &page.zone),
            x - 12,
            foot + 14
        )?;
    }
    for (at, (class, words)) in LEGEND.iter().enumerate() {
        let x = 8 + at * 200;
        writeln!(
            out,
            "<rect class=\"{class}\" x=\"{x}\" y=\"{}\" width=\"12\" height=\"12\"/><text class=\"mark\" x=\"{}\" y=\"{}\">{words}</text>",
            foot + 22,
            x + 18,
            foot + 32
        )?;
    }
    writeln!(out, "</svg>")
}

fn write_row(
    page: &Page<'_>,
    letter: char,
    row: &Row<'_>,
    y: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let name = escaped(&cut(&format!("{letter} {}", row.name()), MOST_NAME));
    let whom = escaped(&cut(&words::whom(row.window), MOST_WHOM));
    let about = words::about(row.window).join("; ");
    let about = escaped(&format!("{}: {about}", row.name()));
    writeln!(
        out,
        "<g><text class=\"name\" x=\"8\" y=\"{}\">{name}<title>{about}</title></text><text class=\"whom\" x=\"20\" y=\"{}\">{whom}</text>",
        y + 16,
        y + 30
    )?;
    for occurrence in &row.occurrences {
        let from = place(page, occurrence.from, WIDTH);
        let to = occurrence.to.map_or(WIDTH, |to| place(page, to, WIDTH));
        // What is shorter than a point is seen, too.
        let width = (to - from).max(2);
        writeln!(
            out,
            "<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{width}\" height=\"{BAR}\"><title>{}</title></rect>",
            class(row.window),
            LEFT + from,
            y + 6,
            escaped(&words::occurrence(row.window, occurrence))
        )?;
    }
    if let Some(first) = row.occurrences.first() {
        let more = row.occurrences.len() - 1;
        let more = match more {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        let begins = LEFT + place(page, first.from, WIDTH);
        writeln!(
            out,
            "<text class=\"whom\" x=\"{}\" y=\"{}\">{}{more}</text>",
            begins.min(LEFT + WIDTH - DATES),
            y + 34,
            escaped(&words::days(first))
        )?;
    }
    writeln!(out, "</g>")
}

/// The classes of a window: what it does, and whether it holds some changes only.
pub(super) fn class(window: &Window) -> &'static str {
    match (window.kind, window.holds_some()) {
        (Kind::Freeze, false) => "freeze",
        (Kind::Freeze, true) => "freeze some",
        (Kind::Maintenance, false) => "maintenance",
        (Kind::Maintenance, true) => "maintenance some",
        (Kind::Quiet, false) => "quiet",
        (Kind::Quiet, true) => "quiet some",
    }
}

const LEFT: usize = 260;
const WIDTH: usize = 900;
const RIGHT: usize = 40;
const TOP: usize = 60;
const ROW: usize = 42;
const BAR: usize = 16;
const BOTTOM: usize = 44;
/// The width of the dates of an occurrence, at the most.
const DATES: usize = 260;
const MOST_NAME: usize = 34;
const MOST_WHOM: usize = 40;

pub(super) const LEGEND: [(&str, &str); 4] = [
    ("freeze", "freeze"),
    ("freeze some", "freeze of some changes"),
    ("maintenance", "maintenance"),
    ("quiet", "quiet"),
];

const STYLE: &str = "\
.paper{fill:#fff}.tick{stroke:#ccc}.title,.mark,.name{font:12px sans-serif;fill:#222}.title{font-weight:bold}\
.mark,.whom{fill:#666}.whom{font:10px sans-serif}.some{fill-opacity:.4}\
.freeze{fill:#c62828}.maintenance{fill:#2e7d32}.quiet{fill:#f9a825}.now{stroke:#1565c0;stroke-width:2}";
