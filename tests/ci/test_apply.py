"""`ci/apply`: whoever made a plan file, and whatever happened since, only what was reviewed happens."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.ci.pipeline import STATE, Pipeline
from tests.ci.repository import OPENED
from tests.helpers import build_tree, read_tree

pytestmark = [
    pytest.mark.terraform,
    pytest.mark.skipif(not all(map(shutil.which, ("curl", "git", "jq"))), reason="curl, git or jq is not installed"),
]
LOCK = f"{STATE}/lock"
INTRUDER = """\
resource "terraform_data" "intruder" {
  provisioner "local-exec" {
    command = "touch %s"
  }
}
"""


def forge(pipeline: Pipeline, place: Path, extra: str) -> None:
    """Leave a plan of other files than the merged ones, with a tie that fits the merged ones."""
    repository = pipeline.repository
    tie = json.loads((pipeline.plan / "terraform.tfplan.tie.json").read_text("utf-8"))
    other = build_tree(place / "other", {**read_tree(repository.folder), "extra.tf": extra})
    run = repository.program.run
    run(other, "init", "-input=false", environment=pipeline.credentials)
    forged = pipeline.plan / "terraform.tfplan"
    run(other, "plan", "-input=false", "-lock=false", f"-out={forged}", environment=pipeline.credentials)
    tie["plan_sha256"] = hashlib.sha256(forged.read_bytes()).hexdigest()
    (pipeline.plan / "terraform.tfplan.tie.json").write_text(json.dumps(tie), "utf-8")


def delete_server(pipeline: Pipeline) -> None:
    """Delete the server as somebody does at the cloud's own page."""
    address = urlsplit(pipeline.credentials["HCLOUD_ENDPOINT"])
    headers = {"Authorization": f"Bearer {pipeline.credentials['HCLOUD_TOKEN']}"}

    def ask(method: str, path: str) -> Any:
        connection = http.client.HTTPConnection(address.netloc, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, f"{address.path}{path}", headers=headers)
            answer = connection.getresponse()
            assert answer.status == 200
            return json.load(answer)

    [server] = ask("GET", "/servers")["servers"]
    ask("DELETE", f"/servers/{server['id']}")


@pytest.mark.slow
def test_a_plan_writes_nothing_where_the_state_is(pipeline: Pipeline) -> None:
    # Credentials that only read cannot take a lock, and somebody else's is none of a plan's business.
    pipeline.states.locks[LOCK] = {"ID": "somebody"}
    pipeline.repository.script("ci/plan", environment={**pipeline.credentials, "BASE": "HEAD"})
    assert {method for method, _ in pipeline.states.calls} == {"GET"}


@pytest.mark.slow
def test_a_plan_beside_an_apply_is_none(pipeline: Pipeline) -> None:
    repository = pipeline.repository
    empty = {"version": 4, "terraform_version": "1.11.4", "lineage": "a", "outputs": {}, "resources": []}
    pipeline.states.states[STATE] = json.dumps({**empty, "serial": 1}).encode()
    # An apply writes between the plan and its review.
    real = repository.tools / repository.program.name
    later = json.dumps({**empty, "serial": 2})
    build_tree(repository.tools, {"later.json": later})
    path = real.resolve()
    real.unlink()
    user = ":".join(pipeline.states.credentials.values())
    write = f"curl --silent --user {user} --data-binary @{repository.tools}/later.json {pipeline.states.url}{STATE}"
    pipeline.states.locks[LOCK] = {"ID": "somebody"}
    build_tree(
        repository.tools,
        {real.name: f'#!/bin/sh\ncase $1 in plan) {write} ;; esac\nexec {path} "$@"\n'},
    )
    real.chmod(0o755)
    said = repository.script("ci/plan", environment={**pipeline.credentials, "BASE": "HEAD"}, code=1)
    assert "somebody applied while this was planned" in said.stderr
    assert list(pipeline.plan.iterdir()) == []


@pytest.mark.slow
def test_only_what_the_merged_files_give_is_applied(pipeline: Pipeline, tmp_path: Path) -> None:
    repository, credentials = pipeline.repository, pipeline.credentials
    marker = tmp_path / "executed"

    # A plan that somebody else left among the artefacts, tied to the right files and the right state.
    repository.script("ci/plan", environment={**credentials, "BASE": "HEAD"})
    forge(pipeline, tmp_path, INTRUDER % marker)
    before = dict(pipeline.states.states)
    said = repository.script("ci/apply", environment=credentials, code=1)
    assert "would do something else now than what was reviewed: terraform_data.intruder" in said.stderr
    assert pipeline.states.states == before

    # One that does the same with other means: what runs is a plan of the merged files.
    repository.script("ci/plan", environment={**credentials, "BASE": "HEAD"})
    provisioner = f'provisioner "local-exec" {{\n    command = "touch {marker}"\n  }}\n'
    shutil.rmtree(tmp_path / "other")
    module = "modules/hetzner/nodes/main.tf"
    text = (repository.folder / module).read_text("utf-8")
    start = 'resource "hcloud_placement_group" "this" {\n'
    assert start in text
    original = repository.folder / module
    original.write_text(text.replace(start, f"{start}  {provisioner}"), "utf-8")
    forge(pipeline, tmp_path, "")
    original.write_text(text, "utf-8")
    repository.script("ci/apply", environment=credentials)
    assert not marker.exists()

    # What was reviewed opens two ports; by now a server is missing.
    repository.git("checkout", "--quiet", "-b", "imap")
    repository.change(OPENED)
    repository.script("ci/plan", environment={**credentials, "BASE": "main"})
    delete_server(pipeline)
    said = repository.script("ci/apply", environment=credentials, code=1)
    assert "stale plan, nothing was applied: Terraform would do something else now" in said.stderr
    assert "hcloud_server.this" in said.stderr
