//! The programs that render, each looked up once, and how one is run: confined, bounded, with an environment of its own.
//! Knows nothing of kustomizations, charts and what is printed.

mod bounds;
mod confine;
mod error;
mod find;
mod needs;
mod said;
mod version;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::private::as_path;
use super::{Cache, Exported};
use crate::model::RepoPath;

pub use bounds::Bounds;
pub use confine::Confinement;
pub use error::ProgramError;

pub(super) use bounds::Stopped;
pub(super) use find::git;

use bounds::Ran;
use needs::Needs;

/// Where the programs are, and what is asked of them.
#[derive(Clone, Debug, Default)]
pub struct ProgramsConfig {
    /// This kustomize, or this kubectl, instead of one in `search`.
    pub kustomize: Option<PathBuf>,
    /// This helm, instead of one in `search`.
    pub helm: Option<PathBuf>,
    /// Folders as in `PATH`; those that are not absolute count for nothing.
    pub search: Option<OsString>,
    /// Folders of which no program is ever run: what is judged does not judge.
    pub foreign: Vec<PathBuf>,
    /// The only version of kustomize that may render.
    pub kustomize_version: Option<String>,
    /// The only version of helm that may render.
    pub helm_version: Option<String>,
    /// Where private folders are made.
    pub temporary: PathBuf,
    /// Whether a program may run where the kernel closes less.
    pub confinement: Demand,
    /// What one run may use.
    pub bounds: Bounds,
    /// A folder as [`Cache::open`] takes it, where the versions of programs are remembered; without one
    /// each program is asked in every run.
    pub versions: Option<PathBuf>,
}

/// What a kernel must close before a program runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Demand {
    /// What it can.
    #[default]
    Whatever,
    /// The file system and the network.
    Full,
}

/// The programs that render. Each is looked up when it is first needed, and asked for its version once.
#[derive(Debug)]
pub struct Programs {
    config: ProgramsConfig,
    kustomize: OnceLock<Result<Program, ProgramError>>,
    helm: OnceLock<Result<Program, ProgramError>>,
    confinement: OnceLock<Confinement>,
    versions: Cache,
    started: AtomicUsize,
}

/// A program that renders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// `kustomize`, `kubectl` or `helm`.
    pub name: &'static str,
    /// Of the renderer, not of what it is part of: `v5.7.1`.
    pub version: String,
    /// Where it is.
    pub path: PathBuf,
    /// What makes it render, put before all arguments: `build`, `kustomize`, `template`.
    pub command: &'static str,
}

impl Programs {
    /// Those that `config` leads to; nothing is looked up yet.
    #[must_use]
    pub fn new(config: ProgramsConfig) -> Self {
        let versions = config.versions.as_deref();
        Self {
            versions: versions.map_or_else(Cache::off, Cache::open),
            config,
            kustomize: OnceLock::new(),
            helm: OnceLock::new(),
            confinement: OnceLock::new(),
            started: AtomicUsize::new(0),
        }
    }

    /// kustomize, else the one in kubectl.
    ///
    /// # Errors
    /// There is none, it does not run, or its version is not the one that is asked for.
    pub fn kustomize(&self) -> Result<&Program, ProgramError> {
        let found = self.kustomize.get_or_init(|| {
            let place = find::kustomize(&self.config)?;
            self.ask(place, self.config.kustomize_version.as_deref())
        });
        found.as_ref().map_err(Clone::clone)
    }

    /// helm.
    ///
    /// # Errors
    /// There is none, it does not run, or its version is not the one that is asked for.
    pub fn helm(&self) -> Result<&Program, ProgramError> {
        let found = self.helm.get_or_init(|| {
            let place = find::helm(&self.config)?;
            self.ask(place, self.config.helm_version.as_deref())
        });
        found.as_ref().map_err(Clone::clone)
    }

    /// Runs `program` in `folder` of `exported` and returns what it prints. It sees the files of
    /// `exported` and can change none, has no network, no environment and no input, and starts no other
    /// program, as far as [`confinement`](Self::confinement) goes; it ends, with all that it started.
    ///
    /// # Errors
    /// It does not start, does not end in time, prints too much, fails, or says nothing but complaints.
    pub fn run(
        &self,
        program: &Program,
        arguments: &[OsString],
        folder: &RepoPath,
        exported: &Exported,
    ) -> Result<Vec<u8>, ProgramError> {
        let mut all = vec![OsString::from(program.command)];
        all.extend_from_slice(arguments);
        let folder = exported.root().join(as_path(folder.as_bytes()));
        self.start(&program.path, &all, &folder, exported)
    }

    /// How many processes were started.
    pub fn started(&self) -> usize {
        self.started.load(Ordering::Relaxed)
    }

