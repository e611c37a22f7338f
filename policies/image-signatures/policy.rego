# METADATA
# scope: package
# title: Images
# description: >-
#   Every image that a changed object names can be read, comes from where images may come from, is written
#   with the digest that says which one it is, and is signed by those who may.
# custom:
#   prefix: image
#   scope: object
#   kinds: ["*"]
#   neighbours:
#     ImageCatalog.postgresql.cnpg.io: namespace
#     ClusterImageCatalog.postgresql.cnpg.io: namespace
#   facts: [images]
#   codes:
#     image.invalid-reference: deny
#     image.registry-not-allowed: deny
#     image.not-pinned: deny
#     image.mutable-tag: deny
#     image.tag-moved: deny
#     image.no-trust-rule: deny
#     image.unsigned: deny
#     image.signer-not-trusted: deny
#     image.signature-invalid: deny
#     image.signature-indeterminate: deny
#     image.provenance-missing: deny
#     image.builder-not-trusted: deny
#     image.source-mismatch: deny
#     image.source-ref: deny
#     image.sbom-missing: deny
#     image.sbom-empty: deny
#     image.scan-missing: deny
#     image.scan-empty: deny
#     image.scan-stale: deny
#     image.vulnerable: deny
#     image.misleading-tag: warn
#     image.lock-mismatch: warn
#     image.end-of-life: warn
#     image.single-platform: warn
#     image.pull-policy: warn
#     image.operator-default: warn
#     image.guessed-location: warn
package tidegate.image_signatures

# METADATA
# title: A reference cannot be read
# description: No container runtime takes it, or something was to be filled in and was not.
deny contains finding if {
	some image in named
	finding := {
		"code": "image.invalid-reference",
		"message": sprintf("%s: %q is no image reference: %s", [called(image), image.written, image.problem]),
		"object": image.object,
		"field": image.pointer,
		"fields": parts(image),
		"remediation": "write the image as `registry/repository:tag@sha256:…`",
	}
}

# METADATA
# title: An image comes from elsewhere
# description: Its repository, written in full, fits no glob of `registries`.
deny contains finding if {
	some image in named
	finding := foreign(image)
}

# METADATA
# title: An image of a guessed place comes from elsewhere
# description: As for a known place, but it may be no image at all.
warn contains finding if {
	some image in guessed
	finding := foreign(image)
}

# METADATA
# title: An image has no digest
# description: In the stages of `pin-stages` the reference itself must say which image it is.
deny contains finding if {
	must_pin
	some image in named
	finding := unpinned(image)
}

# METADATA
# title: An image has no digest where that is only advised
# description: In other stages, and where the place is guessed.
warn contains finding if {
	some image in advised
	finding := unpinned(image)
}

# METADATA
# title: A tag that moves decides what runs
# description: There is no digest, and the tag is absent, `latest` or one of `mutable-tags`.
deny contains finding if {
	some image in named
	not image.reference.digest
	image.reference.tagMoves
	finding := {
		"code": "image.mutable-tag",
		"message": sprintf("%s: %q runs whatever %s stands for when a node fetches it", [
			called(image),
			image.written,
			tag_of(image),
		]),
		"object": image.object,
		"field": image.pointer,
		"fields": parts(image),
		"remediation": "name a released version, with its digest",
		"setting": "/settings/mutable-tags",
	}
}

# METADATA
# title: A released tag stands for another image than before
# description: Repository and tag are as before, and the digest is not; `moved-tags` says that this is denied.
deny contains finding if {
	input.settings["moved-tags"] == "deny"
	some image in named
	finding := moved(image)
}

# METADATA
# title: A released tag stands for another image than before, which is only worth a word
# description: As above, where `moved-tags` leaves it at that.
warn contains finding if {
	input.settings["moved-tags"] == "warn"
	some image in named
	finding := moved(image)
}

# METADATA
# title: Nobody is named who signs an image
# description: No authority is for its repository, and `signatures` says that every image must be signed.
deny contains finding if {
	input.settings.signatures == "required"
	some image in named
	image.reference
	not image.signature
	finding := {
		"code": "image.no-trust-rule",
		"message": sprintf("%s: no authority may sign %q", [called(image), image.reference.repository]),
		"object": image.object,
		"field": image.pointer,
		"fields": parts(image),
		"remediation": "say in `images.authorities` who signs it, or take an image that somebody known signs",
		"setting": "/settings/signatures",
	}
}

