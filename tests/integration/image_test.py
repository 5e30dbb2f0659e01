#!/usr/bin/env python3
"""The container image: the same input gives the same digest, the program runs in its file system, and publishes it.

image_test.py SLIPWAY EMULATOR [TEST...]
"""
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from servers import ROOT, Emulator  # noqa: E402

SLIPWAY = None
EMULATOR = None
USER, PASSWORD = "ci", "a-secret"
REGISTRY = {"authentication": "Basic",
            "credentials": [{"username": USER, "password": PASSWORD, "repositories": ["slipway"],
                             "actions": ["pull", "push", "metadata_read", "metadata_write"]}]}


def run(*command, **more):
    done = subprocess.run([str(one) for one in command], capture_output=True, text=True, **more)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


class ImageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="slipway-image-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.layout = cls.folder / "slipway-image"
        cls.digest = cls.build(cls.layout)
        index = json.loads((cls.layout / "index.json").read_text())["manifests"][0]
        cls.version = index["annotations"]["org.opencontainers.image.ref.name"]
        manifest = cls.blob(index["digest"])
        cls.config = cls.blob(manifest["config"]["digest"])
        (layer,) = manifest["layers"]
        cls.root = cls.folder / "root"
        cls.root.mkdir()
        with tarfile.open(cls.path(layer["digest"])) as archive:
            cls.members = {one.name: one for one in archive.getmembers()}
        run("tar", "-xpf", cls.path(layer["digest"]), "-C", cls.root)

    @classmethod
    def path(cls, digest):
        return cls.layout / "blobs/sha256" / digest.removeprefix("sha256:")

    @classmethod
    def blob(cls, digest):
        return json.loads(cls.path(digest).read_text())

    @classmethod
    def build(cls, layout, **more):
        return run(ROOT / "image/build.sh", layout, SLIPWAY, **more).strip()

    def in_image(self, *command, **environment):
        """Runs it with nothing but the image's files and /proc; as the image's user where the test may choose one."""
        is_root = os.getuid() == 0
        as_user = "--userspec=65532:65532" if is_root else ""
        enter = f'mount --rbind /proc "$0/proc" && exec chroot {as_user} "$0" "$@"'
        unshare = ["unshare", "--mount", *([] if is_root else ["--map-root-user"])]
        done = subprocess.run([*unshare, "sh", "-c", enter, str(self.root), *map(str, command)], capture_output=True,
                              text=True, env={"HOME": "/tmp", "PATH": os.environ["PATH"], **environment}, cwd="/")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_the_same_input_gives_the_same_digest(self):
        self.assertEqual(self.build(self.folder / "again", umask=0o077), self.digest)

    def test_the_program_of_the_image_is_configured_without_what_only_tests_need(self):
        hide = 'for one in boost catch2; do mount -t tmpfs none "/usr/include/$one"; done && exec "$@"'
        unshare = ["unshare", "--mount", *([] if os.getuid() == 0 else ["--map-root-user"])]
        run(*unshare, "sh", "-c", hide, "sh", "cmake", "--preset", "image", "-B", self.folder / "configured", cwd=ROOT)

    def test_a_machine_without_python_is_told_before_anything_is_built(self):
        tools = self.folder / "tools"
        tools.mkdir()
        for program in ("bash", "realpath", "dirname"):
            (tools / program).symlink_to(shutil.which(program))
        seen = subprocess.run([ROOT / "image/build.sh", self.folder / "none", SLIPWAY], capture_output=True, text=True,
                              env={"PATH": str(tools)})
        self.assertEqual((seen.returncode, seen.stdout), (2, ""))
        self.assertIn("python3 is not there; run cmake/install-packages.sh image", seen.stderr)
        self.assertFalse((self.folder / "none").exists())

    def test_the_program_runs_in_it(self):
        self.assertEqual(self.in_image("/usr/bin/slipway", "version").strip(), f"slipway {self.version}")

    def test_it_holds_what_it_needs_and_no_shell(self):
        names = set(self.members)
        for needed in ("etc/ssl/certs/ca-certificates.crt", "usr/share/zoneinfo/Europe/Berlin",
                       "usr/share/zoneinfo/US/Eastern", "etc/passwd"):
            self.assertIn(needed, names)
        self.assertIn("BEGIN CERTIFICATE", (self.root / "etc/ssl/certs/ca-certificates.crt").read_text())
        programs = [name for name, one in self.members.items() if one.isfile() and name.startswith(("usr/bin/", "usr/sbin/"))]
        self.assertEqual(programs, ["usr/bin/slipway"])
        for name, one in self.members.items():
            self.assertEqual((one.uid, one.gid, one.mtime), (0, 0, 0), name)
            self.assertFalse(one.isfile() and one.mode & 0o6022, f"{name} can be written or raises rights")

    def test_every_library_has_its_package_and_licence(self):
        packages = {path.name for path in (self.root / "var/lib/dpkg/status.d").iterdir()}
        self.assertLessEqual({"libc6", "libcurl4", "libssl3", "ca-certificates", "tzdata"}, packages)
        libraries = [name for name, one in self.members.items() if re.search(r"/lib[^/]*\.so", name) and one.isfile()]
        self.assertGreater(len(libraries), 10)
        self.assertGreater(len(packages), 10)
        for package in packages:
            self.assertIn("Version: ", (self.root / "var/lib/dpkg/status.d" / package).read_text())
            self.assertIn(f"usr/share/doc/{package}/copyright", self.members)

    def test_it_says_the_same_as_the_dockerfile(self):
        steps = dict(re.findall(r"^(USER|ENTRYPOINT|CMD|ENV) (.*)$", (ROOT / "image/Dockerfile").read_text(), re.M))
        self.assertEqual(self.config["config"]["User"], steps["USER"])
        self.assertEqual(self.config["config"]["Entrypoint"], json.loads(steps["ENTRYPOINT"]))
        self.assertEqual(self.config["config"]["Cmd"], json.loads(steps["CMD"]))
        self.assertEqual(self.config["config"]["Env"], shlex.split(steps["ENV"]))
        self.assertNotIn(self.config["config"]["User"].split(":")[0], ("", "0", "root"))

    def test_it_publishes_itself(self):
        emulator = Emulator(EMULATOR, self.folder / "data", REGISTRY)
        self.addCleanup(emulator.stop)
        page = (ROOT / "image/README.md").read_text()
        resources = re.search(r"^```yaml\n(.*?)^```$", page, re.M | re.S)[1].replace("0.1.0", self.version)
        resources = resources.replace("contoso.azurecr.io", f"{emulator.host}\n  plainHTTP: true")
        deploy = self.root / "deploy"
        shutil.copytree(self.layout, deploy / "slipway-image")
        (deploy / "slipway.yaml").write_text(resources)
        deploy.chmod(0o755)
        self.in_image("/usr/bin/slipway", "publish", "-f", "/deploy/slipway.yaml", SLIPWAY_REGISTRY_HOST=emulator.host,
                      SLIPWAY_REGISTRY_USERNAME=USER, SLIPWAY_REGISTRY_PASSWORD=PASSWORD)
        self.assertEqual(emulator.digest("slipway", self.version, user=f"{USER}:{PASSWORD}"), self.digest)


if __name__ == "__main__":
    SLIPWAY, EMULATOR = sys.argv[1:3]
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
