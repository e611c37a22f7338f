#!/usr/bin/env python3
"""Lays signatures of fixtures.json beside the images of the cases of the policy `image-signatures`.

Run it where it lies, after make.py. The table says which signatures lie in which case; the key is the judge's.
"""
import base64
import hashlib
import json
import pathlib
import shutil

HERE = pathlib.Path(__file__).parent
CASES = HERE.parent.parent / "policies/image-signatures/cases"
FIXTURES = json.loads((HERE / "fixtures.json").read_text())
IMAGE = FIXTURES["image"]

# Case: names of signatures, and `index` for the index of images. What stands behind a colon is done to it; behind an
# `@` stands what it lies beside, where that is not the image.
TABLE = {
    "signed-image-is-allowed": ["sig-p256"],
    "signature-of-one-authority-is-enough": ["sig-by-another", "bundle-p256"],
    "one-signature-where-two-must-sign-is-denied": ["sig-p256", "bundle-p256"],
    "signatures-of-two-who-must-sign-are-allowed": ["sig-p256", "bundle-ed25519"],
    "image-signed-by-another-is-denied": ["sig-by-another"],
    "image-without-a-signature-is-denied": [],
    "signature-of-another-image-is-denied": ["sig-p256"],
    "damaged-signature-is-denied": ["sig-p256:damaged"],
    "signature-that-is-only-named-is-denied": ["sig-p256:named"],
    "signature-after-the-key-was-revoked-is-denied": ["sig-p256"],
    "unsigned-image-that-does-not-change-is-inherited": [],
    "image-of-a-lookalike-repository-is-of-nobody": ["sig-p256"],
    "image-without-provenance-is-denied": ["sig-p256"],
    "image-of-another-builder-is-denied": ["sig-p256", "att-provenance-v1"],
    "image-of-another-source-is-denied": ["sig-p256", "att-provenance-v1"],
    "image-of-the-builder-is-allowed": ["sig-p256", "att-provenance-v1"],
    "image-built-from-a-branch-is-denied": ["sig-p256", "att-provenance-v1"],
    "bill-of-materials-that-lists-nothing-is-denied": ["sig-p256", "att-spdx-empty"],
    "image-with-a-critical-finding-is-denied": ["sig-p256", "att-scan-known"],
    "finding-that-is-accepted-is-allowed": ["sig-p256", "att-scan-known"],
    "finding-that-was-accepted-until-yesterday-is-denied": ["sig-p256", "att-scan-known"],
    "scan-with-an-old-database-is-denied": ["sig-p256", "att-scan-known"],
    "newer-scan-with-a-critical-finding-is-denied": ["sig-p256", "att-scan-known", "att-scan-clean-before"],
    "newer-scan-without-findings-is-allowed": ["sig-p256", "att-scan-known", "att-scan-clean-after"],
    "newer-scan-that-is-damaged-is-denied": ["sig-p256", "att-scan-known:damaged", "att-scan-clean-before"],
    "scan-of-an-image-that-no-lock-names-is-denied": ["sig-p256", "att-scan"],
    "damaged-scan-of-an-image-is-not-undone-by-its-index": [
        "index", "sig-p256", "att-scan-known:damaged", "sig-index@index", "att-scan-of-index@index"],
    "finding-in-an-image-is-not-undone-by-a-scan-of-its-index": [
        "index", "sig-p256", "att-scan-known", "sig-index@index", "att-scan-of-index@index"],
    "scan-of-an-index-is-one-of-its-images": ["index", "sig-index@index", "att-scan-of-index@index"],
    "finding-in-an-index-is-one-of-its-images": ["index", "sig-index@index", "att-scan-known-of-index@index"],
    "scan-that-looked-at-nothing-is-denied": ["sig-p256", "att-scan-nothing"],
    "critical-finding-is-denied-where-only-high-is-named": ["sig-p256", "att-scan-known"],
    "fix-younger-than-its-grace-is-a-warning": ["sig-p256", "att-scan-published"],
    "fix-older-than-its-grace-is-denied": ["sig-p256", "att-scan-published"],
    "finding-without-a-fix-is-a-warning": ["sig-p256", "att-scan-known"],
    "finding-that-does-not-affect-the-image-is-allowed": ["sig-p256", "att-scan-known", "att-vex"],
    "finding-that-was-said-not-to-affect-the-image-is-denied": [
        "sig-p256", "att-scan-known", "att-vex", "att-vex-affected"],
    "image-of-a-signed-index-is-allowed": ["index", "sig-index@index"],
    "signature-of-an-index-that-is-not-recorded-is-denied": ["sig-index"],
    "index-of-a-signed-image-is-denied": ["index@index", "sig-p256"],
    "image-for-one-platform-is-a-warning": ["index", "sig-index@index"],
    "index-for-all-platforms-is-allowed": ["index@index", "sig-index@index"],
    "image-without-a-bill-of-materials-is-denied": ["sig-p256"],
    "image-without-a-scan-is-denied": ["sig-p256"],
    "scan-eight-days-old-is-denied": ["sig-p256", "att-scan"],
    "scan-seven-days-old-is-allowed": ["sig-p256", "att-scan"],
}

# Cases of which the newest scan decides: what lies there is all that a registry had, as their locks say.
LOCKED = [
    case for case, names in TABLE.items()
    if any(name.startswith("att-scan") for name in names) and "no-lock" not in case
]


def digest(data):
    return hashlib.sha256(data).hexdigest()


def recorded(name):
    name, _, done = name.partition(":")
    index = {"mediaType": "application/vnd.oci.image.index.v1+json", "annotations": {}, "text": FIXTURES["index"]}
    fixture = index if name == "index" else FIXTURES["candidates"][name]
    payload = fixture["text"].encode()
    value = {"mediaType": fixture["mediaType"], "digest": "sha256:" + digest(payload)}
    if fixture["annotations"]:
        value["annotations"] = fixture["annotations"]
    if done != "named":
        value["payload"] = base64.b64encode(payload).decode()
    data = (json.dumps(value, indent=1, sort_keys=True) + "\n").encode()
    return digest(b"other" if done == "damaged" else data), data


for case, names in TABLE.items():
    folder = CASES / case
    shutil.rmtree(folder / "evidence/sha256", ignore_errors=True)
    (folder / "judge/keys").mkdir(parents=True, exist_ok=True)
    (folder / "judge/keys/release.pub").write_text(FIXTURES["keys"]["release"])
    image = IMAGE if case != "signature-of-another-image-is-denied" else FIXTURES["other"]
    files = {}
    for name in names:
        name, _, place = name.partition("@")
        name, data = recorded(name)
        beside = folder / "evidence/sha256" / (digest(FIXTURES["index"].encode()) if place else image)
        beside.mkdir(parents=True, exist_ok=True)
        (beside / name).write_bytes(data)
        files.setdefault(beside.name, []).append("sha256:" + name)
    if case in LOCKED:
        row = {
            "digest": "sha256:" + image,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "lockedAt": "2026-11-20T10:00:00Z",
            "evidence": sorted(files.pop(image, [])),
        }
        if files:
            row["related"] = {"sha256:" + beside: sorted(own) for beside, own in sorted(files.items())}
        lock = {"version": "v1", "images": {"registry.test/shop/odoo:17.0@sha256:" + image: row}}
        (folder / "evidence/images.lock").write_text(json.dumps(lock, indent=2) + "\n")
