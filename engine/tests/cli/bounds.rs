//! Limits that only the binary counts: at the limit, one above, ten times above.

use jiff::{ToSpan as _, civil::date};
use tidegate::model::limits;

use super::{said, tidegate};
use crate::support::Repo;

#[test]
fn days_are_drawn_up_to_the_limit() {
    let repo = Repo::new();
    repo.write(
        "tidegate.yaml",
        "environments: [{name: prod, paths: [\"prod/**\"]}]\n",
    );
    let most = limits::CALENDAR_DAYS.most;
    for (days, refused) in [(most, false), (most + 1, true), (10 * most, true)] {
        let from = date(2026, 1, 1);
        let to = from + i64::try_from(days).unwrap().days();
        let output = tidegate(repo.path())
            .args(["calendar", "show", "--now", "2026-11-22T10:00:00Z"])
            .args(["--from", &from.to_string(), "--to", &to.to_string()])
            .output()
            .unwrap();
        let (text, exit) = said(&output);
        assert_eq!(exit, if refused { 2 } else { 0 }, "{days}: {text}");
        assert_eq!(text.contains("usage.day"), refused, "{days}: {text}");
    }
}
