//! `tidegate withdraw`: takes a link back.

use std::io::{self, Write};
use std::path::Path;

use super::common::{self, Error, Failure, Outcome};
use super::output::{self, Format, Output};
use super::signers::Signers;
use super::terminal::Terminal;
use super::verdicts::Verdicts;
use super::verify::envelope;
use crate::gate::{self, LinkName, WithdrawRequest, Withdrawn};
use crate::model::Exit;
use crate::report::{human, json, sanitise, withdrawal as document};

/// Take a link back: it admits nothing any more, not even what runs, nor does what rests on it
///
/// Publishes a signed statement beside the links; twice is once. The next `sign` judges from the newest
/// link that stands. An older link of the same files does not step in, and what the withdrawn link
/// names to go back to stays admitted.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The SHA-256 of the link's payload, or its first 8 digits or more; or the file of its envelope
    #[arg(value_name = "LINK")]
    link: String,
    /// Why, for whoever reads it later
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Only a link of this environment; of the unit `gate`, the branch
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// Only a link of this unit
    #[arg(long, value_name = "NAME")]
    unit: Option<String>,
    #[command(flatten)]
    signers: Signers,
    /// Where verdicts lie: `folder:DIR` or `branch[:REMOTE[:NAME]]` (origin and tidegate/verdicts when
    /// left out)
    #[arg(long, value_name = "STORE")]
    verdicts: String,
    /// What was taken back: human | json, to standard output or to a file (`json=run.json`); may be
    /// repeated
    #[arg(long, value_name = "FORMAT[=PATH]")]
    output: Vec<String>,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let outputs = output::parse_plain(&self.output, &terminal.directory)?;
        match self.withdrawn(terminal) {
            Ok(withdrawn) => {
                write(&withdrawn, &outputs, terminal)?;
                Ok(Exit::Pass)
            }
            Err(error) => {
                let written = write_error(&error, &outputs, terminal);
                let exit = terminal.print_error(error.as_ref());
                written?;
                Ok(exit)
            }
        }
    }

    fn withdrawn(&self, terminal: &Terminal) -> Result<Withdrawn, Failure> {
        let key = self.signers.open(terminal)?;
        let link = link_name(&self.link, &self.verdicts, terminal)?;
        let repository = common::repository(&terminal.directory)?;
        let verdicts = Verdicts::open(&self.verdicts, &repository, terminal)?;
        let request = WithdrawRequest {
            link: &link,
            environment: self.env.as_deref(),
            unit: self.unit.as_deref(),
            reason: &self.reason,
            key: &key,
            store: verdicts.store(),
            now: terminal.now,
        };
        Ok(gate::withdraw(&repository, &request)?)
    }
}

/// A digest, the beginning of one, or else a file that holds an envelope.
fn link_name(text: &str, verdicts: &str, terminal: &Terminal) -> Result<LinkName, Failure> {
    if let Some(name) = LinkName::of_digits(text) {
        return Ok(name);
    }
    let path = terminal.directory.join(text);
    if !path.exists() {
        return Err(Error::Link {
            text: text.to_owned(),
        }
        .into());
    }
    let bytes = envelope(Path::new(text), Some(verdicts), &terminal.directory)?;
    Ok(LinkName::of_envelope(&bytes)?)
}

fn write(withdrawn: &Withdrawn, outputs: &[Output], terminal: &mut Terminal) -> Result<(), Error> {
    let now = terminal.now.to_string();
    output::write_each(outputs, terminal, &|format, _, out| match format {
        Format::Human => told(withdrawn, out),
        _ => json::write_document(&of(withdrawn, now.clone()), out),
    })
}

fn write_error(error: &Failure, outputs: &[Output], terminal: &mut Terminal) -> Result<(), Error> {
    let now = terminal.now.to_string();
    let outputs = output::of_error(outputs);
    output::write_each(&outputs, terminal, &|format, style, out| match format {
        Format::Human => human::write_error(error.as_ref(), style, out),
        _ => {
            let document = document::Document {
                version: "v1",
                exit: Exit::of_error(error.as_ref()).code(),
                now: now.clone(),
                withdrawn: None,
                errors: vec![json::Error::new("", "", error.as_ref())],
            };
            json::write_document(&document, out)
        }
    })
}

fn told(withdrawn: &Withdrawn, out: &mut dyn Write) -> io::Result<()> {
    let Withdrawn { unit, height, .. } = withdrawn;
    let said = &withdrawn.withdrawal;
    let reason = sanitise::line(&said.reason);
    if withdrawn.already {
        let when = said.withdrawn_at;
        writeln!(
            out,
            "{unit}: link {height} is already withdrawn, since {when}: {reason}"
        )?;
    } else {
        writeln!(out, "{unit}: link {height} is withdrawn: {reason}")?;
    }
    let resting: Vec<String> = withdrawn.resting.iter().map(u64::to_string).collect();
    match resting.as_slice() {
        [] => {}
        [one] => writeln!(
            out,
            "{unit}: link {one} rests on it and admits nothing either"
        )?,
        all => writeln!(
            out,
            "{unit}: links {} rest on it and admit nothing either",
            all.join(", ")
        )?,
    }
    if unit.is_gate() {
        writeln!(
            out,
            "{unit}: what it judged admits nothing either, until `tidegate sign` judged it again or a baseline accepts it"
        )?;
    }
    match withdrawn.newest {
        Some(newest) => writeln!(
            out,
            "{unit}: link {newest} is the newest that stands; `tidegate sign` judges from there"
        ),
        None => writeln!(
            out,
            "{unit}: no link stands any more; `tidegate baseline` accepts the state as it stands"
        ),
    }
}

fn of(withdrawn: &Withdrawn, now: String) -> document::Document<'_> {
    let said = &withdrawn.withdrawal;
    document::Document {
        version: "v1",
        exit: Exit::Pass.code(),
        now,
        withdrawn: Some(document::Withdrawn {
            environment: withdrawn.unit.environment(),
            unit: withdrawn.unit.unit(),
            link: said.link,
            height: withdrawn.height,
            already: withdrawn.already,
            reason: &said.reason,
            withdrawn_at: said.withdrawn_at.to_string(),
            resting: &withdrawn.resting,
            newest: withdrawn.newest,
        }),
        errors: Vec::new(),
    }
}
