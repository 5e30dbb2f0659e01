#!/usr/bin/env python3
"""What kstatus, the library that Flux judges objects with, makes of every state that ours can be in.

kstatus_test.py SLIPWAY EMULATOR STATES [TEST...]
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "support")]
from api_server import end, temporary_cluster  # noqa: E402
from controllers import Controller, assert_nothing_forbidden, install  # noqa: E402
from gitops_test import STATES as TOLD_STATES, health_of  # noqa: E402
from servers import Emulator, make_image, make_report  # noqa: E402

SLIPWAY = EMULATOR = WRITTEN_STATES = None
LONGEST_WAIT = 180  # seconds; a guard, never reached otherwise

HEALTH = {"Healthy": "Current", "Progressing": "InProgress", "Degraded": "Failed"}
# Where kstatus, which takes what says nothing for done, judges other than the rule for Argo CD. Neither state lasts: the
# schema gives each object observedGeneration -1, and a status has conditions.
SAYS_NOTHING = {"nobody runs", "seen, and nothing said yet"}


def judge(objects):
    """[(status, message)] of each."""
    built = subprocess.run([HERE / "build.sh", "kstatus"], stdout=subprocess.PIPE, text=True, check=True)
    said = subprocess.run([pathlib.Path(built.stdout.strip()) / "kstatus"], input="\n".join(map(json.dumps, objects)),
                          capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    verdicts = [json.loads(line) for line in said.stdout.splitlines()]
    return [(one["status"], one["message"]) for one in verdicts]


def resource(kind, name, **parts):
    return {"apiVersion": "slipway.dev/v1alpha1", "kind": kind, "metadata": {"name": name, "generation": 2}, **parts}


class RuleTest(unittest.TestCase):
    """States as they are written down."""

    def test_the_states_of_the_health_rule(self):
        for kind in ("ContainerRegistry", "ImagePublication", "RetentionPolicy"):
            objects = [resource(kind, "a", spec=spec, **({"status": status} if status else {}))
                       for _, spec, status, _, _ in TOLD_STATES]
            for (state, _, _, health, _), (verdict, _) in zip(TOLD_STATES, judge(objects)):
                with self.subTest(state, kind=kind):
                    self.assertEqual(verdict, "Current" if state in SAYS_NOTHING else HEALTH[health])

    def test_every_end_of_a_visit_whatever_was_said_before(self):
        written = subprocess.run([WRITTEN_STATES], stdout=subprocess.PIPE, text=True, check=True).stdout
        states = [json.loads(line) for line in written.splitlines()]
        self.assertGreater(len(states), 500)
        for state, (verdict, _) in zip(states, judge([state["object"] for state in states])):
            with self.subTest(state["state"]):
                self.assertEqual(verdict, state["wanted"])
                if state["state"].endswith(" after ready"):
                    self.assertEqual(HEALTH[health_of(state["object"])[0]], state["wanted"])

    def test_what_is_being_deleted(self):
        leaving = resource("ImagePublication", "a", status={"observedGeneration": 2, "conditions": []})
        leaving["metadata"]["deletionTimestamp"] = "2026-11-24T09:00:00Z"
        self.assertEqual(judge([leaving])[0][0], "Terminating")

    def test_the_message_is_ours(self):
        stalled = {"type": "Stalled", "status": "True", "reason": "FindingsAboveLimit", "message": "CVE-1 is Critical"}
        failed = resource("ImagePublication", "a", status={"observedGeneration": 2, "conditions": [stalled]})
        self.assertEqual(judge([failed]), [("Failed", "CVE-1 is Critical")])


def scan(name, **more):
    return {"gates": {"scan": {"allowUpTo": "High", "reports": [{"name": "all", "configMapRef": {"name": name, "key": "json"}}],
                               **more}}}


def away(name):
    return {"image": {"reference": f"127.0.0.1:1/team/{name}:1", "plainHTTP": True}}


class States:
    """Publications, registries and policies that get into every state by what is done to them, in three rounds.

    Each entry: what its spec has other than the usual, round after round (None: nothing is done to it in that one);
    kstatus' verdict in the end; the reason of the condition that says so ("": there is none).
    """

    def __init__(self, host, digests, untrusted=None):
        self.host = host
        newer = {"source": self.image("b"), "build": {"number": 9, "version": "2.0.0"}}
        self.publications = {
            "published": ([{}], "Current", "Succeeded"),
            "passed": ([scan("clean")], "Current", "Succeeded"),
            "awaits-a-report": ([scan("nowhere", waitFor="1h")], "InProgress", "AwaitingReport"),
            "waited-in-vain": ([scan("nowhere", waitFor="0s")], "Failed", "AwaitingReport"),
            "refused-by-a-gate": ([scan("bad")], "Failed", "FindingsAboveLimit"),
            "not-reported": ([{"gates": {"scan": {"allowUpTo": "High"}}}], "Failed", "ReportNotNamed"),
            "in-conflict": ([{}, {"source": self.image("b")}], "Failed", "TagConflict"),
            "suspended-after-success": ([{}, {"suspend": True}], "Current", "Succeeded"),
            "suspended-before": ([{"suspend": True}], "Current", ""),
            "suspended-after-a-failure": ([{**scan("bad")}, {**scan("bad"), "suspend": True}], "Current", ""),
            "suspended-while-trying": ([{"source": away("a")}, {"source": away("a"), "suspend": True}], "Current", ""),
            "resumed": ([{"suspend": True}, {}], "Current", "Succeeded"),
            "newer": ([{**newer, "repository": "team/order", "environment": "order"}], "Current", "Succeeded"),
            "superseded": ([None, {"repository": "team/order", "environment": "order"}], "Current", "Succeeded"),
            "rolled-back": ([{}, newer, {**newer, "rollback": {"digest": digests["a"], "reason": "it broke"}}],
                            "Current", "Succeeded"),
            "rolled-back-to-nothing": ([{}, {"rollback": {"digest": "sha256:" + "a" * 64, "reason": "it broke"}}],
                                       "Failed", "NotFound"),
            "trying-again": ([{"source": away("a")}], "InProgress", "Unavailable"),
            "published-and-trying-again": ([{}, {"source": away("a")}], "InProgress", "Unavailable"),
            "not-found": ([{"source": self.image("nothing")}], "Failed", "NotFound"),
            "not-what-it-should-be": ([{"source": {**self.image("a"), "digest": "sha256:" + "a" * 64}}], "Failed", "NotFound"),
            "forbidden": ([{"repository": "other/forbidden"}], "Failed", "Forbidden"),
            "forbidden-since": ([{"registryRef": {"name": "fickle"}}], "Failed", "Forbidden"),
            "without-a-registry": ([{"registryRef": {"name": "nowhere"}}], "Failed", "Forbidden"),
            "not-supported": ([{"gates": {"sbom": {}}}], "Failed", "NotSupported"),
            "not-observed": ([{"attach": {"sbom": True}}], "Current", "Succeeded"),
            "passing": ([{"ttlAfterPublished": "30d"}], "Current", "Succeeded"),
            "healed": ([{"source": self.image("nothing")}, {}], "Current", "Succeeded"),
            "gated-since": ([{}, scan("bad")], "Current", "Succeeded"),
            "reported-half": ([scan("half")], "Failed", "ReportInvalid"),
            "damaged": ([{"source": self.image("a", "damaged")}], "Failed", "Integrity"),
            "answered-in-clear": ([{"registryRef": {"name": "answered-in-clear"}}], "Failed", "AnsweredInClear"),
            "throttled": ([{}], "InProgress", "Throttled"),
            "over-its-quota": ([{}], "InProgress", "QuotaExceeded"),
        }
        sources = [f"{host}/**", "127.0.0.1:1/**"]
        if untrusted:
            sources.append(f"{untrusted}/**")
            self.publications["untrusted"] = ([{"source": {"image": {"reference": f"{untrusted}/team/source:a"}}}], "Failed",
                                              "CertificateNotTrusted")
            # Outside a cluster this is refused with its file.
            self.publications["invalid"] = ([{"tags": [{"name": "version", "template": "{{version}}"},
                                                       {"name": "same", "template": "1.0.0"}]}], "Failed", "Invalid")
        usual = self.registry(host, sources=sources)
        tls = {key: value for key, value in usual.items() if key != "plainHTTP"}
        self.registries = {
            "local": ([usual], "Current", "Succeeded"),
            "fickle": ([usual, {**usual, "access": [{**usual["access"][0], "repositories": ["other/*"]}]}], "Current",
                       "Succeeded"),
            "away": ([self.registry("127.0.0.1:1", sources=sources)], "InProgress", "Unavailable"),
            "without-a-secret": ([{**usual, "authentication": {"basic": {"secretRef": {"name": "nowhere"}}}}], "Failed",
                                 "Unauthorized"),
            "answered-in-clear": ([tls], "Failed", "AnsweredInClear"),
            "suspended": ([{**usual, "suspend": True}], "Current", ""),
            "suspended-since": ([usual, {**usual, "suspend": True}], "Current", "Succeeded"),
        }
        policy = {"registryRef": {"name": "local"}, "repositories": ["team/**"],
                  "rules": [{"name": "development", "match": {"tags": ["dev-*"]}, "expireAfter": "90d"}]}
        self.policies = {"preview": ([policy], "Current", "Succeeded"),
                         "forbidden": ([{**policy, "repositories": ["team/**", "other/**"]}], "Failed", "Forbidden"),
                         "without-a-registry": ([{**policy, "registryRef": {"name": "nowhere"}}], "Failed", "Forbidden"),
                         "not-carried-out": ([{**policy, "mode": "Enforce"}], "Failed", "NotSupported"),
                         "suspended": ([{**policy, "suspend": True}], "Current", "")}

    def image(self, tag, repository="source"):
        return {"image": {"reference": f"{self.host}/team/{repository}:{tag}", "plainHTTP": True}}

    def break_registry(self, registry):
        """As the publications want it that find it so."""
        registry.fault(action="CorruptByte", method="GET", path="/team/damaged/manifests/", bytes=5, times=0)
        registry.fault(action="Throttle", path="/team/throttled/", retryAfter=600, times=0)
        registry.fault(action="Status", method="POST", status=507, path="/team/over-its-quota/blobs/", times=0)

    def registry(self, host, **more):
        access = {"name": "all", "namespaceSelector": {}, "repositories": ["team/**"], "actions": ["Read", "Publish"], **more}
        return {"loginServer": host, "plainHTTP": True, "authentication": {"anonymous": {}}, "access": [access]}

    def publication(self, name, changes):
        return {"registryRef": {"name": "local"}, "repository": f"team/{name}", "environment": name, "source": self.image("a"),
                "build": {"number": 8, "version": "1.0.0"},
                "tags": [{"name": "version", "template": "{{version}}"},
                         {"name": "latest", "template": "latest", "mutability": "Moving"}],
                "retry": {"maxDuration": "1h"}, **changes}

    def rounds(self):
        """For each round the objects as they are then."""
        kinds = [("ContainerRegistry", self.registries, lambda _, spec: spec),
                 ("ImagePublication", self.publications, self.publication),
                 ("RetentionPolicy", self.policies, lambda _, spec: spec)]
        made = []
        for number in range(3):
            for kind, states, spec in kinds:
                for name, (steps, _, _) in states.items():
                    if number < len(steps) and steps[number] is not None:
                        made.append((number, self.document(kind, name, spec(name, steps[number]))))
        return [[document for number, document in made if number == wanted] for wanted in range(3)]

    @staticmethod
    def document(kind, name, spec):
        metadata = {"name": name} if kind == "ContainerRegistry" else {"name": name, "namespace": "team"}
        return {"apiVersion": "slipway.dev/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec}

    def wanted(self):
        """{(kind, name): (verdict, reason)} in the end."""
        kinds = {"ContainerRegistry": self.registries, "ImagePublication": self.publications, "RetentionPolicy": self.policies}
        return {(kind, name): (verdict, reason) for kind, states in kinds.items()
                for name, (_, verdict, reason) in states.items()}


def reason_of(one):
    """Of the condition that kstatus goes by."""
    conditions = {each["type"]: each for each in one.get("status", {}).get("conditions", [])}
    for kind in ("Reconciling", "Stalled", "Ready"):
        if kind in conditions:
            return conditions[kind]["reason"]
    return ""


class StatesCase(unittest.TestCase):
    """Images at a registry, reports about them, and a controller that somebody starts."""

    @classmethod
    def setUpClass(cls):
        if cls is StatesCase:
            raise unittest.SkipTest("what others build on")
        folder = tempfile.TemporaryDirectory(prefix="slipway-kstatus-")
        cls.addClassCleanup(folder.cleanup)
        cls.work = pathlib.Path(folder.name)
        cls.registry = Emulator(EMULATOR, cls.work / "registry")
        cls.addClassCleanup(cls.registry.stop)
        digests = {}
        for name in ("a", "b"):
            digests[name] = make_image("layout", cls.work / name, "--layer", "1K", "--seed", name)
        cls.states = States(cls.registry.host, digests, cls.prepare())
        cls.seed()
        cls.states.break_registry(cls.registry)

    @classmethod
    def prepare(cls):
        """Where a host shows a certificate that nobody trusts, if there is one."""

    @classmethod
    def seed(cls):
        """Puts the images where publications take them from."""
        folder = cls.work / "seed"
        folder.mkdir()
        documents = [cls.states.document("ContainerRegistry", "local", cls.states.registry(cls.registry.host))]
        for name, repository in (("a", "source"), ("b", "source"), ("a", "damaged")):
            spec = cls.states.publication(repository, {"source": {"ociLayout": {"path": f"../{name}"}},
                                                     "tags": [{"name": "tag", "template": name}]})
            documents.append(cls.states.document("ImagePublication", f"{repository}-{name}", spec))
        (folder / "all.json").write_text("\n---\n".join(map(json.dumps, documents)))
        done = subprocess.run([SLIPWAY, "publish", "-f", folder, "--root", cls.work, "--state", cls.work / "seed.db"],
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def reports(self):
        """ConfigMaps with a report that passes, one that doesn't, and half of one."""
        finding = ["--vulnerability", "CVE-2026-1,CRITICAL,openssl,1.0,1.1"]
        clean, bad = (make_report(self.work / "a", *arguments) for arguments in ([], finding))
        for name, report in (("clean", clean), ("bad", bad), ("half", clean[:len(clean) // 2])):
            yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "team"},
                   "data": {"json": report}}

    def start(self, *arguments):
        with open(self.work / "slipway.log", "ab") as log:
            process = subprocess.Popen([SLIPWAY, "run", *map(str, arguments)], stdout=log, stderr=log,
                                       env={**os.environ, "HOME": str(self.work)})
        self.addCleanup(end, process)
        return process

    def stop(self, process):
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(LONGEST_WAIT), 0, (self.work / "slipway.log").read_text()[-3000:])

    def wait_until(self, question):
        deadline = time.monotonic() + LONGEST_WAIT
        while not question():
            self.assertLess(time.monotonic(), deadline, (self.work / "slipway.log").read_text()[-3000:])
            time.sleep(0.1)

    def judged(self):
        """{(kind, name): (verdict, reason)} of all that are there."""
        found = self.objects()
        return {(one["kind"], one["metadata"]["name"]): (verdict, reason_of(one))
                for one, (verdict, _) in zip(found, judge(found))}

    def assert_states(self):
        """All get to where they should, and stay."""
        wanted = self.states.wanted()

        def differences():
            found = self.judged()
            return {key: found.get(key) for key in wanted if found.get(key) != wanted[key]}

        deadline = time.monotonic() + LONGEST_WAIT
        while (different := differences()) and time.monotonic() < deadline:
            time.sleep(0.2)
        self.assertEqual({key: wanted[key] for key in different}, different)
        for one in (found := self.objects()):
            with self.subTest(one["metadata"]["name"], kind=one["kind"]):
                self.assertEqual(HEALTH[health_of(one)[0]], wanted[one["kind"], one["metadata"]["name"]][0])
        (superseded,) = (one for one in found if one["metadata"]["name"] == "superseded")
        self.assertEqual([each["reason"] for each in superseded["status"]["conditions"] if each["type"] == "Tagged"],
                         ["Superseded"])

    def seen(self, documents):
        """Whether every one of them was looked at as it is now, and came to something."""
        found = {(one["kind"], one["metadata"]["name"]): one for one in self.objects()}
        for document in documents:
            one = found.get((document["kind"], document["metadata"]["name"]))
            if not one or one.get("spec") != document["spec"] and not self.is_same(one, document):
                return False
            status = one.get("status", {})
            if status.get("observedGeneration") != one["metadata"]["generation"]:
                return False
            if not document["spec"].get("suspend") and reason_of(one) in ("", "Progressing"):
                return False
        return True

    @staticmethod
    def is_same(one, document):
        """Whether it has all that the document asks for; the schema may add defaults."""
        def within(small, large):
            if isinstance(small, dict):
                return isinstance(large, dict) and all(key in large and within(value, large[key]) for key, value in small.items())
            if isinstance(small, list):
                return isinstance(large, list) and len(small) == len(large) and all(map(within, small, large))
            return small == large

        return within(document["spec"], one.get("spec", {}))


