"""Machine types and system disks: what the roles of a node ask for, and the smallest machine that has it."""

import math
import re
from collections.abc import Iterator

import msgspec

from generator.context import Context
from generator.facts import MachineType
from generator.lockfile import Lock
from generator.plan import GATEWAY, Machine
from generator.problems import Finding, Path, nearest
from generator.topology import Node


def needs(node: Node, context: Context) -> tuple[int, int, tuple[str, ...]]:
    """Return vCPU and memory in GiB that a node's roles ask for, and why."""
    facts = context.facts.hardware
    vcpu, memory = facts.node.vcpu, float(facts.node.memory_gib)
    reasons = [f"every node: {vcpu} vCPU, {facts.node.memory_gib} GB for the system"]
    for role in node.roles:
        row = facts.roles[role]
        memory += row.memory_gib
        reasons.append(f"{role}: {row.memory_gib} GB")
    for role in node.roles:
        row = facts.roles[role]
        if row.node_memory_gib > memory:
            memory = row.node_memory_gib
            reasons.append(f"{role}: at least {row.node_memory_gib} GB on its node")
    if "video" in node.roles:
        users = node.concurrent_users or context.topology.users or 0
        rule = facts.video
        least = (rule.memory_mib + rule.memory_mib_per_user * users) / 1024
        grown = memory - facts.roles["video"].memory_gib + least
        if grown > memory:
            memory = grown
            reasons.append(f"video: {rule.memory_mib} MB + {rule.memory_mib_per_user} MB for each of {users} users")
        if users > rule.many_users:
            vcpu = max(vcpu, rule.vcpu_for_many)
            reasons.append(f"video: {rule.vcpu_for_many} vCPU above {rule.many_users} users ({users})")
    if len(context.nodes) == 1:
        single = facts.single_node
        vcpu, memory = max(vcpu, single.vcpu), max(memory, single.memory_gib)
        reasons.append(f"one node for everything: at least {single.vcpu} vCPU and {single.memory_gib} GB")
    return vcpu, math.ceil(memory), tuple(reasons)


def choose_machines(context: Context, lock: Lock, findings: list[Finding]) -> dict[str, Machine]:
    """Give every machine its type: as written, as locked, or the first that suffices."""
    chooser = _Chooser(context, lock, findings)
    return {name: chooser.choose(name, need, written, path) for name, need, written, path in _needed(context)}


def sufficient_types(context: Context) -> dict[str, tuple[str, ...]]:
    """Return by machine, unless the topology names its type, all types that would do; none where sizes are free."""
    chooser = _Chooser(context, Lock(), [])
    return {name: chooser.sufficient(need) for name, need, written, _ in _needed(context) if not written}


def _needed(context: Context) -> Iterator[tuple[str, "_Need", str, Path]]:
    """Yield for every machine its name, what it needs, the type that the topology names or nothing, and where."""
    for name, node in context.nodes.items():
        vcpu, memory, reasons = needs(node, context)
        need = _Need(vcpu, memory, context.facts.hardware.system_disk(node.roles)[0], reasons)
        yield name, need, node.type, ("nodes", name)
    if context.has_gateway:
        row = context.facts.hardware.gateway
        need = _Need(row.vcpu, row.memory_gib, row.os_disk_gib, (f"a gateway: {row.vcpu} vCPU, {row.memory_gib} GB",))
        yield GATEWAY, need, context.topology.gateway.type, ("gateway",)


class _Need(msgspec.Struct, frozen=True):
    vcpu: int
    memory_gib: int
    disk_gib: int
    reasons: tuple[str, ...]

    def met_by(self, machine: MachineType) -> bool:
        """Tell whether a machine has enough of everything."""
        disk = machine.disk_gib is None or machine.disk_gib >= self.disk_gib
        return disk and machine.vcpu >= self.vcpu and machine.memory_gib >= self.memory_gib

    def __str__(self) -> str:
        return f"{self.vcpu} vCPU and {self.memory_gib} GB"


