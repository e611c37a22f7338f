//! The timeline as an SVG picture, alone or on a page. Whole numbers only, no script, nothing from elsewhere.
//! Knows nothing of what a window is about beyond its words.

use std::io::{self, Write};

use super::axis::{place, ticks};
use super::words::{self, escaped};
use super::{Page, Row, cut};
use crate::calendar::Kind;

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
    let height = TOP + rows * ROW + BOTTOM;
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
    for (instant, words) in ticks(page) {
        let x = LEFT + place(page, instant, WIDTH);
        let bottom = height - BOTTOM;
        writeln!(
            out,
            "<line class=\"tick\" x1=\"{x}\" y1=\"{}\" x2=\"{x}\" y2=\"{bottom}\"/><text class=\"mark\" x=\"{}\" y=\"{}\">{}</text>",
            TOP - 12,
            x + 3,
            TOP - 6,
            escaped(&words)
        )?;
    }
    for (at, (_, row)) in page.marked().enumerate() {
        write_row(page, row, TOP + at * ROW, out)?;
    }
    let (from, to) = page.span();
    if from <= page.now && page.now < to {
        let x = LEFT + place(page, page.now, WIDTH);
        let bottom = height - BOTTOM;
        writeln!(
            out,
            "<line class=\"now\" x1=\"{x}\" y1=\"{}\" x2=\"{x}\" y2=\"{bottom}\"><title>{}</title></line>",
            TOP - 12,
            words::instant(page.now, &page.zone)
        )?;
    }
    writeln!(out, "</svg>")
}

fn write_row(page: &Page<'_>, row: &Row<'_>, y: usize, out: &mut dyn Write) -> io::Result<()> {
    let name = escaped(&cut(&row.name(), MOST_NAME));
    let about = words::about(row.window).join("; ");
    let about = escaped(&format!("{}: {about}", row.name()));
    writeln!(
        out,
        "<g><text class=\"name\" x=\"8\" y=\"{}\">{name}<title>{about}</title></text>",
        y + 16
    )?;
    for occurrence in &row.occurrences {
        let from = place(page, occurrence.from, WIDTH);
        let to = occurrence.to.map_or(WIDTH, |to| place(page, to, WIDTH));
        // What is shorter than a point is seen, too.
        let width = (to - from).max(2);
        writeln!(
            out,
            "<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{width}\" height=\"{}\"><title>{}</title></rect>",
            class(row.window.kind),
            LEFT + from,
            y + 4,
            ROW - 8,
            escaped(&words::occurrence(row.window, occurrence))
        )?;
    }
    writeln!(out, "</g>")
}

pub(super) fn class(kind: Kind) -> &'static str {
    match kind {
        Kind::Freeze => "freeze",
        Kind::Maintenance => "maintenance",
        Kind::Quiet => "quiet",
    }
}

const LEFT: usize = 260;
const WIDTH: usize = 900;
const RIGHT: usize = 40;
const TOP: usize = 32;
const ROW: usize = 24;
const BOTTOM: usize = 8;
const MOST_NAME: usize = 34;

const STYLE: &str = "\
.paper{fill:#fff}.tick{stroke:#ccc}.mark,.name{font:12px sans-serif;fill:#222}.mark{fill:#666}\
.freeze{fill:#c62828}.maintenance{fill:#2e7d32}.quiet{fill:#f9a825}.now{stroke:#1565c0;stroke-width:2}";
