#!/usr/bin/env python3
"""What cosign makes of images, with keys and without any log.

    cosign.py sign COSIGN REGISTRY      makes cosign.json: what it pushes beside an image when it signs and attests
    cosign.py verify COSIGN REGISTRY    makes agreement.json: what it says to the signatures in fixtures.json, by keys and by certificates
    cosign.py compare COSIGN REGISTRY   fails where it says something else than agreement.json, and prints how many cases there are

REGISTRY is the small registry of `.ci/registries`. The keys are thrown away; each run makes others. Needs `openssl`.
"""
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

COMMAND, COSIGN, REGISTRY = sys.argv[1:4]
HERE = os.path.dirname(os.path.abspath(__file__))
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
REPOSITORY = "shop/odoo"
KEYS = {"p256": ["ec", "ec_paramgen_curve:P-256"], "p384": ["ec", "ec_paramgen_curve:P-384"],
        "rsa": ["rsa", "rsa_keygen_bits:2048"], "ed25519": ["ed25519"]}
QUIET = ["--use-signing-config=false", "--tlog-upload=false", "--allow-http-registry", "-y"]
PREDICATES = {
    "spdxjson": {"spdxVersion": "SPDX-2.3", "packages": [{"name": "odoo"}]},
    "cyclonedx": {"bomFormat": "CycloneDX", "components": [{"name": "odoo"}]},
    "slsaprovenance1": {"buildDefinition": {"buildType": "t", "externalParameters": {"source": "git+https://git.test/a"}},
                        "runDetails": {"builder": {"id": "https://builder.test"}}},
    "vuln": {"scanner": {"uri": "trivy", "version": "1", "db": {"uri": "", "version": ""},
                         "result": {"Results": [{"Vulnerabilities": [{"Severity": "HIGH"}]}]}},
             "metadata": {"scanStartedOn": "2026-11-20T08:00:00Z", "scanFinishedOn": "2026-11-20T09:00:00Z"}},
}


def main(folder):
    server = subprocess.Popen([REGISTRY, "-referrers"], stdout=subprocess.PIPE, text=True)
    try:
        base = "http://" + server.stdout.readline().strip() + "/v2/"
        {"sign": record, "verify": agree, "compare": compare}[COMMAND](folder, base)
    finally:
        server.terminate()
        server.wait()


def agree(folder, base):
    save("agreement.json", answers(folder, base))


def compare(folder, base):
    with open(os.path.join(HERE, "agreement.json")) as kept:
        kept = json.load(kept)
    now = answers(folder, base)
    apart = sorted(case for case in kept.keys() | now.keys() if kept.get(case) != now.get(case))
    for case in apart:
        print(f"{case}: cosign says {now.get(case)}, agreement.json {kept.get(case)}")
    print(f"{len(now)} cases, {sum(now.values())} accepted")
    if apart:
        raise SystemExit("agreement.json is not what cosign says: look at the difference, then run `verify`")


def answers(folder, base):
    with open(os.path.join(HERE, "fixtures.json")) as fixtures:
        fixtures = json.load(fixtures)
    accepts = {}
    config, manifest = fixtures["config"].encode(), fixtures["manifest"].encode()
    digest = "sha256:" + fixtures["image"]
    for number, (name, key) in enumerate((name, key) for name in fixtures["candidates"] for key in asked(name)):
        repository = base + f"t/{number}"
        blob(repository, config)
        ask(repository + "/manifests/" + digest, "PUT", manifest, MANIFEST)
        candidate = fixtures["candidates"][name]
        beside(repository, digest, len(manifest), candidate)
        form = [] if "bundle" in candidate["mediaType"] else ["--new-bundle-format=false"]
        image = repository[len("http://"):].replace("/v2/", "/") + "@" + digest
        words = by_key(folder, fixtures["keys"][key]) if key != "keyless" else by_name(folder, fixtures["roots"], name)
        accepts[f"{name} {key}"] = run(folder, "verify", *words, "--allow-http-registry", *form, image)
    return accepts


def by_key(folder, key):
    with open(os.path.join(folder, "key.pub"), "w") as out:
        out.write(key)
    return ["--key", "key.pub", "--insecure-ignore-tlog"]


def by_name(folder, roots, name):
    """As the tests ask for it: the root that would have to vouch, the workflow, and who vouched for its login."""
    with open(os.path.join(folder, "root.json"), "w") as out:
        json.dump(roots["old-intermediate" if "old-intermediate" in name else "private"], out)
    workflow = "^https://git.test/acme/odoo/.github/workflows/release.yml@refs/tags/v.+$"
    return ["--trusted-root", "root.json", "--certificate-oidc-issuer", "https://issuer.test",
            "--certificate-identity-regexp", workflow]


