//! What the arguments of the clients of PostgreSQL say: statements, files, and databases and roles that come or go.
//! Knows nothing of objects, nor of what the statements do.

/// What an argument says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// SQL.
    Statement(String),
    /// The path of a file of SQL.
    File(String),
}

/// A program that speaks to a database.
enum Client {
    Psql,
    /// One that sends a single statement.
    Of(&'static str),
}

/// What a client is told by its arguments, each with the place of the word that says it, and how many words stand before
/// the client: all of them where none is one.
pub(super) fn said(words: &[&str]) -> (usize, Vec<(usize, Said)>) {
    let mut programs = words.iter().enumerate();
    let found = programs.find_map(|(at, word)| Some((at, client(word)?)));
    let Some((at, client)) = found else {
        return (words.len(), Vec::new());
    };
    let own = words.get(at..).unwrap_or_default();
    let said = match client {
        Client::Psql => of_psql(own),
        Client::Of(statement) => {
            // Which one it is does not matter to what it does, and another one is another statement.
            let named = own.get(1..).unwrap_or_default().join(" ");
            let named = named.replace('"', "\"\"");
            vec![(0, Said::Statement(format!("{statement} \"{named}\"")))]
        }
    };
    let said = said.into_iter().map(|(nth, it)| (at + nth, it));
    (at, said.collect())
}

/// The client that a word is by its path; `None` where it is more than a path.
fn client(word: &str) -> Option<Client> {
    if !word.chars().all(is_of_path) {
        return None;
    }
    match word.rsplit('/').next()? {
        "psql" => Some(Client::Psql),
        "dropdb" => Some(Client::Of("DROP DATABASE")),
        "dropuser" => Some(Client::Of("DROP ROLE")),
        "createdb" => Some(Client::Of("CREATE DATABASE")),
        "createuser" => Some(Client::Of("CREATE ROLE")),
        _ => None,
    }
}

fn is_of_path(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "._-/".contains(letter)
}

/// Whatever may be a path in a text of a shell.
pub(super) fn paths(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split(|letter| !is_of_path(letter));
    parts.filter(|part| !part.is_empty())
}

/// The files that a text of a shell gives to a client that it calls.
pub(super) fn fed(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut before = "";
    for word in text.split_whitespace() {
        let joined = word
            .strip_prefix("--file=")
            .or_else(|| word.strip_prefix('<'));
        let joined = joined.filter(|path| !path.is_empty());
        let path = joined.or_else(|| ["-f", "--file", "<"].contains(&before).then_some(word));
        found.extend(path.and_then(|path| paths(path).next()));
        before = word;
    }
    found
}

/// The client that a text of a shell calls by its name.
pub(super) fn mentioned(text: &str) -> Option<&str> {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let mut words = text.split(|letter| !is_letter(letter));
    words.find(|word| CLIENTS.contains(word))
}

fn of_psql(words: &[&str]) -> Vec<(usize, Said)> {
    let mut found = Vec::new();
    let mut at = 1;
    while let Some(word) = words.get(at) {
        let option = match word.strip_prefix("--") {
            Some("") => break,
            Some(long) => long_option(long),
            None => word.strip_prefix('-').and_then(short_option),
        };
        if let Some((kind, joined)) = option {
            let (place, value) = match joined {
                Some(value) => (at, Some(value)),
                None => {
                    at += 1;
                    (at, words.get(at).copied())
                }
            };
            let value = value.map(str::to_owned);
            found.extend(match kind {
                Kind::Command => value.map(|text| (place, Said::Statement(text))),
                Kind::File => value.map(|path| (place, Said::File(path))),
                Kind::Other => None,
            });
        }
        at += 1;
    }
    found
}

/// An option that takes a value.
#[derive(Clone, Copy)]
enum Kind {
    Command,
    File,
    Other,
}

/// An option by its long name, which may be cut short, and its value where it is joined on.
fn long_option(long: &str) -> Option<(Kind, Option<&str>)> {
    let (name, value) = match long.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (long, None),
    };
    let is = |whole: &str, least: usize| name.len() >= least && whole.starts_with(name);
    if is("command", "co".len()) {
        return Some((Kind::Command, value));
    }
    is("file", "fil".len()).then_some((Kind::File, value))
}

/// The first option of a cluster that takes a value, which is the rest of the word or the next one: `-Xc`, `-tAcSELECT`.
fn short_option(cluster: &str) -> Option<(Kind, Option<&str>)> {
    let (at, letter) = cluster
        .char_indices()
        .find(|(_, letter)| VALUED.contains(*letter))?;
    let rest = cluster.get(at + letter.len_utf8()..);
    let kind = match letter {
        'c' => Kind::Command,
        'f' => Kind::File,
        _ => Kind::Other,
    };
    Some((kind, rest.filter(|rest| !rest.is_empty())))
}

/// The short options of `psql` that take a value.
const VALUED: &str = "cdfFhLopPRTUv";
/// The clients that change what a database holds.
pub(super) const CLIENTS: [&str; 4] = ["psql", "dropdb", "dropuser", "createuser"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read_as_their_programs_do() {
        let sql = |at: usize, text: &str| (at, Said::Statement(text.to_owned()));
        let file = |at: usize, path: &str| (at, Said::File(path.to_owned()));
        for (line, wanted) in [
            ("psql|-c|x", vec![sql(2, "x")]),
            ("psql|-Xc|x", vec![sql(2, "x")]),
            ("psql|-tAc|x|-c|y", vec![sql(2, "x"), sql(4, "y")]),
            ("psql|-Xcx", vec![sql(1, "x")]),
            ("/usr/bin/psql|--command=x", vec![sql(1, "x")]),
            ("psql|--comm|x", vec![sql(2, "x")]),
            ("psql|--csv|x", vec![]),
            ("psql|-h|-c|-c|x", vec![sql(4, "x")]),
            ("psql|-hc|-U|c|x", vec![]),
            ("psql|-f|/s/a", vec![file(2, "/s/a")]),
            ("psql|-1f/s/a", vec![file(1, "/s/a")]),
            ("psql|--file=/s/a", vec![file(1, "/s/a")]),
            ("psql|-c", vec![]),
            ("psql|--|-c|x", vec![]),
            (
                "dropdb|--if-exists|shop",
                vec![sql(0, "DROP DATABASE \"--if-exists shop\"")],
            ),
            ("dropuser|a\"b", vec![sql(0, "DROP ROLE \"a\"\"b\"")]),
            ("createdb|shop", vec![sql(0, "CREATE DATABASE \"shop\"")]),
        ] {
            let words: Vec<&str> = line.split('|').collect();
            assert_eq!(said(&words), (0, wanted), "{line}");
        }
        let wrapped = said(&["env", "A=b", "/bin/psql", "-c", "x"]);
        assert_eq!(wrapped, (2, vec![sql(4, "x")]));
        assert_eq!(said(&["pg_dump", "-c"]), (2, vec![]));
        assert_eq!(said(&["sh", "-c", "x; /bin/psql"]), (3, vec![]));
        assert_eq!(said(&[]), (0, vec![]));
        assert_eq!(mentioned("set -e; dropdb x"), Some("dropdb"));
        assert_eq!(mentioned("echo psqlx"), None);
        let fed = fed("psql -f '/s/a' --file=/s/b < /s/c </s/d; odoo -c /s/e");
        assert_eq!(fed, ["/s/a", "/s/b", "/s/c", "/s/d"]);
    }
}
