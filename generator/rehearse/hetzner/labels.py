"""The label selector language: `k=v`, `k==v`, `k!=v`, `k`, `!k`, `k in (a,b)`, `k notin (a,b)`, joined by commas."""

from __future__ import annotations

import re
from collections.abc import Mapping

from generator.rehearse.hetzner.errors import invalid

_KEY = r"(?P<key>[A-Za-z0-9][A-Za-z0-9._/-]*)"
_VALUE = r"[A-Za-z0-9._-]*"
_TERM = re.compile(
    rf"\s*(?:(?P<absent>!)\s*)?{_KEY}\s*"
    rf"(?:(?P<sign>==|!=|=)\s*(?P<value>{_VALUE})|(?P<word>in|notin)\s*\((?P<values>[^()]*)\))?\s*(?:,|$)"
)


def matches(selector: str, labels: Mapping[str, str]) -> bool:
    """Returns whether labels fit a selector; the empty selector fits everything.

    Raises:
        ApiError: The selector is not written in that language.
    """
    place = 0
    fits = True
    while place < len(selector):
        term = _TERM.match(selector, place)
        if term is None or (term["absent"] and (term["sign"] or term["word"])):
            raise invalid("label_selector", f"cannot be parsed at '{selector[place:]}'")
        fits = fits and _holds(term, labels)
        place = term.end()
    if selector.rstrip().endswith(","):
        raise invalid("label_selector", "ends with a comma")
    return fits


def _holds(term: re.Match[str], labels: Mapping[str, str]) -> bool:
    found = labels.get(term["key"])
    if term["absent"]:
        return found is None
    if term["sign"]:
        return (found != term["value"]) if term["sign"] == "!=" else (found == term["value"])
    if term["word"]:
        values = {value.strip() for value in term["values"].split(",")}
        return (found in values) == (term["word"] == "in")
    return found is not None
