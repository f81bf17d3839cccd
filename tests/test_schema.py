"""The JSON Schema of the topology: never narrower than the loader, and as narrow as a schema can be."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from generator import kinds
from generator.kinds.kind import Kind
from generator.load.source import scalar
from generator.schema import topology_schema
from generator.schema.shapes import scalar as scalar_schema
from tests import yaml_core
from tests.helpers import EXAMPLES, ROOT, examples, run_cli
from tests.oracle import variants
from tests.strategies import BASE, SSH_KEY, dump, scratched_files, topologies
from tests.strategies_premises import scratched_premises
from tests.test_bad_input import BAD, EXPECTED

VALIDATOR = jsonschema_rs.Draft7Validator(topology_schema())
KINDS = {name: kind for name, kind in vars(kinds).items() if isinstance(kind, Kind) and not name.startswith("_")}
# Texts that one reader of YAML takes for a number, a date or a truth value, and another for a text.
AMBIGUOUS = re.findall(
    r"\S+",
    "012 0o17 0x1f 1e3 1.e3 1e-3 0b1 1. .5 +5 -0 1_000 1:30 2026-11-01 .inf 12345678901234567890 "
    "yes No ON oFF True tRUE y null Null NULL nUlL ~ << = 5 0 5.0 0.5",
)
# Rules that a schema can hold, and the files where it cannot all the same.
TELLABLE = set(
    re.findall(
        r"\S+",
        "unknown-key wrong-value wrong-type missing-key wrong-name not-a-topology unquoted-release unknown-release "
        "unknown-cloud missing-region unknown-region unknown-zone unknown-exposure unknown-role role-not-in-release "
        "duplicate-role no-roles unsupported-os missing-quota unknown-service service-not-in-release management-only "
        "unknown-dns-provider unknown-scenario nodes-and-scenario missing-nodes no-management no-ssh-key",
    )
)
UNTOLD = {
    "mail-absolute-name-inside": "its rule stands with the domain's other names, not at the key",
    "mail-idn-broken": "only IDNA knows which A-labels stand for a name",
    "mail-idn-emoji": "only IDNA knows which letters a name may have",
    "services-range-wrong": "only arithmetic knows that host bits are set",
    "wrong-name-inside": "its rule stands with the domain's other names, not at the key",
    "wrong-value-key-cut": "a key's length stands in its base64",
}
# What people write: every spelling here is accepted.
SPELLINGS = f"""\
domain: Bücher.Example.
release: 26.6.0
edition:
cloud: {{provider: aws, region: eu-central-1, zones: eu-central-1b, protect: oN, storage: }}
management: 198.51.100.7
ssh_keys: {SSH_KEY}
name: 0123
users: +10
mailbox_quota: 0.5TiB
documents: 100gib
headroom: 12.0 %
exposure:
host_firewall: YES
services:
  imaps: On
  submissions: management
  http: off
  smtp: 203.0.113.0/24
  https: [203.0.113.0/024, 198.51.100.7]
  xmpp: No
dns:
  ttl: 600
  mx: {{server1: 0}}
  dmarc: none
  caa: LetsEncrypt.org
  spf: _spf.example.net
  silent_hosts: yes
  records:
    www: {{A: 203.0.113.80, TXT: 012}}
    10: {{TXT: [1e3, "5"]}}
domains:
  example.org:
  example.net: {{dmarc: reject}}
time_servers: ntp.example.com
troubleshooting: open-internal
rhel:
nodes:
  server1:
    roles: [mesh-and-directory, database, mta, proxy, mailstore, files, docs, preview, tasks, chats, video]
    recording: 2.0Hours
    private: False
    zone:
"""


def as_loaded(node: yaml.Node | None) -> Any:
    """Return a document as the loader understands its scalars."""
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): as_loaded(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [as_loaded(item) for item in node.value]
    return scalar(node) if isinstance(node, yaml.ScalarNode) else None


def complaints(text: str) -> list[str]:
    """Return what the schema has against a document, as either reader of YAML sees it."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    found = [*VALIDATOR.iter_errors(yaml_core.value_of(root)), *VALIDATOR.iter_errors(as_loaded(root))]
    return [f"{'.'.join(map(str, error.instance_path))}: {error.message}" for error in found]


