//! The policies of one run: those built in, and those of the repository.
//! Knows their files and what they declare; not what they answer.

mod folder;

use std::collections::{BTreeMap, BTreeSet};

use super::check::{self, Source};
use super::error::{Error, Place, Problems};
use super::metadata::{Declared, Metadata, Reach, Scope};
use super::settings::Settings;
use super::watchdog;
use crate::model::limits;
use crate::model::{Digest, Effect, GroupKind, RepoPath};

use self::folder::Folder;

/// Policies by folder name; none by default.
#[derive(Clone, Debug, Default)]
pub struct PolicySet {
    policies: BTreeMap<String, Policy>,
}

/// Where a policy comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It is part of tidegate.
    Embedded,
    /// It lies in `.tidegate/policies/`.
    Repository,
}

/// One folder.
#[derive(Clone, Debug)]
pub struct Policy {
    folder: String,
    origin: Origin,
    modules: Vec<Module>,
    settings: Settings,
    readme: Option<String>,
    test: Option<(String, String)>,
    /// Path and digest of each file that decides an answer.
    deciding: Vec<(String, Digest)>,
}

/// One policy file of a folder.
#[derive(Clone, Debug)]
pub struct Module {
    package: String,
    path: String,
    text: String,
    /// Of the text.
    digest: Digest,
    metadata: Metadata,
}

impl PolicySet {
    /// The policies that are part of tidegate.
    ///
    /// # Errors
    /// Their metadata or settings schemas do not hold; a test of tidegate's own keeps that from
    /// happening.
    pub fn embedded(known_facts: &[&str]) -> Result<Self, Problems> {
        let folders = EMBEDDED.iter().map(|(name, files)| {
            let files = files
                .iter()
                .map(|(file, text)| (*file, (*text).to_owned()))
                .collect();
            Folder::new(Origin::Embedded, name, files)
        });
        let mut set = Self::default();
        set.add(folders.collect(), known_facts)?;
        for policy in set.policies.values_mut() {
            policy.settings = policy.settings.clone().proven();
        }
        Ok(set)
    }

    /// The policies among `files`, which lie below `policies/`, as if they were the ones that are
    /// part of tidegate: what a change of those would come to.
    ///
    /// # Errors
    /// Every problem of every folder.
    pub fn from_files(
        files: &[(RepoPath, Vec<u8>)],
        known_facts: &[&str],
    ) -> Result<Self, Problems> {
        let mut set = Self::default();
        set.add(Folder::all(Origin::Embedded, files)?, known_facts)?;
        Ok(set)
    }

    /// This set and the policies among `files`, which lie below `.tidegate/policies/`.
    ///
    /// They are foreign: they are parsed and checked within a limit of time.
    ///
    /// # Errors
    /// Every problem of every folder, or that reading them took too long.
    pub fn with_repository(
        &self,
        files: &[(RepoPath, Vec<u8>)],
        known_facts: &[&str],
    ) -> Result<Self, Problems> {
        let mut set = self.clone();
        let folders = Folder::all(Origin::Repository, files)?;
        if folders.is_empty() {
            return Ok(set);
        }
        for folder in &folders {
            if self.policies.contains_key(folder.name()) {
                return Err(Error::Shadowed {
                    folder: folder.name().to_owned(),
                }
                .into());
            }
        }
        let facts: Vec<String> = known_facts.iter().map(|fact| (*fact).to_owned()).collect();
        let loading = move || {
            let facts: Vec<&str> = facts.iter().map(String::as_str).collect();
            set.add(folders, &facts)?;
            set.check()?;
            Ok(set)
        };
        watchdog::run_bounded(limits::POLICY_LOAD_TIME.time(), loading)
            .map_err(|none| none.error("reading the policies of the repository"))?
    }

    /// Every policy, by folder name.
    pub fn iter(&self) -> impl Iterator<Item = &Policy> {
        self.policies.values()
    }

