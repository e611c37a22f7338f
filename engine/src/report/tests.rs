//! What holds for every format, beyond its own schema: its own reader, no error that looks like a pass, and foreign
//! text that is nothing but text.

use serde_json::Value;

use super::markdown::Layout;
use super::sample::{self, HOSTILE};
use super::{Style, github, gitlab, human, json, junit, markdown, sarif};
use crate::model::limits;
use crate::verdict::RunReport;

mod arbitrary;
mod bounds;
mod readers;

use readers::{annotations, case_kinds, rendered};

/// Every format, by name.
fn all_formats(report: &RunReport) -> Vec<(&'static str, String)> {
    let text = |write: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = Vec::new();
        write(&mut bytes);
        String::from_utf8(bytes).unwrap()
    };
    vec![
        (
            "human",
            text(&|out| human::write(report, Style::PLAIN, out).unwrap()),
        ),
        ("json", text(&|out| json::write(report, out).unwrap())),
        ("sarif", sarif::render(report)),
        ("junit", junit::render(report).unwrap()),
        ("github", github::render(report, limits::ANNOTATIONS.most)),
        ("gitlab", gitlab::render(report)),
        ("markdown", markdown::render(report, &Layout::SUMMARY).text),
    ]
}

fn format(name: &str, report: &RunReport) -> String {
    let mut formats = all_formats(report).into_iter();
    formats.find(|(format, _)| *format == name).unwrap().1
}

fn json_of(name: &str, report: &RunReport) -> Value {
    serde_json::from_str(&format(name, report)).unwrap()
}

#[test]
fn no_finding_is_an_empty_list_and_not_an_absent_one() {
    let document = json_of("sarif", &sample::passed());
    assert_eq!(document["runs"][0]["results"], Value::Array(Vec::new()));
    assert_eq!(
        document["runs"][0]["invocations"][0]["executionSuccessful"],
        true
    );
    assert_eq!(format("gitlab", &sample::passed()), "[]\n");
    let kinds = case_kinds(&format("junit", &sample::passed()));
    assert_eq!(kinds, ["success resource-limits", "success risk-tier"]);
    let notices = annotations(&format("github", &sample::passed()));
    assert_eq!(notices[0].text, "notice passed: 0 deny, 0 warn, 2 pass");
    let page = format("markdown", &sample::passed());
    assert!(
        page.starts_with("## ✅ tidegate: passed for `prod/prod`\n"),
        "{page}"
    );
}

