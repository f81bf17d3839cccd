"""What the picture of a plan shows, before anything has a place: sources, rows of machines, arrows."""

from collections.abc import Iterable, Iterator

import msgspec

from generator.facts import EVERY_NODE
from generator.plan import GATEWAY, OUTSIDE, RESOLVER, Flow, Forward, Plan, PlannedNode

ROUTER = "router"


class Source(msgspec.Struct, frozen=True):
    """Someone outside who reaches something."""

    key: str
    title: str
    detail: str


class Mark(msgspec.Struct, frozen=True):
    """What sets a part of the picture apart, told without its color too: a sign, a word and the line around it."""

    sign: str
    word: str
    color: str
    tint: str
    dash: str = ""


class Entry(msgspec.Struct, frozen=True):
    """A line at an arrow: protocol and ports, and what they are for.

    Attributes:
        flows: Ids of the flows that it stands for.
        data: Names and values by which a page finds it.
    """

    ports: str
    what: str
    flows: tuple[str, ...] = ()
    mark: Mark | None = None
    data: tuple[tuple[str, str], ...] = ()


class Arrow(msgspec.Struct, frozen=True):
    """All flows from one source to the machines of one row.

    Attributes:
        start: Key of the source, or of the gateway or router that they come through.
        title: Who it is, in words.
        lines: None where the box at its end says what they are.
    """

    start: str
    title: str
    lines: tuple[Entry, ...]


class Forwards(msgspec.Struct, frozen=True):
    """What is forwarded of all that comes from one source: protocol and ports, and the nodes that get it."""

    title: str
    lines: tuple[Entry, ...]


class Card(msgspec.Struct, frozen=True):
    """A machine: its name, and lines about it; `data` as in `Entry`."""

    name: str
    lines: tuple[str, ...]
    marks: tuple[Mark, ...] = ()
    data: tuple[tuple[str, str], ...] = ()


class Row(msgspec.Struct, frozen=True):
    """Machines with the same roles, or something that stands for several, the arrows to it, and what it forwards."""

    title: str
    cards: tuple[Card, ...]
    arrows: tuple[Arrow, ...]
    forwards: tuple[Forwards, ...] = ()


class Scene(msgspec.Struct, frozen=True):
    """A picture without places.

    Attributes:
        gate: The gateway, or the operator's router; None where the nodes are reached directly.
        gate_key: Start of the arrows that come from it.
        inside: What nodes reach on each other: the target, and its ports.
    """

    title: str
    facts: tuple[str, ...]
    sources: tuple[Source, ...]
    gate: Row | None
    gate_key: str
    cluster: str
    rows: tuple[Row, ...]
    inside: tuple[tuple[str, tuple[Entry, ...]], ...]


_TITLES = {
    "internet": "Internet",
    "listed": "Listed ranges",
    "management": "Management",
    "vpn": "VPN peers",
    GATEWAY: "Gateway",
}


def make_scene(plan: Plan) -> Scene:
    """Return what a picture of the plan shows."""
    deployment = plan.deployment
    gate_key = _gate_key(plan)
    outer = [flow for flow in plan.flows if flow.source in _TITLES]
    rows = [Row("every node", (), _arrows(plan, outer, {EVERY_NODE}))]
    if any(flow.target == RESOLVER for flow in outer) and plan.resolver is not None:
        title = f"DNS inside, on {', '.join(plan.resolver.addresses)}"
        rows.append(Row(title, (), _arrows(plan, outer, {RESOLVER})))
    one_zone = len({node.zone for node in plan.nodes.values()}) == 1
    for roles, nodes in _alike(plan).items():
        cards = tuple(_card(node, plan, one_zone=one_zone) for node in nodes)
        rows.append(Row(", ".join(roles), cards, _arrows(plan, outer, set(roles))))
    return Scene(
        title=f"{deployment.name}: Carbonio {deployment.release} {deployment.edition} for {deployment.domain}",
        facts=tuple(_facts(plan)),
        sources=tuple(_sources(outer)),
        gate=_gate(plan, outer),
        gate_key=gate_key,
        cluster=f"Nodes, in the network {deployment.network}",
        rows=tuple(row for row in rows if row.cards or row.arrows),
        inside=tuple(_inside(plan)) if len(plan.nodes) > 1 else (),
    )


