"""What Terraform does and the topology does not say: written by hand, half known, forgotten, left over, left out."""

from __future__ import annotations

import json
import re
from pathlib import Path
from string import Template
from typing import Any

import pytest

from generator.clouds import REGISTRY
from tests.helpers import ROOT, run_cli

EVERYWHERE = "0.0.0.0/0"
HALVES = ["0.0.0.0/1", "128.0.0.0/1"]
NAMED = re.compile(r'^resource "(\w+)" "(\w+)"', re.MULTILINE)


def resource(
    kind: str,
    after: dict[str, Any] | None,
    *,
    before: dict[str, Any] | None = None,
    actions: tuple[str, ...] = ("create",),
    module: str = "",
    name: str = "mine",
    index: str = "",
    **more: Any,
) -> dict[str, Any]:
    """Return a change as Terraform writes it; what is not known before the apply is missing in `after`."""
    place = ".".join(filter(None, (module, kind, name)))
    return {
        "address": f'{place}["{index}"]' if index else place,
        **({"module_address": module} if module else {}),
        **({"index": index} if index else {}),
        "mode": "managed",
        "type": kind,
        "name": name,
        "change": {"actions": list(actions), "before": before, "after": after},
        **more,
    }


def reviewed(
    folder: Path, cloud: str, *changes: dict[str, Any], code: int = 0, options: tuple[str, ...] = (), **plan: Any
) -> dict[str, Any]:
    """Return the review of a plan beside a topology that stays as it is."""
    text = (ROOT / "examples" / f"five-nodes-{cloud}" / "topology.yaml").read_text("utf-8")
    (folder / "topology.yaml").write_text(text, "utf-8")
    (folder / "base.yaml").write_text(text, "utf-8")
    content = {"format_version": "1.2", "resource_changes": changes, **plan}
    (folder / "plan.json").write_text(json.dumps(content), "utf-8")
    result = run_cli(folder, "review", "--base", "base.yaml", "--plan", "plan.json", "--json", *options)
    assert result.code == code, result.err
    found: dict[str, Any] = json.loads(result.out)
    return found


def said(review: dict[str, Any], address: str) -> list[dict[str, Any]]:
    return [one for one in review["disagreements"] if one["address"] == address]


def firewall(*ranges: str, port: str = "3306", **more: Any) -> dict[str, Any]:
    rule = {"direction": "in", "protocol": "tcp", "port": port, "source_ips": list(ranges), **more}
    return {"name": "mine", "rule": [rule]}


def inline(**rule: Any) -> dict[str, Any]:
    empty: dict[str, list[str]] = {"cidr_blocks": [], "ipv6_cidr_blocks": [], "prefix_list_ids": []}
    return {
        "ingress": [
            {
                "protocol": "tcp",
                "from_port": 3306,
                "to_port": 3306,
                "security_groups": [],
                "self": False,
                **empty,
                **rule,
            }
        ]
    }


def rule(**source: Any) -> dict[str, Any]:
    keys = ("cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id")
    return {"ip_protocol": "tcp", "from_port": 3306, "to_port": 3306, **dict.fromkeys(keys), **source}


