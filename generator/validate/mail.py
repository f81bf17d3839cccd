"""Mail domains: names that may receive mail, their zones, and what is published about their mail."""

from collections.abc import Iterator
from ipaddress import IPv4Network

from generator.addressing import is_private
from generator.context import Context
from generator.facts import spf_includes
from generator.kinds import DOMAIN
from generator.mail_domains import Mail
from generator.problems import Finding, Path, listing, nearest
from generator.public_suffix import is_public_suffix

_LOOKUPS = 10
"""Most look-ups that evaluating an SPF record may take (RFC 7208, section 4.6.4)."""


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
    yield from _preferences(context)
    yield from _spf(context, domains)
    yield from _web(context)


def _preferences(context: Context) -> Iterator[Finding]:
    mtas = context.carriers("mta")
    for name in context.topology.dns.mx:
        if name not in mtas:
            hint = nearest(name, mtas)
            why, mend = f"{name} is no node with an MTA{hint}", f"MTAs are {listing(mtas)}."
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


def _dkim(mail: Mail) -> Iterator[Finding]:
    if not mail.dkim.key:
        return
    place = (*mail.path, "dkim", "file" if mail.dkim.file else "key")
    mend = "Put in what zmdkimkeyutil printed, whole."
    try:
        selector, _ = mail.published
    except ValueError as error:
        yield Finding("wrong-dkim", place, f"the DKIM key of {mail.name} is none: {error}", mend)
        return
    if selector and mail.dkim.selector not in ("", selector):
        why = f"the key's selector is {selector}, not {mail.dkim.selector}"
        yield Finding("dkim-selector", (*mail.path, "dkim", "selector"), why, "Remove selector.")


def _reports(mail: Mail, domains: dict[str, Mail]) -> Iterator[Finding]:
    """Warn of reports that no receiver sends, because the other domain has not agreed (RFC 7489, section 7.1)."""
    receiver = mail.dmarc.reports.rpartition("@")[2]
    if not receiver or receiver in domains:
        return
    if mail.name.endswith(f".{receiver}") or receiver.endswith(f".{mail.name}"):
        return
    why = f"reports about {mail.name} go to {receiver}, which has to agree"
    mend = f'{receiver} needs this record: {mail.name}._report._dmarc.{receiver}. TXT "v=DMARC1"'
    yield Finding("reports-elsewhere", (*mail.path, "dmarc", "reports"), why, mend, "warning")


def _spf(context: Context, domains: dict[str, Mail]) -> Iterator[Finding]:
    spf, lookups = context.topology.dns.spf, 0
    known = spf_includes() if spf.include else {}
    for index, name in enumerate(spf.include):
        place = ("dns", "spf", "include", index)
        if name in domains:
            why = f"{name} is a domain of the deployment, whose SPF record would include itself"
            yield Finding("spf-loop", place, why, "Remove it.")
        elif name in spf.include[:index]:
            yield Finding("spf-loop", place, f"{name} is included twice", "Remove one.")
        elif name not in known:
            why = f"how many look-ups {name} takes is not known; it counts as one"
            mend = "After apply, generate verify --dns counts them."
            yield Finding("spf-unknown-include", place, why, mend, "warning")
        lookups += known[name].lookups if name in known else 1
    if lookups > _LOOKUPS:
        counts = listing([f"{name} {known[name].lookups if name in known else 1}" for name in spf.include])
        why = f"SPF would take {lookups} look-ups, and receivers stop after {_LOOKUPS}: {counts}"
        mend = "Put addresses in the place of an include, or send through fewer services."
        yield Finding("spf-lookups", ("dns", "spf", "include"), why, mend)
    for index, text in enumerate(spf.addresses):
        if is_private(IPv4Network(text)):
            place = ("dns", "spf", "addresses", index)
            why = f"{text} is private: nobody on the Internet sees it as a sender"
            yield Finding("private-sender", place, why, "Remove it.")


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
