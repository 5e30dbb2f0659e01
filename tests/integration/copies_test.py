#!/usr/bin/env python3
"""Images of other makers, published from one real server to another, and looked at there by clients that are nobody's of ours.

copies_test.py SLIPWAY EMULATOR [TEST...]
"""

import json
import os
import pathlib
import subprocess
import sys
import unittest

import program_test
from program_test import RECORD

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from servers import LONGEST_WAIT, REGISTRY, DebianRegistry, Emulator, make_image, need, peer  # noqa: E402

SBOM, SIGNATURE = "application/spdx+json", "application/vnd.example.signature"


class CopyTest(program_test.ProgramTest):
    """From either kind of registry to the emulator."""

    def setUp(self):
        need("skopeo")
        super().setUp()

    def emulator(self, configuration=None):
        source = Emulator(program_test.EMULATOR, self.work / "source", configuration)
        self.addCleanup(source.stop)
        return source

    def debian(self):
        need(DebianRegistry.PROGRAM)
        source = DebianRegistry(self.work / "source", True)
        self.addCleanup(source.stop)
        return source

    def foreign(self, *command):
        done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=LONGEST_WAIT, cwd=self.work,
                              env={**os.environ, "HOME": str(self.work)})
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def skopeo(self, verb, *arguments):
        return self.foreign("skopeo", "--insecure-policy", verb, *arguments)

    def push(self, source, repository, *arguments):
        """The image of the layout, to tag 1."""
        self.skopeo("copy", "-q", "--all", *arguments, "--dest-tls-verify=false", f"oci:{self.work}/image:latest",
                    f"docker://{source.host}/{repository}:1")

    def in_layout(self, digest):
        return json.loads((self.work / "image/blobs" / digest.replace(":", "/")).read_text())

    def publish_from(self, name, source):
        """`source`: the YAML of spec.source."""
        self.publication(name)
        path = self.manifests / f"{name}.yaml"
        path.write_text(path.read_text().replace("{ociLayout: {path: ../image}}", source))

    def publish_copy(self, name, source, repository, more=""):
        self.publish_from(name, f'{{image: {{reference: "{source.host}/{repository}:1", plainHTTP: true}}{more}}}')

    def publish(self):
        seen = self.slipway("publish")
        self.assertEqual(seen.code, 0, seen.errors)
        again = self.slipway("publish")
        self.assertEqual(again.code, 0, again.errors)
        self.assertNotIn("warning", seen.errors + again.errors)


class ToDebian:
    """The same to a registry that is nobody's of ours and has no referrers API."""

    def start_registry(self):
        need(DebianRegistry.PROGRAM)
        return DebianRegistry(self.work / "registry", True)


