//! Commands that send away what another one wrote, through a pipe or a file.
//! Knows the programs by name; what a variable stands for is not read.

use serde_json::Value;

use super::programs;
use super::shell::Simple;

/// Where what `simple` takes is sent, of the commands after it: nothing where it is not sent, and no place where that is
/// not written.
pub(super) fn sent(
    (simple, after): (&Simple, &[Simple]),
    file: Option<&str>,
    container: &Value,
) -> Option<Option<String>> {
    after.iter().find_map(|other| {
        let words = sending(other)?;
        let is_joined = other.pipeline == simple.pipeline;
        let takes = match is_joined {
            true => reads_pipe(other),
            false => file.is_some_and(|file| names(words, file)),
        };
        if !takes {
            return None;
        }
        match programs::of(other.program()) {
            Some(program) => Some(program.place(other, container)),
            None => destination(words).map(literal),
        }
    })
}

/// The words after the one by which a command sends.
fn sending(simple: &Simple) -> Option<&[String]> {
    if let Some(program) = programs::of(simple.program()) {
        let sends = program.sends && !program.dumps && program.idles(simple).is_none();
        return simple.words.get(1..).filter(|_| sends);
    }
    let (_, verbs) = SENDERS.iter().find(|it| it.0 == simple.program())?;
    let place = simple
        .words
        .iter()
        .position(|it| verbs.contains(&it.as_str()))?;
    simple.words.get(place + 1..)
}

/// Whether it takes what comes through a pipe.
fn reads_pipe(simple: &Simple) -> bool {
    let mut words = simple.words.iter().skip(1);
    words.any(|word| PIPES.contains(&word.as_str()))
}

/// Whether a word is the file, or the folder in which it lies, or what was made of it.
fn names(words: &[String], file: &str) -> bool {
    let is_below = |long: &str, short: &str| short.len() > 1 && long.starts_with(short);
    let mut words = words.iter().filter(|word| !word.starts_with('-'));
    words.any(|word| is_below(word, file) || is_below(file, word))
}

/// Where to: a place outside, or a variable that may be one.
fn destination(words: &[String]) -> Option<&str> {
    let plain = words.iter().map(String::as_str);
    let plain = plain.filter(|word| !word.starts_with(['-', '/', '.']));
    let is_store = |word: &&str| SCHEMES.iter().any(|it| word.starts_with(it));
    let is_outside = |word: &&str| word.contains([':', '$', '/']);
    let mut stores = plain.clone().filter(is_store);
    stores.next().or_else(|| plain.clone().rfind(is_outside))
}

/// As far as it is written.
fn literal(place: &str) -> Option<String> {
    let said = match place.find(['$', '`']) {
        Some(end) => place[..end].rsplit_once('/')?.0,
        None => place,
    };
    let said = said.trim_end_matches('/');
    (!said.is_empty() && !said.ends_with(':')).then(|| said.to_owned())
}

/// What sends, and the words by which it does.
const SENDERS: [(&str, &[&str]); 9] = [
    ("aws", &["cp", "mv", "sync"]),
    ("az", &["upload", "upload-batch"]),
    ("azcopy", &["copy", "cp", "sync"]),
    ("gcloud", &["cp", "mv", "rsync"]),
    ("gsutil", &["cp", "mv", "rsync"]),
    ("mc", &["cp", "mirror", "mv", "pipe"]),
    ("mcli", &["cp", "mirror", "mv", "pipe"]),
    (
        "rclone",
        &["copy", "copyto", "move", "moveto", "rcat", "sync"],
    ),
    ("s3cmd", &["put", "sync"]),
];

/// The words by which it takes what comes through a pipe.
const PIPES: [&str; 5] = ["-", "--stdin", "/dev/stdin", "pipe", "rcat"];

/// How places of stores begin.
const SCHEMES: [&str; 4] = ["s3://", "gs://", "azure://", "https://"];
