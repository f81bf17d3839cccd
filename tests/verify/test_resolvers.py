"""Resolvers that are dead, slow, unwilling or forgetful are told apart, within bounds of time."""

from __future__ import annotations

import time
from pathlib import Path

import dns.edns
import dns.message
import dns.rcode
import pytest

from tests.verify.deployment import REVERSE, Deployment, deploy, findings
from tests.verify.scripted import Answers, Scripted, coded, cut, late, name_of

KEY = "carbonio._domainkey.example.com"


def test_a_right_answer_is_asked_for_once(deployment: Deployment, right: Answers) -> None:
    with Scripted(right.plainly) as server:
        rows = deployment.rows("--resolver", server.word, code=0)
    assert not findings(rows)
    assert set(server.asked.values()) == {1}
    assert server.by_tcp == 0


@pytest.mark.slow
def test_a_dead_resolver_is_given_up_in_bounded_time(deployment: Deployment) -> None:
    with Scripted(lambda _, __, ___: None) as server:
        start = time.monotonic()
        result = deployment.verify("--resolver", server.word, "--timeout", "2")
        took = time.monotonic() - start
    assert result.code == 3
    assert "no resolver answers" in result.err
    assert "no answer within the time allowed" in result.err
    assert "Traceback" not in result.err
    assert took < 6
    assert max(server.asked.values()) == 3


def test_a_port_where_nobody_listens_is_no_timeout(deployment: Deployment) -> None:
    with Scripted(lambda _, __, ___: None) as server:
        word = server.word
    start = time.monotonic()
    result = deployment.verify("--resolver", word)
    assert result.code == 3
    assert "cannot be reached [Connection refused]" in result.err
    assert time.monotonic() - start < 3


def test_servfail_is_a_finding_with_what_the_resolver_said(deployment: Deployment, right: Answers) -> None:
    def behaviour(query: dns.message.Message, _: int, __: bool) -> bytes:
        if name_of(query) != KEY:
            return right.to(query).to_wire()
        reply = dns.message.make_response(query, recursion_available=True)
        reply.set_rcode(dns.rcode.SERVFAIL)
        reply.use_edns(0, options=[dns.edns.EDEOption(dns.edns.EDECode.DNSSEC_BOGUS, "no signature")])
        return reply.to_wire()

    with Scripted(behaviour) as server:
        rows = deployment.rows("--resolver", server.word, code=1)
    assert findings(rows) == [("unresolved", "TXT", KEY)]
    row = next(row for row in rows if row["name"] == KEY)
    assert "SERVFAIL" in row["message"]
    assert "dnssec bogus: no signature" in row["message"].lower()
    assert "registrar" in row["remedy"]
    assert server.asked[KEY, "TXT"] == 3


def test_servfail_for_everything_is_no_dead_resolver(deployment: Deployment) -> None:
    with Scripted(lambda query, _, __: coded(query, dns.rcode.SERVFAIL)) as server:
        rows = deployment.rows("--resolver", server.word, code=1)
    assert {row["status"] for row in rows} == {"unresolved"}


@pytest.mark.slow
def test_refused_by_all_is_of_the_surroundings(deployment: Deployment, right: Answers) -> None:
    with Scripted(lambda query, _, __: coded(query, dns.rcode.REFUSED)) as server:
        result = deployment.verify("--resolver", server.word)
    assert result.code == 3
    assert "REFUSED" in result.err
    assert "--resolver" in result.err

    def one(query: dns.message.Message, _: int, __: bool) -> bytes:
        return coded(query, dns.rcode.REFUSED) if name_of(query) == KEY else right.to(query).to_wire()

    with Scripted(one) as server:
        rows = deployment.rows("--resolver", server.word, code=1)
    assert findings(rows) == [("unresolved", "TXT", KEY)]
    assert "REFUSED" in next(row for row in rows if row["name"] == KEY)["message"]


def test_a_truncated_answer_is_fetched_by_tcp(deployment: Deployment, right: Answers) -> None:
    def behaviour(query: dns.message.Message, _: int, tcp: bool) -> bytes:
        return right.to(query).to_wire() if tcp or name_of(query) != KEY else cut(query)

    with Scripted(behaviour) as server:
        rows = deployment.rows("--resolver", server.word, code=0)
    assert not findings(rows)
    assert server.by_tcp == 1
    with Scripted(behaviour, tcp=False) as server:
        rows = deployment.rows("--resolver", server.word, code=1)
    assert findings(rows) == [("unresolved", "TXT", KEY)]
    row = next(row for row in rows if row["name"] == KEY)
    assert "too long for UDP" in row["message"]
    assert "TCP: Connection refused" in row["message"]
    assert "TCP port 53" in row["remedy"]


@pytest.mark.slow
def test_an_answer_after_five_seconds_counts(deployment: Deployment, right: Answers) -> None:
    with Scripted(late(5, right)) as server:
        start = time.monotonic()
        rows = deployment.rows("--resolver", server.word, code=0)
        took = time.monotonic() - start
    assert not findings(rows)
    assert all("answered after 5." in row["message"] for row in rows)
    # Questions that follow from an answer take their time too.
    assert took < 20


def test_a_lost_answer_is_asked_for_again(deployment: Deployment, right: Answers) -> None:
    def first_lost(query: dns.message.Message, number: int, _: bool) -> bytes | None:
        return None if number == 1 else right.to(query).to_wire()

    with Scripted(first_lost) as server:
        rows = deployment.rows("--resolver", server.word, "--timeout", "2", code=0)
    assert not findings(rows)
    assert all("asked 2 times" in row["message"] for row in rows)
    assert set(server.asked.values()) == {2}


