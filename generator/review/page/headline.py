"""What a tired reader has to see first: how grave the whole is, and the same six answers in the same places."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from generator.problems import counted
from generator.review.document import Section, Tone
from generator.review.model import Judgement, ReachChange, Review

_GRAVITY: tuple[Tone, ...] = ("bad", "care", "good", "")

_MOST = 8
"""Names in an answer."""


class Answer(NamedTuple):
    """One of the answers.

    Attributes:
        question: What is asked.
        short: The answer.
        detail: More of it; may be empty.
        section: Id of the section that says all of it.
    """

    question: str
    short: str
    detail: str
    tone: Tone
    section: str


def gravity(review: Review, sections: Iterable[Section]) -> tuple[Tone, str]:
    """Return how grave a review is, and that in a word or two."""
    tones = {
        item.tone
        for section in sections
        for item in section.items
        # All that a new deployment offers is meant to be reached.
        if not (review.fresh and section.id == "reach")
    }
    if review.fails:
        return "bad", "Fails the policy"
    tone = min(tones, key=_GRAVITY.index, default="")
    if tone == "bad":
        return "bad", "Dangerous, and not all compared" if review.partial else "Dangerous"
    if review.partial:
        return "care", "Not all compared"
    if tone == "care":
        return "care", "Look closely"
    return "good", "Nothing dangerous" if review.terraform else "Nothing dangerous in the topology"


def answers(review: Review) -> tuple[Answer, ...]:
    """Return the answers, the most important first."""
    return (
        _internet(review),
        _losses(review),
        _terraform(review),
        _others(review),
        _mail(review),
        _cost(review),
    )


def _internet(review: Review) -> Answer:
    alone = [one.internet for one in review.disagreements if one.internet and not one.standing]
    changes = [one for one in review.reach if one.source == "internet"]
    return _reached("The Internet reaches", review, changes, alone, "bad")


def _others(review: Review) -> Answer:
    changes = [one for one in review.reach if one.outside and one.source != "internet"]
    return _reached("Others outside reach", review, changes, (), "care")


def _reached(question: str, review: Review, changes: Sequence[ReachChange], alone: Sequence[str], tone: Tone) -> Answer:
    opened = list(dict.fromkeys([*alone, *_ports(one for one in changes if one.opened)]))
    if not alone and all(one.protocol == "icmp" for one in changes if one.opened):
        tone = "care"
    closed = _ports(one for one in changes if not one.opened)
    if review.partial and not alone:
        return Answer(question, "not compared", "", "", "partial")
    if review.fresh and not alone:
        return Answer(question, "all new", _listed(opened), "", "reach")
    if not opened and not closed:
        return Answer(question, "nothing more", "", "good", "")
    numbers = [f"{len(ports)} {word}" for ports, word in ((opened, "more"), (closed, "less")) if ports]
    details = [_listed(opened)] if opened else []
    details += [f"no longer {_listed(closed)}"] if closed else []
    section = "disagreements" if alone else "reach"
    return Answer(question, ", ".join(numbers), "; ".join(details), tone if opened else "good", section)


def _losses(review: Review) -> Answer:
    question = "Destroyed or replaced"
    grave = [one for one in review.losses if one.grave]
    if not grave and not review.terraform:
        return Answer(question, "nothing by the topology", "what else, only Terraform's plan tells", "", "")
    if not grave:
        return Answer(question, "nothing that holds data" if review.losses else "nothing", "", "good", "losses")
    kinds = [one.kind for one in grave]
    short = ", ".join(counted(kinds.count(kind), kind) for kind in dict.fromkeys(kinds))
    names = _listed(list(dict.fromkeys(one.subject for one in grave)))
    held = any(one.kind == "volume" or one.holds for one in grave)
    lost = f"; what {'it holds' if len(grave) == 1 else 'they hold'} is lost" if held else ""
    return Answer(question, short, f"{names}{lost}", "bad", "losses")


def _terraform(review: Review) -> Answer:
    question = "Terraform's plan"
    if not review.terraform:
        return Answer(question, "none was read", "it may do more than is said here", "", "")
    new = [one for one in review.disagreements if not one.standing]
    own = f"{counted(len(review.beside), 'resource')} of your own" if review.beside else ""
    if not new and own:
        return Answer(question, "does more", own, "care", "beside")
    if not new and review.disagreements:
        short = f"as before, {counted(len(review.disagreements), 'thing')} beside the topology"
        return Answer(question, short, "", "care", "standing")
    if not new:
        return Answer(question, "agrees with the topology", "", "good", "")
    return Answer(question, f"disagrees in {counted(len(new), 'thing')}", "", "bad", "disagreements")


def _mail(review: Review) -> Answer:
    question = "DNS of mail"
    # The verdict has them all: of the topology, of zones that go, and of Terraform alone.
    changed = [name for one in review.judgements if one.verdict == "mail-dns" for name in _subjects(one)]
    if changed:
        section = "dns" if any(one.mail for one in review.records) else "verdicts"
        return Answer(question, counted(len(changed), "change"), _listed(changed), "care", section)
    if review.partial:
        return Answer(question, "not compared", "", "", "partial")
    if review.fresh:
        return Answer(question, "all new", "", "", "dns")
    return Answer(question, "stays", "", "good", "dns")


def _subjects(one: Judgement) -> tuple[str, ...]:
    return (*one.subjects, *one.accepted)


def _cost(review: Review) -> Answer:
    question = "Cost of a month"
    cost = review.cost
    changes = [f"{more:+.2f} {currency}" for currency, more in cost.differences.items()]
    if review.partial:
        return Answer(question, "not compared", "", "", "partial")
    if not changes:
        return Answer(question, "the same" if not cost.rows else "not known", "", "", "cost")
    untold = f"without {_listed(cost.untold)}, of unknown price" if cost.untold else ""
    return Answer(question, ", ".join(changes), untold, "", "cost")


def _ports(changes: Iterable[ReachChange]) -> list[str]:
    """Return the ports, first those on machines that were there already: nobody expects them."""
    ordered = sorted(changes, key=lambda one: (one.protocol == "icmp", one.with_node))
    return list(dict.fromkeys(f"{one.ports}/{one.protocol}" for one in ordered))


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MOST
    return ", ".join(names[:_MOST]) + (f" and {more} more" if more > 0 else "")
