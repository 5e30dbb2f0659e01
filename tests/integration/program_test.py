#!/usr/bin/env python3
"""The program as people use it: arguments in, exit codes and text out, a registry on the other side.

program_test.py SLIPWAY EMULATOR [TEST...]
"""

import contextlib
import fcntl
import io
import json
import os
import pathlib
import pty
import random
import re
import resource
import select
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import termios
import time
import unittest

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from gateway import Gateway  # noqa: E402
from servers import (LONGEST_WAIT, MANIFESTS, REGISTRY, DebianRegistry, Emulator, Metrics, fetch, make_image,  # noqa: E402
                     make_report, need, peer, wait_until, whole_lines)
from names import leading  # noqa: E402
from tunnel import Tunnel  # noqa: E402

SLIPWAY = EMULATOR = None
RECORD = "application/vnd.slipway.publication.v1+json"

PUBLICATION = """
apiVersion: slipway.dev/v1alpha1
kind: ImagePublication
metadata: {{name: {name}, namespace: team}}
spec:
  registryRef: {{name: local}}
  repository: team/{name}
  environment: staging
  source: {{ociLayout: {{path: {image}}}}}
  build: {{commit: 4f2a91c07be34f2a91c07be34f2a91c07be34f2a, version: {version}, number: {number}}}
  tags:
    - {{name: version, template: "{{{{version}}}}"}}
    - {{name: environment, template: "{{{{environment}}}}", mutability: Moving}}
  retry: {{maxDuration: {retry}}}
  deletionPolicy: {policy}
"""


class Run:
    """What a finished slipway said."""

    def __init__(self, finished):
        self.code, self.out, self.errors = finished.returncode, finished.stdout, finished.stderr


class ProgramTest(unittest.TestCase):
    REGISTRY = None  # how the emulator is configured

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="slipway-program-")
        self.addCleanup(folder.cleanup)
        self.work = pathlib.Path(folder.name)
        self.manifests = self.work / "manifests"
        self.manifests.mkdir()
        self.registry = self.start_registry()
        self.addCleanup(self.registry.stop)
        self.write("registry.yaml", REGISTRY.format(host=self.registry.host))

    def start_registry(self):
        return Emulator(EMULATOR, self.work / "registry", self.REGISTRY)

    # What a person does.

    def write(self, name, text):
        """As a careful person does: nobody sees half of it."""
        path = self.manifests / name
        pathlib.Path(f"{path}.new").write_text(text)
        os.rename(f"{path}.new", path)

    def publication(self, name="app", version="1.8.2", number=8, image="../image", retry="10m", policy="Retain",
                    extra=""):
        text = PUBLICATION.format(name=name, version=version, number=number, image=image, retry=retry, policy=policy)
        self.write(f"{name}.yaml", text + extra)

    def image(self, name="image", *arguments):
        return make_image("layout", self.work / name, "--layers", 3, "--layer-size", 300000, *arguments)

    def command(self, verb, *arguments, source=None):
        paths = [] if verb in ("version", "completion", "validate") else [
            "--root", str(self.work), "--state", str(self.work / "state.db")]
        option = "--manifests" if verb == "run" else "-f"
        if verb not in ("version", "completion"):
            paths += [option, str(source or self.manifests)]
        return [SLIPWAY, verb, *arguments, *paths]

    def slipway(self, verb, *arguments, source=None, stdin=None, environment=None):
        return Run(subprocess.run(
            self.command(verb, *arguments, source=source), input=stdin, capture_output=True, text=True,
            env={**os.environ, "HOME": str(self.work), **(environment or {})}, cwd=self.work, timeout=300))

    def start(self, verb, *arguments, environment=None, before=None):
        log = open(self.work / f"{verb}.log", "ab")
        self.addCleanup(log.close)
        process = subprocess.Popen(self.command(verb, *arguments), stdout=log, stderr=log, preexec_fn=before,
                                   env={**os.environ, "HOME": str(self.work), **(environment or {})})
        self.addCleanup(lambda: process.poll() is None and process.kill())
        return process

    def serve(self, **surroundings):
        process = self.start("run", "--listen", "127.0.0.1:0", "--log-format", "json", **surroundings)

        def port():
            ports = [line["port"] for line in self.lines() if line.get("message") == "running"]
            return ports[-1] if ports else None
        self.endpoints = f"http://127.0.0.1:{wait_until(port, 'it runs')}"
        return process

    def stop(self, process):
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=60), 0, self.log("run"))

    def log(self, verb):
        return (self.work / f"{verb}.log").read_text()

    def lines(self):
        """What run has logged, as far as its lines are whole."""
        text = whole_lines((self.work / "run.log").read_bytes())
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

    # What a person sees.

    def get(self, name="app"):
        seen = self.slipway("get", "ipub", name, "-o", "json")
        return json.loads(seen.out) if seen.out else None

    def condition(self, kind, name="app"):
        seen = self.get(name)
        found = [each for each in (seen or {}).get("status", {}).get("conditions", []) if each["type"] == kind]
        return f'{found[0]["status"]} {found[0]["reason"]}' if found else "absent"

    def records(self, digest, name="app"):
        return [each for each in self.registry.referrers(f"team/{name}", digest) if each["artifactType"] == RECORD]

    def metrics_of_idle(self):
        """Once nothing is due or under way: what was done is counted after the status tells of it."""
        return wait_until(lambda: (page := Metrics(self.endpoints)).is_idle() and page, "nothing is under way")

    def visits(self):
        """How often publications were looked at, once nobody looks."""
        return self.metrics_of_idle().sum('controller_runtime_reconcile_total{controller="imagepublication",')

    def publish_new(self):
        """An image with both its tags and one record; its digest, and the run."""
        digest = self.image()
        self.publication()
        run = self.slipway("publish")
        self.assertEqual(run.code, 0, run.errors)
        self.assertEqual(self.registry.digest("team/app", "1.8.2"), digest)
        self.assertEqual(self.registry.digest("team/app", "staging"), digest)
        self.assertEqual(len(self.records(digest)), 1)
        return digest, run

    def lose_state(self):
        for file in self.work.glob("state.db*"):
            file.unlink()

    def changes(self):
        return [each for each in self.registry.requests() if each["method"] not in ("GET", "HEAD")]


