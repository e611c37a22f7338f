//! Modules of Odoo that change: their versions before and after, and which of their scripts an update would run.
//! Knows nothing of databases, in which another version may be installed.

use std::cmp::Ordering;

use serde::Serialize;

use super::files::{ModuleFiles, Text};
use super::literal;
use super::naming::stage;
use crate::model::RepoPath;

/// A module of which a file changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Module {
    /// Its name: that of its folder.
    pub module: String,
    /// Its folder.
    pub folder: String,
    /// Its version at base; absent where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Its version at head; absent where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// What becomes of its version.
    pub step: Step,
    /// The files that differ and that only an update of the module brings into a database.
    pub changed: Vec<String>,
    /// When those of its scripts run that an update from the one version to the other runs.
    pub stages: Vec<String>,
    /// The scripts that differ and that no update from the one version to the other runs.
    pub idle: Vec<String>,
    /// Why its versions are not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What becomes of the version of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// The module is new.
    New,
    /// The module is gone.
    Removed,
    /// The version stays.
    Same,
    /// It rises.
    Up,
    /// It rises to another series of Odoo.
    Series,
    /// It falls.
    Down,
    /// It cannot be told.
    Unknown,
}

/// A version of a module: the series of Odoo where it is written, and its own.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Version {
    series: Option<[u64; 2]>,
    own: Vec<u64>,
}

/// What becomes of a module.
pub(super) fn module(files: &ModuleFiles) -> Module {
    let base = files.base.as_ref().map(version_in);
    let head = files.head.as_ref().map(version_in);
    let reason = [&base, &head].into_iter().flatten();
    let reason = reason.filter_map(|read| read.as_ref().err()).next();
    let written = |side: &Option<Result<Option<String>, String>>| match side {
        Some(Ok(version)) => version.clone(),
        _ => None,
    };
    let (from, to) = (written(&base), written(&head));
    let step = match (&base, &head) {
        _ if reason.is_some() => Step::Unknown,
        (_, None) => Step::Removed,
        (None, _) => Step::New,
        _ => step(from.as_deref(), to.as_deref()),
    };
    let runs =
        |path: &&RepoPath| step != Step::Removed && would_run(path, from.as_deref(), to.as_deref());
    let differ = |path: &&RepoPath| files.changed.contains(path);
    let scripts = files.scripts.iter();
    let mut stages: Vec<String> = scripts
        .clone()
        .filter(runs)
        .filter_map(|path| stage(&name(path)).map(str::to_owned))
        .collect();
    stages.sort_unstable();
    stages.dedup();
    Module {
        module: name(&files.folder),
        folder: files.folder.to_string(),
        step,
        changed: shown(
            files
                .changed
                .iter()
                .filter(|path| needs_update(files, path)),
        ),
        stages,
        idle: match step {
            Step::Removed | Step::Unknown | Step::New => Vec::new(),
            _ => shown(scripts.filter(|path| differ(path) && !runs(path))),
        },
        from,
        to,
        reason: reason.cloned(),
    }
}

fn shown<'p>(paths: impl Iterator<Item = &'p RepoPath>) -> Vec<String> {
    paths.map(ToString::to_string).collect()
}

fn name(path: &RepoPath) -> String {
    String::from_utf8_lossy(path.file_name()).into_owned()
}

/// The version that a manifest says; none where it says none.
fn version_in(manifest: &Text) -> Result<Option<String>, String> {
    let text = match manifest {
        Text::Known(text) => text,
        Text::Unknown(reason) => return Err(reason.clone()),
    };
    let Some(value) = literal::parse(text) else {
        return Err("its manifest is more than a literal dictionary, and is not run".to_owned());
    };
    let version = value.text("version").map(str::to_owned);
    match version
        .as_deref()
        .is_none_or(|it| Version::parse(it).is_some())
    {
        true => Ok(version),
        false => Err("its version is not of numbers".to_owned()),
    }
}

fn step(from: Option<&str>, to: Option<&str>) -> Step {
    // Without a version a module has the first one.
    let read = |version: Option<&str>| Version::parse(version.unwrap_or("1.0"));
    let (Some(from), Some(to)) = (read(from), read(to)) else {
        return Step::Unknown;
    };
    match (from.series, to.series) {
        (Some(a), Some(b)) if a < b => Step::Series,
        (Some(a), Some(b)) if a > b => Step::Down,
        // It is of one series on both sides, or that cannot be told.
        _ => match from.own.cmp(&to.own) {
            Ordering::Less => Step::Up,
            Ordering::Equal => Step::Same,
            Ordering::Greater => Step::Down,
        },
    }
}

/// Whether an update runs a script: those of folders above the old version, up to the new one.
fn would_run(path: &RepoPath, from: Option<&str>, to: Option<&str>) -> bool {
    let folder = String::from_utf8_lossy(path.parent()).into_owned();
    let of = folder.rsplit('/').next().unwrap_or_default();
    if of == "0.0.0" {
        return from != to;
    }
    let read = |version: Option<&str>| Version::parse(version.unwrap_or("1.0"));
    let (Some(of), Some(from), Some(to)) = (Version::parse(of), read(from), read(to)) else {
        return false;
    };
    of.is_above(&from) && !of.is_above(&to)
}

