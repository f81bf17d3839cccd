"""Overlays and `--set`: what wins, what goes away, and that every value keeps the place where it was written."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from tests.helpers import PROBLEM, ROOT, Result, build_tree, read_tree, run_cli

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAID/BBEmEyXDTzLd4O/lYsf8s032tI2w04LtMuXNlQlto admin@example.com"
BASE = f"""\
domain: example.com
release: "24.1"
cloud: {{provider: aws, region: eu-central-1}}
management: [198.51.100.0/24, 203.0.113.0/24]
ssh_keys: ["{KEY}"]
users: 150
mailbox_quota: 5 GB
services: {{imap: true, pop3: management}}
dns: {{dmarc: {{policy: none}}}}
nodes:
  infra1: [database, database-connector, mesh-and-directory, monitoring]
  mta1: [mta, proxy]
  store1: [mailstore, tasks]
  files1: {{roles: [files, docs, preview]}}
"""
# As the README has it, to which the document refers.
IN_THE_DOCUMENT = f"""\
domain: example.com
release: "26.6"
cloud: {{provider: aws, region: eu-central-1}}
management: [198.51.100.0/24]
ssh_keys: ["{KEY}"]
users: 150
mailbox_quota: 5 GB
services: {{imaps: true, submissions: true}}
nodes:
  infra1: [mesh-and-directory, database, monitoring]
  mta1: [mta, proxy]
  store1: [mailstore, tasks]
  files1: [chats, files, docs, preview]
  video1: [video]
"""
# What lies over BASE, and what in the text of BASE one would have to replace to say the same.
SAME: dict[str, tuple[str, list[str], dict[str, str]]] = {
    "a scalar replaces": ("users: 170", ["users=170"], {"users: 150": "users: 170"}),
    "a mapping merges": (
        "cloud: {region: eu-west-1}",
        ["cloud.region=eu-west-1"],
        {"region: eu-central-1": "region: eu-west-1"},
    ),
    "deeper": (
        "dns: {dmarc: {policy: reject}, ttl: 600}",
        ["dns.dmarc.policy=reject", "dns.ttl=600"],
        {"policy: none}}": "policy: reject}, ttl: 600}"},
    ),
    "a mapping as value": ("dns: {dmarc: {policy: reject}}", ["dns={dmarc: {policy: reject}}"], {"none": "reject"}),
    "a list replaces": (
        "management: [192.0.2.0/24]",
        ["management=[192.0.2.0/24]"],
        {"198.51.100.0/24, 203.0.113.0/24": "192.0.2.0/24"},
    ),
    "one item of a list": (
        "management: [198.51.100.0/24, 192.0.2.0/24]",
        ["management[1]=192.0.2.0/24"],
        {"203.0.113.0/24": "192.0.2.0/24"},
    ),
    "one item more": (
        "management: [198.51.100.0/24, 203.0.113.0/24, 192.0.2.0/24]",
        ["management[2]=192.0.2.0/24"],
        {"203.0.113.0/24": "203.0.113.0/24, 192.0.2.0/24"},
    ),
    "a short form below": (
        "nodes: {mta1: {type: m6i.2xlarge}}",
        ["nodes.mta1.type=m6i.2xlarge"],
        {"[mta, proxy]": "{roles: [mta, proxy], type: m6i.2xlarge}"},
    ),
    "a short form above": (
        "nodes: {files1: [files, docs]}",
        ["nodes.files1=[files, docs]"],
        {"[files, docs, preview]": "[files, docs]"},
    ),
    "a new entry": (
        "nodes: {video1: [video]}",
        ["nodes.video1=[video]"],
        {"  files1": "  video1: [video]\n  files1"},
    ),
    "null removes a key": ("services: {pop3: ~}", ["services.pop3=null"], {", pop3: management": ""}),
    "nothing removes a key": ("services: {pop3: }", ["services.pop3="], {", pop3: management": ""}),
    "null removes a mapping": ("dns: null", ["dns=~"], {"dns: {dmarc: {policy: none}}\n": ""}),
    "null removes a node": (
        "nodes: {files1: ~}",
        ["nodes.files1=~"],
        {"  files1: {roles: [files, docs, preview]}\n": ""},
    ),
    "null of what is not there": ("os: ~", ["os=~"], {}),
    "a name with dots": (
        "domains: {example.org: {dmarc: {policy: reject}}}",
        ['domains."example.org".dmarc.policy=reject'],
        {"nodes:": "domains: {example.org: {dmarc: {policy: reject}}}\nnodes:"},
    ),
    "nothing at all": ("# the same\n", [], {}),
    "an empty mapping": ("{}\n", [], {}),
    "a release, whose quotes the shell took": ('release: "25.12"\nnodes: ~\nscenario: single\nusers: ~', [], {}),
}


def edited(changes: dict[str, str]) -> str:
    text = BASE
    for before, after in changes.items():
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    return text


def generate(folder: Path, text: str, *arguments: str, overlay: str | None = None) -> dict[str, bytes]:
    """Return what is generated: all files but the topology's own."""
    build_tree(folder, {"topology.yaml": text} | ({} if overlay is None else {"over.yaml": overlay}))
    over = [] if overlay is None else ["--overlay", "over.yaml"]
    result = run_cli(folder, "--no-init", *over, *arguments)
    assert result.code == 0, result.err
    return {name: data for name, data in read_tree(folder).items() if name not in ("topology.yaml", "over.yaml")}


