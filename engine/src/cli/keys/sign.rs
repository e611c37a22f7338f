//! `tidegate keys sign`: one more signature of the root under a trust file.
//! Nothing is accepted here: that is what `sign` and whoever is given the file decide.

use std::path::PathBuf;

use jiff::Timestamp;

use super::{bounded, check_no_link, read, replace_trust};
use crate::attest::{Role, TrustFile};
use crate::cli::common::{Error, Outcome};
use crate::cli::signers::Signers;
use crate::cli::terminal::Terminal;
use crate::model::Exit;
use crate::report::sanitise;

/// Sign a trust file as one of its root, the keys with the role `root`
///
/// What was changed since it was signed gets the next number, and all sign anew.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The trust file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The first instant at which the file counts no more, such as `2027-05-01T00:00:00Z`; when left out, what the
    /// file says
    #[arg(long, value_name = "TIME")]
    expires: Option<Timestamp>,
    /// The last trust file that a root signed: its root signs what follows it, too, and last where that has none
    #[arg(long, value_name = "FILE")]
    before: Option<PathBuf>,
    #[command(flatten)]
    signers: Signers,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let path = terminal.directory.join(&self.file);
        check_no_link(&path)?;
        let bytes = bounded(&path).map_err(|error| Error::read(&path, &error))?;
        let draft = TrustFile::parse_draft(&bytes)?;
        let before = self.before.map(|file| terminal.directory.join(file));
        let before = before.map(|file| read(&file)).transpose()?;
        let signers = self.signers.open(terminal)?;
        let expires = self
            .expires
            .and_then(|at| Timestamp::from_second(at.as_second()).ok());
        let whole = draft.endorse(&signers, before.as_ref(), expires, terminal.now)?;
        replace_trust(&path, Some(&bytes), &whole)?;
        for line in lines(&whole, before.as_ref()) {
            terminal.line(&sanitise::line(&line));
        }
        Ok(Exit::Pass)
    }
}

/// Whose signatures a file has, and how many it takes: by its own root, and by that of the one before.
pub(super) fn lines(trust: &TrustFile, before: Option<&TrustFile>) -> Vec<String> {
    let of = |whose: &TrustFile, name: &str| {
        let signed = trust.endorsed_by(whose.root_keys());
        let names: Vec<&str> = signed.iter().copied().collect();
        let wanted = whose.threshold(Role::Root);
        format!(
            "{name}: {} of {wanted} signed{}{}",
            signed.len(),
            if names.is_empty() { "" } else { ": " },
            names.join(", ")
        )
    };
    let mut lines = Vec::new();
    if trust.has_root() {
        let until = trust
            .expires()
            .map_or_else(String::new, |at| format!(" until {at}"));
        lines.push(of(trust, &format!("trust file {}{until}", trust.number())));
    }
    if let Some(before) = before.filter(|before| before.has_root()) {
        let number = before.number();
        lines.push(of(before, &format!("by the root of trust file {number}")));
        if !trust.has_root() {
            let number = trust.number();
            lines.push(format!(
                "trust file {number} has no root: after it none is asked"
            ));
        }
    }
    lines
}
