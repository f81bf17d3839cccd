"""A review in sections for people: sentences with names in them, which `markdown`, `text` and `page` write out."""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias

from generator.review.model import (
    CostChange,
    Judgement,
    Loss,
    MachineChange,
    ReachChange,
    RecordChange,
    Review,
    VolumeChange,
)
from generator.verdicts import VERDICTS

Tone: TypeAlias = Literal["bad", "care", "good", ""]


class Names(NamedTuple):
    """Names and values, to be set apart from the words around them; formats shorten long lists of them."""

    names: tuple[str, ...]


Text: TypeAlias = tuple[str | Names, ...]


class Item(NamedTuple):
    """A sentence or two; `tone` tells what it means for the deployment."""

    text: Text
    tone: Tone = ""


class Section(NamedTuple):
    """What belongs together.

    Attributes:
        id: Stable word.
        lead: What is to be said of all of it; may be empty.
        items: Not empty, unless the lead says it all.
        folded: Not to be read by everybody.
        whole: Where there is no room for all, its items are kept before those of others.
    """

    id: str
    title: str
    lead: str
    items: tuple[Item, ...]
    folded: bool = False
    whole: bool = False


def sections(review: Review) -> tuple[Section, ...]:
    """Return what a review says, the most important first; nothing of what does not change."""
    outside = [one for one in review.reach if one.outside]
    inside = [one for one in review.reach if not one.outside]
    grave = [one for one in review.losses if one.stateful or one.kind == "machine"]
    rest = [one for one in review.losses if one not in grave]
    new = [one for one in review.disagreements if not one.standing]
    standing = [one for one in review.disagreements if one.standing]
    found = (
        Section("partial", "What could not be compared", review.partial, (), whole=True),
        Section("verdicts", "Verdicts", "", tuple(map(_judgement, review.judgements)), whole=True),
        Section(
            "disagreements",
            "Terraform and the topology disagree",
            "",
            tuple(Item(_at(one.address, one.message), "bad") for one in new),
        ),
        Section("reach", "Who can reach what", "", tuple(map(_reach, outside)), whole=True),
        Section("losses", "Destroyed or replaced", "", tuple(map(_loss, grave)), whole=True),
        Section("dns", "DNS", "", tuple(map(_record, review.records))),
        Section(
            "machines",
            "Machines and volumes",
            "",
            (*map(_machine, review.machines), *map(_volume, review.volumes)),
        ),
        Section("cost", "Cost", _totals(review.cost), tuple(_cost(review.cost))),
        Section(
            "configure",
            "After the apply",
            "These nodes stay and need their new data. The commands restart nothing.",
            tuple(Item((Names((one.command,)),)) for one in review.configure),
        ),
        Section(
            "cautions",
            "Warnings",
            "",
            tuple(
                Item((Names((one.rule,)), f": {one.message}. {one.mend}".rstrip()), "care") for one in review.cautions
            ),
        ),
        Section("inside", "Among the nodes", "", tuple(map(_reach, inside)), folded=True),
        Section("rest", "Other resources destroyed or replaced", "", tuple(map(_loss, rest)), folded=True),
        Section(
            "standing",
            "In Terraform, and not in the topology, as before",
            "",
            tuple(Item(_at(one.address, one.message)) for one in standing),
            folded=True,
        ),
    )
    return tuple(one for one in found if one.items or one.lead)


def _at(address: str, message: str) -> Text:
    return (Names((address,)), f": {message}.") if address else (f"{message[0].upper()}{message[1:]}.",)


def _judgement(one: Judgement) -> Item:
    text: list[str | Names] = [Names((one.verdict,)), f": {VERDICTS[one.verdict]}"]
    if one.subjects:
        text += [": ", Names(one.subjects)]
    if one.fails:
        text.append(". This fails the review")
    if one.accepted:
        text += [". Accepted: ", Names(one.accepted), ", because: ", Names((one.reason,))]
    if one.note:
        text += [". Note: ", Names((one.note,))]
    return Item((*text, "."), "bad" if one.fails else "care" if one.subjects else "good")


_SOURCES = {
    "internet": "The Internet",
    "listed": "The listed ranges",
    "management": "Management",
    "vpn": "Peers of the VPN",
    "gateway": "The gateway",
    "cluster": "Every node",
}


