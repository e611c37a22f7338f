//! `tidegate keys`: make a signing key, look at keys.

use std::path::PathBuf;

use clap::Subcommand;

use super::common::{Error, Outcome};
use super::terminal::Terminal;
use crate::attest::{Role, SigningKey, TrustFile, TrustedKey, read_private, write_private};
use crate::model::Exit;

/// Make and inspect signing keys
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make an ed25519 key; the trust file for its public half goes to standard output
    New {
        /// What the key signs: merge-signer
        #[arg(long, value_name = "ROLE", value_parser = role)]
        role: Role,
        /// Where the private key goes, below folders that are made when missing; never overwritten, never
        /// inside a Git work tree
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Whose key it is
        #[arg(long, value_name = "NAME", default_value = "ci")]
        principal: String,
        /// Only for these environments; may be repeated; `<branch>/gate` for the gate's own files
        #[arg(long = "env", value_name = "NAME")]
        environments: Vec<String>,
    },
    /// Print the fingerprint of a private key, or of every key of a trust file
    Show {
        /// A private key or a trust file
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        match self.command {
            Command::New {
                role,
                out,
                principal,
                environments,
            } => {
                let path = terminal.directory.join(&out);
                let key = SigningKey::generate(getrandom::fill)?;
                let environments = (!environments.is_empty()).then_some(environments);
                let trust = TrustFile::new(vec![TrustedKey {
                    public: key.public(),
                    role,
                    principal,
                    environments,
                }])?;
                write_private(&path, &key)?;
                let text = trust.print();
                terminal.line(text.trim_end());
                terminal.say(&format!(
                    "key {} written to {}",
                    key.public().keyid(),
                    out.display()
                ));
                terminal.say(
                    "commit the trust file as .tidegate/trust.json, and keep the key where only the signer reads it",
                );
                Ok(Exit::Pass)
            }
            Command::Show { file } => show(&terminal.directory.join(file), terminal),
        }
    }
}

fn show(path: &std::path::Path, terminal: &mut Terminal) -> Outcome {
    let bytes = std::fs::read(path).map_err(|error| Error::read(path, &error))?;
    if bytes.trim_ascii_start().starts_with(b"{") {
        for key in TrustFile::parse(&bytes)?.keys() {
            let environments = key
                .environments
                .as_ref()
                .map_or_else(|| "*".to_owned(), |names| names.join(","));
            let (role, principal) = (key.role.as_str(), &key.principal);
            terminal.line(&format!(
                "{} {role} {principal} {environments}",
                key.public.keyid()
            ));
        }
        return Ok(Exit::Pass);
    }
    let key = read_private(path)?;
    terminal.line(&key.public().keyid());
    terminal.line(key.public().to_pem().trim_end());
    Ok(Exit::Pass)
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| {
        "one of merge-signer, approver, break-glass, backup-reporter, ticket-reporter, inventory-reporter".to_owned()
    })
}
