"""The evaluator of nftables' rules, on rules whose effect is known by reading them."""

from __future__ import annotations

import pytest

from tests.oracle import nft_ruleset
from tests.oracle.groups import OracleError
from tests.oracle.masks import FULL, PORTS, address, mask, text
from tests.oracle.nft import SIXTH, Firewall, Packet

WHY_NOT = nft_ruleset.why_not()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "-")

INPUT = "type filter hook input priority filter; policy drop;"


def firewall(rules: str, head: str = INPUT, more: str = "") -> Firewall:
    return Firewall(nft_ruleset.load(f"table inet one {{\n{more}\nchain first {{\n{head}\n{rules}\n}}\n}}"))


def admitted(rules: str, source: str, protocol: str = "tcp", more: str = "") -> str:
    packet = Packet(address(source), address("10.0.0.9"), protocol, local=True)
    return text(firewall(rules, more=more).admits("input", packet), protocol)


@pytest.mark.parametrize(
    ("rules", "source", "protocol", "wanted"),
    [
        ("tcp dport { 22, 100-200 } accept", "192.0.2.1", "tcp", "22, 100-200"),
        ("tcp dport { 22, 100-200 } accept", "192.0.2.1", "udp", ""),
        ("tcp dport != 22 accept", "192.0.2.1", "tcp", "1-21, 23-65535"),
        ("tcp dport != 22 accept", "192.0.2.1", "udp", ""),
        ("tcp dport 22 drop\ntcp dport 20-30 accept", "192.0.2.1", "tcp", "20-21, 23-30"),
        ("ip saddr 10.0.0.0/8 accept", "10.255.255.255", "other", "all"),
        ("ip saddr 10.0.0.0/8 accept", "11.0.0.0", "other", ""),
        ("ip saddr != { 10.0.0.0/8, 192.0.2.1 } tcp dport 25 accept", "192.0.2.1", "tcp", ""),
        ("ip saddr 10.0.0.3-10.0.0.5 udp dport 53 accept", "10.0.0.5", "udp", "53"),
        ("ip daddr 10.0.0.9 udp dport 53 accept", "10.0.0.5", "udp", "53"),
        ("ip daddr 10.0.0.8 udp dport 53 accept", "10.0.0.5", "udp", ""),
        ("icmp type { destination-unreachable, 8 } accept", "10.0.0.5", "icmp", "3, 8"),
        ("meta l4proto { tcp, udp } th dport 53 accept", "10.0.0.5", "udp", "53"),
        ("meta nfproto ipv4 accept", "10.0.0.5", "icmp", "all"),
        ("ct state new tcp dport 80 accept", "10.0.0.5", "tcp", "80"),
        ("ct state established,related accept\nct state invalid drop", "10.0.0.5", "tcp", ""),
        ("ct state vmap { new : jump second, established : accept }", "10.0.0.5", "tcp", "7"),
        ("tcp dport vmap { 5 : accept, 6 : drop }\ntcp dport 5-9 accept", "10.0.0.5", "tcp", "5, 7-9"),
        ("ip saddr . tcp dport { 10.0.0.5 . 22, 10.0.0.6 . 25 } accept", "10.0.0.5", "tcp", "22"),
        ("fib daddr type local tcp dport 25 accept", "10.0.0.5", "tcp", "25"),
        ("fib saddr . iif oif missing drop\ntcp dport 25 accept", "10.0.0.5", "tcp", "25"),
        ("jump second\ntcp dport 9 accept", "10.0.0.5", "tcp", "7, 9"),
        ("goto second\ntcp dport 9 accept", "10.0.0.5", "tcp", "7"),
        ("tcp flags syn counter\ntcp dport 9 counter accept", "10.0.0.5", "tcp", "9"),
    ],
)
def test_ports_that_rules_admit(rules: str, source: str, protocol: str, wanted: str) -> None:
    more = "chain second {\ntcp dport 8 return\ntcp dport 7 accept\n}"
    assert admitted(rules, source, protocol, more) == wanted


