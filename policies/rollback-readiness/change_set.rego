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
#   neighbours: {Canary.flagger.app: namespace}
#   facts: [inventory, migrations, rollback, workloads]
#   codes:
#     rollback.irreversible-field: deny
#     rollback.plan-missing: deny
#     rollback.needs-database: deny
#     rollback.not-versioned-config: deny
#     rollback.prune-hazard: warn
#     rollback.criteria-missing: deny
#     rollback.fast-path-removed: warn
#     rollback.strategy-mismatch: warn
#     rollback.rehearsal-missing: deny
#     rollback.rehearsal-stale: deny
#     rollback.too-slow: warn
#     rollback.no-target: deny
#     rollback.target-image-gone: deny
#     rollback.target-image-untrusted: warn
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

# METADATA
# title: Going back takes the database along, and nothing says that it can be
# description: The image of before does not find what the script took away; only a restored database brings it back.
deny contains finding if {
	some way in one_way
	count(unprepared) > 0
	finding := {
		"code": "rollback.needs-database",
		"message": sprintf("%s, so that going back needs the database of before: %s", [way, concat("; ", sort(unprepared))]),
		"remediation": "archive the log of the database without end, and write down in the plan, under `Database`, to which moment it is restored and how",
	}
}

# METADATA
# title: Image and configuration go back by different ways
# description: The pods of before start with the configuration of now. With another image in the same risky change, that was never tried.
deny contains finding if {
	is_risky
	some one in unversioned
	one.image
	finding := one.finding
}

# METADATA
# title: Configuration does not go back with the pods
# description: The pods of before start with the configuration of now, since that has kept its name.
warn contains finding if {
	some one in unversioned
	not is_denied(one)
	finding := one.finding
}

# METADATA
# title: What is deleted comes back empty
# description: A revert makes the object anew, without what the manifest never held.
warn contains finding if {
	some one in fact.emptied
	some change in input.changes
	change.index == one.change
	finding := {
		"code": "rollback.prune-hazard",
		"message": sprintf("%s is deleted, and a revert does not bring back %s", [name_of(change.object), one.text]),
		"object": change.object,
		"remediation": "save what it holds first, or let the deployer keep the object (`Prune=false` for Argo CD, `prune: disabled` for Flux)",
	}
}

# METADATA
# title: Nothing tells a canary or the green side to stop
# description: Traffic moves on by the clock, whatever customers see.
deny contains finding if {
	some change in rollouts
	some strategy, where in uncriticised(change)
	finding := {
		"code": "rollback.criteria-missing",
		"message": sprintf("%s moves traffic by %s, and no analysis stops it", [name_of(change.object), strategy]),
		"object": change.object,
		"field": where,
		"remediation": "add an analysis with a metric that customers feel and a limit at which it fails",
	}
}

# METADATA
# title: The fast way back is gone
# description: What ran before is scaled down before anybody has seen how the new one does, or each step is gone through again on the way back.
warn contains finding if {
	some change in input.changes
	is_rollout(change)
	some [field, what, remediation] in slow(change.new.spec)
	finding := {
		"code": "rollback.fast-path-removed",
		"message": sprintf("%s %s", [name_of(change.object), what]),
		"object": change.object,
		"field": field,
		"remediation": remediation,
	}
}

# METADATA
# title: A risky release goes out at once
# description: What serves is replaced pod by pod, with nothing beside it to switch back to.
warn contains finding if {
	wanted := input.settings["strategy-for"][input.risk.tier]
	some now in input.facts.workloads.value.new
	now.object.kind in {"Deployment", "Rollout"}
	count(now.availability.services) > 0
	released(now)
	strategy := strategy_of(now)
	not strategy in wanted
	finding := {
		"code": "rollback.strategy-mismatch",
		"message": sprintf("%s serves, is released by %s, and a change of tier %s is released by %s", [
			name_of(now.object),
			strategy,
			input.risk.tier,
			concat(" or ", wanted),
		]),
		"object": now.object,
		"remediation": "let a Rollout or Flagger release it beside what runs",
		"setting": "/settings/strategy-for",
	}
}

# METADATA
# title: Nobody has tried to go back
# description: Whether the image of before still starts on what the new one leaves is found out on the day on which it must.
deny contains finding if {
	is_risky
	some one in fact.rehearsals
	one.state == "missing"
	finding := rehearsed(one, {
		"code": "rollback.rehearsal-missing",
		"remediation": "go back from the new image to the one before where nobody is harmed, and let the job sign it by `tidegate evidence rollback-test`",
		"setting": "/settings/rehearsal-stages",
	})
}

# METADATA
# title: There is no state to go back to
# description: Nothing that was accepted holds the unit as it was; a revert would be the first of its kind, in the middle of an incident.
deny contains finding if {
	is_risky
	some finding in nowhere
}

