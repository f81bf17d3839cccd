"""Write a comparison into its folder.

The folder also holds state, version control and the operator's files, so it cannot be swapped as a
whole. A guard file makes every Terraform plan fail from before the first change until after the last;
the manifest holds what is about to be written, so that the next run recognises it as ours.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from generator.errors import SurroundingsError
from generator.output.compare import Change, Comparison
from generator.output.manifest import GUARD, GUARD_NAME, MANIFEST_NAME, Manifest, digest

_NEW = ".generate-new"


def write(folder: Path, comparison: Comparison) -> None:
    """Bring a folder to what the comparison asks for; call it inside `exclusive`.

    Conflicts must have been settled: what is in the comparison is written.

    Raises:
        SurroundingsError: The folder cannot be written.
    """
    if not comparison.pending and not comparison.interrupted and (folder / MANIFEST_NAME).exists():
        return
    final = Manifest(
        files={change.path: digest(change.after) for change in comparison.changes if change.after is not None}
    )
    try:
        _write_guarded(folder, comparison, final)
    except OSError as error:
        raise SurroundingsError(
            f"{error.filename or folder} cannot be written: {error.strerror}",
            "Terraform refuses a half-written folder. Mend this and run generate again.",
        ) from None


def _write_guarded(folder: Path, comparison: Comparison, final: Manifest) -> None:
    intended = {change.path: digest(change.after) if change.after is not None else "" for change in comparison.pending}
    before = comparison.manifest
    pending = {**before.pending, **intended}
    _replace(folder / GUARD_NAME, GUARD)
    _replace(folder / MANIFEST_NAME, Manifest(files=before.files, pending=pending).dump())
    if comparison.interrupted:
        _sweep(folder, comparison)
    for change in comparison.pending:
        _apply(folder, change)
    _replace(folder / MANIFEST_NAME, final.dump())
    (folder / GUARD_NAME).unlink()


def _apply(folder: Path, change: Change) -> None:
    path = folder / change.path
    if change.after is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, change.after)
        return
    path.unlink(missing_ok=True)
    for parent in path.relative_to(folder).parents:
        if parent == Path():
            break
        try:
            (folder / parent).rmdir()
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT):
                raise
            break


def _replace(path: Path, data: bytes) -> None:
    new = path.with_name(f".{path.name}{_NEW}")
    try:
        new.write_bytes(data)
        new.replace(path)
    except BaseException:
        # An interrupt or a full disk leaves nothing; what a killed run leaves, the next one sweeps.
        with suppress(OSError):
            new.unlink()
        raise


def _sweep(folder: Path, comparison: Comparison) -> None:
    """Remove half-written files that an interrupted run left."""
    for change in comparison.changes:
        path = folder / change.path
        path.with_name(f".{path.name}{_NEW}").unlink(missing_ok=True)


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Make a folder and hold its lock; the kernel releases it when the process ends, however it ends.

    Raises:
        SurroundingsError: The folder cannot be made, or another run is writing it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise SurroundingsError(
            f"{folder} cannot be written: {error.strerror}", "Choose another folder with --out."
        ) from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SurroundingsError(f"another generate is writing {folder}", "Wait for it, or end it.") from None
        yield
    finally:
        os.close(handle)
