"""What the deployment costs in a month, as far as prices are known."""

from collections.abc import Iterator

from generator.plan import Cheaper, Cost, CostItem
from generator.show.text import listed, paragraph, section, table


def total(cost: Cost) -> str:
    """Return the sum of the known prices in words."""
    sums = " and ".join(f"{currency} {amount:,.2f}" for currency, amount in cost.totals.items())
    return f"{'at least ' if cost.unknown else ''}{sums}"


def costs(cost: Cost, cheaper: Cheaper | None) -> Iterator[str]:
    """Yield the items with their prices and dates, the sum, and what would do for less."""
    yield from section("Monthly cost")
    if cost.own_machines:
        yield from paragraph("The machines are your own: nothing is charged for them.")
    if not cost.items:
        return
    known = [
        _row(item, item.each, item.monthly) for item in cost.items if item.each is not None and item.monthly is not None
    ]
    if known:
        yield from table([("", "", "EACH", "MONTH", "PRICE OF"), *known], right=(0, 2, 3))
        text = total(cost)
        yield from paragraph(f"{text[0].upper()}{text[1:]} a month, {cost.tax}.")
    unknown = [f"{_quantity(item)} {item.what}" for item in cost.items if item.monthly is None]
    if unknown:
        yield from paragraph(f"Incomplete: no price known for {listed(unknown)}.", hanging="    ")
    if cheaper is not None:
        *before, last = [f"{name} for {number}" for name, number in cheaper.types.items()]
        types = f"{listed(before)} and {last}" if before else last
        would = f"{cheaper.currency} {cheaper.least:,.2f} instead of {cheaper.chosen:,.2f}"
        yield from paragraph(f"Where in stock, {types} machines would do: {would}.", hanging="    ")
    yield from paragraph(
        f"List prices; {listed(cost.not_counted)} are not counted. --json names the source of every price."
    )


def _quantity(item: CostItem) -> str:
    return f"{item.quantity:,}{' ' + item.unit if item.unit else ''}"


def _row(item: CostItem, each: float, monthly: float) -> tuple[str, ...]:
    one = f"{each:,.4f}" if item.unit else f"{each:,.2f}"
    return (_quantity(item), item.what, one, f"{item.currency} {monthly:,.2f}", item.date)
