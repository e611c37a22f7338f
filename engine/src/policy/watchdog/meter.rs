//! How much processor time a thread has used, as far as the system tells; Linux does.
//! Knows nothing of what the thread does, and sets no limit.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Asks about one thread from another.
#[derive(Clone, Debug, Default)]
pub(super) struct Meter {
    /// Empty until the thread has begun; `None` where the system does not tell.
    file: Arc<OnceLock<Option<PathBuf>>>,
}

impl Meter {
    /// Measures the thread that calls this.
    pub(super) fn begin(&self) {
        let task = fs::read_link("/proc/thread-self").ok();
        let file = task.map(|task| Path::new("/proc").join(task).join("schedstat"));
        // A thread begins once.
        let _ = self.file.set(file);
    }

    /// What the thread has used since it began.
    pub(super) fn used(&self) -> Option<Duration> {
        match self.file.get() {
            None => Some(Duration::ZERO),
            Some(file) => {
                let line = fs::read_to_string(file.as_deref()?).ok()?;
                let nanos = line.split(' ').next()?.parse().ok()?;
                Some(Duration::from_nanos(nanos))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn a_thread_that_did_not_begin_has_used_nothing() {
        assert_eq!(Meter::default().used(), Some(Duration::ZERO));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn waiting_is_no_use_and_work_is() {
        let meter = Meter::default();
        meter.begin();
        thread::sleep(Duration::from_millis(300));
        let slept = meter.used().unwrap();
        assert!(slept < Duration::from_millis(200), "{slept:?}");
        let enough = slept + Duration::from_millis(50);
        while meter.used().unwrap() < enough {
            std::hint::spin_loop();
        }
    }
}
