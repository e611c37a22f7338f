//! `tidegate keys`: make a signing key, look at keys, plan how one follows another.

mod rotate;
mod show;
mod sign;

use std::fs;
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use clap::Subcommand;

pub(super) use self::rotate::nearest;
use super::common::{Error, Failure, Outcome};
use super::output::replace;
use super::terminal::Terminal;
use crate::attest::{Role, SigningKey, TrustFile, TrustedKey, Validity, write_private};
use crate::model::{Exit, is_harmful, limits};

/// Make and inspect signing keys
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make an ed25519 key; the trust file for its public half goes to standard output
    ///
    /// A shell empties the file behind `>` before anything runs. `--trust` instead adds to it.
    New {
        /// What the key signs: merge-signer (links), backup-reporter (evidence of backups and restore tests),
        /// rehearsal-reporter (evidence of rehearsals), approver (reviews of scripts), break-glass (incidents), or root
        /// (the trust file itself)
        #[arg(long, value_name = "ROLE", value_parser = role)]
        role: Role,
        /// Where the private key goes, below folders that are made when missing; never overwritten, never
        /// inside a Git work tree
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Whose key it is
        #[arg(long, value_name = "NAME", default_value = "ci", value_parser = name)]
        principal: String,
        /// Only for these environments; may be repeated; `<branch>/gate` for the gate's own files
        #[arg(long = "env", value_name = "NAME", value_parser = name)]
        environments: Vec<String>,
        /// Add the public half to this trust file, which is made when missing, instead of printing one
        #[arg(long, value_name = "FILE")]
        trust: Option<PathBuf>,
    },
    /// Print the fingerprint of a private key, or of every key of a trust file with what it may sign, from
    /// when until when, and whether it is revoked
    Show {
        /// A private key or a trust file
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    Rotate(rotate::Args),
    Sign(sign::Args),
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        match self.command {
            Command::New {
                role,
                out,
                principal,
                environments,
                trust,
            } => {
                let key = SigningKey::generate(getrandom::fill)?;
                let trusted = TrustedKey {
                    public: key.public(),
                    role,
                    principal,
                    environments: (!environments.is_empty()).then_some(environments),
                    validity: Validity::default(),
                };
                new(&key, trusted, (&out, trust.as_deref()), terminal)
            }
            Command::Show { file } => show::run(&terminal.directory.join(file), terminal),
            Command::Rotate(args) => args.run(terminal),
            Command::Sign(args) => args.run(terminal),
        }
    }
}

fn new(
    key: &SigningKey,
    trusted: TrustedKey,
    (out, trust): (&Path, Option<&Path>),
    terminal: &mut Terminal,
) -> Outcome {
    let path = terminal.directory.join(out);
    if let Some(trust) = trust {
        let file = terminal.directory.join(trust);
        check_place(&file, &path)?;
        // Read first: a file that is none must not cost a key.
        let before = existing(&file)?;
        let whole = match before.as_deref().map(<[u8]>::trim_ascii) {
            None | Some([]) => TrustFile::new(vec![trusted])?,
            Some(bytes) => TrustFile::parse_draft(bytes)?.with(trusted)?,
        };
        write_private(&path, key)?;
        if let Err(error) = replace_trust(&file, before.as_deref(), &whole) {
            // A key that nothing names would only be in the way of the next try.
            let _ = fs::remove_file(&path);
            return Err(error.into());
        }
    } else {
        let whole = TrustFile::new(vec![trusted])?;
        write_private(&path, key)?;
        terminal.line(whole.print().trim_end());
    }
    let keyid = key.public().keyid();
    terminal.say(&format!("key {keyid} written to {}", out.display()));
    if let Some(trust) = trust {
        terminal.say(&format!("its public half added to {}", trust.display()));
    }
    let file = trust.map(|trust| real(&terminal.directory.join(trust)));
    let commit = match file.is_some_and(|file| file.ends_with(TRUST_FILE)) {
        true => "commit it".to_owned(),
        false => format!("commit the trust file as {TRUST_FILE}"),
    };
    terminal.say(&format!(
        "{commit}, and keep the key where only the signer reads it"
    ));
    Ok(Exit::Pass)
}

/// Refuses a trust file that would take the place of the key or of a link.
fn check_place(trust: &Path, key: &Path) -> Result<(), Error> {
    if real(trust) == real(key) {
        let path = trust.display().to_string();
        return Err(Error::KeyIsTrust { path });
    }
    check_no_link(trust)
}

/// Refuses a link that a file would take the place of.
fn check_no_link(trust: &Path) -> Result<(), Error> {
    if trust.is_symlink() {
        let link = io::Error::other("it is a symbolic link; name the file that it leads to");
        return Err(Error::write(trust, &link));
    }
    Ok(())
}

/// The same path below the folder as it really is.
fn real(file: &Path) -> PathBuf {
    let folder = file.parent().and_then(|folder| folder.canonicalize().ok());
    match (folder, file.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => file.to_owned(),
    }
}

/// What the file holds; `None` where there is none.
fn existing(file: &Path) -> Result<Option<Vec<u8>>, Error> {
    match bounded(file) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::read(file, &error)),
    }
}

/// Reads a trust file.
fn read(file: &Path) -> Result<TrustFile, Failure> {
    let bytes = bounded(file).map_err(|error| Error::read(file, &error))?;
    Ok(TrustFile::parse(&bytes)?)
}

/// A file up to one byte more than a trust file has, which whoever takes it for one refuses.
fn bounded(file: &Path) -> io::Result<Vec<u8>> {
    let most = limits::TRUST_FILE.wide().saturating_add(1);
    let mut bytes = Vec::new();
    fs::File::open(file)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Writes the file in one step, unless it says something else by now.
fn replace_trust(file: &Path, before: Option<&[u8]>, whole: &TrustFile) -> Result<(), Error> {
    if existing(file)?.as_deref() != before {
        return Err(Error::write(
            file,
            &io::Error::other("somebody else changed it meanwhile; try again"),
        ));
    }
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)
        .and_then(|()| replace(file, whole.print().as_bytes()))
        .map_err(|error| Error::write(file, &error))
}

/// A name that the trust file takes.
fn name(text: &str) -> Result<String, &'static str> {
    match text {
        "" => Err("it is empty"),
        _ if text.contains(is_harmful) => Err("it has a control or an invisible character"),
        _ => Ok(text.to_owned()),
    }
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| {
        "one of merge-signer, approver, break-glass, backup-reporter, ticket-reporter, inventory-reporter, root".to_owned()
    })
}

/// Where the gate looks for it, below the root of the repository.
const TRUST_FILE: &str = ".tidegate/trust.json";
