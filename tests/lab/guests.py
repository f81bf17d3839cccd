"""Guests: generated and applied as an operator does it, and reached over SSH as an operator reaches them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml

from tests.helpers import run_cli
from tests.lab import hypervisor, wires
from tests.lab.internet import MANAGEMENT
from tests.oracle.expected import GATEWAY
from tests.terraform import Program

_HERE = Path(__file__).parent
_KEY = hypervisor.HOME / "id_ed25519"
_PATIENCE = 2400.0
"""Seconds until a guest has to answer: five of them on two busy processors take many minutes."""

_MEMORY_MIB = 512
_NO_CONNECTION = 255
"""What ssh(1) ends with when there is no connection, or none any more."""

_BOOT_ID = "/proc/sys/kernel/random/boot_id"
_NOT_RUN = ("Connection timed out during banner exchange", "kex_exchange_identification")
"""What ssh(1) says when a machine, or the one before it, is too busy to answer; it has not run anything then."""

_ATTEMPTS = 5

_GIVEN_UP = threading.Event()
"""Set when one of those who wait at the same time ends with an error, or all are interrupted."""


class Deployment:
    """A topology that is generated and applied in the lab.

    Attributes:
        folder: Where `generate` writes and Terraform runs.
        topology: As it comes from YAML, with `nodes`.
        data: Content of `nodes/<machine>.json` by machine.
    """

    def __init__(self, source: Path, program: Program) -> None:
        """Prepare a folder with the topology; the key is the lab's, and so are images and administrators.

        Args:
            source: A topology.
            program: What applies.
        """
        self.folder = hypervisor.DEPLOYMENT / "generated"
        self._program = program
        self._there = (self.folder / "topology.yaml").is_file()
        if not self._there:
            self.folder.mkdir(parents=True)
            if not _KEY.is_file():
                words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", str(_KEY)]
                subprocess.run(words, check=True)
            public = _KEY.with_suffix(".pub").read_text("ascii").strip()
            text = re.sub(r"ssh-ed25519 AAAA.*", public, source.read_text("utf-8"))
            text = re.sub(r"/lab/(\w+)\.qcow2", lambda found: str(hypervisor.image(found[1])), text)
            # Administrators of the lab come from outside, also where the example has them in a network of their own.
            text = re.sub(r"management: \[[^]]*\]", f"management: [{MANAGEMENT}/32]", text)
            (self.folder / "topology.yaml").write_text(text, encoding="utf-8")
        self._read()

    def _read(self) -> None:
        self.topology: dict[str, Any] = yaml.safe_load((self.folder / "topology.yaml").read_text("utf-8"))
        self.data: dict[str, dict[str, Any]] = {
            path.stem: json.loads(path.read_text("utf-8")) for path in sorted(self.folder.glob("nodes/*.json"))
        }

    def generate(self) -> str:
        """Run `generate` and return what it printed; a refusal is an error."""
        result = run_cli(self.folder, "--no-init")
        if result.code:
            raise RuntimeError(result.err)
        self._read()
        return result.out + result.err

    def edit(self, before: str, after: str) -> None:
        """Change the topology."""
        path = self.folder / "topology.yaml"
        text = path.read_text("utf-8")
        if before not in text:
            raise ValueError(f"{before!r} is not in {path}")
        path.write_text(text.replace(before, after), encoding="utf-8")

    def wire(self) -> None:
        """Set up the router before the hypervisor's bridge, as the operator would."""
        network = self.data[min(self.data)]["cluster"]
        cloud = self.topology["cloud"]
        if self.topology["exposure"] == "external":
            router = next(iter(self.data.values()))["router"]
            sheet = (self.folder / "hand-over.md").read_text("utf-8")
            wires.route_to_nodes(router, network, cloud["public_address"], wires.forwards_of(sheet))
        else:
            wires.route_to_gateway(cloud["uplink"]["cidr"], cloud["public_address"], network)

    def apply(self, only: tuple[str, ...] = ()) -> str:
        """Run `terraform init` and `terraform apply` and return what the latter printed.

        Args:
            only: Machines to make; all when it is empty.
        """
        self.terraform("init", "-input=false", "-no-color")
        targets = [f'-target=module.nodes.libvirt_domain.this["{name}"]' for name in only]
        said = self.terraform("apply", "-auto-approve", "-input=false", "-no-color", *targets)
        text = self.terraform("output", "-raw", "ssh_config") if not only else ""
        text = text or (self.folder / "ssh_config").read_text("utf-8")
        (hypervisor.DEPLOYMENT / "ssh_config").write_text(_ssh_options() + text, encoding="utf-8")
        for name in only or self.data:
            record(name, self.fqdn(name))
        return said

    def destroy(self) -> None:
        """Run `terraform destroy`."""
        self.terraform("destroy", "-auto-approve", "-input=false", "-no-color")

    def terraform(self, *words: str) -> str:
        """Run Terraform in the folder with what makes a lab of it, and return what it printed."""
        images = self.topology["cloud"].get("images")
        lab = {"memory_mib": _MEMORY_MIB, "vcpu": 1, "shutdown_seconds": 0}
        variables = {
            "TF_VAR_hypervisor": "qemu",
            "TF_VAR_uri": hypervisor.URI,
            "TF_VAR_storage": json.dumps({"path": str(hypervisor.POOL)}),
            "TF_VAR_lab": json.dumps(lab if images else {**lab, "image": str(hypervisor.image("ubuntu"))}),
        }
        return self._program.run(self.folder, *words, environment=variables).stdout

    def fqdn(self, name: str) -> str:
        """Return the full name of a machine."""
        fqdn: str = self.data[name]["fqdn"]
        return fqdn

    def guests(self) -> dict[str, Guest]:
        """Return all machines by name."""
        return {name: Guest(self, name) for name in self.data}


