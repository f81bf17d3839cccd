"""A review as Markdown for a comment: never longer than a comment may be, and nothing in it acts."""

import re
from collections.abc import Iterator

from generator.review.document import Item, Names, Section
from generator.review.model import Review
from generator.review.sections import sections

LIMIT = 65_536
"""What GitHub takes in a comment, in characters; counted in bytes here, which are never fewer."""

_ROOM = 1_000
"""For what a script puts before or behind it."""

_ALL = 1_000_000
_LEVELS = (
    *((200, 1000, _ALL), (50, 200, _ALL), (20, 100, _ALL), (8, 60, _ALL), (3, 30, _ALL), (1, 10, _ALL), (1, 3, _ALL)),
    *((1, 3, 300), (1, 3, 100), (1, 3, 30), (1, 1, 10)),
)
"""Names in a list, items in a section, and items in one that is kept whole, tried in this order until all fits."""

_CUT = "More does not fit here: the page and the JSON have it."

_LONGEST = 300
"""Characters of one name; longer ones are made to impress."""

_ACTIVE = re.compile(r"[\\`*_\[\]#|<>~&]")
_LINKS = re.compile(r"(?<=[@#])|(?<=http)(?=s?:)|(?<=www)(?=\.)|(?<=://)", re.IGNORECASE)
_INVISIBLE = "\u200b"
_MARKS = {"bad": "\u26d4 ", "care": "\u26a0\ufe0f ", "good": "\u2705 ", "": ""}


def markdown(review: Review) -> str:
    """Return the comment."""
    found = ""
    for names, items, whole in _LEVELS:
        found = "\n".join(_lines(review, names, items, whole)) + "\n"
        if len(found.encode()) <= LIMIT - _ROOM:
            return found
    return _cut(found)


def _cut(text: str) -> str:
    """Return as many whole lines as fit; only texts that are made to impress come here."""
    found, room = [], LIMIT - _ROOM - len(_CUT.encode())
    for line in text.splitlines():
        # A line that is too long by itself says less than those behind it.
        if (size := len(line.encode()) + 1) <= room:
            found.append(line)
            room -= size
    folded = sum(line.startswith("<details>") for line in found) - found.count("</details>")
    return "\n".join([*found, *("</details>",) * folded, "", _CUT]) + "\n"


def _lines(review: Review, names: int, items: int, whole: int) -> Iterator[str]:
    failing = review.fails
    yield f"## {_MARKS['bad'] if failing else ''}{escaped(review.verdict)}"
    yield ""
    yield f"Compared with {code(review.base)}{'' if review.terraform else ', without a Terraform plan'}."
    for section in sections(review):
        yield ""
        yield from _section(section, names, whole if section.whole else items)


def _section(section: Section, names: int, most: int) -> Iterator[str]:
    number = f" ({len(section.items)})" if section.items else ""
    if section.folded:
        yield f"<details><summary>{section.title}{number}</summary>"
    else:
        yield f"### {section.title}{number}"
    yield ""
    if section.lead:
        yield escaped(section.lead)
        yield ""
    for item in section.items[:most]:
        yield _item(item, names)
    if len(section.items) > most:
        yield f"- … and {len(section.items) - most} more, which the page and the JSON have."
    if section.folded:
        yield ""
        yield "</details>"


def _item(item: Item, names: int) -> str:
    text = "".join(escaped(part) if isinstance(part, str) else _names(part, names) for part in item.text)
    return f"- {_MARKS[item.tone]}{text}"


def _names(part: Names, most: int) -> str:
    more = len(part.names) - most
    return ", ".join(map(code, part.names[:most])) + (f" and {more} more" if more > 0 else "")


def escaped(text: str) -> str:
    """Return a text in which nothing is Markdown, HTML, a link or a mention."""
    text = "".join(char if char.isprintable() else " " for char in text)
    return _ACTIVE.sub(lambda found: f"&#{ord(found[0])};", _LINKS.sub(_INVISIBLE, text))


def code(text: str) -> str:
    """Return a text as a code span; whatever is in it stays as it is, but for what has no sign."""
    text = "".join(char if char.isprintable() else "\ufffd" for char in text)
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}…"
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1)
    space = " " if not text or "`" in (text[0], text[-1]) or text != text.strip() else ""
    return f"{fence}{space}{text}{space}{fence}"
