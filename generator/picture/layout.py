"""Gives everything in the picture its place.

On the left stand those outside, one step below the other, and from each a line leads down. From it an arrow
leads to every row of machines that it reaches; what it reaches there stands at the arrow. So lines cross at right
angles only, no line crosses a text, and the picture grows downward with the number of rows.
"""

from collections.abc import Iterator, Sequence

from generator.picture.cards import cards_height, draw_cards
from generator.picture.entries import LINE, draw_entry, entry_height, entry_words, ports_width
from generator.picture.forwards import draw_forwards
from generator.picture.scene import Arrow, Entry, Row, Scene, Source, ports_text
from generator.picture.svg import MARKED, QUIET, TINT, Box, Group, Line, Shape, Words
from generator.picture.text import wrap

MARGIN = 24.0
_STEP = 28.0
_LABELS = 370.0
_MACHINES = 690.0
_PAD = 14.0
_SMALL, _PLAIN, _HEAD = 11.5, 13.0, 18.0
_TITLE, _BELOW, _BETWEEN = 18.0, 8.0, 14.0
_COLUMNS = 3
_INSIDE = 170.0
# Color and dashes by the kind of source; told apart in black and white too. White behind them gives 7 or more.
_STYLES = {
    "internet": ("#9b1c1c", ""),
    "listed": ("#7a4100", "9 3"),
    "management": ("#0b4a82", "5 3"),
    "vpn": ("#5b2a86", "2 3"),
    "gateway": ("#14532d", "12 3 2 3"),
    "router": ("#14532d", "12 3 2 3"),
}


