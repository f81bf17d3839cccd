"""What to write in place of a refused text, where that is no guess."""

import re
from collections.abc import Callable


def with_unit(unit: str) -> Callable[[str], str]:
    """Return the remedy for numbers whose unit was left out."""

    def remedy(text: str) -> str:
        return f"Write: {text} {unit}" if re.fullmatch(r"\d{1,9}(\.\d{1,3})?", text) else ""

    return remedy


def as_host_name(text: str) -> str:
    """Return the name of a node that is most like a text."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63].rstrip("-")
    return f"Write: {name}" if name[:1].isalpha() else ""


def as_type(text: str) -> str:
    """Return how to write the size of a machine of one's own."""
    match = re.fullmatch(r"(\d{1,3}) ?[xX*] ?(\d{1,4}) ?[Gg]i?[Bb]?", text)
    return f"Processors x GiB, without a unit: {match[1]}x{match[2]}" if match else ""


def as_public_key(text: str) -> str:
    """Return what to do with the path of a key's file."""
    path = re.fullmatch(r"[~./][^ ]*|[^ ]+\.pub", text)
    return "Paste the content of the file: the line that cat prints for the one that ends in .pub." if path else ""
