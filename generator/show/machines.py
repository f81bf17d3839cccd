"""The machines of a plan, and why they are as large as they are."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TypeVar

from generator.plan import Plan, PlannedNode, Volume
from generator.show.text import listed, paragraph, section, table

_T = TypeVar("_T")
_EVERY = "every node: "
_PLACES: tuple[tuple[str, str, Callable[[PlannedNode], str]], ...] = (
    ("run", "OS", lambda node: node.os),
    ("stand in", "ZONE", lambda node: node.zone),
)
"""What is said of every node by itself only where nodes differ: in words, the column, the value."""

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
        if len(values) == 1:
            shared.append(f"{words} {values.pop()}")
        else:
            apart.append((column, value))
    head = ("NODE", "TYPE", "VCPU", "MEMORY", "DISK", "PRIVATE", "PUBLIC", *(column for column, _ in apart))
    rows = [
        (
            node.name,
            node.machine.type,
            str(node.machine.vcpu),
            f"{node.machine.memory_gib:g} GB",
            f"{node.os_disk_gib} GB",
            node.address,
            "yes" if node.public else "out only" if node.public_address else "no",
            *(value(node) for _, value in apart),
        )
        for node in nodes
    ]
    for number, line in enumerate(_rows([head, *rows])):
        yield line
        if number:
            yield from paragraph(listed(nodes[number - 1].roles), "    ")
    if shared:
        yield from paragraph(f"All of them {' and '.join(shared)}.")


def _rows(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield a line for every row: nothing in it may be broken."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (
            cell.rjust(width) if column in _RIGHT else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()


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
