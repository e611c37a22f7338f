//! What a forge lets whom do to the branches that count, as GitHub's API tells it.
//! Asks nobody: it is given answers.
//!
//! Source: GitHub REST API (2022-11-28), "Get rules for a branch", "Get a repository ruleset", "Get branch protection".

use std::collections::BTreeMap;

use serde_json::Value;

use super::tree::Seen;
use super::workflows::gate_jobs;
use super::{State, Tree, Way};
use crate::config::Config;
use crate::model::mentions;

/// What GitHub says of a repository.
#[derive(Clone, Debug, Default)]
pub struct Forge {
    /// `OWNER/NAME`.
    pub repository: String,
    /// The branches that count.
    pub branches: Vec<Guarded>,
    /// The rulesets that hold for one of them, by number.
    pub rulesets: BTreeMap<u64, Value>,
}

/// A branch, and what is said of it.
#[derive(Clone, Debug)]
pub struct Guarded {
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub part: Part,
    /// The rules of rulesets that hold for it.
    pub rules: Vec<Value>,
    /// The classic protection.
    pub protection: Protection,
}

/// What a branch is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What is merged there is judged, signed and deployed.
    Protected,
    /// What stands there is deployed: `promote` alone moves it.
    Promoted,
    /// Verdicts lie there.
    Verdicts,
}

/// The classic protection of a branch.
#[derive(Clone, Debug)]
pub enum Protection {
    /// There is none.
    None,
    /// It says this.
    Said(Value),
    /// Whoever asks may not see it.
    Hidden,
}

/// The branches of an installation that count, as far as its configuration and files tell.
#[must_use]
pub fn branches(trees: &[Tree], config: Option<&Config>) -> Vec<(String, Part)> {
    let mut branches: Vec<(String, Part)> = Vec::new();
    let mut add = |name: String, part| {
        if branches.iter().all(|(known, _)| *known != name) {
            branches.push((name, part));
        }
    };
    let environments = config.map(|config| config.environments.as_slice());
    for environment in environments.unwrap_or_default() {
        add(environment.branch.clone(), Part::Protected);
    }
    let mut files = trees.iter().flat_map(|tree| &tree.files);
    let promotes = files.any(|file| mentions(&file.bytes, PROMOTED.as_bytes()));
    for environment in environments.unwrap_or_default() {
        // Rules hold for names, whether a branch has them or not.
        if promotes {
            add(
                format!("{PROMOTED}{}/any", environment.name),
                Part::Promoted,
            );
        }
    }
    add(VERDICTS.to_owned(), Part::Verdicts);
    branches
}

/// Every way round the gate that a forge leaves open.
pub(super) fn ways(forge: &Forge, seen: &Seen<'_>) -> Vec<Way> {
    let jobs = gate_jobs(seen);
    let each = forge.branches.iter().flat_map(|branch| {
        let told = Told { forge, branch };
        match branch.part {
            Part::Protected => told.protected(&jobs),
            Part::Promoted | Part::Verdicts => told.kept_for_one(),
        }
    });
    each.collect()
}

struct Told<'a> {
    forge: &'a Forge,
    branch: &'a Guarded,
}

