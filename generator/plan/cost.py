"""What a plan costs in a month. Types only."""

from typing import Literal

import msgspec

CostKind = Literal["machines", "licences", "storage", "addresses", "network", "dns"]


class CostItem(msgspec.Struct, frozen=True):
    """Some of the same thing.

    Attributes:
        what: Such as `c6i.xlarge` or `system disks`.
        quantity: In pieces, or in GB where the unit says so.
        unit: `GB`, or empty for pieces.
        each: What one of them costs in a month; None where no price is known.
        monthly: What all of them cost in a month; likewise.
        currency: ISO 4217; empty where no price is known.
        date: ISO date for which the price was read; likewise.
        source: Where it was read; likewise.
    """

    kind: CostKind
    what: str
    quantity: int
    unit: str
    each: float | None
    monthly: float | None
    currency: str
    date: str
    source: str


class Cost(msgspec.Struct, frozen=True):
    """What is charged for a deployment in a month, as far as prices are known.

    Attributes:
        own_machines: They are the operator's, so nothing is charged for them here.
        totals: Sum of the known prices by currency.
        tax: Whether taxes are in the prices, in words; empty where there are none.
        not_counted: What depends on use, or is charged by others.
        unknown: What has no known price; then the totals are too low.
    """

    own_machines: bool
    items: tuple[CostItem, ...]
    totals: dict[str, float]
    tax: str
    not_counted: tuple[str, ...]
    unknown: tuple[str, ...]


class Cheaper(msgspec.Struct, frozen=True):
    """Types that would do for less.

    Attributes:
        types: How many machines could have each.
        currency: ISO 4217.
        chosen: What those machines cost in a month.
        least: What they would cost.
    """

    types: dict[str, int]
    currency: str
    chosen: float
    least: float
