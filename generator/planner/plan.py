"""The decisions in their order, put together."""

from collections.abc import Iterator

import msgspec

from generator.addressing import cluster_ranges
from generator.context import Context
from generator.lockfile import Lock, LockedNode
from generator.plan import CLUSTER_GROUP, GATEWAY, Deployment, Image, Machine, Plan, PlannedNode
from generator.planner.access import choose_jumps
from generator.planner.addresses import Place, Placement, place
from generator.planner.changes import changes, remembered
from generator.planner.dns import plan_dns
from generator.planner.flows import plan_flows
from generator.planner.gateway import plan_gateway, plan_router
from generator.planner.groups import group_name, plan_groups
from generator.planner.host_firewalls import plan_host_firewalls
from generator.planner.hosts import host_data
from generator.planner.images import choose_images
from generator.planner.install import plan_install
from generator.planner.links import default_route, plan_links
from generator.planner.machines import choose_machines
from generator.planner.notices import notices
from generator.planner.placement_groups import choose_placement_groups
from generator.planner.resolver import choose_resolvers, plan_resolver
from generator.planner.state import plan_state
from generator.planner.volumes import plan_volumes
from generator.problems import Finding
from generator.topology import Topology


def make_plan(context: Context, lock: Lock) -> tuple[Plan, Lock, list[Finding]]:
    """Decide everything.

    Args:
        context: A topology without errors, with its facts.
        lock: Earlier choices; an empty lock chooses everything anew.

    Returns:
        The plan, the lock that holds its choices, and what turned out wrong or remarkable.
    """
    findings: list[Finding] = []
    deployment = _deployment(context.topology, context)
    findings += _elsewhere(deployment, lock, context)
    placement = place(context, lock, findings)
    machines = choose_machines(context, lock, findings)
    images = choose_images(context, lock, findings)
    volumes = plan_volumes(context, lock, findings)
    jumps = choose_jumps(context, placement, findings)
    nodes = _nodes(context, lock, placement, machines=machines, images=images, jumps=jumps)
    resolvers = choose_resolvers(context, lock)
    flows = plan_flows(context, deployment, nodes[GATEWAY].address if context.has_gateway else "", resolvers)
    dns = plan_dns(context, nodes, findings)
    resolver = plan_resolver(context, resolvers, placement, dns)
    gateway = plan_gateway(context, lock, nodes, flows, resolver, findings)
    plan = Plan(
        format=1,
        deployment=deployment,
        nodes=nodes,
        volumes=volumes,
        flows=flows,
        groups=plan_groups(context, flows, gateway),
        host_firewalls=plan_host_firewalls(context, nodes, flows, resolvers),
        gateway=gateway,
        router=plan_router(context, nodes, flows),
        resolver=resolver,
        subnets=placement.subnets,
        nat_subnet=placement.nat_subnet,
        images={image.key: image for image in sorted(images.values(), key=lambda image: image.key)},
        state=plan_state(context, deployment.name),
        dns=dns,
        install=plan_install(context, nodes, placement.subnets, dns),
        host_data=host_data(context, nodes, volumes, resolver),
        notices=notices(context, flows, dns, nodes, gateway),
    )
    now = _lock(context, plan)
    findings += changes(context, lock, now, plan)
    if any(finding.rule == "cloud-changes" for finding in findings):
        # What else would change follows from that.
        findings = [finding for finding in findings if finding.severity == "error"]
    return plan, now, findings


def _elsewhere(deployment: Deployment, lock: Lock, context: Context) -> Iterator[Finding]:
    """Yield what tears down a whole deployment, for that is hardly meant."""
    before, now = (lock.provider, lock.region), (deployment.provider, deployment.region)
    if lock.provider and before != now:
        yield Finding(
            "cloud-changes",
            ("cloud", "provider" if before[0] != now[0] else "region"),
            f"this folder holds a deployment on {' '.join(before)}; on {' '.join(now)} nothing of it would be kept",
            "Use a folder of its own: generate plan --out DIR shows what would be there, generate --out DIR writes it. "
            "If all of this one shall go, volumes too: terraform destroy, then remove topology.lock.json and run "
            "generate --force.",
        )
    elif lock.network and lock.network != deployment.network:
        after = "every machine gets another address, and has to be rebuilt where Terraform does not replace it"
        if context.capabilities.on_premises:
            after = "machines that run keep their addresses until they are rebuilt"
        why = f"the network changes from {lock.network}: {after}"
        mend = f"To keep all addresses, write: cidr: {lock.network}"
        yield Finding("network-changes", ("network", "cidr"), why, mend, "warning")


