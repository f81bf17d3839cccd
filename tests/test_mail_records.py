"""Records that mail needs, as the standards and DECISIONS state them; refusals are in `tests/bad/mail-*.yaml`."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from generator.public_suffix import organizational_domain
from tests.helpers import build_tree, run_cli
from tests.strategies import SSH_KEY, dump

NODES: dict[str, Any] = {
    "infra1": ["mesh-and-directory", "database", "monitoring"],
    "mta1": ["mta", "proxy"],
    "store1": ["mailstore"],
}
TWO_MTAS = {**NODES, "mta1": ["mta"], "mta2": ["mta"], "proxy1": ["proxy"]}
TOPOLOGY: dict[str, Any] = {
    "domain": "example.com",
    "release": "26.6",
    "os": "ubuntu-24.04",
    "cloud": {"provider": "aws", "region": "eu-central-1"},
    "management": ["198.51.100.0/24"],
    "ssh_keys": [SSH_KEY],
    "users": 10,
    "mailbox_quota": "1 GB",
    "nodes": NODES,
}
Records = dict[str, list[str]]
Plan = Callable[..., Records]


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """Return the public records of a topology by `name TYPE`, addresses of machines as `<node>`."""

    def planned(view: str = "public", files: dict[str, str] | None = None, **changes: Any) -> Records:
        build_tree(tmp_path, {"topology.yaml": dump({**TOPOLOGY, **changes}), **(files or {})})
        result = run_cli(tmp_path, "plan", "--json")
        assert result.code == 0, result.err
        return {
            f"{record['name']} {record['type']}": [
                value["text"].replace("%s", "{}").format(*(f"<{one[7:]}>" for one in value["addresses"]))
                for value in record["values"]
            ]
            for record in json.loads(result.out)["dns"][view]
        }

    return planned


def key_text(bits: int) -> str:
    public = rsa.generate_private_key(65537, bits).public_key()
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode()}"


def printed(text: str, selector: str = "6F1C7B32-AA01-4E6B-9C8E-0F4C8D8B7A11") -> str:
    """Return what Carbonio's tool prints for a key (FACTS 5)."""
    parts = " ".join(f'"{text[start : start + 250]}"' for start in range(0, len(text), 250))
    return (
        "DKIM Data added to LDAP for domain example.com with selector X\nPublic signature to enter into DNS:\n"
        f"{selector}._domainkey\tIN\tTXT\t( {parts} )  ; ----- DKIM key {selector} for example.com\n"
    )


def test_a_domain_has_what_delivers_its_mail(plan: Plan) -> None:
    assert plan() == {
        "example.com MX": ["10 mail.example.com."],
        "example.com TXT": ["v=spf1 ip4:<mta1> -all"],
        "_dmarc.example.com TXT": ["v=DMARC1; p=none"],
        "mail.example.com A": ["<mta1>"],
        "mta1.example.com A": ["<mta1>"],
    }


@pytest.mark.many(5)
@pytest.mark.parametrize("bits", [2048, 4096])
@pytest.mark.parametrize("way", ["key", "printed", "file"])
def test_a_published_key_becomes_a_record_and_lets_dmarc_act(plan: Plan, bits: int, way: str) -> None:
    text = key_text(bits)
    dkim = {"key": {"key": text}, "printed": {"key": printed(text)}, "file": {"file": "keys/dkim.txt"}}[way]
    found = plan(dns={"dkim": dkim}, files={"keys/dkim.txt": printed(text)})
    selector = "carbonio" if way == "key" else "6f1c7b32-aa01-4e6b-9c8e-0f4c8d8b7a11"
    assert found[f"{selector}._domainkey.example.com TXT"] == [text]
    assert found["_dmarc.example.com TXT"] == ["v=DMARC1; p=quarantine"]


