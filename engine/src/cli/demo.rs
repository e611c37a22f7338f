//! `tidegate demo`: five changes of a retailer's repository, walked through the gate for real.
//! Every answer is compared with what must come out: a demo that shows something else is a bug.

mod stage;
mod steps;

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::common::{Error, Outcome};
use super::terminal::Terminal;
use crate::git::{Draft, Repository};
use crate::model::Exit;
use stage::Stage;
use steps::{Admit, Check, SHOP, Step};

/// Walk five changes of a retailer's repository through the gate, in a temporary folder
///
/// Makes the repository with real commits, runs the commands that it shows, and needs neither a
/// network nor a cluster. Nothing is left behind, unless --keep says where.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Make it in this folder (new, or empty) and keep it to play in
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let temporary;
        let work = match &self.keep {
            Some(folder) => kept(&terminal.directory.join(folder))?,
            None => {
                temporary = tempfile::Builder::new()
                    .prefix("tidegate-demo-")
                    .tempdir()
                    .map_err(|error| Error::write(Path::new("a temporary folder"), &error))?;
                temporary.path().to_owned()
            }
        };
        // A key inside a work tree gets committed one day; `keys new` would refuse.
        if Repository::open(&work).is_ok() {
            return Err(Error::DemoInRepository {
                path: work.display().to_string(),
            }
            .into());
        }
        let mut demo = Demo::new(&work, terminal)?;
        demo.prepare()?;
        let steps = steps::all()?;
        for (at, step) in steps.iter().enumerate() {
            if demo.stage.is_closed() {
                return Ok(Exit::Pass);
            }
            demo.walk(at + 1, step)?;
        }
        demo.ask_the_calendar()?;
        demo.sum_up(&steps, self.keep.is_some().then_some(&work));
        Ok(Exit::Pass)
    }
}

/// The folder of `--keep`, made where it is missing.
fn kept(folder: &Path) -> Result<PathBuf, Error> {
    fs::create_dir_all(folder).map_err(|error| Error::write(folder, &error))?;
    let mut entries = fs::read_dir(folder).map_err(|error| Error::read(folder, &error))?;
    match entries.next() {
        None => Ok(folder.to_owned()),
        Some(_) => Err(Error::DemoFolder {
            path: folder.display().to_string(),
        }),
    }
}

struct Demo<'t> {
    stage: Stage<'t>,
    draft: Draft,
    /// Outside the repository: what the demo itself reads.
    report: PathBuf,
    /// When the next commit is made, in seconds since 1970.
    clock: i64,
}

impl<'t> Demo<'t> {
    fn new(work: &Path, terminal: &'t mut Terminal) -> Result<Self, crate::gate::Error> {
        let shop = work.join("shop");
        Ok(Self {
            draft: Draft::init(&shop)?,
            stage: Stage::new(terminal, shop),
            report: work.join("report.json"),
            clock: FIRST_COMMIT,
        })
    }

    /// The repository, a key, and the state that is accepted as it stands.
    fn prepare(&mut self) -> Result<(), Box<dyn miette::Diagnostic + Send + Sync>> {
        for (path, text) in SHOP {
            self.draft.write(path, text.as_bytes())?;
        }
        self.commit("the shop as it runs today")?;
        let shop = self.stage.directory().display().to_string();
        self.stage.tell(
            "A retailer's GitOps repository: Odoo, PostgreSQL, Redis and Traefik for two brands. Five changes go \
             through the gate. What stands behind `$` is what you would type, and really runs; no network, no cluster.",
        );
        self.stage
            .heading("First, once: a key, and what runs today is accepted");
        self.stage.typed(&format!("cd {shop}"));
        let command = "tidegate keys new --role merge-signer --out ../ci-prod.pem";
        let (exit, trust) = self.stage.run_into(command, TRUST);
        hold(command, &Exit::Pass, &exit)?;
        self.draft.write(TRUST, &trust)?;
        self.stage
            .typed("git add -A && git commit -m \"trust the signer\"");
        self.commit("trust the signer")?;
        self.expect(
            &format!("tidegate baseline --env prod-a {SIGNER}"),
            Exit::Pass,
        )?;
        Ok(())
    }