def accepted(text: str | bytes) -> bool:
    """Tell whether the generator accepts a topology."""
    with tempfile.TemporaryDirectory() as name:
        Path(name, "topology.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
        return run_cli(Path(name), "plan", "--json").code == 0


def test_it_is_a_schema() -> None:
    assert topology_schema()["$schema"] == "http://json-schema.org/draft-07/schema#"
    jsonschema_rs.meta.validate(topology_schema())


def test_every_key_is_described() -> None:
    def undescribed(found: dict[str, Any]) -> list[str]:
        below = [*found.get("properties", {}).values(), found.get("additionalProperties")]
        return [
            name
            for one in below
            if isinstance(one, dict) and "title" in one
            for name in ([] if one["description"] and one.get("description") != "." else [one["title"]])
            + undescribed(one)
        ]

    assert undescribed(topology_schema()) == []


def test_the_command_prints_the_same_bytes_everywhere() -> None:
    def printed(**environment: str) -> bytes:
        words = [sys.executable, "-m", "generator", "schema"]
        ended = subprocess.run(words, cwd=ROOT, env={**os.environ, **environment}, check=True, capture_output=True)
        assert ended.stderr == b""
        return ended.stdout

    once = printed(PYTHONHASHSEED="1", LC_ALL="C", PYTHONUTF8="0")
    assert once == printed(PYTHONHASHSEED="2", LC_ALL="tr_TR.UTF-8", TZ="Asia/Tokyo", NO_COLOR="1", COLUMNS="20")
    assert once.isascii()
    assert json.loads(once) == topology_schema()


@pytest.mark.parametrize("path", [*EXAMPLES, ROOT / "tests" / "dns" / "rich.yaml"], ids=lambda path: path.stem)
def test_examples_are_valid(path: Path) -> None:
    file = path / "topology.yaml" if path.is_dir() else path
    assert complaints(file.read_text("utf-8")) == []


def test_every_spelling_is_valid() -> None:
    assert accepted(SPELLINGS)
    assert complaints(SPELLINGS) == []


@pytest.mark.parametrize("placement", variants.PLACEMENTS, ids=lambda placement: f"{placement[0]}-{placement[1]}")
def test_every_cloud_and_exposure_is_valid(placement: tuple[str, variants.Variant]) -> None:
    text = dump(variants.on(placement[0], {**BASE, "forward": {"smtp": "mta1"}}, placement[1]))
    # It takes an earlier run to close SSH to all but the VPN.
    assert accepted(text) or placement[1].vpn == "only"
    assert complaints(text) == []


@settings(max_examples=examples(30, 150))
@given(topologies(), st.sampled_from(variants.PLACEMENTS))
def test_right_topologies_are_valid(topology: dict[str, Any], placement: tuple[str, variants.Variant]) -> None:
    # What is drawn is accepted: test_properties generates it.
    assert complaints(dump(variants.on(placement[0], topology, placement[1]))) == []


@pytest.mark.slow
@settings(max_examples=examples(50, 150))
@given(st.one_of(scratched_files(), scratched_premises().map(dump)))
def test_what_is_accepted_is_valid(text: str | bytes) -> None:
    if accepted(text):
        assert complaints(text if isinstance(text, str) else text.decode()) == []


@pytest.mark.many(4)
@pytest.mark.parametrize("name", sorted(KINDS))
@settings(max_examples=examples(20, 150))
@given(st.data())
def test_no_kind_is_narrower_in_the_schema(name: str, data: st.DataObject) -> None:
    kind = KINDS[name]
    pattern = str(kind.schema.get("pattern", kind.pattern))
    validator = jsonschema_rs.Draft7Validator(scalar_schema(kind))
    texts = [st.sampled_from([*AMBIGUOUS, *kind.choices]), st.integers(-5, 10_000_001).map(str)]
    if pattern:
        texts.append(st.from_regex(pattern, fullmatch=True))
        # What the pattern cannot know from the alphabet alone: other scripts, other digits, capitals.
        texts.append(st.from_regex(pattern, fullmatch=True).flatmap(_distorted))
    text = data.draw(st.one_of(texts))
    for quoted in (None, '"'):
        node = yaml.ScalarNode("", text, style=quoted)
        try:
            kind.parse(scalar(node))
        except ValueError:
            continue
        for seen in (scalar(node), yaml_core.value_of(node)):
            validator.validate(seen)


def _distorted(text: str) -> st.SearchStrategy[str]:
    at = st.integers(0, max(0, len(text) - 1))
    letters = st.sampled_from("A9٣ß。K-._/ 0")
    return st.tuples(at, letters).map(lambda pair: text[: pair[0]] + pair[1] + text[pair[0] + 1 :])


def rules_of(path: Path) -> set[str]:
    return {match["rule"] for match in EXPECTED.finditer(path.read_text("utf-8")) if not match["warning"]}


@pytest.mark.parametrize("path", [path for path in BAD if rules_of(path) & TELLABLE], ids=lambda path: path.stem)
def test_what_a_schema_can_tell_it_tells(path: Path) -> None:
    unheard = VALIDATOR.is_valid(yaml_core.read(path.read_text("utf-8")))
    assert unheard == (path.stem in UNTOLD), UNTOLD.get(path.stem)


def test_each_of_these_rules_has_a_file() -> None:
    assert set().union(*map(rules_of, BAD)) >= TELLABLE
    assert {path.stem for path in BAD} >= set(UNTOLD)


@pytest.mark.parametrize(
    ("was", "now", "place"),
    [
        ("release: '24.1'", "release: '26.6'", ["nodes.infra1", "os"]),  # database-connector is gone
        ("release: '24.1'", "release: '25.12'", ["nodes.infra1", "os"]),
        ("edition: commercial", "edition: community", []),
        ("provider: aws", "provider: hetzner", ["cloud.region"]),
        ("eu-central-1", "fsn1", ["cloud.region"]),
        ("edition: commercial", "edition: community\nforward: {xmpp: mta1}", ["forward"]),
        ("imap: true", "imapp: true", ["services"]),
        ("imap: true", "imap: maybe", ["services.imap"]),
        ("provider: route53", "provider: route53\n  ttl: 5", ["dns.ttl"]),
    ],
)
def test_what_depends_on_something_else(was: str, now: str, place: list[str]) -> None:
    text = dump(BASE)
    assert complaints(text) == []
    assert was in text
    found = VALIDATOR.iter_errors(yaml_core.read(text.replace(was, now)))
    places = {".".join(map(str, error.instance_path)) for error in found}
    assert sorted(re.sub(r"(infra1).*", r"\1", one) for one in places) == place
