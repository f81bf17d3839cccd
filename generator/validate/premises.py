"""The operator's own hypervisor: what only the operator can know about addresses and networks."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

from generator.addressing import first_host, is_private, parse_address, parse_network
from generator.context import Context
from generator.plan import GATEWAY
from generator.problems import Finding, Path, listing

_OWN_KEYS = ("uri", "storage", "uplink", "public_address", "public_addresses")
_WIDEST, _NARROWEST = 16, 28
_NEEDED = (
    "Carbonio's requirements ask for a public address with an A record that the MX names: without one no mail arrives."
)


def check_premises(context: Context) -> Iterator[Finding]:
    """Public addresses, the uplink and the router; or that there are no such keys."""
    if not context.capabilities.on_premises:
        yield from _elsewhere(context)
        return
    if context.topology.exposure not in context.capabilities.exposures:
        return
    yield from _public_addresses(context)
    yield from _uplink(context)
    yield from _router(context)
    yield from _administrators(context)
    if not context.host_firewall and not context.shared_address:
        yield Finding(
            "no-firewall",
            ("host_firewall",),
            "with exposure: direct nothing but the machines' own firewalls stands between them and the Internet",
            "Remove the key. To find a fault between the nodes, use troubleshooting: open-internal.",
            key=True,
        )
    if context.topology.vpn is not None and context.behind_router:
        yield Finding(
            "vpn-without-gateway",
            ("vpn",),
            "the operator's own router stands before the nodes, so there is no gateway to end the tunnel",
            "Use the VPN of that router, or exposure: gateway.",
            key=True,
        )


def _administrators(context: Context) -> Iterator[Finding]:
    ranges = context.topology.management
    if context.behind_router and ranges and not any(is_private(parse_network(text)) for text in ranges):
        yield Finding(
            "management-public",
            ("management",),
            "management names public ranges alone, and with exposure: external the nodes have private addresses alone",
            "Name the administrators' own network, which your router routes to the nodes, as in: "
            "management: [192.168.7.0/24]",
            "warning",
        )


def _elsewhere(context: Context) -> Iterator[Finding]:
    choice, title = context.topology.cloud, context.capabilities.title
    keys = [(("cloud", key), getattr(choice, key)) for key in _OWN_KEYS]
    keys += [(("cloud", "hypervisor"), choice.hypervisor == "qemu")]
    keys += [(("network", "router"), context.topology.network.router)]
    empty = type(choice)(provider="")
    for path, value in keys:
        if value and value != getattr(empty, path[1], ""):
            why = f"{path[1]} is for a hypervisor of one's own; {title} brings what it needs"
            yield Finding("key-not-for-cloud", path, why, "Remove the key.", key=True)


def _public_addresses(context: Context) -> Iterator[Finding]:
    choice = context.topology.cloud
    if context.shared_address:
        if choice.public_addresses:
            why = f"with exposure: {context.topology.exposure} all nodes share one public address"
            yield Finding("address-not-used", ("cloud", "public_addresses"), why, "Use public_address.", key=True)
        if not choice.public_address:
            owner = "the gateway" if context.through_gateway else "your router"
            mend = f"Add the address of {owner} under cloud, as in: public_address: 203.0.113.10"
            yield Finding("missing-public-address", ("cloud",), f"cloud.public_address is missing. {_NEEDED}", mend)
        else:
            yield from _address(choice.public_address, ("cloud", "public_address"), context)
        return
    if choice.public_address:
        why = "with exposure: direct every node has an address of its own"
        yield Finding("address-not-used", ("cloud", "public_address"), why, "Use public_addresses, by node.", key=True)
    yield from _by_node(context)


def _by_node(context: Context) -> Iterator[Finding]:
    given = context.topology.cloud.public_addresses
    machines = [*context.nodes, *([GATEWAY] if context.has_gateway else [])]
    external = context.external_roles
    wanted = [
        name
        for name, node in context.nodes.items()
        if not node.private and not external.isdisjoint(node.roles) and name not in given
    ]
    if context.has_gateway and GATEWAY not in given:
        wanted.append(GATEWAY)
    if wanted:
        yield Finding(
            "missing-public-address",
            ("cloud",),
            f"{listing(wanted)} {'has' if len(wanted) == 1 else 'have'} no public address. {_NEEDED}",
            f"Name them under cloud, as in: public_addresses: {{{wanted[0]}: 203.0.113.10}}",
        )
    taken: dict[str, str] = {}
    for name, address in given.items():
        path = ("cloud", "public_addresses", name)
        if name not in machines:
            yield Finding("unknown-node", path, f'"{name}" is not a node', f"Nodes: {', '.join(machines)}.", key=True)
        if not address:
            # Said already: what is no address stands as none.
            continue
        if address in taken:
            why = f"{address} belongs to {taken[address]} as well"
            yield Finding("address-twice", path, why, "Change one of them.")
        taken.setdefault(address, name)
        yield from _address(address, path, context)


def _address(text: str, path: Path, context: Context) -> Iterator[Finding]:
    if is_private(parse_network(text)):
        why = f"{text} is a private address: nobody on the Internet reaches it"
        yield Finding("private-address", path, why, "Name the address that the Internet sees.")
    elif not _ordinary(parse_address(text)):
        why = f"{text} is no machine's address on the Internet"
        yield Finding("private-address", path, why, "Name the address that the Internet sees.")
    uplink = context.topology.cloud.uplink
    if uplink.cidr and (uplink.bridge or uplink.network):
        if text == _router_of(context):
            why = f"{text} is the router of the uplink"
            yield Finding("address-twice", path, why, "Name another one, or the router.")
        yield from _reserved(text, parse_network(uplink.cidr), path)
        if not is_private(parse_network(uplink.cidr)) and parse_address(text) not in parse_network(uplink.cidr):
            why = f"{text} is not in the uplink's range {uplink.cidr}: the interface asks DHCP instead"
            mend = "Correct one of them; where somebody else has the address and forwards, leave out uplink.cidr."
            yield Finding("address-not-on-uplink", path, why, mend, "warning")


def _ordinary(address: IPv4Address) -> bool:
    """Tell whether an address is none of those for a purpose of their own (RFC 6890)."""
    special = address.is_unspecified or address.is_loopback or address.is_link_local
    return not (special or address.is_multicast or address.is_reserved)


def _reserved(text: str, network: IPv4Network, path: Path) -> Iterator[Finding]:
    """Yield an address that no machine of a network can have; networks of two addresses have none (RFC 3021)."""
    ends = (network.network_address, network.broadcast_address)
    if network.num_addresses > len(ends) and parse_address(text) in ends:
        why = f"{text} stands for {network} itself, or for everybody in it"
        yield Finding("address-reserved", path, why, "Name an address between the first and the last.")


def _router_of(context: Context) -> str:
    uplink = context.topology.cloud.uplink
    return uplink.router or first_host(parse_network(uplink.cidr))


def _uplink(context: Context) -> Iterator[Finding]:
    uplink, path = context.topology.cloud.uplink, ("cloud", "uplink")
    if uplink.bridge and uplink.network:
        yield Finding("uplink-twice", path, "uplink names a bridge and a network", "Remove one of them.")
    if not (uplink.bridge or uplink.network or (uplink.cidr and not context.behind_router)):
        mend = "Add a bridge of the hypervisor or a network of libvirt under cloud, as in: uplink: {bridge: br0}"
        yield Finding("missing-uplink", ("cloud",), "there is no uplink: nothing would reach the Internet", mend)
        return
    if context.behind_router:
        for key in ("cidr", "router"):
            if getattr(uplink, key):
                why = f"with exposure: external the nodes stand on the uplink itself, so its {key} is the network's"
                yield Finding("uplink-range", (*path, key), why, f"Set network.{key} instead.", key=True)
        return
    yield from _uplink_range(context)


def _uplink_range(context: Context) -> Iterator[Finding]:
    uplink, path = context.topology.cloud.uplink, ("cloud", "uplink")
    made = not uplink.bridge and not uplink.network
    if uplink.router and (made or not uplink.cidr):
        why = "a router goes with the range of an uplink that exists"
        yield Finding("uplink-range", (*path, "router"), why, "Add cidr and bridge, or remove router.", key=True)
    if not uplink.cidr:
        return
    found = parse_network(uplink.cidr)
    if found.overlaps(parse_network(context.topology.network.cidr)):
        why = f"{found} overlaps the network {context.topology.network.cidr}"
        yield Finding("uplink-range", (*path, "cidr"), why, "Choose another range.")
    vpn = context.topology.vpn
    if vpn is not None and found.overlaps(parse_network(vpn.range)):
        why = f"{found} overlaps the range of the VPN, {vpn.range}"
        yield Finding("uplink-range", (*path, "cidr"), why, "Choose another range, here or there.")
    if made and not (is_private(found) and _WIDEST <= found.prefixlen <= _NARROWEST):
        why = f"{found} is not a private range between /{_WIDEST} and /{_NARROWEST}"
        mend = "Use a range such as 192.168.150.0/24, or name the bridge that has this one."
        yield Finding("uplink-range", (*path, "cidr"), why, mend)
    if uplink.router and parse_address(uplink.router) not in found:
        yield Finding("uplink-range", (*path, "router"), f"{uplink.router} is not in {found}", "Change one of them.")
    elif uplink.router:
        yield from _reserved(uplink.router, found, (*path, "router"))


def _router(context: Context) -> Iterator[Finding]:
    router, path = context.topology.network.router, ("network", "router")
    if router and not context.behind_router:
        yield Finding("no-router", path, "network.router is for exposure: external", "Remove the key.", key=True)
        return
    if router and parse_address(router) not in parse_network(context.topology.network.cidr):
        why = f"{router} is not in the network {context.topology.network.cidr}"
        yield Finding("address-outside", path, why, "Change one of them.")
    elif router:
        yield from _reserved(router, parse_network(context.topology.network.cidr), path)
    for name, node in context.nodes.items():
        if context.behind_router and node.address == context.network_router:
            why = f"{node.address} is the router's address"
            yield Finding("address-twice", ("nodes", name, "address"), why, "Change one of them.")
