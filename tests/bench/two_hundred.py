"""200 publications whose images share two base layers, and the same again with nothing to do, beside regsync: with what
is attached to an image (signatures, SBOMs), which is Slipway's default, and the images alone, which is regsync's, also with
sources that are followed, which regsync's always are."""
import dataclasses
import os
import shutil
import statistics
import sys
import tempfile

import images
from clients import Client
from servers import Registry
from statistic import shown

CLIENTS = ("publish", "regsync")
REPOSITORIES = [f"team/app-{number:03}" for number in range(200)]


@dataclasses.dataclass
class Manner:
    """What is asked for of each image."""
    title: str
    attached: bool
    follow: bool = False


MANNERS = (Manner("with what is attached to them", attached=True), Manner("the images alone", attached=False),
           Manner("the images alone, of sources that are followed", attached=False, follow=True))


def sync(client, source, destination, manner):
    if client.name == "regsync":
        return client.regsync_all(source.host, destination.host, REPOSITORIES, manner.attached)
    return client.publish_all(source.host, destination.host, REPOSITORIES, attached=manner.attached, follow=manner.follow)


def run_once(setting, name, storage, manner, counted=False):
    """Both calls, and with `counted` what went to and from both registries in each: (requests, bytes)."""
    work = tempfile.mkdtemp(dir=setting.work)
    os.sync()
    source = Registry(work, storage, counted=counted)
    destination = Registry(work, os.path.join(work, "destination"), counted=counted)
    client = Client(name, setting.programs, work)
    traffic = []
    try:
        used = []
        for _ in range(2):
            used.append(sync(client, source, destination, manner))
            if counted:
                traffic.append((source.requests(), destination.requests(), source.bytes()[1]))
        return used, traffic
    finally:
        source.stop()
        destination.stop()
        shutil.rmtree(work)


def traffic_of(setting, name, storage, manner):
    """Requests to the source, to the destination, and bytes that left the source: of each call."""
    (first, both) = run_once(setting, name, storage, manner, counted=True)[1]
    return [first, tuple(now - before for now, before in zip(both, first))]


def lines_of_requests(traffic):
    """What each client asked for in the first call, per image."""
    lines = ["What is asked for, an image:", "", "| request and answer | slipway publish | regsync once |", "|---|---|---|"]
    for end, title in enumerate(["source", "destination"]):
        counts = [traffic[name][0][end] for name in ("publish", "regsync")]
        for kind in sorted(counts[0] | counts[1]):
            each = " | ".join(f"{count[kind] / len(REPOSITORIES):.2f}" for count in counts)
            lines.append(f"| {title}: {kind} | {each} |")
    return lines


def lines_of(title, call, taken, traffic):
    lines = [f"{title}:", "", "| client | wall, s | CPU, s | requests | MB from the source | wall: Slipway to it |",
             "|---|---|---|---|---|---|"]
    own = [used[call] for used in taken["publish"]]
    for name, runs in taken.items():
        walls = [used[call].wall for used in runs]
        ratio = "" if name == "publish" else shown([a.wall / wall for a, wall in zip(own, walls)])
        source, destination, moved = traffic[name][call]
        requests = source.total() + destination.total()
        label = {"publish": "slipway publish", "regsync": "regsync once"}[name]
        lines.append(f"| {label} | {statistics.median(walls):.2f} | {statistics.median(u[call].cpu for u in runs):.2f} | "
                     f"{requests:,} | {moved / 1e6:.1f} | {ratio} |")
    return lines


def measured(setting, storage, manner):
    """The runs of each client, in rounds, and its traffic."""
    traffic = {name: traffic_of(setting, name, storage, manner) for name in CLIENTS}
    taken = {name: [] for name in CLIENTS}
    for number in range(setting.rounds + 1):
        for name in CLIENTS if number % 2 else reversed(CLIENTS):
            used, _ = run_once(setting, name, storage, manner)
            print(f"bench: 200 {number}/{setting.rounds} {name}: {used[0].wall:.2f} s, again {used[1].wall:.2f} s",
                  file=sys.stderr, flush=True)
            if number > 0:
                taken[name].append(used)
    return taken, traffic


def run(setting):
    storage = images.store(setting.cache, "two-hundred", images.two_hundred, lambda part: Registry(setting.work, part))
    lines = []
    for manner in MANNERS:
        taken, traffic = measured(setting, storage, manner)
        if not manner.follow:
            lines += [*lines_of(f"From nothing, {manner.title}", 0, taken, traffic), ""]
        lines += [*lines_of(f"Again, with nothing to do, {manner.title}", 1, taken, traffic), ""]
        if manner.attached:
            lines += [*lines_of_requests(traffic), ""]
    return lines[:-1]
