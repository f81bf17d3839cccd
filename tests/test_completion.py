"""Completion as somebody at a terminal has it: real shells, real TABs."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from generator.cli.main import COMMANDS
from tests.helpers import ROOT, build_tree, run_cli

SHELLS = ("bash", "zsh", "fish")
START = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "-i"],
}
LOAD = {
    "bash": "source completion.bash",
    "zsh": 'autoload -Uz compinit && compinit -u -D && eval "$(< completion.zsh)"',
    "fish": "source completion.fish",
}
PROMPT = {"bash": "PS1='READY> '", "zsh": "PS1='READY> '", "fish": "function fish_prompt; echo 'READY> '; end"}
SECONDS = 60.0


class Terminal:
    """A shell at a terminal, in a folder in which its completion is loaded."""

    def __init__(self, shell: str, folder: Path) -> None:
        if shutil.which(shell) is None:
            pytest.skip(f"{shell} is not installed")
        result = run_cli(folder, "completion", shell)
        assert result.code == 0, result.err
        (folder / f"completion.{shell}").write_text(result.out, "utf-8")
        self.master, slave = pty.openpty()
        home = folder / "home"
        home.mkdir()
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        self.process = subprocess.Popen(
            START[shell],
            cwd=folder,
            env={**kept, "HOME": str(home), "TERM": "vt100", "XDG_CONFIG_HOME": str(home), "XDG_DATA_HOME": str(home)},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            # The terminal of its session, as job control wants it.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
        os.close(slave)
        self.seen = ""
        for number, line in enumerate([PROMPT[shell], "generate() { true; }" if shell != "fish" else "", LOAD[shell]]):
            self.type(f"{line}; echo DONE''{number}\r" if line else f"echo DONE''{number}\r")
            self.wait(f"DONE{number}")

    def type(self, text: str) -> None:
        """Send keys."""
        os.write(self.master, text.encode())

    def wait(self, text: str) -> str:
        """Return what was shown up to a text."""
        end = time.monotonic() + SECONDS
        while text not in self.seen:
            ready, _, _ = select.select([self.master], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"no {text!r} in {self.seen!r}"
            self.seen += os.read(self.master, 65536).decode(errors="replace")
        before, _, self.seen = self.seen.partition(text)
        return before

    def completed(self, line: str) -> str:
        """Return what a line becomes by TAB: the shell itself says it, as the words of a command."""
        self.type(f"{line}\t")
        time.sleep(0.7)
        self.type("\x01echo WORDS\"=\" \x05 '=END'\r")
        self.wait("WORDS= ")
        return self.wait("=END").strip()

    def close(self) -> None:
        """End the shell."""
        self.process.kill()
        self.process.wait()
        os.close(self.master)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return build_tree(
        tmp_path,
        {"mail.yaml": "", "over.yml": "", "notes.txt": "", "deep/topology.yaml": "", "answers.json": "{}"},
    )


NOT_YAML = "generate plan no"
LINES = {
    "generate pla": "generate plan",
    "generate reh": "generate rehearse",
    "generate plan --js": "generate plan --json",
    "generate --che": "generate --check",
    "generate verify --resol": "generate verify --resolver",
    "generate mai": "generate mail.yaml",
    "generate plan mai": "generate plan mail.yaml",
    "generate plan mail.yaml --js": "generate plan mail.yaml --json",
    "generate mail.yaml --che": "generate mail.yaml --check",
    NOT_YAML: NOT_YAML,
    "generate plan --overlay ov": "generate plan --overlay over.yml",
    "generate verify --dns --addresses ans": "generate verify --dns --addresses answers.json",
    "generate plan --out de": "generate plan --out deep/",
    "generate completion fi": "generate completion fish",
    "generate plan deep/to": "generate plan deep/topology.yaml",
    # A command comes before files of that name.
    "generate exp": "generate explain",
    "generate de": "generate deep/",
    "generate explain event-s": "generate explain event-streaming",
    "generate explain mailbox_": "generate explain mailbox_quota",
    "generate init --cloud het": "generate init --cloud hetzner",
    "generate init --region eu-nor": "generate init --region eu-north-1",
    "generate init --mail-programs po": "generate init --mail-programs pop3",
    "generate init --ssh-key ans": "generate init --ssh-key answers.json",
}


@pytest.mark.slow
@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_completes(shell: str, folder: Path) -> None:
    terminal = Terminal(shell, folder)
    try:
        # zsh takes the slash at the end of a folder away again, and offers any file where none is YAML.
        lines = {line: done.removesuffix("/") for line, done in LINES.items() if shell != "zsh" or line != NOT_YAML}
        assert {line: terminal.completed(line).removesuffix("/") for line in lines} == lines
    finally:
        terminal.close()


def test_every_command_and_option_is_offered(folder: Path) -> None:
    """What bash has in its lists is what the help of each command shows."""
    script = folder / "completion.bash"
    script.write_text(run_cli(folder, "completion", "bash").out, "utf-8")
    for command in ("", *COMMANDS):
        words = ["generate", *([command] if command else []), "--"]
        code = (
            f"source {script}; COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}; _shtab_generate; "
            'printf "%s\\n" "${COMPREPLY[@]}"'
        )
        ended = subprocess.run(["bash", "-c", code], cwd=folder, check=True, capture_output=True, text=True)
        helped = set(re.findall(r"(?<![\w-])--[a-z-]+", run_cli(folder, *words[1:-1], "--help").out))
        assert set(ended.stdout.split()) <= helped, command
        assert len(ended.stdout.split()) >= 1


def offered(folder: Path, *words: str) -> set[str]:
    """Return what bash offers for the last of some words."""
    script = folder / "completion.bash"
    script.write_text(run_cli(folder, "completion", "bash").out, "utf-8")
    code = (
        f"source {script}; COMP_WORDS=({' '.join(repr(word) for word in words)}); COMP_CWORD={len(words) - 1}; "
        'compopt() { true; }; _shtab_generate; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    ended = subprocess.run(["bash", "-c", code], cwd=folder, check=True, capture_output=True, text=True)
    return set(ended.stdout.split())


def test_folders_do_not_hide_the_commands(folder: Path) -> None:
    build_tree(folder, {"plans/a.txt": ""})
    assert offered(folder, "generate", "") == set(COMMANDS)
    assert offered(folder, "generate", "pl") == {"plan"}
    assert offered(folder, "generate", "d") == {"deep"}
    assert offered(folder, "generate", "./") == {"./mail.yaml", "./over.yml", "./deep", "./plans"}


def test_what_init_and_explain_take_is_offered(folder: Path) -> None:
    assert offered(folder, "generate", "init", "--cloud", "") == {"aws", "hetzner", "libvirt"}
    assert offered(folder, "generate", "init", "--exposure", "") == {"direct", "gateway", "external"}
    assert {"none", "imap", "pop3", "both"} == offered(folder, "generate", "init", "--mail-programs", "")
    words = offered(folder, "generate", "explain", "")
    assert {"mta", "imaps", "unknown-role", "spf", "users", "dns.dmarc.policy"} <= words
    for word in words:
        assert re.fullmatch(r"[a-z0-9_.-]+", word), word


def test_an_unknown_shell_is_refused(folder: Path) -> None:
    result = run_cli(folder, "completion", "tcsh")
    assert result.code == 2
    assert "invalid choice: 'tcsh'" in result.err
    assert run_cli(folder, "completion").code == 2


def test_no_other_command_loads_what_makes_scripts() -> None:
    calls = "main(['--help']); main(['plan', 'none'])"
    code = f"import sys; from generator.cli import main; {calls}; print('shtab' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert ended.stdout.splitlines()[-1] == "False"
