"""What `generate init --ci` writes: well-formed scripts and files of code hosts, and nothing over what is there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator import __version__
from generator.verdicts import VERDICTS
from tests.ci.repository import TOPOLOGY
from tests.helpers import ROOT, build_tree, read_tree, run_cli

SCRIPTS = {".gitignore", *(f"ci/{name}" for name in (".gitignore", "apply", "comment", "common", "fetch", "plan"))}
FILES = {
    "github": ".github/workflows/example-com.yml",
    "gitlab": ".gitlab-ci.yml",
    "atlantis": "atlantis.yaml",
}
SCHEMAS = {"github": "vendor.github-workflows", "gitlab": "vendor.gitlab-ci"}
WITH_STATE = f"{TOPOLOGY}state: {{backend: gitlab, project: 7}}\n"


def written(host: str, tmp_path: Path, folder: str = "clouds/mail") -> Path:
    """Return the top of a repository in which the files of a host were written."""
    build_tree(tmp_path / folder, {"topology.yaml": WITH_STATE})
    (tmp_path / ".git").mkdir(exist_ok=True)
    result = run_cli(tmp_path, "init", f"{folder}/topology.yaml".removeprefix("./"), "--ci", host)
    assert result.code == 0, result.err
    assert "local" not in result.err
    return tmp_path


def content(host: str, top: Path) -> dict[Any, Any]:
    text = (top / FILES[host]).read_text("utf-8")
    assert "@@" not in text
    loaded: dict[Any, Any] = yaml.safe_load(text)
    return loaded


@pytest.mark.parametrize("host", [*FILES, "shell"])
def test_which_files_are_written(host: str, tmp_path: Path) -> None:
    top = written(host, tmp_path)
    expected = {f"clouds/mail/{name}" for name in ("topology.yaml", *SCRIPTS)}
    assert set(read_tree(top)) == expected | ({FILES[host]} if host in FILES else set())
    before = read_tree(top)
    for name in ("plan", "apply", "comment", "fetch"):
        assert os.access(top / "clouds/mail/ci" / name, os.X_OK)
    again = run_cli(top / "clouds" / "mail", "init", "--ci", host)
    assert again.code == 0
    assert "unchanged" in again.err
    assert read_tree(top) == before


@pytest.mark.parametrize("host", FILES)
def test_what_is_there_is_never_overwritten(host: str, tmp_path: Path) -> None:
    build_tree(tmp_path, {FILES[host]: "# mine\n", "topology.yaml": WITH_STATE, ".git/HEAD": ""})
    before = read_tree(tmp_path)
    result = run_cli(tmp_path, "init", "--ci", host)
    assert result.code == 2
    assert f"{FILES[host]} exists, and is never overwritten" in result.err
    assert read_tree(tmp_path) == before, "and nothing else was written"


def test_what_terraform_leaves_is_not_committed(tmp_path: Path) -> None:
    top = written("shell", tmp_path)
    folder = top / "clouds/mail"
    shutil.rmtree(top / ".git")
    subprocess.run(["git", "init", "--quiet"], cwd=top, check=True)
    left = {".terraform/modules/modules.json", "terraform.tfstate", "terraform.tfstate.1.backup", "tfplan", "plan.json"}
    left |= {"errored.tfstate", "crash.log", "ci/out/plan.json"}
    build_tree(folder, {**dict.fromkeys(left, "{}"), "main.tf": "", "nodes/mta1.json": "{}", ".terraform.lock.hcl": ""})
    words = ["git", "ls-files", "--others", "--exclude-standard"]
    added = subprocess.run(words, cwd=folder, check=True, capture_output=True, text=True).stdout.split()
    assert set(added) == SCRIPTS | {"topology.yaml", "main.tf", "nodes/mta1.json", ".terraform.lock.hcl"}


def test_ones_own_list_of_ignored_files_stays(tmp_path: Path) -> None:
    build_tree(tmp_path, {"topology.yaml": WITH_STATE, ".gitignore": "mine\n"})
    assert run_cli(tmp_path, "init", "--ci", "shell").code == 0
    assert (tmp_path / ".gitignore").read_text("utf-8") == "mine\n"


def test_a_local_state_is_told_before_the_first_pipeline(tmp_path: Path) -> None:
    build_tree(tmp_path, {"topology.yaml": TOPOLOGY})
    result = run_cli(tmp_path, "init", "--ci", "shell")
    assert result.code == 0
    assert "Terraform's state is a file in the folder, which no pipeline finds again" in " ".join(result.err.split())


def test_a_topology_with_errors_gets_none(tmp_path: Path) -> None:
    build_tree(tmp_path, {"topology.yaml": TOPOLOGY.replace("scenario: single", "scenario: singel")})
    assert run_cli(tmp_path, "init", "--ci", "github").code == 2
    assert set(read_tree(tmp_path)) == {"topology.yaml"}


def test_a_folder_that_cannot_stand_in_a_pattern(tmp_path: Path) -> None:
    build_tree(tmp_path / "a [b]*", {"topology.yaml": WITH_STATE})
    (tmp_path / ".git").mkdir()
    result = run_cli(tmp_path / "a [b]*", "init", "--ci", "github")
    assert result.code == 2
    assert '"a [b]*" has characters' in result.err


def test_a_topology_of_another_name_is_the_one_that_is_planned(tmp_path: Path) -> None:
    build_tree(tmp_path, {"mail.yaml": WITH_STATE})
    assert run_cli(tmp_path, "init", "mail.yaml", "--ci", "shell").code == 0
    script = '. ci/common; printf "%s" "$TOPOLOGY"'
    ended = subprocess.run(["sh", "-c", script, "ci/x"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert ended.stdout == "mail.yaml"
    build_tree(tmp_path, {"$(reboot).yaml": WITH_STATE})
    result = run_cli(tmp_path, "init", "$(reboot).yaml", "--ci", "shell")
    assert result.code == 2
    assert '"$(reboot).yaml" has characters that mean something in shell scripts' in result.err


def test_a_new_topology_gets_them_too(tmp_path: Path) -> None:
    key = build_tree(tmp_path, {"key.pub": re.findall(r'"(ssh-ed25519 [^"]+)"', TOPOLOGY)[0] + "\n"}) / "key.pub"
    options = ["--domain", "example.com", "--management", "198.51.100.0/24", "--ssh-key", str(key), "--region", "fsn1"]
    result = run_cli(tmp_path, "init", "--ci", "shell", "--cloud", "hetzner", *options, "--scenario", "five-nodes")
    assert result.code == 0, result.err
    assert SCRIPTS | {"topology.yaml"} <= set(read_tree(tmp_path))


@pytest.mark.parametrize("folder", ["clouds/mail", "."])
@pytest.mark.parametrize("host", SCHEMAS)
def test_the_code_hosts_schemas_accept_them(host: str, folder: str, tmp_path: Path) -> None:
    pytest.importorskip("check_jsonschema")
    top = written(host, tmp_path, folder)
    ended = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", SCHEMAS[host], str(top / FILES[host])],
        check=False,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stdout


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_shellcheck_finds_nothing() -> None:
    folder = ROOT / "templates" / "ci" / "scripts"
    names = ("common", "plan", "apply", "comment", "fetch")
    ended = subprocess.run(
        ["shellcheck", "--external-sources", *names],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stdout


def test_github_gives_no_more_than_is_needed(tmp_path: Path) -> None:
    workflow = content("github", written("github", tmp_path))
    # YAML 1.1 reads the key `on` as true.
    assert set(workflow[True]) == {"pull_request", "push"}, "pull_request_target would hand credentials to forks"
    assert workflow["permissions"] == {}
    jobs = workflow["jobs"]
    assert jobs["fork"]["permissions"] == {"contents": "read"}
    assert jobs["plan"]["permissions"] == {"contents": "read", "pull-requests": "write"}
    assert jobs["apply"]["permissions"] == {"contents": "read", "actions": "read", "pull-requests": "read"}
    assert "secrets." not in yaml.safe_dump(jobs["fork"])
    assert "github.token" not in yaml.safe_dump(jobs["fork"])
    seen = {
        name: [step["run"] for step in job["steps"] if "secrets." in yaml.safe_dump(step)] for name, job in jobs.items()
    }
    assert seen == {"fork": [], "plan": ["sh ci/plan"], "apply": ["sh ci/apply"]}
    outside = [{key: value for key, value in job.items() if key != "steps"} for job in jobs.values()]
    assert "secrets." not in yaml.safe_dump([outside, workflow["env"]]), "actions of others and pip would see them"
    assert jobs["fork"]["if"].endswith("head.repo.full_name != github.repository")
    assert jobs["plan"]["if"].endswith("head.repo.full_name == github.repository")
    for job in jobs.values():
        assert job["timeout-minutes"] <= 60
        for step in job["steps"]:
            assert "uses" not in step or re.fullmatch(r"[a-z-]+/[a-z-]+@v\d+(\.\d+\.\d+)?", step["uses"])
            if step.get("uses", "").startswith("actions/checkout"):
                assert step["with"]["persist-credentials"] is False
    assert jobs["plan"]["concurrency"]["cancel-in-progress"], "it holds no lock"
    assert not jobs["apply"]["concurrency"]["cancel-in-progress"]
    [kept] = [step for step in jobs["plan"]["steps"] if step.get("with", {}).get("name", "").startswith("plan-")]
    assert "if" not in kept, "a plan that failed its verdicts is not kept"
    assert kept["with"]["retention-days"] <= 7
    assert kept["with"]["path"] == "clouds/mail/ci/out/plan"
    assert workflow["defaults"]["run"]["working-directory"] == "clouds/mail"
    assert workflow["env"]["GENERATE"] == f"carbonio-generate=={__version__}"


def test_github_and_gitlab_in_the_repositorys_top(tmp_path: Path) -> None:
    workflow = content("github", written("github", tmp_path, "."))
    assert workflow["defaults"]["run"]["working-directory"] == "."
    assert workflow[True]["push"]["paths"] == ["**"]
    pipeline = content("gitlab", written("gitlab", tmp_path, "."))
    assert pipeline["plan"]["artifacts"]["paths"] == ["ci/out/"]


def test_gitlab_plans_requests_and_applies_the_default_branch(tmp_path: Path) -> None:
    pipeline = content("gitlab", written("gitlab", tmp_path))
    [rule] = pipeline["plan"]["rules"]
    assert rule["if"] == '$CI_PIPELINE_SOURCE == "merge_request_event"'
    assert rule["changes"] == ["clouds/mail/**/*", ".gitlab-ci.yml"]
    [rule] = pipeline["apply"]["rules"]
    assert rule["if"].startswith("$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH")
    assert pipeline["plan"]["artifacts"]["when"] == "always", "the review of a plan that failed its verdicts"
    assert pipeline["plan"]["artifacts"]["expire_in"] == "5 days"
    assert pipeline["plan"]["artifacts"]["access"] == "developer"
    assert pipeline["apply"]["resource_group"] == "apply-example-com"
    assert pipeline["apply"]["script"] == ["sh ci/fetch", "sh ci/apply"]


def test_what_no_later_change_mends_fails_everywhere_and_is_explained(tmp_path: Path) -> None:
    """Only what is everyday work passes: a machine without data made anew, another release."""
    expected = {verdict for verdict in VERDICTS if verdict not in ("destroy-machine", "release-change")}
    for host, name in FILES.items():
        (said,) = re.findall(r'FAIL_ON(?:: |, value: )"([^"]+)"', (written(host, tmp_path / host) / name).read_text())
        assert set(said.split(",")) == expected, host
    steps = (ROOT / "docs" / "pull-requests.md").read_text("utf-8")
    assert set(re.findall(r"^   \| `([a-z-]+)` \|", steps, re.MULTILINE)) == expected


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_pip_sees_no_variables_of_a_gitlab_project(tmp_path: Path) -> None:
    pipeline = content("gitlab", written("gitlab", tmp_path))
    *before, plan = pipeline["plan"]["script"]
    assert plan == "sh ci/plan"
    pip = '#!/bin/sh\nenv >"$HOME/seen"\nprintf "%s\\n" "$@" >"$HOME/words"\n'
    tools = build_tree(tmp_path / "tools", {"pip": pip})
    (tools / "pip").chmod(0o755)
    needed = {
        "PATH": f"{tools}{os.pathsep}/usr/bin:/bin",
        "HOME": str(tmp_path),
        "PIP_INDEX_URL": "https://pip.example.com/a simple",
        "https_proxy": "http://proxy.example.com:3128",
    }
    secret = ("HCLOUD_TOKEN", "AWS_SECRET_ACCESS_KEY", "GITLAB_TOKEN", "TF_HTTP_PASSWORD", "CI_JOB_TOKEN", "TF_VAR_own")
    given = {**needed, **dict.fromkeys(secret, "secret"), "GENERATE": "carbonio-generate @ https://example.com/x.whl"}
    for command in before:
        subprocess.run(["bash", "-e", "-c", command], env=given, check=True, cwd=tmp_path)
    seen = dict(line.split("=", 1) for line in (tmp_path / "seen").read_text("utf-8").splitlines())
    assert needed.items() <= seen.items()
    assert "secret" not in seen.values()
    assert (tmp_path / "words").read_text("utf-8").splitlines()[-1] == given["GENERATE"]


def test_atlantis_calls_the_scripts_in_the_folder(tmp_path: Path) -> None:
    config = content("atlantis", written("atlantis", tmp_path))
    [project] = config["projects"]
    assert project["dir"] == "clouds/mail"
    workflow = config["workflows"][project["workflow"]]
    assert workflow["plan"]["steps"][-1] == {"run": "sh ci/plan"}
    assert workflow["apply"]["steps"] == [{"run": "sh ci/apply"}]
    assert "undiverged" in project["apply_requirements"]
