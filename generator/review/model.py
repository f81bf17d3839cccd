"""What a review says. Types only; `generate review --json` prints a `Review`."""

from typing import Literal, TypeAlias

import msgspec

from generator.clouds.resources import ResourceKind

Change: TypeAlias = Literal["new", "gone", "changed"]
STATEFUL: frozenset[ResourceKind] = frozenset({"volume", "address", "zone"})
"""What is lost for good with its resource: data, an address with its good name, a zone's name servers."""

IN_PLACE = "changed in place"
"""How what happens to a machine begins, where Terraform changes it."""

PRIVATE_ADDRESS = "private address"
"""Name of the field of a machine."""


class ReachChange(msgspec.Struct, frozen=True):
    """What can be reached now, or no longer.

    Attributes:
        opened: Or closed.
        outside: The source is none of the nodes.
        source: As in `Flow`; the Internet also where listed ranges amount to it.
        ranges: The addresses for which it changes; empty where the source is a role.
        ports: Those for which it changes.
        nodes: Where.
        names: By which names the outside knows these nodes, where it knows them.
        with_node: The nodes come or go with this change.
    """

    opened: bool
    outside: bool
    source: str
    ranges: tuple[str, ...]
    protocol: str
    ports: str
    services: tuple[str, ...]
    nodes: tuple[str, ...]
    names: tuple[str, ...]
    with_node: bool


class FieldChange(msgspec.Struct, frozen=True):
    """One property of a machine, before and after."""

    name: str
    before: str
    after: str


class MachineChange(msgspec.Struct, frozen=True):
    """A machine that comes, goes or differs; `happens` is what Terraform does to it, empty without its plan."""

    node: str
    change: Change
    roles: tuple[str, ...]
    fields: tuple[FieldChange, ...]
    happens: str


class VolumeChange(msgspec.Struct, frozen=True):
    """A data volume that comes, goes, moves or grows; sizes in GiB, None where it is not there."""

    key: str
    node: str
    change: Change
    before_gib: int | None
    after_gib: int | None


class Loss(msgspec.Struct, frozen=True):
    """Something that is destroyed, or destroyed and made anew.

    Attributes:
        address: Of the resource; empty where no Terraform plan was given.
        subject: Node, key of the volume or name of the zone; else the address.
        replaced: It is made anew.
        kept: The topology keeps it: nobody asked for this.
        why: What makes Terraform do it; empty where it follows from the topology.
        holds: What a machine has on its system disk and nothing else has.
    """

    address: str
    kind: ResourceKind
    subject: str
    replaced: bool
    kept: bool
    why: str
    holds: tuple[str, ...] = ()

    @property
    def stateful(self) -> bool:
        """Whether it is lost for good."""
        return self.kind in STATEFUL or bool(self.holds)

    @property
    def grave(self) -> bool:
        """Whether somebody will miss it: the rest are rules, records and the like."""
        return self.stateful or self.kind == "machine" or (self.kind == "attachment" and self.kept)


class RecordChange(msgspec.Struct, frozen=True):
    """A set of DNS records that comes, goes or differs.

    Attributes:
        type: Of the records; `PTR` for a reverse name, which stands under its address.
        change: `changed` also where only the time changes for which the world remembers them.
        ttl: In seconds; how long the world remembers what was there before, 0 where nothing was or nobody knows.
        ttl_after: How long it remembers what is there now, likewise.
        mail: Whether mail is delivered depends on it.
        meanwhile: What happens until the world has forgotten the old ones.
    """

    name: str
    type: str
    change: Change
    before: tuple[str, ...]
    after: tuple[str, ...]
    ttl: int
    ttl_after: int
    mail: bool
    meanwhile: str


class CostRow(msgspec.Struct, frozen=True):
    """Some of the same thing; amounts in a month, None where no price is known."""

    what: str
    before_quantity: int
    after_quantity: int
    unit: str
    before: float | None
    after: float | None
    currency: str


