//! Exit codes, the same for every output format, and which one an error means.
//! Knows no error type; it reads their codes.

use miette::Diagnostic;

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Pass, not applicable, or observed.
    Pass = 0,
    /// Judged and denied.
    Denied = 1,
    /// Wrong arguments.
    Usage = 2,
    /// Could not judge.
    Unjudged = 3,
    /// A verdict does not admit this (`verify`, `admit`).
    Refused = 4,
    /// A bug in tidegate.
    Bug = 70,
    /// Temporary; a retry may help.
    Temporary = 75,
}

impl Exit {
    /// The number that the process returns.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The one of two that counts: 70 > 2 > 3 > 4 > 1 > 75 > 0.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        if self.rank() >= other.rank() {
            self
        } else {
            other
        }
    }

    /// What an error means for the process: by its code, and 3 where nothing else is said.
    #[must_use]
    pub fn of_error(error: &dyn Diagnostic) -> Self {
        Self::of_code(&code_of(error))
    }

    /// What the stable code of an error means for the process.
    #[must_use]
    pub fn of_code(code: &str) -> Self {
        let area = code.split('.').next().unwrap_or_default();
        match (area, code) {
            ("usage", _)
            | (
                _,
                "range.not-ancestor"
                | "ci.ambiguous"
                | "ci.event-cannot-sign"
                | "ci.event-cannot-comment",
            ) => Self::Usage,
            ("bug", _) => Self::Bug,
            ("refused", _) | (_, "store.left-behind") => Self::Refused,
            (
                _,
                "store.unreachable"
                | "store.conflict"
                | "net.unavailable"
                | "git.worktree-changed"
                | "argo.no-result"
                | "promote.overtaken"
                | "work.busy",
            ) => Self::Temporary,
            _ => Self::Unjudged,
        }
    }

    fn rank(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Temporary => 1,
            Self::Denied => 2,
            Self::Refused => 3,
            Self::Unjudged => 4,
            Self::Usage => 5,
            Self::Bug => 6,
        }
    }
}

/// The stable code of an error, `area.kebab-case`.
///
/// Sources write it as a path (`code(git::not_a_repository)`), since that is what the derive takes.
#[must_use]
pub fn code_of(error: &dyn Diagnostic) -> String {
    error.code().map_or_else(
        || "bug.no-code".to_owned(),
        |code| code.to_string().replace("::", ".").replace('_', "-"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Exit; 7] = [
        Exit::Pass,
        Exit::Temporary,
        Exit::Denied,
        Exit::Refused,
        Exit::Unjudged,
        Exit::Usage,
        Exit::Bug,
    ];

    #[test]
    fn no_event_lowers_the_exit() {
        for (low, a) in ALL.into_iter().enumerate() {
            for (high, b) in ALL.into_iter().enumerate() {
                assert_eq!(a.max(b), if low >= high { a } else { b });
            }
        }
    }
}
