"""What the firewalls of a Terraform plan let in, beside what the flows ask for."""

from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from ipaddress import ip_network
from typing import TypeAlias

import msgspec

from generator.clouds import REGISTRY, Cloud
from generator.clouds.resources import UNKNOWN, Opening
from generator.problems import few
from generator.review.model import Disagreement
from generator.review.reach import Admitted, beyond
from generator.review.resources import FIREWALL, group_of, reader
from generator.review.side import Side
from generator.review.spans import amounts_to_internet
from generator.review.terraform import Resource, TerraformPlan

_Told: TypeAlias = tuple[str, str, str]
"""A range, protocol and ports."""


class Firewalls:
    """Whatever lets something in by a Terraform plan.

    Args:
        terraform: The plan.
        after: What the topology decides.
        clouds: Whoever may know a resource.
    """

    def __init__(self, terraform: TerraformPlan, after: Side, clouds: Collection[Cloud]) -> None:
        self.terraform = terraform
        self.after = after
        self.clouds = clouds

    @cached_property
    def _openings(self) -> tuple[tuple[Resource, Opening], ...]:
        return tuple((one, opening) for one in self.terraform.managed if one.lasting for opening in self._read(one))

    def _read(self, resource: Resource, *, before: bool = False) -> Iterator[Opening]:
        read = reader(resource, self.clouds)
        if read is not None:
            yield from map(_readable, read(resource.before if before else resource.after))

    @cached_property
    def _rules(self) -> dict[str, frozenset[Admitted]]:
        """What the flows let in from addresses, by group."""
        return {
            name: frozenset(
                Admitted("", (rule.source,), rule.protocol, rule.ports) for rule in group.rules if "/" in rule.source
            )
            for name, group in self.after.plan.groups.items()
        }

    def opened(self) -> Iterator[Disagreement]:
        """Yield what is let in although no flow asks for it."""
        for one, opening in self._openings:
            known = self._rules.get(group_of(one), frozenset()) | self._taken_back(one)
            found: dict[str, list[str]] = {}
            for where, ports in _beyond(opening, known):
                found.setdefault(ports, []).extend(where)
            for ports, ranges in found.items():
                everybody = amounts_to_internet(ranges)
                # What is left of the whole Internet is many ranges, which tell nobody anything.
                rest = everybody and not {*ranges} <= {*opening.ranges}
                shown = few(opening.ranges if rest else ranges)
                than = "more than the topology says" if rest else "of which the topology says nothing"
                yield self._opens(one, opening, ports, f"from {shown}, {than}", internet=everybody)
            if others := self._others(one, opening):
                shown = f"from {few(others)}, of which the topology says nothing"
                yield self._opens(one, opening, opening.ports or "all", shown, internet=bool(opening.unseen))

    def _opens(self, one: Resource, opening: Opening, ports: str, where: str, *, internet: bool) -> Disagreement:
        protocol = opening.protocol
        what = f"{protocol} {ports}" if ports != "all" else f"{protocol} on every port"
        if protocol == "any" or (ports == "all" and protocol not in ("tcp", "udp")):
            what = protocol if protocol != "any" else "everything"
        outside = one.untouched and self._came_outside(one, opening)
        how = "; it came outside of Terraform, and this plan leaves it" if outside else ""
        wide = f"{ports}/{protocol}" if internet else ""
        standing = one.untouched and not outside
        return Disagreement("opens", one.address, f"it lets in {what} {where}{how}", standing, wide)

    def _others(self, one: Resource, opening: Opening) -> tuple[str, ...]:
        """Return what is let in beside ranges; between our own groups the flows do that."""
        ours = {"", *self._group_ids} if group_of(one) else set()
        groups = (f"the machines of {name or 'a group of this plan'}" for name in opening.groups if name not in ours)
        return (*groups, *opening.unseen)

    @cached_property
    def _group_ids(self) -> frozenset[str]:
        groups = (one for one in self.terraform.managed if one.module_address == FIREWALL and reader(one, self.clouds))
        return frozenset(str(values["id"]) for one in groups for values in (one.before, one.after) if "id" in values)

    def _came_outside(self, resource: Resource, opening: Opening) -> bool:
        """Tell whether somebody opened it since the last apply, and no other resource of the plan did."""
        drift = self._drifted.get(resource.address)
        if drift is None or opening in self._read(drift, before=True):
            return False
        return any(self._tellers.get(told, set()) <= {resource.address} for told in _told(opening))

    @cached_property
    def _drifted(self) -> dict[str, Resource]:
        return {one.address: one for one in self.terraform.resource_drift if one.mode == "managed"}

    @cached_property
    def _tellers(self) -> dict[_Told, set[str]]:
        """The addresses of the resources that let something in, or did until this plan."""
        found: dict[_Told, set[str]] = {}
        for one in self.terraform.managed:
            for opening in (*self._read(one), *self._read(one, before=True)):
                for told in _told(opening):
                    found.setdefault(told, set()).add(one.address)
        return found

    def _taken_back(self, resource: Resource) -> frozenset[Admitted]:
        """Return what rules beside a group let in before this plan, which changes them.

        The group's own values may repeat it, as it was when the plan was made.
        """
        group = group_of(resource)
        return self._before.get(group, frozenset()) if group and group == str(resource.index) else frozenset()

    @cached_property
    def _before(self) -> dict[str, frozenset[Admitted]]:
        found: dict[str, set[Admitted]] = {}
        for one in self.terraform.managed:
            # What stays is counted anyway, and what a group itself lets in speaks for nothing else.
            if not one.untouched and str(one.index) != group_of(one):
                found.setdefault(group_of(one), set()).update(map(_admitted, self._read(one, before=True)))
        return {group: frozenset(rules) for group, rules in found.items()}

    def lacking(self) -> Iterator[Disagreement]:
        """Yield what the flows need and no firewall lets in; only of clouds that have firewalls of their own."""
        found: dict[str, list[Admitted]] = {}
        for one, opening in self._openings:
            lasting = beyond(_admitted(opening), self._taken_back(one))
            found.setdefault(group_of(one), []).extend(
                Admitted("", where, opening.protocol, which) for where, which in lasting
            )
        for group in self._groups():
            known = frozenset(found.get(group, ()))
            for rule in sorted(self._rules.get(group, ()), key=msgspec.structs.astuple):
                for where, ports in beyond(rule, known):
                    message = f"no rule lets in {rule.protocol} {ports} from {few(where)} to {group}: the topology does"
                    yield Disagreement("lacks", "", message, standing=False)

    def _groups(self) -> Mapping[str, object]:
        plan = self.after.plan
        values = REGISTRY[plan.deployment.provider].tfvars(plan, self.after.context).get("firewall")
        groups = values.get("groups") if isinstance(values, dict) else None
        return groups if isinstance(groups, dict) else {}


