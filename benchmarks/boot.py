"""How long a node takes from power-on until it is ready, by phase, beside one that is told nothing.

Two machines of one example boot at once, from one image, in the lab (`script/lab`): one with what is generated for it,
one with an empty cloud-config. What the second one takes is the price of machine, kernel and cloud-init. Packages
do not count.

    python -m benchmarks.boot      as root, where QEMU and libvirt are (script/lab install); takes about five minutes
"""

from __future__ import annotations

import itertools
import re
import sys
import time
from pathlib import Path

from tests.helpers import ROOT
from tests.lab import hypervisor
from tests.lab.guests import Deployment, Guest
from tests.terraform import find

EXAMPLE = ROOT / "examples" / "five-nodes-libvirt" / "topology.yaml"
OURS, BARE = "infra1", "video1"
"""The first one answers DNS for itself, so it waits for no other."""

BOUND = 1.5
"""Our share may make the whole so many times as long."""

PHASES = ("init-local", "init", "modules:config", "modules:final", "finished", "without packages")
_PATIENCE = 1200.0


def phases(console: str) -> dict[str, float]:
    """Return the seconds after power-on at which each phase of cloud-init began, from what it prints.

    Args:
        console: The text on a machine's serial console.
    """
    found = re.findall(r"Cloud-init v\. \S+ (?:running '([\w:-]+)'|(finished)) at .*?Up ([0-9.]+) seconds", console)
    return {running or finished: float(seconds) for running, finished, seconds in found}


def fetching(console: str) -> float:
    """Return the seconds that steps took which fetch packages, and ask repositories.

    Args:
        console: The text on a machine's serial console, with the kernel's seconds before each line.
    """
    lines = re.findall(r"\[ *([0-9.]+)\] cloud-init\[\d+\]: (?:un)?(?:changed|failed) +([\w -]+):", console)
    times = [(float(seconds), step) for seconds, step in lines]
    pairs = itertools.pairwise(times)
    return sum(after - before for (before, _), (after, step) in pairs if step.split()[0] in ("packages", "repository"))


def _wait(name: str) -> dict[str, float]:
    path = hypervisor.HOME / f"console-{name}.log"
    end = time.monotonic() + _PATIENCE
    while "finished" not in (found := phases(path.read_text(errors="replace"))):
        if time.monotonic() > end:
            raise TimeoutError(f"{name} has not finished its boot: {path}")
        time.sleep(2)
    found["without packages"] = found["finished"] - fetching(path.read_text(errors="replace"))
    return found


def main() -> int:
    """Boot both, print a table, and end with 1 if ours takes too long."""
    why = hypervisor.lacking()
    if why:
        sys.stderr.write(f"skipped: {why}\n")
        return 0
    try:
        hypervisor.up()
        deployment = Deployment(Path(EXAMPLE), find("terraform"))
        deployment.generate()
        (deployment.folder / "cloud-init" / f"{BARE}.yaml").write_text("#cloud-config\n{}\n", encoding="utf-8")
        deployment.wire()
        deployment.apply(only=(OURS, BARE))
        ours, bare = _wait(OURS), _wait(BARE)
        steps = Guest(deployment, OURS).ssh("cloud-init analyze blame | head -n 12; systemd-analyze blame | head -n 12")
    finally:
        hypervisor.down()
    sys.stdout.write(f"{'seconds after power-on':24}{'ours':>8}{'empty':>8}{'ratio':>8}\n")
    for phase in PHASES:
        sys.stdout.write(f"{phase:24}{ours[phase]:8.1f}{bare[phase]:8.1f}{ours[phase] / bare[phase]:8.2f}\n")
    sys.stdout.write(f"\n{OURS}, what took longest:\n{steps}\n")
    return int(ours["without packages"] > BOUND * bare["without packages"])


if __name__ == "__main__":
    sys.exit(main())
