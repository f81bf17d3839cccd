"""Count what a plan costs in a month: a pure function of the plan and the price lists."""

from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_EVEN, Decimal

from generator.cost.cheaper import find_cheaper
from generator.facts import CloudImage, Price, PriceList, price_in
from generator.plan import Cost, CostItem, Plan
from generator.plan.cost import CostKind

__all__ = ["count_cost", "find_cheaper"]

_CENT = Decimal("0.01")
_EXACT = Decimal("0.0001")
_NOT_COUNTED = ("traffic", "DNS queries", "backups and snapshots")


def count_cost(
    plan: Plan,
    prices: PriceList | None,
    images: Mapping[str, CloudImage],
    dns_prices: PriceList | None,
) -> Cost:
    """Return what is charged for a deployment in a month.

    Args:
        plan: The deployment.
        prices: Those of the cloud of the machines; None where the machines are the operator's own.
        images: The cloud's images by operating system.
        dns_prices: Those of the cloud that brings the DNS provider; None where there is none, or it charges nothing.
    """
    items: list[CostItem] = []
    if prices is not None:
        items += _Counting(plan, prices).items(images)
    if dns_prices is not None:
        items += _zones(plan, dns_prices)
    totals: dict[str, Decimal] = {}
    for item in items:
        if item.monthly is not None:
            totals[item.currency] = totals.get(item.currency, Decimal(0)) + Decimal(str(item.monthly))
    lists = [one for one in (prices, dns_prices) if one is not None]
    return Cost(
        own_machines=prices is None,
        items=tuple(items),
        totals={currency: float(total) for currency, total in totals.items()},
        tax=lists[0].tax if items else "",
        not_counted=_NOT_COUNTED if items else (),
        unknown=tuple(item.what for item in items if item.monthly is None),
    )


def _item(kind: CostKind, what: str, quantity: int, price: Price | None, prices: PriceList, unit: str = "") -> CostItem:
    """Return an item; with a price to the cent, as an invoice has it."""
    if price is None:
        return CostItem(kind, what, quantity, unit, None, None, "", "", "")
    amount = (price.monthly * quantity).quantize(_CENT, ROUND_HALF_EVEN)
    each = price.monthly.quantize(_EXACT, ROUND_HALF_EVEN)
    return CostItem(kind, what, quantity, unit, float(each), float(amount), prices.currency, price.date, price.source)


class _Counting:
    """Counts the things of the machines' own cloud."""

    def __init__(self, plan: Plan, prices: PriceList) -> None:
        self.plan = plan
        self.prices = prices
        self.region = plan.deployment.region

    def items(self, images: Mapping[str, CloudImage]) -> Iterator[CostItem]:
        """Yield the machines, what comes with them, and the network's own."""
        nodes = self.plan.nodes.values()
        for name, number in sorted(Counter(node.machine.type for node in nodes).items()):
            yield _item("machines", name, number, self.prices.machine(name, self.region), self.prices)
        # An image of the operator's own comes with a licence of the operator's own.
        licences = Counter(images[node.os].licence for node in nodes if not node.image.id and images[node.os].licence)
        for name, number in sorted(licences.items()):
            yield _item("licences", name, number, None, self.prices)
        system = sum(node.os_disk_gib for node in nodes if not node.machine.disk_gib)
        data = sum(volume.size_gib for volume in self.plan.volumes.values())
        addresses = sum(node.public_address for node in nodes) + bool(self.plan.nat_subnet)
        yield from self._listed("storage", "system disks", system, self.prices.storage, "GB")
        yield from self._listed("storage", "data volumes", data, self.prices.storage, "GB")
        yield from self._listed("addresses", "public IPv4 addresses", addresses, self.prices.public_address)
        yield from self._listed("network", "NAT gateway", int(bool(self.plan.nat_subnet)), self.prices.nat_gateway)
        inside = int(self.plan.resolver is None)
        yield from self._listed("dns", "zone of the inside view", inside, self.prices.private_zone)

    def _listed(
        self, kind: CostKind, what: str, quantity: int, prices: tuple[Price, ...] | None, unit: str = ""
    ) -> Iterator[CostItem]:
        if quantity and prices is not None:
            yield _item(kind, what, quantity, price_in(prices, self.region), self.prices, unit)


def _zones(plan: Plan, prices: PriceList) -> Iterator[CostItem]:
    """Yield the new public zones; one that exists is paid for already."""
    new = sum(not zone.existing for zone in plan.dns.zones.values())
    listed = prices.dns.get(plan.dns.provider)
    if new and listed is not None:
        yield _item("dns", f"new zones at {plan.dns.provider}", new, price_in(listed, plan.deployment.region), prices)
