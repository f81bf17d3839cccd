"""carbonio-node-check: it passes on a ready node, and each thing that is missing has its own line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.node.machine import RHEL, SERVER, Machine, node

PREREQUISITES = {
    "cpu", "os", "memory", "name", "fqdn", "hostname", "hosts", "cloud-init", "ipv6", "python", "perl",
    "tools", "clock", "locale", "swappiness", "dns", "mx", "txt", "vanilla", "volumes", "repositories",
    "services", "firewall", "route", "resolvers", "dns-server", "packages", "install",
}  # fmt: skip


@pytest.fixture(scope="module")
def configured(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A configured machine, of which each test gets a copy."""
    machine = Machine(tmp_path_factory.mktemp("configured"))
    machine.install(node())
    ended = machine.configure()
    assert ended.code == 0, ended.out
    return machine


@pytest.fixture
def ready(configured: Machine, tmp_path: Path) -> Machine:
    """A configured machine."""
    return configured.copy(tmp_path)


def test_a_ready_node_passes_every_check(ready: Machine) -> None:
    before = ready.tree()
    found = ready.check()
    assert {status for status, _ in found.values()} == {"ok"}
    assert set(found) == PREREQUISITES
    assert ready.tree() == before


def test_a_ready_rhel_node_passes_every_check(machine: Machine) -> None:
    machine.put("etc/os-release", 'ID="rhel"\nVERSION_ID="8.10"\n')
    machine.install(node(**RHEL))
    machine.configure()
    found = machine.check()
    assert {status for status, _ in found.values()} == {"ok"}
    assert set(found) == PREREQUISITES | {"selinux", "postgresql-module"}


def test_the_output_for_people_has_one_line_for_each(ready: Machine) -> None:
    ready.put("proc/meminfo", "MemTotal:  524288 kB\n")
    ended = ready.run("carbonio-node-check")
    assert ended.code == 1
    rows = [line.split(None, 2) for line in ended.out.splitlines()]
    assert {row[1] for row in rows} == PREREQUISITES
    assert {row[0] for row in rows} == {"ok", "failed"}
    assert "0.5 GiB, not 16" in ended.out


@pytest.mark.many(3)
@pytest.mark.parametrize(
    ("path", "content", "check", "why"),
    [
        ("etc/os-release", "ID=debian\nVERSION_ID=12\nPRETTY_NAME=Debian\n", "os", "['Debian'], not ubuntu-20.04"),
        ("etc/update-motd.d/60-unminimize", "", "os", "minimized"),
        ("proc/meminfo", "MemTotal: 3900000 kB\n", "memory", "3.7 GiB, not 16"),
        ("etc/hostname", "store1\n", "hostname", "/etc/hostname"),
        ("proc/sys/kernel/hostname", "store1\n", "fqdn", "hostname -f says store1"),
        ("address", "10.20.0.13", "fqdn", "no interface has 10.20.0.12"),
        ("etc/hosts", "127.0.0.1 localhost\n::1 localhost\n", "hosts", "/etc/hosts"),
        ("etc/hosts", "127.0.0.1 localhost store1.example.com\n", "hosts", "/etc/hosts"),
        ("proc/sys/net/ipv6/conf/eth0/disable_ipv6", "0\n", "ipv6", "eth0"),
        ("etc/sysctl.d/99-zz-carbonio-ipv6.conf", "", "ipv6", "99-zz-carbonio-ipv6"),
        ("proc/sys/vm/swappiness", "60\n", "swappiness", "swappiness"),
        ("clock", "Leap status     : Not synchronised\n", "clock", "not synchronised"),
        ("etc/default/locale", "LANG=C.UTF-8\n", "locale", "set-locale"),
        ("candidate", "  Candidate: 2\n", "python", "newer python3"),
        ("candidate", "  Candidate: 2\n", "perl", "newer perl"),
        ("usr/sbin/postfix", "x", "vanilla", "postfix is installed"),
        ("proc/net/tcp", "   1: 00000000:0019 00000000:0000 0A\n", "vanilla", "listens on [25]"),
        ("proc/net/tcp6", "   1: 00000000000000000000000000000000:0050 0:0000 0A\n", "vanilla", "listens on [80]"),
        ("installed", "", "packages", "missing: chrony curl perl python3"),
        ("proc/self/mounts", "/dev/root / ext4 rw 0 0\n", "volumes", "mount"),
        ("proc/self/mounts", "/dev/sdz /opt/zextras ext4 rw 0 0\n", "volumes", "sdz"),
        ("etc/fstab", "", "volumes", "fstab"),
        ("offline", "", "repositories", "no network"),
        ("etc/apt/sources.list.d/zextras.list", "", "repositories", "zextras.list"),
        ("etc/cloud/cloud.cfg.d/99-carbonio.cfg", "", "cloud-init", "99-carbonio.cfg"),
    ],
)  # fmt: skip
def test_what_is_missing_fails_its_own_check(ready: Machine, path: str, content: str, check: str, why: str) -> None:
    ready.put(path, content)
    if path.startswith("usr/sbin"):
        (ready.root / path).chmod(0o755)
    found = ready.check()
    assert found[check][0] == "failed"
    assert why in found[check][1]


