//! The built-in component table: how objects of a retail platform get their business names.
//! Data only; add a row or a word here and nothing else changes.

use crate::config::GATE_PATTERNS;

/// How to tell that an object belongs to components: any one of these is enough.
///
/// Beside the labels given here, each name is also the value of the two labels that name a
/// component outright (`tidegate.dev/component`, `app.kubernetes.io/part-of`).
pub(super) struct Row {
    /// The components.
    pub(super) names: &'static [&'static str],
    /// Globs of files.
    pub(super) paths: &'static [&'static str],
    /// Labels of objects or their pods.
    pub(super) labels: &'static [(&'static str, &'static str)],
    /// `Kind`, `Kind.group`, `group/*`, `*.group/*`.
    pub(super) kinds: &'static [&'static str],
    /// Globs of image repositories.
    pub(super) images: &'static [&'static str],
    /// Odoo modules that a container installs, updates or loads.
    pub(super) modules: &'static [&'static str],
    /// Environment variables, and names and data keys of `ConfigMaps` and `Secrets`; their values never count.
    pub(super) keys: &'static [&'static str],
}

const NOTHING: Row = Row {
    names: &[],
    paths: &[],
    labels: &[],
    kinds: &[],
    images: &[],
    modules: &[],
    keys: &[],
};

/// The rows; all are tried and their names add up.
pub(super) const ROWS: [Row; 14] = [
    Row {
        names: &["payments"],
        paths: &["**/payment*/**", "**/psp/**"],
        modules: &["payment", "payment_*", "pos_adyen", "pos_stripe"],
        keys: &["STRIPE_*", "ADYEN_*", "MOLLIE_*", "PAYPAL_*"],
        ..NOTHING
    },
    Row {
        names: &["pricing", "promotions", "loyalty"],
        paths: &["**/pricing/**", "**/promo*/**"],
        modules: &[
            "product_pricelist*",
            "loyalty",
            "sale_loyalty",
            "website_sale_loyalty",
        ],
        ..NOTHING
    },
    Row {
        names: &["tax"],
        paths: &["**/tax/**"],
        modules: &["account_tax*", "l10n_*", "account_avatax*"],
        ..NOTHING
    },
    Row {
        names: &["warehouse-routing", "inventory"],
        paths: &["**/wms/**", "**/stock/**"],
        modules: &["stock*", "delivery*", "mrp*"],
        ..NOTHING
    },
    Row {
        names: &["pos"],
        paths: &["**/pos/**"],
        modules: &["point_of_sale", "pos_*"],
        ..NOTHING
    },
    Row {
        names: &["connectors"],
        paths: &["**/connectors/**", "**/integrations/**"],
        modules: &["queue_job", "connector", "connector_*"],
        ..NOTHING
    },
    Row {
        names: &["database"],
        paths: &["**/postgres*/**"],
        labels: &[("app.kubernetes.io/name", "postgresql")],
        kinds: &[
            "postgresql.cnpg.io/*",
            "acid.zalan.do/*",
            "postgres-operator.crunchydata.com/*",
            "pgv2.percona.com/*",
            "Pooler",
        ],
        images: &["**/postgresql", "**/spilo", "**/pgbouncer", "**/pgbackrest"],
        ..NOTHING
    },
    Row {
        names: &["cache"],
        paths: &["**/redis/**"],
        labels: &[
            ("app.kubernetes.io/name", "redis"),
            ("app.kubernetes.io/name", "valkey"),
        ],
        kinds: &[
            "redis.redis.opstreelabs.in/*",
            "RedisFailover.databases.spotahome.com",
            "RedisCluster",
        ],
        images: &["**/redis", "**/valkey"],
        ..NOTHING
    },
    Row {
        names: &["ingress"],
        paths: &["**/traefik/**", "**/ingress/**"],
        labels: &[("app.kubernetes.io/name", "traefik")],
        kinds: &[
            "Ingress",
            "IngressClass",
            "traefik.io/*",
            "traefik.containo.us/*",
            "gateway.networking.k8s.io/*",
            "cert-manager.io/*",
        ],
        images: &["**/traefik"],
        ..NOTHING
    },
    Row {
        names: &["backup"],
        paths: &["**/backup*/**"],
        kinds: &[
            "velero.io/*",
            "k8up.io/*",
            "ScheduledBackup",
            "Backup",
            "ObjectStore.barmancloud.cnpg.io",
            "snapshot.storage.k8s.io/*",
            "PerconaPGBackup.pgv2.percona.com",
        ],
        images: &["**/restic", "**/pgbackrest"],
        ..NOTHING
    },
    Row {
        names: &["security"],
        paths: &["**/rbac/**", "**/policies/**"],
        kinds: &[
            "rbac.authorization.k8s.io/*",
            "NetworkPolicy",
            "cilium.io/*",
            "kyverno.io/*",
            "policies.kyverno.io/*",
            "*.gatekeeper.sh/*",
            "admissionregistration.k8s.io/*",
            "ServiceAccount",
        ],
        ..NOTHING
    },
    Row {
        names: &["observability"],
        paths: &["**/dashboards/**", "**/monitoring/**"],
        labels: &[("grafana_dashboard", "1")],
        kinds: &["monitoring.coreos.com/*", "grafana.integreatly.org/*"],
        ..NOTHING
    },
    Row {
        names: &["gate"],
        paths: &GATE_PATTERNS,
        kinds: &[
            "Application.argoproj.io",
            "ApplicationSet.argoproj.io",
            "AppProject.argoproj.io",
            "Kustomization.kustomize.toolkit.fluxcd.io",
            "HelmRelease.helm.toolkit.fluxcd.io",
            "GitRepository.source.toolkit.fluxcd.io",
        ],
        images: &["**/tidegate"],
        ..NOTHING
    },
    Row {
        names: &["ui"],
        paths: &["**/themes/**", "**/static/**"],
        modules: &["theme_*", "website"],
        ..NOTHING
    },
];
