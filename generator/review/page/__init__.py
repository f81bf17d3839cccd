"""A review as one HTML file: all of it, with the network before and after. It loads nothing and sends nothing."""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from generator.paths import TEMPLATES
from generator.picture import draw_scene, make_scene
from generator.picture.scene import Card, Mark
from generator.plan import Plan
from generator.review.document import Names
from generator.review.model import Review
from generator.review.page.headline import answers, gravity
from generator.review.page.marks import (
    marked_scene,
    node_marks,
    roles_of,
    ways_of_terraform_alone,
    with_terraform_alone,
)
from generator.review.page.ways import ZONES, Happens, Way, all_ways
from generator.review.sections import sections
from generator.review.side import Side

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["page"]

_FOLDER = TEMPLATES / "review"
_DESCRIPTION = "The tables of machines and of ways below say the same in words."


class Picture(NamedTuple):
    """One side of the change, drawn."""

    name: str
    title: str
    svg: str


class WayRow(NamedTuple):
    """A row of the table of ways; `roles` and `ports` are what the filter finds it by."""

    way: Way
    roles: str
    ports: str


class NodeRow(NamedTuple):
    """A row of the table of machines; `ways` are the numbers of the ways to it."""

    name: str
    roles: tuple[str, ...]
    about: tuple[str, ...]
    marks: tuple[Mark, ...]
    ways: str


def page(review: Review, before: Side | None, after: Side) -> str:
    """Return the page.

    Args:
        review: What it says.
        before: What the change starts from, as far as it is known.
        after: What it leads to.
    """
    old, new = (None if before is None else before.plan), after.plan
    found = sections(review)
    plans = (new,) if old is None else (old, new)
    ways = (*ways_of_terraform_alone(review), *all_ways(old, new, compared=not review.partial))
    sides = node_marks(review, old, new)
    css, script = ((_FOLDER / name).read_text("utf-8") for name in ("page.css", "page.js"))
    tone, word = gravity(review, found)
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            review=review,
            name=new.deployment.name,
            policy=_policy(css, script),
            css=css,
            script=script,
            tone=tone,
            word=word,
            answers=answers(review),
            sections=found,
            pictures=tuple(_pictures(review, old, new, ways, sides)),
            zones={zone: title for zone, title in ZONES.items() if any(way.zone == zone for way in ways)},
            zone_titles=ZONES,
            roles=_roles(*plans),
            ways=tuple(_way_row(way, *plans) for way in ways),
            nodes=tuple(_node_rows(old, new, ways, sides)),
        )
    )


def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    found = Environment(
        loader=FileSystemLoader(_FOLDER),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
    )
    found.filters["shown"] = shown
    found.filters["raw"] = Markup
    found.tests["names"] = lambda value: isinstance(value, Names)
    return found


def shown(text: str) -> str:
    """Return a text with a sign for whatever has none of its own, or changes how others are read."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def _policy(css: str, script: str) -> str:
    """Return the content security policy: nothing but this style and this script, and no text becomes a script."""
    style, program = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (css, script))
    return (
        f"default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{program}'; base-uri 'none'; "
        "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _pictures(
    review: Review, old: Plan | None, new: Plan, ways: tuple[Way, ...], sides: tuple[dict[str, tuple[Mark, ...]], ...]
) -> Iterator[Picture]:
    # Of a new deployment all would be marked.
    happens: Happens = "" if old is None else "opened"
    marks = {} if review.fresh else sides[1]
    scene = with_terraform_alone(marked_scene(new, old, ways, happens, marks), review)
    title = "After the change" if old is not None else "The network"
    yield Picture("after", title, draw_scene(scene, "after", _DESCRIPTION))
    if old is not None:
        scene = marked_scene(old, new, ways, "closed", sides[0])
        yield Picture("before", "Before the change", draw_scene(scene, "before", _DESCRIPTION))


def _roles(*plans: Plan) -> list[str]:
    return sorted({role for plan in plans for node in plan.nodes.values() for role in node.roles})


def _way_row(way: Way, *plans: Plan) -> WayRow:
    return WayRow(way, " ".join(roles_of(way, *plans)), f"{way.ports}/{way.protocol}")


def _node_rows(
    old: Plan | None, new: Plan, ways: Iterable[Way], sides: tuple[dict[str, tuple[Mark, ...]], ...]
) -> Iterator[NodeRow]:
    numbers: dict[str, list[str]] = {}
    for number, way in enumerate(ways):
        for node in way.nodes:
            numbers.setdefault(node, []).append(str(number))
    cards = {name: card for plan in (old, new) if plan is not None for name, card in _cards(plan).items()}
    for name, card in sorted(cards.items()):
        plan = new if name in new.nodes or old is None else old
        marks = sides[1 if name in new.nodes else 0].get(name, ())
        yield NodeRow(name, plan.nodes[name].roles, card.lines, marks, " ".join(numbers.get(name, ())))


def _cards(plan: Plan) -> dict[str, Card]:
    scene = make_scene(plan)
    rows = scene.rows if scene.gate is None else (*scene.rows, scene.gate)
    return {card.name: card for row in rows for card in row.cards if card.name in plan.nodes}
