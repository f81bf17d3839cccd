"""Networks, subnets, routes, and which address a server gets."""

from __future__ import annotations

from typing import Any

import pytest

from tests.hetzner_api.conftest import Api
from tests.hetzner_api.helpers import network, private, server, server_body


def subnet(ip_range: str | None, zone: str = "eu-central", kind: str = "cloud") -> dict[str, Any]:
    return {"type": kind, "network_zone": zone, "ip_range": ip_range}


@pytest.mark.parametrize("ip_range", ["10.0.0.0/25", "100.64.0.0/16", "10.0.0.1/16", "8.8.8.0/24", "fd00::/64", "x"])
def test_ranges_that_no_network_has(api: Api, ip_range: str) -> None:
    assert api.refused("POST", "/networks", {"name": "a", "ip_range": ip_range}) == (422, "invalid_input")


def test_subnets(api: Api) -> None:
    path = f"/networks/{network(api, '10.20.0.0/24')}"
    for body in (
        subnet("10.21.0.0/24"),
        subnet("10.20.0.128/25"),
        subnet("10.20.1.0/31"),
        subnet("10.20.1.0/24", "eu-west"),
        subnet("10.20.1.0/24", kind="vswitch"),
    ):
        assert api.refused("POST", f"{path}/actions/add_subnet", body) == (422, "invalid_input")
    api.ok("POST", f"{path}/actions/add_subnet", subnet(None))
    found = api.ok("GET", path)["network"]["subnets"]
    # The gateway is the network's first address in every subnet.
    assert [(entry["ip_range"], entry["gateway"]) for entry in found] == [
        ("10.20.0.0/24", "10.20.0.1"),
        ("10.20.1.0/24", "10.20.0.1"),
    ]
    machine = server(api, networks=[int(path.split("/")[-1])])
    body = {"ip_range": "10.20.1.0/24"}
    status, error = api.call("POST", f"{path}/actions/delete_subnet", body)
    assert (status, error["error"]["code"]) == (422, "service_error")
    # The provider's retries look for these words.
    assert "servers are attached" in error["error"]["message"]
    api.ok("DELETE", f"/servers/{machine['id']}")
    api.ok("POST", f"{path}/actions/delete_subnet", body)
    assert api.refused("POST", f"{path}/actions/delete_subnet", body) == (404, "not_found")


def test_routes(api: Api) -> None:
    path = f"/networks/{network(api, '10.20.0.0/24')}"
    good = {"destination": "0.0.0.0/0", "gateway": "10.20.0.10"}
    api.ok("POST", f"{path}/actions/add_route", good)
    api.ok("POST", f"{path}/actions/add_route", {"destination": "192.168.0.0/16", "gateway": "10.20.0.10"})
    for destination, gateway in (
        ("0.0.0.0/0", "10.20.0.11"),
        ("192.168.1.0/24", "10.20.0.10"),
        ("10.20.0.0/25", "10.20.0.10"),
        ("172.31.0.0/16", "10.20.0.10"),
        ("8.8.8.0/24", "10.20.0.10"),
        ("10.99.0.0/16", "10.20.0.1"),
        ("10.99.0.0/16", "10.21.0.1"),
    ):
        body = {"destination": destination, "gateway": gateway}
        assert api.refused("POST", f"{path}/actions/add_route", body) == (422, "invalid_input")
    api.ok("POST", f"{path}/actions/delete_route", good)
    assert api.refused("POST", f"{path}/actions/delete_route", good) == (404, "not_found")
    assert api.refused("POST", f"{path}/actions/add_subnet", subnet("192.168.1.0/24"))[0] == 422


def test_a_network_only_grows(api: Api) -> None:
    path = f"/networks/{network(api)}"
    for ip_range in ("10.20.0.0/17", "10.0.0.0/8", "10.21.0.0/16"):
        body = {"ip_range": ip_range}
        assert api.refused("POST", f"{path}/actions/change_ip_range", body) == (422, "invalid_input")
    api.ok("POST", f"{path}/actions/change_ip_range", {"ip_range": "10.20.0.0/14"})
    assert api.ok("GET", path)["network"]["ip_range"] == "10.20.0.0/14"


