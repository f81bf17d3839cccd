"""`generate completion`: a script with which a shell completes commands, options and files."""

import argparse
import importlib
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from generator.cli.report import out
from generator.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHELLS = ("bash", "zsh", "fish")
_EPILOG = """\
Load it in every shell that starts:
  bash: generate completion bash > ~/.local/share/bash-completion/completions/generate
        or in ~/.bashrc: source <(generate completion bash)
  zsh:  in ~/.zshrc, after compinit: eval "$(generate completion zsh)"
  fish: generate completion fish > ~/.config/fish/completions/generate.fish

Example: source <(generate completion bash)"""

# shtab offers commands where a command may stand. A topology may stand there as well: it is offered where what was
# typed begins no command, so that folders do not hide the commands.
_FIRST_WORD = {
    "bash": """\
_shtab_generate_pos_0_COMPGEN=_generate_glob_unless_command
_generate_glob_unless_command() {{
  compgen -W "{commands}" -- "$1" > /dev/null || {files} "$1"
}}""",
    "zsh": """\
functions[_generate_only_commands]=$functions[_shtab_generate_commands]
_shtab_generate_commands() {{
  _generate_only_commands || {files}
}}""",
    "fish": """\
function _generate_no_command
  set -l word (commandline -ct)
  not string match -q -- "$word*" {commands}
end""",
}
_FISH = """\
complete -c generate -n '_shtab_generate_using; and test $_shtab_generate_npos -eq 0; and _generate_no_command' \
  -k -a "{files}"
"""
_ZSH_CASES = "      case $line[1] in\n"
_ZSH_NO_COMMAND = "        *.yaml|*.yml) _arguments -C -s $_shtab_generate_options ;;\n"


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    found = argparse.ArgumentParser(
        prog="generate completion",
        description="Print a script that completes commands, options and topology files.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    found.add_argument("shell", choices=_SHELLS, metavar="SHELL", help="bash, zsh or fish")
    return found


def run(arguments: Namespace) -> int:
    """Run the command and return its exit code."""
    out(script(arguments.shell))
    return Exit.FINE


def script(shell: str) -> str:
    """Return the script for a shell."""
    # Imported here: no other command needs it.
    import shtab

    from generator.cli.main import COMMANDS

    topologies = shtab.glob("*.yaml", "*.yml")
    files = str(topologies[shell])
    root = _everything(
        {"TOPOLOGY": topologies, "FILE": shtab.FILE, "FILE-or-TEXT": shtab.FILE, "DIR": shtab.DIRECTORY},
    )
    preamble = _FIRST_WORD[shell].format(files=files, commands=" ".join(COMMANDS))
    text = shtab.complete(root, shell, preamble=preamble)
    if shell == "fish":
        return text + _FISH.format(files=files)
    if shell == "zsh":
        return text.replace(_ZSH_CASES, _ZSH_CASES + _ZSH_NO_COMMAND)
    return text


def _everything(files: "Mapping[str, Any]") -> argparse.ArgumentParser:
    """Return one parser with all commands below it, in which values say what they may be.

    Args:
        files: How shtab completes an argument, by its name in the help.
    """
    from generator.cli.main import COMMANDS, root_parser

    root = root_parser(topology=False)
    commands = root.add_subparsers()
    parsers = [root]
    words = _words()
    for name, what in COMMANDS.items():
        command = importlib.import_module(f"generator.cli.{name}").parser()
        for action in _actions(command):
            action.choices = words.get((name, action.dest), action.choices)
        parsers.append(commands.add_parser(name, help=what, description=what, parents=[command], add_help=False))
    for one in parsers:
        for action in _actions(one):
            if action.metavar in files:
                action.complete = files[str(action.metavar)]  # type: ignore[attr-defined]
    return root


def _actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    return parser._actions  # noqa: SLF001 - argparse has no public way to list them


def _words() -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the words that a value may be, by command and destination, where facts know them without a topology."""
    from generator.cli.explain import newest
    from generator.clouds import DNS_PROVIDERS, REGISTRY
    from generator.explain import known_words
    from generator.init.words import words_by_option
    from generator.init.world import World

    world = World(REGISTRY, tuple(DNS_PROVIDERS))
    found = {("init", option): words for option, words in words_by_option(world).items()}
    # A star is a pattern for a shell.
    found["explain", "what"] = tuple(word for word in known_words(newest()) if "*" not in word)
    return found
