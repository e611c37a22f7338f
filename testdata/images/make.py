#!/usr/bin/env python3
"""Makes fixtures.json: signatures of an image that does not exist, by keys that nobody may trust.

Needs the Python package `cryptography` (45 or later). Run it where it lies. Each run makes the same bytes: keys follow
from their names, signatures from keys, and no clock is read, so that anybody can make every private key again.
"""
import base64
import datetime as dt
import hashlib
import json
import os
import struct

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

UTC = dt.timezone.utc
# Long ago: the verifier refuses log entries that are in the future by the machine's own clock.
SIGNED = dt.datetime(2020, 11, 20, 10, 0, tzinfo=UTC)
BEGIN, END = dt.datetime(2020, 1, 1, tzinfo=UTC), dt.datetime(2036, 1, 1, tzinfo=UTC)


def manifest(config):
    """Of an image without layers, and what it names as its configuration."""
    config = config.encode()
    named = {"mediaType": "application/vnd.oci.image.config.v1+json",
             "digest": "sha256:" + hashlib.sha256(config).hexdigest(), "size": len(config)}
    return json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                       "config": named, "layers": []})


CONFIGS = ['{"architecture":"amd64","os":"linux"}', '{"architecture":"arm64","os":"linux"}']
IMAGE, OTHER = (hashlib.sha256(manifest(config).encode()).hexdigest() for config in CONFIGS)
INDEX = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [
    {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "sha256:" + digest,
     "size": len(manifest(config)), "platform": json.loads(config)}
    for digest, config in zip((IMAGE, OTHER), CONFIGS)]})
REPOSITORY = "registry.test/shop/odoo"
ISSUER = "https://issuer.test"
WORKFLOW = "https://git.test/acme/odoo/.github/workflows/release.yml@refs/tags/v17.0"
SOURCE = "https://git.test/acme/odoo"
IN_TOTO = "application/vnd.in-toto+json"
SIGN = "https://sigstore.dev/cosign/sign/v1"
SIMPLE = "application/vnd.dev.cosign.simplesigning.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
ENVELOPE = "application/vnd.dsse.envelope.v1+json"

candidates, keys, roots, certificates, lists = {}, {}, {}, {}, {}


def b64(data):
    return base64.b64encode(data).decode()


def sha(data):
    return hashlib.sha256(data).digest()


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def spki(key):
    return key.public_key().public_bytes(ser.Encoding.DER, ser.PublicFormat.SubjectPublicKeyInfo)


def drawn(text, length):
    """Bytes that follow from a text and look like any others."""
    return hashlib.shake_256(b"NEVER TRUST what tidegate tests with: " + text.encode()).digest(length)