def ports_text(entry: Entry) -> str:
    """Return protocol and ports with the sign of the mark."""
    return entry.ports if entry.mark is None else f"{entry.mark.sign} {entry.ports}"


def describe(scene: Scene) -> str:
    """Return in words what the picture shows, for whoever does not see it."""
    rows = [*([scene.gate] if scene.gate is not None else []), *scene.rows]
    sentences = [*scene.facts]
    for row in rows:
        names = ", ".join(card.name for card in row.cards)
        if names and names != row.title:
            sentences.append(f"{row.title}: {names}.")
        for one in row.forwards:
            ways = "; ".join(f"{line.ports} {line.what}" for line in one.lines)
            sentences.append(f"{one.title} by {row.title}: {ways}.")
        for arrow in (one for one in row.arrows if one.lines):
            ports = "; ".join(f"{one.ports} ({one.what})" if one.what else one.ports for one in arrow.lines)
            sentences.append(f"{arrow.title} to {row.title}: {ports}.")
    sentences += [
        f"The nodes reach {target} on {', '.join(map(ports_text, entries))}." for target, entries in scene.inside
    ]
    return " ".join(sentences)


def _facts(plan: Plan) -> Iterator[str]:
    deployment = plan.deployment
    number = len(plan.nodes)
    yield f"{deployment.provider}, {deployment.region}, exposure {deployment.exposure}."
    systems = ", ".join(sorted({node.os for node in plan.nodes.values()}))
    yield f"{number} machine{'' if number == 1 else 's'} with {systems}."
    if plan.gateway is not None and plan.gateway.way_out:
        yield "The nodes leave through the gateway, with its address."
    elif plan.nat_subnet:
        yield "Nodes without a public address leave through the cloud's NAT gateway."
    if plan.router is not None:
        yield "The nodes leave through your router, with its address."
    if plan.resolver is not None:
        yield f"DNS inside is answered on {', '.join(plan.resolver.addresses)}."


def _gate_key(plan: Plan) -> str:
    if plan.router is not None:
        return ROUTER
    return GATEWAY if plan.gateway is not None else ""


def _passes(plan: Plan, flow: Flow) -> bool:
    """Tell whether a flow to the nodes comes through the gateway or the operator's router."""
    if flow.source == GATEWAY:
        return True
    if flow.target == GATEWAY:
        return False
    gate = plan.router or plan.gateway
    forwards = gate.forwards if gate is not None else ()
    behind = plan.router is not None or (plan.gateway is not None and plan.gateway.way_out)
    return any(flow.id in one.flows for one in forwards) or (behind and flow.source in ("internet", "listed"))


def _sources(flows: Iterable[Flow]) -> Iterator[Source]:
    """Yield the sources outside; those of listed flows one by one as their ranges differ."""
    found: dict[str, Source] = {}
    for flow in flows:
        if flow.source != GATEWAY:
            detail = "anyone" if flow.source == "internet" else ", ".join(flow.ranges)
            found.setdefault(_key(flow), Source(_key(flow), _TITLES[flow.source], detail))
    order = list(_TITLES)
    yield from sorted(found.values(), key=lambda one: (order.index(one.key.partition(" ")[0]), one.key))


def _key(flow: Flow) -> str:
    return f"{flow.source} {' '.join(flow.ranges)}" if flow.source == "listed" else flow.source


def _arrows(plan: Plan, flows: Iterable[Flow], targets: set[str]) -> tuple[Arrow, ...]:
    """Return the arrows to one row: one for every source."""
    gate = _gate_key(plan)
    merged: dict[tuple[str, str], list[Flow]] = {}
    for flow in flows:
        if flow.target in targets:
            title = _TITLES[flow.source] + (f" {', '.join(flow.ranges)}" if flow.source == "listed" else "")
            passes = _passes(plan, flow)
            if passes and flow.source != GATEWAY:
                title += f", through {'your router' if gate == ROUTER else 'the gateway'}"
            merged.setdefault((gate if passes else _key(flow), title), []).append(flow)
    order = list(_TITLES)
    ranked = sorted(merged.items(), key=lambda one: (order.index(one[1][0].source), one[0]))
    return tuple(Arrow(start, title, tuple(_lines(flows))) for (start, title), flows in ranked)


