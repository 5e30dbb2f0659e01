"""Reading and writing an API server with as little work for it as can be."""
import collections
import concurrent.futures
import http.client
import json
import re
import socket
import ssl
import threading
import time

from waiting import wait_until

PUBLICATIONS = "/apis/slipway.dev/v1alpha1/imagepublications"
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
VERSION = re.compile(rb'"resourceVersion":"(\d+)"')
WRITE = re.compile(r'^apiserver_request_total\{(.*)\} ([0-9.e+]+)$', re.M)


def publications_in(namespace):
    return f"/apis/slipway.dev/v1alpha1/namespaces/{namespace}/imagepublications"


class Api:
    """An API server, asked as an administrator; a connection for each thread."""

    def __init__(self, cluster):
        self.port = cluster.port
        self.context = ssl.create_default_context(cafile=cluster.authority.certificate)
        self.context.load_cert_chain(cluster.folder / "admin.pem", cluster.folder / "admin.key")
        self.local = threading.local()

    def connect(self):
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=self.context)

    def ask(self, method, path, body=None, kind="application/json"):
        if not hasattr(self.local, "connection"):
            self.local.connection = self.connect()
        data = json.dumps(body) if body is not None else None
        headers = {"Content-Type": kind} if data else {}
        try:
            answer = self.send(method, path, data, headers)
        except http.client.RemoteDisconnected:  # what was idle for a while is closed by the server
            self.local.connection = self.connect()
            answer = self.send(method, path, data, headers)
        text = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"bench: {method} {path}: {answer.status} {text[:500]!r}")
        return text

    def send(self, method, path, data, headers):
        self.local.connection.request(method, path, data, headers)
        return self.local.connection.getresponse()

    def get(self, path):
        return json.loads(self.ask("GET", path))

    def patch(self, path, change):
        return json.loads(self.ask("PATCH", path, change, "application/merge-patch+json"))

    def create_all(self, requests, threads=8):
        """Of (path, object)."""
        with concurrent.futures.ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda request: self.ask("POST", *request), requests))

    def items(self, path):
        token = ""
        while True:
            page = self.get(f"{path}?limit=500" + (f"&continue={token}" if token else ""))
            yield from page["items"]
            token = page["metadata"].get("continue", "")
            if not token:
                return

    def version(self, path):
        return self.get(f"{path}?limit=1")["metadata"]["resourceVersion"]

    def writes(self):
        """How often something was written, by resource; Leases apart."""
        counted = collections.Counter()
        for labels, value in WRITE.findall(self.ask("GET", "/metrics").decode()):
            label = dict(re.findall(r'(\w+)="([^"]*)"', labels))
            if label["verb"] in ("POST", "PUT", "PATCH", "APPLY", "DELETE") and label["resource"] != "leases":
                counted[f'{label["resource"]}/{label["subresource"]}'.rstrip("/")] += float(value)
        return counted


class Watch:
    """The events of a collection from now on, with the moment each arrived, on a thread of its own. What the API server
    ends goes on where it was."""

    def __init__(self, api, path, accept=METADATA):
        self.api, self.path, self.accept = api, path, accept
        self.version = api.version(path)
        self.events = []
        self.news = threading.Condition()
        self.is_stopped = False
        self.open()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def open(self):
        # An API server that has just started refuses watches until it keeps the objects in memory.
        self.answer = wait_until(self.ask, "the API server takes a watch", 60)

    def ask(self):
        self.connection = self.api.connect()
        try:
            self.connection.request("GET", f"{self.path}?watch=true&timeoutSeconds=86400&resourceVersion={self.version}",
                                    headers={"Accept": self.accept})
            answer = self.connection.getresponse()
        except OSError:
            return None
        return answer if answer.status == 200 else None

    def run(self):
        while not self.is_stopped:
            try:
                self.read()
            except (OSError, http.client.HTTPException, AttributeError, ValueError):
                pass  # It was cut, or stop() was called.
            if not self.is_stopped:
                self.open()

    def read(self):
        rest = b""
        while piece := self.answer.read1(1 << 16):
            now = time.monotonic()
            *lines, rest = (rest + piece).split(b"\n")
            if not lines:
                continue
            self.version = VERSION.search(lines[-1])[1].decode()
            with self.news:
                self.events += [(now, line) for line in lines if line]
                self.news.notify_all()

    def stop(self):
        self.is_stopped = True
        # The thread that reads holds what close() would wait for.
        socket.socket.shutdown(self.connection.sock, socket.SHUT_RDWR)
        self.thread.join()

    def wait_for_quiet(self, seconds, at_least, subject):
        """When the last event came, once there were so many and none came for so long."""
        while True:
            with self.news:
                is_quiet = not self.news.wait(seconds)
                if is_quiet and len(self.events) >= at_least:
                    return self.events[-1][0]
            subject.must_run()

    def wait_for(self, fits, longest=60):
        """When the first event came that fits."""
        seen = 0
        deadline = time.monotonic() + longest
        with self.news:
            while True:
                for moment, line in self.events[seen:]:
                    if fits(json.loads(line)):
                        return moment
                seen = len(self.events)
                if not self.news.wait(max(0, deadline - time.monotonic())):
                    raise SystemExit("bench: waited in vain for an event")

    def forget(self):
        with self.news:
            self.events.clear()
