"""The machines of a plan, and why they are as large as they are."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TypeVar

from generator.plan import Plan, PlannedNode, Volume
from generator.show.text import WIDTH, listed, paragraph, section, table

_T = TypeVar("_T")
_EVERY = "every node: "
_PLACES: tuple[tuple[str, str, Callable[[PlannedNode], str]], ...] = (
    ("with", "OS", lambda node: node.os),
    ("in", "ZONE", lambda node: node.zone),
)
"""What is said of every node by itself only where nodes differ: a preposition, the column, the value."""

_RIGHT = {2, 3, 4}
"""Columns of numbers."""


def machines(plan: Plan) -> Iterator[str]:
    """Yield the machines: size and address in a row, the roles below."""
    yield from section("Nodes")
    nodes = list(plan.nodes.values())
    apart: list[tuple[str, Callable[[PlannedNode], str]]] = []
    shared = []
    for words, column, value in _PLACES:
        values = {value(node) for node in nodes}
        # A zone that is the whole region stands in the head.
        if values == {plan.deployment.region}:
            continue
        if len(values) == 1:
            shared.append(f"{words} {values.pop()}")
        else:
            apart.append((column, value))
    rows = [("NODE", "TYPE", "VCPU", "MEMORY", "DISK", "PRIVATE", "PUBLIC"), *(_cells(node) for node in nodes)]
    beside = [[column for column, _ in apart], *([value(node) for _, value in apart] for node in nodes)]
    below: list[list[str]] = [[] for _ in beside]
    if _width([[*row, *more] for row, more in zip(rows, beside, strict=True)]) > WIDTH:
        beside, below = below, beside
    whole = [[*row, *more] for row, more in zip(rows, beside, strict=True)]
    yield from _rows(whole, [[], *below[1:]], nodes)
    if len(nodes) > 1 or plan.volumes:
        yield from paragraph(_sum(nodes, plan.volumes.values()), hanging="    ")
    if shared:
        text = f"{', '.join(shared)}."
        yield from paragraph(f"All {text}" if len(nodes) > 1 else text[0].upper() + text[1:])


def _sum(nodes: Sequence[PlannedNode], volumes: Iterable[Volume]) -> str:
    """Return what all machines take together, which is what a hypervisor needs and a quota counts."""
    vcpu = sum(node.machine.vcpu for node in nodes)
    memory = sum(node.machine.memory_gib for node in nodes)
    system, data = sum(node.os_disk_gib for node in nodes), sum(volume.size_gib for volume in volumes)
    parts = f" ({system} GB systems, {data} GB data)" if data else ""
    return f"In all: {vcpu} vCPU, {memory:g} GB memory, {system + data} GB disk{parts}."


def _cells(node: PlannedNode) -> tuple[str, ...]:
    return (
        node.name,
        node.machine.type,
        str(node.machine.vcpu),
        f"{node.machine.memory_gib:g} GB",
        f"{node.os_disk_gib} GB",
        node.address,
        "yes" if node.public else "out only" if node.public_address else "no",
    )


def _width(rows: Sequence[Sequence[str]]) -> int:
    """Return how wide the rows are in columns."""
    return sum(max(map(len, column)) + 2 for column in zip(*rows, strict=True)) - 2


def _rows(
    rows: Sequence[Sequence[str]], places: Sequence[Sequence[str]], nodes: Sequence[PlannedNode]
) -> Iterator[str]:
    """Yield the head, and for every machine its row and below it where it stands, if given, and its roles.

    Nothing in a row may be broken; so where names are long each has a line of its own.
    """
    apart = _width(rows) > WIDTH
    shown = [["" if apart else row[0], *row[1:]] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for number, row in enumerate(shown):
        if apart:
            yield rows[number][0]
        cells = (
            cell.rjust(width) if column in _RIGHT else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()
        if number:
            where = f"{listed(places[number])}: " if places[number] else ""
            yield from paragraph(f"{where}{listed(nodes[number - 1].roles)}", "    ")


def sizes(plan: Plan) -> Iterator[str]:
    """Yield the reasons for the sizes, those that nodes have in common once."""
    yield from section("Why these sizes")
    nodes = list(plan.nodes.values())
    common = _common([node.machine.reasons for node in nodes if not node.is_gateway])
    yield from common
    for alike in _alike(nodes, lambda node: (node.machine, node.is_gateway)):
        machine = alike[0].machine
        verb = "needs" if len(alike) == 1 else "need"
        each = "" if len(alike) == 1 else " each"
        yield from paragraph(
            f"{listed([node.name for node in alike])} {verb} {machine.needs_vcpu} vCPU and "
            f"{machine.needs_memory_gib} GB{each}",
            hanging="    ",
        )
        own = [reason for reason in machine.reasons if alike[0].is_gateway or reason not in common]
        if own:
            yield from paragraph("; ".join(own), "  ", "    ")
    yield from _disks(nodes)
    yield from _volumes(plan.volumes.values())


def _common(reasons: Sequence[Sequence[str]]) -> list[str]:
    """Return what is said of every node in general, if it is among the reasons of all of them."""
    first = reasons[0] if reasons else ()
    return [one for one in first if one.startswith(_EVERY) and all(one in others for others in reasons)]


def _disks(nodes: Sequence[PlannedNode]) -> Iterator[str]:
    yield "System disks:"
    rows = [
        (alike[0].os_disk_reason, listed([node.name for node in alike]))
        for alike in _alike(nodes, lambda node: node.os_disk_reason)
    ]
    yield from table(rows, "  ")


def _volumes(volumes: Iterable[Volume]) -> Iterator[str]:
    for alike in _alike(list(volumes), lambda one: (one.size_gib, one.mount, one.reasons)):
        each = "" if len(alike) == 1 else " each"
        yield from paragraph(
            f"{listed([one.key for one in alike])}: {alike[0].size_gib} GB{each} at {alike[0].mount}", hanging="    "
        )
        for reason in alike[0].reasons:
            yield from paragraph(reason, "  ", "    ")


def _alike(things: Iterable[_T], key: Callable[[_T], Hashable]) -> list[list[_T]]:
    """Return things in groups with the same key, in the order of the first of each."""
    groups: dict[Hashable, list[_T]] = {}
    for thing in things:
        groups.setdefault(key(thing), []).append(thing)
    return list(groups.values())
