#!/usr/bin/env python3
"""Measures Slipway in a cluster of one real API server; see docs/performance.md. tests/bench/cluster.sh is the way in."""
import argparse
import collections
import contextlib
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path += [str(ROOT / "tests/cluster"), str(ROOT / "tests/support"), str(HERE.parent)]
from api import PUBLICATIONS, Api, Watch, publications_in  # noqa: E402
from api_server import Cluster  # noqa: E402
from controllers import NAMESPACE as INSTALLED_IN, Controller, install  # noqa: E402
from page import write_section  # noqa: E402
from servers import Emulator, make_image  # noqa: E402
from statistic import shown  # noqa: E402
from subjects import Baseline, Slipway, cpu_of, peak_of  # noqa: E402
from waiting import wait_until  # noqa: E402
from wire import Wire  # noqa: E402

NAMESPACES = 10
QUIET = 5  # seconds without an event, after which the last one was the last
IDLE = 60
EDITS = 101
RESTART = 30
RESTARTS = 3
CUT_OFF = 25  # seconds: a Lease lasts 15


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def name_of(number):
    return f"service-{number:05}"


def namespace_of(number):
    return f"team-{number % NAMESPACES}"


def publication(number, source="ghcr.io/contoso/service:1.8.2", plain=False):
    """About 1.5 KB of JSON, as the API server gives it without managedFields."""
    commit = f"{number:05}" + "4f2a91c07be34f2a91c07be34f2a91c07be"
    image = {"reference": source, **({"plainHTTP": True} if plain else {})}
    labels = {f"org.contoso.{key}": f"{key}-{number:05}-of-the-platform" for key in ("team", "cost", "stage", "area", "tier")}
    return {
        "apiVersion": "slipway.dev/v1alpha1", "kind": "ImagePublication",
        "metadata": {"name": name_of(number), "namespace": namespace_of(number), "labels": {"app": name_of(number)}},
        "spec": {"registryRef": {"name": "contoso"}, "repository": f"load/{name_of(number)}", "environment": "staging",
                 "source": {"image": image, "platforms": ["linux/amd64"]},
                 "build": {"commit": commit, "version": "1.8.2", "number": 812, "branch": "main", "actor": "octocat",
                           "runURL": f"https://github.com/contoso/{name_of(number)}/actions/runs/{number}",
                           "builtAt": "2026-11-24T09:00:00Z", "labels": labels},
                 "tags": [{"name": "commit", "template": "{{commit:12}}"}, {"name": "version", "template": "{{version}}"},
                          {"name": "environment", "template": "{{environment}}", "mutability": "Moving"}],
                 "deploymentTargets": [{"kind": "WebApp", "name": f"{name_of(number)}-{place}", "namespace": "production"}
                                       for place in ("west-europe", "east-us")]}}


class Setting:
    """What all cases need."""

    def __init__(self, options, work):
        self.work = work
        self.objects, self.rounds, self.build = options.objects, options.rounds, options.build
        self.baseline = options.baseline
        self.count = 0

    def folder(self):
        self.count += 1
        return self.work / str(self.count)

    @contextlib.contextmanager
    def cluster(self, objects=None):
        cluster = Cluster(self.folder(), objects=objects)
        try:
            yield cluster
        finally:
            cluster.stop()

    def loaded(self, *more, **about):
        """Objects of a cluster with so many publications that nobody has looked at, and what else is given."""
        saved = self.folder()
        with self.cluster() as cluster:
            cluster.apply_crds()
            for name in (*(f"team-{number}" for number in range(NAMESPACES)), INSTALLED_IN):
                cluster.kubectl("create", "namespace", name)
            for one in more:
                cluster.kubectl("apply", "-f", "-", stdin=json.dumps(one))
            Api(cluster).create_all((publications_in(namespace_of(number)), publication(number, **about))
                                    for number in range(self.objects))
            cluster.save(saved)
        return saved

    def start(self, name, cluster, kubeconfig=None):
        kubeconfig = kubeconfig or cluster.kubeconfig
        log = cluster.folder / f"{name}.log"
        if name == "baseline":
            return Baseline(self.baseline, kubeconfig, log)
        return Slipway(self.build / "slipway", kubeconfig, log)


def all_written(api):
    """Whether each has a status of its own generation."""
    return all(one["status"].get("observedGeneration") == one["metadata"]["generation"] for one in api.items(PUBLICATIONS))


def server_cpu(cluster):
    return sum(cpu_of(process.pid) for process in cluster.processes)