def _told(opening: Opening) -> Iterator[_Told]:
    for one in (*opening.ranges, *opening.groups, *opening.unseen):
        yield one, opening.protocol, opening.ports


def _readable(opening: Opening) -> Opening:
    """Return an opening without what is no range: such as the null that stands in a list for what is not known yet."""
    ranges = tuple(text for text in opening.ranges if _is_range(text))
    if ranges == opening.ranges:
        return opening
    return msgspec.structs.replace(opening, ranges=ranges, unseen=(*opening.unseen, UNKNOWN))


def _is_range(text: object) -> bool:
    try:
        ip_network(str(text), strict=False)
    except ValueError:
        return False
    return True


def _admitted(opening: Opening) -> Admitted:
    return Admitted("", tuple(one for one in opening.ranges if ":" not in one), opening.protocol, opening.ports)


def _beyond(opening: Opening, known: frozenset[Admitted]) -> Iterator[tuple[tuple[str, ...], str]]:
    six = tuple(one for one in opening.ranges if ":" in one)
    if six:
        # Nothing of a deployment has IPv6, so no flow asks for it.
        yield six, opening.ports or "all"
    if not opening.ports:
        # The cloud cannot tell types of ICMP apart.
        known = frozenset(msgspec.structs.replace(one, ports="") for one in known)
    yield from beyond(_admitted(opening), known)
