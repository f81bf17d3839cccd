"""`ci/comment`: one comment for each folder, created once and updated then, on GitHub and on GitLab."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ci.code_host import TOKEN, CodeHost, code_host
from tests.ci.repository import Repository
from tests.helpers import build_tree
from tests.terraform import Program

HOSTS = ["github", "gitlab"]
COMMIT = "e" * 40
MARKER = "<!-- generate review: mail/topology.yaml -->"
CREATE = {
    "github": ("POST", "/repos/example/mail/issues/5/comments"),
    "gitlab": ("POST", "/projects/7/merge_requests/5/notes"),
}
UPDATE = {
    "github": ("PATCH", "/repos/example/mail/issues/comments/{}"),
    "gitlab": ("PUT", "/projects/7/merge_requests/5/notes/{}"),
}

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("curl", "git", "jq"))), reason="curl, git or jq is not installed"
)


@pytest.fixture(scope="module")
def repository(terraform: Program, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return Repository(tmp_path_factory.mktemp("place"), terraform, "")


@pytest.fixture
def host() -> Iterator[CodeHost]:
    with code_host() as found:
        yield found


def environment(name: str, repository: Repository, host: CodeHost) -> dict[str, str]:
    if name == "github":
        return {**repository.event(sha=COMMIT), "GITHUB_API_URL": host.url, "GITHUB_TOKEN": TOKEN}
    return {
        "CI_API_V4_URL": host.url,
        "CI_MERGE_REQUEST_IID": "5",
        "CI_MERGE_REQUEST_PROJECT_ID": "7",
        "GITLAB_TOKEN": TOKEN,
    }


def post(name: str, repository: Repository, host: CodeHost, text: str, **more: str) -> None:
    build_tree(repository.folder, {"ci/out/review.md": text})
    given = {**environment(name, repository, host), **more}
    repository.script("ci/comment", "ci/out/review.md", environment=given)


@pytest.mark.parametrize("name", HOSTS)
def test_it_is_created_once_and_updated_then(name: str, repository: Repository, host: CodeHost) -> None:
    for number in range(250):
        host.add(f"comment {number}, between others {MARKER}", login="anna", author=1)
    post(name, repository, host, "first\n")
    assert host.writes == [CREATE[name]]
    rows = host.comments if name == "github" else host.notes
    assert rows[-1]["body"] == f"{MARKER}\nfirst\n"
    hostile = "second: `$(reboot)` \"quoted\" \\ ${HOME} 'ß' 東京 <script>\n"
    post(name, repository, host, hostile)
    number = rows[-1]["id"]
    assert host.writes == [CREATE[name], (UPDATE[name][0], UPDATE[name][1].format(number))]
    assert len(rows) == 251
    assert rows[-1]["body"] == f"{MARKER}\n{hostile}"
    assert host.refused == []


@pytest.mark.parametrize("name", HOSTS)
def test_a_page_of_a_hundred_is_not_the_end(name: str, repository: Repository, host: CodeHost) -> None:
    for number in range(100):
        host.add(f"comment {number}", login="anna", author=1)
    ours = host.add(f"{MARKER}\nbefore")
    host.add("later", login="anna", author=1)
    post(name, repository, host, "now\n")
    assert host.writes == [(UPDATE[name][0], UPDATE[name][1].format(ours))]


@pytest.mark.parametrize("name", HOSTS)
def test_a_strangers_comment_with_our_mark_stays(name: str, repository: Repository, host: CodeHost) -> None:
    host.add(f"{MARKER}\nlooks like ours", login="mallory", author=13)
    host.add("<!-- generate review: other/topology.yaml -->\nof another folder")
    post(name, repository, host, "ours\n")
    assert host.writes == [CREATE[name]]
    assert host.comments[0]["body"].endswith("looks like ours")


@pytest.mark.parametrize("name", HOSTS)
def test_what_is_too_long_is_cut_and_says_so(name: str, repository: Repository, host: CodeHost) -> None:
    post(name, repository, host, "".join(f"line {number} ü\n" for number in range(9000)))
    body = host.comments[-1]["body"]
    assert len(body) <= 65_536
    assert body.startswith(f"{MARKER}\nline 0 ü\n")
    assert body.rstrip().endswith("*Cut here: the whole review is among the files of this run.*")


@pytest.mark.parametrize("name", HOSTS)
def test_it_names_the_commit_and_leads_to_the_run(name: str, repository: Repository, host: CodeHost) -> None:
    """A run that fails before its review leaves the comment of an earlier commit, which must not look like its own."""
    rows = host.comments if name == "github" else host.notes
    if name == "github":
        run = "https://github.example/example/mail/actions/runs/77"
        more = {"GITHUB_SERVER_URL": "https://github.example", "GITHUB_RUN_ID": "77"}
    else:
        run = "https://gitlab.example/example/mail/-/jobs/77"
        more = {"CI_JOB_URL": run, "CI_COMMIT_SHA": COMMIT}
    origin = f"\nCommit {COMMIT}, [the run with the page and the JSON]({run}).\n"
    post(name, repository, host, "first\n", **more)
    assert rows[-1]["body"] == f"{MARKER}\nfirst\n{origin}"
    post(name, repository, host, "".join(f"line {number} ü\n" for number in range(9000)), **more)
    body = rows[-1]["body"]
    assert len(body) <= 65_536
    assert body.startswith(f"{MARKER}\nline 0 ü\n")
    assert body.endswith(f"*Cut here: the whole review is among the files of this run.*\n{origin}")


def test_what_just_fits_is_not_cut(repository: Repository, host: CodeHost) -> None:
    text = "ü" * (65_536 - len(MARKER) - 2) + "\n"
    post("github", repository, host, text)
    assert host.comments[-1]["body"] == f"{MARKER}\n{text}"
    assert len(host.comments[-1]["body"]) == 65_536
    post("github", repository, host, f"line\n{text}")
    assert host.comments[-1]["body"].startswith(f"{MARKER}\nline\n\n*Cut here")


@pytest.mark.parametrize(("name", "variable"), [("github", "GITHUB_TOKEN"), ("gitlab", "GITLAB_TOKEN")])
def test_a_missing_or_wrong_token_is_said(name: str, variable: str, repository: Repository, host: CodeHost) -> None:
    build_tree(repository.folder, {"ci/out/review.md": "x\n"})
    given = environment(name, repository, host)
    words = ("ci/comment", "ci/out/review.md")
    assert f"{variable} is not set" in repository.script(*words, environment={**given, variable: ""}, code=3).stderr
    ended = repository.script(*words, environment={**given, variable: "wrong"}, code=3)
    assert "401" in ended.stderr
    assert "did not answer as it should" in ended.stderr
    assert host.writes == []


def test_outside_of_a_pull_request_it_is_silent(repository: Repository) -> None:
    build_tree(repository.folder, {"ci/out/review.md": "the review\n"})
    ended = repository.script("ci/comment", "ci/out/review.md")
    assert (ended.stdout, ended.stderr) == ("", "")


def test_the_token_is_in_no_command_line(repository: Repository, host: CodeHost, tmp_path: Path) -> None:
    spy = build_tree(
        tmp_path, {"curl": f'#!/bin/sh\nprintf "%s\\n" "$*" >>{tmp_path}/words\nexec /usr/bin/curl "$@"\n'}
    )
    (spy / "curl").chmod(0o755)
    given = environment("github", repository, host)
    path = f"{spy}:{repository.environment['PATH']}"
    build_tree(repository.folder, {"ci/out/review.md": "x\n"})
    repository.script("ci/comment", "ci/out/review.md", environment={**given, "PATH": path})
    assert host.writes
    assert TOKEN not in (tmp_path / "words").read_text("utf-8")