def start_to_last_status(setting, cluster, name, figures):
    api = Api(cluster)
    watch = Watch(api, PUBLICATIONS)
    servers, began = server_cpu(cluster), time.monotonic()
    subject = setting.start(name, cluster)
    ended = watch.wait_for_quiet(QUIET, setting.objects, subject)
    watch.stop()
    figures["wall"].append(ended - began)
    figures["peak"].append(subject.peak())
    figures["cpu"].append(subject.cpu())
    figures["servers"].append(server_cpu(cluster) - servers)
    figures["writes"].append(len(watch.events))
    if not all_written(api):
        raise SystemExit(f"bench: {name} has left objects out")
    return subject


def wait_until_nothing_is_written(api):
    """Events follow the statuses at a pace of their own."""
    before = None
    while (now := api.writes()) != before:
        before = now
        time.sleep(QUIET)


def idle(subject, figures):
    before = subject.cpu()
    time.sleep(IDLE)
    figures["idle"].append((subject.cpu() - before) / IDLE * 100)


def edits(cluster, figures):
    """From sending an edit until the status that answers it has come back."""
    api = Api(cluster)
    watch = Watch(api, publications_in("team-0"), "application/json")
    taken = []
    for number in range(0, EDITS * NAMESPACES, NAMESPACES):
        watch.forget()
        began = time.monotonic()
        edited = api.patch(f"{publications_in('team-0')}/{name_of(number)}", {"spec": {"build": {"actor": "hubot"}}})
        wanted = edited["metadata"]["name"], edited["metadata"]["generation"]

        def answers(event):
            one = event["object"]
            return (one["metadata"]["name"], one.get("status", {}).get("observedGeneration")) == wanted

        taken.append((watch.wait_for(answers) - began) * 1000)
        time.sleep(0.05)
    watch.stop()
    figures["edit"].append(statistics.median(taken))


def restart(setting, cluster, figures):
    """What Slipway writes that starts again and has nothing to do, and what it takes then. (The events of a first start
    follow the statuses at a pace of their own: one that had them would not be idle for minutes.)"""
    api = Api(cluster)
    before = api.writes()
    subject = setting.start("Slipway", cluster)
    try:
        subject.wait_until_ready()
        time.sleep(RESTART)
        idle(subject, figures)
        written = {name: count for name, count in (api.writes() - before).items() if count}
        edits(cluster, figures)
    finally:
        subject.stop()
    say(f"restart wrote {written or 'nothing'}")
    figures["restart"].append(sum(written.values()))


def start_case(setting):
    objects = setting.loaded()
    names = ["Slipway", "baseline"]
    figures = {name: collections.defaultdict(list) for name in names}
    for number in range(setting.rounds):
        for name in names if number % 2 == 0 else reversed(names):
            with setting.cluster(objects) as cluster:
                subject = start_to_last_status(setting, cluster, name, figures[name])
                try:
                    if name == "baseline" and number == 0:  # Nothing depends on the baseline's.
                        idle(subject, figures[name])
                        edits(cluster, figures[name])
                finally:
                    subject.stop()
                if name == "Slipway" and number < RESTARTS:
                    restart(setting, cluster, figures[name])
            say(f"start {number + 1}/{setting.rounds} {name}: " +
                ", ".join(f"{what} {values[-1]:.2f}" for what, values in figures[name].items()))
    return start_table(figures)


def start_table(figures):
    def median(name, what, digits):
        values = figures[name][what]
        return f"{statistics.median(values):.{digits}f}" if values else ""

    rows = [("start to last status, s", "wall", 1), ("most memory until then, MiB", "peak", 0), ("CPU until then, s", "cpu", 1),
            ("CPU of API server and etcd until then, s", "servers", 1), ("statuses written", "writes", 0),
            ("CPU when idle, % of a core", "idle", 2), ("an edit, until its status has come back, ms (median)", "edit", 1),
            ("written by a restart with nothing to do", "restart", 0)]
    lines = ["| | Slipway | baseline |", "|---|---|---|"]
    lines += [f"| {label} | {median('Slipway', what, digits)} | {median('baseline', what, digits)} |"
              for label, what, digits in rows]
    ratios = [own / other for own, other in zip(figures["Slipway"]["wall"], figures["baseline"]["wall"])]
    return [*lines, "", f"Start to last status, Slipway to the baseline: {shown(ratios)}."]


def registry_of(host, **more):
    return {"apiVersion": "slipway.dev/v1alpha1", "kind": "ContainerRegistry", "metadata": {"name": "contoso"},
            "spec": {"loginServer": host, "plainHTTP": True, "authentication": {"anonymous": {}},
                     "access": [{"name": "all", "namespaceSelector": {}, "repositories": ["load/**"],
                                 "actions": ["Read", "Publish"], **more}]}}


