//! Real output of restic 0.14, and what restic documents from 0.17 on.

use serde_json::{Value, json};

use crate::facts::evidence::Tool;
use crate::facts::evidence::tools::testing::{asked, in_short, said, value};

const REAL: &str = include_str!("../../../../../../testdata/evidence/restic/two.json");
const OBJECT: &str = "shop/PersistentVolumeClaim/filestore";
const NOW: &str = "2026-11-23T12:00:00Z";
const NEWEST: &str = "580d6b15c5dffa1482a375be938167a8e03756162fcaffbae8a178b2794df999";

fn read(value: &Value, selected: &[(&str, &str)]) -> String {
    in_short(&said(Tool::Restic, value, asked(OBJECT, NOW, selected)))
}

#[test]
fn what_restic_really_prints_is_read_by_host_path_and_tag() {
    let both = format!("{NEWEST} of 2");
    let nothing = "evidence.nothing: restic says nothing of what is selected";
    for (selected, expected) in [
        (&[][..], both.as_str()),
        (&[("host", "odoo-0")], &both),
        (&[("path", "/var/lib/odoo"), ("tag", "filestore")], &both),
        (&[("host", "odoo-1")], nothing),
        (&[("path", "/var/lib")], nothing),
        (&[("tag", "database")], nothing),
    ] {
        assert_eq!(read(&value(REAL), selected), expected, "{selected:?}");
    }
    let run = said(Tool::Restic, &value(REAL), asked(OBJECT, NOW, &[]));
    let run = run.unwrap().last_success.unwrap();
    assert_eq!(run.finished_at, "2026-11-23T07:34:03Z".parse().unwrap());
    assert_eq!(read(&json!([]), &[]), "none of 0");
}

#[test]
fn a_repository_of_several_hosts_says_nothing_before_one_is_chosen() {
    let mut real = value(REAL);
    real[1]["hostname"] = json!("odoo-1");
    let several =
        "evidence.several: restic speaks of several: odoo-0:/var/lib/odoo odoo-1:/var/lib/odoo";
    assert_eq!(read(&real, &[]), several);
    assert_eq!(read(&real, &[("host", "odoo-1")]), format!("{NEWEST} of 1"));
}

#[test]
fn the_documented_summary_says_when_it_was_complete_and_how_large() {
    let mut real = value(REAL);
    real[1]["summary"] = json!({"backup_start": "2026-11-23T07:34:03.3Z", "backup_end": "2026-11-23T07:40:00.9Z",
        "total_files_processed": 1, "total_bytes_processed": 300_000});
    let run = said(Tool::Restic, &real, asked(OBJECT, NOW, &[]));
    let run = run.unwrap().last_success.unwrap();
    assert_eq!(run.finished_at, "2026-11-23T07:40:00Z".parse().unwrap());
    assert_eq!(run.bytes, Some(300_000));
    real[1]["summary"]["total_bytes_processed"] = json!(0);
    assert!(read(&real, &[]).ends_with("of 1; 580d6b15c5dffa1482a375be938167a8e03756162fcaffbae8a178b2794df999 failed: it holds 0 bytes"));
}
