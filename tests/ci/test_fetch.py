"""`ci/fetch`: the plan that was reviewed in the pull request that was merged, and no file that others put there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ci.code_host import TOKEN, CodeHost, archive, code_host
from tests.ci.repository import Repository
from tests.helpers import build_tree
from tests.terraform import Program

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("curl", "git", "jq"))), reason="curl, git or jq is not installed"
)
NAMES = ("terraform.tfplan", "terraform.tfplan.tie.json")
MERGED = "e" * 40
HEAD = "a" * 40
GITHUB = "/repos/example/mail"


@pytest.fixture(scope="module")
def repository(terraform: Program, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return Repository(tmp_path_factory.mktemp("place"), terraform, "")


@pytest.fixture
def host(repository: Repository) -> Iterator[CodeHost]:
    shutil.rmtree(repository.folder / "ci" / "out", ignore_errors=True)
    with code_host() as found:
        yield found


def fetched(repository: Repository) -> dict[str, str]:
    folder = repository.folder / "ci" / "out" / "plan"
    return {path.name: path.read_text("utf-8") for path in folder.iterdir()} if folder.is_dir() else {}


def plan(text: str, prefix: str = "") -> bytes:
    return archive({f"{prefix}{name}": f"{text} {name}".encode() for name in NAMES})


def artefact(number: int, host: CodeHost, **differs: Any) -> dict[str, Any]:
    """Return an artefact of the pull request's last commit, but for what differs."""
    run = {"head_repository_id": 1, "repository_id": 1, "head_sha": HEAD}
    host.archives[f"/zip/{number}"] = plan(f"plan {number}")
    return {
        "id": number,
        "expired": differs.pop("expired", False),
        "created_at": f"2026-11-{number:02}T00:00:00Z",
        "archive_download_url": f"{host.url}/zip/{number}",
        "workflow_run": run | differs,
    }


def from_github(
    repository: Repository, host: CodeHost, artefacts: list[dict[str, Any]], code: int = 0, **environment: str
) -> str:
    pulls = [
        {"merged_at": "2026-11-01T00:00:00Z", "head": {"sha": HEAD}, "base": {"ref": "main"}},
        {"merged_at": None, "head": {"sha": "c" * 40}, "base": {"ref": "main"}},
        {"merged_at": "2026-11-01T00:00:00Z", "head": {"sha": "d" * 40}, "base": {"ref": "another"}},
    ]
    host.answers[f"{GITHUB}/commits/{MERGED}/pulls"] = pulls
    host.answers[f"{GITHUB}/actions/artifacts"] = {"artifacts": artefacts}
    given = {"GITHUB_API_URL": host.url, "GITHUB_TOKEN": TOKEN, "GITHUB_REPOSITORY": "example/mail"}
    given |= {"GITHUB_SHA": MERGED, "GITHUB_REF_NAME": "main"}
    return repository.script("ci/fetch", environment={**given, **environment}, code=code).stderr


def test_the_newest_plan_of_the_merged_pull_request(repository: Repository, host: CodeHost) -> None:
    from_github(repository, host, [artefact(2, host), artefact(3, host), artefact(1, host)])
    assert fetched(repository) == {name: f"plan 3 {name}" for name in NAMES}
    assert host.writes == []
    assert (host.refused, host.leaked) == ([], [])


@pytest.mark.parametrize(
    "differs",
    [
        {"head_repository_id": 13},
        {"head_sha": "b" * 40},
        {"head_sha": "c" * 40},
        {"head_sha": "d" * 40},
        {"expired": True},
    ],
    ids=["of a fork", "of another commit", "of a request not merged", "of one merged elsewhere", "expired"],
)
def test_what_others_kept_does_not_count(differs: dict[str, Any], repository: Repository, host: CodeHost) -> None:
    ours, theirs = artefact(1, host), artefact(9, host, **differs)
    from_github(repository, host, [ours, theirs])
    assert fetched(repository) == {name: f"plan 1 {name}" for name in NAMES}
    said = from_github(repository, host, [theirs], code=1)
    assert "no reviewed plan was found for these files" in said
    assert fetched(repository) == {}


def test_it_asks_for_the_tree_of_the_folder(repository: Repository, host: CodeHost) -> None:
    said = from_github(repository, host, [], code=1)
    assert f"no artefact plan-{repository.git('rev-parse', 'HEAD:mail')}" in said


