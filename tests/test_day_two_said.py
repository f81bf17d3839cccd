"""Later changes whose consequences the apply does not show: on machines that run, behind a gateway, in the lock."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.test_day_two import Deployment, on, on_hetzner, on_libvirt

# Made for this test; nobody has the other half.
OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHY38Bomg3fYEagBEj6GsFvfBp6eBUbFMwrDNvKYlI4/ other@example.com"


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    found = Deployment(tmp_path)
    found.generate()
    return found


def modern(deployment: Deployment, release: str) -> None:
    nodes = {
        "infra1": ["mesh-and-directory", "database", "monitoring"],
        "files1": ["chats", "files", "docs", "preview"],
    }
    deployment.topology |= {"release": release, "os": "ubuntu-22.04"}
    deployment.topology["nodes"] |= nodes


def on_gateway(folder: Path) -> Deployment:
    """The nodes of the example behind a gateway of libvirt whose uplink has the public address."""
    found = Deployment(folder)
    uplink = {"bridge": "br0", "cidr": "203.0.113.0/28"}
    found.topology["cloud"] = {"provider": "libvirt", "uplink": uplink, "public_address": "203.0.113.10"}
    found.topology["exposure"] = "gateway"
    found.generate()
    return found


@pytest.mark.parametrize("place", [on_gateway, on_hetzner], ids=["libvirt", "hetzner"])
def test_a_second_node_for_a_port_can_be_kept_out_until_it_serves(
    place: Callable[[Path], Deployment], tmp_path: Path
) -> None:
    deployment = place(tmp_path)
    deployment.topology["exposure"] = "gateway"
    deployment.generate()
    alone = deployment.forwards
    deployment.topology["nodes"]["mta2"] = ["mta", "proxy"]
    said = deployment.generate("--check", code=1)
    assert "warning[forward-to-new]: mta2 is new, and the gateway will send it clients of smtp, https" in said
    advised = re.search(r"keep it out: (forward: \{.*\})$", said, re.MULTILINE)
    assert advised
    deployment.topology |= yaml.safe_load(advised[1])
    assert "forward-to-new" not in deployment.generate()
    assert deployment.forwards == alone
    # What is left when Carbonio serves there; the node is not new then.
    del deployment.topology["forward"]
    assert "forward-to-new" not in deployment.generate()
    assert deployment.forwards != alone


def test_a_node_that_serves_nothing_new_is_no_matter_of_the_gateway(tmp_path: Path) -> None:
    deployment = on_gateway(tmp_path)
    deployment.topology["nodes"]["store2"] = ["mailstore"]
    assert "forward-to-new" not in deployment.generate()


def test_a_reverse_name_that_changes_is_said(tmp_path: Path) -> None:
    deployment = on_gateway(tmp_path)
    deployment.topology["nodes"]["mta2"] = ["mta", "proxy"]
    said = deployment.generate()
    assert (
        "warning[reverse-name-changes]: the reverse name of 203.0.113.10 changes from mta1.example.com to "
        "mail.example.com" in said
    )
    assert "every MTA behind it has to greet other servers as mail.example.com" in said
    assert "reverse-name-changes" not in deployment.generate()


def test_what_runs_by_another_address_is_not_sent_data(tmp_path: Path) -> None:
    """No machine has the new addresses, and Terraform gives them to none."""
    deployment = on_libvirt(tmp_path)
    deployment.topology["network"] = {"cidr": "10.30.0.0/16"}
    said = deployment.generate()
    assert "carbonio-node-configure" not in said
    names = ", ".join(sorted(deployment.topology["nodes"]))
    assert f"bring no data to {names}: what runs there is to be rebuilt, and gets it at its first boot" in said


def test_what_runs_with_another_system_is_not_sent_data(tmp_path: Path) -> None:
    deployment = on_libvirt(tmp_path)
    modern(deployment, "26.6")
    deployment.generate()
    deployment.topology["nodes"]["files1"] = {"roles": deployment.topology["nodes"]["files1"], "os": "ubuntu-24.04"}
    said = deployment.generate()
    assert "bring no data to files1:" in said
    assert "< nodes/files1.json" not in said


def test_a_machine_that_is_switched_off_is_not_said_to_run_on(tmp_path: Path) -> None:
    deployment = on_libvirt(tmp_path)
    deployment.topology["nodes"]["store1"] = {"roles": ["mailstore", "tasks"], "type": "8x32"}
    deployment.topology["services"] = {"imaps": True}
    said = deployment.generate()
    assert "the machine is switched off for it" in said
    assert "(nothing restarts)" not in said


@pytest.mark.parametrize(("cloud", "by_hand"), [("aws", False), ("hetzner", False), ("libvirt", True)])
def test_a_volume_that_grows_by_hand_is_said(cloud: str, by_hand: bool, tmp_path: Path) -> None:
    deployment = on(cloud, tmp_path)
    deployment.generate()
    deployment.topology["mailbox_quota"] = "10 GB"
    said = deployment.generate()
    assert ("warning[volume-grows]: store1-mail grows from 750 to 1500 GB" in said) == by_hand
    assert ("virsh blockresize" in said) == by_hand
    assert "carbonio-node-configure - < nodes/store1.json" in said


@pytest.mark.parametrize(
    ("changed", "warning"),
    [
        ({"exposure": "external"}, "exposure-changes]: the exposure was gateway"),
        ({"bridge": "br1"}, "uplink-changes]: the uplink was br0"),
        ({"public_address": "203.0.113.11"}, "public-address-changes]: the public address of gateway was 203.0.113.10"),
        ({"ssh_keys": [OTHER_KEY]}, "ssh-keys-change]: ssh_keys changes, and machines that run keep the keys"),
        ({"release": "25.12"}, "release-changes]: the release was 26.6"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_the_apply_does_not_bring_to_machines_is_said(
    changed: dict[str, Any], warning: str, tmp_path: Path
) -> None:
    deployment = Deployment(tmp_path)
    modern(deployment, "26.6")
    cloud = {"provider": "libvirt", "uplink": {"bridge": "br0", "cidr": "203.0.113.0/28"}}
    deployment.topology |= {"cloud": {**cloud, "public_address": "203.0.113.10"}, "exposure": "gateway"}
    deployment.generate()
    assert "-change" not in deployment.generate()
    new = deployment.topology["cloud"]
    if "bridge" in changed:
        new["uplink"]["bridge"] = changed["bridge"]
    elif "public_address" in changed:
        new |= changed
    else:
        deployment.topology |= changed
    if changed.get("exposure"):
        new["uplink"] = {"bridge": "br0"}
    said = deployment.generate()
    assert f"warning[{warning}" in said
    if "release" in changed:
        assert "Carbonio has no way back: write 26.6 again." in said
    assert "-change" not in deployment.generate()


def test_an_upgrade_of_carbonio_is_the_operators(deployment: Deployment) -> None:
    modern(deployment, "25.12")
    said = deployment.generate()
    assert "warning[release-changes]: the release was 24.1.0" in said
    assert "The nodes keep it until you upgrade Carbonio on them; new ones get 25.12.0 at once." in said


def test_a_lock_of_an_older_version_is_no_change(deployment: Deployment) -> None:
    path = deployment.folder / "topology.lock.json"
    lock = json.loads(path.read_text("utf-8"))
    for name in ("release", "exposure", "uplink", "stated_addresses", "reverse_names", "ssh_keys"):
        del lock[name]
    path.write_text(json.dumps(lock), "utf-8")
    assert "-change" not in deployment.generate("--force")


def test_another_address_of_the_router_is_said(tmp_path: Path) -> None:
    deployment = on_libvirt(tmp_path)
    deployment.topology["cloud"]["public_address"] = "203.0.113.77"
    said = deployment.generate()
    assert "warning[public-address-changes]: the public address of your router was 203.0.113.10" in said
    assert "rebuild" not in said, "no machine has it on an interface"


def test_of_machines_that_may_not_exist_it_is_said_so(tmp_path: Path) -> None:
    """Generated and never applied is the usual case of somebody who tries things."""
    deployment = on_hetzner(tmp_path)
    deployment.generate()
    deployment.topology["services"] = {"imaps": True}
    said = deployment.generate("--check", code=1)
    advice = said.partition("after terraform apply, nodes that existed before need their new data")[2]
    assert "ssh -F ssh_config mta1 sudo /usr/local/sbin/carbonio-node-configure - < nodes/mta1.json" in advice
