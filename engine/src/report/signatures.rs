//! What proves the images of units, for people. Programs read the images themselves.
//! Decides nothing: which image needs a proof, the configuration says.

use std::io::{self, Write};

use super::images::{Judged, Listed, by_name, place};
use super::sanitise::{inert, line};
use super::{Color, Style};
use crate::facts::images::{Asked, Attested, Image, Met, Signature, Signer};

/// Writes the images of each unit: what is proven of each, by whom, and below it where it stands; and who judged that.
///
/// # Errors
/// The writer's.
pub fn write_human(
    listed: &[Listed<'_>],
    judged: Judged<'_>,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut drawn = Vec::new();
    if listed.is_empty() {
        writeln!(drawn, "no images")?;
    }
    for one in listed {
        let name = line(&format!("{}/{}", one.environment, one.unit));
        writeln!(drawn, "{}", style.paint(&name, Color::Bold))?;
        for (name, images) in by_name(one.images) {
            let Some(image) = images.first() else {
                continue;
            };
            let color = match is_lacking(image, judged.asked) {
                true => Color::Red,
                false => Color::Dim,
            };
            let state = style.paint(&line(&state(image)), color);
            writeln!(drawn, "  {}  {state}", line(name))?;
            for other in image
                .reference
                .iter()
                .filter_map(|it| it.locked_to.as_ref())
            {
                let said = format!("the lock has another digest for this tag: {other}");
                writeln!(drawn, "    {}", line(&said))?;
            }
            for proof in image.signature.iter().flat_map(proofs) {
                writeln!(drawn, "    {}", line(&proof))?;
            }
            for image in images {
                let place = style.paint(&line(&place(image)), Color::Dim);
                writeln!(drawn, "    {place}")?;
            }
        }
    }
    let judge = format!("judged by `{}` of {}", judged.config, judged.from);
    writeln!(drawn, "{}", line(&judge))?;
    out.write_all(inert(&String::from_utf8_lossy(&drawn)).as_bytes())
}

/// How many images are not proven of which a signature is asked for, by place.
#[must_use]
pub fn lacking(listed: &[Listed<'_>], asked: Asked) -> usize {
    let images = listed.iter().flat_map(|one| one.images);
    images.filter(|image| is_lacking(image, asked)).count()
}

fn is_lacking(image: &Image, asked: Asked) -> bool {
    match &image.signature {
        Some(signature) => signature.state != VERIFIED,
        None => asked == Asked::Required,
    }
}

fn state(image: &Image) -> String {
    match (&image.signature, image.problem) {
        (Some(signature), _) => match &signature.message {
            Some(message) => format!("{}: {message}", signature.state),
            None => signature.state.to_owned(),
        },
        (None, Some(problem)) => format!("no image: {problem}"),
        (None, None) => match image.untold {
            Some(why) => format!("nobody can tell which: {why}"),
            None => "no authority is for it".to_owned(),
        },
    }
}

/// Who signed it, what they say of it, and how many signature objects there are.
fn proofs(signature: &Signature) -> Vec<String> {
    let mut lines: Vec<String> = signature.authorities.iter().map(met).collect();
    lines.extend(signature.attestations.iter().map(attested));
    if signature.authorities.is_empty() {
        let asked: Vec<String> = signature.asked.iter().map(|it| format!("`{it}`")).collect();
        lines.push(format!("asked for: {}", asked.join(", ")));
    }
    let counts = &signature.candidates;
    let (found, valid, invalid) = (counts.found, counts.valid, counts.invalid);
    lines.push(match counts.other {
        0 => format!("recorded: {found}, {valid} valid, {invalid} invalid"),
        other => format!("recorded: {found}, {valid} valid, {invalid} invalid; {other} other"),
    });
    lines
}

fn met(met: &Met) -> String {
    let logged = match met.logged {
        true => ", in the log",
        false => "",
    };
    let (who, when) = (who(&met.signer), when(met.signed_at.as_deref()));
    format!("signed by `{}`: {who}{when}{logged}", met.name)
}

fn attested(attested: &Attested) -> String {
    let (who, when) = (who(&attested.signer), when(attested.signed_at.as_deref()));
    format!(
        "{} attested by `{}`: {who}{when}",
        attested.kind, attested.authority
    )
}

fn who(signer: &Signer) -> String {
    match (&signer.keyid, &signer.subject, &signer.issuer) {
        (Some(keyid), _, _) => format!("key {keyid}"),
        (None, Some(subject), Some(issuer)) => format!("{subject} by {issuer}"),
        _ => "nobody".to_owned(),
    }
}

fn when(at: Option<&str>) -> String {
    at.map(|at| format!(", {at}")).unwrap_or_default()
}

const VERIFIED: &str = "verified";
