# METADATA
# scope: package
# title: Room for all pods of a namespace
# description: >-
#   The pods of a namespace fit into its ResourceQuotas together, also while an autoscaler runs as
#   many as it may and while an update starts new ones beside the old; and a tenant's namespace has a quota.
#   Those of Odoo open no more connections than their database takes.
#   What comes in the place of another workload has no less memory than that one.
# custom:
#   prefix: resources
#   scope: change-set
#   kinds:
#     - Deployment.apps
#     - ReplicaSet.apps
#     - StatefulSet.apps
#     - Job.batch
#     - CronJob.batch
#     - Pod
#     - ReplicationController
#     - Rollout.argoproj.io
#     - Cluster.postgresql.cnpg.io
#     - HorizontalPodAutoscaler.autoscaling
#     - ScaledObject.keda.sh
#     - LimitRange
#     - ResourceQuota
#     - Namespace
#     - ConfigMap
#     - Pooler.postgresql.cnpg.io
#     - postgresql.acid.zalan.do
#   neighbours:
#     ResourceQuota: environment
#     Namespace: environment
#   facts: [connections, inventory, quotas, workloads]
#   codes:
#     resources.quota-exceeded: deny
#     resources.quota-missing: deny
#     resources.surge-capacity: warn
#     resources.lowered: deny
#     resources.db-connections: deny
package tidegate.resource_limits.change_set

# METADATA
# title: The pods do not fit into the quota
# description: The sum over the namespace is above what a ResourceQuota gives. Who asks for more than before answers for it, and so does who changes the quota.
deny contains finding if {
	some row in exceeded
	some object in blamed(row)
	finding := {
		"code": "resources.quota-exceeded",
		"message": sprintf("the pods of the namespace ask for %s of %s%s, but ResourceQuota %q gives %s", [
			shown(row, needed(row)),
			row.key,
			meanwhile(row),
			row.quota,
			shown(row, row.hard),
		]),
		"object": object,
		"remediation": "ask for less, run fewer pods at the peak, or raise the quota in the same change",
		"setting": "/settings/size-for",
	}
}

# METADATA
# title: A quota counts what a container does not say
# description: Where a ResourceQuota counts an amount, the API server refuses every pod with a container that has none. What `require` asks for is told by its own code.
deny contains finding if {
	some row in input.facts.quotas.value
	part := amounts[row.key]
	not part.name in input.settings.require
	some w in input.facts.workloads.value.new
	is_held(w.object, row, "new")
	not w.pod[part.side][part.field]
	finding := {
		"code": "resources.quota-exceeded",
		"message": sprintf("ResourceQuota %q counts %s, but a container says nothing of it: no pod of it is admitted", [
			row.quota,
			row.key,
		]),
		"object": w.object,
		"field": w.templatePointer,
		"remediation": "give every container the amount, or the namespace a LimitRange with a default",
	}
}

# METADATA
# title: A tenant has no bound where several share a cluster
# description: The namespace of a tenant has no ResourceQuota, and the environment serves several tenants.
deny contains finding if {
	count(input.environment.tenants) > 1
	some finding in unbounded
}

# METADATA
# title: A tenant has no bound
# description: The namespace of a tenant has no ResourceQuota.
warn contains finding if {
	count(input.environment.tenants) < 2
	some finding in unbounded
}

# METADATA
# title: An update leaves hardly any room
# description: What the peak of an update leaves of the quota is less than `surge-headroom-percent`.
warn contains finding if {
	percent := input.settings["surge-headroom-percent"]
	some row in input.facts.quotas.value
	needed(row) <= row.hard
	needed(row) * 100 > row.hard * (100 - percent)
	some object in blamed(row)
	finding := {
		"code": "resources.surge-capacity",
		"message": sprintf("the pods of the namespace ask for %s of %s%s: less than %d %% of the %s of ResourceQuota %q are left", [
			shown(row, needed(row)),
			row.key,
			meanwhile(row),
			percent,
			shown(row, row.hard),
			row.quota,
		]),
		"object": object,
		"remediation": "raise the quota before the release, or start fewer pods at a time",
		"setting": "/settings/surge-headroom-percent",
	}
}

# METADATA
# title: Odoo may open more connections than the database takes
# description: The change makes the pods open more, or the database take fewer.
deny contains finding if {
	some row in input.facts.connections.value
	needed(row) > row.hard
	some finding in crowded(row)
}

