//! The simple commands that a container runs, as far as its words and the text that it gives to a shell tell.
//! Knows no program that backs up, and runs nothing: what a variable stands for is not read.

use serde_json::Value;

/// A simple command, without what stands before its program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Simple {
    /// Its words, without quotes; the program comes first.
    pub(super) words: Vec<String>,
    /// The files that its output goes to.
    pub(super) writes: Vec<String>,
    /// What is joined by `|` has one number.
    pub(super) pipeline: usize,
}

impl Simple {
    /// The name of its program.
    pub(super) fn program(&self) -> &str {
        self.words.first().map(|it| base(it)).unwrap_or_default()
    }

    /// As it is written, cut short; for people.
    pub(super) fn shown(&self) -> String {
        let words = self.words.iter().take(3).map(String::as_str);
        words.collect::<Vec<&str>>().join(" ")
    }
}

/// What a container runs: its command and its arguments, or what these give to a shell.
pub(super) fn commands(container: &Value) -> Vec<Simple> {
    let parts = ["command", "args"].into_iter();
    let parts = parts.filter_map(|part| container.get(part)?.as_array());
    let words = parts.flatten().filter_map(Value::as_str);
    let whole = Simple {
        words: words.map(str::to_owned).collect(),
        ..Simple::default()
    };
    let mut found = Vec::new();
    unwrap(whole, DEEP, &mut found);
    found
}

/// What a shell runs that is given a text.
pub(super) fn of_line(text: &str) -> Vec<Simple> {
    let mut found = Vec::new();
    of_text(text, 0, DEEP, &mut found);
    found
}

/// The commands of a text, and of the texts that it gives to shells. The first pipeline goes on with one that has begun.
fn of_text(text: &str, first: usize, deep: usize, found: &mut Vec<Simple>) {
    let mut lexer = Lexer::default();
    lexer.read(text);
    let (mut number, mut before) = (first, None);
    for mut simple in lexer.found {
        if before.is_some_and(|before| before != simple.pipeline) {
            let last = found.last().map_or(number, |it| it.pipeline.max(number));
            number = last + 1;
        }
        before = Some(simple.pipeline);
        simple.pipeline = number;
        unwrap(simple, deep, found);
    }
}

/// Takes off what only starts another program.
fn unwrap(mut simple: Simple, deep: usize, found: &mut Vec<Simple>) {
    let is_before = |word: &String| KEYWORDS.contains(&word.as_str()) || is_assignment(word);
    let start = simple.words.iter().position(|word| !is_before(word));
    simple.words.drain(..start.unwrap_or(simple.words.len()));
    let is_open = simple.program() != "kubectl" || simple.words.iter().any(|it| it == "--");
    if RUNNERS.contains(&simple.program()) && is_open {
        let mut words = simple.words.iter().skip(1);
        let inner = words.position(|word| is_shell(base(word)) || is_known(base(word)));
        if let Some(inner) = inner {
            simple.words.drain(..=inner);
        }
    }
    let text = match simple.program() {
        program if is_shell(program) => script(&simple.words),
        "su" | "runuser" => script(&simple.words),
        "eval" => {
            let words: Vec<&str> = simple.words.iter().skip(1).map(String::as_str).collect();
            Some(words.join(" "))
        }
        _ => None,
    };
    match text {
        Some(text) if deep > 0 => of_text(&text, simple.pipeline, deep - 1, found),
        _ if simple.words.is_empty() => {}
        _ => found.push(simple),
    }
}

/// What a shell is given after `-c`, in whatever group of letters that stands.
fn script(words: &[String]) -> Option<String> {
    let is_it = |word: &String| {
        let letters = word.strip_prefix('-').filter(|it| !it.starts_with('-'));
        letters.is_some_and(|it| it.ends_with('c'))
    };
    let place = words.iter().position(is_it)?;
    let mut rest = words.iter().skip(place + 1);
    rest.find(|word| !word.starts_with('-')).cloned()
}

fn is_shell(program: &str) -> bool {
    ["sh", "bash", "ash", "dash", "ksh", "zsh"].contains(&program)
}

fn is_known(program: &str) -> bool {
    super::programs::is_known(program)
}

fn is_assignment(word: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let name = word.split_once('=').map(|it| it.0);
    name.is_some_and(|name| !name.is_empty() && name.chars().all(is_letter))
}

/// The last part of a path.
fn base(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or_default()
}

