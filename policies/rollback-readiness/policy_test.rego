package tidegate.rollback_readiness_test

import data.tidegate.rollback_readiness
import data.tidegate.rollback_readiness.change_set

settings := {
	"plan-path": "docs/rollback.md",
	"sections": ["application", "authority"],
	"min-revisions": 3,
	"strategy-for": {"high": ["blue-green", "canary"], "critical": ["blue-green"]},
	"max-minutes": 15,
}

web := {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": "web"}

cluster_wide := {"apiVersion": "v1", "kind": "Namespace", "name": "shop"}

codes(findings) := {finding.code | some finding in findings}

keeping(object, spec) := {"settings": settings, "changes": [{"index": 0, "object": object, "operation": "update", "new": {"spec": spec}}]}

test_no_revision_is_denied if {
	found := rollback_readiness.deny with input as keeping(web, {"revisionHistoryLimit": 0})
	some finding in found
	finding.message == "Deployment shop/web keeps no revision"
	finding.object == web
	finding.field == "/spec/revisionHistoryLimit"
	codes(found) == {"rollback.revision-history"}
}

test_few_revisions_are_a_warning if {
	some finding in rollback_readiness.warn with input as keeping(object.remove(web, ["namespace"]), {"revisionHistoryLimit": 2})
	finding.message == "Deployment web keeps 2 of its revisions, and 3 are asked for"
	count(rollback_readiness.deny) == 0 with input as keeping(web, {"revisionHistoryLimit": 2})
}

test_enough_revisions_are_fine if {
	every spec in [{"revisionHistoryLimit": 3}, {}] {
		count(rollback_readiness.warn | rollback_readiness.deny) == 0 with input as keeping(web, spec)
	}
}

plan(sections) := {"path": "docs/rollback.md", "sections": sections}

whole := plan(["application", "authority"])

document(tier, plans, irreversible) := {
	"risk": {"tier": tier, "reasons": []},
	"unit": {"name": "shop", "kind": "Paths"},
	"settings": settings,
	"changes": [
		{"index": 0, "object": web, "operation": "update"},
		{"index": 1, "object": cluster_wide, "operation": "delete"},
	],
	"facts": facts({"irreversible": irreversible, "plans": plans}, {}, {}),
}

facts(rollback, migrations, workloads) := {
	"inventory": {"status": "known", "value": {}},
	"migrations": {"status": "known", "value": object.union({"scripts": [], "odoo": []}, migrations)},
	"workloads": {"status": "known", "value": object.union({"new": [], "old": []}, workloads)},
	"rollback": {"status": "known", "value": object.union(
		{"irreversible": [], "plans": [], "config": [], "emptied": [], "databases": [], "restores": [], "rehearsals": []},
		rollback,
	)},
}

with_facts(tier, found) := object.union(document(tier, [whole], []), {"facts": found})

with_change(tier, change) := object.union(document(tier, [whole], []), {"changes": [change]})

grown := {"change": 0, "kind": "volume-grown", "pointer": "/spec/storage/size", "text": "grows"}

gone := {"change": 1, "kind": "contents", "text": "is deleted"}

test_what_lasts_is_denied_without_a_plan if {
	found := change_set.deny with input as document("low", [], [grown, gone])
	{finding.message | some finding in found} == {"Deployment shop/web grows", "Namespace shop is deleted"}
	codes(found) == {"rollback.irreversible-field"}
	{finding.field | some finding in found} == {"/spec/storage/size"}
	{finding.object | some finding in found} == {web, cluster_wide}
	count(change_set.warn) == 0 with input as document("low", [], [grown])
}

test_a_section_makes_it_a_warning if {
	plans := [plan(["irreversible"])]
	count(change_set.deny) == 0 with input as document("low", plans, [grown])
	some finding in change_set.warn with input as document("low", plans, [grown])
	finding.code == "rollback.irreversible-field"
	contains(finding.remediation, "docs/rollback.md")
}

test_each_plan_needs_the_section if {
	plans := [plan(["irreversible"]), plan(["application"])]
	codes(change_set.deny) == {"rollback.irreversible-field"} with input as document("low", plans, [grown])
}

test_risky_changes_need_a_plan if {
	every tier in {"high", "critical"} {
		found := change_set.deny with input as document(tier, [], [])
		codes(found) == {"rollback.plan-missing"}
		count(change_set.deny) == 0 with input as document(tier, [whole], [])
	}
	every tier in {"low", "medium"} {
		count(change_set.deny) == 0 with input as document(tier, [], [])
	}
}

test_what_a_plan_lacks_is_named if {
	some one in change_set.deny with input as document("high", [plan(["application"])], [])
	contains(one.message, "docs/rollback.md says nothing under authority")
	absent := object.union(plan([]), {"lacks": "is not there"})
	some other in change_set.deny with input as document("high", [absent], [])
	contains(other.message, "docs/rollback.md is not there")
	not contains(other.message, "says nothing")
	contains(other.remediation, "application, authority")
}

test_the_gate_is_asked_for_no_plan if {
	gate := object.union(document("critical", [], []), {"unit": {"name": "gate", "kind": "Gate"}})
	count(change_set.deny) == 0 with input as gate
}

script := {"id": "a.sql", "class": "destructive"}

database := {"object": {"kind": "Cluster", "namespace": "shop", "name": "db"}}

test_what_takes_away_needs_a_database_to_go_back_to if {
	ready := {"plans": [plan(["application", "authority", "database"])], "databases": [database]}
	every class in ["destructive", "irreversible"] {
		scripts := {"scripts": [object.union(script, {"class": class})]}
		count(change_set.deny) == 0 with input as with_facts("low", facts(ready, scripts, {}))
		found := change_set.deny with input as with_facts("low", facts({"plans": []}, scripts, {}))
		codes(found) == {"rollback.needs-database"}
	}
	count(change_set.deny) == 0 with input as with_facts("low", facts({}, {"scripts": [{"id": "a.sql", "class": "additive"}]}, {}))
}

test_what_a_database_lacks_is_named if {
	ready := {
		"plans": [plan(["database"])],
		"databases": [database, object.union(database, {"lacks": "has no archive"})],
	}
	some finding in change_set.deny with input as with_facts("low", facts(ready, {"scripts": [script]}, {}))
	endswith(finding.message, "needs the database of before: Cluster shop/db has no archive")
}

module(to) := {"odoo": [{"module": "shop", "from": "17.0.1.0.0", "to": to}]}

test_another_odoo_needs_a_database_to_go_back_to if {
	codes(change_set.deny) == {"rollback.needs-database"} with input as with_facts("low", facts({}, module("18.0.1.0.0"), {}))
	count(change_set.deny) == 0 with input as with_facts("low", facts({}, module("17.0.2.0.0"), {}))
}

shared(image) := {"config": [{"change": 1, "user": 0, "image": image}], "plans": [whole]}

test_configuration_that_keeps_its_name_is_a_warning if {
	every tier, image in {"low": true, "high": false} {
		found := change_set.warn with input as with_facts(tier, facts(shared(image), {}, {}))
		codes(found) == {"rollback.not-versioned-config"}
		count(change_set.deny) == 0 with input as with_facts(tier, facts(shared(image), {}, {}))
	}
}

test_with_an_image_in_a_risky_change_it_is_denied if {
	found := change_set.deny with input as with_facts("high", facts(shared(true), {}, {}))
	codes(found) == {"rollback.not-versioned-config"}
	count(change_set.warn) == 0 with input as with_facts("high", facts(shared(true), {}, {}))
}

test_what_comes_back_empty_is_a_warning if {
	emptied := {"emptied": [{"change": 1, "text": "its key"}]}
	some finding in change_set.warn with input as with_facts("low", facts(emptied, {}, {}))
	finding.code == "rollback.prune-hazard"
	finding.message == "Namespace shop is deleted, and a revert does not bring back its key"
}

rollout := {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "namespace": "shop", "name": "web"}

canary := {"apiVersion": "flagger.app/v1beta1", "kind": "Canary", "namespace": "shop", "name": "web"}

spec_of(object, spec) := {"index": 0, "object": object, "operation": "update", "new": {"metadata": {}, "spec": spec}}

window := {"rollbackWindow": {"revisions": 3}}

test_nothing_stops_a_release if {
	every spec in [
		{"strategy": {"canary": {"steps": [{"setWeight": 10}]}}},
		{"strategy": {"canary": {}}},
		{"strategy": {"blueGreen": {}}},
	] {
		codes(change_set.deny) == {"rollback.criteria-missing"} with input as with_change("low", spec_of(rollout, spec))
	}
	every spec in [{}, {"analysis": {"threshold": 5}}, {"analysis": {"threshold": 5, "metrics": []}}] {
		codes(change_set.deny) == {"rollback.criteria-missing"} with input as with_change("low", spec_of(canary, spec))
	}
}

test_something_stops_a_release if {
	every spec in [
		{"strategy": {"canary": {"analysis": {"templates": []}}}},
		{"strategy": {"canary": {"steps": [{"setWeight": 10}, {"analysis": {"templates": []}}]}}},
		{"strategy": {"canary": {"steps": [{"experiment": {"analyses": [{"name": "a"}]}}]}}},
		{"strategy": {"blueGreen": {"prePromotionAnalysis": {"templates": []}}}},
		{"strategy": {"blueGreen": {"postPromotionAnalysis": {"templates": []}}}},
	] {
		count(change_set.deny) == 0 with input as with_change("low", spec_of(rollout, spec))
	}
	flagged := {"analysis": {"threshold": 5, "metrics": [{"name": "errors"}]}}
	count(change_set.deny) == 0 with input as with_change("low", spec_of(canary, flagged))
}

fields(tier, spec) := {finding.field |
	some finding in change_set.warn with input as with_change(tier, spec_of(rollout, spec))
	finding.code == "rollback.fast-path-removed"
}

test_the_fast_way_back_stays if {
	blue_green := {"scaleDownDelaySeconds": 300, "autoPromotionEnabled": false}
	fields("high", object.union(window, {"strategy": {"blueGreen": blue_green}})) == set()
	fields("low", object.union(window, {"strategy": {"blueGreen": {"scaleDownDelaySeconds": 600}}})) == set()
	every delay in [0, 300] {
		traffic := {"trafficRouting": {"nginx": {}}, "abortScaleDownDelaySeconds": delay}
		fields("low", object.union(window, {"strategy": {"canary": traffic}})) == set()
	}
	fields("low", object.union(window, {"strategy": {"canary": {}}})) == set()
}

test_the_fast_way_back_goes if {
	fields("low", {"strategy": {"canary": {}}}) == {"/spec/rollbackWindow"}
	routed := {"strategy": {"canary": {"trafficRouting": {"nginx": {}}}}}
	fields("low", object.union(window, routed)) == {"/spec/strategy/canary/abortScaleDownDelaySeconds"}
	short := {"strategy": {"blueGreen": {"scaleDownDelaySeconds": 60}}}
	fields("low", object.union(window, short)) == {"/spec/strategy/blueGreen/scaleDownDelaySeconds"}
	fields("high", object.union(window, {"strategy": {"blueGreen": {"scaleDownDelayRevisionLimit": 0}}})) == {
		"/spec/strategy/blueGreen/scaleDownDelaySeconds",
		"/spec/strategy/blueGreen/scaleDownDelayRevisionLimit",
		"/spec/strategy/blueGreen/autoPromotionEnabled",
	}
}

running(object, image) := {
	"change": 0,
	"object": object,
	"availability": {"services": ["web"]},
	"containers": [{"image": {"reference": image}}],
}

release(tier, object, spec) := object_union_of(
	with_change(tier, spec_of(object, spec)),
	{"new": [running(object, "web:2")], "old": [running(object, "web:1")]},
)

object_union_of(document_of, workloads) := object.union(document_of, {"facts": facts({"plans": [whole]}, {}, workloads)})

test_a_risky_release_goes_out_beside_what_runs if {
	some finding in change_set.warn with input as release("high", web, {})
	finding.code == "rollback.strategy-mismatch"
	contains(finding.message, "is released by a plain update")
	count(change_set.warn) == 0 with input as release("low", web, {})
	analysed := {"canary": {"analysis": {"templates": []}}}
	spec := object.union(window, {"strategy": analysed})
	count(change_set.warn) == 0 with input as release("high", rollout, spec)
	codes(change_set.warn) == {"rollback.strategy-mismatch"} with input as release("critical", rollout, spec)
	green := {"blueGreen": {"prePromotionAnalysis": {}, "scaleDownDelaySeconds": 300, "autoPromotionEnabled": false}}
	count(change_set.warn) == 0 with input as release("critical", rollout, object.union(window, {"strategy": green}))
}

test_flagger_releases_what_it_names if {
	flagger := {"metadata": {"name": "web", "namespace": "shop"}, "spec": {"targetRef": {"kind": "Deployment", "name": "web"}}}
	named := {"Canary.flagger.app": [flagger]}
	count(change_set.warn) == 0 with input as release("high", web, {})
		with input.facts.inventory.value as named
	other := {"Canary.flagger.app": [object.union(flagger, {"metadata": {"namespace": "other"}})]}
	count(change_set.warn) == 1 with input as release("high", web, {})
		with input.facts.inventory.value as other
}

before(more) := facts({"plans": [whole], "previous": [object.union({"change": 0, "image": "r.example/web@sha256:1", "presence": "found"}, more)]}, {}, {})

test_the_image_of_before_is_there if {
	every more in [{}, {"presence": "locked"}] {
		count(change_set.deny | change_set.warn) == 0 with input as with_facts("high", before(more))
	}
	gone := before({"presence": "gone", "reason": "the registry says so", "container": "web"})
	every tier in ["low", "critical"] {
		found := change_set.deny with input as with_facts(tier, gone)
		{[finding.code, finding.message, finding.object] | some finding in found} == {[
			"rollback.target-image-gone",
			"Deployment shop/web: what going back needs, r.example/web@sha256:1 of the container `web`, is gone: the registry says so",
			web,
		]}
	}
	unknown := before({"presence": "unknown", "reason": "nobody asked"})
	codes(change_set.deny) == {"rollback.target-image-gone"} with input as with_facts("high", unknown)
	count(change_set.warn) == 0 with input as with_facts("high", unknown)
	codes(change_set.warn) == {"rollback.target-image-gone"} with input as with_facts("medium", unknown)
	count(change_set.deny) == 0 with input as with_facts("medium", unknown)
	unpinned := before({"presence": "unknown", "reason": "nobody asked", "image": "r.example/web:1"})
	codes(change_set.warn) == {"rollback.target-image-gone"} with input as with_facts("high", unpinned)
	count(change_set.deny) == 0 with input as with_facts("high", unpinned)
}

test_the_image_of_before_that_is_trusted_no_more_is_a_warning if {
	flawed := before({"flaw": "its key is withdrawn"})
	codes(change_set.warn) == {"rollback.target-image-untrusted"} with input as with_facts("high", flawed)
	count(change_set.deny) == 0 with input as with_facts("high", flawed)
}

to_target(good) := facts({"plans": [whole], "target": {"good": good, "text": "it is so"}}, {}, {})

test_a_risky_change_has_a_state_to_go_back_to if {
	every tier, effects in {"low": [0, 1], "medium": [0, 1], "high": [1, 0], "critical": [1, 0]} {
		lacking := with_facts(tier, to_target(false))
		denied := change_set.deny with input as lacking
		warned := change_set.warn with input as lacking
		[count(denied), count(warned)] == effects
		every finding in denied | warned {
			finding.code == "rollback.no-target"
			finding.message == "there is no state to go back to: it is so"
		}
		count(change_set.deny | change_set.warn) == 0 with input as with_facts(tier, to_target(true))
	}
}

rehearsed(state, more) := facts(
	{"plans": [whole], "rehearsals": [object.union({"change": 0, "pointer": "/image", "state": state, "text": "the image: is so"}, more)]},
	{}, {},
)

test_what_nobody_tried_is_denied_of_a_risky_change if {
	every state in ["missing", "stale"] {
		every tier in ["high", "critical"] {
			found := change_set.deny with input as with_facts(tier, rehearsed(state, {}))
			{[finding.code, finding.message, finding.object, finding.field] | some finding in found} == {[
				sprintf("rollback.rehearsal-%s", [state]),
				"Deployment shop/web: the image: is so",
				web,
				"/image",
			]}
		}
		every tier in ["low", "medium"] {
			count(change_set.deny | change_set.warn) == 0 with input as with_facts(tier, rehearsed(state, {}))
		}
	}
}

test_what_was_tried_is_fine_and_a_warning_where_it_took_long if {
	fine := with_facts("high", rehearsed("rehearsed", {"seconds": 900}))
	count(change_set.deny | change_set.warn) == 0 with input as fine
	slow := with_facts("high", rehearsed("rehearsed", {"seconds": 901}))
	codes(change_set.warn) == {"rollback.too-slow"} with input as slow
	count(change_set.deny) == 0 with input as slow
}

test_what_a_restore_lacks_is_named if {
	ready := {"plans": [plan(["database"])], "databases": [database], "restores": [database]}
	taking := {"scripts": [object.union(script, {"class": "destructive"})]}
	count(change_set.deny) == 0 with input as with_facts("low", facts(ready, taking, {}))
	slow := object.union(ready, {"restores": [object.union(database, {"lacks": "took 3h to be restored, and may take 2h"})]})
	some finding in change_set.deny with input as with_facts("low", facts(slow, taking, {}))
	endswith(finding.message, "needs the database of before: Cluster shop/db took 3h to be restored, and may take 2h")
}
