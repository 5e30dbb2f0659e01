#!/usr/bin/env python3
"""Flux's own kustomize-controller applies publications from a folder of manifests, and waits for them.

flux_test.py SLIPWAY EMULATOR [TEST...]
"""
import hashlib
import http.server
import io
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import unittest

import yaml

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support")]
from api_server import end, temporary_cluster  # noqa: E402
from controllers import NAMESPACE, Controller, assert_nothing_forbidden, install  # noqa: E402
from servers import Emulator, make_image, make_report  # noqa: E402

SLIPWAY = EMULATOR = None
LONGEST_WAIT = 180  # seconds; a guard, never reached otherwise
FLUX = "flux-system"


class Artifacts:
    """Tarballs on loopback, as source-controller serves them."""

    def __init__(self):
        self.files = files = {}

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = files.get(self.path)
                self.send_response(200 if body else 404)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def add(self, documents):
        """What the status of an ExternalArtifact says of a folder with these documents."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for number, document in enumerate(documents):
                body = json.dumps(document).encode()
                entry = tarfile.TarInfo(f"{number}.yaml")
                entry.size = len(body)
                archive.addfile(entry, io.BytesIO(body))
        body = packed.getvalue()
        digest = hashlib.sha256(body).hexdigest()
        self.files[f"/{digest}.tar.gz"] = body
        return {"url": f"http://127.0.0.1:{self.server.server_address[1]}/{digest}.tar.gz", "path": f"{digest}.tar.gz",
                "revision": f"main@sha256:{digest}", "digest": f"sha256:{digest}", "size": len(body),
                "lastUpdateTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class FluxTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        flux = pathlib.Path(subprocess.run([HERE / "build.sh", "flux"], stdout=subprocess.PIPE, text=True,
                                           check=True).stdout.strip())
        folder = tempfile.TemporaryDirectory(prefix="slipway-flux-")
        cls.addClassCleanup(folder.cleanup)
        cls.work = pathlib.Path(folder.name)
        cls.cluster = temporary_cluster(cls, audits=True)
        cls.addClassCleanup(assert_nothing_forbidden, cls.cluster)
        cls.kubectl = cls.cluster.kubectl
        cls.cluster.apply_crds(flux / "crds")
        for name in (FLUX, "shop"):
            cls.kubectl("create", "namespace", name)
        install(cls.cluster, "slipway", NAMESPACE, "--set", "watchNamespaces={shop}")
        cls.artifacts = Artifacts()
        cls.addClassCleanup(cls.artifacts.stop)
        cls.registry = Emulator(EMULATOR, cls.work / "registry")
        cls.addClassCleanup(cls.registry.stop)
        cls.seed()
        cls.kubectl("apply", "-f", "-", stdin=json.dumps(cls.registry_resource(sources=[f"{cls.registry.host}/**"])))
        cls.start(flux / "kustomize-controller", "--watch-all-namespaces", "--metrics-addr=127.0.0.1:0",
                  "--health-addr=127.0.0.1:0", "--requeue-dependency=1s", "--feature-gates=ExternalArtifact=true",
                  "--enable-leader-election=false", "--no-cross-namespace-refs=false")
        controller = Controller(SLIPWAY, cls.cluster, cls.work)
        cls.addClassCleanup(controller.stop)
        controller.start()

    @classmethod
    def start(cls, program, *arguments):
        environment = {**os.environ, "HOME": str(cls.work), "KUBECONFIG": str(cls.cluster.kubeconfig), "RUNTIME_NAMESPACE": FLUX,
                       "TMPDIR": str(cls.work)}
        name = pathlib.Path(program).name
        with open(cls.work / f"{name}.log", "wb") as log:
            process = subprocess.Popen([program, *map(str, arguments)], stdout=log, stderr=log, env=environment)
        cls.addClassCleanup(end, process)

    @classmethod
    def registry_resource(cls, **more):
        host = cls.registry.host
        access = {"name": "all", "namespaceSelector": {}, "repositories": ["shop/**"], "actions": ["Read", "Publish"], **more}
        return {"apiVersion": "slipway.dev/v1alpha1", "kind": "ContainerRegistry", "metadata": {"name": "local"},
                "spec": {"loginServer": host, "plainHTTP": True, "authentication": {"anonymous": {}}, "access": [access]}}

    @classmethod
    def publication(cls, name, **changes):
        image = {"reference": f"{cls.registry.host}/shop/source:1", "plainHTTP": True}
        return {"apiVersion": "slipway.dev/v1alpha1", "kind": "ImagePublication",
                "metadata": {"name": name, "namespace": "shop"},
                "spec": {"registryRef": {"name": "local"}, "repository": f"shop/{name}", "environment": "staging",
                         "source": {"image": image}, "build": {"number": 1, "version": "1.0.0"},
                         "tags": [{"name": "version", "template": "{{version}}"}], **changes}}

    @classmethod
    def seed(cls):
        """Puts an image where publications take it from."""
        cls.digest = make_image("layout", cls.work / "image", "--layer", "1K")
        folder = cls.work / "seed"
        folder.mkdir()
        source = cls.publication("source", source={"ociLayout": {"path": "../image"}}, tags=[{"name": "tag", "template": "1"}])
        (folder / "all.json").write_text("\n---\n".join(map(json.dumps, [cls.registry_resource(), source])))
        done = subprocess.run([SLIPWAY, "publish", "-f", folder, "--root", cls.work, "--state", cls.work / "seed.db"],
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def setUp(self):
        """A Kustomization of its own for each test."""
        self.name = self.id().rsplit("_", 1)[-1]
        self.addCleanup(self.remove)

    def remove(self):
        self.kubectl("delete", "kustomizations.kustomize.toolkit.fluxcd.io", self.name, "-n", FLUX, "--ignore-not-found")

    def commit(self, *documents, account=None, **more):
        """A new revision of the folder, applied by that ServiceAccount, `more` in the Kustomization; its name."""
        meta = {"name": self.name, "namespace": FLUX}
        artifact = {"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "ExternalArtifact", "metadata": meta, "spec": {}}
        self.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(artifact))
        stored = self.artifacts.add(documents)
        ready = {"type": "Ready", "status": "True", "reason": "Succeeded", "message": "stored",
                 "lastTransitionTime": stored["lastUpdateTime"]}
        self.kubectl("patch", "externalartifacts.source.toolkit.fluxcd.io", self.name, "-n", FLUX, "--subresource=status", "--type=merge", "-p",
                     json.dumps({"status": {"artifact": stored, "conditions": [ready]}}))
        spec = {"interval": "1h", "retryInterval": "2s", "timeout": "60s", "prune": True, "wait": True, "path": "./",
                "sourceRef": {"kind": "ExternalArtifact", "name": self.name},
                **({"serviceAccountName": account} if account else {}), **more}
        self.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(
            {"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "metadata": meta, "spec": spec}))
        return stored["revision"]

    def kustomization(self):
        return json.loads(self.kubectl("get", "kustomizations.kustomize.toolkit.fluxcd.io", self.name, "-n", FLUX, "-o",
                                       "json").stdout)

    def ready(self):
        """(status, reason, message) of its condition, and the revision that was applied and found healthy last."""
        status = self.kustomization().get("status", {})
        found = [each for each in status.get("conditions", []) if each["type"] == "Ready"]
        condition = found[0] if found else {"status": "", "reason": "", "message": ""}
        return condition["status"], condition["reason"], condition["message"], status.get("lastAppliedRevision")

    def wait_until(self, question, what):
        deadline = time.monotonic() + LONGEST_WAIT
        while not (answer := question()):
            if time.monotonic() > deadline:
                logs = "\n".join(path.read_text(errors="replace")[-3000:] for path in self.work.glob("*.log"))
                raise AssertionError(f"waited in vain until {what}: {self.ready()}\n{logs}")
            time.sleep(0.2)
        return answer

    def wait_until_healthy(self, revision):
        self.wait_until(lambda: (now := self.ready())[0] == "True" and now[3] == revision, "the Kustomization is Ready")

    def wait_until_unhealthy(self, word):
        return self.wait_until(lambda: (now := self.ready())[0] == "False" and word in now[2] and now, "it is unhealthy")

    def get(self, name):
        found = self.kubectl("get", "ipub", name, "-n", "shop", "-o", "json", "--show-managed-fields", check=False)
        return json.loads(found.stdout) if found.returncode == 0 else None

    def report(self, name, *arguments):
        config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "shop"},
                      "data": {"json": make_report(self.work / "image", *arguments)}}
        self.kubectl("apply", "-f", "-", stdin=json.dumps(config_map))

    def gated(self, name, report):
        reports = [{"name": "all", "configMapRef": {"name": report, "key": "json"}}]
        return self.publication(name, gates={"scan": {"allowUpTo": "High", "waitFor": "1h", "reports": reports}})

    def test_a_revision_is_ready_when_it_is_published_and_not_before(self):
        revision = self.commit(self.gated("waits", "later"))
        self.wait_until(lambda: self.get("waits"), "it is applied")
        self.wait_until(lambda: any(each["type"] == "Reconciling" for each in self.get("waits")["status"].get("conditions", [])),
                        "it waits for its report")
        self.assertNotEqual(self.ready()[0], "True")
        self.report("later")
        self.wait_until_healthy(revision)
        self.assertEqual(self.registry.digest("shop/waits", "1.0.0"), self.digest)
        newer = self.commit(self.publication("waits", build={"number": 2, "version": "2.0.0"}))
        self.wait_until_healthy(newer)
        self.assertEqual(self.registry.digest("shop/waits", "2.0.0"), self.digest)

    def test_a_failing_gate_makes_it_unhealthy_and_a_revert_heals(self):
        good = self.publication("gated")
        self.wait_until_healthy(self.commit(good))
        self.report("bad", "--vulnerability", "CVE-2026-1,CRITICAL,openssl,1.0,1.1")
        self.commit({**self.gated("gated", "bad"), "spec": {**self.gated("gated", "bad")["spec"],
                                                            "build": {"number": 2, "version": "2.0.0"}}})
        # This Flux says which object failed; why, the object says.
        said = self.wait_until_unhealthy("ImagePublication/shop/gated status: 'Failed'")
        self.assertEqual(said[1], "HealthCheckFailed")
        (stalled,) = (each for each in self.get("gated")["status"]["conditions"] if each["type"] == "Stalled")
        self.assertIn("CVE-2026-1", stalled["message"])
        self.assertIsNone(self.registry.digest("shop/gated", "2.0.0"))
        self.wait_until_healthy(self.commit({**good, "metadata": {**good["metadata"], "annotations": {"reverted": "yes"}}}))

    def test_the_kustomization_itself_says_why_where_it_is_asked_to(self):
        asked = yaml.safe_load((HERE.parents[1] / "examples/gitops/flux/health-checks.yaml").read_text())["spec"]
        self.report("worse", "--vulnerability", "CVE-2026-2,CRITICAL,openssl,1.0,1.1")
        self.commit(self.gated("told", "worse"), timeout="5s", **asked)
        said = self.wait_until_unhealthy("CVE-2026-2")
        self.assertEqual(said[1], "HealthCheckFailed")
        self.assertIn("ImagePublication/shop/told", said[2])
        suspended = self.gated("told", "worse")
        suspended["spec"]["suspend"] = True
        self.wait_until_healthy(self.commit(suspended, **asked))
        self.wait_until_healthy(self.commit(self.publication("told"), **asked))
        self.assertEqual(self.registry.digest("shop/told", "1.0.0"), self.digest)

    def test_the_fix_of_one_that_waits_is_applied_once_the_timeout_is_over(self):
        self.commit(self.gated("held", "never"), timeout="5s")
        self.wait_until_unhealthy("ImagePublication/shop/held status: 'InProgress'")
        self.wait_until_healthy(self.commit(self.publication("held"), timeout="5s"))
        self.assertEqual(self.registry.digest("shop/held", "1.0.0"), self.digest)

    def test_one_that_is_suspended_does_not_block(self):
        self.wait_until_healthy(self.commit(self.publication("runs"), self.publication("rests", suspend=True)))
        self.assertIsNone(self.registry.digest("shop/rests", "1.0.0"))
        self.wait_until_healthy(self.commit(self.publication("runs", suspend=True), self.publication("rests")))
        self.assertEqual(self.registry.digest("shop/rests", "1.0.0"), self.digest)

    def test_pruning_deletes_as_the_policy_says_when_files_are_gone(self):
        stays = self.publication("stays")
        self.wait_until_healthy(self.commit(stays, self.publication("untagged", deletionPolicy="Untag"),
                                            self.publication("retained", deletionPolicy="Retain")))
        self.commit(stays)
        self.wait_until(lambda: not self.get("untagged") and not self.get("retained"), "both are gone")
        self.assertIsNone(self.registry.digest("shop/untagged", "1.0.0"))
        self.assertEqual(self.registry.digest("shop/retained", "1.0.0"), self.digest)
        self.assertIsNotNone(self.get("stays"))

    def test_the_example_is_taken_and_its_deployer_may_apply(self):
        example = HERE.parents[1] / "examples/gitops/flux"
        self.kubectl("apply", "--dry-run=server", "--validate=strict", "-f", example / "sync.yaml", "-f", example / "controller")
        # What the chart adds to the role edit, which no controller aggregates here.
        self.kubectl("apply", "-f", example / "controller/shop.yaml")
        for role in ("slipway-edit", "slipway-view"):
            self.kubectl("create", "rolebinding", role, "-n", "shop", f"--clusterrole={role}",
                         f"--serviceaccount={FLUX}:shop-deployer")
        (last,) = (one for one in yaml.safe_load_all((example / "sync.yaml").read_text())
                   if one["metadata"]["name"] == "shop-images")
        self.wait_until_healthy(self.commit(self.publication("deployed"), account=last["spec"]["serviceAccountName"]))
        self.assertEqual(self.registry.digest("shop/deployed", "1.0.0"), self.digest)
        elsewhere = self.publication("elsewhere")
        elsewhere["metadata"]["namespace"] = NAMESPACE
        self.commit(elsewhere, account=last["spec"]["serviceAccountName"])
        self.wait_until_unhealthy("forbidden")

    def test_nobody_fights_over_a_field(self):
        self.wait_until_healthy(self.commit(self.publication("peace", deletionPolicy="Untag")))
        before = self.get("peace")
        managers = {(each["manager"], each.get("subresource", "")) for each in before["metadata"]["managedFields"]
                    if "f:spec" in each["fieldsV1"]}
        self.assertEqual(managers, {("kustomize-controller", "")})
        for each in before["metadata"]["managedFields"]:
            if "f:status" in each["fieldsV1"]:
                self.assertEqual((each["manager"], each.get("subresource")), ("slipway", "status"))
        asked = "asked-again"
        self.kubectl("annotate", "kustomizations.kustomize.toolkit.fluxcd.io", self.name, "-n", FLUX,
                     f"reconcile.fluxcd.io/requestedAt={asked}")
        self.wait_until(lambda: self.kustomization()["status"].get("lastHandledReconcileAt") == asked, "Flux applies it again")
        self.wait_until(lambda: self.ready()[0] == "True", "it is Ready again")
        self.assertEqual(self.get("peace"), before)


if __name__ == "__main__":
    SLIPWAY, EMULATOR = sys.argv[1:3]
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
