"""What resources of a Terraform plan are, in words that hold on every cloud. Types only."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, TypeAlias

import msgspec

ResourceKind: TypeAlias = Literal[
    "machine", "volume", "attachment", "address", "zone", "record", "firewall", "network", "disk", "other"
]
"""`disk` is one that comes with its machine, `volume` one that outlives it, `attachment` what ties that to it."""

UNKNOWN = "addresses known after the apply only"
"""What an opening admits, where the plan does not say."""


class Opening(msgspec.Struct, frozen=True):
    """What a resource lets in.

    Attributes:
        ranges: IPv4 or IPv6.
        protocol: `tcp`, `udp`, `icmp`, or `any`; or its number.
        ports: As in `generator.plan.Flow`; empty where the cloud cannot tell them apart.
        groups: Firewalls whose machines it lets in, by the cloud's id; empty for one that the same plan makes.
        unseen: What else it lets in, of which the plan has no addresses, in words.
    """

    ranges: tuple[str, ...]
    protocol: str
    ports: str
    groups: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()


Openings: TypeAlias = Callable[[Mapping[str, Any]], Iterator[Opening]]
"""What a resource lets in, by its values as a Terraform plan has them; what only the apply tells is missing in them."""
