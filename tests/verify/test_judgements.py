"""What single records are judged to be: SPF by RFC 7208, DMARC and its reports, keys, and texts among strangers."""

from __future__ import annotations

from collections.abc import Iterator

import dns.rcode
import pytest

from generator.verify.ask import Client
from generator.verify.dmarc import judge_dmarc
from generator.verify.judge import judge_dkim, judge_text
from generator.verify.model import Expected, Senders, Verdict
from generator.verify.resolvers import Server
from generator.verify.spf import judge_spf
from generator.verify.texts import same
from tests.name_servers import HOST
from tests.verify.deployment import dkim_key
from tests.verify.scripted import Answers, Scripted, coded, name_of

SENDER = "192.0.2.25"
KNOWN = Senders((SENDER,), {}, frozenset(), frozenset(), frozenset(), frozenset({"own.example"}))
# By name: the text, and status and words of the verdict on it where it is as planned.
SPF = {
    "plain": ("v=spf1 ip4:192.0.2.25 -all", "ok", ""),
    "network": ("v=spf1 ip4:192.0.2.0/24 -all", "ok", ""),
    "plus": ("v=spf1 +ip4:192.0.2.25 -all", "ok", ""),
    "six": ("v=spf1 ip4:192.0.2.25 ip6:2001:db8::/48 ip6:2001:db8::1 -all", "ok", ""),
    "sixth": ("v=spf1 ip6:2001:db8::/48 -all", "invalid", "gets fail instead of pass"),
    "none": ("v=spf1 -all", "invalid", "gets fail instead of pass"),
    "soft": ("v=spf1 ~all", "invalid", "gets softfail instead of pass"),
    "silent": ("v=spf1 ip4:192.0.2.26", "invalid", "gets neutral instead of pass"),
    "before": ("v=spf1 -ip4:192.0.2.0/24 ip4:192.0.2.25 -all", "invalid", "gets fail instead of pass"),
    "address": ("v=spf1 a:host.example.net -all", "ok", ""),
    "near": ("v=spf1 a:near.example.net/24 -all", "ok", ""),
    "far": ("v=spf1 a:near.example.net -all", "invalid", "gets fail instead of pass"),
    "exchange": ("v=spf1 mx:mail.example.net -all", "ok", ""),
    "include": ("v=spf1 include:plain.example.net -all", "ok", ""),
    # An include that says fail does not match; what follows decides (RFC 7208, section 5.2).
    "unincluded": ("v=spf1 include:none.example.net ip4:192.0.2.25 -all", "ok", ""),
    "redirect": ("v=spf1 redirect=plain.example.net", "ok", ""),
    "redirected": ("v=spf1 redirect=none.example.net", "invalid", "gets fail instead of pass"),
    "ten": ("v=spf1 include:five.example.net include:three.example.net ip4:192.0.2.25 -all", "ok", ""),
    "eleven": (
        "v=spf1 include:five.example.net include:three.example.net a:host.example.net ip4:192.0.2.25 -all",
        "invalid",
        "11 look-ups",
    ),
    "five": (f"v=spf1 {' '.join(['a:host.example.net'] * 5)} -all", "ok", ""),
    "three": (f"v=spf1 {' '.join(['a:host.example.net'] * 3)} -all", "ok", ""),
    "loop": ("v=spf1 include:loop.example.net -all", "invalid", "Include loop"),
    "gone": ("v=spf1 include:nowhere.example.net -all", "invalid", "nowhere.example.net, which has no SPF record (the"),
    "textless": ("v=spf1 include:other.example.net -all", "invalid", "other.example.net, which has no SPF record:"),
    "failing": ("v=spf1 include:servfail.example.net -all", "unresolved", "servfail.example.net, which it includes"),
    "misspelt": ("v=spf1 ipv4:192.0.2.25 -all", "invalid", "receivers cannot use it"),
    "glued": ("v=spf1 ip4:192.0.2.25-all", "invalid", "receivers cannot use it"),
    "explained": ("v=spf1 ip4:192.0.2.25 -all exp=why.example.net", "ok", ""),
    "macro": ("v=spf1 exists:%{i}.example.net ip4:192.0.2.25 -all", "ok", ""),
    "void": ("v=spf1 a:n1.example.net a:n2.example.net a:n3.example.net ip4:192.0.2.25 -all", "invalid", "void"),
}
DMARC = {
    "own": ("v=DMARC1; p=none; rua=mailto:reports@own.example", "ok", ""),
    "unreported": ("v=DMARC1; p=reject", "ok", ""),
    "agreed": ("v=DMARC1; p=none; rua=mailto:reports@agrees.test", "ok", ""),
    "wildcard": ("v=DMARC1; p=none; rua=mailto:reports@wildcard.test", "ok", ""),
    "foreign": (
        "v=DMARC1; p=none; rua=mailto:reports@foreign.test",
        "warning",
        "foreign.example.net._report._dmarc.foreign.test",
    ),
    "mailless": ("v=DMARC1; p=none; rua=mailto:reports@mailless.test", "warning", "which receives no mail"),
    "policyless": ("v=DMARC1; p=", "invalid", "receivers cannot use it"),
    "addressless": ("v=DMARC1; p=none; rua=reports", "invalid", "receivers cannot use it"),
}
OTHERS = {
    "agrees.test": '@ MX 10 mx\n@ A 192.0.2.1\nagreed.example.net._report._dmarc TXT "v=DMARC1;"\n',
    "wildcard.test": '@ MX 10 mx\n*._report._dmarc TXT "v=DMARC1"\n',
    "foreign.test": "@ MX 10 mx\n",
    "mailless.test": '*._report._dmarc TXT "v=DMARC1"\n',
}
NET = (
    "host A 192.0.2.25\nnear A 192.0.2.99\nmail MX 10 host.example.net.\nother TXT \"words\"\nwhy TXT \"because\"\n"
    + "".join(f'{name} TXT "{text}"\n' for name, (text, _, _) in SPF.items())
    + "".join(f'_dmarc.{name} TXT "{text}"\n' for name, (text, _, _) in DMARC.items())
)  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Scripted]:
    right = Answers({"example.net": NET, **OTHERS})

    def behaviour(query: dns.message.Message, _: int, __: bool) -> bytes:
        broken = name_of(query).startswith("servfail")
        return coded(query, dns.rcode.SERVFAIL) if broken else right.to(query).to_wire()

    with Scripted(behaviour) as found:
        yield found


