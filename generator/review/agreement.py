"""Where a Terraform plan says something else than the topology."""

from collections.abc import Collection, Iterator
from functools import cached_property

from generator.clouds import Cloud
from generator.clouds.resources import ResourceKind
from generator.plan import Plan
from generator.problems import few
from generator.review.firewalls import Firewalls
from generator.review.model import IN_PLACE, Beside, Disagreement, Loss
from generator.review.resources import REVERSE_NAMES, ZONES, is_generated, kind_of, reader
from generator.review.side import Side
from generator.review.terraform import NODES, Resource, TerraformPlan

_GRAVITY: dict[ResourceKind, int] = {"volume": 0, "zone": 1, "address": 2, "machine": 3, "attachment": 4}
"""What is lost with it: mail, then what finds it, then a good name, then work."""

_REASONS = {
    "replace_because_tainted": "its creation failed half-way before",
    "replace_by_request": "-replace asks for it",
    "replace_by_triggers": "a trigger of its own changed",
}
_EARLIER = "was an earlier change not applied yet?"
_OF_MAIL = ("MX", "TXT")
"""Types of the records by which mail is delivered and believed."""


class Agreement:
    """A Terraform plan beside what the topology decides.

    Attributes:
        before: What it decided before; None where nobody knows.
        after: What it decides now.
        clouds: Whoever may know a resource: machines and DNS may stand at different ones, and more beside ours.
    """

    def __init__(self, terraform: TerraformPlan, before: Side | None, after: Side, clouds: Collection[Cloud]) -> None:
        self.terraform = terraform
        self.before = None if before is None else before.plan
        self.after = after
        self._stands = before or after
        self.clouds = clouds

    def kind(self, resource: Resource) -> ResourceKind:
        """Return what a resource is."""
        return kind_of(resource, self.clouds) or "other"

    @cached_property
    def kept(self) -> dict[ResourceKind, frozenset[str]]:
        """What the topology keeps as it is, by kind; a machine that moves can only be made anew."""
        plan = self.after.plan
        machines = frozenset(name for name in plan.nodes if self.before is None or _place(name, self.before, plan))
        return {
            "machine": machines,
            "disk": machines,
            "volume": frozenset(plan.volumes),
            "address": frozenset(node.name for node in plan.nodes.values() if node.public_address),
            "zone": frozenset(own_zones(plan)),
            "attachment": frozenset(self._attached()),
        }

    def _attached(self) -> Iterator[str]:
        """Yield the volumes that stay on their machines, as far as both stay."""
        old = {} if self.before is None else self.before.volumes
        gone = {
            str(one.index)
            for one in self.terraform.managed
            if one.destroyed and one.module_address == NODES and self.kind(one) in ("machine", "volume")
        }
        for key, volume in self.after.plan.volumes.items():
            if old.get(key, volume).node == volume.node and gone.isdisjoint((key, volume.node)):
                yield key

    def losses(self) -> tuple[Loss, ...]:
        """Return what is destroyed or replaced, what is lost for good first."""
        found = [self._loss(one) for one in (*self.terraform.managed, *self.terraform.deposed) if one.destroyed]
        return tuple(sorted(found, key=lambda one: (_GRAVITY.get(one.kind, len(_GRAVITY)), one.kind, one.address)))

    def _loss(self, resource: Resource) -> Loss:
        kind = self.kind(resource)
        named = isinstance(resource.index, str) and is_generated(resource, self.clouds)
        subject = str(resource.index) if named else resource.address
        names = list(dict.fromkeys(str(path[0]) for path in resource.change.replace_paths if path))
        because = f"{few(names)} {'changes' if len(names) == 1 else 'change'}" if names else ""
        why = because or _REASONS.get(resource.action_reason, "")
        if resource.deposed:
            why = "a replacement that failed half-way left it over, beside the one that took its place"
        kept = subject in self.kept.get(kind, ()) and not resource.deposed
        holds = self._stands.holds(subject, self.after.plan) if kind == "machine" else ()
        return Loss(resource.address, kind, subject, resource.replaced, kept, why, holds)

    def happens(self) -> dict[str, str]:
        """Return what Terraform does to the machine of each node, in words."""
        return {
            str(one.index): _happens(one)
            for one in self.terraform.managed
            if one.module_address == NODES and self.kind(one) == "machine"
        }

    def beside(self) -> tuple[Beside, ...]:
        """Return what changes, no generated file has, and nobody here can read."""
        return tuple(
            Beside(one.address, _happens(one))
            for one in self.terraform.managed
            if not one.untouched
            and self.kind(one) != "machine"
            and reader(one, self.clouds) is None
            and (one.lasting or not one.destroyed)
            and not is_generated(one, self.clouds)
        )

    def disagreements(self) -> tuple[Disagreement, ...]:
        """Return what the topology does not say, the most dangerous first."""
        firewalls = Firewalls(self.terraform, self.after, self.clouds)
        others = tuple(self._others())
        # A plan of another folder disagrees in everything, and that it is one says it all.
        foreign = self._planned("machine").isdisjoint(self.after.plan.nodes)
        return (
            *(others if foreign else ()),
            *firewalls.opened(),
            *self._destroyed(),
            *self._again(),
            *self._overdue(),
            *self._records(),
            *firewalls.lacking(),
            *(() if foreign else others),
            *self._left_out(),
            *self._drift(),
        )

    def _destroyed(self) -> Iterator[Disagreement]:
        for loss in self.losses():
            if loss.kept:
                how = "is destroyed and made anew" if loss.replaced else "is destroyed"
                why = f", because {loss.why}" if loss.why else ""
                message = f"the {loss.kind} {loss.subject} {how}{why}: the topology keeps it"
                yield Disagreement("destroys", loss.address, message, standing=False)

    def _planned(self, kind: ResourceKind) -> frozenset[str]:
        """Return the machines or volumes that are there after the plan."""
        return frozenset(
            str(one.index)
            for one in self.terraform.managed
            if one.module_address == NODES and self.kind(one) == kind and one.lasting
        )

    def _again(self) -> Iterator[Disagreement]:
        """Yield what the plan makes although it stood before: its state is another one, or lost it."""
        before, after = self.before, self.after.plan
        if before is None or before.deployment.provider != after.deployment.provider:
            return
        zones = own_zones(before) & own_zones(after) if before.dns.provider == after.dns.provider else set()
        stood: dict[ResourceKind, set[str]] = {
            "volume": before.volumes.keys() & after.volumes.keys(),
            "zone": zones,
            "address": _addressed(before) & _addressed(after),
            "machine": before.nodes.keys() & after.nodes.keys(),
        }
        removed = {one.address for one in self.terraform.resource_drift if one.destroyed}
        for kind, names in stood.items():
            made = sorted(
                str(one.index)
                for one in self.terraform.managed
                if one.change.actions == ("create",)
                and self.kind(one) == kind
                and is_generated(one, self.clouds)
                and str(one.index) in names
                and one.address not in removed
            )
            if made:
                what = f"the plan makes what the base has already ({kind}: {few(made)})"
                message = f"{what}: is this the state of it, and was the base applied?"
                yield Disagreement("again", "", message, standing=False)

    def _overdue(self) -> Iterator[Disagreement]:
        """Yield what only now gets the size or type that the topology has had for long."""
        if self.before is None:
            return
        machines, volumes = self.before.nodes, self.before.volumes
        stays: dict[tuple[ResourceKind, str], object] = {
            ("machine", name): node.machine.type
            for name, node in self.after.plan.nodes.items()
            if name in machines and machines[name].machine.type == node.machine.type
        }
        stays |= {
            ("volume", key): volume.size_gib
            for key, volume in self.after.plan.volumes.items()
            if key in volumes and volumes[key].size_gib == volume.size_gib
        }
        told = {(one.address, name) for one in self.terraform.resource_drift for name in one.changed_names()}
        for one in self.terraform.managed:
            kind, name = self.kind(one), str(one.index)
            wanted, after = stays.get((kind, name)), one.after
            if one.module_address != NODES or one.change.actions != ("update",) or wanted is None:
                continue
            late = [key for key in one.changed_names() if after[key] == wanted and (one.address, key) not in told]
            if late:
                message = f"the {kind} {name} changes ({few(late)}), and the topology leaves it as it is: {_EARLIER}"
                yield Disagreement("overdue", one.address, message, standing=False)

    def _others(self) -> Iterator[Disagreement]:
        """Yield machines and volumes that one of both lacks: then the plan is of another state of the files."""
        plan = self.after.plan
        kinds: tuple[ResourceKind, ...] = ("machine", "volume")
        for kind in kinds:
            planned = self._planned(kind)
            wanted = frozenset(plan.nodes if kind == "machine" else plan.volumes)
            for names, text in (
                (planned - wanted, f"has the {kind} %s, which the topology lacks"),
                (wanted - planned, f"lacks the {kind} %s, which the topology has"),
            ):
                if names:
                    mend = "was it made from these files?"
                    yield Disagreement("others", "", f"the plan {text % few(sorted(names))}: {mend}", standing=False)

        for one in self.terraform.managed:
            if one.module_address != NODES and one.lasting and self.kind(one) == "machine":
                yield Disagreement("others", one.address, "it is a machine that the topology lacks", one.untouched)

    def _left_out(self) -> Iterator[Disagreement]:
        """Yield what this plan leaves undone, or lets go."""
        if not self.terraform.complete:
            message = "the plan is not the whole change: -target, -exclude or something deferred left a part out of it"
            yield Disagreement("others", "", message, standing=False)
        for one in self.terraform.managed:
            if "forget" in one.change.actions and is_generated(one, self.clouds):
                message = f"Terraform forgets the {self.kind(one)}: it stays as it is, and no plan will show it again"
                yield Disagreement("others", one.address, message, standing=False)

    def _records(self) -> Iterator[Disagreement]:
        """Yield public records and reverse names with which something happens that the topology does not say."""
        dns = self.after.plan.dns
        # With a provider of its own, or none, the hand-over has the records, and Terraform none of them.
        new: dict[str, object] = {**dns.ptr, **({one.key: one for one in dns.public if dns.provider != "none"})}
        old: dict[str, object] = {}
        if self.before is not None:
            old = {**self.before.dns.ptr, **{one.key: one for one in self.before.dns.public}}
        places = (ZONES, REVERSE_NAMES)
        found = [
            one
            for one in self.terraform.managed
            if one.module_address.partition("[")[0] in places and self.kind(one) == "record"
        ]
        told = {one.address for one in self.terraform.resource_drift}
        for one in found:
            key, names = str(one.index), one.changed_names()
            updated = one.change.actions == ("update",) and names and one.address not in told
            if not one.lasting and key in new:
                what = "is destroyed, and the topology keeps it"
            elif one.lasting and key not in new:
                what = "is none of the topology's"
            elif updated and old.get(key) == new.get(key):
                what = f"changes ({few(names)}), and the topology leaves it as it is"
            else:
                continue
            yield Disagreement("records", one.address, f"the record {key} {what}", one.untouched, mail=_of_mail(key))
        if missing := sorted(new.keys() - {str(one.index) for one in found}, key=_weight):
            mail = [one for one in missing if _of_mail(one)]
            message = f"the plan lacks records that the topology has: {few(missing)}"
            yield Disagreement("records", "", message, standing=False, mail="".join(mail[:1]), mail_too=tuple(mail[1:]))

    def _drift(self) -> Iterator[Disagreement]:
        """Yield what was changed outside of Terraform and this plan changes back, or what is no longer there.

        The rest is what a provider learned since, such as which machines a firewall is on.
        """
        changed = {one.address: one for one in self.terraform.managed if not one.untouched}
        for one in self.terraform.resource_drift:
            planned = changed.get(one.address)
            names = sorted({*one.changed_names()} & {*planned.changed_names()}) if planned is not None else []
            if one.mode == "managed" and (names or one.destroyed):
                what = "was removed" if one.destroyed else f"was changed ({few(names)})"
                back = ", and this plan takes that back" if planned is not None else ""
                yield Disagreement("drift", one.address, f"it {what} outside of Terraform{back}", standing=False)


