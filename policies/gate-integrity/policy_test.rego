package tidegate.gate_integrity.change_set_test

import data.tidegate.gate_integrity.change_set

settings := {
	"names": ["tidegate-admit", "tidegate-admit-*", "tidegate-trust", "tidegate-applications"],
	"images": ["tidegate"],
	"roles": ["admin", "edit"],
	"wave": -100,
}

found(changes) := {[finding.code, object.get(finding, "field", "")] |
	some finding in change_set.deny with input as {"changes": changes, "settings": settings}
}

said(changes) := {[finding.message, object.get(finding, "setting", "")] |
	some finding in change_set.deny with input as {"changes": changes, "settings": settings}
}

one(operation, api_version, kind, name) := {
	"operation": operation,
	"object": {"apiVersion": api_version, "kind": kind, "name": name},
}

file(operation, path) := one(operation, "tidegate.dev/v1", "GateFile", path)

brought(api_version, kind, name, new) := object.union(one("create", api_version, kind, name), {"new": new})

hook(annotations) := brought("batch/v1", "Job", "check", {"metadata": {"name": "check", "annotations": annotations}})

application(spec) := brought("argoproj.io/v1alpha1", "Application", "shop", {"spec": spec})

source_of(image) := {"kustomize": {"images": [image]}}

before := [["gate.earlier-hook", "/metadata/annotations/argocd.argoproj.io~1hook"]]

before_as_helm := [["gate.earlier-hook", "/metadata/annotations/helm.sh~1hook"]]

# The codes and fields that hooks with these annotations are denied for.
hooks := [
	{"hook": {"argocd.argoproj.io/hook": "PreSync"}, "want": []},
	{"hook": {"argocd.argoproj.io/hook": "PreSync", "argocd.argoproj.io/sync-wave": "-99"}, "want": []},
	{"hook": {"argocd.argoproj.io/hook": "PreSync", "argocd.argoproj.io/sync-wave": "-100"}, "want": before},
	{"hook": {"argocd.argoproj.io/hook": "PreSync", "argocd.argoproj.io/sync-wave": "-0100"}, "want": before},
	{"hook": {"argocd.argoproj.io/hook": "PreSync", "argocd.argoproj.io/sync-wave": "-2147483649"}, "want": before},
	{"hook": {"argocd.argoproj.io/hook": "PreSync", "argocd.argoproj.io/sync-wave": "9999999999999999999"}, "want": before},
	{"hook": {"argocd.argoproj.io/hook": "PreSync", "argocd.argoproj.io/sync-wave": "+007"}, "want": []},
	{"hook": {"argocd.argoproj.io/hook": "PreSync", "argocd.argoproj.io/sync-wave": "-000"}, "want": []},
	{"hook": {"argocd.argoproj.io/hook": "Skip, PreSync", "argocd.argoproj.io/sync-wave": "-101"}, "want": before},
	{"hook": {"argocd.argoproj.io/hook": "Skip", "argocd.argoproj.io/sync-wave": "-101"}, "want": []},
	{"hook": {"argocd.argoproj.io/hook": " PreSync , Skip ", "argocd.argoproj.io/sync-wave": "-101"}, "want": before},
	{"hook": {"argocd.argoproj.io/hook": "PreSync", "argocd.argoproj.io/sync-wave": "-9999999999999999999"}, "want": before},
	{"hook": {"argocd.argoproj.io/hook": "PostSync", "argocd.argoproj.io/sync-wave": "-101"}, "want": []},
	{"hook": {"argocd.argoproj.io/hook": "PreSync", "argocd.argoproj.io/sync-wave": "abc", "helm.sh/hook-weight": "-9999"}, "want": before},
	{"hook": {"argocd.argoproj.io/hook": "PreSync", "argocd.argoproj.io/sync-wave": "abc"}, "want": []},
	{"hook": {"helm.sh/hook": "pre-install", "helm.sh/hook-weight": "-100"}, "want": before_as_helm},
	{"hook": {"argocd.argoproj.io/hook": "PreSync", "argocd.argoproj.io/sync-wave": "5", "helm.sh/hook-weight": "-9999"}, "want": []},
	{"hook": {"helm.sh/hook": "post-install,pre-upgrade", "helm.sh/hook-weight": "-100"}, "want": before_as_helm},
	{"hook": {"helm.sh/hook": "crd-install", "argocd.argoproj.io/sync-wave": "-100"}, "want": before_as_helm},
	{"hook": {"helm.sh/hook": "pre-install"}, "want": []},
	{"hook": {"argocd.argoproj.io/sync-wave": "-200"}, "want": []},
]

