"""Choose the command and turn failures into messages and exit codes."""

import argparse
import importlib
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from generator.cli.options import common, reading
from generator.cli.report import close_streams, open_streams, print_problems, say, say_error, say_problems
from generator.cli.version import Version
from generator.errors import Exit, GeneratorError, InputError, WrongTopologyError
from generator.problems import closest, nearest

_SUMMARY = "Writes Terraform and cloud-init for a Carbonio deployment from one topology file."

_EPILOG = "Example: generate && terraform apply"

COMMANDS = {
    "init": "write a first topology from a few answers",
    "plan": "show what was decided and why",
    "explain": "say what a port, role, node, record, key or rule is, and why",
    "review": "show what a change opens, destroys and costs",
    "rehearse": "apply everything against a simulated cloud",
    "schema": "print the topology's JSON Schema, for editors",
    "verify": "ask resolvers whether the world sees the DNS of the plan",
    "completion": "print what completes commands in bash, zsh or fish",
}
"""What each command does, by name; its module in `generator.cli` is loaded when it is called."""


def root_parser(*, topology: bool = True) -> argparse.ArgumentParser:
    """Return the parser of what comes without a command.

    Args:
        topology: Whether a topology may stand there; completion puts the commands in its place.
    """
    # Half of what starting costs; commands of their own need less.
    import generator.cli.generate as generate_command

    commands = {"": "read topology.yaml here, write the Terraform here", **COMMANDS}
    lines = [f"  generate {name:10} {what}" for name, what in commands.items()]
    parser = argparse.ArgumentParser(
        prog="generate",
        usage="generate [TOPOLOGY] [options]\n       generate COMMAND [options]",
        description="\n".join([_SUMMARY, "", *lines]),
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    common(parser) if topology else reading(parser)
    generate_command.options(parser)
    parser.add_argument("--version", action=Version)
    return parser


def _run(arguments: list[str]) -> int:
    if arguments and arguments[0] in COMMANDS:
        command = importlib.import_module(f"generator.cli.{arguments[0]}")
        parsed = _parsed(command.parser(), arguments[1:])
        try:
            code: int = command.run(parsed)
        except WrongTopologyError as error:
            if getattr(parsed, "json", False):
                print_problems(error.problems)
            raise
        return code
    _refuse_misspelt(arguments)
    parser = root_parser()
    import generator.cli.generate as generate_command

    return generate_command.run(_parsed(parser, arguments))


def _parsed(parser: argparse.ArgumentParser, arguments: list[str]) -> argparse.Namespace:
    """Parse arguments as the parser does, and name the option that was meant where one does not exist."""
    found, unknown = parser.parse_known_args(arguments)
    if unknown:
        names = list(dict.fromkeys(re.findall(r"(?<![\w-])--([a-z-]+)", parser.format_help())))
        wrong = next((word[2:].partition("=")[0] for word in unknown if word.startswith("--")), "")
        meant = closest(wrong, names) if wrong else ""
        hint = f"; did you mean --{meant}?" if meant else ""
        parser.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")
    return found


def _refuse_misspelt(arguments: list[str]) -> None:
    """Refuse what is meant as a command: a word that is no file, and does not look like one."""
    word = arguments[0] if arguments else ""
    if word and word.isalpha() and not Path(word).exists():
        known = f"Commands: {', '.join(COMMANDS)}."
        raise InputError(f'"{word}" is neither a command nor a file{nearest(word, list(COMMANDS))}', known)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; see `generator.errors.Exit`."""
    try:
        open_streams()
    except GeneratorError as error:
        say_error(str(error), error.mend)
        return error.exit_code
    return close_streams(_code(list(sys.argv[1:] if argv is None else argv)))


def _code(arguments: list[str]) -> int:
    try:
        return _run(arguments)
    except WrongTopologyError as error:
        say_problems(error.problems)
        return error.exit_code
    except GeneratorError as error:
        say_error(str(error), error.mend)
        return error.exit_code
    except KeyboardInterrupt:
        say("interrupted")
        return Exit.INTERRUPTED
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else Exit.WRONG_INPUT