def test_addresses_of_servers(api: Api) -> None:
    net = network(api, "10.20.0.0/30", "10.20.1.0/29")
    names = ("a", "b", "c", "d", "e")
    machines = {name: server(api, name, **private()) for name in names}

    def attach(name: str, **more: Any) -> tuple[int, Any]:
        status, body = api.call(
            "POST", f"/servers/{machines[name]['id']}/actions/attach_to_network", {"network": net, **more}
        )
        api.settle(body)
        return status, body.get("error", {}).get("code")

    assert attach("a", ip="10.20.1.2", alias_ips=["10.20.1.3"]) == (201, None)
    assert attach("a") == (422, "server_already_attached")
    assert attach("b", ip="10.20.1.2") == (422, "ip_not_available")
    assert attach("b", ip="10.20.1.3") == (422, "ip_not_available")
    assert attach("b", ip="10.20.0.1") == (422, "ip_not_available")
    assert attach("b", ip="10.20.1.7") == (422, "ip_not_available")
    assert attach("b", ip="10.20.9.9") == (422, "invalid_input")
    assert attach("b", ip="10.20.1.4", ip_range="10.20.0.0/30") == (422, "invalid_input")
    assert attach("b", ip_range="10.20.9.0/24") == (422, "no_subnet_available")
    # Without a wish: the next free address of the last subnet.
    assert attach("b") == (201, None)
    assert attach("c") == (201, None)
    assert attach("d", ip_range="10.20.0.0/30") == (201, None)
    assert attach("e", ip_range="10.20.0.0/30") == (422, "no_subnet_available")
    found = {entry["name"]: entry["private_net"] for entry in api.ok("GET", "/servers")["servers"]}
    assert {name: nets[0]["ip"] for name, nets in found.items() if nets} == {
        "a": "10.20.1.2",
        "b": "10.20.1.1",
        "c": "10.20.1.4",
        "d": "10.20.0.2",
    }
    assert len({nets[0]["mac_address"] for nets in found.values() if nets}) == 4

    path = f"/servers/{machines['a']['id']}/actions"
    body = {"network": net, "alias_ips": ["10.20.1.3", "10.20.1.5"]}
    api.ok("POST", f"{path}/change_alias_ips", body)
    taken = {"network": net, "alias_ips": ["10.20.1.4"]}
    assert api.refused("POST", f"{path}/change_alias_ips", taken) == (422, "ip_not_available")
    shown = api.ok("GET", f"/servers/{machines['a']['id']}")["server"]["private_net"]
    assert shown[0]["alias_ips"] == ["10.20.1.3", "10.20.1.5"]
    api.ok("POST", f"{path}/detach_from_network", {"network": net})
    assert api.refused("POST", f"{path}/detach_from_network", {"network": net}) == (422, "invalid_input")
    assert attach("e", ip="10.20.1.3") == (201, None)


def test_zones_and_overlaps(api: Api) -> None:
    net = network(api, "10.20.0.0/24")
    body = server_body("far", location="ash", server_type="cpx21", networks=[net])
    assert api.refused("POST", "/servers", body) == (422, "no_subnet_available")
    machine = server(api, networks=[net])
    other = network(api, "10.20.0.0/24", name="other")
    path = f"/servers/{machine['id']}/actions/attach_to_network"
    assert api.refused("POST", path, {"network": other}) == (422, "networks_overlap")
    assert api.refused("POST", path, {"network": 1}) == (404, "not_found")


def test_deleting_a_network_detaches(api: Api) -> None:
    net = network(api, "10.20.0.0/24")
    machine = server(api, networks=[net])
    api.ok("DELETE", f"/networks/{net}")
    assert api.ok("GET", f"/servers/{machine['id']}")["server"]["private_net"] == []