class PublishTest(ProgramTest):
    def test_publishes_once_and_then_only_looks_at_the_tags(self):
        digest, first = self.publish_new()
        self.assertRegex(first.out, r"(?m)^team +app +True +\w{12} +1.8.2, staging +Succeeded")
        self.registry.forget_requests()
        second = self.slipway("publish")
        self.assertEqual(second.code, 0, second.errors)
        self.assertEqual([each["method"] for each in self.registry.requests()], ["HEAD", "HEAD"])
        self.assertIn("team/app: is published already, nothing to do", second.errors)

    def test_what_was_put_back_is_told_as_done(self):
        digest, _ = self.publish_new()
        self.assertEqual(fetch(f"{self.registry.url}/v2/team/app/manifests/staging", "DELETE")[0], 202)
        run = self.slipway("publish")
        self.assertEqual(run.code, 0, run.errors)
        self.assertIn("warning: team/app: repaired: set tag staging to ", run.errors)
        self.assertIn("team/app: is repaired: what is told above was put back", run.errors)
        self.assertEqual(self.registry.digest("team/app", "staging"), digest)

    def test_a_report_that_aged_refuses_nothing_that_was_published_from_a_state_that_is_lost(self):
        self.image()
        report = json.loads(make_report(self.work / "image"))
        (self.work / "scan.json").write_text(json.dumps(report))
        self.publication(extra="  gates: {scan: {maxAge: 1d, reports: [{name: all, path: ../scan.json}]}}\n")
        first = self.slipway("publish")
        self.assertEqual(first.code, 0, first.errors)
        (self.work / "scan.json").write_text(json.dumps({**report, "CreatedAt": "2026-11-01T00:00:00Z"}))
        self.lose_state()
        self.registry.forget_requests()
        second = self.slipway("publish")
        self.assertEqual(second.code, 0, second.errors)
        self.assertIn("team/app: is published already, nothing to do", second.errors)
        self.assertEqual(self.changes(), [])
        self.lose_state()
        self.publication(number=9, extra="  gates: {scan: {maxAge: 1d, reports: [{name: all, path: ../scan.json}]}}\n")
        third = self.slipway("publish")
        self.assertEqual(third.code, 1, third.errors)
        self.assertIn("longer ago than 1d; scan the image again", third.errors)
        self.assertEqual(self.changes(), [])

    def test_a_pipe_gets_lines_and_programs_get_data(self):
        self.image()
        self.publication()
        seen = self.slipway("publish", "-o", "json")
        self.assertNotIn("\x1b", seen.errors)
        self.assertIn("team/app: ", seen.errors)
        item = json.loads(seen.out)["items"][0]
        self.assertEqual(item["status"]["published"]["tags"][0]["tag"], "1.8.2")

    def test_a_tag_that_goes_back_to_an_older_build_is_warned_of(self):
        self.publish_new()
        older = self.image("older", "--seed", 2)
        self.publication(version="1.8.1", number=7, image="../older")
        seen = self.slipway("publish")
        self.assertEqual((seen.code, self.registry.digest("team/app", "staging")), (0, older))
        self.assertRegex(seen.errors, r'(?m)^warning: team/app: tag staging: it goes back from .* to "1.8.1" number 7')

    def test_a_gate_that_is_added_to_what_is_published_is_told_once(self):
        self.publish_new()
        self.publication(extra="  gates: {scan: {reports: [{name: all, path: ../scan.json}]}}\n")
        told = r"(?m)^warning: team/app: published before its gates were as they are now"
        second = self.slipway("publish")
        self.assertEqual(second.code, 0, second.errors)
        self.assertRegex(second.errors, told)
        self.assertNotRegex(self.slipway("publish").errors, told)

    def test_plan_changes_nothing_and_says_what_publish_does(self):
        digest = self.image()
        self.publication()
        seen = self.slipway("plan")
        self.assertEqual(seen.code, 0, seen.errors)
        self.assertIn("set tag 1.8.2", seen.out)
        self.assertEqual(self.changes(), [])
        self.assertIsNone(self.registry.digest("team/app", "1.8.2"))
        plan = json.loads(self.slipway("plan", "-o", "json").out)["plans"][0]["plan"]
        self.assertEqual(plan["digest"], digest)
        self.assertFalse((self.work / "state.db").exists())

    def test_plan_can_be_asked_of_another_time(self):
        self.image()
        (self.work / "scan.json").write_text(make_report(self.work / "image"))
        self.publication(extra="  gates: {scan: {maxAge: 1d, reports: [{name: all, path: ../scan.json}]}}\n")
        now = self.slipway("plan")
        self.assertEqual(now.code, 0, now.out + now.errors)
        later = self.slipway("plan", "--at", "2099-01-01T00:00:00Z")
        self.assertEqual(later.code, 1, later.out + later.errors)
        self.assertIn("longer ago than 1d", later.out)
        self.assertEqual(self.slipway("plan", "--at", "2099-01-01").out, later.out)
        self.assertEqual(self.slipway("plan", "--at", "tomorrow").code, 2)

    def test_who_publishes_is_in_the_record_and_the_audit_log(self):
        digest = self.image()
        self.publication()
        seen = self.slipway("publish", "--publisher-id", "build-farm-7")
        self.assertEqual(seen.code, 0, seen.errors)
        (record,) = self.records(digest)
        told = json.loads(record["annotations"]["dev.slipway.publication.record"])
        self.assertEqual(told["publisher"], {"id": "build-farm-7", "namespace": "team", "name": "app"})
        changes = subprocess.run([SLIPWAY, "audit", "export", str(self.work / "audit"), "-o", "json"], capture_output=True,
                                 text=True, check=True)
        self.assertEqual({each["publisher"] for each in json.loads(changes.stdout)}, {"build-farm-7"})

    def test_plan_tells_of_the_others_when_one_archive_is_damaged(self):
        self.image()
        self.publication()
        self.publication(name="bad")
        text = (self.manifests / "bad.yaml").read_text()
        self.write("bad.yaml", text.replace("ociLayout: {path: ../image}", "dockerArchive: {path: ../bad.tar}"))
        with tarfile.open(self.work / "bad.tar", "w", format=tarfile.PAX_FORMAT) as archive:
            entry = tarfile.TarInfo("manifest.json")
            entry.size, entry.pax_headers = 2, {"SCHILY.realsize": "-5"}
            archive.addfile(entry, io.BytesIO(b"[]"))
        seen = self.slipway("plan")
        self.assertEqual(seen.code, 1, seen.errors)
        self.assertIn("bad.tar: ", seen.errors + seen.out)
        self.assertNotIn("a bug of slipway", seen.errors)
        self.assertIn("set tag 1.8.2", seen.out)

    def test_options_set_fields_and_standard_input_is_a_file(self):
        digest = self.image()
        text = REGISTRY.format(host=self.registry.host) + "---" + PUBLICATION.format(
            name="app", version="1.0.0", number=1, image="image", retry="10m", policy="Retain")
        seen = self.slipway("publish", "--set", "spec.build.version=2.5.0", source="-", stdin=text)
        self.assertEqual(seen.code, 0, seen.errors)
        self.assertEqual(self.registry.digest("team/app", "2.5.0"), digest)
        self.assertIsNone(self.registry.digest("team/app", "1.0.0"))

    def test_every_verb_that_reads_once_takes_standard_input(self):
        digest = self.image()
        text = REGISTRY.format(host=self.registry.host) + "---" + PUBLICATION.format(
            name="app", version="1.8.2", number=1, image="image", retry="10m", policy="Retain")

        def given(verb, *arguments, stdin=text):
            return self.slipway(verb, *arguments, source="-", stdin=stdin)
        valid = given("validate")
        self.assertEqual((valid.code, valid.errors), (0, ""))
        self.assertIn("2 valid resources", valid.out)
        invalid = given("validate", stdin=text.replace("environment: staging", "environment: [staging]"))
        self.assertEqual(invalid.code, 2)
        line = 1 + text[:text.index("environment: staging")].count("\n")
        self.assertIn(f"error: -:{line}:16: spec.environment: a list is given", invalid.errors)
        plan = given("plan")
        self.assertEqual(plan.code, 0, plan.errors)
        self.assertIn("set tag 1.8.2", plan.out)
        self.assertIsNone(self.registry.digest("team/app", "1.8.2"))
        self.assertEqual(json.loads(given("get", "ipub", "app", "-n", "team", "-o", "json").out)["metadata"]["name"], "app")
        self.assertEqual(given("publish").code, 0)
        self.assertIn("nothing to do", given("plan").out)
        self.assertRegex(given("get").out, r"(?m)^team +app +True")
        told = given("describe", "ipub", "app", "-n", "team")
        self.assertEqual(told.code, 0, told.errors)
        self.assertRegex(told.out, r"Digest: +" + digest)

    def test_a_file_and_its_folder_are_one_publisher_with_one_state(self):
        digest = self.image()
        self.publication(extra="---" + REGISTRY.format(host=self.registry.host))
        (self.manifests / "registry.yaml").unlink()
        self.publication("other")

        def slipway(verb, path, **environment):
            return Run(subprocess.run(
                [SLIPWAY, verb, "-f", str(path), "--root", str(self.work)], capture_output=True, text=True, timeout=300,
                env={**os.environ, "XDG_STATE_HOME": str(self.work / "state"), "GITHUB_ACTIONS": "", **environment}))
        first = slipway("publish", self.manifests / "app.yaml")
        self.assertEqual(first.code, 0, first.errors)
        self.assertIn("published already", slipway("publish", self.manifests).errors)
        self.assertEqual(len(list((self.work / "state/slipway").glob("*.db"))), 1)
        self.assertEqual(len(self.records(digest)), 1)
        self.assertIn("published already", slipway("publish", self.manifests / "app.yaml").errors)
        self.assertIn("other", slipway("get", self.manifests).out)
        # A job has another machine each time, and is the same publisher.
        job = {"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "contoso/shop"}
        for number in range(2):
            seen = slipway("publish", self.manifests / "app.yaml", XDG_STATE_HOME=str(self.work / f"runner-{number}"), **job)
            self.assertEqual(seen.code, 0, seen.errors)
        self.assertEqual(len(self.records(digest)), 2)

    def test_a_registry_that_was_not_read_is_named(self):
        self.image()
        self.publication()
        seen = self.slipway("publish", source=self.manifests / "app.yaml")
        self.assertEqual(seen.code, 1, seen.errors)
        self.assertIn("ContainerRegistry local, which spec.registryRef names, is not in", seen.errors)
        self.assertIn("app.yaml", seen.errors)
        self.assertIn("give -f the folder that holds both", seen.errors)
        plan = self.slipway("plan", source=self.manifests / "app.yaml")
        self.assertIn("ContainerRegistry local, which spec.registryRef names, is not in", plan.out + plan.errors)

    def test_a_github_job_fills_in_what_the_resource_leaves_out(self):
        digest = self.image()
        self.publication()
        path = self.manifests / "app.yaml"
        path.write_text(path.read_text().replace("commit: 4f2a91c07be34f2a91c07be34f2a91c07be34f2a, ", "")
                        .replace("{{version}}", "{{commit:7}}"))
        job = {"GITHUB_ACTIONS": "true", "GITHUB_SHA": "a" * 40, "GITHUB_RUN_NUMBER": "77"}
        self.assertEqual(self.slipway("validate", environment=job).code, 0)
        outside = self.slipway("validate", environment={"GITHUB_ACTIONS": ""})
        self.assertEqual(outside.code, 2)
        self.assertIn("spec.build.commit, which is not given here", outside.errors)
        self.assertIn("a GitHub Actions job gives it to publish", outside.errors)
        seen = self.slipway("publish", environment=job)
        self.assertEqual(seen.code, 0, seen.errors)
        self.assertEqual(self.registry.digest("team/app", "aaaaaaa"), digest)
        for arguments in (["-o", "json"], ["--set", "spec.build.commit=" + "a" * 40, "-o", "json"]):
            listed = self.slipway("get", "ipub", *arguments, environment=job if len(arguments) == 2 else {"GITHUB_ACTIONS": ""})
            self.assertEqual(listed.code, 0, listed.errors)
            self.assertEqual(listed.errors, "")
        self.assertEqual(self.get()["status"]["history"][0]["number"], 8)

    def test_a_cut_in_the_middle_of_a_layer_goes_on_where_it_stopped(self):
        source = Emulator(EMULATOR, self.work / "source")
        self.addCleanup(source.stop)
        make_image("layout", self.work / "image", "--layer", 8_000_000)
        text = REGISTRY.format(host=source.host).replace("name: local", "name: source")
        self.write("source.yaml", text)
        self.publication()
        first = self.slipway("publish", "--set", "spec.registryRef.name=source")
        self.assertEqual(first.code, 0, first.errors)
        for file in self.work.glob("state.db*"):
            file.unlink()  # The registry of a publication can't be changed; this is another one.
        layer = json.loads(fetch(f"{source.url}/v2/team/app/manifests/1.8.2", headers={"Accept": MANIFESTS})[2])["layers"][0]
        source.fault(action="DropResponse", method="GET", path=layer["digest"], bytes=3_000_000)
        path = self.manifests / "app.yaml"
        path.write_text(path.read_text().replace(
            "{ociLayout: {path: ../image}}",
            f'{{image: {{reference: "{source.host}/team/app:1.8.2", plainHTTP: true}}}}'))
        seen = self.slipway("publish")
        self.assertEqual(seen.code, 0, seen.errors)
        self.assertRegex(seen.errors, "cut at [0-9.]+ MiB, resumed")
        self.assertIn(206, [each["status"] for each in source.requests() if each["method"] == "GET"])

    def test_a_layer_that_starts_again_is_told_and_no_longer_counted(self):
        make_image("layout", self.work / "image", "--layer", 12_000_000)
        self.publication()
        uploads = "/blobs/uploads/.+"
        self.registry.fault(action="DropRequest", method="PATCH", path=uploads, bytes=8_000_000)
        self.registry.fault(action="ForgetUpload", method="GET", path=uploads)
        self.registry.fault(action="Slow", method="PATCH", path=uploads, bytesPerSecond=8_000_000, times=0)
        seen = self.slipway("publish", "--progress", "bars")
        self.assertEqual(seen.code, 0, seen.errors)
        before, told, after = seen.errors.partition("sent again from its start")
        self.assertTrue(told, seen.errors)
        shown = [[float(each) for each in re.findall(r"\]  ([0-9.]+) MiB / ", part)] for part in (before, after)]
        self.assertLess(min(shown[1]), max(shown[0]), seen.errors)

    def publish_through(self, **fault):
        """Publishes a new image while one request of its uploads goes wrong, and gives the requests of uploads."""
        self.images = getattr(self, "images", 0) + 1
        name = f"app{self.images}"
        digest = make_image("layout", self.work / name, "--layer", 6_000_000 + self.images)
        self.publication(name, image=f"../{name}")
        self.registry.forget_requests()
        self.registry.fault(path=f"/v2/team/{name}/blobs/uploads/.+", **fault)
        seen = self.slipway("publish")
        self.assertEqual(seen.code, 0, seen.errors)
        self.assertEqual(self.registry.digest(f"team/{name}", "1.8.2"), digest)
        return [each for each in self.registry.requests() if f"team/{name}/blobs/uploads/" in each["target"]]

    def patches(self, requests):
        return [each["status"] for each in requests if each["method"] == "PATCH"]

    def test_an_upload_that_the_registry_forgot_is_begun_again(self):
        self.assertEqual(self.patches(self.publish_through(action="ForgetUpload", method="PATCH")), [404, 202])
        self.assertEqual(self.patches(self.publish_through(action="ForgetUpload", method="PUT", times=2)), [202, 202])

    def test_an_upload_goes_on_where_it_was_though_the_registry_is_away_for_a_while_after_the_cut(self):
        self.registry.fault(action="Status", method="GET", path="/blobs/uploads/.+", status=503, times=5)
        asked = self.publish_through(action="DropRequest", method="PATCH", bytes=3_000_000)
        self.assertEqual([each["status"] for each in asked if each["method"] == "GET"], 5 * [503] + [204])
        self.assertEqual(self.patches(asked)[1:], [202])
        self.assertEqual(len({each["target"].partition("?")[0] for each in asked if each["method"] == "PATCH"}), 1)

    def test_a_closing_request_whose_answer_is_lost_sends_nothing_again(self):
        asked = self.publish_through(action="LoseResponse", method="PUT", times=2)
        self.assertEqual(self.patches(asked), [202])

    def test_a_layer_that_was_damaged_on_its_way_is_sent_again(self):
        asked = self.publish_through(action="CorruptByte", method="PATCH", bytes=3_000_000)
        self.assertEqual(self.patches(asked), [202, 202])

    def test_an_upload_whose_connection_was_cut_goes_on(self):
        asked = self.publish_through(action="DropRequest", method="PATCH", bytes=3_000_000)
        self.assertEqual(self.patches(asked)[1:], [202])
        manifest = fetch(f"{self.registry.url}/v2/team/app1/manifests/1.8.2", headers={"Accept": MANIFESTS})[2]
        size = json.loads(manifest)["layers"][0]["size"]
        self.assertEqual(sum(each["bytesIn"] for each in asked if each["method"] == "PATCH"), size)

    def test_a_registry_is_asked_no_oftener_than_it_may_be(self):
        rate, burst = 5, 0.25  # per second, and of how many seconds at once
        self.write("registry.yaml", (self.manifests / "registry.yaml").read_text() +
                   f"  transfer: {{maxRequestsPerSecond: {rate}}}\n")
        self.image()
        self.publication()
        began = time.monotonic()
        run = self.slipway("publish")
        took = time.monotonic() - began
        self.assertEqual(run.code, 0, run.errors)
        asked = self.registry.requests()
        self.assertGreater(len(asked), 10)
        # However slow this machine is, it may only take longer.
        self.assertGreaterEqual(took, (len(asked) - 1) / rate - burst)

    def test_the_same_state_after_a_kill_at_any_moment(self):
        digest = make_image("layout", self.work / "image", "--layers", 3, "--layer-size", 2_000_000)
        self.publication()
        self.registry.fault(action="Slow", path="/blobs/", bytesPerSecond=3_000_000, times=0)
        chance = random.Random(7)
        for _ in range(6):
            process = self.start("publish")
            enough = chance.randrange(1, 12)
            wait_until(lambda: len(self.registry.requests()) >= enough or process.poll() is not None, "it works")
            process.kill()
            process.wait()
            self.registry.forget_requests()
        self.registry.heal()
        seen = self.slipway("publish")
        self.assertEqual(seen.code, 0, seen.errors)
        self.assertEqual(self.registry.digest("team/app", "1.8.2"), digest)
        self.assertEqual(self.registry.digest("team/app", "staging"), digest)
        self.assertEqual(len(self.records(digest)), 1)

    def test_many_at_once_share_what_they_have_in_common(self):
        make_image("layout", self.work / "image0", "--layer", 500_000, "--shared", 1, "--base-seed", "b")
        for index in range(12):
            make_image("layout", self.work / f"image{index}", "--layer", 500_000, "--layer", 1000, "--shared", 1,
                       "--base-seed", "b", "--seed", f"s{index}")
            self.publication(f"app{index}", image=f"../image{index}")
        seen = self.slipway("publish")
        self.assertEqual(seen.code, 0, seen.errors)
        sent = sum(each["bytesIn"] for each in self.registry.requests())
        self.assertLess(sent, 2 * 500_000)


class ExitCodeTest(ProgramTest):
    def test_an_invalid_resource_is_2_with_its_place_and_nothing_is_begun(self):
        self.image()
        self.publication()
        self.write("wrong.yaml", "apiVersion: slipway.dev/v1alpha1\nkind: ImagePublication\nmetadata: {name: b}\n"
                                 "spec: {registryRef: {name: local}, repository: team/b, tagz: []}\n")
        seen = self.slipway("publish")
        self.assertEqual(seen.code, 2)
        self.assertIn("wrong.yaml:4:", seen.errors)
        self.assertIn("tagz", seen.errors)
        self.assertEqual(self.registry.requests(), [])

    def test_bad_usage_is_2(self):
        self.assertEqual(self.slipway("publish", "--sett", "a=b").code, 2)
        self.assertEqual(self.slipway("publish", source=self.work / "nowhere").code, 2)

    def test_a_conflict_is_1_and_moves_no_tag(self):
        self.image()
        self.publication()
        self.assertEqual(self.slipway("publish").code, 0)
        before = self.registry.digest("team/app", "staging")
        make_image("layout", self.work / "other", "--layer", 5000, "--seed", "other")
        self.publication(image="../other")
        seen = self.slipway("publish")
        self.assertEqual(seen.code, 1)
        self.assertIn("1.8.2", seen.errors)
        self.assertEqual(self.registry.digest("team/app", "1.8.2"), before)
        self.assertEqual(self.registry.digest("team/app", "staging"), before)
        self.assertEqual(self.condition("Tagged"), "False TagConflict")

    def test_a_refusal_is_printed_once_with_what_to_do(self):
        self.image()
        self.publication()
        path = self.manifests / "app.yaml"
        wanted = "sha256:" + "a" * 64
        path.write_text(path.read_text().replace("path: ../image}}", f'path: ../image}}, digest: "{wanted}"}}'))
        seen = self.slipway("publish")
        self.assertEqual(seen.code, 1, seen.errors)
        self.assertEqual(seen.errors.count(wanted), 1, seen.errors)
        self.assertIn(f"error: ImagePublication team/app: source ../image does not hold {wanted}, which "
                      "spec.source.digest asks for; it holds sha256:", seen.errors)
        self.assertIn("; put that image there, or name sha256:", seen.errors)

    def test_what_was_told_when_it_was_put_off_is_not_told_again_at_the_end(self):
        self.image()
        self.publication(retry="1s")
        self.registry.fault(action="Status", status=503, times=0)
        seen = self.slipway("publish")
        self.assertEqual(seen.code, 3, seen.errors)
        self.assertEqual(len([line for line in seen.errors.splitlines() if ": 503" in line]), 1, seen.errors)
        self.assertRegex(seen.errors, r"(?m)^error: ImagePublication team/app: .*Unavailable.*; ")

    def test_a_missing_report_and_a_bad_one_are_1(self):
        self.image()
        gates = "  gates: {scan: {allowUpTo: Medium, reports: [{name: all, path: ../scan.json}]}}\n"
        self.publication(extra=gates)
        seen = self.slipway("publish")
        self.assertEqual(seen.code, 1, seen.errors)
        self.assertIn("scan.json", seen.errors)
        self.assertEqual(self.changes(), [])
        (self.work / "scan.json").write_text(make_report(
            self.work / "image", "--vulnerability", "CVE-2026-1,CRITICAL,openssl,1.0,1.1"))
        seen = self.slipway("publish")
        self.assertEqual(seen.code, 1)
        self.assertIn("CVE-2026-1", seen.errors)
        self.assertEqual(self.changes(), [])
        (self.work / "scan.json").write_text(make_report(self.work / "image"))
        seen = self.slipway("publish")
        self.assertEqual(seen.code, 0, seen.errors)

    def test_no_access_is_1_and_names_the_entry(self):
        self.image()
        self.publication()
        self.write("registry.yaml", REGISTRY.format(host=self.registry.host).replace("team/**", "other/**"))
        seen = self.slipway("publish")
        self.assertEqual(seen.code, 1)
        self.assertIn("access", seen.errors)
        self.assertEqual(self.registry.requests(), [])

    def test_a_registry_that_is_away_is_3_when_the_retries_are_used_up(self):
        self.image()
        self.publication(retry="1s")
        self.registry.fault(action="Status", status=503, times=0)
        seen = self.slipway("publish")
        self.assertEqual(seen.code, 3, seen.errors)

    def test_a_registry_without_tls_is_1_as_only_a_person_can_mend_that(self):
        self.image()
        self.publication()
        self.write("registry.yaml", REGISTRY.format(host=self.registry.host).replace("  plainHTTP: true\n", ""))
        for seen in self.slipway("plan"), self.slipway("publish", "--timeout", "60s"):
            said = seen.out + seen.errors
            self.assertEqual(seen.code, 1, said)
            self.assertIn("it speaks plain HTTP on that port, not TLS", said)
            self.assertIn("for a registry on localhost without TLS set plainHTTP: true", said)
        self.assertEqual(self.condition("Stalled"), "True AnsweredInClear")

    def test_a_deadline_is_3(self):
        self.image()
        self.publication()
        self.registry.fault(action="Status", status=503, times=0)
        seen = self.slipway("publish", "--timeout", "1s")
        self.assertEqual(seen.code, 3, seen.errors)

    def test_in_a_terminal_what_became_of_it_stays_when_it_is_stopped(self):
        make_image("layout", self.work / "image", "--layer", 4_000_000)
        self.publication()
        self.registry.fault(action="Slow", path="/blobs/", bytesPerSecond=50_000, times=0)
        ours, theirs = pty.openpty()
        process = subprocess.Popen(self.command("publish", "--timeout", "3s"), stdout=theirs, stderr=theirs,
                                   env={**os.environ, "HOME": str(self.work)})
        os.close(theirs)
        shown = b""
        with open(ours, "rb", buffering=0) as terminal, contextlib.suppress(OSError):  # EIO when nobody writes any more.
            while part := terminal.read(4096):
                shown += part
        self.assertEqual(process.wait(), 3)
        table = shown.decode().partition("NAMESPACE")[2]
        self.assertRegex(table, r"team +app +Unknown ")
        self.assertNotIn("\x1b", table)

    def test_a_registry_that_takes_what_is_sent_is_not_waited_for(self):
        make_image("layout", self.work / "image", "--layer", 9_000_000)
        self.write("registry.yaml", (self.manifests / "registry.yaml").read_text() +
                   "  transfer: {maxBandwidth: 1M}\n")
        self.publication()
        seen = self.slipway("publish", "--timeout", "4s")
        self.assertEqual(seen.code, 3, seen.errors)
        self.assertIn("ImagePublication team/app: not finished in time; ", seen.errors)

    def test_get_knows_whether_somebody_is_at_work(self):
        make_image("layout", self.work / "image", "--layer", 4_000_000)
        self.publication()
        self.registry.fault(action="Slow", path="/blobs/", bytesPerSecond=50_000, times=0)
        process = self.start("publish")
        wait_until(lambda: re.search(r"team +app +Unknown .*Progressing", self.slipway("get", "ipub").out), "it shows")
        process.kill()
        process.wait()
        self.assertRegex(self.slipway("get", "ipub").out, r"team +app +Unknown .*Interrupted")
        self.assertIn("no slipway is at work on it now", self.slipway("describe", "ipub", "app").out)

    def test_publish_says_that_another_is_at_work_over_the_same_state(self):
        make_image("layout", self.work / "image", "--layer", 4_000_000)
        self.publication()
        self.registry.fault(action="Slow", path="/blobs/", bytesPerSecond=50_000, times=0)
        warning = "warning: another slipway is at work over the same state"
        process = self.start("publish")
        wait_until(lambda: re.search(r"team +app +Unknown .*Progressing", self.slipway("get", "ipub").out), "it shows")
        self.assertIn(warning, self.slipway("publish", "--timeout", "1s").errors)
        process.kill()
        process.wait()
        self.assertNotIn(warning, self.slipway("publish", "--timeout", "1s").errors)

    def silent(self):
        """A host that takes connections and never answers; the publication's source is there."""
        silent = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(silent.close)
        host = "127.0.0.1:%d" % silent.getsockname()[1]
        self.publication()
        self.write("app.yaml", (self.manifests / "app.yaml").read_text().replace(
            "{ociLayout: {path: ../image}}", f'{{image: {{reference: "{host}/team/app:1", plainHTTP: true}}}}'))
        return host

    def test_publish_and_plan_tell_of_a_host_that_does_not_answer(self):
        host = self.silent()
        for verb, end in (("publish", "not finished in time"), ("plan", "not planned in time")):
            seen = self.slipway(verb, "--timeout", "4s")
            self.assertEqual(seen.code, 3, seen.errors)
            self.assertEqual(seen.errors.count(f"team/app: waiting for {host}\n"), 1, seen.errors)
            self.assertIn(f"ImagePublication team/app: {end} while waiting for {host}", seen.errors)
        self.assertRegex(self.slipway("get", "ipub").out, r"(?m)^team +app +Unknown +.* Interrupted")
        self.assertIn(f"no slipway is at work on it now; slipway publish or run goes on with it; last: waiting for {host}",
                      self.slipway("describe", "ipub", "app").out)

    def test_a_working_directory_that_is_gone_is_said(self):
        gone = self.work / "gone"
        gone.mkdir()
        seen = subprocess.run(["sh", "-c", 'rmdir "$PWD" && exec "$@"', "sh", SLIPWAY, "get", "ipub", "-f", "file:///no.git",
                               "--state", "state.db"], cwd=gone, capture_output=True, text=True, timeout=60)
        self.assertNotEqual(seen.returncode, 0)
        self.assertNotIn("limits of processes", seen.stderr)
        self.assertIn("working directory", seen.stderr)

    def test_a_signal_is_128_and_its_number(self):
        make_image("layout", self.work / "image", "--layer", 4_000_000)
        self.publication()
        self.registry.fault(action="Slow", path="/blobs/", bytesPerSecond=50_000, times=0)
        for number, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
            self.registry.forget_requests()
            process = self.start("publish")
            wait_until(lambda: "0 B of" in self.log("publish"), "the transfer runs")
            process.send_signal(number)
            self.assertEqual(process.wait(timeout=60), code)
            (self.work / "publish.log").write_text("")


    def test_a_reader_that_is_gone_changes_no_exit_code(self):
        def unheard(verb):
            reader, writer = os.pipe()
            os.close(reader)
            with open(writer, "wb") as errors:
                return subprocess.run(self.command(verb), stdout=subprocess.DEVNULL, stderr=errors,
                                      env={**os.environ, "HOME": str(self.work)}, timeout=300).returncode
        self.image()
        self.publication()
        self.assertEqual(unheard("publish"), 0)
        self.assertEqual(self.condition("Ready"), "True Succeeded")
        self.publication(image="../nowhere", version="1.8.3")
        self.assertEqual(unheard("publish"), 1)
        self.write("wrong.yaml", "kind: Nothing\n")
        self.assertEqual(unheard("validate"), 2)

    def test_a_result_that_can_not_be_written_is_an_error(self):
        def unwritten(*command):
            with open("/dev/full", "wb") as full:
                seen = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=self.work,
                                      env={**os.environ, "HOME": str(self.work)}, timeout=300)
            self.assertEqual(seen.stderr.count("standard output does not have all of the result: No space left"), 1, seen.stderr)
            return seen.returncode
        self.image()
        self.publication()
        self.assertEqual(unwritten(*self.command("publish")), 3)
        self.assertEqual(self.condition("Ready"), "True Succeeded")
        for words in (["version"], ["--help"], ["audit", "head", "audit"], ["audit", "export", "audit"]):
            self.assertEqual(unwritten(SLIPWAY, *words), 3, words)
        for verb in ("get", "describe", "plan"):
            self.assertEqual(unwritten(*self.command(verb)), 3, verb)
        self.assertEqual(unwritten(*self.command("get", "-o", "yaml")), 3)
        self.publication(image="../nowhere", version="1.8.3")
        self.assertEqual(unwritten(*self.command("publish")), 1)

    def test_what_is_printed_to_a_stream_that_is_closed_lands_in_no_file(self):
        self.image()
        self.publication()
        # Of that, too, standard output does not have all.
        self.assertEqual(self.without("<&- >&- 2>&-", *self.command("publish")).returncode, 3)
        self.assertEqual(self.condition("Ready"), "True Succeeded")
        self.assertEqual(subprocess.run([SLIPWAY, "audit", "verify", "audit"], cwd=self.work).returncode, 0)

    def without(self, closed, *command):
        """The command, started without these streams."""
        return subprocess.run(["sh", "-c", f'"$@" {closed}', "sh", *command], cwd=self.work, stderr=subprocess.PIPE,
                              text=True, env={**os.environ, "HOME": str(self.work)}, timeout=LONGEST_WAIT)

    def test_what_a_standard_output_that_is_closed_does_not_take_is_told(self):
        self.image()
        self.publication()
        for command in (self.command("publish"), self.command("get"), [SLIPWAY, "version"]):
            seen = self.without(">&-", *command)
            self.assertEqual(seen.returncode, 3, command)
            self.assertIn("standard output does not have all of the result: Bad file descriptor", seen.stderr)

    def test_an_audit_log_on_a_standard_output_that_is_closed_ends_run(self):
        config = self.work / "kubeconfig"
        config.write_text("{current-context: c, contexts: [{name: c, context: {cluster: c, user: u}}], "
                          "clusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}], "
                          "users: [{name: u, user: {token: x}}]}")
        seen = self.without(">&-", SLIPWAY, "run", "--kubeconfig", str(config), "--publisher-id", "x", "--listen", "")
        self.assertEqual(seen.returncode, 3, seen.stderr)
        self.assertIn("writing the audit log to standard output: Bad file descriptor", seen.stderr)

    def test_what_a_verb_tells_waits_for_its_reader_until_it_is_stopped(self):
        for number in range(400):
            self.write(f"wrong-{number}.yaml", f"apiVersion: slipway.dev/v1alpha1\nkind: ImagePublication\n"
                       f"metadata: {{name: wrong-{number}}}\nspec:\n  registryRef: {{name: local}}\n  repository: UPPER\n"
                       "  source: {ociLayout: {path: image}}\n  nope: 1\n")

        def unread(verb):
            process = subprocess.Popen(self.command(verb), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            self.addCleanup(process.stderr.close)
            self.addCleanup(lambda: process.poll() is None and process.kill())
            room = fcntl.fcntl(process.stderr, fcntl.F_GETPIPE_SZ)
            size = bytearray(4)
            wait_until(lambda: fcntl.ioctl(process.stderr, termios.FIONREAD, size) or
                       int.from_bytes(size, sys.byteorder) > room - 8192, "what it told fills the pipe")
            return process

        waits, stopped = unread("validate"), unread("publish")
        stopped.send_signal(signal.SIGTERM)
        # Longer than anybody else is waited for.
        self.assertEqual(stopped.wait(timeout=60), 2)
        self.assertIsNone(waits.poll())
        told = waits.stderr.read().decode()
        self.assertEqual(waits.wait(timeout=60), 2)
        self.assertEqual(told.count(": spec.repository: "), 400)
        self.assertEqual(told.count(": spec.nope: "), 400)
        self.assertNotIn("lost", told)

    def test_a_signal_ends_who_waits_for_the_reader_of_what_was_found(self):
        self.image()
        names = [f"app-{number}" for number in range(12)]
        for name in names:
            self.publication(name)
        for number in (signal.SIGTERM, signal.SIGINT):
            for verb in ("publish", "get", "describe", "plan"):
                with self.subTest(verb, signal=number):
                    reader, writer = os.pipe()
                    self.addCleanup(os.close, reader)
                    self.addCleanup(os.close, writer)
                    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
                    process = subprocess.Popen(self.command(verb, "-o", "json"), stdout=writer,
                                               stderr=subprocess.DEVNULL, env={**os.environ, "HOME": str(self.work)},
                                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
                    self.addCleanup(lambda process=process: process.poll() is None and process.kill())
                    wait_until(lambda: not select.select([], [writer], [], 0)[1], "what it found fills the pipe")
                    self.assertIsNone(process.poll())
                    process.send_signal(number)
                    self.assertEqual(process.wait(timeout=60), -number)
        self.assertEqual([self.condition("Ready", name) for name in (names[0], names[-1])], ["True Succeeded"] * 2)

    def test_a_signal_ends_who_waits_for_the_reader_of_what_is_not_finished(self):
        self.image()
        # More than the pipe takes, and what was read of it.
        for number in range(60):
            self.publication(f"app-{number}")
        with socket.create_server(("127.0.0.1", 0)) as silent:
            self.write("registry.yaml", REGISTRY.format(host=f"127.0.0.1:{silent.getsockname()[1]}"))
            for number in (signal.SIGTERM, signal.SIGINT):
                with self.subTest(signal=number):
                    reader, writer = os.pipe()
                    self.addCleanup(os.close, reader)
                    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
                    process = subprocess.Popen(self.command("publish", "--timeout", "1s"), stdout=subprocess.DEVNULL,
                                               stderr=writer, env={**os.environ, "HOME": str(self.work)},
                                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
                    os.close(writer)
                    self.addCleanup(lambda process=process: process.poll() is None and process.kill())
                    told = b""
                    while b"not finished in time" not in told:
                        told += os.read(reader, 256) or self.fail(told.decode())
                    process.send_signal(number)
                    self.assertEqual(process.wait(timeout=60), -number)

    def test_a_verb_ends_where_no_signal_can_be_queued(self):
        self.image()
        self.publication()
        for verb in ("publish", "get", "describe", "plan", "validate"):
            seen = subprocess.run(self.command(verb), cwd=self.work, capture_output=True, text=True,
                                  env={**os.environ, "HOME": str(self.work)}, timeout=LONGEST_WAIT,
                                  preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_SIGPENDING, (0, 0)))
            self.assertEqual(seen.returncode, 0, seen.stderr)


class RunTest(ProgramTest):
    @contextlib.contextmanager
    def run_in_terminal(self):
        """The process, once it runs, and what the terminal showed until then."""
        ours, theirs = pty.openpty()
        # Whoever runs the test may be one that no hangup ends (nohup).
        process = subprocess.Popen(self.command("run", "--listen", "127.0.0.1:0"), stdout=theirs, stderr=theirs,
                                   env={**os.environ, "HOME": str(self.work)},
                                   preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL))
        self.addCleanup(lambda: process.poll() is None and process.kill())
        os.close(theirs)
        shown = b""
        with open(ours, "rb", buffering=0) as terminal:
            while b"running" not in shown:
                shown += terminal.read(4096)
            yield process, shown

    def test_follows_the_folder(self):
        digest = self.image()
        process = self.serve()
        self.publication()
        wait_until(lambda: self.registry.digest("team/app", "staging") == digest, "the new file is published")
        self.publication(version="1.9.0", number=9)
        wait_until(lambda: self.registry.digest("team/app", "1.9.0") == digest, "the edit is published")
        self.assertEqual(self.registry.digest("team/app", "1.8.2"), digest, "an edit takes nothing away")
        self.write("app.yaml", "apiVersion: slipway.dev/v1alpha1\nkind: ImagePublication\nspec: {")
        wait_until(lambda: "app.yaml:" in self.log("run"), "the broken file is told")
        self.assertEqual(self.registry.digest("team/app", "staging"), digest)
        self.stop(process)

    def test_a_file_that_is_being_written_waits_until_it_is_closed(self):
        digest = self.image()
        parts = [PUBLICATION.format(name=name, version="1.8.2", number=8, image="../image", retry="10m", policy="Untag")
                 for name in ("one", "two")]

        def looks():
            text = fetch(f"{self.endpoints}/metrics")[2].decode()
            return float(re.search(r"^slipway_manifest_last_read_timestamp_seconds (.+)$", text, re.M)[1])

        def look_thrice():
            for _ in range(3):
                before = looks()
                wait_until(lambda: looks() > before, "it looks again")
        with open(self.manifests / "all.yaml", "w") as writer:
            writer.write(parts[0])
            writer.flush()
            process = self.serve()
            self.assertIn('"resources":1,', self.log("run"), "half of a file is nothing, at a start too")
            look_thrice()
            writer.write("---" + parts[1])
        wait_until(lambda: self.condition("Ready", "one") == "True Succeeded", "it is taken when it is closed")
        wait_until(lambda: self.condition("Ready", "two") == "True Succeeded", "all of it")
        with open(self.manifests / "all.yaml", "w") as writer:
            writer.write(parts[0])
            writer.flush()
            look_thrice()
            writer.write("---" + parts[1].replace("1.8.2", "1.8.3"))
        wait_until(lambda: self.registry.digest("team/two", "1.8.3") == digest, "the edit is published")
        self.stop(process)
        self.assertNotIn("is deleted", self.log("run"))
        self.assertEqual(self.registry.digest("team/two", "1.8.2"), digest)

    def test_a_hangup_does_not_end_it(self):
        digest = self.image()
        process = self.serve()
        process.send_signal(signal.SIGHUP)
        self.publication()
        wait_until(lambda: self.registry.digest("team/app", "1.8.2") == digest, "it follows the folder")
        self.stop(process)

    def test_one_in_a_terminal_ends_with_it(self):
        with self.run_in_terminal() as (process, _):
            process.send_signal(signal.SIGHUP)
            self.assertEqual(process.wait(timeout=60), -signal.SIGHUP)

    def test_a_deleted_file_takes_its_tags_along_where_it_says_so(self):
        digest = self.image()
        self.publication(policy="Untag")
        self.publication("keeper", policy="Retain")
        process = self.serve()
        wait_until(lambda: self.condition("Ready") == "True Succeeded", "it is published")
        wait_until(lambda: self.condition("Ready", "keeper") == "True Succeeded", "the other is published")
        (self.manifests / "app.yaml").unlink()
        (self.manifests / "keeper.yaml").unlink()
        wait_until(lambda: self.registry.digest("team/app", "staging") is None, "the tags are gone")
        wait_until(lambda: self.registry.digest("team/app", "1.8.2") is None, "all of them")
        self.assertEqual(self.registry.digest("team/app", digest), digest, "the image stays")
        self.assertEqual(self.registry.digest("team/keeper", "staging"), digest)
        for name, policy in (("app", "removed (deletionPolicy Untag)"), ("keeper", "stay (deletionPolicy Retain)")):
            words = f"/{name} is deleted: .*{name}.yaml does not hold it any more; its tags (are )?{re.escape(policy)}"
            wait_until(lambda words=words: re.search(words, self.log("run")), words)
        self.stop(process)

    def test_what_moves_to_another_name_of_its_registry_keeps_its_tags(self):
        digest = self.image()
        self.publication(policy="Untag")
        moved = REGISTRY.format(host=self.registry.host.replace("127.0.0.1", "localhost"))
        moved = moved.replace("name: local", "name: moved") + f"  aliases: ['{self.registry.host}']\n"
        self.write("moved.yaml", moved)
        process = self.serve()
        wait_until(lambda: self.condition("Ready") == "True Succeeded", "it is published")
        text = (self.manifests / "app.yaml").read_text()
        self.write("next.yaml", text.replace("name: app,", "name: next,").replace("{name: local}", "{name: moved}"))
        wait_until(lambda: self.condition("Ready", "next") == "True Succeeded", "so it is by the other name")
        (self.manifests / "app.yaml").unlink()
        wait_until(lambda: "Untagged" in self.log("run") or "LeftTagged" in self.log("run"), "the old one is gone")
        self.stop(process)
        self.assertIn("left: 1.8.2, staging, which another publication wants", self.log("run"))
        self.assertEqual([self.registry.digest("team/app", tag) for tag in ("1.8.2", "staging")], [digest, digest])

    def test_a_tag_that_somebody_removed_is_set_again(self):
        digest = self.image()
        self.publication(extra="  interval: 1s\n")
        process = self.serve()
        wait_until(lambda: self.registry.digest("team/app", "staging") == digest, "it is published")
        wait_until(lambda: self.condition("Ready") == "True Succeeded", "it is ready")
        self.assertEqual(fetch(f"{self.registry.url}/v2/team/app/manifests/1.8.2", "DELETE")[0], 202)
        wait_until(lambda: self.registry.digest("team/app", "1.8.2") == digest, "it is there again")
        self.stop(process)

    def test_a_report_that_comes_later_wakes_the_publication(self):
        digest = self.image()
        self.publication(extra="  gates: {scan: {waitFor: 1h, reports: [{name: all, path: ../scan.json}]}}\n")
        process = self.serve()
        wait_until(lambda: self.condition("Reconciling").startswith("True"), "it waits")
        self.assertEqual(self.condition("GatesPassed"), "False AwaitingReport")
        (self.work / "scan.json").write_text(make_report(self.work / "image"))
        wait_until(lambda: self.registry.digest("team/app", "staging") == digest, "it is published")
        self.stop(process)

    def test_status_and_work_survive_a_restart(self):
        self.image()
        self.publication()
        process = self.serve()
        wait_until(lambda: self.condition("Ready") == "True Succeeded", "it is published")
        before = self.get()
        process.kill()
        process.wait()
        self.registry.forget_requests()
        (self.work / "run.log").write_text("")
        process = self.serve()
        wait_until(lambda: len(self.registry.requests()) >= 3, "it looks again")
        self.assertEqual(self.changes(), [])
        self.assertEqual(self.get()["status"], before["status"])
        self.stop(process)

    def test_endpoints_tell_how_it_is(self):
        self.image()
        self.publication()
        process = self.serve()
        wait_until(lambda: fetch(f"{self.endpoints}/readyz")[0] == 200, "it is ready")
        self.assertEqual(fetch(f"{self.endpoints}/healthz")[0], 200)
        wait_until(lambda: self.condition("Ready") == "True Succeeded", "it is published")
        text = self.metrics_of_idle().text
        self.assertIn('slipway_publications_total{outcome="published",reason="Succeeded"} 1', text)
        self.assertIn('slipway_resources{kind="imagepublication",ready="True"} 1', text)
        self.assertRegex(text, r'controller_runtime_reconcile_total\{controller="imagepublication",result="\w+"\} [1-9]')
        self.assertIn("slipway_tags_set_total 2", text)
        self.stop(process)

    def test_no_secret_gets_into_a_core_dump(self):
        def unlimited():
            resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)

        process = self.serve(before=unlimited)
        limits = pathlib.Path(f"/proc/{process.pid}/limits").read_text()
        self.assertRegex(limits, r"(?m)^Max core file size +0 +0 ")
        self.stop(process)

    def test_it_may_open_as_many_files_as_it_is_let_and_hears_how_its_programs_end(self):
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]

        def as_some_parents_do():
            resource.setrlimit(resource.RLIMIT_NOFILE, (200, most))
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)

        process = self.serve(before=as_some_parents_do)
        limits = pathlib.Path(f"/proc/{process.pid}/limits").read_text()
        self.assertRegex(limits, rf"(?m)^Max open files +{most} +{most} ")
        ignored = re.search(r"(?m)^SigIgn:\s+(\w+)$", pathlib.Path(f"/proc/{process.pid}/status").read_text())[1]
        self.assertFalse(int(ignored, 16) & 1 << (signal.SIGCHLD - 1))
        self.stop(process)

    def test_the_log_is_json_in_a_pipe_and_text_on_a_terminal(self):
        process = self.start("run", "--listen", "127.0.0.1:0")
        wait_until(lambda: "running" in self.log("run"), "it runs")
        self.stop(process)
        for line in self.log("run").splitlines():
            self.assertIn("message", json.loads(line))
        with self.run_in_terminal() as (process, shown):
            self.stop(process)
        self.assertFalse([line for line in shown.decode().splitlines() if line.startswith("{")])

    def test_every_line_of_a_cut_transfer_has_the_id_of_its_visit(self):
        make_image("layout", self.work / "image", "--layer", 6_000_000)
        self.registry.fault(action="DropRequest", method="PATCH", path="/blobs/uploads/.+", bytes=3_000_000)
        process = self.start("run", "--listen", "127.0.0.1:0", "--log-level", "debug")
        self.publication()
        wait_until(lambda: self.registry.digest("team/app", "staging"), "it is published")
        wait_until(lambda: "Published" in self.log("run"), "that is told")
        self.stop(process)
        lines = [json.loads(line) for line in self.log("run").splitlines()]
        own = [each for each in lines if "ImagePublication team/app" in each.get("object", "") or "/v2/team/app/" in each["message"]]
        for told in ("cut at ", "PATCH ", "PUT ", "published "):
            self.assertTrue([each for each in own if told in each["message"]], (told, own))
        self.assertEqual([each for each in own if not re.fullmatch("[0-9a-f]{16}", each.get("reconcileID", ""))], [])
        visits = {each["reconcileID"] for each in own if "cut at " in each["message"] or "/blobs/" in each["message"]}
        self.assertEqual(len(visits), 1, own)

    def test_a_host_that_does_not_answer_shows_in_the_status_and_what_waits_for_it(self):
        silent = socket.create_server(("127.0.0.1", 0))  # Takes connections and never answers.
        self.addCleanup(silent.close)
        host = "127.0.0.1:%d" % silent.getsockname()[1]
        self.image()
        self.publication()
        path = self.manifests / "app.yaml"
        self.write("app.yaml", path.read_text().replace(
            "{ociLayout: {path: ../image}}", f'{{image: {{reference: "{host}/team/app:1", plainHTTP: true}}}}'))
        process = self.serve()
        started = time.monotonic()
        wait_until(lambda: self.condition("Reconciling") == "True Progressing", "it shows that it goes on")
        self.assertLess(time.monotonic() - started, 30, "long before a request is given up")
        told = [each for each in self.get()["status"]["conditions"] if each["type"] == "Reconciling"]
        self.assertEqual(told[0]["message"], f"waiting for {host}")
        self.assertEqual(fetch(f"{self.endpoints}/healthz")[0], 200, "no restart helps against a silent registry")
        self.stop(process)

    def test_a_registry_that_does_not_answer_keeps_nobody_from_another_and_all_go_on_when_it_does(self):
        behind = Emulator(EMULATOR, self.work / "behind")
        self.addCleanup(behind.stop)
        gateway = Gateway(behind.host, patience=9)
        self.addCleanup(gateway.stop)
        self.write("silent.yaml", REGISTRY.format(host=gateway.host).replace("name: local", "name: silent"))
        digest = self.image()

        def publish_to_silent(name):
            text = PUBLICATION.format(name=name, version="1.8.2", number=8, image="../image", retry="10m", policy="Retain")
            self.write(f"{name}.yaml", text.replace("name: local", "name: silent"))
            return name
        names = [publish_to_silent("first")]
        process = self.serve()

        def messages(kind="Ready"):
            return [each["message"] for name in names
                    for each in (self.get(name) or {}).get("status", {}).get("conditions", []) if each["type"] == kind]
        wait_until(lambda: messages("Reconciling") == [f"waiting for {gateway.host}"], "its status says whom it waits for")
        silence = f"{gateway.host} gives no answer in time: one resource at a time asks it now, the others wait"
        wait_until(lambda: silence in self.log("run"), "the log tells of it")
        self.assertRegex(fetch(f"{self.endpoints}/metrics")[2].decode(),
                         r'slipway_registry_requests_total\{[^}]*code="504"[^}]*host="%s"' % gateway.host)
        names += [publish_to_silent(name) for name in ("second", "third", "fourth")]
        self.publication("other")
        wait_until(lambda: self.condition("Ready", "other") == "True Succeeded", "the other registry has its image")
        put_off = f"{gateway.host} gives no answer in time; another resource waits for one, and this one asks when that is over"
        wait_until(lambda: any(put_off in message for message in messages()), "one that was put off says why")
        self.assertNotIn("no longer keeps requests waiting", self.log("run"))
        gateway.revive()
        for name in names:
            wait_until(lambda: self.condition("Ready", name) == "True Succeeded", f"{name} goes on by itself")
            self.assertEqual(behind.digest(f"team/{name}", "1.8.2"), digest)
        self.assertIn(f"{gateway.host} no longer keeps requests waiting", self.log("run"))
        self.stop(process)

    def test_it_is_not_alive_once_its_state_is_no_longer_the_file_of_that_name(self):
        process = self.serve()
        wait_until(lambda: fetch(f"{self.endpoints}/readyz")[0] == 200, "it is ready")
        self.assertEqual(fetch(f"{self.endpoints}/healthz")[0], 200)
        (self.work / "state.db").unlink()
        status, _, text = fetch(f"{self.endpoints}/healthz")
        self.assertEqual((status, text.decode()), (503, "the state database was removed or replaced while it was open\n"))
        self.stop(process)
        (self.work / "run.log").write_text("")
        process = self.serve()
        self.assertEqual(fetch(f"{self.endpoints}/healthz")[0], 200, "a new process is well again")
        self.stop(process)

    def test_a_port_that_is_taken_ends_it_before_any_work(self):
        taken = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(taken.close)
        self.image()
        self.publication()
        seen = self.slipway("run", "--listen", "127.0.0.1:%d" % taken.getsockname()[1])
        self.assertEqual(seen.code, 3, seen.errors)
        self.assertIn("127.0.0.1:%d" % taken.getsockname()[1], seen.errors)
        self.assertEqual(self.registry.requests(), [])

    def test_each_edit_is_one_visit_and_the_kernel_is_asked_for_the_next(self):
        digest = self.image()
        self.publication()
        process = self.serve()
        wait_until(lambda: self.condition("Ready") == "True Succeeded", "it is published")
        before = self.visits()
        for number in range(9, 14):
            self.publication(version=f"1.{number}.0", number=number)
            wait_until(lambda: self.registry.digest("team/app", f"1.{number}.0") == digest, "the edit is published")
        self.assertEqual(self.visits(), before + 5)
        # What wakes the watcher at once, not after its interval (folder_watcher_test).
        watched = ""
        for descriptor in pathlib.Path(f"/proc/{process.pid}/fdinfo").iterdir():
            with contextlib.suppress(FileNotFoundError):  # A file that it has read meanwhile.
                watched += descriptor.read_text()
        self.assertRegex(watched, rf"inotify wd:\d+ ino:{self.manifests.stat().st_ino:x} ")
        self.stop(process)

    def test_an_empty_folder_is_an_error_and_a_missing_one_too(self):
        (self.manifests / "registry.yaml").unlink()
        self.assertEqual(self.slipway("run").code, 2)
        self.assertEqual(self.slipway("run", source=self.work / "nowhere").code, 2)

    def test_an_empty_folder_that_is_right_is_no_error_of_any_verb(self):
        (self.manifests / "registry.yaml").unlink()
        for verb in ("validate", "plan", "publish", "get", "describe"):
            with self.subTest(verb):
                refused = self.slipway(verb)
                self.assertEqual((refused.code, "say --allow-empty" in refused.errors), (2, True), refused.errors)
                self.assertEqual(self.slipway(verb, "--allow-empty").code, 0)
        self.assertEqual(json.loads(self.slipway("plan", "--allow-empty", "-o", "json").out), {"plans": []})
        self.assertEqual(json.loads(self.slipway("publish", "--allow-empty", "-o", "json").out)["items"], [])


