//! Which environment claims which files of a surveyed tree.
//! Knows nothing of how a configuration is written.

use std::collections::{BTreeMap, BTreeSet};

use super::deployers::{Deployer, Kind};
use super::survey::{Survey, parent};
use super::words::{self, Named};
use super::{Claim, Proposed, Source, globs, names};
use crate::model::Stage;
use crate::report::sanitise;

/// Environments by their name.
#[derive(Default)]
pub(super) struct Claims {
    environments: BTreeMap<String, Claimed>,
    /// What is deployed to nobody knows where.
    homeless: Claimed,
}

/// What one environment claims.
#[derive(Default)]
struct Claimed {
    stage: Option<Stage>,
    found: BTreeSet<String>,
    /// Folders of Argo CD Applications, with the names of the Applications.
    applications: BTreeSet<(String, String)>,
    /// Folders, claimed with all below them.
    folders: BTreeSet<String>,
    /// Files, and globs of files.
    files: BTreeSet<String>,
    /// Those of both that no name places.
    unnamed: BTreeSet<String>,
}

impl Claims {
    /// What Argo CD and Flux deploy from this tree.
    pub(super) fn add_deployed(&mut self, survey: &Survey) {
        let mut deployed = Vec::new();
        for deployer in &survey.deployers {
            for pattern in &deployer.folders {
                let folders = survey.folders_like(pattern).into_iter();
                deployed.extend(
                    folders.map(|folder| (deployer, destination(deployer, &folder), folder)),
                );
            }
        }
        let believable = believable(deployed.iter().filter_map(|(_, named, _)| named.as_ref()));
        for (deployer, named, folder) in deployed {
            let named = named.filter(|named| named.contained || believable);
            self.add_folder_of(deployer, named, folder);
        }
    }

    /// Folders that are called as environments are.
    pub(super) fn add_folders(&mut self, survey: &Survey) {
        let mut named: Vec<(Named, String)> = Vec::new();
        for manifest in survey.manifests() {
            if words::is_aside_path(manifest) {
                continue;
            }
            let folders: Vec<&str> = parent(manifest).split('/').collect();
            if let Some(found) = words::environment(&folders) {
                let folder = folders.get(..found.depth).unwrap_or_default().join("/");
                if named.last().is_none_or(|(_, last)| *last != folder) {
                    named.push((found, folder));
                }
            }
        }
        let believable = believable(named.iter().map(|(found, _)| found));
        named.retain(|(found, _)| found.contained || believable);
        for (found, folder) in named {
            let claimed = self.environment(&found.name, found.stage);
            claimed.found.insert(format!("the folder {folder}"));
            claimed.folders.insert(folder);
        }
    }

    /// Charts with a file of values for each environment.
    pub(super) fn add_values(&mut self, survey: &Survey) {
        for chart in &survey.charts {
            if words::is_aside_path(&below(chart, "Chart.yaml")) {
                continue;
            }
            for file in survey.files_in(chart) {
                let Some(name) = environment_of_values(file) else {
                    continue;
                };
                let claimed = self.environment(name, words::stage(name));
                claimed.found.insert(format!("the values {file}"));
                claimed.files.insert(file.to_owned());
                let in_chart = |part: &&&str| match part.strip_suffix("/**") {
                    Some(folder) => survey.holds(&below(chart, folder)),
                    None => survey.has_file(&below(chart, part)),
                };
                let parts = CHART.iter().filter(in_chart);
                claimed.files.extend(parts.map(|part| below(chart, part)));
            }
        }
    }

    /// Finds an environment for what names none: the one of production, made where there is none.
    pub(super) fn settle(&mut self) {
        let homeless = std::mem::take(&mut self.homeless);
        if self.environments.is_empty() || !homeless.is_empty() {
            let name = self
                .first_of_production()
                .unwrap_or_else(|| PROD.to_owned());
            let claimed = self.environment(&name, Some(Stage::Production));
            claimed.found.extend(homeless.found);
            claimed.applications.extend(homeless.applications);
            claimed.folders.extend(homeless.folders);
        }
    }

    /// What the kustomizations of an environment name outside of it: a changed base changes it too.
    pub(super) fn add_bases(&mut self, survey: &Survey) {
        for claimed in self.environments.values_mut() {
            let inside = |folder: &&String| claimed.holds(folder);
            let mut open: Vec<&String> = survey.kustomizations.keys().filter(inside).collect();
            let mut seen: BTreeSet<&String> = open.iter().copied().collect();
            while let Some(folder) = open.pop() {
                for named in survey.kustomizations.get(folder).into_iter().flatten() {
                    if survey.holds(named) {
                        claimed.add_outside(named);
                        if survey.kustomizations.contains_key(named) && seen.insert(named) {
                            open.push(named);
                        }
                    } else if survey.has_file(named) && !claimed.holds(parent(named)) {
                        claimed.files.insert(named.clone());
                    }
                }
            }
        }
    }