@pytest.mark.parametrize(
    "rules",
    [
        'iifname "eth0" accept',
        "limit rate 10/second accept",
        "meta mark 1 accept",
        "tcp sport 22 accept",
        "ct status confirmed accept",
        "ip ttl 64 accept",
        "fib saddr . iif oif missing accept",
        "reject",
        "icmp code 1 accept",
    ],
)
def test_what_is_not_understood_is_an_error(rules: str) -> None:
    with pytest.raises(OracleError):
        admitted(rules, "192.0.2.1", "icmp" if rules.startswith("icmp") else "tcp")


def test_a_set_that_changes_by_itself_is_an_error() -> None:
    with pytest.raises(OracleError):
        admitted("ip saddr @grows accept", "192.0.2.1", more="set grows { type ipv4_addr; flags timeout; }")


def test_every_filter_of_a_hook_has_to_agree() -> None:
    one = "table inet one {\nchain first {\n" + INPUT + "\ntcp dport 1-100 accept\n}\n}\n"
    other = one.replace("inet one", "ip other").replace("filter; policy", "10; policy").replace("1-100", "50-200")
    both = Firewall(nft_ruleset.load(one + other))
    packet = Packet(address("192.0.2.1"), 0, "tcp", local=True)
    assert text(both.admits("input", packet), "tcp") == "50-100"
    # The second table does not see IPv6 at all.
    assert both.admits("input", packet._replace(source=SIXTH, target=SIXTH)) == mask("1-100", "tcp")


def test_a_rule_without_a_family_is_for_ipv6_too() -> None:
    sixth = Packet(SIXTH, SIXTH, "tcp", local=True)
    assert firewall("tcp dport 22 accept").admits("input", sixth) == 1 << 22
    assert firewall("ip saddr 0.0.0.0/0 tcp dport 22 accept").admits("input", sixth) == 0
    assert firewall("meta nfproto ipv6 drop\ntcp dport 22 accept").admits("input", sixth) == 0


def test_addresses_that_are_translated() -> None:
    head = "type nat hook prerouting priority dstnat; policy accept;"
    rules = """
        tcp dport 25 dnat ip to 10.0.0.1
        tcp dport { 80, 443 } dnat ip to jhash ip saddr mod 2 seed 0x1 map { 0 : 10.0.0.1, 1 : 10.0.0.2 }
        fib daddr type local dnat ip to tcp dport map { 587 : 10.0.0.3, 25 : 10.0.0.4 }
    """
    packet = Packet(address("192.0.2.1"), 0, "tcp", local=True)
    found = {
        text(ports, "tcp"): [number - address("10.0.0.0") for number in targets]
        for ports, targets in firewall(rules, head).translated(packet)
    }
    assert found == {"25": [1], "80, 443": [1, 2], "587": [3]}
    assert not firewall(rules, head).translated(packet._replace(protocol="udp"))


def test_addresses_that_are_hidden() -> None:
    head = "type nat hook postrouting priority srcnat; policy accept;"
    hidden = firewall("ip saddr 10.0.0.0/8 ip daddr != 10.0.0.0/8 masquerade", head)
    packet = Packet(address("10.0.0.1"), address("192.0.2.1"), "udp")
    assert hidden.masked(packet) == PORTS
    assert hidden.masked(packet._replace(target=address("10.0.0.2"))) == 0
    assert hidden.masked(packet._replace(source=address("192.0.2.2"))) == 0


def test_packets_with_another_target_are_known_in_the_forward_chain() -> None:
    rules = "ct status dnat accept"
    chain = firewall(rules, "type filter hook forward priority filter; policy drop;")
    packet = Packet(address("192.0.2.1"), address("10.0.0.1"), "icmp")
    assert chain.admits("forward", packet) == 0
    assert chain.admits("forward", packet._replace(translated=True)) == FULL["icmp"]
