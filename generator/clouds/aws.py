"""Amazon Web Services."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from generator.capabilities import Capabilities, DnsProvider, Provider
from generator.clouds.base import Cloud, Simulator, Tfvars
from generator.clouds.resources import UNKNOWN, Opening, Openings, ResourceKind
from generator.clouds.values import key_pair, longest_compressed, public_dns, records
from generator.context import Context
from generator.errors import InputError
from generator.facts import EVERY_NODE, load_cloud
from generator.kinds import COUNT
from generator.plan import CLUSTER_GROUP, GATEWAY, Plan, Rule
from generator.problems import Finding
from generator.question import Draft, Question, Topic, whole

_ANY = "0.0.0.0/0"
_AMI = r"ami-[0-9a-f]{8,17}"
_NOT_IN_DESCRIPTION = r"[^A-Za-z0-9. _:/()#,@\[\]+=&;{}!$*-]"
_ALL_ICMP_CODES = -1
_EVERY_PROTOCOL = "-1"
_PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6", "all": "any", _EVERY_PROTOCOL: "any"}
_DEVICES = tuple(f"/dev/sd{letter}" for letter in "fghijklmnop")


def _elastic_ips(draft: Draft) -> Question | None:
    """Ask for the quota where the deployment needs more than every account has."""
    usual = load_cloud("aws").limits.elastic_ips
    needed = len(draft.exposed) + (len(draft.exposed) < len(draft.nodes))
    if draft.exposure != "direct" or usual is None or needed <= usual:
        return None
    raised = f"A region has {usual} Elastic IPs until AWS raises your quota; this takes {needed}."
    return Question(
        title="Elastic IPs of the region",
        why=f"{raised} How many will there be when this is applied?",
        read=whole(COUNT),
        default=str(needed),
        path=("cloud", "quotas", "elastic_ips"),
        number=True,
        comment=raised,
        notice=raised,
    )


AWS_PROVIDER = Provider("aws", "hashicorp/aws", "~> 5.100")
"""Terraform's provider for whatever of AWS is in use."""


def _ingress_openings(values: Mapping[str, Any]) -> Iterator[Opening]:
    """Yield what a rule lets in; it has one source."""
    sources = ("cidr_ipv4", "cidr_ipv6"), ("prefix_list_id",), ("referenced_security_group_id",)
    yield from _opening({"protocol": values.get("ip_protocol"), **values}, *sources, single=True)


def _rule_openings(values: Mapping[str, Any]) -> Iterator[Opening]:
    """Yield what a rule lets in; of its group a plan says nothing before the apply, even if it names none."""
    sources = ("cidr_blocks", "ipv6_cidr_blocks"), ("prefix_list_ids",), ("source_security_group_id",)
    if values.get("type") == "ingress":
        yield from _opening(values, *sources, single=True)


def _inline_openings(values: Mapping[str, Any]) -> Iterator[Opening]:
    sources = ("cidr_blocks", "ipv6_cidr_blocks"), ("prefix_list_ids",), ("security_groups",)
    for rule in values.get("ingress") or ():
        yield from _opening(rule, *sources, single=False)


def _opening(
    values: Mapping[str, Any],
    range_keys: tuple[str, ...],
    list_keys: tuple[str, ...],
    group_keys: tuple[str, ...],
    *,
    single: bool,
) -> Iterator[Opening]:
    """Yield what a rule lets in, by itself or within its group.

    Args:
        values: Of the rule; what is known after the apply only is missing.
        range_keys: Where its ranges stand.
        list_keys: Where its prefix lists stand.
        group_keys: Where the groups stand whose machines it lets in.
        single: It has one source, and if one is known, that is it.
    """
    ranges, groups = _texts(values, range_keys), _texts(values, group_keys)
    unseen = tuple(f"the prefix list {name}" for name in _texts(values, list_keys))
    if not single or not (ranges or groups or unseen or values.get("self")):
        if any(key not in values for key in (*range_keys, *list_keys)):
            unseen = (*unseen, UNKNOWN)
        elif any(key not in values for key in group_keys):
            groups = (*groups, "")
    if ranges or groups or unseen:
        protocol = _PROTOCOLS.get(str(values.get("protocol")), str(values.get("protocol") or "any"))
        yield Opening(ranges, protocol, _ports(protocol, values), groups, unseen)


