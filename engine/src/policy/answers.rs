//! Answers of policies, kept between runs by what was asked, so that nothing is asked twice.
//! Knows nothing of how an answer comes about. Nothing that is signed relies on it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::answer::{RawFinding, RawReason};
use crate::model::{Digest, replace};

/// What a policy file says of one document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    pub(super) findings: Vec<RawFinding>,
    pub(super) reasons: Vec<RawReason>,
}

/// The answers of earlier runs and of this one.
///
/// They are kept in a text file: a line for each, `<question> <check> <answer>`, the question being the
/// digest of all that decides the answer, the check a digest of the rest of the line. A line that does
/// not hold counts for nothing, nor does a file of another version.
#[derive(Debug)]
pub struct Answers {
    path: PathBuf,
    kept: BTreeMap<Digest, Line>,
    /// Those of the kept ones that this run used.
    used: BTreeSet<Digest>,
    added: BTreeMap<Digest, String>,
    /// What this run is about, where no earlier one was.
    met: Option<String>,
    asked: usize,
}

/// A line of the file.
#[derive(Debug)]
struct Line {
    place: usize,
    text: String,
}

impl Answers {
    /// Reads those in `folder`; what cannot be read is not there.
    #[must_use]
    pub fn open(folder: &Path) -> Self {
        let path = Self::place(folder);
        Self {
            kept: read(&path).unwrap_or_default(),
            path,
            used: BTreeSet::new(),
            added: BTreeMap::new(),
            met: None,
            asked: 0,
        }
    }

    /// The file that keeps those in `folder`.
    #[must_use]
    pub fn place(folder: &Path) -> PathBuf {
        folder.join(FILE_NAME)
    }

    /// Whether an earlier run was about the same, so that what it asked is likely to be known; notes that this
    /// one is. Nothing but haste relies on it.
    pub(super) fn meets(&mut self, what: Digest) -> bool {
        let is_known = self.kept.contains_key(&what);
        if is_known {
            self.used.insert(what);
        } else {
            self.met = line_of(what, &Answer::default());
        }
        is_known
    }

    /// How many answers were known, of how many that were asked for.
    #[must_use]
    pub fn known(&self) -> (usize, usize) {
        (self.asked.saturating_sub(self.added.len()), self.asked)
    }

    /// Keeps the answers of this run, and those of earlier runs as long as there is room. What cannot
    /// be kept is no error: the next run is slower.
    pub fn save(&self) {
        if !self.added.is_empty() || self.met.is_some() {
            let _ = replace(&self.path, &self.text());
        }
    }

    pub(super) fn get(&mut self, question: Digest) -> Option<Answer> {
        self.asked += 1;
        let answer = answer_of(question, &self.kept.get(&question)?.text)?;
        self.used.insert(question);
        Some(answer)
    }

    pub(super) fn keep(&mut self, question: Digest, answer: &Answer) {
        if let Some(line) = line_of(question, answer) {
            self.added.insert(question, line);
        }
    }

    /// What is new first, then what was used, then the rest as it stood: the oldest goes first.
    fn text(&self) -> String {
        let kept = self.kept.iter();
        let mut kept: Vec<_> = kept
            .filter(|(question, _)| !self.added.contains_key(question))
            .map(|(question, line)| (!self.used.contains(question), line.place, &line.text))
            .collect();
        kept.sort();
        let kept = kept.into_iter().map(|(.., text)| text);
        let lines = self.met.iter().chain(self.added.values()).chain(kept);
        let mut text = String::from(HEADER);
        for line in lines
            .filter(|line| line.len() <= ANSWER_BYTES)
            .take(ANSWERS)
        {
            if text.len() + line.len() >= BYTES {
                break;
            }
            text.push('\n');
            text.push_str(line);
        }
        text
    }
}

fn read(path: &Path) -> Option<BTreeMap<Digest, Line>> {
    if fs::metadata(path).ok()?.len() > BYTES as u64 {
        return None;
    }
    let text = fs::read_to_string(path).ok()?;
    let mut lines = text.split('\n');
    if lines.next() != Some(HEADER) {
        return None;
    }
    let lines = lines.enumerate().filter_map(|(place, text)| {
        let question = Digest::parse(text.get(..DIGITS)?).ok()?;
        let text = text.to_owned();
        Some((question, Line { place, text }))
    });
    Some(lines.collect())
}

fn line_of(question: Digest, answer: &Answer) -> Option<String> {
    let json = serde_json::to_string(answer).ok()?;
    let check = check_of(question, &json);
    Some(format!("{question} {check} {json}"))
}

/// The answer of a line, where the line holds.
fn answer_of(question: Digest, line: &str) -> Option<Answer> {
    let (_, rest) = line.split_once(' ')?;
    let (check, json) = rest.split_once(' ')?;
    let holds = check == check_of(question, json).to_string();
    holds.then(|| serde_json::from_str(json).ok()).flatten()
}

/// Against damage and mixed up lines, not against malice: whoever may write the file may write this too.
fn check_of(question: Digest, json: &str) -> Digest {
    Digest::of(format!("{question} {json}").as_bytes())
}

