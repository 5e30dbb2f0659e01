"""An HTTP proxy for a test."""
import socket
import threading

from acceptor import Acceptor, pass_all


class Tunnel(Acceptor):
    """An HTTP proxy that knows CONNECT alone, and counts. All names lead to this machine."""

    def __init__(self):
        self.led_to = []
        super().__init__()
        self.url = f"http://127.0.0.1:{self.port}"

    def serve(self, client):
        with client, client.makefile("rb") as lines:
            target = lines.readline().split()[1].decode()
            while lines.readline().strip():
                pass
            self.led_to.append(target)
            with socket.create_connection(("127.0.0.1", int(target.rsplit(":", 1)[1]))) as server:
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                back = threading.Thread(target=pass_all, args=(server, client), daemon=True)
                back.start()
                pass_all(client, server)
                back.join()
