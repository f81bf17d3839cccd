"""What people read while a command works: on stderr, so that stdout is the product."""

import contextlib
import io
import os
import sys
import textwrap
from collections.abc import Iterator, Sequence
from typing import TextIO

from generator.errors import Exit, SurroundingsError
from generator.problems import Problem, counted, few

_WIDTH = 80
_INDENT = "      = "
_EXCERPT = _WIDTH - len(_INDENT)
_MOST_PROBLEMS = 50
"""So many are more than anybody mends before the next run."""
_MOST_MESSAGE = 1000
"""Characters of what is wrong."""
_MOST_LINES = 9
"""Of how to mend it."""


def open_streams() -> None:
    """Make both streams usable: the product is UTF-8 in every locale, and talk needs no listener.

    Raises:
        SurroundingsError: There is no stdout.
    """
    # Python leaves out a stream whose descriptor was closed before it started.
    streams: dict[str, TextIO | None] = {"stdout": sys.stdout, "stderr": sys.stderr}
    if streams["stderr"] is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    if streams["stdout"] is None:
        raise SurroundingsError("stdout is closed: there is nowhere to print to")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")


def close_streams(code: int) -> int:
    """Write out what is left of the product, and return the exit code: the given one unless that fails."""
    try:
        _to(sys.stdout, "", flush=True)
    except SurroundingsError as error:
        say_error(str(error), error.mend)
        return code if code in (Exit.WRONG_INPUT, Exit.INTERRUPTED) else error.exit_code
    return code


def _to(stream: TextIO, text: str, *, flush: bool = False) -> None:
    """Write, and go on without a reader who has enough.

    The command still ends as it would have: what it writes, and its exit code, do not depend on who listens.
    """
    try:
        stream.write(text)
        if flush:
            stream.flush()
    except OSError as error:
        # Neither this text nor what the interpreter has left at its end can go there.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        if not isinstance(error, BrokenPipeError):
            raise SurroundingsError(f"stdout cannot be written: {error.strerror}") from None


def printable(text: str) -> str:
    """Return a text that no terminal takes for commands: control characters are spelled out."""
    return "".join(char if char.isprintable() or char == "\n" else f"\\x{ord(char):02x}" for char in text)


def say(text: str) -> None:
    """Print a line of talk."""
    with contextlib.suppress(SurroundingsError):
        _to(sys.stderr, printable(text) + "\n", flush=True)


def say_error(message: str, mend: str) -> None:
    """Print a failure that has no place in a file."""
    say(f"error: {message}")
    if mend:
        say(f"  {mend}")


def out(text: str, end: str = "\n") -> None:
    """Print a line of the product."""
    _to(sys.stdout, text + end)


def say_problems(problems: Sequence[Problem]) -> None:
    """Print problems sorted by place, each with its line, and how many there are.

    Of very many the first errors are printed, or the first warnings; programs get all of them.
    """
    found = sorted(problems)
    errors = [problem for problem in found if problem.severity == "error"]
    warnings = [problem for problem in found if problem.severity != "error"]
    for problem in sorted([*errors, *warnings][:_MOST_PROBLEMS]):
        message = problem.message[:_MOST_MESSAGE] + "…" * (len(problem.message) > _MOST_MESSAGE)
        say(f"{problem.file}:{problem.line}:{problem.column}: {problem.severity}[{problem.rule}]: {message}")
        for line in (*_excerpt(problem), *_wrapped(problem.mend)):
            say(line)
    if len(found) > _MOST_PROBLEMS:
        say(f"{len(found) - _MOST_PROBLEMS:,} more are left out here; generate --check --sarif prints all of them")
    if errors:
        say(f"{counted(len(errors), 'error')}; nothing was written")
        others = few(list(dict.fromkeys(problem.rule for problem in errors))[1:], most=2)
        say(f"why: generate explain {errors[0].rule}{f' (also {others})' if others else ''}")


def _excerpt(problem: Problem) -> Iterator[str]:
    """Yield the line with a marker below it, or a part of it where it is long."""
    if not problem.excerpt.strip():
        return
    text = "".join(char if char.isprintable() else " " for char in problem.excerpt)
    start = problem.column - 1
    first = max(0, start - _EXCERPT // 2) if len(text) > _EXCERPT else 0
    shown = text[first : first + _EXCERPT].rstrip()
    if first:
        shown = f"…{shown[1:]}"
    if first + _EXCERPT < len(text.rstrip()):
        shown = f"{shown[:-1]}…"
    length = max(1, min(problem.length, len(shown) - (start - first)))
    # A letter of a wide script takes two columns.
    before, marked = _columns(shown[: start - first]), _columns(shown[start - first :][:length])
    yield f"{problem.line:>5} | {shown}"
    yield f"      | {' ' * before}{'^' * max(1, marked)}"


def _columns(text: str) -> int:
    if text.isascii():
        return len(text)
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(char) in "WF" else not unicodedata.combining(char) for char in text)


def _wrapped(mend: str) -> list[str]:
    return textwrap.wrap(
        mend,
        _WIDTH,
        initial_indent=_INDENT,
        subsequent_indent=" " * len(_INDENT),
        break_long_words=False,
        break_on_hyphens=False,
        max_lines=_MOST_LINES,
        placeholder=" …",
    )


def print_sarif(problems: Sequence[Problem]) -> None:
    """Print problems as SARIF."""
    import json

    from generator.sarif import sarif

    out(json.dumps(sarif(problems), indent=2))


def print_problems(problems: Sequence[Problem], **more: object) -> None:
    """Print problems as JSON, and what else a command has to say where there are any."""
    import json

    out(json.dumps({"problems": problem_rows(problems), **more}, indent=2))


def problem_rows(problems: Sequence[Problem]) -> list[dict[str, object]]:
    """Return problems as JSON prints them, sorted by place."""
    names = ("file", "line", "column", "severity", "rule", "message", "mend", "length")
    return [{name: getattr(problem, name) for name in names} for problem in sorted(problems)]
