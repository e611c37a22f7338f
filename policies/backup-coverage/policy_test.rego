package tidegate.backup_coverage_test

import data.tidegate.backup_coverage
import data.tidegate.backup_coverage.change_set

settings := {
	"deny-stages": ["production", "recovery"],
	"require-encryption": true,
	"require-offsite": true,
	"require-immutable": false,
}

database := {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "namespace": "shop", "name": "db"}

volume := {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "name": "files"}

schedule := {"apiVersion": "postgresql.cnpg.io/v1", "kind": "ScheduledBackup", "namespace": "shop", "name": "db"}

state(kinds) := {
	"data": "database",
	"claims": ["db-N"],
	"coverage": [],
	"missed": [],
	"moreMissed": 0,
	"unknown": [],
	"target": {},
	"gaps": [{"kind": kind, "text": "lacks something"} | some kind in kinds],
}

document(stage, object, row) := {
	"environment": {"stage": stage},
	"settings": settings,
	"changes": [{"index": 0, "object": object, "operation": "update"}],
	"facts": {
		"backups": {"status": "known", "value": [row]},
		"storage": {"status": "known", "value": []},
	},
}

with_gap(stage, kind) := document(stage, database, {"change": 0, "object": database, "new": state([kind]), "losses": []})

with_loss(loss) := document("production", schedule, {"object": database, "new": state([]), "old": state([]), "losses": [loss]})

codes(findings) := {finding.code | some finding in findings}

serious := {
	"bucket-unversioned",
	"not-covered",
	"coverage-unknown",
	"only-crash-consistent",
	"no-pitr",
	"interval-exceeds-rpo",
	"retention-too-short",
	"not-encrypted",
	"not-offsite",
}

test_what_lacks_is_denied_in_production if {
	every kind in serious {
		code := concat(".", ["backup", kind])
		codes(backup_coverage.deny) == {code} with input as with_gap("production", kind)
		count(backup_coverage.warn) == 0 with input as with_gap("production", kind)
	}
}

test_what_lacks_is_a_warning_elsewhere if {
	every kind in serious {
		code := concat(".", ["backup", kind])
		codes(backup_coverage.warn) == {code} with input as with_gap("qa", kind)
		count(backup_coverage.deny) == 0 with input as with_gap("qa", kind)
	}
}

test_what_is_good_to_have_is_a_warning if {
	every kind in {"not-immutable", "same-credentials", "target-missing"} {
		count(backup_coverage.deny) == 0 with input as with_gap("production", kind)
		codes(backup_coverage.warn) == {concat(".", ["backup", kind])} with input as with_gap("production", kind)
	}
}

test_a_database_in_its_pod_is_denied_and_a_queue_is_a_warning if {
	found := with_gap("production", "unbacked-volume-type")
	codes(backup_coverage.deny) == {"backup.unbacked-volume-type"} with input as found
	count(backup_coverage.warn) == 0 with input as found
	queue := json.patch(found, [{"op": "replace", "path": "/facts/backups/value/0/new/data", "value": "queue-cache"}])
	count(backup_coverage.deny) == 0 with input as queue
	codes(backup_coverage.warn) == {"backup.unbacked-volume-type"} with input as queue
}

test_what_lies_on_no_claim_may_go if {
	kept := document("production", database, {"change": 0, "object": database, "old": state([]), "losses": []})
	codes(change_set.deny) == {"backup.source-deleted"} with input as kept
	none := json.patch(kept, [{"op": "replace", "path": "/facts/backups/value/0/old/claims", "value": []}])
	count(change_set.deny) == 0 with input as none
}

