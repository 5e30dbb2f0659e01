#!/usr/bin/env python3
"""The controller in a cluster: a real API server, the chart's ServiceAccount and arguments, a registry on the other side.

controller_test.py SLIPWAY EMULATOR [TEST...]
"""
import json
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from api_server import Cluster
from controllers import (GRACE, NAMESPACE, PUBLICATION, Controller, assert_nothing_forbidden, install, push, upgrade,
                         withdraw)
from names import leading  # Found by way of controllers.
from servers import REGISTRY, DebianRegistry, Emulator, make_image, make_report, need, wait_until
from wire import Wire

CONTROLLER = f"system:serviceaccount:{NAMESPACE}:slipway"
SLIPWAY = EMULATOR = None


def setUpModule():
    """One API server with the chart in it, for all tests of this file."""
    global CLUSTER
    folder = tempfile.TemporaryDirectory(prefix="slipway-controller-")
    unittest.addModuleCleanup(folder.cleanup)
    CLUSTER = Cluster(folder.name, audits=True)
    unittest.addModuleCleanup(CLUSTER.stop)
    unittest.addModuleCleanup(assert_nothing_forbidden, CLUSTER, MissingRightTest.caused)
    for name in ("team", "strangers", "outside"):
        CLUSTER.kubectl("create", "namespace", name)
    install(CLUSTER)


class ControllerTest(unittest.TestCase):
    configuration = None
    authentication = "{anonymous: {}}"

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="slipway-controller-")
        cls.addClassCleanup(folder.cleanup)
        cls.work = pathlib.Path(folder.name)
        cls.kubectl = CLUSTER.kubectl
        cls.registry = Emulator(EMULATOR, cls.work / "registry", cls.configuration)
        cls.addClassCleanup(cls.registry.stop)
        cls.addClassCleanup(cls.clean)
        cls.declared = REGISTRY.format(host=cls.registry.host).replace("{anonymous: {}}", cls.authentication).replace(
            "namespaceSelector: {}",
            "namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [team, outside]}]}")
        cls.apply(cls.declared)
        cls.controller = Controller(SLIPWAY, CLUSTER, cls.work)
        cls.addClassCleanup(cls.controller.stop)
        cls.controller.start()

    @classmethod
    def clean(cls):
        cls.kubectl("patch", "ipub", "--all", "-n", "team", "--type=merge", "-p", '{"metadata":{"finalizers":null}}', check=False)
        cls.kubectl("delete", "ipub", "--all", "-A", "--wait=false")
        cls.kubectl("delete", "acr", "--all")

    @classmethod
    def apply(cls, text, **how):
        cls.kubectl("apply", "-f", "-", stdin=text, **how)

    def publication(self, name, version="1.8.2", number=8, source=None, extra="", **how):
        self.apply(PUBLICATION.format(name=name, version=version, number=number,
                                      source=source or f"{self.registry.host}/team/base:1") + extra, **how)

    def get(self, name, kind="ipub", namespace="team"):
        return json.loads(self.kubectl("get", kind, name, "-n", namespace, "-o", "json").stdout)

    def condition(self, type, name, kind="ipub"):
        """Status and reason, of the generation of now."""
        seen = self.get(name, kind)
        for each in seen.get("status", {}).get("conditions", []):
            if each["type"] == type and each["observedGeneration"] == seen["metadata"]["generation"]:
                return f'{each["status"]} {each["reason"]}'
        return "absent"

    def stalled(self, name):
        """What Stalled says."""
        (message,) = [each["message"] for each in self.get(name)["status"]["conditions"] if each["type"] == "Stalled"]
        return message

    def ready(self, name, kind="ipub"):
        self.kubectl("wait", "--for=condition=Ready", "--timeout=180s", kind, name, "-n", "team")

    def becomes(self, expected, type, name, kind="ipub"):
        wait_until(lambda: self.condition(type, name, kind) == expected,
                   f"{type} of {name} is {expected}: {json.dumps(self.get(name, kind).get('status'))}")

    def ask(self, name, request, kind="ipub"):
        """As `kubectl annotate` of somebody who wants it looked at now."""
        self.kubectl("annotate", "--overwrite", kind, name, "-n", "team", f"slipway.dev/reconcile-requested-at={request}")

    def is_answered(self, name, request, kind="ipub"):
        return self.get(name, kind)["status"].get("lastHandledReconcileAt") == request

    def events(self, name):
        listed = json.loads(self.kubectl("get", "events.events.k8s.io", "-n", "team", "-o", "json").stdout)["items"]
        return [(each["reason"], each["type"]) for each in listed if each["regarding"]["name"] == name]


