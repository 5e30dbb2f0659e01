#!/usr/bin/env python3
"""What README and examples tell one to do without a cluster, done to the letter, with a registry on this machine for theirs.

examples_test.py SLIPWAY EMULATOR [TEST...]
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from servers import ROOT, Emulator, make_image, make_report  # noqa: E402

SLIPWAY = EMULATOR = None
USER, PASSWORD = "ci", "a-secret"
REGISTRY = {"authentication": "Basic",
            "credentials": [{"username": USER, "password": PASSWORD, "repositories": ["**"],
                             "actions": ["pull", "push", "delete", "metadata_read", "metadata_write", "catalog"]}]}
COMMIT = "4f2a91c07be35d18a6f0c9d2b4e8137a55c6d901"


class ExamplesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="slipway-examples-")
        self.addCleanup(folder.cleanup)
        self.work = pathlib.Path(folder.name)
        self.deploy = self.work / "deploy"
        self.registry = Emulator(EMULATOR, self.work / "registry", REGISTRY)
        self.addCleanup(self.registry.stop)

    def here(self, text):
        """The same resources with the registry of this test for contoso's."""
        host = f"loginServer: {self.registry.host}\n  plainHTTP: true"
        return text.replace("loginServer: contoso.azurecr.io", host).replace('password: "…"', f"password: {PASSWORD}")

    def run_here(self, command, **environment):
        done = subprocess.run(["bash", "-euc", command], cwd=self.work, capture_output=True, text=True,
                              env={"PATH": os.environ["PATH"], "HOME": str(self.work), **environment})
        self.assertEqual(done.returncode, 0, command + done.stdout + done.stderr)
        return done.stdout

    def published(self, tag):
        return self.registry.digest("shop/storefront", tag, user=f"{USER}:{PASSWORD}")

    def test_the_first_resource_of_the_readme(self):
        page = (ROOT / "README.md").read_text()
        blocks = re.findall(r"^```yaml\n(.*?)^```$", page, re.M | re.S)
        self.deploy.mkdir()
        (self.deploy / "shop.yaml").write_text(self.here("---\n".join(blocks)))
        # In place of docker and Trivy, what they leave behind.
        (image,) = re.findall(r"^    docker save storefront:dev --output (\S+)$", page, re.M)
        (scanned, report) = re.findall(r"^    trivy image --input (\S+) --format json --output (\S+)$", page, re.M)[0]
        self.assertEqual(scanned, image)
        make_image("docker-archive", self.work / image, "--layer", "4K", "--tag", "storefront:dev")
        (self.work / report).write_text(make_report(self.work / image))
        verbs = re.findall(r"^    (slipway (?:validate|plan|publish|get|describe) [^#\n]*)", page, re.M)
        self.assertEqual(len(verbs), 5)
        told = [self.run_here(verb.replace("slipway", str(SLIPWAY), 1)) for verb in verbs]
        self.assertIn("True", told[3])
        self.assertIsNotNone(self.published("1.8.2"))
        self.assertEqual(self.published("1.8.2"), self.published("staging"))

    def test_the_github_actions_job(self):
        example = ROOT / "examples/github-actions"
        shutil.copytree(example / "deploy", self.deploy)
        for path in self.deploy.iterdir():
            path.write_text(self.here(path.read_text()))
        workflow = yaml.safe_load((example / "publish.yaml").read_text())
        # The files that the first job hands to the second, of an image of the platform that it builds.
        (uploaded,) = (step["with"] for step in workflow["jobs"]["build"]["steps"] if "upload-artifact" in step.get("uses", ""))
        image, report = uploaded["path"].split()
        digest = make_image("archive", self.deploy / image, "--platform", "linux/amd64", "--layer", "4K")
        (self.deploy / report).write_text(make_report(self.deploy / image))
        publish = workflow["jobs"]["publish"]["steps"][-1]
        command = publish["run"].replace("build/slipway", str(SLIPWAY)).replace("${{ github.run_number }}", "77")
        credentials = {"contoso.azurecr.io": self.registry.host, "${{ secrets.CONTOSO_TOKEN_NAME }}": USER,
                       "${{ secrets.CONTOSO_TOKEN_PASSWORD }}": PASSWORD}
        self.run_here(command, **{name: credentials[value] for name, value in publish["env"].items()},
                      GITHUB_ACTIONS="true", GITHUB_SHA=COMMIT, GITHUB_RUN_NUMBER="77", GITHUB_RUN_ID="1",
                      GITHUB_SERVER_URL="https://github.com", GITHUB_REPOSITORY="contoso/shop", GITHUB_ACTOR="octocat",
                      GITHUB_REF_NAME="main", GITHUB_REF_TYPE="branch")
        for tag in (COMMIT[:12], "1.8.77", "staging"):
            self.assertEqual(self.published(tag), digest)


if __name__ == "__main__":
    SLIPWAY, EMULATOR = (pathlib.Path(each).resolve() for each in sys.argv[1:3])
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
