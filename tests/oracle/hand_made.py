"""A small deployment written by hand, as the generator should write one: what the judge is tried on.

Five nodes behind a gateway with a VPN. `open-internal` keeps the internal part short; everything else is in it: several
targets of a port, divided media ports, a service for administrators, a private range that is routed by the operator.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.oracle import tfvars, world
from tests.oracle.layers import findings

Json = dict[str, Any]

TOPOLOGY: Json = {
    "domain": "example.com",
    "release": "25.12",
    "exposure": "gateway",
    "vpn": {"peers": {"alice": ""}},
    "management": ["198.51.100.0/24", "10.9.0.0/24"],
    "services": {"imaps": "management"},
    "troubleshooting": ["open-internal"],
    "nodes": {
        "infra1": ["mesh-and-directory", "database", "monitoring"],
        "front1": ["mta", "proxy", "mailstore", "chats"],
        "front2": {"roles": ["mta", "proxy"]},
        "video1": ["video"],
        "video2": ["video"],
    },
    "forward": {"smtp": ["front1"]},
}
ADDRESSES = {
    "infra1": "10.20.0.10",
    "front1": "10.20.0.11",
    "front2": "10.20.0.12",
    "video1": "10.20.0.13",
    "video2": "10.20.0.14",
    "gateway": "10.20.240.10",
}
# To whom nodes lead what leaves, where nobody tells them.
ROUTERS = {"aws": None, "hetzner": "10.20.0.1", "libvirt": ADDRESSES["gateway"]}
GATEWAY = """
table inet carbonio {}
delete table inet carbonio
table ip carbonio_nat {}
delete table ip carbonio_nat
table inet carbonio {
  set cluster {
    type ipv4_addr
    flags interval
    elements = { 10.20.0.0/17, 10.20.128.0/18, 10.20.192.0/19, 10.20.224.0/20 }
  }
  chain prerouting {
    type filter hook prerouting priority raw; policy accept;
    ip saddr { 10.20.0.0/16, 10.98.0.0/24 } fib saddr . iif oif missing drop
  }
  chain input {
    type filter hook input priority filter; policy drop;
    iif lo accept
    meta nfproto ipv6 drop
    ct state established,related accept
    ct state invalid drop
    icmp type 3 accept
    udp dport 51820 accept
    ip saddr { 198.51.100.0/24, 10.9.0.0/24, 10.98.0.0/24 } tcp dport 22 accept
    ip saddr { 198.51.100.0/24, 10.9.0.0/24, 10.98.0.0/24 } icmp type 8 accept
    ip saddr @cluster icmp type 8 accept
    ip saddr { 10.20.0.0/17, 10.20.128.0/18, 10.20.192.0/19, 10.20.224.0/20, 10.98.0.0/24 } tcp dport 53 accept # DNS
    ip saddr { 10.20.0.0/17, 10.20.128.0/18, 10.20.192.0/19, 10.20.224.0/20, 10.98.0.0/24 } udp dport 53 accept # DNS
    drop
  }
  chain forward {
    type filter hook forward priority filter; policy drop;
    meta nfproto ipv6 drop
    tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu
    ct state established,related accept
    ct status dnat accept
    ip saddr @cluster ip daddr != { 10.20.0.0/16, 10.98.0.0/24 } accept
    ip saddr 10.98.0.0/24 ip daddr { 10.20.0.10-10.20.0.14 } tcp dport 22 accept
    ip saddr 10.98.0.0/24 ip daddr { 10.20.0.10-10.20.0.14 } icmp type 8 accept
    ip saddr 10.98.0.0/24 ip daddr 10.20.0.10 tcp dport { 3000, 9090 } accept
    ip saddr 10.98.0.0/24 ip daddr { 10.20.0.11, 10.20.0.12 } tcp dport { 993, 6071 } accept
    drop
  }
}
table ip carbonio_nat {
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    ip saddr != 10.20.0.0/16 fib daddr type local goto forwarded
  }
  chain forwarded {
    tcp dport 25 dnat to 10.20.0.11
    tcp dport 443 dnat to jhash ip saddr mod 2 seed 0x1 map { 0 : 10.20.0.11, 1 : 10.20.0.12 }
    ip saddr { 198.51.100.0/24, 10.9.0.0/24 } tcp dport 993 dnat to jhash ip saddr mod 2 seed 0x1 map { 0 : 10.20.0.11, 1 : 10.20.0.12 }
    udp dport 20000-30000 dnat to 10.20.0.13
    udp dport 30001-40000 dnat to 10.20.0.14
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr { 10.20.0.0/17, 10.20.128.0/18, 10.20.192.0/19, 10.20.224.0/20 } ip daddr != 10.20.0.0/16 masquerade
    ip saddr 10.98.0.0/24 ip daddr 10.20.0.0/16 masquerade
  }
}
"""  # noqa: E501
NODE = """
table inet carbonio {}
delete table inet carbonio
table inet carbonio {
  set cluster {
    type ipv4_addr
    flags interval
    elements = { 10.20.0.0/17, 10.20.128.0/18, 10.20.192.0/19, 10.20.224.0/20 }
  }
  chain input {
    type filter hook input priority filter; policy drop;
    iif lo accept
    meta nfproto ipv6 drop
    ct state established,related accept
    ct state invalid drop
    icmp type 3 accept
    ip saddr @cluster icmp type 8 accept
    ip saddr @cluster tcp dport 1-65535 accept
    ip saddr @cluster udp dport 1-65535 accept
    ip saddr { 10.9.0.0/24, 10.20.240.10 } tcp dport 22 accept
    ip saddr { 10.9.0.0/24, 10.20.240.10 } icmp type 8 accept
    # own
    drop
  }
  chain forward {
    type filter hook forward priority filter; policy drop;
    drop
  }
}
"""
PANELS = "ip saddr { 10.9.0.0/24, 10.20.240.10 } tcp dport"
FRONT = f"""
    tcp dport {{ 25, 443 }} accept
    ip saddr {{ 198.51.100.0/24, 10.9.0.0/24 }} tcp dport 993 accept
    {PANELS} 6071 accept
    ip saddr 10.20.240.10 tcp dport 993 accept