def _deployment(topology: Topology, context: Context) -> Deployment:
    return Deployment(
        name=topology.name or topology.domain.replace(".", "-"),
        domain=topology.domain,
        release=context.facts.release.name,
        edition=topology.edition,
        provider=topology.cloud.provider,
        region=topology.cloud.region,
        exposure=topology.exposure,
        network=topology.network.cidr,
        cluster=cluster_ranges(topology.network.cidr),
        management=topology.management,
        ssh_keys=topology.ssh_keys,
        existing_key_pair=topology.cloud.existing_key_pair,
        open_internal="open-internal" in topology.troubleshooting,
    )


def _nodes(
    context: Context,
    lock: Lock,
    placement: Placement,
    *,
    machines: dict[str, Machine],
    images: dict[str, Image],
    jumps: dict[str, str],
) -> dict[str, PlannedNode]:
    groups = choose_placement_groups(context, lock)
    gateway = placement.nodes[GATEWAY].address if context.has_gateway else ""
    return {
        name: _node(
            name,
            context,
            placement.nodes[name],
            machine=machines[name],
            image=images[name],
            jump=jumps[name],
            placement_group=groups[name],
            gateway=gateway,
        )
        for name in sorted(placement.nodes)
    }


def _node(
    name: str,
    context: Context,
    place: Place,
    *,
    machine: Machine,
    image: Image,
    jump: str,
    placement_group: str,
    gateway: str,
) -> PlannedNode:
    vpn = context.topology.vpn
    roles: tuple[str, ...] = (GATEWAY,)
    groups: tuple[str, ...] = (GATEWAY,)
    hardware = context.facts.hardware.gateway
    size, reason = hardware.os_disk_gib, f"a gateway: {hardware.os_disk_gib} GB"
    if name in context.nodes:
        node = context.nodes[name]
        roles = tuple(role for role in context.facts.roles if role in node.roles)
        groups = (CLUSTER_GROUP, group_name(roles))
        size, reason = context.facts.hardware.system_disk(node.roles)
    if machine.disk_gib:
        size, reason = machine.disk_gib, f"{reason} at least; {machine.type} brings {machine.disk_gib} GB"
    return PlannedNode(
        name=name,
        fqdn=f"{name}.{context.topology.domain}",
        roles=roles,
        os=image.os,
        image=image,
        login_user=context.cloud.images[image.os].login_user,
        address=place.address,
        subnet=place.subnet,
        zone=place.zone,
        public=place.public,
        groups=groups,
        machine=machine,
        os_disk_gib=size,
        os_disk_reason=reason,
        jump=jump,
        login_address="public" if place.public and not (vpn is not None and vpn.only) else "private",
        public_address=place.public_address,
        placement_group=placement_group,
        router=default_route(place.public_address, gateway, context),
        stated_address=context.stated_address(name),
        links=plan_links(name, f"{name}.{context.topology.domain}", place.address, context),
    )


def _lock(context: Context, plan: Plan) -> Lock:
    vpn = plan.gateway.vpn if plan.gateway is not None else None
    nodes = {
        name: LockedNode(
            address=node.address,
            subnet=node.subnet,
            zone=node.zone,
            type=node.machine.type,
            os=node.os,
            image=node.image.id,
            placement_group=node.placement_group,
            public_address=node.public_address,
        )
        for name, node in plan.nodes.items()
    }
    return msgspec.structs.replace(
        remembered(context, plan),
        network=plan.deployment.network,
        nodes=nodes,
        volumes={volume.key: volume.node for volume in plan.volumes.values()},
        resolvers=tuple(plan.resolver.addresses) if plan.resolver is not None else (),
        sizes={volume.key: volume.size_gib for volume in plan.volumes.values()},
        provider=plan.deployment.provider,
        region=plan.deployment.region,
        peers={peer.name: peer.address for peer in vpn.peers} if vpn is not None else {},
    )
