"""User-data of a node: a cloud-config that installs its data file and the programs that read it.

The programs are static files in `templates/node`. They are sent without comments, docstrings and
annotations, and with short indents, because what is sent is limited: 16,384 bytes on AWS. A test
holds that nothing else of them is lost.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import jinja2

from generator.plan import GATEWAY

PROGRAM_FOLDER = "/usr/local/sbin/"
LIBRARY_FOLDER = "/usr/local/lib/carbonio-node/"


def _is_ubuntu(node: Mapping[str, object]) -> bool:
    return str(node["os"]).startswith("ubuntu-")


def _is_gateway(node: Mapping[str, object]) -> bool:
    return node["roles"] == [GATEWAY]


SENT_TO: Mapping[str, Callable[[Mapping[str, object]], bool]] = {
    "carbonio_apt.py": _is_ubuntu,
    "carbonio_apt_repository.py": lambda node: _is_ubuntu(node) and not _is_gateway(node),
    "carbonio_dnf.py": lambda node: not _is_ubuntu(node),
    "carbonio_gateway.py": _is_gateway,
    "carbonio_suite.py": lambda node: not _is_gateway(node),
    "carbonio_volumes.py": lambda node: not _is_gateway(node),
}
"""Programs that not every node gets, and which ones do, by what `nodes/<node>.json` holds."""

# What YAML's literal blocks can carry unchanged: no control characters, and no line break that
# a YAML reader takes for one besides the newline. @@ opens a placeholder of the generated text.
_UNSAFE_IN_BLOCK = "[^\n\t -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]"
_UNSAFE_IN_ASCII = "[^\n\t -~]"
_NOT_PLAIN = re.compile(r'[^ -~]|["\\]|@(?=@)')
_COMMENT = re.compile(r"^ *#(?!!).*\n|  # .*$", re.MULTILINE)
_DOCSTRING = re.compile(r'^ +""".*?"""\n|\A""".*?"""\n', re.MULTILINE | re.DOTALL)
_INDENT = re.compile("^(?: {4})+(?=[^ ]| {1,3}[^ ])", re.MULTILINE)
_SIGNATURE = re.compile(r"^( *def \w+\()(.*)\) -> .*:$", re.MULTILINE)
_ANNOTATION = re.compile(r": \w+(?:\[[^=]*\])?(?=,| =|$)")


def _escape(match: re.Match[str]) -> str:
    number = ord(match.group())
    return f"\\x{number:02x}" if number < 256 else f"\\U{number:08x}"


def quoted(text: str) -> str:
    """Return `text` as a double-quoted YAML scalar in printable ASCII, whatever is in it."""
    return '"' + _NOT_PLAIN.sub(_escape, text) + '"'


@lru_cache(maxsize=64)
def block(text: str, indent: int = 6) -> str:
    """Return `text` as a YAML literal block, or as a quoted scalar where a block would change it.

    Args:
        text: Any text.
        indent: Columns before each line; the key before the block stands two columns to the left.
    """
    # Nearly every text is ASCII; the other pattern takes longer to compile than most runs to render.
    unsafe = _UNSAFE_IN_ASCII if text.isascii() else _UNSAFE_IN_BLOCK
    if not text.strip("\n") or "@@" in text or re.search(unsafe, text):
        return quoted(text)
    return _literal(text, indent)


def _literal(text: str, indent: int = 6) -> str:
    body = text.rstrip("\n")
    newlines = len(text) - len(body)
    chomp = "-" if newlines == 0 else "" if newlines == 1 else "+"
    lines = re.sub(r"\n(?=[^\n])", "\n" + " " * indent, body)
    first = "" if body.startswith("\n") else " " * indent
    return f"|2{chomp}\n{first}{lines}" + "\n" * max(newlines - 1, 0)


def lean(text: str) -> str:
    """Return a program of `templates/node` without its comments, docstrings and annotations, and with short indents."""
    short = _INDENT.sub(lambda match: " " * (len(match[0]) // 4), _COMMENT.sub("", _DOCSTRING.sub("", text)))
    short = short.replace("\n\n\n", "\n\n")
    return _SIGNATURE.sub(lambda match: match[1] + _ANNOTATION.sub("", match[2]) + "):", short)


def read_programs(folder: Path) -> dict[str, str]:
    """Return path on the node -> text of every program in `templates/node`.

    Raises:
        OSError: If the folder or a file in it cannot be read.
    """
    return {
        (LIBRARY_FOLDER if path.suffix == ".py" else PROGRAM_FOLDER) + path.name: lean(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("carbonio*"), key=lambda path: (path.suffix != ".py", path))
    }


def _json(value: object) -> str:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _is_sent(path: str, node: Mapping[str, object]) -> bool:
    needed = SENT_TO.get(path.rpartition("/")[2])
    return needed is None or needed(node)


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
        programs: Path on the node -> text, as `read_programs` returns it.
    """
    files = {path: text for path, text in programs.items() if _is_sent(path, node)}
    return template.render(
        node=node,
        quoted=quoted,
        block=block,
        node_json=_json(node),
        devices_block=_literal(_json(devices)),
        ssh_keys=ssh_keys,
        files=files,
    )
