"""Topologies on every cloud and in every exposure."""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

Topology = dict[str, Any]

# A key that belongs to nobody: the VPN's peers bring their own.
PEER = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE="
# What Hetzner does not offer, so that the operator has to bring it.
IMAGES = {"ubuntu-20.04": "os=ubuntu-20.04", "rhel-8": "os=rhel-8", "rhel-9": "os=rhel-9"}
PLACES: dict[str, Topology] = {
    "aws": {"provider": "aws", "region": "eu-central-1"},
    "hetzner": {"provider": "hetzner", "region": "fsn1", "images": IMAGES},
}
CLOUDS = tuple(PLACES)
# One simulator is enough for a cloud and its own DNS.
OWN_DNS = {"aws": "route53", "hetzner": "hetzner"}


class Variant(NamedTuple):
    """How a topology reaches the Internet.

    Attributes:
        exposure: `direct` or `gateway`.
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


def on(cloud: str, topology: Topology, variant: Variant) -> Topology:
    """Return a topology as it would be written for another cloud or exposure.

    Args:
        cloud: `aws` or `hetzner`.
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
    if cloud == "aws":
        found["cloud"].setdefault("quotas", {}).setdefault("elastic_ips", 10)
    systems = [found.get("os"), *(node.get("os") for node in nodes if isinstance(node, dict))]
    if cloud == "hetzner" and any(str(system).startswith("rhel") for system in systems):
        found["rhel"] = {"subscription": "registered"}
    return found
