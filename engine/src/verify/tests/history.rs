//! Random histories: admitted means that every step from what runs was judged and passed.
//! The judge is a rule of thumb that the test can check without links.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::shop::{Files, Shop, id};
use crate::{
    model::{Digest, GitId, RiskTier, limits},
    verify::{Admission, Grounds},
};

/// Each file has a tier of its own; a content that is a multiple of seven is dangerous.
const FILES: [(&str, RiskTier); 4] = [
    ("apps/label", RiskTier::Low),
    ("apps/web", RiskTier::Medium),
    ("apps/price", RiskTier::High),
    ("apps/database", RiskTier::Critical),
];

#[derive(Clone, Debug)]
enum Step {
    /// Someone pushes, signed or not.
    Push { file: usize, dangerous: bool },
    /// Someone pushes what was there `back` commits ago.
    Revert { back: usize },
    /// The signer runs.
    Sign,
    /// An operator accepts the head as it stands.
    Baseline,
    /// An operator takes a link back.
    Withdraw { link: usize },
    /// The gate state changes.
    MaxTier(RiskTier),
    /// The deployer asks for a commit, knowing what runs or not.
    Sync { commit: usize, known: bool },
}

fn step() -> impl Strategy<Value = Step> {
    let tier = prop::sample::select(vec![RiskTier::Low, RiskTier::High, RiskTier::Critical]);
    prop_oneof![
        4 => (0..FILES.len(), prop::bool::weighted(0.3))
            .prop_map(|(file, dangerous)| Step::Push { file, dangerous }),
        2 => (1..4_usize).prop_map(|back| Step::Revert { back }),
        5 => Just(Step::Sign),
        1 => Just(Step::Baseline),
        1 => any::<usize>().prop_map(|link| Step::Withdraw { link }),
        1 => tier.prop_map(Step::MaxTier),
        6 => (any::<usize>(), prop::bool::weighted(0.8))
            .prop_map(|(commit, known)| Step::Sync { commit, known }),
    ]
}

struct World {
    shop: Shop,
    commits: usize,
    running: GitId,
    links: Vec<Digest>,
    withdrawn: BTreeSet<Digest>,
    /// Dangerous contents that a baseline accepted.
    accepted: BTreeSet<(&'static str, u32)>,
    next_content: u32,
}

impl World {
    fn new() -> Self {
        let shop = Shop::new();
        let running = shop.commit(&FILES.map(|(path, _)| (path, 1)));
        let first = shop.sign(RiskTier::Critical);
        Self {
            shop,
            commits: 1,
            running,
            links: vec![first],
            withdrawn: BTreeSet::new(),
            accepted: BTreeSet::new(),
            next_content: 1,
        }
    }

    fn apply(&mut self, step: &Step) {
        let head = self.commits - 1;
        match *step {
            Step::Push { file, dangerous } => {
                self.next_content += 1;
                let content = 7 * self.next_content + u32::from(!dangerous);
                let mut files = self.shop.repository.files(id(head));
                files.insert(FILES[file].0, content);
                self.push(&files);
            }
            Step::Revert { back } => {
                let files = self.shop.repository.files(id(head.saturating_sub(back)));
                self.push(&files);
            }
            Step::Sign => self.sign(),
            Step::Baseline => {
                self.accepted.extend(dangers(&self.files(id(head))));
                self.links.push(self.shop.baseline());
            }
            Step::Withdraw { link } => {
                let link = self.links[link % self.links.len()];
                self.shop.withdraw(link);
                self.withdrawn.insert(link);
            }
            Step::MaxTier(tier) => self.shop.gate.max_tier = tier,
            Step::Sync { commit, known } => self.sync(id(commit % self.commits), known),
        }
    }

    /// At most eight commits.
    fn push(&mut self, files: &Files) {
        if self.commits < 8 {
            self.shop.commit(
                &files
                    .iter()
                    .map(|(path, content)| (*path, *content))
                    .collect::<Vec<_>>(),
            );
            self.commits += 1;
        }
    }

