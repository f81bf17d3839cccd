"""Addresses: the network, the nodes in it, and who administers from where."""

from collections.abc import Iterator
from ipaddress import IPv4Network

from generator.addressing import is_private, parse_address, parse_network, public_addresses
from generator.context import Context
from generator.plan import GATEWAY
from generator.problems import Finding, listing, nearest

_MOST_PUBLIC_MANAGEMENT = 65_536
_WIDEST, _NARROWEST = 16, 24


def check_network(context: Context) -> Iterator[Finding]:
    """The network, fixed addresses, exposure, management ranges and SSH access."""
    network = parse_network(context.topology.network.cidr)
    yield from _network(network, context)
    yield from _addresses(network, context)
    yield from _management(context)
    yield from _access(context)
    exposures = context.capabilities.exposures
    if context.topology.exposure not in exposures:
        yield Finding(
            "unknown-exposure",
            ("exposure",),
            f'{context.capabilities.title} does not offer exposure "{context.topology.exposure}"'
            f"{nearest(context.topology.exposure, exposures)}",
            f"It offers {listing(exposures)}.",
        )


def _network(network: IPv4Network, context: Context) -> Iterator[Finding]:
    path = ("network", "cidr")
    if not is_private(network):
        yield Finding(
            "public-network",
            path,
            f"{network} is not a private range",
            "Use one of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16.",
        )
    if not _WIDEST <= network.prefixlen <= _NARROWEST:
        yield Finding(
            "network-size",
            path,
            f"{network} does not lie between /{_WIDEST} and /{_NARROWEST}",
            "It is divided into sixteen parts: eight zones, each with a private and a public one."
            if context.capabilities.zonal_subnets
            else "It is divided: nodes stand in the first half, and a gateway in the last sixteenth.",
        )


def _addresses(network: IPv4Network, context: Context) -> Iterator[Finding]:
    taken: dict[str, str] = {}
    for name, node in context.nodes.items():
        if not node.address:
            continue
        path = ("nodes", name, "address")
        if parse_address(node.address) not in network:
            yield Finding(
                "address-outside",
                path,
                f"{node.address} of {name} is not in the network {network}",
                "Change it, or network.cidr.",
            )
        if node.address in taken:
            yield Finding(
                "address-twice",
                path,
                f"{node.address} belongs to {taken[node.address]} as well",
                "Change one of them.",
            )
        taken.setdefault(node.address, name)


def _management(context: Context) -> Iterator[Finding]:
    ranges = context.topology.management
    if not ranges:
        yield Finding(
            "no-management",
            ("management",),
            "management is empty: nobody could reach SSH or the Admin Panel",
            "Add the ranges from which you administer, as in: management: [198.51.100.0/24]",
        )
    if ranges and not _inside(context) and all(is_private(parse_network(text)) for text in ranges):
        yield Finding(
            "management-private",
            ("management",),
            "management names private ranges alone: they reach the nodes through a VPN or peering of your own only",
            "If that is your way, silence it: silence: {management-private: WHY}. If not, add the public range from "
            f"which you administer, as in: management: [{', '.join([*ranges[:1], '198.51.100.0/24'])}]",
            "warning",
        )
    public = public_addresses(parse_network(text) for text in ranges)
    if public > _MOST_PUBLIC_MANAGEMENT:
        yield Finding(
            "management-too-wide",
            ("management",),
            f"management covers {public} public addresses: that amounts to the Internet",
            "SSH and the Admin Panel must never be open to the Internet; name your office's or VPN's ranges.",
        )
        return
    network = parse_network(context.topology.network.cidr)
    before: set[str] = set()
    for index, text in enumerate(ranges):
        # On a hypervisor that is the router itself, administrators come from its address.
        router = context.behind_router and text == f"{context.network_router}/32"
        if parse_network(text).overlaps(network) and not router:
            yield Finding(
                "management-inside",
                ("management", index),
                f"{text} overlaps the deployment's network {network}: every node counts as an administrator",
                "Name the administrators' ranges alone.",
                "warning",
            )
        if text in before:
            yield Finding("range-twice", ("management", index), f"{text} stands twice", "Remove one of them.")
        before.add(text)


def _inside(context: Context) -> bool:
    """Tell whether administrators usually come from private ranges: the operator's network, and the machines in it."""
    if not context.capabilities.on_premises:
        return False
    uplink = context.topology.cloud.uplink
    return context.behind_router or not uplink.cidr or is_private(parse_network(uplink.cidr))


def _access(context: Context) -> Iterator[Finding]:
    topology = context.topology
    if not topology.ssh_keys and not topology.cloud.existing_key_pair:
        yield Finding(
            "no-ssh-key",
            ("ssh_keys",),
            "there is no SSH key: nobody could log in",
            "Add the content of ~/.ssh/id_ed25519.pub to ssh_keys.",
        )
    machines = [*context.nodes, *([GATEWAY] if context.has_gateway else [])]
    if topology.jump and topology.jump not in machines:
        yield Finding(
            "unknown-node",
            ("jump",),
            f'"{topology.jump}" is not a node',
            f"Nodes: {', '.join(machines)}.",
        )