OPENED: dict[str, tuple[str, str, dict[str, Any], str, str]] = {
    "hetzner-halves": ("hetzner", "hcloud_firewall", firewall(*HALVES), "tcp 3306 from 0.0.0.0/1, 128.0.0.0/1", "3306"),
    "hetzner-ipv6": ("hetzner", "hcloud_firewall", firewall("2000::/3"), "tcp 3306 from 2000::/3", "3306"),
    "hetzner-narrow": ("hetzner", "hcloud_firewall", firewall("192.0.2.0/24"), "tcp 3306 from 192.0.2.0/24", ""),
    "hetzner-unknown": (
        "hetzner",
        "hcloud_firewall",
        {"rule": [{"direction": "in", "protocol": "tcp", "port": "25"}]},
        "tcp 25 from addresses known after the apply only",
        "25",
    ),
    "hetzner-unknown-port": (
        "hetzner",
        "hcloud_firewall",
        {"rule": [{"direction": "in", "protocol": "tcp", "source_ips": [EVERYWHERE]}]},
        "tcp on every port from 0.0.0.0/0",
        "all",
    ),
    "hetzner-null": ("hetzner", "hcloud_firewall", firewall(None), "from addresses known after the apply only", "3306"),  # type: ignore[arg-type]
    "hetzner-no-firewall": (
        "hetzner",
        "hcloud_server",
        {"firewall_ids": [], "public_net": [{"ipv4_enabled": True, "ipv6_enabled": False}]},
        "everything from ::/0, 0.0.0.0/0",
        "all",
    ),
    "hetzner-balancer": (
        "hetzner",
        "hcloud_load_balancer_service",
        {"listen_port": 7071, "protocol": "tcp"},
        "tcp 7071 from ::/0, 0.0.0.0/0",
        "7071",
    ),
    "hetzner-balancer-usual": ("hetzner", "hcloud_load_balancer_service", {"protocol": "https"}, "tcp 443", "443"),
    "aws-halves": ("aws", "aws_security_group", inline(cidr_blocks=HALVES), "tcp 3306 from 0.0.0.0/1", "3306"),
    "aws-default": ("aws", "aws_default_security_group", inline(cidr_blocks=[EVERYWHERE]), "from 0.0.0.0/0", "3306"),
    "aws-every-protocol": (
        "aws",
        "aws_security_group",
        inline(protocol="-1", from_port=0, to_port=0, cidr_blocks=[EVERYWHERE]),
        "everything from 0.0.0.0/0",
        "all",
    ),
    "aws-prefix-list": (
        "aws",
        "aws_vpc_security_group_ingress_rule",
        rule(prefix_list_id="pl-1"),
        "from the prefix list pl-1",
        "3306",
    ),
    "aws-ipv6": ("aws", "aws_vpc_security_group_ingress_rule", rule(cidr_ipv6="::/0"), "from ::/0", "3306"),
    "aws-number": (
        "aws",
        "aws_vpc_security_group_ingress_rule",
        rule(ip_protocol="6", cidr_ipv4=EVERYWHERE),
        "tcp 3306 from 0.0.0.0/0",
        "3306",
    ),
    "aws-group": (
        "aws",
        "aws_vpc_security_group_ingress_rule",
        rule(referenced_security_group_id="sg-1"),
        "from the machines of sg-1",
        "",
    ),
    "aws-unknown": (
        "aws",
        "aws_vpc_security_group_ingress_rule",
        {key: value for key, value in rule().items() if key not in ("cidr_ipv4", "to_port")},
        "tcp on every port from addresses known after the apply only",
        "all",
    ),
    "aws-inline-unknown": (
        "aws",
        "aws_security_group",
        {"ingress": [{key: value for key, value in inline()["ingress"][0].items() if key != "cidr_blocks"}]},
        "from addresses known after the apply only",
        "3306",
    ),
    "aws-old-rule": (
        "aws",
        "aws_security_group_rule",
        {
            "type": "ingress",
            "protocol": "tcp",
            "from_port": 3306,
            "to_port": 3306,
            "cidr_blocks": [EVERYWHERE],
            "ipv6_cidr_blocks": None,
            "prefix_list_ids": None,
            "self": False,
        },
        "tcp 3306 from 0.0.0.0/0",
        "3306",
    ),
    "aws-host-bits": ("aws", "aws_security_group", inline(cidr_blocks=["192.0.2.7/24"]), "from 192.0.2.7/24", ""),
}


@pytest.mark.parametrize("case", sorted(OPENED))
def test_whatever_opens_is_said(case: str, tmp_path: Path) -> None:
    cloud, kind, values, text, port = OPENED[case]
    found = reviewed(tmp_path, cloud, resource(kind, values))
    opened = [one for one in said(found, f"{kind}.mine") if one["kind"] == "opens"]
    assert any(text in one["message"] for one in opened), opened
    assert all(not one["standing"] for one in opened)
    assert {one["internet"].partition("/")[0] for one in opened} == {port}
    met = {one["verdict"]: one["subjects"] for one in found["judgements"]}
    assert f"{kind}.mine" in met["plan-disagrees"]
    assert ("new-internet-exposure" in met) is bool(port)


