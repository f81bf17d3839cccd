"""`generate explain`: every rule, port, role, service, node and record has an answer, and it is the documents'."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from benchmarks.topologies import topology as large
from generator.verdicts import VERDICTS
from tests.helpers import ROOT, Result, run_cli
from tests.strategies import dump

EXAMPLE = (ROOT / "examples" / "five-nodes-hetzner" / "topology.yaml").read_text("utf-8")
WIDEST = 80


def explain(folder: Path, word: str, *options: str) -> Result:
    result = run_cli(folder, "explain", word, *options)
    assert "Traceback" not in result.err
    return result


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "topology.yaml").write_text(EXAMPLE, "utf-8")
    return tmp_path


def test_every_documented_port_is_explained_with_its_document(folder: Path) -> None:
    with (ROOT / "tests" / "data" / "ports.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["release"] == "26.6" and row["edition"] == "commercial"]
    assert len(rows) > 50
    for row in rows:
        first = row["ports"].partition("-")[0]
        said = " ".join(explain(folder, first).out.split())
        for protocol in row["protocol"].split("+"):
            assert f"{protocol} {row['ports']}" in said or f"{row['protocol']} {row['ports']}" in said, row
        assert "https://github.com/zextras/tech-doc/blob/" in said, row
        table = "external" if row["direction"] == "external" else "internal"
        assert f"In the table of {table} ports:" in said, row


def test_the_admin_panel_is_for_management_alone(folder: Path) -> None:
    said = explain(folder, "6071").out
    assert "open to management and to nobody else" in said
    assert "management -> proxy (mta1), tcp 6071" in said
    assert "internet ->" not in said


def test_a_gateway_is_reached_as_the_documents_of_it_say(tmp_path: Path) -> None:
    (tmp_path / "topology.yaml").write_text(
        (ROOT / "examples" / "gateway-hetzner" / "topology.yaml").read_text("utf-8"), "utf-8"
    )
    said = " ".join(explain(tmp_path, "gateway").out.split())
    assert "tcp 993 from 0.0.0.0/0 to mta2" in said
    assert "internet -> gateway (gateway), udp 51820" in said
    # What nodes admit from the cluster does not hold for it.
    assert "8301" not in said
    assert "every node" not in said


def test_who_answers_dns_inside_is_asked_by_the_nodes(folder: Path) -> None:
    plan = json.loads(run_cli(folder, "plan", "--json").out)
    answering = set(plan["resolver"]["addresses"])
    assert set() < answering < set(plan["nodes"])
    for node in plan["nodes"]:
        said = " ".join(explain(folder, node).out.split())
        for protocol in ("tcp", "udp"):
            assert (f"cluster -> resolver, {protocol} 53: DNS inside" in said) == (node in answering), node


def test_what_nobody_outside_reaches_is_reached_by_ssh(tmp_path: Path) -> None:
    text = (ROOT / "examples" / "gateway-hetzner" / "topology.yaml").read_text("utf-8")
    (tmp_path / "topology.yaml").write_text(re.sub(r"vpn:\n(?:  .*\n)+", "", text), "utf-8")
    assert "ssh -F ssh_config -L 6071:localhost:6071 mta1" in explain(tmp_path, "6071").out


def test_a_port_that_nobody_documents_is_closed(folder: Path) -> None:
    assert "so it is closed" in explain(folder, "1234").out
    assert "so it is closed" in explain(folder, "6071/udp").out


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("mta", "mta: MTA AV/AS, a role of Carbonio 26.6 commercial"),
        ("mta", "internet -> mta (mta1), tcp 25"),
        ("imaps", "closed until the topology asks for it (services: {imaps: true})"),
        ("store1", "150 users x 5 GB quota = 750 GB"),
        ("store1.example.com", "store1: a node with mailstore, tasks"),
        ("store1-mail", "750 GB at /opt/zextras of store1"),
        ("mail.example.com", "mail.example.com A: a record"),
        ("MX", "10 mail.example.com."),
        ("cpx42", "video1 needs 8 vCPU and 8 GB: every node: 4 vCPU"),
        ("cpx42", "8 vCPU, 16 GB, disk of 320 GB."),
        ("cpx42", "a month in fsn1, without taxes, as of 20"),
        ("cpx42", "video1: cpx32 (4 vCPU, 8 GB, disk of 160 GB), the one before it, has only 4 of 8 vCPU"),
        ("size", "every node: 4 vCPU, 1 GB, system disk 30 GB"),
        ("sizes", "store1-mail: 750 GB at /opt/zextras; 150 users x 5 GB quota = 750 GB"),
        ("volumes", "recordings: "),
        ("dns.dmarc.policy", "Value: none or quarantine or reject."),
        ("roles", "nodes.*.roles: a key of the topology"),
        ("database-connector", "Carbonio 26.6 commercial does not have it. It exists in 24.1.0 commercial"),
        ("unknown-role", "error[unknown-role]"),
        ("PTR", "public:mta1 -> mta1.example.com"),
        ("SPF", "example.com TXT: v=spf1 ip4:<public:mta1> -all"),
        ("spf", "https://www.rfc-editor.org/rfc/rfc7208"),
        ("DMARC", "_dmarc.example.com TXT: v=DMARC1; p=none;"),
        ("DKIM", "This deployment has none."),
        ("Mx", "MX: a kind of DNS record"),
        ("20000-40000", "internet -> video (video1), udp 20000-40000"),
        ("udp/30000-30001", "udp 20000-40000 on video"),
        ("MTA", "mta: MTA AV/AS, a role of Carbonio 26.6 commercial"),
        ("services.imaps", "imaps: IMAP, TLS, a service of Carbonio 26.6 commercial"),
        ("os-end-of-life", "silence: {os-end-of-life: WHY}"),
        ("os", "Value in Carbonio 26.6 commercial: ubuntu-22.04 or ubuntu-24.04 or rhel-8 or rhel-9."),
        ("scenario", "Value in Carbonio 26.6 commercial: single or five-nodes."),
        ("exposure", "Value on Hetzner: direct or gateway. Default: direct."),
        ("region", "Value on Hetzner: one of ash, fsn1, hel1, "),
        ("roles", "mta1: [mta, proxy]"),
        ("vpn.port", "Default: 51820."),
        ("internet", "internet: who is meant by it in plans Anybody, from any address. Reaches:"),
        ("management", "management -> proxy (mta1), tcp 6071"),
        ("cluster", "In this deployment: 10.20.0.0/16 Reaches: cluster -> "),
        ("3/icmp", "ICMP type 3: destination unreachable"),
        ("3/icmp", "internet -> every node, icmp 3: ICMP destination unreachable (path MTU discovery)"),
        ("icmp/8", "ICMP type 8: echo request, as ping sends it"),
        ("ICMP", "ICMP: has types, no ports"),
        ("icmp", "icmp 8: ICMP echo (finding faults)"),
        ("11/icmp", "No rule names it; answers to what a node sent come in without one."),
        ("256/icmp", "256/icmp: no type of ICMP Types end at 255."),
        ("65536", "65536: no port Ports end at 65535."),
        ("1-65536", "Ports end at 65535."),
    ],
)
def test_a_word_is_explained(word: str, said: str, folder: Path) -> None:
    result = explain(folder, word)
    assert result.code == 0
    assert said in " ".join(result.out.split())
    wide = [line for line in result.out.splitlines() if len(line) > WIDEST and "https://" not in line]
    assert wide == []
    assert [one["title"] for one in json.loads(explain(folder, word, "--json").out)]


def test_what_a_plan_prints_of_flows_is_explained(folder: Path) -> None:
    printed = set(re.findall(r"\b[\d-]+/[a-z]+\b", run_cli(folder, "plan").out))
    assert {"8/icmp", "22/tcp"} <= printed
    for word in printed:
        assert "Open in this deployment" in explain(folder, word).out, word


def test_icmp_is_explained_without_a_topology(tmp_path: Path) -> None:
    assert "from everybody" in explain(tmp_path, "3/icmp").out
    assert "8/icmp: " in explain(tmp_path, "icmp").out


def test_a_machine_type_is_explained_with_its_price(tmp_path: Path) -> None:
    without = " ".join(explain(tmp_path, "c6i.xlarge").out.split())
    assert "c6i.xlarge: a machine type of AWS 4 vCPU, 8 GB. Price: USD " in without
    assert "Nodes with it" not in without
    example = ROOT / "examples" / "five-nodes-aws" / "topology.yaml"
    (tmp_path / "topology.yaml").write_bytes(example.read_bytes())
    said = " ".join(explain(tmp_path, "c6i.xlarge").out.split())
    [machines] = [
        one
        for one in json.loads(run_cli(tmp_path, "plan", "--json").out)["cost"]["items"]
        if one["what"] == "c6i.xlarge"
    ]
    assert f"USD {machines['each']:.2f} a month in eu-central-1, without taxes, as of {machines['date']}" in said
    assert machines["source"].split()[0] in said
    assert "infra1: r6i.large (2 vCPU, 16 GB), the one before it, has only 2 of 4 vCPU" in said
    assert "It has ARM processors" in explain(tmp_path, "m6g.xlarge").out


def test_a_key_is_shown_where_it_stands(tmp_path: Path) -> None:
    text = re.sub(r"dns:\n(?:  .*\n)+", "dns: {provider: none, zone: example.com}\n", EXAMPLE)
    (tmp_path / "topology.yaml").write_text(text, "utf-8")
    (tmp_path / "more.yaml").write_text("users: 200\ndns: ~\n", "utf-8")
    layers = ("--overlay", "more.yaml", "--set", "mailbox_quota=6 GB")
    line = text.splitlines().index("dns: {provider: none, zone: example.com}") + 1
    for word, options, places in (
        ("users", (), [f"topology.yaml:{line - 2}: users: 150"]),
        ("dns.provider", (), [f"topology.yaml:{line}: dns: {{provider: none, zone: example.com}}"]),
        ("users", layers, ["more.yaml:1: users: 200"]),
        ("mailbox_quota", layers, ["--set:1: mailbox_quota=6 GB"]),
        ("dns.provider", layers, []),
    ):
        [answer, *_] = json.loads(explain(tmp_path, word, "--json", *options).out)
        assert [line for section in answer["sections"] for line in section["lines"]] == places, word
    # The short form of a mapping is a place of the key that it stands for.
    (tmp_path / "topology.yaml").write_text(text.replace("{provider: none, zone: example.com}", "none"), "utf-8")
    assert f"topology.yaml:{line}: dns: none" in explain(tmp_path, "dns.provider").out
    assert f"topology.yaml:{line}:" not in explain(tmp_path, "dns.zone").out


def test_of_many_places_the_first_are_shown(tmp_path: Path) -> None:
    (tmp_path / "topology.yaml").write_text(dump(large(15)), "utf-8")
    said = explain(tmp_path, "roles").out
    assert said.count("topology.yaml:") == 8
    assert "and 7 more places" in said


def test_an_unknown_word_gets_the_nearest_one(folder: Path) -> None:
    result = explain(folder, "mailstor")
    assert (result.code, result.out) == (2, "")
    assert 'did you mean "mailstore"' in result.err
    assert 'did you mean "submission", "submissions" or "no-submission"?' in explain(folder, "submision").err
    assert 'did you mean "mailbox_quota"' in explain(folder, "mailbox-quota").err


def test_a_range_holds_what_its_ports_hold(folder: Path) -> None:
    assert "so it is closed" in explain(folder, "40001-40010").out
    assert "so it is closed" in explain(folder, "udp/20-30").out
    said = explain(folder, "20-30").out
    assert "tcp 22 on every node" in said
    assert "tcp 25 on mta" in said
    assert "tcp 110" not in said


def test_every_kind_of_record_is_explained_with_its_keys(tmp_path: Path) -> None:
    for kind in ("A", "CAA", "CNAME", "DKIM", "DMARC", "MTA-STS", "MX", "NS", "PTR", "SPF", "SRV", "TLS-RPT", "TXT"):
        [answer, *_] = json.loads(explain(tmp_path, kind, "--json").out)
        assert answer["title"] == f"{kind}: a kind of DNS record"
        assert answer["sources"][0].startswith("https://www.rfc-editor.org/rfc/rfc")
        for section in answer["sections"]:
            for key in section["lines"]:
                assert f"{key}: a key of the topology" in explain(tmp_path, key).out


def test_it_works_without_a_topology_and_beside_a_wrong_one(tmp_path: Path) -> None:
    assert "a role of Carbonio 26.6 commercial" in explain(tmp_path, "mta").out
    assert "where there is a topology" in explain(tmp_path, "store1").err
    (tmp_path / "topology.yaml").write_text("domain: [", "utf-8")
    wrong = explain(tmp_path, "mta")
    assert wrong.code == 0
    assert "has errors" in wrong.err
    # A rule needs no topology: it is asked for when that is wrong.
    assert explain(tmp_path, "yaml-syntax").err == ""


def test_what_a_review_says_is_explained(folder: Path) -> None:
    text = (ROOT / "docs" / "review.md").read_text("utf-8")
    verdicts = dict(re.findall(r"^\| `([a-z][a-z-]+)` \| (.+) \|$", text, re.MULTILINE))
    assert len(verdicts) == len(VERDICTS)
    for verdict, met in verdicts.items():
        said = " ".join(explain(folder, verdict).out.split())
        assert met.lower() in said.lower()
        assert f"--fail-on {verdict}" in said
    source = (ROOT / "generator" / "review" / "cautions.py").read_text("utf-8")
    words = re.findall(r'Caution\(\s*"([a-z-]+)"', source)
    assert len(words) > 4
    for word in words:
        assert explain(folder, word).code == 0, word
