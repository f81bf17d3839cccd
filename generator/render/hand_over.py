"""The hand-over sheet: what was built, what to do next, what to write down."""

from generator.context import Context
from generator.facts import EVERY_NODE
from generator.plan import Plan
from generator.render.templates import environment

_OUTSIDE = ("internet", "listed", "management")


def hand_over(plan: Plan, context: Context) -> str:
    """Return `hand-over.md`; addresses that exist after apply stand as `@@public:<node>@@`."""
    volumes: dict[str, list[object]] = {}
    for volume in plan.volumes.values():
        volumes.setdefault(volume.node, []).append(volume)
    outside = [flow for flow in plan.flows if flow.source in _OUTSIDE and flow.protocol != "icmp"]
    outside.sort(key=lambda flow: (_OUTSIDE.index(flow.source), flow.protocol, int(flow.ports.partition("-")[0])))
    template = environment().get_template("common/hand-over.md.j2")
    return template.render(
        plan=plan,
        deployment=plan.deployment,
        volumes=volumes,
        outside=outside,
        targets={
            EVERY_NODE: ["every node"],
            **{role: [node.name for node in plan.nodes.values() if role in node.roles] for role in context.facts.roles},
        },
        admin=[node.name for node in plan.nodes.values() if "proxy" in node.roles],
        release_title=context.facts.release.name,
    )