@pytest.mark.parametrize("tool", ["jq", "gpg", "curl", "wget", "dig"])
def test_a_missing_tool_is_named(ready: Machine, tool: str) -> None:
    (ready.root / "usr/bin" / tool).unlink()
    assert ready.check()["tools"] == ("failed", f"{tool} is not installed")


def test_selinux_that_enforces_fails(machine: Machine) -> None:
    machine.install(node(**RHEL))
    machine.configure()
    machine.put("etc/selinux/config", "SELINUX=enforcing\n")
    assert machine.check()["selinux"][0] == "failed"
    machine.put("etc/selinux/config", "SELINUX=disabled\n")
    machine.put("sys/fs/selinux/enforce", "1")
    assert machine.check()["selinux"][0] == "failed"


def test_a_disabled_repository_of_rhel_fails(machine: Machine) -> None:
    machine.install(node(**RHEL))
    machine.configure()
    machine.put("repositories", RHEL["repository_ids"][0])
    status, why = machine.check()["repositories"]
    assert status == "failed"
    assert RHEL["repository_ids"][1] in why


A_MX = "example.com MX"


@pytest.mark.parametrize(
    ("changes", "roles", "check", "status"),
    [
        ({"store1.example.com A": []}, ["mailstore"], "dns", "failed"),
        ({"store1.example.com A": ["127.0.1.1"]}, ["mailstore"], "dns", "failed"),
        ({"store1.example.com A": ["192.0.2.1"]}, ["mailstore"], "dns", "failed"),
        ({A_MX: []}, ["mailstore"], "mx", "failed"),
        ({A_MX: ["10 nowhere.example.com."]}, ["mailstore"], "mx", "failed"),
        ({"mail.example.com A": ["127.0.0.1"]}, ["mailstore"], "mx", "failed"),
        ({}, ["mta"], "mx", "failed"),
        ({A_MX: ["10 store1.example.com."]}, ["mta"], "mx", "ok"),
        ({A_MX: ["10 mail.example.com.", "20 store1.example.com."]}, ["mta"], "mx", "ok"),
        ({"example.com TXT": []}, ["mailstore"], "txt", "warning"),
        ({"_dmarc.example.com TXT": []}, ["mailstore"], "txt", "warning"),
    ],
)
def test_names_are_asked_of_dns_and_not_of_the_hosts_file(
    ready: Machine, changes: dict[str, list[str]], roles: list[str], check: str, status: str
) -> None:
    ready.records(changes)
    ready.install(node(roles=roles))
    assert ready.check()[check][0] == status


