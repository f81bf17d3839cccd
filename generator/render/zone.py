"""The public zones as text, for whoever hosts DNS elsewhere."""

import re
from collections.abc import Iterator

from generator.plan import Plan, Record, RecordValue, Zone
from generator.problems import few

_LONGEST = 255
"""Bytes that a string of a TXT record holds (RFC 1035, section 3.3)."""

_ADDRESS = 39
"""Bytes that an address to come may have: the longest of IPv6."""


def zone_files(plan: Plan) -> Iterator[tuple[Zone, str]]:
    """Yield each zone with its records in the format of RFC 1035, addresses as `@@public:<node>@@`."""
    by_zone: dict[str, list[Record]] = {name: [] for name in plan.dns.zones}
    for record in plan.dns.public:
        by_zone[record.zone].append(record)
    for name, records in by_zone.items():
        yield plan.dns.zones[name], _zone_file(plan.dns.zones[name], records, alone=len(by_zone) == 1)


def value_text(value: RecordValue) -> str:
    """Return a value with `@@symbol@@` in place of addresses to come."""
    return value.text % tuple(f"@@{symbol}@@" for symbol in value.addresses)


def _zone_file(zone: Zone, records: list[Record], *, alone: bool) -> str:
    lines = [f"; Public records of {few(zone.domains)}, to be merged into the zone {zone.name}."]
    if any(value.addresses for record in records for value in record.values):
        has = "terraform output -raw zone has" if alone else "terraform output -json zones has, by zone,"
        lines.append(f"; As generated, words between at signs stand for addresses; {has} the addresses.")
    lines += ["", f"$ORIGIN {zone.name}.", ""]
    for record in records:
        said = ""
        for value, need, why in record.reasons:
            if said != f"; {need}: {why}":
                said = f"; {need}: {why}"
                lines.append(said)
            lines.append(f"{record.name}. {record.ttl} IN {record.type} {_data(record, value)}")
    return "\n".join(lines) + "\n"


def _data(record: Record, value: RecordValue) -> str:
    if record.type != "TXT":
        return value_text(value)
    return " ".join(f'"{string}"' for string in _strings(value)) or '""'


def _strings(value: RecordValue) -> Iterator[str]:
    """Yield a text cut into strings that fit with any address, escaped as in a zone file; no symbol is cut."""
    symbols = iter(value.addresses)
    string, length = "", 0
    for part in re.findall(r"%s|%%|[^%]", value.text, re.DOTALL):
        pieces = [f"@@{next(symbols)}@@"] if part == "%s" else [_escaped(byte) for byte in part[-1].encode()]
        size = _ADDRESS if part == "%s" else len(pieces)
        if length + size > _LONGEST:
            yield string
            string, length = "", 0
        for piece in pieces:
            # Two at signs of the operator's own would open a placeholder.
            string += "\\@" if piece == "@" and string.endswith("@") else piece
        length += size
    if string:
        yield string


def _escaped(byte: int) -> str:
    letter = chr(byte)
    if letter in '"\\':
        return f"\\{letter}"
    return letter if " " <= letter <= "~" else f"\\{byte:03d}"
