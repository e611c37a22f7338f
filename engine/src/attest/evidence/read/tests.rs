//! Evidence as it is found: signed by whom it may be, and by others; old, newer, of elsewhere, damaged.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::attest::sample::{key, trusted};
use crate::attest::{Role, sign};
use crate::facts::evidence::{Archive, Decision, Outcome, Run, RunKind, Scope, Source, Tool};
use crate::model::code_of;

const OBJECT: &str = "shop/Cluster.postgresql.cnpg.io/odoo-db";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-11-27T12:00:00Z")
}

/// Keys 1 and 2 report backups, 3 of `staging` only, 4 declares incidents, 5 signs links, 6 and 7 report rehearsals, 8 approves.
fn trust() -> TrustFile {
    let of = |byte, role, environments: &[&str]| {
        let mut key = trusted(byte, environments);
        key.role = role;
        key
    };
    TrustFile::new(vec![
        of(1, Role::BackupReporter, &["*"]),
        of(2, Role::BackupReporter, &["prod"]),
        of(3, Role::BackupReporter, &["staging"]),
        of(4, Role::BreakGlass, &["*"]),
        of(5, Role::MergeSigner, &["*"]),
        of(6, Role::RehearsalReporter, &["*"]),
        of(7, Role::RehearsalReporter, &["*"]),
        of(8, Role::Approver, &["*"]),
    ])
    .unwrap()
}

fn about(hours_ago: i64) -> About {
    let reported_at = now() - SignedDuration::from_hours(hours_ago);
    About {
        environment: "prod".into(),
        cluster: Some("eu-1".into()),
        reported_at,
        sequence: reported_at.as_second() as u64,
    }
}

/// A backup that was finished an hour before it was reported.
fn backup(hours_ago: i64) -> Backup {
    let about = about(hours_ago);
    let finished_at = about.reported_at - SignedDuration::from_hours(1);
    Backup {
        object: ObjectName::parse(OBJECT).unwrap(),
        source: Source {
            tool: Tool::PgbackrestInfo,
            selected: BTreeMap::new(),
            output: Digest::of(b"output"),
        },
        system_id: Some("7711".into()),
        version: Some("17".into()),
        usable: 1,
        last_success: Some(Run {
            label: format!("{hours_ago} hours ago"),
            kind: RunKind::Full,
            started_at: None,
            finished_at,
            bytes: Some(1_000),
        }),
        previous: None,
        last_failure: None,
        first_recoverable: None,
        archive: Some(Archive::default()),
        encrypted: None,
        last: None,
        about,
    }
}

fn restore_test(hours_ago: i64) -> RestoreTest {
    let about = about(hours_ago);
    RestoreTest {
        object: ObjectName::parse(OBJECT).unwrap(),
        system_id: Some("7711".into()),
        backup: "20261123-073349F".into(),
        started_at: about.reported_at - SignedDuration::from_mins(20),
        finished_at: about.reported_at,
        recovered_to: None,
        scope: [Scope::Database].into(),
        outcome: Outcome::Passed,
        about,
    }
}

fn incident(hours_ago: i64) -> Incident {
    let about = about(hours_ago);
    Incident {
        id: "INC-4711".into(),
        objects: [ObjectName::parse(OBJECT).unwrap()].into(),
        from: about.reported_at,
        until: about.reported_at + SignedDuration::from_hours(4),
        reason: "the volume of the database is lost".into(),
        about,
    }
}

fn rollback_test(hours_ago: i64) -> RollbackTest {
    let about = about(hours_ago);
    RollbackTest {
        object: ObjectName::parse(OBJECT).unwrap(),
        from: Digest::of(b"new"),
        to: Digest::of(b"old"),
        started_at: about.reported_at - SignedDuration::from_mins(5),
        finished_at: about.reported_at,
        outcome: Outcome::Passed,
        about,
    }
}