class Layout:
    """Places the parts from the top to the bottom.

    Attributes:
        width: Of the whole picture.
        y: How far down it is drawn.
    """

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        keys = [source.key for source in scene.sources] + ([scene.gate_key] if scene.gate_key else [])
        self.trunks = {key: MARGIN + 12 + _STEP * place for place, key in enumerate(keys)}
        self.labels = MARGIN + 12 + _STEP * len(keys)
        self.machines = self.labels + _LABELS + 2 * _PAD
        self.width = self.machines + _MACHINES + _PAD + MARGIN
        self.y = MARGIN
        self.starts: dict[str, float] = {}
        self.ends: dict[str, float] = {}

    def shapes(self) -> list[Shape]:
        """Return all shapes, from back to front."""
        drawn: list[Shape] = [*self._head()]
        drawn += self._sources()
        if self.scene.gate is not None:
            drawn += self._row(self.scene.gate, leaving=True)
        top = self.y
        self.y += 30
        rows = [shape for row in self.scene.rows if row.arrows for shape in self._row(row)]
        rows += self._quiet_rows([row for row in self.scene.rows if not row.arrows])
        if self.scene.inside:
            rows += self._inside()
        frame = Box(self.machines - _PAD, top, _MACHINES + 2 * _PAD, self.y - top, TINT, round=10)
        title = Words(self.machines, top + 20, self.scene.cluster, _PLAIN, bold=True)
        self.y += MARGIN
        return [frame, *self._trunks(), *drawn, title, *rows]

    def _head(self) -> Iterator[Shape]:
        for line in wrap(self.scene.title, _HEAD, self.width - 2 * MARGIN, bold=True):
            self.y += _HEAD
            yield Words(MARGIN, self.y, line, _HEAD, bold=True)
            self.y += 8
        self.y += 12

    def _sources(self) -> Iterator[Shape]:
        """Draw those outside on the left, and on the right what holds for the whole."""
        top = self.y
        right = self.labels + _LABELS
        for source in self.scene.sources:
            yield self._source(source, right)
        lines = [line for fact in self.scene.facts for line in wrap(fact, _SMALL, _MACHINES - 2 * _PAD)]
        height = len(lines) * LINE + 2 * 8
        words = (
            Words(self.machines + _PAD, top + 8 + LINE * (place + 0.75), line, _SMALL, fill=QUIET)
            for place, line in enumerate(lines)
        )
        yield Group("facts", "", (Box(self.machines, top, _MACHINES, height), *words))
        self.y = max(self.y, top + height + 10) + 10

    def _source(self, source: Source, right: float) -> Shape:
        x = self.trunks[source.key] - 12
        color, dash = _style(source.key)
        details = wrap(source.detail, _SMALL, right - x - 24)
        height = 30 + LINE * len(details)
        shapes: list[Shape] = [
            Box(x, self.y, right - x, height, stroke=color, dash=dash),
            Words(x + 12, self.y + 18, source.title, _PLAIN, bold=True, fill=color),
            *(
                Words(x + 12, self.y + 18 + LINE * place, line, _SMALL, fill=QUIET)
                for place, line in enumerate(details, start=1)
            ),
        ]
        self.starts[source.key] = self.y + height
        self.y += height + 10
        return Group("source", "", tuple(shapes))

    def _row(self, row: Row, *, leaving: bool = False) -> Iterator[Shape]:
        """Draw machines and the arrows to them."""
        top = self.y
        blocks = [self._block(arrow) for arrow in row.arrows]
        needed = sum(height for _, height in blocks) + (26 if leaving else 0)
        least = _box_height(row, _MACHINES, _COLUMNS)
        forwards, reached = self._forwards(row, least, needed)
        height = max(least, needed, reached)
        yield _box(row, self.machines, top, _MACHINES, height, _COLUMNS)
        yield from forwards
        y = top
        for (lines, height_of_block), arrow in zip(blocks, row.arrows, strict=True):
            yield self._arrow(arrow, lines, y)
            y += height_of_block
        if leaving:
            yield self._leave(top + height - 14)
        self.y = top + height + _BETWEEN

    def _forwards(self, row: Row, least: float, needed: float) -> tuple[list[Group], float]:
        """Draw what is forwarded, below the machine where the arrows leave room for it and beside it elsewhere.

        Args:
            row: The gateway or router.
            least: How high its box is without this.
            needed: How high it is because of the arrows.

        Returns:
            The shapes, and how high the box has to be for them.
        """
        room = _MACHINES - 2 * _PAD
        below, height = draw_forwards(row.forwards, self.machines + _PAD, self.y + least, room)
        if least + height <= needed:
            return below, least + height
        third = (_MACHINES + _PAD) / _COLUMNS + _PAD
        return draw_forwards(row.forwards, self.machines + third, self.y, room - third)

    def _quiet_rows(self, rows: Sequence[Row]) -> Iterator[Shape]:
        """Draw machines that nobody outside reaches, small groups side by side."""
        for line in _packed(rows):
            unit = (_MACHINES - _PAD * (_COLUMNS - 1)) / _COLUMNS
            widths = [unit * _span(row) + _PAD * (_span(row) - 1) for row in line]
            height = max(_box_height(row, wide, _span(row)) for row, wide in zip(line, widths, strict=True))
            x = self.machines
            for row, wide in zip(line, widths, strict=True):
                yield _box(row, x, self.y, wide, height, _span(row))
                x += wide + _PAD
            self.y += height + _BETWEEN

    def _leave(self, y: float) -> Shape:
        """Draw the line from the gateway or router to where it leads down to the nodes."""
        key = self.scene.gate_key
        color, dash = _style(key)
        self.starts[key] = y
        return Line(((self.machines, y), (self.trunks[key], y)), color, dash)

    def _block(self, arrow: Arrow) -> tuple[list[tuple[Entry, tuple[str, ...]]], float]:
        """Return the lines at an arrow, and the height of it all."""
        room = _LABELS - 10 - ports_width(arrow.lines)
        lines = [(entry, entry_words(entry, room)) for entry in arrow.lines]
        title = len(wrap(arrow.title, _PLAIN, _LABELS - 10, bold=True))
        number = sum(entry_height(entry, words) for entry, words in lines)
        return lines, title * LINE + 5 + number + _BELOW + 6

    def _arrow(self, arrow: Arrow, lines: Sequence[tuple[Entry, tuple[str, ...]]], top: float) -> Shape:
        key = arrow.start
        color, dash = _style(key)
        shapes: list[Shape] = []
        y = top
        for line in wrap(arrow.title, _PLAIN, _LABELS - 10, bold=True):
            y += LINE
            shapes.append(Words(self.labels, y - 2, line, _PLAIN, bold=True, fill=color))
        y += 5
        start = (self.trunks[key], y)
        marked = any(entry.mark for entry in arrow.lines)
        weight = MARKED if marked else 1.8
        shapes.insert(0, Line((start, (self.machines, y)), color, dash, dot=True, arrow=True, weight=weight))
        self.ends[key] = max(self.ends.get(key, 0), y)
        ports = ports_width(arrow.lines)
        for entry, words in lines:
            shapes += draw_entry(entry, words, (self.labels, y), ports, _LABELS - 12)
            y += entry_height(entry, words)
        return Group("flow", "", tuple(shapes))

    def _inside(self) -> Iterator[Shape]:
        """Draw what the nodes reach on each other, as a table."""
        top, x = self.y, self.machines + _PAD
        self.y += 20
        shapes: list[Shape] = [Words(x, self.y, "Among themselves the nodes reach", _PLAIN, bold=True)]
        self.y += 4
        for target, entries in self.scene.inside:
            names = wrap(target, _SMALL, _INSIDE - 10, bold=True)
            texts = wrap(", ".join(map(_inside_text, entries)), _SMALL, _MACHINES - 2 * _PAD - _INSIDE)
            for place in range(max(len(names), len(texts))):
                self.y += LINE
                if place < len(names):
                    shapes.append(Words(x, self.y, names[place], _SMALL, bold=True))
                if place < len(texts):
                    shapes.append(Words(x + _INSIDE, self.y, texts[place], _SMALL, fill=QUIET))
            self.y += 3
        self.y += 8
        yield Group("inside", "", (Box(self.machines, top, _MACHINES, self.y - top), *shapes))
        self.y += _PAD

    def _trunks(self) -> Iterator[Shape]:
        for key, x in self.trunks.items():
            if key in self.ends:
                color, dash = _style(key)
                yield Line(((x, self.starts[key]), (x, self.ends[key])), color, dash)


