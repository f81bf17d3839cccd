"""Zones and sets of records."""

from __future__ import annotations

from typing import Any

import pytest

from tests.hetzner_api.conftest import Api, Start

ZONE = {"name": "example.com", "mode": "primary"}


@pytest.fixture
def zoned(api: Api) -> Api:
    api.ok("POST", "/zones", ZONE)
    return api


def records(*values: str) -> list[dict[str, Any]]:
    return [{"value": value} for value in values]


def test_a_new_zone(zoned: Api) -> None:
    zone = zoned.ok("GET", "/zones/example.com")["zone"]
    assert zoned.ok("GET", f"/zones/{zone['id']}")["zone"] == zone
    servers = zone["authoritative_nameservers"]
    assert len(servers["assigned"]) == 3
    assert (servers["delegated"], servers["delegation_status"]) == ([], "unregistered")
    assert (zone["record_count"], zone["ttl"], zone["mode"]) == (4, 3600, "primary")
    sets = zoned.ok("GET", "/zones/example.com/rrsets?sort=id")["rrsets"]
    assert [entry["id"] for entry in sets] == ["@/NS", "@/SOA"]
    assert [record["value"] for record in sets[0]["records"]] == servers["assigned"]
    assert zoned.refused("POST", "/zones", ZONE) == (409, "uniqueness_error")


@pytest.mark.parametrize(
    "name",
    [
        *("mail.example.com", "Example.com", "example.com.", "example", "a.b.co.uk", "co.uk", ""),
        *("example.internal", "bücher.de", "a.b.xn--fiqs8s"),
    ],
)
def test_names_that_are_no_zone(api: Api, name: str) -> None:
    assert api.refused("POST", "/zones", {**ZONE, "name": name}) == (422, "invalid_input")


def test_names_below_a_second_level(api: Api) -> None:
    api.ok("POST", "/zones", {**ZONE, "name": "example.co.uk"})


def test_names_in_other_scripts(api: Api) -> None:
    api.ok("POST", "/zones", {**ZONE, "name": "xn--bcher-kva.de"})
    api.ok(
        "POST",
        "/zones/xn--bcher-kva.de/rrsets",
        {"name": "xn--mnchen-3ya", "type": "A", "records": records("203.0.113.1")},
    )


def test_zones_know_nothing_of_each_other(zoned: Api) -> None:
    zoned.ok("POST", "/zones", {**ZONE, "name": "example.net"})
    for zone, value in (("example.com", "203.0.113.1"), ("example.net", "203.0.113.2")):
        zoned.ok("POST", f"/zones/{zone}/rrsets", {"name": "www", "type": "A", "ttl": 60, "records": records(value)})
    # Another zone's name may stand within one, as in permissions for reports.
    body = {"name": "example.com._report._dmarc", "type": "TXT", "records": records('"v=DMARC1"')}
    zoned.ok("POST", "/zones/example.net/rrsets", body)
    path = "rrsets/www/A"
    assert zoned.ok("GET", f"/zones/example.com/{path}")["rrset"]["records"] == records("203.0.113.1")
    assert zoned.ok("GET", f"/zones/example.net/{path}")["rrset"]["records"] == records("203.0.113.2")
    assert zoned.call("DELETE", "/zones/example.com")[0] == 201
    assert zoned.ok("GET", f"/zones/example.net/{path}")["rrset"]["records"] == records("203.0.113.2")


def test_a_page_holds_a_hundred_sets(zoned: Api) -> None:
    for number in range(99):
        body = {"name": f"a{number}", "type": "A", "records": records("203.0.113.1")}
        zoned.ok("POST", "/zones/example.com/rrsets", body)
    found = zoned.ok("GET", "/zones/example.com/rrsets?per_page=200")
    assert (len(found["rrsets"]), found["meta"]["pagination"]["total_entries"]) == (100, 101)


def test_an_existing_zone_is_delegated(start: Start) -> None:
    api = start(existing_zones=["example.com"])
    servers = api.ok("GET", "/zones?name=example.com")["zones"][0]["authoritative_nameservers"]
    assert (servers["delegated"], servers["delegation_status"]) == (servers["assigned"], "valid")


