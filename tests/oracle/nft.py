"""What a ruleset of nftables does with the first packet of a connection, for all ports at once.

Only what such a file needs is understood; anything else is an error. Reply packets are not asked about.
"""

from __future__ import annotations

import bisect
import ipaddress
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from tests.oracle.groups import OracleError
from tests.oracle.masks import FULL, Ranges, mask, span
from tests.oracle.nft_ruleset import Chain, Ruleset, Statements

Json = Mapping[str, Any]

ICMP_TYPES = {
    "echo-reply": 0,
    "destination-unreachable": 3,
    "redirect": 5,
    "echo-request": 8,
    "time-exceeded": 11,
    "parameter-problem": 12,
}
# Statements that leave a packet's fate alone.
HARMLESS = {"counter", "comment", "mangle"}
SIXTH = -1
VERDICTS = {"accept", "drop", "jump", "goto", "return"}


class Packet(NamedTuple):
    """The first packet of a connection, whatever its port.

    Attributes:
        source: An IPv4 address as a number; `SIXTH` for IPv6.
        target: Likewise.
        protocol: `tcp`, `udp`, `icmp` or `other`.
        local: The target is an address of this machine.
        translated: A rule has already chosen another target for it.
    """

    source: int
    target: int
    protocol: str
    local: bool = False
    translated: bool = False

    @property
    def sixth(self) -> bool:
        """Whether it is IPv6."""
        return self.source == SIXTH


class Outcome(NamedTuple):
    """Ports by what happens to them; together they are all ports that were asked about."""

    accepted: int
    dropped: int
    targets: tuple[tuple[int, tuple[int, ...]], ...]
    masked: int


