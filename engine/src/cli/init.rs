//! `tidegate init`: writes a configuration that fits the repository, and says what is there already.
//! Starts nothing that it finds; never overwrites.

mod check;
mod files;

use clap::ValueEnum;

use self::check::counted;
use self::files::{Planned, State};
use super::common::{self, Outcome};
use super::terminal::Terminal;
use crate::config::{self, Config, Profile};
use crate::git::{self, Repository};
use crate::init::{self, Claim, Proposal};
use crate::model::RepoPath;

/// Write a tidegate.yaml that fits this repository, and what else is asked for
///
/// Recognises Argo CD Applications, Flux Kustomizations, kustomize overlays, folders of environments
/// and Helm values among the files that Git tracks. Every environment begins with `enforcement:
/// observe`: what would fail is shown and stops nothing. A file that exists is left as it is. At the
/// end, what is there already is judged: exit 0, or 3 where something could not be judged.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Which policies run: `recommended` asks for no evidence, `retail-prod` is everything
    #[arg(long, value_name = "NAME", value_enum, default_value_t = ProfileName::Recommended)]
    profile: ProfileName,
    /// What else to write, separated by commas
    #[arg(long, value_name = "WHAT", value_enum, value_delimiter = ',')]
    with: Vec<Extra>,
    /// Show what would be written as a diff, and write nothing
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Accepted for scripts: nothing is ever asked
    #[arg(long)]
    yes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ProfileName {
    // A doc comment here would make the help page longer than what it says.
    Recommended,
    RetailProd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Extra {
    Github,
    GithubComment,
    GithubQueue,
    Gitlab,
    PreCommit,
    Argocd,
}

/// What keeps `init` from beginning.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
enum Error {
    #[error("Git tracks no Kubernetes manifest here")]
    #[diagnostic(
        code(init::nothing_found),
        help("`git add` the manifests first, or write three lines by hand: see the README")
    )]
    NothingFound,
    #[error("the configuration that was drawn up is not valid: {reason}")]
    #[diagnostic(
        code(bug::init),
        help("please report it, with the output of `tidegate init --dry-run`")
    )]
    Invalid { reason: String },
    #[error("`{path}` is a symbolic link, or no folder")]
    #[diagnostic(
        code(init::not_a_folder),
        help("files are only written below real folders of the repository")
    )]
    NotAFolder { path: String },
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let repository = common::repository(&terminal.directory)?;
        let root = repository.work_tree().ok_or(git::Error::NeedsWorktree)?;
        let branch = repository.default_branch();
        let branch = branch.unwrap_or_else(|| "main".to_owned());
        let mut plan = Vec::new();
        let config = match config::locate(|place| root.join(place).symlink_metadata().is_ok())? {
            Some(place) => {
                let path = root.join(place);
                let bytes =
                    std::fs::read(&path).map_err(|error| common::Error::read(&path, &error))?;
                plan.push(Planned::kept(place));
                (place, bytes)
            }
            None => {
                let mut proposal = self.propose(&repository)?;
                if self.with.contains(&Extra::Argocd) {
                    proposal.unmanaged.push(format!("{ARGOCD_FOLDER}**"));
                }
                tell(&proposal, terminal);
                let text = proposal.to_yaml(&branch, self.profile.into());
                plan.push(Planned::new(CONFIG, text.clone()));
                (CONFIG, text.into_bytes())
            }
        };
        // INVARIANT: nothing is written that our own reading refuses.
        let read = match Config::parse(&RepoPath::from(config.0), &config.1) {
            Ok(read) => read,
            Err(error) => {
                let drawn_up = plan.iter().any(|file| file.state == State::New);
                let reason = error.to_string();
                return Err(if drawn_up {
                    Error::Invalid { reason }.into()
                } else {
                    error.into()
                });
            }
        };
        let mut extras = self.with;
        // Both go on from what the other two workflows did.
        if extras.iter().any(|extra| extra.is_of_github()) {
            extras.push(Extra::Github);
        }
        extras.sort_unstable();
        extras.dedup();
        for extra in &extras {
            plan.extend(extra.files(&branch));
        }
        files::settle(root, &mut plan);
        if self.dry_run {
            files::show(&plan, terminal);
        } else {
            files::write(root, &plan, terminal)?;
            if plan.iter().any(|file| file.state == State::New) {
                tell_next(&extras, terminal);
            }
        }
        if extras.contains(&Extra::Argocd) {
            tell_platform(&read, terminal);
        }
        check::judge(&repository, config, terminal)
    }

    fn propose(
        &self,
        repository: &Repository,
    ) -> Result<Proposal, Box<dyn miette::Diagnostic + Send + Sync>> {
        let tracked = repository.tracked()?.head;
        let entries = repository.entries(&tracked)?;
        let plain = entries
            .iter()
            .filter(|entry| !entry.is_link() && !entry.is_submodule());
        let ids = plain.clone().map(|entry| (&entry.path, entry.id));
        let ids: std::collections::BTreeMap<&RepoPath, _> = ids.collect();
        let paths: Vec<RepoPath> = plain.map(|entry| entry.path.clone()).collect();
        // What cannot be read proposes nothing; the check at the end names it.
        let mut read = |path: &RepoPath| repository.blob(*ids.get(path)?).ok();
        Ok(init::propose(&paths, &mut read).ok_or(Error::NothingFound)?)
    }
}