def test_zones_change(zoned: Api) -> None:
    assert zoned.ok("PUT", "/zones/example.com", {"labels": {"a": "b"}})["zone"]["labels"] == {"a": "b"}
    zoned.ok("POST", "/zones/example.com/actions/change_ttl", {"ttl": 600})
    assert zoned.refused("POST", "/zones/example.com/actions/change_ttl", {"ttl": 59}) == (422, "invalid_input")
    zoned.ok("POST", "/zones/example.com/actions/change_protection", {"delete": True})
    assert zoned.refused("DELETE", "/zones/example.com") == (423, "protected")
    zoned.ok("POST", "/zones/example.com/actions/change_protection", {"delete": False})
    assert zoned.ok("GET", "/zones/example.com")["zone"]["ttl"] == 600
    assert zoned.call("DELETE", "/zones/example.com")[0] == 201
    assert zoned.refused("GET", "/zones/example.com") == (404, "not_found")


@pytest.mark.parametrize(
    ("name", "kind", "values"),
    [
        ("@", "A", ["203.0.113.1", "203.0.113.2"]),
        ("mta1", "AAAA", ["2001:db8::1"]),
        ("@", "MX", ["10 mta1.example.com."]),
        ("@", "TXT", ['"v=spf1 mx -all"', '"owner=\\"us\\""']),
        ("mail._domainkey", "TXT", ['"' + "a" * 255 + '" "b"']),
        ("_dmarc", "TXT", ['"v=DMARC1; p=none"']),
        ("@", "CAA", ['0 issue "letsencrypt.org"']),
        ("_imaps._tcp", "SRV", ["0 1 993 mail.example.com."]),
        ("www", "CNAME", ["mail.example.com."]),
        ("*.dev", "A", ["203.0.113.3"]),
        ("@", "CAA", ['0 issuewild ";"', '128 iodef "mailto:security@example.com"']),
        ("video1", "MX", ["0 ."]),
        ("branch", "NS", ["ns1.example.org.", "ns2.example.org."]),
        ("example.net._report._dmarc", "TXT", ['"v=DMARC1"']),
    ],
)
def test_good_records(zoned: Api, name: str, kind: str, values: list[str]) -> None:
    body = {"name": name, "type": kind, "ttl": 300, "records": records(*values), "labels": {"a": "b"}}
    zoned.ok("POST", "/zones/example.com/rrsets", body)
    found = zoned.ok("GET", f"/zones/example.com/rrsets/{name}/{kind}")["rrset"]
    assert (found["id"], found["ttl"], found["records"]) == (f"{name}/{kind}", 300, records(*values))
    assert zoned.refused("POST", "/zones/example.com/rrsets", body) == (409, "uniqueness_error")
    listed = zoned.ok("GET", f"/zones/example.com/rrsets?type={kind}&name={name}&label_selector=a%3Db")["rrsets"]
    assert listed == [found]
    assert zoned.call("DELETE", f"/zones/example.com/rrsets/{name}/{kind}")[0] == 201
    assert zoned.refused("GET", f"/zones/example.com/rrsets/{name}/{kind}") == (404, "not_found")


@pytest.mark.many(5)
@pytest.mark.parametrize(
    ("name", "kind", "values"),
    [
        ("mta1.example.com", "A", ["203.0.113.1"]),
        ("example.com", "A", ["203.0.113.1"]),
        ("mta1.", "A", ["203.0.113.1"]),
        ("MTA1", "A", ["203.0.113.1"]),
        ("a", "A", ["2001:db8::1"]),
        ("a", "A", []),
        ("a", "A", ["203.0.113.1", "203.0.113.1"]),
        ("a", "AAAA", ["203.0.113.1"]),
        ("a", "MX", ["mta1.example.com."]),
        ("a", "SRV", ["993 mail.example.com."]),
        ("a", "TXT", ["v=spf1 mx -all"]),
        ("a", "TXT", ['"' + "a" * 256 + '"']),
        ("a", "TXT", ['"a""b']),
        ("a", "TXT", ['"a" b']),
        ("a", "TXT", ['"a']),
        ("a", "TXT", ['"' + "\\\\" * 256 + '"']),
        ("a", "MX", ["10 bad name."]),
        ("a", "MX", ["65536 mta1.example.com."]),
        ("a", "SRV", ["0 1 65536 mail.example.com."]),
        ("a", "CAA", ["256 issue letsencrypt.org"]),
        ("a", "CAA", ["0 issues letsencrypt.org"]),
        ("a" * 64, "A", ["203.0.113.1"]),
        (".".join(["a" * 60] * 4), "A", ["203.0.113.1"]),
        ("münchen", "A", ["203.0.113.1"]),
        ("a.*.b", "A", ["203.0.113.1"]),
        ("a", "CAA", ["letsencrypt.org"]),
        ("a", "CNAME", ["one.example.com.", "two.example.com."]),
        ("@", "CNAME", ["one.example.com."]),
        ("taken", "CNAME", ["one.example.com."]),
        ("alias", "A", ["203.0.113.1"]),
        ("@", "SOA", ["x"]),
        ("a", "SPF", ['"v=spf1"']),
    ],
)
def test_wrong_records(zoned: Api, name: str, kind: str, values: list[str]) -> None:
    rrsets = "/zones/example.com/rrsets"
    zoned.ok("POST", rrsets, {"name": "taken", "type": "A", "records": records("203.0.113.9")})
    zoned.ok("POST", rrsets, {"name": "alias", "type": "CNAME", "records": records("one.example.com.")})
    body = {"name": name, "type": kind, "records": records(*values)}
    assert zoned.refused("POST", rrsets, body) == (422, "invalid_input")


