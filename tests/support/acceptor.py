"""Who takes connections in a test."""
import socket
import threading


def pass_all(source, destination):
    """All that the one says to the other, and its end; less where a side goes, which the other one notices by itself."""
    try:
        while piece := source.recv(1 << 16):
            destination.sendall(piece)
        destination.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class Acceptor:
    """Listens on a port of loopback until stop(); each connection is for serve(), in a thread of its own."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        """Ends the connection, or keeps it."""
        raise NotImplementedError

    def stop(self):
        # What waits in accept() is not woken by closing alone.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
