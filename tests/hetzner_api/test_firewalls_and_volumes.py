"""Firewalls: rules and targets. Volumes: sizes and attachments."""

from __future__ import annotations

from typing import Any

import pytest

from tests.hetzner_api.conftest import Api
from tests.hetzner_api.helpers import firewall, private, rule, server, server_body


@pytest.mark.parametrize(
    "wrong",
    [
        rule(port=None),
        rule(port="0"),
        rule(port="65536"),
        rule(port="20-10"),
        rule(port="smtp"),
        rule(protocol="udp", port=None),
        rule(protocol="icmp", port="8"),
        rule(protocol="sctp"),
        rule(direction="both"),
        rule(source_ips=[]),
        rule(source_ips=["10.0.0.1"]),
        rule(source_ips=["10.0.0.1/8"]),
        rule(source_ips=[f"10.0.{number}.0/24" for number in range(101)]),
        rule(destination_ips=["0.0.0.0/0"]),
        rule(direction="out"),
        rule(description="x" * 256),
    ],
)
def test_wrong_rules(api: Api, wrong: dict[str, Any]) -> None:
    assert api.refused("POST", "/firewalls", {"name": "a", "rules": [wrong]}) == (422, "invalid_input")
    assert api.ok("GET", "/firewalls")["firewalls"] == []


def test_rules(api: Api) -> None:
    number = firewall(api)
    path = f"/firewalls/{number}/actions/set_rules"
    api.ok("POST", path, {"rules": [rule(str(port)) for port in range(1, 51)]})
    more = {"rules": [rule(str(port)) for port in range(1, 52)]}
    assert api.refused("POST", path, more) == (422, "invalid_input")
    many = [rule(source_ips=[f"10.{block}.{number}.0/24" for number in range(100)]) for block in range(5)]
    api.ok("POST", path, {"rules": many})
    assert api.refused("POST", path, {"rules": [*many, rule()]}) == (422, "invalid_input")
    good = [
        rule("20000-40000", "udp", source_ips=["2001:DB8:0::/48", "198.51.100.7/32"]),
        rule(None, "icmp", description="echo"),
        {"direction": "out", "protocol": "gre", "destination_ips": ["::/0"]},
    ]
    api.ok("POST", path, {"rules": good})
    found = api.ok("GET", f"/firewalls/{number}")["firewall"]["rules"]
    assert found[0]["source_ips"] == ["2001:db8::/48", "198.51.100.7/32"]
    assert [(entry["port"], entry["description"]) for entry in found] == [
        ("20000-40000", None),
        (None, "echo"),
        (None, None),
    ]
    api.ok("POST", path, {"rules": []})
    assert api.refused("POST", path, {}) == (422, "invalid_input")


def target(number: int) -> dict[str, Any]:
    return {"type": "server", "server": {"id": number}}


def selector(text: str) -> dict[str, Any]:
    return {"type": "label_selector", "label_selector": {"selector": text}}


def test_targets(api: Api) -> None:
    public, hidden = server(api, labels={"role": "mta"}), server(api, "hidden", **private())
    number = firewall(api)
    path = f"/firewalls/{number}/actions"
    apply, remove = f"{path}/apply_to_resources", f"{path}/remove_from_resources"
    api.ok("POST", apply, {"apply_to": [target(public["id"])]})
    for wrong, refusal in (
        (target(public["id"]), (422, "firewall_already_applied")),
        (target(hidden["id"]), (422, "private_net_only_server")),
        (target(1), (404, "firewall_resource_not_found")),
    ):
        assert api.refused("POST", apply, {"apply_to": [wrong]}) == refusal
    shown = api.ok("GET", f"/firewalls/{number}")["firewall"]["applied_to"]
    assert shown == [target(public["id"])]
    assert api.refused("DELETE", f"/firewalls/{number}") == (422, "resource_in_use")
    assert len(api.ok("POST", f"{path}/set_rules", {"rules": [rule("80")]})["actions"]) == 2
    api.ok("POST", remove, {"remove_from": [target(public["id"])]})
    api.ok("POST", remove, {"remove_from": [target(public["id"])]})
    assert api.refused("POST", remove, {"remove_from": [target(1)]}) == (404, "firewall_resource_not_found")

    api.ok("POST", apply, {"apply_to": [selector("role in (mta,proxy)")]})
    shown = api.ok("GET", f"/firewalls/{number}")["firewall"]["applied_to"]
    assert shown == [{**selector("role in (mta,proxy)"), "applied_to_resources": [target(public["id"])]}]
    walls = api.ok("GET", f"/servers/{public['id']}")["server"]["public_net"]["firewalls"]
    assert walls == [{"id": number, "status": "applied"}]
    refusal = api.refused("POST", remove, {"remove_from": [target(public["id"])]})
    assert refusal == (422, "firewall_managed_by_label_selector")
    api.ok("PUT", f"/servers/{public['id']}", {"labels": {"role": "store"}})
    assert api.ok("GET", f"/servers/{public['id']}")["server"]["public_net"]["firewalls"] == []
    api.ok("POST", remove, {"remove_from": [selector("role in (mta,proxy)")]})
    assert api.call("DELETE", f"/firewalls/{number}") == (204, None)