def test_more_than_the_topology_says_is_the_internet_too(tmp_path: Path) -> None:
    """SSH is open to management: without it, the rest of the Internet is many ranges, none of them all of it."""
    after = firewall(EVERYWHERE, port="22")
    change = resource("hcloud_firewall", after, module="module.firewall", name="this", index="cluster")
    found = reviewed(tmp_path, "hetzner", change)
    (opened,) = [one for one in said(found, change["address"]) if one["kind"] == "opens"]
    assert opened["message"] == "it lets in tcp 22 from 0.0.0.0/0, more than the topology says"
    assert opened["internet"] == "22/tcp"


def test_groups_of_the_deployment_may_reach_each_other(tmp_path: Path) -> None:
    group: dict[str, Any] = {"module": "module.firewall", "name": "this"}
    changes = [
        resource("aws_security_group", {"id": "sg-1"}, index="cluster", actions=("no-op",), **group),
        *(
            resource("aws_vpc_security_group_ingress_rule", values, index=f"cluster/in/{number}", **group)
            for number, values in enumerate(
                (
                    rule(referenced_security_group_id="sg-1"),
                    {key: value for key, value in rule().items() if key != "referenced_security_group_id"},
                    rule(referenced_security_group_id="sg-2"),
                )
            )
        ),
    ]
    found = reviewed(tmp_path, "aws", *changes)
    assert [len(said(found, one["address"])) for one in changes] == [0, 0, 0, 1]


def test_what_was_opened_in_the_console_stands_where_it_is_seen(tmp_path: Path) -> None:
    """In AWS no rule of Terraform's takes it back: only the group shows it."""
    place: dict[str, Any] = {"module": "module.firewall", "name": "this", "index": "cluster", "actions": ("no-op",)}
    opened = inline(cidr_blocks=[EVERYWHERE])
    group = resource("aws_security_group", opened, before=opened, **place)
    drift = resource("aws_security_group", opened, before={"ingress": []}, **{**place, "actions": ("update",)})
    (one,) = said(reviewed(tmp_path, "aws", group), group["address"])
    assert one["standing"]
    (one,) = said(reviewed(tmp_path, "aws", group, resource_drift=[drift]), group["address"])
    assert not one["standing"]
    assert one["message"].endswith("it came outside of Terraform, and this plan leaves it")
    # The group repeats what a rule of the operator's own opened in the last apply.
    own = resource("aws_vpc_security_group_ingress_rule", rule(cidr_ipv4=EVERYWHERE), actions=("no-op",))
    found = reviewed(tmp_path, "aws", group, own, resource_drift=[drift])
    assert all(one["standing"] for one in (*said(found, group["address"]), *said(found, own["address"])))


def test_what_no_generated_file_has_is_named(tmp_path: Path) -> None:
    machine = resource("hcloud_server", {"name": "miner"})
    balancer = resource("hcloud_load_balancer", {"name": "l"})
    hidden = resource("hcloud_uploaded_certificate", {}, module="module.nodes", name="this")
    record = resource("hcloud_zone_rrset", {"type": "MX"}, actions=("update",), before={"type": "A"})
    kept = resource("hcloud_load_balancer", {}, name="old", actions=("no-op",))
    gone = resource("hcloud_load_balancer", None, before={}, name="gone", actions=("forget",))
    found = reviewed(tmp_path, "hetzner", machine, balancer, hidden, record, kept, gone)
    assert {one["address"]: one["happens"] for one in found["beside"]} == {
        "hcloud_load_balancer.mine": "made",
        "module.nodes.hcloud_uploaded_certificate.this": "made",
        "hcloud_zone_rrset.mine": "changed in place (type)",
        "hcloud_load_balancer.gone": "left as it is, and forgotten",
    }
    assert [one["message"] for one in said(found, "hcloud_server.mine")] == ["it is a machine that the topology lacks"]
    assert "4 resources of your own change" in found["verdict"]


def test_all_that_the_modules_make_is_known() -> None:
    """Else a resource of ours would be called one of the operator's own."""
    known = {name for cloud in REGISTRY.values() for name in cloud.resource_kinds}
    made = {kind for path in (ROOT / "modules").rglob("*.tf") for kind, _ in NAMED.findall(path.read_text("utf-8"))}
    assert made <= known, made - known


