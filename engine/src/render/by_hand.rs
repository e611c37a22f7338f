//! What a renderer did not do, with the command by which a person sees its words: they are not shown here,
//! since they may hold values.
//! Runs nothing.

use std::ffi::OsString;
use std::fmt;

use miette::Diagnostic;

use super::{Program, ProgramError};
use crate::manifest::secrets::without_secrets;
use crate::model::{RepoPath, abridged, limits};

/// A program that was started for a folder and did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{root}: {error}")]
pub struct RunError {
    /// The file that makes the folder what it is.
    root: RepoPath,
    command: ByHand,
    error: ProgramError,
}

/// A command for the root of a checkout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ByHand {
    text: String,
    /// What the command alone does not do.
    beside: Option<&'static str>,
}

impl RunError {
    pub(super) fn new(root: RepoPath, command: ByHand, error: ProgramError) -> Self {
        Self {
            root,
            command,
            error,
        }
    }
}

impl ByHand {
    /// `program` with `arguments`, of which none is a secret.
    pub(super) fn of(program: &Program, folder: &RepoPath, arguments: &[OsString]) -> Self {
        let folder = match folder.as_bytes() {
            b"" => ".".to_owned(),
            _ => folder.to_string(),
        };
        let arguments = arguments.iter().map(|argument| argument.to_string_lossy());
        let words = [program.name, program.command, &folder].map(quoted);
        let words = words
            .into_iter()
            .chain(arguments.map(|word| quoted(&word)))
            .collect::<Vec<_>>();
        Self {
            text: words.join(" "),
            beside: None,
        }
    }

    /// With another command before it.
    pub(super) fn after(mut self, first: &str, folder: &RepoPath) -> Self {
        let folder = quoted(&folder.to_string());
        self.text = format!("{first} {folder} && {}", self.text);
        self
    }

    /// With what it does not do.
    pub(super) fn beside(mut self, what: &'static str) -> Self {
        self.beside = Some(what);
        self
    }
}

impl fmt::Display for ByHand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = abridged(&self.text, limits::MESSAGE_LENGTH.most / 4);
        write!(f, "by hand, at the root of a checkout: `{text}`")?;
        match self.beside {
            Some(what) => write!(f, ", {what}"),
            None => Ok(()),
        }
    }
}

/// The code is the program's.
impl Diagnostic for RunError {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.error.code()
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.error.help()?;
        Some(Box::new(format!("{help}; {}", self.command)))
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let cut = without_secrets(word);
    let word = cut.as_deref().unwrap_or(word);
    let is_plain = |c: char| c.is_alphanumeric() || "_-./:=,@%+…".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::code_of;

    #[test]
    fn the_command_can_be_given_to_a_shell() {
        let program = Program {
            name: "helm",
            version: "v3".to_owned(),
            path: "/bin/helm".into(),
            command: "template",
        };
        let arguments = ["--set", "a=b c", "--set", "q=it's", "--values", "v/a.yaml"];
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        let command = ByHand::of(&program, &"apps/x".into(), &arguments);
        let wanted = "by hand, at the root of a checkout: `helm template apps/x --set 'a=b c' --set 'q=it'\\''s' --values v/a.yaml`";
        assert_eq!(command.to_string(), wanted);
        let root = ByHand::of(&program, &"".into(), &[]).beside("on top of which it rains");
        assert!(
            root.to_string()
                .ends_with("`helm template .`, on top of which it rains")
        );
        let url = ["a=https://u:hunter2@h/x".into(), "password=hunter2".into()];
        let shown =
            ByHand::of(&program, &"a b".into(), &url).after("helm dependency build", &"a b".into());
        let wanted =
            "helm dependency build 'a b' && helm template 'a b' 'a=https://***@h/x' 'password=***'";
        assert_eq!(shown.text, wanted);
    }

    #[test]
    fn a_program_that_failed_is_told_with_its_file_and_the_command() {
        let command = ByHand {
            text: "kustomize build apps/x".to_owned(),
            beside: None,
        };
        let error = ProgramError::Failed {
            program: "/bin/kustomize".to_owned(),
            status: 1,
            said: "it said nothing".to_owned(),
        };
        let error = RunError::new("apps/x/kustomization.yaml".into(), command, error);
        assert_eq!(code_of(&error), "render.tool-failed");
        assert_eq!(
            error.to_string(),
            "apps/x/kustomization.yaml: `/bin/kustomize` ended with status 1: it said nothing"
        );
        let help = error.help().unwrap().to_string();
        assert!(help.ends_with("`kustomize build apps/x`"), "{help}");
    }
}