    /// What is left goes to production, since nothing says otherwise; what only shows or tries
    /// something is returned as globs that nobody claims.
    pub(super) fn add_rest(&mut self, survey: &Survey) -> Vec<String> {
        let (mut taken, mut aside, mut rest) = (Vec::new(), Vec::new(), Vec::new());
        for manifest in survey.manifests() {
            if self
                .environments
                .values()
                .any(|claimed| claimed.claims(manifest))
            {
                taken.push(manifest);
            } else if words::is_aside_path(manifest) {
                aside.push(manifest);
            } else {
                rest.push(manifest);
            }
        }
        let others: Vec<&str> = taken.iter().chain(&aside).copied().collect();
        let roots = globs::outermost(&rest, &others);
        let name = self.highest();
        if let Some(claimed) = self.environments.get_mut(&name) {
            for root in roots {
                claimed.unnamed.insert(root.path().to_owned());
                match root {
                    globs::Root::Folder(folder) => claimed.folders.insert(folder),
                    globs::Root::File(file) => claimed.files.insert(file),
                };
            }
        }
        let others: Vec<&str> = taken.iter().chain(&rest).copied().collect();
        let unmanaged = globs::outermost(&aside, &others).into_iter();
        unmanaged.map(globs::Root::glob).collect()
    }

    /// The environments, production first.
    pub(super) fn into_environments(self) -> Vec<Proposed> {
        let mut proposed: Vec<Proposed> = self
            .environments
            .into_iter()
            .map(|(name, claimed)| claimed.propose(name))
            .collect();
        proposed.retain(|environment| match &environment.claim {
            Claim::Paths(paths) => !paths.is_empty(),
            Claim::Sources(sources) => !sources.is_empty(),
        });
        proposed.sort_by_key(|environment| std::cmp::Reverse(environment.stage));
        proposed
    }

    fn add_folder_of(&mut self, deployer: &Deployer, named: Option<Named>, folder: String) {
        let claimed = match named {
            Some(named) => self.environment(&named.name, named.stage),
            None => &mut self.homeless,
        };
        match deployer.kind {
            Kind::Application => {
                claimed.found.insert("Argo CD Applications".to_owned());
                let last = folder.rsplit('/').next().unwrap_or_default();
                let name = deployer.name.clone().unwrap_or_else(|| last.to_owned());
                claimed.applications.insert((folder, name));
            }
            Kind::Kustomization => {
                claimed.found.insert("Flux Kustomizations".to_owned());
                claimed.folders.insert(folder);
            }
        }
    }

    fn environment(&mut self, name: &str, stage: Option<Stage>) -> &mut Claimed {
        let name = names::label(name, &BTreeSet::new());
        let claimed = self.environments.entry(name).or_default();
        claimed.stage = claimed.stage.max(stage);
        claimed
    }

    fn first_of_production(&self) -> Option<String> {
        let production = |claimed: &Claimed| claimed.stage() == Stage::Production;
        let mut all = self.environments.iter();
        all.find(|(_, claimed)| production(claimed))
            .map(|(name, _)| name.clone())
    }

    fn highest(&self) -> String {
        self.first_of_production().unwrap_or_else(|| {
            let all = self.environments.iter();
            all.max_by_key(|(_, claimed)| claimed.stage())
                .map_or_else(String::new, |(name, _)| name.clone())
        })
    }
}

impl Claimed {
    /// Nobody said so: then it is the strictest.
    fn stage(&self) -> Stage {
        self.stage.unwrap_or(Stage::Production)
    }

    fn is_empty(&self) -> bool {
        self.applications.is_empty() && self.folders.is_empty() && self.files.is_empty()
    }

    fn roots(&self) -> impl Iterator<Item = &str> {
        let applications = self.applications.iter().map(|(folder, _)| folder.as_str());
        applications.chain(self.folders.iter().map(String::as_str))
    }

    fn holds(&self, folder: &str) -> bool {
        self.roots().any(|root| globs::lies_in(folder, root))
    }

    fn claims(&self, file: &str) -> bool {
        let listed = |glob: &String| match glob.strip_suffix("/**") {
            Some(folder) => globs::lies_in(parent(file), folder),
            None => glob == file,
        };
        self.holds(parent(file)) || self.files.iter().any(listed)
    }

    fn add_outside(&mut self, folder: &str) {
        if !self.holds(folder) {
            self.folders.insert(folder.to_owned());
        }
    }

    fn propose(self, name: String) -> Proposed {
        let (stage, found) = (self.stage(), self.found());
        let claim = if self.applications.is_empty() {
            let folders = globs::collapse(globs::without_nested(&self.folders));
            let files = self.files.into_iter();
            Claim::Paths(globs::bounded(folders.into_iter().chain(files).collect()))
        } else {
            Claim::Sources(self.sources())
        };
        Proposed {
            name,
            stage,
            found,
            claim,
        }
    }

