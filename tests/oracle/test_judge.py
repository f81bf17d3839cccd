"""The judge notices what it is there for: each forgery changes one thing in a deployment that is right."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.oracle import nft_ruleset
from tests.oracle.groups import OracleError
from tests.oracle.hand_made import HandMade, hand_made

WHY_NOT = nft_ruleset.why_not()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "-")

Forgery = Callable[[HandMade], object]
IMAPS = "ip saddr { 198.51.100.0/24, 10.9.0.0/24 } tcp dport 993 dnat"
WAY_OUT = "ip daddr != { 10.20.0.0/16, 10.98.0.0/24 } accept"
ENTRANCE = "ip saddr != 10.20.0.0/16 fib daddr type local goto forwarded"
SSH = "ip saddr { 198.51.100.0/24, 10.9.0.0/24, 10.98.0.0/24 } tcp dport 22 accept"


def _edit(machine: str, old: str, new: str) -> Forgery:
    return lambda made: made.edit(machine, old, new)


def _gateway(old: str, new: str) -> Forgery:
    return _edit("gateway", old, new)


def _remove(rule: str) -> Forgery:
    def forge(made: HandMade) -> None:
        rules = made.values["firewall"]["rules"]
        for key in [key for key in rules if key.startswith(rule)]:
            del rules[key]

    return forge


def _rule(name: str, **values: object) -> Forgery:
    return lambda made: made.rule(name).update(values)


def _set(path: str, value: object) -> Forgery:
    def forge(made: HandMade) -> None:
        *steps, last = path.split(".")
        place: Any = made._asdict() if path.split(".")[0] in made._fields else made.values
        for step in steps:
            place = place[step]
        place[last] = value

    return forge


# What the judge says about it: the beginning of a finding, or of an error.
ON_EVERY_CLOUD: dict[str, tuple[Forgery, str]] = {
    "a forward is forgotten": (_gateway("tcp dport 25 dnat to 10.20.0.11", ""), "closed: outside"),
    "a forward leads to another node": (
        _gateway("tcp dport 25 dnat to 10.20.0.11", "tcp dport 25 dnat to 10.20.0.12"),
        "unjustified: the gateway's forward to front2 admits tcp 25",
    ),
    "a forward leads to no node": (
        _gateway("tcp dport 25 dnat to 10.20.0.11", "tcp dport 25 dnat to 10.20.0.99"),
        "the gateway forwards to 10.20.0.99, which is no node",
    ),
    "6071 is forwarded": (
        _gateway("tcp dport 25 dnat", "tcp dport 6071 dnat to 10.20.0.11\ntcp dport 25 dnat"),
        "unjustified: the gateway's forward to front1 admits tcp 6071",
    ),
    "a forward is for everybody": (
        _gateway(IMAPS, "tcp dport 993 dnat"),
        "unjustified: the gateway's forward to front1 admits tcp 993",
    ),
    "a forward is for others": (
        _gateway(IMAPS, IMAPS.replace("198.51.100.0/24", "203.0.113.0/24")),
        "closed: outside 198.51.100.0 through the gateway to front1: tcp 993",
    ),
    "a forward is for a wider range": (
        _gateway(IMAPS, IMAPS.replace("198.51.100.0/24", "198.51.100.0/23")),
        "unjustified: the gateway's forward to front1 admits tcp 993 from outside 198.51.101.0",
    ),
    "all media ports lead to one node": (
        _gateway("30001-40000 dnat to 10.20.0.14", "30001-40000 dnat to 10.20.0.13"),
        "unjustified: the gateway's forward to video1 admits udp 30001-40000",
    ),
    "one media port is at the wrong node": (
        _gateway("udp dport 20000-30000", "udp dport 20000-29999"),
        "closed: outside 0.0.0.0 through the gateway to video1: udp 30000",
    ),
    "a share of clients has no node": (
        _gateway("tcp dport 443 dnat to jhash ip saddr mod 2", "tcp dport 443 dnat to jhash ip saddr mod 3"),
        "OracleError: forwarded: shares without a target",
    ),
    "clients are spread anew after each load": (
        _gateway("tcp dport 443 dnat to jhash ip saddr mod 2 seed 0x1", "tcp dport 443 dnat to numgen random mod 2"),
        "OracleError: forwarded: ",
    ),
    "clients lose their address": (
        _gateway("ip saddr 10.98.0.0/24 ip daddr 10.20.0.0/16 masquerade", "masquerade"),
        "closed: outside",
    ),
    "nodes are forwarded like clients": (
        _gateway(ENTRANCE, "fib daddr type local goto forwarded"),
        "unjustified: the gateway's forward to front1 admits tcp 25",
    ),
    "packets for others are forwarded": (
        _gateway(ENTRANCE, "ip saddr != 10.20.0.0/16 goto forwarded"),
        "unjustified: the gateway's forward to front1 admits tcp 25",
    ),
    "the way out keeps the nodes' addresses": (
        _gateway(
            "10.20.224.0/20 } ip daddr != 10.20.0.0/16 masquerade",
            "10.20.224.0/20 } ip daddr 10.99.0.0/16 masquerade",
        ),
        "closed: infra1 to outside",
    ),
    "the way out is closed": (_gateway(WAY_OUT, "ip daddr 10.99.0.0/16 accept"), "closed: infra1 to outside"),
    "nodes reach the VPN's peers": (
        _gateway(WAY_OUT, "ip daddr != 10.20.0.0/16 accept"),
        "unjustified: what the gateway passes on to VPN 10.98.0.0 admits icmp all from",
    ),
    "the gateway passes everything on": (
        _gateway("hook forward priority filter; policy drop;", "hook forward priority filter; policy drop;\naccept"),
        "unjustified: what the gateway passes on",
    ),
    "packets slip through while rules are loaded": (
        _gateway("tcp dport { 993, 6071 } accept\n    drop", "tcp dport { 993, 6071 } accept"),
        "OracleError: forward: a policy alone keeps packets out",
    ),
    "the VPN reaches another port": (
        _gateway("tcp dport { 3000, 9090 }", "tcp dport { 3000, 9090, 5432 }"),
        "unjustified: what the gateway passes on to infra1 admits tcp 5432 from VPN",
    ),
    "the VPN reaches a node too few": (
        _gateway("{ 10.20.0.10-10.20.0.14 } tcp", "{ 10.20.0.10-10.20.0.13 } tcp"),
        "closed: the VPN to video2: tcp 22",
    ),
    "the VPN's answers find no way back": (
        _gateway("ip saddr 10.98.0.0/24 ip daddr 10.20.0.0/16 masquerade", ""),
        "closed: the VPN to infra1",
    ),
    "the gateway's SSH is open": (_gateway(SSH, "tcp dport 22 accept"), "unjustified: the firewall on gateway admits"),
    "the gateway's SSH is open to more": (
        _gateway(SSH, SSH.replace("198.51.100.0/24", "198.51.100.0/23")),
        "unjustified: the firewall on gateway admits tcp 22 from outside 198.51.101.0",
    ),
    "the gateway's SSH is closed": (_gateway(SSH, ""), "closed: outside"),
    "IPv6 gets in": (
        _gateway("iif lo accept\n    meta nfproto ipv6 drop", "iif lo accept\n    meta nfproto ipv6 accept"),
        "unjustified: the firewall on gateway admits tcp all from IPv6",
    ),
    "rules name an interface": (
        _gateway("udp dport 51820 accept", 'iifname "eth0" udp dport 51820 accept'),
        "OracleError: input: decides by the interface",
    ),
    "rules count packets": (
        _gateway("udp dport 51820 accept", "udp dport 51820 limit rate 10/second accept"),
        "OracleError: input: a statement that the oracle does not know",
    ),
    "rules do not load": (
        _gateway("udp dport 51820 accept", "udp port 51820 accept"),
        "OracleError: nft does not load",
    ),
    "the gateway has no firewall": (_set("machines.gateway.files", {}), "OracleError: gateway: its own firewall"),
    "a machine is not planned": (_set("topology.exposure", "direct"), "OracleError: public addresses"),
    "a node stands at the gateway's place": (
        _set("machines.front2.address", "10.20.250.1"),
        "OracleError: front2 is 10.20.250.1",
    ),
    "the default route leads elsewhere": (_set("network.gateway", "infra1"), "closed: "),
}
# Where every node has a firewall of its own, and DNS inside is the deployment's.
ON_THE_NODES: dict[str, tuple[Forgery, str]] = {
    "a node lets the Internet in": (
        _edit("infra1", "tcp dport 22 accept", "tcp dport 22 accept\ntcp dport 5432 accept"),
        "unjustified: the firewall on infra1 admits tcp 5432 from outside",
    ),
    "a node lets all administrators in": (
        _edit(
            "front1",
            "ip saddr { 10.9.0.0/24, 10.20.240.10 } tcp dport 6071",
            "ip saddr { 10.9.0.0/24, 198.51.100.0/24, 10.20.240.10 } tcp dport 6071",
        ),
        "unjustified: the firewall on front1 admits tcp 6071 from outside 198.51.100.0",
    ),
    "a node takes the gateway for a node": (
        _edit("infra1", "ip saddr @cluster tcp dport 1-65535", "ip saddr 10.20.0.0/16 tcp dport 1-65535"),
        "unjustified: the firewall on infra1 admits tcp 1-21, 23-2999, 3001-9089, 9091-65535 from gateway",
    ),
    "a node takes a part for all nodes": (
        _edit("infra1", "ip saddr @cluster tcp dport 1-65535", "ip saddr 10.20.0.11 tcp dport 1-65535"),
        "closed: front2 to infra1: tcp",
    ),
    "a node keeps clients out": (_edit("front1", "tcp dport { 25, 443 }", "tcp dport 443"), "closed: outside"),
    "a node keeps nothing out": (
        _edit("front1", "hook input priority filter; policy drop;", "hook input priority filter; policy drop;\naccept"),
        "unjustified: the firewall on front1 admits other all",
    ),
    "a node forwards": (
        _edit(
            "front1", "hook forward priority filter; policy drop;", "hook forward priority filter; policy drop;\naccept"
        ),
        "unjustified: what front1 passes on",
    ),
    "a node has no firewall": (_set("machines.front1.host_firewall", value=False), "OracleError: front1: its own"),
    "the Internet may ask for names": (
        _gateway(
            "ip saddr { 10.20.0.0/17, 10.20.128.0/18, 10.20.192.0/19, 10.20.224.0/20, 10.98.0.0/24 } tcp dport 53",
            "tcp dport 53",
        ),
        "unjustified: the firewall on gateway admits tcp 53 from outside",
    ),
    "nobody answers for names": (_set("machines.gateway.files", {}), "OracleError: "),
    "names are asked of nobody": (_set("machines.front1.resolvers", []), "OracleError: front1 asks [] for names"),
    "a node leaves by another way": (
        _set("machines.infra1.router", "10.20.0.11"),
        "OracleError: infra1 sets its default route to 10.20.0.11",
    ),
    "a node does not know the way out": (
        _set("machines.infra1.router", None),
        "OracleError: infra1 sets its default route to None",
    ),
    "there is a table for a router": (
        lambda made: made.sheet.append("## Forwards on your router"),
        "OracleError: there is no router of the operator's",
    ),
}
AT_HETZNER: dict[str, tuple[Forgery, str]] = {
    "the cloud does not let a service in": (_remove("smtp"), "closed: outside 0.0.0.0 through the gateway to front1"),
    "the cloud lets in more": (
        _rule("ssh", ranges=["198.51.100.0/23", "10.9.0.0/24"]),
        "unjustified: the cloud's firewall of gateway admits tcp 22 from outside 198.51.101.0",
    ),
    "the cloud lets in a longer range": (
        _rule("video", ports="20000-40001"),
        "unjustified: the cloud's firewall of gateway admits udp 40001",
    ),
    "the cloud lets in the VPN's addresses": (
        _rule("ssh", ranges=["198.51.100.0/24", "10.9.0.0/24", "10.98.0.0/24"]),
        "unjustified: the cloud's firewall of gateway admits tcp 22 from VPN",
    ),
    "the cloud lets in IPv6": (_rule("https", ranges=["0.0.0.0/0", "::/0"]), "OracleError: a rule for IPv6"),
    "nothing says what may leave": (_remove("out-"), "OracleError: ['gateway'] do not say what may leave"),
    "UDP may not leave": (_remove("out-udp"), "closed: gateway to outside"),
    "another node is public": (_set("nodes.front2.public_address", value=True), "OracleError: groups without a node"),
}
ON_AWS: dict[str, tuple[Forgery, str]] = {
    "the cloud does not let a service in": (_remove("gateway-smtp"), "closed: outside"),
    "the cloud does not let it into the node": (
        _remove("smtp"),
        "closed: outside 0.0.0.0 through the gateway to front",
    ),
    "the cloud lets in more": (
        _rule("gateway-ssh/198", peer_cidr="198.51.100.0/23"),
        "unjustified: the cloud's firewall of gateway admits tcp 22 from outside 198.51.101.0",
    ),
    "the cloud lets administrators into nodes": (
        _rule("admin/10.9", peer_cidr="198.51.100.0/24"),
        "unjustified: the cloud's firewall of front1 admits tcp 6071 from outside 198.51.100.0",
    ),
    "the cloud takes one group for another": (
        _rule("admin/gateway", peer_group="cluster"),
        "closed: gateway to front1: tcp 6071",
    ),
    "the way out is closed by the cloud": (_remove("gateway-transit"), "closed: infra1 to outside"),
    "everybody may pass": (
        _rule("gateway-transit", peer_group=None, peer_cidr="0.0.0.0/0"),
        "unjustified: the cloud's firewall of gateway admits tcp",
    ),
    "nothing may leave the gateway": (_remove("gateway-out"), "closed: gateway to outside"),
    "the gateway's packets are dropped": (_set("nodes.gateway.forwards", value=False), "closed: infra1 to outside"),
    "there is no default route": (_set("network.gateway", None), "closed: infra1 to outside"),
    "another node is public": (_set("nodes.front2.public", value=True), "OracleError: front2 is public"),
    "the nodes' subnet is public": (_set("network.subnets.nodes.public", value=True), "OracleError: infra1 is public"),
}
ON_LIBVIRT: dict[str, tuple[Forgery, str]] = {
    "another node is on the uplink": (_set("nodes.front2.uplink_mac", "02:00:00:00:00:02"), "OracleError: public"),
    "the gateway is not on the uplink": (_set("nodes.gateway.uplink_mac", None), "OracleError: public addresses: []"),
    "there is no uplink": (_set("network.uplink", None), "OracleError: ['gateway'] have an interface on an uplink"),
    "the nodes' network is somebody else's": (
        _set("network.inside", {"bridge": "br1"}),
        "OracleError: the inside network has to be isolated",
    ),
    "nothing leaves": (_set("network.way_out", value=False), "closed: infra1 to outside"),
    "somebody counts on a firewall": (_set("firewall", {}), "OracleError: there is nothing on a hypervisor"),
}
OWN = {"aws": ON_AWS, "hetzner": ON_THE_NODES | AT_HETZNER, "libvirt": ON_THE_NODES | ON_LIBVIRT}


def _said(made: HandMade) -> list[str]:
    try:
        return made.judge()
    except OracleError as error:
        return [f"OracleError: {error}"]


@pytest.mark.parametrize("provider", OWN)
def test_the_right_deployment_is_right(provider: str) -> None:
    assert hand_made(provider).judge() == []


def _cases() -> list[tuple[str, str]]:
    return [(provider, name) for provider, more in OWN.items() for name in (*ON_EVERY_CLOUD, *more)]


@pytest.mark.many(11)
@pytest.mark.parametrize(("provider", "name"), _cases())
def test_a_forgery_is_noticed(provider: str, name: str) -> None:
    forge, words = (ON_EVERY_CLOUD | OWN[provider])[name]
    made = hand_made(provider)
    forge(made)
    said = _said(made)
    assert any(line.startswith(words) for line in said), said[:20]


def test_the_oracle_shares_no_code_with_the_generator() -> None:
    for path in Path(__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names.append(node.module)
            assert not [name for name in names if name.split(".")[0] == "generator"], path.name
