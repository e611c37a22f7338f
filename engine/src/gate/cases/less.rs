//! What the cases of policies come to with one or two backups, or words of evidence, less: never to a pass.
//! Knows no method of backup.

use std::collections::BTreeMap;

use serde_json::Value;

use super::*;
use crate::facts::backups;
use crate::gate::policies;
use crate::model::{Effect, ObjectRef};

/// The files of a case, with their owned bytes.
type Owned = BTreeMap<String, Vec<u8>>;

/// What is taken away, for people, and the files without it.
type Less = (String, Owned);

#[test]
fn no_backup_that_goes_with_a_change_turns_a_fail_into_a_pass() {
    let tried = each_failing(BACKUPS, |files| without_objects(files, &["head/"]), &denies);
    assert!(tried > 150, "{tried}");
}

/// Where it was never there, nothing is lost; what is lacking is lacking still.
#[test]
fn no_backup_that_was_never_there_makes_up_for_what_is_lacking() {
    let tried = each_failing(
        BACKUPS,
        |files| without_objects(files, &["base/", "head/"]),
        &lacks,
    );
    assert!(tried > 100, "{tried}");
}

#[test]
fn no_evidence_that_is_not_there_turns_a_fail_into_a_pass() {
    for (folder, least) in [(BACKUPS, 30), ("rollback-readiness", 5), ("migrations", 5)] {
        let tried = each_failing(folder, without_words, &denies);
        assert!(tried > least, "{folder}: {tried}");
    }
}

/// Holds every case that fails against itself with less. How often.
fn each_failing(
    folder: &str,
    less: impl Fn(&Owned) -> Vec<Less>,
    fails: &dyn Fn(&Finding) -> bool,
) -> usize {
    let policies = policies(Vec::new()).unwrap();
    let mut judges = BTreeMap::new();
    let mut tried = 0;
    for (name, files) in cases(&policies, folder) {
        let files = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), text.to_vec()));
        let files: Owned = files.collect();
        if !found((&policies, folder, name), &files, &mut judges)
            .iter()
            .any(fails)
        {
            continue;
        }
        for (gone, fewer) in pairs(&files, &less) {
            let left = found((&policies, folder, name), &fewer, &mut judges);
            assert!(left.iter().any(fails), "{name} without {gone}: {left:#?}");
            tried += 1;
        }
    }
    tried
}

/// With one thing less, and with two.
fn pairs(files: &Owned, less: &impl Fn(&Owned) -> Vec<Less>) -> BTreeMap<String, Owned> {
    let mut all = BTreeMap::new();
    for (first, fewer) in less(files) {
        for (second, fewest) in less(&fewer) {
            all.insert(format!("{first} and {second}"), fewest);
        }
        all.insert(first, fewer);
    }
    all
}

#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the method holds for too few lifetimes"
)]
fn found(
    (policies, folder, name): (&Policies, &str, &str),
    files: &Owned,
    judges: &mut BTreeMap<String, Judge>,
) -> Vec<Finding> {
    let files = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_slice()));
    let case = Case {
        policies,
        folder,
        name,
        files: files.collect(),
    };
    let setting: Setting = case.read("case.yaml").unwrap().unwrap_or_default();
    let judge = case.judge(&setting, judges).unwrap();
    let judged = case
        .ask(judge, &setting, |bench, matter| bench.judge(matter))
        .unwrap();
    let own = judged.findings.into_iter().filter(|it| it.policy == folder);
    own.collect()
}

fn denies(finding: &Finding) -> bool {
    is_held_against_it(finding) && !finding.inherited
}

/// That something is lost is nothing that the object lacks. What it lacked before, it lacks.
fn lacks(finding: &Finding) -> bool {
    let lost = [
        "deleted",
        "disabled",
        "weakened",
        "moved",
        "source-deleted",
        "source-shrunk",
    ];
    let code = finding.code.strip_prefix("backup.").unwrap_or_default();
    is_held_against_it(finding) && !lost.contains(&code)
}

/// That two share a store is no lack of either: without the store of one it is mended.
fn is_held_against_it(finding: &Finding) -> bool {
    finding.effect == Effect::Deny && finding.code != "backup.store-shared"
}

