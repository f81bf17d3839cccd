"""The programs of a node: what they are written in, and what is left of them when they are sent."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from generator.render.cloudinit import CHECK, PARTS, PROGRAM, assemble, lean, read_programs
from tests.node import samples
from tests.node.machine import RHEL, TEMPLATES, node

FOLDER = TEMPLATES / "node"
SOURCES = sorted(FOLDER.glob("carbonio*"))
PYTHON = [path for path in SOURCES if path.suffix == ".py"]
NODES = {"ubuntu": node(), "rhel": node(**RHEL), "gateway": samples.gateway()}
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

    def _without_docstring(self, node: ast.Module | ast.ClassDef | ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
        return node

    visit_ClassDef = _without_docstring  # noqa: N815

    def visit_Module(self, node: ast.Module) -> ast.AST:
        self._without_docstring(node)
        node.body = [each for each in node.body if not self._is_type(each)]
        return node

    @staticmethod
    def _is_type(node: ast.stmt) -> bool:
        if isinstance(node, ast.ImportFrom):
            return node.module == "typing"
        value = node.value if isinstance(node, ast.Assign) else None
        names = {"Dict", "Tuple", "Callable", "Optional"}
        return isinstance(value, ast.Subscript) and isinstance(value.value, ast.Name) and value.value.id in names

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        arguments = node.args
        for argument in [*arguments.args, *arguments.kwonlyargs, arguments.vararg]:
            if argument:
                argument.annotation = None
        return self._without_docstring(node)


@pytest.mark.parametrize("path", PYTHON, ids=name_of)
def test_sending_loses_nothing_but_comments_docstrings_and_types(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    sent = read_programs(path.parent)[path.name]
    assert len(sent) < len(lean(text)) < len(text)
    trees = [ast.dump(_Bare().visit(ast.parse(each))) for each in (text, sent)]
    assert trees[0] == trees[1]
    assert "# " not in sent.replace('"# Written by', "")
    assert not re.search(r"(?m)^ *def .*(: (str|Node|System)\b|->)", sent)
    assert [line.strip() for line in lean(sent).splitlines()] == [line.strip() for line in sent.splitlines()]


@pytest.mark.parametrize("data", NODES.values(), ids=NODES)
def test_the_parts_make_one_program_in_which_every_name_is_known_and_given_once(data: dict[str, Any]) -> None:
    text = assemble(read_programs(FOLDER), data)[PROGRAM]
    tree = ast.parse(text, feature_version=(3, 6))
    given: list[str] = []
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            given.append(statement.name)
        elif isinstance(statement, ast.Import):
            given += [alias.name for alias in statement.names]
        elif isinstance(statement, ast.Assign):
            names = [name for target in statement.targets for name in ast.walk(target) if isinstance(name, ast.Name)]
            given += [name.id for name in names if isinstance(name.ctx, ast.Store)]
    assert sorted(given) == sorted(set(given))
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F401,F811,F821,F822,F823", "-"]
    ended = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if "No module named ruff" in ended.stderr:
        command[:3] = ["ruff"]
        ended = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.slow
def test_the_types_of_the_parts_fit_together(tmp_path: Path) -> None:
    """In a program, they are gone."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in PYTHON}
    files = []
    for name, data in NODES.items():
        file = tmp_path / f"{name}.py"
        file.write_text("".join(texts[part] for part, needs in PARTS.items() if part in texts and needs(data)))
        files.append(str(file))
    command = [sys.executable, "-m", "mypy", "--strict", "--no-warn-return-any", "--config-file=", "--cache-dir"]
    command += [str(tmp_path / "cache"), *files]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_every_part_has_its_place() -> None:
    assert {path.name for path in SOURCES} == {*PARTS, "carbonio-node-check"}


@pytest.mark.parametrize("data", NODES.values(), ids=NODES)
def test_the_program_finds_an_interpreter_by_itself(data: dict[str, Any], tmp_path: Path) -> None:
    for path, text in assemble(read_programs(FOLDER), data).items():
        target = tmp_path / Path(path).name
        target.write_text(text)
        target.chmod(0o755)
        ended = subprocess.run([target, "--help"], capture_output=True, text=True, check=False)
        assert (ended.returncode, ended.stdout[:6]) == (0, "usage:") or path == CHECK
    ended = subprocess.run([tmp_path / "carbonio-node-check", "--help"], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout[:6]) == (0, "usage:")
    # Never without --help: the program would take this machine for a node.
    (tmp_path / "empty").mkdir()
    words = ["/bin/sh", str(tmp_path / "carbonio-node-configure"), "--help"]
    empty = {"PATH": str(tmp_path / "empty")}
    ended = subprocess.run(words, capture_output=True, text=True, check=False, env=empty)
    assert ended.returncode == (0 if Path("/usr/libexec/platform-python").exists() else 127)


def test_programs_lie_where_sudo_is_given_their_full_path() -> None:
    assert (PROGRAM, CHECK) == ("/usr/local/sbin/carbonio-node-configure", "/usr/local/sbin/carbonio-node-check")
