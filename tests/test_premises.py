"""A hypervisor of one's own: what stands for a router, fixed addresses, images, and what --online asks."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.cli.pipeline import plan_topology
from generator.online import libvirt
from tests.helpers import PROBLEM, ROOT, build_tree, run_cli
from tests.strategies import SSH_KEY, dump
from tests.terraform import Program

# libvirt's own simulated driver: it has one pool, one network 192.168.122.0/24, and no machine of ours.
TEST = "test:///default"
NODES: dict[str, Any] = {
    "infra1": ["mesh-and-directory", "database", "monitoring"],
    "mta1": ["mta", "proxy"],
    "store1": ["mailstore"],
}


def topology(exposure: str, cloud: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "domain": "example.com",
        "release": "26.6",
        "os": "ubuntu-24.04",
        "cloud": {"provider": "libvirt", "uplink": {"bridge": "br0"}, **cloud},
        "exposure": exposure,
        "management": ["198.51.100.0/24"],
        "ssh_keys": [SSH_KEY],
        "users": 10,
        "mailbox_quota": "1 GB",
        "nodes": NODES,
        **changes,
    }


@dataclasses.dataclass
class Folder:
    """A folder with a topology."""

    path: Path

    def generate(self, content: dict[str, Any], *options: str) -> Any:
        build_tree(self.path, {"topology.yaml": dump(content)})
        result = run_cli(self.path, "--no-init", *options)
        assert result.code == 0, result.err
        return json.loads((self.path / "terraform.tfvars.json").read_text("utf-8"))

    def network(self, node: str) -> str:
        return (self.path / "network-config" / f"{node}.yaml").read_text("utf-8")

    def data(self, node: str) -> Any:
        return json.loads((self.path / "nodes" / f"{node}.json").read_text("utf-8"))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "mail")


EXTERNAL = {"public_address": "203.0.113.10"}


def test_behind_a_router_every_machine_has_one_interface_and_its_route(folder: Folder) -> None:
    values = folder.generate(topology("external", EXTERNAL, network={"cidr": "10.30.0.0/16", "router": "10.30.0.254"}))
    assert values["network"]["inside"] == {"bridge": "br0", "network": None}
    assert values["network"]["uplink"] is None
    for name, node in values["nodes"].items():
        assert node["uplink_mac"] is None
        assert f'"{node["private_address"]}/16"' in folder.network(name)
        assert "uplink" not in folder.network(name)
        assert folder.data(name)["router"] == "10.30.0.254"
    zone = (folder.path / "dns" / "example.com.zone").read_text("utf-8")
    assert "@@" not in zone
    assert "mail.example.com. 300 IN A 203.0.113.10" in zone
    assert "10.30." not in zone
    sheet = (folder.path / "hand-over.md").read_text("utf-8")
    assert "@@" not in sheet
    assert re.search(r"^\| 25 \| tcp \| the Internet \| 10\.30\.0\.\d+ \(mta1\) \|", sheet, re.MULTILINE)


def test_no_node_gets_the_routers_address(folder: Folder) -> None:
    values = folder.generate(topology("external", EXTERNAL, network={"cidr": "10.30.0.0/16", "router": "10.30.0.10"}))
    assert "10.30.0.10" not in {node["private_address"] for node in values["nodes"].values()}


def test_a_gateway_has_its_public_address_only_where_the_uplink_has_it(folder: Folder) -> None:
    inside = {"bridge": "br0", "cidr": "203.0.113.0/28"}
    values = folder.generate(topology("gateway", {**EXTERNAL, "uplink": inside}))
    gateway = values["nodes"]["gateway"]
    assert '"203.0.113.10/28"' in folder.network("gateway")
    assert "via: 203.0.113.1}" in folder.network("gateway")
    assert gateway["mac"] in folder.network("gateway")
    assert gateway["uplink_mac"] in folder.network("gateway")
    assert "uplink" not in folder.network("mta1")
    assert folder.data("mta1")["router"] == gateway["private_address"]
    # Somebody translates: then the uplink's own address is that network's affair.
    folder.generate(topology("gateway", {**EXTERNAL, "uplink": {"bridge": "br0", "cidr": "192.168.7.0/24"}}))
    assert "203.0.113" not in folder.network("gateway")
    assert "dhcp4: true" in folder.network("gateway")


VPN = {"peers": {"alice": "W2tEBqNfyJjdGGTTmZKwMHyP3PoyWzsd3ZrZhJm9Bz8="}}


def section(folder: Folder, title: str) -> str:
    sheet = (folder.path / "hand-over.md").read_text("utf-8")
    return sheet.partition(f"## {title}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize(
    "uplink",
    ["br0", {"cidr": "192.168.150.0/24"}, {"bridge": "br0", "cidr": "192.168.7.0/24"}],
    ids=["a bridge alone", "a network to make", "somebody translates"],
)
def test_who_forwards_to_a_gateway_without_the_public_address_is_told(folder: Folder, uplink: Any) -> None:
    values = folder.generate(topology("gateway", {**EXTERNAL, "uplink": uplink}, vpn=VPN))
    assert "dhcp4: true" in folder.network("gateway")
    told = section(folder, "Forwards to the gateway")
    assert values["nodes"]["gateway"]["uplink_mac"] in told
    assert "203.0.113.10" in told
    rows = re.findall(r"^\| (\d\S*) \| (tcp|udp) \| ([^|]+) \|", told, re.MULTILINE)
    assert rows == [
        ("22", "tcp", "198.51.100.0/24"),
        ("25", "tcp", "the Internet"),
        ("443", "tcp", "the Internet"),
        ("51820", "udp", "the Internet"),
    ]
    notice = (
        "gateway asks its uplink for an address by DHCP: whoever has 203.0.113.10 has to forward "
        "tcp 22, 25, 443 and udp 51820 to it."
    )
    assert notice in json.loads(run_cli(folder.path, "plan", "--json").out)["notices"]


def test_a_gateway_that_has_its_address_needs_nobody(folder: Folder) -> None:
    folder.generate(topology("gateway", {**EXTERNAL, "uplink": {"bridge": "br0", "cidr": "203.0.113.0/28"}}))
    assert "DHCP" not in (folder.path / "hand-over.md").read_text("utf-8")


def test_a_gateway_can_be_reached_before_its_name_can(folder: Folder) -> None:
    folder.generate(topology("gateway", {**EXTERNAL, "uplink": {"bridge": "br0", "cidr": "203.0.113.0/28"}}))
    text = (folder.path / "ssh_config").read_text("utf-8")
    assert "    HostName 203.0.113.10\n" in text
    assert "HostName gateway" not in text
    assert "until the zone" not in text.lower()


def test_behind_a_router_nothing_is_said_of_a_tunnel(folder: Folder) -> None:
    folder.generate(topology("external", EXTERNAL, management=["192.168.7.0/24"]))
    text = (folder.path / "ssh_config").read_text("utf-8")
    assert "VPN" not in text
    assert "by their private addresses, from the ranges of management" in text
    assert "192.168.7.0/24 and 10.20.0.0/16" in section(folder, "Forwards on your router")


def test_what_the_gateway_does_not_bring_is_not_said_to_be_reachable(folder: Folder) -> None:
    cloud = {**EXTERNAL, "uplink": {"bridge": "br0", "cidr": "203.0.113.0/28"}}
    folder.generate(topology("gateway", cloud, management=["198.51.100.0/24", "192.168.7.0/24"], vpn=VPN))
    ports = section(folder, "Ports reachable from outside")
    assert "| 22 | tcp | 198.51.100.0/24, 192.168.7.0/24 | gateway |" in ports
    assert "| 6071 | tcp | 192.168.7.0/24 by your own route | mta1 |" in ports
    assert "It never forwards 6071" in ports
    assert "takes a route of yours into 10.20.0.0/16" in ports
    told = section(folder, "VPN")
    address = json.loads((folder.path / "terraform.tfvars.json").read_text("utf-8"))["nodes"]["mta1"]["private_address"]
    assert f"`https://{address}:6071`" in told
    assert "SSH works through the tunnel alone" not in told
    folder.generate(topology("gateway", cloud, vpn={**VPN, "only": True}))
    assert "SSH works through the tunnel alone" in section(folder, "VPN")


def test_steps_that_all_nodes_share_stand_once(folder: Folder) -> None:
    folder.generate(topology("external", EXTERNAL))
    assert section(folder, "After all nodes").count("zmupdateauthkeys") == 1
    assert section(folder, "After all nodes").startswith("\n### Every node\n")
    installation = section(folder, "Installation")
    assert "It also asks" not in installation
    added = section(folder, "A node that is added later")
    assert "*Installation*" in added
    assert "cloud-init status --wait" in added


@pytest.mark.parametrize(
    ("exposure", "cloud", "warned"),
    [
        ("external", {"public_address": "203.0.113.10"}, False),
        ("gateway", {"public_address": "203.0.113.10"}, False),
        ("gateway", {"public_address": "203.0.113.10", "uplink": {"bridge": "br0", "cidr": "192.168.7.0/24"}}, False),
        ("gateway", {"public_address": "203.0.113.10", "uplink": {"bridge": "br0", "cidr": "203.0.113.0/28"}}, True),
        ("direct", {"public_addresses": {"mta1": "203.0.113.10"}}, False),
    ],
)
def test_administrators_in_the_own_network_are_the_usual_case(
    exposure: str, cloud: dict[str, Any], warned: bool, tmp_path: Path
) -> None:
    content = topology(exposure, cloud, management=["192.168.7.0/24"])
    build_tree(tmp_path, {"topology.yaml": dump(content)})
    assert ("warning[management-private]" in run_cli(tmp_path, "--no-init").err) == warned


def test_with_direct_addresses_every_machine_has_an_uplink(folder: Folder) -> None:
    cloud = {"public_addresses": {"mta1": "203.0.113.11"}, "uplink": {"bridge": "br0", "cidr": "203.0.113.0/28"}}
    values = folder.generate(topology("direct", cloud))
    assert all(node["uplink_mac"] for node in values["nodes"].values())
    assert values["network"]["inside"] is None
    assert '"203.0.113.11/28"' in folder.network("mta1")
    assert "dhcp4: true" in folder.network("store1")
    assert folder.data("store1")["router"] is None
    assert [name for name, node in values["nodes"].items() if node["public_address"]] == ["mta1"]
    assert values["nodes"]["store1"]["jump"] == "mta1"


def test_sizes_are_free(folder: Folder) -> None:
    nodes = {**NODES, "mta1": {"roles": ["mta", "proxy"], "type": "12x48"}}
    values = folder.generate(topology("external", EXTERNAL, nodes=nodes))
    assert (values["nodes"]["mta1"]["vcpu"], values["nodes"]["mta1"]["memory_mib"]) == (12, 48 * 1024)


def test_a_machine_keeps_the_image_that_its_disk_stands_on(folder: Folder) -> None:
    before = folder.generate(topology("external", {**EXTERNAL, "images": {"ubuntu-24.04": "/srv/a.img"}}))
    assert set(before["images"]) == {"/srv/a.img"}
    nodes = {**NODES, "files1": ["chats", "files", "docs", "preview"]}
    cloud = {**EXTERNAL, "images": {"ubuntu-24.04": "/srv/b.img"}}
    after = folder.generate(topology("external", cloud, nodes=nodes))
    assert {name: node["image"] for name, node in after["nodes"].items()} == {
        **dict.fromkeys(NODES, "/srv/a.img"),
        "files1": "/srv/b.img",
    }
    assert set(after["images"]) == {"/srv/a.img", "/srv/b.img"}
    own = {**nodes, "store1": {"roles": ["mailstore"], "image": "/srv/c.raw"}}
    rebuilt = folder.generate(topology("external", cloud, nodes=own))
    assert rebuilt["nodes"]["store1"]["image"] == "/srv/c.raw"
    assert rebuilt["images"]["/srv/c.raw"] == {"source": "/srv/c.raw", "format": "raw"}


def test_serial_numbers_fit_and_differ(folder: Folder) -> None:
    names = [f"a-mail-store-with-a-long-name-{number}" for number in range(3)]
    nodes = {"infra1": NODES["infra1"], "mta1": NODES["mta1"], **{name: ["mailstore"] for name in names}}
    values = folder.generate(topology("external", EXTERNAL, nodes=nodes))
    serials = [volume["serial"] for volume in values["volumes"].values()]
    assert len(set(serials)) == len(serials) == len(names)
    assert max(map(len, serials)) <= 20, "what virtio carries"


def test_there_is_nothing_to_rehearse_on(folder: Folder) -> None:
    folder.generate(topology("external", EXTERNAL))
    result = run_cli(folder.path, "rehearse")
    assert result.code == 2
    assert "no simulated hypervisor" in result.err


needs_virsh = pytest.mark.skipif(shutil.which("virsh") is None, reason="virsh (Debian: libvirt-clients) is missing")


@pytest.fixture
def ask(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], dict[str, str]]:
    """Return what asks libvirt's simulated driver about a topology, and returns messages by rule."""
    monkeypatch.delenv("LIBVIRT_DEFAULT_URI", raising=False)

    def run(content: dict[str, Any]) -> dict[str, str]:
        from argparse import Namespace

        build_tree(folder.path, {"topology.yaml": dump(content)})
        file = str(folder.path / "topology.yaml")
        options = Namespace(topology=file, out=None, online=False, upgrade=False, overlay=[], set=[])
        planned = plan_topology(options)
        return {one.rule: one.message for one in libvirt.audit(planned.plan, planned.context, TEST)}

    return run


