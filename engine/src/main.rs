//! The binary: parse, read the clock, dispatch, exit code.

fn main() {}
