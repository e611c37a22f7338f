//! Several signers on one branch, each stopped anywhere while others work: what is there after that verifies, in one
//! chain, and nothing is admitted that a single signer would not admit.

mod interrupted;

use std::cell::Cell;
use std::path::PathBuf;

use jiff::Timestamp;
use proptest::prelude::*;
use tidegate::attest::{self, UnitId, Withdrawal};
use tidegate::gate::{self, AdmitRequest, SignRequest};
use tidegate::git::Repository;
use tidegate::model::Digest;
use tidegate::store::{BranchPlace, BranchSettings, BranchStore, Store as _};

use self::interrupted::{Interrupted, Moment};
use super::super::world::{APP, answered, told, trust};
use super::{BRANCH, Remote};

/// One step of one of them, and what another does at a moment of it.
#[derive(Clone, Debug)]
struct Act {
    actor: usize,
    what: What,
    meanwhile: Option<(Moment, Box<Self>)>,
}

#[derive(Clone, Debug)]
enum What {
    /// Somebody pushes to `main`: another label, and the limit that every container needs there or not.
    Push {
        sound: bool,
    },
    Fetch,
    /// With what is on `main` now, or with what was fetched before; perhaps right after a push.
    Sign {
        pushed: bool,
        fetched: bool,
    },
    /// Takes the newest link back.
    Withdraw,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    prop::collection::vec(act(), 3..7)
}

fn act() -> impl Strategy<Value = Act> {
    let what = prop_oneof![
        3 => prop::bool::weighted(0.7).prop_map(|sound| What::Push { sound }),
        1 => Just(What::Fetch),
        6 => sign(),
        1 => Just(What::Withdraw),
    ];
    let alone = (0..ACTORS, what).prop_map(|(actor, what)| Act {
        actor,
        what,
        meanwhile: None,
    });
    alone.prop_recursive(3, 4, 1, |inner| {
        (0..ACTORS, sign(), moment(), inner).prop_map(|(actor, what, at, other)| Act {
            actor,
            what,
            meanwhile: Some((at, Box::new(other))),
        })
    })
}

fn sign() -> impl Strategy<Value = What> {
    let often = prop::bool::weighted(0.7);
    (often, often).prop_map(|(pushed, fetched)| What::Sign { pushed, fetched })
}

fn moment() -> impl Strategy<Value = Moment> {
    prop_oneof![
        3 => Just(Moment::Settle),
        1 => Just(Moment::Publish),
        2 => (0..CALLS).prop_map(Moment::Call),
    ]
}

struct Shop {
    remote: Remote,
    actors: Vec<PathBuf>,
    labels: Cell<usize>,
}

