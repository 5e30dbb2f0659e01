#!/usr/bin/env python3
"""Two installations of the chart in one cluster, of which the one that works is uninstalled.

uninstall_test.py SLIPWAY EMULATOR [TEST...]
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import yaml

from api_server import programs, temporary_cluster
from controllers import NAMESPACE, PUBLICATION, Controller, assert_nothing_forbidden, install, push, uninstall
from servers import REGISTRY, Emulator, make_image, wait_until

SLIPWAY = EMULATOR = None
FIRST = f"system:serviceaccount:{NAMESPACE}:slipway"
SECOND = ("second", "elsewhere")  # Release and namespace.


class UninstallTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = temporary_cluster(cls, audits=True)
        cls.caused = []
        cls.addClassCleanup(assert_nothing_forbidden, cls.cluster, lambda each: each in cls.caused)
        cls.kubectl = cls.cluster.kubectl
        cls.kubectl("create", "namespace", "team")
        folder = tempfile.TemporaryDirectory(prefix="slipway-uninstall-")
        cls.addClassCleanup(folder.cleanup)
        cls.work = pathlib.Path(folder.name)
        cls.registry = Emulator(EMULATOR, cls.work / "registry")
        cls.addClassCleanup(cls.registry.stop)
        make_image("layout", cls.work / "image", "--layers", 1, "--layer-size", 1000)
        cls.digest = push(cls.registry, "team/base", "1", cls.work / "image")
        install(cls.cluster)
        install(cls.cluster, *SECOND, "--set", "crds.enabled=false")
        cls.kubectl("apply", "-f", "-", stdin=REGISTRY.format(host=cls.registry.host))

    def controller(self, name, *release):
        made = Controller(SLIPWAY, self.cluster, self.work, name, *release)
        self.addCleanup(made.stop)
        return made

    def publish(self, version, number):
        self.kubectl("apply", "-f", "-", stdin=PUBLICATION.format(
            name="app", version=version, number=number, source=f"{self.registry.host}/team/base:1") + "  deletionPolicy: Untag\n")
        wait_until(lambda: self.registry.digest("team/app", version) == self.digest, f"{version} is published")
        self.kubectl("wait", "--for=condition=Ready", "--timeout=180s", "ipub", "app", "-n", "team")

    def uids(self, *arguments, **how):
        """(kind, namespace, name) -> uid."""
        found = json.loads(self.kubectl("get", *arguments, "-o", "json", **how).stdout)
        return {(each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]): each["metadata"]["uid"]
                for each in found.get("items", [found])}

    def of_the_second(self):
        """What its release is made of, as it is there."""
        release, namespace = SECOND
        manifest = subprocess.run(
            [programs() / "helm", "get", "manifest", release, "-n", namespace, "--kubeconfig", self.cluster.kubeconfig],
            check=True, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin", "HOME": str(self.cluster.folder)}).stdout
        self.assertNotIn("CustomResourceDefinition", {each["kind"] for each in yaml.safe_load_all(manifest) if each})
        return self.uids("-f", "-", stdin=manifest)

    def test_the_second_goes_on_publishing_and_loses_nothing_of_its_own(self):
        first, second = self.controller("first-0"), self.controller("second-0", *SECOND)
        first.start()
        self.publish("1.8.2", 8)
        second.begin()
        wait_until(lambda: "slipway in namespace slipway-system holds the Lease" in second.readiness()[1], "it waits")
        installed, asked_for = self.of_the_second(), self.uids("crd,acr,ipub", "-A")
        self.assertGreater(len(installed), 10)

        since = self.cluster.audited()
        uninstall(self.cluster)
        # As the kubelet does when the pods are deleted; by then it has lost its rights.
        first.stop()
        # When all is over: what is refused is on record once it is answered, which may be after who asked is gone.
        self.addCleanup(lambda: self.caused.extend(
            each for each in self.cluster.audit(since) if each["user"]["username"] == FIRST))
        wait_until(lambda: second.readiness()[0] == 200, "the second begins")
        self.assertEqual(self.of_the_second(), installed)
        self.assertEqual(self.uids("crd,acr,ipub", "-A"), asked_for)
        self.publish("1.9.0", 9)
        self.assertEqual(self.registry.digest("team/app", "1.8.2"), self.digest)
        self.assertEqual(len(self.registry.referrers("team/app", self.digest)), 2)
        self.kubectl("delete", "ipub", "app", "-n", "team", "--timeout=180s")
        self.assertIsNone(self.registry.digest("team/app", "1.9.0"))


if __name__ == "__main__":
    SLIPWAY, EMULATOR = (str(pathlib.Path(each).resolve()) for each in sys.argv[1:3])
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
