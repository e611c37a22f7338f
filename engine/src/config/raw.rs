//! The configuration file as it is written: types that only have the right shape.
//! Knows nothing of what the values mean; the JSON Schema is generated from here.

mod calendars;
mod many;
mod rendering;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub(super) use self::calendars::{RawBlocks, RawCalendar, RawEnds, RawRepeat, RawScope, RawWindow};
pub(super) use self::many::{Many, WEEKDAY};
pub use self::rendering::RenderTool;
pub(super) use self::rendering::{RawDeployers, RawOnline, RawRender, RawSourceRender, RawTool};
use super::profile::Profile;
use crate::model::{Enforcement, RiskTier, Stage, limits};

/// Configuration of tidegate: `tidegate.yaml` or `.github/tidegate.yaml`.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(title = "tidegate configuration, version 1")]
pub(super) struct RawConfig {
    /// The version of this format.
    #[serde(rename = "apiVersion", default)]
    pub(super) api_version: ApiVersion,
    /// Where things are deployed. One environment with a name and its paths is a working configuration.
    #[schemars(extend("minItems" = 1, "maxItems" = limits::ENVIRONMENTS.most))]
    pub(super) environments: Vec<RawEnvironment>,
    /// Globs of paths that no environment claims, on purpose.
    #[serde(default)]
    #[schemars(extend("maxItems" = limits::GLOBS.most))]
    pub(super) unmanaged: Vec<String>,
    /// Which policies run, and with which defaults.
    #[serde(default)]
    pub(super) profile: Profile,
    /// What objects are to the business, added to the built-in table.
    #[serde(default)]
    #[schemars(extend("maxProperties" = limits::COMPONENTS.most))]
    pub(super) components: BTreeMap<String, RawComponent>,
    /// When what may not change, by a name that environments refer to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = limits::CALENDARS.most))]
    pub(super) calendars: BTreeMap<String, RawCalendar>,
    /// Settings of the policy `risk-tier`.
    #[serde(default)]
    pub(super) risk: Map<String, Value>,
    /// Settings of the policy `image-signatures`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(super) images: Map<String, Value>,
    /// Settings of the policy `backup-coverage`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(super) backups: Map<String, Value>,
    /// Settings of the policy `resource-limits`.
    #[serde(default)]
    pub(super) resources: Map<String, Value>,
    /// Dated, owned, reasoned permissions, each for one kind of finding on named objects.
    #[serde(default)]
    #[schemars(extend("maxItems" = limits::EXCEPTIONS.most))]
    pub(super) exceptions: Vec<RawException>,
    /// Settings of the policies without a section of their own, by folder name.
    #[serde(default)]
    pub(super) policies: BTreeMap<String, Map<String, Value>>,
    /// What verdicts say and how long they hold.
    #[serde(default)]
    pub(super) verdict: RawVerdict,
    /// How sources are rendered; an environment may say otherwise.
    #[serde(default, skip_serializing_if = "RawRender::is_empty")]
    pub(super) render: RawRender,
    /// What `--online` may fetch.
    #[serde(default, skip_serializing_if = "RawOnline::is_empty")]
    pub(super) online: RawOnline,
    /// URLs under which Argo CD and Flux know this repository, beside `verdict.repository`; or
    /// `GitRepository/NAMESPACE/NAME` for one of Flux that is not in the tree, or that something changes
    /// before it is applied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(regex(pattern = REPOSITORY)), extend("maxItems" = limits::REPOSITORIES.most))]
    pub(super) repositories: Vec<String>,
    /// What generators of an `ApplicationSet` give that only a cluster or a server knows, by the name of
    /// the `ApplicationSet`: a list of parameters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = limits::GENERATORS.most))]
    pub(super) generators: BTreeMap<String, Vec<Map<String, Value>>>,
    /// What `ConfigMaps` and Secrets hold that Flux puts into what it applies and that are not in the tree,
    /// are encrypted there or are changed before they are applied, by `KIND/NAMESPACE/NAME`; a mapping without
    /// keys says that there is none. Of a Secret in the tree it says all that it holds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = limits::GENERATORS.most))]
    pub(super) values: BTreeMap<String, BTreeMap<String, String>>,
}

/// The versions that are understood.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema)]
pub(super) enum ApiVersion {
    /// The first.
    #[default]
    #[serde(rename = "tidegate.dev/v1")]
    V1,
}

