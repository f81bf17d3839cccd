"""What holds for the zones of every deployment, whatever is asked of them: judged by dnspython and the standards."""

from __future__ import annotations

import ipaddress
import json
import re
import tempfile
from pathlib import Path
from typing import Any

import dns.rdatatype
import dns.zone
import pytest
from dns.name import Name
from dns.rdtypes.ANY.TXT import TXT
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers import examples, run_cli
from tests.strategies import SSH_KEY, dump

ADDRESS = "203.0.113.10"
NODES: list[dict[str, Any]] = [
    {"infra1": ["mesh-and-directory", "database"], "mta1": ["mta", "proxy"], "store1": ["mailstore"]},
    {"infra1": ["mesh-and-directory", "database"], "mta1": ["mta"], "mta2": ["mta"], "p1": ["proxy", "mailstore"]},
]
LABEL = st.from_regex(r"[a-zA-Z0-9ßäö]{1,12}", fullmatch=True)
TEXT = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=700).filter(
    lambda text: (
        not text.lower().startswith("v=")
        and '"' not in text[:1]
        and text.strip() == text
        # What looks like a variable is refused.
        and not re.search(r"\$[A-Za-z_{]", text)
    )
)
ADDRESSES = st.ip_addresses(v=4, network="203.0.113.0/24").map(str)
VALUES: dict[str, st.SearchStrategy[str]] = {
    "A": ADDRESSES,
    "AAAA": st.ip_addresses(v=6, network="2001:db8::/32").map(str),
    "TXT": TEXT,
    "CNAME": st.just("host.example.net"),
    "SRV": st.just("0 1 443 host.example.net."),
}
OWN_NAMES = st.from_regex(r"(@|own-[a-z0-9]{1,10}|\*\.own|_own\._tcp|OWN)", fullmatch=True)


@st.composite
def own_records(draw: st.DrawFn) -> dict[str, dict[str, list[str]]]:
    """Draw records of the operator's that may stand beside ours."""
    found = {}
    for name in draw(st.lists(OWN_NAMES, max_size=4, unique_by=str.lower)):
        kinds = ["TXT"] if name == "@" else ["TXT", "SRV", "CNAME"] if "_" in name else sorted(VALUES)
        kind = draw(st.sampled_from(kinds))
        found[name] = {kind: draw(st.lists(VALUES[kind], min_size=1, max_size=1 if kind == "CNAME" else 3))}
    return found


@st.composite
def deployments(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a deployment behind a router, whose addresses are all known."""
    services = draw(st.dictionaries(st.sampled_from(["imaps", "pop3s", "submission", "submissions"]), st.booleans()))
    choices: dict[str, Any] = {
        "provider": "none",
        "ttl": draw(st.integers(30, 604_800)),
        "caa": draw(st.lists(st.sampled_from(["letsencrypt.org", "example.net"]), unique=True)),
        "autodiscover": draw(st.booleans()),
        "silent_hosts": draw(st.booleans()),
        "spf": {"addresses": draw(st.lists(ADDRESSES.map(lambda one: f"{one}/32"), max_size=60))},
        "records": draw(own_records()),
    }
    if mode := draw(st.sampled_from(["", "none", "testing", "enforce"])):
        choices["mta_sts"] = mode
    domains = draw(st.lists(LABEL, max_size=4, unique_by=str.lower))
    suffixes = draw(st.lists(st.sampled_from(["example.com", "example.org"]), min_size=4, max_size=4))
    return {
        "domain": "example.com",
        "release": "26.6",
        "os": "ubuntu-24.04",
        "cloud": {"provider": "libvirt", "uplink": {"bridge": "br0"}, "public_address": ADDRESS},
        "exposure": "external",
        "management": ["198.51.100.0/24"],
        "ssh_keys": [SSH_KEY],
        "users": 10,
        "mailbox_quota": "1 GB",
        "services": services,
        "dns": choices,
        "domains": {f"d{label}.{suffix}": {} for label, suffix in zip(domains, suffixes, strict=False)},
        "nodes": draw(st.sampled_from(NODES)),
    }


@pytest.mark.slow
@settings(max_examples=examples(20, 300))
@given(deployments())
def test_every_zone_is_one_that_mail_and_dns_can_use(topology: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "topology.yaml").write_text(dump(topology), encoding="utf-8")
        result = run_cli(folder, "--no-init")
        assert result.code == 0, f"{result.err}\n{dump(topology)}"
        zones = {path.stem: path.read_text("utf-8") for path in sorted((folder / "dns").glob("*.zone"))}
        plan = json.loads(run_cli(folder, "plan", "--json").out)["dns"]
    assert zones.keys() == plan["zones"].keys()
    everything: dict[Name, dict[str, list[Any]]] = {}
    for origin, text in zones.items():
        zone = dns.zone.from_text(text, origin, relativize=False, check_origin=False)
        for owner, kind, rdata in _records(zone):
            assert owner.is_subdomain(dns.name.from_text(origin))
            everything.setdefault(owner, {}).setdefault(kind, []).append(rdata)
    for owner, types in everything.items():
        _one_name(owner, types, everything)
    for domain in (domain for zone in plan["zones"].values() for domain in zone["domains"]):
        _one_domain(everything, dns.name.from_text(domain))
    _own(topology["dns"]["records"], everything)


def _records(zone: dns.zone.Zone) -> list[tuple[Name, str, Any]]:
    return [(owner, dns.rdatatype.to_text(rdata.rdtype), rdata) for owner, _, rdata in zone.iterate_rdatas()]


def _one_name(owner: Name, types: dict[str, list[Any]], everything: dict[Name, dict[str, list[Any]]]) -> None:
    # RFC 1034, section 3.6.2.
    assert "CNAME" not in types or len(types) == 1, owner
    for rdata in types.get("A", []):
        assert not ipaddress.ip_address(rdata.address).is_loopback
        assert rdata.address.startswith("203.0.113."), "nothing private is public"
    for rdata in types.get("MX", []):
        # RFC 7505, RFC 2181 section 10.3: an address of its own, no alias.
        if rdata.exchange != dns.name.root:
            assert "A" in everything[rdata.exchange], owner
    texts = [b"".join(rdata.strings) for rdata in types.get("TXT", [])]
    assert sum(text.startswith(b"v=spf1") for text in texts) <= 1
    assert all(len(part) <= 255 for rdata in types.get("TXT", []) for part in rdata.strings)


def _one_domain(everything: dict[Name, dict[str, list[Any]]], domain: Name) -> None:
    assert everything[domain]["MX"]
    spf = [_text(rdata) for rdata in everything[domain]["TXT"] if _text(rdata).startswith("v=spf1 ")]
    assert len(spf) == 1
    assert f"ip4:{ADDRESS}" in spf[0].split()
    assert spf[0].endswith(" -all")
    (dmarc,) = everything[dns.name.Name((b"_dmarc", *domain.labels))]["TXT"]
    assert _text(dmarc) == "v=DMARC1; p=none"


def _own(records: dict[str, dict[str, list[str]]], everything: dict[Name, dict[str, list[Any]]]) -> None:
    for name, types in records.items():
        for kind, values in types.items():
            found = everything[dns.name.from_text("example.com" if name == "@" else f"{name.lower()}.example.com")][
                kind
            ]
            if kind == "TXT":
                ours = {_text(rdata) for rdata in found} - set(values)
                assert len(found) - len(ours) == len(set(values))
                assert all(text.startswith("v=spf1") for text in ours)
            else:
                assert len(found) == len({value.lower() for value in values})


def _text(rdata: TXT) -> str:
    return b"".join(rdata.strings).decode("ascii")
