"""Writes SVG: rectangles, lines and lines of text. Nothing in it is loaded or run."""

from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape, quoteattr

import msgspec

FONT = "'DejaVu Sans', Verdana, Arial, sans-serif"
INK, QUIET, PAPER, TINT, FRAME = "#1a1a1a", "#4a4f57", "#ffffff", "#f3f5f8", "#6b7280"
"""Text, lesser text, background, background of the cluster, outlines. Texts have a contrast of 7 or more."""

MARKED = 3.0
"""Width of lines that shall be seen first."""


def number(value: float) -> str:
    """Return a coordinate, without digits that nobody sees."""
    return f"{value:.1f}".removesuffix(".0")


def clean(text: str) -> str:
    """Return a text without what XML cannot hold."""
    return "".join(char if char.isprintable() else " " for char in text)


class Box(msgspec.Struct, frozen=True):
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float
    fill: str = PAPER
    stroke: str = FRAME
    dash: str = ""
    round: float = 6
    weight: float = 1.2

    def svg(self) -> str:
        """Return it as an element."""
        dash = f' stroke-dasharray="{self.dash}"' if self.dash else ""
        return (
            f'<rect x="{number(self.x)}" y="{number(self.y)}" width="{number(self.width)}" '
            f'height="{number(self.height)}" rx="{number(self.round)}" fill="{self.fill}" '
            f'stroke="{self.stroke}" stroke-width="{self.weight}"{dash}/>'
        )


class Line(msgspec.Struct, frozen=True):
    """A line through points; it may end in an arrow that points to the right, or begin in a dot."""

    points: tuple[tuple[float, float], ...]
    stroke: str
    dash: str = ""
    dot: bool = False
    arrow: bool = False
    weight: float = 1.8

    def svg(self) -> str:
        """Return it as elements."""
        points = [*self.points]
        end = points[-1]
        parts = []
        if self.arrow:
            points[-1] = (end[0] - 7, end[1])
            tip = (end, (end[0] - 9, end[1] - 4.5), (end[0] - 9, end[1] + 4.5))
            parts.append(f'<polygon points="{_points(tip)}" fill="{self.stroke}"/>')
        if self.dot:
            start = points[0]
            parts.append(f'<circle cx="{number(start[0])}" cy="{number(start[1])}" r="4" fill="{self.stroke}"/>')
        dash = f' stroke-dasharray="{self.dash}"' if self.dash else ""
        parts.append(
            f'<polyline points="{_points(points)}" fill="none" stroke="{self.stroke}" '
            f'stroke-width="{self.weight}"{dash}/>'
        )
        return "".join(parts)


class Words(msgspec.Struct, frozen=True):
    """One line of text, by the left end of its base line."""

    x: float
    y: float
    text: str
    size: float = 12
    bold: bool = False
    fill: str = INK

    def svg(self) -> str:
        """Return it as an element."""
        weight = ' font-weight="bold"' if self.bold else ""
        return (
            f'<text x="{number(self.x)}" y="{number(self.y)}" font-size="{number(self.size)}"{weight} '
            f'fill="{self.fill}">{escape(clean(self.text))}</text>'
        )


class Group(msgspec.Struct, frozen=True):
    """Shapes that belong together: a node, or the flows of an arrow.

    Attributes:
        kind: Its class.
        title: What a pointing device shows; empty for none.
        data: Names and values by which a page finds it.
    """

    kind: str
    title: str
    shapes: "tuple[Shape, ...]"
    data: tuple[tuple[str, str], ...] = ()

    def svg(self) -> str:
        """Return it as an element."""
        title = f"<title>{escape(clean(self.title))}</title>" if self.title else ""
        inner = "\n".join(shape.svg() for shape in self.shapes)
        data = "".join(f" data-{name}={quoteattr(clean(value))}" for name, value in self.data)
        return f"<g class={quoteattr(self.kind)}{data}>{title}\n{inner}\n</g>"


Shape = Box | Line | Words | Group


def document(shapes: Iterable[Shape], size: tuple[float, float], title: str, description: str, name: str) -> str:
    """Return a whole picture.

    Args:
        shapes: What is drawn, from back to front.
        size: Its width and height.
        title: Its name for screen readers.
        description: What it shows, in words.
        name: Its own in the file that it stands in.
    """
    return "\n".join(_document(shapes, size, title, description, name)) + "\n"


def _document(
    shapes: Iterable[Shape], size: tuple[float, float], title: str, description: str, name: str
) -> Iterator[str]:
    width, height = map(number, size)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" aria-labelledby="{name}-title {name}-description" font-family="{FONT}">'
    )
    yield f'<title id="{name}-title">{escape(clean(title))}</title>'
    yield f'<desc id="{name}-description">{escape(clean(description))}</desc>'
    yield f'<rect width="{width}" height="{height}" fill="{PAPER}"/>'
    yield from (shape.svg() for shape in shapes)
    yield "</svg>"


def _points(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{number(x)},{number(y)}" for x, y in points)
