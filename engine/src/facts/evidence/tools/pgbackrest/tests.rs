//! Real output of pgBackRest, as it is and with one thing changed.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::facts::evidence::tools::testing::{asked, in_short, said, value};
use crate::facts::evidence::{Archive, Backup, RunKind, Tool, tools};

const REAL: &str =
    include_str!("../../../../../../testdata/evidence/pgbackrest/full-incr-diff.json");
const NO_BACKUP: &str =
    include_str!("../../../../../../testdata/evidence/pgbackrest/no-backup.json");
const NO_STANZA: &str =
    include_str!("../../../../../../testdata/evidence/pgbackrest/no-stanza.json");
const OBJECT: &str = "shop/Cluster.postgresql.cnpg.io/odoo-db";
const NOW: &str = "2026-11-23T08:00:00Z";
const FULL: &str = "20261123-073349F";
const INCR: &str = "20261123-073349F_20261123-073355I";
const DIFF: &str = "20261123-073349F_20261123-073358D";

fn read(value: &Value) -> Result<Backup, String> {
    said(Tool::PgbackrestInfo, value, asked(OBJECT, NOW, &[]))
}

#[test]
fn what_pgbackrest_really_prints_is_read_whole() {
    let backup = tools::read(
        Tool::PgbackrestInfo,
        REAL.as_bytes(),
        asked(OBJECT, NOW, &[("stanza", "odoo")]),
    )
    .unwrap();
    let last = backup.last_success.unwrap();
    assert_eq!(
        (last.label.as_str(), last.kind),
        (DIFF, RunKind::Differential)
    );
    assert_eq!(
        last.started_at,
        Some("2026-11-23T07:33:58Z".parse().unwrap())
    );
    assert_eq!(last.finished_at, "2026-11-23T07:33:59Z".parse().unwrap());
    assert_eq!(last.bytes, Some(25_761_454));
    // The two before it are of other kinds.
    assert_eq!(
        (backup.usable, backup.previous, backup.last_failure),
        (3, None, None)
    );
    assert_eq!(backup.system_id.as_deref(), Some("7711266862777986683"));
    assert_eq!(backup.version.as_deref(), Some("15"));
    assert_eq!(backup.encrypted, Some(true));
    let full = "2026-11-23T07:33:55Z".parse().unwrap();
    assert_eq!(backup.first_recoverable, Some(full));
    let archive = Archive {
        first: Some("000000010000000000000001".into()),
        last: Some("000000010000000000000006".into()),
        ..Archive::default()
    };
    assert_eq!(backup.archive, Some(archive));
}

#[test]
fn no_backup_is_something_to_say_and_no_stanza_is_an_error() {
    let empty = read(&value(NO_BACKUP));
    assert_eq!(in_short(&empty), "none of 0");
    let empty = empty.unwrap();
    assert_eq!(empty.archive, Some(Archive::default()));
    assert_eq!(empty.first_recoverable, None);
    assert_eq!(
        in_short(&read(&value(NO_STANZA))),
        "evidence.tool: pgBackRest says: missing stanza path (status 1)"
    );
    for text in ["[]", r#"[{"name":"other","status":{"code":0}}]"#] {
        let asked = asked(OBJECT, NOW, &[("stanza", "odoo")]);
        let said = said(Tool::PgbackrestInfo, &value(text), asked);
        assert_eq!(
            in_short(&said),
            "evidence.nothing: pgBackRest says nothing of stanza `odoo`"
        );
    }
}

#[test]
fn one_thing_changed_is_told_apart() {
    let damaged = format!("{INCR} of 2; {DIFF} failed: pages were damaged when they were copied");
    let unknown =
        format!("{INCR} of 2; {DIFF} failed: pgBackRest does not say whether pages were damaged");
    let no_log = format!(
        "{INCR} of 2; {DIFF} failed: of the log 000000010000000000000005 to 000000010000000000000006 not all is archived"
    );
    let empty = format!("{INCR} of 2; {DIFF} failed: it holds 0 bytes");
    let expired = format!(
        "{DIFF} of 2; {FULL} failed: of the log 000000010000000000000002 to 000000010000000000000002 not all is archived"
    );
    let other_timeline = format!("{DIFF} of 3");
    table(&[
        ("/0/backup/2/error", json!(true), damaged.as_str()),
        ("/0/backup/2/error", json!(null), &unknown),
        ("/0/backup/2/info/size", json!(0), &empty),
        (
            "/0/archive/0/max",
            json!("000000010000000000000005"),
            &no_log,
        ),
        (
            "/0/archive/0/min",
            json!("000000010000000000000003"),
            &expired,
        ),
        (
            "/0/archive/0/max",
            json!("000000020000000000000006"),
            &other_timeline,
        ),
        ("/0/backup", json!([]), "none of 0"),
    ]);
}

