# METADATA
# title: Replicas
# description: Asks for two.
# custom:
#   prefix: own
#   scope: object
#   kinds: [Deployment.apps]
#   neighbours: {Service: namespace}
#   facts: [workloads]
#   codes: {own.few: deny}
package tidegate.own

deny contains finding if {
	some change in input.changes
	some w in input.facts.workloads.value.new
	small(w)
	every c in w.containers { count(c.name) > 0 }
	not exempt[change.object.name]
	finding := {"code": "own.few", "message": sprintf("%d", [w.replicas]), "object": change.object, "field": "/spec/replicas"}
}

small(w) if w.replicas < 2

exempt := {name | name := ["a", "b"][_]; regex.match("^a", name)}
