"""Reads a picture of a plan again: as XML, and as a browser draws it."""

from __future__ import annotations

import itertools
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

SVG = "{http://www.w3.org/2000/svg}"
TITLE_SIZE = "13"
SLACK = 0.5
AA_TEXT, AA_LINE = 4.5, 3.0


class Arrow(NamedTuple):
    """What an arrow says, and the names of the machines that it points to; what is no machine by its title."""

    title: str
    lines: frozenset[tuple[str, str]]
    target: frozenset[str]


class Rect(NamedTuple):
    """A rectangle, or what a shape takes of the picture."""

    left: float
    top: float
    right: float
    bottom: float

    def contains(self, other: Rect, margin: float = 0) -> bool:
        """Tell whether another lies within it, with a margin."""
        return (
            self.left + margin <= other.left + SLACK
            and self.top + margin <= other.top + SLACK
            and other.right <= self.right - margin + SLACK
            and other.bottom <= self.bottom - margin + SLACK
        )

    def overlaps(self, other: Rect) -> bool:
        """Tell whether they have more than an edge in common."""
        return (
            min(self.right, other.right) - max(self.left, other.left) > SLACK
            and min(self.bottom, other.bottom) - max(self.top, other.top) > SLACK
        )


def parse(text: str) -> ET.Element:
    """Return the picture as XML."""
    return ET.fromstring(text)  # noqa: S314 - it was made a moment ago


def words(element: ET.Element) -> list[str]:
    """Return all texts of an element, in their order."""
    return ["".join(one.itertext()) for one in element.iter(f"{SVG}text")]


def nodes(root: ET.Element) -> dict[str, list[str]]:
    """Return what the card of each machine says, by its name."""
    found = {}
    for group in root.iter(f"{SVG}g"):
        if group.get("class") == "node":
            name = group.findtext(f"{SVG}title") or ""
            assert name not in found, f"{name} is drawn twice"
            found[name] = words(group)
    return found


def arrows(root: ET.Element) -> list[Arrow]:
    """Return the arrows, each with what its tip touches."""
    rows = [_row(group) for group in root.iter(f"{SVG}g") if group.get("class") == "row"]
    found = []
    for group in root.iter(f"{SVG}g"):
        if group.get("class") != "flow":
            continue
        (tip,) = group.iter(f"{SVG}polygon")
        x, y = map(float, tip.attrib["points"].split()[0].split(","))
        (target,) = [names for rect, names in rows if abs(rect.left - x) < 1 and rect.top < y < rect.bottom]
        found.append(Arrow(*_said(group), target))
    return found


def forwards(root: ET.Element) -> dict[str, frozenset[tuple[str, str]]]:
    """Return what the gateway's or the router's box says that it forwards, by the title of its source."""
    return dict(_said(group) for group in root.iter(f"{SVG}g") if group.get("class") == "forwards")


def _row(group: ET.Element) -> tuple[Rect, frozenset[str]]:
    box = next(group.iter(f"{SVG}rect"))
    names = [one.findtext(f"{SVG}title") or "" for one in group.iter(f"{SVG}g") if one.get("class") == "node"] or [
        " ".join(words(group))
    ]
    return _rect(box), frozenset(names)


def _rect(box: ET.Element) -> Rect:
    x, y, width, height = (float(box.attrib[name]) for name in ("x", "y", "width", "height"))
    return Rect(x, y, x + width, y + height)


def _said(group: ET.Element) -> tuple[str, frozenset[tuple[str, str]]]:
    title, lines = [], []
    for one in group.iter(f"{SVG}text"):
        text = "".join(one.itertext())
        if one.get("font-size") == TITLE_SIZE:
            title.append(text)
        elif one.get("font-weight") == "bold":
            lines.append([text, ""])
        else:
            lines[-1][1] = f"{lines[-1][1]} {text}".strip()
    return " ".join(title), frozenset((ports, what) for ports, what in lines)


