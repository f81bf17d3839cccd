"""Network namespaces, and sockets of this process inside them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

_CLONE_NEWNET = 0x40000000
"""Of setns(2)."""

_SECONDS = 60.0


def missing(*programs: str) -> str:
    """Return why no bench can be made here; empty when it can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    lacking = [name for name in ("ip", *programs) if shutil.which(name) is None]
    if lacking:
        return f"not installed: {', '.join(lacking)}"
    probe = subprocess.run(["ip", "netns", "add", f"cg-{os.getpid()}-probe"], capture_output=True, check=False)
    if probe.returncode:
        return f"no network namespaces here: {probe.stderr.decode().strip()}"
    subprocess.run(["ip", "netns", "del", f"cg-{os.getpid()}-probe"], check=True)
    return ""


class Namespace:
    """One machine: its interfaces, routes and rules."""

    def __init__(self, short: str) -> None:
        self.short = short
        self.name = f"cg-{os.getpid()}-{short}"
        checked(["ip", "netns", "add", self.name])
        # A thread that lives there: a socket stays where it was made.
        self._there = ThreadPoolExecutor(1, thread_name_prefix=self.name, initializer=self._enter)
        self.ip("link set lo up")

    def _enter(self) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        with Path("/run/netns", self.name).open("rb") as file:
            if libc.setns(file.fileno(), _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns", self.name)

    def close(self) -> None:
        """Remove it with everything in it."""
        self._there.shutdown()
        checked(["ip", "netns", "del", self.name])

    def inside(self, call: Callable[[], T]) -> T:
        """Call something that makes sockets or reads /proc/self/net."""
        return self._there.submit(call).result()

    def sockets(self, number: int, kind: int, protocol: int = 0, family: int = socket.AF_INET) -> list[socket.socket]:
        """Make sockets that belong to this machine, without blocking."""

        def make() -> list[socket.socket]:
            found = [socket.socket(family, kind, protocol) for _ in range(number)]
            for entry in found:
                entry.setblocking(False)
            return found

        return self.inside(make)

    def ip(self, *lines: str) -> None:
        """Run lines of `ip` here."""
        checked(["ip", "-n", self.name, "-batch", "-"], "\n".join(lines) + "\n")

    def run(self, *words: str, text: str = "") -> str:
        """Run a command here and return what it printed; a failure is an error."""
        return checked(["ip", "netns", "exec", self.name, *words], text)

    def sysctl(self, values: Mapping[str, str]) -> None:
        """Set parameters of this namespace; what only the whole machine has is left alone."""

        def write() -> None:
            for key, value in values.items():
                for path in sorted(Path("/proc/sys").glob(key.replace(".", "/"))):
                    with contextlib.suppress(PermissionError):
                        path.write_text(f"{value}\n", encoding="ascii")

        self.inside(write)

    def start(self, *words: str, log: Path, environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start a program here that goes on running; the caller ends it."""
        with log.open("wb") as out:
            return subprocess.Popen(
                ["ip", "netns", "exec", self.name, *words],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env={**os.environ, **(environment or {})},
            )


def checked(words: list[str], text: str = "") -> str:
    """Run a command and return what it printed; a failure is an error that says what it wrote.

    Args:
        words: The command.
        text: Its input.
    """
    done = subprocess.run(words, input=text, capture_output=True, text=True, check=False, timeout=_SECONDS)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}: exit status {done.returncode}\n{done.stderr}{done.stdout}")
    return done.stdout


def join(one: Namespace, name: str, other: Namespace, other_name: str, mtu: int = 1500) -> None:
    """Lay a cable between two machines: one interface on each, up."""
    one.ip(f"link add name {name} mtu {mtu} type veth peer name {other_name} netns {other.name}", f"link set {name} up")
    other.ip(f"link set {other_name} mtu {mtu} up")


@contextlib.contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """End a started program when the block is left."""
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