class PublishTest(ControllerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        make_image("layout", cls.work / "image", "--layers", 2, "--layer-size", 200000)
        cls.digest = push(cls.registry, "team/base", "1", cls.work / "image")

    def test_publishes_and_says_so(self):
        self.publication("app")
        self.ready("app")
        self.assertEqual(self.registry.digest("team/app", "1.8.2"), self.digest)
        self.assertEqual(self.registry.digest("team/app", "staging"), self.digest)
        status = self.get("app")["status"]
        self.assertEqual(status["observedGeneration"], 1)
        self.assertEqual(status["published"]["digest"], self.digest)
        self.assertEqual({each["type"] for each in status["conditions"]}, {"Ready", "GatesPassed", "Transferred", "Tagged", "Replicated"})
        wait_until(lambda: ("Published", "Normal") in self.events("app"), "an event tells of it")
        self.assertRegex(self.kubectl("get", "ipub", "app", "-n", "team").stdout,
                         r"AGE *\napp +True +\w{12} +1.8.2, staging +Succeeded +\d+[ms]")
        self.becomes("True Succeeded", "Ready", "local", "acr")

    def test_an_edit_is_published_and_a_request_answered(self):
        self.publication("edited")
        self.ready("edited")
        self.publication("edited", version="1.9.0", number=9)
        wait_until(lambda: self.registry.digest("team/edited", "1.9.0") == self.digest, "the edit is published")
        self.ready("edited")
        self.ask("edited", "now")
        wait_until(lambda: self.is_answered("edited", "now"), "the request is answered")

    def test_suspended_nothing_is_published_until_it_goes_on(self):
        self.publication("paused", extra="  suspend: true\n")
        wait_until(lambda: self.get("paused").get("status", {}).get("observedGeneration") == 1, "it is looked at")
        self.assertEqual(self.condition("Ready", "paused"), "absent")
        self.kubectl("patch", "ipub", "paused", "-n", "team", "--type=merge", "-p", '{"spec":{"suspend":false}}')
        self.ready("paused")

    def test_a_report_that_comes_later_wakes_the_publication(self):
        self.publication("gated", extra="""
  gates: {scan: {waitFor: 1h, reports: [{name: all, format: Trivy, configMapRef: {name: scan, key: report.json}}]}}
""")
        self.becomes("False AwaitingReport", "GatesPassed", "gated")
        self.becomes("True AwaitingReport", "Reconciling", "gated")
        report = self.work / "report.json"
        report.write_text(make_report(self.work / "image"))
        self.kubectl("create", "configmap", "scan", "-n", "team", f"--from-file=report.json={report}")
        self.ready("gated")
        self.assertEqual(self.condition("GatesPassed", "gated"), "True GatesPassed")

    def refusing(self):
        """A registry in the name "refusing" that takes no password of ours, and says so in other words each time: with an id."""
        emulator = Emulator(EMULATOR, self.work / "refusing", {"profile": "acr"})
        self.addCleanup(emulator.stop)
        self.kubectl("create", "secret", "generic", "refused", "-n", NAMESPACE, "--type=kubernetes.io/basic-auth",
                     "--from-literal=username=ci", "--from-literal=password=wrong")
        self.apply(REGISTRY.format(host=emulator.host).replace("name: local", "name: refusing").replace(
            "{anonymous: {}}", "{basic: {secretRef: {name: refused}}}") + "  interval: 1s\n")
        return emulator

    def test_a_restart_writes_nothing(self):
        self.publication("kept")
        self.ready("kept")
        self.becomes("True Succeeded", "Ready", "local", "acr")
        wait_until(lambda: ("Published", "Normal") in self.events("kept"), "an event tells of it")
        refusing = self.refusing()
        self.apply(PUBLICATION.format(name="refused", version="1.8.2", number=8, source=f"{self.registry.host}/team/base:1").replace(
            "{name: local}", "{name: refusing}") + "  interval: 1s\n")
        self.addCleanup(self.kubectl, "delete", "ipub", "refused", "-n", "team")
        self.becomes("True Unauthorized", "Stalled", "refusing", "acr")
        self.becomes("True Unauthorized", "Stalled", "refused")
        wait_until(lambda: ("Unauthorized", "Warning") in self.events("refused"), "an event tells of that")
        # Nor does a look that takes long.
        self.apply(self.declared + "  transfer: {maxRequestsPerSecond: 1}\n")
        self.addCleanup(self.apply, self.declared)
        self.becomes("True Succeeded", "Ready", "local", "acr")
        wait_until(self.controller.is_idle, "all that uses it was looked at")
        self.controller.stop()
        self.assertEqual(self.controller.process.returncode, 0)
        ending = self.controller.log()[self.controller.log().index('"stopping'):]
        self.assertNotRegex(ending, '"level":"(warn|error)')

        def versions():
            kinds = "acr,ipub,events.events.k8s.io"
            listed = json.loads(self.kubectl("get", kinds, "-A", "-o", "json").stdout)["items"]
            return {(each["kind"], each["metadata"]["name"]): each["metadata"]["resourceVersion"] for each in listed}

        before = versions()
        since = CLUSTER.audited()
        self.registry.forget_requests()
        self.controller.start()
        resources = int(wait_until(lambda: self.controller.line("running"), "it says that it runs")["resources"])
        self.assertGreater(resources, 1)
        wait_until(lambda: self.controller.metric("controller_runtime_reconcile_total{") >= resources and
                   self.controller.is_idle(), "all was looked at")
        refusing.forget_requests()
        wait_until(lambda: sum(each["status"] == 401 and each["target"].startswith("/oauth2/token")
                               for each in refusing.requests()) > 4, "what is refused was looked at again")
        self.controller.stop()
        self.assertEqual(versions(), before)
        writes = [each for each in CLUSTER.audit(since) if each["user"]["username"] == CONTROLLER
                  and each["verb"] not in ("get", "list", "watch") and each["objectRef"]["resource"] != "leases"]
        self.assertEqual(writes, [])
        changes = [each for each in self.registry.requests() if each["method"] not in ("GET", "HEAD")]
        self.assertEqual(changes, [])
        self.controller.start()

    def test_deleted_with_untag_its_tags_go(self):
        self.publication("gone", extra="  deletionPolicy: Untag\n")
        self.ready("gone")
        self.assertEqual(self.get("gone")["metadata"]["finalizers"], ["slipway.dev/untag"])
        self.kubectl("delete", "ipub", "gone", "-n", "team", "--timeout=180s")
        self.assertIsNone(self.registry.digest("team/gone", "1.8.2"))

    def test_ttl_after_published_deletes_the_object_and_nothing_that_it_published(self):
        self.publication("lasting")
        self.publication("passing", extra="  ttlAfterPublished: 2s\n")
        self.kubectl("wait", "--for=delete", "--timeout=180s", "ipub", "passing", "-n", "team")
        self.assertEqual(self.registry.digest("team/passing", "1.8.2"), self.digest)
        self.assertEqual(self.registry.digest("team/passing", "staging"), self.digest)

        def deletions():
            return [each for each in CLUSTER.audit() if each["verb"] == "delete"
                    and each["objectRef"]["resource"] == "imagepublications" and each["objectRef"]["name"] == "passing"]

        # Whoever watches hears of it before the request has its answer, and its record.
        (deletion,) = wait_until(deletions, "the deletion is on record")
        self.assertEqual(deletion["user"]["username"], CONTROLLER)
        wait_until(lambda: ("Expired", "Normal") in self.events("passing"), "an event tells of it")
        self.ready("lasting")
        self.kubectl("patch", "ipub", "lasting", "-n", "team", "--type=merge", "-p", '{"spec":{"ttlAfterPublished":"1h"}}')
        self.ready("lasting")
        self.kubectl("patch", "ipub", "lasting", "-n", "team", "--type=merge", "-p", '{"spec":{"ttlAfterPublished":"1s"}}')
        self.kubectl("wait", "--for=delete", "--timeout=180s", "ipub", "lasting", "-n", "team")

    def test_what_the_schema_cannot_say_is_stalled_with_the_words_of_validate(self):
        wrong = PUBLICATION.format(name="wrong", version="1.0.0", number=1, source=f"{self.registry.host}/team/base:1").replace(
            "{{environment}}", "1.0.0")  # The tag of {{version}}, too.
        self.apply(wrong)
        self.becomes("True Invalid", "Stalled", "wrong")
        (stalled,) = [each for each in self.get("wrong")["status"]["conditions"] if each["type"] == "Stalled"]
        path = self.work / "wrong.yaml"
        path.write_text(wrong)
        said = subprocess.run([SLIPWAY, "validate", "-f", path], capture_output=True, text=True).stderr
        self.assertIn(stalled["message"].splitlines()[0].rstrip("."), said)

    def test_this_machine_is_no_source_at_a_tenants_word_but_the_registry_named_is(self):
        self.publication("inward", source="127.0.0.1:1/team/base:1")
        self.becomes("True Refused", "Stalled", "inward")

    def test_a_name_that_leads_to_this_machine_or_its_neighbours_is_no_source_at_a_tenants_word(self):
        port = self.registry.host.split(":")[1]
        names = {"inward.example": "127.0.0.1", "neighbour.example": "169.254.7.7"}
        self.restart(before=leading(self.work / "hosts", names))
        self.addCleanup(self.restart)
        for name, what in (("inward", "this machine itself"), ("neighbour", "a link-local address")):
            with self.subTest(name):
                self.apply(PUBLICATION.format(name=name, version="1.8.2", number=8, source=f"{name}.example:{port}/team/base:1")
                           .replace(", plainHTTP: true", ""))
                self.addCleanup(self.kubectl, "delete", "ipub", name, "-n", "team")
                self.becomes("True Refused", "Stalled", name)
                self.assertIn(f'"{names[name + ".example"]}" is {what}, which a tenant\'s text may not name',
                              self.stalled(name))

    def test_a_namespace_without_access_is_refused(self):
        def entry_for(action):
            """As its refusal names it."""
            for each in self.get("stranger", namespace="strangers").get("status", {}).get("conditions", []):
                if each["type"] == "Stalled" and each["reason"] == "Forbidden" and f"has no {action} on" in each["message"]:
                    return re.findall(r"adds to spec.access, with the gates of its other entries: (- {.*})$", each["message"])
            return None

        self.apply(PUBLICATION.format(name="stranger", version="1.0.0", number=1, source=f"{self.registry.host}/team/base:1")
                   .replace("namespace: team", "namespace: strangers"))
        self.addCleanup(self.apply, self.declared)
        entries = ""
        for action in ("Publish", "Read"):
            (entry,) = wait_until(lambda: entry_for(action), f"it is refused and told of {action}")
            entries += f"    {entry}\n"
            self.apply(self.declared + entries)
        wait_until(lambda: self.registry.digest("team/stranger", "1.0.0") == self.digest, "with these entries it is published")

    def test_a_retention_policy_without_access_is_told_the_entry_that_lets_it_look(self):
        def told():
            conditions = self.get("stranger", "retentionpolicy", "strangers").get("status", {}).get("conditions", [])
            return {each["type"]: each for each in conditions}

        self.apply("""
apiVersion: slipway.dev/v1alpha1
kind: RetentionPolicy
metadata: {name: stranger, namespace: strangers}
spec:
  registryRef: {name: local}
  repositories: ["private/**"]
  mode: Preview
  schedule: {cron: "0 3 * * *"}
  rules:
    - {name: development, match: {tags: ["dev-*"]}, expireAfter: 30d}
""")
        self.addCleanup(self.kubectl, "delete", "retentionpolicy", "stranger", "-n", "strangers")
        refusal = wait_until(lambda: told().get("Stalled"), "it is refused")
        self.assertEqual(refusal["reason"], "Forbidden")
        described = self.kubectl("describe", "retentionpolicy", "stranger", "-n", "strangers").stdout
        (entry,) = re.findall(r"adds to spec.access, with the gates of its other entries: (- {.*})$", refusal["message"])
        self.assertIn(entry, described)
        self.addCleanup(self.apply, self.declared)
        self.apply(f"{self.declared}    {entry}\n")
        wait_until(lambda: told().get("Ready", {}).get("status") == "True" and "Stalled" not in told(), "with that it is ready")
        described = self.kubectl("describe", "acr", "local").stdout
        self.assertRegex(described, r"Reason: +Succeeded\n +Status: +True\n +Type: +Ready\n")

    def test_a_namespace_whose_config_maps_it_may_not_read_is_told_the_line_that_grants_it(self):
        def told():
            stalled = [each for each in self.get("ungranted", namespace="outside").get("status", {}).get("conditions", [])
                       if each["type"] == "Stalled"]
            return stalled and stalled[0]

        report = self.work / "ungranted.json"
        report.write_text(make_report(self.work / "image"))
        self.kubectl("create", "configmap", "scan", "-n", "outside", f"--from-file=report.json={report}")
        self.apply(PUBLICATION.format(name="ungranted", version="1.0.0", number=1, source=f"{self.registry.host}/team/base:1")
                   .replace("namespace: team", "namespace: outside") +
                   "  gates: {scan: {reports: [{name: all, configMapRef: {name: scan, key: report.json}}]}}\n")
        refusal = wait_until(told, "it is refused")
        self.assertEqual(refusal["reason"], "Forbidden")
        described = self.kubectl("describe", "ipub", "ungranted", "-n", "outside").stdout
        (line,) = re.findall(r"helm upgrade RELEASE CHART (-n \S+ --reset-then-reuse-values) --set '(watchNamespaces=.*)'",
                             refusal["message"] + described)[:1]
        self.assertEqual(line[1], "watchNamespaces={…,outside}")
        self.addCleanup(self.restart)
        self.addCleanup(upgrade, CLUSTER, *line[0].split(), "--set", "watchNamespaces={team}")
        upgrade(CLUSTER, *line[0].split(), "--set", line[1].replace("…", "team"))
        self.restart()
        wait_until(lambda: self.registry.digest("team/ungranted", "1.0.0") == self.digest, "it is published")

    def test_with_the_rights_of_clusterWide_it_works_in_namespaces_that_nobody_named(self):
        self.addCleanup(self.restart)
        self.addCleanup(self.roll_out, "watchNamespaces={team},clusterWide=false", "no")
        self.roll_out("watchNamespaces=null,clusterWide=true", "yes")
        since = CLUSTER.audited()
        self.restart()
        self.assertNotIn("--watch-namespaces", " ".join(map(str, self.controller.command)))
        self.kubectl("create", "secret", "docker-registry", "pull", "-n", "outside", "--docker-server", self.registry.host,
                     "--docker-username=ci", "--docker-password=x")
        self.apply(PUBLICATION.format(name="anywhere", version="1.0.0", number=1, source=f"{self.registry.host}/team/base:1")
                   .replace("namespace: team", "namespace: outside").replace("plainHTTP", "pullSecretRef: {name: pull}, plainHTTP") +
                   "  gates: {scan: {waitFor: 1h, reports: [{name: all, configMapRef: {name: late, key: report.json}}]}}\n")
        wait_until(lambda: any(each["reason"] == "AwaitingReport" for each in
                               self.get("anywhere", namespace="outside").get("status", {}).get("conditions", [])), "it waits")
        report = self.work / "anywhere.json"
        report.write_text(make_report(self.work / "image"))
        self.kubectl("create", "configmap", "late", "-n", "outside", f"--from-file=report.json={report}")
        wait_until(lambda: self.registry.digest("team/anywhere", "1.0.0") == self.digest, "it is published")
        asked = [each for each in CLUSTER.audit(since) if each["user"]["username"] == CONTROLLER]
        self.assertEqual([each for each in asked if each["responseStatus"]["code"] == 403], [])
        references = {(each["verb"], each["objectRef"]["resource"], each["objectRef"].get("namespace", "")) for each in asked
                      if each.get("objectRef", {}).get("resource") in ("secrets", "configmaps")}
        self.assertLessEqual({("get", "secrets", "outside"), ("get", "configmaps", "outside")}, references)
        # A watch is on record when it ends.
        self.assertEqual({each for each in references if each[0] == "list"}, {("list", "secrets", ""), ("list", "configmaps", "")})

    def roll_out(self, values, may_watch_everywhere):
        """The chart's next revision, before the pods that go with it."""
        self.controller.stop()
        upgrade(CLUSTER, "-n", NAMESPACE, "--reset-then-reuse-values", "--set", values)
        for resource in ("secrets", "configmaps"):
            may = ["auth", "can-i", "watch", resource, f"--as={CONTROLLER}"]
            for where, answer in ((["-A"], may_watch_everywhere), (["-n", "team"], "yes")):
                wait_until(lambda: self.kubectl(*may, *where, check=False).stdout.strip() == answer, f"the answer is {answer}")

    def restart(self, before=()):
        """As a rollout of what the chart says now; `before`: what its command begins with."""
        self.controller.stop()
        type(self).controller = Controller(SLIPWAY, CLUSTER, self.work)
        self.controller.command = [*before, *self.controller.command]
        self.addClassCleanup(self.controller.stop)
        self.controller.start()

    def test_kubectl_describe_tells_the_story(self):
        elsewhere = "127.0.0.1:1/team/base:1"
        refused = 'source.image.reference: "127.0.0.1:1" is this machine itself, which a tenant\'s text may not name: who keeps'
        published = f"published {self.digest[:19]} as 1.8.2, staging"

        def name_source(reference):
            self.kubectl("patch", "ipub", "told", "-n", "team", "--type=merge", "-p",
                         json.dumps({"spec": {"source": {"image": {"reference": reference}}}}))

        def described():
            """Of conditions, type to "status reason: message"; of events "type reason: message", as they stand there."""
            before, _, events = self.kubectl("describe", "ipub", "told", "-n", "team").stdout.partition("\nEvents:")
            conditions = re.findall(r"Message: +(.+)\n.*\n +Reason: +(\w+)\n +Status: +(\w+)\n +Type: +(\w+)\n", before)
            return ({type: f"{status} {reason}: {message}" for message, reason, status, type in conditions},
                    re.findall(r"^ +(Normal|Warning) +(\w+) +\d+\w+( \(x\d+ over \w+\))? +\S+ +(.+)$", events, re.M))

        self.publication("told", extra="""
  gates: {scan: {waitFor: 1h, reports: [{name: all, format: Trivy, configMapRef: {name: told, key: report.json}}]}}
""")
        self.becomes("False AwaitingReport", "GatesPassed", "told")
        report = self.work / "told.json"
        report.write_text(make_report(self.work / "image"))
        self.kubectl("create", "configmap", "told", "-n", "team", f"--from-file=report.json={report}")
        self.ready("told")
        self.assertEqual(described()[0], {
            "Ready": f"True Succeeded: {published}", "GatesPassed": "True GatesPassed: passed: scan",
            "Transferred": f"True Transferred: {self.digest} is at the registry", "Tagged": "True TagsSet: set: 1.8.2, staging",
            "Replicated": "True Replicated: no replicas are required"})
        for _ in range(2):
            name_source(elsewhere)
            self.becomes("True Refused", "Stalled", "told")
            conditions = described()[0]
            for type, status in (("Ready", "False"), ("Stalled", "True")):
                self.assertEqual(conditions[type][:len(f"{status} Refused: {refused}")], f"{status} Refused: {refused}")
            name_source(f"{self.registry.host}/team/base:1")
            self.ready("told")
        events = wait_until(lambda: [each for each in [described()[1]] if any(one[2] for one in each)], "an event is counted up")[0]
        # What came first stands first; the same again is no new line.
        self.assertEqual([each[:2] for each in events], [("Warning", "AwaitingReport"), ("Normal", "Published"), ("Warning", "Refused")])
        self.assertEqual([each[2][:4] for each in events], ["", "", " (x2"])
        self.assertIn('report "all": ConfigMap team/told is not there', events[0][3])
        self.assertIn("kubectl -n team create configmap told --from-file=report.json=FILE", events[0][3])
        self.assertEqual(events[1][3], published)
        self.assertIn(refused, events[2][3])

    def test_it_is_measured_as_controllers_are(self):
        self.publication("counted")
        self.ready("counted")
        of_kind = '{controller="imagepublication",name="imagepublication"'
        for name in (f"workqueue_adds_total{of_kind}}}", f"workqueue_queue_duration_seconds_count{of_kind}}}",
                     f"workqueue_work_duration_seconds_count{of_kind}}}",
                     'controller_runtime_reconcile_time_seconds_count{controller="imagepublication"}',
                     'leader_election_master_status{name="slipway"}', "slipway_shard_members ",
                     "process_cpu_seconds_total ", "process_resident_memory_bytes ",
                     'controller_runtime_reconcile_total{controller="imagepublication",result="requeue_after"}',
                     'controller_runtime_max_concurrent_reconciles{controller="imagepublication"}',
                     'slipway_resources{kind="imagepublication",ready="True"}', "slipway_ready ",
                     f'rest_client_requests_total{{code="200",host="127.0.0.1:{CLUSTER.port}",method="PATCH"}}'):
            # Counted once all is said in the status.
            wait_until(lambda: self.controller.metric(name) > 0, f"{name} is counted")


class WakeTest(ControllerTest):
    """A change wakes what refers to it, and nothing else."""
    authentication = "{basic: {secretRef: {name: waking}}}"
    KINDS = ("containerregistry", "imagepublication", "retentionpolicy")

    @classmethod
    def setUpClass(cls):
        cls.since = CLUSTER.audited()
        super().setUpClass()
        make_image("layout", cls.work / "image", "--layers", 1, "--layer-size", 1000)
        push(cls.registry, "team/base", "1", cls.work / "image")
        cls.aside = Emulator(EMULATOR, cls.work / "aside")
        cls.addClassCleanup(cls.aside.stop)
        push(cls.aside, "team/base", "1", cls.work / "image")
        cls.addClassCleanup(cls.kubectl, "delete", "retentionpolicy", "--all", "-n", "team")
        cls.apply(REGISTRY.format(host=cls.aside.host).replace("name: local", "name: aside"))
        cls.kubectl("create", "secret", "generic", "waking", "-n", NAMESPACE, "--type=kubernetes.io/basic-auth",
                    "--from-literal=username=ci", "--from-literal=password=x")
        for registry in ("local", "aside"):
            cls.apply(f"""
apiVersion: slipway.dev/v1alpha1
kind: RetentionPolicy
metadata: {{name: {registry}, namespace: team}}
spec:
  registryRef: {{name: {registry}}}
  repositories: ["team/**"]
  mode: Preview
  schedule: {{cron: "0 3 * * *"}}
  rules:
    - {{name: development, match: {{tags: ["dev-*"]}}, expireAfter: 30d}}
""")

    def at_aside(self, name, secret=""):
        text = PUBLICATION.format(name=name, version="1.8.2", number=8, source=f"{self.aside.host}/team/base:1")
        self.apply(text.replace("{name: local}", "{name: aside}").replace("plainHTTP", f"{secret}plainHTTP"))
        self.ready(name)

    def adds(self):
        return [int(self.controller.metric(f'workqueue_adds_total{{controller="{kind}"')) for kind in self.KINDS]

    def watched(self):
        """Where what is referred to is watched: once the list before it is taken in, which wakes what refers there."""
        return {(each["objectRef"]["resource"], each["objectRef"].get("namespace")) for each in CLUSTER.audit(self.since)
                if each["user"]["username"] == CONTROLLER and (each["verb"], each["stage"]) == ("watch", "ResponseStarted")
                and each["objectRef"]["resource"] in ("secrets", "configmaps")}

    def looked_at(self):
        """The publications whose repositories were asked after."""
        asked = {each["target"].split("/")[3] for one in (self.registry, self.aside) for each in one.requests()
                 if each["target"].startswith("/v2/team/")}
        return asked - {"base"}

    def test_what_refers_to_it_and_nothing_else(self):
        report = self.work / "report.json"
        report.write_text(make_report(self.work / "image"))
        for kind, name in (("configmap", "waking"), ("configmap", "nobodys"), ("secret", "nobodys")):
            kind = ["secret", "generic"] if kind == "secret" else [kind]
            self.kubectl("create", *kind, name, "-n", "team", f"--from-file=report.json={report}")
        self.kubectl("create", "secret", "docker-registry", "waking", "-n", "team", "--docker-server", self.aside.host,
                     "--docker-username=ci", "--docker-password=x")
        self.publication("reports", extra="""
  gates: {scan: {reports: [{name: all, format: Trivy, configMapRef: {name: waking, key: report.json}}]}}
""")
        self.ready("reports")
        self.at_aside("pulls", "pullSecretRef: {name: waking}, ")
        self.at_aside("alone")
        for name, kind in (("local", "acr"), ("aside", "acr"), ("local", "retentionpolicy"), ("aside", "retentionpolicy")):
            self.becomes("True Succeeded", "Ready", name, kind)
        scopes = {("secrets", NAMESPACE), ("secrets", "team"), ("configmaps", "team")}
        wait_until(lambda: self.watched() == scopes, f"{self.watched()} becomes {scopes}")
        wait_until(self.controller.is_idle, "all was looked at")
        expected = self.adds()

        def annotate(kind, name, namespace="team"):
            self.kubectl("annotate", "--overwrite", kind, name, "-n", namespace, "test/edited=again")

        def edit(kind, name):
            self.kubectl("patch", kind, name, "-n", "team", "--type=merge", "-p", '{"spec":{"interval":"2h"}}')

        # Of a kind and namespace one change is told after the other: what nobody refers to was by then.
        for change, added, publications in (
                (lambda: (annotate("configmap", "nobodys"), annotate("configmap", "waking")), (0, 1, 0), {"reports"}),
                (lambda: (annotate("secret", "nobodys"), annotate("secret", "waking")), (0, 1, 0), {"pulls"}),
                (lambda: annotate("secret", "waking", NAMESPACE), (1, 1, 1), {"reports"}),
                (lambda: edit("acr", "aside"), (1, 2, 1), {"pulls", "alone"}),
                (lambda: edit("ipub", "alone"), (0, 1, 0), {"alone"})):
            for one in (self.registry, self.aside):
                one.forget_requests()
            change()
            expected = [before + more for before, more in zip(expected, added)]
            wait_until(lambda: all(one >= least for one, least in zip(self.adds(), expected)), f"{self.adds()} becomes {expected}")
            wait_until(self.controller.is_idle, "all was looked at")
            self.assertEqual((self.adds(), self.looked_at()), (expected, publications))

    def test_a_visit_reads_the_secret_of_its_registry_once(self):
        self.addCleanup(self.kubectl, "delete", "ipub", "reader", "-n", "team")
        self.publication("reader")
        self.ready("reader")
        wait_until(self.controller.is_idle, "all was looked at")
        since = CLUSTER.audited()
        self.ask("reader", "now")
        wait_until(lambda: self.is_answered("reader", "now"), "it is looked at")
        wait_until(self.controller.is_idle, "all was looked at")
        reads = [each for each in CLUSTER.audit(since) if each["user"]["username"] == CONTROLLER and each["verb"] == "get"
                 and each["objectRef"]["resource"] == "secrets"]
        self.assertEqual([each["objectRef"]["name"] for each in reads], ["waking"])

    def test_a_request_to_look_now_is_answered_on_each_kind(self):
        for name, kind in (("local", "acr"), ("local", "retentionpolicy")):
            self.becomes("True Succeeded", "Ready", name, kind)
            for request in ("now", "again"):
                self.ask(name, request, kind)
                wait_until(lambda: self.is_answered(name, request, kind), f"{request} of {kind} {name} is answered")


class OneKeyTest(ControllerTest):
    def test_what_is_edited_while_it_is_looked_at_is_looked_at_once_more_after_that(self):
        wire = Wire(CLUSTER)
        self.addCleanup(wire.stop)
        self.controller.stop()
        type(self).controller = Controller(SLIPWAY, CLUSTER, self.work, server=wire.server)
        self.addCleanup(self.controller.stop)
        self.controller.start()
        make_image("layout", self.work / "image", "--layers", 1, "--layer-size", 1000)
        push(self.registry, "team/base", "1", self.work / "image")
        self.kubectl("create", "configmap", "slow", "-n", "team", "--from-literal=report.json={}")
        report = "/namespaces/team/configmaps/slow"
        self.addCleanup(wire.heal)
        held = wire.hold(path=report)

        def reads():
            return len(wire.seen("GET", report))

        self.publication("slow", extra="""
  gates: {scan: {reports: [{name: all, format: Trivy, configMapRef: {name: slow, key: report.json}}]}}
""")
        wait_until(lambda: wire.waiting(report) == 1, "its visit waits")
        wait_until(lambda: wire.seen("GET", "/namespaces/team/configmaps[?].*watch=true"), "what it refers to is watched")
        for number in range(2):
            self.ask("slow", number)
        # All was told in this order, and there are workers for each.
        self.publication("next")
        self.ready("next")
        workers = 'controller_runtime_active_workers{controller="imagepublication"'
        wait_until(lambda: self.controller.metric(workers) == 1, "the other visit has ended")
        self.assertEqual((wire.waiting(report), reads()), (1, 0))
        held.set()
        wait_until(lambda: self.is_answered("slow", "1"), "the last request is answered")
        wait_until(self.controller.is_idle, "nothing is left")
        self.assertEqual(reads(), 2)


class BackOffTest(ControllerTest):
    FIRST = 600  # ms: half a second, and what chance adds at most
    LONG = 1800  # seconds

    def refuse(self, **how):
        """Requests of one publication alone, in a way that no transport tries again within its visit."""
        self.registry.fault(action="Status", status=408, path="/v2/team/failing/manifests/", **how)

    def waits(self):
        """How long it waits after each visit that failed, as the controller says it, in ms."""
        return [each["delayMs"] for each in self.controller.lines("it failed and is tried again")
                if each["object"] == "ImagePublication team/failing"]

    def asked(self):
        return [each for each in self.registry.requests() if each["target"].startswith("/v2/team/failing/")]

    def test_each_failure_waits_longer_holds_up_nobody_else_and_is_forgotten_at_an_edit(self):
        self.controller.stop()
        type(self).controller = Controller(SLIPWAY, CLUSTER, self.work)
        self.controller.set("--workers", 1)
        self.controller.set("--log-level", "debug")
        self.addCleanup(self.controller.stop)
        self.controller.start()
        make_image("layout", self.work / "image", "--layers", 1, "--layer-size", 1000)
        digest = push(self.registry, "team/base", "1", self.work / "image")
        self.refuse(times=3)
        self.refuse(times=0, retryAfter=self.LONG)
        self.publication("failing")
        wait_until(lambda: [each for each in self.waits() if each >= self.LONG * 1000], "it waits for as long as it was told")
        *grown, last = self.waits()
        self.assertEqual(len(grown), 3)
        self.assertLessEqual(grown[0], self.FIRST)
        # Each twice the one before, but for chance.
        self.assertEqual([*grown, last], sorted({*grown, last}))
        # It waits for half an hour, and the only worker is somebody else's.
        self.registry.forget_requests()
        self.publication("other")
        self.ready("other")
        self.assertEqual(self.asked(), [])
        self.registry.heal()
        self.refuse(times=0)
        self.publication("failing", version="1.9.0", number=9)
        wait_until(lambda: len(self.waits()) >= 6, "its edit is tried, and tried again")
        anew, longer = self.waits()[4:6]
        self.assertLessEqual(anew, self.FIRST)
        self.assertGreater(longer, anew)
        self.registry.heal()
        self.ready("failing")
        self.assertEqual(self.registry.digest("team/failing", "1.9.0"), digest)


class MissingRightTest(ControllerTest):
    """Somebody made the controller's role anew and left something out."""
    RULE = '- {apiGroups: ["slipway.dev"], resources: ["imagepublications"], verbs: ["patch"]}'

    refused = []  # What it set out to cause, as audit events.

    @classmethod
    def caused(cls, event):
        return event in cls.refused

    @classmethod
    def note_refused(cls, since):
        """Of the patches since then."""
        for event in CLUSTER.audit(since):
            where = event.get("objectRef", {})
            if event["verb"] == "patch" and where.get("resource") == "imagepublications" and "subresource" not in where:
                cls.refused.append(event)

    def notes(self, name, reason):
        listed = json.loads(self.kubectl("get", "events.events.k8s.io", "-n", "team", "-o", "json").stdout)["items"]
        return [each["note"] for each in listed if each["regarding"]["name"] == name and each["reason"] == reason]

    def test_a_finalizer_that_it_may_not_write_is_said_with_the_rule_that_lets_it(self):
        make_image("layout", self.work / "image", "--layers", 1, "--layer-size", 1000)
        digest = push(self.registry, "team/base", "1", self.work / "image")
        self.publication("leaving", extra="  deletionPolicy: Untag\n")
        self.ready("leaving")
        self.addCleanup(self.note_refused, CLUSTER.audited())
        give_back = withdraw(CLUSTER, "patch", "imagepublications")
        self.addCleanup(give_back)
        self.publication("coming", extra="  deletionPolicy: Untag\n")
        self.becomes("True Forbidden", "Stalled", "coming")
        self.assertIn("finalizer slipway.dev/untag: ", self.stalled("coming"))
        self.assertIn(self.RULE, self.stalled("coming"))
        self.assertIsNone(self.registry.digest("team/coming", "1.8.2"))
        wait_until(lambda: self.notes("coming", "Forbidden"), "an event tells of it")
        self.kubectl("delete", "ipub", "leaving", "-n", "team", "--wait=false")
        wait_until(lambda: any(self.RULE in note for note in self.notes("leaving", "Untagging")), "an event tells why it stays")
        give_back()
        for name in ("coming", "leaving"):
            self.ask(name, "now")
        self.ready("coming")
        self.assertEqual(self.registry.digest("team/coming", "1.8.2"), digest)
        self.kubectl("wait", "--for=delete", "--timeout=180s", "ipub", "leaving", "-n", "team")


class SecondInstallationTest(ControllerTest):
    def test_it_waits_says_whose_lease_is_in_the_way_and_begins_when_that_one_is_gone(self):
        make_image("layout", self.work / "image", "--layers", 1, "--layer-size", 1000)
        digest = push(self.registry, "team/base", "1", self.work / "image")
        install(CLUSTER, "second", "elsewhere", "--set", "crds.enabled=false")
        second = Controller(SLIPWAY, CLUSTER, self.work, "second-0", "second", "elsewhere")
        self.addCleanup(second.stop)
        second.begin()
        in_the_way = ("another installation of Slipway works on this cluster: slipway in namespace slipway-system holds "
                      "the Lease slipway-0")
        wait_until(lambda: in_the_way in second.readiness()[1], "it says why it is not ready")
        self.assertEqual(second.readiness()[0], 503)
        self.assertIsNotNone(second.line(in_the_way))
        self.publication("app")
        self.ready("app")
        self.assertEqual(self.controller.readiness()[0], 200)

        def asked_by_the_second(*verbs):
            return [each for each in CLUSTER.audit() if each["user"]["username"] == second.account and each["verb"] in verbs]

        self.assertTrue(asked_by_the_second("list"))
        self.assertEqual(asked_by_the_second("create", "update", "patch", "delete"), [])
        self.controller.stop()
        wait_until(lambda: second.readiness()[0] == 200, "the second begins")
        self.publication("app", version="1.9.0", number=9)
        wait_until(lambda: self.registry.digest("team/app", "1.9.0") == digest, "the second publishes")

    def test_somebodys_own_run_waits_and_takes_no_share(self):
        self.controller.stop()
        self.controller.start()
        person = Controller(SLIPWAY, CLUSTER, self.work, "laptop")
        person.command = [SLIPWAY, "run", "--kubeconfig", CLUSTER.kubeconfig, "--listen=127.0.0.1:0"]
        self.addCleanup(person.stop)
        person.begin()
        in_the_way = ("another installation of Slipway works on this cluster: slipway in namespace slipway-system holds "
                      "the Lease slipway-0")
        wait_until(lambda: person.readiness()[0] == 200 or in_the_way in person.readiness()[1], "it has looked")
        self.assertEqual(person.readiness()[0], 503)
        wait_until(lambda: self.controller.metric("slipway_shard_members ") == 1, "the controller has its share, and all of it")

    def test_a_lease_that_a_tenant_made_stops_nobody(self):
        lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                 "metadata": {"name": "mine", "namespace": "team", "labels": {"slipway.dev/replica-of": "aaa"}},
                 "spec": {"holderIdentity": "mallory", "leaseDurationSeconds": 2147483647}}
        self.kubectl("create", "-f", "-", stdin=json.dumps(lease))
        self.addCleanup(self.kubectl, "delete", "lease", "mine", "-n", "team")
        self.controller.stop()
        self.controller.start()
        wait_until(lambda: self.controller.readiness()[0] == 200, "it begins beside a tenant's Lease")


