"""The chart in a cluster of a test, and `slipway run` with the rights and arguments of its pods."""
import json
import os
import pathlib
import signal
import subprocess
import sys

from api_server import programs

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
from servers import Metrics, fetch, wait_until, whole_lines  # noqa: E402

CHART = ROOT / "charts/slipway"
NAMESPACE = "slipway-system"
GRACE = 20  # seconds
# A publication of namespace team to servers.REGISTRY.
PUBLICATION = """
---
apiVersion: slipway.dev/v1alpha1
kind: ImagePublication
metadata: {{name: {name}, namespace: team}}
spec:
  registryRef: {{name: local}}
  repository: team/{name}
  environment: staging
  source: {{image: {{reference: "{source}", plainHTTP: true}}}}
  build: {{version: {version}, number: {number}}}
  tags:
    - {{name: version, template: "{{{{version}}}}"}}
    - {{name: environment, template: "{{{{environment}}}}", mutability: Moving}}
"""


def install(cluster, release="slipway", namespace=NAMESPACE, *values):
    subprocess.run([programs() / "helm", "install", release, CHART, "-n", namespace, "--create-namespace",
                    "--kubeconfig", cluster.kubeconfig, "--set", "image.repository=contoso.azurecr.io/slipway",
                    "--set", "watchNamespaces={team}", *values],
                   check=True, capture_output=True, env={"PATH": "/usr/bin:/bin", "HOME": str(cluster.folder)})
    cluster.wait_until_kinds_are_served()


def uninstall(cluster, release="slipway", namespace=NAMESPACE):
    subprocess.run([programs() / "helm", "uninstall", release, "-n", namespace, "--kubeconfig", cluster.kubeconfig],
                   check=True, capture_output=True, env={"PATH": "/usr/bin:/bin", "HOME": str(cluster.folder)})


def upgrade(cluster, *arguments):
    """`helm upgrade` of the release slipway, as somebody who follows a page or a message."""
    subprocess.run([programs() / "helm", "upgrade", "slipway", CHART, *arguments, "--kubeconfig", cluster.kubeconfig],
                   check=True, capture_output=True, env={"PATH": "/usr/bin:/bin", "HOME": str(cluster.folder)})


def assert_nothing_forbidden(cluster, caused=lambda each: False):
    """Every service account was given what it asked the API server for, but for what a test sets out to cause.

    To be registered as a clean-up after that of the cluster and before that of the controllers: then it looks at all that
    they asked for, whatever fails in between.
    """
    refused = [each for each in cluster.audit_of_a_ready_server() if each["responseStatus"]["code"] == 403
               and each["user"].get("username", "").startswith("system:serviceaccount:") and not caused(each)]
    assert not refused, "the chart's roles do not give: " + "; ".join(
        f'{each["user"]["username"]} {each["verb"]} {each["requestURI"]}' for each in refused[:10])


def withdraw(cluster, verb, resource):
    """Takes a right of ours from the controller of the release slipway; what gives it back."""
    role = json.loads(cluster.kubectl("get", "clusterrole", "slipway-controller", "-o", "json").stdout)
    whole, rules = json.dumps(role["rules"]), []
    for rule in role["rules"]:
        if resource in rule["resources"] and verb in rule["verbs"]:
            others = [each for each in rule["resources"] if each != resource]
            rules += [{**rule, "resources": others}] if others else []
            rule = {**rule, "resources": [resource], "verbs": [each for each in rule["verbs"] if each != verb]}
        rules += [rule] if rule["verbs"] else []
    may = ["auth", "can-i", verb, f"{resource}.slipway.dev", "-n", "team", f"--as=system:serviceaccount:{NAMESPACE}:slipway"]

    def write(rules, answer):
        cluster.kubectl("patch", "clusterrole", "slipway-controller", "--type=merge", "-p", f'{{"rules": {rules}}}')
        wait_until(lambda: cluster.kubectl(*may, check=False).stdout.strip() == answer, f"the answer is {answer}")

    write(json.dumps(rules), "no")
    return lambda: write(whole, "yes")


