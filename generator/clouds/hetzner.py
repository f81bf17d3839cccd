"""Hetzner Cloud."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from generator.addressing import disjoint
from generator.capabilities import Capabilities, DnsProvider, Provider
from generator.clouds.base import Cloud, Simulator, Tfvars
from generator.clouds.resources import UNKNOWN, Opening, Openings, ResourceKind
from generator.clouds.values import key_pair, longest_compressed, public_dns
from generator.context import Context
from generator.errors import InputError
from generator.facts import EVERY_NODE, load_cloud
from generator.kinds import IMAGE
from generator.plan import CLUSTER_GROUP, GATEWAY, Group, Plan
from generator.problems import Finding
from generator.question import Draft, Question, Topic, one

_ANY = "0.0.0.0/0"
_EVERYWHERE = (_ANY, "::/0")
_ID = r"[0-9]{1,18}"
_SELECTOR = r"[A-Za-z0-9][A-Za-z0-9._/-]*=[A-Za-z0-9][A-Za-z0-9._-]*"
_OUT = (("tcp", "1-65535"), ("udp", "1-65535"), ("icmp", None))


def _snapshot(draft: Draft) -> Question | None:
    """Ask for a snapshot where Hetzner has no image of the nodes' system."""
    image = load_cloud("hetzner").images[draft.os]
    if image.offered:
        return None
    return Question(
        title=f"Snapshot of {draft.os}",
        why=f"Hetzner offers no {draft.os}, so the nodes start from a snapshot of yours. {image.make}",
        read=one(IMAGE),
        default=f"os={draft.os}",
        path=("cloud", "images", draft.os),
        comment=f"Hetzner offers no {draft.os}: a snapshot of yours, by its label or its id.",
        notice=image.make,
    )


HCLOUD_PROVIDER = Provider("hcloud", "hetznercloud/hcloud", "~> 1.68")
"""Terraform's provider for whatever of Hetzner is in use."""


def _firewall_openings(values: Mapping[str, Any]) -> Iterator[Opening]:
    for rule in values.get("rule") or ():
        if rule.get("direction", "in") == "in":
            ranges = tuple(rule.get("source_ips") or ())
            ports = (rule["port"] or "") if "port" in rule else "all"
            yield Opening(ranges, rule.get("protocol", "any"), ports, unseen=() if "source_ips" in rule else (UNKNOWN,))


def _server_openings(values: Mapping[str, Any]) -> Iterator[Opening]:
    """Yield everything, where no firewall stands before a public address: then nothing is filtered."""
    interfaces: Sequence[Mapping[str, Any]] = values.get("public_net") or ({},)
    public = any(one.get(f"ipv{version}_enabled", True) for one in interfaces for version in (4, 6))
    if public and not values.get("firewall_ids", True):
        yield Opening(_EVERYWHERE, "any", "all")


def _balancer_openings(values: Mapping[str, Any]) -> Iterator[Opening]:
    """Yield what a load balancer listens on: no firewall stands before it, nor between it and the private network."""
    usual = {"http": "80", "https": "443"}.get(values.get("protocol", ""), "all")
    yield Opening(_EVERYWHERE, "tcp", str(values.get("listen_port") or usual))


