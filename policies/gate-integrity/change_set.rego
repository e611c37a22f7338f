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
	change.new
	group := hook_kinds[change.object.kind]
	group_of(change.object) == group
	some name, prefix in prefixes
	some made in [change.object.name, object.get(change.new, ["spec", "target", "name"], "")]
	startswith(made, prefix)
	glob.match(name, [], made)
	finding := {
		"code": "gate.hook-replaced",
		"message": sprintf("%s %q is the gate's own, and a tree that the gate judges brings it", [change.object.kind, change.object.name]),
		"object": change.object,
		"field": "/metadata/name",
		"remediation": "keep the gate in a source of its own that is listed last, or give this object another name",
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
		"message": sprintf("%q replaces the image of the gate", [image]),
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

# The Job, what it runs as, what it reads and trusts, and the policy beside it; each with its group.
hook_kinds := {
	"Job": "batch",
	"ExternalSecret": "external-secrets.io",
	"SealedSecret": "bitnami.com",
	"ServiceAccount": "",
	"ConfigMap": "",
	"Secret": "",
	"Role": "rbac.authorization.k8s.io",
	"RoleBinding": "rbac.authorization.k8s.io",
	"ValidatingAdmissionPolicy": "admissionregistration.k8s.io",
	"ValidatingAdmissionPolicyBinding": "admissionregistration.k8s.io",
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

# `name=other:tag@digest`: either name may be the gate's.
is_gate_image(image) if {
	some part in split(image, "=")
	name := regex.replace(part, `(@.*|:[^/@]*(@.*)?)$`, "")
	some own in input.settings.images
	endswith(concat("", ["/", name]), concat("", ["/", own]))
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
