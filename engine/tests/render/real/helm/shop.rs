//! A shop's chart with charts in it and beside it.

pub(super) const CHART: &str = "apiVersion: v2\nname: app\nversion: 1.0.0\n";

pub(super) const SHOP: &[(&str, &str)] = &[
    (
        "app/Chart.yaml",
        "
apiVersion: v2
name: app
version: 1.0.0
dependencies:
- {name: sub, version: 1.x}
- {name: lib, version: '>=0.1', repository: 'file://../lib', alias: tools}
",
    ),
    ("app/values.yaml", "level: chart\nnote: none\nsize: large\n"),
    (
        "app/crds/crontab.yaml",
        "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: crontabs.shop.example}
---
# Source: app/templates/settings.yaml
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: faketabs.shop.example}
",
    ),
    (
        "app/templates/_names.tpl",
        "{{ define \"name\" }}settings{{ end }}",
    ),
    ("app/templates/NOTES.txt", "Thank you."),
    (
        "app/templates/settings.yaml",
        "
apiVersion: v1
kind: ConfigMap
metadata: {name: '{{ include \"name\" . }}', namespace: '{{ .Release.Namespace }}'}
data:
  level: {{ .Values.level | quote }}
  note: {{ .Values.note | quote }}
  size: {{ .Values.size | quote }}
  extra: {{ .Files.Get \"config/extra.txt\" | quote }}
  kube: {{ .Capabilities.KubeVersion.Version | quote }}
  api: {{ .Capabilities.APIVersions.Has \"shop.example/v1\" | quote }}
---
# Source: lib/templates/lib.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: two}
",
    ),
    ("app/config/extra.txt", "more"),
    (
        "app/templates/hook.yaml",
        "
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, annotations: {helm.sh/hook: pre-install}}
",
    ),
    (
        "app/templates/tests/probe.yaml",
        "
apiVersion: v1
kind: Pod
metadata: {name: probe, annotations: {helm.sh/hook: test}}
",
    ),
    (
        "app/charts/sub/Chart.yaml",
        "apiVersion: v2\nname: sub\nversion: 1.2.0\n",
    ),
    (
        "app/charts/sub/templates/sub.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: from-sub}\n",
    ),
    (
        "lib/Chart.yaml",
        "apiVersion: v2\nname: lib\nversion: 0.3.0\n",
    ),
    ("lib/.helmignore", "*.draft.yaml\n"),
    (
        "lib/templates/lib.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: from-lib}\n",
    ),
    (
        "lib/templates/next.draft.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: next}\n",
    ),
    ("values/prod.yaml", "level: prod\n"),
    ("values/eu.yaml", "level: eu\n"),
    ("values/level.txt", "of a file"),
];