class Firewall:
    """A machine's nftables. Addresses between two of its edges are alike to it, and asked about once.

    What is known of a part of the ruleset is kept by the part's identity: the ruleset lives as long and stays as it is.
    """

    def __init__(self, ruleset: Ruleset) -> None:
        self._ruleset = ruleset
        self._ranges: dict[int, Ranges] = {}
        self._elements: dict[tuple[str, str, int], list[Any]] = {}
        self._read: dict[int, tuple[bool, bool]] = {}
        self._edges = sorted(self.edges())
        self._known: dict[tuple[object, ...], Any] = {}
        self.matches: dict[tuple[object, ...], int] = {}

    def edges(self) -> set[int]:
        """Return every address at which an answer may change."""
        found: set[int] = set()
        for statement in self._values():
            for entry in statement:
                found |= self._addresses(entry).edges()
        return found

    def admits(self, hook: str, packet: Packet) -> int:
        """Return the ports that every filter of a hook lets through.

        Args:
            hook: `input`, `forward`, `output`, or `prerouting` for filters before the routing.
            packet: The packet.
        """
        found: int = self._once(hook, packet, self._admits)
        return found

    def translated(self, packet: Packet) -> tuple[tuple[int, tuple[int, ...]], ...]:
        """Return ports and the addresses that they are sent to, for a packet that arrives."""
        found: Outcome = self._once("dstnat", packet, lambda _, packet: self._nat("prerouting", packet))
        return found.targets

    def masked(self, packet: Packet) -> int:
        """Return the ports on which a packet leaves with the machine's own address."""
        found: Outcome = self._once("srcnat", packet, lambda _, packet: self._nat("postrouting", packet))
        return found.masked

    def _once(self, what: str, packet: Packet, ask: Callable[[str, Packet], Any]) -> Any:
        source = SIXTH if packet.sixth else bisect.bisect_right(self._edges, packet.source)
        target = bisect.bisect_right(self._edges, packet.target)
        key = (what, source, target, packet.protocol, packet.local, packet.translated)
        if key not in self._known:
            self._known[key] = ask(what, packet)
        return self._known[key]

    def _admits(self, hook: str, packet: Packet) -> int:
        ports = FULL[packet.protocol]
        for chain in self._ruleset.hooked(hook, "filter"):
            ports &= self._walk(chain, packet, ports).accepted
        return ports

    def _nat(self, hook: str, packet: Packet) -> Outcome:
        found = Outcome(FULL[packet.protocol], 0, (), 0)
        for chain in self._ruleset.hooked(hook, "nat"):
            if found.targets or found.masked:
                raise OracleError(f"several chains translate at {hook}")
            found = self._walk(chain, packet, FULL[packet.protocol])
            if found.dropped:
                raise OracleError(f"{chain.name} drops packets, but only translates addresses")
        return found

    def _walk(self, chain: Chain, packet: Packet, ports: int) -> Outcome:
        """Go through a base chain with its policy."""
        if chain.family == "ip" and packet.sixth:
            return Outcome(ports, 0, (), 0)
        run = _Run(self, packet)
        rest = run.chain(chain, ports)
        if chain.drops:
            return Outcome(run.accepted, run.dropped | rest, tuple(run.targets), run.masked)
        return Outcome(run.accepted | rest, run.dropped, tuple(run.targets), run.masked)

    def chain_of(self, chain: Chain, name: str) -> Chain:
        """Return the chain that a rule of `chain` jumps to."""
        return self._ruleset.chains[chain.family, chain.table, name]

    def elements(self, chain: Chain, value: Any) -> list[Any]:
        """Return the elements of a right side: a value, a set in place, or a named one."""
        key = (chain.family, chain.table, id(value))
        if key not in self._elements:
            self._elements[key] = self._listed(chain, value)
        return self._elements[key]

    def _listed(self, chain: Chain, value: Any) -> list[Any]:
        if isinstance(value, str) and value.startswith("@"):
            value = self._ruleset.sets[chain.family, chain.table, value[1:]].get("elem", [])
        elif isinstance(value, Mapping) and "set" in value:
            value = value["set"]
        if not isinstance(value, list):
            value = [value]
        return [entry["elem"]["val"] if isinstance(entry, Mapping) and "elem" in entry else entry for entry in value]

    def holds(self, entry: Any, number: int) -> bool:
        """Tell whether an element that stands for addresses holds one."""
        return number in self._addresses(entry)

    def _addresses(self, entry: Any) -> Ranges:
        key = id(entry)
        if key not in self._ranges:
            self._ranges[key] = Ranges(_cidrs(entry))
        return self._ranges[key]

    def reads(self, left: Json) -> tuple[bool, bool]:
        """Tell whether a left side asks for the source, and whether for the target."""
        key = id(left)
        if key not in self._read:
            fields = {part.get("payload", {}).get("field") for part in left.get("concat", [left])}
            self._read[key] = ("saddr" in fields, "daddr" in fields)
        return self._read[key]

    def _values(self) -> Iterator[list[Any]]:
        """Yield everything that addresses are compared with."""
        for chain in self._ruleset.chains.values():
            for rule in chain.rules:
                for statement in rule:
                    if "match" in statement:
                        match = statement["match"]
                        left = match["left"]
                        fields = left.get("concat", [left])
                        for place, field in enumerate(fields):
                            if field.get("payload", {}).get("field") in {"saddr", "daddr"}:
                                values = self.elements(chain, match["right"])
                                yield [entry["concat"][place] if "concat" in left else entry for entry in values]