# METADATA
# title: An image has no signature
# description: An authority is for its repository, and no signature is recorded beside it.
deny contains finding if {
	some image in named
	image.signature.state == "unsigned"
	finding := unproven(image, "image.unsigned", "no signature is recorded", record)
}

# METADATA
# title: An image is signed by nobody who may
# description: There are signatures, and none is of an authority for its repository, or too few of a quorum are.
deny contains finding if {
	some image in named
	image.signature.state == "invalid"
	by_others(image)
	finding := unproven(image, "image.signer-not-trusted", image.signature.message, sign)
}

# METADATA
# title: A signature does not prove its image
# description: It cannot be read, is about another image, or lacks what its authority must say.
deny contains finding if {
	some image in named
	image.signature.state == "invalid"
	not by_others(image)
	not lacks_attestation(image)
	finding := unproven(image, "image.signature-invalid", image.signature.message, sign)
}

# METADATA
# title: Whether an image is signed could not be found out
# description: Evidence is missing or damaged, a trust root cannot be used, or the reference has no digest.
deny contains finding if {
	some image in named
	image.signature.state == "indeterminate"
	finding := unproven(image, "image.signature-indeterminate", image.signature.message, object.get(recording, object.get(image.signature, "reason", ""), record))
}

# METADATA
# title: Which image it is could not be found out
# description: Only a part of its name changes, as the tag for a chart of elsewhere; or what is referred to is not read. Every image must be signed.
deny contains finding if {
	input.settings.signatures == "required"
	some image in named
	finding := untold(image)
}

# METADATA
# title: Which image it is could not be found out, and it may be one that must be signed
# description: As above, where `signatures` asks for those of the images of authorities.
warn contains finding if {
	input.settings.signatures != "required"
	count(input.settings.authorities) > 0
	some image in named
	finding := untold(image)
}

# METADATA
# title: An image lacks an attestation
# description: The signature holds, and what the same authority must attest besides is not there or says otherwise.
deny contains finding if {
	some image in named
	lack := image.signature.lack
	code := object.get(attestation_codes[lack.kind], lack.reason, attestation_codes[lack.kind].missing)
	finding := unproven(image, code, image.signature.message, attest)
}

# METADATA
# title: A scan found what is only told for now
# description: There is no fix, or there has been one for less than `fix-grace-days`; with that it would be more than `max` allows.
warn contains finding if {
	some image in named
	some spared in image.signature.spared
	over := spared.over
	finding := {
		"code": "image.vulnerable",
		"message": sprintf("%s: %q: the scan of `%s` found %d that count as %s, and %d are allowed: %s", [
			called(image),
			image.reference.canonical,
			spared.name,
			over.found,
			over.severity,
			over.most,
			concat(" and ", unmended(spared)),
		]),
		"object": image.object,
		"field": image.pointer,
		"fields": parts(image),
		"remediation": "take the version that mends it; after `fix-grace-days` it is denied",
		"setting": "/settings/authorities",
	}
}

# METADATA
# title: The lock has another digest for a tag
# description: The digest that is written counts. The lock was made for another one, or somebody changed one of the two by hand.
warn contains finding if {
	some image in named
	locked := image.reference.lockedTo
	finding := {
		"code": "image.lock-mismatch",
		"message": sprintf("%s: %s of %q is %s here, and %s in `.tidegate/images.lock`", [
			called(image),
			tag_of(image),
			image.reference.repository,
			image.reference.digest,
			locked,
		]),
		"object": image.object,
		"field": image.pointer,
		"fields": parts(image),
		"remediation": "write the digest of the lock, or lock anew with `tidegate images lock --update`",
	}
}

# METADATA
# title: A tag says less than its digest
# description: People read the tag, and this one is meant to move.
warn contains finding if {
	some image in named
	image.reference.digest
	image.reference.tagMoves
	finding := {
		"code": "image.misleading-tag",
		"message": sprintf("%s: the digest decides what runs, and %s beside it says nothing", [
			called(image),
			tag_of(image),
		]),
		"object": image.object,
		"field": image.pointer,
		"fields": parts(image),
		"remediation": "write the version that the digest is of as the tag, or no tag",
	}
}

