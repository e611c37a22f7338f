//! Every limit at its number, one above and ten times above.
//! Knows the public functions that enforce them; `ELSEWHERE` names the tests of the others.

mod files;
mod repositories;
mod signed;

use std::time::{Duration, Instant};

use miette::Diagnostic;
use tidegate::model::limits::{self, Beyond, Limit};
use tidegate::model::{Exit, code_of};

/// A limit, and what comes of so much of it: nothing, or the code of what is beyond it.
type Row = (Limit, fn(usize) -> String);

#[test]
#[ignore = "takes minutes: .ci/run runs it"]
fn limits_of_repositories_hold_at_their_numbers() {
    try_each(repositories::ROWS);
}

#[test]
#[ignore = "takes minutes: .ci/run runs it"]
fn limits_of_files_hold_at_their_numbers() {
    try_each(files::ROWS);
}

#[test]
#[ignore = "takes minutes: .ci/run runs it"]
fn limits_of_what_is_signed_hold_at_their_numbers() {
    try_each(signed::ROWS);
}

/// At the number, one above and ten times above.
#[expect(
    clippy::disallowed_methods,
    reason = "a test that must not take long asks how long it took"
)]
fn try_each(rows: &[Row]) {
    let mut wrong = Vec::new();
    for (limit, take) in rows {
        let Beyond::Error(code) = limit.beyond else {
            panic!("{limit:?} leaves out");
        };
        for (number, refused) in [
            (limit.most, false),
            (limit.most + 1, true),
            (10 * limit.most, true),
        ] {
            let begun = Instant::now();
            let found = take(number);
            let took = begun.elapsed();
            if (found == code) != refused || took > PATIENCE {
                wrong.push(format!("{number} of {limit:?}: {found:?} after {took:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_limit_is_tried_here_or_elsewhere() {
    let here = rows();
    let tried = |limit: &&Limit| !here.iter().any(|(tried, _)| tried == *limit);
    let not_here: Vec<&Limit> = limits::ALL.iter().filter(tried).collect();
    let elsewhere: Vec<&Limit> = ELSEWHERE.iter().map(|(limit, _)| limit).collect();
    assert_eq!(not_here, elsewhere);
}

#[test]
fn beyond_a_limit_nothing_is_judged() {
    for limit in limits::ALL {
        if let Beyond::Error(code) = limit.beyond {
            let exit = Exit::of_code(code).code();
            assert!([2, 3, 4, 75].contains(&exit), "{limit:?}: {exit}");
        }
    }
}

fn rows() -> Vec<Row> {
    [repositories::ROWS, files::ROWS, signed::ROWS].concat()
}

/// The code of an error, if it speaks of the limit; the same code may say other things too.
fn beyond<T, E: Diagnostic>(result: Result<T, E>, limit: Limit) -> String {
    let Err(error) = result else {
        return String::new();
    };
    let (code, text) = (code_of(&error), error.to_string());
    if code.starts_with("limit.") || text.contains(&limit.to_string()) {
        return code;
    }
    format!("within, and {code}: {text}")
}

/// Generous: the tests run beside each other, without optimisation.
const PATIENCE: Duration = Duration::from_secs(300);

/// What takes too long to reach, is measured in time, or leaves out: who tries it.
const ELSEWHERE: &[(Limit, &str)] = &[
    (limits::HISTORY, "too many commits to make"),
    (limits::COMMIT_MESSAGE, "a_long_message_is_cut_and_says_so"),
    (limits::TOTAL_BYTES, "what_is_read_is_bounded_as_a_whole"),
    (
        limits::CHART_DEPTH,
        "charts_lie_in_each_other_to_a_bounded_depth",
    ),
    (
        limits::CHART_LINKS,
        "many_links_between_few_folders_are_not_walked_for_ever",
    ),
    (
        limits::CHART_ARCHIVE,
        "an_archive_is_unpacked_to_a_bounded_size",
    ),
    (
        limits::KUSTOMIZATION_DEPTH,
        "kinds_names_circles_and_depth_are_as_kustomize_wants_them",
    ),
    (limits::KUSTOMIZATIONS, "kustomizations_are_counted"),
    (limits::DEPLOYMENTS, "applications_are_counted"),
    (
        limits::DEPLOYMENT_DEPTH,
        "applications_hold_applications_to_a_bounded_depth",
    ),
    (
        limits::CALENDAR_WINDOWS,
        "windows_of_a_calendar_are_counted",
    ),
    (
        limits::CALENDAR_INSTANCES,
        "times_that_a_window_opens_are_counted",
    ),
    (
        limits::CALENDAR_DAYS,
        "what_cannot_be_meant_is_a_mistake_of_the_caller",
    ),
    (
        limits::CONFIG_PROBLEMS,
        "fifty_are_told_in_the_order_of_the_file_and_all_are_counted",
    ),
    (limits::RENDER_INPUT, "a_closure_is_bounded_as_a_whole"),
    (
        limits::RENDER_TIME,
        "a_program_that_does_not_end_is_ended_with_all_that_it_started",
    ),
    (
        limits::RENDER_MEMORY,
        "a_program_that_takes_too_much_memory_breaks_off",
    ),
    (
        limits::RENDER_OUTPUT,
        "a_program_that_prints_too_much_is_ended",
    ),
    (
        limits::RENDER_CACHE,
        "the_oldest_goes_first_and_what_is_too_large_is_not_kept",
    ),
    (
        limits::POLICY_FOLDER,
        "what_lies_beside_policies_is_bounded",
    ),
    (
        limits::POLICY_LOAD_TIME,
        "work_that_never_ends_is_left_behind",
    ),
    (
        limits::POLICY_OBJECT_TIME,
        "what_would_take_for_ever_ends_at_the_limit",
    ),
    (
        limits::POLICY_UNIT_TIME,
        "a_policy_that_never_ends_is_ended",
    ),
    (
        limits::POLICY_TOTAL_TIME,
        "work_that_uses_up_its_limit_is_late",
    ),
    (
        limits::POLICY_MEMORY,
        "what_would_fill_the_memory_ends_at_the_limit",
    ),
    (
        limits::LISTED_FINDINGS,
        "what_denies_is_listed_before_what_is_too_much",
    ),
    (
        limits::LISTED_CLASSES,
        "classes_are_listed_to_a_bound_and_none_are_where_there_are_more",
    ),
    (
        limits::STORE_FILES,
        "a_store_is_bounded_in_files_and_in_bytes",
    ),
    (
        limits::STORE_BYTES,
        "a_store_is_bounded_in_files_and_in_bytes",
    ),
    (limits::STORE_HISTORY, "too many commits to make"),
    (
        limits::REMOTE_ANSWER,
        "a_slow_remote_spends_the_time_that_is_waited",
    ),
    (
        limits::REMOTE_TRANSFER,
        "a_slow_remote_spends_the_time_that_is_waited",
    ),
    (limits::LINKS, "a_walk_of_too_many_links_is_an_error"),
    (limits::PROMOTION, "too many commits to make"),
    (limits::EVENT, "an_event_file_that_is_not_one_is_no_answer"),
    (limits::APPLICATION, "no server of the tests says so much"),
    (
        limits::ANNOTATIONS,
        "annotations_beyond_the_limit_are_one_more_that_counts_them",
    ),
    (
        limits::SARIF_RESULTS,
        "sarif_keeps_five_thousand_and_says_what_it_left_out",
    ),
    (
        limits::SUMMARY,
        "a_summary_of_ten_thousand_denials_keeps_its_verdict_and_its_limit",
    ),
    (
        limits::COMMENT,
        "a_summary_of_ten_thousand_denials_keeps_its_verdict_and_its_limit",
    ),
];
