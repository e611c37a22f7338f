# METADATA
# scope: package
# title: Risk tier
# description: >-
#   Says how risky each change is, and why. Every changed field is claimed by a row of the tables
#   below; what no row claims is as risky as `default-tier` says. The highest tier counts.
# custom:
#   prefix: risk
#   scope: change-set
#   kinds: ["*"]
#   neighbours:
#     Service: namespace
#     PodDisruptionBudget.policy: namespace
#     NetworkPolicy.networking.k8s.io: namespace
#     HorizontalPodAutoscaler.autoscaling: namespace
#     Ingress.networking.k8s.io: environment
#     IngressRoute.traefik.io: environment
#     Secret: namespace
#     SealedSecret.bitnami.com: namespace
#     ExternalSecret.external-secrets.io: namespace
#     Certificate.cert-manager.io: namespace
#     Namespace: environment
#     Schedule.velero.io: environment
#     Schedule.k8up.io: namespace
#   facts: [inventory, migrations, workloads, storage, range, source]
#   codes:
#     risk.above-max-tier: deny
#     risk.declared-too-low: deny
#     risk.lowered-by-rule: warn
#   reasons:
#     - risk.metadata-only
#     - risk.dashboard
#     - risk.ui
#     - risk.alert-removed
#     - risk.replicas
#     - risk.replicas-drop
#     - risk.workload-created
#     - risk.workload-deletion
#     - risk.service
#     - risk.resources
#     - risk.probe
#     - risk.pod-security
#     - risk.job
#     - risk.volumes
#     - risk.operator
#     - risk.image-digest
#     - risk.image-tag
#     - risk.image-unpinned
#     - risk.odoo-modules
#     - risk.migration
#     - risk.business-component
#     - risk.connector
#     - risk.secret
#     - risk.config
#     - risk.pg-parameter
#     - risk.pg-minor
#     - risk.pg-major
#     - risk.pg-topology
#     - risk.storage-shrink
#     - risk.storage-change
#     - risk.data-deletion
#     - risk.namespace-deletion
#     - risk.crd
#     - risk.ingress
#     - risk.tls
#     - risk.redis
#     - risk.network-policy
#     - risk.rbac
#     - risk.admission
#     - risk.backup
#     - risk.quota
#     - risk.scheduling
#     - risk.strategy
#     - risk.gate
#     - risk.unclassified
#     - risk.raised-by-rule
#     - risk.declared
#     - risk.many-environments
#     - risk.many-tenants
#     - risk.many-components
#     - risk.app-and-database
#     - risk.unsized
package tidegate.risk_tier.change_set

# METADATA
# title: The change is riskier than the environment takes
# description: The computed tier is above `max-tier` of the environment. It never holds the gate's own unit.
deny contains finding if {
	input.unit.kind != "Gate"
	rank[input.risk.tier] > rank[input.environment.maxTier]
	[index, code, pointer, text] := sort([[index_of(reason), reason.code, reason.pointer, reason.text] |
		some reason in input.risk.reasons
		reason.tier == input.risk.tier
	])[0]
	finding := placed(index, pointer, {
		"code": "risk.above-max-tier",
		"message": sprintf("this change is %s, but %q takes at most %s: %s (%s)", [
			input.risk.tier,
			input.environment.name,
			input.environment.maxTier,
			text,
			code,
		]),
		"remediation": "split off the risky part, or have `max-tier` raised by those who own the environment; a revert of what was signed and may not be deployed any more is accepted with `tidegate baseline`",
		"setting": "/environment/maxTier",
	})
}

placed(index, pointer, finding) := object.union(finding, {"object": input.changes[index].object, "field": pointer}) if {
	index != beside
}

placed(index, _, finding) := finding if index == beside

# What is in no object has no index.
index_of(reason) := object.get(reason, "change", beside)

# METADATA
# title: The commits declare a lower tier than the change has
# description: The trailer `Tidegate-Risk` is what the author believes. Below the computed tier it is wrong, and so may be what else was believed.
deny contains finding if {
	highest := max({rank[tier] | some tier in declared})
	highest < rank[input.risk.tier]
	finding := {
		"code": "risk.declared-too-low",
		"message": sprintf("`Tidegate-Risk` says %q, but this change is %s: %s", [
			sort([word | some word in declarations; rank[lower(word)] == highest])[0],
			input.risk.tier,
			sort([reason.text | some reason in input.risk.reasons; reason.tier == input.risk.tier])[0],
		]),
		"remediation": "declare the tier that the change has, or split off what makes it so risky",
	}
}

# METADATA
# title: The declared tier is none
# description: What cannot be read declares nothing.
deny contains finding if {
	some word in declarations
	not rank[lower(word)]
	finding := {
		"code": "risk.declared-too-low",
		"message": sprintf("`Tidegate-Risk` says %q, which is no tier", [word]),
		"remediation": "declare low, medium, high or critical",
	}
}

# METADATA
# title: A rule of the configuration lowered a tier
# description: It is shown so that nobody has to find out later who decided it.
warn contains finding if {
	some reason in lowered
	some n in lowering[reason.change]
	rule := input.settings.lower[n]
	finding := {
		"code": "risk.lowered-by-rule",
		"message": sprintf("%s counts as %s instead of %s; %s decided: %s", [
			reason.code,
			below[reason.tier],
			reason.tier,
			rule.owner,
			rule.because,
		]),
		"object": input.changes[reason.change].object,
		"field": reason.pointer,
		"remediation": "remove the rule from `risk.lower` when it is no longer right",
		"setting": sprintf("/settings/lower/%d", [n]),
	}
}

# METADATA
# title: Why a change has its tier
# description: One reason for each row that claims a part of the change.
reasons contains reason if {
	some one in settled
	reason := told(one)
}

# As it is given: a reason for what is in no object names no change, nor a place in one.
told(reason) := reason if reason.change != beside

told(reason) := object.remove(reason, ["change", "pointer"]) if reason.change == beside

# METADATA
# title: Why many changes together are riskier than each
# description: What changes add to each other, one step above the highest tier and never more.
reasons contains reason if {
	some code, text in together
	top := max([rank[one.tier] | some one in settled])
	reason := told({
		"code": code,
		"tier": tiers[min([top + 1, 3])],
		"change": min([one.change | some one in settled; rank[one.tier] == top]),
		"pointer": "",
		"text": text,
	})
}

# METADATA
# title: What the author declares
# description: A tier above the computed one is simply taken.
reasons contains reason if {
	some tier in declared
	top := max([rank[one.tier] | some one in settled])
	rank[tier] > top
	reason := told({
		"code": "risk.declared",
		"tier": tier,
		"change": min([one.change | some one in settled; rank[one.tier] == top]),
		"pointer": "",
		"text": "the commits declare this tier",
	})
}

# What the trailers of the commits say. What is no tier has no rank, and so declares nothing.
declarations := {trim_space(value) |
	some commit in input.source.commits
	some key, values in commit.trailers
	lower(key) == "tidegate-risk"
	some value in values
}

declared := {lower(word) | some word in declarations}

# What the rows found, as the rules of the configuration leave it.
settled := ((found - lowered) | {object.union(reason, {"tier": below[reason.tier]}) | some reason in lowered}) | raised

lowered := {reason |
	some reason in found
	lowering[reason.change]
	reason.tier != "low"
	not reason.code in never_lowered
}

raised contains reason if {
	some rule in input.settings.raise
	some i, change in input.changes
	applies(rule.when, i, "any")
	reason := {
		"code": "risk.raised-by-rule",
		"tier": rule.to,
		"change": i,
		"pointer": "",
		"text": sprintf("%s: %s", [change.object.name, rule.because]),
	}
}

lowering[i] contains n if {
	some n, rule in input.settings.lower
	some i, _ in input.changes
	applies(rule.when, i, "all")
}

applies(condition, i, sides) if {
	change := input.changes[i]
	kinds[i] in object.get(condition, "kinds", [kinds[i]])
	shared(object.get(condition, "components", ["*"]), array.concat(change.components, ["*"]))
	labelled(change, object.get(condition, "labels", {}), sides)
}

shared(some_names, other_names) if {
	some name in some_names
	name in other_names
}

labelled(change, labels, "any") if {
	some side in ["old", "new"]
	object.subset(object.get(change[side], ["metadata", "labels"], {}), labels)
}

# A change must not lower itself by a label that it brings along.
labelled(_, labels, "all") if labels == {}

labelled(change, labels, "all") if {
	object.subset(object.get(change.old, ["metadata", "labels"], {}), labels)
	object.subset(object.get(object.get(change, "new", change.old), ["metadata", "labels"], {}), labels)
}

# One reason for each code and change: the riskiest field speaks for the others.
found := {reason |
	some n, row in ordered
	not subjects[n - 1] == subjects[n]
	reason := {"change": row[0], "code": row[1], "tier": tiers[3 - row[2]], "pointer": row[3], "text": row[4]}
}

subjects := [[row[0], row[1]] | some row in ordered]

ordered := sort([[one.change, one.code, 3 - rank[one.tier], one.pointer, one.text] | some one in spotted])

# Updates: fields that a row claims.
spotted contains reason if {
	some claim in claims
	field := input.changes[claim.change].fields[claim.field]
	reason := field_reason(claim.change, field, object.union(classes[claim.class], weighed(claim, field)))
}

spotted contains reason if {
	some claim in claims
	claim.class == "image"
	field := input.changes[claim.change].fields[claim.field]
	some verdict in image_verdicts(claim.change, field)
	reason := field_reason(claim.change, field, verdict)
}

# Updates: parts, which rows claim, of fields that come or go whole.
spotted contains reason if {
	some part in parts
	field := input.changes[part.change].fields[part.field]
	reason := field_reason(part.change, field, object.union(classes[part.class], weighed(part, part.piece)))
}

spotted contains reason if {
	some part in parts
	part.class == "image"
	part.piece.new
	field := input.changes[part.change].fields[part.field]
	some verdict in image_verdicts(part.change, part.piece)
	reason := field_reason(part.change, field, verdict)
}

# Updates: fields that no row claims.
spotted contains reason if {
	some i in updated
	some j, field in input.changes[i].fields
	not [i, j] in settled_fields
	reason := field_reason(i, field, {
		"code": "risk.unclassified",
		"tier": input.settings["default-tier"],
		"text": "no rule says how risky this is",
	})
}

spotted contains reason if {
	some i in updated
	count(input.changes[i].fields) == 0
	reason := {
		"code": "risk.unclassified",
		"tier": input.settings["default-tier"],
		"change": i,
		"pointer": "",
		"text": sprintf("%s: it changes, but no field of it differs", [input.changes[i].object.name]),
	}
}

# Updates that touch nothing but labels and annotations that nobody reads.
spotted contains reason if {
	some i in quiet
	reason := field_reason(i, input.changes[i].fields[0], {
		"code": "risk.metadata-only",
		"tier": "low",
		"text": "only labels and annotations that nothing selects or acts on",
	})
}

# Creations and deletions: what the kind says, and what the content adds.
spotted contains reason if {
	some i, change in whole
	some class in profiles[i][change.operation]
	reason := whole_reason(i, change, object.union(classes[class], weighed_whole(class, i)))
}

spotted contains reason if {
	some i, change in whole
	count(profiles[i][change.operation]) == 0
	reason := whole_reason(i, change, {
		"code": "risk.unclassified",
		"tier": input.settings["default-tier"],
		"text": sprintf("no rule says how risky its %s is", [nouns[change.operation]]),
	})
}

