"""What the firewall on a machine costs: rules, and the time to load them, by the real programs."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import NamedTuple

import yaml

from tests.helpers import EXAMPLES, run_cli
from tests.packets.firewalld import Firewalld, rules
from tests.packets.namespaces import Namespace, missing
from tests.packets.topologies import DIRECT, LARGEST, gateway

_PUBLIC_KEY = "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE="


class Measured(NamedTuple):
    """One figure, with the most that it may be."""

    what: str
    value: float
    unit: str
    bound: float
    detail: str


def measure(work: Path, rounds: int) -> list[Measured]:
    """Return rules per machine and times to load them, at their largest over all examples.

    Args:
        work: An empty folder.
        rounds: How often each time is taken; the median counts.

    Raises:
        RuntimeError: It cannot be measured on this machine; says why.
    """
    why = missing("nft", "firewalld", "dbus-daemon")
    if why:
        raise RuntimeError(why)
    topologies = {path.name: yaml.safe_load((path / "topology.yaml").read_text("utf-8")) for path in EXAMPLES}
    topologies |= {**DIRECT, **LARGEST, "gateway": gateway("hetzner", _PUBLIC_KEY)}
    found = [_Folder(work, name, topology) for name, topology in topologies.items()]
    machines = [(name, root) for entry in found for name, root in entry.roots.items()]
    with ExitStack() as stack:
        tables = [(name, root) for name, root in machines if (root / "etc/nftables.conf").is_file()]
        zones = [(name, root) for name, root in machines if (root / "etc/firewalld").is_dir()]
        scratch = stack.enter_context(closing(Namespace("bench")))
        return [*_nftables(scratch, tables, rounds), *_firewalld(stack, work, zones, rounds)]


class _Folder:
    """The files of one topology's machines, each below a folder of its own."""

    def __init__(self, work: Path, name: str, topology: dict[str, object]) -> None:
        folder = work / name
        folder.mkdir()
        topology = {**topology, "host_firewall": True}
        (folder / "topology.yaml").write_text(yaml.safe_dump(topology, sort_keys=False), encoding="utf-8")
        result = run_cli(folder, "--no-init")
        if result.code:
            raise RuntimeError(result.err)
        self.roots: dict[str, Path] = {}
        for path in sorted(folder.glob("nodes/*.json")):
            root = self.roots[f"{name}/{path.stem}"] = folder / "roots" / path.stem
            for target, lines in json.loads(path.read_text("utf-8"))["files"].items():
                file = root / target.lstrip("/")
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _nftables(scratch: Namespace, machines: list[tuple[str, Path]], rounds: int) -> list[Measured]:
    counts = {}
    for name, root in machines:
        scratch.run("nft", "-f", str(root / "etc/nftables.conf"))
        counts[name] = (rules(scratch), root)
    most = max(counts, key=lambda name: counts[name][0])
    number, root = counts[most]
    # The time of starting a program in a namespace is no part of it.
    started = _median(lambda: scratch.run("nft", "--version"), rounds)
    loaded = _median(lambda: scratch.run("nft", "-f", str(root / "etc/nftables.conf")), rounds)
    return [
        Measured("nftables, rules of a machine", number, "rules", 200, most),
        Measured("nftables, to load them", (loaded - started) * 1000, "ms", 50, f"{most}, {rounds} times"),
    ]


def _firewalld(stack: ExitStack, work: Path, machines: list[tuple[str, Path]], rounds: int) -> list[Measured]:
    (work / "empty/etc/firewalld").mkdir(parents=True)
    empty = stack.enter_context(closing(Namespace("empty")))
    with Firewalld(empty, work / "empty", work) as daemon:
        daemon.wait()
        own = rules(empty)
    counts = {}
    for place, (name, root) in enumerate(machines):
        zone = (root / "etc/firewalld/zones/carbonio.xml").read_text("utf-8")
        counts[zone.count("<rule "), place] = (name, root)
    name, root = counts[max(counts)]
    machine = stack.enter_context(closing(Namespace("zone")))
    with Firewalld(machine, root, work) as daemon:
        daemon.wait()
        added = rules(machine) - own
        started = _median(lambda: daemon.command("--state"), max(1, rounds // 4))
        loaded = _median(lambda: daemon.command("--reload"), max(1, rounds // 4))
    return [
        Measured("firewalld, rules beside its own", added, "rules", 200, f"{name}; its own are {own}"),
        Measured("firewalld, to load them again", loaded - started, "s", 2, name),
    ]


def _median(call: Callable[[], object], rounds: int) -> float:
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)
