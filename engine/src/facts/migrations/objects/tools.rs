//! Which way a container lets a tool of migrations go, by the words that it starts it with.
//! Knows nothing of objects, nor of what the scripts do.

use crate::facts::migrations::naming::Engine;

/// A tool that takes away where it is told to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tool {
    pub(super) name: &'static str,
    /// What it is where scripts in two parts are its own.
    pub(super) engine: Option<Engine>,
    up: &'static [&'static str],
    down: &'static [&'static str],
    /// The words after which the next one is no command.
    valued: &'static [&'static str],
}

/// Which way a tool goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Surely up.
    Up,
    /// Back, or everything goes, by the word at this place.
    Down(usize),
    /// What decides it, at this place, is not known here.
    Untold(usize),
    /// It is told nothing that changes anything.
    Neither,
}

impl Tool {
    /// The tool that a path, or the name of an image, is.
    pub(super) fn of(path: &str) -> Option<&'static Self> {
        let name = path.rsplit('/').next()?;
        TOOLS.iter().find(|tool| tool.name == name)
    }

    /// The tool that a text of a shell tells to go down.
    pub(super) fn mentioned(text: &str) -> Option<&'static str> {
        let is_of_word = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
        let words: Vec<&str> = text.split(|letter| !is_of_word(letter)).collect();
        let tools = TOOLS.iter().filter(|tool| words.contains(&tool.name));
        let mut tools = tools.filter(|tool| words.iter().any(|word| is_among(tool.down, word)));
        tools.next().map(|tool| tool.name)
    }

    /// Which way it goes, told by these words after its name.
    pub(super) fn way(&self, words: &[&str]) -> Way {
        let down = words.iter().position(|word| is_among(self.down, word));
        if let Some(at) = down {
            return Way::Down(at);
        }
        let mut before = "";
        for (at, word) in words.iter().enumerate() {
            // What stands beside a variable stays: a place or a setting is no command.
            let may_be_any = word.contains('$') && !word.contains(['/', '=', ':', '@']);
            if may_be_any && !self.valued.contains(&before) {
                return Way::Untold(at);
            }
            before = word;
        }
        match words.iter().any(|word| is_among(self.up, word)) {
            true => Way::Up,
            false => Way::Neither,
        }
    }
}

fn is_among(commands: &[&str], word: &str) -> bool {
    let mut commands = commands.iter();
    commands.any(|command| command.eq_ignore_ascii_case(word))
}

const TOOLS: [Tool; 3] = [
    Tool {
        name: "goose",
        engine: Some(Engine::Goose),
        up: &["up", "up-by-one", "up-to"],
        down: &["down", "down-to", "redo", "reset"],
        // After its driver comes where the database is.
        valued: &[
            "-dir", "--dir", "-table", "--table", "mysql", "pgx", "postgres",
        ],
    },
    Tool {
        name: "dbmate",
        engine: Some(Engine::Dbmate),
        up: &["migrate", "up"],
        down: &["down", "drop", "rollback"],
        valued: &[
            "-d",
            "--migrations-dir",
            "--migrations-table",
            "-s",
            "--schema-file",
            "-u",
            "--url",
        ],
    },
    Tool {
        name: "flyway",
        engine: None,
        up: &["migrate"],
        down: &["clean", "undo"],
        valued: &[],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_goes_up_only_where_every_word_lets_it() {
        for (line, wanted) in [
            ("goose|-dir|/s|up", Way::Up),
            ("/bin/goose|-dir|$(DIR)|postgres|$(DSN)|up-to|7", Way::Up),
            ("goose|postgres|postgres://$(USER)@db/shop|up", Way::Up),
            ("goose|-dir|/s|down", Way::Down(2)),
            ("goose|-dir|/s|DOWN-TO|0", Way::Down(2)),
            ("goose|reset", Way::Down(0)),
            ("goose|up|redo", Way::Down(1)),
            ("goose|-dir|up|$(CMD)", Way::Untold(2)),
            ("goose|-v|$(CMD)|up", Way::Untold(1)),
            ("goose|$(A)own", Way::Untold(0)),
            ("goose|status", Way::Neither),
            ("goose", Way::Neither),
            ("dbmate|--url|$(URL)|up", Way::Up),
            ("dbmate|migrate", Way::Up),
            ("dbmate|drop", Way::Down(0)),
            ("dbmate|rollback", Way::Down(0)),
            ("dbmate|-d|/s|down", Way::Down(2)),
            ("flyway|-url=$(URL)|migrate", Way::Up),
            ("flyway|clean|migrate", Way::Down(0)),
            ("flyway|undo", Way::Down(0)),
        ] {
            let words: Vec<&str> = line.split('|').collect();
            let (name, words) = words.split_first().unwrap();
            assert_eq!(Tool::of(name).unwrap().way(words), wanted, "{line}");
        }
        assert_eq!(Tool::of("goose-docker"), None);
        assert_eq!(Tool::mentioned("cd /s && goose down-to 0"), Some("goose"));
        assert_eq!(Tool::mentioned("flyway 'clean'; x"), Some("flyway"));
        assert_eq!(Tool::mentioned("goose up; echo down_"), None);
        assert_eq!(Tool::mentioned("mongoose down"), None);
    }
}