# Updates by which the deployer takes an object away, or applies it no more: what its deletion would be.
spotted contains reason if {
	some i in updated
	change := input.changes[i]
	is_applied(change.old)
	not is_applied(change.new)
	some class in profiles[i].delete
	gone := object.union(classes[class], weighed_whole(class, i))
	text := sprintf("its annotations say that it is applied no more: %s", [gone.text])
	reason := standing(i, object.union(gone, {"text": text}))
}

spotted contains reason if {
	some i, workload in after
	change := whole[i]
	some container in workload.containers
	not container.image.digest
	reason := whole_reason(i, change, {
		"code": "risk.image-unpinned",
		"tier": "high",
		"text": sprintf("container %q has no digest in its image: what will run is unknown", [container.name]),
	})
}

spotted contains reason if {
	some i, kind in kinds
	kind == "Database.postgresql.cnpg.io"
	change := whole[i]
	change.new.spec.ensure == "absent"
	reason := whole_reason(i, change, classes["data-deletion"])
}

# Scripts that run in a database, wherever they stand. What is not understood may do anything.
spotted contains reason if {
	some script in scripts
	weight := script_weights[script.class]
	some change in places_of_script(script)
	reason := {
		"code": "risk.migration",
		"tier": weight.tier,
		"change": change,
		"pointer": object.get(script, "field", ""),
		"text": sprintf("%s %s", [script.id, weight.text]),
	}
}

# Modules of Odoo: an update of one is a migration of the database.
spotted contains reason if {
	some module in input.facts.migrations.value.odoo
	weight := module_weights[module.step]
	reason := {
		"code": weight.code,
		"tier": weight.tier,
		"change": beside,
		"pointer": "",
		"text": sprintf("the module %s %s%s", [module.module, weight.text, versions(module)]),
	}
}

# A namespace that is made without a bound on what its pods may do.
spotted contains reason if {
	some i, kind in kinds
	kind == "Namespace"
	change := whole[i]
	change.new.metadata.labels["pod-security.kubernetes.io/enforce"] == "privileged"
	reason := whole_reason(i, change, object.union(classes.admission, {"text": "its pods may do everything on their node"}))
}

# A namespace under another name: everything in it goes in one and comes in the other.
spotted contains reason if {
	some namespace in vacated
	some i, change in whole
	change.object.namespace == namespace
	reason := {
		"code": "risk.namespace-deletion",
		"tier": "critical",
		"change": i,
		"pointer": "",
		"text": sprintf("%s %q: all of the namespace %q moves to another", [
			change.object.kind,
			change.object.name,
			namespace,
		]),
	}
}

# A host that another namespace serves already: which of the two answers is up to their controller.
spotted contains reason if {
	some i in ways_in
	change := input.changes[i]
	some place in (places_of(change.new) - places_of(object.get(change, "old", {})))
	some owner in owners
	owner.namespace != object.get(change.object, "namespace", "")
	some other in owner.places
	same_place(place, other)
	reason := standing(i, object.union(classes["ingress-deleted"], {"text": sprintf(
		"%s is served by %s %q of the namespace %q already",
		[place[0], owner.kind, owner.name, owner.namespace],
	)}))
}

# A certificate that is in no file of the namespace: until somebody makes it, the controller shows one of its own.
spotted contains reason if {
	some i in ways_in
	change := input.changes[i]
	not renews(change.new)
	some secret in (certificates_of(change.new) - certificates_of(object.get(change, "old", {})))
	not [object.get(change.object, "namespace", ""), secret] in secrets
	reason := whole_reason(i, change, object.union(classes.tls, {"text": sprintf(
		"no file of its namespace makes the secret %q of its certificate",
		[secret],
	)}))
}

# Any change but a quiet one: what it is to the business, and what the whole cluster leans on.
spotted contains reason if {
	some i, change in input.changes
	some component in change.components
	not i in quiet
	reason := standing(i, {
		"code": "risk.business-component",
		"tier": {true: business[component], false: "high"}[has_content(change)],
		"text": sprintf("it belongs to %s", [component]),
	})
}

# What it was to the business decides how its next changes are judged: a label or a path that said so does not go quietly.
spotted contains reason if {
	some i, change in input.changes
	some component in lost(change)
	reason := standing(i, {
		"code": "risk.unclassified",
		"tier": input.settings["default-tier"],
		"text": sprintf("it belonged to %s, and its label or path says so no more", [component]),
	})
}

spotted contains reason if {
	some i, change in whole
	"connectors" in change.components
	kinds[i] in connector_kinds
	reason := standing(i, object.union(classes.connector, {"text": "it connects the shop to another system"}))
}

spotted contains reason if {
	some side in [before, after]
	some i, workload in side
	some container in workload.containers
	parts := split(container.image.repository, "/")
	some from in [1, 2]
	concat("/", array.slice(parts, count(parts) - from, count(parts))) in operator_images
	not i in quiet
	reason := standing(i, object.union(classes.operator, {"text": "it is an operator that every tenant leans on"}))
}

# A new container, or a changed security context, that may do more than before.
spotted contains reason if {
	some i in exposed
	more := powers(i, "new") - (powers(i, "old") | inherited(i))
	count(more) > 0
	reason := {
		"code": "risk.pod-security",
		"tier": "critical",
		"change": i,
		"pointer": first_pointer(i, input.changes[i]),
		"text": sprintf("pods may do more than before: %s", [concat(", ", sort(more))]),
	}
}

# What the change of a field is.
field_reason(i, field, verdict) := {
	"code": verdict.code,
	"tier": verdict.tier,
	"change": i,
	"pointer": field.pointer,
	"text": sprintf("%s: %s", [field.path, verdict.text]),
}

# What the creation or deletion of an object is.
whole_reason(i, change, verdict) := {
	"code": verdict.code,
	"tier": verdict.tier,
	"change": i,
	"pointer": "",
	"text": sprintf("%s %q: %s", [change.object.kind, change.object.name, verdict.text]),
}

# What a change is whatever it touches.
standing(i, verdict) := object.union(whole_reason(i, change, verdict), {"pointer": first_pointer(i, change)}) if {
	change := input.changes[i]
}

first_pointer(i, change) := pointers[0] if {
	pointers := [field.pointer | some j, field in change.fields; not [i, j] in harmless]
	count(pointers) > 0
} else := ""

kinds := [concat("", [change.object.kind, suffixes[change.object.apiVersion]]) | some change in input.changes]

# What the name of a group adds to the name of a kind, of which the core has none.
suffixes := {version: suffix |
	some version in {change.object.apiVersion | some change in input.changes}
	suffix := {true: sprintf(".%s", [group_of(version)]), false: ""}[contains(version, "/")]
}

group_of(version) := split(version, "/")[0]

updated := {i | some i, change in input.changes; change.operation == "update"}

# What is created or deleted.
whole := {i: change | some i, change in input.changes; change.operation != "update"}

before := {w.change: w | some w in input.facts.workloads.value.old}

after := {w.change: w | some w in input.facts.workloads.value.new}

sizes := {[size.change, size.pointer]: size | some size in input.facts.storage.value}

neighbours(kind) := object.get(input.facts.inventory.value, kind, [])

# Fields that rows of the tables claim: a row names a path, and claims what lies at or below it.
claims contains {"class": class, "change": i, "field": j, "exact": (n + 1) == count(spot.segments)} if {
	some i in rowed
	some j, field in input.changes[i].fields
	spot := spot_of(kinds[i], field.pointer)
	table := rows[spot.table]
	some n, _ in spot.segments
	class := as_ui(i, field, table[concat("/", array.slice(spot.segments, 0, n + 1))])
}

# A mapping or an item of a list that comes or goes whole is one field, at its top. What rows claim
# below that top, this finds, each as the field that it would be by itself.
parts contains {"class": class, "change": i, "field": j, "exact": true, "piece": piece} if {
	some i in rowed
	some j, field in input.changes[i].fields
	some side in ["old", "new"]
	type_name(field[side]) in composite
	walk(field[side], [steps, value])
	pointer := pointer_below(field.pointer, steps)
	spot := spot_of(kinds[i], pointer)
	class := rows[spot.table][concat("/", spot.segments)]
	piece := {"pointer": pointer, side: value}
}

composite := {"array", "object"}

# Updates of kinds that have rows.
rowed := {i |
	tabled := object.keys(rows) | object.keys(templates)
	some i in updated
	kinds[i] in tabled
} - dashboards

# Kinds that a row claims as a whole, apart from their metadata.
claims contains {"class": class, "change": i, "field": j} if {
	some i in updated
	some class in profiles[i].update
	some j, field in input.changes[i].fields
	concerns(class, field)
}

claims contains note if some note in notes

claims contains {"class": "connector", "change": i, "field": j} if {
	some i in updated
	"connectors" in input.changes[i].components
	kinds[i] in connector_kinds
	some j, field in input.changes[i].fields
	not startswith(field.pointer, "/metadata/")
}

# The template of a job is a matter of its own, beside what its pods are.
claims contains {"class": "job", "change": i, "field": j} if {
	some i in updated
	kinds[i] in {"Job.batch", "CronJob.batch"}
	some j, field in input.changes[i].fields
	spot := spot_of(kinds[i], field.pointer)
	spot.table == "pod"
	some n, _ in spot.segments
	concat("/", array.slice(spot.segments, 0, n + 1)) in job_template
}

job_template := object.keys(rows.pod) | {"spec/restartPolicy"}

claims contains {"class": "redis", "change": i, "field": j} if {
	some i in updated
	kinds[i] == "ConfigMap"
	"cache" in input.changes[i].components
	some j, field in input.changes[i].fields
	split(field.pointer, "/")[1] == "data"
}

# What themes show is no configuration, unless it configures a server.
as_ui(i, field, "config") := "ui" if {
	kinds[i] == "ConfigMap"
	input.changes[i].components == ["ui"]
	not is_server_configuration(field)
} else := "config"

as_ui(_, _, class) := class if class != "config"

is_server_configuration(field) if endswith(field.pointer, ".conf")

is_server_configuration(field) if field.pointer in {"/data", "/binaryData"}

concerns(class, _) if class == "gate"

concerns(_, field) if not startswith(field.pointer, "/metadata/")

# Where a field stands: in the pod template of a workload, or in the object itself.
spot_of(kind, pointer) := {"table": "pod", "segments": segments_of(substring(pointer, count(template), -1))} if {
	template := templates[kind]
	startswith(pointer, concat("", [template, "/"]))
} else := {"table": kind, "segments": segments_of(pointer)}

# `/spec/containers/0/image` as [spec, containers, *, image].
segments_of(pointer) := [plain |
	some n, segment in split(pointer, "/")
	n > 0
	plain := object.get(listed_as, trim(segment, "0123456789"), segment)
]

pointer_below(pointer, steps) := concat("/", array.concat([pointer], [sprintf("%v", [step]) | some step in steps]))

# What is left of a position when its digits are gone.
listed_as := {"": "*"}

settled_fields := ({[claim.change, claim.field] | some claim in claims; not claim.key} | harmless) | understood

# Fields of labels or annotations, one or many that come or go together, of which each that something may act on is known.
understood := {[note.change, note.field] | some note in notes} - {[note.change, note.field] |
	some note in notes
	not [note.change, note.field, note.key] in known
}

known := {[note.change, note.field, note.key] | some note in notes; classes[note.class]}

# Labels and annotations of objects, one by one.
entries contains {"change": i, "field": j, "section": segments[2], "key": key} if {
	some i in updated
	some j, field in input.changes[i].fields
	startswith(field.pointer, "/metadata/")
	segments := split(field.pointer, "/")
	segments[2] in {"labels", "annotations"}
	some key in names_below(3, segments, field)
}

# Those that something reads: by name, or through a selector.
notes contains {"change": entry.change, "field": entry.field, "key": entry.key, "class": class} if {
	some entry in entries
	class := meanings[entry.section][split(entry.key, "/")[0]]
}

