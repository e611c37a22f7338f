# METADATA
# scope: package
# title: Images of one release
# description: >-
#   What is released together runs one version of each image, and what comes into a stage ran in the one before.
# custom:
#   prefix: image
#   scope: change-set
#   kinds:
#     - Deployment.apps
#     - ReplicaSet.apps
#     - StatefulSet.apps
#     - DaemonSet.apps
#     - Job.batch
#     - CronJob.batch
#     - Pod
#     - ReplicationController
#     - Rollout.argoproj.io
#   facts: [promotions, skew]
#   codes:
#     image.skew: deny
#     image.not-promoted: deny
package tidegate.image_signatures.change_set

# METADATA
# title: One release runs two versions of an image
# description: Objects of one namespace that are part of the same release name a repository with different digests.
deny contains finding if {
	some row in input.facts.skew.value
	some run in row.runs
	run.changed
	near := others(row, run, true)
	count(near) > 0
	finding := skewed(row, run, near)
}

# METADATA
# title: The same release runs another version elsewhere
# description: As above, in another namespace of the environment only, as while it reaches one tenant after the other.
warn contains finding if {
	some row in input.facts.skew.value
	some run in row.runs
	run.changed
	count(others(row, run, true)) == 0
	far := others(row, run, false)
	count(far) > 0
	finding := skewed(row, run, far)
}

# METADATA
# title: The stage before has not run an image
# description: No link that stands there names its digest, as `promote-from` asks, or that cannot be found out.
deny contains finding if {
	some image in input.facts.promotions.value.images
	not image.ran
	finding := {
		"code": "image.not-promoted",
		"message": sprintf("%s: %s", [called(image), unpromoted(image)]),
		"object": image.object,
		"field": image.pointer,
		"remediation": remedy(image),
		"setting": "/settings/promote-from",
	}
}

unpromoted(image) := sprintf("%q has no digest, so that nothing tells whether %s ran it", [
	image.repository,
	input.facts.promotions.value.from,
]) if {
	not image.digest
}

unpromoted(image) := sprintf("%s has not run %s of %q with a verdict that passes", [
	input.facts.promotions.value.from,
	image.digest,
	image.repository,
]) if {
	image.digest
	count(input.facts.promotions.value.unknown) == 0
}

unpromoted(image) := sprintf("it is not known whether %s ran %s of %q: %s", [
	input.facts.promotions.value.from,
	image.digest,
	image.repository,
	concat("; ", input.facts.promotions.value.unknown),
]) if {
	image.digest
	count(input.facts.promotions.value.unknown) > 0
}

remedy(image) := "write the image with the digest that the stage before runs" if not image.digest

remedy(image) := sprintf("bring the same digest into %s first, and sign its verdict there", [
	input.facts.promotions.value.from,
]) if {
	image.digest
}

# Where the release runs another version: in the namespace of the run, or in others.
others(row, run, near) := [other |
	some other in row.runs
	other.digest != run.digest
	is_near := namespace_of(other) == namespace_of(run)
	is_near == near
]

skewed(row, run, other) := {
	"code": "image.skew",
	"message": sprintf("%s: %q is %s here and %s in %s%s, which is part of %q as well", [
		called(run),
		row.repository,
		run.digest,
		other[0].digest,
		named(other[0]),
		more(count(other)),
		row.partOf,
	]),
	"object": run.object,
	"field": run.pointer,
	"remediation": "bring all that is part of one release to the same digest in one change",
}

named(run) := sprintf("%s %s", [run.object.kind, concat("/", [part |
	some part in [namespace_of(run), run.object.name]
	part != ""
])])

more(1) := ""

more(many) := sprintf(" and %d more", [many - 1]) if many > 1

namespace_of(run) := object.get(run.object, "namespace", "")

called(run) := sprintf("container %q", [run.container]) if {
	run.container
} else := "image"
