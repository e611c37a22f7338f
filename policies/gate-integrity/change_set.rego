# METADATA
# scope: package
# title: Gate integrity
# description: >-
#   The gate guards itself: its configuration stays, nothing in a judged tree stands in for its hook,
#   and nothing runs before it.
# custom:
#   prefix: gate
#   scope: change-set
#   kinds: ["*"]
#   codes:
#     gate.config-removed: deny
#     gate.earlier-hook: deny
#     gate.hook-replaced: deny
#     gate.trust-writable: deny
package tidegate.gate_integrity.change_set

# METADATA
# title: The configuration is gone
# description: Without it nothing is judged any more. A file that was moved is gone from where it was.
deny contains finding if {
	some change in input.changes
	change.operation == "delete"
	is_configuration(change.object)
	finding := {
		"code": "gate.config-removed",
		"message": sprintf("%q says what is judged, and it is %s", [change.object.name, gone]),
		"object": change.object,
		"remediation": "keep the file where it is; to give the gate up, take its hook and its required check away first",
	}
}

# METADATA
# title: Something stands in for the hook
# description: An object of a judged tree has the name of the gate's hook, or of what the hook runs as, reads and trusts. Applied, it takes their place.
deny contains finding if {
	some change in input.changes
	some [field, name] in made(change)
	is_own(name)
	finding := {
		"code": "gate.hook-replaced",
		"message": sprintf("%s %q is the gate's own, and a tree that the gate judges brings it", [change.object.kind, name]),
		"object": change.object,
		"field": field,
		"remediation": "keep the gate in a source of its own that is listed last, or give this object another name",
		"setting": "/settings/names",
	}
}

# METADATA
# title: Somebody may change what the gate trusts
# description: >-
#   The gate's trust, its credentials and its Job lie in the namespace that is deployed to. Who is bound to a role with all
#   powers there may write them.
deny contains finding if {
	some change in input.changes
	change.object.kind in {"ClusterRoleBinding", "RoleBinding"}
	group_of(change.object) == "rbac.authorization.k8s.io"
	change.new.roleRef.kind == "ClusterRole"
	change.new.roleRef.name in input.settings.roles
	finding := {
		"code": "gate.trust-writable",
		"message": sprintf("who is bound to %q may write what the gate trusts, where the gate stands in that namespace", [change.new.roleRef.name]),
		"object": change.object,
		"field": "/roleRef/name",
		"fields": ["/subjects"],
		"remediation": "bind a Role that names what is needed, without ConfigMaps, Secrets and Jobs of the gate",
		"setting": "/settings/roles",
	}
}

# METADATA
# title: A role is given the gate's own
# description: A rule that names objects of the gate lets those who are bound to it write them.
deny contains finding if {
	some change in input.changes
	change.object.kind in {"ClusterRole", "Role"}
	group_of(change.object) == "rbac.authorization.k8s.io"
	some i, rule in change.new.rules
	writing := [verb | some verb in rule.verbs; not verb in reading]
	count(writing) > 0
	some j, name in rule.resourceNames
	is_own(name)
	finding := {
		"code": "gate.trust-writable",
		"message": sprintf("the role may %s %q, which is the gate's own", [concat(", ", writing), name]),
		"object": change.object,
		"field": sprintf("/rules/%d/resourceNames/%d", [i, j]),
		"fields": [sprintf("/rules/%d/verbs", [i]), sprintf("/rules/%d/resources", [i])],
		"remediation": "leave the gate's own out of the rule",
		"setting": "/settings/names",
	}
}

# METADATA
# title: An Application replaces the image of the hook
# description: The Kustomize images of an Application's source apply to all of it, to the hook too.
deny contains finding if {
	some change in of_argo
	some [at, source] in sources(change)
	some i, image in source.kustomize.images
	is_gate_image(image)
	finding := {
		"code": "gate.hook-replaced",
		"message": sprintf("%s the image of the gate", [replacing(image)]),
		"object": change.object,
		"field": sprintf("%s/kustomize/images/%d", [at, i]),
		"remediation": "set the image, with its digest, in the source that holds the gate",
		"setting": "/settings/images",
	}
}