class AzureTest(ProgramTest):
    """Against a registry that behaves as ACR does: tokens, redirects, untagging by a request of its own."""
    REGISTRY = {"profile": "acr", "credentials": [{"username": "ci", "password": "secret"}]}

    def setUp(self):
        super().setUp()
        self.write("registry.yaml", REGISTRY.format(host=self.registry.host).replace(
            "anonymous: {}", "basic: {secretRef: {name: ci}}") + """
---
apiVersion: v1
kind: Secret
metadata: {name: ci, namespace: slipway-system}
stringData: {username: ci, password: secret}
""")

    def digest(self, reference):
        return self.registry.digest("team/app", reference, user="ci:secret")

    def test_publishes_and_then_only_looks_at_the_tags(self):
        digest = self.image()
        self.publication()
        first = self.slipway("publish")
        self.assertEqual(first.code, 0, first.errors)
        self.assertEqual([self.digest("1.8.2"), self.digest("staging")], [digest, digest])
        self.registry.forget_requests()
        self.assertEqual(self.slipway("publish").code, 0)
        self.assertEqual(self.changes(), [])

    def test_a_deleted_file_takes_its_tags_along_and_leaves_the_manifest(self):
        digest = self.image()
        self.publication(policy="Untag")
        self.publication("keeper", policy="Retain")
        process = self.start("run", "--listen", "127.0.0.1:0")
        for name in ("app", "keeper"):
            wait_until(lambda: self.condition("Ready", name) == "True Succeeded", f"{name} is published")
        self.registry.forget_requests()
        (self.manifests / "app.yaml").unlink()
        wait_until(lambda: self.digest("staging") is None, "the tags are gone")
        wait_until(lambda: self.digest("1.8.2") is None, "all of them")
        self.assertEqual(self.digest(digest), digest)
        self.assertEqual([one["target"] for one in self.changes() if "/manifests/" in one["target"]], [])
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(), 0)