class AttachedTest(CopyTest):
    """What is attached to the image travels along."""

    @classmethod
    def setUpClass(cls):
        cls.program = peer("oras")

    def oras(self, *arguments):
        return self.foreign(self.program, *arguments)

    def attach(self, kind, subject):
        """The digest of what refers to the subject from now on."""
        (self.work / "statement.json").write_text(json.dumps({"of": kind}))
        done = self.oras("attach", "--plain-http", "--format", "json", "--artifact-type", kind, subject,
                         "statement.json:application/json")
        return json.loads(done)["digest"]

    def make_attached(self, source):
        """An SBOM, a signature on it and one on a child of the index, and a tag as cosign's; the digests of index and child."""
        index = make_image("index", self.work / "image", "--gzip", "--layers", 2, "--layer-size", 5000,
                           "--platform", "linux/amd64", "--platform", "linux/arm64")
        self.push(source, "t/app", "--preserve-digests")
        child = self.in_layout(index)["manifests"][0]["digest"]
        at = f"{source.host}/t/app"
        sbom = self.attach(SBOM, f"{at}@{index}")
        self.attach(SIGNATURE, f"{at}@{sbom}")
        self.attach(SIGNATURE, f"{at}@{child}")
        self.signature_tag = index.replace(":", "-") + ".sig"
        self.oras("push", "--plain-http", f"{at}:{self.signature_tag}",
                  "statement.json:application/vnd.dev.cosign.simplesigning.v1+json")
        return index, child

    def tree(self, place):
        """What is attached to a manifest and to that in turn, as oras finds it, without our record."""
        def below(node):
            return sorted((each["digest"], each["artifactType"], below(each)) for each in node.get("referrers") or []
                          if each["artifactType"] != RECORD)
        return below(json.loads(self.oras("discover", "--plain-http", "--format", "json", place)))

    def check_arrived(self, source, index, child):
        for manifest in (index, child):
            self.assertEqual(self.tree(f"{self.registry.host}/team/app@{manifest}"), self.tree(f"{source.host}/t/app@{manifest}"))
        ((_, kind, ((_, of_it, nothing),)),) = self.tree(f"{self.registry.host}/team/app@{index}")
        self.assertEqual((kind, of_it, nothing), (SBOM, SIGNATURE, []))
        self.assertEqual([each[1] for each in self.tree(f"{self.registry.host}/team/app@{child}")], [SIGNATURE])
        self.assertEqual(self.registry.digest("team/app", self.signature_tag), source.digest("t/app", self.signature_tag))
        self.assertIsNotNone(self.registry.digest("team/app", self.signature_tag))
        self.assertEqual(len(self.records(index)), 1)

    def copy_from(self, source):
        index, child = self.make_attached(source)
        self.publish_copy("app", source, "t/app")
        self.publish()
        self.check_arrived(source, index, child)

    def test_from_a_registry_with_the_referrers_api(self):
        self.copy_from(self.emulator())

    def test_from_a_registry_without_it(self):
        self.copy_from(self.debian())

    def test_from_a_layout(self):
        source = self.emulator()
        index, child = self.make_attached(source)
        for options in (("-r", f"{source.host}/t/app:1", "layout:1"),
                        (f"{source.host}/t/app:{self.signature_tag}", f"layout:{self.signature_tag}")):
            self.oras("cp", "--from-plain-http", "--to-oci-layout", *options)
        self.publish_from("app", '{ociLayout: {path: ../layout, image: "1"}}')
        self.publish()
        self.check_arrived(source, index, child)

    def test_one_platform_takes_along_what_is_attached_to_it_alone(self):
        source = self.emulator()
        index, child = self.make_attached(source)
        self.publish_copy("app", source, "t/app", ", platforms: [linux/amd64]")
        self.publish()
        published = self.registry.digest("team/app", "1.8.2")
        self.assertNotIn(published, (index, None))
        self.assertEqual(self.tree(f"{self.registry.host}/team/app@{published}"), [])
        self.assertEqual([each[1] for each in self.tree(f"{self.registry.host}/team/app@{child}")], [SIGNATURE])
        self.assertIsNone(self.registry.digest("team/app", self.signature_tag))

    def test_nothing_travels_where_that_is_wished(self):
        source = self.emulator()
        index, child = self.make_attached(source)
        self.publish_copy("app", source, "t/app", ", referrers: None")
        self.publish()
        self.assertEqual([self.tree(f"{self.registry.host}/team/app@{manifest}") for manifest in (index, child)], [[], []])
        self.assertIsNone(self.registry.digest("team/app", self.signature_tag))
        self.assertEqual(len(self.records(index)), 1)


class AttachedDebianTest(ToDebian, AttachedTest):
    pass


