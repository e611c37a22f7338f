//! What templates ask of the cluster that they are rendered for: its version, and the APIs that it has.
//! Knows what the deployer tells of these, and nothing of any cluster.
//!
//! Source: Argo CD, `helm.kubeVersion` and `helm.apiVersions` of a source; Helm, `DefaultCapabilities`.

use super::body::{self, Token, Tokens};
use crate::model::abridged;
use crate::render::{Deployer, Helm};

/// A question whose answer is not in the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unknown {
    /// In bytes.
    pub(super) at: usize,
    /// What is asked.
    pub(super) what: String,
    /// What to do about it.
    pub(super) remedy: &'static str,
}

/// The first question of a template that the cluster could answer otherwise than Helm does here.
pub(super) fn unknown(text: &str, options: &Helm, deployer: Deployer) -> Option<Unknown> {
    body::bodies(text).iter().find_map(|body| {
        let mut tokens = body.tokens.as_slice();
        while let [(at, token), rest @ ..] = tokens {
            let asked = match token {
                Token::Field("Capabilities") => Some(Asked::of(*at, rest)),
                Token::Field("HelmVersion") => Some(Asked::Helm),
                // `$caps.APIVersions`, `with .Capabilities`.
                Token::Field("APIVersions") => Some(Asked::of_apis(*at, rest)),
                Token::Quoted(text) if inside(text) == Some("Capabilities") => Some(Asked::All),
                _ => None,
            };
            if let Some((what, remedy)) = asked.and_then(|it| it.unanswered(options, deployer)) {
                return Some(Unknown {
                    at: *at,
                    what,
                    remedy,
                });
            }
            tokens = rest;
        }
        None
    })
}

/// What is asked.
enum Asked<'a> {
    /// `.Capabilities.KubeVersion`.
    Version,
    /// `.Capabilities.APIVersions.Has "policy/v1"`.
    Has(&'a str),
    /// The APIs in any other way.
    Apis,
    /// `.Capabilities` as a whole.
    All,
    /// `.Capabilities.HelmVersion`.
    Helm,
    Nothing,
}

impl<'a> Asked<'a> {
    /// Of `.Capabilities`, which stands at `at`, and of what stands behind it.
    fn of(at: usize, rest: Tokens<'_, 'a>) -> Self {
        match rest.first() {
            Some((next, Token::Field(name))) if *next == at + ".Capabilities".len() => {
                match *name {
                    "KubeVersion" => Self::Version,
                    // These are found by themselves.
                    "APIVersions" | "HelmVersion" => Self::Nothing,
                    _ => Self::All,
                }
            }
            _ => Self::All,
        }
    }

    fn of_apis(at: usize, rest: Tokens<'_, 'a>) -> Self {
        match rest {
            [(next, Token::Field("Has")), (_, Token::Quoted(text)), ..]
                if *next == at + ".APIVersions".len() =>
            {
                inside(text).map_or(Self::Apis, Self::Has)
            }
            _ => Self::Apis,
        }
    }

    /// What the deployer was not told, and what to do.
    fn unanswered(self, options: &Helm, deployer: Deployer) -> Option<(String, &'static str)> {
        let flux = deployer == Deployer::Flux;
        let version = options.kube_version.is_none();
        let apis = options.api_versions.as_ref();
        let has = |api: &str| format!("whether the cluster has `{}`", abridged(api, SHOWN));
        match self {
            Self::Version | Self::All if version => {
                Some(("for the version of Kubernetes".to_owned(), VERSION))
            }
            Self::Has(api) if !flux && ALWAYS.contains(&api) => None,
            // Helm renders here as if a cluster had all that Helm knows, and Flux asks the cluster.
            Self::Has(api) if flux && is_known_to_helm(api) => {
                let listed = apis.is_some_and(|apis| apis.iter().any(|listed| listed == api));
                (!listed).then(|| (has(api), APIS_OF_FLUX))
            }
            Self::Has(api) => apis.is_none().then(|| (has(api), APIS)),
            Self::Apis | Self::All if apis.is_none() => {
                Some(("which APIs the cluster has".to_owned(), APIS))
            }
            Self::Apis | Self::All if flux => Some((
                "for all APIs of the cluster at once".to_owned(),
                ALL_OF_FLUX,
            )),
            Self::Helm => Some(("which Helm renders it".to_owned(), HELM)),
            Self::Version | Self::Apis | Self::All | Self::Nothing => None,
        }
    }
}

/// The text between quotes, where it stands for itself.
fn inside(quoted: &str) -> Option<&str> {
    let inner = quoted.get(1..quoted.len().checked_sub(1)?)?;
    (!inner.contains('\\')).then_some(inner)
}

/// Whether Helm may take an API for one of any cluster: it knows groups of Kubernetes itself, and no kinds.
fn is_known_to_helm(api: &str) -> bool {
    let group = match api.split_once('/') {
        Some((group, version)) if !version.contains('/') => group,
        Some(_) => return false,
        None => "",
    };
    !group.contains('.') || group.ends_with(".k8s.io")
}

/// How much is shown of the name of an API.
const SHOWN: usize = 80;

