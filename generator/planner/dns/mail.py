"""Records that every mail domain has beside its MX: who may send, what receivers do, how programs find the server."""

from collections.abc import Iterator

import msgspec

from generator.context import Context
from generator.mail_domains import Mail
from generator.plan import Record, RecordType, RecordValue


class Senders(msgspec.Struct, frozen=True):
    """What the records of all mail domains refer to.

    Attributes:
        addresses: Addresses that send, or symbols of them.
        targets: Names of the MX, with their preference.
        submission: Names under which mail programs send.
        public_name: The name that users know.
    """

    addresses: tuple[RecordValue, ...]
    targets: dict[str, int]
    submission: tuple[str, ...]
    public_name: str


def literal(text: str) -> RecordValue:
    """Return a value that holds no address to come."""
    return RecordValue(text.replace("%", "%%"))


class MailRecords:
    """Writes the records of one mail domain."""

    def __init__(self, context: Context, mail: Mail, senders: Senders) -> None:
        self._context = context
        self._mail = mail
        self._senders = senders

    def all(self, consenting: frozenset[str]) -> Iterator[Record]:
        """Yield them.

        Args:
            consenting: Mail domains whose reports come to an address in this one.
        """
        if self._senders.targets:
            yield self.mx()
        yield self._spf()
        yield self._dmarc()
        yield from self._dkim()
        yield from self._encryption()
        yield from self._programs()
        why = "receivers send reports about another domain only to a domain that agrees"
        for name in sorted(consenting):
            yield self._text(f"{name}._report._dmarc", "v=DMARC1", "required", why)

    def mx(self) -> Record:
        """Return the MX."""
        values = tuple(RecordValue(f"{preference} {target}.") for target, preference in self._senders.targets.items())
        why = "mail for the domain is delivered here; the name has an A record of its own"
        return self._record("@", "MX", values, "required", why)

    def _record(self, name: str, type_: RecordType, values: tuple[RecordValue, ...], need: str, why: str) -> Record:
        mail, ttl = self._mail, self._context.topology.dns.ttl
        return Record(mail.zone, mail.full(name), type_, ttl, values, need, why)  # type: ignore[arg-type]

    def _text(self, name: str, text: str, need: str, why: str) -> Record:
        return self._record(name, "TXT", (literal(text),), need, why)

    def _spf(self) -> Record:
        spf, known = self._context.topology.dns.spf, self._senders.addresses
        words = [f"ip4:{one.text}" for one in known]
        words += [
            f"ip6:{network.removesuffix('/128')}" if ":" in network else f"ip4:{network.removesuffix('/32')}"
            for network in spf.addresses
        ]
        words += [f"include:{name}" for name in spf.include]
        value = RecordValue(
            " ".join(["v=spf1", *words, "-all"]), tuple(one for each in known for one in each.addresses)
        )
        return self._record("@", "TXT", (value,), "recommended", "only these addresses send mail of the domain")

    def _dmarc(self) -> Record:
        dmarc, text = self._mail.dmarc, f"v=DMARC1; p={self._mail.policy}"
        if dmarc.subdomains:
            text += f"; sp={dmarc.subdomains}"
        if dmarc.reports:
            text += f"; rua=mailto:{dmarc.reports}"
        return self._text("_dmarc", text, "recommended", "what receivers do with mail that fails")

    def _dkim(self) -> Iterator[Record]:
        selector, key = self._mail.key
        if key:
            why = "receivers check signatures with this key"
            yield self._text(f"{selector}._domainkey", key, "recommended", why)

    def _encryption(self) -> Iterator[Record]:
        """Who may certify names of the domain, and whether others have to encrypt."""
        dns = self._context.topology.dns
        if dns.caa:
            values = tuple(RecordValue(f'0 issue "{name}"') for name in dns.caa)
            yield self._record("@", "CAA", values, "optional", "only these authorities may issue certificates")
        if dns.mta_sts:
            target = (RecordValue(f"{self._senders.public_name}."),)
            why = "other servers look for its new policy when this changes"
            policy = sts_policy(dns.mta_sts, tuple(self._senders.targets))
            yield self._text("_mta-sts", f"v=STSv1; id={_digest(policy)}", "optional", why)
            why = "other servers read the policy here by HTTPS, from /.well-known/mta-sts.txt"
            yield self._record("mta-sts", "CNAME", target, "optional", why)
        if dns.tls_reports:
            text = f"v=TLSRPTv1; rua=mailto:{dns.tls_reports}"
            yield self._text("_smtp._tls", text, "optional", "where reports about failed encryption go")

    def _programs(self) -> Iterator[Record]:
        """How mail programs find services that are open to everybody."""
        context, names = self._context, self._senders
        for service in context.facts.services.values():
            if not service.srv or context.topology.services.get(service.id, service.default) is not True:
                continue
            if not context.carriers(service.role):
                continue
            hosts = names.submission if service.role == "mta" else (names.public_name,)
            values = tuple(RecordValue(f"0 1 {service.ports} {host}.") for host in hosts)
            yield self._record(service.srv, "SRV", values, "optional", f"mail programs find {service.title} by it")
        if context.topology.dns.autodiscover:
            target = (RecordValue(f"{names.public_name}."),)
            why = "mail programs look for their settings here"
            yield self._record("autoconfig", "CNAME", target, "optional", why)
            yield self._record("autodiscover", "CNAME", target, "optional", why)
            value = RecordValue(f"0 1 443 {names.public_name}.")
            yield self._record("_autodiscover._tcp", "SRV", (value,), "optional", why)


def sts_policy(mode: str, targets: tuple[str, ...]) -> str:
    """Return the MTA-STS policy that is to be served (RFC 8461, section 3.2).

    Args:
        mode: `none`, `testing` or `enforce`.
        targets: Names of the MX.
    """
    week = 604_800
    names = "".join(f"mx: {name}\r\n" for name in targets)
    return f"version: STSv1\r\nmode: {mode}\r\n{names}max_age: {week}\r\n"


def _digest(text: str) -> str:
    """Return an id of at most 32 letters and digits that changes with the text."""
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()[:32]