def number(text, bits):
    return int.from_bytes(drawn(text, (bits + 7) // 8), "big") >> (-bits % 8)


def curve(text, of):
    # Below the order of each curve that is used.
    return ec.derive_private_key(number(text, of.key_size - 1) or 1, of)


def p256(text):
    return curve(text, ec.SECP256R1())


def is_prime(candidate):
    """By Miller and Rabin, with enough bases for what nobody may trust."""
    odd, twos = candidate - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37):
        power = pow(base, odd, candidate)
        if power not in (1, candidate - 1) and not any(
                (power := power * power % candidate) == candidate - 1 for _ in range(twos - 1)):
            return False
    return True


def prime(text, bits):
    candidate = number(text, bits) | 3 << bits - 2 | 1
    while (candidate - 1) % E == 0 or not is_prime(candidate):
        candidate += 2
    return candidate


def rsa_key(text, bits):
    p, q = (prime(f"{text} {which}", bits // 2) for which in "pq")
    d = pow(E, -1, (p - 1) * (q - 1))
    private = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), rsa.RSAPublicNumbers(E, p * q))
    return private.private_key()


E = 65537


def ecdsa(key, data, hash=hashes.SHA256):
    return key.sign(data, ec.ECDSA(hash(), deterministic_signing=True))


def pss(key, data, salt=bytes(range(32))):
    """With a salt that is given: the library draws one."""
    private = key.private_numbers()
    modulus = private.public_numbers.n
    length = (modulus.bit_length() + 6) // 8
    digest = sha(bytes(8) + sha(data) + salt)
    block = bytes(length - len(salt) - len(digest) - 2) + b"\1" + salt
    masks = b"".join(sha(digest + struct.pack(">I", at)) for at in range(-(-len(block) // 32)))
    masked = bytearray(a ^ b for a, b in zip(block, masks))
    masked[0] &= 0xFF >> (8 * length - modulus.bit_length() + 1)
    encoded = int.from_bytes(bytes(masked) + digest + b"\xbc", "big")
    return pow(encoded, private.d, modulus).to_bytes(key.key_size // 8, "big")


def candidate(name, kind, body, annotations=None):
    text = body.decode() if isinstance(body, bytes) else body
    candidates[name] = {"mediaType": kind, "annotations": annotations or {}, "text": text}


# What is signed.

def simple(digest="sha256:" + IMAGE, kind="cosign container image signature", reference=REPOSITORY, optional=None):
    identity = {"docker-reference": reference}
    critical = {"identity": identity, "image": {"docker-manifest-digest": digest}, "type": kind}
    return canonical({"critical": critical, "optional": optional})


def statement(kind=SIGN, predicate=None, digest=IMAGE, version="v1"):
    return canonical({
        "_type": f"https://in-toto.io/Statement/{version}",
        "subject": [{"digest": {"sha256": digest}}],
        "predicateType": kind,
        "predicate": {} if predicate is None else predicate,
    })


def pae(kind, payload):
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)


def envelope(payload, sign, kind=IN_TOTO):
    return {"payloadType": kind, "payload": b64(payload), "signatures": [{"sig": b64(sign(pae(kind, payload)))}]}


def provenance(builder=WORKFLOW, source=SOURCE):
    return {
        "buildDefinition": {
            "buildType": "https://actions.test/workflow/v1",
            "externalParameters": {"workflow": {"repository": source, "ref": "refs/tags/v17.0"}},
            "resolvedDependencies": [{"uri": f"git+{source}@refs/tags/v17.0", "digest": {"gitCommit": "c" * 40}}],
        },
        "runDetails": {"builder": {"id": builder}},
    }


def scan(finished, severities, updated="2026-11-20T00:00:00Z"):
    found = [one if isinstance(one, dict) else {"Severity": one} for one in severities]
    return {
        "scanner": {
            "uri": "pkg:github/aquasecurity/trivy@0.60.0",
            "db": {"lastUpdate": updated},
            "result": {"Results": [{"Vulnerabilities": found}, {}]},
        },
        "metadata": {"scanFinishedOn": finished},
    }


def vex(status, at="2026-11-20T12:00:00Z", **more):
    statement = {"vulnerability": {"name": "CVE-2026-0001"}, "status": status, **more,
                 "products": [{"@id": "pkg:oci/odoo@sha256%3A" + IMAGE}]}
    return {"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://acme.test/vex/1", "author": "acme",
            "timestamp": at, "version": 1, "statements": [statement]}


SPDX = ("https://spdx.dev/Document", {"spdxVersion": "SPDX-2.3", "packages": [{"name": "odoo"}]})
EMPTY_SPDX = ("https://spdx.dev/Document", {"spdxVersion": "SPDX-2.3", "packages": []})
CYCLONE = ("https://cyclonedx.org/bom/v1.6", {"bomFormat": "CycloneDX", "components": [{}, {}]})
V1 = "https://slsa.dev/provenance/v1"
V02 = "https://slsa.dev/provenance/v0.2"
VULN = "https://cosign.sigstore.dev/attestation/vuln/v1"


# Signed with keys.

def legacy(name, sign, payload=None, **annotations):
    payload = simple() if payload is None else payload
    candidate(name, SIMPLE, payload, {"dev.cosignproject.cosign/signature": b64(sign(payload)), **annotations})


def key_bundle(name, sign, payload=None, kind=IN_TOTO):
    content = {"dsseEnvelope": envelope(statement() if payload is None else payload, sign, kind)}
    material = {"publicKey": {"hint": "release"}}
    candidate(name, BUNDLE, canonical({"mediaType": BUNDLE, "verificationMaterial": material, **content}))


def with_keys():
    release, other, p384 = p256("release"), p256("other"), curve("p384", ec.SECP384R1())
    ed, big = ed25519.Ed25519PrivateKey.from_private_bytes(drawn("ed25519", 32)), rsa_key("rsa", 2048)
    made = {"release": release, "other": other, "p384": p384, "ed25519": ed, "rsa": big,
            "rsa1024": rsa_key("rsa1024", 1024), "p521": curve("p521", ec.SECP521R1())}
    for name, key in made.items():
        pem = key.public_key().public_bytes(ser.Encoding.PEM, ser.PublicFormat.SubjectPublicKeyInfo)
        keys[name] = pem.decode()
    signers = {
        "p256": lambda data: ecdsa(release, data),
        "p384-sha256": lambda data: ecdsa(p384, data),
        "p384-sha384": lambda data: ecdsa(p384, data, hashes.SHA384),
        "ed25519": ed.sign,
        "rsa-pkcs1": lambda data: big.sign(data, padding.PKCS1v15(), hashes.SHA256()),
        "rsa-pss": lambda data: pss(big, data),
    }
    for name, sign in signers.items():
        legacy(f"sig-{name}", sign)
        key_bundle(f"bundle-{name}", sign)
    sign = signers["p256"]
    logged(release, sign)
    legacy("sig-by-another", lambda data: ecdsa(other, data))
    legacy("sig-other-image", sign, simple("sha256:" + OTHER))
    legacy("sig-index", sign, simple("sha256:" + sha(INDEX.encode()).hex()))
    legacy("sig-upper-case", sign, simple("sha256:" + IMAGE.upper()))
    legacy("sig-digest-list", sign, simple(["sha256:" + IMAGE]))
    legacy("sig-digest-missing", sign, simple().replace(b"docker-manifest-digest", b"digest"))
    legacy("sig-other-type", sign, simple(kind="atomic container signature"))
    legacy("sig-other-reference", sign, simple(reference="mirror.test/shop/odoo"))
    legacy("sig-prod", sign, simple(optional={"env": "prod"}))
    twice = b'"docker-manifest-digest":"sha256:%s",' % OTHER.encode()
    legacy("sig-repeated-key", sign, simple().replace(b'"docker-manifest-digest"', twice + b'"docker-manifest-digest"'))
    key_bundle("bundle-other-image", sign, statement(digest=OTHER))
    key_bundle("bundle-other-kind", sign, kind="application/vnd.acme+json")
    key_bundle("bundle-sbom", sign, statement(*SPDX))
    digest = {"algorithm": "SHA2_256", "digest": b64(bytes.fromhex(IMAGE))}
    message = {"messageDigest": digest, "signature": b64(ecdsa_digest(release, bytes.fromhex(IMAGE)))}
    material = {"publicKey": {"hint": "release"}}
    whole = {"mediaType": BUNDLE, "verificationMaterial": material, "messageSignature": message}
    candidate("bundle-message", BUNDLE, canonical(whole))
    attested(sign)


def logged(key, sign):
    """What a key signed, with its entry in the log."""
    public = b64(key.public_key().public_bytes(ser.Encoding.PEM, ser.PublicFormat.SubjectPublicKeyInfo))
    at = int(SIGNED.timestamp()) + 60
    # The same bytes would have the same signature, and an entry that fits both.
    for label, payload in (("bundle-logged", statement()), ("bundle-logged-again", statement() + b"\n")):
        made = envelope(payload, sign)
        spec = {"envelopeHash": {"algorithm": "sha256", "value": sha(canonical(made)).hex()},
                "payloadHash": {"algorithm": "sha256", "value": sha(payload).hex()},
                "signatures": [{"signature": made["signatures"][0]["sig"], "verifier": public}]}
        body = {"apiVersion": "0.0.1", "kind": "dsse", "spec": spec}
        material = {"publicKey": {"hint": ""}, "tlogEntries": [entry(body, {"kind": "dsse", "version": "0.0.1"}, at)]}
        candidate(label, BUNDLE, canonical({"mediaType": BUNDLE, "verificationMaterial": material, "dsseEnvelope": made}))
    payload = simple()
    signature = b64(sign(payload))
    spec = {"data": {"hash": {"algorithm": "sha256", "value": sha(payload).hex()}},
            "signature": {"content": signature, "publicKey": {"content": public}}}
    candidate("sig-logged", SIMPLE, payload, {
        "dev.cosignproject.cosign/signature": signature,
        "dev.sigstore.cosign/bundle": promised({"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": spec}, at)})


def promised(body, at):
    """The entry and the log's promise as cosign keeps them in an annotation."""
    body = b64(canonical(body))
    promise = {"body": body, "integratedTime": at, "logIndex": 0, "logID": REKOR_ID.hex()}
    return canonical({"SignedEntryTimestamp": b64(ecdsa(REKOR, canonical(promise))), "Payload": promise}).decode()


def ecdsa_digest(key, digest):
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
    return key.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256()), deterministic_signing=True))


def attested(sign):
    v02 = {"builder": {"id": WORKFLOW}, "buildType": "t",
           "invocation": {"configSource": {"uri": f"git+{SOURCE}@refs/tags/v17.0", "digest": {"sha1": "c" * 40}}},
           "materials": [{"uri": f"git+{SOURCE}@refs/tags/v17.0", "digest": {"sha1": "c" * 40}}]}
    made = {
        "spdx": SPDX, "spdx-empty": EMPTY_SPDX, "cyclonedx": CYCLONE,
        "provenance-v1": (V1, provenance()), "provenance-v02": (V02, v02), "provenance-empty": (V1, {}),
        "scan": (VULN, scan("2026-11-20T09:00:00Z", ["CRITICAL", "HIGH", "HIGH", "Spicy", "LOW"])),
        "scan-clean-before": (VULN, scan("2026-11-18T09:00:00Z", [])),
        "scan-clean-after": (VULN, scan("2026-11-21T09:00:00Z", [])),
        "scan-nothing": (VULN, {**scan("2026-11-20T09:00:00Z", []), "scanner": {
            "uri": "pkg:github/aquasecurity/trivy@0.60.0",
            "result": {"SchemaVersion": 2, "ArtifactName": "odoo", "ArtifactType": "container_image"}}}),
        "scan-published": (VULN, scan("2026-11-20T09:00:00Z", [
            {"VulnerabilityID": "CVE-2026-0003", "Severity": "CRITICAL", "FixedVersion": "1.2",
             "PublishedDate": "2026-11-10T00:00:00Z"}])),
        "vex": ("https://openvex.dev/ns", vex("not_affected", justification="vulnerable_code_not_in_execute_path")),
        "vex-affected": ("https://openvex.dev/ns", vex("affected", "2026-11-21T00:00:00Z")),
        "scan-future": (VULN, scan("2027-01-01T00:00:00Z", [])),
        "scan-known": (VULN, scan("2026-11-20T09:00:00Z", [
            {"VulnerabilityID": "CVE-2026-0001", "Severity": "CRITICAL", "FixedVersion": "1.2"},
            {"VulnerabilityID": "CVE-2026-0002", "Severity": "HIGH", "FixedVersion": ""}], "2026-11-10T00:00:00Z")),
        "scan-grype": (VULN, {**scan("2026-11-20T09:00:00Z", []), "scanner": {
            "uri": "pkg:github/anchore/grype@0.100.0", "result": {"matches": [
                {"vulnerability": {"id": "CVE-2026-0001", "severity": "Critical", "fix": {"state": "fixed"}}},
                {"vulnerability": {"id": "CVE-2026-0002", "severity": "High", "fix": {"state": "not-fixed"}}}]}}}),
        "scan-unread": (VULN, {**scan("2026-11-20T09:00:00Z", []), "scanner": {
            "uri": "pkg:github/anchore/grype@0.100.0", "result": "none"}}),
        "predicate-list": (VULN, []),
    }
    made["scan-of-index"] = made["scan-clean-after"]
    made["scan-known-of-index"] = (VULN, scan("2026-11-21T10:00:00Z", [
        {"VulnerabilityID": "CVE-2026-0001", "Severity": "CRITICAL", "FixedVersion": "1.2"}]))
    for name, (kind, predicate) in made.items():
        digest = sha(INDEX.encode()).hex() if name.endswith("-of-index") else IMAGE
        candidate(f"att-{name}", ENVELOPE, canonical(envelope(statement(kind, predicate, digest, "v0.1"), sign)),
                  {"dev.cosignproject.cosign/signature": ""})
    other = envelope(statement(*SPDX, digest=OTHER, version="v0.1"), sign)
    candidate("att-spdx-other-image", ENVELOPE, canonical(other))
    whole = json.loads(statement(*SPDX, version="v0.1"))
    del whole["predicate"]
    candidate("att-predicate-missing", ENVELOPE, canonical(envelope(canonical(whole), sign)))


# A private Sigstore: certificate authority, certificate log, transparency log, time stamp authority.

def name(text):
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "tidegate tests"),
                      x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate(subject, key, issuer, issuer_key, begin, end, extensions):
    builder = x509.CertificateBuilder(issuer_name=issuer, subject_name=subject, public_key=key.public_key(),
                                      serial_number=serial_number(key, issuer_key), not_valid_before=begin,
                                      not_valid_after=end)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256(), ecdsa_deterministic=True)


