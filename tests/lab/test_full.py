"""Whole deployments, from the first boot over day two to the end: script/lab test."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.helpers import ROOT
from tests.lab import hypervisor, reach, wires
from tests.lab.assertions import faults_of, installer_of
from tests.lab.guests import Deployment, Guest, record, restart, together
from tests.lab.test_boot import say

pytestmark = [pytest.mark.guest, pytest.mark.slow, pytest.mark.terraform, pytest.mark.full]


class Life(NamedTuple):
    """A deployment, and what happens to it.

    Attributes:
        topology: Where it begins.
        killed: The node that loses its power in the first boot.
        moment: What it says last.
        last: Line of the last node: one more comes after it.
        before: Line after which a service is opened, or that has services already.
        after: What becomes of that line.
    """

    topology: Path
    killed: str
    moment: bytes
    last: str
    before: str
    after: str


LIVES = (
    # Five nodes behind the operator's own router.
    Life(
        ROOT / "examples" / "five-nodes-libvirt" / "topology.yaml",
        "store1",
        b"changed   volume mail",
        "  video1: [video]\n",
        "users: 150\n",
        "users: 150\nservices: {imaps: true}\n",
    ),
    # Four nodes without public addresses behind a gateway.
    Life(
        Path(__file__).parent / "behind-a-gateway.yaml",
        "mta1",
        b"changed   hostname",
        "  video1: [video]\n",
        "services: {imaps: true, submissions: true}\n",
        "services: {imaps: true, submissions: true, pop3s: true}\n",
    ),
)


@pytest.mark.parametrize(
    ("lab", "life"), [(life.topology, life) for life in LIVES], indirect=["lab"], ids=["five-nodes", "behind-a-gateway"]
)
def test_a_deployment_from_the_first_boot_to_the_end(lab: Deployment, life: Life) -> None:
    guests = lab.guests()
    every = list(guests.values())
    _killed_in_its_first_boot(guests[life.killed], life.moment)
    say(f"first boot, seconds until SSH answered: {together(every, Guest.wait)}")
    _right(lab, again=False)
    guests["store1"].ssh("echo kept >/opt/zextras/file")

    for _ in range(2):
        say(f"restart, seconds until SSH answered: {restart(every)}")
    _right(lab, again=True)
    _nothing_more_is_open(lab)
    _day_two(lab, life)
    assert guests["store1"].ssh("cat /opt/zextras/file") == "kept\n"
    said = guests["store1"].ssh("/usr/local/sbin/carbonio-node-configure --volumes")
    assert "unchanged volume mail" in said
    assert guests["store1"].ssh("cat /opt/zextras/file") == "kept\n"

    lab.destroy()
    assert hypervisor.remains() == []
    hypervisor.down()
    assert wires.left() == []


def _killed_in_its_first_boot(guest: Guest, moment: bytes) -> None:
    """Cut a node's power while it prepares itself, and switch it on again."""
    console = hypervisor.HOME / f"console-{guest.name}.log"
    end = time.monotonic() + 900
    while moment not in console.read_bytes():
        assert time.monotonic() < end, f"it never said {moment!r}"
        time.sleep(0.2)
    hypervisor.virsh("destroy", guest.domain)
    say(f"{guest.name} lost its power in the first boot")
    hypervisor.virsh("start", guest.domain)
    record(guest.name, guest.domain)


def _right(lab: Deployment, *, again: bool) -> None:
    guests = lab.guests()
    assert faults_of(list(guests.values()), again=again) == {name: [] for name in guests}
    _installable(lab)
    say("what is so inside is right")


def _nothing_more_is_open(lab: Deployment) -> None:
    begin = time.monotonic()
    total, answered, wrong = reach.wrong(lab)
    say(f"{total} probes, {answered} answered, in {time.monotonic() - begin:.0f} s")
    assert wrong == []


def _day_two(lab: Deployment, life: Life) -> None:
    """Add a node and open a service: nobody restarts, and all is in force after the command that the sheet lists."""
    guests = lab.guests()
    boots = together(list(guests.values()), Guest.answers)
    lab.edit(life.last, f"{life.last}  store2: [mailstore]\n")
    lab.edit(life.before, life.after)
    lab.generate()
    lab.wire()
    said = lab.apply()
    assert re.search(r"Apply complete! Resources: \d+ added, 0 changed, 0 destroyed", said), said[-2000:]
    for name, guest in guests.items():
        data = (lab.folder / "nodes" / f"{name}.json").read_text("utf-8")
        guest.ssh("/usr/local/sbin/carbonio-node-configure -", data, 900, codes=(0, 1))
    say(f"a node more, seconds until SSH answered: {lab.guests()['store2'].wait()}")
    _installable(lab)
    _nothing_more_is_open(lab)
    assert together(list(guests.values()), Guest.answers) == boots, "somebody was restarted"


def _installable(lab: Deployment) -> None:
    assert installer_of(lab) == {name: [] for name, guest in lab.guests().items() if not guest.is_gateway}
