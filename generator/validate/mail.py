"""Mail domains: names that may receive mail, their zones, and what is published about their mail."""

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network

from generator.addressing import PUBLIC_SIX, is_private, parse_sender
from generator.context import Context
from generator.facts import MOST_LOOKUPS, spf_includes
from generator.kinds import DOMAIN, RELATIVE_FILE
from generator.mail_domains import Mail
from generator.problems import Finding, Path, few, listing, nearest
from generator.public_suffix import is_elsewhere, is_public_suffix

FEWER_LOOKUPS = "Put addresses in the place of an include, or send through fewer services."
"""What to do about an SPF record that takes too many look-ups."""

_WIDEST = {4: 8, 6: 16}
"""Length of the prefix of the widest network that one holder ever got, by version of IP.

Of IPv6 no provider gets more than a /16 at first (ARIN's Number Resource Policy Manual, section 6.5.2.1); the registry
of a continent has a /12.
"""


def check_mail(context: Context) -> Iterator[Finding]:
    """Names, zones, keys, senders and reports."""
    topology = context.topology
    seen = {topology.domain: ("domain",)}
    for written in topology.domains:
        name = str(DOMAIN.parse(written))
        if name in seen:
            mend = "Remove it."
            yield Finding("domain-twice", ("domains", written), f"{name} is a mail domain already", mend, key=True)
        seen.setdefault(name, ("domains", written))  # type: ignore[arg-type]
    domains = context.mail_domains
    for mail in domains.values():
        place: Path = ("domain",) if mail.path == ("dns",) else mail.path
        yield from _suffix(mail.name, place, key=len(place) > 1)
        yield from _zone(context, mail, domains)
        yield from _dkim(mail)
        yield from _reports(mail, domains)
    yield from _unsigned(context, domains)
    yield from _preferences(context)
    yield from _spf(context, domains)
    yield from _web(context)


def _preferences(context: Context) -> Iterator[Finding]:
    mtas = context.carriers("mta")
    for name in context.topology.dns.mx:
        if name not in mtas:
            hint = nearest(name, mtas)
            why = f'"{name}" is no node with an MTA{hint}'
            mend = f"Preferences are set by the node's name: {listing(mtas)}."
            yield Finding("unknown-mta", ("dns", "mx", name), why, mend, key=True)


def _suffix(name: str, place: Path, *, key: bool = False) -> Iterator[Finding]:
    if is_public_suffix(name):
        why = f"{name} is a public suffix: names below it belong to others"
        yield Finding("public-suffix", place, why, f"Use a domain of your own, such as example.{name}.", key=key)


def _zone(context: Context, mail: Mail, domains: dict[str, Mail]) -> Iterator[Finding]:
    place = (*mail.path, "zone")
    provider = context.dns_providers.get(context.dns_provider)
    if provider and provider.whole_domains and not is_public_suffix(mail.zone.partition(".")[2]):
        stated = place if mail.zone != mail.name else ("domain",) if mail.path == ("dns",) else mail.path
        why = f"{context.dns_provider} hosts whole domains, and the zone {mail.zone} is a part of one"
        mend = "Name the domain's zone (zone: and existing_zone: true), or another dns.provider."
        yield Finding("part-of-a-domain", stated, why, mend, key=len(stated) > 1 and stated[-1] != "zone")
    if mail.zone == mail.name:
        if mail.existing and mail.path != ("dns",) and context.dns_provider == "none":
            why = "there is no DNS provider to hold the zone"
            yield Finding("zone-without-provider", (*mail.path, "existing_zone"), why, "Remove existing_zone.")
        return
    yield from _suffix(mail.zone, place)
    if not mail.name.endswith(f".{mail.zone}"):
        why = f"{mail.name} is not below {mail.zone}, so that zone cannot hold its records"
        yield Finding("zone-of-another", place, why, "Name a domain above it, or remove zone.")
    said = domains[mail.zone].existing if mail.zone in domains else mail.existing
    if mail.existing and not said:
        why = f"the zone {mail.zone} is new, as {mail.zone} says"
        mend = "Set existing_zone there, or remove it here."
        yield Finding("zone-of-another", (*mail.path, "existing_zone"), why, mend)


_FORM = "Put in the public text as zmdkimkeyutil printed it, whole: v=DKIM1; k=rsa; p=MIIB..."


def _dkim(mail: Mail) -> Iterator[Finding]:
    dkim = mail.dkim
    if not dkim.key:
        return
    place = (*mail.path, "dkim", "file" if dkim.file else "key")
    if not dkim.file and _is_file_name(dkim.key):
        why = f"{dkim.key} is no key, and looks like the name of a file"
        yield Finding("wrong-dkim", place, why, f"Write it so: dkim: {{file: {dkim.key}}}")
        return
    try:
        found = mail.published
    except ValueError as error:
        why = f"{dkim.file or 'this text'} is not the public DKIM key of {mail.name}: {error}"
        yield Finding("wrong-dkim", place, why, _FORM)
        return
    if found and found.domain not in ("", mail.name):
        why = f"{dkim.file or 'this text'} is the DKIM key of {found.domain}, not of {mail.name}"
        mend = f"Every domain has a key of its own: zmdkimkeyutil -a -d {mail.name} prints it."
        yield Finding("dkim-domain", place, why, mend)
    if found and found.selector and dkim.selector not in ("", found.selector):
        why = f"the key's selector is {found.selector}, not {dkim.selector}"
        yield Finding("dkim-selector", (*mail.path, "dkim", "selector"), why, "Remove selector.")


