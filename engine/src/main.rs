//! The binary: hands arguments, clock and streams to the library's command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    tidegate::cli::run()
}
