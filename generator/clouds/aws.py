"""Amazon Web Services."""

import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any

from generator.capabilities import Capabilities
from generator.clouds.base import Simulator, Tfvars
from generator.context import Context
from generator.dns_providers import AWS_PROVIDER, DNS_PROVIDERS
from generator.plan import CLUSTER_GROUP, Plan, Record, Rule
from generator.problems import Finding

_ANY = "0.0.0.0/0"
_NOT_IN_DESCRIPTION = re.compile(r"[^A-Za-z0-9. _:/()#,@\[\]+=&;{}!$*-]")
_ALL_ICMP_CODES = -1
_GZIP_MARGIN = 512
"""Terraform's gzip and Python's differ by a few bytes, and a shorter text may compress to more."""


class Aws:
    """AWS: security groups per role set, Elastic IPs, EBS volumes, Route 53."""

    templates = "aws"
    modules = (
        "aws/network",
        "aws/firewall",
        "aws/nodes",
        "aws/inside-dns",
        "aws/ptr",
        "dns/records",
    )
    providers = (AWS_PROVIDER,)
    capabilities = Capabilities(
        title="AWS",
        exposures=("direct",),
        dns_providers=tuple(DNS_PROVIDERS),
        default_dns="route53",
        default_subscription="rhui",
        device_path="/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_{}",
        device_names=tuple(f"/dev/sd{letter}" for letter in "fghijklmnop"),
        private_zone=True,
        ptr_needs_forward=True,
    )

    def tfvars(self, plan: Plan, context: Context) -> Tfvars:
        """Return the values of the root variables."""
        deployment, choice = plan.deployment, context.topology.cloud
        return {
            "name": deployment.name,
            "domain": deployment.domain,
            "region": deployment.region,
            "network": {
                "cidr": deployment.network,
                "subnets": {
                    name: {"cidr": subnet.cidr, "zone": subnet.zone, "public": subnet.public}
                    for name, subnet in plan.subnets.items()
                },
                "nat_subnet": plan.nat_subnet or None,
            },
            "firewall": _firewall(plan),
            "ssh": {
                "public_key": None if choice.existing_key_pair else deployment.ssh_keys[0],
                "existing_key_pair": choice.existing_key_pair or None,
            },
            "images": _images(plan, context),
            "protect": choice.protect,
            "nodes": _nodes(plan),
            "volumes": _volumes(plan, final_snapshots=choice.final_snapshots, names=self.capabilities.device_names),
            "dns": {
                "existing_zone": plan.dns.existing_zone,
                "public": _records(plan.dns.public),
                "inside": _records(plan.dns.inside),
                "ptr": plan.dns.ptr,
            },
        }

    def audit(self, plan: Plan, context: Context) -> Iterator[Finding]:
        """Yield quotas exceeded and identifiers that AWS does not have."""
        quotas, limits = context.topology.cloud.quotas, context.cloud.limits
        most_rules = quotas.rules_per_group or limits.rules_per_group
        for group in plan.groups.values():
            if len(group.rules) > most_rules:
                yield Finding(
                    "quota-rules",
                    ("management",),
                    f"the security group {group.name} would have {len(group.rules)} rules; the quota is {most_rules}",
                    "Name fewer ranges or services, or have the quota raised and set cloud.quotas.rules_per_group.",
                )
        most_groups = quotas.groups_per_interface or limits.groups_per_interface
        widest = max(plan.nodes.values(), key=lambda node: len(node.groups))
        if len(widest.groups) > most_groups:
            yield Finding(
                "quota-groups",
                ("nodes", widest.name),
                f"{widest.name} would have {len(widest.groups)} security groups; the quota is {most_groups}",
                "Have the quota raised and set cloud.quotas.groups_per_interface.",
            )
        addresses = sum(node.public for node in plan.nodes.values()) + bool(plan.nat_subnet)
        most_addresses = quotas.elastic_ips or limits.elastic_ips
        if addresses > most_addresses:
            yield Finding(
                "quota-elastic-ips",
                ("cloud",),
                f"{addresses} Elastic IPs are needed (exposed nodes, NAT gateway); the quota is {most_addresses}",
                "Have the quota of the region raised and set cloud.quotas.elastic_ips.",
            )
        for name, node in context.nodes.items():
            if node.image and not re.fullmatch(r"ami-[0-9a-f]{8,17}", node.image):
                yield Finding(
                    "wrong-image",
                    ("nodes", name, "image"),
                    f'"{node.image}" is not an AMI identifier',
                    "It looks like ami-0123456789abcdef0.",
                )

    def audit_user_data(self, user_data: Mapping[str, str], context: Context) -> Iterator[Finding]:
        """Yield user-data that is too long, counted as it is sent: compressed.

        Nodes differ by a few hundred characters, so the longest text stands for all.
        """
        import zlib

        longest = max(user_data, key=lambda node: (len(user_data[node]), node))
        size = len(zlib.compress(user_data[longest].encode())) + _GZIP_MARGIN
        limit = context.cloud.limits.user_data_bytes
        if size > limit:
            yield Finding(
                "user-data-size",
                ("ssh_keys",),
                f"the user-data of {longest} has {size} bytes compressed; AWS takes {limit}",
                "Name fewer SSH keys: they are the part of it that grows.",
            )

    def simulator(self, plan: Plan) -> AbstractContextManager[Simulator]:
        """Return moto's server; whoever asks for reverse names vouches that the zone is delegated."""
        from generator.rehearse.aws_simulator import AwsSimulator

        domain = (plan.deployment.domain,)
        return AwsSimulator(
            delegated=domain if plan.dns.ptr else (),
            existing_zones=domain if plan.dns.existing_zone else (),
            images=tuple(image.id for image in plan.images.values() if image.id),
            region=plan.deployment.region,
        )

    def consult(self, context: Context) -> dict[str, Any]:
        """Ask for the newest images, and for machine types that the facts lack."""
        from generator.online import aws

        return aws.consult(context)

    def audit_online(self, plan: Plan) -> list[Finding]:
        """Ask whether every machine type is offered in its node's zone."""
        from generator.online import aws

        return aws.audit(plan)


