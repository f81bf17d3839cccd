"""Nodes, volumes and records, as they were decided for a topology."""

from collections.abc import Iterator

from generator.explain.answer import About, Answer, section
from generator.explain.facts import flows_section
from generator.facts import EVERY_NODE
from generator.plan import RESOLVER, Flow, Plan, PlannedNode


def about_node(word: str, about: About) -> Iterator[Answer]:
    """Yield what a node is, why it is as large as it is, and who reaches it."""
    plan = about.plan
    node = _node(word, plan)
    if plan is None or node is None:
        return
    machine = node.machine
    size = [f"{machine.type}: {machine.vcpu} vCPU, {machine.memory_gib:g} GB, system disk {node.os_disk_gib} GB"]
    size += [f"needs {machine.needs_vcpu} vCPU and {machine.needs_memory_gib} GB", *machine.reasons]
    size += [f"system disk: {node.os_disk_reason}"]
    volumes = [one for one in plan.volumes.values() if one.node == node.name]
    order = {"internet": 0, "listed": 1, "management": 2, "vpn": 3}
    reaching = sorted(_reaching(node, plan), key=lambda flow: (order.get(flow.source, 4), flow.target == EVERY_NODE))
    names = [f"{record.name} {record.type}" for record in plan.dns.public if record.name == node.fqdn]
    what = "the gateway" if node.is_gateway else f"a node with {', '.join(node.roles)}"
    where = f"{node.fqdn}, {node.address}, {node.os}"
    yield Answer(
        f"{node.name}: {what}",
        (where,),
        (
            *section("Size", size),
            *section(
                "Volumes", [f"{one.key}: {one.size_gib} GB at {one.mount}; {'; '.join(one.reasons)}" for one in volumes]
            ),
            *flows_section("Who reaches it", reaching, plan),
            *section("What it forwards", _forwarded(node, plan)),
            *section("Public records", names),
        ),
    )


def _reaching(node: PlannedNode, plan: Plan) -> Iterator[Flow]:
    """Yield the flows that a machine admits; what holds for every node does not hold for the gateway."""
    answers = plan.resolver is not None and node.name in plan.resolver.addresses
    targets = (*node.targets, RESOLVER) if answers else node.targets
    yield from (flow for flow in plan.flows if flow.target in targets)


def _forwarded(node: PlannedNode, plan: Plan) -> list[str]:
    if plan.gateway is None or not node.is_gateway:
        return []
    return [
        f"{one.protocol} {one.ports} from {', '.join(one.sources)} to {', '.join(one.targets)}"
        for one in plan.gateway.forwards
    ]


def _node(word: str, plan: Plan | None) -> PlannedNode | None:
    found = plan.nodes.values() if plan is not None else ()
    return next((node for node in found if word in (node.name, node.fqdn)), None)


def about_volume(word: str, about: About) -> Iterator[Answer]:
    """Yield what a volume holds, and why it is as large as it is."""
    volume = about.plan.volumes.get(word) if about.plan is not None else None
    if volume is not None:
        text = f"{volume.size_gib} GB at {volume.mount} of {volume.node}. It outlives its machine, and only grows."
        yield Answer(f"{word}: a data volume", (text,), section("Size", list(volume.reasons)))


def about_record(word: str, about: About) -> Iterator[Answer]:
    """Yield the records of a name, or those of a type, and why they are there."""
    plan = about.plan
    if plan is not None and word.upper() == "PTR":
        yield _reverse_names(plan)
    for record in plan.dns.public if plan is not None else ():
        if word.removesuffix(".").lower() not in (record.name, record.type.lower()):
            continue
        values = [value.shown for value in record.values]
        text = "; ".join(dict.fromkeys(f"{need}: {why}" for _, need, why in record.reasons)) + "."
        yield Answer(f"{record.name} {record.type}: a record", (text,), section("Value", values))


def _reverse_names(plan: Plan) -> Answer:
    dns = plan.dns
    lines = [f"{symbol} -> {name}" for symbol, name in {**dns.ptr, **dns.ptr_later, **dns.ptr_elsewhere}.items()]
    text = "required by many receivers: the address that sends has a name, which leads back to it and greets."
    return Answer("PTR: reverse names", (text,), section("Value", lines))


PEERS = {
    "internet": "Anybody, from any address.",
    "listed": "The ranges that stand in services at a service's name, in place of true.",
    "management": "Who administers, from the ranges of the key management.",
    "vpn": "Peers of the VPN, from their addresses in its tunnel.",
    "cluster": "The machines of this deployment, from their addresses in its network.",
}
"""Words for who reaches something, by what they mean."""


def about_peer(word: str, about: About) -> Iterator[Answer]:
    """Yield who is meant by the word before an arrow, and what they reach."""
    plan = about.plan
    if plan is None or word not in PEERS:
        return
    flows = [flow for flow in plan.flows if flow.source == word and flow.target != "internet"]
    ranges = [text for flow in flows for text in flow.ranges] if word not in ("internet", "cluster") else []
    ranges += [plan.deployment.network] if word == "cluster" else []
    yield Answer(
        f"{word}: who is meant by it in plans",
        (PEERS[word],),
        (
            *section("In this deployment", list(dict.fromkeys(ranges))),
            *flows_section("Reaches", flows, plan),
        ),
    )