    fn walk(
        &mut self,
        number: usize,
        step: &Step,
    ) -> Result<(), Box<dyn miette::Diagnostic + Send + Sync>> {
        let before = self.change(number, step)?;
        self.stage
            .typed(&format!("git commit -am \"{}\"", step.message));
        self.commit(&step.message)?;
        let passed = self.check(step)?;
        let unit = format!("--env {} --unit {}", step.environment, step.unit);
        let verdict = format!("../{}-verdict.json", step.unit);
        let verify = format!("tidegate verify {verdict} --trust {TRUST} {unit} --revision HEAD");
        if passed {
            self.expect(
                &format!("tidegate sign {unit} {SIGNER} -o {verdict}"),
                Exit::Pass,
            )?;
            self.expect(&verify, Exit::Pass)?;
        } else if step.unsigned {
            self.expect(&verify, Exit::Refused)?;
        }
        let admitted = match step.expect.admit {
            Admit::Admitted => Exit::Pass,
            Admit::Refused => Exit::Refused,
        };
        self.expect(
            &format!(
                "tidegate admit {unit} --revision HEAD --deployed HEAD~1 --trust {TRUST} {STORE}"
            ),
            admitted,
        )?;
        self.stage.tell(&step.says);
        if step.expect.check == Some(Check::Fail) {
            self.draft.write(&step.file, before.as_bytes())?;
            self.stage.typed("git revert --no-edit HEAD");
            self.commit(&format!("Revert \"{}\"", step.message))?;
        }
        Ok(())
    }

    /// Changes the file, shows the lines, and returns the file as it was.
    fn change(
        &mut self,
        number: usize,
        step: &Step,
    ) -> Result<String, Box<dyn miette::Diagnostic + Send + Sync>> {
        self.stage.heading(&format!("{number}. {}", step.title));
        self.edit(&step.file, |text| step.edit(text))
    }

    /// As [`Demo::change`], under a heading that stands there already.
    fn edit(
        &mut self,
        path: &str,
        edit: impl Fn(&str) -> Result<String, Error>,
    ) -> Result<String, Box<dyn miette::Diagnostic + Send + Sync>> {
        let file = self.stage.directory().join(path);
        let before = fs::read_to_string(&file).map_err(|error| Error::read(&file, &error))?;
        let after = edit(&before)?;
        self.stage.line(path);
        for change in similar::TextDiff::from_lines(&before, &after).iter_all_changes() {
            let text = change.value().trim();
            match change.tag() {
                similar::ChangeTag::Delete => self.stage.edited("-", text),
                similar::ChangeTag::Insert => self.stage.edited("+", text),
                similar::ChangeTag::Equal => {}
            }
        }
        self.draft.write(path, after.as_bytes())?;
        Ok(before)
    }

    /// Whether the check passed; a step that goes around the gate has none.
    fn check(&mut self, step: &Step) -> Result<bool, Error> {
        let Some(check) = step.expect.check else {
            return Ok(false);
        };
        let command = format!(
            "tidegate check HEAD~1..HEAD --env {} --unit {}",
            step.environment, step.unit
        );
        let (exit, outcome) = match check {
            Check::Pass => (Exit::Pass, "pass"),
            Check::Fail => (Exit::Denied, "fail"),
        };
        let report = self.judge(&command, exit)?;
        let text = |pointer: &str| report.pointer(pointer).and_then(Value::as_str);
        hold(&command, &Some(outcome), &text("/outcome"))?;
        let tier = step.expect.tier.map(|tier| tier.to_string());
        hold(&command, &tier.as_deref(), &text("/units/0/tier"))?;
        hold(&command, &step.expect.codes, &denials(&report))?;
        Ok(check == Check::Pass)
    }

    /// Runs a check, and returns its report.
    fn judge(&mut self, command: &str, exit: Exit) -> Result<Value, Error> {
        let unseen = format!("json={}", self.report.display());
        let seen = self
            .stage
            .run(command, &["--output", "human", "--output", &unseen]);
        hold(command, &exit, &seen)?;
        let bytes = fs::read(&self.report).map_err(|error| Error::read(&self.report, &error))?;
        fs::remove_file(&self.report).map_err(|error| Error::write(&self.report, &error))?;
        serde_json::from_slice(&bytes).map_err(|error| lie(&error))
    }