"""
OWN = {
    "infra1": f"{PANELS} {{ 3000, 9090 }} accept",
    "front1": FRONT,
    "front2": FRONT,
    "video1": "udp dport 20000-40000 accept",
    "video2": "udp dport 20000-40000 accept",
}
# Firewalls at Hetzner: direction, protocol, ports, ranges. Nodes have no public address, so they have none.
HETZNER = {
    "smtp": ("in", "tcp", "25", ["0.0.0.0/0"]),
    "https": ("in", "tcp", "443", ["0.0.0.0/0"]),
    "imaps": ("in", "tcp", "993", ["198.51.100.0/24", "10.9.0.0/24"]),
    "ssh": ("in", "tcp", "22", ["198.51.100.0/24", "10.9.0.0/24"]),
    "video": ("in", "udp", "20000-40000", ["0.0.0.0/0"]),
    "wireguard": ("in", "udp", "51820", ["0.0.0.0/0"]),
    "icmp": ("in", "icmp", None, ["0.0.0.0/0"]),
    "out-tcp": ("out", "tcp", "1-65535", ["0.0.0.0/0"]),
    "out-udp": ("out", "udp", "1-65535", ["0.0.0.0/0"]),
    "out-icmp": ("out", "icmp", None, ["0.0.0.0/0"]),
}
# Security groups: group, protocol, first and last port, peers.
ROUTED, ADMINS, ANYWHERE, INSIDE = (
    ["10.9.0.0/24", "gateway"],
    ["198.51.100.0/24", "10.9.0.0/24"],
    ["0.0.0.0/0"],
    ["cluster"],
)
AWS = {
    "smtp": ("front", "tcp", 25, 25, ANYWHERE),
    "https": ("front", "tcp", 443, 443, ANYWHERE),
    "imaps": ("front", "tcp", 993, 993, [*ADMINS, "gateway"]),
    "admin": ("front", "tcp", 6071, 6071, ROUTED),
    "grafana": ("infra", "tcp", 3000, 3000, ROUTED),
    "prometheus": ("infra", "tcp", 9090, 9090, ROUTED),
    "video": ("video", "udp", 20000, 40000, ANYWHERE),
    "ssh": ("cluster", "tcp", 22, 22, ROUTED),
    "echo": ("cluster", "icmp", 8, -1, [*ROUTED, "cluster"]),
    "unreachable": ("cluster", "icmp", 3, -1, ANYWHERE),
    "tcp": ("cluster", "tcp", 1, 65535, INSIDE),
    "udp": ("cluster", "udp", 1, 65535, INSIDE),
    "gateway-smtp": ("gateway", "tcp", 25, 25, ANYWHERE),
    "gateway-https": ("gateway", "tcp", 443, 443, ANYWHERE),
    "gateway-imaps": ("gateway", "tcp", 993, 993, ADMINS),
    "gateway-video": ("gateway", "udp", 20000, 40000, ANYWHERE),
    "gateway-wireguard": ("gateway", "udp", 51820, 51820, ANYWHERE),
    "gateway-ssh": ("gateway", "tcp", 22, 22, ADMINS),
    "gateway-echo": ("gateway", "icmp", 8, -1, ADMINS),
    "gateway-unreachable": ("gateway", "icmp", 3, -1, ANYWHERE),
    "gateway-transit": ("gateway", "-1", None, None, INSIDE),
}
GROUPS = {"infra1": "infra", "front1": "front", "front2": "front", "video1": "video", "video2": "video"}


class HandMade(NamedTuple):
    """All that a deployment consists of, to be changed at will.

    Attributes:
        sheet: Lines of the hand-over sheet.
    """

    topology: Json
    values: Json
    machines: Json
    sheet: list[str]

    def judge(self) -> list[str]:
        """Return what the oracle finds."""
        cloud = tfvars.cloud_of(self.values, self.topology["cloud"]["provider"])
        return findings(world.build(self.topology, cloud, self.machines, "\n".join(self.sheet)))

    def edit(self, machine: str, old: str, new: str) -> None:
        """Change a machine's rules."""
        files = self.machines[machine]["files"]
        text = "\n".join(files[world.NFTABLES])
        assert text.count(old) == 1, (machine, old)
        files[world.NFTABLES] = text.replace(old, new).splitlines()

    def rule(self, name: str) -> Json:
        """Return a rule of the cloud's firewall by the beginning of its key."""
        rules = self.values["firewall"]["rules"]
        found: Json = next(rule for key, rule in rules.items() if key.startswith(name))
        return found


