"""YAML text to a tree in which every value knows its line and column.

PyYAML's C parser composes the tree; nothing is constructed from tags, so a file cannot name a Python
object. Duplicate keys, aliases that explode and nesting that would exhaust the stack are refused.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Any

import msgspec
import yaml

from generator.errors import InputError
from generator.problems import Finding, Path, Problem

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MOST_BYTES = 16 * 1024 * 1024
_DEEPEST = 64
_MOST_ALIASED = 100_000
_ENDLESS = ("alias-bomb", "alias-loop")

_BREAK = r"\r\n|[\r\n\x85\u2028\u2029]"
"""What ends a line in YAML 1.1."""

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\.[0-9]+")
_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_NULLS = {"", "~", "null"}
_TAGS = {
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "int", "float", "bool", "null", "map", "seq", "timestamp", "merge", "value")
}


def scalar(node: yaml.ScalarNode) -> object:
    """Return the value of a scalar: str, int, float, bool or None.

    Plain words follow YAML 1.1 for booleans and JSON for numbers; whatever YAML 1.1 would turn into
    dates, base-60 or octal numbers stays text.
    """
    text = str(node.value)
    if node.style is not None and node.style != "":
        return text
    if text.lower() in _BOOLEANS:
        return _BOOLEANS[text.lower()]
    if text.lower() in _NULLS:
        return None
    if _INTEGER.fullmatch(text) and len(text) < 19:
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def entries(node: yaml.MappingNode) -> Iterator[tuple[str, yaml.Node]]:
    """Yield keys and values, without the keys that `_key_problems` refuses."""
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode) and (key.value != "<<" or key.style):
            yield str(key.value), value


class Source:
    """A topology file: its tree, and where the values of a path stand."""

    def __init__(self, file: str, root: yaml.Node | None, text: str = "") -> None:
        self.file = file
        self.root = root
        # Nothing of a file that holds a private key is shown.
        self._lines = [] if "PRIVATE KEY" in text else re.split(_BREAK, text)

    def locate(self, finding: Finding) -> Problem:
        """Give a finding its line and column: of its path, or of the nearest part above it."""
        node, at = self._descend(finding.path)
        mark = at if finding.key and at is not None else node
        return self._problem(finding, mark)

    def locate_node(self, node: yaml.Node, rule: str, message: str, mend: str) -> Problem:
        """Return a problem that stands at a node of the tree."""
        return self._problem(Finding(rule, (), message, mend), node)

    def locate_mark(self, finding: Finding, line: int, column: int) -> Problem:
        """Return a problem that stands at a line and column, which count from zero."""
        excerpt = self._lines[line] if line < len(self._lines) else ""
        return Problem(
            self.file,
            line + 1,
            column + 1,
            finding.severity,
            finding.rule,
            finding.message,
            finding.mend,
            excerpt=excerpt,
        )

    def _problem(self, finding: Finding, node: yaml.Node | None) -> Problem:
        if node is None:
            return self.locate_mark(finding, 0, 0)
        start, end = node.start_mark, node.end_mark
        found = self.locate_mark(finding, start.line, start.column)
        if end.line == start.line:
            return msgspec.structs.replace(found, length=max(1, end.column - start.column))
        # A collection over several lines: its first line is not what the finding is about.
        return found if isinstance(node, yaml.ScalarNode) else msgspec.structs.replace(found, excerpt="")

    def _descend(self, path: Path) -> tuple[yaml.Node | None, yaml.Node | None]:
        node, key = self.root, None
        for step in path:
            found = _child(node, step)
            if found is None and isinstance(step, str):
                continue
            if found is None:
                break
            key, node = found
        return node, key


def _child(node: yaml.Node | None, step: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    return None


def read_source(path: FilePath, shown: str) -> tuple[Source, list[Problem]]:
    """Read a topology file.

    Args:
        path: The file.
        shown: Its name in messages.

    Returns:
        The tree, and the problems that make it unusable.

    Raises:
        InputError: The file cannot be read.
    """
    return parse_source(_read(path, shown), shown)


def parse_source(data: bytes, shown: str) -> tuple[Source, list[Problem]]:
    """Parse the bytes of a topology file; see `read_source`."""

    def wrong(rule: str, message: str, mend: str, line: int = 0, column: int = 0) -> tuple[Source, list[Problem]]:
        source = Source(shown, None, text)
        return source, [source.locate_mark(Finding(rule, (), message, mend), line, column)]

    text = ""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start)
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1)
        return wrong("not-utf-8", "the file is not UTF-8 text", "Save it as UTF-8.", line, column)
    try:
        depth_at = _too_deep(text)
        if depth_at is not None:
            return wrong("too-deep", "the file nests too deeply", "A topology has few levels.", *depth_at)
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = (mark.line, mark.column) if mark else (0, 0)
        return wrong("yaml-syntax", f"this is not YAML: {_reason(error)}", _syntax_mend(text, at[0]), *at)
    except yaml.reader.ReaderError as error:
        before = text[: error.position] if isinstance(error.position, int) else ""
        at = (before.count("\n"), len(before) - before.rfind("\n") - 1)
        return wrong("yaml-syntax", f"this is not YAML: {error.reason}", "Remove the special character.", *at)
    except RecursionError:
        return wrong("too-deep", "the file nests too deeply", "A topology has few levels.")
    source = Source(shown, root, text)
    problems = [source.locate_node(node, *rest) for node, *rest in _tree_problems(root)]
    if any(problem.rule in _ENDLESS for problem in problems):
        source.root = None
    return source, problems


def _read(path: FilePath, shown: str) -> bytes:
    try:
        if path.is_dir():
            raise InputError(f"{shown} is a folder", "Name the topology file in it.")
        with path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            data = stream.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        raise InputError(
            f"{shown} does not exist",
            "Write one, or copy one of the examples. The commands are plan and rehearse; see generate --help.",
        ) from None
    except OSError as error:
        raise InputError(f"{shown} cannot be read: {error.strerror}") from None
    if len(data) > _MOST_BYTES:
        raise InputError(f"{shown} has {max(size, len(data))} bytes", "A topology has at most 16 MiB.")
    return data


def _too_deep(text: str) -> tuple[int, int] | None:
    """Return where nesting passes the limit, or None.

    The composer recurses in C and would end the process, so text that might nest deeply is first
    read as events, which needs no stack.
    """
    opened = deepest = 0
    for match in re.finditer(r"[\[\]{}]", text):
        opened += 1 if match[0] in "[{" else -1
        deepest = max(deepest, opened)
    blocks = re.search(rf"^ {{{_DEEPEST},}}|(?:[-?:] +){{{_DEEPEST // 2},}}", text, re.MULTILINE)
    if deepest < _DEEPEST and not blocks:
        return None
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEEPEST:
                mark = event.start_mark
                return (mark.line, mark.column) if mark is not None else (0, 0)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return None


def _reason(error: yaml.MarkedYAMLError) -> str:
    words = " ".join(part for part in (error.context, error.problem) if part)
    return words or "it cannot be parsed"


def _syntax_mend(text: str, line: int) -> str:
    lines = text.split("\n")
    near = lines[max(0, line - 1) : line + 1]
    if any("\t" in one for one in near):
        return "YAML does not indent with tabs; use spaces."
    return "Look at the indentation, quotes and brackets here and in the line before."


_TreeProblem = tuple[yaml.Node, str, str, str]


def _tree_problems(root: yaml.Node | None) -> Iterator[_TreeProblem]:
    """Yield what YAML allows and a topology does not."""
    if root is None:
        return
    seen: set[int] = set()
    open_nodes: set[int] = set()
    again = 0
    stack: list[tuple[yaml.Node, bool]] = [(root, False)]
    while stack:
        node, leaving = stack.pop()
        if leaving:
            open_nodes.discard(id(node))
            continue
        if id(node) in open_nodes:
            yield (
                node,
                "alias-loop",
                "an alias refers to a collection that contains it",
                "Write the value out.",
            )
            return
        if id(node) in seen:
            again += 1
            if again > _MOST_ALIASED:
                yield (
                    node,
                    "alias-bomb",
                    "aliases repeat too much of the file",
                    "Write the values out.",
                )
                return
        seen.add(id(node))
        if node.tag not in _TAGS:
            yield node, "yaml-tag", f"the tag {node.tag} has no meaning here", "Remove the tag."
        if isinstance(node, yaml.ScalarNode):
            continue
        open_nodes.add(id(node))
        stack.append((node, True))
        if isinstance(node, yaml.MappingNode):
            yield from _key_problems(node)
            stack.extend((value, False) for _, value in reversed(node.value))
        elif isinstance(node, yaml.SequenceNode):
            stack.extend((value, False) for value in reversed(node.value))


def _key_problems(node: yaml.MappingNode) -> Iterator[_TreeProblem]:
    first: dict[str, yaml.Node] = {}
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            yield key, "wrong-key", "a key must be a word", "Look at the brackets around it."
        elif key.value == "<<" and not key.style:
            yield key, "wrong-key", "merge keys (<<) are not used here", "Write the keys out."
        elif key.value in first:
            line = first[key.value].start_mark.line + 1
            yield (
                key,
                "duplicate-key",
                f'"{key.value}" stands twice, first in line {line}',
                "Remove one of them.",
            )
        else:
            first[key.value] = key
