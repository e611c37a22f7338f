//! The trust file that a command is given: read, held against what pins it, and not over.
//! Verifies nothing by it.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::common::{Error, Failure};
use super::terminal::Terminal;
use crate::attest::TrustFile;
use crate::model::{Digest, limits};

/// Whose signatures count.
#[derive(clap::Args)]
pub(super) struct Trusted {
    /// The trust file, from a place that the change cannot reach
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    /// The SHA-256 of the trust file, where somebody else could put another in its place: any other is an
    /// error
    #[arg(long, value_name = "SHA256", value_parser = Digest::parse)]
    trust_digest: Option<Digest>,
}

impl Trusted {
    /// A file that nothing pins.
    pub(super) fn of(trust: impl Into<PathBuf>) -> Self {
        Self {
            trust: trust.into(),
            trust_digest: None,
        }
    }

    pub(super) fn read(&self, terminal: &Terminal) -> Result<TrustFile, Failure> {
        read(&self.trust, self.trust_digest, terminal)
    }
}

/// Reads a trust file that counts now, and is the one of the digest.
pub(super) fn read(
    path: &Path,
    digest: Option<Digest>,
    terminal: &Terminal,
) -> Result<TrustFile, Failure> {
    let path = &terminal.directory.join(path);
    let limit = limits::TRUST_FILE.wide();
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(limit.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(|error| Error::read(path, &error))?;
    if let Some(wanted) = digest {
        let found = Digest::of(&bytes);
        if found != wanted {
            return Err(Error::TrustDigest { found, wanted }.into());
        }
    }
    let trust = TrustFile::parse(&bytes)?;
    trust.check_unexpired(terminal.now)?;
    Ok(trust)
}