def test_a_server_has_five_firewalls_at_most(api: Api) -> None:
    walls = [firewall(api, f"wall-{number}") for number in range(6)]
    wanted = [{"firewall": wall} for wall in walls]
    assert api.refused("POST", "/servers", server_body(firewalls=wanted)) == (422, "invalid_input")
    machine = server(api, firewalls=wanted[:5])
    path = f"/firewalls/{walls[5]}/actions/apply_to_resources"
    refusal = api.refused("POST", path, {"apply_to": [target(machine["id"])]})
    assert refusal == (403, "resource_limit_exceeded")
    hidden = server_body("hidden", firewalls=wanted[:1], **private())
    assert api.refused("POST", "/servers", hidden) == (422, "private_net_only_server")
    twice = {"name": "x", "apply_to": [target(machine["id"])] * 2}
    assert api.refused("POST", "/firewalls", twice) == (422, "server_already_added")


@pytest.mark.parametrize(
    "change",
    [{"size": 9}, {"size": 10241}, {"size": None}, {"name": "a b"}, {"format": "btrfs"}, {"location": None}],
)
def test_wrong_volumes(api: Api, change: dict[str, Any]) -> None:
    body = {"name": "a", "size": 10, "location": "nbg1", **change}
    assert api.refused("POST", "/volumes", body) == (422, "invalid_input")


def test_volumes(api: Api) -> None:
    machine, far = server(api), server(api, "far", location="hel1")
    body = {"name": "a", "size": 10, "server": machine["id"], "format": "ext4", "automount": True}
    created = api.ok("POST", "/volumes", body)
    number = created["volume"]["id"]
    assert [action["command"] for action in created["next_actions"]] == ["attach_volume"]
    assert created["volume"]["status"] == "creating"
    found = api.ok("GET", f"/volumes/{number}")["volume"]
    assert (found["status"], found["server"], found["format"]) == ("available", machine["id"], "ext4")
    assert found["linux_device"] == f"/dev/disk/by-id/scsi-0HC_Volume_{number}"
    path = f"/volumes/{number}"
    attach, detach, resize = (f"{path}/actions/{name}" for name in ("attach", "detach", "resize"))
    assert api.refused("POST", attach, {"server": machine["id"]}) == (422, "volume_already_attached")
    assert api.refused("DELETE", path) == (422, "volume_already_attached")
    for size in (9, 10, 10241):
        assert api.refused("POST", resize, {"size": size}) == (422, "invalid_input")
    api.ok("POST", resize, {"size": 20})
    assert api.ok("GET", path)["volume"]["size"] == 20
    api.ok("POST", detach)
    assert api.refused("POST", detach) == (422, "invalid_input")
    assert api.refused("POST", attach, {"server": far["id"]}) == (422, "invalid_input")
    api.ok("POST", attach, {"server": machine["id"], "automount": False})
    assert api.ok("GET", f"/servers/{machine['id']}")["server"]["volumes"] == [number]
    api.ok("POST", detach)
    assert api.call("DELETE", path) == (204, None)


def test_a_server_has_sixteen_volumes_at_most(api: Api) -> None:
    machine = server(api)
    for number in range(16):
        api.ok("POST", "/volumes", {"name": f"v{number}", "size": 10, "server": machine["id"]})
    body = {"name": "more", "size": 10, "server": machine["id"]}
    assert api.refused("POST", "/volumes", body) == (403, "resource_limit_exceeded")
