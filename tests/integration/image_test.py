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


class Image:
    """The one image of an OCI layout, with one layer."""

    def __init__(self, layout):
        self.layout = layout
        (entry,) = json.loads((layout / "index.json").read_text())["manifests"]
        self.digest = entry["digest"]
        self.version = entry["annotations"]["org.opencontainers.image.ref.name"]
        manifest = self.blob(self.digest)
        self.settings = self.blob(manifest["config"]["digest"])["config"]
        (layer,) = manifest["layers"]
        self.layer = self.path(layer["digest"])
        with tarfile.open(self.layer) as archive:
            self.members = {one.name.rstrip("/"): one for one in archive.getmembers()}

    def path(self, digest):
        return self.layout / "blobs/sha256" / digest.removeprefix("sha256:")

    def blob(self, digest):
        return json.loads(self.path(digest).read_text())


class OfEveryBuilder:
    """What holds for the image by whatever it is built; build(LAYOUT) of the test does that."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="slipway-image-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.build(cls.folder / "slipway-image")
        cls.image = Image(cls.folder / "slipway-image")
        cls.root = cls.folder / "root"
        cls.root.mkdir()
        run("tar", "-xpf", cls.image.layer, "-C", cls.root)

    def in_image(self, *command, **environment):
        """Runs it with nothing but the image's files and /proc; where the test may choose, as the image's user and with nothing
        that can be written but /tmp."""
        is_root = os.getuid() == 0
        read_only = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && mount -t tmpfs -o mode=1777 none "$0/tmp" && '
        as_user = "--userspec=65532:65532" if is_root else ""
        enter = f'{read_only if is_root else ""}mount --rbind /proc "$0/proc" && exec chroot {as_user} "$0" "$@"'
        unshare = ["unshare", "--mount", *([] if is_root else ["--map-root-user"])]
        done = subprocess.run([*unshare, "sh", "-c", enter, str(self.root), *map(str, command)], capture_output=True,
                              text=True, env={"HOME": "/tmp", "PATH": os.environ["PATH"], **environment}, cwd="/")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_the_program_runs_in_it(self):
        self.assertEqual(self.in_image("/usr/bin/slipway", "version").strip(), f"slipway {self.image.version}")

    def test_it_holds_what_it_needs_and_no_shell(self):
        names = set(self.image.members)
        for needed in ("etc/ssl/certs/ca-certificates.crt", "usr/share/zoneinfo/Europe/Berlin",
                       "usr/share/zoneinfo/US/Eastern", "etc/passwd"):
            self.assertIn(needed, names)
        self.assertIn("BEGIN CERTIFICATE", (self.root / "etc/ssl/certs/ca-certificates.crt").read_text())
        programs = [name for name, one in self.image.members.items()
                    if one.isfile() and name.startswith(("usr/bin/", "usr/sbin/"))]
        self.assertEqual(programs, ["usr/bin/slipway"])
        for name, one in self.image.members.items():
            self.assertEqual((one.uid, one.gid), (0, 0), name)
            self.assertFalse(one.isfile() and one.mode & 0o6022, f"{name} can be written or raises rights")

    def test_every_library_has_its_package_and_licence(self):
        packages = {path.name for path in (self.root / "var/lib/dpkg/status.d").iterdir()}
        self.assertLessEqual({"libc6", "libcurl4", "libssl3", "ca-certificates", "tzdata"}, packages)
        libraries = [name for name, one in self.image.members.items() if re.search(r"/lib[^/]*\.so", name) and one.isfile()]
        self.assertGreater(len(libraries), 10)
        self.assertGreater(len(packages), 10)
        for package in packages:
            self.assertIn("Version: ", (self.root / "var/lib/dpkg/status.d" / package).read_text())
            self.assertIn(f"usr/share/doc/{package}/copyright", self.image.members)

    def test_it_says_the_same_as_the_dockerfile(self):
        steps = dict(re.findall(r"^(USER|ENTRYPOINT|CMD|ENV) (.*)$", (ROOT / "image/Dockerfile").read_text(), re.M))
        self.assertEqual(self.image.settings["User"], steps["USER"])
        self.assertEqual(self.image.settings["Entrypoint"], json.loads(steps["ENTRYPOINT"]))
        self.assertEqual(self.image.settings["Cmd"], json.loads(steps["CMD"]))
        self.assertEqual(self.image.settings["Env"], shlex.split(steps["ENV"]))
        self.assertNotIn(self.image.settings["User"].split(":")[0], ("", "0", "root"))

    def test_it_publishes_itself(self):
        emulator = Emulator(EMULATOR, self.folder / "data", REGISTRY)
        self.addCleanup(emulator.stop)
        page = (ROOT / "image/README.md").read_text()
        resources = re.search(r"^```yaml\n(.*?)^```$", page, re.M | re.S)[1].replace("0.1.0", self.image.version)
        resources = resources.replace("contoso.azurecr.io", f"{emulator.host}\n  plainHTTP: true")
        deploy = self.root / "deploy"
        shutil.copytree(self.image.layout, deploy / "slipway-image")
        (deploy / "slipway.yaml").write_text(resources)
        deploy.chmod(0o755)
        self.in_image("/usr/bin/slipway", "publish", "-f", "/deploy/slipway.yaml", SLIPWAY_REGISTRY_HOST=emulator.host,
                      SLIPWAY_REGISTRY_USERNAME=USER, SLIPWAY_REGISTRY_PASSWORD=PASSWORD)
        self.assertEqual(emulator.digest("slipway", self.image.version, user=f"{USER}:{PASSWORD}"), self.image.digest)


class ImageTest(OfEveryBuilder, unittest.TestCase):
    @staticmethod
    def build(layout, **more):
        return run(ROOT / "image/build.sh", layout, SLIPWAY, **more).strip()

    def test_the_same_input_gives_the_same_digest(self):
        self.assertEqual(self.build(self.folder / "again", umask=0o077), self.image.digest)
        self.assertEqual({one.mtime for one in self.image.members.values()}, {0})

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


if __name__ == "__main__":
    SLIPWAY, EMULATOR = sys.argv[1:3]
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