/// Where things are deployed.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "Environment")]
pub(super) struct RawEnvironment {
    /// A DNS label, unique in the file; `gate` is reserved.
    #[schemars(regex(pattern = DNS_LABEL))]
    pub(super) name: String,
    /// What it is for.
    #[serde(default = "defaults::stage")]
    pub(super) stage: Stage,
    /// Whether a denial stops anything.
    #[serde(default = "defaults::enforcement")]
    pub(super) enforcement: Enforcement,
    /// The protected branch it is deployed from.
    #[serde(default = "defaults::branch")]
    pub(super) branch: String,
    /// The IANA time zone in which its dates are meant.
    #[serde(default = "defaults::timezone")]
    pub(super) timezone: String,
    /// The highest risk tier that may go there.
    #[serde(default = "defaults::max_tier")]
    pub(super) max_tier: RiskTier,
    /// Whom it serves.
    #[serde(default)]
    #[schemars(inner(length(min = 1)))]
    pub(super) tenants: Vec<String>,
    /// The cluster it runs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub(super) cluster: Option<String>,
    /// The region it runs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub(super) region: Option<String>,
    /// The calendars that hold for it, by their names in `calendars`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(regex(pattern = DNS_LABEL)), extend("maxItems" = limits::CALENDARS.most))]
    pub(super) calendars: Vec<String>,
    /// Globs of its files, judged together as one unit. Either this, `sources`, `applications` or
    /// `kustomizations`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minItems" = 1, "maxItems" = limits::GLOBS.most))]
    pub(super) paths: Option<Vec<String>>,
    /// Its sources, each a unit of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minItems" = 1, "maxItems" = limits::UNITS.most))]
    pub(super) sources: Option<Vec<RawSource>>,
    /// Where its Argo CD Applications and `ApplicationSet`s are; each Application is a unit: by its name, behind
    /// `NAMESPACE--` where it stands in another namespace than `namespace`, else `argocd`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) applications: Option<RawDeployers>,
    /// Where its Flux Kustomizations and `HelmRelease`s are; each is a unit: by its name, behind `NAMESPACE--`
    /// where it stands in another namespace than `namespace`, else `flux-system`, and `helmrelease--` before both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) kustomizations: Option<RawDeployers>,
    /// How its sources are rendered, where not as all others.
    #[serde(default, skip_serializing_if = "RawRender::is_empty")]
    pub(super) render: RawRender,
}

/// What is judged, signed and admitted together.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "Source")]
pub(super) struct RawSource {
    /// A DNS label, unique in the environment; `gate` is reserved.
    #[schemars(regex(pattern = DNS_LABEL))]
    pub(super) name: String,
    /// What deploys it.
    pub(super) kind: SourceKind,
    /// The folder, from the root of the repository; everything below it belongs to the unit.
    pub(super) path: String,
    /// How it becomes objects, where no Application says so; else as the folder looks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) render: Option<RawSourceRender>,
}

/// What deploys a source.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
pub enum SourceKind {
    /// An Argo CD Application.
    Application,
    /// A Flux Kustomization.
    Kustomization,
    /// Whatever applies these files.
    Paths,
}

/// How to tell that an object belongs to a component: any one of these is enough.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "Component")]
pub(super) struct RawComponent {
    /// Globs of the files that hold its objects.
    #[serde(default)]
    #[schemars(extend("maxItems" = limits::GLOBS.most))]
    pub(super) paths: Vec<String>,
    /// Labels of its objects or their pods.
    #[serde(default)]
    pub(super) labels: BTreeMap<String, String>,
    /// Its kinds: `Deployment`, `Cluster.postgresql.cnpg.io`, or `traefik.io/*` for a whole API group.
    #[serde(default)]
    #[schemars(inner(regex(pattern = KIND)))]
    pub(super) kinds: Vec<String>,
    /// Globs of its image repositories, without tag and digest.
    #[serde(default)]
    #[schemars(extend("maxItems" = limits::GLOBS.most))]
    pub(super) images: Vec<String>,
}

