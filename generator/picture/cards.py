"""Machines as cards in a grid."""

from collections.abc import Iterator, Sequence

from generator.picture.scene import Card
from generator.picture.svg import INK, QUIET, Box, Group, Words
from generator.picture.text import wrap

CARD_GAP = 10.0
_NAME, _TEXT, _LINE, _PAD = 13.0, 11.5, 15.0, 10.0
_Lines = list[tuple[str, bool]]


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
        for column, (name, lines) in enumerate(row):
            left = x + column * (width + CARD_GAP)
            words = [
                Words(
                    left + _PAD,
                    y + 3 + _LINE * (place + 1),
                    text,
                    _NAME if bold else _TEXT,
                    bold=bold,
                    fill=INK if bold else QUIET,
                )
                for place, (text, bold) in enumerate(lines)
            ]
            yield Group("node", name, (Box(left, y, width, height), *words))
        y += height + CARD_GAP


def _width(room: float, columns: int) -> float:
    return (room - CARD_GAP * (columns - 1)) / columns


def _rows(cards: Sequence[Card], room: float, columns: int) -> Iterator[tuple[float, list[tuple[str, _Lines]]]]:
    """Yield the rows of the grid: how high, and the lines of each card."""
    inner = _width(room, columns) - 2 * _PAD
    for start in range(0, len(cards), columns):
        row = [(card.name, _lines(card, inner)) for card in cards[start : start + columns]]
        yield max(len(lines) for _, lines in row) * _LINE + 12, row


def _lines(card: Card, room: float) -> _Lines:
    lines = [(line, True) for line in wrap(card.name, _NAME, room, bold=True)]
    lines += [(line, False) for text in card.lines for line in wrap(text, _TEXT, room)]
    return lines