/// Takes a text apart into its simple commands.
#[derive(Default)]
struct Lexer {
    found: Vec<Simple>,
    simple: Simple,
    word: Option<String>,
    /// The next word is a file: one that output goes to, or another.
    file: Option<bool>,
    pipeline: usize,
    /// The words at which the texts end that follow the line.
    here: Vec<String>,
    is_here: bool,
}

impl Lexer {
    fn read(&mut self, text: &str) {
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            let after = &rest[next.len_utf8()..];
            rest = match next {
                '\\' => self.escaped(after),
                '\'' | '"' => self.quoted(next, after),
                '`' => self.raw(next, after, '`'),
                '$' if after.starts_with(['(', '{']) => self.substituted(after),
                '#' if self.word.is_none() => after.find('\n').map_or("", |end| &after[end..]),
                '\n' => {
                    self.end(true);
                    self.skip_here(after)
                }
                ';' | '(' | ')' => {
                    self.end(true);
                    after
                }
                '&' if after.starts_with('>') => after,
                '&' => {
                    self.end(true);
                    after.strip_prefix('&').unwrap_or(after)
                }
                '|' => self.bar(after),
                '<' | '>' => self.redirected(next, after),
                space if space.is_whitespace() => {
                    self.end_word();
                    after
                }
                letter => {
                    self.push(letter);
                    after
                }
            };
        }
        self.end(true);
    }

    fn push(&mut self, letter: char) {
        self.word.get_or_insert_default().push(letter);
    }

    fn escaped<'t>(&mut self, after: &'t str) -> &'t str {
        let Some(letter) = after.chars().next() else {
            return after;
        };
        if letter != '\n' {
            self.push(letter);
        }
        &after[letter.len_utf8()..]
    }

    /// To the quote that ends it. Between double ones a backslash may stand before what would end them.
    fn quoted<'t>(&mut self, quote: char, after: &'t str) -> &'t str {
        let word = self.word.get_or_insert_default();
        let mut letters = after.char_indices();
        while let Some((place, letter)) = letters.next() {
            match letter {
                _ if letter == quote => return &after[place + 1..],
                '\\' if quote == '"' => match letters.next() {
                    Some((_, next)) if "\\\"$`".contains(next) => word.push(next),
                    Some((_, '\n')) | None => {}
                    Some((_, next)) => word.extend(['\\', next]),
                },
                _ => word.push(letter),
            }
        }
        ""
    }

    /// As it stands, to what ends it.
    fn raw<'t>(&mut self, first: char, after: &'t str, last: char) -> &'t str {
        let end = after
            .find(last)
            .map_or(after.len(), |it| it + last.len_utf8());
        let word = self.word.get_or_insert_default();
        word.push(first);
        word.push_str(&after[..end]);
        &after[end..]
    }

    /// What stands for the output of a command, or a variable: as it stands.
    fn substituted<'t>(&mut self, after: &'t str) -> &'t str {
        let mut depth = 0_usize;
        let end = after.char_indices().find_map(|(place, letter)| {
            match letter {
                '(' | '{' => depth += 1,
                ')' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            (depth == 0).then_some(place + 1)
        });
        let end = end.unwrap_or(after.len());
        let word = self.word.get_or_insert_default();
        word.push('$');
        word.push_str(&after[..end]);
        &after[end..]
    }

    fn bar<'t>(&mut self, after: &'t str) -> &'t str {
        if let Some(after) = after.strip_prefix('|') {
            self.end(true);
            return after;
        }
        self.end(false);
        after.strip_prefix('&').unwrap_or(after)
    }

    /// A number before it says which output it is; only what is read by others counts.
    fn redirected<'t>(&mut self, sign: char, after: &'t str) -> &'t str {
        let is_number =
            |it: &String| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit());
        let number = self.word.take_if(|it| is_number(it));
        self.end_word();
        if let Some(after) = after.strip_prefix('<').filter(|_| sign == '<') {
            self.is_here = !after.starts_with('<');
            self.file = Some(false);
            return after.trim_start_matches(['<', '-']);
        }
        let is_output = sign == '>' && number.is_none_or(|it| it == "1");
        let after = after.trim_start_matches(['>', '|']);
        // `2>&1` names no file.
        self.file = Some(is_output && !after.starts_with('&'));
        after.trim_start_matches('&')
    }

    /// Skips the texts that follow a line, each to its last word.
    fn skip_here<'t>(&mut self, after: &'t str) -> &'t str {
        let mut rest = after;
        for last in std::mem::take(&mut self.here) {
            while !rest.is_empty() {
                let (line, next) = rest.split_once('\n').unwrap_or((rest, ""));
                rest = next;
                if line.trim() == last {
                    break;
                }
            }
        }
        rest
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else {
            return;
        };
        match self.file.take() {
            Some(_) if std::mem::take(&mut self.is_here) => self.here.push(word),
            Some(true) => self.simple.writes.push(word),
            Some(false) => {}
            None => self.simple.words.push(word),
        }
    }

    /// The end of a command, and of its pipeline where `is_last`.
    fn end(&mut self, is_last: bool) {
        self.end_word();
        self.file = None;
        let mut simple = std::mem::take(&mut self.simple);
        simple.pipeline = self.pipeline;
        if !simple.words.is_empty() || !simple.writes.is_empty() {
            self.found.push(simple);
        }
        if is_last {
            self.pipeline += 1;
        }
    }
}