def test_the_stub_that_reads_the_hosts_file_is_not_asked(ready: Machine) -> None:
    ready.put("etc/resolv.conf", "nameserver 127.0.0.53\noptions edns0\n")
    ready.put("run/systemd/resolve/resolv.conf", f"nameserver {SERVER}\n")
    ready.put("dead-127.0.0.53", "")
    assert ready.check()["dns"][0] == "ok"


@pytest.mark.parametrize("lines", ["", "nameserver ::1\n", "nameserver 192.0.2.1\n"])
def test_dns_that_does_not_answer_is_a_failure_with_a_reason(ready: Machine, lines: str) -> None:
    ready.put("etc/resolv.conf", lines)
    ready.put("dead-192.0.2.1", "")
    found = ready.check()
    assert found["dns"][0] == found["mx"][0] == found["txt"][0] == "failed"
    assert "DNS does not answer for store1.example.com A" in found["dns"][1]


@pytest.mark.parametrize(("file", "content"), [("dead-192.0.2.1", ""), ("status-192.0.2.1", "SERVFAIL")])
def test_the_next_server_is_asked_when_one_fails(ready: Machine, file: str, content: str) -> None:
    ready.put(file, content)
    ready.put("etc/resolv.conf", f"nameserver 192.0.2.1\nnameserver {SERVER}\n")
    assert ready.check()["dns"][0] == "ok"
    ready.put("etc/resolv.conf", "nameserver 192.0.2.1\n")
    assert ready.check()["dns"][0] == "failed"


def test_a_name_that_is_not_there_is_an_answer(ready: Machine) -> None:
    ready.records({"store1.example.com A": []})
    ready.put(f"status-{SERVER}", "NXDOMAIN")
    assert ready.check()["dns"] == ("failed", "it resolves to []: mend the DNS inside")


def test_data_that_user_data_had_no_room_for_is_asked_for(ready: Machine) -> None:
    ready.install({**node(), "brief": True})
    status, why = ready.check()["data"]
    assert (status, "carbonio-node-configure - < nodes/" in why) == ("failed", True)
    assert ready.configure("-", data=json.dumps(node())).code == 0
    assert "data" not in ready.check()


def test_a_node_without_volumes_skips_them(machine: Machine) -> None:
    machine.install(node(volumes=[]))
    machine.configure()
    assert machine.check()["volumes"] == ("skipped", "this node has none")


def test_an_installed_carbonio_is_no_foreign_server(ready: Machine) -> None:
    ready.put("opt/zextras/bin/zmcontrol", "")
    ready.put("proc/net/tcp", "   1: 00000000:0019 00000000:0000 0A\n")
    assert ready.check()["vanilla"][0] == "skipped"


@pytest.mark.parametrize(("name", "status"), [("store1", "ok"), ("task7", "ok"), ("zeus", "warning")])
def test_a_name_that_says_nothing_of_the_role_is_a_warning(machine: Machine, name: str, status: str) -> None:
    machine.install(node(name=name, fqdn=f"{name}.example.com"))
    assert machine.check()["name"][0] == status


def test_the_lab_fails_in_the_three_checks_that_it_cannot_pass(ready: Machine) -> None:
    ready.put("etc/os-release", "ID=debian\nVERSION_ID=12\n")
    ready.put("proc/meminfo", "MemTotal: 480000 kB\n")
    ready.put("offline", "")
    failed = {key for key, (status, _) in ready.check().items() if status != "ok"}
    assert failed == {"os", "memory", "repositories"}


@pytest.mark.parametrize("text", ["", "{}", "nonsense"])
def test_without_usable_data_nothing_is_checked(machine: Machine, text: str) -> None:
    machine.put("etc/carbonio-node/node.json", text)
    ended = machine.run("carbonio-node-check", "--json")
    assert (ended.code, ended.out) == (2, "")


def test_json_names_the_node_and_the_outcome(ready: Machine) -> None:
    rows: dict[str, Any] = json.loads(ready.run("carbonio-node-check", "--json").out)
    assert (rows["node"], rows["ok"]) == ("store1.example.com", True)