def refused(folder: Path, files: dict[str, str | bytes], **changes: Any) -> str:
    build_tree(folder, {"topology.yaml": dump({**TOPOLOGY, **changes}), **files})
    result = run_cli(folder, "plan")
    assert (result.code, result.out) == (2, ""), result.out
    return result.err


def test_a_private_key_is_refused_and_not_shown(tmp_path: Path) -> None:
    private = rsa.generate_private_key(65537, 2048)
    for form in (serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL):
        pem = private.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
        for text in (pem, f"DKIM Domain:\nexample.com\n\nDKIM Private Key:\n{pem}", "".join(pem.splitlines()[1:-1])):
            said = refused(tmp_path, {"key.pem": text}, dns={"dkim": {"file": "key.pem"}})
            assert "error[wrong-dkim]: key.pem is not the public DKIM key of example.com" in said
            assert ("holds a private key" in said) == ("PRIVATE KEY" in text)
            assert "p=MIIB..." in said, "no word about what belongs there"
            assert not [line for line in pem.splitlines()[1:-1] if line[:10] in said]


@pytest.mark.parametrize("content", ["", "\n", " \r\n\t"])
def test_an_empty_key_file_is_no_missing_key(tmp_path: Path, content: str) -> None:
    said = refused(tmp_path, {"dkim.txt": content}, dns={"dkim": {"file": "dkim.txt"}})
    assert "error[empty-file]: dkim.txt is empty" in said


def test_a_missing_key_file_has_a_remedy(tmp_path: Path) -> None:
    said = refused(tmp_path, {}, dns={"dkim": {"file": "dkim.txt"}})
    assert "dkim.txt cannot be read: No such file" in said
    assert "beside the topology" in said


def test_the_key_of_another_domain_is_refused(tmp_path: Path) -> None:
    said = refused(
        tmp_path, {"shop.txt": printed(key_text(2048))}, domains={"shop.example.com": {"dkim": {"file": "shop.txt"}}}
    )
    assert "error[dkim-domain]: shop.txt is the DKIM key of example.com, not of shop.example.com" in said
    assert "zmdkimkeyutil -a -d shop.example.com" in said


@pytest.mark.parametrize("named", ["bücher.example", "xn--bcher-kva.example", "XN--BCHER-KVA.example"])
def test_of_several_keys_that_of_the_domain_is_taken(plan: Plan, named: str) -> None:
    ours, theirs = key_text(2048), key_text(2048)
    both = printed(ours, "one") + printed(theirs, "two").replace("example.com", named)
    file = {"dkim": {"file": "both.txt"}}
    found = plan(dns=file, domains={"bücher.example": file}, files={"both.txt": both})
    assert found["one._domainkey.example.com TXT"] == [ours]
    assert found["two._domainkey.xn--bcher-kva.example TXT"] == [theirs]


def test_of_several_keys_without_names_none_is_guessed(tmp_path: Path) -> None:
    both = "".join(printed(key_text(2048), name).partition(";")[0] for name in ("one", "two"))
    for text in (printed(key_text(2048), "one") + printed(key_text(2048), "two"), both):
        assert "error[wrong-dkim]" in refused(tmp_path, {"dkim.txt": text}, dns={"dkim": {"file": "dkim.txt"}})


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("www.mail.example.com", "Write www."),
        ("mail.example.com", "Write @."),
        ("www.example.com", "Write www under the records of example.com, where that is a mail domain."),
    ],
)
def test_names_in_full_are_refused_in_a_part_of_a_zone_too(tmp_path: Path, name: str, remedy: str) -> None:
    dns = {"zone": "example.com", "records": {name: {"A": "203.0.113.80"}}}
    said = refused(tmp_path, {}, domain="mail.example.com", dns=dns)
    assert f"error[absolute-name]: names are relative: {name} would become {name}.mail.example.com" in said
    assert remedy in said


