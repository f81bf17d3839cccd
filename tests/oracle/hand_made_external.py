"""The hand-made deployment behind a router of the operator's own: what the reading of the sheet is tried on."""

from __future__ import annotations

from tests.oracle import world
from tests.oracle.hand_made import ADDRESSES, NODE, TOPOLOGY, HandMade, Json

ROUTER, PUBLIC = "10.20.0.1", "203.0.113.10"
SHEET = f"""# Hand-over: example.com

## Ports reachable from outside

| Port | Protocol | From | Goes to | For |
|---|---|---|---|---|
| 6071 | tcp | 198.51.100.0/24, 10.9.0.0/24 | front1, front2 | secure access to the Admin Panel |

## Forwards on your router

The nodes' default route leads to {ROUTER}. What comes to {PUBLIC} has to be forwarded so,
with the client's own address kept, and what the nodes send has to leave as {PUBLIC}:

| Port | Protocol | From | To the same port of | For |
|---|---|---|---|---|
| 25 | tcp | the Internet | 10.20.0.11 (front1) | Postfix incoming mail |
| 443 | tcp | the Internet | 10.20.0.11 (front1) or 10.20.0.12 (front2) | secure connection to the Carbonio web client |
| 993 | tcp | 198.51.100.0/24, 10.9.0.0/24 | 10.20.0.11 (front1) or 10.20.0.12 (front2) | IMAP over TLS |
| 465 | tcp | 192.0.2.0/26 | 10.20.0.11 (front1) or 10.20.0.12 (front2) | SMTP relay over TLS |
| 20000-30000 | udp | the Internet | 10.20.0.13 (video1) | Client connections for the audio and video streams |
| 30001-40000 | udp | the Internet | 10.20.0.14 (video2) | Client connections for the audio and video streams |

Nothing else, and never 22 or 6071. Where two nodes are named, use one of them or spread by the client's
address. Inside, the names of the deployment lead to private addresses: nothing there needs {PUBLIC}.

## DNS
"""
ADMINS = "ip saddr { 198.51.100.0/24, 10.9.0.0/24 }"
FRONT = f"""
    tcp dport {{ 25, 443 }} accept
    {ADMINS} tcp dport {{ 993, 6071 }} accept
    ip saddr 192.0.2.0/26 tcp dport 465 accept
"""
OWN = {
    "infra1": f"{ADMINS} tcp dport {{ 3000, 9090 }} accept",
    "front1": FRONT,
    "front2": FRONT,
    "video1": "udp dport 20000-40000 accept",
    "video2": "udp dport 20000-40000 accept",
}
RESOLVERS = ("infra1", "video1")
DNS = "ip saddr @cluster tcp dport 53 accept\nip saddr @cluster udp dport 53 accept"


def behind_router() -> HandMade:
    """Return the deployment on a hypervisor, with its sheet."""
    nodes = [name for name in ADDRESSES if name != "gateway"]
    machines: Json = {
        name: {
            "address": ADDRESSES[name],
            "os": "ubuntu-24.04",
            "host_firewall": True,
            "files": {world.NFTABLES: _rules(name).splitlines()},
            "resolvers": [ADDRESSES[one] for one in RESOLVERS],
            "router": ROUTER,
        }
        for name in nodes
    }
    for name in RESOLVERS:
        machines[name]["files"][world.DNSMASQ] = []
    subnets = {"nodes": {"cidr": "10.20.0.0/17"}}
    values: Json = {
        "network": {"subnets": subnets, "gateway": None, "way_out": False, "inside": {"bridge": "br0"}, "uplink": None},
        "nodes": {name: {"private_address": ADDRESSES[name], "subnet": "nodes", "uplink_mac": None} for name in nodes},
    }
    topology: Json = {key: value for key, value in TOPOLOGY.items() if key != "vpn"}
    topology |= {
        "exposure": "external",
        "cloud": {"provider": "libvirt", "uplink": {"bridge": "br0"}, "public_address": PUBLIC},
        "services": {"imaps": "management", "submissions": ["192.0.2.0/26"]},
    }
    return HandMade(topology, values, machines, SHEET.splitlines())


def _rules(name: str) -> str:
    text = NODE.replace("ip saddr { 10.9.0.0/24, 10.20.240.10 }", ADMINS)
    return text.replace("# own", f"{OWN[name]}\n{DNS if name in RESOLVERS else ''}")
