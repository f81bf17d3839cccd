"""`generate`: write the Terraform, and run `terraform init` where it is needed."""

import argparse
from argparse import Namespace

from generator.cli.pipeline import plan_topology
from generator.cli.report import print_problems, print_sarif, say_problems
from generator.errors import Exit, WrongTopologyError
from generator.problems import Problem


def options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument(
        "--check",
        action="store_true",
        help="write nothing; exit 1 when the folder is not up to date",
    )
    mode.add_argument("--diff", action="store_true", help="write nothing; print a unified diff")
    parser.add_argument(
        "--force",
        action="store_true",
        help="replace files that were edited by hand or are not ours",
    )
    parser.add_argument("--sarif", action="store_true", help="print errors and warnings as SARIF, and nothing else")
    parser.add_argument("--no-init", action="store_true", help="do not run terraform init")


def run(arguments: Namespace) -> int:
    """Run the command and return its exit code."""
    try:
        planned = plan_topology(arguments)
        # Not before there is something to write: nobody shall wait for an error.
        from generator.cli.outcome import finish

        return finish(arguments, planned)
    except WrongTopologyError as error:
        return _wrong(arguments, error.problems)


def _wrong(arguments: Namespace, problems: list[Problem]) -> int:
    say_problems(problems)
    if arguments.sarif:
        print_sarif(problems)
    elif arguments.json:
        print_problems(problems, files=[])
    return Exit.WRONG_INPUT
