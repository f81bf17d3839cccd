"""Network interfaces where they are the operator's, and default routes that a machine is not told of."""

import hashlib
from ipaddress import IPv4Address, IPv4Network

from generator.addressing import first_host
from generator.context import Context
from generator.plan import GATEWAY, Link

_MAC_BYTES = 5


def plan_links(name: str, fqdn: str, address: str, context: Context) -> tuple[Link, ...]:
    """Return the interfaces of a machine; none where the cloud brings them.

    Args:
        name: The machine's name.
        fqdn: Its full name.
        address: Its private address.
        context: The topology with its cloud.
    """
    if not context.capabilities.on_premises:
        return ()
    length = context.topology.network.cidr.partition("/")[2]
    links = [Link("inside", _mac(fqdn, "inside"), f"{address}/{length}", "")]
    if context.topology.exposure == "direct" or name == GATEWAY:
        links.append(_uplink(name, fqdn, context))
    return tuple(links)


def _uplink(name: str, fqdn: str, context: Context) -> Link:
    """Return the interface to the Internet: with the public address if that is one of the uplink's, else by DHCP."""
    uplink, stated = context.topology.cloud.uplink, context.stated_address(name)
    mac = _mac(fqdn, "uplink")
    there = bool(uplink.bridge or uplink.network) and bool(uplink.cidr) and bool(stated)
    if not there or IPv4Address(stated) not in IPv4Network(uplink.cidr):
        return Link("uplink", mac, "", "")
    network = IPv4Network(uplink.cidr)
    return Link("uplink", mac, f"{stated}/{network.prefixlen}", uplink.router or first_host(network))


def _mac(fqdn: str, link: str) -> str:
    """Return a hardware address of the locally administered block: the same for the same names, anywhere."""
    digest = hashlib.sha256(f"{fqdn}/{link}".encode()).hexdigest()
    return ":".join(["02", *(digest[at : at + 2] for at in range(0, 2 * _MAC_BYTES, 2))])


def default_route(node_has_address: bool, gateway: str, context: Context) -> str:
    """Return the address to which a machine must set its default route itself; empty where it is told.

    Args:
        node_has_address: The machine has a public address, or an interface of its own to the Internet.
        gateway: Private address of the gateway, empty without one.
        context: The topology with its cloud.
    """
    if node_has_address:
        return ""
    if context.capabilities.on_premises:
        if context.through_gateway:
            return gateway
        return context.network_router if context.shared_address else ""
    offset = context.cloud.network_router
    return str(IPv4Network(context.topology.network.cidr)[offset]) if offset else ""
