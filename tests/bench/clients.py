"""The programs that are measured: how each is asked to do the same work, and what a run of it took."""
import dataclasses
import os
import re
import subprocess
import time

PEERS = ("regctl", "oras", "skopeo", "crane")


@dataclasses.dataclass
class Used:
    """What one run took: seconds, seconds, KiB."""
    wall: float
    cpu: float
    peak: int = 0


def measure(command, environment, watch_memory=False):
    """Runs `command` to its end. Peak memory is asked of the kernel while it runs, because what wait4() gives holds
    that of the process before it became `command` too."""
    began = time.monotonic()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    peak = 0
    if watch_memory:
        while True:
            try:
                with open(f"/proc/{process.pid}/status") as status:
                    found = re.search(r"VmHWM:\s+(\d+)", status.read())
                if not found:
                    break
                peak = max(peak, int(found[1]))
            except OSError:
                break
            time.sleep(0.01)
    output = process.stdout.read().decode(errors="replace")
    _, status, used = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"bench: {' '.join(command)} ended with {process.returncode}:\n{output[-3000:]}")
    return Used(wall, used.ru_utime + used.ru_stime, peak)


class Client:
    """`name` with the folder it may write to; `tls`: the authorities' file when the registries speak TLS."""

    def __init__(self, name, programs, folder, tls=None):
        self.name, self.programs, self.folder, self.tls = name, programs, folder, tls
        self.environment = {"PATH": os.environ["PATH"], "HOME": folder, "XDG_STATE_HOME": os.path.join(folder, "state"),
                            "LC_ALL": "C.UTF-8"}
        if tls:
            self.environment["SSL_CERT_FILE"] = tls

    def copy(self, source, destination, watch_memory=False):
        """Copies one image, both named HOST/NAME:TAG, on its defaults."""
        return measure(getattr(self, self.name.replace("-", "_"))(source, destination), self.environment, watch_memory)

    def regctl(self, source, destination):
        hosts = [] if self.tls else [f"--host=reg={name.split('/')[0]},tls=disabled" for name in (source, destination)]
        return [self.programs["regctl"], "image", "copy", *hosts, source, destination]

    def oras(self, source, destination):
        plain = [] if self.tls else ["--from-plain-http", "--to-plain-http"]
        return [self.programs["oras"], "cp", "--no-tty", *plain, source, destination]

    def skopeo(self, source, destination):
        plain = [] if self.tls else ["--src-tls-verify=false", "--dest-tls-verify=false"]
        return [self.programs["skopeo"], "copy", "--insecure-policy", "--preserve-digests", *plain,
                f"docker://{source}", f"docker://{destination}"]

    def crane(self, source, destination):
        return [self.programs["crane"], "copy", *([] if self.tls else ["--insecure"]), source, destination]

    def engine(self, source, destination):
        tls = ["--tls", "--ca", self.tls] if self.tls else []
        return [self.programs["engine"], *tls, source, destination]

    def publish(self, source, destination):
        folder = os.path.join(self.folder, "manifests")
        write_manifests(folder, destination.split("/")[0], [(source, destination.split("/", 1)[1].split(":")[0])], self.tls)
        return [self.programs["publish"], "publish", "-f", folder]

    def publish_all(self, source_host, destination_host, repositories, attached, follow):
        """All of `repositories` in one call, with what is attached to them or without, sources followed or not. Written
        anew only when there is nothing: the second call finds its state."""
        folder = os.path.join(self.folder, "manifests")
        if not os.path.isdir(folder):
            write_manifests(folder, destination_host,
                            [(f"{source_host}/{repository}:1", repository) for repository in repositories], self.tls, attached,
                            follow)
        return measure([self.programs["publish"], "publish", "-f", folder], self.environment)

    def regsync_all(self, source_host, destination_host, repositories, attached):
        """The same; regsync copies what is attached when it is told to, by referrer and by the tags of signatures."""
        also = ", referrers: true, digestTags: true" if attached else ""
        config = os.path.join(self.folder, "regsync.yml")
        creds = "\n".join(f"  - {{registry: '{host}', tls: disabled}}" for host in (source_host, destination_host))
        sync = "\n".join(f"  - {{source: '{source_host}/{name}:1', target: '{destination_host}/{name}:1', type: image{also}}}"
                         for name in repositories)
        with open(config, "w") as file:
            file.write(f"version: 1\ncreds:\n{creds}\nsync:\n{sync}\n")
        return measure([self.programs["regsync"], "once", "-c", config], self.environment)


def write_manifests(folder, host, images, tls, attached=True, follow=False):
    """A registry and one publication for each (source, repository)."""
    os.makedirs(folder)
    plain = "" if tls else "\n  plainHTTP: true"
    with open(os.path.join(folder, "registry.yaml"), "w") as file:
        file.write(f"""apiVersion: slipway.dev/v1alpha1
kind: ContainerRegistry
metadata: {{name: bench}}
spec:
  loginServer: {host}{plain}
  authentication: {{anonymous: {{}}}}
  access:
    - {{name: all, namespaceSelector: {{}}, repositories: ["**"], actions: [Read, Publish]}}
""")
    for source, repository in images:
        name = repository.replace("/", "-")
        with open(os.path.join(folder, f"{name}.yaml"), "w") as file:
            file.write(f"""apiVersion: slipway.dev/v1alpha1
kind: ImagePublication
metadata: {{name: {name}}}
spec:
  registryRef: {{name: bench}}
  repository: {repository}
  source:
    image: {{reference: "{source}"{"" if tls else ", plainHTTP: true"}}}
    referrers: {"All" if attached else "None"}
    follow: {str(follow).lower()}
  build: {{version: 1.0.0}}
  tags:
    - {{name: version, template: "{{{{version}}}}", mutability: {"Moving" if follow else "Immutable"}}}
""")
