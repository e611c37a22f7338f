//! `tidegate promote`: moves the branches that deployers follow.

use super::admit::print_refused;
use super::common::{self, Failure, Outcome};
use super::terminal::Terminal;
use super::trusted::Trusted;
use super::verdicts::Verdicts;
use crate::gate::{self, PromoteRequest, Promotion, is_namesake, promoted_branch};
use crate::git::Repository;
use crate::model::{Exit, GitId};
use crate::store::{Pushed, Remote};

/// Move `gated/<env>/<unit>` to the newest commit that is admitted, for a deployer that follows it
///
/// Each unit has a branch of its own, which only ever moves forward, along the first parents of the
/// protected branch. Nothing that a deployer could skip: what was not admitted is not on the branch.
/// A tag or another reference that a deployer may take for the branch is an error, exit code 3.
/// Exits with 4 where the head of the protected branch is not admitted, also if an older commit was.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The environment
    #[arg(long, value_name = "NAME")]
    env: String,
    /// Only this unit
    #[arg(long, value_name = "NAME")]
    unit: Option<String>,
    /// What runs, for a branch that does not exist yet; when left out, only the newest link is
    /// admitted and its tier counts as critical
    #[arg(long, value_name = "REV")]
    deployed: Option<String>,
    #[command(flatten)]
    trust: Trusted,
    /// Where verdicts lie, as for `admit`
    #[arg(long, value_name = "STORE")]
    verdicts: String,
    /// Move the branches of this remote, by your `git`; when left out, those of this repository
    #[arg(long, value_name = "REMOTE")]
    remote: Option<String>,
}

/// Why a branch did not move, though it may.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
enum Error {
    #[error(
        "`{namesake}` stands beside the branch `{branch}`: Argo CD takes either for it, by chance"
    )]
    #[diagnostic(
        code(promote::ambiguous),
        help(
            "find out who pushed it and what was deployed since, delete it (`git push REMOTE :{namesake}`), and let nobody push such names: tags below `gated/`, tags and branches below `refs/`, or any name with a blank in it, be it one of Unicode"
        )
    )]
    Ambiguous { branch: String, namesake: String },
    #[error("`{branch}` was moved by somebody else meanwhile")]
    #[diagnostic(code(promote::overtaken), help("try again"))]
    Overtaken { branch: String },
    #[error("`{remote}` does not take `{branch}`: {reason}")]
    #[diagnostic(
        code(promote::rejected),
        help("let whoever runs this push to `gated/`, and nobody else")
    )]
    Rejected {
        branch: String,
        remote: String,
        reason: String,
    },
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let trust = self.trust.read(terminal)?;
        let repository = common::repository(&terminal.directory)?;
        let verdicts = Verdicts::open(&self.verdicts, &repository, terminal)?;
        let remote = self
            .remote
            .as_deref()
            .map(|name| Remote::new(&repository, name))
            .transpose()?;
        let request = PromoteRequest {
            environment: &self.env,
            unit: self.unit.as_deref(),
            deployed: self.deployed.as_deref(),
            trust: &trust,
            now: terminal.now,
        };
        let stands_at = |branch: &str| stands_at(&repository, remote.as_ref(), branch);
        let promotions = gate::promote(&repository, verdicts.store(), &request, stands_at)?;
        let mut exit = Exit::Pass;
        for promotion in promotions {
            let moved = promotion.and_then(|promotion| {
                self.publish(&repository, remote.as_ref(), &promotion)?;
                Ok(promotion)
            });
            let ended = match moved {
                Ok(promotion) => print(&promotion, terminal),
                Err(error) => terminal.print_error(error.as_ref()),
            };
            exit = exit.max(ended);
        }
        Ok(exit)
    }

    fn publish(
        &self,
        repository: &Repository,
        remote: Option<&Remote>,
        promotion: &Promotion,
    ) -> Result<(), Failure> {
        let branch = promoted_branch(&promotion.unit);
        let Some(to) = promotion.to else {
            return Ok(());
        };
        let Some(remote) = remote else {
            return match repository.move_branch(&branch, promotion.from, to)? {
                true => Ok(()),
                false => Err(Error::Overtaken { branch }.into()),
            };
        };
        match remote.push(to, &format!("refs/heads/{branch}"), promotion.from)? {
            Pushed::Done => Ok(()),
            Pushed::Overtaken => Err(Error::Overtaken { branch }.into()),
            Pushed::Rejected(reason) => Err(Error::Rejected {
                branch,
                remote: self.remote.clone().unwrap_or_default(),
                reason,
            }
            .into()),
        }
    }
}

/// Where a branch stands; its commit is here afterwards. Nothing else may be taken for it.
fn stands_at(
    repository: &Repository,
    remote: Option<&Remote>,
    branch: &str,
) -> Result<Option<GitId>, Failure> {
    let Some(remote) = remote else {
        let names = repository.references_with(branch)?;
        alone(branch, names.iter().map(String::as_str))?;
        return Ok(repository.local_branch(branch)?);
    };
    let reference = format!("refs/heads/{branch}");
    let heads = remote.heads_with(branch)?;
    alone(branch, heads.iter().map(|(name, _)| name.as_str()))?;
    let head = heads.iter().find(|(name, _)| *name == reference);
    let head = head.map(|(_, id)| *id);
    if let Some(head) = head
        && repository.resolve(&head.to_string()).is_err()
    {
        remote.fetch(&reference)?;
    }
    Ok(head)
}

fn alone<'n>(branch: &str, mut names: impl Iterator<Item = &'n str>) -> Result<(), Error> {
    match names.find(|name| is_namesake(name, branch)) {
        None => Ok(()),
        Some(namesake) => Err(Error::Ambiguous {
            branch: branch.to_owned(),
            // Blanks that nobody sees are what makes some of them.
            namesake: namesake.escape_debug().to_string(),
        }),
    }
}

fn print(promotion: &Promotion, terminal: &mut Terminal) -> Exit {
    let branch = promoted_branch(&promotion.unit);
    let line = match (promotion.from, promotion.to) {
        (None, None) => format!("{branch}: not made"),
        (None, Some(to)) => format!("{branch}: made at {}", to.short()),
        (Some(from), None) => format!("{branch}: stays at {}", from.short()),
        (Some(from), Some(to)) => format!("{branch}: {} to {}", from.short(), to.short()),
    };
    match &promotion.head {
        Ok(_) => {
            terminal.line(&line);
            Exit::Pass
        }
        Err(error) => {
            let newest = promotion.newest.short();
            terminal.line(&format!("{line}; the newest commit is {newest}"));
            print_refused(&promotion.unit, error, terminal)
        }
    }
}
