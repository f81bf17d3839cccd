"""Faults planted in a zone that real servers serve: each is found and named, and nothing else is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.name_servers import HOST, authoritative, missing, resolver
from tests.verify.deployment import ADDRESS, REVERSE, Deployment, deploy, dkim_key, findings, full_dns

LACKING = missing("nsd", "unbound")
pytestmark = [pytest.mark.skipif(bool(LACKING), reason=LACKING), pytest.mark.slow]

Finding = tuple[str, str, str]
MAIL, MTA1, VIDEO1 = (f"{name}.example.com" for name in ("mail", "mta1", "video1"))
SPF = '"v=spf1 ip4:203.0.113.10 -all"'
PTR = REVERSE["113.0.203.in-addr.arpa"]
ELEVEN = "".join(f's{number} 60 IN TXT "v=spf1 ip4:192.0.2.{number} -all"\n' for number in range(1, 12))
INCLUDES = " ".join(f"include:s{number}.example.net" for number in range(1, 12))


class Fault(NamedTuple):
    """Something that went wrong when the zone was published.

    Attributes:
        lines: Pattern of the zone's records that are replaced, and what stands there instead.
        found: What the report shall say, and nothing else.
        words: What the message or the remedy has to name.
        reverse: The reverse zone, where the fault is there.
        other: Records of example.net.
    """

    lines: tuple[tuple[str, str], ...]
    found: tuple[Finding, ...]
    words: str
    reverse: str = PTR
    other: str = ""


def host(name: str) -> str:
    return rf"{re.escape(name)}\. 300 IN A .*"


FAULTS = {
    "a host without A": Fault(((host(VIDEO1), ""),), (("missing", "A", VIDEO1),), "not this type of record"),
    "a host with another A": Fault(
        ((host(VIDEO1), f"{VIDEO1}. 300 IN A 203.0.113.99"),), (("differs", "A", VIDEO1),), "203.0.113.99"
    ),
    "a private address in public": Fault(
        ((host(VIDEO1), f"{VIDEO1}. 300 IN A 10.0.0.5"),), (("differs", "A", VIDEO1),), "10.0.0.5 is a private address"
    ),
    "an address too many": Fault(
        ((host(VIDEO1), f"{VIDEO1}. 300 IN A {ADDRESS}\n{VIDEO1}. 300 IN A 203.0.113.77"),),
        (("extra", "A", VIDEO1),),
        "203.0.113.77",
    ),
    "an IPv6 address of the MX": Fault(
        ((host(MAIL), f"{MAIL}. 300 IN A {ADDRESS}\n{MAIL}. 300 IN AAAA 2001:db8::25"),),
        (("extra", "A", MAIL),),
        "2001:db8::25",
    ),
    "an MX to another name": Fault(
        ((r"example\.com\. 300 IN MX .*", "example.com. 300 IN MX 10 mta1.example.com."),),
        (("differs", "MX", "example.com"),),
        "10 mail.example.com.",
    ),
    "an MX to a CNAME": Fault(
        (
            (
                r"example\.com\. 300 IN MX .*",
                "example.com. 300 IN MX 10 mx.example.com.\nmx 60 IN CNAME mail.example.com.",
            ),
        ),
        (("differs", "MX", "example.com"),),
        "mx.example.com is a CNAME of mail.example.com",
    ),
    "an MX whose name is a CNAME": Fault(
        ((host(MAIL), f"{MAIL}. 300 IN CNAME {MTA1}."),),
        (("alias", "A", MAIL), ("follows", "MX", "example.com")),
        "it is a CNAME of mta1.example.com",
    ),
    "an MX to a name without A": Fault(
        ((r"example\.com\. 300 IN MX .*", "example.com. 300 IN MX 10 gone.example.com."),),
        (("differs", "MX", "example.com"),),
        "gone.example.com has no A record",
    ),
    "an MX whose A is missing": Fault(
        ((host(MAIL), ""),), (("missing", "A", MAIL), ("follows", "MX", "example.com")), "NXDOMAIN"
    ),
    "an MX too many": Fault(
        (
            (
                r"example\.com\. 300 IN MX .*",
                "example.com. 300 IN MX 10 mail.example.com.\nexample.com. 300 IN MX 20 mx.example.net.",
            ),
        ),
        (("extra", "MX", "example.com"),),
        "20 mx.example.net.",
        other="mx 60 IN A 192.0.2.25\n",
    ),
    "no MX": Fault(
        ((r"example\.com\. 300 IN MX .*", ""),), (("missing", "MX", "example.com"),), "not this type of record"
    ),
    "two SPF records": Fault(
        ((re.escape(SPF), f'{SPF}\nexample.com. 300 IN TXT "v=spf1 include:s1.example.net ~all"'),),
        (("extra", "TXT", "example.com"),),
        "there are 2 SPF records",
        other=ELEVEN,
    ),
    "an SPF without the sender": Fault(
        ((re.escape(SPF), '"v=spf1 ip4:203.0.113.11 -all"'),),
        (("differs", "TXT", "example.com"),),
        "mail from 203.0.113.10 gets fail instead of pass",
    ),
    "an SPF that is soft": Fault(
        ((re.escape(SPF), '"v=spf1 ip4:203.0.113.10 ~all"'),), (("differs", "TXT", "example.com"),), "it has ~all"
    ),
    "an SPF with eleven look-ups": Fault(
        ((re.escape(SPF), f'"v=spf1 ip4:203.0.113.10 {INCLUDES[:200]}" "{INCLUDES[200:]} -all"'),),
        (("invalid", "TXT", "example.com"),),
        "it takes 11 look-ups, and receivers stop at 10",
        other=ELEVEN,
    ),
    "no SPF": Fault(
        ((r"example\.com\. 300 IN TXT \"v=spf1.*", ""),), (("missing", "TXT", "example.com"),), "none is an SPF"
    ),
    "no DMARC": Fault(((r"_dmarc\.example\S+ .*", ""),), (("missing", "TXT", "_dmarc.example.com"),), "NXDOMAIN"),
    "another policy": Fault(
        (("p=none", "p=reject"),), (("differs", "TXT", "_dmarc.example.com"),), "p is reject instead of none"
    ),
    "a DMARC record that is none": Fault(
        (("p=none", "p=monitor"),), (("invalid", "TXT", "_dmarc.example.com"),), "receivers cannot use it"
    ),
    "a key cut off": Fault(
        ((r'(_domainkey\S* 300 IN TXT "[^"]*").*', r"\1"),),
        (("invalid", "TXT", "carbonio._domainkey.example.com"),),
        "receivers cannot use the key",
    ),
    "another key": Fault(
        (
            (
                r"_domainkey\S* 300 IN TXT .*",
                f'_domainkey.example.com. 300 IN TXT "{dkim_key(2056)[:200]}" "{dkim_key(2056)[200:]}"',
            ),
        ),
        (("differs", "TXT", "carbonio._domainkey.example.com"),),
        "it is another key",
    ),
    "no reverse name": Fault((), (("missing", "PTR", ADDRESS),), "no reverse name", reverse="99 IN PTR x.example.\n"),
    "another reverse name": Fault(
        (),
        (("differs", "PTR", ADDRESS),),
        "host10.example.net does not lead back to 203.0.113.10: 192.0.2.1",
        reverse="10 60 IN PTR host10.example.net.\n",
        other="host10 60 IN A 192.0.2.1\n",
    ),
    "a second reverse name": Fault(
        (),
        (("extra", "PTR", ADDRESS),),
        "has 2 reverse names",
        reverse=f"{PTR}10 60 IN PTR host10.example.net.\n",
        other=f"host10 60 IN A {ADDRESS}\n",
    ),
    "a reverse name that does not lead back": Fault(
        ((host(MTA1), f"{MTA1}. 300 IN A 203.0.113.99"),),
        (("differs", "A", MTA1), ("follows", "PTR", ADDRESS)),
        "203.0.113.99",
    ),
    "no CAA": Fault(((r"example\.com\. 300 IN CAA .*", ""),), (("missing", "CAA", "example.com"),), "letsencrypt.org"),
    "another authority": Fault(
        ((r"(example\.com\. 300 IN CAA) .*", r'\1 0 issue "letsencrypt.org"\n\1 0 issue "other.example"'),),
        (("extra", "CAA", "example.com"),),
        "other.example",
    ),
    "an old MTA-STS id": Fault(
        ((r"id=[0-9a-f]+", "id=20200101"),), (("differs", "TXT", "_mta-sts.example.com"),), "id="
    ),
}


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    return deploy(tmp_path_factory.mktemp("full") / "mail", full_dns())


def served(folder: Path, zone: str, reverse: str = PTR, other: str = "") -> Iterator[int]:
    zones = {"example.com": zone, "113.0.203.in-addr.arpa": reverse, "example.net": other}
    with (
        authoritative(folder / "nsd", zones) as port,
        resolver(folder / "unbound", dict.fromkeys(zones, port)) as asked,
    ):
        yield asked


def test_nothing_is_found_in_the_right_zone(deployment: Deployment, tmp_path: Path) -> None:
    for port in served(tmp_path, deployment.zone):
        rows = deployment.rows("--resolver", f"{HOST}:{port}", code=0)
        assert {row["status"] for row in rows} == {"ok"}
        assert {row["check"] for row in rows} == {"record", "mx", "spf", "dmarc", "dkim", "ptr", "text"}
        # Every name and type of the zone file has its row; the reverse name comes on top.
        published = set(re.findall(r"(?m)^(\S+)\. \d+ IN (\S+) ", deployment.zone))
        assert {(row["name"], row["type"]) for row in rows} == published | {(ADDRESS, "PTR")}


def test_how_it_is_written_does_not_matter(deployment: Deployment, tmp_path: Path) -> None:
    """Times to live, case, how texts are split, the order, other people's texts, and a delegation of RFC 2317."""
    zone = re.sub(r"(?m)^(\S+) 300 IN", lambda match: f"{match[1].upper()} 77 IN", deployment.zone)
    zone = zone.replace(" mail.example.com.", " MAIL.Example.COM.").replace("v=spf1 ", 'v=spf1" " ')
    lines = [line for line in zone.splitlines() if not line.startswith(("$", ";"))]
    zone = "\n".join(["example.com. 60 IN TXT other=1", *reversed(lines)])
    for port in served(tmp_path, zone, "10 CNAME 10.0-127\n10.0-127 PTR MTA1.Example.com.\n"):
        assert not findings(deployment.rows("--resolver", f"{HOST}:{port}", code=0))


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_and_nothing_else(deployment: Deployment, tmp_path: Path, name: str) -> None:
    fault = FAULTS[name]
    zone = deployment.zone
    for pattern, instead in fault.lines:
        zone, number = re.subn(
            f"(?m){pattern}" if "domainkey" in pattern else f"(?m)(?<![\\w.]){pattern}", instead, zone
        )
        assert number == 1, pattern
    for port in served(tmp_path, zone, fault.reverse, fault.other):
        rows = deployment.rows("--resolver", f"{HOST}#{port}", code=1)
        assert findings(rows) == list(fault.found)
        first = next(row for row in rows if row["status"] == fault.found[0][0])
        assert fault.words in f"{first['message']} {first['planned']} {first['found']}"
        assert first["remedy"]
        told = deployment.verify("--resolver", f"{HOST}#{port}")
        last = told.out[told.out.index("First: ") :]
        status, _, where = fault.found[0]
        assert f"{where} ({status})." in last
        assert len(last.splitlines()) > 1
        assert max(map(len, told.out.splitlines())) <= 80 or "p=" in told.out
