"""`--set KEY=VALUE` as a tree: KEY is a path with dots, VALUE is YAML.

All options together read as one file of the name `--set`, a line for each, so that whatever is wrong with one of them
has a line and a column as in any other file.
"""

import re
from collections.abc import Sequence

import yaml

from generator.kinds import RELEASE
from generator.kinds.kind import Kind
from generator.load.merge import Item, Step
from generator.load.parse import parse_text
from generator.load.shape import Shape
from generator.load.source import problem_at
from generator.problems import Problem

SET = "--set"
"""The name of that file."""

_KEY = re.compile(r"""(?P<quote>["'])(?P<quoted>.*?)(?P=quote)|(?P<plain>[^.=\[\]"']+)""")
_INDEX = re.compile(r"\[(\d{1,6})\]")
_LINE_BREAK = re.compile("[\n\r\x85\u2028\u2029]")
_MOST_STEPS = 32
_EXAMPLE = "Write KEY=VALUE, as in: --set cloud.region=fsn1"
_QUOTES = "A key with a dot stands in quotes, as in: --set 'domains.\"example.org\".dkim.selector=mail'"


class _WrongSetError(Exception):
    def __init__(self, column: int, message: str, mend: str = _EXAMPLE) -> None:
        super().__init__(message)
        self.column = column
        self.mend = mend


def assignment(text: str, line: int, top: Shape) -> tuple[yaml.Node | None, list[Problem]]:
    """Parse one option.

    Args:
        text: `KEY=VALUE`.
        line: Which option it is, counted from 0.
        top: What the path starts in.

    Returns:
        Its tree, to be merged over others, and what is wrong with it.
    """
    try:
        keys, at = _keys(text, line)
        shape = _shape_of(keys, top)
        value, problems = _value(text, line, at)
    except _WrongSetError as error:
        return None, [problem_at(_mark(line, error.column), SET, "wrong-set", str(error), error.mend)]
    if value is None:
        return None, problems
    if shape is not None and shape.kind is RELEASE and isinstance(value, yaml.ScalarNode):
        value.style = '"'  # The shell took the quotes; nothing reads this text as a number before we do.
    for key, index in reversed(keys):
        kind = Step if index is None else Item
        tag = "tag:yaml.org,2002:map"
        value = kind(tag, [(key, value)], key.start_mark, value.end_mark)
    return value, problems


def text_of(assignments: Sequence[str]) -> str:
    """Return the text of the file that all options together are: a line each, whatever they hold."""
    return "\n".join(_LINE_BREAK.sub(" ", text) for text in assignments)


def _keys(text: str, line: int) -> tuple[list[tuple[yaml.ScalarNode, int | None]], int]:
    """Return the steps of the path, and where the value starts."""
    found: list[tuple[yaml.ScalarNode, int | None]] = []
    at = 0
    broken = _LINE_BREAK.search(text)
    if broken is not None:
        raise _WrongSetError(broken.start(), "KEY=VALUE stands on one line", "Put it into a file, for --overlay.")
    while True:
        match = _KEY.match(text, at)
        if match is None:
            raise _WrongSetError(at, "a key is missing here" if "=" in text else "there is no =", _EXAMPLE)
        found.append((_node(match["quoted"] if match["quote"] else match["plain"], line, at, match["quote"]), None))
        at = match.end()
        while index := _INDEX.match(text, at):
            found.append((_node(index[1], line, at), int(index[1])))
            at = index.end()
        if len(found) > _MOST_STEPS:
            raise _WrongSetError(at, "the path has too many steps", "A topology has few levels.")
        if text.startswith("=", at):
            return found, at + 1
        if at == len(text):
            raise _WrongSetError(0, "there is no =", _EXAMPLE)
        if not text.startswith(".", at):
            raise _WrongSetError(at, f'"{text[at]}" cannot stand in a key', _QUOTES)
        at += 1


def _shape_of(keys: Sequence[tuple[yaml.ScalarNode, int | None]], top: Shape) -> Shape | None:
    """Return what may stand at the end of a path; refuse what looks like a part of a name with dots."""
    shape: Shape | None = top
    for number, (key, index) in enumerate(keys):
        if shape is None:
            break
        cut = number + 1 < len(keys) and index is None and not key.style
        if cut and shape.key is not None and not _is_name(shape.key, str(key.value)):
            raise _WrongSetError(key.start_mark.column, f'"{key.value}" is not {shape.key.expected}', _QUOTES)
        shape = shape.item if index is not None else shape.below(str(key.value))
    return shape


def _is_name(kind: Kind, text: str) -> bool:
    try:
        kind.parse(text)
    except ValueError:
        return False
    return True


def _value(text: str, line: int, at: int) -> tuple[yaml.Node | None, list[Problem]]:
    # Spaces and empty lines put the value where it stands among the options.
    root, problems = parse_text("\n" * line + " " * at + text[at:], SET)
    if root is not None or problems:
        return root, problems
    if text[at:].strip():
        raise _WrongSetError(at, "the value is a comment", "Put it in quotes.")
    return _node("", line, at), []


def _node(text: str, line: int, column: int, style: str | None = None) -> yaml.ScalarNode:
    end = _mark(line, column + len(text) + (2 if style else 0))
    return yaml.ScalarNode("tag:yaml.org,2002:str", text, _mark(line, column), end, style)


def _mark(line: int, column: int) -> yaml.Mark:
    return yaml.Mark(SET, 0, line, column, None, 0)
