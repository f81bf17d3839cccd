"""The bytes of a topology file: of a file or of a pipe, never more than fit, never waiting for ever."""

import os
import select
import stat
import time
from pathlib import Path

from generator.errors import InputError
from generator.problems import nearest

_MOST_BYTES = 16 * 1024 * 1024
_CHUNK = 1024 * 1024
_PATIENCE = 10.0
"""Seconds in which something has to come out of a pipe: of `<(sops --decrypt mail.yaml)`, say."""


def read_bytes(path: Path, shown: str, missing: str = "") -> bytes:
    """Return what a file holds, or what is written into a pipe until it is closed.

    Args:
        path: The file.
        shown: Its name in messages.
        missing: What to do where there is none, and none of a similar name.

    Raises:
        InputError: It cannot be read, is no file, or holds more than 16 MiB.
    """
    try:
        # A pipe into which nobody writes would keep an ordinary open waiting.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        hint = _similar(path)
        raise InputError(f"{shown} does not exist{hint}", "" if hint else missing) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"{shown} cannot be read: {reason}") from None
    try:
        return _read(handle, shown)
    except OSError as error:
        raise InputError(f"{shown} cannot be read: {error.strerror}") from None
    finally:
        os.close(handle)


def _similar(path: Path) -> str:
    """Return which file beside it may have been meant: of those that topologies and overlays are."""
    try:
        names = sorted(one.name for one in path.parent.iterdir() if one.suffix in (".yaml", ".yml"))
    except OSError:
        return ""
    return nearest(path.name, names)


def _read(handle: int, shown: str) -> bytes:
    status = os.fstat(handle)
    if stat.S_ISDIR(status.st_mode):
        raise InputError(f"{shown} is a folder", "Name the topology file in it.")
    pipe = stat.S_ISFIFO(status.st_mode)
    if not pipe and not stat.S_ISREG(status.st_mode):
        raise InputError(f"{shown} is a device, not a file", "Name a file, or a pipe such as <(command).")
    size = max(status.st_size, 0)
    parts: list[bytes] = []
    while size <= _MOST_BYTES:
        part = _from_pipe(handle, shown) if pipe else os.read(handle, _CHUNK)
        if not part:
            return b"".join(parts)
        parts.append(part)
        size = max(size, sum(map(len, parts)))
    raise InputError(f"{shown} has {'more than ' if pipe else ''}{size} bytes", "A topology has at most 16 MiB.")


def _from_pipe(handle: int, shown: str) -> bytes:
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    end = time.monotonic() + _PATIENCE
    while (left := end - time.monotonic()) > 0:
        if not poll.poll(left * 1000):
            break
        try:
            return os.read(handle, _CHUNK)
        except BlockingIOError:
            continue
    raise InputError(f"{shown} is a pipe into which nobody wrote for {_PATIENCE:g} seconds")
