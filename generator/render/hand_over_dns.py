"""The hand-over sheet's part about DNS: what to enter where, and what Terraform does by itself."""

from collections.abc import Iterator

from generator.plan import Plan, Record
from generator.render.forms import fields, relative
from generator.render.zone import value_text

_NEEDS = ("required", "recommended", "optional")


def dns(plan: Plan) -> Iterator[str]:
    """Yield the lines of the part."""
    domain = plan.deployment.domain
    yield "## DNS"
    yield ""
    existing = [zone.name for zone in plan.dns.zones.values() if zone.existing]
    new = [name for name in plan.dns.zones if name not in existing]
    if plan.dns.provider == "none":
        yield from _to_enter(plan)
    elif existing:
        yield f"The records are in the existing zone{'s' * (len(existing) > 1)} {', '.join(existing)}."
    if plan.dns.provider != "none" and new:
        zones = "zone" if len(new) == 1 else "zones"
        yield f"1. `terraform output name_servers` lists the name servers of the new {zones}. Enter them at the"
        yield f"   registrar of {', '.join(new)}."
        yield f"2. Wait until `dig +short MX {domain}` answers."
    yield from _reverse(plan)
    yield ""
    yield "`generate verify --dns` asks resolvers whether all of this is so, and says what to change where it is not."
    yield ""


def _reverse(plan: Plan) -> Iterator[str]:
    for symbol, name in plan.dns.ptr.items():
        address = f"@@{symbol}@@" if ":" in symbol else symbol
        yield ""
        yield f"`terraform apply` makes {name} the reverse name (PTR) of {address}; there is nothing to enter."
    for address, name in plan.dns.ptr_elsewhere.items():
        yield ""
        yield f"Ask whoever gave you {address} to make its reverse name {name}: many servers refuse mail without it."
    if plan.dns.ptr_later:
        yield ""
        yield "Then set the reverse names, without which many servers refuse mail: add `ptr: true` under `dns:` in the"
        yield "topology and run"
        yield ""
        yield "    generate && terraform apply"


def _to_enter(plan: Plan) -> Iterator[str]:
    """Yield the records as the web forms of DNS providers take them, what mail cannot do without first."""
    files = ", ".join(f"`dns/{zone}.zone`" for zone in plan.dns.zones)
    complete = not any(value.addresses for record in plan.dns.public for value in record.values)
    where = (
        f"the zone {next(iter(plan.dns.zones))}, where it" if len(plan.dns.zones) == 1 else "these zones, where each"
    )
    yield f"Enter these records in {where} is hosted; whoever imports files takes {files}."
    yield "Names stand without their zone, and `@` is the zone itself; where a form wants them in full, add it."
    if not complete:
        yield "`terraform output -raw zone` and `terraform output -raw hand_over` print them with addresses."
        if len(plan.dns.zones) > 1:
            last = next(reversed(plan.dns.zones))
            yield f"""Each zone alone: `terraform output -json zones | jq -r '."{last}"'`, and likewise the others."""
    by_zone: dict[str, list[Record]] = {name: [] for name in plan.dns.zones}
    for record in plan.dns.public:
        by_zone[record.zone].append(record)
    for zone, records in by_zone.items():
        if len(by_zone) > 1:
            yield ""
            yield f"### Zone {_in_its_script(zone)}"
        yield ""
        yield "| name | type | TTL | priority | value | need | why |"
        yield "|---|---|---|---|---|---|---|"
        yield from (row for _, row in sorted(_rows(records), key=lambda row: row[0]))
    if len(by_zone) > 1:
        yield ""
        yield "### Beside the records"


def _in_its_script(name: str) -> str:
    """Return a name, with how people write it where DNS has it otherwise."""
    if "xn--" not in name:
        return name
    import idna

    return f"{name} ({idna.decode(name)})"


def _rows(records: list[Record]) -> Iterator[tuple[int, str]]:
    """Yield a row for each value, with its place among the others."""
    for record in records:
        name = relative(record.name, record.zone)
        for value, need, why in record.reasons:
            form = fields(record.type, value_text(value))
            priority = form.pop("priority", "")
            texts = [_code(text) if label == "value" else f"{label} {_code(text)}" for label, text in form.items()]
            cells = (name, record.type, str(record.ttl), priority, ", ".join(texts), need, why)
            yield _NEEDS.index(need), f"| {' | '.join(cells)} |"


def _code(text: str) -> str:
    """Return a text as code in a table of Markdown, whatever is in it."""
    fence = "``" if "`" in text else "`"
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{text.replace('|', chr(92) + '|')}{pad}{fence}"