def test_a_strict_policy_before_a_key_is_warned_of(tmp_path: Path) -> None:
    def said(**dns: Any) -> tuple[str, str]:
        build_tree(tmp_path, {"topology.yaml": dump({**TOPOLOGY, "dns": dns})})
        planned, made = run_cli(tmp_path, "plan"), run_cli(tmp_path, "--no-init")
        assert (planned.code, made.code) == (0, 0), made.err
        assert ("dmarc-before-dkim" in planned.err) == ("dmarc-before-dkim" in made.err)
        return planned.err, (tmp_path / "hand-over.md").read_text("utf-8")

    for policy in ("quarantine", "reject"):
        warned, sheet = said(dmarc=policy)
        assert (
            f"warning[dmarc-before-dkim]: DMARC says {policy}, and no DKIM key is published for example.com" in warned
        )
        assert f"DMARC says {policy} while no DKIM key is published" in sheet
    key = key_text(2048)
    for dns in (
        {"dmarc": "none"},
        {"dmarc": "reject", "dkim": key},
        {"dmarc": "reject", "records": {"other._domainkey": {"TXT": key}}},
    ):
        warned, sheet = said(**dns)
        assert "dmarc-before-dkim" not in warned
        assert "while no DKIM key" not in sheet


def test_what_is_said_of_dmarc_holds(plan: Plan) -> None:
    dmarc = {"policy": "reject", "subdomains": "quarantine", "reports": "dmarc@BÜCHER.example.com"}
    assert plan(dns={"dmarc": dmarc})["_dmarc.example.com TXT"] == [
        "v=DMARC1; p=reject; sp=quarantine; rua=mailto:dmarc@xn--bcher-kva.example.com"
    ]


def test_spf_names_every_sender_once(plan: Plan) -> None:
    addresses = ["203.0.113.7/32", "198.51.100.0/25", "2001:DB8:0::/48", "2001:db8:1:2:3:4:5:6"]
    spf = {"include": ["_SPF.YourProvider.com."], "addresses": addresses}
    (found,) = plan(nodes=TWO_MTAS, dns={"spf": spf})["example.com TXT"]
    further = "ip4:203.0.113.7 ip4:198.51.100.0/25 ip6:2001:db8::/48 ip6:2001:db8:1:2:3:4:5:6"
    assert found == f"v=spf1 ip4:<mta1> ip4:<mta2> {further} include:_spf.yourprovider.com -all"


def test_mtas_have_preferences(plan: Plan) -> None:
    assert plan(nodes=TWO_MTAS, dns={"mx": {"mta2": 20}})["example.com MX"] == [
        "10 mta1.example.com.",
        "20 mta2.example.com.",
    ]


def test_further_domains_are_served_by_the_same_machines(plan: Plan) -> None:
    found = plan(domains={"example.org": None, "Bücher.example.": {"dmarc": "reject"}})
    for domain, policy in (("example.org", "none"), ("xn--bcher-kva.example", "reject")):
        assert found[f"{domain} MX"] == ["10 mail.example.com."]
        assert found[f"{domain} TXT"] == ["v=spf1 ip4:<mta1> -all"]
        assert found[f"_dmarc.{domain} TXT"] == [f"v=DMARC1; p={policy}"]
        assert f"mail.{domain} A" not in found


def test_reports_to_another_domain_of_ours_are_agreed_to(plan: Plan) -> None:
    found = plan(dns={"dmarc": {"reports": "dmarc@example.org"}}, domains={"example.org": {}})
    assert found["example.com._report._dmarc.example.org TXT"] == ["v=DMARC1"]
    assert "example.org._report._dmarc.example.org TXT" not in found


def test_only_services_that_are_open_to_everybody_are_announced(plan: Plan) -> None:
    services = {"imaps": True, "pop3s": "management", "submission": ["198.51.100.0/24"], "submissions": True}
    found = plan(nodes=TWO_MTAS, services=services)
    # RFC 6186, RFC 8314.
    assert {key: values for key, values in found.items() if key.endswith("SRV")} == {
        "_imaps._tcp.example.com SRV": ["0 1 993 mail.example.com."],
        "_submissions._tcp.example.com SRV": ["0 1 465 mta1.example.com.", "0 1 465 mta2.example.com."],
    }