    /// Nothing is committed for it: the answer is there before anybody has anything to deploy.
    fn ask_the_calendar(&mut self) -> Result<(), Box<dyn miette::Diagnostic + Send + Sync>> {
        self.stage
            .heading("Before it is even committed: Black Friday");
        self.stage.tell(
            "Brand B freezes what is of tier medium or above for the busiest days of its year, and nothing else. The files \
             as they lie on disk, judged as of that day:",
        );
        let before = self.edit(PEAK, |text| {
            Ok(text.replacen("replicas: 2", "replicas: 4", 1))
        })?;
        let asked = format!("--env prod-b --now {BLACK_FRIDAY}");
        let command = format!("tidegate check --worktree --unit odoo {asked}");
        let report = self.judge(&command, Exit::Denied)?;
        let wanted = vec!["freeze.window-closed".to_owned()];
        hold(&command, &wanted, &denials(&report))?;
        self.draft.write(PEAK, before.as_bytes())?;
        self.stage
            .tell("From when on it may go, and whom to ask, is there for everybody:");
        self.expect(&format!("tidegate calendar next {asked}"), Exit::Pass)?;
        Ok(())
    }

    fn expect(&mut self, command: &str, exit: Exit) -> Result<(), Error> {
        let seen = self.stage.run(command, &[]);
        hold(command, &exit, &seen)
    }

    fn commit(&mut self, message: &str) -> Result<(), crate::gate::Error> {
        self.draft.commit(message, self.clock)?;
        self.clock += 60;
        Ok(())
    }

    fn sum_up(&mut self, steps: &[Step], kept: Option<&PathBuf>) {
        let count = |wanted: fn(&Step) -> bool| steps.iter().filter(|step| wanted(step)).count();
        let admitted = count(|step| step.expect.admit == Admit::Admitted);
        let stopped = count(|step| step.expect.check == Some(Check::Fail));
        let refused = count(|step| step.unsigned);
        self.stage.heading("In short");
        self.stage.tell(&format!(
            "{} changes: {admitted} admitted, {stopped} stopped by the check, {refused} refused at the sync.",
            steps.len()
        ));
        self.stage.tell(
            "A verdict names the Git tree that was judged, and each link the one before it: one byte is enough.",
        );
        self.stage.tell(&match kept {
            Some(folder) => format!(
                "The repository, the key and the verdicts are in {}: `cd` there and type on.",
                folder.display()
            ),
            None => "Next: `Gate your own repository` in README.md, or `tidegate demo --keep DIR` to play on in this one."
                .to_owned(),
        });
    }
}

/// The codes of the findings that deny, without repetition.
fn denials(report: &Value) -> Vec<String> {
    let units = report.get("units").and_then(Value::as_array);
    let findings = units
        .into_iter()
        .flatten()
        .filter_map(|unit| unit.get("findings").and_then(Value::as_array))
        .flatten()
        .filter(|finding| finding.get("effect").and_then(Value::as_str) == Some("deny"))
        .filter(|finding| finding.get("inherited") == Some(&Value::Bool(false)));
    let mut codes: Vec<String> = findings
        .filter_map(|finding| Some(finding.get("code")?.as_str()?.to_owned()))
        .collect();
    codes.dedup();
    codes
}

fn hold<T: PartialEq + std::fmt::Debug>(
    command: &str,
    expected: &T,
    found: &T,
) -> Result<(), Error> {
    if expected == found {
        return Ok(());
    }
    Err(lie(&format!(
        "`{command}` should have given {expected:?} and gave {found:?}"
    )))
}

fn lie(what: &impl Display) -> Error {
    Error::Demo {
        what: what.to_string(),
    }
}

const TRUST: &str = ".tidegate/trust.json";
const STORE: &str = "--verdicts folder:../verdicts";
const SIGNER: &str = "--key-file ../ci-prod.pem --verdicts folder:../verdicts";

/// What somebody wants more of on the busiest day.
const PEAK: &str = "apps/odoo/prod-b/longpolling-deployment.yaml";
const BLACK_FRIDAY: &str = "2026-11-27T14:05:00Z";

/// 2026-01-05 09:00 UTC; each commit is a minute younger than the last.
const FIRST_COMMIT: i64 = 1_767_603_600;
