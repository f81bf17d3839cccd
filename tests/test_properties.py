"""What holds for every topology, and what every damaged file gets: an answer, never a traceback."""

from __future__ import annotations

import collections
import ipaddress
import json
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import hostile
from tests.helpers import Result, build_tree, examples, run_cli
from tests.oracle import network_config, nft_ruleset, tfvars, variants, world
from tests.oracle.expected import expected, read
from tests.oracle.layers import findings
from tests.oracle.opening import Opening, difference
from tests.oracle.tfvars import openings
from tests.strategies import assignments, broken_files, dump, scratched_files, scratched_overlays, topologies
from tests.strategies_premises import scratched_premises

LEAST_MEMORY_GIB = 4
# What libvirt alone has is drawn as often as what it shares with others.
PLACEMENTS = [*variants.PLACEMENTS, *[("libvirt", variants.EXTERNAL)] * (len(variants.VARIANTS) - 1)]


def generate(topology: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Generate into a folder and return what Terraform would get."""
    (folder / "topology.yaml").write_text(dump(topology), encoding="utf-8")
    result = run_cli(folder, "--no-init")
    assert result.code == 0, f"{result.err}\n{dump(topology)}"
    values: dict[str, Any] = json.loads((folder / "terraform.tfvars.json").read_text(encoding="utf-8"))
    return values


@pytest.mark.slow
@settings(max_examples=examples(50, 1000))
@given(topologies())
def test_every_topology_opens_exactly_what_the_documents_say(topology: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as name:
        values = generate(topology, Path(name))
        sizes(topology, values, Path(name))
    # As it comes from YAML: short forms are read the way an operator's file is.
    written = yaml.safe_load(dump(topology))
    actual = openings(values, written["management"])
    assert not difference(expected(written), actual)
    invariants(topology, actual)


@pytest.mark.slow
@pytest.mark.skipif(bool(nft_ruleset.why_not()), reason=nft_ruleset.why_not() or "-")
@settings(max_examples=examples(10, 120))
@given(topologies(most_nodes=7), st.sampled_from(PLACEMENTS), st.booleans())
def test_every_layer_of_every_topology_admits_what_the_documents_say(
    topology: dict[str, Any], placement: tuple[str, variants.Variant], filtered: bool
) -> None:
    """On every cloud, in every exposure, with and without the VPN and the machines' own firewalls."""
    cloud, variant = placement
    content = variants.on(cloud, yaml.safe_load(dump(topology)), variant)
    if cloud == "aws":
        content["cloud"]["quotas"] = {"rules_per_group": 500, "elastic_ips": 50}
        content["host_firewall"] = filtered
    if variant.exposure == "external" and filtered:
        network = ipaddress.IPv4Network(content.get("network", {}).get("cidr", world.NETWORK))
        content["network"] = {"cidr": str(network), "router": str(network.broadcast_address - 1)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if variant.vpn == "only":
            generate({**content, "vpn": {**content["vpn"], "only": False}}, folder)
        values = generate(content, folder)
        read_cloud, machines = tfvars.cloud_of(values, cloud), world.machines_of(folder)
        found = findings(world.build(content, read_cloud, machines, world.sheet_of(folder)))
        if cloud == "libvirt":
            texts = {path.stem: path.read_text("utf-8") for path in (folder / "network-config").iterdir()}
            found += network_config.findings(content, values, texts)
        assert not found, "\n".join([*found[:20], dump(content)])


def invariants(topology: dict[str, Any], actual: set[Opening]) -> None:
    """Hold even if the expected set above were wrong."""
    roles = read(topology).nodes
    for opening in actual:
        if opening.direction == "out":
            continue
        if opening.ports in {"22", "6071", "3000"}:
            assert opening.peer == "cluster" or opening.peer.startswith("management:"), opening
            assert opening.ports == "22" or opening.peer != "cluster", opening
        if opening.peer == "internet" and opening.protocol != "icmp":
            assert set(roles[opening.node]) & {"mta", "proxy", "video"}, opening
        assert opening.protocol != "-1", opening
        assert opening.ports != "1-65535" or "troubleshooting" in topology, opening


def outside(result: Result, texts: dict[str, bytes]) -> list[str]:
    """Return the errors whose place is in none of the texts: beyond the last line, or the end of a line."""
    found = []
    for match in result.errors:
        # Where YAML 1.1 breaks lines; a text that is not UTF-8 counts its characters up to the wrong one.
        text = texts.get(match["file"], b"").decode("utf-8", "replace").removeprefix("\ufeff")
        lines = re.split("\r\n|[\n\r\x85\u2028\u2029]", text)
        line, column = int(match["line"]), int(match["column"])
        if match["file"] not in texts or not 1 <= line <= len(lines) or not 1 <= column <= len(lines[line - 1]) + 1:
            found.append(match[0])
    return found


def machine(type_: str) -> tuple[int, int]:
    """Return vCPU and GiB of memory of an Intel or AMD type of the families c, m and r."""
    family, _, size = type_.partition(".")
    assert re.fullmatch(r"[cmr]\d[ai]?", family), f"{type_} is burstable, ARM or unknown"
    vcpu = {"large": 2, "xlarge": 4}.get(size) or 4 * int(size.removesuffix("xlarge"))
    return vcpu, vcpu * {"c": 2, "m": 4, "r": 8}[family[0]]


def sizes(topology: dict[str, Any], values: dict[str, Any], folder: Path) -> None:
    """Check disks and volumes against the rules, and the parts against each other."""
    assert set(values["nodes"]) == set(topology["nodes"])
    addresses = collections.Counter(node["private_address"] for node in values["nodes"].values())
    assert max(addresses.values()) == 1
    for name, node in values["nodes"].items():
        roles = set(node["roles"])
        data = json.loads((folder / "nodes" / f"{name}.json").read_text(encoding="utf-8"))
        vcpu, memory = machine(node["type"])
        least = 24 if len(topology["nodes"]) == 1 else 6 if "files" in roles else LEAST_MEMORY_GIB
        assert memory >= max(least, data["memory_gib"]), (name, node["type"])
        assert vcpu >= (8 if len(topology["nodes"]) == 1 else 4), (name, node["type"])
        assert node["os_disk_gib"] >= (120 if "database" in roles else 30)
        others = set(topology["nodes"]) - {name}
        text = json.dumps(data)
        assert not any(f'"{other}.{topology["domain"]}"' in text for other in others)
    mail = [entry for key, entry in values["volumes"].items() if key.endswith("-mail")]
    stores = [name for name, node in values["nodes"].items() if "mailstore" in node["roles"]]
    assert sorted(entry["node"] for entry in mail) == sorted(stores)
    quota = int(topology["mailbox_quota"].split()[0])
    assert sum(entry["size_gib"] for entry in mail) >= topology["users"] * quota


@pytest.mark.slow
@settings(max_examples=examples(100, 5000))
@given(broken_files())
def test_a_broken_file_is_refused_with_its_place(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "topology.yaml").write_bytes(content)
        result = run_cli(folder, "--no-init")
        assert result.code == 2, result.err
        assert "Traceback" not in result.err
        assert result.errors, result.err
        assert not outside(result, {"topology.yaml": content})
        assert sorted(path.name for path in folder.iterdir()) == ["topology.yaml"]


@pytest.mark.slow
@settings(max_examples=examples(50, 3000))
@given(scratched_files())
def test_a_scratched_file_is_accepted_or_refused(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "topology.yaml").write_bytes(content)
        result = run_cli(folder, "--no-init")
        assert result.code in {0, 2}, result.err
        assert "Traceback" not in result.err
        assert bool(result.errors) == (result.code == 2), result.err
        assert not outside(result, {"topology.yaml": content})


@pytest.mark.slow
@settings(max_examples=examples(50, 2000))
@given(scratched_files(), st.lists(scratched_overlays(), max_size=2), st.lists(assignments(), max_size=3))
def test_scratched_layers_are_accepted_or_refused(content: bytes, overlays: list[bytes], sets: list[str]) -> None:
    """Whatever lies over whatever: an answer, and every error stands in a text that was given."""
    texts = {"topology.yaml": content, **{f"over{number}.yaml": text for number, text in enumerate(overlays)}}
    words = [word for name in list(texts)[1:] for word in ("--overlay", name)]
    words += [f"--set={one}" for one in sets]
    with tempfile.TemporaryDirectory() as name:
        build_tree(Path(name), texts)
        result = run_cli(Path(name), "plan", *words)
        assert result.code in {0, 2}, result.err
        assert "Traceback" not in result.err
        assert bool(result.errors) == (result.code == 2), result.err
        # A line for each, whatever it holds.
        lines = "\n".join(re.sub("[\n\r\x85\u2028\u2029]", " ", one) for one in sets)
        assert not outside(result, {**texts, "--set": lines.encode("utf-8", "surrogatepass")})


@pytest.mark.slow
@settings(max_examples=examples(50, 600))
@given(scratched_premises())
def test_a_hypervisor_with_any_addresses_is_accepted_or_refused(topology: dict[str, Any]) -> None:
    """Whatever is accepted is judged like every other: addresses of routers, uplinks and machines fit each other."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "topology.yaml").write_text(dump(topology), encoding="utf-8")
        result = run_cli(folder, "--no-init")
        assert result.code in {0, 2}, result.err
        assert "Traceback" not in result.err
        assert bool(result.errors) == (result.code == 2), result.err
        if result.code == 0:
            values = json.loads((folder / "terraform.tfvars.json").read_text(encoding="utf-8"))
            read_cloud, machines = tfvars.cloud_of(values, "libvirt"), world.machines_of(folder)
            found = findings(world.build(topology, read_cloud, machines, world.sheet_of(folder)))
            texts = {path.stem: path.read_text("utf-8") for path in (folder / "network-config").iterdir()}
            found += network_config.findings(topology, values, texts)
            assert not found, "\n".join([*found[:20], dump(topology)])


@pytest.mark.parametrize("content", hostile.FILES.values(), ids=list(hostile.FILES))
def test_a_hostile_file_is_refused_with_its_place(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "topology.yaml").write_bytes(content)
    result = run_cli(tmp_path, "--no-init")
    assert result.code == 2, result.err
    assert "Traceback" not in result.err
    assert result.errors, result.err
    # A message that repeats a bomb is one itself.
    assert len(result.err) < 20_000
    assert sorted(path.name for path in tmp_path.iterdir()) == ["topology.yaml"]
