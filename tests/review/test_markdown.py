"""The comment: never too long, nothing left out that matters, and nothing in it acts."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import markdown_it
import msgspec
import pytest

from generator.review import Review
from generator.review.markdown import LIMIT, code, escaped, markdown
from tests.helpers import run_cli

SERVICES = {
    "smtp": "25/tcp",
    "submission": "587/tcp",
    "submissions": "465/tcp",
    "http": "80/tcp",
    "https": "443/tcp",
    "imap": "143/tcp",
    "imaps": "993/tcp",
    "pop3": "110/tcp",
    "pop3s": "995/tcp",
    "ldap-address-book": "8636/tcp",
    "xmpp": "5222/tcp",
}
HOSTILE = (
    "<script>alert(1)</script>",
    "![x](https://evil.example/x.png)",
    "[click](javascript:alert(1))",
    "@everyone fixes #1",
    "https://evil.example www.evil.example",
    "a`b``c|d\\e*f_g~h",
    "</summary></details><img src=x onerror=alert(1)>",
    "line\nbreak\r\u2028\u202eback",
    "# heading\n- item",
    "&lt;b&gt; <!-- hidden -->",
)


def topology(nodes: int, *, opened: bool) -> str:
    """Return a deployment in which every node carries what the services need, each open for a range of its own."""
    lines = [
        "domain: example.com",
        'release: "24.1"',
        "cloud: {provider: aws, region: eu-central-1, quotas: {elastic_ips: 5000}}",
        "management: [198.51.100.0/24]",
        "ssh_keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAID/BBEmEyXDTzLd4O/lYsf8s032tI2w04LtMuXNlQlto a@example.com]",
        "users: 150",
        "mailbox_quota: 5 GB",
        "services:",
        *(f"  {name}: {'true' if opened else 'false'}" for name in SERVICES),
        "nodes:",
        "  infra1: [mesh-and-directory, database, database-connector, monitoring]",
        "  store1: [mailstore, files, docs, preview, tasks]",
        "  video1: [video]",
        *(f"  front-with-a-rather-long-name-{number}: [mta, proxy]" for number in range(nodes)),
    ]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("nodes", [1, 5, 50, 500])
def test_it_is_never_too_long_and_keeps_every_group(nodes: int, tmp_path: Path) -> None:
    for name, opened, count in (("old", False, nodes), ("new", True, nodes + 2)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "topology.yaml").write_text(topology(count, opened=opened), "utf-8")
    options = ("review", "--base", "../old", "--today", "2026-06-01")
    result = run_cli(tmp_path / "new", *options, "--markdown")
    assert result.code == 0, result.err
    assert len(result.out.encode()) < LIMIT
    found = json.loads(run_cli(tmp_path / "new", *options, "--json").out)
    assert result.out.startswith(f"## {escaped(found['verdict'])}\n")
    for group in found["reach"]:
        if group["outside"] and group["source"] == "internet" and group["opened"]:
            lines = [line for line in result.out.splitlines() if f"`{group['ports']}/{group['protocol']}`" in line]
            assert any(f"`{group['nodes'][0]}`" in line for line in lines), group["ports"]
    reached = {f"{one['ports']}/{one['protocol']}" for one in found["reach"] if one["source"] == "internet"}
    assert set(SERVICES.values()) <= reached
    # In JSON the lists are whole.
    (imap,) = [one for one in found["reach"] if one["ports"] == "143" and not one["with_node"] and one["outside"]]
    assert len(imap["nodes"]) == nodes


def test_however_much_is_destroyed_it_fits(tmp_path: Path) -> None:
    for name, count in (("old", 500), ("new", 1)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "topology.yaml").write_text(topology(count, opened=True), "utf-8")
    result = run_cli(tmp_path / "new", "review", "--base", "../old", "--markdown")
    assert len(result.out.encode()) < LIMIT
    assert result.out.startswith("## 499 addresses destroyed")
    assert "### Destroyed or replaced (998)" in result.out
    assert "more, which the page and the JSON have." in result.out


def test_texts_made_to_be_too_long_are_cut(tmp_path: Path) -> None:
    (tmp_path / "topology.yaml").write_text(topology(1, opened=True), "utf-8")
    made = json.loads(run_cli(tmp_path, "review", "--base", "topology.yaml", "--json").out)
    caution = {"rule": "long", "message": "m" * 70_000, "mend": ""}
    found = msgspec.convert({**made, "cautions": [caution] * 20, "verdict": "First."}, Review)
    text = markdown(found)
    assert len(text.encode()) < LIMIT
    assert text.startswith("## First.\n")
    assert text.endswith("More does not fit here: the page and the JSON have it.\n")
    assert text.count("<details>") == text.count("</details>")


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_acts(text: str) -> None:
    for shown in (escaped(text), code(text)):
        page = markdown_it.MarkdownIt("gfm-like", {"linkify": False}).render(f"- before {shown} after")
        assert re.findall(r"<(?!/?(?:ul|li|code)>)[^>]*>", page) == []
        assert page.count("<li>") == 1
        # Mentions and links are found in what the page says, outside of code.
        said = html.unescape(re.sub(r"<code>.*?</code>|<[^>]+>", "", page))
        assert not re.search(r"@\w|#\d|https?://|www\.", said)
        # The words are still there for a reader.
        read = html.unescape(re.sub(r"<[^>]+>", "", page)).replace("\u200b", "")
        assert re.sub(r"\W+", "", text) in re.sub(r"\W+", "", read)


def test_a_very_long_name_is_cut() -> None:
    assert len(code("x" * 100_000)) < 400
