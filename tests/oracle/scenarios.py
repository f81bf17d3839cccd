"""The documented scenarios, written by hand from the documents: roles of each node."""

from __future__ import annotations

from typing import Any

from tests.strategies import SSH_KEY

Nodes = dict[str, list[str]]

FIVE_COMMERCIAL: Nodes = {
    "n1": ["mesh-and-directory", "database", "database-connector", "monitoring"],
    "n2": ["mta", "proxy"],
    "n3": ["mailstore", "tasks"],
    "n4": ["files", "docs", "preview"],
    "n5": ["video"],
}
FIVE_COMMUNITY: Nodes = {**FIVE_COMMERCIAL, "n5": ["chats", "video"]}
SINGLE: Nodes = {
    "n1": [
        "mesh-and-directory",
        "database",
        "mta",
        "proxy",
        "mailstore",
        "tasks",
        "files",
        "docs",
        "preview",
        "chats",
        "video",
    ]
}
ESSENTIAL: Nodes = {
    "n1": ["mesh-and-directory", "database", "monitoring"],
    "n2": ["mta", "proxy"],
    "n3": ["mailstore"],
}
FULL_SMALL: Nodes = {
    "n1": ["mesh-and-directory", "database", "monitoring"],
    "n2": ["mta", "proxy"],
    "n3": ["mailstore", "tasks"],
    "n4": ["chats", "files", "docs", "preview"],
    "n5": ["video"],
}
FULL_STANDARD: Nodes = {
    "n1": ["mesh-and-directory", "database", "monitoring"],
    "n2": ["mta"],
    "n3": ["proxy"],
    "n4": ["mailstore", "tasks"],
    "n5": ["chats", "files"],
    "n6": ["docs", "preview"],
    "n7": ["video"],
}
REDUNDANT_COMMERCIAL: Nodes = {
    "n1": ["mesh-and-directory", "database"],
    "n2": ["mesh", "directory-replica"],
    "n3": ["mesh", "monitoring"],
    "n4": ["mta"],
    "n5": ["mta"],
    "n6": ["proxy"],
    "n7": ["proxy"],
    "n8": ["mailstore"],
    "n9": ["mailstore"],
    "n10": ["chats", "files", "tasks"],
    "n11": ["chats", "files", "tasks"],
    "n12": ["docs", "preview"],
    "n13": ["docs", "preview"],
    "n14": ["video"],
    "n15": ["video"],
}
# Beside the documents: roles apart that the scenarios keep together, and roles that none has.
APART: Nodes = {
    "n1": ["database"],
    "n2": ["mesh-and-directory", "log-server"],
    "n3": ["database-connector", "monitoring"],
    "n4": ["mta"],
    "n5": ["proxy"],
    "n6": ["mailstore"],
    "n7": ["directory-replica", "event-streaming"],
    "n8": ["event-streaming", "tasks"],
    "n9": ["event-streaming", "files"],
}

SCENARIOS: dict[tuple[str, str, str], Nodes] = {
    ("24.1.0", "commercial", "five-nodes"): FIVE_COMMERCIAL,
    ("24.1.0", "commercial", "apart"): APART,
    ("24.1.0", "community", "five-nodes"): FIVE_COMMUNITY,
    ("25.12.0", "commercial", "essential"): ESSENTIAL,
    ("25.12.0", "commercial", "full-small"): FULL_SMALL,
    ("25.12.0", "commercial", "full-standard"): FULL_STANDARD,
    ("25.12.0", "commercial", "redundant"): REDUNDANT_COMMERCIAL,
    ("25.12.0", "community", "full-small"): FULL_SMALL,
    ("25.12.0", "community", "full-standard"): FULL_STANDARD,
    ("26.6", "commercial", "single"): SINGLE,
    ("26.6", "commercial", "five-nodes"): FULL_SMALL,
    ("26.6", "community", "single"): SINGLE,
}

# Which preset each release and edition offers by name.
PRESETS: dict[tuple[str, str], set[str]] = {
    ("24.1.0", "commercial"): {"five-nodes"},
    ("24.1.0", "community"): {"five-nodes"},
    ("25.12.0", "commercial"): {
        "single",
        "essential",
        "full-small",
        "full-standard",
        "redundant",
    },
    # The redundant one needs replicas of the directory, which are commercial.
    ("25.12.0", "community"): {"single", "essential", "full-small", "full-standard"},
    ("26.6", "commercial"): {"single", "five-nodes"},
    ("26.6", "community"): {"single"},
}


def topology(release: str, edition: str, scenario: str) -> dict[str, Any]:
    """Return a topology of a scenario, with some services open in each way.

    Args:
        release: `24.1.0`, `25.12.0` or `26.6`.
        edition: `commercial` or `community`.
        scenario: A name of `SCENARIOS`.
    """
    return {
        "domain": "example.com",
        "release": release,
        "edition": edition,
        "cloud": {
            "provider": "aws",
            "region": "eu-central-1",
            "quotas": {"rules_per_group": 200, "elastic_ips": 20},
        },
        "management": ["198.51.100.0/24", "192.0.2.7/32"],
        "ssh_keys": [SSH_KEY],
        "users": 150,
        "mailbox_quota": "5 GB",
        "services": {
            "imaps": True,
            "submission": ["203.0.113.0/24", "198.51.100.0/24"],
            "pop3": "management",
            "http": False,
        },
        "dns": {"provider": "none"},
        "nodes": {name: list(roles) for name, roles in SCENARIOS[release, edition, scenario].items()},
    }
