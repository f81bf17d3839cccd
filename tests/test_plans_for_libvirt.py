"""Terraform's own plan for a hypervisor: who is attached to what, and the machines as the topology wants them."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import EXAMPLES
from tests.mock_hypervisor import MockHypervisor, need
from tests.oracle import cloud, libvirt_plan, network_config, nft_ruleset, tfvars, world
from tests.oracle.groups import OracleError
from tests.oracle.layers import findings
from tests.oracle.libvirt_plan import Machine
from tests.oracle.variants import DIRECT, EXTERNAL, Variant, on
from tests.strategies import BASE
from tests.terraform import Program
from tests.test_flows_against_documents import example_of, generate, with_nodes

Json = dict[str, Any]
NO_RULES = nft_ruleset.why_not()
pytestmark = [
    pytest.mark.terraform,
    pytest.mark.slow,
    pytest.mark.skipif(bool(NO_RULES), reason=NO_RULES or "-"),
]

BRIDGE, OWN = "bridge br0", "network example-com"
# Summed by hand from the documents' tables for 150 users: processors, memory in GiB, disks in GiB. Each node has 1 GiB
# for its system; with Carbonio 24.1 the first carries the database connector too.
MACHINES: dict[str, dict[str, Machine]] = {
    "five-nodes-libvirt": {
        "infra1": Machine(4, 8, {"system": 120}, (BRIDGE,)),
        "mta1": Machine(4, 10, {"system": 30}, (BRIDGE,)),
        "store1": Machine(4, 16, {"system": 30, "store1-mail": 750}, (BRIDGE,)),
        "files1": Machine(4, 8, {"system": 30}, (BRIDGE,)),
        "video1": Machine(8, 8, {"system": 30}, (BRIDGE,)),
    },
    "gateway-libvirt": {
        "gateway": Machine(2, 2, {"system": 20}, (OWN, BRIDGE)),
        "infra1": Machine(4, 7, {"system": 120}, (OWN,)),
        "mta1": Machine(4, 10, {"system": 30}, (OWN,)),
        "mta2": Machine(4, 10, {"system": 30}, (OWN,)),
        "store1": Machine(4, 16, {"system": 30, "store1-mail": 750}, (OWN,)),
        "files1": Machine(4, 10, {"system": 30}, (OWN,)),
        "video1": Machine(8, 8, {"system": 30}, (OWN,)),
        "video2": Machine(8, 8, {"system": 30}, (OWN,)),
    },
}


@pytest.fixture(scope="module")
def hypervisor() -> Iterator[MockHypervisor]:
    need()
    with MockHypervisor() as running:
        yield running


def plan_of(folder: Path, content: Json, program: Program, hypervisor: MockHypervisor) -> Json:
    """Generate, validate, plan, and return the plan's JSON."""
    program.need("dmacvicar/libvirt")
    generate(folder, content)
    program.init(folder)
    program.run(folder, "validate", "-no-color")
    options = ("-input=false", "-no-color", "-out=plan")
    program.run(folder, "plan", *options, environment=hypervisor.environment())
    return program.show(folder, "plan")


def check(content: Json, folder: Path, plan: Json) -> None:
    """Compare a plan with the documents, with the generated files and with the topology."""
    values = json.loads((folder / "terraform.tfvars.json").read_text("utf-8"))
    content = with_nodes(content, values)
    read = libvirt_plan.planned(plan)
    found = findings(world.build(content, read, world.machines_of(folder), world.sheet_of(folder)))
    assert not found, "\n".join(found[:30])
    assert not cloud.difference(tfvars.cloud_of(values, "libvirt"), read)
    seeds = seeds_of(plan)
    texts = {name: seed["network_config"] for name, seed in seeds.items()}
    assert not list(network_config.findings(content, values, texts))
    for name, seed in seeds.items():
        assert texts[name] == (folder / "network-config" / f"{name}.yaml").read_text("utf-8")
        user_data = (folder / "cloud-init" / f"{name}.yaml").read_text("utf-8")
        for key, volume in values["volumes"].items():
            user_data = user_data.replace(f"@@volume:{key}@@", volume["serial"])
        assert seed["user_data"] == user_data


def seeds_of(plan: Json) -> dict[str, Json]:
    """Return what cloud-init gets, by machine."""
    return {entry["index"]: entry["values"] for entry in resources_of(plan, "libvirt_cloudinit_disk")}


def resources_of(plan: Json, kind: str) -> list[Json]:
    """Return the planned resources of a type, to be changed."""
    modules = plan["planned_values"]["root_module"]["child_modules"]
    return [entry for module in modules for entry in module["resources"] if entry["type"] == kind]


@pytest.mark.parametrize("name", MACHINES)
def test_the_plan_of_an_example_makes_what_the_topology_wants(
    name: str, tmp_path: Path, terraform: Program, hypervisor: MockHypervisor
) -> None:
    content = example_of(next(path for path in EXAMPLES if path.name == name))
    plan = plan_of(tmp_path, content, terraform, hypervisor)
    check(content, tmp_path, plan)
    # What a person reviews: the sheet and the zone, in full at every change, would hide what changes.
    shown = terraform.run(tmp_path, "show", "-no-color", "plan").stdout.partition("Changes to Outputs:")[2]
    assert "hand_over" in shown
    assert "Hand-over" not in shown
    assert "IN MX" not in shown
    assert libvirt_plan.machines(plan) == MACHINES[name]
    for entry in resources_of(plan, "libvirt_domain"):
        assert entry["values"]["name"] == f"{entry['index']}.{content['domain']}"
        assert (entry["values"]["type"], entry["values"]["autostart"]) == ("kvm", True)


