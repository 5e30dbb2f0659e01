"""What lies between a client and an API server, and fails when it is told to.

    wire = Wire(cluster)
    kubeconfig = wire.kubeconfig("controller", {"token": cluster.token_of(...)})
    wire.refuse(429, path="/configmaps", times=2, retry_after=1)
    wire.cut(path="watch=true", after=2000)
    held = wire.hold(path="/secrets/")  # ... held.set()
    wire.heal()

A fault holds for requests whose method and path fit, `times` times, or until heal(). Of several the first counts. It
ends TLS on both sides, so that a client signs in with a token and not with a certificate.
"""
import collections
import dataclasses
import http.client
import http.server
import json
import re
import socket
import ssl
import threading
import time

PIECE = 1 << 16
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "te", "trailer", "upgrade"}

Seen = collections.namedtuple("Seen", "method path status")  # status 0: the client got none


@dataclasses.dataclass
class Fault:
    """What happens to a request. Several may be set: it is delayed first, and what is lost is carried out before."""
    path: str = ""  # a regular expression, looked for in the path with its query
    method: str = ""
    times: int | None = None
    delay: float = 0  # seconds before the request goes on
    held: threading.Event | None = None  # which must be set before it goes on
    answer: tuple | None = None  # (status, headers, body) instead of the server's
    cut_after: int | None = None  # bytes of the answer's body, after which the connection ends
    is_dropped: bool = False  # the server never sees it
    is_lost: bool = False  # the server carries it out, and its answer gets lost

    def fits(self, method, path):
        return self.times != 0 and self.method in ("", method) and re.search(self.path, path) is not None


def status_object(code, reason, message):
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
            "reason": reason, "code": code}


REASONS = {401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 409: "Conflict", 410: "Expired",
           429: "TooManyRequests", 500: "InternalError", 503: "ServiceUnavailable", 504: "Timeout"}


class Wire:
    """Listens on loopback, in threads of this process. Thread-safe."""

    def __init__(self, cluster):
        self.cluster = cluster
        certificate, key = cluster.authority.sign("wire", "/CN=wire", "IP:127.0.0.1,DNS:localhost")
        self.accepting = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.accepting.load_cert_chain(certificate, key)
        self.calling = ssl.create_default_context(cafile=cluster.authority.certificate)
        self.lock = threading.Lock()
        self.faults = []
        self.requests = []
        self.open = set()
        self.held = []
        self.connections = set()
        self.forgets = False
        self.listener = Listener(("127.0.0.1", 0), Exchange)
        self.listener.wire = self
        self.server = f"https://127.0.0.1:{self.listener.server_address[1]}"
        threading.Thread(target=self.listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self):
        self.listener.shutdown()
        self.listener.server_close()
        with self.lock:
            connections = list(self.connections)
        for each in connections:
            each.cut()

    def kubeconfig(self, name, user):
        """A kubeconfig that leads through here."""
        return self.cluster.write_kubeconfig(name, user, server=self.server)

    def add(self, **fault):
        made = Fault(**fault)
        with self.lock:
            self.faults.append(made)
        return made

    def refuse(self, status, path="", times=None, method="", retry_after=None, message="the test says so"):
        """Answers with a Status object as an API server does."""
        headers = {"Content-Type": "application/json"}
        if retry_after is not None:
            headers["Retry-After"] = str(retry_after)
        body = json.dumps(status_object(status, REASONS.get(status, "Unknown"), message)).encode()
        return self.add(path=path, method=method, times=times, answer=(status, headers, body))

    def expire(self, path="watch=true", times=1):
        """A watch that begins well and then says that its version is too old."""
        event = {"type": "ERROR", "object": status_object(410, "Expired", "too old resource version")}
        return self.add(path=path, times=times,
                        answer=(200, {"Content-Type": "application/json"}, json.dumps(event).encode() + b"\n"))

    def cut(self, path="", after=0, times=None, method=""):
        return self.add(path=path, method=method, times=times, cut_after=after)

    def drop(self, path="", times=None, method=""):
        return self.add(path=path, method=method, times=times, is_dropped=True)

    def lose(self, path="", times=None, method=""):
        return self.add(path=path, method=method, times=times, is_lost=True)

    def delay(self, seconds, path="", times=None, method=""):
        return self.add(path=path, method=method, times=times, delay=seconds)

    def hold(self, path="", times=None, method=""):
        """Requests that fit wait until what is returned is set, or heal()."""
        return self.add(path=path, method=method, times=times, held=threading.Event()).held

    def waiting(self, path=""):
        """How many requests hold() keeps."""
        with self.lock:
            return sum(re.search(path, each) is not None for each in self.held)

    def heal(self):
        with self.lock:
            for fault in self.faults:
                if fault.held:
                    fault.held.set()
            self.faults.clear()

    def cut_now(self, path=""):
        """Cuts the answers whose heads the client was sent; how many."""
        with self.lock:
            chosen = [each for each in self.open if re.search(path, each.path)]
        for exchange in chosen:
            exchange.cut()
        return len(chosen)

    def carries(self, path=""):
        """Whether an answer is on its way whose head the client was sent."""
        with self.lock:
            return any(re.search(path, each.path) for each in self.open)

    def forget_connections(self):
        """As something in between that lost what it knew: those there are, and each that comes until remember(), stay
        open and never carry anything again, and nobody is told."""
        with self.lock:
            self.forgets = True
            for each in self.connections:
                each.is_forgotten = True

    def remember(self):
        with self.lock:
            self.forgets = False

    def seen(self, method="", path=""):
        """The requests that had an answer, or none any more, since forget()."""
        with self.lock:
            return [one for one in self.requests if method in ("", one.method) and re.search(path, one.path)]

    def writes(self):
        """What was asked to change something, Leases apart."""
        return [one for one in self.seen() if one.method not in ("GET", "HEAD") and "/leases" not in one.path]

    def forget(self):
        with self.lock:
            self.requests.clear()

    def fault_for(self, method, path):
        with self.lock:
            for fault in self.faults:
                if fault.fits(method, path):
                    if fault.times is not None:
                        fault.times -= 1
                    return fault
        return Fault()

    def note(self, method, path, status):
        with self.lock:
            self.requests.append(Seen(method, path, status))


