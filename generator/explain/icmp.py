"""ICMP, as plans and reviews write it: `3/icmp`."""

import re
from collections.abc import Iterator

from generator.explain.answer import About, Answer, section, unique
from generator.explain.facts import flows_section

_LAST_TYPE = 255
_SOURCE = "RFC 792; RFC 1191"
_TYPES = {
    "3": (
        "destination unreachable",
        "Open from everybody: routers that cannot pass a large packet on say so by it. It opens no service.",
    ),
    "8": (
        "echo request, as ping sends it",
        "Open between the nodes and from management, to find faults. It opens no service.",
    ),
}


def about_icmp(word: str, about: About) -> Iterator[Answer]:
    """Yield what a type of ICMP is for: `3/icmp` or `icmp/3`; or all of them: `icmp`."""
    match = re.fullmatch(r"icmp(?:/(\d{1,3}))?|(\d{1,3})/icmp", word)
    if match is None:
        return
    number = match[1] or match[2] or ""
    if number and int(number) > _LAST_TYPE:
        yield Answer(f"{word}: no type of ICMP", (f"Types end at {_LAST_TYPE}.",))
        return
    flows = [flow for flow in about.plan.flows if flow.protocol == "icmp"] if about.plan is not None else []
    if number:
        title, text = _TYPES.get(number, ("", "No rule names it; answers to what a node sent come in without one."))
        name = f"ICMP type {number}"
        flows = [flow for flow in flows if flow.ports == number]
        opened = flows_section("Open in this deployment", flows, about.plan)
        yield Answer(f"{name}: {title}" if title else name, (text,), opened, unique(_SOURCE.split("; ")))
        return
    yield Answer(
        "ICMP: has types, no ports",
        ("Plans and reviews write the type in place of the port.",),
        (
            *section("Types that are open", [f"{one}/icmp: {title}" for one, (title, _) in _TYPES.items()]),
            *flows_section("Open in this deployment", flows, about.plan),
        ),
        unique(_SOURCE.split("; ")),
    )
