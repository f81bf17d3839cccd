"""What a review for people is made of: sections of sentences with names in them. Types only."""

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

Tone: TypeAlias = Literal["bad", "care", "good", ""]


class Names(NamedTuple):
    """Names and values, to be set apart from the words around them; formats shorten long lists of them."""

    names: tuple[str, ...]


Text: TypeAlias = tuple[str | Names, ...]


class Item(NamedTuple):
    """A sentence or two; `tone` tells what it means for the deployment."""

    text: Text
    tone: Tone = ""


class Section(NamedTuple):
    """What belongs together.

    Attributes:
        id: Stable word.
        lead: What is to be said of all of it; may be empty.
        items: Not empty, unless the lead says it all.
        folded: Not to be read by everybody.
        whole: Where there is no room for all, its items are kept before those of others, and as long as they can be.
    """

    id: str
    title: str
    lead: str
    items: tuple[Item, ...]
    folded: bool = False
    whole: bool = False


def plain(text: Sequence[str | Names], most: int) -> str:
    """Return a text without any marks; of each list at most so many names."""
    return "".join(part if isinstance(part, str) else shortened(part, most) for part in text)


def shortened(names: Names, most: int) -> str:
    """Return names as `a, b and 5 more`."""
    more = len(names.names) - most
    return ", ".join(names.names[:most]) + (f" and {more} more" if more > 0 else "")
