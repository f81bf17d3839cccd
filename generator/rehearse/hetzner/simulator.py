"""The Hetzner Cloud for rehearsals and tests, on a free loopback port, ended with its user.

As a program (`python -m generator.rehearse.hetzner.simulator --port 0`) it is the server; as a class,
`HetznerSimulator` starts that program and ends it (see `server_process`).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import final

from generator.rehearse.server_process import ServerProcess, SimulatorError, serve

__all__ = ["TOKEN", "HetznerSimulator", "SimulatorError"]

_MODULE = "generator.rehearse.hetzner.simulator"
# Clients want 64 characters. No other token is accepted, so a real one sent here by mistake does nothing.
TOKEN = "rehearsal".ljust(64, "0")
_ACTION_SECONDS = 0.1


@final
class HetznerSimulator(ServerProcess):
    """A running simulator; a context manager.

    Args:
        snapshots: Snapshots that the project owns, such as `4711`, `os=ubuntu-20.04` or both joined by a comma.
        existing_zones: Domains whose zone exists, and is delegated, before the first apply.
        ssh_keys: Names of SSH keys that exist.
        faults: What goes wrong; `generator.rehearse.hetzner.faults` describes the words.
        action_seconds: How long every action runs.
        timeout: Seconds to wait for the start.

    Raises:
        SimulatorError: On entering, when Flask is missing or the server does not start in time.
    """

    def __init__(
        self,
        *,
        snapshots: Sequence[str] = (),
        existing_zones: Sequence[str] = (),
        ssh_keys: Sequence[str] = (),
        faults: Sequence[str] = (),
        action_seconds: float = _ACTION_SECONDS,
        timeout: float = 30.0,
    ) -> None:
        options = [
            *(f"--snapshot={snapshot}" for snapshot in snapshots),
            *(f"--existing-zone={domain}" for domain in existing_zones),
            *(f"--ssh-key={name}" for name in ssh_keys),
            *(f"--fault={fault}" for fault in faults),
            f"--action-seconds={action_seconds:g}",
        ]
        super().__init__(title="Hetzner Cloud", module=_MODULE, library="flask", options=options, timeout=timeout)

    def environment(self) -> dict[str, str]:
        """Variables that point Terraform and the `hcloud` command line to the simulator alone."""
        endpoint = f"{self.url}/v1"
        # The second endpoint is that of storage boxes, which are not simulated: nothing may reach the real one.
        return {"HCLOUD_ENDPOINT": endpoint, "HCLOUD_TOKEN": TOKEN, "HETZNER_ENDPOINT": endpoint}


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=f"python -m {_MODULE}",
        description="Simulates the Hetzner Cloud on a loopback port until standard input closes.",
    )
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 chooses one")
    parser.add_argument("--snapshot", action="append", default=[], metavar="WORDS", help="an id, labels, or both")
    parser.add_argument("--existing-zone", action="append", default=[], metavar="DOMAIN", help="a zone that exists")
    parser.add_argument("--ssh-key", action="append", default=[], metavar="NAME", help="an SSH key that exists")
    parser.add_argument("--fault", action="append", default=[], metavar="WORD", help="such as 429*3; see faults.py")
    parser.add_argument("--action-seconds", type=float, default=_ACTION_SECONDS, help="how long an action runs")
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> int:
    """Runs the server until SIGTERM, SIGINT or the end of standard input.

    Args:
        words: Command line without the program; None takes it from the process.

    Returns:
        The exit code.
    """
    options = _arguments(words)

    # Imported here alone: the class above is imported by the command line, which does without Flask.
    from generator.rehearse.hetzner.app import Project, create_app

    project = Project(
        token=TOKEN,
        snapshots=options.snapshot,
        existing_zones=options.existing_zone,
        ssh_keys=options.ssh_key,
        faults=options.fault,
        action_seconds=options.action_seconds,
    )
    return serve(create_app(project), options.port)


if __name__ == "__main__":
    sys.exit(main())
