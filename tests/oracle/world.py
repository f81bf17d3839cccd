"""A deployment with all its filters: the cloud's and each machine's own."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from tests.oracle import firewalld, nft, nft_ruleset, router
from tests.oracle.cloud import Cloud
from tests.oracle.expected import GATEWAY, PRIVATE, Reading, read, table
from tests.oracle.groups import OracleError
from tests.oracle.masks import FULL, Ranges, address
from tests.oracle.nft import Packet

NFTABLES = "/etc/nftables.conf"
DNSMASQ = "/etc/dnsmasq.d/carbonio.conf"
TUNNEL = "10.98.0.0/24"
NETWORK = "10.20.0.0/16"
# Machines have their own firewall where the cloud filters nothing between them.
HOST_FIREWALL = {"aws": False, "hetzner": True, "libvirt": True}
OUTSIDE = "8.8.8.8"


class Host(Protocol):
    """A machine's own firewall; see `nft.Firewall`."""

    def edges(self) -> set[int]:
        """Return every address at which an answer may change."""
        ...

    def admits(self, hook: str, packet: Packet) -> int:
        """Return the ports that a hook lets through."""
        ...

    def translated(self, packet: Packet) -> tuple[tuple[int, tuple[int, ...]], ...]:
        """Return ports by the addresses that they are sent to."""
        ...

    def masked(self, packet: Packet) -> int:
        """Return ports on which a packet leaves with the machine's own address."""
        ...


class NoFirewall:
    """A machine that filters nothing itself."""

    def edges(self) -> set[int]:
        """Return nothing."""
        return set()

    def admits(self, hook: str, packet: Packet) -> int:
        """Return all ports; but no node forwards."""
        return 0 if hook == "forward" else FULL[packet.protocol]

    def translated(self, packet: Packet) -> tuple[tuple[int, tuple[int, ...]], ...]:
        """Return nothing."""
        del packet
        return ()

    def masked(self, packet: Packet) -> int:
        """Return nothing."""
        del packet
        return 0


class World(NamedTuple):
    """Everything between two ends of a flow.

    Attributes:
        reading: What the topology asks for.
        resolvers: Machines that answer DNS inside.
        addresses: Private addresses by machine, the gateway among them.
        network: The whole private network.
        cluster: Where nodes may stand: the network without its last sixteenth.
        tunnel: The VPN's range; empty without.
        hosts: Machines' own firewalls.
        router: The operator's own, between the nodes and the Internet; None without.
    """

    reading: Reading
    resolvers: frozenset[str]
    addresses: Mapping[str, int]
    network: Ranges
    cluster: Ranges
    tunnel: Ranges
    cloud: Cloud
    hosts: Mapping[str, Host]
    router: router.Router | None = None

    @property
    def nodes(self) -> list[str]:
        """Every machine but the gateway."""
        return [name for name in self.addresses if name != GATEWAY]

    def is_outside(self, number: int) -> bool:
        """Tell whether an address is neither of the network nor of the tunnel, nor one that stays on its link."""
        if ipaddress.IPv4Address(number).is_link_local:
            return False
        return number not in self.network and number not in self.tunnel

    def is_routed(self, number: int) -> bool:
        """Tell whether packets from outside come to private addresses: where the operator routes them there."""
        managed = self.router is not None and number in Ranges(self.reading.management)
        return managed or self.is_private(number)

    @staticmethod
    def is_private(number: int) -> bool:
        """Tell whether an address is no public one."""
        return any(ipaddress.IPv4Address(number) in block for block in PRIVATE)


def build(
    topology: Mapping[str, Any], cloud: Cloud, machines: Mapping[str, Mapping[str, Any]], sheet: str = ""
) -> World:
    """Put a deployment together, and check that its parts fit each other.

    Args:
        topology: As it comes from YAML, with `nodes`.
        cloud: The cloud's side.
        machines: Content of `nodes/<machine>.json` by machine.
        sheet: Content of `hand-over.md`, by which the operator sets up a router of their own.

    Raises:
        OracleError: They do not fit.
    """
    reading = read(topology)
    wanted = {*reading.nodes, *([GATEWAY] if reading.gateway else [])}
    for what, found in (("cloud", set(cloud.addresses)), ("nodes/*.json", set(machines))):
        if found != wanted:
            raise OracleError(f"machines in {what}: {sorted(found)}, wanted {sorted(wanted)}")
    for name, content in machines.items():
        if content["address"] != cloud.addresses[name]:
            raise OracleError(f"{name} is {content['address']}, but {cloud.addresses[name]} in the cloud")
    network = str(topology.get("network", {}).get("cidr", NETWORK))
    parts = list(ipaddress.IPv4Network(network).subnets(prefixlen_diff=4))
    tunnel = [str(reading.vpn.get("range", TUNNEL))] if reading.vpn is not None else []
    world = World(
        reading,
        frozenset(name for name, content in machines.items() if DNSMASQ in content.get("files", {})),
        {name: address(text) for name, text in cloud.addresses.items()},
        Ranges([network]),
        Ranges(map(str, parts[:-1])),
        Ranges(tunnel),
        cloud,
        {name: _host(name, content, topology) for name, content in machines.items()},
        router.read(sheet, cloud.addresses) if reading.exposure == "external" else None,
    )
    if reading.exposure != "external" and router.has_table(sheet):
        raise OracleError("there is no router of the operator's to set up")
    for name, number in world.addresses.items():
        if number not in world.network or (number in world.cluster) != (name != GATEWAY):
            raise OracleError(f"{name} stands at a wrong place: {cloud.addresses[name]}")
    provider = str(topology["cloud"]["provider"])
    _check_public(world, provider)
    _check_resolvers(world, provider, machines)
    _check_router(world, topology)
    for name, content in machines.items():
        told, wanted_route = content["router"], _default_route(name, world, network, provider)
        if (told or "") != wanted_route:
            raise OracleError(f"{name} sets its default route to {told}, wanted {wanted_route or 'nothing'}")
    return world


