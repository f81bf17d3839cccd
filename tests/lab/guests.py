"""Guests: generated, applied by Terraform, and reached over SSH as an operator reaches them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.helpers import ROOT, run_cli
from tests.lab import hypervisor
from tests.lab.internet import HOST, MANAGEMENT
from tests.terraform import Program

_HERE = Path(__file__).parent
_KEY = hypervisor.HOME / "id_ed25519"
_PATIENCE = 900.0
"""Seconds until a guest has to answer: two of them on two busy processors take a few minutes."""

_NO_CONNECTION = 255
"""What ssh(1) ends with when it has not come to run the command."""

_PLACEHOLDER = re.compile(r"/dev/disk/by-id/[\w-]*@@volume:([\w-]+)@@")


def deploy(example: str, names: Iterable[str], program: Program) -> None:
    """Generate an example as it is, but for its SSH key, and boot some of its nodes.

    Args:
        example: A folder of `examples/`.
        names: Its nodes that are booted.
        program: What applies.
    """
    folder = hypervisor.DEPLOYMENT / "generated"
    folder.mkdir(parents=True)
    if not _KEY.is_file():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", str(_KEY)], check=True)
    topology = (ROOT / "examples" / example / "topology.yaml").read_text("utf-8")
    public = _KEY.with_suffix(".pub").read_text("ascii").strip()
    (folder / "topology.yaml").write_text(re.sub(r"ssh-ed25519 AAAA.*", public, topology), encoding="utf-8")
    result = run_cli(folder, "--no-init")
    if result.code:
        raise RuntimeError(result.err)

    root = hypervisor.DEPLOYMENT / "terraform"
    shutil.copytree(_HERE / "terraform", root, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"))
    nodes = {name: _node(folder, name) for name in names}
    values = {
        "uri": hypervisor.URI,
        "pool": str(hypervisor.POOL),
        "image": str(hypervisor.image()),
        "cidr": json.loads((folder / "nodes" / f"{min(nodes)}.json").read_text("utf-8"))["cluster"],
        "nodes": nodes,
    }
    (root / "terraform.tfvars.json").write_text(json.dumps(values, indent=2), encoding="utf-8")
    program.run(root, "init", "-input=false", "-no-color")
    program.run(root, "apply", "-auto-approve", "-input=false", "-no-color")
    for name in nodes:
        record(name)


def _node(folder: Path, name: str) -> dict[str, Any]:
    """Return a node's values for Terraform; in its user-data only the ids of volumes are put in place."""
    volumes: dict[str, int] = {}

    def serial(match: re.Match[str]) -> str:
        volumes[match[1][:20]] = 2
        return f"/dev/disk/by-id/virtio-{match[1][:20]}"

    text = (folder / "cloud-init" / f"{name}.yaml").read_text("utf-8")
    seed = hypervisor.DEPLOYMENT / f"{name}.yaml"
    seed.write_text(_PLACEHOLDER.sub(serial, text), encoding="utf-8")
    address = json.loads((folder / "nodes" / f"{name}.json").read_text("utf-8"))["address"]
    return {"address": address, "user_data": str(seed), "volumes": volumes}


def record(name: str) -> None:
    """Write a guest's console to `console-NAME.log` as long as the guest lives."""
    terminal = hypervisor.virsh("ttyconsole", name).strip()
    with (hypervisor.HOME / f"console-{name}.log").open("wb") as log:
        subprocess.Popen(["cat", terminal], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)


class Guest:
    """One booted node.

    Attributes:
        name: Its name.
        address: Its private address.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        data = json.loads((hypervisor.DEPLOYMENT / "generated" / "nodes" / f"{name}.json").read_text("utf-8"))
        self.address: str = data["address"]
        self._sources = [MANAGEMENT, HOST]

    def ssh(self, command: str, text: str = "", seconds: float = 120) -> str:
        """Run a line in the guest's shell as root and return what it printed; a failure is an error.

        Args:
            command: The line.
            text: Its input.
            seconds: How long it may take.
        """
        done = self._ssh(command, text, seconds)
        if done.returncode == _NO_CONNECTION:
            # Nodes behind a gateway are closed to the operator's own address, a gateway to those of nodes.
            self._sources.reverse()
            done = self._ssh(command, text, seconds)
        if done.returncode:
            raise ConnectionError(f"{self.name}: {command}: exit status {done.returncode}: {done.stderr}{done.stdout}")
        return done.stdout

    def _ssh(self, command: str, text: str, seconds: float) -> subprocess.CompletedProcess[str]:
        options = ("IdentitiesOnly=yes", "BatchMode=yes", "ConnectTimeout=10", "StrictHostKeyChecking=no")
        quiet = (
            "UserKnownHostsFile=/dev/null",
            "LogLevel=ERROR",
            f"BindAddress={self._sources[0]}",
            f"IdentityFile={_KEY}",
        )
        words = [word for option in (*options, *quiet) for word in ("-o", option)]
        return subprocess.run(
            hypervisor.inside("ssh", "-F", "none", *words, f"debian@{self.address}", f"sudo sh -c '{command}'"),
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
            env={key: value for key, value in os.environ.items() if key != "SSH_AUTH_SOCK"},
        )

    def wait(self, other_than: str = "") -> float:
        """Wait until it answers over SSH, and cloud-init has ended; return the seconds.

        Args:
            other_than: The id of a boot that does not count.
        """
        begin = time.monotonic()
        while True:
            try:
                if self.ssh("cat /proc/sys/kernel/random/boot_id", seconds=30).strip() != other_than:
                    break
            except (ConnectionError, subprocess.TimeoutExpired) as error:
                if time.monotonic() - begin > _PATIENCE:
                    log = (hypervisor.HOME / f"console-{self.name}.log").read_text(errors="replace")
                    raise TimeoutError(f"{self.name} does not answer: {error}\n{log[-3000:]}") from error
            time.sleep(2)
        answered = time.monotonic() - begin
        # `cloud-init status --wait` ends at the first error: this file is the end of everything.
        self.ssh("until test -e /run/cloud-init/result.json; do sleep 2; done", seconds=_PATIENCE)
        # At a later boot what the first one could not do is tried again, beside cloud-init.
        self.ssh("while systemctl is-active -q carbonio-node-configure; do sleep 2; done", seconds=_PATIENCE)
        return answered

    def reboot(self) -> float:
        """Restart it, wait for it, and return the seconds until it answered."""
        before = self.ssh("cat /proc/sys/kernel/random/boot_id").strip()
        self.ssh("systemctl --no-block reboot")
        return self.wait(before)

    def reached(self, port: int, source: str) -> bool:
        """Say whether a connection from an address outside is answered.

        Args:
            port: TCP port.
            source: One of the lab's addresses.
        """
        line = f"import socket; socket.create_connection(('{self.address}', {port}), 8, ('{source}', 0))"
        done = subprocess.run(hypervisor.inside(sys.executable, "-c", line), capture_output=True, check=False)
        return done.returncode == 0

    def check(self) -> dict[str, tuple[str, str]]:
        """Return what the node's own check says: (status, text) by id."""
        report = json.loads(self.ssh("/usr/local/sbin/carbonio-node-check --json || :", seconds=300))
        return {row["id"]: (row["status"], row["what"]) for row in report["checks"]}

    def look(self) -> dict[str, Any]:
        """Return what `probe.py` sees inside: nothing of what is generated takes part in that."""
        found: dict[str, Any] = json.loads(self.ssh("python3 -", (_HERE / "probe.py").read_text("utf-8"), 300))
        return found