class Hetzner:
    """Hetzner Cloud: firewalls on public addresses, primary IPs, volumes, DNS.

    Its firewalls do not see the private network, so the machines filter there themselves.
    """

    templates = "hetzner"
    modules = ("hetzner/network", "hetzner/firewall", "hetzner/nodes", "hetzner/ptr", "dns/records")
    providers = (HCLOUD_PROVIDER,)
    dns_providers: Mapping[str, DnsProvider] = {
        "hetzner": DnsProvider(("dns/records", "dns/hetzner"), (HCLOUD_PROVIDER,), least_ttl=60, whole_domains=True)
    }
    # The codes of the API: https://docs.hetzner.cloud/reference/cloud#errors
    hints: Mapping[str, str] = {
        "resource_unavailable": "The location has no such machine free at the moment: set another type: or region:, "
        "or try later.",
        "placement_error": "The machine found no place beside the others: try later, or set another type:.",
        "resource_limit_exceeded": "The project is at its limit: ask for more under Limits in the console.",
        "rate_limit_exceeded": "Too many requests in an hour: wait, or run terraform apply -parallelism=2.",
        "uniqueness_error": "Something of this name is there already: set name: for this deployment, or remove it.",
        "unauthorized": "HCLOUD_TOKEN is not a token of this project with the right to write.",
        "unavailable": "Hetzner's API was not available: run terraform apply again, it goes on where it stopped.",
        "locked": "Another operation still runs on it: run terraform apply again, it goes on where it stopped.",
    }
    resource_kinds: Mapping[str, ResourceKind] = {
        "hcloud_server": "machine",
        "hcloud_volume": "volume",
        "hcloud_primary_ip": "address",
        "hcloud_floating_ip": "address",
        "hcloud_zone": "zone",
        "hcloud_zone_rrset": "record",
        "hcloud_rdns": "record",
        "hcloud_firewall": "firewall",
        "hcloud_network": "network",
        "hcloud_network_subnet": "network",
        "hcloud_network_route": "network",
        "hcloud_volume_attachment": "attachment",
        "hcloud_ssh_key": "other",
        "hcloud_placement_group": "other",
    }
    openings: Mapping[str, Openings] = {
        "hcloud_firewall": _firewall_openings,
        "hcloud_server": _server_openings,
        "hcloud_load_balancer_service": _balancer_openings,
    }
    usual_region = "fsn1"
    topics = (
        Topic(
            option="image",
            metavar="SNAPSHOT",
            help="snapshot, where Hetzner has no image of the system",
            ask=_snapshot,
            depends=True,
        ),
    )
    capabilities = Capabilities(
        title="Hetzner",
        exposures=("direct", "gateway"),
        default_dns="hetzner",
        default_subscription="",
        device_path="/dev/disk/by-id/scsi-0HC_Volume_{}",
        zonal_subnets=False,
        managed_nat=False,
        host_firewall=True,
        final_snapshots=False,
        private_zone=False,
        ptr_needs_forward=False,
    )

    def tfvars(self, plan: Plan, context: Context) -> Tfvars:
        """Return the values of the root variables."""
        deployment, groups = plan.deployment, _groups(plan)
        return {
            "name": deployment.name,
            "domain": deployment.domain,
            "region": deployment.region,
            "network": {
                "cidr": deployment.network,
                "zone": context.cloud.network_zones[deployment.region],
                "subnets": {name: {"cidr": subnet.cidr} for name, subnet in plan.subnets.items()},
                "gateway": GATEWAY if plan.gateway is not None else None,
                "way_out": plan.gateway is not None and plan.gateway.way_out,
            },
            "firewall": {
                "groups": {group.name: {"description": _group_text(group)} for group in groups},
                "rules": {key: rule for group in groups for key, rule in _rules(group)},
            },
            "ssh": key_pair(deployment),
            "images": {
                key: _image(image.id, context.cloud.images[image.os].name) for key, image in plan.images.items()
            },
            "protect": context.topology.cloud.protect,
            "nodes": _nodes(plan, {group.name for group in groups}),
            "volumes": {
                volume.key: {"node": volume.node, "size_gib": volume.size_gib} for volume in plan.volumes.values()
            },
            "dns": public_dns(plan.dns),
        }

    def audit(self, plan: Plan, context: Context) -> Iterator[Finding]:
        """Yield limits exceeded and images that Hetzner could not find."""
        limits, quotas = context.cloud.limits, context.topology.cloud.quotas
        # A limit of the platform: a topology can only lower it.
        most = min(quotas.rules_per_group or limits.rules_per_group, limits.rules_per_group)
        widest, widest_group = 0, ""
        for group in _groups(plan):
            rules = dict(_rules(group))
            effective = sum(len(one["ranges"]) for one in rules.values())
            if limits.effective_rules_per_group is not None and effective > limits.effective_rules_per_group:
                yield Finding(
                    "quota-effective",
                    ("management",),
                    f"the firewall {group.name} would come to {effective} rules, one for each range of each entry; "
                    f"Hetzner takes {limits.effective_rules_per_group}",
                    "Join the ranges into fewer, wider ones.",
                )
            if len(rules) > most:
                yield Finding(
                    "quota-rules",
                    ("services",),
                    f"the firewall {group.name} would have {len(rules)} entries; Hetzner takes {most}",
                    "Open fewer services, or give their roles to different nodes.",
                )
            widest, widest_group = max(
                (widest, widest_group), *((len(one["ranges"]), group.name) for one in rules.values())
            )
        if limits.ranges_per_rule is not None and widest > limits.ranges_per_rule:
            yield Finding(
                "quota-ranges",
                ("management",),
                f"a rule of the firewall {widest_group} would have {widest} ranges; "
                f"Hetzner takes {limits.ranges_per_rule}",
                "Join the ranges into fewer, wider ones.",
            )
        for path, image in context.written_images():
            if not re.fullmatch(f"{_ID}|{_SELECTOR}", image):
                mend = "Write its id, such as 123456789, or a label that it alone has, such as os=ubuntu-20.04."
                yield Finding("wrong-image", path, f'"{image}" is not a snapshot of Hetzner', mend)

    def audit_user_data(self, user_data: Mapping[str, str], context: Context) -> Iterator[Finding]:
        """Yield user-data that is too long, counted as it is sent: compressed, in base64."""
        longest, compressed = longest_compressed(user_data)
        size = compressed * 4 // 3
        limit = context.cloud.limits.user_data_bytes
        if size > limit:
            yield Finding(
                "user-data-size",
                ("ssh_keys",),
                f"the user-data of {longest} has {size} bytes as it is sent; Hetzner takes {limit}",
                "Name fewer SSH keys or nodes: they are the parts of it that grow.",
            )

    def simulator(self, plan: Plan, faults: Sequence[str]) -> AbstractContextManager[Simulator]:
        """Return the API's stand-in, with the snapshots, the zone and the key that the plan takes for granted."""
        from generator.rehearse.hetzner.faults import Faults
        from generator.rehearse.hetzner.simulator import HetznerSimulator

        try:
            Faults(faults)
        except ValueError as error:
            mend = "Faults are words such as 429*3, 503@volumes, resource_unavailable:mta1.example.com or slow:2."
            raise InputError(str(error), mend) from None
        key = plan.deployment.existing_key_pair
        return HetznerSimulator(
            snapshots=tuple(image.id for image in plan.images.values() if re.fullmatch(f"{_ID}|{_SELECTOR}", image.id)),
            existing_zones=tuple(zone.name for zone in plan.dns.zones.values() if zone.existing),
            ssh_keys=(key,) if key else (),
            faults=faults,
        )

    def consult(self, context: Context) -> dict[str, Any]:
        """Ask for the ids of images, and for machine types that the facts lack."""
        from generator.online import hetzner

        return hetzner.consult(context)

    def audit_online(self, plan: Plan, context: Context) -> list[Finding]:
        """Ask whether every machine type is sold in the location."""
        from generator.online import hetzner

        return hetzner.audit(plan)


