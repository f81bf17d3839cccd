"""The command as a whole: what it prints, whom it talks to, how long it takes, what strangers can do to it."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import dns.message
import dns.rdatatype
import dns.rrset
import pytest

from tests.helpers import ROOT, build_tree, examples, run_cli
from tests.verify.deployment import REVERSE, Deployment, deploy, findings
from tests.verify.scripted import Answers, Scripted, late, name_of

# Every connection and every datagram is noted, then the command runs.
_WATCHED = """
import sys
seen = set()
def watch(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg") and isinstance(arguments[-1], tuple):
        seen.add(arguments[-1][:2])
    if event == "socket.getaddrinfo":
        seen.add(arguments[:2])
sys.addaudithook(watch)
from generator.cli import main
code = main(sys.argv[1:])
print("talked to", sorted(map(str, seen)), file=sys.stderr)
sys.exit(code)
"""


def test_it_talks_to_nobody_but_the_resolver(tmp_path: Path) -> None:
    """Includes, an explanation, reports to a stranger: all that checkdmarc would look up by itself."""
    dns = "  dmarc: {policy: none, reports: reports@foreign.test}\n  spf: {include: [_spf.foreign.test]}\n"
    made = deploy(tmp_path / "mail", dns)
    foreign = '_spf TXT "v=spf1 a:host.foreign.test exp=why.foreign.test -all"\nhost A 192.0.2.9\nwhy TXT "because"\n'
    answers = Answers({"example.com": made.zone, "foreign.test": foreign, **REVERSE})
    with Scripted(answers.plainly) as server:
        ended = subprocess.run(
            [sys.executable, "-c", _WATCHED, "verify", "--dns", "--resolver", server.word],
            cwd=made.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert server.asked["why.foreign.test", "TXT"]
    assert ended.stderr.splitlines()[-1] == f"talked to {[str(('127.0.0.1', server.port))]}"


def test_a_warning_is_no_finding(tmp_path: Path) -> None:
    made = deploy(tmp_path / "mail", "  dmarc: {policy: none, reports: reports@foreign.test}\n")
    answers = Answers({"example.com": made.zone, "foreign.test": "@ MX 10 mx\n", **REVERSE})
    with Scripted(answers.plainly) as server:
        rows = made.rows("--resolver", server.word, code=0)
        assert findings(rows) == [("warning", "TXT", "_dmarc.example.com")]
        told = made.verify("--resolver", server.word).out
    assert "1 warning, 1 skipped" in told
    assert "First" not in told


def test_json(deployment: Deployment, right: Answers) -> None:
    with Scripted(right.plainly) as server:
        data = json.loads(deployment.verify("--json", "--resolver", server.word).out)
    assert set(data) == {"format", "resolvers", "rows", "counts", "first"}
    assert data["resolvers"] == [server.word.replace(":", "#")]
    assert data["counts"] == {"ok": len(data["rows"])}
    assert data["first"] is None
    assert set(data["rows"][0]) == {
        "check", "name", "type", "status", "planned", "found", "message", "remedy", "resolvers"
    }  # fmt: skip


@pytest.fixture(scope="module")
def hundred(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    domains = "domains:\n" + "".join(f"  domain{number}.example: {{}}\n" for number in range(100))
    dns = f"  dmarc: {{policy: none, reports: postmaster@example.com}}\n{domains}"
    return deploy(tmp_path_factory.mktemp("hundred") / "mail", dns)


def test_many_mail_domains_take_seconds(hundred: Deployment) -> None:
    """Behind a resolver that needs 50 ms for everything."""
    zones = {path.stem: path.read_text("utf-8") for path in (hundred.folder / "dns").glob("*.zone")}
    assert len(zones) == 101
    with Scripted(late(0.05, Answers({**zones, **REVERSE}))) as server:
        start = time.monotonic()
        rows = hundred.rows("--resolver", server.word, code=0)
        took = time.monotonic() - start
    assert not findings(rows)
    assert len(rows) > 400
    assert took < 15


@pytest.mark.slow
def test_many_questions_to_a_dead_resolver_end_soon(hundred: Deployment) -> None:
    with Scripted(lambda _, __, ___: None) as server:
        start = time.monotonic()
        result = hundred.verify("--resolver", server.word, "--timeout", "1")
        took = time.monotonic() - start
    assert result.code == 3
    assert took < 6


@pytest.mark.slow
def test_a_resolver_that_falls_silent_is_left_alone(hundred: Deployment) -> None:
    zones = {path.stem: path.read_text("utf-8") for path in (hundred.folder / "dns").glob("*.zone")}
    answers = Answers({**zones, **REVERSE})
    heard: list[int] = []

    def behaviour(query: dns.message.Message, number: int, tcp: bool) -> bytes | None:
        heard.append(number)
        return answers.plainly(query, number, tcp) if len(heard) <= 50 else None

    with Scripted(behaviour) as server:
        start = time.monotonic()
        rows = hundred.rows("--resolver", server.word, "--timeout", "1", code=1)
        took = time.monotonic() - start
    statuses = [row["status"] for row in rows]
    assert "ok" in statuses
    # Where nothing of a zone was answered, one row stands for its three records.
    assert statuses.count("unresolved") + 2 * [row["check"] for row in rows].count("zone") > 300
    assert took < 12


@pytest.mark.parametrize(("provider", "word"), [("none", "where the domain is hosted"), ("route53", "name_servers")])
def test_a_zone_of_which_nothing_is_there(tmp_path: Path, provider: str, word: str) -> None:
    made = deploy(tmp_path / "mail", f"  dmarc: {{reports: postmaster@example.com}}\n  provider: {provider}\n")
    with Scripted(Answers(REVERSE).plainly) as server:
        rows = made.rows("--resolver", server.word, code=1)
        told = made.verify("--resolver", server.word).out
    assert {row["status"] for row in rows} == {"missing", "skipped", "follows"}
    first = next(row for row in rows if row["status"] == "missing")
    assert first["remedy"].startswith("Nothing of example.com is there")
    assert word in first["remedy"]
    assert "First: A mail.example.com (missing).\n  Nothing of example.com is there" in told


@pytest.mark.parametrize(
    ("example", "key", "words"),
    [
        ("five-nodes-aws", "ptr_later", "set dns.ptr: true, then generate && terraform apply"),
        ("five-nodes-hetzner", "ptr", "terraform apply sets the reverse name of 203.0.113.7 to mta1.example.com"),
        ("five-nodes-libvirt", "ptr_elsewhere", "Ask whoever gave you 203.0.113.10 to set its reverse name (PTR)"),
    ],
)
def test_who_has_to_set_a_reverse_name(tmp_path: Path, example: str, key: str, words: str) -> None:
    text = (ROOT / "examples" / example / "topology.yaml").read_text("utf-8")
    folder = build_tree(tmp_path, {"topology.yaml": text, "addresses.json": '{"mta1": "203.0.113.7"}'})
    dns_plan = json.loads(run_cli(folder, "plan", "--json").out)["dns"]
    assert list(dns_plan[key].values()) == ["mta1.example.com"]
    with Scripted(Answers({"example.com": "x A 192.0.2.1\n"}).plainly) as server:
        arguments = ("--addresses", "addresses.json", "--resolver", server.word)
        rows = Deployment(folder, "").rows(*arguments, code=1)
    row = next(row for row in rows if row["check"] == "ptr")
    assert row["status"] == "missing"
    assert words in row["remedy"]


@pytest.mark.slow
def test_an_interruption_ends_it_without_traceback(deployment: Deployment) -> None:
    with Scripted(lambda _, __, ___: None) as server:
        process = subprocess.Popen(
            [sys.executable, "-m", "generator", "verify", "--dns", "--timeout", "3", "--resolver", server.word],
            cwd=deployment.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stderr=subprocess.PIPE,
            text=True,
        )
        end = time.monotonic() + 20
        while not server.asked and time.monotonic() < end:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert said.endswith("interrupted\n")
    assert "Traceback" not in said


def test_a_missing_library_is_named(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    from generator.verify.checkdmarc_bridge import library

    library.cache_clear()
    monkeypatch.setitem(sys.modules, "checkdmarc.spf", None)
    result = deployment.verify("--resolver", "127.0.0.1:1")
    assert result.code == 3
    assert "checkdmarc" in result.err
    assert "carbonio-generate[verify]" in result.err


def test_strangers_cannot_write_on_the_terminal(deployment: Deployment, right: Answers) -> None:
    def behaviour(query: dns.message.Message, _: int, __: bool) -> bytes:
        reply = right.to(query)
        if name_of(query) == "example.com" and query.question[0].rdtype == dns.rdatatype.TXT:
            reply.answer = [
                dns.rrset.from_text(query.question[0].name, 60, "IN", "TXT", r'"v=spf1 \027[2Jx \010 -all"')
            ]
        return reply.to_wire()

    with Scripted(behaviour) as server:
        result = deployment.verify("--resolver", server.word)
    assert result.code == 1
    assert "\x1b" not in result.out
    assert "\\x1b[2Jx" in result.out


def test_no_answer_makes_a_traceback(deployment: Deployment, right: Answers) -> None:
    """Right answers with a few bytes changed, and records with texts by chance."""
    chance = random.Random(6)

    def behaviour(query: dns.message.Message, _: int, __: bool) -> bytes:
        wire = bytearray(right.to(query).to_wire())
        if chance.random() < 0.3 and query.question[0].rdtype == dns.rdatatype.TXT:
            text = bytes(chance.choices(b'v=spf1 DMARC;p=none:%{}/@"\\\xff\x00all+-~?ip4', k=chance.randrange(200)))
            start = chance.choice((b"v=spf1 ", b"v=DMARC1; ", b"v=DKIM1; p=", b""))
            reply = dns.message.make_response(query, recursion_available=True)
            words = "".join(f"\\{byte:03}" for byte in (start + text)[:255])
            reply.answer = [dns.rrset.from_text(query.question[0].name, 60, "IN", "TXT", f'"{words}"')]
            return reply.to_wire()
        for place in chance.choices(range(2, len(wire)), k=chance.randrange(4)):
            wire[place] = chance.randrange(256)
        return bytes(wire)

    with Scripted(behaviour) as server:
        for _ in range(examples(4, 20)):
            result = deployment.verify("--resolver", server.word, "--timeout", "0.3")
            assert result.code in (0, 1, 3)
            assert "Traceback" not in result.err


@pytest.mark.parametrize(
    "words", [[], ["--dns", "--timeout", "0"], ["--dns", "--timeout", "x"], ["--dns", "--timeout", "nan"]]
)
def test_wrong_usage(words: list[str], tmp_path: Path) -> None:
    assert run_cli(tmp_path, "verify", *words).code == 2


def test_a_wrong_topology_is_refused(tmp_path: Path) -> None:
    (tmp_path / "topology.yaml").write_text("domain: example.com\n", "utf-8")
    result = run_cli(tmp_path, "verify", "--dns")
    assert result.code == 2
    assert result.errors


def test_help_shows_an_example_and_loads_nothing_heavy() -> None:
    probe = (
        "import sys\nfrom generator.cli import main\ncode = main(['verify', '--help'])\n"
        "print('loaded:', *sorted({'dns', 'checkdmarc', 'cryptography', 'generator.verify.run'} & set(sys.modules)))\n"
    )
    ended = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, check=True, capture_output=True, text=True)
    assert "Example: generate verify --dns" in ended.stdout
    assert ended.stdout.splitlines()[-1].strip() == "loaded:"
