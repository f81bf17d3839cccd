"""Host names that neither send nor receive mail, and say so (RFC 7505; RFC 7208, section 10.1.2)."""

from collections.abc import Iterator

from generator.context import Context
from generator.plan import Record
from generator.planner.dns.mail import literal


def silent(context: Context, public: list[Record], speaking: set[str]) -> Iterator[Record]:
    """Yield a null MX, an SPF and a DMARC record for each name with an address.

    Args:
        context: The topology.
        public: All other records.
        speaking: Names that send or receive.
    """
    ttl = context.topology.dns.ttl
    taken = {record.key for record in public}
    for host in public:
        if host.type != "A" or host.name in speaking or host.name.startswith("*"):
            continue
        for name, kind, text, why in (
            (host.name, "MX", "0 .", "the host receives no mail"),
            (host.name, "TXT", "v=spf1 -all", "the host sends no mail"),
            (f"_dmarc.{host.name}", "TXT", "v=DMARC1; p=reject", "the host sends no mail"),
        ):
            if f"{name} {kind}" not in taken:
                yield Record(host.zone, name, kind, ttl, (literal(text),), "optional", why)  # type: ignore[arg-type]
