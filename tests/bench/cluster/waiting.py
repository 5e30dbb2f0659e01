"""Waiting for what happens elsewhere."""
import time


def wait_until(condition, what, longest):
    """Asks until it holds; gives up after `longest` seconds."""
    deadline = time.monotonic() + longest
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise SystemExit(f"bench: waited in vain until {what}")
        time.sleep(0.1)
    return answer
