"""Who takes connections in a test."""
import socket
import threading


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
