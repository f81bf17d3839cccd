"""Only the files in use are opened, each once, and every file is used by somebody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.facts import (
    facts_version,
    known_roles,
    known_services,
    load,
    load_cloud,
    load_facts,
    load_prices,
    releases,
    spf_includes,
)
from tests.facts.test_ports import COMBINATIONS

DATA = Path(load.__file__).with_name("data")
SHARED = {
    "hardware",
    "mesh-agent",
    "operating-systems",
    "procedure-ports",
    "recording",
    "releases",
    "repositories",
    "roles",
    "scenarios",
    "services",
}


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Names of the files that are read, starting with nothing known."""
    names: list[str] = []
    read = load._read

    def reading(name: str) -> Any:
        names.append(name)
        return read(name)

    functions = (releases, load_facts, load_cloud, load_prices, spf_includes)
    for function in functions:
        function.cache_clear()
    monkeypatch.setattr(load, "_read", reading)
    yield names
    for function in functions:
        function.cache_clear()


def test_releases_read_one_file(opened: list[str]) -> None:
    releases()
    assert opened == ["releases"]


@pytest.mark.parametrize(("release", "edition"), COMBINATIONS)
def test_a_release_reads_its_own_tables_alone(opened: list[str], release: str, edition: str) -> None:
    facts = load_facts(release, edition)
    own = {f"ports/{release}-{edition}", f"roles/{release}-{edition}"}
    procedure = {f"install/{name}" for name in facts.release.install}
    assert sorted(opened) == sorted(SHARED | own | procedure)


def test_nothing_is_read_twice(opened: list[str]) -> None:
    load_facts("24.1", "commercial")
    before = len(opened)
    load_facts("24.1.0", "commercial")
    load_facts("24.1", "commercial")
    assert len(opened) == before


def test_roles_and_services_are_known_without_any_release() -> None:
    every = [load_facts(release, edition) for release, edition in COMBINATIONS]
    assert set(known_roles()) == {role for facts in every for role in facts.roles}
    assert set(known_services()) == {service for facts in every for service in facts.services}


def test_a_cloud_reads_its_own_file_alone(opened: list[str]) -> None:
    load_cloud("aws")
    load_cloud("aws")
    assert opened == ["clouds/aws"]


@pytest.mark.parametrize("path", sorted(DATA.rglob("*.yaml")), ids=lambda path: path.relative_to(DATA).as_posix())
def test_a_file_is_read_as_pyyaml_reads_it(path: Path) -> None:
    name = path.relative_to(DATA).with_suffix("").as_posix()
    assert load._read(name) == yaml.safe_load(path.read_text("utf-8"))


def test_every_file_is_read_by_somebody(opened: list[str]) -> None:
    for release, edition in COMBINATIONS:
        load_facts(release, edition)
    for path in (DATA / "clouds").glob("*.yaml"):
        load_cloud(path.stem)
        load_prices(path.stem)
    spf_includes()
    facts_version()
    found = [path.relative_to(DATA).as_posix() for path in DATA.rglob("*") if path.is_file()]
    assert sorted(f"{name}.yaml" for name in set(opened)) == sorted(found)
