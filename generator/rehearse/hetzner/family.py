"""What all families of resources share: routes, lists with pages and filters, labels, protection, actions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, TypeAlias

from generator.rehearse.hetzner import checks, labels
from generator.rehearse.hetzner.errors import ApiError, invalid, not_found, not_unique
from generator.rehearse.hetzner.store import Action, Record, Store, Thing

_DEFAULT_PER_PAGE = 25
_MOST_PER_PAGE = 50


class Call(NamedTuple):
    """One request.

    Attributes:
        path: Variable parts of the path.
        query: Values of every query parameter.
        body: The JSON object that was sent, empty without one.
    """

    path: Mapping[str, str]
    query: Mapping[str, Sequence[str]]
    body: Record

    def one(self, name: str) -> str | None:
        """Returns the first value of a query parameter."""
        values = self.query.get(name)
        return values[0] if values else None

    def many(self, name: str) -> Sequence[str]:
        """Returns all values of a query parameter."""
        return self.query.get(name, ())


class Reply(NamedTuple):
    """One response; a body of None is no body."""

    status: int
    body: Record | None


Handler: TypeAlias = Callable[[Call], Reply]


class Route(NamedTuple):
    """Which requests a handler answers; variable parts of the path stand in angle brackets."""

    method: str
    path: str
    handler: Handler


class Family:
    """A family of resources with ids, names and labels.

    Attributes:
        kind: Its name in the singular, as in `server`.
        plural: Its name in the plural, as in paths.
        title: Its name in messages.
        sortable: Fields that lists may be sorted by.
        acts: Whether the family has actions.
    """

    kind: ClassVar[str]
    plural: ClassVar[str]
    title: ClassVar[str]
    sortable: ClassVar[tuple[str, ...]] = ("id", "name", "created")
    acts: ClassVar[bool] = True

    def __init__(self, store: Store) -> None:
        self.store = store

    def routes(self) -> Iterator[Route]:
        """Yields the routes of the family."""
        base = f"/{self.plural}"
        yield Route("GET", base, self.index)
        yield Route("POST", base, self.create)
        yield Route("GET", f"{base}/<id>", self.show)
        yield Route("PUT", f"{base}/<id>", self.update)
        yield Route("DELETE", f"{base}/<id>", self.delete)
        for owner in (base, f"{base}/<id>") if self.acts else ():
            yield Route("GET", f"{owner}/actions", self.actions)
            yield Route("GET", f"{owner}/actions/<action>", self.action)
        for name, handler in self.commands().items():
            yield Route("POST", f"{base}/<id>/actions/{name}", handler)

    def commands(self) -> Mapping[str, Handler]:
        """Returns the handlers of `POST /.../{id}/actions/...` by name."""
        return {}

    def create(self, call: Call) -> Reply:
        """Answers `POST /...`."""
        raise NotImplementedError

    def delete(self, call: Call) -> Reply:
        """Answers `DELETE /.../{id}`."""
        raise NotImplementedError

    def render(self, record: Record) -> Record:
        """Returns a record as the API shows it."""
        return dict(record)

    def selects(self, call: Call, record: Record) -> bool:
        """Returns whether a record passes the family's own query parameters."""
        del call, record
        return True

    def record(self, call: Call) -> Record:
        """Returns the record that a path names."""
        return self.store.get(self.kind, call.path["id"])

    def index(self, call: Call) -> Reply:
        """Answers `GET /...`."""
        name, selector = call.one("name"), call.one("label_selector")
        found = [
            record
            for record in self.store.table(self.kind).values()
            if (name is None or record["name"] == name)
            and (selector is None or labels.matches(selector, record["labels"]))
            and self.selects(call, record)
        ]
        shown = [self.render(record) for record in ordered(found, call.many("sort"), self.sortable)]
        return page(self.plural, shown, call)

    def show(self, call: Call) -> Reply:
        """Answers `GET /.../{id}`."""
        return Reply(200, {self.kind: self.render(self.record(call))})

    def update(self, call: Call) -> Reply:
        """Answers `PUT /.../{id}`: name and labels."""
        record = self.record(call)
        changed: Record = {}
        if call.body.get("name") is not None:
            changed["name"] = self.new_name(call.body, record)
        given = checks.labels(call.body)
        if given is not None:
            changed["labels"] = given
        record.update(changed)
        return Reply(200, {self.kind: self.render(record)})

    def new_name(self, body: Record, but: Record | None = None) -> str:
        """Returns the name of a body, which no other record has.

        Raises:
            ApiError: It is missing, malformed or taken.
        """
        name = checks.need_text(body, "name", longest=128)
        if any(record["name"] == name and record is not but for record in self.store.table(self.kind).values()):
            raise not_unique(self.title, "name")
        return name

    def guard_deletion(self, record: Record) -> None:
        """Refuses to delete what is protected."""
        if record["protection"]["delete"]:
            raise ApiError("protected", f"{self.title} is delete protected")

    def change_protection(self, call: Call) -> Reply:
        """Answers `POST /.../{id}/actions/change_protection`."""
        record = self.record(call)
        record["protection"]["delete"] = checks.flag(call.body, "delete", record["protection"]["delete"])
        return self.acted(self.store.act("change_protection", [self.thing(record)]))

    def thing(self, record: Record) -> Thing:
        """Returns what an action refers to."""
        return (self.kind, record["id"])

    def acted(self, action: Action) -> Reply:
        """Returns the response to a command."""
        return Reply(201, {"action": action.render()})

    def actions(self, call: Call) -> Reply:
        """Answers the lists of the family's, or of one resource's, actions."""
        wanted = call.path.get("id")
        number = self.record(call)["id"] if wanted is not None else None
        found = [
            action
            for action in self.store.actions.values()
            if any(kind == self.kind and number in (None, other) for kind, other in action.resources)
        ]
        return action_page(found, call)

    def action(self, call: Call) -> Reply:
        """Answers one of the family's, or of one resource's, actions."""
        action = action_of(self.store, call.path["action"])
        number = self.record(call)["id"] if "id" in call.path else None
        if not any(kind == self.kind and number in (None, other) for kind, other in action.resources):
            raise not_found("action", call.path["action"])
        return Reply(200, {"action": action.render()})


