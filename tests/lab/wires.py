"""The lab's networks: the Internet, a router before the hypervisor's bridge, and the hypervisor.

    internet --- router --- br0 (hypervisor) --- machines

Each is a network namespace, so nothing of it touches the machine that the lab runs on.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.lab.internet import ADDRESSES
from tests.packets.namespaces import checked

HYPERVISOR, ROUTER, INTERNET = "cg-lab", "cg-lab-router", "cg-lab-internet"
NAMESPACES = (HYPERVISOR, ROUTER, INTERNET)
BRIDGE = "br0"

_OUTER, _ROUTER = "198.18.255.1", "198.18.255.2"
"""Both ends of the line between Internet and router."""


class Forward(NamedTuple):
    """One line of the hand-over's table for the operator's router."""

    ports: str
    protocol: str
    targets: tuple[str, ...]


def inside(namespace: str, *words: str) -> list[str]:
    """Return a command that runs in one of the namespaces."""
    return ["ip", "netns", "exec", namespace, *words]


def lay() -> None:
    """Make the three namespaces and what joins them; the router does not forward anything yet."""
    for name in NAMESPACES:
        checked(["ip", "netns", "add", name])
    _ip(
        INTERNET,
        "link set lo up",
        *(f"addr add {address}/32 dev lo" for address in ADDRESSES),
        f"link add name line type veth peer name wan netns {ROUTER}",
        f"addr add {_OUTER}/30 dev line",
        "link set line up",
        f"route add default via {_ROUTER}",
    )
    _ip(
        ROUTER,
        "link set lo up",
        f"addr add {_ROUTER}/30 dev wan",
        "link set wan up",
        f"route add default via {_OUTER}",
        f"link add name lan type veth peer name router netns {HYPERVISOR}",
        "link set lan up",
    )
    _ip(
        HYPERVISOR,
        "link set lo up",
        f"link add name {BRIDGE} type bridge",
        f"link set router master {BRIDGE}",
        "link set router up",
        f"link set {BRIDGE} up",
    )
    checked(inside(ROUTER, "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward"))
    # Where the kernel can, it would hand bridged packets to the rules for routed ones.
    filtering = "f=/proc/sys/net/bridge/bridge-nf-call-iptables; test ! -e $f || echo 0 >$f"
    checked(inside(HYPERVISOR, "sh", "-c", filtering))


def take_away() -> None:
    """Remove the namespaces, whatever is left of them."""
    for name in NAMESPACES:
        if Path("/run/netns", name).exists():
            checked(["ip", "netns", "del", name])


def left() -> list[str]:
    """Return the namespaces that are there."""
    return [name for name in NAMESPACES if Path("/run/netns", name).exists()]


def route_to_nodes(router: str, network: str, public: str, forwards: list[Forward]) -> None:
    """Be the operator's own router: hold the public address, forward this table and nothing else, hide the nodes.

    Packets from outside to private addresses are routed as well, which no real router would do: what stops them has
    to be the nodes' own firewall.

    Args:
        router: Its address inside.
        network: The private network.
        public: The public address.
        forwards: The table.
    """
    prefix = network.partition("/")[2]
    rules = "\n".join(_forward(entry, public) for entry in forwards)
    _ip(ROUTER, f"addr replace {router}/{prefix} dev lan", f"addr replace {public}/32 dev wan")
    _load(
        f"""table ip lab {{}}
delete table ip lab
table ip lab {{
    chain prerouting {{
        type nat hook prerouting priority dstnat
{rules}
    }}
    chain postrouting {{
        type nat hook postrouting priority srcnat
        oifname wan ip saddr {network} ct status != dnat snat to {public}
    }}
    chain input {{
        type filter hook input priority filter
        iifname wan ip daddr {public} drop
    }}
}}
"""
    )


def route_to_gateway(uplink: str, public: str, network: str) -> None:
    """Be the router of a public range in which the gateway stands.

    Whoever stands beside the gateway may try to reach private addresses through it: so does this router.

    Args:
        uplink: The range; its first address is the router's.
        public: The gateway's address.
        network: The private network behind it.
    """
    block = ipaddress.ip_network(uplink)
    _ip(
        ROUTER,
        f"addr replace {block[1]}/{block.prefixlen} dev lan",
        f"route replace {network} via {public} dev lan onlink",
    )


def forwards_of(sheet: str) -> list[Forward]:
    """Return the table of forwards that a hand-over sheet has for the operator's router."""
    table = sheet.partition("## Forwards on your router")[2].partition("\n## ")[0]
    return list(_rows(table))


def _rows(table: str) -> Iterator[Forward]:
    for line in re.findall(r"(?m)^\| (\d.*) \|$", table):
        ports, protocol, peer, target, _ = (cell.strip() for cell in line.split(" | ", 4))
        if peer != "the Internet":
            raise ValueError(f"the lab's router forwards for everybody alone: {line}")
        yield Forward(ports, protocol, tuple(re.findall(r"[0-9]+(?:\.[0-9]+){3}", target)))


def _forward(entry: Forward, public: str) -> str:
    to = entry.targets[0]
    if len(entry.targets) > 1:
        places = ", ".join(f"{index} : {target}" for index, target in enumerate(entry.targets))
        to = f"jhash ip saddr mod {len(entry.targets)} map {{ {places} }}"
    return f"        ip daddr {public} {entry.protocol} dport {entry.ports} dnat to {to}"


def _ip(name: str, *lines: str) -> None:
    checked(["ip", "-n", name, "-batch", "-"], "\n".join(lines) + "\n")


def _load(rules: str) -> None:
    checked(inside(ROUTER, "nft", "-f", "-"), rules)


def processes() -> list[int]:
    """Return the processes that live in the lab's networks."""
    found: list[int] = []
    for name in left():
        shown = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True, check=False)
        with contextlib.suppress(ValueError):
            found += [int(word) for word in shown.stdout.split()]
    return found
