"""Machine types and sizes: what there is for rent, at what price, and what a deployment needs."""

from collections.abc import Iterator

from generator.clouds import REGISTRY
from generator.explain.answer import About, Answer, Section, section, sources, unique
from generator.facts import CloudFacts, Hardware, MachineType, load_cloud, load_prices
from generator.plan import PlannedNode

_HOW = (
    "A machine is the first of its cloud's types that has what its roles need together; type at a node names another "
    "one. A mail volume holds the quota of its users, what documents names, and headroom on top; it only grows."
)
_WORDS = ("size", "sizes", "sizing", "disk", "disks", "volume", "volumes")


def about_machine_type(word: str, about: About) -> Iterator[Answer]:
    """Yield what a machine type is and costs, which nodes have it, and why none has a smaller one."""
    nodes = [one for one in about.plan.nodes.values() if one.machine.type == word] if about.plan is not None else []
    own = about.context.cloud if about.context is not None else None
    for cloud in [*([own] if own is not None else []), *(load_cloud(name) for name in REGISTRY)]:
        machine = next((one for one in cloud.types if one.name == word), None)
        if machine is None:
            continue
        region = about.plan.deployment.region if about.plan is not None and cloud is own else ""
        price, read = _price(word, cloud.provider, region)
        yield Answer(
            f"{word}: a machine type of {REGISTRY[cloud.provider].capabilities.title}",
            (f"{_what(machine)}.", *_unusable(machine, region)),
            (
                *price,
                *section("Nodes with it", [_need(node) for node in nodes]),
                *section(
                    "Why none has a smaller one", list(_smaller(machine, cloud, region, nodes, about.facts.hardware))
                ),
            ),
            unique([*sources([machine.source or cloud.sources.types]), *read]),
        )
        return
    if nodes:
        # Where the machines are the operator's own, every size is a type.
        text = f"{nodes[0].machine.vcpu} vCPU, {nodes[0].machine.memory_gib:g} GB."
        sections = (
            *section("Nodes with it", [_need(node) for node in nodes]),
            *section("Why none has a smaller one", ["It is what they need." for node in nodes if _exact(node)]),
        )
        yield Answer(f"{word}: a machine type", (text,), sections)


def _what(machine: MachineType) -> str:
    disk = f", disk of {machine.disk_gib} GB" if machine.disk_gib is not None else ""
    return f"{machine.vcpu} vCPU, {machine.memory_gib:g} GB{disk}"


def _unusable(machine: MachineType, region: str) -> Iterator[str]:
    """Yield why a type is never chosen, or not here."""
    if machine.architecture != "x86_64":
        yield "It has ARM processors; Carbonio's packages are for x86-64 only."
    if machine.burstable:
        yield "It has its full cores only for part of the time, so it is never chosen, but may be named."
    if machine.retired:
        yield f"It is not sold any more. {machine.retired}"
    if region in machine.not_in:
        yield f"It is not sold in {region}."


def _price(name: str, provider: str, region: str) -> tuple[tuple[Section, ...], list[str]]:
    """Return what a type costs in a region, or in each where none is chosen; and the sources of that."""
    prices = load_prices(provider)
    if prices is None:
        return (), []
    lists = [one for one in prices.machines if name in one.types and (not region or region in one.regions)]
    lines, read = [], []
    for one in lists:
        price = one.price(name)
        if price is not None:
            where = region or ", ".join(one.regions)
            lines.append(f"{prices.currency} {price.monthly:,.2f} a month in {where}, {prices.tax}, as of {price.date}")
            read.append(price.source)
    return section("Price", lines or [f"none is known{f' in {region}' if region else ''}"]), read


def _need(node: PlannedNode) -> str:
    machine = node.machine
    return f"{node.name} needs {machine.needs_vcpu} vCPU and {machine.needs_memory_gib} GB: " + "; ".join(
        machine.reasons
    )


def _exact(node: PlannedNode) -> bool:
    machine = node.machine
    return (machine.vcpu, machine.memory_gib) == (machine.needs_vcpu, machine.needs_memory_gib)