test_hooks if {
	every row in hooks {
		found([hook(row.hook)]) == {wanted | some wanted in row.want}
	}
}

test_wave_is_shown_as_it_is_written if {
	annotations := {"argocd.argoproj.io/hook": "PreSync", "argocd.argoproj.io/sync-wave": "-0100"}
	said([hook(annotations)]) == {["it is a PreSync hook of wave -0100 and does not wait for the gate, whose wave is -100", "/settings/wave"]}
}

test_a_gate_of_another_wave if {
	annotations := {"argocd.argoproj.io/hook": "PreSync", "argocd.argoproj.io/sync-wave": "5"}
	later := object.union(annotations, {"argocd.argoproj.io/sync-wave": "6"})
	codes_at(5, annotations) == {"gate.earlier-hook"}
	codes_at(5, later) == set()
}

codes_at(wave, annotations) := {finding.code |
	some finding in change_set.deny with input as {
		"changes": [hook(annotations)],
		"settings": object.union(settings, {"wave": wave}),
	}
}

test_configuration_deleted if {
	found([file("delete", "tidegate.yaml")]) == {["gate.config-removed", ""]}
	found([file("delete", ".github/tidegate.yaml")]) == {["gate.config-removed", ""]}
	deleted := {["\"tidegate.yaml\" says what is judged, and it is deleted", ""]}
	said([file("delete", "tidegate.yaml")]) == deleted
	said([file("delete", "tidegate.yaml"), file("create", "CODEOWNERS")]) == deleted
	said([file("delete", "tidegate.yaml"), file("update", ".github/tidegate.yaml")]) == deleted
}

test_configuration_moved if {
	moved := {["\"tidegate.yaml\" says what is judged, and it is moved", ""]}
	said([file("delete", "tidegate.yaml"), file("create", ".github/tidegate.yaml")]) == moved
}

test_a_map_of_that_name_is_no_configuration if {
	found([one("delete", "v1", "ConfigMap", "tidegate.yaml")]) == set()
}

test_other_files_of_the_gate_may_go if {
	found([file("delete", "CODEOWNERS"), file("update", "tidegate.yaml"), file("create", ".github/tidegate.yaml")]) == set()
}

test_hook_replaced if {
	every object in [
		["batch/v1", "Job", "tidegate-admit"],
		["v1", "ServiceAccount", "tidegate-admit"],
		["v1", "ConfigMap", "tidegate-trust"],
		["v1", "Secret", "tidegate-trust"],
		["rbac.authorization.k8s.io/v1", "Role", "tidegate-admit-shop-prod"],
		["rbac.authorization.k8s.io/v1", "RoleBinding", "tidegate-admit-shop-prod"],
		["admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", "tidegate-applications"],
		["admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding", "tidegate-applications"],
	] {
		change := brought(object[0], object[1], object[2], {"spec": {}})
		found([change]) == {["gate.hook-replaced", "/metadata/name"]}
		some [_, setting] in said([change])
		setting == "/settings/names"
	}
}

# Names of the hook, each a glob that begins in another way, and whether it is the one of the Job.
globs := {
	"*-gate": true,
	"?y-gate": true,
	"[km]y-gate": true,
	"{his,my}-gate": true,
	"my-*": true,
	"my\\-gate": true,
	"my-gat?": true,
	"my-gat": false,
	"your-*": false,
	"[!m]y-gate": false,
}

