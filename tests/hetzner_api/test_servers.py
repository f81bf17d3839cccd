"""Servers: what is refused, what their commands do, what is left after them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.hetzner_api.conftest import Api, Start
from tests.hetzner_api.helpers import KEY, firewall, network, private, server, server_body


def primary_ip(api: Api, **more: Any) -> dict[str, Any]:
    body = {"name": "mta", "type": "ipv4", "location": "nbg1", "assignee_type": "server", **more}
    created: dict[str, Any] = api.ok("POST", "/primary_ips", body)["primary_ip"]
    return created


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "not a host"}, "name"),
        ({"name": ""}, "name"),
        ({"server_type": "cx22"}, "server_type"),
        ({"server_type": "cpx31"}, "server_type"),
        ({"server_type": "cax11", "image": "4711"}, "image"),
        ({"image": "ubuntu-18.04"}, "image"),
        ({"image": "ubuntu-20.04"}, "image"),
        ({"image": 15512617}, "image"),
        ({"location": "nbg2"}, "location"),
        ({"location": None, "datacenter": "nbg1-dc3"}, "datacenter"),
        ({"user_data": "#" * 32769}, "user_data"),
        ({"user_data": "ö" * 16385}, "user_data"),
        ({"labels": {"role": "two words"}}, "labels"),
        ({"public_net": {"enable_ipv4": False, "enable_ipv6": False}}, "public_net"),
    ],
)
def test_wrong_input(start: Start, change: dict[str, Any], field: str) -> None:
    api = start(snapshots=["4711"])
    status, body = api.call("POST", "/servers", server_body(**change))
    assert (status, body["error"]["code"]) == (422, "invalid_input")
    assert body["error"]["details"]["fields"][0]["name"] == field
    assert api.ok("GET", "/servers")["servers"] == api.ok("GET", "/primary_ips")["primary_ips"] == []


def test_user_data_at_the_limit(api: Api) -> None:
    server(api, user_data="#" * 32768)


def test_a_server_with_all_it_can_have(start: Start) -> None:
    api = start(ssh_keys=["operator"], snapshots=["os=ubuntu-20.04"])
    address = primary_ip(api)
    wall = firewall(api)
    group = api.ok("POST", "/placement_groups", {"name": "a", "type": "spread"})["placement_group"]["id"]
    net = network(api, "10.20.0.0/24")
    volume = api.ok("POST", "/volumes", {"name": "a", "size": 10, "location": "nbg1"})["volume"]["id"]
    image = api.ok("GET", "/images?type=snapshot")["images"][0]["id"]
    body = server_body(
        image=str(image),
        ssh_keys=["operator"],
        firewalls=[{"firewall": wall}],
        placement_group=group,
        networks=[net],
        volumes=[volume],
        public_net={"enable_ipv4": True, "enable_ipv6": False, "ipv4": address["id"]},
        labels={"role": "mta"},
    )
    created = api.ok("POST", "/servers", body)
    assert created["root_password"] is None
    assert [action["command"] for action in created["next_actions"]] == [
        "attach_to_network",
        "attach_volume",
        "start_server",
    ]
    found = api.ok("GET", f"/servers/{created['server']['id']}")["server"]
    assert found["status"] == "running"
    assert (found["public_net"]["ipv4"]["ip"], found["public_net"]["ipv6"]) == ("203.0.113.1", None)
    assert found["public_net"]["firewalls"] == [{"id": wall, "status": "applied"}]
    assert found["private_net"][0]["ip"] == "10.20.0.2"
    assert (found["volumes"], found["image"]["id"]) == ([volume], image)
    assert found["placement_group"]["servers"] == [found["id"]]
    assert api.ok("GET", f"/networks/{net}")["network"]["servers"] == [found["id"]]
    assert api.ok("GET", f"/primary_ips/{address['id']}")["primary_ip"]["assignee_id"] == found["id"]
    assert api.refused("DELETE", f"/primary_ips/{address['id']}") == (422, "must_be_unassigned")
    assert api.refused("DELETE", f"/placement_groups/{group}") == (422, "resource_in_use")
    assert api.refused("DELETE", f"/firewalls/{wall}") == (422, "resource_in_use")

    api.ok("DELETE", f"/servers/{found['id']}")
    assert api.ok("GET", f"/primary_ips/{address['id']}")["primary_ip"]["assignee_id"] is None
    assert api.ok("GET", f"/volumes/{volume}")["volume"]["server"] is None
    assert api.ok("GET", f"/networks/{net}")["network"]["servers"] == []
    for path in (f"/firewalls/{wall}", f"/placement_groups/{group}", f"/volumes/{volume}", f"/networks/{net}"):
        api.ok("DELETE", path)


def test_own_addresses_go_with_the_server(api: Api) -> None:
    found = server(api)
    addresses = api.ok("GET", "/primary_ips")["primary_ips"]
    assert [(entry["type"], entry["ip"], entry["auto_delete"]) for entry in addresses] == [
        ("ipv4", "203.0.113.1", True),
        ("ipv6", "2001:db8:0:1::/64", True),
    ]
    api.ok("DELETE", f"/servers/{found['id']}")
    assert api.ok("GET", "/primary_ips")["primary_ips"] == []


def test_without_a_key_there_is_a_password(api: Api) -> None:
    assert api.ok("POST", "/servers", server_body())["root_password"]
    key = api.ok("POST", "/ssh_keys", {"name": "a", "public_key": KEY})["ssh_key"]["id"]
    assert api.ok("POST", "/servers", server_body("b", ssh_keys=[key]))["root_password"] is None
    assert api.refused("POST", "/servers", server_body("c", ssh_keys=["none"])) == (404, "not_found")


def test_everything_may_be_named_by_its_id(api: Api) -> None:
    found = server(api, server_type=115, image=161547269, location=2)
    assert (found["server_type"]["name"], found["image"]["name"]) == ("cx33", "ubuntu-24.04")
    assert found["location"]["name"] == "nbg1"
    assert server(api, "anywhere", location=None)["location"]["name"] == "fsn1"
    assert primary_ip(api, location=3)["location"]["name"] == "hel1"
    assert api.ok("POST", "/volumes", {"name": "a", "size": 10, "location": 4})["volume"]["location"]["name"] == "ash"


def test_a_refused_server_claims_nothing(api: Api) -> None:
    near = api.ok("POST", "/volumes", {"name": "near", "size": 10, "location": "nbg1"})["volume"]["id"]
    far = api.ok("POST", "/volumes", {"name": "far", "size": 10, "location": "hel1"})["volume"]["id"]
    assert api.refused("POST", "/servers", server_body(volumes=[near, far])) == (422, "invalid_input")
    assert server(api, volumes=[near])["volumes"] == [near]


def test_names_are_unique(api: Api) -> None:
    first = server(api)
    assert api.refused("POST", "/servers", server_body()) == (409, "uniqueness_error")
    other = server(api, "other")
    assert api.refused("PUT", f"/servers/{other['id']}", {"name": "mta1"}) == (409, "uniqueness_error")
    assert api.ok("PUT", f"/servers/{first['id']}", {"name": "mta1"})["server"]["name"] == "mta1"
    assert api.ok("GET", "/servers?status=running&name=other")["servers"][0]["id"] == other["id"]


def test_primary_ips_that_do_not_fit(api: Api) -> None:
    taken, wrong = primary_ip(api), primary_ip(api, name="six", type="ipv6")
    far = primary_ip(api, name="far", location="hel1")
    server(api, public_net={"ipv4": taken["id"]})
    for number, code in (
        (taken["id"], "primary_ip_assigned"),
        (wrong["id"], "primary_ip_version_mismatch"),
        (far["id"], "primary_ip_datacenter_mismatch"),
    ):
        assert api.refused("POST", "/servers", server_body("b", public_net={"ipv4": number})) == (422, code)
    assert api.refused("POST", "/primary_ips", {"name": "x", "type": "ipv4", "datacenter": "nbg1-dc3"})[0] == 422
    assert api.refused("POST", "/primary_ips", {"name": "x", "type": "ipv4"}) == (422, "invalid_input")


def test_primary_ips_move_between_stopped_servers(api: Api) -> None:
    one, two = server(api, "one"), server(api, "two", public_net={"enable_ipv4": False})
    number = one["public_net"]["ipv4"]["id"]
    path, target = f"/primary_ips/{number}/actions", {"assignee_id": two["id"], "assignee_type": "server"}
    assert api.refused("POST", f"{path}/unassign") == (422, "server_not_stopped")
    assert api.refused("POST", f"{path}/assign", target) == (422, "primary_ip_already_assigned")
    api.ok("POST", f"/servers/{one['id']}/actions/poweroff")
    api.ok("POST", f"{path}/unassign")
    assert api.refused("POST", f"{path}/assign", target) == (422, "server_not_stopped")
    api.ok("POST", f"/servers/{two['id']}/actions/shutdown")
    api.ok("POST", f"{path}/assign", target)
    assert api.ok("GET", f"/servers/{two['id']}")["server"]["public_net"]["ipv4"]["id"] == number
    assert api.ok("GET", f"/servers/{one['id']}")["server"]["public_net"]["ipv4"] is None
    more = {"name": "more", "type": "ipv4", "assignee_type": "server", "assignee_id": two["id"]}
    assert api.refused("POST", "/primary_ips", more) == (422, "server_has_ipv4")
    given = api.ok("POST", "/primary_ips", {**more, "assignee_id": one["id"]})["primary_ip"]
    assert (given["location"]["name"], given["assignee_id"]) == ("nbg1", one["id"])


def test_reverse_dns(api: Api) -> None:
    found = server(api)
    four, six = found["public_net"]["ipv4"], found["public_net"]["ipv6"]
    assert four["dns_ptr"] == "static.1.113.0.203.clients.your-server.de"
    path = f"/servers/{found['id']}/actions/change_dns_ptr"
    api.ok("POST", path, {"ip": four["ip"], "dns_ptr": "mta1.example.com"})
    api.ok("POST", path, {"ip": "2001:db8:0:1::1", "dns_ptr": "mta1.example.com"})
    shown = api.ok("GET", f"/servers/{found['id']}")["server"]["public_net"]
    assert shown["ipv4"]["dns_ptr"] == "mta1.example.com"
    assert shown["ipv6"]["dns_ptr"] == [{"ip": "2001:db8:0:1::1", "dns_ptr": "mta1.example.com"}]
    names = api.ok("GET", f"/primary_ips/{four['id']}")["primary_ip"]["dns_ptr"]
    assert names == [{"ip": "203.0.113.1", "dns_ptr": "mta1.example.com"}]
    for body in (
        {"ip": "203.0.113.2", "dns_ptr": "a.example.com"},
        {"ip": four["ip"], "dns_ptr": "no name"},
        {"ip": "2001:db8::1", "dns_ptr": "a.example.com"},
    ):
        assert api.refused("POST", path, body) == (422, "invalid_input")
    api.ok("POST", f"/primary_ips/{four['id']}/actions/change_dns_ptr", {"ip": four["ip"], "dns_ptr": None})
    api.ok("POST", f"/primary_ips/{six['id']}/actions/change_dns_ptr", {"ip": "2001:db8:0:1::1", "dns_ptr": None})
    shown = api.ok("GET", f"/servers/{found['id']}")["server"]["public_net"]
    assert (shown["ipv4"]["dns_ptr"][:6], shown["ipv6"]["dns_ptr"]) == ("static", [])


def test_power(api: Api) -> None:
    path = f"/servers/{server(api)['id']}"
    for command, status in (
        ("poweroff", "off"),
        ("poweron", "running"),
        ("reboot", "running"),
        ("shutdown", "off"),
        ("reset", "running"),
    ):
        api.ok("POST", f"{path}/actions/{command}")
        assert api.ok("GET", path)["server"]["status"] == status


def test_a_server_without_an_interface_does_not_start(api: Api) -> None:
    found = server(api, **private())
    assert found["status"] == "off"
    assert api.refused("POST", f"/servers/{found['id']}/actions/poweron") == (422, "service_error")
    net = network(api, "10.20.0.0/24")
    api.ok("POST", f"/servers/{found['id']}/actions/attach_to_network", {"network": net})
    api.ok("POST", f"/servers/{found['id']}/actions/poweron")


def test_change_of_type(api: Api) -> None:
    path = f"/servers/{server(api)['id']}"
    change = f"{path}/actions/change_type"
    assert api.refused("POST", change, {"server_type": "cx33", "upgrade_disk": True}) == (422, "server_not_stopped")
    api.ok("POST", f"{path}/actions/poweroff")
    for kind, code in (("cax21", "invalid_server_type"), ("cpx31", "invalid_input"), ("cx23", "invalid_input")):
        assert api.refused("POST", change, {"server_type": kind, "upgrade_disk": True}) == (422, code)
    api.ok("POST", change, {"server_type": "cx33", "upgrade_disk": False})
    found = api.ok("GET", path)["server"]
    assert (found["server_type"]["name"], found["primary_disk_size"], found["status"]) == ("cx33", 40, "running")
    api.ok("POST", f"{path}/actions/poweroff")
    api.ok("POST", change, {"server_type": "cx43", "upgrade_disk": True})
    assert api.ok("GET", path)["server"]["primary_disk_size"] == 160
    api.ok("POST", f"{path}/actions/poweroff")
    small = {"server_type": "cx33", "upgrade_disk": False}
    assert api.refused("POST", change, small) == (422, "invalid_server_type")


def test_protection(api: Api) -> None:
    path = f"/servers/{server(api)['id']}"
    assert api.refused("POST", f"{path}/actions/change_protection", {"delete": True}) == (422, "invalid_input")
    api.ok("POST", f"{path}/actions/change_protection", {"delete": True, "rebuild": True})
    assert api.refused("DELETE", path) == (423, "protected")
    assert api.refused("POST", f"{path}/actions/rebuild", {"image": "debian-12"}) == (423, "protected")
    api.ok("POST", f"{path}/actions/change_protection", {"delete": False, "rebuild": False})
    api.ok("POST", f"{path}/actions/rebuild", {"image": "debian-12"})
    assert api.ok("GET", path)["server"]["image"]["name"] == "debian-12"
    api.ok("DELETE", path)
    assert api.refused("GET", path) == (404, "not_found")


def test_placement_groups_take_ten(api: Api) -> None:
    group = api.ok("POST", "/placement_groups", {"name": "a", "type": "spread"})["placement_group"]["id"]
    for number in range(10):
        server(api, f"node{number}", placement_group=group)
    assert api.refused("POST", "/servers", server_body("more", placement_group=group)) == (422, "placement_error")
    path = f"/servers/{server(api, 'more')['id']}/actions"
    body = {"placement_group": group}
    assert api.refused("POST", f"{path}/add_to_placement_group", body) == (422, "server_not_stopped")
    api.ok("POST", f"{path}/poweroff")
    assert api.refused("POST", f"{path}/add_to_placement_group", body) == (422, "placement_error")
    first = api.ok("GET", f"/placement_groups/{group}")["placement_group"]["servers"][0]
    api.ok("POST", f"/servers/{first}/actions/remove_from_placement_group")
    api.ok("POST", f"{path}/add_to_placement_group", body)
    assert api.refused("POST", "/placement_groups", {"name": "b", "type": "pack"}) == (422, "invalid_input")


def test_lesser_commands(api: Api) -> None:
    path = f"/servers/{server(api)['id']}"
    api.ok("POST", f"{path}/actions/enable_backup")
    api.ok("POST", f"{path}/actions/enable_rescue", {"type": "linux64"})
    found = api.ok("GET", path)["server"]
    assert (found["backup_window"], found["rescue_enabled"]) == ("22-02", True)
    api.ok("POST", f"{path}/actions/disable_backup")
    api.ok("POST", f"{path}/actions/disable_rescue")
    api.ok("POST", f"{path}/actions/reset_password")
    image = api.ok("POST", f"{path}/actions/create_image", {"description": "golden"})["image"]
    assert server(api, "copy", image=str(image["id"]))["image"]["description"] == "golden"
