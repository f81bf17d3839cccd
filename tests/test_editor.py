"""What an administrator sees in an editor: the real YAML language server, with the schema that the modeline names."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator

import pytest

from generator.schema import topology_schema
from tests.helpers import EXAMPLES, run_cli
from tests.language_server import LanguageServer, why_not
from tests.strategies import SSH_KEY

if why_not():
    pytest.skip(why_not(), allow_module_level=True)

MODELINE = "# yaml-language-server: $schema=topology.schema.json\n"
TOPOLOGY = f"""\
{MODELINE}domain: example.com
release: "26.6"
edition: commercial
cloud: {{provider: aws, region: eu-central-1}}
management: [198.51.100.0/24]
ssh_keys: [{SSH_KEY}]
users: 150
mailbox_quota: 5 GB
services:
  imaps: yes
dns:
  ttl: 600
nodes:
  infra1: [mesh-and-directory, database, monitoring]
  mta1: [mta, proxy]
  store1:
    roles: [mailstore, tasks]
"""


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageServer]:
    folder = tmp_path_factory.mktemp("editor")
    (folder / "topology.schema.json").write_text(run_cli(folder, "schema").out, "utf-8")
    with contextlib.closing(LanguageServer(folder)) as server:
        yield server


@pytest.mark.slow
@pytest.mark.parametrize(
    ("written", "offered", "never"),
    [
        # The cursor is where the stroke is.
        ("‸", {"domain", "release", "cloud", "management", "nodes", "scenario", "dns"}, {"roles", "provider"}),
        ("release: ‸", {'"26.6"', '"25.12"', '"24.1"'}, {"24.2"}),
        ("edition: ‸", {"commercial", "community"}, {"null"}),
        ("cloud:\n  ‸", {"provider", "region", "zones", "quotas"}, {"domain"}),
        ("cloud:\n  provider: ‸", {"aws", "hetzner", "libvirt"}, {"gcp"}),
        ("cloud: {provider: hetzner, region: ‸}", {"fsn1", "nbg1", "hel1"}, {"eu-central-1"}),
        ("cloud:\n  provider: aws\n  region: ‸", {"eu-central-1", "us-east-1"}, {"fsn1"}),
        ("cloud:\n  provider: aws\n  region: us-west-1\n  zones: [‸]", {"us-west-1a", "us-west-1b"}, {"us-east-1a"}),
        ('release: "24.1"\nos: ‸', {"ubuntu-20.04", "rhel-8"}, {"ubuntu-24.04", "rhel-9"}),
        ('release: "26.6"\nos: ‸', {"ubuntu-24.04", "rhel-9"}, {"ubuntu-20.04"}),
        ('release: "24.1"\nnodes:\n  mta1: [‸]', {"mta", "proxy", "database-connector"}, {"mesh", "chats"}),
        ('release: "26.6"\nnodes:\n  mta1:\n    - mta\n    - ‸', {"mta", "proxy", "mesh"}, {"database-connector"}),
        (
            'release: "26.6"\nedition: community\nnodes:\n  mta1:\n    roles:\n      - ‸',
            {"mta", "chats", "monitoring"},
            {"mesh", "event-streaming", "log-server"},
        ),
        ("nodes:\n  mta1:\n    roles: [mta]\n    ‸", {"os", "type", "zone", "private", "recording"}, {"domain"}),
        (
            "cloud: {provider: aws, region: eu-west-1}\nnodes:\n  m:\n    roles: [mta]\n    zone: ‸",
            {"eu-west-1a"},
            {"fsn1"},
        ),
        (
            "cloud: {provider: hetzner, region: fsn1}\nnodes:\n  m:\n    roles: [mta]\n    type: ‸",
            {"ccx23"},
            {"m6i.large"},
        ),
        ('release: "24.1"\nedition: community\nservices:\n  ‸', {"imaps", "submissions", "smtp"}, {"xmpp", "admin"}),
        ("services:\n  imaps: ‸", {"true", "false", "management"}, {"null"}),
        ('release: "25.12"\nscenario: ‸', {"essential", "full-small", "redundant"}, {"five-nodes"}),
        ("cloud: {provider: libvirt}\nexposure: ‸", {"direct", "gateway", "external"}, {"null"}),
        ("dns:\n  provider: ‸", {"route53", "hetzner", "none"}, {"aws"}),
        ("dns:\n  dmarc:\n    policy: ‸", {"none", "quarantine", "reject"}, {"null"}),
        ("host_firewall: ‸", {"true", "false"}, {"null"}),
        ("cloud: {provider: aws, region: eu-central-1}\nexposure: ‸", {"direct", "gateway"}, set()),
    ],
)
def test_what_is_proposed(editor: LanguageServer, written: str, offered: set[str], never: set[str]) -> None:
    found = editor.completions(MODELINE + written).keys()
    assert offered <= found
    assert not never & found


def test_proposals_are_explained(editor: LanguageServer) -> None:
    keys = editor.completions(MODELINE + "‸")
    assert "SSH and the Admin Panel answer to nobody else" in keys["management"]
    roles = editor.completions(MODELINE + 'release: "26.6"\nnodes:\n  mta1: [‸]')
    assert roles["mta"] == "MTA AV/AS"
    types = editor.completions(
        MODELINE + "cloud: {provider: aws, region: eu-west-1}\nnodes:\n  m:\n    roles: [mta]\n    type: ‸"
    )
    assert types["m6i.xlarge"] == "4 vCPU, 16 GiB"
    services = editor.completions(MODELINE + 'release: "26.6"\nservices:\n  ‸')
    assert services["imaps"] == "IMAP, TLS: tcp 993, on nodes with the role proxy. Closed unless asked for."


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        ("dom‸ain: ", ["Mail domain", "Must be a domain such as example.com"]),
        ("rel‸ease: ", ["Release of Carbonio", '"26.6"', '"24.1"']),
        ("edi‸tion: ", ["needs a licence", "`community`", 'Default: "commercial"']),
        ("clo‸ud: ", ["Where the machines stand"]),
        ("pro‸vider: ", ["hypervisor of your own", "`hetzner`"]),
        ("reg‸ion: ", ["Region (AWS) or location (Hetzner)", "`eu-central-1`"]),
        ("man‸agement: ", ["from which you administer", "198.51.100.0/24"]),
        ("ssh_‸keys: ", ["~/.ssh/id_ed25519.pub"]),
        ("us‸ers: ", ["Mailboxes of the whole deployment", "whole number from 1 to 10 million"]),
        ("mailbox_‸quota: ", ["Space that one mailbox may take", "Must be a size such as 5 GB"]),
        ("ima‸ps: ", ["IMAP, TLS: tcp 993", "role proxy"]),
        ("tt‸l: ", ["How long the world may remember a record", "Default: 300"]),
        ("no‸des:", ["each with its roles"]),
        ("mta‸1: ", ["One machine and what it is for"]),
        ("ro‸les: ", ["several may share one"]),
        ("mon‸itoring", ["`monitoring`: Monitoring"]),
    ],
)
def test_what_is_explained(editor: LanguageServer, at: str, shown: list[str]) -> None:
    plain = at.replace("‸", "")
    assert TOPOLOGY.count(plain) == 1
    found = editor.hover(TOPOLOGY.replace(plain, at))
    for text in shown:
        assert text in found
    assert "||" not in found
    assert "undefined" not in found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("was", "now", "problems"),
    [
        ("users: 150", "usres: 150", ["8: Property usres is not allowed."]),
        ("domain: example.com\n", "", ['2: Missing property "domain".']),
        ("mailbox_quota: 5 GB\n", "", ['2: Missing property "mailbox_quota".']),
        ("5 GB", "5", ["9: must be a size such as 5 GB"]),
        ("users: 150", "users: '150'", ["8: must be a whole number from 1 to 10 million"]),
        ("users: 150", "users: 0", ["8: Value is below the minimum of 1."]),
        ("[198.51.100.0/24]", "[198.51.100.0/33]", ["6: must be an IPv4 range such as 198.51.100.0/24"]),
        ("imaps: yes", "imaps: maybe", ['11: must be true, false, "management" or a list of IPv4 ranges']),
        ("imaps: yes", "imasp: yes", ["11: Property imasp is not allowed."]),
        ("imaps: yes", "admin: yes", ["11: Property admin is not allowed."]),
        ("mta1:", "MTA1:", ["16: must be a host name: small letters, digits and hyphens, a letter first"]),
        ("[mta, proxy]", "[mta, mta]", ["16: Array has duplicate items."]),
        ("ttl: 600", "ttl: 5", ["13: Value is below the minimum of 30."]),
        (
            '"26.6"',
            "26.6",
            ['3: Value is not accepted. Valid values: "26.6", "26.6.0", "25.12", "25.12.0", "24.1", "24.1.0".'],
        ),
        ("{provider: aws, region: eu-central-1}", "aws", ["5: needs a region, as in: {provider: aws, region: ...}"]),
        (
            "users: 150",
            "users: 150\nscenario: single",
            [f"{n}: nodes and scenario exclude each other" for n in (16, 17, 18)],
        ),
        (TOPOLOGY[TOPOLOGY.index("nodes:") :], "", ["2: nodes is missing: write nodes, or name a scenario"]),
        ("edition: commercial", "edition: community", ["15: Object has more properties than limit of 1."]),
        (
            "edition: commercial",
            "os: ubuntu-20.04",
            ['4: Value is not accepted. Valid values: "ubuntu-22.04", "ubuntu-24.04", "rhel-8", "rhel-9".'],
        ),
        ("ttl: 600", "provider: route35", ['13: Value is not accepted. Valid values: "none", "route53", "hetzner".']),
    ],
)
def test_what_is_underlined(editor: LanguageServer, was: str, now: str, problems: list[str]) -> None:
    assert TOPOLOGY.count(was) == 1
    assert editor.problems(TOPOLOGY.replace(was, now)) == problems


def test_every_pattern_is_one_of_javascript() -> None:
    patterns: set[str] = set()

    def collect(found: object) -> None:
        if isinstance(found, dict):
            patterns.update(value for key, value in found.items() if key == "pattern" and isinstance(value, str))
        for below in found.values() if isinstance(found, dict) else found if isinstance(found, list) else ():
            collect(below)

    collect(topology_schema())
    assert len(patterns) > len(EXAMPLES)
    # The flag u is what a schema's patterns are read with, and stricter.
    program = 'for (const one of JSON.parse(require("fs").readFileSync(0))) { new RegExp(one, "u") }'
    subprocess.run(["node", "-e", program], input=json.dumps(sorted(patterns)), text=True, check=True)


def test_a_misspelt_role_is_underlined(editor: LanguageServer) -> None:
    (found,) = editor.problems(TOPOLOGY.replace("[mta,", "[mtaa,"))
    assert found.startswith('16: Value is not accepted. Valid values: "mesh-and-directory", ')
    assert '"mta"' in found


def test_nothing_is_underlined_without_reason(editor: LanguageServer) -> None:
    assert editor.problems(TOPOLOGY) == []
    assert editor.problems(TOPOLOGY + "os:\nexposure:\nvpn:\n") == []
    for folder in EXAMPLES:
        assert editor.problems(MODELINE + (folder / "topology.yaml").read_text("utf-8")) == [], folder.name


def test_what_is_accepted_however_written_is_not_underlined(editor: LanguageServer) -> None:
    from tests.test_schema import SPELLINGS

    assert editor.problems(MODELINE + SPELLINGS) == []
