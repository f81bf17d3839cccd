"""DNS records of both views. Addresses that exist only after apply stand as symbols."""

from collections.abc import Callable

from generator.context import Context
from generator.plan import GATEWAY, DnsPlan, PlannedNode, Record, RecordValue

_SymbolOf = Callable[[PlannedNode], RecordValue]


def _public(node: PlannedNode) -> RecordValue:
    return _address(node.stated_address or f"public:{node.name}")


def _address(known: str) -> RecordValue:
    """Return the value for an address, or for the symbol of one that exists after apply."""
    return RecordValue("%s", (known,)) if ":" in known else RecordValue(known)


def _private(node: PlannedNode) -> RecordValue:
    return RecordValue(node.address)


def plan_dns(context: Context, nodes: dict[str, PlannedNode]) -> DnsPlan:
    """Return the records that deliver mail, as the world and as the nodes see them."""
    topology, dns = context.topology, context.topology.dns
    public_name = topology.public_name or f"mail.{topology.domain}"
    value: _SymbolOf = _public
    exposed = {name: node for name, node in nodes.items() if node.public}
    shared = _shared(context)
    if shared:
        external = context.external_roles
        hidden = {name for name, node in context.nodes.items() if node.private or external.isdisjoint(node.roles)}
        exposed = {name: node for name, node in nodes.items() if name not in hidden}

        def value(_: PlannedNode) -> RecordValue:
            return _address(shared)

    reverse = _reverse(shared, nodes, exposed, public_name)
    theirs = context.capabilities.on_premises
    may = dns.ptr or (dns.existing_zone and dns.delegated) or not context.capabilities.ptr_needs_forward
    texts = _texts(context, tuple(reverse))
    return DnsPlan(
        provider=context.dns_provider,
        existing_zone=dns.existing_zone,
        public_name=public_name,
        public=_sorted([*_hosts(context, exposed, public_name, value, shared=bool(shared)), *texts]),
        inside=_sorted([*_hosts(context, nodes, public_name, _private), *texts, *_also_inside(context)]),
        ptr=reverse if may and not theirs else {},
        ptr_later={} if may or theirs else reverse,
        ptr_elsewhere=reverse if theirs else {},
    )


def _shared(context: Context) -> str:
    """Return the one address of all nodes, or its symbol; empty where each has its own."""
    if not context.shared_address:
        return ""
    return context.topology.cloud.public_address or f"public:{GATEWAY}"


def _reverse(
    shared: str, nodes: dict[str, PlannedNode], exposed: dict[str, PlannedNode], public_name: str
) -> dict[str, str]:
    """Return the name of every address that sends mail: how the MTA behind it greets."""
    if not shared:
        senders = [node for node in exposed.values() if "mta" in node.roles]
        return {node.stated_address or f"public:{node.name}": node.fqdn for node in senders}
    senders = [node for node in nodes.values() if "mta" in node.roles]
    if not senders:
        return {}
    # One address has one name; several MTAs behind it have to greet with the same.
    alone = len(senders) == 1 and senders[0].name in exposed
    return {shared: senders[0].fqdn if alone else public_name}


def _sorted(records: list[Record]) -> tuple[Record, ...]:
    return tuple(sorted(records, key=lambda record: record.key))


def _hosts(
    context: Context, nodes: dict[str, PlannedNode], public_name: str, value: _SymbolOf, *, shared: bool = False
) -> list[Record]:
    """Return A and MX records over the nodes of one view; `shared`: all have one address in it."""
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
    together = bool(proxies) and (proxies == mtas or (shared and bool(mtas)))
    targets = [public_name] if together else [node.fqdn for node in mtas]
    if targets:
        values = tuple(RecordValue(f"10 {target}.") for target in targets)
        why = "mail for the domain is delivered here; the name has an A record of its own"
        records.append(Record(domain, "MX", ttl, values, "required", why))
    return records


def _texts(context: Context, senders: tuple[str, ...]) -> list[Record]:
    """Return the TXT records of the domain, the same in both views; `senders` are the addresses that send."""
    domain, dns = context.topology.domain, context.topology.dns
    known = [_address(one) for one in senders]
    spf = " ".join(["v=spf1", *(f"ip4:{one.text}" for one in known), "-all"])
    symbols = tuple(symbol for one in known for symbol in one.addresses)
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