notes contains {"change": entry.change, "field": entry.field, "key": entry.key, "class": class} if {
	some entry in entries
	class := exact_meanings[entry.key]
}

# With these Argo CD deletes an object and makes it anew, or puts another in its place.
notes contains {"change": entry.change, "field": entry.field, "key": entry.key, "class": "data-replaced"} if {
	some entry in entries
	entry.key == "argocd.argoproj.io/sync-options"
	keeps_data(entry.change)
	some option in split(annotation_of(input.changes[entry.change].fields[entry.field], entry.key), ",")
	trim_space(option) in {"Force=true", "Replace=true"}
}

keeps_data(i) if is_database(i)

keeps_data(i) if kinds[i] in data_kinds

# What a field says of an annotation now: alone, or with all the others.
annotation_of(field, _) := field.new if is_string(field.new)

annotation_of(field, key) := field.new[key]

# A domain names a tool. What one does that nobody here knows is not known either.
notes contains {"change": entry.change, "field": entry.field, "key": entry.key} if {
	some entry in entries
	parts := split(entry.key, "/")
	count(parts) > 1
	not is_inert(entry.section, entry.key)
	not parts[0] in input.settings["inert-metadata"]
}

notes contains {"change": entry.change, "field": entry.field, "key": entry.key, "class": "selected"} if {
	some entry in entries
	entry.section == "labels"
	change := input.changes[entry.change]
	some side in ["old", "new"]
	value := change[side].metadata.labels[entry.key]
	namespace := object.get(change.object, "namespace", "")
	some wanted in [value, "*"]
	[namespace, entry.key, wanted] in selected
}

notes contains {"change": entry.change, "field": entry.field, "key": entry.key, "class": "backup"} if {
	some entry in entries
	entry.section == "labels"
	entry.key in backed_up_by
}

notes contains {"change": entry.change, "field": entry.field, "key": entry.key, "class": "namespace-labels"} if {
	some entry in entries
	entry.section == "labels"
	kinds[entry.change] == "Namespace"
}

is_inert(section, key) if {
	domain := split(key, "/")[0]
	domain in inert_domains
	[section, domain] != ["annotations", "kubernetes.io"]
}

# The annotations of Kubernetes itself steer more often than they describe.
is_inert("annotations", key) if key in {"kubernetes.io/change-cause", "kubernetes.io/description"}

# Labels that selectors of the same namespace name, `*` where only the key is named.
selected contains [namespace_of(service), key, value] if {
	some service in neighbours("Service")
	some key, value in service.spec.selector
}

selected contains [namespace_of(owner), key, value] if {
	some [owner, selector] in selectors
	some key, value in selector.matchLabels
}

selected contains [namespace_of(owner), expression.key, "*"] if {
	some [owner, selector] in selectors
	some expression in selector.matchExpressions
}

selectors := array.concat(
	[[budget, budget.spec.selector] | some budget in neighbours("PodDisruptionBudget.policy")],
	array.concat(
		[[policy, policy.spec.podSelector] | some policy in neighbours("NetworkPolicy.networking.k8s.io")],
		[[policy, peer.podSelector] |
			some policy in neighbours("NetworkPolicy.networking.k8s.io")
			some direction, side in {"ingress": "from", "egress": "to"}
			some rule in policy.spec[direction]
			some peer in rule[side]
		],
	),
)

# Labels by which backups choose what they keep.
backed_up_by := {key |
	schedules := array.concat(neighbours("Schedule.velero.io"), neighbours("Schedule.k8up.io"))
	some schedule in schedules
	some section in ["template", "backup"]
	chosen := object.get(schedule.spec, section, {})
	some selector in array.concat(
		[object.get(chosen, "labelSelector", {})],
		array.concat(object.get(chosen, "orLabelSelectors", []), object.get(chosen, "labelSelectors", [])),
	)
	some key in named_by(selector)
}

named_by(selector) := object.keys(object.get(selector, "matchLabels", {})) | {expression.key |
	some expression in selector.matchExpressions
}

namespace_of(manifest) := object.get(manifest.metadata, "namespace", "")

harmless := {[i, j] |
	some i in updated
	kinds[i] != "Pod"
	some j, field in input.changes[i].fields
	startswith(field.pointer, "/metadata/")
	segments := split(field.pointer, "/")
	segments[2] in {"labels", "annotations"}
} - {[note.change, note.field] | some note in notes}

quiet := {i |
	some i in updated
	count(input.changes[i].fields) > 0
	every j, _ in input.changes[i].fields {
		[i, j] in harmless
	}
	not "gate" in profiles[i].update
	lost(input.changes[i]) == []
}

lost(change) := object.get(change, "componentsLost", [])

# Whether a deployer applies an object with the others, and leaves it there: kustomize drops what is for itself, and Argo CD
# and Helm apply a hook at its moment alone.
is_applied(manifest) if {
	annotations := object.get(manifest, ["metadata", "annotations"], {})
	not "config.kubernetes.io/local-config" in object.keys(annotations)
	is_applied_as(annotations)
}

is_applied_as(annotations) if {
	not hook_keys[0] in object.keys(annotations)
	object.get(annotations, hook_keys[1], "crd-install") == "crd-install"
}

is_applied_as(annotations) if {
	count(moments(annotations) & applying) > 0
	every key in hook_keys {
		count(words_of(annotations, sprintf("%s-delete-policy", [key])) & {"HookSucceeded", "hook-succeeded"}) == 0
	}
}

# Argo CD asks for Helm's moments where an object names none of its own.
moments(annotations) := own if {
	own := words_of(annotations, hook_keys[0]) & own_moments
	count(own) > 0
} else := words_of(annotations, hook_keys[1])

words_of(annotations, key) := {trim_space(word) | some word in split(object.get(annotations, key, ""), ",")}

hook_keys := ["argocd.argoproj.io/hook", "helm.sh/hook"]

own_moments := {"PreSync", "Sync", "PostSync", "SyncFail", "Skip"}

# Moments of every sync and every upgrade.
applying := {"PreSync", "Sync", "PostSync", "pre-install", "pre-upgrade", "post-install", "post-upgrade"}

# What kinds are as a whole.
profiles := [object.get(special, i, usual[[change.object.apiVersion, kinds[i]]]) | some i, change in input.changes]

special := object.union(
	{i: always(edition_of(i)) | some i in rehashed},
	{i: always("dashboard") | some i in dashboards},
)

# By version and kind, of which there are fewer than objects.
usual := {type: profile_of(type[1], group_of(type[0])) |
	some type in {[change.object.apiVersion, kinds[i]] | some i, change in input.changes}
}

profile_of(kind, group) := profiles_by_name[kind_profiles[kind]] if {
	kind_profiles[kind]
} else := profiles_by_name[group_profiles[group]] if {
	group_profiles[group]
} else := {"create": [], "update": [], "delete": []}

always(class) := {"create": [class], "update": [class], "delete": [class]}

dashboards contains i if {
	some i, kind in kinds
	kind == "GrafanaDashboard.grafana.integreatly.org"
}

dashboards contains i if {
	some i, kind in kinds
	kind == "ConfigMap"
	change := input.changes[i]
	every side in sides[change.operation] {
		change[side].metadata.labels.grafana_dashboard == "1"
	}
}

dashboards contains i if {
	some i, kind in kinds
	kind == "PrometheusRule.monitoring.coreos.com"
	change := input.changes[i]
	alerts := [rule |
		some side in sides[change.operation]
		some group in change[side].spec.groups
		some rule in group.rules
		rule.alert
	]
	count(alerts) == 0
}

# Generated objects carry a hash in their name: one that goes and one that comes are an edit. A Secret is one however it changes.
rehashed contains i if {
	some i, stem in stems
	[input.changes[i].operation, stem] in twins
}

# The next edition of an object is what its edit would be.
edition_of(i) := "redis-edition" if {
	"cache" in input.changes[i].components
} else := "rehashed"

twins := {[{"create": "delete", "delete": "create"}[input.changes[i].operation], stem] | some i, stem in stems}

stems[i] := [object.remove(change.object, ["name"]), stem] if {
	some i, kind in kinds
	kind == "ConfigMap"
	change := whole[i]
	parts := split(change.object.name, "-")
	hash := parts[count(parts) - 1]
	trim(hash, "abcdefghijklmnopqrstuvwxyz") != ""
	regex.match(`^[0-9a-z]{4,}$`, hash)
	stem := array.slice(parts, 0, count(parts) - 1)
	count(stem) > 0
}

vacated := {namespace |
	some namespace, leaving in changed_in
	count(leaving) > 1
	not namespace in lasting
	every what in leaving {
		what in arrivals
	}
}

lasting := {change.object.namespace | some change in input.changes; change.operation != "delete"}

changed_in[namespace] contains [kinds[i], change.object.name] if {
	some i, change in input.changes
	namespace := change.object.namespace
}

arrivals := {[kinds[i], change.object.name] | some i, change in input.changes; change.operation == "create"}

# What the content adds to some classes.
weighed_whole(class, i) := {"tier": "high", "text": "it is created with an image that nothing here ran before"} if {
	class == "created"
	some container in after[i].containers
	not container.image.repository in known_repositories
} else := {"code": "risk.data-deletion", "tier": tier, "text": "it is deleted, and its volumes with it"} if {
	class == "deleted"
	old := input.changes[i].old
	old.spec.persistentVolumeClaimRetentionPolicy.whenDeleted == "Delete"
	count(old.spec.volumeClaimTemplates) > 0
	tier := loss_of(old)
} else := {"tier": tier, "text": sprintf("it is deleted, and %s still needs it", [user])} if {
	class == "deleted"
	user := sort(users_of(i))[0]
	tier := loss_of(input.changes[i].old)
} else := {"tier": "high", "text": "it is deleted, and its snapshot kept"} if {
	class == "data-deletion"
	input.changes[i].old.spec.deletionPolicy == "Retain"
} else := {"tier": tier} if {
	class == "data-deletion"
	tier := loss_of(input.changes[i].old)
} else := {"tier": "critical", "text": text} if {
	class == "rbac"
	text := unbounded(object.get(input.changes[i], "new", {}))
} else := {}

# What the deployer leaves in the cluster is orphaned, not lost.
loss_of(old) := "high" if {
	some key, word in keeping
	contains(old.metadata.annotations[key], word)
} else := "critical"

known_repositories := {container.image.repository |
	some w in input.facts.workloads.value.old
	some container in w.containers
}

# What at head still names the deleted object.
users_of(i) := (selecting | scaling) | (routing | sending) if {
	object_ref := input.changes[i].object
	namespace := object.get(object_ref, "namespace", "")
	selecting := {sprintf("Service %q", [service.metadata.name]) |
		some service in neighbours("Service")
		namespace_of(service) == namespace
		count(service.spec.selector) > 0
		object.subset(before[i].labels, service.spec.selector)
	}
	scaling := {sprintf("HorizontalPodAutoscaler %q", [scaler.metadata.name]) |
		some scaler in neighbours("HorizontalPodAutoscaler.autoscaling")
		namespace_of(scaler) == namespace
		scaler.spec.scaleTargetRef.kind == object_ref.kind
		scaler.spec.scaleTargetRef.name == object_ref.name
	}
	routing := {sprintf("IngressRoute %q", [router.metadata.name]) |
		object_ref.kind == "Service"
		some router in neighbours("IngressRoute.traefik.io")
		namespace_of(router) == namespace
		some route in router.spec.routes
		some service in route.services
		service.name == object_ref.name
	}
	sending := {sprintf("Ingress %q", [ingress.metadata.name]) |
		object_ref.kind == "Service"
		some ingress in neighbours("Ingress.networking.k8s.io")
		namespace_of(ingress) == namespace
		object_ref.name in backends_of(ingress)
	}
}

