"""DNS records of both views. Addresses that exist only after apply stand as symbols."""

import re
from collections.abc import Callable, Iterator

from generator.context import Context
from generator.mail_domains import Mail
from generator.plan import GATEWAY, DnsPlan, PlannedNode, Record, RecordValue, Zone
from generator.planner.dns.audit import audit_length, audit_own, audit_reverse
from generator.planner.dns.mail import MailRecords, Senders, sts_policy
from generator.planner.dns.own import with_own
from generator.planner.dns.silent import silent
from generator.problems import Finding
from generator.public_suffix import is_elsewhere

_PREFERENCE = 10
_SymbolOf = Callable[[PlannedNode], RecordValue]


def _public(node: PlannedNode) -> RecordValue:
    return _address(node.stated_address or f"public:{node.name}")


def _address(known: str) -> RecordValue:
    """Return the value for an address, or for the symbol of one that exists after apply."""
    return RecordValue("%s", (known,)) if ":" in known else RecordValue(known)


def _private(node: PlannedNode) -> RecordValue:
    return RecordValue(node.address)


def plan_dns(context: Context, nodes: dict[str, PlannedNode], findings: list[Finding]) -> DnsPlan:
    """Return the records that deliver mail, as the world and as the nodes see them.

    Args:
        context: The topology.
        nodes: Machines by name.
        findings: Takes what is wrong about the operator's own records.
    """
    topology, dns = context.topology, context.topology.dns
    domains = context.mail_domains
    primary = domains[topology.domain]
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
    addresses = tuple(_address(one) for one in reverse)
    outside = _senders(context, addresses, exposed, public_name, shared=bool(shared))
    inside = _senders(context, addresses, nodes, public_name, shared=False)
    ours = [*_hosts(context, primary.zone, exposed, public_name, value), *_of_domains(context, domains, outside)]
    if dns.silent_hosts:
        ours += silent(context, ours, {*_greeting(nodes), *reverse.values(), *outside.targets, *domains})
    public = with_own(domains, ours, dns.ttl)
    findings += audit_reverse(context, {*reverse.values()}, public)
    findings += [*audit_length(domains, ours), *audit_own(context, domains, ours, public)]
    return DnsPlan(
        provider=context.dns_provider,
        zones=_zones(domains),
        public_name=public_name,
        selectors={mail.name: mail.key[0] for mail in domains.values()},
        unsigned=tuple(mail.name for mail in domains.values() if not mail.dkim.key),
        sts_policy=sts_policy(dns.mta_sts, tuple(outside.targets)) if dns.mta_sts else "",
        public=_sorted(public),
        inside=_sorted(
            _inside(context, domains, public, _hosts(context, primary.zone, nodes, public_name, _private), inside)
        ),
        ptr=reverse if may and not theirs else {},
        ptr_later={} if may or theirs else reverse,
        ptr_elsewhere=reverse if theirs else {},
    )


def _zones(domains: dict[str, Mail]) -> dict[str, Zone]:
    found: dict[str, Zone] = {}
    for mail in domains.values():
        known = found.get(mail.zone, Zone(mail.zone, False, ()))
        found[mail.zone] = Zone(mail.zone, known.existing or mail.existing, (*known.domains, mail.name))
    return found


def _of_domains(context: Context, domains: dict[str, Mail], senders: Senders) -> Iterator[Record]:
    """Yield our records of all mail domains."""
    consenting: dict[str, set[str]] = {}
    for mail in domains.values():
        receiver = mail.dmarc.reports.rpartition("@")[2]
        if receiver in domains and is_elsewhere(mail.name, receiver):
            consenting.setdefault(receiver, set()).add(mail.name)
    for mail in domains.values():
        yield from MailRecords(context, mail, senders).all(frozenset(consenting.get(mail.name, ())))


def _inside(
    context: Context, domains: dict[str, Mail], public: list[Record], hosts: list[Record], senders: Senders
) -> list[Record]:
    """Return what the nodes see: private addresses, and all else of the names below the domain.

    Args:
        context: The topology.
        domains: All mail domains.
        public: What the world sees.
        hosts: A records with private addresses.
        senders: With the names of the MX inside.
    """
    below = re.compile(rf"(?:.+\.)?{re.escape(context.topology.domain)}")
    here = [mail for mail in domains.values() if senders.targets and below.fullmatch(mail.name)]
    mx = [MailRecords(context, mail, senders).mx() for mail in here]
    public = [record for record in public if below.fullmatch(record.name)]
    # The later one holds.
    return list({record.key: record for record in (*public, *hosts, *mx, *_also_inside(context))}.values())


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
        return {node.stated_address or f"public:{node.name}": node.fqdn for node in _mtas(exposed)}
    senders = _mtas(nodes)
    if not senders:
        return {}
    # One address has one name; several MTAs behind it have to greet with the same.
    alone = len(senders) == 1 and senders[0].name in exposed
    return {shared: senders[0].fqdn if alone else public_name}


def _greeting(nodes: dict[str, PlannedNode]) -> set[str]:
    """Return the MTAs' own names, with which they greet until told another.

    Receivers look up SPF for that name too (RFC 7208, section 2.3).
    """
    return {node.fqdn for node in _mtas(nodes)}


def _mtas(nodes: dict[str, PlannedNode]) -> list[PlannedNode]:
    return [node for node in nodes.values() if "mta" in node.roles]


def _sorted(records: list[Record]) -> tuple[Record, ...]:
    return tuple(sorted(records, key=lambda record: record.key))


def _senders(
    context: Context,
    addresses: tuple[RecordValue, ...],
    nodes: dict[str, PlannedNode],
    public_name: str,
    *,
    shared: bool,
) -> Senders:
    """Return what the records refer to in one view of the nodes; `shared`: all have one address in it."""
    proxies = [node for node in nodes.values() if "proxy" in node.roles]
    mtas = _mtas(nodes)
    preferences = context.topology.dns.mx
    own = {node.fqdn: preferences.get(node.name, _PREFERENCE) for node in mtas}
    if not proxies or not (proxies == mtas or (shared and mtas)):
        return Senders(addresses, own, tuple(own), public_name)
    # One name has one preference: where nodes shall have their own, they stand under their own names.
    apart = not shared and any(node.name in preferences for node in mtas)
    return Senders(addresses, own if apart else {public_name: _PREFERENCE}, (public_name,), public_name)


def _hosts(
    context: Context, zone: str, nodes: dict[str, PlannedNode], public_name: str, value: _SymbolOf
) -> list[Record]:
    """Return A records over the nodes of one view."""
    ttl = context.topology.dns.ttl
    proxies = [node for node in nodes.values() if "proxy" in node.roles]
    records = [
        Record(zone, node.fqdn, "A", ttl, (value(node),), "required", "the node's own name")
        for node in nodes.values()
        if node.fqdn != public_name
    ]
    if proxies:
        values = tuple(dict.fromkeys(map(value, proxies)))
        why = "the name that users and mail servers know"
        records.append(Record(zone, public_name, "A", ttl, values, "required", why))
    return records


def _also_inside(context: Context) -> list[Record]:
    domain, dns = context.topology.domain, context.topology.dns
    return [
        Record(
            dns.zone or domain,
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
