"""What the tests of the lab ask of all machines at once."""

from __future__ import annotations

import re
import sys

from tests.lab import expect
from tests.lab.guests import Deployment, Guest, together

DOCUMENTED = (
    # TD 25.12.0 source/_includes/_installation/rh9.rst, and the packages' prerequisites.
    r"subscription-manager register --org 1234567 --activationkey lab-key",
    r"subscription-manager repos( --enable=(rhel-9-for-x86_64-(base|app)\S+-rpms|codeready-builder-for-rhel-9-\S+)){3}",
    r"dnf .*install https://dl\.fedoraproject\.org/pub/epel/epel-release-latest-9\.noarch\.rpm",
    r"dnf -qy module disable postgresql",
)
"""Calls that the documents for RHEL name, as patterns."""


def faults_of(guests: list[Guest], *, again: bool = False) -> dict[str, list[str]]:
    """Return what is wrong on machines, by name.

    Args:
        guests: The machines.
        again: They have been restarted.
    """

    def find(guest: Guest) -> list[str]:
        found = guest.look()
        sys.stderr.write(f"{guest.name}: {found['boot times']}\n")
        wrong = [*expect.faults(guest, found), *expect.mounted(guest, found)]
        wrong += expect.rebooted(guest, found) if again else expect.first(found)
        return [*wrong, *expect.checked(guest)]

    return together(guests, find)


def installer_of(deployment: Deployment) -> dict[str, list[str]]:
    """Return what Carbonio's installer would complain of, by node."""
    guests = deployment.guests()
    nodes = [guest for guest in guests.values() if not guest.is_gateway]
    addresses = {guest.domain: guest.address for guest in nodes}
    return together(nodes, lambda guest: guest.installer(addresses))


def recorded(guest: Guest) -> list[str]:
    """Return the documented calls that a node of the RHEL family did not make, and state that does not fit them."""
    calls = guest.ssh("cat /var/log/lab-calls").splitlines()
    wrong = [
        f"not called: {pattern}" for pattern in DOCUMENTED if not any(re.fullmatch(pattern, line) for line in calls)
    ]
    asked = guest.ssh("dnf -C -q repolist --enabled; cat /etc/selinux/config /etc/dnf/modules.d/postgresql.module")
    wanted = (
        r"(?m)^rhel-9-for-x86_64-baseos-rpms",
        r"(?m)^rhel-9-for-x86_64-appstream-rpms",
        r"(?m)^codeready-builder-for-rhel-9-x86_64-rpms",
        r"(?m)^SELINUX=permissive$",
        r"(?m)^state=disabled$",
    )
    return wrong + [f"not so: {pattern}" for pattern in wanted if not re.search(pattern, asked)]
