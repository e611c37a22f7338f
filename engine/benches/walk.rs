//! Walks the first-parent history of a real repository: how many commits a second are judged, why the others
//! are not, and whether differences keep their laws. Knows the library, and the `git` program for commits.
//!
//! `cargo bench --bench walk -- REPOSITORY CONFIG [COMMITS [REVISION]]`; REPOSITORY is bare and may be written to (the
//! commits that revert are left in it, unreachable), CONFIG a `tidegate.yaml` that judges all of it.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(
    clippy::disallowed_methods,
    reason = "a bench measures time and reads its arguments"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use tidegate::gate::{self, Request, What};
use tidegate::git::Repository;
use tidegate::model::{Exit, ObjectRef, Operation, code_of};
use tidegate::verdict::{ChangeSummary, RunReport};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    // Cargo adds `--bench`.
    let mut arguments = std::env::args().skip(1).filter(|it| !it.starts_with("--"));
    let (Some(repository), Some(config)) = (arguments.next(), arguments.next()) else {
        // `cargo test --benches` and a bare `cargo bench` walk nothing.
        println!("walk: no REPOSITORY and CONFIG given");
        return Ok(());
    };
    let commits: usize = arguments.next().map_or(Ok(500), |count| count.parse())?;
    let walk = Walk {
        config: fs::read(&config)?,
        repository,
    };
    let revision = arguments.next().unwrap_or_else(|| "HEAD".to_owned());
    let mut commits = walk.commits(commits + 1, &revision)?;
    commits.reverse();
    walk.judge(&commits)?;
    walk.hold_laws(&commits)
}

struct Walk {
    repository: String,
    config: Vec<u8>,
}

/// What changes: by unit and object. A file that only moves is no change.
type Changes = BTreeMap<(String, ObjectRef), Step>;

/// What happens to one object: its fields with the values before and behind, as JSON.
#[derive(Clone, Debug, PartialEq)]
struct Step {
    operation: Operation,
    fields: BTreeSet<(String, String, String)>,
}

impl Walk {
    /// Newest first.
    fn commits(&self, count: usize, revision: &str) -> Outcome<Vec<String>> {
        let count = format!("--max-count={count}");
        let listed = self.git(&["rev-list", "--first-parent", &count, revision])?;
        Ok(listed.lines().map(str::to_owned).collect())
    }

    fn judge(&self, commits: &[String]) -> Outcome<()> {
        let repository = Repository::open(self.repository.as_ref())?;
        let (mut time, mut exits, mut reasons) = (Duration::ZERO, BTreeMap::new(), BTreeMap::new());
        for [base, head] in pairs(commits) {
            let begin = Instant::now();
            let report = gate::check(&repository, &self.request(base, head)?);
            time += begin.elapsed();
            let (exit, codes) = match &report {
                Ok(report) => (report.exit, codes(report)),
                Err(error) => (Exit::of_error(error), BTreeSet::from([code_of(error)])),
            };
            *exits.entry(exit.code()).or_insert(0_usize) += 1;
            for code in codes {
                *reasons.entry(code).or_insert(0_usize) += 1;
            }
        }
        let walked = commits.len().saturating_sub(1);
        let speed = f64::from(u32::try_from(walked)?) / time.as_secs_f64();
        println!("{walked} commits judged in {time:.1?}, {speed:.1} a second");
        println!("commits by exit code: {exits:?}");
        println!("commits that could not be judged, by reason: {reasons:?}");
        Ok(())
    }

