"""What the rehearsal needs and moto does not do, or does differently from AWS.

Everything that the simulator changes in moto stands here, one function for each mend, with the
reason. The modules know nothing of it: they are written for AWS. Written against moto 5.2.
"""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from moto.core.responses import ActionResult
from moto.ec2.exceptions import DependencyViolationError, EC2ClientError, RouteAlreadyExistsError
from moto.ec2.models import EC2Backend
from moto.ec2.models.amis import Ami, AmiBackend
from moto.ec2.models.elastic_ip_addresses import ElasticAddress, ElasticAddressBackend
from moto.ec2.models.instances import Instance
from moto.ec2.models.route_tables import Route
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ec2.responses import EC2Response
from moto.route53.models import FakeZone, route53_backends

from generator.rehearse.moto_route53 import mend_route53

# RFC 2544: a range for tests that is never routed, and large enough for a thousand addresses.
_ADDRESSES = ipaddress.ip_network("198.18.0.0/15")

_UBUNTU = "099720109477"
_RED_HAT = "309956199498"
_ACCOUNT = "123456789012"


class _Series(NamedTuple):
    """Builds of one release as a publisher names them; `{}` stands for the day of the build."""

    prefix: str
    owner: str
    name: str
    builds: tuple[str, ...]
    deprecated: str | None = None


# Two builds of each, so that a look-up has to choose the newest. The names follow the patterns of
# the publishers; the days are made up, except that 20.04 is deprecated as it is on AWS.
_SERIES = (
    _Series(
        "ami-02004000000000",
        _UBUNTU,
        "ubuntu/images/hvm-ssd/ubuntu-focal-20.04-amd64-server-{}",
        ("20250401", "20250530"),
        "20250531",
    ),
    _Series(
        "ami-02204000000000",
        _UBUNTU,
        "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-{}",
        ("20260101", "20260201"),
    ),
    _Series(
        "ami-02404000000000",
        _UBUNTU,
        "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-{}",
        ("20260101", "20260201"),
    ),
    _Series(
        "ami-08000000000000",
        _RED_HAT,
        "RHEL-8.10.0_HVM-{}-x86_64-0-Hourly2-GP3",
        ("20260101", "20260201"),
    ),
    _Series(
        "ami-09000000000000",
        _RED_HAT,
        "RHEL-9.6.0_HVM-{}-x86_64-0-Hourly2-GP3",
        ("20260101", "20260201"),
    ),
)


def mend_moto(delegated: Iterable[str] = (), images: Iterable[str] = ()) -> None:
    """Applies every mend to the moto of this process.

    Args:
        delegated: Domains whose public zone counts as answering on the Internet.
        images: Ids of further images that exist, such as those that a topology pins.
    """
    mend_route53()
    _addresses_of_the_test_range()
    _images_of_the_publishers(tuple(images))
    _reverse_names(frozenset(_bare(domain) for domain in delegated))
    _address_with_reverse_name_stays()
    _interfaces_end_with_their_instance()
    _one_route_for_each_destination()
    _groups_of_instances()
    _descriptions_of_group_rules()
    _group_in_use_stays()


def create_public_zone(domain: str) -> None:
    """Makes the public zone `domain`, as if an operator had created it before."""
    backend = route53_backends[_ACCOUNT]["aws"]
    backend.create_hosted_zone(f"{_bare(domain)}.", private_zone=False)


def _replace(owner: type, name: str, function: object) -> None:
    setattr(owner, name, function)


def _moment(day: str) -> datetime:
    return datetime.strptime(f"{day}+0000", "%Y%m%d%z")


def _bare(name: str) -> str:
    return name.rstrip(".").lower()


def _addresses_of_the_test_range() -> None:
    """Elastic IPs come from a range for tests.

    moto gives loopback addresses, which a check of SPF or of the zone rightly refuses as public.
    """
    original = ElasticAddressBackend.allocate_address
    numbers = itertools.count(1)

    def allocate_address(
        self: ElasticAddressBackend,
        domain: str,
        address: str | None = None,
        tags: dict[str, str] | None = None,
    ) -> ElasticAddress:
        chosen = address or str(_ADDRESSES[next(numbers)])
        return original(self, domain, address=chosen, tags=tags)

    _replace(ElasticAddressBackend, "allocate_address", allocate_address)


