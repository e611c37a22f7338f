//! The files through which a step of a GitHub job hands things on: outputs and the job summary.
//! Knows nothing of what they say; foreign text cannot end a value or begin another.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use super::{Error, Variables};

/// A file that the runner reads after the step, open for appending.
pub(super) struct RunnerFile {
    name: &'static str,
    file: File,
}

impl RunnerFile {
    /// Opens it before anything is judged: a result that cannot be handed on is no result.
    pub(super) fn open(variables: &Variables, name: &'static str) -> Result<Self, Error> {
        let path = variables.path(name)?;
        let failed = |reason: String| Error::File { name, reason };
        if !Path::new(&path).is_file() {
            return Err(failed("there is no such file".to_owned()));
        }
        let file = OpenOptions::new()
            .append(true)
            .open(&path)
            .map_err(|error| failed(error.to_string()))?;
        Ok(Self { name, file })
    }

    pub(super) fn append(&mut self, text: &str) -> Result<(), Error> {
        self.file
            .write_all(text.as_bytes())
            .map_err(|error| Error::File {
                name: self.name,
                reason: error.to_string(),
            })
    }
}

/// The outputs of the step, in the form of `GITHUB_OUTPUT`: each value between two lines that nobody
/// could have foreseen.
pub(super) fn outputs(values: &[(&str, String)], delimiter: &str) -> String {
    let mut text = String::new();
    for (name, value) in values {
        text += &format!("{name}<<{delimiter}\n{value}\n{delimiter}\n");
    }
    text
}

/// A word that no text of a repository holds.
pub(super) fn unforeseen() -> Result<String, Error> {
    let mut random = [0_u8; 16];
    getrandom::fill(&mut random).map_err(|error| Error::File {
        name: "random numbers",
        reason: error.to_string(),
    })?;
    let digits = random.iter().map(|byte| format!("{byte:02x}"));
    Ok(format!("tidegate-{}", digits.collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_several_lines_stays_one_value() {
        let values = [
            ("units", "prod/a\nprod/b".to_owned()),
            ("verdict", "pass".to_owned()),
        ];
        assert_eq!(
            outputs(&values, "xyz"),
            "units<<xyz\nprod/a\nprod/b\nxyz\nverdict<<xyz\npass\nxyz\n"
        );
    }

    #[test]
    fn no_delimiter_comes_twice() {
        let (one, other) = (unforeseen().unwrap(), unforeseen().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.len(), "tidegate-".len() + 32);
    }
}