def _is_file_name(text: str) -> bool:
    try:
        RELATIVE_FILE.parse(text)
    except ValueError:
        return False
    return "." in text and len(text) < _LONGEST_FILE_NAME


_LONGEST_FILE_NAME = 100


def _unsigned(context: Context, domains: dict[str, Mail]) -> Iterator[Finding]:
    """Warn of a policy that makes receivers refuse mail which nothing but SPF speaks for, as after any forwarding."""
    strict: dict[Path, list[Mail]] = {}
    for mail in domains.values():
        if mail.dmarc.policy in ("quarantine", "reject") and not mail.signed:
            own = mail.path != ("dns",) and context.topology.domains[str(mail.path[1])].dmarc.policy
            strict.setdefault((*(mail.path if own else ("dns",)), "dmarc", "policy"), []).append(mail)
    for place, mails in strict.items():
        names = few([mail.name for mail in mails])
        why = f"DMARC says {mails[0].dmarc.policy}, and no DKIM key is published for {names}"
        mend = "Publish the key before (dkim: {file: dkim.txt}), or leave policy out: it is none until there is one."
        yield Finding("dmarc-before-dkim", place, why, mend, "warning")


def _reports(mail: Mail, domains: dict[str, Mail]) -> Iterator[Finding]:
    """Warn of reports that no receiver sends, because the other domain has not agreed (RFC 7489, section 7.1)."""
    receiver = mail.dmarc.reports.rpartition("@")[2]
    if not receiver or receiver in domains or not is_elsewhere(mail.name, receiver):
        return
    why = f"reports about {mail.name} go to {receiver}, which has to agree"
    mend = f'{receiver} needs this record: {mail.name}._report._dmarc.{receiver}. TXT "v=DMARC1"'
    yield Finding("reports-elsewhere", (*mail.path, "dmarc", "reports"), why, mend, "warning")


def _spf(context: Context, domains: dict[str, Mail]) -> Iterator[Finding]:
    spf, lookups = context.topology.dns.spf, 0
    for index, name in enumerate(spf.include):
        place = ("dns", "spf", "include", index)
        if name in domains:
            why = f"{name} is a domain of the deployment, whose SPF record would include itself"
            yield Finding("spf-loop", place, why, "Remove it.")
        elif name in spf.include[:index]:
            yield Finding("spf-loop", place, f"{name} is included twice", "Remove one.")
        elif name not in spf_includes():
            why = f"how many look-ups {name} takes is not known; it counts as one"
            mend = "After apply, generate verify --dns counts them."
            yield Finding("spf-unknown-include", place, why, mend, "warning")
        lookups += lookups_of(name)
    if lookups > MOST_LOOKUPS:
        counts = listing([f"{name} {lookups_of(name)}" for name in spf.include])
        why = f"SPF would take {lookups} look-ups, and receivers stop after {MOST_LOOKUPS}: {counts}"
        yield Finding("spf-lookups", ("dns", "spf", "include"), why, FEWER_LOOKUPS)
    for index, text in enumerate(spf.addresses):
        place = ("dns", "spf", "addresses", index)
        network = parse_sender(text)
        if network.prefixlen < _WIDEST[network.version]:
            why = f"{text} lets a large part of the Internet send mail in your name"
            yield Finding("spf-everybody", place, why, "Name the addresses of whoever sends for you.")
        elif isinstance(network, IPv6Network) and not network.subnet_of(PUBLIC_SIX):
            why = f"{text} is outside {PUBLIC_SIX}, all of IPv6 that is public: nobody sees it as a sender"
            yield Finding("private-sender", place, why, "Remove it.")
        elif isinstance(network, IPv4Network) and is_private(network):
            why = f"{text} is private: nobody on the Internet sees it as a sender"
            yield Finding("private-sender", place, why, "Remove it.")


def lookups_of(include: str) -> int:
    """Return how many look-ups an include takes; one that is not known counts as one."""
    known = spf_includes()
    return known[include].lookups if include in known else 1


def _web(context: Context) -> Iterator[Finding]:
    """What others read by HTTPS needs that service open to everybody."""
    topology, dns = context.topology, context.topology.dns
    https = context.facts.services["https"]
    if topology.services.get("https", https.default) is True and context.carriers(https.role):
        return
    for key, asked in (("mta_sts", dns.mta_sts), ("autodiscover", dns.autodiscover)):
        if asked:
            why = f"{key} is read by HTTPS, which is not open to the Internet"
            yield Finding("needs-https", ("dns", key), why, "Set services.https: true, or remove it.")