@needs_virsh
def test_what_the_hypervisor_lacks_is_said_before_the_apply(
    ask: Callable[[dict[str, Any]], dict[str, str]], tmp_path: Path
) -> None:
    image = tmp_path / "noble.qcow2"
    image.write_bytes(b"QFI\xfb" + bytes(100))
    cloud = {
        "public_address": "203.0.113.10",
        "uplink": {"network": "lan"},
        "storage": "fast",
        "images": {"ubuntu-24.04": str(image)},
    }
    found = ask(topology("external", cloud, network="192.168.122.0/24"))
    assert set(found) == {"no-hypervisor", "no-pool", "no-network", "network-overlaps"}
    assert "cannot run machines with kvm" in found["no-hypervisor"]
    assert "no storage pool fast" in found["no-pool"]
    assert "no active network lan" in found["no-network"]
    assert "192.168.122.0/24, which is the network default" in found["network-overlaps"]
    found = ask(topology("external", {**cloud, "uplink": {"network": "default"}, "storage": "default-pool"}))
    assert set(found) == {"no-hypervisor"}, "the simulated driver has none"
    found = ask(topology("external", {**cloud, "uplink": {"bridge": "br7"}, "storage": "default-pool"}))
    assert "has no bridge br7" in found["no-network"]
    found = ask(topology("external", {**cloud, "uplink": {"bridge": "eth1"}, "storage": "default-pool"}))
    assert set(found) == {"no-hypervisor"}, "eth1 is there"


