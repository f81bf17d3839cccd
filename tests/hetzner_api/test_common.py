"""What all families share: authentication, errors, pages, sorting, labels, actions, faults."""

from __future__ import annotations

import re

import pytest

from generator.rehearse.hetzner.app import Project, create_app
from generator.rehearse.hetzner.faults import Faults
from tests.hetzner_api import contract
from tests.hetzner_api.conftest import Api, Start
from tests.hetzner_api.helpers import KEY, firewall, network, server, server_body

# What the package says is not simulated, and what the API itself has dropped.
ABSENT = re.compile(
    r"/(certificates|floating_ips|load_balancer|pricing|storage_box)|/metrics|iso$|request_console|import_zonefile"
    r"|change_primary_nameservers"
)


def test_every_operation_of_the_contract_is_there_or_known_to_be_absent() -> None:
    app = create_app(Project(token="x"))
    routes = {
        (method, re.sub(r"<\w+>", "{}", str(rule)).removeprefix("/v1"))
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
        if method not in ("HEAD", "OPTIONS")
    }
    wanted = {(method, re.sub(r"\{\w+\}", "{}", path)) for method, path in contract.operations()}
    assert {entry for entry in wanted - routes if not ABSENT.search(entry[1])} == set()
    assert routes - wanted == set()


def test_the_contract_is_held() -> None:
    status, body = 200, b'{"locations": [{"id": 1, "name": "fsn1"}], "meta": {}}'
    found = contract.violations("GET", "/locations", status, body)
    assert any('"network_zone" is a required property' in entry for entry in found)
    assert contract.violations("GET", "/isos", 200, b'{"isos": [], "metta": {}}')
    assert contract.violations("GET", "/isos", 201, b"{}") == [
        "GET /isos -> 201: the contract knows ['200', '4xx', '5xx']"
    ]
    assert contract.violations("DELETE", "/volumes/1", 204, b"{}") == ["DELETE /volumes/1 -> 204: has a body"]
    assert contract.violations("GET", "/isos/1", 404, b'{"error": {"message": "none"}}')


@pytest.mark.parametrize("token", ["", "a" * 64, "rehearsal"])
def test_another_token_is_refused(api: Api, token: str) -> None:
    status, body = api.call("GET", "/servers", token=token)
    assert (status, body["error"]["code"]) == (401, "unauthorized")


@pytest.mark.parametrize(
    ("method", "path", "body", "refusal"),
    [
        ("GET", "/servers/1", None, (404, "not_found")),
        ("GET", "/servers/x", None, (404, "not_found")),
        ("GET", "/nothing", None, (404, "not_found")),
        ("GET", "/actions/1", None, (404, "not_found")),
        ("GET", "/actions", None, (410, "deprecated_api_endpoint")),
        ("GET", "/datacenters", None, (410, "deprecated_api_endpoint")),
        ("POST", "/images", {}, (405, "method_not_allowed")),
        ("POST", "/servers", "{", (400, "json_error")),
        ("POST", "/servers", [], (400, "json_error")),
        ("POST", "/servers", {"name": 1}, (422, "invalid_input")),
        ("GET", "/servers?sort=colour", None, (422, "invalid_input")),
        ("GET", "/servers?page=0", None, (422, "invalid_input")),
        ("POST", "/ssh_keys", {"name": "a", "public_key": "ssh-ed25519 AAAA"}, (422, "invalid_input")),
        ("POST", "/ssh_keys", {"name": "a", "public_key": KEY, "labels": {"-": ""}}, (422, "invalid_input")),
        ("POST", "/ssh_keys", {"name": "a", "public_key": KEY, "labels": {"a": "b c"}}, (422, "invalid_input")),
        ("DELETE", "/images/67794396", None, (422, "unsupported_error")),
    ],
)
def test_mistakes_are_refused_with_their_code(
    api: Api, method: str, path: str, body: object, refusal: tuple[int, str]
) -> None:
    assert api.refused(method, path, body) == refusal


