"""A git repository with a deployment in a folder of it, and the shell of a pipeline there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.helpers import ROOT, build_tree, run_cli
from tests.terraform import Program

SSH_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAID/BBEmEyXDTzLd4O/lYsf8s032tI2w04LtMuXNlQlto admin@example.com"
TOPOLOGY = f"""\
domain: example.com
release: "26.6"
edition: community
cloud: {{provider: hetzner, region: fsn1}}
management: [198.51.100.0/24]
ssh_keys: ["{SSH_KEY}"]
users: 20
mailbox_quota: 1 GB
dns: none
scenario: single
"""
OPENED = "services: {imaps: true, submissions: true}\n"
"""What a pull request adds: the Internet reaches two ports more."""

_GENERATE = """\
#!/bin/sh
# Tells what it was called with, and in which environment, before it does it.
here=$(dirname -- "$0")
printf '%s\\n' "$*" >>"$here/calls"
env >>"$here/environment"
PYTHONPATH='{root}' exec {python} -m generator "$@"
"""


class Repository:
    """A repository whose `main` holds a generated deployment in `mail/`.

    Attributes:
        top: The repository.
        folder: The deployment.
        tools: What stands first on the pipeline's PATH.
        environment: Of the pipeline.
    """

    def __init__(self, place: Path, program: Program, state: str, *, folder: str = "mail") -> None:
        self.top = place / "repository"
        self.folder = self.top / folder
        self.program = program
        self.tools = place / "tools"
        python = sys.executable
        build_tree(self.tools, {"generate": _GENERATE.format(python=python, root=ROOT)})
        (self.tools / "generate").chmod(0o755)
        (self.tools / program.name).symlink_to(program.path)
        (place / "home").mkdir()
        self.environment = {
            "PATH": f"{self.tools}{os.pathsep}{Path(python).parent}{os.pathsep}/usr/local/bin:/usr/bin:/bin",
            "HOME": str(place / "home"),
            "LANG": "C.UTF-8",
            **({"TERRAFORM": program.name} if program.name != "terraform" else {}),
            "TF_CLI_CONFIG_FILE": program.environment()["TF_CLI_CONFIG_FILE"],
        }
        build_tree(self.folder, {"topology.yaml": f"{TOPOLOGY}{state}"})
        build_tree(self.top, {".gitignore": ".terraform/\n"})
        self.git("init", "--quiet", "--initial-branch=main", ".")
        self.generate()
        result = run_cli(self.folder, "init", "--ci", "shell")
        assert result.code == 0, result.err
        self.commit("Start")
        self.git("update-ref", "refs/remotes/origin/main", "HEAD")

    def git(self, *words: str) -> str:
        """Run git and return what it printed."""
        names = ("-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false")
        ended = subprocess.run(
            ["git", *names, *words], cwd=self.top, env=self.environment, check=True, capture_output=True, text=True
        )
        return ended.stdout.strip()

    def generate(self) -> None:
        """Write the Terraform again."""
        result = run_cli(self.folder, "--no-init")
        assert result.code == 0, result.err

    def commit(self, message: str) -> str:
        """Commit everything and return the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def change(self, text: str) -> str:
        """Add to the topology, generate, commit, and return the commit."""
        path = self.folder / "topology.yaml"
        path.write_text(path.read_text("utf-8") + text, "utf-8")
        self.generate()
        return self.commit("Change")

    def script(
        self, *words: str, environment: Mapping[str, str] | None = None, code: int = 0
    ) -> subprocess.CompletedProcess[str]:
        """Run a script as a pipeline does, and look that no secret is in what it says."""
        extra = dict(environment or {})
        ended = subprocess.run(
            ["sh", *words],
            cwd=self.folder,
            env={**self.environment, **extra},
            check=False,
            capture_output=True,
            text=True,
            timeout=300,
        )
        said = ended.stdout + ended.stderr
        assert ended.returncode == code, f"{words}: {ended.returncode}\n{said}"
        for name, value in extra.items():
            secret = name.endswith(("TOKEN", "PASSWORD", "SECRET_ACCESS_KEY")) and value
            assert not secret or value not in said, name
        assert "hcloud_server" not in said or "ci/apply" in words, "what Terraform says of a plan is not printed"
        assert "Terraform will perform" not in said
        return ended

    def calls(self) -> list[str]:
        """Return what `generate` was called with since the last time."""
        path = self.tools / "calls"
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return lines

    def event(self, head: str = "example/mail", *, sha: str = "") -> dict[str, str]:
        """Return the environment of GitHub for pull request 5, from a branch or from a fork."""
        path = self.top.parent / "event.json"
        pull = {"number": 5, "head": {"repo": {"full_name": head} if head else None, "sha": sha}}
        path.write_text(json.dumps({"pull_request": pull, "repository": {"full_name": "example/mail"}}), "utf-8")
        return {
            "GITHUB_EVENT_PATH": str(path),
            "GITHUB_BASE_REF": "main",
            "GITHUB_REPOSITORY": "example/mail",
            "GITHUB_ACTIONS": "true",
        }
