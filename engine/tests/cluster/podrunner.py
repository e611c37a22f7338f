#!/usr/bin/env python3
"""Stands in for the kubelet where there are no containers: runs what a pod says as processes of this machine.

The true exit code becomes the pod's status, so that Jobs complete, retry and fail as they do in a cluster. Images
are not run: a container needs a `command`; with an image called `missing` it waits as for one that cannot be pulled.
Volumes are folders that go away with the pod, and a path below a mount that an argument or variable names is replaced
by the path of that folder. The service account's token is a real one, asked for by TokenRequest. Output goes to
LOGS/NAMESPACE_POD_CONTAINER.log.
"""
import argparse
import base64
import datetime
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Api:
    def __init__(self, kubeconfig):
        with open(kubeconfig) as file:
            config = json.load(file)  # `up` writes it as JSON
        cluster = config["clusters"][0]["cluster"]
        self.server = cluster["server"]
        self.token = config["users"][0]["user"]["token"]
        self.authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        self.tls = ssl.create_default_context(cadata=self.authority)

    def call(self, method, path, body=None, kind="application/json"):
        request = urllib.request.Request(
            self.server + path, method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": "Bearer " + self.token, "Content-Type": kind})
        with urllib.request.urlopen(request, context=self.tls, timeout=15) as answer:
            return json.load(answer)

    def data(self, kind, namespace, name, optional=False):
        """The files of a ConfigMap or a Secret."""
        try:
            found = self.call("GET", f"/api/v1/namespaces/{namespace}/{kind}/{name}").get("data") or {}
        except urllib.error.HTTPError as error:
            if error.code == 404 and optional:
                return {}
            raise
        return {key: base64.b64decode(value) if kind == "secrets" else value.encode() for key, value in found.items()}


def field(pod, path):
    """What the downward API gives: `metadata.name`, `metadata.annotations['key']`."""
    keyed = re.fullmatch(r"metadata\.(annotations|labels)\['(.+)'\]", path)
    if keyed:
        return pod["metadata"].get(keyed[1], {}).get(keyed[2], "")
    value = pod
    for part in path.split("."):
        value = value.get(part, "") if isinstance(value, dict) else ""
    return value


class Pod(threading.Thread):
    def __init__(self, api, pod, args):
        super().__init__(daemon=True)
        self.api, self.pod, self.args = api, pod, args
        self.namespace, self.name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        self.processes, self.stopped, self.began = [], False, now()

    def status(self, phase, containers, reason=None):
        ready = "True" if phase == "Running" else "False"
        status = {
            "phase": phase, "startTime": self.began, "hostIP": "127.0.0.1", "podIP": "127.0.0.1",
            "containerStatuses": containers,
            "conditions": [{"type": kind, "status": value, "lastTransitionTime": now(),
                            **({"reason": reason} if reason else {})}
                           for kind, value in (("PodScheduled", "True"), ("Initialized", "True"),
                                               ("ContainersReady", ready), ("Ready", ready))]}
        path = f"/api/v1/namespaces/{self.namespace}/pods/{self.name}/status"
        for _ in range(5):
            try:
                self.api.call("PATCH", path, {"status": status}, "application/merge-patch+json")
                return
            except urllib.error.HTTPError as error:
                if error.code == 404:
                    return
            except OSError:
                pass
            time.sleep(0.5)
        print(f"{self.namespace}/{self.name}: status {phase} could not be written", file=sys.stderr)

    def token(self, source):
        account = self.pod["spec"].get("serviceAccountName", "default")
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {
            "expirationSeconds": max(600, source.get("expirationSeconds", 3600)),
            "boundObjectRef": {"apiVersion": "v1", "kind": "Pod", "name": self.name, "uid": self.pod["metadata"]["uid"]}}}
        path = f"/api/v1/namespaces/{self.namespace}/serviceaccounts/{account}/token"
        return self.api.call("POST", path, body)["status"]["token"].encode()

    def files(self, volume):
        """What a volume holds at the start."""
        if "emptyDir" in volume:
            return {}
        if "configMap" in volume:
            source = volume["configMap"]
            return self.api.data("configmaps", self.namespace, source["name"], source.get("optional", False))
        if "secret" in volume:
            source = volume["secret"]
            return self.api.data("secrets", self.namespace, source["secretName"], source.get("optional", False))
        if "projected" not in volume:
            raise ValueError(f"a volume of kind {sorted(set(volume) - {'name'})} is not understood")
        files = {}
        for source in volume["projected"]["sources"]:
            if "serviceAccountToken" in source:
                files[source["serviceAccountToken"]["path"]] = self.token(source["serviceAccountToken"])
            elif "configMap" in source:
                files.update(self.api.data("configmaps", self.namespace, source["configMap"]["name"]))
            elif "downwardAPI" in source:
                for item in source["downwardAPI"]["items"]:
                    files[item["path"]] = field(self.pod, item["fieldRef"]["fieldPath"]).encode()
            else:
                raise ValueError(f"a projected source {sorted(source)} is not understood")
        return files

    def mount(self):
        self.volumes = {}
        for volume in self.pod["spec"].get("volumes", []):
            folder = os.path.join(self.scratch, volume["name"])
            os.mkdir(folder)
            for name, content in self.files(volume).items():
                with open(os.path.join(folder, name), "wb") as file:
                    file.write(content)
            self.volumes[volume["name"]] = folder

    def pulled(self):
        """Whether there are the images; the pod says of what is not there what a kubelet says."""
        missing = {"waiting": {"reason": "ImagePullBackOff", "message": "there is no such image"}}
        containers = [{"name": container["name"], "image": container["image"], "imageID": "", "restartCount": 0,
                       "ready": False, "started": False, "state": missing}
                      for container in self.pod["spec"]["containers"] if "/missing:" in container.get("image", "")]
        if containers:
            self.status("Pending", containers)
        return not containers

    def moved(self, container, text):
        """The text with paths below a mount replaced by those of this machine."""
        for mount in container.get("volumeMounts", []):
            path = re.escape(mount["mountPath"].rstrip("/"))
            text = re.sub(rf"(^|[=:]){path}(?=/|$)", lambda found: found[1] + self.volumes[mount["name"]], text)
        return text

    def environment(self, container):
        address = urllib.parse.urlparse(self.api.server)
        env = {"PATH": self.args.path, "HOME": self.scratch, "HOSTNAME": self.name,
               "KUBERNETES_SERVICE_HOST": address.hostname, "KUBERNETES_SERVICE_PORT": str(address.port)}
        for entry in container.get("env", []):
            source = entry.get("valueFrom")
            if source is None:
                value = self.moved(container, entry.get("value", ""))
            elif "fieldRef" in source:
                value = field(self.pod, source["fieldRef"]["fieldPath"])
            else:
                raise ValueError(f"variable {entry['name']}: {sorted(source)} is not understood")
            env[entry["name"]] = re.sub(r"\$\((\w+)\)", lambda found: env.get(found[1], found[0]), value)
        return env

    def spawn(self, container):
        """The process, or the reason why there is none."""
        path = os.path.join(self.args.logs, f"{self.namespace}_{self.name}_{container['name']}.log")
        with open(path, "ab") as log:
            try:
                if not container.get("command"):
                    raise ValueError("no command: images are not run here, so their entry point is unknown")
                env = self.environment(container)
                line = [re.sub(r"\$\((\w+)\)", lambda found: env.get(found[1], found[0]), self.moved(container, word))
                        for word in container["command"] + container.get("args", [])]
                folder = self.moved(container, container.get("workingDir", "")) or self.scratch
                process = subprocess.Popen(line, env=env, cwd=folder, stdin=subprocess.DEVNULL, stdout=log,
                                           stderr=subprocess.STDOUT, start_new_session=True)
                self.processes.append(process)
                return process, ""
            except Exception as error:  # a pod that cannot start is a failed pod, not a broken runner
                log.write(f"podrunner: {error}\n".encode())
                return None, str(error)

    def stop(self):
        self.stopped = True
        for process in self.processes:
            if process.poll() is None:
                try:
                    os.killpg(process.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass

    def run(self):
        if not self.pulled():
            return
        with tempfile.TemporaryDirectory(prefix="podrunner-") as self.scratch:
            began, ended, passed = now(), [], True
            try:
                self.mount()
                started = [(container, *self.spawn(container)) for container in self.pod["spec"]["containers"]]
            except Exception as error:
                started = [(container, None, str(error)) for container in self.pod["spec"]["containers"]]
            common = [{"name": container["name"], "image": container.get("image", ""), "imageID": "", "restartCount": 0}
                      for container, _, _ in started]
            self.status("Running", [{**part, "ready": True, "started": True, "state": {"running": {"startedAt": began}}}
                                    for part in common])
            for part, (_, process, message) in zip(common, started):
                code = 128
                if process is not None:
                    code = process.wait()
                    code = code if code >= 0 else 128 - code
                passed = passed and code == 0
                ended.append({**part, "ready": False, "started": False, "state": {"terminated": {
                    "exitCode": code, "reason": "Completed" if code == 0 else "Error", "startedAt": began,
                    "finishedAt": now(), **({"message": message} if message else {})}}})
            if not self.stopped:
                self.status("Succeeded" if passed else "Failed", ended, "PodCompleted" if passed else "PodFailed")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kubeconfig", required=True)
    parser.add_argument("--logs", required=True)
    parser.add_argument("--path", required=True)
    args = parser.parse_args()
    os.makedirs(args.logs, exist_ok=True)
    api, known = Api(args.kubeconfig), {}

    def end(*_):
        for pod in known.values():
            pod.stop()
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    while True:
        try:
            pods = api.call("GET", "/api/v1/pods")["items"]
        except OSError as error:
            print(f"pods cannot be listed: {error}", file=sys.stderr)
            time.sleep(2)
            continue
        for pod in pods:
            uid = pod["metadata"]["uid"]
            if pod["metadata"].get("deletionTimestamp"):
                if uid in known:
                    known[uid].stop()
            elif uid not in known and pod["status"].get("phase") == "Pending":
                known[uid] = Pod(api, pod, args)
                known[uid].start()
        alive = {pod["metadata"]["uid"] for pod in pods}
        for uid in [uid for uid in known if uid not in alive]:
            known.pop(uid).stop()
        time.sleep(0.3)


if __name__ == "__main__":
    main()
