"""The plan for people: what was decided and why, in 80 columns."""

from collections.abc import Iterator, Sequence

from generator.plan import Cheaper, Cost, Plan
from generator.problems import counted
from generator.show.cost import costs, total
from generator.show.dns import records
from generator.show.machines import machines, sizes
from generator.show.network import network
from generator.show.reach import reach
from generator.show.text import WIDTH, paragraph, section

__all__ = ["WIDTH", "show_plan"]


def show_plan(
    plan: Plan, cost: Cost, cheaper: Cheaper | None = None, warnings: int = 0, configure: Sequence[str] = ()
) -> Iterator[str]:
    """Yield the lines of a plan.

    Args:
        plan: What was decided.
        cost: What it costs.
        cheaper: What would do for less, where there is such a thing.
        warnings: How many warnings are said after it.
        configure: Lines about nodes that need their data once more.
    """
    deployment = plan.deployment
    yield from paragraph(
        f"{deployment.name}: Carbonio {deployment.release} {deployment.edition} for {deployment.domain}"
    )
    yield from paragraph(_in_short(plan, cost, warnings))
    yield from paragraph(
        f"{deployment.provider}, {deployment.region}, network {deployment.network}, exposure {deployment.exposure}"
    )
    if plan.state is not None:
        yield from paragraph(f"Terraform's state: {plan.state.place}")
    yield from machines(plan)
    yield from sizes(plan)
    yield from reach(plan)
    yield from network(plan)
    yield from records(plan)
    yield from costs(cost, cheaper)
    if configure:
        yield from (*section("Nodes to configure"), *configure)
    yield from section("Notes")
    for notice in plan.notices:
        yield from paragraph(notice, "- ", "  ")


def _in_short(plan: Plan, cost: Cost, warnings: int) -> str:
    """Return what a reader wants to know before all else, and would have to look for at the end."""
    parts = [counted(len(plan.nodes), "machine")]
    if cost.totals:
        parts.append(f"{total(cost)} a month")
    said = [counted(number, thing) for number, thing in ((warnings, "warning"), (len(plan.notices), "note")) if number]
    at_the_end = f"; {' and '.join(said)} at the end" if said else ""
    return f"{', '.join(parts)}{at_the_end}"