test_globs if {
	every name, taken in globs {
		changes := [brought("batch/v1", "Job", "my-gate", {"spec": {}})]
		denied := change_set.deny with input as {"changes": changes, "settings": object.union(settings, {"names": [name]})}
		count(denied) == {true: 1, false: 0}[taken]
	}
}

test_what_makes_a_secret_makes_the_gates_own if {
	every row in makers {
		found([brought(row[0], row[1], "tidegate-trust", {"spec": {}})]) == {["gate.hook-replaced", "/metadata/name"] | row[2] == ""}
		fields := {["gate.hook-replaced", row[2]] | row[2] != ""}
		found([brought(row[0], row[1], "other", {"spec": row[3]})]) == fields
		found([brought("example.com/v1", row[1], "tidegate-trust", {"spec": row[3]})]) == set()
	}
	said([brought("cert-manager.io/v1", "Certificate", "shop", {"spec": {"secretName": "tidegate-trust"}})]) == {["Certificate \"tidegate-trust\" is the gate's own, and a tree that the gate judges brings it", "/settings/names"]}
}

# By its own name, or by the field of the pointer; and what the object then says.
makers := [
	["cert-manager.io/v1", "Certificate", "/spec/secretName", {"secretName": "tidegate-trust"}],
	["cert-manager.io/v1", "Issuer", "/spec/acme/privateKeySecretRef/name", {"acme": {"privateKeySecretRef": {"name": "tidegate-trust"}}}],
	["cert-manager.io/v1", "ClusterIssuer", "/spec/acme/privateKeySecretRef/name", {"acme": {"privateKeySecretRef": {"name": "tidegate-trust"}}}],
	["secrets-store.csi.x-k8s.io/v1", "SecretProviderClass", "/spec/secretObjects/1/secretName", {"secretObjects": [{"secretName": "web"}, {"secretName": "tidegate-trust"}]}],
	["isindir.github.com/v1alpha3", "SopsSecret", "/spec/secretTemplates/0/name", {"secretTemplates": [{"name": "tidegate-trust"}]}],
	["secrets.hashicorp.com/v1beta1", "VaultStaticSecret", "/spec/destination/name", {"destination": {"name": "tidegate-trust"}}],
	["secrets.hashicorp.com/v1beta1", "VaultDynamicSecret", "/spec/destination/name", {"destination": {"name": "tidegate-trust"}}],
	["secrets.hashicorp.com/v1beta1", "VaultPKISecret", "/spec/destination/name", {"destination": {"name": "tidegate-trust"}}],
	["k8s.bitwarden.com/v1", "BitwardenSecret", "/spec/secretName", {"secretName": "tidegate-trust"}],
	["secrets.doppler.com/v1alpha1", "DopplerSecret", "/spec/managedSecret/name", {"managedSecret": {"name": "tidegate-trust"}}],
	["secrets.infisical.com/v1alpha1", "InfisicalSecret", "/spec/managedSecretReference/secretName", {"managedSecretReference": {"secretName": "tidegate-trust"}}],
	["secrets.infisical.com/v1alpha1", "InfisicalSecret", "/spec/managedKubeSecretReferences/0/secretName", {"managedKubeSecretReferences": [{"secretName": "tidegate-trust"}]}],
	["secrets.infisical.com/v1alpha1", "InfisicalSecret", "/spec/managedKubeConfigMapReferences/0/configMapName", {"managedKubeConfigMapReferences": [{"configMapName": "tidegate-trust"}]}],
	["spv.no/v2beta1", "AzureKeyVaultSecret", "/spec/output/secret/name", {"output": {"secret": {"name": "tidegate-trust"}}}],
	["spv.no/v2beta1", "AzureKeyVaultSecret", "/spec/output/configMap/name", {"output": {"configMap": {"name": "tidegate-trust"}}}],
	["trust.cert-manager.io/v1alpha1", "Bundle", "", {}],
	["kafka.strimzi.io/v1beta2", "KafkaUser", "", {}],
	["objectbucket.io/v1alpha1", "ObjectBucketClaim", "", {}],
	["onepassword.com/v1", "OnePasswordItem", "", {}],
	["ricoberger.de/v1alpha1", "VaultSecret", "", {}],
	["secret-sync.x-k8s.io/v1alpha1", "SecretSync", "", {}],
	["bitnami.com/v1alpha1", "SealedSecret", "", {"template": {"metadata": {"name": "web"}}}],
	["external-secrets.io/v1", "ExternalSecret", "", {"target": {"name": "web"}}],
	["external-secrets.io/v1", "ClusterExternalSecret", "", {"externalSecretName": "web", "externalSecretSpec": {"target": {}}}],
]