impl Shop {
    #[expect(
        clippy::disallowed_methods,
        reason = "the binary signed the baselines, by the clock of the machine"
    )]
    fn new() -> Self {
        let remote = Remote::started();
        let now = Timestamp::now().to_string();
        remote.world.set_clock(&now);
        let actors = (0..ACTORS).map(|actor| remote.clone_as(&format!("actor{actor}")));
        Self {
            actors: actors.collect(),
            remote,
            labels: Cell::new(0),
        }
    }

    fn lives(&self, acts: &[Act]) {
        for act in acts {
            self.act(act);
        }
        self.holds();
        self.admits();
    }

    /// What `act` comes to, in words.
    fn act(&self, act: &Act) -> String {
        match act.what {
            What::Push { sound } => {
                self.push(sound);
                String::new()
            }
            What::Fetch => {
                self.fetch(act.actor);
                String::new()
            }
            What::Sign { pushed, fetched } => {
                if pushed {
                    self.push(true);
                }
                if fetched {
                    self.fetch(act.actor);
                }
                self.sign(act.actor, act.meanwhile.as_ref())
            }
            What::Withdraw => self.withdraw(act.actor),
        }
    }

    fn push(&self, sound: bool) {
        self.labels.set(self.labels.get() + 1);
        let repo = &self.remote.world.repo;
        let first = repo.git(&["rev-list", "--max-parents=0", "HEAD"]);
        let text = repo.git(&["show", &format!("{first}:{APP}")]);
        let text = text.replacen("team: a", &format!("team: t{}", self.labels.get()), 1);
        let text = if sound {
            text
        } else {
            text.replace(LIMIT, "200m}")
        };
        repo.write(APP, text + "\n").commit("a push");
        self.remote.push();
    }

    fn fetch(&self, actor: usize) {
        let clone = self.actors[actor].to_str().unwrap();
        let repo = &self.remote.world.repo;
        repo.git(&["-C", clone, "pull", "-q", "--ff-only"]);
    }

    fn store(&self, actor: usize) -> (Repository, BranchStore) {
        let open = || Repository::open(&self.actors[actor]).unwrap();
        let settings = BranchSettings {
            now: self.remote.world.now(),
            seed: u64::try_from(actor).unwrap(),
            scratch: self.remote.world.repo.beside("scratch"),
        };
        let place = BranchPlace::parse("").unwrap();
        (open(), BranchStore::new(open(), place, settings).unwrap())
    }

    fn sign(&self, actor: usize, meanwhile: Option<&(Moment, Box<Act>)>) -> String {
        let (repository, store) = self.store(actor);
        let other = || {
            if let Some((_, act)) = meanwhile {
                self.act(act);
            }
        };
        let at = meanwhile.map(|(at, _)| *at);
        let store = Interrupted::new(store, at, &other);
        let request = SignRequest {
            evidence: &[],
            workshop: None,
            environment: "prod",
            unit: Some("web"),
            key: &self.remote.world.key,
            store: &store,
            now: self.remote.world.now(),
        };
        told(gate::sign(&repository, &request))
    }

    fn withdraw(&self, actor: usize) -> String {
        let (_, store) = self.store(actor);
        let links = store.links(&UnitId::new("prod", "web").unwrap()).unwrap();
        let newest = links.iter().max_by_key(|file| file.height()).unwrap();
        if newest.height() == Some(0) {
            return String::new();
        }
        let payload = attest::unverified_payload(newest.content.as_ref().unwrap()).unwrap();
        let statement = Withdrawal {
            environment: "prod".to_owned(),
            unit: "web".to_owned(),
            link: Digest::of(&payload),
            reason: "wrong".to_owned(),
            withdrawn_at: self.remote.world.now(),
        };
        let statement = statement.to_statement_bytes().unwrap();
        let envelope = attest::sign(&statement, &self.remote.world.key);
        store
            .publish_withdrawal(Digest::of(&statement), &envelope)
            .unwrap();
        store.settle().unwrap();
        newest.name.clone()
    }

    /// What the branch holds: one line of commits that only added, links of each height up to the newest, each
    /// verified, none of a state without its limit.
    fn holds(&self) {
        let remote = &self.remote;
        assert_eq!(remote.git(&["rev-list", "--merges", BRANCH]), "");
        let lost = remote.git(&[
            "log",
            "--format=",
            "--name-status",
            "--diff-filter=DMRT",
            BRANCH,
        ]);
        assert_eq!(lost, "");
        let files = remote.files();
        let links = files
            .iter()
            .filter(|file| file.starts_with("links/prod/web/"));
        for height in 0..links.count() {
            assert!(
                files.contains(&format!("links/prod/web/{height}.json")),
                "{files:?}"
            );
        }
        let clone = self.actors[0].to_str().unwrap();
        remote
            .world
            .repo
            .git(&["-C", clone, "fetch", "-q", "origin"]);
        let trust = remote.world.trust_file();
        let line = ["verify", "--all", "--trust", &trust, "--verdicts", "branch"];
        let mut command = remote.world.command(&line);
        let (exit, said) = remote.ends_with(command.current_dir(&self.actors[0]));
        assert_eq!(exit, 0, "{said}");
    }

    /// Each commit that is admitted from the first has its limit; where all is signed, the newest is, if it may be.
    fn admits(&self) {
        for actor in 0..ACTORS {
            self.fetch(actor);
        }
        let said = self.sign(0, None);
        let repo = &self.remote.world.repo;
        let commits = repo.git(&["rev-list", "--reverse", "HEAD"]);
        let commits: Vec<&str> = commits.lines().collect();
        for commit in &commits {
            let sound = repo
                .git(&["show", &format!("{commit}:{APP}")])
                .contains(LIMIT);
            let answer = self.admit(commit, commits[0]);
            assert!(!answer.contains("exit"), "{answer}");
            let admitted = !answer.starts_with("refused");
            assert!(!admitted || sound, "{commit} {answer}");
            let newest = commits.last() == Some(commit);
            assert!(!newest || admitted == sound, "{said}, and then {answer}");
        }
    }

    fn admit(&self, commit: &str, deployed: &str) -> String {
        let (repository, store) = self.store(0);
        let trust = trust(&[(&self.remote.world.key, &[])]);
        let request = AdmitRequest {
            environment: "prod",
            branch: None,
            unit: Some("web"),
            revision: commit,
            deployed: Some(deployed),
            sync: None,
            trust: &trust,
            store: &store,
            now: self.remote.world.now(),
            witnesses: &[],
            checkout: None,
        };
        answered(gate::admit(&repository, &request))
    }
}

proptest! {
    #![proptest_config(cases(2))]

    #[test]
    fn signers_that_interrupt_each_other_leave_what_one_would(acts in acts()) {
        Shop::new().lives(&acts);
    }
}

proptest! {
    #![proptest_config(cases(10))]

    #[test]
    #[ignore = "takes minutes: .ci/run runs it"]
    fn signers_that_interrupt_each_other_often_leave_what_one_would(acts in acts()) {
        Shop::new().lives(&acts);
    }
}

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        max_shrink_iters: 16,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

const ACTORS: usize = 3;
/// Of one signing, about.
const CALLS: usize = 16;
const LIMIT: &str = "200m, memory: 128Mi}";
