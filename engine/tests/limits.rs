//! Every limit at its number, one above and ten times above.
//! Knows the public functions that enforce them; `elsewhere` names the tests of the others.

pub(crate) mod elsewhere;
mod files;
mod histories;
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
    let elsewhere: Vec<&Limit> = elsewhere::TESTS.iter().map(|(limit, _)| limit).collect();
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