# METADATA
# title: Something runs before the gate
# description: Hooks of one wave start together, and those of a lower wave before. Nobody let through what runs then.
deny contains finding if {
	some change in input.changes
	annotations := change.new.metadata.annotations
	some key, types in before_sync
	some type in split(annotations[key], ",")
	trim_space(type) in types
	not is_later(annotations)
	finding := {
		"code": "gate.earlier-hook",
		"message": sprintf("it is a %s hook of wave %s and does not wait for the gate, whose wave is %v", [
			trim_space(type),
			wave(annotations),
			input.settings.wave,
		]),
		"object": change.object,
		"field": sprintf("/metadata/annotations/%s", [replace(key, "/", "~1")]),
		"remediation": sprintf("give it a sync-wave above %v", [input.settings.wave]),
		"setting": "/settings/wave",
	}
}

is_configuration(object) if {
	object.kind == "GateFile"
	object.name in {"tidegate.yaml", ".github/tidegate.yaml"}
}

default gone := "deleted"

gone := "moved" if {
	some change in input.changes
	change.operation == "create"
	is_configuration(change.object)
}

group_of(object) := split(object.apiVersion, "/")[0] if {
	contains(object.apiVersion, "/")
} else := ""

# The names of the objects that an object is, or that something makes of it, each with its pointer.
made(change) := union({own_name(change, maker), named(change.new, maker), listed(change.new, maker)}) if {
	maker := makers[change.object.kind]
	group_of(change.object) == maker.group
}

own_name(change, maker) := {["/metadata/name", change.object.name] | maker.own}

named(new, maker) := {[concat("/", array.concat([""], path)), name] |
	some path in maker.fields
	name := object.get(new, path, null)
	is_string(name)
}

listed(new, maker) := {[sprintf("/%s/%v/%s", [concat("/", list.of), at, list.name]), name] |
	some list in maker.lists
	some at, item in object.get(new, list.of, [])
	name := item[list.name]
	is_string(name)
}

is_own(made) if {
	some name, prefix in prefixes
	startswith(made, prefix)
	glob.match(name, [], made)
}

# What is told apart from the rest, since it changes nothing.
reading := {"get", "list", "watch"}

is_itself(group) := {"group": group, "own": true, "fields": [], "lists": []}

makes(group, fields) := {"group": group, "own": false, "fields": fields, "lists": []}

# The Job, what it runs as, what it reads and trusts, and the policy beside it; and what makes Secrets and ConfigMaps,
# by its own name or by the fields that say which.
makers := {
	"AzureKeyVaultSecret": makes("spv.no", [
		["spec", "output", "configMap", "name"],
		["spec", "output", "secret", "name"],
	]),
	"BitwardenSecret": makes("k8s.bitwarden.com", [["spec", "secretName"]]),
	"Bundle": is_itself("trust.cert-manager.io"),
	"Certificate": makes("cert-manager.io", [["spec", "secretName"]]),
	"ClusterExternalSecret": {
		"group": "external-secrets.io",
		"own": true,
		"fields": [["spec", "externalSecretName"], ["spec", "externalSecretSpec", "target", "name"]],
		"lists": [],
	},
	"ClusterIssuer": makes("cert-manager.io", [["spec", "acme", "privateKeySecretRef", "name"]]),
	"ConfigMap": is_itself(""),
	"DopplerSecret": makes("secrets.doppler.com", [["spec", "managedSecret", "name"]]),
	"ExternalSecret": {"group": "external-secrets.io", "own": true, "fields": [["spec", "target", "name"]], "lists": []},
	"InfisicalSecret": {
		"group": "secrets.infisical.com",
		"own": false,
		"fields": [["spec", "managedSecretReference", "secretName"]],
		"lists": [
			{"of": ["spec", "managedKubeSecretReferences"], "name": "secretName"},
			{"of": ["spec", "managedKubeConfigMapReferences"], "name": "configMapName"},
		],
	},
	"Issuer": makes("cert-manager.io", [["spec", "acme", "privateKeySecretRef", "name"]]),
	"Job": is_itself("batch"),
	"KafkaUser": is_itself("kafka.strimzi.io"),
	"ObjectBucketClaim": is_itself("objectbucket.io"),
	"OnePasswordItem": is_itself("onepassword.com"),
	"Role": is_itself("rbac.authorization.k8s.io"),
	"RoleBinding": is_itself("rbac.authorization.k8s.io"),
	"SealedSecret": {
		"group": "bitnami.com",
		"own": true,
		"fields": [["spec", "template", "metadata", "name"]],
		"lists": [],
	},
	"Secret": is_itself(""),
	"SecretProviderClass": {
		"group": "secrets-store.csi.x-k8s.io",
		"own": false,
		"fields": [],
		"lists": [{"of": ["spec", "secretObjects"], "name": "secretName"}],
	},
	"SecretSync": is_itself("secret-sync.x-k8s.io"),
	"ServiceAccount": is_itself(""),
	"SopsSecret": {
		"group": "isindir.github.com",
		"own": false,
		"fields": [],
		"lists": [{"of": ["spec", "secretTemplates"], "name": "name"}],
	},
	"ValidatingAdmissionPolicy": is_itself("admissionregistration.k8s.io"),
	"ValidatingAdmissionPolicyBinding": is_itself("admissionregistration.k8s.io"),
	"VaultDynamicSecret": makes("secrets.hashicorp.com", [["spec", "destination", "name"]]),
	"VaultPKISecret": makes("secrets.hashicorp.com", [["spec", "destination", "name"]]),
	"VaultSecret": is_itself("ricoberger.de"),
	"VaultStaticSecret": makes("secrets.hashicorp.com", [["spec", "destination", "name"]]),
}

