"""Choose the command and turn failures into messages and exit codes."""

import argparse
import os
import sys
from collections.abc import Sequence

import generator.cli.generate as generate_command
from generator import __version__
from generator.cli.options import common
from generator.cli.pipeline import WrongTopologyError
from generator.cli.report import say, say_error, say_problems
from generator.errors import Exit, GeneratorError

_SUMMARY = """\
Writes Terraform and cloud-init for a Carbonio deployment from one topology file.

  generate                   read topology.yaml here, write the Terraform here
  generate plan              show what was decided and why
  generate rehearse          apply everything against a simulated cloud
  generate verify --dns      ask resolvers whether the world sees the DNS of the plan
"""

_EPILOG = "Example: generate && terraform apply"

_COMMANDS = {
    "plan": "show what was decided and why",
    "rehearse": "apply everything against a simulated cloud",
    "verify": "ask resolvers whether the world sees the DNS of the plan",
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="generate",
        usage="generate [TOPOLOGY] [options]\n       generate plan|rehearse|verify [TOPOLOGY] [options]",
        description=_SUMMARY,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    common(parser)
    generate_command.options(parser)
    parser.add_argument("--version", action="version", version=f"generate {__version__}")
    return parser


def _run(arguments: list[str]) -> int:
    command = arguments[0] if arguments and arguments[0] in _COMMANDS else ""
    if command == "plan":
        import generator.cli.plan as plan_command

        return plan_command.run(plan_command.parser().parse_args(arguments[1:]))
    if command == "rehearse":
        import generator.cli.rehearse as rehearse_command

        return rehearse_command.run(rehearse_command.parser().parse_args(arguments[1:]))
    if command == "verify":
        import generator.cli.verify as verify_command

        return verify_command.run(verify_command.parser().parse_args(arguments[1:]))
    return generate_command.run(_parser().parse_args(arguments))


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; see `generator.errors.Exit`."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _run(arguments)
        sys.stdout.flush()
        return code
    except WrongTopologyError as error:
        say_problems(error.problems)
        return error.exit_code
    except GeneratorError as error:
        say_error(str(error), error.mend)
        return error.exit_code
    except KeyboardInterrupt:
        say("interrupted")
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has enough; keep the interpreter from complaining at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FINE
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else Exit.WRONG_INPUT
