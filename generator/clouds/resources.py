"""What resources of a Terraform plan are, in words that hold on every cloud. Types only."""

from typing import Literal, TypeAlias

import msgspec

ResourceKind: TypeAlias = Literal[
    "machine", "volume", "address", "zone", "record", "firewall", "network", "disk", "other"
]
"""`disk` is one that comes with its machine, `volume` one that outlives it."""


class Opening(msgspec.Struct, frozen=True):
    """What a resource lets in from addresses.

    Attributes:
        ranges: IPv4 or IPv6.
        protocol: `tcp`, `udp`, `icmp`, or `any`; or its number.
        ports: As in `generator.plan.Flow`; empty where the cloud cannot tell them apart.
    """

    ranges: tuple[str, ...]
    protocol: str
    ports: str