class AuditTest(ControllerTest):
    """What the container wrote is read as `kubectl logs` gives it: records among log lines."""

    def look(self, what, *arguments):
        return subprocess.run([SLIPWAY, "audit", what, *arguments], input=self.controller.log(), capture_output=True,
                              text=True)

    def test_records_say_who_asked_and_go_to_standard_output(self):
        make_image("layout", self.work / "image", "--layers", 1, "--layer-size", 1000)
        digest = push(self.registry, "team/base", "1", self.work / "image")
        self.publication("app")
        self.ready("app")
        self.kubectl("patch", "ipub", "app", "-n", "team", "--type=merge", "--field-manager=a-person", "-p",
                     '{"spec":{"environment":"production","deletionPolicy":"Untag"}}')
        wait_until(lambda: self.registry.digest("team/app", "production"), "the edit is published")
        self.ready("app")
        self.kubectl("delete", "ipub", "app", "-n", "team")
        verified = self.look("verify", "-")
        self.assertEqual(verified.returncode, 0, verified.stderr)
        changes = json.loads(self.look("export", "-", "-o", "json").stdout)
        tags = [(each["action"], each["tag"], each["generation"], each["result"]) for each in changes if "tag" in each]
        self.assertEqual(tags[:3], [("SetTag", "1.8.2", 1, "Done"), ("SetTag", "staging", 1, "Done"),
                                    ("SetTag", "production", 2, "Done")])
        editors = {each["tag"]: each["fieldManager"] for each in changes if each["action"] == "SetTag"}
        self.assertEqual(editors["staging"], "kubectl-client-side-apply")
        self.assertIn("a-person", editors["production"])
        self.assertEqual({each[:2] for each in tags[3:]}, {("RemoveTag", "1.8.2"), ("RemoveTag", "production")})
        self.assertEqual({each["after"] for each in changes if each["action"] == "SetTag"}, {digest})
        self.assertTrue(all(each["uid"] for each in changes))
        system = json.loads(self.kubectl("get", "namespace", "kube-system", "-o", "json").stdout)["metadata"]["uid"]
        self.assertEqual({each["publisher"] for each in changes}, {system})
        self.assertIn('"replica":', self.controller.log())
        self.assertEqual(self.controller.metric("slipway_audit_failures_total"), 0)
        self.assertGreaterEqual(self.controller.metric("slipway_audit_records_total"), 2 * len(changes))

    def test_a_folder_takes_them_instead(self):
        controller = Controller(SLIPWAY, CLUSTER, self.work, "slipway-1")
        folder = self.work / "volume/audit"
        controller.command.append(f"--audit-folder={folder}")
        self.controller.stop()
        self.addCleanup(self.controller.start)
        controller.start()
        self.addCleanup(controller.stop)
        make_image("layout", self.work / "image", "--layers", 1, "--layer-size", 1000)
        push(self.registry, "team/base", "1", self.work / "image")
        self.publication("kept")
        self.ready("kept")
        self.assertNotIn('{"audit":', controller.log())
        found = subprocess.run([SLIPWAY, "audit", "export", str(folder), "-o", "json"], capture_output=True, text=True)
        self.assertEqual(found.returncode, 0, found.stderr)
        self.assertIn("1.8.2", [each.get("tag") for each in json.loads(found.stdout)])


