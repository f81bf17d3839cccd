"""What has to be so on a machine that is ready for Carbonio's installer, whatever our own programs say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.lab.guests import Guest

DEVIATIONS = {"os": "['Debian GNU/Linux 12 (bookworm)'], not ", "memory": "0.4 GiB, not ", "repositories": ""}
"""What differs in the lab from what was planned, and what the check has to say about it."""


def faults(guest: Guest, found: Mapping[str, Any]) -> Iterator[str]:
    """Compare what `probe.py` saw with what the installation guide asks for.

    Args:
        guest: The machine.
        found: What it saw.

    Yields:
        One text for each difference.
    """
    fqdn = guest.domain
    name = fqdn.split(".", maxsplit=1)[0]
    equal = {
        "fqdn": fqdn,
        "hostname": fqdn,
        "hosts": f"127.0.0.1 localhost\n{guest.address} {fqdn} {name}\n",
        "ipv6 addresses": "",
        "swappiness": "1",
    }
    for key, value in equal.items():
        if found[key] != value:
            yield f"{key}: {found[key]!r}, not {value!r}"
    if set(re.findall(r"(?m)^\S+", found["localhost"])) != {"127.0.0.1"}:
        yield f"localhost is {found['localhost']!r}"
    if found["by name"].split()[:1] != [guest.address]:
        yield f"the hostname is at {found['by name']!r}"
    for path, value in found["ipv6"].items():
        if value != "1":
            yield f"{path} is {value}"
    yield from _network(guest, found)
    yield from _firewall(guest, found)
    yield from _system(found)


def _network(guest: Guest, found: Mapping[str, Any]) -> Iterator[str]:
    bound = {
        link["ifname"]: entry["local"]
        for link in found["addresses"]
        for entry in link["addr_info"]
        if entry["family"] == "inet"
    }
    if bound.get("inside") != guest.address or set(bound) - {"lo", "inside", "uplink", "wg0"}:
        yield f"addresses: {bound}"
    if ("uplink" in bound) != guest.is_gateway:
        yield f"on the uplink: {bound}"
    if len(found["routes"]) != 1 or found["routes"][0].get("gateway") != (guest.data["router"] or "203.0.113.1"):
        yield f"default routes: {found['routes']}"
    wanted = guest.data["resolvers"]
    stub = guest.family == "ubuntu"
    if stub and re.findall(r"(?m)^nameserver (\S+)", found["resolv.conf"]) != ["127.0.0.53"]:
        yield f"resolv.conf: {found['resolv.conf']!r}"
    text = found["name servers"] if stub else found["resolv.conf"]
    if re.findall(r"(?m)^nameserver (\S+)", text)[: len(wanted)] != wanted:
        yield f"name servers: {text!r}"


def _firewall(guest: Guest, found: Mapping[str, Any]) -> Iterator[str]:
    unit = "firewalld" if guest.family == "rhel" else "nftables"
    if found["units"][unit]["UnitFileState"] != "enabled":
        yield f"{unit} does not start at boot"
    if guest.family == "ubuntu":
        chains = [entry["chain"] for entry in found["rules"].get("nftables", []) if "chain" in entry]
        closed = {chain["hook"] for chain in chains if chain["table"] == "carbonio" and chain.get("policy") == "drop"}
        if not {"input", "forward"} <= closed:
            yield f"chains that drop what no rule accepts: {sorted(closed)}"


def _system(found: Mapping[str, Any]) -> Iterator[str]:
    if "System Locale: LANG=en_US.UTF-8" not in found["locale"]:
        yield f"locale: {found['locale']!r}"
    if set(re.findall(r'(?m)^LC_\w+="(.*)"', found["login"])) != {"en_US.UTF-8"}:
        yield f"locale of a login: {found['login']!r}"
    if "Leap status     : Normal" not in found["clock"]:
        yield f"clock: {found['clock']!r}"
    if failed := {line.split()[0] for line in found["failed"].splitlines()} - {"cloud-final.service"}:
        yield f"failed units: {failed}"


def first(found: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong after the first boot only: it ends with the check, which fails for what the lab lacks.

    Args:
        found: What `probe.py` saw.

    Yields:
        One text for each fault.
    """
    if "status: error" not in found["cloud-init"]:
        yield f"cloud-init: {found['cloud-init']!r}"


def rebooted(guest: Guest, found: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong after a restart only: what came too late, or not at all.

    Args:
        guest: The machine.
        found: What `probe.py` saw.

    Yields:
        One text for each fault.
    """
    if guest.family == "ubuntu":
        rules = int(found["units"]["nftables"]["ExecMainExitTimestampMonotonic"])
        network = int(found["units"]["systemd-networkd"]["ExecMainStartTimestampMonotonic"])
        if not 0 < rules < network:
            yield f"rules are loaded after {rules / 1e6} s, and the network begins to come up after {network / 1e6} s"
    if found["kernel"]:
        yield f"IPv6 was on during the boot: {found['kernel']}"


def mounted(guest: Guest, found: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong about the data volumes.

    Args:
        guest: The machine.
        found: What `probe.py` saw.

    Yields:
        One text for each fault.
    """
    for volume in guest.data["volumes"]:
        mount, serial = volume["mount"], f"{guest.name}-{volume['key']}"
        device = found["disks"].get(f"/dev/disk/by-id/virtio-{serial}", "")
        lines = [line.split()[:3] for line in found["mounts"].splitlines() if line.split()[1] == mount]
        if lines != [[device, mount, volume["filesystem"]]]:
            yield f"{mount}: {lines}, not {device}"
        table = [line.split() for line in found["fstab"].splitlines() if f" {mount} " in line]
        if len(table) != 1 or not table[0][0].startswith("UUID="):
            yield f"fstab: {table}"


def checked(guest: Guest) -> Iterator[str]:
    """Yield what the machine's own check says wrongly: it has to fail for what the lab lacks, and for nothing else.

    Args:
        guest: The machine.
    """
    said = guest.check()
    # A gateway needs no repositories beyond those of its image.
    wanted = {key: text for key, text in DEVIATIONS.items() if not (guest.is_gateway and key == "repositories")}
    for key, (status, text) in said.items():
        passes = ("ok", "skipped") if key == "volumes" and not guest.data["volumes"] else ("ok",)
        if key in wanted:
            if status != "failed" or wanted[key] not in text:
                yield f"check {key}: {status}: {text}"
        elif status not in passes:
            yield f"check {key}: {status}: {text}"
    yield from (f"no check {key}" for key in wanted.keys() - said.keys())