@pytest.fixture
def client(server: Scripted) -> Client:
    return Client(Server(HOST, server.port), 3)


@pytest.mark.parametrize("name", SPF)
def test_spf_as_planned(client: Client, name: str) -> None:
    text, status, words = SPF[name]
    host = f"{name}.example.net"
    verdict = judge_spf(Expected("spf", "example.net", host, "TXT", 60, (text,), domain=host), client, KNOWN)
    assert verdict.status == status, verdict.message
    assert words in verdict.message
    assert bool(verdict.message) == (status != "ok")
    # To publish it as planned would change nothing.
    assert bool(verdict.remedy) == (status != "ok")


def test_spf_of_a_name_that_sends_nothing_is_not_asked_to_pass(client: Client) -> None:
    text = SPF["none"][0]
    assert judge_spf(Expected("spf", "z", "none.example.net", "TXT", 60, (text,)), client, KNOWN).status == "ok"


def test_explanations_are_looked_up_through_the_same_resolver(server: Scripted, client: Client) -> None:
    text, _, _ = SPF["explained"]
    host = "explained.example.net"
    judge_spf(Expected("spf", "example.net", host, "TXT", 60, (text,), domain=host), client, KNOWN)
    assert server.asked["why.example.net", "TXT"]


@pytest.mark.parametrize(
    ("planned", "status", "words"),
    [
        ("v=spf1  IP4:192.0.2.25  -ALL", "ok", ""),
        ("v=spf1 +ip4:192.0.2.25 -all", "ok", ""),
        ("v=spf1 ip4:192.0.2.25/32 -all", "ok", ""),
        ("v=spf1 ip4:192.0.2.25 ip4:192.0.2.26 -all", "differs", "it lacks ip4:192.0.2.26"),
        ("v=spf1 ip4:192.0.2.25 ip6:2001:db8::/48 -all", "differs", "it lacks ip6:2001:db8::/48"),
        ("v=spf1 ip4:192.0.2.25 ~all", "differs", "it lacks ~all; it has -all, which is not planned"),
        ("v=spf1 -all ip4:192.0.2.25", "differs", "its terms stand in another order"),
    ],
)
def test_spf_that_is_not_as_planned(client: Client, planned: str, status: str, words: str) -> None:
    want = Expected("spf", "example.net", "plain.example.net", "TXT", 60, (planned,), domain="plain.example.net")
    verdict = judge_spf(want, client, KNOWN)
    assert (verdict.status, verdict.message) == (status, words)


def test_resolvers_that_see_different_includes_are_judged_apart(client: Client) -> None:
    """The library has one store of answers for everybody."""
    text, _, _ = SPF["include"]
    want = Expected("spf", "example.net", "include.example.net", "TXT", 60, (text,), domain="include.example.net")
    answers = Answers(
        {"example.net": NET.replace('plain TXT "v=spf1 ip4:192.0.2.25', 'plain TXT "v=spf1 ip4:192.0.2.7')}
    )
    with Scripted(answers.plainly) as other:
        second = Client(Server(HOST, other.port), 3)
        said = [judge_spf(want, one, KNOWN).status for one in (client, second, Client(client.server, 3))]
    assert said == ["ok", "invalid", "ok"]


@pytest.mark.parametrize("name", DMARC)
def test_dmarc_as_planned(client: Client, name: str) -> None:
    text, status, words = DMARC[name]
    host = f"{name}.example.net"
    verdict = judge_dmarc(Expected("dmarc", "z", f"_dmarc.{host}", "TXT", 60, (text,), domain=host), client, KNOWN)
    assert verdict.status == status, verdict.message
    assert words in verdict.message