# METADATA
# title: Odoo may open nearly all connections of the database
# description: More than four fifths of what it takes.
warn contains finding if {
	some row in input.facts.connections.value
	needed(row) <= row.hard
	needed(row) * 100 > row.hard * 80
	some finding in crowded(row)
}

crowded(row) := {finding |
	is_tighter(row)
	some change in input.changes
	change.operation != "delete"
	is_part(change.object, row)
	finding := {
		"code": "resources.db-connections",
		"message": sprintf("%s %q takes %d connections, and up to %d%s may be opened to it", [
			row.server.kind,
			row.server.name,
			row.hard,
			needed(row),
			replacing(row),
		]),
		"object": change.object,
		"remediation": "run fewer workers, lower `db_maxconn`, put a pooler between, or raise `max_connections` in the same change",
		"setting": "/settings/size-for",
	}
}

replacing(row) := sprintf(" (%d of them while pods are replaced)", [row.update]) if {
	row.update > 0
} else := ""

is_tighter(row) if not row.before

is_tighter(row) if needed(row) > needed(row.before)

is_tighter(row) if row.hard < row.before.hard

is_part(object, row) if object in row.parts

is_part(object, row) if {
	object.kind in {"HorizontalPodAutoscaler", "ScaledObject"}
	is_near(object, row.server)
}

unbounded contains finding if {
	some change in input.changes
	tenant := tenant_of(change)
	not change.object.name in {namespace_of(quota) | some quota in input.facts.inventory.value.ResourceQuota}
	finding := {
		"code": "resources.quota-missing",
		"message": sprintf("namespace %q of tenant %q has no ResourceQuota: it may take all room of the cluster", [
			change.object.name,
			tenant,
		]),
		"object": change.object,
		"remediation": "add a ResourceQuota to the namespace",
	}
}

unbounded contains finding if {
	some change in input.changes
	change.object.kind == "ResourceQuota"
	change.operation == "delete"
	some namespace in input.facts.inventory.value.Namespace
	namespace.metadata.name == change.object.namespace
	tenant := namespace.metadata.labels["tidegate.dev/tenant"]
	quotas := [quota | some quota in input.facts.inventory.value.ResourceQuota; namespace_of(quota) == change.object.namespace]
	count(quotas) == 0
	finding := {
		"code": "resources.quota-missing",
		"message": sprintf("namespace %q of tenant %q loses its only ResourceQuota", [change.object.namespace, tenant]),
		"object": change.object,
		"remediation": "keep a ResourceQuota in the namespace",
	}
}

tenant_of(change) := change.new.metadata.labels["tidegate.dev/tenant"] if change.object.kind == "Namespace"

namespace_of(manifest) := object.get(manifest.metadata, "namespace", "")

exceeded := [row |
	some row in input.facts.quotas.value
	needed(row) > row.hard
]

needed(row) := row[input.settings["size-for"]] + row.update

# The changed objects that make the sum larger, or the bound smaller.
blamed(row) := growing | deciding if {
	growing := {w.object |
		some w in input.facts.workloads.value.new
		is_held(w.object, row, "new")
		asked(w, row.key) > before(w, row)
	}
	deciding := {change.object |
		some change in input.changes
		change.operation != "delete"
		change.object.kind in {"HorizontalPodAutoscaler", "ScaledObject", "LimitRange", "ResourceQuota"}
		is_near(change.object, row)
	}
}

is_near(reference, row) if object.get(reference, "namespace", "") == object.get(row, "namespace", "")

# Whether the quota of the row counts the pods of what is named.
is_held(reference, row, _) if {
	not row.holds
	is_near(reference, row)
}

is_held(reference, row, side) if reference in row.holds[side]

# What all pods of a workload ask for.
asked(w, key) := each(w, key) * (object.get(w.availability, sizes[input.settings["size-for"]], 0) + w.availability.update.surge)

each(w, key) := object.get(w.pod[amounts[key].side], amounts[key].field, 0)

each(_, "pods") := 1

before(w, row) := sum([asked(old, row.key) |
	some old in input.facts.workloads.value.old
	old.change == w.change
	is_held(old.object, row, "old")
])

meanwhile(row) := sprintf(" (%s of it while pods are replaced)", [shown(row, row.update)]) if {
	row.update > 0
} else := ""

shown(row, amount) := sprintf("%d %s", [amount, amounts[row.key].unit]) if {
	amounts[row.key]
} else := sprintf("%d", [amount])

