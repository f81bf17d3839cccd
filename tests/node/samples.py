"""Rendered files of a deployment of five nodes behind a gateway, and the data of machines that carry them."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

from generator.plan import (
    Forward,
    Gateway,
    HostFirewall,
    HostRule,
    Passage,
    Peer,
    Record,
    RecordType,
    RecordValue,
    Resolver,
    Vpn,
)
from generator.render.dnsmasq import dnsmasq
from generator.render.firewalld import firewalld
from generator.render.host_files import _MODPROBE, _MODULES, _SYSCTL
from generator.render.nftables import nftables
from generator.render.wireguard import interface
from tests.node.machine import RHEL, node

NETWORK = "10.20.0.0/16"
GATEWAY_ADDRESS = "10.20.240.10"
SOURCES = {
    "internet": ("0.0.0.0/0",),
    "cluster": ("10.20.0.0/17", "10.20.128.0/18", "10.20.192.0/19", "10.20.224.0/20"),
    "management": ("198.51.100.7/32", "203.0.113.0/24"),
    "vpn": ("10.98.0.0/24",),
}
INSIDE = (
    "22", "25", "389", "443", "465", "636", "5432", "6071", "7025", "7026", "7072", "7073", "7110", "7143", "7993",
    "7995", "8080", "8300-8302", "8443", "8500", "8735", "8742", "9100", "9999", "10024-10032", "11211", "21000-21255",
)  # fmt: skip
TARGETS = {f"node{number}": f"10.20.0.{10 + number}" for number in range(5)}


def _rule(source: str, protocol: str, *ports: str) -> HostRule:
    return HostRule(source, protocol, ports, ())  # type: ignore[arg-type]


def _firewall(kind: str, *rules: HostRule) -> HostFirewall:
    used = {rule.source for rule in rules}
    return HostFirewall(kind, {name: SOURCES[name] for name in SOURCES if name in used}, rules)  # type: ignore[arg-type]


NODE_RULES = (
    _rule("internet", "tcp", "25", "80", "443", "465", "587", "993", "995"),
    _rule("internet", "icmp", "3"),
    _rule("cluster", "tcp", *INSIDE),
    _rule("cluster", "udp", "8300-8302", "8600"),
    _rule("cluster", "icmp", "3", "8"),
    _rule("management", "tcp", "22", "3000", "6071", "9090"),
    _rule("management", "icmp", "8"),
)
GATEWAY_RULES = (
    _rule("internet", "udp", "51820"),
    _rule("internet", "icmp", "3"),
    _rule("cluster", "tcp", "53"),
    _rule("cluster", "udp", "53"),
    _rule("cluster", "icmp", "8"),
    _rule("management", "tcp", "22"),
    _rule("management", "icmp", "8"),
    _rule("vpn", "tcp", "22", "53"),
    _rule("vpn", "udp", "53"),
)
PEERS = ("alice", "bob", "carol")


def vpn(*names: str, port: int = 51820) -> Vpn:
    """Return a VPN with these peers."""
    keys = [base64.b64encode(hashlib.sha256(name.encode()).digest()).decode() for name in names]
    peers = [Peer(name, key, f"10.98.0.{place}") for place, (name, key) in enumerate(zip(names, keys, strict=True), 2)]
    passages = [Passage("tcp", port, TARGETS, ()) for port in ("22", "3000", "6071", "9090")]
    return Vpn(port, "10.98.0.0/24", "10.98.0.1", GATEWAY_ADDRESS, tuple(peers), tuple(passages))


def forwards() -> tuple[Forward, ...]:
    """Return what a gateway forwards."""
    services = {"smtp": "25", "http": "80", "https": "443", "submission": "587", "imaps": "993"}
    first = {name: TARGETS[name] for name in ("node1", "node2")}
    mail = [Forward((name,), "tcp", port, ("0.0.0.0/0",), first, ()) for name, port in services.items()]
    video = Forward(("video",), "udp", "20000-40000", ("0.0.0.0/0",), {"node4": TARGETS["node4"]}, ())
    return (*mail, video)


def resolver() -> Resolver:
    """Return DNS inside the network."""

    def record(name: str, kind: RecordType, value: str) -> Record:
        return Record("example.com", name, kind, 300, (RecordValue(value),), "required", "")

    records = [record(f"{name}.example.com", "A", TARGETS[name]) for name in TARGETS]
    records.append(record("mail.example.com", "A", "10.20.0.11"))
    records.append(record("example.com", "MX", "10 mail.example.com."))
    return Resolver({"gateway": GATEWAY_ADDRESS}, ("192.0.2.53", "192.0.2.54"), "example.com", tuple(records))


def listed(files: dict[str, tuple[str, ...]]) -> dict[str, list[str]]:
    """Return files as JSON has them."""
    return {path: list(lines) for path, lines in files.items()}


def ubuntu_files() -> dict[str, list[str]]:
    """Return the files of a node on Ubuntu."""
    return listed({"/etc/nftables.conf": nftables(_firewall("nftables", *NODE_RULES), None)})


def rhel_files() -> dict[str, list[str]]:
    """Return the files of a node on Red Hat."""
    return listed(firewalld(_firewall("firewalld", *NODE_RULES)))


def dns_files() -> dict[str, list[str]]:
    """Return the file of a machine that answers DNS."""
    return listed({"/etc/dnsmasq.d/carbonio.conf": dnsmasq(resolver(), GATEWAY_ADDRESS)})


def gateway_files(peers: tuple[str, ...] = PEERS, port: int = 51820) -> dict[str, list[str]]:
    """Return the files of a gateway; without peers it has no VPN."""
    tunnel = vpn(*peers, port=port) if peers else None
    passing = Gateway(NETWORK, SOURCES["cluster"], True, forwards(), tunnel)
    files = {
        "/etc/nftables.conf": nftables(_firewall("nftables", *GATEWAY_RULES), passing),
        "/etc/sysctl.d/60-carbonio-gateway.conf": _SYSCTL,
        "/etc/modules-load.d/carbonio-gateway.conf": _MODULES,
        "/etc/modprobe.d/carbonio-gateway.conf": _MODPROBE,
    }
    if tunnel:
        files["/etc/wireguard/wg0.conf"] = interface(tunnel, NETWORK)
    return {**listed(files), **dns_files()}


def written(lines: list[str]) -> str:
    """Return a file as a node writes it: without its comments, but for where it comes from, and without empty lines."""
    text = re.sub(r"<!--.*?-->", lambda found: found[0] * (" Written " in found[0]), "\n".join(lines), flags=re.DOTALL)
    kept = [
        line
        for line in text.split("\n")
        if line.strip() and (line.lstrip()[:1] != "#" or line.startswith(("#!", "# Written ")))
    ]
    return "\n".join(kept) + "\n"


def ubuntu(**changes: Any) -> dict[str, Any]:
    """Return a node on Ubuntu with its own firewall."""
    return node(**{"host_firewall": True, "files": ubuntu_files(), **changes})


def rhel(**changes: Any) -> dict[str, Any]:
    """Return a node on Red Hat with its own firewall."""
    return node(**{**RHEL, "host_firewall": True, "files": rhel_files(), **changes})


def gateway(**changes: Any) -> dict[str, Any]:
    """Return a gateway."""
    data = {
        "name": "gateway",
        "fqdn": "gateway.example.com",
        "address": GATEWAY_ADDRESS,
        "os": "ubuntu-24.04",
        "roles": ["gateway"],
        "volumes": [],
        "repositories": {"carbonio": None, "postgresql": None},
        "memory_gib": 2,
        "resolvers": [GATEWAY_ADDRESS],
        "packages": ["chrony", "dnsmasq", "nftables", "openssh-server", "python3", "wireguard-tools"],
        "host_firewall": True,
        "files": gateway_files(),
    }
    return node(**{**data, **changes})
