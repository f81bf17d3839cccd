"""What firewalld lets in, read from the XML of its zone and ipsets. It filters nothing that leaves."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from xml.etree import ElementTree as ET

from tests.oracle.groups import OracleError
from tests.oracle.masks import FULL, PROTOCOLS, Ranges, mask
from tests.oracle.nft import ICMP_TYPES, Packet

ZONE = "/etc/firewalld/zones/carbonio.xml"
IPSETS = "/etc/firewalld/ipsets/"
# IPSET_MAXNAMELEN in firewalld's core/ipset.py.
LONGEST_NAME = 32
EVERYTHING = {"0.0.0.0/0", "::/0"}


class Row(NamedTuple):
    """One rule of the zone; `source` is None for anywhere."""

    source: Ranges | None
    protocol: str
    ports: int


class Zone:
    """A machine's firewalld with one zone that decides about everything."""

    def __init__(self, rows: tuple[Row, ...]) -> None:
        self._rows = rows

    def edges(self) -> set[int]:
        """Return every address at which an answer may change."""
        return {edge for row in self._rows if row.source for edge in row.source.edges()}

    def admits(self, hook: str, packet: Packet) -> int:
        """Return the ports that a hook lets through, as `nft.Firewall.admits` does."""
        full = FULL[packet.protocol]
        if hook in {"output", "prerouting"}:
            return full
        found = 0
        if hook == "input" and not packet.sixth:
            for row in self._rows:
                if row.protocol == packet.protocol and (row.source is None or packet.source in row.source):
                    found |= row.ports
        return found

    def translated(self, packet: Packet) -> tuple[tuple[int, tuple[int, ...]], ...]:
        """Return nothing: no address is translated."""
        del packet
        return ()

    def masked(self, packet: Packet) -> int:
        """Return no ports: likewise."""
        del packet
        return 0


def load(files: Mapping[str, str]) -> Zone:
    """Read a zone and the ipsets that it names.

    Args:
        files: Content by path.

    Raises:
        OracleError: Something in them cannot be judged.
    """
    return _load(tuple(sorted((path, text) for path, text in files.items() if path.startswith("/etc/firewalld/"))))


@functools.cache
def _load(files: tuple[tuple[str, str], ...]) -> Zone:
    content = dict(files)
    sets = {}
    for path, text in files:
        if path.startswith(IPSETS):
            name = path.removeprefix(IPSETS).removesuffix(".xml")
            if len(name) > LONGEST_NAME:
                raise OracleError(f"firewalld takes no ipset with so long a name: {name}")
            sets[name] = _ipset(path, text)
        elif path != ZONE:
            raise OracleError(f"a file of firewalld that the oracle does not know: {path}")
    rows = tuple(_zone(content[ZONE], sets))
    return Zone(rows)


def _ipset(path: str, text: str) -> Ranges:
    root = ET.fromstring(text)  # noqa: S314
    if root.tag != "ipset" or root.attrib != {"type": "hash:net"}:
        raise OracleError(f"{path}: {root.tag} {root.attrib}")
    entries = []
    for child in root:
        if child.tag == "entry" and child.text:
            entries.append(child.text)
        elif child.tag not in {"short", "description"}:
            raise OracleError(f"{path}: {child.tag}")
    # The kernel's hash:net takes no prefix of length 0.
    if any(entry.endswith("/0") for entry in entries):
        raise OracleError(f"{path}: an ipset cannot hold every address")
    return Ranges(entries)


def _zone(text: str, sets: Mapping[str, Ranges]) -> Iterator[Row]:
    root = ET.fromstring(text)  # noqa: S314
    if root.tag != "zone" or root.attrib != {"target": "DROP"}:
        raise OracleError(f"the zone is {root.tag} {root.attrib}")
    sources = set()
    for child in root:
        if child.tag == "source" and set(child.attrib) == {"address"}:
            sources.add(child.attrib["address"])
        elif child.tag == "rule":
            yield from _rule(child, sets)
        elif child.tag not in {"short", "description"}:
            raise OracleError(f"the zone has {child.tag} {child.attrib}")
    if sources != EVERYTHING:
        raise OracleError(f"the zone decides about {sorted(sources)} alone")


def _rule(rule: ET.Element, sets: Mapping[str, Ranges]) -> Iterator[Row]:
    if rule.attrib != {"family": "ipv4"}:
        raise OracleError(f"a rule for {rule.attrib}")
    parts = {child.tag: child.attrib for child in rule}
    if len(parts) != len(rule) or "accept" not in parts or parts.pop("accept"):
        raise OracleError(f"a rule that the oracle does not know: {parts}")
    source = None
    if "source" in parts:
        own = parts.pop("source")
        if set(own) == {"ipset"}:
            source = sets[own["ipset"]]
        elif set(own) == {"address"}:
            source = Ranges([own["address"]])
        else:
            raise OracleError(f"a rule for the source {own}")
    if not parts:
        yield from (Row(source, protocol, FULL[protocol]) for protocol in PROTOCOLS)
        return
    if len(parts) > 1:
        raise OracleError(f"a rule with more than one condition: {parts}")
    ((kind, what),) = parts.items()
    if kind == "port" and set(what) == {"port", "protocol"} and what["protocol"] in {"tcp", "udp"}:
        yield Row(source, what["protocol"], mask(what["port"], what["protocol"]))
    elif kind == "icmp-type" and set(what) == {"name"}:
        yield Row(source, "icmp", 1 << ICMP_TYPES[what["name"]])
    else:
        raise OracleError(f"a rule that the oracle does not know: {kind} {what}")
