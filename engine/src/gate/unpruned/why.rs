//! Why something stays in the cluster as it was, in words, and what to do about that.
//! Compares no states.

use std::fmt;

use super::Event;
use crate::sources::{Deployment, Kind, Place};

/// Why it stays.
#[derive(Clone, Debug)]
pub(super) enum Why {
    /// Its own object says so.
    Own(&'static str),
    /// So does the set that makes it.
    Set(By),
    /// So does what applies it.
    Other {
        by: By,
        kind: Kind,
        then: Then,
        /// What to do about it, where that is not what is done of others.
        remedy: Option<String>,
    },
}

/// What says that it stays.
#[derive(Clone, Debug)]
pub(super) struct By {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) why: &'static str,
}

/// What becomes of what applied it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// It is there still.
    Stays,
    /// It goes as well.
    Goes,
    /// It applies nothing until somebody says so.
    Rests,
    /// It is what stays, and applies itself as it was.
    Persists,
}

impl Why {
    /// Whether what applies it is at rest, so that it cannot be told by what is applied.
    pub(super) const fn is_resting(&self) -> bool {
        matches!(
            self,
            Self::Other {
                then: Then::Rests | Then::Persists,
                ..
            }
        )
    }

    /// Whether it applies itself, so that no change of the tree mends that.
    pub(super) const fn is_persisting(&self) -> bool {
        matches!(
            self,
            Self::Other {
                then: Then::Persists,
                ..
            }
        )
    }

    pub(super) fn remedy(&self, event: Event) -> String {
        let (name, kind, then) = match self {
            Self::Own(_) => return "remove what keeps it".to_owned(),
            Self::Set(By { name, .. }) => {
                return format!("remove `applicationsSync` from `{name}`");
            }
            Self::Other {
                remedy: Some(remedy),
                ..
            } => return remedy.clone(),
            Self::Other { by, kind, then, .. } => (&by.name, *kind, *then),
        };
        match (kind, then) {
            _ if event == Event::IsMoved => format!(
                "let `{name}` apply where it did, and another one what is to be at the new place"
            ),
            (Kind::Application, Then::Stays | Then::Rests | Then::Persists) => {
                format!("let `{name}` prune (`syncPolicy: {{automated: {{prune: true}}}}`)")
            }
            (Kind::Application, Then::Goes) => {
                format!("give `{name}` the finalizer `resources-finalizer.argocd.argoproj.io`")
            }
            (Kind::Kustomization | Kind::HelmRelease, _) => {
                format!(
                    "let `{name}` prune (`prune: true`, and neither suspended nor with another `deletionPolicy`)"
                )
            }
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, does, goes, By { name, place, why }) = match self {
            Self::Own(why) => return f.write_str(why),
            Self::Set(by) => ("ApplicationSet", "makes", "", by),
            Self::Other { by, kind, then, .. } => {
                let goes = match then {
                    Then::Goes => "goes as well and ",
                    Then::Stays | Then::Rests | Then::Persists => "",
                };
                (kind.as_str(), "applies", goes, by)
            }
        };
        write!(
            f,
            "the {kind} `{name}` ({place}), which {does} it, {goes}{why}"
        )
    }
}

/// Puts an applier between an object and a reason.
pub(super) fn other(by: &Deployment, why: &'static str, then: Then) -> Why {
    Why::Other {
        by: By {
            name: by.name.clone(),
            place: by.place.clone(),
            why,
        },
        kind: by.kind,
        then,
        remedy: None,
    }
}

/// The same, for what keeps it idle.
pub(super) fn idle(by: &Deployment) -> Option<Why> {
    let idle = by.prune.idle?;
    let remedy = format!("{} `{}`", idle.remedy, by.name);
    Some(told(other(by, idle.why, Then::Rests), remedy))
}

/// The same, for what takes it from another revision than the one of the branch that is judged.
pub(super) fn pinned(by: &Deployment, branch: &str) -> Why {
    let name = &by.name;
    let remedy = match by.kind {
        Kind::Application => {
            format!("let `{name}` follow the branch that is judged (`targetRevision: {branch}`)")
        }
        Kind::Kustomization | Kind::HelmRelease => format!(
            "let the source of `{name}` follow the branch that is judged (`ref: {{branch: {branch}}}`)"
        ),
    };
    told(other(by, PINNED, Then::Rests), remedy)
}

/// The same, of one that takes itself from there, which no change of the tree comes to.
pub(super) fn pinned_by_itself(one: &Deployment, branch: &str) -> Why {
    let remedy = format!(
        "`{}` takes back what the tree says of it by applying itself as it is at that revision: as soon as `{branch}` says what it is to be, apply that by hand, and accept the state by `tidegate baseline`",
        one.name
    );
    told(other(one, PINNED, Then::Persists), remedy)
}

/// The same, with what to do about it.
pub(super) fn told(mut why: Why, what: String) -> Why {
    if let Why::Other { remedy, .. } = &mut why {
        *remedy = Some(what);
    }
    why
}

const PINNED: &str = "takes it from another revision of this repository";
