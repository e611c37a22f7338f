//! All integration tests in one binary.

mod architecture;
#[cfg(test)]
mod git;
#[cfg(test)]
mod support;
#[cfg(test)]
mod yaml_table;
