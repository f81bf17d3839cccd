"""A topology as a tree in which every value knows its file, line and column."""

import re
from collections.abc import Iterator
from typing import Any, TypeAlias

import msgspec
import yaml

from generator.problems import Finding, Path, Problem, Severity, holds_secret

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\.[0-9]+")
_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_NULLS = {"", "~", "null", "Null", "NULL"}

_Entry: TypeAlias = tuple[yaml.Node, yaml.Node]


class Removed(yaml.ScalarNode):
    """Stands where a null took a key away: a place for what is said about it, and nothing else."""


def scalar(node: yaml.ScalarNode) -> object:
    """Return the value of a scalar: str, int, float, bool or None.

    Plain words follow YAML 1.1 for null and for booleans, these in any case, and JSON for numbers; whatever
    YAML 1.1 would turn into dates, base-60 or octal numbers stays text.
    """
    text = str(node.value)
    if node.style is not None and node.style != "":
        return text
    if text.lower() in _BOOLEANS:
        return _BOOLEANS[text.lower()]
    if text in _NULLS:
        return None
    if _INTEGER.fullmatch(text) and len(text) < 19:
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def is_null(node: yaml.Node) -> bool:
    """Return whether nothing stands there: `~`, `null`, or not a word."""
    return isinstance(node, yaml.ScalarNode) and scalar(node) is None


def entries(node: yaml.MappingNode) -> Iterator[tuple[str, yaml.Node]]:
    """Yield keys and values, without what was removed and the keys that are refused in any mapping."""
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode) and (key.value != "<<" or key.style) and not isinstance(value, Removed):
            yield str(key.value), value


LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""PyYAML's loader in C, where it was built with that."""

LINE_BREAK = r"\r\n|[\r\n\x85\u2028\u2029]"
"""What ends a line in YAML 1.1."""

_LONGEST_LINE = 100_000
"""Characters of a line that somebody may want to see."""


def problem_at(
    place: yaml.Node | yaml.Mark | None, file: str, rule: str, message: str, mend: str, severity: Severity = "error"
) -> Problem:
    """Return a problem that stands at a node, at a mark, or at the start of a file."""
    start = place.start_mark if isinstance(place, yaml.Node) else place
    if start is None:
        return Problem(file, 1, 1, severity, rule, message, mend)
    length = 1
    if isinstance(place, yaml.Node) and place.end_mark.line == start.line:
        length = max(1, place.end_mark.column - start.column)
    elif isinstance(place, yaml.CollectionNode):
        length = _SEVERAL_LINES
    return Problem(start.name, start.line + 1, start.column + 1, severity, rule, message, mend, length)


_SEVERAL_LINES = 0


class Source:
    """A topology as it was written: its tree, and where the values of a path stand.

    Attributes:
        file: The shown name of the topology file.
        root: The tree; None where there is none to work with.
        texts: The text of every file that the tree is made of, by shown name; `--set` is one, with a line for each
            option. A byte order mark is not part of it.
    """

    def __init__(self, file: str, root: yaml.Node | None, texts: dict[str, str]) -> None:
        self.file = file
        self.root = root
        self.texts = texts
        self._lines: dict[str, list[str]] = {}
        self._indexes: dict[int, dict[object, _Entry]] = {}

    def locate(self, finding: Finding) -> Problem:
        """Give a finding its file, line and column: of its path, or of the nearest part above it."""
        node, at = self._descend(finding.path)
        place = at if finding.key and at is not None else node
        return self.shown(problem_at(place, self.file, finding.rule, finding.message, finding.mend, finding.severity))

    def shown(self, problem: Problem) -> Problem:
        """Return a problem with the line that it stands in."""
        if problem.length == _SEVERAL_LINES:
            # Of a collection over several lines the first is not what the problem is about.
            return msgspec.structs.replace(problem, length=1)
        lines = self._lines_of(problem.file)
        excerpt = lines[problem.line - 1] if problem.line <= len(lines) else ""
        hidden = len(excerpt) > _LONGEST_LINE or holds_secret(excerpt)
        return msgspec.structs.replace(problem, excerpt="" if hidden else excerpt)

    def _lines_of(self, file: str) -> list[str]:
        if file not in self._lines:
            text = self.texts.get(file, "")
            # Nothing of a file that holds a private key is shown.
            self._lines[file] = [] if "PRIVATE KEY" in text else re.split(LINE_BREAK, text)
        return self._lines[file]

    def _descend(self, path: Path) -> tuple[yaml.Node | None, yaml.Node | None]:
        node, key = self.root, None
        for step in path:
            found = self._child(node, step)
            if found is None and isinstance(step, str):
                continue
            if found is None:
                break
            key, node = found
        return node, key

    def _child(self, node: yaml.Node | None, step: str | int) -> _Entry | None:
        if isinstance(node, yaml.MappingNode):
            index = self._indexes.get(id(node))
            if index is None:
                pairs = reversed(node.value)
                index = {key.value: (key, value) for key, value in pairs if isinstance(key, yaml.ScalarNode)}
                self._indexes[id(node)] = index
            return index.get(step)
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            return node.value[step], node.value[step]
        return None