/// Of the texts `a` and `b`.
fn review(hours_ago: i64, decision: Decision) -> MigrationReview {
    MigrationReview {
        about: about(hours_ago),
        scripts: [Digest::of(b"a"), Digest::of(b"b")].into(),
        decision,
    }
}

/// Of the texts `a` and `b`.
fn rehearsal(hours_ago: i64, outcome: Outcome) -> MigrationRehearsal {
    let about = about(hours_ago);
    MigrationRehearsal {
        scripts: [Digest::of(b"a"), Digest::of(b"b")].into(),
        started_at: about.reported_at - SignedDuration::from_mins(5),
        finished_at: about.reported_at,
        database_bytes: 1 << 30,
        outcome,
        about,
    }
}

fn signed(evidence: &Evidence, by: u8) -> Vec<u8> {
    sign(&evidence.to_statement_bytes().unwrap(), &key(by))
}

fn file(name: &str, evidence: &Evidence, by: u8) -> (String, Vec<u8>) {
    (name.to_owned(), signed(evidence, by))
}

fn known(files: &[(String, Vec<u8>)]) -> Known {
    known_in(files, Some("eu-1")).unwrap()
}

fn known_in(files: &[(String, Vec<u8>)], cluster: Option<&str>) -> Result<Known, Error> {
    let trust = trust();
    let asked = Asked {
        trust: &trust,
        environment: "prod",
        cluster,
        now: now(),
    };
    read(files, asked)
}

/// The newest backup, and why which files count for nothing.
fn in_short(known: &Known) -> String {
    let of = known.objects.get(&ObjectName::parse(OBJECT).unwrap());
    let newest = of.and_then(OfObject::last_success);
    let mut text = newest.map_or("none", |(_, run)| &run.label).to_owned();
    for refused in &known.refused {
        text.push_str(&format!("; {} {}", refused.path, refused.why.as_str()));
    }
    text
}

#[test]
fn each_kind_is_read_back_as_it_was_written_and_is_none_of_the_others() {
    let all = [
        Evidence::Backup(Box::new(backup(1))),
        Evidence::RestoreTest(restore_test(1)),
        Evidence::Incident(incident(1)),
        Evidence::RollbackTest(rollback_test(1)),
        Evidence::MigrationReview(review(1, Decision::Approved)),
        Evidence::MigrationRehearsal(rehearsal(1, Outcome::Passed)),
    ];
    for evidence in all {
        let bytes = evidence.to_statement_bytes().unwrap();
        assert_eq!(Evidence::parse_unverified(&bytes), Ok(evidence.clone()));
        assert!(crate::attest::Verdict::parse_unverified(&bytes).is_err());
        assert!(crate::attest::Withdrawal::parse_unverified(&bytes).is_err());
        let text = String::from_utf8(bytes).unwrap();
        for (from, to) in [
            ("\"name\":\"prod/", "\"name\":\"test/"),
            ("\"environment\":\"prod\"", "\"environment\":\"test\""),
            ("\"about\":{", "\"more\":1,\"about\":{"),
            ("/v1\"", "/v2\""),
            ("eu-1", "eu-2"),
        ] {
            // What is said of a text names no cluster beside it: the text is the same in each.
            if from == "eu-1" && Evidence::objects(&evidence).is_empty() {
                continue;
            }
            let other = text.replacen(from, to, 1);
            assert_ne!(other, text, "{from}");
            assert!(
                Evidence::parse_unverified(other.as_bytes()).is_err(),
                "{from}"
            );
        }
    }
    assert!(
        crate::attest::sample::baseline(crate::attest::sample::state(1))
            .to_statement_bytes()
            .is_ok_and(|verdict| Evidence::parse_unverified(&verdict).is_err())
    );
}