test_no_replica_is_denied_of_what_is_risky_and_a_warning_else if {
	found := with_gap("production", "replication-unverified")
	every tier in {"high", "critical"} {
		doc := object.union(found, {"risk": {"tier": tier, "reasons": []}})
		codes(backup_coverage.deny) == {"backup.replication-unverified"} with input as doc
		count(backup_coverage.warn) == 0 with input as doc
	}
	every tier in {"low", "medium"} {
		doc := object.union(found, {"risk": {"tier": tier, "reasons": []}})
		count(backup_coverage.deny) == 0 with input as doc
		codes(backup_coverage.warn) == {"backup.replication-unverified"} with input as doc
	}
	codes(backup_coverage.deny) == {"backup.replication-unverified"} with input as found
	codes(backup_coverage.warn) == {"backup.replication-unverified"} with input as with_gap("qa", "replication-unverified")
}

test_a_lock_that_is_required_is_denied if {
	strict := object.union(settings, {"require-immutable": true})
	codes(backup_coverage.deny) == {"backup.not-immutable"} with input as with_gap("production", "not-immutable")
		with input.settings as strict
}

test_what_is_not_required_is_nothing if {
	lax := object.union(settings, {"require-encryption": false, "require-offsite": false})
	every kind in {"not-encrypted", "not-offsite"} {
		count(backup_coverage.deny) == 0 with input as with_gap("production", kind)
			with input.settings as lax
		count(backup_coverage.warn) == 0 with input as with_gap("production", kind)
			with input.settings as lax
	}
}

test_a_shared_store_is_denied_everywhere if {
	codes(backup_coverage.deny) == {"backup.store-shared"} with input as with_gap("development", "store-shared")
}

test_messages_name_the_object if {
	found := backup_coverage.deny with input as with_gap("production", "not-covered")
	some finding in found
	finding.message == "Cluster shop/db lacks something"
	finding.object == database
	finding.remediation
}

test_messages_name_an_object_without_namespace if {
	row := {"change": 0, "object": volume, "new": state(["not-covered"]), "losses": []}
	some other in backup_coverage.deny with input as document("production", volume, row)
	other.message == "PersistentVolumeClaim files lacks something"
}

test_of_another_object_nothing_is_said if {
	row := {"object": volume, "new": state(["not-covered"]), "losses": []}
	count(backup_coverage.deny) == 0 with input as document("production", database, row)
}

test_losses_are_denied if {
	every kind in {"deleted", "disabled", "weakened", "moved"} {
		loss := {"kind": kind, "changes": [0], "text": "is backed up no more"}
		found := change_set.deny with input as with_loss(loss)
		codes(found) == {concat(".", ["backup", kind])}
		some finding in found
		finding.message == "Cluster shop/db is backed up no more"
		finding.object == schedule
		finding.remediation
		count(change_set.warn) == 0 with input as with_loss(loss)
	}
}

test_losses_of_other_changes_are_not_told if {
	loss := {"kind": "deleted", "changes": [1], "text": "is backed up no more"}
	count(change_set.deny) == 0 with input as with_loss(loss)
}

test_what_is_replaced_is_a_warning if {
	every kind in {"deleted", "disabled"} {
		loss := {"kind": kind, "changes": [0], "text": "is backed up no more", "replacedBy": schedule}
		codes(change_set.warn) == {concat(".", ["backup", kind])} with input as with_loss(loss)
		count(change_set.deny) == 0 with input as with_loss(loss)
	}
}

test_deleting_what_holds_data_is_denied if {
	covered := object.union(state([]), {"coverage": [{"by": schedule}]})
	row := {"change": 0, "object": database, "old": covered, "losses": []}
	some finding in change_set.deny with input as document("production", database, row)
	finding.code == "backup.source-deleted"
	finding.message == concat("", [
		"Cluster shop/db holds data (database) and is deleted; ScheduledBackup shop/db backed it up; ",
		"nobody signed that its last backup was taken",
	])
	bare := {"change": 0, "object": volume, "old": state([]), "losses": []}
	some other in change_set.deny with input as document("production", volume, bare)
	other.message == concat("", [
		"PersistentVolumeClaim files holds data (database) and is deleted; nothing backed it up; ",
		"nobody signed that its last backup was taken",
	])
}

