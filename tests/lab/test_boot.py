"""Two nodes of an example boot with what is generated for them, are what they should be, and stay so."""

from __future__ import annotations

import fcntl
import functools
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.lab import expect, guests, hypervisor
from tests.lab.internet import HOST, MANAGEMENT, STRANGER
from tests.terraform import Program

EXAMPLE = "five-nodes-hetzner"
NODES = {"infra1": "10.20.0.10", "store1": "10.20.0.12"}
"""The two that answer DNS inside, one with a volume."""


@pytest.fixture
def lab(terraform: Program, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, guests.Guest]]:
    """Booted guests: those of `script/lab up`, else new ones that go when the test ends."""
    why = "" if os.environ.get(hypervisor.ASKED) else "boots machines, for many minutes: script/lab test"
    why = why or hypervisor.lacking()
    if why:
        pytest.skip(why)
    terraform.need("dmacvicar/libvirt")
    # One lab at a time, also where tests run in several processes.
    with Path(tmp_path_factory.getbasetemp().parent, "lab.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        there = hypervisor.is_up()
        try:
            if not there:
                hypervisor.up()
                guests.deploy(EXAMPLE, NODES, terraform)
            yield {name: guests.Guest(name) for name in NODES}
        finally:
            if not there:
                hypervisor.down()


def _faults(guest: guests.Guest, again: bool) -> list[str]:
    """Return everything that is wrong on a node."""
    seconds = guest.reboot() if again else guest.wait()
    found = guest.look()
    sys.stdout.write(f"\n{guest.name}: SSH after {seconds:.0f} s\n{found['boot times']}\n{found['phases']}\n")
    wrong = list(expect.faults(found, f"{guest.name}.example.com", NODES[guest.name], sorted(NODES.values())))
    if again:
        wrong += expect.rebooted(found)
    if guest.name == "store1":
        wrong += expect.mounted(found, "/opt/zextras", "store1-mail")
    # The firewall is that of the machine alone: libvirt filters nothing.
    wanted = {(22, MANAGEMENT): True, (22, STRANGER): False, (53, HOST): True, (53, MANAGEMENT): False}
    for (port, source), answered in wanted.items():
        if guest.reached(port, source) != answered:
            wrong.append(f"port {port} from {source}: {'closed' if answered else 'open'}")
    return [*wrong, *_check(guest)]


def _check(guest: guests.Guest) -> Iterator[str]:
    """Yield what the node's own check says wrongly."""
    said = guest.check()
    for key, (status, text) in said.items():
        passes = ("ok", "skipped") if key == "volumes" and guest.name == "infra1" else ("ok",)
        if key in expect.DEVIATIONS:
            if status != "failed" or expect.DEVIATIONS[key] not in text:
                yield f"check {key}: {status}: {text}"
        elif status not in passes:
            yield f"check {key}: {status}: {text}"
    yield from (f"no check {key}" for key in expect.DEVIATIONS.keys() - said.keys())


@pytest.mark.guest
@pytest.mark.slow
@pytest.mark.terraform
def test_nodes_boot_ready_for_the_installer_and_are_so_after_a_restart(lab: dict[str, guests.Guest]) -> None:
    for again in (False, True):
        with ThreadPoolExecutor(len(lab)) as pool:
            found = dict(zip(lab, pool.map(functools.partial(_faults, again=again), lab.values()), strict=True))
        assert found == {name: [] for name in lab}, "after the restart" if again else "after the first boot"