/// What each Helm of these years says of any cluster, if it is not asked itself.
const ALWAYS: &[&str] = &[
    "v1",
    "admissionregistration.k8s.io/v1",
    "apiextensions.k8s.io/v1",
    "apiextensions.k8s.io/v1beta1",
    "apps/v1",
    "apps/v1beta1",
    "apps/v1beta2",
    "authentication.k8s.io/v1",
    "authorization.k8s.io/v1",
    "autoscaling/v1",
    "autoscaling/v2",
    "batch/v1",
    "batch/v1beta1",
    "certificates.k8s.io/v1",
    "coordination.k8s.io/v1",
    "discovery.k8s.io/v1",
    "events.k8s.io/v1",
    "extensions/v1beta1",
    "networking.k8s.io/v1",
    "networking.k8s.io/v1beta1",
    "node.k8s.io/v1",
    "policy/v1",
    "policy/v1beta1",
    "rbac.authorization.k8s.io/v1",
    "rbac.authorization.k8s.io/v1beta1",
    "scheduling.k8s.io/v1",
    "storage.k8s.io/v1",
];

const VERSION: &str = "say it in `tidegate.yaml`, for all environments or for one: `render: {kube-version: 1.34.0}`; or in the Application: `helm.kubeVersion`";
const APIS: &str = "list those that charts ask for and the cluster has, `[]` if it has none of them, in `tidegate.yaml`, for all environments or for one: `render: {api-versions: [monitoring.coreos.com/v1]}`; or in the Application: `helm.apiVersions`";
const APIS_OF_FLUX: &str = "if the cluster has it, list it in `tidegate.yaml`, for all environments or for one: `render: {api-versions: [policy/v1]}`; if not, take the question out of the template: Helm answers yes here";
const ALL_OF_FLUX: &str = "Flux asks the cluster, and Helm adds APIs of its own here: ask for one by its name, as `.Capabilities.APIVersions.Has \"policy/v1\"`";
const HELM: &str =
    "the deployer has a Helm of its own: let the template give the same for each version";

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kube_version: Option<&str>, api_versions: Option<&[&str]>) -> Helm {
        Helm {
            kube_version: kube_version.map(str::to_owned),
            api_versions: api_versions.map(|apis| apis.iter().map(ToString::to_string).collect()),
            ..Helm::default()
        }
    }

    fn asks(text: &str, options: &Helm, deployer: Deployer) -> bool {
        unknown(text, options, deployer).is_some()
    }

    #[test]
    fn the_version_and_the_apis_of_the_cluster_are_known_where_they_are_told() {
        let version = told(Some("1.34.0"), None);
        let apis = told(None, Some(&["policy/v1"]));
        let both = told(Some("1.34.0"), Some(&["policy/v1"]));
        for (text, by) in [
            ("{{ .Capabilities.KubeVersion.Minor }}", [true, false]),
            ("{{ (.Capabilities.KubeVersion).Minor }}", [true, false]),
            (
                "{{ $.Capabilities.APIVersions.Has \"a.example/v1\" }}",
                [false, true],
            ),
            (
                "{{ .Capabilities.APIVersions.Has \"policy/v1/PodDisruptionBudget\" }}",
                [false, true],
            ),
            ("{{ has \"x\" .Capabilities.APIVersions }}", [false, true]),
            (
                "{{ .Capabilities.APIVersions.Has .version }}",
                [false, true],
            ),
            ("{{ $c := .Capabilities }}{{ $c.KubeVersion }}", [false; 2]),
            ("{{ (.Capabilities).KubeVersion }}", [false; 2]),
            (
                "{{ with .Capabilities }}{{ .KubeVersion }}{{ end }}",
                [false; 2],
            ),
            ("{{ get . \"Capabilities\" | toYaml }}", [false; 2]),
        ] {
            assert!(asks(text, &told(None, None), Deployer::ArgoCd), "{text}");
            let known = [&version, &apis].map(|told| !asks(text, told, Deployer::ArgoCd));
            assert_eq!(known, by, "{text}");
            assert!(!asks(text, &both, Deployer::ArgoCd), "{text}");
        }
        let helm = "{{ $c := .Capabilities }}{{ $c.HelmVersion.Version }}";
        assert!(asks(helm, &both, Deployer::ArgoCd));
    }

    #[test]
    fn what_helm_says_of_any_cluster_is_asked_of_the_cluster_by_flux_alone() {
        let text = "{{ .Capabilities.APIVersions.Has \"policy/v1\" }}";
        assert!(!asks(text, &told(None, None), Deployer::ArgoCd));
        assert!(asks(text, &told(None, Some(&[])), Deployer::Flux));
        assert!(!asks(
            text,
            &told(None, Some(&["policy/v1"])),
            Deployer::Flux
        ));
        let other = "{{ .Capabilities.APIVersions.Has \"a.example/v1\" }}";
        assert!(asks(other, &told(None, None), Deployer::Flux));
        assert!(!asks(other, &told(None, Some(&[])), Deployer::Flux));
        let any = "{{ .Capabilities.APIVersions.Has .version }}";
        assert!(asks(any, &told(Some("1.34"), Some(&[])), Deployer::Flux));
    }

    #[test]
    fn other_words_ask_nothing() {
        for text in [
            "Capabilities {{ .Values.Capability }} {{/* .Capabilities.KubeVersion */}}",
            "{{ toYaml .Values.securityContext.capabilities }} {{ print \".Capabilities.KubeVersion\" }}",
            "{{ .Chart.KubeVersion }}",
        ] {
            assert!(!asks(text, &told(None, None), Deployer::Flux), "{text}");
        }
    }
}