class DebianTest(ProgramTest):
    """Against Debian's docker-registry, which is nobody of ours."""
    DELETES = True
    ANSWER = 400  # to the removal of a tag

    def start_registry(self):
        need(DebianRegistry.PROGRAM)
        return DebianRegistry(self.work / "registry", self.DELETES)

    def test_publishes_once_and_no_second_record_comes_from_a_lost_state(self):
        digest, _ = self.publish_new()
        records, tags = self.records(digest), self.registry.tags("team/app")
        self.assertEqual(tags, ["1.8.2", digest.replace(":", "-"), "staging"])
        second = self.slipway("publish")
        self.assertEqual(second.code, 0, second.errors)
        self.assertIn("team/app: is published already, nothing to do", second.errors)
        for file in self.work.glob("state.db*"):
            file.unlink()
        third = self.slipway("publish")
        self.assertEqual(third.code, 0, third.errors)
        self.assertIn("0 sent", third.errors)
        self.assertEqual(self.records(digest), records)
        self.assertEqual(self.registry.tags("team/app"), tags)

    def test_what_is_lost_below_a_tag_that_is_right_is_sent_again(self):
        digest = make_image("index", self.work / "image", "--layers", 2, "--layer-size", 100000, "--platform",
                            "linux/amd64", "--platform", "linux/arm64")
        self.publication()
        process = self.serve()
        wait_until(lambda: self.condition("Ready") == "True Succeeded", "it is published")
        amd64, arm64 = self.content("manifests", digest)["manifests"]
        layer = self.content("manifests", amd64["digest"])["layers"][0]
        for lost in (layer, arm64):
            self.registry.lose(lost["digest"])
        self.assertIsNone(self.registry.digest("team/app", arm64["digest"]))
        self.assertEqual(self.registry.digest("team/app", "1.8.2"), digest, "the tag is right")
        path = self.manifests / "app.yaml"
        self.write("app.yaml", path.read_text().replace(
            "namespace: team}", "namespace: team, annotations: {slipway.dev/reconcile-requested-at: now}}"))
        wait_until(lambda: self.get()["status"].get("lastHandledReconcileAt") == "now", "it is looked at")
        self.assertEqual(self.condition("Ready"), "True Succeeded")
        self.assertEqual(self.content("manifests", arm64["digest"])["schemaVersion"], 2)
        status, _, sent = fetch(f"{self.registry.url}/v2/team/app/blobs/{layer['digest']}")
        self.assertEqual((status, len(sent)), (200, layer["size"]))
        wait_until(lambda: any("put manifest" in line["message"] for line in self.lines() if line.get("reason") == "Repaired"),
                   "it is told, after the status")
        self.assertEqual(len(self.records(digest)), 1)
        self.stop(process)

    def content(self, kind, digest):
        return json.loads(fetch(f"{self.registry.url}/v2/team/app/{kind}/{digest}", headers={"Accept": MANIFESTS})[2])

    def test_a_registry_that_removes_no_tag_is_told_and_not_asked_again(self):
        digest = self.image()
        self.publication(policy="Untag")
        process = self.serve()
        wait_until(lambda: self.condition("Ready") == "True Succeeded", "it is published")
        (self.manifests / "app.yaml").unlink()
        wait_until(lambda: "LeftTagged" in self.log("run"), "it is told")
        self.stop(process)
        told = [json.loads(line) for line in self.log("run").splitlines() if "LeftTagged" in line]
        self.assertEqual(len(told), 1, told)
        self.assertRegex(told[0]["message"], rf"stays \(1\.8\.2, staging\): .*/manifests/1\.8\.2: {self.ANSWER} ")
        self.assertEqual(self.registry.log.read_text().count('"DELETE /v2/team/app/manifests/'), 1)
        self.assertEqual(self.registry.digest("team/app", "1.8.2"), digest)
        self.assertEqual(self.registry.digest("team/app", "staging"), digest)


