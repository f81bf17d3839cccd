"""Later changes: what was chosen once stays, and what cannot stay is said."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.helpers import ROOT, run_cli

EXAMPLE = yaml.safe_load((ROOT / "examples" / "five-nodes-aws" / "topology.yaml").read_text("utf-8"))


class Deployment:
    """A folder in which a topology is generated again and again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.topology: dict[str, Any] = json.loads(json.dumps(EXAMPLE))

    def generate(self, *options: str, code: int = 0) -> str:
        (self.folder / "topology.yaml").write_text(json.dumps(self.topology), "utf-8")
        result = run_cli(self.folder, "--no-init", *options)
        assert result.code == code, result.err
        # Remedies are folded; what they say is looked for in one piece.
        return re.sub(r"\n {8}(?=\S)", " ", result.err) + result.out

    @property
    def values(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.folder / "terraform.tfvars.json").read_text("utf-8"))
        return content

    @property
    def forwards(self) -> list[tuple[str, list[str]]]:
        plan = json.loads(run_cli(self.folder, "plan", "--json").out)
        return [(one["ports"], sorted(one["targets"])) for one in plan["gateway"]["forwards"]]

    @property
    def nodes(self) -> dict[str, Any]:
        nodes: dict[str, Any] = self.values["nodes"]
        return nodes


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    found = Deployment(tmp_path)
    found.generate()
    return found


def test_adding_removing_and_reordering_changes_no_other_node(deployment: Deployment) -> None:
    before = deployment.nodes
    nodes = deployment.topology["nodes"]
    del nodes["files1"]
    deployment.topology["nodes"] = {"aaa": ["tasks"], **dict(reversed(nodes.items())), "store2": ["mailstore"]}
    deployment.generate()
    after = deployment.nodes
    for name in before.keys() - {"files1"}:
        assert after[name] == before[name]
    addresses = [node["private_address"] for node in after.values()]
    assert len(addresses) == len(set(addresses))
    assert "files1" not in after


def test_user_data_and_data_of_other_nodes_do_not_change(deployment: Deployment) -> None:
    def per_node() -> dict[str, bytes]:
        found = [*(deployment.folder / "cloud-init").iterdir(), *(deployment.folder / "nodes").iterdir()]
        return {f"{path.parent.name}/{path.name}": path.read_bytes() for path in found}

    before = per_node()
    deployment.topology["nodes"]["store2"] = ["mailstore"]
    deployment.topology["services"] = {"imaps": True, "submissions": True}
    deployment.generate()
    after = per_node()
    assert {name: after[name] for name in before} == before
    assert after.keys() - before.keys() == {"cloud-init/store2.yaml", "nodes/store2.json"}


def test_no_nodes_file_names_another_node(deployment: Deployment) -> None:
    names = set(EXAMPLE["nodes"])
    for folder in ("nodes", "cloud-init"):
        for path in (deployment.folder / folder).iterdir():
            text = path.read_text("utf-8")
            assert not [name for name in names - {path.stem} if name in text], path


def test_a_locked_type_stays_when_another_would_be_chosen(deployment: Deployment) -> None:
    lock_path = deployment.folder / "topology.lock.json"
    lock = json.loads(lock_path.read_text("utf-8"))
    lock["nodes"]["mta1"]["type"] = "m5.2xlarge"
    lock_path.write_text(json.dumps(lock), "utf-8")
    deployment.generate("--force")
    assert deployment.nodes["mta1"]["type"] == "m5.2xlarge"
    said = deployment.generate("--upgrade")
    assert deployment.nodes["mta1"]["type"] != "m5.2xlarge"
    assert f"mta1: type m5.2xlarge -> {deployment.nodes['mta1']['type']}" in said


def test_upgrade_keeps_addresses(deployment: Deployment) -> None:
    nodes = deployment.topology["nodes"]
    deployment.topology["nodes"] = dict(reversed(nodes.items()))
    before = {name: node["private_address"] for name, node in deployment.nodes.items()}
    deployment.generate("--upgrade")
    assert {name: node["private_address"] for name, node in deployment.nodes.items()} == before


def test_an_outgrown_type_changes_and_says_so(deployment: Deployment) -> None:
    before = deployment.nodes["video1"]["type"]
    deployment.topology["nodes"]["video1"] = {"roles": ["video"], "concurrent_users": 40_000}
    said = deployment.generate()
    assert "warning[type-outgrown]: video1 needs 8 vCPU and 42 GB now" in said
    assert deployment.nodes["video1"]["type"] != before


