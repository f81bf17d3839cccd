"""Firewalls: rules, and the servers that they are applied to, directly or by a label selector."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from generator.rehearse.hetzner import checks, labels
from generator.rehearse.hetzner.errors import ApiError, invalid, over_limit
from generator.rehearse.hetzner.family import Call, Family, Handler, Reply
from generator.rehearse.hetzner.store import Action, Record, Store, now

# Limits: texts of the contract, and docs.hetzner.com/cloud/firewalls/overview.
_MOST_FIREWALLS = 50
_MOST_RULES = 50
_MOST_EFFECTIVE_RULES = 500
_MOST_RANGES = 100
MOST_PER_SERVER = 5
_PORTS = re.compile(r"any|(\d{1,5})(?:-(\d{1,5}))?")
_WITH_PORTS = ("tcp", "udp")


def is_public(server: Record) -> bool:
    """Returns whether a server has a public interface."""
    return server["ipv4"] is not None or server["ipv6"] is not None


def applied(store: Store, server: Record) -> list[Record]:
    """Returns the firewalls of a server as its public interface shows them."""
    return [
        {"id": firewall["id"], "status": "applied" if ready else "pending"}
        for firewall in store.table("firewall").values()
        for ready in [_state(firewall, server)]
        if ready is not None
    ]


def _state(firewall: Record, server: Record) -> bool | None:
    for entry in firewall["applied_to"]:
        if entry.get("server") == server["id"]:
            return bool(entry["ready"])
    selected = any("selector" in entry and _selects(entry, server) for entry in firewall["applied_to"])
    return True if selected else None


def _selects(entry: Record, server: Record) -> bool:
    return is_public(server) and labels.matches(entry["selector"], server["labels"])


class Firewalls(Family):
    """Firewalls."""

    kind, plural, title = "firewall", "firewalls", "firewall"

    def commands(self) -> Mapping[str, Handler]:
        """Returns the handlers of commands by name."""
        return {
            "apply_to_resources": self.apply_to_resources,
            "remove_from_resources": self.remove_from_resources,
            "set_rules": self.set_rules,
        }

    def render(self, record: Record) -> Record:
        """Returns a record as the API shows it."""
        return {**record, "applied_to": [self._render_target(entry) for entry in record["applied_to"]]}

    def _render_target(self, entry: Record) -> Record:
        if "server" in entry:
            return {"type": "server", "server": {"id": entry["server"]}}
        servers = self.store.table("server").values()
        selected = [{"type": "server", "server": {"id": server["id"]}} for server in servers if _selects(entry, server)]
        selector = {"selector": entry["selector"]}
        return {"type": "label_selector", "label_selector": selector, "applied_to_resources": selected}

    def create(self, call: Call) -> Reply:
        """Answers `POST /firewalls`."""
        firewalls = self.store.table("firewall")
        if len(firewalls) >= _MOST_FIREWALLS:
            raise over_limit("firewalls", _MOST_FIREWALLS)
        record: Record = {
            "id": self.store.next_id("firewall"),
            "name": self.new_name(call.body),
            "labels": checks.labels(call.body) or {},
            "rules": _rules(call.body),
            "applied_to": [],
            "created": now(),
        }
        targets = self._targets(call.body, "apply_to")
        if len({str(target) for target in targets}) < len(targets):
            raise ApiError("server_already_added", "a server was added more than once")
        for target in targets:
            self._check_target(record, target)
        firewalls[record["id"]] = record
        actions = [self._rules_action(record), *(self.start_applying(record, target) for target in targets)]
        return Reply(201, {"firewall": self.render(record), "actions": [action.render() for action in actions]})

    def delete(self, call: Call) -> Reply:
        """Answers `DELETE /firewalls/{id}`, which one that is applied to nothing allows."""
        record = self.record(call)
        if record["applied_to"]:
            raise ApiError("resource_in_use", "firewall is still applied to a resource")
        del self.store.table("firewall")[record["id"]]
        return Reply(204, None)

    def set_rules(self, call: Call) -> Reply:
        """Answers the command of that name."""
        record = self.record(call)
        if call.body.get("rules") is None:
            raise invalid("rules", "is required")
        record["rules"] = _rules(call.body)
        servers = [self.store.get("server", entry["server"]) for entry in record["applied_to"] if "server" in entry]
        actions = [self._rules_action(record), *(self._apply_action(record, server["id"]) for server in servers)]
        return _acted(actions)

    def apply_to_resources(self, call: Call) -> Reply:
        """Answers the command of that name."""
        record = self.record(call)
        targets = self._targets(call.body, "apply_to")
        for target in targets:
            if any(_same(target, entry) for entry in record["applied_to"]):
                raise ApiError("firewall_already_applied", "firewall is already applied to the resource")
            self._check_target(record, target)
        return _acted([self.start_applying(record, target) for target in targets])

    def remove_from_resources(self, call: Call) -> Reply:
        """Answers the command of that name; what the firewall is not applied to is no mistake."""
        record = self.record(call)
        targets = self._targets(call.body, "remove_from")
        for target in targets:
            direct = any(_same(target, entry) for entry in record["applied_to"])
            if "server" in target and not direct:
                server = self.store.get("server", target["server"])
                if _state(record, server) is not None:
                    raise ApiError("firewall_managed_by_label_selector", "firewall is applied via a label selector")
        return _acted([self._start_removing(record, target) for target in targets])

    def check_server(self, record: Record, server: Record) -> None:
        """Refuses to apply a firewall to a server that cannot have it.

        Raises:
            ApiError: The server is private only, or has too many.
        """
        if not is_public(server):
            raise ApiError("private_net_only_server", "server has no public network interface")
        others = [entry for entry in applied(self.store, server) if entry["id"] != record["id"]]
        if len(others) >= MOST_PER_SERVER:
            raise over_limit("firewalls of a server", MOST_PER_SERVER)

    def start_applying(self, record: Record, target: Record, after: Action | None = None) -> Action:
        """Starts to apply a firewall."""
        entry = {**target, "ready": False}
        record["applied_to"].append(entry)
        return self._apply_action(record, target.get("server"), entry, after)

    def _apply_action(
        self, record: Record, server: int | None, entry: Record | None = None, after: Action | None = None
    ) -> Action:
        things = [self.thing(record), *([("server", server)] if server else [])]
        done = (lambda: entry.update(ready=True)) if entry is not None else None
        return self.store.act("apply_firewall", things, done, after=after)

    def _start_removing(self, record: Record, target: Record) -> Action:
        def done() -> None:
            record["applied_to"] = [entry for entry in record["applied_to"] if not _same(target, entry)]

        things = [self.thing(record), *([("server", target["server"])] if "server" in target else [])]
        return self.store.act("remove_firewall", things, done)

    def _rules_action(self, record: Record) -> Action:
        return self.store.act("set_firewall_rules", [self.thing(record)])

    def _targets(self, body: Record, field: str) -> list[Record]:
        return [self._target(entry, field) for entry in checks.objects(body, field)]

    def _target(self, entry: Record, field: str) -> Record:
        kind = checks.need_text(entry, "type", choices=("server", "label_selector"))
        content = entry.get(kind)
        if not isinstance(content, dict):
            raise invalid(field, f"needs '{kind}'")
        if kind == "server":
            number = checks.need_integer(content, "id")
            if number not in self.store.table("server"):
                raise ApiError("firewall_resource_not_found", f"server {number} not found")
            return {"server": number}
        selector = checks.need_text(content, "selector")
        labels.matches(selector, {})
        return {"selector": selector}

    def _check_target(self, record: Record, target: Record) -> None:
        if "server" in target:
            self.check_server(record, self.store.get("server", target["server"]))


def _same(target: Record, entry: Record) -> bool:
    return all(entry.get(key) == value for key, value in target.items())


def _acted(actions: list[Action]) -> Reply:
    return Reply(201, {"actions": [action.render() for action in actions]})


def _rules(body: Record) -> list[Record]:
    rules = checks.objects(body, "rules")
    if len(rules) > _MOST_RULES:
        raise invalid("rules", f"maximum number of rules is {_MOST_RULES}")
    result = [_rule(rule, f"rules.{place}") for place, rule in enumerate(rules)]
    if sum(len(rule["source_ips"]) + len(rule["destination_ips"]) for rule in result) > _MOST_EFFECTIVE_RULES:
        raise invalid("rules", f"maximum number of effective rules is {_MOST_EFFECTIVE_RULES}")
    return result


def _rule(rule: Record, field: str) -> Record:
    direction = checks.need_text(rule, "direction", choices=("in", "out"))
    protocol = checks.need_text(rule, "protocol", choices=("esp", "gre", "icmp", "tcp", "udp"))
    used, unused = ("source_ips", "destination_ips") if direction == "in" else ("destination_ips", "source_ips")
    if checks.listed(rule, unused):
        raise invalid(f"{field}.{unused}", f"must be empty for direction '{direction}'")
    ranges = checks.listed(rule, used)
    if not 1 <= len(ranges) <= _MOST_RANGES:
        raise invalid(f"{field}.{used}", f"must have 1 to {_MOST_RANGES} CIDR blocks")
    return {
        "direction": direction,
        "protocol": protocol,
        "port": _port(rule, protocol, field),
        "description": checks.text(rule, "description", longest=255),
        unused: [],
        used: [_range(text, f"{field}.{used}") for text in ranges],
    }


def _port(rule: Record, protocol: str, field: str) -> str | None:
    port = checks.text(rule, "port")
    if protocol not in _WITH_PORTS:
        if port:
            raise invalid(f"{field}.port", f"must not be set for protocol '{protocol}'")
        return None
    if not port:
        raise invalid(f"{field}.port", f"is required for protocol '{protocol}'")
    found = _PORTS.fullmatch(port)
    bounds = [int(bound) for bound in found.groups() if bound] if found else [0]
    if bounds != sorted(bounds) or not all(1 <= bound <= 65535 for bound in bounds):
        raise invalid(f"{field}.port", f"'{port}' is no port and no range of ports")
    return port


def _range(value: Any, field: str) -> str:
    try:
        if not isinstance(value, str) or "/" not in value:
            raise ValueError
        return str(ipaddress.ip_network(value))
    except ValueError:
        raise invalid(field, f"'{value}' is no CIDR block with empty host bits") from None