/// What was recognised, in a few lines.
fn tell(proposal: &Proposal, terminal: &mut Terminal) {
    terminal.line(&format!(
        "found {} in {}",
        counted(proposal.environments.len(), "environment"),
        counted(proposal.manifests, "manifest")
    ));
    for environment in &proposal.environments {
        let units = match &environment.claim {
            Claim::Paths(_) => "one unit".to_owned(),
            Claim::Sources(sources) => counted(sources.len(), "unit"),
        };
        terminal.line(&crate::report::sanitise::line(&format!(
            "  {}: {units}, recognised by {}",
            environment.name, environment.found
        )));
    }
}

/// What is left for a person to do.
fn tell_next(extras: &[Extra], terminal: &mut Terminal) {
    terminal.line("next: read what was written, `git add` it and commit");
    let hooks = if extras.contains(&Extra::PreCommit) {
        "pre-commit install"
    } else {
        "tidegate hook install"
    };
    terminal.line(&format!(
        "      `{hooks}` has every commit and push of this clone judged"
    ));
    if extras.contains(&Extra::Github) {
        terminal.line(
            "      in the workflows, put a commit of the action in the place of the zeros; no binary is published yet:",
        );
        terminal.line(
            "      `version: preinstalled` takes the `tidegate` that a step or the runner's image puts on the PATH",
        );
    }
    terminal.line("      to sign, it takes a key and a baseline: see the README");
}

/// What is not for this repository must not stay in it unsaid.
fn tell_platform(config: &Config, terminal: &mut Terminal) {
    terminal.line(&format!(
        "{ARGOCD_FOLDER} is for a repository of the platform, where its README says what to fill in"
    ));
    let inside = RepoPath::from(format!("{ARGOCD_FOLDER}README.md").as_str());
    let unmanaged = config.unmanaged.as_ref();
    if !unmanaged.is_some_and(|unmanaged| unmanaged.matches(&inside)) {
        terminal.line(&format!(
            "as long as it is here, list `{ARGOCD_FOLDER}**` under `unmanaged`"
        ));
    }
}

impl Extra {
    fn is_of_github(self) -> bool {
        matches!(self, Self::Github | Self::GithubComment | Self::GithubQueue)
    }

    fn files(self, branch: &str) -> Vec<Planned> {
        let workflow = |(path, text): &(&str, &str)| Planned::new(path, of_branch(text, branch));
        match self {
            Self::Github => WORKFLOWS.iter().map(workflow).collect(),
            Self::GithubComment => vec![workflow(&COMMENT)],
            Self::GithubQueue => vec![workflow(&QUEUE)],
            Self::Gitlab => GITLAB
                .iter()
                .map(|(path, text)| Planned::new(path, (*text).to_owned()))
                .collect(),
            Self::PreCommit => vec![Planned::new(
                ".pre-commit-config.yaml",
                PRE_COMMIT.to_owned(),
            )],
            Self::Argocd => ARGOCD
                .iter()
                .map(|(path, text)| {
                    let text = deployed_from(text, branch);
                    Planned::new(&format!("{ARGOCD_FOLDER}{path}"), text)
                })
                .collect(),
        }
    }
}

