//! The kept answers of policies: whatever becomes of their file, the report is the same.

use std::fs;
use std::path::{Path, PathBuf};

use tidegate::gate::Runtime;
use tidegate::model::Digest;

use super::*;

/// Ten commits: objects come, change, go bad, move, get neighbours, and go.
fn history() -> (Repo, Vec<GitId>) {
    let repo = Repo::new();
    repo.write("tidegate.yaml", CONFIG)
        .write("prod/odoo.yaml", deployment("odoo", "2Gi"))
        .write("prod/a.yaml", config_map("a", "1"));
    let mut commits = vec![repo.commit("served")];
    let mut next = |message: &str| commits.push(repo.commit(message));
    repo.write("prod/a.yaml", config_map("a", "2"));
    next("another value");
    repo.write("prod/odoo.yaml", deployment("odoo", ""));
    next("no limit");
    repo.write("prod/limits.yaml", limit_range("shop"));
    next("a default");
    repo.write("prod/b.yaml", config_map("b", "1"));
    repo.write("prod/web.yaml", deployment("web", ""));
    next("two more");
    repo.git(&["mv", "prod/web.yaml", "prod/moved.yaml"]);
    next("moved");
    repo.remove("prod/limits.yaml");
    next("no default");
    repo.write("prod/odoo.yaml", deployment("odoo", "2Gi"));
    next("a limit again");
    repo.remove("prod/moved.yaml").remove("prod/b.yaml");
    next("gone");
    (repo, commits)
}

/// The report of a range, with answers kept in a folder.
fn kept(repo: &Repo, range: &str, folder: &Path) -> String {
    let runtime = Runtime {
        cache: Some(folder),
        ..Runtime::default()
    };
    json_of(&gate::check_within(&repo.open(), &request(range), runtime).unwrap())
}

fn ranges(commits: &[GitId]) -> Vec<String> {
    let pairs = commits.iter().zip(commits.iter().skip(1));
    let steps = pairs.map(|(one, two)| format!("{one}..{two}"));
    let whole = format!("{}..{}", commits[0], commits[commits.len() - 1]);
    steps.chain([whole]).collect()
}

fn file(folder: &Path) -> PathBuf {
    folder.join("answers")
}

#[test]
fn every_range_of_a_history_is_judged_alike_with_and_without_kept_answers() {
    let (repo, commits) = history();
    let folder = repo.beside("cache");
    let ranges = ranges(&commits);
    let alone = |range: &String| json_of(&check_with(&repo, &request(range)).unwrap());
    let without: Vec<String> = ranges.iter().map(alone).collect();
    let denied = |report: &&String| report.contains("resources.missing-memory-limit");
    assert!(without.iter().filter(denied).count() > 1);
    for _ in 0..2 {
        for (range, without) in ranges.iter().zip(&without) {
            assert_eq!(&kept(&repo, range, &folder), without);
        }
    }
    // Backwards, so that each is asked after others than before.
    let written = fs::read(file(&folder)).unwrap();
    for (range, without) in ranges.iter().zip(&without).rev() {
        assert_eq!(&kept(&repo, range, &folder), without);
    }
    assert_eq!(fs::read(file(&folder)).unwrap(), written, "all was known");
}

#[test]
fn answers_that_do_not_hold_are_asked_for_again() {
    let (repo, commits) = history();
    let folder = repo.beside("cache");
    let range = format!("{}..{}", commits[1], commits[2]);
    let without = json_of(&check_with(&repo, &request(&range)).unwrap());
    assert_eq!(kept(&repo, &range, &folder), without);
    let whole = fs::read_to_string(file(&folder)).unwrap();
    let (header, lines) = whole.split_once('\n').unwrap();
    let lines: Vec<&str> = lines.split('\n').collect();
    assert!(lines.len() > 2, "{whole}");
    // Each answer under the question of the next one.
    let after = lines.iter().cycle().skip(1);
    let swapped = lines.iter().zip(after).map(|(line, next)| {
        let question = next.split(' ').next().unwrap();
        format!("{question} {}", line.split_once(' ').unwrap().1)
    });
    let swapped: Vec<String> = swapped.collect();
    for bad in [
        "",
        "nonsense",
        header,
        &whole[..whole.len() / 2],
        &whole[..whole.len() - 1],
        &whole.replace("answers 1", "answers 2"),
        &whole.replace("missing-memory-limit", "missing-cpu-limit"),
        &whole.replace("\"deny\"", "\"warn\""),
        &format!("{header}\n{}", swapped.join("\n")),
        &format!("{header}\n{}", lines.repeat(3).join("\n")),
    ] {
        fs::write(file(&folder), bad).unwrap();
        assert_eq!(kept(&repo, &range, &folder), without, "{bad}");
        assert_eq!(kept(&repo, &range, &folder), without, "{bad}");
    }
    fs::write(file(&folder), [0xff, 0xfe, 0x00]).unwrap();
    assert_eq!(kept(&repo, &range, &folder), without);
    fs::remove_file(file(&folder)).unwrap();
    fs::create_dir(file(&folder)).unwrap();
    assert_eq!(kept(&repo, &range, &folder), without);
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "").unwrap();
    assert_eq!(kept(&repo, &range, &folder), without);
}

