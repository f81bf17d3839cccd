"""YAML text to a tree of nodes.

PyYAML's C parser composes the tree; nothing is constructed from tags, so a file cannot name a Python
object. Duplicate keys, aliases that explode and nesting that would exhaust the stack are refused.
"""

import io
import re
from collections.abc import Iterator
from itertools import islice
from typing import cast

import yaml

from generator.load.source import LOADER, problem_at
from generator.load.syntax import end_of, syntax_problem
from generator.problems import Problem

_DEEPEST = 64
_MOST_VALUES = 200_000
"""Keys and values that a file may have: five thousand nodes come to 30,000."""
_MOST_ALIASED = 100_000
_MOST_PROBLEMS = 500
_ENDLESS = ("alias-bomb", "alias-loop")

_TAGS = {
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "int", "float", "bool", "null", "map", "seq", "timestamp", "merge", "value")
}
_BYTE_ORDER_MARKS = {b"\xff\xfe\0\0": "UTF-32", b"\0\0\xfe\xff": "UTF-32", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


class _Text(io.StringIO):
    """Text that tells the parser what it is called."""

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text, newline="")
        self.name = name


def decode_text(data: bytes, shown: str) -> tuple[str, list[Problem]]:
    """Return the bytes of a file as text, or why they are none."""
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS.items() if data.startswith(mark)), "")
    if not encoding and b"\0\0" in (data[0:3:2], data[1:4:2]):
        encoding = "UTF-16"
    if encoding:
        message = f"the file is not UTF-8 text; it looks like {encoding}"
        return "", [problem_at(None, shown, "not-utf-8", message, "Save it as UTF-8.")]
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        mark = end_of(data[: error.start].decode("utf-8-sig"), shown)
        return "", [problem_at(mark, shown, "not-utf-8", "the file is not UTF-8 text", "Save it as UTF-8.")]


def parse_text(text: str, shown: str) -> tuple[yaml.Node | None, list[Problem]]:
    """Parse the text of a file.

    Args:
        text: YAML.
        shown: The name of the file in messages.

    Returns:
        The tree, None where there is nothing or what there is cannot be worked with; and what is wrong with it.
    """
    try:
        problem = _too_much(text, shown)
        if problem is not None:
            return None, [problem]
        root = yaml.compose(_Text(text, shown), Loader=LOADER)
    except yaml.MarkedYAMLError as error:
        # Some versions of the parser read ahead, and know a limit of their own.
        deep = "maximum nesting depth" in (error.problem or "")
        return None, [_too_deep(_too_deep_at(text, shown), shown) if deep else syntax_problem(error, text, shown)]
    except (yaml.reader.ReaderError, UnicodeEncodeError) as error:
        reason = error.reason
        mark = _unprintable(text, shown)
        return None, [problem_at(mark, shown, "yaml-syntax", f"this is not YAML: {reason}", "Remove the character.")]
    except RecursionError:
        return None, [_too_deep(None, shown)]
    found = islice(_tree_problems(root), _MOST_PROBLEMS)
    problems = [problem_at(node, shown, rule, message, mend) for node, rule, message, mend in found]
    # What comes after the last problem that is told may be endless as well.
    if len(problems) == _MOST_PROBLEMS or any(problem.rule in _ENDLESS for problem in problems):
        root = None
    return root, problems


def _unprintable(text: str, shown: str) -> yaml.Mark | None:
    """Return where the first character stands that YAML does not allow."""
    found = yaml.reader.Reader.NON_PRINTABLE.search(text)
    return end_of(text[: found.start()], shown) if found is not None else None


def _too_deep(mark: yaml.Mark | None, shown: str) -> Problem:
    return problem_at(mark, shown, "too-deep", "the file nests too deeply", "A topology has few levels.")


def _too_deep_at(text: str, shown: str) -> yaml.Mark | None:
    """Return where brackets alone nest too deeply."""
    opened = 0
    for match in re.finditer(r"[\[\]{}]", text):
        opened += 1 if match[0] in "[{" else -1
        if opened > _DEEPEST:
            return end_of(text[: match.start()], shown)
    return None


def _mark(event: yaml.Event) -> yaml.Mark | None:
    return cast("yaml.Mark | None", event.start_mark)


def _too_much(text: str, shown: str) -> Problem | None:
    """Return what is too deep or too much to be composed.

    The composer recurses in C and would end the process, and each value takes a few hundred bytes; so text that might
    nest deeply or hold many values is first read as events, which needs neither stack nor memory.
    """
    opened = deepest = 0
    for match in re.finditer(r"[\[\]{}]", text):
        opened += 1 if match[0] in "[{" else -1
        deepest = max(deepest, opened)
    blocks = re.search(rf"^ {{{_DEEPEST}}}|(?:[-?:] +){{{_DEEPEST // 2}}}", text, re.MULTILINE)
    # Each value but the first follows one of these, and a key has one value.
    most = 2 * sum(map(text.count, ("\n", ",", ":", "-", "[", "{", "?")))
    if deepest < _DEEPEST and not blocks and most < _MOST_VALUES:
        return None
    depth = values = 0
    for event in yaml.parse(_Text(text, shown), Loader=LOADER):
        if isinstance(event, yaml.NodeEvent):
            values += 1
            if values > _MOST_VALUES:
                message = f"the file has more than {_MOST_VALUES:,} values"
                return problem_at(_mark(event), shown, "too-large", message, "Is it a topology?")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEEPEST:
                return _too_deep(_mark(event), shown)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return None


_TreeProblem = tuple[yaml.Node, str, str, str]
"""A node, the rule, what is wrong and how to mend it."""


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
            yield node, "alias-loop", "an alias refers to a collection that contains it", "Write the value out."
            return
        if id(node) in seen:
            again += 1
            if again > _MOST_ALIASED:
                yield node, "alias-bomb", "aliases repeat too much of the file", "Write the values out."
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
            message = f'"{key.value}" stands twice, first in line {line}'
            yield key, "duplicate-key", message, "Remove one of them."
        else:
            first[key.value] = key
