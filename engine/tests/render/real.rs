//! Tests that need the programs that render; without them they are left out.
//! `cargo test --test tests -- --ignored render::real` runs them.

mod helm;
mod kustomize;
mod remote;
mod shipped;
mod units;
