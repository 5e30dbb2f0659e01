#!/usr/bin/env python3
"""`slipway run --in-cluster` with the files and variables that a pod has, against a real API server.

in_cluster_test.py SLIPWAY EMULATOR [TEST...]
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

from api_server import Cluster
from controllers import NAMESPACE, PUBLICATION, Controller, assert_nothing_forbidden, install, push
from names import leading  # Found by way of controllers.
from servers import REGISTRY, Emulator, make_image, wait_until
from tunnel import Tunnel

SLIPWAY = EMULATOR = None
MOUNTED = pathlib.Path("/var/run/secrets/kubernetes.io/serviceaccount")
POD = """
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{serviceAccountName: {account}, containers: [{{name: slipway, image: "contoso.azurecr.io/slipway:1"}}]}}
"""
# The folder $0 where a pod has its files; in a mount namespace of its own, nobody else sees that.
MOUNT = f"""
set -e
[ -d {MOUNTED} ] || {{ mount -t tmpfs none /var/run; mkdir -p {MOUNTED}; }}
mount --bind "$0" {MOUNTED}
exec "$@"
"""


class ServiceAccountFiles:
    """A volume as the kubelet writes it: every file is a link through ..data, which is exchanged as a whole."""

    def __init__(self, folder, authority, namespace):
        self.folder, self.unchanging = folder, {"ca.crt": authority, "namespace": namespace}
        self.versions = 0
        folder.mkdir()
        for name in (*self.unchanging, "token"):
            (folder / name).symlink_to(f"..data/{name}")

    def write(self, token):
        before = (self.folder / "..data").resolve() if self.versions else None
        self.versions += 1
        version = self.folder / f"..2026_11_29_{self.versions}"
        version.mkdir()
        for name, text in {**self.unchanging, "token": token}.items():
            (version / name).write_text(text)
        (self.folder / "..data_tmp").symlink_to(version.name)
        (self.folder / "..data_tmp").rename(self.folder / "..data")
        if before:
            for each in before.iterdir():
                each.unlink()
            before.rmdir()


class Mounted:
    """What shows a folder where a pod has its files to a command, and to no other where the machine lets us."""

    def __init__(self, folder):
        self.made = []
        unshare = ["unshare", "--mount", *([] if os.getuid() == 0 else ["--map-root-user"])]
        self.before = [*unshare, "sh", "-c", MOUNT, str(folder)]
        tried = subprocess.run([*self.before, "true"], capture_output=True, text=True)
        if tried.returncode != 0:
            self.before = []
            self.link(folder, tried.stderr.strip())

    def link(self, folder, why):
        if MOUNTED.exists() or os.getuid() != 0:
            raise AssertionError(f"{MOUNTED} can't be shown to a process alone ({why}), nor made, which root may where it is "
                                 "not there: run this test as root, or where unshare --mount is permitted")
        missing = [each for each in reversed(MOUNTED.parents) if not each.exists()]
        for each in missing:
            each.mkdir()
            self.made.insert(0, each)
        MOUNTED.symlink_to(folder)

    def undo(self):
        if not self.before:
            MOUNTED.unlink(missing_ok=True)
        for each in self.made:
            each.rmdir()


class PodController(Controller):
    """With exactly the arguments of the chart's pod, but for where it listens and how long it may take to end."""

    def __init__(self, program, cluster, folder, mounted):
        super().__init__(program, cluster, folder)
        own = [each for each in self.command[1:] if not each.startswith("--kubeconfig=")]
        self.command = [*mounted.before, program, own[0], "--in-cluster", *own[1:]]
        self.variables = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(cluster.port)}


class InClusterTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="slipway-in-cluster-")
        self.addCleanup(folder.cleanup)
        self.work = pathlib.Path(folder.name)
        self.cluster = Cluster(self.work / "cluster", audits=True)
        self.addCleanup(self.cluster.stop)
        self.addCleanup(assert_nothing_forbidden, self.cluster)
        self.kubectl = self.cluster.kubectl
        self.kubectl("create", "namespace", "team")
        install(self.cluster)
        self.registry = Emulator(EMULATOR, self.work / "registry")
        self.addCleanup(self.registry.stop)
        self.kubectl("apply", "-f", "-", stdin=REGISTRY.format(host=self.registry.host))
        make_image("layout", self.work / "image", "--layers", 1, "--layer-size", 1000)
        self.digest = push(self.registry, "team/base", "1", self.work / "image")
        self.files = ServiceAccountFiles(self.work / "files", self.cluster.authority.certificate.read_text(), NAMESPACE)
        mounted = Mounted(self.files.folder)
        self.addCleanup(mounted.undo)
        self.controller = PodController(SLIPWAY, self.cluster, self.work, mounted)
        self.addCleanup(self.controller.stop)

    def token_of_pod(self, name):
        """As the kubelet gets one: good for as long as that pod is there. By its name it is known in the audit log."""
        self.kubectl("apply", "-f", "-", stdin=POD.format(name=name, namespace=NAMESPACE, account="slipway"))
        return self.cluster.token_of("slipway", NAMESPACE, "--bound-object-kind=Pod", f"--bound-object-name={name}")

    def publish(self, version, number):
        self.kubectl("apply", "-f", "-", stdin=PUBLICATION.format(name="app", version=version, number=number,
                                                                  source=f"{self.registry.host}/team/base:1"))
        wait_until(lambda: self.registry.digest("team/app", version) == self.digest, f"{version} is published")
        self.kubectl("wait", "--for=condition=Ready", "--timeout=180s", "ipub", "app", "-n", "team")

    def requests(self):
        """Of the controller, since `self.since`: (name of the pod whose token came with it, event)."""
        own = [each for each in self.cluster.audit(self.since) if each["user"].get("username") == self.controller.account]
        return [(each["user"]["extra"]["authentication.kubernetes.io/pod-name"][0], each) for each in own]

    def refused(self):
        return [each for each in self.cluster.audit(self.since) if each["responseStatus"]["code"] in (401, 403)
                and not each["userAgent"].startswith("kubectl")]

    def test_it_publishes_with_what_a_pod_has_and_goes_on_when_the_token_was_rotated(self):
        self.files.write(self.token_of_pod("first"))
        self.since = self.cluster.audited()
        self.controller.start()
        self.publish("1.8.2", 8)
        status = json.loads(self.kubectl("get", "ipub", "app", "-n", "team", "-o", "json").stdout)["status"]
        self.assertEqual(status["published"]["digest"], self.digest)
        self.assertEqual({pod for pod, _ in self.requests()}, {"first"})

        self.files.write(self.token_of_pod("second"))
        # Files are looked at once a minute.
        until = time.monotonic() + 90
        while "second" not in {pod for pod, _ in self.requests()}:
            self.assertLess(time.monotonic(), until, "the new token is not used")
            time.sleep(0.2)
        self.kubectl("delete", "pod", "first", "-n", NAMESPACE, "--grace-period=0", "--force")
        self.assertEqual(self.refused(), [])
        self.since = self.cluster.audited()
        self.publish("1.9.0", 9)
        self.assertEqual({pod for pod, each in self.requests() if each["verb"] != "watch"}, {"second"})
        self.assertEqual(self.controller.readiness()[0], 200)
        self.assertEqual(self.refused(), [])

    def test_a_token_that_ended_meanwhile_is_exchanged_at_once(self):
        self.files.write(self.token_of_pod("first"))
        self.controller.start()
        self.files.write(self.token_of_pod("second"))
        self.kubectl("delete", "pod", "first", "-n", NAMESPACE, "--grace-period=0", "--force")
        self.since = self.cluster.audited()
        wait_until(lambda: "second" in {pod for pod, _ in self.requests()}, "the new token is used")
        self.publish("1.8.2", 8)
        self.assertEqual(self.controller.readiness()[0], 200)

    def test_the_proxy_of_the_environment_is_the_way_to_the_api_server_unless_it_is_exempted(self):
        name = "kubernetes.default.svc"
        self.files.write(self.token_of_pod("first"))
        tunnel = Tunnel()
        self.addCleanup(tunnel.stop)
        self.controller.command = [*leading(self.work / "hosts", {name: "127.0.0.1"}), *self.controller.command]
        variables = {**self.controller.variables, "KUBERNETES_SERVICE_HOST": name, "HTTPS_PROXY": tunnel.url}
        for number, exempt, led_to in ((8, "", {f"{name}:{self.cluster.port}"}), (9, "10.0.0.0/8,.svc", set())):
            self.controller.variables = {**variables, "NO_PROXY": exempt}
            self.controller.start()
            self.publish(f"1.{number}.0", number)
            self.controller.stop()
            self.assertEqual(set(tunnel.led_to), led_to)
            tunnel.led_to.clear()


if __name__ == "__main__":
    SLIPWAY, EMULATOR = (str(pathlib.Path(each).resolve()) for each in sys.argv[1:3])
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