def _images_of_the_publishers(pinned: Sequence[str]) -> None:
    """The images that look-ups ask for exist, and a deprecated one is found only when asked for.

    moto knows a few hundred images of Amazon (slow to load, none of them wanted here), and no
    deprecation: a look-up that forgets `include_deprecated` would pass here and fail on AWS.
    """

    def add(backend: AmiBackend, image: str, owner: str, name: str, build: str) -> Ami:
        backend.amis[image] = Ami(
            backend,
            image,
            name=name,
            owner_id=owner,
            public=True,
            virtualization_type="hvm",
            architecture="x86_64",
            hypervisor="xen",
            root_device_type="ebs",
            image_location=f"{owner}/{name}",
            creation_date=_moment(build),
        )
        return backend.amis[image]

    def load_images(self: AmiBackend) -> None:
        for series in _SERIES:
            for number, build in enumerate(series.builds, start=1):
                name = series.name.format(build)
                ami = add(self, f"{series.prefix}{number:03}", series.owner, name, build)
                ends = series.deprecated and _moment(series.deprecated)
                ami.deprecation_time = ends  # type: ignore[attr-defined]
        for image in pinned:
            add(self, image, _ACCOUNT, image, "20260101")

    original = EC2Response.describe_images

    def describe_images(self: EC2Response) -> ActionResult:
        answer = original(self)
        if not self._get_bool_param("IncludeDeprecated", False) and not self._get_param("ImageIds"):
            found = answer.result["Images"]  # type: ignore[index]
            visible = [image for image in found if not getattr(image, "deprecation_time", None)]
            return ActionResult({"Images": visible})
        return answer

    _replace(AmiBackend, "_load_amis", load_images)
    _replace(EC2Response, "describe_images", describe_images)


def _public_zone_of(account: str, name: str) -> FakeZone | None:
    """The public zone with the longest name that holds `name`."""
    zones: list[FakeZone] = [
        zone
        for zone in route53_backends[account]["aws"].zones.values()
        if not zone.private_zone and f".{name}".endswith(f".{_bare(zone.name)}")
    ]
    return max(zones, key=lambda zone: len(zone.name), default=None)


def _refusal(account: str, name: str, address: str, delegated: frozenset[str]) -> str | None:
    """Why AWS would not accept `name` as the reverse name of `address`; None when it would."""
    zone = _public_zone_of(account, name)
    if zone is None:
        return f"{name} has no A record in the public DNS: no public zone holds it"
    zone_name = _bare(zone.name)
    if zone_name not in delegated:
        return (
            f"{name} does not resolve in the public DNS: the zone {zone_name} is not marked"
            " delegated, so its name servers are not asked by anybody yet"
        )
    answers = [
        value for record in zone.rrsets if record.type == "A" and _bare(record.name) == name for value in record.records
    ]
    if address not in answers:
        found = ", ".join(answers) or "nothing"
        return f"{name} must resolve to {address} in the public DNS, but resolves to {found}"
    return None


def _reverse_names(delegated: frozenset[str]) -> None:
    """PTR records of Elastic IPs, with the check of the forward record that AWS makes.

    moto lacks modify_address_attribute and reset_address_attribute, and its
    describe_addresses_attribute knows no reverse names: aws_eip_domain_name would wait for ever.
    """

    def described(address: ElasticAddress) -> dict[str, str]:
        entry = {"PublicIp": address.public_ip, "AllocationId": str(address.allocation_id)}
        name = getattr(address, "reverse_name", None)
        return {**entry, "PtrRecord": f"{name}."} if name else entry

    def the_address(backend: EC2Backend, allocation_id: str) -> ElasticAddress:
        found: ElasticAddress = backend.address_by_allocation([allocation_id])[0]
        return found

    def modify_address_attribute(self: EC2Response) -> ActionResult:
        address = the_address(self.ec2_backend, self._get_param("AllocationId"))
        name = _bare(self._get_param("DomainName"))
        why = _refusal(self.current_account, name, address.public_ip, delegated)
        if why:
            raise EC2ClientError("InvalidParameterValue", why)
        address.reverse_name = name  # type: ignore[attr-defined]
        return ActionResult({"Address": described(address)})

    def reset_address_attribute(self: EC2Response) -> ActionResult:
        address = the_address(self.ec2_backend, self._get_param("AllocationId"))
        address.reverse_name = None  # type: ignore[attr-defined]
        return ActionResult({"Address": described(address)})

    def describe_addresses_attribute(self: EC2Response) -> ActionResult:
        wanted = self._get_param("AllocationIds", [])
        addresses = self.ec2_backend.describe_addresses(wanted)
        named = [address for address in addresses if getattr(address, "reverse_name", None)]
        return ActionResult({"Addresses": [described(address) for address in named]})

    _replace(EC2Response, "modify_address_attribute", modify_address_attribute)
    _replace(EC2Response, "reset_address_attribute", reset_address_attribute)
    _replace(EC2Response, "describe_addresses_attribute", describe_addresses_attribute)


