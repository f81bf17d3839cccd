"""`generate explain`: what a port, role, node, record, key, rule or verdict is, and where that is written."""

import argparse
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from generator.cli.options import common
from generator.cli.pipeline import WrongTopologyError, plan_topology
from generator.cli.report import out, say
from generator.errors import Exit, InputError
from generator.explain import About, Answer, explain, known_words
from generator.facts import load_facts, releases
from generator.files import json_bytes
from generator.problems import nearest
from generator.rules import rules
from generator.show.text import paragraph


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    found = argparse.ArgumentParser(
        prog="generate explain",
        description="Say what something is, why it is so here, and where that is written. Nothing is written.",
        epilog="Examples: generate explain 6071, generate explain mta, generate explain store1, "
        "generate explain dns.dmarc, generate explain unknown-role",
    )
    found.add_argument(
        "what",
        metavar="WHAT",
        help="a port or range, role, service, node, record, volume, machine type, key or rule; or sizes",
    )
    common(found)
    return found


def run(arguments: Namespace) -> int:
    """Run the command and return its exit code."""
    about = newest() if arguments.what in rules() else _about(arguments)
    answers = list(explain(arguments.what, about))
    if not answers:
        hint = nearest(arguments.what, known_words(about), most=3)
        without = "" if about.plan is not None else " Nodes and records are known where there is a topology."
        raise InputError(
            f'there is nothing to say about "{arguments.what}"{hint}',
            "Ask for a port, a role, a service, a node, a record, a volume, a machine type, sizes, a key, a rule or a "
            f"verdict.{without}",
        )
    if arguments.json:
        out(json_bytes(answers).decode(), end="")
    else:
        out("\n\n".join("\n".join(_lines(answer)) for answer in answers))
    return Exit.FINE


def newest() -> About:
    """Return what can be explained without a topology."""
    name = list(releases())[-1]
    return About(load_facts(name, next(iter(releases()[name].editions))))


def _about(arguments: Namespace) -> About:
    """Return the topology's own facts and plan where there is one, and the newest release's facts otherwise."""
    if not Path(arguments.topology).exists():
        return newest()
    try:
        planned = plan_topology(arguments)
    except WrongTopologyError:
        say(f"{arguments.topology} has errors (see generate plan): explained without it")
        return newest()
    return About(planned.context.facts, planned.plan, planned.context, planned.source)


def _lines(answer: Answer) -> Iterator[str]:
    yield from paragraph(answer.title)
    for text in answer.text:
        yield from ("", *paragraph(text))
    for section in answer.sections:
        yield from ("", f"{section.title}:")
        for line in section.lines:
            yield from paragraph(line, "  ", "    ")
    if answer.sources:
        yield from ("", "Source:")
        for source in answer.sources:
            yield from paragraph(source, "  ", "    ")
