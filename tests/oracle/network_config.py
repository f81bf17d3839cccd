"""What a machine's interfaces get at its first boot, read from its network configuration and judged by hand."""

from __future__ import annotations

import collections
import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import yaml

from tests.oracle.expected import GATEWAY, Reading, read
from tests.oracle.groups import OracleError
from tests.oracle.world import NETWORK

INSIDE, UPLINK = "inside", "uplink"
ANYWHERE = "0.0.0.0/0"
# TD 24.1.0, Carbonio installation, DNS resolution; the second is the same service's.
NAME_SERVERS = ("1.1.1.1", "1.0.0.1")
KEYS = {
    "match",
    "set-name",
    "link-local",
    "accept-ra",
    "dhcp4",
    "addresses",
    "routes",
    "nameservers",
}
LOCAL = re.compile(r"[0-9a-f][26ae](:[0-9a-f]{2}){5}")


class Interface(NamedTuple):
    """One interface of a machine.

    Attributes:
        mac: By which it is found.
        address: With the length of its network; empty where DHCP is asked.
        router: Of the default route; empty without one.
        name_servers: As written.
    """

    mac: str
    address: str
    router: str
    name_servers: tuple[str, ...]


def interfaces(text: str) -> dict[str, Interface]:
    """Read a machine's configuration.

    Args:
        text: Content of `network-config/<machine>.yaml`.

    Returns:
        Its interfaces by the names that they get.

    Raises:
        OracleError: There is something in it that nobody asked for, IPv6 above all.
    """
    content = yaml.safe_load(text)
    if set(content) != {"version", "ethernets"} or content["version"] != 2:
        raise OracleError(f"not the second version, or more than it: {sorted(content)}")
    return {name: _interface(name, entry) for name, entry in content["ethernets"].items()}


def _interface(name: str, entry: Mapping[str, Any]) -> Interface:
    if set(entry) - KEYS:
        raise OracleError(f"{name}: keys that the oracle does not know: {sorted(set(entry) - KEYS)}")
    # Both are needed: an address of the link alone comes from the kernel, others from whoever announces a prefix.
    if entry.get("link-local") != [] or entry.get("accept-ra") is not False:
        raise OracleError(f"{name}: IPv6 is not off")
    if set(entry["match"]) != {"macaddress"} or entry["set-name"] != name:
        raise OracleError(f"{name}: found by {entry['match']}, called {entry['set-name']}")
    addresses, routes = entry.get("addresses", []), entry.get("routes", [])
    if len(addresses) + (entry.get("dhcp4") is True) != 1:
        raise OracleError(f"{name}: {addresses}, DHCP: {entry.get('dhcp4')}")
    if any(set(route) != {"to", "via"} or route["to"] != ANYWHERE for route in routes) or len(routes) > 1:
        raise OracleError(f"{name}: routes that the oracle does not know: {routes}")
    servers = entry.get("nameservers", {"addresses": []})
    if set(servers) != {"addresses"}:
        raise OracleError(f"{name}: more than name servers: {servers}")
    router = routes[0]["via"] if routes else ""
    for one in [*servers["addresses"], *([router] if router else [])]:
        ipaddress.IPv4Address(one)
    address = str(ipaddress.IPv4Interface(addresses[0])) if addresses else ""
    return Interface(str(entry["match"]["macaddress"]), address, router, tuple(servers["addresses"]))


def findings(topology: Mapping[str, Any], values: Mapping[str, Any], texts: Mapping[str, str]) -> Iterator[str]:
    """Yield what is not as the topology and Terraform's values want it.

    Args:
        topology: As it comes from YAML, with `nodes`.
        values: Content of `terraform.tfvars.json`.
        texts: Configurations by machine.
    """
    reading = read(topology)
    machines = {*reading.nodes, *([GATEWAY] if reading.gateway else [])}
    if set(texts) != machines:
        yield f"configurations of {sorted(texts)}, wanted {sorted(machines)}"
        return
    length = str(topology.get("network", {}).get("cidr", NETWORK)).partition("/")[2]
    seen: collections.Counter[str] = collections.Counter()
    for name, text in texts.items():
        node, found = values["nodes"][name], interfaces(text)
        wanted = {INSIDE: Interface(node["mac"], f"{node['private_address']}/{length}", "", ())}
        if reading.exposure == "direct" or name == GATEWAY:
            wanted[UPLINK] = _uplink(name, node["uplink_mac"], topology, reading)
        elif node["uplink_mac"] is not None:
            yield f"{name} has an interface on the uplink for Terraform alone"
        wanted = _with_name_servers(wanted, topology)
        if found != wanted:
            yield f"{name}: {found}, wanted {wanted}"
        macs = [entry.mac for entry in found.values()]
        seen.update(macs)
        for mac in macs:
            if not LOCAL.fullmatch(mac):
                yield f"{name}: {mac} is not of those that everybody may give"
    for mac, count in seen.items():
        if count > 1:
            yield f"{count} interfaces have {mac}"


def _uplink(name: str, mac: str, topology: Mapping[str, Any], reading: Reading) -> Interface:
    """Return what is wanted on an uplink: the stated address, if the uplink exists and has it; else DHCP."""
    choice = topology["cloud"]
    stated = choice["public_addresses"].get(name) if reading.exposure == "direct" else choice["public_address"]
    uplink = choice["uplink"] if isinstance(choice["uplink"], dict) else {"bridge": choice["uplink"]}
    made = not {"bridge", "network"} & set(uplink)
    if made or stated is None or "cidr" not in uplink:
        return Interface(mac, "", "", ())
    network = ipaddress.IPv4Network(uplink["cidr"])
    if ipaddress.IPv4Address(stated) not in network:
        return Interface(mac, "", "", ())
    router = uplink.get("router", str(network.network_address + 1))
    return Interface(mac, f"{stated}/{network.prefixlen}", router, ())


def _with_name_servers(wanted: dict[str, Interface], topology: Mapping[str, Any]) -> dict[str, Interface]:
    """Return interfaces of which one has name servers, unless DHCP names them: packages come before DNS inside."""
    dns = topology.get("dns", {})
    servers = tuple((dns.get("forwarders") if isinstance(dns, dict) else None) or NAME_SERVERS)
    if not all(entry.address for entry in wanted.values()):
        return wanted
    last = UPLINK if UPLINK in wanted else INSIDE
    return {**wanted, last: wanted[last]._replace(name_servers=servers)}
