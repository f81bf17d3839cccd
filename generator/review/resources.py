"""What the resources of a Terraform plan are to a deployment."""

from collections.abc import Collection

from generator.clouds import Cloud
from generator.clouds.resources import Openings, ResourceKind
from generator.review.terraform import NODES, Resource

FIREWALL = "module.firewall"
ZONES = "module.public_zone"
REVERSE_NAMES = "module.ptr"
_OURS = frozenset(
    {NODES, FIREWALL, ZONES, REVERSE_NAMES, "module.network", "module.egress", "module.inside_dns"},
)
"""The modules of a generated `main.tf` that hold resources."""


def kind_of(resource: Resource, clouds: Collection[Cloud]) -> ResourceKind | None:
    """Return what a resource is; None where nobody here knows its type."""
    for cloud in clouds:
        kinds = cloud.resource_kinds
        found = kinds.get(f"{resource.type}.{resource.name}", kinds.get(resource.type))
        if found is not None:
            return found
    return None


def reader(resource: Resource, clouds: Collection[Cloud]) -> Openings | None:
    """Return how to read what a resource lets in; None where it lets in nothing that anybody here knows of."""
    return next((cloud.openings[resource.type] for cloud in clouds if resource.type in cloud.openings), None)


def is_generated(resource: Resource, clouds: Collection[Cloud]) -> bool:
    """Tell whether a generated file has it, by where it stands and what it is."""
    module, _, instance = resource.module_address.partition("[")
    return module in _OURS and ".module." not in instance and kind_of(resource, clouds) is not None


def group_of(resource: Resource) -> str:
    """Return the group whose rules a resource of ours carries; empty for one of the operator's own."""
    if resource.module_address != FIREWALL or resource.index is None:
        return ""
    return str(resource.index).partition("/")[0]