def _firewall(plan: Plan) -> dict[str, object]:
    rules: dict[str, object] = {}
    for group in plan.groups.values():
        for rule in group.rules:
            rules[f"{group.name}/in/{_label(rule.source)}/{rule.protocol}/{rule.ports}"] = _rule(group.name, rule)
    rules[f"{CLUSTER_GROUP}/out"] = {
        "group": CLUSTER_GROUP,
        "direction": "out",
        "protocol": "-1",
        "from_port": None,
        "to_port": None,
        "peer_group": None,
        "peer_cidr": _ANY,
        "description": "Everything outward",
    }
    return {
        "groups": {group.name: {"description": _group_text(group.roles)} for group in plan.groups.values()},
        "rules": rules,
    }


def _group_text(roles: tuple[str, ...]) -> str:
    return "Every node" if roles == ("*",) else f"Nodes with {' + '.join(roles)}"[:255]


def _label(source: str) -> str:
    return "internet" if source == _ANY else source.removeprefix("group:")


def _rule(group: str, rule: Rule) -> dict[str, object]:
    first, _, last = rule.ports.partition("-")
    icmp = rule.protocol == "icmp"
    is_range = "/" in rule.source
    return {
        "group": group,
        "direction": "in",
        "protocol": rule.protocol,
        "from_port": int(first),
        "to_port": _ALL_ICMP_CODES if icmp else int(last or first),
        "peer_group": None if is_range else rule.source.removeprefix("group:"),
        "peer_cidr": rule.source if is_range else None,
        "description": _NOT_IN_DESCRIPTION.sub("", rule.description)[:255],
    }


def _images(plan: Plan, context: Context) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, image in plan.images.items():
        offered = context.cloud.images[image.os]
        found[key] = {
            "id": image.id or None,
            "owner": offered.owner,
            "name": offered.name,
            "include_deprecated": offered.include_deprecated,
        }
    return found


def _nodes(plan: Plan) -> dict[str, object]:
    return {
        node.name: {
            "fqdn": node.fqdn,
            "roles": node.roles,
            "type": node.machine.type,
            "image": node.image.key,
            "subnet": node.subnet,
            "private_address": node.address,
            "public": node.public,
            "groups": node.groups,
            "os_disk_gib": node.os_disk_gib,
            "user_data": f"cloud-init/{node.name}.yaml",
            "login_user": node.login_user,
            "jump": node.jump or None,
        }
        for node in plan.nodes.values()
    }


def _volumes(plan: Plan, *, final_snapshots: bool, names: tuple[str, ...]) -> dict[str, object]:
    used: dict[str, int] = {}
    found: dict[str, object] = {}
    for volume in plan.volumes.values():
        place = used.get(volume.node, 0)
        used[volume.node] = place + 1
        found[volume.key] = {
            "node": volume.node,
            "size_gib": volume.size_gib,
            "device": names[place],
            "final_snapshot": final_snapshots,
        }
    return found


def _records(records: tuple[Record, ...]) -> dict[str, object]:
    return {
        record.key: {
            "name": record.name,
            "type": record.type,
            "ttl": record.ttl,
            "values": [{"text": value.text, "addresses": value.addresses} for value in record.values],
        }
        for record in records
    }
