//! Backups as WAL-G documents its detailed list.

use serde_json::{Value, json};

use crate::facts::evidence::tools::testing::{asked, in_short, said};
use crate::facts::evidence::{RunKind, Tool};

const OBJECT: &str = "shop/postgresql.acid.zalan.do/odoo-db";

fn backup(name: &str, day: u8) -> Value {
    json!({"backup_name": name, "time": format!("2026-11-{day}T01:09:00Z"), "wal_file_name": "000000010000000000000004",
        "start_time": format!("2026-11-{day}T01:00:00.123456Z"), "finish_time": format!("2026-11-{day}T01:08:59.5Z"),
        "date_fmt": "%Y-%m-%dT%H:%M:%S.%fZ", "hostname": "odoo-db-0", "data_dir": "/home/postgres/pgdata/pgroot/data",
        "pg_version": 170_002, "start_lsn": 67_108_904, "finish_lsn": 67_109_144, "is_permanent": false,
        "system_identifier": 7_422_093_476_284_612_627_u64, "uncompressed_size": 31_000_000, "compressed_size": 4_000_000})
}

fn read(items: &[Value]) -> String {
    let asked = asked(OBJECT, "2026-11-27T12:00:00Z", &[]);
    in_short(&said(Tool::Zalando, &json!(items), asked))
}

#[test]
fn the_documented_list_is_read_whole() {
    let items = json!([
        backup("base_000000010000000000000002", 26),
        backup(
            "base_000000010000000000000004_D_000000010000000000000002",
            27
        )
    ]);
    let asked = asked(OBJECT, "2026-11-27T12:00:00Z", &[]);
    let backup = said(Tool::Zalando, &items, asked).unwrap();
    let run = backup.last_success.unwrap();
    assert_eq!(
        (run.kind, run.bytes),
        (RunKind::Incremental, Some(31_000_000))
    );
    assert_eq!(run.finished_at, "2026-11-27T01:08:59Z".parse().unwrap());
    assert_eq!((backup.usable, backup.previous), (2, None));
    assert_eq!(backup.system_id.as_deref(), Some("7422093476284612627"));
    assert_eq!(backup.version.as_deref(), Some("17"));
}

#[test]
fn what_is_of_another_database_or_version_does_not_count() {
    assert_eq!(read(&[]), "none of 0");
    for (key, value) in [
        ("system_identifier", json!(1)),
        ("pg_version", json!(160_000)),
    ] {
        let mut old = backup("base_000000010000000000000002", 26);
        old[key] = value;
        let items = [old, backup("base_000000010000000000000004", 27)];
        assert_eq!(read(&items), "base_000000010000000000000004 of 1", "{key}");
    }
    let mut open = backup("base_000000010000000000000002", 26);
    open.as_object_mut().unwrap().remove("finish_time");
    assert!(read(&[open]).contains("`/0/finish_time` is missing"));
}
