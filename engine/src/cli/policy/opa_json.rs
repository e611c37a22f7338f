//! Reports of tests and of coverage as `opa test --format json` and `opa test --coverage` print them.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::policy::{Report, TestOutcome};

/// Each test. Nothing here measures time, so none is given.
pub(super) fn tests(reports: &[Report]) -> Value {
    let tests = reports.iter().flat_map(|report| {
        report.tests.iter().map(|test| {
            let mut row = json!({
                "location": {"file": test.at.path, "row": test.at.line, "col": test.at.column},
                "package": format!("data.{}", report.package),
                "name": test.name,
            });
            match &test.outcome {
                TestOutcome::Pass => {}
                TestOutcome::Skipped => put(&mut row, "skip", json!(true)),
                TestOutcome::Fail(_) | TestOutcome::Idle => put(&mut row, "fail", json!(true)),
                TestOutcome::Error(what) => put(&mut row, "error", json!({"message": what})),
            }
            row
        })
    });
    Value::Array(tests.collect())
}

/// Each file with its lines, in rows that follow each other.
pub(super) fn coverage(reports: &[Report]) -> Value {
    let mut files = Map::new();
    let (mut covered, mut not_covered) = (0, 0);
    for (path, lines) in reports.iter().flat_map(|report| &report.coverage) {
        let (yes, no) = (lines.covered.len(), lines.not_covered.len());
        covered += yes;
        not_covered += no;
        let file = json!({
            "covered": ranges(&lines.covered),
            "not_covered": ranges(&lines.not_covered),
            "covered_lines": yes,
            "not_covered_lines": no,
            "coverage": percent(yes, no),
        });
        files.insert(path.clone(), file);
    }
    json!({
        "files": files,
        "covered_lines": covered,
        "not_covered_lines": not_covered,
        "coverage": percent(covered, not_covered),
    })
}

fn ranges(lines: &BTreeSet<u32>) -> Vec<Value> {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for line in lines {
        match ranges.last_mut() {
            Some((_, end)) if *end + 1 == *line => *end = *line,
            _ => ranges.push((*line, *line)),
        }
    }
    let row = |(start, end)| json!({"start": {"row": start}, "end": {"row": end}});
    ranges.into_iter().map(row).collect()
}

/// To two decimals, as whole hundredths.
fn percent(covered: usize, not_covered: usize) -> f64 {
    let all = (covered + not_covered).max(1);
    let hundredths = u32::try_from(covered * 10_000 / all).unwrap_or_default();
    f64::from(hundredths) / 100.0
}

fn put(row: &mut Value, key: &str, value: Value) {
    if let Value::Object(row) = row {
        row.insert(key.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_follow_each_other_are_one_range() {
        let lines = BTreeSet::from([3, 4, 5, 9, 11, 12]);
        let rows: Vec<(u64, u64)> = ranges(&lines)
            .iter()
            .map(|row| {
                let of = |key: &str| row[key]["row"].as_u64().unwrap();
                (of("start"), of("end"))
            })
            .collect();
        assert_eq!(rows, [(3, 5), (9, 9), (11, 12)]);
        assert_eq!(percent(1, 2), 33.33);
        assert_eq!(percent(0, 0), 0.0);
        assert_eq!(percent(7, 0), 100.0);
    }
}
