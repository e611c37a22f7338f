//! What evidence proves, and that less of it never proves more.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::facts::backups::states;
use crate::facts::backups::tests::{around, named};
use crate::facts::evidence::{
    About, Archive, Backup, Final, ObjectName, Observed as Stream, Outcome, Run, RunKind, Source,
    Tool,
};
use crate::model::ObjectRef;
use jiff::SignedDuration;

const DATABASE: &str = "shop/Cluster.postgresql.cnpg.io/db";
const FILES: &str = "shop/PersistentVolumeClaim/files";

fn now() -> Timestamp {
    "2026-11-20T10:30:00Z".parse().unwrap()
}

fn ago(minutes: i64) -> Timestamp {
    now() - SignedDuration::from_mins(minutes)
}

/// A good word of somebody, some minutes old.
#[derive(Clone, Copy, Debug)]
enum Word {
    Backup(i64),
    Archived(i64, i64),
    Restored(i64),
    Incident(i64),
}

fn word() -> impl Strategy<Value = (bool, Word)> {
    let minutes = || prop::sample::select(vec![1_i64, 10, 20, 100, 130, 1500, 1600, 50_000]);
    let word = prop_oneof![
        minutes().prop_map(Word::Backup),
        (minutes(), minutes()).prop_map(|(backup, log)| Word::Archived(backup, log)),
        minutes().prop_map(Word::Restored),
        minutes().prop_map(Word::Incident),
    ];
    (any::<bool>(), word)
}

fn about() -> About {
    About {
        environment: "prod".into(),
        cluster: None,
        reported_at: now(),
        sequence: 1,
    }
}

fn stream<T>(said: T) -> Stream<T> {
    Stream {
        newest: Witnessed {
            said,
            digest: Digest::of(b""),
            signers: vec!["job".into()],
            path: "a.json".into(),
        },
        earlier: Vec::new(),
    }
}

fn backup(object: &ObjectName, minutes: i64, log: Option<i64>) -> Backup {
    Backup {
        about: about(),
        object: object.clone(),
        source: Source {
            tool: Tool::Json,
            selected: BTreeMap::new(),
            output: Digest::of(b""),
        },
        system_id: None,
        version: None,
        usable: 1,
        last_success: Some(Run {
            label: "b".into(),
            kind: RunKind::Full,
            started_at: None,
            finished_at: ago(minutes),
            bytes: None,
        }),
        previous: None,
        last_failure: None,
        first_recoverable: None,
        archive: log.map(|log| Archive {
            last_at: Some(ago(log)),
            ..Archive::default()
        }),
        encrypted: None,
        last: None,
    }
}

fn known(words: &[(bool, Word)]) -> Known {
    let mut known = Known::default();
    for (of_files, word) in words {
        let name = ObjectName::parse(if *of_files { FILES } else { DATABASE }).unwrap();
        let of = known.objects.entry(name.clone()).or_default();
        match *word {
            Word::Backup(minutes) => of.backups.push(stream(backup(&name, minutes, None))),
            Word::Archived(minutes, log) => {
                of.backups.push(stream(backup(&name, minutes, Some(log))));
            }
            Word::Restored(minutes) => {
                let scope = [Scope::Database, Scope::Filestore].into();
                let test = restored(name, minutes, (scope, Outcome::Passed));
                of.restore_tests.push(stream(test));
            }
            Word::Incident(minutes) => of.incidents.push(stream(Incident {
                about: about(),
                id: "INC-1".into(),
                objects: [name].into(),
                from: now(),
                until: now() + SignedDuration::from_mins(minutes),
                reason: "the volume is lost".into(),
            })),
        }
    }
    known
}

fn objects(archives: bool) -> Vec<Value> {
    let pod = json!({
        "template": {"metadata": {"labels": {"app": "odoo"}}, "spec": {
            "containers": [{"name": "odoo", "image": "odoo:17", "volumeMounts": [{"name": "f", "mountPath": "/var/lib/odoo"}]}],
            "volumes": [{"name": "f", "persistentVolumeClaim": {"claimName": "files"}}],
        }},
    });
    let mut cluster = json!({"instances": 3, "storage": {"size": "10Gi"}});
    if archives {
        cluster["backup"] = json!({"barmanObjectStore": {"destinationPath": "s3://away/db"}});
    }
    let schedule = json!({"schedule": "0 0 2 * * *", "cluster": {"name": "db"}});
    vec![
        named("Cluster.postgresql.cnpg.io", "shop", "db", cluster),
        named("ScheduledBackup.postgresql.cnpg.io", "shop", "db", schedule),
        named(
            "PersistentVolumeClaim",
            "shop",
            "files",
            json!({"accessModes": ["ReadWriteOnce"]}),
        ),
        named("Deployment.apps", "shop", "odoo", pod),
    ]
}

