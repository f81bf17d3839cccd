"""User-data of a node: a cloud-config that installs its data file and the program that reads it.

The program's parts are static files in `templates/node`. A node gets those it needs as one file, without
comments, docstrings, types and doubled imports, and with short indents, because what is sent is limited:
16,384 bytes on AWS, and `BOUND` by our own choice. A test holds that nothing else of them is lost.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from generator.plan import GATEWAY

if TYPE_CHECKING:
    import jinja2

BOUND = 12_288
"""Most bytes of a machine's user-data as it is sent, whatever the number of nodes."""

PROGRAM = "/usr/local/sbin/carbonio-node-configure"
CHECK = "/usr/local/sbin/carbonio-node-check"


def _is_ubuntu(node: Mapping[str, object]) -> bool:
    return str(node["os"]).startswith("ubuntu-")


def _is_gateway(node: Mapping[str, object]) -> bool:
    return node["roles"] == [GATEWAY]


PARTS: Mapping[str, Callable[[Mapping[str, object]], bool]] = {
    "carbonio-node-configure": lambda _: True,
    "carbonio_node.py": lambda _: True,
    "carbonio_apt.py": _is_ubuntu,
    "carbonio_apt_repository.py": lambda node: _is_ubuntu(node) and not _is_gateway(node),
    "carbonio_dnf.py": lambda node: not _is_ubuntu(node),
    "carbonio_host.py": lambda _: True,
    "carbonio_gateway.py": _is_gateway,
    "carbonio_steps.py": lambda _: True,
    "carbonio_check.py": lambda _: True,
    "carbonio_volumes.py": lambda node: not _is_gateway(node),
    "carbonio_suite.py": lambda node: not _is_gateway(node),
    "carbonio_main.py": lambda _: True,
}
"""Parts of the program in their order, and who gets each, by what `nodes/<node>.json` holds."""

_ORIGIN = " Written by "
"""Of the comments in rendered files, the one that nodes keep."""

_FOR_PEOPLE = ("edition", "release", "troubleshooting")
"""Keys of a node's data that its program does not read."""

_GZIP_HEADER = 12
"""Bytes that a gzip file has more than zlib's format."""

# What YAML's literal blocks can carry unchanged: no control characters, and no line break that
# a YAML reader takes for one besides the newline. @@ opens a placeholder of the generated text.
_UNSAFE_IN_BLOCK = "[^\n\t -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]"
_UNSAFE_IN_ASCII = "[^\n\t -~]"
_NOT_PLAIN = re.compile(r'[^ -~]|["\\]|@(?=@)')
_COMMENT = re.compile(r"^ *#(?!!).*\n|  # .*$", re.MULTILINE)
_TYPES = re.compile(r"^from typing import .*\n|^\w+ = (?:Dict|Tuple|Callable|Optional)\[.*\n", re.MULTILINE)
_IMPORT = re.compile(r"^import \w+\n", re.MULTILINE)
_DOCSTRING = re.compile(r'^ +""".*?"""\n|\A""".*?"""\n', re.MULTILINE | re.DOTALL)
_INDENT = re.compile("^ {4,}", re.MULTILINE)
_BLANK_LINES = re.compile(r"\n{3,}")
_SIGNATURE = re.compile(r"^( *def \w+\()(.*)\) -> .*:$", re.MULTILINE)
_ANNOTATION = re.compile(r": \w+(?:\[[^=]*\])?(?=,| =|$)")
_SPACED = re.compile(r"""("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|(?<=\S)(, | (?:[-+*/%&|=!<>]=?|\*\*) )""")
"""A string, which stays as it is, or an operator with spaces that Python does not need."""


def _escape(match: re.Match[str]) -> str:
    number = ord(match.group())
    return f"\\x{number:02x}" if number < 256 else f"\\U{number:08x}"


def quoted(text: str) -> str:
    """Return `text` as a double-quoted YAML scalar in printable ASCII, whatever is in it."""
    return '"' + _NOT_PLAIN.sub(_escape, text) + '"'


