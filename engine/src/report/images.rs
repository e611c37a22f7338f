//! The images of units, for people and for programs.
//! Decides nothing: what is missing is said, and no finding.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::sanitise::{inert, line};
use super::{Color, Style};
use crate::facts::images::{Asked, Image, Use};

/// A unit and its images.
#[derive(Clone, Copy, Debug)]
pub struct Listed<'a> {
    /// The environment's name.
    pub environment: &'a str,
    /// The unit's name.
    pub unit: &'a str,
    /// Its images, by place.
    pub images: &'a [Image],
}

/// Whether signatures were looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looked<'a> {
    /// Nobody looked.
    Nowhere,
    /// What is recorded beside images was.
    Beside(Judged<'a>),
}

/// Whose word it is what is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged<'a> {
    /// Of which images a signature is asked for.
    pub asked: Asked,
    /// The configuration that says so, and who may sign.
    pub config: &'a str,
    /// The state that it is of.
    pub from: &'a str,
}

/// Writes the images of each unit for people: each in full, what it lacks, and below it where it stands.
///
/// # Errors
/// The writer's.
pub fn write_human(listed: &[Listed<'_>], style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut drawn = Vec::new();
    if listed.is_empty() {
        writeln!(drawn, "no images")?;
    }
    for one in listed {
        let name = line(&format!("{}/{}", one.environment, one.unit));
        writeln!(drawn, "{}", style.paint(&name, Color::Bold))?;
        for (name, images) in by_name(one.images) {
            let lacks = images.first().map(|image| lacks(image)).unwrap_or_default();
            let lacks = style.paint(&line(&lacks), Color::Red);
            writeln!(drawn, "  {}{lacks}", line(name))?;
            for image in images {
                writeln!(
                    drawn,
                    "    {}",
                    style.paint(&line(&place(image)), Color::Dim)
                )?;
            }
        }
    }
    out.write_all(inert(&String::from_utf8_lossy(&drawn)).as_bytes())
}

/// The images as JSON, version v1 (`schemas/images.v1.json`): each as the fact `images` has it.
#[must_use]
pub fn to_json(listed: &[Listed<'_>], looked: Looked<'_>) -> Value {
    let units = listed
        .iter()
        .map(|one| json!({"environment": one.environment, "unit": one.unit, "images": one.images}));
    let mut json = json!({"version": "v1", "units": units.collect::<Vec<_>>()});
    if let (Looked::Beside(judged), Value::Object(json)) = (looked, &mut json) {
        json.insert("signatures".to_owned(), json!(judged.asked.name()));
        let judge = json!({"from": judged.from, "config": judged.config});
        json.insert("judge".to_owned(), judge);
    }
    json
}

/// The same image in all its places.
pub(super) fn by_name(images: &[Image]) -> BTreeMap<&str, Vec<&Image>> {
    let mut same: BTreeMap<&str, Vec<&Image>> = BTreeMap::new();
    for image in images {
        same.entry(name_of(image)).or_default().push(image);
    }
    same
}

fn name_of(image: &Image) -> &str {
    let reference = image.reference.as_ref();
    reference.map_or(&image.written, |reference| &reference.canonical)
}

fn lacks(image: &Image) -> String {
    let Some(reference) = &image.reference else {
        return match image.untold {
            Some(why) => format!("  nobody can tell which: {why}"),
            None => format!("  no image: {}", image.problem.unwrap_or_default()),
        };
    };
    let lacks = [
        (reference.digest.is_none(), "no digest"),
        (reference.tag_moves, "the tag moves"),
        (
            reference.allowed_by.is_none(),
            "not from an allowed registry",
        ),
        (
            reference.end_of_life.as_ref().is_some_and(|end| end.over),
            "past its end of life",
        ),
    ];
    let lacks: Vec<&str> = lacks.iter().filter(|it| it.0).map(|it| it.1).collect();
    match lacks.is_empty() {
        true => String::new(),
        false => format!("  {}", lacks.join(", ")),
    }
}

pub(super) fn place(image: &Image) -> String {
    let mut text = format!("{}:{}  {}", image.file, image.line, image.object);
    match (&image.container, image.role) {
        (Some(container), role) => text.push_str(&format!("  {} `{container}`", word(role))),
        (None, role) => text.push_str(&format!("  {} {}", word(role), image.pointer)),
    }
    let in_full = image.reference.as_ref().map(|it| it.canonical.as_str());
    if in_full.is_some_and(|in_full| in_full != image.written) {
        text.push_str(&format!("  written `{}`", image.written));
    }
    text
}

fn word(role: Use) -> &'static str {
    match role {
        Use::App => "container",
        Use::Sidecar => "sidecar",
        Use::Init => "init container",
        Use::Ephemeral => "ephemeral container",
        Use::Volume => "volume",
        Use::Resource => "resource",
        Use::Configured => "configured",
        Use::Guessed => "guessed",
    }
}
