"""What a hypervisor would be told, read from Terraform's plan: machines, their interfaces and networks.

Nothing of it filters, so it counts who is attached to what: an interface on the uplink is open to whoever is there.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from tests.oracle import network_config
from tests.oracle.cloud import Cloud, libvirt
from tests.oracle.expected import GATEWAY
from tests.oracle.groups import OracleError
from tests.oracle.plan_json import Json, Resource, check_types, resources

JUDGED = {"libvirt_cloudinit_disk", "libvirt_domain", "libvirt_network", "libvirt_volume"}
HARMLESS = {"libvirt_pool"}
GIB = 1024**3
KIB_PER_GIB = 1024**2
NETWORKS = {"inside", "uplink"}


class Machine(NamedTuple):
    """A machine as the hypervisor is told to make it.

    Attributes:
        vcpu: Processors.
        memory_gib: Memory.
        disks: Sizes of its disks in GiB by serial number; the seed has none.
        attached: What its interfaces are attached to, in their order.
    """

    vcpu: int
    memory_gib: float
    disks: Mapping[str, int]
    attached: tuple[str, ...]


def machines(document: Json) -> dict[str, Machine]:
    """Read the machines of a plan.

    Args:
        document: What `terraform show -json PLANFILE` printed.

    Raises:
        OracleError: Something in the plan cannot be judged.
    """
    found = list(resources(document["planned_values"]["root_module"]))
    # Where a disk's file will be is not known yet: whose it is, its serial number says.
    keys = {volume["serial"]: key for key, volume in document["variables"]["volumes"]["value"].items()}
    disks = [entry for entry in found if entry.type == "libvirt_volume" and entry.name in ("system", "data")]
    sizes = {(entry.name, entry.key): entry.values["capacity"] for entry in disks}
    return {entry.key: _machine(entry, keys, sizes) for entry in found if entry.type == "libvirt_domain"}


def planned(document: Json) -> Cloud:
    """Read who is attached to what.

    Args:
        document: What `terraform show -json PLANFILE` printed.

    Raises:
        OracleError: Something in the plan cannot be judged.
    """
    found = list(resources(document["planned_values"]["root_module"]))
    check_types(found, JUDGED | HARMLESS)
    networks = {entry.key: entry.values for entry in found if entry.type == "libvirt_network"}
    _check_networks(networks)
    seeds = {entry.key: entry.values for entry in found if entry.type == "libvirt_cloudinit_disk"}
    known = machines(document)
    inside = {machine.attached[0] for machine in known.values()}
    uplinks = {machine.attached[1] for machine in known.values() if len(machine.attached) > 1}
    if len(inside) != 1 or len(uplinks) > 1 or inside & uplinks:
        raise OracleError(f"inside is {sorted(inside)}, the uplink {sorted(uplinks)}")
    _check_made(networks, inside, uplinks)
    addresses, public = {}, set()
    for entry in found:
        if entry.type == "libvirt_domain":
            own = network_config.interfaces(seeds[entry.key]["network_config"])
            _check_interfaces(entry, own)
            addresses[entry.key] = str(ipaddress.IPv4Interface(own[network_config.INSIDE].address).ip)
            if network_config.UPLINK in own:
                public.add(entry.key)
    # The others leave through the gateway where it alone is outside; their routes are their own (`world`).
    way_out = GATEWAY if public == {GATEWAY} else ""
    return libvirt(addresses, public, way_out)


def _machine(entry: Resource, keys: Mapping[str, str], sizes: Mapping[tuple[str, str], int]) -> Machine:
    values, devices = entry.values, entry.values["devices"]
    if values["memory_unit"] != "KiB" or any(
        device not in {"disks", "interfaces", "consoles", "rngs"} for device in _set(devices)
    ):
        raise OracleError(f"{entry.address}: devices that the oracle does not know: {sorted(_set(devices))}")
    disks = {}
    for disk in devices["disks"]:
        if _set(disk["source"]) != {"file"}:
            raise OracleError(f"{entry.address}: a disk that is no file: {sorted(_set(disk['source']))}")
        serial = disk["serial"]
        if not disk["read_only"]:
            disks[serial] = sizes[("system", entry.key) if serial == "system" else ("data", keys[serial])] // GIB
    return Machine(
        values["vcpu"],
        values["memory"] / KIB_PER_GIB,
        disks,
        tuple(_attached(entry, interface) for interface in devices["interfaces"]),
    )


def _set(values: Mapping[str, Any]) -> set[str]:
    return {key for key, value in values.items() if value is not None}


def _attached(entry: Resource, interface: Json) -> str:
    source = interface["source"]
    kinds = _set(source)
    if len(kinds) != 1 or not kinds <= {"bridge", "network"}:
        raise OracleError(f"{entry.address} is attached to {sorted(kinds)}")
    (kind,) = kinds
    return f"{kind} {source[kind][kind]}"


def _check_networks(networks: Mapping[str, Json]) -> None:
    """Check that the inside is a switch and nothing else, and that what is made for an uplink has IPv4 alone."""
    if set(networks) - NETWORKS:
        raise OracleError(f"networks that the oracle does not know: {sorted(networks)}")
    for key, values in networks.items():
        more = _set(values) - {"name", "autostart"}
        if key == "uplink":
            if more != {"forward", "ips"} or values["forward"]["mode"] != "nat" or len(values["ips"]) != 1:
                raise OracleError(f"the uplink is made with {sorted(more)}")
            ipaddress.IPv4Network(f"{values['ips'][0]['address']}/{values['ips'][0]['prefix']}", strict=False)
        elif more:
            raise OracleError(f"the isolated network has {sorted(more)}: somebody else is in it, or it leads out")


def _check_made(networks: Mapping[str, Json], inside: Iterable[str], uplinks: Iterable[str]) -> None:
    made = {f"network {values['name']}": key for key, values in networks.items()}
    for key, attached in (("inside", inside), ("uplink", uplinks)):
        own = {name for name, kind in made.items() if kind == key}
        if own and own != set(attached):
            raise OracleError(f"{key} is made as {sorted(own)}, and machines are on {sorted(attached)}")
    if uplinks and "inside" not in networks:
        raise OracleError("there is an uplink, and the inside is a network of somebody else's")


def _check_interfaces(entry: Resource, own: Mapping[str, network_config.Interface]) -> None:
    wanted = [own[name].mac for name in (network_config.INSIDE, network_config.UPLINK) if name in own]
    found = [interface["mac"]["address"] for interface in entry.values["devices"]["interfaces"]]
    if found != wanted or len(wanted) != len(own):
        raise OracleError(f"{entry.address} has {found}, and its configuration {wanted}")
