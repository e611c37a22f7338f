//! Random histories of up to eight commits: admitted means that every step from what runs was judged and passed, and
//! what runs is admitted again at any hour. The oracle is a ledger that knows contents and steps, no links and no trees.

mod ledger;

use std::cell::RefCell;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

use self::ledger::{Asked, FILES, Ledger, dangers, tier_of};
use super::shop::{Files, Shop, id};
use crate::{
    attest::{self, Outcome, Renewal, Verdict, sample},
    calendar::Calendar,
    config::Config,
    model::{Digest, GitId, RiskTier, limits},
    verify::{Admission, AdmitError, Chain, Grounds},
};

#[derive(Clone, Debug)]
enum Step {
    /// Someone pushes, signed or not.
    Push { file: usize, dangerous: bool },
    /// Someone pushes what was there `back` commits ago.
    Revert { back: usize },
    /// The signer runs.
    Sign,
    /// The signer asks anew about the newest link.
    Renew,
    /// An operator accepts the head as it stands.
    Baseline,
    /// An operator takes a link back.
    Withdraw { link: usize },
    /// The gate state changes.
    MaxTier(RiskTier),
    /// A freeze over everything begins, or ends.
    Freeze(bool),
    /// Time goes by.
    Hours(u8),
    /// The deployer asks for a commit, knowing what runs or not.
    Sync { commit: usize, known: bool },
}

fn step() -> impl Strategy<Value = Step> {
    let tier = prop::sample::select(vec![RiskTier::Low, RiskTier::High, RiskTier::Critical]);
    prop_oneof![
        5 => (0..FILES.len(), prop::bool::weighted(0.3))
            .prop_map(|(file, dangerous)| Step::Push { file, dangerous }),
        3 => (1..4_usize).prop_map(|back| Step::Revert { back }),
        7 => Just(Step::Sign),
        2 => Just(Step::Renew),
        1 => Just(Step::Baseline),
        2 => any::<usize>().prop_map(|link| Step::Withdraw { link }),
        1 => tier.prop_map(Step::MaxTier),
        2 => any::<bool>().prop_map(Step::Freeze),
        2 => (1..30_u8).prop_map(Step::Hours),
        9 => (any::<usize>(), prop::bool::weighted(0.8))
            .prop_map(|(commit, known)| Step::Sync { commit, known }),
    ]
}

fn history() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 6..28)
}

/// What is wrong with the admission that is asked: one comparison that is turned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    /// Withdrawals are not looked for.
    Withdrawals,
    /// Every tier may go there.
    Tier,
    /// The calendar is not asked.
    Freeze,
    /// No verdict ends.
    End,
    /// What is wanted counts as what runs.
    Running,
    /// What runs counts as the first state that there was.
    Base,
}

struct World {
    shop: Shop,
    fault: Fault,
    commits: usize,
    running: GitId,
    ledger: Ledger,
    frozen: bool,
    next_content: u32,
    /// The chain as it was when the store held so many files: reading it is most of the work.
    read: RefCell<Option<(usize, Chain)>>,
}

impl World {
    fn new(fault: Fault) -> Self {
        let shop = Shop::new();
        let running = shop.commit(&FILES.map(|(path, _)| (path, 1)));
        let mut world = Self {
            shop,
            fault,
            commits: 1,
            running,
            ledger: Ledger::default(),
            frozen: false,
            next_content: 1,
            read: RefCell::default(),
        };
        world.baseline();
        world
    }

    fn apply(&mut self, step: &Step) -> Result<(), String> {
        let head = self.commits - 1;
        match *step {
            Step::Push { file, dangerous } => {
                self.next_content += 1;
                let content = 7 * self.next_content + u32::from(!dangerous);
                let mut files = self.files(id(head));
                files.insert(FILES[file].0, content);
                self.push(&files);
            }
            Step::Revert { back } => {
                let files = self.files(id(head.saturating_sub(back)));
                self.push(&files);
            }
            Step::Sign => self.sign()?,
            Step::Renew => self.renew(),
            Step::Baseline => self.baseline(),
            Step::Withdraw { link } => {
                let link = self.ledger.withdraw(link);
                self.shop.withdraw(link);
            }
            Step::MaxTier(tier) => self.shop.gate.max_tier = tier,
            Step::Freeze(on) => {
                self.frozen = on;
                self.shop.calendars = if on { freeze() } else { Vec::new() };
            }
            Step::Hours(hours) => self.shop.now += SignedDuration::from_hours(hours.into()),
            Step::Sync { commit, known } => self.sync(id(commit % self.commits), known)?,
        }
        self.still_admits()
    }

