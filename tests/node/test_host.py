"""Firewall, default route, name servers and DNS server of a machine: what is written, loaded, and left alone."""

from __future__ import annotations

import json
import re
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.node import samples
from tests.node.machine import ADDRESS, RHEL, Machine, node

pytestmark = pytest.mark.slow

RULES = "etc/nftables.conf"
ZONE = "etc/firewalld/zones/carbonio.xml"
IPSETS = "etc/firewalld/ipsets"
OFF = "etc/carbonio-node/firewall-off"
BY_HAND = "switched off by hand: carbonio-node-configure --firewall on"
NETPLAN = "etc/netplan/90-carbonio.yaml"
RESOLVED = "etc/systemd/resolved.conf.d/carbonio.conf"
GLOBAL_DNS = "etc/NetworkManager/conf.d/90-carbonio-dns.conf"
DNSMASQ = "etc/dnsmasq.d/carbonio.conf"
NO_ROUTE = "Iface\tDestination\tGateway\neth0\t0000140A\t00000000\t0001\n"


def configured(machine: Machine, data: dict[str, Any]) -> dict[str, str]:
    """Configure a machine, without failure and so that a second run changes nothing."""
    machine.install(data)
    ended = machine.configure()
    assert ended.code == 0, ended.out + ended.err
    before = machine.tree()
    again = machine.configure()
    assert set(again.words.values()) == {"unchanged"}, again.out
    assert machine.tree() == before
    return ended.words


text = samples.written


FIREWALLS = [pytest.param(samples.ubuntu, id="ubuntu"), pytest.param(samples.rhel, id="rhel")]


@pytest.mark.parametrize("data", FIREWALLS)
def test_the_host_firewall_is_loaded_and_comes_back_at_every_boot(machine: Machine, data: Any) -> None:
    wanted = data()
    words = configured(machine, wanted)
    assert (words["early firewall"], words["firewall"]) == ("changed", "unchanged")
    for path, lines in wanted["files"].items():
        assert machine.get(path[1:]) == text(lines)
    unit = "firewalld" if wanted["os"].startswith("rhel") else "nftables"
    assert (machine.root / "enabled" / unit).exists()
    assert (machine.root / "active" / unit).exists()
    assert machine.check()["firewall"] == ("ok", "loaded")


def test_nftables_is_loaded_before_the_network_at_a_boot(machine: Machine) -> None:
    configured(machine, samples.ubuntu())
    drop_in = machine.get("etc/systemd/system/nftables.service.d/carbonio.conf")
    assert drop_in == (
        "[Unit]\nWants=network-pre.target\nBefore=network-pre.target\n"
        "[Service]\nExecStop=\nExecStop=-/usr/sbin/nft delete table inet carbonio\n"
    )


def test_the_firewall_is_loaded_before_anything_waits_for_the_network(machine: Machine) -> None:
    machine.install(samples.ubuntu(router="10.20.0.1"))
    commands = (machine.configure(), machine.commands())[1]
    load = next(index for index, line in enumerate(commands) if line.startswith("nft -f "))
    assert load < next(index for index, line in enumerate(commands) if line.startswith("ip -o"))
    assert load < commands.index("apt-get -q update")


@pytest.mark.parametrize(("data", "program"), [(samples.ubuntu, "nft"), (samples.rhel, "firewall-cmd")])
def test_a_firewall_that_is_not_installed_yet_is_loaded_after_the_packages(
    machine: Machine, data: Any, program: str
) -> None:
    machine.forget(program)
    machine.install(data())
    assert machine.check()["firewall"] == ("failed", f"{program} is not installed")
    ended = machine.configure()
    assert "once its package is there" in ended.step("early firewall")
    assert (ended.words["early firewall"], ended.words["firewall"]) == ("unchanged", "changed")
    assert machine.check()["firewall"][0] == "ok"


@pytest.mark.parametrize("data", FIREWALLS)
def test_the_host_firewall_goes_when_it_is_no_longer_wanted(machine: Machine, data: Any) -> None:
    wanted = data()
    configured(machine, wanted)
    words = configured(machine, {**wanted, "host_firewall": False, "files": {}})
    assert words["early firewall"] == "changed"
    assert not [path for path in wanted["files"] if (machine.root / path[1:]).exists()]
    unit = "firewalld" if wanted["os"].startswith("rhel") else "nftables"
    assert not (machine.root / "enabled" / unit).exists()
    assert not (machine.root / "active" / unit).exists()
    assert not (machine.root / "tables").exists()
    assert machine.check()["firewall"] == ("ok", "none asked for")


