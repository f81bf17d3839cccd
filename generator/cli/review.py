"""`generate review`: what a change opens, destroys, sends elsewhere and costs."""

import argparse
import datetime as dt
import shutil
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
from generator.lockfile import LOCK_NAME
from generator.problems import few, nearest
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
    found.add_argument("--html", action="store_true", help="print a page for a browser")
    found.add_argument("--write", metavar="DIR", help="write review.md, review.html and review.json there")
    found.add_argument(
        "--fail-on",
        type=_verdicts,
        default="",
        metavar="VERDICT,...",
        help="end with 1 where one of these verdicts is met",
    )
    found.add_argument("--today", type=_day, metavar="DATE", help="date for acceptances that end (today's)")
    return found


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f'"{text}" is not a date such as 2026-12-31') from None


def run(arguments: Namespace) -> int:
    """Run the command and return its exit code."""
    if sum((arguments.json, arguments.markdown, arguments.html)) > 1:
        raise InputError("--json, --markdown and --html exclude each other")
    # Here, for --help and errors wait for nothing.
    from generator.review import review
    from generator.review.terraform import read_plan

    terraform = read_plan(Path(arguments.plan)) if arguments.plan else None
    after = _side(plan_topology(arguments))
    before, base, partial = None, arguments.base, ""
    try:
        before, base = _before(arguments)
        if before is None and terraform is not None and terraform.stands:
            partial = f"{base}, and Terraform's state has this deployment: name what it was generated from by --base."
    except WrongTopologyError as error:
        say_problems(error.problems)
        why = error.problems[0].message
        partial = f"{arguments.base} cannot be planned by this version: {why}{'' if why.endswith('?') else '.'}"
        if terraform is not None:
            partial += " Name a commit that can by --base, and all is compared."
    except GeneratorError as error:
        if terraform is None or not isinstance(error, InputError):
            raise
        partial = f"{error}. {error.mend}".rstrip()
    if partial and terraform is None:
        raise InputError(partial, "Compare with a commit that can, or give the Terraform plan: --plan plan.json")
    found = review(
        before,
        after,
        terraform,
        base=base,
        partial=partial,
        fail_on=arguments.fail_on,
        today=arguments.today or dt.datetime.now(tz=dt.timezone.utc).date(),
    )
    _show(arguments, found, before, after)
    if partial:
        return Exit.WRONG_INPUT
    return Exit.DIFFERENCES if found.fails else Exit.FINE


def _verdicts(text: str) -> list[str]:
    """Return the verdicts of a list; one that is wrong is said before anything is read, and before --help."""
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
        topology = Path(options.topology)
        if not topology.exists():
            if (output_folder(options) / LOCK_NAME).exists():
                why = f"{arguments.base} has no {topology.name}, but a {LOCK_NAME}: it had another name there"
                raise InputError(why, "Bring that file out of git, and name it: --base FILE")
            return None, f"{name}, which has no {topology.name}"
        absent = [one for one in options.overlay if not Path(one).exists()]
        options.overlay = [one for one in options.overlay if one not in absent]
        try:
            side = _side(plan_topology(options))
        except WrongTopologyError as error:
            shown = [
                msgspec.structs.replace(one, file=f"{arguments.base}:{Path(one.file).name}") for one in error.problems
            ]
            raise WrongTopologyError(shown) from None
        return side, f"{name}, which has no {few([Path(one).name for one in absent])}" if absent else name


@contextmanager
def _base(arguments: Namespace) -> Iterator[tuple[Namespace, str]]:
    """Provide the options that read the base, and its name."""
    base, topology = Path(arguments.base), Path(arguments.topology)
    if not arguments.base.strip():
        raise InputError("--base is empty", "Name a commit, a folder or a file: a variable of the pipeline is not set.")
    if base.is_dir():
        if not (base / topology.name).exists():
            raise InputError(f"{base} has no {topology.name}", "Name the topology that it was generated from.")
        yield _elsewhere(arguments, {topology.parent: base, output_folder(arguments): base}), arguments.base
    elif base.exists():
        yield Namespace(**{**vars(arguments), "topology": str(base), "out": None, "silent": True}), arguments.base
    else:
        with tempfile.TemporaryDirectory() as work:
            places, name = _extracted(arguments, Path(work))
            try:
                yield _elsewhere(arguments, places), name
            except InputError as error:
                # Where they were for a moment is of use to nobody.
                texts = [str(error), error.mend]
                for place in places.values():
                    texts = [text.replace(f"{place}/", f"{arguments.base}:") for text in texts]
                raise InputError(*texts) from None


def _extracted(arguments: Namespace, work: Path) -> tuple[dict[Path, Path], str]:
    """Return where the folders of the base are now, by where they are here; and the name of the base."""
    from generator.git import extract

    topology, out = Path(arguments.topology), output_folder(arguments)
    files = [topology, *map(Path, arguments.overlay)]
    places: dict[Path, Path] = {}
    name = arguments.base
    for number, folder in enumerate(dict.fromkeys([topology.parent, out, *(one.parent for one in files)])):
        found = extract(arguments.base, folder, work / str(number))
        places[folder] = found.folder
        for one in files:
            if one.parent == folder and one.name in found.links:
                mend = (
                    f"Name the file itself: generate review {one.parent / one.readlink()}" if one.is_symlink() else ""
                )
                raise InputError(f"{one} is a symbolic link in {arguments.base}, and git follows none", mend)
        short = found.commit[:12]
        name = {
            True: f"{arguments.base}, where this change left it ({short})",
            False: short if short.startswith(arguments.base) else f"{arguments.base} ({short})",
            None: f"{arguments.base} ({short}), as far as this clone tells: it lacks where the change left it",
        }[found.forked]
    # Where git does not keep it, what was chosen once is known here alone.
    if (out / LOCK_NAME).exists() and (places[topology.parent] / topology.name).exists():
        places[out].mkdir(parents=True, exist_ok=True)
        if not (places[out] / LOCK_NAME).exists():
            shutil.copyfile(out / LOCK_NAME, places[out] / LOCK_NAME)
    return places, name


def _elsewhere(arguments: Namespace, places: dict[Path, Path]) -> Namespace:
    """Return options that read the same files from other folders."""

    def moved(name: str) -> str:
        path = Path(name)
        return str(places.get(path.parent, path.parent) / path.name)

    changed = {
        "topology": moved(arguments.topology),
        "overlay": [moved(one) for one in arguments.overlay],
        "out": str(places[Path(arguments.out)]) if arguments.out else None,
        "silent": True,
    }
    return Namespace(**{**vars(arguments), **changed})


def _show(arguments: Namespace, found: "Review", before: "Side | None", after: "Side") -> None:
    from generator.review.markdown import markdown
    from generator.review.page import page

    if arguments.write:
        files = {
            "review.md": markdown(found).encode(),
            "review.html": page(found, before, after).encode(),
            "review.json": json_bytes(found),
        }
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
    elif arguments.html:
        out(page(found, before, after), end="")
    else:
        from generator.review.text import text

        for line in text(found):
            # The addresses of a Terraform plan are somebody's words.
            out(printable(line))