    /// At most eight commits.
    fn push(&mut self, files: &Files) {
        if self.commits < 8 {
            let files: Vec<_> = files
                .iter()
                .map(|(path, content)| (*path, *content))
                .collect();
            self.shop.commit(&files);
            self.commits += 1;
        }
    }

    /// Judges from the newest link that stands; a fail leaves a report and no link.
    fn sign(&mut self) -> Result<(), String> {
        let draft = self.at_this_hour(self.shop.draft_after(&self.chain()));
        if draft.baseline {
            return match self.ledger.newest_standing() {
                None => Ok(()),
                Some(_) => Err("a link stands, and nothing can follow it".to_owned()),
            };
        }
        let from = self.ledger.newest_standing();
        let from = from.ok_or("a link follows one that does not stand")?;
        let head = self.files(draft.head.commit);
        let base = self.ledger.files(from).clone();
        if draft.base.as_ref().map(|base| self.files(base.commit)) != Some(base.clone()) {
            return Err("a link follows another than the newest that stands".to_owned());
        }
        let changed = ledger::changed(&base, &head);
        let tier = changed.iter().map(|path| tier_of(path)).max();
        let risk_tier = tier.unwrap_or(RiskTier::Low);
        let endangers = changed
            .iter()
            .any(|path| dangers(&head).iter().any(|(danger, _)| danger == path));
        if endangers || self.frozen {
            self.report(draft);
            return Ok(());
        }
        let link = Verdict { risk_tier, ..draft };
        let digest = self.shop.publish(&link);
        self.ledger
            .push(digest, head, Some(from), risk_tier, link.valid_until);
        Ok(())
    }

    fn report(&self, draft: Verdict) {
        let mut report = Verdict {
            outcome: Outcome::Fail,
            ..draft
        };
        report.counts.denied = 1;
        let payload = report.to_statement_bytes().unwrap();
        let envelope = attest::sign(&payload, &sample::key(1));
        let (tree, digest) = (report.head.gated_tree, Digest::of(&payload));
        crate::store::Store::publish_report(
            &self.shop.store,
            &self.shop.unit,
            tree,
            digest,
            &envelope,
        )
        .unwrap();
    }

    /// Asks anew about the newest link that stands; what is held keeps its end.
    fn renew(&mut self) {
        let Some(newest) = self.ledger.newest_standing() else {
            return;
        };
        if self.ledger.is_baseline(newest) || self.frozen {
            return;
        }
        let renewal = Renewal {
            engine_version: "0.1.0".into(),
            environment: self.shop.unit.environment().into(),
            unit: self.shop.unit.unit().into(),
            link: self.ledger.digest(newest),
            height: u64::try_from(newest).unwrap(),
            valid_from: self.shop.now,
            valid_until: self.shop.now + LIFE,
            risk_tier: self.ledger.tier(newest),
            classes: None,
            gate_state: None,
            also_judged_by: None,
            policy_digest: Digest::of(b""),
            config_digest: Digest::of(b""),
            facts_digest: Digest::of(b""),
        };
        let payload = renewal.to_statement_bytes().unwrap();
        let envelope = attest::sign(&payload, &sample::key(1));
        let path = format!("renewals/{}/{}.json", renewal.link, renewal.valid_from);
        self.shop.store.put(&path, &envelope);
        self.ledger.renew(newest, renewal.valid_until);
    }