class FolderTest(StatesCase):
    """What a folder's publications say of themselves."""

    def setUp(self):
        self.manifests = self.work / "manifests"
        self.manifests.mkdir()
        for one in self.reports():
            self.write(one)

    def write(self, document):
        path = self.manifests / f"{document['kind']}-{document['metadata']['name']}.json"
        path.with_suffix(".new").write_text(json.dumps(document))
        path.with_suffix(".new").rename(path)

    def objects(self):
        found = []
        for kind in ("acr", "ipub", "retpol"):
            told = subprocess.run([SLIPWAY, "get", kind, "-f", self.manifests, "--root", self.work, "-o", "json",
                                   "--state", self.work / "state.db"], capture_output=True, text=True)
            self.assertEqual(told.returncode, 0, told.stderr)
            found += json.loads(told.stdout)["items"]
        return found

    def test_every_state(self):
        first, *later = self.states.rounds()
        for document in first:
            self.write(document)
        process = self.start("--manifests", self.manifests, "--root", self.work, "--state", self.work / "state.db",
                             "--listen", "127.0.0.1:0")
        self.wait_until(lambda: self.seen(first))
        for documents in later:
            for document in documents:
                self.write(document)
            self.wait_until(lambda: self.seen(documents))
        self.assert_states()
        self.stop(process)


