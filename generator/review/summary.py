"""A whole change in one line."""

from collections.abc import Iterator

from generator.problems import counted, few
from generator.review.model import PRIVATE_ADDRESS, MachineChange, ReachChange, Review

_DOUBTS = {
    "opens": "a port opened",
    "lacks": "a port closed",
    "others": "other machines or volumes",
    "destroys": "a loss",
    "again": "what stands already made again",
    "overdue": "an earlier change made up for",
    "records": "other DNS records",
    "drift": "a change from outside undone",
}
"""By kind of disagreement."""


def summary(review: Review) -> str:
    """Return what a reviewer has to know first."""
    parts = ["a new deployment"] if review.fresh else []
    if review.partial:
        # What Terraform destroys is no less destroyed.
        parts = ["only a part of this could be compared"]
    parts += [*_dangers(review), *_reach(review), *_settings(review)]
    if not parts:
        rest = ", ".join(_rest(review))
        parts = [
            f"nothing is opened or closed to the outside, {_unlost(review)}; what changes: {rest}"
            if rest
            else "nothing changes"
        ]
    text = "; ".join([*parts, *_cost(review)])
    return f"{text[0].upper()}{text[1:]}."


def _unlost(review: Review) -> str:
    # Without Terraform's plan nobody knows what it would make anew.
    return "nothing is lost" if review.terraform else "the topology drops nothing"


def _dangers(review: Review) -> Iterator[str]:
    doubts = [one for one in review.disagreements if not one.standing]
    if doubts:
        # What it opens to the Internet stands in no other part of this line.
        opened = [f"{one.internet} opened to the Internet" for one in doubts if one.internet]
        kinds = list(dict.fromkeys([*opened, *(_DOUBTS[one.kind] for one in doubts if not one.internet)]))
        yield f"the Terraform plan says {counted(len(doubts), 'thing')} that the topology does not: {few(kinds)}"
    for kind, replaced in dict.fromkeys((one.kind, one.replaced) for one in review.losses if one.grave):
        lost = [one.subject for one in review.losses if (one.kind, one.replaced) == (kind, replaced)]
        yield f"{counted(len(lost), kind)} {'replaced' if replaced else 'destroyed'} ({few(lost)})"


def _reach(review: Review) -> Iterator[str]:
    if review.fresh:
        return
    for sources, who in ((("internet",), "the Internet"), (("listed",), "listed ranges")):
        for opened, word in ((True, "more"), (False, "less")):
            services = [one.services[0] for one in _remarkable(review, opened=opened) if one.source in sources]
            if services:
                yield f"{who} can reach {word} ({few(list(dict.fromkeys(services)))})"
    administration = {
        one.verdict: few([*one.subjects, *one.accepted]) for one in review.judgements if "management" in one.verdict
    }
    if "management-widened" in administration:
        yield f"more may administrate ({administration['management-widened']})"
    if "management-narrowed" in administration:
        yield f"fewer may administrate (not {administration['management-narrowed']})"
    for opened, word in ((True, "more"), (False, "less")):
        services = [
            one.services[0] for one in _remarkable(review, opened=opened) if one.source in ("management", "vpn")
        ]
        if services and not administration:
            yield f"administrators can reach {word} ({few(list(dict.fromkeys(services)))})"
    everything = any(one.opened and not one.outside and not one.with_node and "-" in one.ports for one in review.reach)
    if everything and any(one.rule == "troubleshooting" for one in review.cautions):
        yield "troubleshooting opens every port among the nodes"


def _remarkable(review: Review, *, opened: bool) -> Iterator[ReachChange]:
    """Yield what opens or closes outside, without what goes with its node and what every node has."""
    for one in review.reach:
        told = one.with_node and (not opened or one.source != "internet")
        if one.outside and one.opened == opened and one.protocol != "icmp" and not told:
            yield one


def _settings(review: Review) -> Iterator[str]:
    gone = {one.subject for one in review.losses if one.kind == "machine"}
    moved = [one.node for one in review.machines if one.change == "changed" and _moves(one) and one.node not in gone]
    if moved:
        yield f"{counted(len(moved), 'machine')} get{'s' * (len(moved) == 1)} another private address ({few(moved)})"
    mail = [f"{one.type} of {one.name}" for one in review.records if one.mail and one.change != "new"]
    if mail:
        yield f"mail's DNS changes ({few(mail)})"
    if review.beside:
        yield f"{counted(len(review.beside), 'resource')} of your own change{'s' * (len(review.beside) == 1)}"
    for one in review.judgements:
        if one.verdict == "release-change":
            yield f"the release becomes {few([*one.subjects, *one.accepted])}"


def _moves(machine: MachineChange) -> bool:
    return any(field.name == PRIVATE_ADDRESS for field in machine.fields)


def _cost(review: Review) -> Iterator[str]:
    for currency, more in review.cost.differences.items():
        yield f"{more:+.2f} {currency} a month"
    if review.cost.untold:
        yield f"what {few(review.cost.untold)} costs is not known"


def _rest(review: Review) -> Iterator[str]:
    things = (
        (review.machines, "machine", ""),
        (review.volumes, "volume", ""),
        (review.records, "DNS record", ""),
        (review.configure, "node's configuration", "nodes' configuration"),
        (review.reach, "way among the nodes", "ways among the nodes"),
        (review.losses, "lesser resource destroyed or made anew", "lesser resources destroyed or made anew"),
    )
    yield from (counted(len(found), one, several) for found, one, several in things if found)
