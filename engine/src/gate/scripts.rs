//! The scripts of a unit as they lie in both trees, for the fact about migrations; and the modules of Odoo around them.
//! Knows nothing of what they say.

use std::collections::{BTreeMap, BTreeSet};

use super::Error;
use super::judge::Judge;
use super::side::Side;
use super::view::View;
use crate::facts::migrations::{self, Files, MANIFEST, ModuleFiles, Rules, ScriptFile, Text};
use crate::git::{self, FileChange, Selector, TreeEntry};
use crate::model::{RepoPath, limits};

/// The scripts of a unit of these files, where a policy asks for them.
pub(super) fn of_unit(
    view: &View<'_>,
    (base, head): (&Selector, &Selector),
    judge: &Judge,
    unit: &str,
) -> Result<Files, Error> {
    if !judge.asks_for(migrations::NAME) {
        return Ok(Files::default());
    }
    let rules = &judge.migrations;
    let changed = view.changed_under(base, head)?;
    let mut reader = Reader {
        view,
        unit,
        left: limits::SCRIPTS.most,
    };
    let mut files = Files::default();
    for change in changed
        .iter()
        .filter(|change| is_script(&change.path, rules))
    {
        files.changed.push(ScriptFile {
            path: change.path.clone(),
            base: reader.text(change.old.as_ref())?,
            head: reader.text(change.new.as_ref())?,
        });
    }
    if !files.changed.is_empty() {
        files.before = reader.names(&view.base, base, rules)?;
        files.after = reader.names(&view.head, head, rules)?;
    }
    files.modules = reader.modules(&changed)?;
    Ok(files)
}

/// What declares a module of Odoo is in no folder of scripts, whatever the globs say.
fn is_script(path: &RepoPath, rules: &Rules) -> bool {
    rules.is_script(path) && path.file_name() != MANIFEST.as_bytes()
}

struct Reader<'a> {
    view: &'a View<'a>,
    unit: &'a str,
    /// How many bytes more may be read.
    left: usize,
}

impl Reader<'_> {
    /// The text of a file as it lies in a tree; where it has none, why. What a checkout would make another text of, the
    /// unit has refused by now.
    fn text(&mut self, entry: Option<&TreeEntry>) -> Result<Option<Text>, Error> {
        let Some(entry) = entry else {
            return Ok(None);
        };
        let unknown = |reason: &str| Ok(Some(Text::Unknown(reason.to_owned())));
        if entry.is_link() || entry.is_submodule() {
            return unknown("it is a link, which is not followed");
        }
        let repository = self.view.repository;
        let bytes = match repository.blob_within(entry.id, limits::SCRIPT.wide()) {
            Err(git::Error::BlobTooLarge { .. }) => return unknown("it is larger than 4 MiB"),
            read => read?,
        };
        self.left = rest(self.left, bytes.len(), self.unit)?;
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(Text::Known(text))),
            Err(_) => unknown("it is not UTF-8"),
        }
    }

    fn names(
        &self,
        side: &Side,
        selector: &Selector,
        rules: &Rules,
    ) -> Result<BTreeSet<RepoPath>, Error> {
        let entries = self
            .view
            .repository
            .entries_matching(&side.snapshot, selector)?;
        let paths = entries.into_iter().map(|entry| entry.path);
        let names: BTreeSet<RepoPath> = paths.filter(|path| is_script(path, rules)).collect();
        counted(names.len(), self.unit)?;
        Ok(names)
    }

    /// The modules of Odoo that changed files lie in.
    fn modules(&mut self, changed: &[FileChange]) -> Result<Vec<ModuleFiles>, Error> {
        let mut known: BTreeMap<Vec<u8>, Option<RepoPath>> = BTreeMap::new();
        let mut modules: BTreeMap<RepoPath, Vec<RepoPath>> = BTreeMap::new();
        for change in changed
            .iter()
            .filter(|change| may_be_of_module(&change.path))
        {
            if let Some(folder) = self.module_of(change.path.parent(), &mut known)? {
                modules.entry(folder).or_default().push(change.path.clone());
            }
        }
        let modules = modules.into_iter().map(|(folder, changed)| {
            let manifest = folder.child(MANIFEST);
            let (repository, view) = (self.view.repository, self.view);
            let old = repository.entry(&view.base.snapshot, &manifest)?;
            let new = repository.entry(&view.head.snapshot, &manifest)?;
            Ok(ModuleFiles {
                base: self.text(old.as_ref())?,
                head: self.text(new.as_ref())?,
                scripts: self.scripts_of(&folder)?,
                folder,
                changed,
            })
        });
        modules.collect()
    }

    /// The innermost folder around that declares a module on either side.
    fn module_of(
        &self,
        folder: &[u8],
        known: &mut BTreeMap<Vec<u8>, Option<RepoPath>>,
    ) -> Result<Option<RepoPath>, Error> {
        if let Some(found) = known.get(folder) {
            return Ok(found.clone());
        }
        let here = RepoPath::new(folder);
        let manifest = here.child(MANIFEST);
        let (repository, view) = (self.view.repository, self.view);
        let found = if repository.entry(&view.head.snapshot, &manifest)?.is_some()
            || repository.entry(&view.base.snapshot, &manifest)?.is_some()
        {
            Some(here)
        } else if folder.is_empty() {
            None
        } else {
            self.module_of(here.parent(), known)?
        };
        known.insert(folder.to_vec(), found.clone());
        Ok(found)
    }

    fn scripts_of(&self, module: &RepoPath) -> Result<Vec<RepoPath>, Error> {
        let mut scripts = Vec::new();
        for folder in ["migrations", "upgrades"] {
            let folder = module.child(folder);
            let (repository, head) = (self.view.repository, &self.view.head.snapshot);
            let entries = repository.entries_under(head, &folder)?;
            let paths = entries.into_iter().map(|entry| entry.path);
            scripts.extend(paths.filter(|path| path.file_name().ends_with(b".py")));
        }
        Ok(scripts)
    }
}

/// How much more may be read of the scripts of a unit.
fn rest(left: usize, bytes: usize, unit: &str) -> Result<usize, Error> {
    left.checked_sub(bytes).ok_or_else(|| too_much(unit))
}

/// Refuses more files than are looked at.
fn counted(files: usize, unit: &str) -> Result<(), Error> {
    match files > limits::SCRIPT_FILES.most {
        true => Err(too_much(unit)),
        false => Ok(()),
    }
}

fn too_much(unit: &str) -> Error {
    Error::Scripts {
        unit: unit.to_owned(),
    }
}

/// Whether a file is one of those that modules are made of.
fn may_be_of_module(path: &RepoPath) -> bool {
    let endings: [&[u8]; 4] = [b".py", b".xml", b".csv", b".sql"];
    endings
        .iter()
        .any(|ending| path.file_name().ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::code_of;

    #[test]
    fn scripts_are_counted_for_a_unit_together() {
        let most = limits::SCRIPTS.most;
        let left = rest(most, most - 1, "shop").unwrap();
        assert_eq!(rest(left, 1, "shop").unwrap(), 0);
        let error = rest(left, 2, "shop").unwrap_err();
        assert_eq!(code_of(&error), "limit.scripts");
        assert!(error.to_string().contains("`shop` are more than 64 MiB"));
        assert!(counted(limits::SCRIPT_FILES.most, "shop").is_ok());
        assert!(counted(limits::SCRIPT_FILES.most + 1, "shop").is_err());
    }
}