def test_details_name_the_field(api: Api) -> None:
    api.ok("POST", "/ssh_keys", {"name": "a", "public_key": KEY})
    status, body = api.call("POST", "/ssh_keys", {"name": "a", "public_key": KEY})
    assert (status, body["error"]["code"]) == (409, "uniqueness_error")
    assert body["error"]["details"]["fields"][0]["name"] == "name"
    status, body = api.call("POST", "/ssh_keys", {"name": "b", "public_key": KEY})
    assert (status, body["error"]["details"]["fields"][0]["name"]) == (409, "fingerprint")


def test_ssh_key_has_the_fingerprint_of_ssh_keygen(api: Api) -> None:
    # ssh-keygen -E md5 -lf on the same key
    key = api.ok("POST", "/ssh_keys", {"name": "a", "public_key": KEY})["ssh_key"]
    assert key["fingerprint"] == "0f:a2:0a:d7:38:3e:65:45:08:6b:63:84:1c:ff:dc:ba"
    assert api.ok("GET", f"/ssh_keys?fingerprint={key['fingerprint']}")["ssh_keys"] == [key]


def test_pages(start: Start) -> None:
    api = start(ssh_keys=[f"key-{number:02}" for number in range(30)])
    first = api.ok("GET", "/ssh_keys?sort=name:desc")
    assert [len(first["ssh_keys"]), first["ssh_keys"][0]["name"]] == [25, "key-29"]
    assert first["meta"]["pagination"] == {
        "page": 1,
        "per_page": 25,
        "previous_page": None,
        "next_page": 2,
        "last_page": 2,
        "total_entries": 30,
    }
    second = api.ok("GET", "/ssh_keys?page=2")
    assert [len(second["ssh_keys"]), second["meta"]["pagination"]["next_page"]] == [5, None]
    assert len(api.ok("GET", "/ssh_keys?per_page=1000")["ssh_keys"]) == 30
    assert len(api.ok("GET", "/ssh_keys?per_page=10&page=4")["ssh_keys"]) == 0
    assert [key["name"] for key in api.ok("GET", "/ssh_keys?name=key-07")["ssh_keys"]] == ["key-07"]


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("", "abc"),
        ("env=prod", "a"),
        ("env==prod", "a"),
        ("env!=prod", "bc"),
        ("env", "ab"),
        ("!env", "c"),
        ("env in (prod,test)", "ab"),
        ("env notin (prod)", "bc"),
        ("env,tier=", "a"),
        ("env=prod,!tier", ""),
        ("example.com/own in (x)", "c"),
    ],
)
def test_label_selectors(api: Api, selector: str, names: str) -> None:
    labels = {"a": {"env": "prod", "tier": ""}, "b": {"env": "test"}, "c": {"example.com/own": "x"}}
    for name, given in labels.items():
        api.ok("POST", "/placement_groups", {"name": name, "type": "spread", "labels": given})
    escaped = selector.replace(" ", "%20").replace(",", "%2C").replace("=", "%3D").replace("!", "%21")
    found = api.ok("GET", f"/placement_groups?label_selector={escaped}")["placement_groups"]
    assert "".join(group["name"] for group in found) == names


@pytest.mark.parametrize("selector", ["=x", "a=b=c", "a in b", "a,", "!a=b"])
def test_malformed_label_selectors_are_refused(api: Api, selector: str) -> None:
    path = f"/servers?label_selector={selector.replace('=', '%3D').replace(' ', '%20')}"
    server(api)
    assert api.refused("GET", path) == (422, "invalid_input")


def test_an_action_takes_its_time(start: Start) -> None:
    api = start(action_seconds=0.3)
    status, body = api.call("POST", "/servers", server_body())
    assert status == 201
    action, number = body["action"], body["server"]["id"]
    assert (action["status"], action["command"], action["finished"]) == ("running", "create_server", None)
    assert action["resources"] == [{"id": number, "type": "server"}]
    assert [after["command"] for after in body["next_actions"]] == ["start_server"]
    assert api.ok("GET", f"/servers/{number}")["server"]["status"] == "initializing"
    assert api.refused("POST", f"/servers/{number}/actions/poweroff") == (423, "locked")
    api.settle(body)
    assert api.ok("GET", f"/servers/{number}")["server"]["status"] == "running"
    ended = api.ok("GET", f"/servers/{number}/actions/{action['id']}")["action"]
    assert (ended["status"], ended["progress"], ended["error"]) == ("success", 100, None)
    assert ended["finished"]
    listed = api.ok("GET", f"/servers/{number}/actions?sort=id:desc")["actions"]
    assert [entry["command"] for entry in listed] == ["start_server", "create_server"]
    assert api.ok("GET", "/servers/actions?status=running")["actions"] == []
    assert len(api.ok("GET", f"/actions?id={action['id']}&id={listed[0]['id']}")["actions"]) == 2
    assert api.refused("GET", f"/volumes/actions/{action['id']}") == (404, "not_found")


