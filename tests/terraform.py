"""Terraform and OpenTofu as tests run them: own configuration, no credentials."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import ROOT

REGISTRIES = {"terraform": "registry.terraform.io", "tofu": "registry.opentofu.org"}
PROGRAMS = sorted(REGISTRIES)


@functools.cache
def surroundings() -> dict[str, Any]:
    """Return what the machine has: programs, providers, CLI configurations."""
    found = subprocess.run(
        [sys.executable, str(ROOT / "script" / "surroundings.py"), "tools", "--json"],
        check=True,
        capture_output=True,
        text=True,
    )
    content: dict[str, Any] = json.loads(found.stdout)
    return content


@functools.cache
def _registry_answers(host: str) -> bool:
    try:
        with socket.create_connection((host, 443), timeout=3):
            return True
    except OSError:
        return False


AT_ONCE = {f"TF_CLI_ARGS_{command}": "-parallelism=100" for command in ("apply", "destroy")}
"""For applies to simulated clouds: the AWS provider waits half a minute for each record of Route 53."""


class Program:
    """Terraform or OpenTofu.

    Attributes:
        name: `terraform` or `tofu`.
        path: The binary.
    """

    def __init__(self, name: str, path: str) -> None:
        self.name = name
        self.path = path

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the environment of a run: no credentials, and a CLI configuration of our own."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "TF_"))}
        return {
            **kept,
            "CHECKPOINT_DISABLE": "1",
            "TF_CLI_CONFIG_FILE": surroundings()["configurations"][self.name],
            "TF_IN_AUTOMATION": "1",
            **(extra or {}),
        }

    def run(
        self,
        folder: Path,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        codes: tuple[int, ...] = (0,),
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in a folder.

        Args:
            folder: The working directory.
            arguments: Words after the program's name.
            environment: Variables beside those of `environment()`.
            codes: Exit codes that are fine.

        Returns:
            The ended process with its output.
        """
        ended = subprocess.run(
            [self.path, *arguments],
            cwd=folder,
            env=self.environment(environment),
            check=False,
            capture_output=True,
            text=True,
        )
        assert ended.returncode in codes, (
            f"{self.name} {' '.join(arguments)}: exit {ended.returncode}\n"
            f"{ended.stdout[-4000:]}\n{ended.stderr[-4000:]}"
        )
        return ended

    def need(self, provider: str) -> None:
        """Skip the test, saying why, when a provider cannot be had."""
        if provider in surroundings()["providers"] or _registry_answers(REGISTRIES[self.name]):
            return
        looked = ", ".join(surroundings()["looked"])
        pytest.skip(f"no provider {provider}: {REGISTRIES[self.name]} does not answer, not in {looked}")

    def init(self, folder: Path) -> None:
        """Initialise a folder, sharing downloads between tests where providers are downloaded."""
        cache = ROOT / ".build" / "plugin-cache"
        if "hashicorp/aws" in surroundings()["providers"]:
            self.run(folder, "init", "-backend=false", "-input=false", "-no-color")
            return
        cache.mkdir(parents=True, exist_ok=True)
        with _alone(cache / "lock"):
            self.run(
                folder,
                "init",
                "-backend=false",
                "-input=false",
                "-no-color",
                environment={"TF_PLUGIN_CACHE_DIR": str(cache)},
            )

    def show(self, folder: Path, *arguments: str) -> dict[str, Any]:
        """Return the JSON of a plan file, or of the state."""
        shown = self.run(folder, "show", "-json", "-no-color", *arguments)
        content: dict[str, Any] = json.loads(shown.stdout)
        return content


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    # The shared folder of providers is not made for two writers at once.
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def find(name: str) -> Program:
    """Return a program, or skip the test naming what is missing."""
    path = surroundings()["tools"][name]
    if path is None or not shutil.which(path):
        pytest.skip(f"no {name} on PATH or beside a mirror")
    return Program(name, path)
