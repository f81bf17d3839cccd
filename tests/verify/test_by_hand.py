"""Records that somebody types into the form of a DNS provider: what goes wrong there is named, with what to type."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import dns.edns
import dns.message
import dns.rcode
import pytest

from tests.verify.deployment import REVERSE, Deployment, deploy, dkim_key
from tests.verify.scripted import Answers, Scripted

FAULTS = {
    # How the line of the right zone is published instead; row; words; what is to be typed, field by field.
    "the name in full": (
        (
            r"example\.com\. 300 IN MX 10 mail\.example\.com\.",
            "example.com.example.com. 300 IN MX 10 mail.example.com.",
        ),
        ("missing", "MX", "example.com"),
        "it stands at example.com.example.com: the name was entered in full",
        ["name @, type MX, priority 10, value:", "mail.example.com"],
    ),
    "the name of a text in full": (
        (r"_dmarc\.example\.com\. 300", "_dmarc.example.com.example.com. 300"),
        ("missing", "TXT", "_dmarc.example.com"),
        "it stands at _dmarc.example.com.example.com: the name was entered in full",
        ["name _dmarc, type TXT, value:", "v=DMARC1; p=none; rua=mailto:postmaster@example.com"],
    ),
    "the name of an address in full": (
        (r"www\.example\.com\. 300", "www.example.com.example.com. 300"),
        ("missing", "A", "www.example.com"),
        "it stands at www.example.com.example.com",
        ["name www, type A, value:", "203.0.113.80"],
    ),
    "a target without its final dot": (
        (r"IN MX 10 mail\.example\.com\.", "IN MX 10 mail.example.com.example.com."),
        ("differs", "MX", "example.com"),
        "mail.example.com.example.com. ends with example.com once more: its final dot was missing",
        ["name @, type MX, priority 10, value:", "mail.example.com"],
    ),
    "an MX to an address": (
        (r"IN MX 10 mail\.example\.com\.", "IN MX 10 203.0.113.10."),
        ("differs", "MX", "example.com"),
        "203.0.113.10 is an address: an MX names a host",
        ["name @, type MX, priority 10, value:", "mail.example.com"],
    ),
    "an MX to an address without its final dot": (
        (r"IN MX 10 mail\.example\.com\.", "IN MX 10 203.0.113.10.example.com."),
        ("differs", "MX", "example.com"),
        "203.0.113.10.example.com is an address: an MX names a host",
        ["name @, type MX, priority 10, value:", "mail.example.com"],
    ),
    "a CNAME in place of an address": (
        (r"www\.example\.com\. 300 IN A .*", "www.example.com. 300 IN CNAME web.example.com.example.com."),
        ("alias", "A", "www.example.com"),
        "it is a CNAME of web.example.com.example.com, which ends with example.com twice: a final dot was missing",
        ["name www, type A, value:", "203.0.113.80"],
    ),
    "quotation marks around a key": (
        (
            r'carbonio\._domainkey(\S*) 300 IN TXT "(.*)" "(.*)"',
            r'carbonio._domainkey\1 300 IN TXT "\\"" "\2" "\3" "\\""',
        ),
        ("invalid", "TXT", "carbonio._domainkey.example.com"),
        "quotation marks are part of the text, and receivers cannot use it: remove them",
        ["name carbonio._domainkey, type TXT, value:", dkim_key()],
    ),
    "two quoted parts of a key": (
        (
            r'carbonio\._domainkey(\S*) 300 IN TXT "(.*)" "(.*)"',
            r'carbonio._domainkey\1 300 IN TXT "\\"" "\2" "\\" \\"" "\3" "\\""',
        ),
        ("invalid", "TXT", "carbonio._domainkey.example.com"),
        "quotation marks are part of the text, and receivers cannot use it: remove them",
        ["name carbonio._domainkey, type TXT, value:", dkim_key()],
    ),
    "backslashes in a key": (
        (
            r'carbonio\._domainkey(\S*) 300 IN TXT "v=DKIM1; k=rsa;',
            r'carbonio._domainkey\1 300 IN TXT "v=DKIM1\\\\; k=rsa\\\\;" "',
        ),
        ("invalid", "TXT", "carbonio._domainkey.example.com"),
        "backslashes are part of the text",
        ["name carbonio._domainkey, type TXT, value:", dkim_key()],
    ),
    "backslashes in DMARC": (
        (r'"v=DMARC1; p=none; rua', r'"v=DMARC1\\\\; p=none\\\\; rua'),
        ("invalid", "TXT", "_dmarc.example.com"),
        "backslashes are part of the text",
        ["name _dmarc, type TXT, value:", "v=DMARC1; p=none; rua=mailto:postmaster@example.com"],
    ),
    "quotation marks around SPF": (
        (r'"v=spf1 ip4:203\.0\.113\.10 -all"', r'"\\"v=spf1 ip4:203.0.113.10 -all\\""'),
        ("invalid", "TXT", "example.com"),
        "quotation marks are part of the text",
        ["name @, type TXT, value:", "v=spf1 ip4:203.0.113.10 -all"],
    ),
    "quotation marks around TLS-RPT": (
        (r'"v=TLSRPTv1;(.*)"', r'"\\"v=TLSRPTv1;\1\\""'),
        ("invalid", "TXT", "_smtp._tls.example.com"),
        "quotation marks are part of the text",
        ["name _smtp._tls, type TXT, value:", "v=TLSRPTv1; rua=mailto:postmaster@example.com"],
    ),
    "a service that is missing": (
        (r"_autodiscover\._tcp\..*", ""),
        ("missing", "SRV", "_autodiscover._tcp.example.com"),
        "NXDOMAIN",
        ["name _autodiscover._tcp, type SRV, priority 0, weight 1, port 443, target:", "mail.example.com"],
    ),
    "an authority that is missing": (
        (r"example\.com\. 300 IN CAA.*", ""),
        ("missing", "CAA", "example.com"),
        "not this type",
        ["name @, type CAA, flags 0, tag issue, value:", "letsencrypt.org"],
    ),
    "a second SPF": (
        (r'(example\.com\. 300 IN TXT) ("v=spf1 ip4.*")', r'\1 \2\n\1 "v=spf1 include:_spf.example.com -all"'),
        ("extra", "TXT", "example.com"),
        "there are 2 SPF records",
        [],
    ),
}


def answered(deployment: Deployment, zone: str, *words: str) -> tuple[list[dict[str, Any]], str]:
    with Scripted(Answers({"example.com": zone, **REVERSE}).plainly) as server:
        arguments = ("--resolver", server.word, *words)
        found = json.loads(deployment.verify("--json", *arguments).out)["rows"]
        return found, deployment.verify(*arguments).out


@pytest.mark.many(5)
@pytest.mark.parametrize("name", FAULTS)
def test_what_goes_wrong_in_forms_is_named(deployment: Deployment, name: str) -> None:
    (pattern, instead), row, words, lines = FAULTS[name]
    zone, number = re.subn(f"(?m)(?<![\\w.]){pattern}", instead, deployment.zone)
    assert number == 1
    rows, told = answered(deployment, zone)
    found = [one for one in rows if one["status"] != "ok"]
    assert [(one["status"], one["type"], one["name"]) for one in found] == [row]
    assert words in found[0]["message"]
    if not lines:
        assert "dns.spf.include" in found[0]["remedy"]
        return
    text, *values = found[0]["remedy"].split("\n")
    assert [line.strip() for line in values] == lines
    assert "example.com." not in "\n".join(lines), "a final dot"
    assert row[0] != "alias" or text.startswith("Remove the CNAME of www")
    # On the screen each stands in one piece, in a line of its own, as does what is planned.
    shown = [line.strip() for line in told[told.index("First: ") :].splitlines()]
    assert shown[-len(lines) :] == lines
    assert [f"            planned {value}" in told.splitlines() for value in found[0]["planned"]] == [True]


def test_every_finding_has_its_remedy_on_the_screen(deployment: Deployment) -> None:
    zone = re.sub(r"(?m)^(www|_dmarc)\..*\n", "", deployment.zone)
    _, told = answered(deployment, zone)
    ends = told[told.index("First: ") :]
    assert "First: A www.example.com (missing)." in ends
    assert "Then: DMARC _dmarc.example.com (missing)." in ends
    assert "    name _dmarc, type TXT, value:\n" in ends


def test_what_is_skipped_or_warned_of_has_its_remedy_too(tmp_path: Path) -> None:
    made = deploy(tmp_path / "mail", "  dmarc: {policy: none, reports: reports@foreign.test}\n")
    answers = Answers({"example.com": made.zone, "foreign.test": "@ MX 10 mx\n", **REVERSE})
    with Scripted(answers.plainly) as server:
        result = made.verify("--resolver", server.word)
    assert result.code == 0
    assert "Also: DMARC _dmarc.example.com (warning).\n  Ask whoever has that domain" in result.out
    assert "Also: DKIM carbonio._domainkey.example.com (skipped).\n  After the installation, name" in result.out


def test_one_remedy_for_all_is_said_once(tmp_path: Path) -> None:
    made = deploy(tmp_path / "mail", "  dmarc: {reports: postmaster@example.com}\n  provider: none\n")
    with Scripted(Answers(REVERSE).plainly) as server:
        told = made.verify("--resolver", server.word).out
    assert told.count("Nothing of example.com is there") == 1


@pytest.mark.parametrize(("provider", "hint"), [("route53", "the registrar names"), ("none", "Most forms add")])
def test_what_several_remedies_have_in_common_is_said_once(provider: str, hint: str, tmp_path: Path) -> None:
    made = deploy(tmp_path / "mail", f"  dmarc: {{reports: postmaster@example.com}}\n  provider: {provider}\n")
    zone = re.sub(r"(?m)^(example\.com\. \d+ IN MX|_dmarc\.).*\n", "", made.zone)
    rows, told = answered(made, zone)
    assert len([row for row in rows if hint in row["remedy"]]) == 2
    assert " ".join(told.split()).count(hint) == 1
    assert told.count("Have exactly this in the zone example.com") == 2


def not_loaded(query: dns.message.Message, _: int, tcp: bool) -> bytes:
    """Behave as BIND and NSD do for a zone that they refused to load."""
    if query.question[0].name.to_text().endswith("example.com."):
        reply = dns.message.make_response(query, recursion_available=True)
        reply.set_rcode(dns.rcode.SERVFAIL)
        reply.use_edns(0, options=[dns.edns.EDEOption(dns.edns.EDECode.NOT_READY, f"no {query.question[0].name}")])
        return reply.to_wire()
    return Answers(REVERSE).plainly(query, _, tcp)


@pytest.mark.slow
def test_a_zone_of_which_nobody_knows_anything_is_one_row(deployment: Deployment) -> None:
    with Scripted(not_loaded) as server:
        rows = deployment.rows("--resolver", server.word, code=1)
        told = deployment.verify("--resolver", server.word).out
    assert [(row["check"], row["name"], row["status"]) for row in rows] == [
        ("zone", "example.com", "unresolved"),
        ("ptr", "203.0.113.10", "follows"),
    ]
    asked = len(re.findall(r"(?m)^\S+\. \d+ IN ", deployment.zone)) - deployment.zone.count("CAA") + 1
    assert f"nothing is known of any of its {asked} records: " in rows[0]["message"]
    assert "name server is yours, its log says why" in rows[0]["remedy"]
    assert "First: zone example.com (unresolved)." in told


@pytest.mark.slow
def test_what_two_resolvers_say_in_other_words_is_one_row(deployment: Deployment) -> None:
    def other(query: dns.message.Message, number: int, tcp: bool) -> bytes:
        reply = dns.message.from_wire(not_loaded(query, number, tcp))
        reply.use_edns(-1)
        return reply.to_wire()

    with Scripted(not_loaded) as one, Scripted(other) as two:
        rows = deployment.rows("--resolver", one.word, "--resolver", two.word, code=1)
    assert [row["check"] for row in rows] == ["zone", "ptr"]
    assert len(rows[0]["resolvers"]) == 2
    assert "only" not in rows[0]["message"]
