"""What is open on AWS, read from Terraform's own JSON or from the cloud's API.

Three readers, each stricter than the one before: `planned` judges a plan, in which ids are not yet
known; `applied` judges a state, by ids; `served` asks the cloud (in tests, the simulator). What a
reader does not understand is an error, never ignored: an opening that nobody reads is the mistake
that this exists to find.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from tests.oracle import cloud
from tests.oracle.groups import OracleError, Rule, judge
from tests.oracle.opening import Opening
from tests.oracle.plan_json import Configuration, Json, Resource, check_types, resources

RULES = {
    "aws_vpc_security_group_ingress_rule": "in",
    "aws_vpc_security_group_egress_rule": "out",
}
GROUP_IDS = "group_ids = { for key, group in aws_security_group.this : key => group.id }\n"
JUDGED = {"aws_instance", "aws_security_group", "aws_default_security_group", *RULES}
# Resources that cannot open anything by themselves.
HARMLESS = {
    "aws_ami",
    "aws_ebs_volume",
    "aws_eip",
    "aws_eip_association",
    "aws_eip_domain_name",
    "aws_internet_gateway",
    "aws_key_pair",
    "aws_nat_gateway",
    "aws_route",
    "aws_route53_record",
    "aws_route53_zone",
    "aws_route_table",
    "aws_route_table_association",
    "aws_subnet",
    "aws_volume_attachment",
    "aws_vpc",
}


class Parts(NamedTuple):
    """What was read, whichever way.

    Attributes:
        groups: All groups.
        members: Groups by machine.
        rules: All rules.
        addresses: Private addresses by machine.
        public: Machines with a public address.
        forwards: Machines whose source/destination check is off.
        way_out: The machine to whose interface a default route leads; empty without.
    """

    groups: set[str]
    members: dict[str, set[str]]
    rules: list[Rule]
    addresses: dict[str, str]
    public: set[str]
    forwards: set[str]
    way_out: str

    def openings(self, management: Iterable[str]) -> set[Opening]:
        """Return what the security groups open.

        Args:
            management: The topology's management ranges.

        Returns:
            All openings, both directions.

        Raises:
            OracleError: Something cannot be judged.
        """
        return judge(self.groups, self.members, self.rules, management)

    def cloud(self) -> cloud.Cloud:
        """Return the cloud's side of the deployment.

        Raises:
            OracleError: Something cannot be judged.
        """
        self.openings(())
        return cloud.aws(self.addresses, self.public, self.forwards, self.way_out, self.members, self.rules)


def planned(document: Json) -> Parts:
    """Read a plan.

    Args:
        document: What `terraform show -json PLANFILE` printed.

    Raises:
        OracleError: Something in the plan cannot be judged.
    """
    found = list(resources(document["planned_values"]["root_module"]))
    check_types(found, JUDGED | HARMLESS)
    configuration = Configuration(document, "aws_security_group", "aws", GROUP_IDS)
    _check_groups(configuration)
    groups = {entry.key for entry in found if entry.type == "aws_security_group"}
    members: dict[str, set[str]] = {}
    rules: list[Rule] = []
    way_out = ""
    for resource in found:
        if resource.type == "aws_instance":
            each = configuration.each(resource)
            configuration.check(resource, "vpc_security_group_ids", "each.value.groups")
            members[resource.key] = set(each["groups"])
        elif resource.type in RULES:
            each = configuration.each(resource)
            configuration.check(resource, "security_group_id", "each.value.group")
            peer = None
            # Unknown values are left out of planned values; null ones are there.
            if "referenced_security_group_id" not in resource.values:
                configuration.check(resource, "referenced_security_group_id", "each.value.peer_group")
                peer = each["peer_group"]
            rules.append(_rule(resource, each["group"], peer))
        elif resource.type == "aws_route":
            way_out = _planned_route(resource, configuration) or way_out
    return Parts(groups, members, rules, _addresses(found), _public(found, before=True), _forwards(found), way_out)


def applied(document: Json) -> Parts:
    """Read a state.

    Args:
        document: What `terraform show -json` printed after an apply.

    Raises:
        OracleError: Something in the state cannot be judged.
    """
    found = list(resources(document["values"]["root_module"]))
    check_types(found, JUDGED | HARMLESS)
    instances = [entry for entry in found if entry.type == "aws_instance"]
    rules = [
        _rule(
            entry,
            entry.values["security_group_id"],
            entry.values["referenced_security_group_id"] or None,
        )
        for entry in found
        if entry.type in RULES
    ]
    interfaces = {entry.values["primary_network_interface_id"]: entry.key for entry in instances}
    routes = [entry.values["network_interface_id"] for entry in found if entry.type == "aws_route"]
    return Parts(
        {entry.values["id"] for entry in found if entry.type == "aws_security_group"},
        {entry.key: set(entry.values["vpc_security_group_ids"]) for entry in instances},
        rules,
        _addresses(found),
        _public(found, before=False),
        _forwards(found),
        next((interfaces[route] for route in routes if route), ""),
    )


def _check_groups(configuration: Configuration) -> None:
    """Refuse rules written inside a group, and a default group that admits anything."""
    for resource in configuration.configured():
        if resource["type"] in {"aws_security_group", "aws_default_security_group"}:
            inline = {"ingress", "egress"} & set(resource["expressions"])
            if inline:
                raise OracleError(f"{resource['address']} has inline rules: {sorted(inline)}")


def _planned_route(resource: Resource, configuration: Configuration) -> str:
    """Return the machine to which a route leads; empty where it leads to something else."""
    expression = configuration.expression(resource, "network_interface_id")
    if expression is None:
        return ""
    if expression.get("references") != ["var.interfaces", "var.gateway"]:
        raise OracleError(f"{resource.address} leads to {expression}")
    if resource.values["destination_cidr_block"] != "0.0.0.0/0":
        raise OracleError(f"{resource.address} is no default route")
    return str(configuration.variable(resource, "var.gateway"))


def _addresses(found: Iterable[Resource]) -> dict[str, str]:
    return {entry.key: entry.values["private_ip"] for entry in found if entry.type == "aws_instance"}


def _forwards(found: Iterable[Resource]) -> set[str]:
    return {entry.key for entry in found if entry.type == "aws_instance" and not entry.values["source_dest_check"]}


def _public(found: Iterable[Resource], *, before: bool) -> set[str]:
    for entry in found:
        # A state says so of every instance that has an Elastic IP by now.
        if before and entry.type == "aws_instance" and entry.values.get("associate_public_ip_address"):
            raise OracleError(f"{entry.address} takes an address that goes with the instance")
        if entry.type == "aws_subnet" and entry.values.get("map_public_ip_on_launch"):
            raise OracleError(f"{entry.address} gives every instance a public address")
    return {entry.key for entry in found if entry.type == "aws_eip_association"}


def served(ec2: Any, domain: str) -> Parts:
    """Ask the cloud itself: also finds inline and default rules that no resource shows.

    Args:
        ec2: A boto3 client of the service `ec2`.
        domain: The mail domain; an instance's tag `Name` is `<node>.<domain>`.
    """
    members: dict[str, set[str]] = {}
    addresses: dict[str, str] = {}
    public: set[str] = set()
    forwards: set[str] = set()
    interfaces: dict[str, str] = {}
    for reservation in ec2.describe_instances()["Reservations"]:
        for instance in reservation["Instances"]:
            if instance["State"]["Name"] != "terminated":
                tags = {entry["Key"]: entry["Value"] for entry in instance["Tags"]}
                name = tags["Name"].removesuffix(f".{domain}")
                members[name] = {entry["GroupId"] for entry in instance["SecurityGroups"]}
                addresses[name] = instance["PrivateIpAddress"]
                public |= {name} if instance.get("PublicIpAddress") else set()
                forwards |= set() if instance["SourceDestCheck"] else {name}
                interfaces |= {entry["NetworkInterfaceId"]: name for entry in instance["NetworkInterfaces"]}
    used = set().union(*members.values())
    rules: list[Rule] = []
    for group in ec2.describe_security_groups(GroupIds=sorted(used))["SecurityGroups"]:
        for direction, key in (("in", "IpPermissions"), ("out", "IpPermissionsEgress")):
            for entry in group[key]:
                rules += _served_rules(direction, group["GroupId"], entry)
    routes = [route for table in ec2.describe_route_tables()["RouteTables"] for route in table["Routes"]]
    through = [route["NetworkInterfaceId"] for route in routes if route.get("NetworkInterfaceId")]
    way_out = next((interfaces[entry] for entry in through), "")
    return Parts(used, members, rules, addresses, public, forwards, way_out)


def _served_rules(direction: str, group: str, entry: Json) -> Iterator[Rule]:
    if entry.get("Ipv6Ranges") or entry.get("PrefixListIds"):
        raise OracleError(f"{group} has a rule for IPv6 or a prefix list: {entry}")
    ports = (entry.get("FromPort"), entry.get("ToPort"))
    for block in entry.get("IpRanges", []):
        yield Rule(direction, group, entry["IpProtocol"], *ports, block["CidrIp"], None)
    for pair in entry.get("UserIdGroupPairs", []):
        yield Rule(direction, group, entry["IpProtocol"], *ports, None, pair["GroupId"])


def _rule(resource: Resource, group: str, peer: str | None) -> Rule:
    values = resource.values
    for other in ("cidr_ipv6", "prefix_list_id"):
        if values.get(other):
            raise OracleError(f"{resource.address} uses {other}")
    if "cidr_ipv4" not in values:
        raise OracleError(f"{resource.address}: its range is not known before the apply")
    return Rule(
        RULES[resource.type],
        group,
        values["ip_protocol"],
        values["from_port"],
        values["to_port"],
        values["cidr_ipv4"] or None,
        peer,
    )