test_deleting_the_store_of_backups_says_so if {
	store := object.union(state([]), {"data": "filestore", "bucket": "store"})
	row := {"change": 0, "object": volume, "old": store, "losses": []}
	some finding in change_set.deny with input as document("production", volume, row)
	startswith(finding.message, "PersistentVolumeClaim files holds backups and is deleted; ")
}

last_backup(said) := document("production", database, {
	"change": 0,
	"object": database,
	"old": object.union(state([]), {"fate": "its claims `db-N` are deleted with it"}),
	"losses": [],
	"proof": {"tier": "critical", "gaps": [], "finalBackup": said},
})

test_deleting_after_a_last_backup_is_a_warning_that_names_both if {
	doc := last_backup({"finishedAt": "2026-11-20T02:10:00Z", "evidence": "ab", "signers": ["job", "ann"]})
	count(change_set.deny) == 0 with input as doc
	some finding in change_set.warn with input as doc
	finding.code == "backup.source-deleted"
	finding.message == concat("", [
		"Cluster shop/db holds data (database) and is deleted; nothing backed it up; its claims `db-N` are deleted with it; ",
		"its last backup is of 2026-11-20T02:10:00Z, signed by job, ann",
	])
}

demanding(backed_up) := json.patch(
	document("production", database, {"change": 0, "object": database, "new": state([]), "losses": []}),
	[
		{"op": "add", "path": "/settings/require-configuration", "value": ["repository", "sealing-keys"]},
		{"op": "add", "path": "/settings/configuration-backups", "value": backed_up},
	],
)

test_configuration_that_nobody_says_to_be_backed_up_is_a_warning if {
	some finding in change_set.warn with input as demanding({"repository": "mirrored to git.backup.example every hour"})
	finding.code == "backup.configuration-not-covered"
	finding.message == "nobody says how the keys that open the Secrets of the environment are backed up"
	not finding.object
	both := change_set.warn with input as demanding({})
	count(both) == 2
	all := {"repository": "a", "sealing-keys": "b"}
	count(change_set.warn) == 0 with input as demanding(all)
}

test_configuration_that_nobody_asks_for_is_nothing if {
	doc := document("production", database, {"change": 0, "object": database, "new": state([]), "losses": []})
	count(change_set.warn) == 0 with input as doc
}

test_snapshots_that_go_with_their_objects_are_told if {
	class := {"apiVersion": "snapshot.storage.k8s.io/v1", "kind": "VolumeSnapshotClass", "name": "fast"}
	covered := object.union(state([]), {"coverage": [{"by": schedule, "diesBy": class}]})
	row := {"change": 0, "object": database, "old": covered, "losses": []}
	some finding in change_set.deny with input as document("production", database, row)
	contains(
		finding.message,
		"; ScheduledBackup shop/db backed it up, in snapshots that VolumeSnapshotClass fast deletes with their objects; ",
	)
}

test_a_last_backup_that_lacks_something_is_none if {
	doc := last_backup({"lacks": "its last backup was neither verified nor restored", "evidence": "ab", "signers": ["job"]})
	count(change_set.warn) == 0 with input as doc
	some finding in change_set.deny with input as doc
	endswith(finding.message, "; its last backup was neither verified nor restored")
	none := last_backup({"signers": []})
	count(change_set.warn) == 0 with input as none
}

test_deleting_a_cache_is_nothing if {
	cache := object.union(state([]), {"data": "cache"})
	row := {"change": 0, "object": database, "old": cache, "losses": []}
	count(change_set.deny) == 0 with input as document("production", database, row)
}

sized(old, new, pointer) := object.union(
	document("production", database, {"change": 0, "object": database, "new": state([]), "old": state([]), "losses": []}),
	{"facts": {"storage": {"status": "known", "value": [{"change": 0, "pointer": pointer, "old": old, "new": new}]}}},
)

