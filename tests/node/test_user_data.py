"""User-data: what goes in comes out, whatever it is; it is valid, small, and carries no secret."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from generator.render.cloudinit import (
    BOUND,
    CHECK,
    PROGRAM,
    as_sent,
    assemble,
    block,
    quoted,
    read_programs,
    sent_size,
    user_data,
)
from generator.render.templates import environment
from tests.node import samples
from tests.node.machine import RHEL, TEMPLATES, Machine, node

KEYS = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3zqY0vVhJ1g5cX7o3bQ2wEr8uTt1yUiOpAsDfGhJkL admin@example.com"]
DEVICES = {"mail": "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_@@volume:store1-mail@@"}
TOP_LEVEL = {
    "preserve_hostname", "manage_etc_hosts", "fqdn", "locale", "ssh_authorized_keys", "write_files",
}  # fmt: skip
PER_BOOT = "/var/lib/cloud/scripts/per-boot/carbonio-node"
PATHS = {"/etc/carbonio-node/node.json", "/etc/carbonio-node/devices.json", PROGRAM, CHECK, PER_BOOT}
HOSTILE = [
    '${file("/etc/passwd")}', "%{ for x in y }", "$(id)", "`id`", "'", '"', "\\", "a: b", "- a", "# a",
    "!!python/object", "&a [*a, *a]", "{{ 7 * 7 }}", "{% raw %}", "## template: jinja", "#cloud-config", "\n",
    "\n\n", "a\n", "a\n\n", "\na", " a", "\ta", "a\r\nb", "a\rb", "\u2028", "\u0085", "\ufeff", "\x00", "\x7f",
    "\x1b[2J", "\u00e9", "\U0001f600", "@@", "@@a@@", "a@b", "@@@", "", "~", "null", "yes", "|2-\n  a", "...",
    "---", "%YAML 1.1", "a" * 5000, "  \n a", "a \n", "a\n  \n", "\u200b", "\ud7ff", "\ufffe",
]  # fmt: skip
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.fixture(scope="module")
def template() -> jinja2.Template:
    """The template, as the generator renders it."""
    return environment().get_template("cloud-init/user-data.yaml.j2")


@pytest.fixture(scope="module")
def programs() -> dict[str, str]:
    """The programs as they are sent."""
    return read_programs(TEMPLATES / "node")


def five(**changes: Any) -> dict[str, Any]:
    """Return a node with all that a node can have."""
    packages = ["ca-certificates", "chrony", "curl", "fontconfig", "gnupg", "jq", "libgmp10", "locales"]
    packages += ["openssh-server", "perl", "python3", "python3-psycopg2", "sysstat", "wget"]
    volumes = [*node()["volumes"], {"key": "recordings", "mount": "/var/lib/videorecorder", "filesystem": "ext4"}]
    return node(packages=packages, volumes=volumes, time_servers=["ntp1.example.net", "ntp2.example.net"], **changes)


def files(text: str) -> dict[str, str]:
    """Return path -> content of what a user-data writes."""
    return {item["path"]: item["content"] for item in yaml.safe_load(text)["write_files"]}


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_scalar_comes_out_as_it_went_in(text: str) -> None:
    assert yaml.safe_load(f"a: {quoted(text)}\n") == {"a": text}
    assert yaml.safe_load(f"-\n a: b\n content: {block(text)}\n c: d\n") == [{"a": "b", "content": text, "c": "d"}]


@given(TEXT)
def test_any_scalar_comes_out_as_it_went_in(text: str) -> None:
    assert yaml.safe_load(f"a: {quoted(text)}\n") == {"a": text}
    assert quoted(text).isascii()
    assert "@@" not in quoted(text)
    assert yaml.safe_load(f"-\n a: b\n content: {block(text)}\n c: d\n")[0]["content"] == text


@pytest.mark.many(5)
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_string_of_a_topology_is_ever_interpreted(
    template: jinja2.Template, programs: dict[str, str], text: str
) -> None:
    hostile = node(name=text, fqdn=text, domain=text, roles=[text], locale=text, packages=[text])
    hostile["repositories"] = {text: {text: text}}
    hostile["files"] = {f"/etc/{text}": [text]}
    got = user_data(template, hostile, {}, [text, text], programs)
    assert got.startswith("#cloud-config\n")
    parsed = yaml.safe_load(got)
    assert set(parsed) == TOP_LEVEL
    assert (parsed["fqdn"], parsed["locale"], parsed["ssh_authorized_keys"]) == (text, text, [text, text])
    written = files(got)
    assert json.loads(written["/etc/carbonio-node/node.json"]) == as_sent(hostile)
    assert set(written) == PATHS
    # Only devices carry placeholders, which Terraform fills in: none may come from elsewhere.
    assert "@@" not in got


@pytest.mark.parametrize("family", [{}, RHEL], ids=["ubuntu", "rhel"])
def test_a_node_gets_its_data_and_the_program_of_its_family(
    template: jinja2.Template, programs: dict[str, str], family: dict[str, Any]
) -> None:
    data = five(**family)
    written = files(user_data(template, data, DEVICES, KEYS, programs))
    assert set(written) == PATHS
    assert json.loads(written["/etc/carbonio-node/node.json"]) == as_sent(data)
    assert json.loads(written["/etc/carbonio-node/devices.json"]) == DEVICES
    assert {path: written[path] for path in (PROGRAM, CHECK)} == assemble(programs, data)
    assert ("subscription-manager" in written[PROGRAM], "apt-get" in written[PROGRAM]) == (bool(family), not family)
    assert "wireguard" not in written[PROGRAM]


def test_comments_of_rendered_files_stay_in_the_repository(template: jinja2.Template, programs: dict[str, str]) -> None:
    for data in (samples.ubuntu(), samples.rhel(), samples.gateway()):
        written = files(user_data(template, data, {}, KEYS, programs))
        whole = json.loads(written["/etc/carbonio-node/node.json"])
        assert set(data) - set(whole) == {"edition", "release", "troubleshooting"}
        assert all(whole[key] == data[key] for key in whole if key != "files")
        sent = whole["files"]
        for path, lines in data["files"].items():
            assert "\n".join(sent[path]) + "\n" == samples.written(lines)
            assert [line for line in sent[path] if "Written by generate" in line]


def test_placeholders_are_where_terraform_finds_them(template: jinja2.Template, programs: dict[str, str]) -> None:
    parts = user_data(template, five(), DEVICES, KEYS, programs).split("@@")
    assert parts[1::2] == ["volume:store1-mail"]
    resolved = files("vol0abc".join(parts[0::2]))
    assert json.loads(resolved["/etc/carbonio-node/devices.json"])["mail"].endswith("_Store_vol0abc")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(five(), id="ubuntu"),
        pytest.param(five(**RHEL), id="rhel"),
        pytest.param(five(host_firewall=True, files=samples.ubuntu_files()), id="ubuntu with a firewall"),
        pytest.param(five(**RHEL, host_firewall=True, files=samples.rhel_files()), id="rhel with a firewall"),
        pytest.param(samples.gateway(), id="gateway"),
    ],
)
def test_what_is_sent_is_small(template: jinja2.Template, programs: dict[str, str], data: dict[str, Any]) -> None:
    text = user_data(template, data, DEVICES, KEYS, programs)
    # Terraform's base64gzip uses level 6.
    sizes = [len(gzip.compress(text.encode(), level)) for level in (6, 9)]
    assert max(sizes) <= BOUND == 12_288
    assert abs(sent_size(text) - sizes[1]) <= 12


@pytest.mark.parametrize("data", [five(), five(**RHEL), samples.gateway()], ids=["ubuntu", "rhel", "gateway"])
def test_what_is_sent_runs_by_itself(data: dict[str, Any], machine: Machine) -> None:
    """No part needs one that this node does not get."""
    machine.put("address", data["address"])
    machine.install(data)
    for ended in machine.configure(), machine.run("carbonio-node-check"):
        assert not re.search("ModuleNotFound|ImportError|NameError|AttributeError|Traceback", f"{ended}")
        assert ended.code in (0, 1)
        assert data["fqdn"] in ended.out or "fqdn" in ended.out


def test_the_same_input_gives_the_same_bytes(template: jinja2.Template, programs: dict[str, str]) -> None:
    data = five()
    turned = dict(reversed(list(data.items())))
    first = user_data(template, data, DEVICES, KEYS, programs)
    assert first == user_data(template, turned, DEVICES, KEYS, programs)
    assert "\r" not in first
    assert first.isascii()


def test_a_key_pair_of_the_cloud_leaves_no_empty_list(template: jinja2.Template, programs: dict[str, str]) -> None:
    parsed = yaml.safe_load(user_data(template, five(), DEVICES, [], programs))
    assert set(parsed) == TOP_LEVEL - {"ssh_authorized_keys"}


def test_names_are_left_to_us(template: jinja2.Template, programs: dict[str, str]) -> None:
    """User-data wins over cloud.cfg.d, so the file alone would not keep cloud-init's template away."""
    parsed = yaml.safe_load(user_data(template, five(), DEVICES, KEYS, programs))
    assert (parsed["preserve_hostname"], parsed["manage_etc_hosts"]) == (True, False)


