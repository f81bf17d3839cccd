"""`install: packages`: the packages of the roles, last of all, where all is ready, and never more than that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.helpers import ROOT, run_cli
from tests.node.machine import RHEL, Machine, node

pytestmark = pytest.mark.slow

EXAMPLE = yaml.safe_load((ROOT / "examples/five-nodes-aws/topology.yaml").read_text("utf-8"))
PGPOOL = "https://www.pgpool.net/yum/rpms/4.4/redhat/rhel-8-x86_64/pgpool-II-pg12-4.4.3-1pgdg.rhel8.x86_64.rpm"
ROLES = ["carbonio-advanced", "service-discover-agent"]


def asked(machine: Machine) -> list[str]:
    """Return the commands that install something of Carbonio."""
    return [
        line for line in machine.commands() if "carbonio-advanced" in line and "query" not in line and "rpm" not in line
    ]


@pytest.mark.parametrize("family", [{}, RHEL], ids=["ubuntu", "rhel"])
def test_the_packages_come_last_and_once(machine: Machine, family: dict[str, Any]) -> None:
    if family:
        machine.put("etc/os-release", 'ID="rhel"\nVERSION_ID="8.10"\n')
    machine.install(node(**family, install=ROLES))
    assert machine.check()["install"][0] == "failed"
    assert not asked(machine)
    ended = machine.configure()
    assert ended.code == 0, ended.out
    assert ended.words["install"] == "changed"
    assert list(ended.words)[-1] == "install"
    assert asked(machine)[0].endswith(" install carbonio-advanced service-discover-agent")
    assert not [line for line in machine.get("installed").splitlines() if "bootstrap" in line]
    assert machine.configure().words["install"] == "unchanged"
    # Not even to upgrade them.
    assert not asked(machine)
    assert machine.check()["install"] == ("ok", "there")


@pytest.mark.parametrize(
    ("path", "content", "why"),
    [
        ("proc/meminfo", "MemTotal: 3900000 kB\n", "memory"),
        ("offline", "", "repositories"),
        ("records", "", "dns"),
        ("clock", "Leap status     : Not synchronised\n", "clock"),
        ("usr/sbin/postfix", "#!/bin/sh\n", "vanilla"),
    ],
)
def test_nothing_is_installed_where_something_is_missing(machine: Machine, path: str, content: str, why: str) -> None:
    machine.install(node(install=ROLES))
    machine.put(path, content).chmod(0o755)
    ended = machine.configure()
    assert ended.code == 1
    assert "mend first: " in ended.step("install")
    assert why in ended.step("install")
    assert not asked(machine)
    assert machine.check()["install"][0] == "failed"


def test_a_package_by_address_is_known_by_its_name(machine: Machine) -> None:
    machine.put("etc/os-release", 'ID="rhel"\nVERSION_ID="8.10"\n')
    machine.install(node(**RHEL, install=["carbonio-files-db", PGPOOL]))
    assert machine.configure().words["install"] == "changed"
    machine.put("installed", machine.get("installed").replace(PGPOOL, "pgpool-II-pg12-4.4.3-1pgdg.rhel8.x86_64"))
    assert machine.configure().words["install"] == "unchanged"


def test_by_default_it_is_left_to_the_operator(machine: Machine) -> None:
    machine.install(node())
    assert machine.configure().words["install"] == "unchanged"
    assert machine.check()["install"] == ("ok", "left to you")


def generated(folder: Path, **changes: Any) -> tuple[str, dict[str, Any], str]:
    """Return user-data and data of the mail store, and the hand-over sheet."""
    (folder / "topology.yaml").write_text(json.dumps({**EXAMPLE, **changes}))
    ended = run_cli(folder, "--no-init")
    assert ended.code == 0, ended.err
    data = json.loads((folder / "nodes/store1.json").read_text())
    return (folder / "cloud-init/store1.yaml").read_text(), data, (folder / "hand-over.md").read_text()


def test_the_switch_names_the_documented_packages_and_shortens_the_sheet(tmp_path: Path) -> None:
    user_data, data, sheet = generated(tmp_path, install="packages")
    # FACTS 1.1, mailstore and tasks, then the agent.
    assert data["install"] == ["carbonio-advanced", "carbonio-tasks", "service-discover-agent"]
    assert "carbonio-advanced" in user_data
    assert "install carbonio-advanced" not in sheet
    assert "carbonio-bootstrap" in sheet


def test_without_the_switch_no_package_is_named(tmp_path: Path) -> None:
    user_data, data, sheet = generated(tmp_path)
    assert data["install"] == []
    assert "carbonio-advanced" not in user_data
    assert "service-discover" not in user_data
    assert "install carbonio-advanced carbonio-tasks service-discover-agent" in sheet
