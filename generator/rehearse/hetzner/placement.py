"""Placement groups: servers that shall not share a host."""

from __future__ import annotations

from generator.rehearse.hetzner import checks
from generator.rehearse.hetzner.errors import ApiError, over_limit
from generator.rehearse.hetzner.family import Call, Family, Reply
from generator.rehearse.hetzner.store import Record, now

# docs.hetzner.com/cloud/placement-groups/overview: limits.
_MOST_GROUPS = 50
_MOST_SERVERS = 10


class PlacementGroups(Family):
    """Placement groups of the type spread."""

    kind, plural, title = "placement_group", "placement_groups", "placement group"
    acts = False

    def create(self, call: Call) -> Reply:
        """Answers `POST /placement_groups`."""
        name = self.new_name(call.body)
        kind = checks.need_text(call.body, "type", choices=("spread",))
        groups = self.store.table("placement_group")
        if len(groups) >= _MOST_GROUPS:
            raise over_limit("placement_groups", _MOST_GROUPS)
        record: Record = {
            "id": self.store.next_id("placement_group"),
            "name": name,
            "type": kind,
            "labels": checks.labels(call.body) or {},
            "created": now(),
        }
        groups[record["id"]] = record
        return Reply(201, {"placement_group": self.render(record), "action": None})

    def selects(self, call: Call, record: Record) -> bool:
        """Returns whether a record passes the family's own query parameters."""
        return not call.many("type") or record["type"] in call.many("type")

    def render(self, record: Record) -> Record:
        """Returns a record as the API shows it."""
        return {**record, "servers": self._servers(record)}

    def _servers(self, record: Record) -> list[int]:
        servers = self.store.table("server").values()
        return [server["id"] for server in servers if server["placement_group"] == record["id"]]

    def delete(self, call: Call) -> Reply:
        """Answers `DELETE /placement_groups/{id}`, which an empty group allows."""
        record = self.record(call)
        if self._servers(record):
            raise ApiError("resource_in_use", "placement group still contains servers")
        del self.store.table("placement_group")[record["id"]]
        return Reply(204, None)

    def admit(self, record: Record) -> None:
        """Refuses one more server where a group is full.

        Raises:
            ApiError: It is.
        """
        if len(self._servers(record)) >= _MOST_SERVERS:
            raise ApiError("placement_error", f"placement group has {_MOST_SERVERS} servers already")
