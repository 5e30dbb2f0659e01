"""Git repositories and the servers that process tests reach them by, on loopback."""

import base64
import http.server
import os
import pathlib
import pwd
import socket
import ssl
import subprocess
import threading

CLEAN = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
         "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.com", "GIT_COMMITTER_NAME": "a",
         "GIT_COMMITTER_EMAIL": "a@example.com"}


def git(*arguments, folder=None):
    done = subprocess.run(["git", *map(str, arguments)], cwd=folder, env=CLEAN, check=True, capture_output=True, text=True)
    return done.stdout.strip()


class Repository:
    """A bare repository and somebody's clone of it."""

    def __init__(self, folder):
        self.bare = pathlib.Path(folder) / "shop.git"
        self.work = pathlib.Path(folder) / "work"
        git("init", "-q", "--bare", "-b", "main", self.bare)
        git("init", "-q", "-b", "main", self.work)

    def write(self, name, text):
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def push(self, message="a change", force=False):
        """The commit that is there now."""
        git("add", "-A", folder=self.work)
        git("commit", "-q", "--allow-empty", "-m", message, folder=self.work)
        return self.push_as_it_is(force)

    def push_as_it_is(self, force=False):
        git("push", "-q", *(["--force"] if force else []), self.bare, "HEAD:refs/heads/main", folder=self.work)
        return git("rev-parse", "HEAD", folder=self.work)


class _Backend(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def _body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _answer(self, status, headers, body=b""):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        body = self._body()
        self.server.seen.append(self.path)
        if self.server.fault:
            return self._answer(self.server.fault, {})
        if self.server.hang.is_set():
            self.server.over.wait(60)
            self.close_connection = True
            return None
        if self.server.user:
            wanted = "Basic " + base64.b64encode(self.server.user.encode()).decode()
            if self.headers.get("Authorization") != wanted:
                return self._answer(401, {"WWW-Authenticate": 'Basic realm="git"'})
        path, _, query = self.path.partition("?")
        environment = {**CLEAN, "GIT_PROJECT_ROOT": str(self.server.root), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path,
                       "QUERY_STRING": query, "REQUEST_METHOD": self.command, "REMOTE_ADDR": "127.0.0.1",
                       "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body)),
                       "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                       "GIT_PROTOCOL": self.headers.get("Git-Protocol", "")}
        said = subprocess.run(["/usr/lib/git-core/git-http-backend"], input=body, env=environment, capture_output=True).stdout
        head, _, content = said.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
        self._answer(int(headers.pop("Status", "200").split()[0]), headers, content)

    do_POST = do_GET


class SmartHttp:
    """git-http-backend behind basic authentication (user "name:password") and TLS, both if wanted."""

    def __init__(self, root, user=None, tls_folder=None):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Backend)
        self.server.daemon_threads = True
        self.server.root, self.server.user, self.server.fault, self.server.seen = root, user, None, []
        self.server.hang, self.server.over = threading.Event(), threading.Event()
        self.scheme, self.ca = "http", None
        if tls_folder:
            self.scheme, self.ca = "https", tls_folder / "ca.pem"
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test",
                            "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", tls_folder / "key.pem", "-out", self.ca],
                           check=True, capture_output=True)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.ca, tls_folder / "key.pem")
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.host = f"127.0.0.1:{self.server.server_port}"
        self.url = f"{self.scheme}://{self.host}/shop.git"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.over.set()
        self.server.shutdown()
        self.server.server_close()


class Sshd:
    """A daemon of our own for the user that runs the test, with one key."""

    PROGRAM = "/usr/sbin/sshd"

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        for name in ("host", "user", "other"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
        (folder / "authorized").write_text((folder / "user.pub").read_text())
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        (folder / "config").write_text(
            f"ListenAddress 127.0.0.1:{port}\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/authorized\n"
            f"PidFile {folder}/pid\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin yes\n")
        if os.geteuid() == 0:
            pathlib.Path("/run/sshd").mkdir(exist_ok=True)
        self.process = subprocess.Popen([self.PROGRAM, "-D", "-e", "-f", folder / "config"], stderr=subprocess.DEVNULL)
        host_key = " ".join((folder / "host.pub").read_text().split()[:2])
        self.known_hosts = folder / "known_hosts"
        self.known_hosts.write_text(f"[127.0.0.1]:{port} {host_key}\n")
        self.wrong_hosts = folder / "wrong_hosts"
        self.wrong_hosts.write_text(f"[127.0.0.1]:{port} " + " ".join((folder / "other.pub").read_text().split()[:2]) + "\n")
        self.address = f"{pwd.getpwuid(os.geteuid()).pw_name}@127.0.0.1:{port}"
        self.port = port

    def answers(self):
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self):
        self.process.terminate()
        self.process.wait()