class _Chooser:
    """Chooses types one after the other."""

    def __init__(self, context: Context, lock: Lock, findings: list[Finding]) -> None:
        self.context = context
        self.lock = lock
        self.findings = findings
        self.region = context.topology.cloud.region
        self.known = {machine.name: machine for machine in context.cloud.types}
        self.free = context.capabilities.on_premises
        self.chosen: dict[tuple[int, int, int], MachineType | None] = {}

    def choose(self, name: str, need: _Need, written: str, path: Path) -> Machine:
        """Return the machine of one node."""
        reasons = need.reasons
        if written:
            found = self._written(name, written, need, (*path, "type"))
            reasons = (*reasons, "the topology names the type")
        else:
            kept, first = self._kept(name, need, path), self._first(need)
            found = kept or first
            if kept is not None and first is not None and kept.name != first.name:
                reasons = (*reasons, f"kept from before; generate --upgrade would choose {first.name}")
            if found is None:
                self._none_suffices(name, need, path)
        if found is not None:
            self._changed(name, found, path)
        if found is None:
            return Machine(written, need.vcpu, need.memory_gib, need.vcpu, need.memory_gib, reasons)
        return Machine(
            found.name, found.vcpu, found.memory_gib, need.vcpu, need.memory_gib, reasons, found.disk_gib or 0
        )

    def _find_type(self, name: str) -> MachineType | None:
        """Return a type by its name; where sizes are free, any `<vcpu>x<GiB>` is one."""
        match = re.fullmatch(r"([1-9]\d{0,2})x([1-9]\d{0,3})", name) if self.free else None
        if match is None:
            return self.known.get(name)
        return MachineType(
            name=name, vcpu=int(match[1]), memory_gib=int(match[2]), architecture="x86_64", burstable=False
        )

    def _first(self, need: _Need) -> MachineType | None:
        if self.free:
            return self._find_type(f"{need.vcpu}x{need.memory_gib}")
        key = (need.vcpu, need.memory_gib, need.disk_gib)
        if key not in self.chosen:
            self.chosen[key] = next((one for one in self.context.cloud.types if self._offered(one, need)), None)
        return self.chosen[key]

    def sufficient(self, need: _Need) -> tuple[str, ...]:
        """Return the names of all types that have enough of everything, the preferred ones first."""
        return tuple(one.name for one in self.context.cloud.types if self._offered(one, need)) if not self.free else ()

    def _offered(self, machine: MachineType, need: _Need) -> bool:
        return machine.offered(self.region) and need.met_by(machine)

    def _none_suffices(self, name: str, need: _Need, path: Path) -> None:
        title = self.context.capabilities.title
        self._find(
            "no-type",
            path,
            f"{name} needs {need} and a system disk of {need.disk_gib} GB; no machine type of {title} has that",
            "Spread its roles over more nodes.",
            key=True,
        )

    def _kept(self, name: str, need: _Need, path: Path) -> MachineType | None:
        locked = self.lock.nodes.get(name)
        machine = self._find_type(locked.type) if locked is not None else None
        if machine is None:
            return None
        if need.met_by(machine):
            return machine
        why = f"{name} needs {need} now, and {machine.name} is too small"
        mend = "It gets a larger type, and is switched off for it: apply when a pause is acceptable."
        self.findings.append(Finding("type-outgrown", path, why, mend, "warning", key=True))
        return None

    def _changed(self, name: str, found: MachineType, path: Path) -> None:
        """Say what a change of type does to a machine that runs."""
        locked = self.lock.nodes.get(name)
        before = self._find_type(locked.type) if locked is not None else None
        if before is None or before.name == found.name:
            return
        if (before.disk_gib or 0) > (found.disk_gib or 0):
            why = f"{name} has a disk of {before.disk_gib} GB, and {found.name} one of {found.disk_gib} GB"
            self._find("disk-shrinks", path, why, "A disk cannot shrink: use a type with as much.", key=True)
            return
        why = f"{name} changes from {before.name} to {found.name}: the machine is switched off for it"
        mend = f"To keep it as it is, write: type: {before.name}"
        self.findings.append(Finding("type-changes", path, why, mend, "warning", key=True))

    def _written(self, name: str, written: str, need: _Need, path: Path) -> MachineType | None:
        machine = self._find_type(written)
        if machine is None:
            hint = nearest(written, list(self.known))
            mend = "" if hint else "Leave the key out to have a type chosen, or try --online."
            if self.free:
                mend = "Write processors and GiB of memory, as in 8x32, or leave the key out."
            self._find("unknown-type", path, f'"{written}" is not a known machine type{hint}', mend)
        elif machine.architecture != "x86_64":
            why = f"{machine.name} has ARM processors; Carbonio's packages are for x86-64 only"
            self._find("arm-type", path, why, "Use another type.")
        elif machine.retired:
            self._find("retired-type", path, f"{machine.name} is not sold any more", machine.retired)
        elif self.region in machine.not_in:
            why = f"{machine.name} is not sold in {self.region}"
            self._find("type-not-in-region", path, why, "Use another type, or leave the key out.")
        elif not need.met_by(machine):
            has = f"{machine.vcpu} vCPU and {machine.memory_gib:g} GB"
            has += f" with a disk of {machine.disk_gib} GB" if machine.disk_gib is not None else ""
            wants = f"{need.vcpu} and {need.memory_gib} GB"
            wants += f" with {need.disk_gib} GB" if machine.disk_gib is not None else ""
            mend = f"The rules: {'; '.join(need.reasons)}."
            self._find("type-too-small", path, f"{machine.name} has {has}; {name} needs {wants}", mend)
        return machine

    def _find(self, rule: str, path: Path, message: str, mend: str, *, key: bool = False) -> None:
        self.findings.append(Finding(rule, path, message, mend, key=key))