#[test]
fn only_who_may_say_it_is_believed() {
    let said = Evidence::Backup(Box::new(backup(2)));
    for (by, expected) in [
        (1, "2 hours ago"),
        (2, "2 hours ago"),
        (3, "none; a untrusted"),
        (4, "none; a untrusted"),
        (5, "none; a untrusted"),
        (9, "none; a untrusted"),
    ] {
        let known = known(&[file("a", &said, by)]);
        assert_eq!(in_short(&known), expected, "{by}");
    }
    let incident = Evidence::Incident(incident(1));
    for (by, counts) in [(1, false), (4, true), (5, false), (9, false)] {
        let known = known(&[file("a", &incident, by)]);
        assert_eq!(known.objects.len(), usize::from(counts), "{by}");
        assert_eq!(known.refused.len(), usize::from(!counts), "{by}");
    }
    let mut changed = signed(&said, 1);
    let last = changed.len() - 20;
    changed[last] ^= 1;
    for (bytes, why) in [
        (changed, "none; a"),
        (said.to_statement_bytes().unwrap(), "none; a malformed"),
        (b"{}".to_vec(), "none; a malformed"),
        (Vec::new(), "none; a malformed"),
        (sign(b"{}", &key(1)), "none; a malformed"),
        (b"[".repeat(10_000), "none; a malformed"),
    ] {
        let known = known(&[("a".to_owned(), bytes)]);
        assert!(in_short(&known).starts_with(why), "{}", in_short(&known));
    }
}

#[test]
fn what_is_of_elsewhere_says_nothing() {
    let mut other = backup(2);
    other.about.environment = "staging".into();
    let known = known(&[file("a", &Evidence::Backup(Box::new(other)), 1)]);
    assert_eq!((known.elsewhere, in_short(&known)), (1, "none".to_owned()));
    let own = Evidence::Backup(Box::new(backup(2)));
    let mut unnamed = backup(2);
    unnamed.about.cluster = None;
    let unnamed = Evidence::Backup(Box::new(unnamed));
    for (said, cluster, expected) in [
        (&own, Some("eu-1"), "2 hours ago"),
        (&own, Some("eu-2"), "none; a cluster"),
        (&own, None, "2 hours ago"),
        (&unnamed, Some("eu-1"), "none; a cluster"),
        (&unnamed, None, "2 hours ago"),
    ] {
        let known = known_in(&[file("a", said, 1)], cluster).unwrap();
        assert_eq!(in_short(&known), expected, "{cluster:?}");
    }
}

#[test]
fn of_one_signer_the_highest_sequence_counts_and_the_others_are_history() {
    let mut smaller = backup(30);
    smaller.last_success.as_mut().unwrap().bytes = Some(10_000);
    let files = [
        file("b", &Evidence::Backup(Box::new(backup(2))), 1),
        file("a", &Evidence::Backup(Box::new(smaller)), 1),
        file("c", &Evidence::Backup(Box::new(backup(54))), 1),
        // The same once more, under another name.
        file("d", &Evidence::Backup(Box::new(backup(54))), 1),
        // Another signer counts by itself.
        file("e", &Evidence::Backup(Box::new(backup(20))), 2),
    ];
    let known = known(&files);
    assert_eq!(in_short(&known), "2 hours ago");
    let of = known.objects.values().next().unwrap();
    let streams = of.backups.iter();
    let streams: Vec<(&str, usize)> = streams
        .map(|one| (one.newest.path.as_str(), one.earlier.len()))
        .collect();
    assert_eq!(streams, [("b", 2), ("e", 0)]);
    assert_eq!(of.backups[0].sizes(), Some((1_000, 10_000)));
    assert_eq!(of.backups[0].newest.signers, ["signer-1"]);
}

#[test]
fn where_nobody_can_tell_the_newest_none_counts() {
    let old = backup(50);
    let mut twin = backup(2);
    twin.about.sequence = old.about.sequence;
    let files = [
        file("a", &Evidence::Backup(Box::new(old.clone())), 1),
        file("b", &Evidence::Backup(Box::new(twin)), 1),
    ];
    assert_eq!(in_short(&known(&files)), "none; a sequence; b sequence");
    // The old one again, under a number that is higher than the newest: its clock says that it is old.
    let mut replayed = old;
    replayed.about.sequence = u64::MAX;
    let files = [
        file("a", &Evidence::Backup(Box::new(backup(2))), 1),
        file("b", &Evidence::Backup(Box::new(replayed)), 1),
    ];
    assert_eq!(in_short(&known(&files)), "none; a clock; b clock");
}

