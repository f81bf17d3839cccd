"""The hand-over sheet and the zone files, for an administrator who enters everything by hand."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.helpers import build_tree, run_cli
from tests.strategies import dump
from tests.test_mail_records import TOPOLOGY, key_text, printed

HETZNER = {"cloud": {"provider": "hetzner", "region": "fsn1"}}
ZMDKIM = "/opt/zextras/libexec/zmdkimkeyutil"


class Made(NamedTuple):
    """What was generated."""

    folder: Path
    sheet: str

    def zone(self, name: str) -> str:
        return (self.folder / "dns" / f"{name}.zone").read_text("utf-8")

    def dns(self) -> str:
        return self.sheet.partition("## DNS\n")[2].partition("\n## ")[0]

    def tables(self) -> list[list[list[str]]]:
        """Return the cells of each table of the part about DNS."""
        found = re.findall(r"(?m)(?:^\|.*\n)+", self.dns())
        return [[line.strip("|").strip().split(" | ") for line in table.splitlines()] for table in found]


def make(folder: Path, files: dict[str, str] | None = None, **changes: Any) -> Made:
    build_tree(folder, {"topology.yaml": dump({**TOPOLOGY, **changes}), **(files or {})})
    result = run_cli(folder, "--no-init")
    assert result.code == 0, result.err
    return Made(folder, (folder / "hand-over.md").read_text("utf-8"))


def test_each_zone_has_its_table_and_what_is_required_stands_first(tmp_path: Path) -> None:
    own = {
        "provider": "none",
        "records": {"a": {"A": "203.0.113.80"}},
        "autodiscover": True,
        "caa": ["letsencrypt.org"],
    }
    made = make(tmp_path, dns=own, services={"imaps": True, "https": True}, domains={"example.org": {}})
    first, second = made.tables()
    assert first[0] == second[0] == ["name", "type", "TTL", "priority", "value", "need", "why"]
    assert re.findall("### (.*)", made.dns()) == ["Zone example.com", "Zone example.org", "Beside the records"]
    for table in (first, second):
        needs = [row[5] for row in table[2:]]
        assert needs == sorted(needs, key=["required", "recommended", "optional"].index)
        assert all(len(row) == 7 and row[6] for row in table[2:])
    rows = {(row[0], row[1]): row[3:5] for row in first[2:]}
    assert rows["@", "MX"] == ["10", "`mail.example.com`"]
    assert rows["_imaps._tcp", "SRV"] == ["0", "weight `1`, port `993`, target `mail.example.com`"]
    assert rows["@", "CAA"] == ["", "flags `0`, tag `issue`, `letsencrypt.org`"]
    assert ("@", "MX") in {(row[0], row[1]) for row in second[2:]}


def test_zones_of_other_scripts_are_named_as_people_write_them(tmp_path: Path) -> None:
    made = make(tmp_path, dns="none", domains={"bücher.example": {}})
    assert "### Zone xn--bcher-kva.example (bücher.example)\n" in made.dns()


def test_the_outputs_of_single_zones_are_named(tmp_path: Path) -> None:
    made = make(tmp_path, dns="none", domains={"example.org": {}})
    assert """`terraform output -json zones | jq -r '."example.org"'`""" in made.dns()
    assert "; As generated, words between at signs stand for addresses; terraform output -json zones has" in made.zone(
        "example.org"
    )
    alone = make(tmp_path / "alone", dns="none")
    assert "-json zones" not in alone.dns()
    assert "terraform output -raw zone has the addresses." in alone.zone("example.com")


def test_who_sets_reverse_names_is_said_where_terraform_does(tmp_path: Path) -> None:
    made = make(tmp_path, **HETZNER)
    assert "`terraform apply` makes mta1.example.com the reverse name (PTR) of @@public:mta1@@" in made.dns()


def test_the_reason_is_that_of_the_value(tmp_path: Path) -> None:
    own = {"provider": "none", "records": {"@": {"TXT": ["site=1", "site=2"]}, "www": {"TXT": "x"}}}
    made = make(tmp_path, dns=own)
    assert (
        "; recommended: only these addresses send mail of the domain\n"
        'example.com. 300 IN TXT "v=spf1 ip4:@@public:mta1@@ -all"\n'
        "; optional: the topology asks for it\n"
        'example.com. 300 IN TXT "site=1"\n'
        'example.com. 300 IN TXT "site=2"\n'
    ) in made.zone("example.com")
    reasons = {row[4]: row[5:] for row in made.tables()[0][2:]}
    assert reasons["`site=1`"] == ["optional", "the topology asks for it"]
    assert reasons["`v=spf1 ip4:@@public:mta1@@ -all`"][0] == "recommended"
    plan = json.loads(run_cli(tmp_path, "plan", "--json").out)
    assert {record["name"]: record.get("own", 0) for record in plan["dns"]["public"] if record["type"] == "TXT"} == {
        "_dmarc.example.com": 0,
        "example.com": 2,
        "www.example.com": 0,
    }


@pytest.mark.parametrize(
    ("domain", "receiver", "agreed"),
    [
        # RFC 7489, sections 3.2 and 7.1: within one organizational domain nobody is asked.
        ("shop.example.com", "example.com", False),
        ("shop.example.com", "lists.example.com", False),
        ("example.org", "example.com", True),
        ("example.co.uk", "example.com", True),
        ("other.co.uk", "example.co.uk", True),
        # A company's public suffix: receivers take those for others too.
        ("one.github.io", "two.github.io", True),
    ],
)
def test_consent_to_reports_where_it_is_asked_for(tmp_path: Path, domain: str, receiver: str, agreed: bool) -> None:
    further: dict[str, Any] = {name: {} for name in (domain, receiver) if name != "example.com"}
    further[domain] = {"dmarc": {"reports": f"dmarc@{receiver}"}}
    made = make(tmp_path, dns="none", domains=further)
    found = [zone.read_text("utf-8") for zone in (made.folder / "dns").glob("*.zone")]
    assert any(f"{domain}._report._dmarc.{receiver}." in text for text in found) is agreed


def step(sheet: str) -> str:
    return sheet.partition("Create the DKIM key")[2].partition("\n###")[0].partition("\n2. ")[0]


def test_the_step_for_keys_is_about_the_domains_without_one(tmp_path: Path) -> None:
    domains = {"shop.example.com": {}, "bücher.example": {}, "example.org": {"dkim": "v=DKIM1; k=rsa; p=" + key()}}
    made = make(tmp_path, domains=domains)
    commands = re.findall(rf"{ZMDKIM} (.*)", step(made.sheet))
    assert commands == [
        "-a -d example.com -s carbonio",
        "-a -d shop.example.com -s carbonio",
        "-a -d xn--bcher-kva.example -s carbonio",
    ]
    assert "xn--bcher-kva.example is bücher.example" in step(made.sheet)
    assert "domains: {shop.example.com: {dkim: {file: shop.example.com.txt}}}" in step(made.sheet)
    assert "bücher.example (xn--bcher-kva.example)" in made.sheet.partition("## Before the installation")[2]


def key() -> str:
    return key_text(2048).partition("p=")[2]


def test_no_step_asks_for_a_key_that_is_there(tmp_path: Path) -> None:
    made = make(tmp_path, {"dkim.txt": printed(key_text(2048))}, dns={"dkim": {"file": "dkim.txt"}})
    assert ZMDKIM not in made.sheet
    assert "DKIM selector and key" not in made.sheet


def test_many_domains_do_not_fill_the_sheet(tmp_path: Path) -> None:
    made = make(tmp_path, domains={f"domain{number}.example": {} for number in range(50)})
    assert made.sheet.count(ZMDKIM) == 10
    assert "Do likewise for 41 more" in made.sheet


@pytest.mark.parametrize(
    ("provider", "policy", "said", "unsaid"),
    [
        ("route53", "", ["publishes the record carbonio._domainkey", "DMARC becomes quarantine"], ["by hand"]),
        ("route53", "none", ["DMARC stays none"], ["quarantine"]),
        ("none", "", ["by hand", "carbonio._domainkey (new, TXT) and the changed _dmarc"], ["publishes"]),
        ("route53", "reject", ["DMARC stays reject"], ["quarantine"]),
        ("none", "reject", ["carbonio._domainkey (new, TXT)."], ["changed _dmarc", "quarantine"]),
        ("none", "none", ["carbonio._domainkey (new, TXT)."], ["changed _dmarc", "quarantine"]),
    ],
)
def test_what_becomes_of_the_key(
    tmp_path: Path, provider: str, policy: str, said: list[str], unsaid: list[str]
) -> None:
    made = make(tmp_path, dns={"provider": provider, **({"dmarc": policy} if policy else {})})
    for words in said:
        assert words in step(made.sheet)
    for words in unsaid:
        assert words not in step(made.sheet)


def test_a_further_domain_is_added_first_and_its_file_is_named_after_it(tmp_path: Path) -> None:
    made = make(tmp_path, domains={"example.org": {}, "example.net": {}})
    sheet = " ".join(made.sheet.split())
    assert "under Domains, before their keys are made: example.org, example.net." in sheet
    assert sheet.index("Add the further mail domains") < sheet.index("Create the DKIM key")
    assert "{file: example.org.txt}" in sheet
    assert """ssh -F ssh_config mta1 "sudo su - zextras -c 'COMMAND'" > FILE""" in sheet
    alone = make(tmp_path / "alone")
    assert "Add the further mail domains" not in alone.sheet