def test_hosts_that_are_silent_say_so(plan: Plan) -> None:
    found = plan(nodes=TWO_MTAS, dns={"silent_hosts": True})
    for host in ("proxy1", "mail"):
        # RFC 7505; RFC 7208, section 10.1.2.
        assert found[f"{host}.example.com MX"] == ["0 ."]
        assert found[f"{host}.example.com TXT"] == ["v=spf1 -all"]
        assert found[f"_dmarc.{host}.example.com TXT"] == ["v=DMARC1; p=reject"]
    assert not {"mta1.example.com MX", "mta1.example.com TXT"} & found.keys()
    # Behind one address they shall greet with its name, and greet with their own until somebody has said so.
    found = plan(nodes=TWO_MTAS, exposure="gateway", dns={"silent_hosts": True})
    assert found["gateway.example.com TXT"] == ["v=spf1 -all"]
    assert not {f"{mta}.example.com {type_}" for mta in ("mta1", "mta2") for type_ in ("MX", "TXT")} & found.keys()


def test_encryption_is_asked_for_and_reported(plan: Plan, tmp_path: Path) -> None:
    dns = {"mta_sts": "testing", "tls_reports": "tls@example.com", "caa": ["letsencrypt.org", "digicert.com"]}
    found = plan(nodes=TWO_MTAS, dns=dns)
    assert found["example.com CAA"] == ['0 issue "letsencrypt.org"', '0 issue "digicert.com"']
    assert found["_smtp._tls.example.com TXT"] == ["v=TLSRPTv1; rua=mailto:tls@example.com"]
    assert found["mta-sts.example.com CNAME"] == ["mail.example.com."]
    first = found["_mta-sts.example.com TXT"]
    assert re.fullmatch("v=STSv1; id=[a-z0-9]{1,32}", first[0])
    assert run_cli(tmp_path, "--no-init").code == 0
    # RFC 8461, section 3.2.
    policy = "version: STSv1\r\nmode: testing\r\nmx: mta1.example.com\r\nmx: mta2.example.com\r\nmax_age: 604800\r\n"
    assert (tmp_path / "dns" / "mta-sts.txt").read_bytes() == policy.encode()
    assert plan(nodes=TWO_MTAS, dns={**dns, "mta_sts": "enforce"})["_mta-sts.example.com TXT"] != first


def test_own_records_stand_beside_ours(plan: Plan) -> None:
    records = {
        "@": {
            "TXT": ["site=100%", '"cut in " "two \\"parts\\""'],
            "A": "203.0.113.80",
            "CAA": '0 iodef "mailto:a@b.c"',
        },
        "WWW": {"CNAME": "Example.GitHub.io."},
        "*": {"A": "203.0.113.81"},
        "news": {"MX": ["10 mail", "20 mx.example.net."], "TXT": "v=spf1 a:news.example.net -all"},
        "offers": {"MX": "10 any"},
        "_sip._tcp": {"SRV": "10 5 5060 sip.example.net"},
        "v6": {"AAAA": "2001:DB8::1"},
        # Consent to reports about others has no policy (RFC 7489, section 7.1).
        "example.net._report._dmarc": {"TXT": "v=DMARC1"},
        "*._report._dmarc": {"TXT": "v=DMARC1;"},
    }
    found = plan(dns={"records": records, "caa": ["letsencrypt.org"]})
    assert found["example.com TXT"] == ["v=spf1 ip4:<mta1> -all", "site=100%%", 'cut in two "parts"']
    assert found["example.com CAA"] == ['0 issue "letsencrypt.org"', '0 iodef "mailto:a@b.c"']
    assert found["example.com A"] == ["203.0.113.80"]
    assert found["www.example.com CNAME"] == ["example.github.io."]
    assert found["*.example.com A"] == ["203.0.113.81"]
    assert found["news.example.com MX"] == ["10 mail.example.com.", "20 mx.example.net."]
    assert found["offers.example.com MX"] == ["10 any.example.com."], "the wildcard has its address"
    assert found["_sip._tcp.example.com SRV"] == ["10 5 5060 sip.example.net."]
    assert found["v6.example.com AAAA"] == ["2001:db8::1"]
    assert found["example.net._report._dmarc.example.com TXT"] == ["v=DMARC1"]
    assert found["*._report._dmarc.example.com TXT"] == ["v=DMARC1;"]