#[test]
fn the_future_is_an_error_and_five_minutes_are_forgiven() {
    let reported = |minutes: i64| {
        let mut backup = backup(0);
        backup.about.reported_at = now() + SignedDuration::from_mins(minutes);
        backup
    };
    for (said, expected) in [
        (reported(5), None),
        (reported(6), Some("evidence.future")),
        (reported(60 * 24 * 365 * 70), Some("evidence.future")),
    ] {
        let read = known_in(
            &[file("a", &Evidence::Backup(Box::new(said.clone())), 1)],
            None,
        );
        let code = read.err().map(|error| code_of(&error));
        assert_eq!(code.as_deref(), expected);
        // Who may say nothing stops nobody.
        assert!(known_in(&[file("a", &Evidence::Backup(Box::new(said)), 9)], None).is_ok());
    }
    let mut ahead = backup(1);
    ahead.last_success.as_mut().unwrap().finished_at = now();
    assert!(
        Evidence::Backup(Box::new(ahead))
            .to_statement_bytes()
            .is_err()
    );
}

#[test]
fn what_contradicts_itself_is_neither_written_nor_read() {
    type Change = fn(&mut Backup);
    let changes: [Change; 9] = [
        |it| it.last_success.as_mut().unwrap().bytes = Some(0),
        |it| it.usable = 0,
        |it| it.last_success = None,
        |it| it.last_success.as_mut().unwrap().started_at = Some(now()),
        |it| it.first_recoverable = Some(it.about.reported_at),
        |it| it.about.environment = String::new(),
        |it| it.about.cluster = Some("\u{202e}".into()),
        |it| it.system_id = Some(String::new()),
        |it| it.version = Some("1".repeat(513)),
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let mut backup = backup(2);
        change(&mut backup);
        assert!(
            Evidence::Backup(Box::new(backup))
                .to_statement_bytes()
                .is_err(),
            "{index}"
        );
    }
    type ChangeTest = fn(&mut RestoreTest);
    let changes: [ChangeTest; 5] = [
        |it| it.scope.clear(),
        |it| it.started_at = it.finished_at + SignedDuration::from_secs(1),
        |it| it.finished_at = it.about.reported_at + SignedDuration::from_hours(1),
        |it| it.recovered_to = Some(it.finished_at + SignedDuration::from_secs(1)),
        |it| it.backup = " ".into(),
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let mut test = restore_test(2);
        change(&mut test);
        assert!(
            Evidence::RestoreTest(test).to_statement_bytes().is_err(),
            "{index}"
        );
    }
    type ChangeIncident = fn(&mut Incident);
    let changes: [ChangeIncident; 5] = [
        |it| it.objects.clear(),
        |it| it.until = it.from,
        |it| it.until = it.from + SignedDuration::from_hours(73),
        |it| it.reason = "too short".into(),
        |it| it.id = "\u{7}".into(),
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let mut incident = incident(2);
        change(&mut incident);
        assert!(
            Evidence::Incident(incident).to_statement_bytes().is_err(),
            "{index}"
        );
    }
}

