"""The records that the world sees, and the reverse names."""

from collections.abc import Iterator

from generator.plan import Plan, Record
from generator.show.text import WIDTH, listed, paragraph, section

_NEEDS = ("required", "recommended", "optional")


def records(plan: Plan) -> Iterator[str]:
    """Yield the records with the reason for each; what is required comes first."""
    yield from section("DNS")
    yield from paragraph(_host(plan))
    reasons: dict[tuple[str, str], list[tuple[Record, str]]] = {}
    for record in plan.dns.public:
        for value, need, why in record.reasons:
            reasons.setdefault((need, why), []).append((record, value.shown))
    for (need, why), alike in sorted(reasons.items(), key=lambda one: _NEEDS.index(one[0][0])):
        width = max(len(record.name) for record, _ in alike)
        for record, text in alike:
            yield from _record(record, width, text)
        yield from paragraph(f"{need}: {why}", "      ")
    for symbol, name in plan.dns.ptr.items():
        yield from paragraph(f"PTR of <{symbol}> is {name}", hanging="    ")
    for address, name in plan.dns.ptr_elsewhere.items():
        yield from paragraph(f"PTR of {address} shall be {name}: ask whoever gave you the address", hanging="    ")


def _record(record: Record, width: int, value: str) -> Iterator[str]:
    """Yield a record; a value that does not fit, such as a key, goes on below."""
    names = (f"{record.name:{width}}  {record.type}", f"{record.name}  {record.type}")
    name = next((name for name in names if len(name) + len(value) + 2 <= WIDTH), None)
    if name is not None:
        yield f"{name}  {value}".rstrip()
        return
    yield names[-1]
    yield from paragraph(value, "    ", anywhere=True)


def _host(plan: Plan) -> str:
    zones = list(plan.dns.zones.values())
    if plan.dns.provider == "none":
        files = listed([f"dns/{zone.name}.zone" for zone in zones])
        return f"Publish these records where the domain is hosted; {files} {'has' if len(zones) == 1 else 'have'} them."
    named = listed([f"{'the existing' if zone.existing else 'a new'} zone {zone.name}" for zone in zones])
    return f"Terraform keeps these records at {plan.dns.provider}, in {named}."
