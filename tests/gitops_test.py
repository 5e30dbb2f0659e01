#!/usr/bin/env python3
"""The examples for Flux and Argo CD: the health rule over the states of our objects, and values that the chart takes.

gitops_test.py SLIPWAY EMULATOR [TEST...]
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "support"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "cluster"))
from api_server import programs  # noqa: E402
from servers import ROOT, Emulator  # noqa: E402

EXAMPLES = ROOT / "examples/gitops"
KINDS = ("ContainerRegistry", "ImagePublication", "RetentionPolicy")
SLIPWAY = None
EMULATOR = None


def lua(value):
    """A value as Lua writes it; what JSON has as null is not there."""
    if isinstance(value, dict):
        return "{" + ",".join(f"[{lua(key)}]={lua(inner)}" for key, inner in value.items() if inner is not None) + "}"
    if isinstance(value, list):
        return "{" + ",".join(map(lua, value)) + "}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    return '"' + "".join(f"\\{byte:03d}" for byte in value.encode()) + '"'


def health_of(resource):
    """(status, message) as the rule gives them; Argo CD sets `obj`."""
    rule = (EXAMPLES / "argocd/health.lua").read_text()
    program = f"obj = {lua(resource)}\nlocal hs = (function()\n{rule}\nend)()\nio.write(hs.status, '\\n', hs.message or '')"
    # The language of Argo CD's own interpreter is 5.1's.
    done = subprocess.run(["lua5.1", "-"], input=program, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    status, _, message = done.stdout.partition("\n")
    return status, message


def condition(kind, status, reason="Progressing", message="as it is", generation=2):
    return {"type": kind, "status": status, "reason": reason, "message": message, "observedGeneration": generation}


def seen(*conditions, generation=2):
    return {"observedGeneration": generation, "conditions": list(conditions)}


# (state, spec, status, health, what the message says); the generation is 2.
STATES = [
    ("nobody runs", {}, None, "Progressing", "not seen"),
    ("as the schema makes it", {}, {"observedGeneration": -1}, "Progressing", "not seen"),
    ("edited since it was published", {}, seen(condition("Ready", "True", generation=1), generation=1), "Progressing",
     "not seen"),
    ("edited since it stalled", {}, seen(condition("Stalled", "True", generation=1), generation=1), "Progressing", "not seen"),
    ("an edit is tried for the first time", {},
     seen(condition("Ready", "True", generation=1), condition("Reconciling", "True", message="sending layers"), generation=1),
     "Progressing", "Progressing: sending layers"),
    ("what is new is tried for the first time", {},
     seen(condition("Reconciling", "True", message="sending layers"), generation=-1), "Progressing",
     "Progressing: sending layers"),
    ("edited while it was tried", {}, seen(condition("Reconciling", "True", generation=1), generation=-1), "Progressing",
     "not seen"),
    ("seen, and nothing said yet", {}, {"observedGeneration": 2}, "Progressing", "not finished"),
    ("work goes on for the first time", {}, seen(condition("Reconciling", "True", message="sending layers")), "Progressing",
     "Progressing: sending layers"),
    ("a report is waited for", {}, seen(condition("Ready", "False", "AwaitingReport"),
                                        condition("Reconciling", "True", "AwaitingReport", "no report yet")),
     "Progressing", "AwaitingReport: no report yet"),
    ("the registry is away", {}, seen(condition("Ready", "False", "Unavailable"),
                                      condition("Reconciling", "True", "Unavailable", "no answer")),
     "Progressing", "Unavailable: no answer"),
    ("a published one is published again", {}, seen(condition("Ready", "True", "Succeeded", generation=1),
                                                    condition("Reconciling", "True", message="sending")),
     "Progressing", "Progressing: sending"),
    ("a gate refused", {}, seen(condition("Ready", "False", "FindingsAboveLimit"),
                                condition("Stalled", "True", "FindingsAboveLimit", "CVE-1 is Critical: update it")),
     "Degraded", "FindingsAboveLimit: CVE-1 is Critical: update it"),
    ("access was withdrawn", {}, seen(condition("Ready", "False", "Forbidden"),
                                      condition("Stalled", "True", "Forbidden", "add an entry")),
     "Degraded", "Forbidden: add an entry"),
    ("what another version kept can't be read", {}, seen(condition("Ready", "Unknown", "StatusUnreadable", "found again")),
     "Progressing", "StatusUnreadable: found again"),
    ("published", {}, seen(condition("Ready", "True", "Succeeded", "tags 1.0 set")), "Healthy", "Succeeded: tags 1.0 set"),
    ("published, and something is not supported", {},
     seen(condition("Unsupported", "True", "NotSupported"), condition("Ready", "True", "Succeeded", "done")), "Healthy",
     "Succeeded: done"),
    ("not suspended", {"suspend": False}, seen(condition("Ready", "True", "Succeeded", "done")), "Healthy", "Succeeded"),
    ("suspended after it was published", {"suspend": True}, seen(condition("Ready", "True", "Succeeded", generation=1)),
     "Healthy", "suspended"),
    ("suspended before it ever was", {"suspend": True}, seen(), "Healthy", "suspended: nothing is done"),
    ("suspended, and nobody has seen it", {"suspend": True}, {"observedGeneration": -1}, "Progressing", "not seen"),
]

RESOURCES = """
apiVersion: slipway.dev/v1alpha1
kind: ContainerRegistry
metadata: {name: local}
spec:
  loginServer: HOST
  plainHTTP: true
  authentication: {anonymous: {}}
  access: [{name: all, namespaceSelector: {}, repositories: ["shop/*"], actions: [Read, Publish]}]