    /// What the kernel lets us close.
    pub fn confinement(&self) -> Confinement {
        *self.confinement.get_or_init(confine::probe)
    }

    /// Where private folders are made.
    #[must_use]
    pub fn temporary(&self) -> &Path {
        &self.config.temporary
    }

    /// The program at a place, if it is of the version that is wanted.
    fn ask(&self, place: find::Place, wanted: Option<&str>) -> Result<Program, ProgramError> {
        let path = place.path.display().to_string();
        let key = version::key(&place);
        let known = key.and_then(|key| self.versions.get(&key));
        let version = match known.and_then(|known| version::remembered(&known)) {
            Some(version) => version,
            None => {
                let version = self.version(&place)?;
                if let Some(key) = key {
                    self.versions.put(&key, version.as_bytes());
                }
                version
            }
        };
        if let Some(wanted) = wanted.filter(|wanted| !version::same(&version, wanted)) {
            return Err(ProgramError::OtherVersion {
                path,
                version,
                wanted: wanted.to_owned(),
            });
        }
        Ok(Program {
            name: place.kind.name(),
            version,
            path: place.path,
            command: place.kind.command(),
        })
    }

    /// The version that a program says.
    fn version(&self, place: &find::Place) -> Result<String, ProgramError> {
        let path = || place.path.display().to_string();
        let exported = Exported::empty(&self.config.temporary);
        let exported = exported.map_err(|error| ProgramError::Start {
            program: path(),
            reason: error.to_string(),
        })?;
        let question: Vec<OsString> = place.kind.question().iter().map(OsString::from).collect();
        let answer = self.start(&place.path, &question, exported.root(), &exported)?;
        version::read(place.kind, &answer).ok_or_else(|| ProgramError::Version { path: path() })
    }

    fn start(
        &self,
        path: &Path,
        arguments: &[OsString],
        folder: &Path,
        exported: &Exported,
    ) -> Result<Vec<u8>, ProgramError> {
        let promised = self.confinement();
        if self.config.confinement == Demand::Full && promised != Confinement::FULL {
            return Err(ProgramError::NotConfined { promised });
        }
        let open = Needs::of(path).with(exported);
        let bounds = self.config.bounds;
        let mut command = command(path, arguments, folder, exported);
        // Go collects before the bound is reached.
        command.env("GOMEMLIMIT", (bounds.memory / 4 * 3).to_string());
        self.started.fetch_add(1, Ordering::Relaxed);
        let ran = bounds.run(&mut command, || confine::this_thread(&open) == promised);
        let program = path.display().to_string();
        match ran {
            Ok(ran) => judged(program, ran, folder, exported),
            Err(Stopped::Open) => Err(ProgramError::NotConfined { promised }),
            Err(Stopped::Start(error)) => Err(ProgramError::Start {
                program,
                reason: error.to_string(),
            }),
            Err(Stopped::Time) => Err(ProgramError::Timeout {
                program,
                seconds: bounds.time.as_secs(),
            }),
            Err(Stopped::Output) => Err(ProgramError::Output {
                program,
                bytes: bounds.output,
            }),
        }
    }
}

/// What a program that ended has said, unless it failed.
fn judged(
    program: String,
    ran: Ran,
    folder: &Path,
    exported: &Exported,
) -> Result<Vec<u8>, ProgramError> {
    let said = || said::shown(&ran.stderr, folder, exported);
    match ran.status.code() {
        Some(0) if ran.stdout.is_empty() && !ran.stderr.is_empty() => Err(ProgramError::Silent {
            program,
            said: said(),
        }),
        Some(0) => Ok(ran.stdout),
        Some(status) => Err(ProgramError::Failed {
            program,
            status,
            said: said(),
        }),
        None => Err(ProgramError::Crashed {
            program,
            said: said(),
        }),
    }
}

/// Everything that a program could read of the environment leads into the private folder.
fn command(path: &Path, arguments: &[OsString], folder: &Path, exported: &Exported) -> Command {
    let home = exported.home();
    let mut command = Command::new(path);
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("HOME", home)
        .env("TMPDIR", home.join("tmp"))
        .env("KUBECONFIG", home.join("kubeconfig"))
        // Where Go breaks, it tells no content.
        .env("GOTRACEBACK", "none")
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for (name, folder) in HOMES {
        command.env(name, home.join(folder));
    }
    command
}

const HOMES: [(&str, &str); 7] = [
    ("XDG_CONFIG_HOME", "config"),
    ("XDG_CACHE_HOME", "cache"),
    ("XDG_DATA_HOME", "data"),
    ("HELM_CONFIG_HOME", "config"),
    ("HELM_CACHE_HOME", "cache"),
    ("HELM_DATA_HOME", "data"),
    ("HELM_PLUGINS", "plugins"),
];

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;
