"""What the cloud offers: locations, server types, images. The facts stand in `catalogue.json`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from generator.rehearse.hetzner import checks, labels
from generator.rehearse.hetzner.errors import ApiError, invalid, not_found
from generator.rehearse.hetzner.family import Call, Family, Handler, Reply, Route, ordered, page
from generator.rehearse.hetzner.store import Record, Store, now

_SINCE = "2024-01-01T00:00:00Z"
_PRICE = {"net": "0.0000", "gross": "0.0000"}
_FLAVORS = ("alma", "centos", "debian", "fedora", "opensuse", "rocky", "ubuntu")


@cache
def _facts() -> dict[str, list[Record]]:
    content: dict[str, list[Record]] = json.loads(Path(__file__).with_name("catalogue.json").read_text("utf-8"))
    return content


def _find(records: Sequence[Record], id_or_name: str, field: str) -> Record:
    for record in records:
        if id_or_name in (str(record["id"]), record["name"]):
            return record
    raise invalid(field, f"'{id_or_name}' not found")


def location(id_or_name: str) -> Record:
    """Returns a location as the API shows it.

    Raises:
        ApiError: There is none of that id or name.
    """
    return dict(_find(_facts()["locations"], id_or_name, "location"))


def server_type(id_or_name: str) -> Record:
    """Returns a server type as the API shows it.

    Raises:
        ApiError: There is none of that id or name.
    """
    return _server_type(_find(_facts()["server_types"], id_or_name, "server_type"))


def network_zones() -> frozenset[str]:
    """Returns the names of the network zones."""
    return frozenset(place["network_zone"] for place in _facts()["locations"])


def data_center(place: Record) -> Record:
    """Returns the data centre of a location, which the contract still requires of servers and primary IPs."""
    number = place["id"] + 1
    sold = [kind["id"] for kind in _facts()["server_types"] if place["name"] in kind["locations"]]
    return {
        "id": number,
        "name": f"{place['name']}-dc{number}",
        "description": f"{place['city']} {number} virtual DC",
        "location": place,
        "server_types": {"available": sold, "available_for_migration": sold, "supported": sold},
    }


def _server_type(fact: Record) -> Record:
    places = [location(name) for name in fact["locations"]]
    return {
        **{key: fact[key] for key in ("id", "name", "cores", "memory", "disk", "cpu_type", "architecture", "category")},
        "description": fact["name"].upper(),
        "storage_type": "local",
        "deprecated": False,
        "deprecation": None,
        "locations": [
            {"id": place["id"], "name": place["name"], "deprecation": None, "available": True, "recommended": True}
            for place in places
        ],
        "prices": [
            {
                "location": place["name"],
                "price_hourly": _PRICE,
                "price_monthly": _PRICE,
                "included_traffic": 20 * 1000**4,
                "price_per_tb_traffic": _PRICE,
            }
            for place in places
        ],
    }


class _ReadOnly(Family):
    """A family of which a project can only read."""

    def routes(self) -> Iterator[Route]:
        yield Route("GET", f"/{self.plural}", self.index)
        yield Route("GET", f"/{self.plural}/<id>", self.show)

    def offered(self) -> Sequence[Record]:
        """Returns all that is offered, as the API shows it."""
        return ()

    def index(self, call: Call) -> Reply:
        name = call.one("name")
        found = [record for record in self.offered() if name in (None, record["name"])]
        return page(self.plural, ordered(found, call.many("sort"), ("id", "name")), call)

    def show(self, call: Call) -> Reply:
        for record in self.offered():
            if str(record["id"]) == call.path["id"]:
                return Reply(200, {self.kind: record})
        raise not_found(self.title, call.path["id"])


class Locations(_ReadOnly):
    """Locations."""

    kind, plural, title = "location", "locations", "location"

    def offered(self) -> Sequence[Record]:
        """Returns all locations."""
        return _facts()["locations"]


class ServerTypes(_ReadOnly):
    """Server types."""

    kind, plural, title = "server_type", "server_types", "server type"

    def offered(self) -> Sequence[Record]:
        """Returns all server types that are still sold."""
        return [_server_type(fact) for fact in _facts()["server_types"]]


class Isos(_ReadOnly):
    """ISO images, of which there are none."""

    kind, plural, title = "iso", "isos", "ISO"


class DataCenters(Family):
    """The resource that the API has dropped: it ended on 2026-10-01 (hcloud-go's changelog, v2.44.0)."""

    kind, plural, title = "datacenter", "datacenters", "data centre"

    def routes(self) -> Iterator[Route]:
        """Yields the routes of the family."""
        yield Route("GET", "/datacenters", self.gone)
        yield Route("GET", "/datacenters/<id>", self.gone)

    def gone(self, call: Call) -> Reply:
        """Refuses every request."""
        del call
        announced = "https://docs.hetzner.cloud/changelog#2026-06-02-datacenters-deprecated"
        raise ApiError("deprecated_api_endpoint", "API functionality was removed", {"announcement": announced})


class Images(Family):
    """System images, and the snapshots that the project owns.

    Args:
        store: The state.
        snapshots: Snapshots that exist, such as `4711`, `os=ubuntu-20.04` or `4711,os=ubuntu-20.04`: an id,
            labels, or both.
    """

    kind, plural, title = "image", "images", "image"

    def __init__(self, store: Store, snapshots: Sequence[str] = ()) -> None:
        super().__init__(store)
        for fact in _facts()["images"]:
            created = {"type": "system", "created": _SINCE, "disk_size": 5, "image_size": None, "rapid_deploy": True}
            self._add({**fact, **created})
        for words in snapshots:
            self._add_snapshot(words)

    def routes(self) -> Iterator[Route]:
        """Yields the routes of the family."""
        yield from (route for route in super().routes() if route != Route("POST", "/images", self.create))

    def commands(self) -> Mapping[str, Handler]:
        """Returns the handlers of commands by name."""
        return {"change_protection": self.change_protection}

    def _add(self, fact: Record) -> Record:
        record: Record = {
            "status": "available",
            "created": now(),
            "created_from": None,
            "bound_to": None,
            "deprecated": None,
            "deleted": None,
            "labels": {},
            "protection": {"delete": False},
            **fact,
        }
        self.store.table("image")[record["id"]] = record
        return record

    def _add_snapshot(self, words: str) -> None:
        number, given = 0, {}
        for word in words.split(","):
            key, sign, value = (part.strip() for part in word.partition("="))
            if not sign or key == "id":
                number = int(value or key)
            else:
                given[key] = value
        checks.labels({"labels": given})
        self.add_snapshot(f"snapshot {words}", given, number=number, flavor=" ".join(given.values()))

    def add_snapshot(
        self,
        description: str,
        given: dict[str, str],
        *,
        number: int = 0,
        flavor: str = "",
        made_of: Record | None = None,
    ) -> Record:
        """Adds a snapshot to the project, of x86 unless it is made of a server of another kind."""
        known = next((name for name in _FLAVORS if name in flavor), "unknown")
        return self._add(
            {
                "id": number or self.store.next_id("image"),
                "name": None,
                "description": description,
                "type": "snapshot",
                "architecture": server_type(made_of["server_type"])["architecture"] if made_of else "x86",
                "os_flavor": known,
                "os_version": None,
                "disk_size": made_of["primary_disk_size"] if made_of else 10,
                "image_size": 2.5,
                "rapid_deploy": False,
                "labels": given,
                "created_from": {"id": made_of["id"], "name": made_of["name"]} if made_of else None,
            }
        )

    def index(self, call: Call) -> Reply:
        """Answers `GET /images`: deprecated images only when they are asked for."""
        hidden = call.one("include_deprecated") != "true"
        selector = call.one("label_selector")
        filters = [(field, set(call.many(field))) for field in ("architecture", "name", "status", "type")]
        found = [
            record
            for record in self.store.table("image").values()
            if not (hidden and record["deprecated"])
            and all(not wanted or record[field] in wanted for field, wanted in filters)
            and (not call.many("bound_to") or str(record["bound_to"]) in call.many("bound_to"))
            and (selector is None or labels.matches(selector, record["labels"]))
        ]
        return page("images", ordered(found, call.many("sort"), self.sortable), call)

    def update(self, call: Call) -> Reply:
        """Answers `PUT /images/{id}`: description and labels of a snapshot."""
        record = self._own(call)
        description, given = checks.text(call.body, "description"), checks.labels(call.body)
        if description is not None:
            record["description"] = description
        if given is not None:
            record["labels"] = given
        return Reply(200, {"image": record})

    def delete(self, call: Call) -> Reply:
        """Answers `DELETE /images/{id}`, which only a snapshot allows."""
        record = self._own(call)
        self.guard_deletion(record)
        del self.store.table("image")[record["id"]]
        return Reply(204, None)

    def change_protection(self, call: Call) -> Reply:
        """Answers the command of that name, which only a snapshot allows."""
        self._own(call)
        return super().change_protection(call)

    def _own(self, call: Call) -> Record:
        record = self.record(call)
        if record["type"] != "snapshot":
            raise ApiError("unsupported_error", "only snapshots can be changed or deleted")
        return record

    def usable(self, id_or_name: str, machine: Record) -> Record:
        """Returns the image for a server of a type.

        Raises:
            ApiError: There is none, it cannot be used any more, or it does not fit the type.
        """
        named = [
            record for record in self.store.table("image").values() if id_or_name in (str(record["id"]), record["name"])
        ]
        if not named:
            raise invalid("image", f"'{id_or_name}' not found")
        fitting = [record for record in named if record["architecture"] == machine["architecture"]]
        if not fitting:
            raise invalid("image", "image architecture does not match the server type's")
        image = fitting[0]
        if image["deprecated"]:
            raise invalid("image", f"image '{id_or_name}' is deprecated and cannot be used for new servers")
        if image["disk_size"] > machine["disk"]:
            raise invalid("image", "image disk is bigger than server type disk")
        return image