# What each name begins with, up to where its glob begins: most objects need not be matched against globs.
prefixes := {name: regex.split(`[*?\[{\\]`, name)[0] | some name in input.settings.names}

of_argo := [change | some change in input.changes; startswith(change.object.apiVersion, "argoproj.io/")]

# The sources of an Application, or of those that a set makes, each with its pointer.
sources(change) := union({
	{[sprintf("%s/source", [at]), spec.source] |
		some at, spec in specs(change)
	},
	{[sprintf("%s/sources/%d", [at, i]), source] |
		some at, spec in specs(change)
		some i, source in spec.sources
	},
})

specs(change) := {"/spec": change.new.spec} if change.object.kind == "Application"

specs(change) := {"/spec/template/spec": change.new.spec.template.spec} if change.object.kind == "ApplicationSet"

replacing(image) := sprintf("%q replaces", [image]) if is_string(image)

replacing(image) := "what is hidden as a secret, or is no text, may replace" if not is_string(image)

# `name=other:tag@digest`: either name may be the gate's.
is_gate_image(image) if {
	is_string(image)
	some part in split(image, "=")
	name := regex.replace(part, `(@.*|:[^/@]*(@.*)?)$`, "")
	some own in input.settings.images
	endswith(concat("", ["/", name]), concat("", ["/", own]))
}

is_gate_image(image) if {
	not is_string(image)
	count(input.settings.images) > 0
}

before_sync := {
	"argocd.argoproj.io/hook": {"PreSync"},
	"helm.sh/hook": {"pre-install", "pre-upgrade", "crd-install"},
}

is_later(annotations) if {
	not is_too_long(annotations)
	number(wave(annotations)) > input.settings.wave
}

# What has more digits than a wave may have is not later.
is_too_long(annotations) if {
	some key in wave_keys
	regex.match(`^[+-]?[0-9]{19,}$`, annotations[key])
}

# As Argo CD counts: the first that is a number, else 0.
wave(annotations) := array.concat(numbers, ["0"])[0] if {
	numbers := [annotations[key] |
		some key in wave_keys
		regex.match(`^[+-]?[0-9]+$`, annotations[key])
	]
}

# JSON numbers have no leading zeros. One behind, taken off again, is left of a wave of zero.
number(text) := (sign * to_number(concat("", [trim_left(text, "+-0"), "0"]))) / 10 if {
	sign := {true: -1, false: 1}[startswith(text, "-")]
}

wave_keys := ["argocd.argoproj.io/sync-wave", "helm.sh/hook-weight"]