def _place(name: str, before: Plan, after: Plan) -> bool:
    """Tell whether a machine stands where it stood, if it did."""
    old, new = before.nodes.get(name), after.nodes[name]
    return old is None or (old.address, old.subnet, old.zone) == (new.address, new.subnet, new.zone)


def _happens(resource: Resource) -> str:
    """Return what is done to a machine, in words."""
    if resource.replaced:
        return "replaced"
    words: dict[tuple[str, ...], str] = {
        ("create",): "made",
        ("delete",): "destroyed",
        ("no-op",): "left as it is",
        ("forget",): "left as it is, and forgotten",
        ("create", "forget"): "made anew, and the old one forgotten",
    }
    names = resource.changed_names()
    return words.get(resource.change.actions) or (f"{IN_PLACE} ({', '.join(names)})" if names else IN_PLACE)


def _of_mail(key: str) -> str:
    """Return a record if mail depends on it: reverse names have no type."""
    _, _, kind = key.partition(" ")
    return key if not kind or kind in _OF_MAIL else ""


def _weight(key: str) -> tuple[int, str]:
    """Return where a record stands among others: without its MX no mail comes at all."""
    _, _, kind = key.partition(" ")
    order = (*_OF_MAIL, "")
    return order.index(kind) if kind in order else len(order), key


def expected_losses(side: Side | None, after: Plan) -> tuple[Loss, ...]:
    """Return what goes because the topology has it no longer; all that is known without a Terraform plan."""
    if side is None:
        return ()
    before = side.plan
    gone: list[tuple[ResourceKind, list[str]]] = [
        ("volume", sorted(before.volumes.keys() - after.volumes.keys())),
        ("zone", sorted(own_zones(before) - own_zones(after))),
        ("address", sorted(_addressed(before) - _addressed(after))),
        ("machine", sorted(before.nodes.keys() - after.nodes.keys())),
    ]
    held = {name: side.holds(name, after) for name in before.nodes}
    return tuple(
        Loss("", kind, name, replaced=False, kept=False, why="", holds=held[name] if kind == "machine" else ())
        for kind, names in gone
        for name in names
    )


def own_zones(plan: Plan) -> set[str]:
    """Return the zones that are made and destroyed with a deployment."""
    return {zone.name for zone in plan.dns.zones.values() if not zone.existing and plan.dns.provider != "none"}


def _addressed(plan: Plan) -> set[str]:
    return {node.name for node in plan.nodes.values() if node.public_address and not node.stated_address}
