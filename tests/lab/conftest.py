"""One lab at a time, and what may boot machines at all."""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import guests, hypervisor
from tests.terraform import Program


@pytest.fixture
def lab(
    request: pytest.FixtureRequest, terraform: Program, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[guests.Deployment]:
    """A topology, generated and applied: its machines boot. They go when the test ends."""
    asked = os.environ.get(hypervisor.ASKED, "")
    why = f"{hypervisor.ASKED}={asked}" if asked == "no" else ""
    if request.node.get_closest_marker("full") is not None and asked not in ("full", "keep"):
        why = "boots many machines, for an hour: script/lab test"
    why = why or hypervisor.lacking()
    if why:
        pytest.skip(why)
    terraform.need("dmacvicar/libvirt")
    # One lab at a time, also where tests run in several processes.
    with Path(tmp_path_factory.getbasetemp().parent, "lab.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.stderr.write("another lab runs on this machine: waiting for its end\n")
            fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            reused = _kept() and hypervisor.is_up()
            yield guests.Deployment(request.param, terraform) if reused else guests.boot(request.param, terraform)
        finally:
            if not _kept():
                hypervisor.down()


def _kept() -> bool:
    """Say whether machines are left to be looked at, and used again."""
    return os.environ.get(hypervisor.ASKED) == "keep"
