"""Time and memory of processes."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class Run(NamedTuple):
    """One process: seconds on the clock, and the most memory that it held, in MiB."""

    seconds: float
    peak_mib: float


def run(words: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None, code: int = 0) -> Run:
    """Run a process to its end.

    Args:
        words: The command.
        folder: Its working directory.
        environment: Variables beside those of this process.
        code: The exit code that it has to end with.

    Returns:
        What it took.

    Raises:
        RuntimeError: It ended with another one.
    """
    with (folder / ".benchmark.log").open("w+b") as log:
        start = time.perf_counter()
        process = subprocess.Popen(
            words,
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        log.seek(0)
        text = log.read().decode(errors="replace")
    (folder / ".benchmark.log").unlink()
    if process.returncode != code:
        raise RuntimeError(f"{' '.join(words)}: exit {process.returncode}\n{text[-2000:]}")
    return Run(seconds, usage.ru_maxrss / 1024)


def interleaved(kinds: Mapping[str, Callable[[], Run]], rounds: int) -> dict[str, Run]:
    """Run several things in turn, so that a slow moment of the machine meets all of them.

    Args:
        kinds: What to run, by name.
        rounds: How often each.

    Returns:
        Medians by name.
    """
    runs: dict[str, list[Run]] = {name: [] for name in kinds}
    for _ in range(rounds):
        for name, once in kinds.items():
            runs[name].append(once())
    return {
        name: Run(
            statistics.median(entry.seconds for entry in found),
            statistics.median(entry.peak_mib for entry in found),
        )
        for name, found in runs.items()
    }
