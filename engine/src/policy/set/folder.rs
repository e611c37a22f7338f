//! One policy folder as it lies there, before it is a policy.
//! Knows file names and sizes; what the files say is read elsewhere.

use std::collections::BTreeMap;

use super::super::error::{Error, Place, Problems};
use super::super::metadata::Metadata;
use super::super::settings::Settings;
use super::{Module, Origin, Policy, package_of};
use crate::model::limits;
use crate::model::{Digest, RepoPath};

/// A folder and the texts of its known files.
#[derive(Debug)]
pub(super) struct Folder {
    origin: Origin,
    name: String,
    files: BTreeMap<String, String>,
}

impl Folder {
    pub(super) fn new(origin: Origin, name: &str, files: Vec<(&str, String)>) -> Self {
        Self {
            origin,
            name: name.to_owned(),
            files: files
                .into_iter()
                .map(|(file, text)| (file.to_owned(), text))
                .collect(),
        }
    }

    /// The folders among `files`, below the root of `origin`.
    pub(super) fn all(
        origin: Origin,
        files: &[(RepoPath, Vec<u8>)],
    ) -> Result<Vec<Self>, Problems> {
        let mut folders: BTreeMap<&str, Vec<(&str, String)>> = BTreeMap::new();
        let mut errors = Vec::new();
        for (path, bytes) in files {
            match place_of(path, origin) {
                Spot::File { folder, file } => match text_of(path, bytes) {
                    Ok(text) => folders.entry(folder).or_default().push((file, text)),
                    Err(error) => errors.push(error),
                },
                Spot::Case => {}
                Spot::None => errors.push(Error::UnexpectedFile {
                    path: path.to_string(),
                }),
            }
        }
        Problems::none_in(errors)?;
        Ok(folders
            .into_iter()
            .map(|(name, files)| Self::new(origin, name, files))
            .collect())
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Bytes of the policies themselves.
    pub(super) fn module_bytes(&self) -> usize {
        let modules = self
            .files
            .iter()
            .filter(|(file, _)| MODULES.contains(&file.as_str()));
        modules.map(|(_, text)| text.len()).sum()
    }

    /// Reads metadata and settings.
    pub(super) fn read(mut self, known_facts: &[&str]) -> Result<Policy, Vec<Error>> {
        let mut errors = Vec::new();
        let mut modules = Vec::new();
        let mut deciding = Vec::new();
        for file in ["change_set.rego", "policy.rego", "settings.schema.json"] {
            if let Some(text) = self.files.get(file) {
                deciding.push((self.path(file), Digest::of(text.as_bytes())));
            }
        }
        for file in ["policy.rego", "change_set.rego"] {
            if let Some(text) = self.files.remove(file) {
                match self.module(file, text, known_facts) {
                    Ok(module) => modules.push(module),
                    Err(problems) => errors.extend(problems),
                }
            }
        }
        if modules.is_empty() && errors.is_empty() {
            errors.push(Error::Metadata {
                at: Place::file(&self.path("policy.rego")),
                what: "the folder has neither policy.rego nor change_set.rego".to_owned(),
            });
        }
        let schema = self.files.remove("settings.schema.json");
        let settings = schema.map_or_else(
            || Ok(Settings::none()),
            |text| Settings::read(&self.path("settings.schema.json"), &text),
        );
        let test = self.files.remove("policy_test.rego");
        match settings {
            Ok(settings) if errors.is_empty() => Ok(Policy {
                readme: self.files.remove("README.md"),
                test: test.map(|text| (self.path("policy_test.rego"), text)),
                folder: self.name,
                origin: self.origin,
                modules,
                settings,
                deciding,
            }),
            settings => {
                errors.extend(settings.err());
                Err(errors)
            }
        }
    }

    fn module(&self, file: &str, text: String, known_facts: &[&str]) -> Result<Module, Vec<Error>> {
        let path = self.path(file);
        let metadata = Metadata::read(&path, &text, known_facts)?;
        if Module::scope_of(file) != Some(metadata.scope) {
            return Err(vec![Error::Metadata {
                at: Place::file(&path),
                what: "policy.rego has the scope `object`, change_set.rego `change-set`".to_owned(),
            }]);
        }
        let package = match file {
            "policy.rego" => package_of(&self.name),
            _ => format!("{}.change_set", package_of(&self.name)),
        };
        Ok(Module {
            package,
            path,
            digest: Digest::of(text.as_bytes()),
            text,
            metadata,
        })
    }

    fn path(&self, file: &str) -> String {
        format!("{}/{}/{file}", self.origin.root(), self.name)
    }
}

/// What a path below the root of policies is.
enum Spot<'a> {
    File { folder: &'a str, file: &'a str },
    Case,
    None,
}

fn place_of(path: &RepoPath, origin: Origin) -> Spot<'_> {
    let below = path
        .as_str()
        .and_then(|path| path.strip_prefix(origin.root()))
        .and_then(|path| path.strip_prefix('/'));
    let Some(rest) = below else {
        return Spot::None;
    };
    match rest.split_once('/') {
        Some((folder, _)) if !is_folder_name(folder) => Spot::None,
        Some((_, file)) if file.starts_with("cases/") => Spot::Case,
        Some((folder, file)) if FILES.contains(&file) => Spot::File { folder, file },
        _ => Spot::None,
    }
}

fn text_of(path: &RepoPath, bytes: &[u8]) -> Result<String, Error> {
    if bytes.len() > limits::POLICY_FILE.most {
        return Err(Error::FileSize {
            path: path.to_string(),
            value: bytes.len(),
        });
    }
    std::str::from_utf8(bytes)
        .map(str::to_owned)
        .map_err(|_| Error::Syntax {
            at: Place::file(&path.to_string()),
            what: "the file is not UTF-8".to_owned(),
        })
}

fn is_folder_name(name: &str) -> bool {
    // The package of `x-test` would be that of the tests of `x`.
    !name.ends_with("-test")
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

const MODULES: [&str; 2] = ["change_set.rego", "policy.rego"];
const FILES: [&str; 5] = [
    "README.md",
    "change_set.rego",
    "policy.rego",
    "policy_test.rego",
    "settings.schema.json",
];
