"""The APIs of GitHub and GitLab as far as the scripts ask them: comments, and files that another job kept."""

from __future__ import annotations

import contextlib
import io
import json
import re
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "ghs-do-not-print-me"
BOT = "github-actions[bot]"
OURS = 42
"""Who the token of GitLab belongs to."""


class CodeHost:
    """What the host keeps, and what it was asked.

    Attributes:
        url: Where it answers.
        calls: Method and path of each request, in their order.
        refused: Requests without the token.
        leaked: Requests to the storage of files, which is another host's, with a token.
        comments: Of GitHub's pull request 5, oldest first.
        notes: Of GitLab's merge request 5 in project 7, oldest first.
        answers: What else is there, by path: JSON.
        archives: By path: bytes.
    """

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[tuple[str, str]] = []
        self.refused: list[str] = []
        self.leaked: list[str] = []
        self.comments: list[dict[str, Any]] = []
        self.notes: list[dict[str, Any]] = []
        self.answers: dict[str, Any] = {"/user": {"id": OURS}}
        self.archives: dict[str, bytes] = {}

    @property
    def writes(self) -> list[tuple[str, str]]:
        """The requests that change something."""
        return [call for call in self.calls if call[0] != "GET"]

    def add(self, body: str, *, login: str = BOT, author: int = OURS) -> int:
        """Put a comment there, on both hosts, and return its number."""
        number = 1000 + len(self.comments)
        self.comments.append({"id": number, "body": body, "user": {"login": login}})
        self.notes.append({"id": number, "body": body, "author": {"id": author}})
        return number


def archive(files: dict[str, bytes]) -> bytes:
    """Return a ZIP archive."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archived:
        for name, content in files.items():
            archived.writestr(name, content)
    return data.getvalue()


class _Handler(BaseHTTPRequestHandler):
    host: CodeHost

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        pass

    def _serve(self) -> None:
        address = urlsplit(self.path)
        path = address.path
        self.host.calls.append((self.command, path))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if path.startswith("/storage/"):
            self.host.leaked += [path] if TOKEN in str(self.headers) else []
            self._answer(200, self.host.archives[path.removeprefix("/storage")])
            return
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.host.refused.append(path)
            self._answer(401, b"{}")
            return
        for rows, pattern in (
            (self.host.comments, r"/repos/example/mail/issues/(?:5/)?comments(?:/(\d+))?"),
            (self.host.notes, r"/projects/7/merge_requests/5/notes(?:/(\d+))?"),
        ):
            found = re.fullmatch(pattern, path)
            if found:
                self._rows(rows, found[1], parse_qs(address.query), body)
                return
        if path in self.host.archives:
            self.send_response(302)
            self.send_header("Location", f"{self.host.url.replace('127.0.0.1', 'localhost')}/storage{path}")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif path in self.host.answers:
            self._answer(200, json.dumps(self.host.answers[path]).encode())
        else:
            self._answer(404, b"{}")

    do_GET = do_POST = do_PUT = do_PATCH = _serve  # noqa: N815

    def _rows(self, rows: list[dict[str, Any]], number: str | None, query: dict[str, list[str]], body: bytes) -> None:
        if self.command == "GET":
            size, page = int(query["per_page"][0]), int(query["page"][0])
            self._answer(200, json.dumps(rows[(page - 1) * size : page * size]).encode())
            return
        text = json.loads(body)["body"]
        if len(text) > 65_536:
            self._answer(422, b'{"message": "Body is too long (maximum is 65536 characters)"}')
        elif self.command == "POST" and number is None:
            self.host.add(text)
            self._answer(201, b"{}")
        else:
            [row] = [row for row in rows if str(row["id"]) == number]
            row["body"] = text
            self._answer(200, b"{}")

    def _answer(self, code: int, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def code_host() -> Iterator[CodeHost]:
    """Run both APIs on a free loopback port."""
    host = CodeHost()
    handler = type("Handler", (_Handler,), {"host": host})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        host.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield host
        finally:
            server.shutdown()
            thread.join()