#[test]
fn a_restore_test_of_another_database_says_nothing_of_this_one() {
    let mut other = restore_test(3);
    other.system_id = Some("42".into());
    let mut unnamed = restore_test(3);
    unnamed.system_id = None;
    let own = Evidence::Backup(Box::new(backup(2)));
    for (test, passed, refused) in [(restore_test(3), 1, 0), (unnamed, 1, 0), (other, 0, 1)] {
        let files = [
            file("a", &own, 1),
            file("b", &Evidence::RestoreTest(test), 1),
        ];
        let known = known(&files);
        let of = known.objects.values().next().unwrap();
        assert_eq!(of.passed_restore_tests().len(), passed);
        assert_eq!(known.refused.len(), refused);
    }
    let mut failed = restore_test(1);
    failed.outcome = Outcome::Failed;
    let files = [
        file("a", &Evidence::RestoreTest(restore_test(3)), 1),
        file("b", &Evidence::RestoreTest(failed), 1),
    ];
    let known = known(&files);
    let of = known.objects.values().next().unwrap();
    assert_eq!(
        of.passed_restore_tests(),
        Vec::<&Witnessed<RestoreTest>>::new()
    );
}

#[test]
fn an_incident_lasts_from_its_beginning_to_its_end_and_can_be_ended() {
    let mut ended = incident(1);
    ended.from = incident(3).from;
    ended.until = now() - SignedDuration::from_mins(30);
    let long = file("a", &Evidence::Incident(incident(3)), 4);
    let short = file("b", &Evidence::Incident(ended), 4);
    let lasting = |files: &[(String, Vec<u8>)], at: Timestamp| {
        let known = known(files);
        let of = known.objects.values().next().unwrap();
        of.incidents_at(at).count()
    };
    let files = [long.clone()];
    for (at, expected) in [
        ("2026-11-27T08:59:59Z", 0),
        ("2026-11-27T09:00:00Z", 1),
        ("2026-11-27T12:59:59Z", 1),
        ("2026-11-27T13:00:00Z", 0),
    ] {
        assert_eq!(lasting(&files, self::at(at)), expected, "{at}");
    }
    assert_eq!(lasting(&[long, short], now()), 0);
}

#[test]
fn of_a_rollback_the_newest_word_about_the_same_two_images_counts() {
    let way = rollback_test(1).way();
    let of = |tests: &[(RollbackTest, u8)]| {
        let tests = tests.iter().enumerate().map(|(index, (test, by))| {
            let said = Evidence::RollbackTest(test.clone());
            file(&index.to_string(), &said, *by)
        });
        let tests: Vec<_> = tests.collect();
        let known = known(&tests);
        let of = known.objects.values().next();
        let newest = of.and_then(|of| of.rollback_test(way));
        let short = newest.map(|one| format!("{} {:?}", one.path, one.said.outcome));
        let refused = known.refused.iter().map(|it| it.why.as_str());
        refused
            .chain(short.as_deref())
            .collect::<Vec<_>>()
            .join(" ")
    };
    let failed = |hours_ago: i64| RollbackTest {
        outcome: Outcome::Failed,
        ..rollback_test(hours_ago)
    };
    let back = RollbackTest {
        from: way.1,
        to: way.0,
        ..rollback_test(1)
    };
    let passed = rollback_test;
    assert_eq!(of(&[(passed(2), 6)]), "0 Passed");
    assert_eq!(of(&[(passed(2), 1)]), "untrusted");
    assert_eq!(of(&[(passed(2), 4)]), "untrusted");
    assert_eq!(of(&[(back, 6)]), "");
    assert_eq!(of(&[(passed(2), 6), (failed(1), 6)]), "1 Failed");
    assert_eq!(of(&[(failed(2), 6), (passed(1), 6)]), "1 Passed");
    // Of another signer, too: whoever tried last knows best.
    assert_eq!(of(&[(passed(2), 6), (failed(1), 7)]), "1 Failed");
    assert_eq!(of(&[(failed(1), 7), (passed(1), 6)]), "0 Failed");
    assert_eq!(of(&[(failed(2), 6), (passed(1), 7)]), "1 Passed");
    let again = RollbackTest {
        started_at: passed(2).finished_at,
        ..passed(2)
    };
    assert_eq!(of(&[(passed(2), 6), (again, 6)]), "sequence sequence");
}

