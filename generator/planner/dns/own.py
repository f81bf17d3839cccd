"""The operator's own records beside ours: a zone has one set for each name and type."""

import msgspec

from generator.mail_domains import Mail
from generator.plan import ASKED, Record, RecordValue
from generator.planner.dns.mail import literal
from generator.records import canonical

JOINED = frozenset({"TXT", "CAA"})
"""Types of which a name may have both our values and the operator's."""


def with_own(domains: dict[str, Mail], ours: list[Record], ttl: int) -> list[Record]:
    """Return our records and the operator's, those of one name and type as one set.

    Args:
        domains: All mail domains, their own records without errors.
        ours: Our records.
        ttl: Seconds to live of sets that are the operator's alone.
    """
    found = {record.key: record for record in ours}
    for mail in domains.values():
        for name, types in mail.records.items():
            for type_, texts in types.items():
                values = tuple(literal(canonical(type_, text, mail.name)) for text in texts)
                record = _own(mail, name, type_, ttl, values)
                known = found.get(record.key)
                if known is not None:
                    more = tuple(value for value in dict.fromkeys(values) if value not in known.values)
                    merged = (*known.values, *more)
                    record = msgspec.structs.replace(known, values=merged, own=known.own + len(more))
                found[record.key] = record
    return list(found.values())


def _own(mail: Mail, name: str, type_: str, ttl: int, values: tuple[RecordValue, ...]) -> Record:
    return Record(mail.zone, mail.own_name(name), type_, ttl, values, "optional", ASKED)  # type: ignore[arg-type]
