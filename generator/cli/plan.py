"""`generate plan`: what was decided and why, for people, as JSON or as a picture."""

import argparse
import sys
from argparse import Namespace

from generator.cli.configure import advice, rebuilt_nodes
from generator.cli.options import common
from generator.cli.pipeline import Planned, plan_topology, render_planned
from generator.cli.report import out, say_problems
from generator.clouds import REGISTRY
from generator.cost import count_cost, find_cheaper
from generator.errors import Exit, InputError
from generator.facts import load_prices
from generator.files import json_bytes
from generator.output import compare, read_manifest
from generator.plan import Cheaper, Cost, PricedPlan


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    found = argparse.ArgumentParser(
        prog="generate plan",
        description="Show what was decided, why, and what it costs. Nothing is written.",
        epilog="Example: generate plan --json | jq '.flows[] | select(.source == \"internet\")'\n"
        "Example: generate plan --svg > plan.svg",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    common(found)
    found.add_argument("--svg", action="store_true", help="print a picture: nodes, zones and flows")
    return found


def run(arguments: Namespace) -> int:
    """Run the command and return its exit code."""
    if arguments.json and arguments.svg:
        raise InputError("--json and --svg exclude each other")
    planned = plan_topology(arguments)
    if arguments.json:
        fields = {name: getattr(planned.plan, name) for name in planned.plan.__struct_fields__}
        out(json_bytes(PricedPlan(**fields, cost=cost_of(planned))).decode(), end="")
    elif arguments.svg:
        # Only here: drawing is not part of the rest.
        from generator.picture import draw

        out(draw(planned.plan), end="")
    else:
        from generator.show import show_plan

        lines = show_plan(planned.plan, cost_of(planned), _cheaper(planned), len(planned.warnings), _configure(planned))
        for line in lines:
            out(line)
    # What is wrong is read last, so it stands at the end.
    sys.stdout.flush()
    say_problems(planned.warnings)
    return Exit.FINE


def cost_of(planned: Planned) -> Cost:
    """Count the cost by the prices of the machines' cloud, and of the one that brings the DNS provider."""
    plan = planned.plan
    dns = next((name for name, cloud in REGISTRY.items() if plan.dns.provider in cloud.dns_providers), "")
    return count_cost(
        plan,
        load_prices(plan.deployment.provider),
        planned.context.cloud.images,
        load_prices(dns) if dns else None,
    )


def _cheaper(planned: Planned) -> Cheaper | None:
    """Look for cheaper types for machines that were not generated before: another type means another disk."""
    from generator.planner import sufficient_types

    new = {name: types for name, types in sufficient_types(planned.context).items() if name not in planned.before.nodes}
    return find_cheaper(planned.plan, load_prices(planned.plan.deployment.provider), new)


def _configure(planned: Planned) -> list[str]:
    """Return lines about the nodes whose data would change, where the folder was generated before."""
    if not (planned.folder / "nodes").is_dir():
        return []
    files = render_planned(planned).files
    comparison = compare(planned.folder, files, read_manifest(planned.folder))
    return list(advice(comparison, rebuilt_nodes(planned.before, planned.lock)))
