"""Lines that tell ports and what they are for: at arrows, and in the tables of what is forwarded."""

from collections.abc import Sequence

from generator.picture.scene import Entry, ports_text
from generator.picture.svg import INK, QUIET, Box, Group, Shape, Words
from generator.picture.text import width, wrap

LINE = 16.0
"""Height of a line of text."""

_TEXT, _GAP = 11.5, 10.0
_MARK_PAD, _MARK_SIDE = 6.0, 6.0


def ports_width(entries: Sequence[Entry]) -> float:
    """Return the width of the column of ports, with the gap beside it."""
    return max((width(ports_text(one), _TEXT, bold=True) for one in entries), default=0.0) + _GAP


def entry_words(entry: Entry, room: float) -> tuple[str, ...]:
    """Return in lines what an entry is for."""
    return wrap(entry.what if entry.mark is None else f"{entry.mark.word}: {entry.what}", _TEXT, room)


def entry_height(entry: Entry, words: Sequence[str]) -> float:
    """Return how high an entry is."""
    return LINE * max(1, len(words)) + (0 if entry.mark is None else _MARK_PAD)


def draw_entry(
    entry: Entry, words: Sequence[str], place: tuple[float, float], ports: float, room: float
) -> Sequence[Shape]:
    """Draw an entry.

    Args:
        entry: What it says.
        words: What it is for, in lines.
        place: Left side, and the upper one.
        ports: Width of the column of ports.
        room: Width of it all.
    """
    x, y = place
    shapes: list[Shape] = []
    strong, quiet = INK, QUIET
    if entry.mark is not None:
        height = entry_height(entry, words) - _MARK_PAD / 2
        box = (x - _MARK_SIDE, y + 5, room + 2 * _MARK_SIDE, height)
        shapes.append(Box(*box, entry.mark.tint, entry.mark.color, entry.mark.dash, round=3))
        strong, quiet = entry.mark.color, INK
        y += _MARK_PAD / 2
    shapes.append(Words(x, y + LINE, ports_text(entry), _TEXT, bold=True, fill=strong))
    shapes += [
        Words(x + ports, y + LINE * number, line, _TEXT, fill=quiet)
        for number, line in enumerate(words, start=1)
        if line
    ]
    # A page shows or hides single lines.
    return [Group("line", "", tuple(shapes), entry.data)] if entry.data else shapes
