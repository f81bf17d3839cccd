"""What a gateway or a router forwards, as a table in its box."""

from collections.abc import Sequence

from generator.picture.entries import LINE, draw_entry, entry_height, entry_words, ports_width
from generator.picture.scene import Forwards
from generator.picture.svg import Group, Shape, Words
from generator.picture.text import wrap

_TITLE = 13.0
_FIRST, _BELOW = 18.0, 8.0


def draw_forwards(forwards: Sequence[Forwards], x: float, y: float, room: float) -> tuple[list[Group], float]:
    """Draw the tables of all sources, one below the other.

    Args:
        forwards: What is forwarded, by source.
        x: Left side of the tables.
        y: Upper side of the box that they stand in.
        room: Their width.

    Returns:
        The tables, and how high the box has to be for them.
    """
    tables = []
    at = y + _FIRST
    for one in forwards:
        shapes: list[Shape] = []
        for line in wrap(one.title, _TITLE, room, bold=True):
            shapes.append(Words(x, at, line, _TITLE, bold=True))
            at += LINE
        ports = ports_width(one.lines)
        at -= LINE
        for entry in one.lines:
            words = entry_words(entry, room - ports)
            shapes += draw_entry(entry, words, (x, at), ports, room - 12)
            at += entry_height(entry, words)
        at += LINE
        tables.append(Group("forwards", "", tuple(shapes)))
        at += _BELOW
    return tables, at - y - _BELOW if forwards else 0.0
