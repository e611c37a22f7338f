//! Random histories of a real repository: admitted means that every step from what runs was judged and
//! passed. A model beside it knows what was signed and what is dangerous, by the files alone.

mod model;

use proptest::prelude::*;
use tidegate::model::{GitId, RiskTier};

use self::model::{Ledger, MaxTier};
use super::world::{APP, CONFIG, DATABASE, JUDGE, World};

#[derive(Clone, Debug)]
enum Step {
    Label,
    DropLimit,
    EndangerDatabase,
    MaxTier(RiskTier),
    Revert { back: usize },
    Sign,
    Baseline,
    Withdraw,
    Sync { commit: usize, known: bool },
}

fn step() -> impl Strategy<Value = Step> {
    let tiers = vec![RiskTier::Medium, RiskTier::High, RiskTier::Critical];
    prop_oneof![
        3 => Just(Step::Label),
        2 => Just(Step::DropLimit),
        2 => Just(Step::EndangerDatabase),
        2 => prop::sample::select(tiers).prop_map(Step::MaxTier),
        2 => (1..4_usize).prop_map(|back| Step::Revert { back }),
        7 => Just(Step::Sign),
        1 => Just(Step::Baseline),
        1 => Just(Step::Withdraw),
        6 => (any::<usize>(), prop::bool::weighted(0.8))
            .prop_map(|(commit, known)| Step::Sync { commit, known }),
    ]
}

struct History {
    world: World,
    commits: Vec<GitId>,
    /// What runs of `web` and of `db`.
    running: [GitId; 2],
    /// What was signed of `web` and of `db`.
    ledgers: [Ledger; 2],
    max_tier: MaxTier,
    labels: usize,
}

impl History {
    fn new() -> Self {
        let world = World::started();
        let first = world.repo.id("HEAD");
        let begun = |path| Ledger::begun(world.repo.git(&["show", &format!("HEAD:{path}")]));
        Self {
            ledgers: [begun(APP), begun(DATABASE)],
            world,
            commits: vec![first],
            running: [first; 2],
            max_tier: MaxTier::of(RiskTier::High),
            labels: 0,
        }
    }

    fn apply(&mut self, step: &Step) {
        let repo = &self.world.repo;
        match *step {
            Step::Label => {
                self.labels += 1;
                let text = self.text("HEAD", APP);
                let (before, after) = text.split_once("team: ").unwrap();
                let (_, after) = after.split_once('}').unwrap();
                repo.write(APP, format!("{before}team: t{}}}{after}", self.labels));
                self.commit();
            }
            Step::DropLimit => {
                let text = self.text("HEAD", APP);
                repo.write(APP, text.replace("200m, memory: 128Mi}", "200m}"));
                self.commit();
            }
            Step::EndangerDatabase => {
                let text = self.text("HEAD", DATABASE);
                repo.write(DATABASE, text.replace("\"on\"", "\"off\""));
                self.commit();
            }
            Step::MaxTier(tier) => {
                let of = |tier: RiskTier| format!("max-tier: {}\n    sources", tier.as_str());
                repo.write(CONFIG, JUDGE.replace(&of(RiskTier::High), &of(tier)));
                if self.commit() {
                    self.max_tier.pending = tier;
                }
            }
            Step::Revert { back } => {
                let at = self.commits[self.commits.len().saturating_sub(back + 1)].to_string();
                repo.git(&["checkout", "-q", &at, "--", "apps"]);
                self.commit();
            }
            Step::Sign => {
                let said = self.world.sign("prod", None);
                self.note(&said);
            }
            Step::Baseline => {
                let said = self.world.baseline("prod", None);
                self.note(&said);
            }
            Step::Withdraw => {
                let heights = self.ledgers[0].heights();
                if heights > 1 {
                    self.world
                        .withdraw("prod/web", u64::try_from(heights).unwrap() - 1);
                    self.ledgers[0].withdraw_newest();
                }
            }
            Step::Sync { commit, known } => {
                self.sync(self.commits[commit % self.commits.len()], known);
            }
        }
    }

    /// Writes down what was signed, and holds it against what the files say.
    fn note(&mut self, said: &str) {
        assert!(!said.contains("exit"), "{said}");
        for unit in said.split("; ") {
            let (name, what) = unit.split_once(' ').unwrap();
            let (index, path) = match name {
                "prod/web" => (0, APP),
                "prod/db" => (1, DATABASE),
                _ => {
                    self.max_tier.gate(what);
                    continue;
                }
            };
            let head = self.text("HEAD", path);
            self.ledgers[index].note(what, head, self.max_tier.accepted);
        }
    }

    fn sync(&mut self, commit: GitId, known: bool) {
        for (index, (unit, path)) in [("web", APP), ("db", DATABASE)].into_iter().enumerate() {
            let deployed = known.then_some(self.running[index]);
            let said = self.world.admit(unit, commit, deployed);
            if said.starts_with("refused") {
                continue;
            }
            let wanted = self.text(&commit.to_string(), path);
            let running = deployed.map(|commit| self.text(&commit.to_string(), path));
            let ledger = &self.ledgers[index];
            let admitted = ledger.admits(&said, &wanted, running.as_deref());
            let tier = admitted.unwrap_or_else(|why| panic!("{unit} {said}: {why}"));
            assert!(
                tier <= self.max_tier.accepted,
                "{unit} {said}: above what may go there"
            );
            self.running[index] = commit;
        }
    }

    fn commit(&mut self) -> bool {
        let more = self.commits.len() < 8;
        if more {
            self.commits.push(self.world.repo.commit("a step"));
        } else {
            self.world.repo.git(&["checkout", "-q", "HEAD", "--", "."]);
        }
        more
    }

    fn text(&self, revision: &str, path: &str) -> String {
        self.world
            .repo
            .git(&["show", &format!("{revision}:{path}")])
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn admitted_means_every_step_was_judged_and_passed(steps in prop::collection::vec(step(), 6..16)) {
        let mut history = History::new();
        for step in &steps {
            history.apply(step);
        }
    }
}
