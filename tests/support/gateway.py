"""A proxy before a registry that may be dead."""
import socket
import threading

from acceptor import Acceptor, pass_all


class Gateway(Acceptor):
    """Passes connections on to `host`, once revive() was called. Until then a request gets 504 after `patience` seconds."""

    def __init__(self, host, patience):
        name, _, port = host.rpartition(":")
        self.behind = (name, int(port))
        self.patience = patience
        self.alive = threading.Event()
        super().__init__()
        self.host = f"127.0.0.1:{self.port}"

    def revive(self):
        self.alive.set()

    def passes(self, piece):
        """Whether this piece of a request is passed on; if not, its connection ends."""
        return True

    def serve(self, client):
        with client:
            first = client.recv(1 << 16)
            if not self.alive.wait(self.patience):
                client.sendall(b"HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            with socket.create_connection(self.behind) as server:
                back = threading.Thread(target=pass_all, args=(server, client), daemon=True)
                back.start()
                self.pass_on(first, client, server)
                back.join()

    def pass_on(self, first, client, server):
        try:
            piece = first
            while piece:
                if not self.passes(piece):
                    for end in (client, server):
                        end.shutdown(socket.SHUT_RDWR)
                    return
                server.sendall(piece)
                piece = client.recv(1 << 16)
            server.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # One side went, and the other one notices by itself.