@needs_virsh
@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "cannot be read here: No such file or directory"), (b"\x7fELF", "is not in the format qcow2")],
)
def test_an_image_that_is_none_is_said_before_the_apply(
    ask: Callable[[dict[str, Any]], dict[str, str]], tmp_path: Path, content: bytes | None, said: str
) -> None:
    image = tmp_path / "noble.img"
    if content is not None:
        image.write_bytes(content)
    cloud = {**EXTERNAL, "storage": "default-pool", "images": {"ubuntu-24.04": str(image)}}
    assert said in ask(topology("external", cloud))["image-not-found"]


@needs_virsh
def test_a_url_that_serves_nothing_is_said_before_the_apply(ask: Callable[[dict[str, Any]], dict[str, str]]) -> None:
    cloud = {**EXTERNAL, "images": {"ubuntu-24.04": "http://127.0.0.1:9/noble.img"}}
    assert "cannot be fetched" in ask(topology("external", cloud))["image-not-found"]


@needs_virsh
def test_a_hypervisor_that_does_not_answer_is_no_traceback(folder: Folder, tmp_path: Path) -> None:
    uri = f"qemu:///system?socket={tmp_path}/nothing"
    build_tree(folder.path, {"topology.yaml": dump(topology("external", {**EXTERNAL, "uri": uri}))})
    result = run_cli(folder.path, "--no-init", "--online")
    assert result.code == 3
    assert "Traceback" not in result.err
    assert "leave out --online" in result.err
    assert "Is libvirtd running there" in result.err
    assert not (folder.path / "main.tf").exists()


