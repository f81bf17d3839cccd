"""Private networks: ranges, subnets, routes."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network

from generator.rehearse.hetzner import catalogue, checks
from generator.rehearse.hetzner.errors import ApiError, invalid
from generator.rehearse.hetzner.family import Call, Family, Handler, Reply
from generator.rehearse.hetzner.store import Record, now

_PRIVATE = tuple(IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
_EVERYWHERE = IPv4Network("0.0.0.0/0")
# The gateway of every server's public interface.
_RESERVED = IPv4Address("172.31.1.1")
_TYPES = ("cloud", "server", "vswitch")


def first_address(network: Record) -> IPv4Address:
    """Returns the address that is the gateway of a network's private interfaces."""
    return IPv4Network(network["ip_range"])[1]


class Networks(Family):
    """Networks with their subnets and routes."""

    kind, plural, title = "network", "networks", "network"

    def commands(self) -> Mapping[str, Handler]:
        """Returns the handlers of commands by name."""
        return {
            "add_route": self.add_route,
            "add_subnet": self.add_subnet,
            "change_ip_range": self.change_ip_range,
            "change_protection": self.change_protection,
            "delete_route": self.delete_route,
            "delete_subnet": self.delete_subnet,
        }

    def render(self, record: Record) -> Record:
        """Returns a record as the API shows it."""
        attached = [
            server["id"]
            for server in self.store.table("server").values()
            if any(entry["network"] == record["id"] and entry["attached"] for entry in server["private_net"])
        ]
        return {**record, "servers": attached, "load_balancers": []}

    def create(self, call: Call) -> Reply:
        """Answers `POST /networks`."""
        body = call.body
        name = self.new_name(body)
        whole = checks.network(checks.need_text(body, "ip_range"), "ip_range")
        _check_whole(whole)
        record: Record = {
            "id": self.store.next_id("network"),
            "name": name,
            "ip_range": str(whole),
            "subnets": [],
            "routes": [],
            "labels": checks.labels(body) or {},
            "protection": {"delete": False},
            "expose_routes_to_vswitch": checks.flag(body, "expose_routes_to_vswitch", False),
            "created": now(),
        }
        for subnet in checks.objects(body, "subnets"):
            record["subnets"].append(_subnet(record, subnet))
        for route in checks.objects(body, "routes"):
            record["routes"].append(_route(record, route))
        self.store.table("network")[record["id"]] = record
        return Reply(201, {"network": self.render(record)})

    def update(self, call: Call) -> Reply:
        """Answers `PUT /networks/{id}`."""
        record = self._changeable(call)
        exposed = checks.flag(call.body, "expose_routes_to_vswitch", record["expose_routes_to_vswitch"])
        record["expose_routes_to_vswitch"] = exposed
        return super().update(call)

    def delete(self, call: Call) -> Reply:
        """Answers `DELETE /networks/{id}`: what is attached gets detached."""
        record = self._changeable(call)
        self.guard_deletion(record)
        for server in self.store.table("server").values():
            server["private_net"] = [entry for entry in server["private_net"] if entry["network"] != record["id"]]
        del self.store.table("network")[record["id"]]
        return Reply(204, None)

    def add_subnet(self, call: Call) -> Reply:
        """Answers the command of that name."""
        record = self._changeable(call)
        subnet = _subnet(record, call.body)
        record["subnets"].append(subnet)
        return self._changed(record, "add_subnet")

    def delete_subnet(self, call: Call) -> Reply:
        """Answers the command of that name: nothing may be attached to the subnet."""
        record = self._changeable(call)
        wanted = checks.network(checks.need_text(call.body, "ip_range"), "ip_range")
        kept = [subnet for subnet in record["subnets"] if subnet["ip_range"] != str(wanted)]
        if len(kept) == len(record["subnets"]):
            raise ApiError("not_found", f"subnet {wanted} not found")
        if any(address in wanted for address in taken(self.store.table("server"), record["id"])):
            raise ApiError("service_error", "cannot remove subnet because servers are attached to it")
        record["subnets"] = kept
        return self._changed(record, "delete_subnet")

    def add_route(self, call: Call) -> Reply:
        """Answers the command of that name."""
        record = self._changeable(call)
        record["routes"].append(_route(record, call.body))
        return self._changed(record, "add_route")

    def delete_route(self, call: Call) -> Reply:
        """Answers the command of that name."""
        record = self._changeable(call)
        route = {key: checks.need_text(call.body, key) for key in ("destination", "gateway")}
        if route not in record["routes"]:
            raise ApiError("not_found", f"route to {route['destination']} not found")
        record["routes"].remove(route)
        return self._changed(record, "delete_route")

    def change_ip_range(self, call: Call) -> Reply:
        """Answers the command of that name: a range only grows, at its end."""
        record = self._changeable(call)
        before, after = IPv4Network(record["ip_range"]), checks.network(call.body.get("ip_range"), "ip_range")
        _check_whole(after)
        if after.network_address != before.network_address or after.prefixlen > before.prefixlen:
            raise invalid("ip_range", "can only be extended, with the same first address")
        record["ip_range"] = str(after)
        return self._changed(record, "change_ip_range")

    def _changeable(self, call: Call) -> Record:
        record = self.record(call)
        self.store.ensure_free("network", record["id"], "conflict")
        return record

    def _changed(self, record: Record, command: str) -> Reply:
        things = [self.thing(record)]
        return self.acted(self.store.act(command, things, locks=things))


