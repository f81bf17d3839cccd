"""The operator's own records: one value as DNS has it, or what is wrong with it."""

import re

_NAME = r"(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_WORDS = {"CNAME": 1, "NS": 1, "MX": 2, "SRV": 4}
"""Words of a value whose last one is a name."""


def canonical(type_: str, text: str, domain: str) -> str:
    """Return a value as in a zone file, names in full and with a final dot; of TXT its text, whole and without quotes.

    Args:
        type_: Of the record.
        text: As the operator wrote it. A name without a dot is one of the domain.
        domain: The mail domain.

    Raises:
        ValueError: DNS knows no such value; the message says why.
    """
    if type_ == "TXT":
        return unquoted(text)
    if type_ in _WORDS:
        words = text.split()
        if len(words) == _WORDS[type_]:
            words[-1] = _full(words[-1].lower(), domain)
        text = " ".join(words)
    # Takes as long to import as a small deployment takes to generate.
    from dns.exception import DNSException
    from dns.rdata import from_text

    try:
        return from_text("IN", type_, text).to_text()
    except (DNSException, ValueError) as why:
        raise ValueError(str(why) or type(why).__name__) from None


def unquoted(text: str) -> str:
    """Return the text of a TXT record: what is quoted as in a zone file is joined."""
    if not re.fullmatch(r'\s*(?:"(?:[^"\\]|\\.)*"\s*)+', text):
        return text
    return "".join(re.sub(r"\\(.)", r"\1", part) for part in re.findall(r'"((?:[^"\\]|\\.)*)"', text))


def _full(name: str, domain: str) -> str:
    if name in (".", "@"):
        return "." if name == "." else f"{domain}."
    if not re.fullmatch(_NAME, name.removesuffix(".")):
        raise ValueError(f'"{name}" is no name')
    if name.endswith("."):
        return name
    return f"{name}." if "." in name else f"{name}.{domain}."