"""

PUBLICATION = """
---
apiVersion: slipway.dev/v1alpha1
kind: ImagePublication
metadata: {name: NAME}
spec:
  registryRef: {name: local}
  repository: REPOSITORY
  environment: staging
  source: {ociLayout: {path: image}}
  build: {number: 1}
  tags: [{name: number, template: "{{number}}"}]
"""


def publication(name, repository=None, more=""):
    return PUBLICATION.replace("NAME", name).replace("REPOSITORY", repository or f"shop/{name}") + more


class HealthRuleTest(unittest.TestCase):
    def test_every_state(self):
        for state, spec, status, wanted, message in STATES:
            with self.subTest(state):
                resource = {"metadata": {"name": "a", "generation": 2}, "spec": spec, "status": status}
                found, said = health_of(resource)
                self.assertEqual(found, wanted)
                self.assertIn(message, said)

    def test_a_suspended_registry_stops_no_publication(self):
        found, said = health_of({"kind": "ContainerRegistry", "metadata": {"name": "a", "generation": 2},
                                 "spec": {"suspend": True}, "status": seen()})
        self.assertEqual(found, "Healthy")
        self.assertIn("publications to it go on", said)

    def test_what_the_program_leaves_behind(self):
        folder = tempfile.TemporaryDirectory(prefix="slipway-gitops-")
        self.addCleanup(folder.cleanup)
        deploy = pathlib.Path(folder.name) / "deploy"
        deploy.mkdir()
        emulator = Emulator(EMULATOR, deploy.parent / "data")
        self.addCleanup(emulator.stop)
        subprocess.run([ROOT / "tests/support/make-image", "layout", deploy / "image", "--layer", "1K"], check=True,
                       stdout=subprocess.DEVNULL)
        (deploy / "all.yaml").write_text(
            RESOURCES.replace("HOST", emulator.host) + publication("done") + publication("refused", "other/app")
            + publication("ungated", more="  gates: {scan: {allowUpTo: High}}\n")
            + publication("waiting", more="  suspend: true\n"))
        state = ["--state", deploy.parent / "state.db"]
        subprocess.run([SLIPWAY, "publish", "-f", deploy, *state], capture_output=True)
        told = subprocess.run([SLIPWAY, "get", "ipub", "-f", deploy, "-o", "json", *state], capture_output=True, text=True,
                              check=True)
        found = {one["metadata"]["name"]: health_of(one) for one in json.loads(told.stdout)["items"]}
        self.assertEqual({name: status for name, (status, _) in found.items()},
                         {"done": "Healthy", "refused": "Degraded", "ungated": "Degraded", "waiting": "Healthy"})
        self.assertIn("Forbidden: ", found["refused"][1])
        self.assertIn("ReportNotNamed: ", found["ungated"][1])
        self.assertIn("suspended", found["waiting"][1])


class ExamplesTest(unittest.TestCase):
    def documents(self, path):
        return list(yaml.safe_load_all((EXAMPLES / path).read_text()))

    def test_the_component_gives_the_rule_to_the_three_kinds(self):
        with tempfile.TemporaryDirectory(dir=EXAMPLES.parent, prefix=".argocd-") as folder:
            base = pathlib.Path(folder)
            (base / "argocd-cm.yaml").write_text(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: argocd-cm}\ndata: {url: https://argocd.example}\n")
            (base / "kustomization.yaml").write_text("resources: [argocd-cm.yaml]\ncomponents: [../gitops/argocd]\n")
            done = subprocess.run([programs() / "kubectl", "kustomize", base], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        rule = (EXAMPLES / "argocd/health.lua").read_text()
        wanted = {f"resource.customizations.health.slipway.dev_{kind}": rule for kind in KINDS}
        config_map = yaml.safe_load(done.stdout)
        self.assertEqual(config_map["metadata"]["name"], "argocd-cm")
        self.assertEqual(config_map["data"], {"url": "https://argocd.example", **wanted})

    def assert_chart_takes(self, values):
        done = subprocess.run([programs() / "helm", "template", "slipway", ROOT / "charts/slipway", "-f", "-"], input=json.dumps(values), capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_chart_takes_the_values(self):
        namespaces, chart = self.documents("argocd/applications.yaml")[0]["spec"]["sources"]
        self.assert_chart_takes(chart["helm"]["valuesObject"])
        self.assert_granted_namespaces_are_there(chart["helm"]["valuesObject"], f"argocd/{namespaces['path']}")
        (release,) = self.documents("flux/controller/slipway.yaml")
        self.assert_chart_takes(release["spec"]["values"])
        self.assert_granted_namespaces_are_there(release["spec"]["values"], "flux/controller")

    def assert_granted_namespaces_are_there(self, values, folder):
        documents = [one for path in (EXAMPLES / folder).iterdir() for one in self.documents(path)]
        there = [one["metadata"]["name"] for one in documents if one["kind"] == "Namespace"]
        self.assertEqual(there, values["watchNamespaces"])

    def test_flux_goes_step_by_step_and_waits(self):
        kustomizations = [one for one in self.documents("flux/sync.yaml") if one["kind"] == "Kustomization"]
        names = [one["metadata"]["name"] for one in kustomizations]
        self.assertEqual(names, ["slipway", "registries", "shop-images"])
        before = [[each["name"] for each in one["spec"].get("dependsOn", [])] for one in kustomizations]
        self.assertEqual(before, [[], ["slipway"], ["slipway"]])
        for one in kustomizations:
            self.assertTrue(one["spec"]["wait"] and one["spec"]["prune"] and one["spec"]["timeout"])
        # Until then a fix that is pushed is not applied.
        self.assertEqual(kustomizations[2]["spec"]["timeout"], "5m")
        accounts = [one["metadata"] for one in self.documents("flux/controller/shop.yaml") if one["kind"] == "ServiceAccount"]
        self.assertEqual(accounts, [{"name": kustomizations[2]["spec"]["serviceAccountName"],
                                     "namespace": kustomizations[2]["metadata"]["namespace"]}])

    def test_argo_cd_applies_nothing_of_the_teams_folder_but_what_is_the_teams(self):
        documents = {(one["kind"], one["metadata"]["name"]): one["spec"] for one in self.documents("argocd/applications.yaml")}
        team = documents["Application", "shop-images"]
        project = documents["AppProject", team["project"]]
        self.assertEqual(project["destinations"], [team["destination"]])
        self.assertEqual(project["sourceRepos"], [team["source"]["repoURL"]])
        # A list that is missing lets everything with a namespace through.
        self.assertEqual(project["clusterResourceWhitelist"], [])
        kinds = [one["kind"] for one in project["namespaceResourceWhitelist"]]
        self.assertEqual(kinds, ["ImagePublication", "ConfigMap"])


if __name__ == "__main__":
    SLIPWAY, EMULATOR = sys.argv[1:3]
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
