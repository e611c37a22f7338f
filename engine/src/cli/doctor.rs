//! `tidegate doctor`: what this machine has of what the gate may need, a line each; of repositories, which ways lead
//! round the gate; or whether what the worst day takes would work. Judges nothing.

mod calendars;
mod drill;
mod forge;
mod installation;
mod keys;
mod live;

use std::path::PathBuf;
use std::process::{Command, Stdio};

use miette::Diagnostic;

use super::common::{self, Outcome};
use super::config;
use super::output::{self, Format};
use super::renderers;
use super::terminal::Terminal;
use super::variables;
use crate::gate;
use crate::model::{Exit, code_of};
use crate::render::{Confinement, Program, ProgramError, Programs};
use crate::report::doctor::{self, Check, State};

/// Say what this machine has of what the gate may need, which ways lead round it, or what fails on a bad day
///
/// The configuration and its calendars, the programs and their versions, and what the kernel closes to
/// programs that render: the exit code is 0 whatever is said. With `--repo`, every way round the gate that
/// the files of the installation show, the most dangerous first, each with what closes it: exit 1 if one is
/// open. Neither asks the network; with `--online`, the cluster and GitHub are asked, what is open there counts, and
/// what is another in the cluster than in the files is named. With `--drill`, it does what the worst day takes, step by step, in a folder
/// that goes away afterwards: carries the verdicts of `--verdicts` to a folder (`archive`), puts them back into an
/// empty store and verifies them (`restore`), asks about what runs (`running`), begins in an empty cluster without
/// a key (`glass`), accepts the head with the key (`accept`), lets one key follow another (`rotate`) and, where the
/// trust file has a root, lets another follow that (`root`) and begins anew where it is lost (`lost`). Keys that
/// stand in are made for it and forgotten; no reference moves and nothing is pushed. Exit 1 if a step does not work.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Read what Git tracks of this repository (of the one around, if none is named): Applications, projects,
    /// rights, hooks, admission policies, workflows. The first is the judged one; may be repeated, for those of
    /// the platform
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = ".")]
    repo: Vec<PathBuf>,
    /// Beside what the files say, ask the API server for what is there: Applications, projects, admission policies,
    /// roles and their bindings, `argocd-cm` and `argocd-rbac-cm`, and how the last sync of each Application went, by
    /// GET alone. Where `GITHUB_TOKEN` is set, GitHub is asked what it lets whom do to the branches that count, and
    /// if no cluster is named, GitHub alone
    #[arg(long, requires = "repo")]
    online: bool,
    /// Whose API server, and who asks; when left out, the variable `KUBECONFIG`, else the pod's service account
    #[arg(long, value_name = "FILE", requires = "online")]
    kubeconfig: Option<PathBuf>,
    /// Exercise restore, break-glass and rotation of keys and of the root, without effect
    #[arg(long, requires_all = ["env", "trust", "verdicts"], conflicts_with = "repo")]
    drill: bool,
    /// The environment of the exercise
    #[arg(long, value_name = "NAME", requires = "drill")]
    env: Option<String>,
    /// The trust file by which `admit` and `verify` judge
    #[arg(long, value_name = "FILE", requires = "drill")]
    trust: Option<PathBuf>,
    /// Where verdicts lie, as in `admit`
    #[arg(long, value_name = "STORE", requires = "drill")]
    verdicts: Option<String>,
    /// The copy of them that is kept elsewhere: it is exercised in the place of one that is made now, as if the
    /// store could not be reached
    #[arg(long, value_name = "STORE", requires = "drill")]
    archive: Option<String>,
    /// human or json; with `=FILE` into a file; may be repeated
    #[arg(long, value_name = "FORMAT[=FILE]")]
    output: Vec<String>,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let outputs = output::parse_plain(&self.output, &terminal.directory)?;
        if let (Some(environment), Some(trust), Some(verdicts)) =
            (self.env, self.trust, self.verdicts)
        {
            let archive = self.archive;
            let request = drill::Request {
                environment,
                trust,
                verdicts,
                archive,
            };
            return drill::run(&request, &outputs, terminal);
        }
        if !self.repo.is_empty() {
            let online = self.online.then_some(self.kubeconfig.as_deref());
            return installation::run(&self.repo, online, &outputs, terminal);
        }
        let repository = common::repository(&terminal.directory).ok();
        let programs = Programs::new(renderers::config(terminal, repository.as_ref()));
        let closed = programs.confinement();
        let mut checks = configuration(terminal);
        checks.extend(keys::checks(terminal));
        checks.extend([
            git(),
            git_variables(&terminal.variable_names()),
            program("kustomize", programs.kustomize()),
            program("helm", programs.helm()),
            files(closed),
            network(closed),
        ]);
        output::write_each(&outputs, terminal, &|format, _, out| match format {
            Format::Json => doctor::write_json(&checks, out),
            _ => doctor::write_human(&checks, out),
        })?;
        Ok(Exit::Pass)
    }
}

