"""What a review says, sentence by sentence."""

from collections.abc import Collection, Iterable, Iterator, Sequence

import msgspec

from generator.clouds.resources import ResourceKind
from generator.problems import counted
from generator.review.document import Item, Names, Text, Tone
from generator.review.model import (
    PRIVATE_ADDRESS,
    CostChange,
    Judgement,
    Loss,
    MachineChange,
    ReachChange,
    RecordChange,
    VolumeChange,
)
from generator.review.records import duration
from generator.verdicts import VERDICTS


def at(address: str, message: str) -> Text:
    """Return a message with the resource that it is about."""
    end = "" if message.endswith("?") else "."
    return (Names((address,)), f": {message}{end}") if address else (f"{message[0].upper()}{message[1:]}{end}",)


def judgement(one: Judgement, told: Collection[str] = ()) -> Item:
    """Return a verdict that is met.

    Args:
        one: It.
        told: Whole sentences that another section has; more than one are counted here.
    """
    text: list[str | Names] = [Names((one.verdict,)), f": {VERDICTS[one.verdict]}"]
    if one.subjects:
        text += [": ", *_subjects(one.subjects, told)]
    if one.fails:
        text.append(". This fails the review")
    if one.accepted:
        text += [". Accepted: ", *_subjects(one.accepted, told), ", because: ", Names((one.reason,))]
    if one.note:
        text += [". Note: ", Names((one.note,))]
    return Item((*text, "."), "bad" if one.fails else "care" if one.subjects or one.note else "good")


def _subjects(subjects: tuple[str, ...], told: Collection[str]) -> Text:
    names = tuple(one for one in subjects if one not in told)
    sentences = len(subjects) - len(names)
    if sentences < 2:
        return (Names(subjects),)
    count = f"{counted(sentences, 'thing')} about the plan as a whole, named below"
    return (Names(names), f", and {count}") if names else (count,)


_SOURCES = {
    "internet": "The Internet",
    "listed": "The listed ranges",
    "management": "Management",
    "vpn": "Peers of the VPN",
    "gateway": "The gateway",
    "cluster": "Every node",
}


_SCATTERED = 3
"""What is opened among the nodes in more pieces than this is what was closed between open ports."""


def reaches(changes: Iterable[ReachChange]) -> Iterator[Item]:
    """Yield what can be reached now, or no longer: a service each, but all together where the nodes come or go."""
    together: dict[ReachChange, list[ReachChange]] = {}
    scattered: dict[ReachChange, list[ReachChange]] = {}
    for one in changes:
        key = msgspec.structs.replace(one, ports="", protocol="", services=()) if one.with_node else one
        if not one.outside and not one.with_node:
            same = msgspec.structs.replace(one, ports="", protocol="", nodes=())
            scattered.setdefault(same, []).append(one)
        else:
            together.setdefault(key, []).append(one)
    yield from map(_reach, together.values())
    for pieces in scattered.values():
        if len(pieces) > _SCATTERED:
            yield _pieces(pieces)
        else:
            yield from (_reach([one]) for one in pieces)


def _pieces(changes: Sequence[ReachChange]) -> Item:
    one = changes[0]
    text = [*_who(one), f"{'; '.join(one.services)} on "]
    text.append(Names(tuple(dict.fromkeys(node for change in changes for node in change.nodes))))
    return Item((*text, ", together on ", Names(tuple(dict.fromkeys(map(_port, changes)))), "."))


def _who(one: ReachChange) -> list[str | Names]:
    text: list[str | Names] = [_SOURCES.get(one.source, "Nodes with the role ")]
    if one.source not in _SOURCES:
        text.append(Names((one.source,)))
    elif one.ranges and one.source != "internet":
        text += [" (", Names(one.ranges), ")"]
    return [*text, f" can {'now' if one.opened else 'no longer'} reach "]


def _reach(changes: Sequence[ReachChange]) -> Item:
    one = changes[0]
    text = _who(one)
    if not one.with_node:
        text += [f"{'; '.join(one.services)} (", Names((_port(one),)), ") on "]
    if one.names:
        text += [Names(one.names), ": "]
    text.append(Names(one.nodes))
    if one.with_node:
        text.append(f", which {'is' if len(one.nodes) == 1 else 'are'} {'new' if one.opened else 'gone'}: ")
        for number, change in enumerate(changes):
            text += [", " if number else "", Names((_port(change),)), f" {change.services[0]}"]
    grave = one.source == "internet" and any(change.protocol != "icmp" for change in changes)
    tone: Tone = ("bad" if grave else "care") if one.opened else "good"
    return Item((*text, "."), tone if one.outside else "")


def _port(one: ReachChange) -> str:
    return f"{one.ports}/{one.protocol}"