class DebianWithoutDeletesTest(DebianTest):
    DELETES = False
    ANSWER = 405


class ForeignClientTest(ProgramTest):
    """The publication record for a client that knows referrers, and nothing of Slipway."""

    @classmethod
    def setUpClass(cls):
        cls.program = peer("oras")

    def oras(self, *arguments):
        done = subprocess.run([self.program, *arguments], capture_output=True, text=True, timeout=LONGEST_WAIT,
                              cwd=self.work, env={**os.environ, "HOME": str(self.work)})
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def discover(self, *arguments):
        return self.oras("discover", "--plain-http", "--format", "json", *arguments,
                         f"{self.registry.host}/team/app:1.8.2")["referrers"]

    def was_asked_for_referrers(self, digest):
        return any(f"/referrers/{digest}" in each["target"] for each in self.registry.requests())

    def test_it_finds_the_record_reads_it_and_attaches_something_beside_it(self):
        digest, _ = self.publish_new()
        (found,) = self.discover("--artifact-type", RECORD)
        self.assertEqual(found["artifactType"], RECORD)
        self.assertEqual(self.discover("--artifact-type", "application/vnd.example.note"), [])
        at = f"{self.registry.host}/team/app@{found['digest']}"
        manifest = self.oras("manifest", "fetch", "--plain-http", at)
        self.assertEqual(manifest["subject"]["digest"], digest)
        record = json.loads(manifest["annotations"]["dev.slipway.publication.record"])
        self.assertEqual((record["subject"], record["environment"], record["build"]["version"]), (digest, "staging", "1.8.2"))
        self.assertEqual([each["tag"] for each in record["tags"]], ["1.8.2", "staging"])

        self.oras("attach", "--plain-http", "--format", "json", "--artifact-type", "application/vnd.example.note",
                  "--annotation", "by=somebody", f"{self.registry.host}/team/app@{digest}")
        self.assertEqual(self.discover("--artifact-type", RECORD), [found])
        self.assertEqual(len(self.discover()), 2)
        self.assertTrue(self.was_asked_for_referrers(digest))
        self.lose_state()
        again = self.slipway("publish")
        self.assertEqual(again.code, 0, again.errors)
        self.assertEqual(len(self.discover()), 2)


