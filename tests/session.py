"""An operator's shell in a folder with a topology: generate and Terraform against a simulated cloud."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from generator.clouds.base import Simulator
from tests.helpers import ROOT
from tests.terraform import AT_ONCE, Program


class Session:
    """A folder with a topology, a shell's environment, and a simulated AWS."""

    def __init__(self, folder: Path, program: Program, simulator: Simulator) -> None:
        tools = folder.parent / "bin"
        tools.mkdir(exist_ok=True)
        # The operator's PATH holds one of the two programs, under its own name.
        (tools / program.name).symlink_to(program.path)
        python = Path(sys.executable).parent
        self.folder = folder
        self.program = program
        self.environment = {
            **program.environment(simulator.environment()),
            "PATH": f"{tools}{os.pathsep}{python}{os.pathsep}/usr/bin{os.pathsep}/bin",
            "PYTHONPATH": str(ROOT),
            **AT_ONCE,
        }

    def at(self, folder: Path) -> Session:
        """Return the same shell in another folder."""
        other = copy.copy(self)
        other.folder = folder
        return other

    def shell(self, line: str, codes: tuple[int, ...] = (0,)) -> str:
        ended = subprocess.run(
            ["sh", "-c", line],
            cwd=self.folder,
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
        )
        assert ended.returncode in codes, f"{line}: {ended.returncode}\n{ended.stdout[-3000:]}\n{ended.stderr[-3000:]}"
        return ended.stdout + ended.stderr

    def output(self, name: str) -> Any:
        return json.loads(self.shell(f"{self.program.name} output -json {name}"))

    def edit(self, before: str, after: str) -> None:
        path = self.folder / "topology.yaml"
        text = path.read_text("utf-8")
        assert before in text
        path.write_text(text.replace(before, after), "utf-8")

    def planned(self, name: str = "change", options: str = "") -> dict[str, tuple[str, ...]]:
        """Generate, plan into a file, and return what would happen to each resource."""
        tool = self.program.name
        self.shell(f"python -m generator && {tool} plan -out={name} -input=false -no-color {options}")
        plan = json.loads(self.shell(f"{tool} show -json {name}"))
        return {
            change["address"]: tuple(change["change"]["actions"])
            for change in plan["resource_changes"]
            if change["change"]["actions"] not in (["no-op"], ["read"])
        }
