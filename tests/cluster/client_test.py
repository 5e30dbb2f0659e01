#!/usr/bin/env python3
"""The client of an API server (controller/kube) against a real one, and through a wire that fails.

client_test.py KUBE_CLIENT [TEST...]
"""
import base64
import contextlib
import json
import os
import pathlib
import queue
import subprocess
import sys
import threading
import time
import unittest

from api_server import Authority, free_ports, temporary_cluster
from wire import Wire

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from tunnel import Tunnel  # noqa: E402

LONGEST_WAIT = 180  # seconds; a guard, never reached otherwise
KUBE_CLIENT = None

PUBLICATION = {
    "apiVersion": "slipway.dev/v1alpha1", "kind": "ImagePublication", "metadata": {"name": "app", "namespace": "shop"},
    "spec": {"registryRef": {"name": "contoso"}, "repository": "shop/app", "environment": "staging",
             "source": {"image": {"reference": "ghcr.io/contoso/app:1"}}, "build": {"number": 1},
             "tags": [{"name": "number", "template": "{{number}}"}]}}


class Refused(Exception):
    """The error that the client answered with."""

    def __init__(self, error):
        super().__init__(f"{error['class']}: {error['message']}; {error['remedy']}")
        self.cls, self.message, self.remedy = error["class"], error["message"], error["remedy"]
        self.reason, self.retry_after = error.get("reason"), error.get("retryAfter")


