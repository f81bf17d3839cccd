"""The state of one simulated project: records, ids, addresses, and actions that take their time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from ipaddress import IPv4Network, IPv6Network
from typing import Any, TypeAlias

from generator.rehearse.hetzner.errors import ApiError, not_found
from generator.rehearse.hetzner.faults import Faults

Record: TypeAlias = dict[str, Any]
Thing: TypeAlias = tuple[str, int]

# Each kind counts from its own base, so that an id of one kind is never one of another.
_BASES = {
    "action": 900_000_000,
    "firewall": 1_000_000,
    "image": 240_000_000,
    "network": 2_000_000,
    "placement_group": 3_000_000,
    "primary_ip": 40_000_000,
    "server": 50_000_000,
    "ssh_key": 6_000_000,
    "volume": 70_000_000,
    "zone": 800_000,
}
# Ranges that documents and tests may use (RFC 5737, RFC 3849).
_IPV4 = tuple(IPv4Network(text) for text in ("203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24"))
_IPV6 = IPv6Network("2001:db8::/32")


def now() -> str:
    """Returns the present in the API's notation, such as `2016-01-30T23:55:00Z`."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Action:
    """A change that takes time.

    Attributes:
        begins: When it starts, on the monotonic clock.
        ends: When it ends.
        locks: What no other locking action may touch meanwhile.
        done: Called when it ends well.
        fails: Whether it ends in an error.
    """

    id: int
    command: str
    resources: list[Thing]
    begins: float
    ends: float
    locks: frozenset[Thing]
    done: Callable[[], None] | None
    fails: bool
    started: str = field(default_factory=now)
    finished: str | None = None
    status: str = "running"

    def render(self) -> Record:
        """Returns the action as the API shows it."""
        passed = (time.monotonic() - self.begins) / max(self.ends - self.begins, 1e-9)
        failure = {"code": "action_failed", "message": "Action failed"} if self.status == "error" else None
        return {
            "id": self.id,
            "command": self.command,
            "status": self.status,
            "progress": min(max(int(passed * 100), 0), 99) if self.status == "running" else 100,
            "started": self.started,
            "finished": self.finished,
            "resources": [{"type": kind, "id": number} for kind, number in self.resources],
            "error": failure,
        }


class Store:
    """Everything that the simulated project holds. Callers hold `lock` around a request.

    Args:
        action_seconds: How long an action runs.
        faults: What goes wrong.
    """

    def __init__(self, action_seconds: float, faults: Faults) -> None:
        self.lock = threading.RLock()
        self.faults = faults
        self.actions: dict[int, Action] = {}
        self._seconds = action_seconds if faults.seconds is None else faults.seconds
        self._tables: dict[str, dict[int, Record]] = {kind: {} for kind in _BASES}
        self._counts = dict.fromkeys(_BASES, 0)
        self._ipv4 = [str(address) for block in _IPV4 for address in block.hosts()]
        self._networks_given = 0
        self._running: list[Action] = []

    def next_id(self, kind: str) -> int:
        """Returns an id that was never used."""
        self._counts[kind] += 1
        return _BASES[kind] + self._counts[kind]

    def table(self, kind: str) -> dict[int, Record]:
        """Returns the records of a kind, such as `server`, by id."""
        return self._tables[kind]

    def get(self, kind: str, number: object) -> Record:
        """Returns a record by its id.

        Raises:
            ApiError: There is none.
        """
        try:
            return self._tables[kind][int(str(number))]
        except (KeyError, ValueError):
            raise not_found(kind.replace("_", " "), number) from None

    def find(self, kind: str, id_or_name: str) -> Record:
        """Returns a record by its id or its name.

        Raises:
            ApiError: There is none.
        """
        for record in self._tables[kind].values():
            if id_or_name in (str(record["id"]), record["name"]):
                return record
        raise not_found(kind.replace("_", " "), id_or_name)

    def take_address(self, version: str) -> str:
        """Returns a public IPv4 address, or an IPv6 network, that was not given out before.

        Raises:
            ApiError: No IPv4 address is left.
        """
        if version == "ipv6":
            self._networks_given += 1
            return str(IPv6Network((int(_IPV6.network_address) + (self._networks_given << 64), 64)))
        if not self._ipv4:
            raise ApiError("resource_unavailable", "no IPv4 address is left in the simulated location")
        return self._ipv4.pop(0)

    def ensure_free(self, kind: str, number: int, code: str = "locked") -> None:
        """Refuses while an action works on something.

        Raises:
            ApiError: With the given code.
        """
        if any((kind, number) in action.locks for action in self._running):
            raise ApiError(code, f"{kind} is {'locked' if code == 'locked' else 'being changed'}: an action is running")

    def act(
        self,
        command: str,
        resources: Sequence[Thing],
        done: Callable[[], None] | None = None,
        *,
        locks: Iterable[Thing] = (),
        after: Action | None = None,
    ) -> Action:
        """Starts an action.

        Args:
            command: Its name, such as `start_server`.
            resources: What it relates to.
            done: Its effect, when it has ended well.
            locks: What no other locking action may touch meanwhile.
            after: The action that has to end first.

        Returns:
            The action, still running.
        """
        begins = after.ends if after else time.monotonic()
        action = Action(
            self.next_id("action"),
            command,
            list(resources),
            begins,
            begins + self._seconds,
            frozenset(locks),
            done,
            self.faults.fails(command) or bool(after and after.fails),
        )
        self.actions[action.id] = action
        self._running.append(action)
        return action

    def settle(self) -> None:
        """Ends the actions whose time has come, in order."""
        due = time.monotonic()
        for action in sorted(self._running, key=lambda action: (action.ends, action.id)):
            if action.ends <= due:
                self._running.remove(action)
                action.status = "error" if action.fails else "success"
                action.finished = now()
                if action.done is not None and not action.fails:
                    action.done()