# What brings customers in.
ways_in := {i |
	some i, kind in kinds
	kind in {"Ingress.networking.k8s.io", "IngressRoute.traefik.io"}
}

owners := [owner |
	some kind in ["Ingress", "IngressRoute"]
	some served in neighbours(concat(".", [kind, {"Ingress": "networking.k8s.io", "IngressRoute": "traefik.io"}[kind]]))
	owner := {
		"kind": kind,
		"name": served.metadata.name,
		"namespace": namespace_of(served),
		"places": places_of(served),
	}
]

# Hosts with their paths; a rule of Traefik may be anything beside its host.
places_of(served) := {[rule.host, path] |
	some rule in served.spec.rules
	some path in array.concat(
		[object.get(one, "path", "/") | some one in object.get(rule, ["http", "paths"], [])],
		["/" | not rule.http.paths],
	)
} | {[host, "*"] |
	some route in served.spec.routes
	texts := split(route.match, "`")
	some n, text in texts
	endswith(text, "Host(")
	host := texts[n + 1]
}

same_place(one, other) if one == other

same_place(one, other) if {
	one[0] == other[0]
	"*" in {one[1], other[1]}
}

certificates_of(served) := {tls.secretName | some tls in served.spec.tls} | {name | name := served.spec.tls.secretName}

# With these cert-manager makes what an Ingress names.
renews(ingress) if {
	some key, _ in ingress.metadata.annotations
	key in {"cert-manager.io/issuer", "cert-manager.io/cluster-issuer", "kubernetes.io/tls-acme"}
}

secrets := {[namespace_of(made), name] |
	some kind in ["Secret", "SealedSecret.bitnami.com", "ExternalSecret.external-secrets.io", "Certificate.cert-manager.io"]
	some made in neighbours(kind)
	name := object.get(made, ["spec", "secretName"], object.get(made, ["spec", "target", "name"], made.metadata.name))
}

backends_of(ingress) := {name | name := ingress.spec.defaultBackend.service.name} | {name |
	some rule in ingress.spec.rules
	some path in rule.http.paths
	name := path.backend.service.name
}

default has_content(_) := false

has_content(change) if change.operation != "update"

has_content(change) if lost(change) != []

has_content(change) if {
	some field in change.fields
	not startswith(field.pointer, "/metadata/")
}

# What is to be said of a field beyond its row.
weighed(claim, field) := {
	"code": "risk.replicas-drop",
	"tier": "high",
	"text": sprintf("it falls from %d to %d", [from, to]),
} if {
	claim.class == "replicas"
	segments := split(field.pointer, "/")
	segments[count(segments) - 1] in {"clusterSize", "replicas", "minReplicas", "maxReplicas", "minReplicaCount", "maxReplicaCount"}
	from := object.get(field, "old", 1)
	to := object.get(field, "new", 1)
	is_drop(from, to)
} else := {"tier": "high", "text": "a database or cache may get less memory"} if {
	claim.class == "resources"
	is_stateful(claim.change)
	some side in ["old", "new"]
	some pointer, _ in within(field, side)
	endswith(pointer, "/memory")
	not grows(claim.change, pointer)
} else := {"tier": "high", "text": "it is removed"} if {
	claim.class == "probe"
	claim.exact
	not "new" in object.keys(field)
} else := {"tier": "high", "text": "persistent data, files of the node or a token come or go"} if {
	claim.class == "volumes"
	is_weighty_volume(field)
} else := {"code": "risk.pod-security", "tier": "critical", "text": "a container reaches files of the node that it did not"} if {
	claim.class == "volumes"
	some pointer, name in within(field, "new")
	contains(pointer, "/volumeMounts")
	endswith(pointer, "/name")
	some volume in pod_spec(claim.change, "new").volumes
	volume.hostPath
	volume.name == name
} else := {"code": "risk.odoo-modules", "tier": "high", "text": "the modules that Odoo installs or updates change"} if {
	claim.class == "config"
	modules_in(before[claim.change]) != modules_in(after[claim.change])
} else := {"code": "risk.odoo-modules", "tier": "high", "text": "the modules that every Odoo process loads change"} if {
	claim.class == "config"
	kinds[claim.change] == "ConfigMap"
	loaded_by(field, "old") != loaded_by(field, "new")
} else := {"tier": "critical", "text": "somebody may log in without a password"} if {
	claim.class == "pg-parameter"
	some line in logins_in(field)
	regex.match(`(^|[ \t])"?trust"?([ \t#]|$)`, line)
} else := {"tier": "critical", "text": "fewer copies may have to confirm what is written"} if {
	claim.class == "pg-parameter"
	some side in ["old", "new"]
	some pointer, _ in within(field, side)
	contains(pointer, "/synchronous")
} else := {"tier": tiers[worst], "text": parameter_texts[worst]} if {
	claim.class == "pg-parameter"
	worst := max({parameter_rank(lower(name)) | some name in parameters_in(field)})
} else := {"code": "risk.pg-minor", "tier": "high", "text": "databases that take their image from the catalogue restart on another"} if {
	claim.class == "pg-catalogue"
	endswith(field.pointer, "/image")
	major_of(field.old) == major_of(field.new)
} else := {"tier": "critical", "text": "one instance or none is left"} if {
	claim.class == "pg-topology"
	to := object.get(field, "new", 1)
	to in {0, 1}
	from := object.get(field, "old", 1)
	is_number(from)
	from > to
} else := {
	"code": "risk.storage-shrink",
	"tier": "critical",
	"text": sprintf("it shrinks from %d to %d bytes", [size.old, size.new]),
} if {
	claim.class == "storage"
	size := sizes[[claim.change, field.pointer]]
	size.new < size.old
} else := {"tier": "critical", "text": "what was kept is deleted from now on"} if {
	claim.class == "storage"
	some word in within(field, "new")
	word in {"Delete", "Recycle"}
} else := {"tier": "critical", "text": "what was kept is deleted from now on"} if {
	claim.class == "storage"
	some pointer, true in within(field, "old")
	regex.match(`/keepAfterDelet(e|ion)$`, pointer)
} else := {"tier": "critical", "text": "it may let more through than before"} if {
	claim.class == "network-policy"
	not is_narrowed(claim.change, field)
} else := {"tier": "critical", "text": text} if {
	claim.class == "rbac"
	text := unbounded(input.changes[claim.change].new)
} else := {"tier": "critical", "text": "backups may stop, come later or go earlier"} if {
	claim.class == "backup"
	is_thinned(field)
} else := {"tier": "critical", "text": "objects that are stored today may no longer be accepted"} if {
	claim.class == "crd"
	is_narrower(claim.change, field)
} else := {"tier": "high", "text": "the cache may forget what it holds"} if {
	claim.class == "redis"
	is_forgetful(field)
} else := {}

# What a field holds, by where it stands: the field itself, and all below where it comes or goes whole.
within(field, side) := {pointer_below(field.pointer, steps): value | walk(field[side], [steps, value])}

# A bound that comes or goes may mean less; that one changed to more is all that is sure.
grows(i, pointer) if {
	size := sizes[[i, pointer]]
	size.new >= size.old
}

is_drop(from, to) if {
	to < from
	to == 1
	input.environment.stage == "production"
}

is_drop(from, to) if to * 2 < from

is_stateful(i) if is_database(i)

is_stateful(i) if "cache" in input.changes[i].components

is_database(i) if "database" in input.changes[i].components

is_database(i) if kinds[i] in database_kinds

is_weighty_volume(field) if {
	some side in ["old", "new"]
	some pointer, _ in within(field, side)
	source := split(split(pointer, "/volumes/")[1], "/")[1]
	not source in light_sources
}

modules_in(workload) := {[container.name, modules] |
	some container in workload.containers
	modules := modules_of(container)
	count(modules) > 0
}

modules_of(container) := arguments | variables if {
	words := array.concat(object.get(container, "command", []), object.get(container, "args", []))
	arguments := {words |
		contains(container.image.repository, "odoo")
		some word in words
		strings.any_prefix_match(word, ["-i", "-u", "--init", "--update", "--load"])
	}
	variables := {variable.value |
		some variable in object.get(container, "env", [])
		variable.name == "ODOO_MODULES"
	}
}

# Lines of an odoo.conf that name modules, without their spaces.
loaded_by(field, side) := {replace(line, " ", "") |
	some text in within(field, side)
	is_string(text)
	some line in split(text, "\n")
	startswith(trim_space(line), "server_wide_modules")
}

# The name that a pointer ends in at `depth`, or all names of the map that comes or goes there.
names_below(depth, segments, _) := {replace(segments[depth], "~1", "/")}

names_below(depth, segments, field) := object.keys(object.union(
	object.get(field, "old", {}),
	object.get(field, "new", {}),
)) if {
	count(segments) == depth
}

# The parameters that a field holds, by name, and the lines that say who may log in.
parameters_in(field) := {split(pointer, "/parameters/")[1] |
	some side in ["old", "new"]
	some pointer, _ in within(field, side)
}

logins_in(field) := {lower(line) |
	some pointer, line in within(field, "new")
	contains(pointer, "/pg_hba")
	is_string(line)
}

# The number before the first dot of an image's tag.
major_of(image) := major if {
	parts := split(split(image, "@")[0], "/")
	major := regex.split(`[.-]`, split(parts[count(parts) - 1], ":")[1])[0]
	regex.match(`^[0-9]+$`, major)
}

parameter_rank(name) := 3 if {
	name in losing_parameters
} else := 3 if {
	not regex.match(`^[a-z_][a-z0-9_.$]*$`, name)
} else := 1 if {
	name in reloaded_parameters
} else := 1 if {
	strings.any_prefix_match(name, ["log_", "autovacuum_"])
	not name in {"autovacuum_max_workers", "autovacuum_freeze_max_age", "autovacuum_multixact_freeze_max_age"}
} else := 2

# Only a rule that goes as a whole, or a direction that begins to count, surely lets less through. Where no direction is
# named, traffic in counts, and traffic out where there is a rule for it.
is_narrowed(i, field) if {
	kinds[i] == "NetworkPolicy.networking.k8s.io"
	not "new" in object.keys(field)
	regex.match(`^/spec/ingress/[0-9]+$`, field.pointer)
}

is_narrowed(i, field) if {
	kinds[i] == "NetworkPolicy.networking.k8s.io"
	not "new" in object.keys(field)
	regex.match(`^/spec/egress/[0-9]+$`, field.pointer)
	spec := input.changes[i].new.spec
	"Egress" in array.concat(object.get(spec, "policyTypes", []), ["Egress" | some _ in spec.egress])
}

is_narrowed(i, field) if {
	not "old" in object.keys(field)
	startswith(field.pointer, "/spec/policyTypes/")
	"Ingress" in input.changes[i].new.spec.policyTypes
}

# What a role or a binding grants without a bound: all there is, the way to more, or something to everybody.
unbounded(role) := "it grants everything" if {
	some rule in role.rules
	some part in ["verbs", "resources", "apiGroups"]
	some word in rule[part]
	is_string(word)
	contains(word, "*")
} else := "it grants everything" if {
	role.roleRef.name == "cluster-admin"
} else := "it lets its holders grant themselves more, or act as others" if {
	some rule in role.rules
	some verb in rule.verbs
	verb in {"bind", "escalate", "impersonate"}
} else := "it grants something to whoever does not log in" if {
	some subject in role.subjects
	subject.name in {"system:anonymous", "system:unauthenticated"}
}

is_thinned(field) if not "new" in object.keys(field)

