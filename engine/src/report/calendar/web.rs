//! The calendar as one HTML page: months, the timeline, and a table of what holds. No script, nothing from
//! elsewhere, and nothing of a window but as text.

use std::io::{self, Write};

use jiff::civil::Date;

use super::words::{self, escaped};
use super::{Cover, Page, Row, month, picture};

/// Writes the page.
///
/// # Errors
/// The writer's.
pub fn write_html(page: &Page<'_>, out: &mut dyn Write) -> io::Result<()> {
    let title = escaped(&page.title);
    let zone = escaped(page.zone_name());
    let now = words::instant(page.now, &page.zone);
    let legend =
        picture::LEGEND.map(|(class, words)| format!("<span class=\"{class}\">{words}</span>"));
    let legend = legend.join(" ");
    writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n\
         <body>\n<h1>{title}</h1>\n<p>{} to {}, not included; days of {zone}. As of {now}.</p>\n\
         <p>A capital letter holds all day, a small one a part of it. {legend}</p>",
        page.from, page.to
    )?;
    writeln!(out, "<div class=\"months\">")?;
    for first in month::months(page) {
        write_month(page, first, out)?;
    }
    writeln!(out, "</div>\n<div class=\"time\">")?;
    picture::write(page, out)?;
    writeln!(out, "</div>")?;
    write_table(page, out)?;
    writeln!(out, "</body>\n</html>")
}

fn write_month(page: &Page<'_>, first: Date, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<table class=\"month\"><caption>{}</caption>\n<tr>{}</tr>",
        month::heading(first),
        month::DAYS
            .map(|day| format!("<th scope=\"col\">{day}</th>"))
            .join("")
    )?;
    for week in month::weeks(page, first) {
        let cells = week
            .iter()
            .map(|day| day.map_or("<td></td>".to_owned(), |day| cell(page, day)));
        writeln!(out, "<tr>{}</tr>", cells.collect::<String>())?;
    }
    writeln!(out, "</table>")
}

fn cell(page: &Page<'_>, day: Date) -> String {
    let held = month::on(page, day);
    let strictest = held.iter().min_by_key(|(_, window, _)| month::rank(window));
    let mut class = strictest.map_or_else(String::new, |(_, window, cover)| {
        let part = if *cover == Cover::Part { " part" } else { "" };
        format!("{}{part}", picture::class(window))
    });
    if page.zone.to_datetime(page.now).date() == day {
        class.push_str(" today");
    }
    let letters: String = held.iter().map(|(letter, ..)| *letter).collect();
    format!(
        "<td class=\"{}\">{} <b>{letters}</b></td>",
        class.trim(),
        day.day()
    )
}

fn write_table(page: &Page<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<table class=\"list\"><tr><th></th><th scope=\"col\">window</th><th scope=\"col\">when</th><th scope=\"col\">what</th></tr>"
    )?;
    for (letter, row) in page.marked() {
        write_row(&letter.to_string(), row, out)?;
    }
    for row in page.rows.iter().filter(|row| row.occurrences.is_empty()) {
        write_row("", row, out)?;
    }
    writeln!(out, "</table>")
}

fn write_row(letter: &str, row: &Row<'_>, out: &mut dyn Write) -> io::Result<()> {
    let list = |lines: Vec<String>| {
        let lines = lines.iter().map(|line| escaped(line));
        lines.collect::<Vec<_>>().join("<br>")
    };
    writeln!(
        out,
        "<tr><td>{letter}</td><td class=\"{}\">{}</td><td>{}</td><td>{}</td></tr>",
        picture::class(row.window),
        escaped(&row.name()),
        list(words::times(row)),
        list(words::about(row.window))
    )
}

const STYLE: &str = "\
body{font:14px sans-serif;margin:2em;color:#222;background:#fff}\
.months{display:flex;flex-wrap:wrap;gap:2em}table{border-collapse:collapse}caption{font-weight:bold;text-align:left}\
.month td{width:3.2em;height:2em;border:1px solid #ddd}td b{font-size:85%}\
.list td,.list th{border:1px solid #ddd;padding:.3em .6em;vertical-align:top;text-align:left}\
.freeze{background:#ffcdd2}.maintenance{background:#c8e6c9}.quiet{background:#fff3c4}\
.freeze.some{background:#ffecee}.maintenance.some{background:#edf7ee}.quiet.some{background:#fffbea}\
.part{background-image:repeating-linear-gradient(45deg,transparent 0 5px,#fff 5px 9px)}\
.today{outline:2px solid #1565c0}.time{margin:2em 0;max-width:1200px}";
