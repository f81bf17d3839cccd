"""A machine's network configuration in cloud-init's format, version 2.

The interfaces get their names here: what cloud-init writes for NetworkManager and for Red Hat's
scripts finds an interface by name alone.
"""

import json
from collections.abc import Sequence

from generator.plan import Link

_ANYWHERE = "0.0.0.0/0"
"""Not `default`: the netplan of Ubuntu 20.04 and the cloud-init of RHEL 8 may not know the word."""


def network_config(links: Sequence[Link], name_servers: Sequence[str]) -> str:
    """Return the text of the file; the strings in it need nothing but quotes.

    Args:
        links: The machine's interfaces.
        name_servers: Whom it asks until DNS inside answers, where DHCP names none.
    """
    lines = ["# Applied at the first boot, by cloud-init.", "version: 2", "ethernets:"]
    for link in links:
        lines += [
            f"  {link.name}:",
            f"    match: {{macaddress: {json.dumps(link.mac)}}}",
            f"    set-name: {link.name}",
            "    link-local: []",
            "    accept-ra: false",
        ]
        if not link.address:
            lines.append("    dhcp4: true")
            continue
        lines.append(f"    addresses: [{json.dumps(link.address)}]")
        if link.router:
            lines.append(f"    routes: [{{to: {_ANYWHERE}, via: {link.router}}}]")
        if len(links) == 1 or link.router:
            lines.append(f"    nameservers: {{addresses: [{', '.join(name_servers)}]}}")
    return "\n".join(lines) + "\n"
