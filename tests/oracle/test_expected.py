"""The expected side, against what a person reads in the decisions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.oracle import firewalld
from tests.oracle.expected import expected, forwarded, read
from tests.oracle.groups import OracleError
from tests.oracle.masks import address, mask, text
from tests.oracle.nft import SIXTH, Packet

NODES = {
    "infra": ["database", "mesh-and-directory", "monitoring"],
    "front": ["mta", "proxy"],
    "store": ["mailstore"],
    "video": ["video", "chats"],
}
TOPOLOGY: dict[str, Any] = {
    "release": "25.12",
    "exposure": "gateway",
    "management": ["198.51.100.0/24", "10.9.0.0/16"],
    "nodes": NODES,
}
PUBLIC, ROUTED = "management:198.51.100.0/24", "management:10.9.0.0/16"


def peers(topology: dict[str, Any], node: str, ports: str, protocol: str = "tcp", **more: Any) -> set[str]:
    return {
        opening.peer
        for opening in expected(topology, **more)
        if (opening.node, opening.direction, opening.protocol, opening.ports) == (node, "in", protocol, ports)
    }


def test_without_a_gateway_administrators_come_directly() -> None:
    topology = {**TOPOLOGY, "exposure": "direct"}
    assert peers(topology, "infra", "22") == {"cluster", PUBLIC, ROUTED}
    assert peers(topology, "front", "6071") == {PUBLIC, ROUTED}
    assert not peers(topology, "gateway", "22")


def test_behind_a_gateway_they_jump() -> None:
    assert peers(TOPOLOGY, "infra", "22") == {"cluster", "gateway", ROUTED}
    assert peers(TOPOLOGY, "front", "6071") == {ROUTED}
    assert peers(TOPOLOGY, "infra", "9090") == {"cluster", ROUTED}
    assert peers(TOPOLOGY, "infra", "8", "icmp") == {"cluster", ROUTED}
    assert peers(TOPOLOGY, "gateway", "22") == {PUBLIC, ROUTED}
    assert peers(TOPOLOGY, "gateway", "8", "icmp") == {"cluster", PUBLIC, ROUTED}
    assert peers(TOPOLOGY, "gateway", "3", "icmp") == {"internet"}
    assert peers(TOPOLOGY, "front", "25") == {"cluster", "internet"}


def test_the_vpn_brings_administrators_to_the_panels() -> None:
    topology = {**TOPOLOGY, "vpn": {"peers": {}, "port": 4500}}
    assert peers(topology, "front", "6071") == {"gateway", "vpn", ROUTED}
    assert peers(topology, "infra", "3000") == {"gateway", "vpn", ROUTED}
    assert peers(topology, "store", "22") == {"cluster", "gateway", "vpn", ROUTED}
    assert peers(topology, "gateway", "22") == {"vpn", PUBLIC, ROUTED}
    assert peers(topology, "gateway", "4500", "udp") == {"internet"}


@pytest.mark.parametrize("exposure", ["direct", "gateway"])
def test_the_vpn_alone_closes_every_other_way(exposure: str) -> None:
    topology = {**TOPOLOGY, "exposure": exposure, "vpn": {"only": True}}
    assert peers(topology, "infra", "22") == {"cluster", "gateway", "vpn"}
    assert peers(topology, "front", "6071") == {"gateway", "vpn"}
    assert peers(topology, "gateway", "22") == {"vpn"}
    assert peers(topology, "gateway", "51820", "udp") == {"internet"}
    assert not [opening for opening in expected(topology) if opening.peer.startswith("management")]


def test_names_are_answered_for_nodes_and_the_vpn_alone() -> None:
    topology = {**TOPOLOGY, "vpn": {}}
    for protocol in ("tcp", "udp"):
        assert peers(topology, "gateway", "53", protocol, resolvers=["gateway"]) == {"cluster", "vpn"}
        assert peers(topology, "infra", "53", protocol, resolvers=["infra"]) == {"cluster", "gateway"}


@pytest.mark.parametrize(
    ("count", "wanted"),
    [
        (1, ["20000-40000"]),
        # TD 25.12.0, redundant scenario.
        (2, ["20000-30000", "30001-40000"]),
        (3, ["20000-26666", "26667-33333", "33334-40000"]),
        (4, ["20000-25000", "25001-30000", "30001-35000", "35001-40000"]),
    ],
)
def test_media_ports_are_divided(count: int, wanted: list[str]) -> None:
    nodes = {f"v{index}": ["video"] for index in range(count)}
    assert list(forwarded(read({**TOPOLOGY, "nodes": nodes}), "video").values()) == wanted


def test_a_service_leads_to_the_nodes_that_are_named() -> None:
    nodes = {"a": ["proxy"], "b": ["proxy"], "v1": ["video"], "v2": ["video"]}
    reading = read({**TOPOLOGY, "nodes": nodes, "forward": {"https": ["b"], "video": ["v2", "v1"]}})
    assert forwarded(reading, "https") == {"b": "443"}
    assert forwarded(reading, "imaps") == {"a": "993", "b": "993"}
    assert forwarded(reading, "video") == {"v2": "20000-30000", "v1": "30001-40000"}


@pytest.mark.parametrize("ports", ["25", "1-65535", "20000-40000"])
def test_ports_survive_being_numbers(ports: str) -> None:
    assert text(mask(ports, "tcp"), "tcp") == ("all" if ports == "1-65535" else ports)


ZONE = """<?xml version="1.0" encoding="utf-8"?>
<zone target="DROP">
  <short>carbonio</short>
  <source address="0.0.0.0/0"/>
  <source address="::/0"/>
  <rule family="ipv4"><source ipset="carbonio-admins"/><port port="22" protocol="tcp"/><accept/></rule>
  <rule family="ipv4"><port port="20000-40000" protocol="udp"/><accept/></rule>
  <rule family="ipv4"><icmp-type name="destination-unreachable"/><accept/></rule>
