"""What to write in place of a refused text.

Each returns the text to write where that is no guess, and otherwise nothing: the kind then says how such values look.
"""

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

Remedy: TypeAlias = Callable[[str], str]

_UNITS = {
    "gb": ("g", "gbyte", "gbytes", "gigabyte", "gigabytes", "gibibyte", "gibibytes"),
    "tb": ("t", "tbyte", "tbytes", "terabyte", "terabytes", "tebibyte", "tebibytes"),
    "hours": ("hr", "hrs", "hours."),
    "%": ("percent", "pct", "per cent"),
}
_WORD = 4
"""Letters from which on a word behind a number is the thing that is counted, and no factor such as k or mio."""


def with_unit(usual: str, units: Mapping[str, float]) -> Remedy:
    """Return the remedy for numbers whose unit was left out, or is written in another way.

    Args:
        usual: What is meant where there is none.
        units: Those that are known.
    """
    meant = {other: unit for unit in units for other in _UNITS.get(unit.lower(), ())}

    def remedy(text: str) -> str:
        if re.fullmatch(r"\d{1,9}(\.\d{1,3})?", text):
            return f"Write: {text} {usual}"
        match = re.fullmatch(r"(\d{1,9})(?:[.,](\d{1,3}))? *([A-Za-z%. ]+)", text.strip())
        known = {unit.lower(): unit for unit in units}
        unit = (meant | known).get(match[3].strip().lower()) if match else None
        if match is None or unit is None or (match[2] and (len(match[2]) > 2 or not float(f"0.{match[2]}"))):
            return ""
        written = f"{match[1]}{f'.{match[2]}' if match[2] else ''} {unit}"
        return f"Write: {written}" if written != text else ""

    return remedy


def as_number(least: int, most: int) -> Remedy:
    """Return the remedy for whole numbers with quotes, zeros before them, separators or words."""

    def remedy(text: str) -> str:
        match = re.fullmatch(rf"(\d{{1,3}}(?:[,' _]\d{{3}})+|\d{{1,9}})(?: +[A-Za-z]{{{_WORD},}})?", text.strip())
        number = int(re.sub(r"\D", "", match[1])) if match else -1
        if not least <= number <= most:
            return ""
        return f"Write it without quotes: {number}" if str(number) == text else f"Write: {number}"

    return remedy


def as_name(text: str) -> str:
    """Return a text without what a name cannot begin or end with."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("._-")[:63].rstrip("._-")
    return f"Write: {name}" if name else ""


def as_host_name(text: str) -> str:
    """Return the name of a node that is most like a text."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63].rstrip("-")
    return f"Write: {name}" if name[:1].isalpha() else ""


_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+[A-Za-z][A-Za-z0-9-]{{0,61}}[A-Za-z0-9]")


def as_domain(text: str) -> str:
    """Return the domain that a URL or a mail address holds, or what a domain needs."""
    bare = re.sub(r"^[A-Za-z]+://(?:[^/@]*@)?|^[^@/\s]+@", "", text)
    bare = re.sub(r"\.{2,}", ".", re.sub(r"[:/?#].*", "", bare)).strip(". ")
    if "xn--" in bare.lower():
        return "Write it in its own letters, or copy what its registrar shows."
    if not bare.isascii():
        return "Choose a name of letters and digits, in whatever script."
    if _DOMAIN.fullmatch(bare) and bare != text:
        return f"Write: {bare}"
    if re.fullmatch(_LABEL, bare):
        return "Write all of it, with its last part, as in: example.com"
    return ""


def as_record_name(text: str) -> str:
    """Return a name of records without what the zone adds."""
    return "Shorten it: 63 characters is the most that DNS admits." if re.search(r"[^.]{64}", text) else ""


def as_mail_address(text: str) -> str:
    """Return a mail address without what does not belong to it."""
    local, at, domain = re.sub(r"(?i)^mailto:", "", text).rpartition("@")
    plain = re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9._+-]*[A-Za-z0-9])?", local)
    if plain and text.lower().startswith("mailto:") and _DOMAIN.fullmatch(domain):
        return f"Write: {local}@{domain}"
    if not local.isascii():
        return "Give that mailbox an alias in ASCII letters, and write the alias."
    found = as_domain(domain) if plain and at and domain else ""
    return found.replace("Write: ", f"Write: {local}@") if found else ""


