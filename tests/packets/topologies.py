"""The deployments that the bench tries, as their topologies come from YAML."""

from __future__ import annotations

from typing import Any

from tests.oracle.scenarios import FULL_SMALL, SINGLE
from tests.strategies import SSH_KEY

MANAGEMENT = "198.51.100.0/24"
LISTED = "203.0.113.0/26"

_FIVE = {
    "infra1": ["database", "database-connector", "mesh-and-directory", "monitoring"],
    "mta1": ["mta", "proxy"],
    "store1": ["mailstore", "tasks"],
    "files1": ["files", "docs", "preview"],
    "video1": ["video"],
}
_TWICE = {
    "infra1": ["database", "database-connector", "mesh-and-directory", "monitoring"],
    "mta1": ["mta", "proxy"],
    "mta2": ["mta"],
    "store1": ["mailstore", "tasks"],
    "files1": ["files", "docs", "preview"],
    "video1": ["video"],
    "video2": ["video"],
}
_HETZNER: dict[str, Any] = {"provider": "hetzner", "region": "fsn1", "images": {"ubuntu-20.04": "4711"}}
_AWS: dict[str, Any] = {"provider": "aws", "region": "eu-central-1"}
_LIBVIRT: dict[str, Any] = {"provider": "libvirt", "uplink": {"bridge": "br0"}}
_STATED = "203.0.113.130"


def _topology(cloud: dict[str, Any], nodes: dict[str, list[str]], **more: Any) -> dict[str, Any]:
    return {
        "domain": "example.com",
        "release": "24.1",
        "os": "ubuntu-20.04",
        "cloud": cloud,
        "management": [MANAGEMENT],
        "ssh_keys": [SSH_KEY],
        "users": 150,
        "mailbox_quota": "5 GB",
        "services": {"imaps": True, "submission": [LISTED, MANAGEMENT], "pop3": "management"},
        "dns": {"provider": "none"},
        "nodes": nodes,
        **more,
    }


def gateway(cloud: str, public_key: str) -> dict[str, Any]:
    """Return everything behind a gateway with a VPN: two mail servers and two video nodes.

    Args:
        cloud: `aws`, `hetzner` or `libvirt`.
        public_key: Of the VPN's only peer.
    """
    return _topology(
        {"aws": _AWS, "hetzner": _HETZNER, "libvirt": {**_LIBVIRT, "public_address": _STATED}}[cloud],
        _TWICE,
        exposure="gateway",
        forward={"smtp": ["mta1", "mta2"], "video": ["video1", "video2"]},
        vpn={"peers": {"alice": public_key}},
        host_firewall=True,
    )


EXTERNAL: dict[str, Any] = _topology(
    {**_LIBVIRT, "public_address": _STATED},
    _TWICE,
    exposure="external",
    forward={"smtp": ["mta1", "mta2"], "video": ["video1", "video2"]},
)
"""Behind a router of the operator's own."""

LARGEST: dict[str, dict[str, Any]] = {
    system: _topology(_AWS, SINGLE, release="26.6", host_firewall=True, os=system)
    for system in ("ubuntu-24.04", "rhel-9")
}
"""One machine with every role: no other admits more."""

DIRECT: dict[str, dict[str, Any]] = {
    "aws": _topology(_AWS, _FIVE, host_firewall=True),
    "hetzner": _topology(_HETZNER, _FIVE),
    "libvirt": _topology({**_LIBVIRT, "public_addresses": {"mta1": "203.0.113.131", "video1": "203.0.113.132"}}, _FIVE),
    "rhel": _topology(_AWS, _FIVE, host_firewall=True, os="rhel-8"),
    "open-internal": _topology(
        _HETZNER, FULL_SMALL, release="26.6", os="ubuntu-24.04", troubleshooting="open-internal"
    ),
}