class Client:
    """A kube-client that takes one command after another, and ends with that exit code."""

    def __init__(self, *how, environment=None, code=0):
        self.code = code
        self.process = subprocess.Popen([KUBE_CLIENT, *map(str, how)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env={**os.environ, **(environment or {})})
        self.answers = queue.Queue()
        self.told = []
        self.news = threading.Condition()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            said = json.loads(line)
            if "told" not in said:
                self.answers.put(said)
                continue
            with self.news:
                self.told.append(said["told"])
                self.news.notify_all()
        self.answers.put({"error": {"class": "Ended", "message": "kube-client has ended", "remedy": ""}})

    def ask(self, do, **command):
        if self.process.poll() is None:
            try:
                self.process.stdin.write(json.dumps({"do": do, **command}) + "\n")
                self.process.stdin.flush()
            except BrokenPipeError:
                pass  # It says why it ended.
        said = self.answers.get(timeout=LONGEST_WAIT)
        if "error" in said:
            raise Refused(said["error"])
        return said["answer"]

    def user(self):
        """Who the API server takes us for."""
        review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        return self.ask("create", resource="selfsubjectreviews", object=review)["status"]["userInfo"]["username"]

    def wait_for(self, fits, count=1):
        """What was told that fits, once there is that much of it."""
        with self.news:
            found = self.news.wait_for(lambda: len(chosen := [one for one in self.told if fits(one)]) >= count and chosen,
                                       LONGEST_WAIT)
            if not found:
                raise AssertionError(f"waited in vain; told: {self.told[-20:]}")
            return found

    def changes(self, name=None):
        with self.news:
            return [one["change"] for one in self.told if "change" in one and name in (None, one["object"])]

    def forget(self):
        with self.news:
            self.told.clear()

    def stop(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        code = self.process.wait(LONGEST_WAIT)
        self.reader.join()
        self.process.stdout.close()
        assert code == self.code, f"kube-client ended with {code}"


class ClientCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = temporary_cluster(cls)
        cls.kubectl = cls.cluster.kubectl
        for namespace in ("shop", "many"):
            cls.kubectl("create", "namespace", namespace)
        cls.grant_all("one", "two")
        cls.token = cls.cluster.token_of("one", "shop")

    @classmethod
    def grant_all(cls, *accounts):
        """ServiceAccounts of namespace shop that may do everything."""
        for account in accounts:
            cls.kubectl("create", "serviceaccount", account, "-n", "shop")
            cls.kubectl("create", "clusterrolebinding", account, "--clusterrole=cluster-admin",
                        f"--serviceaccount=shop:{account}")

    @classmethod
    def install_crds(cls):
        cls.cluster.apply_crds()

    def make_many(self, namespace, count):
        items = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"many-{number:03}", "namespace": namespace}}
                 for number in range(count)]
        self.kubectl("create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))

    def client(self, *how, **more):
        client = Client(*how, **more)
        self.addCleanup(client.stop)
        return client

    def client_of(self, user, **cluster):
        """A client with that user of a kubeconfig."""
        return self.client("--kubeconfig", self.cluster.write_kubeconfig(self.id().rsplit(".", 1)[-1], user, **cluster))

    def assert_refused(self, cls, do, *words, **command):
        client = command.pop("client")
        with self.assertRaises(Refused) as refused:
            client.ask(do, **command)
        self.assertEqual(refused.exception.cls, cls, refused.exception)
        for word in words:
            self.assertIn(word, str(refused.exception))
        return refused.exception

    def settled(self, question):
        deadline = time.monotonic() + LONGEST_WAIT
        while not (answer := question()):
            self.assertLess(time.monotonic(), deadline, f"did not come within {LONGEST_WAIT} s")
            time.sleep(0.1)
        return answer


class AccessTest(ClientCase):
    """Who we are and whom we trust."""

    def account(self, name):
        return f"system:serviceaccount:shop:{name}"

    def test_a_client_certificate(self):
        kubeconfig = self.cluster.kubeconfig_for("cert", "/O=system:masters/CN=jo")
        self.assertEqual(self.client("--kubeconfig", kubeconfig).user(), "jo")

    def test_a_token(self):
        self.assertEqual(self.client_of({"token": self.token}).user(), self.account("one"))

    def test_no_credentials_and_wrong_ones(self):
        self.assert_refused("Unauthorized", "get", "401", "sign in again", client=self.client_of({"token": "wrong"}),
                            resource="configmaps", namespace="shop", name="a")
        self.assert_refused("Forbidden", "get", 'resources: ["configmaps"], verbs: ["get"]', "Role in namespace shop",
                            client=self.client_of({}), resource="configmaps", namespace="shop", name="a")

    def test_a_token_file_is_read_again_as_it_rotates(self):
        path = self.cluster.folder / "rotating"
        path.write_text(self.token)
        client = self.client_of({"tokenFile": str(path)})
        self.assertEqual(client.user(), self.account("one"))
        path.write_text(self.cluster.token_of("two", "shop"))
        self.assertEqual(client.user(), self.account("one"))
        client.ask("forward", seconds=61)
        self.assertEqual(client.user(), self.account("two"))

    def test_a_token_that_is_refused_is_read_again_at_once(self):
        self.grant_all("leaving")
        path = self.cluster.folder / "refused"
        path.write_text(self.cluster.token_of("leaving", "shop"))
        client = self.client_of({"tokenFile": str(path)})
        self.assertEqual(client.user(), self.account("leaving"))
        self.kubectl("delete", "serviceaccount", "leaving", "-n", "shop")
        path.write_text(self.token)
        # The API server itself keeps what it thinks of a token for some seconds.
        self.settled(lambda: client.user() == self.account("one"))

    def exec_user(self, name, script, **more):
        program = self.cluster.folder / name
        program.write_text("#!/bin/sh\n" + script)
        program.chmod(0o755)
        return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(program),
                         "interactiveMode": "Never", **more}}

    def test_an_exec_plugin(self):
        credential = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
                      "status": {"token": "$TOKEN"}}
        runs = self.cluster.folder / "runs"
        script = f"echo run >> {runs}\nprintf '%s' '{json.dumps(credential)}' | sed \"s|[$]TOKEN|$TOKEN|\"\n"
        user = self.exec_user("plugin", script, env=[{"name": "TOKEN", "value": self.token}])
        client = self.client_of(user)
        for _ in range(3):
            self.assertEqual(client.user(), self.account("one"))
        self.assertEqual(runs.read_text(), "run\n")

    def test_an_exec_plugin_gives_a_certificate_and_is_asked_again_when_it_ends(self):
        certificate, key = self.cluster.authority.sign("of-plugin", "/O=system:masters/CN=plugin")
        answer = self.cluster.folder / "credential.json"

        def give_for(seconds):
            ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
            status = {"clientCertificateData": certificate.read_text(), "clientKeyData": key.read_text(),
                      "expirationTimestamp": ends}
            answer.write_text(json.dumps({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
                                          "status": status}))

        give_for(3600)
        runs = self.cluster.folder / "certificate-runs"
        client = self.client_of(self.exec_user("certificates", f"echo run >> {runs}\ncat {answer}\n"))
        self.assertEqual([client.user(), client.user()], ["plugin", "plugin"])
        self.assertEqual(runs.read_text(), "run\n")
        give_for(7200)
        client.ask("forward", seconds=3600)
        self.assertEqual(client.user(), "plugin")
        self.assertEqual(runs.read_text(), "run\nrun\n")

    def test_an_exec_plugin_that_fails(self):
        user = self.exec_user("failing", "echo secret-token; exit 3\n", installHint="get it from the shop")
        refused = self.assert_refused("Unauthorized", "get", "get it from the shop", client=self.client_of(user),
                                      resource="configmaps", namespace="shop", name="a")
        self.assertNotIn("secret-token", str(refused))

    def test_the_service_account_of_a_pod(self):
        folder = self.cluster.folder / "serviceaccount"
        folder.mkdir()
        (folder / "token").write_text(self.token)
        (folder / "ca.crt").write_bytes(self.cluster.authority.certificate.read_bytes())
        (folder / "namespace").write_text("shop")
        client = self.client("--in-cluster", folder, environment={"KUBERNETES_SERVICE_HOST": "127.0.0.1",
                                                                  "KUBERNETES_SERVICE_PORT": str(self.cluster.port)})
        self.assertEqual(client.user(), self.account("one"))

    def test_no_pod(self):
        client = self.client("--in-cluster", "/nowhere", environment={"KUBERNETES_SERVICE_HOST": ""}, code=1)
        self.assert_refused("NotFound", "get", "this is no pod", client=client)

    def test_a_server_of_another_authority_is_not_trusted(self):
        folder = self.cluster.folder / "strange"
        folder.mkdir()
        strange = Authority(folder)
        data = base64.b64encode(strange.certificate.read_bytes()).decode()
        self.assert_refused("Unavailable", "get", "certificate-authority-data", resource="configmaps", namespace="shop",
                            name="a", client=self.client_of({"token": self.token},
                                                            **{"certificate-authority-data": data}))

    def test_a_server_of_another_name_is_not_trusted(self):
        def client(name):
            return self.client_of({"token": self.token}, **{"tls-server-name": name})

        self.assertEqual(client("kubernetes.default.svc").user(), self.account("one"))
        self.assert_refused("Unavailable", "get", "tls-server-name", client=client("contoso.example"),
                            resource="configmaps", namespace="shop", name="a")

    def test_a_proxy(self):
        tunnel = Tunnel()
        self.addCleanup(tunnel.stop)
        client = self.client_of({"token": self.token}, **{"proxy-url": tunnel.url})
        self.assertEqual(client.user(), self.account("one"))
        self.assertEqual(tunnel.led_to, [f"127.0.0.1:{self.cluster.port}"])

    def test_nobody_answers(self):
        (port,) = free_ports(1)
        self.assert_refused("Unavailable", "get", client=self.client_of({"token": self.token},
                                                                        server=f"https://127.0.0.1:{port}"),
                            resource="configmaps", namespace="shop", name="a")


