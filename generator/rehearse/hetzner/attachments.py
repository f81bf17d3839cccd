"""Servers in private networks: who gets which address."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from generator.rehearse.hetzner import catalogue, checks
from generator.rehearse.hetzner.errors import ApiError, invalid
from generator.rehearse.hetzner.networks import first_address, taken
from generator.rehearse.hetzner.store import Action, Record, Store

# docs.hetzner.com/cloud/networks/overview: alias IPs of one attachment.
_MOST_ALIASES = 5
# Locally administered, as the addresses of Hetzner's private interfaces are.
_MAC_PREFIX = "86:00:00"


def entry_of(server: Record, network: int) -> Record | None:
    """Returns a server's attachment to a network."""
    return next((entry for entry in server["private_net"] if entry["network"] == network), None)


def reserve(store: Store, server: Record, body: Record) -> Record:
    """Gives a server its addresses in a network; the attachment shows when its action has ended.

    Args:
        store: The state.
        server: The server.
        body: `network`, and perhaps `ip`, `ip_range` and `alias_ips`.

    Raises:
        ApiError: It is attached already, or an address cannot be had.
    """
    network = store.get("network", checks.need_integer(body, "network"))
    if entry_of(server, network["id"]) is not None:
        raise ApiError("server_already_attached", "server is already attached to the network")
    whole = IPv4Network(network["ip_range"])
    for entry in server["private_net"]:
        if whole.overlaps(IPv4Network(store.get("network", entry["network"])["ip_range"])):
            raise ApiError("networks_overlap", "network overlaps with another one of the server")
    subnets = _subnets(network, server, checks.text(body, "ip_range"))
    wanted = checks.text(body, "ip")
    used = taken(store.table("server"), network["id"]) | {first_address(network)}
    address = _checked(checks.address(wanted, "ip"), subnets, used, "ip") if wanted else _next(subnets, used)
    entry = {
        "network": network["id"],
        "ip": str(address),
        "alias_ips": aliases(store, server, network, body, used | {address}),
        "mac_address": f"{_MAC_PREFIX}:{':'.join(f'{byte:02x}' for byte in address.packed[1:])}",
        "attached": False,
    }
    server["private_net"].append(entry)
    return entry


def attach(store: Store, server: Record, entry: Record, after: Action | None = None) -> Action:
    """Starts to attach a server to a network."""
    things = [("server", server["id"]), ("network", entry["network"])]
    return store.act("attach_to_network", things, lambda: entry.update(attached=True), locks=things[:1], after=after)


def aliases(
    store: Store, server: Record, network: Record, body: Record, used: set[IPv4Address] | None = None
) -> list[str]:
    """Returns the alias addresses of a body, checked.

    Raises:
        ApiError: One cannot be had.
    """
    if used is None:
        own = entry_of(server, network["id"])
        before = {IPv4Address(text) for text in own["alias_ips"]} if own else set()
        used = (taken(store.table("server"), network["id"]) | {first_address(network)}) - before
    wanted = [checks.address(text, "alias_ips") for text in checks.listed(body, "alias_ips")]
    if len(wanted) > _MOST_ALIASES or len(set(wanted)) < len(wanted):
        raise invalid("alias_ips", f"must be at most {_MOST_ALIASES} different addresses")
    subnets = _subnets(network, server, None)
    return [str(_checked(address, subnets, used, "alias_ips")) for address in wanted]


def _subnets(network: Record, server: Record, ip_range: str | None) -> list[IPv4Network]:
    """Returns the subnets that a server can be in, or the one that was asked for."""
    zone = catalogue.location(server["location"])["network_zone"]
    found = [IPv4Network(subnet["ip_range"]) for subnet in network["subnets"] if subnet["network_zone"] == zone]
    if ip_range is not None:
        found = [subnet for subnet in found if subnet == checks.network(ip_range, "ip_range")]
    if not found:
        raise ApiError("no_subnet_available", "network has no subnet for the server's location")
    return sorted(found)


def _checked(address: IPv4Address, subnets: list[IPv4Network], used: set[IPv4Address], field: str) -> IPv4Address:
    subnet = next((subnet for subnet in subnets if address in subnet), None)
    if subnet is None:
        raise invalid(field, f"{address} is in no subnet that the server can be in")
    if address in used or address in (subnet.network_address, subnet.broadcast_address):
        raise ApiError("ip_not_available", f"IP {address} is not available")
    return address


def _next(subnets: list[IPv4Network], used: set[IPv4Address]) -> IPv4Address:
    # Without a wish the server lands in the last subnet by range (provider's documentation of hcloud_server).
    for address in subnets[-1].hosts():
        if address not in used:
            return address
    raise ApiError("no_subnet_available", "no IP is available in the subnet")
