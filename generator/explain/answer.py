"""What an explanation is made of. Types only."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

import msgspec

from generator.context import Context
from generator.facts import Facts
from generator.load import Source
from generator.plan import Plan


class About(msgspec.Struct, frozen=True):
    """What there is to explain words by.

    Attributes:
        facts: Of the topology's release and edition, or of the newest release.
        plan: None without a topology, as the following two.
        context: What the words of the topology refer to.
        source: Where they stand.
    """

    facts: Facts
    plan: Plan | None = None
    context: Context | None = None
    source: Source | None = None

    @property
    def label(self) -> str:
        """The release and edition, in words."""
        return f"Carbonio {self.facts.release.name} {self.facts.edition}"


class Section(msgspec.Struct, frozen=True):
    """Lines under a heading."""

    title: str
    lines: tuple[str, ...]


class Answer(msgspec.Struct, frozen=True):
    """One meaning of a word.

    Attributes:
        title: What it is.
        text: In paragraphs.
        sections: Details.
        sources: Where that is written.
    """

    title: str
    text: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    sources: tuple[str, ...] = ()


Look: TypeAlias = Callable[[str, About], Iterator[Answer]]


def section(title: str, lines: list[str]) -> tuple[Section, ...]:
    """Return a section, or none where there is nothing to say."""
    return (Section(title, tuple(dict.fromkeys(lines))),) if lines else ()


_DOCUMENT = re.compile(r"TD ([\w.]+) (source/\S+?\.rst)")


def sources(texts: Iterable[str]) -> tuple[str, ...]:
    """Return where something is written, each once, files of the documentation as links.

    Args:
        texts: Sources of facts; the tags are explained in generator/facts/README.md.
    """
    linked = (_DOCUMENT.sub(r"https://github.com/zextras/tech-doc/blob/\1/\2", text) for text in texts)
    return unique([part for text in linked for part in text.split("; ")])


def unique(texts: list[str]) -> tuple[str, ...]:
    """Return texts in their order, each once."""
    return tuple(dict.fromkeys(text for text in texts if text))
