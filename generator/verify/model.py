"""What is expected of DNS, what was found, and the rows of the report. Types only."""

from typing import Literal, TypeAlias

import msgspec

Outcome: TypeAlias = Literal[
    "answer", "empty", "nxdomain", "servfail", "refused", "referral", "timeout", "unreachable", "truncated", "other"
]
"""How a question ended: with values, without (the name exists, or not), or without knowing."""

Status: TypeAlias = Literal[
    "ok",
    "missing",
    "differs",
    "extra",
    "alias",
    "invalid",
    "unconfirmed",
    "unresolved",
    "unknown",
    "follows",
    "warning",
    "skipped",
]

Kind: TypeAlias = Literal["record", "text", "mx", "spf", "dmarc", "dkim", "ptr"]

KNOWING: frozenset[str] = frozenset({"answer", "empty", "nxdomain"})
"""Outcomes after which it is known what is published."""

HARMLESS: frozenset[str] = frozenset({"ok", "warning", "skipped"})
"""Statuses that are no findings."""


class Answer(msgspec.Struct, frozen=True):
    """What a resolver said to one question.

    Attributes:
        values: As in a zone file, names in lower case; of TXT the text, joined.
        aliases: Where CNAME records on the way led to.
        seconds: How long it took in all.
        tries: How often it was asked.
        detail: What the resolver or the machine said beyond the outcome.
    """

    outcome: Outcome
    values: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    seconds: float = 0.0
    tries: int = 1
    detail: str = ""


class Expected(msgspec.Struct, frozen=True):
    """One thing that shall be found: a set of records, or the one text of its kind.

    Attributes:
        values: As `Answer.values`; those with addresses that are not known yet are left out.
        unknown: Symbols of addresses that are not known.
        address: The address whose reverse name this is; empty otherwise.
        domain: The mail domain that it is about; empty where it is about none.
        told: Why it is not asked at all; empty where it is.
    """

    kind: Kind
    zone: str
    name: str
    type: str
    ttl: int
    values: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    address: str = ""
    domain: str = ""
    told: str = ""


class Verdict(msgspec.Struct, frozen=True):
    """What one resolver's answers say about one expected thing.

    Attributes:
        message: What is wrong, or worth knowing; clauses that are joined by semicolons.
        remedy: What to change, where it is not simply the record.
        note: About the way of the answer (slow, repeated); no two resolvers need have the same.
    """

    status: Status
    found: tuple[str, ...] = ()
    message: str = ""
    remedy: str = ""
    note: str = ""


class Row(msgspec.Struct, frozen=True):
    """A line of the report.

    Attributes:
        planned: Values that shall be there.
        found: Values that are there.
        resolvers: Who said so, when others said otherwise or were asked too.
    """

    check: str
    name: str
    type: str
    status: Status
    planned: tuple[str, ...]
    found: tuple[str, ...]
    message: str
    remedy: str
    resolvers: tuple[str, ...]

    @property
    def is_finding(self) -> bool:
        """Whether it makes the run one with findings."""
        return self.status not in HARMLESS


class Senders(msgspec.Struct, frozen=True):
    """What judging one record needs to know of the others.

    Attributes:
        addresses: Known addresses that send mail.
        hosts: Planned addresses by name.
        sixes: Names that shall have an IPv6 address.
        unknown_hosts: Names that shall have an address which is not known yet.
        bare: Names that may be no alias: targets of MX, and reverse names.
        receivers: Mail domains of the plan; their MX and their consent to reports have rows of their own.
    """

    addresses: tuple[str, ...]
    hosts: dict[str, frozenset[str]]
    sixes: frozenset[str]
    unknown_hosts: frozenset[str]
    bare: frozenset[str]
    receivers: frozenset[str]
