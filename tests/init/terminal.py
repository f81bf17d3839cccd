"""A person at a terminal: a real one, as the kernel makes them, with `generate` in it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.helpers import ROOT

PATIENCE = 60.0
CTRL_C, CTRL_D = "\x03", "\x04"


class Person:
    """Reads what the terminal shows, and types.

    Attributes:
        seen: All that was shown so far.
    """

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process = process
        self.master = master
        self.seen = ""

    def prompt(self) -> str:
        """Wait until something is asked, and return that line; nothing where the program ends instead."""
        until = time.monotonic() + PATIENCE
        while not self.seen.endswith(": "):
            assert time.monotonic() < until, f"nothing was asked: {self.seen}"
            if not self._read():
                return ""
        return self.seen.rpartition("\n")[2]

    def type(self, text: str) -> None:
        """Type; what is shown from here on is new."""
        # The space at the end would be taken for the next prompt.
        self.seen += "\0"
        os.write(self.master, text.encode())

    def end(self) -> int:
        """Wait until the program ends, and return its exit code."""
        while self._read():
            pass
        return self.process.wait(PATIENCE)

    @property
    def text(self) -> str:
        """What was shown, with plain line ends."""
        return self.seen.replace("\0", "").replace("\r\n", "\n")

    def _read(self) -> bool:
        ready, _, _ = select.select([self.master], [], [], PATIENCE)
        assert ready, f"the program hangs: {self.seen}"
        try:
            found = os.read(self.master, 65_536)
        except OSError:
            # What Linux says when the last one has left the terminal.
            return False
        self.seen += found.decode(errors="replace")
        return bool(found)


@contextlib.contextmanager
def at_terminal(folder: Path, *words: str, home: Path) -> Iterator[Person]:
    """Start `generate` with these words in a folder, at a terminal of 80 columns."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, b"\x18\x00\x50\x00\x00\x00\x00\x00")
    process = subprocess.Popen(
        [sys.executable, "-m", "generator", *words],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(home), "LANG": "C.UTF-8"},
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        # Without it Ctrl-C reaches nobody.
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(slave)
    try:
        yield Person(process, master)
    finally:
        process.kill()
        process.wait()
        os.close(master)


def converse(person: Person, answers: Mapping[str, str | Sequence[str]]) -> list[str]:
    """Answer every question by how it begins, with Enter where there is no answer, until nothing is asked.

    Returns:
        The prompts, in order.
    """
    left = {start: [answer] if isinstance(answer, str) else list(answer) for start, answer in answers.items()}
    prompts = []
    while prompt := person.prompt():
        prompts.append(prompt)
        assert len(prompts) < 60, "it asks and asks"
        own = next((found for start, found in left.items() if prompt.startswith(start)), [])
        person.type(f"{own.pop(0) if own else ''}\n")
    assert not any(left.values()), f"never asked: {left}"
    return prompts
