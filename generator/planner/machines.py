"""Machine types and system disks: what the roles of a node ask for, and the smallest machine that has it."""

import math

from generator.context import Context
from generator.facts import MachineType
from generator.lockfile import Lock
from generator.plan import Machine
from generator.problems import Finding, nearest
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


def os_disk(node: Node, context: Context) -> tuple[int, str]:
    """Return the size of the system disk in GiB, and why."""
    facts = context.facts.hardware
    largest = max(node.roles, key=lambda role: facts.roles[role].os_disk_gib)
    size = facts.roles[largest].os_disk_gib
    if size > facts.node.os_disk_gib:
        return size, f"{largest}: {size} GB"
    return facts.node.os_disk_gib, f"every node: {facts.node.os_disk_gib} GB"


def choose_machines(context: Context, lock: Lock, findings: list[Finding]) -> dict[str, Machine]:
    """Give every node its machine type: as written, as locked, or the first that suffices."""
    known = {machine.name: machine for machine in context.cloud.types}
    chosen: dict[tuple[int, int], MachineType | None] = {}
    machines = {}
    for name, node in context.nodes.items():
        vcpu, memory, reasons = needs(node, context)
        found: MachineType | None
        if node.type:
            found = _written(name, node, known, (vcpu, memory, reasons), findings)
            reasons = (*reasons, "the topology names the type")
        else:
            found = _kept(name, lock, known, (vcpu, memory), findings)
            if found is None:
                if (vcpu, memory) not in chosen:
                    chosen[vcpu, memory] = _first(context, vcpu, memory)
                found = chosen[vcpu, memory]
                if found is None:
                    findings.append(_none_suffices(name, vcpu, memory, context))
        if found is None:
            found = MachineType(name=node.type, vcpu=vcpu, memory_gib=memory, architecture="x86_64", burstable=False)
        machines[name] = Machine(found.name, found.vcpu, found.memory_gib, vcpu, memory, reasons)
    return machines


def _first(context: Context, vcpu: int, memory: int) -> MachineType | None:
    return next(
        (
            machine
            for machine in context.cloud.types
            if machine.architecture == "x86_64"
            and not machine.burstable
            and context.topology.cloud.region not in machine.not_in
            and machine.vcpu >= vcpu
            and machine.memory_gib >= memory
        ),
        None,
    )


def _none_suffices(name: str, vcpu: int, memory: int, context: Context) -> Finding:
    return Finding(
        "no-type",
        ("nodes", name),
        f"{name} needs {vcpu} vCPU and {memory} GB; no machine type of {context.capabilities.title} has that",
        "Spread its roles over more nodes.",
        key=True,
    )


def _kept(
    name: str,
    lock: Lock,
    known: dict[str, MachineType],
    need: tuple[int, int],
    findings: list[Finding],
) -> MachineType | None:
    locked = lock.nodes.get(name)
    if locked is None or locked.type not in known:
        return None
    machine = known[locked.type]
    if machine.vcpu >= need[0] and machine.memory_gib >= need[1]:
        return machine
    findings.append(
        Finding(
            "type-outgrown",
            ("nodes", name),
            f"{name} needs {need[0]} vCPU and {need[1]} GB now; {machine.name} is too small, so its type changes",
            "",
            "warning",
            key=True,
        )
    )
    return None


def _written(
    name: str,
    node: Node,
    known: dict[str, MachineType],
    need: tuple[int, int, tuple[str, ...]],
    findings: list[Finding],
) -> MachineType | None:
    path = ("nodes", name, "type")
    machine = known.get(node.type)
    if machine is None:
        hint = nearest(node.type, list(known))
        mend = "" if hint else "Leave the key out to have a type chosen, or try --online."
        findings.append(Finding("unknown-type", path, f'"{node.type}" is not a known machine type{hint}', mend))
        return None
    if machine.architecture != "x86_64":
        findings.append(
            Finding(
                "arm-type",
                path,
                f"{machine.name} has ARM processors; Carbonio's packages are for x86-64 only",
                "Use another type.",
            )
        )
    elif machine.vcpu < need[0] or machine.memory_gib < need[1]:
        findings.append(
            Finding(
                "type-too-small",
                path,
                f"{machine.name} has {machine.vcpu} vCPU and {machine.memory_gib:g} GB; "
                f"{name} needs {need[0]} and {need[1]} GB",
                f"The rules: {'; '.join(need[2])}.",
            )
        )
    return machine
