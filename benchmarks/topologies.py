"""Topologies of any size for the benchmarks."""

from __future__ import annotations

from typing import Any

SSH_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAID/BBEmEyXDTzLd4O/lYsf8s032tI2w04LtMuXNlQlto admin@example.com"
INFRASTRUCTURE = {
    "infra1": ["database", "database-connector", "mesh-and-directory", "monitoring"],
    "mta1": ["mta"],
    "proxy1": ["proxy"],
    "store1": ["mailstore", "tasks"],
    "files1": ["files", "docs", "preview"],
    "video1": ["video"],
}
# What grows with the number of users.
GROWING = (["mailstore"], ["files", "docs", "preview"], ["mailstore", "tasks"], ["preview"])


CLOUDS: dict[str, dict[str, Any]] = {
    "aws": {
        "provider": "aws",
        "region": "eu-central-1",
        "quotas": {"rules_per_group": 1000, "elastic_ips": 10000},
    },
    "hetzner": {"provider": "hetzner", "region": "fsn1", "images": {"ubuntu-20.04": "os=ubuntu-20.04"}},
}


def topology(nodes: int, cloud: str = "aws") -> dict[str, Any]:
    """Return a topology with that many nodes (six at least), its quotas set high enough.

    Args:
        nodes: How many.
        cloud: Name of the cloud.
    """
    roles = dict(INFRASTRUCTURE)
    for number in range(nodes - len(roles)):
        roles[f"node{number:05d}"] = GROWING[number % len(GROWING)]
    stores = sum("mailstore" in own for own in roles.values())
    return {
        "domain": "example.com",
        "release": "24.1",
        "os": "ubuntu-20.04",
        "cloud": CLOUDS[cloud],
        "network": {"cidr": "10.0.0.0/16"},
        "management": ["198.51.100.0/24"],
        "ssh_keys": [SSH_KEY],
        "users": 100 * stores,
        "mailbox_quota": "5 GB",
        "dns": {"provider": "route53"},
        "nodes": roles,
    }
