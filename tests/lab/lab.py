"""The command behind `script/lab`: boots machines of an example, and takes them away again."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

from tests.helpers import ROOT
from tests.lab import guests, hypervisor
from tests.terraform import find


def _up(topology: Path) -> int:
    """Boot the machines of a topology; whatever ends this early takes everything away again."""
    begin = time.monotonic()

    def say(text: str) -> None:
        sys.stderr.write(f"{time.monotonic() - begin:6.1f} s  {text}\n")

    try:
        deployment = guests.boot(topology, find("terraform"))
        say(f"generated and applied: {' '.join(deployment.data)}")
        for name, guest in deployment.guests().items():
            guest.wait()
            say(f"{name} at {guest.address}: all that starts at its boot has ended")
    except BaseException:
        hypervisor.down()
        raise
    say(f"consoles: {hypervisor.HOME}/console-*.log; machines: virsh -c '{hypervisor.URI}' list")
    return 0


def _ended(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def main() -> int:
    """Do what the command line says; exit status 3 where the lab cannot be."""
    parser = argparse.ArgumentParser(prog="script/lab", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="boot the machines of a topology, and leave them running")
    up.add_argument("topology", nargs="?", type=Path, default=ROOT / "tests" / "lab" / "two-machines.yaml")
    commands.add_parser("test", help="the tests that boot machines; with those of `up` where they run")
    shell = commands.add_parser("ssh", help="run a line as root on a node of `up`")
    shell.add_argument("name", metavar="NODE")
    shell.add_argument("line")
    commands.add_parser("down", help="end everything; the image stays")
    given = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _ended)
    if given.command == "down":
        hypervisor.down()
        return 0
    why = hypervisor.lacking()
    if why:
        sys.stderr.write(f"error: {why}\n")
        return 3
    if given.command == "up":
        return _up(given.topology)
    if given.command == "ssh":
        sys.stdout.write(guests.Deployment(Path(), find("terraform")).guests()[given.name].ssh(given.line))
        return 0
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-m", "guest", "-s", "tests/lab"],
        cwd=ROOT,
        env={**os.environ, hypervisor.ASKED: "full"},
        check=False,
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
