package tidegate.image_signatures_test

import data.tidegate.image_signatures
import data.tidegate.image_signatures.change_set

settings := {
	"registries": ["registry.example/acme/**"],
	"pin-stages": ["staging", "production"],
	"mutable-tags": ["main"],
	"moved-tags": "warn",
	"end-of-life": {},
	"locations": [],
	"platforms": ["linux/amd64", "linux/arm64"],
	"signatures": "of-authorities",
	"authorities": [],
}

object_ref := {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": "web"}

digest := "sha256:0000000000000000000000000000000000000000000000000000000000000001"

sound := {
	"canonical": sprintf("registry.example/acme/odoo:17.0@%s", [digest]),
	"registry": "registry.example",
	"repository": "registry.example/acme/odoo",
	"tag": "17.0",
	"digest": digest,
	"allowedBy": "registry.example/acme/**",
	"tagMoves": false,
}

image(reference) := {
	"change": 0,
	"object": object_ref,
	"pointer": "/spec/template/spec/containers/0/image",
	"role": "app",
	"container": "odoo",
	"file": "web.yaml",
	"line": 7,
	"written": "as it is written",
	"changed": true,
	"reference": reference,
}

with_reference(changes) := image(object.union(sound, changes))

without_digest(changes) := image(object.remove(object.union(sound, changes), ["digest"]))

guessed(reference) := object.union(object.remove(image(reference), ["container"]), {"role": "guessed"})

broken := object.union(
	object.remove(image(sound), ["reference"]),
	{"written": "${IMAGE}", "problem": "it has a place that nothing filled in"},
)

part(changes) := object.union(
	object.remove(image(sound), ["reference", "container"]),
	object.union({"written": "image.tag=v2", "untold": "the chart says the rest"}, changes),
)

document(images) := {
	"environment": {"stage": "production"},
	"changes": [{"object": object_ref, "new": {"spec": {}}}],
	"facts": {"images": {"status": "known", "value": images}},
	"settings": settings,
}

signed(signature) := document([object.union(image(sound), {"signature": object.union(verified, signature)})])

verified := {
	"state": "verified",
	"candidates": {"found": 1, "valid": 1, "invalid": 0, "other": 0},
	"asked": ["release", "vendor"],
	"authorities": [],
	"attestations": [],
}

invalid(reason) := signed({"state": "invalid", "reason": reason, "message": "why"})

over := {"severity": "critical", "found": 2, "most": 0}

sparing(more) := signed({"spared": [object.union(
	{"authority": "release", "name": "scanned", "accepted": 0, "notAffected": 0, "unfixed": 2, "inGrace": 0},
	more,
)]})

lacking(kind, reason) := signed({
	"state": "invalid",
	"reason": "attestation",
	"message": "why",
	"lack": {"name": "own", "kind": kind, "reason": reason},
})

all_signed(images) := object.union(document(images), {"settings": object.union(settings, {"signatures": "required"})})

with_authorities(images) := object.union(document(images), {"settings": {"authorities": [{"name": "release"}]}})

in_stage(stage, images) := object.union(document(images), {"environment": {"stage": stage}})

denying_moved(images) := object.union(document(images), {"settings": {"moved-tags": "deny"}})

database(api_version, kind, spec) := object.union(document([]), {"changes": [{
	"object": {"apiVersion": api_version, "kind": kind, "namespace": "shop", "name": "db"},
	"new": {"spec": spec},
}]})

cnpg(spec) := database("postgresql.cnpg.io/v1", "Cluster", spec)

# A database and the image that its catalogue has for it.
catalogued := object.union(
	cnpg({"imageCatalogRef": {"name": "x"}}),
	{"facts": {"images": {"value": [object.union(image(sound), {
		"object": {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "namespace": "shop", "name": "db"},
		"pointer": "/spec/imageCatalogRef",
	})]}}},
)

denied(given) := {finding.code | some finding in image_signatures.deny with input as given}

warned(given) := {finding.code | some finding in image_signatures.warn with input as given}

said(given) := {finding.message |
	some finding in (image_signatures.deny | image_signatures.warn) with input as given
}

nothing := set()

# What is denied, and what is warned of, by what is asked.
rows := [
	{"of": document([image(sound)]), "deny": nothing, "warn": nothing},
	{"of": all_signed([part({})]), "deny": {"image.signature-indeterminate"}, "warn": nothing},
	{"of": all_signed([part({"changed": false})]), "deny": nothing, "warn": nothing},
	{"of": document([part({})]), "deny": nothing, "warn": nothing},
	{"of": with_authorities([part({})]), "deny": nothing, "warn": {"image.signature-indeterminate"}},
	{"of": document([broken]), "deny": {"image.invalid-reference"}, "warn": nothing},
	{"of": document([image(object.remove(sound, ["allowedBy"]))]), "deny": {"image.registry-not-allowed"}, "warn": nothing},
	{"of": document([without_digest({})]), "deny": {"image.not-pinned"}, "warn": nothing},
	{"of": in_stage("staging", [without_digest({})]), "deny": {"image.not-pinned"}, "warn": nothing},
	{"of": in_stage("development", [without_digest({})]), "deny": nothing, "warn": {"image.not-pinned"}},
	{"of": in_stage("development", [without_digest({"tagMoves": true})]), "deny": {"image.mutable-tag"}, "warn": {"image.not-pinned"}},
	{"of": document([with_reference({"tagMoves": true})]), "deny": nothing, "warn": {"image.misleading-tag"}},
	{"of": document([with_reference({"movedFrom": "sha256:2"})]), "deny": nothing, "warn": {"image.tag-moved"}},
	{"of": denying_moved([with_reference({"movedFrom": "sha256:2"})]), "deny": {"image.tag-moved"}, "warn": nothing},
	{"of": denying_moved([with_reference({"movedFrom": "sha256:2", "tagMoves": true})]), "deny": nothing, "warn": {"image.misleading-tag"}},
	{"of": document([with_reference({"endOfLife": {"date": "2024-11-21", "over": true}})]), "deny": nothing, "warn": {"image.end-of-life"}},
	{"of": document([with_reference({"endOfLife": {"date": "2030-11-21", "over": false}})]), "deny": nothing, "warn": nothing},
	{"of": document([object.union(image(sound), {"pullPolicy": "Never"})]), "deny": nothing, "warn": {"image.pull-policy"}},
	{"of": document([object.union(image(sound), {"pullPolicy": "IfNotPresent"})]), "deny": nothing, "warn": nothing},
	{
		"of": in_stage("development", [object.union(without_digest({"tagMoves": true}), {"pullPolicy": "IfNotPresent"})]),
		"deny": {"image.mutable-tag"},
		"warn": {"image.not-pinned", "image.pull-policy"},
	},
	{"of": document([guessed(sound)]), "deny": nothing, "warn": {"image.guessed-location"}},
	{
		"of": document([guessed(object.remove(sound, ["allowedBy", "digest"]))]),
		"deny": nothing,
		"warn": {"image.guessed-location", "image.not-pinned", "image.registry-not-allowed"},
	},
	{
		"of": in_stage("development", [guessed(object.remove(sound, ["digest"]))]),
		"deny": nothing,
		"warn": {"image.guessed-location", "image.not-pinned"},
	},
	{"of": cnpg({}), "deny": nothing, "warn": {"image.operator-default"}},
	{"of": cnpg({"imageName": "x"}), "deny": nothing, "warn": nothing},
	{"of": cnpg({"imageCatalogRef": {"name": "x"}}), "deny": nothing, "warn": {"image.operator-default"}},
	{"of": catalogued, "deny": nothing, "warn": nothing},
	{"of": database("acid.zalan.do/v1", "postgresql", {}), "deny": nothing, "warn": {"image.operator-default"}},
	{"of": database("acid.zalan.do/v1", "postgresql", {"dockerImage": "x"}), "deny": nothing, "warn": nothing},
	{"of": database("cluster.x-k8s.io/v1beta1", "Cluster", {}), "deny": nothing, "warn": nothing},
	{"of": signed({}), "deny": nothing, "warn": nothing},
	{"of": signed({"state": "unsigned"}), "deny": {"image.unsigned"}, "warn": nothing},
	{"of": signed({"platforms": ["linux/amd64", "linux/arm64"]}), "deny": nothing, "warn": nothing},
	{"of": signed({"platforms": []}), "deny": nothing, "warn": nothing},
	{"of": signed({"platforms": ["linux/amd64"]}), "deny": nothing, "warn": {"image.single-platform"}},
	{"of": invalid("signature"), "deny": {"image.signer-not-trusted"}, "warn": nothing},
	{"of": invalid("other-kind"), "deny": {"image.signer-not-trusted"}, "warn": nothing},
	{"of": invalid("certificate"), "deny": {"image.signer-not-trusted"}, "warn": nothing},
	{"of": invalid("validity"), "deny": {"image.signer-not-trusted"}, "warn": nothing},
	{"of": invalid("expired"), "deny": {"image.signer-not-trusted"}, "warn": nothing},
	{"of": invalid("issuer"), "deny": {"image.signer-not-trusted"}, "warn": nothing},
	{"of": invalid("subject"), "deny": {"image.signer-not-trusted"}, "warn": nothing},
	{"of": invalid("quorum"), "deny": {"image.signer-not-trusted"}, "warn": nothing},
	{"of": invalid("claim"), "deny": {"image.signer-not-trusted"}, "warn": nothing},
	{"of": invalid("other-image"), "deny": {"image.signature-invalid"}, "warn": nothing},
	{"of": signed({"state": "indeterminate", "message": "why"}), "deny": {"image.signature-indeterminate"}, "warn": nothing},
	{"of": lacking("provenance", "missing"), "deny": {"image.provenance-missing"}, "warn": nothing},
	{"of": lacking("provenance", "malformed"), "deny": {"image.provenance-missing"}, "warn": nothing},
	{"of": lacking("provenance", "builder"), "deny": {"image.builder-not-trusted"}, "warn": nothing},
	{"of": lacking("provenance", "builder-unbound"), "deny": {"image.builder-not-trusted"}, "warn": nothing},
	{"of": lacking("provenance", "source"), "deny": {"image.source-mismatch"}, "warn": nothing},
	{"of": lacking("provenance", "source-unbound"), "deny": {"image.source-mismatch"}, "warn": nothing},
	{"of": lacking("sbom", "missing"), "deny": {"image.sbom-missing"}, "warn": nothing},
	{"of": lacking("provenance", "reference"), "deny": {"image.source-ref"}, "warn": nothing},
	{"of": lacking("sbom", "empty"), "deny": {"image.sbom-empty"}, "warn": nothing},
	{"of": lacking("scan", "scanner"), "deny": {"image.scan-missing"}, "warn": nothing},
	{"of": lacking("scan", "malformed"), "deny": {"image.scan-empty"}, "warn": nothing},
	{"of": lacking("scan", "unscanned"), "deny": {"image.scan-empty"}, "warn": nothing},
	{"of": sparing({}), "deny": nothing, "warn": nothing},
	{"of": sparing({"over": over}), "deny": nothing, "warn": {"image.vulnerable"}},
	{"of": document([with_reference({"lockedTo": digest})]), "deny": nothing, "warn": {"image.lock-mismatch"}},
	{"of": lacking("scan", "stale"), "deny": {"image.scan-stale"}, "warn": nothing},
	{"of": lacking("scan", "undated"), "deny": {"image.scan-stale"}, "warn": nothing},
	{"of": lacking("scan", "future"), "deny": {"image.scan-stale"}, "warn": nothing},
	{"of": lacking("scan", "database"), "deny": {"image.scan-stale"}, "warn": nothing},
	{"of": lacking("scan", "findings"), "deny": {"image.vulnerable"}, "warn": nothing},
	{"of": lacking("other", "missing"), "deny": {"image.signature-invalid"}, "warn": nothing},
	{"of": all_signed([image(sound)]), "deny": {"image.no-trust-rule"}, "warn": nothing},
	{"of": all_signed([broken]), "deny": {"image.invalid-reference"}, "warn": nothing},
	{"of": all_signed([object.union(image(sound), {"signature": verified})]), "deny": nothing, "warn": nothing},
]

test_each_row_comes_out_as_it_says if {
	every row in rows {
		denied(row.of) == row.deny
		warned(row.of) == row.warn
	}
}

test_an_image_without_a_digest_is_told_how_it_gets_one if {
	every reason, words in {"not-pinned": "images pin --write", "evidence-missing": "below `.tidegate/images`"} {
		given := signed({"state": "indeterminate", "reason": reason, "message": "why"})
		some finding in image_signatures.deny with input as given
		contains(finding.remediation, words)
	}
}

test_a_deleted_database_names_nothing if {
	there := cnpg({})
	given := object.union(there, {"changes": [object.remove(there.changes[0], ["new"])]})
	warned(given) == set()
}

test_the_message_names_the_tag_that_counts if {
	given := document([image(object.remove(object.union(sound, {"tagMoves": true}), ["digest", "tag"]))])
	some message in said(given)
	contains(message, "`latest`, which is meant where there is no tag, stands for")
}

test_an_image_that_no_container_runs_is_called_one if {
	given := document([object.remove(broken, ["container"])])
	said(given) == {`image: "${IMAGE}" is no image reference: it has a place that nothing filled in`}
}

test_the_message_names_those_who_may_sign if {
	some message in said(signed({"state": "unsigned"}))
	contains(message, "is not proven to be signed by release or vendor: no signature is recorded")
}

# Where the image of a release stands.
run(name, changes) := object.union(
	{
		"object": {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": name},
		"pointer": "/spec/template/spec/containers/0/image",
		"container": "odoo",
		"digest": "sha256:1",
		"changed": false,
	},
	changes,
)

web := run("web", {"changed": true, "digest": "sha256:2"})

released(runs) := {"facts": {"skew": {"value": [{"partOf": "odoo", "repository": "registry.example/acme/odoo", "runs": runs}]}}}

elsewhere := {"object": {"namespace": "brand-b"}}

# The objects that are denied and warned of, by what runs.
skews := [
	{"of": [web, run("cron", {})], "deny": {"web"}, "warn": nothing},
	{"of": [web, run("cron", {"digest": "sha256:2"})], "deny": nothing, "warn": nothing},
	{"of": [web, run("cron", {"changed": true})], "deny": {"web", "cron"}, "warn": nothing},
	{"of": [web, run("cron", elsewhere)], "deny": nothing, "warn": {"web"}},
	{"of": [web, run("cron", {}), run("cron", elsewhere)], "deny": {"web"}, "warn": nothing},
	{"of": [run("web", {"digest": "sha256:2"}), run("cron", {})], "deny": nothing, "warn": nothing},
]

test_a_release_runs_one_version if {
	every row in skews {
		{finding.object.name | some finding in change_set.deny with input as released(row.of)} == row.deny
		{finding.object.name | some finding in change_set.warn with input as released(row.of)} == row.warn
	}
}

test_the_message_names_what_differs if {
	given := released([
		web,
		object.union(run("cron", {}), {"object": {"kind": "CronJob"}}),
		run("poll", {}),
	])
	{finding.message | some finding in change_set.deny with input as given} == {concat("", [
		`container "odoo": "registry.example/acme/odoo" is sha256:2 here and sha256:1 in CronJob shop/cron and 1 more, `,
		`which is part of "odoo" as well`,
	])}
}

test_what_is_in_no_container_and_no_namespace_is_named_too if {
	bare := {"apiVersion": "v1", "kind": "Pod", "name": "p"}
	given := released([
		{"object": bare, "pointer": "/x", "digest": "sha256:1", "changed": true},
		{"object": object.union(bare, {"name": "q"}), "pointer": "/x", "digest": "sha256:2", "changed": false},
	])
	{finding.message | some finding in change_set.deny with input as given} == {concat("", [
		`image: "registry.example/acme/odoo" is sha256:1 here and sha256:2 in Pod q, `,
		`which is part of "odoo" as well`,
	])}
}

bringing(images, unknown) := {"facts": {
	"skew": {"value": []},
	"promotions": {"value": {"from": "staging", "images": images, "unknown": unknown}},
}}

brought := {
	"object": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
	"pointer": "/x",
	"container": "odoo",
	"repository": "registry.example/acme/odoo",
	"digest": "sha256:1",
}

promoted := object.union(brought, {"ran": {"environment": "staging", "unit": "odoo"}})

test_what_the_stage_before_ran_comes_in if {
	change_set.deny == set() with input as bringing([promoted], [])
	change_set.deny == set() with input as bringing([promoted], ["its store is gone"])
	change_set.deny == set() with input as {"facts": {"skew": {"value": []}, "promotions": {"value": {"images": []}}}}
}

# What is said of what it did not run, or is not known to have run.
unpromoted := [
	{
		"of": bringing([brought], []),
		"says": `container "odoo": staging has not run sha256:1 of "registry.example/acme/odoo" with a verdict that passes`,
		"then": "bring the same digest into staging first, and sign its verdict there",
	},
	{
		"of": bringing([brought, promoted], ["its store is gone", "nobody answers"]),
		"says": concat("", [
			`container "odoo": it is not known whether staging ran sha256:1 of "registry.example/acme/odoo": `,
			"its store is gone; nobody answers",
		]),
		"then": "bring the same digest into staging first, and sign its verdict there",
	},
	{
		"of": bringing([object.remove(brought, ["digest"])], ["its store is gone"]),
		"says": `container "odoo": "registry.example/acme/odoo" has no digest, so that nothing tells whether staging ran it`,
		"then": "write the image with the digest that the stage before runs",
	},
]

test_what_the_stage_before_did_not_run_stays_out if {
	every row in unpromoted {
		{[finding.message, finding.remediation] |
			some finding in change_set.deny with input as row.of
		} == {[row.says, row.then]}
	}
}
