#!/usr/bin/env python3
"""The audit log at the program's own boundary: what a registry was asked to change, held against what is on record.

audit_test.py SLIPWAY EMULATOR [TEST...]
"""

import csv
import hashlib
import io
import json
import os
import pathlib
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from servers import REGISTRY, Emulator, make_image, wait_until  # noqa: E402

SLIPWAY = EMULATOR = None

PUBLICATION = """
apiVersion: slipway.dev/v1alpha1
kind: ImagePublication
metadata: {{name: {name}, namespace: team}}
spec:
  registryRef: {{name: local}}
  repository: team/{name}
  environment: staging
  source: {{ociLayout: {{path: {image}}}}}
  build: {{version: {version}, number: {number}}}
  tags:
    - {{name: version, template: "{{{{version}}}}"}}
    - {{name: environment, template: "{{{{environment}}}}", mutability: Moving}}
  deletionPolicy: {policy}
"""


def sealed(members):
    """A record's line, from what docs/reference/audit.md says."""
    text = json.dumps(members, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f'{text[:-1]},"hash":"{digest}"}}', digest


class AuditTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="slipway-audit-")
        self.addCleanup(folder.cleanup)
        self.work = pathlib.Path(folder.name)
        self.audit = self.work / "audit"
        self.registry = Emulator(EMULATOR, self.work / "registry")
        self.addCleanup(self.registry.stop)
        self.write("manifests", "registry.yaml", REGISTRY.format(host=self.registry.host))

    def write(self, folder, name, text):
        (self.work / folder).mkdir(exist_ok=True)
        path = self.work / folder / name
        pathlib.Path(f"{path}.new").write_text(text)
        os.rename(f"{path}.new", path)

    def publication(self, name="app", version="1.8.2", number=8, image="image", policy="Retain", folder="manifests"):
        self.write(folder, f"{name}.yaml", PUBLICATION.format(
            name=name, version=version, number=number, image=f"../{image}", policy=policy))

    def image(self, name="image", seed=1):
        return make_image("layout", self.work / name, "--layers", 2, "--layer-size", 20000, "--seed", seed)

    def command(self, verb, *arguments, folder="manifests"):
        option = "--manifests" if verb == "run" else "-f"
        return [SLIPWAY, verb, *map(str, arguments), option, str(self.work / folder), "--root", str(self.work),
                "--state", str(self.work / "state.db")]

    def run_program(self, command, **options):
        return subprocess.run(command, capture_output=True, text=True, timeout=120,
                              env={**os.environ, "HOME": str(self.work)}, **options)

    def publish(self, *arguments, **options):
        return self.run_program(self.command("publish", *arguments), **options)

    def start(self, verb, *arguments):
        process = subprocess.Popen(self.command(verb, *arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   env={**os.environ, "HOME": str(self.work)})
        self.addCleanup(lambda: process.poll() is None and (process.kill(), process.wait()))
        return process

    def look(self, what, *arguments, paths=None):
        return self.run_program([SLIPWAY, "audit", what, *(paths or [str(self.audit)]), *arguments])

    def verdict(self):
        return json.loads(self.look("verify", "-o", "json").stdout)

    def changes(self, *arguments):
        return json.loads(self.look("export", "-o", "json", *arguments).stdout)

    def asked(self):
        """The changes of manifests that the registry was asked for: repository and tag or digest."""
        found = []
        for request in self.registry.requests():
            target = re.fullmatch(r"/v2/(.+)/manifests/([^?]+)", request["target"])
            if target and request["method"] in ("PUT", "DELETE"):
                found.append((request["method"], *target.groups()))
        return found

    def on_record(self):
        return [("DELETE" if each["action"] in ("RemoveTag", "DeleteManifest") else "PUT", each["repository"],
                 each.get("tag", each.get("after"))) for each in self.changes() if each["action"] != "LeaveTags"]

    def check_that_all_is_on_record(self):
        verified = self.look("verify")
        self.assertEqual(verified.returncode, 0, verified.stderr)
        asked, noted = self.asked(), self.on_record()
        for change in set(asked):
            self.assertLessEqual(asked.count(change), noted.count(change), change)


class RecordTest(AuditTest):
    def test_every_change_at_the_registry_is_on_record_with_who_asked(self):
        digest = self.image()
        self.publication()
        first = self.publish()
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertEqual(sorted(self.asked()), sorted(self.on_record()))
        self.assertEqual({each["result"] for each in self.changes()}, {"Done"})
        tags = [each for each in self.changes() if "tag" in each]
        self.assertEqual([(each["action"], each["tag"], each["before"], each["after"]) for each in tags],
                         [("SetTag", "1.8.2", None, digest), ("SetTag", "staging", None, digest)])
        for each in self.changes():
            self.assertEqual((each["registry"], each["kind"], each["namespace"], each["name"], each["generation"]),
                             (self.registry.host, "ImagePublication", "team", "app", 1))
            self.assertRegex(each["reconcile"], r"^[0-9a-f]{16}$")
            self.assertEqual(each["publisher"], f"file://{self.work.resolve()}/manifests")
        self.assertEqual(len({each["reconcile"] for each in self.changes()}), 1)

        newer = self.image("newer", seed=2)
        self.publication(version="1.9.0", number=9, image="newer")
        self.assertEqual(self.publish().returncode, 0)
        moved = self.changes("--action", "movetag")
        self.assertEqual([(each["tag"], each["before"], each["after"], each["generation"]) for each in moved],
                         [("staging", digest, newer, 2)])
        self.assertEqual(sorted(self.asked()), sorted(self.on_record()))

    def test_a_publication_that_is_right_leaves_no_record(self):
        self.image()
        self.publication()
        self.publish()
        before = self.verdict()
        self.assertEqual(self.publish().returncode, 0)
        self.assertEqual(self.verdict(), before)

    def test_a_deletion_is_on_record(self):
        self.image()
        for name, policy in (("gone", "Untag"), ("kept", "Retain")):
            self.publication(name=name, policy=policy)
        controller = self.start("run", "--listen", "127.0.0.1:0")
        wait_until(lambda: all(self.registry.digest(f"team/{each}", "staging") for each in ("gone", "kept")), "published")
        digest = self.registry.digest("team/gone", "staging")
        os.remove(self.work / "manifests/gone.yaml")
        wait_until(lambda: not self.registry.digest("team/gone", "staging"), "the tag is gone")
        controller.terminate()
        controller.wait()
        removed = self.changes("--action", "RemoveTag")
        self.assertEqual(sorted((each["tag"], each["before"], each["result"]) for each in removed),
                         [("1.8.2", digest, "Done"), ("staging", digest, "Done")])
        self.check_that_all_is_on_record()

    def test_what_the_registry_refuses_and_what_it_leaves_open_is_told_apart(self):
        self.image()
        self.publication()
        self.registry.fault(action="Status", method="PUT", path="/manifests/1.8.2", status=403, code="DENIED",
                            message="no", times=0)
        self.assertEqual(self.publish().returncode, 1)
        refused = self.changes("--action", "SetTag")
        self.assertEqual([(each["tag"], each["result"]) for each in refused],
                         [("1.8.2", "Refused"), ("staging", "Refused")])
        self.assertIn("no", refused[0]["error"])
        self.assertIn("not tried", refused[1]["error"])
        self.registry.heal()
        self.registry.fault(action="LoseResponse", method="PUT", path="/manifests/1.8.2", times=0)
        process = self.start("publish")
        refusals = self.asked().count(("PUT", "team/app", "1.8.2"))
        wait_until(lambda: self.asked().count(("PUT", "team/app", "1.8.2")) > refusals + 1, "it is sent again")
        process.terminate()
        process.wait()
        self.assertEqual(self.changes("--action", "SetTag")[2]["result"], "Unknown")
        # What is sent again after a cut is one change.
        self.assertEqual(set(self.asked()), {each for each in self.on_record() if each[2] != "staging"})


class KilledTest(AuditTest):
    def test_a_kill_at_any_moment_leaves_a_log_that_is_right_and_holds_all(self):
        self.image()
        random.seed(20)
        whole = 0
        killed = 0
        for turn in range(40):
            self.publication(version=f"1.{turn}.0", number=100 + turn)
            began = time.monotonic()
            process = self.start("publish", "--timeout", "20s")
            try:
                # The first is waited for. How long one takes depends on what else this machine does meanwhile.
                process.wait(timeout=random.uniform(0, whole * 1.2) if turn > 0 else None)
                whole = time.monotonic() - began
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                killed += 1
            verified = self.look("verify")
            self.assertEqual(verified.returncode, 0, verified.stderr)
        self.assertGreater(killed, 10)
        self.check_that_all_is_on_record()
        self.assertEqual(self.publish().returncode, 0)
        self.check_that_all_is_on_record()
        self.assertTrue(self.registry.digest("team/app", "1.39.0"))

    def test_processes_that_share_a_folder_make_one_chain(self):
        self.image()
        folders = [f"manifests{i}" for i in range(4)]
        for i, folder in enumerate(folders):
            self.write(folder, "registry.yaml", REGISTRY.format(host=self.registry.host))
            for j in range(4):
                self.publication(name=f"app{i}{j}", folder=folder)
        processes = [subprocess.Popen(
            [SLIPWAY, "publish", "-f", str(self.work / folder), "--root", str(self.work),
             "--state", str(self.work / f"{folder}.db")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for folder in folders]
        self.assertEqual([each.wait() for each in processes], [0] * 4)
        self.check_that_all_is_on_record()
        self.assertEqual(len(self.changes("--action", "SetTag")), 2 * 16)
        self.assertEqual(self.verdict()["open"], [])
        text = (self.audit / "audit-000001.jsonl").read_text()
        self.assertEqual(text.count('"record":"Started"'), 4)


class VerifyTest(AuditTest):
    def segment(self):
        return self.audit / "audit-000001.jsonl"

    def long_log(self, size):
        """A chain of that many bytes at least."""
        self.audit.mkdir()
        number, previous, lines = 0, "0" * 64, []
        while sum(map(len, lines[:1])) * number < size:
            number += 1
            line, previous = sealed({"audit": "v1", "chain": "c" * 32, "seq": number, "prev": previous,
                                     "time": "2026-11-24T09:00:00Z", "record": "Started", "version": "0.1.0",
                                     "replica": "a-replica-with-a-name-of-some-length"})
            lines.append(line)
        self.segment().write_text("".join(line + "\n" for line in lines))
        return number

    def test_a_full_disk_stops_publishing_before_anything_is_changed(self):
        self.image()
        self.publication()
        self.long_log(4 << 20)
        self.assertEqual(self.verdict()["finding"] if "finding" in self.verdict() else None, None)
        before = self.segment().read_bytes()
        limit = len(before) + 200

        def full():
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        # Python ignores SIGXFSZ, and so does what it starts here: writing beyond the limit is an error. However long it
        # takes, it is tried once.
        seen = self.publish("--set", "spec.retry.maxDuration=1s", preexec_fn=full, restore_signals=False)
        self.assertEqual(seen.returncode, 3, seen.stderr)
        self.assertIn("writing the audit log", seen.stderr)
        self.assertIn("make room on its volume", seen.stderr)
        self.assertEqual(self.asked(), [])
        self.assertEqual(self.segment().read_bytes(), before)
        self.assertEqual(self.publish().returncode, 0)
        self.check_that_all_is_on_record()

    def test_what_was_done_to_a_log_is_found(self):
        self.image()
        self.publication()
        self.publish()
        head = self.look("head").stdout.strip()
        self.assertRegex(head, r"^[0-9a-f]{64}@\d+$")
        good = self.look("verify", "--head", head)
        self.assertEqual(good.returncode, 0, good.stderr)
        self.assertIn("all as they were written", good.stdout)
        self.assertIn(f"head {head}", good.stdout)
        whole = self.segment().read_text().splitlines(keepends=True)

        def tampered(lines):
            self.segment().write_text("".join(lines))
            seen = self.look("verify", "--head", head)
            self.assertEqual(seen.returncode, 1)
            self.assertIn("audit-000001.jsonl:", seen.stderr)
            return re.search(r": record \d+: (\w+): ", seen.stderr).group(1)

        self.assertEqual(tampered([whole[0], whole[1].replace("team/app", "team/apq"), *whole[2:]]), "Changed")
        self.assertEqual(tampered([whole[0], *whole[2:]]), "Gap")
        self.assertEqual(tampered([whole[0], whole[2], whole[1], *whole[3:]]), "Reordered")
        self.assertEqual(tampered(whole[:-1]), "Truncated")
        self.assertEqual(self.look("verify").returncode, 0)
        self.assertEqual(self.look("verify", "--head", "nonsense").returncode, 2)
        self.assertEqual(self.look("verify", paths=[str(self.work / "nowhere")]).returncode, 1)

        self.segment().write_text("".join(whole))
        text = "a line of another program\n" + "".join(whole)
        seen = self.run_program([SLIPWAY, "audit", "verify", "-", "--head", head], input=text)
        self.assertEqual(seen.returncode, 0, seen.stderr)

    def test_of_several_notes_the_last_one_has_to_be_there(self):
        self.image()
        notes = ""
        for number in (8, 9):
            self.publication(version=f"1.{number}.0", number=number)
            self.publish()
            notes += self.look("head").stdout
        self.assertEqual(len(notes.splitlines()), 2)
        seen = self.look("verify", "--head", notes)
        self.assertEqual(seen.returncode, 0, seen.stderr)
        self.segment().write_text("".join(self.segment().read_text().splitlines(keepends=True)[:-1]))
        self.assertEqual(self.look("verify", "--head", notes).returncode, 1)
        self.assertEqual(self.look("verify", "--head", notes + "nonsense").returncode, 2)

    def test_a_collected_log_without_its_beginning_names_rotation_and_how_to_verify_the_rest(self):
        self.image()
        self.publication()
        self.publish()
        rest = self.segment().read_text().splitlines(keepends=True)[3:]
        verify = [SLIPWAY, "audit", "verify", "-"]
        seen = self.run_program(verify, input="".join(rest))
        self.assertEqual(seen.returncode, 1)
        self.assertIn("Gap: records 1 to 3 are missing", seen.stderr)
        self.assertIn("rotated away", seen.stderr)
        self.assertIn("--after PREV@3", seen.stderr)
        after = json.loads(rest[0])["prev"] + "@3"
        self.assertEqual(self.run_program([*verify, "--after", after], input="".join(rest)).returncode, 0)
        seen = self.run_program([*verify, "--after", after], input=rest[0] + "".join(rest[2:]))
        self.assertEqual(seen.returncode, 1)
        self.assertNotIn("rotated", seen.stderr)
        self.segment().write_text("".join(rest))
        self.assertNotIn("rotated", self.look("verify").stderr)

    def test_a_log_that_somebody_else_changed_is_not_written_to(self):
        self.image()
        self.publication()
        self.publish()
        text = self.segment().read_text()
        self.segment().write_text(text[:-3] + ("0" if text[-4] != "0" else "1") + text[-2:])
        self.publication(version="1.9.0", number=9)
        seen = self.publish()
        self.assertNotEqual(seen.returncode, 0)
        self.assertIn("not as it was written", seen.stderr)
        self.assertFalse(self.registry.digest("team/app", "1.9.0"))

    def test_an_export_holds_a_line_for_each_change(self):
        self.image()
        for name in ("app", "other"):
            self.publication(name=name)
        self.publish()
        seen = self.look("export", "-o", "csv", "--repository", "team/app", "--action", "SetTag", "--since", "1h")
        self.assertEqual(seen.returncode, 0, seen.stderr)
        rows = list(csv.DictReader(io.StringIO(seen.stdout)))
        self.assertEqual([(row["tag"], row["name"], row["result"]) for row in rows],
                         [("1.8.2", "app", "Done"), ("staging", "app", "Done")])
        table = self.look("export", "-n", "team", "--action", "SetTag").stdout.splitlines()
        self.assertEqual(len(table), 5)
        self.assertRegex(table[0], r"^RECORD +TIME +ACTION +WHERE +BEFORE +AFTER +ASKED BY +GENERATION +RESULT$")
        self.assertEqual(self.changes("-n", "nobody"), [])
        self.assertEqual(self.look("export", "--since", "yesterday").returncode, 2)
        self.assertEqual(self.look("export", "--since", "2020-01-01").stdout, self.look("export").stdout)
        self.assertNotIn("SetTag", self.look("export", "--since", "9999-01-01").stdout)


if __name__ == "__main__":
    SLIPWAY, EMULATOR = (str(pathlib.Path(each).resolve()) for each in sys.argv[1:3])
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
