#!/usr/bin/env python3
"""Objects that a real API server takes although `slipway validate` refuses them: what it can't judge, and what it drops.

invalid_test.py SLIPWAY EMULATOR [TEST...]
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

from api_server import temporary_cluster
from controllers import PUBLICATION, Controller, assert_nothing_forbidden, install, push
from crds_test import REFUSED_BY_SLIPWAY_ALONE, changed
from servers import REGISTRY, Emulator, make_image, wait_until

SLIPWAY = EMULATOR = None
STORED_AS_IT_IS_MEANT = "number: 1e3"  # As 1000.
MISSPELT = "  gatez: {scan: {allowUpTo: Low, reports: [{name: all, configMapRef: {name: scan, key: json}}]}}\n"


class InvalidTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="slipway-invalid-")
        cls.addClassCleanup(folder.cleanup)
        cls.work = pathlib.Path(folder.name)
        cls.cluster = temporary_cluster(cls, audits=True)
        cls.addClassCleanup(assert_nothing_forbidden, cls.cluster)
        cls.kubectl = cls.cluster.kubectl
        for name in ("team", "shop"):
            cls.kubectl("create", "namespace", name)
        install(cls.cluster)
        cls.registry = Emulator(EMULATOR, cls.work / "registry")
        cls.addClassCleanup(cls.registry.stop)
        make_image("layout", cls.work / "image", "--layers", 1, "--layer-size", 1000)
        cls.digest = push(cls.registry, "team/base", "1", cls.work / "image")
        cls.kubectl("apply", "-f", "-", stdin=REGISTRY.format(host=cls.registry.host))
        cls.controller = Controller(SLIPWAY, cls.cluster, cls.work)
        cls.addClassCleanup(cls.controller.stop)
        cls.controller.start()

    def publication(self, name, number=1):
        return PUBLICATION.format(name=name, version=f"1.0.{number}", number=number,
                                  source=f"{self.registry.host}/team/base:1")

    def apply(self, text, *how):
        return self.kubectl("apply", "-f", "-", *how, stdin=text)

    def condition(self, kind, of, *where, type="Stalled"):
        """Of the generation of now, or None."""
        seen = json.loads(self.kubectl("get", kind, of, *where, "-o", "json").stdout)
        for each in seen.get("status", {}).get("conditions", []):
            if each["type"] == type and each["observedGeneration"] == seen["metadata"]["generation"]:
                return each
        return None

    def stalled(self, name):
        return wait_until(lambda: self.condition("ipub", name, "-n", "team"), f"{name} is stalled")

    def is_ready(self, name):
        ready = self.condition("ipub", name, "-n", "team", type="Ready")
        return ready and ready["status"] == "True" and not self.condition("ipub", name, "-n", "team")

    def validate(self, text):
        return subprocess.run([SLIPWAY, "validate", "-f", "-"], input=text, capture_output=True, text=True).stderr

    def test_what_the_api_server_cannot_judge_is_stalled_with_the_words_of_validate(self):
        wrong = []
        for number, (text, there, instead, _) in enumerate(REFUSED_BY_SLIPWAY_ALONE):
            if instead == STORED_AS_IT_IS_MEANT:
                continue
            named = re.sub(r"metadata: {name: \w+", f"metadata: {{name: wrong-{number}", changed(text, there, instead), count=1)
            wrong.append((f"wrong-{number}", instead, named))
        self.apply("\n---\n".join(text for _, _, text in wrong))
        for name, instead, text in wrong:
            kind = re.search(r"kind: (\w+)", text).group(1)
            where = ["-n", "shop"] if kind != "ContainerRegistry" else []
            with self.subTest(instead=instead):
                told = wait_until(lambda: self.condition(kind, name, *where), "it is stalled")
                # What else may give a field where a file is published.
                said = re.sub(r"is not given here(.*) \(a GitHub Actions job.*\)", r"is not given\1", self.validate(text))
                for line in told["message"].splitlines():
                    self.assertIn(line, said)

    def test_a_field_that_the_api_server_dropped_is_stalled_until_it_is_mended(self):
        wrong = self.publication("misspelt") + MISSPELT
        self.apply(wrong, "--validate=false")
        told = self.stalled("misspelt")
        self.assertEqual(told["reason"], "Invalid")
        first, last = told["message"].splitlines()
        self.assertIn(first, self.validate(wrong))
        self.assertIn('did you mean "gates"?', first)
        self.assertIn("apply it again with strict validation", last)
        self.assertIsNone(self.registry.digest("team/misspelt", "1.0.1"))
        # Mended by taking it out: the object itself stays as it was.
        self.apply(self.publication("misspelt"))
        wait_until(lambda: self.is_ready("misspelt"), "it is published")
        self.assertEqual(self.registry.digest("team/misspelt", "1.0.1"), self.digest)
        # And the other way round.
        self.apply(wrong, "--validate=false")
        self.stalled("misspelt")

    def test_what_was_applied_long_ago_does_no_harm(self):
        for name, manager in (("flux", "kustomize-controller"), ("edited", None)):
            self.apply(self.publication(name) + MISSPELT, "--validate=false")
            self.stalled(name)
        self.apply(self.publication("flux", 2), "--server-side", "--force-conflicts", "--field-manager=kustomize-controller")
        self.kubectl("patch", "ipub", "edited", "-n", "team", "--type=merge", "-p", '{"spec":{"interval":"2h"}}')
        # Server-side apply by kubectl took its own copy away; an edit leaves it.
        self.assertIn("gatez", self.kubectl("get", "ipub", "edited", "-n", "team", "-o", "yaml").stdout)
        for name, tag in (("flux", "1.0.2"), ("edited", "1.0.1")):
            wait_until(lambda: self.is_ready(name), f"{name} is published")
            self.assertEqual(self.registry.digest(f"team/{name}", tag), self.digest)

    def test_what_is_annotated_stays_as_it_was_applied(self):
        self.apply(self.publication("asked") + MISSPELT, "--validate=false")
        self.stalled("asked")
        self.kubectl("annotate", "ipub", "asked", "-n", "team", "slipway.dev/reconcile-requested-at=now")
        self.apply(self.publication("beside"))
        wait_until(lambda: self.is_ready("beside"), "another is published")
        self.stalled("asked")
        self.assertIsNone(self.registry.digest("team/asked", "1.0.1"))

    def test_a_registry_of_which_a_selector_was_dropped_lets_nobody_in(self):
        open_to_all = REGISTRY.format(host=self.registry.host).replace("{name: local}", "{name: open}")
        wrong = open_to_all.replace("namespaceSelector: {}", "namespaceSelector: {matchLabel: {team: shop}}")
        self.apply(wrong, "--validate=false")
        told = wait_until(lambda: self.condition("acr", "open"), "it is stalled")
        self.assertIn("spec.access[0].namespaceSelector.matchLabel", told["message"])
        self.apply(self.publication("let-in").replace("{name: local}", "{name: open}"))
        self.assertIn("open can't be used", self.stalled("let-in")["message"])
        self.assertIsNone(self.registry.digest("team/let-in", "1.0.1"))


if __name__ == "__main__":
    SLIPWAY, EMULATOR = (str(pathlib.Path(each).resolve()) for each in sys.argv[1:3])
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
