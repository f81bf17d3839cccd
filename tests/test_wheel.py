"""What is published works outside the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.helpers import ROOT, read_tree, run_cli
from tests.strategies import BASE, dump

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built with the tools that are installed here: no network."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", str(folder), str(ROOT)],
        check=True,
        capture_output=True,
    )
    (found,) = folder.glob("*.whl")
    return found


def test_the_wheel_carries_templates_modules_and_facts(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for source, target in (("templates", "_templates"), ("modules", "_modules")):
        for path in (ROOT / source).rglob("*"):
            parts = path.relative_to(ROOT / source).parts
            if path.is_file() and not {"tests", ".terraform", "__pycache__"} & set(parts):
                assert f"generator/{target}/{'/'.join(parts)}" in names
    for path in (ROOT / "generator" / "facts" / "data").rglob("*.yaml"):
        assert path.relative_to(ROOT).as_posix() in names
    assert "generator/schema/topology.schema.json" in names
    assert not [name for name in names if name.endswith(".tftest.hcl") or "/tests/" in name]
    assert not [name for name in names if name.split("/")[0] in {"tests", "templates", "modules"}]


def test_an_installed_generator_writes_the_same_bytes(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "venv"
    venv.create(environment, with_pip=False, symlinks=True)
    python = environment / "bin" / "python"
    site = subprocess.run(
        [str(python), "-c", "import site; print(site.getsitepackages()[0])"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    # pip of the running interpreter installs into the new environment; what the wheel depends on
    # is taken from where the tests run, so that nothing is downloaded.
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"),
            *("--no-deps", "--no-index", "--disable-pip-version-check", str(wheel)),
        ],
        check=True,
        capture_output=True,
    )
    borrowed = [entry for entry in sys.path if entry.endswith("site-packages")]
    (Path(site) / "borrowed.py").write_text(f"import sys\nsys.path += {borrowed!r}\n", encoding="utf-8")
    (Path(site) / "borrowed.pth").write_text("import borrowed\n", encoding="utf-8")

    away, here = tmp_path / "away", tmp_path / "here"
    for folder in (away, here):
        folder.mkdir()
        (folder / "topology.yaml").write_text(dump(BASE), encoding="utf-8")
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    where = subprocess.run(
        [str(python), "-c", "import generator; print(generator.__file__)"],
        cwd=away,
        env=clean,
        check=True,
        capture_output=True,
        text=True,
    )
    assert where.stdout.startswith(site)
    subprocess.run(
        [str(environment / "bin" / "generate"), "--no-init"],
        cwd=away,
        env=clean,
        check=True,
        capture_output=True,
    )
    assert run_cli(here, "--no-init").code == 0
    assert read_tree(away) == read_tree(here)