class _Run:
    """One packet on its way through one base chain."""

    def __init__(self, firewall: Firewall, packet: Packet) -> None:
        self._firewall = firewall
        self._packet = packet
        self.accepted = self.dropped = self.masked = 0
        self.targets: list[tuple[int, tuple[int, ...]]] = []

    def chain(self, chain: Chain, ports: int) -> int:
        """Return the ports that come out at the chain's end."""
        returned = 0
        for rule in chain.rules:
            if not ports:
                break
            ports, back = self._rule(chain, rule, ports)
            returned |= back
        return ports | returned

    def _rule(self, chain: Chain, rule: Statements, ports: int) -> tuple[int, int]:
        """Return the ports that go on to the next rule, and those that leave the chain."""
        matched = ports
        for place, statement in enumerate(rule):
            ((kind, content),) = statement.items()
            if kind in HARMLESS:
                continue
            if kind == "match":
                matched &= self._match(chain, content, drops=place + 1 < len(rule) and "drop" in rule[place + 1])
                continue
            if kind == "vmap":
                return self._vmap(chain, content, ports, matched)
            if kind in {"dnat", "masquerade"}:
                return self._translate(chain, kind, content, ports, matched)
            if kind not in VERDICTS:
                raise OracleError(f"{chain.name}: a statement that the oracle does not know: {statement}")
            return self._verdict(chain, statement, ports, matched)
        return ports, 0

    def _verdict(self, chain: Chain, statement: Json, ports: int, matched: int) -> tuple[int, int]:
        ((kind, content),) = statement.items()
        rest = ports & ~matched
        if kind == "accept":
            self.accepted |= matched
        elif kind == "drop":
            self.dropped |= matched
        elif kind == "return":
            return rest, matched
        elif matched:
            fallen = self.chain(self._firewall.chain_of(chain, content["target"]), matched)
            if kind == "goto":
                return rest, fallen
            return rest | fallen, 0
        return rest, 0

    def _vmap(self, chain: Chain, content: Json, ports: int, matched: int) -> tuple[int, int]:
        returned = 0
        for key, verdict in self._firewall.elements(chain, content["data"]):
            hit = matched & self._compare(chain, content["key"], key)
            after, back = self._verdict(chain, verdict, hit, hit)
            ports = (ports & ~hit) | after
            matched &= ~hit
            returned |= back
        return ports, returned

    def _translate(self, chain: Chain, kind: str, content: Any, ports: int, matched: int) -> tuple[int, int]:
        if chain.type != "nat" and chain.hook:
            raise OracleError(f"{chain.name}: {kind} outside a chain for it")
        if kind == "masquerade":
            if content:
                raise OracleError(f"{chain.name}: masquerade with {content}")
            self.masked |= matched
            self.accepted |= matched
            return ports & ~matched, 0
        if set(content) - {"addr", "family"}:
            raise OracleError(f"{chain.name}: dnat with {sorted(content)}")
        done = 0
        for hit, targets in self._targets(chain, content["addr"]):
            own = matched & hit & ~done
            if own:
                self.targets.append((own, targets))
            done |= own
        self.accepted |= done
        return ports & ~done, 0

    def _targets(self, chain: Chain, content: Any) -> Iterator[tuple[int, tuple[int, ...]]]:
        full = FULL[self._packet.protocol]
        if isinstance(content, str):
            yield full, (_number(content),)
            return
        if set(content) != {"map"}:
            raise OracleError(f"{chain.name}: a target that the oracle does not know: {content}")
        key, data = content["map"]["key"], self._firewall.elements(chain, content["map"]["data"])
        if "jhash" in key:
            yield full, _spread(chain, key["jhash"], data)
            return
        for value, target in data:
            for hit, targets in self._targets(chain, target):
                yield hit & self._compare(chain, key, value), targets

    def _match(self, chain: Chain, content: Json, *, drops: bool) -> int:
        """Return the ports for which a match holds: the same for all packets that are alike in what it reads."""
        packet, known = self._packet, self._firewall.matches
        source, target = self._firewall.reads(content["left"])
        addresses = (packet.source if source else packet.sixth, packet.target if target else packet.sixth)
        key = (id(content), drops, packet.sixth, *addresses, packet.protocol, packet.local, packet.translated)
        if key not in known:
            known[key] = self._matched(chain, content, drops=drops)
        return known[key]

    def _matched(self, chain: Chain, content: Json, *, drops: bool) -> int:
        operator, left, right = content["op"], content["left"], content["right"]
        if operator not in {"==", "!=", "in"}:
            raise OracleError(f"{chain.name}: an operator that the oracle does not know: {operator}")
        full = FULL[self._packet.protocol]
        if left.get("fib", {}).get("result") == "oif":
            if not drops:
                raise OracleError(f"{chain.name}: lets packets through by the route back to their source")
            # Packets with forged sources are not asked about.
            return 0
        if _is_syn(left, right):
            return full if self._packet.protocol == "tcp" else 0
        applies = self._applies(left)
        hit = 0
        for entry in self._firewall.elements(chain, right):
            hit |= self._compare(chain, left, entry)
        return (full & ~hit if operator == "!=" else hit) if applies else 0

    def _applies(self, left: Json) -> bool:
        """Tell whether a packet has the field at all."""
        if "concat" in left:
            return all(self._applies(part) for part in left["concat"])
        packet = self._packet
        wanted = left.get("payload", {}).get("protocol")
        if wanted in {"tcp", "udp", "icmp"}:
            return packet.protocol == wanted and not (packet.sixth and wanted == "icmp")
        if wanted == "th":
            return packet.protocol in {"tcp", "udp"}
        return not (wanted == "ip" and packet.sixth)

    def _compare(self, chain: Chain, left: Json, value: Any) -> int:
        """Return the ports for which a field has a value."""
        if "concat" in left:
            found = FULL[self._packet.protocol]
            for part, entry in zip(left["concat"], value["concat"], strict=True):
                found &= self._compare(chain, part, entry)
            return found
        if not self._applies(left):
            return 0
        ((kind, content),) = left.items()
        if kind == "payload":
            return self._payload(chain, content, value)
        return FULL[self._packet.protocol] if self._fact(chain, kind, content, value) else 0

    def _payload(self, chain: Chain, content: Json, value: Any) -> int:
        packet, full = self._packet, FULL[self._packet.protocol]
        match content["protocol"], content["field"]:
            case "ip", "saddr":
                return full if self._firewall.holds(value, packet.source) else 0
            case "ip", "daddr":
                return full if self._firewall.holds(value, packet.target) else 0
            case "ip", "protocol":
                return full if value == packet.protocol else 0
            case (("tcp" | "udp" | "th"), "dport"):
                return _ports(value) & full
            case "icmp", "type":
                return _ports(ICMP_TYPES.get(value, value))
        raise OracleError(f"{chain.name}: a field that the oracle does not know: {content}")

    def _fact(self, chain: Chain, kind: str, content: Json, value: Any) -> bool:
        """Tell whether something that has nothing to do with ports has a value."""
        packet = self._packet
        match kind, content.get("key"):
            case "meta", "iif" | "iifname" | "oif" | "oifname":
                if value != "lo":
                    raise OracleError(f"{chain.name}: decides by the interface {value}")
                return False
            case "meta", "nfproto":
                return bool(value == ("ipv6" if packet.sixth else "ipv4"))
            case "meta", "protocol":
                return bool(value == ("ip6" if packet.sixth else "ip"))
            case "meta", "l4proto":
                return bool(value == packet.protocol)
            case "ct", "state":
                return bool(value == "new")
            case "ct", "status":
                if value != "dnat":
                    raise OracleError(f"{chain.name}: decides by the status {value}")
                return packet.translated
        if kind == "fib" and content == {"result": "type", "flags": ["daddr"]} and value == "local":
            return packet.local
        raise OracleError(f"{chain.name}: something that the oracle does not know: {kind} {content} {value}")


