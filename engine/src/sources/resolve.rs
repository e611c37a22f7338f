//! The units of an environment, however it declares them, and what each of them deploys.
//! Renders nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use miette::Diagnostic;

use super::deployment::{Deployment, External, Kind, Local, Place, Source, Unknown, locals};
use super::known::Known;
use super::map::deployments;
use super::{Tree, fields::shown, idle, named};
use crate::config::{Config, Environment, GATE, UnitKind, is_label};
use crate::git::Selector;
use crate::manifest;
use crate::model::{RepoPath, limits};
use crate::render::{FilesError, Rendering, Tool};

/// A unit, and what it deploys.
#[derive(Clone, Debug)]
pub struct ResolvedUnit {
    /// A DNS label, unique in the environment.
    pub name: String,
    /// What deploys it.
    pub kind: UnitKind,
    /// Where the configuration declares it, or says where to look for it.
    pub pointer: String,
    /// The files that the configuration itself gives it.
    pub selector: Option<Selector>,
    /// The object that declares it.
    pub deployment: Option<Deployment>,
    /// What it deploys. A unit of paths has none: its files are its objects.
    pub sources: Vec<Source>,
    /// What the units of its environment were told from; nothing where the configuration itself names them.
    pub told_from: Option<Arc<Known>>,
}

/// The units of an environment cannot be told.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum Error {
    /// The tree cannot be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Files(#[from] FilesError),
    /// A file that the environment selects is no manifest.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Manifest(Box<manifest::Error>),
    /// Units that a remote base declares.
    #[error("`{file}` of a remote base deploys in turn")]
    #[diagnostic(
        code(source::remote),
        help(
            "which units there are must be known from this repository alone: copy the file into it"
        )
    )]
    Remote {
        /// Where it stands beside the files of the tree.
        file: RepoPath,
    },
    /// A link to a file that deploys something.
    #[error("`{file}` is a symbolic link, and what it leads to deploys something")]
    #[diagnostic(
        code(source::linked),
        help("commit the manifest itself in the place of the link")
    )]
    Linked {
        /// The link.
        file: RepoPath,
    },
    /// Nothing was found.
    #[error("environment `{environment}` selects no {what} in this state of the repository")]
    #[diagnostic(
        code(source::nothing_declared),
        help(
            "let `{pointer}` select the files that hold them: `paths`, and what they must be like"
        )
    )]
    Nothing {
        /// The environment.
        environment: String,
        /// What was looked for.
        what: &'static str,
        /// Where the configuration says so.
        pointer: String,
    },
    /// A name that no unit can have.
    #[error("{place}: the {kind} `{name}` has a name that no unit can have")]
    #[diagnostic(
        code(source::unit_name),
        help("use at most 63 lower-case letters, digits, hyphens and dots, and not `gate`")
    )]
    Name {
        /// What it is.
        kind: Kind,
        /// Its name.
        name: String,
        /// Where it is.
        place: Place,
    },
    /// Two objects that would be one unit.
    #[error(
        "{second}: environment `{environment}` has a unit `{name}` already, declared at {first}"
    )]
    #[diagnostic(
        code(source::unit_clash),
        help(
            "rename one of them, or let the environment select one: by `match-labels`, `project`, `namespace`, `cluster` or other `paths`"
        )
    )]
    Clash {
        /// The environment.
        environment: String,
        /// The name.
        name: String,
        /// The first.
        first: Box<Place>,
        /// The second.
        second: Place,
    },
    /// More than there may be.
    #[error(
        "the environment has more than {} Applications and Kustomizations",
        limits::DEPLOYMENTS
    )]
    #[diagnostic(code(limit::deployments), help("declare several environments"))]
    TooMany,
    /// Applications in Applications without end.
    #[error(
        "Applications hold Applications, more than {} within each other",
        limits::DEPLOYMENT_DEPTH
    )]
    #[diagnostic(code(limit::deployments), help("let fewer of them hold others"))]
    TooDeep,
}

/// The units of an environment in one state of the repository, in the order of their names where
/// objects of the tree declare them.
///
/// # Errors
/// What declares them cannot be read, or there is nothing that declares any. What only one unit needs and cannot be told is
/// [`Source::Unknown`] in that unit.
pub fn resolve(
    environment: &Environment,
    config: &Config,
    tree: &Tree<'_>,
) -> Result<Vec<ResolvedUnit>, Error> {
    let Some(selected) = &environment.declared else {
        let units = environment.units.iter();
        return units
            .map(|unit| named::unit(unit, environment, tree))
            .collect();
    };
    let mut units: BTreeMap<String, ResolvedUnit> = BTreeMap::new();
    let mut deployments = deployments(environment, selected, config, tree)?;
    let mut known = deployments.known;
    known.give(&deployments.all);
    idle::settle(&mut deployments.all, &known);
    let known = Arc::new(known);
    for deployment in deployments.all {
        // A chart of elsewhere has no files here: its object is part of the unit whose folder holds it.
        let external = |source: &Source| matches!(source, Source::External(_));
        if deployment.kind == Kind::HelmRelease
            && deployment.generated_by.is_some()
            && deployment.sources.iter().all(external)
        {
            continue;
        }
        let unit = of_deployment(deployment, &selected.pointer, &known)?;
        if let Some(other) = units.get(&unit.name) {
            return Err(Error::Clash {
                environment: environment.name.clone(),
                first: Box::new(place(other)),
                second: place(&unit),
                name: unit.name,
            });
        }
        units.insert(unit.name.clone(), unit);
    }
    if units.is_empty() && !deployments.has_empty_set {
        return Err(Error::Nothing {
            environment: environment.name.clone(),
            what: match selected.kind {
                crate::config::DeployerKind::ArgoCd => "Application",
                crate::config::DeployerKind::Flux => "Kustomization",
            },
            pointer: selected.pointer.clone(),
        });
    }
    Ok(units.into_values().collect())
}

