"""The manual installation of Carbonio: which commands on which node, in which order, by whom."""

from generator.context import Context
from generator.facts import EVERY_NODE, InstallStep
from generator.plan import InstallCommand, InstallPlan, NodeInstall, PlannedNode, ValueToNote

_PHASES = ("packages", "bootstrap", "configure", "finish")


def plan_install(context: Context, nodes: dict[str, PlannedNode]) -> InstallPlan:
    """Return the steps of every node in the documented order, and the values to write down."""
    install = context.facts.install
    order = sorted(nodes.values(), key=lambda node: (_place(node, context), node.name))
    steps = sorted(install.steps, key=lambda step: _PHASES.index(step.phase))
    firsts = {step.id: next((node.name for node in order if _concerns(step, node, context)), "") for step in steps}
    return InstallPlan(
        order=context.facts.install_order.text,
        nodes=tuple(NodeInstall(node.name, _steps(node, steps, firsts, context)) for node in order),
        values=tuple(
            ValueToNote(
                title=value.title,
                nodes=tuple(node.name for node in order if _carries(node, value.from_roles)),
                origin=value.origin,
                command=value.command,
                user=value.user,
                needed_by=tuple(node.name for node in order if _carries(node, value.needed_by)),
                secret=value.secret,
            )
            for value in install.values
            if any(_carries(node, value.from_roles) for node in order)
        ),
    )


def _place(node: PlannedNode, context: Context) -> int:
    return min(context.facts.roles[role].order for role in node.roles)


def _carries(node: PlannedNode, roles: tuple[str, ...]) -> bool:
    return EVERY_NODE in roles or not set(roles).isdisjoint(node.roles)


def _concerns(step: InstallStep, node: PlannedNode, context: Context) -> bool:
    family = context.facts.operating_systems[node.os].family
    return _carries(node, step.roles) and set(step.not_with).isdisjoint(node.roles) and step.family in ("", family)


def _steps(
    node: PlannedNode, steps: list[InstallStep], firsts: dict[str, str], context: Context
) -> tuple[InstallCommand, ...]:
    family = context.facts.operating_systems[node.os].family
    values = {
        "name": node.name,
        "fqdn": node.fqdn,
        "address": node.address,
        "domain": context.topology.domain,
        "network": context.topology.network.cidr,
        "postgresql": context.facts.release.postgresql,
        "packages": " ".join(context.facts.packages(node.roles, family)),
    }
    return tuple(
        InstallCommand(
            step.title,
            step.user,
            tuple(line.format_map(values) for line in step.commands),
            step.note,
        )
        for step in steps
        if _concerns(step, node, context) and (not step.first_node_only or firsts[step.id] == node.name)
    )