def test_changes_of_a_network_exclude_each_other(start: Start) -> None:
    api = start(action_seconds=0.3)
    number = network(api)
    subnet = {"type": "cloud", "network_zone": "eu-central"}
    status, body = api.call("POST", f"/networks/{number}/actions/add_subnet", subnet)
    assert status == 201
    assert api.refused("POST", f"/networks/{number}/actions/add_subnet", subnet) == (409, "conflict")
    api.settle(body)
    api.ok("POST", f"/networks/{number}/actions/add_subnet", subnet)


def test_responses_tell_the_rate_limit(start: Start) -> None:
    api = start(faults=["429"])
    api.ok("GET", "/servers")
    assert api.headers["ratelimit-limit"] == api.headers["ratelimit-remaining"] == "3600"
    assert api.refused("POST", "/servers", {}) == (429, "rate_limit_exceeded")
    assert api.headers["ratelimit-remaining"] == "0"


@pytest.mark.parametrize(
    ("fault", "refusals"),
    [
        ("429*2", [(429, "rate_limit_exceeded")] * 2),
        ("503", [(503, "unavailable")]),
        ("502*1@placement_groups", [(502, "bad_gateway")]),
        ("504*3@servers", []),
        ("409", [(409, "conflict")]),
        ("500", [(500, "server_error")]),
    ],
)
def test_rehearsed_faults_end(start: Start, fault: str, refusals: list[tuple[int, str]]) -> None:
    api = start(faults=[fault])
    body = {"name": "a", "type": "spread"}
    for refusal in refusals:
        assert api.refused("POST", "/placement_groups", body) == refusal
        assert api.ok("GET", "/placement_groups")["placement_groups"] == []
    api.ok("POST", "/placement_groups", body)


def test_faults_of_placement_name_a_server(start: Start) -> None:
    api = start(faults=["resource_unavailable:mta1*1", "placement_error:store1"])
    server(api, "other")
    assert api.refused("POST", "/servers", server_body("mta1")) == (412, "resource_unavailable")
    server(api, "mta1")
    for _ in range(2):
        assert api.refused("POST", "/servers", server_body("store1")) == (422, "placement_error")
    assert len(api.ok("GET", "/primary_ips")["primary_ips"]) == 4


def test_an_action_fails_without_effect(start: Start) -> None:
    api = start(faults=["action_failed:attach_volume*1"])
    machine = server(api)
    volume = api.ok("POST", "/volumes", {"name": "a", "size": 10, "location": "nbg1"})["volume"]["id"]
    body = api.ok("POST", f"/volumes/{volume}/actions/attach", {"server": machine["id"]})
    failed = api.ok("GET", f"/actions/{body['action']['id']}")["action"]
    assert (failed["status"], failed["error"]["code"]) == ("error", "action_failed")
    assert api.ok("GET", f"/volumes/{volume}")["volume"]["server"] is None


def test_slow_actions(start: Start) -> None:
    api = start(faults=["slow:30"])
    _, body = api.call("POST", "/servers", server_body())
    _, shown = api.call("GET", f"/actions/{body['action']['id']}")
    assert (shown["action"]["status"], shown["action"]["progress"]) == ("running", 0)


@pytest.mark.parametrize("word", ["429*", "418", "slow:soon", "unknown:x", ""])
def test_words_that_are_no_fault(word: str) -> None:
    with pytest.raises(ValueError):
        Faults([word])


