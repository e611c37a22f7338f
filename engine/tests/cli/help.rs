//! The help of every command: the reference of the command line.

use super::{assert_snapshot, root, said, tidegate};

#[test]
fn the_help_of_every_command_is_as_its_snapshot_shows() {
    let mut pages = String::new();
    page(&[], &mut pages);
    assert_snapshot("help.txt", &pages);
}

/// The page of one command and of those below it.
fn page(command: &[&str], pages: &mut String) {
    let output = tidegate(&root()).args(command).arg("--help").output();
    let (text, exit) = said(&output.unwrap());
    assert_eq!(exit, 0, "{command:?}: {text}");
    pages.push_str(&format!(
        "$ {}\n{text}\n",
        [&["tidegate"], command, &["--help"]].concat().join(" ")
    ));
    let Some((_, listed)) = text.split_once("Commands:\n") else {
        return;
    };
    for row in listed.lines().take_while(|row| row.starts_with("  ")) {
        match row.split_whitespace().next() {
            // A row that goes on, and what clap adds itself.
            _ if row.starts_with("   ") => {}
            None | Some("help") => {}
            Some(name) => page(&[command, &[name]].concat(), pages),
        }
    }
}
