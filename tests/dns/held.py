"""What a DNS provider holds after an apply, read back through its API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Protocol, final

import boto3
import hcloud

from generator.rehearse.aws_simulator import AwsSimulator
from generator.rehearse.hetzner.simulator import TOKEN, HetznerSimulator
from tests.dns import canonical


@final
class Clouds:
    """Both simulated clouds at once: machines may stand on one, and their zones on the other."""

    def __init__(self, zones: Iterable[str] = (), delegated: Iterable[str] = ()) -> None:
        self.aws = AwsSimulator(existing_zones=tuple(zones), delegated=tuple(delegated))
        self.hetzner = HetznerSimulator(existing_zones=tuple(zones))

    def __enter__(self) -> Clouds:
        self.aws.__enter__()
        self.hetzner.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hetzner.__exit__(kind, error, trace)
        self.aws.__exit__(kind, error, trace)

    def environment(self) -> dict[str, str]:
        return {**self.aws.environment(), **self.hetzner.environment()}

    def client(self, service: str) -> Any:
        return boto_client(service, self.aws.url)


def boto_client(service: str, url: str) -> Any:
    """Return a client of the simulated AWS."""
    return boto3.client(
        service,
        region_name="eu-central-1",
        endpoint_url=url,
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )


class Holder(Protocol):
    """A DNS provider."""

    def zones(self) -> set[str]: ...

    def records(self, zone: str) -> list[str]: ...

    def add(self, zone: str, name: str, type_: str, ttl: int, values: Iterable[str]) -> None: ...


class Route53:
    """Route 53.

    Args:
        private: Look at the zones that a VPC sees, instead of the public ones.
    """

    def __init__(self, clouds: Clouds, *, private: bool = False) -> None:
        self._api = clouds.client("route53")
        self._private = private

    def _ids(self) -> dict[str, str]:
        pages = self._api.get_paginator("list_hosted_zones").paginate()
        found = [zone for page in pages for zone in page["HostedZones"]]
        of_view = [zone for zone in found if zone["Config"]["PrivateZone"] is self._private]
        assert len({zone["Name"] for zone in of_view}) == len(of_view), "two zones with one name"
        return {zone["Name"].removesuffix("."): zone["Id"] for zone in of_view}

    def zones(self) -> set[str]:
        return set(self._ids())

    def records(self, zone: str) -> list[str]:
        pages = self._api.get_paginator("list_resource_record_sets").paginate(HostedZoneId=self._ids()[zone])
        return canonical.of_route53((entry for page in pages for entry in page["ResourceRecordSets"]), zone)

    def add(self, zone: str, name: str, type_: str, ttl: int, values: Iterable[str]) -> None:
        entry = {"Name": name, "Type": type_, "TTL": ttl, "ResourceRecords": [{"Value": value} for value in values]}
        batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": entry}]}
        self._api.change_resource_record_sets(HostedZoneId=self._ids()[zone], ChangeBatch=batch)


class Hetzner:
    """Zones of a Hetzner project."""

    def __init__(self, clouds: Clouds) -> None:
        self._api = hcloud.Client(token=TOKEN, api_endpoint=clouds.environment()["HCLOUD_ENDPOINT"])

    def zones(self) -> set[str]:
        return {zone.name for zone in self._api.zones.get_all() if zone.name}

    def records(self, zone: str) -> list[str]:
        found = self._api.zones.get(zone)
        assert found.ttl
        return canonical.of_hetzner(self._api.zones.get_rrset_all(found), zone, found.ttl)

    def add(self, zone: str, name: str, type_: str, ttl: int, values: Iterable[str]) -> None:
        relative = "@" if name == zone else name.removesuffix(f".{zone}")
        records = [hcloud.zones.ZoneRecord(value) for value in values]
        kind: Any = type_
        self._api.zones.create_rrset(self._api.zones.get(zone), name=relative, type=kind, ttl=ttl, records=records)


def holder(provider: str, clouds: Clouds) -> Holder | None:
    """Return the DNS provider with that name; None for "none"."""
    if provider == "none":
        return None
    return Route53(clouds) if provider == "route53" else Hetzner(clouds)


def reverse_names(clouds: Clouds) -> Mapping[str, str]:
    """Return the reverse name of each public address of both clouds that has one, without a final dot."""
    ec2 = clouds.client("ec2")
    found = ec2.describe_addresses_attribute(Attribute="domain-name").get("Addresses", [])
    names = {entry["PublicIp"]: entry["PtrRecord"].removesuffix(".") for entry in found if entry.get("PtrRecord")}
    api = hcloud.Client(token=TOKEN, api_endpoint=clouds.environment()["HCLOUD_ENDPOINT"])
    for address in api.primary_ips.get_all():
        names |= {
            entry["ip"]: entry["dns_ptr"] for entry in address.dns_ptr or [] if "your-server" not in entry["dns_ptr"]
        }
    return names