is_thinned(field) if {
	some word in within(field, "new")
	word in {false, "Delete"}
}

is_thinned(field) if {
	some pointer, _ in within(field, "new")
	regex.match(`suspend|pause|schedule|ttl|retention|keep|exclude`, lower(pointer))
}

# Objects that are stored may no longer fit: their kind moves, a version of it goes, or its schema asks for more.
is_narrower(_, field) if field.pointer in {"/spec/group", "/spec/names/kind", "/spec/preserveUnknownFields", "/spec/scope"}

is_narrower(_, field) if {
	steps := split(field.pointer, "/")
	steps[2] == "versions"
	is_lesser_version(array.slice(steps, 4, count(steps)), field)
}

is_narrower(i, field) if {
	contains(field.pointer, "/openAPIV3Schema")
	not is_looser(i, keywords_of(field.pointer), field)
}

# `/properties/spec/required/0` as ["", ".", "required", "0"]: the name of a property is no keyword.
keywords_of(pointer) := split(regex.replace(pointer, `/properties/[^/]+`, "/."), "/")

is_lesser_version([], field) if not field.new

is_lesser_version([], field) if field.new.storage

is_lesser_version(["served"], field) if not field.new

is_lesser_version([step], _) if step in {"name", "schema", "storage"}

is_lesser_version(steps, field) if {
	steps[0] == "subresources"
	field.old
}

# What surely takes all that was taken before; in the negative of a schema nothing is sure.
is_looser(i, steps, field) if {
	some step in steps
	step in wordings
} else if {
	depth := count(steps)
	above := array.slice(steps, 0, depth - 1)
	not "not" in above
	not "oneOf" in above
	loosens(i, array.slice(steps, depth - 2, depth), field)
}

loosens(_, [_, keyword], field) if {
	side := looser_without[keyword]
	not side in object.keys(field)
}

loosens(_, [keyword, _], field) if {
	side := looser_without_item[keyword]
	not side in object.keys(field)
}

loosens(_, [_, keyword], field) if field.new == looser_as[keyword]

loosens(_, [_, keyword], field) if {
	startswith(keyword, "max")
	field.new >= field.old
}

loosens(_, [_, keyword], field) if {
	startswith(keyword, "min")
	field.new <= field.old
}

loosens(i, [keyword, _], field) if {
	[fewer, more] := looser_by_words[keyword]
	count(words(i, field, fewer) - words(i, field, more)) == 0
}

# What the list that holds `field` has on one side, apart from what stays in its place.
words(i, field, side) := object.get(listed, [[i, list_of(field.pointer), side]], set())

listed[key] contains word if {
	some i in updated
	some field in input.changes[i].fields
	some side in ["old", "new"]
	key := [i, list_of(field.pointer), side]
	word := field[side]
}

list_of(pointer) := trim_right(pointer, "0123456789")

is_forgetful(field) if {
	some directive in ["appendonly ", "save "]
	count(persisting(redis_lines(field, "old"), directive)) > 0
	count(persisting(redis_lines(field, "new"), directive)) == 0
}

is_forgetful(field) if {
	some line in (redis_lines(field, "new") - redis_lines(field, "old"))
	startswith(line, "maxmemory-policy ")
	line != "maxmemory-policy noeviction"
}

# Lines that keep data over a restart.
persisting(lines, directive) := {line |
	some line in lines
	startswith(line, directive)
	not line in {"appendonly no", "save \"\""}
}

# Lines of a redis.conf, or one directive by the name of its key.
redis_lines(field, side) := {line |
	some pointer, value in within(field, side)
	is_string(value)
	some raw in array.concat(split(value, "\n"), [concat(" ", [split(pointer, "/")[2], value])])
	line := lower(trim_space(raw))
}

# What an image change is; one change can be several things.
image_verdicts(i, field) := ((unreadable | unknown) | unpinned) | (moved | restarted) if {
	pairs := [[previous.image, container.image] |
		some container in after[i].containers
		container.image.pointer == field.pointer
		container.image.valid
		some previous in before[i].containers
		previous.name == container.name
		previous.image.valid
	]
	unreadable := {verdict |
		count(pairs) == 0
		verdict := {"code": "risk.image-tag", "tier": "high", "text": "it cannot be compared with an image before it"}
	}
	unknown := {verdict |
		count(pairs) == 0
		kinds[i] in database_kinds
		verdict := classes["pg-major"]
	}
	unpinned := {verdict |
		some container in after[i].containers
		container.image.pointer == field.pointer
		not container.image.digest
		verdict := {"code": "risk.image-unpinned", "tier": "high", "text": "without a digest, what will run is unknown"}
	}
	moved := {verdict |
		some [old, new] in pairs
		verdict := moves[move_of(old, new)]
	}
	restarted := {verdict |
		some [old, new] in pairs
		holds_data(i, new)
		verdict := restart_of(old, new)
	}
}

move_of(old, new) := "digest" if {
	old.repository == new.repository
	old.tag == new.tag
} else := "patch" if {
	old.repository == new.repository
	count(old.version) == 3
	count(new.version) == 3
	array.slice(old.version, 0, 2) == array.slice(new.version, 0, 2)
	suffix_of(old) == suffix_of(new)
} else := "other"

# What follows the numbers of a tag: `-alpine` of `v7.2.4-alpine`.
suffix_of(image) := trim_prefix(trim_prefix(image.tag, "v"), numbers) if {
	numbers := concat(".", [format_int(part, 10) | some part in image.version])
}

holds_data(i, _) if is_database(i)

holds_data(_, image) if {
	parts := split(image.repository, "/")
	parts[count(parts) - 1] in {"postgres", "postgresql", "spilo", "postgis", "timescaledb"}
}

restart_of(old, new) := classes["pg-minor"] if {
	old.version[0] == new.version[0]
} else := classes["pg-major"]

# Pods whose powers may have grown.
exposed contains claim.change if {
	some claim in claims
	claim.class == "pod-security"
}

exposed contains part.change if {
	some part in parts
	part.class == "pod-security"
}

exposed contains i if {
	some i, kind in kinds
	pod_paths[kind]
	input.changes[i].operation == "create"
}

exposed contains i if {
	some i in updated
	count(names_that_come(i)) > 0
}

powers(i, side) := (on_host | with_token) | (granted | retained) if {
	spec := pod_spec(i, side)
	on_host := {power | some power in ["hostNetwork", "hostPID", "hostIPC"]; spec[power] == true} | {power |
		some volume in spec.volumes
		power := sprintf("hostPath %s", [volume.hostPath.path])
	}
	with_token := {"a service account token" | object.get(spec, "automountServiceAccountToken", true)}
	granted := {sprintf("%s: %s", [container.name, power]) |
		some container in containers_of(spec)
		some power in granted_to(container)
	}
	retained := {sprintf("%s: %s", [container.name, power]) |
		some container in containers_of(spec)
		some power in retained_by(container, object.get(spec, "securityContext", {}), dropped_in(i))
		is_comparable(i, container, power)
	}
}

# What a container comes with by default is no gain, unless it comes where another goes.
is_comparable(_, _, "runs as root") := true

is_comparable(i, container, _) if not container.name in names_that_come(i)

is_comparable(i, _, _) if count(containers_that_go(i)) > 0

# What every container that goes could do, as a power of those that come.
inherited(i) := {sprintf("%s: %s", [name, power]) |
	some name in names_that_come(i)
	context := object.get(pod_spec(i, "old"), "securityContext", {})
	abilities := {able |
		some container in containers_that_go(i)
		able := granted_to(container) | retained_by(container, context, dropped_in(i))
	}
	some power in intersection(abilities)
}

names_that_come(i) := names_of(pod_spec(i, "new")) - names_of(pod_spec(i, "old"))

containers_that_go(i) := {container |
	some container in containers_of(pod_spec(i, "old"))
	not container.name in names_of(pod_spec(i, "new"))
}

dropped_in(i) := drops_of(pod_spec(i, "old")) | drops_of(pod_spec(i, "new"))

pod_spec(i, side) := object.get(input.changes[i], array.concat([side], pod_paths[kinds[i]]), {})

containers_of(spec) := array.concat(object.get(spec, "containers", []), object.get(spec, "initContainers", []))

names_of(spec) := {container.name | some container in containers_of(spec)}

drops_of(spec) := {capability |
	some container in containers_of(spec)
	some capability in container.securityContext.capabilities.drop
}

granted_to(container) := {"privileged" | container.securityContext.privileged == true} | added if {
	added := {sprintf("capability %s", [capability]) |
		some capability in container.securityContext.capabilities.add
	}
}

retained_by(container, pod_context, dropped) := (unguarded | unfiltered) | (rooted | kept) if {
	context := object.union(pod_context, object.get(container, "securityContext", {}))
	unguarded := {guard.power |
		some key, guard in guards
		object.get(context, key, guard.default) != guard.safe
	}
	unfiltered := {"without seccomp profile" | not is_filtered(context)}
	rooted := {"runs as root" | context.runAsUser == 0}
	kept := {sprintf("keeps capability %s", [capability]) |
		some capability in dropped
		not capability in object.get(context, ["capabilities", "drop"], [])
		not "ALL" in object.get(context, ["capabilities", "drop"], [])
	}
}

is_filtered(context) if context.seccompProfile.type in {"RuntimeDefault", "Localhost"}

# What changes add to each other.
together["risk.many-environments"] := sprintf("%d production environments change at once, %d may", [n, most]) if {
	most := input.settings["max-production-environments"]
	n := count({environment.name |
		some environment in input.range.environments
		environment.stage == "production"
	})
	n > most
}

together["risk.many-tenants"] := sprintf("%d tenants are reached at once, %d may be", [count(reached), most]) if {
	most := input.settings["max-tenants"]
	reached := ({tenant | some tenant in input.range.tenants} | cluster_tenants) | namespace_tenants
	count(reached) > most
}

together["risk.many-components"] := sprintf("%d components change at once: %s", [count(groups), names]) if {
	# What the same objects carry is one component under several names.
	groups := {concat("/", sort(alike)) |
		some changes in carrying
		alike := {component | some component, carriers in carrying; carriers == changes}
	}
	count(groups) >= input.settings["max-components"]
	names := concat(", ", sort(groups))
}

carrying[component] contains reason.change if {
	some reason in settled
	reason.tier != "low"
	some component in input.changes[reason.change].components
}

together["risk.app-and-database"] := "an application image and the database change in one step" if {
	images := {reason.change |
		some reason in settled
		startswith(reason.code, "risk.image-")
		not is_database(reason.change)
	}
	count(images) > 0
	databases := {reason.change |
		some reason in settled
		reason.code != "risk.metadata-only"
		is_database(reason.change)
	}
	count(databases) > 0
}

together["risk.unsized"] := sprintf("%d objects change at once, %d can be overseen", [count(input.changes), most]) if {
	most := input.settings["max-objects"]
	count(input.changes) > most
}

scripts := input.facts.migrations.value.scripts

# The changes by what they change.
positions[change.object] contains i if {
	some i, change in input.changes
	count(scripts) > 0
}

places_of_script(script) := positions[script.object]

places_of_script(script) := {beside} if not is_placed(script)

is_placed(script) if positions[script.object]

versions(module) := sprintf(" (%s to %s)", [module.from, module.to])

versions(module) := "" if not module.from

versions(module) := "" if not module.to

# What is shared by a cluster reaches all of its tenants.
cluster_tenants := {tenant |
	some tenant in array.concat(input.environment.tenants, [named | some _, named in tenants_of])
	is_cluster_touched
}

is_cluster_touched if {
	some reason in settled
	is_shared(reason)
}

is_shared(reason) if reason.code in {"risk.crd", "risk.operator"}