#[test]
fn an_error_is_an_error_in_every_format() {
    let report = sample::failed();
    let document = json_of("sarif", &report);
    let invocation = &document["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    assert_eq!(invocation["exitCode"], 3);
    let note = &invocation["toolExecutionNotifications"][0];
    assert_eq!(
        (&note["level"], &note["descriptor"]["id"]),
        (&"error".into(), &"git.no-such-revision".into())
    );
    let issue = &json_of("gitlab", &report)[0];
    assert_eq!(issue["severity"], "blocker");
    assert_eq!(issue["location"]["path"], "tidegate.yaml");
    let kinds = case_kinds(&format("junit", &report));
    assert_eq!(kinds, ["error git.no-such-revision the whole run"]);
    let commands = annotations(&format("github", &report));
    assert_eq!(
        commands[0].text,
        "error could not judge: `deadbeef` is no revision\nfetch it"
    );
    assert_eq!(commands[0].title, "git.no-such-revision");
    let page = format("markdown", &report);
    assert!(
        page.starts_with("## ⛔ tidegate could not judge this change\n"),
        "{page}"
    );
    assert!(
        page.contains("`git.no-such-revision`: `deadbeef` is no revision"),
        "{page}"
    );
    let document = json_of("json", &report);
    assert_eq!(
        (&document["outcome"], &document["exit"]),
        (&"error".into(), &3.into())
    );
    assert_eq!(document["errors"][0]["code"], "git.no-such-revision");
}

#[test]
fn what_stops_nobody_is_shown_as_such() {
    let report = sample::mixed();
    let kinds = case_kinds(&format("junit", &report));
    let words: Vec<&str> = kinds
        .iter()
        .map(|kind| kind.split(' ').next().unwrap())
        .collect();
    assert_eq!(
        words,
        [
            "failure", "failure", "success", "skipped", "skipped", "success"
        ]
    );
    let levels: Vec<Value> = json_of("sarif", &report)["runs"][0]["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| result["level"].clone())
        .collect();
    assert_eq!(levels, ["error", "error", "warning", "note", "note"]);
    let document = json_of("sarif", &report);
    let results = &document["runs"][0]["results"];
    assert_eq!(results[3]["baselineState"], "unchanged");
    assert_eq!(
        results[4]["suppressions"][0]["justification"],
        "exception EXC-1"
    );
    let counts = &document["runs"][0]["properties"]["counts"];
    assert_eq!(counts, "2 deny, 1 warn, 1 pass, 1 inherited, 1 excepted");
    let severities: Vec<Value> = json_of("gitlab", &report)
        .as_array()
        .unwrap()
        .iter()
        .map(|issue| issue["severity"].clone())
        .collect();
    assert_eq!(
        severities,
        ["critical", "critical", "minor", "info", "info"]
    );
}

#[test]
fn an_observed_denial_is_a_warning_that_would_fail() {
    let report = sample::observed();
    let commands = annotations(&format("github", &report));
    assert!(
        commands
            .iter()
            .all(|command| !command.text.starts_with("error"))
    );
    assert!(
        commands[0]
            .text
            .starts_with("warning prod/prod: would fail (observed): ")
    );
    assert!(case_kinds(&format("junit", &report))[0].starts_with("skipped "));
    let page = format("markdown", &report);
    assert!(
        page.starts_with("## ⚠️ tidegate: would fail for `prod/prod`\n"),
        "{page}"
    );
    assert!(!page.contains('⛔'), "{page}");
    assert_eq!(
        json_of("sarif", &report)["runs"][0]["results"][0]["level"],
        "warning"
    );
}

#[test]
fn a_run_that_touches_no_unit_says_so() {
    let report = sample::not_applicable();
    let kinds = case_kinds(&format("junit", &report));
    assert_eq!(kinds, ["success no unit touched"]);
    let commands = annotations(&format("github", &report));
    let text = "notice not applicable: 1 changed file looked at, no unit touched";
    assert_eq!(commands[0].text, text);
    let page = format("markdown", &report);
    assert!(
        page.starts_with("## ✅ tidegate: not applicable, no unit is touched\n"),
        "{page}"
    );
    let outcome = &json_of("sarif", &report)["runs"][0]["properties"]["outcome"];
    assert_eq!(outcome, "not-applicable");
}

#[test]
fn github_gets_nine_of_a_level_and_the_number_of_the_rest() {
    let commands = annotations(&format("github", &sample::many(30)));
    let errors = commands
        .iter()
        .filter(|command| command.text.starts_with("error "));
    let errors: Vec<_> = errors.collect();
    assert_eq!(errors.len(), 10);
    assert_eq!(errors[9].text, "error 21 more in the summary");
    assert_eq!(
        errors[0].place,
        Some(("apps/odoo/web deployment.yaml".to_owned(), "14".to_owned()))
    );
    let commands = annotations(&github::render(&sample::many(3), 0));
    assert_eq!(commands[0].text, "error 3 more in the summary");
}

#[test]
fn sarif_keeps_five_thousand_and_says_what_it_left_out() {
    let document = json_of("sarif", &sample::many(5_003));
    let run = &document["runs"][0];
    assert_eq!(run["results"].as_array().unwrap().len(), 5_000);
    let note = &run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"];
    assert_eq!(note, "3 more results are left out: 5000 are kept");
}

#[test]
fn paths_in_sarif_are_relative_references_and_nothing_else() {
    let document = json_of("sarif", &sample::denied());
    let place = &document["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(
        place["artifactLocation"]["uri"],
        "apps/odoo/web%20deployment.yaml"
    );
    assert_eq!(place["artifactLocation"]["uriBaseId"], "%SRCROOT%");
    assert_eq!(place["region"]["startLine"], 14);
}

#[test]
fn annotations_beyond_the_limit_are_one_more_that_counts_them() {
    let most = limits::ANNOTATIONS.most;
    for (denials, shown) in [(most, most), (most + 1, most + 1), (10 * most, most + 1)] {
        let text = format("github", &sample::many(denials));
        let errors = text.lines().filter(|line| line.starts_with("::error"));
        assert_eq!(errors.count(), shown, "{denials}");
    }
}

#[test]
fn a_summary_of_ten_thousand_denials_keeps_its_verdict_and_its_limit() {
    let report = sample::many(10_000);
    let page = markdown::render(&report, &Layout::SUMMARY);
    assert!(page.text.len() <= 900 * 1024);
    assert!(
        page.text
            .starts_with("## ⛔ tidegate: this change is denied for `prod/prod`\n")
    );
    assert!(
        page.left_out[0].ends_with(" of 10000 denials"),
        "{:?}",
        page.left_out
    );
    assert!(page.text.contains("**Left out to keep this short:**"));
    let marker = markdown::marker(Some("prod"));
    let comment = Layout {
        budget: super::budget::Budget::COMMENT,
        marker: Some(&marker),
        files: Some("https://git.example/shop/blob/0123/"),
        ..Layout::SUMMARY
    };
    let page = markdown::render(&report, &comment);
    assert!(page.text.len() <= 60_000 && page.text.len() > 50_000);
    assert!(
        page.text
            .starts_with("<!-- tidegate:report v1 env=prod -->\n## ⛔ ")
    );
    let link = "[L14](<https://git.example/shop/blob/0123/apps/odoo/web%20deployment.yaml#L14>)";
    assert!(page.text.contains(link));
    // Nothing is cut: every row of the table ends as it began.
    let rows = page.text.lines().filter(|row| row.starts_with("| ⛔"));
    assert!(rows.clone().count() > 50 && rows.clone().all(|row| row.ends_with(" |")));
}

#[test]
fn a_comment_in_one_line_says_the_verdict_and_is_found_again() {
    let marker = markdown::marker(None);
    assert_eq!(
        markdown::one_line(&sample::denied(), &marker),
        "<!-- tidegate:report v1 env=* -->\n⛔ tidegate: this change is denied for `prod/prod`\n"
    );
}

#[test]
fn foreign_text_is_neither_executed_nor_hidden_in_any_format() {
    let reports = [sample::hostile(HOSTILE), sample::failed_with(HOSTILE)];
    for (name, text) in reports.iter().flat_map(all_formats) {
        let harmful =
            |c: &char| *c != '\n' && super::sanitise::line(&c.to_string()) != c.to_string();
        assert_eq!(text.chars().find(harmful), None, "{name}");
        let own = |row: &&str| {
            let row = row.trim_start();
            name != "github" && (row.starts_with("::") || row.contains("##["))
        };
        assert_eq!(text.lines().find(own), None, "{name}");
        // It is there: shown, not dropped.
        assert!(text.contains("acme") && text.contains("rtl"), "{name}");
    }
}

#[test]
fn foreign_text_adds_no_command_no_case_and_no_value() {
    let (tame, hostile) = (sample::hostile("tame"), sample::hostile(HOSTILE));
    let commands = |report| annotations(&format("github", report)).len();
    assert_eq!(commands(&tame), commands(&hostile));
    let cases = |report| case_kinds(&format("junit", report)).len();
    assert_eq!(cases(&tame), cases(&hostile));
    assert_eq!(
        json_of("json", &hostile)["units"][0]["findings"][0]["message"],
        HOSTILE
    );
    for level in annotations(&format("github", &hostile)) {
        let word = level.text.split(' ').next().unwrap();
        assert!(["error", "warning", "notice"].contains(&word), "{word}");
    }
}

#[test]
fn foreign_text_in_markdown_makes_no_link_no_html_and_no_mention() {
    let tame = rendered(&format("markdown", &sample::hostile("tame")));
    for report in [
        sample::hostile(HOSTILE),
        sample::hostile(&"@a [x](y) <b> | ".repeat(5_000)),
    ] {
        let hostile = rendered(&format("markdown", &report));
        assert_eq!(hostile.structure, tame.structure);
        for mark in ["@", "#1", "http", "www.", "<", "[", "|", "*", "~"] {
            assert!(!hostile.prose.contains(mark), "{mark}: {}", hostile.prose);
        }
    }
    let error = rendered(&format("markdown", &sample::failed_with(HOSTILE)));
    assert_eq!(
        error.structure,
        rendered(&format("markdown", &sample::failed_with("tame"))).structure
    );
}

#[test]
fn a_name_of_64_kilobytes_is_shortened_as_a_whole_and_says_so() {
    let report = sample::hostile(&"x".repeat(65_536));
    for (name, text) in all_formats(&report) {
        match name {
            // People and programs that read these have no limit: nothing is shortened.
            "human" | "json" => assert!(text.contains(&"x".repeat(65_536)), "{name}"),
            _ => assert!(text.contains("…(65536 characters)…"), "{name}"),
        }
        if !matches!(name, "human" | "json" | "sarif" | "gitlab") {
            assert!(!text.contains(&"x".repeat(1_001)), "{name}");
        }
    }
}
