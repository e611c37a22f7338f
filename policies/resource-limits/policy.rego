# METADATA
# scope: package
# title: Resource limits
# description: >-
#   Every container of a changed workload says how much memory and CPU it needs and how much memory
#   it may take, in amounts that Kubernetes accepts and that the shop can afford.
# custom:
#   prefix: resources
#   scope: object
#   kinds:
#     - Deployment.apps
#     - ReplicaSet.apps
#     - StatefulSet.apps
#     - DaemonSet.apps
#     - Job.batch
#     - CronJob.batch
#     - Pod
#     - ReplicationController
#     - PodTemplate
#     - Rollout.argoproj.io
#     - Cluster.postgresql.cnpg.io
#   neighbours:
#     LimitRange: namespace
#   facts: [inventory, workloads]
#   codes:
#     resources.missing-memory-limit: deny
#     resources.missing-memory-request: deny
#     resources.missing-cpu-request: deny
#     resources.missing-cpu-limit: deny
#     resources.missing-ephemeral-limit: warn
#     resources.invalid-quantity: deny
#     resources.suspicious-quantity: warn
#     resources.request-above-limit: deny
#     resources.ratio: warn
#     resources.above-ceiling: deny
#     resources.lowered: deny
#     resources.limitrange-violated: deny
#     resources.ambiguous-limitrange: warn
package tidegate.resource_limits

# METADATA
# title: A required amount is missing
# description: An amount that `require` names has no effective value.
deny contains finding if {
	some lack in lacks
	requirements[lack.amount].effect == "deny"
	finding := lack.finding
}

# METADATA
# title: An amount cannot be read
# description: The literal is not a Kubernetes quantity, or it is negative.
deny contains finding if {
	some w in judged
	some c in contained(w)
	some bad in c.resources.invalid
	finding := {
		"code": "resources.invalid-quantity",
		"message": sprintf("%s: %s %q is no quantity: %s", [called(c), bad.resource, bad.literal, bad.reason]),
		"object": w.object,
		"field": bad.pointer,
		"remediation": "write a Kubernetes quantity such as 500m for CPU or 512Mi for memory",
	}
}

# METADATA
# title: A request is above its limit
# description: Kubernetes refuses such a pod.
deny contains finding if {
	some w in judged
	some c in contained(w)
	some resource, key in keys
	request := c.resources.requests[key]
	limit := c.resources.limits[key]
	limited(c, resource)
	request > limit
	finding := {
		"code": "resources.request-above-limit",
		"message": sprintf("%s requests %s of %s but is limited to %s", [
			called(c),
			shown(c, "requests", resource),
			named[resource],
			shown(c, "limits", resource),
		]),
		"object": w.object,
		"field": c.resources.pointer[concat(".", ["requests", resource])],
		"remediation": sprintf("lower the %s request or raise the limit", [named[resource]]),
	}
}

# METADATA
# title: An amount is above what one container may take here
# description: The ceiling of the object's components counts, else that of `*`.
deny contains finding if {
	some w in judged
	some resource in ["cpu", "memory"]
	ceiling := lowest_ceiling(resource)
	some c in contained(w)
	some side in ["requests", "limits"]
	amount := concat(".", [side, resource])
	c.resources.source[amount] != "from-limit"
	c.resources[side][keys[resource]] > ceiling.bound
	finding := {
		"code": "resources.above-ceiling",
		"message": sprintf("%s: %s of %s is above the ceiling of %d %s for %q", [
			called(c),
			amount,
			shown(c, side, resource),
			ceiling.bound,
			units[resource],
			ceiling.name,
		]),
		"object": w.object,
		"field": c.resources.pointer[amount],
		"remediation": "ask for less, or raise the ceiling of the component in the section `resources`",
		"setting": sprintf("/settings/ceilings/%s/%s", [escaped(ceiling.name), resource]),
	}
}

# METADATA
# title: Memory of a stateful component is cut in production
# description: A database or cache that loses memory falls over under the load it carried before.
deny contains finding if {
	weighty
	some finding in reductions
}

# METADATA
# title: A LimitRange would refuse the pods
# description: The object applies, its pods never start.
deny contains finding if {
	some w in judged
	some v in w.limitRange.violations
	finding := {
		"code": "resources.limitrange-violated",
		"message": sprintf("container %q: %s is %d, but the LimitRange %s %d", [
			v.container,
			v.resource,
			v.actual,
			bounds[v.rule],
			v.bound,
		]),
		"object": w.object,
		"field": v.pointer,
		"remediation": "keep within the LimitRange of the namespace, or change it first",
	}
}