def serial_number(key, issuer_key):
    return number((spki(key) + spki(issuer_key)).hex(), 120) or 1


def usage(**true):
    names = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"]
    return x509.KeyUsage(**{name: true.get(name, False) for name in names})


class Authority:
    """A root and an intermediate that issues."""

    def __init__(self, text, eku, end=END, whose=""):
        begin, late = BEGIN, END
        self.root_key, self.key = p256(f"{text} root{whose}"), p256(f"{text} intermediate{whose}")
        self.root_name, self.name = name(text + " root"), name(text)
        can = [(usage(key_cert_sign=True, crl_sign=True), True)]
        self.root = certificate(self.root_name, self.root_key, self.root_name, self.root_key, begin, late,
                                [(x509.BasicConstraints(True, 1), True), *can])
        self.certificate = certificate(self.name, self.key, self.root_name, self.root_key, begin, end,
                                       [(x509.BasicConstraints(True, 0), True), *can,
                                        (x509.ExtendedKeyUsage([eku]), False)])

    def chain(self):
        return {"certificates": [{"rawBytes": b64(one.public_bytes(ser.Encoding.DER))}
                                 for one in (self.certificate, self.root)]}


def utf8(text):
    data = text.encode()
    length = bytes([len(data)]) if len(data) < 128 else bytes([0x81, len(data)])
    return b"\x0c" + length + data


