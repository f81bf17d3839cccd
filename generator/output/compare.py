"""What a folder holds against what it should hold."""

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from generator.files import GeneratedFile
from generator.output.manifest import GUARD_NAME, Manifest, digest

Outcome: TypeAlias = Literal["create", "change", "unchanged", "stale"]
_OWN_FOLDERS = ("cloud-init", "dns", "modules", "nodes")


class Change(msgspec.Struct, frozen=True):
    """One file of the folder.

    Attributes:
        outcome: `create`, `change`, `unchanged`, or `stale`: to be removed.
        conflict: Why the file is not ours to touch; empty where it is.
        before: What is there, None for nothing.
        after: What shall be there, None for nothing.
    """

    path: str
    outcome: Outcome
    conflict: str
    before: bytes | None
    after: bytes | None


class Comparison(msgspec.Struct, frozen=True):
    """The whole folder.

    Attributes:
        changes: One for each file, sorted by path.
        strangers: Files in folders of ours that are nobody's.
        interrupted: An earlier run did not come to its end.
        manifest: What the folder's manifest says.
    """

    changes: tuple[Change, ...]
    strangers: tuple[str, ...]
    interrupted: bool
    manifest: Manifest

    @property
    def conflicts(self) -> tuple[Change, ...]:
        """Files that are not ours and stand in the way."""
        return tuple(change for change in self.changes if change.conflict)

    @property
    def pending(self) -> tuple[Change, ...]:
        """Files that have to be written or removed."""
        return tuple(change for change in self.changes if change.outcome != "unchanged")


def compare(folder: Path, files: Sequence[GeneratedFile], manifest: Manifest) -> Comparison:
    """Compare generated files with a folder, which need not exist."""
    wanted = {file.path: file.data for file in files}
    known = {*manifest.files, *manifest.pending}
    links = _Links(folder)
    changes = []
    for path in sorted({*wanted, *known}):
        before, obstacle = _read(folder / path, links.within(path))
        change = _classify(path, before, wanted.get(path), obstacle, manifest)
        if change is not None:
            changes.append(change)
    strangers = tuple(sorted(path for path in _inside(folder) if path not in wanted and path not in known))
    interrupted = (folder / GUARD_NAME).exists() or bool(manifest.pending)
    return Comparison(tuple(changes), strangers, interrupted, manifest)


def _classify(path: str, before: bytes | None, after: bytes | None, obstacle: str, manifest: Manifest) -> Change | None:
    if obstacle:
        return Change(path, "stale" if after is None else "change", obstacle, None, after)
    if before is None:
        return None if after is None else Change(path, "create", "", None, after)
    if before == after:
        return Change(path, "unchanged", "", before, after)
    conflict = ""
    if not manifest.wrote(path, digest(before)):
        ours = path in manifest.files or path in manifest.pending
        conflict = "was edited by hand" if ours else "was not written by generate"
    return Change(path, "stale" if after is None else "change", conflict, before, after)


class _Links:
    """Symbolic links among the folders of the output: nothing is written through them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known: dict[str, str] = {"": ""}

    def within(self, path: str) -> str:
        """Return why a path's parents are in the way; empty where they are not."""
        parent = path.rpartition("/")[0]
        if parent not in self.known:
            above = self.within(parent)
            try:
                mode = os.lstat(self.folder / parent).st_mode
                here = "" if stat.S_ISDIR(mode) else f"lies below {parent}, which is not a folder"
            except OSError:
                here = ""
            self.known[parent] = above or here
        return self.known[parent]


def _read(path: Path, obstacle: str) -> tuple[bytes | None, str]:
    """Return a file's bytes, or None, and what is in the way."""
    if obstacle:
        return None, obstacle
    try:
        mode = os.lstat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None, ""
    if not stat.S_ISREG(mode):
        return None, "is a link" if stat.S_ISLNK(mode) else "is not a file"
    return path.read_bytes(), ""


def _inside(folder: Path) -> Iterator[str]:
    for own in _OWN_FOLDERS:
        for where, folders, names in os.walk(folder / own):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            base = Path(where).relative_to(folder).as_posix()
            yield from (f"{base}/{name}" for name in names if not name.startswith("."))


def unified_diff(changes: Sequence[Change]) -> Iterator[str]:
    """Yield the lines of a unified diff from the folder to what it should hold."""
    import difflib

    for change in changes:
        before = (change.before or b"").decode("utf-8", "replace").splitlines(keepends=True)
        after = (change.after or b"").decode("utf-8", "replace").splitlines(keepends=True)
        old = f"a/{change.path}" if change.before is not None else "/dev/null"
        new = f"b/{change.path}" if change.after is not None else "/dev/null"
        for line in difflib.unified_diff(before, after, old, new):
            yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