# METADATA
# title: Nobody mends this image any more
# description: Its day in `end-of-life` has come.
warn contains finding if {
	some image in named
	image.reference.endOfLife.over
	finding := {
		"code": "image.end-of-life",
		"message": sprintf("%s: nobody has mended %q since %s", [
			called(image),
			image.reference.canonical,
			image.reference.endOfLife.date,
		]),
		"object": image.object,
		"field": image.pointer,
		"fields": parts(image),
		"remediation": "move to a version that is still maintained",
		"setting": "/settings/end-of-life",
	}
}

# METADATA
# title: An image is not for all nodes
# description: The index that is recorded beside it lists nothing for a platform of `platforms`.
warn contains finding if {
	some image in named
	count(image.signature.platforms) > 0
	missing := [platform |
		some platform in input.settings.platforms
		not platform in image.signature.platforms
	]
	count(missing) > 0
	finding := {
		"code": "image.single-platform",
		"message": sprintf("%s: %q is for %s, and there are nodes of %s", [
			called(image),
			image.reference.canonical,
			concat(" and ", image.signature.platforms),
			concat(" and ", missing),
		]),
		"object": image.object,
		"field": image.pointer,
		"fields": parts(image),
		"remediation": "write the digest of the index, not of one image in it, and build it for every platform",
		"setting": "/settings/platforms",
	}
}

# METADATA
# title: Nodes may run different images
# description: "`Never` takes what a node has; `IfNotPresent` keeps what the tag stood for when the node first fetched it."
warn contains finding if {
	some image in named
	why := stale(image)
	finding := {
		"code": "image.pull-policy",
		"message": sprintf("%s: `imagePullPolicy: %s` %s", [called(image), image.pullPolicy, why]),
		"object": image.object,
		"field": image.pointer,
		"fields": parts(image),
		"remediation": "leave `imagePullPolicy` out and write the image with its digest",
	}
}

# METADATA
# title: The operator chooses the image
# description: A database that names no image runs another one when its operator is updated.
warn contains finding if {
	some change in input.changes
	change.new
	some own in operated[sprintf("%s/%s", [split(change.object.apiVersion, "/")[0], change.object.kind])]
	count([field | some field in own; change.new.spec[field]]) == 0
	finding := {
		"code": "image.operator-default",
		"message": sprintf("there is no %s: what runs changes with the operator", [concat(" or ", own)]),
		"object": change.object,
		"field": "/spec",
		"remediation": sprintf("write `%s`, with its digest", [own[0]]),
	}
}

# METADATA
# title: The catalogue that chooses the image is not there
# description: No catalogue of that kind and name in the tree has an image for that version, so that nothing is known of what runs.
warn contains finding if {
	some change in input.changes
	startswith(change.object.apiVersion, "postgresql.cnpg.io/")
	change.new.spec.imageCatalogRef
	not listed(change.object)
	finding := {
		"code": "image.operator-default",
		"message": "its catalogue is not in the tree, or has no image for its version: what runs is not known",
		"object": change.object,
		"field": "/spec/imageCatalogRef",
		"fields": ["/spec/imageCatalogRef"],
		"remediation": "keep the catalogue in this repository, with digests, or write `imageName`",
	}
}

# METADATA
# title: This looks like an image
# description: It stands in a place that nobody described, so that it is only warned of.
warn contains finding if {
	some image in guessed
	finding := {
		"code": "image.guessed-location",
		"message": sprintf("%q looks like an image, and stands where none is known to stand", [image.written]),
		"object": image.object,
		"field": image.pointer,
		"fields": parts(image),
		"remediation": "add the place to `images.locations`, so that it is judged as an image",
		"setting": "/settings/locations",
	}
}

# The catalogue that the object names has an image for it.
listed(object) if {
	some image in input.facts.images.value
	image.object == object
	image.pointer == "/spec/imageCatalogRef"
}

named := [image | some image in input.facts.images.value; image.role != "guessed"]

guessed := [image | some image in input.facts.images.value; image.role == "guessed"]

must_pin if input.environment.stage in input.settings["pin-stages"]

advised := guessed if must_pin

else := input.facts.images.value

foreign(image) := {
	"code": "image.registry-not-allowed",
	"message": sprintf("%s: no glob of `registries` allows %q", [called(image), image.reference.repository]),
	"object": image.object,
	"field": image.pointer,
	"fields": parts(image),
	"remediation": "take the image from a registry that is allowed, or add its repository to `images.registries`",
	"setting": "/settings/registries",
} if {
	image.reference
	not image.reference.allowedBy
}

