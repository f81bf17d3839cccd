"""Servers: creation, changes, deletion. Their commands are in `server_commands`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from generator.rehearse.hetzner import attachments, catalogue, checks, firewalls
from generator.rehearse.hetzner.errors import ApiError, invalid
from generator.rehearse.hetzner.family import Call, Family, Handler, Reply
from generator.rehearse.hetzner.firewalls import Firewalls
from generator.rehearse.hetzner.placement import PlacementGroups
from generator.rehearse.hetzner.primary_ips import VERSIONS, PrimaryIps, refuse_data_center
from generator.rehearse.hetzner.server_commands import ServerCommands
from generator.rehearse.hetzner.store import Action, Record, Store, now
from generator.rehearse.hetzner.volumes import Volumes

_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*")
_MOST_USER_DATA = 32768
# Without a wish the API chooses; so does the simulator, always the same.
_DEFAULT_LOCATION = "fsn1"
_MOST_NETWORKS = 3
# A server without an SSH key gets a password; this one opens nothing.
ROOT_PASSWORD = "rehearsal"  # noqa: S105


class Servers(Family):
    """Servers.

    Args:
        store: The state.
        images: The images that servers are made of.
    """

    kind, plural, title = "server", "servers", "server"

    def __init__(self, store: Store, images: catalogue.Images) -> None:
        super().__init__(store)
        self._images = images
        self._addresses = PrimaryIps(store)
        self._firewalls = Firewalls(store)
        self._groups = PlacementGroups(store)
        self._volumes = Volumes(store)
        self._commands = ServerCommands(self, images)

    def commands(self) -> Mapping[str, Handler]:
        """Returns the handlers of commands by name."""
        return self._commands.handlers()

    def render(self, record: Record) -> Record:
        """Returns a record as the API shows it."""
        place = catalogue.location(record["location"])
        group = record["placement_group"]
        volumes = self.store.table("volume").values()
        kept = ("id", "name", "status", "created", "labels", "protection", "rescue_enabled", "backup_window")
        return {
            **{key: record[key] for key in (*kept, "image", "primary_disk_size")},
            "server_type": catalogue.server_type(record["server_type"]),
            "location": place,
            "datacenter": catalogue.data_center(place),
            "public_net": self._public_net(record),
            "private_net": [
                {key: value for key, value in entry.items() if key != "attached"}
                for entry in record["private_net"]
                if entry["attached"]
            ],
            "volumes": [volume["id"] for volume in volumes if volume["server"] == record["id"]],
            "placement_group": self._groups.render(self.store.get("placement_group", group)) if group else None,
            "load_balancers": [],
            "iso": None,
            "locked": False,
            "included_traffic": 20 * 1000**4,
            "ingoing_traffic": 0,
            "outgoing_traffic": 0,
        }

    def _public_net(self, record: Record) -> Record:
        shown: Record = {"floating_ips": [], "firewalls": firewalls.applied(self.store, record)}
        for version in VERSIONS:
            number = record[version]
            if number is None:
                shown[version] = None
                continue
            address = self._addresses.render(self.store.get("primary_ip", number))
            names = address["dns_ptr"]
            shown[version] = {
                "id": number,
                "ip": address["ip"],
                "blocked": False,
                "dns_ptr": names[0]["dns_ptr"] if version == "ipv4" else names,
            }
        return shown

    def selects(self, call: Call, record: Record) -> bool:
        """Returns whether a record passes the family's own query parameters."""
        return not call.many("status") or record["status"] in call.many("status")

    def new_name(self, body: Record, but: Record | None = None) -> str:
        """Returns the name of a body, which no other record has."""
        checks.need_text(body, "name", pattern=_HOST_NAME)
        return super().new_name(body, but)

    def create(self, call: Call) -> Reply:
        """Answers `POST /servers`."""
        body = call.body
        record = self._new(body)
        keys = [self.store.find("ssh_key", str(key)) for key in checks.listed(body, "ssh_keys")]
        networks = self._networks(body, record)
        walls = self._walls(body, record)
        volumes = [self.store.get("volume", number) for number in checks.listed(body, "volumes")]
        starts = checks.flag(body, "start_after_create", True)
        if starts and not firewalls.is_public(record) and not networks and not self._wishes(body):
            raise invalid("public_net", "a server needs a public or a private network interface to be started")
        self.store.faults.refuse_placement(record["name"])
        for volume in volumes:
            self._volumes.check_attaching(volume, record)
        self._give_addresses(body, record)
        self.store.table("server")[record["id"]] = record
        created = self.store.act(
            "create_server", [self.thing(record)], lambda: record.update(status="off"), locks=[self.thing(record)]
        )
        for wall in walls:
            self._firewalls.start_applying(wall, {"server": record["id"]}, created)
        further = self._further(record, volumes, starts, created)
        shown = {
            "server": self.render(record),
            "action": created.render(),
            "next_actions": [action.render() for action in further],
            "root_password": None if keys else ROOT_PASSWORD,
        }
        return Reply(201, shown)

    def _further(self, record: Record, volumes: list[Record], starts: bool, created: Action) -> list[Action]:
        last = created
        further = []
        for entry in record["private_net"]:
            last = attachments.attach(self.store, record, entry, last)
            further.append(last)
        for volume in volumes:
            last = self._volumes.start_attaching(volume, record, last)
            further.append(last)
        if starts:
            further.append(self._commands.start(record, after=last))
        return further

    def _new(self, body: Record) -> Record:
        refuse_data_center(body)
        machine = catalogue.server_type(checks.reference(body, "server_type"))
        place = catalogue.location(checks.reference(body, "location", _DEFAULT_LOCATION))["name"]
        if place not in [sold["name"] for sold in machine["locations"]]:
            raise invalid("server_type", "unsupported location for server type")
        checks.text(body, "user_data", longest=_MOST_USER_DATA)
        checks.flag(body, "automount", False)
        group = checks.integer(body, "placement_group")
        if group is not None:
            self._groups.admit(self.store.get("placement_group", group))
        return {
            "name": self.new_name(body),
            "id": self.store.next_id("server"),
            "status": "initializing",
            "server_type": machine["name"],
            "image": self._images.usable(checks.reference(body, "image"), machine),
            "location": place,
            "labels": checks.labels(body) or {},
            "placement_group": group,
            "private_net": [],
            "ipv4": None,
            "ipv6": None,
            "primary_disk_size": int(machine["disk"]),
            "protection": {"delete": False, "rebuild": False},
            "rescue_enabled": False,
            "backup_window": None,
            "created": now(),
        }

    def _wishes(self, body: Record) -> dict[str, int | None]:
        """Returns which public addresses are wanted, and the primary IP to be used, if one is named."""
        wanted = body.get("public_net") or {}
        if not isinstance(wanted, dict):
            raise invalid("public_net", "must be an object")
        return {
            version: checks.integer(wanted, version)
            for version in VERSIONS
            if checks.flag(wanted, f"enable_{version}", True)
        }

    def _give_addresses(self, body: Record, record: Record) -> None:
        for version, number in self._wishes(body).items():
            if number is None:
                address = self._addresses.add(version, record["location"], auto_delete=True)
            else:
                address = self.store.get("primary_ip", number)
            address["assignee_id"] = record["id"]
            record[version] = address["id"]

    def _check_addresses(self, body: Record, record: Record) -> None:
        for version, number in self._wishes(body).items():
            address = self.store.get("primary_ip", number) if number is not None else None
            if address is None:
                continue
            if address["assignee_id"] is not None:
                raise ApiError("primary_ip_assigned", "primary IP is already assigned to a server")
            if address["type"] != version:
                raise ApiError("primary_ip_version_mismatch", f"primary IP is not of type {version}")
            if address["location"] != record["location"]:
                raise ApiError("primary_ip_datacenter_mismatch", "primary IP is in another location")

    def _networks(self, body: Record, record: Record) -> list[Record]:
        numbers = checks.listed(body, "networks")
        if len(numbers) > _MOST_NETWORKS:
            raise invalid("networks", f"must be at most {_MOST_NETWORKS}")
        return [attachments.reserve(self.store, record, {"network": number}) for number in numbers]

    def _walls(self, body: Record, record: Record) -> list[Record]:
        self._check_addresses(body, record)
        walls = []
        for entry in checks.objects(body, "firewalls"):
            wall = self.store.get("firewall", checks.need_integer(entry, "firewall"))
            if not self._wishes(body):
                raise ApiError("private_net_only_server", "server has no public network interface")
            walls.append(wall)
        if len(walls) > firewalls.MOST_PER_SERVER:
            raise invalid("firewalls", f"must be at most {firewalls.MOST_PER_SERVER}")
        return walls

    def delete(self, call: Call) -> Reply:
        """Answers `DELETE /servers/{id}`: it is gone at once, what it had is set free by the action."""
        record = self.record(call)
        self.guard_deletion(record)
        self.store.ensure_free("server", record["id"])
        del self.store.table("server")[record["id"]]
        thing = self.thing(record)
        action = self.store.act("delete_server", [thing], lambda: self._set_free(record), locks=[thing])
        return Reply(200, {"action": action.render()})

    def _set_free(self, record: Record) -> None:
        for volume in self.store.table("volume").values():
            if volume["claimed"] == record["id"]:
                volume.update(server=None, claimed=None)
        for wall in self.store.table("firewall").values():
            wall["applied_to"] = [entry for entry in wall["applied_to"] if entry.get("server") != record["id"]]
        addresses = self.store.table("primary_ip")
        for address in [entry for entry in addresses.values() if entry["assignee_id"] == record["id"]]:
            address["assignee_id"] = None
            if address["auto_delete"]:
                del addresses[address["id"]]
