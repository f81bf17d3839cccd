"""What is open on AWS, read from Terraform's own JSON or from the cloud's API.

Three readers, each stricter than the one before: `planned` judges a plan, in which ids are not yet
known; `applied` judges a state, by ids; `served` asks the cloud (in tests, the simulator). What a
reader does not understand is an error, never ignored: an opening that nobody reads is the mistake
that this exists to find.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.oracle.groups import OracleError, Rule, judge
from tests.oracle.opening import Opening

Json = Mapping[str, Any]

RULES = {
    "aws_vpc_security_group_ingress_rule": "in",
    "aws_vpc_security_group_egress_rule": "out",
}
MODULES = Path(__file__).resolve().parents[2] / "modules" / "aws"
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


class Resource(NamedTuple):
    """One resource instance: where it stands, its key and its values."""

    address: str
    module: tuple[str, ...]
    type: str
    name: str
    key: str
    values: Json


def planned(document: Json, management: Iterable[str]) -> set[Opening]:
    """Read a plan.

    Args:
        document: What `terraform show -json PLANFILE` printed.
        management: The topology's management ranges.

    Returns:
        All openings, both directions.

    Raises:
        OracleError: Something in the plan cannot be judged.
    """
    resources = list(_resources(document["planned_values"]["root_module"]))
    _check_types(resources)
    configuration = _Configuration(document)
    configuration.check_groups()
    groups = {entry.key for entry in resources if entry.type == "aws_security_group"}
    members: dict[str, set[str]] = {}
    rules: list[Rule] = []
    for resource in resources:
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
    return judge(groups, members, rules, management)


def applied(document: Json, management: Iterable[str]) -> set[Opening]:
    """Read a state.

    Args:
        document: What `terraform show -json` printed after an apply.
        management: The topology's management ranges.

    Returns:
        All openings, both directions.

    Raises:
        OracleError: Something in the state cannot be judged.
    """
    resources = list(_resources(document["values"]["root_module"]))
    _check_types(resources)
    groups = {entry.values["id"] for entry in resources if entry.type == "aws_security_group"}
    members = {
        entry.key: set(entry.values["vpc_security_group_ids"]) for entry in resources if entry.type == "aws_instance"
    }
    rules = [
        _rule(
            entry,
            entry.values["security_group_id"],
            entry.values["referenced_security_group_id"] or None,
        )
        for entry in resources
        if entry.type in RULES
    ]
    return judge(groups, members, rules, management)


def served(ec2: Any, domain: str, management: Iterable[str]) -> set[Opening]:
    """Ask the cloud itself: also finds inline and default rules that no resource shows.

    Args:
        ec2: A boto3 client of the service `ec2`.
        domain: The mail domain; an instance's tag `Name` is `<node>.<domain>`.
        management: The topology's management ranges.

    Returns:
        All openings, both directions.
    """
    members: dict[str, set[str]] = {}
    for reservation in ec2.describe_instances()["Reservations"]:
        for instance in reservation["Instances"]:
            if instance["State"]["Name"] != "terminated":
                tags = {entry["Key"]: entry["Value"] for entry in instance["Tags"]}
                name = tags["Name"].removesuffix(f".{domain}")
                members[name] = {entry["GroupId"] for entry in instance["SecurityGroups"]}
    used = set().union(*members.values())
    rules: list[Rule] = []
    for group in ec2.describe_security_groups(GroupIds=sorted(used))["SecurityGroups"]:
        for direction, key in (("in", "IpPermissions"), ("out", "IpPermissionsEgress")):
            for entry in group[key]:
                rules += _served_rules(direction, group["GroupId"], entry)
    return judge(used, members, rules, management)


def public_nodes(document: Json) -> set[str]:
    """Return the nodes that get a public address.

    Args:
        document: A plan's or a state's JSON.
    """
    root = document.get("planned_values") or document["values"]
    resources = list(_resources(root["root_module"]))
    for entry in resources:
        if entry.type == "aws_instance" and entry.values.get("associate_public_ip_address"):
            raise OracleError(f"{entry.address} takes an address that goes with the instance")
        if entry.type == "aws_subnet" and entry.values.get("map_public_ip_on_launch"):
            raise OracleError(f"{entry.address} gives every instance a public address")
    return {entry.key for entry in resources if entry.type == "aws_eip_association"}


def _served_rules(direction: str, group: str, entry: Json) -> Iterator[Rule]:
    if entry.get("Ipv6Ranges") or entry.get("PrefixListIds"):
        raise OracleError(f"{group} has a rule for IPv6 or a prefix list: {entry}")
    ports = (entry.get("FromPort"), entry.get("ToPort"))
    for block in entry.get("IpRanges", []):
        yield Rule(direction, group, entry["IpProtocol"], *ports, block["CidrIp"], None)
    for pair in entry.get("UserIdGroupPairs", []):
        yield Rule(direction, group, entry["IpProtocol"], *ports, None, pair["GroupId"])


def _resources(module: Json, path: tuple[str, ...] = ()) -> Iterator[Resource]:
    for entry in module.get("resources", []):
        if entry["mode"] == "managed":
            yield Resource(
                entry["address"],
                path,
                entry["type"],
                entry["name"],
                str(entry.get("index", "")),
                entry["values"],
            )
    for child in module.get("child_modules", []):
        name = child["address"].split(".")[-1]
        if "[" in name:
            raise OracleError(f"{child['address']}: one module instance holds everything")
        yield from _resources(child, (*path, name))


def _check_types(resources: Sequence[Resource]) -> None:
    unknown = sorted({entry.type for entry in resources} - JUDGED - HARMLESS)
    if unknown:
        raise OracleError(f"resource types that the oracle does not know: {', '.join(unknown)}")


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


class _Configuration:
    """The plan's copy of the configuration: how unknown ids come about."""

    def __init__(self, document: Json) -> None:
        self._root: Json = document["configuration"]["root_module"]
        self._variables: Json = document["variables"]

    def check_groups(self) -> None:
        """Refuse rules written inside a group, and a default group that admits anything."""
        for resource in self._all(self._root):
            if resource["type"] in {"aws_security_group", "aws_default_security_group"}:
                inline = {"ingress", "egress"} & set(resource["expressions"])
                if inline:
                    raise OracleError(f"{resource['address']} has inline rules: {sorted(inline)}")

    def each(self, resource: Resource) -> Json:
        """Return `each.value` of a resource: its entry of a root variable."""
        expression = self._resource(resource)["for_each_expression"]
        value = self._variable(resource.module, self._only(expression, resource.address))
        entry = value[resource.key]
        assert isinstance(entry, Mapping), entry
        return entry

    def check(self, resource: Resource, attribute: str, wanted: str) -> None:
        """Check that an attribute picks security groups by `wanted` and by nothing else."""
        expression = self._resource(resource)["expressions"][attribute]
        kept = {"each.value", wanted}
        others = [entry for entry in expression["references"] if entry not in kept]
        if wanted not in expression["references"]:
            raise OracleError(f"{resource.address}: {attribute} does not use {wanted}")
        for entry in others:
            if not self._leads_to_groups(resource.module, entry):
                raise OracleError(f"{resource.address}: {attribute} uses {entry}")

    def _leads_to_groups(self, module: tuple[str, ...], reference: str) -> bool:
        if reference.startswith("aws_security_group."):
            return True
        if reference == "local.group_ids":
            # A plan's JSON leaves locals out, so the module's own text has to say what it is.
            return GROUP_IDS in (MODULES / module[-1] / "main.tf").read_text("utf-8")
        if reference.startswith("var."):
            call = self._call(module)["expressions"][reference.split(".")[1]]
            return all(self._leads_to_groups(module[:-1], entry) for entry in call["references"])
        if reference.startswith("module."):
            parts = reference.split(".")
            inner = (*module, parts[1])
            outputs = self._module(inner)["outputs"]
            # The list names the module itself too, beside its output.
            names = parts[2:3] or []
            return all(
                self._leads_to_groups(inner, entry)
                for name in names
                for entry in outputs[name]["expression"]["references"]
            )
        return False

    def _variable(self, module: tuple[str, ...], reference: str) -> Any:
        head, name, *path = reference.split(".")
        if head != "var":
            raise OracleError(f"{reference} is not a variable")
        if module:
            call = self._call(module)["expressions"][name]
            value = self._variable(module[:-1], self._only(call, ".".join(module)))
        else:
            value = self._variables[name]["value"]
        for step in path:
            value = value[step]
        return value

    @staticmethod
    def _only(expression: Json, where: str) -> str:
        """Return the one thing that an expression refers to; its prefixes are listed beside it."""
        references: list[str] = expression.get("references", [])
        own = [entry for entry in references if entry.startswith("var.")]
        longest = max(own, key=len, default="")
        if not longest or any(not f"{longest}.".startswith(f"{entry}.") for entry in own):
            raise OracleError(f"{where}: does not iterate over one variable: {references}")
        return longest

    def _resource(self, resource: Resource) -> Json:
        for entry in self._module(resource.module)["resources"]:
            if (entry["mode"], entry["type"], entry["name"]) == (
                "managed",
                resource.type,
                resource.name,
            ):
                found: Json = entry
                return found
        raise OracleError(f"{resource.address} is not in the configuration")

    def _call(self, module: tuple[str, ...]) -> Json:
        call: Json = self._module(module[:-1])["module_calls"][module[-1]]
        return call

    def _module(self, module: tuple[str, ...]) -> Json:
        found = self._root
        for name in module:
            found = found["module_calls"][name]["module"]
        return found

    def _all(self, module: Json) -> Iterator[Json]:
        yield from module.get("resources", [])
        for call in module.get("module_calls", {}).values():
            yield from self._all(call["module"])
