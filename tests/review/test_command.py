"""`generate review` as a user calls it: with git, folders, files, Terraform plans that are none."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from generator.verdicts import VERDICTS
from tests.helpers import ROOT, run_cli

EXAMPLE = ROOT / "examples" / "five-nodes-hetzner" / "topology.yaml"
TODAY = ("--today", "2026-06-01")


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"]
    ended = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return ended.stdout.strip()


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    """Return a folder in a repository, generated and committed on main."""
    folder = tmp_path / "repository" / "sites" / "mail"
    folder.mkdir(parents=True)
    shutil.copy(EXAMPLE, folder)
    git(tmp_path / "repository", "init", "--quiet", "--initial-branch=main")
    assert run_cli(folder, "--no-init").code == 0
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=Begin")
    return folder


def edit(folder: Path, before: str, after: str) -> None:
    path = folder / "topology.yaml"
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after), "utf-8")


def reviewed(folder: Path, *arguments: str, code: int = 0) -> dict[str, Any]:
    result = run_cli(folder, "review", "--json", *TODAY, *arguments)
    assert result.code == code, result.err
    found: dict[str, Any] = json.loads(result.out)
    return found


def test_nothing(mail: Path) -> None:
    commit = git(mail, "rev-parse", "HEAD")[:12]
    result = run_cli(mail, "review")
    assert (result.code, result.out) == (
        0,
        f"Nothing changes.\nCompared with HEAD ({commit}), without a Terraform plan.\n",
    )


def test_what_is_not_committed_yet(mail: Path) -> None:
    edit(mail, "users: 150", "services: {imap: true}\nusers: 150")
    out = run_cli(mail, "review").out
    assert "The Internet can now reach external IMAP services (143/tcp) on\n    mail.example.com: mta1." in out


def test_a_branch_is_compared_with_where_it_left(mail: Path) -> None:
    git(mail, "checkout", "--quiet", "-b", "imap")
    edit(mail, "users: 150", "services: {imap: true}\nusers: 150")
    git(mail, "commit", "--quiet", "--all", "--message=Open IMAP")
    git(mail, "checkout", "--quiet", "main")
    # What came to main since is not taken back by the branch.
    edit(mail, "users: 150", "services: {pop3s: true}\nusers: 150")
    git(mail, "commit", "--quiet", "--all", "--message=Open POP3")
    git(mail, "checkout", "--quiet", "imap")
    found = reviewed(mail, "--base", "main")
    assert [(one["opened"], one["ports"]) for one in found["reach"] if one["outside"]] == [(True, "143")]


def test_another_folder_of_the_shell_and_of_the_output(mail: Path) -> None:
    root = mail.parent.parent
    assert run_cli(root, "sites/mail/topology.yaml", "--out", "built/mail", "--no-init").code == 0
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message=Build")
    edit(mail, "  store1: [mailstore, tasks]", "  store1: [mailstore, tasks]\n  store2: [mailstore]")
    found = reviewed(root, "sites/mail/topology.yaml", "--out", "built/mail")
    assert [(one["node"], one["change"]) for one in found["machines"]] == [("store2", "new")]


def test_overlays_are_read_as_they_were(mail: Path) -> None:
    (mail / "big.yaml").write_text("users: 300\n", "utf-8")
    git(mail, "add", ".")
    git(mail, "commit", "--quiet", "--message=Grow")
    (mail / "big.yaml").write_text("users: 450\n", "utf-8")
    found = reviewed(mail, "--overlay", "big.yaml")
    assert [(one["before_gib"], one["after_gib"]) for one in found["volumes"]] == [(1500, 2250)]


def test_folders_and_files_without_git(tmp_path: Path) -> None:
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        shutil.copy(EXAMPLE, tmp_path / name)
    edit(tmp_path / "new", "  video1: [video]\n", "")
    for base in ("../old", "../old/topology.yaml"):
        found = reviewed(tmp_path / "new", "--base", base)
        assert [(one["kind"], one["subject"]) for one in found["losses"]] == [
            ("address", "video1"),
            ("machine", "video1"),
        ]


def test_a_new_deployment(mail: Path) -> None:
    new = mail.parent / "new"
    new.mkdir()
    shutil.copy(EXAMPLE, new)
    found = reviewed(new)
    assert found["fresh"]
    assert found["verdict"].startswith("A new deployment")
    assert len(found["machines"]) == 5
    assert {(one["ports"]) for one in found["reach"] if one["source"] == "internet"} == {
        "25", "443", "20000-40000", "3",
    }  # fmt: skip


@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_verdict_is_documented_and_known(verdict: str, mail: Path) -> None:
    text = (ROOT / "docs" / "review.md").read_text("utf-8")
    assert f"| `{verdict}` | {VERDICTS[verdict]} |" in text
    assert verdict in run_cli(mail, "review", "--help").out
    assert run_cli(mail, "review", "--fail-on", verdict).code == 0


VOLUME_REPLACED = {
    "format_version": "1.2",
    "resource_changes": [
        {
            "address": 'module.nodes.hcloud_volume.this["store1-mail"]',
            "module_address": "module.nodes",
            "mode": "managed",
            "type": "hcloud_volume",
            "name": "this",
            "index": "store1-mail",
            "change": {"actions": ["delete", "create"], "before": {}, "after": {}, "replace_paths": [["location"]]},
        }
    ],
}
CHANGES = {
    "destroy-stateful": ("  video1: [video]\n", ""),
    "destroy-machine": ("  video1: [video]\n", ""),
    "new-internet-exposure": ("users: 150", "services: {imap: true}\nusers: 150"),
    "management-widened": ("198.51.100.0/24", "198.51.100.0/24, 192.0.2.1"),
    "management-narrowed": ("198.51.100.0/24", "198.51.100.0/25"),
    "mail-dns": ("policy: none", "policy: reject"),
    "release-change": ('"26.6"', '"25.12.0"'),
}


@pytest.mark.parametrize("verdict", sorted(CHANGES))
def test_a_verdict_fails_the_review_and_only_if_asked(verdict: str, mail: Path) -> None:
    edit(mail, *CHANGES[verdict])
    others = [name for name in VERDICTS if name != verdict]
    (judgement,) = [one for one in reviewed(mail)["judgements"] if one["verdict"] == verdict]
    assert not judgement["fails"]
    (judgement,) = [
        one for one in reviewed(mail, "--fail-on", verdict, code=1)["judgements"] if one["verdict"] == verdict
    ]
    assert judgement["fails"]
    assert judgement["subjects"]
    met = {one["verdict"] for one in reviewed(mail)["judgements"]}
    rest = ",".join(name for name in others if name not in met)
    assert reviewed(mail, "--fail-on", rest)


def test_an_acceptance(mail: Path) -> None:
    edit(
        mail,
        "users: 150",
        "services: {imap: true, imaps: true}\nusers: 150\naccept:\n  new-internet-exposure:\n"
        "    reason: phones\n    until: 2026-06-01\n    only: [143/tcp]",
    )
    fail = ("--fail-on", "new-internet-exposure")
    (judgement,) = reviewed(mail, *fail, code=1)["judgements"]
    assert (judgement["subjects"], judgement["accepted"]) == (["993/tcp"], ["143/tcp"])
    edit(mail, "only: [143/tcp]", "only: [143/tcp, 993/tcp]")
    (judgement,) = reviewed(mail, *fail)["judgements"]
    assert judgement["reason"] == "phones (until 2026-06-01)"
    # The day after, it counts again.
    result = run_cli(mail, "review", "--json", *fail, "--today", "2026-06-02")
    assert result.code == 1
    (judgement,) = json.loads(result.out)["judgements"]
    assert judgement["note"] == "it was accepted until 2026-06-01: phones"


def test_a_base_that_is_wrong_by_the_rules_of_today(mail: Path) -> None:
    edit(mail, "users: 150", "usres: 150")
    git(mail, "commit", "--quiet", "--all", "--message=Break")
    edit(mail, "usres: 150", "users: 150")
    result = run_cli(mail, "review")
    assert result.code == 2
    assert result.out == ""
    assert "HEAD:topology.yaml:9:1: error[unknown-key]" in result.err
    assert "HEAD cannot be planned by this version" in result.err
    # With Terraform's own word, that much is reviewed.
    plan = mail / "plan.json"
    plan.write_text(json.dumps(VOLUME_REPLACED), "utf-8")
    found = reviewed(mail, "--plan", "plan.json", code=2)
    assert found["partial"].startswith("HEAD cannot be planned by this version")
    assert found["verdict"] == "Only a part of this could be compared."
    assert [one["subject"] for one in found["losses"]] == ["store1-mail"]
    assert (found["reach"], found["machines"], found["records"]) == ([], [], [])


def test_no_terminal_obeys_a_plan(mail: Path) -> None:
    plan = json.loads(json.dumps(VOLUME_REPLACED).replace("store1-mail", "\\u001b]0;evil\\u0007"))
    (mail / "plan.json").write_text(json.dumps(plan), "utf-8")
    out = run_cli(mail, "review", "--plan", "plan.json").out
    assert "\\x1b]0;evil\\x07" in out
    assert not {"\x1b", "\x07"} & set(out)


PLANS = {
    "binary": (
        b"PK\x03\x04\x14\x00tfplan",
        "is a plan file of Terraform, not its JSON",
        "terraform show -json plan.json",
    ),
    "truncated": (
        b'{"format_version":"1.2","resource_changes":[{"address":',
        "is not the whole JSON",
        "terraform show",
    ),
    "newer": (b'{"format_version":"2.0"}', "has format version 2.0; this version of generate reads 1.x", "as new as"),
    "other": (b'{"users": 150}', "it has no format_version", "terraform show"),
    "state": (b"[]", "is not the whole JSON of a Terraform plan", "terraform show"),
    "failed": (b'{"format_version":"1.2","errored":true}', "is of a plan that failed", "Mend what terraform plan says"),
    "powershell": ('{"format_version":"1.2"}'.encode("utf-16"), "is not UTF-8", "utf8"),
    "empty": (b"", "is not the whole JSON of a Terraform plan", "terraform show"),
}


@pytest.mark.parametrize("case", sorted(PLANS))
def test_what_is_no_plan(case: str, mail: Path) -> None:
    content, said, mend = PLANS[case]
    (mail / "plan.json").write_bytes(content)
    result = run_cli(mail, "review", "--plan", "plan.json")
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert mend in result.err


USAGE = {
    ("--base", "no-such-branch"): '"no-such-branch" is neither a file, a folder nor a commit that git has here',
    ("--base", "--help-me"): "expected one argument",
    ("--base=--output=x",): '"--output=x" is neither',
    ("--base", "nodes"): "nodes has no topology.yaml",
    ("--plan", "missing.json"): "missing.json cannot be read: No such file or directory",
    ("--fail-on", "destroy-statful"): '"destroy-statful" is not a verdict; did you mean "destroy-stateful"?',
    ("--json", "--markdown"): "--json and --markdown exclude each other",
    ("--today", "soon"): "invalid",
}


@pytest.mark.parametrize("words", sorted(USAGE))
def test_wrong_usage(words: tuple[str, ...], mail: Path) -> None:
    result = run_cli(mail, "review", *words)
    assert result.code == 2
    assert USAGE[words] in result.err
    assert "Traceback" not in result.err


def test_no_repository(tmp_path: Path) -> None:
    shutil.copy(EXAMPLE, tmp_path)
    result = run_cli(tmp_path, "review")
    assert result.code == 2
    assert "is in no work tree of git" in result.err


def test_all_formats_at_once(mail: Path) -> None:
    edit(mail, "users: 150", "users: 300")
    result = run_cli(mail, "review", "--markdown", "--write", "out/review", *TODAY)
    assert result.code == 0
    assert (mail / "out" / "review" / "review.md").read_text("utf-8") == result.out
    assert json.loads((mail / "out" / "review" / "review.json").read_text("utf-8")) == reviewed(mail)
    (mail / "file").touch()
    assert run_cli(mail, "review", "--write", "file").code == 3
