//! All integration tests in one binary.

mod architecture;
#[cfg(test)]
mod check;
#[cfg(test)]
mod ci;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod contracts;
#[cfg(test)]
mod foreign;
#[cfg(test)]
mod git;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod policies;
#[cfg(test)]
mod real;
#[cfg(test)]
mod render;
#[cfg(test)]
mod sign;
#[cfg(test)]
mod support;
#[cfg(test)]
mod yaml_table;