class ClusterTest(StatesCase):
    """What the API server's objects say of themselves."""

    @classmethod
    def prepare(cls):
        cls.cluster = temporary_cluster(cls, audits=True)
        cls.addClassCleanup(assert_nothing_forbidden, cls.cluster)
        cls.kubectl = cls.cluster.kubectl
        cls.kubectl("create", "namespace", "team")
        install(cls.cluster)
        return f"127.0.0.1:{cls.cluster.port}"

    def apply(self, documents):
        self.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": list(documents)}))

    def objects(self):
        return json.loads(self.kubectl("get", "acr,ipub,retpol", "-A", "-o", "json").stdout)["items"]

    def run_controller(self):
        """As the chart's pod runs it, with its rights."""
        controller = Controller(SLIPWAY, self.cluster, self.work, "slipway")
        self.addCleanup(controller.stop)
        controller.start()
        return controller.process

    def test_every_state(self):
        self.apply(self.reports())
        first, *later = self.states.rounds()
        self.apply(first)
        self.assertEqual({verdict for verdict, _ in self.judged().values()}, {"InProgress"}, "nobody has seen them")
        process = self.run_controller()
        self.wait_until(lambda: self.seen(first))
        for documents in later:
            self.apply(documents)
            self.wait_until(lambda: self.seen(documents))
        self.assert_states()
        self.kubectl("wait", "--for=condition=Ready", "--timeout=10s", "ipub/published", "-n", "team")
        self.stop(process)
        self.unseen()

    def unseen(self):
        """What is done to objects while nobody looks."""
        document = self.states.document
        leaving = ("ImagePublication", "published")
        edited = ("ImagePublication", "passed")
        self.apply([document(*leaving, self.states.publication("published", {"deletionPolicy": "Untag"})),
                    document(*edited, self.states.publication("passed", {"build": {"number": 9, "version": "1.0.1"}}))])
        process = self.run_controller()
        self.wait_until(lambda: self.judged()[leaving][0] == self.judged()[edited][0] == "Current")
        self.stop(process)
        self.apply([document(*edited, self.states.publication("passed", {"build": {"number": 10, "version": "1.0.2"}}))])
        self.kubectl("delete", "ipub", "published", "-n", "team", "--wait=false")
        judged = self.judged()
        self.assertEqual((judged[edited][0], judged[leaving][0]), ("InProgress", "Terminating"))
        process = self.run_controller()
        self.wait_until(lambda: leaving not in self.judged())
        self.stop(process)


if __name__ == "__main__":
    SLIPWAY, EMULATOR, WRITTEN_STATES = sys.argv[1:4]
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
