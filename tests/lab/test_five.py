"""The five nodes of the documents behind an operator's own router, from the first boot to the end: script/lab test."""

from __future__ import annotations

import re
import time

import pytest

from tests.helpers import ROOT
from tests.lab import hypervisor, reach, wires
from tests.lab.assertions import faults_of, installer_of
from tests.lab.guests import Deployment, Guest, record, together
from tests.lab.test_boot import say

EXAMPLE = ROOT / "examples" / "five-nodes-libvirt" / "topology.yaml"
KILLED = "files1"

pytestmark = [pytest.mark.guest, pytest.mark.slow, pytest.mark.terraform, pytest.mark.full]


@pytest.mark.parametrize("lab", [EXAMPLE], indirect=True, ids=["five-nodes"])
def test_five_nodes_from_the_first_boot_to_the_end(lab: Deployment) -> None:
    guests = lab.guests()
    every = list(guests.values())
    _killed_in_its_first_boot(guests[KILLED])
    say(f"first boot, seconds until SSH answered: {together(every, Guest.wait)}")
    _right(lab, again=False)
    guests["store1"].ssh("echo kept >/opt/zextras/file")

    say(f"restart, seconds until SSH answered: {together(every, Guest.reboot)}")
    _right(lab, again=True)
    _nothing_more_is_open(lab)
    _day_two(lab)
    assert guests["store1"].ssh("cat /opt/zextras/file") == "kept\n"
    said = guests["store1"].ssh("/usr/local/sbin/carbonio-node-configure --volumes")
    assert "unchanged volume mail" in said
    assert guests["store1"].ssh("cat /opt/zextras/file") == "kept\n"

    lab.destroy()
    assert hypervisor.remains() == []
    hypervisor.down()
    assert wires.left() == []


def _killed_in_its_first_boot(guest: Guest) -> None:
    """Cut a node's power while it prepares itself, and switch it on again."""
    console = hypervisor.HOME / f"console-{guest.name}.log"
    end = time.monotonic() + 900
    while b"changed   hostname" not in console.read_bytes():
        assert time.monotonic() < end, "it never came to prepare itself"
        time.sleep(0.5)
    hypervisor.virsh("destroy", guest.domain)
    say(f"{guest.name} lost its power in the first boot")
    hypervisor.virsh("start", guest.domain)
    record(guest.name, guest.domain)


def _right(lab: Deployment, *, again: bool) -> None:
    guests = lab.guests()
    assert faults_of(list(guests.values()), again=again) == {name: [] for name in guests}
    assert installer_of(lab) == {name: [] for name in guests}
    say("what is so inside is right")


def _nothing_more_is_open(lab: Deployment) -> None:
    begin = time.monotonic()
    total, answered, wrong = reach.wrong(lab)
    say(f"{total} probes, {answered} answered, in {time.monotonic() - begin:.0f} s")
    assert wrong == []


def _day_two(lab: Deployment) -> None:
    """Add a node and open IMAP: nobody restarts, and all is in force after the command that the sheet lists."""
    guests = lab.guests()
    boots = together(list(guests.values()), Guest.answers)
    lab.edit("  video1: [video]\n", "  video1: [video]\n  store2: [mailstore]\n")
    lab.edit("users: 150\n", "users: 150\nservices: {imaps: true}\n")
    lab.generate()
    lab.wire()
    said = lab.apply()
    assert re.search(r"Apply complete! Resources: \d+ added, 0 changed, 0 destroyed", said), said[-2000:]
    for name, guest in guests.items():
        data = (lab.folder / "nodes" / f"{name}.json").read_text("utf-8")
        guest.ssh("/usr/local/sbin/carbonio-node-configure -", data, 900, codes=(0, 1))
    say(f"a node more, seconds until SSH answered: {lab.guests()['store2'].wait()}")
    _right_again(lab)
    _nothing_more_is_open(lab)
    assert together(list(guests.values()), Guest.answers) == boots, "somebody was restarted"


def _right_again(lab: Deployment) -> None:
    assert installer_of(lab) == {name: [] for name in lab.guests()}