</zone>
"""
SET = '<ipset type="hash:net"><short>admins</short><entry>198.51.100.0/24</entry><entry>10.9.0.1</entry></ipset>'


def zone(text_: str = ZONE, ipset: str = SET) -> firewalld.Zone:
    return firewalld.load({firewalld.ZONE: text_, f"{firewalld.IPSETS}carbonio-admins.xml": ipset})


def test_a_zone_is_read() -> None:
    def admits(source: str, protocol: str) -> str:
        return text(zone().admits("input", Packet(address(source), 0, protocol)), protocol)

    assert admits("198.51.100.255", "tcp") == admits("10.9.0.1", "tcp") == "22"
    assert admits("198.51.101.0", "tcp") == admits("198.51.100.1", "other") == ""
    assert admits("192.0.2.1", "udp") == "20000-40000"
    assert admits("192.0.2.1", "icmp") == "3"
    assert zone().admits("input", Packet(SIXTH, SIXTH, "udp")) == 0
    assert zone().admits("forward", Packet(1, 2, "udp")) == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('target="DROP"', 'target="ACCEPT"'),
        ('target="DROP"', 'target="%%REJECT%%"'),
        ('<source address="::/0"/>', ""),
        ("<short>carbonio</short>", '<service name="ssh"/>'),
        ("<short>carbonio</short>", '<port port="25" protocol="tcp"/>'),
        ("<short>carbonio</short>", "<masquerade/>"),
        ("<short>carbonio</short>", "<forward/>"),
        ("<short>carbonio</short>", '<interface name="eth0"/>'),
        ('family="ipv4"><icmp', "><icmp"),
        ('<source ipset="carbonio-admins"/>', '<source ipset="carbonio-admins" invert="true"/>'),
        ('<port port="22" protocol="tcp"/><accept/>', '<port port="22" protocol="tcp"/><log/><accept/>'),
        ('<port port="22" protocol="tcp"/>', '<port port="22" protocol="sctp"/>'),
    ],
)
def test_a_zone_that_is_not_understood_is_an_error(old: str, new: str) -> None:
    assert old in ZONE
    with pytest.raises(OracleError):
        zone(ZONE.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"), [("198.51.100.0/24", "0.0.0.0/0"), ("hash:net", "hash:ip"), ("short", "option")]
)
def test_a_set_that_is_not_understood_is_an_error(old: str, new: str) -> None:
    with pytest.raises(OracleError):
        zone(ipset=SET.replace(old, new))
