"""The two registries of a benchmark (Debian's docker-registry), and what counts the traffic before them."""
import collections
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

# Behind this folder: it has a module named servers, too.
sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from acceptor import Acceptor  # noqa: E402

PROGRAM = "/usr/bin/docker-registry"
REQUEST = re.compile(r'"(GET|HEAD|POST|PUT|PATCH|DELETE) (\S+) HTTP/1\.[01]" (\d{3})')


KINDS = [("mount", r"/blobs/uploads/\?mount="), ("upload", r"/blobs/uploads/"), ("blob", r"/blobs/"),
         ("referrers", r"/referrers/"), ("list of tags", r"/tags/list"), ("manifest by digest", r"/manifests/sha256:"),
         ("referrers' tag", r"/manifests/sha256-[0-9a-f]{64}$"), ("signature tag", r"/manifests/sha256-"),
         ("tag", r"/manifests/")]


def kind_of(path):
    return next((kind for kind, pattern in KINDS if re.search(pattern, path)), path.split("?")[0])


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_certificate(folder):
    """A self-signed certificate of 127.0.0.1; the paths of certificate and key."""
    certificate, key = os.path.join(folder, "server.pem"), os.path.join(folder, "server.key")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3",
         "-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, stderr=subprocess.DEVNULL)
    return certificate, key


class Registry:
    """docker-registry on a port of its own over `storage`, which stays when it is stopped."""

    def __init__(self, folder, storage, tls=None, counted=False):
        self.folder, self.storage, self.tls = folder, storage, tls
        self.port = free_port()
        self.host = f"127.0.0.1:{self.port}"
        self.forwarder = None
        self.log = os.path.join(folder, f"requests-{self.port}.log")
        os.makedirs(storage, exist_ok=True)
        self.start(counted)
        if counted:
            self.forwarder = Forwarder(self.port)
            self.host = f"127.0.0.1:{self.forwarder.port}"

    def start(self, counted):
        config = os.path.join(self.folder, f"registry-{self.port}.yml")
        certificate = "\n  tls: {certificate: %s, key: %s}" % self.tls if self.tls else ""
        with open(config, "w") as file:
            file.write(f"""version: 0.1
log: {{level: error, accesslog: {{disabled: {str(not counted).lower()}}}}}
storage:
  cache: {{blobdescriptor: inmemory}}
  filesystem: {{rootdirectory: {self.storage}}}
  delete: {{enabled: true}}
http:
  addr: 127.0.0.1:{self.port}{certificate}
""")
        with open(self.log, "w") as log:
            self.process = subprocess.Popen([PROGRAM, "serve", config], stdout=log, stderr=log)
        for _ in range(500):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        with open(self.log) as log:
            raise SystemExit(f"bench: docker-registry does not start:\n{log.read()}")

    def stop(self, remove=False):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        if self.forwarder:
            self.forwarder.stop()
        if remove:
            shutil.rmtree(self.storage)

    def requests(self):
        """How often what kind of request was answered how, from the access log: "HEAD blob 404"."""
        with open(self.log) as log:
            found = [match for match in map(REQUEST.search, log) if match]
        return collections.Counter(f"{match[1]} {kind_of(match[2])} {match[3]}" for match in found)

    def bytes(self):
        """Bytes that went to the registry and that came from it."""
        return self.forwarder.to_server, self.forwarder.from_server

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Forwarder(Acceptor):
    """Hands every connection on to `port` and counts what passes."""

    def __init__(self, port):
        self.target = port
        self.to_server = self.from_server = 0
        self.lock = threading.Lock()
        super().__init__()

    def serve(self, client):
        with client, socket.create_connection(("127.0.0.1", self.target)) as server:
            ways = {client: server, server: client}
            while ways:
                for end in select.select(list(ways), [], [])[0]:
                    if not self.pass_on(end, ways[end], client):
                        return

    def pass_on(self, end, other, client):
        try:
            data = end.recv(1 << 18)
            other.sendall(data)
        except OSError:
            return False
        with self.lock:
            if end is client:
                self.to_server += len(data)
            else:
                self.from_server += len(data)
        return bool(data)