# Those that are denied for either.
test_what_has_a_name_and_makes_another if {
	every row in [
		["external-secrets.io/v1", "ExternalSecret", "/spec/target/name", {"target": {"name": "tidegate-trust"}}],
		["external-secrets.io/v1", "ClusterExternalSecret", "/spec/externalSecretName", {"externalSecretName": "tidegate-trust"}],
		["external-secrets.io/v1", "ClusterExternalSecret", "/spec/externalSecretSpec/target/name", {"externalSecretSpec": {"target": {"name": "tidegate-trust"}}}],
		["bitnami.com/v1alpha1", "SealedSecret", "/spec/template/metadata/name", {"template": {"metadata": {"name": "tidegate-trust"}}}],
	] {
		found([brought(row[0], row[1], "other", {"spec": row[3]})]) == {["gate.hook-replaced", row[2]]}
	}
	strange := [{"target": {"name": 1}}, {"target": ["tidegate-trust"]}, "tidegate-trust"]
	every spec in strange {
		found([brought("external-secrets.io/v1", "ExternalSecret", "other", {"spec": spec})]) == set()
	}
	found([brought("isindir.github.com/v1alpha3", "SopsSecret", "other", {"spec": {"secretTemplates": [1, {"name": 1}, {}]}})]) == set()
}

bound(kind, role_kind, role) := brought("rbac.authorization.k8s.io/v1", kind, "web", {"roleRef": {"kind": role_kind, "name": role}})

test_who_may_write_what_the_gate_trusts if {
	wanted := {["gate.trust-writable", "/roleRef/name"]}
	found([bound("RoleBinding", "ClusterRole", "admin")]) == wanted
	found([bound("ClusterRoleBinding", "ClusterRole", "edit")]) == wanted
	said([bound("RoleBinding", "ClusterRole", "admin")]) == {["who is bound to \"admin\" may write what the gate trusts, where the gate stands in that namespace", "/settings/roles"]}
	found([
		bound("RoleBinding", "ClusterRole", "view"),
		bound("RoleBinding", "Role", "admin"),
		brought("rbac.example.com/v1", "RoleBinding", "web", {"roleRef": {"kind": "ClusterRole", "name": "admin"}}),
		one("delete", "rbac.authorization.k8s.io/v1", "RoleBinding", "web"),
		brought("rbac.authorization.k8s.io/v1", "Other", "web", {"roleRef": {"kind": "ClusterRole", "name": "admin"}}),
	]) == set()
}

test_who_is_bound_and_to_what_are_of_one_finding if {
	bindings := change_set.deny with input as {"changes": [bound("RoleBinding", "ClusterRole", "admin")], "settings": settings}
	{finding.fields | some finding in bindings} == {["/subjects"]}
	roles := change_set.deny with input as {"changes": [role("Role", ["update"], ["tidegate-trust"])], "settings": settings}
	{finding.fields | some finding in roles} == {["/rules/1/verbs", "/rules/1/resources"]}
}

