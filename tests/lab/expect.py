"""What has to be so on a machine that is ready for Carbonio's installer, whatever our own programs say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

DEVIATIONS = {
    "os": "it is debian-12: use ubuntu-24.04",
    "memory": "use a larger machine type",
    "repositories": "not done: fetch https://",
}
"""What differs in the lab from what was planned, and what the check has to say about it."""


def faults(found: Mapping[str, Any], fqdn: str, address: str, name_servers: list[str]) -> Iterator[str]:
    """Compare what `probe.py` saw with what the installation guide asks for.

    Args:
        found: What it saw.
        fqdn: The machine's name.
        address: Its private address.
        name_servers: Those that it is to ask first.

    Yields:
        One text for each difference.
    """
    name = fqdn.split(".", maxsplit=1)[0]
    equal = {
        "fqdn": fqdn,
        "hostname": fqdn,
        "hosts": f"127.0.0.1 localhost\n{address} {fqdn} {name}\n",
        "ipv6 addresses": "",
        "swappiness": "1",
    }
    for key, value in equal.items():
        if found[key] != value:
            yield f"{key}: {found[key]!r}, not {value!r}"
    if found["hosts"].split().count("localhost") != 1:
        yield f"localhost stands more than once in {found['hosts']!r}"
    if set(re.findall(r"(?m)^\S+", found["localhost"])) != {"127.0.0.1"}:
        yield f"localhost is {found['localhost']!r}"
    if found["by name"].split()[:1] != [address]:
        yield f"the hostname is at {found['by name']!r}"
    for path, value in found["ipv6"].items():
        if value != "1":
            yield f"{path} is {value}"
    yield from _network(found, address, name_servers)
    yield from _system(found)


def _network(found: Mapping[str, Any], address: str, name_servers: list[str]) -> Iterator[str]:
    bound = [
        (link["ifname"], entry["local"])
        for link in found["addresses"]
        for entry in link["addr_info"]
        if entry["family"] == "inet"
    ]
    if bound != [("lo", "127.0.0.1"), ("eth0", address)]:
        yield f"addresses: {bound}"
    if len(found["routes"]) != 1:
        yield f"default routes: {found['routes']}"
    if re.findall(r"(?m)^nameserver (\S+)", found["resolv.conf"]) != ["127.0.0.53"]:
        yield f"resolv.conf: {found['resolv.conf']!r}"
    if re.findall(r"(?m)^nameserver (\S+)", found["name servers"])[: len(name_servers)] != name_servers:
        yield f"name servers: {found['name servers']!r}"
    chains = [entry["chain"] for entry in found["rules"].get("nftables", []) if "chain" in entry]
    closed = {chain["hook"] for chain in chains if chain["table"] == "carbonio" and chain.get("policy") == "drop"}
    if closed != {"input", "forward", "output"}:
        yield f"chains that drop what no rule accepts: {sorted(closed)}"
    if found["units"]["nftables"]["UnitFileState"] != "enabled":
        yield "nftables does not start at boot"


def _system(found: Mapping[str, Any]) -> Iterator[str]:
    if "System Locale: LANG=en_US.UTF-8" not in found["locale"]:
        yield f"locale: {found['locale']!r}"
    if set(re.findall(r'(?m)^LC_\w+="(.*)"', found["login"])) != {"en_US.UTF-8"}:
        yield f"locale of a login: {found['login']!r}"
    if "Leap status     : Normal" not in found["clock"]:
        yield f"clock: {found['clock']!r}"


def rebooted(found: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong after a restart only: what came too late, or not at all.

    Args:
        found: What `probe.py` saw.

    Yields:
        One text for each fault.
    """
    rules = int(found["units"]["nftables"]["ExecMainExitTimestampMonotonic"])
    network = int(found["units"]["systemd-networkd"]["ExecMainStartTimestampMonotonic"])
    if not 0 < rules < network:
        yield f"rules are loaded {rules / 1e6} s after the start, the network begins to come up after {network / 1e6} s"
    if found["kernel"]:
        yield f"IPv6 was on during the boot: {found['kernel']}"


def mounted(found: Mapping[str, Any], mount: str, serial: str) -> Iterator[str]:
    """Say what is wrong about a data volume.

    Args:
        found: What `probe.py` saw.
        mount: Where it belongs.
        serial: Its serial number.

    Yields:
        One text for each fault.
    """
    device = found["disks"].get(f"/dev/disk/by-id/virtio-{serial}", "")
    lines = [line.split()[:3] for line in found["mounts"].splitlines() if line.split()[1] == mount]
    if lines != [[device, mount, "ext4"]]:
        yield f"{mount}: {lines}, not {device}"
    table = [line.split() for line in found["fstab"].splitlines() if f" {mount} " in line]
    if len(table) != 1 or not table[0][0].startswith("UUID="):
        yield f"fstab: {table}"