def why_no_browser() -> str:
    """Return why pictures cannot be drawn here; empty where they can."""
    if shutil.which("chromium") is None:
        return "chromium is not installed: nobody draws the pictures"
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "playwright is not installed: nobody drives chromium to draw the pictures"
    return ""


@contextmanager
def browser() -> Iterator[Any]:
    """Start a browser without network, and end it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        try:
            context = started.new_context(offline=True, java_script_enabled=True)
            yield context.new_page()
        finally:
            started.close()


_MEASURE = """() => {
  const root = document.querySelector('svg');
  const rect = (one) => { const b = one.getBBox(); return [b.x, b.y, b.x + b.width, b.y + b.height]; };
  const all = (name) => [...root.querySelectorAll(name)];
  const view = root.viewBox.baseVal;
  return {
    view: [0, 0, view.width, view.height],
    texts: all('text').map((one) => ({text: one.textContent, rect: rect(one), fill: one.getAttribute('fill')})),
    boxes: all('rect').map((one) => ({rect: rect(one), fill: one.getAttribute('fill')})),
    lines: all('polyline').map((one) => ({
      points: [...one.points].map((p) => [p.x, p.y]), stroke: one.getAttribute('stroke'),
    })),
    tips: [...all('polygon'), ...all('circle')].map(rect),
  };
}"""


def faults(page: Any, text: str) -> list[str]:
    """Return what is wrong with a picture as the browser draws it."""
    page.set_content(f"<style>body {{ margin: 0 }}</style>{text}")
    drawn = page.evaluate(_MEASURE)
    view = Rect(*drawn["view"])
    texts = [(one["text"], Rect(*one["rect"]), one["fill"]) for one in drawn["texts"]]
    boxes = [(Rect(*one["rect"]), one["fill"]) for one in drawn["boxes"]]
    segments = [
        (
            Rect(min(a[0], b[0]) - 0.9, min(a[1], b[1]) - 0.9, max(a[0], b[0]) + 0.9, max(a[1], b[1]) + 0.9),
            one["stroke"],
        )
        for one in drawn["lines"]
        for a, b in itertools.pairwise(one["points"])
    ]
    shapes = [*(rect for rect, _ in segments), *(Rect(*one) for one in drawn["tips"])]
    found = [f"{text!r} leaves the picture" for text, rect, _ in texts if not view.contains(rect, 4)]
    found += [f"a box leaves the picture: {box}" for box, _ in boxes if not view.contains(box)]
    found += [f"a line leaves the picture: {shape}" for shape in shapes if not view.contains(shape)]
    found += [
        f"{one[0]!r} and {other[0]!r} overlap"
        for one, other in itertools.combinations(texts, 2)
        if one[1].overlaps(other[1])
    ]
    for text_, rect, _ in texts:
        found += [f"{text_!r} leaves its box" for box, _ in boxes if box.overlaps(rect) and not box.contains(rect, 2)]
        found += [f"{text_!r} is crossed by a line" for shape in shapes if shape.overlaps(rect)]
    for (one, _), (other, _) in itertools.combinations(boxes, 2):
        if one.overlaps(other) and not (one.contains(other) or other.contains(one)):
            found.append(f"boxes overlap: {one} {other}")
    found += [
        f"{text_!r} has a contrast of {ratio:.1f}"
        for text_, rect, fill in texts
        if (ratio := contrast(fill, _behind(rect, boxes))) < AA_TEXT
    ]
    found += [
        f"a line has a contrast of {contrast(stroke, '#ffffff'):.1f}"
        for _, stroke in segments
        if contrast(stroke, "#ffffff") < AA_LINE
    ]
    return found


def _behind(rect: Rect, boxes: list[tuple[Rect, str]]) -> str:
    """Return the color of the box that was drawn last where a text stands."""
    return next((fill for box, fill in reversed(boxes) if box.contains(rect)), "#ffffff")


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colors by WCAG 2.2, 1.4.3."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(color: str) -> float:
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