    /// The way back is the way there with the sides changed over, and two steps make the whole.
    fn hold_laws(&self, commits: &[String]) -> Outcome<()> {
        let repository = Repository::open(self.repository.as_ref())?;
        let changes = |base: &str, head: &str| -> Outcome<Option<Changes>> {
            let request = self.request(base, head)?;
            Ok(gate::diff(&repository, &request, gate::Runtime::default())
                .ok()
                .filter(|diff| diff.errors.is_empty())
                .map(|diff| {
                    let units = diff.units.into_iter();
                    units
                        .flat_map(|unit| steps(&unit.unit, &unit.changes))
                        .collect()
                }))
        };
        let (mut reverts, mut sums, mut broken) = (0, 0, 0);
        let mut before: Option<(&String, Changes)> = None;
        for [base, head] in pairs(commits) {
            let Some(there) = changes(base, head)? else {
                before = None;
                continue;
            };
            let tree = format!("{base}^{{tree}}");
            let revert = self.git(&["commit-tree", &tree, "-p", head, "-m", "revert"])?;
            if let Some(back) = changes(head, revert.trim())? {
                reverts += 1;
                if inverse(&there) != back {
                    broken += 1;
                    println!("the revert of {head} is not its inverse");
                }
            }
            if let Some((first, earlier)) = before.take()
                && let Some(whole) = changes(first, head)?
            {
                sums += 1;
                if let Some(object) = unequal(&earlier, &there, &whole) {
                    broken += 1;
                    println!("{first}..{head} is not the sum of its two steps: {object}");
                }
            }
            before = Some((base, there));
        }
        println!("{reverts} reverts and {sums} sums of two steps compared, {broken} broken");
        match broken {
            0 => Ok(()),
            _ => Err("a law does not hold".into()),
        }
    }

    fn request(&self, base: &str, head: &str) -> Outcome<Request> {
        Ok(Request {
            config: Some(("tidegate.yaml".to_owned(), self.config.clone())),
            ..Request::new(
                What::Range(format!("{base}..{head}")),
                "2026-03-02T09:00:00Z".parse()?,
            )
        })
    }

    fn git(&self, arguments: &[&str]) -> Outcome<String> {
        let mut command = Command::new("git");
        command.args(["-C", &self.repository]).args(arguments);
        for role in ["AUTHOR", "COMMITTER"] {
            command
                .env(format!("GIT_{role}_NAME"), "Ada")
                .env(format!("GIT_{role}_EMAIL"), "ada@shop.example");
        }
        let output = command.output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }
}

fn pairs(commits: &[String]) -> impl Iterator<Item = [&String; 2]> {
    commits
        .iter()
        .zip(commits.iter().skip(1))
        .map(<[_; 2]>::from)
}

fn codes(report: &RunReport) -> BTreeSet<String> {
    let errors = report.errors.iter();
    errors.map(|error| code_of(error.error.as_ref())).collect()
}

fn steps(unit: &str, changes: &[ChangeSummary]) -> Vec<((String, ObjectRef), Step)> {
    let step = |change: &ChangeSummary| {
        let fields = change.fields.iter().map(|field| {
            let json = |value| serde_json::to_string(value).unwrap_or_default();
            (field.path.clone(), json(&field.old), json(&field.new))
        });
        let fields = fields.collect();
        let operation = change.operation;
        (
            (unit.to_owned(), change.object.clone()),
            Step { operation, fields },
        )
    };
    changes.iter().map(step).collect()
}

fn inverse(changes: &Changes) -> Changes {
    let back = |step: &Step| Step {
        operation: match step.operation {
            Operation::Create => Operation::Delete,
            Operation::Update => Operation::Update,
            Operation::Delete => Operation::Create,
        },
        fields: step
            .fields
            .iter()
            .map(|(path, old, new)| (path.clone(), new.clone(), old.clone()))
            .collect(),
    };
    changes
        .iter()
        .map(|(object, step)| (object.clone(), back(step)))
        .collect()
}

/// The first object of which the whole says something else than its two steps.
fn unequal(first: &Changes, second: &Changes, whole: &Changes) -> Option<String> {
    let objects: BTreeSet<_> = first
        .keys()
        .chain(second.keys())
        .chain(whole.keys())
        .collect();
    let fits = |object: &(String, ObjectRef)| {
        let whole = whole.get(object);
        match (first.get(object), second.get(object)) {
            (None, None) => whole.is_none(),
            (Some(one), None) | (None, Some(one)) => whole == Some(one),
            (Some(first), Some(second)) => {
                let whole = whole.map(|step| step.operation);
                match (first.operation, second.operation) {
                    (Operation::Create, Operation::Delete) => whole.is_none(),
                    (Operation::Create, _) => whole == Some(Operation::Create),
                    (_, Operation::Delete) => whole == Some(Operation::Delete),
                    // It may be again what it was.
                    _ => whole.is_none_or(|operation| operation == Operation::Update),
                }
            }
        }
    };
    let mut wrong = objects.into_iter().filter(|object| !fits(object));
    wrong
        .next()
        .map(|(unit, object)| format!("{unit} {object}"))
}
