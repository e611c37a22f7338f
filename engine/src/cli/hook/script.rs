//! The text of the hooks, and how to know it again.
//! Touches no file.

/// What is about to happen when Git asks a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hook {
    Commit,
    /// `git merge` asks this one in the place of `pre-commit`.
    Merge,
    Push,
}

impl Hook {
    pub(super) const ALL: [Self; 3] = [Self::Commit, Self::Merge, Self::Push];

    /// The name of its file.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Commit => "pre-commit",
            Self::Merge => "pre-merge-commit",
            Self::Push => "pre-push",
        }
    }

    /// The line that a hook of somebody else needs.
    pub(super) fn chained(self) -> &'static str {
        match self {
            Self::Commit | Self::Merge => "tidegate check --staged || exit",
            Self::Push => "tidegate check --pre-push=\"$1\" || exit",
        }
    }

    /// The script. Where the program is gone and none is on the PATH, the shell says so and the hook fails.
    pub(super) fn script(self, program: &str) -> String {
        let program = quoted(program);
        let arguments = self.arguments();
        format!(
            "{HEAD}tidegate={program}\n[ -x \"$tidegate\" ] || tidegate=tidegate\nexec \"$tidegate\" {arguments}\n"
        )
    }

    /// Whether [`Hook::script`] made this text, for whatever program.
    pub(super) fn wrote(self, text: &str) -> bool {
        let program = text
            .strip_prefix(HEAD)
            .and_then(|rest| rest.strip_prefix("tidegate='"))
            .and_then(|rest| rest.split_once("'\n"))
            .map(|(program, _)| program.replace(r"'\''", "'"));
        program.is_some_and(|program| self.script(&program) == text)
    }

    fn arguments(self) -> &'static str {
        match self {
            Self::Commit | Self::Merge => "check --staged",
            Self::Push => "check --pre-push=\"$1\"",
        }
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

const HEAD: &str = "\
#!/bin/sh
# Written by `tidegate hook install`; `tidegate hook uninstall` removes it, unless it was changed.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_knows_its_own_text_and_no_other() {
        for program in ["/usr/bin/tidegate", "/o'brien/$(x)/ti de"] {
            for hook in Hook::ALL {
                let text = hook.script(program);
                assert!(hook.wrote(&text), "{text}");
                assert!(!hook.wrote(&format!("{text}echo mine\n")));
                assert!(!hook.wrote(&text.replace("exec", "echo; exec")));
            }
        }
        assert!(!Hook::Commit.wrote(&Hook::Push.script("/x")));
        assert!(!Hook::Commit.wrote(""));
    }
}