class DeletionTest(ControllerTest):
    def test_a_registry_that_is_away_holds_a_namespace_only_for_so_long(self):
        """The ten minutes themselves are the unit tests'; here: it is held, people are told, and it goes on by itself."""
        make_image("layout", self.work / "image", "--layers", 1, "--layer-size", 1000)
        push(self.registry, "team/base", "1", self.work / "image")
        self.publication("held", extra="  deletionPolicy: Untag\n")
        self.ready("held")
        # As the namespace controller does, which does not run here.
        self.registry.fault(action="Status", status=503, path="/v2/team/held", times=0)
        self.kubectl("delete", "ipub", "--all", "-n", "team", "--wait=false")
        wait_until(lambda: ("Untagging", "Warning") in self.events("held"), "people are told")
        self.assertEqual(self.get("held")["metadata"]["finalizers"], ["slipway.dev/untag"])
        self.registry.heal()
        self.kubectl("wait", "--for=delete", "--timeout=180s", "ipub", "held", "-n", "team")
        self.assertIsNone(self.registry.digest("team/held", "1.8.2"))

    def test_what_is_deleted_while_suspended_or_after_its_registry_leaves_its_tags(self):
        make_image("layout", self.work / "image", "--layers", 1, "--layer-size", 1000)
        digest = push(self.registry, "team/base", "1", self.work / "image")
        for name in ("resting", "orphan"):
            self.publication(name, extra="  deletionPolicy: Untag\n")
            self.ready(name)
        self.kubectl("patch", "ipub", "resting", "-n", "team", "--type=merge", "-p", '{"spec":{"suspend":true}}')
        self.kubectl("delete", "ipub", "resting", "-n", "team", "--timeout=180s")
        self.addCleanup(self.apply, self.declared)
        self.kubectl("delete", "acr", "local")
        # Two kinds are watched on two connections: it has heard of this before it hears of that.
        self.becomes("True Forbidden", "Stalled", "orphan")
        self.kubectl("delete", "ipub", "orphan", "-n", "team", "--timeout=180s")
        for name, why in (("resting", "deleted while suspended: its tags stay"),
                          ("orphan", "what is left of its tags stays (1.8.2, staging): namespace team has no Publish on")):
            with self.subTest(name):
                wait_until(lambda: ("LeftTagged", "Warning") in self.events(name), "an event tells of it")
                self.assertEqual(self.registry.digest(f"team/{name}", "1.8.2"), digest)
                self.assertEqual(self.registry.digest(f"team/{name}", "staging"), digest)
                last = self.changes(name)[-1]
                self.assertEqual((last["action"], last["result"]), ("LeaveTags", "Done"))
                self.assertIn(why, last["why"])

    def changes(self, name):
        """What the audit log has of a publication."""
        exported = subprocess.run([SLIPWAY, "audit", "export", "-", "-o", "json"], input=self.controller.log(),
                                  capture_output=True, text=True, check=True)
        return [each for each in json.loads(exported.stdout) if each["name"] == name]

    def declare(self, name, host, authentication="{anonymous: {}}"):
        """A registry to which the image of the first may be published."""
        self.apply(REGISTRY.format(host=host).replace("name: local", f"name: {name}").replace(
            "{anonymous: {}}", authentication).replace("actions:", f'sources: ["{self.registry.host}/**"], actions:'))

    def test_where_the_registry_does_not_allow_it_the_object_goes_at_once_and_its_tags_stay(self):
        need("docker-registry")
        make_image("layout", self.work / "image", "--layers", 1, "--layer-size", 1000)
        digest = push(self.registry, "team/base", "1", self.work / "image")
        debian = DebianRegistry(self.work / "debian", deletes=False)
        self.addCleanup(debian.stop)
        self.declare("debian", debian.host)
        azure = Emulator(EMULATOR, self.work / "azure", {"profile": "acr", "credentials": [
            {"username": "ci", "password": "right", "repositories": ["**"], "actions": ["pull", "push"]}]})
        self.addCleanup(azure.stop)
        self.kubectl("create", "secret", "generic", "may-not-delete", "-n", NAMESPACE, "--type=kubernetes.io/basic-auth",
                     "--from-literal=username=ci", "--from-literal=password=right")
        self.declare("azure", azure.host, "{basic: {secretRef: {name: may-not-delete}}}")
        self.addCleanup(self.registry.heal)
        cases = {"denied": ("local", 403), "locked": ("local", 405), "forever": ("debian", 405), "kept": ("azure", 401)}
        for name, (registry, status) in cases.items():
            if registry == "local":
                self.registry.fault(action="Status", status=status, method="DELETE", path=f"/v2/team/{name}/", times=0)
            self.apply(PUBLICATION.format(name=name, version="1.8.2", number=8, source=f"{self.registry.host}/team/base:1").replace(
                "{name: local}", f"{{name: {registry}}}") + "  deletionPolicy: Untag\n")
        for name in cases:
            self.ready(name)
        for name, (registry, status) in cases.items():
            with self.subTest(name):
                self.kubectl("delete", "ipub", name, "-n", "team", "--timeout=180s")
                wait_until(lambda: ("LeftTagged", "Warning") in self.events(name), "an event tells of it")
                # It was not waited for, as a registry is that is away.
                self.assertNotIn(("Untagging", "Warning"), self.events(name))
                tried, left = self.changes(name)[-2:]
                self.assertEqual((tried["action"], tried["result"]), ("RemoveTag", "Refused"))
                self.assertEqual((left["action"], left["result"]), ("LeaveTags", "Done"))
                self.assertRegex(left["why"], rf"^what is left of its tags stays \(1.8.2, staging\): tag 1.8.2: DELETE \S+: {status} ")
                at, user = {"local": (self.registry, None), "debian": (debian, None), "azure": (azure, "ci:right")}[registry]
                for tag in ("1.8.2", "staging"):
                    self.assertEqual(at.digest(f"team/{name}", tag, user), digest)

    def test_a_publication_that_is_deleted_while_it_is_published_is_stopped(self):
        make_image("layout", self.work / "large", "--layers", 1, "--layer-size", 2000000)
        push(self.registry, "team/base", "large", self.work / "large")
        self.addCleanup(self.registry.heal)
        self.registry.fault(action="RefuseMount", times=0)
        self.registry.fault(action="Slow", path="team/dropped/blobs/uploads", times=0, bytesPerSecond=1000)
        self.publication("dropped", source=f"{self.registry.host}/team/base:large", extra="  deletionPolicy: Untag\n")
        self.becomes("True Progressing", "Reconciling", "dropped")
        self.kubectl("delete", "ipub", "dropped", "-n", "team", "--timeout=180s")
        self.assertIsNone(self.registry.digest("team/dropped", "1.8.2"))
        wait_until(self.controller.is_idle, "nothing is done for it any more")


