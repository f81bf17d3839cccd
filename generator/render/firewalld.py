"""A machine's own firewall for firewalld: one zone for every source, one ipset for each.

For firewalld 0.9 and later. Formats: firewalld.zone(5), firewalld.richlanguage(5), firewalld.ipset(5).
"""

from collections.abc import Iterator

from generator.plan import HostFirewall, HostRule

ANYWHERE = "0.0.0.0/0"
ZONE = "/etc/firewalld/zones/carbonio.xml"
_ICMP = {
    "0": "echo-reply",
    "3": "destination-unreachable",
    "4": "source-quench",
    "8": "echo-request",
    "11": "time-exceeded",
    "12": "parameter-problem",
}
"""firewalld knows types of ICMP by name (RFC 792)."""

_HEAD = (
    '<?xml version="1.0" encoding="utf-8"?>',
    "<!-- Written by generate: change the topology instead, then write this anew. -->",
)


def firewalld(firewall: HostFirewall) -> dict[str, tuple[str, ...]]:
    """Return the zone and its ipsets, lines by path.

    Args:
        firewall: What the machine lets in.
    """
    files = {ZONE: _zone(firewall)}
    for source, ranges in sorted(firewall.sources.items()):
        if ANYWHERE not in ranges:
            files[f"/etc/firewalld/ipsets/{_ipset(source)}.xml"] = (
                *_HEAD,
                '<ipset type="hash:net">',
                *(f"  <entry>{entry}</entry>" for entry in ranges),
                "</ipset>",
            )
    return files


def _ipset(source: str) -> str:
    return f"carbonio-{source}"


def _zone(firewall: HostFirewall) -> tuple[str, ...]:
    return (
        *_HEAD,
        '<zone target="DROP">',
        "  <!-- What this machine lets in. Everything else is dropped, IPv6 wholly. -->",
        "  <!-- Zones of sources come before zones of interfaces: with every address as a source, this one decides,",
        "       whatever zone an interface is put into. -->",
        '  <source address="0.0.0.0/0"/>',
        '  <source address="::/0"/>',
        *(f"  {line}" for line in _rules(firewall)),
        "</zone>",
    )


def _rules(firewall: HostFirewall) -> Iterator[str]:
    before = ""
    for rule in sorted(firewall.rules, key=lambda rule: (rule.source, rule.protocol)):
        ranges = firewall.sources[rule.source]
        if rule.source != before:
            before = rule.source
            yield f"<!-- from {rule.source} -->"
        source = "" if ANYWHERE in ranges else f'<source ipset="{_ipset(rule.source)}"/>'
        for element in _elements(rule):
            yield f'<rule family="ipv4">{source}{element}<accept/></rule>'


def _elements(rule: HostRule) -> list[str]:
    """Return what a packet must be: a port each, a type of ICMP each, or nothing for every protocol."""
    if rule.protocol == "any":
        return [""]
    if rule.protocol == "icmp":
        return [f'<icmp-type name="{_ICMP[entry]}"/>' for entry in rule.ports]
    return [f'<port port="{entry}" protocol="{rule.protocol}"/>' for entry in rule.ports]
