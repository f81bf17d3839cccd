"""Where a Terraform plan says something else than the topology."""

from collections.abc import Collection, Iterator, Mapping
from functools import cached_property

import msgspec

from generator.clouds import REGISTRY, Cloud
from generator.clouds.resources import Opening, ResourceKind
from generator.plan import Plan
from generator.problems import few
from generator.review.model import Disagreement, Loss
from generator.review.reach import Admitted, beyond
from generator.review.side import Side
from generator.review.terraform import Resource, TerraformPlan

_NODES = "module.nodes"
_FIREWALL = "module.firewall"
_REASONS = {
    "delete_because_no_resource_config": "",
    "delete_because_each_key": "",
    "delete_because_no_module": "",
    "replace_because_tainted": "its creation failed half-way before",
    "replace_by_request": "asked for by -replace",
    "replace_by_triggers": "by a trigger of its own",
}


class Agreement:
    """A Terraform plan beside what the topology decides.

    Attributes:
        after: What the topology decides now.
        clouds: Whoever may know a resource: machines and DNS may stand at different ones, and more beside ours.
    """

    def __init__(self, terraform: TerraformPlan, after: Side, clouds: Collection[Cloud]) -> None:
        self.terraform = terraform
        self.after = after
        self.clouds = clouds

    def kind(self, resource: Resource) -> ResourceKind:
        """Return what a resource is."""
        for cloud in self.clouds:
            kinds = cloud.resource_kinds
            found = kinds.get(f"{resource.type}.{resource.name}", kinds.get(resource.type))
            if found is not None:
                return found
        return "other"

    @cached_property
    def kept(self) -> dict[ResourceKind, frozenset[str]]:
        """What the topology keeps, by kind."""
        plan = self.after.plan
        machines = frozenset(plan.nodes)
        return {
            "machine": machines,
            "disk": machines,
            "volume": frozenset(plan.volumes),
            "address": frozenset(node.name for node in plan.nodes.values() if node.public_address),
            "zone": frozenset(zone.name for zone in plan.dns.zones.values() if not zone.existing),
        }

    def losses(self) -> tuple[Loss, ...]:
        """Return what is destroyed or replaced, what is lost for good first."""
        found = [self._loss(one) for one in self.terraform.managed if one.destroyed]
        return tuple(sorted(found, key=lambda one: (not one.stateful, one.kind != "machine", one.kind, one.address)))

    def _loss(self, resource: Resource) -> Loss:
        kind = self.kind(resource)
        subject = str(resource.index) if resource.index is not None else resource.address
        because = ", ".join(dict.fromkeys(str(path[0]) for path in resource.change.replace_paths if path))
        why = f"{because} {'changes' if because else ''}".strip() or _REASONS.get(resource.action_reason, "")
        kept = subject in self.kept.get(kind, ())
        return Loss(resource.address, kind, subject, resource.replaced, kept, why)

    def happens(self) -> dict[str, str]:
        """Return what Terraform does to the machine of each node, in words; nothing for one that it leaves."""
        words: dict[tuple[str, ...], str] = {
            ("create",): "made",
            ("update",): "changed in place",
            ("delete",): "destroyed",
        }
        return {
            str(one.index): "replaced" if one.replaced else words[one.change.actions]
            for one in self.terraform.managed
            if self.kind(one) == "machine" and (one.replaced or one.change.actions in words)
        }

    def disagreements(self) -> tuple[Disagreement, ...]:
        """Return what the topology does not say, the most dangerous first."""
        return (*self._opened(), *self._destroyed(), *self._lacking(), *self._others(), *self._drift())

    def _openings(self) -> Iterator[tuple[Resource, Opening]]:
        for one in self.terraform.managed:
            if self.kind(one) == "firewall" and (not one.destroyed or one.replaced):
                cloud = next(cloud for cloud in self.clouds if one.type in cloud.resource_kinds)
                for opening in cloud.openings(one.type, one.after):
                    yield one, opening

    @cached_property
    def _rules(self) -> dict[str, frozenset[Admitted]]:
        """What the flows let in from addresses, by group."""
        return {
            name: frozenset(
                Admitted("", (rule.source,), rule.protocol, rule.ports) for rule in group.rules if "/" in rule.source
            )
            for name, group in self.after.plan.groups.items()
        }

    def _opened(self) -> Iterator[Disagreement]:
        for one, opening in self._openings():
            known = self._rules.get(_group(one), frozenset())
            found: dict[str, list[str]] = {}
            for where, ports in _beyond(opening, known):
                found.setdefault(ports, []).extend(where)
            for ports, ranges in found.items():
                what = f"{opening.protocol} {ports}" if opening.protocol != "any" else "everything"
                message = f"it lets in {what} from {few(ranges)}, of which the topology says nothing"
                wide = f"{ports or 'all'}/{opening.protocol}" if any(text.endswith("/0") for text in ranges) else ""
                yield Disagreement("opens", one.address, message, one.change.actions == ("no-op",), wide)

    def _lacking(self) -> Iterator[Disagreement]:
        """Yield what the flows need and no firewall lets in; only of clouds that have firewalls of their own."""
        found: dict[str, list[Admitted]] = {}
        for one, opening in self._openings():
            found.setdefault(_group(one), []).append(_admitted(opening))
        for group in self._groups():
            known = frozenset(found.get(group, ()))
            for rule in sorted(self._rules.get(group, ()), key=msgspec.structs.astuple):
                for where, ports in beyond(rule, known):
                    message = f"nothing lets in {rule.protocol} {ports} from {few(where)} to {group}: the topology does"
                    yield Disagreement("lacks", "", message, standing=False)

    def _groups(self) -> Mapping[str, object]:
        plan = self.after.plan
        values = REGISTRY[plan.deployment.provider].tfvars(plan, self.after.context).get("firewall")
        groups = values.get("groups") if isinstance(values, dict) else None
        return groups if isinstance(groups, dict) else {}

    def _destroyed(self) -> Iterator[Disagreement]:
        for loss in self.losses():
            if loss.kept:
                how = "is destroyed and made anew" if loss.replaced else "is destroyed"
                why = f", because {loss.why}" if loss.why else ""
                message = f"the {loss.kind} {loss.subject} {how}{why}: the topology keeps it"
                yield Disagreement("destroys", loss.address, message, standing=False)

    def _others(self) -> Iterator[Disagreement]:
        """Yield machines and volumes that one of both lacks: then the plan is of another state of the files."""
        for kind in ("machine", "volume"):
            planned = {
                str(one.index)
                for one in self.terraform.managed
                if one.module_address == _NODES and self.kind(one) == kind and (not one.destroyed or one.replaced)
            }
            wanted = self.kept[kind]
            for names, text in (
                (planned - wanted, f"has the {kind} %s, which the topology lacks"),
                (wanted - planned, f"lacks the {kind} %s, which the topology has"),
            ):
                if names:
                    mend = "was it made from these files?"
                    yield Disagreement("others", "", f"the plan {text % few(sorted(names))}: {mend}", standing=False)

    def _drift(self) -> Iterator[Disagreement]:
        """Yield what was changed outside of Terraform and this plan changes back, or what is no longer there.

        The rest is what a provider learned since, such as which machines a firewall is on.
        """
        changed = {one.address: one for one in self.terraform.managed if one.change.actions != ("no-op",)}
        for one in self.terraform.resource_drift:
            planned = changed.get(one.address)
            names = sorted({*one.changed_names()} & {*planned.changed_names()}) if planned is not None else []
            if one.mode == "managed" and (names or one.destroyed):
                what = "was removed" if one.destroyed else f"was changed ({few(names)})"
                yield Disagreement("drift", one.address, f"it {what} outside of Terraform", standing=False)


