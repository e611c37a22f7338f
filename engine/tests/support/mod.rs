//! What several test files share. Knows nothing of what they test.

mod loose;
mod repo;

pub(crate) use repo::{Repo, run};