def as_authority(text: str) -> str:
    """Return the domain that a CAA record or a URL holds."""
    found = _DOMAIN.search(text)
    return f"Write: {found[0]}" if found else ""


def as_spf_domain(text: str) -> str:
    """Return the domain of a mechanism, or where an address belongs."""
    bare = re.sub(r"(?i)^(?:include:|redirect=)", "", text)
    address = re.fullmatch(r"(?:ip[46]:)?([0-9./]+|[0-9a-f]*:[0-9a-f:./]+)", text.lower())
    if address:
        listed = f'"{address[1]}"' if ":" in address[1] else address[1]
        return f"Write it there: spf: {{addresses: [{listed}]}}"
    return f"Write: {bare}" if bare != text and re.fullmatch(r"[A-Za-z0-9_.-]+", bare) else ""


def as_selector(text: str) -> str:
    """Return the selector of the name of a DKIM record."""
    found = re.fullmatch(r"([A-Za-z0-9.-]+)\._domainkey(?:\..*)?", text)
    return f"Write: {found[1]}" if found else ""


def as_network(text: str) -> str:
    """Return the range that holds an address, or that one address."""
    from generator.addressing import is_address, parse_network

    if ":" in text:
        return "Remove it, or write the IPv4 range of the same place."
    address, _, length = text.partition("/")
    if is_address(address) and length.isdigit() and int(length) <= _BITS:
        from ipaddress import ip_network

        return f"Write: {parse_network(str(ip_network(text, strict=False)))}; or for that address alone: {address}"
    return ""


_BITS = 32


def as_sender(text: str) -> str:
    """Return the range of a mechanism, or the one that holds an address."""
    from ipaddress import ip_network

    bare = re.sub(r"(?i)^ip[46]:", "", text)
    try:
        found = str(ip_network(bare, strict=False))
    except ValueError:
        return ""
    address = bare.partition("/")[0]
    if found.partition("/")[0] == address.lower():
        return f"Write: {bare}" if bare != text else ""
    return f"Write: {found}; or for that address alone: {address}"


def as_address(text: str) -> str:
    """Return the address without a length, or what to write for what has a name."""
    from generator.addressing import is_address

    address = text.partition("/")[0]
    if is_address(address):
        return f"Write: {address}"
    if ":" in text:
        return "Write the IPv4 address of the same machine."
    return "Write the address that this name leads to." if _DOMAIN.fullmatch(text) else ""


def as_type(text: str) -> str:
    """Return how to write the size of a machine of one's own."""
    match = re.fullmatch(r"(\d{1,3}) ?[xX*] ?(\d{1,4}) ?[Gg]i?[Bb]?", text)
    return f"Processors x GiB, without a unit: {match[1]}x{match[2]}" if match else ""


def as_public_key(text: str) -> str:
    """Return what to do with the path of a key's file, or with the wrong half of a pair."""
    if "PRIVATE KEY" in text:
        return "Paste the line of the file beside it that ends in .pub; the private key stays where it is."
    path = re.fullmatch(r"[~./][^ ]*|[^ ]+\.pub", text)
    return "Paste the content of the file: the line that cat prints for the one that ends in .pub." if path else ""


def as_bucket(text: str) -> str:
    """Return the name of a bucket in small letters, without a scheme and what follows it."""
    name = text.removeprefix("s3://").partition("/")[0].lower()
    plain = re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", name)
    return f"Write: {name}" if plain and name != text else ""


def as_object(text: str) -> str:
    """Return the name of an object without slashes that lead nowhere."""
    name = re.sub(r"/{2,}", "/", text).strip("/")
    return f"Write: {name}" if name != text and re.fullmatch(r"[A-Za-z0-9!_.*()/-]+", name) else ""


def as_project(text: str) -> str:
    """Return the path of a project of its URL."""
    found = re.fullmatch(r"https?://[^/]+/([A-Za-z0-9_][A-Za-z0-9_./-]*?)(?:\.git)?/?", text)
    return f"Write: {found[1]}" if found else ""