fn proofs(words: &[(bool, Word)], archives: bool, tier: RiskTier) -> Vec<Proof> {
    let rules = Rules::of_settings(&json!({
        "targets": {
            "database": {"rpo": "15m", "rto": "2h"},
            "filestore": {"rpo": "24h", "rto": "4h"},
        },
    }));
    let states = states(&around(&objects(archives)), &rules, now());
    let known = known(words);
    let asked = Asked {
        known: &known,
        rules: &rules,
        now: now(),
        states: &states,
        freeze: &Nearness::default(),
    };
    let of: Vec<&ObjectRef> = states.keys().collect();
    let proofs: Vec<Proof> = of.iter().filter_map(|it| asked.proof(it, tier)).collect();
    assert_eq!(proofs.len(), 2, "{of:?}");
    proofs
}

fn fails(proof: &Proof) -> bool {
    proof.gaps.iter().any(|gap| gap.lifted_by.is_none())
}

/// A restore that ended so many minutes ago.
fn restored(
    object: ObjectName,
    minutes: i64,
    (scope, outcome): (BTreeSet<Scope>, Outcome),
) -> RestoreTest {
    RestoreTest {
        about: about(),
        object,
        system_id: None,
        backup: "b".into(),
        started_at: ago(minutes + 5),
        finished_at: ago(minutes),
        recovered_to: None,
        scope,
        outcome,
    }
}

/// What the last backup of the database lacks, where these backups and restores are known of it.
fn last(backups: &[(i64, Option<bool>)], tested: Option<(i64, Outcome)>) -> Option<String> {
    let name = ObjectName::parse(DATABASE).unwrap();
    let mut known = Known::default();
    let of = known.objects.entry(name.clone()).or_default();
    for (minutes, last) in backups {
        let mut said = backup(&name, *minutes, None);
        said.last = last.map(|verified| Final { verified });
        of.backups.push(stream(said));
    }
    of.restore_tests.extend(tested.map(|(minutes, outcome)| {
        let scope = [Scope::Database].into();
        stream(restored(name, minutes, (scope, outcome)))
    }));
    let rules = Rules::default();
    let states = states(&around(&objects(true)), &rules, now());
    let asked = Asked {
        known: &known,
        rules: &rules,
        now: now(),
        states: &states,
        freeze: &Nearness::default(),
    };
    let mut objects = states.keys();
    let database = objects.find(|it| it.kind == "Cluster").unwrap();
    let proof = asked.of_deleted(database, RiskTier::Low).unwrap();
    let last = proof.final_backup.unwrap();
    if last.lacks.is_none() {
        assert_eq!(
            proof.observed.unwrap().finished_at,
            last.finished_at.unwrap()
        );
        assert!(last.until.unwrap() > now());
    }
    last.lacks
}

#[test]
fn only_a_last_backup_of_a_day_that_was_checked_lets_its_object_go() {
    let (passed, failed) = (Outcome::Passed, Outcome::Failed);
    let none = Some("nobody signed that its last backup was taken");
    let unchecked = Some("its last backup was neither verified nor restored");
    let day = 24 * 60;
    for (backups, restored, lacks) in [
        (&[][..], None, none),
        (&[(60, None)], Some((10, passed)), none),
        (&[(60, Some(true))], None, None),
        (&[(60, Some(false))], None, unchecked),
        (&[(60, Some(false))], Some((10, passed)), None),
        (&[(60, Some(false))], Some((70, passed)), unchecked),
        (&[(60, Some(false)), (5, None)], Some((10, passed)), None),
        (
            &[(60, Some(true))],
            Some((10, failed)),
            Some("its last backup, `b`, failed to be restored"),
        ),
        (&[(day, Some(true))], None, None),
        (
            &[(day + 1, Some(true))],
            None,
            Some("its last backup is 1441m old, of 24h at most"),
        ),
        (&[(60, Some(true)), (5, Some(false))], None, None),
    ] {
        assert_eq!(
            last(backups, restored).as_deref(),
            lacks,
            "{backups:?}, {restored:?}"
        );
    }
}

