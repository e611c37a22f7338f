//! Random histories of a real repository: admitted means that every step from what runs was judged and
//! passed. What is dangerous is told by the files alone, without a look at links.

use std::collections::BTreeSet;

use proptest::prelude::*;
use tidegate::model::GitId;

use super::world::{APP, DATABASE, World};

#[derive(Clone, Debug)]
enum Step {
    Label,
    DropLimit,
    EndangerDatabase,
    Revert { back: usize },
    Sign,
    Baseline,
    Withdraw,
    Sync { commit: usize, known: bool },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Label),
        2 => Just(Step::DropLimit),
        2 => Just(Step::EndangerDatabase),
        2 => (1..4_usize).prop_map(|back| Step::Revert { back }),
        6 => Just(Step::Sign),
        1 => Just(Step::Baseline),
        1 => Just(Step::Withdraw),
        5 => (any::<usize>(), prop::bool::weighted(0.8))
            .prop_map(|(commit, known)| Step::Sync { commit, known }),
    ]
}

struct History {
    world: World,
    commits: Vec<GitId>,
    /// What runs of `web` and of `db`.
    running: [GitId; 2],
    /// The contents of dangerous files that a baseline accepted.
    accepted: BTreeSet<String>,
    labels: usize,
}

impl History {
    fn new() -> Self {
        let world = World::started();
        let first = world.repo.id("HEAD");
        Self {
            world,
            commits: vec![first],
            running: [first; 2],
            accepted: BTreeSet::new(),
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
            Step::Revert { back } => {
                let at = self.commits[self.commits.len().saturating_sub(back + 1)].to_string();
                repo.git(&["checkout", "-q", &at, "--", "apps"]);
                self.commit();
            }
            Step::Sign => {
                let said = self.world.sign("prod", None);
                assert!(!said.contains("exit"), "{said}");
            }
            Step::Baseline => {
                let said = self.world.baseline("prod", None);
                assert!(!said.contains("exit"), "{said}");
                for path in [APP, DATABASE] {
                    self.accepted.insert(self.text("HEAD", path));
                }
            }
            Step::Withdraw => {
                let newest = (1..20).take_while(|at| self.world.link("prod/web", *at).exists());
                if let Some(height) = newest.last() {
                    self.world.withdraw("prod/web", height);
                }
            }
            Step::Sync { commit, known } => {
                self.sync(self.commits[commit % self.commits.len()], known);
            }
        }
    }

    fn sync(&mut self, commit: GitId, known: bool) {
        for (index, (unit, path)) in [("web", APP), ("db", DATABASE)].into_iter().enumerate() {
            let deployed = known.then_some(self.running[index]);
            let said = self.world.admit(unit, commit, deployed);
            if said.starts_with("refused") {
                continue;
            }
            assert!(!said.contains("exit"), "{said}");
            let text = self.text(&commit.to_string(), path);
            let dangerous = text.contains("limits: {cpu: 200m}") || text.contains("\"off\"");
            assert!(
                !dangerous || self.accepted.contains(&text),
                "{unit} {said}: never judged nor accepted"
            );
            self.running[index] = commit;
        }
    }

    fn commit(&mut self) {
        if self.commits.len() < 6 {
            self.commits.push(self.world.repo.commit("a step"));
        } else {
            self.world.repo.git(&["checkout", "-q", "HEAD", "--", "."]);
        }
    }

    fn text(&self, revision: &str, path: &str) -> String {
        self.world
            .repo
            .git(&["show", &format!("{revision}:{path}")])
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn admitted_means_every_step_was_judged_and_passed(steps in prop::collection::vec(step(), 6..14)) {
        let mut history = History::new();
        for step in &steps {
            history.apply(step);
        }
    }
}
