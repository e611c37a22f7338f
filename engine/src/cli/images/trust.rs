//! `tidegate images trust`: what other programs trust, as the configuration says it.
//! Understands no format itself.

mod cluster_image_policy;
mod found;
mod globs;
mod kyverno;
mod notation;

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Subcommand;
use serde_json::{Value, json};

use self::found::Found;
use crate::cli::common::{Error, Outcome};
use crate::cli::terminal::Terminal;
use crate::config::{Problem, Problems, SourceText, to_yaml};
use crate::manifest::{ParseError, yaml};
use crate::model::{Exit, RepoPath, code_of, limits};
use crate::report::sanitise;

/// Bring who may sign images from the policies of other programs
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Import(ImportArgs),
}

/// Print the section `images` that says what the policies of a file say: a `ClusterImagePolicy` of the policy
/// controller of Sigstore, `verifyImages` of Kyverno, a trust policy of Notation
///
/// What has no words here stands above it as a comment. Exit code 1 if there is such
#[derive(clap::Args)]
struct ImportArgs {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        match self.command {
            Command::Import(args) => args.run(terminal),
        }
    }
}

impl ImportArgs {
    fn run(self, terminal: &mut Terminal) -> Outcome {
        let path = terminal.directory.join(&self.file);
        let bytes = bounded(&path).map_err(|error| Error::read(&path, &error))?;
        let unreadable = |reason: String| Error::Read {
            path: path.display().to_string(),
            reason,
        };
        if bytes.len() > limits::FILE.most {
            return Err(unreadable(format!("it has more than {}", limits::FILE)).into());
        }
        let text = String::from_utf8(bytes).map_err(|_| unreadable("it is no UTF-8".to_owned()))?;
        let name = RepoPath::new(self.file.as_os_str().as_encoded_bytes());
        let text: Arc<str> = Arc::from(text);
        let documents = yaml::parse(&text).map_err(|error| problem(&name, &text, &error))?;
        let mut found = Found::default();
        for document in &documents {
            read(&document.to_json(), &mut found);
        }
        for note in found.notes() {
            let remark = format!("# {name}: {note}");
            terminal.line(&sanitise::line(&remark));
        }
        let section = found.section();
        if let Some(images) = &section {
            let yaml = to_yaml(&json!({ "images": images })).map_err(|error| Error::Write {
                path: "standard output".to_owned(),
                reason: error.to_string(),
            })?;
            terminal.line(&sanitise::lines(yaml.trim_end()));
        }
        Ok(match found.notes().is_empty() && section.is_some() {
            true => Exit::Pass,
            false => Exit::Denied,
        })
    }
}

/// By place only: what does not parse is never shown.
fn problem(name: &RepoPath, text: &Arc<str>, error: &ParseError) -> Problems {
    let source = SourceText::hidden(name.clone(), Arc::clone(text));
    let message = error.problem().to_string();
    Problem::new(&source, error.place().span, code_of(error), message).into()
}

/// Reads one document of whatever program.
fn read(document: &Value, found: &mut Found) {
    let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str);
    let kind = text("/kind").unwrap_or_default();
    let group = text("/apiVersion").and_then(|it| it.split('/').next());
    match (group, kind) {
        (Some("policy.sigstore.dev"), "ClusterImagePolicy") => {
            cluster_image_policy::read(document, found);
        }
        (Some("kyverno.io"), "ClusterPolicy" | "Policy") => kyverno::read(document, found),
        _ if document.get("trustPolicies").is_some() => notation::read(document, found),
        _ if kind == "List" => {
            let items = document.get("items").and_then(Value::as_array);
            for item in items.into_iter().flatten() {
                read(item, found);
            }
        }
        (_, "") => found.note("", "a document that is no policy of images"),
        (_, kind) => found.note("", &format!("a {kind}, of which nothing is read")),
    }
}

/// A little more than is taken, at most.
fn bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = File::open(path)?;
    file.take(limits::FILE.wide() + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