/// Whether a file is one that an update reads into the database, or code of what is stored there.
fn needs_update(files: &ModuleFiles, path: &RepoPath) -> bool {
    let (path, folder) = (path.to_string(), files.folder.to_string());
    let below = path.strip_prefix(&folder).unwrap_or(&path);
    let below = below.trim_start_matches('/');
    let first = below.split('/').next().unwrap_or_default();
    let ending = below.rsplit_once('.').map_or("", |(_, ending)| ending);
    let aside = [
        "tests",
        "static",
        "i18n",
        "doc",
        "docs",
        "readme",
        "migrations",
        "upgrades",
    ];
    ["py", "xml", "csv", "sql"].contains(&ending) && below != MANIFEST && !aside.contains(&first)
}

impl Version {
    fn parse(text: &str) -> Option<Self> {
        let numbers = text.trim().split('.').map(|part| part.parse().ok());
        let numbers: Vec<u64> = numbers.collect::<Option<_>>()?;
        let (series, own) = match numbers.as_slice() {
            [major, minor, own @ ..] if own.len() >= 2 => (Some([*major, *minor]), own),
            own => (None, own),
        };
        let mut own = own.to_vec();
        while own.len() > 1 && own.last() == Some(&0) {
            own.pop();
        }
        Some(Self { series, own })
    }

    fn is_above(&self, other: &Self) -> bool {
        match (self.series, other.series) {
            (Some(a), Some(b)) if a != b => a > b,
            _ => self.own > other.own,
        }
    }
}

/// What makes a folder a module.
pub const MANIFEST: &str = "__manifest__.py";

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(version: &str) -> Option<Text> {
        let version = match version {
            "" => String::new(),
            version => format!("'version': '{version}'"),
        };
        Some(Text::Known(format!("{{'name': 'Sale', {version}}}")))
    }

    fn of(base: Option<Text>, head: Option<Text>, changed: &[&str], scripts: &[&str]) -> Module {
        let below = |paths: &[&str]| -> Vec<RepoPath> {
            let paths = paths.iter();
            let paths = paths.map(|path| RepoPath::from(format!("addons/sale/{path}").as_str()));
            paths.collect()
        };
        module(&ModuleFiles {
            folder: RepoPath::from("addons/sale"),
            base,
            head,
            changed: below(changed),
            scripts: below(scripts),
        })
    }

    #[test]
    fn versions_rise_fall_and_stay() {
        for (from, to, wanted) in [
            ("17.0.1.0.0", "17.0.1.0.1", Step::Up),
            ("17.0.1.0.9", "17.0.1.0.10", Step::Up),
            ("17.0.1.0.0", "17.0.1.0", Step::Same),
            ("17.0.1.0.0", "1.0.0", Step::Same),
            ("17.0.2.0.0", "17.0.1.9.9", Step::Down),
            ("16.0.9.0.0", "17.0.1.0.0", Step::Series),
            ("17.0.1.0.0", "16.0.9.0.0", Step::Down),
            ("1.0", "1.1", Step::Up),
            ("", "1.0", Step::Same),
            ("1.0", "new", Step::Unknown),
        ] {
            let found = of(manifest(from), manifest(to), &[], &[]);
            assert_eq!(found.step, wanted, "{from} to {to}");
            assert_eq!(found.reason.is_some(), wanted == Step::Unknown);
        }
        assert_eq!(of(None, manifest("1.0"), &[], &[]).step, Step::New);
        assert_eq!(of(manifest("1.0"), None, &[], &[]).step, Step::Removed);
        let computed = Some(Text::Known("{'version': open('v').read()}".to_owned()));
        assert_eq!(of(manifest("1.0"), computed, &[], &[]).step, Step::Unknown);
    }

    #[test]
    fn what_an_update_runs_lies_above_the_old_version_up_to_the_new_one() {
        for (folder, runs) in [
            ("17.0.1.0.0", false),
            ("17.0.1.1.0", true),
            ("17.0.1.2.0", true),
            ("17.0.1.3.0", false),
            ("1.2.0", true),
            ("0.0.0", true),
            ("16.0.9.0.0", false),
            ("18.0.1.0.0", false),
        ] {
            let script = format!("migrations/{folder}/post-a.py");
            let scripts = [script.as_str()];
            let found = of(
                manifest("17.0.1.0.0"),
                manifest("17.0.1.2.0"),
                &scripts,
                &scripts,
            );
            assert_eq!(found.idle.is_empty(), runs, "{folder}");
            assert_eq!(found.stages.is_empty(), !runs, "{folder}");
        }
    }

    #[test]
    fn only_what_an_update_reads_asks_for_one() {
        let files = [
            "models/sale.py",
            "views/sale.xml",
            "security/ir.model.access.csv",
            "README.md",
            "__manifest__.py",
            "tests/test_sale.py",
            "static/src/a.xml",
            "i18n/de.po",
            "migrations/1.0/pre-a.py",
        ];
        let found = of(manifest("1.0"), manifest("1.0"), &files, &[]);
        let wanted = [
            "models/sale.py",
            "views/sale.xml",
            "security/ir.model.access.csv",
        ];
        let wanted = wanted.map(|file| format!("addons/sale/{file}"));
        assert_eq!(found.changed, wanted);
    }
}
