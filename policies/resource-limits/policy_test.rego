package tidegate.resource_limits_test

import data.tidegate.resource_limits

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
}

object_ref := {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": "odoo"}

# A container whose amounts are all in order.
sound := {
	"name": "odoo",
	"role": "app",
	"pointer": "/c",
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
	"containers": containers,
}

document(new, old) := {
	"environment": {"stage": "production"},
	"changes": [{"object": object_ref, "components": []}],
	"facts": {"workloads": {"status": "known", "value": {"new": new, "old": old}}},
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
	{"changes": [{"object": object_ref, "components": components}]},
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

test_exempt_namespaces_are_not_judged if {
	bare := with_resources({"source": {"limits.memory": "absent"}})
	system := object.union(workload([bare]), {"object": {"namespace": "kube-system"}})
	denied(document([system], [])) == set()
}

test_explicit_zero_is_missing if {
	zero := with_resources({"source": {"limits.memory": "zero"}, "limits": {"memoryBytes": 0}})
	findings := resource_limits.deny with input as judged(zero)
	{finding.message | some finding in findings} == {"container \"odoo\" sets zero, which means none, as memory limit"}
}

test_limitrange_counts_unless_refused if {
	given := judged(with_resources({"source": {"limits.memory": "limitrange"}}))
	denied(given) == set()
	refused := object.union(given, {"settings": {"accept-limitrange": false}})
	findings := resource_limits.deny with input as refused
	{finding.setting | some finding in findings} == {"/settings/accept-limitrange"}
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
	{finding.setting | some finding in findings} == {"/settings/max-ratio/cpu"}
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
		{"name": "tmp", "emptyDir": {"medium": "Memory"}}: 1,
		{"name": "tmp", "emptyDir": {"sizeLimit": "1Gi"}}: 0,
		{"name": "tmp", "configMap": {"name": "x"}}: 0,
	} {
		found := resource_limits.warn with input as document(
			[object.union(workload([sound]), {"volumes": [volume]})],
			[],
		)
		count(found) == n
	}
}

test_memory_backed_volume_says_so if {
	found := resource_limits.warn with input as document(
		[object.union(workload([sound]), {"volumes": [{"name": "tmp", "emptyDir": {"medium": "Memory"}}]})],
		[],
	)
	some finding in found
	finding.field == "/spec/template/spec/volumes/0/emptyDir/sizeLimit"
	contains(finding.message, "the node's memory")
}

test_milli_bytes_and_thousand_cores_are_suspicious if {
	milli := with_resources({"limits": {"memoryBytes": 1}, "literal": {"limits.memory": "128m"}})
	"resources.suspicious-quantity" in warned(judged(milli))
	cores := with_resources({"requests": {"cpuMilli": 1000000}, "literal": {"requests.cpu": "1000"}})
	findings := resource_limits.warn with input as judged(cores)
	{finding.message | some finding in findings} == {"container \"odoo\": requests.cpu \"1000\" means 1000 cores"}
}

test_memory_that_falls_by_more_than_a_quarter if {
	warned(lowered(805306368, [])) == set()
	warned(lowered(805306367, [])) == {"resources.lowered"}
	denied(lowered(805306367, [])) == set()
}

test_memory_of_a_production_database_may_not_fall if {
	falls := lowered(805306367, ["database"])
	denied(falls) == {"resources.lowered"}
	warned(falls) == set()
	staging := object.union(falls, {"environment": {"stage": "staging"}})
	denied(staging) == set()
	warned(staging) == {"resources.lowered"}
}