def _texts(values: Mapping[str, Any], keys: tuple[str, ...]) -> tuple[str, ...]:
    found = (values.get(key) or () for key in keys)
    return tuple(text for one in found for text in ((one,) if isinstance(one, str) else one))


def _ports(protocol: str, values: Mapping[str, Any]) -> str:
    first, last = values.get("from_port"), values.get("to_port")
    if protocol == "any" or first in (None, -1):
        return "all"
    if protocol.startswith("icmp") or first == last:
        # A type of ICMP stands where the first port does.
        return str(first)
    return f"{first}-{last}" if last is not None and protocol in ("tcp", "udp") else "all"


class Aws:
    """AWS: security groups per role set, Elastic IPs, EBS volumes, Route 53."""

    templates = "aws"
    modules = (
        "aws/network",
        "aws/egress",
        "aws/firewall",
        "aws/nodes",
        "aws/inside-dns",
        "aws/ptr",
        "dns/records",
    )
    providers = (AWS_PROVIDER,)
    dns_providers: Mapping[str, DnsProvider] = {"route53": DnsProvider(("dns/records", "dns/route53"), (AWS_PROVIDER,))}
    # The codes of the API: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
    hints: Mapping[str, str] = {
        "InsufficientInstanceCapacity": "The zone has no such machine free: set another type: or zone:, or try later.",
        "VcpuLimitExceeded": "Have the quota of running On-Demand instances raised for this region.",
        "AddressLimitExceeded": "Have the quota of Elastic IPs raised for this region.",
        "OptInRequired": "The account has not subscribed to this image: accept its terms in the AWS Marketplace.",
        "UnauthorizedOperation": "The credentials lack a right: see step 1 of docs/aws.md.",
    }
    resource_kinds: Mapping[str, ResourceKind] = {
        "aws_instance": "machine",
        "aws_ebs_volume": "volume",
        "aws_eip": "address",
        "aws_route53_zone": "zone",
        "aws_route53_record": "record",
        "aws_eip_domain_name": "record",
        "aws_security_group": "firewall",
        "aws_default_security_group": "firewall",
        "aws_security_group_rule": "firewall",
        "aws_vpc_security_group_ingress_rule": "firewall",
        "aws_vpc_security_group_egress_rule": "network",
        "aws_vpc": "network",
        "aws_subnet": "network",
        "aws_internet_gateway": "network",
        "aws_nat_gateway": "network",
        "aws_route_table": "network",
        "aws_route": "network",
        "aws_route_table_association": "network",
        "aws_volume_attachment": "attachment",
        "aws_eip_association": "other",
        "aws_key_pair": "other",
    }
    openings: Mapping[str, Openings] = {
        "aws_security_group": _inline_openings,
        "aws_default_security_group": _inline_openings,
        "aws_security_group_rule": _rule_openings,
        "aws_vpc_security_group_ingress_rule": _ingress_openings,
    }
    usual_region = "eu-central-1"
    topics = (
        Topic(
            option="elastic-ips",
            metavar="NUMBER",
            help="quota of Elastic IPs, where more are needed than AWS gives",
            ask=_elastic_ips,
            depends=True,
        ),
    )
    capabilities = Capabilities(
        title="AWS",
        exposures=("direct", "gateway"),
        default_dns="route53",
        default_subscription="rhui",
        device_path="/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_{}",
        zonal_subnets=True,
        managed_nat=True,
        host_firewall=False,
        final_snapshots=True,
        private_zone=True,
        s3_regions=True,
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
                "gateway": GATEWAY if plan.gateway is not None and plan.gateway.way_out else None,
            },
            "firewall": _firewall(plan),
            "ssh": key_pair(deployment),
            "images": _images(plan, context),
            "protect": choice.protect,
            "nodes": _nodes(plan),
            "volumes": _volumes(plan, final_snapshots=choice.final_snapshots, names=_DEVICES),
            "dns": {**public_dns(plan.dns), "inside": records(plan.dns.inside)},
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
        if most_addresses is not None and addresses > most_addresses:
            yield Finding(
                "quota-elastic-ips",
                ("cloud",),
                f"{addresses} Elastic IPs are needed (exposed machines, NAT gateway); the quota is {most_addresses}",
                "Have the quota of the region raised and set cloud.quotas.elastic_ips.",
            )
        for path, image in context.written_images():
            if not re.fullmatch(_AMI, image):
                mend = "It looks like ami-0123456789abcdef0."
                yield Finding("wrong-image", path, f'"{image}" is not an AMI identifier', mend)

    def audit_user_data(self, user_data: Mapping[str, str], context: Context) -> Iterator[Finding]:
        """Yield user-data that is too long, counted as it is sent: compressed."""
        longest, size = longest_compressed(user_data)
        limit = context.cloud.limits.user_data_bytes
        if size > limit:
            yield Finding(
                "user-data-size",
                ("ssh_keys",),
                f"the user-data of {longest} has {size} bytes compressed; AWS takes {limit}",
                "Name fewer SSH keys: they are the part of it that grows.",
            )

    def simulator(self, plan: Plan, faults: Sequence[str]) -> AbstractContextManager[Simulator]:
        """Return moto's server; whoever asks for reverse names vouches that the zone is delegated."""
        if faults:
            raise InputError(f"the simulated AWS knows no faults, so no {faults[0]}", "Leave out --fault.")
        from generator.rehearse.aws_simulator import AwsSimulator

        zones = plan.dns.zones.values()
        return AwsSimulator(
            delegated=tuple(plan.dns.zones) if plan.dns.ptr else (),
            existing_zones=tuple(zone.name for zone in zones if zone.existing),
            images=tuple(image.id for image in plan.images.values() if re.fullmatch(_AMI, image.id)),
            region=plan.deployment.region,
        )

    def consult(self, context: Context) -> dict[str, Any]:
        """Ask for the newest images, and for machine types that the facts lack."""
        from generator.online import aws

        return aws.consult(context)

    def audit_online(self, plan: Plan, context: Context) -> list[Finding]:
        """Ask whether every machine type is offered in its node's zone."""
        from generator.online import aws

        return aws.audit(plan)


