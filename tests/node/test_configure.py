"""carbonio-node-configure: what it makes of a machine, and that it does it once."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.node.machine import ADDRESS, RHEL, Machine, node, pythons

HOSTS = f"127.0.0.1 localhost\n{ADDRESS} store1.example.com store1\n"
CLOUD_CONFIG = "etc/cloud/cloud.cfg.d/99-carbonio.cfg"


@pytest.fixture(params=["ubuntu", "rhel"])
def either(machine: Machine, request: pytest.FixtureRequest) -> Machine:
    """A machine of each family of operating systems."""
    machine.install(node(**(RHEL if request.param == "rhel" else {})))
    return machine


def test_the_first_run_changes_and_the_second_changes_nothing(either: Machine) -> None:
    first = either.configure()
    assert first.code == 0, first.out + first.err
    assert first.words["hosts"] == first.words["volume mail"] == "changed"
    before = either.tree()
    second = either.configure()
    assert second.code == 0
    assert set(second.words.values()) == {"unchanged"}
    assert either.tree() == before


@pytest.mark.many(3)
@pytest.mark.parametrize("python", pythons())
@pytest.mark.parametrize("family", [{}, RHEL], ids=["ubuntu", "rhel"])
def test_every_python_that_a_node_may_have_runs_it(python: str, family: dict[str, Any], tmp_path: Path) -> None:
    machine = Machine(tmp_path, python)
    machine.install(node(**family))
    ended = machine.configure()
    assert ended.code == 0, ended.out + ended.err
    assert machine.configure("--check").code in (0, 1)


def test_what_a_machine_is_afterwards(machine: Machine) -> None:
    machine.install(node(time_servers=["10.20.0.2", "ntp.example.net"]))
    assert machine.configure().code == 0
    assert machine.get("etc/hosts") == HOSTS
    assert machine.get("etc/hostname") == machine.get("proc/sys/kernel/hostname")
    assert machine.get("etc/hostname") == "store1.example.com\n"
    assert machine.get(CLOUD_CONFIG) == "preserve_hostname: true\nmanage_etc_hosts: false\n"
    conf = machine.root / "proc/sys/net/ipv6/conf"
    assert {path.read_text() for path in conf.glob("*/disable_ipv6")} == {"1\n"}
    persistent = machine.get("etc/sysctl.d/99-zz-carbonio-ipv6.conf")
    assert [line.split(".")[3] for line in persistent.splitlines()] == ["all", "default", "lo"]
    drop_in = machine.get("etc/systemd/network/10-netplan-eth0.network.d/carbonio.conf")
    assert "LinkLocalAddressing=no" in drop_in
    assert machine.get("proc/sys/vm/swappiness") == "1\n"
    assert machine.get("etc/sysctl.d/99-zz-carbonio-swap.conf") == "vm.swappiness = 1\n"
    assert "server 10.20.0.2 iburst prefer\nserver ntp" in machine.get("etc/chrony/chrony.conf")
    assert machine.get("etc/apt/sources.list.d/zextras.list") == (
        "deb [arch=amd64 signed-by=/usr/share/keyrings/zextras.gpg] https://repo.example.net/ubuntu focal main\n"
    )
    assert machine.get("usr/share/keyrings/zextras.gpg") == "binary\n"


def test_no_kernel_argument_takes_the_address_family_away(machine: Machine) -> None:
    """Services that bind :: would fail; addresses are taken away, not the family."""
    machine.install(node())
    machine.configure()
    assert not [command for command in machine.commands() if "grub" in command or "ipv6.disable=" in command]


@pytest.mark.parametrize(
    "hosts",
    [
        "",
        HOSTS,
        HOSTS + "::1 ip6-localhost\n",
        "127.0.1.1 {{fqdn}} {{hostname}}\n127.0.0.1 localhost\n\n::1 localhost ip6-localhost\n",
        "127.0.0.1 store1.example.com store1 localhost localhost.localdomain",
        "# comment\n" * 50 + "10.20.0.99 store1.example.com store1\n",
        "\r\n\x00\xff",
    ],
)
def test_the_hosts_file_is_as_documented_whatever_it_was(machine: Machine, hosts: str) -> None:
    machine.put("etc/hosts", hosts)
    machine.install(node())
    machine.configure()
    assert machine.get("etc/hosts") == HOSTS
    assert HOSTS.split().count("localhost") == 1


def test_time_servers_come_and_go_and_the_rest_of_the_file_stays(machine: Machine) -> None:
    machine.put("etc/chrony/chrony.conf", "pool ntp.ubuntu.com iburst\nmakestep 1 3\n")
    for servers in (["a.example.net"], ["b.example.net", "c.example.net"], []):
        machine.install(node(time_servers=servers))
        assert machine.configure().words["early clock"] == "changed"
        text = machine.get("etc/chrony/chrony.conf")
        assert text.startswith("pool ntp.ubuntu.com iburst\nmakestep 1 3\n")
        assert [line.split()[1] for line in text.splitlines() if line.startswith("server")] == servers
    assert text == "pool ntp.ubuntu.com iburst\nmakestep 1 3\n"


def test_a_step_that_fails_stops_no_other_and_the_next_run_mends_it(machine: Machine) -> None:
    machine.put("offline", "")
    machine.put("clock", "Leap status     : Not synchronised\n")
    machine.install(node())
    ended = machine.configure()
    assert ended.code == 1
    failed = {name for name, word in ended.words.items() if word == "failed"}
    assert failed == {"packages", "clock", "repository carbonio"}
    assert ended.out.splitlines()[-1] == ("store1.example.com: all: failed: packages, clock, repository carbonio")
    assert ended.words["volume mail"] == "changed"
    assert not (machine.root / "etc/apt/sources.list.d/zextras.list").exists()
    assert not (machine.root / "var/lib/carbonio-node/complete").exists()
    (machine.root / "offline").unlink()
    machine.put("clock", "Leap status     : Normal\n")
    assert machine.configure().code == 0
    assert (machine.root / "var/lib/carbonio-node/complete").exists()


def test_a_program_that_is_missing_is_a_failed_step_without_a_traceback(machine: Machine) -> None:
    machine.program("locale", "echo no such thing >&2; exit 127")
    machine.install(node())
    ended = machine.configure()
    assert "failed    locale: locale -a: exit status 127: no such thing" in ended.out
    assert "Traceback" not in ended.out + ended.err


def test_a_file_in_the_place_of_a_folder_is_a_failed_step(machine: Machine) -> None:
    machine.put("etc/sysctl.d", "a file")
    machine.install(node())
    ended = machine.configure()
    assert ended.words["ipv6"] == ended.words["swappiness"] == "failed"
    assert ended.words["hosts"] == "changed"


def test_what_is_fetched_for_a_key_must_be_one(machine: Machine) -> None:
    machine.put("key", "<html>sign in to this network</html>")
    machine.install(node())
    ended = machine.configure()
    assert "no valid OpenPGP data" in ended.step("repository carbonio")
    assert not (machine.root / "usr/share/keyrings/zextras.gpg").exists()


def test_keys_are_fetched_over_https_alone(machine: Machine) -> None:
    machine.install(node())
    machine.configure()
    assert [line for line in machine.commands() if line.startswith("curl -fsSL --proto =https ")]


def test_units_bring_volumes_back_and_hold_carbonio_until_they_are_there(machine: Machine) -> None:
    machine.install(node())
    machine.configure()
    units = "etc/systemd/system"
    volumes = machine.get(f"{units}/carbonio-node-volumes.service")
    assert "Before=multi-user.target" in volumes
    assert "ExecStart=/usr/local/sbin/carbonio-node-configure --volumes" in volumes
    assert "RequiresMountsFor=/opt/zextras" in machine.get(f"{units}/carbonio-.service.d/volumes.conf")
    # The prefix is that of our own units too, which must not wait for what they are to bring.
    assert "RequiresMountsFor" not in machine.get(f"{units}/carbonio-node-.service.d/volumes.conf")
    assert sorted(path.name for path in (machine.root / "enabled").iterdir()) == [
        "carbonio-node-volumes.service",
        "chrony",
    ]


# What is no node's data, belongs to another, or was damaged; for single values the generator vouches.
DAMAGED: list[tuple[str, str]] = [
    ("", "Expecting value"),
    ("{", "Expecting"),
    ("[]", "TypeError"),
    ("null", "TypeError"),
    (json.dumps({}), "format"),
    (json.dumps(node())[:-20], "JSONDecodeError"),
    (json.dumps(node(format=2)), "format"),
    *(
        (json.dumps({key: value for key, value in node().items() if key != gone}), gone)
        for gone in sorted(
            set(node()) - {"release", "edition", "troubleshooting", "memory_gib", "router", "subscription"}
        )
    ),
    (json.dumps(node(name="other")), "fqdn"),
    (json.dumps(node(address="10.30.0.12")), "address"),
    (json.dumps(node(address="10.20.0.300")), "10.20.0.300"),
    (json.dumps(node(fqdn="store1.example.com\n1.2.3.4 evil")), "characters"),
    (json.dumps(node(locale="\u2028")), "characters"),
    (json.dumps(node(packages="jq")), "packages"),
    (json.dumps(node(resolvers=None)), "resolvers"),
    (json.dumps(node(os="windows-11")), "windows"),
    (json.dumps(node(host_firewall=None)), "host_firewall"),
    (json.dumps(node(host_firewall=True)), "files"),
    (json.dumps(node(files={"/etc/nftables.conf": []})), "files"),
    (json.dumps(node(host_firewall=True, files={"/etc/firewalld/zones/carbonio.xml": []})), "files"),
    (json.dumps(node(files=[])), "files"),
    (json.dumps(node(files={"/etc/dnsmasq.d/carbonio.conf": ["a\nb"]})), "characters"),
    (json.dumps(node(files={"/etc/dnsmasq.d/carbonio.conf": ["a\x00"]})), "characters"),
    (json.dumps(node(files={"/etc/dnsmasq.d/carbonio.conf": [1]})), "TypeError"),
    (json.dumps(node(files={"/etc/dnsmasq.d/carbonio.conf": None})), "TypeError"),
]


@pytest.mark.many(3)
@pytest.mark.parametrize(("text", "message"), DAMAGED, ids=range(len(DAMAGED)))
@pytest.mark.parametrize("source", ["-", "file"])
def test_damaged_data_is_refused_and_nothing_changes(
    machine: Machine, tmp_path: Path, text: str, message: str, source: str
) -> None:
    machine.install(node())
    file = tmp_path / "new.json"
    file.write_text(text)
    before = machine.tree()
    ended = machine.configure("-" if source == "-" else str(file), data=text)
    assert ended.code == 2
    assert ended.err.startswith("refused, nothing was changed: ")
    assert message in ended.err
    assert "Traceback" not in ended.err
    after = machine.tree()
    after.pop("run/carbonio-node.lock")
    assert after == before


@pytest.mark.parametrize(
    ("installed", "address"),
    [({"name": "mta1", "fqdn": "mta1.example.com"}, ADDRESS), ({}, "10.20.0.13"), (None, "10.20.0.13")],
)
def test_the_data_of_another_node_is_refused(machine: Machine, installed: dict[str, str] | None, address: str) -> None:
    machine.put("address", address)
    if installed is not None:
        machine.install(node(**installed))
    before = machine.tree()
    ended = machine.configure("-", data=json.dumps(node()))
    assert (ended.code, "another node" in ended.err) == (2, True)
    assert {**before, "run/carbonio-node.lock": b""} == machine.tree()


def test_new_data_is_put_in_place_and_applied(machine: Machine) -> None:
    machine.install(node())
    machine.configure()
    new = json.dumps(node(packages=["chrony", "dos2unix"]), indent=2)
    ended = machine.configure("-", data=new)
    assert (ended.code, ended.words["packages"]) == (0, "changed")
    assert machine.get("etc/carbonio-node/node.json") == new
    assert "dos2unix" in machine.get("installed")


def test_good_data_mends_a_damaged_file(machine: Machine) -> None:
    machine.install(node())
    machine.put("etc/carbonio-node/node.json", json.dumps(node())[:200])
    assert machine.configure().code == 2
    assert machine.configure("-", data=json.dumps(node())).code == 0


@pytest.mark.parametrize("pair", ["mail", "mail=", "mail=sdf", "other=/dev/sdf", "mail=/dev/../etc/passwd", "=/dev/x"])
def test_a_wrong_device_is_refused(machine: Machine, pair: str) -> None:
    machine.install(node())
    before = machine.get("etc/carbonio-node/devices.json")
    assert machine.configure("--device", pair).code == 2
    assert machine.get("etc/carbonio-node/devices.json") == before


def test_two_runs_do_not_meet(machine: Machine) -> None:
    machine.install(node())
    slow = 'echo start >> "$ROOT/order"; sleep 0.3; echo end >> "$ROOT/order"; cat "$ROOT/locales"'
    machine.program("locale", slow)
    runs = [subprocess.Popen(machine.command(), stdout=subprocess.DEVNULL) for _ in range(3)]
    assert [run.wait() for run in runs] == [0, 0, 0]
    assert machine.get("order").split() == ["start", "end"] * 3


def test_a_machine_without_a_route_says_so_and_goes_on(machine: Machine) -> None:
    machine.put("proc/net/route", "Iface\tDestination\tGateway\neth0\t0000140A\t00000000\t0001\n")
    machine.install(node())
    assert "there is no default route" in machine.configure().step("network")
    assert machine.configure().words["volume mail"] == "unchanged"


def test_rhel_subscription_by_each_way(machine: Machine) -> None:
    machine.install(node(**RHEL))
    machine.configure()
    assert "dnf config-manager --set-enabled " + " ".join(RHEL["repository_ids"]) in machine.commands()
    machine.put("repositories", "")
    machine.install(node(**{**RHEL, "subscription": "registered"}))
    assert "subscription-manager register first" in machine.configure().step("subscription")
    machine.put("registered", "")
    assert machine.configure().words["subscription"] == "changed"
    enable = "subscription-manager repos " + " ".join(f"--enable={name}" for name in RHEL["repository_ids"])
    assert enable in machine.commands()


def test_rhel_activation_key_comes_from_a_file_and_is_never_shown(machine: Machine) -> None:
    machine.install(node(**{**RHEL, "subscription": "activation-key"}))
    ended = machine.configure()
    assert "/etc/carbonio-node/activation-key" in ended.step("subscription")
    machine.put("etc/carbonio-node/activation-key", "org=1234\nkey=very-secret\n")
    ended = machine.configure()
    assert ended.words["subscription"] == "changed"
    commands = machine.commands()
    assert "subscription-manager register --org 1234 --activationkey very-secret" in commands
    assert "very-secret" not in ended.out + ended.err
    (machine.root / "registered").unlink()
    machine.program("subscription-manager", 'echo "no such key: very-secret" >&2; exit 70')
    ended = machine.configure()
    assert "no such key: ***" in ended.step("subscription")
    assert "very-secret" not in ended.out + ended.err + machine.run("carbonio-node-check").out


def test_rhel_selinux_firewalld_module_epel_and_network_manager(machine: Machine) -> None:
    machine.put("etc/selinux/config", "# SELINUX=enforcing is one\nSELINUX=enforcing\nSELINUXTYPE=targeted\n")
    machine.put("sys/fs/selinux/enforce", "1")
    machine.put("active/firewalld", "")
    machine.put("enabled/firewalld", "")
    machine.install(node(**{**RHEL, "epel": True}))
    ended = machine.configure()
    steps = ("selinux", "early firewall", "postgresql-module", "epel", "ipv6 interfaces")
    assert {ended.words[step] for step in steps} == {"changed"}
    assert "\nSELINUX=permissive\nSELINUXTYPE" in machine.get("etc/selinux/config")
    commands = machine.commands()
    assert "setenforce 0" in commands
    assert "systemctl disable --now firewalld" in commands
    assert "dnf -qy module disable postgresql" in commands
    assert "nmcli connection modify 0a-1 ipv6.method disabled" in commands
    assert [line for line in commands if line.endswith("epel-release-latest-8.noarch.rpm")]
    assert set(machine.configure().words.values()) == {"unchanged"}


def test_no_program_of_the_host_is_run_for_another_root(machine: Machine) -> None:
    for program in (machine.root / "usr/bin").iterdir():
        program.unlink()
    machine.install(node(volumes=[]))
    machine.configure()
    assert [line for line in machine.commands() if line.startswith("apt-get")]


def test_without_data_it_says_so(machine: Machine) -> None:
    assert machine.configure().code == 2
