"""What a word of the topology, of the plan or of a message means, and where that is written."""

from collections.abc import Iterator

from generator.explain.answer import About, Answer
from generator.explain.facts import about_port, about_role, about_service
from generator.explain.icmp import about_icmp
from generator.explain.planned import PEERS, about_node, about_peer, about_record, about_volume
from generator.explain.records import KINDS_OF_RECORDS, about_kind_of_record
from generator.explain.sizes import about_machine_type, about_sizes
from generator.explain.words import about_key, about_rule, about_verdict, keys

__all__ = ["About", "Answer", "explain", "known_words"]

_ABOUT = (
    about_rule,
    about_verdict,
    about_port,
    about_icmp,
    about_role,
    about_service,
    about_node,
    about_volume,
    about_kind_of_record,
    about_record,
    about_machine_type,
    about_sizes,
    about_peer,
    about_key,
)


def explain(word: str, about: About) -> Iterator[Answer]:
    """Yield what is known about a word: nothing, one thing, or several of that name.

    Args:
        word: A rule, a verdict, a port or range of ports, a type of ICMP, a role, a service, a kind of record, a
            machine type, sizes, a key; with a plan also a node, a volume, a record. Capital letters do not matter
            where nothing is written with them.
        about: What there is to explain it by.
    """
    found = [answer for look in _ABOUT for answer in look(word, about)]
    yield from found or (answer for look in _ABOUT for answer in look(word.lower(), about))


def known_words(about: About) -> list[str]:
    """Return words that can be explained, for whoever misspells one."""
    from generator.rules import rules
    from generator.verdicts import CAUTIONS, VERDICTS

    plan = about.plan
    names = [
        *about.facts.roles,
        *about.facts.services,
        *rules(),
        "sizes",
        "icmp",
        *VERDICTS,
        *CAUTIONS,
        *keys(),
        *(one.lower() for one in KINDS_OF_RECORDS),
    ]
    if plan is not None:
        names += [*PEERS, *plan.nodes, *plan.volumes, *(record.name for record in plan.dns.public)]
        names += [node.machine.type for node in plan.nodes.values()]
    return list(dict.fromkeys(names))