    /// Why it has what it has.
    fn found(&self) -> String {
        match (self.found.is_empty(), self.unnamed.is_empty()) {
            (true, _) => "manifests whose place names no environment".to_owned(),
            (_, true) => some(&self.found),
            _ => format!(
                "{}; here too, as their place names no environment: {}",
                some(&self.found),
                some(&self.unnamed)
            ),
        }
    }

    fn sources(self) -> Vec<Source> {
        let mut taken = BTreeSet::new();
        let mut sources: Vec<Source> = Vec::new();
        for (path, name) in &self.applications {
            // Two Applications of one folder deploy the same files.
            if sources.last().is_none_or(|last| last.path != *path) {
                add(&mut sources, &mut taken, name, "Application", path);
            }
        }
        let files = self
            .files
            .iter()
            .map(|file| match file.strip_suffix("/**") {
                Some(folder) => folder,
                None => parent(file),
            });
        let others: BTreeSet<String> = self
            .folders
            .iter()
            .map(String::as_str)
            .chain(files)
            .filter(|folder| !folder.is_empty())
            .filter(|folder| {
                !self
                    .applications
                    .iter()
                    .any(|(path, _)| globs::lies_in(folder, path))
            })
            .map(str::to_owned)
            .collect();
        for folder in globs::without_nested(&others) {
            let name = folder.replace('/', "-");
            add(&mut sources, &mut taken, &name, "Paths", &folder);
        }
        sources.truncate(MOST_SOURCES);
        sources
    }
}

fn add(
    sources: &mut Vec<Source>,
    taken: &mut BTreeSet<String>,
    name: &str,
    kind: &'static str,
    path: &str,
) {
    let name = names::label(name, taken);
    taken.insert(name.clone());
    sources.push(Source {
        name,
        kind,
        path: path.to_owned(),
    });
}

/// The environment that a deployer deploys a folder to: by its label, by the folder, by its cluster, by
/// the stage that its own name says; what else stands in that is what it deploys, and no place.
fn destination(deployer: &Deployer, folder: &str) -> Option<Named> {
    let plain = |name: &str, contained| Named {
        depth: 0,
        name: name.to_owned(),
        stage: words::stage(name),
        contained,
    };
    let of_path = |path: &str| {
        let folders: Vec<&str> = path.split('/').collect();
        words::environment(&folders)
    };
    let plain_stage = |name: &str| words::stage(name).map(|_| plain(name, false));
    let label = deployer.environment.as_deref();
    let called = || {
        let word = deployer
            .names
            .iter()
            .find_map(|name| words::stage_word(name));
        Some(plain(&word?, false))
    };
    label
        .map(|name| plain(name, true))
        .or_else(|| of_path(folder))
        .or_else(|| plain_stage(deployer.cluster.as_deref()?))
        .or_else(called)
        .or_else(|| of_path(parent(&deployer.place)))
}

/// Whether words that are not below `overlays` or its like mean environments. One `dev` beside `media`
/// and `network` holds the tools of developers.
fn believable<'n>(named: impl Iterator<Item = &'n Named>) -> bool {
    let stages: BTreeSet<Stage> = named.filter_map(|named| named.stage).collect();
    stages.len() > 1 || stages.contains(&Stage::Production)
}

/// At most three of them, in words.
fn some(all: &BTreeSet<String>) -> String {
    let mut shown: Vec<&str> = all.iter().map(String::as_str).take(3).collect();
    let more = format!("{} more", all.len().saturating_sub(3));
    if all.len() > 3 {
        shown.push(&more);
    }
    sanitise::line(&shown.join(", "))
}

/// `values-prod.yaml`, `values.prod.yaml`, `prod-values.yaml`.
fn environment_of_values(file: &str) -> Option<&str> {
    let name = file.rsplit('/').next().unwrap_or_default();
    let name = name.strip_suffix(".yaml").or(name.strip_suffix(".yml"))?;
    let other = name
        .strip_prefix("values-")
        .or(name.strip_prefix("values."))
        .or(name.strip_prefix("values_"))
        .or(name.strip_suffix("-values"))?;
    words::stage(other).map(|_| other)
}

fn below(folder: &str, part: &str) -> String {
    if folder.is_empty() {
        part.to_owned()
    } else {
        format!("{folder}/{part}")
    }
}

/// What every environment of a chart shares.
const CHART: [&str; 8] = [
    "Chart.yaml",
    "Chart.lock",
    "values.yaml",
    "values.yml",
    "values.schema.json",
    "templates/**",
    "charts/**",
    "crds/**",
];
const PROD: &str = "prod";
const MOST_SOURCES: usize = 1000;