    /// The policy of one folder.
    #[must_use]
    pub fn policy(&self, folder: &str) -> Option<&Policy> {
        self.policies.get(folder)
    }

    /// The set without the policies that `keep` does not name.
    #[must_use]
    pub fn only(&self, keep: impl Fn(&Policy) -> bool) -> Self {
        let policies = self.policies.iter().filter(|(_, policy)| keep(policy));
        Self {
            policies: policies
                .map(|(name, policy)| (name.clone(), policy.clone()))
                .collect(),
        }
    }

    /// The set with `policy` in the place of the one that has its name.
    #[must_use]
    pub fn with(&self, policy: Policy) -> Self {
        let mut set = self.clone();
        set.policies.insert(policy.folder.clone(), policy);
        set
    }

    /// The policy that declares `code`.
    #[must_use]
    pub fn owner_of(&self, code: &str) -> Option<&Policy> {
        self.iter().find(|policy| {
            policy.modules().any(|module| {
                let metadata = module.metadata();
                metadata.codes.contains_key(code) || metadata.reasons.contains(code)
            })
        })
    }

    /// The neighbour kinds that any policy declares, each with the farthest reach asked for.
    #[must_use]
    pub fn neighbours(&self) -> BTreeMap<GroupKind, Reach> {
        let mut all = BTreeMap::new();
        for module in self.iter().flat_map(Policy::modules) {
            for (kind, reach) in &module.metadata.neighbours {
                let farthest = all.entry(kind.clone()).or_insert(*reach);
                *farthest = (*farthest).max(*reach);
            }
        }
        all
    }

    /// SHA-256 over the sorted lines `<sha256>  <path>` of every file that decides an answer:
    /// the policies and the schemas of their settings.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut files: Vec<_> = self.iter().flat_map(|policy| &policy.deciding).collect();
        files.sort();
        let lines: String = files
            .into_iter()
            .map(|(path, digest)| format!("{digest}  {path}\n"))
            .collect();
        Digest::of(lines.as_bytes())
    }

    fn add(&mut self, folders: Vec<Folder>, known_facts: &[&str]) -> Result<(), Problems> {
        self.check_size(&folders)?;
        let mut errors = Vec::new();
        for folder in folders {
            match folder.read(known_facts) {
                Ok(policy) => {
                    self.policies.insert(policy.folder.clone(), policy);
                }
                Err(problems) => errors.extend(problems),
            }
        }
        errors.extend(Metadata::collisions(self.declared()));
        Problems::none_in(errors)
    }

    /// What each file declares: of the embedded policies first, whose names are not to be had.
    fn declared(&self) -> impl Iterator<Item = Declared<'_>> {
        let of = |origin| self.iter().filter(move |policy| policy.origin == origin);
        let all = of(Origin::Embedded).chain(of(Origin::Repository));
        all.flat_map(|policy| {
            policy.modules.iter().map(|module| Declared {
                folder: &policy.folder,
                path: &module.path,
                text: &module.text,
                metadata: &module.metadata,
            })
        })
    }

    /// Measures before anything is parsed.
    fn check_size(&self, more: &[Folder]) -> Result<(), Problems> {
        let value = self.policies.len() + more.len();
        if value > limits::POLICIES.most {
            return Err(Error::Count { value }.into());
        }
        let known = self.iter().flat_map(Policy::modules);
        let known: usize = known.map(|module| module.text.len()).sum();
        let value = known + more.iter().map(Folder::module_bytes).sum::<usize>();
        if value > limits::POLICY_TOTAL.most {
            return Err(Error::TotalSize { value }.into());
        }
        Ok(())
    }

    /// The check on the syntax trees of the repository's policies.
    fn check(&self) -> Result<(), Problems> {
        let foreign = self
            .iter()
            .filter(|policy| policy.origin == Origin::Repository);
        Problems::none_in(foreign.flat_map(Policy::check).collect())
    }
}