def hand_made(provider: str) -> HandMade:
    """Return the deployment on a cloud; on AWS the nodes have no firewall of their own.

    Args:
        provider: `aws`, `hetzner` or `libvirt`.
    """
    machines: Json = {}
    for name, address in ADDRESSES.items():
        files = {world.NFTABLES: _rules(name, provider).splitlines()}
        own = provider != "aws" or name == "gateway"
        machines[name] = {"address": address, "os": "ubuntu-24.04", "host_firewall": own, "files": files if own else {}}
        machines[name]["resolvers"] = [ADDRESSES["gateway"]] if provider != "aws" else []
        machines[name]["router"] = ROUTERS[provider] if name != "gateway" else None
    if provider != "aws":
        machines["gateway"]["files"][world.DNSMASQ] = []
    subnets = {
        "nodes": {"cidr": "10.20.0.0/17", "public": False},
        "gateway": {"cidr": "10.20.240.0/20", "public": True},
    }
    values: Json = {
        "network": {"cidr": "10.20.0.0/16", "subnets": subnets, "gateway": "gateway", "way_out": True},
        "nodes": {name: _node(name, address) for name, address in ADDRESSES.items()},
    }
    if provider == "libvirt":
        values["network"] |= {"inside": None, "uplink": {"bridge": "br0"}}
    else:
        values["firewall"] = _aws() if provider == "aws" else _hetzner()
    topology = {**TOPOLOGY, "cloud": {"provider": provider}}
    return HandMade(topology, values, machines, [])


def _rules(name: str, provider: str) -> str:
    if name != "gateway":
        return NODE.replace("# own", OWN[name])
    if provider == "aws":
        return "\n".join(line for line in GATEWAY.splitlines() if not line.endswith("# DNS"))
    return GATEWAY


def _node(name: str, address: str) -> Json:
    gateway = name == "gateway"
    return {
        "private_address": address,
        "subnet": "gateway" if gateway else "nodes",
        "public": gateway,
        "public_address": gateway,
        "forwards": gateway,
        "uplink_mac": "02:00:00:00:00:01" if gateway else None,
        "groups": ["gateway"] if gateway else ["cluster", GROUPS[name]],
    }


def _hetzner() -> Json:
    rules = {
        name: {"group": "gateway", "direction": direction, "protocol": protocol, "ports": ports, "ranges": list(ranges)}
        for name, (direction, protocol, ports, ranges) in HETZNER.items()
    }
    return {"groups": {"gateway": {}}, "rules": rules}


def _aws() -> Json:
    rules = {}
    for name, (group, protocol, first, last, peers) in AWS.items():
        for peer in peers:
            rules[f"{name}/{peer}"] = _aws_rule("in", group, protocol, first, last, peer)
    for group in ("cluster", "gateway"):
        rules[f"{group}-out"] = _aws_rule("out", group, "-1", None, None, "0.0.0.0/0")
    return {"groups": {group: {} for group in ("cluster", "gateway", *GROUPS.values())}, "rules": rules}


def _aws_rule(direction: str, group: str, protocol: str, first: int | None, last: int | None, peer: str) -> Json:
    return {
        "direction": direction,
        "group": group,
        "protocol": protocol,
        "from_port": first,
        "to_port": last,
        "peer_cidr": peer if "/" in peer else None,
        "peer_group": None if "/" in peer else peer,
    }