_LOST: dict[ResourceKind, str] = {
    "volume": "What is on it goes with it",
    "zone": "Its records go with it, and its name servers answer no more",
    "address": "It does not come back, nor does its good name",
    "attachment": "The volume is taken from its machine, and keeps what is on it",
}


def loss(one: Loss) -> Item:
    """Return what is destroyed."""
    kind = "" if one.kind == "other" else f"{one.kind} "
    text: list[str | Names] = [f"{kind[:1].upper()}{kind[1:]}", Names((one.subject,))]
    text.append(" is destroyed and made anew" if one.replaced else " is destroyed")
    if one.why:
        text.append(f": {one.why}")
    if one.kept:
        text.append(", although the topology keeps it")
    if one.kind in _LOST:
        text.append(f". {_LOST[one.kind]}")
    if one.holds:
        text.append(f". Lost with its system disk: {', '.join(one.holds)}")
    if one.address and one.address != one.subject:
        text += [" (", Names((one.address,)), ")"]
    return Item((*text, "."), "bad" if one.grave else "")


def records(changes: Iterable[RecordChange]) -> Iterator[Item]:
    """Yield records that differ: those of which only the time to live changes, all together."""
    times: dict[tuple[int, int], list[str]] = {}
    for one in changes:
        if one.before == one.after:
            times.setdefault((one.ttl, one.ttl_after), []).append(f"{one.type} of {one.name}")
        else:
            yield _record(one)
    for (before, after), names in times.items():
        begin = f"Remembered for {duration(after)} instead of {duration(before)}, by everybody once that has passed: "
        yield Item((begin, Names(tuple(names)), "."))


def _record(one: RecordChange) -> Item:
    text: list[str | Names] = [f"{one.type} of ", Names((one.name,))]
    if one.change == "changed":
        text += [": from ", Names(one.before), " to ", Names(one.after)]
        if one.ttl != one.ttl_after:
            text.append(f", remembered for {duration(one.ttl_after)}")
    else:
        text += [f" {'is new' if one.change == 'new' else 'goes'}: ", Names(one.after or one.before)]
    text.append(f". {one.meanwhile}" if one.meanwhile else ".")
    return Item(tuple(text), "care" if one.mail and one.change != "new" else "")


def machine(one: MachineChange) -> Item:
    """Return a machine that differs."""
    words = {"new": "is new", "gone": "goes", "changed": "changes"}
    text: list[str | Names] = ["Machine ", Names((one.node,)), f" {words[one.change]}"]
    for number, field in enumerate(one.fields):
        text.append(f"{': ' if number == 0 else ', '}{field.name} ")
        text.append(Names((field.before or field.after,)))
        if field.before and field.after:
            text += [" to ", Names((field.after,))]
    if one.happens and one.change == "changed":
        text.append(f". Terraform: {one.happens}")
    moves = one.change == "changed" and any(field.name == PRIVATE_ADDRESS for field in one.fields)
    if moves and not one.happens.startswith("replaced"):
        text.append(". It has to be made anew for that")
    return Item((*text, "."), "bad" if one.change == "gone" else "care" if moves else "")


def volume(one: VolumeChange) -> Item:
    """Return a volume that differs."""
    text: list[str | Names] = ["Volume ", Names((one.key,)), " of ", Names((one.node,))]
    if one.change == "changed" and one.before_gib == one.after_gib:
        text.append(" is of another node now")
    elif one.change == "changed":
        text.append(f": {one.before_gib} GB to {one.after_gib} GB")
    else:
        text.append(f" {'is new' if one.change == 'new' else 'goes'}: {one.after_gib or one.before_gib} GB")
    return Item((*text, "."), "bad" if one.change == "gone" else "")


def totals(cost: CostChange) -> str:
    """Return what a month costs before and after; nothing where both are the same."""
    lines = []
    for currency, more in cost.differences.items():
        before, after = cost.before.get(currency, 0.0), cost.after.get(currency, 0.0)
        lines.append(f"{before:.2f} to {after:.2f} {currency} a month ({more:+.2f})")
    if not lines:
        return ""
    dates = f", by prices read {_between(cost.dates)}" if cost.dates else ""
    return f"{'; '.join(lines)}{dates}."


def _between(dates: Sequence[str]) -> str:
    return f"on {dates[0]}" if len(dates) == 1 else f"from {dates[0]} to {dates[-1]}"


def cost(change: CostChange) -> Iterator[Item]:
    """Yield what costs more or less."""
    for row in change.rows:
        unit = f" {row.unit}" if row.unit else ""
        amount = "no known price"
        if row.before is not None and row.after is not None:
            amount = f"{row.after - row.before:+.2f} {row.currency}"
        yield Item((Names((row.what,)), f": {row.before_quantity}{unit} to {row.after_quantity}{unit}, {amount}."))