test_a_smaller_volume_is_denied if {
	some finding in change_set.deny with input as sized(20, 10, "/spec/storage/size")
	finding.code == "backup.source-shrunk"
	finding.field == "/spec/storage/size"
	finding.message == "Cluster shop/db holds data, and its volume shrinks from 20 to 10 bytes"
	count(change_set.deny) == 0 with input as sized(10, 20, "/spec/storage/size")
	count(change_set.deny) == 0 with input as sized(20, 10, "/spec/resources/limits/memory")
}

swept(kind, proof) := document("production", database, object.union(proof, {
	"change": 0, "object": database, "new": state([]), "old": state([]),
	"losses": [{"kind": kind, "changes": [0], "text": "goes with it"}],
}))

test_what_goes_with_something_else_is_denied_unless_it_is_kept if {
	codes(change_set.deny) == {"backup.source-deleted"} with input as swept("source-deleted", {})
	is_last := {"proof": {"finalBackup": {"evidence": "e", "finishedAt": "t", "signers": []}}}
	codes(change_set.warn) == {"backup.source-deleted"} with input as swept("source-deleted", is_last)
	count(change_set.deny) == 0 with input as swept("source-deleted", is_last)
	codes(change_set.deny) == {"backup.source-shrunk"} with input as swept("source-shrunk", is_last)
}

scheduled(text) := {
	"environment": {"stage": "production"},
	"settings": settings,
	"changes": [{"index": 0, "object": schedule, "operation": "create", "new": {"spec": {"schedule": text}}}],
	"facts": {"backups": {"status": "known", "value": []}, "storage": {"status": "known", "value": []}},
}

test_five_fields_are_a_warning if {
	codes(change_set.warn) == {"backup.five-field-schedule"} with input as scheduled("0 2 * * *")
	count(change_set.warn) == 0 with input as scheduled("0 0 2 * * *")
	count(change_set.warn) == 0 with input as scheduled("@every 1h 2m 3s 4 5")
}

proven(stage, tier, gap) := document(stage, database, {
	"change": 0,
	"object": database,
	"new": state([]),
	"old": state([]),
	"losses": [],
	"proof": {"tier": tier, "gaps": [gap]},
})

unproven(kind) := {"kind": kind, "text": "lacks something"}

tiers := {"low", "medium", "high", "critical"}

test_what_is_not_proven_is_denied_by_its_tier if {
	every kind, denied in change_set.denying {
		every tier in tiers {
			code := concat(".", ["backup", kind])
			doc := proven("production", tier, unproven(kind))
			expected_denies := {code | tier in denied}
			expected_warnings := {code | not tier in denied}
			codes(change_set.deny) == expected_denies with input as doc
			codes(change_set.warn) == expected_warnings with input as doc
		}
	}
}

test_what_is_not_proven_is_a_warning_elsewhere if {
	every kind, _ in change_set.denying {
		code := concat(".", ["backup", kind])
		count(change_set.deny) == 0 with input as proven("qa", "critical", unproven(kind))
		codes(change_set.warn) == {code} with input as proven("qa", "critical", unproven(kind))
	}
}

test_an_incident_makes_a_warning_that_names_it if {
	gap := object.union(unproven("not-fresh"), {"liftedBy": "incident INC-1"})
	count(change_set.deny) == 0 with input as proven("production", "critical", gap)
	some finding in change_set.warn with input as proven("production", "critical", gap)
	finding.message == "Cluster shop/db lacks something; lifted by incident INC-1"
}

test_what_is_not_proven_where_a_script_changes_is_said_of_the_database if {
	doc := proven("production", "critical", unproven("not-fresh"))
	row := object.union(object.remove(doc.facts.backups.value[0], ["change"]), {"byScript": true})
	scripted := object.union(doc, {"changes": [], "facts": {"backups": {"value": [row]}}})
	some finding in change_set.deny with input as scripted
	finding.message == "Cluster shop/db lacks something; a script that changes may run in it"
	count(backup_coverage.deny) == 0 with input as scripted
}

test_every_code_of_evidence_has_a_remedy if {
	every kind, _ in change_set.denying {
		change_set.evidence_remedies[kind]
	}
}