def _group(resource: Resource) -> str:
    """Return the group whose rules a resource of ours carries; empty for one of the operator's own."""
    if resource.module_address != _FIREWALL or resource.index is None:
        return ""
    return str(resource.index).partition("/")[0]


def _admitted(opening: Opening) -> Admitted:
    return Admitted("", tuple(one for one in opening.ranges if ":" not in one), opening.protocol, opening.ports)


def _beyond(opening: Opening, known: frozenset[Admitted]) -> Iterator[tuple[tuple[str, ...], str]]:
    six = tuple(one for one in opening.ranges if ":" in one)
    if six:
        # Nothing of a deployment has IPv6, so no flow asks for it.
        yield six, opening.ports
    if not opening.ports:
        # The cloud cannot tell types of ICMP apart.
        known = frozenset(msgspec.structs.replace(one, ports="") for one in known)
    yield from beyond(_admitted(opening), known)


def expected_losses(before: Plan | None, after: Plan) -> tuple[Loss, ...]:
    """Return what goes because the topology has it no longer; all that is known without a Terraform plan."""
    if before is None:
        return ()
    gone: list[tuple[ResourceKind, list[str]]] = [
        ("volume", sorted(before.volumes.keys() - after.volumes.keys())),
        ("zone", sorted(_own_zones(before) - _own_zones(after))),
        ("address", sorted(_addressed(before) - _addressed(after))),
        ("machine", sorted(before.nodes.keys() - after.nodes.keys())),
    ]
    return tuple(Loss("", kind, name, replaced=False, kept=False, why="") for kind, names in gone for name in names)


def _own_zones(plan: Plan) -> set[str]:
    return {zone.name for zone in plan.dns.zones.values() if not zone.existing and plan.dns.provider != "none"}


def _addressed(plan: Plan) -> set[str]:
    return {node.name for node in plan.nodes.values() if node.public_address and not node.stated_address}