class Controller:
    """`slipway run` as the chart's pod runs it, but for where it finds the API server and listens.

    `server`: another address of the API server, such as that of a wire.
    """

    def __init__(self, program, cluster, folder, name="slipway-0", release="slipway", namespace=NAMESPACE, server=None):
        self.folder, self.name = folder, name
        deployment = json.loads(cluster.kubectl("get", "deployment", "-n", namespace, "-l",
                                                f"app.kubernetes.io/instance={release}", "-o", "json").stdout)["items"][0]
        pod = deployment["spec"]["template"]["spec"]
        self.account = f"system:serviceaccount:{namespace}:{pod['serviceAccountName']}"
        kubeconfig = cluster.write_kubeconfig(f"controller-{name}",
                                              {"token": cluster.token_of(pod["serviceAccountName"], namespace)},
                                              **({"server": server} if server else {}))
        (container,) = pod["containers"]
        arguments = [each for each in container["args"] if each != "--in-cluster" and not each.startswith(("--listen=", "--grace="))]
        self.command = [program, *arguments, f"--kubeconfig={kubeconfig}", "--listen=127.0.0.1:0", f"--grace={GRACE}s"]
        self.variables = {}
        self.process = None

    def set(self, option, value):
        """Instead of what the chart gives."""
        self.command = [each for each in self.command if not str(each).startswith(f"{option}=")] + [f"{option}={value}"]

    def start(self):
        self.begin()
        wait_until(lambda: self.alive() and self.readiness()[0] == 200, "the controller is ready")

    def begin(self):
        path = self.folder / f"{self.name}.log"
        self.seen_before = path.stat().st_size if path.exists() else 0
        with open(path, "ab") as log:
            self.process = subprocess.Popen(
                self.command, stdout=log, stderr=log,
                env={**os.environ, "HOME": str(self.folder), "HOSTNAME": self.name, **self.variables})
        starting = wait_until(lambda: self.alive() and self.line("starting"), "the controller listens")
        self.url = f"http://127.0.0.1:{starting['port']}"

    def readiness(self):
        """What /readyz answers, and says."""
        status, _, body = fetch(f"{self.url}/readyz")
        return status, body.decode()

    def alive(self):
        assert self.process.poll() is None, self.log()[-5000:]
        return True

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(2 * GRACE)
        finally:
            self.process.kill()

    def log(self):
        """Since it was started last."""
        return whole_lines((self.folder / f"{self.name}.log").read_bytes()[self.seen_before:])

    def lines(self, message):
        return [json.loads(line) for line in self.log().splitlines() if message in line and line.startswith("{")]

    def line(self, message):
        return next(iter(self.lines(message)), None)

    def metric(self, line):
        """The sum of the metrics whose name and labels begin like this."""
        return Metrics(self.url).sum(line)

    def is_idle(self):
        return Metrics(self.url).is_idle()


def push(registry, repository, tag, layout):
    """Puts the image of an OCI layout into a registry that asks for nobody; its digest."""
    def send(method, path, data=None, media_type="application/octet-stream"):
        status, headers, body = fetch(registry.url + path if path.startswith("/") else path, method,
                                      headers={"Content-Type": media_type}, data=data)
        assert status in (201, 202), body
        return headers

    def blob(digest):
        return (layout / "blobs" / digest.replace(":", "/")).read_bytes()

    (described,) = json.loads((layout / "index.json").read_text())["manifests"]
    manifest = json.loads(blob(described["digest"]))
    for each in [manifest["config"], *manifest["layers"]]:
        where = send("POST", f"/v2/{repository}/blobs/uploads/")["Location"]
        send("PUT", where + ("&" if "?" in where else "?") + f"digest={each['digest']}", blob(each["digest"]))
    send("PUT", f"/v2/{repository}/manifests/{tag}", blob(described["digest"]), described["mediaType"])
    return described["digest"]
