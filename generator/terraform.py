"""The only place that drives Terraform, or OpenTofu where there is no Terraform.

python-terraform runs the commands. Its wrappers add options of their own (`plan` raises on a plan with
changes in newer versions, `apply` approves by itself) and turn a misspelt method into a command, so only
its `cmd` is used, with every option written here.
"""

import logging
import os
import re
import shutil
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from functools import cache
from pathlib import Path
from typing import IO, Any, TextIO

import msgspec

from generator.errors import SurroundingsError

BINARIES = ("terraform", "tofu")


class Result(msgspec.Struct, frozen=True):
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def moves_state(self) -> bool:
        """Whether an init stopped because the state would have to be copied to another place first."""
        return self.code != 0 and re.search(r"migrat\w+.*state|state migration", self.out + self.err) is not None


def find_binary() -> str | None:
    """Return the path of Terraform, else of OpenTofu, else None."""
    return next((path for name in BINARIES if (path := shutil.which(name))), None)


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables while a command starts: python-terraform hands on the process's own environment."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


_STEP = re.compile(r"(\S.*?): (?:(?:Creation|Modifications|Destruction|Read) (complete)|Still \w+)")
NO_REGISTRY = "docs/how-to.md says how to work without Terraform's registry."
"""What to do where init fails because a provider cannot be fetched."""

_INSTALL = "https://developer.hashicorp.com/terraform/install or https://opentofu.org/docs/intro/install/"
_REMARKABLE = re.compile(r"Warning:|Error:|Apply complete|Destroy complete")
_SECONDS_BETWEEN = 5.0
"""Often enough to see that something happens, and seldom enough to read it."""


@contextmanager
def _progress() -> Iterator[tuple[IO[str], list[str]]]:
    """Yield a stream that tells on stderr, in a line every few seconds, how far it is, and all of its lines."""
    lines: list[str] = []
    reading, writing = os.pipe()
    # By the time that something comes, this name stands for the stream itself.
    shown = sys.stderr

    def forward() -> None:
        done, told = 0, time.monotonic()
        with os.fdopen(reading, encoding="utf-8", errors="replace") as stream:
            for line in stream:
                lines.append(line)
                match = _STEP.match(line)
                done += match is not None and match[2] is not None
                if match is not None and time.monotonic() - told >= _SECONDS_BETWEEN:
                    told = time.monotonic()
                    _tell(shown, f"  {done} done, now {match[1]}")
                elif _REMARKABLE.match(line):
                    _tell(shown, f"  {line.rstrip()}")

    reader = threading.Thread(target=forward, daemon=True)
    reader.start()
    with os.fdopen(writing, "w") as stream:
        yield stream, lines
        stream.close()
        reader.join()


def _tell(stream: TextIO, line: str) -> None:
    # Nobody has to listen, and whoever reads the pipe must not stop.
    with suppress(OSError, ValueError):
        stream.write(f"{line}\n")
        stream.flush()


@cache
def _driver() -> type[Any]:
    """Return python-terraform's class without its reading of the state: that is Terraform's own, and may be damaged."""
    import python_terraform

    class Driver(python_terraform.Terraform):  # type: ignore[misc]
        def read_state_file(self, file_path: str | None = None) -> None:
            """Leave the state alone."""

    return Driver


class Terraform:
    """Terraform in one folder.

    Attributes:
        folder: The root module.
        binary: Path of Terraform or OpenTofu.
        environment: Variables on top of the process's own.
    """

    def __init__(self, folder: Path, binary: str, environment: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.binary = binary
        self.environment = {
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
            "TF_INPUT": "0",
            **(environment or {}),
        }

    def init(self, *, quiet: bool = False) -> Result:
        """Install providers and modules."""
        return self._run("init", capture=quiet, input=False, no_color=self._flag)

    def needs_init(self) -> bool:
        """Tell whether no provider or module is installed in the folder yet."""
        return (
            not (self.folder / ".terraform" / "modules" / "modules.json").is_file()
            or not (self.folder / ".terraform.lock.hcl").is_file()
        )

    def plan(self, out: str, *, quiet: bool = False) -> Result:
        """Write a plan; the code is 0 without changes, 2 with changes, 1 for an error."""
        return self._run(
            "plan",
            capture=quiet,
            input=False,
            no_color=self._flag,
            detailed_exitcode=self._flag,
            out=out,
        )

    def apply(self, plan: str, *, quiet: bool = False) -> Result:
        """Apply a plan that was written."""
        return self._run("apply", plan, capture=quiet, input=False, no_color=self._flag)

    def plan_destroy(self, out: str) -> Result:
        """Write a plan that destroys everything that the state holds."""
        return self._run("plan", capture=True, input=False, no_color=self._flag, destroy=self._flag, out=out)

    def show(self, plan: str) -> Result:
        """Return a plan as JSON."""
        return self._run("show", plan, capture=True, json=self._flag, no_color=self._flag)

    def state(self) -> Result:
        """Return the addresses of everything in the state, one in a line."""
        return self._run("state list", capture=True)

    def output(self) -> Result:
        """Return all outputs as JSON; `{}` before the first apply."""
        return self._run("output", capture=True, json=self._flag, no_color=self._flag)

    @property
    def _flag(self) -> Any:
        from python_terraform import IsFlagged

        return IsFlagged

    def _run(self, command: str, *arguments: str, capture: bool, **options: Any) -> Result:
        # It repeats every failure as a warning of its own, through a method that Python deprecated.
        logger = logging.getLogger("python_terraform")
        logger.warn = logger.debug  # type: ignore[method-assign]
        driver = _driver()(working_dir=str(self.folder), terraform_bin_path=self.binary)
        with _environment(self.environment):
            if capture:
                code, out, err = driver.cmd(command, *arguments, capture_output=True, raise_on_error=False, **options)
                return Result(code, out or "", err or "")
            with _progress() as (talk, lines), redirect_stdout(talk), redirect_stderr(talk):
                code, _, _ = driver.cmd(command, *arguments, capture_output=False, raise_on_error=False, **options)
            return Result(code, "".join(lines), "")


def require_binary() -> str:
    """Return the path of Terraform or OpenTofu.

    Raises:
        SurroundingsError: Neither is installed.
    """
    binary = find_binary()
    if binary is None:
        raise SurroundingsError("neither terraform nor tofu is installed", f"Install one of them: {_INSTALL}")
    return binary
