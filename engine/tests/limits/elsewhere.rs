//! Limits that other tests try: of what only the binary or a private function counts, what is measured in time,
//! and what leaves out. Knows the sources as text, so that no test is named that nobody runs.

use std::fs;
use std::path::Path;

use tidegate::model::limits::{self, Limit};

/// The limit, and the test.
pub(super) const TESTS: &[(Limit, &str)] = &[
    (limits::HISTORY, "histories_are_walked_up_to_the_limit"),
    (limits::COMMIT_MESSAGE, "a_long_message_is_cut_and_says_so"),
    (limits::TOTAL_BYTES, "what_is_read_is_bounded_as_a_whole"),
    (
        limits::OBJECTS,
        "objects_that_are_read_are_counted_together",
    ),
    (
        limits::CHART_DEPTH,
        "charts_lie_in_each_other_to_a_bounded_depth",
    ),
    (
        limits::CHART_LINKS,
        "many_links_between_few_folders_are_not_walked_for_ever",
    ),
    (limits::CHART_ARCHIVE, "archives_unpack_up_to_the_limit"),
    (
        limits::KUSTOMIZATION_DEPTH,
        "kustomizations_lead_to_each_other_up_to_the_limit",
    ),
    (
        limits::KUSTOMIZATIONS,
        "kustomizations_are_counted_up_to_the_limit",
    ),
    (
        limits::DEPLOYMENTS,
        "applications_are_counted_up_to_the_limit",
    ),
    (
        limits::DEPLOYMENT_DEPTH,
        "applications_hold_applications_up_to_the_limit",
    ),
    (
        limits::IGNORE_PATTERNS,
        "patterns_that_leave_files_out_are_bounded",
    ),
    (
        limits::IGNORE_TEXT,
        "patterns_that_leave_files_out_are_bounded",
    ),
    (
        limits::PARAMETER_SETS,
        "sets_of_parameters_are_counted_up_to_the_limit",
    ),
    (
        limits::TEMPLATE_STEPS,
        "steps_are_taken_from_all_templates_together",
    ),
    (
        limits::TEMPLATE_TEXT,
        "no_template_runs_for_long_or_fills_the_memory",
    ),
    (
        limits::TEMPLATE_DEPTH,
        "no_template_runs_for_long_or_fills_the_memory",
    ),
    (
        limits::CALENDAR_WINDOWS,
        "windows_of_a_calendar_are_counted",
    ),
    (
        limits::CALENDAR_INSTANCES,
        "times_that_a_window_opens_are_counted",
    ),
    (limits::CALENDAR_DAYS, "days_are_drawn_up_to_the_limit"),
    (
        limits::CONFIG_PROBLEMS,
        "problems_are_told_up_to_the_limit_in_the_order_of_the_file_and_all_are_counted",
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
        limits::REMOTE_BASES,
        "one_run_fetches_so_many_remote_bases_and_no_more",
    ),
    (
        limits::REMOTE_BASE_TIME,
        "who_takes_too_long_or_sends_too_much_is_left",
    ),
    (
        limits::REMOTE_BASE,
        "who_takes_too_long_or_sends_too_much_is_left",
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
        limits::UNIT_FINDINGS,
        "findings_of_a_unit_are_counted_together",
    ),
    (
        limits::FINDING_FIELDS,
        "too_many_findings_and_too_long_messages_are_errors",
    ),
    (
        limits::IMAGE_FILES,
        "more_files_than_anyone_would_record_are_refused",
    ),
    (
        limits::IMAGE_EVIDENCE,
        "what_is_recorded_is_counted_for_all_images_together",
    ),
    (
        limits::IMAGE_FILE,
        "a_file_that_is_too_large_leaves_it_open",
    ),
    (limits::IMAGE_LOCK, "a_lock_is_read_up_to_the_limit"),
    (
        limits::IMAGE_REFERRERS,
        "more_that_refers_to_an_image_than_is_looked_at_locks_nothing",
    ),
    (
        limits::SIGNATURE_OBJECTS,
        "s14_a_thousand_junk_layers_end_in_doubt_unless_a_good_one_comes_within_the_bound",
    ),
    (
        limits::SIGNATURE_OBJECT,
        "b17_what_is_cut_off_too_long_or_too_deep_is_malformed",
    ),
    (
        limits::SIGNATURE_WITNESSES,
        "b17_what_is_cut_off_too_long_or_too_deep_is_malformed",
    ),
    (
        limits::IMAGE_INDEX,
        "i8_what_is_an_index_and_something_else_is_neither",
    ),
    (
        limits::INDEX_IMAGES,
        "i8_what_is_an_index_and_something_else_is_neither",
    ),
    (
        limits::COVERING_INDEXES,
        "a_few_indexes_of_an_image_are_looked_at",
    ),
    (limits::SCRIPT, "what_cannot_be_read_is_not_understood"),
    (limits::SCRIPTS, "scripts_are_counted_for_a_unit_together"),
    (
        limits::SCRIPT_FILES,
        "scripts_are_counted_for_a_unit_together",
    ),
    (
        limits::SCRIPT_STATEMENTS,
        "statements_are_counted_for_a_script_and_for_all",
    ),
    (
        limits::STATEMENTS,
        "statements_are_counted_for_a_script_and_for_all",
    ),
    (limits::STATEMENT_WORDS, "what_cannot_be_cut_has_a_flaw"),
    (limits::STATEMENT_DEPTH, "what_cannot_be_cut_has_a_flaw"),
    (limits::MODULE_MANIFEST_DEPTH, "depth_is_bounded"),
    (limits::PLAN, "what_is_no_text_of_the_tree_is_no_plan"),
    (limits::PLANS, "plans_are_counted_for_a_change_together"),
    (
        limits::EVIDENCE_INPUT,
        "what_is_printed_is_read_up_to_the_limit",
    ),
    (
        limits::EVIDENCE_TEXT,
        "what_contradicts_itself_is_neither_written_nor_read",
    ),
    (
        limits::EVIDENCE_FILES,
        "ten_thousand_files_are_read_and_one_more_is_refused",
    ),
    (
        limits::EVIDENCE_FILE,
        "ten_thousand_files_are_read_and_one_more_is_refused",
    ),
    (limits::EVIDENCE_TOTAL, "all_files_together_are_bounded"),
    (
        limits::EVIDENCE_SCRIPTS,
        "reviews_and_rehearsals_are_about_so_many_scripts",
    ),
    (
        limits::INCIDENT_OBJECTS,
        "incidents_are_about_so_many_objects_for_so_long",
    ),
    (
        limits::INCIDENT_TIME,
        "incidents_are_about_so_many_objects_for_so_long",
    ),
    (
        limits::EVIDENCE_HISTORY,
        "older_statements_are_kept_up_to_the_limit",
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
    (
        limits::STORE_HISTORY,
        "histories_of_stores_are_walked_up_to_the_limit",
    ),
    (
        limits::REMOTE_ANSWER,
        "a_slow_remote_spends_the_time_that_is_waited",
    ),
    (
        limits::REMOTE_TRANSFER,
        "a_slow_remote_spends_the_time_that_is_waited",
    ),
    (
        limits::REGISTRY_TIME,
        "a_registry_has_its_time_and_manifests_their_length",
    ),
    (
        limits::REGISTRY_WRITE,
        "a_registry_has_its_time_and_manifests_their_length",
    ),
    (
        limits::REGISTRY_MANIFEST,
        "an_answer_is_read_up_to_the_limit",
    ),
    (limits::REGISTRY_PAGES, "so_many_pages_are_read_and_no_more"),
    (
        limits::REGISTRY_CANDIDATES,
        "so_many_may_lie_beside_an_artifact_and_no_more",
    ),
    (limits::LINKS, "a_walk_of_too_many_links_is_an_error"),
    (
        limits::PROMOTION,
        "commits_that_wait_are_counted_up_to_the_limit",
    ),
    (limits::EVENT, "events_are_read_up_to_the_limit"),
    (
        limits::APPLICATION,
        "an_application_is_read_up_to_the_limit",
    ),
    (
        limits::CLUSTER,
        "what_a_cluster_says_is_read_up_to_the_limit",
    ),
    (
        limits::ANNOTATIONS,
        "annotations_beyond_the_limit_are_one_more_that_counts_them",
    ),
    (
        limits::SARIF_RESULTS,
        "results_in_sarif_are_kept_up_to_the_limit",
    ),
    (limits::SUMMARY, "pages_are_whole_up_to_their_limit"),
    (limits::COMMENT, "pages_are_whole_up_to_their_limit"),
];

#[test]
fn every_test_that_is_named_is_there() {
    let mut sources = String::new();
    for folder in ["engine/src", "engine/tests"] {
        read(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join(folder),
            &mut sources,
        );
    }
    let missing: Vec<&str> = TESTS
        .iter()
        .map(|(_, test)| *test)
        .filter(|test| !is_test(&sources, test))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn a_test_is_known_by_its_attribute() {
    let sources = "#[test]\nfn a() {\n}\n\n    #[test]\n    #[ignore = \"x\"]\n    fn b() {}\n\nfn c() {}\n\n// fn d() {}\n";
    let found = ["a", "b", "c", "d", "e"].map(|test| is_test(sources, test));
    assert_eq!(found, [true, true, false, false, false]);
}

/// Whether a function of this name has `#[test]` above it, with nothing but attributes between.
pub(crate) fn is_test(sources: &str, name: &str) -> bool {
    let opening = format!("fn {name}()");
    let at = |line: &str| line.trim_start().starts_with(&opening);
    let lines: Vec<&str> = sources.lines().collect();
    lines
        .iter()
        .enumerate()
        .filter(|(_, line)| at(line))
        .any(|(number, _)| {
            let above = lines[..number].iter().rev().map(|line| line.trim());
            above
                .take_while(|line| !line.is_empty() && *line != "}" && *line != "{")
                .any(|line| line == "#[test]")
        })
}

pub(crate) fn read(folder: &Path, sources: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, sources);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            *sources += &fs::read_to_string(&path).unwrap();
        }
    }
}
