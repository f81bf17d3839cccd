"""What a reviewer should know beside what changes: consequences that no plan says."""

import datetime as dt
from collections.abc import Iterator, Mapping

from generator.plan import Plan, place_of
from generator.planner import make_plan
from generator.problems import Finding, Problem, few
from generator.review.agreement import own_zones
from generator.review.model import Caution, RecordChange
from generator.review.records import duration
from generator.review.side import Side
from generator.review.spans import addresses, ranges, without
from generator.topology import Acceptance

_LONG = 600
"""Seconds; a shorter memory than this is no reason to wait."""

_DAYS = 90
"""Of an acceptance; what is accepted for longer was not accepted for one change."""


def cautions(before: Side | None, after: Side, records: tuple[RecordChange, ...]) -> tuple[Caution, ...]:
    """Return what has consequences, the most dangerous first."""
    if before is None:
        return ()
    found: list[Caution] = []
    for look in (_locked_out, _zones, _refused):
        found += look(before.plan, after.plan)
    found += _remembered(records)
    found += _state(before.plan, after.plan)
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


def accepted_for_long(
    accepted: Mapping[str, Acceptance], earlier: Mapping[str, Acceptance], today: dt.date
) -> Iterator[Caution]:
    """Yield acceptances that this change brings, of all that meets a verdict, for so long that others will use them."""
    for verdict, one in accepted.items():
        long = dt.date.fromisoformat(one.until) - today > dt.timedelta(days=_DAYS)
        if long and one.only is None and one != earlier.get(verdict):
            yield Caution(
                "acceptance-of-all",
                f"accept takes all of {verdict} until {one.until}, also of later changes",
                f"Name in only what this change does, or let it end within {_DAYS} days.",
            )


def widened(before: Plan, after: Plan) -> tuple[str, ...]:
    """Return who may administrate now and could not before: ranges, and peers of the VPN by name."""
    came = ranges(without(addresses(_management(after)), addresses(_management(before))))
    return (*came, *(f"VPN peer {name}" for name, _ in sorted(_peers(after) - _peers(before))))


def _management(plan: Plan) -> tuple[str, ...]:
    """Return the ranges from which SSH may come; where the VPN is the only way, there is none."""
    return tuple(dict.fromkeys(one for flow in plan.flows if flow.source == "management" for one in flow.ranges))


def _peers(plan: Plan) -> set[tuple[str, str]]:
    vpn = None if plan.gateway is None else plan.gateway.vpn
    return set() if vpn is None else {(peer.name, peer.public_key) for peer in vpn.peers}


def _locked_out(before: Plan, after: Plan) -> Iterator[Caution]:
    gone = widened(after, before)
    if not gone:
        return
    message = f"{few(gone)} can no longer administrate"
    left = without(addresses(_management(before)), addresses(tuple(one for one in gone if "/" in one)))
    if not left and not _peers(before) & _peers(after):
        message += "; nobody who could before still can"
    yield Caution("management-narrowed", message, "Make sure that you are not among them: the apply locks them out.")


def _zones(before: Plan, after: Plan) -> Iterator[Caution]:
    """Yield zones that go: with them goes what finds the mail."""
    for name in sorted(own_zones(before) - own_zones(after)):
        yield Caution(
            "zone-leaves",
            f"the zone {name} is deleted at {before.dns.provider}: where it was in use, nobody finds {name} any more",
            "Let another one answer first, with the same records and named by the registrar; "
            "or keep this one: terraform state rm takes it out of the plan.",
        )


def _refused(before: Plan, after: Plan) -> Iterator[Caution]:
    """Yield that mail from outside has no way in any more, where the MX still leads here."""
    mail = [record.name for record in after.dns.public if record.type == "MX"]
    if mail and _takes_mail(before) and not _takes_mail(after):
        why = f"nobody outside can deliver any more: the MX of {few(mail)} leads to nodes that let nobody in on port 25"
        yield Caution("mail-refused", why, "Let another host take mail in first, and the MX name it: dns.records.")


def _takes_mail(plan: Plan) -> bool:
    return any(flow.source == "internet" and flow.ports == "25" for flow in plan.flows)


def _state(before: Plan, after: Plan) -> Iterator[Caution]:
    """Yield that Terraform looks for its state elsewhere: at an empty place it would make everything again."""
    if before.state != after.state:
        old, new = (place_of(one.state) for one in (before, after))
        moves = f"Terraform's state moves from {old} to {new}"
        mend = "Move it before anybody plans: terraform init -migrate-state. Where it is not, a plan makes all anew."
        yield Caution("state-moves", moves if old != new else f"Terraform's state at {old} is reached otherwise", mend)


def _remembered(records: tuple[RecordChange, ...]) -> Iterator[Caution]:
    """Yield mail exchangers that change while the world remembers the old ones for long."""
    for one in records:
        if one.type == "MX" and one.mail and one.change != "new" and one.ttl >= _LONG:
            yield Caution(
                "mx-remembered",
                f"the MX of {one.name} changes, and resolvers remember the old one for {duration(one.ttl)}",
                "Lower dns.ttl to 300 in a change of its own, wait as long as it was, and then make this one.",
            )
