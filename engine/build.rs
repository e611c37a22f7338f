//! Embeds `policies/` and `schemas/` into the library.

fn main() {}
