"""DNS records of both views, and who answers inside. Types only."""

from collections.abc import Iterator
from typing import Literal

import msgspec


class RecordValue(msgspec.Struct, frozen=True):
    """One value of a record.

    Attributes:
        text: The value; each `%s` stands for an address and `%%` for a percent sign.
        addresses: Symbols of addresses that exist only after apply, such as `public:mta1`.
    """

    text: str
    addresses: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """The value for people, with the symbols where addresses will stand."""
        return self.text % tuple(f"<{symbol}>" for symbol in self.addresses)


ASKED = "the topology asks for it"
"""Why the operator's own records are there."""

RecordType = Literal["A", "AAAA", "CAA", "CNAME", "MX", "NS", "SRV", "TXT"]


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """A set of DNS records with one name and type, and why it is there.

    Attributes:
        zone: The zone that holds it.
        values: As in a zone file, but for TXT: its text, whole and without quotes.
        own: How many of the last values the operator added to ours; `need` and `why` are about the others.
    """

    zone: str
    name: str
    type: RecordType
    ttl: int
    values: tuple[RecordValue, ...]
    need: Literal["required", "recommended", "optional"]
    why: str
    own: int = 0

    @property
    def reasons(self) -> Iterator[tuple[RecordValue, str, str]]:
        """Each value with how much mail needs it, and why it is there."""
        for value in self.values[: len(self.values) - self.own]:
            yield value, self.need, self.why
        for value in self.values[len(self.values) - self.own :]:
            yield value, "optional", ASKED

    @property
    def key(self) -> str:
        """Stable name of the set."""
        return f"{self.name} {self.type}"


class Zone(msgspec.Struct, frozen=True):
    """A public zone.

    Attributes:
        existing: It is there already, and holds records of others.
        domains: Mail domains whose records it holds.
    """

    name: str
    existing: bool
    domains: tuple[str, ...]


class DnsPlan(msgspec.Struct, frozen=True):
    """Both views of the mail domains.

    Attributes:
        zones: Public zones by name; the one of the nodes' names comes first.
        selectors: Names of the DKIM keys by mail domain.
        unsigned: Mail domains whose key is still to be published.
        sts_policy: The MTA-STS policy that is to be served; empty without one.
        public: What the world sees.
        inside: What the nodes see.
        ptr: Reverse name by symbol of the address; empty while none may be set yet.
        ptr_later: The same, to be set in a second step.
        ptr_elsewhere: Reverse name by address, to be set by whoever gave the operator the address.
    """

    provider: str
    zones: dict[str, Zone]
    public_name: str
    selectors: dict[str, str]
    unsigned: tuple[str, ...]
    sts_policy: str
    public: tuple[Record, ...]
    inside: tuple[Record, ...]
    ptr: dict[str, str]
    ptr_later: dict[str, str]
    ptr_elsewhere: dict[str, str]


class Resolver(msgspec.Struct, frozen=True):
    """DNS inside, where the cloud has none: a forwarder that knows the inside view.

    Attributes:
        addresses: Its own, by the name of the machine that it runs on.
        upstream: Name servers for everything else.
        records: A and MX records of the inside view; the rest of the domain is asked upstream.
    """

    addresses: dict[str, str]
    upstream: tuple[str, ...]
    domain: str
    records: tuple[Record, ...]