class ForeignClientDebianTest(ForeignClientTest):
    """The same where there is no referrers API: what is attached stands under the fallback tag."""

    def start_registry(self):
        need(DebianRegistry.PROGRAM)
        return DebianRegistry(self.work / "registry", True)

    def was_asked_for_referrers(self, digest):
        return digest.replace(":", "-") in self.registry.tags("team/app")


class ProxyTest(ProgramTest):
    """A registry with TLS, under a name that leads to this machine; loopback itself is never asked for through a proxy."""
    NAME = "registry.corp.example"

    def start_registry(self):
        self.certificate, key = self.work / "tls.crt", self.work / "tls.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test", "-addext",
                        f"subjectAltName=DNS:{self.NAME}", "-keyout", key, "-out", self.certificate], check=True,
                       capture_output=True)
        return Emulator(EMULATOR, self.work / "registry", None, "--tls-cert", self.certificate, "--tls-key", key)

    def command(self, *arguments, **more):
        return [*self.before, *super().command(*arguments, **more)]

    def test_the_proxy_of_the_environment_is_the_way_to_registries_but_for_those_that_it_exempts(self):
        self.before = leading(self.work / "hosts", {self.NAME: "127.0.0.1"})
        host = f"{self.NAME}:{self.registry.host.split(':')[1]}"
        self.write("registry.yaml", REGISTRY.format(host=host).replace("  plainHTTP: true\n", ""))
        tunnel = Tunnel()
        self.addCleanup(tunnel.stop)
        self.image()
        variables = {"HTTPS_PROXY": tunnel.url, "SSL_CERT_FILE": str(self.certificate)}
        for number, exempt, led_to in ((8, "", {host}), (9, "other.example, .corp.example", set())):
            self.publication(version=f"1.{number}.0", number=number)
            run = self.slipway("publish", environment={**variables, "NO_PROXY": exempt})
            self.assertEqual(run.code, 0, run.errors)
            self.assertEqual(set(tunnel.led_to), led_to)
            tunnel.led_to.clear()


