"""A real etcd and a real kube-apiserver with RBAC on, for as long as a test needs them, and kubectl for them."""
import base64
import itertools
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
CRDS = HERE.parents[1] / "crds/manifests"
STARTED_WITHIN = 120  # seconds; a guard for a machine that is busy, never reached otherwise


def programs(which="kubernetes"):
    """The folder of etcd, kube-apiserver, kubectl and helm, or what else build.sh knows; built first where it must be."""
    built = subprocess.run([HERE / "build.sh", which], stdout=subprocess.PIPE, text=True, check=True)
    return pathlib.Path(built.stdout.strip())


def free_ports(count):
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


class PortTaken(SystemExit):
    """A port that was free went to somebody else before the program that was to have it began to listen."""


def end(process):
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Authority:
    """Signs the certificates of one cluster, all under `folder`."""

    def __init__(self, folder):
        self.folder = folder
        self.certificate = folder / "ca.pem"
        self.openssl("req", "-x509", *self.new_key("ca"), "-days", "3", "-subj", "/CN=slipway-test", "-out", self.certificate)

    def openssl(self, *arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def new_key(self, name):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", self.folder / f"{name}.key"]

    def sign(self, name, subject, alternatives=""):
        """The paths of certificate and key."""
        request, certificate, extensions = (self.folder / f"{name}.{end}" for end in ("csr", "pem", "ext"))
        extensions.write_text(f"subjectAltName={alternatives}\n" if alternatives else "")
        self.openssl("req", "-new", *self.new_key(name), "-subj", subject, "-out", request)
        self.openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.folder / "ca.key",
                     "-CAcreateserial", "-days", "3", "-extfile", extensions, "-out", certificate)
        return certificate, self.folder / f"{name}.key"


