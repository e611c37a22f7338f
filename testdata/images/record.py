#!/usr/bin/env python3
"""Makes cosign.json: what cosign pushes beside an image when it signs and attests with keys, without any log.

    record.py COSIGN REGISTRY OPENSSL

REGISTRY is the small registry of `.ci/registries`. The keys are thrown away; each run makes others.
"""
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import urllib.request

COSIGN, REGISTRY, OPENSSL = sys.argv[1:4]
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
        base = "http://" + server.stdout.readline().strip() + "/v2/" + REPOSITORY
        record(folder, base)
    finally:
        server.terminate()
        server.wait()


def record(folder, base):
    digests, keys, layers = {}, {}, {}
    for number, (name, how) in enumerate(KEYS.items()):
        digests[name] = push(base, number)
        image = base[len("http://"):].replace("/v2/", "/") + "@" + digests[name]
        keys[name] = key(folder, name, how)
        for form in ([], ["--new-bundle-format=false"]):
            run(folder, "sign", "--key", f"{name}.key", "-a", "env=prod", *form, *QUIET, image)
            for kind, predicate in PREDICATES.items() if name == "p256" else ():
                with open(os.path.join(folder, "predicate"), "w") as out:
                    json.dump(predicate, out)
                run(folder, "attest", "--key", f"{name}.key", "--type", kind, "--predicate", "predicate", *form, *QUIET, image)
        layers[name] = pull(base, digests[name])
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "cosign.json"), "w") as out:
        json.dump({"images": digests, "keys": keys, "layers": layers}, out, indent=1, sort_keys=True)
        out.write("\n")


def key(folder, name, how):
    options = [word for option in how[1:] for word in ("-pkeyopt", option)]
    pem = os.path.join(folder, name + ".pem")
    subprocess.run([OPENSSL, "genpkey", "-algorithm", how[0], *options, "-out", pem], check=True, capture_output=True)
    run(folder, "import-key-pair", "--key", pem, "--output-key-prefix", name)
    with open(os.path.join(folder, name + ".pub")) as public:
        return public.read()


def run(folder, *words):
    environment = {"HOME": folder, "COSIGN_PASSWORD": "", "PATH": os.environ["PATH"]}
    done = subprocess.run([COSIGN, *words], cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"cosign {' '.join(words)}: {done.stderr}")


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
