#!/usr/bin/env python3
"""The controller while its API server is away, refuses, or is cut off; with the chart's rights and arguments.

outage_test.py SLIPWAY EMULATOR [TEST...]
"""
import collections
import json
import pathlib
import sys
import tempfile
import threading
import unittest

from api_server import temporary_cluster
from controllers import PUBLICATION, Controller, assert_nothing_forbidden, install, push
from servers import REGISTRY, Emulator, make_image, wait_until
from wire import Wire

SLIPWAY = EMULATOR = None
WATCHES = "imagepublications.*watch=true"
STATUSES = "imagepublications/[^/]*/status"


class OutageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = temporary_cluster(cls, audits=True)
        cls.addClassCleanup(assert_nothing_forbidden, cls.cluster)
        cls.kubectl = cls.cluster.kubectl
        cls.kubectl("create", "namespace", "team")
        install(cls.cluster)
        folder = tempfile.TemporaryDirectory(prefix="slipway-outage-")
        cls.addClassCleanup(folder.cleanup)
        cls.work = pathlib.Path(folder.name)
        cls.registry = Emulator(EMULATOR, cls.work / "registry")
        cls.addClassCleanup(cls.registry.stop)
        make_image("layout", cls.work / "image", "--layers", 1, "--layer-size", 200_000)
        cls.digest = push(cls.registry, "team/base", "1", cls.work / "image")
        cls.kubectl("apply", "-f", "-", stdin=REGISTRY.format(host=cls.registry.host))
        cls.wire = Wire(cls.cluster)
        cls.addClassCleanup(cls.wire.stop)
        cls.controller = Controller(SLIPWAY, cls.cluster, cls.work, server=cls.wire.server)
        cls.addClassCleanup(cls.controller.stop)
        cls.controller.start()

    def setUp(self):
        self.addCleanup(self.kubectl, "delete", "events.events.k8s.io", "--all", "-n", "team")
        self.addCleanup(self.kubectl, "delete", "ipub", "--all", "-n", "team")
        self.addCleanup(self.registry.heal)
        self.addCleanup(self.wire.heal)
        self.wait_until_calm()
        self.wire.forget()
        self.registry.forget_requests()

    def wait_until_calm(self):
        wait_until(lambda: self.controller.readiness()[0] == 200 and self.controller.is_idle(), "it is ready and idle")

    def apply(self, names, number):
        self.kubectl("apply", "-f", "-", stdin="".join(
            PUBLICATION.format(name=name, version=f"1.0.{number}", number=number,
                               source=f"{self.registry.host}/team/base:1") for name in names))

    def published(self):
        """name -> number of the build, of what says that it is published as it asks now."""
        def is_ready(object):
            return any(one["type"] == "Ready" and one["status"] == "True" and
                       one["observedGeneration"] == object["metadata"]["generation"]
                       for one in object.get("status", {}).get("conditions", []))
        listed = json.loads(self.kubectl("get", "ipub", "-n", "team", "-o", "json").stdout)["items"]
        return {each["metadata"]["name"]: each["spec"]["build"]["number"] for each in listed if is_ready(each)}

    def wait_until_published(self, builds):
        wait_until(lambda: self.published() == builds, f"{builds} are published")

    def told_of(self, names):
        """(name, text) -> how often it was told that it is published; of others it may be told late."""
        told = collections.Counter()
        for event in json.loads(self.kubectl("get", "events.events.k8s.io", "-n", "team", "-o", "json").stdout)["items"]:
            if event["reason"] == "Published" and event["regarding"]["name"] in names:
                told[event["regarding"]["name"], event["note"]] += event.get("series", {}).get("count", 1)
        return told

    def assert_done_once(self, builds):
        """The tags are right, none was set twice, there is one record for each publication, and nobody was told twice."""
        puts = collections.Counter(one["target"].split("?")[0] for one in self.registry.requests()
                                   if one["method"] == "PUT" and "/manifests/1.0." in one["target"] and one["status"] == 201)
        self.assertEqual([target for target, times in puts.items() if times > 1], [])
        for name, number in builds.items():
            for tag in (f"1.0.{number}", "staging"):
                self.assertEqual(self.registry.digest(f"team/{name}", tag), self.digest, f"{name}:{tag}")
            published = sum(target.startswith(f"/v2/team/{name}/") for target in puts)
            records = [one["annotations"]["dev.slipway.publication.identity"]
                       for one in self.registry.referrers(f"team/{name}", self.digest)]
            self.assertEqual(len(set(records)), len(records), f"records of {name}")
            # A build that an edit came before may have left its record, which is put before the tags.
            self.assertTrue(published <= len(records) <= number, f"{len(records)} records of {name}, {published} published")
        wait_until(lambda: {name for name, _ in self.told_of(builds)} == set(builds), "people are told")
        self.assertEqual([told for told, times in self.told_of(builds).items() if times > 1], [])

    def writes(self):
        """What the controller changed at the API server; not Leases, nor events, which come later than what they tell."""
        return [one for one in self.wire.writes() if "/events" not in one.path]

    def test_watches_that_are_cut_lose_nothing_and_double_nothing(self):
        # Less than fifty events: with more of them waiting the controller takes its time.
        names, last = [f"cut-{number}" for number in range(8)], 6
        over = threading.Event()
        unready = []

        def cut():
            while not over.wait(1):
                self.wire.cut_now("watch=true")
                answers = [self.controller.readiness() for _ in range(20)]
                unready.extend(said for status, said in answers if status != 200)

        cutter = threading.Thread(target=cut)
        cutter.start()
        self.addCleanup(cutter.join)
        self.addCleanup(over.set)
        for number in range(1, last + 1):
            watches = len(self.wire.seen(path=WATCHES))
            self.apply(names, number)
            wait_until(lambda: len(self.wire.seen(path=WATCHES)) > watches, "a watch was cut meanwhile")
        self.wait_until_published(dict.fromkeys(names, last))
        self.assert_done_once(dict.fromkeys(names, last))
        # Its beginning and its end, and what takes long.
        self.assertLessEqual(len(self.writes()), 3 * last * len(names))
        wait_until(self.controller.is_idle, "it is idle")
        self.wire.forget()
        wait_until(lambda: len(self.wire.seen(path=WATCHES)) >= 3, "it watched some times more")
        self.assertEqual(self.writes(), [])
        self.assertEqual(unready, [])

    def test_what_is_refused_for_a_while_is_done_all_the_same_and_once(self):
        names = [f"refused-{number}" for number in range(12)]
        faults = [self.wire.expire(path=WATCHES, times=2), self.wire.refuse(503, path=r"imagepublications\?limit", times=2),
                  self.wire.refuse(429, path=STATUSES, times=4, retry_after=1), self.wire.refuse(409, path=STATUSES, times=4),
                  self.wire.refuse(500, path=STATUSES, times=4), self.wire.lose(path=STATUSES, times=4),
                  self.wire.drop(path=STATUSES, times=4), self.wire.delay(1, path=STATUSES, times=4),
                  self.wire.refuse(503, path="/events", times=2), self.wire.lose(path="/events", times=1)]
        self.wire.cut_now("watch=true")
        self.apply(names, 1)
        self.wait_until_published(dict.fromkeys(names, 1))
        self.assert_done_once(dict.fromkeys(names, 1))
        wait_until(lambda: not [fault for fault in faults if fault.times], "each fault was met")
        self.wait_until_calm()

    def test_the_api_server_is_away_and_comes_back(self):
        names = [f"away-{number}" for number in range(8)]
        self.registry.fault(action="RefuseMount", times=0)
        # No clock matters: these would go on for minutes after the lease is over.
        self.registry.fault(action="Slow", path="/blobs/uploads/", times=0, bytesPerSecond=500)
        self.apply(names, 1)
        wait_until(lambda: sum("/blobs/uploads/" in one["target"] for one in self.registry.requests()) >= 4, "blobs are sent")
        self.cluster.kill_api_server()
        wait_until(lambda: self.controller.readiness()[0] == 503, "it is not ready")
        self.assertRegex(self.controller.readiness()[1], "resources can't be watched: .*|it has no sure share.*|status can't be written: .*")
        wait_until(lambda: self.controller.metric("leader_election_master_status{") == 0, "its lease is over")
        wait_until(lambda: self.controller.is_idle(), "what was under way has ended")
        self.registry.heal()
        self.assertEqual([self.registry.digest(f"team/{name}", "staging") for name in names], [None] * len(names))
        self.controller.alive()
        self.cluster.resume_api_server()
        self.apply(names[:2], 2)
        builds = dict.fromkeys(names, 1) | dict.fromkeys(names[:2], 2)
        self.wait_until_published(builds)
        self.assert_done_once(builds)
        wait_until(lambda: self.controller.readiness()[0] == 200, "it is ready by itself")

    def write_others(self, name, count):
        """More versions than an API server takes for itself when it starts."""
        self.kubectl("create", "-f", "-", stdin="---".join(
            f"\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}-{number}, namespace: team}}\n" for number in range(count)))
        self.addCleanup(self.kubectl, "delete", "configmaps", "--all", "-n", "team")

    def test_etcd_is_put_back_to_a_backup(self):
        self.apply(["edited", "kept"], 1)
        self.wait_until_published({"edited": 1, "kept": 1})
        self.cluster.back_up(self.work / "backup")
        self.wait_until_calm()
        self.write_others("before", 100)
        self.apply(["edited"], 2)
        self.apply(["lost"], 1)
        self.wait_until_published({"edited": 2, "kept": 1, "lost": 1})
        self.cluster.restore(self.work / "backup")
        self.apply(["edited"], 3)
        self.apply(["new"], 1)
        self.wait_until_published({"edited": 3, "kept": 1, "new": 1})
        wait_until(lambda: self.controller.metric('slipway_resources{kind="imagepublication"') == 3, "what is lost is not kept")

    def test_a_backup_of_etcd_counts_however_far_its_versions_have_come_since(self):
        open_to_all = REGISTRY.format(host=self.registry.host).replace("name: local", "name: second")
        closed = open_to_all.replace("namespaceSelector: {}", "namespaceSelector: {matchLabels: {nobody: has-it}}")
        self.assertNotEqual(closed, open_to_all)
        self.kubectl("apply", "-f", "-", stdin=closed)
        self.addCleanup(self.kubectl, "delete", "acr", "second")
        self.wait_until_calm()
        self.cluster.back_up(self.work / "closed")
        self.wait_until_calm()
        self.kubectl("apply", "-f", "-", stdin=open_to_all)
        self.apply_to("second", "let-in")
        self.wait_until_published({"let-in": 1})
        self.wire.drop()
        self.wire.cut_now()
        self.cluster.restore(self.work / "closed")
        self.write_others("after", 300)
        self.cluster.compact()
        self.cluster.restart_api_server()
        self.wire.forget()
        self.wire.heal()
        for kind in ("imagepublications", "containerregistries"):
            wait_until(lambda: self.is_listed_and_watched(kind), f"{kind} are as etcd has them now")
        self.assertEqual(self.controller.metric('slipway_resources{kind="imagepublication"'), 0, "what is lost is not kept")
        self.wait_until_calm()
        self.apply_to("second", "stranger")
        wait_until(lambda: self.ready_of("stranger") == ("False", "Forbidden"), "it goes by what etcd has now")
        self.assertIsNone(self.registry.digest("team/stranger", "staging"))

    def is_listed_and_watched(self, kind):
        """Whether a watch began after a list: it does once the list is taken in."""
        asked = [one.path for one in self.wire.seen("GET", f"/{kind}[?]") if one.status == 200]
        lists = [number for number, path in enumerate(asked) if "limit=500" in path]
        return bool(lists) and any("watch=true" in path for path in asked[lists[0]:])

    def apply_to(self, registry, name):
        self.kubectl("apply", "-f", "-", stdin=PUBLICATION.format(
            name=name, version="1.0.1", number=1, source=f"{self.registry.host}/team/base:1").replace("name: local", f"name: {registry}"))

    def ready_of(self, name):
        """(status, reason) of its Ready condition."""
        conditions = json.loads(self.kubectl("get", "ipub", name, "-n", "team", "-o", "json").stdout)["status"].get("conditions", [])
        return next(((each["status"], each["reason"]) for each in conditions if each["type"] == "Ready"), None)


if __name__ == "__main__":
    SLIPWAY, EMULATOR = (str(pathlib.Path(each).resolve()) for each in sys.argv[1:3])
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