impl ResolvedUnit {
    /// What must be rendered.
    pub fn renderings(&self) -> impl Iterator<Item = &Rendering> {
        self.local().filter_map(|local| local.render.as_ref())
    }

    /// The namespace of objects that name none, where anything says so.
    #[must_use]
    pub fn target_namespace(&self) -> Option<&str> {
        let said = self.deployment.as_ref().map(|it| &it.target_namespace);
        let own = || {
            self.renderings()
                .find_map(|rendering| match &rendering.tool {
                    Tool::Helm(helm) => helm.namespace.as_deref(),
                    Tool::Kustomize(kustomize) => kustomize.namespace.as_deref(),
                })
        };
        match said {
            Some(said) => said.as_deref(),
            None => own(),
        }
    }

    /// Folders whose files are the objects.
    pub fn plain(&self) -> impl Iterator<Item = &Local> {
        self.local().filter(|local| local.render.is_none())
    }

    /// What comes from elsewhere.
    pub fn external(&self) -> impl Iterator<Item = &External> {
        self.sources.iter().filter_map(Source::external)
    }

    /// What cannot be told: where there is any of it, the unit cannot be judged.
    pub fn unknown(&self) -> impl Iterator<Item = &Unknown> {
        self.sources.iter().filter_map(|source| match source {
            Source::Unknown(unknown) => Some(unknown),
            Source::Local(_) | Source::External(_) => None,
        })
    }

    /// Globs of the files that belong to the unit whatever a renderer reads: those that declare it, its
    /// plain folders, and what it puts into charts of elsewhere.
    #[must_use]
    pub fn globs(&self) -> Vec<String> {
        let declared = self
            .deployment
            .iter()
            .flat_map(|deployment| &deployment.declared_in);
        let mut globs: Vec<String> = declared.map(glob_of_path).collect();
        globs.extend(self.plain().map(glob_of));
        let value_files = self.external().flat_map(|external| &external.value_files);
        globs.extend(value_files.map(|put| glob_of_path(&put.file)));
        if let Some(selector) = &self.selector {
            globs.extend(selector.patterns().iter().cloned());
        }
        globs.sort_unstable();
        globs.dedup();
        globs
    }

    /// Folders of this repository that it deploys.
    pub fn local(&self) -> impl Iterator<Item = &Local> {
        locals(&self.sources)
    }
}

fn glob_of(local: &Local) -> String {
    let below = if local.directory.recurse { "**" } else { "*" };
    match local.folder.as_bytes() {
        b"" => below.to_owned(),
        _ => format!("{}/{below}", glob_of_path(&local.folder)),
    }
}

/// A pattern for a path: what has a meaning in patterns, or none that is allowed there, is any character.
pub(crate) fn glob_of_path(path: &RepoPath) -> String {
    let path = path.to_string();
    path.replace(['*', '[', ']', '{', '}', '!', '\\'], "?")
}

fn place(unit: &ResolvedUnit) -> Place {
    let place = unit
        .deployment
        .as_ref()
        .map(|deployment| deployment.place.clone());
    place.unwrap_or_else(|| Place {
        path: RepoPath::from(""),
        line: 1,
        column: 1,
    })
}

fn of_deployment(
    mut deployment: Deployment,
    pointer: &str,
    known: &Arc<Known>,
) -> Result<ResolvedUnit, Error> {
    let name = deployment.unit.clone();
    if !is_label(&name) || name == GATE {
        return Err(Error::Name {
            kind: deployment.kind,
            name: shown(&deployment.name),
            place: deployment.place,
        });
    }
    let sources = std::mem::take(&mut deployment.sources);
    Ok(ResolvedUnit {
        name,
        kind: match deployment.kind {
            Kind::Application => UnitKind::Application,
            Kind::Kustomization => UnitKind::Kustomization,
            Kind::HelmRelease => UnitKind::HelmRelease,
        },
        pointer: pointer.to_owned(),
        selector: None,
        deployment: Some(deployment),
        sources,
        told_from: Some(Arc::clone(known)),
    })
}