def from_gitlab(repository: Repository, host: CodeHost, requests: list[dict[str, Any]], code: int = 0) -> str:
    project = "/projects/7"
    host.answers |= {
        f"{project}/repository/commits/{MERGED}/merge_requests": requests,
        f"{project}/merge_requests/5/pipelines": [
            {"id": 20, "sha": HEAD},
            {"id": 21, "sha": HEAD},
            {"id": 22, "sha": "b" * 40},
        ],
        f"{project}/pipelines/20/jobs": [{"id": 200, "name": "plan"}],
        f"{project}/pipelines/21/jobs": [{"id": 210, "name": "plan"}, {"id": 211, "name": "lint"}],
        f"{project}/pipelines/22/jobs": [{"id": 220, "name": "plan"}],
    }
    for job in (200, 210, 211, 220):
        host.archives[f"{project}/jobs/{job}/artifacts"] = plan(f"job {job}", "mail/ci/out/plan/")
    given = {"CI_API_V4_URL": host.url, "CI_PROJECT_ID": "7", "CI_COMMIT_SHA": MERGED, "GITLAB_TOKEN": TOKEN}
    given |= {"CI_COMMIT_BRANCH": "main"}
    return repository.script("ci/fetch", environment=given, code=code).stderr


def request(**differs: Any) -> dict[str, Any]:
    ours = {"iid": 5, "sha": HEAD, "state": "merged", "source_project_id": 7, "target_project_id": 7}
    return ours | {"target_branch": "main"} | differs


def test_gitlabs_newest_job_of_the_merged_request(repository: Repository, host: CodeHost) -> None:
    from_gitlab(repository, host, [request(iid=4, state="closed"), request()])
    assert fetched(repository) == {name: f"job 210 {name}" for name in NAMES}
    assert (host.refused, host.leaked) == ([], [])


@pytest.mark.parametrize(
    "differs", [{"source_project_id": 8}, {"state": "opened"}, {"sha": "c" * 40}, {"target_branch": "b"}]
)
def test_gitlabs_other_requests_do_not_count(differs: dict[str, Any], repository: Repository, host: CodeHost) -> None:
    assert "no merge request with a plan" in from_gitlab(repository, host, [request(**differs)], code=1)
    assert fetched(repository) == {}


def test_an_answer_that_does_not_come_is_not_taken_for_nothing(repository: Repository, host: CodeHost) -> None:
    given = {"GITHUB_API_URL": host.url, "GITHUB_TOKEN": TOKEN, "GITHUB_REPOSITORY": "example/mail"}
    given |= {"GITHUB_SHA": MERGED, "GITHUB_REF_NAME": "main"}
    said = repository.script("ci/fetch", environment=given, code=3).stderr
    assert f"commits/{MERGED}/pulls did not answer as it should" in said
    host.answers[f"{GITHUB}/commits/{MERGED}/pulls"] = []
    said = repository.script("ci/fetch", environment=given, code=3).stderr
    assert "actions/artifacts did not answer as it should" in said
    given = {"CI_API_V4_URL": host.url, "CI_PROJECT_ID": "7", "CI_COMMIT_SHA": MERGED, "GITLAB_TOKEN": TOKEN}
    said = repository.script("ci/fetch", environment={**given, "CI_COMMIT_BRANCH": "main"}, code=3).stderr
    assert "merge_requests did not answer as it should" in said


def test_it_is_kept_where_planfile_says(repository: Repository, host: CodeHost, tmp_path: Path) -> None:
    from_github(repository, host, [artefact(1, host)], PLANFILE=str(tmp_path / "mail.tfplan"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mail.tfplan", "mail.tfplan.tie.json"]


def test_an_archive_without_a_plan_is_refused(repository: Repository, host: CodeHost) -> None:
    one = artefact(1, host)
    host.archives["/zip/1"] = archive({"terraform.tfplan": b"x"})
    assert "it holds no terraform.tfplan.tie.json" in from_github(repository, host, [one], code=1)
    build_tree(repository.folder, {"ci/out/x": ""})
    host.archives["/zip/1"] = archive({"../../../escaped": b"x", **dict.fromkeys(NAMES, b"x")})
    from_github(repository, host, [one])
    assert not list(repository.top.parent.rglob("escaped"))