# Every kind of uplink: with addresses on it, with somebody who translates, one that is made.
PLANNED = [
    ("five-nodes-aws", DIRECT),
    ("redundant-aws", EXTERNAL),
    ("single-aws", Variant("direct", "yes")),
    ("five-nodes-rhel-aws", Variant("gateway", "only")),
]


@pytest.mark.parametrize(("example", "variant"), PLANNED, ids=str)
def test_the_plan_of_an_example_elsewhere_opens_what_the_documents_say(
    example: str, variant: Variant, tmp_path: Path, terraform: Program, hypervisor: MockHypervisor
) -> None:
    content = on("libvirt", example_of(next(path for path in EXAMPLES if path.name == example)), variant)
    check(content, tmp_path, plan_of(tmp_path, content, terraform, hypervisor))


def test_opentofu_plans_the_same(tmp_path: Path, hypervisor: MockHypervisor) -> None:
    from tests.terraform import find

    content = on("libvirt", BASE, Variant("gateway", "yes"))
    check(content, tmp_path, plan_of(tmp_path, content, find("tofu"), hypervisor))


def _domain(plan: Json, name: str) -> Json:
    found: Json = next(entry for entry in resources_of(plan, "libvirt_domain") if entry["index"] == name)["values"]
    return found


def _network(plan: Json, **values: object) -> None:
    resources_of(plan, "libvirt_network")[0]["values"].update(values)


def _source(plan: Json, name: str, number: int, **source: object) -> None:
    _domain(plan, name)["devices"]["interfaces"][number]["source"] = source


def _seed(plan: Json, name: str, old: str, new: str) -> None:
    seed = seeds_of(plan)[name]
    assert old in seed["network_config"]
    seed["network_config"] = seed["network_config"].replace(old, new)


def _second_interface(plan: Json) -> None:
    interfaces = _domain(plan, "mta1")["devices"]["interfaces"]
    interfaces.append(copy.deepcopy(_domain(plan, "gateway")["devices"]["interfaces"][1]))


FORGED: dict[str, Callable[[Json], object]] = {
    "the hypervisor is in the isolated network": lambda plan: _network(
        plan, ips=[{"address": "10.20.0.1", "prefix": 16}]
    ),
    "the isolated network leads out": lambda plan: _network(plan, forward={"mode": "nat"}),
    "the isolated network is a bridge": lambda plan: _network(plan, bridge={"name": "br0"}),
    "IPv6 in the isolated network": lambda plan: _network(plan, ipv6="yes"),
    "a further network": lambda plan: resources_of(plan, "libvirt_network")[0].update(index="more"),
    "a node on the uplink": _second_interface,
    "a node on the uplink alone": lambda plan: _source(plan, "mta1", 0, bridge={"bridge": "br0"}),
    "a node on another network": lambda plan: _source(plan, "mta1", 0, network={"network": "default"}),
    "the gateway inside twice": lambda plan: _source(plan, "gateway", 1, network={"network": "example-com"}),
    "the gateway on a card of the hypervisor": lambda plan: _source(plan, "gateway", 1, direct={"dev": "eth0"}),
    "the gateway without an uplink": lambda plan: _domain(plan, "gateway")["devices"]["interfaces"].pop(),
    "another card": lambda plan: _domain(plan, "mta1")["devices"]["interfaces"][0]["mac"].update(
        address="02:00:00:00:00:01"
    ),
    "a graphical console": lambda plan: _domain(plan, "mta1")["devices"].update(graphics=[{"vnc": {"port": 5900}}]),
    "a machine is missing": lambda plan: plan["planned_values"]["root_module"]["child_modules"][-1]["resources"].remove(
        next(entry for entry in resources_of(plan, "libvirt_domain") if entry["index"] == "mta1")
    ),
    "another kind of resource": lambda plan: resources_of(plan, "libvirt_network")[0].update(type="libvirt_nwfilter"),
    "another address": lambda plan: _seed(plan, "mta1", "10.20.0.", "10.20.1."),
    "IPv6": lambda plan: _seed(plan, "mta1", "accept-ra: false", "accept-ra: true"),
    "a default route": lambda plan: _seed(
        plan, "mta1", '/16"]', '/16"]\n    routes: [{to: 0.0.0.0/0, via: 10.20.0.9}]'
    ),
}


def test_the_judge_notices_forged_plans(tmp_path: Path, terraform: Program, hypervisor: MockHypervisor) -> None:
    content = on("libvirt", BASE, Variant("gateway", "no"))
    plan = plan_of(tmp_path, content, terraform, hypervisor)
    check(content, tmp_path, plan)
    for name, forge in FORGED.items():
        forged = copy.deepcopy(plan)
        forge(forged)
        assert forged != plan, name
        with pytest.raises((OracleError, AssertionError, KeyError)):
            check(content, tmp_path, forged)
