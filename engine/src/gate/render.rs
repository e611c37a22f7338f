//! `render`: what a unit deploys at a commit, secret values masked.
//! Judges nothing.

use super::Error;
use super::chain::config_at;
use super::deployed::{Declared, Deployed, units};
use super::file::{self, File};
use super::rendered::RenderedFile;
use crate::config::{Config, Environment};
use crate::git::Repository;
use crate::manifest::secrets::without_secrets;
use crate::render::{GitFiles, Online, Workshop};

/// Which unit to show, and at which commit.
#[derive(Clone, Copy)]
pub struct RenderRequest<'a> {
    /// `ENVIRONMENT/UNIT`, or the unit alone where one environment has it.
    pub unit: &'a str,
    /// The commit.
    pub revision: &'a str,
    /// What renders it.
    pub workshop: &'a Workshop,
}

/// What a unit deploys: a stream of YAML documents, as its renderer prints them or as its files hold
/// them, secret values masked.
///
/// # Errors
/// The configuration of the commit, no such unit, or what keeps it from being rendered.
pub fn render(repository: &Repository, request: &RenderRequest<'_>) -> Result<String, Error> {
    let commit = repository.resolve(request.revision)?;
    let config = config_at(repository, commit)?;
    let online = match request.workshop.remotes() {
        None => Online::Off,
        Some(remotes) => Online::Fetched {
            remotes,
            hosts: &config.online,
        },
    };
    let snapshot = repository.snapshot(commit)?;
    let files = GitFiles::new(repository, &snapshot).with(online);
    let declared = named(&config, request.unit, &|environment| {
        units(environment, &config, &files)
    })?;
    if declared.unit.unknown().next().is_none() && !declared.is_of_here() {
        return Err(Error::OnlyElsewhere {
            unit: declared.unit.name.clone(),
            repository: elsewhere(&declared),
        });
    }
    let deployed = Deployed::of(&declared, &files)?;
    let mut texts = Vec::new();
    for input in &deployed.inputs {
        let workshop = request.workshop;
        let rendered = workshop.render(&files, &input.rendering, &input.closure)?;
        texts.push(RenderedFile::read(input, rendered, &files)?.written());
    }
    for plain in &deployed.plain {
        for entry in repository.entries_matching(&snapshot, plain)? {
            if !crate::manifest::is_manifest_name(&entry.path) {
                continue;
            }
            if entry.is_link() || entry.is_submodule() {
                let path = entry.path.to_string();
                return Err(Error::NotAFile { path });
            }
            let file = File::read(&entry.path, &repository.file(&entry)?)?;
            if let Some(text) = file::written(&file.sources, &file.secrets) {
                texts.push(format!("# {}\n{text}", entry.path));
            }
        }
    }
    Ok(stream(&texts))
}

/// The texts as one stream.
fn stream(texts: &[String]) -> String {
    let mut stream = String::new();
    for text in texts {
        if !stream.is_empty() {
            stream.push_str("---\n");
        }
        stream.push_str(text.strip_prefix("---\n").unwrap_or(text));
        if !stream.ends_with('\n') {
            stream.push('\n');
        }
    }
    stream
}

/// Where a unit comes from, without what looks like a secret.
fn elsewhere(declared: &Declared) -> Vec<String> {
    let repositories = declared.unit.external().map(|it| &it.repository);
    let shown = |it: &String| without_secrets(it).unwrap_or_else(|| it.clone());
    repositories.map(shown).collect()
}

/// The units of an environment.
type Units<'a> = dyn Fn(&Environment) -> Result<Vec<Declared>, Error> + 'a;

/// The unit that is meant.
fn named(config: &Config, name: &str, units: &Units<'_>) -> Result<Declared, Error> {
    let (environment, unit) = match name.split_once('/') {
        Some((environment, unit)) => (Some(environment), unit),
        None => (None, name),
    };
    let mut known = Vec::new();
    let mut found = Vec::new();
    let wanted = |it: &&Environment| environment.is_none_or(|name| it.name == name);
    for environment in config.environments.iter().filter(wanted) {
        for declared in units(environment)? {
            known.push(format!("{}/{}", environment.name, declared.unit.name));
            if declared.unit.name == unit {
                found.push(declared);
            }
        }
    }
    match <[Declared; 1]>::try_from(found) {
        Ok([declared]) => Ok(declared),
        Err(_) => Err(Error::unknown_among(name, &known)),
    }
}
