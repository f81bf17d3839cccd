"""What a month costs, before and after."""

from generator.plan import Cost, CostItem
from generator.review.model import CostChange, CostRow


def cost_change(before: Cost | None, after: Cost | None) -> CostChange:
    """Return what differs; an absent side costs nothing."""
    old = {} if before is None else {(item.kind, item.what): item for item in before.items}
    new = {} if after is None else {(item.kind, item.what): item for item in after.items}
    sides = [one for one in (before, after) if one is not None]
    return CostChange(
        before={} if before is None else before.totals,
        after={} if after is None else after.totals,
        rows=tuple(
            _row(old.get(key), new.get(key))
            for key in dict.fromkeys([*new, *old])
            if _amount(old.get(key)) != _amount(new.get(key))
        ),
        dates=tuple(sorted({item.date for one in sides for item in one.items if item.date})),
        unknown=tuple(dict.fromkeys(what for one in sides for what in one.unknown)),
    )


def _amount(item: CostItem | None) -> tuple[int, float | None]:
    return (0, 0.0) if item is None else (item.quantity, item.monthly)


def _row(old: CostItem | None, new: CostItem | None) -> CostRow:
    one = new or old
    if one is None:
        raise AssertionError("an item of neither side")
    (before_quantity, before), (after_quantity, after) = _amount(old), _amount(new)
    return CostRow(one.what, before_quantity, after_quantity, one.unit, before, after, one.currency)
