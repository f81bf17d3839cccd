"""libvirtd inside a network namespace, its processes in a process namespace: one pid ends them all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.helpers import ROOT
from tests.lab import wires
from tests.packets.namespaces import checked, missing

ASKED = "GENERATE_LAB"
"""In the environment: `no` boots nothing, `full` everything, `keep` likewise and leaves the machines running."""

HOME = ROOT / ".build" / "lab"
STATE = HOME / "state"
POOL = HOME / "pool"
DEPLOYMENT = HOME / "deployment"
"""The generated folder, and beside it what Terraform needs to know of the lab; goes with the guests."""

SOCKETS = Path("/run") / wires.HYPERVISOR
URI = f"qemu:///system?socket={SOCKETS}/libvirt-sock"

RUNNING: list[subprocess.Popen[bytes]] = []
"""Processes that outlive the calls that started them; those of machines end with these."""

_HERE = Path(__file__).parent
_PID = HOME / "init.pid"
_PROGRAMS = ("qemu-system-x86_64", "qemu-img", "libvirtd", "virsh", "dnsmasq", "iptables", "unshare", "ssh")
_BUILDERS = ("mmdebstrap", "sfdisk", "extlinux", "mkfs.ext4", "rpmbuild", "createrepo_c")
_RECIPE = ("image.sh", "stand-ins.sh")
SYSTEMS = ("ubuntu", "rhel")
"""Families of operating systems that guests start from."""


def lacking() -> str:
    """Return why no guest can be booted here; empty when it can."""
    builders = () if _images().is_dir() else _BUILDERS
    return missing(*_PROGRAMS, *builders)


def _images() -> Path:
    """Return where the guests' disks are, or will be: the name holds the hash of their recipe."""
    recipe = hashlib.sha256(b"".join((_HERE / name).read_bytes() for name in _RECIPE)).hexdigest()[:12]
    return HOME / f"images-{recipe}"


def image(system: str) -> Path:
    """Return the disk that guests of a family start from, or `rpms`; all of them are built where they are not there."""
    folder = _images()
    if not folder.is_dir():
        HOME.mkdir(parents=True, exist_ok=True)
        subprocess.run([str(_HERE / "image.sh"), str(folder)], check=True, timeout=1200, stdout=sys.stderr)
        for old in HOME.glob("images-*"):
            if old != folder:
                shutil.rmtree(old)
    return folder / (f"{system}.qcow2" if system in SYSTEMS else system)


def virsh(*words: str) -> str:
    """Run virsh on the lab's libvirtd and return what it printed."""
    return checked(["virsh", "--connect", URI, *words])


def up() -> None:
    """Start the lab's network, its stand-in for the Internet, and libvirtd; nothing of an earlier lab is left."""
    down()
    for folder in (STATE, POOL, SOCKETS):
        folder.mkdir(parents=True, exist_ok=True)
    for old in HOME.glob("console-*.log"):
        old.unlink()
    rpms = image("rpms")
    wires.lay()
    with (HOME / "init.log").open("wb") as log:
        init = subprocess.Popen(
            [
                *wires.inside(wires.HYPERVISOR, "unshare", "--mount", "--pid", "--fork"),
                *("--kill-child=KILL", "--mount-proc"),
                *(str(_HERE / "init.sh"), str(STATE), str(SOCKETS), str(rpms), sys.executable),
            ],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # It outlives `script/lab up`, and a key that interrupts that.
            start_new_session=True,
        )
    RUNNING.append(init)
    _PID.write_text(f"{init.pid} {_started(init.pid)}\n", encoding="ascii")
    end = time.monotonic() + 60
    while subprocess.run(["virsh", "--connect", URI, "version"], capture_output=True, check=False).returncode:
        if init.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"libvirtd did not start: {(HOME / 'init.log').read_text(errors='replace')[-2000:]}")
        time.sleep(0.2)


def down() -> None:
    """End everything that `up` started, and forget the guests; the image stays."""
    if is_up():
        pid = int(_PID.read_text(encoding="ascii").split()[0])
        # The first process of the namespace is the last one of it to be gone.
        inner = Path("/proc", str(pid), "task", str(pid), "children").read_text(encoding="ascii").split()
        gone = {number: _started(number) for number in [pid, *map(int, inner)]}
        os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)
        end = time.monotonic() + 20
        while any(_started(number) == started for number, started in gone.items()):
            if time.monotonic() > end:
                raise RuntimeError(f"processes of the lab do not end: {sorted(gone)}")
            time.sleep(0.05)
    while RUNNING:
        process = RUNNING.pop()
        process.terminate()
        process.wait(20)
    if _PID.is_file():
        _PID.unlink()
    wires.take_away()
    for folder in (STATE, POOL, SOCKETS, DEPLOYMENT):
        shutil.rmtree(folder, ignore_errors=True)


def remains() -> list[str]:
    """Return what libvirt still has, and processes that belong to machines."""
    found = [
        f"{what}: {name}"
        for what, words in {
            "machine": ("list", "--all", "--name"),
            "network": ("net-list", "--all", "--name"),
            "pool": ("pool-list", "--all", "--name"),
        }.items()
        for name in virsh(*words).split()
    ]
    found += [f"disk: {path.name}" for path in POOL.iterdir()]
    for pid in wires.processes():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            words = Path("/proc", str(pid), "cmdline").read_bytes().split(b"\0")
            if words[0].endswith((b"qemu-system-x86_64", b"dnsmasq")) and b"internet.conf" not in words[-2]:
                found.append(f"process {pid}: {words[0].decode()}")
    return found


def is_up() -> bool:
    """Say whether what an earlier `up` started still runs: another process may bear that number today."""
    if not _PID.is_file():
        return False
    pid, started = _PID.read_text(encoding="ascii").split()
    return _started(int(pid)) == started


def _started(pid: int) -> str:
    """Return when a process started, in the kernel's ticks; empty if there is none that runs."""
    try:
        fields = Path("/proc", str(pid), "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if fields[0] == "Z" else fields[19]
