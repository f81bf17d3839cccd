"""Hostile text in every string of a topology: refused with its place, or inert in the output."""

from __future__ import annotations

import copy
import itertools
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import hostile
from tests.helpers import read_tree, run_cli
from tests.strategies import BASE, SSH_KEY, dump

# Every place where an operator writes text. A key is attacked where the path ends in KEY, otherwise
# the value.
KEY = "<key>"
PLACES: list[tuple[str | int, ...]] = [
    ("domain",),
    ("release",),
    ("edition",),
    ("os",),
    ("name",),
    ("cloud", "provider"),
    ("cloud", "region"),
    ("cloud", "zones", 0),
    ("cloud", "existing_key_pair"),
    ("exposure",),
    ("management", 0),
    ("ssh_keys", 0),
    ("jump",),
    ("network", "cidr"),
    ("mailbox_quota",),
    ("documents",),
    ("headroom",),
    ("services", "imap"),
    ("services", "pop3", 0),
    ("services", KEY),
    ("public_name",),
    ("dns", "provider"),
    ("dns", "dmarc", "policy"),
    ("dns", "dmarc", "reports"),
    ("dns", "also_inside", "www", 0),
    ("dns", "also_inside", KEY),
    ("time_servers", 0),
    ("rhel", "subscription"),
    ("troubleshooting", 0),
    ("state", "backend"),
    ("state", "bucket"),
    ("state", "key"),
    ("state", "endpoint"),
    ("state", "project"),
    ("state", "name"),
    ("state", "address"),
    ("scenario",),
    ("nodes", "mta1", "roles", 0),
    ("nodes", "mta1", "os"),
    ("nodes", "mta1", "type"),
    ("nodes", "mta1", "address"),
    ("nodes", "mta1", "zone"),
    ("nodes", "mta1", "image"),
    ("nodes", "video1", "recording"),
    ("nodes", KEY),
    (KEY,),
]
# What else stands beside a key of the state, for it to mean something.
_S3, _GITLAB = {"backend": "s3", "bucket": "example-terraform"}, {"backend": "gitlab", "project": 7}
STATES: dict[str, dict[str, Any]] = {
    "backend": {},
    "bucket": _S3,
    "key": _S3,
    "endpoint": _S3,
    "project": _GITLAB,
    "name": _GITLAB,
    "address": {"backend": "http"},
}
# A key's comment is the one place where an operator writes freely.
COMMENTED = f"{SSH_KEY.rpartition(' ')[0]} "


def place_id(place: tuple[str | int, ...]) -> str:
    return ".".join(str(step) for step in place)


def attacked(place: tuple[str | int, ...], text: str) -> dict[str, Any]:
    """Return the base topology with `text` at a place."""
    topology: dict[str, Any] = copy.deepcopy(BASE)
    if place == ("scenario",):
        del topology["nodes"]
    if place[0] == "state":
        topology["state"] = dict(STATES[str(place[1])])
    node: Any = topology
    for step, following in itertools.pairwise(place):
        if isinstance(node, dict) and step not in node:
            node[step] = [] if isinstance(following, int) else {}
        node = node[step]
    last = place[-1]
    if last == KEY:
        node[text] = copy.deepcopy(next(iter(node.values()))) if node else ["203.0.113.80"]
    elif isinstance(last, int):
        node[last:] = [text]
    else:
        node[last] = text
    return topology


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES, ids=place_id)
def test_hostile_text_is_refused_or_inert(place: tuple[str | int, ...], tmp_path: Path) -> None:
    for name, text in hostile.STRINGS.items():
        folder = tmp_path / name.replace(" ", "-")
        folder.mkdir()
        topology = attacked(place, text)
        # As JSON, which is YAML: PyYAML's own output leaves some of these strings unreadable.
        (folder / "topology.yaml").write_text(json.dumps(topology, indent=1), encoding="utf-8")
        result = run_cli(folder, "--no-init")
        assert "Traceback" not in result.err, name
        if result.code == 0:
            check_output(folder)
        else:
            assert result.code == 2, (name, result.err)
            assert result.errors, (name, result.err)
            assert [path.name for path in folder.iterdir()] == ["topology.yaml"], name
        # A terminal must not obey what a file says.
        assert "\x1b" not in result.err, name


