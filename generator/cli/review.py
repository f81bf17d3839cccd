"""`generate review`: what a change opens, destroys, sends elsewhere and costs."""

import argparse
import datetime as dt
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from generator.cli.options import common
from generator.cli.pipeline import Planned, output_folder, plan_topology
from generator.cli.plan import cost_of
from generator.cli.report import out, printable, say, say_problems
from generator.errors import Exit, GeneratorError, InputError, SurroundingsError, WrongTopologyError
from generator.files import json_bytes
from generator.problems import nearest
from generator.verdicts import VERDICTS

if TYPE_CHECKING:
    from generator.review import Review, Side

_LISTED = "\n".join(f"  {name:22} {text}" for name, text in VERDICTS.items())


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    found = argparse.ArgumentParser(
        prog="generate review",
        description="Show what a change opens, destroys, sends elsewhere and costs. No deployment is touched.",
        epilog=f"Verdicts:\n{_LISTED}\n\nExample: generate review --base origin/main --plan plan.json --markdown",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    common(found)
    found.add_argument(
        "--base",
        default="HEAD",
        metavar="BASE",
        help="what it is compared with: a commit, branch or tag of git, a folder, or a topology (HEAD)",
    )
    found.add_argument("--plan", metavar="FILE", help="JSON of a Terraform plan, as terraform show -json prints it")
    found.add_argument("--markdown", action="store_true", help="print Markdown for a comment")
    found.add_argument("--write", metavar="DIR", help="write review.md and review.json there")
    found.add_argument(
        "--fail-on", default="", metavar="VERDICT,...", help="end with 1 where one of these verdicts is met"
    )
    found.add_argument(
        "--today", type=dt.date.fromisoformat, metavar="DATE", help="date for acceptances that end (today's)"
    )
    return found


def run(arguments: Namespace) -> int:
    """Run the command and return its exit code."""
    if arguments.json and arguments.markdown:
        raise InputError("--json and --markdown exclude each other")
    fail_on = _verdicts(arguments.fail_on)
    # Here, for --help and errors wait for nothing.
    from generator.review import review
    from generator.review.terraform import read_plan

    terraform = read_plan(Path(arguments.plan)) if arguments.plan else None
    after = plan_topology(arguments)
    before, base, partial = None, arguments.base, ""
    try:
        before, base = _before(arguments)
    except WrongTopologyError as error:
        say_problems(error.problems)
        partial = f"{arguments.base} cannot be planned by this version: {error.problems[0].message}."
    except GeneratorError as error:
        if terraform is None or not isinstance(error, InputError):
            raise
        partial = f"{error}."
    if partial and terraform is None:
        raise InputError(partial, "Compare with a commit that can, or give the Terraform plan: --plan plan.json")
    found = review(
        before,
        _side(after),
        terraform,
        base=base,
        partial=partial,
        fail_on=fail_on,
        today=arguments.today or dt.datetime.now(tz=dt.timezone.utc).date(),
    )
    _show(arguments, found)
    if partial:
        return Exit.WRONG_INPUT
    return Exit.DIFFERENCES if found.fails else Exit.FINE


def _verdicts(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in VERDICTS:
            raise InputError(
                f'"{name}" is not a verdict{nearest(name, list(VERDICTS))}', f"Verdicts: {', '.join(VERDICTS)}."
            )
    return names


def _side(planned: Planned) -> "Side":
    from generator.review import Side

    return Side(planned.context, planned.plan, planned.lock, cost_of(planned), tuple(planned.warnings))


def _before(arguments: Namespace) -> tuple["Side | None", str]:
    """Return the deployment that the change starts from, if there is one, and its name.

    Raises:
        InputError: It cannot be found or read.
        WrongTopologyError: It cannot be planned; its problems are placed in the base.
    """
    with _base(arguments) as (options, name):
        if not Path(options.topology).exists():
            return None, name
        try:
            return _side(plan_topology(options)), name
        except WrongTopologyError as error:
            shown = [
                msgspec.structs.replace(one, file=f"{arguments.base}:{Path(one.file).name}") for one in error.problems
            ]
            raise WrongTopologyError(shown) from None


@contextmanager
def _base(arguments: Namespace) -> Iterator[tuple[Namespace, str]]:
    """Provide the options that read the base, and its name."""
    base, topology = Path(arguments.base), Path(arguments.topology)
    if base.is_dir():
        if not (base / topology.name).exists():
            raise InputError(f"{base} has no {topology.name}", "Name the topology that it was generated from.")
        yield _elsewhere(arguments, {topology.parent: base, output_folder(arguments): base}), arguments.base
    elif base.exists():
        yield Namespace(**{**vars(arguments), "topology": str(base), "out": None}), arguments.base
    else:
        from generator.git import extract

        with tempfile.TemporaryDirectory() as work:
            places: dict[Path, Path] = {}
            commit = ""
            folders = [topology.parent, output_folder(arguments), *(Path(one).parent for one in arguments.overlay)]
            for number, folder in enumerate(dict.fromkeys(folders)):
                commit, places[folder] = extract(arguments.base, folder, Path(work) / str(number))
            short = commit[:12]
            yield (
                _elsewhere(arguments, places),
                short if short.startswith(arguments.base) else f"{arguments.base} ({short})",
            )


def _elsewhere(arguments: Namespace, places: dict[Path, Path]) -> Namespace:
    """Return options that read the same files from other folders."""

    def moved(name: str) -> str:
        path = Path(name)
        return str(places.get(path.parent, path.parent) / path.name)

    changed = {
        "topology": moved(arguments.topology),
        "overlay": [moved(one) for one in arguments.overlay],
        "out": str(places[Path(arguments.out)]) if arguments.out else None,
    }
    return Namespace(**{**vars(arguments), **changed})


def _show(arguments: Namespace, found: "Review") -> None:
    from generator.review.markdown import markdown

    if arguments.write:
        files = {"review.md": markdown(found).encode(), "review.json": json_bytes(found)}
        folder = Path(arguments.write)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, data in files.items():
                (folder / name).write_bytes(data)
        except OSError as error:
            raise SurroundingsError(f"{folder} cannot be written: {error.strerror}") from None
        say(f"wrote {', '.join(str(folder / name) for name in files)}")
    if arguments.json:
        out(json_bytes(found).decode(), end="")
    elif arguments.markdown:
        out(markdown(found), end="")
    else:
        from generator.review.text import text

        for line in text(found):
            # The addresses of a Terraform plan are somebody's words.
            out(printable(line))
