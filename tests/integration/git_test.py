#!/usr/bin/env python3
"""A Git repository as the folder of manifests: real repositories, a real smart-HTTP server, a real sshd.

git_test.py SLIPWAY EMULATOR [TEST...]
"""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from git_servers import Repository, SmartHttp, Sshd, git  # noqa: E402
from servers import REGISTRY, Emulator, fetch, make_image, need, wait_until  # noqa: E402

SLIPWAY = EMULATOR = None
PASSWORD = "s3cret-Password!'\"$ \\x"

PUBLICATION = """
apiVersion: slipway.dev/v1alpha1
kind: ImagePublication
metadata: {{name: {name}, namespace: team}}
spec:
  registryRef: {{name: local}}
  repository: team/{name}
  source: {{ociLayout: {{path: {image}}}}}
  tags: [{{name: version, template: "{tag}"}}]
  deletionPolicy: {policy}
"""


class GitTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="slipway-git-")
        self.addCleanup(folder.cleanup)
        self.work = pathlib.Path(folder.name)
        self.repository = Repository(self.work)
        self.registry = Emulator(EMULATOR, self.work / "registry")
        self.addCleanup(self.registry.stop)
        self.repository.write("prod/registry.yaml", REGISTRY.format(host=self.registry.host))
        self.url, self.flags = f"file://{self.repository.bare}", []

    def publication(self, name="app", tag="1.0", image="../image", policy="Retain"):
        self.repository.write(f"prod/{name}.yaml", PUBLICATION.format(name=name, tag=tag, image=image, policy=policy))

    def image(self, name="image", seed=1):
        return make_image("layout", self.repository.work / name, "--layers", 1, "--layer-size", 1000, "--seed", seed)

    def command(self, verb, *arguments):
        option = "--manifests" if verb == "run" else "-f"
        state = [] if verb == "validate" else ["--state", str(self.work / "state.db")]
        return [SLIPWAY, verb, *arguments, option, self.url, "--path", "prod", *self.flags, *state]

    def environment(self, **more):
        return {"PATH": os.environ["PATH"], "HOME": str(self.work), "XDG_STATE_HOME": str(self.work / "xdg"), **more}

    def slipway(self, verb, *arguments, **environment):
        return subprocess.run(self.command(verb, *arguments), capture_output=True, text=True, timeout=300,
                              env=self.environment(**environment), cwd=self.work)

    def run_it(self, *arguments, interval="1s", **environment):
        self.logfile = self.work / "run.log"
        log = open(self.logfile, "ab")
        self.addCleanup(log.close)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.listen = f"127.0.0.1:{free.getsockname()[1]}"
        process = subprocess.Popen(
            self.command("run", "--git-interval", interval, "--listen", self.listen, *arguments), stdout=log, stderr=log,
            env=self.environment(**environment), cwd=self.work)
        self.addCleanup(lambda: process.poll() is None and (process.kill(), process.wait()))
        return process

    def log(self):
        return self.logfile.read_text() if self.logfile.exists() else ""

    def ask(self, path):
        try:
            status, _, body = fetch(f"http://{self.listen}{path}")
        except OSError:
            return 0, ""
        return status, body.decode()

    def metric(self, name):
        return next((float(line.split()[1]) for line in self.ask("/metrics")[1].splitlines() if line.startswith(name + " ")), None)

    def get(self, name="app"):
        seen = self.slipway("get", "ipub", name, "-o", "json")
        return json.loads(seen.stdout) if seen.stdout else None

    def revision(self, name="app"):
        return (self.get(name) or {}).get("status", {}).get("sourceRevision")

    def ready(self, name="app"):
        found = [each for each in (self.get(name) or {}).get("status", {}).get("conditions", []) if each["type"] == "Ready"]
        return bool(found) and found[0]["status"] == "True"

    def wait_for_readyz(self, text):
        """Metrics are counted before the folder is read: readiness may follow a moment later."""
        def holds():
            status, body = self.ask("/readyz")
            return status == 200 and text in body
        wait_until(holds, f"/readyz says {text!r}")

    def wait_for_tag(self, tag, digest, name="app"):
        wait_until(lambda: self.registry.digest(f"team/{name}", tag) == digest, f"{tag} is {digest}\n{self.log()[-3000:]}")


