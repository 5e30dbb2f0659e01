#!/usr/bin/env python3
"""A publication that is broken off anywhere, by a kill or a cut, ends as one that was let alone.

broken_off_test.py SLIPWAY EMULATOR [TEST...]
"""

import hashlib
import json
import pathlib
import random
import re
import subprocess
import sys
import unittest

import program_test

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from servers import MANIFESTS, REGISTRY, DebianRegistry, fetch, make_image, make_report, need, wait_until  # noqa: E402
from traps import Cutter, Trap  # noqa: E402


class CutTest(program_test.ProgramTest):
    """docker-registry drops an upload whose connection ended."""
    LAYERS = (8_000_000, 5000, 6000)

    def start_registry(self):
        need(DebianRegistry.PROGRAM)
        return DebianRegistry(self.work / "registry", True)

    def uploads(self, method, status):
        """The requests of uploads that the registry logged with this answer."""
        return len(re.findall(rf'"{method} /v2/team/app/blobs/uploads/\S* HTTP/1.1" {status} ', self.registry.log.read_text()))

    def test_a_layer_whose_connection_is_cut_starts_again_alone(self):
        cutter = Cutter(self.registry.host, 3_000_000)
        self.addCleanup(cutter.stop)
        self.write("registry.yaml", REGISTRY.format(host=cutter.host))
        digest = make_image("layout", self.work / "image", *(part for size in self.LAYERS for part in ("--layer", size)))
        self.publication()
        seen = self.slipway("publish")
        self.assertEqual(seen.code, 0, seen.errors)
        self.assertTrue(cutter.has_cut)
        self.assertEqual(re.findall(r"cut at [0-9.]+ MiB, (.*)", seen.errors), ["sent again from its start"])
        self.assertEqual(self.registry.digest("team/app", "1.8.2"), digest)
        # Piece by piece the large layer alone; besides it two others, the config and that of the record were sent, each once.
        self.assertEqual(self.uploads("PATCH", 202), 1)
        self.assertEqual(self.uploads("PUT", 201), len(self.LAYERS) + 2)
        self.assertEqual(self.uploads("POST", 202), len(self.LAYERS) + 2 + 1)
        self.check_layers()

    def check_layers(self):
        at = f"{self.registry.url}/v2/team/app"
        manifest = json.loads(fetch(f"{at}/manifests/1.8.2", headers={"Accept": MANIFESTS})[2])
        for layer in manifest["layers"]:
            body = fetch(f"{at}/blobs/{layer['digest']}")[2]
            self.assertEqual("sha256:" + hashlib.sha256(body).hexdigest(), layer["digest"])


class KilledTest(program_test.ProgramTest):
    """SIGKILL at requests that are spread over all of a run: the next one ends in the same state."""
    KILLS = 10

    def setUp(self):
        super().setUp()
        platforms = ("linux/amd64", "linux/arm64")
        self.digest = make_image("index", self.work / "image", "--gzip", "--layers", 2, "--layer-size", 50000,
                                 *(part for each in platforms for part in ("--platform", each)))
        reports = []
        for number, platform in enumerate(platforms):
            (self.work / f"scan{number}.json").write_text(make_report(self.work / "image", "--platform", platform))
            reports.append(f"{{name: r{number}, path: ../scan{number}.json}}")
        self.gates = f"  gates: {{scan: {{reports: [{', '.join(reports)}]}}}}\n"
        # Each sends all of its blobs.
        self.registry.fault(action="RefuseMount", times=0)
        self.trap = Trap(self.registry.host)
        self.addCleanup(self.trap.stop)
        self.write("registry.yaml", REGISTRY.format(host=self.trap.host))

    def begin(self, name):
        """This publication alone, with a state of its own."""
        self.lose_state()
        for old in self.manifests.glob("app*.yaml"):
            old.unlink()
        self.publication(name, extra=self.gates)

    def kill_at(self, piece, is_lost):
        """Publishes until so many pieces of requests went out. Whether it was still at work then."""
        self.trap.set(piece)
        process = self.start("publish")
        wait_until(lambda: self.trap.sprung.is_set() or process.poll() is not None, "it is trapped")
        process.kill()
        process.wait()
        self.trap.release(is_lost)
        self.trap.set(None)
        return process.returncode < 0

    def check_ended(self, name):
        done = self.slipway("publish", "-o", "json")
        self.assertEqual(done.code, 0, done.errors)
        (record,) = self.records(self.digest, name)
        for tag in ("1.8.2", "staging"):
            self.assertEqual(self.registry.digest(f"team/{name}", tag), self.digest)
        (status,) = (each["status"] for each in json.loads(done.out)["items"] if each["kind"] == "ImagePublication")
        self.assertNotIn("attempt", status)
        self.assertEqual(status["published"]["recordDigest"], record["digest"])
        self.assertEqual([each.get("owned") for each in status["published"]["tags"]], [True, True])

    def test_the_same_state_whenever_it_was_killed(self):
        self.begin("app")
        self.trap.set(None)
        seen = self.slipway("publish")
        self.assertEqual(seen.code, 0, seen.errors)
        whole = self.trap.passed
        chance = random.Random(11)
        killed = 0
        for number in range(self.KILLS):
            name = f"app{number}"
            self.begin(name)
            killed += self.kill_at(1 + int(whole * (number + chance.random()) / self.KILLS), chance.random() < 0.5)
            # Half of them once more, while they make up for it.
            if number % 2:
                self.kill_at(chance.randrange(1, whole), chance.random() < 0.5)
            with self.subTest(name):
                self.check_ended(name)
        self.assertGreater(killed, self.KILLS / 2)
        verified = subprocess.run([program_test.SLIPWAY, "audit", "verify", self.work / "audit"], capture_output=True, text=True)
        self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)


if __name__ == "__main__":
    program_test.SLIPWAY, program_test.EMULATOR = (str(pathlib.Path(each).resolve()) for each in sys.argv[1:3])
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