def test_rules_of_others_are_left_alone_where_none_are_asked_for(machine: Machine) -> None:
    machine.put(RULES, "table inet filter {}\n")
    machine.put("enabled/nftables", "")
    machine.install(node())
    assert machine.configure().words["early firewall"] == "unchanged"
    assert machine.get(RULES) == "table inet filter {}\n"
    assert (machine.root / "enabled/nftables").exists()


def test_a_broken_nftables_file_is_never_activated(machine: Machine) -> None:
    configured(machine, samples.ubuntu())
    old, tables = machine.get(RULES), machine.get("tables")
    machine.put("broken", "")
    machine.commands()
    machine.install(samples.ubuntu(files={"/etc/nftables.conf": ["table inet carbonio {"]}))
    ended = machine.configure()
    assert "syntax error" in ended.step("firewall")
    assert (machine.get(RULES), machine.get("tables")) == (old, tables)
    assert not [line for line in machine.commands() if re.match("nft -f|systemctl (re)?(load|start).* nftables", line)]


@pytest.mark.parametrize("warning", ["WARNING: INVALID_ZONE: no such", "ERROR: Failed to load user configuration."])
def test_a_zone_that_firewalld_warns_of_is_taken_back(machine: Machine, warning: str) -> None:
    configured(machine, samples.rhel())
    before = {path: machine.get(path[1:]) for path in samples.rhel_files()}
    machine.put("warning", warning)
    machine.commands()
    machine.install(samples.rhel(files={"/etc/firewalld/zones/carbonio.xml": ["<zone>"]}))
    ended = machine.configure()
    assert warning in ended.step("firewall")
    assert {path: machine.get(path[1:]) for path in before} == before
    assert "firewall-cmd --reload" not in machine.commands()
    (machine.root / "warning").unlink()
    assert configured(machine, samples.rhel())["early firewall"] == "changed"


def test_stale_ipsets_go_and_firewalld_is_reloaded(machine: Machine) -> None:
    files = samples.rhel_files()
    configured(machine, samples.rhel(files={**files, "/etc/firewalld/ipsets/carbonio-old.xml": ["<ipset/>"]}))
    machine.put(f"{IPSETS}/operator.xml", "<ipset/>")
    machine.commands()
    configured(machine, samples.rhel())
    left = sorted(path.name for path in (machine.root / IPSETS).iterdir())
    assert left == ["carbonio-cluster.xml", "carbonio-management.xml", "operator.xml"]
    commands = machine.commands()
    assert commands.count("firewall-cmd --reload") == 1
    assert not [line for line in commands if re.match("systemctl (re|stop|start).*firewalld", line)]


@pytest.mark.many(3)
@pytest.mark.parametrize(
    ("data", "path"),
    [(samples.ubuntu, "tables"), (samples.ubuntu, "active/nftables"), (samples.ubuntu, "enabled/nftables"),
     (samples.ubuntu, RULES), (samples.rhel, "active/firewalld"), (samples.rhel, "enabled/firewalld"),
     (samples.rhel, ZONE)],
)  # fmt: skip
def test_a_firewall_that_is_not_as_it_should_be_is_found_and_mended(machine: Machine, data: Any, path: str) -> None:
    configured(machine, data())
    (machine.root / path).unlink()
    before = machine.tree()
    assert machine.check()["firewall"][0] == "failed"
    assert machine.tree() == before
    assert machine.configure().words["early firewall"] == "changed"
    assert machine.check()["firewall"] == ("ok", "loaded")


@pytest.mark.parametrize("data", FIREWALLS)
def test_switched_off_by_hand_it_stays_off_until_it_is_switched_on(machine: Machine, data: Any) -> None:
    wanted = data()
    configured(machine, wanted)
    unit = "firewalld" if wanted["os"].startswith("rhel") else "nftables"
    off = machine.configure("--firewall", "off")
    assert off.out.splitlines()[0] == f"changed   firewall: {BY_HAND}"
    assert set(off.words) == {"firewall"}
    for _ in "a run", "another":
        assert machine.configure().words["firewall"] == "unchanged"
        assert not (machine.root / "enabled" / unit).exists()
        assert not (machine.root / "active" / unit).exists()
        assert machine.check()["firewall"] == ("warning", BY_HAND)
    assert machine.run("carbonio-node-check").code == int(wanted["os"] != "ubuntu-20.04")
    assert machine.configure("-", data=json.dumps(wanted)).words["firewall"] == "unchanged"
    on = machine.configure("--firewall", "on")
    assert on.out.splitlines()[0] == "changed   firewall: loaded"
    assert machine.check()["firewall"] == ("ok", "loaded")