#[test]
fn no_job_of_a_ci_service_believes_or_keeps_an_answer() {
    let (repo, commits) = history();
    let range = format!("{}..{}", commits[1], commits[2]);
    let cache = repo.beside("home/.cache/tidegate");
    let run = |variable: &str| {
        let mut command = tidegate_command(&repo, &["check", &range]);
        command
            .env(variable, "true")
            .output()
            .unwrap()
            .status
            .code()
    };
    assert_eq!(run("CI"), Some(1));
    assert!(!cache.exists());
    assert_eq!(run("OTHER"), Some(1));
    let whole = fs::read_to_string(file(&cache)).unwrap();
    let (header, lines) = whole.split_once('\n').unwrap();
    let forged = lines.lines().map(|line| {
        let question = line.split(' ').next().unwrap();
        let nothing = r#"{"findings":[],"reasons":[]}"#;
        let check = Digest::of(format!("{question} {nothing}").as_bytes());
        match line.contains("missing-memory-limit") {
            true => format!("{question} {check} {nothing}"),
            false => line.to_owned(),
        }
    });
    let forged: Vec<String> = forged.collect();
    fs::write(file(&cache), format!("{header}\n{}", forged.join("\n"))).unwrap();
    assert_eq!(run("OTHER"), Some(0), "there is no key in the sum");
    for service in ["CI", "TF_BUILD", "JENKINS_URL"] {
        assert_eq!(run(service), Some(1), "{service}");
    }
}

#[test]
fn no_secret_is_kept_and_what_was_kept_for_one_setting_is_not_used_for_another() {
    let (repo, commits) = history();
    let folder = repo.beside("cache");
    let range = format!("{}..{}", commits[3], commits[4]);
    kept(&repo, &range, &folder);
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: shop}\n\
                  stringData: {password: hunter2-sesame}\n";
    repo.write("prod/secret.yaml", secret);
    let relaxed = CONFIG.to_owned() + "resources: {require: []}\n";
    let head = repo.commit("a secret");
    let range = format!("{}..{head}", commits[1]);
    for config in [CONFIG, &relaxed] {
        let request = Request {
            config: Some(("other.yaml".to_owned(), config.as_bytes().to_vec())),
            ..request(&range)
        };
        let runtime = Runtime {
            cache: Some(&folder),
            ..Runtime::default()
        };
        let with = gate::check_within(&repo.open(), &request, runtime);
        let without = check_with(&repo, &request);
        match (with, without) {
            (Ok(with), Ok(without)) => assert_eq!(json_of(&with), json_of(&without)),
            (with, without) => assert_eq!(with.is_err(), without.is_err()),
        }
    }
    let kept = fs::read_to_string(file(&folder)).unwrap();
    assert!(!kept.contains("hunter2"), "{kept}");
}

#[test]
fn timings_name_every_step_and_what_was_known_and_change_no_report() {
    let (repo, commits) = history();
    let range = format!("{}..{}", commits[1], commits[2]);
    let arguments = ["check", &range, "--now", NOW, "--output", "json"];
    let plain = tidegate(&repo, &arguments);
    let timed = [&arguments[..], &["--timings"]].concat();
    let output = tidegate(&repo, &timed);
    assert_eq!(stdout(&output), stdout(&plain));
    assert_eq!(output.status.code(), plain.status.code());
    assert_eq!(stderr(&plain), "");
    let said = stderr(&output);
    let names: Vec<&str> = said
        .lines()
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    let steps = [
        "start",
        "range",
        "judge",
        "difference",
        "changes",
        "neighbours",
        "facts",
        "policies",
        "before",
        "trees",
        "rest",
        "keep",
        "report",
        "total",
        "files",
        "answers",
    ];
    assert_eq!(names, steps, "{said}");
    let answers = said.lines().last().unwrap();
    let words: Vec<&str> = answers.split_whitespace().collect();
    assert_eq!((words[1], words[2], words[4]), (words[3], "of", "known"));
}