def _is_syn(left: Json, right: Any) -> bool:
    """Tell whether a match asks for a first packet of TCP, which every packet here is."""
    flags = {"payload": {"protocol": "tcp", "field": "flags"}}
    return right == "syn" and left in (flags, {"&": [flags, ["syn", "rst"]]}, {"&": [flags, ["syn", "ack"]]})


def _spread(chain: Chain, content: Json, data: Sequence[Any]) -> tuple[int, ...]:
    """Return the targets among which clients are spread, each with its share."""
    if content["expr"] != {"payload": {"protocol": "ip", "field": "saddr"}}:
        raise OracleError(f"{chain.name}: spreads by something else than the client: {content}")
    if "seed" not in content:
        raise OracleError(f"{chain.name}: spreads anew after each load, as no seed is given")
    targets = {number: _number(address) for number, address in data}
    if sorted(targets) != list(range(content["mod"])) or content.get("offset", 0):
        raise OracleError(f"{chain.name}: shares without a target: {content} {data}")
    return tuple(targets[number] for number in sorted(targets))


def _number(text: str) -> int:
    return int(ipaddress.IPv4Address(text))


def _ports(value: Any) -> int:
    if isinstance(value, int):
        return span(value, value)
    if isinstance(value, Mapping) and "range" in value:
        first, last = value["range"]
        return span(int(first), int(last))
    if isinstance(value, str) and value.isdecimal():
        return mask(value, "tcp")
    raise OracleError(f"ports that the oracle does not know: {value}")


def _cidrs(entry: Any) -> list[str]:
    if isinstance(entry, str):
        return [entry]
    if isinstance(entry, Mapping) and "prefix" in entry:
        return [f"{entry['prefix']['addr']}/{entry['prefix']['len']}"]
    if isinstance(entry, Mapping) and "range" in entry:
        first, last = (ipaddress.IPv4Address(end) for end in entry["range"])
        return [str(part) for part in ipaddress.summarize_address_range(first, last)]
    raise OracleError(f"addresses that the oracle does not know: {entry}")
