#!/usr/bin/env python3
"""image/Dockerfile, by Debian's buildah: all that image_test.py asks of the image, and its files are those of image/build.sh.

recipe_test.py EMULATOR [TEST...]     as root, with buildah and debootstrap; compiles all of Slipway, so it runs on request only

The base image is made from the package source of this machine: no registry of images is asked.
"""
import os
import pathlib
import re
import subprocess
import sys
import unittest

import image_test
from image_test import ROOT, Image, run


class RecipeTest(image_test.OfEveryBuilder, unittest.TestCase):
    @classmethod
    def build(cls, layout):
        store = cls.folder / "store"
        environment = {**os.environ, "HOME": str(cls.folder), "TMPDIR": str(cls.folder), "BUILDAH_ISOLATION": "chroot"}
        buildah = ["buildah", "--root", store / "images", "--runroot", store / "run", "--storage-driver", "vfs"]
        base = run(*buildah, "from", "scratch", env=environment).strip()
        root = run(*buildah, "mount", base, env=environment).strip()
        source = run("apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages", "Release: bookworm").split()[0]
        run("debootstrap", "--variant=minbase", "bookworm", root, source)
        run(*buildah, "commit", "--rm", base, "localhost/debian:bookworm", env=environment)
        # Says how far it is, for it takes long.
        subprocess.run([*buildah, "bud", "--pull=never", "--from", "localhost/debian:bookworm", "-f", ROOT / "image/Dockerfile",
                        "-t", "slipway", ROOT], check=True, stdout=sys.stderr, env=environment)
        version = re.search(r"project\(slipway VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
        run(*buildah, "push", "slipway", f"oci:{layout}:{version}", env=environment)

    def test_its_files_are_those_of_build_sh(self):
        run(ROOT / "image/build.sh", self.folder / "ours", self.root / "usr/bin/slipway")
        ours = Image(self.folder / "ours")

        def listed(image):
            return {(name, one.type, one.mode & 0o7777, one.linkname) for name, one in image.members.items()}
        self.assertEqual(listed(self.image) ^ listed(ours), set())


if __name__ == "__main__":
    image_test.EMULATOR = sys.argv[1]
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