def _ssh_options() -> str:
    return f"""Host *
    BindAddress {MANAGEMENT}
    IdentityFile {_KEY}
    IdentitiesOnly yes
    BatchMode yes
    ConnectTimeout 20
    ServerAliveInterval 10
    StrictHostKeyChecking no
    UserKnownHostsFile /dev/null
    LogLevel ERROR

"""


def record(name: str, domain: str) -> None:
    """Write a guest's console to `console-NAME.log` as long as the guest lives."""
    terminal = hypervisor.virsh("ttyconsole", domain).strip()
    with (hypervisor.HOME / f"console-{name}.log").open("ab") as log:
        hypervisor.RUNNING.append(
            subprocess.Popen(
                ["cat", terminal], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        )


class Guest:
    """One booted machine.

    Attributes:
        name: Its name.
        data: Content of its data file.
        address: Its private address.
        domain: Its name on the hypervisor.
        family: `ubuntu` or `rhel`.
        roles: Its roles.
    """

    def __init__(self, deployment: Deployment, name: str) -> None:
        self.name = name
        self.data = deployment.data[name]
        self.address: str = self.data["address"]
        self.domain: str = self.data["fqdn"]
        self.family = str(self.data["os"]).partition("-")[0]
        self.roles: list[str] = self.data["roles"]
        self.is_gateway = name == GATEWAY

    def ssh(self, command: str, text: str = "", seconds: float = 300, codes: tuple[int, ...] = (0,)) -> str:
        """Run a line in the guest's shell as root and return what it printed.

        Args:
            command: The line.
            text: Its input.
            seconds: How long it may take.
            codes: Exit statuses that are fine.

        Raises:
            ConnectionError: It ended with another exit status, or there was no connection.
        """
        words = ["ssh", "-F", str(hypervisor.DEPLOYMENT / "ssh_config"), self.name, f"sudo sh -c '{command}'"]
        for _ in range(_ATTEMPTS):
            done = subprocess.run(
                wires.inside(wires.INTERNET, *words),
                input=text,
                capture_output=True,
                text=True,
                check=False,
                timeout=seconds,
                env={key: value for key, value in os.environ.items() if key != "SSH_AUTH_SOCK"},
            )
            if not any(said in done.stderr for said in _NOT_RUN):
                break
        if done.returncode not in codes:
            raise ConnectionError(f"{self.name}: {command}: exit status {done.returncode}: {done.stderr}{done.stdout}")
        return done.stdout

    def answers(self) -> str:
        """Return the id of the boot that answers; empty when none does."""
        try:
            return self.ssh(f"cat {_BOOT_ID}", seconds=60).strip()
        except (ConnectionError, subprocess.TimeoutExpired):
            return ""

    def boot(self) -> str:
        """Wait until it answers over SSH, and return the id of the boot."""
        begin = time.monotonic()
        while not (boot := self.answers()):
            self._be_patient(begin)
        return boot

    def ask_to_restart(self, boot: str) -> None:
        """Ask for a restart, unless it runs another boot by now; the request may be lost.

        Args:
            boot: The id of the boot that is to end.
        """
        request = f"! grep -q {boot} {_BOOT_ID} || systemctl --no-block reboot || :"
        self.ssh(request, codes=(0, _NO_CONNECTION))

    def wait(self, old: str = "") -> float:
        """Wait until it answers over SSH, and all that is started at boot has ended; return the seconds.

        Args:
            old: The id of a boot that does not count, and is asked to end as long as it answers.
        """
        begin = time.monotonic()
        while (boot := self.answers()) in ("", old):
            if boot:
                self.ask_to_restart(boot)
            self._be_patient(begin)
        answered = time.monotonic() - begin
        while not self._has_booted():
            self._be_patient(begin)
        return answered

    def _be_patient(self, begin: float) -> None:
        if time.monotonic() - begin > _PATIENCE:
            log = (hypervisor.HOME / f"console-{self.name}.log").read_text(errors="replace")
            raise TimeoutError(f"{self.name} does not come to the end of its boot:\n{log[-3000:]}")
        if _GIVEN_UP.wait(3):
            raise TimeoutError(f"{self.name}: nobody waits any more")

    def _has_booted(self) -> bool:
        # `cloud-init status --wait` ends at the first error: this file is the end of everything, at every boot.
        try:
            return "yes" in self.ssh("test -e /run/cloud-init/result.json && echo yes || echo no", seconds=60)
        except (ConnectionError, subprocess.TimeoutExpired):
            # It is busy: the next question may be answered.
            return False

    def check(self) -> dict[str, tuple[str, str]]:
        """Return what the node's own check says: (status, text) by id."""
        report = json.loads(self.ssh("/usr/local/sbin/carbonio-node-check --json || :", seconds=600))
        return {row["id"]: (row["status"], row["what"]) for row in report["checks"]}

    def look(self) -> dict[str, Any]:
        """Return what `probe.py` sees inside: nothing of what is generated takes part in that."""
        found: dict[str, Any] = json.loads(self.ssh("python3 -", (_HERE / "probe.py").read_text("utf-8"), 600))
        return found

    def installer(self, nodes: dict[str, str]) -> list[str]:
        """Return what Carbonio's installer would complain of, by its own words (`installer.py`).

        Args:
            nodes: Private address by full name of every node.
        """
        asked = json.dumps({"domain": self.data["domain"], "mta": "mta" in self.roles, "nodes": nodes})
        program = (_HERE / "installer.py").read_text("utf-8").replace("@@ASKED@@", asked)
        complaints: list[str] = json.loads(self.ssh("python3 -", program, 600))
        return complaints


def together(guests: list[Guest], call: Any) -> dict[str, Any]:
    """Call something for each guest at the same time; return the results by name."""
    _GIVEN_UP.clear()
    with ThreadPoolExecutor(max(1, len(guests))) as pool:
        try:
            return dict(zip([guest.name for guest in guests], pool.map(call, guests), strict=True))
        except BaseException:
            _GIVEN_UP.set()
            raise


def restart(guests: list[Guest]) -> dict[str, float]:
    """Restart guests, the gateway last, through which the others are asked; return the seconds until each answered."""
    boots = together(guests, Guest.boot)
    for guest in sorted(guests, key=lambda one: one.is_gateway):
        guest.ask_to_restart(boots[guest.name])
    return together(guests, lambda guest: guest.wait(boots[guest.name]))


def boot(source: Path, program: Program) -> Deployment:
    """Start an empty lab, generate a topology and apply it: its machines begin to boot.

    Args:
        source: The topology.
        program: What applies.
    """
    hypervisor.up()
    deployment = Deployment(source, program)
    deployment.generate()
    deployment.wire()
    deployment.apply()
    return deployment


def prober(namespace: str, asked: dict[str, Any]) -> list[Any]:
    """Run `prober.py` in one of the lab's namespaces."""
    program = (_HERE / "prober.py").read_text("utf-8").replace("@@ASKED@@", json.dumps(asked))
    done = subprocess.run(
        wires.inside(namespace, sys.executable, "-"), input=program, capture_output=True, text=True, check=True
    )
    answers: list[Any] = json.loads(done.stdout)
    return answers