def test_the_outcome_is_that_of_configure_and_check(
    template: jinja2.Template, programs: dict[str, str], tmp_path: Path
) -> None:
    """At every boot until all is done: cloud-init runs what is in per-boot, and its status tells of a failure."""
    item = next(
        item
        for item in yaml.safe_load(user_data(template, five(), DEVICES, KEYS, programs))["write_files"]
        if item["path"] == PER_BOOT
    )
    assert item["permissions"] == "0755"
    script = item["content"].replace("/usr/local/sbin", str(tmp_path)).replace("/var/lib", str(tmp_path))
    (tmp_path / "per-boot").write_text(script)
    for folder in ("cloud/data", "carbonio-node"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "cloud/data/instance-id").write_text("i-1\n")

    def run() -> tuple[bool, list[str]]:
        command = ["sh", str(tmp_path / "per-boot")]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        return ended.returncode != 0, ended.stdout.split()

    for configure in (0, 1):
        for check in (0, 1):
            for name, code in (("configure", configure), ("check", check)):
                program = tmp_path / f"carbonio-node-{name}"
                program.write_text(f"#!/bin/sh\necho {name}\nexit {code}\n")
                program.chmod(0o755)
            assert run() == (bool(configure or check), ["configure", "check"])
    # The image of another machine that was complete is not this one.
    for complete, rest in (("i-0\n", ["configure", "check"]), ("i-1\n", [])):
        (tmp_path / "carbonio-node/complete").write_text(complete)
        assert run()[1] == rest
    assert run()[0] is False


def test_nothing_secret_is_in_it(template: jinja2.Template, programs: dict[str, str]) -> None:
    text = user_data(template, five(**RHEL), DEVICES, KEYS, programs)
    assert not re.search(r"(?i)PRIVATE KEY|password|passwd|\btoken\b", text)
    parsed = yaml.safe_load(text)
    assert not {"chpasswd", "users", "password", "ssh_keys", "rh_subscription"} & set(parsed)


@pytest.mark.parametrize("family", [{}, RHEL], ids=["ubuntu", "rhel"])
def test_cloud_init_accepts_it(
    template: jinja2.Template, programs: dict[str, str], family: dict[str, Any], tmp_path: Path
) -> None:
    if shutil.which("cloud-init") is None:
        pytest.skip("cloud-init is not installed: its own schema check was not made")
    file = tmp_path / "user-data.yaml"
    file.write_text(user_data(template, five(**family), DEVICES, KEYS, programs))
    ended = subprocess.run(["cloud-init", "schema", "-c", file], capture_output=True, text=True, check=False)
    assert (ended.returncode, "Valid" in ended.stdout) == (0, True), ended.stdout + ended.stderr
