//! Environments and their units: where things are deployed, and what is judged together.
//! Knows nothing of Git branches beyond their names.

use std::fmt;

use jiff::tz::TimeZone;
use serde::Serialize;

use super::raw::{RawEnvironment, RawSource, SourceKind};
use super::render::{DeployerKind, Deployers, RenderDefaults, SourceRender};
use crate::calendar::Zone;
use crate::git::Selector;
use crate::model::{Enforcement, RepoPath, RiskTier, Stage};

/// Where things are deployed.
#[derive(Clone, Debug)]
pub struct Environment {
    /// A DNS label.
    pub name: String,
    /// What it is for.
    pub stage: Stage,
    /// Whether a denial stops anything.
    pub enforcement: Enforcement,
    /// The protected branch it is deployed from.
    pub branch: String,
    /// The zone in which its dates are meant; it has an IANA name.
    pub timezone: TimeZone,
    /// The highest tier that may go there.
    pub max_tier: RiskTier,
    /// Whom it serves.
    pub tenants: Vec<String>,
    /// The cluster it runs in.
    pub cluster: Option<String>,
    /// The region it runs in.
    pub region: Option<String>,
    /// The names of the calendars that hold for it.
    pub calendars: Vec<String>,
    /// What is judged, signed and admitted together; none where `declared` says where to look for it.
    pub units: Vec<Unit>,
    /// The objects of the tree that say what the units are.
    pub declared: Option<Deployers>,
    /// How its sources are rendered.
    pub render: RenderDefaults,
    /// Where it stands in the configuration: `/environments/0`. Add `/max-tier` and the like for a key.
    pub pointer: String,
}

/// What is judged, signed and admitted together.
#[derive(Clone, Debug)]
pub struct Unit {
    /// A DNS label, unique in the environment.
    pub name: String,
    /// What deploys it.
    pub kind: UnitKind,
    /// Its files.
    pub selector: Selector,
    /// Its folder, where it is one, and how that becomes objects.
    pub source: Option<(RepoPath, Option<SourceRender>)>,
    /// Where it stands in the configuration: `/environments/0/paths`, `/environments/0/sources/2`.
    pub pointer: String,
}

/// What deploys a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum UnitKind {
    /// Whatever applies these paths.
    Paths,
    /// An Argo CD Application.
    Application,
    /// A Flux Kustomization.
    Kustomization,
    /// A Flux `HelmRelease`.
    HelmRelease,
    /// Nothing: the gate's own files.
    Gate,
}

impl UnitKind {
    /// The name as it stands in the input document and in verdicts.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Paths => "Paths",
            Self::Application => "Application",
            Self::Kustomization => "Kustomization",
            Self::HelmRelease => "HelmRelease",
            Self::Gate => "Gate",
        }
    }
}

impl fmt::Display for UnitKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<SourceKind> for UnitKind {
    fn from(kind: SourceKind) -> Self {
        match kind {
            SourceKind::Application => Self::Application,
            SourceKind::Kustomization => Self::Kustomization,
            SourceKind::Paths => Self::Paths,
        }
    }
}

impl Environment {
    /// The unit of that name.
    #[must_use]
    pub fn unit(&self, name: &str) -> Option<&Unit> {
        self.units.iter().find(|unit| unit.name == name)
    }

    /// The names of both sides, those of `base` first, each once.
    #[must_use]
    pub fn merged_names<'a>(base: &'a [Self], head: &'a [Self]) -> Vec<&'a str> {
        let mut names: Vec<&str> = Vec::new();
        for environment in base.iter().chain(head) {
            if !names.contains(&environment.name.as_str()) {
                names.push(&environment.name);
            }
        }
        names
    }

    /// Takes what was checked; what is still wrong is an error in words.
    pub(super) fn build(
        raw: RawEnvironment,
        index: usize,
        defaults: &RenderDefaults,
    ) -> Result<Self, String> {
        let pointer = format!("/environments/{index}");
        let deployers = |raw, kind: DeployerKind, key: &str| {
            Deployers::build(raw, kind, format!("{pointer}/{key}")).map(Some)
        };
        let (units, declared) = match (raw.paths, raw.sources, raw.applications, raw.kustomizations)
        {
            (Some(paths), None, None, None) => {
                let unit = Unit::of_paths(&raw.name, &paths, format!("{pointer}/paths"))?;
                (vec![unit], None)
            }
            (None, Some(sources), None, None) => {
                let units = sources.into_iter().enumerate();
                let units = units
                    .map(|(at, source)| Unit::build(source, format!("{pointer}/sources/{at}")))
                    .collect::<Result<_, _>>()?;
                (units, None)
            }
            (None, None, Some(raw), None) => (
                Vec::new(),
                deployers(raw, DeployerKind::ArgoCd, "applications")?,
            ),
            (None, None, None, Some(raw)) => (
                Vec::new(),
                deployers(raw, DeployerKind::Flux, "kustomizations")?,
            ),
            _ => return Err("an environment says once what its units are".to_owned()),
        };
        let zone = Zone::parse(&raw.timezone).ok_or("unknown time zone")?;
        Ok(Self {
            timezone: zone.rules().clone(),
            name: raw.name,
            stage: raw.stage,
            enforcement: raw.enforcement,
            branch: raw.branch,
            max_tier: raw.max_tier,
            tenants: raw.tenants,
            cluster: raw.cluster,
            region: raw.region,
            calendars: raw.calendars,
            units,
            declared,
            render: RenderDefaults::new(raw.render, defaults),
            pointer,
        })
    }
}

impl Unit {
    fn of_paths(name: &str, paths: &[String], pointer: String) -> Result<Self, String> {
        Ok(Self {
            name: name.to_owned(),
            kind: UnitKind::Paths,
            selector: Selector::parse(paths).map_err(|error| error.to_string())?,
            source: None,
            pointer,
        })
    }

    fn build(source: RawSource, pointer: String) -> Result<Self, String> {
        let selector = below(&source.path).ok_or("a source has a folder")?;
        Ok(Self {
            name: source.name,
            kind: source.kind.into(),
            selector,
            source: Some((folder(&source.path), source.render.map(SourceRender::new))),
            pointer,
        })
    }
}

/// Everything below a folder; `.` is the root of the repository. `None` where it is no folder.
pub(super) fn below(folder: &str) -> Option<Selector> {
    let glob = match folder {
        "." => "**".to_owned(),
        folder if folder.contains(['*', '?']) || folder.trim() != folder => return None,
        folder => format!("{folder}/**"),
    };
    Selector::parse(&[glob]).ok()
}

/// The folder as a path of the tree, empty for the root.
fn folder(path: &str) -> RepoPath {
    RepoPath::from(if path == "." { "" } else { path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_has_everything_below_its_folder_and_nothing_beside_it() {
        let selector = below("apps/odoo").unwrap();
        assert!(selector.matches(&"apps/odoo/base/.hidden".into()));
        assert!(!selector.matches(&"apps/odoo-eu/x.yaml".into()));
        assert!(below(".").unwrap().matches(&"x.yaml".into()));
        for wrong in ["", "apps/", "/apps", "../apps", "apps/*", "./apps"] {
            assert!(below(wrong).is_none(), "{wrong}");
        }
    }
}
