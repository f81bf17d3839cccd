"""What a reviewer should know beside what changes: consequences that no plan says."""

from collections.abc import Iterator

from generator.plan import Plan
from generator.planner import make_plan
from generator.problems import Finding, Problem, few
from generator.review.model import Caution, RecordChange
from generator.review.records import duration
from generator.review.side import Side
from generator.review.spans import addresses, ranges, without

_LONG = 600
"""Seconds; a shorter memory than this is no reason to wait."""


def cautions(before: Side | None, after: Side, records: tuple[RecordChange, ...]) -> tuple[Caution, ...]:
    """Return what has consequences, the most dangerous first."""
    if before is None:
        return ()
    found = list(_management(before.plan, after.plan))
    found += _remembered(records)
    found += _consequences(before, after)
    if after.plan.deployment.open_internal:
        why = "troubleshooting is on: the nodes reach each other on every port"
        found.append(Caution("troubleshooting", why, "Remove troubleshooting: when the fault is found."))
    return tuple(found)


def _consequences(before: Side, after: Side) -> Iterator[Caution]:
    """Yield what planning says of the change, and what is remarkable only since it.

    The lock in the folder may be that of the change already, and then nothing in it differs.
    """
    _, _, findings = make_plan(after.context, before.lock)
    known = {(one.rule, one.message) for one in before.warnings}
    found: list[Finding | Problem] = [*findings, *after.warnings]
    for one in found:
        if (one.rule, one.message) not in known and one.rule not in after.context.topology.silence:
            known.add((one.rule, one.message))
            yield Caution(one.rule, one.message, one.mend)


def widened(before: Plan, after: Plan) -> tuple[str, ...]:
    """Return the ranges that may administrate now and could not before."""
    old, new = before.deployment.management, after.deployment.management
    return ranges(without(addresses(new), addresses(old)))


def _management(before: Plan, after: Plan) -> Iterator[Caution]:
    gone = widened(after, before)
    if not gone:
        return
    left = without(addresses(before.deployment.management), addresses(gone))
    message = f"{few(gone)} can no longer administrate"
    if not left:
        message += "; nobody who could before still can"
    mend = "Make sure that you come from one of the new ranges: the apply locks out who does not."
    yield Caution("management-narrowed", message, mend)


def _remembered(records: tuple[RecordChange, ...]) -> Iterator[Caution]:
    """Yield mail exchangers that change while the world remembers the old ones for long."""
    for one in records:
        if one.type == "MX" and one.change != "new" and one.ttl >= _LONG:
            yield Caution(
                "mx-remembered",
                f"the MX of {one.name} changes, and resolvers remember the old one for {duration(one.ttl)}",
                "Lower dns.ttl to 300 in a change of its own, wait as long as it was, and then make this one.",
            )