# METADATA
# title: Local disk has no bound
# description: A required limit for ephemeral storage is missing.
warn contains finding if {
	some lack in lacks
	requirements[lack.amount].effect == "warn"
	finding := lack.finding
}

# METADATA
# title: An emptyDir has no bound
# description: Without `sizeLimit` a scratch volume fills the node's disk, or its memory.
warn contains finding if {
	some w in judged
	some i, volume in w.volumes
	is_object(volume.emptyDir)
	object.get(volume.emptyDir, "sizeLimit", 0) in {0, "0"}
	finding := {
		"code": "resources.missing-ephemeral-limit",
		"message": sprintf("emptyDir volume %q has no sizeLimit and may fill %s", [volume.name, filled(volume.emptyDir)]),
		"object": w.object,
		"field": sprintf("%s/spec/volumes/%d/emptyDir/sizeLimit", [w.templatePointer, i]),
		"remediation": "set `sizeLimit` on the emptyDir",
	}
}

# METADATA
# title: An amount is hardly meant
# description: Less memory than any process needs (128m is a fraction of a byte), or more CPU than a node has.
warn contains finding if {
	some w in judged
	some c in contained(w)
	some amount, literal in c.resources.literal
	hint := slip(c, amount)
	finding := {
		"code": "resources.suspicious-quantity",
		"message": sprintf("%s: %s %q means %s", [called(c), amount, literal, hint.means]),
		"object": w.object,
		"field": c.resources.pointer[amount],
		"remediation": hint.remediation,
	}
}

# METADATA
# title: A limit is far above its request
# description: The scheduler plans with the request; the node pays for the limit.
warn contains finding if {
	some w in judged
	some c in contained(w)
	some resource, ratio in input.settings["max-ratio"]
	request := c.resources.requests[keys[resource]]
	request > 0
	limited(c, resource)
	c.resources.limits[keys[resource]] > request * ratio
	finding := {
		"code": "resources.ratio",
		"message": sprintf("%s: %s limit of %s is more than %d times the request of %s", [
			called(c),
			named[resource],
			shown(c, "limits", resource),
			ratio,
			shown(c, "requests", resource),
		]),
		"object": w.object,
		"field": c.resources.pointer[concat(".", ["limits", resource])],
		"remediation": "raise the request towards what the container really uses",
		"setting": sprintf("/settings/max-ratio/%s", [resource]),
	}
}

# METADATA
# title: Memory is cut
# description: A memory limit or request falls by more than the allowed share in one change.
warn contains finding if {
	not weighty
	some finding in reductions
}

# METADATA
# title: Two LimitRanges give defaults
# description: Kubernetes does not say which of them wins.
warn contains finding if {
	some w in judged
	w.limitRange.ambiguous
	finding := {
		"code": "resources.ambiguous-limitrange",
		"message": sprintf("LimitRanges %s all give container defaults; which one counts is undefined", [concat(
			", ",
			sort(w.limitRange.names),
		)]),
		"object": w.object,
		"remediation": "keep container defaults in one LimitRange of the namespace",
	}
}

# The workloads of the changed object at head, unless their namespace is exempt.
judged := [w |
	some w in input.facts.workloads.value.new
	not object.get(w.object, "namespace", "") in input.settings["exempt-namespaces"]
]

# Containers that a manifest decides; ephemeral ones are added to running pods by hand.
contained(w) := [c |
	some c in w.containers
	c.role != "ephemeral"
]

lacks contains {"amount": amount, "finding": finding} if {
	some w in judged
	some c in contained(w)
	unread := {bad.resource | some bad in c.resources.invalid}
	some amount in input.settings.require
	not amount in unread
	cause := causes[object.get(c.resources.source, amount, "absent")]
	finding := {
		"code": requirements[amount].code,
		"message": concat(" ", [called(c), cause.verb, requirements[amount].name]),
		"object": w.object,
		"field": c.resources.pointer[amount],
		"remediation": sprintf("set `resources.%s` to what the container needs%s", [amount, cause.alternative]),
		"setting": cause.setting,
	}
}

causes["absent"] := {
	"verb": "has no",
	"alternative": ", or give the namespace a LimitRange with a default",
	"setting": "/settings/require",
}

causes["zero"] := {
	"verb": "sets zero, which means none, as",
	"alternative": "",
	"setting": "/settings/require",
}