def machines_of(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the content of every `nodes/<machine>.json` below a folder."""
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((folder / "nodes").glob("*.json"))
    }


def sheet_of(folder: Path) -> str:
    """Return the content of `hand-over.md` in a folder."""
    return (folder / "hand-over.md").read_text(encoding="utf-8")


def _host(name: str, content: Mapping[str, Any], topology: Mapping[str, Any]) -> Host:
    asked = topology.get("host_firewall")
    wanted = name == GATEWAY or (HOST_FIREWALL[topology["cloud"]["provider"]] if asked is None else bool(asked))
    files = {path: "\n".join([*lines, ""]) for path, lines in content.get("files", {}).items()}
    rules = [path for path in files if path == NFTABLES or path.startswith("/etc/firewalld/")]
    if wanted != bool(content["host_firewall"]) or wanted != bool(rules):
        raise OracleError(f"{name}: its own firewall is {content['host_firewall']}, wanted {wanted}; files: {rules}")
    if not wanted:
        return NoFirewall()
    rhel = name != GATEWAY and str(content["os"]).startswith("rhel")
    if rhel != (NFTABLES not in files) or (not rhel and rules != [NFTABLES]):
        raise OracleError(f"{name} with {content['os']} has {rules}")
    return firewalld.load(files) if rhel else _nft(files[NFTABLES])


_firewalls: dict[str, nft.Firewall] = {}


def _nft(text: str) -> nft.Firewall:
    if text not in _firewalls:
        ruleset = nft_ruleset.load(text)
        ruleset.check_gap()
        _firewalls[text] = nft.Firewall(ruleset)
    return _firewalls[text]


def _check_public(world: World, provider: str) -> None:
    """Check who has a public interface: the gateway, or who is reached from outside, or, elsewhere, everybody."""
    reading = world.reading
    rows = table(reading.release, reading.edition)
    external = {role for row in rows if row.direction == "external" for role in row.roles}
    wanted = {GATEWAY} if reading.gateway else set()
    if reading.exposure == "direct":
        everybody = provider != "aws"
        exposed = {name for name, roles in reading.nodes.items() if external & set(roles)} - reading.private
        wanted |= set(reading.nodes) if everybody else exposed
    if world.cloud.public != wanted:
        raise OracleError(f"public addresses: {sorted(world.cloud.public)}, wanted {sorted(wanted)}")


def _check_router(world: World, topology: Mapping[str, Any]) -> None:
    """Check that the sheet speaks of the topology's router and public address."""
    if world.router is None:
        return
    network = topology.get("network", {})
    own = network.get("router")
    place = address(own) if own else router.first_address(str(network.get("cidr", NETWORK)))
    if world.router.address != place or world.router.public != topology["cloud"]["public_address"]:
        raise OracleError(f"the sheet is about another router: {world.router.address} with {world.router.public}")
    if place not in world.network or place in world.addresses.values():
        raise OracleError("the router has no address of its own among the nodes")


def _default_route(name: str, world: World, network: str, provider: str) -> str:
    """Return where a machine has to lead what leaves, where neither its interface nor DHCP says so; empty if they do.

    At Hetzner everything in the private network passes the cloud's own router. On a bridge the machines see each other.
    """
    if name in world.cloud.public or provider == "aws":
        return ""
    if provider == "hetzner":
        return str(ipaddress.IPv4Address(router.first_address(network)))
    last = world.router.address if world.router is not None else world.addresses.get(GATEWAY)
    return str(ipaddress.IPv4Address(last)) if last is not None else ""


def _check_resolvers(world: World, provider: str, machines: Mapping[str, Mapping[str, Any]]) -> None:
    """Check who answers DNS inside: nobody on AWS; the gateway, or two nodes that serve no mail clients."""
    reading, found = world.reading, world.resolvers
    quiet = {name for name, roles in reading.nodes.items() if not {"mta", "proxy"} & set(roles)}
    fits = len(found) == min(2, len(quiet)) and found <= quiet
    if not quiet:
        fits = bool(found)
    if provider == "aws":
        fits = not found
    elif reading.exposure == "gateway":
        fits = found == {GATEWAY}
    if not fits:
        raise OracleError(f"DNS inside is answered by {sorted(found)}")
    wanted = sorted(world.cloud.addresses[name] for name in found)
    for name, content in machines.items():
        if sorted(content.get("resolvers", [])) != wanted:
            raise OracleError(f"{name} asks {content.get('resolvers')} for names, wanted {wanted}")