is_shared(reason) if {
	reason.tier != "low"
	kinds[reason.change] in cluster_kinds
}

# Those of the namespaces in which something changes.
namespace_tenants := {tenants_of[change.object.namespace] | some change in input.changes}

tenants_of := {namespace.metadata.name: tenant |
	some namespace in neighbours("Namespace")
	tenant := namespace.metadata.labels["tidegate.dev/tenant"]
}

tiers := ["low", "medium", "high", "critical"]

rank := {"low": 0, "medium": 1, "high": 2, "critical": 3}

below := {"medium": "low", "high": "medium", "critical": "high"}

sides := {"create": ["new"], "update": ["old", "new"], "delete": ["old"]}

nouns := {"create": "creation", "delete": "deletion"}

never_lowered := {"risk.gate", "risk.data-deletion", "risk.namespace-deletion", "risk.backup", "risk.migration"}

# In the place of the index of a change, where what changes is in no object.
beside := -1

# How risky a script is by the worst of its statements; nothing where nothing stays.
script_weights := {
	"additive": {"tier": "medium", "text": "adds what nobody uses yet"},
	"care": {"tier": "medium", "text": "adds or checks under a lock that others wait for"},
	"data": {"tier": "high", "text": "writes rows"},
	"unknown": {"tier": "critical", "text": "is not understood, and may do anything"},
	"destructive": {"tier": "critical", "text": "takes away what somebody may use"},
	"irreversible": {"tier": "critical", "text": "takes away what no script brings back"},
}

# How risky a step of a module of Odoo is by its version.
module_weights := {
	"new": {"code": "risk.odoo-modules", "tier": "high", "text": "is new"},
	"removed": {"code": "risk.odoo-modules", "tier": "high", "text": "is gone"},
	"up": {"code": "risk.odoo-modules", "tier": "high", "text": "gets another version"},
	"down": {"code": "risk.odoo-modules", "tier": "high", "text": "goes back to a version before"},
	"series": {"code": "risk.migration", "tier": "critical", "text": "goes to another series of Odoo, which no revert takes back"},
	"unknown": {"code": "risk.migration", "tier": "critical", "text": "has a version that is not known"},
}

# Where the pod template of a kind stands.
templates := {
	"Deployment.apps": "/spec/template",
	"ReplicaSet.apps": "/spec/template",
	"StatefulSet.apps": "/spec/template",
	"DaemonSet.apps": "/spec/template",
	"Rollout.argoproj.io": "/spec/template",
	"Job.batch": "/spec/template",
	"CronJob.batch": "/spec/jobTemplate/spec/template",
	"Pod": "",
	"ReplicationController": "/spec/template",
	"PodTemplate": "/template",
}

pod_paths := {kind: path |
	some kind, template in templates
	path := split(trim_prefix(concat("", [template, "/spec"]), "/"), "/")
}

# What a row says when it claims a field or an object.
classes := {class: {"code": row[0], "tier": row[1], "text": row[2]} | some class, row in class_rows}

class_rows := {
	"config": ["risk.config", "medium", "what a running container reads changes"],
	"rehashed": ["risk.config", "medium", "a generated object is replaced by its next edition"],
	"selected": ["risk.config", "medium", "a selector of the namespace names this label"],
	"dashboard": ["risk.dashboard", "low", "only what people look at changes"],
	"ui": ["risk.ui", "low", "only what the shop looks like changes"],
	"alert-change": ["risk.alert-removed", "medium", "who is told of what changes"],
	"replicas": ["risk.replicas", "medium", "the number of pods changes"],
	"created": ["risk.workload-created", "medium", "it is created"],
	"created-everywhere": ["risk.workload-created", "high", "it is created on every node"],
	"deleted": ["risk.workload-deletion", "high", "it is deleted"],
	"service": ["risk.service", "medium", "how the service is reached changes"],
	"service-route": ["risk.service", "high", "where the service sends traffic changes"],
	"resources": ["risk.resources", "medium", "what pods get from their node changes"],
	"probe": ["risk.probe", "medium", "when a container counts as alive or ready changes"],
	"pod-security": ["risk.pod-security", "high", "what pods may do changes"],
	"job": ["risk.job", "medium", "when or how a job runs changes"],
	"volumes": ["risk.volumes", "medium", "the volumes of pods change"],
	"operator": ["risk.operator", "critical", "the whole cluster leans on it"],
	"connector": ["risk.connector", "high", "how the shop talks to another system changes"],
	"secret": ["risk.secret", "high", "a secret or where it comes from changes"],
	"secret-store": ["risk.secret", "critical", "where all secrets come from changes"],
	"pg-parameter": ["risk.pg-parameter", "high", "the database works by other rules, perhaps after a restart"],
	"pg-minor": ["risk.pg-minor", "high", "the database restarts on another image"],
	"pg-major": ["risk.pg-major", "critical", "the major version of the database may change"],
	"pg-catalogue": ["risk.pg-major", "critical", "databases that take their image from the catalogue may get another major version"],
	"pg-topology": ["risk.pg-topology", "high", "which databases there are and who leads them changes"],
	"pg-outage": ["risk.pg-topology", "critical", "the database may stop, be rebuilt or follow another"],
	"storage": ["risk.storage-change", "high", "where data lies changes"],
	"data-deletion": ["risk.data-deletion", "critical", "data is deleted"],
	"data-replaced": ["risk.data-deletion", "critical", "the deployer may delete it and make it anew"],
	"namespace-deletion": ["risk.namespace-deletion", "critical", "everything in the namespace is deleted"],
	"namespace-labels": ["risk.network-policy", "high", "network policies and webhooks choose namespaces by label"],
	"crd": ["risk.crd", "high", "how a kind is defined changes"],
	"crd-deleted": ["risk.crd", "critical", "every object of the kind is deleted with it"],
	"ingress": ["risk.ingress", "high", "how traffic comes in changes"],
	"ingress-class": ["risk.ingress", "critical", "who serves the incoming traffic changes"],
	"ingress-deleted": ["risk.ingress", "critical", "a way in for traffic is deleted"],
	"tls": ["risk.tls", "high", "certificates or how they are used change"],
	"redis-edition": ["risk.redis", "high", "the cache works by another edition of its rules"],
	"redis": ["risk.redis", "medium", "the cache works by other rules"],
	"network-policy": ["risk.network-policy", "high", "who may talk to whom changes"],
	"network-policy-deleted": ["risk.network-policy", "critical", "a bound on who may talk to whom is deleted"],
	"rbac": ["risk.rbac", "high", "who may do what changes"],
	"rbac-cluster": ["risk.rbac", "critical", "who may do what in the whole cluster changes"],
	"admission": ["risk.admission", "critical", "what the cluster accepts changes"],
	"backup": ["risk.backup", "high", "what is backed up changes"],
	"backup-deleted": ["risk.backup", "critical", "a backup is deleted"],
	"quota": ["risk.quota", "high", "how much a namespace may take changes"],
	"scheduling": ["risk.scheduling", "medium", "where pods run changes"],
	"unguarded": ["risk.scheduling", "critical", "nothing keeps enough pods running during a drain any more"],
	"strategy": ["risk.strategy", "high", "how pods are replaced changes"],
	"gate": ["risk.gate", "critical", "what is deployed, or what judges it, changes"],
}

