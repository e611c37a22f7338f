package tidegate.resource_limits_test

import data.tidegate.resource_limits
import data.tidegate.resource_limits.change_set

settings := {
	"require": ["requests.cpu", "requests.memory", "limits.memory"],
	"accept-limitrange": true,
	"max-ratio": {"memory": 2, "cpu": 10},
	"ceilings": {
		"*": {"cpu": 8000, "memory": 17179869184},
		"database": {"cpu": 32000, "memory": 137438953472},
		"tiny": {"memory": 1048576},
	},
	"max-reduction-percent": 25,
	"exempt-namespaces": ["kube-system"],
	"odoo": {"min-start-seconds": 60},
	"priority-components": ["payments", "pos"],
}

object_ref := {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": "odoo"}

# A container whose amounts are all in order.
sound := {
	"name": "odoo",
	"role": "app",
	"pointer": "/c",
	"image": {"repository": "reg/odoo"},
	"command": [],
	"args": [],
	"ports": [],
	"probes": {},
	"resources": {
		"requests": {"cpuMilli": 500, "memoryBytes": 1073741824},
		"limits": {"memoryBytes": 1073741824},
		"source": {
			"requests.cpu": "explicit",
			"requests.memory": "explicit",
			"requests.ephemeral-storage": "absent",
			"limits.cpu": "absent",
			"limits.memory": "explicit",
			"limits.ephemeral-storage": "absent",
		},
		"literal": {"requests.cpu": "500m", "requests.memory": "1Gi", "limits.memory": "1Gi"},
		"pointer": {
			"requests.cpu": "/c/requests/cpu",
			"requests.memory": "/c/requests/memory",
			"requests.ephemeral-storage": "/c/requests/ephemeral-storage",
			"limits.cpu": "/c/limits/cpu",
			"limits.memory": "/c/limits/memory",
			"limits.ephemeral-storage": "/c/limits/ephemeral-storage",
		},
		"invalid": [],
	},
}

with_resources(resources) := object.union(sound, {"resources": resources})

workload(containers) := {
	"object": object_ref,
	"change": 0,
	"templatePointer": "/spec/template",
	"volumes": [],
	"replicas": 1,
	"replicasSource": "default",
	"availability": {
		"services": [],
		"budgets": [],
		"scalers": [],
		"vertical": [],
		"lowest": 1,
		"highest": 1,
		"update": {"strategy": "RollingUpdate", "surge": 1, "unavailable": 0, "stuck": false},
		"spread": "required",
		"graceSeconds": 30,
	},
	"containers": containers,
}

document(new, old) := {
	"environment": {"stage": "production"},
	"risk": {"tier": "medium"},
	"changes": [{"object": object_ref, "components": [], "new": {}}],
	"facts": {
		"claims": {"status": "known", "value": []},
		"workloads": {"status": "known", "value": {"new": new, "old": old}},
	},
	"settings": settings,
}

judged(container) := document([workload([container])], [workload([container])])

lowered(bytes, components) := object.union(
	document(
		[workload([with_resources({
			"requests": {"memoryBytes": bytes},
			"limits": {"memoryBytes": 1073741824},
			"literal": {},
		})])],
		[workload([sound])],
	),
	{"changes": [{"object": object_ref, "components": components, "new": {}}]},
)

codes(findings) := {finding.code | some finding in findings}

denied(given) := codes(findings) if {
	findings := resource_limits.deny with input as given
}

warned(given) := codes(findings) if {
	findings := resource_limits.warn with input as given
}

test_sound_container_passes if {
	denied(judged(sound)) == set()
	warned(judged(sound)) == set()
}

test_missing_memory_limit_names_container_and_field if {
	findings := resource_limits.deny with input as judged(with_resources({"source": {"limits.memory": "absent"}}))
	findings == {{
		"code": "resources.missing-memory-limit",
		"message": "container \"odoo\" has no memory limit",
		"object": object_ref,
		"field": "/c/limits/memory",
		"remediation": concat("", [
			"set `resources.limits.memory` to what the container needs,",
			" or give the namespace a LimitRange with a default",
		]),
		"setting": "/settings/require",
	}}
}

test_an_amount_of_which_nothing_is_said_is_missing if {
	silent := object.union(object.remove(sound.resources, ["source"]), {"source": object.remove(sound.resources.source, ["limits.memory"])})
	denied(judged(object.union(object.remove(sound, ["resources"]), {"resources": silent}))) == {"resources.missing-memory-limit"}
}

test_every_required_amount_has_its_code if {
	every amount, code in {
		"requests.cpu": "resources.missing-cpu-request",
		"requests.memory": "resources.missing-memory-request",
		"limits.memory": "resources.missing-memory-limit",
	} {
		denied(judged(with_resources({"source": {amount: "absent"}}))) == {code}
	}
}

test_cpu_limit_is_needed_only_when_required if {
	required := object.union(judged(sound), {"settings": {"require": ["limits.cpu"]}})
	denied(required) == {"resources.missing-cpu-limit"}
}

test_ephemeral_limit_is_a_warning_when_required if {
	required := object.union(judged(sound), {"settings": {"require": ["limits.ephemeral-storage"]}})
	denied(required) == set()
	warned(required) == {"resources.missing-ephemeral-limit"}
}

test_sidecars_and_init_containers_are_judged_ephemeral_ones_are_not if {
	bare := {"resources": {"source": {"limits.memory": "absent"}}}
	denied(judged(object.union(object.union(sound, bare), {"role": "sidecar"}))) == {"resources.missing-memory-limit"}
	denied(judged(object.union(object.union(sound, bare), {"role": "init"}))) == {"resources.missing-memory-limit"}
	denied(judged(object.union(object.union(sound, bare), {"role": "ephemeral"}))) == set()
}

test_a_finding_says_what_runs_there if {
	every role, name in {"app": "container", "sidecar": "sidecar", "init": "init container"} {
		bare := with_resources({"source": {"limits.memory": "absent"}})
		findings := resource_limits.deny with input as judged(object.union(bare, {"role": role}))
		{finding.message | some finding in findings} == {sprintf("%s %q has no memory limit", [name, "odoo"])}
	}
	findings := resource_limits.deny with input as of_pod(sound, {"invalid": [{
		"resource": "limits.memory",
		"literal": "1K",
		"pointer": "/p",
		"reason": "no",
	}]})
	{finding.message | some finding in findings} == {`the pod of "odoo": limits.memory "1K" is no quantity: no`}
}

test_exempt_namespaces_are_not_judged if {
	bare := with_resources({"source": {"limits.memory": "absent"}})
	system := object.union(workload([bare]), {"object": {"namespace": "kube-system"}})
	denied(document([system], [])) == set()
}

test_explicit_zero_is_missing if {
	zero := with_resources({"source": {"limits.memory": "zero"}, "limits": {"memoryBytes": 0}})
	findings := resource_limits.deny with input as judged(zero)
	{[finding.message, finding.remediation, finding.setting] | some finding in findings} == {[
		"container \"odoo\" sets zero, which means none, as memory limit",
		"set `resources.limits.memory` to what the container needs",
		"/settings/require",
	]}
}

test_limitrange_counts_unless_refused if {
	given := judged(with_resources({"source": {"limits.memory": "limitrange"}}))
	denied(given) == set()
	refused := object.union(given, {"settings": {"accept-limitrange": false}})
	findings := resource_limits.deny with input as refused
	{[finding.message, finding.remediation, finding.setting] | some finding in findings} == {[
		"container \"odoo\" takes from a LimitRange alone its memory limit",
		"set `resources.limits.memory` to what the container needs",
		"/settings/accept-limitrange",
	]}
}

test_pod_level_limit_counts if {
	denied(judged(with_resources({"source": {"limits.memory": "pod"}}))) == set()
}

test_invalid_quantity_is_told_once if {
	broken := judged(with_resources({
		"source": {"limits.memory": "absent"},
		"invalid": [{
			"resource": "limits.memory",
			"literal": "1K",
			"pointer": "/c/limits/memory",
			"reason": "unknown suffix `K`",
		}],
	}))
	denied(broken) == {"resources.invalid-quantity"}
}

test_request_above_limit if {
	above := judged(with_resources({"requests": {"memoryBytes": 1073741825}}))
	denied(above) == {"resources.request-above-limit"}
}

test_request_above_limit_is_about_both if {
	pointers := {"requests.memory": "/c/requests/memory", "limits.memory": "/c/limits/memory"}
	above := judged(with_resources({"requests": {"memoryBytes": 1073741825}, "pointer": pointers}))
	findings := resource_limits.deny with input as above
	{[finding.field, finding.fields] | some finding in findings} == {["/c/requests/memory", ["/c/limits/memory"]]}
}

test_local_disk_above_its_limit_is_told_in_bytes if {
	above := with_resources({
		"requests": {"ephemeralBytes": 2},
		"limits": {"ephemeralBytes": 1},
		"source": {"requests.ephemeral-storage": "explicit", "limits.ephemeral-storage": "explicit"},
	})
	findings := resource_limits.deny with input as judged(above)
	{finding.message | some finding in findings} == {`container "odoo" requests 2 bytes of ephemeral storage but is limited to 1 bytes`}
}

test_request_above_the_limitrange_says_where_the_limit_is_from if {
	above := with_resources({
		"requests": {"cpuMilli": 600},
		"limits": {"cpuMilli": 500},
		"source": {"limits.cpu": "limitrange"},
	})
	findings := resource_limits.deny with input as judged(above)
	{finding.message | some finding in findings} == {concat("", [
		"container \"odoo\" requests 500m of CPU",
		" but is limited to 500 millicores (from the LimitRange)",
	])}
}

test_limit_of_zero_is_no_bound_for_the_request if {
	zero := with_resources({"source": {"limits.memory": "zero"}, "limits": {"memoryBytes": 0}})
	denied(judged(zero)) == {"resources.missing-memory-limit"}
	warned(judged(zero)) == set()
}

test_ratio_is_strict if {
	warned(judged(with_resources({"limits": {"memoryBytes": 2147483648}}))) == set()
	warned(judged(with_resources({"limits": {"memoryBytes": 2147483649}}))) == {"resources.ratio"}
	cpu := {"limits": {"cpuMilli": 5001}, "source": {"limits.cpu": "explicit"}}
	findings := resource_limits.warn with input as judged(with_resources(cpu))
	{[finding.message, finding.setting] | some finding in findings} == {[
		`container "odoo": CPU limit of 5001 millicores is more than 10 times the request of 500m`,
		"/settings/max-ratio/cpu",
	]}
}

test_ceiling_of_everything if {
	big := with_resources({"requests": {"cpuMilli": 8001}})
	findings := resource_limits.deny with input as judged(big)
	{finding.setting | some finding in findings} == {"/settings/ceilings/*/cpu"}
	denied(judged(with_resources({"requests": {"cpuMilli": 8000}}))) == set()
}

test_ceiling_of_a_component_counts_instead if {
	big := object.union(
		judged(with_resources({"requests": {"cpuMilli": 8001}})),
		{"changes": [{"object": object_ref, "components": ["database"]}]},
	)
	denied(big) == set()
}

test_lowest_ceiling_of_several_components_counts if {
	both := object.union(
		judged(sound),
		{"changes": [{"object": object_ref, "components": ["database", "tiny"]}]},
	)
	findings := resource_limits.deny with input as both
	{finding.setting | some finding in findings} == {"/settings/ceilings/tiny/memory"}
}

test_a_setting_is_pointed_at_by_an_escaped_name if {
	given := object.union(judged(sound), {
		"changes": [{"object": object_ref, "components": ["a/b~c"]}],
		"settings": {"ceilings": {"a/b~c": {"cpu": 499}}},
	})
	findings := resource_limits.deny with input as given
	{finding.setting | some finding in findings} == {"/settings/ceilings/a~1b~0c/cpu"}
}

test_request_from_limit_is_not_told_twice if {
	big := with_resources({
		"requests": {"memoryBytes": 17179869185},
		"limits": {"memoryBytes": 17179869185},
		"source": {"requests.memory": "from-limit"},
	})
	findings := resource_limits.deny with input as judged(big)
	{finding.field | some finding in findings} == {"/c/limits/memory"}
}

test_limitrange_violation_names_the_bound if {
	violated := object.union(workload([sound]), {"limitRange": {
		"names": ["bounds"],
		"ambiguous": false,
		"violations": [{
			"container": "odoo",
			"resource": "limits.memory",
			"rule": "max",
			"actual": 1073741824,
			"bound": 536870912,
			"pointer": "/c/limits/memory",
		}],
	}})
	findings := resource_limits.deny with input as document([violated], [])
	{finding.message | some finding in findings} == {concat("", [
		"container \"odoo\": limits.memory is 1073741824,",
		" but the LimitRange allows at most 536870912",
	])}
}

test_limitrange_violation_of_a_pod_names_no_container_and_no_amount if {
	violated := object.union(workload([sound]), {"limitRange": {"names": ["bounds"], "ambiguous": false, "violations": [
		{"resource": "limits.cpu", "rule": "max", "bound": 2000, "pointer": "/c"},
		{"resource": "limits.memory", "rule": "ratio", "actual": 3000, "bound": 1500, "pointer": "/c"},
	]}})
	findings := resource_limits.deny with input as document([violated], [])
	{finding.message | some finding in findings} == {
		"the pod as a whole: limits.cpu is not said, but the LimitRange allows at most 2000",
		concat("", [
			"the pod as a whole: limits.memory is 3000,",
			" but the LimitRange allows a limit-to-request ratio, in thousandths, of at most 1500",
		]),
	}
}

claiming(claims, namespace) := object.union(
	document([], []),
	{
		"changes": [{"object": {"kind": "PersistentVolumeClaim", "namespace": namespace, "name": "db"}, "components": []}],
		"facts": {"claims": {"status": "known", "value": claims}},
	},
)

test_claim_outside_of_a_limitrange_names_both_sizes if {
	violation := {"limitRange": "volumes", "rule": "max", "bound": 10}
	large := {"change": 0, "pointer": "/s", "bytes": 11, "violations": [violation]}
	silent := {"change": 0, "pointer": "/s", "violations": [object.union(violation, {"rule": "min"})]}
	findings := resource_limits.deny with input as claiming([large, silent], "shop")
	{[finding.field, finding.message] | some finding in findings} == {
		["/s", "the claim is for 11 bytes, but the LimitRange \"volumes\" allows at most 10"],
		["/s", "the claim is for no bytes, but the LimitRange \"volumes\" wants at least 10"],
	}
	denied(claiming([large], "kube-system")) == set()
	denied(claiming([{"change": 0, "pointer": "/s", "bytes": 10, "violations": []}], "shop")) == set()
}

# A pod whose own resources are those of the sound container, but for these.
of_pod(container, resources) := document(
	[object.union(
		workload([container]),
		{"podResources": object.union(sound.resources, resources)},
	)],
	[],
)

test_pod_is_judged_beside_its_containers if {
	denied(of_pod(sound, {})) == set()
	warned(of_pod(sound, {})) == set()
	denied(of_pod(sound, {"invalid": [{
		"resource": "limits.memory",
		"literal": "1K",
		"pointer": "/p",
		"reason": "no",
	}]})) == {"resources.invalid-quantity"}
	denied(of_pod(sound, {"limits": {"cpuMilli": 499}})) == {"resources.request-above-limit"}
	warned(of_pod(sound, {"limits": {"memoryBytes": 2147483649}})) == {"resources.ratio"}
	warned(of_pod(sound, {
		"limits": {"memoryBytes": 4194303},
		"requests": {"memoryBytes": 4194303},
	})) == {"resources.suspicious-quantity"}
}

test_container_that_takes_from_its_pod_is_not_told_twice if {
	taken := with_resources({
		"requests": {"memoryBytes": 1073741825},
		"limits": {"memoryBytes": 1073741824},
		"source": {"requests.memory": "pod", "limits.memory": "pod"},
	})
	denied(of_pod(taken, {})) == set()
	lopsided := with_resources({
		"requests": {"memoryBytes": 5242880},
		"source": {"limits.memory": "pod"},
	})
	warned(of_pod(lopsided, {})) == set()
}

test_container_has_no_more_than_its_pod if {
	limits := resource_limits.deny with input as of_pod(sound, {
		"limits": {"memoryBytes": 1073741823},
		"requests": {"memoryBytes": 1073741823},
		"literal": {"limits.memory": "1073741823"},
		"source": {"requests.memory": "from-containers"},
	})
	{[finding.field, finding.message] | some finding in limits} == {
		["/c/limits/memory", "container \"odoo\" is limited to 1Gi of memory, but its pod to 1073741823"],
		["/c/requests/memory", "the containers request 1073741824 bytes of memory together, but their pod 1Gi"],
	}
	init := object.union(sound, {"role": "init"})
	denied(of_pod(init, {
		"limits": {"memoryBytes": 1073741823},
		"requests": {"memoryBytes": 1073741823},
	})) == set()
	apart := with_resources({"source": {"requests.memory": "pod"}})
	denied(of_pod(apart, {"requests": {"memoryBytes": 1}})) == set()
}

test_two_limitranges_are_ambiguous if {
	unclear := object.union(
		workload([sound]),
		{"limitRange": {"names": ["b", "a"], "ambiguous": true, "violations": []}},
	)
	findings := resource_limits.warn with input as document([unclear], [])
	{finding.message | some finding in findings} == {concat("", [
		"LimitRanges a, b all give container defaults;",
		" which one counts is undefined",
	])}
}

test_empty_dir_needs_a_size if {
	every volume, n in {
		{"name": "tmp", "emptyDir": {}}: 1,
		{"name": "tmp", "emptyDir": {"sizeLimit": 0}}: 1,
		{"name": "tmp", "emptyDir": {"sizeLimit": "0"}}: 1,
		{"name": "tmp", "emptyDir": {"medium": "Memory"}}: 1,
		{"name": "tmp", "emptyDir": {"sizeLimit": "1Gi"}}: 0,
		{"name": "tmp", "emptyDir": "1Gi"}: 0,
		{"name": "tmp", "configMap": {"name": "x"}}: 0,
	} {
		found := resource_limits.warn with input as document(
			[object.union(workload([sound]), {"volumes": [volume]})],
			[],
		)
		count(found) == n
	}
}

test_a_volume_without_size_says_what_it_fills if {
	every volume, filled in {{}: "disk", {"medium": ""}: "disk", {"medium": "Memory"}: "memory"} {
		found := resource_limits.warn with input as document(
			[object.union(workload([sound]), {"volumes": [{"name": "tmp", "emptyDir": volume}]})],
			[],
		)
		{[finding.field, finding.message] | some finding in found} == {[
			"/spec/template/spec/volumes/0/emptyDir/sizeLimit",
			sprintf("emptyDir volume %q has no sizeLimit and may fill the node's %s", ["tmp", filled]),
		]}
	}
}

test_milli_bytes_and_thousand_cores_are_suspicious if {
	milli := with_resources({"limits": {"memoryBytes": 1}, "literal": {"limits.memory": "128m"}})
	"resources.suspicious-quantity" in warned(judged(milli))
	cores := with_resources({"requests": {"cpuMilli": 1000000}, "literal": {"requests.cpu": "1000"}})
	findings := resource_limits.warn with input as judged(cores)
	{finding.message | some finding in findings} == {"container \"odoo\": requests.cpu \"1000\" means 1000 cores"}
}

test_four_mebibytes_and_a_hundred_and_twenty_eight_cores_are_meant if {
	every bytes, expected in {4194303: {"resources.suspicious-quantity"}, 4194304: set()} {
		warned(judged(with_resources({"limits": {"memoryBytes": bytes}}))) == expected
	}
	every milli, expected in {128000: set(), 128001: {"resources.suspicious-quantity"}} {
		warned(judged(with_resources({"requests": {"cpuMilli": milli}}))) == expected
	}
}

test_memory_that_falls_by_more_than_a_quarter if {
	warned(lowered(805306368, [])) == set()
	warned(lowered(805306367, [])) == {"resources.lowered"}
	denied(lowered(805306367, [])) == set()
}

test_memory_of_what_holds_state_in_production_may_not_fall if {
	every component in ["database", "cache"] {
		falls := lowered(805306367, [component])
		denied(falls) == {"resources.lowered"}
		warned(falls) == set()
		staging := object.union(falls, {"environment": {"stage": "staging"}})
		denied(staging) == set()
		warned(staging) == {"resources.lowered"}
	}
	other := lowered(805306367, ["web"])
	denied(other) == set()
	warned(other) == {"resources.lowered"}
}

test_a_request_that_falls_with_its_limit_is_told_once if {
	both := document(
		[workload([with_resources({
			"requests": {"memoryBytes": 805306367},
			"limits": {"memoryBytes": 805306367},
			"source": {"requests.memory": "from-limit"},
		})])],
		[workload([sound])],
	)
	findings := resource_limits.warn with input as both
	{[finding.field, finding.setting] | some finding in findings} == {["/c/limits/memory", "/settings/max-reduction-percent"]}
}

# What is said of the availability of one workload, as code and effect.
said(w, more) := shown("deny", denied) | shown("warn", warned) if {
	given := object.union(document([w], []), more)
	denied := resource_limits.deny with input as given
	warned := resource_limits.warn with input as given
}

told(w, more) := {finding.message | some finding in (denied | warned)} if {
	given := object.union(document([w], []), more)
	denied := resource_limits.deny with input as given
	warned := resource_limits.warn with input as given
}

shown(effect, findings) := {[finding.code, effect, object.get(finding, "field", "")] | some finding in findings}

standing(availability) := object.union(workload([probed]), {"availability": availability})

probe := {
	"kind": "http",
	"path": "/web/health",
	"port": 8069,
	"initialDelaySeconds": 60,
	"periodSeconds": 10,
	"timeoutSeconds": 1,
	"successThreshold": 1,
	"failureThreshold": 3,
}

probed := object.union(sound, {
	"ports": [8069],
	"probes": {"startup": probe, "readiness": object.union(probe, {"path": "/ready"}), "liveness": probe},
})

development := {"environment": {"stage": "development"}}

two := {"lowest": 2, "budgets": [{"name": "odoo", "allowed": 1}]}

of_kind(w, kind) := object.union(w, {"object": {"kind": kind}})

test_two_probed_and_guarded_replicas_are_allowed if said(standing(two), {}) == set()

test_a_container_that_serves_needs_its_probes if {
	bare := object.union(sound, {"ports": [8069]})
	w := object.union(workload([bare]), {"availability": two})
	said(w, {}) == {
		["resources.probe-missing", "deny", "/c/readinessProbe"],
		["resources.probe-missing", "warn", "/c/livenessProbe"],
	}
	selected := object.union(workload([sound]), {"availability": object.union(two, {"services": ["odoo"]})})
	said(selected, {}) == said(w, {})
	said(of_kind(w, "Job"), {"changes": [{
		"object": object_ref,
		"components": [],
		"new": {"spec": {"activeDeadlineSeconds": 60}},
	}]}) == set()
	helper := object.union(sound, {"name": "logs", "role": "sidecar"})
	said(object.union(workload([probed, helper]), {"availability": two}), {}) == set()
}

test_pods_that_nobody_sends_requests_to_need_no_probes if {
	bare := workload([object.union(sound, {"ports": [8069]})])
	bounded := {"activeDeadlineSeconds": 60}
	more := {"changes": [{
		"object": object_ref,
		"components": [],
		"new": {"spec": object.union(bounded, {"jobTemplate": {"spec": bounded}})},
	}]}
	every kind in ["Job", "CronJob", "Cluster", "PodTemplate"] {
		said(of_kind(bare, kind), more) == set()
	}
	said(of_kind(bare, "DaemonSet"), more) != set()
}

test_probes_are_asked_of_what_answers if {
	app := object.union(sound, {"pointer": "/app"})
	sidecar := object.union(sound, {"pointer": "/sidecar", "role": "sidecar"})
	init := object.union(sound, {"pointer": "/init", "role": "init"})
	port := {"ports": [8069]}
	every row in [
		[[object.union(app, port), sidecar], "/app/readinessProbe"],
		[[app, object.union(sidecar, port)], "/sidecar/readinessProbe"],
		[[app, object.union(init, port)], "/app/readinessProbe"],
		[[app, sidecar], "/app/readinessProbe"],
	] {
		[containers, expected] := row
		w := object.union(workload(containers), {"availability": object.union(two, {"services": ["odoo"]})})
		{field | some [_, "deny", field] in said(w, {})} == {expected}
	}
}

test_a_missing_probe_is_asked_for_on_the_port_if_there_is_one if {
	every ports, where in {[8069]: " on port 8069", []: ""} {
		w := object.union(
			workload([object.union(sound, {"ports": ports})]),
			{"availability": object.union(two, {"services": ["odoo"]})},
		)
		findings := resource_limits.deny with input as document([w], [])
		{finding.remediation | some finding in findings} == {sprintf("add a `readinessProbe`%s", [where])}
	}
}

harmed(name, changed) := harming({name: changed})

harming(changed) := told(object.union(workload([c]), {"availability": two}), {}) if {
	c := object.union(probed, {"probes": changed})
}

test_a_probe_that_harms_is_told if {
	harmed("liveness", {"path": "/ready"}) == {asks_the_same}
	harmed("liveness", {"path": "/web/health?db_server_status=1"}) == {"container \"odoo\": its liveness probe asks the database too (/web/health?db_server_status=1): when that is slow, all pods restart"}
	harmed("readiness", {"timeoutSeconds": 10}) == {"container \"odoo\": its readiness probe may wait 10 seconds but asks every 10"}
	harmed("startup", {"successThreshold": 2}) == {"container \"odoo\": its startup probe wants more than one success, which Kubernetes refuses"}
	harmed("readiness", {"undeclared": "http"}) == {"container \"odoo\": its readiness probe asks the port \"http\", which the container does not declare"}
}

test_a_startup_probe_may_be_slow_and_readiness_may_want_more_than_one_success if {
	harmed("startup", {"timeoutSeconds": 10}) == set()
	harmed("readiness", {"successThreshold": 2}) == set()
	harmed("readiness", {"timeoutSeconds": 9}) == set()
}

asks_the_same := `container "odoo": its liveness probe asks what its readiness probe asks: an overload restarts it`

# What either probe has besides its times, and whether they are told to ask the same.
alike := [
	[{"kind": "http", "path": "/a", "port": 80}, {"kind": "http", "path": "/a", "port": 80}, true],
	[{"kind": "http", "path": "/a", "port": 80}, {"kind": "http", "path": "/a", "port": 81}, false],
	[{"kind": "http", "path": "", "port": 80}, {"kind": "http", "port": 80}, true],
	[{"kind": "http", "port": 80}, {"kind": "http", "path": "", "port": 80}, true],
	[{"kind": "http", "path": "/a", "port": 1}, {"kind": "http", "path": "/a"}, false],
	[{"kind": "tcp", "port": 80}, {"kind": "tcp", "port": 80}, true],
	[{"kind": "tcp", "port": 80}, {"kind": "grpc", "port": 80}, false],
	[{"kind": "exec"}, {"kind": "exec"}, false],
]

test_probes_that_ask_the_same_are_told_except_for_commands if {
	every row in alike {
		[liveness, readiness, expected] := row
		times := object.remove(probe, ["kind", "path", "port"])
		c := object.union(object.remove(probed, ["probes"]), {"probes": {
			"startup": probe,
			"liveness": object.union(times, liveness),
			"readiness": object.union(times, readiness),
		}})
		found := told(object.union(workload([c]), {"availability": two}), {})
		found == {text | expected; text := asks_the_same}
	}
}

test_odoo_without_startup_probe_is_given_time if {
	hasty := object.union(probe, {"initialDelaySeconds": 29})
	patient := object.union(probe, {"path": "/ready"})
	told := {["resources.probe-harmful", "warn", "/c/livenessProbe"]}
	every row in [
		["reg/odoo", {"liveness": hasty, "readiness": patient}, told],
		["reg/odoo", {"liveness": object.union(hasty, {"initialDelaySeconds": 30}), "readiness": patient}, set()],
		["reg/odoo", {"liveness": hasty, "readiness": patient, "startup": probe}, set()],
		["reg/odoo", {"liveness": probe, "readiness": object.union(hasty, {"path": "/ready"})}, set()],
		["reg/nginx", {"liveness": hasty, "readiness": patient}, set()],
	] {
		[repository, probes, expected] := row
		c := object.union(sound, {"image": {"repository": repository}, "probes": probes})
		said(object.union(workload([c]), {"availability": two}), {}) == expected
	}
}

test_several_replicas_need_one_budget_that_lets_one_go if {
	said(standing({"lowest": 2}), {}) == {["resources.pdb-missing", "warn", ""]}
	said(standing({"lowest": 2}), {"risk": {"tier": "high"}}) == {["resources.pdb-missing", "deny", ""]}
	said(standing({"lowest": 2}), object.union(development, {"risk": {"tier": "high"}})) == {[
		"resources.pdb-missing",
		"warn",
		"",
	]}
	said(standing({"lowest": 2, "budgets": [{"name": "a", "allowed": 0}]}), {}) == {[
		"resources.pdb-blocks-drain",
		"deny",
		"",
	]}
	said(standing({"lowest": 0, "budgets": [{"name": "a", "allowed": 0}]}), {}) == set()
	both := [{"name": "a", "allowed": 1}, {"name": "b", "allowed": 1}]
	said(standing({"lowest": 2, "budgets": both}), {}) == {["resources.pdb-overlap", "deny", ""]}
	said(of_kind(standing({"lowest": 2}), "Cluster"), {}) == set()
}

test_what_runs_several_times_at_will_needs_a_budget_zones_and_a_second_replica if {
	several := standing({"lowest": 2, "spread": "none"})
	every kind in ["Deployment", "StatefulSet", "Rollout", "ReplicaSet", "ReplicationController"] {
		{code | some [code, _, _] in said(of_kind(several, kind), {})} == {"resources.pdb-missing", "resources.spread-missing"}
		{code | some [code, _, _] in said(of_kind(standing({}), kind), {})} == {"resources.single-replica"}
	}
	said(of_kind(several, "DaemonSet"), {}) == set()
	said(of_kind(standing({}), "DaemonSet"), {}) == set()
}

test_one_replica_that_serves_is_none_during_a_drain if {
	said(standing({}), {}) == {["resources.single-replica", "deny", "/spec/replicas"]}
	said(standing({}), development) == {["resources.single-replica", "warn", "/spec/replicas"]}
	said(workload([sound]), {}) == set()
	recreated := standing({"update": {"strategy": "Recreate", "unavailable": 1}})
	said(recreated, {}) == {
		["resources.single-replica", "deny", "/spec/replicas"],
		["resources.strategy-outage", "deny", "/spec/strategy"],
	}
	"it serves with one replica: an update by Recreate stops it" in told(recreated, {})
	told(standing({}), {}) == {"it serves with one replica: a drain or a crash stops it"}
}

scaler := {"kind": "HorizontalPodAutoscaler", "name": "odoo", "min": 2, "max": 6, "utilisation": ["cpu"]}

test_an_autoscaler_and_a_number_in_git_fight if {
	w := standing(object.union(two, {"scalers": [scaler]}))
	said(w, {}) == set()
	said(object.union(w, {"replicasSource": "explicit"}), {}) == {["resources.replicas-vs-hpa", "warn", "/spec/replicas"]}
}

test_an_autoscaler_needs_room_and_requests if {
	said(standing(object.union(two, {"scalers": [object.union(scaler, {"max": 1})]})), {}) == {[
		"resources.hpa-invalid",
		"deny",
		"",
	]}
	blind := object.union(probed, {"resources": {"source": {"requests.cpu": "absent"}}})
	w := object.union(workload([blind]), {"availability": object.union(two, {"scalers": [scaler]})})
	said(w, {"settings": {"require": []}}) == {["resources.hpa-invalid", "deny", "/c/requests/cpu"]}
	zero := object.union(blind, {"resources": {"source": {"requests.cpu": "zero"}}})
	said(object.union(w, {"containers": [zero]}), {"settings": {"require": []}}) == said(w, {"settings": {"require": []}})
	init := object.union(blind, {"role": "init"})
	said(object.union(w, {"containers": [probed, init]}), {"settings": {"require": []}}) == set()
}

resized(resources) := said(
	standing(object.union(two, {"scalers": [scaler], "vertical": [{"name": "odoo", "resources": resources}]})),
	{},
)

test_two_autoscalers_on_one_resource_conflict if {
	resized(["cpu", "memory"]) == {["resources.vpa-conflict", "warn", ""]}
	resized(["memory"]) == set()
}

test_pods_over_zones if {
	said(standing(object.union(two, {"spread": "none"})), {}) == {[
		"resources.spread-missing",
		"warn",
		"/spec/template/spec/topologySpreadConstraints",
	]}
	said(standing(object.union(two, {"spread": "preferred"})), {}) == set()
	database := {"changes": [{"object": object_ref, "components": ["database"], "new": {}}]}
	said(standing(object.union(two, {"spread": "none"})), object.union(database, development)) == {[
		"resources.spread-missing",
		"warn",
		"/spec/template/spec/topologySpreadConstraints",
	]}
	effects := {"none": "deny", "preferred": "warn"}
	every spread, effect in effects {
		said(standing(object.union(two, {"spread": spread})), database) == {[
			"resources.spread-missing",
			effect,
			"/spec/template/spec/topologySpreadConstraints",
		]}
	}
}

test_a_database_over_zones if {
	cluster := object.union(of_kind(workload([sound]), "Cluster"), {
		"templatePointer": "/spec",
		"availability": {"lowest": 3, "spread": "none"},
	})
	said(cluster, {}) == {["resources.spread-missing", "warn", "/spec/affinity/topologyKey"]}
	said(object.union(cluster, {"availability": {"spread": "preferred"}}), {}) == set()
}

test_workers_that_nobody_calls_need_no_budget if {
	said(object.union(workload([sound]), {"availability": {"lowest": 3, "spread": "none"}}), {}) == set()
}

test_an_update_must_begin_and_leave_some if {
	stuck := {"update": {"surge": 0, "unavailable": 0, "stuck": true}}
	said(standing(object.union(two, stuck)), {}) == {[
		"resources.surge-capacity",
		"deny",
		"/spec/strategy/rollingUpdate",
	]}
	all := object.union(two, {"update": {"strategy": "Recreate", "unavailable": 2}})
	said(standing(all), {}) == {["resources.strategy-outage", "deny", "/spec/strategy"]}
	said(standing(all), development) == {["resources.strategy-outage", "warn", "/spec/strategy"]}
	said(of_kind(standing(all), "Rollout"), {}) == said(standing(all), {})
	said(of_kind(standing(all), "StatefulSet"), {}) == set()
}

grace := "/spec/template/spec/terminationGracePeriodSeconds"

test_pods_are_given_a_second_to_stop if {
	said(standing(object.union(two, {"graceSeconds": 0})), {}) == {["resources.grace-period", "deny", grace]}
	said(standing(object.union(two, {"graceSeconds": 1})), {}) == set()
}

# The grace in seconds, what stops slowly, and whether it is killed meanwhile.
stopping := [
	[30, {"preStopSeconds": 10, "args": ["--limit-time-real=30"]}, true],
	[40, {"preStopSeconds": 10, "args": ["--limit-time-real=30"]}, false],
	[30, {"args": ["--limit-time-real=30"]}, false],
	[30, {"args": ["--limit-time-real=31"]}, true],
	[30, {"preStopSeconds": 30}, false],
	[30, {"preStopSeconds": 31}, true],
	[1, {"preStopSeconds": 2}, true],
]

test_pods_are_given_as_long_as_they_need_to_stop if {
	every row in stopping {
		[seconds, slow, expected] := row
		w := object.union(
			workload([object.union(probed, slow)]),
			{"availability": object.union(two, {"graceSeconds": seconds})},
		)
		said(w, {}) == {gap | expected; gap := ["resources.grace-period", "warn", grace]}
	}
}

test_pods_without_any_time_to_stop_are_told_once if {
	slow := object.union(workload([object.union(probed, {"preStopSeconds": 10})]), {"availability": object.union(two, {"graceSeconds": 0})})
	said(slow, {}) == {["resources.grace-period", "deny", grace]}
}

run(kind, spec) := said(
	of_kind(workload([sound]), kind),
	{"changes": [{"object": object_ref, "components": [], "new": {"spec": spec}}]},
)

test_a_run_that_hangs_is_stopped if {
	run("Job", {}) == {["resources.deadline", "warn", "/spec/activeDeadlineSeconds"]}
	run("Job", {"activeDeadlineSeconds": 0}) == run("Job", {})
	run("Job", {"activeDeadlineSeconds": 1}) == set()
	cron := "/spec/jobTemplate/spec/activeDeadlineSeconds"
	run("CronJob", {"jobTemplate": {}}) == {["resources.deadline", "warn", cron]}
	run("CronJob", {"concurrencyPolicy": "Forbid"}) == {["resources.deadline", "warn", cron]}
	run("CronJob", {"jobTemplate": {"spec": {"activeDeadlineSeconds": 600}}}) == set()
}

test_runs_that_hang_heap_up_where_they_may_stand_beside_each_other if {
	alone := "a run that hangs is never stopped"
	heaped := "a run that hangs is never stopped, and the next ones start beside it"
	every row in [
		["Job", {}, alone],
		["CronJob", {}, heaped],
		["CronJob", {"concurrencyPolicy": "Allow"}, heaped],
		["CronJob", {"concurrencyPolicy": "Forbid"}, alone],
		["CronJob", {"concurrencyPolicy": "Replace"}, alone],
	] {
		[kind, spec, expected] := row
		told(
			of_kind(workload([sound]), kind),
			{"changes": [{"object": object_ref, "components": [], "new": {"spec": spec}}]},
		) == {expected}
	}
}

test_a_schedule_that_never_comes_is_denied_and_an_odd_one_told if {
	cron := object.union(
		of_kind(workload([sound]), "CronJob"),
		{"scheduleProblem": {"pointer": "/spec/schedule", "problem": "is none", "runs": false}},
	)
	asked := {"settings": {"require": []}, "changes": [{"object": object_ref, "components": [], "new": {"spec": {
		"schedule": "x",
		"jobTemplate": {"spec": {"activeDeadlineSeconds": 600}},
	}}}]}
	said(cron, asked) == {["resources.schedule", "deny", "/spec/schedule"]}
	odd := object.union(cron, {"scheduleProblem": {"runs": true}})
	said(odd, asked) == {["resources.schedule", "warn", "/spec/schedule"]}
}

rerun(pointer, old, metadata) := rerun_by("update", pointer, old, metadata)

rerun_by(operation, pointer, old, metadata) := said(of_kind(workload([sound]), "Job"), {"changes": [{
	"operation": operation,
	"object": object_ref,
	"components": [],
	"fields": [{"pointer": pointer}],
	"old": {"spec": old},
	"new": {"metadata": {"annotations": metadata}, "spec": {"activeDeadlineSeconds": 600}},
}]})

test_what_a_job_runs_stays if {
	every pointer in [
		"/spec/template",
		"/spec/template/spec/containers/0/image",
		"/spec/selector/matchLabels/a",
		"/spec/completionMode",
		"/spec/podFailurePolicy/rules/0/action",
		"/spec/successPolicy/rules",
	] {
		rerun(pointer, {}, {}) == {["resources.job-immutable", "deny", pointer]}
		rerun_by("create", pointer, {}, {}) == set()
	}
}

test_a_job_may_change_around_what_it_runs if {
	every pointer in ["/spec/parallelism", "/spec/templates", "/metadata/labels/a"] {
		rerun(pointer, {}, {}) == set()
	}
}

test_a_job_that_is_made_anew_may_change if {
	pointer := "/spec/template/spec/containers/0/image"
	every old in [{"ttlSecondsAfterFinished": 0}, {"suspend": true}] {
		rerun(pointer, old, {}) == set()
	}
	every annotations in [
		{"argocd.argoproj.io/hook": "PreSync"},
		{"helm.sh/hook": "pre-upgrade"},
		{"argocd.argoproj.io/sync-options": "Prune=false, Force=true,Replace=true"},
		{"kustomize.toolkit.fluxcd.io/force": "Enabled"},
	] {
		rerun(pointer, {}, annotations) == set()
	}
	every annotations in [
		{"argocd.argoproj.io/sync-options": "Replace=true"},
		{"argocd.argoproj.io/hook": ""},
		{"kustomize.toolkit.fluxcd.io/force": "disabled"},
	] {
		count(rerun(pointer, {"suspend": false}, annotations)) == 1
	}
}

priority := "/spec/template/spec/priorityClassName"

paid(components, own) := said(
	object.union(standing(two), own),
	{"changes": [{"object": object_ref, "components": components, "new": {}}]},
)

test_what_earns_money_has_a_priority if {
	paid(["payments"], {}) == {["resources.priority-missing", "warn", priority]}
	paid(["ui"], {}) == set()
	paid(["pos"], {"priorityClass": "shop"}) == set()
	paid(["pos"], {
		"object": object.union(object_ref, {"kind": "Cluster"}),
		"templatePointer": "/spec",
	}) == {["resources.priority-missing", "warn", "/spec/priorityClassName"]}
}

working(args) := said(workload([object.union(sound, {"args": args})]), {})

# The limit is a gibibyte: five processes of 214748364 bytes, and no more.
test_workers_of_odoo_fit_into_the_limit if {
	every args, expected in {
		["--workers=2", "--limit-memory-hard=214748364"]: set(),
		["--workers=2", "--limit-memory-hard=214748365"]: below,
		["--workers", "2", "--limit-memory-hard", "214748365"]: below,
		["--workers", "2", "--limit-memory-hard", "214748365", "--max-cron-threads=1"]: set(),
		["--workers=2", "--limit-memory-hard=214748364", "--max-cron-threads=3"]: below,
		["--workers=1", "--limit-memory-hard=268435456"]: set(),
		["--workers=1", "--limit-memory-hard=268435457"]: below,
		["--workers=0", "--limit-memory-hard=2684354560"]: set(),
		["--workers=many", "--limit-memory-hard=2684354560"]: set(),
	} {
		working(args) == expected
	}
}

below := {["resources.below-floor", "warn", "/c/limits/memory"]}

# The quota of the shop, with what its pods ask.
row := {"namespace": "shop", "quota": "shop", "key": "memory", "hard": 100, "min": 20, "peak": 80, "update": 20}

needing(more) := object.union(row, more)

around_quota(rows, more) := object.union(
	{
		"environment": {"stage": "production", "tenants": ["brand-a"]},
		"changes": [],
		"facts": {
			"inventory": {"status": "known", "value": {"ResourceQuota": [], "Namespace": []}},
			"quotas": {"status": "known", "value": rows},
			"workloads": {"status": "known", "value": {"new": [], "old": []}},
		},
		"settings": {"require": ["requests.memory"], "size-for": "peak", "surge-headroom-percent": 0},
	},
	more,
)

pods(highest, bytes) := {
	"object": object_ref,
	"change": 0,
	"templatePointer": "/spec/template",
	"availability": {"lowest": 1, "highest": highest, "update": {"surge": 1}},
	"pod": {"requests": {"memoryBytes": bytes, "cpuMilli": 1}, "limits": {}},
}

running(new, old) := {"facts": {"workloads": {"value": {"new": new, "old": old}}}}

quota_denied(rows, more) := {finding.message | some finding in found} if {
	found := change_set.deny with input as around_quota(rows, more)
}

quota_warned(rows, more) := {finding.message | some finding in found} if {
	found := change_set.warn with input as around_quota(rows, more)
}

too_much := "the pods of the namespace ask for 101 bytes of memory (20 bytes of it while pods are replaced), but ResourceQuota \"shop\" gives 100 bytes"

test_who_asks_for_more_than_the_quota_answers_for_it if {
	grown := running([pods(3, 10)], [pods(2, 10)])
	quota_denied([row], grown) == set()
	quota_denied([needing({"peak": 81})], grown) == {too_much}
	quota_denied([needing({"peak": 81})], running([pods(3, 10)], [])) == {too_much}
	quota_denied([needing({"peak": 81})], running([pods(3, 10)], [pods(3, 10)])) == set()
	quota_denied([needing({"peak": 81, "namespace": "other"})], grown) == set()
	quota_denied([needing({"peak": 81})], object.union(grown, {"settings": {"size-for": "min"}})) == set()
}

test_the_fewest_pods_count_where_asked if {
	grown := running([object.union(pods(3, 10), {"availability": {"lowest": 2}})], [pods(3, 10)])
	fewest := object.union(grown, {"settings": {"size-for": "min"}})
	quota_denied([needing({"min": 81})], fewest) == {too_much}
	quota_denied([needing({"peak": 81})], fewest) == set()
	quota_denied([needing({"peak": 81})], grown) == set()
}

test_who_asks_for_more_is_not_excused_by_another if {
	other := object.union(pods(9, 10), {"change": 1, "object": {"name": "other"}})
	quota_denied([needing({"peak": 81})], running([pods(3, 10)], [pods(2, 10), other])) == {too_much}
}

test_pods_whose_number_or_amount_nobody_says_ask_for_no_more if {
	unbounded := {"availability": {"lowest": 1, "update": {"surge": 0}}}
	uncounted := object.union(object.remove(pods(3, 10), ["availability"]), unbounded)
	quota_denied([needing({"peak": 81})], running([uncounted], [])) == set()
	bare := object.union(object.remove(pods(3, 10), ["pod"]), {"pod": {"requests": {}, "limits": {}}})
	quota_denied([needing({"peak": 81})], running([bare], [])) == set()
}

test_a_single_pod_is_told_while_others_are_replaced if {
	quota_denied([needing({"key": "pods", "peak": 100, "update": 1})], running([pods(3, 10)], [])) == {concat("", [
		"the pods of the namespace ask for 101 of pods (1 of it while pods are replaced),",
		" but ResourceQuota \"shop\" gives 100",
	])}
}

# Amounts as a quota names them: the name under which they may be required, where they stand, their unit.
counted := {
	"cpu": ["requests.cpu", "requests", "cpuMilli", "millicores"],
	"requests.cpu": ["requests.cpu", "requests", "cpuMilli", "millicores"],
	"limits.cpu": ["limits.cpu", "limits", "cpuMilli", "millicores"],
	"memory": ["requests.memory", "requests", "memoryBytes", "bytes"],
	"requests.memory": ["requests.memory", "requests", "memoryBytes", "bytes"],
	"limits.memory": ["limits.memory", "limits", "memoryBytes", "bytes"],
	"ephemeral-storage": ["requests.ephemeral-storage", "requests", "ephemeralBytes", "bytes"],
	"requests.ephemeral-storage": ["requests.ephemeral-storage", "requests", "ephemeralBytes", "bytes"],
	"limits.ephemeral-storage": ["limits.ephemeral-storage", "limits", "ephemeralBytes", "bytes"],
}

asking(highest, demand) := object.union(
	object.remove(pods(highest, 0), ["pod"]),
	{"pod": object.union({"requests": {}, "limits": {}}, demand)},
)

test_each_amount_that_a_quota_counts_is_read_where_it_stands if {
	every key, place in counted {
		[_, side, field, unit] := place
		said := {side: {field: 10}}
		quota_denied([needing({"key": key, "peak": 81})], running([asking(3, said)], [asking(2, said)])) == {sprintf(
			"the pods of the namespace ask for 101 %s of %s (20 %s of it while pods are replaced), but ResourceQuota %q gives 100 %s",
			[unit, key, unit, "shop", unit],
		)}
	}
}

test_each_amount_that_a_quota_counts_must_be_said_unless_it_is_required_anyway if {
	every key, place in counted {
		[name, side, field, _] := place
		requiring := {"settings": {"require": [name]}}
		nothing := running([asking(3, {})], [])
		unsaid := {sprintf("ResourceQuota %q counts %s, but a container says nothing of it: no pod of it is admitted", ["shop", key])}
		quota_denied([needing({"key": key})], object.union(nothing, {"settings": {"require": []}})) == unsaid
		quota_denied([needing({"key": key})], object.union(nothing, requiring)) == set()
		said := running([asking(3, {side: {field: 10}})], [])
		quota_denied([needing({"key": key})], object.union(said, {"settings": {"require": []}})) == set()
	}
}

test_a_quota_with_scopes_falls_on_whom_it_holds if {
	same := running([pods(3, 10)], [pods(3, 10)])
	holding := {"new": [object_ref], "old": [object_ref]}
	quota_denied([needing({"peak": 81, "holds": holding})], same) == set()
	quota_denied([needing({"peak": 81, "holds": object.union(holding, {"old": []})})], same) == {too_much}
	quota_denied([needing({"peak": 81, "holds": object.union(holding, {"new": []})})], same) == set()
}

test_a_quota_asks_for_amounts_of_those_alone_whom_it_holds if {
	same := running([pods(3, 10)], [pods(3, 10)])
	unsaid := {`ResourceQuota "shop" counts limits.cpu, but a container says nothing of it: no pod of it is admitted`}
	every more, expected in {
		{"namespace": "shop"}: unsaid,
		{"namespace": "other"}: set(),
		{"holds": {"new": [object_ref], "old": []}}: unsaid,
		{"holds": {"new": [], "old": [object_ref]}}: set(),
	} {
		quota_denied([needing(object.union({"key": "limits.cpu"}, more))], same) == expected
	}
}

test_pods_are_counted_too if {
	quota_denied([needing({"key": "pods", "peak": 101, "update": 0})], running([pods(3, 10)], [])) == {"the pods of the namespace ask for 101 of pods, but ResourceQuota \"shop\" gives 100"}
}

bounding(operation, reference) := {"changes": [{"operation": operation, "object": reference}]}

test_who_changes_the_bound_answers_for_it if {
	every kind in [
		"v1 ResourceQuota",
		"v1 LimitRange",
		"autoscaling/v2 HorizontalPodAutoscaler",
		"keda.sh/v1alpha1 ScaledObject",
	] {
		parts := split(kind, " ")
		reference := {"apiVersion": parts[0], "kind": parts[1], "namespace": "shop", "name": "shop"}
		quota_denied([needing({"peak": 81})], bounding("update", reference)) == {too_much}
		quota_denied([needing({"peak": 81})], bounding("delete", reference)) == set()
		quota_denied([needing({"peak": 81, "namespace": "other"})], bounding("update", reference)) == set()
	}
}

test_what_has_no_namespace_lies_in_one_with_what_has_none if {
	reference := {"apiVersion": "v1", "kind": "ResourceQuota", "name": "shop"}
	quota_denied([object.remove(needing({"peak": 81}), ["namespace"])], bounding("update", reference)) == {too_much}
	quota_denied([needing({"peak": 81})], bounding("update", reference)) == set()
}

test_a_finding_about_room_points_at_what_sizes_it if {
	given := around_quota([needing({"peak": 81})], running([pods(3, 10)], []))
	denials := change_set.deny with input as given
	{finding.setting | some finding in denials} == {"/settings/size-for"}
	asked := object.union(around_quota([row], running([pods(3, 10)], [])), {"settings": {"surge-headroom-percent": 10}})
	warnings := change_set.warn with input as asked
	{finding.setting | some finding in warnings} == {"/settings/surge-headroom-percent"}
	crowded := change_set.deny with input as crowding([crowd(100, 100)], [touched("update", object_ref)])
	{finding.setting | some finding in crowded} == {"/settings/size-for"}
}

test_a_quota_that_counts_what_a_container_leaves_out_admits_no_pod if {
	quota_denied([needing({"key": "limits.cpu"})], running([pods(3, 10)], [pods(3, 10)])) == {"ResourceQuota \"shop\" counts limits.cpu, but a container says nothing of it: no pod of it is admitted"}
}

test_what_is_required_anyway_is_told_once if {
	bare := object.union(object.remove(pods(3, 10), ["pod"]), {"pod": {"requests": {}, "limits": {}}})
	quota_denied([needing({"key": "limits.memory"})], running([bare], [bare])) != set()
	quota_denied([needing({"key": "requests.memory"})], running([bare], [bare])) == set()
}

test_little_room_during_an_update_is_a_warning_where_asked_for if {
	grown := running([pods(3, 10)], [])
	quota_warned([row], grown) == set()
	quota_warned([row], object.union(grown, {"settings": {"surge-headroom-percent": 10}})) == {"the pods of the namespace ask for 100 bytes of memory (20 bytes of it while pods are replaced): less than 10 % of the 100 bytes of ResourceQuota \"shop\" are left"}
}

test_as_much_room_as_asked_for_is_enough if {
	asked := object.union(running([pods(3, 10)], []), {"settings": {"surge-headroom-percent": 10}})
	quota_warned([needing({"peak": 70})], asked) == set()
	count(quota_warned([needing({"peak": 71})], asked)) == 1
}

tenant_space := {"metadata": {"name": "shop", "labels": {"tidegate.dev/tenant": "brand-a"}}}

created_space := {"changes": [{
	"operation": "create",
	"object": {"apiVersion": "v1", "kind": "Namespace", "name": "shop"},
	"new": tenant_space,
}]}

several := {"environment": {"tenants": ["brand-a", "brand-b"]}}

test_the_namespace_of_a_tenant_needs_a_quota if {
	missing := {"namespace \"shop\" of tenant \"brand-a\" has no ResourceQuota: it may take all room of the cluster"}
	quota_warned([], created_space) == missing
	quota_denied([], object.union(created_space, several)) == missing
	quota_warned([], object.union(created_space, several)) == set()
	given := {"facts": {"inventory": {"value": {"ResourceQuota": [{"metadata": {"name": "q", "namespace": "shop"}}]}}}}
	quota_warned([], object.union(created_space, given)) == set()
}

test_what_is_no_namespace_has_no_tenant if {
	labelled := {"changes": [{
		"operation": "create",
		"object": {"apiVersion": "v1", "kind": "ConfigMap", "namespace": "shop", "name": "shop"},
		"new": tenant_space,
	}]}
	quota_warned([], labelled) == set()
}

# A quota that goes, but for what `more` says of the change, and what quotas and namespaces there are.
losing(more, quotas, spaces) := {
	"changes": [object.union(
		{
			"operation": "delete",
			"object": {"apiVersion": "v1", "kind": "ResourceQuota", "namespace": "shop", "name": "q"},
		},
		more,
	)],
	"facts": {"inventory": {"value": {"Namespace": spaces, "ResourceQuota": quotas}}},
}

test_the_last_quota_of_a_tenant_is_missed if {
	another := {"metadata": {"name": "p", "namespace": "shop"}}
	elsewhere := {"metadata": {"name": "p", "namespace": "other"}}
	lost := {["resources.quota-missing", `namespace "shop" of tenant "brand-a" loses its only ResourceQuota`]}
	every row in [
		[{}, [], [tenant_space], lost],
		[{}, [elsewhere], [tenant_space], lost],
		[{}, [another], [tenant_space], set()],
		[{}, [], [object.union(tenant_space, {"metadata": {"name": "other"}})], set()],
		[{"operation": "update"}, [], [tenant_space], set()],
		[{"object": {"kind": "LimitRange"}}, [], [tenant_space], set()],
	] {
		[more, quotas, spaces, expected] := row
		found := change_set.warn with input as around_quota([], losing(more, quotas, spaces))
		{[finding.code, finding.message] | some finding in found} == expected
	}
}

# A Deployment that goes, and what comes; `given` says how the two differ from a twin in production.
moved(given) := {
	"environment": {"stage": object.get(given, "stage", "production")},
	"changes": [
		{"object": going, "operation": operations[0], "components": ["cache"], "old": {}},
		{"object": coming, "operation": operations[1], "components": object.get(given, "components", ["cache"]), "new": {}},
	],
	"facts": {
		"quotas": {"status": "known", "value": []},
		"inventory": {"status": "known", "value": {}},
		"workloads": {"status": "known", "value": {
			"old": [placed(sound, {"change": 0, "object": going, "labels": object.get(given, "was", {"app": "redis"})})],
			"new": [placed(smaller, {"change": 1, "object": coming, "labels": object.get(given, "is", {"app": "redis"})})],
		}},
	},
	"settings": object.union(settings, {"exempt-namespaces": object.get(given, "exempt", [])}),
} if {
	operations := object.get(given, "operations", ["delete", "create"])
	smaller := with_resources({
		"requests": {"memoryBytes": 805306367},
		"limits": {"memoryBytes": object.get(given, "limit", 1073741824)},
		"source": object.get(given, "source", {}),
		"literal": {},
	})
	going := object.get(given, "going", object_ref)
	coming := object.union(object.union(going, {"kind": "StatefulSet"}), object.get(given, "coming", {}))
}

placed(container, place) := object.union(object.remove(workload([container]), ["object"]), place)

moved_denied(given) := {[finding.code, finding.field, finding.setting] | some finding in found} if {
	found := change_set.deny with input as moved(given)
}

moved_warned(given) := {finding.field | some finding in found} if {
	found := change_set.warn with input as moved(given)
}

falling(amount) := ["resources.lowered", sprintf("/c/%s/memory", [amount]), "/settings/max-reduction-percent"]

test_memory_is_compared_with_what_goes if {
	moved_denied({}) == {falling("requests")}
	moved_denied({"limit": 805306368}) == {falling("requests")}
	moved_denied({"limit": 805306367}) == {falling("requests"), falling("limits")}
	moved_denied({"limit": 805306367, "source": {"requests.memory": "from-limit"}}) == {falling("limits")}
	moved_denied({"coming": {"name": "other"}}) == {falling("requests")}
	moved_denied({"was": {"app": "other"}}) == {falling("requests")}
	moved_denied({"going": object.remove(object_ref, ["namespace"])}) == {falling("requests")}
	moved_warned({}) == set()
}

test_what_comes_beside_what_goes_is_not_compared if {
	moved_denied({"coming": {"name": "other"}, "was": {"app": "other"}}) == set()
	moved_denied({"coming": {"name": "other"}, "was": {}, "is": {}}) == set()
	moved_denied({"coming": {"namespace": "other"}}) == set()
	moved_denied({"exempt": [object_ref.namespace]}) == set()
	moved_denied({"operations": ["update", "create"]}) == set()
	moved_denied({"operations": ["delete", "update"]}) == set()
}

test_memory_of_what_holds_no_state_is_a_warning if {
	every given in [{"components": []}, {"components": ["web"]}, {"stage": "staging"}] {
		count(moved_warned(given)) == 1
		moved_denied(given) == set()
	}
	every component in ["database", "cache"] {
		count(moved_denied({"components": [component]})) == 1
	}
}

crowding(rows, changes) := {
	"environment": {"tenants": []},
	"changes": changes,
	"facts": {
		"connections": {"status": "known", "value": rows},
		"inventory": {"status": "known", "value": {"ResourceQuota": [], "Namespace": []}},
		"quotas": {"status": "known", "value": []},
		"workloads": {"status": "known", "value": {"new": [], "old": []}},
	},
	"settings": {"size-for": "peak", "surge-headroom-percent": 0, "require": [], "max-reduction-percent": 25, "exempt-namespaces": []},
}

database := {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "namespace": "shop", "name": "db"}

crowd(hard, peak) := {"server": database, "parts": [database, object_ref], "hard": hard, "min": 1, "peak": peak, "update": 20}

touched(operation, object) := {"index": 0, "operation": operation, "object": object, "components": [], "new": {}}

test_connections_are_denied_above_all_and_told_above_four_fifths if {
	every peak, expected in {81: [1, 0], 80: [0, 1], 61: [0, 1], 60: [0, 0]} {
		given := crowding([crowd(100, peak)], [touched("update", object_ref)])
		denials := change_set.deny with input as given
		warnings := change_set.warn with input as given
		[count(denials), count(warnings)] == expected
	}
}

test_connections_fall_on_what_the_numbers_stand_in if {
	scaler := {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "namespace": "shop", "name": "odoo"}
	every change, n in {
		touched("update", database): 1,
		touched("create", object_ref): 1,
		touched("delete", object_ref): 0,
		touched("update", scaler): 1,
		touched("update", object.union(scaler, {"kind": "ScaledObject"})): 1,
		touched("update", object.union(scaler, {"namespace": "other"})): 0,
		touched("update", object.union(object_ref, {"name": "other"})): 0,
	} {
		findings := change_set.deny with input as crowding([crowd(100, 100)], [change])
		count(findings) == n
		every finding in findings {
			finding.object == change.object
			finding.message == concat("", [
				"Cluster \"db\" takes 100 connections,",
				" and up to 120 (20 of them while pods are replaced) may be opened to it",
			])
		}
	}
}

test_connections_of_a_pooler_are_not_of_an_update if {
	row := object.union(crowd(100, 120), {"update": 0})
	findings := change_set.deny with input as crowding([row], [touched("update", object_ref)])
	{finding.message | some finding in findings} == {"Cluster \"db\" takes 100 connections, and up to 120 may be opened to it"}
	one := change_set.deny with input as crowding([object.union(row, {"update": 1})], [touched("update", object_ref)])
	{finding.message | some finding in one} == {"Cluster \"db\" takes 100 connections, and up to 121 (1 of them while pods are replaced) may be opened to it"}
}

test_connections_that_were_as_many_before_are_let_be if {
	every before, n in {
		{"hard": 100, "min": 1, "peak": 100, "update": 20}: 0,
		{"hard": 99, "min": 1, "peak": 101, "update": 20}: 0,
		{"hard": 100, "min": 1, "peak": 99, "update": 20}: 1,
		{"hard": 100, "min": 1, "peak": 100, "update": 19}: 1,
		{"hard": 101, "min": 1, "peak": 100, "update": 20}: 1,
	} {
		row := object.union(crowd(100, 100), {"before": before})
		findings := change_set.deny with input as crowding([row], [touched("update", object_ref)])
		count(findings) == n
	}
}

sized(name, more, mebibytes) := object.union(
	with_resources({
		"requests": {"memoryBytes": mebibytes * 1048576},
		"limits": {"memoryBytes": mebibytes * 1048576},
		"literal": {},
	}),
	object.union({"name": name}, more),
)

sized_app(name, mebibytes) := sized(name, {}, mebibytes)

# Containers before and after, and the names of those whose memory falls.
successions := [
	[[sized_app("odoo", 8192)], [sized_app("shop", 1024)], {"shop"}],
	[[sized_app("odoo", 8192)], [sized_app("shop", 8192)], set()],
	[[sized_app("odoo", 8192)], [sized_app("odoo", 8192), sized_app("exporter", 64)], set()],
	[[sized_app("odoo", 8192), sized_app("exporter", 64)], [sized_app("odoo", 8192)], set()],
	[[sized_app("odoo", 8192), sized_app("exporter", 64)], [sized_app("exporter", 64)], set()],
	[[sized_app("odoo", 8192), sized_app("exporter", 64)], [sized_app("metrics", 64), sized_app("shop", 8192)], set()],
	[[sized_app("odoo", 8192), sized_app("cron", 4096)], [sized_app("a", 8192), sized_app("b", 1024)], {"b"}],
	[[sized_app("odoo", 8192)], [sized("pause", {"image": {"repository": "reg/pause"}}, 8192), sized_app("shop", 1024)], {"shop"}],
	[[sized_app("odoo", 8192)], [sized("odoo", {"role": "init"}, 8192), sized_app("shop", 1024)], {"shop"}],
	[[sized_app("odoo", 8192)], [sized("shop", {"role": "sidecar"}, 1024)], {"shop"}],
	[[sized("load", {"role": "init"}, 8192)], [sized("fetch", {"role": "init"}, 1024)], {"fetch"}],
	[[sized("load", {"role": "init"}, 8192)], [sized_app("exporter", 64)], set()],
]

test_a_container_that_comes_is_held_against_one_that_goes if {
	every row in successions {
		[old, new, expected] := row
		findings := resource_limits.warn with input as document([workload(new)], [workload(old)])
		lower := [finding | some finding in findings; finding.code == "resources.lowered"]
		{name | some finding in lower; name := split(finding.message, `"`)[1]} == expected
		count(lower) == 2 * count(expected)
	}
}

test_a_workload_that_comes_is_held_against_one_that_goes_container_by_container if {
	every row in successions {
		[old, new, expected] := row
		given := object.union(crowding([], [touched("delete", object_ref), touched("create", object_ref)]), {"facts": {"workloads": {"value": {
			"old": [object.union(workload(old), {"change": 0})],
			"new": [object.union(workload(new), {"change": 1})],
		}}}})
		findings := change_set.warn with input as given
		{name | some finding in findings; name := split(finding.message, `"`)[1]} == expected
		count(findings) == 2 * count(expected)
	}
}
