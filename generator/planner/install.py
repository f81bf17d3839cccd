"""The manual installation of Carbonio: which commands on which node, in which order, by whom."""

from ipaddress import IPv4Interface
from itertools import product

from generator.context import Context
from generator.facts import EVERY_NODE, Command, Family, InstallStep
from generator.plan import GATEWAY, DnsPlan, InstallCommand, InstallPlan, NodeInstall, PlannedNode, Subnet, ValueToNote
from generator.planner.keys import KeysToMake

_PHASES = ("packages", "bootstrap", "configure", "finish")
_AFTER = "finish"
_PACKAGES = "{packages}"


def plan_install(
    context: Context, nodes: dict[str, PlannedNode], subnets: dict[str, Subnet], dns: DnsPlan
) -> InstallPlan:
    """Return the steps of every node in the documented order, and the values to write down."""
    return _Installer(context, nodes, subnets, dns).plan()


class _Installer:
    def __init__(
        self, context: Context, nodes: dict[str, PlannedNode], subnets: dict[str, Subnet], dns: DnsPlan
    ) -> None:
        self.context = context
        self.subnets = subnets
        self.public_name = dns.public_name
        self.keys = KeysToMake(context, dns)
        self.installed = context.topology.install == "packages"
        carbonio = [node for node in nodes.values() if not node.is_gateway]
        self.order = sorted(carbonio, key=lambda node: (self._place(node), node.name))
        self.directory = next((node.fqdn for node in self.order if "mesh-and-directory" in node.roles), "")
        self.roles = {role for node in self.order for role in node.roles}

    def plan(self) -> InstallPlan:
        """Return the whole installation."""
        install = self.context.facts.install
        steps = sorted(install.steps, key=lambda step: _PHASES.index(step.phase))
        return InstallPlan(
            order=self.context.facts.install_order.text,
            nodes=self._nodes([step for step in steps if step.phase != _AFTER]),
            after=self._nodes([step for step in steps if step.phase == _AFTER]),
            values=tuple(
                ValueToNote(
                    title=value.title,
                    nodes=self._names(value.from_roles),
                    origin=value.origin,
                    command=value.command,
                    user=value.user,
                    needed_by=self._names(value.needed_by),
                    secret=value.secret,
                )
                for value in install.values
                if self._names(value.from_roles)
                and (self._names(value.needed_by) or not value.needed_by)
                and (self.keys.domains or not value.for_keys)
            ),
        )

    def _place(self, node: PlannedNode) -> int:
        return min(self.context.facts.roles[role].order for role in node.roles)

    def _names(self, roles: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(node.name for node in self.order if _carries(node, roles))

    def _family(self, node: PlannedNode) -> Family:
        return self.context.facts.operating_systems[node.os].family

    def _concerns(self, step: InstallStep, node: PlannedNode) -> bool:
        return (
            _carries(node, step.roles)
            and set(step.not_with).isdisjoint(node.roles)
            and step.family in ("", self._family(node))
            and (not step.os or node.os in step.os)
            and (bool(self.keys.domains) or not step.for_keys)
            and (bool(self.keys.further) or not step.for_further)
            and not (self.installed and any(_PACKAGES in str(command) for command in step.commands))
        )

    def _nodes(self, steps: list[InstallStep]) -> tuple[NodeInstall, ...]:
        firsts = {step.id: next((node.name for node in self.order if self._concerns(step, node)), "") for step in steps}
        found = []
        for node in self.order:
            values = self._values(node)
            commands = tuple(
                self._command(step, node, values)
                for step in steps
                if self._concerns(step, node) and (not step.first_node_only or firsts[step.id] == node.name)
            )
            if commands:
                found.append(NodeInstall(node.name, commands))
        return tuple(found)

    def _values(self, node: PlannedNode) -> dict[str, object]:
        """Return what stands for the placeholders of commands and notes on a node."""
        public = "the address under which users reach this node"
        if node.public or self.context.shared_address:
            stated = node.stated_address or self.context.topology.cloud.public_address
            public = stated or f"@@public:{node.name if node.public else GATEWAY}@@"
        inside = next((link.address for link in node.links), "")
        return {
            "name": node.name,
            "fqdn": node.fqdn,
            "address": node.address,
            "netmask": str(IPv4Interface(inside or self.subnets[node.subnet].cidr).netmask),
            "domain": self.context.topology.domain,
            "network": self.context.topology.network.cidr,
            "directory": self.directory,
            "public_name": self.public_name,
            "public_address": public,
            "postgresql": self.context.facts.release.postgresql,
            "packages": " ".join(self.context.facts.packages(node.roles, self._family(node))),
        }

    def _command(self, step: InstallStep, node: PlannedNode, values: dict[str, object]) -> InstallCommand:
        lines = []
        if step.for_keys:
            values = {**values, "key_rows": self.keys.note}
        if step.for_further:
            values = {**values, "further": self.keys.further}
        for one, named in product(step.commands, self.keys.named if step.for_keys else ({},)):
            command = Command(run=one) if isinstance(one, str) else one
            wanted = not command.with_ or not self.roles.isdisjoint(command.with_)
            if wanted and (not command.here or _carries(node, command.here)):
                lines.append(command.run.format_map({**values, **named}))
        notes = [step.note, *(text for key, text in step.notes_for.items() if key in (*node.roles, node.os))]
        note = " ".join(text.format_map(values) for text in notes if text)
        return InstallCommand(step.title, step.user, tuple(lines), note)


def _carries(node: PlannedNode, roles: tuple[str, ...]) -> bool:
    return EVERY_NODE in roles or not set(roles).isdisjoint(node.roles)