# METADATA
# title: A small change has no state to go back to
# description: It is told, so that the first risky change does not find it out.
warn contains finding if {
	not is_risky
	some finding in nowhere
}

# METADATA
# title: Going back was tried too long ago
# description: What surrounds the two images is not what it was then.
deny contains finding if {
	is_risky
	some one in fact.rehearsals
	one.state == "stale"
	finding := rehearsed(one, {
		"code": "rollback.rehearsal-stale",
		"remediation": "rehearse it again, and let the job sign it by `tidegate evidence rollback-test`",
		"setting": "/settings/rehearsal-within-days",
	})
}

# METADATA
# title: Going back takes long
# description: For as long as it takes, customers have what does not work.
warn contains finding if {
	some one in fact.rehearsals
	one.seconds > input.settings["max-minutes"] * 60
	finding := rehearsed(one, {
		"code": "rollback.too-slow",
		"remediation": "keep what ran before running until the new release is proven (blue-green), or make it start faster",
		"setting": "/settings/max-minutes",
	})
}

# METADATA
# title: The image of before is gone
# description: Its registry has it no more, so that no pod of the release before starts on a node that does not hold it by chance.
deny contains finding if {
	some image in fact.previous
	image.presence == "gone"
	finding := about_image(image, {
		"code": "rollback.target-image-gone",
		"message": sprintf("is gone: %s", [image.reason]),
		"remediation": "push it again under its digest, and let the registry keep what the last releases ran",
	})
}

# METADATA
# title: Nobody can tell whether the image of before is there
# description: That is found out on the day on which it must be. In a risky change that is too late.
deny contains finding if {
	is_risky
	some finding in unknown_images(true)
}

# METADATA
# title: Nobody can tell whether the image of before is there
# description: That is found out on the day on which it must be.
warn contains finding if {
	not is_risky
	some finding in unknown_images(true)
}

# METADATA
# title: Nobody can tell which image ran before
# description: Its tag may stand for another one by now.
warn contains finding if {
	some finding in unknown_images(false)
}

# METADATA
# title: The image of before would be refused
# description: What runs may be gone back to by its verdict; a revert is a new change, and would be denied for it.
warn contains finding if {
	some image in fact.previous
	image.flaw
	finding := about_image(image, {
		"code": "rollback.target-image-untrusted",
		"message": sprintf("would be refused today: %s", [image.flaw]),
		"remediation": "say in the plan to which image is gone back instead, or have the one before signed anew",
	})
}

fact := input.facts.rollback.value

nowhere contains {
	"code": "rollback.no-target",
	"message": sprintf("there is no state to go back to: %s", [fact.target.text]),
	"remediation": "sign what runs by `tidegate baseline` before it changes, and judge with `--verdicts`; the first deployment of a unit has an exception with a date, or goes out as a change of a lower tier first",
	"setting": "/settings/target-stages",
} if fact.target.good == false

unknown_images(pinned) := [about_image(image, finding) |
	some image in fact.previous
	image.presence == "unknown"
	contains(image.image, "@") == pinned
	finding := {
		"code": "rollback.target-image-gone",
		"message": sprintf("may be gone: %s", [image.reason]),
		"remediation": "lock it while it still stands in the manifests (`tidegate images lock`), pinned by its digest, or let `check --online` ask its registry",
	}
]

about_image(image, finding) := object.union(finding, {
	"message": sprintf("%s: what going back needs, %s%s, %s", [
		name_of(change.object),
		image.image,
		of_container(image),
		finding.message,
	]),
	"object": change.object,
}) if {
	some change in input.changes
	change.index == image.change
}

of_container(image) := sprintf(" of the container `%s`", [image.container])

of_container(image) := "" if not image.container

rehearsed(one, finding) := object.union(finding, {
	"message": sprintf("%s: %s", [name_of(change.object), one.text]),
	"object": change.object,
	"field": one.pointer,
}) if {
	some change in input.changes
	change.index == one.change
}

one_way contains way if {
	some script in input.facts.migrations.value.scripts
	script.class in {"destructive", "irreversible"}
	way := sprintf("%s %s", [script.id, {
		"destructive": "takes away what the release before may use",
		"irreversible": "takes away what no script brings back",
	}[script.class]])
}

one_way contains way if {
	some module in input.facts.migrations.value.odoo
	split(module.from, ".")[0] != split(module.to, ".")[0]
	way := sprintf("the module %s goes from version %s to %s of Odoo, which does not load the newer database", [module.module, module.from, module.to])
}

unprepared contains "no plan has a section `Database`" if not "database" in sections

