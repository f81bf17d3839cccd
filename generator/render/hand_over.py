"""The hand-over sheet: what was built, what to do next, what to write down."""

from generator.context import Context
from generator.plan import Flow, Plan
from generator.render.templates import environment


def hand_over(plan: Plan, context: Context) -> str:
    """Return `hand-over.md`; addresses that exist after apply stand as `@@public:<node>@@`."""
    volumes: dict[str, list[object]] = {}
    for volume in plan.volumes.values():
        volumes.setdefault(volume.node, []).append(volume)
    forwarded: list[Flow] = [
        flow for flow in plan.flows if flow.source in ("internet", "listed") and flow.protocol != "icmp"
    ]
    template = environment().get_template("common/hand-over.md.j2")
    return template.render(
        plan=plan,
        deployment=plan.deployment,
        volumes=volumes,
        forwarded=forwarded,
        targets={
            flow.target: [node.name for node in plan.nodes.values() if flow.target in node.roles] for flow in forwarded
        },
        admin=[node.name for node in plan.nodes.values() if "proxy" in node.roles],
        release_title=context.facts.release.name,
    )
