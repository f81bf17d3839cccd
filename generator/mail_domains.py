"""The mail domains of a deployment, each with what the topology says of it and the zone that holds its records."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from generator.kinds import DOMAIN, RECORD_NAME
from generator.problems import Path
from generator.topology import Dkim, Dmarc, MailDomain, Topology

if TYPE_CHECKING:
    from generator.dkim import Key

DEFAULT_SELECTOR = "carbonio"


class Mail(msgspec.Struct, frozen=True, dict=True):
    """One mail domain, with the defaults put in.

    Attributes:
        zone: The zone that holds its records.
        existing: The topology says of it that its zone exists.
        path: Where the topology speaks of it.
    """

    name: str
    zone: str
    existing: bool
    dkim: Dkim
    dmarc: Dmarc
    records: Mapping[str, Mapping[str, tuple[str, ...]]]
    path: Path

    @cached_property
    def published(self) -> "Key | None":
        """Its DKIM key as the topology has it.

        Raises:
            ValueError: What stands there is no key.
        """
        if not self.dkim.key:
            return None
        from generator.dkim import published

        return published(self.dkim.key, self.name)

    @property
    def key(self) -> tuple[str, str]:
        """The selector and the published text of its DKIM key; without a key, the text is empty."""
        found = self.published
        named = found.selector if found else ""
        return self.dkim.selector or named or DEFAULT_SELECTOR, found.text if found else ""

    @property
    def written(self) -> str:
        """Its name as the topology has it; of the domain of the nodes' names as DNS has it."""
        return self.name if self.path == ("dns",) else str(self.path[1])

    @property
    def signed(self) -> bool:
        """Whether a key is published with which receivers can check signatures, ours or the operator's own record."""
        return bool(self.dkim.key) or any("._domainkey" in name for name in self.records)

    @property
    def policy(self) -> str:
        """What receivers shall do with failing mail: watch, until there are signatures that can be checked."""
        return self.dmarc.policy or ("quarantine" if self.dkim.key else "none")

    def full(self, name: str) -> str:
        """Return a name in full, without a final dot; `@` is the domain itself."""
        return self.name if name == "@" else f"{name}.{self.name}"

    def own_name(self, written: str) -> str:
        """Return a name of the topology's `records` in full, as DNS has it."""
        return self.full(str(RECORD_NAME.parse(written)))


def mail_domains(topology: Topology) -> dict[str, Mail]:
    """Return all mail domains by name; the one of the nodes' names comes first."""
    dns = topology.dns
    primary = Mail(
        name=topology.domain,
        zone=dns.zone or topology.domain,
        existing=dns.existing_zone,
        dkim=dns.dkim,
        dmarc=dns.dmarc,
        records=dns.records,
        path=("dns",),
    )
    further = {_name(written): (written, said) for written, said in topology.domains.items()}
    zones = {primary.name: primary.zone, primary.zone: primary.zone}
    for name in sorted(further, key=lambda name: name.count(".")):
        zones.setdefault(name, _zone(name, further[name][1], zones))
    found = {primary.name: primary}
    for name, (written, said) in further.items():
        found[name] = Mail(
            name=name,
            zone=zones[name],
            existing=said.existing_zone,
            dkim=said.dkim,
            dmarc=Dmarc(
                policy=said.dmarc.policy or dns.dmarc.policy,
                subdomains=said.dmarc.subdomains or dns.dmarc.subdomains,
                reports=said.dmarc.reports or dns.dmarc.reports,
            ),
            records=said.records,
            path=("domains", written),
        )
    return found


def _name(written: str) -> str:
    return str(DOMAIN.parse(written))


def _zone(name: str, said: MailDomain, zones: Mapping[str, str]) -> str:
    """Return the zone of a further domain: as written, its own where it exists, the nearest parent's, or its own."""
    if said.zone:
        return said.zone
    parent = "" if said.existing_zone else next((one for one in parents(name) if one in zones), "")
    return zones[parent] if parent else name


def parents(name: str) -> Iterator[str]:
    """Yield the domains above a name, the nearest first."""
    while "." in name:
        name = name.partition(".")[2]
        yield name