def _smaller(
    machine: MachineType, cloud: CloudFacts, region: str, nodes: list[PlannedNode], hardware: Hardware
) -> Iterator[str]:
    """Yield by node what the type before this one lacks, or which of those before it would do.

    The first that has enough is taken, in the order in which the cloud's facts have them.
    """
    at = cloud.types.index(machine)
    before = [one for one in cloud.types[:at] if one.offered(region)]
    for node in nodes:
        enough = next((one for one in before if not _lacks(one, node, hardware)), None)
        if enough is not None:
            why = node.machine.reasons[-1]
            yield f"{node.name}: {enough.name} ({_what(enough)}) would do; {why}"
        elif before:
            lacks = " and ".join(_lacks(before[-1], node, hardware))
            yield f"{node.name}: {before[-1].name} ({_what(before[-1])}), the one before it, has only {lacks}"


def _lacks(machine: MachineType, node: PlannedNode, hardware: Hardware) -> list[str]:
    need = node.machine
    found = [f"{machine.vcpu} of {need.needs_vcpu} vCPU"] if machine.vcpu < need.needs_vcpu else []
    if machine.memory_gib < need.needs_memory_gib:
        found.append(f"{machine.memory_gib:g} of {need.needs_memory_gib} GB")
    disk = _system_disk(node, hardware)
    if machine.disk_gib is not None and machine.disk_gib < disk:
        found.append(f"a disk of {machine.disk_gib} of {disk} GB")
    return found


def _system_disk(node: PlannedNode, hardware: Hardware) -> int:
    """Return what a node needs of a disk, be there more with its type or not."""
    return hardware.gateway.os_disk_gib if node.is_gateway else hardware.system_disk(node.roles)[0]


def about_sizes(word: str, about: About) -> Iterator[Answer]:
    """Yield how machines, disks and volumes get their sizes, and which they have."""
    if word not in _WORDS:
        return
    yield Answer(
        f"{word}: how large machines, disks and volumes are",
        (_HOW,),
        (*_here(about), *_rules(about)),
        sources(_read(about)),
    )


def _here(about: About) -> Iterator[Section]:
    plan = about.plan
    if plan is None:
        return
    nodes = plan.nodes.values()
    yield from section("Machines", [f"{node.machine.type}: {_need(node)}" for node in nodes])
    yield from section("System disks", [f"{one.name}: {one.os_disk_gib} GB ({one.os_disk_reason})" for one in nodes])
    volumes = plan.volumes.values()
    lines = [f"{one.key}: {one.size_gib} GB at {one.mount}; {'; '.join(one.reasons)}" for one in volumes]
    yield from section("Volumes", lines)


def _rules(about: About) -> tuple[Section, ...]:
    hardware = about.facts.hardware
    node, one, video = hardware.node, hardware.single_node, hardware.video
    lines = [f"every node: {node.vcpu} vCPU, {node.memory_gib} GB, system disk {node.os_disk_gib} GB"]
    for name, row in hardware.roles.items():
        if name in about.facts.roles:
            least = f", at least {row.node_memory_gib} GB on its node" if row.node_memory_gib else ""
            disk = f", system disk {row.os_disk_gib} GB" if row.os_disk_gib else ""
            lines.append(f"{name}: {row.memory_gib} GB more{least}{disk}")
    lines += [
        f"video: or {video.memory_mib} MB, and {video.memory_mib_per_user} MB for each user in a call, if that is more",
        f"video: {video.vcpu_for_many} vCPU above {video.many_users} users",
        f"recordings: {hardware.recording.mb_per_hour} MB an hour",
        f"one node for everything: at least {one.vcpu} vCPU and {one.memory_gib} GB",
    ]
    return section(f"Rules of {about.label}", lines)


def _read(about: About) -> list[str]:
    hardware = about.facts.hardware
    rows = [hardware.node, *hardware.roles.values(), hardware.single_node, hardware.video, hardware.recording]
    return [row.source for row in rows]
