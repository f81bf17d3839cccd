"""The shape that keeps the program easy to change: who may import whom, and how long things get."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import ROOT

PACKAGE = ROOT / "generator"
SOURCES = sorted(PACKAGE.rglob("*.py"))
# In the order of the way through the program. Each imports types, never another stage.
STAGES = ("init", "load", "validate", "planner", "cost", "render", "output", "show", "picture")
LONGEST_FILE = 400
LONGEST_FUNCTION = 50
# Too slow, or not needed, for `generate --help` and for plain generating.
LAZY = (
    *("boto3", "botocore", "hcloud", "moto", "python_terraform", "werkzeug", "hypothesis", "rich"),
    *("checkdmarc", "cryptography", "dns", "idna"),
)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> set[str]:
    """Return the dotted names that a module imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_imports_no_other_stage(stage: str) -> None:
    others = tuple(f"generator.{other}" for other in (*STAGES, "cli") if other != stage)
    files = [*PACKAGE.glob(f"{stage}/**/*.py"), *PACKAGE.glob(f"{stage}.py")]
    assert files, f"no stage {stage}"
    wrong = [
        f"{name_of(path)} imports {name}"
        for path in files
        for name in sorted(imports(path))
        if name.startswith(others) and name.split(".")[1] in (*STAGES, "cli")
    ]
    assert not wrong


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_files_and_functions_stay_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= LONGEST_FUNCTION
    ]
    assert not long


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_no_cloud_is_named_in_a_condition(path: Path) -> None:
    clouds = {entry.stem for entry in (PACKAGE / "clouds").glob("*.py")} - {"__init__", "base"}
    if path.parent.name == "clouds" and path.stem in clouds:
        return
    conditions: list[ast.AST] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.If, ast.IfExp, ast.While, ast.Assert)):
            conditions.append(node.test)
        elif isinstance(node, ast.Compare):
            conditions.append(node)
        elif isinstance(node, ast.match_case):
            conditions.append(node.pattern)
    named = [
        f"line {constant.lineno}: {constant.value}"
        for condition in conditions
        for constant in ast.walk(condition)
        if isinstance(constant, ast.Constant) and constant.value in clouds
    ]
    assert not named


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_only_the_command_line_prints(path: Path) -> None:
    if "cli" in path.relative_to(PACKAGE).parts or path.parent == PACKAGE / "cli":
        return
    printing = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not printing


def test_the_planner_neither_reads_nor_writes_nor_starts_anything() -> None:
    forbidden = {"os", "pathlib", "subprocess", "socket", "random", "time", "datetime", "secrets"}
    wrong = [
        f"{name_of(path)} imports {name}"
        for path in (PACKAGE / "planner").rglob("*.py")
        for name in sorted(imports(path) & forbidden)
    ]
    assert not wrong


@pytest.mark.parametrize("arguments", [["--help"], ["plan", "--help"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    probe = (
        "import sys\n"
        "from generator.cli import main\n"
        "try:\n"
        f"    main({arguments!r})\n"
        "except SystemExit:\n"
        "    pass\n"
        f"print('loaded:', *sorted(set(sys.modules) & {set(LAZY)!r}))\n"
    )
    ended = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, check=True, capture_output=True, text=True)
    assert ended.stdout.splitlines()[-1].strip() == "loaded:"


def test_templates_hold_no_logic_about_nodes() -> None:
    """A template picks modules and providers; values travel as JSON beside it."""
    wrong = [
        f"{name_of(path)}: {line.strip()}"
        for path in sorted((ROOT / "templates").rglob("*.tf.j2"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"{%-?\s*for\s.*\bnode", line) or re.search(r"\b(25|443|6071)\b", line)
    ]
    assert not wrong


def test_terraform_runs_no_code() -> None:
    """A plan must not run anything: no provisioners, no external data, no null resources."""
    pattern = re.compile(r"local-exec|remote-exec|null_resource|\bprovisioner\b|data \"external\"")
    files = [*(ROOT / "modules").rglob("*.tf"), *(ROOT / "templates").rglob("*.tf.j2")]
    assert files
    assert not [name_of(path) for path in files if pattern.search(path.read_text(encoding="utf-8"))]
