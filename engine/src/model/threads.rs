//! Work on the items of a list by every processor, the results in the order of the items.
//! Knows nothing of the work.

use std::panic::resume_unwind;
use std::sync::LazyLock;
use std::thread::{self, Builder};

/// What `work` makes of each item and its place. Whichever thread does it, the result is the same.
pub(crate) fn map_by_threads<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(usize, &T) -> R + Sync,
) -> Vec<R> {
    let all = |(nth, share): (usize, &[T]), size: usize| -> Vec<R> {
        let items = share.iter().enumerate();
        items
            .map(|(at, item)| work(nth * size + at, item))
            .collect()
    };
    let size = items.len().div_ceil(processors().min(MOST)).max(SHARE);
    let mut shares = items.chunks(size).enumerate();
    let Some(first) = shares.next() else {
        return Vec::new();
    };
    thread::scope(|scope| {
        let all = &all;
        // A share that no thread could be started for is done here.
        let others: Vec<_> = shares
            .map(|share| {
                let thread = Builder::new().spawn_scoped(scope, move || all(share, size));
                thread.map_err(|_| share)
            })
            .collect();
        let mut results = all(first, size);
        for other in others {
            results.extend(match other {
                Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
                Err(share) => all(share, size),
            });
        }
        results
    })
}

/// How many processors the process may use. Linux tells by files, which are read once.
pub(crate) fn processors() -> usize {
    *PROCESSORS
}

static PROCESSORS: LazyLock<usize> =
    LazyLock::new(|| thread::available_parallelism().map_or(1, usize::from));
/// Items that are worth a thread.
const SHARE: usize = 4;
const MOST: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_has_its_result_at_its_place() {
        for count in [0, 1, 4, 5, 99] {
            let items: Vec<usize> = (0..count).map(|item| item * 3).collect();
            let results = map_by_threads(&items, |at, item| (at, *item));
            let expected: Vec<_> = (0..count).map(|at| (at, at * 3)).collect();
            assert_eq!(results, expected);
        }
    }

    #[test]
    #[should_panic(expected = "the last one")]
    fn a_panic_of_any_thread_is_one_of_the_whole() {
        map_by_threads(&[0; 40], |at, _| assert!(at < 39, "the last one"));
    }
}
