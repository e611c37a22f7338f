//! How a command line ends that asks for help or for the version: with 0 where it asks for nothing else. A range or a
//! branch that reads like `-h` is no wish for help, and a gate that only showed its help let nothing through.

use std::ffi::OsString;

use clap::CommandFactory as _;

use super::Cli;
use super::common::Error;
use super::terminal::Terminal;
use crate::model::Exit;
use crate::report::sanitise;

/// Prints what clap has to say.
pub(super) fn end(error: &clap::Error, arguments: &[OsString], terminal: &mut Terminal) -> Exit {
    let exit = terminal.print_clap(error);
    match beside(arguments) {
        Some(text) if exit == Exit::Pass => {
            let text = sanitise::line(&text);
            terminal.print_error(&Error::HelpBeside { text })
        }
        _ => exit,
    }
}

/// The first argument that neither names a command nor asks for help.
fn beside(arguments: &[OsString]) -> Option<String> {
    let mut command = Cli::command();
    for argument in arguments.iter().skip(1) {
        let Some(text) = argument.to_str() else {
            return Some(argument.to_string_lossy().into_owned());
        };
        if ASKING.contains(&text) {
            continue;
        }
        command = match command.find_subcommand(text) {
            Some(inner) => inner.clone(),
            None => return Some(text.to_owned()),
        };
    }
    None
}

const ASKING: [&str; 5] = ["-h", "--help", "-V", "--version", "help"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_beside_a_question_is_found() {
        for (line, wanted) in [
            ("tidegate --help", None),
            ("tidegate check -h", None),
            ("tidegate calendar show --help", None),
            ("tidegate help policy test", None),
            ("tidegate -V", None),
            ("tidegate check -h..main", Some("-h..main")),
            ("tidegate check -h --merge-into main", Some("--merge-into")),
            ("tidegate check main --help", Some("main")),
            ("tidegate check check -h", Some("check")),
        ] {
            let line: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            assert_eq!(beside(&line).as_deref(), wanted, "{line:?}");
        }
    }
}
