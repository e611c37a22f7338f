//! Which kind has which shape: what the API's types say of the fields that decide what runs.
//! Data only.

use super::Shape::{self, Count, Each, Label, List, Mapping, Text, Truth, Whole};
use crate::model::ObjectRef;

/// The shape of an object's kind, and the RFC 6901 pointer of its pods' spec where it runs some.
pub(super) fn of(object: &ObjectRef) -> (&'static Shape, Option<&'static str>) {
    match (object.group(), object.kind.as_str()) {
        ("apps" | "extensions", "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet")
        | ("batch" | "extensions", "Job")
        | ("", "ReplicationController")
        | ("argoproj.io", "Rollout") => (&WORKLOAD, Some("/spec/template/spec")),
        ("batch", "CronJob") => (&CRON_JOB, Some("/spec/jobTemplate/spec/template/spec")),
        ("", "Pod") => (&POD, Some("/spec")),
        ("", "Secret") => (&SECRET, None),
        ("", "PodTemplate") => (&TEMPLATE_OBJECT, Some("/template/spec")),
        ("postgresql.cnpg.io", "Cluster") => (&DATABASE, None),
        (group, _) if !group.contains('.') || group.ends_with(".k8s.io") => (&BUILT_IN, None),
        _ => (&ANY, None),
    }
}

static ANY: Shape = Mapping(&[("metadata", METADATA)]);

static BUILT_IN: Shape = Mapping(&[("metadata", METADATA), ("spec", FREE)]);

static SECRET: Shape = Mapping(&[
    ("metadata", METADATA),
    ("type", Text),
    ("immutable", Truth),
    ("data", Each(&Text)),
    ("stringData", Each(&Text)),
]);

static POD: Shape = Mapping(&[("metadata", METADATA), ("spec", POD_SPEC)]);

static TEMPLATE_OBJECT: Shape = Mapping(&[("metadata", METADATA), ("template", TEMPLATE)]);

static WORKLOAD: Shape = Mapping(&[("metadata", METADATA), ("spec", WORKLOAD_SPEC)]);

static CRON_JOB: Shape = Mapping(&[
    ("metadata", METADATA),
    (
        "spec",
        Mapping(&[
            ("schedule", Text),
            ("suspend", Truth),
            (
                "jobTemplate",
                Mapping(&[("metadata", METADATA), ("spec", WORKLOAD_SPEC)]),
            ),
        ]),
    ),
]);

static DATABASE: Shape = Mapping(&[
    ("metadata", METADATA),
    (
        "spec",
        Mapping(&[
            ("instances", Count),
            ("imageName", Text),
            ("imageCatalogRef", FREE),
            ("inheritedMetadata", METADATA),
            ("resources", RESOURCES),
            ("env", List(&VARIABLE)),
            ("storage", FREE),
            ("walStorage", FREE),
            ("postgresql", Mapping(&[("parameters", Each(&Text))])),
            ("bootstrap", FREE),
            ("backup", FREE),
        ]),
    ),
]);

const WORKLOAD_SPEC: Shape = Mapping(&[
    ("replicas", Count),
    ("parallelism", Count),
    ("selector", FREE),
    ("strategy", FREE),
    ("updateStrategy", FREE),
    ("workloadRef", FREE),
    ("volumeClaimTemplates", List(&FREE)),
    ("template", TEMPLATE),
]);

const TEMPLATE: Shape = Mapping(&[("metadata", METADATA), ("spec", POD_SPEC)]);

const METADATA: Shape = Mapping(&[
    ("labels", Each(&Label)),
    ("annotations", Each(&Text)),
    ("finalizers", List(&Text)),
    ("ownerReferences", List(&FREE)),
]);

const POD_SPEC: Shape = Mapping(&[
    ("containers", List(&CONTAINER)),
    ("initContainers", List(&CONTAINER)),
    ("ephemeralContainers", List(&CONTAINER)),
    ("volumes", List(&VOLUME)),
    ("resources", RESOURCES),
    ("securityContext", SECURITY_CONTEXT),
    ("hostNetwork", Truth),
    ("hostPID", Truth),
    ("hostIPC", Truth),
    ("automountServiceAccountToken", Truth),
    ("serviceAccountName", Text),
    ("serviceAccount", Text),
    ("priorityClassName", Text),
    ("runtimeClassName", Text),
    ("restartPolicy", Text),
    ("nodeSelector", Each(&Text)),
    ("affinity", FREE),
    ("tolerations", List(&FREE)),
    ("topologySpreadConstraints", List(&FREE)),
    ("imagePullSecrets", List(&FREE)),
    ("overhead", FREE),
    ("terminationGracePeriodSeconds", Whole),
]);

const CONTAINER: Shape = Mapping(&[
    ("name", Text),
    ("image", Text),
    ("imagePullPolicy", Text),
    ("restartPolicy", Text),
    ("command", List(&Text)),
    ("args", List(&Text)),
    ("env", List(&VARIABLE)),
    ("envFrom", List(&FREE)),
    ("ports", List(&FREE)),
    ("volumeMounts", List(&FREE)),
    ("volumeDevices", List(&FREE)),
    ("resources", RESOURCES),
    ("securityContext", SECURITY_CONTEXT),
    ("livenessProbe", FREE),
    ("readinessProbe", FREE),
    ("startupProbe", FREE),
    ("lifecycle", FREE),
]);

const VARIABLE: Shape = Mapping(&[("name", Text), ("value", Text), ("valueFrom", FREE)]);

/// An amount that is none is a finding of the policy, which knows the units.
const RESOURCES: Shape = Mapping(&[
    ("limits", FREE),
    ("requests", FREE),
    ("claims", List(&FREE)),
]);

const SECURITY_CONTEXT: Shape = Mapping(&[
    ("privileged", Truth),
    ("allowPrivilegeEscalation", Truth),
    ("readOnlyRootFilesystem", Truth),
    ("runAsNonRoot", Truth),
    ("runAsUser", Whole),
    ("runAsGroup", Whole),
    ("seccompProfile", Mapping(&[("type", Text)])),
    (
        "capabilities",
        Mapping(&[("add", List(&Text)), ("drop", List(&Text))]),
    ),
]);

const VOLUME: Shape = Mapping(&[
    ("name", Text),
    ("emptyDir", Mapping(&[("medium", Text)])),
    ("hostPath", Mapping(&[("path", Text)])),
    ("persistentVolumeClaim", Mapping(&[("claimName", Text)])),
    ("projected", Mapping(&[("sources", List(&FREE))])),
    ("configMap", FREE),
    ("secret", FREE),
]);

/// A mapping of anything.
const FREE: Shape = Mapping(&[]);
