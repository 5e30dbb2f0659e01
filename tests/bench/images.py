"""The images of the benchmarks, made once and kept in a registry's storage in the cache."""
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
MAKE_IMAGE = os.path.join(HERE, "..", "support", "make-image")


def layout(folder, tag, *arguments):
    subprocess.run([sys.executable, MAKE_IMAGE, "layout", folder, "--tag", tag, *arguments], check=True,
                   stdout=subprocess.DEVNULL)


def store(cache, name, make, open_registry):
    """The storage that holds what `make(folder)` put into an OCI layout, as {repository: tag}; kept for the next time."""
    kept = os.path.join(cache, name)
    if os.path.isdir(kept):
        return kept
    print(f"bench: making the images of {name}", file=sys.stderr, flush=True)
    part, images = kept + ".part", kept + ".layout"
    for folder in (part, images):
        shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(images)
    with open_registry(part) as registry:
        for repository, tag in make(images).items():
            subprocess.run(["skopeo", "copy", "--quiet", "--insecure-policy", "--preserve-digests",
                            "--dest-tls-verify=false", f"oci:{images}:{tag}", f"docker://{registry.host}/{repository}:1"],
                           check=True)
    shutil.rmtree(images)
    os.rename(part, kept)
    return kept


def big(size):
    """One image of 8 layers, `size` GiB in all."""

    def make(folder):
        layout(folder, "big", "--layers", "8", "--layer-size", f"{size * 128}M")
        return {"big": "big"}

    return make


def many_layers(folder):
    layout(folder, "many", "--layers", "60", "--layer-size", "1M")
    return {"many": "many"}


def two_hundred(folder):
    """200 images that share two base layers, 2.6 MB of the 2.7 MB each."""
    names = {f"team/app-{number:03}": f"app-{number:03}" for number in range(200)}
    for tag in names.values():
        layout(folder, tag, "--layer", "1300000", "--layer", "1300000", "--layer", "100000", "--shared", "2", "--seed", tag)
    return names