def _firewall(plan: Plan) -> dict[str, object]:
    rules: dict[str, object] = {}
    for group in plan.groups.values():
        for rule in group.rules:
            rules[f"{group.name}/in/{_label(rule.source)}/{rule.protocol}/{rule.ports}"] = _rule(group.name, rule)
    for name in sorted(plan.groups.keys() & {CLUSTER_GROUP, GATEWAY}):
        rules[f"{name}/out"] = {
            "group": name,
            "direction": "out",
            "protocol": _EVERY_PROTOCOL,
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
    if roles == (GATEWAY,):
        return "The gateway"
    return "Every node" if roles == (EVERY_NODE,) else f"Nodes with {' + '.join(roles)}"[:255]


def _label(source: str) -> str:
    return "internet" if source == _ANY else source.removeprefix("group:")


def _rule(group: str, rule: Rule) -> dict[str, object]:
    first, _, last = rule.ports.partition("-")
    icmp, everything = rule.protocol == "icmp", rule.protocol == "any"
    is_range = "/" in rule.source
    return {
        "group": group,
        "direction": "in",
        "protocol": _EVERY_PROTOCOL if everything else rule.protocol,
        "from_port": None if everything else int(first),
        "to_port": None if everything else _ALL_ICMP_CODES if icmp else int(last or first),
        "peer_group": None if is_range else rule.source.removeprefix("group:"),
        "peer_cidr": rule.source if is_range else None,
        "description": re.sub(_NOT_IN_DESCRIPTION, "", rule.description)[:255],
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
            "forwards": node.is_gateway and plan.gateway is not None and plan.gateway.way_out,
            "groups": node.groups,
            "os_disk_gib": node.os_disk_gib,
            "user_data": f"cloud-init/{node.name}.yaml",
            "login_user": node.login_user,
            "jump": node.jump or None,
            "login_address": node.login_address,
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


CLOUD: Cloud = Aws()
