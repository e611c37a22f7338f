//! `tidegate ci gitlab`: a job of a GitLab pipeline, from its variables to the reports that GitLab
//! shows. Decides nothing.

use std::path::{Path, PathBuf};

use super::{FailOn, Outcome, Scope, Terminal, Variables, judged, merge_request};
use crate::cli::common::Error;
use crate::cli::output::replace;
use crate::report::{gitlab, human, json, junit};
use crate::verdict::RunReport;

/// Judge what a GitLab pipeline is about
///
/// Takes the range from the variables of the job (`CI_*`): a merge request is judged as the merge of
/// its head into its target, a push from the commit before it. Writes `gl-code-quality-report.json`,
/// `tidegate-junit.xml` and `tidegate-report.json`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Only this environment
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// Take configuration and policies from this revision; without it, from the target branch, or from
    /// the protected one where the target is another
    #[arg(long, value_name = "REV")]
    policy_ref: Option<String>,
    /// Where verdicts lie, for policies that ask what other environments have run: any store that `sign` takes
    #[arg(long, value_name = "STORE")]
    verdicts: Option<String>,
    /// Signed evidence of backups and rehearsals beside that in `.tidegate/evidence` of the repository: a folder
    #[arg(long, value_name = "FOLDER")]
    evidence: Option<PathBuf>,
    /// What ends the job with an error
    #[arg(long, value_name = "EFFECT", value_enum, default_value_t = FailOn::Deny)]
    fail_on: FailOn,
    /// Where the reports are written
    #[arg(long, value_name = "DIR", default_value = ".")]
    report_dir: PathBuf,
}

impl Args {
    pub(super) fn run(self, variables: &Variables, terminal: &mut Terminal) -> Outcome {
        let folder = terminal.directory.join(&self.report_dir);
        std::fs::create_dir_all(&folder).map_err(|error| Error::write(&folder, &error))?;
        let scope = Scope {
            environment: self.env.as_deref(),
            config: None,
            verdicts: self.verdicts.as_deref(),
            evidence: self.evidence.as_deref(),
        };
        let policy_ref = self.policy_ref.as_deref();
        let plan = |repository: &_| merge_request::plan(repository, variables, policy_ref);
        let report = judged(plan, scope, terminal);
        // Before anything is drawn, which may end early.
        let kept = keep(&report, &folder, terminal);
        let style = terminal.style();
        let written = human::write(&report, style, &mut terminal.out);
        terminal.note(&written);
        kept?;
        Ok(self.fail_on.exit(&report))
    }
}

fn keep(report: &RunReport, folder: &Path, terminal: &mut Terminal) -> Result<(), Error> {
    let mut document = Vec::new();
    terminal.note(&json::write(report, &mut document));
    let tests = junit::render(report).map_err(|error| {
        let error = std::io::Error::other(error.to_string());
        Error::write(&folder.join(JUNIT), &error)
    })?;
    let files = [
        (REPORT, document),
        (JUNIT, tests.into_bytes()),
        (QUALITY, gitlab::render(report).into_bytes()),
    ];
    for (name, bytes) in files {
        let path = folder.join(name);
        replace(&path, &bytes).map_err(|error| Error::write(&path, &error))?;
    }
    Ok(())
}

const REPORT: &str = "tidegate-report.json";
const JUNIT: &str = "tidegate-junit.xml";
const QUALITY: &str = "gl-code-quality-report.json";
