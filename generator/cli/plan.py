"""`generate plan`: what was decided and why, for people or as JSON."""

import argparse
from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence

from generator.cli.configure import advice
from generator.cli.options import common
from generator.cli.pipeline import Planned, plan_topology, render_planned
from generator.cli.report import out, say_problems
from generator.errors import Exit
from generator.files import json_bytes
from generator.output import compare, read_manifest
from generator.plan import OUTSIDE, Flow, Forward, Plan

_GAP = "  "


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    found = argparse.ArgumentParser(
        prog="generate plan",
        description="Show what was decided and why. Nothing is written.",
        epilog="Example: generate plan --json | jq '.flows[] | select(.source == \"internet\")'",
    )
    common(found)
    return found


def run(arguments: Namespace) -> int:
    """Run the command and return its exit code."""
    planned = plan_topology(arguments)
    say_problems(planned.warnings)
    if arguments.json:
        out(json_bytes(planned.plan).decode(), end="")
    else:
        for line in describe(planned.plan):
            out(line)
        for line in _configure(planned):
            out(line)
    return Exit.FINE


def _configure(planned: Planned) -> Iterator[str]:
    """Yield the nodes whose data would change, where the folder was generated before."""
    if (planned.folder / "nodes").is_dir():
        files = render_planned(planned).files
        lines = list(advice(compare(planned.folder, files, read_manifest(planned.folder))))
        if lines:
            yield from (*_section("Nodes to configure"), *lines)


def describe(plan: Plan) -> Iterator[str]:
    """Yield the lines of the plan for people."""
    deployment = plan.deployment
    yield f"{deployment.name}: Carbonio {deployment.release} {deployment.edition} for {deployment.domain}"
    yield f"{deployment.provider}, {deployment.region}, network {deployment.network}, exposure {deployment.exposure}"
    yield from _section("Nodes")
    header = ("NODE", "PRIVATE", "ZONE", "PUBLIC", "OS", "TYPE", "VCPU", "MEMORY", "DISK", "ROLES")
    yield from _table(
        [
            header,
            *(
                (
                    node.name,
                    node.address,
                    node.zone,
                    "yes" if node.public else "out only" if node.public_address else "no",
                    node.os,
                    node.machine.type,
                    str(node.machine.vcpu),
                    f"{node.machine.memory_gib:g} GB",
                    f"{node.os_disk_gib} GB",
                    ", ".join(node.roles),
                )
                for node in plan.nodes.values()
            ),
        ]
    )
    yield from _section("Why these sizes")
    for node in plan.nodes.values():
        machine = node.machine
        yield f"{node.name} needs {machine.needs_vcpu} vCPU and {machine.needs_memory_gib} GB"
        yield from (f"  {reason}" for reason in machine.reasons)
        yield f"  system disk: {node.os_disk_reason}"
    for volume in plan.volumes.values():
        yield f"{volume.key}: {volume.size_gib} GB at {volume.mount}"
        yield from (f"  {reason}" for reason in volume.reasons)
    yield from _reach(plan)
    yield from _dns(plan)
    yield from _section("Notes")
    yield from (f"- {notice}" for notice in plan.notices)


def _reach(plan: Plan) -> Iterator[str]:
    """Yield who can reach what: every flow from outside, and the cluster's in a line per target."""
    yield from _section("Who can reach what")
    outside = [flow for flow in plan.flows if flow.source != "cluster"]
    order = {"internet": 0, "listed": 1, "management": 2, "vpn": 3, "gateway": 4}
    outside.sort(key=lambda flow: (order.get(flow.source, 5), flow.target, flow.protocol, _first_port(flow)))
    yield from _table(
        [
            ("FROM", "TO", "PORT", "FOR"),
            *(
                (
                    flow.source if flow.source != "listed" else ", ".join(flow.ranges),
                    _target(flow.target),
                    f"{flow.protocol} {flow.ports}",
                    "; ".join(flow.services),
                )
                for flow in outside
            ),
        ]
    )
    inside: dict[str, list[Flow]] = {}
    for flow in plan.flows:
        if flow.source == "cluster" and flow.target != OUTSIDE:
            inside.setdefault(flow.target, []).append(flow)
    yield "From the cluster:"
    for target, flows in inside.items():
        ports = ", ".join(f"{flow.ports}/{flow.protocol}" for flow in sorted(flows, key=_first_port))
        yield f"  {_target(target)}: {ports}"
    yield from _gateway(plan)


def _gateway(plan: Plan) -> Iterator[str]:
    """Yield what the gateway does, or the operator's router has to do, and where DNS inside is answered."""
    gateway = plan.gateway
    if gateway is not None:
        yield from _section("Gateway")
        if gateway.way_out:
            yield "The nodes leave through it, with its address."
        yield from _forwards(gateway.forwards)
        if gateway.vpn is not None:
            peers = ", ".join(f"{peer.name} ({peer.address})" for peer in gateway.vpn.peers) or "none yet"
            yield f"WireGuard on udp {gateway.vpn.port}, {gateway.vpn.range}; peers: {peers}"
    if plan.router is not None:
        yield from _section("Your router")
        yield f"It has {plan.router.public_address}, and {plan.router.address} in the network. It has to forward:"
        yield from _forwards(plan.router.forwards)
    if plan.host_firewalls:
        kinds = sorted({f"{one.kind}" for one in plan.host_firewalls.values()})
        yield from _section("Firewalls on the machines")
        yield f"{', '.join(plan.host_firewalls)} ({', '.join(kinds)})"
    if plan.resolver is not None:
        yield from _section("DNS inside")
        yield f"Answered by dnsmasq on {', '.join(plan.resolver.addresses)}."


def _forwards(forwards: Iterable[Forward]) -> Iterator[str]:
    for forward in forwards:
        sources = "" if forward.sources == ("0.0.0.0/0",) else f" from {', '.join(forward.sources)}"
        share = ", shared by the client's address" if len(forward.targets) > 1 else ""
        yield f"{forward.protocol} {forward.ports}{sources} -> {', '.join(forward.targets)}{share}"


def _dns(plan: Plan) -> Iterator[str]:
    """Yield the records that the world sees, and the reverse names."""
    yield from _section("DNS")
    yield _dns_host(plan)
    rows = [("NAME", "TYPE", "VALUE", "NEED", "WHY")]
    for record in plan.dns.public:
        for value in record.values:
            text = value.text % tuple(f"<{symbol}>" for symbol in value.addresses)
            rows.append((record.name, record.type, text, record.need, record.why))
    yield from _table(rows)
    for symbol, name in plan.dns.ptr.items():
        yield f"PTR of <{symbol}> is {name}"
    for address, name in plan.dns.ptr_elsewhere.items():
        yield f"PTR of {address} shall be {name}: ask whoever gave you the address"


def _dns_host(plan: Plan) -> str:
    zones = list(plan.dns.zones.values())
    if plan.dns.provider == "none":
        files = ", ".join(f"dns/{zone.name}.zone" for zone in zones)
        return f"Publish these records where the domain is hosted; {files} has them."
    named = ", ".join(f"{'the existing' if zone.existing else 'a new'} zone {zone.name}" for zone in zones)
    return f"Terraform keeps these records at {plan.dns.provider}, in {named}."


def _first_port(flow: Flow) -> int:
    return int(flow.ports.partition("-")[0])


def _target(target: str) -> str:
    return "every node" if target == "*" else target


def _section(title: str) -> Iterator[str]:
    yield ""
    yield title
    yield "-" * len(title)


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield _GAP.join(cells).rstrip()