class PlatformsTest(CopyTest):
    """A subset of the platforms, and Docker's own manifests, which skopeo makes and reads back."""
    LISTS = {"oci": ("oci", "application/vnd.oci.image.index.v1+json"),
             "docker": ("v2s2", "application/vnd.docker.distribution.manifest.list.v2+json")}
    THREE = ["amd64", "arm64", "s390x"]

    def make_lists(self, source):
        make_image("index", self.work / "image", "--gzip", "--layers", 2, "--layer-size", 50000,
                   *(part for each in self.THREE for part in ("--platform", f"linux/{each}")))
        for name, (form, _) in self.LISTS.items():
            self.push(source, f"t/{name}", "--format", form)

    def raw(self, registry, reference):
        return self.skopeo("inspect", "--raw", "--tls-verify=false", f"docker://{registry.host}/{reference}")

    def check_list(self, name, media_type, architectures):
        index = json.loads(self.raw(self.registry, f"team/{name}:1.8.2"))
        self.assertEqual(index["mediaType"], media_type)
        self.assertEqual([each["platform"]["architecture"] for each in index["manifests"]], architectures)
        # It checks every digest, size and diff id while it copies.
        self.skopeo("copy", "-q", "--all", "--src-tls-verify=false", f"docker://{self.registry.host}/team/{name}:1.8.2",
                    f"dir:{self.work}/read-{name}")

    def copy_from(self, source):
        self.make_lists(source)
        parts = {"whole": self.THREE, "two": ["amd64", "arm64"], "one": ["arm64"]}
        for name in self.LISTS:
            for part, architectures in parts.items():
                wanted = ", ".join(f"linux/{each}" for each in reversed(architectures))
                self.publish_copy(f"{part}-{name}", source, f"t/{name}", "" if part == "whole" else f", platforms: [{wanted}]")
        self.publish()
        for name, (_, media_type) in self.LISTS.items():
            for part, architectures in parts.items():
                self.check_list(f"{part}-{name}", media_type, architectures)
            self.assertEqual(self.raw(self.registry, f"team/whole-{name}:1.8.2"), self.raw(source, f"t/{name}:1"))

    def test_from_the_emulator(self):
        self.copy_from(self.emulator())

    def test_from_debian(self):
        self.copy_from(self.debian())


class PlatformsDebianTest(ToDebian, PlatformsTest):
    pass


class RedirectedTest(CopyTest):
    """From a registry whose blobs lie on another host, which refuses an Authorization header."""
    USER, PASSWORD = "ci", "secret"

    def setUp(self):
        super().setUp()
        self.source = self.emulator(
            {"profile": "acr", "credentials": [{"username": self.USER, "password": self.PASSWORD}]})
        self.write("azure.yaml", REGISTRY.format(host=self.source.host).replace("name: local", "name: azure").replace(
            "anonymous: {}", "basic: {secretRef: {name: ci}}") + f"""
---
apiVersion: v1
kind: Secret
metadata: {{name: ci, namespace: slipway-system}}
stringData: {{username: {self.USER}, password: {self.PASSWORD}}}
""")

    def answers(self):
        """How each blob that was asked for was answered: by the registry, and by the host of the blobs."""
        asked = [each for each in self.source.requests() if each["method"] == "GET" and "/blobs/" in each["target"]]
        return [[each["status"] for each in asked if each["target"].startswith(folder)] for folder in ("/v2/", "/_data/")]

    def base(self, *layers):
        """The digest of an image that is there to be copied, and those of its layers."""
        digest = make_image("layout", self.work / "image", *(part for each in layers for part in ("--layer", each)))
        self.push(self.source, "team/base", "--preserve-digests", f"--dest-creds={self.USER}:{self.PASSWORD}")
        self.source.forget_requests()
        return digest, [each["digest"] for each in self.in_layout(digest)["layers"]]

    def copy(self, digest):
        self.publish_copy("app", self.source, "team/base")
        self.publish()
        self.assertEqual(self.registry.digest("team/app", "1.8.2"), digest)
        self.skopeo("copy", "-q", "--src-tls-verify=false", f"docker://{self.registry.host}/team/app:1.8.2",
                    f"dir:{self.work}/read")

    def test_each_blob_is_read_where_the_redirect_leads_without_the_token(self):
        digest, _ = self.base(300_000, 5000)
        self.copy(digest)
        redirects, contents = self.answers()
        self.assertEqual(set(contents), {200})
        self.assertGreaterEqual(len(contents), 3, "two layers and the config")
        self.assertEqual(redirects.count(307), len(contents))

    def test_one_that_was_cut_there_goes_on_there(self):
        digest, (layer,) = self.base(8_000_000)
        self.source.fault(action="DropResponse", method="GET", path=f"^/_data/.*{layer}", bytes=3_000_000)
        self.copy(digest)
        redirects, contents = self.answers()
        self.assertEqual(contents.count(206), 1)
        self.assertLessEqual(set(contents), {200, 206})
        self.assertEqual(redirects.count(307), len(contents))


if __name__ == "__main__":
    program_test.SLIPWAY, program_test.EMULATOR = (str(pathlib.Path(each).resolve()) for each in sys.argv[1:3])
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
