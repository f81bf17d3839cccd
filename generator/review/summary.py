"""A whole change in one line."""

from collections.abc import Iterator

from generator.problems import few
from generator.review.model import Review


def summary(review: Review) -> str:
    """Return what a reviewer has to know first."""
    if review.partial:
        return "Only a part of this could be compared."
    parts = ["a new deployment"] if review.fresh else []
    parts += [*_dangers(review), *_reach(review), *_settings(review)]
    if not parts:
        rest = ", ".join(_rest(review))
        parts = [
            f"nothing is opened, closed, destroyed or sent another way, only {rest}" if rest else "nothing changes"
        ]
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def _dangers(review: Review) -> Iterator[str]:
    doubts = [one for one in review.disagreements if not one.standing]
    if doubts:
        yield f"the Terraform plan says {_count(len(doubts), 'thing')} that the topology does not"
    for kind in dict.fromkeys(one.kind for one in review.losses if one.grave):
        lost = [one.subject for one in review.losses if one.kind == kind]
        yield f"{_count(len(lost), kind)} destroyed ({few(lost)})"


def _reach(review: Review) -> Iterator[str]:
    for internet, who in ((True, "the Internet"), (False, "others outside")):
        for opened, word in ((True, "more"), (False, "less")):
            services = [
                change.services[0]
                for change in review.reach
                if change.outside
                and change.opened == opened
                and (change.source == "internet") == internet
                and change.protocol != "icmp"
            ]
            if services and not (opened and review.fresh):
                yield f"{who} can reach {word} ({few(list(dict.fromkeys(services)))})"


def _settings(review: Review) -> Iterator[str]:
    mail = [f"{one.type} of {one.name}" for one in review.records if one.mail and one.change != "new"]
    if mail:
        yield f"mail's DNS changes ({few(mail)})"
    for one in review.judgements:
        if one.verdict == "release-change":
            yield f"the release becomes {few([*one.subjects, *one.accepted])}"


def _rest(review: Review) -> Iterator[str]:
    things = (
        (review.machines, "machine"),
        (review.volumes, "volume"),
        (review.records, "DNS record"),
        (review.configure, "node's configuration"),
        (review.reach, "way among the nodes"),
        (review.losses, "lesser resource"),
    )
    yield from (_count(len(found), word) for found, word in things if found)
    if review.cost.rows:
        yield "the cost"


def _count(number: int, word: str) -> str:
    if number == 1:
        return f"1 {word}"
    plural = {
        "address": "addresses",
        "node's configuration": "nodes' configuration",
        "way among the nodes": "ways among the nodes",
    }
    return f"{number} {plural.get(word, f'{word}s')}"
