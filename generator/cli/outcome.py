"""What `generate` does with a plan: render it, compare it with the folder, write it, and tell."""

import json
import shlex
from argparse import Namespace
from collections.abc import Collection
from pathlib import Path

from generator.cli.configure import advice, nodes_to_configure, rebuilt_nodes
from generator.cli.pipeline import Planned, render_planned
from generator.cli.report import out, print_sarif, problem_rows, say, say_problems
from generator.errors import Exit, InputError
from generator.output import (
    Comparison,
    compare,
    exclusive,
    read_manifest,
    refuse_second_backend,
    unified_diff,
    write,
)
from generator.plan import place_of
from generator.problems import counted
from generator.render import Rendering
from generator.render.ssh import configure_command

_MOST_LINES = 40
_CHECK_WORDS = {"create": "missing", "change": "changed", "stale": "extra"}


def finish(arguments: Namespace, planned: Planned) -> int:
    """Write what was planned, or tell what would be written; return the exit code.

    Raises:
        WrongTopologyError: A file would be too large for the cloud.
    """
    rendering = render_planned(planned)
    refuse_second_backend(planned.folder, {file.path for file in rendering.files})
    if arguments.sarif:
        print_sarif(planned.warnings)
    if arguments.check or arguments.diff:
        comparison = compare(planned.folder, rendering.files, read_manifest(planned.folder))
        say_problems(planned.warnings)
        return _show_difference(arguments, planned, comparison)
    comparison = _write(arguments, planned, rendering)
    initialised = "skipped" if arguments.no_init else _initialise(planned.folder, comparison)
    _report(arguments, planned, comparison, initialised)
    return Exit.SURROUNDINGS if initialised in ("failed", "state moves") else Exit.FINE


def _file_rows(comparison: Comparison) -> list[dict[str, str]]:
    return [{"path": change.path, "outcome": change.outcome} for change in comparison.changes]


def _configure_rows(comparison: Comparison, rebuilt: Collection[str]) -> list[dict[str, str]]:
    return [{"node": node, "command": configure_command(node)} for node in nodes_to_configure(comparison, rebuilt)]


def _write(arguments: Namespace, planned: Planned, rendering: Rendering) -> Comparison:
    with exclusive(planned.folder):
        comparison = compare(planned.folder, rendering.files, read_manifest(planned.folder))
        if comparison.conflicts and not arguments.force:
            told = [f"  {change.path} {change.conflict}" for change in comparison.conflicts]
            more = len(told) - _MOST_LINES
            lines = "\n".join([*told[:_MOST_LINES], *([f"  and {counted(more, 'more file')}"] if more > 0 else [])])
            raise InputError(
                f"{counted(len(comparison.conflicts), 'file')} in the way; nothing was written\n{lines}",
                "Move your changes into a file of your own beside ours, or run generate --force to lose them.",
            )
        blocked = [change for change in comparison.conflicts if change.before is None]
        if blocked:
            raise InputError(f"{blocked[0].path} {blocked[0].conflict}", "Remove it by hand: generate does not.")
        write(planned.folder, comparison)
    return comparison


def _show_difference(arguments: Namespace, planned: Planned, comparison: Comparison) -> int:
    differs = bool(comparison.pending) or comparison.interrupted or bool(arguments.check and comparison.strangers)
    if not arguments.sarif:
        _print_difference(arguments, planned, comparison)
    return Exit.DIFFERENCES if differs else Exit.FINE


def _print_difference(arguments: Namespace, planned: Planned, comparison: Comparison) -> None:
    rebuilt = rebuilt_nodes(planned.before, planned.lock)
    if arguments.json:
        out(
            json.dumps(
                {
                    "problems": problem_rows(planned.warnings),
                    "files": _file_rows(comparison),
                    "configure": _configure_rows(comparison, rebuilt),
                    "strangers": comparison.strangers,
                    "interrupted": comparison.interrupted,
                },
                indent=2,
            )
        )
    elif arguments.diff:
        for line in unified_diff(comparison.pending):
            out(line, end="")
    else:
        for change in comparison.pending:
            why = f" ({change.conflict})" if change.conflict else ""
            out(f"{_CHECK_WORDS[change.outcome]:8} {change.path}{why}")
        for path in comparison.strangers:
            out(f"extra    {path}")
        for line in advice(comparison, rebuilt):
            say(line)
        if comparison.interrupted:
            say("an earlier run was interrupted: run generate again")


