"""The YAML language server as an editor talks to it: JSON-RPC over the standard streams."""

from __future__ import annotations

import json
import queue
import re
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any

from tests.helpers import ROOT

PROGRAM = ROOT / ".build" / "language-server" / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
SETTINGS = {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}, "schemas": {}}
TIMEOUT = 60.0
CURSOR = "‸"


def why_not() -> str:
    """Return why there is no server on this machine, or nothing."""
    there = shutil.which("node") is not None and PROGRAM.exists()
    return "" if there else "no yaml-language-server here (script/language-server brings it where node and npm are)"


class LanguageServer:
    """One server, and the files that it was shown.

    Args:
        folder: Where the files are; the schema lies there too, for modelines to name.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._said: queue.Queue[dict[str, Any]] = queue.Queue()
        self._process = subprocess.Popen(
            ["node", str(PROGRAM), "--stdio"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._number = 0
        capabilities = {
            "textDocument": {
                "completion": {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]}},
                "hover": {"contentFormat": ["markdown"]},
            },
            "workspace": {"configuration": True},
        }
        self._ask("initialize", {"processId": None, "rootUri": folder.as_uri(), "capabilities": capabilities})
        self._tell("initialized", {})

    def close(self) -> None:
        """End the server."""
        self._process.terminate()
        self._process.wait(10)
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
        self._reader.join(10)

    def problems(self, text: str) -> list[str]:
        """Return what the editor underlines: `line: message`, lines counted from one."""
        uri = self._show(text)
        while True:
            said = self._next()
            if said.get("method") == "textDocument/publishDiagnostics" and said["params"]["uri"] == uri:
                found = said["params"]["diagnostics"]
                lines = sorted((one["range"]["start"]["line"] + 1, one["message"]) for one in found)
                return [f"{line}: {message}" for line, message in lines]

    def completions(self, text: str) -> dict[str, str]:
        """Return what is proposed at the cursor: labels, each with its documentation."""
        found = self._at("textDocument/completion", text)
        items = found["items"] if isinstance(found, dict) else found
        return {item["label"]: _plain(item.get("documentation")) for item in items}

    def hover(self, text: str) -> str:
        """Return what is shown at the cursor."""
        found = self._at("textDocument/hover", text)
        return _plain(found["contents"]) if found else ""

    def _at(self, method: str, text: str) -> Any:
        before, _, after = text.partition(CURSOR)
        uri = self._show(before + after)
        position = {"line": before.count("\n"), "character": len(before) - before.rfind("\n") - 1}
        return self._ask(method, {"textDocument": {"uri": uri}, "position": position})

    def _show(self, text: str) -> str:
        self._number += 1
        uri = (self.folder / f"topology{self._number}.yaml").as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self._tell("textDocument/didOpen", {"textDocument": document})
        return uri

    def _ask(self, method: str, params: Any) -> Any:
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        while True:
            said = self._next()
            if said.get("id") == self._number and "method" not in said:
                assert "error" not in said, said["error"]
                return said["result"]

    def _tell(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._process.stdin.flush()

    def _next(self) -> dict[str, Any]:
        """Return the next message; questions of the server are answered on the way."""
        while True:
            said = self._said.get(timeout=TIMEOUT)
            if "method" in said and "id" in said:
                items = said.get("params", {}).get("items", []) if said["method"] == "workspace/configuration" else None
                answers = [SETTINGS if item.get("section") == "yaml" else {} for item in items or ()]
                self._send({"id": said["id"], "result": None if items is None else answers})
                continue
            return said

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while header := stream.readline():
            length = re.match(rb"Content-Length: (\d+)", header)
            if length:
                while stream.readline().strip():
                    pass
                self._said.put(json.loads(stream.read(int(length[1]))))


def _plain(markup: Any) -> str:
    """Return a text without the escapes and non-breaking spaces of Markdown."""
    text = markup["value"] if isinstance(markup, dict) else markup or ""
    return re.sub(r"\\(.)", r"\1", text.replace("&nbsp;", " ").replace("\u00a0", " "))
