"""Every row of the documented tables is in the facts, and nothing else is."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from generator.facts import EVERY_NODE, Facts, load_facts

TABLES = Path(__file__).parent.parent / "data" / "ports.csv"
COMBINATIONS = [
    (release, edition) for release in ("24.1.0", "25.12.0", "26.6") for edition in ("commercial", "community")
]
GROUPS = {
    "Every Node": {EVERY_NODE},
    "MTA": {"mta"},
    "Proxy": {"proxy"},
    "Video Server": {"video"},
    "Postgres": {"database"},
    "Database": {"database"},
    "Directory Server": {"mesh-and-directory", "directory-replica"},
    "Mesh": {"mesh-and-directory", "mesh"},
    "AppServer": {"mailstore"},
    "Mailstore & Provisioning (AppServer)": {"mailstore"},
    "Mailstore & Provisioning": {"mailstore"},
    "Monitoring": {"monitoring"},
    "Other services": {"mesh-and-directory"},
}


def documented(release: str, edition: str, direction: str) -> list[dict[str, str]]:
    with TABLES.open(encoding="utf-8", newline="") as file:
        return [
            row
            for row in csv.DictReader(file)
            if (row["release"], row["edition"], row["direction"]) == (release, edition, direction)
        ]


@pytest.fixture(params=COMBINATIONS, ids="-".join)
def facts(request: pytest.FixtureRequest) -> Facts:
    return load_facts(*request.param)


@pytest.mark.parametrize("direction", ["external", "internal"])
def test_the_rows_are_those_of_the_documents(facts: Facts, direction: str) -> None:
    rows = facts.external if direction == "external" else facts.internal
    found = Counter((row.group, row.ports, row.protocol, row.service) for row in rows)
    wanted = Counter(
        (row["role"], row["ports"], row["protocol"], row["service"])
        for row in documented(facts.release.name, facts.edition, direction)
    )
    assert found == wanted


def test_the_tables_cover_no_release_beside_these() -> None:
    with TABLES.open(encoding="utf-8", newline="") as file:
        found = {(row["release"], row["edition"]) for row in csv.DictReader(file)}
    assert found == set(COMBINATIONS)


def test_groups_are_the_decided_roles(facts: Facts) -> None:
    for row in (*facts.external, *facts.internal):
        wanted = GROUPS[row.group] & {*facts.roles, EVERY_NODE}
        if "sidecar" in row.service:
            wanted = {EVERY_NODE}
        elif row.ports == "15692":
            wanted = {"mesh-and-directory"}
        assert set(row.roles) == wanted, row
        assert len(set(row.roles)) == len(row.roles), row


def test_every_row_says_where_it_was_read(facts: Facts) -> None:
    release = {"26.6": "58b8ba93"}.get(facts.release.name, facts.release.name)
    for row in (*facts.external, *facts.internal):
        assert row.source.startswith(f"TD {release} source/"), row
        assert row.source.endswith(row.group), row
    for port in facts.procedure_ports:
        assert port.source, port


@pytest.mark.parametrize("service", ["secure access to the Admin Panel", "sidecar services", "carbonio-message-broker"])
def test_contradictions_are_decided_beside_the_row(facts: Facts, service: str) -> None:
    rows = [row for row in (*facts.external, *facts.internal) if service in row.service]
    assert all(row.decision for row in rows)


def test_ports_are_ports(facts: Facts) -> None:
    rows = [row.ports for row in (*facts.external, *facts.internal)]
    for ports in rows + [port.ports for port in facts.procedure_ports]:
        first, _, last = ports.partition("-")
        assert 1 <= int(first) <= int(last or first) <= 65535


def test_one_service_opens_each_external_row(facts: Facts) -> None:
    opened = [row for service in facts.services for row in facts.external_rows(service)]
    assert Counter(opened) == Counter(facts.external)


def test_services_on_by_default_are_mail_web_and_video(facts: Facts) -> None:
    on = {service.id for service in facts.services.values() if service.default}
    assert on == {"smtp", "https", "video"} & set(facts.services)


def test_the_admin_panel_is_for_the_management_alone(facts: Facts) -> None:
    only = {service.id: service.ports for service in facts.services.values() if service.management_only}
    assert only == {"admin": "6071"}


@pytest.mark.parametrize(
    ("release", "edition", "lacking"),
    [
        ("24.1.0", "commercial", set()),
        ("24.1.0", "community", {"ldap-address-book", "xmpp", "video"}),
        ("25.12.0", "commercial", set()),
        ("25.12.0", "community", {"ldap-address-book"}),
        ("26.6", "commercial", set()),
        ("26.6", "community", {"ldap-address-book"}),
    ],
)
def test_services_that_an_edition_lacks(release: str, edition: str, lacking: set[str]) -> None:
    every = set(load_facts("24.1.0", "commercial").services)
    assert every - set(load_facts(release, edition).services) == lacking


def test_procedure_ports_name_roles_that_exist(facts: Facts) -> None:
    for port in facts.procedure_ports:
        assert set(port.roles) <= set(facts.roles), port
        assert port.from_ in {"cluster", "management", *facts.roles}, port


@pytest.mark.parametrize(
    ("release", "edition", "ports"),
    [
        (
            "24.1.0",
            "commercial",
            "5433/tcp 5432/tcp 514/tcp+udp 3000/tcp 9090/tcp 2888/tcp 3888/tcp 9092/tcp 9092/tcp",
        ),
        ("24.1.0", "community", "5433/tcp 5432/tcp 514/tcp+udp 3000/tcp 9090/tcp"),
        ("25.12.0", "commercial", "514/tcp+udp 3000/tcp 9090/tcp 9092/tcp 9092/tcp 9093/tcp"),
        ("25.12.0", "community", "514/tcp+udp 3000/tcp 9090/tcp"),
        ("26.6", "commercial", "514/tcp+udp 3000/tcp 9090/tcp 9092/tcp 9092/tcp 9093/tcp"),
        ("26.6", "community", "3000/tcp 9090/tcp"),
    ],
)
def test_ports_that_only_procedures_name(release: str, edition: str, ports: str) -> None:
    found = load_facts(release, edition).procedure_ports
    assert [f"{port.ports}/{port.protocol}" for port in found] == ports.split()
