"""What people read while a command works: on stderr, so that stdout is the product."""

import sys
from collections.abc import Sequence

from generator.problems import Problem


def printable(text: str) -> str:
    """Return a text that no terminal takes for commands: control characters are spelled out."""
    return "".join(char if char.isprintable() or char == "\n" else f"\\x{ord(char):02x}" for char in text)


def say(text: str) -> None:
    """Print a line of talk."""
    print(printable(text), file=sys.stderr)


def say_error(message: str, mend: str) -> None:
    """Print a failure that has no place in a file."""
    say(f"error: {message}")
    if mend:
        say(f"  {mend}")


def out(text: str, end: str = "\n") -> None:
    """Print a line of the product."""
    sys.stdout.write(text + end)


def say_problems(problems: Sequence[Problem]) -> None:
    """Print problems sorted by place, and how many there are."""
    for problem in sorted(problems):
        say(f"{problem.file}:{problem.line}:{problem.column}: {problem.severity}[{problem.rule}]: {problem.message}")
        if problem.mend:
            say(f"    {problem.mend}")
    errors = sum(problem.severity == "error" for problem in problems)
    if errors:
        say(f"{count(errors, 'error')}; nothing was written")


def count(number: int, thing: str) -> str:
    """Return a number and its thing, in the plural where it is due."""
    return f"{number} {thing}{'' if number == 1 else 's'}"
