"""Zones that others use as well, and reverse names where several zones are in play."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dns.deployed import APPLY, Topology
from tests.dns.held import Clouds, holder, reverse_names
from tests.helpers import ROOT
from tests.terraform import Program

pytestmark = [pytest.mark.terraform, pytest.mark.slow]
AWS = ROOT / "examples" / "five-nodes-aws" / "topology.yaml"
HETZNER = ROOT / "examples" / "five-nodes-hetzner" / "topology.yaml"


@pytest.mark.parametrize("provider", ["hetzner", "route53"])
def test_a_record_of_others_is_never_replaced(provider: str, terraform: Program, tmp_path: Path) -> None:
    """A name and type that is taken stops the apply; told in `records`, theirs and ours become one set."""
    topology = Topology.read(HETZNER, provider)
    topology.content["dns"]["existing_zone"] = True
    with Clouds(["example.com"]) as clouds:
        session = topology.session(tmp_path / "mail", terraform, clouds)
        provided = holder(provider, clouds)
        assert provided
        provided.add("example.com", "example.com", "TXT", 900, ['"their verification"'])
        (theirs,) = provided.records("example.com")
        said = session.shell(f"python -m generator && terraform {APPLY} -target=module.public_zone", codes=(1,))
        assert "already exists" in said or "uniqueness_error" in said, said[-2000:]
        assert 'aws_route53_record.this["example.com TXT"]' in said or 'zone_rrset.this["example.com TXT"]' in said
        assert theirs in provided.records("example.com")


def test_reverse_names_follow_the_zone_of_the_machines(terraform: Program, tmp_path: Path) -> None:
    """The zone of the machines' names decides, whatever is delegated beside it; AWS looks the forward record up."""
    topology = Topology.read(AWS, "route53")
    topology.content.update({"domain": "corp.example.com", "domains": {"example.net": {"existing_zone": True}}})
    topology.content["dns"]["zone"] = "example.com"
    with Clouds(["example.net"], delegated=["example.net", "example.com"]) as clouds:
        session = topology.session(tmp_path / "mail", terraform, clouds)
        # The private zone is slow, and has no part in it.
        only = "-target=module.ptr -target=module.public_zone"
        session.shell(f"python -m generator && terraform {APPLY} {only}")
        assert set(session.output("zones")) == {"example.com", "example.net"}
        assert reverse_names(clouds) == {}
        session.shell("terraform state list | grep eip_domain_name", codes=(1,))
        assert "dns.ptr" in session.output("hand_over"), "the sheet names the next step"

        session.edit("zone: example.com\n", "zone: example.com\n  ptr: true\n")
        actions = session.planned(options=only)
        assert set(actions.values()) == {("create",)}
        assert [address.rpartition(".")[2] for address in actions] == ['this["public:mta1"]']
        session.shell("terraform apply -input=false -no-color change")
        nodes = session.output("nodes")
        assert reverse_names(clouds) == {nodes["mta1"]["public_address"]: "mta1.corp.example.com"}
