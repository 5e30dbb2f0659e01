#!/usr/bin/env python3
"""examples/cluster, its page followed to the letter: a real API server, the chart's rights and arguments, a registry on
this machine for both of the page's.

examples_test.py SLIPWAY EMULATOR [TEST...]
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from api_server import Cluster
from controllers import ROOT, Controller, assert_nothing_forbidden, push
from servers import Emulator, make_image, make_report, wait_until

SLIPWAY = EMULATOR = None
EXAMPLE = ROOT / "examples/cluster"
MADE_UP = "sha256:9b2d1f0c7a5e4836b1c0d9e8f7a6b5c4d3e2f1a09b8c7d6e5f4a3b2c1d0e9f8a"
PASSWORD = "a-secret"
ACTIONS = ["pull", "push", "delete", "metadata_read", "metadata_write", "catalog"]
REGISTRY = {"authentication": "Basic",
            "credentials": [{"username": "ci", "password": PASSWORD, "repositories": ["**"], "actions": ACTIONS}]}


class ClusterExampleTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="slipway-examples-")
        self.addCleanup(folder.cleanup)
        self.work = pathlib.Path(folder.name)
        self.cluster = Cluster(self.work / "cluster", audits=True)
        self.addCleanup(self.cluster.stop)
        self.addCleanup(assert_nothing_forbidden, self.cluster)
        self.registry, self.builds = Emulator(EMULATOR, self.work / "registry", REGISTRY), Emulator(EMULATOR, self.work / "builds")
        self.addCleanup(self.registry.stop)
        self.addCleanup(self.builds.stop)
        make_image("layout", self.work / "image", "--platform", "linux/amd64", "--layer", "4K")
        self.digest = push(self.builds, "contoso/storefront", "1", self.work / "image")
        self.place()

    def here(self, text):
        """What the page and its files say, with this test's registries for theirs."""
        text = text.replace("loginServer: contoso.azurecr.io", f"loginServer: {self.registry.host}\n  plainHTTP: true")
        text = text.replace("image: {reference: ", "image: {plainHTTP: true, reference: ")
        return text.replace("ghcr.io", self.builds.host).replace(MADE_UP, self.digest)

    def place(self):
        """A source tree with the example and the chart; and Trivy, which writes what make-image says of the image."""
        there = self.work / "tree/examples/cluster"
        shutil.copytree(EXAMPLE, there)
        for path in there.glob("*.yaml"):
            path.write_text(self.here(path.read_text()))
        shutil.copytree(ROOT / "charts", self.work / "tree/charts")
        (self.work / "trivy.json").write_text(make_report(self.work / "image"))
        trivy = self.work / "bin/trivy"
        trivy.parent.mkdir()
        trivy.write_text(f"#!/bin/sh\ncp {self.work}/trivy.json scan-amd64.json\n")
        trivy.chmod(0o755)

    def follow(self, step):
        environment = {**os.environ, "PATH": f"{self.work}/bin:{self.cluster.programs}:{os.environ['PATH']}",
                       "HOME": str(self.work), "KUBECONFIG": str(self.cluster.kubeconfig), "PASSWORD": PASSWORD}
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", step], cwd=self.work / "tree", env=environment,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, step + done.stdout + done.stderr)
        return done.stdout

    def seen(self, kind, name, condition, *where):
        status = json.loads(self.cluster.kubectl("get", kind, name, *where, "-o", "json").stdout).get("status", {})
        found = [each for each in status.get("conditions", []) if each["type"] == condition]
        return f'{found[0]["status"]} {found[0]["reason"]}' if found else "absent"

    def test_the_page_is_followed(self):
        page = self.here((EXAMPLE / "README.md").read_text())
        steps = [re.sub(r"^   ", "", step, flags=re.M) for step in re.findall(r"^   ```sh\n(.*?)^   ```$", page, re.M | re.S)]
        install, secret, resources, scan, look = steps
        self.follow(install)
        self.cluster.wait_until_kinds_are_served()
        controller = Controller(SLIPWAY, self.cluster, self.work)
        self.addCleanup(controller.stop)
        controller.start()
        self.follow(secret)
        self.follow(resources)
        wait_until(lambda: self.seen("acr", "contoso", "Ready") == "True Succeeded", "the registry is Ready")
        wait_until(lambda: self.seen("ipub", "storefront-staging", "GatesPassed", "-n", "shop") == "False AwaitingReport",
                   "the publication waits for its report")
        told = self.cluster.kubectl("describe", "ipub", "storefront-staging", "-n", "shop").stdout
        self.assertIn("kubectl -n shop create configmap scan-amd64 --from-file=report.json=FILE", told)
        self.follow(scan)
        self.assertIn("True", self.follow(look))
        for tag in ("1.8.2", "staging"):
            self.assertEqual(self.registry.digest("shop/storefront", tag, user=f"ci:{PASSWORD}"), self.digest)
        self.next_build(scan)

    def next_build(self, scan):
        """By the same command: as gzip, as the page says of large reports; then over one that was created without it."""
        self.follow(scan.replace("kubectl -n", "gzip -f scan-amd64.json\nkubectl -n", 1)
                    .replace("=scan-amd64.json ", "=scan-amd64.json.gz "))
        self.follow("kubectl -n shop patch ipub storefront-staging --type=merge -p "
                    """'{"spec":{"build":{"version":"1.9.0","number":813}}}'""")
        wait_until(lambda: self.registry.digest("shop/storefront", "1.9.0", user=f"ci:{PASSWORD}") == self.digest,
                   "a report as gzip is taken")
        self.follow("kubectl -n shop delete configmap scan-amd64\n"
                    "kubectl -n shop create configmap scan-amd64 --from-file=report.json=../trivy.json")
        self.follow(scan)


if __name__ == "__main__":
    SLIPWAY, EMULATOR = (pathlib.Path(each).resolve() for each in sys.argv[1:3])
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