# METADATA
# title: Memory of a stateful component is cut in production, under another kind or name
# description: A workload that comes in the place of one that goes is held against it.
deny contains finding if {
	some [w, finding] in reductions
	is_weighty(w)
}

# METADATA
# title: Memory is cut, under another kind or name
# description: As above, elsewhere or for what holds no state.
warn contains finding if {
	some [w, finding] in reductions
	not is_weighty(w)
}

is_weighty(w) if {
	input.environment.stage == "production"
	some component in input.changes[w.change].components
	component in {"database", "cache"}
}

reductions contains [w, finding] if {
	percent := input.settings["max-reduction-percent"]
	some [previous, w] in replaced
	some side in ["requests", "limits"]
	some [o, c] in successions(previous, w, side)
	amount := concat(".", [side, "memory"])
	c.resources.source[amount] != "from-limit"
	before := o.resources[side].memoryBytes
	after := c.resources[side].memoryBytes
	(before - after) * 100 > before * percent
	finding := {
		"code": "resources.lowered",
		"message": sprintf("container %q: %s falls from %d to %d bytes, more than %d %% in one change, since it was in %s %q", [
			c.name,
			amount,
			before,
			after,
			percent,
			previous.object.kind,
			previous.object.name,
		]),
		"object": w.object,
		"field": c.resources.pointer[amount],
		"remediation": "lower memory in smaller steps and watch what the container uses in between",
		"setting": "/settings/max-reduction-percent",
	}
}

# Containers that are held against each other: namesakes; and of those that go and those that come the
# largest, the next and so on, among all that run at one time and among those of one image.
successions(previous, w, side) := namesakes | successors if {
	namesakes := {[o, c] |
		some o in previous.containers
		some c in w.containers
		o.name == c.name
	}
	going := ranked(previous, w, side)
	coming := ranked(w, previous, side)
	successors := {[o, c] |
		some group, gone in going
		some rank, [_, _, o] in gone
		[_, _, c] := coming[group][rank]
	}
}

# The containers that the other state of the pod does not have, by group, those with the most memory first.
ranked(w, other, side) := {group: ranking |
	known := {[stage_of(c), c.name] | some c in other.containers}
	strange := [c | some c in w.containers; not [stage_of(c), c.name] in known]
	some group in union({groups_of(c) | some c in strange})
	ranking := sort([[0 - c.resources[side].memoryBytes, i, c] |
		some i, c in strange
		group in groups_of(c)
	])
}

groups_of(c) := {[stage_of(c)], [stage_of(c), object.get(c, ["image", "repository"], "")]}

stage_of(c) := {true: "start", false: "service"}[c.role == "init"]

# A workload that goes, and one that comes in its place.
replaced contains [previous, w] if {
	some w in input.facts.workloads.value.new
	input.changes[w.change].operation == "create"
	not object.get(w.object, "namespace", "") in input.settings["exempt-namespaces"]
	some previous in input.facts.workloads.value.old
	input.changes[previous.change].operation == "delete"
	object.get(previous.object, "namespace", "") == object.get(w.object, "namespace", "")
	is_twin(previous, w)
}

is_twin(previous, w) if previous.object.name == w.object.name

is_twin(previous, w) if {
	count(w.labels) > 0
	previous.labels == w.labels
}

sizes := {"min": "lowest", "peak": "highest"}

amounts := {
	"cpu": {"name": "requests.cpu", "side": "requests", "field": "cpuMilli", "unit": "millicores"},
	"requests.cpu": {"name": "requests.cpu", "side": "requests", "field": "cpuMilli", "unit": "millicores"},
	"limits.cpu": {"name": "limits.cpu", "side": "limits", "field": "cpuMilli", "unit": "millicores"},
	"memory": {"name": "requests.memory", "side": "requests", "field": "memoryBytes", "unit": "bytes"},
	"requests.memory": {"name": "requests.memory", "side": "requests", "field": "memoryBytes", "unit": "bytes"},
	"limits.memory": {"name": "limits.memory", "side": "limits", "field": "memoryBytes", "unit": "bytes"},
	"ephemeral-storage": {"name": "requests.ephemeral-storage", "side": "requests", "field": "ephemeralBytes", "unit": "bytes"},
	"requests.ephemeral-storage": {"name": "requests.ephemeral-storage", "side": "requests", "field": "ephemeralBytes", "unit": "bytes"},
	"limits.ephemeral-storage": {"name": "limits.ephemeral-storage", "side": "limits", "field": "ephemeralBytes", "unit": "bytes"},
}