# Rows: by the kind, or `pod` for the template of any workload; a path and the class that claims it.
rows := {
	"pod": {
		"metadata/labels": "config",
		"metadata/annotations": "config",
		"spec/containers/*/env": "config",
		"spec/containers/*/envFrom": "config",
		"spec/containers/*/args": "config",
		"spec/containers/*/command": "config",
		"spec/containers/*/image": "image",
		"spec/containers/*/resources": "resources",
		"spec/containers/*/securityContext": "pod-security",
		"spec/containers/*/readinessProbe": "probe",
		"spec/containers/*/livenessProbe": "probe",
		"spec/containers/*/startupProbe": "probe",
		"spec/containers/*/lifecycle": "probe",
		"spec/containers/*/volumeMounts": "volumes",
		"spec/containers/*/volumeDevices": "volumes",
		"spec/initContainers/*/env": "config",
		"spec/initContainers/*/envFrom": "config",
		"spec/initContainers/*/args": "config",
		"spec/initContainers/*/command": "config",
		"spec/initContainers/*/image": "image",
		"spec/initContainers/*/resources": "resources",
		"spec/initContainers/*/securityContext": "pod-security",
		"spec/initContainers/*/readinessProbe": "probe",
		"spec/initContainers/*/livenessProbe": "probe",
		"spec/initContainers/*/startupProbe": "probe",
		"spec/initContainers/*/lifecycle": "probe",
		"spec/initContainers/*/volumeMounts": "volumes",
		"spec/initContainers/*/volumeDevices": "volumes",
		"spec/resources": "resources",
		"spec/terminationGracePeriodSeconds": "resources",
		"spec/priorityClassName": "resources",
		"spec/securityContext": "pod-security",
		"spec/hostNetwork": "pod-security",
		"spec/hostPID": "pod-security",
		"spec/hostIPC": "pod-security",
		"spec/volumes/*/hostPath": "pod-security",
		"spec/serviceAccountName": "pod-security",
		"spec/serviceAccount": "pod-security",
		"spec/automountServiceAccountToken": "pod-security",
		"spec/volumes": "volumes",
		"spec/affinity": "scheduling",
		"spec/nodeSelector": "scheduling",
		"spec/tolerations": "scheduling",
		"spec/topologySpreadConstraints": "scheduling",
	},
	"Deployment.apps": {
		"spec/replicas": "replicas",
		"spec/strategy": "strategy",
	},
	"Rollout.argoproj.io": {
		"spec/replicas": "replicas",
		"spec/strategy": "strategy",
	},
	"ReplicaSet.apps": {
		"spec/replicas": "replicas",
	},
	"ReplicationController": {
		"spec/replicas": "replicas",
	},
	"StatefulSet.apps": {
		"spec/replicas": "replicas",
		"spec/updateStrategy": "strategy",
		"spec/volumeClaimTemplates": "storage",
		"spec/persistentVolumeClaimRetentionPolicy": "storage",
	},
	"DaemonSet.apps": {
		"spec/updateStrategy": "strategy",
	},
	"HorizontalPodAutoscaler.autoscaling": {
		"spec/minReplicas": "replicas",
		"spec/maxReplicas": "replicas",
		"spec/metrics": "replicas",
		"spec/behavior": "replicas",
	},
	"ScaledObject.keda.sh": {
		"spec/minReplicaCount": "replicas",
		"spec/maxReplicaCount": "replicas",
		"spec/pollingInterval": "replicas",
		"spec/cooldownPeriod": "replicas",
		"spec/triggers": "replicas",
	},
	"Job.batch": {
		"spec/parallelism": "job",
		"spec/completions": "job",
		"spec/backoffLimit": "job",
		"spec/activeDeadlineSeconds": "job",
		"spec/ttlSecondsAfterFinished": "job",
		"spec/suspend": "job",
		"spec/backoffLimitPerIndex": "job",
		"spec/completionMode": "job",
		"spec/maxFailedIndexes": "job",
		"spec/podFailurePolicy": "job",
		"spec/podReplacementPolicy": "job",
		"spec/successPolicy": "job",
	},
	"CronJob.batch": {
		"spec/schedule": "job",
		"spec/timeZone": "job",
		"spec/suspend": "job",
		"spec/concurrencyPolicy": "job",
		"spec/startingDeadlineSeconds": "job",
		"spec/successfulJobsHistoryLimit": "job",
		"spec/failedJobsHistoryLimit": "job",
		"spec/jobTemplate/metadata": "job",
		"spec/jobTemplate/spec/parallelism": "job",
		"spec/jobTemplate/spec/completions": "job",
		"spec/jobTemplate/spec/backoffLimit": "job",
		"spec/jobTemplate/spec/activeDeadlineSeconds": "job",
		"spec/jobTemplate/spec/ttlSecondsAfterFinished": "job",
		"spec/jobTemplate/spec/backoffLimitPerIndex": "job",
		"spec/jobTemplate/spec/completionMode": "job",
		"spec/jobTemplate/spec/maxFailedIndexes": "job",
		"spec/jobTemplate/spec/podFailurePolicy": "job",
		"spec/jobTemplate/spec/podReplacementPolicy": "job",
		"spec/jobTemplate/spec/successPolicy": "job",
	},
	"Service": {
		"spec/selector": "service-route",
		"spec/type": "service-route",
		"spec/ports": "service",
		"spec/clusterIP": "service",
		"spec/externalTrafficPolicy": "service",
		"spec/sessionAffinity": "service",
	},
	"ConfigMap": {
		"data": "config",
		"binaryData": "config",
	},
	"Secret": {
		"data": "secret",
		"stringData": "secret",
		"type": "secret",
	},
	"ExternalSecret.external-secrets.io": {
		"spec/data": "secret",
		"spec/dataFrom": "secret",
		"spec/secretStoreRef": "secret",
		"spec/target": "secret",
		"spec/refreshInterval": "secret",
		"spec/refreshPolicy": "secret",
	},
	"ClusterExternalSecret.external-secrets.io": {
		"spec": "secret",
	},
	"PushSecret.external-secrets.io": {
		"spec": "secret",
	},
	"ClusterPushSecret.external-secrets.io": {
		"spec": "secret",
	},
	"SealedSecret.bitnami.com": {
		"spec/encryptedData": "secret",
		"spec/template": "secret",
	},
	"SecretStore.external-secrets.io": {
		"spec": "secret-store",
	},
	"ClusterSecretStore.external-secrets.io": {
		"spec": "secret-store",
	},
	"PodDisruptionBudget.policy": {
		"spec": "scheduling",
	},
	"PersistentVolumeClaim": {
		"spec/resources": "storage",
		"spec/storageClassName": "storage",
		"spec/accessModes": "storage",
		"spec/volumeName": "storage",
	},
	"PersistentVolume": {
		"spec/capacity": "storage",
		"spec/storageClassName": "storage",
		"spec/accessModes": "storage",
		"spec/persistentVolumeReclaimPolicy": "storage",
	},
	"VolumeSnapshotContent.snapshot.storage.k8s.io": {
		"spec/deletionPolicy": "storage",
	},
	"Ingress.networking.k8s.io": {
		"spec/ingressClassName": "ingress-class",
		"spec/tls": "tls",
	},
	"Gateway.gateway.networking.k8s.io": {
		"spec/gatewayClassName": "ingress-class",
		"spec/listeners/*/tls": "tls",
	},
	"IngressRoute.traefik.io": {
		"spec/tls": "tls",
	},
	"IngressRouteTCP.traefik.io": {
		"spec/tls": "tls",
	},
	"IngressRoute.traefik.containo.us": {
		"spec/tls": "tls",
	},
	"IngressRouteTCP.traefik.containo.us": {
		"spec/tls": "tls",
	},
	"ServiceAccount": {
		"secrets": "rbac",
		"imagePullSecrets": "rbac",
		"automountServiceAccountToken": "rbac",
	},
	"PrometheusRule.monitoring.coreos.com": {
		"spec/groups": "alert-change",
	},
	"ServiceMonitor.monitoring.coreos.com": {
		"spec": "alert-change",
	},
	"PodMonitor.monitoring.coreos.com": {
		"spec": "alert-change",
	},
	"AlertmanagerConfig.monitoring.coreos.com": {
		"spec": "alert-change",
	},
	"Database.postgresql.cnpg.io": {
		"spec/ensure": "data-deletion",
		"spec/databaseReclaimPolicy": "data-deletion",
	},
	"ImageCatalog.postgresql.cnpg.io": {
		"spec/images": "pg-catalogue",
	},
	"ClusterImageCatalog.postgresql.cnpg.io": {
		"spec/images": "pg-catalogue",
	},
	"Cluster.postgresql.cnpg.io": {
		"spec/imageName": "image",
		"spec/imageCatalogRef": "pg-major",
		"spec/resources": "resources",
		"spec/backup": "backup",
		"spec/plugins": "backup",
		"spec/env": "config",
		"spec/affinity": "scheduling",
		"spec/inheritedMetadata": "config",
		"spec/postgresql": "pg-parameter",
		"spec/instances": "pg-topology",
		"spec/primaryUpdateStrategy": "pg-topology",
		"spec/primaryUpdateMethod": "pg-topology",
		"spec/minSyncReplicas": "pg-outage",
		"spec/maxSyncReplicas": "pg-outage",
		"spec/replica": "pg-outage",
		"spec/bootstrap": "pg-outage",
		"spec/storage": "storage",
		"spec/walStorage": "storage",
		"spec/tablespaces": "storage",
	},
	"postgresql.acid.zalan.do": {
		"spec/postgresql/parameters": "pg-parameter",
		"spec/patroni": "pg-parameter",
		"spec/postgresql/version": "pg-major",
		"spec/numberOfInstances": "pg-topology",
		"spec/standby": "pg-outage",
		"spec/clone": "pg-outage",
		"spec/volume": "storage",
		"spec/additionalVolumes": "storage",
		"spec/dockerImage": "pg-minor",
		"spec/enableLogicalBackup": "backup",
		"spec/logicalBackupSchedule": "backup",
		"spec/tls": "tls",
		"spec/resources": "resources",
	},
	"PostgresCluster.postgres-operator.crunchydata.com": {
		"spec/standby": "pg-outage",
		"spec/shutdown": "pg-outage",
		"spec/dataSource": "pg-outage",
		"spec/image": "pg-minor",
		"spec/patroni/dynamicConfiguration": "pg-parameter",
		"spec/postgresVersion": "pg-major",
		"spec/instances/*/replicas": "pg-topology",
		"spec/instances/*/dataVolumeClaimSpec": "storage",
		"spec/instances/*/walVolumeClaimSpec": "storage",
		"spec/instances/*/tablespaceVolumes": "storage",
		"spec/instances/*/resources": "resources",
		"spec/backups": "backup",
	},
	"PerconaPGCluster.pgv2.percona.com": {
		"spec/image": "pg-minor",
		"spec/patroni/dynamicConfiguration": "pg-parameter",
		"spec/postgresVersion": "pg-major",
		"spec/pause": "pg-outage",
		"spec/standby": "pg-outage",
		"spec/dataSource": "pg-outage",
		"spec/instances/*/replicas": "pg-topology",
		"spec/instances/*/dataVolumeClaimSpec": "storage",
		"spec/instances/*/walVolumeClaimSpec": "storage",
		"spec/instances/*/tablespaceVolumes": "storage",
		"spec/instances/*/resources": "resources",
		"spec/backups": "backup",
	},
	"Redis.redis.redis.opstreelabs.in": {
		"spec/redisConfig": "redis",
		"spec/kubernetesConfig/image": "redis",
		"spec/kubernetesConfig/resources": "resources",
		"spec/storage": "storage",
	},
	"RedisReplication.redis.redis.opstreelabs.in": {
		"spec/redisConfig": "redis",
		"spec/kubernetesConfig/image": "redis",
		"spec/kubernetesConfig/resources": "resources",
		"spec/storage": "storage",
		"spec/clusterSize": "replicas",
	},
	"RedisCluster.redis.redis.opstreelabs.in": {
		"spec/redisConfig": "redis",
		"spec/kubernetesConfig/image": "redis",
		"spec/kubernetesConfig/resources": "resources",
		"spec/storage": "storage",
		"spec/clusterSize": "replicas",
		"spec/persistenceEnabled": "storage",
	},
	"RedisFailover.databases.spotahome.com": {
		"spec/redis/customConfig": "redis",
		"spec/redis/image": "redis",
		"spec/redis/replicas": "replicas",
		"spec/redis/resources": "resources",
		"spec/redis/storage": "storage",
		"spec/sentinel/customConfig": "redis",
		"spec/sentinel/image": "redis",
		"spec/sentinel/replicas": "replicas",
		"spec/sentinel/resources": "resources",
	},
}

# Kinds as a whole: what their creation, any field of them, and their deletion is.
profiles_by_name := {
	"workload": {"create": ["created"], "update": [], "delete": ["deleted"]},
	"everywhere": {"create": ["created-everywhere"], "update": [], "delete": ["deleted"]},
	"account": {"create": ["created", "rbac"], "update": [], "delete": ["deleted", "rbac"]},
	"claim": {"create": ["created"], "update": [], "delete": ["data-deletion"]},
	"data": {"create": [], "update": [], "delete": ["data-deletion"]},
	"cache": {"create": ["redis"], "update": [], "delete": ["deleted"]},
	"secret": {"create": ["secret"], "update": [], "delete": ["secret"]},
	"secret-store": {"create": ["secret-store"], "update": [], "delete": ["secret-store"]},
	"scaler": {"create": ["replicas"], "update": [], "delete": []},
	"database": {"create": ["pg-topology"], "update": [], "delete": ["data-deletion"]},
	"namespace": {"create": [], "update": [], "delete": ["namespace-deletion"]},
	"crd": {"create": ["crd"], "update": ["crd"], "delete": ["crd-deleted"]},
	"ingress": {"create": ["ingress"], "update": ["ingress"], "delete": ["ingress-deleted"]},
	"ingress-class": {"create": ["ingress"], "update": ["ingress-class"], "delete": ["ingress-deleted"]},
	"ingress-tls": {"create": ["ingress", "tls"], "update": ["ingress", "tls"], "delete": ["ingress-deleted", "tls"]},
	"tls": {"create": ["tls"], "update": ["tls"], "delete": ["tls"]},
	"network-policy": {"create": ["network-policy"], "update": ["network-policy"], "delete": ["network-policy-deleted"]},
	"rbac": {"create": ["rbac"], "update": ["rbac"], "delete": ["rbac"]},
	"rbac-cluster": {"create": ["rbac-cluster"], "update": ["rbac-cluster"], "delete": ["rbac-cluster"]},
	"quota": {"create": ["quota"], "update": ["quota"], "delete": ["quota"]},
	"budget": {"create": ["scheduling"], "update": [], "delete": ["unguarded"]},
	"alerting": {"create": ["alert-change"], "update": [], "delete": ["alert-change"]},
	"operator": {"create": ["operator"], "update": ["operator"], "delete": ["operator"]},
	"gate": {"create": ["gate"], "update": ["gate"], "delete": ["gate"]},
	"backup": {"create": ["backup"], "update": ["backup"], "delete": ["backup-deleted"]},
	"admission": {"create": ["admission"], "update": ["admission"], "delete": ["admission"]},
}