/// Without each object that backs up something, or says how.
fn without_objects(files: &Owned, sides: &[&str]) -> Vec<Less> {
    let manifests = files.iter().filter(|(path, _)| path.ends_with(".yaml"));
    let objects = manifests.filter(|(path, _)| path.starts_with("head/"));
    let objects = objects.flat_map(|(_, text)| documents(text));
    let backing = objects.filter(|(object, _)| {
        let kind = object.group_kind().to_string();
        backups::BACKING.contains(&kind.as_str())
    });
    let less = backing.map(|(gone, _)| {
        let mut fewer = files.clone();
        for (path, text) in &mut fewer {
            let is_manifest = path.ends_with(".yaml");
            if is_manifest && sides.iter().any(|side| path.starts_with(side)) {
                let kept = documents(text)
                    .into_iter()
                    .filter(|(object, _)| *object != gone);
                let kept: Vec<String> = kept.map(|(_, text)| text).collect();
                *text = kept.join("\n---\n").into_bytes();
            }
        }
        (gone.to_string(), fewer)
    });
    less.collect()
}

/// The objects of a file, each with its text.
fn documents(text: &[u8]) -> Vec<(ObjectRef, String)> {
    let text = std::str::from_utf8(text).unwrap();
    let documents = text.split("---\n").filter_map(|document| {
        let path = RepoPath::from("a.yaml");
        let file = File::read(&path, document.as_bytes()).unwrap();
        let source = file.sources.first()?;
        Some((source.object.clone(), document.trim_end().to_owned()))
    });
    documents.collect()
}

/// Without each statement: what somebody said of a backup, of a restore, of an incident, or counts for nothing.
fn without_words(files: &Owned) -> Vec<Less> {
    let Some(text) = files.get("case.yaml") else {
        return Vec::new();
    };
    let parsed = manifest::yaml::parse(std::str::from_utf8(text).unwrap()).unwrap();
    let setting = parsed.first().map_or(Value::Null, manifest::Node::to_json);
    let reported = setting.get("reported").and_then(Value::as_object);
    let objects = reported.into_iter().flatten().map(|(object, _)| object);
    let scripts = setting.get("scripts").and_then(Value::as_object);
    let scripts = scripts.into_iter().flatten().map(|(script, _)| script);
    let of_scripts = scripts.flat_map(|script| {
        let setting = &setting;
        ["reviewed", "rehearsed"]
            .into_iter()
            .filter_map(move |word| {
                let mut fewer = setting.clone();
                fewer["scripts"][script].as_object_mut()?.remove(word)?;
                let mut files = files.clone();
                files.insert("case.yaml".to_owned(), fewer.to_string().into_bytes());
                Some((format!("{word} of {script}"), files))
            })
    });
    let less = objects.flat_map(|object| {
        let setting = &setting;
        STATEMENTS.into_iter().filter_map(move |statement| {
            let mut fewer = setting.clone();
            let said = fewer["reported"][object].as_object_mut()?;
            let gone = statement
                .iter()
                .filter(|word| said.remove(**word).is_some());
            if gone.count() == 0 {
                return None;
            }
            let mut files = files.clone();
            files.insert("case.yaml".to_owned(), fewer.to_string().into_bytes());
            Some((format!("{} of {object}", statement[0]), files))
        })
    });
    less.chain(of_scripts)
        .chain(without_links(files, &setting))
        .collect()
}

/// Without the links by which something was accepted for some time, each.
fn without_links(files: &Owned, setting: &Value) -> Vec<Less> {
    let held = setting.get("held").and_then(Value::as_object);
    let held = held.into_iter().flatten().map(|(after, _)| after);
    let less = held.filter_map(|after| {
        let mut fewer = setting.clone();
        fewer["held"].as_object_mut()?.remove(after)?;
        let mut files = files.clone();
        files.insert("case.yaml".to_owned(), fewer.to_string().into_bytes());
        Some((format!("{after} held"), files))
    });
    let target = setting.get("target").map(|_| {
        let mut fewer = setting.clone();
        if let Some(setting) = fewer.as_object_mut() {
            setting.remove("target");
        }
        let mut files = files.clone();
        files.insert("case.yaml".to_owned(), fewer.to_string().into_bytes());
        ("the state before".to_owned(), files)
    });
    less.chain(target).collect()
}

/// What one statement says; the first of it names it.
const STATEMENTS: [&[&str]; 5] = [
    &["backup", "archived", "failed", "bytes", "final"],
    &["restored", "took", "scope", "cameBack"],
    &["incident"],
    &["rolledBack"],
    &["refused"],
];
const BACKUPS: &str = "backup-coverage";