def fulcio(number, text):
    oid = ObjectIdentifier(f"1.3.6.1.4.1.57264.1.{number}")
    return x509.UnrecognizedExtension(oid, utf8(text)), False


CT, REKOR = p256("certificate log"), p256("transparency log")
REKOR_ID = sha(spki(REKOR))
TSA = Authority("time", ExtendedKeyUsageOID.TIME_STAMPING)
TSA_KEY = p256("time stamps")


def leaf(ca, key, san, begin, end, sct=True, source=SOURCE):
    extensions = [
        (x509.SubjectAlternativeName([san]), True), (usage(digital_signature=True), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False),
        (x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.57264.1.1"), ISSUER.encode()), False),
        fulcio(8, ISSUER), fulcio(9, WORKFLOW), fulcio(11, "hosted"), fulcio(12, source),
        fulcio(13, "c" * 40), fulcio(14, "refs/tags/v17.0"), fulcio(20, "push"),
    ]
    serial = serial_number(key, ca.key)

    def build(more):
        builder = x509.CertificateBuilder(issuer_name=ca.name, subject_name=x509.Name([]), public_key=key.public_key(),
                                          serial_number=serial, not_valid_before=begin, not_valid_after=end)
        for extension, critical in extensions + more:
            builder = builder.add_extension(extension, critical)
        return builder.sign(ca.key, hashes.SHA256(), ecdsa_deterministic=True)

    if not sct:
        return build([])
    tbs = build([]).tbs_certificate_bytes
    stamp = int(begin.timestamp() * 1000)
    signed = struct.pack(">BBQH", 0, 0, stamp, 1) + sha(spki(ca.key)) + struct.pack(">I", len(tbs))[1:] + tbs + b"\0\0"
    signature = ecdsa(CT, signed)
    one = struct.pack(">B32sQHBBH", 0, sha(spki(CT)), stamp, 0, 4, 3, len(signature)) + signature
    all = struct.pack(">HH", len(one) + 2, len(one)) + one
    value = b"\x04" + (bytes([len(all)]) if len(all) < 128 else bytes([0x81, len(all)])) + all
    return build([(x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2"), value), False)])


def entry(body, version, at=None):
    """A log of one leaf, with its checkpoint, and the promise where the log still gives a time."""
    body = canonical(body)
    root = sha(b"\0" + body)
    # The name of the tree, by which a log of the first version is known.
    origin = "log.test" if at is None else "log.test - 1"
    note = f"{origin}\n1\n{b64(root)}\n"
    note += f"\n— log.test {b64(REKOR_ID[:4] + ecdsa(REKOR, note.encode()))}\n"
    made = {
        "logIndex": "0", "logId": {"keyId": b64(REKOR_ID)}, "kindVersion": version, "canonicalizedBody": b64(body),
        "inclusionProof": {"logIndex": "0", "rootHash": b64(root), "treeSize": "1", "hashes": [],
                           "checkpoint": {"envelope": note}},
    }
    if at is not None:
        promise = {"body": b64(body), "integratedTime": at, "logIndex": 0, "logID": REKOR_ID.hex()}
        made["integratedTime"] = str(at)
        made["inclusionPromise"] = {"signedEntryTimestamp": b64(ecdsa(REKOR, canonical(promise)))}
    return made


def pem(cert):
    return cert.public_bytes(ser.Encoding.PEM)


def keyless(label, ca, san=x509.UniformResourceIdentifier(WORKFLOW), begin=SIGNED, minutes=10, at=None, payload=None,
            log=1, **how):
    key = p256(label)
    end = begin + dt.timedelta(minutes=minutes)
    cert = leaf(ca, key, san, begin, end, **how)
    payload = statement() if payload is None else payload
    made = envelope(payload, lambda data: ecdsa(key, data))
    signature = base64.b64decode(made["signatures"][0]["sig"])
    material = {"certificate": {"rawBytes": b64(cert.public_bytes(ser.Encoding.DER))}}
    if log == 1:
        at = int((at or begin + dt.timedelta(minutes=1)).timestamp())
        spec = {"envelopeHash": {"algorithm": "sha256", "value": sha(canonical(made)).hex()},
                "payloadHash": {"algorithm": "sha256", "value": sha(payload).hex()},
                "signatures": [{"signature": b64(signature), "verifier": b64(pem(cert))}]}
        body = {"apiVersion": "0.0.1", "kind": "dsse", "spec": spec}
        material["tlogEntries"] = [entry(body, {"kind": "dsse", "version": "0.0.1"}, at)]
    else:
        spec = {"data": {"algorithm": "SHA2_256", "digest": b64(sha(pae(IN_TOTO, payload)))},
                "signature": {"content": b64(signature),
                              "verifier": {"keyDetails": "PKIX_ECDSA_P256_SHA_256", "x509Certificate": material["certificate"]}}}
        body = {"apiVersion": "0.0.2", "kind": "hashedrekord", "spec": {"hashedRekordV002": spec}}
        material["tlogEntries"] = [entry(body, {"kind": "hashedrekord", "version": "0.0.2"})]
        material["timestampVerificationData"] = {"rfc3161Timestamps": [{"signedTimestamp": b64(stamp(signature, begin + dt.timedelta(minutes=1)))}]}
    whole = {"mediaType": BUNDLE, "verificationMaterial": material, "dsseEnvelope": made}
    candidate(label, BUNDLE, canonical(whole))


def keyless_legacy(label, ca):
    key, payload = p256(label), simple()
    cert = leaf(ca, key, x509.UniformResourceIdentifier(WORKFLOW), SIGNED, SIGNED + dt.timedelta(minutes=10))
    signature = ecdsa(key, payload)
    spec = {"data": {"hash": {"algorithm": "sha256", "value": sha(payload).hex()}},
            "signature": {"content": b64(signature), "publicKey": {"content": b64(pem(cert))}}}
    kept = promised({"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": spec}, int(SIGNED.timestamp()) + 60)
    candidate(label, SIMPLE, payload, {
        "dev.cosignproject.cosign/signature": b64(signature), "dev.sigstore.cosign/certificate": pem(cert).decode(),
        "dev.sigstore.cosign/chain": (pem(ca.certificate) + pem(ca.root)).decode(),
        "dev.sigstore.cosign/bundle": kept})


def der(tag, *parts):
    data = b"".join(parts)
    length = len(data).to_bytes((len(data).bit_length() + 7) // 8 or 1, "big")
    return bytes([tag]) + (length if len(data) < 128 else bytes([0x80 | len(length)]) + length) + data


def integer(value):
    return der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(text):
    first, second, *more = map(int, text.split("."))
    data = b""
    for arc in (40 * first + second, *more):
        digits = [arc & 127]
        while arc := arc >> 7:
            digits.insert(0, 128 | arc & 127)
        data += bytes(digits)
    return der(6, data)


def token(signature, at, accuracy=b"", by=None, fraction="", digest=None, named=b"\x2f", more=b"", others=()):
    """A time stamp after RFC 3161. openssl would ask the clock."""
    cert, key = by or (TSA_LEAF, TSA_KEY)
    sha256, stamped = der(0x30, oid("2.16.840.1.101.3.4.2.1"), b"\5\0"), oid("1.2.840.113549.1.9.16.1.4")
    when = (at.strftime("%Y%m%d%H%M%S") + fraction + "Z").encode()
    info = der(0x30, integer(1), oid("1.3.6.1.4.1.57264.2"), der(0x30, sha256, der(4, sha(signature))),
               integer(number(signature.hex(), 64)), der(0x18, when), accuracy, more)
    issued = cert.public_bytes(ser.Encoding.DER)
    attributes = [
        der(0x30, oid("1.2.840.113549.1.9.3"), der(0x31, stamped)),
        der(0x30, oid("1.2.840.113549.1.9.4"), der(0x31, der(4, digest or sha(info)))),
        der(0x30, oid("1.2.840.113549.1.9.5"), der(0x31, der(0x17, at.strftime("%y%m%d%H%M%SZ").encode()))),
    ]
    if named:
        first = sha(issued) if named == b"\x2f" else hashlib.sha1(issued).digest()
        attributes.append(der(0x30, oid("1.2.840.113549.1.9.16.2.%d" % named[0]),
                              der(0x31, der(0x30, der(0x30, der(0x30, der(4, first)))))))
    attributes = sorted(attributes)
    who = der(0x30, cert.issuer.public_bytes(), integer(cert.serial_number))
    if isinstance(key, rsa.RSAPrivateKey):
        how, signed = der(0x30, oid("1.2.840.113549.1.1.1"), b"\5\0"), key.sign(
            der(0x31, *attributes), padding.PKCS1v15(), hashes.SHA256())
    else:
        how, signed = der(0x30, oid("1.2.840.10045.4.3.2")), ecdsa(key, der(0x31, *attributes))
    signer = der(0x30, integer(1), who, sha256, der(0xA0, *attributes), how, der(4, signed))
    whole = der(0x30, integer(3), der(0x31, sha256), der(0x30, stamped, der(0xA0, der(4, info))),
                der(0xA0, issued, *others), der(0x31, signer))
    return der(0x30, oid("1.2.840.113549.1.7.2"), der(0xA0, whole))


def stamp(signature, at):
    """As its authority answers."""
    return der(0x30, der(0x30, integer(0)), token(signature, at))


TSA_LEAF = certificate(name("time stamps"), TSA_KEY, TSA.name, TSA.key, BEGIN, END,
                       [(x509.BasicConstraints(False, None), True), (usage(digital_signature=True), True),
                        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True)])


def trusted_root(*authorities, tsa=True):
    since = {"start": BEGIN.strftime("%Y-%m-%dT%H:%M:%SZ")}

    def log(key, url):
        return {"baseUrl": url, "hashAlgorithm": "SHA2_256", "logId": {"keyId": b64(sha(spki(key)))},
                "publicKey": {"rawBytes": b64(spki(key)), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": since}}

    def authority(chain):
        return {"subject": {"organization": "tidegate tests", "commonName": "tests"}, "uri": "https://ca.test",
                "certChain": chain, "validFor": since}

    stamps = TSA.chain()
    stamps["certificates"].insert(0, {"rawBytes": b64(TSA_LEAF.public_bytes(ser.Encoding.DER))})
    return {"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [log(REKOR, "https://log.test")], "ctlogs": [log(CT, "https://ct.test")],
            "certificateAuthorities": [authority(one.chain()) for one in authorities],
            "timestampAuthorities": [authority(stamps)] if tsa else []}


def with_certificates():
    signing = ExtendedKeyUsageOID.CODE_SIGNING
    ca, mine = Authority("ca", signing), Authority("ca", signing, whose=" of another")
    old = Authority("old ca", signing, end=SIGNED - dt.timedelta(days=1))
    roots["private"] = trusted_root(ca)
    roots["old-intermediate"] = trusted_root(old)
    keyless("keyless", ca)
    keyless("keyless-again", ca)
    keyless_legacy("keyless-sig", ca)
    keyless("keyless-late", ca, at=SIGNED + dt.timedelta(hours=1))
    keyless("keyless-old-intermediate", old)
    keyless("keyless-no-sct", ca, sct=False)
    keyless("keyless-own-ca", mine)
    keyless("keyless-email", ca, san=x509.RFC822Name("release@acme.test"))
    keyless("keyless-lookalike", ca, san=x509.UniformResourceIdentifier("https://evil.test/?" + WORKFLOW))
    keyless("keyless-other-image", ca, payload=statement(digest=OTHER))
    keyless("keyless-provenance", ca, payload=statement(V1, provenance()))
    keyless("keyless-provenance-builder", ca, payload=statement(V1, provenance(builder=WORKFLOW + ".1")))
    keyless("keyless-provenance-source", ca, payload=statement(V1, provenance(source=SOURCE + "-evil")))
    keyless("keyless-v2", ca, log=2)
    keyless("keyless-v2-again", ca, log=2)


# What an attacker makes of good ones. By names, so that cosign can be asked about the same bytes.

def tampered():
    def edited(label, name, edit):
        one = json.loads(json.dumps(candidates[name]))
        whole = json.loads(one["text"])
        edit(whole, one)
        one["text"] = canonical(whole).decode()
        candidates[label] = one

    def log(edit):
        return lambda whole, one: edit(whole["verificationMaterial"]["tlogEntries"][0])

    def text(label, name, edit):
        one = json.loads(json.dumps(candidates[name]))
        edit(one)
        candidates[label] = one

    def other_entry(whole, one):
        other = json.loads(candidates["keyless-again"]["text"])
        whole["verificationMaterial"]["tlogEntries"] = other["verificationMaterial"]["tlogEntries"]

    def other_stamp(whole, one):
        other = json.loads(candidates["keyless-v2-again"]["text"])
        part = "timestampVerificationData"
        whole["verificationMaterial"][part] = other["verificationMaterial"][part]

    def relabelled(version):
        def edit(whole, one):
            whole["mediaType"] = one["mediaType"] = f"application/vnd.dev.sigstore.bundle+json;version={version}"
            whole["verificationMaterial"]["tlogEntries"][0].pop("inclusionProof")
        return edit

    def turned(encoded):
        data = bytearray(base64.b64decode(encoded))
        data[-1] ^= 1
        return b64(bytes(data))

    signatures = lambda whole: whole["dsseEnvelope"]["signatures"]
    edited("keyless-foreign-entry", "keyless", other_entry)
    edited("keyless-promise", "keyless", log(lambda it: it["inclusionPromise"].update(
        signedEntryTimestamp=turned(it["inclusionPromise"]["signedEntryTimestamp"]))))
    edited("keyless-moved", "keyless", log(lambda it: it.update(integratedTime=str(int(it["integratedTime"]) + 1))))
    edited("keyless-root-hash", "keyless", log(lambda it: it["inclusionProof"].update(
        rootHash=turned(it["inclusionProof"]["rootHash"]))))
    edited("keyless-checkpoint", "keyless", log(lambda it: it["inclusionProof"]["checkpoint"].update(
        envelope=it["inclusionProof"]["checkpoint"]["envelope"].replace("\n1\n", "\n2\n", 1))))
    edited("keyless-no-entry", "keyless", lambda whole, one: whole["verificationMaterial"].pop("tlogEntries"))
    edited("keyless-relabelled-0.1", "keyless", relabelled("0.1"))
    edited("keyless-relabelled-0.2", "keyless", relabelled("0.2"))
    edited("keyless-v2-no-stamp", "keyless-v2",
           lambda whole, one: whole["verificationMaterial"].pop("timestampVerificationData"))
    edited("keyless-v2-other-stamp", "keyless-v2", other_stamp)
    edited("bundle-no-signature", "bundle-p256", lambda whole, one: signatures(whole).clear())
    edited("bundle-two-signatures", "bundle-p256", lambda whole, one: signatures(whole).append(signatures(whole)[0]))
    edited("bundle-turned", "bundle-p256", lambda whole, one: signatures(whole)[0].update(
        sig=turned(signatures(whole)[0]["sig"])))
    own = "dev.cosignproject.cosign/signature"
    text("sig-empty", "sig-p256", lambda one: one["annotations"].update({own: ""}))
    text("sig-cut", "sig-p256", lambda one: one["annotations"].update({own: one["annotations"][own][:-4]}))
    text("sig-blank", "sig-p256", lambda one: one["annotations"].update({own: one["annotations"][own] + " "}))
    text("sig-changed", "sig-p256", lambda one: one.update(text=one["text"].replace("shop/odoo", "evil/odoo")))


# Notation: a JWS, and certificates of a company.

NOTATION = "io.cncf.notary."


def url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def joined(key, data, hash=hashes.SHA256):
    """The two numbers of an ECDSA signature, as JWS joins them."""
    size = key.key_size // 8
    return b"".join(n.to_bytes(size, "big") for n in decode_dss_signature(ecdsa(key, data, hash)))


def company(whose="acme"):
    key, subject = p256(f"{whose} root"), x509.Name([
        x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, whose),
        x509.NameAttribute(NameOID.COMMON_NAME, "root")])
    return key, certificate(subject, key, subject, key, BEGIN, END, [
        (x509.BasicConstraints(True, 1), True), (usage(key_cert_sign=True, crl_sign=True), True)])


def between(root, end):
    """An authority below a company's root."""
    key, subject = p256("acme between"), x509.Name([
        x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "acme"),
        x509.NameAttribute(NameOID.COMMON_NAME, "between")])
    return key, certificate(subject, key, root[1].subject, root[0], BEGIN, end, [
        (x509.BasicConstraints(True, 0), True), (usage(key_cert_sign=True, crl_sign=True), True)])


def signer(key, root, common="release", organization="acme", end=END, critical=True, use=None, purposes=None):
    purposes = [ExtendedKeyUsageOID.CODE_SIGNING] if purposes is None else purposes
    subject = x509.Name([
        x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
        x509.NameAttribute(NameOID.COMMON_NAME, common)])
    extensions = [(x509.BasicConstraints(False, None), True), (use or usage(digital_signature=True), critical)]
    if purposes:
        extensions.append((x509.ExtendedKeyUsage(purposes), False))
    return certificate(subject, key, root[1].subject, root[0], BEGIN, end, extensions)


def notation(name, sign, chain, alg="ES256", target=None, header=None, crit=(), outside=None, more=None):
    image = manifest(CONFIGS[0]).encode()
    descriptor = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "sha256:" + IMAGE,
                  "size": len(image), **(target or {})}
    protected = {"alg": alg, "cty": "application/vnd.cncf.notary.payload.v1+json",
                 "crit": [NOTATION + "signingScheme", *crit], NOTATION + "signingScheme": "notary.x509",
                 NOTATION + "signingTime": "2020-11-20T10:00:00Z", **(header or {})}
    protected, payload = url(canonical(protected)), url(canonical({"targetArtifact": descriptor}))
    signature = sign(f"{protected}.{payload}".encode())
    outside = outside(signature) if callable(outside) else outside
    x5c = [b64(one.public_bytes(ser.Encoding.DER)) for one in chain]
    candidate(name, "application/jose+json", canonical({
        "payload": payload, "protected": protected, "signature": url(signature),
        "header": {"x5c": x5c, **(outside or {})}, **(more or {})}))


# What authorities revoked.

def revocations(issuer, key, *revoked, end=END, begin=SIGNED, whole=True):
    """A list; of each revoked certificate the reason, and from when on it was in other hands."""
    builder = x509.CertificateRevocationListBuilder(issuer_name=issuer, last_update=begin, next_update=end)
    for cert, reason, since in revoked:
        one = x509.RevokedCertificateBuilder(cert.serial_number, SIGNED).add_extension(x509.CRLReason(reason), False)
        if since:
            one = one.add_extension(x509.InvalidityDate(since), False)
        builder = builder.add_revoked_certificate(one.build())
    if not whole:
        builder = builder.add_extension(x509.IssuingDistributionPoint(None, None, True, False, None, False, False), True)
    made = builder.sign(key, hashes.SHA256(), ecdsa_deterministic=True)
    return made.public_bytes(ser.Encoding.PEM).decode()


def with_lists(root, own, ended):
    compromise, hold = x509.ReasonFlags.key_compromise, x509.ReasonFlags.certificate_hold
    day = dt.timedelta(days=1)
    name, key = root[1].subject, root[0]
    both = lambda reason, since=None: [(own, reason, since), (ended, reason, since)]
    old = dt.datetime(2026, 11, 1, tzinfo=UTC)
    lists.update({
        "none": revocations(name, key), "revoked": revocations(name, key, *both(compromise)),
        "revoked-after": revocations(name, key, *both(compromise, SIGNED + day)),
        "revoked-before": revocations(name, key, *both(compromise, SIGNED - day)),
        "held": revocations(name, key, *both(hold)),
        "old": revocations(name, key, end=old), "old-held": revocations(name, key, *both(hold), end=old),
        "old-revoked": revocations(name, key, *both(compromise), end=old),
        "early": revocations(name, key, begin=END - day),
        "by-another": revocations(name, p256("evil root")),
        "part": revocations(name, key, whole=False),
        "time-root": revocations(TSA.root_name, TSA.root_key), "time": revocations(TSA.name, TSA.key),
        "time-revoked": revocations(TSA.name, TSA.key, (TSA_LEAF, x509.ReasonFlags.superseded, END - day)),
    })


def with_stamps(sign, key, root, ended):
    """Signatures whose certificate has ended, with time stamps."""
    chain = [ended, root[1]]
    others = [one.public_bytes(ser.Encoding.DER) for one in (TSA.certificate, TSA.root)]
    big = rsa_key("rsa", 2048)

    def stamps(label, subject, whose=None, purposes=(ExtendedKeyUsageOID.TIME_STAMPING,), critical=True):
        ca = whose or TSA
        return certificate(name(subject), label, ca.name, ca.key, BEGIN, END, [
            (x509.BasicConstraints(False, None), True), (usage(digital_signature=True), True),
            (x509.ExtendedKeyUsage(list(purposes)), critical)])

    def stamped(label, at=SIGNED, of=None, edit=None, **how):
        def outside(signature):
            made = token(of or signature, at, others=how.pop("others", others), **how)
            return {NOTATION + "timestampSignature": b64(edit(made) if edit else made)}
        notation("notation-stamp" + label, sign, chain, outside=outside)

    end = dt.datetime(2026, 11, 1, tzinfo=UTC)
    second = dt.timedelta(seconds=1)
    stamped("")
    stamped("-rsa", by=(stamps(big, "RSA"), big))
    stamped("-sha1", named=b"\x0c")
    stamped("-fraction", fraction=".25")
    stamped("-accuracy", accuracy=der(0x30, integer(1), b"\x80\x02\x01\xf4"))
    stamped("-late", at=end + second)
    stamped("-inexact", at=end - second, accuracy=der(0x30, integer(5)))
    stamped("-other", of=b"another signature")
    stamped("-turned", edit=lambda made: made[:-1] + bytes([made[-1] ^ 1]))
    stamped("-content", digest=sha(b"another"))
    stamped("-unnamed", named=b"")
    stamped("-alone", others=())
    stamped("-critical", more=der(0xA1, der(0x30, oid("1.3.6.1.4.1.57264.9"), b"\1\1\xff", der(4, b"x"))))
    stamped("-optional", more=der(0xA1, der(0x30, oid("1.3.6.1.4.1.57264.9"), der(4, b"x"))))
    mine = Authority("time", ExtendedKeyUsageOID.TIME_STAMPING, whose=" of another")
    stamped("-foreign", by=(stamps(TSA_KEY, "foreign", mine), TSA_KEY))
    signing = ExtendedKeyUsageOID.CODE_SIGNING
    stamped("-two-purposes", by=(stamps(TSA_KEY, "both", purposes=[ExtendedKeyUsageOID.TIME_STAMPING, signing]), TSA_KEY))
    stamped("-other-purpose", by=(stamps(TSA_KEY, "signing", purposes=[signing]), TSA_KEY))
    stamped("-not-critical", by=(stamps(TSA_KEY, "loose", critical=False), TSA_KEY))
    certificates["time"] = TSA.root.public_bytes(ser.Encoding.PEM).decode()


def with_notation():
    root, other = company(), company("evil")
    for label, one in (("acme", root), ("evil", other)):
        certificates[label] = one[1].public_bytes(ser.Encoding.PEM).decode()
    key, p384, big = p256("acme release"), curve("acme p384", ec.SECP384R1()), rsa_key("rsa", 2048)
    sign = lambda data: joined(key, data)
    own = [signer(key, root), root[1]]
    notation("notation", sign, own)
    notation("notation-es384", lambda data: joined(p384, data, hashes.SHA384), [signer(p384, root), root[1]], "ES384")
    notation("notation-ps256", lambda data: pss(big, data), [signer(big, root), root[1]], "PS256")
    notation("notation-rs256", lambda data: big.sign(data, padding.PKCS1v15(), hashes.SHA256()),
             [signer(big, root), root[1]], "RS256")
    notation("notation-pkcs1", lambda data: big.sign(data, padding.PKCS1v15(), hashes.SHA256()),
             [signer(big, root), root[1]], "PS256")
    notation("notation-none", lambda data: b"none", own, "none")
    notation("notation-other-alg", sign, own, "ES384")
    notation("notation-asn1", lambda data: ecdsa(key, data), own)
    notation("notation-other-key", lambda data: joined(p256("other"), data), own)
    notation("notation-critical", sign, own, crit=["acme.note"], header={"acme.note": "x"})
    notation("notation-critical-missing", sign, own, header={"crit": []})
    notation("notation-plugin", sign, own, header={NOTATION + "verificationPlugin": "acme"})
    notation("notation-expiring", sign, own, crit=[NOTATION + "expiry"],
             header={NOTATION + "expiry": "2026-12-01T00:00:01Z"})
    notation("notation-expiry-not-critical", sign, own, header={NOTATION + "expiry": "2030-01-01T00:00:00Z"})
    notation("notation-authority", sign, own, header={NOTATION + "signingScheme": "notary.x509.signingAuthority"})
    notation("notation-other-payload", sign, own, header={"cty": "application/json"})
    notation("notation-other-chain", sign, [signer(key, other, organization="acme"), other[1]])
    notation("notation-foreign-root", sign, [signer(key, other), root[1]])
    notation("notation-alone", sign, own[:1])
    notation("notation-other-name", sign, [signer(key, root, organization="acme, O=evil"), root[1]])
    ended = [signer(key, root, end=dt.datetime(2026, 11, 1, tzinfo=UTC)), root[1]]
    notation("notation-ended", sign, ended)
    soon = dt.datetime(2035, 1, 1, tzinfo=UTC)
    notation("notation-short", sign, [signer(key, root, end=soon), root[1]])
    first, second = between(root, soon), between(root, dt.datetime(2035, 6, 1, tzinfo=UTC))
    below = signer(key, first)
    notation("notation-between", sign, [below, first[1], root[1]])
    notation("notation-between-twice", sign, [below, first[1], second[1], root[1]])
    with_stamps(sign, key, root, ended[0])
    with_lists(root, own[0], ended[0])
    notation("notation-stamped", sign, ended, outside={NOTATION + "timestampSignature": b64(b"token")})
    notation("notation-no-purpose", sign, [signer(key, root, purposes=[]), root[1]])
    notation("notation-for-servers", sign, [signer(key, root, purposes=[
        ExtendedKeyUsageOID.CODE_SIGNING, ExtendedKeyUsageOID.SERVER_AUTH]), root[1]])
    notation("notation-usage-not-critical", sign, [signer(key, root, critical=False), root[1]])
    notation("notation-for-certificates", sign, [
        signer(key, root, use=usage(digital_signature=True, key_cert_sign=True)), root[1]])
    notation("notation-other-image", sign, own, target={"digest": "sha256:" + OTHER})
    notation("notation-other-size", sign, own, target={"size": 1})
    notation("notation-other-type", sign, own, target={"mediaType": "application/vnd.oci.image.index.v1+json"})
    notation("notation-no-type", sign, own, target={"mediaType": ""})
    notation("notation-two-signatures", sign, own, more={"signatures": []})


with_keys()
with_certificates()
tampered()
with_notation()
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures.json"), "w") as out:
    everything = {"config": CONFIGS[0], "manifest": manifest(CONFIGS[0]), "image": IMAGE, "other": OTHER, "index": INDEX,
                  "keys": keys, "roots": roots, "certificates": certificates, "lists": lists,
                  "candidates": candidates}
    json.dump(everything, out, indent=1, sort_keys=True)
    out.write("\n")
