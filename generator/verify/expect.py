"""From the plan to what shall be found: a row for each set of records, and for each text with a meaning of its own."""

from collections.abc import Iterator, Mapping

import dns.exception
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.reversename
import msgspec

from generator.plan import Plan, Record, RecordValue
from generator.verify.ask import value_text
from generator.verify.model import Expected, Kind, Senders
from generator.verify.texts import kind

_MEANING: dict[str, Kind] = {"spf1": "spf", "dmarc1": "dmarc", "dkim1": "dkim"}
_ORDER: tuple[Kind, ...] = ("mx", "ptr", "spf", "dkim", "dmarc")


def expected(plan: Plan, addresses: Mapping[str, str]) -> list[Expected]:
    """Return what shall be found, what mail needs most first.

    Args:
        plan: The plan.
        addresses: Known addresses by symbol.
    """
    found: list[Expected] = []
    domains = [name for zone in plan.dns.zones.values() for name in zone.domains]
    for record in plan.dns.public:
        found += _of_record(record, addresses, frozenset(domains))
    with_key = {one.domain for one in found if one.kind == "dkim"}
    zones = {name: zone.name for zone in plan.dns.zones.values() for name in zone.domains}
    selectors = plan.dns.selectors
    told = "no key is in the topology yet"
    found += [
        Expected("dkim", zones[name], f"{selectors[name]}._domainkey.{name}", "TXT", 0, domain=name, told=told)
        for name in domains
        if name not in with_key
    ]
    return sorted([*found, *_reverse(plan, addresses)], key=_weight)


def _weight(want: Expected) -> int:
    if want.type == "A":
        return 0
    return 1 + _ORDER.index(want.kind) if want.kind in _ORDER else len(_ORDER) + 1


def senders(plan: Plan, addresses: Mapping[str, str]) -> Senders:
    """Return what the records say of each other.

    Args:
        plan: The plan.
        addresses: Known addresses by symbol.
    """
    names = _reverse_names(plan)
    hosts: dict[str, frozenset[str]] = {}
    unknown = set()
    targets = set(names.values())
    for record in plan.dns.public:
        values = [_filled(value, addresses) for value in record.values]
        if record.type == "A":
            hosts[record.name] = frozenset(value for value in values if value)
            if None in values:
                unknown.add(record.name)
        elif record.type == "MX":
            targets |= {value.split()[-1].rstrip(".").lower() for value in values if value}
    known = (addresses.get(one, one) for one in names)
    return Senders(
        addresses=tuple(one for one in known if ":" not in one),
        hosts=hosts,
        sixes=frozenset(record.name for record in plan.dns.public if record.type == "AAAA"),
        unknown_hosts=frozenset(unknown),
        bare=frozenset(targets),
        receivers=frozenset(name for zone in plan.dns.zones.values() for name in zone.domains),
    )


def _reverse_names(plan: Plan) -> dict[str, str]:
    return {**plan.dns.ptr, **plan.dns.ptr_later, **plan.dns.ptr_elsewhere}


def _reverse(plan: Plan, addresses: Mapping[str, str]) -> Iterator[Expected]:
    zone = next(iter(plan.dns.zones))
    for symbol, name in _reverse_names(plan).items():
        address = addresses.get(symbol, symbol)
        if ":" in address:
            yield Expected("ptr", zone, symbol, "PTR", 0, unknown=(symbol,), address=symbol)
            continue
        question = dns.reversename.from_address(address).to_text(omit_final_dot=True)
        yield Expected("ptr", zone, question, "PTR", 0, (f"{name}.",), address=address)


def _of_record(record: Record, addresses: Mapping[str, str], domains: frozenset[str]) -> Iterator[Expected]:
    filled = [_filled(value, addresses) for value in record.values]
    unknown = tuple(
        sorted({one for value in record.values for one in value.addresses if one not in addresses and ":" in one})
    )
    values = tuple(sorted({_canonical(record, value) for value in filled if value is not None}))
    plain = Expected("record", record.zone, record.name, record.type, record.ttl, values, unknown)
    if record.type == "MX":
        yield msgspec.structs.replace(plain, kind="mx", domain=record.name)
    elif record.type == "TXT":
        yield from _texts(plain, record, addresses, domains)
    else:
        yield plain


def _texts(
    plain: Expected, record: Record, addresses: Mapping[str, str], domains: frozenset[str]
) -> Iterator[Expected]:
    """Yield a row for each text of a name."""
    for value in record.values:
        text = _filled(value, addresses)
        sort = kind(value.text)
        meaning = _MEANING.get(sort, "text")
        domain = record.name
        if sort == "dmarc1":
            domain = record.name.removeprefix("_dmarc.")
            meaning = "dmarc" if domain != record.name else "text"
        elif sort == "dkim1":
            domain = record.name.partition("._domainkey.")[2]
            meaning = "dkim" if domain else "text"
        if meaning == "spf" and domain not in domains:
            domain = ""
        unknown = tuple(sorted({one for one in value.addresses if one not in addresses and ":" in one}))
        values = () if text is None else (text,)
        yield msgspec.structs.replace(plain, kind=meaning, values=values, unknown=unknown, domain=domain)


def _filled(value: RecordValue, addresses: Mapping[str, str]) -> str | None:
    """Return a value with its addresses; None while one of them is not known."""
    known = tuple(addresses.get(one, one) for one in value.addresses)
    return None if any(":" in one for one in known) else value.text % known


def _canonical(record: Record, text: str) -> str:
    if record.type == "TXT":
        return text
    try:
        return value_text(dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.from_text(record.type), text))
    except (dns.exception.DNSException, ValueError):
        return text.lower()