def test_what_the_cloud_offers(start: Start) -> None:
    api = start(snapshots=["os=ubuntu-20.04", "4711", "id=4712,os=rhel-8"])
    places = {place["name"]: place["network_zone"] for place in api.ok("GET", "/locations")["locations"]}
    assert places == {
        "fsn1": "eu-central",
        "nbg1": "eu-central",
        "hel1": "eu-central",
        "ash": "us-east",
        "hil": "us-west",
        "sin": "ap-southeast",
    }
    kind = api.ok("GET", "/server_types?name=cx33")["server_types"][0]
    assert (kind["cores"], kind["memory"], kind["disk"], kind["architecture"]) == (4, 8, 80, "x86")
    assert [place["name"] for place in kind["locations"]] == ["fsn1", "nbg1", "hel1"]
    assert api.ok("GET", f"/server_types/{kind['id']}")["server_type"] == kind
    assert api.ok("GET", "/server_types?name=cx22")["server_types"] == []
    found = api.ok("GET", "/images?name=ubuntu-24.04&architecture=x86")["images"]
    assert [(image["type"], image["status"]) for image in found] == [("system", "available")]
    assert api.ok("GET", "/images?name=ubuntu-20.04")["images"] == []
    assert len(api.ok("GET", "/images?name=ubuntu-20.04&include_deprecated=true")["images"]) == 2
    own = api.ok("GET", "/images?type=snapshot&sort=id")["images"]
    assert [(image["id"], image["labels"]) for image in own][:2] == [(4711, {}), (4712, {"os": "rhel-8"})]
    assert api.ok("GET", "/images?label_selector=os%3Dubuntu-20.04")["images"][0]["name"] is None
    assert api.ok("GET", "/isos")["isos"] == api.ok("GET", "/load_balancers")["load_balancers"] == []


def test_snapshots_can_be_changed_protected_and_deleted(start: Start) -> None:
    api = start(snapshots=["4711"])
    body = {"description": "golden", "labels": {"os": "rhel-8"}}
    image = api.ok("PUT", "/images/4711", body)["image"]
    assert (image["description"], image["labels"]) == ("golden", {"os": "rhel-8"})
    api.ok("POST", "/images/4711/actions/change_protection", {"delete": True})
    assert api.refused("DELETE", "/images/4711") == (423, "protected")
    api.ok("POST", "/images/4711/actions/change_protection", {"delete": False})
    api.ok("DELETE", "/images/4711")
    assert api.refused("GET", "/images/4711") == (404, "not_found")


@pytest.mark.parametrize("family", ["networks", "volumes", "primary_ips"])
def test_protection_and_update(api: Api, family: str) -> None:
    bodies = {
        "networks": {"name": "a", "ip_range": "10.0.0.0/16"},
        "volumes": {"name": "a", "size": 10, "location": "fsn1"},
        "primary_ips": {"name": "a", "type": "ipv4", "location": "fsn1"},
    }
    singular = family.removesuffix("s")
    created = api.ok("POST", f"/{family}", bodies[family])[singular]
    path = f"/{family}/{created['id']}"
    changed = api.ok("PUT", path, {"name": "b", "labels": {"x": "y"}})[singular]
    assert (changed["name"], changed["labels"]) == ("b", {"x": "y"})
    api.ok("POST", f"{path}/actions/change_protection", {"delete": True})
    assert api.ok("GET", path)[singular]["protection"]["delete"]
    assert api.refused("DELETE", path) == (423, "protected")
    api.ok("POST", f"{path}/actions/change_protection", {"delete": False})
    assert api.call("DELETE", path) == (204, None)
    assert api.refused("GET", path) == (404, "not_found")


def test_limits_of_a_project(api: Api) -> None:
    for number in range(50):
        firewall(api, f"wall-{number}", rules=[])
        api.ok("POST", "/placement_groups", {"name": f"group-{number}", "type": "spread"})
    assert api.refused("POST", "/firewalls", {"name": "more"}) == (403, "resource_limit_exceeded")
    body = {"name": "more", "type": "spread"}
    assert api.refused("POST", "/placement_groups", body) == (403, "resource_limit_exceeded")
