"""`generate verify --dns`: what the world sees of the deployment's DNS, held against the plan."""

import argparse
import textwrap
from argparse import Namespace
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from generator.cli.options import common
from generator.cli.pipeline import Planned, plan_topology
from generator.cli.report import out, printable, say, say_problems
from generator.errors import Exit
from generator.problems import counted, few

if TYPE_CHECKING:
    from generator.verify.model import Row
    from generator.verify.resolvers import Server

_WIDTH = 80
_STATUS = 12
_TYPE = 6
_SECONDS = 10.0
_MOST_SECONDS = 120.0


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    found = argparse.ArgumentParser(
        prog="generate verify",
        description="Ask resolvers about every public record of the plan, and compare. Nothing is written.",
        epilog="Example: generate verify --dns --resolver 9.9.9.9 --resolver 1.1.1.1",
    )
    common(found)
    found.add_argument("--dns", action="store_true", required=True, help="verify the public DNS")
    found.add_argument(
        "--resolver",
        action="append",
        default=[],
        metavar="ADDRESS[:PORT]",
        help="ask this resolver instead of the system's; may be given several times",
    )
    found.add_argument(
        "--addresses",
        metavar="FILE",
        help='JSON with the addresses that exist after apply: terraform output -json, or {"public:mta1": "ADDRESS"}',
    )
    found.add_argument(
        "--timeout",
        type=_seconds,
        default=_SECONDS,
        metavar="SECONDS",
        help=f"time for one question with its repetitions ({_SECONDS:g})",
    )
    return found


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= _MOST_SECONDS:
        raise argparse.ArgumentTypeError(f'"{text}" is no number of seconds between 0.1 and {_MOST_SECONDS:g}')
    return seconds


def run(arguments: Namespace) -> int:
    """Run the command and return its exit code."""
    planned = plan_topology(arguments)
    say_problems(planned.warnings)
    addresses, why = _addresses(arguments, planned)
    from generator.verify.addresses import NOTHING_APPLIED
    from generator.verify.resolvers import chosen

    servers = chosen(arguments.resolver)
    from generator.verify.run import verify

    early = why == NOTHING_APPLIED
    if why and (arguments.json or not early):
        say(f"the addresses that exist after apply are not known: {why}")
        say("  Give them: generate verify --dns --addresses FILE, with what terraform output -json prints.")
    rows = verify(planned.plan, addresses, servers, arguments.timeout)
    if arguments.json:
        out(_json(rows, servers))
    else:
        for line in describe(rows, servers, _brought(planned) if early else ()):
            out(line)
    return Exit.DIFFERENCES if any(row.is_finding for row in rows) else Exit.FINE


def _addresses(arguments: Namespace, planned: Planned) -> tuple[dict[str, str], str]:
    """Return the addresses by symbol that can be known, and why others are not."""
    from generator.verify.addresses import from_terraform, read_addresses, symbols

    if arguments.addresses is not None:
        return read_addresses(Path(arguments.addresses), planned.plan), ""
    return from_terraform(planned.folder, planned.plan) if symbols(planned.plan) else ({}, "")


def _brought(planned: Planned) -> Collection[str]:
    """Return the statuses of rows that the first apply puts right."""
    return ("unknown",) if planned.plan.dns.provider == "none" else ("unknown", "missing")


def _json(rows: Sequence["Row"], servers: Sequence["Server"]) -> str:
    import msgspec

    counts: dict[str, int] = {}
    for row in rows:
        counts[row.status] = counts.get(row.status, 0) + 1
    data = {
        "format": 1,
        "resolvers": [str(server) for server in servers],
        "rows": [*rows],
        "counts": dict(sorted(counts.items())),
        "first": _first(rows),
    }
    return msgspec.json.format(msgspec.json.encode(data), indent=2).decode()