const FILE_NAME: &str = "answers";
const HEADER: &str = concat!("tidegate answers 1, ", env!("CARGO_PKG_VERSION"));
/// The digits of a digest.
const DIGITS: usize = 64;
const ANSWERS: usize = 4_096;
/// The reasons for a tier of ten thousand changes fit in.
const ANSWER_BYTES: usize = 2 << 20;
const BYTES: usize = 8 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Effect;

    fn answer(message: &str) -> Answer {
        Answer {
            findings: vec![RawFinding {
                code: "t.bad".to_owned(),
                effect: Effect::Deny,
                object: None,
                field: None,
                fields: Vec::new(),
                message: message.to_owned(),
                remediation: None,
                setting: None,
            }],
            reasons: Vec::new(),
        }
    }

    fn question(number: usize) -> Digest {
        Digest::of(&number.to_be_bytes())
    }

    fn filled(folder: &Path, numbers: std::ops::Range<usize>) {
        let mut answers = Answers::open(folder);
        for number in numbers {
            answers.keep(question(number), &answer(&number.to_string()));
        }
        answers.save();
    }

    fn known(folder: &Path, number: usize) -> Option<Answer> {
        Answers::open(folder).get(question(number))
    }

    #[test]
    fn an_answer_comes_back_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("not/there/yet");
        assert_eq!(known(&place, 1), None);
        let mut answers = Answers::open(&place);
        let odd = answer("a\nb \u{2028} \"c\" \\ ü");
        answers.keep(question(1), &odd);
        answers.keep(question(2), &Answer::default());
        answers.save();
        let mut answers = Answers::open(&place);
        assert_eq!(answers.get(question(1)), Some(odd));
        assert_eq!(answers.get(question(2)), Some(Answer::default()));
        assert_eq!(answers.get(question(3)), None);
        answers.keep(question(3), &Answer::default());
        assert_eq!(answers.known(), (2, 3));
    }

    #[test]
    fn what_was_damaged_or_changed_places_counts_for_nothing() {
        let folder = tempfile::tempdir().unwrap();
        filled(folder.path(), 0..3);
        let path = folder.path().join(FILE_NAME);
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            fs::write(&path, &damaged).unwrap();
            let mut answers = Answers::open(folder.path());
            for number in 0..3 {
                let got = answers.get(question(number));
                assert!(got.is_none_or(|got| got == answer(&number.to_string())));
            }
            fs::write(&path, &whole[..at]).unwrap();
            let mut answers = Answers::open(folder.path());
            for number in 0..3 {
                let got = answers.get(question(number));
                assert!(got.is_none_or(|got| got == answer(&number.to_string())));
            }
        }
        let text = String::from_utf8(whole).unwrap();
        let [one, two] = [question(1), question(2)].map(|question| question.to_string());
        let swapped = text
            .replace(&one, "x")
            .replace(&two, &one)
            .replace('x', &two);
        fs::write(&path, swapped).unwrap();
        assert_eq!(
            [1, 2].map(|number| known(folder.path(), number)),
            [None, None]
        );
        assert!(known(folder.path(), 0).is_some());
        fs::write(&path, text.replace("answers 1, ", "answers 0, ")).unwrap();
        assert_eq!(known(folder.path(), 0), None);
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many() {
        let folder = tempfile::tempdir().unwrap();
        filled(folder.path(), 0..ANSWERS);
        let mut answers = Answers::open(folder.path());
        assert!(answers.get(question(7)).is_some());
        answers.keep(question(ANSWERS), &answer("new"));
        answers.save();
        let mut answers = Answers::open(folder.path());
        assert_eq!(answers.kept.len(), ANSWERS);
        assert!(answers.get(question(7)).is_some());
        assert!(answers.get(question(ANSWERS)).is_some());
        let gone = (0..ANSWERS).filter(|number| answers.get(question(*number)).is_none());
        assert_eq!(gone.count(), 1);
    }

    #[test]
    fn what_an_earlier_run_was_about_is_met_again_and_is_no_answer() {
        let folder = tempfile::tempdir().unwrap();
        let meets = |number: usize| {
            let mut answers = Answers::open(folder.path());
            let met = answers.meets(question(number));
            assert_eq!(answers.known(), (0, 0));
            answers.save();
            met
        };
        filled(folder.path(), 0..3);
        assert!(!meets(7) && meets(7) && !meets(8) && meets(8) && meets(7));
        assert_eq!(known(folder.path(), 1), Some(answer("1")));
        let before = fs::read(folder.path().join(FILE_NAME)).unwrap();
        assert!(meets(7));
        assert_eq!(fs::read(folder.path().join(FILE_NAME)).unwrap(), before);
    }

    #[test]
    fn an_answer_that_is_too_large_and_a_file_that_is_are_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let mut answers = Answers::open(folder.path());
        answers.keep(question(0), &answer(&"x".repeat(ANSWER_BYTES)));
        for number in 1..30 {
            answers.keep(question(number), &answer(&"x".repeat(ANSWER_BYTES / 2)));
        }
        answers.save();
        assert_eq!(known(folder.path(), 0), None);
        let path = folder.path().join(FILE_NAME);
        assert!(fs::metadata(&path).unwrap().len() <= BYTES as u64);
        assert!(!Answers::open(folder.path()).kept.is_empty());
        let whole = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{whole}\n{}", "x".repeat(BYTES))).unwrap();
        assert!(Answers::open(folder.path()).kept.is_empty());
    }
}
