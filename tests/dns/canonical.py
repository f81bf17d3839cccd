"""One form for what a zone says, whoever said it: computed with dnspython, without the product.

A line is `owner ttl type data`: owner and names in data in lower case and in full, data in hexadecimal as on the
wire. Of TXT the strings are joined, since readers join them; where a text is cut is the provider's own affair. What
every host of DNS adds by itself, SOA and the NS of the zone, is left out.
"""

from __future__ import annotations

import ipaddress
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.txtbase
import dns.zone

IN = dns.rdataclass.IN


def of_zone_file(text: str, zone: str) -> list[str]:
    """Read a zone file.

    Args:
        text: In the format of RFC 1035; the records alone, as they are merged into a zone.
        zone: Its name, without a final dot.
    """
    found = dns.zone.from_text(text, origin=f"{zone}.", relativize=False, check_origin=False)
    return _sorted(zone, ((name, ttl, data) for name, ttl, data in found.iterate_rdatas()))


def of_route53(sets: Iterable[Mapping[str, Any]], zone: str) -> list[str]:
    """Read what `ListResourceRecordSets` tells.

    Route 53 writes bytes as three octal digits (Developer Guide, "DNS domain name format"), zone files as decimal.
    """
    return _sorted(
        zone,
        (
            (
                dns.name.from_text(decimal(entry["Name"])).canonicalize(),
                int(entry["TTL"]),
                dns.rdata.from_text(IN, entry["Type"], decimal(record["Value"]), origin=None),
            )
            for entry in sets
            for record in entry["ResourceRecords"]
        ),
    )


def of_hetzner(sets: Iterable[Any], zone: str, ttl: int) -> list[str]:
    """Read what the client of the Hetzner API returns.

    Args:
        sets: Sets of records; their names are relative to the zone, with @ for the zone itself.
        zone: The zone's name, without a final dot.
        ttl: Seconds to live of sets that have no time of their own.
    """
    origin = dns.name.from_text(f"{zone}.")
    return _sorted(
        zone,
        (
            (
                dns.name.from_text(entry.name, origin).canonicalize(),
                ttl if entry.ttl is None else entry.ttl,
                dns.rdata.from_text(IN, entry.type, record.value, origin, relativize=False),
            )
            for entry in sets
            for record in entry.records
        ),
    )


def text_of(record: dns.rdata.Rdata) -> bytes:
    """Return the text of a TXT record; every string of it is within its limit."""
    assert isinstance(record, dns.rdtypes.txtbase.TXTBase)
    assert all(len(part) <= 255 for part in record.strings)
    return b"".join(record.strings)


def hosts(lines: Iterable[str]) -> dict[str, set[str]]:
    """Return the addresses of A records by name."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, _, type_, data in map(str.split, lines):
        if type_ == "A":
            found[name].add(str(ipaddress.IPv4Address(bytes.fromhex(data))))
    return dict(found)


def decimal(text: str) -> str:
    """Return what Route 53 writes with octal digits as zone files have it."""
    octal = re.compile(r"\\(?:([0-7]{3})|.)", re.DOTALL)
    return octal.sub(lambda found: f"\\{int(found[1], 8):03d}" if found[1] else found[0], text)


def _sorted(zone: str, records: Iterable[tuple[dns.name.Name, int, dns.rdata.Rdata]]) -> list[str]:
    own = dns.name.from_text(f"{zone}.")
    lines = []
    for name, ttl, data in records:
        assert name.is_subdomain(own), f"{name} is not in {zone}"
        type_ = dns.rdatatype.to_text(data.rdtype)
        if type_ == "SOA" or (type_ == "NS" and name == own):
            continue
        lines.append(f"{name.canonicalize()} {ttl} {type_} {data_of(data).hex()}")
    assert len(set(lines)) == len(lines), "a record stands twice"
    return sorted(lines)


def data_of(data: dns.rdata.Rdata) -> bytes:
    """Return of TXT the joined text, of all else the wire form."""
    return text_of(data) if data.rdtype == dns.rdatatype.TXT else data.to_digestable(dns.name.root)