kind_profiles := {
	"Deployment.apps": "workload",
	"ReplicaSet.apps": "workload",
	"StatefulSet.apps": "workload",
	"Rollout.argoproj.io": "workload",
	"Job.batch": "workload",
	"CronJob.batch": "workload",
	"Pod": "workload",
	"ReplicationController": "workload",
	"PodTemplate": "workload",
	"Service": "workload",
	"ConfigMap": "workload",
	"DaemonSet.apps": "everywhere",
	"ServiceAccount": "account",
	"PersistentVolumeClaim": "claim",
	"PersistentVolume": "data",
	"Secret": "secret",
	"ExternalSecret.external-secrets.io": "secret",
	"ClusterExternalSecret.external-secrets.io": "secret",
	"PushSecret.external-secrets.io": "secret",
	"ClusterPushSecret.external-secrets.io": "secret",
	"SealedSecret.bitnami.com": "secret",
	"SecretStore.external-secrets.io": "secret-store",
	"ClusterSecretStore.external-secrets.io": "secret-store",
	"HorizontalPodAutoscaler.autoscaling": "scaler",
	"ScaledObject.keda.sh": "scaler",
	"Cluster.postgresql.cnpg.io": "database",
	"postgresql.acid.zalan.do": "database",
	"PostgresCluster.postgres-operator.crunchydata.com": "database",
	"PerconaPGCluster.pgv2.percona.com": "database",
	"Database.postgresql.cnpg.io": "data",
	"ObjectBucketClaim.objectbucket.io": "data",
	"BucketClaim.objectstorage.k8s.io": "data",
	"Redis.redis.redis.opstreelabs.in": "cache",
	"RedisReplication.redis.redis.opstreelabs.in": "cache",
	"RedisCluster.redis.redis.opstreelabs.in": "cache",
	"RedisFailover.databases.spotahome.com": "cache",
	"VolumeSnapshot.snapshot.storage.k8s.io": "data",
	"VolumeSnapshotContent.snapshot.storage.k8s.io": "data",
	"Namespace": "namespace",
	"CustomResourceDefinition.apiextensions.k8s.io": "crd",
	"Ingress.networking.k8s.io": "ingress",
	"IngressClass.networking.k8s.io": "ingress-class",
	"GatewayClass.gateway.networking.k8s.io": "ingress-class",
	"TLSOption.traefik.io": "ingress-tls",
	"TLSStore.traefik.io": "ingress-tls",
	"TLSOption.traefik.containo.us": "ingress-tls",
	"TLSStore.traefik.containo.us": "ingress-tls",
	"Certificate.cert-manager.io": "tls",
	"Issuer.cert-manager.io": "tls",
	"ClusterIssuer.cert-manager.io": "tls",
	"NetworkPolicy.networking.k8s.io": "network-policy",
	"Role.rbac.authorization.k8s.io": "rbac",
	"RoleBinding.rbac.authorization.k8s.io": "rbac",
	"ClusterRole.rbac.authorization.k8s.io": "rbac-cluster",
	"ClusterRoleBinding.rbac.authorization.k8s.io": "rbac-cluster",
	"ResourceQuota": "quota",
	"LimitRange": "quota",
	"PriorityClass.scheduling.k8s.io": "quota",
	"PodDisruptionBudget.policy": "budget",
	"PrometheusRule.monitoring.coreos.com": "alerting",
	"ServiceMonitor.monitoring.coreos.com": "alerting",
	"PodMonitor.monitoring.coreos.com": "alerting",
	"AlertmanagerConfig.monitoring.coreos.com": "alerting",
	"StorageClass.storage.k8s.io": "operator",
	"RuntimeClass.node.k8s.io": "operator",
	"Application.argoproj.io": "gate",
	"ApplicationSet.argoproj.io": "gate",
	"AppProject.argoproj.io": "gate",
	"GateFile.tidegate.dev": "gate",
	"ScheduledBackup.postgresql.cnpg.io": "backup",
	"Backup.postgresql.cnpg.io": "backup",
	"ObjectStore.barmancloud.cnpg.io": "backup",
	"VolumeSnapshotClass.snapshot.storage.k8s.io": "backup",
	"PerconaPGBackup.pgv2.percona.com": "backup",
}

# Groups whose other kinds are all alike.
group_profiles := {
	"traefik.io": "ingress",
	"traefik.containo.us": "ingress",
	"gateway.networking.k8s.io": "ingress",
	"cilium.io": "network-policy",
	"projectcalico.org": "network-policy",
	"crd.projectcalico.org": "network-policy",
	"policy.networking.k8s.io": "network-policy",
	"admissionregistration.k8s.io": "admission",
	"kyverno.io": "admission",
	"policies.kyverno.io": "admission",
	"constraints.gatekeeper.sh": "admission",
	"templates.gatekeeper.sh": "admission",
	"config.gatekeeper.sh": "admission",
	"mutations.gatekeeper.sh": "admission",
	"velero.io": "backup",
	"k8up.io": "backup",
	"kustomize.toolkit.fluxcd.io": "gate",
	"helm.toolkit.fluxcd.io": "gate",
	"source.toolkit.fluxcd.io": "gate",
	"helm.fluxcd.io": "gate",
	"fluxcd.controlplane.io": "gate",
	"karpenter.sh": "operator",
	"karpenter.k8s.aws": "operator",
	"cluster.x-k8s.io": "operator",
}

# Labels and annotations that something acts on, by what stands before the slash. `unclaimed` ones
# change how an object is deployed or classed, in ways that no row knows.
meanings := {
	"labels": {
		"pod-security.kubernetes.io": "admission",
		"rbac.authorization.k8s.io": "rbac-cluster",
		"velero.io": "backup",
		"azure.workload.identity": "rbac",
		"tidegate.dev": "unclaimed",
		"argocd.argoproj.io": "unclaimed",
	},
	"annotations": {
		"argocd.argoproj.io": "unclaimed",
		"kustomize.toolkit.fluxcd.io": "unclaimed",
		"helm.sh": "unclaimed",
		"tidegate.dev": "unclaimed",
		"traefik.ingress.kubernetes.io": "ingress",
		"nginx.ingress.kubernetes.io": "ingress",
		"cert-manager.io": "tls",
		"service.beta.kubernetes.io": "service-route",
		"k8up.io": "backup",
		"backup.velero.io": "backup",
		"cnpg.io": "pg-outage",
		"eks.amazonaws.com": "rbac",
		"iam.gke.io": "rbac",
		"azure.workload.identity": "rbac",
		"cluster-autoscaler.kubernetes.io": "scheduling",
		"sidecar.istio.io": "config",
		"reloader.stakater.com": "config",
		"storageclass.kubernetes.io": "operator",
	},
}

exact_meanings := {
	"kubernetes.io/ingress.class": "ingress-class",
	"kubernetes.io/enforce-mountable-secrets": "rbac",
	"grafana_dashboard": "config",
}

# Domains whose labels and annotations only describe.
inert_domains := {"a8r.io", "app.kubernetes.io", "helm.sh", "kubernetes.io", "meta.helm.sh"}

# Annotations by which a deployer leaves what is deleted from Git in the cluster.
keeping := {
	"argocd.argoproj.io/sync-options": "Prune=false",
	"helm.sh/resource-policy": "keep",
	"kustomize.toolkit.fluxcd.io/prune": "disabled",
}

moves := {
	"digest": {"code": "risk.image-digest", "tier": "medium", "text": "the same tag, another image"},
	"patch": {"code": "risk.image-tag", "tier": "medium", "text": "another patch version"},
	"other": {"code": "risk.image-tag", "tier": "high", "text": "another version, or another image altogether"},
}

guards := {
	"allowPrivilegeEscalation": {"default": true, "safe": false, "power": "may gain privileges"},
	"readOnlyRootFilesystem": {"default": false, "safe": true, "power": "may write its root"},
	"runAsNonRoot": {"default": false, "safe": true, "power": "may run as root"},
}

losing_parameters := {"archive_command", "archive_mode", "fsync", "full_page_writes", "synchronous_commit"}

parameter_texts := {
	1: "the database works by other rules at once",
	2: "the database works by other rules after a restart",
	3: "the database may lose data, or its archive stops",
}

reloaded_parameters := {
	"checkpoint_completion_target",
	"checkpoint_timeout",
	"default_statistics_target",
	"effective_cache_size",
	"effective_io_concurrency",
	"idle_in_transaction_session_timeout",
	"lock_timeout",
	"maintenance_work_mem",
	"random_page_cost",
	"seq_page_cost",
	"statement_timeout",
	"temp_buffers",
	"work_mem",
}

connector_kinds := {"ConfigMap", "Secret", "ExternalSecret.external-secrets.io", "SealedSecret.bitnami.com"}

database_kinds := {
	"Cluster.postgresql.cnpg.io",
	"postgresql.acid.zalan.do",
	"PostgresCluster.postgres-operator.crunchydata.com",
	"PerconaPGCluster.pgv2.percona.com",
}

# Kinds that lose data when they are made anew.
data_kinds := {
	"Database.postgresql.cnpg.io",
	"Namespace",
	"PersistentVolume",
	"PersistentVolumeClaim",
	"StatefulSet.apps",
}

# Keywords of a schema, and the side of a field without which it takes more: a property that is new (`.`), a bound that is gone.
looser_without := {
	".": "old",
	"allOf": "new",
	"anyOf": "new",
	"enum": "new",
	"exclusiveMaximum": "new",
	"exclusiveMinimum": "new",
	"format": "new",
	"maxItems": "new",
	"maxLength": "new",
	"maxProperties": "new",
	"maximum": "new",
	"minItems": "new",
	"minLength": "new",
	"minProperties": "new",
	"minimum": "new",
	"multipleOf": "new",
	"not": "new",
	"oneOf": "new",
	"pattern": "new",
	"required": "new",
	"uniqueItems": "new",
	"x-kubernetes-validations": "new",
}

looser_without_item := {"allOf": "new", "anyOf": "old", "x-kubernetes-validations": "new"}

looser_as := {
	"additionalProperties": true,
	"exclusiveMaximum": false,
	"exclusiveMinimum": false,
	"nullable": true,
	"uniqueItems": false,
	"x-kubernetes-preserve-unknown-fields": true,
}

# Lists of words, and the sides whose words may not be more than those of the other.
looser_by_words := {"enum": ["old", "new"], "required": ["new", "old"]}

# Keywords that only tell of what it takes.
wordings := {"default", "description", "example", "externalDocs", "message", "messageExpression", "title"}

# Sources of volumes that hold nothing worth keeping and reach nothing outside the namespace.
light_sources := {"configMap", "downwardAPI", "emptyDir", "name", "secret"}

# Components that the business lives on, and the tier when more than metadata changes.
business := {
	"payments": "critical",
	"tax": "critical",
	"pricing": "high",
	"promotions": "high",
	"loyalty": "high",
	"warehouse-routing": "high",
	"inventory": "high",
	"pos": "high",
}

# Kinds that hold for every namespace of a cluster.
cluster_kinds := {
	"ClusterImageCatalog.postgresql.cnpg.io",
	"ClusterIssuer.cert-manager.io",
	"ClusterPolicy.kyverno.io",
	"ClusterRole.rbac.authorization.k8s.io",
	"ClusterRoleBinding.rbac.authorization.k8s.io",
	"ClusterExternalSecret.external-secrets.io",
	"ClusterPushSecret.external-secrets.io",
	"ClusterSecretStore.external-secrets.io",
	"CiliumClusterwideNetworkPolicy.cilium.io",
	"GatewayClass.gateway.networking.k8s.io",
	"IngressClass.networking.k8s.io",
	"MutatingWebhookConfiguration.admissionregistration.k8s.io",
	"PriorityClass.scheduling.k8s.io",
	"ValidatingAdmissionPolicy.admissionregistration.k8s.io",
	"ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io",
	"ValidatingWebhookConfiguration.admissionregistration.k8s.io",
}

operator_images := {
	"background-controller",
	"cert-manager-cainjector",
	"cert-manager-controller",
	"cert-manager-webhook",
	"cleanup-controller",
	"cloudnative-pg",
	"external-secrets",
	"gatekeeper",
	"ingress-nginx/controller",
	"k8up",
	"kyverno",
	"percona-postgresql-operator",
	"plugin-barman-cloud",
	"postgres-operator",
	"redis-operator",
	"reports-controller",
	"sealed-secrets-controller",
	"traefik",
	"velero",
}
