"""All that the DNS part knows at once, beside records of others: applied, applied again, served, taken away."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any, NamedTuple

import dns.flags
import dns.message
import dns.name
import dns.query
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from tests.dns import canonical
from tests.dns.deployed import APPLY, Topology, addresses, private
from tests.dns.held import Clouds, Route53, holder, reverse_names
from tests.dns.judged import assert_answers, assert_judged_well, mail_domains
from tests.dns.served import SECONDS, Served, check_zone, need, reverse_zones, served
from tests.dns.test_same_everywhere import assert_inside
from tests.terraform import Program

pytestmark = [pytest.mark.terraform, pytest.mark.slow]

RICH = Path(__file__).parent / "rich.yaml"
BOOKS = "xn--bcher-example-wob.com"
EXISTING = ("example.com", BOOKS)
ZONES = {"example.com", "example.net", BOOKS}
DOMAINS = ["example.com", "example.net", "lists.example.com", BOOKS]
CLOUDS: dict[str, dict[str, Any]] = {
    "route53": {"provider": "aws", "region": "eu-central-1", "quotas": {"elastic_ips": 10}},
    "hetzner": {"provider": "hetzner", "region": "fsn1"},
}
# What others have in the zones: beside our names, below them, and with every kind of value.
FOREIGN: list[tuple[str, str, str, int, list[str]]] = [
    ("example.com", "intranet.example.com", "A", 900, ["203.0.113.200", "203.0.113.201"]),
    ("example.com", "theirs._domainkey.example.com", "TXT", 900, ['"v=DKIM1; p=" "' + "A" * 250 + '"']),
    ("example.com", "files.mail.example.com", "CNAME", 900, ["elsewhere.example.org."]),
    ("example.com", "*.apps.example.com", "AAAA", 900, ["2001:db8::7"]),
    ("example.com", "_sip._udp.example.com", "SRV", 900, ["1 2 5060 sip.example.org."]),
    ("example.com", "quoted-by-others.example.com", "TXT", 900, ['"with \\"quotes\\" and \\\\"']),
    (BOOKS, f"shop.{BOOKS}", "MX", 900, ["10 mail.example.org."]),
]


class Applied(NamedTuple):
    """What there is after the first apply.

    Attributes:
        zones: `terraform output -json zones`.
        held: What the provider holds, by zone.
        before: The same, before the apply.
        after: The same, after destroy.
        inside: What the VPC sees, by zone.
        reverse: Reverse names by address.
    """

    provider: str
    zones: dict[str, str]
    nodes: dict[str, Any]
    name_servers: dict[str, list[str]]
    before: dict[str, list[str]]
    held: dict[str, list[str]]
    after: dict[str, list[str]]
    inside: dict[str, list[str]]
    reverse: dict[str, str]


def one_life(provider: str, folder: Path, terraform: Program) -> Applied:
    """Apply, plan without changes, destroy."""
    topology = Topology.read(RICH, provider)
    topology.content["cloud"] = CLOUDS[provider]
    with Clouds(EXISTING, delegated=EXISTING) as clouds:
        session = topology.session(folder, terraform, clouds)
        provided = holder(provider, clouds)
        assert provided
        for record in FOREIGN:
            provided.add(*record)
        before = {zone: provided.records(zone) for zone in provided.zones()}
        session.shell(f"python -m generator && terraform {APPLY}")
        held = {zone: provided.records(zone) for zone in provided.zones()}
        private_zones = Route53(clouds, private=True)
        inside = {zone: private_zones.records(zone) for zone in private_zones.zones()}
        reverse = dict(reverse_names(clouds))
        session.shell("terraform plan -detailed-exitcode -input=false -no-color")
        zones, nodes, servers = (session.output(name) for name in ("zones", "nodes", "name_servers"))
        session.shell(f"terraform {APPLY.replace('apply', 'destroy')}")
        after = {zone: provided.records(zone) for zone in provided.zones()}
        assert private_zones.zones() == set()
    return Applied(provider, zones, nodes, servers, before, held, after, inside, reverse)


def holds_what_the_zone_files_say_and_what_others_had(applied: Applied) -> None:
    assert set(applied.zones) == set(applied.held) == set(applied.name_servers) == ZONES
    assert all(applied.name_servers.values())
    for zone, text in applied.zones.items():
        ours = canonical.of_zone_file(text, zone)
        assert ours
        assert applied.held[zone] == sorted([*ours, *applied.before.get(zone, [])])


def others_records_outlive_ours(applied: Applied) -> None:
    assert {zone: len(records) for zone, records in applied.before.items()} == {"example.com": 7, BOOKS: 1}
    assert applied.after == applied.before, "zones of our own are gone, and zones of others are as they were"


def nothing_private_is_public(applied: Applied) -> None:
    known = addresses(applied.zones)
    assert {node["public_address"] for name, node in applied.nodes.items() if name.startswith("mta")} <= known
    assert not private(known)


def inside_says_all_that_outside_says(applied: Applied) -> None:
    if applied.provider != "route53":
        assert not applied.inside
        return
    assert set(applied.inside) == {"example.com"}, "other mail domains are asked outside"
    inside = applied.inside["example.com"]
    assert_inside(applied.zones["example.com"], inside, "example.com", applied.nodes)
    hosts = canonical.hosts(inside)
    exchanges = {
        dns.name.from_wire(bytes.fromhex(data), 2)[0].to_text()
        for _, _, type_, data in map(str.split, inside)
        if type_ == "MX"
    } - {"."}
    mtas = {node["private_address"] for node in applied.nodes.values() if "mta" in node["roles"]}
    assert exchanges
    for exchange in exchanges:
        assert hosts[exchange]
        assert hosts[exchange] <= mtas, f"{exchange} is not on an MTA"


def reverse_names_come_with_a_delegated_zone(applied: Applied) -> None:
    mtas = {node["public_address"]: node["fqdn"] for node in applied.nodes.values() if "mta" in node["roles"]}
    assert len(mtas) == 2
    assert {address: applied.reverse.get(address) for address in mtas} == mtas


def is_served_and_judged(applied: Applied, world: Served, folder: Path) -> None:
    for zone, text in applied.zones.items():
        check_zone(folder, zone, text)
    assert_answers(applied.zones, world)
    assert mail_domains(applied.zones) == DOMAINS
    assert_judged_well(DOMAINS, world, warnings=["p tag value of none makes DMARC unenforced"])


def a_long_key_needs_tcp_where_answers_are_small(world: Served) -> None:
    query = dns.message.make_query("2026a._domainkey.example.com", "TXT")
    small = dns.query.udp(query, "127.0.0.1", SECONDS, world.resolver)
    assert small.flags & dns.flags.TC
    whole = dns.query.tcp(query, "127.0.0.1", SECONDS, world.resolver)
    assert not whole.flags & dns.flags.TC
    assert [bits(canonical.text_of(record)) for record in whole.answer[0]] == [4096]
    (record,) = world.ask("winter._domainkey.example.net", "TXT").answer[0]
    assert bits(canonical.text_of(record)) == 2048


def bits(text: bytes) -> int:
    """Return the size of the key in a DKIM record."""
    tags = dict(part.strip().split(b"=", 1) for part in text.split(b";"))
    key = load_der_public_key(base64.b64decode(tags[b"p"], validate=True))
    assert isinstance(key, RSAPublicKey)
    return key.key_size


@pytest.mark.parametrize("provider", ["route53", "hetzner"])
def test_one_life(provider: str, terraform: Program, tmp_path: Path) -> None:
    applied = one_life(provider, tmp_path / "mail", terraform)
    holds_what_the_zone_files_say_and_what_others_had(applied)
    others_records_outlive_ours(applied)
    nothing_private_is_public(applied)
    inside_says_all_that_outside_says(applied)
    reverse_names_come_with_a_delegated_zone(applied)
    need("nsd", "unbound", "named-checkzone")
    with served(tmp_path / "served", {**applied.zones, **reverse_zones(applied.reverse)}) as world:
        is_served_and_judged(applied, world, tmp_path)
        a_long_key_needs_tcp_where_answers_are_small(world)