def _reach(one: ReachChange) -> Item:
    can = "can now" if one.opened else "can no longer"
    text: list[str | Names] = [_SOURCES.get(one.source, "Nodes with the role ")]
    if one.source not in _SOURCES:
        text.append(Names((one.source,)))
    elif one.ranges and one.source != "internet":
        text += [" (", Names(one.ranges), ")"]
    text += [f" {can} reach {'; '.join(one.services)} (", Names((f"{one.ports}/{one.protocol}",)), ")"]
    if one.names:
        text += [" on ", Names(one.names), ": "]
    else:
        text.append(" on ")
    text.append(Names(one.nodes))
    if one.with_node:
        text.append(f", which {'is' if len(one.nodes) == 1 else 'are'} {'new' if one.opened else 'gone'}")
    tone: Tone = ("bad" if one.source == "internet" else "care") if one.opened else "good"
    return Item((*text, "."), tone if one.outside else "")


def _loss(one: Loss) -> Item:
    kind = "" if one.kind == "other" else f"{one.kind} "
    text: list[str | Names] = [f"{kind[:1].upper()}{kind[1:]}", Names((one.subject,))]
    text.append(" is destroyed and made anew" if one.replaced else " is destroyed")
    if one.why:
        text.append(f": {one.why}")
    if one.kept:
        text.append(", although the topology keeps it")
    if one.stateful:
        text.append(". What it holds is lost")
    if one.address and one.address != one.subject:
        text += [" (", Names((one.address,)), ")"]
    return Item((*text, "."), "bad")


def _record(one: RecordChange) -> Item:
    text: list[str | Names] = [f"{one.type} of ", Names((one.name,))]
    if one.change == "changed":
        text += [": from ", Names(one.before), " to ", Names(one.after)]
    else:
        text += [f" {'is new' if one.change == 'new' else 'goes'}: ", Names(one.after or one.before)]
    text.append(f". {one.meanwhile}" if one.meanwhile else ".")
    return Item(tuple(text), "care" if one.mail and one.change != "new" else "")


def _machine(one: MachineChange) -> Item:
    words = {"new": "is new", "gone": "goes", "changed": "changes"}
    text: list[str | Names] = ["Machine ", Names((one.node,)), f" {words[one.change]}"]
    for number, field in enumerate(one.fields):
        text.append(f"{': ' if number == 0 else ', '}{field.name} ")
        text.append(Names((field.before or field.after,)))
        if field.before and field.after:
            text += [" to ", Names((field.after,))]
    if one.happens and one.change == "changed":
        text.append(f". Terraform: {one.happens}")
    return Item((*text, "."), {"new": "good", "gone": "bad", "changed": ""}[one.change])  # type: ignore[arg-type]


def _volume(one: VolumeChange) -> Item:
    text: list[str | Names] = ["Volume ", Names((one.key,)), " of ", Names((one.node,))]
    if one.change == "changed" and one.before_gib == one.after_gib:
        text.append(" is of another node now")
    elif one.change == "changed":
        text.append(f": {one.before_gib} GB to {one.after_gib} GB")
    else:
        text.append(f" {'is new' if one.change == 'new' else 'goes'}: {one.after_gib or one.before_gib} GB")
    return Item((*text, "."), "bad" if one.change == "gone" else "")


def _totals(cost: CostChange) -> str:
    lines = []
    for currency in dict.fromkeys([*cost.before, *cost.after]):
        before, after = cost.before.get(currency, 0.0), cost.after.get(currency, 0.0)
        if before != after:
            lines.append(f"{before:.2f} to {after:.2f} {currency} a month ({after - before:+.2f})")
    if not lines:
        return ""
    dates = f", by prices read {_between(cost.dates)}" if cost.dates else ""
    return f"{'; '.join(lines)}{dates}."


def _between(dates: Sequence[str]) -> str:
    return f"on {dates[0]}" if len(dates) == 1 else f"from {dates[0]} to {dates[-1]}"


def _cost(cost: CostChange) -> Iterator[Item]:
    for row in cost.rows:
        unit = f" {row.unit}" if row.unit else ""
        amount = "no known price"
        if row.before is not None and row.after is not None:
            amount = f"{row.after - row.before:+.2f} {row.currency}"
        yield Item((Names((row.what,)), f": {row.before_quantity}{unit} to {row.after_quantity}{unit}, {amount}."))


def plain(text: Sequence[str | Names], most: int) -> str:
    """Return a text without any marks; of each list at most so many names."""
    return "".join(part if isinstance(part, str) else shortened(part, most) for part in text)


def shortened(names: Names, most: int) -> str:
    """Return names as `a, b and 5 more`."""
    more = len(names.names) - most
    return ", ".join(names.names[:most]) + (f" and {more} more" if more > 0 else "")
