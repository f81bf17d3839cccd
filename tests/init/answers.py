"""Answers for every cloud: what `generate init` is told in these tests."""

from __future__ import annotations

from collections.abc import Mapping

BESIDE = {"topology.schema.json", ".gitignore"}
"""What init writes beside the topology."""

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAID/BBEmEyXDTzLd4O/lYsf8s032tI2w04LtMuXNlQlto admin@example.com"
# What has no default.
NEEDED = {"domain": "example.com", "management": "198.51.100.0/24", "ssh-key": KEY}
# Written by hand from the decision about presets: scenarios and their nodes by release and edition.
SCENARIOS: dict[tuple[str, str], dict[str, int]] = {
    ("24.1", "commercial"): {"five-nodes": 5},
    ("24.1", "community"): {"five-nodes": 5},
    ("25.12", "commercial"): {"single": 1, "essential": 3, "full-small": 5, "full-standard": 7, "redundant": 15},
    ("25.12", "community"): {"single": 1, "essential": 3, "full-small": 5, "full-standard": 7},
    ("26.6", "commercial"): {"single": 1, "five-nodes": 5},
    ("26.6", "community"): {"single": 1},
}
EXPOSURES = {
    "aws": ("direct", "gateway"),
    "hetzner": ("direct", "gateway"),
    "libvirt": ("external", "direct", "gateway"),
}
# Nodes with an MTA, a proxy or a video server: each has an address of its own where the exposure is direct.
EXPOSED = {"single": 1, "essential": 1, "five-nodes": 2, "full-small": 2, "full-standard": 3, "redundant": 6}


def options(answers: Mapping[str, str | bool]) -> list[str]:
    """Return answers as words of a command line; True and False are `--name` and `--no-name`."""
    words: list[str] = []
    for name, answer in answers.items():
        if isinstance(answer, bool):
            words.append(f"--{name}" if answer else f"--no-{name}")
        else:
            words += [f"--{name}", answer]
    return words


def complete(cloud: str, release: str, edition: str, scenario: str, exposure: str) -> dict[str, str | bool]:
    """Return answers that suffice for a deployment, whatever the cloud wants to know besides."""
    found: dict[str, str | bool] = {
        **NEEDED,
        "cloud": cloud,
        "release": release,
        "edition": edition,
        "scenario": scenario,
        "exposure": exposure,
    }
    if cloud == "libvirt":
        # In the community edition of 24.1 no port of the video server is open to the Internet.
        exposed = 1 if (release, edition) == ("24.1", "community") else EXPOSED[scenario]
        count = exposed if exposure == "direct" else 1
        found["public-address"] = ",".join(f"203.0.113.{number}" for number in range(10, 10 + count))
    return found
