"""Primary IPs: public addresses of servers, with their names in reverse DNS."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping

from generator.rehearse.hetzner import catalogue, checks
from generator.rehearse.hetzner.errors import ApiError, invalid
from generator.rehearse.hetzner.family import Call, Family, Handler, Reply
from generator.rehearse.hetzner.store import Record, now

VERSIONS = ("ipv4", "ipv6")
_HOST_NAME = re.compile(r"(?=.{1,253}$)(?:[a-zA-Z0-9_](?:[a-zA-Z0-9_-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z][a-zA-Z0-9-]*\.?")


def refuse_data_center(body: Record) -> None:
    """Refuses what the API has dropped on 2026-07-01: naming a data centre.

    Raises:
        ApiError: The body does.
    """
    if body.get("datacenter") is not None:
        raise invalid("datacenter", "was removed, use 'location'")


class PrimaryIps(Family):
    """Primary IPs."""

    kind, plural, title = "primary_ip", "primary_ips", "primary IP"
    sortable = ("id", "created")

    def commands(self) -> Mapping[str, Handler]:
        """Returns the handlers of commands by name."""
        return {
            "assign": self.assign,
            "unassign": self.unassign,
            "change_dns_ptr": self.change_dns_ptr,
            "change_protection": self.change_protection,
        }

    def render(self, record: Record) -> Record:
        """Returns a record as the API shows it."""
        place = catalogue.location(record["location"])
        names = [{"ip": address, "dns_ptr": name} for address, name in record["dns_ptr"].items()]
        return {**record, "location": place, "datacenter": catalogue.data_center(place), "dns_ptr": names}

    def selects(self, call: Call, record: Record) -> bool:
        """Returns whether a record passes the family's own query parameters."""
        return call.one("ip") in (None, record["ip"])

    def add(self, version: str, location: str, name: str = "", *, auto_delete: bool = False) -> Record:
        """Adds an unassigned address; without a name it gets one like those of servers' own addresses."""
        number = self.store.next_id("primary_ip")
        address = self.store.take_address(version)
        record: Record = {
            "id": number,
            "name": name or f"primary_ip-{number}",
            "type": version,
            "ip": address,
            "location": location,
            "assignee_id": None,
            "assignee_type": "server",
            "auto_delete": auto_delete,
            "blocked": False,
            "dns_ptr": {address: _default_name(address)} if version == "ipv4" else {},
            "labels": {},
            "protection": {"delete": False},
            "created": now(),
        }
        self.store.table("primary_ip")[number] = record
        return record

    def create(self, call: Call) -> Reply:
        """Answers `POST /primary_ips`."""
        body = call.body
        refuse_data_center(body)
        name = self.new_name(body)
        version = checks.need_text(body, "type", choices=VERSIONS)
        labels = checks.labels(body) or {}
        auto_delete = checks.flag(body, "auto_delete", False)
        checks.text(body, "assignee_type", choices=("server",))
        number = checks.integer(body, "assignee_id")
        if number is not None and body.get("location") is not None:
            raise invalid("location", "must not be used together with an assignee")
        server = self._server_for(number, version) if number is not None else None
        location = server["location"] if server else catalogue.location(checks.reference(body, "location"))["name"]
        record = self.add(version, location, name, auto_delete=auto_delete)
        record["labels"] = labels
        things = [self.thing(record)]
        if server:
            record["assignee_id"] = server["id"]
            server[version] = record["id"]
            things.append(("server", server["id"]))
        action = self.store.act("create_primary_ip", things, locks=things)
        return Reply(201, {"primary_ip": self.render(record), "action": action.render()})

    def update(self, call: Call) -> Reply:
        """Answers `PUT /primary_ips/{id}`."""
        record = self.record(call)
        record["auto_delete"] = checks.flag(call.body, "auto_delete", record["auto_delete"])
        return super().update(call)

    def delete(self, call: Call) -> Reply:
        """Answers `DELETE /primary_ips/{id}`, which an unassigned one allows."""
        record = self.record(call)
        self.guard_deletion(record)
        if record["assignee_id"] is not None:
            raise ApiError("must_be_unassigned", "primary IP must be unassigned before it is deleted")
        del self.store.table("primary_ip")[record["id"]]
        return Reply(204, None)

    def change_protection(self, call: Call) -> Reply:
        """Answers the command of that name."""
        if checks.flag(call.body, "delete", False) and self.record(call)["auto_delete"]:
            raise invalid("delete", "cannot be enabled while auto_delete is")
        return super().change_protection(call)

    def assign(self, call: Call) -> Reply:
        """Answers the command of that name: the server has to be off."""
        record = self.record(call)
        checks.need_text(call.body, "assignee_type", choices=("server",))
        if record["assignee_id"] is not None:
            raise ApiError("primary_ip_already_assigned", "primary IP is already assigned")
        server = self._server_for(checks.need_integer(call.body, "assignee_id"), record["type"])
        if server["location"] != record["location"]:
            raise invalid("assignee_id", "server and primary IP are in different locations")
        record["assignee_id"] = server["id"]
        server[record["type"]] = record["id"]
        things = [self.thing(record), ("server", server["id"])]
        return self.acted(self.store.act("assign_primary_ip", things, locks=things))

    def unassign(self, call: Call) -> Reply:
        """Answers the command of that name: the server has to be off."""
        record = self.record(call)
        if record["assignee_id"] is None:
            raise invalid("id", "primary IP is not assigned")
        server = self.store.get("server", record["assignee_id"])
        _ensure_off(server)
        self.store.ensure_free("server", server["id"])
        server[record["type"]] = None
        record["assignee_id"] = None
        things = [self.thing(record), ("server", server["id"])]
        return self.acted(self.store.act("unassign_primary_ip", things, locks=things))

    def change_dns_ptr(self, call: Call) -> Reply:
        """Answers the command of that name."""
        record = self.record(call)
        self.name_address(record, call.body)
        return self.acted(self.store.act("change_dns_ptr", [self.thing(record)]))

    def name_address(self, record: Record, body: Record) -> None:
        """Sets or resets the name of an address in reverse DNS.

        Raises:
            ApiError: The address is not one of the primary IP's, or the name is no host name.
        """
        address = checks.need_text(body, "ip")
        try:
            if ipaddress.ip_address(address) not in ipaddress.ip_network(record["ip"]):
                raise ValueError
        except ValueError:
            raise invalid("ip", f"{address} does not belong to the primary IP") from None
        name = checks.text(body, "dns_ptr", pattern=_HOST_NAME)
        if name:
            record["dns_ptr"][address] = name
        elif record["type"] == "ipv4":
            record["dns_ptr"][address] = _default_name(address)
        else:
            record["dns_ptr"].pop(address, None)

    def _server_for(self, number: int, version: str) -> Record:
        server = self.store.get("server", number)
        _ensure_off(server)
        self.store.ensure_free("server", number)
        if server[version] is not None:
            raise ApiError(f"server_has_{version}", f"server already has an {version} address")
        return server


def _ensure_off(server: Record) -> None:
    if server["status"] != "off":
        raise ApiError("server_not_stopped", "server must be powered off")


def _default_name(address: str) -> str:
    return f"static.{'.'.join(reversed(address.split('.')))}.clients.your-server.de"
