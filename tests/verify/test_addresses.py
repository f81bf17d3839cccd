"""Addresses that exist only after apply: from files of both shapes, from Terraform, or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers import ROOT, build_tree, run_cli
from tests.terraform import Program
from tests.verify.deployment import Deployment, deploy, findings
from tests.verify.scripted import Answers, Scripted

EXAMPLE = (ROOT / "examples" / "five-nodes-hetzner" / "topology.yaml").read_text("utf-8")
SENDER, VIDEO = "203.0.113.20", "203.0.113.21"
OTHERS = {"files1": "203.0.113.22", "infra1": "203.0.113.23", "store1": "203.0.113.24"}
NODES = {"mta1": SENDER, "video1": VIDEO, **OTHERS}


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    folder = build_tree(tmp_path_factory.mktemp("hetzner") / "mail", {"topology.yaml": EXAMPLE})
    assert run_cli(folder, "--no-init").code == 0
    zone = (folder / "dns" / "example.com.zone").read_text("utf-8")
    assert "@@public:mta1@@" in zone
    for name, address in NODES.items():
        zone = zone.replace(f"@@public:{name}@@", address)
    return Deployment(folder, zone)


@pytest.fixture(scope="module")
def server(deployment: Deployment) -> Iterator[Scripted]:
    answers = Answers({"example.com": deployment.zone, "113.0.203.in-addr.arpa": "20 PTR mta1.example.com.\n"})
    with Scripted(answers.plainly) as found:
        yield found


def outputs() -> dict[str, object]:
    nodes = {name: {"fqdn": f"{name}.example.com", "public_address": address} for name, address in NODES.items()}
    return {
        "hand_over": {"sensitive": False, "type": "string", "value": "words"},
        "nodes": {"sensitive": False, "value": {**nodes, "inner1": {"public_address": None}}},
    }


@pytest.mark.parametrize(
    "data",
    [
        outputs(),
        {"nodes": {name: {"public_address": address} for name, address in NODES.items()}},
        {f"public:{name}": address for name, address in NODES.items()},
        dict(NODES),
    ],
    ids=["outputs", "one output", "symbols", "nodes"],
)
def test_addresses_of_every_shape(deployment: Deployment, server: Scripted, tmp_path: Path, data: object) -> None:
    file = tmp_path / "addresses.json"
    file.write_text(json.dumps(data), "utf-8")
    rows = deployment.rows("--resolver", server.word, "--addresses", str(file), code=0)
    assert not findings(rows)
    assert (SENDER, "PTR") in {(row["name"], row["type"]) for row in rows}
    spf = next(row for row in rows if row["check"] == "spf")
    assert spf["planned"] == [f"v=spf1 ip4:{SENDER} -all"]


def test_a_wrong_address_is_found(deployment: Deployment, server: Scripted, tmp_path: Path) -> None:
    file = tmp_path / "addresses.json"
    file.write_text(json.dumps({**NODES, "video1": "203.0.113.99"}), "utf-8")
    rows = deployment.rows("--resolver", server.word, "--addresses", str(file), code=1)
    assert findings(rows) == [("differs", "A", "video1.example.com")]


def test_some_addresses_make_some_rows_unknown(deployment: Deployment, server: Scripted, tmp_path: Path) -> None:
    file = tmp_path / "addresses.json"
    file.write_text(json.dumps({"mta1": SENDER, **OTHERS}), "utf-8")
    rows = deployment.rows("--resolver", server.word, "--addresses", str(file), code=1)
    assert findings(rows) == [("unknown", "A", "video1.example.com")]


def test_without_addresses_rows_are_unknown_with_the_remedy(deployment: Deployment, server: Scripted) -> None:
    """The folder holds Terraform that was never initialised."""
    result = deployment.verify("--resolver", server.word)
    assert result.code == 1
    assert "Traceback" not in result.err
    # Where Terraform is installed, it says that there was no apply.
    assert "are not known" in result.err or "Nothing is applied yet" in result.out
    assert "--addresses FILE" in result.err + result.out
    rows = deployment.rows("--resolver", server.word, code=1)
    unknown = [row for row in rows if row["status"] == "unknown"]
    assert {row["check"] for row in unknown} == {"record", "spf", "ptr"}
    for row in unknown:
        assert row["message"].startswith("unknown: the address public:")
        assert "terraform output -json" in row["remedy"]
    assert {row["status"] for row in rows} == {"unknown", "ok", "skipped"}
    # What is published is shown all the same.
    assert ["203.0.113.21"] in [row["found"] for row in unknown]


@pytest.mark.parametrize("provider", ["route53", "none"])
def test_before_the_first_apply_that_is_said_first_and_little_else(
    provider: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "bin"
    build_tree(tools, {"terraform": "#!/bin/sh\necho '{}'\n"})
    (tools / "terraform").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    text = (ROOT / "examples" / "five-nodes-aws" / "topology.yaml").read_text("utf-8")
    made = deploy(tmp_path / "mail", f"  dmarc: {{reports: postmaster@example.com}}\n  provider: {provider}\n", text)
    with Scripted(Answers({"example.com": "x A 192.0.2.1\n@ MX 10 old\nold A 192.0.2.2\n"}).plainly) as found:
        result = made.verify("--resolver", found.word)
        rows = made.rows("--resolver", found.word, code=1)
    assert result.code == 1
    told = result.out
    assert told.startswith("Nothing is applied yet: ")
    assert "not known" not in result.err
    assert "\nFirst: terraform apply, then this again.\n" in told
    assert "--addresses" in told, "it may be applied elsewhere"
    assert "unknown: the address" not in told
    # What the apply does not bring is said as ever.
    assert "Then: MX example.com (differs)." in told
    assert ("Then: DMARC _dmarc.example.com (missing)." in told) == (provider == "none")
    assert len(told.splitlines()) < 40, told
    assert any(row["remedy"].startswith("After terraform apply") for row in rows)


@pytest.mark.terraform
def test_addresses_of_the_state(
    deployment: Deployment, server: Scripted, tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A state with the deployment's outputs, made by an apply; it needs no provider."""
    folder = build_tree(tmp_path / "out", {"main.tf": 'output "nodes" { value = jsondecode(file("nodes.json")) }\n'})
    build_tree(folder, {"nodes.json": json.dumps({name: {"public_address": one} for name, one in NODES.items()})})
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / program.name).symlink_to(program.path)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    words = ("--resolver", server.word, "--out", str(folder))
    before = deployment.verify(*words)
    assert before.code == 1
    assert before.out.startswith("Nothing is applied yet")
    import subprocess

    subprocess.run([program.path, "apply", "-auto-approve", "-no-color"], cwd=folder, check=True, capture_output=True)
    after = deployment.verify(*words)
    assert after.code == 0, after.out + after.err
    (folder / "terraform.tfstate").write_text("{", "utf-8")
    broken = deployment.verify(*words)
    assert broken.code == 1
    assert "terraform output failed" in broken.err


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        ("[]", "holds no addresses"),
        ('"x"', "holds no addresses"),
        ("[" * 100_000, "no JSON"),
        ('{"public:mta1": "203.0.113.300"}', "no IPv4 address"),
        ('{"public:mta1": 5}', "no IPv4 address"),
        ('{"public:mta1": null}', "no IPv4 address"),
        ('{"public:mta1": "2001:db8::1"}', "no IPv4 address"),
        ('{"public:mta2": "203.0.113.5"}', 'did you mean "public:mta1"'),
        ('{"nodes": {"value": []}}', "no map of nodes"),
        ('{"nodes": {"value": {"mta1": "203.0.113.5"}}}', "no map"),
        ('{"nodes": {"value": {"mta1": {"public_address": "x"}}}}', "no IPv4 address"),
        ("\ud800", "not UTF-8"),
    ],
)
def test_wrong_files_are_refused(deployment: Deployment, tmp_path: Path, content: str, word: str) -> None:
    file = tmp_path / "addresses.json"
    file.write_bytes(content.encode("utf-8", "surrogatepass"))
    result = deployment.verify("--resolver", "127.0.0.1:1", "--addresses", str(file))
    assert result.code == 2, result.err
    assert word in result.err
    assert "Traceback" not in result.err


def test_a_file_that_is_not_there(deployment: Deployment) -> None:
    result = deployment.verify("--addresses", "nowhere.json")
    assert result.code == 2
    assert "nowhere.json cannot be read: No such file" in result.err
