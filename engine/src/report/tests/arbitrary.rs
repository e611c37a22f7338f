//! Whatever the findings say, each format is read back as exactly these findings.
//! Knows no policy.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::model::{Effect, Finding};
use crate::report::sanitise;

/// Text as a repository may put it, thick with what means something to a platform.
fn foreign() -> impl Strategy<Value = String> {
    let marks = "(\\PC|[\\x00-\\x1f\\x7f-\\x9f]|\u{202e}|\n::error ::|\r##\\[group\\]|\\]\\]>|<!--|%0A|`|\\||\\x1b\\[2J){0,12}";
    prop::string::string_regex(marks).unwrap()
}

fn finding() -> impl Strategy<Value = Finding> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (foreign(), flags).prop_map(|(text, (denies, inherited, excepted))| {
        let finding = sample::hostile(&text).units.remove(0).findings.remove(0);
        Finding {
            effect: if denies { Effect::Deny } else { Effect::Warn },
            inherited,
            excepted_by: excepted.then_some(text),
            ..finding
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn every_format_holds_exactly_these_findings_and_nothing_that_acts(
        findings in vec(finding(), 1..5), text in foreign(),
    ) {
        // A unit without a name is no unit: its rows would be those of none.
        let text = if text.is_empty() { "x" } else { &text };
        let mut report = sample::hostile(text);
        report.units[0].findings = findings.clone();
        let document = json_of("json", &report);
        let told = document["units"][0]["findings"].as_array().unwrap();
        let messages: Vec<&str> = told.iter().map(|one| one["message"].as_str().unwrap()).collect();
        let meant: Vec<&str> = findings.iter().map(|finding| &*finding.message).collect();
        prop_assert_eq!(messages, meant);
        let results = json_of("sarif", &report)["runs"][0]["results"].as_array().unwrap().len();
        prop_assert_eq!(results, findings.len());
        prop_assert_eq!(json_of("gitlab", &report).as_array().unwrap().len(), findings.len());
        let blocking = findings.iter().filter(|finding| finding.blocks()).count();
        let cases = case_kinds(&format("junit", &report));
        prop_assert_eq!(cases.iter().filter(|case| case.starts_with("failure ")).count(), blocking);
        for command in annotations(&format("github", &report)) {
            let word = command.text.split(' ').next().unwrap();
            prop_assert!(["error", "warning", "notice"].contains(&word), "{}", word);
        }
        for (name, text) in all_formats(&report) {
            let acts = |c: &char| *c != '\n' && sanitise::line(&c.to_string()) != c.to_string();
            prop_assert_eq!(text.chars().find(acts), None, "{}", name);
            let command = |row: &&str| {
                let row = row.trim_start();
                name != "github" && (row.starts_with("::") || row.contains("##["))
            };
            prop_assert_eq!(text.lines().find(command), None, "{}", name);
        }
    }
}
