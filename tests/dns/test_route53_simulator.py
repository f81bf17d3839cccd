"""What the simulated Route 53 does as the real one, and moto alone would not.

Refusals are those of the API reference (ChangeResourceRecordSets) and of the Developer Guide ("Supported DNS record
types", "DNS domain name format").
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from generator.rehearse.aws_simulator import AwsSimulator
from tests.dns import canonical
from tests.dns.held import boto_client

LONG = "a" * 255


@pytest.fixture(scope="module")
def route53() -> Iterator[Any]:
    with AwsSimulator() as simulator:
        yield boto_client("route53", simulator.url)


@pytest.fixture
def zone(route53: Any) -> str:
    made: str = route53.create_hosted_zone(Name="example.com", CallerReference=uuid.uuid4().hex)["HostedZone"]["Id"]
    return made


def change(route53: Any, zone: str, *changes: tuple[str, str, str, int, list[str]]) -> None:
    batch = [
        {
            "Action": action,
            "ResourceRecordSet": {
                "Name": name,
                "Type": type_,
                "TTL": ttl,
                "ResourceRecords": [{"Value": value} for value in values],
            },
        }
        for action, name, type_, ttl, values in changes
    ]
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": batch})


def held(route53: Any, zone: str) -> dict[tuple[str, str], list[str]]:
    sets = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    return {
        (entry["Name"], entry["Type"]): [record["Value"] for record in entry["ResourceRecords"]]
        for entry in sets
        if entry["Name"] not in ("example.com.", "example.net.") or entry["Type"] not in ("NS", "SOA")
    }


@pytest.mark.many(3)
@pytest.mark.parametrize(
    ("name", "type_", "ttl", "values"),
    [
        ("example.com", "A", 0, ["203.0.113.1", "203.0.113.2"]),
        ("example.com.", "MX", 2147483647, ["10 mta1.example.com", "0 ."]),
        ("example.com", "CAA", 300, ['0 issue "letsencrypt.org"', '128 iodef "mailto:a@example.com"']),
        ("_imaps._tcp.example.com", "SRV", 300, ["0 1 993 mail.example.com."]),
        ("www.example.com", "CNAME", 300, ["mail.example.com."]),
        ("Upper.EXAMPLE.com", "AAAA", 300, ["2001:db8::1"]),
        ("branch.example.com", "NS", 300, ["ns1.example.org.", "ns2.example.org."]),
        ("text.example.com", "TXT", 300, [f'"{LONG}""{LONG}" "b"', '"say \\"yes\\" \\\\"', '"\\303\\274"', '""']),
    ],
)
def test_good_records(route53: Any, zone: str, name: str, type_: str, ttl: int, values: list[str]) -> None:
    change(route53, zone, ("CREATE", name, type_, ttl, values))
    assert held(route53, zone) == {(f"{name.removesuffix('.').lower()}.", type_): values}
    change(route53, zone, ("DELETE", name, type_, ttl, values))
    change(route53, zone, ("CREATE", name, type_, ttl, values))
    change(route53, zone, ("UPSERT", name, type_, ttl, values[:1]))
    assert held(route53, zone) == {(f"{name.removesuffix('.').lower()}.", type_): values[:1]}


@pytest.mark.many(7)
@pytest.mark.parametrize(
    ("name", "type_", "ttl", "values"),
    [
        ("www.example.org", "A", 300, ["203.0.113.1"]),
        ("badexample.com", "A", 300, ["203.0.113.1"]),
        ("a.example.com", "A", 300, ["2001:db8::1"]),
        ("a.example.com", "A", 300, ["203.0.113.256"]),
        ("a.example.com", "A", 300, ["203.0.113.1", "203.0.113.1"]),
        ("a.example.com", "A", 2147483648, ["203.0.113.1"]),
        ("a.example.com", "MX", 300, ["mta1.example.com."]),
        ("a.example.com", "SRV", 300, ["1 993 mail.example.com."]),
        ("a.example.com", "CAA", 300, ["letsencrypt.org"]),
        ("a.example.com", "TXT", 300, ["v=spf1 -all"]),
        ("a.example.com", "TXT", 300, [f'"{LONG}a"']),
        ("a.example.com", "TXT", 300, ['"not closed']),
        ("a.example.com", "TXT", 300, ['"grüße"']),
        ("a.example.com", "TXT", 300, [" ".join([f'"{LONG}"'] * 16)]),
        ("example.com", "CNAME", 300, ["mail.example.net."]),
        ("two.example.com", "CNAME", 300, ["a.example.net.", "b.example.net."]),
        ("taken.example.com", "CNAME", 300, ["mail.example.net."]),
        ("alias.example.com", "TXT", 300, ['"beside an alias"']),
        ("taken.example.com", "A", 300, ["203.0.113.2"]),
        (f"{'a' * 64}.example.com", "A", 300, ["203.0.113.1"]),
    ],
)
def test_wrong_records(route53: Any, zone: str, name: str, type_: str, ttl: int, values: list[str]) -> None:
    change(
        route53,
        zone,
        ("CREATE", "taken.example.com", "A", 300, ["203.0.113.9"]),
        ("CREATE", "alias.example.com", "CNAME", 300, ["mail.example.net."]),
    )
    before = held(route53, zone)
    # All of a batch is done, or nothing.
    good = ("UPSERT", "good.example.com", "A", 300, ["203.0.113.3"])
    with pytest.raises(ClientError) as refused:
        change(route53, zone, good, ("CREATE", name, type_, ttl, values))
    assert refused.value.response["Error"]["Code"] in ("InvalidChangeBatch", "InvalidInput")
    assert held(route53, zone) == before


def test_what_is_deleted_must_be_as_it_is(route53: Any, zone: str) -> None:
    change(route53, zone, ("CREATE", "a.example.com", "A", 300, ["203.0.113.1", "203.0.113.2"]))
    for wrong in (
        ("DELETE", "a.example.com", "A", 300, ["203.0.113.1"]),
        ("DELETE", "a.example.com", "A", 60, ["203.0.113.1", "203.0.113.2"]),
        ("DELETE", "b.example.com", "A", 300, ["203.0.113.1"]),
    ):
        with pytest.raises(ClientError, match="InvalidChangeBatch"):
            change(route53, zone, wrong)
    with pytest.raises(ClientError, match="HostedZoneNotEmpty"):
        route53.delete_hosted_zone(Id=zone)
    change(route53, zone, ("DELETE", "a.example.com", "A", 300, ["203.0.113.2", "203.0.113.1"]))
    route53.delete_hosted_zone(Id=zone)


def test_a_wildcard_is_told_in_octal_digits(route53: Any, zone: str) -> None:
    change(route53, zone, ("CREATE", "*.dev.example.com", "A", 300, ["203.0.113.1"]))
    listed = route53.list_resource_record_sets(
        HostedZoneId=zone, StartRecordName="*.dev.example.com", StartRecordType="A", MaxItems="1"
    )
    (entry,) = listed["ResourceRecordSets"]
    assert entry["Name"] == "\\052.dev.example.com."
    assert canonical.of_route53([entry], "example.com") == ["*.dev.example.com. 300 A cb007101"]


def test_zones_know_nothing_of_each_other(route53: Any, zone: str) -> None:
    other = route53.create_hosted_zone(Name="example.net", CallerReference="other")["HostedZone"]["Id"]
    change(route53, other, ("CREATE", "www.example.net", "A", 300, ["203.0.113.1"]))
    assert held(route53, zone) == {}
    with pytest.raises(ClientError, match="is not permitted in zone"):
        change(route53, zone, ("CREATE", "www.example.net", "A", 300, ["203.0.113.1"]))


def test_many_changes_at_once_are_all_kept(route53: Any, zone: str) -> None:
    names = [f"a{number}.example.com" for number in range(40)]
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda name: change(route53, zone, ("CREATE", name, "A", 300, ["203.0.113.1"])), names))
    assert len(held(route53, zone)) == 40


def test_the_host_s_own_records_can_be_read(route53: Any, zone: str) -> None:
    sets = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    values = {entry["Type"]: [record["Value"] for record in entry["ResourceRecords"]] for entry in sets}
    assert len(values["NS"]) == 4
    assert len(values["SOA"][0].split()) == 7