class FollowTest(GitTest):
    def test_commits_are_followed_bad_ones_change_nothing_and_what_is_deleted_is_deleted(self):
        digest = self.image()
        self.publication()
        self.publication("other")
        first = self.repository.push()
        self.run_it()
        self.wait_for_tag("1.0", digest)
        self.wait_for_tag("1.0", digest, "other")
        for name in ("app", "other"):
            wait_until(lambda: self.ready(name), f"{name} is ready")
        self.assertEqual(self.revision(), f"main@sha1:{first}")
        self.assertEqual(self.ask("/readyz"), (200, "ok\n"))

        self.publication(tag="2.0")
        second = self.repository.push()
        self.wait_for_tag("2.0", digest)
        wait_until(self.ready, "it is ready again")
        self.assertEqual(self.revision(), f"main@sha1:{second}")
        self.assertEqual(self.revision("other"), f"main@sha1:{first}")
        written = self.get("other")["metadata"]["resourceVersion"]

        self.publication(tag="3.0")
        self.repository.write("prod/broken.yaml", "apiVersion: slipway.dev/v1alpha1\nkind: Nothing\n")
        os.remove(self.repository.work / "prod/other.yaml")
        bad = self.repository.push()
        wait_until(lambda: self.metric("slipway_git_commit_refused") == 1, "the bad commit is refused")
        self.wait_for_readyz(f"main@sha1:{bad} changes nothing")
        seen = self.slipway("get")
        self.assertIn(f"main@sha1:{bad} changes nothing, main@sha1:{second} stays in force", seen.stderr)
        self.assertIn("prod/broken.yaml:", seen.stderr)
        self.assertIn("other", seen.stdout)
        self.assertIsNone(self.registry.digest("team/app", "3.0"))

        git("revert", "--no-edit", "HEAD", folder=self.repository.work)
        self.repository.push_as_it_is()
        wait_until(lambda: self.metric("slipway_git_commit_refused") == 0, "the revert is taken")
        self.wait_for_readyz("ok\n")
        self.assertEqual(self.get("other")["metadata"]["resourceVersion"], written)
        self.assertEqual(self.revision(), f"main@sha1:{second}")

        os.remove(self.repository.work / "prod/other.yaml")
        self.repository.push()
        wait_until(lambda: "other" not in self.slipway("get").stdout, "what is deleted is gone")
        self.assertIn("app", self.slipway("get").stdout)
        self.assertEqual(self.registry.digest("team/other", "1.0"), digest)

    def test_a_rewritten_history_is_followed_and_said_and_a_fast_forward_is_not(self):
        digest = self.image()
        self.publication()
        self.repository.push()
        self.publication(tag="2.0")
        self.repository.push()
        self.run_it()
        self.wait_for_tag("2.0", digest)
        self.publication(tag="3.0")
        self.repository.push()
        self.wait_for_tag("3.0", digest)
        self.assertNotIn("rewritten", self.log())
        git("reset", "-q", "--hard", "HEAD~2", folder=self.repository.work)
        self.publication(tag="4.0")
        self.repository.push(force=True)
        self.wait_for_tag("4.0", digest)
        wait_until(lambda: "history of the branch was rewritten" in self.log(), "it is said")

    def test_a_branch_or_a_folder_that_goes_deletes_nothing(self):
        self.image()
        self.publication(policy="Untag")
        self.repository.push()
        self.run_it()
        wait_until(self.ready, "it is ready")
        git("mv", "prod", "elsewhere", folder=self.repository.work)
        self.repository.push()
        wait_until(lambda: self.metric("slipway_git_commit_refused") == 1, "a commit without the folder is refused")
        wait_until(lambda: "has no folder" in self.log(), "it is said why, after it is counted")
        git("update-ref", "-d", "refs/heads/main", folder=self.repository.bare)
        wait_until(lambda: (self.metric("slipway_git_failures_total") or 0) >= 1, "the branch is missed")
        self.wait_for_readyz("what was in force stays")
        self.assertTrue(self.ready())
        self.assertIsNotNone(self.registry.digest("team/app", "1.0"))

    def publish_and_remove_while_the_registry_is_away(self):
        self.publication(policy="Untag")
        self.repository.push()
        self.assertEqual(self.slipway("publish").returncode, 0)
        os.remove(self.repository.work / "prod/app.yaml")
        self.repository.push()
        self.registry.fault(action="Status", status=503, times=0)

    def test_publish_takes_away_what_a_commit_no_longer_has_and_what_is_back_is_published(self):
        digest = self.image()
        self.publish_and_remove_while_the_registry_is_away()
        away = self.slipway("publish", "--timeout", "3s")
        self.assertEqual(away.returncode, 3, away.stderr)
        self.assertIn("warning: team/app: what is left of its tags can't be removed yet", away.stderr)
        self.assertNotIn("published already", away.stderr)
        self.registry.heal()
        self.assertEqual(self.registry.digest("team/app", "1.0"), digest)
        back = self.slipway("publish")
        self.assertEqual(back.returncode, 0, back.stderr)
        self.assertIn("team/app: tags removed: 1.0\nteam/app: is deleted\n", back.stderr)
        self.assertIsNone(self.registry.digest("team/app", "1.0"))
        # Deleted while the registry is away, and there again before its tags are removed.
        self.publish_and_remove_while_the_registry_is_away()
        self.assertEqual(self.slipway("publish", "--timeout", "1s").returncode, 3)
        self.registry.heal()
        self.publication(tag="2.0", policy="Untag")
        self.repository.push()
        again = self.slipway("publish")
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertIsNone(self.registry.digest("team/app", "1.0"))
        self.assertEqual(self.registry.digest("team/app", "2.0"), digest)

    def test_a_field_that_can_not_be_changed_makes_the_commit_bad(self):
        self.image()
        self.publication()
        self.repository.push()
        self.run_it()
        wait_until(self.ready, "it is ready")
        text = (self.repository.work / "prod/app.yaml").read_text()
        self.repository.write("prod/app.yaml", text.replace("team/app", "team/moved"))
        self.publication("late")
        self.repository.push()
        wait_until(lambda: self.metric("slipway_git_commit_refused") == 1, "the commit is refused")
        self.assertNotIn("late", self.slipway("get").stdout)

    def test_sighup_asks_at_once_and_a_killed_process_goes_on_without_the_repository(self):
        digest = self.image()
        self.publication()
        self.repository.push()
        process = self.run_it(interval="1h")
        self.wait_for_tag("1.0", digest)
        self.publication(tag="2.0")
        second = self.repository.push()
        process.send_signal(signal.SIGHUP)
        self.wait_for_tag("2.0", digest)
        wait_until(self.ready, "it is ready")
        process.kill()
        process.wait()
        os.rename(self.repository.bare, self.work / "away")
        self.run_it()
        wait_until(lambda: (self.metric("slipway_git_failures_total") or 0) >= 1, "it asks in vain")
        self.wait_for_readyz("ok")
        self.assertEqual(self.revision(), f"main@sha1:{second}")
        os.rename(self.work / "away", self.repository.bare)
        self.publication(tag="3.0")
        self.repository.push()
        self.wait_for_tag("3.0", digest)
        self.assertIn("answers again", self.log())

    def test_killed_at_any_moment_it_ends_with_the_newest_commit(self):
        digest = self.image()
        for number in range(300):
            self.repository.write(f"data/{number}", "x" * 2000 + str(number))
        self.publication(tag="v0")
        self.repository.push()
        for number in range(1, 9):
            process = self.run_it()
            self.publication(tag=f"v{number}")
            self.repository.write("data/0", str(number))
            self.repository.push()
            try:
                process.wait(timeout=0.04 * number)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.run_it()
        self.wait_for_tag("v8", digest)
        checkouts = [each.name for each in self.work.glob("*.git-*/commits/*") if not each.name.startswith("unfinished-")]
        self.assertLessEqual(len(checkouts), 6)

    def test_two_processes_on_one_state_follow_the_same_branch(self):
        digest = self.image()
        self.publication()
        self.repository.push()
        self.run_it()
        self.run_it()
        for tag in ("2.0", "3.0", "4.0"):
            self.publication(tag=tag)
            self.repository.push()
            self.wait_for_tag(tag, digest)
        wait_until(self.ready, "it is ready")
        self.assertNotIn('"level":"error"', self.log())

    def test_links_lead_nowhere_outside_the_commit(self):
        self.image()
        (self.work / "outside.yaml").write_text(REGISTRY.format(host="evil.example.com").replace("local", "evil"))
        self.publication()
        os.symlink(self.work / "outside.yaml", self.repository.work / "prod/link.yaml")
        self.repository.push()
        seen = self.slipway("validate")
        self.assertEqual(seen.returncode, 2)
        self.assertIn("prod/link.yaml", seen.stderr)
        self.assertIn("leads outside", seen.stderr)

    def test_hooks_filters_and_the_users_configuration_run_nothing(self):
        marker = self.work / "ran"
        (self.work / ".gitconfig").write_text(
            f'[core]\n\tsshCommand = touch {marker}\n\tfsmonitor = "touch {marker}"\n[filter "evil"]\n\tsmudge = touch {marker}\n'
            f'[credential]\n\thelper = "!touch {marker}"\n')
        self.image()
        self.repository.write(".gitattributes", "*.yaml filter=evil eol=crlf export-ignore\n")
        self.publication()
        self.repository.push()
        hook = self.repository.bare / "hooks/post-checkout"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {marker}\n")
        hook.chmod(0o755)
        seen = self.slipway("validate")
        self.assertEqual(seen.returncode, 0, seen.stderr)
        self.assertFalse(marker.exists())


