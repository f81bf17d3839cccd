"""Questions of `generate init`, and how their answers are read: what all topologies and each cloud's own file share."""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec

from generator.kinds.kind import Kind
from generator.problems import listing, nearest

Reader: TypeAlias = Callable[[str], tuple[str, ...]]
"""From the text of an answer to the values as a topology has them; raises ValueError with a whole sentence."""

_LONGEST_SHOWN = 40
_UNIT = 1024


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a deployment when a cloud's own questions come.

    Attributes:
        exposure: How the Internet reaches the nodes.
        nodes: Roles by node.
        exposed: Nodes that the Internet reaches, in the order of the file.
        os: Operating system of the nodes.
    """

    exposure: str
    nodes: Mapping[str, tuple[str, ...]]
    exposed: tuple[str, ...]
    os: str


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question as it stands after the answers before it.

    Attributes:
        title: What is asked, in a few words.
        why: What the answer is good for, as one sentence.
        read: Reads the answer.
        default: What an empty answer means; empty where there is no such thing.
        example: What an answer looks like, where there is no default.
        choices: The words that may be answered, each with what it means; where they are few.
        words: The words that may be answered, where they are many.
        path: Where the values go in the topology, where the writer of topologies does not know it.
        keys: The keys of the values at that place; none where a value stands there itself.
        number: The values are numbers, which stand in a topology without quotes.
        default_value: What holds where the topology says nothing; an equal value stands there as a comment.
        comment: What the topology says above it.
        notice: What has to be done before anything is built; empty where there is nothing.
        silent: It answers itself: the default is taken, unless an option says something else.
    """

    title: str
    why: str
    read: Reader
    default: str = ""
    example: str = ""
    choices: Mapping[str, str] = {}
    words: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    number: bool = False
    default_value: str = ""
    comment: str = ""
    notice: str = ""
    silent: bool = False


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is asked or given as an option.

    Attributes:
        option: Name of the option, without hyphens before it.
        metavar: What stands for its value in the help; empty for options that are yes or no.
        help: What it says, in a few words.
        ask: Returns the question, or None where there is none; called with a `Draft`, or with all
            answers so far where it belongs to every topology.
        joint: Given several times, the values are joined with this; empty where only one counts.
        pivotal: Other questions depend on the answer.
        depends: The question depends on such an answer.
    """

    option: str
    metavar: str
    help: str
    ask: Callable[[Any], Question | None]
    joint: str = ""
    pivotal: bool = False
    depends: bool = False


def shown(text: str) -> str:
    """Return an answer as messages show it: quoted, cut, and without what terminals obey."""
    if "PRIVATE KEY" in text:
        return "a private key (not shown)"
    plain = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text[:_LONGEST_SHOWN])
    return f'"{plain}{"..." if len(text) > _LONGEST_SHOWN else ""}"'


def one(kind: Kind, write: Callable[[Any], str] = str) -> Reader:
    """Return a reader of one value.

    Args:
        kind: What it has to be.
        write: How a value of the model is written in a topology.
    """

    def read(text: str) -> tuple[str, ...]:
        return (_parse(kind, text, write),)

    return read


def several(kind: Kind, count: int = 0) -> Reader:
    """Return a reader of values between commas or blanks: so many, or any number but none."""

    def read(text: str) -> tuple[str, ...]:
        parts = re.split(r"[,\s]+", text.strip(", \t"))
        found = tuple(_parse(kind, part, str) for part in parts)
        if count and len(found) != count:
            raise ValueError(f"{count} are needed, and these are {len(found)}")
        return found

    return read


def whole(kind: Kind, write: Callable[[Any], str] = str) -> Reader:
    """Return a reader of one value that begins with a number; a number alone is read as one, as YAML does."""

    def read(text: str) -> tuple[str, ...]:
        return (_parse(kind, int(text) if re.fullmatch(r"[0-9]{1,18}", text) else text, write),)

    return read


def chosen(words: Mapping[str, str] | tuple[str, ...], what: str) -> Reader:
    """Return a reader of one of some words.

    Args:
        words: They, or by other ways to write them.
        what: What they are, with an article.
    """

    def read(text: str) -> tuple[str, ...]:
        word = next((one for one in words if one.lower() == text.lower()), "")
        if not word:
            hint = nearest(text, tuple(words)) or f"; known are {listing(tuple(words))}"
            raise ValueError(f"{shown(text)} is not {what}{hint}")
        return (word,)

    return read


def size_text(gib: int) -> str:
    """Return a size as a topology has it."""
    return f"{gib // _UNIT} TB" if gib % _UNIT == 0 and gib else f"{gib} GB"


def _parse(kind: Kind, value: object, write: Callable[[Any], str]) -> str:
    try:
        return write(kind.parse(value))
    except ValueError as reason:
        why = f": {reason}" if str(reason) else ""
        raise ValueError(f"{shown(str(value))} is not {kind.expected}{why}") from None
