"""Exit codes and the exceptions that the command line turns into messages."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generator.problems import Problem


class Exit(IntEnum):
    """Exit codes of every command."""

    FINE = 0
    DIFFERENCES = 1
    WRONG_INPUT = 2
    SURROUNDINGS = 3
    INTERRUPTED = 130


class GeneratorError(Exception):
    """A failure that is reported in one message, without a traceback.

    Attributes:
        exit_code: What the process returns.
        mend: How the user can get on, one sentence or more.
    """

    exit_code = Exit.WRONG_INPUT

    def __init__(self, message: str, mend: str = "") -> None:
        super().__init__(message)
        self.mend = mend


class InputError(GeneratorError):
    """Wrong input or usage that has no position in a file."""


class SurroundingsError(GeneratorError):
    """The machine, the folder or the network did not do what was needed."""

    exit_code = Exit.SURROUNDINGS


class WrongTopologyError(GeneratorError):
    """The topology has errors; they come with their places."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("the topology has errors")
        self.problems = problems