def test_a_type_that_changes_is_said(deployment: Deployment) -> None:
    before = deployment.nodes["store1"]["type"]
    deployment.topology["nodes"]["store1"] = {"roles": ["mailstore", "tasks"], "type": "m6i.2xlarge"}
    said = deployment.generate()
    assert f"warning[type-changes]: store1 changes from {before} to m6i.2xlarge: the machine is switched off" in said


def on_hetzner(folder: Path) -> Deployment:
    found = Deployment(folder)
    cloud = {"provider": "hetzner", "region": "fsn1", "images": {"ubuntu-20.04": "os=ubuntu-20.04"}}
    found.topology["cloud"] = cloud
    found.generate()
    return found


def on_libvirt(folder: Path) -> Deployment:
    found = Deployment(folder)
    found.topology["cloud"] = {"provider": "libvirt", "uplink": {"bridge": "br0"}, "public_address": "203.0.113.10"}
    found.topology["exposure"] = "external"
    found.generate()
    return found


def on(cloud: str, folder: Path) -> Deployment:
    return {"aws": Deployment, "hetzner": on_hetzner, "libvirt": on_libvirt}[cloud](folder)


def test_a_disk_that_would_shrink_is_refused(tmp_path: Path) -> None:
    deployment = on_hetzner(tmp_path)
    deployment.topology["nodes"]["store1"] = {"roles": ["mailstore", "tasks"], "type": "cx53"}
    deployment.generate()
    deployment.topology["nodes"]["store1"] = {"roles": ["mailstore", "tasks"], "type": "ccx33"}
    said = deployment.generate(code=2)
    assert "error[disk-shrinks]: store1 has a disk of 320 GB, and ccx33 one of 240 GB" in said


def test_a_public_address_that_comes_later_is_said(tmp_path: Path) -> None:
    deployment = on_hetzner(tmp_path)
    deployment.topology["exposure"] = "gateway"
    said = deployment.generate()
    assert "warning[address-changes]: mta1 loses its public address" in said
    del deployment.topology["exposure"]
    assert "warning[address-changes]: store1 gets its public address" in deployment.generate()