def _address_with_reverse_name_stays() -> None:
    """An Elastic IP with a reverse name cannot be released.

    So it is on AWS; without it, a wrong order of destruction would pass here and fail there.
    """
    original = ElasticAddressBackend.release_address

    def release_address(
        self: ElasticAddressBackend, address: str | None = None, allocation_id: str | None = None
    ) -> None:
        for known in self.addresses:
            wanted = known.public_ip == address or known.allocation_id == allocation_id
            if wanted and getattr(known, "reverse_name", None):
                raise EC2ClientError(
                    "InvalidAddress.Locked",
                    f"The address {known.public_ip} has a reverse name and is locked",
                )
        original(self, address=address, allocation_id=allocation_id)

    _replace(ElasticAddressBackend, "release_address", release_address)


def _interfaces_end_with_their_instance() -> None:
    """The interfaces that an instance is launched with go with it, and free their addresses.

    So it is on AWS unless the launch says otherwise; moto keeps them unless it does. The address
    would stay taken, and an instance that is replaced would wait for it until the provider gives up.
    """
    original = Instance.prep_nics

    def prep_nics(self: Instance, nic_spec: list[dict[str, Any]], *arguments: Any, **named: Any) -> None:
        original(self, nic_spec, *arguments, **named)
        settings = {"NetworkInterfaceId", "DeleteOnTermination"}
        decided = {int(spec["DeviceIndex"]) for spec in nic_spec if settings & set(spec)}
        for index, interface in self.nics.items():
            if index not in decided:
                interface.delete_on_termination = True

    _replace(Instance, "prep_nics", prep_nics)


def _one_route_for_each_destination() -> None:
    """A second route to a destination is refused, whatever it leads to.

    moto lets it pass when it leads to an interface, such as a gateway's beside a NAT gateway.
    """
    original = EC2Backend.create_route

    def create_route(
        self: EC2Backend, route_table_id: str, destination_cidr_block: str | None, *arguments: Any, **named: Any
    ) -> Route:
        if named.get("interface_id"):
            known = {route.destination_cidr_block for route in self.get_route_table(route_table_id).routes}
            if destination_cidr_block in known - {None}:
                raise RouteAlreadyExistsError(str(destination_cidr_block))
        return original(self, route_table_id, destination_cidr_block, *arguments, **named)

    _replace(EC2Backend, "create_route", create_route)


def _groups_of_instances() -> None:
    """An instance's groups are those of its primary interface.

    The provider hands them over with the interface; moto then says that the instance has none, and
    every second plan would want to add them. It also keeps both lists apart when they change.
    """

    def primary(instance: Instance) -> dict[str, Any] | None:
        interface = vars(instance).get("nics", {}).get(0)
        return None if interface is None else vars(interface)

    def read(self: Instance) -> Any:
        interface = primary(self)
        return vars(self)["_groups"] if interface is None else interface["_group_set"]

    def write(self: Instance, groups: list[Any]) -> None:
        vars(self)["_groups"] = groups
        interface = primary(self)
        if interface is not None:
            interface["_group_set"] = groups

    _replace(Instance, "security_groups", property(read, write))


def _descriptions_of_group_rules() -> None:
    """A rule whose peer is a group keeps its description.

    moto looks for it beside an address range only: every second plan would want to set it again.
    """

    def description(self: SecurityGroupRule) -> str | None:
        return self.ip_range.get("Description") or self.source_group.get("Description")

    _replace(SecurityGroupRule, "description", property(description))


def _group_in_use_stays() -> None:
    """A security group that an instance or another group's rule uses cannot be deleted.

    moto deletes it at once. On AWS the provider tries again for many minutes and then fails: a
    change of a node's roles has to move the node first, and the rehearsal has to show that it does.
    """
    original = EC2Backend.delete_security_group

    def delete_security_group(self: EC2Backend, name: str | None = None, group_id: str | None = None) -> None:
        interfaces = [
            interface.id
            for interface in list(self.enis.values())
            if group_id in {group.id for group in interface.group_set}
            # moto keeps the interfaces of NAT gateways; AWS deletes them.
            and interface.instance
        ]
        rules = [
            rule.id
            for groups in list(self.groups.values())
            for group in list(groups.values())
            for rule in (*group.ingress_rules, *group.egress_rules)
            if group.id != group_id and rule.source_group.get("GroupId") == group_id
        ]
        if interfaces or rules:
            users = ", ".join(sorted([*interfaces, *rules]))
            raise DependencyViolationError(f"resource {group_id} has a dependent object: {users}")
        original(self, name=name, group_id=group_id)

    _replace(EC2Backend, "delete_security_group", delete_security_group)
