"""What a gateway or a router forwards, as a table in its box."""

from collections.abc import Sequence

from generator.picture.scene import Forwards
from generator.picture.svg import QUIET, Group, Words
from generator.picture.text import width, wrap

_TITLE, _TEXT = 13.0, 11.5
_FIRST, _LINE, _GAP, _BELOW = 18.0, 16.0, 10.0, 8.0


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
        shapes = []
        for line in wrap(one.title, _TITLE, room, bold=True):
            shapes.append(Words(x, at, line, _TITLE, bold=True))
            at += _LINE
        ports_width = max(width(ports, _TEXT, bold=True) for ports, _ in one.lines)
        for ports, nodes in one.lines:
            shapes.append(Words(x, at, ports, _TEXT, bold=True))
            for line in wrap(f"to {nodes}", _TEXT, room - ports_width - _GAP):
                shapes.append(Words(x + ports_width + _GAP, at, line, _TEXT, fill=QUIET))
                at += _LINE
        tables.append(Group("forwards", "", tuple(shapes)))
        at += _BELOW
    return tables, at - y - _BELOW if forwards else 0.0