proptest! {
    #[test]
    fn less_good_news_never_proves_more(
        words in prop::collection::vec(word(), 1..9),
        gone in any::<prop::sample::Index>(),
        archives in any::<bool>(),
        tier in prop::sample::select(vec![RiskTier::Medium, RiskTier::High]),
    ) {
        let mut fewer = words.clone();
        let gone = fewer.remove(gone.index(words.len()));
        let (with, without) = (proofs(&words, archives, tier), proofs(&fewer, archives, tier));
        for (with, without) in with.iter().zip(&without) {
            prop_assert!(fails(without) || !fails(with), "without {gone:?}: {without:?}");
        }
    }

    /// What passes does so until its end, and no longer.
    #[test]
    fn what_is_proven_is_so_until_its_end(
        words in prop::collection::vec(word(), 1..9),
        archives in any::<bool>(),
    ) {
        for proof in proofs(&words, archives, RiskTier::High) {
            if let (false, Some(until)) = (fails(&proof), proof.until) {
                prop_assert!(until > now(), "{proof:?}");
            }
        }
    }
}

#[test]
fn a_tier_that_needs_none_asks_for_none() {
    let rules = Rules::of_settings(&json!({"freshness-tier": "high"}));
    let states = states(&around(&objects(true)), &rules, now());
    let known = Known::default();
    let asked = Asked {
        known: &known,
        rules: &rules,
        now: now(),
        states: &states,
        freeze: &Nearness::default(),
    };
    for object in states.keys() {
        assert!(asked.proof(object, RiskTier::Medium).is_none());
        assert!(asked.proof(object, RiskTier::High).is_some());
    }
}

#[test]
fn near_a_freeze_a_backup_must_be_younger_and_a_verdict_ends_when_it_comes_near() {
    let rules = Rules::of_settings(&json!({"pre-freeze": {"days": 7, "max-age": "12h"}}));
    let states = states(&around(&objects(true)), &rules, now());
    let hours = |hours: i64| now() + SignedDuration::from_hours(hours);
    let near = |name: &str| Nearness {
        near: Some(name.to_owned()),
        from: None,
    };
    let later = |hours_from_now: i64| Nearness {
        near: None,
        from: Some(hours(hours_from_now)),
    };
    let second = SignedDuration::from_secs(1);
    for (old, freeze, fresh, until) in [
        (13, Nearness::default(), true, Some(hours(13) + second)),
        (13, near("in the freeze `retail/black-week`"), false, None),
        (
            11,
            near("in the freeze `retail/black-week`"),
            true,
            Some(hours(1) + second),
        ),
        // Too old as soon as the freeze is near.
        (13, later(2), true, Some(hours(2))),
        (9, later(2), true, Some(hours(3) + second)),
        (13, later(20), true, Some(hours(13) + second)),
    ] {
        let known = known(&[(false, Word::Backup(old * 60)), (false, Word::Restored(10))]);
        let asked = Asked {
            known: &known,
            rules: &rules,
            now: now(),
            states: &states,
            freeze: &freeze,
        };
        let database = states.keys().find(|it| it.kind == "Cluster").unwrap();
        let proof = asked.proof(database, RiskTier::Medium).unwrap();
        let gap = proof.gaps.iter().find(|gap| gap.kind == "not-fresh");
        assert_eq!(gap.is_none(), fresh, "{old}, {freeze:?}: {gap:?}");
        match gap {
            Some(gap) => assert!(
                gap.text.ends_with(" in the freeze `retail/black-week`"),
                "{gap:?}"
            ),
            None => assert_eq!(proof.until, until, "{old}, {freeze:?}"),
        }
    }
}

#[test]
fn the_earliest_end_of_all_evidence_is_the_end() {
    let words = [
        (false, Word::Archived(60, 5)),
        (false, Word::Restored(100)),
        (true, Word::Backup(10)),
        (true, Word::Restored(100)),
    ];
    let proofs = proofs(&words, true, RiskTier::High);
    let ends: Vec<_> = proofs.iter().map(|it| (fails(it), it.until)).collect();
    // The log may be fifteen minutes old; the copy of the files a day.
    let log = ago(5) + SignedDuration::from_secs(15 * 60 + 1);
    let files = ago(10) + SignedDuration::from_secs(24 * 3600 + 1);
    assert_eq!(ends, [(false, Some(files)), (false, Some(log))]);
}