causes["limitrange"] := {
	"verb": "takes from a LimitRange alone its",
	"alternative": "",
	"setting": "/settings/accept-limitrange",
} if {
	not input.settings["accept-limitrange"]
}

# A limit of zero is no limit; the missing amount is told elsewhere.
limited(c, resource) if {
	c.resources.source[concat(".", ["limits", resource])] != "zero"
}

weighty if {
	input.environment.stage == "production"
	some component in input.changes[0].components
	component in {"database", "cache"}
}

reductions contains finding if {
	percent := input.settings["max-reduction-percent"]
	some w in judged
	some c in contained(w)
	some previous in input.facts.workloads.value.old
	some o in previous.containers
	o.name == c.name
	some side in ["requests", "limits"]
	amount := concat(".", [side, "memory"])
	c.resources.source[amount] != "from-limit"
	before := o.resources[side].memoryBytes
	after := c.resources[side].memoryBytes
	limited_amount(c, amount)
	(before - after) * 100 > before * percent
	finding := {
		"code": "resources.lowered",
		"message": sprintf("%s: %s falls from %s to %s, more than %d %% in one change", [
			called(c),
			amount,
			shown(o, side, "memory"),
			shown(c, side, "memory"),
			percent,
		]),
		"object": w.object,
		"field": c.resources.pointer[amount],
		"remediation": "lower memory in smaller steps and watch what the container uses in between",
		"setting": "/settings/max-reduction-percent",
	}
}

# Zero is judged as missing, not as lowered.
limited_amount(c, amount) if c.resources.source[amount] != "zero"

# The strictest ceiling of the object's components, else the one for everything.
lowest_ceiling(resource) := {"name": name, "bound": bound} if {
	found := sort([[ceiling[resource], name] |
		some name in input.changes[0].components
		ceiling := input.settings.ceilings[name]
		ceiling[resource]
	])
	[bound, name] := found[0]
} else := {"name": "*", "bound": input.settings.ceilings["*"][resource]}

slip(c, amount) := {
	"means": sprintf("%d bytes, less than any process needs", [bytes]),
	"remediation": "in memory amounts `m` means thousandths of a byte: write Mi or Gi",
} if {
	[side, "memory"] = split(amount, ".")
	bytes := c.resources[side].memoryBytes
	bytes > 0
	bytes < 4194304
}

slip(c, amount) := {
	"means": sprintf("%d cores", [floor(milli / 1000)]),
	"remediation": "CPU amounts without `m` are whole cores: 1000m is one core",
} if {
	[side, "cpu"] = split(amount, ".")
	milli := c.resources[side].cpuMilli
	milli > 128000
}

# The amount as written, else as computed, with where it comes from.
shown(c, side, resource) := c.resources.literal[concat(".", [side, resource])]

shown(c, side, resource) := sprintf("%d %s%s", [
	c.resources[side][keys[resource]],
	units[resource],
	object.get(origins, c.resources.source[amount], ""),
]) if {
	amount := concat(".", [side, resource])
	not c.resources.literal[amount]
}

called(c) := sprintf("%s %q", [object.get(roles, c.role, "container"), c.name])

filled(volume) := "the node's memory" if {
	object.get(volume, "medium", "") == "Memory"
} else := "the node's disk"

escaped(name) := replace(replace(name, "~", "~0"), "/", "~1")

requirements := {
	"limits.memory": {"code": "resources.missing-memory-limit", "effect": "deny", "name": "memory limit"},
	"requests.memory": {"code": "resources.missing-memory-request", "effect": "deny", "name": "memory request"},
	"requests.cpu": {"code": "resources.missing-cpu-request", "effect": "deny", "name": "CPU request"},
	"limits.cpu": {"code": "resources.missing-cpu-limit", "effect": "deny", "name": "CPU limit"},
	"limits.ephemeral-storage": {
		"code": "resources.missing-ephemeral-limit",
		"effect": "warn",
		"name": "limit for ephemeral storage",
	},
}

keys := {"cpu": "cpuMilli", "memory": "memoryBytes", "ephemeral-storage": "ephemeralBytes"}

named := {"cpu": "CPU", "memory": "memory", "ephemeral-storage": "ephemeral storage"}

units := {"cpu": "millicores", "memory": "bytes", "ephemeral-storage": "bytes"}

roles := {"app": "container", "sidecar": "sidecar", "init": "init container"}

origins := {"limitrange": " (from the LimitRange)", "from-limit": " (from its limit)", "pod": " (from the pod)"}

bounds := {"min": "wants at least", "max": "allows at most", "ratio": "allows a limit-to-request ratio of at most"}
