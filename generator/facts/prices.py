"""Types of prices: what a cloud asks for what a plan needs, each with its date."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

import msgspec

from generator.facts.base import Fact

HOURS_PER_MONTH = 730
"""A year's hours by its months, as clouds count them."""

Per = Literal["hour", "month"]


def monthly(amount: Decimal, per: Per) -> Decimal:
    """Return what a price amounts to in a month."""
    return amount * HOURS_PER_MONTH if per == "hour" else amount


class Price(Fact, frozen=True, kw_only=True):
    """What one thing costs.

    Attributes:
        amount: In the currency of the list.
        date: ISO date of the day for which it was read.
        regions: Where it holds; empty: everywhere.
    """

    amount: Decimal
    per: Per
    date: str
    regions: tuple[str, ...] = ()

    @property
    def monthly(self) -> Decimal:
        """What it amounts to in a month."""
        return monthly(self.amount, self.per)


class MachinePrices(Fact, frozen=True, kw_only=True):
    """What machines cost in some regions, by type; the rest as in `Price`."""

    regions: tuple[str, ...]
    per: Per
    date: str
    types: Mapping[str, Decimal]

    def price(self, name: str) -> Price | None:
        """Return the price of a type; None where the list lacks it."""
        amount = self.types.get(name)
        if amount is None:
            return None
        return Price(amount=amount, per=self.per, date=self.date, regions=self.regions, source=self.source)


class PriceList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Prices of one cloud. A list is None where the cloud does not charge for the thing, or has none.

    Attributes:
        currency: ISO 4217.
        tax: Whether taxes are in the prices, in words.
        storage: One GB of a volume, be it the system's.
        private_zone: A zone for the inside view.
        dns: A public zone, by DNS provider.
    """

    currency: str
    tax: str
    machines: tuple[MachinePrices, ...]
    storage: tuple[Price, ...] | None = None
    public_address: tuple[Price, ...] | None = None
    nat_gateway: tuple[Price, ...] | None = None
    private_zone: tuple[Price, ...] | None = None
    dns: Mapping[str, tuple[Price, ...]] = {}

    def machine(self, name: str, region: str) -> Price | None:
        """Return the price of a machine type in a region; None where none is known."""
        return next((one.price(name) for one in self.machines if region in one.regions and name in one.types), None)


def price_in(prices: tuple[Price, ...], region: str) -> Price | None:
    """Return the price that holds in a region; None where none is known."""
    return next((one for one in prices if not one.regions or region in one.regions), None)
