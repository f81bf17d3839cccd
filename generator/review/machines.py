"""Machines and data volumes that come, go or differ."""

from collections.abc import Iterator, Mapping

from generator.plan import Plan, PlannedNode, Volume
from generator.review.model import IN_PLACE, PRIVATE_ADDRESS, FieldChange, MachineChange, VolumeChange


def machine_changes(before: Plan | None, after: Plan | None, happens: Mapping[str, str]) -> tuple[MachineChange, ...]:
    """Return what differs, by node; or is the same, and Terraform changes it all the same.

    Args:
        before: None where there was nothing.
        after: None where nothing is left.
        happens: What Terraform does to the machine of a node, in words.
    """
    old = {} if before is None else before.nodes
    new = {} if after is None else after.nodes
    found = (_machine(name, old.get(name), new.get(name), happens.get(name, "")) for name in sorted({*old, *new}))
    return tuple(change for change in found if change is not None)


def _machine(name: str, old: PlannedNode | None, new: PlannedNode | None, happens: str) -> MachineChange | None:
    one = new or old
    if one is None:
        raise AssertionError("a node of neither side")
    olds, news = ({} if node is None else dict(_fields(node)) for node in (old, new))
    fields = tuple(
        FieldChange(key, olds.get(key, ""), news.get(key, ""))
        for key in dict.fromkeys([*news, *olds])
        if olds.get(key) != news.get(key)
    )
    if not fields and not happens.startswith(IN_PLACE):
        return None
    return MachineChange(
        name, "new" if old is None else "gone" if new is None else "changed", one.roles, fields, happens
    )


def _fields(node: PlannedNode) -> Iterator[tuple[str, str]]:
    machine = node.machine
    yield "roles", ", ".join(node.roles)
    yield "type", f"{machine.type} ({machine.vcpu} vCPU, {machine.memory_gib:g} GB)"
    yield "system disk", f"{node.os_disk_gib} GB"
    yield "system", node.os
    yield "image", node.image.id or "found at apply"
    yield PRIVATE_ADDRESS, node.address
    yield "public address", "own" if node.public else "for the way out" if node.public_address else "none"
    if node.stated_address:
        yield "stated address", node.stated_address
    if node.zone:
        yield "zone", node.zone
    if node.placement_group:
        yield "placement group", node.placement_group


def volume_changes(before: Plan | None, after: Plan | None) -> tuple[VolumeChange, ...]:
    """Return the volumes that differ, by key; arguments as for `machine_changes`."""
    old = {} if before is None else before.volumes
    new = {} if after is None else after.volumes
    return tuple(
        change for key in sorted({*old, *new}) if (change := _volume(key, old.get(key), new.get(key))) is not None
    )


def _volume(key: str, old: Volume | None, new: Volume | None) -> VolumeChange | None:
    if old is not None and new is not None:
        same = (old.node, old.size_gib) == (new.node, new.size_gib)
        return None if same else VolumeChange(key, new.node, "changed", old.size_gib, new.size_gib)
    if new is not None:
        return VolumeChange(key, new.node, "new", None, new.size_gib)
    return None if old is None else VolumeChange(key, old.node, "gone", old.size_gib, None)