@needs_virsh
def test_virsh_is_asked_by_the_command_ssh_where_terraform_uses_it(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real virsh, and a program in place of ssh that writes down whom it was to call."""
    called = tmp_path / "called"
    build_tree(tmp_path / "bin", {"ssh": f'#!/bin/sh\nprintf "%s\\n" "$*" >> {called}\nexit 255\n'})
    (tmp_path / "bin" / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    uri = "qemu+sshcmd://root@hypervisor/system"
    build_tree(folder.path, {"topology.yaml": dump(topology("external", {**EXTERNAL, "uri": uri}))})
    result = run_cli(folder.path, "--no-init", "--online")
    assert result.code == 3
    assert "not recognised" not in result.err
    assert uri in result.err, "said as the topology has it"
    assert "root@hypervisor" in called.read_text("utf-8") or "-l root" in called.read_text("utf-8")


@pytest.mark.skipif(shutil.which("netplan") is None, reason="netplan (Debian: netplan.io) is missing")
def test_netplan_takes_the_network_configuration(folder: Folder, tmp_path: Path) -> None:
    """The same program that reads it on Ubuntu; cloud-init hands it over below the key `network`."""
    folder.generate(topology("gateway", {**EXTERNAL, "uplink": {"bridge": "br0", "cidr": "203.0.113.0/28"}}))
    root = tmp_path / "root"
    (root / "etc" / "netplan").mkdir(parents=True)
    lines = ["network:", *(f"  {line}" for line in folder.network("gateway").splitlines())]
    path = root / "etc" / "netplan" / "50-cloud-init.yaml"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    path.chmod(0o600)
    done = subprocess.run(["netplan", "generate", "--root-dir", str(root)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    uplink = (root / "run" / "systemd" / "network" / "10-netplan-uplink.network").read_text("utf-8")
    assert "Address=203.0.113.10/28" in uplink
    assert "Gateway=203.0.113.1" in uplink
    assert "LinkLocalAddressing=no" in uplink
    assert "IPv6AcceptRA=no" in uplink


def test_the_trial_of_the_manual_has_no_warning(folder: Folder) -> None:
    text = (ROOT / "docs" / "libvirt.md").read_text("utf-8").partition("## Try it out")[2]
    keys = {
        key: yaml.safe_load(value) for key, value in re.findall(r"`(uplink|network|management|storage): ([^`]+)`", text)
    }
    assert set(keys) == {"uplink", "network", "management", "storage"}
    example = yaml.safe_load((ROOT / "examples" / "five-nodes-libvirt" / "topology.yaml").read_text("utf-8"))
    example["cloud"] |= {"hypervisor": "qemu", "uplink": keys["uplink"], "storage": keys["storage"]}
    example |= {key: keys[key] for key in ("network", "management")}
    build_tree(folder.path, {"topology.yaml": dump(example)})
    result = run_cli(folder.path, "--no-init")
    assert result.code == 0, result.err
    assert {match["rule"] for match in map(PROBLEM.match, result.err.splitlines()) if match} <= {"os-end-of-life"}


def test_the_examples_run_as_the_manual_says() -> None:
    manual = (ROOT / "docs" / "libvirt.md").read_text("utf-8")
    for name in re.findall(r"examples/([\w-]+)", manual):
        assert (ROOT / "examples" / name / "topology.yaml").is_file(), name


PLANNED = """
mock_provider "libvirt" {}

run "as_generated" {
  command = plan

  assert {
    condition     = output.zone == file("dns/example.com.zone") && output.hand_over == file("hand-over.md")
    error_message = "the operator knows every address: the texts are complete as they are"
  }

  assert {
    condition     = alltrue([for name, node in output.nodes : node.private_address == var.nodes[name].private_address])
    error_message = "other addresses"
  }
}
"""


@pytest.mark.terraform
@pytest.mark.slow
@pytest.mark.parametrize("example", ["five-nodes-libvirt", "gateway-libvirt"])
def test_terraform_takes_what_is_generated(example: str, terraform: Program, tmp_path: Path) -> None:
    """With Terraform alone: OpenTofu's mocks make up what is known after apply, and conditions refuse that."""
    terraform.need("dmacvicar/libvirt")
    shutil.copytree(ROOT / "examples" / example, tmp_path / "mail")
    assert run_cli(tmp_path / "mail", "--no-init").code == 0
    build_tree(tmp_path / "mail", {"generated.tftest.hcl": PLANNED})
    terraform.init(tmp_path / "mail")
    terraform.run(tmp_path / "mail", "fmt", "-check", "-recursive")
    terraform.run(tmp_path / "mail", "validate", "-no-color")
    ended = terraform.run(tmp_path / "mail", "test", "-no-color")
    assert "Success! 1 passed, 0 failed" in ended.stdout
