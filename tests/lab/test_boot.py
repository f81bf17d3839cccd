"""A gateway and a node of the RHEL family boot with what is generated for them, and are what they should be.

These two together carry all code paths; script/test runs them where QEMU can be had. The five nodes of the documents
and four behind a gateway are in `test_full.py`, by hand: script/lab test.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from tests.lab import hypervisor, reach, wires
from tests.lab.assertions import faults_of, installer_of, recorded
from tests.lab.guests import Deployment, Guest, restart, together

TOPOLOGY = Path(__file__).parent / "two-machines.yaml"

pytestmark = [pytest.mark.guest, pytest.mark.slow, pytest.mark.terraform]


def say(text: str) -> None:
    """Show how far it is, in a run that takes minutes."""
    sys.stderr.write(f"[{time.strftime('%H:%M:%S')}] {text}\n")


@pytest.mark.parametrize("lab", [TOPOLOGY], indirect=True, ids=["gateway-and-rhel"])
def test_a_gateway_and_a_node_of_the_other_family(lab: Deployment) -> None:
    guests = lab.guests()
    every = list(guests.values())
    seconds = together(every, Guest.wait)
    say(f"first boot, seconds until SSH answered: {seconds}")
    assert faults_of(every) == {name: [] for name in guests}
    assert installer_of(lab) == {"store1": []}
    assert recorded(guests["store1"]) == []
    guests["store1"].ssh("echo kept >/opt/zextras/file")
    say("what is so inside is right")

    total, answered, wrong = reach.wrong(lab)
    say(f"{total} probes, {answered} answered")
    assert wrong == []

    seconds = restart(every)
    say(f"restart, seconds until SSH answered: {seconds}")
    assert faults_of(every, again=True) == {name: [] for name in guests}
    assert installer_of(lab) == {"store1": []}
    assert guests["store1"].ssh("cat /opt/zextras/file") == "kept\n"

    lab.destroy()
    assert hypervisor.remains() == []
    hypervisor.down()
    assert wires.left() == []