def test_a_gateway_without_its_filter_still_translates_addresses(machine: Machine) -> None:
    machine.put("address", samples.GATEWAY_ADDRESS)
    machine.install(samples.gateway())
    machine.configure()
    assert machine.get("tables").split("\n") == ["table inet carbonio", "table ip carbonio_nat", ""]
    machine.configure("--firewall", "off")
    assert machine.get("tables") == "table ip carbonio_nat\n"
    assert machine.get(RULES).endswith("\ndelete table inet carbonio\n")
    assert (machine.root / "enabled/nftables").exists()
    assert machine.check()["firewall"] == ("warning", BY_HAND)
    assert machine.configure("--firewall", "on").words["firewall"] == "changed"
    assert machine.get(RULES) == text(samples.gateway_files()["/etc/nftables.conf"])
    assert "table inet carbonio" in machine.get("tables").splitlines()


def test_a_default_route_that_dhcp_does_not_give_comes_from_netplan(machine: Machine) -> None:
    machine.put("proc/net/route", NO_ROUTE)
    words = configured(machine, node(router="10.20.0.1"))
    assert (words["route"], words["network"]) == ("changed", "unchanged")
    route = {"to": "0.0.0.0/0", "via": "10.20.0.1", "on-link": True}
    assert json.loads(machine.get(NETPLAN)) == {"network": {"version": 2, "ethernets": {"eth0": {"routes": [route]}}}}
    assert stat.S_IMODE((machine.root / NETPLAN).stat().st_mode) == 0o600
    assert machine.commands().count("netplan apply") == 1
    assert machine.check()["route"] == ("ok", "via 10.20.0.1")


@pytest.mark.parametrize(
    "file", ["n/a", "/etc/systemd/network/20-wired.network", "/run/systemd/network/10-netplan-carbonio.network"]
)
def test_an_interface_that_netplan_does_not_know_is_named_by_its_hardware_address(machine: Machine, file: str) -> None:
    machine.put("network-file", file)
    machine.put("sys/class/net/eth0/address", "86:00:00:aa:bb:cc\n")
    configured(machine, node(router="10.20.0.1"))
    ((name, found),) = json.loads(machine.get(NETPLAN))["network"]["ethernets"].items()
    assert (name, found["match"], found["dhcp4"]) == ("carbonio", {"macaddress": "86:00:00:aa:bb:cc"}, True)
    assert found["routes"][0]["via"] == "10.20.0.1"


def test_the_interface_is_the_one_with_the_private_address(machine: Machine) -> None:
    machine.program("ip", f'echo "2: eth0    inet 192.0.2.1/32 scope"; echo "3: enp7s0@if9    inet {ADDRESS}/32 scope"')
    machine.install(node(router="10.20.0.1"))
    machine.configure()
    assert "networkctl status enp7s0" in machine.commands()


def test_a_lost_route_is_found_and_set_again(machine: Machine) -> None:
    configured(machine, node(router="10.20.0.1"))
    machine.put("proc/net/route", "Iface\tDestination\tGateway\neth0\t00000000\t0200140A\t0003\n")
    assert machine.check()["route"] == ("failed", "not done: netplan apply: run carbonio-node-configure")
    assert machine.configure().words["route"] == "changed"
    machine.put("routes", NO_ROUTE)
    machine.put("proc/net/route", NO_ROUTE)
    assert "there is no default route via 10.20.0.1" in machine.configure().step("route")


def test_the_route_goes_when_it_is_no_longer_wanted(machine: Machine) -> None:
    configured(machine, node(router="10.20.0.1"))
    machine.commands()
    assert configured(machine, node())["route"] == "changed"
    assert not (machine.root / NETPLAN).exists()
    assert machine.commands().count("netplan apply") == 1


def test_without_the_private_address_there_is_no_route(machine: Machine) -> None:
    machine.install(node(router="10.20.0.1"))
    machine.put("address", "10.20.0.13")
    assert f"no interface has {ADDRESS}" in machine.configure().step("route")
    assert not (machine.root / NETPLAN).exists()


