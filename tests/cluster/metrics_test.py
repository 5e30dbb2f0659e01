#!/usr/bin/env python3
"""Slipway's metrics of queue, reconciles, lease and API requests beside those of a controller over controller-runtime
(tests/bench/cluster), so that dashboards made for the one show the other.

metrics_test.py SLIPWAY [TEST...]
"""
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

from api_server import HERE, end, free_ports, temporary_cluster
from controllers import ROOT, Controller, assert_nothing_forbidden, install
from servers import fetch, wait_until

SLIPWAY = None
COMPARED = ("workqueue_", "controller_runtime_", "leader_election_", "rest_client_")
OF_PROCESS = "process_"
# What the dashboard asks for that kubebuilder's Grafana plugin makes.
OF_DASHBOARD = {"controller_runtime_active_workers", "controller_runtime_reconcile_errors_total", "controller_runtime_reconcile_total",
                "process_cpu_seconds_total", "process_resident_memory_bytes", "workqueue_adds_total", "workqueue_depth",
                "workqueue_queue_duration_seconds", "workqueue_retries_total", "workqueue_unfinished_work_seconds",
                "workqueue_work_duration_seconds"}
PUBLICATION = {
    "apiVersion": "slipway.dev/v1alpha1", "kind": "ImagePublication", "metadata": {"name": "app", "namespace": "team"},
    "spec": {"registryRef": {"name": "none"}, "repository": "team/app", "environment": "staging",
             "source": {"image": {"reference": "ghcr.io/contoso/app:1"}}, "build": {"version": "1.0.0", "number": 1},
             "tags": [{"name": "version", "template": "{{version}}"}]}}


class Family:
    """A metric: its type, the names of its labels, and the values of each."""

    def __init__(self, kind):
        self.kind = kind
        self.labels = collections.defaultdict(set)

    def add(self, labels):
        for name, value in re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels or ""):
            if (self.kind, name) != ("histogram", "le"):
                self.labels[name].add(value)


