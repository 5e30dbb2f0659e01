#!/usr/bin/env python3
"""A namespace that is deleted while the controller has publications in it whose tags are to be removed.

No namespace controller runs beside these API servers: the test does what that one does, with the same requests.

namespace_test.py SLIPWAY EMULATOR [TEST...]
"""
import base64
import json
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
from datetime import datetime, timedelta, timezone

from api_server import Cluster
from controllers import PUBLICATION, Controller, assert_nothing_forbidden, install, push
from acceptor import Acceptor  # Found by way of controllers.
from servers import REGISTRY, Emulator, make_image, wait_until

SLIPWAY = EMULATOR = None
# What it deletes, in no order that anybody may count on.
CONTENTS = ("roles", "rolebindings", "secrets", "configmaps", "serviceaccounts", "events.events.k8s.io",
            "imagepublications", "retentionpolicies")


class Between(Acceptor):
    """Passes connections on to an address, until it is told to keep those that come and answer nothing."""

    def __init__(self, host):
        self.target = (host.split(":")[0], int(host.split(":")[1]))
        self.hangs = False
        self.kept = []
        self.taken = threading.Event()
        super().__init__()
        self.host = f"127.0.0.1:{self.port}"

    def serve(self, client):
        self.kept.append(client)
        if self.hangs:
            self.taken.set()
            return
        server = socket.create_connection(self.target)
        self.kept.append(server)
        threading.Thread(target=self.pass_on, args=(server, client), daemon=True).start()
        self.pass_on(client, server)

    @staticmethod
    def pass_on(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        finally:
            for end in (source, sink):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def hang(self):
        self.hangs = True
        for each in self.kept:
            each.close()
        self.kept.clear()

    def stop(self):
        super().stop()
        for each in self.kept:
            each.close()


class NamespaceTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="slipway-namespace-")
        cls.addClassCleanup(folder.cleanup)
        cls.work = pathlib.Path(folder.name)
        cls.cluster = Cluster(cls.work / "cluster", audits=True)
        cls.addClassCleanup(cls.cluster.stop)
        # In a namespace that is being deleted no event is taken, whoever may write events.
        cls.addClassCleanup(assert_nothing_forbidden, cls.cluster,
                            lambda each: re.search("/namespaces/(brief|refused|small)/events", each["requestURI"]))
        cls.kubectl = cls.cluster.kubectl
        cls.kubectl("create", "namespace", "team")
        install(cls.cluster)
        cls.registry = Emulator(EMULATOR, cls.work / "registry")
        cls.addClassCleanup(cls.registry.stop)
        cls.between = Between(cls.registry.host)
        cls.addClassCleanup(cls.between.stop)
        make_image("layout", cls.work / "image", "--layers", 1, "--layer-size", 1000)
        push(cls.registry, "team/base", "1", cls.work / "image")
        make_image("layout", cls.work / "large", "--layers", 1, "--layer-size", 3_000_000)
        push(cls.registry, "team/base", "large", cls.work / "large")
        cls.kubectl("apply", "-f", "-", stdin=REGISTRY.format(host=cls.between.host))
        cls.controller = Controller(SLIPWAY, cls.cluster, cls.work)
        cls.controller.set("--workers", 1)
        cls.addClassCleanup(cls.controller.stop)
        cls.controller.start()

    def setUp(self):
        self.between.hangs = False
        self.between.taken.clear()
        self.since = self.cluster.audited()
        self.lines_before = len(self.controller.log())

    def publish(self, namespace, *names):
        self.kubectl("create", "namespace", namespace)
        for name in names:
            self.ask_for(namespace, name, "1")
        self.kubectl("wait", "--for=condition=Ready", "--timeout=180s", "ipub", "--all", "-n", namespace)
        wait_until(lambda: self.controller.is_idle(), "it is idle")

    def ask_for(self, namespace, name, image):
        self.kubectl("apply", "-f", "-", stdin=(PUBLICATION.format(
            name=name, version="1.0.0", number=1, source=f"{self.between.host}/team/base:{image}") +
            "  deletionPolicy: Untag\n").replace("namespace: team", f"namespace: {namespace}"))

    def delete(self, namespace):
        """As far as the namespace controller comes by itself."""
        self.kubectl("delete", "namespace", namespace, "--wait=false")
        self.assertEqual(self.namespace(namespace)["status"]["phase"], "Terminating")
        for kind in CONTENTS:
            self.kubectl("delete", kind, "--all", "-n", namespace, "--wait=false")

    def finish(self, namespace):
        """What it does once nothing is left in it."""
        wait_until(lambda: not self.left(namespace), "nothing is left in the namespace")
        seen = self.namespace(namespace)
        seen["spec"]["finalizers"] = []
        self.kubectl("replace", "--raw", f"/api/v1/namespaces/{namespace}/finalize", "-f", "-", stdin=json.dumps(seen))
        self.assertNotEqual(self.kubectl("get", "namespace", namespace, check=False).returncode, 0)

    def namespace(self, name):
        return json.loads(self.kubectl("get", "namespace", name, "-o", "json").stdout)

    def left(self, namespace):
        return json.loads(self.kubectl("get", "ipub", "-n", namespace, "-o", "json").stdout)["items"]

    def deleted_earlier(self, namespace, name, by):
        """Moves the time of a deletion in the API server's own storage: nobody else can."""
        key = base64.b64encode(f"/registry/slipway.dev/imagepublications/{namespace}/{name}".encode()).decode()
        (stored,) = self.cluster.ask_etcd("range", {"key": key})["kvs"]
        object = json.loads(base64.b64decode(stored["value"]))
        then = datetime.now(timezone.utc) - by
        object["metadata"]["deletionTimestamp"] = then.strftime("%Y-%m-%dT%H:%M:%SZ")
        value = base64.b64encode(json.dumps(object).encode()).decode()
        self.cluster.ask_etcd("put", {"key": key, "value": value})

    def log(self):
        return [json.loads(line) for line in self.controller.log()[self.lines_before:].splitlines() if line.startswith("{")]

    def events(self):
        """(object, reason) of what people were told, or would have been."""
        return {(line["object"].rpartition("/")[2], line["reason"]) for line in self.log() if "reason" in line and "object" in line}

    def wait_until_told(self, reason, *names):
        """The last that is done for a publication: after its object is gone, and after what became of that is on record."""
        wait_until(lambda: {(name, reason) for name in names} <= self.events(), f"{reason} is told of {names}")

    def changes(self):
        """(action, tag, result) of the audit log."""
        exported = subprocess.run([SLIPWAY, "audit", "export", "-", "-o", "json"], input=self.controller.log(),
                                  capture_output=True, text=True)
        self.assertEqual(exported.returncode, 0, exported.stderr)
        return {(each["object"].rpartition("/")[2] if "object" in each else each.get("name"), each["action"], each.get("tag"),
                 each["result"]) for each in json.loads(exported.stdout)}

    def assert_nothing_is_spoiled(self, allowed=0):
        """Neither ready nor calm lines are lost because a namespace that is being deleted takes nothing new."""
        refused = [each["requestURI"] for each in self.cluster.audit(self.since) if each["user"]["username"] == self.controller.account
                   and each["responseStatus"]["code"] == 403]
        self.assertLessEqual(len(refused), allowed, refused)
        self.assertEqual([line for line in self.log() if "event is lost" in line.get("message", "")], [])
        self.assertEqual(self.controller.readiness()[0], 200)

    def test_the_tags_go_and_then_the_namespace(self):
        self.publish("brief", "one", "two")
        self.delete("brief")
        self.finish("brief")
        for name in ("one", "two"):
            self.assertIsNone(self.registry.digest(f"team/{name}", "1.0.0"))
            self.assertIn((name, "RemoveTag", "1.0.0", "Done"), self.changes())
        self.wait_until_told("Untagged", "one", "two")
        # Each watch tells by itself: an event may be on its way before it is known that the namespace takes none.
        self.assert_nothing_is_spoiled(allowed=2)

    def test_it_waits_for_no_transfer_though_that_has_every_worker(self):
        self.publish("small", "five")
        self.addCleanup(self.registry.heal)
        self.registry.fault(action="RefuseMount", times=0)
        # Some five minutes for the layer.
        self.registry.fault(action="Slow", path="/v2/team/six/blobs/uploads/", times=0, bytesPerSecond=10_000)
        self.ask_for("team", "six", "large")
        self.addCleanup(self.kubectl, "delete", "ipub", "six", "-n", "team", "--wait=false")
        wait_until(lambda: any("/team/six/blobs/uploads/" in each["target"] for each in self.registry.requests()), "it is sent")
        self.delete("small")
        self.finish("small")
        self.assertIsNone(self.registry.digest("team/five", "1.0.0"))
        wait_until(lambda: self.controller.metric("controller_runtime_active_workers{") == 1, "nothing but the transfer is under way")
        self.assertIsNone(self.registry.digest("team/six", "1.0.0"))

    def test_a_registry_that_forbids_it_holds_nothing_up(self):
        self.publish("refused", "four")
        digest = self.registry.digest("team/four", "1.0.0")
        self.addCleanup(self.registry.heal)
        self.registry.fault(action="Status", status=403, code="DENIED", method="DELETE", path="/v2/team/four/", times=0)
        self.delete("refused")
        self.finish("refused")
        for tag in ("1.0.0", "staging"):
            self.assertEqual(self.registry.digest("team/four", tag), digest)
        self.wait_until_told("LeftTagged", "four")
        self.assertEqual({reason for name, reason in self.events() if name == "four"}, {"Published", "LeftTagged"})
        self.assertIn(("four", "LeaveTags", None, "Done"), self.changes())
        self.assert_nothing_is_spoiled(allowed=1)

    def test_a_registry_that_hangs_holds_it_for_ten_minutes_at_most(self):
        """They went by while the controller was away: it has one minute left."""
        self.publish("held", "three")
        digest = self.registry.digest("team/three", "1.0.0")
        self.between.hang()
        self.controller.stop()
        self.delete("held")
        self.deleted_earlier("held", "three", timedelta(minutes=10))
        self.lines_before = 0
        self.controller.start()
        self.assertTrue(self.between.taken.wait(180), "the registry is asked")
        self.assertEqual(self.left("held")[0]["metadata"]["finalizers"], ["slipway.dev/untag"])
        # A request alone waits for a minute, and is made four times.
        self.kubectl("wait", "--for=delete", "--timeout=240s", "ipub", "three", "-n", "held")
        self.finish("held")
        self.assertEqual(self.registry.digest("team/three", "1.0.0"), digest)
        self.wait_until_told("LeftTagged", "three")
        self.assertIn(("three", "LeaveTags", None, "Done"), self.changes())
        self.assert_nothing_is_spoiled()


if __name__ == "__main__":
    SLIPWAY, EMULATOR = (str(pathlib.Path(each).resolve()) for each in sys.argv[1:3])
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