class BoundsTest(ProgramTest):
    SIZE = 200_000_000
    LARGEST_FILE = 16 << 20
    # A sanitizer, of what is freed.
    KEEPS_LITTLE = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") +
                    ":quarantine_size_mb=0:thread_local_quarantine_size_kb=0:max_redzone=16:detect_stack_use_after_return=0"}

    @staticmethod
    def is_sanitized():
        """A sanitizer takes some hundred MiB for itself."""
        return b"__asan_init" in pathlib.Path(SLIPWAY).read_bytes()

    def most_memory(self, process):
        """Bytes that it has held at once."""
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s*(\d+) kB", status)[1]) << 10

    def test_200_mb_pass_through_a_bounded_memory_and_no_file(self):
        other = Emulator(EMULATOR, self.work / "other")
        self.addCleanup(other.stop)
        digest = make_image("layout", self.work / "image", "--layer", self.SIZE)
        self.write("other.yaml", REGISTRY.format(host=other.host).replace("name: local", "name: other"))
        self.image("little")
        self.publication("small", image="../little")
        scratch = self.work / "scratch"
        scratch.mkdir()
        before = set(self.work.iterdir())

        def no_large_file():
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.LARGEST_FILE, self.LARGEST_FILE))
        process = self.serve(before=no_large_file, environment={"TMPDIR": str(scratch), **self.KEEPS_LITTLE})
        wait_until(lambda: self.condition("Ready", "small") == "True Succeeded", "a small one is published")
        least = self.most_memory(process) if self.is_sanitized() else 0
        self.publication()
        wait_until(lambda: self.condition("Ready") == "True Succeeded", "it is published from a file")
        self.publication("copy")
        path = self.manifests / "copy.yaml"
        self.write("copy.yaml", path.read_text().replace("registryRef: {name: local}", "registryRef: {name: other}").replace(
            "{ociLayout: {path: ../image}}",
            f'{{image: {{reference: "{self.registry.host}/team/app:1.8.2", plainHTTP: true}}}}'))
        wait_until(lambda: self.condition("Ready", "copy") == "True Succeeded", "it is published from a registry")
        self.assertEqual(other.digest("team/copy", "1.8.2"), digest)
        self.assertLess(self.most_memory(process) - least, 64 << 20)
        self.assertEqual(list(scratch.iterdir()), [])
        left = {path.name for path in set(self.work.iterdir()) - before}
        self.assertEqual({name for name in left if not name.startswith("state.db")}, {"audit", "run.log", "turns"})
        self.stop(process)

    def test_findings_that_are_refused_are_held_once(self):
        self.image()
        report = json.loads(make_report(self.work / "image", "--vulnerability", "CVE-0,HIGH,openssl,1.0"))
        found = report["Results"][0]["Vulnerabilities"]
        found += [{"VulnerabilityID": f"CVE-{number}", "PkgName": "p", "Severity": "HIGH"} for number in range(1, 42_000)]
        (self.work / "scan.json").write_text(json.dumps(report))
        self.publication(extra="  gates: {scan: {reports: [{name: all, path: ../scan.json}]}}\n")
        process = self.serve(environment=self.KEEPS_LITTLE)
        wait_until(lambda: self.condition("Ready") == "False FindingsAboveLimit", "it is refused")
        floor = '    - {{name: {}, namespaceSelector: {{}}, repositories: ["**"], actions: [{}], gates: {{scan: {{allowUpTo: Low}}}}}}\n'
        self.look_again_with(floor.format("reader", "Read"))
        by_one = self.most_memory(process)
        self.look_again_with("".join(floor.format(f"floor{number}", "Publish") for number in range(4)))
        self.assertLess(self.most_memory(process) - by_one, 24 << 20)
        self.assertLess(by_one, (512 if self.is_sanitized() else 128) << 20)
        self.stop(process)
        plan = json.loads(self.slipway("plan", "-o", "json").out)["plans"][0]["plan"]
        self.assertEqual((len(plan["findings"]), plan["moreFindings"]), (1_000, 5 * 42_000 - 1_000))

    def look_again_with(self, access):
        visits = self.visits()
        self.write("registry.yaml", REGISTRY.format(host=self.registry.host) + access)
        wait_until(lambda: self.visits() > visits, "it is looked at again")


