"""Proxies before a registry that break off at a place, whatever the time."""
import threading

from gateway import Gateway


class Cutter(Gateway):
    """Passes connections on to `host`, and ends the one over which byte number `at` of all would go there."""

    def __init__(self, host, at):
        self.left = at
        self.has_cut = False
        self.lock = threading.Lock()
        super().__init__(host, patience=0)
        self.revive()

    def passes(self, piece):
        with self.lock:
            self.left -= len(piece)
            if self.left >= 0 or self.has_cut:
                return True
            self.has_cut = True
            return False


class Trap(Gateway):
    """Passes connections on to `host`. Once set, it holds the piece with that number until its sender is dealt with."""

    def __init__(self, host):
        self.passed = 0  # pieces since it was set
        self.at = None
        self.lock = threading.Lock()
        self.sprung, self.released = threading.Event(), threading.Event()
        self.is_lost = False
        super().__init__(host, patience=0)
        self.revive()

    def set(self, at):
        """None: it stays open."""
        with self.lock:
            self.passed, self.at = 0, at
            self.sprung, self.released = threading.Event(), threading.Event()

    def release(self, is_lost):
        """The piece gets lost, or gets there after all."""
        self.is_lost = is_lost
        self.released.set()

    def passes(self, piece):
        with self.lock:
            self.passed += 1
            is_held, sprung, released = self.passed == self.at, self.sprung, self.released
        if not is_held:
            return True
        sprung.set()
        released.wait()
        return not self.is_lost