def families(text):
    """{name: Family} of a page in Prometheus' text format."""
    all_of_it = {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            name, kind = line.split()[2:]
            all_of_it[name] = Family(kind)
        elif line and not line.startswith("#"):
            name, labels = re.match(r"(\w+)(?:\{(.*)\})? ", line).groups()
            if name not in all_of_it:
                name = re.sub("_(bucket|sum|count)$", "", name)
            all_of_it[name].add(labels)
    return all_of_it


def promised():
    """What docs/reference/metrics.md says that Slipway has not: metrics, and labels as (metric, label)."""
    page = (ROOT / "docs/reference/metrics.md").read_text()
    of, left_out = re.search(r"Of those of controller-runtime ([0-9.]+) it has not: ([^.]*)\.", page).groups()
    labels = {(metric, label) for label, metric in re.findall(r"the label `(\w+)` of `(\w+)`", left_out)}
    return of, set(re.findall(r"`(\w+)`", left_out)) - {one for each in labels for one in each}, labels


class MetricsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="slipway-metrics-")
        cls.addClassCleanup(folder.cleanup)
        cls.work = pathlib.Path(folder.name)
        cls.cluster = temporary_cluster(cls, audits=True)
        cls.addClassCleanup(assert_nothing_forbidden, cls.cluster)
        cls.cluster.kubectl("create", "namespace", "team")
        install(cls.cluster)
        cls.cluster.kubectl("apply", "-f", "-", stdin=json.dumps(PUBLICATION))
        # One after the other: both write the same status.
        cls.slipway, cls.baseline = families(cls.of_slipway()), families(cls.of_baseline())

    @classmethod
    def of_slipway(cls):
        controller = Controller(SLIPWAY, cls.cluster, cls.work)
        controller.start()
        try:
            wait_until(lambda: controller.metric('workqueue_work_duration_seconds_count{controller="imagepublication"') > 0
                       and controller.metric("leader_election_master_status{") == 1, "Slipway has looked at it")
            return fetch(f"{controller.url}/metrics")[2].decode()
        finally:
            controller.stop()

    @classmethod
    def of_baseline(cls):
        built = subprocess.run([HERE / "build.sh", "baseline"], stdout=subprocess.PIPE, text=True, check=True)
        (port,) = free_ports(1)
        log = cls.work / "baseline.log"
        with open(log, "wb") as output:
            process = subprocess.Popen([pathlib.Path(built.stdout.strip()) / "baseline", f"--metrics=127.0.0.1:{port}"],
                                       stdout=output, stderr=output,
                                       env={**os.environ, "KUBECONFIG": str(cls.cluster.kubeconfig)})
        # The last that controller-runtime counts of a reconcile: some microseconds after its result.
        done = re.compile(r'^controller_runtime_reconcile_time_seconds_count\{controller="imagepublication"\} [1-9]', re.M)

        def page():
            assert process.poll() is None, log.read_text()[-5000:]
            try:
                text = fetch(f"http://127.0.0.1:{port}/metrics")[2].decode()
            except OSError:
                return None
            return text if done.search(text) and "leader_election_master_status" in text else None
        try:
            return wait_until(page, "the baseline has looked at it")
        finally:
            end(process)

    def of_controllers(self, page):
        return {name: family for name, family in page.items() if name.startswith(COMPARED)}

    def test_each_has_the_name_of_controller_runtimes_but_for_those_that_the_page_names(self):
        _, left_out, _ = promised()
        ours, theirs = set(self.of_controllers(self.slipway)), set(self.of_controllers(self.baseline))
        self.assertEqual(ours - theirs, set())
        self.assertEqual(theirs - ours, left_out)

    def test_each_has_the_type_and_the_labels_of_controller_runtimes_but_for_those_that_the_page_names(self):
        missing = set()
        for name, ours in self.of_controllers(self.slipway).items():
            theirs = self.baseline[name]
            with self.subTest(name):
                self.assertEqual(ours.kind, theirs.kind)
                self.assertEqual(set(ours.labels) - set(theirs.labels), set())
            missing |= {(name, label) for label in set(theirs.labels) - set(ours.labels)}
        self.assertEqual(missing, promised()[2])

    def test_the_values_of_labels_are_those_of_controller_runtime(self):
        def values(page, name, label):
            return page[name].labels[label]

        for name, label in (("controller_runtime_reconcile_total", "result"), ("rest_client_requests_total", "host")):
            self.assertEqual(values(self.slipway, name, label), values(self.baseline, name, label), name)
        for page in (self.slipway, self.baseline):
            for name, label in (("workqueue_depth", "name"), ("workqueue_adds_total", "controller"),
                                ("controller_runtime_reconcile_total", "controller")):
                self.assertIn("imagepublication", values(page, name, label), name)
            self.assertIn("GET", values(page, "rest_client_requests_total", "method"))
            self.assertIn("200", values(page, "rest_client_requests_total", "code"))

    def test_those_of_the_process_are_named_as_prometheus_clients_do(self):
        for name, ours in self.slipway.items():
            if name.startswith(OF_PROCESS):
                self.assertIn(name, self.baseline)
                self.assertEqual((ours.kind, ours.labels), (self.baseline[name].kind, {}), name)

    def test_the_dashboard_that_kubebuilder_makes_finds_what_it_asks_for(self):
        self.assertEqual(OF_DASHBOARD - set(self.slipway), set())
        self.assertEqual(OF_DASHBOARD - set(self.baseline), set())

    def test_the_page_names_the_version_that_is_compared_with(self):
        required = re.search(r"sigs.k8s.io/controller-runtime v(\d+\.\d+)\.", (ROOT / "tests/bench/cluster/go.mod").read_text())
        self.assertEqual(promised()[0], required[1])


if __name__ == "__main__":
    SLIPWAY = sys.argv[1]
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