class SecretTest(ControllerTest):
    configuration = {"authentication": "Basic",
                     "credentials": [{"username": "ci", "password": "right", "repositories": ["**"],
                                      "actions": ["pull", "push", "delete", "metadata_read", "metadata_write", "catalog"]}]}
    authentication = "{basic: {secretRef: {name: login}}}"

    def secret(self, password):
        text = self.kubectl("create", "secret", "generic", "login", "-n", NAMESPACE, "--type=kubernetes.io/basic-auth",
                            "--from-literal=username=ci", f"--from-literal=password={password}", "--dry-run=client",
                            "-o", "yaml").stdout
        self.apply(text)

    def test_a_changed_secret_wakes_the_registry(self):
        def stalled():
            (ready,) = [each for each in self.get("local", "acr")["status"]["conditions"] if each["type"] == "Ready"]
            return f'{ready["reason"]}: {ready["message"]}'

        self.becomes("True Unauthorized", "Stalled", "local", "acr")
        self.assertIn("Secret slipway-system/login does not exist", stalled())
        self.secret("wrong")
        wait_until(lambda: stalled().startswith("Unauthorized") and "does not exist" not in stalled(), "the new Secret is tried")
        self.secret("right")
        self.becomes("True Succeeded", "Ready", "local", "acr")


