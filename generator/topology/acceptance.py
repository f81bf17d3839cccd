"""What of a review a topology accepts. Types only."""

from typing import Annotated

from msgspec import Meta

from generator import kinds
from generator.topology.table import Table


class Acceptance(Table, frozen=True, kw_only=True):
    """A verdict of generate review that is accepted."""

    reason: Annotated[str, kinds.REASON, Meta(description="Why, for whoever reviews it")]
    until: Annotated[str, kinds.DATE, Meta(description="The last day on which it counts", examples=["2026-12-31"])]
    only: Annotated[
        tuple[str, ...] | None,
        kinds.SUBJECT,
        Meta(description="What is accepted, as the review names it; all of it unless said", examples=[["143/tcp"]]),
    ] = None
