"""Every Terraform module by itself: formatted, valid, tested, documented; with both programs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.helpers import ROOT
from tests.terraform import Program

MODULES = sorted({path.parent for path in (ROOT / "modules").rglob("main.tf")})
REQUIRED = {"main.tf", "variables.tf", "outputs.tf", "versions.tf", "README.md"}
BLOCK = re.compile(r'^(variable|output) "([a-z_]+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)


def name_of(module: Path) -> str:
    return module.relative_to(ROOT / "modules").as_posix()


def test_there_are_modules() -> None:
    assert MODULES


@pytest.mark.terraform
def test_everything_is_formatted(program: Program) -> None:
    for folder in ("modules", "examples"):
        program.run(ROOT, "fmt", "-check", "-diff", "-recursive", folder)


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_a_module_is_complete(module: Path) -> None:
    assert {path.name for path in module.iterdir() if path.is_file()} >= REQUIRED
    assert list(module.glob("tests/*.tftest.hcl")), "no tests"


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_variables_and_outputs_are_described(module: Path) -> None:
    readme = (module / "README.md").read_text(encoding="utf-8")
    for file in ("variables.tf", "outputs.tf"):
        text = (module / file).read_text(encoding="utf-8")
        for kind, name, body in BLOCK.findall(text):
            assert "description" in body, f"{kind} {name} has no description"
            assert f"`{name}`" in readme, f"{kind} {name} is missing in README.md"
            if kind == "variable":
                assert re.search(r"^  type\s*=", body, re.MULTILINE), f"{name} has no type"
                assert "any" not in re.findall(r"\b\w+\b", body.split("description")[0]), name


@pytest.mark.terraform
@pytest.mark.slow
@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_a_module_is_valid_and_passes_its_tests(module: Path, program: Program, tmp_path: Path) -> None:
    versions = (module / "versions.tf").read_text(encoding="utf-8")
    for provider in re.findall(r'source\s*=\s*"([^"]+)"', versions):
        program.need(provider)
    # In a copy: init leaves a folder and a lock file behind.
    copy = tmp_path / "modules"
    shutil.copytree(ROOT / "modules", copy)
    folder = copy / module.relative_to(ROOT / "modules")
    program.init(folder)
    program.run(folder, "validate", "-no-color")
    ended = program.run(folder, "test", "-no-color")
    assert re.search(r"Success! [1-9]\d* passed, 0 failed", ended.stdout), ended.stdout[-2000:]
