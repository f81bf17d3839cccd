"""Writing into a folder that also holds what is not ours."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from generator.errors import SurroundingsError
from generator.files import GeneratedFile
from generator.output import compare, exclusive, read_manifest, unified_diff, write
from generator.output.manifest import GUARD, GUARD_NAME, MANIFEST_NAME
from tests.helpers import build_tree, read_tree
from tests.terraform import Program

OLD = {
    "main.tf": "old",
    "modules/a/main.tf": "old a",
    "nodes/gone.json": "old node",
    "same.txt": "same",
}
NEW = {
    "main.tf": "new",
    "modules/a/main.tf": "new a",
    "nodes/came.json": "new node",
    "same.txt": "same",
}


def files(tree: dict[str, str]) -> list[GeneratedFile]:
    return [GeneratedFile(path, text.encode()) for path, text in sorted(tree.items())]


def generate(folder: Path, tree: dict[str, str]) -> None:
    with exclusive(folder):
        write(folder, compare(folder, files(tree), read_manifest(folder)))


def ours(folder: Path) -> dict[str, str]:
    return {path: data.decode() for path, data in read_tree(folder).items() if path not in (MANIFEST_NAME, GUARD_NAME)}


def outcomes(folder: Path, tree: dict[str, str]) -> dict[str, tuple[str, str]]:
    comparison = compare(folder, files(tree), read_manifest(folder))
    return {change.path: (change.outcome, change.conflict) for change in comparison.changes}


def test_words_of_a_first_and_a_second_run(tmp_path: Path) -> None:
    assert set(outcomes(tmp_path, OLD).values()) == {("create", "")}
    generate(tmp_path, OLD)
    assert set(outcomes(tmp_path, OLD).values()) == {("unchanged", "")}
    assert outcomes(tmp_path, NEW) == {
        "main.tf": ("change", ""),
        "modules/a/main.tf": ("change", ""),
        "nodes/came.json": ("create", ""),
        "nodes/gone.json": ("stale", ""),
        "same.txt": ("unchanged", ""),
    }
    generate(tmp_path, NEW)
    assert ours(tmp_path) == NEW


def test_a_run_without_changes_touches_nothing(tmp_path: Path) -> None:
    generate(tmp_path, OLD)
    before = {path: (tmp_path / path).stat().st_mtime_ns for path in read_tree(tmp_path)}
    generate(tmp_path, OLD)
    assert {path: (tmp_path / path).stat().st_mtime_ns for path in read_tree(tmp_path)} == before


def test_strangers_are_named_and_kept(tmp_path: Path) -> None:
    build_tree(tmp_path, {"main.tf": "mine", "backend.tf": "mine", "nodes/mine.json": "mine"})
    assert outcomes(tmp_path, OLD)["main.tf"] == ("change", "was not written by generate")
    comparison = compare(tmp_path, files(OLD), read_manifest(tmp_path))
    assert comparison.strangers == ("nodes/mine.json",)
    assert [change.path for change in comparison.conflicts] == ["main.tf"]


def test_edited_files_are_named(tmp_path: Path) -> None:
    generate(tmp_path, OLD)
    build_tree(tmp_path, {"main.tf": "edited", "nodes/gone.json": "edited"})
    found = outcomes(tmp_path, NEW)
    assert found["main.tf"] == ("change", "was edited by hand")
    assert found["nodes/gone.json"] == ("stale", "was edited by hand")


def test_the_same_content_is_adopted(tmp_path: Path) -> None:
    build_tree(tmp_path, {"main.tf": "old"})
    assert outcomes(tmp_path, OLD)["main.tf"] == ("unchanged", "")


@pytest.mark.parametrize("link", ["main.tf", "modules"])
def test_nothing_is_written_through_links(tmp_path: Path, link: str) -> None:
    outside = build_tree(tmp_path / "outside", {"a/main.tf": "precious"})
    folder = build_tree(tmp_path / "folder", {})
    (folder / link).symlink_to(outside / "a/main.tf" if link == "main.tf" else outside)
    conflicts = compare(folder, files(OLD), read_manifest(folder)).conflicts
    assert [change.path.split("/")[0] for change in conflicts] == [link]
    assert read_tree(outside) == {"a/main.tf": b"precious"}


def test_empty_folders_leave_with_their_last_file(tmp_path: Path) -> None:
    generate(tmp_path, OLD)
    generate(tmp_path, {"main.tf": "old"})
    assert sorted(path.name for path in tmp_path.iterdir()) == [MANIFEST_NAME, "main.tf"]


def test_diff_names_both_sides(tmp_path: Path) -> None:
    generate(tmp_path, OLD)
    comparison = compare(tmp_path, files(NEW), read_manifest(tmp_path))
    text = "".join(unified_diff(comparison.pending))
    assert "--- a/main.tf\n+++ b/main.tf\n" in text
    assert "--- a/nodes/gone.json\n+++ /dev/null\n" in text
    assert "--- /dev/null\n+++ b/nodes/came.json\n" in text


def test_two_runs_at_once_are_refused(tmp_path: Path) -> None:
    with (
        exclusive(tmp_path),
        pytest.raises(SurroundingsError, match="another generate"),
        exclusive(tmp_path),
    ):
        pass


class Killed(BaseException):
    """Stands for the end of the process: no handler catches it."""


def test_a_kill_at_any_moment_never_leaves_a_mix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every system call that changes the folder is once the last one."""
    calls = ("replace", "unlink", "rmdir", "mkdir")
    moment = 0
    finished = False
    while not finished:
        folder = tmp_path / f"folder{moment}"
        generate(folder, OLD)
        left = moment
        with monkeypatch.context() as patch:

            def dying(name: str) -> None:
                real = getattr(os, name)

                def call(*arguments: object, **options: object) -> object:
                    nonlocal left
                    if left == 0:
                        raise Killed
                    left -= 1
                    return real(*arguments, **options)

                patch.setattr(os, name, call)

            for name in calls:
                dying(name)
            try:
                generate(folder, NEW)
                finished = True
            except Killed:
                pass
        if not (folder / GUARD_NAME).exists():
            whole = {path: text for path, text in ours(folder).items() if not path.endswith(".generate-new")}
            assert whole in (OLD, NEW), f"a mix without a guard after {moment} calls"
        for wanted in (NEW, OLD, {"main.tf": "third"}):
            comparison = compare(folder, files(wanted), read_manifest(folder))
            assert not comparison.conflicts, f"an interrupted run's own files look foreign after {moment} calls"
        generate(folder, NEW)
        assert ours(folder) == NEW
        assert not (folder / GUARD_NAME).exists()
        moment += 1
    assert moment > 10


def test_an_interrupt_leaves_no_half_written_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        generate(tmp_path, NEW)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.terraform
def test_the_guard_stops_terraform(program: Program, tmp_path: Path) -> None:
    build_tree(tmp_path, {GUARD_NAME: GUARD})
    program.run(tmp_path, "init", "-no-color")
    for command in (("plan",), ("apply", "-auto-approve")):
        ended = program.run(tmp_path, *command, "-no-color", "-input=false", codes=(1,))
        assert "generate was interrupted: run it again" in ended.stderr
    assert not (tmp_path / "terraform.tfstate").exists()