#[test]
fn what_cannot_be_is_refused_with_its_place() {
    table(&[
        (
            "/0/backup/2/timestamp/stop",
            json!(4_070_908_800_u64),
            "evidence.future: backup `20261123-073349F_20261123-073358D` is 2099-01-01T00:00:00Z, and now is 2026-11-23T08:00:00Z",
        ),
        (
            "/0/backup/2/timestamp/start",
            json!(1_795_419_300),
            "evidence.contradiction: this cannot be: lastSuccess was finished before it began",
        ),
        (
            "/0/backup/2/timestamp/stop",
            json!("1795419239"),
            "evidence.shape: what pgBackRest says has another shape: `/0/backup/2/timestamp/stop` is no whole number from 0 on",
        ),
        (
            "/0/backup/2/timestamp/stop",
            json!(u64::MAX),
            "evidence.shape: what pgBackRest says has another shape: `/0/backup/2/timestamp/stop` is no instant in seconds since 1970",
        ),
        (
            "/0/backup/2/label",
            json!("a\u{1b}[2J"),
            "evidence.shape: what pgBackRest says has another shape: `/0/backup/2/label` has a control or an invisible character",
        ),
        (
            "/0/backup/2/type",
            json!("page"),
            "evidence.shape: what pgBackRest says has another shape: `/0/backup/2/type` is none of full, diff and incr",
        ),
        (
            "/0/archive/0/max",
            json!("0000000100000000"),
            "evidence.shape: what pgBackRest says has another shape: `/0/archive/0/max` is no name of a piece of the log",
        ),
        (
            "/0/status/code",
            json!(99),
            "evidence.tool: pgBackRest says: ok (status 99)",
        ),
        (
            "/0/db/0/system-id",
            json!(7.5),
            "evidence.shape: what pgBackRest says has another shape: `/0/db/0/system-id` is no whole number from 0 on",
        ),
    ]);
}

/// What comes of the real output with one place changed.
fn table(rows: &[(&str, Value, &str)]) {
    for (place, change, expected) in rows {
        let mut real = value(REAL);
        *real.pointer_mut(place).unwrap() = change.clone();
        assert_eq!(in_short(&read(&real)), *expected, "{place}");
    }
}

#[test]
fn after_a_major_upgrade_the_backups_before_it_do_not_count() {
    let mut real = value(REAL);
    let newer = json!({"id": 2, "repo-key": 1, "system-id": 7_711_266_862_777_986_999_u64, "version": "17"});
    real[0]["db"].as_array_mut().unwrap().push(newer);
    let backup = read(&real).unwrap();
    assert_eq!((backup.usable, backup.last_success), (0, None));
    assert_eq!(backup.version.as_deref(), Some("17"));
    assert_eq!(backup.first_recoverable, None);
    assert_eq!(backup.archive, Some(Archive::default()));
}

#[test]
fn repositories_are_told_apart() {
    let mut real = value(REAL);
    let second = json!({"id": 1, "repo-key": 2, "system-id": 7_711_266_862_777_986_683_u64, "version": "15"});
    real[0]["db"].as_array_mut().unwrap().push(second.clone());
    let plain =
        json!({"cipher": "none", "key": 2, "status": {"code": 2, "message": "no valid backups"}});
    real[0]["repo"].as_array_mut().unwrap().push(plain);
    // A backup in a repository in which its log is not archived.
    real[0]["backup"][2]["database"]["repo-key"] = json!(2);
    let said = read(&real);
    assert_eq!(
        in_short(&said),
        format!("{INCR} of 2; {DIFF} failed: the log that it needs is not archived")
    );
    assert_eq!(said.unwrap().encrypted, Some(false));
    real[0]["db"][1]["system-id"] = json!(1);
    assert_eq!(
        in_short(&read(&real)),
        "evidence.tool: pgBackRest says: repository 2 holds another database than the others"
    );
}

#[test]
fn of_several_stanzas_one_is_chosen() {
    let mut real = value(REAL);
    let mut other = real[0].clone();
    other["name"] = json!("shop");
    real.as_array_mut().unwrap().push(other);
    assert_eq!(
        in_short(&read(&real)),
        "evidence.several: pgBackRest speaks of several: odoo, shop"
    );
    let asked = asked(OBJECT, NOW, &[("stanza", "shop")]);
    let chosen = said(Tool::PgbackrestInfo, &real, asked);
    assert_eq!(in_short(&chosen), format!("{DIFF} of 3"));
}

/// What is half there is no list of backups that ends early.
#[test]
fn no_beginning_of_the_output_is_taken_for_all_of_it() {
    for end in (0..REAL.trim_end().len()).step_by(7) {
        let read = tools::read(
            Tool::PgbackrestInfo,
            &REAL.as_bytes()[..end],
            asked(OBJECT, NOW, &[]),
        );
        assert!(read.is_err(), "{end}");
    }
}

proptest! {
    #[test]
    fn no_change_of_a_byte_makes_a_backup_younger_than_now(
        at in 0..REAL.len(),
        byte in any::<u8>(),
    ) {
        let mut bytes = REAL.as_bytes().to_vec();
        bytes[at] = byte;
        if let Ok(backup) = tools::read(Tool::PgbackrestInfo, &bytes, asked(OBJECT, NOW, &[])) {
            prop_assert_eq!(backup.check(), Ok(()));
            prop_assert_eq!(backup.usable > 0, backup.last_success.is_some());
            if let Some(run) = backup.last_success {
                prop_assert!(run.finished_at <= "2026-11-23T08:05:00Z".parse().unwrap());
            }
        }
    }
}
