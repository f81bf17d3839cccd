"""Day two on every cloud: what changes is what was asked for, and no server is touched."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from generator.clouds.base import Simulator
from generator.rehearse.aws_simulator import AwsSimulator
from generator.rehearse.hetzner.simulator import HetznerSimulator
from tests.helpers import ROOT
from tests.session import Session
from tests.terraform import PROGRAMS, find

pytestmark = [pytest.mark.terraform, pytest.mark.slow]

SIMULATORS: dict[str, Callable[[], AbstractContextManager[Simulator]]] = {
    "aws": lambda: AwsSimulator(delegated=["example.com"]),
    "hetzner": HetznerSimulator,
}
PROVIDERS = {"aws": "hashicorp/aws", "hetzner": "hetznercloud/hcloud"}
SERVERS = ("aws_instance", "hcloud_server")
PEER = "9mYqyTXKUzOLEFHw4HoxwX8tVnbIqTYaUBa1UAAVgnE="
# The AWS provider waits minutes for Route 53 wherever it stands: one program is enough there.
CASES = [
    ("five-nodes", "hetzner", "terraform"),
    ("five-nodes", "hetzner", "tofu"),
    ("gateway", "hetzner", "terraform"),
    ("gateway", "hetzner", "tofu"),
    ("gateway", "aws", "terraform"),
]


def configured(output: str) -> list[str]:
    """Return the nodes that generate tells to configure."""
    lines = [line.strip() for line in output.splitlines() if "carbonio-node-configure - <" in line]
    nodes = [line.split("nodes/")[1].removesuffix(".json") for line in lines]
    for node, line in zip(nodes, lines, strict=True):
        assert line == f"ssh -F ssh_config {node} sudo /usr/local/sbin/carbonio-node-configure - < nodes/{node}.json"
    return nodes


def touched(actions: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return what happens to servers that exist, and whatever is destroyed."""
    return {
        address: what
        for address, what in actions.items()
        if "delete" in what or (what != ("create",) and address.rpartition("[")[0].split(".")[-2] in SERVERS)
    }


@pytest.mark.parametrize(("example", "cloud", "tool"), CASES)
def test_changes_touch_no_server(example: str, cloud: str, tool: str, tmp_path: Path) -> None:
    assert tool in PROGRAMS
    program = find(tool)
    program.need(PROVIDERS[cloud])
    shutil.copytree(ROOT / "examples" / f"{example}-{cloud}", tmp_path / "mail")
    with SIMULATORS[cloud]() as simulator:
        session = Session(tmp_path / "mail", program, simulator)
        session.shell(f"python -m generator && {tool} apply -auto-approve -input=false -no-color")
        session.shell(f"{tool} plan -detailed-exitcode -input=false -no-color")
        before = session.output("nodes")

        # A node more: only it and what belongs to it is created.
        session.edit("  store1: [mailstore, tasks]", "  store1: [mailstore, tasks]\n  tasks9: [tasks]")
        actions = _change(session)
        assert {address for address in actions if '"tasks9"' in address}
        assert set(actions.values()) <= {("create",), ("update",)}

        # IMAP opened: one rule, the machines that filter for themselves, and what mail programs find it by.
        if "services:" in (session.folder / "topology.yaml").read_text("utf-8"):
            session.edit("services: {", "services: {imap: true, ")
        else:
            session.edit("users: 150", "services: {imap: true, submissions: true}\nusers: 150")
        session.edit("management:", "# comments change nothing\nmanagement:")
        says = session.shell("python -m generator --check", codes=(1,))
        proxies = {"mta1", "mta2"} & set(before)
        assert set(configured(says)) == proxies | ({"gateway"} & set(before))
        actions = _change(session)
        services = {address for address in actions if address.endswith(' SRV"]')}
        assert services
        assert all("firewall" in address for address in actions.keys() - services), actions
        assert {actions[address] for address in services} == {("create",)}

        # A larger quota: the volume grows where it is.
        session.edit("mailbox_quota: 5 GB", "mailbox_quota: 6 GB")
        says = session.shell("python -m generator --check", codes=(1,))
        assert configured(says) == ["store1"]
        actions = _change(session)
        assert list(actions.values()) == [("update",)]
        assert "volume" in next(iter(actions))

        if "gateway" in before:
            # A peer more: nothing in the cloud, and the others keep their addresses.
            session.edit("    alice:", f"    aaron: {PEER}\n    alice:")
            says = session.shell("python -m generator --check", codes=(1,))
            assert configured(says) == ["gateway"]
            assert _change(session) == {}
            text = (session.folder / "nodes" / "gateway.json").read_text("utf-8")
            assert text.index("10.98.0.3/32") < text.index("10.98.0.2/32"), "alice keeps the first address"

        after = session.output("nodes")
        assert {name: after[name] for name in before} == before
        session.shell(f"{tool} destroy -auto-approve -input=false -no-color")
        assert session.shell(f"{tool} state list").strip() == ""


def _change(session: Session) -> dict[str, tuple[str, ...]]:
    """Generate, plan and apply, and return what was planned."""
    tool = session.program.name
    actions = session.planned()
    assert not touched(actions), actions
    session.shell(f"{tool} apply -input=false -no-color change")
    session.shell(f"{tool} plan -detailed-exitcode -input=false -no-color")
    return actions
