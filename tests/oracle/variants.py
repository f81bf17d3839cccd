"""Topologies on every cloud and in every exposure."""

from __future__ import annotations

import copy
import ipaddress
import itertools
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

Topology = dict[str, Any]

# A key that belongs to nobody: the VPN's peers bring their own.
PEER = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE="
# What Hetzner does not offer, so that the operator has to bring it.
IMAGES = {"ubuntu-20.04": "os=ubuntu-20.04", "rhel-8": "os=rhel-8", "rhel-9": "os=rhel-9"}
PLACES: dict[str, Topology] = {
    "aws": {"provider": "aws", "region": "eu-central-1"},
    "hetzner": {"provider": "hetzner", "region": "fsn1", "images": IMAGES},
    "libvirt": {"provider": "libvirt", "images": {"rhel-8": "/srv/rhel-8.qcow2", "rhel-9": "/srv/rhel-9.qcow2"}},
}
CLOUDS = tuple(PLACES)
# One simulator is enough for a cloud and its own DNS.
OWN_DNS = {"aws": "route53", "hetzner": "hetzner", "libvirt": "none"}
# What the Internet has of the operator: nobody else in the topologies of the tests is there.
PUBLIC = "192.0.2.128/25"
SHARED = "192.0.2.130"
# An uplink that exists, with the public addresses on it or with somebody who translates them; and one to be made.
UPLINKS: dict[str, Topology] = {
    "no": {"bridge": "br0", "cidr": PUBLIC},
    "yes": {"network": "default"},
    "only": {"cidr": "192.168.150.0/24"},
}
# Who is reached from outside, in the presets that the examples name.
EXPOSED = {
    "redundant": ("mta1", "mta2", "proxy1", "proxy2", "video1", "video2"),
    "single": ("server1",),
}


class Variant(NamedTuple):
    """How a topology reaches the Internet.

    Attributes:
        exposure: `direct`, `gateway`, or `external`, which libvirt alone has.
        vpn: `no`, `yes`, or `only`.
    """

    exposure: str
    vpn: str

    def __str__(self) -> str:
        """Return the name of a test's case."""
        return self.exposure if self.vpn == "no" else f"{self.exposure}-vpn-{self.vpn}"


VARIANTS = (
    Variant("direct", "no"),
    Variant("direct", "yes"),
    Variant("direct", "only"),
    Variant("gateway", "no"),
    Variant("gateway", "yes"),
    Variant("gateway", "only"),
)
DIRECT, BEHIND = Variant("direct", "no"), Variant("gateway", "yes")
EXTERNAL = Variant("external", "no")
# Nothing could end the tunnel.
WITHOUT_END = (Variant("external", "yes"), Variant("external", "only"))
PLACEMENTS = (*itertools.product(CLOUDS, VARIANTS), ("libvirt", EXTERNAL))
FEW = (*itertools.product(CLOUDS, (DIRECT, BEHIND)), ("libvirt", EXTERNAL))


def on(cloud: str, topology: Topology, variant: Variant) -> Topology:
    """Return a topology as it would be written for another cloud or exposure.

    Args:
        cloud: One of `CLOUDS`.
        topology: As it comes from YAML.
        variant: Its exposure and VPN.
    """
    found = copy.deepcopy(topology)
    found["exposure"] = variant.exposure
    if variant.exposure == "direct":
        found.pop("forward", None)
    vpn = {**found.pop("vpn", {"peers": {"alice": PEER}}), "only": variant.vpn == "only"}
    if variant.vpn != "no":
        found["vpn"] = vpn
    nodes = found.get("nodes", {}).values()
    if found["cloud"]["provider"] != cloud:
        found["cloud"] = copy.deepcopy(PLACES[cloud])
        # Types and images of another cloud.
        found.pop("gateway", None)
        for node in nodes:
            if isinstance(node, dict):
                for key in ("type", "image", "zone"):
                    node.pop(key, None)
    dns = found.get("dns")
    if isinstance(dns, dict) and dns.get("provider") in OWN_DNS.values():
        dns["provider"] = OWN_DNS[cloud]
        if dns["provider"] == "none":
            dns.pop("existing_zone", None)
            dns.pop("delegated", None)
    if cloud == "aws":
        found["cloud"].setdefault("quotas", {}).setdefault("elastic_ips", 10)
    systems = [found.get("os"), *(node.get("os") for node in nodes if isinstance(node, dict))]
    if cloud == "libvirt":
        _stated(found, variant)
    if cloud != "aws" and any(str(system).startswith("rhel") for system in systems):
        found["rhel"] = {"subscription": "registered"}
    return found


def _stated(topology: Topology, variant: Variant) -> None:
    """State the public addresses and the uplink of a hypervisor, as the exposure needs them."""
    choice = topology["cloud"]
    for key in ("public_address", "public_addresses", "uplink"):
        choice.pop(key, None)
    if variant.exposure == "external":
        choice.update(uplink={"bridge": "br0"}, public_address=SHARED)
        return
    choice["uplink"] = copy.deepcopy(UPLINKS[variant.vpn])
    if variant.exposure == "gateway":
        choice["public_address"] = SHARED
        return
    names = EXPOSED[topology["scenario"]] if "scenario" in topology else list(_exposed(topology["nodes"]))
    free = itertools.islice(ipaddress.IPv4Network(PUBLIC).hosts(), 1, None)
    taken = zip([*names, *(["gateway"] if variant.vpn != "no" else [])], free, strict=False)
    choice["public_addresses"] = {name: str(address) for name, address in taken}


def _exposed(nodes: Mapping[str, Any]) -> Iterator[str]:
    """Yield the nodes that the external tables name."""
    for name, node in nodes.items():
        roles = node["roles"] if isinstance(node, dict) else node
        if not {"mta", "proxy", "video"}.isdisjoint([roles] if isinstance(roles, str) else roles):
            yield name
