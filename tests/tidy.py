#!/usr/bin/env python3
"""Runs clang-tidy over the program's sources; what was found clean is not looked at again until it changes.

    tests/tidy.py BUILD-FOLDER [FILE...]

A source counts as changed with any header of ours that it includes, with .clang-tidy and with clang-tidy itself. What is
known is kept in the user's cache folder, one empty file for each clean state. BUILD-FOLDER has the compile commands.
"""
import concurrent.futures
import functools
import hashlib
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TIDY = "clang-tidy-19"
ARGUMENTS = ["--quiet", "--checks=slipway-scope"]  # beside those of .clang-tidy
PLUGIN = "tests/tidy_scope.cpp"
HEADERS = "/usr/lib/llvm-19/include"
KEPT = 20_000  # clean states; the oldest go first
INCLUDE = re.compile(r'^\s*#include "([^"]+)"', re.M)


@functools.cache
def included_by(path):
    return [name for name in INCLUDE.findall((ROOT / path).read_text()) if (ROOT / name).is_file()]


def with_headers(source):
    """The source and every header of ours that it includes, directly or not."""
    seen, waiting = {source}, [source]
    while waiting:
        for name in included_by(waiting.pop()):
            if name not in seen:
                seen.add(name)
                waiting.append(name)
    return sorted(seen)


def state_of(source, surroundings):
    digest = hashlib.sha256(surroundings + source.encode())
    for path in with_headers(source):
        digest.update(path.encode() + b"\0" + hashlib.sha256((ROOT / path).read_bytes()).digest())
    return digest.hexdigest()


def plugin_in(build):
    """The plugin's library, built if it is not there or older than its source."""
    source, library = ROOT / PLUGIN, pathlib.Path(build).resolve() / "tidy_scope.so"
    if not library.exists() or library.stat().st_mtime < source.stat().st_mtime:
        subprocess.run(["g++", "-std=c++17", "-fPIC", "-shared", "-fno-rtti", "-DNDEBUG", "-isystem", HEADERS, source,
                        "-o", library], check=True)
    return library


def look_at(build, plugin, source):
    return subprocess.run([TIDY, "-p", build, f"--load={plugin}", *ARGUMENTS, source], cwd=ROOT, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)


def forget_oldest(folder):
    states = sorted(folder.iterdir(), key=lambda state: state.stat().st_mtime)
    for state in states[:max(0, len(states) - KEPT)]:
        state.unlink(missing_ok=True)


def main():
    build, *sources = sys.argv[1:]
    if not sources:
        listed = subprocess.run(["git", "ls-files", "crds/*.cpp", "reconcilers/*.cpp", "controller/*.cpp"], cwd=ROOT,
                                stdout=subprocess.PIPE, text=True, check=True)
        sources = listed.stdout.split()
    version = subprocess.run([TIDY, "--version"], stdout=subprocess.PIPE, check=True).stdout
    surroundings = version + " ".join(ARGUMENTS).encode()
    surroundings += (ROOT / ".clang-tidy").read_bytes() + (ROOT / PLUGIN).read_bytes()
    clean = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "slipway" / "tidy"
    clean.mkdir(parents=True, exist_ok=True)
    states = {source: clean / state_of(source, surroundings) for source in sources}
    changed = [source for source, state in states.items() if not state.exists()]
    print(f"clang-tidy: {len(changed)} of {len(sources)} sources are new or changed", flush=True)
    failed = []
    plugin = plugin_in(build) if changed else None
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("JOBS") or os.cpu_count())) as pool:
        for source, said in zip(changed, pool.map(functools.partial(look_at, build, plugin), changed)):
            if said.returncode == 0:
                states[source].touch()
                continue
            failed.append(source)
            print(said.stdout, flush=True)
    forget_oldest(clean)
    if failed:
        sys.exit(f"clang-tidy: {len(failed)} sources with complaints: {' '.join(failed)}")


if __name__ == "__main__":
    main()
