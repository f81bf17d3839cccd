"""Golden trees: what every example gives, plan and files. An example cannot rot unseen."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.helpers import EXAMPLES, ROOT, assert_golden, read_tree, run_cli

GOLDEN = ROOT / "tests" / "golden"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_gives_its_golden_tree(example: Path, tmp_path: Path) -> None:
    shutil.copy(example / "topology.yaml", tmp_path)
    plan = run_cli(tmp_path, "plan", "--json")
    assert plan.code == 0, plan.err
    assert run_cli(tmp_path, "--no-init").code == 0
    written = read_tree(tmp_path)
    # The programs in it are the same for every node, and what differs is in nodes/: one is enough.
    user_data = [name for name in written if name.startswith("cloud-init/")]
    files = {
        f"out/{name}": content
        for name, content in written.items()
        # Modules are copied as they are, which another test checks; the manifest holds hashes of it all.
        if name not in {"topology.yaml", ".generated.json", *user_data[1:]} and not name.startswith("modules/")
    }
    assert_golden(GOLDEN / example.name, {"plan.json": plan.out.encode(), **files})


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_modules_are_copied_as_they_are(example: Path, tmp_path: Path) -> None:
    shutil.copy(example / "topology.yaml", tmp_path)
    assert run_cli(tmp_path, "--no-init").code == 0
    copied = read_tree(tmp_path / "modules")
    assert copied
    for name, content in copied.items():
        assert (ROOT / "modules" / name).read_bytes() == content
    used = {str(Path(name).parent) for name in copied}
    for folder in used:
        kept = {path.name for path in (ROOT / "modules" / folder).glob("*.tf")}
        assert kept <= {Path(name).name for name in copied if str(Path(name).parent) == folder}


def test_every_golden_tree_has_its_example() -> None:
    if GOLDEN.is_dir():
        assert {path.name for path in GOLDEN.iterdir()} == {path.name for path in EXAMPLES}


def test_an_update_never_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOLDEN_UPDATE", "1")
    (tmp_path / "gone").write_text("x", encoding="utf-8")
    with pytest.raises(pytest.fail.Exception, match="was updated"):
        assert_golden(tmp_path, {"new": b"y"})
    assert read_tree(tmp_path) == {"new": b"y"}
    assert_golden(tmp_path, {"new": b"y"})
