//! What is left out of a format: nothing at its limit, something at one above and at ten times above, and it says so.

use serde_json::Value;

use super::super::budget::Budget;
use super::super::markdown::{self, Layout};
use super::super::{sample, sarif};
use crate::model::limits;

#[test]
fn results_in_sarif_are_kept_up_to_the_limit() {
    let most = limits::SARIF_RESULTS.most;
    for (count, note) in [
        (most, None),
        (most + 1, Some("1 more results are left out: 5000 are kept")),
        (
            10 * most,
            Some("45000 more results are left out: 5000 are kept"),
        ),
    ] {
        let document: Value = serde_json::from_str(&sarif::render(&sample::many(count))).unwrap();
        let run = &document["runs"][0];
        assert_eq!(run["results"].as_array().unwrap().len(), most);
        let said = run["invocations"][0].pointer("/toolExecutionNotifications/0/message/text");
        assert_eq!(said.and_then(Value::as_str), note);
    }
}

#[test]
fn pages_are_whole_up_to_their_limit() {
    assert_eq!(Budget::SUMMARY.bytes(), limits::SUMMARY.most);
    assert_eq!(Budget::COMMENT.bytes(), limits::COMMENT.most);
    for limit in [limits::SUMMARY, limits::COMMENT] {
        let page = |count: usize, bytes: usize| {
            let layout = Layout {
                budget: Budget::of(bytes),
                ..Layout::SUMMARY
            };
            markdown::render(&sample::many(count), &layout)
        };
        // As many denials as have room, and one more.
        let length = |count| page(count, 1 << 40).text.len();
        let each = (length(200) - length(100)) / 100;
        let (mut most, mut more) = (1, 2 * limit.most / each);
        while most + 1 < more {
            let middle = usize::midpoint(most, more);
            match length(middle) <= limit.most {
                true => most = middle,
                false => more = middle,
            }
        }
        for (count, whole) in [(most, true), (most + 1, false), (10 * most, false)] {
            let page = page(count, limit.most);
            assert!(page.text.len() <= limit.most, "{}", page.text.len());
            assert_eq!(page.left_out.is_empty(), whole, "{:?}", page.left_out);
        }
        // To the byte.
        let whole = length(most);
        assert!(page(most, whole).left_out.is_empty());
        assert!(!page(most, whole - 1).left_out.is_empty());
    }
}
