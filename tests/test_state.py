"""Where Terraform's state is kept: what backend.tf says, that Terraform keeps and locks the state there, and moving."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.kinds.kind import Kind
from generator.kinds.state import BUCKET, OBJECT, PROJECT, S3_REGION, URL
from generator.rehearse.aws_simulator import AwsSimulator
from tests.helpers import build_tree, read_tree, run_cli
from tests.session import Session
from tests.state_server import StateServer, state_server
from tests.terraform import Program

SSH_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAID/BBEmEyXDTzLd4O/lYsf8s032tI2w04LtMuXNlQlto admin@example.com"
TOPOLOGY = f"""\
domain: example.com
release: "26.6"
edition: community
cloud: {{provider: hetzner, region: fsn1}}
management: [198.51.100.0/24]
ssh_keys: ["{SSH_KEY}"]
users: 20
mailbox_quota: 1 GB
dns: none
scenario: single
"""
ANYTHING = 'resource "terraform_data" "anything" {\n  input = 1\n}\n'
AWS = {"bucket": '"example-terraform"', "use_lockfile": "true"}
S3 = "backend: s3, bucket: example-terraform"
GITLAB = "https://gitlab.com/api/v4/projects"
# What Terraform's documentation of each backend asks for, written by hand.
EXPECTED: dict[str, tuple[str, dict[str, str]]] = {
    f"{S3}, region: eu-central-1": (
        "s3",
        {
            **AWS,
            "key": '"carbonio/example-com/terraform.tfstate"',
            "region": '"eu-central-1"',
            "encrypt": "true",
        },
    ),
    f"{S3}, key: mail/prod.tfstate, endpoint: https://fsn1.your-objectstorage.com": (
        "s3",
        {
            **AWS,
            "key": '"mail/prod.tfstate"',
            "region": '"us-east-1"',
            "endpoints": '{ s3 = "https://fsn1.your-objectstorage.com" }',
            "use_path_style": "true",
            "skip_credentials_validation": "true",
            "skip_metadata_api_check": "true",
            "skip_region_validation": "true",
            "skip_requesting_account_id": "true",
            "skip_s3_checksum": "true",
        },
    ),
    "backend: gitlab, project: 4711": (
        "http",
        {
            "address": f'"{GITLAB}/4711/terraform/state/example-com"',
            "lock_address": f'"{GITLAB}/4711/terraform/state/example-com/lock"',
            "unlock_address": f'"{GITLAB}/4711/terraform/state/example-com/lock"',
            "lock_method": '"POST"',
            "unlock_method": '"DELETE"',
            "retry_wait_min": "5",
        },
    ),
    "backend: http, address: https://states.example.com/mail, lock_address: https://states.example.com/lock": (
        "http",
        {
            "address": '"https://states.example.com/mail"',
            "lock_address": '"https://states.example.com/lock"',
            "unlock_address": '"https://states.example.com/lock"',
        },
    ),
}


def backend(folder: Path, state: str, *options: str) -> str:
    """Return the backend.tf of a topology with this state."""
    build_tree(folder, {"topology.yaml": f"{TOPOLOGY}state: {{{state}}}\n"})
    result = run_cli(folder, "--no-init", *options)
    assert result.code == 0, result.err
    return (folder / "backend.tf").read_text("utf-8")


@pytest.mark.parametrize("state", EXPECTED)
def test_the_settings_of_each_backend(state: str, tmp_path: Path) -> None:
    kind, expected = EXPECTED[state]
    text = backend(tmp_path, state)
    assert f'  backend "{kind}" {{\n' in text
    assert dict(re.findall(r"^    (\w+) += (.+)$", text, re.MULTILINE)) == expected
    assert run_cli(tmp_path, "--check").code == 0


@pytest.mark.terraform
@pytest.mark.parametrize("state", EXPECTED)
def test_terraform_takes_and_formats_it_so(state: str, program: Program, tmp_path: Path) -> None:
    text = backend(tmp_path / "mail", state)
    folder = build_tree(tmp_path / "root", {"backend.tf": text, "main.tf": ANYTHING})
    program.run(folder, "fmt", "-check", "-diff")
    program.run(folder, "init", "-backend=false", "-input=false")
    program.run(folder, "validate")


@pytest.mark.parametrize("state", ["", "state: local\n", "state:\n"])
def test_without_a_backend_there_is_no_file(state: str, tmp_path: Path) -> None:
    build_tree(tmp_path, {"topology.yaml": TOPOLOGY + state})
    assert run_cli(tmp_path, "--no-init").code == 0
    assert not (tmp_path / "backend.tf").exists()
    assert json.loads(run_cli(tmp_path, "plan", "--json").out)["state"] is None


def test_the_plan_says_where_the_state_is(tmp_path: Path) -> None:
    backend(tmp_path, "backend: gitlab, project: operations/mail")
    assert "Terraform's state: example-com in https://gitlab.com, project operations/mail" in (
        " ".join(run_cli(tmp_path, "plan").out.split())
    )


def test_a_backend_that_leaves_the_topology_leaves_the_folder(tmp_path: Path) -> None:
    backend(tmp_path, "backend: gitlab, project: 4711")
    build_tree(tmp_path, {"topology.yaml": TOPOLOGY})
    assert run_cli(tmp_path, "--no-init").code == 0
    assert not (tmp_path / "backend.tf").exists()


OTHER_BACKENDS = {
    "state.tf": '# ours\n\nterraform {\n  backend "s3" {\n    bucket = "x"\n  }\n}\n',
    "one-line.tf": 'terraform { backend "s3" {} }\n',
    "cloud.tf": 'terraform {\n  cloud {\n    organization = "x"\n  }\n}\n',
    "state.tf.json": '{"terraform": {"backend": {"s3": {}}}}\n',
}


@pytest.mark.parametrize("name", OTHER_BACKENDS)
def test_a_second_backend_is_refused_by_name_and_line(name: str, tmp_path: Path) -> None:
    content = OTHER_BACKENDS[name]
    build_tree(tmp_path, {"topology.yaml": f"{TOPOLOGY}state: {{{S3}, region: x1}}\n", name: content})
    line = next(number for number, text in enumerate(content.splitlines(), 1) if "backend" in text or "cloud" in text)
    for options in (("--no-init",), ("--check",), ("--no-init", "--force")):
        result = run_cli(tmp_path, *options)
        assert result.code == 2
        assert f"{name}:{line} chooses a backend, and so does state in the topology" in result.err
    assert sorted(read_tree(tmp_path)) == sorted([name, "topology.yaml"])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("backend_override.tf", 'terraform {\n  backend "local" {}\n}\n'),
        ("notes.tf", '# terraform {\n#   backend "s3" {}\n# }\n/*\nterraform {\n  backend "s3" {}\n}\n*/\n'),
        ("broken.tf.json", "{"),
    ],
)
def test_what_chooses_none_or_overrides_stays(name: str, content: str, tmp_path: Path) -> None:
    build_tree(tmp_path, {name: content})
    backend(tmp_path, f"{S3}, region: x1")
    assert (tmp_path / name).read_text("utf-8") == content


def test_a_backend_file_of_ones_own_is_not_overwritten(tmp_path: Path) -> None:
    build_tree(tmp_path, {"topology.yaml": f"{TOPOLOGY}state: {{{S3}, region: x1}}\n", "backend.tf": "# mine\n"})
    result = run_cli(tmp_path, "--no-init")
    assert result.code == 2
    assert "backend.tf was not written by generate" in result.err
    assert (tmp_path / "backend.tf").read_text("utf-8") == "# mine\n"


HOSTILE = st.text(alphabet=st.sampled_from("abc019/.:-_%~!*()@?#\"\\'${}<>&\n\r\t ü"), max_size=40)


@given(
    kind=st.sampled_from([BUCKET, OBJECT, S3_REGION, URL, PROJECT]),
    start=st.sampled_from(["", "https://states.example.com/", "operations/", "mail/", "example-"]),
    text=HOSTILE,
)
def test_nothing_of_a_backend_means_anything_to_hcl(kind: Kind, start: str, text: str) -> None:
    try:
        found = str(kind.parse(start + text))
    except ValueError:
        return
    assert found.isascii()
    assert found.isprintable()
    assert not set(found) & set("\"\\${}'<>& ")


def test_credentials_are_never_repeated(tmp_path: Path) -> None:
    for state in ("address: 'https://admin:hunter2@x.example.com'", "address: 'https://hunter2@x.example.com/y'"):
        build_tree(tmp_path, {"topology.yaml": f"{TOPOLOGY}state: {{backend: http, {state}}}\n"})
        for options in ((), ("--sarif",), ("--json",)):
            result = run_cli(tmp_path, "--check", *options)
            assert result.code == 2
            assert "hunter2" not in result.out + result.err
    build_tree(tmp_path, {"topology.yaml": TOPOLOGY})
    result = run_cli(tmp_path, "--check", "--set", "state={backend: http, address: 'https://a:hunter2@x.example.com'}")
    assert result.code == 2
    assert "hunter2" not in result.out + result.err


@contextlib.contextmanager
def waiting_apply(program: Program, folder: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """An apply that holds the lock while it asks."""
    with subprocess.Popen(
        [program.path, "apply", "-no-color"],
        cwd=folder,
        env=program.environment({**environment, "TF_IN_AUTOMATION": ""}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "Only 'yes' will be accepted" in line:
                break
        try:
            yield
        finally:
            process.communicate("no\n", timeout=60)


def keeps_and_locks(program: Program, folder: Path, environment: Mapping[str, str]) -> None:
    """Apply, plan without a difference from a folder of its own, and fail to plan while somebody applies."""
    program.run(folder, "init", "-input=false", "-no-color", environment=environment)
    with waiting_apply(program, folder, environment):
        ended = program.run(folder, "plan", "-no-color", environment=environment, codes=(1,))
        assert "Error acquiring the state lock" in ended.stderr
    program.run(folder, "apply", "-auto-approve", "-no-color", environment=environment)
    assert not (folder / "terraform.tfstate").exists()
    elsewhere = build_tree(folder.parent / "elsewhere", read_tree(folder))
    program.run(elsewhere, "init", "-input=false", "-no-color", environment=environment)
    program.run(elsewhere, "plan", "-detailed-exitcode", "-no-color", environment=environment)


@pytest.mark.slow
@pytest.mark.terraform
def test_a_bucket_keeps_the_state_and_locks_it(program: Program, aws: AwsSimulator, tmp_path: Path) -> None:
    s3 = boto3.client("s3", "eu-central-1", endpoint_url=aws.url, aws_access_key_id="x", aws_secret_access_key="x")
    s3.create_bucket(Bucket="example-terraform", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    text = backend(tmp_path / "mail", f"{S3}, region: eu-central-1")
    folder = build_tree(tmp_path / "root", {"backend.tf": text, "main.tf": ANYTHING})
    keeps_and_locks(program, folder, aws.environment())
    [kept] = s3.list_objects_v2(Bucket="example-terraform")["Contents"]
    assert kept["Key"] == "carbonio/example-com/terraform.tfstate"
    head = s3.head_object(Bucket="example-terraform", Key=kept["Key"])
    assert head["ServerSideEncryption"] == "AES256"


@pytest.mark.slow
@pytest.mark.terraform
def test_another_store_that_speaks_s3_keeps_it(terraform: Program, aws: AwsSimulator, tmp_path: Path) -> None:
    s3 = boto3.client("s3", "us-east-1", endpoint_url=aws.url, aws_access_key_id="x", aws_secret_access_key="x")
    s3.create_bucket(Bucket="example-terraform")
    text = backend(tmp_path / "mail", f"{S3}, key: a/b, endpoint: '{aws.url}/'")
    folder = build_tree(tmp_path / "root", {"backend.tf": text, "main.tf": ANYTHING})
    # Nothing but the file leads to the store: no endpoint, region or account comes from the environment.
    keeps_and_locks(terraform, folder, {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"})
    assert [one["Key"] for one in s3.list_objects_v2(Bucket="example-terraform")["Contents"]] == ["a/b"]


@pytest.mark.terraform
def test_gitlab_keeps_the_state_and_locks_it(program: Program, tmp_path: Path) -> None:
    with state_server() as server:
        state = f"backend: gitlab, project: operations/mail, name: production, server: '{server.url}'"
        text = backend(tmp_path / "mail", state)
        folder = build_tree(tmp_path / "root", {"backend.tf": text, "main.tf": ANYTHING})
        keeps_and_locks(program, folder, server.credentials)
        path = "/api/v4/projects/operations%2Fmail/terraform/state/production"
        assert set(server.states) == {path}
        assert server.locks == {}
        assert set(server.calls) == {
            ("GET", path),
            ("POST", path),
            ("POST", f"{path}/lock"),
            ("DELETE", f"{path}/lock"),
        }
        refused = program.run(folder, "plan", "-no-color", codes=(1,))
        assert "TF_HTTP_PASSWORD" in refused.stderr or "401" in refused.stderr or "auth" in refused.stderr
        for file in read_tree(folder).values():
            assert b"correct-horse" not in file


class _Nothing:
    """A simulator of nothing."""

    def __init__(self, server: StateServer) -> None:
        self.server = server

    def environment(self) -> dict[str, str]:
        return {**self.server.credentials, "HCLOUD_TOKEN": "x" * 64}


@pytest.mark.terraform
@pytest.mark.slow
def test_moving_the_state_is_said_and_done_by_the_command_that_is_shown(program: Program, tmp_path: Path) -> None:
    program.need("hetznercloud/hcloud")
    applied = build_tree(tmp_path / "before", {"main.tf": ANYTHING})
    program.run(applied, "init", "-input=false")
    program.run(applied, "apply", "-auto-approve")
    state = (applied / "terraform.tfstate").read_bytes()
    folder = build_tree(tmp_path / "mail", {"topology.yaml": TOPOLOGY, "terraform.tfstate": state})
    with state_server() as server:
        session = Session(folder, program, _Nothing(server))
        said = session.shell("python -m generator")
        assert "next: terraform apply" in said
        where = f"{{backend: gitlab, project: 7, name: %s, server: '{server.url}'}}"
        for name in ("first", "second"):
            build_tree(folder, {"topology.yaml": f"{TOPOLOGY}state: {where % name}\n"})
            said = session.shell("python -m generator", codes=(3,))
            assert f"the state moves to {name} in {server.url}, project 7" in said
            assert "Error" not in said
            assert f"/api/v4/projects/7/terraform/state/{name}" not in server.states, "nobody agreed yet"
            [command] = re.findall(r"^next: (.*?)   ", said, re.MULTILINE)
            assert command == f"{program.name} init -migrate-state"
            session.shell(f"{command} -force-copy -input=false")
            moved = json.loads(server.states[f"/api/v4/projects/7/terraform/state/{name}"])
            assert moved["resources"] == json.loads(state)["resources"]
            assert "next: terraform apply" in session.shell("python -m generator")
        build_tree(folder, {"topology.yaml": TOPOLOGY})
        said = session.shell("python -m generator", codes=(3,))
        assert "the state moves to a file in the folder" in said


@pytest.mark.terraform
def test_missing_credentials_for_the_state_are_thought_of(terraform: Program, tmp_path: Path) -> None:
    terraform.need("hetznercloud/hcloud")
    with state_server() as server:
        text = f"{TOPOLOGY}state: {{backend: gitlab, project: 7, server: '{server.url}'}}\n"
        session = Session(build_tree(tmp_path / "mail", {"topology.yaml": text}), terraform, _Nothing(server))
        for name in server.credentials:
            session.environment.pop(name)
        said = session.shell("python -m generator", codes=(3,))
        assert f"credentials for example-com in {server.url}, project 7?" in said
        session.environment |= server.credentials
        assert "next: terraform apply" in session.shell("python -m generator")


@pytest.mark.terraform
@pytest.mark.slow
def test_a_rehearsal_stays_away_from_the_state(terraform: Program, tmp_path: Path) -> None:
    terraform.need("hetznercloud/hcloud")
    with state_server() as server:
        address = f"{server.url}/state"
        text = f"{TOPOLOGY}state: {{backend: http, address: '{address}', lock_address: '{address}/lock'}}\n"
        folder = build_tree(tmp_path / "mail", {"topology.yaml": text})
        session = Session(folder, terraform, _Nothing(server))
        said = session.shell("python -m generator rehearse")
        assert "ok      destroy: 0 resources left" in said
        assert server.calls == []
    assert [path.name for path in folder.iterdir()] == ["topology.yaml"]