unpinned(image) := {
	"code": "image.not-pinned",
	"message": sprintf("%s: %q has no digest, so that nothing says which image it is", [called(image), image.written]),
	"object": image.object,
	"field": image.pointer,
	"fields": parts(image),
	"remediation": "add the digest behind the tag: `…:tag@sha256:…`",
	"setting": "/settings/pin-stages",
} if {
	image.reference
	not image.reference.digest
}

moved(image) := {
	"code": "image.tag-moved",
	"message": sprintf("%s: %s of %q was %s before: the tag was given to another image", [
		called(image),
		tag_of(image),
		image.reference.repository,
		image.reference.movedFrom,
	]),
	"object": image.object,
	"field": image.pointer,
	"fields": parts(image),
	"remediation": "release under a new tag; tags of releases stay what they are",
	"setting": "/settings/moved-tags",
} if {
	not image.reference.tagMoves
	image.reference.movedFrom
}

unproven(image, code, why, remediation) := {
	"code": code,
	"message": sprintf("%s: %q is not proven to be signed by %s: %s", [
		called(image),
		image.reference.canonical,
		concat(" or ", image.signature.asked),
		why,
	]),
	"object": image.object,
	"field": image.pointer,
	"fields": parts(image),
	"remediation": remediation,
	"setting": "/settings/authorities",
}

untold(image) := {
	"code": "image.signature-indeterminate",
	"message": sprintf("%s: nobody can tell which one %q makes, and who signed it: %s", [called(image), image.written, image.untold]),
	"object": image.object,
	"field": image.pointer,
	"fields": parts(image),
	"remediation": "write registry, repository and digest of the image there, all of them",
	"setting": "/settings/signatures",
} if {
	image.untold
	image.changed
}

# All that has a say in it, where that is more than one value.
parts(image) := object.get(image, "fields", [])

by_others(image) if image.signature.reason in others

unmended(spared) := [said |
	some [number, said] in [
		[spared.unfixed, sprintf("for %d there is no fix", [spared.unfixed])],
		[spared.inGrace, sprintf("for %d there has not been one for long", [spared.inGrace])],
	]
	number > 0
]

lacks_attestation(image) if image.signature.lack.kind in {"provenance", "sbom", "scan"}

# By why it could not be found out; else `record`.
recording := {"not-pinned": "`tidegate images lock` finds its digest and records its signature, and `tidegate images pin --write` writes the digest"}

record := "record its signature below `.tidegate/images`, and write the image with its digest"

sign := "let an authority of `images.authorities` sign this digest, and record the signature"

attest := "let the same authority attest it for this digest, and record the attestation"

# Why a signature is not of an authority that may sign.
others := {"signature", "other-kind", "certificate", "validity", "expired", "issuer", "subject", "claim", "quorum"}

# By kind and by what is wrong; what is not named is as if there were none.
attestation_codes := {
	"provenance": {
		"missing": "image.provenance-missing",
		"builder": "image.builder-not-trusted",
		"builder-unbound": "image.builder-not-trusted",
		"source": "image.source-mismatch",
		"source-unbound": "image.source-mismatch",
		"reference": "image.source-ref",
	},
	"sbom": {
		"missing": "image.sbom-missing",
		"empty": "image.sbom-empty",
	},
	"scan": {
		"missing": "image.scan-missing",
		"malformed": "image.scan-empty",
		"unscanned": "image.scan-empty",
		"stale": "image.scan-stale",
		"undated": "image.scan-stale",
		"future": "image.scan-stale",
		"database": "image.scan-stale",
		"findings": "image.vulnerable",
	},
}

stale(image) := "runs whatever the node happens to have" if image.pullPolicy == "Never"

stale(image) := "keeps what the tag stood for when the node first fetched it" if {
	image.pullPolicy == "IfNotPresent"
	image.reference.tagMoves
	not image.reference.digest
}

called(image) := sprintf("container %q", [image.container]) if {
	image.container
} else := "image"

tag_of(image) := sprintf("the tag %q", [image.reference.tag]) if {
	image.reference.tag
} else := "`latest`, which is meant where there is no tag,"

# The fields any one of which names what a database runs.
operated := {
	"postgresql.cnpg.io/Cluster": [["imageName", "imageCatalogRef"]],
	"acid.zalan.do/postgresql": [["dockerImage"]],
	"postgres-operator.crunchydata.com/PostgresCluster": [["image"]],
	"pgv2.percona.com/PerconaPGCluster": [["image"]],
}