def test_a_default_route_comes_from_network_manager(machine: Machine) -> None:
    machine.put("proc/net/route", NO_ROUTE)
    assert configured(machine, node(**RHEL, router="10.20.0.1"))["route"] == "changed"
    modify = "nmcli connection modify System eth0"
    assert [line for line in machine.commands() if "routes" in line or "reapply" in line] == [
        f"{modify} +ipv4.routes 0.0.0.0/0 10.20.0.1 onlink=true", "nmcli device reapply eth0",
    ]  # fmt: skip
    configured(machine, node(**RHEL, router=None))
    assert [line for line in machine.commands() if "routes" in line or "reapply" in line] == [
        f"{modify} -ipv4.routes 0.0.0.0/0 10.20.0.1 onlink=true", "nmcli device reapply eth0",
    ]  # fmt: skip


def test_name_servers_replace_those_of_dhcp_on_ubuntu(machine: Machine) -> None:
    words = configured(machine, node(resolvers=["10.20.240.10", "10.20.240.11"]))
    assert (words["early resolvers"], words["resolvers"]) == ("changed", "unchanged")
    assert machine.get(RESOLVED) == "[Resolve]\nDNS=10.20.240.10 10.20.240.11\nDomains=~.\n"
    assert machine.commands().count("systemctl restart systemd-resolved") == 1
    assert machine.check()["resolvers"] == ("ok", "10.20.240.10 10.20.240.11")
    assert configured(machine, node())["early resolvers"] == "changed"
    assert not (machine.root / RESOLVED).exists()
    assert machine.commands().count("systemctl restart systemd-resolved") == 1


def test_name_servers_that_are_not_used_are_found(machine: Machine) -> None:
    configured(machine, node(resolvers=["10.20.240.10"]))
    machine.put("run/systemd/resolve/resolv.conf", "nameserver 192.0.2.1\nnameserver 10.20.240.10\n")
    assert machine.check()["resolvers"][0] == "failed"
    assert machine.configure().words["early resolvers"] == "changed"
    machine.program("systemctl", ":")
    machine.put("run/systemd/resolve/resolv.conf", "nameserver 192.0.2.1\n")
    assert "does not begin with 10.20.240.10" in machine.configure().step("resolvers")


def test_name_servers_replace_those_of_dhcp_on_red_hat(machine: Machine) -> None:
    machine.put("etc/resolv.conf", "nameserver 192.0.2.1\n")
    machine.put("name-servers", "nameserver 127.0.0.1\n")
    assert configured(machine, node(**RHEL, resolvers=["127.0.0.1"]))["early resolvers"] == "changed"
    assert machine.get(GLOBAL_DNS) == "[global-dns]\n[global-dns-domain-*]\nservers=127.0.0.1\n"
    assert machine.commands().count("nmcli general reload") == 1
    assert configured(machine, node(**RHEL))["early resolvers"] == "changed"
    assert not (machine.root / GLOBAL_DNS).exists()


@pytest.mark.parametrize("family", [{}, RHEL], ids=["ubuntu", "rhel"])
def test_a_dns_server_has_its_file_before_its_package(machine: Machine, family: dict[str, Any]) -> None:
    machine.forget("dnsmasq")
    machine.install(node(**family, files=samples.dns_files()))
    ended = machine.configure()
    assert "once its package is there" in ended.step("early dns-server")
    assert (ended.words["early dns-server"], ended.words["dns-server"]) == ("changed", "changed"), ended.out
    assert machine.get("in-time") == "yes\n"
    assert machine.get(DNSMASQ) == text(samples.dns_files()["/" + DNSMASQ])
    assert (machine.root / "enabled/dnsmasq").exists()
    assert machine.check()["dns-server"] == ("ok", "running")


def test_a_dns_server_starts_again_when_the_network_is_late(machine: Machine) -> None:
    configured(machine, node(files=samples.dns_files()))
    drop_in = machine.get("etc/systemd/system/dnsmasq.service.d/carbonio.conf").splitlines()
    assert {"After=network-online.target", "Wants=network-online.target", "Restart=on-failure"} < set(drop_in)
    # Neither the distribution's options nor what it does to resolv.conf.
    starts = [line for line in drop_in if line.startswith("ExecStart=")]
    assert starts == ["ExecStart=", f"ExecStart=/usr/sbin/dnsmasq -k --conf-file=/{DNSMASQ}"]