NODE: dict[str, Any] = {"module": "module.nodes", "name": "this"}


def test_a_machine_that_terraform_forgets(tmp_path: Path) -> None:
    change = resource("hcloud_server", None, before={"name": "mta1"}, index="mta1", actions=("forget",), **NODE)
    found = reviewed(tmp_path, "hetzner", change)
    assert [one["message"] for one in said(found, change["address"])] == [
        "Terraform forgets the machine: it stays as it is, and no plan will show it again"
    ]
    assert not found["losses"]
    assert any("lacks the machine" in one["message"] and "mta1" in one["message"] for one in found["disagreements"])


def test_what_a_failed_replacement_left_over_is_not_the_machine(tmp_path: Path) -> None:
    stays = resource("hcloud_server", {"name": "mta1"}, before={}, index="mta1", actions=("no-op",), **NODE)
    left = resource("hcloud_server", None, before={}, index="mta1", actions=("delete",), deposed="0a1b2c3d", **NODE)
    for changes in ((stays, left), (left, stays)):
        found = reviewed(tmp_path, "hetzner", *changes)
        (loss,) = found["losses"]
        assert (loss["kept"], loss["why"]) == (
            False,
            "a replacement that failed half-way left it over, beside the one that took its place",
        )
        assert not said(found, stays["address"])


def test_a_part_of_a_plan_is_called_a_part(tmp_path: Path) -> None:
    messages = [one["message"] for one in reviewed(tmp_path, "hetzner", complete=False)["disagreements"]]
    assert [text for text in messages if text.startswith("the plan is not the whole change")]
    messages = [one["message"] for one in reviewed(tmp_path, "hetzner", complete=True)["disagreements"]]
    assert not [text for text in messages if text.startswith("the plan is not the whole change")]


ZONE: dict[str, Any] = {"module": 'module.public_zone["example.com"]', "name": "this"}
MX = {"name": "@", "type": "MX", "ttl": 300, "records": [{"value": "10 mail.example.com."}]}
ELSEWHERE = {**MX, "records": [{"value": "10 evil.example."}]}


@pytest.mark.parametrize(
    ("actions", "before", "after", "text"),
    [
        (("delete",), MX, None, "is destroyed, and the topology keeps it"),
        (("update",), MX, ELSEWHERE, "changes (records), and the topology leaves it as it is"),
    ],
)
def test_a_record_that_only_terraform_changes(
    actions: tuple[str, ...], before: dict[str, Any], after: dict[str, Any] | None, text: str, tmp_path: Path
) -> None:
    change = resource("hcloud_zone_rrset", after, before=before, actions=actions, index="example.com MX", **ZONE)
    found = reviewed(tmp_path, "hetzner", change, code=1, options=("--fail-on", "mail-dns"))
    assert [one["message"] for one in said(found, change["address"])] == [f"the record example.com MX {text}"]
    (judgement,) = [one for one in found["judgements"] if one["verdict"] == "mail-dns"]
    assert "example.com MX" in judgement["subjects"]


def test_a_record_to_an_address_that_is_not_known_yet(tmp_path: Path) -> None:
    """The address is made anew, and that is said of the address."""
    change = resource(
        "hcloud_zone_rrset",
        {"name": "mail", "type": "A", "ttl": 300},
        before={"name": "mail", "type": "A", "ttl": 300, "records": [{"value": "203.0.113.1"}]},
        actions=("update",),
        index="mail.example.com A",
        **ZONE,
    )
    assert not said(reviewed(tmp_path, "hetzner", change), change["address"])


def test_a_zone_that_goes_is_mail_that_goes(tmp_path: Path) -> None:
    """Its records stay in the topology, for whoever answers instead, so none of them changes."""
    change = resource(
        "hcloud_zone", None, before={}, actions=("delete",), index="example.com", **{**ZONE, "name": "created"}
    )
    found = reviewed(tmp_path, "hetzner", change, code=1, options=("--fail-on", "mail-dns"))
    (judgement,) = [one for one in found["judgements"] if one["verdict"] == "mail-dns"]
    assert "zone example.com" in judgement["subjects"]