def _groups(plan: Plan) -> list[Group]:
    """Return the groups that need a firewall: with a machine that has a public address, and something to say."""
    used = {group for node in plan.nodes.values() if node.public_address for group in node.groups}
    return [group for name, group in plan.groups.items() if name in used and any(_rules(group))]


def _group_text(group: Group) -> str:
    if group.roles == (GATEWAY,):
        return "The gateway"
    return "Every node" if group.roles == (EVERY_NODE,) else f"Nodes with {' + '.join(group.roles)}"


def _rules(group: Group) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rules of a group's firewall: what comes from outside, one rule per protocol and ports.

    The rest of the group's rules concern the private network, which no firewall of Hetzner's sees.
    """
    inbound: dict[tuple[str, str], list[str]] = {}
    texts: dict[tuple[str, str], str] = {}
    for rule in group.rules:
        if "/" in rule.source:
            # ICMP cannot be limited to a type here; the machine's own firewall does that.
            key = (rule.protocol, "" if rule.protocol == "icmp" else rule.ports)
            inbound.setdefault(key, []).append(rule.source)
            texts.setdefault(key, rule.description)
    for (protocol, ports), ranges in sorted(inbound.items()):
        yield _rule(group, "in", protocol, ports or None, ranges, texts[protocol, ports])
    # A machine's firewalls add up, so one of them speaks for what leaves.
    for name, everything in _OUT if group.name in (CLUSTER_GROUP, GATEWAY) else ():
        yield _rule(group, "out", name, everything, [_ANY], "Everything outward")


def _rule(
    group: Group, direction: str, protocol: str, ports: str | None, ranges: list[str], text: str
) -> tuple[str, dict[str, Any]]:
    return f"{group.name}/{direction}/{protocol}/{ports or 'all'}", {
        "group": group.name,
        "direction": direction,
        "protocol": protocol,
        "ports": ports,
        "ranges": list(disjoint(ranges)),
        "description": text[:255],
    }


def _image(named: str, offered: str) -> dict[str, str | None]:
    found: dict[str, str | None] = {"id": None, "name": None, "selector": None}
    found["id" if named.isdigit() else "selector" if named else "name"] = named or offered
    return found


def _nodes(plan: Plan, firewalls: set[str]) -> dict[str, object]:
    return {
        node.name: {
            "fqdn": node.fqdn,
            "roles": node.roles,
            "type": node.machine.type,
            "image": node.image.key,
            "subnet": node.subnet,
            "private_address": node.address,
            "public": node.public,
            "public_address": node.public_address,
            "groups": [group for group in node.groups if group in firewalls and node.public_address],
            "placement_group": node.placement_group or None,
            "user_data": f"cloud-init/{node.name}.yaml",
            "login_user": node.login_user,
            "jump": node.jump or None,
            "login_address": node.login_address,
        }
        for node in plan.nodes.values()
    }


CLOUD: Cloud = Hetzner()
