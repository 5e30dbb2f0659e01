"""Servers and programs that process tests start on loopback, and what they ask them."""

import base64
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time
import unittest
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
MANIFESTS = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json"
LONGEST_WAIT = 180  # seconds; a guard for a machine that is slow or busy, never reached otherwise

# A ContainerRegistry on `host` that lets every namespace publish to team/**.
REGISTRY = """
apiVersion: slipway.dev/v1alpha1
kind: ContainerRegistry
metadata: {{name: local}}
spec:
  loginServer: {host}
  plainHTTP: true
  authentication: {{anonymous: {{}}}}
  access:
    - {{name: all, namespaceSelector: {{}}, repositories: ["team/**"], actions: [Read, Publish]}}
"""


def wait_until(condition, what):
    """Asks until the condition holds; the time only bounds how long a failure takes."""
    deadline = time.monotonic() + LONGEST_WAIT
    while True:
        asked = time.monotonic()
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain until {what}")
        # No more than half of the time goes into asking: what is waited for needs the processor, too.
        time.sleep(min(max(0.02, time.monotonic() - asked), 1))


def fetch(url, method="GET", body=None, headers=None, data=None):
    """Status, headers and body, whatever the status. Sends `data`, or `body` as JSON."""
    data = json.dumps(body).encode() if body is not None else data
    request = urllib.request.Request(url, method=method, data=data, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=LONGEST_WAIT) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def whole_lines(log):
    """The text of a log that somebody may be writing: its last line is left out as long as it has no end."""
    return log[:log.rfind(b"\n") + 1].decode()


class Metrics:
    """A page of metrics: what it says is of one moment."""

    def __init__(self, url):
        self.text = fetch(f"{url}/metrics")[2].decode()

    def sum(self, line):
        """Of those whose name and labels begin like this."""
        return sum(float(each.rsplit(" ", 1)[1]) for each in self.text.splitlines() if each.startswith(line))

    def is_idle(self):
        """No key is due and none is with a worker, as the queue has it: all that was done is counted by then.

        controller_runtime_active_workers goes down before a key that was added meanwhile is due again.
        """
        return self.sum("workqueue_depth{") == 0 and self.sum("workqueue_unfinished_work_seconds{") == 0


def need(program):
    """Skips a test whose program is not installed; under tests/run.sh, which installs them all, it fails."""
    if shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin"):
        return
    if os.environ.get("SLIPWAY_EVERY_TOOL"):
        raise AssertionError(f"{program} is not installed")
    raise unittest.SkipTest(f"{program} is not installed")


class Registry:
    """What every registry is asked; `url` is where it is."""

    def digest(self, repository, reference, user=None):
        """What the tag names, or None."""
        headers = {"Accept": MANIFESTS}
        if user:
            headers["Authorization"] = "Basic " + base64.b64encode(user.encode()).decode()
        status, answer, _ = fetch(f"{self.url}/v2/{repository}/manifests/{reference}", "HEAD", headers=headers)
        return answer["Docker-Content-Digest"] if status == 200 else None

    def tags(self, repository):
        return sorted(json.loads(fetch(f"{self.url}/v2/{repository}/tags/list")[2])["tags"])


class DebianRegistry(Registry):
    """Debian's docker-registry over a folder of its own; without the referrers API, and it removes no tag."""

    PROGRAM = "docker-registry"

    def __init__(self, folder, deletes):
        folder.mkdir()
        (folder / "config.yml").write_text(
            "version: 0.1\nlog: {level: info, formatter: text}\n"
            f"storage: {{filesystem: {{rootdirectory: {folder}/data}}, delete: {{enabled: {str(deletes).lower()}}}}}\n"
            "http: {addr: '127.0.0.1:0'}\n")
        self.log = folder / "log"
        with open(self.log, "w") as log:
            self.process = subprocess.Popen([self.PROGRAM, "serve", str(folder / "config.yml")], stdout=log, stderr=log)
        self.host = wait_until(self.address, "docker-registry listens")
        self.url = f"http://{self.host}"

    def address(self):
        found = re.search(r"listening on (127\.0\.0\.1:\d+)", self.log.read_text())
        return found and found[1]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def lose(self, digest):
        """As a disk does, or a garbage collection that came too early: tags and links to it stay."""
        algorithm, number = digest.split(":")
        shutil.rmtree(self.log.parent / "data/docker/registry/v2/blobs" / algorithm / number[:2] / number)

    def referrers(self, repository, digest):
        """Those under the fallback tag of the distribution specification."""
        tag = digest.replace(":", "-")
        status, _, body = fetch(f"{self.url}/v2/{repository}/manifests/{tag}", headers={"Accept": MANIFESTS})
        return json.loads(body)["manifests"] if status == 200 else []


class Emulator(Registry):
    """An acr-emulator with a folder of its own."""

    def __init__(self, program, data, configuration=None, *options):
        command = [program, "--listen", "127.0.0.1:0", "--data", str(data), *map(str, options)]
        if configuration:
            pathlib.Path(f"{data}.json").write_text(json.dumps(configuration))
            command += ["--config", f"{data}.json"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.host = self.process.stdout.readline().split()[-1]
        self.url = f"http://{self.host}"

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self.process.stdout.close()

    def fault(self, **fault):
        status, _, body = fetch(f"{self.url}/_emulator/faults", "POST", fault)
        assert status < 300, body

    def heal(self):
        fetch(f"{self.url}/_emulator/faults", "DELETE")

    def forget_requests(self):
        fetch(f"{self.url}/_emulator/requests", "DELETE")

    def requests(self):
        return json.loads(fetch(f"{self.url}/_emulator/requests")[2])["requests"]

    def referrers(self, repository, digest):
        return json.loads(fetch(f"{self.url}/v2/{repository}/referrers/{digest}")[2])["manifests"]


def peer(name):
    """A client that is nobody's of ours, built when it is first asked for."""
    folder = subprocess.run([ROOT / "tests/support/peers.sh", name], check=True, stdout=subprocess.PIPE, text=True)
    return f"{folder.stdout.strip()}/{name}"


def make_image(kind, output, *arguments):
    """The digest of the image that make-image wrote."""
    made = subprocess.run(
        [ROOT / "tests/support/make-image", kind, str(output), *map(str, arguments)],
        check=True, capture_output=True, text=True)
    return made.stdout.split()[-1]


def make_report(image, *arguments):
    made = subprocess.run(
        [ROOT / "tests/support/make-image", "report", str(image), *map(str, arguments)],
        check=True, capture_output=True, text=True)
    return made.stdout
