"""The public zone as text, for whoever hosts DNS elsewhere."""

from generator.plan import Plan, Record, RecordValue

_CHUNK = 200
"""Strings in a TXT record hold at most 255 bytes (RFC 1035, 3.3.14); addresses come in later."""


def zone_file(plan: Plan) -> str:
    """Return the records in the format of RFC 1035, addresses as `@@public:<node>@@`."""
    records = plan.dns.public
    lines = [f"; Public records of {plan.deployment.domain}, to be merged into its zone."]
    if any(value.addresses for record in records for value in record.values):
        lines.append(
            "; Words between at signs stand for addresses; after apply, this prints them: terraform output -raw zone"
        )
    lines += ["", f"$ORIGIN {plan.deployment.domain}.", ""]
    for record in records:
        lines.append(f"; {record.need}: {record.why}")
        lines += [f"{record.name}. {record.ttl} IN {record.type} {_data(record, value)}" for value in record.values]
    return "\n".join(lines) + "\n"


def _data(record: Record, value: RecordValue) -> str:
    text = value.text % tuple(f"@@{symbol}@@" for symbol in value.addresses)
    if record.type != "TXT":
        return text
    return " ".join(f'"{text[start : start + _CHUNK]}"' for start in range(0, len(text), _CHUNK))
