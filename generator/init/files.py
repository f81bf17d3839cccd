"""A new file: whole or not at all, and never in the place of another."""

import contextlib
import errno
import os
from pathlib import Path

from generator.errors import InputError, SurroundingsError

_NEW = ".generate-new"
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
"""What file systems say that have no links, such as those of memory sticks."""


def refuse_existing(path: Path) -> None:
    """Refuse a place where no new file can be.

    Raises:
        InputError: Something is there already.
        SurroundingsError: The folder cannot be written.
    """
    if path.is_dir():
        raise InputError(f"{path} is a folder", f"Name the file, as in: generate init {path / 'topology.yaml'}")
    if os.path.lexists(path):
        raise InputError(f"{path} exists, and is never overwritten", "Edit it, move it away, or name another file.")
    folder = next(one for one in path.absolute().parents if os.path.lexists(one))
    if not folder.is_dir():
        raise SurroundingsError(f"{folder} is not a folder", "Name another file.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SurroundingsError(f"{folder} cannot be written", "Choose another folder.")


def create(path: Path, text: str) -> None:
    """Write a new file, making its folder where needed.

    Raises:
        InputError: Something came to be there in the meantime.
        SurroundingsError: It cannot be written.
    """
    new = path.with_name(f".{path.name}.{os.getpid()}{_NEW}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with new.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            _place(new, path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                new.unlink()
    except FileExistsError:
        raise InputError(f"{path} exists, and is never overwritten", "Name another file.") from None
    except OSError as error:
        raise SurroundingsError(f"{path} cannot be written: {error.strerror}", "Choose another folder.") from None


def _place(new: Path, path: Path) -> None:
    """Give a file its name, unless there is something of that name."""
    try:
        # Unlike a rename, a link never replaces what is there.
        os.link(new, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        new.replace(path)
