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


@pytest.mark.parametrize(
    ("name", "lost"),
    [("infra1", ["the directory of all accounts", "the databases"]), ("mta1", ["mail that waits in its queue"])],
)
def test_a_machine_without_an_address_and_a_volume_may_hold_data_all_the_same(
    name: str, lost: list[str], mail: Path
) -> None:
    """Behind a gateway no address goes with it, and it is what a default policy has to stop."""
    edit(mail, "users: 150", "exposure: gateway\nusers: 150")
    git(mail, "commit", "--quiet", "--all", "--message=Hide")
    edit(mail, f"  {name}: ", "  another: ")
    found = reviewed(mail, "--fail-on", "destroy-stateful", code=1)
    assert [(one["subject"], sorted(one["holds"])) for one in found["losses"]] == [(name, sorted(lost))]
    assert f"Machine `{name}` is destroyed. Lost with its system disk: " in run_cli(mail, "review", "--markdown").out
    edit(mail, "  another: ", f"  {name}: ")
    edit(mail, "  video1: [video]\n", "")
    assert reviewed(mail, "--fail-on", "destroy-stateful")["losses"][0]["holds"] == []


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
    assert found["partial"].endswith('did you mean "users"? Name a commit that can by --base, and all is compared.')
    assert found["verdict"].startswith("Only a part of this could be compared; the Terraform plan says ")
    assert "1 volume replaced (store1-mail)" in found["verdict"], "the first line is all that many read"
    assert [one["subject"] for one in found["losses"]] == ["store1-mail"]
    assert (found["reach"], found["machines"], found["records"]) == ([], [], [])


def test_a_base_that_git_does_not_have_beside_a_plan(mail: Path) -> None:
    (mail / "plan.json").write_text(json.dumps(VOLUME_REPLACED), "utf-8")
    found = reviewed(mail, "--base", "no-such-branch", "--plan", "plan.json", code=2)
    assert found["partial"].startswith('"no-such-branch" is neither a file, a folder nor a commit that git has here. ')
    assert "git fetch --unshallow" in found["partial"]
    assert [one["subject"] for one in found["losses"]] == ["store1-mail"]


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
    "list": (b"[]", "is not the whole JSON of a Terraform plan", "terraform show"),
    "state": (b'{"format_version":"1.0","values":{}}', "is the JSON of a state", "terraform plan -out=tfplan"),
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
    # Before anything is read: a pipeline asks this first, without waiting for a plan.
    ("--fail-on", "destroy-statful", "--help"): '"destroy-statful" is not a verdict',
    ("--json", "--markdown"): "--json, --markdown and --html exclude each other",
    ("--today", "soon"): '"soon" is not a date such as 2026-12-31',
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


@pytest.mark.parametrize("ranges", ["[0.0.0.0/0]", "[0.0.0.0/1, 128.0.0.0/1]"])
def test_ranges_that_amount_to_the_internet_are_the_internet(ranges: str, mail: Path) -> None:
    edit(mail, "users: 150", f"services: {{imap: {ranges}}}\nusers: 150")
    found = reviewed(mail, "--fail-on", "new-internet-exposure", code=1)
    assert [(one["source"], one["ports"]) for one in found["reach"] if one["outside"]] == [("internet", "143")]
    assert found["verdict"].startswith("The Internet can reach more")


def test_a_base_that_a_pipeline_forgot_to_name_is_not_this_folder(mail: Path) -> None:
    """As with --base "$BASE" where nothing set it: compared with itself, nothing would ever change."""
    edit(mail, "users: 150", "services: {imap: true}\nusers: 150")
    result = run_cli(mail, "review", "--base", "")
    assert (result.code, result.out) == (2, "")
    assert "--base is empty" in result.err


def test_an_overlay_that_this_change_brings(mail: Path) -> None:
    (mail / "more.yaml").write_text("services: {imap: true}\n", "utf-8")
    found = reviewed(mail, "--overlay", "more.yaml")
    assert [(one["opened"], one["ports"]) for one in found["reach"] if one["outside"]] == [(True, "143")]


def test_a_topology_that_is_a_link_is_not_a_new_deployment(mail: Path) -> None:
    (mail / "topology.yaml").rename(mail / "real.yaml")
    (mail / "topology.yaml").symlink_to("real.yaml")
    git(mail, "add", ".")
    git(mail, "commit", "--quiet", "--message=Link")
    result = run_cli(mail, "review")
    assert (result.code, result.out) == (2, "")
    assert "topology.yaml is a symbolic link" in result.err
    assert "generate review real.yaml" in result.err


def test_a_topology_under_another_name_is_not_a_new_deployment(mail: Path) -> None:
    git(mail, "mv", "topology.yaml", "mail.yaml")
    result = run_cli(mail, "review", "mail.yaml")
    assert (result.code, result.out) == (2, "")
    assert "HEAD has no mail.yaml, but a topology.lock.json: it had another name there" in result.err


def test_terraform_knows_what_is_no_new_deployment(mail: Path) -> None:
    """What is in its state was not made by this change, whatever git knows."""
    git(mail, "rm", "--quiet", "-r", "--cached", ".")
    git(mail, "commit", "--quiet", "--message=Forget")
    machine = {
        "address": 'module.nodes.hcloud_server.this["mta1"]',
        "module_address": "module.nodes",
        "mode": "managed",
        "type": "hcloud_server",
        "name": "this",
        "index": "mta1",
    }
    for actions, code in ((["no-op"], 2), (["create"], 0)):
        change = {**machine, "change": {"actions": actions, "before": {}, "after": {}}}
        (mail / "plan.json").write_text(json.dumps({"format_version": "1.2", "resource_changes": [change]}), "utf-8")
        found = reviewed(mail, "--plan", "plan.json", code=code)
        assert found["fresh"] is (code == 0)
        assert ("has no topology.yaml, and Terraform's state has this deployment" in found["partial"]) is (code == 2)
        assert found["base"].endswith(", which has no topology.yaml")


