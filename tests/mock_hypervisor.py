"""libvirt's own mock hypervisor behind a real libvirtd: Terraform can plan on it, and nothing here changes."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import final

import pytest

NOBODY = 65534
SECONDS = 20


def need() -> None:
    """Skip the test, naming what is missing."""
    for program in ("libvirtd", "setpriv"):
        if shutil.which(program, path=_path()) is None:
            pytest.skip(f"no {program}: nobody to plan for")


@final
class MockHypervisor:
    """A libvirtd without any right, which serves the driver `test` on a socket of its own.

    Attributes:
        uri: Of a hypervisor with nothing on it but a pool with the name `default-pool` and a machine of libvirt's.
    """

    def __init__(self) -> None:
        # A socket's path has room for a hundred letters.
        self._home = Path(tempfile.mkdtemp(prefix="hypervisor-"))
        self._socket = self._home / "run" / "libvirt" / "libvirt-sock"
        self.uri = f"test:///default?socket={self._socket}"

    def __enter__(self) -> MockHypervisor:
        run = self._home / "run"
        run.mkdir()
        command = ["libvirtd"]
        if os.geteuid() == 0:
            # Root's daemon would be the machine's own, with its networks and machines.
            for folder in (self._home, run):
                os.chown(folder, NOBODY, NOBODY)
            command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--", *command]
        homes = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"), str(self._home))
        self._log = (self._home / "log").open("w+", encoding="utf-8")
        self._daemon = subprocess.Popen(
            command,
            cwd=self._home,
            env={"PATH": _path(), "XDG_RUNTIME_DIR": str(run), **homes},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        end = time.monotonic() + SECONDS
        while not self._socket.exists():
            if self._daemon.poll() is not None or time.monotonic() > end:
                self._log.seek(0)
                said = self._log.read()[-2000:]
                self.__exit__(None, None, None)
                raise RuntimeError(f"libvirtd did not start: {said}")
            time.sleep(0.05)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._daemon.terminate()
        try:
            self._daemon.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self._daemon.kill()
            self._daemon.wait(SECONDS)
        self._log.close()
        shutil.rmtree(self._home, ignore_errors=True)

    def environment(self) -> dict[str, str]:
        """Return the variables that point Terraform to it."""
        return {"TF_VAR_uri": self.uri}


def _path() -> str:
    return f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
