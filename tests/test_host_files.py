"""The shape of the files for /etc. What they do to packets and names is tried in tests/packets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import yaml

from generator.plan import Forward, Gateway, HostFirewall, HostRule, Peer, Record, RecordValue, Resolver, Vpn
from generator.render.dnsmasq import dnsmasq
from generator.render.firewalld import ZONE, firewalld
from generator.render.nftables import nftables
from generator.render.wireguard import client, interface
from tests.helpers import build_tree, run_cli
from tests.packets.topologies import DIRECT, gateway

_MARK = "Written by generate"
_GATEWAY_FILES = {
    "/etc/dnsmasq.d/carbonio.conf",
    "/etc/modprobe.d/carbonio-gateway.conf",
    "/etc/modules-load.d/carbonio-gateway.conf",
    "/etc/nftables.conf",
    "/etc/sysctl.d/60-carbonio-gateway.conf",
    "/etc/wireguard/wg0.conf",
}
_SOURCES = {
    "cluster": ("10.20.0.0/17", "10.20.128.0/18"),
    "internet": ("0.0.0.0/0",),
    "management": ("198.51.100.0/24",),
}
_RULES = (
    HostRule("cluster", "tcp", ("22", "389", "21000-21255"), ()),
    HostRule("cluster", "udp", ("8301",), ()),
    HostRule("internet", "icmp", ("3",), ()),
    HostRule("management", "tcp", ("22",), ()),
)
_VPN = Vpn(51820, "10.98.0.0/24", "10.98.0.1", "10.20.240.10", (Peer("alice", "KEY=", "10.98.0.2"),), ())


def _files(tmp_path: Path, topology: dict[str, Any]) -> dict[str, dict[str, list[str]]]:
    build_tree(tmp_path, {"topology.yaml": yaml.safe_dump(topology, sort_keys=False)})
    result = run_cli(tmp_path, "--no-init")
    assert result.code == 0, result.err
    nodes = sorted(tmp_path.glob("nodes/*.json"))
    return {path.stem: json.loads(path.read_text("utf-8"))["files"] for path in nodes}


def _lines(words: tuple[str, ...]) -> list[str]:
    return [line.strip() for line in words]


def test_every_machine_gets_its_files_and_no_others(tmp_path: Path) -> None:
    files = _files(tmp_path, gateway("hetzner", "A" * 43 + "="))
    assert set(files.pop("gateway")) == _GATEWAY_FILES
    assert all(set(own) == {"/etc/nftables.conf"} for own in files.values())


def test_two_nodes_answer_names_where_nobody_else_does(tmp_path: Path) -> None:
    files = _files(tmp_path, DIRECT["hetzner"])
    assert [name for name, own in files.items() if "/etc/dnsmasq.d/carbonio.conf" in own] == ["infra1", "store1"]


def test_rhel_has_firewalld(tmp_path: Path) -> None:
    for own in _files(tmp_path, DIRECT["rhel"]).values():
        assert {str(Path(path).parent) for path in own} == {"/etc/firewalld/zones", "/etc/firewalld/ipsets"}


def test_every_file_says_who_wrote_it_before_anything_else(tmp_path: Path) -> None:
    files = _files(tmp_path / "gateway", gateway("hetzner", "A" * 43 + "="))
    files |= _files(tmp_path / "rhel", DIRECT["rhel"])
    for own in files.values():
        assert list(own) == sorted(own)
        for path, lines in own.items():
            # A program's name and the declaration of XML have to stand first.
            place = 1 if lines[0].startswith(("#!", "<?xml")) else 0
            assert _MARK in lines[place], path
            assert lines[place].startswith(("# ", "<!-- ")), path
            assert not any("\n" in line for line in lines), path


def test_one_rule_of_nftables_for_each_source_and_protocol() -> None:
    lines = _lines(nftables(HostFirewall("nftables", _SOURCES, _RULES), None))
    assert "ip saddr @cluster tcp dport { 22, 389, 21000-21255 } accept" in lines
    assert "ip saddr @cluster udp dport 8301 accept" in lines
    assert "icmp type 3 accept" in lines
    assert "ip saddr 198.51.100.0/24 tcp dport 22 accept" in lines
    assert not any("flush" in line for line in lines)
    # What a gateway of before left goes too.
    assert "delete table ip carbonio_nat" in lines
    assert "table ip carbonio_nat {" not in lines


def test_nothing_about_interfaces_is_in_the_rules_of_a_gateway() -> None:
    targets = {"mta1": "10.20.0.5", "mta2": "10.20.0.6"}
    forward = Forward(("mail",), "tcp", "25", ("0.0.0.0/0",), targets, ())
    made = Gateway("10.20.0.0/16", _SOURCES["cluster"], True, (forward,), _VPN)
    lines = _lines(nftables(HostFirewall("nftables", _SOURCES, _RULES), made))
    assert not any("iifname" in line or "oifname" in line for line in lines)
    (rule,) = (line for line in lines if line.startswith("tcp dport 25 dnat"))
    assert rule.endswith("map { 0 : 10.20.0.5, 1 : 10.20.0.6 }")
    assert " seed 0x" in rule


def test_long_sets_of_ports_are_broken() -> None:
    rule = HostRule("cluster", "tcp", tuple(map(str, range(10000, 10100))), ())
    lines = nftables(HostFirewall("nftables", _SOURCES, (rule,)), None)
    assert max(map(len, lines)) <= 120
    assert " ".join(_lines(lines)).count("10050") == 1


def test_firewalld_has_one_zone_for_every_address() -> None:
    files = firewalld(HostFirewall("firewalld", _SOURCES, _RULES))
    assert set(files) == {
        ZONE,
        "/etc/firewalld/ipsets/carbonio-cluster.xml",
        "/etc/firewalld/ipsets/carbonio-management.xml",
    }
    trees = {path: ET.fromstring("\n".join(lines)) for path, lines in files.items()}  # noqa: S314 - our own
    zone = trees.pop(ZONE)
    assert zone.get("target") == "DROP"
    assert [entry.get("address") for entry in zone.findall("source")] == ["0.0.0.0/0", "::/0"]
    rules = zone.findall("rule")
    assert len(rules) == 6
    assert {rule.get("family") for rule in rules} == {"ipv4"}
    entries = [entry.text for tree in trees.values() for entry in tree.findall("entry")]
    assert entries == ["10.20.0.0/17", "10.20.128.0/18", "198.51.100.0/24"]


def test_a_domain_that_is_a_name_itself_is_not_cut_off_from_outside() -> None:
    values = (RecordValue("10.20.0.5"),)
    names = ("mta1.example.com", "example.com")
    records = tuple(Record("example.com", name, "A", 300, values, "required", "") for name in names)
    lines = dnsmasq(Resolver({"n": "10.20.0.9"}, ("9.9.9.9",), "example.com", records), "10.20.0.9")
    assert [line for line in lines if line.startswith("local=")] == ["local=/mta1.example.com/"]
    assert [line for line in lines if line.startswith("listen-")] == ["listen-address=10.20.0.9"]


def test_no_private_key_is_in_any_file_of_the_vpn() -> None:
    text = client(_VPN, _VPN.peers[0], "10.20.0.0/16", "gateway.example.com", "THEIRS")
    assert "PrivateKey = PUT-YOUR-PRIVATE-KEY-HERE\n" in text
    assert "Endpoint = gateway.example.com:51820\n" in text
    lines = interface(_VPN, "10.20.0.0/16")
    assert not any(line.startswith("PrivateKey") for line in lines)
    assert "AllowedIPs = 10.98.0.2/32" in lines
