"""A machine's own firewall as `/etc/nftables.conf`.

Nothing newer than nftables 0.9.3 and Linux 5.4 is used. Everything is decided by addresses, never by names of
interfaces, which differ between clouds. Syntax: nft(8).
"""

import textwrap
from collections.abc import Iterable, Iterator

from generator.plan import CLUSTER_GROUP, GATEWAY, Forward, Gateway, HostFirewall, HostRule, Passage, Vpn

ANYWHERE = "0.0.0.0/0"
_STEP = "    "
_WIDTH = 110
_SEED = "0xca4b0410"
"""Fixed, so that a client keeps its node when the rules are loaded again."""
_REST = "drop"
"""Last rule of each chain. The kernel lets a new chain's policy hold only after the chains of before are gone
(nf_tables_commit in net/netfilter/nf_tables_api.c), while rules hold at once: a policy alone leaves a gap."""


def nftables(firewall: HostFirewall, gateway: Gateway | None) -> tuple[str, ...]:
    """Return the lines of `/etc/nftables.conf`.

    Args:
        firewall: What the machine lets in.
        gateway: What it does beside that, on the gateway alone.
    """
    return (
        "#!/usr/sbin/nft -f",
        "# Written by generate: change the topology instead, then write this anew.",
        "#",
        "# Loaded as one transaction: the tables of before go and these come at the same moment. Connections that",
        "# are open stay open. Tables of others are left alone.",
        "",
        "table inet carbonio {}",
        "delete table inet carbonio",
        "table ip carbonio_nat {}",
        "delete table ip carbonio_nat",
        "",
        "table inet carbonio {",
        *_indented(_filter(firewall, gateway)),
        "}",
        *(("", "table ip carbonio_nat {", *_indented(_translation(gateway)), "}") if gateway else ()),
    )