/// The configuration, and its calendars where it can be read.
fn configuration(terminal: &Terminal) -> Vec<Check> {
    let name = "configuration";
    let read = config::read(terminal).and_then(|(path, bytes)| {
        let files = common::policy_files(&terminal.directory)?;
        let config = gate::validate(&path, &bytes, &files)?;
        Ok((path, config))
    });
    match read {
        Ok((path, config)) => {
            let environments = config.environments.len();
            let mut checks = vec![ok(name, format!("`{path}`, {environments} environments"))];
            checks.extend(calendars::checks(config, terminal));
            checks
        }
        Err(error) => vec![failed(name, error.as_ref())],
    }
}

/// Only what goes over the network needs it: verdicts on the branch of a remote.
fn git() -> Check {
    let mut command = Command::new("git");
    command
        .arg("--version")
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    match command.output() {
        Ok(said) if said.status.success() => ok(
            "git",
            String::from_utf8_lossy(&said.stdout).trim().to_owned(),
        ),
        _ => Check {
            name: "git",
            state: State::Missing,
            about: "`git` does not run".to_owned(),
            help: Some("only verdicts on a branch of a remote need it".to_owned()),
        },
    }
}

/// Nothing but what Git runs as a hook obeys them; who set them expects otherwise.
fn git_variables(names: &[String]) -> Check {
    let name = "variables";
    let found = variables::leading_git_elsewhere(names);
    if found.is_empty() {
        return ok(name, "none leads Git elsewhere".to_owned());
    }
    let found: Vec<String> = found.iter().map(|name| format!("`{name}`")).collect();
    Check {
        name,
        state: State::Wrong,
        about: format!("set, and not obeyed: {}", found.join(", ")),
        help: Some("the repository of the folder is read, with its own settings; only hooks that Git starts follow these variables: unset them, or give the folder with `-C`".to_owned()),
    }
}

fn program(name: &'static str, found: Result<&Program, ProgramError>) -> Check {
    match found {
        Ok(Program {
            name: own,
            version,
            path,
            ..
        }) => {
            let inside = if *own == name {
                ""
            } else {
                ", as a part of it"
            };
            ok(name, format!("{version} at `{}`{inside}", path.display()))
        }
        Err(error) => failed(name, &error),
    }
}

fn files(closed: Confinement) -> Check {
    let name = "files";
    if closed.files {
        let about = "what renders sees only the files that decide a rendering, and starts nothing";
        return ok(name, about.to_owned());
    }
    open(
        name,
        "what renders could read other files",
        "Landlock, in Linux from 5.13 on",
    )
}

fn network(closed: Confinement) -> Check {
    let name = "network";
    if closed.network {
        return ok(name, "what renders has none".to_owned());
    }
    open(name, "what renders could reach it", "seccomp, in Linux")
}

fn ok(name: &'static str, about: String) -> Check {
    Check {
        name,
        state: State::Ok,
        about,
        help: None,
    }
}

fn open(name: &'static str, about: &str, by: &str) -> Check {
    Check {
        name,
        state: State::Open,
        about: about.to_owned(),
        help: Some(format!(
            "{by} closes it to ordinary users; this kernel does not"
        )),
    }
}

fn failed(name: &'static str, error: &dyn Diagnostic) -> Check {
    let code = code_of(error);
    let missing = ["config.missing", "render.tool-missing"].contains(&&*code);
    Check {
        name,
        state: if missing {
            State::Missing
        } else {
            State::Wrong
        },
        about: format!("{error} [{code}]"),
        help: error.help().map(|help| help.to_string()),
    }
}
