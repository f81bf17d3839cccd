"""Plain text that fits a terminal of 80 columns: paragraphs, lists, tables."""

import textwrap
from collections.abc import Iterator, Sequence

WIDTH = 80
_GAP = "  "
_NARROWEST = 24
"""A last column of a table that has less room than this, or than a word of it, goes below its row."""


def section(title: str) -> Iterator[str]:
    """Yield a heading with the empty line before it."""
    yield ""
    yield title
    yield "-" * len(title)


def paragraph(text: str, indent: str = "", hanging: str | None = None, *, anywhere: bool = False) -> Iterator[str]:
    """Yield a text in lines; a word that is too long by itself stays whole.

    Args:
        text: One paragraph.
        indent: What its first line begins with.
        hanging: What the others begin with; the indent where it is None.
        anywhere: Long words are broken too.
    """
    yield from textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent if hanging is None else hanging,
        break_long_words=anywhere,
        break_on_hyphens=False,
    ) or [indent.rstrip()]


def listed(names: Sequence[str]) -> str:
    """Return names as a list in words."""
    return ", ".join(names)


def table(rows: Sequence[Sequence[str]], indent: str = "", right: Sequence[int] = ()) -> Iterator[str]:
    """Yield rows in columns as wide as their widest cell; the last one is wrapped.

    Args:
        rows: Each with the same number of cells, one at least.
        indent: What every line begins with.
        right: Numbers of the columns that end at the right.
    """
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    before = len(indent) + sum(widths) + len(_GAP) * len(widths)
    longest = max((len(word) for row in rows for word in row[-1].split()), default=0)
    beside = " " * before if WIDTH - before >= max(_NARROWEST, longest) else ""
    for row in rows:
        cells = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=False))
        ]
        start = indent + "".join(cell + _GAP for cell in cells)
        if beside or len(start) + len(row[-1]) <= WIDTH:
            yield from (line.rstrip() for line in paragraph(row[-1], start, beside or start))
        else:
            yield start.rstrip()
            yield from paragraph(row[-1], f"{indent}    ")
