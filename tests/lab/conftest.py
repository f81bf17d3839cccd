"""One lab at a time, and what may boot machines at all."""

from __future__ import annotations

import fcntl
import os
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
    why = (
        ""
        if os.environ.get(hypervisor.ASKED)
        else f"boots machines, for many minutes: {hypervisor.ASKED}=1, script/lab"
    )
    why = why or hypervisor.lacking()
    if why:
        pytest.skip(why)
    terraform.need("dmacvicar/libvirt")
    # One lab at a time, also where tests run in several processes.
    with Path(tmp_path_factory.getbasetemp().parent, "lab.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield guests.boot(request.param, terraform)
        finally:
            if os.environ[hypervisor.ASKED] != "keep":
                hypervisor.down()
