"""`generate schema`: the topology file as JSON Schema, for editors."""

import argparse
from argparse import Namespace

from generator.cli.report import out
from generator.errors import Exit


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    return argparse.ArgumentParser(
        prog="generate schema",
        description="Print the JSON Schema of the topology: with it, an editor completes, explains and checks.",
        epilog="Example: generate schema > topology.schema.json, and as first line of the topology:\n"
        "  # yaml-language-server: $schema=topology.schema.json",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def run(arguments: Namespace) -> int:
    """Run the command and return its exit code."""
    del arguments
    from generator.schema import schema_text

    out(schema_text(), end="")
    return Exit.FINE
