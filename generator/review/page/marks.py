"""What of the network picture changes, and by which words the page's filter finds its parts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from generator.picture.scene import Arrow, Card, Entry, Forwards, Mark, Row, Scene, Source, make_scene
from generator.plan import Flow, Plan
from generator.review.model import Loss, Review
from generator.review.page.ways import Happens, Way, zone_of
from generator.review.spans import ports
from generator.show.reach import target_nodes

DANGER = Mark("!", "", "#8f1313", "#fdecec")
EXPOSED = Mark("+", "", DANGER.color, DANGER.tint)
GOES = Mark("\N{MINUS SIGN}", "", DANGER.color, DANGER.tint, "6 3")
OPENED = Mark("+", "", "#7a4100", "#fff4e0")
CLOSED = Mark("\N{MINUS SIGN}", "", "#374151", "#eceff3", "4 3")
NEW = Mark("+", "", "#14532d", "#e9f6ee")
_UNASKED = "no flow of the topology asks for it"
CHANGED = Mark("\N{NOT EQUAL TO}", "", "#7a4100", "#fff4e0", "9 3")


def node_marks(review: Review, before: Plan | None, after: Plan) -> tuple[dict[str, tuple[Mark, ...]], ...]:
    """Return what is marked on the machines, by node: before the change, and after it."""
    old: dict[str, list[Mark]] = {}
    new: dict[str, list[Mark]] = {}
    gone = {one.node for one in review.machines if one.change == "gone"}
    for loss in review.losses:
        node = _node_of(loss, before, after)
        if loss.kind == "machine" and node in gone:
            continue
        for side in (old, new):
            side.setdefault(node, []).append(_with(DANGER, _lost(loss)))
    for one in review.machines:
        if one.change == "new":
            new.setdefault(one.node, []).append(_with(NEW, "new"))
        elif one.change == "gone":
            old.setdefault(one.node, []).append(_with(GOES, "goes, is destroyed"))
        else:
            word = f"changes: {', '.join(field.name for field in one.fields)}"
            for side in (old, new):
                side.setdefault(one.node, []).append(_with(CHANGED, word))
    for volume in review.volumes:
        if volume.change == "changed" and volume.before_gib != volume.after_gib:
            word = f"{volume.key}: {volume.before_gib} to {volume.after_gib} GB"
            new.setdefault(volume.node, []).append(_with(CHANGED, word))
    return tuple({name: tuple(marks) for name, marks in side.items()} for side in (old, new))


def _with(mark: Mark, word: str) -> Mark:
    return msgspec.structs.replace(mark, word=word)


def _node_of(loss: Loss, before: Plan | None, after: Plan) -> str:
    for plan in (before, after):
        if plan is not None and loss.kind == "volume" and loss.subject in plan.volumes:
            return plan.volumes[loss.subject].node
    return loss.subject


def _lost(loss: Loss) -> str:
    word = "destroyed and made anew" if loss.replaced else "destroyed"
    return f"{'' if loss.kind == 'machine' else loss.subject if loss.kind == 'volume' else loss.kind} {word}".strip()


def marked_scene(
    plan: Plan, other: Plan | None, ways: Iterable[Way], happens: Happens, marks: Mapping[str, tuple[Mark, ...]]
) -> Scene:
    """Return the scene of one side, with its marks.

    Args:
        plan: Of this side.
        other: Of the other one; None where nothing is there to compare with.
        ways: All of them.
        happens: What is marked on this side; empty for nothing.
        marks: Of the machines.
    """
    scene = make_scene(plan)
    marker = _Marker(plan, other, [way for way in ways if happens and way.happens == happens])

    def lines(one: Arrow | Forwards, names: set[str]) -> Arrow | Forwards:
        return msgspec.structs.replace(one, lines=tuple(marker.entry(line, names) for line in one.lines))

    def row(one: Row) -> Row:
        names = {card.name for card in one.cards} & plan.nodes.keys() if one is not scene.gate else set()
        return msgspec.structs.replace(
            one,
            cards=tuple(_card(card, marks, plan) for card in one.cards),
            arrows=tuple(lines(arrow, names) for arrow in one.arrows),
            forwards=tuple(lines(table, names) for table in one.forwards),
        )

    inside = tuple((target, tuple(marker.entry(one, set()) for one in entries)) for target, entries in scene.inside)
    gate = None if scene.gate is None else row(scene.gate)
    return msgspec.structs.replace(scene, gate=gate, rows=tuple(map(row, scene.rows)), inside=inside)


def _card(card: Card, marks: Mapping[str, tuple[Mark, ...]], plan: Plan) -> Card:
    if card.name not in plan.nodes:
        return card
    return msgspec.structs.replace(card, marks=marks.get(card.name, ()), data=(("node", card.name),))


class _Marker:
    """Marks the lines of one side.

    Args:
        plan: Of this side.
        other: Of the other one.
        ways: Those that change here.
    """

    def __init__(self, plan: Plan, other: Plan | None, ways: Sequence[Way]) -> None:
        self.plan = plan
        self.staying = set() if other is None else {*other.nodes}
        self.flows = {flow.id: flow for flow in plan.flows}
        self.ways: dict[tuple[str, str, str, str], list[Way]] = {}
        for way in ways:
            self.ways.setdefault((way.source, way.target, way.protocol, way.why), []).append(way)

    def entry(self, entry: Entry, names: set[str]) -> Entry:
        """Return a line with its mark, and what it is found by.

        Args:
            entry: The line.
            names: The machines that it leads to; empty for all that its flows do.
        """
        flows = [self.flows[one] for one in entry.flows]
        found = [(flow, where, self._ways(flow, where)) for flow in flows if (where := self._where(flow, names))]
        marks = (self._mark(flow, where, ways) for flow, where, ways in found)
        changes = any(ways for _, _, ways in found)
        data = tuple(self._data(flows, changes=changes))
        return msgspec.structs.replace(entry, mark=next(filter(None, marks), None), data=data)

    def _where(self, flow: Flow, names: set[str]) -> set[str]:
        where = {*target_nodes(flow.target, self.plan)}
        return where & names if names else where

    def _ways(self, flow: Flow, where: set[str]) -> list[Way]:
        """Return what of a flow changes on some machines."""
        low, high = ports(flow.ports)
        return [
            way
            for way in self.ways.get((flow.source, flow.target, flow.protocol, flow.why), ())
            if low <= ports(way.ports)[0] and ports(way.ports)[1] <= high and not where.isdisjoint(way.nodes)
        ]

    def _mark(self, flow: Flow, where: set[str], ways: Sequence[Way]) -> Mark | None:
        # What a machine brings with it is told by the machine's own mark, where others stand beside it.
        staying = where & self.staying or where
        found = [way for way in ways if not staying.isdisjoint(way.nodes)]
        if not found:
            return None
        words: list[str] = [found[0].happens]
        ranges = dict.fromkeys(one for way in found for one in way.ranges)
        # Only ways from outside name their ranges.
        if ranges and tuple(ranges) != flow.ranges:
            words.append(f"for {', '.join(ranges)}")
        affected = staying & {node for way in found for node in way.nodes}
        if affected != staying:
            words.append(f"on {', '.join(sorted(affected))}")
        kind = CLOSED if found[0].happens == "closed" else EXPOSED if flow.source == "internet" else OPENED
        return _with(kind, " ".join(words))

    def _data(self, flows: Sequence[Flow], *, changes: bool) -> Iterator[tuple[str, str]]:
        yield "zone", zone_of(flows[0].source)
        yield "roles", " ".join(dict.fromkeys(role for flow in flows for role in roles_of(flow, self.plan)))
        yield "ports", " ".join(dict.fromkeys(f"{flow.ports}/{flow.protocol}" for flow in flows))
        if changes:
            yield "changes", "yes"


def roles_of(flow: Flow | Way, *plans: Plan) -> tuple[str, ...]:
    """Return the roles at either end of a flow."""
    known = {role for plan in plans for node in plan.nodes.values() for role in node.roles}
    found = dict.fromkeys(role for role in (flow.source, flow.target) if role in known)
    if flow.target not in known:
        for plan in plans:
            found |= {role: None for name in target_nodes(flow.target, plan) for role in plan.nodes[name].roles}
    return tuple(found)


def with_terraform_alone(scene: Scene, review: Review) -> Scene:
    """Return a scene with what the Terraform plan opens to the Internet, of which the topology says nothing."""
    rows = [
        Row(
            f"By Terraform alone, not in the topology: {one.address}",
            (),
            (Arrow("internet", "Internet", (_alone(one.internet, standing=one.standing),)),),
        )
        for one in review.disagreements
        if one.internet
    ]
    if not rows:
        return scene
    sources = scene.sources
    if all(source.key != "internet" for source in sources):
        sources = (Source("internet", "Internet", "anyone"), *sources)
    return msgspec.structs.replace(scene, sources=sources, rows=(*rows, *scene.rows))


def ways_of_terraform_alone(review: Review) -> tuple[Way, ...]:
    """Return the same as ways to whatever the resource is."""
    return tuple(
        Way(
            happens="" if one.standing else "opened",
            zone="internet",
            source="internet",
            ranges=(),
            target=one.address,
            protocol=one.internet.partition("/")[2],
            ports=one.internet.partition("/")[0],
            services=(f"by Terraform alone: {_UNASKED}",),
            why="",
            nodes=(),
        )
        for one in review.disagreements
        if one.internet
    )


def _alone(internet: str, *, standing: bool) -> Entry:
    which, _, protocol = internet.partition("/")
    data = (("zone", "internet"), ("roles", ""), ("ports", internet), *(() if standing else (("changes", "yes"),)))
    mark = None if standing else _with(EXPOSED, "opened")
    return Entry(f"{protocol} {which}", _UNASKED, (), mark, data)
