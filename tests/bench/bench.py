#!/usr/bin/env python3
"""Measures Slipway beside other clients between the same two docker-registry servers; see docs/performance.md.

A round runs each client once, in an order that turns; a ratio is that of two clients of one round. Both servers are
new in each run, the destination is empty, and what was written before is on the disk.
"""
import argparse
import dataclasses
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

import images
import two_hundred
from clients import PEERS, Client
from page import write_section
from servers import Registry, make_certificate
from statistic import shown


@dataclasses.dataclass
class Setting:
    """What all cases need."""
    cache: str
    work: str
    programs: dict
    subject: str
    peers: list
    rounds: int


def turned(names, number):
    number %= len(names)
    return names[number:] + names[:number]


def run_once(setting, name, storage, image, tls=None, watch_memory=False):
    work = tempfile.mkdtemp(dir=setting.work)
    os.sync()
    source = Registry(work, storage, tls)
    destination = Registry(work, os.path.join(work, "destination"), tls)
    try:
        client = Client(name, setting.programs, work, tls and tls[0])
        return client.copy(f"{source.host}/{image}:1", f"{destination.host}/{image}:1", watch_memory)
    finally:
        source.stop()
        destination.stop()
        shutil.rmtree(work)


def measure_rounds(setting, case, run):
    """{client: [Used]} of so many rounds, after one that does not count."""
    names = [setting.subject, *setting.peers]
    taken = {name: [] for name in names}
    for number in range(setting.rounds + 1):
        for name in turned(names, number):
            used = run(name)
            print(f"bench: {case} {number}/{setting.rounds} {name}: {used.wall:.2f} s, CPU {used.cpu:.2f} s",
                  file=sys.stderr, flush=True)
            if number > 0:
                taken[name].append(used)
    return taken


def table(setting, taken):
    lines = ["| client | wall, s | CPU, s | wall: Slipway to it | CPU: Slipway to it |", "|---|---|---|---|---|"]
    own = taken[setting.subject]
    for name, runs in taken.items():
        wall = statistics.median(used.wall for used in runs)
        cpu = statistics.median(used.cpu for used in runs)
        ratios = ["", ""]
        if name != setting.subject:
            ratios = [shown([a.wall / b.wall for a, b in zip(own, runs)]), shown([a.cpu / b.cpu for a, b in zip(own, runs)])]
        label = {"publish": "slipway publish", "engine": "Slipway, transfer alone"}.get(name, name)
        lines.append(f"| {label} | {wall:.2f} | {cpu:.2f} | {ratios[0]} | {ratios[1]} |")
    return lines


def copies(case, storage_name, make, image, tls=False):
    def run(setting):
        storage = images.store(setting.cache, storage_name, make, lambda part: Registry(setting.work, part))
        pair = make_certificate(setting.work) if tls else None
        return table(setting, measure_rounds(setting, case, lambda name: run_once(setting, name, storage, image, pair)))

    return run


def memory(setting):
    lines = ["| client | peak, MiB: 1 GiB | 10 GiB |", "|---|---|---|"]
    stores = [images.store(setting.cache, f"big-{size}", images.big(size), lambda part: Registry(setting.work, part))
              for size in (1, 10)]
    for name in [setting.subject, *setting.peers]:
        peaks = []
        for storage in stores:
            used = run_once(setting, name, storage, "big", watch_memory=True)
            print(f"bench: memory {name}: {used.peak / 1024:.0f} MiB", file=sys.stderr, flush=True)
            peaks.append(f"{used.peak / 1024:.0f}")
        lines.append(f"| {name} | {' | '.join(peaks)} |")
    return lines


CASES = {
    "1gb": copies("1gb", "big-1", images.big(1), "big"),
    "60x1mb": copies("60x1mb", "many", images.many_layers, "many"),
    "tls": copies("tls", "big-1", images.big(1), "big", tls=True),
    "200": two_hundred.run,
    "memory": memory,
}


def command_of(case, options):
    """What gives the figures again."""
    storage = f"TMPDIR={os.environ['TMPDIR']} " if "TMPDIR" in os.environ else ""
    peers = "" if options.peers == ",".join(PEERS) else f" --peers {options.peers}"
    return f"{storage}tests/bench/run.sh {case} --rounds {options.rounds}{peers}"


def programs_of(options):
    programs = {name: os.path.join(options.programs, name) for name in ("regctl", "regsync", "oras", "crane")}
    programs["skopeo"] = "/usr/bin/skopeo"
    programs["publish"] = os.path.join(options.build, "slipway")
    programs["engine"] = os.path.join(options.build, "bench-copy")
    return programs


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", nargs="*", metavar="CASE", help="of: " + ", ".join([*CASES, "all"]) + " (all)")
    parser.add_argument("--build", required=True, help="folder of the programs that are measured")
    parser.add_argument("--programs", required=True, help="folder of the other clients")
    parser.add_argument("--cache", required=True, help="folder where images are kept")
    parser.add_argument("--work", help="folder of the registries' storage")
    parser.add_argument("--subject", default="publish", choices=["publish", "engine"])
    parser.add_argument("--peers", default=",".join(PEERS), help="of: " + ",".join(PEERS))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--write", action="store_true", help="put the figures into docs/performance.md")
    options = parser.parse_args()
    cases = list(CASES) if options.case in ([], ["all"]) else options.case
    for case in cases:
        if case not in CASES:
            parser.error(f"{case} is none of {', '.join(CASES)}, all")
    os.makedirs(options.cache, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="slipway-bench-", dir=options.work) as work:
        setting = Setting(options.cache, work, programs_of(options), options.subject, options.peers.split(","),
                          options.rounds)
        for case in cases:
            lines = CASES[case](setting)
            print(f"\n{case}\n" + "\n".join(lines) + "\n", flush=True)
            if options.write:
                write_section(case, command_of(case, options), lines)


if __name__ == "__main__":
    main()
