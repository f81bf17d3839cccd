"""DNS zones and their sets of records."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from publicsuffixlist import PublicSuffixList

from generator.rehearse.hetzner import checks, labels
from generator.rehearse.hetzner.errors import ApiError, invalid, not_found, not_unique
from generator.rehearse.hetzner.family import Call, Family, Handler, Reply, Route, ordered, page
from generator.rehearse.hetzner.records import TYPES, check_neighbours, checked_name, checked_records
from generator.rehearse.hetzner.store import Record, Store, now

NAME_SERVERS = ("hydrogen.ns.hetzner.com.", "oxygen.ns.hetzner.com.", "helium.ns.hetzner.de.")
_LEAST_TTL, _MOST_TTL = 60, 2147483647
_MOST_SETS = 100
_SOA = "hydrogen.ns.hetzner.com. dns.hetzner.com. {serial} 86400 10800 3600000 3600"
_FIRST_SERIAL = 2026010100
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+[a-z][a-z0-9-]*[a-z0-9]")


class Zones(Family):
    """Zones and their sets of records.

    Args:
        store: The state.
        existing: Names of zones that exist and are delegated.
    """

    kind, plural, title = "zone", "zones", "zone"

    def __init__(self, store: Store, existing: Sequence[str] = ()) -> None:
        super().__init__(store)
        for name in existing:
            self._add(_checked_domain(name), delegated=True)

    def routes(self) -> Iterator[Route]:
        """Yields the routes of the family."""
        yield from super().routes()
        yield Route("GET", "/zones/<id>/zonefile", self.zone_file)
        base = "/zones/<id>/rrsets"
        yield Route("GET", base, self.sets)
        yield Route("POST", base, self.create_set)
        base = f"{base}/<name>/<type>"
        yield Route("GET", base, self.show_set)
        yield Route("PUT", base, self.update_set)
        yield Route("DELETE", base, self.delete_set)
        for command, handler in (
            ("add_records", self.add_records),
            ("change_protection", self.change_set_protection),
            ("change_ttl", self.change_set_ttl),
            ("remove_records", self.remove_records),
            ("set_records", self.set_records),
            ("update_records", self.update_records),
        ):
            yield Route("POST", f"{base}/actions/{command}", handler)

    def commands(self) -> Mapping[str, Handler]:
        """Returns the handlers of commands by name."""
        return {"change_protection": self.change_protection, "change_ttl": self.change_ttl}

    def record(self, call: Call) -> Record:
        """Returns the record that a path names, by id or name."""
        return self.store.find("zone", call.path["id"])

    def render(self, record: Record) -> Record:
        """Returns a record as the API shows it."""
        shown = {key: value for key, value in record.items() if key not in ("sets", "serial", "delegated")}
        return {
            **shown,
            "primary_nameservers": [],
            "record_count": sum(len(entry["records"]) for entry in record["sets"].values()),
            "registrar": "unknown",
            "status": "ok",
            "authoritative_nameservers": {
                "assigned": list(NAME_SERVERS),
                "delegated": list(NAME_SERVERS) if record["delegated"] else [],
                "delegation_last_check": record["created"],
                "delegation_status": "valid" if record["delegated"] else "unregistered",
            },
        }

    def selects(self, call: Call, record: Record) -> bool:
        """Returns whether a record passes the family's own query parameters."""
        return call.one("mode") in (None, record["mode"])

    def _add(
        self, name: str, ttl: int = 3600, given: dict[str, str] | None = None, *, delegated: bool = False
    ) -> Record:
        record: Record = {
            "id": self.store.next_id("zone"),
            "name": name,
            "mode": "primary",
            "ttl": ttl,
            "labels": given or {},
            "protection": {"delete": False},
            "created": now(),
            "sets": {},
            "serial": _FIRST_SERIAL,
            "delegated": delegated,
        }
        self.store.table("zone")[record["id"]] = record
        _put(record, "@", "SOA", [{"value": _SOA.format(serial=_FIRST_SERIAL)}])
        _put(record, "@", "NS", [{"value": server} for server in NAME_SERVERS])
        return record

    def create(self, call: Call) -> Reply:
        """Answers `POST /zones`, for primary zones."""
        body = call.body
        name = _checked_domain(checks.need_text(body, "name", longest=255))
        if any(zone["name"] == name for zone in self.store.table("zone").values()):
            raise not_unique(self.title, "name")
        checks.need_text(body, "mode", choices=("primary",))
        if body.get("zonefile"):
            raise ApiError("unsupported_error", "zone files are not read by the simulator")
        ttl = checks.integer(body, "ttl", least=_LEAST_TTL, most=_MOST_TTL)
        given = checks.labels(body)
        record = self._add(name, ttl or 3600, given)
        try:
            for entry in checks.objects(body, "rrsets"):
                self._new_set(record, entry)
        except ApiError:
            del self.store.table("zone")[record["id"]]
            raise
        action = self.store.act("create_zone", [self.thing(record)])
        return Reply(201, {"zone": self.render(record), "action": action.render()})

    def update(self, call: Call) -> Reply:
        """Answers `PUT /zones/{id}`: labels."""
        record = self.record(call)
        given = checks.labels(call.body)
        if given is not None:
            record["labels"] = given
        return Reply(200, {"zone": self.render(record)})

    def delete(self, call: Call) -> Reply:
        """Answers `DELETE /zones/{id}`."""
        record = self.record(call)
        self.guard_deletion(record)
        del self.store.table("zone")[record["id"]]
        return self.acted(self.store.act("delete_zone", [self.thing(record)]))

    def change_ttl(self, call: Call) -> Reply:
        """Answers the command of that name."""
        record = self.record(call)
        record["ttl"] = checks.need_integer(call.body, "ttl", least=_LEAST_TTL, most=_MOST_TTL)
        return self._changed(record, "change_ttl")

    def zone_file(self, call: Call) -> Reply:
        """Answers `GET /zones/{id}/zonefile`."""
        record = self.record(call)
        lines = [f"$ORIGIN\t{record['name']}.", f"$TTL\t{record['ttl']}", ""]
        order = sorted(
            record["sets"].values(), key=lambda entry: (entry["type"] != "SOA", entry["name"], entry["type"])
        )
        for entry in order:
            head = "\t".join([entry["name"], "IN", *([str(entry["ttl"])] if entry["ttl"] else []), entry["type"]])
            for value in entry["records"]:
                comment = f" ; {value['comment']}" if value.get("comment") else ""
                lines.append(f"{head}\t{value['value']}{comment}")
        return Reply(200, {"zonefile": "\n".join(lines) + "\n"})

    def sets(self, call: Call) -> Reply:
        """Answers `GET /zones/{id}/rrsets`."""
        record, selector = self.record(call), call.one("label_selector")
        found = [
            entry
            for entry in record["sets"].values()
            if call.one("name") in (None, entry["name"])
            and (not call.many("type") or entry["type"] in call.many("type"))
            and (selector is None or labels.matches(selector, entry["labels"]))
        ]
        return page("rrsets", ordered(found, call.many("sort"), ("id", "name", "type")), call, most=_MOST_SETS)

    def create_set(self, call: Call) -> Reply:
        """Answers `POST /zones/{id}/rrsets`."""
        record = self.record(call)
        entry = self._new_set(record, call.body)
        return self._changed(record, "create_rrset", rrset=entry)

    def _new_set(self, record: Record, body: Record) -> Record:
        name = checked_name(checks.need_text(body, "name"), record["name"])
        kind = checks.need_text(body, "type", choices=TYPES)
        if kind == "SOA":
            raise invalid("type", "SOA records are managed by the API")
        if (name, kind) in record["sets"]:
            raise not_unique("RRSet", "name")
        ttl = checks.integer(body, "ttl", least=_LEAST_TTL, most=_MOST_TTL)
        values = checked_records(body, kind)
        check_neighbours(name, kind, values, [other for owner, other in record["sets"] if owner == name])
        return _put(record, name, kind, values, ttl, checks.labels(body))

    def show_set(self, call: Call) -> Reply:
        """Answers `GET /zones/{id}/rrsets/{name}/{type}`."""
        return Reply(200, {"rrset": self._set(call)[1]})

    def update_set(self, call: Call) -> Reply:
        """Answers `PUT /zones/{id}/rrsets/{name}/{type}`: labels."""
        _, entry = self._set(call)
        given = checks.labels(call.body)
        if given is not None:
            entry["labels"] = given
        return Reply(200, {"rrset": entry})

    def delete_set(self, call: Call) -> Reply:
        """Answers `DELETE /zones/{id}/rrsets/{name}/{type}`."""
        record, entry = self._changeable(call)
        del record["sets"][entry["name"], entry["type"]]
        return self._changed(record, "delete_rrset")

    def set_records(self, call: Call) -> Reply:
        """Answers the command of that name."""
        return self._change(call, "set_rrset_records", lambda _entry, given: given)

    def add_records(self, call: Call) -> Reply:
        """Answers the command of that name, which makes the set if there is none."""
        record = self.record(call)
        if (call.path["name"], call.path["type"]) not in record["sets"]:
            self._new_set(record, {**call.body, "name": call.path["name"], "type": call.path["type"]})
            return self._changed(record, "add_rrset_records")
        return self._change(call, "add_rrset_records", lambda entry, given: [*entry["records"], *given])

    def remove_records(self, call: Call) -> Reply:
        """Answers the command of that name, which deletes the set with its last record."""

        def remaining(entry: Record, given: list[Record]) -> list[Record]:
            values = {value["value"] for value in given}
            return [value for value in entry["records"] if value["value"] not in values]

        return self._change(call, "remove_rrset_records", remaining)

    def update_records(self, call: Call) -> Reply:
        """Answers the command of that name: comments."""
        record, entry = self._changeable(call)
        comments = {value["value"]: value.get("comment") for value in checks.objects(call.body, "records")}
        if not comments.keys() <= {value["value"] for value in entry["records"]}:
            raise invalid("records", "has a value that the set has not")
        for value in entry["records"]:
            if value["value"] in comments:
                value["comment"] = comments[value["value"]]
        action = self.store.act("update_rrset_records", [self.thing(record)])
        return Reply(200, {"action": action.render()})

    def change_set_ttl(self, call: Call) -> Reply:
        """Answers the command of that name."""
        record, entry = self._changeable(call)
        entry["ttl"] = checks.integer(call.body, "ttl", least=_LEAST_TTL, most=_MOST_TTL)
        return self._changed(record, "change_rrset_ttl")

    def change_set_protection(self, call: Call) -> Reply:
        """Answers the command of that name."""
        record, entry = self._set(call)
        entry["protection"] = {"change": checks.flag(call.body, "change", entry["protection"]["change"])}
        return self.acted(self.store.act("change_rrset_protection", [self.thing(record)]))

    def _change(self, call: Call, command: str, change: Callable[[Record, list[Record]], list[Record]]) -> Reply:
        record, entry = self._changeable(call)
        values = change(entry, checked_records(call.body, entry["type"]))
        if values:
            entry["records"] = checked_records({"records": values}, entry["type"])
        else:
            del record["sets"][entry["name"], entry["type"]]
        return self._changed(record, command)

    def _set(self, call: Call) -> tuple[Record, Record]:
        record = self.record(call)
        entry = record["sets"].get((call.path["name"], call.path["type"]))
        if entry is None:
            raise not_found("RRSet", f"{call.path['name']}/{call.path['type']}")
        return record, entry

    def _changeable(self, call: Call) -> tuple[Record, Record]:
        record, entry = self._set(call)
        if entry["protection"]["change"]:
            raise ApiError("protected", "RRSet is change protected")
        if entry["type"] == "SOA":
            raise invalid("type", "SOA records are managed by the API")
        return record, entry

    def _changed(self, record: Record, command: str, **more: Record) -> Reply:
        record["serial"] += 1
        record["sets"]["@", "SOA"]["records"] = [{"value": _SOA.format(serial=record["serial"])}]
        action = self.store.act(command, [self.thing(record)])
        return Reply(201, {**more, "action": action.render()})


def _checked_domain(name: str) -> str:
    if not _DOMAIN.fullmatch(name):
        raise invalid("name", "must be a domain in lower case, without a dot at the end")
    registered = _suffixes().privatesuffix(name)
    if registered is None:
        raise invalid("name", "must end with a well-known public suffix")
    if registered != name:
        raise invalid("name", "subdomains are not supported")
    return name


@functools.cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False)


def _put(
    record: Record, name: str, kind: str, values: list[Record], ttl: int | None = None, given: Record | None = None
) -> Record:
    entry: Record = {
        "id": f"{name}/{kind}",
        "zone": record["id"],
        "name": name,
        "type": kind,
        "ttl": ttl,
        "labels": given or {},
        "protection": {"change": False},
        "records": values,
    }
    record["sets"][name, kind] = entry
    return entry
