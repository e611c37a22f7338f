# METADATA
# scope: package
# title: Resource limits
# description: >-
#   Every container of a changed workload says how much memory and CPU it needs and how much memory
#   it may take, in amounts that Kubernetes accepts and that the shop can afford; pods that serve
#   say when they are ready, and are never all gone at once; and runs of jobs begin when they are meant to.
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
#     - PersistentVolumeClaim
#   neighbours:
#     LimitRange: namespace
#     HorizontalPodAutoscaler.autoscaling: namespace
#     ScaledObject.keda.sh: namespace
#     VerticalPodAutoscaler.autoscaling.k8s.io: namespace
#     Service: namespace
#     PodDisruptionBudget.policy: namespace
#   facts: [claims, workloads]
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
#     resources.below-floor: warn
#     resources.probe-missing: deny
#     resources.probe-harmful: warn
#     resources.pdb-missing: deny
#     resources.pdb-blocks-drain: deny
#     resources.pdb-overlap: deny
#     resources.single-replica: deny
#     resources.replicas-vs-hpa: warn
#     resources.hpa-invalid: deny
#     resources.vpa-conflict: warn
#     resources.spread-missing: deny
#     resources.surge-capacity: deny
#     resources.strategy-outage: deny
#     resources.grace-period: deny
#     resources.schedule: deny
#     resources.job-immutable: deny
#     resources.deadline: warn
#     resources.priority-missing: warn
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
	some c in bearers(w)
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
	some c in bearers(w)
	some resource, key in keys
	request := c.resources.requests[key]
	limit := c.resources.limits[key]
	c.resources.source[concat(".", ["requests", resource])] != "pod"
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
		"fields": said(c, ["limits"], resource),
		"remediation": sprintf("lower the %s request or raise the limit", [named[resource]]),
	}
}

# METADATA
# title: A container may take more than its pod
# description: Kubernetes refuses such a pod.
deny contains finding if {
	some w in judged
	some c in contained(w)
	c.role != "init"
	some resource, key in keys
	limit := c.resources.limits[key]
	limit > w.podResources.limits[key]
	finding := {
		"code": "resources.request-above-limit",
		"message": sprintf("%s is limited to %s of %s, but its pod to %s", [
			called(c),
			shown(c, "limits", resource),
			named[resource],
			shown(pod_of(w), "limits", resource),
		]),
		"object": w.object,
		"field": c.resources.pointer[concat(".", ["limits", resource])],
		"fields": said(pod_of(w), ["limits"], resource),
		"remediation": sprintf("lower the %s limit of the container or raise that of the pod", [named[resource]]),
	}
}

# METADATA
# title: Containers ask for more than their pod
# description: Kubernetes refuses such a pod.
deny contains finding if {
	some w in judged
	some resource, key in keys
	amount := concat(".", ["requests", resource])
	asked := sum([c.resources.requests[key] |
		some c in contained(w)
		c.role != "init"
		c.resources.source[amount] != "pod"
	])
	asked > w.podResources.requests[key]
	finding := {
		"code": "resources.request-above-limit",
		"message": sprintf("the containers request %d %s of %s together, but their pod %s", [
			asked,
			units[resource],
			named[resource],
			shown(pod_of(w), "requests", resource),
		]),
		"object": w.object,
		"field": w.podResources.pointer[amount],
		"fields": [pointer | some c in contained(w); some pointer in said(c, ["requests"], resource)],
		"remediation": sprintf("raise the %s request of the pod, or leave it to the containers", [named[resource]]),
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
		"message": sprintf("%s: %s is %s, but the LimitRange %s %d", [
			bounded(v),
			v.resource,
			counted(v),
			bounds[v.rule],
			v.bound,
		]),
		"object": w.object,
		"field": v.pointer,
		"fields": [pointer |
			some c in bearers(w)
			object.get(v, "container", c.name) == c.name
			some pointer in said(c, ["requests", "limits"], split(v.resource, ".")[1])
		],
		"remediation": "keep within the LimitRange of the namespace, or change it first",
	}
}

