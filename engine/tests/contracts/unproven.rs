//! The list of what must not prove an image, id by id, with the test or the case of a policy that tries it: signatures
//! (S), bundles (B), images (I), registries (R), attestations (A), evidence (E), Notation (N). Knows the sources as text.

use std::collections::BTreeSet;
use std::path::Path;

use crate::limits::elsewhere::{is_test, read};

const LIST: &[(&str, &str)] = &[
    ("S1", "payloads_that_must_not_pass"),
    (
        "S2",
        "s2_a_good_signature_replayed_beside_another_image_is_about_another_image",
    ),
    ("S3", "s3_any_changed_byte_of_a_payload_is_no_signature"),
    (
        "S4",
        "s4_and_s5_a_signature_that_is_empty_cut_off_or_no_base64_is_malformed_or_wrong",
    ),
    (
        "S5",
        "s4_and_s5_a_signature_that_is_empty_cut_off_or_no_base64_is_malformed_or_wrong",
    ),
    ("S6", "payloads_that_must_not_pass"),
    ("S7", "payloads_that_must_not_pass"),
    (
        "S8",
        "s8_another_repository_in_the_payload_is_told_and_refused_only_where_it_must_match",
    ),
    ("S9", "payloads_that_must_not_pass"),
    ("S10", "payloads_that_must_not_pass"),
    ("S11", "payloads_that_must_not_pass"),
    (
        "S12",
        "s12_keys_that_are_too_weak_or_not_supported_are_errors",
    ),
    (
        "S13",
        "s13_one_good_signature_is_enough_and_the_bad_one_is_counted",
    ),
    (
        "S14",
        "s14_a_thousand_junk_layers_end_in_doubt_unless_a_good_one_comes_within_the_bound",
    ),
    (
        "S15",
        "s15_an_annotation_counts_only_on_the_signature_that_holds",
    ),
    (
        "B1",
        "b1_a_bundle_of_another_version_is_refused_by_its_media_type_and_by_its_own_word",
    ),
    (
        "B2",
        "b2_a_bundle_without_proof_of_inclusion_does_not_pass_under_any_label",
    ),
    (
        "B3",
        "b3_and_b4_an_envelope_has_one_signature_over_a_statement",
    ),
    (
        "B4",
        "b3_and_b4_an_envelope_has_one_signature_over_a_statement",
    ),
    ("B5", "b5_an_attestation_is_no_signature"),
    (
        "B6",
        "b6_an_entry_of_the_log_about_another_signature_is_foreign",
    ),
    (
        "B7",
        "b7_and_b8_promise_time_proof_and_checkpoint_are_the_logs_own",
    ),
    (
        "B8",
        "b7_and_b8_promise_time_proof_and_checkpoint_are_the_logs_own",
    ),
    (
        "B9",
        "b9_and_b10_a_log_that_gives_no_time_needs_a_time_stamp_over_this_signature",
    ),
    (
        "B10",
        "b9_and_b10_a_log_that_gives_no_time_needs_a_time_stamp_over_this_signature",
    ),
    (
        "B11",
        "b11_a_certificate_that_has_expired_since_is_as_good_as_on_its_day",
    ),
    (
        "B12",
        "b12_an_intermediate_that_had_expired_vouches_for_nothing_though_the_root_still_lists_it",
    ),
    (
        "B13",
        "b13_a_private_authority_may_do_without_a_certificate_log_where_that_is_said",
    ),
    ("B14", "certificates_that_must_not_pass"),
    ("B15", "b15_and_b16_a_name_is_of_its_kind_and_matched_whole"),
    ("B16", "b15_and_b16_a_name_is_of_its_kind_and_matched_whole"),
    (
        "B17",
        "b17_what_is_cut_off_too_long_or_too_deep_is_malformed",
    ),
    (
        "B18",
        "b18_a_key_need_not_be_in_a_log_unless_that_is_required",
    ),
    (
        "B19",
        "b19_a_trust_root_that_says_nothing_is_no_reason_to_call_an_image_unsigned",
    ),
    (
        "B20",
        "b20_a_clock_that_is_wrong_is_told_and_passes_nothing",
    ),
    ("I1", "signature-of-an-index-that-is-not-recorded-is-denied"),
    ("I2", "index-of-a-signed-image-is-denied"),
    ("I3", "what_an_index_lists_is_told_by_platform"),
    ("I4", "what_an_index_lists_is_told_by_platform"),
    (
        "I5",
        "i5_a_tag_that_moved_since_it_was_locked_is_told_and_proves_nothing_of_the_other_image",
    ),
    ("I6", "digest-wins-over-the-tag-beside-it"),
    (
        "I7",
        "i7_an_image_of_schema_1_is_in_doubt_and_never_unsigned",
    ),
    ("I8", "i8_what_is_an_index_and_something_else_is_neither"),
    (
        "I9",
        "i9_layers_of_elsewhere_are_recorded_with_the_image_and_told",
    ),
    (
        "I10",
        "s8_another_repository_in_the_payload_is_told_and_refused_only_where_it_must_match",
    ),
    ("I11", "what_a_runtime_refuses_is_refused"),
    (
        "I12",
        "every_container_and_volume_of_every_kind_that_runs_pods_is_found",
    ),
    ("R1", "no_fault_of_a_registry_locks_anything_or_takes_long"),
    (
        "R2",
        "r2_r16_who_is_not_let_in_is_told_as_whom_and_no_password_goes_elsewhere",
    ),
    ("R3", "no_fault_of_a_registry_locks_anything_or_takes_long"),
    ("R4", "no_fault_of_a_registry_locks_anything_or_takes_long"),
    ("R5", "r5_a_tag_that_is_gone_is_not_locked_anew"),
    ("R6", "no_fault_of_a_registry_locks_anything_or_takes_long"),
    ("R7", "no_fault_of_a_registry_locks_anything_or_takes_long"),
    ("R8", "r8_r9_who_does_not_answer_in_time_is_not_waited_for"),
    ("R9", "r8_r9_who_does_not_answer_in_time_is_not_waited_for"),
    ("R10", "no_fault_of_a_registry_locks_anything_or_takes_long"),
    ("R11", "no_fault_of_a_registry_locks_anything_or_takes_long"),
    ("R12", "no_fault_of_a_registry_locks_anything_or_takes_long"),
    ("R13", "no_fault_of_a_registry_locks_anything_or_takes_long"),
    (
        "R14",
        "r14_nobody_is_led_to_this_machine_unless_that_is_allowed",
    ),
    ("R15", "no_fault_of_a_registry_locks_anything_or_takes_long"),
    (
        "R16",
        "r16_an_account_goes_where_its_registry_sends_for_a_token_and_nowhere_in_plain_text",
    ),
    (
        "R17",
        "r17_a_token_that_is_over_at_once_is_used_for_one_question_and_never_for_ever",
    ),
    ("R18", "no_fault_of_a_registry_locks_anything_or_takes_long"),
    ("R19", "no_fault_of_a_registry_locks_anything_or_takes_long"),
    ("R20", "no_fault_of_a_registry_locks_anything_or_takes_long"),
    (
        "R21",
        "r21_r22_what_is_put_there_for_another_is_no_unsigned",
    ),
    (
        "R22",
        "r21_r22_what_is_put_there_for_another_is_no_unsigned",
    ),
    (
        "R23",
        "what_lies_under_the_tag_of_referrers_is_found_where_none_are_listed",
    ),
    (
        "R24",
        "r24_a_certificate_that_does_not_hold_is_no_certificate",
    ),
    ("R25", "no_fault_of_a_registry_locks_anything_or_takes_long"),
    ("R26", "no_fault_of_a_registry_locks_anything_or_takes_long"),
    (
        "A1",
        "a1_and_a2_builder_and_source_are_those_of_the_certificate",
    ),
    (
        "A2",
        "a1_and_a2_builder_and_source_are_those_of_the_certificate",
    ),
    (
        "A3",
        "a3_a_scan_that_is_too_old_or_from_the_future_does_not_answer",
    ),
    (
        "A4",
        "a4_more_findings_of_a_severity_than_allowed_do_not_answer",
    ),
    (
        "A5",
        "a5_a_bill_of_materials_answers_for_its_own_image_only_and_when_it_lists_something",
    ),
    (
        "A6",
        "a6_a_predicate_that_is_missing_or_no_object_attests_nothing",
    ),
    (
        "A7",
        "a7_provenance_of_both_versions_reads_alike_and_one_that_answers_is_enough",
    ),
    (
        "E1",
        "e1_bytes_under_the_digest_of_others_are_damaged_evidence",
    ),
    ("E2", "a_link_to_a_signature_is_none"),
    ("E3", "e3_named_bytes_that_are_not_there_leave_it_open"),
    ("E4", "e4_evidence_for_one_digest_proves_no_other"),
    (
        "E5",
        "the_key_is_the_judges_and_not_the_one_that_comes_with_the_image",
    ),
    (
        "E6",
        "e6_what_is_recorded_of_an_image_that_no_unit_names_is_told_and_goes_when_that_is_asked",
    ),
    ("N1", "envelopes_that_must_not_pass"),
    ("N2", "envelopes_that_must_not_pass"),
    ("N3", "n3_a_signature_counts_until_it_expires_itself"),
    ("N4", "envelopes_that_must_not_pass"),
    (
        "N5",
        "n5_a_signer_has_every_part_of_the_name_that_is_asked_for",
    ),
    ("N6", "envelopes_that_must_not_pass"),
    ("N7", "envelopes_that_must_not_pass"),
    ("N8", "envelopes_that_must_not_pass"),
    ("N9", "n9_notation_as_cose_is_in_doubt_and_not_unsigned"),
    ("N10", "image-of-nobody-is-denied"),
];

#[test]
fn every_id_has_a_test_or_a_case_that_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = String::new();
    for folder in ["engine/src", "engine/tests"] {
        read(&root.join(folder), &mut sources);
    }
    let cases = root.join("policies/image-signatures/cases");
    let is_there = |name: &str| match name.contains('-') {
        true => cases.join(name).join("expect.yaml").is_file(),
        false => is_test(&sources, name),
    };
    let missing: Vec<_> = LIST.iter().filter(|(_, name)| !is_there(name)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn no_id_is_left_out() {
    let listed: BTreeSet<String> = LIST.iter().map(|(id, _)| (*id).to_owned()).collect();
    let all = [
        ("S", 15),
        ("B", 20),
        ("I", 12),
        ("R", 26),
        ("A", 7),
        ("E", 6),
        ("N", 10),
    ];
    let all = all
        .iter()
        .flat_map(|(area, most)| (1..=*most).map(move |it| format!("{area}{it}")));
    let left: Vec<String> = all.filter(|id| !listed.contains(id)).collect();
    assert_eq!(left, [""; 0]);
    assert_eq!(listed.len(), LIST.len(), "an id stands there twice");
}