def test_the_inside_view_has_all_of_the_domain_and_nothing_public_for_machines(plan: Plan) -> None:
    changes: dict[str, Any] = {
        "nodes": TWO_MTAS,
        "dns": {
            "records": {"www": {"A": "203.0.113.80"}},
            "caa": ["letsencrypt.org"],
            "also_inside": {"www": "10.9.9.9"},
        },
        "domains": {"shop.example.com": {}, "example.org": {}},
    }
    outside, inside = plan(**changes), plan("inside", **changes)
    below = {key for key in outside if key.split()[0].endswith("example.com")}
    assert below <= inside.keys()
    for key in below - {"www.example.com A"}:
        if key.endswith(" A"):
            assert all(value.startswith("10.20.") for value in inside[key]), key
        else:
            assert inside[key] == outside[key]
    assert inside["www.example.com A"] == ["10.9.9.9"]
    assert not [key for key in inside if "example.org" in key]


@pytest.mark.parametrize(
    ("changes", "zones"),
    [
        ({}, {"example.com": False}),
        ({"dns": {"existing_zone": True}}, {"example.com": True}),
        ({"domains": {"a.example.com": {}, "b.a.example.com": {}}}, {"example.com": False}),
        (
            {"domains": {"a.example.com": {"existing_zone": True}, "b.a.example.com": {}, "example.org": {}}},
            {"example.com": False, "a.example.com": True, "example.org": False},
        ),
        ({"domain": "mail.example.com", "dns": {"zone": "example.com", "existing_zone": True}}, {"example.com": True}),
        ({"domains": {"x.example.net": {"zone": "example.net"}}}, {"example.com": False, "example.net": False}),
    ],
)
def test_records_go_into_the_nearest_zone(
    plan: Plan, tmp_path: Path, changes: dict[str, Any], zones: dict[str, bool]
) -> None:
    plan(**changes)
    dns = json.loads(run_cli(tmp_path, "plan", "--json").out)["dns"]
    assert {name: zone["existing"] for name, zone in dns["zones"].items()} == zones
    for record in dns["public"]:
        holds = [zone for zone in zones if record["name"] == zone or record["name"].endswith(f".{zone}")]
        assert record["zone"] == max(holds, key=len)


def test_a_sub_domain_as_the_domain_keeps_to_its_part_of_the_zone(plan: Plan) -> None:
    found = plan(domain="mail.example.com", dns={"zone": "example.com", "existing_zone": True})
    assert all(key.split()[0].endswith("mail.example.com") for key in found)
    assert found["mail.example.com MX"] == ["10 mail.mail.example.com."]


# https://raw.githubusercontent.com/publicsuffix/list/main/tests/test_psl.txt
REGISTRABLE = {
    "a.b.example.com": "example.com",
    "test.ac.jp": "test.ac.jp",
    "a.b.c.kobe.jp": "b.c.kobe.jp",
    "www.city.kobe.jp": "city.kobe.jp",
    "b.test.ck": "b.test.ck",
    "www.www.ck": "www.ck",
}


@pytest.mark.parametrize("name", REGISTRABLE)
def test_whose_domain_a_name_is_in(name: str) -> None:
    assert organizational_domain(name) == REGISTRABLE[name]
