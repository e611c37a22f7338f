//! What the benches share: the numbers of their command line, and how times are taken and printed.
//! Knows nothing of what is timed.

use std::error::Error;
use std::time::Duration;

pub(crate) type Outcome<T> = Result<T, Box<dyn Error>>;

/// The numbers of the command line, to which Cargo adds `--bench`.
pub(crate) fn numbers() -> Outcome<Vec<usize>> {
    let numbers = std::env::args().skip(1).filter(|it| !it.starts_with('-'));
    Ok(numbers.map(|it| it.parse()).collect::<Result<_, _>>()?)
}

/// How long each of so many runs takes.
pub(crate) fn measured(
    runs: usize,
    mut once: impl FnMut() -> Outcome<Duration>,
) -> Outcome<Vec<Duration>> {
    (0..runs).map(|_| once()).collect()
}

/// What stands above [`figures`].
pub(crate) fn heading() -> String {
    format!("{:>9}{:>9}{:>9}", "min", "median", "max")
}

/// The least, the median and the most, in milliseconds.
pub(crate) fn figures(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |place: usize| {
        times
            .get(place)
            .map_or(0.0, |time| time.as_secs_f64() * 1e3)
    };
    let (median, last) = (at(times.len() / 2), at(times.len().saturating_sub(1)));
    format!("{:>9.2}{median:>9.2}{last:>9.2}", at(0))
}
