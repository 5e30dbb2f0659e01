"""Names that lead where a test says."""
import os
import subprocess
import unittest


def leading(file, names):
    """What a command is to begin with, so that these names lead to these addresses for it, and for no other.

    Skips the test where this machine lets nobody have a mount namespace of their own; under tests/run.sh it fails.
    """
    entries = {"localhost": "127.0.0.1", **names}
    file.write_text("".join(f"{address} {name}\n" for name, address in entries.items()))
    unshare = ["unshare", "--mount", *([] if os.getuid() == 0 else ["--map-root-user"])]
    before = [*unshare, "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', str(file)]
    tried = subprocess.run([*before, "true"], capture_output=True, text=True)
    if tried.returncode == 0:
        return before
    refused = f"no names can be given to a process alone: {tried.stderr.strip()}"
    if os.environ.get("SLIPWAY_EVERY_TOOL"):
        raise AssertionError(refused)
    raise unittest.SkipTest(refused)