def test_a_volume_is_not_taken_from_a_running_machine_unseen(tmp_path: Path) -> None:
    tie = resource("hcloud_volume_attachment", {}, before={}, actions=("delete", "create"), index="store1-mail", **NODE)
    found = reviewed(tmp_path, "hetzner", tie)
    assert [one["kind"] for one in said(found, tie["address"])] == ["destroys"]
    # With its machine it has to go.
    machine = resource("hcloud_server", {}, before={}, actions=("delete", "create"), index="store1", **NODE)
    assert not said(reviewed(tmp_path, "hetzner", tie, machine), tie["address"])


def test_all_records_of_mail_that_a_plan_lacks_are_named(tmp_path: Path) -> None:
    """The MX first, for without it no mail comes; and what mail does without is not among them."""
    found = reviewed(tmp_path, "hetzner", code=1, options=("--fail-on", "mail-dns"))
    (lacking,) = [one for one in found["disagreements"] if one["kind"] == "records"]
    assert lacking["message"].startswith("the plan lacks records that the topology has: example.com MX, ")
    (judgement,) = [one for one in found["judgements"] if one["verdict"] == "mail-dns"]
    first, *others = judgement["subjects"]
    assert first == "example.com MX"
    assert {"_dmarc.example.com TXT", "example.com TXT"} <= {*others}
    assert [one for one in others if one.endswith(" TXT")] == others[: sum(one.endswith(" TXT") for one in others)]
    assert not [one for one in others if one.endswith((" A", " CNAME", " SRV"))]


def test_a_verdict_counts_what_the_section_below_it_names(tmp_path: Path) -> None:
    """The JSON has their sentences, for an acceptance."""
    left = resource("hcloud_server", {}, before={}, index="mta1", actions=("delete", "create"), **NODE)
    found = reviewed(tmp_path, "hetzner", left)
    messages = {one["message"] for one in found["disagreements"] if not one["address"]}
    (judgement,) = [one for one in found["judgements"] if one["verdict"] == "plan-disagrees"]
    assert {*judgement["subjects"]} == {left["address"], *messages}
    assert len(messages) > 2
    options = ("--base", "base.yaml", "--plan", "plan.json")
    for form in ("--markdown", "--html"):
        out = run_cli(tmp_path, "review", *options, form).out
        (line,) = [line for line in out.splitlines() if "plan-disagrees</code>:" in line or "`plan-disagrees`:" in line]
        assert f"and {len(messages)} things about the plan as a whole, named below" in line
        assert not [one for one in messages if one in line]


PEER = "vpn:\n  peers:\n    alice: W2tEBqNfyJjdGGTTmZKwMHyP3PoyWzsd3ZrZhJm9Bz8=\n"


@pytest.mark.parametrize(("without", "lost"), [((), True), (("topology",), False), (("base",), False)])
def test_a_gateway_takes_the_key_of_the_vpn_with_it(without: tuple[str, ...], lost: bool, tmp_path: Path) -> None:
    """It was made there, and is nowhere else; where there is no VPN any more, or yet, nobody misses it."""
    text = Template((ROOT / "tests" / "review" / "bases" / "gateway.yaml").read_text("utf-8"))
    found = text.substitute(provider="hetzner", region="fsn1")
    assert PEER in found
    for name in ("topology", "base"):
        (tmp_path / f"{name}.yaml").write_text(found.replace(PEER, "") if name in without else found, "utf-8")
    change = resource("hcloud_server", {}, before={}, index="gateway", actions=("delete", "create"), **NODE)
    content = {"format_version": "1.2", "resource_changes": [change]}
    (tmp_path / "plan.json").write_text(json.dumps(content), "utf-8")
    words = ("review", "--base", "base.yaml", "--plan", "plan.json", "--markdown", "--fail-on", "destroy-stateful")
    result = run_cli(tmp_path, *words)
    assert result.code == lost, result.err
    key = "Lost with its system disk: the private key of the VPN, so every peer needs the new public one"
    assert (key in result.out) is lost
