"""Every example with every DNS provider: the finished zone file says what the provider holds, and is judged well."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.dns import canonical
from tests.dns.deployed import APPLY, Topology, addresses, private
from tests.dns.held import Clouds, Route53, holder, reverse_names
from tests.dns.judged import assert_answers, assert_judged_well, mail_domains
from tests.dns.served import check_zone, need, reverse_zones, served
from tests.helpers import EXAMPLES
from tests.session import Session
from tests.terraform import Program

pytestmark = [pytest.mark.terraform, pytest.mark.slow]
DNS = ("route53", "hetzner")
ALSO_NONE = "hetzner"
"""The quicker one: with its machines in place, the same topology with DNS elsewhere needs no second apply of all."""
# What is right on the first day, or was not asked for: reverse names come after the A records, a policy comes with a
# key, and who gets reports is the operator's choice.
FIRST_DAY = (
    "does not have any reverse DNS (PTR) records",
    "p tag value of none makes DMARC unenforced",
    "rua tag (destination for aggregate reports) not found",
)
ADDRESSES = {
    "aws": "-target=module.nodes.aws_eip.this -target=module.nodes.aws_ebs_volume.this",
    "hetzner": "-target=module.nodes.hcloud_primary_ip.this -target=module.nodes.hcloud_volume.this",
}
"""What stands in the texts that are finished after apply."""

CASES = [(example, provider) for example in EXAMPLES for provider in DNS]


def finished(session: Session, topology: Topology) -> dict[str, str]:
    """Generate and apply, and return `terraform output -json zones`."""
    provider = topology.content["dns"]["provider"]
    session.shell("python -m generator")
    targets = ""
    if (topology.cloud, provider) != ("aws", "route53"):
        # A private zone is slow, and a hypervisor is not to be had: the public zone and what it needs are enough.
        targets = ADDRESSES.get(topology.cloud, "") if provider == "none" else "-target=module.public_zone"
    if topology.cloud != "libvirt" or provider != "none":
        session.shell(f"terraform {APPLY} {targets}")
    if topology.cloud == "libvirt":
        # All addresses are the operator's own: the files are finished before any apply.
        files = sorted((session.folder / "dns").glob("*.zone"))
        return {file.name.removesuffix(".zone"): file.read_text("utf-8") for file in files}
    zones: dict[str, str] = session.output("zones")
    assert "\n".join(zones.values()) == session.output("zone")
    return zones


@pytest.mark.parametrize(("example", "provider"), CASES, ids=lambda value: getattr(value, "name", value))
def test_what_is_held_is_what_the_zone_file_says(
    example: Path, provider: str, terraform: Program, tmp_path: Path
) -> None:
    topology = Topology.read(example / "topology.yaml", provider)
    with Clouds(topology.existing, topology.existing) as clouds:
        session = topology.session(tmp_path / "mail", terraform, clouds)
        zones = finished(session, topology)
        assert zones
        assert "@@" not in "".join(zones.values())
        assert not private(addresses(zones))
        provided = holder(provider, clouds)
        if provided:
            assert provided.zones() == set(zones)
            for zone, text in zones.items():
                assert provided.records(zone) == canonical.of_zone_file(text, zone)
        for zone in Route53(clouds, private=True).zones():
            assert_inside(zones[zone], Route53(clouds, private=True).records(zone), zone, session.output("nodes"))
        reverse = reverse_names(clouds)
        if provider == ALSO_NONE:
            elsewhere = Topology.read(example / "topology.yaml", "none")
            elsewhere.content["dns"]["ttl"] = 900
            elsewhere.write(session.folder)
            later = {zone: text.replace(" 300 IN ", " 900 IN ") for zone, text in zones.items()}
            assert later != zones
            assert finished(session, elsewhere) == later

    need("nsd", "unbound", "named-checkzone")
    for zone, text in zones.items():
        check_zone(tmp_path, zone, text)
    with served(tmp_path / "served", {**zones, **reverse_zones(reverse)}) as world:
        assert_answers(zones, world)
        domains = mail_domains(zones)
        assert domains
        assert_judged_well(domains, world, warnings=FIRST_DAY)


def assert_inside(public: str, inside: list[str], zone: str, nodes: Mapping[str, Mapping[str, str]]) -> None:
    """What hides the public zone inside has all of its texts and services, and the machines' private addresses."""
    kept = {"CAA", "SRV", "TXT"}
    outside = canonical.of_zone_file(public, zone)
    assert [line for line in inside if line.split()[2] in kept] == [line for line in outside if line.split()[2] in kept]
    hosts = canonical.hosts(inside)
    for node in nodes.values():
        assert hosts[f"{node['fqdn']}."] == {node["private_address"]}
    public_ones = set().union(*canonical.hosts(outside).values())
    assert hosts[f"mail.{zone}."].isdisjoint(public_ones)
