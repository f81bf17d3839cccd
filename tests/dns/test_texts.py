"""Texts of any length and with any sign arrive whole: in zone files and, through the modules, at the providers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dns.rdata
import dns.rdataclass
import dns.zone
import hcloud
import pytest

from generator.plan import Record, RecordValue
from generator.rehearse.aws_simulator import AwsSimulator
from generator.rehearse.hetzner.simulator import TOKEN, HetznerSimulator
from generator.render.zone import _data
from tests.dns import canonical
from tests.dns.texts import TEXTS, of_length
from tests.helpers import ROOT
from tests.terraform import AT_ONCE, Program

RECORDS = {
    f"{name}.example.com TXT": {"name": f"{name}.example.com", "type": "TXT", "ttl": 300, "values": [text]}
    for name, text in TEXTS.items()
}
APPLY = ("apply", "-auto-approve", "-input=false", "-no-color")


def in_zone_file(text: str, addresses: tuple[str, ...] = ()) -> str:
    value = RecordValue(text if addresses else text.replace("%", "%%"), addresses)
    return _data(Record("example.com", "a.example.com", "TXT", 300, (value,), "optional", ""), value)


def read(data: str) -> bytes:
    return canonical.text_of(dns.rdata.from_text(dns.rdataclass.IN, "TXT", data))


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_zone_file_holds_the_text(text: str) -> None:
    data = in_zone_file(text)
    assert read(data) == text.encode("ascii")
    assert "@@" not in data, "what Terraform would take for an address"


def test_bytes_outside_ascii_are_kept_in_a_zone_file() -> None:
    data = in_zone_file("grüße\n" + "ü" * 127)
    assert data.isascii()
    assert "\n" not in data
    assert read(data) == ("grüße\n" + "ü" * 127).encode()


@pytest.mark.parametrize("address", ["192.0.2.1", "203.0.113.255", "2001:0db8:0000:0000:0000:ff00:0042:8329"])
@pytest.mark.parametrize("senders", [1, 5, 8, 20, 60])
def test_no_address_to_come_is_cut_or_makes_a_string_too_long(senders: int, address: str) -> None:
    words = " ".join(["ip4:%s"] * senders)
    text = f"v=spf1 {words} include:%%{{i}}.example.net -all"
    data = in_zone_file(text, tuple(f"public:mta{number}" for number in range(senders)))
    parts = data.split("@@")
    assert parts[1::2] == [f"public:mta{number}" for number in range(senders)]
    finished = "".join(address if index % 2 else part for index, part in enumerate(parts))
    assert read(finished).decode() == (text % ((address,) * senders))


def root(folder: Path, modules: Mapping[str, Mapping[str, Any]], more: str = "") -> None:
    """Write a configuration that uses modules of the product directly."""
    calls = {
        name: {
            "source": str(ROOT / "modules" / source),
            "name": "mail",
            "domain": "example.com",
            "records": RECORDS,
            **rest,
        }
        for name, (source, rest) in {key: (value["from"], value["with"]) for key, value in modules.items()}.items()
    }
    # Terraform takes ${ and %{ for its own, in JSON as well.
    text = json.dumps({"module": calls}).replace("${x}", "$${x}").replace("%{i}", "%%{i}")
    (folder / "main.tf.json").write_text(text, "utf-8")
    (folder / "more.tf").write_text(more, "utf-8")


def expected() -> dict[str, bytes]:
    return {f"{name}.example.com.": text.encode("ascii") for name, text in TEXTS.items()}


@pytest.mark.terraform
@pytest.mark.slow
def test_hetzner_holds_the_texts(terraform: Program, tmp_path: Path) -> None:
    terraform.need("hetznercloud/hcloud")
    root(tmp_path, {"zone": {"from": "dns/hetzner", "with": {}}})
    terraform.init(tmp_path)
    with HetznerSimulator() as simulator:
        terraform.run(tmp_path, *APPLY, environment={**simulator.environment(), **AT_ONCE})
        api = hcloud.Client(token=TOKEN, api_endpoint=simulator.environment()["HCLOUD_ENDPOINT"])
        sets = api.zones.get_rrset_all(api.zones.get("example.com"), type=["TXT"])
        plan = ("plan", "-detailed-exitcode", "-input=false", "-no-color")
        terraform.run(tmp_path, *plan, environment=simulator.environment())
    found = {}
    for entry in sets:
        (record,) = entry.records or []
        found[f"{entry.name}.example.com."] = read(record.value)
    assert found == expected()


@pytest.mark.terraform
@pytest.mark.slow
def test_aws_holds_the_texts_in_both_zones(terraform: Program, tmp_path: Path) -> None:
    terraform.need("hashicorp/aws")
    modules = {
        "public": {"from": "dns/route53", "with": {}},
        "inside": {"from": "aws/inside-dns", "with": {"vpc_id": "${aws_vpc.main.id}"}},
    }
    root(tmp_path, modules, 'resource "aws_vpc" "main" {\n  cidr_block = "10.20.0.0/16"\n}\n' + PROVIDER)
    terraform.init(tmp_path)
    with AwsSimulator() as simulator:
        terraform.run(tmp_path, *APPLY, environment={**simulator.environment(), **AT_ONCE})
        from tests.dns.held import boto_client

        api = boto_client("route53", simulator.url)
        zones = [zone["Id"] for zone in api.list_hosted_zones()["HostedZones"]]
        sets = [api.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"] for zone in zones]
        plan = ("plan", "-detailed-exitcode", "-input=false", "-no-color")
        terraform.run(tmp_path, *plan, environment=simulator.environment())
    assert len(sets) == 2
    for held in sets:
        found = {}
        for entry in held:
            if entry["Type"] == "TXT":
                (record,) = entry["ResourceRecords"]
                found[entry["Name"]] = read(canonical.decimal(record["Value"]))
        assert found == expected()


PROVIDER = """
provider "aws" {
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}
"""


def test_the_texts_are_what_they_say() -> None:
    assert [len(of_length(length)) for length in (254, 511)] == [254, 511]
    assert len(TEXTS["dkim-4096"]) > 2 * 255 > len(TEXTS["dkim-2048"]) > 255
