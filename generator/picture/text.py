"""How wide a text will be, at most: no font is at hand when the picture is drawn."""

from collections.abc import Sequence

# Advance widths of DejaVu Sans in thousandths of the size, rounded up. Among the fonts that viewers put
# for sans-serif it is the widest (Verdana has the same widths; Arial, Helvetica and Roboto are narrower).
_REGULAR = {
    300: "'IJijl",
    350: " ,./:;\\|",
    400: "()-[]ft",
    450: "!r",
    500: '"*_`',
    550: "?csz",
    600: "FLkvxy",
    650: "0123456789$EPSTYabdeghnopqu{}",
    700: "ABCKRVXZ",
    750: "NU",
    800: "&DGHOQ",
    850: "#+<=>^w~",
    900: "M",
    1000: "%@Wm",
}
_BOLD = {
    350: " 'ijl",
    400: ",./:;IJ\\|",
    450: "-f",
    500: "!()[]_`rt",
    550: '"*',
    600: "?csz",
    650: "Lx",
    700: "0123456789$EFTaekovy",
    750: "CPSYZbdghnpqu{}",
    800: "ABKRVX",
    850: "#+<=>DGHNU^~",
    900: "&OQ",
    950: "w",
    1000: "@M",
    1050: "%m",
    1150: "W",
}
_WIDEST = 1150
_WIDTHS = {
    bold: {char: width for width, chars in table.items() for char in chars}
    for bold, table in ((False, _REGULAR), (True, _BOLD))
}


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the room that a text takes at most.

    Args:
        text: One line.
        size: Of the font, in the units of the picture.
        bold: It is set in bold.
    """
    widths = _WIDTHS[bold]
    return sum(widths.get(char, _WIDEST) for char in text) * size / 1000


def wrap(text: str, size: float, room: float, *, bold: bool = False) -> tuple[str, ...]:
    """Return a text in lines that fit; a word that is too long by itself is broken.

    Args:
        text: One paragraph.
        size: Of the font.
        room: Width of the lines.
        bold: It is set in bold.
    """
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if width(longer, size, bold=bold) <= room:
            line = longer
            continue
        if line:
            lines.append(line)
        *full, line = _pieces(word, size, room, bold=bold)
        lines += full
    return (*lines, line) if line or not lines else tuple(lines)


def _pieces(word: str, size: float, room: float, *, bold: bool) -> Sequence[str]:
    """Return a word in pieces that fit, one at least."""
    pieces = [""]
    for char in word:
        if pieces[-1] and width(pieces[-1] + char, size, bold=bold) > room:
            pieces.append("")
        pieces[-1] += char
    return pieces
