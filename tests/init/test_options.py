"""`generate init` without a terminal: nothing is asked, and every refusal is whole."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.helpers import ROOT, build_tree, read_tree, run_cli
from tests.init.answers import BESIDE, KEY, NEEDED, options


def unfolded(text: str) -> str:
    return " ".join(text.split())


def test_all_that_is_missing_is_listed_at_once(tmp_path: Path) -> None:
    result = run_cli(tmp_path, "init", "--cloud", "libvirt", "--scenario", "single")
    assert result.code == 2
    assert [line.split()[0] for line in result.err.splitlines() if "is missing" in line] == [
        "--domain",
        "--public-address",
        "--management",
        "--ssh-key",
    ]
    assert all(len(line) < 80 for line in result.err.splitlines())
    assert result.out == ""
    assert read_tree(tmp_path) == {}


def test_the_operators_key_is_never_taken_unseen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = build_tree(tmp_path / "home", {".ssh/id_ed25519.pub": KEY})
    monkeypatch.setenv("HOME", str(home))
    given: dict[str, str | bool] = {name: text for name, text in NEEDED.items() if name != "ssh-key"}
    result = run_cli(build_tree(tmp_path / "mail", {}), "init", *options(given))
    assert result.code == 2
    assert "--ssh-key" in result.err


WRONG: dict[str, tuple[dict[str, str | bool], list[str]]] = {
    "several": (
        {"cloud": "foo", "region": "xx", "users": "abc", "domain": "a b"},
        [
            '--domain: "a b" is not a domain such as example.com',
            '--cloud: "foo" is not a cloud; known are aws, hetzner or libvirt',
            '--users: "abc" is not a whole number from 1 to 10 million',
        ],
    ),
    "region of another cloud": ({"cloud": "aws", "region": "fsn1"}, ['--region: "fsn1" is not a region of AWS']),
    "scenario of another release": (
        {"release": "24.1", "scenario": "single"},
        ['--scenario: "single" is not a scenario of Carbonio 24.1.0 commercial; known are five-nodes'],
    ),
    "scenario of another edition": ({"edition": "community", "scenario": "five-nodes"}, ["known are single"]),
    "exposure of another cloud": (
        {"exposure": "external"},
        ['--exposure: "external" is not an exposure that AWS offers; known are direct or gateway'],
    ),
    "question of another cloud": ({"public-address": "203.0.113.10"}, ["--public-address means nothing"]),
    "too few addresses": (
        {"cloud": "libvirt", "scenario": "five-nodes", "exposure": "direct", "public-address": "203.0.113.10"},
        ["--public-address: 2 are needed, and these are 1"],
    ),
    "video where there is none": (
        {"release": "25.12", "scenario": "essential", "video": True},
        ["--video: the scenario does not have it"],
    ),
    "no name": ({"domain": ""}, ['--domain: "" is not a domain']),
    "no provider": ({"dns": "bind"}, ['--dns: "bind" is not a DNS provider; known are']),
    "public suffix": ({"domain": "co.uk"}, ["--domain: co.uk is a public suffix", "example.co.uk"]),
    "the Internet": ({"management": "0.0.0.0/0"}, ["--management: management covers 4294967296 public addresses"]),
    "private public address": (
        {"cloud": "libvirt", "public-address": "10.0.0.1"},
        ["--public-address: 10.0.0.1 is a private address"],
    ),
    "too small a network": (
        {"cloud": "libvirt", "public-address": "203.0.113.10", "network": "10.0.0.0/28"},
        ["--network: 10.0.0.0/28 does not lie between /16 and /24"],
    ),
    "a tilde of nobody": ({"ssh-key": "~nobody-at-all/key"}, ['--ssh-key: "~nobody-at-all/key"']),
    "terminal commands": ({"domain": "\x1b[2J.example"}, ['"\\x1b[2J.example" is not a domain']),
}


@pytest.mark.parametrize("case", WRONG)
def test_options_that_cannot_be(case: str, tmp_path: Path) -> None:
    given, expected = WRONG[case]
    result = run_cli(tmp_path, "init", *options({**NEEDED, **given}))
    assert result.code == 2, result.err
    for text in expected:
        assert text in unfolded(result.err)
    assert all(len(line) < 80 for line in result.err.splitlines())
    assert "Traceback" not in result.err
    assert read_tree(tmp_path) == {}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n", "holds a private key"),
        (b"\xff\xfe", "is not text"),
        (b"", "there is no key in"),
        (b"# only a comment\n", "there is no key in"),
        (b"x" * 70_000, "has more than 65536 bytes"),
        (f"{KEY[:60]}\n".encode(), "is not the content of a public key file"),
        (f'command="ls" {KEY}\n'.encode(), "is not the content of a public key file"),
    ],
    ids=["private", "binary", "empty", "comment", "long", "cut", "with options"],
)
def test_files_that_hold_no_public_key(content: bytes, expected: str, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(content)
    result = run_cli(tmp_path, "init", *options({**NEEDED, "ssh-key": "key"}))
    assert result.code == 2
    assert expected in unfolded(result.err)
    assert "c2VjcmV0" not in result.err
    assert not (tmp_path / "topology.yaml").exists()


def test_a_private_key_as_text_is_not_shown(tmp_path: Path) -> None:
    text = "-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n"
    result = run_cli(tmp_path, "init", *options({**NEEDED, "ssh-key": text}))
    assert result.code == 2
    assert "this is a private key (not shown)" in unfolded(result.err)
    assert "c2VjcmV0" not in result.err


def test_a_fifo_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "key")
    result = run_cli(tmp_path, "init", *options({**NEEDED, "ssh-key": "key"}))
    assert result.code == 2
    assert '"key" is not a file' in result.err


@pytest.mark.parametrize("kind", ["file", "dangling link", "folder", "fifo"])
def test_what_exists_is_never_touched(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "topology.yaml"
    if kind == "file":
        path.write_text("# mine\n", "utf-8")
    elif kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to("elsewhere")
    before = (path.lstat().st_mtime_ns, sorted(tmp_path.iterdir()))
    # Said before anything else, wrong as the options may be.
    result = run_cli(tmp_path, "init", "--cloud", "foo")
    assert result.code == 2
    assert "foo" not in result.err
    assert ("is a folder" if kind == "folder" else "exists, and is never overwritten") in result.err
    assert (path.lstat().st_mtime_ns, sorted(tmp_path.iterdir())) == before


@pytest.mark.parametrize("path", ["/proc/nothing/topology.yaml", "blocked/topology.yaml"])
def test_a_folder_that_cannot_be_written(path: str, tmp_path: Path) -> None:
    build_tree(tmp_path, {"blocked": "a file"})
    result = run_cli(tmp_path, "init", path, *options({**NEEDED}))
    assert result.code == 3
    assert "Traceback" not in result.err
    assert read_tree(tmp_path) == {"blocked": b"a file"}


@pytest.mark.parametrize("stdin", ["closed", "empty", "answers"])
def test_without_a_terminal_nothing_is_asked(stdin: str, tmp_path: Path) -> None:
    close = {"closed": "<&-", "empty": "</dev/null", "answers": "<answers"}[stdin]
    build_tree(tmp_path, {"answers": "example.com\n" * 30})
    ended = subprocess.run(
        ["sh", "-c", f'"$0" -m generator init {close}', sys.executable],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: options are missing, and there is no terminal to ask at\n")
    assert ended.stdout == ""
    assert not (tmp_path / "topology.yaml").exists()


def test_the_help_fits_and_names_every_option(tmp_path: Path) -> None:
    text = run_cli(tmp_path, "init", "--help").out
    assert all(len(line) <= 80 for line in text.splitlines())
    asked = "domain cloud region release edition scenario users quota exposure dns management ssh-key"
    for name in (*asked.split(), "no-video", "no-collaboration", "uplink", "public-address", "image", "elastic-ips"):
        assert f"--{name}" in text


@pytest.mark.parametrize("there", [False, True])
def test_a_file_system_without_links(there: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        if there:
            build_tree(tmp_path, {"topology.yaml": "# mine\n"})
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    result = run_cli(tmp_path, "init", *options({**NEEDED}))
    assert result.code == (2 if there else 0)
    assert ((tmp_path / "topology.yaml").read_text("utf-8") == "# mine\n") == there
    assert [name for name in read_tree(tmp_path) if name not in BESIDE] == ["topology.yaml"]


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    result = run_cli(tmp_path, "init", *options({**NEEDED}))
    assert result.code == 3
    assert "cannot be written: No space left on device" in unfolded(result.err)
    assert read_tree(tmp_path) == {}


def test_no_place_for_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/proc/nowhere")
    result = run_cli(tmp_path, "init", *options({**NEEDED}))
    assert result.code == 3
    assert "the folder for temporary files cannot be written" in result.err
    assert read_tree(tmp_path) == {}


def test_a_schema_of_another_version_stays_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "topology.schema.json").write_text("{}", "utf-8")
    result = run_cli(tmp_path, "init", *options({**NEEDED, "cloud": "aws"}))
    assert result.code == 0
    assert "it is not this version's; generate schema prints that one" in " ".join(result.err.split())
    assert all(len(line) < 80 for line in result.err.splitlines())
    assert (tmp_path / "topology.schema.json").read_text("utf-8") == "{}"
    (tmp_path / "topology.schema.json").write_text(run_cli(tmp_path, "schema").out, "utf-8")
    result = run_cli(tmp_path, "init", "other.yaml", *options({**NEEDED, "cloud": "aws"}))
    assert "topology.schema.json is for your editor." in result.err


def test_what_terraform_leaves_is_kept_out_of_git_and_ones_own_list_stays(tmp_path: Path) -> None:
    given = {**NEEDED, "cloud": "aws"}
    result = run_cli(tmp_path, "init", *options(given))
    assert result.code == 0
    assert ".gitignore keeps Terraform's state and plans" in result.err
    assert all(len(line) < 80 for line in result.err.splitlines())
    assert run_cli(tmp_path, "--no-init").code == 0
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    left = {".terraform/modules/modules.json", "terraform.tfstate", "terraform.tfstate.backup", "tfplan", "a.tfplan"}
    build_tree(tmp_path, dict.fromkeys(left, "{}"))
    words = ["git", "ls-files", "--others", "--exclude-standard"]
    added = subprocess.run(words, cwd=tmp_path, check=True, capture_output=True, text=True).stdout.split()
    assert left.isdisjoint(added)
    assert {".gitignore", "main.tf", "topology.lock.json", "terraform.tfvars.json"} <= set(added)

    own = build_tree(tmp_path / "own", {".gitignore": "mine\n"})
    result = run_cli(own, "init", *options(given))
    assert result.code == 0
    assert ".gitignore" not in result.err
    assert (own / ".gitignore").read_text("utf-8") == "mine\n"


def test_init_and_init_for_pull_requests_write_the_same_list(tmp_path: Path) -> None:
    given = options({**NEEDED, "cloud": "aws"})
    assert run_cli(build_tree(tmp_path / "one", {}), "init", *given).code == 0
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "topology.yaml").write_bytes((tmp_path / "one" / "topology.yaml").read_bytes())
    assert run_cli(tmp_path / "two", "init", "--ci", "shell").code == 0
    assert (tmp_path / "one" / ".gitignore").read_bytes() == (tmp_path / "two" / ".gitignore").read_bytes()


def test_the_editors_schema_lies_beside_it_and_words_are_taken_in_any_case(tmp_path: Path) -> None:
    result = run_cli(tmp_path, "init", *options({**NEEDED, "cloud": "Hetzner"}))
    assert result.code == 0, result.err
    files = read_tree(tmp_path)
    assert b"provider: hetzner" in files["topology.yaml"]
    assert files["topology.schema.json"].decode() == run_cli(tmp_path, "schema").out


def test_of_very_many_refusals_the_first_are_told(tmp_path: Path) -> None:
    given = {**NEEDED, "management": ",".join(["198.51.100.0/24"] * 300)}
    result = run_cli(tmp_path, "init", *options(given))
    assert result.code == 2
    assert result.err.count("198.51.100.0/24 stands twice") == 10
    assert result.err.rstrip().endswith("and 289 more")
