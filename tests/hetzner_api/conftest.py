"""A simulator in this process whose every response is held against the contract."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from http.client import HTTPConnection
from typing import Any

import pytest
from hcloud import Client
from werkzeug.serving import make_server

from generator.rehearse.hetzner.app import Project, create_app
from generator.rehearse.hetzner.simulator import TOKEN
from tests.hetzner_api import contract


class Checked:
    """A WSGI application that keeps what the contract forbids."""

    def __init__(self, application: Any) -> None:
        self.application = application
        self.found: list[str] = []
        self.requests: list[tuple[str, str, int]] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        seen: list[int] = []

        def started(status: str, headers: Any, *rest: Any) -> Any:
            seen.append(int(status.split()[0]))
            return start_response(status, headers, *rest)

        body = b"".join(self.application(environ, started))
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"].removeprefix("/v1")
        self.requests.append((method, path, seen[0]))
        self.found += contract.violations(method, path, seen[0], body)
        if b"mistake of the simulator" in body:
            self.found.append(f"{method} {path}: {body.decode()}")
        return [body]


class Api:
    """A running simulator as tests see it."""

    def __init__(self, port: int, checked: Checked) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.requests = checked.requests
        self._port = port

    def environment(self) -> dict[str, str]:
        """Return the environment that Terraform needs."""
        endpoint = f"{self.url}/v1"
        return {"HCLOUD_ENDPOINT": endpoint, "HCLOUD_TOKEN": TOKEN, "HETZNER_ENDPOINT": endpoint}

    def client(self) -> Client:
        """Return the official Python client."""
        return Client(token=TOKEN, api_endpoint=f"{self.url}/v1", poll_interval=0.02)

    def call(self, method: str, path: str, body: Any = None, token: str = TOKEN) -> tuple[int, Any]:
        """Send one request; return status and parsed body."""
        connection = HTTPConnection("127.0.0.1", self._port, timeout=10)
        try:
            text = body if isinstance(body, str) else json.dumps(body) if body is not None else None
            connection.request(method, f"/v1{path}", text, {"Authorization": f"Bearer {token}"})
            response = connection.getresponse()
            content = response.read()
            self.headers = {name.lower(): value for name, value in response.getheaders()}
            return response.status, json.loads(content) if content else None
        finally:
            connection.close()

    def ok(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request that has to succeed and wait for its actions; return the parsed body."""
        status, content = self.call(method, path, body)
        assert status < 300, content
        self.settle(content)
        return content

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """Send a request that has to be refused; return status and code."""
        status, content = self.call(method, path, body)
        assert status >= 400, content
        return status, content["error"]["code"]

    def settle(self, content: Any) -> None:
        """Wait for the actions of a response."""
        if not isinstance(content, dict):
            return
        actions = [content.get("action"), *content.get("actions", []), *content.get("next_actions", [])]
        for action in filter(None, actions):
            for _ in range(500):
                if self.call("GET", f"/actions/{action['id']}")[1]["action"]["status"] != "running":
                    break
                threading.Event().wait(0.005)
            else:
                pytest.fail(f"action does not end: {action}")


Start = Callable[..., Api]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start simulators with options of `Project`; afterwards no response may have broken the contract."""
    contract.document()
    running = []

    def begin(**options: Any) -> Api:
        checked = Checked(create_app(Project(token=TOKEN, **{"action_seconds": 0.01, **options})))
        server = make_server("127.0.0.1", 0, checked, threaded=True)
        thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
        thread.start()
        running.append((server, thread, checked))
        return Api(server.server_port, checked)

    yield begin
    for server, thread, _ in running:
        server.shutdown()
        thread.join(timeout=5)
        server.server_close()
    assert [found for *_, checked in running for found in checked.found] == []


@pytest.fixture
def api(start: Start) -> Api:
    """A simulator of an empty project."""
    return start()