#[test]
fn what_is_said_of_scripts_counts_for_each_of_these_texts() {
    use Decision::{Approved, Rejected};
    let told = |files: &[(Evidence, u8)]| {
        let files = files.iter().enumerate();
        let files: Vec<_> = files
            .map(|(index, (said, by))| file(&index.to_string(), said, *by))
            .collect();
        let known = known(&files);
        let of = |text: &[u8]| {
            let of = known
                .scripts
                .get(&Digest::of(text))
                .cloned()
                .unwrap_or_default();
            let review = of.review().map_or("-", |one| one.said.decision.as_str());
            let rehearsal = of.rehearsal().map(|one| one.path.clone());
            format!("{review} {}", rehearsal.unwrap_or_default())
        };
        assert_eq!(of(b"a"), of(b"b"));
        assert_eq!(of(b"c"), "- ");
        let why = known.refused.iter().map(|it| it.why.as_str());
        let void = known.refused_of_script(Digest::of(b"a")).is_some();
        assert_eq!(void, !known.refused.is_empty());
        [of(b"a").trim().to_owned(), why.collect()].concat()
    };
    let reviewed = |hours, decision| Evidence::MigrationReview(review(hours, decision));
    let ran = |hours, outcome| Evidence::MigrationRehearsal(rehearsal(hours, outcome));
    assert_eq!(told(&[(reviewed(1, Approved), 8)]), "approved");
    assert_eq!(told(&[(reviewed(1, Approved), 6)]), "-untrusted");
    assert_eq!(told(&[(reviewed(1, Approved), 1)]), "-untrusted");
    let both = [(reviewed(2, Approved), 8), (reviewed(1, Rejected), 8)];
    assert_eq!(told(&both), "rejected");
    let both = [(reviewed(2, Rejected), 8), (reviewed(1, Approved), 8)];
    assert_eq!(told(&both), "approved");
    let twice = [(reviewed(1, Rejected), 8), (reviewed(1, Approved), 8)];
    assert_eq!(told(&twice), "-sequencesequencesequencesequence");
    assert_eq!(told(&[(ran(1, Outcome::Passed), 6)]), "- 0");
    assert_eq!(told(&[(ran(1, Outcome::Passed), 8)]), "-untrusted");
    let both = [(ran(2, Outcome::Passed), 6), (ran(1, Outcome::Failed), 7)];
    assert_eq!(told(&both), "- 1");
    let mut none = rehearsal(1, Outcome::Passed);
    none.scripts.clear();
    let written = Evidence::MigrationRehearsal(none).to_statement_bytes();
    assert!(written.is_err(), "{written:?}");
}

#[test]
fn a_rollback_that_cannot_have_been_is_not_written() {
    let later = |test: &mut RollbackTest| test.finished_at += SignedDuration::from_mins(6);
    let same = |test: &mut RollbackTest| test.to = test.from;
    let backwards = |test: &mut RollbackTest| {
        test.started_at = test.finished_at + SignedDuration::from_secs(1);
    };
    for change in [later, same, backwards] as [fn(&mut RollbackTest); 3] {
        let mut test = rollback_test(1);
        change(&mut test);
        let written = Evidence::RollbackTest(test).to_statement_bytes();
        assert!(written.is_err(), "{written:?}");
    }
}

#[test]
fn ten_thousand_files_are_read_and_one_more_is_refused() {
    let junk = |count: usize| -> Vec<(String, Vec<u8>)> {
        (0..count)
            .map(|number| (format!("{number}.json"), b"{}".to_vec()))
            .collect()
    };
    let mut files = junk(9_999);
    files.push(file("own.json", &Evidence::Backup(Box::new(backup(2))), 1));
    let known = known(&files);
    assert!(in_short(&known).starts_with("2 hours ago"));
    assert_eq!(known.refused.len(), 9_999);
    let code = |files: &[(String, Vec<u8>)]| code_of(&known_in(files, None).unwrap_err());
    assert_eq!(code(&junk(10_001)), "limit.evidence-files");
    let long = vec![(
        "long".to_owned(),
        vec![b' '; limits::EVIDENCE_FILE.most + 1],
    )];
    assert_eq!(code(&long), "limit.evidence-file");
}

