# METADATA
# scope: package
# title: The way back
# description: >-
#   What a revert does not bring back has a plan, and a risky change has one in any case. Reverting the commit is enough
#   for fields that the cluster changes both ways; a volume, a stored version or a converted database are none of these.
# custom:
#   prefix: rollback
#   scope: change-set
#   kinds: ["*"]
#   facts: [rollback]
#   codes:
#     rollback.irreversible-field: deny
#     rollback.plan-missing: deny
package tidegate.rollback_readiness.change_set

# METADATA
# title: A revert does not undo this, and nobody wrote down what does
# description: The commit can be taken back and the cluster stays as it is.
deny contains finding if {
	not "irreversible" in sections
	some finding in lasting("write down in the plan, under `Irreversible`, how it is undone: the copy that is restored, or the object that is made anew")
}

# METADATA
# title: A revert does not undo this
# description: The plan says what does.
warn contains finding if {
	"irreversible" in sections
	some finding in lasting(sprintf("follow the plan (%s) to undo it; a revert alone does not", [paths]))
}

# METADATA
# title: A risky change has no plan for the way back
# description: In the middle of an incident nobody writes one, and nobody knows who decides.
deny contains finding if {
	is_risky
	not input.unit.kind == "Gate"
	count(problems) > 0
	finding := {
		"code": "rollback.plan-missing",
		"message": sprintf("the change is of tier %s, and there is no whole plan for the way back: %s", [
			input.risk.tier,
			concat("; ", sort(problems)),
		]),
		"remediation": sprintf("write the plan as a file of the repository with the headings %s, and name it in the commit by `Rollback-Plan: <path>` or once in `plan-path`", [
			concat(", ", input.settings.sections),
		]),
		"setting": "/settings/plan-path",
	}
}

fact := input.facts.rollback.value

is_risky if input.risk.tier in {"high", "critical"}

lasting(remediation) := {finding |
	some one in fact.irreversible
	some change in input.changes
	change.index == one.change
	finding := placed(one, {
		"code": "rollback.irreversible-field",
		"message": sprintf("%s %s", [name_of(change.object), one.text]),
		"object": change.object,
		"remediation": remediation,
	})
}

placed(one, finding) := object.union(finding, {"field": one.pointer}) if {
	one.pointer
} else := finding

# Of several plans, each has them.
sections := intersection({section_set |
	some plan in fact.plans
	section_set := {section | some section in plan.sections}
})

paths := concat(", ", [plan.path | some plan in fact.plans])

problems contains "none is named" if count(fact.plans) == 0

problems contains problem if {
	some plan in fact.plans
	problem := sprintf("%s %s", [plan.path, plan.lacks])
}

problems contains problem if {
	some plan in fact.plans
	not plan.lacks
	lacking := [section | some section in input.settings.sections; not section in plan.sections]
	count(lacking) > 0
	problem := sprintf("%s says nothing under %s", [plan.path, concat(", ", lacking)])
}

name_of(thing) := sprintf("%s %s/%s", [thing.kind, thing.namespace, thing.name])

name_of(thing) := sprintf("%s %s", [thing.kind, thing.name]) if not thing.namespace
