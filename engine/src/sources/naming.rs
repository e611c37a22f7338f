//! What the unit of an object is called: by its kind, its namespace and its name alone, so that no other object that comes
//! or goes gives it another name. Knows no other object.

use super::deployment::Kind;
use super::flux::FLUX;
use crate::config::{DeployerKind, Deployers};
use crate::model::Digest;

/// How the objects of an environment are called.
#[derive(Clone, Debug)]
pub(super) struct Naming {
    /// The kind whose objects need not say it.
    own: &'static str,
    /// The namespace that they need not say.
    home: String,
}

impl Naming {
    /// Those of an environment: its deployer's own objects, in the namespace that it selects, else in the usual one.
    pub(super) fn of(selected: &Deployers) -> Self {
        let (own, home) = match selected.kind {
            DeployerKind::ArgoCd => (Kind::Application, ARGO_CD),
            DeployerKind::Flux => (Kind::Kustomization, FLUX),
        };
        Self {
            own: own.as_str(),
            home: selected
                .namespace
                .clone()
                .unwrap_or_else(|| home.to_owned()),
        }
    }

    /// The name of the unit: `name`, with `namespace--` before it where that is another one, and `kind--` before both where
    /// it is another kind.
    pub(super) fn unit(&self, kind: &str, namespace: Option<&str>, name: &str) -> String {
        let kind = (kind != self.own).then(|| kind.to_ascii_lowercase());
        let namespace = namespace.filter(|namespace| *namespace != self.home);
        let parts = kind.as_deref().into_iter().chain(namespace).chain([name]);
        shortened(parts.collect::<Vec<_>>().join(BETWEEN).replace('.', "-"))
    }
}

impl Default for Naming {
    /// As an environment of Applications has it that selects no namespace.
    fn default() -> Self {
        Self {
            own: Kind::Application.as_str(),
            home: ARGO_CD.to_owned(),
        }
    }
}

/// As long as a unit's name may be: what is longer ends in a digest of the whole.
fn shortened(name: String) -> String {
    match name.get(..LABEL - DIGITS - 1) {
        Some(first) if name.len() > LABEL => {
            let digest = Digest::of(name.as_bytes()).to_string();
            let digest = digest.get(..DIGITS).unwrap_or_default();
            format!("{}-{digest}", first.trim_end_matches('-'))
        }
        _ => name,
    }
}

/// Between the parts of a name.
const BETWEEN: &str = "--";
/// The namespace of a usual installation of Argo CD.
const ARGO_CD: &str = "argocd";
/// How long the name of a unit may be.
const LABEL: usize = 63;
const DIGITS: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    fn named(kind: &str, namespace: Option<&str>, name: &str) -> String {
        Naming::default().unit(kind, namespace, name)
    }

    #[test]
    fn a_name_says_what_is_not_usual() {
        for (kind, namespace, wanted) in [
            ("Application", None, "web-eu"),
            ("Application", Some("argocd"), "web-eu"),
            ("Application", Some("shop"), "shop--web-eu"),
            ("ApplicationSet", Some("argocd"), "applicationset--web-eu"),
            ("HelmRelease", Some("shop"), "helmrelease--shop--web-eu"),
        ] {
            assert_eq!(named(kind, namespace, "web.eu"), wanted);
        }
    }

    #[test]
    fn a_long_name_is_a_label_of_its_own() {
        let long = "a".repeat(61);
        let short = named("Application", Some("shop"), &long);
        assert_eq!(short.len(), 63, "{short}");
        assert!(short.starts_with("shop--aaaa"), "{short}");
        assert_ne!(
            short,
            named("Application", Some("shop"), &format!("{long}b"))
        );
        assert_eq!(named("Application", None, &"a".repeat(63)).len(), 63);
    }
}
