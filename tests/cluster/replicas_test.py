#!/usr/bin/env python3
"""Three controllers with the chart's rights share the publications of one real API server; one is killed, stopped, or
told to end.

replicas_test.py SLIPWAY EMULATOR SHIFTED_CLOCK [TEST...]
"""
import collections
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import unittest
from datetime import datetime, timedelta, timezone

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from api_server import temporary_cluster  # noqa: E402
from controllers import (GRACE, NAMESPACE as LEASES, PUBLICATION, Controller, assert_nothing_forbidden, install,  # noqa: E402
                         push, withdraw)
from servers import REGISTRY, Emulator, make_image, wait_until  # noqa: E402
from wire import Wire  # noqa: E402

NAMESPACE = "team"
REPLICAS = ("a", "b", "c")
LEASE = 15  # seconds
PUBLICATIONS = 24
SHARED = 12  # Repositories of two publications each.
DAY = timedelta(days=1)
MANY = 200


def short(lease):
    return lease.removeprefix("slipway-").split("-")[0]


def claim(lease):
    return {short(name) for name in lease["metadata"]["annotations"]["slipway.dev/shard-members"].split()[1:]}


class ReplicasTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = temporary_cluster(cls, audits=True)
        cls.kubectl = cls.cluster.kubectl
        cls.kubectl("create", "namespace", NAMESPACE)
        install(cls.cluster)
        cls.addClassCleanup(assert_nothing_forbidden, cls.cluster, lambda each: each in cls.caused)

    caused = []  # Of the requests that were refused: those that a test set out to cause.

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="slipway-replicas-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.source, self.destination = self.emulator("source"), self.emulator("destination")
        self.fill_source()
        for collection in (f"slipway.dev/v1alpha1/namespaces/{NAMESPACE}/imagepublications", "slipway.dev/v1alpha1/containerregistries",
                           f"coordination.k8s.io/v1/namespaces/{LEASES}/leases", f"events.k8s.io/v1/namespaces/{NAMESPACE}/events"):
            # At once, however many there are: kubectl's --all takes them one by one.
            self.addCleanup(self.kubectl, "delete", "--raw", f"/apis/{collection}", check=False)
        self.replicas = {}

    def emulator(self, name):
        made = Emulator(EMULATOR, self.folder / name)
        self.addCleanup(made.stop)
        return made

    def fill_source(self):
        make_image("layout", self.folder / "image", "--layers", 2, "--layer-size", 400_000)
        (self.folder / "seed.yaml").write_text(
            REGISTRY.format(host=self.source.host) + """---
apiVersion: slipway.dev/v1alpha1
kind: ImagePublication
metadata: {name: source, namespace: team}
spec:
  registryRef: {name: local}
  repository: team/source
  environment: staging
  source: {ociLayout: {path: ./image}}
  tags: [{name: version, template: "1.0"}]
""")
        subprocess.run([SLIPWAY, "publish", "-f", self.folder / "seed.yaml"], check=True, capture_output=True,
                       cwd=self.folder, env={**os.environ, "HOME": str(self.folder)})

    def start(self, *names, clocks={}, **how):
        """`clocks`: by how much those of some are off."""
        for name in names:
            replica = self.replicas[name] = Controller(SLIPWAY, self.cluster, self.folder, name, **how)
            if name in clocks:
                self.set_clock(name, clocks[name])
                # A sanitizer wants to be first, and need not be.
                replica.variables = {"LD_PRELOAD": str(SHIFTED_CLOCK), "SHIFTED_CLOCK": str(self.clock(name)),
                                     "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
            # So few that a replica is in the middle of its work for a while.
            replica.set("--workers", 2)
            replica.begin()
            self.addCleanup(self.end, replica.process)

    def clock(self, name):
        return self.folder / f"{name}.clock"

    def set_clock(self, name, off):
        written = self.folder / "clock"
        written.write_text(str(round(off.total_seconds())))
        written.replace(self.clock(name))

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
        process.wait()

    def slow_down(self):
        """Each publication takes a while, also where another one has sent the same layers."""
        self.destination.fault(action="RefuseMount", times=0)
        self.destination.fault(action="Slow", path="/blobs/uploads/", times=0, bytesPerSecond=400_000)

    def apply_publications(self, major=1, count=PUBLICATIONS):
        names = [f"app-{number}" for number in range(count)]
        text = REGISTRY.format(host=self.destination.host).replace("actions:", f'sources: ["{self.source.host}/**"], actions:')
        for number, name in enumerate(names):
            text += PUBLICATION.format(name=name, source=f"{self.source.host}/team/source:1.0", version=f"{major}.0.{number}",
                                       number=major * 100 + number)
        self.kubectl("apply", "-f", "-", stdin=text)
        return names

    # What is seen from outside.

    def objects(self, kind, namespace):
        return json.loads(self.kubectl("get", kind, "-n", namespace, "-o", "json").stdout)["items"]

    def ready(self):
        def is_ready(publication):
            conditions = publication.get("status", {}).get("conditions", [])
            return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
        return {p["metadata"]["name"] for p in self.objects("ipub", NAMESPACE) if is_ready(p)}

    def leases(self):
        """Those that somebody holds, by the names that this test gave."""
        return {short(lease["metadata"]["name"]): lease for lease in self.objects("leases", LEASES)
                if lease["spec"].get("holderIdentity")}

    def shares(self):
        """Among whom each replica says that it shares the keys."""
        return {name: claim(lease) for name, lease in self.leases().items()}

    def wait_until_shared(self, *names):
        wait_until(lambda: self.shares() == dict.fromkeys(names, set(names)), f"{names} share the keys")

    def taken_over(self, name):
        return all(name not in claim for other, claim in self.shares().items() if other != name)

    def taken_over_after(self, name, since):
        """How long after it wrote its lease last, as the API server has it, another one claimed its share."""
        def at(write):
            return datetime.fromisoformat(write["requestReceivedTimestamp"])
        writes = [each for each in self.cluster.audit(since) if "requestObject" in each
                  and each["objectRef"]["namespace"] == LEASES and each["responseStatus"]["code"] < 300]
        renewed = max(at(each) for each in writes if short(each["objectRef"]["name"]) == name)
        claimed = min(at(each) for each in writes if at(each) > renewed and name not in claim(each["requestObject"]))
        return (claimed - renewed).total_seconds()

    def puts(self):
        """How often each (repository of team, tag or digest) was set."""
        puts = collections.Counter()
        for request in self.destination.requests():
            found = re.match("/v2/team/([^/]+)/manifests/([^?]+)", request["target"])
            if found and request["method"] == "PUT" and request["status"] == 201:
                puts[found.groups()] += 1
        return puts

    def assert_nothing_twice(self, names):
        puts = self.puts()
        for number, name in enumerate(names):
            for tag in (f"1.0.{number}", "staging"):
                self.assertEqual(puts[name, tag], 1, f"times that {name}:{tag} was set")
            digest = self.destination.digest(f"team/{name}", "staging")
            self.assertEqual(len(self.destination.referrers(f"team/{name}", digest)), 1, f"records of {name}")
        published = collections.Counter()
        for event in self.objects("events.events.k8s.io", NAMESPACE):
            if event["reason"] == "Published":
                published[event["regarding"]["name"]] += event.get("series", {}).get("count", 1)
        self.assertLessEqual(max(published.values(), default=0), 1, published)

    def on_record(self, name, *actions):
        """Changes in the log of a replica, whose chain is as it was written."""
        log = self.replicas[name].log()
        verified = subprocess.run([SLIPWAY, "audit", "verify", "-"], input=log, capture_output=True, text=True)
        self.assertEqual(verified.returncode, 0, f"{name}: {verified.stderr}")
        told = subprocess.run([SLIPWAY, "audit", "export", "-", "-o", "json"], input=log, capture_output=True, text=True)
        self.assertEqual(told.returncode, 0, f"{name}: {told.stderr}")
        return [each for each in json.loads(told.stdout) if each["action"] in actions]

    def assert_all_on_record(self, names):
        """Each tag that was set stands in one replica's log as done; of one that was stopped in between, as begun."""
        begun, done = collections.Counter(), collections.Counter()
        for replica in self.replicas:
            for change in self.on_record(replica, "SetTag", "MoveTag"):
                where = change["repository"], change["tag"]
                begun[where] += change["result"] != "Refused"
                done[where] += change["result"] == "Done"
        wanted = {(f"team/{name}", tag) for number, name in enumerate(names) for tag in (f"1.0.{number}", "staging")}
        self.assertEqual(set(+begun), wanted)
        self.assertLessEqual(max(done.values()), 1, done)

    # The tests.

    def test_one_of_three_is_killed_in_the_middle(self):
        since = self.cluster.audited()
        self.start(*REPLICAS)
        self.wait_until_shared(*REPLICAS)
        self.slow_down()
        names = self.apply_publications()
        wait_until(lambda: len(self.ready()) >= 3, "some are published")
        self.assertLess(len(self.ready()), len(names))
        self.replicas["a"].process.send_signal(signal.SIGKILL)
        wait_until(lambda: self.taken_over("a"), "the others took over")
        # A busy machine has its share.
        self.assertLessEqual(self.taken_over_after("a", since), LEASE + 2)
        wait_until(lambda: self.ready() == set(names), "everything is published")
        self.assert_nothing_twice(names)
        self.assert_all_on_record(names)

    def test_one_that_was_stopped_does_no_harm_when_it_goes_on(self):
        self.start(*REPLICAS)
        self.wait_until_shared(*REPLICAS)
        self.slow_down()
        names = self.apply_publications()
        wait_until(lambda: len(self.ready()) >= 3, "some are published")
        self.replicas["a"].process.send_signal(signal.SIGSTOP)
        wait_until(lambda: self.taken_over("a"), "the others took over")
        wait_until(lambda: self.ready() == set(names), "everything is published")
        self.replicas["a"].process.send_signal(signal.SIGCONT)
        self.wait_until_shared(*REPLICAS)
        self.assertEqual(self.ready(), set(names))
        self.assert_nothing_twice(names)
        self.assert_all_on_record(names)

    def test_one_that_was_cut_off_watches_anew_before_it_takes_its_share_again(self):
        wire = Wire(self.cluster)
        self.addCleanup(wire.stop)
        self.start("a", server=wire.server)
        self.start("b")
        self.wait_until_shared("a", "b")
        names = self.apply_publications()
        wait_until(lambda: self.ready() == set(names), "everything is published")
        wire.forget_connections()
        wait_until(lambda: self.taken_over("a"), "the other took over")
        wire.forget()
        wire.remember()
        self.wait_until_shared("a", "b")
        watched = wire.seen(path="watch=true")
        for kind in ("imagepublications", "containerregistries", "retentionpolicies", "namespaces"):
            self.assertTrue([one for one in watched if f"/{kind}?" in one.path and one.status == 200], f"{kind} are watched anew")
        wait_until(lambda: self.replicas["a"].readiness()[0] == 200, "it is ready")
        self.assert_nothing_twice(names)
        self.apply_publications(major=2)
        wait_until(lambda: all(self.destination.digest(f"team/{name}", f"2.0.{number}") for number, name in enumerate(names)),
                   "the edits are published")

    def test_hundreds_are_published_once_though_of_three_one_is_killed_and_one_is_cut_off(self):
        wire = Wire(self.cluster)
        self.addCleanup(wire.stop)
        names = self.apply_publications(count=MANY)
        self.start("a", "c")
        self.start("b", server=wire.server)
        self.wait_until_shared(*REPLICAS)
        wait_until(lambda: len(self.ready()) >= MANY / 10, "some are published")
        self.replicas["a"].process.send_signal(signal.SIGKILL)
        wire.forget_connections()
        wait_until(lambda: self.shares().get("c") == {"c"}, "the third has all")
        wire.remember()
        wait_until(lambda: self.shares().get("b") == self.shares().get("c") == {"b", "c"}, "two share the keys")
        wait_until(lambda: self.ready() == set(names), "everything is published")
        wait_until(lambda: all(self.replicas[name].is_idle() for name in ("b", "c")), "all was looked at")
        self.assert_nothing_twice(names)
        self.assert_all_on_record(names)

    def test_clocks_that_are_days_apart_and_jump_decide_nothing(self):
        since = self.cluster.audited()
        ahead, behind, right = "a", "b", "c"
        self.start(*REPLICAS, clocks={ahead: DAY, behind: -DAY})
        self.wait_until_shared(*REPLICAS)
        names = self.apply_publications()
        wait_until(lambda: self.ready() == set(names), "everything is published")
        self.assert_nothing_twice(names)
        self.assert_all_on_record(names)
        held = {name: (lease["spec"]["holderIdentity"], lease["spec"].get("leaseTransitions"))
                for name, lease in self.leases().items()}
        self.assert_renewed({ahead: DAY, behind: -DAY, right: timedelta(0)}, held)
        self.set_clock(ahead, -DAY)
        self.set_clock(behind, DAY)
        self.assert_renewed({ahead: -DAY, behind: DAY, right: timedelta(0)}, held)
        # What it wrote last is of tomorrow.
        self.replicas[behind].process.send_signal(signal.SIGKILL)
        wait_until(lambda: self.taken_over(behind), "the others took over")
        self.assertLessEqual(self.taken_over_after(behind, since), LEASE + 10)
        self.apply_publications(major=2)
        wait_until(lambda: all(self.destination.digest(f"team/{name}", f"2.0.{number}") for number, name in enumerate(names)),
                   "the edits are published")

    def assert_renewed(self, off, held):
        """Each is renewed three times by a clock that is off by so much, and meanwhile all share the keys as they did."""
        renewals = {name: set() for name in off}

        def all_renewed():
            for name, lease in self.leases().items():
                self.assertEqual(claim(lease), set(off))
                self.assertEqual((lease["spec"]["holderIdentity"], lease["spec"].get("leaseTransitions")), held[name])
                renewed = datetime.fromisoformat(lease["spec"]["renewTime"])
                if abs(renewed - datetime.now(timezone.utc) - off[name]) < DAY / 2:
                    renewals[name].add(renewed)
            return all(len(times) > 3 for times in renewals.values())

        wait_until(all_renewed, "each is renewed")
        self.assertEqual(set(self.leases()), set(off))

    def test_registries_that_are_one_by_an_alias_have_one_writer_for_each_repository(self):
        port = self.destination.host.split(":")[1]
        make_image("layout", self.folder / "other", "--layers", 1, "--layer-size", 100_000, "--seed", "other")
        digests = self.source.digest("team/source", "1.0"), push(self.source, "team/source", "2.0", self.folder / "other")
        registries = "".join(
            REGISTRY.format(host=host).replace("name: local", f"name: {name}").replace(
                "actions:", f'sources: ["{self.source.host}/**"], actions:') + more + "---"
            for name, host, more in (("local", self.destination.host, ""),
                                     ("other", f"localhost:{port}", f'  aliases: ["{self.destination.host}"]\n')))
        self.start(*REPLICAS)
        self.wait_until_shared(*REPLICAS)
        # Two builds of each, by one name of the registry and by the other: both want the same version, or not.
        text = registries
        for number in range(SHARED):
            for build, registry in enumerate(("local", "other"), 1):
                for repository, version in ((f"same-{number}", f"1.0.{number}"), (f"own-{number}", f"{build}.0.{number}")):
                    text += PUBLICATION.format(name=f"{repository}-{registry}", version=version, number=build,
                                               source=f"{self.source.host}/team/source:{build}.0").replace(
                        f"repository: team/{repository}-{registry}", f"repository: team/{repository}").replace(
                        "{name: local}", f"{{name: {registry}}}")
        self.kubectl("apply", "-f", "-", stdin=text)
        wait_until(lambda: len(self.judged()) == 4 * SHARED, "all are published or refused")

        writers = collections.defaultdict(set)
        for replica in REPLICAS:
            for change in self.on_record(replica, "PushManifest", "SetTag", "MoveTag"):
                writers[change["repository"]].add(replica)
        self.assertEqual({repository: len(who) for repository, who in writers.items()},
                         {f"team/{kind}-{number}": 1 for kind in ("same", "own") for number in range(SHARED)})
        self.assertGreater(len(set.union(*writers.values())), 1)
        judged, puts = self.judged(), self.puts()
        for number in range(SHARED):
            with self.subTest(f"one version of two builds, {number}"):
                ends = [judged[f"same-{number}-{registry}"] for registry in ("local", "other")]
                self.assertEqual(sorted(ends), ["Succeeded", "TagConflict"])
                first = digests[ends.index("Succeeded")]
                for tag in (f"1.0.{number}", "staging"):
                    self.assertEqual((self.destination.digest(f"team/same-{number}", tag), puts[f"same-{number}", tag]), (first, 1))
                self.assertEqual(len(self.destination.referrers(f"team/same-{number}", first)), 1)
            with self.subTest(f"two versions, {number}"):
                self.assertEqual([judged[f"own-{number}-{registry}"] for registry in ("local", "other")], ["Succeeded"] * 2)
                for build, digest in enumerate(digests, 1):
                    tag = f"{build}.0.{number}"
                    self.assertEqual((self.destination.digest(f"team/own-{number}", tag), puts[f"own-{number}", tag]), (digest, 1))
                    self.assertEqual(len(self.destination.referrers(f"team/own-{number}", digest)), 1)
                # Set by the first that came, moved by the newer build at most.
                self.assertEqual(self.destination.digest(f"team/own-{number}", "staging"), digests[1])
                self.assertLessEqual(puts[f"own-{number}", "staging"], 2)

    def judged(self):
        """The reason of Ready or Stalled of those that are one or the other."""
        return {one["metadata"]["name"]: each["reason"] for one in self.objects("ipub", NAMESPACE)
                for each in one.get("status", {}).get("conditions", [])
                if each["status"] == "True" and each["type"] in ("Ready", "Stalled")}

    def test_one_that_is_told_to_end_gives_back_at_once(self):
        since = self.cluster.audited()
        self.start(*REPLICAS)
        self.wait_until_shared(*REPLICAS)
        self.slow_down()
        names = self.apply_publications()
        wait_until(lambda: len(self.ready()) >= 3, "some are published")
        self.replicas["a"].process.send_signal(signal.SIGTERM)
        self.assertEqual(self.replicas["a"].process.wait(GRACE + 15), 0, self.replicas["a"].log())
        self.assertNotIn("a", self.shares())
        self.wait_until_shared("b", "c")
        # Sooner than by running out.
        self.assertLessEqual(self.taken_over_after("a", since), LEASE - 5)
        wait_until(lambda: self.ready() == set(names), "everything is published")
        self.assert_nothing_twice(names)
        self.assert_all_on_record(names)

    def test_one_that_comes_takes_its_share(self):
        self.start("a", "b")
        self.wait_until_shared("a", "b")
        self.slow_down()
        names = self.apply_publications()
        wait_until(lambda: len(self.ready()) >= 3, "some are published")
        self.start("c")
        self.wait_until_shared(*REPLICAS)
        wait_until(lambda: self.ready() == set(names), "everything is published")
        self.assert_nothing_twice(names)
        self.assert_all_on_record(names)

    def test_one_that_may_not_read_what_it_takes_over_is_not_ready_and_says_which_rule_is_missing(self):
        self.start("a")
        self.wait_until_shared("a")
        names = self.apply_publications()
        wait_until(lambda: self.ready() == set(names), "everything is published")
        since = self.cluster.audited()
        self.addCleanup(lambda: self.caused.extend(
            each for each in self.cluster.audit(since) if each["verb"] == "get" and each["responseStatus"]["code"] == 403
            and each["objectRef"]["resource"] == "imagepublications"))
        give_back = withdraw(self.cluster, "get", "imagepublications")
        self.addCleanup(give_back)
        self.start("b")
        self.wait_until_shared("a", "b")
        told = (r"resources that it took over can't be read: .*imagepublications.*: 403 .*"
                r'- \{apiGroups: \["slipway.dev"\], resources: \["imagepublications"\], verbs: \["get"\]\}')
        wait_until(lambda: re.search(told, self.replicas["b"].readiness()[1]), "it says so")
        self.assertEqual(self.replicas["b"].readiness()[0], 503)
        give_back()
        wait_until(lambda: self.replicas["b"].readiness()[0] == 200, "it is ready by itself")


if __name__ == "__main__":
    SLIPWAY, EMULATOR, SHIFTED_CLOCK = (pathlib.Path(program).resolve() for program in sys.argv[1:4])
    unittest.main(argv=sys.argv[:1] + sys.argv[4:], verbosity=2)
