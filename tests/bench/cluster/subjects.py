"""What is measured in a cluster, and what the machine says of it."""
import os
import signal
import socket
import subprocess
import urllib.error
import urllib.request

from waiting import wait_until

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_of(pid):
    """Seconds of a processor, user and system."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak_of(pid):
    """Its largest resident memory so far, MiB."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


class Subject:
    """A controller that runs while it is measured."""

    def __init__(self, name, command, log, environment=None):
        self.name, self.log = name, log
        with open(log, "ab") as output:
            self.process = subprocess.Popen(list(map(str, command)), stdout=output, stderr=output,
                                            env={**os.environ, **(environment or {})})

    def must_run(self):
        if self.process.poll() is not None:
            raise SystemExit(f"bench: {self.name} has ended:\n{self.log.read_text()[-2000:]}")

    def cpu(self):
        return cpu_of(self.process.pid)

    def peak(self):
        return peak_of(self.process.pid)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


class Baseline(Subject):
    def __init__(self, program, kubeconfig, log):
        super().__init__("baseline", [program], log, {"KUBECONFIG": str(kubeconfig)})


class Slipway(Subject):
    def __init__(self, program, kubeconfig, log, *options):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        super().__init__("Slipway", [program, "run", "--kubeconfig", kubeconfig, "--workers", 8, "--listen",
                                     f"127.0.0.1:{self.port}", *options], log)

    def is_ready(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=10) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def wait_until_ready(self):
        wait_until(self.is_ready, "Slipway is ready", 120)
