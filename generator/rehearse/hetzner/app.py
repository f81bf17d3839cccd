"""The API over HTTP: authentication, routing, faults, errors, headers."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from generator.rehearse.hetzner.catalogue import DataCenters, Images, Isos, Locations, ServerTypes
from generator.rehearse.hetzner.errors import ApiError
from generator.rehearse.hetzner.family import Call, Family, Handler, Reply, Route, action_of, actions_asked_for, page
from generator.rehearse.hetzner.faults import Faults
from generator.rehearse.hetzner.firewalls import Firewalls
from generator.rehearse.hetzner.networks import Networks
from generator.rehearse.hetzner.placement import PlacementGroups
from generator.rehearse.hetzner.primary_ips import PrimaryIps
from generator.rehearse.hetzner.servers import Servers
from generator.rehearse.hetzner.ssh_keys import SshKeys
from generator.rehearse.hetzner.store import Store
from generator.rehearse.hetzner.volumes import Volumes
from generator.rehearse.hetzner.zones import Zones

_PREFIX = "/v1"
# Requests an hour that the API allows a project; the simulator never counts them.
_RATE = 3600
# Families that are not simulated, and of which a project therefore has none.
_EMPTY = ("certificates", "floating_ips", "load_balancers")


@dataclass(frozen=True)
class Project:
    """What exists and how the simulator behaves.

    Attributes:
        token: The only token that is accepted.
        snapshots: Snapshots that the project owns (see `Images`).
        existing_zones: Zones that exist.
        ssh_keys: Names of SSH keys that exist.
        faults: What goes wrong (see `faults`).
        action_seconds: How long an action runs.
    """

    token: str
    snapshots: Sequence[str] = ()
    existing_zones: Sequence[str] = ()
    ssh_keys: Sequence[str] = ()
    faults: Sequence[str] = ()
    action_seconds: float = 0.1


def create_app(project: Project) -> Flask:
    """Returns the application of a fresh project.

    Raises:
        ApiError: Something that shall exist could not.
        ValueError: A fault is none.
    """
    store = Store(project.action_seconds, Faults(project.faults))
    images = Images(store, project.snapshots)
    families: list[Family] = [
        images,
        SshKeys(store, project.ssh_keys),
        Zones(store, project.existing_zones),
        Servers(store, images),
        *(kind(store) for kind in (Firewalls, Networks, PlacementGroups, PrimaryIps, Volumes)),
        *(kind(store) for kind in (DataCenters, Isos, Locations, ServerTypes)),
    ]
    app = Flask("hetzner", static_folder=None)
    app.url_map.strict_slashes = True
    routes = [*(route for family in families for route in family.routes()), *_further_routes(store)]
    for route in routes:
        app.add_url_rule(
            _PREFIX + route.path,
            endpoint=f"{route.method} {route.path}",
            view_func=_view(store, project.token, route.handler),
            methods=[route.method],
            provide_automatic_options=False,
        )
    app.register_error_handler(HTTPException, _refuse_http)
    app.register_error_handler(Exception, _refuse_mistake)
    return app


def _further_routes(store: Store) -> Iterator[Route]:
    yield Route("GET", "/actions", lambda call: actions_asked_for(store, call))
    yield Route(
        "GET", "/actions/<action>", lambda call: Reply(200, {"action": action_of(store, call.path["action"]).render()})
    )
    for plural in _EMPTY:
        yield Route("GET", f"/{plural}", lambda call, plural=plural: page(plural, (), call))  # type: ignore[misc]


def _view(store: Store, token: str, handler: Handler) -> Callable[..., Response]:
    def view(**path: str) -> Response:
        try:
            if request.headers.get("Authorization") != f"Bearer {token}":
                raise ApiError("unauthorized", "unable to authenticate")
            with store.lock:
                store.settle()
                if request.method != "GET":
                    store.faults.refuse_request(request.path.split("/")[2])
                query = {name: tuple(values) for name, values in request.args.lists()}
                reply = handler(Call(path, query, _body()))
                return _response(reply.status, reply.body)
        except ApiError as error:
            return _refuse(error)

    return view


def _body() -> dict[str, Any]:
    if request.method == "GET" or not request.data:
        return {}
    try:
        body = json.loads(request.data)
    except ValueError:
        raise ApiError("json_error", "invalid JSON in request") from None
    if not isinstance(body, dict):
        raise ApiError("json_error", "the request must be a JSON object")
    return body


def _response(status: int, body: dict[str, Any] | None, remaining: int = _RATE) -> Response:
    text = "" if body is None else json.dumps(body)
    response = Response(text, status, mimetype="application/json" if text else None)
    response.headers["RateLimit-Limit"] = str(_RATE)
    response.headers["RateLimit-Remaining"] = str(remaining)
    response.headers["RateLimit-Reset"] = str(int(time.time()) + 1)
    return response


def _refuse(error: ApiError) -> Response:
    remaining = 0 if error.code == "rate_limit_exceeded" else _RATE
    return _response(error.status, error.body(), remaining)


def _refuse_http(error: HTTPException) -> Response:
    what = f"{request.method} {request.path}"
    if error.code == 405:
        return _refuse(ApiError("method_not_allowed", f"{what} is not allowed, or not simulated"))
    if error.code == 404:
        return _refuse(ApiError("not_found", f"{what} does not exist, or is not simulated"))
    return _refuse(ApiError("server_error", f"{what}: {error}"))


def _refuse_mistake(error: Exception) -> Response:
    logging.getLogger(__name__).error("mistake of the simulator", exc_info=error)
    return _refuse(ApiError("server_error", f"mistake of the simulator: {type(error).__name__}: {error}"))