def action_of(store: Store, number: str) -> Action:
    """Returns an action by its id.

    Raises:
        ApiError: There is none.
    """
    action = store.actions.get(int(number)) if number.isdigit() else None
    if action is None:
        raise not_found("action", number)
    return action


def action_page(actions: Iterable[Action], call: Call) -> Reply:
    """Returns a list of actions, filtered by the query's `id` and `status`, sorted, cut to its page."""
    return page("actions", _chosen_actions(actions, call), call)


def actions_asked_for(store: Store, call: Call) -> Reply:
    """Answers `GET /actions`, which has no pages and wants the ids.

    Raises:
        ApiError: There are none.
    """
    if not call.many("id"):
        raise ApiError("deprecated_api_endpoint", "listing all actions was removed, ask for ids")
    return Reply(200, {"actions": _chosen_actions(store.actions.values(), call)})


def _chosen_actions(actions: Iterable[Action], call: Call) -> list[Record]:
    numbers, states = set(call.many("id")), set(call.many("status"))
    shown = [
        action.render()
        for action in actions
        if (not numbers or str(action.id) in numbers) and (not states or action.status in states)
    ]
    return ordered(shown, call.many("sort"), ("id", "command", "status", "started", "finished"))


def ordered(records: Sequence[Record], sort: Sequence[str], sortable: Sequence[str]) -> list[Record]:
    """Returns records sorted by fields such as `name` or `id:desc`; unsorted they stay in order of creation.

    Raises:
        ApiError: They cannot be sorted so.
    """
    result = list(records)
    for word in reversed(sort):
        name, _, direction = word.partition(":")
        if name not in sortable or direction not in ("", "asc", "desc"):
            raise invalid("sort", f"cannot sort by '{word}'")
        result.sort(key=lambda record: _sort_key(record.get(name)), reverse=direction == "desc")
    return result


def _sort_key(value: Any) -> tuple[bool, Any]:
    return (value is not None, value if value is not None else 0)


def page(plural: str, shown: Sequence[Record], call: Call, *, most: int = _MOST_PER_PAGE) -> Reply:
    """Returns one page of a list; `most` entries stand on it at most."""
    number = _positive(call, "page", 1)
    size = min(_positive(call, "per_page", _DEFAULT_PER_PAGE), most)
    last = max((len(shown) + size - 1) // size, 1)
    pagination = {
        "page": number,
        "per_page": size,
        "previous_page": number - 1 if number > 1 else None,
        "next_page": number + 1 if number < last else None,
        "last_page": last,
        "total_entries": len(shown),
    }
    return Reply(200, {plural: list(shown[(number - 1) * size : number * size]), "meta": {"pagination": pagination}})


def _positive(call: Call, name: str, default: int) -> int:
    word = call.one(name)
    if word is None:
        return default
    if not word.isdigit() or int(word) < 1:
        raise invalid(name, "must be a positive number")
    return int(word)
