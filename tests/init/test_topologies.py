"""What `generate init` writes: it generates, it is minimal, and its comments are true."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.clouds import REGISTRY
from generator.facts import load_cloud, releases
from generator.init.questions import AFTER, BEFORE
from tests.helpers import assert_golden, read_tree, run_cli
from tests.init.answers import BESIDE, EXPOSURES, KEY, NEEDED, SCENARIOS, complete, options

GOLDEN = Path(__file__).with_name("golden")
EVERY = [
    (cloud, release, edition, scenario, exposure)
    for (release, edition), scenarios in SCENARIOS.items()
    for scenario in scenarios
    for cloud, exposures in EXPOSURES.items()
    for exposure in exposures
]
# One scenario of each: comments depend on the rest.
FIRST = [one for one in EVERY if one[3] == next(iter(SCENARIOS[one[1], one[2]]))]
MODELINE = "# yaml-language-server: $schema=topology.schema.json"
COLLABORATION = {"files", "docs", "preview", "tasks", "chats"}


def written(folder: Path, answers: dict[str, str | bool]) -> str:
    result = run_cli(folder, "init", *options(answers))
    assert result.code == 0, result.err
    return (folder / "topology.yaml").read_text("utf-8")


def planned(folder: Path, text: str) -> None:
    (folder / "changed.yaml").write_text(text, "utf-8")
    result = run_cli(folder, "plan", "changed.yaml")
    assert result.code == 0, result.err


def test_every_cloud_release_and_exposure_is_tried() -> None:
    assert set(EXPOSURES) == set(REGISTRY)
    assert {name: set(exposures) for name, exposures in EXPOSURES.items()} == {
        name: set(cloud.capabilities.exposures) for name, cloud in REGISTRY.items()
    }
    aliases = {alias: release.name for release in releases().values() for alias in (release.name, *release.aliases)}
    assert {(aliases[release], edition) for release, edition in SCENARIOS} == {
        (release.name, edition) for release in releases().values() for edition in release.editions
    }


@pytest.mark.many(5)
@pytest.mark.parametrize("given", EVERY, ids="-".join)
def test_every_topology_generates_at_once(given: tuple[str, str, str, str, str], tmp_path: Path) -> None:
    cloud, release, edition, scenario, exposure = given
    answers = complete(*given)
    text = written(tmp_path, answers)
    assert text.splitlines()[0] == MODELINE
    assert all(len(line) < 80 for line in text.splitlines() if KEY not in line)
    content: dict[str, Any] = yaml.safe_load(text)
    assert content["cloud"]["provider"] == cloud
    assert content["release"] == release
    assert content.get("edition", "commercial") == edition
    assert content.get("exposure", "direct") == exposure
    assert len(content["nodes"]) == SCENARIOS[release, edition][scenario]
    assert ("edition" in content) == (edition != "commercial"), "defaults are left out"
    assert ("exposure" in content) == (exposure != "direct"), "defaults are left out"
    result = run_cli(tmp_path, "--no-init")
    assert result.code == 0, result.err
    again = tmp_path / "again"
    again.mkdir()
    assert written(again, answers) == text


GOLDENS: dict[str, dict[str, str | bool]] = {
    "five-nodes-aws": {**NEEDED, "cloud": "aws", "scenario": "five-nodes"},
    "mail-alone-hetzner": {
        **NEEDED,
        "cloud": "hetzner",
        "region": "nbg1",
        "scenario": "five-nodes",
        "exposure": "gateway",
        "collaboration": False,
        "video": False,
        "users": "4",
        "quota": "1 TB",
        "dns": "none",
    },
    "older-hetzner": {**NEEDED, "cloud": "hetzner", "release": "24.1", "edition": "community"},
    "single-libvirt": {**NEEDED, "cloud": "libvirt", "edition": "community", "public-address": "203.0.113.10"},
    "direct-libvirt": {
        **NEEDED,
        "cloud": "libvirt",
        "scenario": "five-nodes",
        "exposure": "direct",
        "uplink": "123",
        "dns": "hetzner",
        "public-address": "203.0.113.10 203.0.113.11",
    },
    "redundant-aws": {**NEEDED, "cloud": "aws", "release": "25.12", "scenario": "redundant"},
}


@pytest.mark.parametrize("name", GOLDENS)
def test_some_topologies_are_as_reviewed(name: str, tmp_path: Path) -> None:
    text = written(tmp_path, GOLDENS[name])
    assert_golden(GOLDEN / name, {"topology.yaml": text.encode()})


def test_every_golden_topology_is_made() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == set(GOLDENS)


@pytest.mark.many(5)
@pytest.mark.parametrize("given", FIRST, ids="-".join)
def test_a_key_in_a_comment_can_be_used_as_it_stands(given: tuple[str, str, str, str, str], tmp_path: Path) -> None:
    text = written(tmp_path, complete(*given))
    hidden = list(re.finditer(r"(?m)^( *)# (?=[a-z_0-9]+: (?:[\[{]|\S+$|20 %))", text))
    assert len(hidden) >= 2
    for match in hidden:
        planned(tmp_path, text[: match.start()] + match[1] + text[match.end() :])


def test_what_is_left_out_is_gone(tmp_path: Path) -> None:
    answers: dict[str, str | bool] = {**NEEDED, "cloud": "aws", "release": "26.6", "scenario": "five-nodes"}
    both = written(tmp_path, {**answers, "collaboration": False, "video": False})
    assert yaml.safe_load(both)["nodes"] == {
        "infra1": ["mesh-and-directory", "database", "monitoring"],
        "mta1": ["mta", "proxy"],
        "store1": ["mailstore"],
    }


@pytest.mark.many(5)
@pytest.mark.parametrize(("release", "edition"), SCENARIOS)
@pytest.mark.parametrize("collaboration", [True, False])
@pytest.mark.parametrize("video", [True, False])
def test_without_collaboration_or_video(
    release: str, edition: str, collaboration: bool, video: bool, tmp_path: Path
) -> None:
    for scenario in SCENARIOS[release, edition]:
        folder = tmp_path / scenario
        folder.mkdir()
        answers = complete("aws", release, edition, scenario, "gateway")
        choices = {name: False for name, wanted in (("collaboration", collaboration), ("video", video)) if not wanted}
        whole = yaml.safe_load(written(tmp_path / scenario, answers))["nodes"]
        (folder / "topology.yaml").unlink()
        text = written(folder, {**answers, **choices})
        nodes = yaml.safe_load(text)["nodes"]
        gone = set() if collaboration else COLLABORATION - ({"chats"} if video else set())
        gone |= set() if video else {"video"}
        expected = {name: [role for role in roles if role not in gone] for name, roles in whole.items()}
        assert nodes == {name: roles for name, roles in expected.items() if roles}
        assert run_cli(folder, "--no-init").code == 0


def test_values_that_yaml_would_take_for_something_else(tmp_path: Path) -> None:
    base = complete("libvirt", "26.6", "commercial", "single", "gateway")
    for number, bridge in enumerate(("123", "yes", "null", "1.5", "on")):
        folder = tmp_path / str(number)
        folder.mkdir()
        text = written(folder, {**base, "uplink": bridge})
        assert yaml.safe_load(text)["cloud"]["uplink"] == {"bridge": bridge}
        planned(folder, text)


def test_a_name_in_another_script_stays_readable(tmp_path: Path) -> None:
    text = written(tmp_path, {**NEEDED, "domain": "Müller.example", "cloud": "aws"})
    assert yaml.safe_load(text)["domain"] == "müller.example"


def test_several_ranges_and_keys(tmp_path: Path) -> None:
    other = KEY.replace(" admin@example.com", " eve: at home")
    (tmp_path / "keys").write_text(f"# ours\n{KEY}\n\n{other}\n", "utf-8")
    ranges = [f"198.51.100.{number}/32" for number in range(8)]
    words = [word for one in ranges for word in ("--management", one)]
    result = run_cli(tmp_path, "init", "--domain", "example.com", "--ssh-key", "keys", *words)
    assert result.code == 0, result.err
    content = yaml.safe_load((tmp_path / "topology.yaml").read_text("utf-8"))
    assert content["management"] == ranges
    assert content["ssh_keys"] == [KEY, other]
    assert run_cli(tmp_path, "--no-init").code == 0


def test_it_says_what_comes_next(tmp_path: Path) -> None:
    result = run_cli(tmp_path, "init", "new place/mine.yaml", *options({**NEEDED, "cloud": "hetzner"}))
    assert result.code == 0
    assert result.err.splitlines()[-2:] == [
        "  generate plan 'new place/mine.yaml'",
        "  generate 'new place/mine.yaml' && terraform -chdir='new place' apply",
    ]
    assert [name for name in read_tree(tmp_path) if Path(name).name not in BESIDE] == ["new place/mine.yaml"]


@pytest.mark.parametrize("cloud", EXPOSURES)
def test_what_a_cloud_brings_fits_the_rest(cloud: str) -> None:
    found = REGISTRY[cloud]
    assert found.usual_region in load_cloud(cloud).regions
    own = [topic.option for one in REGISTRY.values() for topic in one.topics]
    assert len(own) == len(set(own))
    assert not {topic.option for topic in (*BEFORE, *AFTER)} & set(own)
    assert all(topic.help and topic.depends for topic in found.topics)


def test_a_part_of_a_domain_has_a_way_out(tmp_path: Path) -> None:
    given: dict[str, str | bool] = {**NEEDED, "cloud": "hetzner", "domain": "mail.example.com"}
    result = run_cli(tmp_path, "init", *options(given))
    assert result.code == 2
    assert "--domain: hetzner hosts whole domains" in " ".join(result.err.split())
    assert "domain: mail.example.com\n" in written(tmp_path, {**given, "dns": "none"})


@pytest.mark.parametrize(
    ("answer", "services"),
    [
        ("none", None),
        ("imap", {"imaps": True, "submissions": True}),
        ("pop3", {"pop3s": True, "submissions": True}),
        ("both", {"imaps": True, "pop3s": True, "submissions": True}),
    ],
)
def test_mail_programs_get_what_they_need_and_no_more(
    answer: str, services: dict[str, bool] | None, tmp_path: Path
) -> None:
    for number, (release, edition) in enumerate(SCENARIOS):
        folder = tmp_path / str(number)
        folder.mkdir()
        given = complete("hetzner", release, edition, next(iter(SCENARIOS[release, edition])), "direct")
        text = written(folder, {**given, "mail-programs": answer})
        assert yaml.safe_load(text).get("services") == services
        assert "warning[no-submission]" not in run_cli(folder, "--no-init").err


def test_mail_programs_are_left_out_unless_asked_for(tmp_path: Path) -> None:
    """The documents: "only if really needed"."""
    given = complete("aws", "26.6", "commercial", "five-nodes", "direct")
    text = written(tmp_path, given)
    (tmp_path / "topology.yaml").unlink()
    assert written(tmp_path, {**given, "mail-programs": "none"}) == text
    assert "# services: {imaps: true, submissions: true}" in text