def _lines(flows: Iterable[Flow]) -> Iterator[Entry]:
    for flow in sorted(flows, key=lambda flow: (flow.protocol == "icmp", _first(flow), flow.protocol)):
        yield Entry(f"{flow.protocol} {flow.ports}", "; ".join(flow.services), (flow.id,))


def _gate(plan: Plan, outer: Iterable[Flow]) -> Row | None:
    """Return the gateway or the operator's router, with what it forwards."""
    if plan.router is not None:
        card = Card("Your router", (plan.router.public_address, f"inside {plan.router.address}"))
        return Row("Your router", (card,), *_forwarded(plan.router.forwards, plan))
    if plan.gateway is None:
        return None
    node = plan.nodes[GATEWAY]
    own = _arrows(plan, [flow for flow in outer if flow.source != GATEWAY], {GATEWAY})
    arrows, forwards = _forwarded(plan.gateway.forwards, plan)
    return Row("Gateway", (_card(node, plan, one_zone=True),), (*own, *arrows), forwards)


def _forwarded(forwards: Iterable[Forward], plan: Plan) -> tuple[tuple[Arrow, ...], tuple[Forwards, ...]]:
    """Return where what is forwarded comes from, and by the same sources what goes where."""
    flows = {flow.id: flow for flow in plan.flows}
    by_source: dict[tuple[str, str], list[Entry]] = {}
    for forward in forwards:
        flow = flows[forward.flows[0]]
        title = _TITLES[flow.source] + (f" {', '.join(flow.ranges)}" if flow.source == "listed" else "")
        line = Entry(f"{forward.protocol} {forward.ports}", f"to {', '.join(forward.targets)}", forward.flows)
        by_source.setdefault((_key(flow), f"{title}, forwarded"), []).append(line)
    arrows = tuple(Arrow(key, title, ()) for key, title in by_source)
    return arrows, tuple(Forwards(title, tuple(lines)) for (_, title), lines in by_source.items())


def _alike(plan: Plan) -> dict[tuple[str, ...], list[PlannedNode]]:
    """Return the nodes by their roles: first those that the Internet reaches, last those that nobody outside does."""
    sources: dict[str, set[str]] = {}
    for flow in plan.flows:
        sources.setdefault(flow.target, set()).add(flow.source)
    groups: dict[tuple[str, ...], list[PlannedNode]] = {}
    for node in plan.nodes.values():
        if not node.is_gateway:
            groups.setdefault(node.roles, []).append(node)

    def rank(roles: tuple[str, ...]) -> int:
        found = {source for role in roles for source in sources.get(role, ())}
        return 0 if not found.isdisjoint(("internet", "listed")) else 1 if not found.isdisjoint(_TITLES) else 2

    return dict(sorted(groups.items(), key=lambda one: (rank(one[0]), one[1][0].name)))


def _card(node: PlannedNode, plan: Plan, *, one_zone: bool) -> Card:
    machine = node.machine
    lines = [f"{machine.type}: {machine.vcpu} vCPU, {machine.memory_gib:g} GB", node.address]
    if node.public:
        lines.append(f"public address{' ' + node.stated_address if node.stated_address else ''}")
    elif node.public_address:
        lines.append("public address for the way out")
    if not one_zone:
        lines.append(node.zone)
    lines += [f"{one.size_gib} GB at {one.mount}" for one in plan.volumes.values() if one.node == node.name]
    return Card(node.name, tuple(lines))


def _inside(plan: Plan) -> Iterator[tuple[str, tuple[Entry, ...]]]:
    """Yield what the nodes reach on each other, summed up by target."""
    found: dict[str, list[Entry]] = {}
    for flow in sorted(plan.flows, key=lambda flow: (_first(flow), flow.protocol)):
        if flow.source in _TITLES or flow.target == OUTSIDE:
            continue
        title = "every node" if flow.target == EVERY_NODE else flow.target
        title += "" if flow.source == "cluster" else f", from {flow.source} only"
        found.setdefault(title, []).append(Entry(f"{flow.ports}/{flow.protocol}", "", (flow.id,)))
    yield from ((title, tuple(found[title])) for title in sorted(found))


def _first(flow: Flow) -> int:
    first = flow.ports.partition("-")[0]
    return int(first) if first.isdigit() else 0
