"""DNS records of both views. Addresses that exist only after apply stand as symbols."""

from collections.abc import Callable

from generator.context import Context
from generator.plan import GATEWAY, DnsPlan, PlannedNode, Record, RecordValue
from generator.planner.addresses import external_roles

_SymbolOf = Callable[[PlannedNode], RecordValue]


def _public(node: PlannedNode) -> RecordValue:
    return RecordValue("%s", (f"public:{node.name}",))


def _forwarded(_: PlannedNode) -> RecordValue:
    return RecordValue("%s", (f"public:{GATEWAY}",))


def _private(node: PlannedNode) -> RecordValue:
    return RecordValue(node.address)


def plan_dns(context: Context, nodes: dict[str, PlannedNode]) -> DnsPlan:
    """Return the records that deliver mail, as the world and as the nodes see them."""
    topology, dns = context.topology, context.topology.dns
    public_name = topology.public_name or f"mail.{topology.domain}"
    value: _SymbolOf = _public
    exposed = {name: node for name, node in nodes.items() if node.public}
    if context.through_gateway:
        external = external_roles(context)
        hidden = {name for name, node in context.nodes.items() if node.private or external.isdisjoint(node.roles)}
        exposed = {name: node for name, node in nodes.items() if name not in hidden}
        value = _forwarded
    reverse = _reverse(context, nodes, exposed, public_name)
    may = dns.ptr or (dns.existing_zone and dns.delegated) or not context.capabilities.ptr_needs_forward
    texts = _texts(context, tuple(reverse))
    return DnsPlan(
        provider=context.dns_provider,
        existing_zone=dns.existing_zone,
        public_name=public_name,
        public=_sorted([*_hosts(context, exposed, public_name, value), *texts]),
        inside=_sorted([*_hosts(context, nodes, public_name, _private), *texts, *_also_inside(context)]),
        ptr=reverse if may else {},
        ptr_later={} if may else reverse,
    )


def _reverse(
    context: Context, nodes: dict[str, PlannedNode], exposed: dict[str, PlannedNode], public_name: str
) -> dict[str, str]:
    """Return the name of every address that sends mail: how the MTA behind it greets."""
    if not context.through_gateway:
        return {f"public:{node.name}": node.fqdn for node in exposed.values() if "mta" in node.roles}
    senders = [node for node in nodes.values() if "mta" in node.roles]
    if not senders:
        return {}
    # One address has one name; several MTAs behind it have to greet with the same.
    alone = len(senders) == 1 and senders[0].name in exposed
    return {f"public:{GATEWAY}": senders[0].fqdn if alone else public_name}


def _sorted(records: list[Record]) -> tuple[Record, ...]:
    return tuple(sorted(records, key=lambda record: record.key))


def _hosts(context: Context, nodes: dict[str, PlannedNode], public_name: str, value: _SymbolOf) -> list[Record]:
    """Return A and MX records over the nodes of one view."""
    domain, ttl = context.topology.domain, context.topology.dns.ttl
    proxies = [node for node in nodes.values() if "proxy" in node.roles]
    mtas = [node for node in nodes.values() if "mta" in node.roles]
    records = [
        Record(node.fqdn, "A", ttl, (value(node),), "required", "the node's own name")
        for node in nodes.values()
        if node.fqdn != public_name
    ]
    if proxies:
        records.append(
            Record(
                public_name,
                "A",
                ttl,
                tuple(dict.fromkeys(map(value, proxies))),
                "required",
                "the name that users and mail servers know",
            )
        )
    # Seen from outside, whatever a gateway forwards has one address.
    shared = bool(proxies) and (proxies == mtas or (value is _forwarded and bool(mtas)))
    targets = [public_name] if shared else [node.fqdn for node in mtas]
    if targets:
        values = tuple(RecordValue(f"10 {target}.") for target in targets)
        why = "mail for the domain is delivered here; the name has an A record of its own"
        records.append(Record(domain, "MX", ttl, values, "required", why))
    return records


def _texts(context: Context, symbols: tuple[str, ...]) -> list[Record]:
    """Return the TXT records of the domain, the same in both views; the symbols are of addresses that send."""
    domain, dns = context.topology.domain, context.topology.dns
    spf = " ".join(["v=spf1", *(["ip4:%s"] * len(symbols)), "-all"])
    dmarc = f"v=DMARC1; p={dns.dmarc.policy}" + (f"; rua=mailto:{dns.dmarc.reports}" if dns.dmarc.reports else "")
    return [
        Record(
            domain,
            "TXT",
            dns.ttl,
            (RecordValue(spf, symbols),),
            "recommended",
            "only these addresses send mail of the domain",
        ),
        Record(
            f"_dmarc.{domain}",
            "TXT",
            dns.ttl,
            (RecordValue(dmarc),),
            "recommended",
            "what receivers do with mail that fails",
        ),
    ]


def _also_inside(context: Context) -> list[Record]:
    domain, dns = context.topology.domain, context.topology.dns
    return [
        Record(
            domain if name == "@" else f"{name}.{domain}",
            "A",
            dns.ttl,
            tuple(RecordValue(address) for address in addresses),
            "optional",
            "the inside zone hides the public one, and the topology asks for this name",
        )
        for name, addresses in dns.also_inside.items()
        if addresses
    ]