def _indented(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield f"{_STEP}{line}" if line else ""


def _block(head: str, lines: Iterable[str]) -> Iterator[str]:
    yield f"{head} {{"
    yield from _indented(lines)
    yield "}"


def _filter(firewall: HostFirewall, gateway: Gateway | None) -> Iterator[str]:
    """Return sets and chains of the filter."""
    sources = dict(firewall.sources)
    if gateway and gateway.way_out:
        sources[CLUSTER_GROUP] = gateway.cluster
    for name, ranges in sorted(sources.items()):
        if len(ranges) > 1 and ANYWHERE not in ranges:
            elements = [f"{entry}," for entry in ranges[:-1]] + [ranges[-1]]
            yield from _block(f"set {name}", ["type ipv4_addr", "flags interval", *_block("elements =", elements)])
            yield ""
    if gateway:
        inside = [_set(_own_ranges(gateway))]
    else:
        inside = [_ranges(name, sources) for name in (CLUSTER_GROUP, GATEWAY) if name in sources]
    if inside:
        yield from _block("chain prerouting", _forged(inside))
        yield ""
    yield from _block("chain input", [*_input(firewall.rules, sources), _REST])
    yield ""
    yield from _block("chain forward", [*(_forward(gateway, sources) if gateway else _closed()), _REST])
    yield ""
    yield from _block("chain output", [*_output(), _REST])


def _ranges(source: str, sources: dict[str, tuple[str, ...]]) -> str:
    """Return how a rule names a source: its set, or its only range."""
    ranges = sources[source]
    return ranges[0] if len(ranges) == 1 else f"@{source}"


def _set(entries: Iterable[str]) -> str:
    """Return an anonymous set, or the only entry by itself."""
    words = list(entries)
    return words[0] if len(words) == 1 else f"{{ {', '.join(words)} }}"


def _own_ranges(gateway: Gateway) -> list[str]:
    """Return the ranges of the network and the tunnel."""
    return [gateway.network, *([gateway.vpn.range] if gateway.vpn else [])]


def _forged(inside: list[str]) -> Iterator[str]:
    yield "type filter hook prerouting priority raw; policy accept;"
    yield "iif lo accept"
    yield "# Rules trust addresses of the network, so these count only where their route leads."
    yield from (f"ip saddr {ranges} fib saddr . iif oif missing drop" for ranges in inside)


def _input(rules: Iterable[HostRule], sources: dict[str, tuple[str, ...]]) -> Iterator[str]:
    yield "type filter hook input priority filter; policy drop;"
    yield "iif lo accept"
    yield "# There is no IPv6 here. Should it come back, nothing comes in by it."
    yield "meta nfproto ipv6 drop"
    yield "ct state established,related accept"
    yield "ct state invalid drop"
    by_source: dict[str, list[HostRule]] = {}
    for rule in sorted(rules, key=lambda rule: (rule.source, rule.protocol)):
        by_source.setdefault(rule.source, []).append(rule)
    for source, own in by_source.items():
        yield ""
        yield f"# from {source}"
        saddr = "" if ANYWHERE in sources[source] else f"ip saddr {_ranges(source, sources)} "
        for rule in own:
            yield from _wrapped(f"{saddr}{_match(rule.protocol, rule.ports)}accept")


def _match(protocol: str, ports: Iterable[str]) -> str:
    """Return what a packet must be: protocol and ports, or types of ICMP."""
    if protocol == "any":
        return ""
    if protocol == "icmp":
        return f"icmp type {_set(sorted(set(ports), key=int))} "
    return f"{protocol} dport {_set(sorted(set(ports), key=_first))} "


def _first(ports: str) -> int:
    return int(ports.partition("-")[0])


def _wrapped(rule: str) -> list[str]:
    """Break a long rule inside its set of ports, where nft takes a new line."""
    if len(rule) <= _WIDTH:
        return [rule]
    head, _, rest = rule.partition("{ ")
    elements, _, tail = rest.partition(" }")
    lines = textwrap.wrap(elements, _WIDTH - len(_STEP), break_on_hyphens=False, break_long_words=False)
    return [f"{head}{{", *(f"{_STEP}{line}" for line in lines), f"}}{tail}"]


def _closed() -> Iterator[str]:
    yield "type filter hook forward priority filter; policy drop;"


def _output() -> Iterator[str]:
    yield "type filter hook output priority filter; policy drop;"
    yield "# Everything may leave, by IPv4."
    yield "oif lo accept"
    yield "meta nfproto ipv4 accept"


def _near(gateway: Gateway) -> tuple[str, ...]:
    """Return what is not the Internet: the network, the tunnel, and where clouds describe a machine to itself."""
    return (*_own_ranges(gateway), "169.254.0.0/16")


def _forward(gateway: Gateway, sources: dict[str, tuple[str, ...]]) -> Iterator[str]:
    """Return what the gateway lets through: what it forwards, the way out, and the VPN's passages."""
    yield "type filter hook forward priority filter; policy drop;"
    yield "meta nfproto ipv6 drop"
    yield "# Private networks carry less than 1500 bytes: connections must not rely on ICMP to learn it."
    yield "tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu"
    yield "ct state established,related accept"
    yield "ct state invalid drop"
    if gateway.forwards:
        yield ""
        yield "# forwarded ports, see the other table"
        yield "ct status dnat accept"
    if gateway.way_out:
        yield ""
        yield "# the nodes' way out"
        yield f"ip saddr {_ranges(CLUSTER_GROUP, sources)} ip daddr != {_set(_near(gateway))} accept"
    if gateway.vpn and gateway.vpn.passages:
        yield ""
        yield "# from the VPN"
        yield from _passages(gateway.vpn)


def _passages(vpn: Vpn) -> Iterator[str]:
    together: dict[tuple[tuple[str, ...], str], list[Passage]] = {}
    for passage in vpn.passages:
        together.setdefault((_addresses(passage.targets), passage.protocol), []).append(passage)
    for (targets, protocol), passages in sorted(together.items()):
        ports = [passage.ports for passage in passages]
        yield f"# to {', '.join(sorted(passages[0].targets))}"
        yield from _wrapped(f"ip saddr {vpn.range} ip daddr {_set(targets)} {_match(protocol, ports)}accept")


def _addresses(targets: dict[str, str]) -> tuple[str, ...]:
    """Return addresses in the order of the nodes' names."""
    return tuple(address for _, address in sorted(targets.items()))


def _translation(gateway: Gateway) -> Iterator[str]:
    """Return chains of the translation: ports that lead inside, and the way out."""
    yield from _block("chain prerouting", _entrance(gateway))
    if gateway.forwards:
        yield ""
        yield from _block("chain forwarded", _forwards(gateway.forwards))
    yield ""
    yield from _block("chain postrouting", _exits(gateway))


def _entrance(gateway: Gateway) -> Iterator[str]:
    yield "type nat hook prerouting priority dstnat; policy accept;"
    if gateway.forwards:
        yield "# What comes from outside to an address of this machine. Peers of the VPN do not: nodes see them with"
        yield "# this machine's address, which a mail server may trust."
        yield f"ip saddr != {_set(_own_ranges(gateway))} fib daddr type local goto forwarded"


def _forwards(forwards: tuple[Forward, ...]) -> Iterator[str]:
    """Return one rule for all ports that lead from the same sources to the same nodes."""
    yield "# The source is never translated: the nodes see the client's own address."
    together: dict[tuple[tuple[str, ...], tuple[str, ...], str], list[Forward]] = {}
    for forward in forwards:
        key = (_addresses(forward.targets), forward.sources, forward.protocol)
        together.setdefault(key, []).append(forward)
    for (targets, sources, protocol), entries in sorted(together.items()):
        services = dict.fromkeys(service for entry in entries for service in entry.services)
        yield f"# {', '.join(services)} -> {', '.join(sorted(entries[0].targets))}"
        saddr = "" if ANYWHERE in sources else f"ip saddr {_set(sources)} "
        match = _match(protocol, [entry.ports for entry in entries])
        yield f"{saddr}{match}dnat to {_spread(targets)}"


def _spread(targets: tuple[str, ...]) -> str:
    if len(targets) == 1:
        return targets[0]
    choices = ", ".join(f"{place} : {address}" for place, address in enumerate(targets))
    return f"jhash ip saddr mod {len(targets)} seed {_SEED} map {{ {choices} }}"


def _exits(gateway: Gateway) -> Iterator[str]:
    yield "type nat hook postrouting priority srcnat; policy accept;"
    if gateway.way_out:
        yield "# The nodes leave with the address of this machine, which the PTR names."
        yield f"ip saddr {_set(gateway.cluster)} ip daddr != {_set(_near(gateway))} masquerade"
    if gateway.vpn:
        yield "# The nodes have no route to the VPN's range."
        yield f"ip saddr {gateway.vpn.range} ip daddr {gateway.network} masquerade"