class LookTest(ProgramTest):
    def test_describe_tells_the_story_and_get_the_columns(self):
        digest = self.image()
        self.publication()
        self.slipway("publish")
        story = self.slipway("describe", "ipub", "app").out
        for part in ("Kind:", "ContainerRegistry local", digest, "Conditions:", "TagsSet", "History:"):
            self.assertIn(part, story)
        self.assertIn("REPOSITORY", self.slipway("get", "-o", "wide").out)
        self.assertEqual(self.slipway("get", "ipub", "nobody").code, 1)

    def test_every_verb_that_looks_prints_the_same_as_json_and_as_yaml(self):
        self.image()
        self.publication()
        for verb in (["validate", "--root", str(self.work)], ["plan"], ["publish"], ["get"], ["describe"], ["version"]):
            with self.subTest(verb[0]):
                data, text = (self.slipway(*verb, "-o", form) for form in ("json", "yaml"))
                self.assertEqual((data.code, text.code), (0, 0), data.errors + text.errors)
                told = json.loads(data.out)
                self.assertTrue(told)
                if verb[0] not in ("plan", "publish"):
                    # Times stand there as text.
                    self.assertEqual(yaml.load(text.out, yaml.BaseLoader), self.texts_of(told))
                self.assertTrue(yaml.safe_load(text.out))
                self.assertEqual(self.slipway(*verb, "-o", "wide").code, 0)

    def texts_of(self, data):
        """The same with each number and truth as it is written."""
        if isinstance(data, dict):
            return {key: self.texts_of(value) for key, value in data.items()}
        if isinstance(data, list):
            return [self.texts_of(each) for each in data]
        return data if isinstance(data, str) else json.dumps(data)

    def test_describe_gives_programs_the_object_with_what_it_tells_people(self):
        digest = self.image()
        self.publication()
        self.assertEqual(self.slipway("publish").code, 0)
        told = json.loads(self.slipway("describe", "ipub", "app", "-o", "json").out)
        self.assertEqual(told, self.get())
        self.assertEqual(told["status"]["history"][0]["digest"], digest)
        self.publication(version="1.9.0", number=9)
        told = json.loads(self.slipway("describe", "ipub", "app", "-o", "json").out)
        ready = next(each for each in told["status"]["conditions"] if each["type"] == "Ready")
        self.assertEqual((ready["status"], ready["reason"]), ("Unknown", "Pending"))
        self.assertEqual(self.condition("Ready"), "True Succeeded", "get prints what is stored")
        items = json.loads(self.slipway("describe", "-o", "json").out)["items"]
        self.assertEqual([each["kind"] for each in items], ["ContainerRegistry", "ImagePublication"])

    def test_plan_lists_every_finding_for_programs_and_names_the_report_for_people(self):
        self.image()
        found = [f"CVE-2026-{number},CRITICAL,openssl,1.0" for number in range(60)]
        (self.work / "scan.json").write_text(make_report(
            self.work / "image", *(part for each in found for part in ("--vulnerability", each))))
        self.publication(extra="  gates: {scan: {reports: [{name: all, path: ../scan.json}]}}\n")
        people = self.slipway("plan")
        self.assertIn('60 findings above Medium in report "all" (../scan.json): ', people.out)
        seen = self.slipway("plan", "-o", "json")
        self.assertEqual(seen.code, 1, seen.errors)
        findings = json.loads(seen.out)["plans"][0]["plan"]["findings"]
        self.assertEqual({each["id"] for each in findings}, {each.split(",")[0] for each in found})
        self.assertEqual({(each["gate"], each["report"], each["place"], each["package"]) for each in findings},
                         {("scan", "all", "../scan.json", "openssl")})

    def test_what_this_version_does_not_do_is_a_warning_and_a_condition(self):
        self.image()
        self.publication()
        self.write("registry.yaml", REGISTRY.format(host=self.registry.host).replace(
            "[Read, Publish]", "[Read, Publish, Prune]") + "  cloud: AzureChina\n  replicas: {timeout: 1m}\n")
        fields = ["spec.cloud", "spec.access[0].actions", "spec.replicas.timeout"]
        for verb in (["validate", "--root", str(self.work)], ["publish"]):
            seen = self.slipway(*verb)
            self.assertEqual(seen.code, 0, seen.errors)
            told = re.findall(r"(?m)^warning: .*registry\.yaml:\d+:\d+: (spec\.[^:]+): .*by this version", seen.errors)
            self.assertEqual(told, fields, seen.errors)
        process = self.start("run", "--listen", "127.0.0.1:0")
        wait_until(lambda: "Unsupported" in self.slipway("describe", "acr").out, "the registry is looked at")
        for field in fields:
            self.assertIn(f"{field}: ", self.slipway("describe", "acr").out)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(), 0)

    def test_validate_looks_for_secrets_where_the_controller_would(self):
        self.write("registry.yaml", REGISTRY.format(host=self.registry.host).replace(
            "anonymous: {}", "basic: {secretRef: {name: ci}}") + "---\napiVersion: v1\nkind: Secret\n"
            "metadata: {name: ci, namespace: build}\nstringData: {username: ci, password: secret}\n")
        self.assertIn("there is no Secret slipway-system/ci", self.slipway("validate").errors)
        self.assertEqual(self.slipway("validate", "--controller-namespace", "build").errors, "")

    def test_validate_names_file_line_column_field_and_remedy_of_every_error(self):
        self.write("wrong.yaml", "apiVersion: slipway.dev/v1alpha1\nkind: ImagePublication\nmetadata: {name: b}\n"
                                 "spec:\n  registryRef: {name: local}\n  repository: UPPER\n  source: {}\n  nope: 1\n")
        seen = self.slipway("validate")
        self.assertEqual(seen.code, 2)
        for part in ("wrong.yaml:6:15: spec.repository", "wrong.yaml:7:", "wrong.yaml:8:3: spec.nope"):
            self.assertIn(part, seen.errors)
        self.assertGreaterEqual(len(json.loads(self.slipway("validate", "-o", "json").out)["problems"]), 3)

    def test_validate_warns_of_what_the_folder_names_and_does_not_hold(self):
        self.publication(extra="  gates: {scan: {reports: [{name: all, path: scan.json}]}}\n")
        path = self.manifests / "app.yaml"
        path.write_text(path.read_text().replace("registryRef: {name: local}", "registryRef: {name: other}"))
        self.image()
        seen = self.slipway("validate", "--root", str(self.work))
        self.assertEqual(seen.code, 0, seen.errors)
        self.assertRegex(seen.errors, r"warning: .*app.yaml:6:\d+: spec.registryRef.name: there is no ContainerRegistry "
                                      r"other in the folder; add it, or correct the name \(there is ContainerRegistry local\)")
        self.assertRegex(seen.errors, r'warning: .*app.yaml:16:\d+: spec.gates.scan.reports\[0\].path: there is no file '
                                      r'"scan.json"; correct the path')
        self.assertIn("2 valid resources, 0 errors, 2 warnings", seen.out)
        problems = json.loads(self.slipway("validate", "--root", str(self.work), "-o", "json").out)["problems"]
        self.assertEqual([each["reason"] for each in problems], ["NotFound", "NotFound"])
        (self.manifests / "scan.json").write_text("{}")
        self.publication()
        self.assertEqual(self.slipway("validate", "--root", str(self.work)).errors, "")
        self.assertIn('"../image/index.json" leads outside ', self.slipway("validate").errors)

    def test_get_does_not_show_an_edit_as_ready_before_it_is_looked_at(self):
        self.image()
        self.publication()
        self.assertEqual(self.slipway("publish").code, 0)
        self.assertRegex(self.slipway("get", "ipub").out, r"(?m)^team +app +True .* Succeeded ")
        self.publication(version="1.9.0", number=9)
        self.assertRegex(self.slipway("get", "ipub").out, r"(?m)^team +app +Unknown +\w{12} +1.8.2, staging +Pending ")
        self.assertIn("generation 2 was not looked at yet; generation 1: True Succeeded: published",
                      self.slipway("describe", "ipub", "app").out)

    def test_a_state_that_is_not_there_or_is_none_is_told(self):
        self.publication()
        for verb in ("get", "describe"):
            seen = self.slipway(verb)
            self.assertEqual(seen.code, 0, seen.errors)
            self.assertRegex(seen.errors, 'warning: there is no state database ".*state.db": nothing is known')
        elsewhere = {"XDG_STATE_HOME": str(self.work / "of-another")}
        seen = Run(subprocess.run([SLIPWAY, "get", "-f", str(self.manifests)], capture_output=True, text=True,
                                  env={**os.environ, **elsewhere}))
        self.assertRegex(seen.errors, 'warning: there is no state database ".*/of-another/slipway/.*db": nothing is known')
        (self.work / "state.db").write_text("what somebody wrote, and long enough to be taken for a header of one" * 20)
        seen = self.slipway("get")
        self.assertEqual(seen.code, 2, seen.errors)
        self.assertRegex(seen.errors, "state database .*: file is not a database; move the file away")

    def test_every_verb_explains_itself(self):
        for verb in ("run", "publish", "plan", "validate", "get", "describe", "audit", "version", "completion"):
            seen = Run(subprocess.run([SLIPWAY, verb, "--help"], capture_output=True, text=True))
            self.assertEqual(seen.code, 0)
            self.assertIn("Usage", seen.out)


if __name__ == "__main__":
    SLIPWAY, EMULATOR = (str(pathlib.Path(each).resolve()) for each in sys.argv[1:3])
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