class ObjectsTest(ClientCase):
    """What is read and written."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.install_crds()

    def setUp(self):
        self.wire = Wire(self.cluster)
        self.addCleanup(self.wire.stop)
        self.api = self.client("--kubeconfig", self.wire.kubeconfig("wired", {"token": self.token}))

    def applied(self, name):
        publication = {**PUBLICATION, "metadata": {"name": name, "namespace": "shop"}}
        self.kubectl("apply", "-f", "-", stdin=json.dumps(publication))
        return {"resource": "imagepublications", "namespace": "shop", "name": name}

    def told_status(self, name, **status):
        return {"apiVersion": "slipway.dev/v1alpha1", "kind": "ImagePublication",
                "metadata": {"name": name, "namespace": "shop"}, "status": status}

    def test_what_is_not_there(self):
        self.assertIsNone(self.api.ask("get", resource="configmaps", namespace="shop", name="nothing"))
        self.assert_refused("NotFound", "remove", client=self.api, resource="configmaps", namespace="shop", name="nothing")

    def test_a_status_is_applied_and_what_is_left_out_goes(self):
        which = self.applied("status")
        ready = {"type": "Ready", "status": "True", "reason": "Succeeded", "message": "published",
                 "lastTransitionTime": "2026-11-24T09:00:00Z", "observedGeneration": 1}
        def applies(**status):
            answer = self.api.ask("apply", **which, subresource="status", object=self.told_status("status", **status))
            self.assertEqual(answer["kind"], "ImagePublication")
            now = self.api.ask("get", **which)
            self.assertEqual(answer["metadata"]["resourceVersion"], now["metadata"]["resourceVersion"])
            return now

        written = applies(observedGeneration=1, conditions=[ready])
        self.assertEqual(written["status"]["conditions"], [ready])
        managers = {(each["manager"], each["operation"], each.get("subresource"))
                    for each in written["metadata"]["managedFields"]}
        self.assertIn(("slipway", "Apply", "status"), managers)
        again = applies(observedGeneration=1, conditions=[ready])
        self.assertEqual(again["metadata"]["resourceVersion"], written["metadata"]["resourceVersion"])
        gone = applies(observedGeneration=2)
        self.assertNotIn("conditions", gone["status"])
        self.assertEqual(gone["spec"], written["spec"])

    def test_a_status_is_not_written_to_what_is_gone_or_another(self):
        missing = {"resource": "imagepublications", "namespace": "shop", "name": "missing", "subresource": "status"}
        self.assert_refused("NotFound", "apply", client=self.api, object=self.told_status("missing", observedGeneration=1),
                            **missing)
        which = self.applied("other")
        seen = self.api.ask("get", **which)["metadata"]["resourceVersion"]
        self.kubectl("delete", "ipub", "other", "-n", "shop")
        self.applied("other")
        status = self.told_status("other", observedGeneration=1)
        status["metadata"]["resourceVersion"] = seen
        self.assert_refused("Conflict", "apply", client=self.api, object=status, subresource="status", **which)

    def test_what_the_schema_refuses_names_the_field(self):
        which = self.applied("schema")
        ready = {"type": "Ready", "status": "Perhaps", "reason": "Succeeded", "message": "",
                 "lastTransitionTime": "2026-11-24T09:00:00Z"}
        self.assert_refused("Invalid", "apply", "status.conditions[0].status", client=self.api, subresource="status",
                            object=self.told_status("schema", conditions=[ready]), **which)

    def test_a_kind_that_is_not_installed(self):
        self.kubectl("delete", "crd", "imagepublications.slipway.dev")
        self.addCleanup(self.install_crds)
        self.settled(self.is_unknown)

    def is_unknown(self):
        try:
            self.api.ask("get", resource="imagepublications", namespace="shop", name="a")
        except Refused as refused:
            return refused.cls == "NotFound" and "install its definition (CRD)" in refused.remedy
        return False

    LEASE = {"namespace": "shop", "name": "leader", "holder": "one", "renewed": "2026-11-24T09:00:00Z"}

    def test_leases(self):
        def ask(what, **lease):
            return self.api.ask("lease", **{**self.LEASE, "what": what, **lease})

        self.assertIsNone(ask("find"))
        made = ask("create")
        self.assertEqual(made["spec"]["renewTime"], "2026-11-24T09:00:00.000000Z")
        self.assert_refused("Conflict", "lease", client=self.api, what="create", **self.LEASE)
        version = made["metadata"]["resourceVersion"]
        taken = ask("update", resourceVersion=version, holder="two")
        self.assertEqual(taken["spec"]["holderIdentity"], "two")
        self.assert_refused("Conflict", "lease", "somebody else was first", client=self.api, what="update",
                            resourceVersion=version, **self.LEASE)
        self.assertEqual(ask("find")["spec"]["holderIdentity"], "two")
        held = self.api.ask("leases", namespace="shop", labelSelector="app=slipway")
        self.assertEqual([one["metadata"]["name"] for one in held], ["leader"])
        self.assertEqual(self.api.ask("leases", namespace="shop", labelSelector="app=other"), [])
        self.assert_refused("Conflict", "lease", client=self.api, what="remove", resourceVersion=version, **self.LEASE)
        ask("remove", resourceVersion=taken["metadata"]["resourceVersion"])
        self.assertIsNone(ask("find"))

    def test_a_lease_is_tried_once(self):
        self.wire.refuse(503, path="/leases")
        self.assert_refused("Unavailable", "lease", client=self.api, what="find", **self.LEASE)
        self.assertEqual(len(self.wire.seen(path="/leases")), 1)

    def test_events_are_what_kubectl_describe_shows(self):
        which = self.applied("told")
        uid = self.api.ask("get", **which)["metadata"]["uid"]
        said = {"namespace": "shop", "name": "told", "uid": uid, "reason": "Published", "note": "tags 1.0 set"}
        event = self.api.ask("event", **said, at=1900000000)
        self.assert_refused("Conflict", "event", client=self.api, **said, at=1900000000)
        self.api.ask("event", **{**said, "reason": "Unavailable", "note": "no answer", "type": "Warning"}, at=1900000001)
        self.api.ask("count", **event, count=7)
        shown = self.kubectl("describe", "ipub", "told", "-n", "shop").stdout
        self.assertRegex(shown, r"Normal +Published +.*\(x7 over .*tags 1\.0 set\n +Warning +Unavailable .*no answer")
        self.assert_refused("NotFound", "count", client=self.api, namespace="shop", name="gone")

    def test_events_of_what_has_no_namespace(self):
        self.kubectl("create", "namespace", "default", check=False)
        registry = {"apiVersion": "slipway.dev/v1alpha1", "kind": "ContainerRegistry", "metadata": {"name": "contoso"},
                    "spec": {"loginServer": "contoso.azurecr.io", "authentication": {"anonymous": {}}}}
        self.kubectl("apply", "-f", "-", stdin=json.dumps(registry))
        uid = json.loads(self.kubectl("get", "acr", "contoso", "-o", "json").stdout)["metadata"]["uid"]
        self.api.ask("event", name="contoso", uid=uid, reason="Ready", note="signed in")
        self.assertIn("signed in", self.kubectl("describe", "acr", "contoso").stdout)

    def test_a_list_comes_in_pages(self):
        self.make_many("many", 120)
        names = self.api.ask("list", resource="configmaps", namespace="many", limit=50)
        self.assertEqual(names, [f"many-{number:03}" for number in range(120)])
        self.assertEqual(len(self.wire.seen(path="/namespaces/many/configmaps[?]limit=50")), 3)

    def config_map(self, name):
        self.kubectl("create", "configmap", name, "-n", "shop", "--from-literal=a=1")
        return {"resource": "configmaps", "namespace": "shop", "name": name}

    def test_too_many_requests_are_waited_for(self):
        which = self.config_map("patient")
        self.wire.refuse(429, times=2, retry_after=1)
        started = time.monotonic()
        self.assertEqual(self.api.ask("get", **which)["data"], {"a": "1"})
        self.assertGreaterEqual(time.monotonic() - started, 2)
        self.assertEqual([one.status for one in self.wire.seen()], [429, 429, 200])

    def test_too_many_requests_did_nothing_and_so_a_write_is_repeated(self):
        self.wire.refuse(429, times=1, method="POST", retry_after=0)
        self.api.ask("create", resource="configmaps", namespace="shop",
                     object={"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "repeated"}})
        self.assertEqual([one.status for one in self.wire.seen()], [429, 201])

    def test_a_long_retry_after_is_the_callers_business(self):
        self.wire.refuse(429, retry_after=3600)
        refused = self.assert_refused("Throttled", "get", client=self.api, resource="configmaps", namespace="shop", name="a")
        self.assertEqual(refused.retry_after, 3600)
        self.assertEqual(len(self.wire.seen()), 1)

    def test_a_read_survives_what_passes(self):
        which = self.config_map("passing")
        for fault in (lambda: self.wire.refuse(503, times=1), lambda: self.wire.refuse(500, times=1),
                      lambda: self.wire.drop(times=1), lambda: self.wire.lose(times=1),
                      lambda: self.wire.cut(after=20, times=1)):
            fault()
            self.assertEqual(self.api.ask("get", **which)["data"], {"a": "1"})

    def test_a_write_whose_answer_was_lost_is_not_repeated(self):
        self.wire.lose(method="POST", times=1)
        self.assert_refused("Unavailable", "create", client=self.api, resource="configmaps", namespace="shop",
                            object={"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "lost"}})
        self.assertEqual(len(self.wire.seen(method="POST")), 1)
        self.assertEqual(self.api.ask("get", resource="configmaps", namespace="shop", name="lost")["kind"], "ConfigMap")

    def test_what_lasts_is_told(self):
        self.wire.refuse(503, message="etcd is away")
        self.assert_refused("Unavailable", "get", "etcd is away", client=self.api, resource="configmaps", namespace="shop",
                            name="a")
        self.wire.heal()
        self.wire.refuse(409, method="PUT")
        self.assert_refused("Conflict", "update", client=self.api, resource="configmaps", namespace="shop", name="a",
                            object={"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}})


class ReflectorTest(ClientCase):
    """What list and watch keep is what the API server has, whatever happens in between."""

    def setUp(self):
        self.wire = Wire(self.cluster)
        self.addCleanup(self.wire.stop)
        self.api = self.client("--kubeconfig", self.wire.kubeconfig("wired", {"token": self.token}))
        self.kubectl("delete", "--raw", "/api/v1/namespaces/shop/configmaps")
        self.make("stays", "changes", "goes")

    def make(self, *names):
        for name in names:
            self.kubectl("create", "configmap", name, "-n", "shop")

    def touch(self, name, value):
        self.kubectl("patch", "configmap", name, "-n", "shop", "--type=merge", "-p", json.dumps({"data": {"a": value}}))

    def delete(self, name):
        self.kubectl("delete", "configmap", name, "-n", "shop")

    def reflect(self, resource="configmaps", **options):
        self.api.ask("reflect", resource=resource, namespace="shop", **options)
        return self.api.wait_for(lambda told: "listed" in told)[0]["listed"]

    def versions(self):
        listed = json.loads(self.kubectl("get", "configmaps", "-n", "shop", "-o", "json").stdout)["items"]
        return {f"shop/{one['metadata']['name']}": one["metadata"]["resourceVersion"] for one in listed}

    def assert_kept(self):
        """In the end everything is as the API server has it."""
        self.settled(lambda: self.api.ask("kept") == self.versions())

    def lists(self):
        return len(self.wire.seen(path="/configmaps[?]limit=500"))

    def watches(self):
        return len(self.wire.seen(path="watch=true"))

    def cut_watch(self):
        self.settled(lambda: self.wire.cut_now("watch=true"))

    def part(self):
        """From now on nothing gets through."""
        # A watch that was asked for before nothing gets through may begin after that was cut what had begun.
        self.settled(lambda: self.wire.carries("watch=true"))
        self.wire.drop()
        self.wire.cut_now()

    def test_changes_are_told_once_and_in_order(self):
        self.assertEqual(self.reflect(), 3)
        self.make("comes")
        self.touch("changes", "1")
        self.touch("changes", "2")
        self.delete("goes")
        self.api.wait_for(lambda told: told.get("change") == "Deleted")
        self.assertEqual(self.api.changes("shop/comes"), ["Added"])
        self.assertEqual(self.api.changes("shop/changes"), ["Added", "Edited", "Edited"])
        self.assertEqual(self.api.changes("shop/goes"), ["Added", "Deleted"])
        self.assertEqual(self.api.changes("shop/stays"), ["Added"])
        self.assert_kept()
        self.assertEqual((self.lists(), self.watches()), (1, 1))

    def test_a_cut_watch_goes_on_where_it_was(self):
        self.reflect()
        for round_number in range(5):
            self.cut_watch()
            self.touch("changes", str(round_number))
            self.api.wait_for(lambda told: told.get("change") == "Edited", count=round_number + 1)
        self.assertEqual(self.lists(), 1)
        self.assertEqual(self.api.changes("shop/stays"), ["Added"])
        self.assertEqual(self.api.changes("shop/changes"), ["Added"] + ["Edited"] * 5)
        self.assert_kept()

    def test_a_watch_that_is_cut_within_an_event_loses_none(self):
        self.reflect()
        self.wire.cut(path="watch=true", after=150, times=3)
        self.cut_watch()
        for number in range(10):
            self.touch("changes", str(number))
        self.assert_kept()
        self.assertEqual(self.lists(), 1)
        self.assertGreaterEqual(self.watches(), 4)

    def test_a_long_partition(self):
        self.reflect()
        self.part()
        self.touch("changes", "1")
        self.delete("goes")
        self.make("comes")
        self.api.wait_for(lambda told: told.get("failed", {}).get("class") == "Unavailable", count=3)
        self.wire.heal()
        self.api.wait_for(lambda told: told.get("object") == "shop/comes")
        self.assert_kept()
        self.assertEqual(self.lists(), 1)

    def test_a_bookmark_moves_the_version_without_a_change(self):
        """What is watched does not change; what others write moves the version on, by a bookmark before the watch ends."""
        self.reflect(watchSeconds=5)
        self.kubectl("create", "configmap", "elsewhere", "-n", "many")

        def has_moved():
            versions = [self.version_in(one.path) for one in self.wire.seen(path="watch=true")]
            return versions and versions[-1] > versions[0]

        self.settled(has_moved)
        self.assertEqual(self.lists(), 1)
        self.assertEqual(self.api.changes(), ["Added"] * 3)

    @staticmethod
    def version_in(path):
        return int(path.split("resourceVersion=")[1].split("&")[0])

    def test_an_expired_version_makes_it_list_again_and_no_change_is_lost(self):
        """Real 410s: etcd is compacted and the API server has forgotten what it kept."""
        self.reflect()
        self.api.forget()
        self.part()
        self.touch("changes", "1")
        self.delete("goes")
        self.make("comes")
        self.delete("stays")
        self.make("stays")
        self.cluster.compact()
        self.cluster.restart_api_server()
        self.wire.forget()
        self.wire.heal()
        self.api.wait_for(lambda told: "listed" in told)
        self.assert_kept()
        self.api.wait_for(lambda told: told.get("failed", {}).get("reason") == "Expired")
        self.assertEqual(self.api.changes("shop/goes"), ["Deleted"])
        self.assertEqual(self.api.changes("shop/comes"), ["Added"])
        self.assertEqual(self.api.changes("shop/changes"), ["Edited"])
        self.assertEqual(self.api.changes("shop/stays"), ["Deleted", "Added"])

    def test_a_watch_that_expires_within(self):
        self.reflect()
        self.api.forget()
        self.wire.expire()
        self.cut_watch()
        self.api.wait_for(lambda told: "listed" in told)
        self.touch("changes", "1")
        self.api.wait_for(lambda told: told.get("change") == "Edited")
        self.assertEqual(self.api.changes(), ["Edited"])
        self.assert_kept()

    def test_a_page_that_expires_makes_it_list_in_one_answer(self):
        self.make_many("shop", 600)
        self.wire.refuse(410, path="continue=", times=1)
        self.assertEqual(self.reflect(), 603)
        self.assertEqual(len(self.wire.seen(path="/configmaps$")), 1)
        self.assert_kept()

    def test_throttled_and_broken_servers_are_asked_again_later(self):
        self.wire.refuse(429, times=1, retry_after=1)
        self.wire.refuse(503, times=2)
        self.assertEqual(self.reflect(), 3)
        failures = [told for told in self.api.told if "failed" in told]
        self.assertEqual([one["failed"]["class"] for one in failures], ["Throttled", "Unavailable", "Unavailable"])
        self.assertGreaterEqual(failures[0]["delay"], 1000)
        self.assert_kept()

    def test_a_kind_of_ours(self):
        self.install_crds()
        self.kubectl("apply", "-f", "-", stdin=json.dumps(PUBLICATION))
        self.assertEqual(self.reflect("imagepublications"), 1)
        patch = ["patch", "ipub", "app", "-n", "shop", "--type=merge", "-p"]
        self.kubectl(*patch, '{"status":{"observedGeneration":1}}', "--subresource=status")
        self.api.wait_for(lambda told: told.get("change") == "StatusOnly")
        self.kubectl(*patch, '{"spec":{"suspend":true}}')
        self.api.wait_for(lambda told: told.get("change") == "Edited")
        self.kubectl("delete", "ipub", "app", "-n", "shop")
        self.api.wait_for(lambda told: told.get("change") == "Deleted")
        self.assertEqual(self.api.changes(), ["Added", "StatusOnly", "Edited", "Deleted"])


if __name__ == "__main__":
    KUBE_CLIENT = sys.argv.pop(1)
    unittest.main()