class VerbTest(GitTest):
    def test_publish_plan_and_validate_take_the_newest_commit(self):
        digest = self.image()
        self.publication()
        self.repository.push()
        self.assertEqual(self.slipway("validate").returncode, 0)
        planned = self.slipway("plan")
        self.assertEqual(planned.returncode, 0, planned.stderr)
        self.assertIsNone(self.registry.digest("team/app", "1.0"))
        published = self.slipway("publish")
        self.assertEqual(published.returncode, 0, published.stderr)
        self.assertEqual(self.registry.digest("team/app", "1.0"), digest)
        self.assertIn("Commit in Git", self.slipway("describe", "ipub").stdout)
        self.publication(tag="2.0")
        self.repository.write("prod/broken.yaml", "kind: Nothing\n")
        self.repository.push()
        for verb in ("publish", "plan", "validate"):
            seen = self.slipway(verb)
            self.assertEqual(seen.returncode, 2, verb)
            self.assertIn("prod/broken.yaml", seen.stderr)
        self.assertIsNone(self.registry.digest("team/app", "2.0"))
        record = self.registry.referrers("team/app", digest)[0]
        self.assertIn(f"file://{self.repository.bare}", json.dumps(record))

    def test_a_commit_that_something_else_applies_too_is_taken_with_a_warning(self):
        digest = self.image()
        self.publication()
        self.repository.write("prod/kustomization.yaml", "resources: [app.yaml]\n")
        self.repository.write("prod/rights.yaml", "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n"
                                                  "metadata: {name: deployer, namespace: team}\n")
        self.repository.push()
        seen = self.slipway("validate")
        self.assertEqual(seen.returncode, 0, seen.stderr)
        self.assertIn("prod/kustomization.yaml:1:1: ", seen.stderr)
        self.assertIn("\"RoleBinding\" of apiVersion \"rbac.authorization.k8s.io/v1\" is passed over", seen.stderr)
        self.run_it()
        self.wait_for_tag("1.0", digest)

    def test_ctrl_c_ends_git_too(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            silent.settimeout(60)
            self.url = f"https://127.0.0.1:{silent.getsockname()[1]}/shop.git"
            for verb in (["validate"], ["get", "ipub"], ["describe", "ipub"], ["plan"]):
                with self.subTest(verb=verb):
                    process = subprocess.Popen(self.command(*verb), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                               env=self.environment(), cwd=self.work)
                    self.addCleanup(lambda process=process: process.poll() is None and process.kill())
                    connection, _ = silent.accept()
                    with connection:
                        process.send_signal(signal.SIGINT)
                        self.assertEqual(process.wait(timeout=60), 130)
                        # Git's end of the connection closes with git.
                        connection.settimeout(10)
                        while connection.recv(65536):
                            pass
            self.assertEqual(list(self.work.glob("**/unfinished-*")), [])

    def test_forms_of_local_repositories(self):
        self.image()
        self.publication()
        self.repository.push()
        for url, flags in ((str(self.repository.bare), []), ("shop.git", []), (str(self.repository.work), ["--branch", "main"])):
            self.url, self.flags = url, flags
            seen = self.slipway("validate")
            self.assertEqual(seen.returncode, 0, f"{url}: {seen.stderr}")

    def test_what_is_wrong_is_said_with_what_to_do(self):
        self.image()
        self.publication()
        self.repository.push()
        for url, flags, words in (
                (f"file://{self.work}/nowhere.git", [], "there is no such repository"),
                (self.url, ["--branch", "nope"], 'has no branch "nope"'),
                (self.url, ["--branch", "-x"], "is no name of a branch"),
                ("ext::sh -c touch% /tmp/x", ["--branch", "main"], "not read over"),
                ("http://git.example.com/shop.git", [], "without TLS"),
                (str(self.repository.work / "prod"), ["--branch", "main"], "no such repository")):
            self.url, self.flags = url, flags
            seen = self.slipway("validate")
            self.assertEqual(seen.returncode, 2, f"{url}: {seen.stdout}{seen.stderr}")
            self.assertIn(words, seen.stderr)
            self.assertIn(";", seen.stderr)


class HttpTest(GitTest):
    def setUp(self):
        super().setUp()
        self.image()
        self.publication()
        self.repository.push()
        self.server = SmartHttp(self.work, f"ci:{PASSWORD}", self.work)
        self.addCleanup(self.server.stop)
        self.url = self.server.url

    def credentials(self, password=PASSWORD):
        folder = self.work / "secret"
        folder.mkdir(exist_ok=True)
        (folder / "username").write_text("ci\n")
        (folder / "password").write_text(password + "\n")
        (folder / "ca.crt").write_bytes(self.server.ca.read_bytes())
        return ["--git-credentials-file", str(folder)]

    def test_tls_and_a_password_from_files_as_flux_names_them(self):
        self.flags = self.credentials()
        self.run_it()
        wait_until(self.ready, f"it is ready\n{self.log()[-2000:]}")
        self.assertNotIn(PASSWORD, self.log())
        # A rotated password is taken without a restart.
        self.server.server.user = "ci:rotated"
        wait_until(lambda: (self.metric("slipway_git_failures_total") or 0) >= 1, "the old one is refused")
        wait_until(lambda: "correct the user name and the password" in self.log(), "it is said what to do, after it is counted")
        self.credentials("rotated")
        failures = self.metric("slipway_git_failures_total")
        wait_until(lambda: "answers again" in self.log(), "the new one is taken")
        self.assertGreaterEqual(self.metric("slipway_git_failures_total"), failures)

    def test_a_password_from_the_environment_or_a_file_of_lines(self):
        self.flags = ["--git-ca-file", str(self.server.ca)]
        seen = self.slipway("validate", SLIPWAY_GIT_USERNAME="ci", SLIPWAY_GIT_PASSWORD=PASSWORD)
        self.assertEqual(seen.returncode, 0, seen.stderr)
        seen = self.slipway("validate", SLIPWAY_GIT_USERNAME="ci", SLIPWAY_GIT_PASSWORD=PASSWORD, SLIPWAY_GIT_HOST="elsewhere")
        self.assertEqual(seen.returncode, 2)
        from urllib.parse import quote
        lines = self.work / "lines"
        lines.write_text(f"https://x:wrong@elsewhere\nhttps://ci:{quote(PASSWORD, safe='')}@{self.server.host}\n")
        self.flags += ["--git-credentials-file", str(lines)]
        seen = self.slipway("validate")
        self.assertEqual(seen.returncode, 0, seen.stderr)
        lines.write_text("https://x:wrong@elsewhere\n")
        seen = self.slipway("validate")
        self.assertEqual(seen.returncode, 2)
        self.assertIn(f"\"{lines}\" has no line https://USER:PASSWORD@{self.server.host}; add", seen.stderr)

    def test_a_password_in_the_url_is_taken_and_never_shown(self):
        from urllib.parse import quote
        secret = "hunter2hunter2"
        self.server.server.user = f"ci:{secret}"
        self.flags = ["--git-ca-file", str(self.server.ca)]
        self.url = f"https://ci:{quote(secret)}@{self.server.host}/shop.git"
        self.run_it()
        wait_until(self.ready, f"it is ready\n{self.log()[-2000:]}")
        for verb in ("get", "describe", "plan"):
            seen = self.slipway(verb)
            self.assertNotIn(secret, seen.stdout + seen.stderr)
        self.server.server.user = "ci:another"
        wait_until(lambda: "does not let in" in self.log(), "it is refused")
        self.assertNotIn(secret, self.log())
        self.assertNotIn(secret, json.dumps(self.get()) + self.ask("/metrics")[1] + self.ask("/readyz")[1])
        for file in self.work.glob("*.git-*/**/*"):
            if file.is_file():
                self.assertNotIn(secret.encode(), file.read_bytes(), file)

    def test_no_process_shows_a_password(self):
        self.flags = self.credentials()
        self.server.server.hang.set()
        process = self.run_it()
        found = wait_until(lambda: [pid for pid in os.listdir("/proc") if pid.isdigit() and self.is_git(pid)], "git runs")
        for pid in found:
            for file in ("cmdline", "environ"):
                try:
                    self.assertNotIn(PASSWORD.encode(), pathlib.Path(f"/proc/{pid}/{file}").read_bytes())
                except FileNotFoundError:
                    pass
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=60), 0)

    def is_git(self, pid):
        try:
            return self.server.host.encode() in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes() and \
                b"git" in pathlib.Path(f"/proc/{pid}/comm").read_bytes()
        except OSError:
            return False

    def test_wrong_passwords_and_certificates_say_what_to_do(self):
        for flags, words, remedy in (
                (self.credentials("wrong"), "does not let in user \"ci\"", "correct the user name"),
                (["--git-ca-file", str(self.server.ca)], "lets in nobody without credentials", "--git-credentials-file")):
            self.flags = flags
            seen = self.slipway("validate")
            self.assertEqual(seen.returncode, 2)
            self.assertIn(words, seen.stderr)
            self.assertIn(remedy, seen.stderr)
        self.flags = []
        seen = self.slipway("validate")
        self.assertIn("certificate is not trusted", seen.stderr)
        self.assertIn("--git-ca-file", seen.stderr)
        self.flags = self.credentials("wrong")
        self.assertEqual(self.slipway("publish").returncode, 1)
        self.assertNotEqual(self.run_it().wait(timeout=60), 0)

    def test_a_server_that_is_away_is_waited_for(self):
        self.flags = self.credentials()
        self.server.server.fault = 503
        self.run_it()
        wait_until(lambda: (self.metric("slipway_git_failures_total") or 0) >= 1, "it asks in vain")
        self.assertEqual(self.ask("/readyz")[0], 503)
        self.assertEqual(self.slipway("publish").returncode, 3)
        self.server.server.fault = None
        wait_until(self.ready, "it is ready")
        self.assertEqual(self.ask("/readyz")[0], 200)


