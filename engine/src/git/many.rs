//! Many objects by every processor, each thread with a handle of its own, the results in order.
//! Knows nothing of what is made of the objects.

use std::panic::resume_unwind;
use std::thread::{self, Builder};

use super::{Error, Repository};
use crate::model::processors;

impl Repository {
    /// What `work` makes of each item, in the order of the items. Whichever thread does it, the result
    /// is the same; a thread is begun for `share` items at least.
    ///
    /// # Errors
    /// As for [`Repository::reopen`].
    pub fn map_by_threads<T: Sync, R: Send>(
        &self,
        items: &[T],
        share: usize,
        work: impl Fn(&T, &Self) -> R + Sync,
    ) -> Result<Vec<R>, Error> {
        let size = items
            .len()
            .div_ceil(processors().min(MOST))
            .max(share.max(1));
        let mut shares = items.chunks(size);
        let Some(own) = shares.next() else {
            return Ok(Vec::new());
        };
        let all = |share: &[T], repository: &Self| -> Vec<R> {
            share.iter().map(|item| work(item, repository)).collect()
        };
        thread::scope(|scope| {
            let all = &all;
            let mut others = Vec::new();
            for share in shares {
                let handle = self.reopen()?;
                // A share that no thread could be started for is done here.
                let thread = Builder::new().spawn_scoped(scope, move || all(share, &handle));
                others.push(thread.map_err(|_| share));
            }
            let mut results = all(own, self);
            for other in others {
                results.extend(match other {
                    Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
                    Err(share) => all(share, self),
                });
            }
            Ok(results)
        })
    }
}

const MOST: usize = 16;