def test_no_lock_in_the_base(mail: Path) -> None:
    """What git does not keep is taken from here: chosen anew, machines would seem to move."""
    edit(mail, "  infra1:", "  another1: [docs]\n  infra1:")
    assert run_cli(mail, "--no-init").code == 0
    git(mail, "rm", "--quiet", "--cached", "topology.lock.json")
    git(mail, "commit", "--quiet", "--all", "--message=Forget")
    edit(mail, "users: 150", "services: {imap: true}\nusers: 150")
    found = reviewed(mail)
    assert found["machines"] == []
    assert [one["ports"] for one in found["reach"]] == ["143"]


def test_an_output_folder_that_is_not_there_yet(mail: Path) -> None:
    assert reviewed(mail, "--out", "built/new")["fresh"] is False


def test_no_path_of_a_work_folder_is_said(mail: Path) -> None:
    lock = mail / "topology.lock.json"
    lock.write_text("{", "utf-8")
    git(mail, "commit", "--quiet", "--all", "--message=Damage")
    git(mail, "checkout", "--quiet", "HEAD~", "--", ".")
    result = run_cli(mail, "review")
    assert result.code == 2
    assert "/tmp" not in result.err
    assert "HEAD:topology.lock.json is damaged" in result.err
    (mail / "big.yaml").write_text("users: 300\n", "utf-8")
    result = run_cli(mail, "review", "--base", "HEAD~", "--overlay", "big.yaml")
    assert result.code == 0
    assert "/tmp" not in result.err


def test_where_a_change_left_a_branch_is_said(mail: Path) -> None:
    git(mail, "checkout", "--quiet", "-b", "imap")
    fork = git(mail, "rev-parse", "HEAD")[:12]
    git(mail, "checkout", "--quiet", "main")
    git(mail, "commit", "--quiet", "--allow-empty", "--message=More")
    git(mail, "checkout", "--quiet", "imap")
    assert reviewed(mail, "--base", "main")["base"] == f"main, where this change left it ({fork})"


def test_an_acceptance_that_was_there_before_is_told(mail: Path) -> None:
    edit(
        mail,
        "users: 150",
        "users: 150\naccept:\n  new-internet-exposure:\n    reason: phones\n    until: 2026-12-31",
    )
    git(mail, "commit", "--quiet", "--all", "--message=Accept")
    edit(mail, "users: 150", "services: {imap: true, submissions: true}\nusers: 150")
    found = reviewed(mail, "--fail-on", "new-internet-exposure")
    (judgement,) = found["judgements"]
    assert judgement["accepted"] == ["143/tcp", "465/tcp"]
    assert judgement["note"] == "the acceptance was there before this change"
    assert "⚠️ `new-internet-exposure`" in run_cli(mail, "review", "--markdown", *TODAY).out


@pytest.mark.parametrize(
    ("until", "only", "told"),
    [("2026-08-30", "", False), ("2026-08-31", "", True), ("2027-12-31", "\n    only: [143/tcp]", False)],
)
def test_an_acceptance_of_all_for_long_lets_later_changes_through(
    until: str, only: str, told: bool, mail: Path
) -> None:
    """Told by the review that brings it, whether or not the verdict is met; 90 days from today are not long."""
    accept = f"accept:\n  mail-dns:\n    reason: move\n    until: {until}{only}"
    edit(mail, "users: 150", f"users: 150\n{accept}")
    cautions = [one for one in reviewed(mail)["cautions"] if one["rule"] == "acceptance-of-all"]
    assert bool(cautions) is told
    if told:
        assert f"accept takes all of mail-dns until {until}, also of later changes" in cautions[0]["message"]
        new = mail.parent / "new"
        new.mkdir()
        shutil.copy(mail / "topology.yaml", new)
        assert "acceptance-of-all" in [one["rule"] for one in reviewed(new)["cautions"]], "the first one as well"
        # Whoever reviews the next change cannot help it, and is told where it lets something through.
        git(mail, "commit", "--quiet", "--all", "--message=Accept")
        edit(mail, "users: 150", "users: 160")
        assert "acceptance-of-all" not in [one["rule"] for one in reviewed(mail)["cautions"]]


def test_nothing_is_promised_that_only_terraform_knows(mail: Path) -> None:
    edit(mail, "  video1: [video]", "  video1: {roles: [video], image: '123456789'}")
    assert "nothing is lost" not in reviewed(mail)["verdict"]


def test_a_state_that_moves_is_told(mail: Path) -> None:
    topology = mail / "topology.yaml"
    text = topology.read_text("utf-8")
    topology.write_text(f"{text}state: {{backend: s3, bucket: example-terraform, region: eu-central-1}}\n", "utf-8")
    (one,) = json.loads(run_cli(mail, "review", "--json").out)["cautions"]
    assert one["rule"] == "state-moves"
    assert "from a file in the folder to s3://example-terraform/" in one["message"]
    assert "terraform init -migrate-state" in one["mend"]


def test_outside_of_git_a_folder_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "topology.yaml").write_text(
        (ROOT / "examples" / "single-aws" / "topology.yaml").read_text("utf-8"), "utf-8"
    )
    result = run_cli(tmp_path, "review")
    assert result.code == 2
    assert "is in no work tree of git" in result.err
    assert "Name with --base what to compare with" in result.err