impl Told<'_> {
    fn protected(&self, jobs: &[String]) -> Vec<Way> {
        let mut ways = Vec::new();
        let reviews = self.said("/required_pull_request_reviews");
        if !self.has("pull_request") && reviews.is_none() {
            ways.push(self.way(
                "branch-unprotected",
                "takes pushes without a pull request: what is pushed was checked by nobody",
                "require a pull request for it, with a review by code owners",
            ));
        } else if !self.parameters("pull_request", "/require_code_owner_review")
            && !is_true(reviews.and_then(|it| it.get("require_code_owner_reviews")))
        {
            ways.push(self.way(
                "owners-not-asked",
                "asks no code owner: who may approve anything may approve a change of the gate's own files",
                "require a review by code owners, and name those of `.tidegate` and `.github` in `CODEOWNERS`",
            ));
        }
        ways.extend(self.checks(jobs));
        ways.extend(self.rewritable());
        ways.extend(self.bypassed());
        ways
    }

    /// What must have passed before a merge.
    fn checks(&self, jobs: &[String]) -> Vec<Way> {
        let required = self.contexts();
        let ours = required.iter().filter(|(context, _)| is_of(context, jobs));
        let ours: Vec<bool> = ours.map(|(_, by_anybody)| *by_anybody).collect();
        if ours.is_empty() {
            let names: Vec<String> = required.into_keys().collect();
            let about = match (names.as_slice(), jobs) {
                ([], _) => {
                    "requires no check: what the gate denies is merged all the same".to_owned()
                }
                (some, []) => format!(
                    "requires {}, and no workflow here runs tidegate under that name",
                    listed(some)
                ),
                (some, jobs) => format!(
                    "requires {}, and not the job that runs tidegate, {}",
                    listed(some),
                    listed(jobs)
                ),
            };
            let fix = "make the job that runs `tidegate check` a required status check";
            return vec![self.way("check-not-required", &about, fix)];
        }
        let mut ways = Vec::new();
        if ours.iter().all(|by_anybody| *by_anybody) {
            ways.push(self.way(
                "check-by-anybody",
                "takes the required check of tidegate from whoever may set a status, and not from GitHub Actions alone",
                "choose GitHub Actions as the source of that check",
            ));
        }
        let queue = self.has("merge_queue");
        let strict = self.parameters(
            "required_status_checks",
            "/strict_required_status_checks_policy",
        ) || is_true(self.said("/required_status_checks/strict"));
        if !queue && !strict {
            ways.push(self.way(
                "queue-missing",
                "merges what was checked against another state of it: what comes of two changes is judged after the merge, and may be denied then",
                "use a merge queue, or require branches to be up to date",
            ));
        }
        ways
    }

    /// Branches that one alone moves.
    fn kept_for_one(&self) -> Vec<Way> {
        let restricted = self.has("update") || self.said("/restrictions").is_some();
        let mut ways: Vec<Way> = self.rewritable().into_iter().collect();
        if !restricted {
            let about = match self.branch.part {
                Part::Verdicts => {
                    "may be pushed to by whoever may push at all: they can withhold verdicts"
                }
                _ => "may be pushed to by whoever may push at all: they deploy what they like",
            };
            let fix = "restrict updates of it to the one that signs and promotes";
            ways.push(self.way("branch-writable", about, fix));
        }
        ways
    }

    fn rewritable(&self) -> Option<Way> {
        let classic = |at: &str| {
            let said = matches!(self.branch.protection, Protection::Said(_));
            said && !is_true(self.said(at))
        };
        let pushes = self.has("non_fast_forward") || classic("/allow_force_pushes/enabled");
        let deletions = self.has("deletion") || classic("/allow_deletions/enabled");
        let what = match (pushes, deletions) {
            (true, true) => return None,
            (false, true) => "force pushes",
            (true, false) => "deletion",
            (false, false) => "force pushes and deletion",
        };
        Some(self.way(
            "branch-rewritable",
            &format!("allows {what}: what was judged or signed there may go away"),
            "forbid force pushes and deletion of it",
        ))
    }

    /// For whom all of it does not hold.
    fn bypassed(&self) -> Vec<Way> {
        let mut ways = Vec::new();
        for (number, set) in self.rulesets() {
            let name = set.get("name").and_then(Value::as_str).unwrap_or_default();
            let Some(actors) = set.get("bypass_actors").and_then(Value::as_array) else {
                ways.push(Way {
                    state: State::Unseen,
                    ..self.way(
                        "branch-bypass",
                        &format!("is kept by ruleset {number} `{name}`; whom that leaves out is not shown to whoever asks"),
                        "ask with a token of somebody who may edit rulesets",
                    )
                });
                continue;
            };
            if !actors.is_empty() {
                let actors: Vec<String> = actors.iter().map(actor).collect();
                ways.push(self.way(
                    "branch-bypass",
                    &format!("is kept by ruleset {number} `{name}`, which {} may bypass", listed(&actors)),
                    "take them off its bypass list; `tidegate baseline` is the way out that leaves a trace",
                ));
            }
        }
        let classic = matches!(self.branch.protection, Protection::Said(_));
        if classic && self.branch.rules.is_empty() && !is_true(self.said("/enforce_admins/enabled"))
        {
            ways.push(self.way(
                "branch-bypass",
                "is kept by a classic rule that does not hold for administrators",
                "do not allow administrators to bypass it",
            ));
        }
        let allowed = self.said("/required_pull_request_reviews/bypass_pull_request_allowances");
        let lists = allowed.and_then(Value::as_object).into_iter().flatten();
        let names = lists.flat_map(|(_, list)| list.as_array().into_iter().flatten());
        let names: Vec<String> = names.map(called).collect();
        if !names.is_empty() {
            ways.push(self.way(
                "branch-bypass",
                &format!("lets {} push without a pull request", listed(&names)),
                "take them off that list",
            ));
        }
        ways
    }

    fn rules(&self, kind: &str) -> impl Iterator<Item = &Value> {
        let rules = self.branch.rules.iter();
        rules.filter(move |rule| rule.get("type").and_then(Value::as_str) == Some(kind))
    }

    fn has(&self, kind: &str) -> bool {
        self.rules(kind).next().is_some()
    }

    /// Whether a rule of this kind says yes.
    fn parameters(&self, kind: &str, at: &str) -> bool {
        let mut rules = self.rules(kind);
        rules.any(|rule| is_true(rule.get("parameters").and_then(|it| it.pointer(at))))
    }

    /// What the classic protection says.
    fn said(&self, at: &str) -> Option<&Value> {
        match &self.branch.protection {
            Protection::Said(all) => all.pointer(at).filter(|value| !value.is_null()),
            Protection::None | Protection::Hidden => None,
        }
    }

    /// The checks that must have passed, by name, and whether anybody may say that they did.
    fn contexts(&self) -> BTreeMap<String, bool> {
        let rules = self.rules("required_status_checks");
        let rules = rules.filter_map(|rule| rule.pointer("/parameters/required_status_checks"));
        let checks = rules.chain(self.said("/required_status_checks/checks"));
        let checks = checks.filter_map(Value::as_array).flatten();
        let mut all = BTreeMap::new();
        for check in checks {
            let app = ["integration_id", "app_id"].map(|key| check.get(key)?.as_u64());
            if let Some(context) = check.get("context").and_then(Value::as_str) {
                let by_anybody = all.entry(context.to_owned()).or_insert(true);
                *by_anybody &= app.iter().all(Option::is_none);
            }
        }
        let classic = self.said("/required_status_checks/contexts");
        let classic = classic.and_then(Value::as_array).into_iter().flatten();
        for context in classic.filter_map(Value::as_str) {
            all.entry(context.to_owned()).or_insert(true);
        }
        all
    }

    /// The rulesets that hold for the branch, each once.
    fn rulesets(&self) -> BTreeMap<u64, &Value> {
        let numbers = self.branch.rules.iter();
        let numbers = numbers.filter_map(|rule| rule.get("ruleset_id")?.as_u64());
        numbers
            .filter_map(|number| Some((number, self.forge.rulesets.get(&number)?)))
            .collect()
    }

    /// Open; or not seen, where a classic rule may close it that is not shown.
    fn way(&self, code: &'static str, about: &str, fix: &str) -> Way {
        let hidden =
            matches!(self.branch.protection, Protection::Hidden) && code != "branch-bypass";
        let unless = if hidden {
            ", unless a classic rule says otherwise, which is not shown to whoever asks"
        } else {
            ""
        };
        Way {
            code,
            state: if hidden { State::Unseen } else { State::Open },
            about: format!(
                "`{}` of {} {about}{unless}",
                self.branch.name, self.forge.repository
            ),
            place: None,
            fix: fix.to_owned(),
        }
    }
}

/// Whether a check is one of these jobs, or one of its matrix, or one of a workflow that others call.
fn is_of(context: &str, jobs: &[String]) -> bool {
    let last = context.rsplit(" / ").next().unwrap_or(context);
    jobs.iter().any(|job| {
        let rest = last.strip_prefix(job.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(" ("))
    })
}

fn is_true(value: Option<&Value>) -> bool {
    value.and_then(Value::as_bool) == Some(true)
}

/// One who may bypass a ruleset.
fn actor(actor: &Value) -> String {
    let text = |key: &str| actor.get(key).and_then(Value::as_str).unwrap_or("?");
    let number = actor.get("actor_id").and_then(Value::as_u64);
    let number = number.map_or_else(String::new, |number| format!(" {number}"));
    format!("{}{number} ({})", text("actor_type"), text("bypass_mode"))
}

/// A user, a team or an app.
fn called(who: &Value) -> String {
    let names = ["login", "slug", "name"];
    let name = names.iter().find_map(|key| who.get(key)?.as_str());
    name.unwrap_or("somebody").to_owned()
}

fn listed(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

const PROMOTED: &str = "gated/";
const VERDICTS: &str = "tidegate/verdicts";