def _inside_text(entry: Entry) -> str:
    return ports_text(entry) if entry.mark is None else f"{ports_text(entry)} ({entry.mark.word})"


def _span(row: Row) -> int:
    """Return how many columns machines take when they share the width with others."""
    return min(max(len(row.cards), 1), _COLUMNS)


def _packed(rows: Sequence[Row]) -> list[list[Row]]:
    """Return rows in lines that fit the width: each in the first line that has room."""
    lines: list[list[Row]] = []
    for row in rows:
        line = next((line for line in lines if sum(map(_span, line)) + _span(row) <= _COLUMNS), None)
        if line is None:
            lines.append([row])
        else:
            line.append(row)
    return lines


def _box_height(row: Row, width: float, columns: int) -> float:
    """Return how high the box of machines has to be."""
    room = width - 2 * _PAD
    title = len(wrap(row.title, _PLAIN, room, bold=True)) * _TITLE
    return 8 + title + (cards_height(row.cards, room, columns) if row.cards else 4)


def _box(row: Row, x: float, y: float, width: float, height: float, columns: int) -> Shape:
    """Draw machines: what they have in common, and a card for each."""
    room = width - 2 * _PAD
    shapes: list[Shape] = [Box(x, y, width, height, dash="" if row.cards else "4 3")]
    line_at = y + _TITLE
    for line in wrap(row.title, _PLAIN, room, bold=True):
        shapes.append(Words(x + _PAD, line_at, line, _PLAIN, bold=True))
        line_at += _TITLE
    shapes += draw_cards(row.cards, x + _PAD, line_at - 10, room, columns)
    return Group("row", "", tuple(shapes))


def _style(key: str) -> tuple[str, str]:
    return _STYLES[key.partition(" ")[0]]