# METADATA
# title: A LimitRange would refuse a volume
# description: The claim, or the pod that waits for it, is never made.
deny contains finding if {
	claimer := input.changes[0].object
	not object.get(claimer, "namespace", "") in input.settings["exempt-namespaces"]
	some claim in input.facts.claims.value
	some v in claim.violations
	finding := {
		"code": "resources.limitrange-violated",
		"message": sprintf("the claim is for %s bytes, but the LimitRange %q %s %d", [
			sized(claim),
			v.limitRange,
			bounds[v.rule],
			v.bound,
		]),
		"object": claimer,
		"field": claim.pointer,
		"remediation": "keep within the LimitRange of the namespace, or change it first",
	}
}

# METADATA
# title: Pods that serve may be missing
# description: Probes, budgets, replicas and updates by which the pods of a workload are gone at once, or cannot be moved.
deny contains finding if {
	some gap in gaps
	gap.effect == "deny"
	finding := object.union({"object": gap.of.object}, gap.finding)
}

# METADATA
# title: Pods that serve may be missing for a while
# description: The same, where it is less likely or costs less.
warn contains finding if {
	some gap in gaps
	gap.effect == "warn"
	finding := object.union({"object": gap.of.object}, gap.finding)
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
	some c in bearers(w)
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
	some c in bearers(w)
	some resource, ratio in input.settings["max-ratio"]
	c.resources.source[concat(".", ["limits", resource])] != "pod"
	request := c.resources.requests[keys[resource]]
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

# What says amounts: the containers, and the pod as a whole where it has its own.
bearers(w) := array.concat(contained(w), [pod | pod := pod_of(w)])

# Where amounts of a resource stand.
said(c, sides, resource) := [pointer |
	some side in sides
	pointer := c.resources.pointer[concat(".", [side, resource])]
]

pod_of(w) := {"name": w.object.name, "role": "pod", "resources": w.podResources}

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

# How the pods of a workload may be missing, each with its effect.
gaps contains {"effect": "deny", "of": w, "finding": finding} if {
	some w in serving
	some c in asked(w)
	not c.probes.readiness
	finding := {
		"code": "resources.probe-missing",
		"message": sprintf("%s serves but has no readiness probe: it gets customers before it can answer", [called(c)]),
		"field": concat("/", [c.pointer, "readinessProbe"]),
		"remediation": sprintf("add a `readinessProbe`%s", [on_port(c)]),
	}
}

gaps contains {"effect": "warn", "of": w, "finding": finding} if {
	some w in serving
	some c in asked(w)
	missing := [name | some name in ["liveness", "startup"]; not c.probes[name]]
	first := missing[0]
	finding := {
		"code": "resources.probe-missing",
		"message": sprintf("%s serves but has no %s probe", [called(c), concat(" and no ", missing)]),
		"field": sprintf("%s/%sProbe", [c.pointer, first]),
		"remediation": sprintf("add a `%sProbe`%s", [first, on_port(c)]),
	}
}

gaps contains {"effect": "warn", "of": w, "finding": finding} if {
	some w in judged
	some c in contained(w)
	some name, probe in c.probes
	some harm in harms(c, name, probe)
	finding := {
		"code": "resources.probe-harmful",
		"message": sprintf("%s: its %s probe %s", [called(c), name, harm.what]),
		"field": sprintf("%s/%sProbe", [c.pointer, name]),
		"remediation": harm.remediation,
	}
}

gaps contains {"effect": budget_effect, "of": w, "finding": finding} if {
	some w in serving
	w in replicated
	w.availability.lowest > 1
	count(w.availability.budgets) == 0
	finding := {
		"code": "resources.pdb-missing",
		"message": sprintf("%d replicas and no PodDisruptionBudget: a drain may take all of them at once", [
			w.availability.lowest,
		]),
		"remediation": "add a PodDisruptionBudget whose selector takes these pods",
	}
}

gaps contains {"effect": "deny", "of": w, "finding": finding} if {
	some w in judged
	w.availability.lowest > 0
	some budget in w.availability.budgets
	budget.allowed == 0
	finding := {
		"code": "resources.pdb-blocks-drain",
		"message": sprintf("PodDisruptionBudget %q lets none of %d replicas go: no node of theirs can be drained", [
			budget.name,
			w.availability.lowest,
		]),
		"remediation": "let at least one pod go, or run one more than the budget wants; percentages round up",
	}
}

gaps contains {"effect": "deny", "of": w, "finding": finding} if {
	some w in judged
	count(w.availability.budgets) > 1
	finding := {
		"code": "resources.pdb-overlap",
		"message": sprintf("PodDisruptionBudgets %s all take these pods: every eviction of one fails", [concat(
			", ",
			[budget.name | some budget in w.availability.budgets],
		)]),
		"remediation": "keep one PodDisruptionBudget for each pod",
	}
}

gaps contains {"effect": at_production, "of": w, "finding": finding} if {
	some w in serving
	w in replicated
	w.availability.lowest == 1
	finding := {
		"code": "resources.single-replica",
		"message": sprintf("it serves with one replica%s", [stopped_by(w)]),
		"field": "/spec/replicas",
		"remediation": "run two replicas or more, or set `minReplicas` of the autoscaler so",
	}
}

gaps contains {"effect": "warn", "of": w, "finding": finding} if {
	some w in judged
	w.replicasSource == "explicit"
	some scaler in w.availability.scalers
	finding := {
		"code": "resources.replicas-vs-hpa",
		"message": sprintf("%s %q chooses the number of pods, and each sync sets it back to %d", [
			scaler.kind,
			scaler.name,
			w.replicas,
		]),
		"field": "/spec/replicas",
		"remediation": "leave `replicas` out and let the deployer ignore it; the first sync without it may start one pod only",
	}
}

gaps contains {"effect": "deny", "of": w, "finding": finding} if {
	some w in judged
	some scaler in w.availability.scalers
	scaler.min > scaler.max
	finding := {
		"code": "resources.hpa-invalid",
		"message": sprintf("%s %q wants at least %d and at most %d pods", [
			scaler.kind,
			scaler.name,
			scaler.min,
			scaler.max,
		]),
		"remediation": "raise the maximum or lower the minimum",
	}
}

gaps contains {"effect": "deny", "of": w, "finding": finding} if {
	some w in judged
	some scaler in w.availability.scalers
	some resource in scaler.utilisation
	amount := concat(".", ["requests", resource])
	some c in contained(w)
	c.role != "init"
	c.resources.source[amount] in {"absent", "zero"}
	finding := {
		"code": "resources.hpa-invalid",
		"message": sprintf("%s %q scales by a share of the requested %s, but %s requests none", [
			scaler.kind,
			scaler.name,
			named[resource],
			called(c),
		]),
		"field": c.resources.pointer[amount],
		"remediation": sprintf("set `resources.%s`: without it the autoscaler knows nothing and does nothing", [amount]),
	}
}

gaps contains {"effect": "warn", "of": w, "finding": finding} if {
	some w in judged
	some vertical in w.availability.vertical
	some scaler in w.availability.scalers
	some resource in scaler.utilisation
	resource in vertical.resources
	finding := {
		"code": "resources.vpa-conflict",
		"message": sprintf("VerticalPodAutoscaler %q and %s %q both act on %s", [
			vertical.name,
			scaler.kind,
			scaler.name,
			named[resource],
		]),
		"remediation": "let one of them act on another resource, or set `updateMode` to Off or Initial",
	}
}

gaps contains {"effect": effect, "of": w, "finding": finding} if {
	some w in judged
	is_spread(w)
	w.availability.lowest > 1
	effect := spread_effects[weighty_database][w.availability.spread]
	finding := {
		"code": "resources.spread-missing",
		"message": sprintf("%d replicas %s", [w.availability.lowest, spread_texts[w.availability.spread]]),
		"field": concat("", [w.templatePointer, spread_paths[w.object.kind == "Cluster"]]),
		"remediation": "spread them over `topology.kubernetes.io/zone`, by what takes these pods",
	}
}

gaps contains {"effect": "deny", "of": w, "finding": finding} if {
	some w in judged
	w.availability.update.stuck
	finding := {
		"code": "resources.surge-capacity",
		"message": "`maxSurge` and `maxUnavailable` are both zero: no pod may start and none may stop",
		"field": "/spec/strategy/rollingUpdate",
		"remediation": "let one more pod start, or one be missing, while pods are replaced",
	}
}

gaps contains {"effect": at_production, "of": w, "finding": finding} if {
	some w in serving
	w.object.kind in {"Deployment", "Rollout"}
	w.availability.lowest > 0
	w.availability.update.unavailable >= w.availability.lowest
	finding := {
		"code": "resources.strategy-outage",
		"message": sprintf("an update by %s may stop all of %d replicas at once", [
			w.availability.update.strategy,
			w.availability.lowest,
		]),
		"field": "/spec/strategy",
		"fields": ["/spec/strategy", "/spec/replicas"],
		"remediation": "replace pods by RollingUpdate with `maxUnavailable` below the number of replicas",
	}
}

gaps contains {"effect": "deny", "of": w, "finding": finding} if {
	some w in serving
	w.availability.graceSeconds == 0
	finding := {
		"code": "resources.grace-period",
		"message": "pods are killed without a second to finish what they serve",
		"field": concat("", [w.templatePointer, "/spec/terminationGracePeriodSeconds"]),
		"remediation": "leave `terminationGracePeriodSeconds` out, or give as long as the longest request takes",
	}
}

gaps contains {"effect": "warn", "of": w, "finding": finding} if {
	some w in judged
	w.availability.graceSeconds > 0
	some c in contained(w)
	needed := object.get(c, "preStopSeconds", 0) + longest_request(c)
	needed > w.availability.graceSeconds
	finding := {
		"code": "resources.grace-period",
		"message": sprintf("%s may need %d seconds to stop, and is killed after %d", [
			called(c),
			needed,
			w.availability.graceSeconds,
		]),
		"field": concat("", [w.templatePointer, "/spec/terminationGracePeriodSeconds"]),
		"remediation": "raise `terminationGracePeriodSeconds` above what the `preStop` hook and the longest request take",
	}
}

gaps contains {"effect": {true: "warn", false: "deny"}[w.scheduleProblem.runs], "of": w, "finding": finding} if {
	some w in judged
	finding := {
		"code": "resources.schedule",
		"message": sprintf("%q %s", [
			object.get(input.changes[0].new, array.slice(split(w.scheduleProblem.pointer, "/"), 1, 3), ""),
			w.scheduleProblem.problem,
		]),
		"field": w.scheduleProblem.pointer,
		"remediation": "write five fields, minute to day of the week, and the zone in `timeZone`",
	}
}

gaps contains {"effect": "deny", "of": w, "finding": finding} if {
	some w in judged
	w.object.kind == "Job"
	change := input.changes[0]
	change.operation == "update"
	not is_made_anew(change)
	pointers := sort([field.pointer | some field in change.fields; is_fixed(field.pointer)])
	finding := {
		"code": "resources.job-immutable",
		"message": "what a Job runs cannot change: Kubernetes refuses the update, and nothing new runs",
		"field": pointers[0],
		"remediation": "give the Job another name, make it a hook, or have Argo CD make it anew (`argocd.argoproj.io/sync-options: Force=true,Replace=true`)",
	}
}

gaps contains {"effect": "warn", "of": w, "finding": finding} if {
	some w in judged
	path := job_paths[w.object.kind]
	not object.get(input.changes[0].new, array.concat(path, ["activeDeadlineSeconds"]), 0) > 0
	finding := {
		"code": "resources.deadline",
		"message": sprintf("a run that hangs is never stopped%s", [beside(w.object.kind)]),
		"field": concat("", ["/", concat("/", array.concat(path, ["activeDeadlineSeconds"]))]),
		"remediation": "set `activeDeadlineSeconds` to somewhat more than the longest good run",
	}
}

gaps contains {"effect": "warn", "of": w, "finding": finding} if {
	some w in judged
	some component in input.changes[0].components
	component in input.settings["priority-components"]
	not w.priorityClass
	finding := {
		"code": "resources.priority-missing",
		"message": sprintf("it belongs to %s and has no priority: where room is short, it waits like a report", [component]),
		"field": concat("", [w.templatePointer, priority_paths[w.object.kind == "Cluster"]]),
		"remediation": "set `priorityClassName` to the class of what earns money",
	}
}

gaps contains {"effect": "warn", "of": w, "finding": finding} if {
	some w in judged
	some c in contained(w)
	limit := c.resources.limits.memoryBytes
	hard := option(c, "--limit-memory-hard")
	workers := option(c, "--workers")
	workers > 0
	processes := (workers + 1) + object.get(cron_threads(c), "n", 2)
	limit < processes * hard
	finding := {
		"code": "resources.below-floor",
		"message": sprintf("%s: %d processes of Odoo may take %d bytes each, but the limit is %s", [
			called(c),
			processes,
			hard,
			shown(c, "limits", "memory"),
		]),
		"field": c.resources.pointer["limits.memory"],
		"remediation": "raise the memory limit, or run fewer workers or a lower `--limit-memory-hard`",
	}
}

# What a Job keeps for as long as it is there.
is_fixed(pointer) if {
	some fixed in ["template", "selector", "completionMode", "podFailurePolicy", "successPolicy"]
	startswith(concat("", [pointer, "/"]), sprintf("/spec/%s/", [fixed]))
}

# A Job that the deployer deletes first, that deletes itself when it is done, or that has not begun yet.
is_made_anew(change) if change.old.spec.ttlSecondsAfterFinished >= 0

is_made_anew(change) if change.old.spec.suspend == true

is_made_anew(change) if {
	some key, value in change.new.metadata.annotations
	key in {"argocd.argoproj.io/hook", "helm.sh/hook"}
	value != ""
}

is_made_anew(change) if {
	options := {trim_space(choice) |
		some choice in split(change.new.metadata.annotations["argocd.argoproj.io/sync-options"], ",")
	}
	{"Force=true", "Replace=true"} & options == {"Force=true", "Replace=true"}
}

is_made_anew(change) if {
	lower(change.new.metadata.annotations["kustomize.toolkit.fluxcd.io/force"]) == "enabled"
}

# Those whose pods somebody sends requests to.
serving := [w |
	some w in judged
	not w.object.kind in {"Job", "CronJob", "Cluster", "PodTemplate"}
	serves(w)
]

serves(w) if count(w.availability.services) > 0

serves(w) if {
	some c in contained(w)
	count(c.ports) > 0
}

# Those of which there may be several at will.
replicated := [w |
	some w in judged
	w.object.kind in {"Deployment", "StatefulSet", "Rollout", "ReplicaSet", "ReplicationController"}
]

# Whose pods had better stand in several zones.
is_spread(w) if w.object.kind == "Cluster"

is_spread(w) if {
	w in serving
	w in replicated
}

# The containers that answer: those with a port, or all where none names one.
asked(w) := found if {
	found := [c |
		some c in contained(w)
		c.role != "init"
		count(c.ports) > 0
	]
	count(found) > 0
} else := [c | some c in contained(w); c.role == "app"]

on_port(c) := sprintf(" on port %d", [c.ports[0]]) if {
	count(c.ports) > 0
} else := ""

# What is wrong with a probe.
harms(c, name, probe) := {harm | some found in [twins(c, name), tests(c, name, probe)]; some harm in found}

twins(c, "liveness") := {{
	"what": "asks what its readiness probe asks: an overload restarts it",
	"remediation": "let liveness ask less than readiness, or give it more time",
}} if {
	c.probes.liveness.kind != "exec"
	parts(c.probes.liveness) == parts(c.probes.readiness)
} else := set()

twins(_, name) := set() if name != "liveness"

parts(probe) := [probe.kind, object.get(probe, "path", ""), object.get(probe, "port", 0)]

tests(c, name, probe) := ((reaching | slow) | (killing | wrong)) | lost if {
	reaching := {{
		"what": sprintf("asks the database too (%s): when that is slow, all pods restart", [probe.path]),
		"remediation": "let liveness ask the process alone; whether the database answers is for readiness",
	} |
		name == "liveness"
		contains(probe.path, "db_server_status")
	}
	slow := {{
		"what": sprintf("may wait %d seconds but asks every %d", [probe.timeoutSeconds, probe.periodSeconds]),
		"remediation": "set `timeoutSeconds` below `periodSeconds`",
	} |
		name != "startup"
		probe.timeoutSeconds >= probe.periodSeconds
	}
	killing := {{
		"what": sprintf("restarts it after %d seconds, before Odoo has loaded its modules", [patience(probe)]),
		"remediation": "add a startup probe, or raise `initialDelaySeconds`",
	} |
		name == "liveness"
		contains(c.image.repository, "odoo")
		not c.probes.startup
		patience(probe) < input.settings.odoo["min-start-seconds"]
	}
	wrong := {{
		"what": "wants more than one success, which Kubernetes refuses",
		"remediation": "set `successThreshold` to 1",
	} |
		name != "readiness"
		probe.successThreshold != 1
	}
	lost := {{
		"what": sprintf("asks the port %q, which the container does not declare", [port]),
		"remediation": "name a port of the container, or its number",
	} |
		port := probe.undeclared
	}
}

patience(probe) := probe.initialDelaySeconds + (probe.failureThreshold * probe.periodSeconds)

default at_production := "warn"

at_production := "deny" if input.environment.stage == "production"

default budget_effect := "warn"

budget_effect := "deny" if {
	input.environment.stage == "production"
	input.risk.tier in {"high", "critical"}
}

default weighty_database := false

weighty_database if {
	input.environment.stage == "production"
	"database" in input.changes[0].components
}

spread_effects := {
	true: {"none": "deny", "preferred": "warn"},
	false: {"none": "warn"},
}

# The template of a database cluster is its `spec`.
spread_paths := {true: "/affinity/topologyKey", false: "/spec/topologySpreadConstraints"}

priority_paths := {true: "/priorityClassName", false: "/spec/priorityClassName"}

spread_texts := {
	"none": "may all stand in one zone",
	"preferred": "stand in several zones only where there is room",
}

stopped_by(w) := ": an update by Recreate stops it" if {
	w.availability.update.strategy == "Recreate"
} else := ": a drain or a crash stops it"

beside("CronJob") := ", and the next ones start beside it" if {
	object.get(input.changes[0].new, ["spec", "concurrencyPolicy"], "Allow") == "Allow"
} else := ""

beside("Job") := ""

# What an option of Odoo says, in seconds for the longest request.
longest_request(c) := option(c, "--limit-time-real")

longest_request(c) := 0 if not option(c, "--limit-time-real")

cron_threads(c) := {"n": option(c, "--max-cron-threads")}

cron_threads(c) := {} if not option(c, "--max-cron-threads")

option(c, name) := to_number(values[0]) if {
	words := array.concat(c.command, c.args)
	assigned := concat("", [name, "="])
	values := array.concat(
		[trim_prefix(word, assigned) | some word in words; startswith(word, assigned)],
		[words[i + 1] | some i, word in words; word == name],
	)
	regex.match(`^[0-9]{1,15}$`, values[0])
}

job_paths := {"Job": ["spec"], "CronJob": ["spec", "jobTemplate", "spec"]}

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
	some previous in input.facts.workloads.value.old
	some side in ["requests", "limits"]
	some [o, c] in successions(previous, w, side)
	amount := concat(".", [side, "memory"])
	c.resources.source[amount] != "from-limit"
	before := o.resources[side].memoryBytes
	after := c.resources[side].memoryBytes
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

# Containers that are held against each other: namesakes; and of those that go and those that come the
# largest, the next and so on, among all that run at one time and among those of one image.
successions(previous, w, side) := namesakes | successors if {
	namesakes := {[o, c] |
		some o in contained(previous)
		some c in contained(w)
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
	known := {[stage_of(c), c.name] | some c in contained(other)}
	strange := [c | some c in contained(w); not [stage_of(c), c.name] in known]
	some group in union({groups_of(c) | some c in strange})
	ranking := sort([[0 - c.resources[side].memoryBytes, i, c] |
		some i, c in strange
		group in groups_of(c)
	])
}

groups_of(c) := {[stage_of(c)], [stage_of(c), object.get(c, ["image", "repository"], "")]}

stage_of(c) := {true: "start", false: "service"}[c.role == "init"]

# The strictest ceiling of the object's components, else the one for everything.
lowest_ceiling(resource) := {"name": name, "bound": bound} if {
	found := sort([[input.settings.ceilings[name][resource], name] |
		some name in input.changes[0].components
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

# Whom a bound of a LimitRange is about; without a name it is the pod as a whole.
bounded(violation) := sprintf("container %q", [violation.container]) if {
	violation.container
} else := "the pod as a whole"

counted(violation) := sprintf("%d", [violation.actual]) if {
	violation.actual
} else := "not said"

sized(claim) := sprintf("%d", [claim.bytes]) if {
	claim.bytes
} else := "no"

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

roles := {"sidecar": "sidecar", "init": "init container", "pod": "the pod of"}

origins := {"limitrange": " (from the LimitRange)", "from-limit": " (from its limit)", "pod": " (from the pod)", "from-containers": " (from its containers)"}

bounds := {"min": "wants at least", "max": "allows at most", "ratio": "allows a limit-to-request ratio, in thousandths, of at most"}