/// The templates name the branch `main`.
fn of_branch(text: &str, branch: &str) -> String {
    let text = text.replace(
        "gh-readonly-queue/main/*",
        &format!("gh-readonly-queue/{branch}/*"),
    );
    let branch = serde_json::Value::from(branch).to_string();
    text.replace("branches: [main]", &format!("branches: [{branch}]"))
        .replace("ref: main", &format!("ref: {branch}"))
        .replace("must be `main` alone", &format!("must be {branch} alone"))
}

/// The manifests for Argo CD take the shop from `main`, as `admit` does by itself; the platform's own
/// repository may call its branch otherwise.
fn deployed_from(text: &str, branch: &str) -> String {
    if branch == "main" {
        return text.to_owned();
    }
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let source = "shop.git\n      targetRevision: ";
    let unit = "            - --unit=shop\n";
    let argument = quoted(&format!("--branch={branch}"));
    text.replace(
        &format!("{source}main"),
        &format!("{source}{}", quoted(branch)),
    )
    .replace(unit, &format!("{unit}            - {argument}\n"))
}

impl From<ProfileName> for Profile {
    fn from(name: ProfileName) -> Self {
        match name {
            ProfileName::Recommended => Self::Recommended,
            ProfileName::RetailProd => Self::RetailProd,
        }
    }
}

const CONFIG: &str = "tidegate.yaml";
const WORKFLOWS: [(&str, &str); 2] = [
    (
        ".github/workflows/tidegate-check.yml",
        include_str!("../../../action/workflows/tidegate-check.yml"),
    ),
    (
        ".github/workflows/tidegate-sign.yml",
        include_str!("../../../action/workflows/tidegate-sign.yml"),
    ),
];
const COMMENT: (&str, &str) = (
    ".github/workflows/tidegate-comment.yml",
    include_str!("../../../action/workflows/tidegate-comment.yml"),
);
const QUEUE: (&str, &str) = (
    ".github/workflows/tidegate-queue.yml",
    include_str!("../../../action/workflows/tidegate-queue.yml"),
);
const GITLAB: [(&str, &str); 2] = [
    (
        ".gitlab/tidegate.gitlab-ci.yml",
        include_str!("../../../action/gitlab/tidegate.gitlab-ci.yml"),
    ),
    (
        ".gitlab-ci.yml",
        "include:\n  - local: .gitlab/tidegate.gitlab-ci.yml\n",
    ),
];
const PRE_COMMIT: &str = include_str!("../../../action/pre-commit/config.yaml");
const ARGOCD_FOLDER: &str = "tidegate-argocd/";
const ARGOCD: [(&str, &str); 16] = [
    (
        "README.md",
        include_str!("../../../action/argocd/README.md"),
    ),
    (
        "example/application.yaml",
        include_str!("../../../action/argocd/example/application.yaml"),
    ),
    (
        "example/flux.yaml",
        include_str!("../../../action/argocd/example/flux.yaml"),
    ),
    (
        "example/project.yaml",
        include_str!("../../../action/argocd/example/project.yaml"),
    ),
    (
        "example/promoted.yaml",
        include_str!("../../../action/argocd/example/promoted.yaml"),
    ),
    (
        "gate/job.yaml",
        include_str!("../../../action/argocd/gate/job.yaml"),
    ),
    (
        "gate/kustomization.yaml",
        include_str!("../../../action/argocd/gate/kustomization.yaml"),
    ),
    (
        "platform/access.yaml",
        include_str!("../../../action/argocd/platform/access.yaml"),
    ),
    (
        "platform/kustomization.yaml",
        include_str!("../../../action/argocd/platform/kustomization.yaml"),
    ),
    (
        "platform/trust.json",
        include_str!("../../../action/argocd/platform/trust.json"),
    ),
    (
        "plugin/kustomization.yaml",
        include_str!("../../../action/argocd/plugin/kustomization.yaml"),
    ),
    (
        "plugin/plugin.yaml",
        include_str!("../../../action/argocd/plugin/plugin.yaml"),
    ),
    (
        "plugin/sidecar.yaml",
        include_str!("../../../action/argocd/plugin/sidecar.yaml"),
    ),
    (
        "policy/binding.yaml",
        include_str!("../../../action/argocd/policy/binding.yaml"),
    ),
    (
        "policy/kustomization.yaml",
        include_str!("../../../action/argocd/policy/kustomization.yaml"),
    ),
    (
        "policy/policy.yaml",
        include_str!("../../../action/argocd/policy/policy.yaml"),
    ),
];
