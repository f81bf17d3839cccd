"""The way through the program: load, validate, plan, render."""

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from generator.cli.report import say
from generator.clouds import DNS_PROVIDERS, REGISTRY, Cloud
from generator.context import Context
from generator.errors import WrongTopologyError as WrongTopologyError
from generator.load import Source, decode, read_keys, read_source
from generator.lockfile import Lock, read_lock
from generator.plan import Plan
from generator.problems import Finding, Problem, holds_secret, without_follow_ups
from generator.validate import check, resolve

if TYPE_CHECKING:
    from generator.render import Rendering

_MOST_SHOWN = 60
"""Characters of a --set in the line that says what was composed."""


class Planned(msgspec.Struct, frozen=True):
    """A topology that holds, decided.

    Attributes:
        before: The choices of earlier runs.
        lock: The choices of this plan.
        warnings: What is remarkable about it.
    """

    source: Source
    folder: Path
    context: Context
    plan: Plan
    before: Lock
    lock: Lock
    warnings: list[Problem]


def output_folder(options: Namespace) -> Path:
    """Return the folder of the Terraform: `--out`, or the topology's own."""
    return Path(options.out) if options.out else _own_folder(options)


def _own_folder(options: Namespace) -> Path:
    """Return where the topology lies; of one that comes through a pipe, the folder in which we run."""
    folder = Path(options.topology).parent
    return Path() if folder.is_absolute() and folder.parts[1:2] in (("dev",), ("proc",)) else folder


def plan_topology(options: Namespace) -> Planned:
    """Load, validate and plan the topology that the options name.

    Raises:
        WrongTopologyError: It has errors.
        InputError: It or the lock file cannot be read.
    """
    source, problems = read_source(options.topology, options.overlay, options.set)
    if (options.overlay or options.set) and not getattr(options, "silent", False):
        say(f"composed of {', '.join([options.topology, *options.overlay, *_shown(options.set)])}")
    if problems and source.root is None:
        raise WrongTopologyError(problems)
    topology, findings = decode(source)
    context = None
    if topology is not None and not problems:
        topology, unread = read_keys(topology, _own_folder(options))
        findings += unread
        clouds = {name: cloud.capabilities for name, cloud in REGISTRY.items()}
        context, consequences = resolve(topology, clouds, DNS_PROVIDERS)
        if context is not None:
            consequences = [*consequences, *check(context)]
        findings += without_follow_ups(consequences, findings)
    silenced = frozenset() if topology is None else frozenset(topology.silence)
    _stop_at_errors(source, problems, findings, silenced)
    if context is None:
        raise AssertionError("a topology without errors has a context")
    folder = output_folder(options)
    before = read_lock(folder, anew=getattr(options, "force", False))
    cloud = REGISTRY[context.topology.cloud.provider]
    if options.online:
        context = msgspec.structs.replace(context, **cloud.consult(context))
    lock = before.only_places() if options.upgrade else before
    # What is imported here and below is not needed to tell an error, for which nobody shall wait.
    from generator.planner import make_plan

    plan, new_lock, more = make_plan(context, lock)
    findings += [*more, *cloud.audit(plan, context)]
    if options.online:
        findings += cloud.audit_online(plan, context)
    warnings = _stop_at_errors(source, problems, findings, silenced)
    return Planned(source, folder, context, plan, before, new_lock, warnings)


def render_planned(planned: Planned) -> "Rendering":
    """Render a plan, and refuse what the cloud would refuse.

    Raises:
        WrongTopologyError: A file would be too large for the cloud.
    """
    from generator.render import render

    cloud = REGISTRY[planned.plan.deployment.provider]
    dns = DNS_PROVIDERS[planned.plan.dns.provider]
    rendering = render(planned.plan, planned.lock, planned.context, cloud, dns)
    _stop_at_errors(planned.source, [], list(rendering.findings))
    return rendering


def clouds_in_use(plan: Plan) -> dict[str, Cloud]:
    """Return by name the clouds whose APIs a plan talks to: the machines' and the public zone's."""
    cloud, dns = REGISTRY[plan.deployment.provider], DNS_PROVIDERS[plan.dns.provider]
    used = {*cloud.providers, *dns.providers}
    return {name: one for name, one in REGISTRY.items() if not used.isdisjoint(one.providers)}


def _stop_at_errors(
    source: Source, problems: list[Problem], findings: list[Finding], silenced: frozenset[str] = frozenset()
) -> list[Problem]:
    """Return the findings with their places, without silenced warnings; raise where one of them is an error."""
    findings = [one for one in findings if one.severity == "error" or one.rule not in silenced]
    places = {_place(problem) for problem in problems}
    found = [problem for problem in map(source.locate, findings) if _place(problem) not in places]
    located = [*problems, *found]
    if any(problem.severity == "error" for problem in located):
        raise WrongTopologyError(located)
    return located


def _place(problem: Problem) -> tuple[str, int, int]:
    return problem.file, problem.line, problem.column


def _shown(assignments: list[str]) -> list[str]:
    """Return options as they are said, without what is long or must not be shown."""
    mosts = [text.find("=") + 1 if holds_secret(text.replace("=", ": ", 1)) else _MOST_SHOWN for text in assignments]
    return [
        f"--set {text[:most]}{'…' if len(text) > most else ''}" for text, most in zip(assignments, mosts, strict=True)
    ]
