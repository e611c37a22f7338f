//! What several test files share. Knows nothing of what they test.

mod git_http;
mod loose;
mod pack;
pub(crate) mod registry;
mod repo;
pub(crate) mod signed;

pub(crate) use git_http::{GitHttp, publish, silent_host};
pub(crate) use pack::{Packed, delta};
pub(crate) use repo::{Repo, run};
