//! Makes errors of what was met on the way.
//! Knows none of the ways.

use std::fmt;

use miette::{Diagnostic, LabeledSpan, SourceCode};

use super::Error;
use crate::config::{Environment, UnitKind};
use crate::manifest::Root;
use crate::model::RepoPath;

/// An error with the place where it was met, and with the way on from there. Its code stays.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {error}")]
pub struct Met {
    place: String,
    help: &'static str,
    error: Box<Error>,
}

impl Error {
    /// What was met, without where.
    pub(in crate::gate) fn cause(&self) -> &Self {
        match self {
            Self::Met(met) => met.error.cause(),
            error => error,
        }
    }

    /// What keeps `sign` and `admit` from knowing which chain of the gate to begin with.
    pub(in crate::gate) fn without_branch(self, environment: &str, revision: &str) -> Self {
        Self::Met(Met {
            place: format!(
                "which branch `{environment}` is deployed from is not known at `{revision}`"
            ),
            help: "the accepted state of the gate judges, but its branch is looked up in `tidegate.yaml` of this revision (of HEAD for `sign` and `baseline`): check out or name a commit whose configuration can be read and lists the environment",
            error: Box::new(self),
        })
    }

    /// A file below a kustomization or a chart.
    pub(in crate::gate) fn not_rendered(path: &RepoPath, root: &Root) -> Self {
        Self::NotRendered {
            path: path.to_string(),
            root: root.path.to_string(),
        }
    }

    /// A file below a kustomization or a chart that is gone at head.
    pub(in crate::gate) fn was_rendered(path: &RepoPath, root: &Root) -> Self {
        Self::WasRendered {
            path: path.to_string(),
            root: root.path.to_string(),
        }
    }

    /// A unit that the environment does not have.
    pub(in crate::gate) fn unknown_unit(environment: &Environment, name: &str) -> Self {
        let units = environment.units.iter();
        let known: Vec<&str> = units.map(|unit| unit.name.as_str()).collect();
        Self::UnknownName {
            kind: "unit",
            name: name.to_owned(),
            known: known.join(", "),
        }
    }

    /// No such unit among those of a commit.
    pub(in crate::gate) fn unknown_among(name: &str, known: &[String]) -> Self {
        Self::UnknownName {
            kind: "unit",
            name: name.to_owned(),
            known: known.join(", "),
        }
    }

    /// One unit must be named, since there are several.
    pub(in crate::gate) fn unit_needed(
        environment: &Environment,
        units: &[(String, UnitKind)],
    ) -> Self {
        let known: Vec<&str> = units.iter().map(|(name, _)| name.as_str()).collect();
        Self::UnitNeeded {
            environment: environment.name.clone(),
            known: known.join(", "),
        }
    }

    /// Keys that cannot be read.
    pub(in crate::gate) fn of_trust_file(self, path: &str) -> Self {
        Self::Met(Met {
            place: path.to_owned(),
            help: "`tidegate keys new` prints a whole trust file on standard output; with one that cannot be read nothing could be signed or admitted any more",
            error: Box::new(self),
        })
    }

    /// What only the base holds so, and its tree could mend.
    pub(in crate::gate) fn at_base(self) -> Self {
        use crate::render::Error as Render;
        if !matches!(
            &self,
            Self::Manifest(_)
                | Self::UnknownSource(_)
                | Self::UnreadableValues(_)
                | Self::Render(_)
        ) || matches!(&self, Self::Render(Render::Program(_)))
        {
            return self;
        }
        Self::Met(Met {
            place: "at the base of the range".to_owned(),
            help: "what was deployed from there is not known, so neither is what the range deletes of it: judge from the last commit in which it can be read, `tidegate check COMMIT..HEAD`, as `sign` does by itself, which judges from the newest link",
            error: Box::new(self),
        })
    }
}

impl Diagnostic for Met {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.error.code()
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.error.source_code()
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.error.labels()
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        self.error.related()
    }
}
