# METADATA
# scope: package
# title: Rollback readiness
# description: >-
#   A workload keeps the revisions that it can be taken back to.
# custom:
#   prefix: rollback
#   scope: object
#   kinds:
#     - DaemonSet.apps
#     - Deployment.apps
#     - StatefulSet.apps
#     - Rollout.argoproj.io
#   codes:
#     rollback.revision-history: deny
package tidegate.rollback_readiness

# METADATA
# title: No revision is kept
# description: Nothing is there that `rollout undo` could go back to.
deny contains finding if {
	kept == 0
	finding := history("keeps no revision")
}

# METADATA
# title: Few revisions are kept
# description: A few releases later, the last good one is not among them.
warn contains finding if {
	kept > 0
	kept < input.settings["min-revisions"]
	finding := history(sprintf("keeps %d of its revisions, and %d are asked for", [kept, input.settings["min-revisions"]]))
}

# Where nothing is said, it is ten.
kept := change.new.spec.revisionHistoryLimit

change := input.changes[0]

history(what) := {
	"code": "rollback.revision-history",
	"message": sprintf("%s %s %s", [change.object.kind, shown(change.object), what]),
	"object": change.object,
	"field": "/spec/revisionHistoryLimit",
	"remediation": "leave `revisionHistoryLimit` out, which keeps ten",
	"setting": "/settings/min-revisions",
}

shown(reference) := sprintf("%s/%s", [reference.namespace, reference.name]) if {
	reference.namespace
} else := reference.name
