"""A review in sections for people, which `markdown`, `text` and `page` write out."""

from collections.abc import Iterator

from generator.review import sentences
from generator.review.document import Item, Names, Section
from generator.review.model import Review


def sections(review: Review) -> tuple[Section, ...]:
    """Return what a review says, the most important first; nothing of what does not change."""
    found = (*_judged(review), *_changes(review), *_advice(review), *_lesser(review))
    return tuple(one for one in found if one.items or one.lead)


def _judged(review: Review) -> Iterator[Section]:
    new = [one for one in review.disagreements if not one.standing]
    yield Section("partial", "What could not be compared", review.partial, (), whole=True)
    told = frozenset(one.message for one in new if not one.address)
    judgements = tuple(sentences.judgement(one, told) for one in review.judgements)
    yield Section("verdicts", "Verdicts", "", judgements, whole=True)
    items = tuple(Item(sentences.at(one.address, one.message), "bad") for one in new)
    yield Section("disagreements", "Terraform and the topology disagree", "", items)
    beside = tuple(Item((Names((one.address,)), f" is {one.happens}."), "care") for one in review.beside)
    lead = "No generated file has these, and what they open or send elsewhere cannot be told here." if beside else ""
    yield Section("beside", "Resources of your own", lead, beside)


def _changes(review: Review) -> Iterator[Section]:
    outside = tuple(sentences.reaches(one for one in review.reach if one.outside))
    losses = tuple(sentences.loss(one) for one in review.losses if one.grave)
    machines = (*map(sentences.machine, review.machines), *map(sentences.volume, review.volumes))
    yield Section("reach", "Who can reach what", "", outside, whole=True)
    yield Section("losses", "Destroyed or replaced", "", losses, whole=True)
    yield Section("dns", "DNS", "", tuple(sentences.records(review.records)))
    yield Section("machines", "Machines and volumes", "", machines)
    yield Section("cost", "Cost", sentences.totals(review.cost), tuple(sentences.cost(review.cost)))


def _advice(review: Review) -> Iterator[Section]:
    commands = tuple(Item((Names((one.command,)),)) for one in review.configure)
    lead = "These nodes stay and need their new data. The commands restart nothing." if commands else ""
    yield Section("configure", "After the apply", lead, commands)
    cautions = tuple(
        Item((Names((one.rule,)), f": {one.message}. {one.mend}".rstrip()), "care") for one in review.cautions
    )
    yield Section("cautions", "Warnings", "", cautions)


def _lesser(review: Review) -> Iterator[Section]:
    inside = tuple(sentences.reaches(one for one in review.reach if not one.outside))
    rest = tuple(sentences.loss(one) for one in review.losses if not one.grave)
    standing = tuple(Item(sentences.at(one.address, one.message)) for one in review.disagreements if one.standing)
    yield Section("inside", "Among the nodes", "", inside, folded=True)
    yield Section("rest", "Other resources destroyed or replaced", "", rest, folded=True)
    title = "In Terraform, and not in the topology, as before"
    yield Section("standing", title, "", standing, folded=True)