#[test]
fn all_files_together_are_bounded() {
    let wide = |count: usize| -> Vec<(String, Vec<u8>)> {
        let file = |number: usize| (number.to_string(), vec![0; limits::EVIDENCE_FILE.most]);
        (0..count).map(file).collect()
    };
    let code = |count: usize| known_in(&wide(count), None).err().map(|it| code_of(&it));
    let most = limits::EVIDENCE_TOTAL.most / limits::EVIDENCE_FILE.most;
    assert_eq!(code(most + 1), Some("limit.evidence-files".to_owned()));
}

#[test]
fn reviews_and_rehearsals_are_about_so_many_scripts() {
    let check = |count: usize| {
        let texts = (0..count).map(|number| Digest::of(&number.to_be_bytes()));
        let mut one = rehearsal(1, Outcome::Passed);
        one.scripts = texts.collect();
        let mut other = review(1, Decision::Approved);
        other.scripts = one.scripts.clone();
        assert_eq!(one.check().is_ok(), other.check().is_ok());
        let said = Evidence::MigrationRehearsal(one);
        said.check().is_ok().then(|| signed(&said, 6).len())
    };
    assert_eq!((check(0), check(501)), (None, None));
    // As many as fit into a file that is read.
    assert!(check(500).is_some_and(|length| length < limits::EVIDENCE_FILE.most));
}

#[test]
fn incidents_are_about_so_many_objects_for_so_long() {
    let check = |objects: usize, seconds: i64| {
        let mut one = incident(3);
        let name = |number: usize| ObjectName::parse(&format!("{OBJECT}-{number}")).unwrap();
        one.objects = (0..objects).map(name).collect();
        one.until = one.from + SignedDuration::from_secs(seconds);
        one.check().is_ok()
    };
    let longest = 3 * 24 * 60 * 60;
    assert!(check(100, longest));
    assert!(!check(101, longest));
    assert!(!check(100, longest + 1));
    assert!(!check(1_000, longest));
}

#[test]
fn older_statements_are_kept_up_to_the_limit() {
    let files: Vec<(String, Vec<u8>)> = (2..22)
        .map(|hours| {
            let said = Evidence::Backup(Box::new(backup(hours)));
            file(&hours.to_string(), &said, 1)
        })
        .collect();
    let earlier = |count: usize| {
        let known = known(&files[..count]);
        let of = known.objects.values().next().unwrap();
        of.backups
            .iter()
            .map(|one| one.earlier.len())
            .sum::<usize>()
    };
    assert_eq!((earlier(17), earlier(18), earlier(20)), (16, 16, 16));
}

proptest! {
    /// Taking a file away never makes a backup younger, nor an object known.
    #[test]
    fn less_evidence_is_never_better(
        ages in prop::collection::vec((0_i64..200, 1_u8..4), 1..8),
        gone in any::<prop::sample::Index>(),
    ) {
        let files: Vec<_> = ages.iter().enumerate().map(|(index, (age, by))| {
            file(&index.to_string(), &Evidence::Backup(Box::new(backup(*age))), *by)
        }).collect();
        let mut fewer = files.clone();
        fewer.remove(gone.index(files.len()));
        let youngest = |files: &[(String, Vec<u8>)]| {
            let known = known(files);
            let of = known.objects.values().next()?;
            of.last_success().map(|(_, run)| run.finished_at)
        };
        prop_assert!(youngest(&fewer) <= youngest(&files));
    }

    #[test]
    fn no_bytes_stop_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let files = [("a".to_owned(), bytes), file("b", &Evidence::Backup(Box::new(backup(2))), 1)];
        prop_assert_eq!(in_short(&known(&files)), "2 hours ago; a malformed");
    }
}