_HALF_A_CENT = 0.005
"""Less is rounded away."""


class CostChange(msgspec.Struct, frozen=True):
    """What a month costs, before and after.

    Attributes:
        before: Totals by currency.
        after: Likewise.
        rows: What differs.
        dates: ISO dates for which the prices were read.
        unknown: What has no known price.
    """

    before: dict[str, float]
    after: dict[str, float]
    rows: tuple[CostRow, ...]
    dates: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def differences(self) -> dict[str, float]:
        """What a month costs more, by currency, where that is half a cent at least."""
        found = {one: self.after.get(one, 0.0) - self.before.get(one, 0.0) for one in [*self.before, *self.after]}
        return {currency: more for currency, more in found.items() if abs(more) >= _HALF_A_CENT}

    @property
    def untold(self) -> tuple[str, ...]:
        """What of the difference has no known price."""
        return tuple(row.what for row in self.rows if row.before is None or row.after is None)


class Configure(msgspec.Struct, frozen=True):
    """A node that needs its data once more, and the command that brings it after the apply."""

    node: str
    command: str


class Caution(msgspec.Struct, frozen=True):
    """What a reviewer should know; `mend` is what can be done about it."""

    rule: str
    message: str
    mend: str


class Disagreement(msgspec.Struct, frozen=True):
    """Where the Terraform plan says something else than the topology.

    Attributes:
        kind: It opens what no flow asks for, lacks what one asks for, its machines or volumes are others, it destroys
            what the topology keeps, makes again what stood before, makes up for an earlier change, its DNS records are
            others, or something was changed outside of Terraform.
        address: Of the resource; empty where there is none.
        standing: It was so before, and this plan leaves it.
        internet: What it opens to the whole Internet, or may, as `143/tcp`; empty where it does not.
        mail: The record on which mail depends; empty where it is about none.
        mail_too: Further ones.
    """

    kind: Literal["opens", "lacks", "others", "destroys", "again", "overdue", "records", "drift"]
    address: str
    message: str
    standing: bool
    internet: str = ""
    mail: str = ""
    mail_too: tuple[str, ...] = ()


class Beside(msgspec.Struct, frozen=True):
    """A resource that changes and that no generated file has; `happens` is what Terraform does to it, in words."""

    address: str
    happens: str


class Judgement(msgspec.Struct, frozen=True):
    """A verdict that was met.

    Attributes:
        verdict: Its id.
        subjects: What meets it, and is not accepted.
        accepted: What meets it, and is accepted.
        reason: Why it is accepted.
        note: Why an acceptance does not count, such as that it ended.
        fails: The review fails for it.
    """

    verdict: str
    subjects: tuple[str, ...]
    accepted: tuple[str, ...]
    reason: str
    note: str
    fails: bool


class Review(msgspec.Struct, frozen=True):
    """A change, in the words of the domain.

    Attributes:
        format: Version of this structure; fields are only added within one.
        base: What it is compared with, in words.
        fresh: There was no deployment before.
        terraform: A Terraform plan was read too.
        partial: Why less could be compared than asked for; empty where all was.
        verdict: All of it in one line.
    """

    format: int
    base: str
    fresh: bool
    terraform: bool
    partial: str
    verdict: str
    judgements: tuple[Judgement, ...]
    disagreements: tuple[Disagreement, ...]
    reach: tuple[ReachChange, ...]
    losses: tuple[Loss, ...]
    machines: tuple[MachineChange, ...]
    volumes: tuple[VolumeChange, ...]
    records: tuple[RecordChange, ...]
    cost: CostChange
    configure: tuple[Configure, ...]
    cautions: tuple[Caution, ...]
    beside: tuple[Beside, ...] = ()

    @property
    def fails(self) -> bool:
        """Whether a verdict that was asked for is met."""
        return any(one.fails for one in self.judgements)
