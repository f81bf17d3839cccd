"""What the operator sets up on a router of their own, read from the hand-over sheet as they read it."""

from __future__ import annotations

import ipaddress
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from tests.oracle.groups import OracleError
from tests.oracle.masks import FULL, Ranges, address, mask

HEADING = "## Forwards on your router"
COLUMNS = ("Port", "Protocol", "From", "To the same port of", "For")
EVERYBODY = "the Internet"
TARGET = re.compile(r"(?P<address>[0-9.]+) \((?P<name>[a-z0-9-]+)\)")
# What the operator has to know beside the table: mail servers judge clients by their address.
SENTENCES = ("with the client's own address kept", "Nothing else, and never 22 or 6071.")


class Row(NamedTuple):
    """One row of the table: whose packets to which ports go to which addresses, one of them each."""

    sources: Ranges
    protocol: str
    ports: int
    targets: tuple[int, ...]


class Router:
    """A router that does what the sheet says and nothing else.

    Attributes:
        address: Its address among the nodes, to which their default routes lead.
        public: The public address that it holds.
        rows: The table.
    """

    def __init__(self, address: int, public: str, rows: Sequence[Row]) -> None:
        self.address = address
        self.public = public
        self.rows = tuple(rows)

    def forwards(self, source: int, protocol: str) -> dict[int, int]:
        """Return the ports that it forwards from an address, by the addresses that they may go to.

        Args:
            source: The client.
            protocol: One of `masks.PROTOCOLS`.
        """
        found: dict[int, int] = {}
        for row in self.rows:
            if row.protocol == protocol and source in row.sources:
                for target in row.targets:
                    found[target] = found.get(target, 0) | row.ports
        return found

    def edges(self) -> set[int]:
        """Return every address at which an answer may change."""
        return {edge for row in self.rows for edge in row.sources.edges()}


def has_table(sheet: str) -> bool:
    """Tell whether a sheet asks for anything on a router.

    Args:
        sheet: Content of `hand-over.md`.
    """
    return HEADING in sheet.splitlines()


def read(sheet: str, machines: Mapping[str, str]) -> Router:
    """Read the sheet.

    Args:
        sheet: Content of `hand-over.md`.
        machines: Private addresses by machine.

    Raises:
        OracleError: Somebody who reads it would not know what to do.
    """
    if not has_table(sheet):
        raise OracleError("the sheet does not say what the router has to forward")
    lines = sheet.split(f"\n{HEADING}\n")[1].split("\n## ")[0].splitlines()
    text = " ".join(" ".join(line for line in lines if not line.startswith("|")).split())
    for sentence in SENTENCES:
        if sentence not in text:
            raise OracleError(f"the sheet does not say: {sentence}")
    own = _only(text, r"default route leads to ([0-9.]+)\.")
    public = _only(text, r"What comes to ([0-9.]+) has to be forwarded")
    if public != _only(text, r"what the nodes send has to leave as ([0-9.]+):"):
        raise OracleError("what the nodes send leaves with another address than they are reached by")
    rows = [_row(cells, machines) for cells in _table([line for line in lines if line.startswith("|")])]
    for one, other in itertools.combinations(rows, 2):
        if one.protocol == other.protocol and one.ports & other.ports and _overlap(one.sources, other.sources):
            raise OracleError("two rows say where one packet goes")
    return Router(address(own), public, rows)


def _only(text: str, pattern: str) -> str:
    found = re.findall(pattern, text)
    if len(found) != 1:
        raise OracleError(f"the sheet says {found} for {pattern}")
    return str(found[0])


def _table(lines: Sequence[str]) -> Iterator[list[str]]:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    if len(rows) < 3 or tuple(rows[0]) != COLUMNS or set("".join(rows[1])) != {"-"}:
        raise OracleError(f"a table that nobody knows how to read: {rows[:2]}")
    for cells in rows[2:]:
        if len(cells) != len(COLUMNS):
            raise OracleError(f"a row with other cells: {cells}")
        yield cells


def _row(cells: Sequence[str], machines: Mapping[str, str]) -> Row:
    ports, protocol, sources, targets, what = cells
    if protocol not in {"tcp", "udp"} or not re.fullmatch(r"[1-9]\d*(-[1-9]\d*)?", ports) or not what:
        raise OracleError(f"a row that nobody can enter into a router: {cells}")
    ranges = ["0.0.0.0/0"] if sources == EVERYBODY else sources.split(", ")
    if any(not re.fullmatch(r"[0-9.]+/\d+", entry) for entry in ranges):
        raise OracleError(f"sources that nobody can enter into a router: {sources}")
    found = [TARGET.fullmatch(entry) for entry in targets.split(" or ")]
    for target in found:
        if target is None or machines.get(target["name"], target["address"]) != target["address"]:
            raise OracleError(f"a target that is not what it is called: {targets}")
    entered = tuple(address(target["address"]) for target in found if target)
    return Row(Ranges(ranges), protocol, mask(ports, protocol) & FULL[protocol], entered)


def _overlap(one: Ranges, other: Ranges) -> bool:
    return any(first <= end and start <= last for first, last in one.spans for start, end in other.spans)


def first_address(network: str) -> int:
    """Return where a router stands by custom: at the first address of its network.

    Args:
        network: In CIDR form.
    """
    return int(ipaddress.IPv4Network(network).network_address) + 1
