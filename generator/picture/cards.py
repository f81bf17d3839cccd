"""Machines as cards in a grid."""

from collections.abc import Iterator, Sequence

from generator.picture.scene import Card
from generator.picture.svg import INK, MARKED, QUIET, Box, Group, Words
from generator.picture.text import wrap

CARD_GAP = 10.0
_NAME, _TEXT, _LINE, _PAD = 13.0, 11.5, 15.0, 10.0
_Lines = list[tuple[str, bool, str]]
"""Text, whether it is bold, and its color."""


def cards_height(cards: Sequence[Card], room: float, columns: int) -> float:
    """Return how high the grid is, with the gap below each row.

    Args:
        cards: The machines.
        room: Width of the grid.
        columns: How many stand side by side.
    """
    return sum(height + CARD_GAP for height, _ in _rows(cards, room, columns))


def draw_cards(cards: Sequence[Card], x: float, y: float, room: float, columns: int) -> Iterator[Group]:
    """Draw the machines.

    Args:
        cards: The machines.
        x: Left side of the grid.
        y: Its upper side.
        room: Its width.
        columns: How many stand side by side.
    """
    width = _width(room, columns)
    for height, row in _rows(cards, room, columns):
        for column, (card, lines) in enumerate(row):
            left = x + column * (width + CARD_GAP)
            words = [
                Words(
                    left + _PAD,
                    y + 3 + _LINE * (place + 1),
                    text,
                    _NAME if bold else _TEXT,
                    bold=bold,
                    fill=fill,
                )
                for place, (text, bold, fill) in enumerate(lines)
            ]
            yield Group("node", card.name, (_frame(card, left, y, width, height), *words), card.data)
        y += height + CARD_GAP


def _frame(card: Card, x: float, y: float, width: float, height: float) -> Box:
    if not card.marks:
        return Box(x, y, width, height)
    first = card.marks[0]
    return Box(x, y, width, height, first.tint, first.color, first.dash, weight=MARKED)


def _width(room: float, columns: int) -> float:
    return (room - CARD_GAP * (columns - 1)) / columns


def _rows(cards: Sequence[Card], room: float, columns: int) -> Iterator[tuple[float, list[tuple[Card, _Lines]]]]:
    """Yield the rows of the grid: how high, and the lines of each card."""
    inner = _width(room, columns) - 2 * _PAD
    for start in range(0, len(cards), columns):
        row = [(card, _lines(card, inner)) for card in cards[start : start + columns]]
        yield max(len(lines) for _, lines in row) * _LINE + 12, row


def _lines(card: Card, room: float) -> _Lines:
    lines = [(line, True, INK) for line in wrap(card.name, _NAME, room, bold=True)]
    for mark in card.marks:
        lines += [(line, True, mark.color) for line in wrap(f"{mark.sign} {mark.word}", _NAME, room, bold=True)]
    lines += [(line, False, QUIET) for text in card.lines for line in wrap(text, _TEXT, room)]
    return lines