@pytest.mark.many(4)
@pytest.mark.parametrize("case", [name for name in SAME if "shell" not in name])
def test_composing_is_the_same_as_editing(case: str, tmp_path: Path) -> None:
    overlay, sets, changes = SAME[case]
    expected = generate(tmp_path / "edited", edited(changes))
    assert generate(tmp_path / "overlay", BASE, overlay=overlay) == expected
    words = [word for one in sets for word in ("--set", one)]
    assert generate(tmp_path / "set", BASE, *words) == expected


def test_later_layers_win_and_set_wins_over_all(tmp_path: Path) -> None:
    build_tree(tmp_path, {"a.yaml": "users: 160\nnodes: {files1: ~}\n", "b.yaml": "users: 170\nheadroom: 20 %\n"})
    orders = {
        ("--overlay", "a.yaml", "--overlay", "b.yaml"): "170",
        ("--overlay", "b.yaml", "--overlay", "a.yaml"): "160",
        ("--set", "users=180", "--overlay", "b.yaml", "--overlay", "a.yaml"): "180",
        ("--set", "users=180", "--set", "users=190", "--overlay", "b.yaml", "--overlay", "a.yaml"): "190",
    }
    without = edited({"  files1: {roles: [files, docs, preview]}\n": "", "users: 150": "headroom: 20 %\nusers: 150"})
    for number, (words, users) in enumerate(orders.items()):
        expected = generate(tmp_path / f"{number}-edited", without.replace("150", users))
        paths = [f"../{word}" if word.endswith(".yaml") else word for word in words]
        assert generate(tmp_path / f"{number}", BASE, *paths) == expected


def test_a_key_that_was_removed_can_come_back(tmp_path: Path) -> None:
    build_tree(
        tmp_path, {"a.yaml": "nodes: {files1: ~}", "b.yaml": "nodes: {files1: ~}", "c.yaml": "nodes: {files1: [docs]}"}
    )
    over = [word for name in "abc" for word in ("--overlay", f"../{name}.yaml")]
    assert generate(tmp_path / "one", BASE, *over) == generate(
        tmp_path / "two", edited({"[files, docs, preview]": "[docs]"})
    )


def test_what_was_composed_is_said_and_the_folder_stays(tmp_path: Path) -> None:
    build_tree(tmp_path, {"mail/topology.yaml": BASE, "over/production.yaml": "users: 160"})
    words = ("mail/topology.yaml", "--overlay", "over/production.yaml", "--set", "headroom=20 %")
    result = run_cli(tmp_path, *words, "--no-init")
    assert result.code == 0, result.err
    first = "composed of mail/topology.yaml, over/production.yaml, --set headroom=20 %"
    assert result.err.splitlines()[0] == first
    assert (tmp_path / "mail" / "main.tf").is_file()
    assert list(read_tree(tmp_path / "over")) == ["production.yaml"]
    assert run_cli(tmp_path, *words, "--check").code == 0
    assert run_cli(tmp_path, "mail/topology.yaml", "--check").code == 1


def test_release_on_the_command_line_needs_no_second_quotes(tmp_path: Path) -> None:
    build_tree(tmp_path, {"topology.yaml": BASE})
    words = ("--set", "nodes=", "--set", "scenario=single", "--set", "os=ubuntu-24.04")
    result = run_cli(tmp_path, "plan", "--set", "release=25.12", *words)
    assert result.code == 0, result.err
    assert "Carbonio 25.12.0" in result.out


