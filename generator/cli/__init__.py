"""The command line. Wires the stages; everything else is told through arguments."""

from generator.cli.main import main

__all__ = ["main"]
