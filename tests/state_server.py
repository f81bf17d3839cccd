"""A server that keeps Terraform's states by HTTP, as GitLab does: with locks, and for whoever knows the password."""

from __future__ import annotations

import base64
import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

USER, PASSWORD = "gitlab-ci-token", "correct-horse"


class StateServer:
    """What the server was asked, and what it keeps.

    Attributes:
        url: Where it answers.
        calls: Method and path of each request.
        states: By path.
        locks: What Terraform said about itself when it took the lock, by path.
    """

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[tuple[str, str]] = []
        self.states: dict[str, bytes] = {}
        self.locks: dict[str, dict[str, Any]] = {}

    @property
    def credentials(self) -> dict[str, str]:
        """Variables with which Terraform is let in."""
        return {"TF_HTTP_USERNAME": USER, "TF_HTTP_PASSWORD": PASSWORD}


class _Handler(BaseHTTPRequestHandler):
    kept: StateServer

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        pass

    def _serve(self) -> None:
        kept, path = self.kept, self.path.partition("?")[0]
        kept.calls.append((self.command, path))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") != expected:
            self._answer(401)
        elif self.command == "GET":
            self._answer(200 if path in kept.states else 404, kept.states.get(path, b""))
        elif path.endswith("/lock") and self.command == "POST":
            taken = kept.locks.get(path)
            if taken is None:
                kept.locks[path] = json.loads(body)
            self._answer(200 if taken is None else 423, json.dumps(taken or {}).encode())
        elif path.endswith("/lock") and self.command == "DELETE":
            kept.locks.pop(path, None)
            self._answer(200)
        elif self.command == "POST" and f"{path}/lock" in kept.locks:
            kept.states[path] = body
            self._answer(200)
        else:
            self._answer(405)

    do_GET = do_POST = do_DELETE = do_LOCK = do_UNLOCK = do_PUT = _serve  # noqa: N815

    def _answer(self, code: int, body: bytes = b"") -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def state_server() -> Iterator[StateServer]:
    """Run a server on a free loopback port."""
    kept = StateServer()
    handler = type("Handler", (_Handler,), {"kept": kept})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        kept.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield kept
        finally:
            server.shutdown()
            thread.join()
