"""A router as an operator sets it up who has nothing but the hand-over sheet."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from tests.oracle.masks import text
from tests.oracle.router import Router, Row
from tests.packets.namespaces import Namespace, join

UPLINK = "172.31.2.1"
NETWORK = "10.20.0.0/16"


def set_up(router: Router, machine: Namespace, switch: Namespace, outside: Namespace, routed: Iterable[str]) -> None:
    """Put a router between a switch and the Internet.

    Args:
        router: What the sheet says.
        machine: The router.
        switch: Where the nodes are, with an interface `switch`.
        outside: The Internet.
        routed: Administrators, whose packets for private addresses are routed.
    """
    own = str(ipaddress.IPv4Address(router.address))
    join(machine, "inside", switch, "router")
    switch.ip("link set router master switch")
    join(machine, "uplink", outside, "router")
    outside.ip(f"address add {UPLINK}/32 dev router", f"route add {router.public}/32 dev router")
    outside.ip(f"route add {NETWORK} via {router.public} dev router")
    machine.ip(
        f"address add {own}/16 dev inside",
        f"address add {router.public}/32 dev uplink",
        f"route add {UPLINK}/32 dev uplink",
        f"route add default via {UPLINK} src {router.public}",
    )
    machine.sysctl({"net.ipv4.ip_forward": "1"})
    machine.run("nft", "-f", "-", text=_rules(router, routed))


def _rules(router: Router, routed: Iterable[str]) -> str:
    forwards = "\n".join(_forward(router, row) for row in router.rows)
    return f"""
        table ip router {{
            chain input {{
                type filter hook input priority filter; policy drop;
                ct state established,related accept
            }}
            chain forward {{
                type filter hook forward priority filter; policy drop;
                ct state established,related accept
                ct status dnat accept
                iifname inside oifname uplink accept
                oifname inside ip saddr {{ {", ".join(routed)} }} accept
            }}
            chain prerouting {{
                type nat hook prerouting priority dstnat;
                {forwards}
            }}
            chain postrouting {{
                type nat hook postrouting priority srcnat;
                oifname uplink ip saddr {NETWORK} snat to {router.public}
            }}
        }}"""


def _forward(router: Router, row: Row) -> str:
    sources = ", ".join(
        str(part)
        for first, last in row.sources.spans
        for part in ipaddress.summarize_address_range(ipaddress.IPv4Address(first), ipaddress.IPv4Address(last))
    )
    # A set takes no range of every address beside others, and the table has it alone.
    asked = "" if sources == "0.0.0.0/0" else f"ip saddr {{ {sources} }} "
    return (
        f"iifname uplink ip daddr {router.public} {asked}{row.protocol} dport {text(row.ports, row.protocol)} "
        f"dnat to {_targets([str(ipaddress.IPv4Address(number)) for number in row.targets])}"
    )


def _targets(addresses: Sequence[str]) -> str:
    """Return the target, or one for each client: the sheet lets the operator choose."""
    if len(addresses) == 1:
        return addresses[0]
    shares = ", ".join(f"{place} : {address}" for place, address in enumerate(addresses))
    return f"jhash ip saddr mod {len(addresses)} seed 0x1 map {{ {shares} }}"