@contextlib.contextmanager
def emulator_with_image(setting):
    work = setting.folder()
    work.mkdir()
    emulator = Emulator(setting.build / "acr-emulator", work / "data")
    try:
        make_image("layout", work / "image", "--layer", "1K")
        spec = {**publication(0)["spec"], "repository": "load/source", "source": {"ociLayout": {"path": "image"}},
                "tags": [{"name": "tag", "template": "1"}]}
        source = {**publication(0), "spec": spec}
        (work / "all.json").write_text(json.dumps(registry_of(emulator.host)) + "\n---\n" + json.dumps(source))
        subprocess.run([setting.build / "slipway", "publish", "-f", work / "all.json", "--root", work, "--state",
                        work / "state.db"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        yield emulator
    finally:
        emulator.stop()


def publish_case(setting):
    with emulator_with_image(setting) as emulator:
        objects = setting.loaded(registry_of(emulator.host, sources=[f"{emulator.host}/**"]), source=f"{emulator.host}/load/source:1", plain=True)
        with setting.cluster(objects) as cluster:
            api = Api(cluster)
            watch = Watch(api, PUBLICATIONS)
            before = server_cpu(cluster), cpu_of(emulator.process.pid)
            began = time.monotonic()
            subject = setting.start("Slipway", cluster)
            try:
                ended = watch.wait_for_quiet(4 * QUIET, setting.objects, subject)
                wall, own, peak = ended - began, subject.cpu(), subject.peak()
                servers, registry = server_cpu(cluster) - before[0], cpu_of(emulator.process.pid) - before[1]
            finally:
                watch.stop()
                subject.stop()
            ready = sum(any(each["type"] == "Ready" and each["status"] == "True" for each in one["status"]["conditions"])
                        for one in api.items(PUBLICATIONS))
    share = f"| {wall:.0f} | {own:.0f} | {servers:.0f} | {registry:.0f} | {peak:.0f} | {ready} |"
    return ["| start to last status, s | CPU of Slipway, s | of API server and etcd | of the emulator | most memory, MiB | published |",
            "|---|---|---|---|---|---|", share]


def cuts_case(setting):
    """The watch is cut every second for a minute while 1,000 objects change."""
    objects = setting.loaded()
    with setting.cluster(objects) as cluster:
        api = Api(cluster)
        cluster.kubectl("create", "serviceaccount", "slipway", "-n", "slipway-system")
        cluster.kubectl("create", "clusterrolebinding", "slipway", "--clusterrole=cluster-admin",
                        "--serviceaccount=slipway-system:slipway")
        wire = Wire(cluster)
        token = cluster.token_of("slipway", "slipway-system", "--duration=24h")
        subject = setting.start("Slipway", cluster, wire.kubeconfig("wired", {"token": token}))
        try:
            wait_until(lambda: all_written(api), "every object has a status", 600)
            changed = min(1000, setting.objects)
            wire.forget()
            editor = threading.Thread(target=change_some, args=(api, changed, 60))
            editor.start()
            cuts = sum(cut_each_second(wire) for _ in range(60))
            editor.join()
            began = time.monotonic()
            wait_until(lambda: all_written(api), "every change is answered", 120)
            waited = time.monotonic() - began
            lists = len(wire.seen("GET", "/imagepublications[?]limit=500"))
            watches = len(wire.seen("GET", "/imagepublications[?].*watch=true"))
        finally:
            subject.stop()
            wire.stop()
    return ["| changes | lost | watches cut | watches opened | lists meanwhile | after the last cut until all was written, s |",
            "|---|---|---|---|---|---|",
            f"| {changed} | 0 | {cuts} | {watches} | {lists} | {waited:.1f} |"]


def change_some(api, count, seconds):
    """Spread over nearly all of that time, so that the last falls among the cuts, too."""
    began = time.monotonic()
    for number in range(count):
        api.patch(f"{publications_in(namespace_of(number))}/{name_of(number)}", {"spec": {"build": {"actor": "hubot"}}})
        time.sleep(max(0, began + (number + 1) * seconds * 0.95 / count - time.monotonic()))


def cut_each_second(wire):
    time.sleep(1)
    return wire.cut_now("/imagepublications[?].*watch=true")


class Survivor:
    """The one of two replicas that all else happens to, and what it has looked at since it was asked last."""

    def __init__(self, controller, api, wire):
        self.controller, self.api, self.wire = controller, api, wire

    def begin(self):
        self.before, self.began, self.written = self.looks(), time.monotonic(), self.statuses()
        self.wire.forget()

    def fetched(self):
        """Names of what it took over from another replica since then: it fetches each before it looks at it first."""
        return {one.path.rsplit("/", 1)[1] for one in self.wire.seen("GET", "/imagepublications/[^/?]+$") if one.status == 200}

    def looks(self):
        return self.controller.metric('controller_runtime_reconcile_total{controller="imagepublication"')

    def statuses(self):
        return self.api.writes()["imagepublications/status"]

    def wait_until(self, condition, what):
        """Seconds since begin()."""
        wait_until(lambda: self.controller.alive() and condition(), what, 600)
        return time.monotonic() - self.began

    def row(self, what, again, is_complete, changed):
        """What came of it, once it is idle and all was looked at."""
        took = self.wait_until(lambda: self.controller.is_idle() and is_complete(), "all were looked at")
        looks = self.looks() - self.before
        wait_until(lambda: all_written(self.api), "every change is answered", 120)
        wait_until_nothing_is_written(self.api)
        written, peak = self.statuses() - self.written, peak_of(self.controller.process.pid)
        return f"| {what} | {again:.1f} | {looks:.0f} | {took:.1f} | {changed} | {written:.0f} | {peak:.0f} |"


def takeover_case(setting):
    """Two replicas with the chart's rights: one is killed, and then the other is cut off while objects change."""
    objects = setting.loaded()
    with setting.cluster(objects) as cluster, contextlib.ExitStack() as ends:
        install(cluster, "slipway", INSTALLED_IN, "--set", "crds.enabled=false", "--set", "watchNamespaces={team-0}")
        api, wire = Api(cluster), Wire(cluster)
        ends.callback(wire.stop)
        killed = Controller(setting.build / "slipway", cluster, cluster.folder, "killed")
        other = Controller(setting.build / "slipway", cluster, cluster.folder, "other", server=wire.server)
        for each in (killed, other):
            ends.callback(each.stop)
            each.start()
        wait_until(lambda: all_written(api), "every object has a status", 600)
        wait_until(other.is_idle, "the other has looked at its share", 120)
        wait_until_nothing_is_written(api)
        survivor = Survivor(other, api, wire)
        # It came second: all that it has was the other's before.
        others = {name_of(number) for number in range(setting.objects)} - survivor.fetched()
        survivor.begin()
        killed.process.kill()
        alone = survivor.wait_until(lambda: other.metric("slipway_shard_members") == 1, "the other is alone")
        rows = [survivor.row("one of two is killed", alone, lambda: survivor.fetched() >= others, 0)]
        changed = min(100, setting.objects)
        survivor.begin()
        wire.drop()
        wire.cut_now()
        change_some(api, changed, CUT_OFF)
        time.sleep(max(0, survivor.began + CUT_OFF - time.monotonic()))
        wire.heal()
        survivor.began = time.monotonic()
        ready = survivor.wait_until(lambda: other.readiness()[0] == 200, "the other is ready again")
        rows.append(survivor.row(f"the other is cut off for {CUT_OFF} s", ready,
                                 lambda: survivor.looks() - survivor.before >= setting.objects, changed))
    return ["| | until it works alone or is ready again, s | looked at | until all were, s | changed meanwhile | statuses written | "
            "most memory of it until then, MiB |", "|---|---|---|---|---|---|---|", *rows]


CASES = {"start": start_case, "publish": publish_case, "cuts": cuts_case, "takeover": takeover_case}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", nargs="*", metavar="CASE", help="of: " + ", ".join([*CASES, "all"]) + " (all)")
    parser.add_argument("--build", required=True, type=pathlib.Path, help="folder of slipway and acr-emulator")
    parser.add_argument("--baseline", required=True, help="the program that Slipway is measured beside")
    parser.add_argument("--objects", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="put the figures into docs/performance.md")
    options = parser.parse_args()
    cases = list(CASES) if options.case in ([], ["all"]) else options.case
    for case in cases:
        if case not in CASES:
            parser.error(f"{case} is none of {', '.join(CASES)}, all")
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as work:
        setting = Setting(options, pathlib.Path(work))
        for case in cases:
            lines = CASES[case](setting)
            print(f"\n{case}\n" + "\n".join(lines) + "\n", flush=True)
            if options.write:
                write_section(f"cluster {case}", f"tests/bench/cluster.sh {case} --rounds {options.rounds}", lines)


if __name__ == "__main__":
    main()
