//! `--output FORMAT[=PATH]`: which report goes where.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::common::{Error, FORMATS};
use super::terminal::Terminal;
use crate::model::limits;
use crate::report::markdown::Layout;
use crate::report::{Style, github, gitlab, human, json, junit, markdown, sarif};
use crate::verdict::RunReport;

/// One `--output`.
#[derive(Clone, Debug)]
pub(super) struct Output<F = Format> {
    format: F,
    path: Option<PathBuf>,
}

/// The formats that a command has.
pub(super) trait Formats: Copy + FromStr {
    /// What people read.
    const HUMAN: Self;
    /// All of them, for help.
    const ALL: &'static str;
}

impl Formats for Format {
    const HUMAN: Self = Self::Human;
    const ALL: &'static str = FORMATS;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Human,
    Json,
    Sarif,
    Junit,
    Github,
    Gitlab,
    Markdown,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "human" => Ok(Self::Human),
            "json" | "json-v1" => Ok(Self::Json),
            "sarif" => Ok(Self::Sarif),
            "junit" => Ok(Self::Junit),
            "github" => Ok(Self::Github),
            "gitlab" => Ok(Self::Gitlab),
            "markdown" => Ok(Self::Markdown),
            _ => Err(format!("use one of {FORMATS}")),
        }
    }
}

/// The outputs that were asked for, checked before anything is judged: formats known, each target
/// once. Without any: the human report on standard output.
pub(super) fn parse<F: Formats>(
    texts: &[String],
    directory: &Path,
) -> Result<Vec<Output<F>>, Error> {
    let mut outputs: Vec<Output<F>> = Vec::new();
    for text in texts {
        let error = |why| Error::Output {
            text: text.clone(),
            why,
            formats: F::ALL,
        };
        let (format, path) = match text.split_once('=') {
            Some((_, "")) => return Err(error("the name of the file is empty")),
            Some((format, path)) => (format, Some(directory.join(path))),
            None => (text.as_str(), None),
        };
        let format = format.parse().map_err(|_| error("no such format"))?;
        let folder = path.as_deref().and_then(Path::parent);
        if folder.is_some_and(|folder| !folder.is_dir()) {
            return Err(error("its folder does not exist"));
        }
        if path.as_deref().is_some_and(Path::is_dir) {
            return Err(error("it is a folder"));
        }
        if outputs.iter().any(|other| other.path == path) {
            return Err(match path {
                None => Error::SecondOutput { text: text.clone() },
                Some(_) => error("another one goes to that file"),
            });
        }
        outputs.push(Output { format, path });
    }
    if outputs.is_empty() {
        outputs.push(Output {
            format: F::HUMAN,
            path: None,
        });
    }
    Ok(outputs)
}

/// The outputs of a command whose answer holds no findings.
pub(super) fn parse_plain(texts: &[String], directory: &Path) -> Result<Vec<Output>, Error> {
    let outputs = parse(texts, directory)?;
    let plain = |output: &Output| matches!(output.format, Format::Human | Format::Json);
    if outputs.iter().all(plain) {
        return Ok(outputs);
    }
    Err(Error::NoSuchOutputHere)
}

/// Writes to every output what `render` makes of its format, also where one of them cannot be written.
pub(super) fn write_each<F: Formats>(
    outputs: &[Output<F>],
    terminal: &mut Terminal,
    render: &dyn Fn(F, Style, &mut dyn Write) -> io::Result<()>,
) -> Result<(), Error> {
    let mut result = Ok(());
    for output in outputs {
        let Some(path) = &output.path else {
            let style = terminal.style();
            let written = render(output.format, style, &mut terminal.out);
            terminal.note(&written);
            continue;
        };
        let mut text = Vec::new();
        let written = render(output.format, Style::PLAIN, &mut text)
            .and_then(|()| replace(path, &text))
            .map_err(|error| Error::write(path, &error));
        result = result.and(written);
    }
    result
}

/// Writes the report of a run to every output.
pub(super) fn write(
    report: &RunReport,
    outputs: &[Output],
    terminal: &mut Terminal,
) -> Result<(), Error> {
    write_each(outputs, terminal, &|format, style, out| {
        render(report, format, style, out)
    })
}

/// Writes a run that ended in an error to the outputs that such a run has.
pub(super) fn write_error(
    report: &RunReport,
    outputs: &[Output],
    terminal: &mut Terminal,
) -> Result<(), Error> {
    write(report, &of_error(outputs), terminal)
}

/// The outputs of a run that ended in an error: all, lest the document of an earlier run be taken for its
/// answer, but for the one that people read, who are told on standard error.
pub(super) fn of_error(outputs: &[Output]) -> Vec<Output> {
    let is_read = |output: &&Output| output.path.is_none() && output.format == Format::Human;
    let others = outputs.iter().filter(|output| !is_read(output));
    others.cloned().collect()
}

fn render(report: &RunReport, format: Format, style: Style, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Human => human::write(report, style, out),
        Format::Json => json::write(report, out),
        Format::Sarif => out.write_all(sarif::render(report).as_bytes()),
        Format::Junit => {
            let text = junit::render(report).map_err(io::Error::other)?;
            out.write_all(text.as_bytes())
        }
        Format::Github => {
            let text = github::render(report, limits::ANNOTATIONS.most);
            out.write_all(text.as_bytes())
        }
        Format::Gitlab => out.write_all(gitlab::render(report).as_bytes()),
        Format::Markdown => {
            let page = markdown::render(report, &Layout::SUMMARY);
            out.write_all(page.text.as_bytes())
        }
    }
}

/// Writes beside and renames, so that no reader meets half a report. A pipe or a device is written
/// into, never replaced. A link to a file is replaced, never followed: it may be part of the change
/// that is judged.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if std::fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .truncate(true)
            .open(path)?;
        return file.write_all(bytes);
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut file = readable(&mut tempfile::Builder::new()).tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// As any other new file: what the user's umask leaves. A temporary file is otherwise its owner's.
#[cfg(unix)]
pub(super) fn readable<'b>(
    builder: &'b mut tempfile::Builder<'static, 'static>,
) -> &'b mut tempfile::Builder<'static, 'static> {
    use std::os::unix::fs::PermissionsExt as _;
    builder.permissions(std::fs::Permissions::from_mode(0o666))
}

#[cfg(not(unix))]
pub(super) fn readable<'b>(
    builder: &'b mut tempfile::Builder<'static, 'static>,
) -> &'b mut tempfile::Builder<'static, 'static> {
    builder
}
