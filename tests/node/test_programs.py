"""The programs of a node: what they are written in, and what is left of them when they are sent."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from generator.render.cloudinit import lean, read_programs
from tests.node.machine import TEMPLATES

FOLDER = TEMPLATES / "node"
SOURCES = sorted(FOLDER.glob("carbonio*"))
PYTHON = [path for path in SOURCES if path.name != "carbonio-node-check"]
# Newer than Python 3.6, the platform-python of RHEL 8.
TOO_NEW = ("capture_output", "text=", "missing_ok", "removeprefix", "removesuffix", "dataclass", "zoneinfo",
           "datetime.fromisoformat", "shlex.join", "breakpoint", "from __future__")  # fmt: skip


def name_of(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("path", PYTHON, ids=name_of)
def test_programs_are_python_3_6_with_the_standard_library_alone(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text, feature_version=(3, 6))
    assert not [word for word in TOO_NEW if word in text]
    own = {source.stem for source in SOURCES}
    for statement in ast.walk(tree):
        names = [alias.name for alias in statement.names] if isinstance(statement, ast.Import) else []
        if isinstance(statement, ast.ImportFrom):
            names = [str(statement.module)]
        assert all(name in own or name in sys.stdlib_module_names for name in names)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_programs_are_ascii_without_placeholders(path: Path) -> None:
    """The C locale of a first boot prints nothing else, and @@ is where Terraform fills in."""
    text = path.read_text(encoding="utf-8")
    assert text.isascii()
    assert "@@" not in text
    assert "\t" not in text
    assert not text.startswith("## template")


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_files_and_functions_are_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    assert max(map(len, text.splitlines())) <= 100
    if path in PYTHON:
        functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
        assert all((node.end_lineno or 0) - node.lineno < 50 for node in functions)


class _Bare(ast.NodeTransformer):
    """Takes away what `lean` may take away, by way of the syntax tree."""

    def __init__(self, text: str) -> None:
        # Docstrings with plain quotes are the titles of checks, which stay.
        self.titles = {line.strip()[1:-1] for line in text.splitlines() if line.startswith('    "')}

    def _without_docstring(self, node: ast.Module | ast.ClassDef | ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        docstring = ast.get_docstring(node, clean=False)
        if docstring is not None and docstring not in self.titles:
            node.body = node.body[1:]
        return node

    visit_Module = visit_ClassDef = _without_docstring  # noqa: N815

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        arguments = node.args
        for argument in [*arguments.args, *arguments.kwonlyargs, arguments.vararg]:
            if argument:
                argument.annotation = None
        return self._without_docstring(node)


def bare(text: str) -> list[str]:
    """Return the lines without their indents."""
    return [line.strip() for line in text.splitlines()]


@pytest.mark.parametrize("path", PYTHON, ids=name_of)
def test_sending_loses_nothing_but_comments_docstrings_and_annotations(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    sent = lean(text)
    assert len(sent) < len(text)
    # The start line that sh and Python share is a docstring to Python, and stays.
    trees = [ast.dump(_Bare(text).visit(ast.parse(each))) for each in (text, sent)]
    assert trees[0] == trees[1]
    assert path.suffix == ".py" or bare(sent)[:7] == bare(text)[:7]
    assert "# " not in sent.replace("#!/bin/sh", "").replace('"# The rest', "")
    assert not re.search(r"(?m)^ *def .*(: (str|Node|System)\b|->)", sent)
    assert bare(lean(sent)) == bare(sent)


def test_programs_find_an_interpreter_by_themselves(tmp_path: Path) -> None:
    for path, text in read_programs(FOLDER).items():
        target = tmp_path / Path(path).name
        target.write_text(text)
        target.chmod(0o755)
    for program in ("carbonio-node-configure", "carbonio-node-check"):
        ended = subprocess.run([tmp_path / program, "--help"], capture_output=True, text=True, check=False)
        assert (ended.returncode, ended.stdout[:6]) == (0, "usage:")
    (tmp_path / "empty").mkdir()
    # Never without --help: the program would take this machine for a node.
    words = ["/bin/sh", str(tmp_path / "carbonio-node-configure"), "--help"]
    empty = {"PATH": str(tmp_path / "empty")}
    ended = subprocess.run(words, capture_output=True, text=True, check=False, env=empty)
    if any(map(Path.exists, map(Path, ("/usr/bin/python3", "/usr/libexec/platform-python")))):
        assert ended.returncode == 0
    else:
        assert (ended.returncode, "install python3" in ended.stderr) == (127, True)


def test_programs_lie_where_sudo_is_given_their_full_path() -> None:
    paths = read_programs(FOLDER)
    assert {"/usr/local/sbin/carbonio-node-configure", "/usr/local/sbin/carbonio-node-check"} < set(paths)
    assert all(path.startswith(("/usr/local/sbin/", "/usr/local/lib/carbonio-node/")) for path in paths)
