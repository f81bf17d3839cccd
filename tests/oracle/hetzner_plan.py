"""What is open at Hetzner, read from Terraform's own JSON or from the cloud's API: three readers as in `aws_plan`."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterable, Sequence
from typing import Any

from tests.oracle.cloud import Cloud, Entry, hetzner
from tests.oracle.groups import OracleError
from tests.oracle.plan_json import Configuration, Json, Resource, check_types, resources

JUDGED = {
    "hcloud_firewall",
    "hcloud_network",
    "hcloud_network_route",
    "hcloud_network_subnet",
    "hcloud_server",
}
# Resources that cannot open anything by themselves; a primary IP opens what its server's firewalls open.
HARMLESS = {
    "aws_route53_record",
    "aws_route53_zone",
    "hcloud_placement_group",
    "hcloud_primary_ip",
    "hcloud_rdns",
    "hcloud_ssh_key",
    "hcloud_volume",
    "hcloud_volume_attachment",
    "hcloud_zone",
    "hcloud_zone_rrset",
}
PAGE = 50


def planned(document: Json) -> Cloud:
    """Read a plan.

    Args:
        document: What `terraform show -json PLANFILE` printed.

    Raises:
        OracleError: Something in the plan cannot be judged.
    """
    found = list(resources(document["planned_values"]["root_module"]))
    check_types(found, JUDGED | HARMLESS)
    configuration = Configuration(document, "hcloud_firewall", "hetzner")
    members = {}
    for server in (entry for entry in found if entry.type == "hcloud_server"):
        each = configuration.each(server)
        configuration.check(server, "firewall_ids", "each.value.groups", ["each.value.public_address"])
        members[server.key] = set(each["groups"]) if each["public_address"] else set()
    return _cloud(found, members, "key")


def applied(document: Json) -> Cloud:
    """Read a state.

    Args:
        document: What `terraform show -json` printed after an apply.

    Raises:
        OracleError: Something in the state cannot be judged.
    """
    found = list(resources(document["values"]["root_module"]))
    check_types(found, JUDGED | HARMLESS)
    servers = [entry for entry in found if entry.type == "hcloud_server"]
    members = {entry.key: {str(number) for number in entry.values["firewall_ids"]} for entry in servers}
    return _cloud(found, members, "id")


def served(url: str, token: str, domain: str) -> Cloud:
    """Ask the cloud itself.

    Args:
        url: Of the API, with its version.
        token: Of the project.
        domain: The mail domain; a server's name is `<node>.<domain>`.
    """
    members, addresses, public = {}, {}, set()
    for server in _all(url, token, "servers"):
        name = server["name"].removesuffix(f".{domain}")
        net = server["public_net"]
        if net["ipv6"] or net["floating_ips"]:
            raise OracleError(f"{name} has more than an IPv4 address: {net}")
        members[name] = {str(entry["id"]) for entry in net["firewalls"] if entry["status"] == "applied"}
        if net["ipv4"]:
            public.add(name)
        (own,) = server["private_net"]
        addresses[name] = own["ip"]
    firewalls = _all(url, token, "firewalls")
    entries = [_entry(str(firewall["id"]), rule) for firewall in firewalls for rule in firewall["rules"]]
    _check_used(members, {str(firewall["id"]) for firewall in firewalls})
    (network,) = _all(url, token, "networks")
    return hetzner(addresses, public, _way_out(network["routes"]), members, entries)


def _cloud(found: Sequence[Resource], members: dict[str, set[str]], name: str) -> Cloud:
    """Return the cloud's side; firewalls are named by their key, or by their id."""
    servers = [entry for entry in found if entry.type == "hcloud_server"]
    firewalls = {
        str(entry.key if name == "key" else entry.values["id"]): entry.values
        for entry in found
        if entry.type == "hcloud_firewall"
    }
    _check_used(members, set(firewalls))
    for identity, firewall in firewalls.items():
        if firewall["apply_to"]:
            raise OracleError(f"{identity} applies itself to {firewall['apply_to']}")
    addresses, public = {}, set()
    for server in servers:
        (net,) = server.values["public_net"]
        if net["ipv6_enabled"]:
            raise OracleError(f"{server.address} has an IPv6 address")
        if server.values["ignore_remote_firewall_ids"]:
            raise OracleError(f"{server.address} ignores its firewalls")
        if net["ipv4_enabled"]:
            public.add(server.key)
        (own,) = server.values["network"]
        if own["alias_ips"]:
            raise OracleError(f"{server.address} has further addresses: {own['alias_ips']}")
        addresses[server.key] = own["ip"]
    entries = [_entry(identity, rule) for identity, firewall in firewalls.items() for rule in firewall["rule"]]
    routes = [entry.values for entry in found if entry.type == "hcloud_network_route"]
    return hetzner(addresses, public, _way_out(routes), members, entries)


def _check_used(members: dict[str, set[str]], firewalls: set[str]) -> None:
    used = set().union(*members.values())
    if used != firewalls:
        raise OracleError(f"firewalls without a server, or not in the plan: {sorted(used ^ firewalls)}")


def _entry(firewall: str, rule: Json) -> Entry:
    sources, targets = rule["source_ips"], rule["destination_ips"]
    own, other = (sources, targets) if rule["direction"] == "in" else (targets, sources)
    if other or not own:
        raise OracleError(f"{firewall}: a rule for {own} with {other}")
    return Entry(firewall, rule["direction"], rule["protocol"], rule["port"] or "", tuple(own))


def _way_out(routes: Iterable[Json]) -> str:
    found = list(routes)
    for route in found:
        if route["destination"] != "0.0.0.0/0":
            raise OracleError(f"a route that is no default route: {route}")
    return str(found[0]["gateway"]) if found else ""


def _all(url: str, token: str, what: str) -> list[Any]:
    found: list[Any] = []
    page: int | None = 1
    while page is not None:
        request = urllib.request.Request(  # noqa: S310
            f"{url}/{what}?page={page}&per_page={PAGE}", headers={"Authorization": f"Bearer {token}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            content = json.load(answer)
        found += content[what]
        page = content["meta"]["pagination"]["next_page"]
    return found
