//! Where the programs are: at the place that is given, else in the folders of the search path.
//! Starts none of them.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::{ProgramError, ProgramsConfig};

/// A program that was found.
pub(super) struct Place {
    pub(super) kind: Kind,
    pub(super) path: PathBuf,
}

/// What a program is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Kustomize,
    Kubectl,
    Helm,
}

/// kustomize, else kubectl.
pub(super) fn kustomize(config: &ProgramsConfig) -> Result<Place, ProgramError> {
    if let Some(given) = &config.kustomize {
        let name = given.file_name().and_then(OsStr::to_str);
        let kubectl = name.is_some_and(|name| name.starts_with("kubectl"));
        let kind = if kubectl {
            Kind::Kubectl
        } else {
            Kind::Kustomize
        };
        return at(given, kind, config);
    }
    in_search(Kind::Kustomize, config)
        .or_else(|| in_search(Kind::Kubectl, config))
        .ok_or_else(|| missing(Kind::Kustomize, LOOKED.to_owned()))
}

/// helm.
pub(super) fn helm(config: &ProgramsConfig) -> Result<Place, ProgramError> {
    match &config.helm {
        Some(given) => at(given, Kind::Helm, config),
        None => in_search(Kind::Helm, config).ok_or_else(|| missing(Kind::Helm, LOOKED.to_owned())),
    }
}

/// git, which fetches what renderers are not let to.
pub(in crate::render) fn git(config: &ProgramsConfig) -> Result<PathBuf, ProgramError> {
    let missing = ProgramError::Missing {
        name: GIT,
        looked: LOOKED.to_owned(),
        how: "install Git",
    };
    searched(GIT, config).ok_or(missing)
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Kustomize => "kustomize",
            Self::Kubectl => "kubectl",
            Self::Helm => "helm",
        }
    }

    /// What makes it render.
    pub(super) fn command(self) -> &'static str {
        match self {
            Self::Kustomize => "build",
            Self::Kubectl => "kustomize",
            Self::Helm => "template",
        }
    }

    /// What makes it say its version.
    pub(super) fn question(self) -> &'static [&'static str] {
        match self {
            Self::Kustomize => &["version"],
            Self::Kubectl => &["version", "--client", "--output=json"],
            Self::Helm => &["version", "--template={{.Version}}"],
        }
    }

    fn how(self) -> &'static str {
        match self {
            Self::Kustomize | Self::Kubectl => {
                "install it with `go install sigs.k8s.io/kustomize/kustomize/v5@v5.7.1`, or the package `kustomize` or `kubectl` of your system"
            }
            Self::Helm => {
                "install it with `go install helm.sh/helm/v3/cmd/helm@v3.22.0`, or the package `helm` of your system"
            }
        }
    }
}

/// The program that is given, which must be there and be nobody else's.
fn at(path: &Path, kind: Kind, config: &ProgramsConfig) -> Result<Place, ProgramError> {
    let shown = path.display();
    if !path.is_absolute() {
        return Err(missing(kind, format!("`{shown}` is no absolute path")));
    }
    if !is_program(path) {
        return Err(missing(kind, format!("`{shown}` is no program")));
    }
    if is_foreign(path, config) {
        let why = format!("`{shown}` lies in the repository that is judged");
        return Err(missing(kind, why));
    }
    Ok(Place {
        kind,
        path: path.to_owned(),
    })
}

fn in_search(kind: Kind, config: &ProgramsConfig) -> Option<Place> {
    let path = searched(kind.name(), config)?;
    Some(Place { kind, path })
}

fn searched(name: &str, config: &ProgramsConfig) -> Option<PathBuf> {
    let folders = std::env::split_paths(config.search.as_ref()?);
    let programs = folders.map(|folder| folder.join(name));
    let mut programs = programs.filter(|path| path.is_absolute() && is_program(path));
    programs.find(|path| !is_foreign(path, config))
}

/// Whether it lies in a folder of the judged, or leads there.
fn is_foreign(path: &Path, config: &ProgramsConfig) -> bool {
    let leads = fs::canonicalize(path);
    let inside = |folder: &PathBuf| {
        let real = fs::canonicalize(folder).unwrap_or_else(|_| folder.clone());
        let of = |path: &Path| path.starts_with(folder) || path.starts_with(&real);
        of(path) || leads.as_ref().map_or(true, |leads| of(leads))
    };
    config.foreign.iter().any(inside)
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

fn missing(kind: Kind, looked: String) -> ProgramError {
    ProgramError::Missing {
        name: kind.name(),
        looked,
        how: kind.how(),
    }
}

const GIT: &str = "git";
const LOOKED: &str = "no folder of PATH holds it";