def taken(servers: Mapping[int, Record], network: int) -> set[IPv4Address]:
    """Returns the addresses of a network that servers have."""
    return {
        IPv4Address(address)
        for server in servers.values()
        for entry in server["private_net"]
        if entry["network"] == network
        for address in (entry["ip"], *entry["alias_ips"])
    }


def _check_whole(whole: IPv4Network) -> None:
    if not any(whole.subnet_of(block) for block in _PRIVATE):
        raise invalid("ip_range", "must be one of the private IPv4 ranges of RFC1918")
    if whole.prefixlen > 24:
        raise invalid("ip_range", "minimum network size is /24")


def _subnet(network: Record, body: Record) -> Record:
    kind = checks.need_text(body, "type", choices=_TYPES)
    zone = checks.need_text(body, "network_zone", choices=catalogue.network_zones())
    switch = checks.integer(body, "vswitch_id")
    if (kind == "vswitch") != bool(switch):
        raise invalid("vswitch_id", "must be given for subnets of type vswitch, and only for them")
    others = [IPv4Network(subnet["ip_range"]) for subnet in network["subnets"]]
    whole = IPv4Network(network["ip_range"])
    text = checks.text(body, "ip_range")
    wanted = checks.network(text, "ip_range") if text else _free_part(whole, others)
    if not wanted.subnet_of(whole):
        raise invalid("ip_range", "must be a subnet of the network's ip_range")
    if wanted.prefixlen > 30:
        raise invalid("ip_range", "minimum subnet size is /30")
    if any(wanted.overlaps(other) for other in others):
        raise invalid("ip_range", "overlaps with another subnet")
    routes = [IPv4Network(route["destination"]) for route in network["routes"]]
    if any(wanted.overlaps(route) for route in routes if route != _EVERYWHERE):
        raise invalid("ip_range", "overlaps with the destination of a route")
    gateway = str(first_address(network))
    return {"type": kind, "ip_range": str(wanted), "network_zone": zone, "gateway": gateway, "vswitch_id": switch}


def _free_part(whole: IPv4Network, others: list[IPv4Network]) -> IPv4Network:
    for part in whole.subnets(new_prefix=24):
        if not any(part.overlaps(other) for other in others):
            return part
    raise invalid("ip_range", "no /24 is free in the network")


def _route(network: Record, body: Record) -> Record:
    destination = checks.network(checks.need_text(body, "destination"), "destination")
    gateway = checks.address(checks.need_text(body, "gateway"), "gateway")
    if destination != _EVERYWHERE and not any(destination.subnet_of(block) for block in _PRIVATE):
        raise invalid("destination", "must be one of the private IPv4 ranges of RFC1918 or 0.0.0.0/0")
    if destination != _EVERYWHERE:
        if _RESERVED in destination:
            raise invalid("destination", f"overlaps with {_RESERVED}")
        if any(destination.overlaps(IPv4Network(subnet["ip_range"])) for subnet in network["subnets"]):
            raise invalid("destination", "overlaps with a subnet")
    for route in network["routes"]:
        other = IPv4Network(route["destination"])
        both = _EVERYWHERE in (other, destination)
        if other == destination or (not both and destination.overlaps(other)):
            raise invalid("destination", "overlaps with the destination of another route")
    if gateway not in IPv4Network(network["ip_range"]):
        raise invalid("gateway", "must be in the network's ip_range")
    if gateway in (first_address(network), _RESERVED):
        raise invalid("gateway", f"cannot be {gateway}")
    return {"destination": str(destination), "gateway": str(gateway)}
