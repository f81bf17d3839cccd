"""Look up what a topology names: release, edition, cloud, region, zones and scenario."""

from collections.abc import Mapping

import msgspec

from generator.capabilities import Capabilities, DnsProvider
from generator.context import Context
from generator.facts import CloudFacts, Facts, load_cloud, load_facts, releases
from generator.problems import Finding, hinted, listing, nearest
from generator.topology import Node, Topology


def resolve(
    topology: Topology, clouds: Mapping[str, Capabilities], dns_providers: Mapping[str, DnsProvider]
) -> tuple[Context | None, list[Finding]]:
    """Look up what the topology names: release, edition, cloud, region and scenario.

    Returns:
        The context, or None where one of them is unknown, and the findings.
    """
    findings: list[Finding] = []
    release = _release(topology, findings)
    choice = topology.cloud
    cloud = load_cloud(choice.provider) if choice.provider in clouds else None
    if cloud is None:
        hint, mend = hinted(choice.provider, list(clouds), f"Known are {listing(sorted(clouds))}.")
        why = f'"{choice.provider}" is not a cloud{hint}'
        findings.append(Finding("unknown-cloud", ("cloud", "provider"), why, mend))
    else:
        if not choice.region and len(cloud.regions) == 1:
            choice = msgspec.structs.replace(choice, region=next(iter(cloud.regions)))
            topology = msgspec.structs.replace(topology, cloud=choice)
        findings += _region(topology, cloud)
    if release is None or cloud is None:
        return None, findings
    facts = load_facts(release, topology.edition)
    nodes = _nodes(topology, facts, findings)
    if findings:
        return None, findings
    return Context(topology, facts, cloud, clouds[choice.provider], nodes, dns_providers), []


def _release(topology: Topology, findings: list[Finding]) -> str | None:
    known = {alias: name for name, release in releases().items() for alias in (name, *release.aliases)}
    if topology.release in known:
        return known[topology.release]
    if topology.release:
        names = listing(sorted(releases(), key=lambda name: [int(part) for part in name.split(".")]))
        findings.append(
            Finding(
                "unknown-release",
                ("release",),
                f'there is no port table for release "{topology.release}"',
                f"Tables are there for {names}.",
            )
        )
    return None


def _region(topology: Topology, cloud: CloudFacts) -> list[Finding]:
    region, regions = topology.cloud.region, cloud.regions
    if not region:
        return [
            Finding(
                "missing-region",
                ("cloud",),
                "cloud.region is missing",
                "Add one, as in: region: eu-central-1",
            )
        ]
    if region not in regions:
        hint, mend = hinted(region, list(regions), f"It has {listing(list(regions))}.")
        why = f'"{region}" is not a region of {cloud.provider}{hint}'
        return [Finding("unknown-region", ("cloud", "region"), why, mend)]
    return [
        Finding(
            "unknown-zone",
            ("cloud", "zones", index),
            f'"{zone}" is not a zone of {region}',
            f"It has {listing(regions[region])}.",
        )
        for index, zone in enumerate(topology.cloud.zones)
        if zone not in regions[region]
    ]


def _nodes(topology: Topology, facts: Facts, findings: list[Finding]) -> Mapping[str, Node]:
    if topology.scenario and topology.nodes:
        findings.append(
            Finding(
                "nodes-and-scenario",
                ("scenario",),
                "nodes and scenario exclude each other",
                "Remove one of them.",
            )
        )
    elif topology.scenario and topology.scenario not in facts.scenarios:
        known = listing(list(facts.scenarios))
        hint = nearest(topology.scenario, list(facts.scenarios))
        findings.append(
            Finding(
                "unknown-scenario",
                ("scenario",),
                f'"{topology.scenario}" is not a scenario of {facts.release.name} {facts.edition}{hint}',
                f"It documents {known}." if known else "It documents none; write nodes.",
            )
        )
    elif topology.scenario:
        return {name: Node(roles=roles) for name, roles in facts.scenarios[topology.scenario].nodes.items()}
    elif not topology.nodes:
        mend = (
            f"Write nodes, or name a scenario: {listing(list(facts.scenarios))}." if facts.scenarios else "Write nodes."
        )
        findings.append(Finding("missing-nodes", ("nodes",), "there are no nodes", mend))
    return topology.nodes
