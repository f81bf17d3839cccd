"""`generate init`: write a first topology from a few answers."""

import argparse
import os
import shlex
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path

from generator.cli.options import common
from generator.cli.pipeline import WrongTopologyError, plan_topology, render_planned
from generator.cli.report import printable, say
from generator.clouds import DNS_PROVIDERS, REGISTRY
from generator.errors import Exit, InputError, SurroundingsError
from generator.init.ci import HOSTS, plan_files, write_files
from generator.init.files import create, refuse_existing
from generator.init.ignored import NAME, ignored_text
from generator.init.interview import Refusal, find_answers, wrapped
from generator.init.keys import usual_key
from generator.init.questions import all_topics
from generator.init.world import World
from generator.init.writer import SCHEMA_NAME
from generator.problems import counted

_DESCRIPTION = """\
Write a first topology: asks at a terminal for whatever is not given as an
option; < instead of an answer goes back to the question before. Elsewhere
nothing is asked. A file that exists is never overwritten."""

_EPILOG = """\
Example: generate init --scenario five-nodes --cloud aws --domain example.com
           --management 198.51.100.0/24 --ssh-key ~/.ssh/id_ed25519.pub"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    found = argparse.ArgumentParser(
        prog="generate init",
        usage="generate init [TOPOLOGY] [options]",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    found.add_argument(
        "topology", nargs="?", default="topology.yaml", metavar="TOPOLOGY", help="file to write (topology.yaml)"
    )
    for topic in all_topics(_world()):
        name = topic.option
        if topic.metavar:
            action = "append" if topic.joint else "store"
            found.add_argument(f"--{name}", dest=name, action=action, metavar=topic.metavar, help=topic.help)
        else:
            found.add_argument(f"--{name}", dest=name, action="store_const", const="yes", help=topic.help)
            found.add_argument(f"--no-{name}", dest=name, action="store_const", const="no", help="leave that out")
    found.add_argument(
        "--ci",
        choices=HOSTS,
        metavar="HOST",
        help="write what shows a reviewed plan in pull requests, too: github, gitlab, atlantis, or shell for the "
        "scripts alone; beside a topology that exists, that alone",
    )
    return found


def run(arguments: Namespace) -> int:
    """Run the command and return its exit code."""
    path = Path(arguments.topology)
    others = [value for name, value in vars(arguments).items() if name not in ("topology", "ci")]
    if arguments.ci and path.is_file() and others.count(None) == len(others):
        return _write_ci(arguments.ci, path)
    refuse_existing(path)
    # There is no stdin at all where a service started us.
    terminal = _Terminal() if sys.stdin and sys.stdin.isatty() and sys.stderr.isatty() else None
    world = _world(usual_key() if terminal is not None else "")
    try:
        text = find_answers(world, _given(arguments, world), terminal, lambda text: _check(text, path.parent))
        create(path, text)
        beside = [_write_schema(path.parent), *_write_ignored(path.parent)]
    except KeyboardInterrupt:
        # The terminal has shown ^C behind the question.
        start = "\n" if terminal is not None else ""
        say(f"{start}interrupted; {path if os.path.lexists(path) else 'nothing'} was written")
        return Exit.INTERRUPTED
    if arguments.ci:
        _write_ci(arguments.ci, path)
    _say_next(path, world, beside)
    return Exit.FINE


def _write_ci(host: str, path: Path) -> int:
    """Write the files for pull requests beside a topology, which has to generate."""
    reader = argparse.ArgumentParser()
    common(reader)
    planned = plan_topology(reader.parse_args([str(path)]))
    written = write_files(plan_files(host, path, planned.plan.deployment.name))
    for one in written:
        say(f"{os.path.relpath(one)} is written.")
    if not written:
        say("unchanged: all of these files are there.")
    if planned.plan.state is None:
        for line in wrapped(
            "Terraform's state is a file in the folder, which no pipeline finds again. Before the first one runs, say "
            "where it is kept, as in  state: {backend: s3, bucket: example-terraform, region: eu-central-1}"
        ):
            say(line)
    say("Commit them, with all that generate wrote and .terraform.lock.hcl; docs/pull-requests.md has the rest.")
    return Exit.FINE


def _given(arguments: Namespace, world: World) -> dict[str, str]:
    """Return the answers that are given as options."""
    found = {}
    for topic in all_topics(world):
        value = getattr(arguments, topic.option)
        if value is not None:
            found[topic.option] = topic.joint.join(value) if topic.joint else value
    return found


def _world(key_file: str = "") -> World:
    return World(REGISTRY, tuple(DNS_PROVIDERS), key_file)


class _Terminal:
    """Questions in plain lines: nothing moves, so that a screen reader and a log have all of it."""

    def say(self, line: str) -> None:
        """Print a line."""
        say(line)

    def ask(self, prompt: str, option: str) -> str:
        """Print a prompt and return the answer.

        Raises:
            InputError: The input has ended.
        """
        sys.stderr.write(printable(prompt))
        sys.stderr.flush()
        try:
            line = sys.stdin.buffer.readline()
        except OSError:
            # The terminal is gone.
            line = b""
        if not line.endswith(b"\n"):
            say("")
            raise InputError("the input ended; nothing was written", f"Answer the question, or give --{option}.")
        return line.decode(errors="replace").strip()


def _check(text: str, folder: Path) -> Sequence[Refusal]:
    """Return what generate would refuse about a topology that was not written yet.

    Raises:
        SurroundingsError: There is no place to try it at.
    """
    reader = argparse.ArgumentParser()
    common(reader)
    try:
        with tempfile.TemporaryDirectory(prefix="generate-") as place:
            trial = Path(place) / "topology.yaml"
            trial.write_text(text, "utf-8")
            render_planned(plan_topology(reader.parse_args([str(trial), "--out", str(folder)])))
    except WrongTopologyError as error:
        errors = [problem for problem in sorted(error.problems) if problem.severity == "error"]
        return [Refusal(problem.line, problem.message, problem.mend) for problem in errors]
    except OSError as error:
        message = f"the folder for temporary files cannot be written: {error.strerror}"
        raise SurroundingsError(message, "Name another one in TMPDIR.") from None
    return []


def _write_schema(folder: Path) -> str:
    """Put the schema beside the topology, for editors; one that is there stays. Return what to say about it."""
    from generator.schema import schema_text

    path, text = folder / SCHEMA_NAME, schema_text()
    if not os.path.lexists(path):
        create(path, text)
    elif not path.is_file() or path.read_bytes() != text.encode("ascii"):
        return f"{SCHEMA_NAME} was there and stays, but it is not this version's; generate schema prints that one."
    return f"{SCHEMA_NAME} is for your editor."


def _write_ignored(folder: Path) -> Iterator[str]:
    """Have git leave out what Terraform leaves, unless the folder says by itself what; yield what to say about it."""
    text = ignored_text(folder)
    if text:
        create(folder / NAME, text)
        yield f"{NAME} keeps Terraform's state and plans, which hold secrets, out of git."


def _say_next(path: Path, world: World, beside: Sequence[str]) -> None:
    name, folder = shlex.quote(str(path)), path.parent
    here = folder == Path()
    named = "" if path == Path("topology.yaml") else f" {name}"
    apply = "terraform apply" if here else f"terraform -chdir={shlex.quote(str(folder))} apply"
    title = world.cloud.capabilities.title
    say("")
    say(f"{path} is written: {counted(len(world.nodes), 'node')} on {title}.")
    for answer in world.answers.values():
        for line in wrapped(answer.question.notice):
            say(line)
    for text in (*beside, "Read the topology, go on with:"):
        for line in wrapped(text):
            say(line)
    say(f"  generate plan{named}")
    say(f"  generate{named} && {apply}")