    /// Judges from the newest link that stands; a fail leaves nothing.
    fn sign(&mut self) {
        let draft = self.shop.draft();
        if draft.baseline {
            return;
        }
        let base = self.files(draft.base.as_ref().unwrap().commit);
        let head = self.files(draft.head.commit);
        let changed: Vec<_> = head
            .iter()
            .filter(|(path, content)| base.get(*path) != Some(content))
            .collect();
        if changed.iter().all(|(_, content)| *content % 7 != 0) {
            let tier = changed
                .iter()
                .map(|(path, _)| tier(path))
                .max()
                .unwrap_or(RiskTier::Low);
            self.links.push(self.shop.sign(tier));
        }
    }

    fn sync(&mut self, commit: GitId, known: bool) {
        let deployed = known.then_some(self.running);
        if let Ok(admission) = self.shop.admit(commit, deployed) {
            self.check(commit, known, &admission);
            self.running = commit;
        }
    }

    fn check(&self, commit: GitId, known: bool, admission: &Admission) {
        let (before, after) = (self.files(self.running), self.files(commit));
        for danger in dangers(&after) {
            assert!(
                self.accepted.contains(&danger),
                "{danger:?} was never accepted"
            );
        }
        assert!(
            !self.withdrawn.contains(&admission.link.digest()),
            "withdrawn"
        );
        let newest = self.shop.chain();
        let newest = newest
            .newest_standing()
            .map(|link| link.verified().digest());
        match admission.grounds {
            Grounds::Running => assert_eq!(before, after),
            Grounds::RollbackTarget => assert!(known),
            Grounds::Baseline => assert!(known || newest == Some(admission.link.digest())),
            Grounds::Judged if known => {
                let limit = self.shop.gate.max_tier;
                let changed = after
                    .iter()
                    .filter(|(path, content)| before.get(*path) != Some(content));
                for (path, _) in changed {
                    assert!(tier(path) <= limit, "{path} is above {limit}");
                }
            }
            Grounds::Judged => {
                assert_eq!(newest, Some(admission.link.digest()));
                assert_eq!(self.shop.gate.max_tier, RiskTier::Critical);
            }
        }
    }

    fn files(&self, commit: GitId) -> Files {
        self.shop.repository.files(commit)
    }
}

fn dangers(files: &Files) -> Vec<(&'static str, u32)> {
    let all = files.iter().map(|(path, content)| (*path, *content));
    all.filter(|(_, content)| content % 7 == 0).collect()
}

fn tier(path: &str) -> RiskTier {
    FILES.iter().find(|(name, _)| *name == path).unwrap().1
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn admitted_means_every_step_was_judged_and_passed(steps in prop::collection::vec(step(), 4..24)) {
        let mut world = World::new();
        for step in &steps {
            world.apply(step);
        }
    }
}

#[test]
fn an_unsigned_push_is_judged_with_the_harmless_one_on_top() {
    let mut world = World::new();
    for step in [
        Step::Push {
            file: 1,
            dangerous: true,
        },
        Step::Push {
            file: 0,
            dangerous: false,
        },
        Step::Sign,
    ] {
        world.apply(&step);
    }
    assert_eq!(world.links.len(), 1, "the danger below is judged too");
    world.apply(&Step::Revert { back: 2 });
    world.apply(&Step::Push {
        file: 0,
        dangerous: false,
    });
    world.apply(&Step::Sign);
    assert_eq!(world.links.len(), 2, "the revert mends it");
    world.apply(&Step::Sync {
        commit: world.commits - 1,
        known: true,
    });
    assert_eq!(world.running, id(world.commits - 1));
}

#[test]
fn a_walk_of_too_many_links_is_an_error() {
    let shop = Shop::new();
    let most = limits::LINKS.most;
    shop.sign_many(most + 2);
    assert_eq!(shop.answer(id(most + 1), Some(id(1))), "ok");
    assert_eq!(shop.answer(id(most + 1), Some(id(0))), "error limit.links");
}
