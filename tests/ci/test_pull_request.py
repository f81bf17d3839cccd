"""The scripts step by step, with the real Terraform: plan, review, comment, and an apply of just what was reviewed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.ci.code_host import TOKEN
from tests.ci.pipeline import STATE, Pipeline
from tests.ci.repository import OPENED, TOPOLOGY, Repository
from tests.helpers import build_tree
from tests.terraform import PROGRAMS, Program

pytestmark = [
    pytest.mark.terraform,
    pytest.mark.skipif(not all(map(shutil.which, ("curl", "git", "jq"))), reason="curl, git or jq is not installed"),
]


@pytest.mark.slow
@pytest.mark.parametrize("pipeline", PROGRAMS, indirect=True)
def test_what_was_reviewed_is_applied_once_and_nothing_else(pipeline: Pipeline) -> None:
    repository, credentials = pipeline.repository, pipeline.credentials
    assert "there is no reviewed plan here" in repository.script("ci/apply", environment=credentials, code=1).stderr

    # The first deployment, from a shell: the review is printed.
    said = repository.script("ci/plan", environment={**credentials, "BASE": "HEAD"})
    assert "Compared with" in said.stdout
    assert "<details>" not in said.stdout + said.stderr
    assert (pipeline.plan / "terraform.tfplan").stat().st_mode & 0o077 == 0
    repository.script("ci/apply", environment=credentials)
    first = json.loads(pipeline.states.states[STATE])
    assert first["serial"] > 0
    assert list(pipeline.plan.iterdir()) == [], "an applied plan is gone"

    # A pull request: the comment is created, then updated.
    repository.git("checkout", "--quiet", "-b", "imap")
    repository.change(OPENED)
    assert "mail/.terraform.lock.hcl" in repository.git("ls-files")
    for _ in range(2):
        repository.script("ci/plan", environment=pipeline.pull_request)
    assert [method for method, _ in pipeline.host.writes] == ["POST", "PATCH"]
    assert pipeline.host.comments[0]["body"].startswith("<!-- generate review: mail/topology.yaml -->\n")
    kept = build_tree(
        repository.top.parent / "kept", {path.name: path.read_bytes() for path in sorted(pipeline.plan.iterdir())}
    )
    assert sorted(path.name for path in kept.iterdir()) == ["terraform.tfplan", "terraform.tfplan.tie.json"]
    tie = json.loads((kept / "terraform.tfplan.tie.json").read_text("utf-8"))
    assert tie["state"] == {"lineage": first["lineage"], "serial": first["serial"]}
    assert tie["tree"] == repository.git("rev-parse", "HEAD:mail")

    # Squashed into main beside another folder's change, it is another commit with the same tree.
    repository.git("checkout", "--quiet", "main")
    build_tree(repository.top, {"elsewhere.txt": "x\n"})
    repository.git("merge", "--quiet", "--squash", "imap")
    repository.commit("IMAP (#5)")
    _refusals(pipeline, kept)
    _fetched(pipeline, kept)
    repository.script("ci/apply", environment=credentials)
    assert json.loads(pipeline.states.states[STATE])["serial"] > first["serial"]
    assert "no reviewed plan" in repository.script("ci/apply", environment=credentials, code=1).stderr
    _fetched(pipeline, kept)
    said = repository.script("ci/apply", environment=credentials, code=1)
    assert "stale plan, nothing was applied: the state was written since" in said.stderr


def _fetched(pipeline: Pipeline, kept: Path) -> None:
    build_tree(pipeline.plan, {path.name: path.read_bytes() for path in kept.iterdir()})


def _refusals(pipeline: Pipeline, kept: Path) -> None:
    """What is not exactly what was reviewed is refused, and the state stays."""
    repository, before = pipeline.repository, dict(pipeline.states.states)

    def refused(words: str) -> None:
        said = repository.script("ci/apply", environment=pipeline.credentials, code=1)
        assert words in " ".join(said.stderr.split())

    _fetched(pipeline, kept)
    with (pipeline.plan / "terraform.tfplan").open("ab") as file:
        file.write(b"\0")
    refused("is not the plan that was reviewed: its checksum differs")
    _fetched(pipeline, kept)
    merged = repository.git("rev-parse", "HEAD")
    build_tree(repository.folder, {"extra.tf": 'output "x" {\n  value = 1\n}\n'})
    refused("this folder is not what is committed")
    repository.commit("A file more")
    refused("stale plan, nothing was applied: the files of this folder are not those that were planned")
    repository.git("reset", "--quiet", "--hard", merged)
    assert pipeline.states.states == before
    pipeline.write_state()
    refused("stale plan, nothing was applied: the state was written since by somebody else")
    pipeline.states.states.update(before)


@pytest.mark.slow
def test_a_verdict_fails_after_the_comment_and_leaves_nothing_to_apply(pipeline: Pipeline) -> None:
    repository = pipeline.repository
    _deployed_by_atlantis(pipeline)
    repository.git("checkout", "--quiet", "-b", "imap")
    repository.change(OPENED)
    given = {**pipeline.pull_request, "FAIL_ON": "plan-disagrees,new-internet-exposure"}
    repository.calls()
    repository.script("ci/plan", environment=given, code=1)
    assert [method for method, _ in pipeline.host.writes] == ["POST"]
    assert "IMAP" in pipeline.host.comments[0]["body"]
    assert list(pipeline.plan.iterdir()) == []
    left = {path.name for path in (repository.folder / "ci" / "out" / "review").iterdir()}
    assert left >= {"review.json", "review.md"}
    _, check, review = repository.calls()
    assert check == "topology.yaml --check"
    assert "--fail-on plan-disagrees,new-internet-exposure --plan " in review
    assert "--base origin/main " in review
    said = repository.script("ci/apply", environment=pipeline.credentials, code=1)
    assert "there is no reviewed plan here" in said.stderr


def _deployed_by_atlantis(pipeline: Pipeline) -> None:
    """Plan and apply as Atlantis calls the scripts, which comments by itself what they print."""
    repository, place = pipeline.repository, pipeline.repository.top.parent / "example-com-default.tfplan"
    repository.git("update-ref", "refs/remotes/origin/trunk", "HEAD")
    own = {"BASE_REPO_OWNER": "example", "BASE_REPO_NAME": "mail", "HEAD_REPO_OWNER": "example"}
    own |= {"HEAD_REPO_NAME": "mail", "BASE_BRANCH_NAME": "trunk", "PLANFILE": str(place)}
    said = repository.script("ci/plan", environment={**pipeline.credentials, **own})
    # Atlantis puts it into a block of code, where Markdown would be shown as it is written.
    assert "Compared with" in said.stdout
    assert "<details>" not in said.stdout + said.stderr
    assert place.is_file()
    repository.script("ci/apply", environment={**pipeline.credentials, **own})
    assert not place.exists()
    assert pipeline.host.calls == []


@pytest.mark.slow
def test_a_pull_request_of_a_fork_gets_no_credentials(pipeline: Pipeline) -> None:
    repository = pipeline.repository
    repository.git("checkout", "--quiet", "-b", "imap")
    repository.change(OPENED)
    summary = repository.top.parent / "summary.md"
    cloud = {"AWS_SECRET_ACCESS_KEY": "aws-secret", "TF_TOKEN_app_terraform_io": "hcp-secret", "TF_VAR_x": "var-secret"}
    gitlab = {
        "CI_MERGE_REQUEST_IID": "5",
        "CI_MERGE_REQUEST_PROJECT_ID": "7",
        "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "8",
    }
    gitlab["CI_MERGE_REQUEST_DIFF_BASE_SHA"] = repository.git("rev-parse", "main")
    atlantis = {"HEAD_REPO_OWNER": "mallory", "HEAD_REPO_NAME": "mail", "BASE_REPO_OWNER": "example"}
    atlantis |= {"BASE_REPO_NAME": "mail", "BASE_BRANCH_NAME": "main"}
    forks = [repository.event("mallory/mail"), gitlab, atlantis, {**repository.event(), **repository.event("")}]
    secrets = [*pipeline.credentials.values(), TOKEN, "aws-secret", "hcp-secret", "var-secret"]
    for fork in forks:
        given = {**pipeline.pull_request, **cloud, **fork, "GITHUB_STEP_SUMMARY": str(summary)}
        if "GITHUB_EVENT_PATH" not in fork:
            del given["GITHUB_EVENT_PATH"], given["GITHUB_BASE_REF"]
        said = repository.script("ci/plan", environment=given)
        assert "pull request of a fork: no credentials, no plan, no comment" in said.stderr
        assert (repository.folder / "ci" / "out" / "review" / "review.md").is_file()
        assert list(pipeline.plan.iterdir()) == []
        check, review = repository.calls()
        assert (check, "--plan" in review) == ("topology.yaml --check", False)
        seen = (repository.tools / "environment").read_text("utf-8")
        assert not [one for one in secrets if one in seen]
    assert pipeline.states.calls == []
    assert pipeline.host.calls == []
    assert "IMAP" in summary.read_text("utf-8")


def test_what_github_merged_for_a_run_is_compared_with_what_it_was_merged_into(pipeline: Pipeline) -> None:
    repository = pipeline.repository
    repository.git("checkout", "--quiet", "-b", "imap")
    head = repository.change(OPENED)
    repository.git("checkout", "--quiet", "main")
    build_tree(repository.top, {"elsewhere.txt": "x\n"})
    before = repository.commit("Another change")
    repository.git("merge", "--quiet", "--no-ff", "--message", "Merge", "imap")
    repository.git("update-ref", "refs/remotes/origin/main", "HEAD")
    event = repository.event("mallory/mail", sha=head)
    repository.script("ci/plan", environment=event)
    _, review = repository.calls()
    assert f"--base {before} " in review


def test_an_event_that_cannot_be_read_counts_as_a_forks(pipeline: Pipeline) -> None:
    event = pipeline.repository.event()
    Path(event["GITHUB_EVENT_PATH"]).write_text("{", "utf-8")
    said = pipeline.repository.script("ci/plan", environment={**pipeline.pull_request, **event})
    assert "pull request of a fork" in said.stderr
    assert pipeline.states.calls == []


def test_a_local_state_is_refused_with_the_reason(terraform: Program, tmp_path: Path) -> None:
    repository = Repository(tmp_path, terraform, "")
    said = repository.script("ci/plan", environment={"BASE": "HEAD"}, code=2)
    assert "Terraform's state is local. The next run stands on another machine, finds none" in said.stderr
    assert "state: {backend: s3, bucket: example-terraform, region: eu-central-1}" in said.stderr
    assert repository.calls() == []
    terraform.need("hetznercloud/hcloud")
    own = {
        "mine.tf": 'terraform {\n  backend "local" {}\n}\n',
        "mine.tf.json": '{"terraform": {"backend": {"local": {}}}}',
    }
    for name, content in own.items():
        build_tree(repository.folder, {name: content})
        repository.commit("A backend that is none")
        said = repository.script("ci/plan", environment={"BASE": "HEAD"}, code=2)
        assert "Terraform's state is local" in said.stderr
        (repository.folder / name).unlink()
    for path in repository.folder.glob("*.tf"):
        path.unlink()
    said = repository.script("ci/plan", environment={"BASE": "HEAD"}, code=1)
    assert "there is no Terraform here: run generate, and commit what it writes" in said.stderr


def test_what_must_be_right_before_a_plan(terraform: Program, tmp_path: Path) -> None:
    state = "state: {backend: http, address: 'http://127.0.0.1:9/x', lock_address: 'http://127.0.0.1:9/x'}\n"
    repository = Repository(tmp_path, terraform, state)

    def refused(words: str, code: int, **environment: str) -> None:
        said = repository.script("ci/plan", environment={"BASE": "HEAD", **environment}, code=code)
        assert words in " ".join(said.stderr.split())

    refused("git knows no v9 here: fetch the whole history", 3, BASE="v9")
    build_tree(repository.folder, {"main/topology.yaml": TOPOLOGY})
    refused("main is a commit, and a path in this folder too", 2, BASE="main")
    shutil.rmtree(repository.folder / "main")
    refused("terraform-9 is not installed here", 3, TERRAFORM="terraform-9")
    repository.calls()
    refused('"mail-dsn" is not a verdict; did you mean "mail-dns"?', 2, FAIL_ON="destroy-stateful,mail-dsn")
    [call] = repository.calls()
    assert "--check" not in call, "nothing was read or planned before"
    build_tree(repository.folder, {"mine.tf": 'output "x" {\n  value=1\n}\n', ".gitignore": "mine.tf\n"})
    repository.commit("Ignored")
    refused("this folder is not what is committed: mine.tf", 1)
    (repository.folder / ".gitignore").unlink()
    repository.commit("Not formatted")
    refused("these files are not formatted: run terraform fmt -recursive", 1)
    (repository.folder / "mine.tf").unlink()
    with (repository.folder / "topology.yaml").open("a") as file:
        file.write(OPENED)
    repository.commit("Not generated")
    refused("this folder is not what topology.yaml gives: run generate", 1)
