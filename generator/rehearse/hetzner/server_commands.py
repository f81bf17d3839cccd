"""The commands of servers: power, type, image, networks, protection, reverse DNS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.rehearse.hetzner import attachments, catalogue, checks
from generator.rehearse.hetzner.errors import ApiError, invalid
from generator.rehearse.hetzner.family import Call, Family, Handler, Reply
from generator.rehearse.hetzner.firewalls import is_public
from generator.rehearse.hetzner.placement import PlacementGroups
from generator.rehearse.hetzner.primary_ips import VERSIONS, PrimaryIps
from generator.rehearse.hetzner.store import Action, Record


class ServerCommands:
    """The handlers of `POST /servers/{id}/actions/...`.

    Args:
        servers: The family of servers.
        images: The images that servers are made of.
    """

    def __init__(self, servers: Family, images: catalogue.Images) -> None:
        self._servers = servers
        self._store = servers.store
        self._images = images
        self._addresses = PrimaryIps(self._store)
        self._groups = PlacementGroups(self._store)

    def handlers(self) -> Mapping[str, Handler]:
        """Returns the handlers by the command's name."""
        return {
            "add_to_placement_group": self.add_to_placement_group,
            "attach_to_network": self.attach_to_network,
            "change_alias_ips": self.change_alias_ips,
            "change_dns_ptr": self.change_dns_ptr,
            "change_protection": self.change_protection,
            "change_type": self.change_type,
            "create_image": self.create_image,
            "detach_from_network": self.detach_from_network,
            "disable_backup": self.disable_backup,
            "disable_rescue": self.disable_rescue,
            "enable_backup": self.enable_backup,
            "enable_rescue": self.enable_rescue,
            "poweroff": self.power_off,
            "poweron": self.power_on,
            "reboot": self.reboot,
            "rebuild": self.rebuild,
            "remove_from_placement_group": self.remove_from_placement_group,
            "reset": self.reset,
            "reset_password": self.reset_password,
            "shutdown": self.shut_down,
        }

    def _free(self, call: Call) -> Record:
        record = self._servers.record(call)
        self._store.ensure_free("server", record["id"])
        return record

    def _act(self, record: Record, command: str, after: Action | None = None, **changes: Any) -> Action:
        thing = self._servers.thing(record)
        return self._store.act(command, [thing], lambda: record.update(changes), locks=[thing], after=after)

    def _reply(self, action: Action, **more: Any) -> Reply:
        return Reply(201, {"action": action.render(), **more})

    def start(self, record: Record, after: Action | None = None) -> Action:
        """Starts a server, perhaps after another action.

        Raises:
            ApiError: It has no network interface.
        """
        if after is None:
            if not is_public(record) and not record["private_net"]:
                raise ApiError("service_error", "server needs a public or a private network interface to be started")
            record["status"] = "starting" if record["status"] == "off" else record["status"]
        return self._act(record, "start_server", after, status="running")

    def power_on(self, call: Call) -> Reply:
        """Answers the command of that name."""
        return self._reply(self.start(self._free(call)))

    def power_off(self, call: Call) -> Reply:
        """Answers the command of that name."""
        return self._stop(call, "stop_server")

    def shut_down(self, call: Call) -> Reply:
        """Answers the command of that name; the simulated system always heeds it."""
        return self._stop(call, "shutdown_server")

    def _stop(self, call: Call, command: str) -> Reply:
        record = self._free(call)
        record["status"] = "stopping" if record["status"] == "running" else record["status"]
        return self._reply(self._act(record, command, status="off"))

    def reboot(self, call: Call) -> Reply:
        """Answers the command of that name."""
        return self._reply(self._act(self._free(call), "reboot_server"))

    def reset(self, call: Call) -> Reply:
        """Answers the command of that name."""
        return self._reply(self._act(self._free(call), "reset_server", status="running"))

    def reset_password(self, call: Call) -> Reply:
        """Answers the command of that name."""
        return self._reply(self._act(self._free(call), "reset_password"), root_password="rehearsal")  # noqa: S106

    def change_type(self, call: Call) -> Reply:
        """Answers the command of that name: the server has to be off, and its disk never shrinks."""
        record = self._free(call)
        machine = catalogue.server_type(checks.reference(call.body, "server_type"))
        upgrade = checks.flag(call.body, "upgrade_disk", True)
        _ensure_off(record)
        before = catalogue.server_type(record["server_type"])
        if machine["name"] == before["name"]:
            raise invalid("server_type", "server has this type already")
        if machine["architecture"] != before["architecture"] or machine["disk"] < record["primary_disk_size"]:
            raise ApiError("invalid_server_type", "server type does not fit the server")
        if record["location"] not in [sold["name"] for sold in machine["locations"]]:
            raise invalid("server_type", "unsupported location for server type")
        record["status"] = "migrating"
        disk = int(machine["disk"]) if upgrade else record["primary_disk_size"]
        changes = {"server_type": machine["name"], "primary_disk_size": disk, "status": "running"}
        return self._reply(self._act(record, "change_server_type", **changes))

    def rebuild(self, call: Call) -> Reply:
        """Answers the command of that name."""
        record = self._free(call)
        if record["protection"]["rebuild"]:
            raise ApiError("protected", "server is rebuild protected")
        machine = catalogue.server_type(record["server_type"])
        image = self._images.usable(checks.reference(call.body, "image"), machine)
        checks.text(call.body, "user_data", longest=32768)
        record["status"] = "rebuilding"
        action = self._act(record, "rebuild_server", image=image, status="running")
        return self._reply(action, root_password=None)

    def create_image(self, call: Call) -> Reply:
        """Answers the command of that name, for snapshots."""
        record = self._free(call)
        checks.text(call.body, "type", choices=("snapshot",))
        description = checks.text(call.body, "description") or f"snapshot of {record['name']}"
        image = self._images.add_snapshot(description, checks.labels(call.body) or {}, made_of=record)
        action = self._store.act("create_image", [self._servers.thing(record), ("image", image["id"])])
        return self._reply(action, image=image)

    def enable_backup(self, call: Call) -> Reply:
        """Answers the command of that name."""
        return self._reply(self._act(self._free(call), "enable_backup", backup_window="22-02"))

    def disable_backup(self, call: Call) -> Reply:
        """Answers the command of that name."""
        return self._reply(self._act(self._free(call), "disable_backup", backup_window=None))

    def enable_rescue(self, call: Call) -> Reply:
        """Answers the command of that name."""
        action = self._act(self._free(call), "enable_rescue", rescue_enabled=True)
        return self._reply(action, root_password="rehearsal")  # noqa: S106

    def disable_rescue(self, call: Call) -> Reply:
        """Answers the command of that name."""
        return self._reply(self._act(self._free(call), "disable_rescue", rescue_enabled=False))

    def change_protection(self, call: Call) -> Reply:
        """Answers the command of that name: both protections have the same value."""
        record = self._servers.record(call)
        wanted = {kind: checks.flag(call.body, kind, value) for kind, value in record["protection"].items()}
        if wanted["delete"] != wanted["rebuild"]:
            raise invalid("rebuild", "must have the same value as delete")
        record["protection"] = wanted
        return self._reply(self._store.act("change_protection", [self._servers.thing(record)]))

    def change_dns_ptr(self, call: Call) -> Reply:
        """Answers the command of that name."""
        record = self._servers.record(call)
        held = [self._store.get("primary_ip", record[version]) for version in VERSIONS if record[version] is not None]
        wanted = checks.need_text(call.body, "ip")
        fitting = [address for address in held if (address["type"] == "ipv6") == (":" in wanted)]
        if not fitting:
            raise invalid("ip", f"{wanted} is no primary address of the server")
        self._addresses.name_address(fitting[0], call.body)
        return self._reply(self._store.act("change_dns_ptr", [self._servers.thing(record)]))

    def add_to_placement_group(self, call: Call) -> Reply:
        """Answers the command of that name: the server has to be off."""
        record = self._free(call)
        group = self._store.get("placement_group", checks.need_integer(call.body, "placement_group"))
        _ensure_off(record)
        if record["placement_group"] is not None:
            raise invalid("placement_group", "server is in a placement group already")
        self._groups.admit(group)
        record["placement_group"] = group["id"]
        return self._reply(self._act(record, "add_to_placement_group"))

    def remove_from_placement_group(self, call: Call) -> Reply:
        """Answers the command of that name."""
        record = self._free(call)
        if record["placement_group"] is None:
            raise invalid("id", "server is in no placement group")
        record["placement_group"] = None
        return self._reply(self._act(record, "remove_from_placement_group"))

    def attach_to_network(self, call: Call) -> Reply:
        """Answers the command of that name."""
        record = self._free(call)
        entry = attachments.reserve(self._store, record, call.body)
        return self._reply(attachments.attach(self._store, record, entry))

    def detach_from_network(self, call: Call) -> Reply:
        """Answers the command of that name."""
        record = self._free(call)
        entry = self._attachment(record, call.body)
        thing = self._servers.thing(record)

        def done() -> None:
            # Deleting the network may have come first.
            record["private_net"] = [other for other in record["private_net"] if other is not entry]

        things = [thing, ("network", entry["network"])]
        return self._reply(self._store.act("detach_from_network", things, done, locks=[thing]))

    def change_alias_ips(self, call: Call) -> Reply:
        """Answers the command of that name."""
        record = self._free(call)
        entry = self._attachment(record, call.body)
        network = self._store.get("network", entry["network"])
        entry["alias_ips"] = attachments.aliases(self._store, record, network, call.body)
        return self._reply(self._act(record, "change_alias_ips"))

    def _attachment(self, record: Record, body: Record) -> Record:
        entry = attachments.entry_of(record, checks.need_integer(body, "network"))
        if entry is None:
            raise invalid("network", "server is not attached to the network")
        return entry


def _ensure_off(record: Record) -> None:
    if record["status"] != "off":
        raise ApiError("server_not_stopped", "server must be powered off")