impl Origin {
    /// The folder that holds the folders of policies.
    fn root(self) -> &'static str {
        match self {
            Self::Embedded => "policies",
            Self::Repository => ".tidegate/policies",
        }
    }
}

impl Policy {
    /// The name of its folder.
    #[must_use]
    pub fn folder(&self) -> &str {
        &self.folder
    }

    /// Where it comes from.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// Its files: one or two, each with a scope of its own.
    pub fn modules(&self) -> impl Iterator<Item = &Module> {
        self.modules.iter()
    }

    /// Its settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Its README.
    #[must_use]
    pub fn readme(&self) -> Option<&str> {
        self.readme.as_deref()
    }

    /// The strongest effect of `code`, where it is one of its findings'.
    #[must_use]
    pub fn effect_of(&self, code: &str) -> Option<Effect> {
        self.modules()
            .find_map(|module| module.metadata.codes.get(code).copied())
    }

    /// Path and text of its test file.
    pub(super) fn test(&self) -> Option<(&str, &str)> {
        self.test
            .as_ref()
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Every reason not to run it.
    pub(super) fn check(&self) -> Vec<Error> {
        let settings = self.settings.schema();
        let mut errors: Vec<Error> = self
            .modules()
            .filter_map(|module| {
                check::check_policy(&module.source(), &module.metadata, settings).err()
            })
            .flatten()
            .chain(self.settings.problems())
            .collect();
        if errors.is_empty() {
            errors.extend(self.idle_tests().err().unwrap_or_default());
        }
        errors
    }

    /// Checks its tests, and gives those that ask nothing of it.
    pub(super) fn idle_tests(&self) -> Result<BTreeSet<String>, Vec<Error>> {
        let Some((path, text)) = self.test() else {
            return Ok(BTreeSet::new());
        };
        let policies: Vec<_> = self.modules().map(Module::source).collect();
        check::check_test(path, text, &package_of(&self.folder), &policies)
    }

    /// The policy with another text of one file.
    ///
    /// # Errors
    /// What the check says of it.
    pub(super) fn edited(
        &self,
        path: &str,
        edit: impl Fn(&str) -> String,
    ) -> Result<Self, Problems> {
        let mut policy = self.clone();
        for module in policy
            .modules
            .iter_mut()
            .filter(|module| module.path == path)
        {
            module.text = edit(&module.text);
            module.digest = Digest::of(module.text.as_bytes());
            let schema = self.settings.schema();
            let checked = check::check_policy(&module.source(), &module.metadata, schema);
            Problems::none_in(checked.err().unwrap_or_default())?;
        }
        Ok(policy)
    }

    /// The facts that it declares and does not read, each with its place.
    pub(super) fn unread_facts(&self) -> Result<Vec<(Place, String)>, Error> {
        let mut unread = Vec::new();
        for module in self.modules() {
            unread.extend(check::unread_facts(&module.source(), &module.metadata)?);
        }
        Ok(unread)
    }
}

impl Module {
    /// The package of the file.
    #[must_use]
    pub fn package(&self) -> &str {
        &self.package
    }

    /// The path of the file, `policies/<folder>/…` or `.tidegate/policies/<folder>/…`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What it declares.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn digest(&self) -> Digest {
        self.digest
    }

    fn source(&self) -> Source<'_> {
        Source {
            path: &self.path,
            text: &self.text,
            package: &self.package,
        }
    }

    fn scope_of(file: &str) -> Option<Scope> {
        match file {
            "policy.rego" => Some(Scope::Object),
            "change_set.rego" => Some(Scope::ChangeSet),
            _ => None,
        }
    }
}

fn package_of(folder: &str) -> String {
    format!("tidegate.{}", folder.replace('-', "_"))
}

/// Folders, and the files of each.
type Table = &'static [(&'static str, &'static [(&'static str, &'static str)])];

const EMBEDDED: Table = include!(concat!(env!("OUT_DIR"), "/policies.rs"));

#[cfg(test)]
mod tests;