@pytest.mark.parametrize(
    ("planned", "words"),
    [
        ("v=DMARC1;p=reject;", ""),
        ("v=DMARC1; p=Reject", ""),
        ("v=DMARC1; p=reject; sp=none", "sp is not there instead of none"),
        ("v=DMARC1; p=quarantine", "p is reject instead of quarantine"),
    ],
)
def test_dmarc_that_is_not_as_planned(client: Client, planned: str, words: str) -> None:
    host = "unreported.example.net"
    verdict = judge_dmarc(Expected("dmarc", "z", f"_dmarc.{host}", "TXT", 60, (planned,), domain=host), client, KNOWN)
    assert verdict.message == words
    assert verdict.status == ("differs" if words else "ok")


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("v=spf1 ip4:192.0.2.25/32 -all", "v=spf1 ip4:192.0.2.25 -all", True),
        ("v=spf1 ?ip4:192.0.2.7/24 -all", "v=spf1 ?IP4:192.0.2.0/24 -all", True),
        ("v=spf1 ip6:2001:DB8:0:0::/64 -all", "v=spf1 ip6:2001:db8::/64 -all", True),
        ("v=spf1 ip6:2001:db8::1/128 -all", "v=spf1 ip6:2001:db8::1 -all", True),
        ("v=spf1 ip4:192.0.2.0/24 -all", "v=spf1 ip4:192.0.2.0 -all", False),
        ("v=spf1 -ip4:192.0.2.25/32 -all", "v=spf1 ip4:192.0.2.25 -all", False),
        ("v=spf1 ip4:192.0.2.0/255.255.255.0 -all", "v=spf1 ip4:192.0.2.0/24 -all", False),
        ("v=spf1 ip4:192.0.2.333 -all", "v=spf1 ip4:192.0.2.33 -all", False),
        ("v=DMARC1; p=Quarantine; SP=None; adkim=S; aspf=R", "v=DMARC1; p=quarantine; sp=none; adkim=s; aspf=r", True),
        ("v=DMARC1; p=none; rua=mailto:A@own.example", "v=DMARC1; p=none; rua=mailto:a@own.example", False),
        # Of a key, p is base64.
        ("v=DKIM1; p=AAAA", "v=DKIM1; p=aaaa", False),
    ],
)
def test_texts_are_alike_where_receivers_see_no_difference(one: str, other: str, alike: bool) -> None:
    assert same(one, other) == same(other, one) == alike


def published(text: str, judge_as: str, planned: str) -> Verdict:
    """Return the verdict on texts that stand at a name, given as in a zone file."""
    records = "".join(f"x._domainkey TXT {line}\n" for line in text.splitlines())
    answers = Answers({"example.net": records})
    judge = judge_dkim if judge_as == "dkim" else judge_text
    with Scripted(answers.plainly) as server:
        want = Expected("text", "example.net", "x._domainkey.example.net", "TXT", 60, (planned,))
        return judge(want, Client(Server(HOST, server.port), 3), KNOWN)


def quoted(text: str) -> str:
    return " ".join(f'"{text[start : start + 255]}"' for start in range(0, len(text), 255))


@pytest.mark.parametrize("bits", [2048, 4096])
def test_keys(bits: int) -> None:
    key = dkim_key(bits)
    bare = key.replace("v=DKIM1; k=rsa; ", "")
    assert published(quoted(key), "dkim", key).status == "ok"
    assert published(quoted(bare), "dkim", key).status == "ok"
    assert published(f'"words"\n{quoted(key)}', "dkim", key).status == "ok"
    other = published(quoted(dkim_key(2304)), "dkim", key)
    assert (other.status, other.message[:20]) == ("differs", "it is another key: s")
    assert published(f"{quoted(key)}\n{quoted(dkim_key(2304))}", "dkim", key).status == "extra"
    lost = published(quoted(key[:-40]), "dkim", key)
    assert lost.status == "invalid"
    assert "characters of the key are there" in lost.message
    assert published(quoted(key.replace("; p=", "; p=-")), "dkim", key).status == "invalid"
    assert published('"v=DKIM1; k=rsa; p="', "dkim", key).message.endswith("of the key are there")
    assert published('"something else"', "dkim", key).status == "invalid"
    assert published('""', "dkim", key).status == "invalid"


def test_texts_among_those_of_others() -> None:
    theirs = '"site-verification=1"\n"v=spf1 -all"'
    assert published(f'{theirs}\n"mine=2"', "text", "mine=2").status == "ok"
    assert published(theirs, "text", "mine=2").status == "missing"
    assert published('"v=STSv1;id=1;"', "text", "v=STSv1; id=1").status == "ok"
    assert published('"v=STSv1; id=2"', "text", "v=STSv1; id=1").status == "differs"
    assert published('"v=STSv1; id=2"\n"v=STSv1; id=1"', "text", "v=STSv1; id=1").status == "extra"
    assert published(r'"\255\254\000"', "text", "mine=2").status == "missing"
