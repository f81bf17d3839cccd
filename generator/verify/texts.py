"""Texts of TXT records: which kind one is of, and whether two say the same."""

import re
from collections.abc import Iterable
from ipaddress import ip_network

_VERSION = re.compile(r"\s*v\s*=\s*([A-Za-z]+[0-9]*)(?=[\s;]|$)", re.IGNORECASE)

_WORDS = ("p", "sp", "adkim", "aspf")
"""Tags of DMARC whose values are words, in capitals or not (RFC 7489, section 6.4)."""


def kind(text: str) -> str:
    """Return what a text is a record of, such as `spf1` or `dmarc1`; empty for a text of no known kind.

    A key of DKIM need not say its version (RFC 6376, section 3.6.1).
    """
    match = _VERSION.match(text)
    if match:
        return match[1].lower()
    return "dkim1" if re.match(r"\s*(?:[a-z]\s*=[^;]*;\s*)*p\s*=", text) else ""


def of_kind(texts: Iterable[str], wanted: str) -> list[str]:
    """Return the texts of a kind."""
    return [text for text in texts if kind(text) == wanted]


def spoilt(text: str, wanted: str) -> str:
    """Return what became part of a text that was entered as a zone file has it; empty where nothing did.

    Args:
        text: As published.
        wanted: The kind that it was meant to be.
    """
    marks = [words for sign, words in (('"', "quotation marks"), ("\\", "backslashes")) if sign in text]
    meant = kind(text.replace("\\", "").replace('"', "")) == wanted
    if not marks or not meant:
        return ""
    return f"{' and '.join(marks)} are part of the text, and receivers cannot use it: remove them"


def tags(text: str) -> dict[str, str]:
    """Return the tags of a text of the form `v=...; name=value`, names in lower case; the last of a name holds."""
    parts = (part.partition("=") for part in text.split(";") if part.strip())
    found = {name.strip().lower(): value.strip() for name, _, value in parts}
    if kind(text) == "dmarc1":
        found |= {name: found[name].lower() for name in _WORDS if name in found}
    return found


def terms(text: str) -> list[str]:
    """Return the terms of an SPF record as they are evaluated: in lower case, each network in its one form."""
    return [_term(word.removeprefix("+")) for word in text.lower().split()]


def _term(word: str) -> str:
    match = re.fullmatch(r"([?~-]?ip[46]:)([0-9a-f.:]+(?:/[0-9]+)?)", word)
    if not match:
        return word
    try:
        # Bits beyond the prefix are not compared (RFC 7208, section 5.6).
        network = ip_network(match[2], strict=False)
    except ValueError:
        return word
    return f"{match[1]}{network.network_address if network.num_addresses == 1 else network}"


def same(one: str, other: str) -> bool:
    """Tell whether two texts say the same to whom they are for."""
    if one == other:
        return True
    sort = kind(one)
    if not sort or sort != kind(other):
        return False
    if sort == "spf1":
        return terms(one) == terms(other)
    return tags(one) == tags(other)


def short(text: str, most: int = 120) -> str:
    """Return a text for a message."""
    return text if len(text) <= most else f"{text[: most - 20]} ... ({len(text)} characters)"