def test_a_passing_servfail_is_asked_again(deployment: Deployment, right: Answers) -> None:
    def at_first(query: dns.message.Message, number: int, _: bool) -> bytes:
        return coded(query, dns.rcode.SERVFAIL) if number < 3 else right.to(query).to_wire()

    with Scripted(at_first) as server:
        assert not findings(deployment.rows("--resolver", server.word, code=0))


def test_a_server_that_knows_no_extensions_is_asked_without(deployment: Deployment, right: Answers) -> None:
    def old(query: dns.message.Message, _: int, __: bool) -> bytes:
        return coded(query, dns.rcode.FORMERR) if query.edns >= 0 else right.to(query).to_wire()

    with Scripted(old) as server:
        assert not findings(deployment.rows("--resolver", server.word, code=0))


def test_garbage_and_answers_to_others_are_not_taken(deployment: Deployment, right: Answers) -> None:
    def behaviour(query: dns.message.Message, number: int, _: bool) -> bytes:
        wire = right.to(query).to_wire()
        return wire if number > 1 else b"\xff" * 7 if len(wire) % 2 else bytes([wire[0] ^ 1]) + wire[1:]

    with Scripted(behaviour) as server:
        assert not findings(deployment.rows("--resolver", server.word, "--timeout", "2", code=0))


@pytest.mark.slow
def test_the_resolver_that_differs_is_named(deployment: Deployment, right: Answers) -> None:
    old = Answers({"example.com": deployment.zone.replace("A 203.0.113.10", "A 203.0.113.9"), **REVERSE})
    with Scripted(right.plainly) as new, Scripted(old.plainly) as stale, Scripted(lambda _, __, ___: None) as dead:
        words = [word for server in (new, stale, dead) for word in ("--resolver", server.word)]
        rows = deployment.rows(*words, "--timeout", "1", code=1)
    assert [row["name"] for row in rows if row["check"] == "resolver"] == [dead.word.replace(":", "#")]
    differing = [row for row in rows if row["status"] == "differs"]
    assert [row["name"] for row in differing] == [f"{name}.example.com" for name in ("mail", "mta1", "video1")]
    for row in differing:
        assert row["resolvers"] == [stale.word.replace(":", "#")]
        assert f"right at {new.word.replace(':', '#')}" in row["message"]
        assert "may still remember" in row["remedy"]


def test_resolvers_that_put_the_same_in_other_words_agree(deployment: Deployment, right: Answers) -> None:
    other = deployment.zone.replace("v=DMARC1; p=none; rua", "v=DMARC1;p=none;rua").replace("v=spf1 ", "v=spf1  ")
    assert other != deployment.zone
    with Scripted(right.plainly) as one, Scripted(Answers({"example.com": other, **REVERSE}).plainly) as two:
        alone = deployment.rows("--resolver", one.word, code=0)
        rows = deployment.rows("--resolver", one.word, "--resolver", two.word, code=0)
    assert [(row["name"], row["check"]) for row in rows] == [(row["name"], row["check"]) for row in alone]
    assert {len(row["resolvers"]) for row in rows} == {2}


def test_the_target_of_ones_own_mx_is_asked_for(tmp_path: Path) -> None:
    made = deploy(tmp_path / "mail", "  dmarc: none\n  records: {lists: {MX: 10 mx.example.net}}\n")
    zones = {"example.com": made.zone, **REVERSE}
    bare, whole = (
        Answers({**zones, "example.net": "x A 192.0.2.1\n"}),
        Answers({**zones, "example.net": "mx A 192.0.2.1\n"}),
    )

    def failing(query: dns.message.Message, number: int, tcp: bool) -> bytes:
        failed = name_of(query) == "mx.example.net"
        return coded(query, dns.rcode.SERVFAIL) if failed else whole.plainly(query, number, tcp)

    said = []
    for behaviour, code in ((whole.plainly, 0), (bare.plainly, 1), (failing, 1)):
        with Scripted(behaviour) as server:
            rows = made.rows("--resolver", server.word, code=code)
        said.append(next(row for row in rows if row["name"] == "lists.example.com"))
    assert [row["status"] for row in said] == ["ok", "invalid", "unresolved"]
    assert "mx.example.net has no A record" in said[1]["message"]
    assert "name that it leads to" in said[1]["remedy"]
    assert "SERVFAIL" in said[2]["message"]
    assert "registrar" in said[2]["remedy"]


@pytest.mark.parametrize(
    "word", ["ns.example.com", "1.2.3", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:x", "", "[::1"]
)
def test_a_wrong_resolver_is_refused(deployment: Deployment, word: str) -> None:
    result = deployment.verify("--resolver", word)
    assert result.code == 2
    assert "--resolver" in result.err


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("9.9.9.9", "9.9.9.9"),
        ("127.0.0.1:53", "127.0.0.1"),
        ("127.0.0.1#5353", "127.0.0.1#5353"),
        ("[::1]:5353", "::1#5353"),
        ("::1#5353", "::1#5353"),
        ("2620:fe::fe", "2620:fe::fe"),
        ("2620:fe::9", "2620:fe::9"),
    ],
)
def test_words_for_resolvers(word: str, shown: str) -> None:
    from generator.verify.resolvers import parse

    assert str(parse(word)) == shown


def test_a_machine_without_resolver(deployment: Deployment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import dns.resolver

    empty = tmp_path / "resolv.conf"
    empty.write_text("search example.com\n", "utf-8")
    read = dns.resolver.Resolver.read_resolv_conf
    monkeypatch.setattr(dns.resolver.Resolver, "read_resolv_conf", lambda self, _: read(self, str(empty)))
    result = deployment.verify()
    assert result.code == 3
    assert "no resolver" in result.err