def problems(result: Result) -> list[tuple[str, int, int, str]]:
    found = [PROBLEM.match(line) for line in result.err.splitlines()]
    return [
        (match["file"], int(match["line"]), int(match["column"]), match["rule"])
        for match in found
        if match and match["severity"] == "error"
    ]


def test_every_problem_stands_where_its_value_was_written(tmp_path: Path) -> None:
    build_tree(
        tmp_path,
        {
            "topology.yaml": BASE.replace("tasks]", "taskz]"),
            "eu/a.yaml": "cloud: {region: far}\nusers: ~\nnodes:\n  mta1:\n    type: m9.huge\n  new: {role: x}\n",
            "b.yaml": "\n\n  mailbox_quota: five\n  dns: {dmarc: {polcy: none}}\n",
        },
    )
    words = ("--overlay", "eu/a.yaml", "--overlay", "./b.yaml")
    sets = ("--set", "nodes.files1.roles[1]=dox", "--set", "nodes.mta1.tpye=x", "--set", "vpn=${VPN}")
    assert problems(run_cli(tmp_path, "plan", *words, *sets)) == [
        ("--set", 2, 12, "unknown-key"),
        ("--set", 3, 5, "no-substitution"),
        ("b.yaml", 3, 18, "wrong-value"),
        ("b.yaml", 4, 17, "unknown-key"),
        ("eu/a.yaml", 1, 17, "unknown-region"),
        ("eu/a.yaml", 6, 9, "unknown-key"),
    ]
    build_tree(tmp_path, {"b.yaml": "mailbox_quota: 6 GB", "eu/a.yaml": "users: ~\n"})
    found = problems(run_cli(tmp_path, "plan", *words, "--set", "nodes.files1.roles[1]=dox"))
    # The roles are wrong where each was written; users are missing where they were taken away.
    assert found == [
        ("--set", 1, 23, "unknown-role"),
        ("eu/a.yaml", 1, 8, "missing-users"),
        ("topology.yaml", 13, 23, "unknown-role"),
    ]
    build_tree(tmp_path, {"topology.yaml": BASE, "eu/a.yaml": "\nnodes: {mta1: {type: m9.huge}}\n"})
    assert problems(run_cli(tmp_path, "plan", *words)) == [("eu/a.yaml", 2, 22, "unknown-type")]


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("foo", 1, "wrong-set]: there is no ="),
        ("", 1, "wrong-set]: there is no ="),
        ("=1", 1, "wrong-set]: a key is missing here"),
        ("cloud..region=1", 7, "wrong-set]: a key is missing here"),
        ("cloud.=1", 7, "wrong-set]: a key is missing here"),
        ("cloud[x]=1", 6, 'wrong-set]: "[" cannot stand in a key'),
        ('cloud."region=1', 7, "wrong-set]: a key is missing here"),
        ("users=#5", 7, "wrong-set]: the value is a comment"),
        ("users=1\n2", 8, "wrong-set]: KEY=VALUE stands on one line"),
        ("management[4]=192.0.2.0/24", 11, "wrong-set]: [4] names no item: the list has 2"),
        ("cloud[0]=aws", 6, "wrong-set]: [0] names no item: no list stands there"),
        ("domains.example.org.ttl=300", 9, 'wrong-set]: "example" is not a domain'),
        ("dns.dmarc={policy: [", 21, "yaml-syntax]: this is not YAML"),
        ("cloud={region: a, region: b}", 19, "duplicate-key]"),
        ("users.more=1", 7, "wrong-type]: users must be a whole number"),
        ("domain=a\x01b.example", 9, "yaml-syntax]: this is not YAML"),
        ("domain=\udcff", 8, "yaml-syntax]: this is not YAML"),
        ("domian=example.org", 1, 'did you mean "domain"?'),
        ("cloud.region=eu-centrl-1", 14, 'did you mean "eu-central-1"?'),
        (".".join(["a"] * 500) + "=1", 66, "wrong-set]: the path has too many steps"),
        ("users=" + "[" * 500, 71, "too-deep]"),
    ],
)
def test_a_wrong_set_has_a_place_and_a_reason(text: str, column: int, said: str, tmp_path: Path) -> None:
    build_tree(tmp_path, {"topology.yaml": BASE})
    result = run_cli(tmp_path, "plan", "--set", "users=160", "--set", text)
    assert result.code == 2
    assert "Traceback" not in result.err
    assert any(line.startswith(f"--set:2:{column}: ") and said in line for line in result.err.splitlines()), result.err