@lru_cache(maxsize=64)
def block(text: str, indent: int = 2) -> str:
    """Return `text` as a YAML literal block, or as a quoted scalar where a block would change it.

    Args:
        text: Any text.
        indent: Columns before each line; the key before the block stands one column to the left.
    """
    # Nearly every text is ASCII; the other pattern takes longer to compile than most runs to render.
    unsafe = _UNSAFE_IN_ASCII if text.isascii() else _UNSAFE_IN_BLOCK
    if not text.strip("\n") or "@@" in text or re.search(unsafe, text):
        return quoted(text)
    return _literal(text, indent)


def _literal(text: str, indent: int = 2) -> str:
    body = text.rstrip("\n")
    newlines = len(text) - len(body)
    chomp = "-" if newlines == 0 else "" if newlines == 1 else "+"
    lines = re.sub(r"\n(?=[^\n])", "\n" + " " * indent, body)
    first = "" if body.startswith("\n") else " " * indent
    return f"|1{chomp}\n{first}{lines}" + "\n" * max(newlines - 1, 0)


def lean(text: str) -> str:
    """Return a part of `templates/node` without its comments, docstrings and types, and with short indents."""
    bare = _TYPES.sub("", _COMMENT.sub("", _DOCSTRING.sub("", text)))
    short = _INDENT.sub(lambda match: " " * (len(match[0]) // 4), bare)
    short = _BLANK_LINES.sub("\n\n", short)
    return _SIGNATURE.sub(lambda match: match[1] + _ANNOTATION.sub("", match[2]) + "):", short)


def dense(text: str) -> str:
    """Return Python without the spaces around operators and behind commas."""
    return _SPACED.sub(lambda match: match[1] or match[2].strip(), text)


def read_programs(folder: Path) -> dict[str, str]:
    """Return name -> text, as it is sent, of every part of the program and of what stands beside it.

    Raises:
        OSError: If the folder or a file in it cannot be read.
    """
    texts = {path.name: lean(path.read_text(encoding="utf-8")) for path in folder.glob("carbonio*")}
    return {name: dense(text) if name.endswith(".py") else text for name, text in texts.items()}


@lru_cache(maxsize=8)
def _joined(head: str, *parts: str) -> str:
    text = "".join(parts)
    return head + "".join(sorted(set(_IMPORT.findall(text)))) + _IMPORT.sub("", text)


def assemble(programs: Mapping[str, str], node: Mapping[str, object]) -> dict[str, str]:
    """Return path on the node -> text of what a node gets.

    Args:
        programs: As `read_programs` returns it.
        node: What `nodes/<node>.json` holds.
    """
    parts = [programs[name] for name, needs in PARTS.items() if needs(node)]
    return {PROGRAM: _joined(*parts), CHECK: programs["carbonio-node-check"]}


def sent_size(text: str) -> int:
    """Return how many bytes a user-data has when it is sent: compressed."""
    import zlib

    return len(zlib.compress(text.encode(), 9)) + _GZIP_HEADER


def _json(value: object) -> str:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def as_sent(node: Mapping[str, object]) -> dict[str, object]:
    """Return a node's data without what its program does not read, and without the comments of its files."""
    files: dict[str, Sequence[str]] = node["files"]  # type: ignore[assignment]
    used = {key: value for key, value in node.items() if key not in _FOR_PEOPLE}
    return {**used, "files": {path: list(_without_comments(lines)) for path, lines in files.items()}}


def _without_comments(lines: Sequence[str]) -> Iterator[str]:
    inside = False
    for line in lines:
        start = line.lstrip()
        inside = inside or start.startswith("<!--")
        comment = inside or start == "" or (start[0] == "#" and not start.startswith("#!"))
        if not comment or _ORIGIN in line:
            yield line
        inside = inside and not line.endswith("-->")


def user_data(
    template: jinja2.Template,
    node: dict[str, object],
    devices: dict[str, str],
    ssh_keys: Sequence[str],
    programs: Mapping[str, str],
) -> str:
    """Return the user-data of one node.

    Args:
        template: `cloud-init/user-data.yaml.j2`.
        node: What `nodes/<node>.json` holds.
        devices: Key of a data volume -> path of its device; may hold `@@…@@` placeholders.
        ssh_keys: Public keys of the operators.
        programs: As `read_programs` returns it.
    """
    return template.render(
        node=node,
        quoted=quoted,
        block=block,
        node_json=_json(as_sent(node)),
        devices_block=_literal(_json(devices)),
        ssh_keys=ssh_keys,
        files=assemble(programs, node),
    )