    fn baseline(&mut self) {
        let chain = self.chain();
        let head = chain.newest().map(|link| link.verdict().head.clone());
        let baseline = self.at_this_hour(Verdict {
            baseline: true,
            base: head,
            change_digest: None,
            facts_digest: None,
            rollback_to: None,
            risk_tier: RiskTier::Critical,
            ..self.shop.draft_after(&chain)
        });
        let files = self.files(self.shop.repository.head());
        let digest = self.shop.publish(&baseline);
        self.ledger.push(
            digest,
            files,
            None,
            RiskTier::Critical,
            baseline.valid_until,
        );
    }

    fn at_this_hour(&self, verdict: Verdict) -> Verdict {
        Verdict {
            valid_from: self.shop.now,
            valid_until: self.shop.now + LIFE,
            ..verdict
        }
    }

    fn sync(&mut self, commit: GitId, known: bool) -> Result<(), String> {
        let Ok(admission) = self.ask(commit, known) else {
            return Ok(());
        };
        let (before, after) = (self.files(self.running), self.files(commit));
        self.ledger.allows(&Asked {
            before: known.then_some(&before),
            after: &after,
            grounds: admission.grounds,
            link: admission.link.digest(),
            now: self.shop.now,
            frozen: self.frozen,
            max_tier: self.shop.gate.max_tier,
        })?;
        self.running = commit;
        Ok(())
    }

    /// The product, with what is planted in it.
    fn ask(&self, commit: GitId, known: bool) -> Result<Admission, AdmitError> {
        let running = known.then_some(self.running);
        let mut shop = Shop {
            repository: self.shop.repository.clone(),
            gate: self.shop.gate.clone(),
            calendars: self.shop.calendars.clone(),
            ..Shop::new()
        };
        let (mut now, mut deployed) = (self.shop.now, running);
        let mut chain = self.chain();
        match self.fault {
            Fault::None => {}
            Fault::Withdrawals => chain = self.without_withdrawals(),
            Fault::Tier => shop.gate.max_tier = RiskTier::Critical,
            Fault::Freeze => shop.calendars = Vec::new(),
            Fault::End => {
                let newest = chain.newest();
                now = newest.map_or(now, |link| link.verdict().valid_from);
            }
            Fault::Running => deployed = Some(commit),
            Fault::Base => deployed = Some(id(0)),
        }
        shop.admit_at(now, &chain, (commit, deployed))
    }

    fn chain(&self) -> Chain {
        let files = self.shop.store.files.borrow().len();
        let mut read = self.read.borrow_mut();
        match &*read {
            Some((known, chain)) if *known == files => chain.clone(),
            _ => {
                let chain = self.shop.chain();
                *read = Some((files, chain.clone()));
                chain
            }
        }
    }

    fn without_withdrawals(&self) -> Chain {
        let store = super::shop::Memory::default();
        for (path, bytes) in self.shop.store.files.borrow().iter() {
            if !path.starts_with("withdrawals/") {
                store.put(path, bytes);
            }
        }
        Chain::read(&store, &self.shop.unit, &self.shop.trust).unwrap()
    }

    /// The other way round: what runs, what it may go back to, and a baseline that is the newest link are
    /// admitted at any hour, unless they were taken back.
    fn still_admits(&self) -> Result<(), String> {
        if self.fault != Fault::None {
            return Ok(());
        }
        let chain = self.chain();
        let runs = self.files(self.running);
        for now in [self.shop.now, FAR] {
            let ask = |commit, deployed| self.shop.admit_at(now, &chain, (commit, deployed));
            let again = ask(self.running, Some(self.running)).map(|it| it.grounds);
            let stands = self.ledger.runs_by_a_link_that_stands(&runs);
            if again.is_ok() != stands || again.is_ok_and(|it| it != Grounds::Running) {
                return Err(format!("what runs is admitted again: {stands} at {now}"));
            }
            if let Some(target) = self.ledger.rollback_target(&runs) {
                let commit = self.commit_of(self.ledger.files(target));
                let back = ask(commit, Some(self.running)).map(|it| it.grounds);
                if !back.is_ok_and(|it| it == Grounds::RollbackTarget) {
                    return Err(format!("there is no way back to link {target} at {now}"));
                }
            }
            if let Some(newest) = self.ledger.newest_standing()
                && self.ledger.is_baseline(newest)
                && self.ledger.is_highest_of_its_files(newest)
            {
                let commit = self.commit_of(self.ledger.files(newest));
                if ask(commit, None).is_err() {
                    return Err(format!("the baseline {newest} is not admitted at {now}"));
                }
            }
        }
        Ok(())
    }

