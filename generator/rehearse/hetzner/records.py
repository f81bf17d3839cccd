"""DNS records: which names and values a zone takes."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from generator.rehearse.hetzner import checks
from generator.rehearse.hetzner.errors import invalid
from generator.rehearse.hetzner.store import Record

TYPES = (
    *("A", "AAAA", "CAA", "CNAME", "DS", "HINFO", "HTTPS", "MX", "NS", "PTR"),
    *("RP", "SOA", "SRV", "SVCB", "TLSA", "TXT"),
)
_MOST_RECORDS = 50
_LONGEST_STRING = 255
_LONGEST_NAME = 253
_NAME = re.compile(r"@|(?:\*|[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*")
_HOST = re.compile(r"\.|@|(?:[A-Za-z0-9_*](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9_-]+\.?")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"(?:\s+|$)')
_ESCAPE = re.compile(r"\\(\d{3}|.)")


def checked_name(name: str, zone: str) -> str:
    """Returns the name of a set of records, relative to its zone.

    Raises:
        ApiError: It is malformed, or not relative.
    """
    if not _NAME.fullmatch(name):
        raise invalid("name", "must be lower case, without a dot at the end; '@' for the zone itself")
    if name == zone or name.endswith(f".{zone}"):
        raise invalid("name", "must not end with the zone's name")
    if len(f"{name}.{zone}") > _LONGEST_NAME:
        raise invalid("name", f"is longer than {_LONGEST_NAME} bytes with the zone's name")
    return name


def checked_records(body: Mapping[str, Any], kind: str) -> list[Record]:
    """Returns the records of a body.

    Raises:
        ApiError: There are none, or too many, or one has a value that its type forbids.
    """
    result = []
    for record in checks.objects(body, "records"):
        value = checks.need_text(record, "value")
        check = _CHECKS.get(kind)
        if check is not None and not check(value):
            raise invalid("records", f"invalid value for type {kind}: {value}")
        comment = checks.text(record, "comment")
        result.append({"value": value, **({"comment": comment} if comment else {})})
    if not 1 <= len(result) <= _MOST_RECORDS:
        raise invalid("records", f"must have 1 to {_MOST_RECORDS} records")
    if len({record["value"] for record in result}) < len(result):
        raise invalid("records", "must have distinct values")
    return result


def check_neighbours(name: str, kind: str, records: Sequence[Record], others: Sequence[str]) -> None:
    """Refuses an alias beside other records.

    Args:
        name: Name of the set.
        kind: Its type.
        records: Its records.
        others: Types of the name's other sets.

    Raises:
        ApiError: An alias would stand beside something else, at the zone's apex, or twice.
    """
    if kind == "CNAME" and (others or name == "@" or len(records) > 1):
        raise invalid("type", "a CNAME must be the only record of its name, and not the zone's own")
    if "CNAME" in others:
        raise invalid("type", "the name has a CNAME, beside which nothing else may stand")


def _is_address(value: str, version: int) -> bool:
    try:
        return ipaddress.ip_address(value).version == version
    except ValueError:
        return False


def _is_host(value: str) -> bool:
    return bool(_HOST.fullmatch(value)) and len(value) <= 254


def _numbers_then_host(value: str, numbers: int) -> bool:
    words = value.split()
    fits = len(words) == numbers + 1 and all(word.isdigit() and int(word) <= 65535 for word in words[:numbers])
    return fits and _is_host(words[-1])


def _is_text(value: str) -> bool:
    place, strings = 0, 0
    while place < len(value):
        found = _STRING.match(value, place)
        if found is None:
            return False
        plain = _ESCAPE.sub("x", found[1])
        if len(plain.encode()) > _LONGEST_STRING:
            return False
        place, strings = found.end(), strings + 1
    return strings > 0


def _is_caa(value: str) -> bool:
    found = re.fullmatch(r'(\d{1,3})\s+(?:issue|issuewild|issuemail|iodef)\s+(?:"[^"]*"|[^\s"]+)', value)
    return found is not None and int(found[1]) <= 255


_CHECKS: dict[str, Callable[[str], bool]] = {
    "A": lambda value: _is_address(value, 4),
    "AAAA": lambda value: _is_address(value, 6),
    "CAA": _is_caa,
    "CNAME": _is_host,
    "MX": lambda value: _numbers_then_host(value, 1),
    "NS": _is_host,
    "PTR": _is_host,
    "SRV": lambda value: _numbers_then_host(value, 3),
    "TXT": _is_text,
}