class StopTest(ControllerTest):
    def test_sigterm_lets_what_runs_finish(self):
        make_image("layout", self.work / "image", "--layers", 1, "--layer-size", 2000000)
        digest = push(self.registry, "team/base", "1", self.work / "image")
        self.registry.fault(action="RefuseMount", times=0)
        self.registry.fault(action="Slow", path="team/slow/blobs/uploads", times=0, bytesPerSecond=400000)
        self.publication("slow")
        # Asked at the registry: what the status says of a visit of five seconds may be over before kubectl has it.
        wait_until(lambda: any("team/slow/blobs/uploads" in each["target"] for each in self.registry.requests()), "it sends")
        self.controller.process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        self.assertEqual(self.controller.process.wait(2 * GRACE), 0)
        self.assertLess(time.monotonic() - began, GRACE)
        self.assertEqual(self.registry.digest("team/slow", "1.8.2"), digest)
        self.assertEqual(self.condition("Ready", "slow"), "True Succeeded")

    def test_sigterm_ends_what_would_take_longer_and_the_next_one_finishes_it(self):
        make_image("layout", self.work / "large", "--layers", 1, "--layer-size", 2000000, "--seed", "large")
        digest = push(self.registry, "team/base", "large", self.work / "large")
        self.registry.fault(action="RefuseMount", times=0)
        # No clock matters: this would go on for weeks.
        self.registry.fault(action="Slow", path="team/endless/blobs/uploads", times=0, bytesPerSecond=1)
        self.addCleanup(self.registry.heal)
        self.publication("endless", source=f"{self.registry.host}/team/base:large")
        self.becomes("True Progressing", "Reconciling", "endless")
        wait_until(lambda: any("team/endless/blobs/uploads" in each["target"] for each in self.registry.requests()), "it sends")
        self.controller.process.send_signal(signal.SIGTERM)
        # What the kubelet adds to --grace before it kills.
        self.assertEqual(self.controller.process.wait(GRACE + 15), 0, self.controller.log())
        self.assertIsNone(self.registry.digest("team/endless", "1.8.2"))
        self.assertNotEqual(self.condition("Ready", "endless"), "True Succeeded")
        self.assertEqual(self.events("endless"), [])
        held = [each for each in json.loads(self.kubectl("get", "leases", "-n", NAMESPACE, "-o", "json").stdout)["items"]
                if each["spec"].get("holderIdentity")]
        self.assertEqual(held, [])
        before = self.controller.log()
        self.registry.heal()
        self.controller.start()
        self.ready("endless")
        for tag in ("1.8.2", "staging"):
            self.assertEqual(self.registry.digest("team/endless", tag), digest)
        self.assertEqual(len(self.registry.referrers("team/endless", digest)), 1)
        wait_until(lambda: self.events("endless"), "an event tells of it")
        self.assertEqual(self.events("endless"), [("Published", "Normal")])
        # On standard output each process has a chain of its own.
        for log in (before, self.controller.log()):
            verified = subprocess.run([SLIPWAY, "audit", "verify", "-"], input=log, capture_output=True, text=True)
            self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)


if __name__ == "__main__":
    SLIPWAY, EMULATOR = (str(pathlib.Path(each).resolve()) for each in sys.argv[1:3])
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
