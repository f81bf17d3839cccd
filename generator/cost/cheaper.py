"""Types that would do for less than those that were chosen."""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal

from generator.facts import PriceList
from generator.plan import Cheaper, Plan

_WORTHWHILE = Decimal("0.8")
"""Of what the machines cost; for less nobody looks what is in stock."""


def find_cheaper(plan: Plan, prices: PriceList | None, sufficient: Mapping[str, Sequence[str]]) -> Cheaper | None:
    """Return the cheapest types that would do, where they cost clearly less than the chosen ones.

    Args:
        plan: The deployment.
        prices: Those of the cloud of the machines; None where the machines are the operator's own.
        sufficient: Types that would do by machine; machines that are not to change are left out.
    """
    if prices is None:
        return None
    region = plan.deployment.region
    types: Counter[str] = Counter()
    chosen = least = Decimal(0)
    for name, candidates in sufficient.items():
        mine = prices.machine(plan.nodes[name].machine.type, region)
        known = {one: price.monthly for one in candidates if (price := prices.machine(one, region)) is not None}
        best = min(known, key=lambda one: known[one], default="")
        if mine is not None and best and known[best] < mine.monthly:
            types[best] += 1
            chosen += mine.monthly
            least += known[best]
    if not types or least > chosen * _WORTHWHILE:
        return None
    return Cheaper(dict(sorted(types.items())), prices.currency, float(chosen), float(least))