def test_another_cloud_or_region_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    deployment = on_hetzner(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    deployment.topology["cloud"]["region"] = "nbg1"
    said = deployment.generate(code=2)
    assert "error[cloud-changes]: this folder holds a deployment on hetzner fsn1; on hetzner nbg1 nothing" in said
    assert "generate plan --out DIR shows" in said
    assert run_cli(tmp_path, "plan", "--out", str(tmp_path / "elsewhere")).code == 0
    uplink = {"bridge": "br0"}
    for cloud, exposure in (
        ({"provider": "aws", "region": "eu-central-1"}, "direct"),
        ({"provider": "libvirt", "uplink": uplink, "public_address": "203.0.113.10"}, "external"),
    ):
        deployment.topology |= {"cloud": cloud, "exposure": exposure}
        assert "error[cloud-changes]" in deployment.generate(code=2)
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert {name: after[name] for name in before if name != "topology.yaml"} == {
        name: content for name, content in before.items() if name != "topology.yaml"
    }


@pytest.mark.parametrize(
    ("cloud", "after"),
    [
        ("aws", "every machine gets another address, and has to be rebuilt"),
        ("hetzner", "every machine gets another address, and has to be rebuilt"),
        # Its address is no property that the hypervisor would know.
        ("libvirt", "machines that run keep their addresses until they are rebuilt"),
    ],
)
def test_another_network_is_said(cloud: str, after: str, tmp_path: Path) -> None:
    deployment = on(cloud, tmp_path)
    deployment.generate()
    deployment.topology["network"] = {"cidr": "10.30.0.0/16"}
    said = deployment.generate()
    assert f"warning[network-changes]: the network changes from 10.20.0.0/16: {after}" in said


def test_a_volume_never_shrinks(deployment: Deployment) -> None:
    deployment.topology["nodes"]["store2"] = ["mailstore"]
    said = deployment.generate()
    assert "warning[volume-stays]: store1-mail stays at 750 GB, although 375 GB would do" in said
    sizes = {key: volume["size_gib"] for key, volume in deployment.values["volumes"].items()}
    assert sizes == {"store1-mail": 750, "store2-mail": 375}
    said = " ".join(said.split())
    assert "If it is applied there is nothing to do, or silence it: silence: {volume-stays: WHY}" in said
    assert "store2 is new: each mail store without users of its own counts 75 users, but mailboxes do not move" in said
    assert "Each mail store without users of its own counts 75" in " ".join(deployment.generate("--upgrade").split())


def test_who_says_how_many_users_a_store_holds_hears_nothing_of_shares(deployment: Deployment) -> None:
    deployment.topology |= {"users": 200}
    deployment.topology["nodes"] |= {"store1": {"roles": ["mailstore", "tasks"], "users": 150}, "store2": ["mailstore"]}
    assert "volume-stays" not in deployment.generate()
    sizes = {key: volume["size_gib"] for key, volume in deployment.values["volumes"].items()}
    assert sizes == {"store1-mail": 750, "store2-mail": 250}


@pytest.mark.parametrize(
    ("cloud", "after"),
    [("aws", "after a final snapshot"), ("hetzner", "without a snapshot"), ("libvirt", "without a snapshot")],
)
def test_a_volume_that_leaves_is_said(cloud: str, after: str, tmp_path: Path) -> None:
    deployment = on(cloud, tmp_path)
    deployment.generate()
    deployment.topology["nodes"]["store9"] = deployment.topology["nodes"].pop("store1")
    said = deployment.generate()
    assert "warning[volume-leaves]: the volume store1-mail is not in the topology any more" in said
    assert after in said


def test_only_the_tunnel_once_there_is_one(tmp_path: Path) -> None:
    deployment = on_hetzner(tmp_path)
    peers = {"alice": "9mYqyTXKUzOLEFHw4HoxwX8tVnbIqTYaUBa1UAAVgnE="}
    deployment.topology["vpn"] = {"peers": peers, "only": True}
    assert "error[vpn-only-first]" in deployment.generate(code=2)
    deployment.topology["vpn"]["only"] = False
    deployment.generate()
    deployment.topology["vpn"]["only"] = True
    deployment.generate()
    text = (tmp_path / "ssh_config").read_text("utf-8")
    assert "ProxyJump" not in text
    assert "HostName 10.20.240.10" in text
    flows = json.loads(run_cli(tmp_path, "plan", "--json").out)["flows"]
    assert not [flow["id"] for flow in flows if flow["source"] == "management"]


def test_placement_groups_hold_ten_and_stay(tmp_path: Path) -> None:
    deployment = on_hetzner(tmp_path)
    before = {name: node["placement_group"] for name, node in deployment.nodes.items()}
    deployment.topology["nodes"] = {
        **{f"mta{number}": ["mta"] for number in range(2, 9)},
        **deployment.topology["nodes"],
    }
    deployment.generate()
    after = {name: node["placement_group"] for name, node in deployment.nodes.items()}
    assert {name: after[name] for name in before} == before
    groups = list(after.values())
    assert {group: groups.count(group) for group in groups} == {"spread-1": 10, "spread-2": 2}


def test_peers_and_resolvers_stay(tmp_path: Path) -> None:
    deployment = on_hetzner(tmp_path)
    key = "9mYqyTXKUzOLEFHw4HoxwX8tVnbIqTYaUBa1UAAVgnE="
    deployment.topology["vpn"] = {"peers": {"zoe": key}}
    deployment.generate()
    data = json.loads((tmp_path / "nodes" / "mta1.json").read_text("utf-8"))
    deployment.topology["vpn"] = {"peers": {"alice": key.replace("9", "8"), "zoe": key}}
    deployment.topology["nodes"] = {"aaa1": ["tasks"], **deployment.topology["nodes"]}
    deployment.generate()
    conf = json.loads((tmp_path / "nodes" / "gateway.json").read_text("utf-8"))["files"]["/etc/wireguard/wg0.conf"]
    assert [line for line in conf if line.startswith("AllowedIPs")] == [
        "AllowedIPs = 10.98.0.3/32",
        "AllowedIPs = 10.98.0.2/32",
    ]
    assert json.loads((tmp_path / "nodes" / "mta1.json").read_text("utf-8")) == data


def test_a_node_that_becomes_public_moves_and_says_so(deployment: Deployment) -> None:
    deployment.topology["nodes"]["files1"] = ["files", "docs", "preview", "proxy"]
    said = deployment.generate()
    assert "warning[node-moves]: files1 becomes public" in said
    assert deployment.nodes["files1"]["subnet"].startswith("public-")


def test_a_changed_system_is_said(deployment: Deployment) -> None:
    deployment.topology["nodes"]["files1"] = {"roles": ["files", "docs", "preview"], "os": "rhel-8"}
    said = deployment.generate()
    assert "warning[os-changes]: files1 changes from ubuntu-20.04 to rhel-8" in said


def test_opening_a_service_adds_its_rule_and_its_name_and_nothing_else(deployment: Deployment) -> None:
    before = deployment.values
    deployment.topology["services"] = {"imaps": True, "submissions": True}
    deployment.generate()
    after = deployment.values
    added = after["firewall"]["rules"].keys() - before["firewall"]["rules"].keys()
    assert added == {"mta+proxy/in/internet/tcp/993", "mta+proxy/in/internet/tcp/465"}
    after["firewall"] = before["firewall"]
    for view in ("public", "inside"):
        names = after["dns"][view].keys() - before["dns"][view].keys()
        assert names == {"_imaps._tcp.example.com SRV", "_submissions._tcp.example.com SRV"}
        for name in names:
            del after["dns"][view][name]
    assert after == before


def test_a_larger_quota_grows_the_volume_and_nothing_else(deployment: Deployment) -> None:
    before = deployment.values
    deployment.topology["mailbox_quota"] = "6 GB"
    deployment.generate()
    after = deployment.values
    assert after["volumes"]["store1-mail"]["size_gib"] == 900
    after["volumes"]["store1-mail"]["size_gib"] = 750
    assert after == before


def test_recordings_stay_on_their_mail_store(deployment: Deployment) -> None:
    deployment.topology["nodes"]["video1"] = {"roles": ["video"], "recording": "200 hours"}
    deployment.generate()
    assert deployment.values["volumes"]["store1-recordings"]["size_gib"] == 80
    deployment.topology["nodes"] = {"astore": ["mailstore"], **deployment.topology["nodes"]}
    deployment.generate()
    assert "store1-recordings" in deployment.values["volumes"]


def test_a_damaged_lock_is_refused(deployment: Deployment) -> None:
    (deployment.folder / "topology.lock.json").write_text("{", "utf-8")
    assert "is damaged" in deployment.generate(code=2)
    (deployment.folder / "topology.lock.json").write_text('{"format": 7}', "utf-8")
    assert "format 7" in deployment.generate(code=2)


def test_a_lost_lock_is_refused_by_every_command(deployment: Deployment) -> None:
    """Without it a reordered file would give every node another address."""
    lock = deployment.folder / "topology.lock.json"
    lock.unlink()
    deployment.topology["nodes"] = dict(reversed(deployment.topology["nodes"].items()))
    before = {path.name: path.read_bytes() for path in deployment.folder.iterdir() if path.is_file()}
    for options in ((), ("--check",), ("--diff",), ("--upgrade",)):
        said = deployment.generate(*options, code=2)
        assert "topology.lock.json is missing, and generate wrote it here" in said, options
        assert "Restore it from version control" in said
        assert "generate --force" in said
    assert run_cli(deployment.folder, "plan").code == 2
    after = {path.name: path.read_bytes() for path in deployment.folder.iterdir() if path.is_file()}
    assert {**after, "topology.yaml": b""} == {**before, "topology.yaml": b""}


def test_by_force_a_lost_lock_is_chosen_anew(deployment: Deployment) -> None:
    (deployment.folder / "topology.lock.json").unlink()
    deployment.generate("--force")
    assert (deployment.folder / "topology.lock.json").is_file()


def test_a_folder_that_never_held_a_lock_needs_none(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path)
    deployment.generate("--check", code=1)
    deployment.generate()


def test_a_quota_that_was_never_applied_can_be_taken_back(deployment: Deployment) -> None:
    deployment.topology["mailbox_quota"] = "50 GB"
    deployment.generate()
    deployment.topology["mailbox_quota"] = "5 GB"
    said = deployment.generate()
    assert "warning[volume-stays]: store1-mail stays at 7500 GB" in said
    said = " ".join(said.split())
    assert "Only where nothing was ever applied: remove topology.lock.json, then generate --force." in said
    assert "mailboxes do not move" not in said
    (deployment.folder / "topology.lock.json").unlink()
    deployment.generate("--force")
    assert deployment.values["volumes"]["store1-mail"]["size_gib"] == 750


def test_a_type_that_is_kept_says_so(deployment: Deployment) -> None:
    deployment.topology["nodes"]["store1"] = {"roles": ["mailstore", "tasks"], "type": "m6i.4xlarge"}
    deployment.generate()
    deployment.topology["nodes"]["store1"] = ["mailstore", "tasks"]
    deployment.generate()
    assert deployment.nodes["store1"]["type"] == "m6i.4xlarge"
    nodes = json.loads(run_cli(deployment.folder, "plan", "--json").out)["nodes"]
    why = "kept from before; generate --upgrade would choose "
    assert [one for one in nodes["store1"]["machine"]["reasons"] if one.startswith(why)]
    # What would be chosen now needs no word.
    assert not [one for one in nodes["mta1"]["machine"]["reasons"] if "kept" in one]
    deployment.generate("--upgrade")
    assert deployment.nodes["store1"]["type"] != "m6i.4xlarge"


def seeds(deployment: Deployment) -> dict[str, bytes]:
    """Return what a machine on a hypervisor is made of, by its file."""
    found = [
        path for kind in ("cloud-init", "network-config", "nodes") for path in (deployment.folder / kind).iterdir()
    ]
    return {path.relative_to(deployment.folder).as_posix(): path.read_bytes() for path in found}


def test_a_further_node_changes_nothing_of_the_others_on_a_hypervisor(tmp_path: Path) -> None:
    """But for the two that answer DNS inside, whose data names every node."""
    deployment = on_libvirt(tmp_path)
    before, cards = seeds(deployment), {name: node["mac"] for name, node in deployment.nodes.items()}
    deployment.topology["nodes"] = {"aaa1": ["tasks"], **dict(reversed(deployment.topology["nodes"].items()))}
    deployment.topology["services"] = {"imaps": True}
    deployment.generate()
    after = seeds(deployment)
    # A port that was opened reaches its nodes by their data.
    told = {f"{kind}/{name}" for name in ("infra1", "store1", "mta1") for kind in ("nodes", "cloud-init")}
    changed = {path.rpartition(".")[0] for path in before if before[path] != after[path]}
    assert changed == told
    assert {name: deployment.nodes[name]["mac"] for name in cards} == cards
    assert not {path for path in after if path.startswith("network-config/") and after[path] != before.get(path)} - {
        "network-config/aaa1.yaml"
    }


@pytest.mark.parametrize("change", [{"name": "another"}, {"services": {"pop3": "management"}}, {"users": 9}])
def test_cards_and_addresses_of_a_hypervisors_machines_stay(change: dict[str, Any], tmp_path: Path) -> None:
    deployment = on_libvirt(tmp_path)
    before = {path: text for path, text in seeds(deployment).items() if path.startswith("network-config/")}
    deployment.topology |= change
    deployment.generate("--upgrade")
    assert before == {path: text for path, text in seeds(deployment).items() if path.startswith("network-config/")}


def test_a_public_address_of_the_operators_comes_and_goes(tmp_path: Path) -> None:
    deployment = on_libvirt(tmp_path)
    macs = {name: node["mac"] for name, node in deployment.nodes.items()}
    addresses = {"mta1": "203.0.113.11", "video1": "203.0.113.12"}
    deployment.topology["cloud"] = {"provider": "libvirt", "uplink": {"bridge": "br0"}, "public_addresses": addresses}
    deployment.topology["exposure"] = "direct"
    assert "warning[address-changes]: mta1 gets its public address" in deployment.generate()
    assert {
        name: node["public_address"] for name, node in deployment.nodes.items() if node["public_address"]
    } == addresses
    # The interface inside is the one that was there.
    assert {name: node["mac"] for name, node in deployment.nodes.items()} == macs


def test_another_router_reaches_nodes_by_their_data(tmp_path: Path) -> None:
    deployment = on_libvirt(tmp_path)
    deployment.topology["network"] = {"router": "10.20.255.254"}
    said = deployment.generate()
    for name in deployment.nodes:
        assert json.loads((tmp_path / "nodes" / f"{name}.json").read_text("utf-8"))["router"] == "10.20.255.254"
        assert f"carbonio-node-configure - < nodes/{name}.json" in said
    assert "default route leads to 10.20.255.254." in (tmp_path / "hand-over.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("cloud", "after"), [("hetzner", "Terraform will replace the machine"), ("libvirt", "rebuild the machine")]
)
def test_an_address_that_is_taken_away_is_said(cloud: str, after: str, tmp_path: Path) -> None:
    deployment = on(cloud, tmp_path)
    deployment.generate()
    address = deployment.nodes["store1"]["private_address"]
    deployment.topology["nodes"]["aaa1"] = {"roles": ["tasks"], "address": address}
    said = deployment.generate()
    assert f"warning[node-moves]: store1 cannot keep {address}, which is somebody else's now, so" in said
    assert f"it gets another address: {after}" in said


def test_a_router_that_takes_a_nodes_address_is_said(tmp_path: Path) -> None:
    deployment = on_libvirt(tmp_path)
    address = deployment.nodes["store1"]["private_address"]
    deployment.topology["network"] = {"router": address}
    assert f"warning[node-moves]: store1 cannot keep {address}" in deployment.generate()
    assert address not in {node["private_address"] for node in deployment.nodes.values()}