def describe(rows: Sequence["Row"], servers: Sequence["Server"], brought: Collection[str] = ()) -> Iterator[str]:
    """Yield the lines of the report for people.

    Args:
        rows: What was found.
        servers: Who was asked.
        brought: Before the first apply: statuses of rows that it puts right, of which little is said.
    """
    if brought:
        yield f"Nothing is applied yet: terraform apply mends what is {' or '.join(brought)} here."
        yield "If it is, elsewhere: --addresses FILE, with what terraform output -json prints."
        yield ""
    yield f"Asked: {', '.join(map(str, servers))}"
    yield ""
    yield f"{'STATUS':{_STATUS}}{'WHAT':{_TYPE}}NAME"
    for row in rows:
        yield printable(f"{row.status:{_STATUS}}{_what(row):{_TYPE}}{row.name}".rstrip())
        if row.status not in brought or row.found:
            yield from _details(row)
    yield ""
    yield from _end(rows, brought)


def _what(row: "Row") -> str:
    """Return the type of record, or the better known name of what the record is for."""
    if row.check in ("spf", "dkim", "dmarc"):
        return row.check.upper()
    return row.type or ("zone" if row.check == "zone" else "from")


def _details(row: "Row") -> Iterator[str]:
    """Yield what is remarkable about a row; of one that is all right, the note alone."""
    if row.status not in ("ok", "skipped", "follows", "unresolved", "warning"):
        # What somebody may copy stays in one piece.
        yield from (f"{' ' * _STATUS}{'planned':8}{printable(value)}" for value in row.planned)
        for value in row.found:
            yield from _wrapped(f"{'found':8}", value)
    if row.message:
        yield from _wrapped("", row.message)


def _wrapped(word: str, text: str) -> Iterator[str]:
    indent = " " * _STATUS
    # What strangers publish is shown, never obeyed.
    yield from textwrap.wrap(
        printable(text).replace("\n", " "),
        _WIDTH,
        initial_indent=f"{indent}{word}",
        subsequent_indent=indent + " " * len(word),
        break_on_hyphens=False,
    )


def _first(rows: Sequence["Row"]) -> "Row | None":
    """Return the first finding that does not merely follow from another."""
    findings = [row for row in rows if row.is_finding]
    return next((row for row in findings if row.status != "follows"), findings[0] if findings else None)


def _end(rows: Sequence["Row"], brought: Collection[str]) -> Iterator[str]:
    """Yield how many there are of which, and what to do first."""
    findings = sum(row.is_finding for row in rows)
    right = sum(row.status == "ok" for row in rows)
    words = [f"{right} of {counted(len(rows), 'row')} right"]
    if findings:
        words.append(counted(findings, "finding"))
    for status in ("warning", "skipped"):
        number = sum(row.status == status for row in rows)
        if number:
            words.append(f"{number} {status}" if status == "skipped" else counted(number, status))
    yield f"{', '.join(words)}."
    first, said = _first(rows), set[str]()
    if brought:
        yield "First: terraform apply, then this again."
        rows, first = [row for row in rows if row.status not in brought], None
    if first is not None:
        yield from _remedy("First", [first], said)
    # Whatever several rows have in common is said once.
    others: dict[tuple[bool, str], list[Row]] = {}
    for row in rows:
        if row is not first and row.remedy and row.status != "follows":
            others.setdefault((row.is_finding, row.remedy), []).append(row)
    for finding in (True, False):
        for (is_finding, remedy), alike in others.items():
            if is_finding is finding and (first is None or remedy != first.remedy):
                yield from _remedy("Then" if finding else "Also", alike, said)


def _remedy(word: str, rows: Sequence["Row"], said: set[str]) -> Iterator[str]:
    """Yield what rows with one remedy need, its copied lines in one piece, and what was said not again."""
    from generator.verify.remedies import without_said_hints

    names = few([f"{_what(row)} {row.name}" for row in rows])
    yield from _filled(f"{word}: {names} ({rows[0].status}).", "")
    text, *lines = _lines(without_said_hints(rows[0].remedy, said))
    yield from _filled(text, "  ")
    yield from (f"  {line}" for line in lines)


def _filled(text: str, indent: str) -> Iterator[str]:
    yield from textwrap.wrap(
        printable(text), _WIDTH, initial_indent=indent, subsequent_indent="  ", break_on_hyphens=False
    )


def _lines(text: str) -> list[str]:
    """Return the lines of a text, each without signs that a terminal obeys."""
    return [printable(line) for line in text.split("\n")]
