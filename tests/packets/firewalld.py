"""firewalld for real, in a namespace, with a message bus of its own."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import final

from tests.packets.namespaces import Namespace, checked, ended

_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""
_SECONDS = 30.0


@final
class Firewalld:
    """A firewalld with the configuration below a folder: it starts with the block, `wait` for it."""

    def __init__(self, machine: Namespace, root: Path, work: Path) -> None:
        self._machine = machine
        self._configuration = root / "etc/firewalld"
        self._log = work / f"{machine.short}.firewalld.log"
        socket = work / f"{machine.short}.bus"
        self._bus = work / f"{machine.short}.bus.xml"
        self._bus.write_text(_BUS.format(socket=socket), encoding="utf-8")
        self._environment = {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={socket}"}
        self._socket = socket
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Firewalld:
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _start(self) -> None:
        words = ["dbus-daemon", "--nofork", "--nopidfile", f"--config-file={self._bus}"]
        bus = self._machine.start(*words, log=self._log.with_suffix(".bus.log"))
        self._stack.enter_context(ended(bus))
        _until(self._socket.exists, "the message bus does not start")
        words = ["firewalld", "--nofork", "--nopid", "--system-config", str(self._configuration)]
        self._daemon = self._machine.start(*words, log=self._log, environment=self._environment)
        self._stack.enter_context(ended(self._daemon))

    def wait(self) -> None:
        """Return when it has loaded its rules."""
        _until(self._running, f"firewalld does not start: {self._log}")

    def _running(self) -> bool:
        if self._daemon.poll() is not None:
            raise RuntimeError(f"firewalld ended: {self.log()}")
        words = ["firewall-cmd", "--state"]
        done = subprocess.run(words, env=self._surroundings(), capture_output=True, check=False)
        return done.returncode == 0

    def _surroundings(self) -> dict[str, str]:
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **self._environment}

    def command(self, *words: str) -> str:
        """Run firewall-cmd and return what it printed; a failure is an error."""
        env = [f"{key}={value}" for key, value in self._surroundings().items()]
        return checked(["env", "-i", *env, "firewall-cmd", *words])

    def log(self) -> str:
        """Return what firewalld complained about."""
        return self._log.read_text("utf-8")


def rules(machine: Namespace) -> int:
    """Return how many rules of nftables a machine has."""
    entries = json.loads(machine.run("nft", "-j", "list", "ruleset"))["nftables"]
    return sum("rule" in entry for entry in entries)


def _until(happened: Callable[[], bool], complaint: str) -> None:
    ends = time.monotonic() + _SECONDS
    while not happened():
        if time.monotonic() > ends:
            raise RuntimeError(complaint)
        time.sleep(0.05)
