"""Which verdicts a change meets, and which of them the topology accepts."""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping

import msgspec

from generator.problems import few
from generator.review.model import (
    Disagreement,
    Judgement,
    Loss,
    ReachChange,
    RecordChange,
)
from generator.topology import Acceptance
from generator.verdicts import VERDICTS


def internet(changes: Collection[ReachChange], disagreements: Collection[Disagreement]) -> Iterator[str]:
    """Yield what the Internet can reach now, as `143/tcp`; by the topology, or by Terraform alone.

    ICMP comes with every machine that has an address, and serves nobody.
    """
    for change in changes:
        if change.opened and change.source == "internet" and change.protocol != "icmp":
            yield f"{change.ports}/{change.protocol}"
    for one in disagreements:
        if one.internet and not one.standing:
            yield one.internet


def destroyed(losses: Collection[Loss], *, stateful: bool) -> Iterator[str]:
    """Yield the names of what is destroyed: what is lost for good, or machines."""
    for loss in losses:
        if loss.stateful if stateful else loss.kind == "machine":
            yield loss.subject


def of_mail(
    changes: Collection[RecordChange], losses: Collection[Loss], disagreements: Collection[Disagreement]
) -> Iterator[str]:
    """Yield the records of mail that change or go, and whole zones; new ones take nothing away.

    By the topology, or by Terraform alone.
    """
    for loss in losses:
        # The zone inside has no name of its own in a plan: only nodes ask it.
        if loss.kind == "zone" and loss.subject != loss.address:
            yield f"zone {loss.subject}"
    for change in changes:
        if change.mail and change.change != "new":
            yield f"{change.name} {change.type}"
    for one in disagreements:
        if one.mail and not one.standing:
            yield from (one.mail, *one.mail_too)


def unasked(disagreements: Collection[Disagreement]) -> Iterator[str]:
    """Yield where the Terraform plan goes its own way."""
    for one in disagreements:
        if not one.standing:
            yield one.address or one.message


def judge(
    found: Mapping[str, Collection[str]],
    accepted: Mapping[str, Acceptance],
    earlier: Mapping[str, Acceptance],
    fail_on: Collection[str],
    today: dt.date,
) -> tuple[Judgement, ...]:
    """Return the verdicts that are met, in their order.

    Args:
        found: What meets each verdict.
        accepted: What the topology accepts.
        earlier: What it accepted before this change.
        fail_on: Verdicts for which a review fails.
        today: For acceptances that end.
    """
    return tuple(
        _noted(
            _judgement(verdict, tuple(dict.fromkeys(found[verdict])), accepted.get(verdict), verdict in fail_on, today),
            stood=verdict in accepted and accepted[verdict] == earlier.get(verdict),
        )
        for verdict in VERDICTS
        if found.get(verdict)
    )


def _noted(judgement: Judgement, *, stood: bool) -> Judgement:
    """Return a judgement that says so where it was accepted before: for another change, most likely."""
    if not stood or not judgement.accepted:
        return judgement
    notes = ("the acceptance was there before this change", judgement.note)
    return msgspec.structs.replace(judgement, note="; ".join(filter(None, notes)))


def _judgement(
    verdict: str, subjects: tuple[str, ...], acceptance: Acceptance | None, fatal: bool, today: dt.date
) -> Judgement:
    if acceptance is None:
        return Judgement(verdict, subjects, (), "", "", fatal)
    if dt.date.fromisoformat(acceptance.until) < today:
        note = f"it was accepted until {acceptance.until}: {acceptance.reason}"
        return Judgement(verdict, subjects, (), "", note, fatal)
    only = acceptance.only
    taken = tuple(one for one in subjects if only is None or one in only)
    left = tuple(one for one in subjects if one not in taken)
    absent = [one for one in only or () if one not in subjects]
    note = f"accept names what does not happen: {few(absent)}" if absent else ""
    return Judgement(
        verdict, left, taken, f"{acceptance.reason} (until {acceptance.until})", note, fatal and bool(left)
    )
