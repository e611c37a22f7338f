//! Where the signer's keys are: files, variables, an `ssh-agent`, a program.
//! Signs nothing itself, and never prints what it is given.

#[cfg(unix)]
mod agent;
mod program;
mod wire;

use std::path::{Path, PathBuf};

use super::common::{Error, Failure};
use super::terminal::Terminal;
use crate::attest::{PublicKey, Signatory, SigningKey, Together, read_private};
use crate::model::limits;

/// Who signs. Each that is named signs for another principal.
#[derive(clap::Args)]
pub(super) struct Signers {
    /// A private key that signs (ed25519, PKCS#8 PEM, mode 0600); may be repeated, each for another
    /// principal. Without it and `--signer`: `TIDEGATE_SIGNING_KEY_FILE` names one, or `TIDEGATE_SIGNING_KEY`
    /// holds one
    #[arg(long, value_name = "FILE")]
    key_file: Vec<PathBuf>,
    /// Who signs with a key that tidegate never sees: `ssh-agent` (at `SSH_AUTH_SOCK`), or `exec:/PROGRAM`
    /// (what is to be signed on its standard input, 64 bytes on its standard output); may be repeated
    #[arg(long, value_name = "SIGNER", value_parser = Place::parse)]
    signer: Vec<Place>,
    /// Let `--signer` sign with this public key (PEM) and no other; may be repeated. Without it, with any that
    /// the accepted trust file lets sign
    #[arg(long, value_name = "FILE")]
    signer_key: Vec<PathBuf>,
}

/// Where a key is that is not in a file.
#[derive(Clone)]
enum Place {
    Agent,
    Program(PathBuf),
}

impl Place {
    fn parse(text: &str) -> Result<Self, String> {
        match text.strip_prefix("exec:").map(Path::new) {
            None if text == "ssh-agent" => Ok(Self::Agent),
            Some(program) if program.is_absolute() => Ok(Self::Program(program.to_owned())),
            Some(_) => Err("name the program by its whole path, `exec:/PROGRAM`".to_owned()),
            None => Err("it is `ssh-agent` or `exec:/PROGRAM`".to_owned()),
        }
    }
}

impl Signers {
    /// How many sign.
    pub(super) fn count(&self) -> usize {
        (self.key_file.len() + self.signer.len()).max(1)
    }

    /// Brings them together. A key is read here and never again.
    pub(super) fn open(&self, terminal: &Terminal) -> Result<Together, Failure> {
        let mut all: Vec<Box<dyn Signatory>> = Vec::new();
        for file in &self.key_file {
            all.push(Box::new(read_private(&terminal.directory.join(file))?));
        }
        let only = self.only(terminal)?;
        for place in &self.signer {
            all.push(match place {
                Place::Agent => agent(only.clone(), terminal)?,
                Place::Program(path) => {
                    let home = terminal.variable("HOME");
                    let path_variable = terminal.variable("PATH");
                    let variables = [("HOME", home), ("PATH", path_variable)];
                    Box::new(program::Program::new(path, only.clone(), variables))
                }
            });
        }
        if all.is_empty() {
            all.push(Box::new(of_variables(terminal)?));
        }
        Ok(Together::new(all))
    }

    /// The public keys that `--signer` is bound to.
    fn only(&self, terminal: &Terminal) -> Result<Option<Vec<PublicKey>>, Failure> {
        if self.signer_key.is_empty() {
            return Ok(None);
        }
        if self.signer.is_empty() {
            return Err(Error::SignerKeyAlone.into());
        }
        let keys = self.signer_key.iter().map(|file| {
            let path = terminal.directory.join(file);
            let bytes = std::fs::read(&path).map_err(|error| Error::read(&path, &error))?;
            let bytes = bytes.get(..limits::KEY_FILE.most).unwrap_or(&bytes);
            Ok::<_, Failure>(PublicKey::from_pem(bytes)?)
        });
        keys.collect::<Result<_, _>>().map(Some)
    }
}

/// The key that a variable names or holds; two of them would leave open which.
fn of_variables(terminal: &Terminal) -> Result<SigningKey, Failure> {
    let set = |name| terminal.variable(name).filter(|value| !value.is_empty());
    match (set(KEY_FILE), set(KEY)) {
        (Some(file), None) => Ok(read_private(&terminal.directory.join(file))?),
        (None, Some(pem)) => {
            let pem = zeroize::Zeroizing::new(pem);
            Ok(SigningKey::from_pem(pem.as_bytes())?)
        }
        (Some(_), Some(_)) => Err(Error::TwoKeys.into()),
        (None, None) => Err(Error::NoSigner.into()),
    }
}

#[cfg(unix)]
fn agent(only: Option<Vec<PublicKey>>, terminal: &Terminal) -> Result<Box<dyn Signatory>, Failure> {
    let socket = terminal
        .variable("SSH_AUTH_SOCK")
        .filter(|socket| !socket.is_empty());
    let socket = socket.ok_or(Error::NoAgent)?;
    Ok(Box::new(agent::Agent::new(PathBuf::from(socket), only)))
}

#[cfg(not(unix))]
fn agent(_: Option<Vec<PublicKey>>, _: &Terminal) -> Result<Box<dyn Signatory>, Failure> {
    Err(Error::NoAgent.into())
}

const KEY_FILE: &str = "TIDEGATE_SIGNING_KEY_FILE";
const KEY: &str = "TIDEGATE_SIGNING_KEY";