def _initialise(folder: Path, comparison: Comparison) -> str:
    """Run init where it is needed; return `done`, `not needed`, `missing`, `state moves` or `failed`."""
    from generator.terraform import Terraform, find_binary

    binary = find_binary()
    if binary is None:
        return "missing"
    terraform = Terraform(folder, binary)
    changed = any(change.path.endswith(".tf") for change in comparison.pending)
    if not changed and not terraform.needs_init():
        return "not needed"
    say("terraform init ...")
    result = terraform.init(quiet=True)
    if result.code == 0:
        return "done"
    if result.moves_state:
        return "state moves"
    say((result.out + result.err).strip())
    return "failed"


def _report(arguments: Namespace, planned: Planned, comparison: Comparison, initialised: str) -> None:
    rebuilt = rebuilt_nodes(planned.before, planned.lock)
    say_problems(planned.warnings)
    if arguments.upgrade:
        for line in planned.before.differences(planned.lock):
            say(f"upgraded {line}")
    if arguments.json:
        rows = _file_rows(comparison)
        print_json = {
            "problems": problem_rows(planned.warnings),
            "files": rows,
            "configure": _configure_rows(comparison, rebuilt),
            "init": initialised,
        }
        out(json.dumps(print_json, indent=2))
    elif not arguments.sarif:
        _list(comparison)
    if initialised == "missing":
        say("Terraform is not installed here: the files are written; install terraform or tofu and run it on them.")
    elif initialised == "failed":
        say(f"terraform init failed; the files are written. Mend the above ({_usual(planned)}), then generate again.")
        say(_without_registry())
    elif initialised == "state moves":
        say(_how_to_move(planned))
    else:
        say(f"next: {'terraform init && ' if initialised == 'skipped' else ''}terraform apply")
    if not arguments.json:
        for line in advice(comparison, rebuilt):
            say(line)


def _usual(planned: Planned) -> str:
    state = planned.plan.state
    return "registry reachable?" + (f" credentials for {state.place}?" if state is not None else "")


def _without_registry() -> str:
    from generator.terraform import NO_REGISTRY

    return NO_REGISTRY


def _how_to_move(planned: Planned) -> str:
    from generator.terraform import find_binary

    state = planned.plan.state
    place = place_of(state)
    chdir = "" if planned.folder == Path() else f" -chdir={shlex.quote(str(planned.folder))}"
    binary = Path(find_binary() or "terraform").name
    return "\n".join(
        [
            f"the state moves to {place}, which Terraform does not do unasked; the files are written",
            f"next: {binary}{chdir} init -migrate-state      (asks, then copies the state)",
            "Where there is nothing to copy, for the new place has the right state: init -reconfigure.",
        ]
    )


def _list(comparison: Comparison) -> None:
    """Print an outcome for each file; the modules, which nobody edits, are one line per outcome."""
    pending = [change for change in comparison.pending if not change.path.startswith("modules/")]
    for change in pending[:_MOST_LINES]:
        out(f"{change.outcome:9} {change.path}")
    if len(pending) > _MOST_LINES:
        out(f"... and {counted(len(pending) - _MOST_LINES, 'more file')}")
    for outcome in ("create", "change", "stale"):
        modules = [one for one in comparison.pending if one.path.startswith("modules/") and one.outcome == outcome]
        if modules:
            out(f"{outcome:9} modules/ ({counted(len(modules), 'file')})")
    unchanged = len(comparison.changes) - len(comparison.pending)
    if unchanged:
        out(f"unchanged {counted(unchanged, 'file')}")
