"""The plan for people: what was decided and why, in 80 columns."""

from collections.abc import Iterator, Sequence

from generator.plan import Cost, Plan
from generator.show.cost import costs
from generator.show.dns import records
from generator.show.machines import machines, sizes
from generator.show.network import network
from generator.show.reach import reach
from generator.show.text import WIDTH, paragraph, section

__all__ = ["WIDTH", "show_plan"]


def show_plan(plan: Plan, cost: Cost, configure: Sequence[str] = ()) -> Iterator[str]:
    """Yield the lines of a plan.

    Args:
        plan: What was decided.
        cost: What it costs.
        configure: Lines about nodes that need their data once more.
    """
    deployment = plan.deployment
    yield from paragraph(
        f"{deployment.name}: Carbonio {deployment.release} {deployment.edition} for {deployment.domain}"
    )
    yield from paragraph(
        f"{deployment.provider}, {deployment.region}, network {deployment.network}, exposure {deployment.exposure}"
    )
    yield from machines(plan)
    yield from sizes(plan)
    yield from reach(plan)
    yield from network(plan)
    yield from records(plan)
    yield from costs(cost)
    if configure:
        yield from (*section("Nodes to configure"), *configure)
    yield from section("Notes")
    for notice in plan.notices:
        yield from paragraph(notice, "- ", "  ")
