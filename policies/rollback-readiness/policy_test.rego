package tidegate.rollback_readiness_test

import data.tidegate.rollback_readiness
import data.tidegate.rollback_readiness.change_set

settings := {
	"plan-path": "docs/rollback.md",
	"sections": ["application", "authority"],
	"min-revisions": 3,
}

web := {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": "web"}

cluster_wide := {"apiVersion": "v1", "kind": "Namespace", "name": "shop"}

codes(findings) := {finding.code | some finding in findings}

keeping(object, spec) := {"settings": settings, "changes": [{"index": 0, "object": object, "operation": "update", "new": {"spec": spec}}]}

test_no_revision_is_denied if {
	some finding in rollback_readiness.deny with input as keeping(web, {"revisionHistoryLimit": 0})
	finding.code == "rollback.revision-history"
	finding.message == "Deployment shop/web keeps no revision"
	finding.object == web
	finding.field == "/spec/revisionHistoryLimit"
	finding.remediation
	count(rollback_readiness.warn) == 0 with input as keeping(web, {"revisionHistoryLimit": 0})
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
	"facts": {"rollback": {"status": "known", "value": {"irreversible": irreversible, "plans": plans}}},
}

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
