"""The judge reads the hand-over sheet as the operator does: a wrong word in its table is noticed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.oracle import nft_ruleset
from tests.oracle.groups import OracleError
from tests.oracle.hand_made import HandMade
from tests.oracle.hand_made_external import behind_router

WHY_NOT = nft_ruleset.why_not()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "-")

Forgery = Callable[[HandMade], object]
IMAPS = "| 993 | tcp | 198.51.100.0/24, 10.9.0.0/24 |"
BOTH = "10.20.0.11 (front1) or 10.20.0.12 (front2)"
FIRST = "| 25 | tcp | the Internet | 10.20.0.11 (front1) | Postfix incoming mail |"
FURTHER = "unjustified: the router's forward to "


def _sheet(old: str, new: str) -> Forgery:
    def forge(made: HandMade) -> None:
        text = "\n".join(made.sheet)
        assert text.count(old) == 1, old
        made.sheet[:] = text.replace(old, new).splitlines()

    return forge


def _row(row: str) -> Forgery:
    return _sheet(FIRST, f"{FIRST}\n{row}")


def _node(machine: str, old: str, new: str) -> Forgery:
    return lambda made: made.edit(machine, old, new)


def _routers(made: HandMade) -> None:
    for content in made.machines.values():
        content["router"] = "10.20.0.2"


# What the judge says about it: the beginning of a finding, or of an error.
FORGED: dict[str, tuple[Forgery, str]] = {
    "22 is forwarded": (
        _row("| 22 | tcp | the Internet | 10.20.0.10 (infra1) | SSH |"),
        f"{FURTHER}infra1 admits tcp 22 from outside 0.0.0.0",
    ),
    "22 is forwarded to administrators": (
        _row("| 22 | tcp | 198.51.100.0/24 | 10.20.0.10 (infra1) | SSH |"),
        "open: outside 198.51.100.0 through the router to infra1: tcp 22",
    ),
    "6071 is forwarded": (
        _row("| 6071 | tcp | the Internet | 10.20.0.11 (front1) | Admin Panel |"),
        f"{FURTHER}front1 admits tcp 6071 from outside 0.0.0.0",
    ),
    "6071 is forwarded to administrators": (
        _row("| 6071 | tcp | 198.51.100.0/24 | 10.20.0.11 (front1) | Admin Panel |"),
        "open: outside 198.51.100.0 through the router to front1: tcp 6071",
    ),
    "Grafana is forwarded": (
        _row("| 3000 | tcp | 198.51.100.0/24, 10.9.0.0/24 | 10.20.0.10 (infra1) | Grafana |"),
        f"{FURTHER}infra1 admits tcp 3000",
    ),
    "a port more": (
        _row("| 143 | tcp | the Internet | 10.20.0.11 (front1) | IMAP |"),
        f"{FURTHER}front1 admits tcp 143",
    ),
    "the same port by another protocol": (
        _row("| 443 | udp | the Internet | 10.20.0.11 (front1) | web |"),
        f"{FURTHER}front1 admits udp 443",
    ),
    "an internal port": (
        _row("| 5432 | tcp | the Internet | 10.20.0.10 (infra1) | PostgreSQL |"),
        f"{FURTHER}infra1 admits tcp 5432",
    ),
    "a longer range": (
        _sheet("| 30001-40000 |", "| 30001-40001 |"),
        f"{FURTHER}video2 admits udp 40001",
    ),
    "a port is lost": (_sheet(f"{FIRST}\n", ""), "closed: outside 0.0.0.0 through the router to front1: tcp 25"),
    "a media port is lost": (
        _sheet("| 30001-40000 |", "| 30002-40000 |"),
        "closed: outside 0.0.0.0 through the router to video2: udp 30001",
    ),
    "a media port is at the other node": (
        lambda made: [
            _sheet("| 20000-30000 |", "| 20000-30001 |")(made),
            _sheet("| 30001-40000 |", "| 30002-40000 |")(made),
        ],
        f"{FURTHER}video1 admits udp 30001",
    ),
    "another node": (
        _sheet(FIRST, FIRST.replace("10.20.0.11 (front1)", "10.20.0.12 (front2)")),
        f"{FURTHER}front2 admits tcp 25",
    ),
    "a node without the role": (
        _sheet(FIRST, FIRST.replace("10.20.0.11 (front1)", "10.20.0.10 (infra1)")),
        f"{FURTHER}infra1 admits tcp 25",
    ),
    "one node too few": (
        _sheet(f"| 443 | tcp | the Internet | {BOTH}", "| 443 | tcp | the Internet | 10.20.0.11 (front1)"),
        "closed: outside 0.0.0.0 through the router to front2: tcp 443",
    ),
    "an address that is no node's": (
        _sheet(FIRST, FIRST.replace("10.20.0.11 (front1)", "10.20.0.99 (front9)")),
        f"{FURTHER}10.20.0.99 admits tcp 25",
    ),
    "an address of another node": (
        _sheet(FIRST, FIRST.replace("10.20.0.11 (front1)", "10.20.0.12 (front1)")),
        "OracleError: a target that is not what it is called",
    ),
    "the Internet instead of administrators": (
        _sheet(IMAPS, "| 993 | tcp | the Internet |"),
        f"{FURTHER}front1 admits tcp 993 from outside 0.0.0.0",
    ),
    "the Internet instead of a listed range": (
        _sheet("| 465 | tcp | 192.0.2.0/26 |", "| 465 | tcp | the Internet |"),
        f"{FURTHER}front2 admits tcp 465 from outside 0.0.0.0",
    ),
    "a wider range": (
        _sheet("| 465 | tcp | 192.0.2.0/26 |", "| 465 | tcp | 192.0.2.0/25 |"),
        f"{FURTHER}front1 admits tcp 465 from outside 192.0.2.64",
    ),
    "a range is lost": (
        _sheet(IMAPS, "| 993 | tcp | 198.51.100.0/24 |"),
        "closed: outside 10.9.0.0 through the router to front1: tcp 993",
    ),
    "another range": (
        _sheet("| 465 | tcp | 192.0.2.0/26 |", "| 465 | tcp | 192.0.2.64/26 |"),
        "closed: outside 192.0.2.0 through the router to front1: tcp 465",
    ),
    "two rows for one port": (
        _row("| 25 | tcp | 198.51.100.0/24 | 10.20.0.12 (front2) | mail |"),
        "OracleError: two rows say where one packet goes",
    ),
    "another port at the node": (
        _sheet("| Port | Protocol | From | To the same port of | For |", "| Port | Protocol | From | To | For |"),
        "OracleError: a table that nobody knows how to read",
    ),
    "every port": (
        _sheet("| 25 | tcp |", "| all | tcp |"),
        "OracleError: a row that nobody can enter into a router",
    ),
    "every protocol": (_sheet("| 25 | tcp |", "| 25 | any |"), "OracleError: a row that nobody can enter"),
    "IPv6": (
        _sheet("| 465 | tcp | 192.0.2.0/26 |", "| 465 | tcp | 2001:db8::/64 |"),
        "OracleError: sources that nobody can enter",
    ),
    "clients lose their address": (
        _sheet("with the client's own address kept, and ", ""),
        "OracleError: the sheet does not say: with the client's own address kept",
    ),
    "mail leaves with another address": (
        _sheet("the nodes send has to leave as 203.0.113.10:", "the nodes send has to leave as 203.0.113.11:"),
        "OracleError: what the nodes send leaves with another address",
    ),
    "another public address": (
        lambda made: made.sheet.__setitem__(
            slice(None), "\n".join(made.sheet).replace("203.0.113.10", "203.0.113.11").splitlines()
        ),
        "OracleError: the sheet is about another router",
    ),
    "another router": (
        _sheet("default route leads to 10.20.0.1.", "default route leads to 10.20.0.2."),
        "OracleError: the sheet is about another router",
    ),
    "there is no table": (_sheet("## Forwards on your router", "## Forwards"), "OracleError: the sheet does not say"),
    "the nodes lead elsewhere": (_routers, "OracleError: infra1 sets its default route to 10.20.0.2"),
    "a node keeps clients out": (
        _node("front1", "tcp dport { 25, 443 }", "tcp dport 443"),
        "closed: outside 0.0.0.0 through the router to front1: tcp 25",
    ),
    "a node keeps administrators out": (
        _node("infra1", "ip saddr { 198.51.100.0/24, 10.9.0.0/24 } tcp dport 22", "ip saddr 10.9.0.0/24 tcp dport 22"),
        "closed: outside 198.51.100.0 to infra1: tcp 22",
    ),
    "a node trusts the router": (
        _node("infra1", "ip saddr @cluster tcp dport 53", "tcp dport 53"),
        "unjustified: the firewall on infra1 admits tcp 53 from outside",
    ),
    "a node is on an uplink": (
        lambda made: [
            made.values["nodes"]["video1"].update(uplink_mac="02:00:00:00:00:01"),
            made.values["network"].update(uplink={"bridge": "br1"}, inside=None),
        ],
        "OracleError: public addresses: ['video1'], wanted []",
    ),
}


def _said(made: HandMade) -> list[str]:
    try:
        return made.judge()
    except OracleError as error:
        return [f"OracleError: {error}"]


def test_the_right_deployment_is_right() -> None:
    assert behind_router().judge() == []


@pytest.mark.parametrize("name", FORGED)
def test_a_forgery_is_noticed(name: str) -> None:
    forge, words = FORGED[name]
    made = behind_router()
    forge(made)
    said = _said(made)
    assert any(line.startswith(words) for line in said), said[:20]


def test_a_router_may_stand_elsewhere() -> None:
    made = behind_router()
    made.topology["network"] = {"router": "10.20.255.254"}
    _sheet("default route leads to 10.20.0.1.", "default route leads to 10.20.255.254.")(made)
    for content in made.machines.values():
        content["router"] = "10.20.255.254"
    assert made.judge() == []