    fn commit_of(&self, files: &Files) -> GitId {
        let mut commits = (0..self.commits).map(id);
        commits
            .find(|commit| self.files(*commit) == *files)
            .unwrap()
    }

    fn files(&self, commit: GitId) -> Files {
        self.shop.repository.files(commit)
    }
}

/// Everything is held, for years.
fn freeze() -> Vec<Calendar> {
    const CONFIG: &str = "
environments: [{name: prod, paths: ['**'], calendars: [all]}]
calendars:
  all:
    timezone: Europe/Berlin
    windows:
      - {id: all, kind: freeze, from: '2026-01-01T00:00', to: '2040-01-01T00:00'}
";
    let config = Config::parse(&"tidegate.yaml".into(), CONFIG.as_bytes()).unwrap();
    config.calendars.into_values().collect()
}

fn run(steps: &[Step], fault: Fault) -> Result<(), String> {
    let mut world = World::new(fault);
    for (at, step) in steps.iter().enumerate() {
        world
            .apply(step)
            .map_err(|why| format!("step {at}, {step:?}: {why}"))?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: HISTORIES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn admitted_means_every_step_was_judged_and_passed(steps in history()) {
        let held = run(&steps, Fault::None);
        prop_assert!(held.is_ok(), "{}", held.unwrap_err());
    }
}

#[test]
fn an_admission_in_which_one_comparison_is_turned_is_found_out() {
    for fault in [
        Fault::Withdrawals,
        Fault::Tier,
        Fault::Freeze,
        Fault::End,
        Fault::Running,
        Fault::Base,
    ] {
        let config = ProptestConfig {
            cases: AT_MOST,
            failure_persistence: None,
            max_shrink_iters: 0,
            ..ProptestConfig::default()
        };
        let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let mut runner = TestRunner::new_with_rng(config, random);
        let held = runner.run(&history(), |steps| {
            run(&steps, fault).map_err(TestCaseError::fail)
        });
        assert!(held.is_err(), "{fault:?} is not found");
    }
}

#[test]
fn an_unsigned_push_is_judged_with_the_harmless_one_on_top() {
    let mut world = World::new(Fault::None);
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
        world.apply(&step).unwrap();
    }
    assert_eq!(world.ledger.len(), 1, "the danger below is judged too");
    world.apply(&Step::Revert { back: 2 }).unwrap();
    let harmless = Step::Push {
        file: 0,
        dangerous: false,
    };
    world.apply(&harmless).unwrap();
    world.apply(&Step::Sign).unwrap();
    assert_eq!(world.ledger.len(), 2, "the revert mends it");
    assert_eq!(dangers(&world.files(id(4))), []);
    let sync = Step::Sync {
        commit: world.commits - 1,
        known: true,
    };
    world.apply(&sync).unwrap();
    assert_eq!(world.running, id(world.commits - 1));
}

#[test]
fn a_walk_of_too_many_links_is_an_error() {
    let shop = Shop::new();
    let most = limits::LINKS.most;
    let newest = 10 * most;
    shop.sign_many(newest + 1);
    assert_eq!(shop.answer(id(newest), Some(id(newest - most))), "ok");
    for beyond in [most + 1, 10 * most] {
        let answer = shop.answer(id(newest), Some(id(newest - beyond)));
        assert_eq!(answer, "error limit.links", "{beyond}");
    }
}

const LIFE: SignedDuration = SignedDuration::from_hours(24);
/// Long after everything.
const FAR: Timestamp = Timestamp::constant(1_900_000_000, 0);
/// So many run each time the tests do.
const HISTORIES: u32 = 128;
/// A planted fault is found in one of so many.
const AT_MOST: u32 = 1024;
