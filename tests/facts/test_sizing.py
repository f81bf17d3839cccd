"""Sizes, disks and package repositories."""

from __future__ import annotations

import pytest

from generator.facts import Facts, load_facts
from tests.facts.test_ports import COMBINATIONS


@pytest.fixture(params=COMBINATIONS, ids="-".join)
def facts(request: pytest.FixtureRequest) -> Facts:
    return load_facts(*request.param)


def test_the_documented_example_adds_up() -> None:
    facts = load_facts("24.1.0", "commercial")
    hardware = facts.hardware
    sums = {
        name: hardware.node.memory_gib + sum(hardware.roles[role].memory_gib for role in roles)
        for name, roles in facts.scenarios["five-nodes"].nodes.items()
    }
    disks = [
        max(hardware.node.os_disk_gib, *(hardware.roles[role].os_disk_gib for role in roles))
        for roles in facts.scenarios["five-nodes"].nodes.values()
    ]
    assert list(sums.values()) == [8, 10, 16, 8, 8]
    assert disks == [120, 30, 30, 30, 30]
    assert hardware.node.vcpu == 4
    assert 150 * 5 + hardware.node.os_disk_gib == 780


def test_documented_rules() -> None:
    hardware = load_facts("24.1.0", "commercial").hardware
    assert hardware.roles["files"].node_memory_gib == 6
    assert (hardware.video.memory_mib, hardware.video.memory_mib_per_user) == (1024, 1)
    assert (hardware.video.many_users, hardware.video.vcpu_for_many) == (100, 8)
    assert (hardware.single_node.memory_gib, hardware.single_node.vcpu) == (24, 8)
    assert hardware.recording.mb_per_hour == 400


def test_every_role_has_a_size_with_a_source(facts: Facts) -> None:
    assert set(facts.roles) <= set(facts.hardware.roles)
    for name, row in facts.hardware.roles.items():
        assert row.role == name
        assert row.memory_gib > 0
        assert row.source
        assert row.decision, f"{name}: no single number of a role is documented"


@pytest.mark.parametrize(
    ("release", "edition", "place"),
    [
        ("24.1.0", "commercial", ("mailstore", "/var/lib/videorecorder")),
        ("24.1.0", "community", None),
        ("25.12.0", "commercial", ("video", "/var/lib/videoserver")),
        ("25.12.0", "community", None),
        ("26.6", "commercial", ("video", "/var/lib/videoserver")),
        ("26.6", "community", None),
    ],
)
def test_where_recordings_are_stored(release: str, edition: str, place: tuple[str, str] | None) -> None:
    found = load_facts(release, edition).recording
    assert place == (None if found is None else (found.role, found.mount))


def test_repositories_have_the_shape_of_a_nodes_data_file(facts: Facts) -> None:
    for name, repositories in facts.repositories.items():
        family = facts.operating_systems[name].family
        kind = {"ubuntu": "apt", "rhel": "yum"}[family]
        sources = [repositories.carbonio, repositories.postgresql]
        for source in filter(None, sources):
            assert list(source.data()) == [kind], name
            assert (source.apt is None) != (source.yum is None)
            assert source.source
        assert set(repositories.subscriptions) == (
            {"rhui", "registered", "activation-key"} if family == "rhel" else set()
        )
        assert list(repositories.prerequisites.packages) == sorted(repositories.prerequisites.packages)


def test_an_apt_repository_as_data() -> None:
    repositories = load_facts("26.6", "commercial").repositories["ubuntu-24.04"]
    assert repositories.postgresql is not None
    assert repositories.postgresql.data() == {
        "apt": {
            "uri": "https://apt.postgresql.org/pub/repos/apt",
            "suite": "noble-pgdg",
            "components": ("main",),
            "key_url": "https://www.postgresql.org/media/keys/ACCC4CF8.asc",
            "keyring": "/usr/share/keyrings/postgres.gpg",
        }
    }


def test_the_suite_is_that_of_the_system(facts: Facts) -> None:
    for name, repositories in facts.repositories.items():
        system = facts.operating_systems[name]
        if repositories.carbonio.apt is not None:
            assert repositories.carbonio.apt.suite == system.codename
        if repositories.carbonio.yum is not None:
            assert repositories.carbonio.yum.baseurl.endswith(f"rhel{system.version}")


@pytest.mark.parametrize(
    ("release", "system", "there"),
    [
        ("24.1.0", "ubuntu-20.04", False),
        ("24.1.0", "rhel-8", True),
        ("25.12.0", "ubuntu-22.04", True),
        ("26.6", "rhel-9", True),
    ],
)
def test_who_needs_the_postgresql_repository(release: str, system: str, *, there: bool) -> None:
    found = load_facts(release, "community").repositories[system].postgresql
    assert (found is not None) == there


def test_repository_ids_of_rhel_8() -> None:
    found = load_facts("24.1.0", "commercial").repositories["rhel-8"].subscriptions
    assert found["rhui"].ids == (
        "rhel-8-baseos-rhui-rpms",
        "rhel-8-appstream-rhui-rpms",
        "codeready-builder-for-rhel-8-rhui-rpms",
    )
    assert found["registered"].ids == found["activation-key"].ids
    assert "codeready-builder-for-rhel-8-x86_64-rpms" in found["registered"].ids