class SshTest(GitTest):
    def setUp(self):
        need("sshd")
        super().setUp()
        self.image()
        self.publication()
        self.repository.push()
        self.sshd = Sshd(self.work / "ssh")
        self.addCleanup(self.sshd.stop)
        wait_until(self.sshd.answers, "sshd answers")
        self.url = f"ssh://{self.sshd.address}{self.repository.bare}"

    def test_a_key_and_a_known_host(self):
        key, hosts = str(self.sshd.folder / "user"), str(self.sshd.known_hosts)
        self.flags = ["--git-ssh-key-file", key, "--git-known-hosts-file", hosts]
        seen = self.slipway("validate")
        self.assertEqual(seen.returncode, 0, seen.stderr)
        published = self.slipway("publish")
        self.assertEqual(published.returncode, 0, published.stderr)
        secret = self.work / "secret"
        secret.mkdir()
        shutil.copy(key, secret / "identity")
        shutil.copy(hosts, secret / "known_hosts")
        self.flags = ["--git-credentials-file", str(secret)]
        self.assertEqual(self.slipway("validate").returncode, 0)

    def test_a_wrong_host_or_a_wrong_key_is_refused_with_what_to_do(self):
        user, other = str(self.sshd.folder / "user"), str(self.sshd.folder / "other")
        for key, hosts, words in ((user, self.sshd.wrong_hosts, "the host's key is not known"),
                                  (user, "/dev/null", "the host's key is not known"),
                                  (other, self.sshd.known_hosts, "does not let in the key in")):
            if hosts == "/dev/null":
                hosts = self.work / "no_hosts"
                hosts.write_text("")
            self.flags = ["--git-ssh-key-file", key, "--git-known-hosts-file", str(hosts)]
            seen = self.slipway("validate")
            self.assertEqual(seen.returncode, 2)
            self.assertIn(words, seen.stderr)


if __name__ == "__main__":
    SLIPWAY, EMULATOR = (os.path.abspath(path) for path in sys.argv[1:3])
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=1)