def test_records_change(zoned: Api) -> None:
    path = "/zones/example.com/rrsets/@/TXT"
    actions = f"{path}/actions"
    before = zoned.ok("GET", "/zones/example.com/rrsets/@/SOA")["rrset"]["records"][0]["value"]
    zoned.ok("POST", f"{actions}/add_records", {"records": records('"a"'), "ttl": 300})
    zoned.ok("POST", f"{actions}/add_records", {"records": records('"b"')})
    assert zoned.refused("POST", f"{actions}/add_records", {"records": records('"b"')}) == (422, "invalid_input")
    zoned.ok("POST", f"{actions}/update_records", {"records": [{"value": '"a"', "comment": "ours"}]})
    found = zoned.ok("GET", path)["rrset"]
    assert found["records"] == [{"value": '"a"', "comment": "ours"}, {"value": '"b"'}]
    zoned.ok("POST", f"{actions}/set_records", {"records": records('"c"', '"d"')})
    zoned.ok("POST", f"{actions}/change_ttl", {"ttl": None})
    zoned.ok("PUT", path, {"labels": {"x": "y"}})
    found = zoned.ok("GET", path)["rrset"]
    assert (found["ttl"], found["labels"], len(found["records"])) == (None, {"x": "y"}, 2)
    zoned.ok("POST", f"{actions}/change_protection", {"change": True})
    for command in ("set_records", "add_records", "remove_records"):
        assert zoned.refused("POST", f"{actions}/{command}", {"records": records('"e"')}) == (423, "protected")
    assert zoned.refused("DELETE", path) == (423, "protected")
    zoned.ok("POST", f"{actions}/change_protection", {"change": False})
    zoned.ok("POST", f"{actions}/remove_records", {"records": records('"c"', '"d"')})
    assert zoned.refused("GET", path) == (404, "not_found")
    after = zoned.ok("GET", "/zones/example.com/rrsets/@/SOA")["rrset"]["records"][0]["value"]
    assert int(after.split()[2]) > int(before.split()[2])
    assert zoned.refused("DELETE", "/zones/example.com/rrsets/@/SOA") == (422, "invalid_input")


def test_the_zone_file(api: Api) -> None:
    rrset = {"name": "mta1", "type": "A", "ttl": 300, "records": [{"value": "203.0.113.1", "comment": "mail"}]}
    api.ok("POST", "/zones", {**ZONE, "ttl": 600, "rrsets": [rrset]})
    text = api.ok("GET", "/zones/example.com/zonefile")["zonefile"]
    lines = text.splitlines()
    assert lines[:2] == ["$ORIGIN\texample.com.", "$TTL\t600"]
    assert lines[3].startswith("@\tIN\tSOA\thydrogen.ns.hetzner.com. dns.hetzner.com. ")
    assert lines[-1] == "mta1\tIN\t300\tA\t203.0.113.1 ; mail"
    broken = {**rrset, "type": "AAAA"}
    assert api.refused("POST", "/zones", {**ZONE, "name": "example.org", "rrsets": [broken]})[0] == 422
    assert [zone["name"] for zone in api.ok("GET", "/zones")["zones"]] == ["example.com"]
