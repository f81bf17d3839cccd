"""The official Python client creates, lists, changes and deletes everything."""

from __future__ import annotations

import pytest
from hcloud import APIException
from hcloud.firewalls import FirewallResource, FirewallRule
from hcloud.images import Image
from hcloud.locations import Location
from hcloud.networks import NetworkRoute, NetworkSubnet
from hcloud.placement_groups import PlacementGroup
from hcloud.server_types import ServerType
from hcloud.servers import ServerCreatePublicNetwork
from hcloud.zones import ZoneRecord

from tests.hetzner_api.conftest import Api, Start
from tests.hetzner_api.helpers import KEY


def test_everything(api: Api) -> None:
    client = api.client()
    place = Location(name="fsn1")
    key = client.ssh_keys.create("operator", KEY)
    network = client.networks.create("mail", "10.20.0.0/16")
    subnet = NetworkSubnet(ip_range="10.20.0.0/24", type=NetworkSubnet.TYPE_CLOUD, network_zone="eu-central")
    network.add_subnet(subnet).wait_until_finished()
    network.add_route(NetworkRoute(destination="0.0.0.0/0", gateway="10.20.0.2")).wait_until_finished()
    group = client.placement_groups.create("spread", PlacementGroup.TYPE_SPREAD).placement_group
    address = client.primary_ips.create(type="ipv4", name="mta", location=place).primary_ip
    assert address is not None
    assert address.ip is not None
    rules = [FirewallRule(direction="in", protocol="tcp", port="25", source_ips=["0.0.0.0/0"])]
    wall = client.firewalls.create("mta", rules=rules).firewall
    created = client.servers.create(
        "mta1",
        ServerType(name="cx23"),
        Image(name="ubuntu-24.04"),
        ssh_keys=[key],
        networks=[network],
        location=place,
        placement_group=group,
        public_net=ServerCreatePublicNetwork(ipv4=address, enable_ipv6=False),
    )
    for action in (created.action, *created.next_actions):
        action.wait_until_finished()
    server = client.servers.get_by_name("mta1")
    assert server is not None
    assert server.status == "running"
    assert [entry.ip for entry in server.private_net or ()] == ["10.20.0.2"]
    for action in client.firewalls.apply_to_resources(wall, [FirewallResource(type="server", server=server)]):
        action.wait_until_finished()
    client.volumes.create(10, "store", server=server)
    server.change_dns_ptr(address.ip, "mta1.example.com").wait_until_finished()
    zone = client.zones.create(name="example.com", mode="primary").zone
    rrset = client.zones.create_rrset(zone, name="mta1", type="A", records=[ZoneRecord(value=address.ip)]).rrset
    assert [record.value for record in rrset.records or ()] == ["203.0.113.1"]
    assert "mta1\tIN\tA\t203.0.113.1" in client.zones.export_zonefile(zone).zonefile

    assert [entry.name for entry in client.servers.get_all(label_selector="!role")] == ["mta1"]
    server.update(labels={"role": "mta"})
    assert client.servers.get_all(label_selector="!role") == []

    server.delete().wait_until_finished()
    for volume in client.volumes.get_all():
        volume.delete()
    wall.delete()
    address.delete()
    group.delete()
    network.delete()
    key.delete()
    zone.delete()
    for family in (
        "firewalls",
        "networks",
        "placement_groups",
        "primary_ips",
        "servers",
        "ssh_keys",
        "volumes",
        "zones",
    ):
        assert getattr(client, family).get_all() == []


def test_the_catalogue(start: Start) -> None:
    client = start(snapshots=["os=rhel-8"]).client()
    assert client.locations.get_by_name("nbg1") is not None
    assert client.server_types.get_by_name("cx33") is not None
    assert client.images.get_by_name_and_architecture("ubuntu-24.04", "x86") is not None
    assert [image.labels for image in client.images.get_all(type=["snapshot"])] == [{"os": "rhel-8"}]


def test_errors_arrive(api: Api) -> None:
    with pytest.raises(APIException) as caught:
        api.client().servers.create("a b", ServerType(name="cx23"), Image(name="ubuntu-24.04"))
    assert caught.value.code == "invalid_input"