def test_a_line_break_in_one_set_moves_no_other(tmp_path: Path) -> None:
    build_tree(tmp_path, {"topology.yaml": BASE})
    result = run_cli(tmp_path, "plan", "--set", "users=1\n2", "--set", "users=many")
    assert problems(result) == [("--set", 1, 8, "wrong-set"), ("--set", 2, 7, "wrong-value")]
    assert "    2 | users=many\n      |       ^^^^\n" in result.err


@pytest.mark.parametrize(
    ("content", "place", "said"),
    [
        ("- a\n", "over.yaml:1:1", "not-a-topology"),
        ("\n  word\n", "over.yaml:2:3", "not-a-topology"),
        ("a: [\n", "over.yaml:2:1", "yaml-syntax"),
        ("users: 1\nusers: 2\n", "over.yaml:2:1", "duplicate-key"),
        ("users: &a [*a]\n", "over.yaml:1:8", "alias-loop"),
        ("", "over.yaml:1:1", "not-a-topology"),
        ("\ufeff \n\n", "over.yaml:1:1", "not-a-topology"),
        ("~\n", "over.yaml:1:1", "not-a-topology"),
    ],
)
def test_a_wrong_overlay(content: str, place: str, said: str, tmp_path: Path) -> None:
    build_tree(tmp_path, {"topology.yaml": BASE, "over.yaml": content})
    result = run_cli(tmp_path, "--overlay", "over.yaml")
    assert result.code == 2
    assert f"{place}: error[{said}]" in result.err
    assert sorted(read_tree(tmp_path)) == ["over.yaml", "topology.yaml"]


def test_an_overlay_that_is_not_there(tmp_path: Path) -> None:
    build_tree(tmp_path, {"topology.yaml": BASE})
    result = run_cli(tmp_path, "--overlay", "other.yaml")
    assert result.code == 2
    assert result.err == (
        "error: other.yaml does not exist\n  An overlay is looked for from the folder in which generate runs.\n"
    )
    build_tree(tmp_path, {"production.yaml": "users: 200\n"})
    for call, said in (
        (["--overlay", "prodution.yaml"], 'error: prodution.yaml does not exist; did you mean "production.yaml"?\n'),
        (["topology.yml"], 'error: topology.yml does not exist; did you mean "topology.yaml"?\n'),
    ):
        assert run_cli(tmp_path, "plan", *call).err == said


@pytest.mark.parametrize("command", ["plan", "rehearse", "verify"])
def test_every_command_composes(command: str, tmp_path: Path) -> None:
    build_tree(tmp_path, {"topology.yaml": BASE})
    more = ["--dns"] if command == "verify" else []
    result = run_cli(tmp_path, command, *more, "--set", "users=many")
    assert result.code == 2
    assert "--set:1:7: error[wrong-value]" in result.err


def test_every_example_stays_itself_under_an_empty_overlay(tmp_path: Path) -> None:
    text = (ROOT / "examples" / "gateway-hetzner" / "topology.yaml").read_text("utf-8")
    assert generate(tmp_path / "a", text, overlay="{}\n") == generate(tmp_path / "b", text)


def test_the_overlay_and_the_commands_of_the_document(tmp_path: Path) -> None:
    document = (ROOT / "docs" / "overlays.md").read_text("utf-8")
    overlay, commands = re.findall(r"(?ms)^```(?:yml|sh)\n(.*?)^```$", document)
    build_tree(tmp_path, {"topology.yaml": IN_THE_DOCUMENT, "production.yaml": overlay})
    for line in commands.splitlines():
        words = shlex.split(line)
        assert words[0] == "generate"
        result = run_cli(tmp_path, *words[1:], *([] if words[1] == "plan" else ["--no-init"]))
        assert result.code == 0, f"{line}\n{result.err}"
        assert result.err.startswith("composed of topology.yaml")
    values = json.loads((tmp_path / "production" / "terraform.tfvars.json").read_text("utf-8"))
    assert {name: set(node["roles"]) for name, node in values["nodes"].items()} == {
        "infra1": {"mesh-and-directory", "database", "monitoring"},
        "files1": {"chats", "files", "docs", "preview"},
        "mta1": {"mta", "proxy"},
        "store1": {"mailstore", "tasks"},
        "store2": {"mailstore"},
    }
    assert values["nodes"]["mta1"]["type"] == "c6i.2xlarge"