role(kind, verbs, names) := brought("rbac.authorization.k8s.io/v1", kind, "web", {"rules": [
	{"resources": ["pods"], "verbs": ["delete"]},
	{"resources": ["configmaps"], "verbs": verbs, "resourceNames": names},
]})

test_roles_that_name_the_gates_own if {
	wanted := {["gate.trust-writable", "/rules/1/resourceNames/1"]}
	found([role("Role", ["get", "update"], ["web", "tidegate-trust"])]) == wanted
	found([role("ClusterRole", ["*"], ["web", "tidegate-admit-shop"])]) == wanted
	said([role("Role", ["get", "patch", "delete"], ["tidegate-trust"])]) == {["the role may patch, delete \"tidegate-trust\", which is the gate's own", "/settings/names"]}
	found([
		role("Role", ["get", "list", "watch"], ["tidegate-trust"]),
		role("Role", ["update"], ["web"]),
		brought("rbac.example.com/v1", "Role", "web", role("Role", ["update"], ["tidegate-trust"]).new),
		brought("rbac.authorization.k8s.io/v1", "Other", "web", role("Role", ["update"], ["tidegate-trust"]).new),
	]) == set()
}

test_other_names_and_kinds_are_free if {
	found([
		brought("batch/v1", "Job", "tidegate", {"spec": {}}),
		brought("apps/v1", "Deployment", "tidegate-admit", {"spec": {}}),
		brought("example.com/v1", "Job", "tidegate-admit", {"spec": {}}),
		brought("example.com/v1", "ServiceAccount", "tidegate-admit", {"spec": {}}),
		brought("rbac.example.com/v1", "Role", "tidegate-admit", {"spec": {}}),
		one("delete", "batch/v1", "Job", "tidegate-admit"),
	]) == set()
}

# Where an image of an Application stands, and what of it is denied.
images := {
	"tidegate:1": true,
	"registry.example:5000/acme/tidegate": true,
	"registry.example/acme/tidegate=evil.example/yes:1@sha256:aa": true,
	"registry.example/acme/odoo=registry.example/acme/tidegate@sha256:aa": true,
	"registry.example/acme/odoo:18": false,
	"registry.example/acme/not-tidegate:1": false,
	"registry.example/tidegate/odoo:1": false,
}

test_images if {
	every image, denied in images {
		wanted := {["gate.hook-replaced", "/spec/source/kustomize/images/0"] | denied == true}
		found([application({"source": source_of(image)})]) == wanted
	}
}

test_images_of_one_of_several_sources if {
	found([application({"sources": [{"path": "shop"}, source_of("tidegate:1")]})]) == {["gate.hook-replaced", "/spec/sources/1/kustomize/images/0"]}
}

# What is hidden may be the gate's, unless nothing is the gate's.
test_images_that_are_hidden if {
	changes := [application({"source": source_of({"$secret": true, "changed": true})})]
	found(changes) == {["gate.hook-replaced", "/spec/source/kustomize/images/0"]}
	said(changes) == {["what is hidden as a secret, or is no text, may replace the image of the gate", "/settings/images"]}
}

test_images_elsewhere_are_free if {
	spec := {"source": source_of("tidegate:1"), "template": {"spec": {"source": source_of("tidegate:1")}}}
	found([
		brought("example.com/v1", "Application", "shop", {"spec": spec}),
		brought("argoproj.io/v1alpha1", "AppProject", "shop", {"spec": spec}),
	]) == set()
	said([application({"source": source_of("tidegate:1")})]) == {["\"tidegate:1\" replaces the image of the gate", "/settings/images"]}
}

test_images_of_a_set if {
	set := brought("argoproj.io/v1alpha1", "ApplicationSet", "shops", {"spec": {"template": {"spec": {"source": source_of("tidegate:1")}}}})
	found([set]) == {["gate.hook-replaced", "/spec/template/spec/source/kustomize/images/0"]}
}
