"""`generate rehearse`: the whole deployment against a simulated cloud."""

import argparse
from argparse import Namespace

from generator.cli.options import common
from generator.cli.pipeline import clouds_in_use, plan_topology, render_planned
from generator.cli.report import out, say, say_problems
from generator.errors import Exit


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    found = argparse.ArgumentParser(
        prog="generate rehearse",
        description="Plan, apply, plan again and destroy against a simulated cloud, in a temporary folder.",
        epilog="Example: generate rehearse",
    )
    common(found)
    found.add_argument("--keep", action="store_true", help="keep the temporary folder")
    found.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="WORD",
        help="let the simulated cloud fail: 429*3, 503@volumes, resource_unavailable:mta1.example.com, slow:2",
    )
    return found


def run(arguments: Namespace) -> int:
    """Run the command and return its exit code."""
    from generator.rehearse.run import rehearse

    planned = plan_topology(arguments)
    rendering = render_planned(planned)
    say_problems(planned.warnings)
    result = rehearse(
        planned.plan,
        rendering.files,
        clouds_in_use(planned.plan),
        say,
        faults=arguments.fault,
        keep=arguments.keep,
    )
    if arguments.json:
        import json

        out(json.dumps(result.data(), indent=2))
    else:
        for line in result.lines():
            out(line)
    return Exit.FINE if result.passed else Exit.SURROUNDINGS
