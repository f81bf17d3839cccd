"""What every documented fact has in common."""

from typing import Literal

import msgspec

Edition = Literal["commercial", "community"]
Family = Literal["ubuntu", "rhel"]
Protocol = Literal["tcp", "udp", "tcp+udp"]

EVERY_NODE = "*"
"""Stands in `roles` for every node of the deployment."""


class FactsError(ValueError):
    """A release, edition or provider that has no facts; the message names those that have."""


class Fact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One documented row.

    Attributes:
        source: Where it was read; the tags are explained in `README.md` beside this module.
        decision: Where documents contradict each other or are silent: the choice, and why.
    """

    source: str
    decision: str = ""
