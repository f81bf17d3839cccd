"""Releases, editions, roles, packages, presets and the procedure hold together."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from generator.facts import EVERY_NODE, Command, Facts, FactsError, load_facts, releases
from tests.facts.test_ports import COMBINATIONS

INFRASTRUCTURE = {"database", "mesh-and-directory", "proxy", "mta"}
PLACEHOLDERS = {
    "name": "store1",
    "fqdn": "store1.example.com",
    "address": "10.20.0.12",
    "domain": "example.com",
    "packages": "carbonio-advanced",
    "directory": "infra1.example.com",
    "netmask": "255.255.240.0",
    "network": "10.20.0.0/16",
    "public_address": "203.0.113.9",
    "public_name": "mail.example.com",
    "selector": "carbonio",
    "key_rows": "Publish the key.",
    "further": "example.org",
    "postgresql": 16,
}


@pytest.fixture(params=COMBINATIONS, ids="-".join)
def facts(request: pytest.FixtureRequest) -> Facts:
    return load_facts(*request.param)


def test_the_releases_and_their_other_names() -> None:
    assert {name: release.aliases for name, release in releases().items()} == {
        "24.1.0": ("24.1",),
        "25.12.0": ("25.12",),
        "26.6": ("26.6.0",),
    }


@pytest.mark.parametrize(("alias", "name"), [("24.1", "24.1.0"), ("26.6.0", "26.6")])
def test_an_alias_gives_the_same_facts(alias: str, name: str) -> None:
    assert load_facts(alias, "commercial") is load_facts(name, "commercial")


@pytest.mark.parametrize(
    ("release", "edition", "says"),
    [
        ("24.7.0", "commercial", "24.1.0, 25.12.0, 26.6"),
        ("../releases", "commercial", "24.1.0, 25.12.0, 26.6"),
        ("24.1.0", "enterprise", "commercial and community"),
    ],
)
def test_what_is_unknown_is_refused_naming_what_is_known(release: str, edition: str, says: str) -> None:
    with pytest.raises(FactsError, match=says):
        load_facts(release, edition)


@pytest.mark.parametrize(
    ("release", "edition", "fewest", "most"),
    [
        ("24.1.0", "commercial", 2, None),
        ("24.1.0", "community", 1, None),
        ("25.12.0", "commercial", 1, None),
        ("26.6", "community", 1, 1),
    ],
)
def test_numbers_of_nodes(release: str, edition: str, fewest: int, most: int | None) -> None:
    rules = load_facts(release, edition).rules
    assert (rules.min_nodes, rules.max_nodes) == (fewest, most)
    assert bool(rules.reason) == (fewest > 1 or most is not None)


def test_operating_systems(facts: Facts) -> None:
    assert tuple(facts.operating_systems) == facts.release.os == tuple(facts.repositories)
    assert facts.release.default_os in facts.operating_systems
    for system in facts.operating_systems.values():
        assert dt.date.fromisoformat(system.end_of_life).year > 2024
        assert (system.codename is None) == (system.family == "rhel")


@pytest.mark.parametrize(
    ("release", "systems"),
    [
        ("24.1.0", "ubuntu-20.04 rhel-8"),
        ("25.12.0", "ubuntu-22.04 ubuntu-24.04 rhel-8 rhel-9"),
        ("26.6", "ubuntu-22.04 ubuntu-24.04 rhel-8 rhel-9"),
    ],
)
def test_which_release_supports_which_system(release: str, systems: str) -> None:
    assert list(releases()[release].os) == systems.split()


def test_roles_stand_in_the_order_of_installation(facts: Facts) -> None:
    assert [role.order for role in facts.roles.values()] == list(range(1, len(facts.roles) + 1))
    first = ["database", "mesh-and-directory"]
    assert list(facts.roles)[:2] == (first if facts.release.name == "24.1.0" else first[::-1])
    assert facts.install_order.source


def test_mandatory_roles(facts: Facts) -> None:
    wanted = INFRASTRUCTURE | {"mailstore"}
    if facts.release.name == "24.1.0":
        wanted |= {"database-connector"}
    assert {role.id for role in facts.roles.values() if role.mandatory} == wanted


def test_roles_hold_together(facts: Facts) -> None:
    for role in facts.roles.values():
        assert {*role.requires, *role.not_on_node_with} <= set(facts.roles), role.id
        assert role.source.count("TD ") >= 1, role.id
        assert role.order > max((facts.roles[one].order for one in role.requires), default=0)
    assert {role.id for role in facts.roles.values() if role.odd} <= {"mesh-and-directory", "mesh"}
    assert {role.id for role in facts.roles.values() if role.unique} == {
        "database",
        "mesh-and-directory",
        "log-server",
    } & set(facts.roles)


def test_every_role_has_packages_for_every_supported_family(facts: Facts) -> None:
    for role in facts.roles.values():
        assert set(role.packages) == {"ubuntu", "rhel"}
        for names in role.packages.values():
            assert names, role.id
            assert facts.mesh_agent.package not in names, role.id
            assert len(set(names)) == len(names), role.id


def test_the_packages_of_the_editions_differ(facts: Facts) -> None:
    names = {name for role in facts.roles.values() for name in role.packages["ubuntu"]}
    assert ("carbonio-advanced" in names) == (facts.edition == "commercial")
    assert any(name.endswith("-ce") for name in names) == (facts.edition == "community")


def test_video_needs_chats_since_25() -> None:
    assert load_facts("24.1.0", "commercial").roles["video"].requires == ("mailstore",)
    assert load_facts("25.12.0", "community").roles["video"].requires == ("mailstore", "chats")


def test_epel_is_for_video_first_and_for_all_later() -> None:
    def needing(release: str) -> set[str]:
        roles = load_facts(release, "commercial").roles.values()
        return {role.id for role in roles if role.needs_epel}

    assert needing("24.1.0") == {"video"}
    assert needing("25.12.0") == set(load_facts("25.12.0", "commercial").roles)


def test_the_mesh_agent_is_on_every_node_but_the_servers() -> None:
    facts = load_facts("25.12.0", "commercial")
    assert facts.packages(["mta"], "ubuntu") == ("carbonio-mta", "service-discover-agent")
    assert facts.packages(["event-streaming"], "rhel") == ("java-17-openjdk-headless",)
    both = facts.packages(["directory-replica", "mesh"], "ubuntu")
    assert both == ("service-discover-server", "carbonio-user-management", "carbonio-directory-server")


def test_a_package_of_two_roles_is_named_once() -> None:
    facts = load_facts("25.12.0", "commercial")
    names = facts.packages(["mesh-and-directory", "database", "mesh"], "rhel")
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("release", "edition", "scenarios"),
    [
        ("24.1.0", "commercial", "five-nodes"),
        ("24.1.0", "community", "five-nodes"),
        ("25.12.0", "commercial", "single essential full-small full-standard redundant"),
        ("25.12.0", "community", "single essential full-small full-standard"),
        ("26.6", "commercial", "single five-nodes"),
        ("26.6", "community", "single"),
    ],
)
def test_presets(release: str, edition: str, scenarios: str) -> None:
    facts = load_facts(release, edition)
    assert list(facts.scenarios) == scenarios.split() == list(facts.rules.scenarios)


def test_presets_obey_the_rules(facts: Facts) -> None:
    for scenario in facts.scenarios.values():
        used = [role for roles in scenario.nodes.values() for role in roles]
        assert set(used) <= set(facts.roles), scenario.id
        assert facts.rules.min_nodes <= len(scenario.nodes)
        assert len(scenario.nodes) <= (facts.rules.max_nodes or len(scenario.nodes))
        servers = 0
        for roles in scenario.nodes.values():
            assert len(set(roles)) == len(roles) > 0
            servers += any(facts.roles[role].odd for role in roles)
            for role in roles:
                assert set(facts.roles[role].not_on_node_with).isdisjoint(roles)
        assert servers % 2 == 1, scenario.id
        for one in facts.roles.values():
            assert not one.mandatory or one.id in used, scenario.id
            assert used.count(one.id) <= (one.max_nodes or len(used)), scenario.id
            assert one.id not in used or set(one.requires) <= set(used), scenario.id


def test_the_five_nodes_of_24_1_are_those_of_the_documents() -> None:
    assert load_facts("24.1.0", "commercial").scenarios["five-nodes"].nodes == {
        "infra1": ("mesh-and-directory", "database", "database-connector", "monitoring"),
        "mta1": ("mta", "proxy"),
        "store1": ("mailstore", "tasks"),
        "files1": ("files", "docs", "preview"),
        "video1": ("video",),
    }


def test_the_redundant_preset_has_fifteen_nodes() -> None:
    assert len(load_facts("25.12.0", "commercial").scenarios["redundant"].nodes) == 15


def text_of(command: str | Command) -> str:
    return command if isinstance(command, str) else command.run


def test_steps_name_roles_that_exist_and_format(facts: Facts) -> None:
    steps = facts.install.steps
    assert len({(step.id, step.family) for step in steps}) == len(steps)
    for step in steps:
        assert {*step.roles, *step.not_with} <= {EVERY_NODE, *facts.roles}, step.id
        assert step.commands or step.note, step.id
        assert step.source, step.id
        for line in (*map(text_of, step.commands), step.note, *step.notes_for.values()):
            assert not re.search(r"\{[a-z_]*\}", line.format_map(PLACEHOLDERS)), step.id
            assert "\n" not in line, step.id


def test_every_role_but_the_database_of_24_1_is_set_up_once(facts: Facts) -> None:
    for role in set(facts.roles) - {"event-streaming", "log-server"}:
        ways = [
            step.id
            for step in facts.install.steps
            if "carbonio-bootstrap" in step.commands and role in step.roles and role not in step.not_with
        ]
        wanted = 0 if (facts.release.name, role) == ("24.1.0", "database") else 1
        assert len(ways) == wanted, (role, ways)


def test_values_to_write_down_have_an_origin_and_a_use(facts: Facts) -> None:
    values = {value.id: value for value in facts.install.values}
    assert len(values) == len(facts.install.values)
    for value in values.values():
        assert {*value.from_roles, *value.needed_by} <= {EVERY_NODE, *facts.roles}, value.id
        assert value.origin, value.id
        assert value.source, value.id
    assert {"LDAP_ADMIN_PASSWORD", "MESH_SECRET", "DB_ADM_PWD", "DKIM_RECORD"} <= set(values)
    named = {
        name
        for step in facts.install.steps
        for line in (*map(text_of, step.commands), step.note)
        for name in re.findall(r"<([A-Z_]+)>", line)
    }
    assert named <= set(values)