def test_a_changed_dns_server_is_restarted_and_a_broken_file_is_not_taken(machine: Machine) -> None:
    configured(machine, node(files=samples.dns_files()))
    machine.commands()
    lines = [*samples.dns_files()["/" + DNSMASQ], "host-record=new.example.com,10.20.0.99"]
    assert configured(machine, node(files={"/" + DNSMASQ: lines}))["early dns-server"] == "changed"
    assert machine.commands().count("systemctl restart dnsmasq") == 1
    machine.install(node(files={"/" + DNSMASQ: ["nonsense"]}))
    assert machine.configure().words["dns-server"] == "failed"
    assert machine.get(DNSMASQ) == text(lines)
    assert "systemctl restart dnsmasq" not in machine.commands()


def test_a_dns_server_goes_when_it_is_no_longer_wanted(machine: Machine) -> None:
    configured(machine, node(files=samples.dns_files()))
    assert configured(machine, node())["early dns-server"] == "changed"
    for path in (DNSMASQ, "etc/systemd/system/dnsmasq.service.d/carbonio.conf", "enabled/dnsmasq", "active/dnsmasq"):
        assert not (machine.root / path).exists()


def test_who_answers_dns_itself_asks_others_until_it_does(machine: Machine) -> None:
    machine.forget("dnsmasq")
    machine.install(node(files=samples.dns_files(), resolvers=["10.20.240.10"]))
    ended = machine.configure()
    assert "once its package is there" in ended.step("early resolvers")
    commands = machine.commands()
    assert commands.index("systemctl restart systemd-resolved") > commands.index("systemctl restart dnsmasq")
    assert ended.words["resolvers"] == "changed"


STEPS = {"early firewall", "firewall", "route", "early resolvers", "resolvers", "early dns-server", "dns-server"}


@pytest.mark.parametrize("family", [samples.ubuntu, samples.rhel], ids=["ubuntu", "rhel"])
def test_a_check_changes_nothing_and_says_what_is_left_to_do(machine: Machine, family: Any) -> None:
    data = family(router="10.20.0.1", resolvers=["10.20.240.10"])
    data["files"] = {**data["files"], **samples.dns_files()}
    machine.install(data)
    machine.commands()
    before = machine.tree()
    found = machine.check()
    assert {found[key][0] for key in ("firewall", "route", "resolvers", "dns-server")} == {"failed"}
    assert machine.tree() == before
    changing = r"nft -f|netplan|nmcli .*(modify|reapply|reload)|systemctl (?!is-)|firewall-cmd --reload"
    assert not [line for line in machine.commands() if re.match(changing, line)]


@pytest.mark.parametrize("family", [{}, RHEL], ids=["ubuntu", "rhel"])
def test_packages_wait_for_a_gateway_that_comes_later(machine: Machine, family: dict[str, Any]) -> None:
    machine.put("silence", "2")
    machine.install(node(**family))
    ended = machine.configure(wait="30")
    assert ended.code == 0, ended.out
    assert ended.out.count("waiting   packages: for ") == 1
    assert machine.get("silence") == "0\n"


def test_red_hats_servers_are_waited_for(machine: Machine) -> None:
    machine.put("silence", "2")
    machine.put("etc/carbonio-node/activation-key", "org=1234\nkey=secret\n")
    machine.install(node(**{**RHEL, "subscription": "activation-key"}))
    ended = machine.configure(wait="30")
    assert ended.code == 0, ended.out
    assert ended.out.count("waiting   subscription: for Red Hat's servers") == 1
    commands = machine.commands()
    assert commands.index("getent ahosts subscription.rhsm.redhat.com") < next(
        index for index, line in enumerate(commands) if line.startswith("subscription-manager register")
    )


def test_what_a_killed_run_left_half_installed_is_finished_first(machine: Machine) -> None:
    machine.install(node())
    machine.configure()
    commands = machine.commands()
    mend = commands.index("dpkg --force-confold --configure -a")
    assert mend < next(index for index, line in enumerate(commands) if " install chrony" in line)


def test_the_network_is_waited_for_and_what_is_missing_is_said(machine: Machine) -> None:
    machine.put("proc/net/route", NO_ROUTE)
    machine.install(node())
    later = subprocess.Popen(["sh", "-c", f'sleep 1.5; cat "{machine.root}/routes" > "{machine.root}/proc/net/route"'])
    ended = machine.configure(wait="30")
    later.wait()
    assert ended.code == 0, ended.out
    assert re.findall("(?m)^waiting.*", ended.out) == ["waiting   network: for a default route"]


def test_files_that_hold_no_secret_can_be_read(machine: Machine) -> None:
    configured(machine, samples.ubuntu(resolvers=["10.20.240.10"]))
    for path in (Path(RULES), Path(RESOLVED)):
        assert stat.S_IMODE((machine.root / path).stat().st_mode) == 0o644