class Listener(http.server.ThreadingHTTPServer):
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """A client that goes away, or does not trust us, is part of the tests."""


class Exchange(http.server.BaseHTTPRequestHandler):
    """One connection of a client, and one to the server for it."""
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    path = ""
    is_forgotten = False

    def setup(self):
        self.wire = self.server.wire
        with self.wire.lock:
            self.wire.connections.add(self)
            self.is_forgotten = self.wire.forgets
        self.request = self.wire.accepting.wrap_socket(self.request, server_side=True)
        self.upstream = None
        super().setup()

    def finish(self):
        with self.wire.lock:
            self.wire.connections.discard(self)
        self.hang_up()
        super().finish()
        self.request.close()

    def log_message(self, *_):
        pass

    def hang_up(self):
        if self.upstream:
            self.upstream.close()
        self.upstream = None

    def cut(self):
        """Ends both connections at once, from any thread."""
        upstream = self.upstream
        for end in (self.request, upstream and upstream.sock):
            if end:
                try:
                    socket.socket.shutdown(end, socket.SHUT_RDWR)
                except OSError:
                    pass

    def do_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.is_forgotten:
            return self.be_silent()
        fault = self.wire.fault_for(self.command, self.path)
        if fault.delay:
            time.sleep(fault.delay)
        if fault.held:
            with self.wire.lock:
                self.wire.held.append(self.path)
            fault.held.wait()
            with self.wire.lock:
                self.wire.held.remove(self.path)
        if fault.answer:
            self.say(*fault.answer)
        elif fault.is_dropped:
            self.end_without_answer()
        else:
            self.pass_on(body, fault)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_any

    def be_silent(self):
        """Until the client goes away."""
        self.close_connection = True
        while self.request.recv(PIECE):
            pass

    def say(self, status, headers, body):
        self.wire.note(self.command, self.path, status)
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def end_without_answer(self):
        self.wire.note(self.command, self.path, 0)
        self.close_connection = True
        self.cut()

    def pass_on(self, body, fault):
        try:
            answer = self.ask(body)
        except (OSError, http.client.HTTPException):
            return self.end_without_answer()
        if fault.is_lost:
            answer.read()
            return self.end_without_answer()
        self.wire.note(self.command, self.path, answer.status)
        if self.is_forgotten:
            return self.be_silent()
        try:
            self.relay(answer, fault.cut_after)
        except (OSError, http.client.HTTPException):
            self.close_connection = True
            self.cut()
        finally:
            with self.wire.lock:
                self.wire.open.discard(self)

    def ask(self, body):
        is_new = self.upstream is None
        if is_new:
            self.upstream = http.client.HTTPSConnection("127.0.0.1", self.wire.cluster.port, context=self.wire.calling)
            self.upstream.connect()
            self.upstream.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        try:
            self.upstream.request(self.command, self.path, body or None, headers)
            return self.upstream.getresponse()
        except (OSError, http.client.HTTPException):
            self.hang_up()
            # The server may end a connection that was idle for long; nothing else is asked a second time.
            if is_new or self.command != "GET":
                raise
            return self.ask(body)

    def relay(self, answer, cut_after):
        length = answer.getheader("Content-Length")
        has_body = self.command != "HEAD" and answer.status not in (204, 304)
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        is_chunked = has_body and length is None
        if is_chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif length is not None:
            self.send_header("Content-Length", length)
        self.end_headers()
        # Not before: what cut_now() cuts has begun.
        with self.wire.lock:
            self.wire.open.add(self)
        left = cut_after
        while has_body and left != 0 and (piece := answer.read1(PIECE if left is None else min(PIECE, left))):
            if self.is_forgotten:
                return self.be_silent()
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if is_chunked else piece)
            left = None if left is None else left - len(piece)
        if left == 0:
            raise ConnectionAbortedError
        answer.read()  # Nothing is left; so the connection may take the next request.
        if is_chunked:
            self.wfile.write(b"0\r\n\r\n")