/// How many shells may stand in each other.
const DEEP: usize = 4;

/// What may stand before a command.
const KEYWORDS: [&str; 12] = [
    "!", "{", "}", "do", "elif", "else", "fi", "if", "then", "time", "until", "while",
];

/// What starts another program, whose words follow its own.
const RUNNERS: [&str; 21] = [
    "chpst",
    "chronic",
    "command",
    "dumb-init",
    "env",
    "envdir",
    "exec",
    "flock",
    "gosu",
    "ionice",
    "kubectl",
    "nice",
    "nohup",
    "runuser",
    "setpriv",
    "stdbuf",
    "su",
    "su-exec",
    "sudo",
    "timeout",
    "tini",
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Vec<String> {
        let container = json!({"command": ["sh", "-ec", text]});
        let found = commands(&container);
        let shown = found.iter().map(|it| {
            let writes: Vec<String> = it.writes.iter().map(|it| format!(" > {it}")).collect();
            format!("{}: {}{}", it.pipeline, it.words.join("|"), writes.concat())
        });
        shown.collect()
    }

    #[test]
    fn simple_commands_are_told_without_what_stands_before_them() {
        for (text, wanted) in [
            ("restic backup /a", vec!["0: restic|backup|/a"]),
            (
                "set -e; A=b timeout 9 restic backup '/a b'",
                vec!["0: set|-e", "1: restic|backup|/a b"],
            ),
            (
                "pg_dump x | gzip > /b/$(date +%F).gz",
                vec!["0: pg_dump|x", "0: gzip > /b/$(date +%F).gz"],
            ),
            ("pg_dump x 2>/dev/null >&2", vec!["0: pg_dump|x"]),
            (
                "if ! restic \"ba\"ck\\up \"$D\"; then exit 1; fi",
                vec!["0: restic|backup|$D", "1: exit|1"],
            ),
            (
                "# restic backup\necho 'restic backup' && true",
                vec!["0: echo|restic backup", "1: true"],
            ),
            (
                "cat <<EOF > /x\nrestic backup\nEOF\nborg create",
                vec!["0: cat > /x", "1: borg|create"],
            ),
            (
                "bash -o pipefail -c 'a | b' || c",
                vec!["0: a", "0: b", "1: c"],
            ),
            ("kubectl -n x exec p -- pg_dump x", vec!["0: pg_dump|x"]),
            ("kubectl delete restic", vec!["0: kubectl|delete|restic"]),
            (
                "su postgres -c \"pgbackrest backup\"",
                vec!["0: pgbackrest|backup"],
            ),
            (
                "echo \\\"; (restic backup)",
                vec!["0: echo|\"", "1: restic|backup"],
            ),
            (
                "x; sh -c 'a; b'; c | d",
                vec!["0: x", "1: a", "2: b", "3: c", "3: d"],
            ),
            ("a | sh -c b", vec!["0: a", "0: b"]),
            ("'", vec!["0: "]),
            ("a $(b", vec!["0: a|$(b"]),
        ] {
            assert_eq!(read(text), wanted, "{text}");
        }
    }

    #[test]
    fn words_that_no_shell_reads_are_one_command() {
        let container = json!({"command": ["/usr/bin/restic"], "args": ["backup", "/a; b"]});
        let found = commands(&container);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].program(), found[0].words.len()), ("restic", 3));
        assert_eq!(commands(&json!({"image": "x"})), []);
    }
}