class Cluster:
    """An API server that stores in an etcd of its own, both on ports of their own; no scheduler, no controllers.

    With `audits` it keeps a log of who asked for what. `objects` is a folder that save() wrote: it starts with what was
    there then.
    """

    def __init__(self, folder, audits=False, objects=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        if objects:
            shutil.copytree(objects, self.folder / "etcd")
        self.programs = programs()
        self.authority = Authority(self.folder)
        self.processes = []
        self.audits = audits
        self.restarts = []  # From where to where in its log of requests.
        try:
            try:
                self.start()
            except PortTaken:
                self.stop()
                self.start()
        except BaseException:
            self.stop()
            raise

    def start(self):
        self.start_etcd()
        self.start_api_server()
        self.kubeconfig = self.kubeconfig_for("admin", "/O=system:masters/CN=admin")
        self.wait_until_ready()

    def launch(self, name, *arguments):
        with open(self.folder / f"{name}.log", "ab") as log:
            process = subprocess.Popen([self.programs / name, *map(str, arguments)], stdout=log, stderr=log, cwd=self.folder)
        self.processes.append(process)
        return process

    def start_etcd(self):
        client, peer = free_ports(2)
        self.etcd = f"http://127.0.0.1:{client}"
        at_peer = f"http://127.0.0.1:{peer}"
        # The data of a test is thrown away: what waits for the disk only costs time.
        self.etcd_command = (
            "etcd", "--data-dir", self.folder / "etcd", "--unsafe-no-fsync", "--log-level", "error",
            "--listen-client-urls", self.etcd, "--advertise-client-urls", self.etcd,
            "--listen-peer-urls", at_peer, "--initial-advertise-peer-urls", at_peer,
            "--initial-cluster", f"default={at_peer}")
        self.store = self.launch(*self.etcd_command)

    def start_api_server(self):
        certificate, key = self.authority.sign("api-server", "/CN=kube-apiserver",
                                               "IP:127.0.0.1,DNS:localhost,DNS:kubernetes.default.svc")
        accounts = self.folder / "service-accounts.key"
        self.authority.openssl("genrsa", "-out", accounts, "2048")
        (self.port,) = free_ports(1)
        self.server = f"https://127.0.0.1:{self.port}"
        self.api_server_command = (
            "kube-apiserver", *self.audit_flags(), "--etcd-servers", self.etcd, "--bind-address", "127.0.0.1",
            "--secure-port", self.port, "--tls-cert-file", certificate, "--tls-private-key-file", key,
            "--client-ca-file", self.authority.certificate, "--authorization-mode", "RBAC",
            "--service-cluster-ip-range", "10.0.0.0/24", "--service-account-issuer", "https://kubernetes.default.svc",
            "--service-account-key-file", accounts, "--service-account-signing-key-file", accounts,
            "--disable-admission-plugins", "ServiceAccount", "--endpoint-reconciler-type", "none")
        self.api_server = self.launch(*self.api_server_command)

    def restart_api_server(self):
        """The same one, with the same address, which has forgotten what it kept in memory."""
        self.processes.remove(self.api_server)
        end(self.api_server)
        self.resume_api_server()

    def kill_api_server(self):
        """Until it is resumed."""
        self.processes.remove(self.api_server)
        self.api_server.kill()
        self.api_server.wait()

    def resume_api_server(self):
        began = self.audited()
        self.api_server = self.launch(*self.api_server_command)
        self.wait_until_ready()
        self.restarts.append((began, self.audited()))

    def compact(self):
        """Lets etcd forget every revision but the present one, so that older versions can't be watched from."""
        revision = self.ask_etcd("range", {"key": base64.b64encode(b"/").decode()})["header"]["revision"]
        self.ask_etcd("compaction", {"revision": revision, "physical": True})

    def ask_etcd(self, what, body):
        """What etcd answers; keys and values are base64."""
        request = urllib.request.Request(f"{self.etcd}/v3/kv/{what}", json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=STARTED_WITHIN) as answer:
            return json.load(answer)

    def while_store_is_away(self, act):
        """Ends etcd and the API server, and starts them again with the same addresses."""
        self.kill_api_server()
        self.processes.remove(self.store)
        end(self.store)
        act(self.folder / "etcd")
        self.store = self.launch(*self.etcd_command)
        self.resume_api_server()

    def back_up(self, folder):
        """Keeps what etcd has now, for restore()."""
        self.while_store_is_away(lambda store: shutil.copytree(store, folder))

    def restore(self, folder):
        """Puts etcd back to what back_up() kept: its versions go back, too."""
        def put_back(store):
            shutil.rmtree(store)
            shutil.copytree(folder, store)
        self.while_store_is_away(put_back)

    def save(self, folder):
        """Ends it, and keeps its objects for others that start with them."""
        self.stop()
        shutil.copytree(self.folder / "etcd", folder)

    def audit_flags(self):
        if not self.audits:
            return []
        policy = self.folder / "audit-policy.json"
        policy.write_text(json.dumps({"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"],
                                      "rules": [{"level": "Request", "verbs": ["create", "update"], "resources": [
                                          {"group": "coordination.k8s.io", "resources": ["leases"]}]}, {"level": "Metadata"}]}))
        self.audit_log = self.folder / "audit.log"
        return ["--audit-policy-file", policy, "--audit-log-path", self.audit_log]

    def audited(self):
        """How far its log of requests is: what audit() takes to give those that come later."""
        return self.audit_log.read_bytes().rfind(b"\n") + 1 if self.audits else 0

    def audit(self, since=0, until=None):
        """Every request that was answered since then, as audit events; with what was written where that is a Lease."""
        with open(self.audit_log, "rb") as log:
            log.seek(since)
            text = log.read() if until is None else log.read(until - since)
        # The last may still be written.
        return [json.loads(line) for line in text[:text.rfind(b"\n") + 1].splitlines()]

    def audit_of_a_ready_server(self):
        """Without what was asked while it started again: until it has read the roles it refuses everybody."""
        edges = [0, *itertools.chain.from_iterable(self.restarts), None]
        return [each for begin, end in zip(edges[::2], edges[1::2]) for each in self.audit(begin, end)]

    def kubeconfig_for(self, name, subject):
        """A kubeconfig whose user is the subject of a client certificate."""
        certificate, key = self.authority.sign(name, subject)
        return self.write_kubeconfig(name, {"client-certificate": str(certificate), "client-key": str(key)})

    def write_kubeconfig(self, name, user, **cluster):
        """`cluster`: what its entry has instead, such as another server."""
        path = self.folder / f"{name}.kubeconfig"
        authority = base64.b64encode(self.authority.certificate.read_bytes()).decode()
        path.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": self.server, "certificate-authority-data": authority,
                                                      **cluster}}],
            "users": [{"name": name, "user": user}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": name}}]}))
        return path

    def wait_until_ready(self):
        deadline = time.monotonic() + STARTED_WITHIN
        while self.kubectl("get", "--raw", "/readyz", check=False).returncode != 0:
            ended = [process.args[0].name for process in self.processes if process.poll() is not None]
            if ended or time.monotonic() > deadline:
                name = ended[0] if ended else "kube-apiserver"
                log = (self.folder / f"{name}.log").read_text(errors="replace")
                failure = PortTaken if "address already in use" in log else SystemExit
                raise failure(f"{name} does not start:\n{log[-3000:]}")
            time.sleep(0.2)

    def kubectl(self, *arguments, stdin=None, kubeconfig=None, check=True):
        """What kubectl said, as a finished process."""
        finished = subprocess.run(
            [self.programs / "kubectl", "--kubeconfig", kubeconfig or self.kubeconfig, *map(str, arguments)],
            input=stdin, capture_output=True, text=True, env={**os.environ, "HOME": str(self.folder)})
        if check and finished.returncode != 0:
            raise AssertionError(f"kubectl {' '.join(map(str, arguments))}: {finished.stderr}")
        return finished

    def apply_crds(self, folder=CRDS):
        """Puts those of a folder there, and waits until they are served."""
        self.kubectl("apply", "--server-side", "-f", folder)
        self.wait_until_kinds_are_served()

    def wait_until_kinds_are_served(self):
        """Of every CRD: it is Established some moments before it is found by whoever asks what there is."""
        self.kubectl("wait", "--for=condition=Established", "--timeout=180s", "crd", "--all")
        deadline = time.monotonic() + STARTED_WITHIN
        while missing := self.names("get", "crd") - self.names("api-resources"):
            if time.monotonic() > deadline:
                raise AssertionError(f"Established, and not served: {missing}")
            time.sleep(0.1)

    def names(self, *question):
        said = self.kubectl(*question, "-o", "name", check=False).stdout
        return {each.rpartition("/")[2] for each in said.split()}

    def token_of(self, account, namespace, *options):
        """A token of that ServiceAccount."""
        return self.kubectl("create", "token", account, "-n", namespace, *options).stdout.strip()

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
        for process in reversed(self.processes):
            end(process)
        self.processes.clear()


def temporary_cluster(test_class, **options):
    """One cluster for all tests of a class, with the options of Cluster."""
    folder = tempfile.TemporaryDirectory(prefix="slipway-cluster-")
    test_class.addClassCleanup(folder.cleanup)
    cluster = Cluster(folder.name, **options)
    test_class.addClassCleanup(cluster.stop)
    return cluster
