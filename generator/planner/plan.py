"""The decisions in their order, put together."""

from generator.context import Context
from generator.lockfile import Lock, LockedNode
from generator.plan import CLUSTER_GROUP, Deployment, Image, Machine, Plan, PlannedNode
from generator.planner.access import choose_jumps
from generator.planner.addresses import Place, place
from generator.planner.dns import plan_dns
from generator.planner.flows import plan_flows
from generator.planner.groups import group_name, plan_groups
from generator.planner.hosts import host_data
from generator.planner.images import choose_images
from generator.planner.install import plan_install
from generator.planner.machines import choose_machines, os_disk
from generator.planner.notices import notices
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
    topology = context.topology
    deployment = _deployment(topology, context)
    placement = place(context, lock, findings)
    machines = choose_machines(context, lock, findings)
    images = choose_images(context, lock, findings)
    volumes = plan_volumes(context, lock, findings)
    jumps = choose_jumps(context, placement, findings)
    nodes = {
        name: _node(
            name,
            context,
            placement.nodes[name],
            machine=machines[name],
            image=images[name],
            jump=jumps[name],
        )
        for name in sorted(context.nodes)
    }
    flows = plan_flows(context, deployment)
    dns = plan_dns(context, nodes)
    plan = Plan(
        format=1,
        deployment=deployment,
        nodes=nodes,
        volumes=volumes,
        flows=flows,
        groups=plan_groups(context, flows),
        subnets=placement.subnets,
        nat_subnet=placement.nat_subnet,
        images={image.key: image for image in sorted(images.values(), key=lambda image: image.key)},
        dns=dns,
        install=plan_install(context, nodes, placement.subnets, dns),
        host_data=host_data(context, nodes, volumes),
        notices=notices(context, flows, dns),
    )
    return plan, _lock(plan), findings


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
        management=topology.management,
        ssh_keys=topology.ssh_keys,
        open_internal="open-internal" in topology.troubleshooting,
    )


def _node(name: str, context: Context, place: Place, *, machine: Machine, image: Image, jump: str) -> PlannedNode:
    node = context.nodes[name]
    roles = tuple(role for role in context.facts.roles if role in node.roles)
    size, reason = os_disk(node, context)
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
        groups=(CLUSTER_GROUP, group_name(roles)),
        machine=machine,
        os_disk_gib=size,
        os_disk_reason=reason,
        jump=jump,
    )


def _lock(plan: Plan) -> Lock:
    nodes = {
        name: LockedNode(
            address=node.address,
            subnet=node.subnet,
            zone=node.zone,
            type=node.machine.type,
            os=node.os,
            image=node.image.id,
        )
        for name, node in plan.nodes.items()
    }
    return Lock(
        network=plan.deployment.network,
        nodes=nodes,
        volumes={volume.key: volume.node for volume in plan.volumes.values()},
    )