/// A permission for one kind of finding on named objects.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "Exception")]
pub(super) struct RawException {
    /// Its name in reports, unique in the file.
    #[schemars(regex(pattern = EXCEPTION_ID))]
    pub(super) id: String,
    /// The code of the finding.
    #[schemars(regex(pattern = CODE))]
    pub(super) code: String,
    /// The objects; what is not named matches any.
    #[serde(rename = "match")]
    pub(super) selector: RawMatch,
    /// Who answers for it.
    #[schemars(length(min = 1))]
    pub(super) owner: String,
    /// Why.
    #[schemars(length(min = 1))]
    pub(super) reason: String,
    /// The last day on which it holds, in the time zone of the environment: a quoted date.
    pub(super) until: String,
}

/// The objects that an exception is for.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "Match")]
pub(super) struct RawMatch {
    /// `Deployment` in any API group, or `Deployment.apps`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = EXACT_KIND))]
    pub(super) kind: Option<String>,
    /// The namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub(super) namespace: Option<String>,
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub(super) name: Option<String>,
    /// The environment; all of them when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub(super) environment: Option<String>,
    /// The unit; all of them when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub(super) unit: Option<String>,
}

/// What verdicts say and how long they hold.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "Verdict")]
pub(super) struct RawVerdict {
    /// The name of this repository in verdicts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = REPOSITORY))]
    pub(super) repository: Option<String>,
    /// How long a verdict holds at most, for the first deployment: `24h`; at most `7d`.
    #[serde(default = "defaults::valid_for")]
    pub(super) valid_for: String,
}

impl Default for RawVerdict {
    fn default() -> Self {
        Self {
            repository: None,
            valid_for: defaults::valid_for(),
        }
    }
}

/// What the file leaves out.
mod defaults {
    use crate::model::{Enforcement, RiskTier, Stage};

    pub(super) fn stage() -> Stage {
        Stage::Production
    }

    pub(super) fn enforcement() -> Enforcement {
        Enforcement::Enforce
    }

    pub(super) fn branch() -> String {
        "main".to_owned()
    }

    pub(super) fn timezone() -> String {
        "UTC".to_owned()
    }

    pub(super) fn max_tier() -> RiskTier {
        RiskTier::Critical
    }

    pub(super) fn valid_for() -> String {
        "24h".to_owned()
    }
}

pub(super) const DNS_LABEL: &str = "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$";
pub(super) const KIND: &str = r"^(\*\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?/\*$|^[A-Z][A-Za-z0-9]*(\.[a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$|^[a-z][A-Za-z0-9]*\.[a-z0-9][-a-z0-9]*\.[a-z0-9]([-a-z0-9.]*[a-z0-9])?$";
pub(super) const EXACT_KIND: &str = r"^[A-Z][A-Za-z0-9]*(\.[a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$|^[a-z][A-Za-z0-9]*\.[a-z0-9][-a-z0-9]*\.[a-z0-9]([-a-z0-9.]*[a-z0-9])?$";
pub(super) const EXCEPTION_ID: &str = "^[A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?$";
pub(super) const ENVIRONMENT_GLOB: &str = "^[-a-z0-9*]{1,63}$";
pub(super) const ALLOW: &str =
    "^(low|medium|high|critical|rollback|emergency|evidence:[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)$";
pub(super) const CODE: &str = r"^[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*$";
pub(super) const REPOSITORY: &str = r"^[A-Za-z0-9][-A-Za-z0-9._:/@]{0,255}$";
pub(super) const KUBE_VERSION: &str = r"^v?[0-9]+\.[0-9]+(\.[0-9]+)?([-+][-+.A-Za-z0-9]+)?$";
pub(super) const ONLINE_HOST: &str =
    r"^(http://)?[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?(:[1-9][0-9]{0,4})?$";
/// As the settings of `image-signatures` have it: what fits some repository as references name it, without tag and digest.
pub(crate) const IMAGE_GLOB: &str = r"^(\*\*|([-a-z0-9]*\*[-a-z0-9*]*(\.[-a-z0-9*]+)*(:[0-9*]+)?|[-a-z0-9*]+(\.[-a-z0-9*]+)+(:[0-9*]+)?|[-a-z0-9]+:[0-9*]+|localhost|\[[0-9a-f:*]+\](:[0-9*]+)?)(/[a-z0-9*]+((\.|_|__|-+)[a-z0-9*]+)*)+)$";
pub(super) const TOOL_VERSION: &str = r"^v?[0-9]+\.[0-9]+\.[0-9]+([-+][-+.A-Za-z0-9]+)?$";