@pytest.mark.many(5)
@pytest.mark.parametrize("text", hostile.STRINGS.values(), ids=list(hostile.STRINGS))
def test_a_hostile_comment_of_a_key_is_refused_or_inert(text: str, tmp_path: Path) -> None:
    topology = attacked(("ssh_keys", 0), f"{COMMENTED}{text}")
    (tmp_path / "topology.yaml").write_text(json.dumps(topology), encoding="utf-8")
    result = run_cli(tmp_path, "--no-init")
    assert result.code in {0, 2}, result.err
    if result.code == 0:
        check_output(tmp_path)
        for path in sorted((tmp_path / "cloud-init").glob("*.yaml")):
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
            keys = [*content.get("ssh_authorized_keys", [])]
            for user in content.get("users", []):
                keys += user.get("ssh_authorized_keys", []) if isinstance(user, dict) else []
            assert topology["ssh_keys"][0] in keys


def check_output(folder: Path) -> None:
    """Parse everything back: nothing of the topology became anything but a value."""
    plain = folder.parent / f"{folder.name}-plain"
    plain.mkdir()
    (plain / "topology.yaml").write_text(dump(BASE), encoding="utf-8")
    assert run_cli(plain, "--no-init").code == 0
    files, ordinary = read_tree(folder), read_tree(plain)
    for name, content in files.items():
        text = content.decode("utf-8")
        if name == "backend.tf":
            check_backend(text)
        elif name.endswith(".tf"):
            # Values travel as JSON: the code is the same for every topology of this kind.
            assert content == ordinary[name], name
        elif name.endswith(".json") and not name.startswith("."):
            json.loads(text)
        elif name.startswith("cloud-init/"):
            check_cloud_config(text)
        elif name == "ssh_config":
            check_ssh_config(text)
        elif name.endswith(".zone"):
            check_zone(text)
        assert "/etc/passwd" not in text or "root:" not in text, name


def check_backend(text: str) -> None:
    """Expect one block of settings that are plain values: it is the one place where values stand in code."""
    value = r'"[^"\\${}\n]*"|true|[0-9]+'
    setting = rf"    \w+ += (?:{value}|\{{ s3 = (?:{value}) \}})\n"
    version = r'  required_version = ">= 1\.10\.0"\n\n'
    assert re.fullmatch(
        rf'(?:# .+\n|\n)+terraform {{\n(?:{version})?  backend "\w+" {{\n(?:{setting})+  }}\n}}\n', text
    )


def check_cloud_config(text: str) -> None:
    """Expect the keys of ordinary user-data, and commands that are lists of words."""
    assert text.startswith("#cloud-config\n")
    content = yaml.safe_load(text)
    for command in content.get("runcmd", []):
        assert isinstance(command, list), command
    for file in content["write_files"]:
        assert isinstance(file["content"], str)
        assert file["path"].startswith("/")
        assert ".." not in file["path"].split("/")


def check_ssh_config(text: str) -> None:
    """Expect one keyword of a known few on each line, its value without anything to expand."""
    known = {"host", "hostname", "user", "proxyjump", "port", "identitiesonly", "hostkeyalias"}
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            keyword, *values = shlex.split(line)
            assert keyword.lower() in known, line
            assert not any(value.startswith("-") or re.search(r"[`$;|&<>]", value) for value in values)


def check_zone(text: str) -> None:
    """Expect records and comments only: no directive but $TTL and $ORIGIN."""
    for line in text.splitlines():
        assert not line.startswith("$") or line.split()[0] in {"$TTL", "$ORIGIN"}, line
        assert "\t" not in line or line.isprintable() or line.replace("\t", " ").isprintable()


def test_the_base_topology_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "topology.yaml").write_text(dump(BASE), encoding="utf-8")
    result = run_cli(tmp_path, "--no-init")
    assert result.code == 0, result.err
    check_output(tmp_path)