def asked(name):
    """The key that made it, and for one of them another; or whom a certificate names."""
    if name.startswith("keyless"):
        return ["keyless"]
    if name.startswith(("att-", "notation")) or name.endswith(("-logged", "-again")):
        return []
    own = [key for key in ("p384", "ed25519", "rsa") if key in name] or ["release"]
    return own + (["other"] if name == "bundle-p256" else [])


def beside(repository, digest, size, candidate):
    """Pushes a candidate as cosign would: under the tag of old, or as what refers to the image."""
    layer = blob(repository, candidate["text"].encode()) | {"mediaType": candidate["mediaType"],
                                                            "annotations": candidate["annotations"]}
    made = {"schemaVersion": 2, "mediaType": MANIFEST, "config": blob(repository, b"{}"), "layers": [layer]}
    if "bundle" not in candidate["mediaType"]:
        tag = digest.replace(":", "-") + ".sig"
        ask(repository + "/manifests/" + tag, "PUT", json.dumps(made).encode(), MANIFEST)
        return
    made |= {"artifactType": candidate["mediaType"], "subject": {"mediaType": MANIFEST, "digest": digest, "size": size},
             "annotations": {"dev.sigstore.bundle.content": "dsse-envelope",
                             "dev.sigstore.bundle.predicateType": "https://sigstore.dev/cosign/sign/v1"}}
    made = json.dumps(made).encode()
    ask(repository + "/manifests/sha256:" + hashlib.sha256(made).hexdigest(), "PUT", made, MANIFEST)


def record(folder, base):
    base += REPOSITORY
    digests, keys, layers = {}, {}, {}
    for number, (name, how) in enumerate(KEYS.items()):
        digests[name] = push(base, number)
        image = base[len("http://"):].replace("/v2/", "/") + "@" + digests[name]
        keys[name] = key(folder, name, how)
        for form in ([], ["--new-bundle-format=false"]):
            must(folder, "sign", "--key", f"{name}.key", "-a", "env=prod", *form, *QUIET, image)
            for kind, predicate in PREDICATES.items() if name == "p256" else ():
                with open(os.path.join(folder, "predicate"), "w") as out:
                    json.dump(predicate, out)
                must(folder, "attest", "--key", f"{name}.key", "--type", kind, "--predicate", "predicate", *form, *QUIET, image)
        layers[name] = pull(base, digests[name])
    save("cosign.json", {"images": digests, "keys": keys, "layers": layers})


def save(name, value):
    with open(os.path.join(HERE, name), "w") as out:
        json.dump(value, out, indent=1, sort_keys=True)
        out.write("\n")


def key(folder, name, how):
    options = [word for option in how[1:] for word in ("-pkeyopt", option)]
    pem = os.path.join(folder, name + ".pem")
    subprocess.run(["openssl", "genpkey", "-algorithm", how[0], *options, "-out", pem], check=True, capture_output=True)
    must(folder, "import-key-pair", "--key", pem, "--output-key-prefix", name)
    with open(os.path.join(folder, name + ".pub")) as public:
        return public.read()


def must(folder, *words):
    if not run(folder, *words):
        raise SystemExit("cosign failed")


def run(folder, *words):
    environment = {"HOME": folder, "COSIGN_PASSWORD": "", "PATH": os.environ["PATH"]}
    return subprocess.run([COSIGN, *words], cwd=folder, env=environment, capture_output=True).returncode == 0


def push(base, number):
    config = blob(base, json.dumps({"architecture": "amd64", "os": "linux", "number": number}).encode())
    manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": []}).encode()
    digest = "sha256:" + hashlib.sha256(manifest).hexdigest()
    ask(base + "/manifests/" + digest, "PUT", manifest, MANIFEST)
    return digest


def blob(base, data):
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    place = ask(base + "/blobs/uploads/", "POST", b"").headers["Location"]
    ask("/".join(base.split("/")[:3]) + place + "?digest=" + digest, "PUT", data)
    return {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest, "size": len(data)}


def pull(base, digest):
    index = json.loads(ask(base + "/referrers/" + digest).read())["manifests"]
    names = [digest.replace(":", "-") + ".sig", digest.replace(":", "-") + ".att"]
    layers = []
    for name in names + sorted(one["digest"] for one in index):
        try:
            manifest = json.loads(ask(base + "/manifests/" + name, kind=MANIFEST).read())
        except urllib.error.HTTPError:
            continue
        for layer in manifest["layers"]:
            text = ask(base + "/blobs/" + layer["digest"]).read().decode()
            layers.append({"mediaType": layer["mediaType"], "annotations": layer.get("annotations", {}), "text": text})
    return layers


def ask(url, method="GET", data=None, kind=None):
    headers = {"Content-Type": kind, "Accept": kind} if kind else {}
    return urllib.request.urlopen(urllib.request.Request(url, method=method, data=data, headers=headers))


with tempfile.TemporaryDirectory() as folder:
    main(folder)
