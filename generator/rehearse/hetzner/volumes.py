"""Volumes."""

from __future__ import annotations

import re
from collections.abc import Mapping

from generator.rehearse.hetzner import catalogue, checks
from generator.rehearse.hetzner.errors import ApiError, invalid, over_limit
from generator.rehearse.hetzner.family import Call, Family, Handler, Reply
from generator.rehearse.hetzner.store import Action, Record, now

_LEAST, _MOST = 10, 10240
# docs.hetzner.com/cloud/volumes/faq: volumes of one server.
_MOST_PER_SERVER = 16
_NAME = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9._-]{0,62}[a-zA-Z0-9])?")


class Volumes(Family):
    """Volumes."""

    kind, plural, title = "volume", "volumes", "volume"

    def commands(self) -> Mapping[str, Handler]:
        """Returns the handlers of commands by name."""
        return {
            "attach": self.attach,
            "change_protection": self.change_protection,
            "detach": self.detach,
            "resize": self.resize,
        }

    def render(self, record: Record) -> Record:
        """Returns a record as the API shows it."""
        shown = {key: value for key, value in record.items() if key != "claimed"}
        return {**shown, "location": catalogue.location(record["location"])}

    def selects(self, call: Call, record: Record) -> bool:
        """Returns whether a record passes the family's own query parameters."""
        return not call.many("status") or record["status"] in call.many("status")

    def new_name(self, body: Record, but: Record | None = None) -> str:
        """Returns the name of a body, which no other record has."""
        checks.need_text(body, "name", pattern=_NAME)
        return super().new_name(body, but)

    def create(self, call: Call) -> Reply:
        """Answers `POST /volumes`."""
        body = call.body
        name = self.new_name(body)
        size = checks.need_integer(body, "size", least=_LEAST, most=_MOST)
        file_system = checks.text(body, "format", choices=("ext4", "xfs"))
        checks.flag(body, "automount", False)
        number = checks.integer(body, "server")
        server = self.store.get("server", number) if number is not None else None
        location = server["location"] if server else catalogue.location(checks.reference(body, "location"))["name"]
        record: Record = {
            "id": self.store.next_id("volume"),
            "name": name,
            "size": size,
            "format": file_system,
            "location": location,
            "server": None,
            "claimed": None,
            "status": "creating",
            "labels": checks.labels(body) or {},
            "protection": {"delete": False},
            "created": now(),
        }
        record["linux_device"] = f"/dev/disk/by-id/scsi-0HC_Volume_{record['id']}"
        if server:
            self.check_attaching(record, server)
        self.store.table("volume")[record["id"]] = record
        things = [self.thing(record)]
        action = self.store.act("create_volume", things, lambda: record.update(status="available"), locks=things)
        further = [self.start_attaching(record, server, after=action).render()] if server else []
        return Reply(201, {"volume": self.render(record), "action": action.render(), "next_actions": further})

    def delete(self, call: Call) -> Reply:
        """Answers `DELETE /volumes/{id}`, which a detached one allows."""
        record = self._free(call)
        self.guard_deletion(record)
        if record["claimed"] is not None:
            raise ApiError("volume_already_attached", "volume is attached to a server, detach it first")
        del self.store.table("volume")[record["id"]]
        return Reply(204, None)

    def attach(self, call: Call) -> Reply:
        """Answers the command of that name."""
        record = self._free(call)
        server = self.store.get("server", checks.need_integer(call.body, "server"))
        checks.flag(call.body, "automount", False)
        self.check_attaching(record, server)
        self.store.ensure_free("server", server["id"])
        return self.acted(self.start_attaching(record, server))

    def start_attaching(self, record: Record, server: Record, after: Action | None = None) -> Action:
        """Starts to attach a volume."""
        record["claimed"] = server["id"]
        things = [self.thing(record), ("server", server["id"])]
        return self.store.act(
            "attach_volume", things, lambda: record.update(server=server["id"]), locks=things, after=after
        )

    def check_attaching(self, record: Record, server: Record) -> None:
        """Refuses to attach a volume to a server that cannot have it.

        Raises:
            ApiError: It is attached, changed or elsewhere, or the server has too many.
        """
        self.store.ensure_free("volume", record["id"])
        if record["claimed"] is not None:
            raise ApiError("volume_already_attached", "volume is already attached to a server")
        if record["location"] != server["location"]:
            raise invalid("server", "server and volume are in different locations")
        claimed = [other for other in self.store.table("volume").values() if other["claimed"] == server["id"]]
        if len(claimed) >= _MOST_PER_SERVER:
            raise over_limit("volumes of a server", _MOST_PER_SERVER)

    def detach(self, call: Call) -> Reply:
        """Answers the command of that name."""
        record = self._free(call)
        server = record["claimed"]
        if server is None:
            raise invalid("id", "volume is not attached to a server")
        self.store.ensure_free("server", server)
        things = [self.thing(record), ("server", server)]
        done = lambda: record.update(server=None, claimed=None)  # noqa: E731
        return self.acted(self.store.act("detach_volume", things, done, locks=things))

    def resize(self, call: Call) -> Reply:
        """Answers the command of that name: volumes only grow."""
        record = self._free(call)
        size = checks.need_integer(call.body, "size", least=_LEAST, most=_MOST)
        if size <= record["size"]:
            raise invalid("size", "must be greater than the current size")
        things = [self.thing(record)]
        return self.acted(self.store.act("resize_volume", things, lambda: record.update(size=size), locks=things))

    def _free(self, call: Call) -> Record:
        record = self.record(call)
        self.store.ensure_free("volume", record["id"])
        return record