unprepared contains "no database is known that could be" if count(fact.databases) == 0

unprepared contains lacking if {
	some database in fact.databases
	lacking := sprintf("%s %s", [name_of(database.object), database.lacks])
}

# Where a restore test is asked for.
unprepared contains lacking if {
	some database in fact.restores
	lacking := sprintf("%s %s", [name_of(database.object), database.lacks])
}

unversioned contains one if {
	some shared in fact.config
	some change in input.changes
	change.index == shared.change
	not change.new.immutable
	some user in input.changes
	user.index == shared.user
	one := {
		"image": shared.image,
		"finding": {
			"code": "rollback.not-versioned-config",
			"message": sprintf("%s changes under its name, and the pods of %s read it; gone back to, they read it as it is now", [
				name_of(change.object),
				name_of(user.object),
			]),
			"object": change.object,
			"remediation": "give each content a name of its own, by `configMapGenerator` or a checksum in the name",
		},
	}
}

is_denied(one) if {
	is_risky
	one.image
}

is_rollout(change) if {
	change.object.kind == "Rollout"
	startswith(change.object.apiVersion, "argoproj.io/")
	change.new
}

rollouts contains change if {
	some change in input.changes
	is_rollout(change)
}

rollouts contains change if {
	some change in input.changes
	change.object.kind == "Canary"
	startswith(change.object.apiVersion, "flagger.app/")
	change.new
}

uncriticised(change) := {"canary": "/spec/strategy/canary"} if {
	canary := change.new.spec.strategy.canary
	not canary.analysis
	count([step | some step in canary.steps; is_judging(step)]) == 0
}

uncriticised(change) := {"blue-green": "/spec/strategy/blueGreen"} if {
	blue_green := change.new.spec.strategy.blueGreen
	not blue_green.prePromotionAnalysis
	not blue_green.postPromotionAnalysis
}

uncriticised(change) := {"Flagger": "/spec/analysis"} if {
	change.object.kind == "Canary"
	not is_flagged(change.new.spec)
}

is_judging(step) if step.analysis

is_judging(step) if count(step.experiment.analyses) > 0

is_flagged(spec) if {
	spec.analysis.threshold
	count(spec.analysis.metrics) > 0
}

slow(spec) := {[field, what, remediation] |
	some [field, what, remediation] in array.concat(slow_blue_green(spec), slow_canary(spec))
} | {["/spec/rollbackWindow", "has no `rollbackWindow`, so that each step is gone through again on the way back", "set `rollbackWindow.revisions`"] |
	not spec.rollbackWindow.revisions
}

slow_blue_green(spec) := array.concat(
	array.concat(
		[["/spec/strategy/blueGreen/scaleDownDelaySeconds", sprintf("scales what ran before down after %d s", [delay]), "set `scaleDownDelaySeconds: 300` or more"] |
			delay := object.get(spec.strategy.blueGreen, "scaleDownDelaySeconds", 30)
			delay < 300
		],
		[["/spec/strategy/blueGreen/scaleDownDelayRevisionLimit", "keeps no revision scaled up", "leave `scaleDownDelayRevisionLimit` out"] |
			spec.strategy.blueGreen.scaleDownDelayRevisionLimit == 0
		],
	),
	[["/spec/strategy/blueGreen/autoPromotionEnabled", "switches over by itself, at this tier", "set `autoPromotionEnabled: false`"] |
		is_risky
		object.get(spec.strategy.blueGreen, "autoPromotionEnabled", true)
	],
)

slow_blue_green(spec) := [] if not spec.strategy.blueGreen

slow_canary(spec) := [["/spec/strategy/canary/abortScaleDownDelaySeconds", sprintf("scales the canary down %d s after it was stopped, before anybody has looked at it", [delay]), "set `abortScaleDownDelaySeconds: 300` or more, or `0` to keep it"] |
	spec.strategy.canary.trafficRouting
	delay := object.get(spec.strategy.canary, "abortScaleDownDelaySeconds", 30)
	delay > 0
	delay < 300
]

# What gets another image.
released(now) if {
	some before in input.facts.workloads.value.old
	before.object == now.object
	images(before) != images(now)
}

images(workload) := {container.image.reference | some container in workload.containers}

strategy_of(now) := "blue-green" if {
	input.changes[now.change].new.spec.strategy.blueGreen
} else := "canary" if {
	input.changes[now.change].new.spec.strategy.canary
} else := "canary" if {
	some canary in object.get(input.facts.inventory.value, "Canary.flagger.app", [])
	object.get(canary.metadata, "namespace", "") == object.get(now.object, "namespace", "")
	canary.spec.targetRef.kind == now.object.kind
	canary.spec.targetRef.name == now.object.name
} else := "a plain update"

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
